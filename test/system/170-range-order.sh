#!/bin/sh
# repld's order of keys is the server's, for each type that is loaded by ranges: random values, both ends, both eras, in both forms.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
[ -x "$O/test/system/ranges_order" ] || fail 'no ranges_order: make tests builds it'

pg_start src
sql src "CREATE FUNCTION pick(n int) RETURNS SETOF float8 LANGUAGE sql AS 'SELECT random() FROM generate_series(1, n)'"

order() {			# TYPE OID SEND QUERY-OF-VALUES [COLLATE]
	step "order of $1"
	psql_of src -At -c "SELECT encode(convert_to(v::text, 'UTF8'), 'hex') || ' ' || encode($3(v), 'hex')
		FROM (SELECT DISTINCT v ${5:-} AS v FROM ($4) x (v)) y ORDER BY v ${5:-}" >"$TMP/values"
	"$O/test/system/ranges_order" "$2" <"$TMP/values" || fail "repld orders $1 in another way"
}

order int2 21 int2send "SELECT (r * 65535 - 32768)::int2 FROM pick(3000) r UNION ALL VALUES ((-32768)::int2), (32767::int2), (0::int2)"
order int4 23 int4send "SELECT (r * 4294967295 - 2147483648)::int4 FROM pick(3000) r UNION ALL SELECT (r * 100 - 50)::int4 FROM pick(100) r
	UNION ALL VALUES ((-2147483648)::int4), (2147483647::int4)"
order int8 20 int8send "SELECT ((r - 0.5) * 1.8e19)::int8 FROM pick(3000) r UNION ALL SELECT (r * 100 - 50)::int8 FROM pick(100) r
	UNION ALL VALUES ((-9223372036854775808)::int8), (9223372036854775807::int8)"
order uuid 2950 uuid_send "SELECT gen_random_uuid() FROM pick(3000) UNION ALL SELECT ('00000000-0000-0000-0000-' || lpad(to_hex((r * 300)::int), 12, '0'))::uuid
	FROM pick(300) r UNION ALL VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)"
order bytea 17 byteasend "SELECT substr(decode(md5(r::text) || md5((r + 1)::text), 'hex'), 1, (r * 20)::int) FROM pick(3000) r
	UNION ALL SELECT decode(repeat('ff', i), 'hex') FROM generate_series(0, 20) i UNION ALL SELECT decode(repeat('00', i), 'hex') FROM generate_series(0, 20) i"
order date 1082 date_send "SELECT date '4713-01-01 BC' + (r * 2000000)::int FROM pick(3000) r UNION ALL SELECT date '0005-01-01 BC' + i FROM generate_series(0, 4000) i
	UNION ALL SELECT date '1999-06-01' + i FROM generate_series(0, 900) i
	UNION ALL VALUES (date 'infinity'), (date '-infinity'), (date '5874897-12-31'), (date '4713-01-01 BC'), (date '2000-02-29'), (date '1900-03-01')"
order timestamp 1114 timestamp_send "SELECT timestamp '4713-01-01 BC' + r * interval '290000 years' FROM pick(3000) r
	UNION ALL SELECT timestamp '0002-01-01 BC' + i * interval '7 hours 13.000001 s' FROM generate_series(0, 3000) i
	UNION ALL SELECT timestamp '1999-12-31 23:59:59' + i * interval '1.37 ms' FROM generate_series(0, 3000) i
	UNION ALL VALUES (timestamp 'infinity'), (timestamp '-infinity'), (timestamp '294276-12-31 23:59:59.999999'), (timestamp '4713-01-01 BC')"
order timestamptz 1184 timestamptz_send "SELECT timestamptz '4713-01-01 BC' + r * interval '290000 years' FROM pick(3000) r
	UNION ALL SELECT timestamptz '1999-12-31 23:59:59+00' + i * interval '1.37 ms' FROM generate_series(0, 3000) i
	UNION ALL VALUES (timestamptz 'infinity'), (timestamptz '-infinity'), (timestamptz '294276-12-31 23:59:59.999999+00')"
letters="SELECT string_agg(chr((ARRAY[32 + (random() * 94)::int, 9 + (random() * 4)::int, 160 + (random() * 1000)::int, 20000 + (random() * 3000)::int,
	65536 + (random() * 3000)::int, 57344 + (random() * 1000)::int])[1 + (random() * 5)::int]), '') FROM generate_series(1, 4000 * 5) i GROUP BY i % 4000"
order text 25 textsend "$letters UNION ALL VALUES (''), ('a'), ('A'), ('aa'), ('a ')" 'COLLATE "C"'
order varchar 1043 varcharsend "SELECT v::varchar FROM ($letters UNION ALL VALUES (''), ('z')) s (v)" 'COLLATE "C"'
step 'an order of another collation is refused'
psql_of src -At -c "SELECT encode(v::bytea, 'hex') || ' ' || encode(v::bytea, 'hex') FROM (VALUES ('a'), ('B')) x (v)" >"$TMP/values"
run_rc 1 sh -c "'$O/test/system/ranges_order' 25 <'$TMP/values'"
expect_text 'in another way' "$TMP/out"
