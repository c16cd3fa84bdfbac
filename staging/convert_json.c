/* convert_json.c - JSON texts between servers of unlike rules.
 * PostgreSQL's jsonb has no \u0000 and no half of a surrogate pair; MySQL's json keeps numbers as integers of 64 bits or as doubles, and nests
 * 100 deep; MariaDB's is a text that its json_valid() must take. PostgreSQL's json is a text, too, that keeps what it was given.
 * Flow: scan() walks once over the text, without recursion, and notes what it met; the target's rules decide.
 * Threads: pure. */
#include "staging/convert_intern.h"

#define MY_DEPTH      100
#define MARIADB_DEPTH 31
#define MAX_DEPTH     8192

struct scan {
	const uint8_t *p, *end;
	bool broken, nul, surrogate, number, want_numbers;
	int depth, deepest;
	uint8_t arrays[MAX_DEPTH / 8];	/* a bit a level: it is an array */
};

/* ---- numbers ---- */

/* A whole number that 64 bits hold. */
static bool
is_int64(const char *p, size_t n)
{
	const bool minus = p[0] == '-';
	const char *most = minus ? "9223372036854775808" : "18446744073709551615";

	p += minus;
	n -= minus;
	for (size_t i = 0; i < n; i++)
		if (!is_digit((uint8_t)p[i]))
			return false;
	return n < strlen(most) || (n == strlen(most) && memcmp(p, most, n) <= 0);
}

static bool
my_json_holds(const uint8_t *p, size_t n)
{
	return is_int64((const char *)p, n) || float_gives_back(p, n, false);
}

/* ---- the walk ---- */

static bool
broken(struct scan *s)
{
	s->broken = true;
	return false;
}

static void
skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static bool
skip_digits(struct scan *s)
{
	const uint8_t *start = s->p;

	while (s->p < s->end && is_digit(*s->p))
		s->p++;
	return s->p > start || broken(s);
}

static bool
scan_number(struct scan *s)
{
	const uint8_t *start = s->p;

	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!skip_digits(s))
		return false;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!skip_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!skip_digits(s))
			return false;
	}
	s->number |= s->want_numbers && !my_json_holds(start, (size_t)(s->p - start));
	return true;
}

/* Behind "\u"; -1: not four hexadecimal digits. */
static int
read_unicode(const struct scan *s, const uint8_t *p)
{
	int v = 0;

	if (s->end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const uint8_t b = p[i] | 0x20;

		if (is_digit(p[i]))
			v = v * 16 + p[i] - '0';
		else if (b >= 'a' && b <= 'f')
			v = v * 16 + b - 'a' + 10;
		else
			return -1;
	}
	return v;
}

static bool
scan_escape(struct scan *s)
{
	int v;

	if (s->end - s->p < 2 || strchr("\"\\/bfnrtu", s->p[1]) == NULL || s->p[1] == '\0')
		return broken(s);
	s->p += 2;
	if (s->p[-1] != 'u')
		return true;
	if ((v = read_unicode(s, s->p)) < 0)
		return broken(s);
	s->p += 4;
	s->nul |= v == 0;
	if (v < 0xd800 || v > 0xdfff)
		return true;
	if (v < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		v = read_unicode(s, s->p + 2);
		if (v >= 0xdc00 && v <= 0xdfff) {
			s->p += 6;
			return true;
		}
	}
	s->surrogate = true;
	return true;
}

static bool
scan_string(struct scan *s)
{
	if (s->p == s->end || *s->p != '"')
		return broken(s);
	for (s->p++; s->p < s->end && *s->p != '"';) {
		if (*s->p < 0x20)
			return broken(s);
		if (*s->p != '\\')
			s->p++;
		else if (!scan_escape(s))
			return false;
	}
	if (s->p == s->end)
		return broken(s);
	s->p++;
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	const size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return broken(s);
	s->p += n;
	return true;
}

static bool
in_array(const struct scan *s)
{
	return (s->arrays[(s->depth - 1) / 8] >> ((s->depth - 1) % 8) & 1) != 0;
}

static bool
open_level(struct scan *s, bool array)
{
	const uint8_t bit = (uint8_t)(1u << (s->depth % 8));

	if (s->depth == MAX_DEPTH) {
		s->deepest = MAX_DEPTH + 1;
		return false;
	}
	s->arrays[s->depth / 8] = (uint8_t)(array ? s->arrays[s->depth / 8] | bit : s->arrays[s->depth / 8] & ~bit);
	if (++s->depth > s->deepest)
		s->deepest = s->depth;
	s->p++;
	skip_space(s);
	return true;
}

static bool
scan_key(struct scan *s)
{
	if (!scan_string(s))
		return false;
	skip_space(s);
	if (s->p == s->end || *s->p != ':')
		return broken(s);
	s->p++;
	return true;
}

/* Opens an array or object, or walks over a value that is neither. *ret_opened: what follows is inside. */
static bool
scan_value(struct scan *s, bool *ret_opened)
{
	*ret_opened = false;
	skip_space(s);
	if (s->p == s->end)
		return broken(s);
	switch (*s->p) {
	case '[':
	case '{':
		*ret_opened = true;
		return open_level(s, *s->p == '[');
	case '"': return scan_string(s);
	case 't': return scan_word(s, "true");
	case 'f': return scan_word(s, "false");
	case 'n': return scan_word(s, "null");
	default: return *s->p == '-' || is_digit(*s->p) ? scan_number(s) : broken(s);
	}
}

static bool
is_close(const struct scan *s)
{
	return s->p < s->end && *s->p == (in_array(s) ? ']' : '}');
}

/* After a value: closes what ends here, and stands before the next value or at the end. */
static bool
scan_on(struct scan *s)
{
	for (skip_space(s); s->depth > 0; skip_space(s)) {
		if (is_close(s)) {
			s->p++;
			s->depth--;
			continue;
		}
		if (s->p == s->end || *s->p != ',')
			return broken(s);
		s->p++;
		skip_space(s);
		return in_array(s) || scan_key(s);
	}
	return s->p == s->end || broken(s);
}

static void
scan(struct scan *s, const struct value *in, bool want_numbers)
{
	bool opened;

	s->p = in->p;
	s->end = in->p + in->len;
	s->want_numbers = want_numbers;
	s->broken = s->nul = s->surrogate = s->number = false;
	s->depth = s->deepest = 0;
	do {
		if (!scan_value(s, &opened))
			return;
		if (opened && !is_close(s) && (in_array(s) || scan_key(s)))
			continue;
		if (s->broken || !scan_on(s))
			return;
	} while (s->depth > 0);
}

/* ---- the target's rules ---- */

static enum outcome
json_to_json(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const bool mysql = c->to.kind == MY_JSON, strict = mysql || c->to.kind == PG_JSONB;
	const int depth = mysql ? MY_DEPTH : c->to.kind == MY_JSON_TEXT ? MARIADB_DEPTH : MAX_DEPTH;
	struct scan s;

	(void)arena;
	*ret = *in;
	ret->kind = VALUE_TEXT;
	if (c->from.kind == MY_JSON && c->to.kind == PG_JSONB && memchr(in->p, '\\', in->len) == NULL)
		return OUT_OK;
	scan(&s, in, mysql);
	if (s.broken)
		return no_form(why, "a text that is not JSON", ret, NULL);
	if (s.nul && c->to.kind == PG_JSONB)
		return no_form(why, "JSON with \\u0000", ret, NULL);
	if (s.surrogate && strict)
		return no_form(why, "JSON with half of a surrogate pair", ret, NULL);
	if (s.number)
		return no_form(why, "JSON with a number that a double can't hold", ret, NULL);
	if (s.deepest > depth)
		return no_form(why, "JSON that nests too deep", ret, NULL);
	return OUT_OK;
}

static const char *
json_note(const struct convert *c)
{
	switch (c->to.kind) {
	case PG_JSONB: return c->from.kind == MY_JSON ? "\\u0000" : "what is no JSON; \\u0000; halves of surrogate pairs; kept normalised";
	case PG_JSON: return "what is no JSON";
	case MY_JSON_TEXT: return "nested deeper than 31";
	default:
		return c->from.kind == PG_JSONB || c->from.kind == MY_JSON ? "numbers that no double holds" :
						  "what is no JSON; numbers that no double holds; kept normalised";
	}
}

bool
choose_json(struct convert *c)
{
	if (c->to.class == CLASS_TEXT)
		return choose_to_text(c);
	if (c->to.class != CLASS_JSON)
		return false;
	if (c->from.kind == MY_JSON && c->to.kind == PG_JSON)
		return true;
	if (c->from.kind == c->to.kind && c->to.kind != MY_JSON)	/* MySQL's may hold decimals, which come from no text */
		return true;
	c->fn = json_to_json;
	note_fit(c, CONVERT_POLICY, json_note(c));
	return true;
}
