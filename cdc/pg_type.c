/* pg_type.c - the list of PostgreSQL types whose binary form repld passes through, and what a
 * typmod means for each.
 * Invariant: OIDs below 10000 are fixed by PostgreSQL's own catalog (pg_type.dat) and equal on
 * every server.
 * Threads: any; constant tables. */
#include "cdc/pg_type.h"

#include <assert.h>
#include <stddef.h>

#define FIRST_UNPINNED_OID 10000

/* How typmods of two columns of one type compare. */
enum typmod_rule {
	MOD_NONE,	/* the type has no typmod */
	MOD_LENGTH,	/* a greatest length (plus a constant): varchar, bpchar, varbit */
	MOD_EXACT,	/* one length only: bit; or fields and digits in one: interval */
	MOD_DIGITS,	/* digits of a second, none said means all six */
	MOD_NUMERIC	/* precision and scale */
};

struct pg_type {
	uint32_t oid, array_oid;
	enum logical_type logical;
	enum typmod_rule rule;
	const char *cast, *array_cast;
};

#define T(oid, array_oid, logical, rule, cast)                                                     \
	{ oid, array_oid, LOGICAL_##logical, MOD_##rule, "pg_catalog." cast,                       \
	  "pg_catalog." cast "[]" }

/* "bit" is quoted: as a bare word it means bit(1), and a cast would cut. */
static const struct pg_type types[] = {
	T(16, 1000, BOOL, NONE, "bool"),
	T(17, 1001, BYTES, NONE, "bytea"),
	T(20, 1016, I64, NONE, "int8"),
	T(21, 1005, I16, NONE, "int2"),
	T(23, 1007, I32, NONE, "int4"),
	T(25, 1009, TEXT, NONE, "text"),
	T(114, 199, JSON, NONE, "json"),
	T(650, 651, INET, NONE, "cidr"),
	T(700, 1021, F32, NONE, "float4"),
	T(701, 1022, F64, NONE, "float8"),
	T(829, 1040, OTHER, NONE, "macaddr"),
	T(869, 1041, INET, NONE, "inet"),
	T(1042, 1014, TEXT, LENGTH, "bpchar"),
	T(1043, 1015, TEXT, LENGTH, "varchar"),
	T(1082, 1182, DATE, NONE, "date"),
	T(1083, 1183, TIME, DIGITS, "time"),
	T(1114, 1115, TIMESTAMP, DIGITS, "timestamp"),
	T(1184, 1185, TIMESTAMPTZ, DIGITS, "timestamptz"),
	T(1186, 1187, INTERVAL, EXACT, "interval"),
	T(1266, 1270, TIMETZ, DIGITS, "timetz"),
	T(1560, 1561, BIT, EXACT, "\"bit\""),
	T(1562, 1563, BIT, LENGTH, "varbit"),
	T(1700, 1231, DECIMAL, NUMERIC, "numeric"),
	T(2950, 2951, UUID, NONE, "uuid"),
	T(3802, 3807, JSON, NONE, "jsonb"),
};
#undef T

/* The entry whose element or array type has this OID. */
static const struct pg_type *
find(uint32_t oid)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].oid == oid || types[i].array_oid == oid)
			return &types[i];
	return NULL;
}

bool
pg_type_fill(struct coltype *t, char typtype, uint32_t oid, uint32_t base_oid, int32_t typmod,
    const char *name)
{
	const struct pg_type *type;

	*t = (struct coltype){ .logical = LOGICAL_OTHER,
		.wire = WIRE_TEXT,
		.oid = oid,
		.base_oid = base_oid != 0 ? base_oid : oid,
		.typmod = typmod,
		.name = name };
	if (typtype == 'e') {
		t->logical = LOGICAL_ENUM;
		t->wire = WIRE_LABEL;
		return true;
	}
	if ((type = find(t->base_oid)) == NULL)
		return false;
	t->logical = t->base_oid == type->array_oid ? LOGICAL_ARRAY : type->logical;
	t->wire = WIRE_BINARY;
	return true;
}

/* numeric's typmod: precision in the high half, the scale below it as 11 bits with sign. */
static void
numeric_digits(int32_t typmod, int *ret_whole, int *ret_scale)
{
	const int32_t v = typmod - 4;
	const int scale = ((v & 0x7ff) ^ 1024) - 1024;

	*ret_whole = ((v >> 16) & 0xffff) - scale;
	*ret_scale = scale;
}

static bool
numeric_fits(int32_t source, int32_t target)
{
	int source_whole, source_scale, target_whole, target_scale;

	if (source < 0)
		return false;
	numeric_digits(source, &source_whole, &source_scale);
	numeric_digits(target, &target_whole, &target_scale);
	return source_whole <= target_whole && source_scale <= target_scale;
}

static bool
typmod_fits(enum typmod_rule rule, int32_t source, int32_t target)
{
	if (target < 0)
		return true;
	switch (rule) {
	case MOD_LENGTH: return source >= 0 && source <= target;
	case MOD_EXACT: return source == target;
	case MOD_DIGITS: return source >= 0 ? source <= target : target >= 6;
	case MOD_NUMERIC: return numeric_fits(source, target);
	case MOD_NONE: break;
	}
	return true;
}

bool
pg_type_binary_ok(const struct coltype *source, const struct coltype *target)
{
	const struct pg_type *type = find(source->base_oid);

	if (type == NULL || source->base_oid != target->base_oid)
		return false;
	assert(source->base_oid < FIRST_UNPINNED_OID);
	return source->wire == WIRE_BINARY && target->wire == WIRE_BINARY &&
	    typmod_fits(type->rule, source->typmod, target->typmod);
}

bool
pg_type_is_array(uint32_t base_oid)
{
	const struct pg_type *type = find(base_oid);

	return type != NULL && type->array_oid == base_oid;
}

uint32_t
pg_type_array_oid(uint32_t base_oid)
{
	const struct pg_type *type = find(base_oid);

	return type != NULL && type->oid == base_oid ? type->array_oid : 0;
}

const char *
pg_type_cast_name(uint32_t base_oid)
{
	const struct pg_type *type = find(base_oid);

	if (type == NULL)
		return NULL;
	return type->oid == base_oid ? type->cast : type->array_cast;
}
