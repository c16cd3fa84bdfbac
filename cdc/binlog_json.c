/* binlog_json.c - binary JSON as the text that the server prints: "key": value pairs in their
 * stored order, ", " between.
 * Flow: one walk that counts, one that writes. Invariants: depth is bounded; so is the work: each
 * byte of a document is paid for once, which bytes that point at each other over and over do not
 * afford. Threads: any; pure. */
#include "cdc/binlog_json.h"

#include <assert.h>
#include <math.h>

#include "cdc/binlog_json_form.h"
#include "cdc/charset.h"
#include "cdc/decimal.h"
#include "cdc/float_text.h"
#include "cdc/my_text.h"
#include "cdc/my_type.h"

struct printer {
	uint8_t *dst; /* NULL: count only */
	size_t n;
	size_t budget; /* bytes of the document not yet paid for */
	unsigned depth;
	const char *why; /* what was wrong */
};

static bool print_value(struct printer *pr, const struct json_value *v);

static bool
bad(struct printer *pr, const char *why)
{
	pr->why = why;
	return false;
}

static void
put(struct printer *pr, const void *p, size_t n)
{
	if (pr->dst != NULL && n > 0)
		memcpy(pr->dst + pr->n, p, n);
	pr->n += n;
}

static void
put_str(struct printer *pr, const char *s)
{
	put(pr, s, strlen(s));
}

static bool
pay(struct printer *pr, size_t n)
{
	if (n > pr->budget)
		return bad(pr, "parts that overlap");
	pr->budget -= n;
	return true;
}

static uint64_t
little_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

/* In quotes. What needs no escape goes in runs. */
static void
print_quoted(struct printer *pr, struct slice s)
{
	static const char hex[] = "0123456789abcdef", named[] = "btn\0fr"; /* \b is 8 */
	size_t from = 0;

	put_str(pr, "\"");
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(pr, s.p + from, i - from);
		from = i + 1;
		if (c >= 0x20)
			put(pr, (char[]){ '\\', (char)c }, 2);
		else if (c >= 8 && c <= 13 && named[c - 8] != '\0')
			put(pr, (char[]){ '\\', named[c - 8] }, 2);
		else
			put(pr, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
	}
	put(pr, s.p + from, s.n - from);
	put_str(pr, "\"");
}

static bool
print_string(struct printer *pr, struct slice s)
{
	struct err err = ERR_INIT;
	size_t n, at;

	if (!pay(pr, s.n))
		return false;
	if (!charset_to_utf8(charset_of_collation(46, false, &err), s.p, s.n, NULL, &n, &at))
		return bad(pr, "a string that is not UTF-8");
	print_quoted(pr, s);
	return true;
}

static void
print_int(struct printer *pr, uint64_t magnitude, bool negative)
{
	char s[24], *p = s + sizeof(s);

	do {
		*--p = (char)('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude > 0);
	if (negative)
		*--p = '-';
	put(pr, p, (size_t)(s + sizeof(s) - p));
}

static bool
print_number(struct printer *pr, const struct json_value *v)
{
	const size_t n = v->type <= JSON_UINT16 ? 2 : v->type <= JSON_UINT32 ? 4 : 8;
	const unsigned spare = (unsigned)(8 - n) * 8;
	const uint64_t u = little_endian(v->bytes.p, n);
	const int64_t i = (int64_t)(u << spare) >> spare;

	if (v->type == JSON_UINT16 || v->type == JSON_UINT32 || v->type == JSON_UINT64)
		print_int(pr, u, false);
	else
		print_int(pr, i < 0 ? -(uint64_t)i : (uint64_t)i, i < 0);
	return true;
}

/* A double always shows that it is one. */
static bool
print_double(struct printer *pr, const struct json_value *v)
{
	const uint64_t bits = little_endian(v->bytes.p, 8);
	char s[FLOAT_TEXT_MAX];
	double d;
	size_t n;

	memcpy(&d, &bits, sizeof(d));
	if (!isfinite(d))
		return bad(pr, "a double that is no number");
	n = double_text(d, s);
	put(pr, s, n);
	if (memchr(s, '.', n) == NULL && memchr(s, 'e', n) == NULL)
		put_str(pr, ".0");
	return true;
}

static bool
print_literal(struct printer *pr, const struct json_value *v)
{
	static const char *const text[] = {
		[JSON_NULL] = "null", [JSON_TRUE] = "true", [JSON_FALSE] = "false"
	};

	if (v->bytes.p[0] > JSON_FALSE)
		return bad(pr, "a literal that is none of the three");
	put_str(pr, text[v->bytes.p[0]]);
	return true;
}

/* "base64:type15:...", with an escaped newline after each 76 characters but the last. */
static void
print_base64(struct printer *pr, uint8_t field, struct slice s)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	put_str(pr, "\"base64:type");
	print_int(pr, field, false);
	put_str(pr, ":");
	for (size_t i = 0; i < s.n; i += 3) {
		const size_t left = s.n - i;
		const uint32_t v = (uint32_t)s.p[i] << 16 |
				   (left > 1 ? (uint32_t)s.p[i + 1] << 8 : 0) |
				   (left > 2 ? s.p[i + 2] : 0);

		if (i > 0 && i % 57 == 0)
			put_str(pr, "\\n");
		put(pr,
		    (char[]){ digits[v >> 18], digits[v >> 12 & 63],
			left > 1 ? digits[v >> 6 & 63] : '=', left > 2 ? digits[v & 63] : '=' },
		    4);
	}
	put_str(pr, "\"");
}

static bool
print_time(struct printer *pr, uint8_t field, struct slice s)
{
	char text[MY_TEXT_MAX];
	int64_t packed;
	size_t n;

	if (s.n != 8)
		return bad(pr, "a time of an odd size");
	packed = (int64_t)little_endian(s.p, 8);
	n = field == MY_TYPE_DATE   ? my_text_packed_date(packed, text)
	    : field == MY_TYPE_TIME ? my_text_packed_time(packed, 6, text)
				    : my_text_packed_datetime(packed, 6, text);
	if (n == 0)
		return bad(pr, "a time that is none");
	put_str(pr, "\"");
	put(pr, text, n);
	put_str(pr, "\"");
	return true;
}

static bool
print_decimal(struct printer *pr, struct slice s)
{
	char text[DECIMAL_TEXT_MAX];
	size_t n;

	if (s.n < 2 || !decimal_valid(s.p[0], s.p[1]) || s.n - 2 != decimal_size(s.p[0], s.p[1]) ||
	    (n = decimal_text(s.p + 2, s.p[0], s.p[1], text)) == 0)
		return bad(pr, "a decimal that is none");
	put(pr, text, n);
	return true;
}

static bool
print_opaque(struct printer *pr, const struct json_value *v)
{
	uint8_t field;
	struct slice s;
	const bool whole = json_opaque(v, &field, &s);

	assert(whole);
	if (!pay(pr, s.n))
		return false;
	switch (field) {
	case MY_TYPE_NEWDECIMAL: return print_decimal(pr, s);
	case MY_TYPE_DATE:
	case MY_TYPE_TIME:
	case MY_TYPE_DATETIME:
	case MY_TYPE_TIMESTAMP: return print_time(pr, field, s);
	default: print_base64(pr, field, s); return true;
	}
}

static bool
print_container(struct printer *pr, const struct json_value *v)
{
	struct json_container c;
	struct json_value element;
	struct slice key;

	if (pr->depth == BINLOG_JSON_MAX_DEPTH)
		return bad(pr, "more levels than the server allows");
	if (!json_open(&c, v))
		return bad(pr, "an object or array that is cut off");
	pr->depth++;
	put_str(pr, c.object ? "{" : "[");
	for (uint32_t i = 0; i < c.count; i++) {
		if (!pay(pr, c.width + 1u))
			return false;
		if (i > 0)
			put_str(pr, ", ");
		if (c.object) {
			if (!json_key(&c, i, &key))
				return bad(pr, "a key outside of its object");
			if (!print_string(pr, key))
				return false;
			put_str(pr, ": ");
		}
		if (!json_element(&c, i, &element))
			return bad(pr, "a value outside of its object or array");
		if (!print_value(pr, &element))
			return false;
	}
	put_str(pr, c.object ? "}" : "]");
	pr->depth--;
	return true;
}

static bool
print_value(struct printer *pr, const struct json_value *v)
{
	struct slice s = { 0 };
	size_t size;
	bool whole;

	if (json_is_container(v->type))
		return print_container(pr, v);
	if (!json_size(v, &size))
		return bad(pr, "a value that is cut off, or of a type that is not known");
	switch (v->type) {
	case JSON_LITERAL: return print_literal(pr, v);
	case JSON_DOUBLE: return print_double(pr, v);
	case JSON_STRING:
		whole = json_string(v, &s);
		assert(whole);
		return print_string(pr, s);
	case JSON_OPAQUE: return print_opaque(pr, v);
	default: return print_number(pr, v);
	}
}

bool
binlog_json_text(const uint8_t *p, size_t n, uint8_t *dst, size_t *ret_n, struct err *err)
{
	struct printer pr = { .dst = dst };
	struct json_value root;

	if (n == 0) {
		put_str(&pr, "null");
		*ret_n = pr.n;
		return true;
	}
	root = (struct json_value){ .type = p[0], .bytes = { .p = p + 1, .n = n - 1 } };
	if (!json_size(&root, &pr.budget))
		return err_set(err, ERR_PROTOCOL,
		    "binary JSON that is cut off, or of a type that is not known");
	if (!print_value(&pr, &root))
		return err_set(err, ERR_PROTOCOL, "binary JSON with %s", pr.why);
	*ret_n = pr.n;
	return true;
}
