/* ddl_default.c - see ddl_default.h.
 * PostgreSQL prints a constant as 5, true, 'it''s'::text, E'a\\b'::text, '2024-01-01'::date, B'01'::"bit", always in the type's own text form.
 * MySQL's catalog gives (through my_catalog.c) 'it\'s', 5 and b'101'; MariaDB's the same with '' for a quote.
 * Invariant: what is not read to its end is no constant. */
#include "endpoints/ddl_default.h"

#include <ctype.h>

#include "cdc/my_type.h"

/* A text in quotes at p, without them; NULL: there is none. */
static const char *
read_quoted(const char *p, bool escapes, struct buf *out)
{
	if (*p++ != '\'')
		return NULL;
	for (; *p != '\0'; p++) {
		if (*p == '\'' && p[1] != '\'')
			return p + 1;
		if (*p == '\'' || (*p == '\\' && escapes && p[1] != '\0'))
			p++;
		buf_u8(out, (uint8_t)*p);
	}
	return NULL;
}

/* Of MySQL: \0, \n and the like; the others stand for themselves. */
static const char *
read_my_quoted(const char *p, struct buf *out)
{
	static const char letters[] = "0nrtbZ", bytes[] = "\0\n\r\t\b\032";

	if (*p++ != '\'')
		return NULL;
	for (; *p != '\0'; p++) {
		const char *at;

		if (*p == '\'' && p[1] != '\'')
			return p + 1;
		if (*p == '\\' && p[1] != '\0') {
			at = strchr(letters, *++p);
			buf_u8(out, (uint8_t)(at != NULL ? bytes[at - letters] : *p));
			continue;
		}
		p += *p == '\'';
		buf_u8(out, (uint8_t)*p);
	}
	return NULL;
}

static const char *
read_number(const char *p, struct buf *out)
{
	const char *start = p;

	p += *p == '-';
	if (!isdigit((unsigned char)*p))
		return NULL;
	while (isdigit((unsigned char)*p) || *p == '.')
		p++;
	if ((*p == 'e' || *p == 'E') && (isdigit((unsigned char)p[1]) || ((p[1] == '+' || p[1] == '-') && isdigit((unsigned char)p[2]))))
		for (p += 2; isdigit((unsigned char)*p);)
			p++;
	buf_put(out, start, (size_t)(p - start));
	return p;
}

/* "::text", "::character varying(40)", "::public."odd name"[]"; a cast of a cast is an expression. */
static bool
is_cast_or_end(const char *p)
{
	if (*p == '\0')
		return true;
	if (p[0] != ':' || p[1] != ':')
		return false;
	return strstr(p + 2, "::") == NULL && strpbrk(p, "'+*/|") == NULL;
}

static bool
pg_constant(const struct column_desc *col, const char *sql, struct buf *out)
{
	const size_t n = strlen(sql);
	const char *end = NULL;

	if (n > 2 && sql[0] == '(' && sql[n - 1] == ')' && sql[1] == '-')	/* (-1) */
		return (end = read_number(sql + 1, out)) == sql + n - 1;
	if (sql[0] == '\'')
		end = read_quoted(sql, false, out);
	else if (sql[0] == 'E' && sql[1] == '\'')
		end = read_quoted(sql + 1, true, out);
	else if ((sql[0] == 'B' || sql[0] == 'b') && sql[1] == '\'' && col->type.logical == LOGICAL_BIT)
		end = read_quoted(sql + 1, false, out);
	else if (col->type.logical == LOGICAL_BOOL && (strcmp(sql, "true") == 0 || strcmp(sql, "false") == 0))
		buf_put(out, sql, 1);
	else
		end = read_number(sql, out);
	return end != NULL ? is_cast_or_end(end) : col->type.logical == LOGICAL_BOOL && out->n == 1;
}

/* b'101': the bits that are not said are 0. */
static bool
my_bits(const struct column_desc *col, const char *sql, struct buf *out)
{
	const size_t n = strlen(sql), digits = n >= 3 ? n - 3 : 0;

	if (n < 3 || sql[0] != 'b' || sql[1] != '\'' || sql[n - 1] != '\'' || digits > col->type.length)
		return false;
	for (size_t i = digits; i < col->type.length; i++)
		buf_u8(out, '0');
	buf_put(out, sql + 2, digits);
	return true;
}

static bool
my_constant(const struct column_desc *col, const char *sql, struct buf *out)
{
	const char *end;

	if (col->type.logical == LOGICAL_BIT)
		return my_bits(col, sql, out);
	if (col->type.logical == LOGICAL_BYTES || col->type.logical == LOGICAL_GEOMETRY || col->type.logical == LOGICAL_VECTOR)
		return false;
	end = sql[0] == '\'' ? read_my_quoted(sql, out) : read_number(sql, out);
	return end != NULL && *end == '\0';
}

bool
default_constant(const struct column_desc *col, struct arena *arena, struct value *ret)
{
	struct buf b = { 0 };
	const char *text = NULL;
	bool ok;

	if (col->default_sql == NULL || col->generated)
		return false;
	ok = col->type.family == FAMILY_MYSQL ? my_constant(col, col->default_sql, &b) : pg_constant(col, col->default_sql, &b);
	if (ok && !b.bad)
		text = arena_strndup(arena, (const char *)b.p, b.n);
	if (text != NULL)
		*ret = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)b.n, .p = (const uint8_t *)text };
	buf_done(&b);
	return text != NULL;
}

bool
default_converted(const struct column_desc *col, const struct coltype *made, const struct convert_options *options, struct arena *arena,
    struct value *ret)
{
	struct convert_options exact = *options;
	const struct convert *c = NULL;
	struct err err = ERR_INIT;
	struct value in;
	bool changed = false;

	exact.unrepresentable = VALUES_ERROR;
	if (!default_constant(col, arena, &in) || !convert_choose(&col->type, made, true, &exact, arena, &c, &err))
		return false;
	*ret = in;
	return c == NULL || convert_value(c, &in, arena, ret, &changed, &err);
}
