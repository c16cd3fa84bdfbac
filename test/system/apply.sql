-- What the stream must hold: run on a source whose tables apply_tables.sql made. n (psql variable) makes the keys of one run its own.
SET client_min_messages = warning;

-- keys: changed, chained, swapped; many changes of one key
BEGIN;
INSERT INTO pair SELECT :n * 1000 + g, 'u' || :n || '.' || g, repeat(md5(g::text), 200), 0 FROM generate_series(1, 100) g;
COMMIT;
UPDATE pair SET id = id + 500 WHERE id = :n * 1000 + 1;				-- the large value is not sent
BEGIN;										-- two rows swap their keys
UPDATE pair SET id = -1 WHERE id = :n * 1000 + 2;
UPDATE pair SET id = :n * 1000 + 2 WHERE id = :n * 1000 + 3;
UPDATE pair SET id = :n * 1000 + 3 WHERE id = -1;
COMMIT;
BEGIN;										-- two rows swap their unique values
UPDATE pair SET u = 'tmp' WHERE id = :n * 1000 + 4;
UPDATE pair SET u = 'u' || :n || '.4' WHERE id = :n * 1000 + 5;
UPDATE pair SET u = 'u' || :n || '.5' WHERE id = :n * 1000 + 4;
COMMIT;
BEGIN;										-- three values go round
UPDATE pair SET u = 'tmp' WHERE id = :n * 1000 + 6;
UPDATE pair SET u = 'u' || :n || '.6' WHERE id = :n * 1000 + 7;
UPDATE pair SET u = 'u' || :n || '.7' WHERE id = :n * 1000 + 8;
UPDATE pair SET u = 'u' || :n || '.8' WHERE id = :n * 1000 + 6;
COMMIT;
BEGIN;										-- a unique value goes from a deleted row to a new one
DELETE FROM pair WHERE id = :n * 1000 + 9;
INSERT INTO pair VALUES (:n * 1000 + 600, 'u' || :n || '.9', 'taken over', 1);
COMMIT;
UPDATE pair SET u = 'z' || :n || '.10' WHERE id = :n * 1000 + 10;		-- freed in one transaction, taken in the next
UPDATE pair SET u = 'u' || :n || '.10' WHERE id = :n * 1000 + 11;
BEGIN;										-- insert, update, delete, insert of one key
INSERT INTO pair VALUES (:n * 1000 + 601, 'i1' || :n, 'a', 1);
UPDATE pair SET x = 2 WHERE id = :n * 1000 + 601;
DELETE FROM pair WHERE id = :n * 1000 + 601;
INSERT INTO pair VALUES (:n * 1000 + 601, 'i2' || :n, NULL, 3);
COMMIT;
BEGIN;										-- made and gone: nothing remains
INSERT INTO pair VALUES (:n * 1000 + 602, 'i3' || :n, 'a', 1);
DELETE FROM pair WHERE id = :n * 1000 + 602;
COMMIT;
BEGIN;										-- key moves along, with a change under way, and another row comes to its place
UPDATE pair SET id = :n * 1000 + 610 WHERE id = :n * 1000 + 12;
UPDATE pair SET x = x + 5 WHERE id = :n * 1000 + 610;
UPDATE pair SET id = :n * 1000 + 611 WHERE id = :n * 1000 + 610;
INSERT INTO pair VALUES (:n * 1000 + 12, 'i4' || :n, 'new at the old key', 0);
COMMIT;
DO $$ BEGIN FOR i IN 1 .. 500 LOOP UPDATE pair SET x = x + i WHERE id % 1000 = 13; END LOOP; END $$;	-- one transaction, one key
SELECT format('UPDATE pair SET x = x + %s WHERE id = %s', g, :n * 1000 + 14) FROM generate_series(1, 100) g \gexec
UPDATE pair SET x = x + 1 WHERE id BETWEEN :n * 1000 + 20 AND :n * 1000 + 90;

-- unchanged values that are stored out of line: kept, replaced, made null, made and kept in one transaction
BEGIN;
INSERT INTO toast VALUES (:n, repeat(md5('a'), 300), repeat(md5('b'), 300), 0);
UPDATE toast SET x = 1 WHERE id = :n;
COMMIT;
UPDATE toast SET x = 2 WHERE id = :n;
UPDATE toast SET b = repeat(md5('c'), 300) WHERE id = :n;
BEGIN;
UPDATE toast SET a = NULL WHERE id = :n;
UPDATE toast SET x = 3 WHERE id = :n;
COMMIT;
BEGIN;
UPDATE toast SET a = repeat(md5('d'), 300) WHERE id = :n;
UPDATE toast SET x = 4 WHERE id = :n;
UPDATE toast SET id = :n + 5000 WHERE id = :n;
COMMIT;

-- a chain: each key moves to the place that the row before has left
DO $$ BEGIN FOR i IN REVERSE (SELECT max(id) FROM chain) .. (SELECT min(id) FROM chain) LOOP
	UPDATE chain SET id = id + 1 WHERE id = i; END LOOP; END $$;
UPDATE spots SET pos = pos + 1;				-- a deferrable unique constraint

-- composite key, parts of it changed
INSERT INTO multi SELECT :n, 'k' || g, g FROM generate_series(1, 10) g;
UPDATE multi SET b = 'moved' WHERE a = :n AND b = 'k1';
UPDATE multi SET v = NULL WHERE a = :n AND b > 'k3';
DELETE FROM multi WHERE a = :n AND b = 'k2';

-- an index as identity
INSERT INTO by_index SELECT g, 'c' || :n || '.' || g, g FROM generate_series(1, 20) g;
UPDATE by_index SET v = v * 2 WHERE code LIKE 'c' || :n || '.1%';
UPDATE by_index SET code = 'd' || :n WHERE code = 'c' || :n || '.5';
DELETE FROM by_index WHERE code = 'c' || :n || '.7';

-- no key: rows that are equal, NaN, minus zero, NULLs
INSERT INTO nokey SELECT 1, 'NaN', NULL FROM generate_series(1, 3);
INSERT INTO nokey SELECT 2, '-0', 'x' FROM generate_series(1, 2);
INSERT INTO nokey SELECT 2, '0', 'x' FROM generate_series(1, 2);
INSERT INTO nokey SELECT NULL, NULL, NULL FROM generate_series(1, 3);
DELETE FROM nokey WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a = 1);
DELETE FROM nokey WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a IS NULL);
DELETE FROM nokey WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a = 2 AND b::text = '-0');
UPDATE nokey SET c = 'one of them' WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a = 1 AND c IS NULL);
UPDATE nokey SET c = c WHERE a = 2;
BEGIN;
INSERT INTO nokey VALUES (3, 1e300, 'big'), (3, 1e300, 'big');
UPDATE nokey SET b = 5e-324 WHERE a = 3;
DELETE FROM nokey WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a = 3);
COMMIT;

-- TRUNCATE: several, CASCADE, RESTART IDENTITY, in the order of the rows
INSERT INTO tr_parent SELECT g, 'p' || g FROM generate_series(:n * 10 + 1, :n * 10 + 5) g ON CONFLICT DO NOTHING;
INSERT INTO tr_child (parent) SELECT id FROM tr_parent;
INSERT INTO tr_alone VALUES (:n, 'before');
BEGIN;
INSERT INTO tr_parent VALUES (777, 'goes with the rest');
TRUNCATE tr_parent, tr_alone RESTART IDENTITY CASCADE;
INSERT INTO tr_parent VALUES (:n, 'after'), (:n + 1, 'after');
INSERT INTO tr_child (parent) VALUES (:n);
COMMIT;
INSERT INTO tr_alone VALUES (:n, 'again');
TRUNCATE tr_alone;
INSERT INTO tr_alone VALUES (:n + 100, 'last');

-- savepoints
BEGIN;
INSERT INTO pair VALUES (:n * 1000 + 700, 's1' || :n, NULL, 1);
SAVEPOINT a;
INSERT INTO pair VALUES (:n * 1000 + 701, 's2' || :n, NULL, 1);
SAVEPOINT b;
UPDATE pair SET x = 99 WHERE id = :n * 1000 + 700;
ROLLBACK TO a;
INSERT INTO pair VALUES (:n * 1000 + 702, 's2' || :n, NULL, 1);
RELEASE a;
COMMIT;
BEGIN;
DELETE FROM pair WHERE id > 0;
ROLLBACK;

-- partitions: rows that move, a leaf emptied, a new leaf, one gone
INSERT INTO parted SELECT :n * 100 + g, (ARRAY['eu', 'us', 'xx'])[1 + g % 3], 'v' || g FROM generate_series(1, 30) g;
UPDATE parted SET region = 'us' WHERE id = :n * 100 + 3;
UPDATE parted SET region = 'zz', v = 'moved' WHERE id BETWEEN :n * 100 + 4 AND :n * 100 + 9;
DELETE FROM parted WHERE id = :n * 100 + 10;
TRUNCATE parted_us;
INSERT INTO parted VALUES (:n * 100 + 50, 'us', 'after the leaf was emptied');

-- columns that the server makes, and referential actions
INSERT INTO gen (a) VALUES (:n), (:n + 50);
UPDATE gen SET a = a + 1 WHERE a = :n;
INSERT INTO ref_parent VALUES (:n), (:n + 50);
INSERT INTO ref_child SELECT :n * 100 + g, CASE WHEN g % 2 = 0 THEN :n ELSE :n + 50 END FROM generate_series(1, 10) g;
DELETE FROM ref_parent WHERE id = :n;

-- names that need quotes; a table of one column; empty strings beside NULLs; a long text
INSERT INTO "Mixed ""Case" VALUES (:n, 'x', '');
UPDATE "Mixed ""Case" SET "Order" = 'y''z\', "select" = NULL WHERE "Id" = :n;
INSERT INTO single VALUES (:n), (:n + 1000);
UPDATE single SET id = -id WHERE id = :n + 1000;
INSERT INTO toast VALUES (:n + 10000, repeat('long ', 500000), '', NULL);
