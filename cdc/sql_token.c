/* sql_token.c - the words, names and quotes of a statement.
 * Invariant: what stands in quotes or in a comment is never taken for a word.
 * Threads: pure. */
#include "cdc/sql_token.h"

#include <string.h>

/* Servers read here execute what stands in a comment for these versions and below; above, it depends. */
#define VERSION_ALWAYS 50600
/* ---- tokens ---- */

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '$' || (c & 0x80) != 0;
}

static void
skip_line(struct sql_reader *r)
{
	while (r->p < r->end && *r->p != '\n')
		r->p++;
}

static void
skip_comment(struct sql_reader *r)
{
	const char *end = memmem(r->p, (size_t)(r->end - r->p), "*/", 2);

	r->doubt |= end == NULL;
	r->p = end != NULL ? end + 2 : r->end;
}

/* Behind the "!" of a comment that is executed by servers of its version on. */
static void
enter_comment(struct sql_reader *r, bool mariadb)
{
	unsigned version = 0, digits = 0;

	for (; r->p < r->end && is_digit(*r->p) && digits < 6; r->p++, digits++)
		version = version * 10 + (unsigned)(*r->p - '0');
	r->doubt |=
	    mariadb || (digits != 0 && digits != 5) || version > VERSION_ALWAYS || r->in_comment;
	r->in_comment = true;
}

static bool
starts(const struct sql_reader *r, const char *text)
{
	const size_t n = strlen(text);

	return (size_t)(r->end - r->p) >= n && memcmp(r->p, text, n) == 0;
}

/* Blanks, comments, and the brackets of comments that are executed. */
static void
skip_blanks(struct sql_reader *r)
{
	for (;;) {
		if (r->p == r->end)
			return;
		if (is_space(*r->p) || *r->p == '\0') {
			r->p++;
		} else if (*r->p == '#' ||
			   (starts(r, "--") && (r->end - r->p == 2 || is_space(r->p[2])))) {
			skip_line(r);
		} else if (starts(r, "/*!") || starts(r, "/*M!")) {
			const bool mariadb = r->p[2] == 'M';

			r->p += mariadb ? 4 : 3;
			enter_comment(r, mariadb);
		} else if (starts(r, "/*")) {
			r->p += 2;
			skip_comment(r);
		} else if (r->in_comment && starts(r, "*/")) {
			r->p += 2;
			r->in_comment = false;
		} else {
			return;
		}
	}
}

/* Up to the closing quote; a doubled one stands for itself, in strings a backslash takes the next character along. */
static void
quoted(struct sql_reader *r, char quote, bool string)
{
	const char *start = ++r->p;

	for (; r->p < r->end; r->p++) {
		if (string && r->backslash && *r->p == '\\' && r->p + 1 < r->end) {
			r->p++;
		} else if (*r->p == quote) {
			if (r->p + 1 < r->end && r->p[1] == quote)
				r->p++;
			else
				break;
		}
	}
	r->t.kind = string ? TOKEN_STRING : TOKEN_QUOTED;
	r->t.quote = quote;
	r->t.raw = (struct slice){ (const uint8_t *)start, (size_t)(r->p - start) };
	if (r->p < r->end)
		r->p++;
	else
		r->doubt = true;
}

static void
word(struct sql_reader *r)
{
	const char *start = r->p;
	bool digits = true;

	for (; r->p < r->end && is_word(*r->p); r->p++)
		digits &= is_digit(*r->p);
	r->t.kind = digits ? TOKEN_NUMBER : TOKEN_WORD;
	r->t.raw = (struct slice){ (const uint8_t *)start, (size_t)(r->p - start) };
}

void
sql_next(struct sql_reader *r)
{
	skip_blanks(r);
	r->t = (struct sql_token){ .kind = TOKEN_END };
	if (r->p == r->end)
		return;
	if (*r->p == '`')
		quoted(r, '`', false);
	else if (*r->p == '"')
		quoted(r, '"', !r->ansi_quotes);
	else if (*r->p == '\'')
		quoted(r, '\'', true);
	else if (is_word(*r->p))
		word(r);
	else
		r->t = (struct sql_token){ .kind = TOKEN_SIGN, .sign = *r->p++ };
}

/* ---- words ---- */

bool
sql_is(const struct sql_reader *r, const char *keyword)
{
	return r->t.kind == TOKEN_WORD && r->t.raw.n == strlen(keyword) &&
	       strncasecmp((const char *)r->t.raw.p, keyword, r->t.raw.n) == 0;
}

/* One of several, with blanks between them. */
bool
sql_is_any(const struct sql_reader *r, const char *keywords)
{
	size_t n;

	for (const char *k = keywords; *k != '\0'; k += n, k += *k == ' ') {
		n = strcspn(k, " ");
		if (r->t.kind == TOKEN_WORD && r->t.raw.n == n &&
		    strncasecmp((const char *)r->t.raw.p, k, n) == 0)
			return true;
	}
	return false;
}

bool
sql_take(struct sql_reader *r, const char *keyword)
{
	if (!sql_is(r, keyword))
		return false;
	sql_next(r);
	return true;
}

bool
sql_is_sign(const struct sql_reader *r, char sign)
{
	return r->t.kind == TOKEN_SIGN && r->t.sign == sign;
}

bool
sql_take_sign(struct sql_reader *r, char sign)
{
	if (!sql_is_sign(r, sign))
		return false;
	sql_next(r);
	return true;
}
