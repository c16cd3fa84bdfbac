/* test_pg_type.c - the list of types, their arrays and casts, and which typmods make a target too
 * narrow. */
#include "cdc/pg_type.c"

#include "test/unit/unit.h"

#define NUMERIC(p, s) ((int32_t)((uint32_t)(p) << 16 | ((uint32_t)(s) & 0x7ff)) + 4)

static struct coltype
filled(char typtype, uint32_t oid, uint32_t base, int32_t typmod)
{
	struct coltype t;

	pg_type_fill(&t, typtype, oid, base, typmod, "a name");
	return t;
}

static bool
ok(uint32_t oid, int32_t source_typmod, int32_t target_typmod)
{
	const struct coltype source = filled('b', oid, 0, source_typmod);
	const struct coltype target = filled('b', oid, 0, target_typmod);

	return pg_type_binary_ok(&source, &target);
}

START_TEST(pg_type_fill_knows_the_list)
{
	static const struct {
		uint32_t oid, array_oid;
		enum logical_type logical;
		const char *cast;
	} list[] = {
		{ 16, 1000, LOGICAL_BOOL, "bool" },
		{ 21, 1005, LOGICAL_I16, "int2" },
		{ 23, 1007, LOGICAL_I32, "int4" },
		{ 20, 1016, LOGICAL_I64, "int8" },
		{ 700, 1021, LOGICAL_F32, "float4" },
		{ 701, 1022, LOGICAL_F64, "float8" },
		{ 1700, 1231, LOGICAL_DECIMAL, "numeric" },
		{ 25, 1009, LOGICAL_TEXT, "text" },
		{ 1043, 1015, LOGICAL_TEXT, "varchar" },
		{ 1042, 1014, LOGICAL_TEXT, "bpchar" },
		{ 17, 1001, LOGICAL_BYTES, "bytea" },
		{ 1082, 1182, LOGICAL_DATE, "date" },
		{ 1083, 1183, LOGICAL_TIME, "time" },
		{ 1266, 1270, LOGICAL_TIMETZ, "timetz" },
		{ 1114, 1115, LOGICAL_TIMESTAMP, "timestamp" },
		{ 1184, 1185, LOGICAL_TIMESTAMPTZ, "timestamptz" },
		{ 1186, 1187, LOGICAL_INTERVAL, "interval" },
		{ 2950, 2951, LOGICAL_UUID, "uuid" },
		{ 114, 199, LOGICAL_JSON, "json" },
		{ 3802, 3807, LOGICAL_JSON, "jsonb" },
		{ 1560, 1561, LOGICAL_BIT, "\"bit\"" },
		{ 1562, 1563, LOGICAL_BIT, "varbit" },
		{ 869, 1041, LOGICAL_INET, "inet" },
		{ 650, 651, LOGICAL_INET, "cidr" },
		{ 829, 1040, LOGICAL_OTHER, "macaddr" },
	};
	struct coltype t;
	char cast[64];

	ck_assert_uint_eq(sizeof(list) / sizeof(list[0]), sizeof(types) / sizeof(types[0]));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		ck_assert(pg_type_fill(&t, 'b', list[i].oid, 0, -1, "x"));
		ck_assert(t.logical == list[i].logical && t.wire == WIRE_BINARY);
		ck_assert(pg_type_fill(&t, 'b', list[i].array_oid, 0, -1, "x"));
		ck_assert(t.logical == LOGICAL_ARRAY && t.wire == WIRE_BINARY);
		ck_assert(!pg_type_is_array(list[i].oid) && pg_type_is_array(list[i].array_oid));
		ck_assert_uint_eq(pg_type_array_oid(list[i].oid), list[i].array_oid);
		ck_assert_uint_eq(pg_type_array_oid(list[i].array_oid), 0);
		snprintf(cast, sizeof(cast), "pg_catalog.%s", list[i].cast);
		ck_assert_str_eq(pg_type_cast_name(list[i].oid), cast);
		snprintf(cast, sizeof(cast), "pg_catalog.%s[]", list[i].cast);
		ck_assert_str_eq(pg_type_cast_name(list[i].array_oid), cast);
	}
}
END_TEST

START_TEST(pg_type_fill_takes_other_types_as_text)
{
	static const uint32_t others[] = { 0, 18, 19, 26, 142, 600, 774, 790, 3614, 3904, 16384 };
	struct coltype t;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert(!pg_type_fill(&t, 'b', others[i], 0, 9, "point"));
		ck_assert(t.logical == LOGICAL_OTHER && t.wire == WIRE_TEXT);
		ck_assert(t.oid == others[i] && t.base_oid == others[i] && t.typmod == 9);
		ck_assert_str_eq(t.name, "point");
		ck_assert(!pg_type_is_array(others[i]) && pg_type_array_oid(others[i]) == 0);
		ck_assert_ptr_null(pg_type_cast_name(others[i]));
		ck_assert(!pg_type_binary_ok(&t, &t));
	}
}
END_TEST

START_TEST(pg_type_fill_takes_enums_as_labels)
{
	struct coltype t;

	ck_assert(pg_type_fill(&t, 'e', 16400, 0, -1, "mood"));
	ck_assert(t.logical == LOGICAL_ENUM && t.wire == WIRE_LABEL && t.base_oid == 16400);
	ck_assert(!pg_type_binary_ok(&t, &t));
}
END_TEST

START_TEST(pg_type_domains_go_by_their_base_type)
{
	struct coltype t, plain = filled('b', 1043, 1043, 24);

	ck_assert(pg_type_fill(&t, 'd', 16401, 1043, 12, "short"));
	ck_assert(t.logical == LOGICAL_TEXT && t.wire == WIRE_BINARY);
	ck_assert(t.oid == 16401 && t.base_oid == 1043);
	ck_assert(pg_type_binary_ok(&t, &plain));
	ck_assert(!pg_type_binary_ok(&plain, &t));
	ck_assert(pg_type_fill(&t, 'd', 16402, 1007, -1, "ints"));
	ck_assert(t.logical == LOGICAL_ARRAY);
	ck_assert(pg_type_fill(&t, 'e', 16403, 16400, -1, "moods"));
	ck_assert(t.logical == LOGICAL_ENUM && t.base_oid == 16400);
	ck_assert(!pg_type_fill(&t, 'd', 16404, 16399, -1, "pairs"));
	ck_assert(t.logical == LOGICAL_OTHER && t.wire == WIRE_TEXT);
}
END_TEST

START_TEST(pg_type_binary_needs_the_same_base_type)
{
	const struct coltype i4 = filled('b', 23, 0, -1), i8 = filled('b', 20, 0, -1);
	const struct coltype text = filled('b', 25, 0, -1), varchar = filled('b', 1043, 0, -1);
	const struct coltype json = filled('b', 114, 0, -1), jsonb = filled('b', 3802, 0, -1);
	const struct coltype ints = filled('b', 1007, 0, -1);

	ck_assert(pg_type_binary_ok(&i4, &i4) && pg_type_binary_ok(&ints, &ints));
	ck_assert(!pg_type_binary_ok(&i4, &i8) && !pg_type_binary_ok(&i8, &i4));
	ck_assert(!pg_type_binary_ok(&varchar, &text) && !pg_type_binary_ok(&text, &varchar));
	ck_assert(!pg_type_binary_ok(&json, &jsonb) && !pg_type_binary_ok(&i4, &ints));
}
END_TEST

START_TEST(pg_type_binary_needs_the_binary_form_on_both_sides)
{
	const struct coltype binary = filled('b', 23, 0, -1);
	struct coltype text = binary;

	text.wire = WIRE_TEXT;
	ck_assert(!pg_type_binary_ok(&text, &binary) && !pg_type_binary_ok(&binary, &text));
}
END_TEST

START_TEST(pg_type_binary_minds_lengths)
{
	static const uint32_t limited[] = { 1042, 1043, 1562, 1014, 1015, 1563 };

	for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++) {
		ck_assert(ok(limited[i], 24, 24) && ok(limited[i], 24, 25));
		ck_assert(ok(limited[i], 24, -1) && ok(limited[i], -1, -1));
		ck_assert(!ok(limited[i], 25, 24) && !ok(limited[i], -1, 24));
	}
	ck_assert(ok(1560, 5, 5) && ok(1560, 5, -1));
	ck_assert(!ok(1560, 5, 6) && !ok(1560, 6, 5) && !ok(1560, -1, 5));
}
END_TEST

START_TEST(pg_type_binary_minds_digits_of_a_second)
{
	static const uint32_t timed[] = { 1083, 1266, 1114, 1184, 1185 };

	for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++) {
		ck_assert(ok(timed[i], 3, 3) && ok(timed[i], 3, 6) && ok(timed[i], 3, -1));
		ck_assert(ok(timed[i], -1, -1) && ok(timed[i], -1, 6));
		ck_assert(!ok(timed[i], 3, 0) && !ok(timed[i], -1, 3) && !ok(timed[i], 6, 5));
	}
	ck_assert(ok(1186, 2147418115, 2147418115) && ok(1186, 2147418115, -1));
	ck_assert(!ok(1186, -1, 2147418115) && !ok(1186, 470286338, 2147418115));
}
END_TEST

START_TEST(pg_type_binary_minds_precision_and_scale)
{
	ck_assert_int_eq(NUMERIC(10, 2), 655366);	/* as pg_attribute shows them */
	ck_assert_int_eq(NUMERIC(5, -2), 329730);
	ck_assert(ok(1700, NUMERIC(10, 2), NUMERIC(10, 2)));
	ck_assert(ok(1700, NUMERIC(10, 2), NUMERIC(12, 4)));
	ck_assert(ok(1700, NUMERIC(10, 2), -1) && ok(1700, -1, -1));
	ck_assert(!ok(1700, -1, NUMERIC(1000, 500)));
	ck_assert(!ok(1700, NUMERIC(10, 2), NUMERIC(10, 4)));	/* less before the point */
	ck_assert(!ok(1700, NUMERIC(10, 2), NUMERIC(12, 1)));
	ck_assert(!ok(1700, NUMERIC(10, 2), NUMERIC(9, 2)));
	ck_assert(ok(1700, NUMERIC(5, -2), NUMERIC(7, 0)));	/* hundreds up to 9999900 */
	ck_assert(!ok(1700, NUMERIC(5, -2), NUMERIC(6, 0)));
	ck_assert(!ok(1700, NUMERIC(5, 0), NUMERIC(5, -2)));
	ck_assert(ok(1231, NUMERIC(10, 2), NUMERIC(12, 4)) && !ok(1231, -1, NUMERIC(10, 2)));
}
END_TEST

START_TEST(pg_type_binary_minds_no_typmod_where_there_is_none)
{
	ck_assert(ok(23, 7, 3) && ok(25, -1, 4) && ok(2950, 1, 0));
}
END_TEST

UNIT_MAIN("pg_type", pg_type_fill_knows_the_list, pg_type_fill_takes_other_types_as_text,
    pg_type_fill_takes_enums_as_labels, pg_type_domains_go_by_their_base_type,
    pg_type_binary_needs_the_same_base_type,
    pg_type_binary_needs_the_binary_form_on_both_sides, pg_type_binary_minds_lengths,
    pg_type_binary_minds_digits_of_a_second, pg_type_binary_minds_precision_and_scale,
    pg_type_binary_minds_no_typmod_where_there_is_none)
