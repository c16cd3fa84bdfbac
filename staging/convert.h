/* convert.h - values of one family of servers in the form that the other family takes, and what happens to a value that has no form there.
 * Flow: plan -> convert_choose() for each pair of columns, once -> convert_value() for each value, in load and stream alike, so that a row
 * loaded and the same row streamed are equal. What a column becomes on the other side: convert_type_name(), for DDL, check and manual.
 * Invariant: a value is converted exactly, or the policy decides: never cut, rounded or guessed. The same pair of types and the same value give the
 * same bytes always: keys are found by them.
 * Threads: pure; a struct convert is read-only after convert_choose(). */
#ifndef REPLD_STAGING_CONVERT_H
#define REPLD_STAGING_CONVERT_H

#include "cdc/type.h"
#include "cdc/value.h"
#include "daemon/base/arena.h"
#include "daemon/base/bytes.h"

/* What becomes of a value that the other side has no form for (zero dates, infinity, NaN, NUL bytes in text, numbers beyond range, 24:00, ...). */
enum value_policy {
	VALUES_ERROR,		/* the task stops, ERR_DATA */
	VALUES_NULL,		/* NULL; a not null column: ERR_DATA */
	VALUES_CLAMP		/* the nearest value, where that makes sense (ranges, infinity); else ERR_DATA */
};

struct convert_options {
	enum value_policy unrepresentable;
	bool tinyint1_boolean;	/* tinyint(1) is boolean on PostgreSQL: 0 and 1, anything else is unrepresentable */
};

struct convert;			/* one pair of columns; convert.c */

/* Which conversion a pair needs. *ret NULL: none, the bytes pass as they are. In the arena. notnull: of the target's column.
 * ERR_SCHEMA: values of the one can't become values of the other; the message names both types, the remedy a target type that can. */
bool convert_choose(const struct coltype *source, const struct coltype *target, bool notnull, const struct convert_options *options,
    struct arena *arena, const struct convert **ret, struct err *err) MUST_CHECK;
/* in: present and not NULL. *ret borrows from the arena or from in. *ret_changed is set where the policy gave another value (null, clamped); never
 * cleared. ERR_DATA, without the value: no form, and the policy is error; ERR_LIMIT: the arena is full. */
bool convert_value(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, bool *ret_changed,
    struct err *err) MUST_CHECK;
/* An upper bound of the converted length, for room made beforehand. */
size_t convert_bound(const struct convert *c, size_t len);

/* How faithful a pair is, for `repld check` and the manual. */
enum convert_fit {
	CONVERT_SAME,		/* every value, in the same form */
	CONVERT_EXACT,		/* every value, in another form that gives it back */
	CONVERT_POLICY,		/* some values have no form there: the policy decides */
	CONVERT_REFUSED
};
enum convert_fit convert_fit(const struct coltype *source, const struct coltype *target, const struct convert_options *options,
    const char **ret_note);	/* which values, in a few words; "" */

/* The type that a made table has on a server of the other (or the same) family. in_key: part of a primary key or an index, where length counts.
 * mariadb: the target is MariaDB. Appends to out: the type's name, for MySQL with character set and collation where it has one. ERR_SCHEMA: there is none. */
struct convert_target {
	uint8_t family;		/* enum type_family */
	bool mariadb;
	int version;		/* as the server numbers itself: 150020, 90700, 101119 */
	bool in_key;
};
bool convert_type_name(const struct coltype *source, const struct convert_target *target, const struct convert_options *options,
    struct buf *out, struct err *err) MUST_CHECK;

#endif
