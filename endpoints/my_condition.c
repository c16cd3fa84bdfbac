/* my_condition.c - which rows a partition of PostgreSQL has, as its server writes it, told to MySQL: `(id >= '10'::bigint) AND (id < 20)`.
 * The two read much of it alike and mean something else: 15 / 10 is 1 there and 1.5 here, length() counts characters there and bytes here. So the
 * text is taken word by word, and only what is known to mean the same passes: columns of whole numbers, dates and timestamps that are kept as
 * they came, constants of these, comparisons, lists, IS NULL, AND, OR, NOT.
 * Threads: any. Pure. */
#include "endpoints/my_statement.h"

#include <ctype.h>

#include "cdc/my_type.h"
#include "endpoints/my_conn.h"

struct reading {
	struct buf *out;
	const struct plan *plan;
	const char *p;
};

static void
skip_blanks(struct reading *r)
{
	r->p += strspn(r->p, " ");
}

/* The next thing is this very text: it is passed. */
static bool
passes(struct reading *r, const char *text)
{
	const size_t n = strlen(text);

	if (strncmp(r->p, text, n) != 0)
		return false;
	r->p += n;
	return true;
}

static bool
is_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

/* ---- columns ---- */

/* Each value on the target compares with constants as the source's own does. */
static bool
compares_alike(const struct plan *plan, const struct plan_column *pc)
{
	switch (pc->target_type->code) {
	case MY_TYPE_TINY:
	case MY_TYPE_SHORT:
	case MY_TYPE_INT24:
	case MY_TYPE_LONG:
	case MY_TYPE_LONGLONG: return pc->convert == NULL;
	case MY_TYPE_DATE: return pc->source_type->logical == LOGICAL_DATE && plan->table->values.unrepresentable != VALUES_NULL;
	case MY_TYPE_DATETIME:
	case MY_TYPE_DATETIME2:
		return pc->source_type->logical == LOGICAL_TIMESTAMP && plan->table->values.unrepresentable != VALUES_NULL;
	default: return false;
	}
}

static bool
put_column(struct reading *r, const char *name)
{
	skip_blanks(r);
	if (*r->p == '(')
		return false;
	for (uint16_t i = 0; i < r->plan->ncols; i++) {
		if (strcmp(r->plan->cols[i].name, name) != 0)
			continue;
		my_ident(r->out, name);
		return compares_alike(r->plan, &r->plan->cols[i]);
	}
	return false;
}

static bool
put_quoted_name(struct reading *r)
{
	char name[256];
	size_t n = 0;

	for (r->p++; n < sizeof(name) - 1; r->p++) {
		if (*r->p == '\0')
			return false;
		if (*r->p == '"' && *++r->p != '"')
			break;
		name[n++] = *r->p;
	}
	name[n] = '\0';
	return put_column(r, name);
}

static bool
put_word(struct reading *r)
{
	static const char *const kept[] = { "AND", "OR", "NOT", "IS", "NULL" };
	char name[256];
	size_t n = 0;

	for (; is_in_name(*r->p) && n < sizeof(name) - 1; r->p++)
		name[n++] = *r->p;
	name[n] = '\0';
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(name, kept[i]) == 0) {
			buf_str(r->out, name);
			return true;
		}
	return put_column(r, name);
}

/* ---- constants ---- */

static bool
put_digits(struct reading *r)
{
	const size_t n = strspn(r->p, "0123456789");

	buf_put(r->out, r->p, n);
	r->p += n;
	return n > 0 && *r->p != '.' && !is_in_name(*r->p);
}

/* '-5'::integer, '2024-01-01'::date */
static bool
put_constant(struct reading *r)
{
	const char *text = ++r->p;
	const size_t n = strspn(text, "0123456789-:. ");
	const struct value v = { .kind = VALUE_TEXT, .len = (uint32_t)n, .p = (const uint8_t *)text };

	r->p += n;
	if (n == 0 || !passes(r, "'::"))
		return false;
	if (passes(r, "bigint") || passes(r, "integer") || passes(r, "smallint")) {
		const bool minus = text[0] == '-';

		buf_put(r->out, v.p, v.len);
		return n > minus && strspn(text + minus, "0123456789") == n - minus && !is_in_name(*r->p);
	}
	my_literal_bytes(r->out, v.p, v.len);
	return (passes(r, "timestamp without time zone") || passes(r, "date")) && !is_in_name(*r->p);
}

/* id = ANY (ARRAY[1, 2]) */
static bool
put_list(struct reading *r)
{
	bool ok = true;

	buf_str(r->out, "IN (");
	for (;;) {
		skip_blanks(r);
		ok = *r->p == '\'' ? put_constant(r) : put_digits(r);
		if (!ok || passes(r, "])"))
			break;
		if (!passes(r, ","))
			return false;
		buf_u8(r->out, ',');
	}
	buf_u8(r->out, ')');
	return ok;
}

static bool
put_comparison(struct reading *r)
{
	static const char *const all[] = { "<=", ">=", "<>", "<", ">", "=" };

	if (passes(r, "= ANY (ARRAY["))
		return put_list(r);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (passes(r, all[i])) {
			buf_str(r->out, all[i]);
			return *r->p == ' ';
		}
	return false;
}

bool
my_put_condition(struct buf *b, const struct plan *plan, const char *where)
{
	struct reading r = { .out = b, .plan = plan, .p = where };

	for (skip_blanks(&r); *r.p != '\0'; skip_blanks(&r)) {
		bool ok;

		buf_str(b, *r.p == ')' ? "" : " ");
		if (*r.p == '(' || *r.p == ')') {
			buf_u8(b, (uint8_t)*r.p++);
			continue;
		}
		if (*r.p == '"')
			ok = put_quoted_name(&r);
		else if (*r.p == '\'')
			ok = put_constant(&r);
		else if (isdigit((unsigned char)*r.p))
			ok = put_digits(&r);
		else
			ok = is_in_name(*r.p) ? put_word(&r) : put_comparison(&r);
		if (!ok)
			return false;
	}
	return true;
}
