/* convert_intern.h - what the files of convert share: one conversion, how values go through it, and the choice by pairs of types.
 * Flow: convert_choose() -> choose_*() of the file that knows the source's class sets fn, fit and limits -> convert_value() -> fn().
 * Threads: pure. Owner: the arena given to convert_choose(). */
#ifndef REPLD_STAGING_CONVERT_INTERN_H
#define REPLD_STAGING_CONVERT_INTERN_H

#include "staging/convert.h"
#include "staging/typemap.h"

enum outcome {
	OUT_OK,
	OUT_NO_FORM,	/* *why; ret is the nearest value, or VALUE_ABSENT where there is none */
	OUT_CUT,	/* the target would cut it in silence: an error under every policy */
	OUT_WRONG,	/* not in a form that the source's type has */
	OUT_FULL	/* the arena is */
};

struct convert {
	enum outcome (*fn)(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why);
	enum value_policy policy;
	bool notnull;
	enum convert_fit fit;
	const char *note;		/* which values have no form */
	const char *refused;		/* what would do instead, as a remedy; NULL */
	const char *source_name, *target_name;
	struct type_facts from, to;
	uint8_t source_family, target_family;
	bool target_mariadb;
	uint8_t times, plus;		/* a converted value has at most len * times + plus bytes */
	struct value low, high;		/* the nearest values at both ends of a range; VALUE_ABSENT */
	const struct coltype *labels;	/* ENUM, SET: whose labels the values must have; NULL: not known */
	bool same_labels;
	bool unchecked;			/* FLOAT: each number of the one is one of the other */
	uint32_t source_oid, target_oid;	/* of the types under domains */
	bool whole_only;		/* DECIMAL to INT: nothing behind the point may count */
	struct arena *arena;		/* while choosing */
};

/* Each: whether values of the source's class can become the target's at all. fn NULL then: as they are. */
bool choose_number(struct convert *c);		/* BOOL, INT, DECIMAL, FLOAT, BIT, VARBIT */
bool choose_time(struct convert *c);		/* DATE, TIME, DURATION, TIMESTAMP, INSTANT, INTERVAL */
bool choose_text(struct convert *c);		/* TEXT, ENUM, SET, UUID, INET, FOREIGN, ARRAY */
bool choose_bytes(struct convert *c);		/* BYTES, GEOMETRY, VECTOR */
bool choose_json(struct convert *c);
/* The target is a text: of MySQL, of PostgreSQL, or of a type whose text PostgreSQL reads. After the class's own form is made. */
bool choose_to_text(struct convert *c);
/* The fewest digits that give the double (narrow: the float) back are the number's own, so that the number comes back from it. */
bool float_gives_back(const uint8_t *p, size_t n, bool narrow);
enum outcome bytes_to_bytes(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why);
enum outcome text_fits(const struct convert *c, const struct value *in, struct value *ret, const char **why);
enum outcome text_to_decimal(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why);
bool ends_of_decimal(struct convert *c);	/* c->low and high */
enum outcome array_to_vector(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why);

static inline bool
is_text_target(const struct convert *c)
{
	return c->to.class == CLASS_TEXT || c->to.any_text;
}

/* fn, for all values or for some; the worst fit of several counts. */
static inline void
note_fit(struct convert *c, enum convert_fit fit, const char *note)
{
	if (fit < c->fit)
		return;
	c->fit = fit;
	c->note = note;
}

static inline void
set_text(struct value *ret, const void *p, size_t n)
{
	*ret = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)n, .p = p };
}

static inline enum outcome
no_form(const char **why, const char *text, struct value *ret, const struct value *nearest)
{
	*why = text;
	if (nearest != NULL)
		*ret = *nearest;
	else
		ret->kind = VALUE_ABSENT;
	return OUT_NO_FORM;
}

static inline bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

#endif
