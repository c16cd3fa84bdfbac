-- Random changes of tables whose rows are hard to find and to move: what is made here is the same for the same seed.
-- CALL random_work(seed, transactions) changes these tables: 1 to 12 statements a transaction, a failing
-- one is rolled back to its savepoint. Values come from small sets, so that keys, unique values and whole rows meet all the time.
SET client_min_messages = warning;
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TABLE r_unique (id int PRIMARY KEY, a int UNIQUE, b text, c int, big text, UNIQUE (b, c));
ALTER TABLE r_unique ALTER big SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX r_unique_part ON r_unique (c) WHERE b = 'x';
CREATE UNIQUE INDEX r_unique_expr ON r_unique ((a % 17), lower(b));
CREATE TABLE r_chain (id int PRIMARY KEY, v text, big text);
ALTER TABLE r_chain ALTER big SET STORAGE EXTERNAL;
CREATE TABLE r_numeric (k numeric PRIMARY KEY, v int, big text);
ALTER TABLE r_numeric ALTER big SET STORAGE EXTERNAL;
CREATE TABLE r_float (f float8, t text COLLATE nocase, v float4, PRIMARY KEY (t, f));
CREATE TABLE r_char (k char(4) PRIMARY KEY, p bpchar COLLATE nocase NOT NULL UNIQUE, v int);
CREATE TABLE r_full (id int PRIMARY KEY, u int UNIQUE, big text, v numeric);
ALTER TABLE r_full REPLICA IDENTITY FULL;
ALTER TABLE r_full ALTER big SET STORAGE EXTERNAL;
CREATE TABLE r_bag (f float8, n numeric, j json, i interval, c char(3), p bpchar, x xml, b jsonb, a text[], g point, t timestamptz,
	w bit(3), big text);
ALTER TABLE r_bag REPLICA IDENTITY FULL;
ALTER TABLE r_bag ALTER big SET STORAGE EXTERNAL;
CREATE TABLE r_defer (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, u int UNIQUE DEFERRABLE, v int);
ALTER TABLE r_defer REPLICA IDENTITY FULL;
CREATE TABLE r_always (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY UNIQUE, g int GENERATED ALWAYS AS (id * 2) STORED, v text);
CREATE TABLE r_bookings (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&));
CREATE TABLE r_parts (id int, region text, v int, big text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE r_parts_a PARTITION OF r_parts FOR VALUES IN ('a');
CREATE TABLE r_parts_b PARTITION OF r_parts FOR VALUES IN ('b');
CREATE TABLE r_parts_c PARTITION OF r_parts DEFAULT;
CREATE TABLE r_parent (id int PRIMARY KEY, v int);
CREATE TABLE r_child (id int PRIMARY KEY, parent int REFERENCES r_parent ON DELETE CASCADE ON UPDATE CASCADE, v int);
CREATE TABLE r_item (parent int REFERENCES r_parent ON DELETE CASCADE ON UPDATE CASCADE, line int, v int, PRIMARY KEY (parent, line));
DO $$ BEGIN
	IF current_setting('server_version_num')::int >= 150000 THEN
		CREATE TABLE r_nulls (id int PRIMARY KEY, a int, b int, UNIQUE NULLS NOT DISTINCT (a, b));
	ELSE
		CREATE TABLE r_nulls (id int PRIMARY KEY, a int, b int, UNIQUE (a, b));
	END IF;
END $$;

CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1 + floor(random() * n)::int';
CREATE FUNCTION one_of(VARIADIC s text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT s[pick(cardinality(s))]';
CREATE FUNCTION large() RETURNS text LANGUAGE sql VOLATILE AS
	$$SELECT CASE pick(3) WHEN 1 THEN repeat(pick(4)::text, 2500) WHEN 2 THEN NULL ELSE '' END$$;
CREATE FUNCTION number() RETURNS text LANGUAGE sql VOLATILE AS $$SELECT one_of('0', '0.0', '1', '1.0', '1.00', '-2.5', '2.50', '2.5', '10', '1e1', '1.5e2', '150.000', 'NaN', '1e-20')$$;
CREATE FUNCTION real_number() RETURNS text LANGUAGE sql VOLATILE AS $$SELECT one_of('0', '-0', 'NaN', 'Infinity', '-Infinity', '0.1', '0.30000000000000004', '1e-30', '5')$$;
CREATE FUNCTION bag_row() RETURNS r_bag LANGUAGE sql VOLATILE AS $$SELECT ROW(one_of(NULL, '0', '-0', 'NaN')::float8,
	one_of('1', '1.0', '1.00')::numeric, one_of('{"a":1}', '{"a": 1}', NULL)::json, one_of('1 day', '24:00:00')::interval,
	one_of('a', 'b')::char(3), one_of('a', 'a ')::bpchar, one_of('<a/>', '<?xml version="1.0" standalone="yes"?><a/>')::xml,
	one_of('{"n": 1.0}', '{"n": 1.00}')::jsonb, one_of('{a,NULL}', '{a,"NULL"}', '{}')::text[], one_of('(0,1)', '(-0,1)')::point,
	one_of('2020-01-01 00:00:00+00', '-infinity')::timestamptz, one_of('101', '010')::bit(3), large())::r_bag$$;

-- One statement; what it says is chosen by chance.
CREATE FUNCTION random_change() RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	i int := pick(40); j int := pick(40); k int := pick(60);
BEGIN
	CASE pick(46)
	WHEN 1 THEN INSERT INTO r_unique VALUES (i, pick(60), one_of('x', 'X', 'y', 'z', NULL), pick(9), large());
	WHEN 2 THEN UPDATE r_unique SET a = pick(60) WHERE id = i;
	WHEN 3 THEN UPDATE r_unique SET b = one_of('x', 'X', 'y', 'z', NULL), c = pick(9) WHERE id = i;
	WHEN 4 THEN	-- two rows swap their unique values
		UPDATE r_unique SET a = -a WHERE id IN (i, j);
		UPDATE r_unique t SET a = -o.a FROM r_unique o WHERE t.id IN (i, j) AND o.id IN (i, j) AND t.id <> o.id;
	WHEN 5 THEN	-- a ring: every row takes the next one's value
		UPDATE r_unique SET a = -a WHERE a > 0;
		UPDATE r_unique t SET a = o.a FROM (SELECT id, -lead(a, 1, first) OVER (ORDER BY id) AS a
			FROM (SELECT id, a, first_value(a) OVER (ORDER BY id) AS first FROM r_unique WHERE a < 0) f) o WHERE t.id = o.id;
	WHEN 6 THEN UPDATE r_unique SET big = large() WHERE id = i;
	WHEN 7 THEN UPDATE r_unique SET id = j WHERE id = i;
	WHEN 8 THEN DELETE FROM r_unique WHERE id = i;
	WHEN 9 THEN DELETE FROM r_unique WHERE id = j; INSERT INTO r_unique VALUES (j, k, one_of('x', 'y'), pick(9), large());
	WHEN 10 THEN INSERT INTO r_chain VALUES (i, 'v' || k, large()), (j, 'w', large());
	WHEN 11 THEN UPDATE r_chain SET id = j, v = 'm' || k WHERE id = i;
	WHEN 12 THEN	-- keys swapped through a third
		UPDATE r_chain SET id = -1 WHERE id = i; UPDATE r_chain SET id = i WHERE id = j; UPDATE r_chain SET id = j WHERE id = -1;
	WHEN 13 THEN DELETE FROM r_chain WHERE id = i;
	WHEN 14 THEN UPDATE r_chain SET v = NULL WHERE id > i;
	WHEN 15 THEN UPDATE r_chain SET id = id + 100 WHERE id < 100; UPDATE r_chain SET id = id - 99 WHERE id >= 100;
	WHEN 16 THEN INSERT INTO r_numeric VALUES (number()::numeric, k, large());
	WHEN 17 THEN UPDATE r_numeric SET k = number()::numeric WHERE k = number()::numeric;
	WHEN 18 THEN UPDATE r_numeric SET k = number()::numeric, v = i WHERE v % 3 = 0;
	WHEN 19 THEN DELETE FROM r_numeric WHERE k = number()::numeric;
	WHEN 20 THEN UPDATE r_numeric SET v = i WHERE k = number()::numeric;
	WHEN 21 THEN INSERT INTO r_float VALUES (real_number()::float8, one_of('k', 'K', 'l'), real_number()::float4);
	WHEN 22 THEN UPDATE r_float SET f = real_number()::float8, v = real_number()::float4 WHERE f = real_number()::float8 AND t = one_of('k', 'l');
	WHEN 23 THEN UPDATE r_float SET t = one_of('k', 'K', 'L') WHERE f = real_number()::float8;
	WHEN 24 THEN DELETE FROM r_float WHERE f = real_number()::float8;
	WHEN 25 THEN INSERT INTO r_char VALUES (one_of('a', 'a ', 'ab', 'A'), one_of('p', 'P', 'p ', 'q', 'r'), k);
	WHEN 26 THEN UPDATE r_char SET k = one_of('a', 'ab', 'abc', ''), v = i WHERE k = one_of('a', 'ab', '');
	WHEN 27 THEN UPDATE r_char SET p = one_of('p', 'P', 'p ', 'q', 'r') WHERE p = one_of('p', 'q');
	WHEN 28 THEN DELETE FROM r_char WHERE p = one_of('p', 'q', 'r');
	WHEN 29 THEN INSERT INTO r_full VALUES (i, k, large(), number()::numeric);
	WHEN 30 THEN UPDATE r_full SET v = number()::numeric, u = k WHERE id = i;
	WHEN 31 THEN UPDATE r_full SET id = j WHERE id = i;
	WHEN 32 THEN DELETE FROM r_full WHERE id = i; INSERT INTO r_full VALUES (i, k, NULL, 1);
	WHEN 33 THEN INSERT INTO r_bag SELECT (bag_row()).* FROM generate_series(1, pick(3));
	WHEN 34 THEN UPDATE r_bag SET f = one_of(NULL, '0', '-0', 'NaN')::float8, i = one_of('1 day', '24:00:00')::interval
		WHERE ctid = (SELECT ctid FROM r_bag ORDER BY random() LIMIT 1);
	WHEN 35 THEN DELETE FROM r_bag WHERE ctid IN (SELECT ctid FROM r_bag ORDER BY random() LIMIT 2);
	WHEN 36 THEN UPDATE r_bag SET big = large() WHERE ctid IN (SELECT ctid FROM r_bag ORDER BY random() LIMIT 2);
	WHEN 37 THEN INSERT INTO r_defer VALUES (i, k, pick(3)); UPDATE r_defer SET u = j WHERE id = i;
	WHEN 38 THEN UPDATE r_defer SET id = id + 1 WHERE id BETWEEN i AND i + 5; UPDATE r_defer SET id = id - 1 WHERE id BETWEEN i + 1 AND i + 6;
	WHEN 39 THEN DELETE FROM r_defer WHERE id = i; UPDATE r_defer SET u = u + 1; UPDATE r_defer SET v = v + 1 WHERE id = j;
	WHEN 40 THEN INSERT INTO r_always (id, v) VALUES (i, 'v' || k); UPDATE r_always SET n = DEFAULT WHERE id = j;
	WHEN 41 THEN UPDATE r_always SET id = j, v = 'm' WHERE id = i; DELETE FROM r_always WHERE id = k;
	WHEN 42 THEN INSERT INTO r_bookings VALUES (i, int4range(k, k + pick(4))); UPDATE r_bookings SET during = int4range(i, i + 2) WHERE id = j;
		DELETE FROM r_bookings WHERE id = k;
	WHEN 43 THEN INSERT INTO r_parts VALUES (i, one_of('a', 'b', 'c', 'd'), k, large()); DELETE FROM r_parts WHERE id = j;
	WHEN 44 THEN UPDATE r_parts SET region = one_of('a', 'b', 'c'), v = k WHERE id = i; UPDATE r_parts SET id = j WHERE id = k;
	WHEN 45 THEN INSERT INTO r_parent VALUES (i, k); INSERT INTO r_child VALUES (i, i, k), (k + 100, i, k); INSERT INTO r_item VALUES (i, 1, k), (i, 2, k);
	ELSE
		UPDATE r_parent SET id = j WHERE id = i; DELETE FROM r_parent WHERE id = k; UPDATE r_child SET v = k WHERE parent = i;
		UPDATE r_item SET v = v + 1 WHERE parent = j; DELETE FROM r_child WHERE id = k;
	END CASE;
	CASE pick(4)
	WHEN 1 THEN INSERT INTO r_nulls VALUES (i, pick(3), NULLIF(pick(4), 4));
	WHEN 2 THEN UPDATE r_nulls SET a = NULLIF(pick(4), 4), b = NULLIF(pick(4), 4) WHERE id = i;
	WHEN 3 THEN DELETE FROM r_nulls WHERE id = i;
	ELSE NULL;
	END CASE;
END $$;

CREATE FUNCTION random_try() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM random_change();
	RETURN true;
EXCEPTION WHEN integrity_constraint_violation THEN
	RETURN false;
END $$;

-- What may fail at COMMIT is looked at in time: a transaction that failed there would end the procedure.
CREATE FUNCTION random_constraints() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	SET CONSTRAINTS ALL IMMEDIATE;
	RETURN true;
EXCEPTION WHEN integrity_constraint_violation THEN
	RETURN false;
END $$;

CREATE PROCEDURE random_work(seed float8, transactions int) LANGUAGE plpgsql AS $$
DECLARE
	ok int := 0; failed int := 0;
BEGIN
	PERFORM setseed(seed);
	FOR t IN 1 .. transactions LOOP
		FOR s IN 1 .. pick(12) LOOP
			IF random_try() THEN ok := ok + 1; ELSE failed := failed + 1; END IF;
		END LOOP;
		IF pick(10) > 1 AND random_constraints() THEN COMMIT; ELSE ROLLBACK; END IF;
	END LOOP;
	RAISE NOTICE '% statements, % failed', ok, failed;
END $$;
