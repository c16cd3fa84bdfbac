/* json.c - see json.h. Source: RFC 8259. */
#include "cdc/json.h"

#include <string.h>

struct json
json_init(const void *p, size_t n)
{
	return (struct json){ .p = p, .n = n };
}

void
json_fail(struct json *j)
{
	if (j->bad)
		return;
	j->bad = true;
	j->bad_at = j->off;
}

static void
skip_space(struct json *j)
{
	while (j->off < j->n && (j->p[j->off] == ' ' || j->p[j->off] == '\t' || j->p[j->off] == '\n' || j->p[j->off] == '\r'))
		j->off++;
}

/* The next byte that is no white space; 0: the end. */
static uint8_t
next(struct json *j)
{
	if (j->bad)
		return 0;
	skip_space(j);
	return j->off < j->n ? j->p[j->off] : 0;
}

static bool
take(struct json *j, uint8_t c)
{
	if (next(j) == c) {
		j->off++;
		return true;
	}
	json_fail(j);
	return false;
}

enum json_kind
json_peek(struct json *j)
{
	const uint8_t c = next(j);

	switch (c) {
	case '{': return JSON_OBJECT;
	case '[': return JSON_ARRAY;
	case '"': return JSON_STRING;
	case 't': return JSON_TRUE;
	case 'f': return JSON_FALSE;
	case 'n': return JSON_NULL;
	default: break;
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return JSON_NUMBER;
	json_fail(j);
	return JSON_BAD;
}

/* ---- objects and arrays ---- */

static void
enter(struct json *j, uint8_t open)
{
	if (!take(j, open))
		return;
	if (j->depth == JSON_MAX_DEPTH) {
		json_fail(j);
		return;
	}
	j->depth++;
	j->first = true;
}

/* At a member or an element; false: behind the end. */
static bool
go_on(struct json *j, uint8_t close)
{
	const bool first = j->first;
	const uint8_t c = next(j);

	if (j->bad || j->depth == 0) {
		json_fail(j);
		return false;
	}
	j->first = false;
	if (c == close) {
		j->off++;
		j->depth--;
		return false;
	}
	return first || take(j, ',');
}

void
json_object(struct json *j)
{
	enter(j, '{');
}

bool
json_member(struct json *j, struct json_text *ret_key)
{
	if (!go_on(j, '}'))
		return false;
	*ret_key = json_str(j);
	return take(j, ':');
}

void
json_array(struct json *j)
{
	enter(j, '[');
}

bool
json_item(struct json *j)
{
	return go_on(j, ']') && json_peek(j) != JSON_BAD;
}

/* ---- strings ---- */

/* The value of four hexadecimal digits; -1: they are not. */
static int32_t
hex4(const uint8_t *p)
{
	int32_t v = 0;

	for (int i = 0; i < 4; i++) {
		const uint8_t c = p[i], low = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (low - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* One escape, from its backslash on. *ret: the character. The length of the escape; 0: it is none. */
static size_t
escape(const uint8_t *p, size_t n, uint32_t *ret)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int32_t high, low;

	if (n < 2)
		return 0;
	if (p[1] != 'u') {
		if (p[1] == '\0' || (at = strchr(names, p[1])) == NULL)
			return 0;
		*ret = (uint32_t)values[at - names];
		return 2;
	}
	if (n < 6 || (high = hex4(p + 2)) <= 0 || (high & 0xfc00) == 0xdc00)
		return 0;
	if ((high & 0xfc00) != 0xd800) {
		*ret = (uint32_t)high;
		return 6;
	}
	if (n < 12 || p[6] != '\\' || p[7] != 'u' || (low = hex4(p + 8)) < 0 || (low & 0xfc00) != 0xdc00)
		return 0;
	*ret = 0x10000 + (((uint32_t)high & 0x3ff) << 10 | ((uint32_t)low & 0x3ff));
	return 12;
}

struct json_text
json_str(struct json *j)
{
	struct json_text t = { .p = NULL };
	const uint8_t *end = j->p + j->n;
	uint32_t c;
	size_t n;

	if (!take(j, '"'))
		return t;
	t.p = j->p + j->off;
	for (const uint8_t *p = t.p; p < end; p += n) {
		n = 1;
		if (*p == '"') {
			t.n = (size_t)(p - t.p);
			j->off += t.n + 1;
			return t;
		}
		if (*p == '\\')
			t.escaped = true;
		if (*p < 0x20 || (*p == '\\' && (n = escape(p, (size_t)(end - p), &c)) == 0)) {
			j->off = (size_t)(p - j->p);
			break;
		}
	}
	json_fail(j);
	return (struct json_text){ .p = NULL };
}

static size_t
put_utf8(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* json_str() has checked the escapes. */
size_t
json_unescape(const struct json_text *t, uint8_t *out)
{
	const uint8_t *p = t->p, *end = t->p + t->n, *back;
	uint8_t *to = out;
	uint32_t c = 0;

	if (!t->escaped) {
		if (t->n > 0)
			memcpy(out, p, t->n);
		return t->n;
	}
	while ((back = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		memcpy(to, p, (size_t)(back - p));
		to += back - p;
		p = back + escape(back, (size_t)(end - back), &c);
		to += put_utf8(to, c);
		if (p == end)
			return (size_t)(to - out);
	}
	memcpy(to, p, (size_t)(end - p));
	return (size_t)(to + (end - p) - out);
}

bool
json_text_is(const struct json_text *t, const char *text)
{
	const uint8_t *p = t->p, *end = t->p + t->n;
	uint8_t utf8[4];
	uint32_t c;

	if (t->p == NULL)
		return false;
	if (!t->escaped)
		return strncmp((const char *)t->p, text, t->n) == 0 && text[t->n] == '\0';
	while (p < end) {
		size_t n = 1;

		if (*p == '\\') {
			p += escape(p, (size_t)(end - p), &c);
			n = put_utf8(utf8, c);
		} else {
			utf8[0] = *p++;
		}
		if (strncmp((const char *)utf8, text, n) != 0)
			return false;
		text += n;
	}
	return *text == '\0';
}

/* ---- numbers and words ---- */

static size_t
digits(const struct json *j, size_t at)
{
	size_t n = 0;

	while (at + n < j->n && j->p[at + n] >= '0' && j->p[at + n] <= '9')
		n++;
	return n;
}

struct slice
json_number(struct json *j)
{
	size_t at, n;

	next(j);
	at = j->off;
	if (j->bad)
		return (struct slice){ NULL, 0 };
	at += at < j->n && j->p[at] == '-';
	if ((n = digits(j, at)) == 0 || (n > 1 && j->p[at] == '0'))
		goto bad;
	at += n;
	if (at < j->n && j->p[at] == '.') {
		if ((n = digits(j, at + 1)) == 0)
			goto bad;
		at += n + 1;
	}
	if (at < j->n && (j->p[at] | 0x20) == 'e') {
		at++;
		at += at < j->n && (j->p[at] == '+' || j->p[at] == '-');
		if ((n = digits(j, at)) == 0)
			goto bad;
		at += n;
	}
	n = j->off;
	j->off = at;
	return (struct slice){ j->p + n, at - n };
bad:
	json_fail(j);
	return (struct slice){ NULL, 0 };
}

static void
word(struct json *j, const char *text)
{
	const size_t n = strlen(text);

	next(j);
	if (!j->bad && j->n - j->off >= n && memcmp(j->p + j->off, text, n) == 0)
		j->off += n;
	else
		json_fail(j);
}

bool
json_bool(struct json *j)
{
	const bool yes = next(j) == 't';

	word(j, yes ? "true" : "false");
	return yes && !j->bad;
}

void
json_null(struct json *j)
{
	word(j, "null");
}

/* Without recursion: kinds[] says for each depth whether an object or an array is open there. */
void
json_skip(struct json *j)
{
	const uint8_t depth = j->depth;
	uint8_t kinds[JSON_MAX_DEPTH + 1];
	struct json_text key;

	do {
		switch (json_peek(j)) {
		case JSON_OBJECT:
			json_object(j);
			kinds[j->depth] = JSON_OBJECT;
			break;
		case JSON_ARRAY:
			json_array(j);
			kinds[j->depth] = JSON_ARRAY;
			break;
		case JSON_STRING: json_str(j); break;
		case JSON_NUMBER: json_number(j); break;
		case JSON_TRUE:
		case JSON_FALSE: json_bool(j); break;
		case JSON_NULL: json_null(j); break;
		case JSON_BAD: return;
		}
		while (!j->bad && j->depth > depth &&
		       !(kinds[j->depth] == JSON_OBJECT ? json_member(j, &key) : json_item(j)))
			;
	} while (!j->bad && j->depth > depth);
}

bool
json_end(struct json *j)
{
	if (j->bad)
		return false;
	skip_space(j);
	if (j->off != j->n || j->depth != 0)
		json_fail(j);
	return !j->bad;
}
