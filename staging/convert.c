/* convert.c - see convert.h. Within PostgreSQL nothing is converted. */
#include "staging/convert.h"

bool
convert_choose(const struct coltype *source, const struct coltype *target, bool notnull,
    const struct convert_options *options, struct arena *arena, const struct convert **ret, struct err *err)
{
	(void)notnull;
	(void)options;
	(void)arena;
	*ret = NULL;
	return source->family == target->family ||
	       err_set(err, ERR_SCHEMA, "%s can't become %s", source->name, target->name);
}

bool
convert_value(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret,
    bool *ret_changed, struct err *err)
{
	(void)c;
	(void)arena;
	(void)ret_changed;
	(void)err;
	*ret = *in;
	return true;
}
