/* test_binlog_map.c - the contents of TABLE_MAP at its edges: names, signs, collations, labels, keys as no server sends them. What real servers
 * send is in test_binlog.c. */
#include "cdc/binlog_map.c"

#include "test/unit/unit.h"

#define APP_T "\3app\0\1t\0"

/* From memory of exactly this size. */
static struct binlog_table *
read_map(const char *p, size_t n, bool mariadb, struct err *err)
{
	uint8_t *copy = xzalloc(n + (n == 0));
	const struct slice contents = { copy, n };
	struct binlog_table *t;

	memcpy(copy, p, n);
	t = map_read(&contents, mariadb, err);
	free(copy);
	return t;
}

static void
refused(const char *p, size_t n, const char *why)
{
	struct err err = ERR_INIT;

	ck_fails(read_map(p, n, false, &err) != NULL, &err, ERR_PROTOCOL);
	ck_assert_msg(strstr(err.msg, why) != NULL, "%s: not for %s", err.msg, why);
}

#define REFUSED(bytes, why) refused(bytes, sizeof(bytes) - 1, why)

START_TEST(map_names_that_are_none_are_refused)
{
	REFUSED("\0\0\1t\0\1\3\0\0", "TABLE_MAP is cut");		/* of no bytes */
	REFUSED("\3a\0b\0\1t\0\1\3\0\0", "TABLE_MAP is cut");	/* with a NUL inside */
	REFUSED("\3appx\1t\0\1\3\0\0", "TABLE_MAP is cut");		/* without one at its end */
	REFUSED("\3app\0\0\0\1\3\0\0", "TABLE_MAP is cut");
	REFUSED("\377", "TABLE_MAP is cut");
	REFUSED(APP_T "\1\3\0\0\4\3\2a\0", "field 4 of 3 bytes");	/* a column's with a NUL */
	REFUSED(APP_T "\1\3\0\0\4\2\1ax", "TABLE_MAP of app.t: field 120");
}
END_TEST

START_TEST(map_fields_that_do_not_fit_are_refused)
{
	REFUSED(APP_T "\11\3\3\3\3\3\3\3\3\3\0\0\0\1\1\0", "field 1 of 1 bytes");	/* signs of nine columns in one byte */
	REFUSED(APP_T "\1\17\2\12\0\0\3\4\375\0\0\1", "field 3 of 4 bytes");		/* a collation beyond 16 bits */
	REFUSED(APP_T "\1\17\2\12\0\0\2\4\375\0\0\1", "field 2 of 4 bytes");
	REFUSED(APP_T "\1\17\2\12\0\0\2\6\10\0\375\0\0\1", "field 2 of 6 bytes");	/* of one column */
	REFUSED(APP_T "\1\3\0\0\11\5\0\375\0\0\1", "field 9 of 5 bytes");		/* a prefix of the key beyond 16 bits */
	REFUSED(APP_T "\1\3\0\0\11\1\0", "field 9 of 1 bytes");				/* none */
	REFUSED(APP_T "\1\376\2\367\1\0\6\0", "field 6 of 0 bytes");			/* labels of an enum: none */
	REFUSED(APP_T "\1\376\2\367\1\0\6\4\375\0\0\1", "field 6 of 4 bytes");		/* 65536 of them */
	REFUSED(APP_T "\1\376\2\367\1\0\6\2\5a", "field 6 of 2 bytes");			/* five */
	REFUSED(APP_T "\1\376\2\367\1\0\6\3\1\5a", "field 6 of 3 bytes");		/* one of five bytes */
	REFUSED(APP_T "\1\376\2\367\1\0\6\4\1\1ab", "field 6 of 4 bytes");		/* and more */
	REFUSED(APP_T "\1\377\1\4\0\7\0", "field 7 of 0 bytes");				/* the kind of a geometry: none */
	REFUSED(APP_T "\1\377\1\4\0\7\2\1\1", "field 7 of 2 bytes");			/* of two */
	REFUSED(APP_T "\1\362\1\4\0\15\0", "field 13 of 0 bytes");			/* a vector's dimensions */
	REFUSED(APP_T "\1\3\0\0\1\5\0", "field 1 of 0 bytes");				/* cut in the field itself */
}
END_TEST

START_TEST(map_says_what_it_has_read)
{
	static const char bytes[] = APP_T "\3\376\375\377\5\367\1\5\0\4\7\7\1\2\6\4\2\1a\0\11\4\0\0\1\5\4\6\1x\1y\1z\14\1\300";
	struct err err = ERR_INIT;
	struct binlog_table *t = read_map(bytes, sizeof(bytes) - 1, true, &err);

	ck_ok(t != NULL, &err);
	ck_assert_str_eq(t->schema, "app");
	ck_assert_str_eq(t->name, "t");
	ck_assert(t->ncols == 3 && t->has_names && t->has_labels && t->has_keys && !t->has_signedness && !t->has_charsets);
	ck_assert(binlog_real_code(&t->cols[0]) == MY_TYPE_ENUM && t->cols[1].meta == 5 && t->cols[2].geometry == 2);
	ck_assert(t->cols[0].nlabels == 2 && t->cols[0].label_len[0] == 1 && t->cols[0].label_len[1] == 0);
	ck_assert_str_eq(t->cols[0].labels[0], "a");
	ck_assert(t->cols[0].key && t->cols[0].key_prefix == 0 && t->cols[1].key && t->cols[1].key_prefix == 5 && !t->cols[2].key);
	ck_assert(t->cols[0].nullable && t->cols[1].nullable && t->cols[2].nullable);
	ck_assert(!t->cols[0].invisible && !t->cols[1].invisible && t->cols[2].invisible);
	ck_assert_str_eq(t->cols[2].name, "z");
	arena_free(t->arena);
}
END_TEST

UNIT_MAIN("binlog_map", map_names_that_are_none_are_refused, map_fields_that_do_not_fit_are_refused, map_says_what_it_has_read)
