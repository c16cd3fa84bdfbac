-- Every type that is passed through in binary (listed, arrays), the others (beside), keys of many types.
CREATE TABLE listed (
	id int PRIMARY KEY, c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8, c_float4 float4, c_float8 float8, c_numeric numeric,
	c_scaled numeric(20, 5), c_negscale numeric(10, -2), c_text text, c_varchar varchar(30), c_bpchar char(10), c_bytea bytea,
	c_date date, c_time time, c_time3 time(3), c_timetz timetz, c_timestamp timestamp, c_timestamp0 timestamp(0),
	c_timestamptz timestamptz, c_interval interval, c_days interval day to minute, c_uuid uuid, c_json json, c_jsonb jsonb,
	c_bit bit(5), c_varbit varbit, c_inet inet, c_cidr cidr, c_macaddr macaddr);
CREATE TABLE arrays (
	id int PRIMARY KEY, a_bool bool[], a_int2 int2[], a_int4 int4[], a_int8 int8[], a_float4 float4[], a_float8 float8[],
	a_numeric numeric[], a_text text[], a_varchar varchar(30)[], a_bpchar char(5)[], a_bytea bytea[], a_date date[], a_time time[],
	a_timetz timetz[], a_timestamp timestamp[], a_timestamptz timestamptz[], a_interval interval[], a_uuid uuid[], a_json json[],
	a_jsonb jsonb[], a_bit bit(3)[], a_varbit varbit[], a_inet inet[], a_cidr cidr[], a_macaddr macaddr[]);
CREATE TABLE beside (
	id int PRIMARY KEY, c_mood mood, c_moods mood[], c_short short, c_coin coin, c_coins coin[], c_hstore hstore, c_citext citext,
	c_ltree ltree, c_money money, c_xml xml, c_int4range int4range, c_tstzrange tstzrange, c_numrange numrange, c_span span,
	c_ranges int4range[], c_point point, c_line line, c_lseg lseg, c_box box, c_path path, c_polygon polygon, c_circle circle,
	c_tsvector tsvector, c_tsquery tsquery, c_macaddr8 macaddr8, c_lsn pg_lsn, c_oid oid, c_name name, c_char "char",
	c_jsonpath jsonpath, c_regtype regtype, c_tid tid, c_shorts short[]);

CREATE FUNCTION fill_listed(o int) RETURNS void LANGUAGE sql AS $fill$
	INSERT INTO listed (id) VALUES (o);		-- all NULL
	INSERT INTO listed VALUES (o + 1, false, 0, 0, 0, 0, 0, 0, 0, 0, '', '', '', '', '2000-01-01', '00:00', '00:00', '00:00+00',
		'2000-01-01', '2000-01-01', '2000-01-01+00', '0', '0', '00000000-0000-0000-0000-000000000000', '{}', '{}', '00000', '',
		'0.0.0.0', '0.0.0.0/0', '00:00:00:00:00:00');
	INSERT INTO listed VALUES (o + 2, true, 32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308,
		repeat('9', 3000)::numeric + 0.5, 999999999999999.99999, 9999999900, repeat('x', 1000), repeat('é', 30), '1234567890',
		'\xff00ff5c', '5874897-12-31', '24:00:00', '23:59:59.999', '24:00:00-15:59', '294276-12-31 23:59:59.999999',
		'294276-12-31 23:59:59', '294276-12-31 23:59:59.999999+00', '178000000 years 11 mons 30 days 23:59:59.999999',
		'3 days 04:05', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"a" : 1,   "a":2, "n": 12345678901234567890.10}',
		'{"b": [1, null, "x", 1e100], "a": 12345678901234567890.10, "ß": "\u00e9 \"\\ 😀"}', '11111',
		B'101010101010101010101', '255.255.255.255/1', '10.0.0.0/8', 'ff:ff:ff:ff:ff:ff');
	INSERT INTO listed VALUES (o + 3, NULL, -32768, -2147483648, -9223372036854775808, -1e-45, 5e-324, ('-0.' || repeat('0', 999)
		|| '1')::numeric, -0.00001, -100, E'\\N', E'\t\n\r\\', ' lead', '\x', '4713-01-01 BC', '00:00:00.000001', '00:00:00.0005',
		'00:00:00.5+15:59', '4713-01-01 00:00:00 BC', '0001-12-31 23:59:59 BC', '4713-01-01 00:00:00+00 BC',
		'-178000000 years', '-1 days -00:01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', ' null ', 'null', '10101', B'1',
		'::1/128', '2001:db8::/32', '08:00:2b:01:02:03');
	INSERT INTO listed VALUES (o + 4, true, 1, 1, 1, 'NaN', 'NaN', 'NaN', 'NaN', 100, E'\\.', 'null', 'NULL', '\x00', 'infinity',
		'12:34:56.789012', '12:34:56.789', '12:34:56.789012+02', 'infinity', '-infinity', 'infinity',
		'1 mon -2 days 03:04:05.000006', '1 day', md5(random()::text)::uuid, '"\ud83d\ude00"', '"\ud83d\ude00"', '00001', B'0',
		'fe80::1', '::/0', '08-00-2b-01-02-04');
	INSERT INTO listed VALUES (o + 5, true, 1, 1, 1, 'infinity', '-infinity', 1e-16, 0.1, 1000, E'a\nb''c"d$$%s\x01', '''',
		E'tab\t', '\x5c78', '-infinity', '00:00:59.999999', '23:59:59.9999', '00:00:00-12', '1970-01-01 00:00:00.000001',
		'1999-12-31 23:59:59.5', '-infinity', '-3 mons +4 days -05:06:07.8', '10 days 10:10', md5(random()::text)::uuid, '[1,2 ,3]',
		'[]', '01010', B'11110000111', '192.168.1.5/24', '192.168.100.128/25', '01:02:03:04:05:06');
	INSERT INTO listed VALUES (o + 6, false, -1, -1, -1, '-0', '-0', 0.000, 100.10000, 1200, '😀 Žluťoučký 漢字', 'null',
		'', decode(repeat('00ff', 5000), 'hex'), '0001-01-01', '01:02:03', '01:02:03.004', '01:02:03.004005-00:30',
		'2024-02-29 12:00', '2024-02-29 12:00', '2024-03-31 02:30:00 Europe/Berlin', '1 year', '0', md5(random()::text)::uuid,
		'{"deep":[[[[[[[[[[{}]]]]]]]]]]}', '{"deep":[[[[[[[[[[{}]]]]]]]]]]}', '11011', repeat('10', 500)::varbit, '10.1.2.3/8',
		'10.1.2.3/32', 'aa:bb:cc:dd:ee:ff');
	INSERT INTO listed (id, c_float8, c_float4, c_numeric, c_text) SELECT o + 10 + g, sin(g) * 10 ^ (g % 300), cos(g) * 10 ^ (g % 30),
		sin(g)::numeric * (10::numeric ^ (g % 60)), repeat(md5(g::text), g) FROM generate_series(1, 200) g;
$fill$;
CREATE FUNCTION fill_arrays(o int) RETURNS void LANGUAGE sql AS $fill$
	INSERT INTO arrays (id) VALUES (o);
	INSERT INTO arrays VALUES (o + 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
		'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
	INSERT INTO arrays VALUES (o + 2, '{t,NULL,f}', '{{1,2},{3,4}}', '[0:2]={1,2,3}', '{9223372036854775807,NULL}', '{NaN,-0,1e-45}',
		'{infinity,-infinity,5e-324,NULL}', '{NaN,1e-20,1.000}', E'{NULL,"NULL","a\\"b\\\\",""," ","{x}","a,b",null2}', '{é,NULL}',
		'{a,"b  "}', ARRAY['\x00ff'::bytea, NULL, '\x'], '{infinity,"4713-01-01 BC"}', '{24:00}', '{00:00:00.5+15:59}',
		'{infinity,"294276-12-31 23:59:59.999999"}', '{-infinity,"2024-02-29 12:00:00.5+02"}',
		'{"1 mon -2 days 03:04:05.000006"}', ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid], ARRAY['{"a": 1}'::json, 'null'],
		ARRAY['{"a": 1}'::jsonb, 'null', NULL], '{101,NULL}', ARRAY[B'1', B'', B'010101'], '{::1,10.0.0.1/8}', '{10.0.0.0/8}',
		'{08:00:2b:01:02:03,NULL}');
	INSERT INTO arrays (id, a_int4, a_text) SELECT o + 3, array_agg(g), array_agg(repeat('y', g % 50)) FROM generate_series(1, 3000) g;
	INSERT INTO arrays (id, a_text, a_int4) VALUES (o + 4, '[-2:-1][5:6]={{a,b},{c,NULL}}', '{{{1},{2}},{{3},{4}}}');
$fill$;
CREATE FUNCTION fill_beside(o int) RETURNS void LANGUAGE sql AS $fill$
	INSERT INTO beside (id) VALUES (o);
	INSERT INTO beside VALUES (o + 1, 'it''s ok', '{"happy, \"very\"",NULL,""}', 'ok', ROW(1.5, E'a,"b"\\', 'sad'),
		ARRAY[ROW(NULL, '', NULL)::coin, NULL], '"a b"=>"c\"d", x=>NULL, ""=>""', 'MiXed', 'Top.Sub.x1', '-92233720368547758.08',
		'<a b="c">x &lt; y</a>', '[1,5)', '[2024-01-01 00:00+00,infinity)', '(,)', '[1.5,2.5)', '{"[1,2)",empty,NULL}', '(1.5,-2e300)',
		'{1,2,3}', '[(0,0),(1,1)]', '(3,4),(1,2)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0.1,0.2),0.3>',
		'''it''''s'':1A a:2,3B ''x y''', '''a'' & ( ''b'':* | !''c d'' ) <2> e', '08:00:2b:01:02:03:04:05', '16/B374D848',
		4294967295, 'a "name"', 'x', '$."a b"[*] ? (@ > 1)', 'int4', '(42,7)', '{short,NULL,""}');
	INSERT INTO beside VALUES (o + 2, '', '{}', '', ROW(NULL, NULL, NULL), '{}', '', '', '', 0, 'text only', 'empty', 'empty', 'empty',
		'(-infinity,infinity]', '{}', '(infinity,NaN)', '{0,-1,0.1}', '[(1,1),(1,1)]', '(0,0),(0,0)', '((0,0))', '((0.1,0.2))', '<(0,0),0>', '', '',
		'00:00:00:ff:fe:00:00:00', '0/0', 0, '', '', '$', 'text[]', '(0,0)', '{}');
	INSERT INTO beside (id, c_hstore, c_xml, c_tsvector) SELECT o + 3, hstore(array_agg('k' || g), array_agg(repeat('v', g % 30))),
		('<r>' || string_agg('<i n="' || g || '"/>', '') || '</r>')::xml, to_tsvector('simple', string_agg('w' || g, ' '))
		FROM generate_series(1, 1000) g;
$fill$;

-- keys whose equal values have more than one form, or whose type has its own way of being compared
CREATE TABLE key_numeric (k numeric PRIMARY KEY, v int);
CREATE TABLE key_float (k float8 PRIMARY KEY, v int);
CREATE TABLE key_citext (k citext PRIMARY KEY, v int);
CREATE TABLE key_enum (k mood PRIMARY KEY, v int);
CREATE TABLE key_bpchar (k char(6) PRIMARY KEY, v int);
CREATE TABLE key_many (a timestamptz, b bytea, c uuid, d text, v int, PRIMARY KEY (a, b, c, d));
CREATE TABLE key_full (a numeric, b json, c point, d float4, e xml);		-- types without an equality
ALTER TABLE key_full REPLICA IDENTITY FULL;
