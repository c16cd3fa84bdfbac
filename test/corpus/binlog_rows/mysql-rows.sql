INSERT INTO vectors (id) VALUES (1), (2);
UPDATE vectors SET v = STRING_TO_VECTOR('[1,-2.5,3e10]'), w = STRING_TO_VECTOR('[0]') WHERE id = 2;
INSERT INTO documents VALUES (9, CONCAT('["', REPEAT('long ', 14000), '"]'), CONCAT('[', REPEAT('123456, ', 10000), '1]')),
	(10, CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99)), CONCAT(REPEAT('{"a": ', 100), '1', REPEAT('}', 100)));
INSERT INTO values_in_json VALUES (1, JSON_ARRAY(1.10, -0.5, CAST(0 AS DECIMAL(10,3)), 123456789012345678901234567890.123456789012345678901234567890)),
	(2, JSON_ARRAY(DATE'2020-01-02', TIME'10:11:12', TIME'-838:59:59', TIMESTAMP'2020-01-02 03:04:05', TIMESTAMP'9999-12-31 23:59:59.999999', TIME'-00:00:00.000001')),
	(3, JSON_ARRAY(x'00', REPEAT(x'ff', 56), REPEAT(x'ff', 57), REPEAT(x'fe', 58), REPEAT('abc', 100), CAST('' AS BINARY), CAST('a' AS BINARY), CAST('ab' AS BINARY))),
	(4, JSON_OBJECT('bit', b'1010', 'float', CAST(0.1 AS FLOAT), 'double', 1e0, 'year', CAST(2020 AS YEAR), 'bool', true, 'point', ST_GeomFromText('POINT(1 2)'))),
	(5, JSON_OBJECT('unsigned', 18446744073709551615, 'negative', -9223372036854775808, 'small', CAST(65535 AS UNSIGNED), '', 'empty key'));
INSERT INTO values_in_json SELECT 6, JSON_ARRAY(dt, dt6, ts, ts6, d, t6, y) FROM times WHERE id = 5;
INSERT INTO values_in_json SELECT 7, JSON_ARRAY(bl, c, e, s, s_64, bit_64, vb, big_u, f, dec_max) FROM strings, labels, numbers WHERE strings.id = 3 AND labels.id = 3 AND numbers.id = 3;
INSERT INTO values_in_json SELECT 8, JSON_OBJECTAGG(CONCAT('key', n), n) FROM (WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 900) SELECT n FROM r) x;
INSERT INTO values_in_json SELECT 9, JSON_ARRAYAGG(REPEAT('y', n)) FROM (WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 400) SELECT n FROM r) x;
INSERT INTO changed SELECT n, '{"a": 1, "b": [1, 2, {"c": "long enough to be worth a change of its own, longer than any value that is new"}], "d": {"e": {"f": [10, 20, 30]}}, "weird \\"key\\" é": "x", "pad": "0123456789012345678901234567890123456789012345678901234567890123456789"}',
	'x', '["0123456789012345678901234567890123456789012345678901234567890123456789", [1, 2, 3], {"k": "v"}]', n
	FROM (WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 40) SELECT n FROM r) x;
SET binlog_row_value_options = PARTIAL_JSON;
UPDATE changed SET j = JSON_SET(j, '$.a', 2) WHERE id = 1;
UPDATE changed SET j = JSON_SET(j, '$.b[2].c', 'new') WHERE id = 2;
UPDATE changed SET j = JSON_SET(j, '$.new', 'member') WHERE id = 3;
UPDATE changed SET j = JSON_SET(j, '$.aa', JSON_OBJECT('x', 1), '$.zzzzzz', JSON_ARRAY(1)) WHERE id = 4;
UPDATE changed SET j = JSON_REMOVE(j, '$.a') WHERE id = 5;
UPDATE changed SET j = JSON_REMOVE(j, '$.b[0]', '$.d.e.f[1]') WHERE id = 6;
UPDATE changed SET j = JSON_SET(j, '$.b[9]', 'appended') WHERE id = 7;
UPDATE changed SET j = JSON_REPLACE(j, '$."weird \\"key\\" é"', 'found') WHERE id = 8;
UPDATE changed SET j = JSON_SET(j, '$."weird \\"key\\" é".x', 'not there') WHERE id = 9;
UPDATE changed SET j = JSON_SET(j, '$.a[0]', 'itself'), k = JSON_SET(k, '$[2].k', 'w', '$[1][1]', 5) WHERE id = 10;
UPDATE changed SET j = JSON_SET(j, '$.a[1]', 'wrapped') WHERE id = 11;
UPDATE changed SET j = JSON_SET(j, '$.b[last]', 'the last'), x = 'both' WHERE id = 12;
UPDATE changed SET j = JSON_SET(j, '$.b[last-1]', 'not the last') WHERE id = 13;
UPDATE changed SET k = JSON_SET(k, '$[3]', 'more', '$[4]', 'still more') WHERE id = 14;
UPDATE changed SET k = JSON_REMOVE(JSON_SET(k, '$[1][3]', 4), '$[1][0]') WHERE id = 15;
UPDATE changed SET j = JSON_SET(j, '$.d.e', CAST('null' AS JSON)), k = JSON_SET(k, '$[2].n', 1.5) WHERE id = 16;
UPDATE changed SET j = JSON_SET(j, '$.d.e.f[0]', -1, '$.d.e.f[1]', -2, '$.d.e.f[2]', -3, '$.d.e.f[3]', -4) WHERE id = 17;
UPDATE changed SET y = y + 1 WHERE id = 18;
UPDATE changed SET j = JSON_SET(j, '$.a', 1) WHERE id = 19;
UPDATE changed SET j = '{"whole": 1}', y = 1 WHERE id = 20;
UPDATE changed SET j = NULL, y = 1 WHERE id = 21;
UPDATE changed SET j = JSON_SET(j, '$.a', REPEAT('z', 70000)) WHERE id = 22;
UPDATE changed SET j = JSON_SET(j, '$.a', REPEAT('z', 300)) WHERE id = 27;
UPDATE changed SET j = JSON_SET(j, '$.a', 3) WHERE id = 27;
UPDATE changed SET j = JSON_SET(j, CONCAT('$."', REPEAT('k', 300), '"'), x'00ff') WHERE id = 23;
UPDATE changed SET j = JSON_SET(j, '$."\\u0000 \\ttab \\ud83d\\ude00"', 1) WHERE id = 24;
UPDATE changed SET j = JSON_SET(j, '$._under$1', 1, '$.été', 2) WHERE id = 25;
SET binlog_row_image = MINIMAL;
UPDATE changed SET k = JSON_SET(k, '$[0]', 'minimal'), y = 0 WHERE id = 26;
SET binlog_row_image = FULL, binlog_row_value_options = '';
