/* convert_text.c - texts, labels, uuids, addresses, and all types of PostgreSQL that are texts elsewhere.
 * Text passes as it is. What is looked at: NUL bytes (PostgreSQL has none), blanks at the end (char() drops them, on both sides, and both cut
 * them in silence where a text is too long for its column), labels (MySQL takes one in any case, and any order of a set's).
 * Threads: pure. */
#include "staging/convert_intern.h"

#define UUID_TEXT 36

/* ---- text ---- */

static size_t
without_blanks(const struct value *in)
{
	size_t n = in->len;

	while (n > 0 && in->p[n - 1] == ' ')
		n--;
	return n;
}

static size_t
count_chars(const uint8_t *p, size_t n)
{
	size_t chars = 0;

	for (size_t i = 0; i < n; i++)
		chars += (p[i] & 0xc0) != 0x80;
	return chars;
}

/* Too long for the target, and it is only blanks that are over: these it would drop without a word. */
static bool
loses_blanks(const struct convert *c, const struct value *in)
{
	const bool bytes = c->to.kind == MY_TEXT;
	size_t n;

	if (in->len <= c->to.length || in->p[in->len - 1] != ' ')
		return false;
	n = without_blanks(in);
	return (bytes ? in->len : count_chars(in->p, in->len)) > c->to.length && (bytes ? n : count_chars(in->p, n)) <= c->to.length;
}

enum outcome
text_fits(const struct convert *c, const struct value *in, struct value *ret, const char **why)
{
	*ret = *in;
	ret->kind = VALUE_TEXT;
	if (in->len == 0)
		return OUT_OK;
	if (c->target_family == FAMILY_POSTGRESQL && memchr(in->p, '\0', in->len) != NULL)
		return no_form(why, "a text with a NUL byte", ret, NULL);
	if (c->from.pads_blanks) {
		ret->len = (uint32_t)without_blanks(in);
		return OUT_OK;
	}
	if (c->to.pads_blanks && in->p[in->len - 1] == ' ')
		return no_form(why, "a text with blanks at its end", ret, NULL);
	if (c->to.length > 0 && loses_blanks(c, in)) {
		*why = "a text too long by blanks at its end";
		return OUT_CUT;
	}
	return OUT_OK;
}

static enum outcome
text_to_text(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	(void)arena;
	return text_fits(c, in, ret, why);
}

/* timetz and interval of fewer digits than 6: PostgreSQL would round the text's. */
static enum outcome
text_to_seconds(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const uint8_t *dot = in->len > 0 ? memchr(in->p, '.', in->len) : NULL;
	size_t i = dot != NULL ? (size_t)(dot - in->p) + 1 : in->len;

	(void)arena;
	for (size_t digit = 0; i < in->len && is_digit(in->p[i]); i++, digit++)
		if (digit >= c->to.digits && in->p[i] != '0')
			return no_form(why, "a time with more digits of a second", ret, NULL);
	return text_fits(c, in, ret, why);
}

static bool
may_lose_blanks(const struct convert *c)
{
	const uint64_t each = c->from.kind == MY_TEXT ? 1 : 4;

	if (c->to.length == 0 || c->to.any_text)
		return false;
	if (c->from.length == 0)
		return true;
	return c->to.kind == MY_TEXT ? c->from.length * each > c->to.length : c->from.length > c->to.length;
}

bool
choose_to_text(struct convert *c)
{
	const bool nul = c->source_family == FAMILY_MYSQL && c->target_family == FAMILY_POSTGRESQL;
	const bool blanks = c->to.pads_blanks && !c->from.pads_blanks;

	if (!is_text_target(c))
		return false;
	if (nul)
		note_fit(c, CONVERT_POLICY, blanks ? "NUL bytes, blanks at the end" : "NUL bytes");
	else if (blanks)
		note_fit(c, CONVERT_POLICY, "blanks at the end");
	else if (c->from.pads_blanks)
		note_fit(c, CONVERT_EXACT, "");
	else if (!may_lose_blanks(c))
		return true;
	c->fn = text_to_text;
	return true;
}

/* ---- labels ---- */

static bool
is_label(const struct coltype *t, const uint8_t *p, size_t n, uint16_t *at)
{
	for (; *at < t->nlabels; (*at)++)
		if (strlen(t->labels[*at]) == n && memcmp(t->labels[*at], p, n) == 0)
			return true;
	return false;
}

static bool
is_enum_value(const struct coltype *t, const struct value *in)
{
	uint16_t at = 0;

	return t == NULL ? in->len > 0 : is_label(t, in->p, in->len, &at);
}

/* In the order of the labels, each once: so MySQL gives it back. */
static bool
is_set_value(const struct coltype *t, const struct value *in)
{
	uint16_t at = 0;

	for (size_t i = 0; t != NULL && i < in->len;) {
		const uint8_t *comma = memchr(in->p + i, ',', in->len - i);
		const size_t end = comma != NULL ? (size_t)(comma - in->p) : in->len;

		if (!is_label(t, in->p + i, end - i, &at) || end + 1 == in->len)
			return false;
		at++;
		i = end + 1;
	}
	return true;
}

static enum outcome
text_to_label(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	(void)arena;
	if (c->to.class == CLASS_SET ? !is_set_value(c->labels, in) : !is_enum_value(c->labels, in))
		return no_form(why, "a text that is not among the labels", ret, NULL);
	*ret = *in;
	return OUT_OK;
}

/* A wrong value of an enum is '' there, which as a text would be as good as any, and which no strict session writes. */
static enum outcome
enum_to_text(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	(void)arena;
	if (in->len == 0 && !is_enum_value(c->labels, in))
		return no_form(why, "an enum's value that is none of its labels", ret, NULL);
	return text_fits(c, in, ret, why);
}

static enum outcome
set_to_array(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	uint8_t *p = arena_alloc(arena, 3 * (size_t)in->len + 4);
	size_t n = 0;

	(void)why;
	(void)c;
	if (p == NULL)
		return OUT_FULL;
	p[n++] = '{';
	if (in->len > 0)
		p[n++] = '"';
	for (size_t i = 0; i < in->len; i++) {
		if (in->p[i] == ',') {
			p[n++] = '"';
			p[n++] = ',';
			p[n++] = '"';
			continue;
		}
		if (in->p[i] == '"' || in->p[i] == '\\')
			p[n++] = '\\';
		p[n++] = in->p[i];
	}
	if (in->len > 0)
		p[n++] = '"';
	p[n++] = '}';
	set_text(ret, p, n);
	return OUT_OK;
}

static bool
choose_labels(struct convert *c)
{
	if (c->to.class == c->from.class && c->same_labels) {
		if (c->to.class == CLASS_ENUM && c->target_family == FAMILY_MYSQL) {
			c->fn = enum_to_text;
			note_fit(c, CONVERT_POLICY, "'' that is no label");
		}
		return true;
	}
	if (c->to.class == CLASS_ENUM || c->to.class == CLASS_SET) {
		c->fn = text_to_label;
		note_fit(c, CONVERT_POLICY, "texts that are not among the labels");
		return c->from.class != CLASS_ENUM || c->to.class == CLASS_ENUM;
	}
	if (c->from.class == CLASS_SET && c->to.class == CLASS_ARRAY) {
		c->fn = set_to_array;
		c->times = 3;
		c->plus = 4;
		note_fit(c, CONVERT_EXACT, "");
		return true;
	}
	if (c->to.class != CLASS_TEXT && c->to.kind != PG_ENUM)
		return false;
	if (c->from.class == CLASS_ENUM) {
		c->fn = enum_to_text;
		note_fit(c, CONVERT_POLICY, "'' that is no label");
		return true;
	}
	return c->to.class == CLASS_TEXT;
}

/* ---- uuid ---- */

static int
hex_digit(uint8_t b)
{
	if (is_digit(b))
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* With its four hyphens, or without any. */
static bool
read_uuid(const uint8_t *p, size_t n, uint8_t ret[16])
{
	size_t at = 0;

	if (n != UUID_TEXT && n != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (n == UUID_TEXT && (i == 4 || i == 6 || i == 8 || i == 10) && p[at++] != '-')
			return false;
		if (hex_digit(p[at]) < 0 || hex_digit(p[at + 1]) < 0)
			return false;
		ret[i] = (uint8_t)(hex_digit(p[at]) << 4 | hex_digit(p[at + 1]));
		at += 2;
	}
	return true;
}

static enum outcome
text_to_uuid(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	uint8_t bytes[16];

	(void)arena;
	(void)c;
	if (!read_uuid(in->p, in->len, bytes))
		return no_form(why, "a text that is no uuid", ret, NULL);
	*ret = *in;
	return OUT_OK;
}

static enum outcome
uuid_to_bytes(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	uint8_t bytes[16];
	struct value raw = { .kind = VALUE_BINARY, .len = 16, .p = bytes };
	uint8_t *p;

	if (!read_uuid(in->p, in->len, bytes))
		return OUT_WRONG;
	if (c->target_family == FAMILY_POSTGRESQL)
		return bytes_to_bytes(c, &raw, arena, ret, why);
	if ((p = arena_alloc(arena, 16)) == NULL)
		return OUT_FULL;
	memcpy(p, bytes, 16);
	*ret = (struct value){ .kind = VALUE_BINARY, .len = 16, .p = p };
	return OUT_OK;
}

static bool
choose_uuid(struct convert *c)
{
	if (c->to.class == CLASS_UUID || c->to.class == CLASS_TEXT)
		return true;
	c->fn = uuid_to_bytes;
	c->times = 2;
	c->plus = 2;
	c->refused = "uuid, char(36) or binary(16)";
	note_fit(c, CONVERT_EXACT, "");
	return c->to.class == CLASS_BYTES && (c->to.length == 0 || (c->to.pads_zeros ? c->to.length == 16 : c->to.length >= 16));
}

/* ---- addresses ---- */

static enum outcome
inet_to_inet(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const bool six = in->len > 0 && memchr(in->p, ':', in->len) != NULL;

	(void)arena;
	if (in->len > 0 && memchr(in->p, '/', in->len) != NULL)
		return no_form(why, "a network address", ret, NULL);
	if (six != (c->to.kind == MY_INET6))
		return no_form(why, six ? "an IPv6 address" : "an IPv4 address", ret, NULL);
	*ret = *in;
	return OUT_OK;
}

static bool
choose_inet(struct convert *c)
{
	if (c->to.class == CLASS_TEXT || (c->to.class == CLASS_INET && c->target_family == FAMILY_POSTGRESQL && c->to.kind != PG_CIDR) ||
	    c->to.kind == c->from.kind)
		return true;
	if (c->to.class != CLASS_INET || c->source_family != FAMILY_POSTGRESQL)
		return false;
	c->fn = inet_to_inet;
	note_fit(c, CONVERT_POLICY, c->to.kind == MY_INET6 ? "IPv4 addresses, networks" : "IPv6 addresses, networks");
	return true;
}

/* ---- the choice ---- */

static bool
choose_from_text(struct convert *c)
{
	switch (c->to.class) {
	case CLASS_BYTES:
		c->fn = bytes_to_bytes;
		c->times = 2;
		c->plus = 2;
		note_fit(c, CONVERT_EXACT, "");
		if (c->to.pads_zeros)
			note_fit(c, CONVERT_POLICY, "texts shorter than the column");
		return true;
	case CLASS_UUID:
		c->fn = text_to_uuid;
		note_fit(c, CONVERT_POLICY, "texts that are no uuid");
		return true;
	case CLASS_ENUM:
	case CLASS_SET: return choose_labels(c);
	case CLASS_JSON: return choose_json(c);
	case CLASS_DECIMAL:
		if (c->to.any_text || c->target_family != FAMILY_POSTGRESQL)
			return choose_to_text(c);
		c->fn = text_to_decimal;
		note_fit(c, CONVERT_POLICY, "texts that are no number; numbers out of range or with more digits");
		return ends_of_decimal(c);
	default:
		if (c->to.any_text || (c->to.class != CLASS_INTERVAL && c->to.kind != PG_TIMETZ))
			return choose_to_text(c);
		c->fn = text_to_seconds;
		note_fit(c, CONVERT_POLICY, "NUL bytes; more digits of a second");
		return !c->to.cuts;
	}
}

bool
choose_text(struct convert *c)
{
	switch (c->from.class) {
	case CLASS_TEXT: return choose_from_text(c);
	case CLASS_ENUM:
	case CLASS_SET: return choose_labels(c);
	case CLASS_UUID: return choose_uuid(c);
	case CLASS_INET: return choose_inet(c);
	case CLASS_ARRAY:
		if (c->to.class == CLASS_VECTOR) {
			c->fn = array_to_vector;
			c->times = 4;
			note_fit(c, CONVERT_POLICY, "NULL, NaN and infinity as an element; more than one dimension");
			return c->source_oid == 1021;
		}
		return c->to.class == CLASS_TEXT && choose_to_text(c);
	default:
		if (c->from.kind == PG_ENUM && c->to.class == CLASS_ENUM)
			return choose_labels(c);
		return c->to.class == CLASS_TEXT && choose_to_text(c);
	}
}
