/* convert_cells.h - values of each type of both worlds, with those at the edges: for the unit tests of conversions and for real servers.
 * A row holds the values of one pair of types: "in" passes as it is, "in -> out" changes its form, "in -> !" has no form there, "in -> !nearest"
 * has none but a nearest value. <> is an empty value, 0x... bytes. */
#ifndef REPLD_TEST_CONVERT_CELLS_H
#define REPLD_TEST_CONVERT_CELLS_H

#include "test/unit/coltypes.h"

struct row {
	const char *from, *to;		/* to NULL: the type that repld makes */
	const char *values;
};

/* ---- to made tables ---- */

#define D65 "99999999999999999999999999999999999.999999999999999999999999999999"

static const struct row mysql_rows[] = {
	{ "my tinyint(1)", NULL, "0 | 1 | -1 | 2 | 127 | -128" },
	{ "my tinyint", NULL, "0 | 1 | -1 | 127 | -128" },
	{ "my tinyint unsigned", NULL, "0 | 127 | 128 | 255" },
	{ "my smallint", NULL, "0 | -32768 | 32767" },
	{ "my smallint unsigned", NULL, "0 | 32768 | 65535" },
	{ "my mediumint", NULL, "0 | -8388608 | 8388607" },
	{ "my mediumint unsigned", NULL, "0 | 16777215" },
	{ "my int", NULL, "0 | -2147483648 | 2147483647" },
	{ "my int unsigned", NULL, "0 | 2147483648 | 4294967295" },
	{ "my bigint", NULL, "0 | -1 | -9223372036854775808 | 9223372036854775807" },
	{ "my bigint unsigned", NULL, "0 | 9223372036854775808 | 18446744073709551615" },
	{ "my decimal(65,30)", NULL, "0.000000000000000000000000000000 | " D65 " | -" D65 " | 0.000000000000000000000000000001" },
	{ "my decimal(65,0)", NULL, "99999999999999999999999999999999999999999999999999999999999999999 | -1 | 0" },
	{ "my decimal(10,2)", NULL, "0.00 | -0.01 | 99999999.99 | -99999999.99 | 1.50" },
	{ "my decimal(10,2) unsigned", NULL, "0.00 | 99999999.99" },
	{ "my decimal(5,5)", NULL, "0.00000 | 0.99999 | -0.00001" },
	{ "my float", NULL, "0 | 1.5 | -1e-45 | 3.4028235e38 | 1.1754944e-38 | 0.1 | -0" },
	{ "my double", NULL, "0 | 1.5 | 5e-324 | 1.7976931348623157e308 | 0.1 | -0 | 0.30000000000000004 | 2.2250738585072014e-308" },
	{ "my bit(1)", NULL, "0 | 1" },
	{ "my bit(9)", NULL, "000000000 | 100000001 | 111111111" },
	{ "my bit(64)", NULL, "1111111111111111111111111111111111111111111111111111111111111111"
			      " | 1000000000000000000000000000000000000000000000000000000000000000" },
	{ "my year", NULL, "0000 | 1901 | 2024 | 2155" },
	{ "my date", NULL, "2024-02-29 | 1000-01-01 | 9999-12-31 | 0001-01-01 | 1900-02-28 | 0000-00-00 -> ! | 2023-00-15 -> ! | 2023-05-00 -> !"
			   " | 0000-05-15 -> !0001-01-01 | 2023-02-29 -> ! | 2023-04-31 -> ! | 1900-02-29 -> ! | 2000-02-29 | 2023-13-01 -> !" },
	{ "my time", NULL, "00:00:00 | 23:59:59 | 24:00:00 | 838:59:59 | -838:59:59 | -00:00:01 | 100:00:00" },
	{ "my time(6)", NULL, "00:00:00.000000 | -00:00:00.000001 | 838:59:58.999999 | -12:34:56.789000" },
	{ "my datetime", NULL, "2024-01-02 03:04:05 | 1000-01-01 00:00:00 | 9999-12-31 23:59:59 | 0000-00-00 00:00:00 -> !"
			       " | 2023-00-15 10:00:00 -> ! | 0000-01-01 00:00:00 -> !0001-01-01 00:00:00 | 2023-02-30 00:00:00 -> !" },
	{ "my datetime(3)", NULL, "2024-01-02 03:04:05.000 | 2024-01-02 03:04:05.999 | 0000-00-00 00:00:00.000 -> !" },
	{ "my datetime(6)", NULL, "2024-01-02 03:04:05.000001 | 9999-12-31 23:59:59.999999 | 0001-01-01 00:00:00.000000" },
	{ "my timestamp", NULL, "1970-01-01 00:00:01 -> 1970-01-01 00:00:01+00 | 2038-01-19 03:14:07 -> 2038-01-19 03:14:07+00"
				" | 0000-00-00 00:00:00 -> ! | 2106-02-07 06:28:15 -> 2106-02-07 06:28:15+00" },
	{ "my timestamp(6)", NULL, "2024-02-29 12:00:00.123456 -> 2024-02-29 12:00:00.123456+00 | 0000-00-00 00:00:00.000000 -> !" },
	{ "my char(5)", NULL, "abc | <> | a  b | \xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xe2\x82\xac | \xf0\x9f\x98\x80" },
	{ "my varchar(20)", NULL, "abc | <> | abc   |  abc | \xf0\x9f\x98\x80\xf0\x9f\x98\x80 | NULL | \\N | '\";--" },
	{ "my tinytext", NULL, "abc | <> | a  " },
	{ "my text", NULL, "abc | <> | a  " },
	{ "my mediumtext", NULL, "abc | <>" },
	{ "my longtext", NULL, "abc | <> | \xe2\x82\xac" },
	{ "my binary(3)", NULL, "0x000000 -> \\x000000 | 0x00ff10 -> \\x00ff10 | 0x202020 -> \\x202020" },
	{ "my varbinary(10)", NULL, "0x -> \\x | 0x00 -> \\x00 | 0xdeadbeef -> \\xdeadbeef" },
	{ "my tinyblob", NULL, "0x -> \\x | 0x5c78 -> \\x5c78" },
	{ "my blob", NULL, "0x -> \\x | 0x00010203040506070809 -> \\x00010203040506070809" },
	{ "my mediumblob", NULL, "0xff -> \\xff" },
	{ "my longblob", NULL, "0x7f80 -> \\x7f80" },
	{ "my enum('a','b c','\xc3\xa4')", NULL, "a | b c | \xc3\xa4 | <> -> !" },
	{ "my enum('','x')", NULL, "<> | x" },
	{ "my set('a','b','c')", NULL, "<> | a | a,b | a,b,c | b,c" },
	{ "my json", NULL, "{} | [] | null | true | \"\" | 0 | 1.5 | {\"a\": [1, 2, {\"b\": null}]} | \"\xf0\x9f\x98\x80\" | 18446744073709551615"
			   " | -9223372036854775808 | 1.7976931348623157e308 | \"a\\\\u0000\" | \"a\\u0000\" -> ! | {\"\\u0000\": 1} -> !"
			   " | \"\\\\\\u0000\" -> ! | \"2024-01-01 00:00:00.000000\" | \"base64:type15:AAEC\" | \"\\\"\\\\\"" },
	{ "maria json", NULL, "{} | {\"a\":1, \"a\":2} |  [1 , 2]  | \"\\u0000\" | 1e999 | \"\\ud800\" | {a:1} -> ! | <> -> ! | [1,] -> ! | [1 -> !"
			      " | 01 -> ! | \"a -> ! | \"\\x\" -> ! | nul -> ! | [1]] -> ! | {\"a\"} -> ! | {\"a\":} -> ! | - -> ! | 1. -> ! | 1e -> !"
			      " | [1 2] -> ! | {,} -> ! | [} -> !" },
	{ "my geometry", NULL, "0x000000000101000000000000000000f03f0000000000000040 -> \\x0101000000000000000000f03f0000000000000040"
			       " | 0xe61000000101000000000000000000f03f0000000000000040 -> \\x0101000020e6100000000000000000f03f0000000000000040"
			       " | 0x00000000010700000000000000 -> \\x010700000000000000"
			       " | 0x110f0000010700000000000000 -> \\x0107000020110f000000000000" },
	{ "my vector(3)", NULL, "0x0000803f00002040cdcccc3d -> {1,2.5,0.1} | 0x0000008001000000ffff7f7f -> {-0,1.4013e-45,3.4028235e+38}" },
	{ "maria uuid", NULL, "00000000-0000-0000-0000-000000000000 | 123e4567-e89b-12d3-a456-426655440000 | ffffffff-ffff-ffff-ffff-ffffffffffff" },
	{ "maria inet6", NULL, ":: | ::1 | ::ffff:192.0.2.1 | 2001:db8::ff00:42:8329 | ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "maria inet4", NULL, "0.0.0.0 | 192.0.2.33 | 255.255.255.255" },
};

#define N131 "1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"

static const struct row postgresql_rows[] = {
	{ "pg boolean", NULL, "t -> 1 | f -> 0" },
	{ "pg smallint", NULL, "0 | -32768 | 32767" },
	{ "pg integer", NULL, "0 | -2147483648 | 2147483647" },
	{ "pg bigint", NULL, "0 | -9223372036854775808 | 9223372036854775807" },
	{ "pg numeric", NULL, "0 | NaN | Infinity | -Infinity | 1.10 | 1.1 | " N131 " | 0.0000000000000000000000000000000000000000000001" },
	{ "pg numeric(65,30)", NULL, D65 " | -" D65 " | 0.000000000000000000000000000000 | NaN -> !" },
	{ "pg numeric(12,2)", NULL, "0.00 | 9999999999.99 | -9999999999.99 | NaN -> !" },
	{ "pg numeric(5,-2)", NULL, "0 | 9999900 | -100 | NaN -> !" },
	{ "pg numeric(3,5)", NULL, "0.00000 | 0.00999 | -0.00001 | NaN -> !" },
	{ "pg numeric(80,10)", NULL, "NaN | 1.0000000000" },
	{ "pg numeric(40,35)", NULL, "99999.99999999999999999999999999999999999" },
	{ "pg real", NULL, "0 | -0 | 1.5 | 0.1 | 3.4028235e+38 | 1e-45 | NaN -> ! | Infinity -> !1.7976931348623157e308"
			   " | -Infinity -> !-1.7976931348623157e308" },
	{ "pg double precision", NULL, "0 | -0 | 0.1 | 0.30000000000000004 | 1.7976931348623157e+308 | 5e-324 | 1e+20 | 1e-05 | NaN -> !"
				       " | Infinity -> !1.7976931348623157e308 | -Infinity -> !-1.7976931348623157e308" },
	{ "pg money", NULL, "$0.00 | -$92,233,720,368,547,758.08" },
	{ "pg text", NULL, "abc | <> | abc   |  a | \xf0\x9f\x98\x80 | NULL | \\x00" },
	{ "pg character varying(20)", NULL, "abc | <> | abc   | \xf0\x9f\x98\x80" },
	{ "pg character varying", NULL, "abc | abc  " },
	{ "pg character varying(20000)", NULL, "abc | abc  " },
	{ "pg character(5)", NULL, "abc   -> abc |       -> <> | abcde |  a    ->  a" },
	{ "pg character(300)", NULL, "abc   -> abc" },
	{ "pg name", NULL, "pg_class" },
	{ "pg \"char\"", NULL, "a | \\377 | <>" },
	{ "pg bytea", NULL, "\\x -> 0x | \\x00 -> 0x00 | \\xdeadBEEF -> 0xdeadbeef | 0x0001ff" },
	{ "pg date", NULL, "2024-02-29 | 0001-01-01 | 9999-12-31 | infinity -> !9999-12-31 | -infinity -> !0001-01-01 | 0044-03-15 BC -> !0001-01-01"
			   " | 10000-01-01 -> !9999-12-31 | 5874897-12-31 -> !9999-12-31 | 4714-11-24 BC -> !0001-01-01" },
	{ "pg time", NULL, "00:00:00 | 23:59:59.999999 | 24:00:00 | 12:00:00.5" },
	{ "pg time(0)", NULL, "00:00:00 | 24:00:00" },
	{ "pg timetz", NULL, "00:00:00+00 | 23:59:59.999999-15:59:59 | 24:00:00+00" },
	{ "pg timestamp", NULL, "2024-01-02 03:04:05 | 2024-01-02 03:04:05.000001 | 0001-01-01 00:00:00 | 9999-12-31 23:59:59.999999"
				" | infinity -> !9999-12-31 23:59:59.999999 | -infinity -> !0001-01-01 00:00:00"
				" | 0001-12-31 23:59:59 BC -> !0001-01-01 00:00:00 | 294276-12-31 23:59:59.999999 -> !9999-12-31 23:59:59.999999"
				" | 4714-11-24 00:00:00 BC -> !0001-01-01 00:00:00" },
	{ "pg timestamp(0)", NULL, "2024-01-02 03:04:05 | infinity -> !9999-12-31 23:59:59" },
	{ "pg timestamp(3)", NULL, "2024-01-02 03:04:05.12 | infinity -> !9999-12-31 23:59:59.999" },
	{ "pg timestamptz", NULL, "2024-01-02 03:04:05+00 -> 2024-01-02 03:04:05 | 2024-01-02 03:04:05.5+00 -> 2024-01-02 03:04:05.5"
				  " | infinity -> !9999-12-31 23:59:59.999999 | -infinity -> !0001-01-01 00:00:00"
				  " | 0044-03-15 00:00:00+00 BC -> !0001-01-01 00:00:00 | 12024-01-01 00:00:00+00 -> !9999-12-31 23:59:59.999999"
				  " | 0001-01-01 00:00:00+00 -> 0001-01-01 00:00:00 | 9999-12-31 23:59:59.999999+00 -> 9999-12-31 23:59:59.999999" },
	{ "pg interval", NULL, "00:00:00 | 1 year 2 mons 3 days 04:05:06.789 | -178956970 years -8 mons -2147483648 days -2562047788:00:54.775808"
			       " | -1 days +02:03:00 | infinity" },
	{ "pg uuid", NULL, "00000000-0000-0000-0000-000000000000 | 123e4567-e89b-12d3-a456-426655440000" },
	{ "pg json", NULL, "{\"b\": 1,  \"a\": 2, \"a\": 3} | \"\\u0000\" | 1e999 | null" },
	{ "pg jsonb", NULL, "{} | [] | null | true | false | \"\" | 0 | -1 | 1.5 | 1.10 | 18446744073709551615 | -9223372036854775808"
			    " | 18446744073709551616 -> ! | -9223372036854775809 -> ! | 100000000000000000000 | 0.30000000000000004"
			    " | 0.10000000000000001 -> ! | 0.1 | 123456789012345.6 | 1234567890123456.7 -> ! | 1234567890123456.8 | 12345678901234567.8 -> ! | 9007199254740993"
			    " | 9007199254740993.5 -> ! | {\"a\": [1, 2, {\"b\": 3.14159265358979323846}]} -> ! | 0.000000000000000000000000000001"
			    " | [1, \"18446744073709551616\"] | 1180591620717411303424 -> ! | \"\\ud83d\\ude00\" | \"a\\\"b\\\\\"" },
	{ "pg jsonb", "maria", "{} | 18446744073709551616 | 0.10000000000000001 | \"a\"" },
	{ "pg xml", NULL, "<a>b</a>" },
	{ "pg bit(1)", NULL, "0 | 1" },
	{ "pg bit(8)", NULL, "00000000 | 10000001" },
	{ "pg bit(64)", NULL, "1111111111111111111111111111111111111111111111111111111111111111" },
	{ "pg bit(70)", NULL, "1111111111111111111111111111111111111111111111111111111111111111000000" },
	{ "pg bit varying(10)", NULL, "<> | 0 | 01 | 1111111111" },
	{ "pg bit varying", NULL, "<> | 0101" },
	{ "pg inet", NULL, "192.168.0.1 | 192.168.0.0/24 | ::1 | 2001:db8::/32" },
	{ "pg cidr", NULL, "192.168.0.0/24 | ::/0" },
	{ "pg macaddr", NULL, "08:00:2b:01:02:03" },
	{ "pg macaddr8", NULL, "08:00:2b:ff:fe:01:02:03" },
	{ "pg oid", NULL, "0 | 4294967295" },
	{ "pg xid", NULL, "0 | 4294967295" },
	{ "pg xid8", NULL, "18446744073709551615" },
	{ "pg pg_lsn", NULL, "0/0 | FFFFFFFF/FFFFFFFF" },
	{ "pg tsvector", NULL, "'a':1 'b':2A" },
	{ "pg int4range", NULL, "empty | [1,10) | (,)" },
	{ "pg point", NULL, "(1,2)" },
	{ "pg boolean[]", NULL, "{t,f,NULL}" },
	{ "pg integer[]", NULL, "{} | {1,2,NULL} | {{1,2},{3,4}} | [0:1]={1,2}" },
	{ "pg text[]", NULL, "{\"a b\",\"c\\\"d\",NULL,\"NULL\",\"\"}" },
	{ "pg real[]", NULL, "{1,2.5,NaN}" },
	{ "pg numeric[]", NULL, "{1.10,NaN}" },
	{ "pg public.mood", NULL, "sad | ok | <>" },
	{ "pg public.hstore", NULL, "\"a\"=>\"1\", \"b\"=>NULL" },
	{ "pg public.pair", NULL, "(1,\"a b\")" },
	{ "pg public.geometry", NULL, "0101000020E6100000000000000000F03F0000000000000040" },
	{ "pg public.vector", NULL, "[1,2.5]" },
};

/* ---- to columns that are there ---- */

#define MAX128 "170141183460469231731687303715884105727"

static const struct row pairs_to_postgresql[] = {
	{ "my tinyint(1)", "pg boolean", "0 -> f | 1 -> t | 2 -> ! | -1 -> ! | 127 -> !" },
	{ "my tinyint", "pg boolean", "0 -> f | 1 -> t | 10 -> !" },
	{ "my bit(1)", "pg boolean", "0 -> f | 1 -> t" },
	{ "my tinyint unsigned", "pg smallint", "255 | 0" },
	{ "my smallint unsigned", "pg smallint", "32767 | 32768 -> !32767 | 65535 -> !32767" },
	{ "my int", "pg smallint", "-32768 | -32769 -> !-32768 | 32768 -> !32767 | 2147483647 -> !32767" },
	{ "my int unsigned", "pg integer", "2147483647 | 2147483648 -> !2147483647 | 4294967295 -> !2147483647" },
	{ "my bigint unsigned", "pg bigint", "9223372036854775807 | 9223372036854775808 -> !9223372036854775807" },
	{ "my bigint", "pg integer", "-2147483648 | -2147483649 -> !-2147483648 | -9223372036854775808 -> !-2147483648" },
	{ "my int", "pg bigint", "-2147483648 | 0" },
	{ "my int", "pg numeric", "-2147483648 | 0" },
	{ "my int", "pg numeric(5,2)", "999 | 1000 -> !999.99 | -1000 -> !-999.99 | 0" },
	{ "my int", "pg numeric(3,-2)", "99900 | 100 | 150 -> ! | 0 | 100000 -> !99900 | -100000 -> !-99900" },
	{ "my int", "pg text", "-1 | 0" },
	{ "my int", "pg character varying(3)", "-1" },
	{ "my int", "pg double precision", "-2147483648" },
	{ "my int", "pg real", "16777216 | 123456 | 16777217 -> ! | -123456" },
	{ "my bigint", "pg double precision", "9007199254740993 -> ! | 9007199254740992 | 999999999999999 | 100000000000000000" },
	{ "my year", "pg integer", "0000 | 2024" },
	{ "my decimal(10,2)", "pg numeric(8,1)", "1.50 -> 1.5 | 1.55 -> ! | 9999999.00 -> 9999999.0 | 10000000.00 -> !9999999.9 | -0.10 -> -0.1" },
	{ "my decimal(10,2)", "pg numeric(20,10)", "1.50 | -99999999.99" },
	{ "my decimal(10,2)", "pg numeric", "1.50" },
	{ "my decimal(10,2)", "pg numeric(3,5)", "0.00 | 0.01 -> !0.00999 | -1.00 -> !-0.00999" },
	{ "my decimal(10,2)", "pg integer", "1.00 -> 1 | 0.00 -> 0 | -5.00 -> -5 | 1.50 -> ! | 99999999.00 -> 99999999 | -0.00 -> 0" },
	{ "my decimal(10,2)", "pg smallint", "99999.00 -> !32767 | -99999.00 -> !-32768" },
	{ "my decimal(65,0)", "pg bigint", MAX128 " -> !9223372036854775807 | -" MAX128 " -> !-9223372036854775808" },
	{ "my decimal(20,5)", "pg double precision", "123456789.12345 | 1234567890.12345 | 12345678901.12345 | 123456789012345.12345 -> ! | 0.00000" },
	{ "my decimal(10,2)", "pg text", "1.50" },
	{ "my double", "pg real", "0.5 | 0.1 | 0.30000000000000004 -> ! | 1e300 -> ! | 16777217 -> ! | 16777216 | -0 | 1e-45 | 1e-46 -> ! | 3.4028235e38" },
	{ "my double", "pg text", "0.5 | 1e300" },
	{ "my float", "pg double precision", "0.1 | 3.4028235e38" },
	{ "my bit(8)", "pg bit varying(8)", "00000001" },
	{ "my bit(8)", "pg text", "00000001" },
	{ "my bit(1)", "pg smallint", "1 | 0" },
	{ "my date", "pg timestamp", "2024-02-29 -> 2024-02-29 00:00:00 | 0000-00-00 -> !" },
	{ "my date", "pg timestamptz", "2024-02-29 -> 2024-02-29 00:00:00+00" },
	{ "my date", "pg text", "0000-00-00 | 2024-02-29" },
	{ "my datetime", "pg timestamptz", "2024-02-29 01:02:03 -> 2024-02-29 01:02:03+00 | 0000-00-00 00:00:00 -> !"
					   " | 0000-01-01 00:00:00 -> !0001-01-01 00:00:00+00" },
	{ "my datetime(6)", "pg timestamp(3)", "2024-02-29 01:02:03.123000 -> 2024-02-29 01:02:03.123 | 2024-02-29 01:02:03.123400 -> !" },
	{ "my datetime(6)", "pg timestamp(0)", "2024-02-29 01:02:03.000000 -> 2024-02-29 01:02:03 | 2024-02-29 01:02:03.500000 -> !" },
	{ "my datetime(3)", "pg timestamp(3)", "2024-02-29 01:02:03.123" },
	{ "my timestamp", "pg timestamp", "2024-02-29 01:02:03 | 0000-00-00 00:00:00 -> !" },
	{ "my timestamp", "pg text", "0000-00-00 00:00:00" },
	{ "my time", "pg time", "00:00:00 | 23:59:59 | 24:00:00 | 24:00:01 -> !24:00:00 | -00:00:01 -> !00:00:00 | 838:59:59 -> !24:00:00" },
	{ "my time(6)", "pg time(0)", "12:00:00.000000 -> 12:00:00 | 12:00:00.500000 -> ! | 24:00:00.000001 -> !24:00:00" },
	{ "my time", "pg text", "-838:59:59" },
	{ "my varchar(36)", "pg uuid", "123e4567-e89b-12d3-a456-426655440000 | 123E4567-E89B-12D3-A456-426655440000 | 123e4567e89b12d3a456426655440000"
				       " | 123e4567-e89b-12d3-a456-42665544000 -> ! | 123e4567-e89b-12d3-a456-42665544000g -> ! | <> -> !"
				       " | 123e4567-e89b-12d3a-456-426655440000 -> ! | {23e4567-e89b-12d3-a456-426655440000 -> !" },
	{ "my char(36)", "pg uuid", "123e4567-e89b-12d3-a456-426655440000 | abc -> !" },
	{ "my binary(16)", "pg uuid", "0x123e4567e89b12d3a456426655440000 -> 123e4567-e89b-12d3-a456-426655440000"
				      " | 0x00000000000000000000000000000000 -> 00000000-0000-0000-0000-000000000000" },
	{ "my varbinary(16)", "pg uuid", "0x123e4567e89b12d3a456426655440000 -> 123e4567-e89b-12d3-a456-426655440000 | 0x12 -> ! | 0x -> !" },
	{ "my varchar(20)", "pg character varying(5)", "abc | abcde | abcdef | abc  " },
	{ "my varchar(20)", "pg character(5)", "abc | abc  -> !" },
	{ "my char(5)", "pg text", "abc" },
	{ "my text", "pg json", "{\"a\": 1} | {a} -> ! | \"\\u0000\"" },
	{ "my text", "pg jsonb", "{\"a\": 1} | {a} -> ! | \"\\u0000\" -> ! | \"\\ud800\" -> ! | \"\\ud83d\\ude00\" | \"\\ud83d\\u0041\" -> ! | \"\\udc00\" -> !" },
	{ "my json", "pg json", "{\"a\": \"\\u0000\"}" },
	{ "my json", "pg text", "{\"a\": 1}" },
	{ "maria json", "pg jsonb", "{\"a\":1} | \"\\u0000\" -> ! | [1,2" " -> !" },
	{ "my longtext", "pg numeric", "NaN | 1e999 | 0.10" },
	{ "my longtext", "pg integer[]", "{1,2,NULL}" },
	{ "my longtext", "pg int4range", "[1,10)" },
	{ "my text", "pg numeric(10,2)", "1.50 | NaN | 1.505 -> ! | abc -> ! | 1e5 -> ! | 123456789.00 -> !99999999.99 | <> -> !" },
	{ "my time(6)", "pg interval(3)", "01:02:03.123000 -> 01:02:03.123 | 01:02:03.123400 -> !" },
	{ "my varchar(80)", "pg interval(3)", "1 day 00:00:00.123 | 1 day 00:00:00.1234 -> ! | 1 day 00:00:00.1230 | 1 day" },
	{ "my varchar(24)", "pg timetz(0)", "12:00:00+02 | 12:00:00.5+02 -> ! | 12:00:00.0+02" },
	{ "my varchar(80)", "pg interval", "1 year 2 mons | 00:00:00.5" },
	{ "my varchar(24)", "pg timetz", "12:00:00+02" },
	{ "my varchar(43)", "pg inet", "192.168.0.1" },
	{ "my varchar(43)", "pg cidr", "192.168.0.0/24" },
	{ "my varchar(63)", "pg public.mood", "sad" },
	{ "my enum('sad','ok')", "pg public.mood", "sad | ok | <> -> !" },
	{ "my enum('sad','ok')", "pg character varying(10)", "sad | <> -> !" },
	{ "my set('a','b\"','c')", "pg text[]", "<> -> {} | a -> {\"a\"} | a,b\",c -> {\"a\",\"b\\\"\",\"c\"}" },
	{ "my set('','a')", "pg text[]", ",,,,,,,,,,,,,,,,,,,,,,, -> {\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
					"\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"}" },
	{ "my varchar(70)", "pg bit varying", "0101" },
	{ "my varchar(17)", "pg macaddr", "08:00:2b:01:02:03" },
	{ "my text", "pg bytea", "abc -> \\x616263 | <> -> \\x | \xe2\x82\xac -> \\xe282ac" },
	{ "my geometry", "pg public.geometry", "0xe61000000101000000000000000000f03f0000000000000040 -> 0101000020e6100000000000000000f03f0000000000000040" },
	{ "my vector(1)", "pg real[]", "0x0000807f -> {Infinity} | 0x -> {}" },
	{ "my vector(2)", "pg public.vector", "0x0000803f00002040 -> [1,2.5]" },
	{ "maria uuid", "pg text", "123e4567-e89b-12d3-a456-426655440000" },
	{ "maria uuid", "pg bytea", "123e4567-e89b-12d3-a456-426655440000 -> \\x123e4567e89b12d3a456426655440000" },
	{ "maria inet6", "pg text", "::1" },
};

static const struct row pairs_to_mysql[] = {
	{ "pg boolean", "my bit(1)", "t -> 1 | f -> 0" },
	{ "pg boolean", "my int", "t -> 1 | f -> 0" },
	{ "pg boolean", "my varchar(5)", "t -> true | f -> false" },
	{ "pg smallint", "my tinyint", "127 | 128 -> !127 | -129 -> !-128" },
	{ "pg smallint", "my tinyint unsigned", "255 | -1 -> !0 | 256 -> !255" },
	{ "pg integer", "my mediumint", "8388607 | 8388608 -> !8388607 | -8388609 -> !-8388608" },
	{ "pg integer", "my int unsigned", "2147483647 | -1 -> !0" },
	{ "pg bigint", "my bigint unsigned", "9223372036854775807 | -1 -> !0" },
	{ "pg integer", "my decimal(12,2)", "-2147483648" },
	{ "pg integer", "my decimal(4,2) unsigned", "99 | 100 -> !99.99 | -1 -> !0" },
	{ "pg integer", "my bit(1)", "0 | 1 | 2 -> !" },
	{ "pg smallint", "my year", "0 -> 0000 | 2024 | 1 -> !1901 | 1900 -> !1901 | 2156 -> !2155 | -5 -> !1901" },
	{ "pg integer", "my varchar(11)", "-2147483648" },
	{ "pg numeric", "my decimal(10,2)", "1.50 | 1.5 | 1.500 -> 1.50 | 1.505 -> ! | NaN -> ! | Infinity -> !99999999.99 | -Infinity -> !-99999999.99"
					    " | 99999999.99 | 100000000 -> !99999999.99 | -100000000 -> !-99999999.99 | 0 | 0.000000000000 -> 0.00" },
	{ "pg numeric", "my decimal(10,2) unsigned", "-0.01 -> !0 | 0 | 1.50" },
	{ "pg numeric", "my bigint", "9223372036854775807 | 9223372036854775808 -> !9223372036854775807 | 1.000 -> 1 | 1.5 -> ! | NaN -> !"
				     " | Infinity -> !9223372036854775807 | -Infinity -> !-9223372036854775808" },
	{ "pg numeric", "my double", "1.5 | 0.1 | 1234567890123456 | 12345678901234567 -> ! | NaN -> ! | Infinity -> !1.7976931348623157e308" },
	{ "pg numeric", "my varchar(100)", "NaN | 1.50" },
	{ "pg numeric(20)", "my bigint unsigned", "18446744073709551615 | 18446744073709551616 -> !18446744073709551615 | -1 -> !0" },
	{ "pg double precision", "my float", "0.5 | 0.1 | 0.1234567891 -> ! | NaN -> ! | Infinity -> !3.4028234663852886e38 | 1e+300 -> !" },
	{ "pg double precision", "maria", "-0 -> 0 | 0 | -0.1 | NaN -> ! | Infinity -> !1.7976931348623157e308" },
	{ "pg real", "my float", "0.1 | 3.4028235e+38 -> 3.4028234663852886e38 | -3.4028235e+38 -> -3.4028234663852886e38 | NaN -> ! | Infinity -> !3.4028234663852886e38" },
	{ "pg double precision", "my double unsigned", "0.5 | -0.5 -> !0" },
	{ "pg double precision", "my varchar(30)", "NaN | 0.5" },
	{ "pg text", "my varchar(5)", "abc | abcde | abcdef | \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac" },
	{ "pg text", "my char(5)", "abc | abc  -> ! | <>" },
	{ "pg character(5)", "my varchar(5)", "abc   -> abc" },
	{ "pg character(5)", "my longtext", "abc   -> abc" },
	{ "pg text", "my tinytext", "abc" },
	{ "pg text", "my enum('Red','blue')", "Red | blue | red -> ! | <> -> ! | RED -> !" },
	{ "pg text", "my set('a','b','c')", "<> | a | a,b | b,a -> ! | a,a -> ! | d -> ! | a, -> ! | ,a -> ! | A -> !" },
	{ "pg public.mood", "my enum('sad','ok')", "sad | ok | happy -> !" },
	{ "pg text", "my blob", "abc -> 0x616263 | <> -> 0x" },
	{ "pg text", "my json", "{\"a\": 1} | {a} -> ! | 1e999 -> !" },
	{ "pg json", "my json", "{\"a\": 1, \"a\": 2} | \"\\ud800\" -> ! | \"\\u0000\" | 1e999 -> ! | -0 | 0.5e1" },
	{ "pg jsonb", "my longtext", "{\"a\": 18446744073709551616}" },
	{ "pg bytea", "my varbinary(4)", "\\x01 -> 0x01 | 0x01" },
	{ "pg bytea", "my binary(4)", "\\x01020304 -> 0x01020304 | \\x01 -> ! | 0x0102 -> ! | 0x01020304" },
	{ "pg uuid", "my binary(16)", "123e4567-e89b-12d3-a456-426655440000 -> 0x123e4567e89b12d3a456426655440000" },
	{ "pg uuid", "my varbinary(20)", "123e4567-e89b-12d3-a456-426655440000 -> 0x123e4567e89b12d3a456426655440000" },
	{ "pg uuid", "maria uuid", "123e4567-e89b-12d3-a456-426655440000" },
	{ "pg uuid", "my varchar(36)", "123e4567-e89b-12d3-a456-426655440000" },
	{ "pg text", "maria uuid", "123e4567-e89b-12d3-a456-426655440000 | x -> !" },
	{ "pg inet", "maria inet6", "::1 | 10.0.0.1 -> ! | ::/0 -> !" },
	{ "pg inet", "maria inet4", "10.0.0.1 | ::1 -> ! | 10.0.0.0/8 -> !" },
	{ "pg date", "my datetime", "2024-02-29 -> 2024-02-29 00:00:00 | infinity -> !9999-12-31 23:59:59" },
	{ "pg date", "my timestamp", "1970-01-02 -> 1970-01-02 00:00:00 | 1970-01-01 -> !1970-01-01 00:00:01 | 2038-01-19 -> 2038-01-19 00:00:00"
				     " | 2038-01-20 -> !2038-01-19 03:14:07 | 1969-12-31 -> !1970-01-01 00:00:01" },
	{ "pg date", "my varchar(30)", "infinity | 0044-03-15 BC" },
	{ "pg timestamp", "my datetime", "2024-02-29 01:02:03 | 2024-02-29 01:02:03.5 -> ! | infinity -> !9999-12-31 23:59:59" },
	{ "pg timestamp", "my timestamp(6)", "2024-02-29 01:02:03.5 | 1970-01-01 00:00:00.999999 -> !1970-01-01 00:00:01 | 1970-01-01 00:00:01"
					     " | 2038-01-19 03:14:08 -> !2038-01-19 03:14:07 | 1901-01-01 00:00:00 -> !1970-01-01 00:00:01" },
	{ "pg timestamptz", "my timestamp", "2024-02-29 01:02:03+00 -> 2024-02-29 01:02:03 | 2040-01-01 00:00:00+00 -> !2038-01-19 03:14:07" },
	{ "pg timestamptz", "my varchar(40)", "2024-02-29 01:02:03+00 | infinity" },
	{ "pg time", "my time", "01:02:03 | 01:02:03.5 -> ! | 24:00:00" },
	{ "pg interval", "my time(6)", "00:00:00 | 838:59:59 | -838:59:59 | 838:59:59.000001 -> !838:59:59 | -839:00:00 -> !-838:59:59 | 1 day -> !"
				       " | 1 day 01:00:00 -> ! | -00:00:00.000001 | 1 year -> ! | infinity -> !" },
	{ "pg bit(4)", "my varchar(4)", "0101" },
	{ "pg bit(1)", "my tinyint(1)", "1 | 0" },
	{ "pg real[]", "my vector(2)", "{1,2.5} -> 0x0000803f00002040 | {1,NULL} -> ! | {1,NaN} -> ! | {} -> ! | {{1}} -> ! | {1,} -> !" },
	{ "pg public.vector", "my vector(2)", "[1,2.5] -> 0x0000803f00002040" },
	{ "pg public.geometry", "my geometry", "0101000020E6100000000000000000F03F0000000000000040 -> 0xe61000000101000000000000000000f03f0000000000000040"
					       " | 01010000A0E6100000000000000000F03F00000000000000400000000000000840 -> !"
					       " | 010F00000000000000 -> ! | 00000000013FF00000000000004000000000000000 -> !" },
	{ "pg bytea", "my geometry", "\\x0101000000000000000000f03f0000000000000040 -> 0x000000000101000000000000000000f03f0000000000000040 | \\x00 -> !" },
};

static const struct row pairs_within_mysql[] = {
	{ "my int", "my bigint", "-2147483648" },
	{ "my int", "my int unsigned", "-1 -> !0 | 1" },
	{ "my bigint unsigned", "my bigint", "9223372036854775808 -> !9223372036854775807" },
	{ "my tinyint(1)", "my bit(1)", "0 | 1 | 2 -> !" },
	{ "my decimal(10,2)", "my decimal(12,4)", "1.50" },
	{ "my decimal(10,2)", "my decimal(10,1)", "1.50 -> 1.5 | 1.55 -> !" },
	{ "my float", "my double", "0.1" },
	{ "my float", "my float", "0.1 | 3.4028235e38 -> 3.4028234663852886e38" },
	{ "my double", "my float", "0.1 | 0.5 | 0.1234567891 -> !" },
	{ "my date", "my datetime", "2024-01-01 -> 2024-01-01 00:00:00 | 0000-00-00 -> 0000-00-00 00:00:00" },
	{ "my date", "my date", "0000-00-00 | 2023-02-31" },
	{ "my datetime", "my datetime(6)", "0000-00-00 00:00:00 | 2024-01-01 00:00:00" },
	{ "my datetime(6)", "my datetime", "2024-01-01 00:00:00.000000 -> 2024-01-01 00:00:00 | 2024-01-01 00:00:00.500000 -> !" },
	{ "my datetime", "my timestamp", "0000-00-00 00:00:00 | 2024-01-01 00:00:00 | 1900-01-01 00:00:00 -> !1970-01-01 00:00:01" },
	{ "my timestamp", "my datetime", "0000-00-00 00:00:00 | 2024-01-01 00:00:00" },
	{ "my time(6)", "my time", "838:59:58.500000 -> ! | -01:00:00.000000 -> -01:00:00" },
	{ "my varchar(10)", "my char(10)", "abc | abc  -> !" },
	{ "my char(10)", "my varchar(10)", "abc" },
	{ "my varchar(10)", "my text", "abc  " },
	{ "my varchar(10)", "my enum('abc')", "abc | ABC -> !" },
	{ "my enum('a','b')", "my enum('a','b','c')", "a | <> -> !" },
	{ "my enum('a','b')", "my enum('b','a')", "a | <> -> !" },
	{ "my set('a','b')", "my set('b','a')", "a | a,b -> !" },
	{ "my set('a','b')", "my varchar(10)", "a,b" },
	{ "my binary(3)", "my binary(3)", "0x010000" },
	{ "my binary(3)", "my binary(4)", "0x010000 -> !" },
	{ "my binary(3)", "my varbinary(4)", "0x010000" },
	{ "my json", "maria json", "{\"a\": 1} | \"\\u0000\"" },
	{ "maria json", "my json", "{\"a\": 1} | 1e999 -> ! | {a} -> !" },
	{ "maria json", "my longtext", "{\"a\":  1}" },
	{ "maria uuid", "my char(36)", "123e4567-e89b-12d3-a456-426655440000" },
	{ "maria uuid", "my binary(16)", "123e4567-e89b-12d3-a456-426655440000 -> 0x123e4567e89b12d3a456426655440000" },
	{ "my binary(16)", "maria uuid", "0x123e4567e89b12d3a456426655440000 -> 123e4567-e89b-12d3-a456-426655440000" },
	{ "maria inet6", "my varchar(39)", "::1" },
	{ "my geometry", "my geometry", "0x000000000101000000000000000000f03f0000000000000040" },
	{ "my geometry", "my longblob", "0x000000000101000000000000000000f03f0000000000000040" },
	{ "my vector(1)", "my longblob", "0x0000803f" },
};

/* ---- reading them ---- */

static inline char *
cell_text(const char *p, size_t n)
{
	char *s = kept_alloc(n + 1);

	memcpy(s, p, n);
	return s;
}

static inline struct value
cell_bytes(enum value_kind kind, const void *p, size_t n)
{
	return (struct value){ .kind = (uint8_t)kind, .len = (uint32_t)n, .p = (const uint8_t *)cell_text(p, n) };
}

static inline struct value
cell_value(const char *text)
{
	const size_t n = strlen(text);
	uint8_t *p;

	if (strcmp(text, "<>") == 0)
		return (struct value){ .kind = VALUE_TEXT, .len = 0, .p = (const uint8_t *)"" };
	if (strncmp(text, "0x", 2) != 0)
		return (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)n, .p = (const uint8_t *)text };
	p = kept_alloc(n / 2);
	for (size_t i = 0; 2 * i + 2 < n; i++) {
		unsigned b = 0;

		sscanf(text + 2 + 2 * i, "%2x", &b);
		p[i] = (uint8_t)b;
	}
	return (struct value){ .kind = VALUE_BINARY, .len = (uint32_t)(n / 2 - 1), .p = p };
}

/* The next cell of a row at *p, which moves on; false: there is none. want NULL: no form, and no nearest value. */
struct cell {
	const char *in, *want;
	bool form;
};

static inline bool
cell_next(const char **p, struct cell *ret)
{
	const char *end = strstr(*p, " | "), *arrow = strstr(*p, " -> ");

	if (**p == '\0')
		return false;
	end = end != NULL ? end : *p + strlen(*p);
	if (arrow > end)
		arrow = NULL;
	ret->in = cell_text(*p, (size_t)((arrow != NULL ? arrow : end) - *p));
	ret->want = arrow != NULL ? cell_text(arrow + 4, (size_t)(end - arrow - 4)) : ret->in;
	ret->form = ret->want[0] != '!';
	if (!ret->form)
		ret->want = ret->want[1] != '\0' ? ret->want + 1 : NULL;
	*p = *end != '\0' ? end + 3 : end;
	return true;
}

/* ---- what servers print ---- */

/* As a PostgreSQL column of this type prints what it was given. */
static inline struct value
pg_prints(const struct coltype *t, const struct value *v)
{
	const struct type_facts f = typemap_read(t);
	struct value out = *v;
	char *p;

	if (f.class == CLASS_TIME || f.class == CLASS_TIMESTAMP || f.class == CLASS_INSTANT || f.class == CLASS_INTERVAL) {
		const uint8_t *dot = v->len > 0 ? memchr(v->p, '.', v->len) : NULL;
		const size_t zone = v->len > 3 && memcmp(v->p + v->len - 3, "+00", 3) == 0 ? 3 : 0;
		size_t n = v->len - zone;

		while (dot != NULL && v->p + n - 1 >= dot && (v->p[n - 1] == '0' || v->p + n - 1 == dot))
			n--;
		out = cell_bytes(VALUE_TEXT, v->p, n + zone);
		memcpy((uint8_t *)(uintptr_t)out.p + n, "+00", zone);
	} else if (f.kind == PG_BPCHAR) {
		size_t chars = 0, n;

		for (size_t i = 0; i < v->len; i++)
			chars += (v->p[i] & 0xc0) != 0x80;
		n = v->len + f.length - chars;
		p = kept_alloc(n + 1);
		memset(p, ' ', n);
		memcpy(p, v->p, v->len);
		out = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)n, .p = (const uint8_t *)p };
	}
	return out;
}

/* As a MySQL column of this type prints it: with all digits of its fraction. */
static inline struct value
my_prints(const struct coltype *t, const struct value *v)
{
	const struct type_facts f = typemap_read(t);
	const bool timed = f.class == CLASS_DURATION || f.class == CLASS_TIMESTAMP || f.class == CLASS_INSTANT;
	const size_t digits = timed ? f.digits : f.class == CLASS_DECIMAL ? (size_t)f.scale : 0;
	const uint8_t *dot = v->kind == VALUE_TEXT && v->len > 0 ? memchr(v->p, '.', v->len) : NULL;
	const size_t whole = dot != NULL ? (size_t)(dot - v->p) : v->len;
	char *p;

	if (digits == 0)
		return *v;
	p = kept_alloc(whole + 2 + digits);
	memset(p, '0', whole + 1 + digits);
	memcpy(p, v->p, v->len);
	p[whole] = '.';
	return (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)(whole + 1 + digits), .p = (const uint8_t *)p };
}

#endif
