/* typemap.h - what kind of type a column has, in words that both worlds share, and what it becomes in a table that repld makes.
 * Flow: struct coltype -> typemap_read() -> convert.c chooses by it; typemap_make() -> names for DDL, check and manual.
 * The table itself: typemap.def.
 * Threads: any; pure. */
#ifndef REPLD_STAGING_TYPEMAP_H
#define REPLD_STAGING_TYPEMAP_H

#include "staging/convert.h"

enum type_kind {
	KIND_NONE,
#define MY(kind, shown, class, made) MY_##kind,
#define PG(kind, shown, class, oid, made, in_key) PG_##kind,
#include "staging/typemap.def"
#undef MY
#undef PG
	KIND_END
};

/* What values of a type are, and so in which text form they come and go. */
enum type_class {
	CLASS_NONE,
	CLASS_BOOL,		/* PostgreSQL's: t, f */
	CLASS_INT,
	CLASS_DECIMAL,
	CLASS_FLOAT,
	CLASS_BIT,		/* a fixed number of digits 0 and 1 */
	CLASS_VARBIT,
	CLASS_DATE,
	CLASS_TIME,		/* of a day */
	CLASS_DURATION,		/* MySQL's time */
	CLASS_TIMESTAMP,
	CLASS_INSTANT,		/* in UTC */
	CLASS_INTERVAL,
	CLASS_TEXT,
	CLASS_BYTES,
	CLASS_ENUM,		/* MySQL's: labels are known */
	CLASS_SET,
	CLASS_JSON,
	CLASS_UUID,
	CLASS_INET,
	CLASS_ARRAY,
	CLASS_GEOMETRY,
	CLASS_VECTOR,
	CLASS_FOREIGN		/* PostgreSQL's types that are text elsewhere */
};

#define TYPE_ANY_DIGITS INT16_MAX

struct type_facts {
	enum type_kind kind;
	enum type_class class;
	int64_t min;		/* INT */
	uint64_t max;
	int16_t whole, scale;	/* DECIMAL: digits before and behind the point (either may be < 0), TYPE_ANY_DIGITS: any number of them */
	bool positive;		/* no number below 0 */
	bool rounds;		/* FLOAT with digits, as float(7,3): what it is given is not what it keeps; length and digits are these */
	bool any_text;		/* FOREIGN, and others whose text form PostgreSQL itself reads without rounding */
	bool cuts;		/* INTERVAL with fields, as interval day to minute */
	uint8_t digits;		/* of a second */
	uint32_t length;	/* characters, bytes or bits at most; 0: as many as you like */
	bool pads_blanks;	/* trailing blanks of a text do not survive, or mean nothing */
	bool pads_zeros;	/* bytes are filled up with zeros */
};

struct type_facts typemap_read(const struct coltype *t);

/* The type of the column that repld makes for one of the source's, and its name with all that belongs to it except a character set.
 * Strings are in the arena. PostgreSQL to PostgreSQL, and types that both sides have: the source's own. ERR_SCHEMA: there is none. */
bool typemap_make(const struct coltype *source, const struct convert_target *target, const struct convert_options *options, struct arena *arena,
    struct coltype *ret, struct err *err) MUST_CHECK;

/* One row of the table, for the manual's test. False: no more rows. */
struct typemap_row {
	uint8_t family;
	enum type_kind kind;
	const char *shown, *made, *made_in_key;
};
bool typemap_row(size_t i, struct typemap_row *ret);

/* MySQL's collation under which only equal bytes are equal, of utf8mb4, on that server; where there is none that minds trailing blanks:
 * *ret_blanks is set. */
const char *typemap_bytes_collation(const struct convert_target *target, bool *ret_blanks);

#endif
