-- Changes of the keys' tables, run while they are streamed.
INSERT INTO key_numeric VALUES (1.0, 1), (2.50, 2), ('NaN', 3), (1e30, 4);
UPDATE key_numeric SET v = v + 10;
UPDATE key_numeric SET k = 1.000 WHERE k = 1;
UPDATE key_numeric SET v = 99 WHERE k = 1;
DELETE FROM key_numeric WHERE k = 2.5;
INSERT INTO key_float VALUES ('NaN', 1), ('-0', 2), (0.1, 3), ('infinity', 4), (5e-324, 5);
UPDATE key_float SET v = v + 10;
UPDATE key_float SET k = 0 WHERE k = 0;
DELETE FROM key_float WHERE k = 'NaN' OR k = 0.1;
INSERT INTO key_citext VALUES ('Abc', 1), ('x', 2);
UPDATE key_citext SET v = 5 WHERE k = 'ABC';
UPDATE key_citext SET k = 'ABC' WHERE k = 'abc';
DELETE FROM key_citext WHERE k = 'X';
INSERT INTO key_enum VALUES ('sad', 1), ('', 2), ('it''s ok', 3);
UPDATE key_enum SET v = v * 2;
DELETE FROM key_enum WHERE k IN ('', 'it''s ok');
INSERT INTO key_bpchar VALUES ('a', 1), ('b  ', 2), ('', 3);
UPDATE key_bpchar SET v = 7 WHERE k = 'a';
DELETE FROM key_bpchar WHERE k = '';
INSERT INTO key_many SELECT '2024-01-01+00'::timestamptz + g * interval '1 us', decode(md5(g::text), 'hex'), md5(g::text)::uuid,
	E'\\' || g, g FROM generate_series(1, 50) g;
UPDATE key_many SET v = -v WHERE v % 3 = 0;
UPDATE key_many SET b = '\x00' WHERE v = 5;
DELETE FROM key_many WHERE v % 7 = 0;
INSERT INTO key_full VALUES (1.0, '{"a":1}', '(1,2)', 'NaN', '<a/>'), (1.0, '{"a":1}', '(1,2)', 'NaN', '<a/>'),
	(1.00, '{"a": 1}', '(1,2)', '-0', '<a/>'), (NULL, NULL, NULL, NULL, NULL);
DELETE FROM key_full WHERE ctid = (SELECT min(ctid) FROM key_full);
UPDATE key_full SET a = 3 WHERE b::text = '{"a": 1}';
UPDATE key_full SET d = 1 WHERE a IS NULL;
