/* convert.c - see convert.h. The choice, and the policy for values that have no form on the other side.
 * Which file knows a pair is a matter of the source's class: numbers, times, texts, bytes, JSON. PostgreSQL to PostgreSQL has no conversion:
 * its servers convert between their own types better than anybody else could.
 * Threads: pure. */
#include "staging/convert.h"

#include <assert.h>

#include "staging/convert_intern.h"

/* ---- the choice ---- */

/* The labels of one begin with those of the other: each value has the same text. */
static bool
labels_within(const struct coltype *source, const struct coltype *target)
{
	if (source->labels == NULL || target->labels == NULL || source->nlabels > target->nlabels)
		return false;
	for (uint16_t i = 0; i < source->nlabels; i++)
		if (strcmp(source->labels[i], target->labels[i]) != 0)
			return false;
	return true;
}

static bool
choose_class(struct convert *c)
{
	switch (c->from.class) {
	case CLASS_BOOL:
	case CLASS_INT:
	case CLASS_DECIMAL:
	case CLASS_FLOAT:
	case CLASS_BIT:
	case CLASS_VARBIT: return choose_number(c);
	case CLASS_DATE:
	case CLASS_TIME:
	case CLASS_DURATION:
	case CLASS_TIMESTAMP:
	case CLASS_INSTANT:
	case CLASS_INTERVAL: return choose_time(c);
	case CLASS_BYTES:
	case CLASS_GEOMETRY:
	case CLASS_VECTOR: return choose_bytes(c);
	case CLASS_JSON: return choose_json(c);
	case CLASS_TEXT:
	case CLASS_ENUM:
	case CLASS_SET:
	case CLASS_UUID:
	case CLASS_INET:
	case CLASS_ARRAY:
	case CLASS_FOREIGN: return choose_text(c);
	case CLASS_NONE: break;
	}
	return false;
}

static bool
choose(struct convert *c, const struct coltype *source, const struct coltype *target, struct arena *arena)
{
	c->from = typemap_read(source);
	c->to = typemap_read(target);
	c->source_name = source->name;
	c->target_name = target->name;
	c->source_family = source->family;
	c->target_family = target->family;
	c->target_mariadb = target->mariadb;
	c->source_oid = source->base_oid;
	c->target_oid = target->base_oid;
	c->times = 1;
	c->plus = 8;
	c->note = "";
	c->fit = CONVERT_SAME;
	c->arena = arena;
	c->same_labels = labels_within(source, target);
	if (c->to.class == CLASS_ENUM || c->to.class == CLASS_SET)
		c->labels = target->labels != NULL ? target : NULL;
	else if (c->from.class == CLASS_ENUM)
		c->labels = source->labels != NULL ? source : NULL;
	return c->to.class != CLASS_NONE && choose_class(c);
}

static bool
is_same_server_kind(const struct coltype *source, const struct coltype *target)
{
	return source->family == FAMILY_POSTGRESQL && target->family == FAMILY_POSTGRESQL;
}

bool
convert_choose(const struct coltype *source, const struct coltype *target, bool notnull, const struct convert_options *options,
    struct arena *arena, const struct convert **ret, struct err *err)
{
	struct convert *c;

	if (is_same_server_kind(source, target)) {
		*ret = NULL;
		return true;
	}
	if ((c = arena_zalloc(arena, sizeof(*c))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if (!choose(c, source, target, arena)) {
		err_set(err, ERR_SCHEMA, "%s on the source can't become %s on the target", source->name, target->name);
		if (c->refused != NULL)
			return err_remedy(err, "make the target's column %s", c->refused);
		return err_remedy(err, "give the target's column the type that `repld check` shows for it, or leave the column out");
	}
	c->policy = options->unrepresentable;
	c->notnull = notnull;
	c->arena = NULL;
	*ret = c->fn != NULL ? c : NULL;
	return true;
}

enum convert_fit
convert_fit(const struct coltype *source, const struct coltype *target, const struct convert_options *options, const char **ret_note)
{
	struct arena *arena = arena_new(4096, 0);
	struct convert c = { 0 };
	enum convert_fit fit = CONVERT_SAME;

	(void)options;
	*ret_note = "";
	if (!is_same_server_kind(source, target) && arena != NULL) {
		fit = choose(&c, source, target, arena) ? c.fit : CONVERT_REFUSED;
		*ret_note = fit == CONVERT_REFUSED ? "" : c.note;
	}
	arena_free(arena);
	return fit;
}

size_t
convert_bound(const struct convert *c, size_t len)
{
	size_t n = len * c->times + c->plus;

	if (n < c->low.len)
		n = c->low.len;
	return n < c->high.len ? c->high.len : n;
}

/* ---- the policy ---- */

static bool
refuse(const struct convert *c, const char *why, bool cut, struct err *err)
{
	err_set(err, ERR_DATA, "%s (%s) has no form on the target (%s)", why, c->source_name, c->target_name);
	if (cut)
		return err_remedy(err, "make the target's column longer; or change the value on the source, and load the table again");
	if (c->policy == VALUES_NULL)
		return err_remedy(err, "the target's column is not null, so null can't stand for the value: change it on the source, and load the table again");
	return err_remedy(err, "make the target's column one that takes it; or change the value on the source, and load the table again; or set "
	    "values.unrepresentable to \"null\"%s", c->policy == VALUES_CLAMP ? ": there is no nearest value" : " or \"clamp\"");
}

static bool
apply_policy(const struct convert *c, const char *why, struct value *ret, bool *ret_changed, struct err *err)
{
	if (c->policy == VALUES_NULL && !c->notnull) {
		*ret = (struct value){ .kind = VALUE_NULL };
		*ret_changed = true;
		return true;
	}
	if (c->policy == VALUES_CLAMP && value_present(ret)) {
		*ret_changed = true;
		return true;
	}
	return refuse(c, why, false, err);
}

static bool
check_kind(const struct convert *c, const struct value *in, struct err *err)
{
	switch (c->from.class) {
	case CLASS_BYTES: return true;
	case CLASS_GEOMETRY:
	case CLASS_VECTOR:
		if ((in->kind == VALUE_BINARY) == (c->source_family == FAMILY_MYSQL))
			return true;
		break;
	case CLASS_TEXT:	/* of which both forms are the same bytes */
	case CLASS_ENUM: return true;
	default:
		if (in->kind == VALUE_TEXT || c->from.kind == PG_ENUM || c->from.kind == PG_JSON)
			return true;
		break;
	}
	return err_set(err, ERR_PROTOCOL, "a value of type %s came in a form that can't be converted to %s", c->source_name, c->target_name);
}

bool
convert_value(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, bool *ret_changed, struct err *err)
{
	const char *why = "";
	struct value out = { .kind = VALUE_ABSENT };

	assert(in->kind == VALUE_TEXT || in->kind == VALUE_BINARY);
	if (!check_kind(c, in, err))
		return false;
	switch (c->fn(c, in, arena, &out, &why)) {
	case OUT_OK: break;
	case OUT_NO_FORM:
		if (!apply_policy(c, why, &out, ret_changed, err))
			return false;
		break;
	case OUT_CUT: return refuse(c, why, true, err);
	case OUT_WRONG:
		return err_set(err, ERR_PROTOCOL, "a value of type %s is not in the form that the type has", c->source_name);
	case OUT_FULL: return arena_full(arena, err, "no room for a converted value");
	}
	*ret = out;
	return true;
}
