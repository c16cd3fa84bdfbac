/* binlog_json_apply.c - the diffs of PARTIAL_UPDATE_ROWS applied to a binary JSON document.
 * Flow: the document is one value; each diff opens the objects and arrays on its path into lists
 * of members, and changes a list; at the end the open ones are written anew in the large form, all
 * that was never opened is copied as it is.
 * Invariants: members point into the document, the diffs, or the arena of this call; a document's
 * parts do not overlap, or what is written would pass its bound. Threads: any; pure. */
#include "cdc/binlog_json.h"

#include <assert.h>

#include "cdc/binlog_json_form.h"
#include "daemon/base/arena.h"

enum operation { OP_REPLACE, OP_INSERT, OP_REMOVE };

#define TYPE_OPEN 0xff

struct node;

/* A value in its place: bytes as they are, or opened. */
struct member {
	const uint8_t *key;
	union {
		const uint8_t *bytes;
		struct node *node;
	} u;
	uint32_t nbytes;
	uint16_t nkey;
	uint8_t type; /* enum json_type or TYPE_OPEN */
};

struct node {
	bool object;
	uint32_t n, cap;
	struct member *members;
};

struct leg {
	bool index; /* [number], or [last-number] */
	bool last;
	uint32_t number;
	struct slice key;
};

struct document {
	struct arena *arena;
	struct member root;
	struct leg legs[BINLOG_JSON_MAX_DEPTH + 1];
	unsigned nlegs;
	struct buf *out;
	size_t bound;
	struct err *err;
};

static bool
malformed(struct document *d, const char *what)
{
	return err_set(d->err, ERR_PROTOCOL, "a JSON change in the log with %s", what);
}

static bool
no_memory(struct document *d)
{
	return err_set(d->err, ERR_SYSTEM, "no memory for a JSON document that changes");
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static bool
set_value(struct document *d, struct member *m, const struct json_value *v)
{
	size_t n;

	if (!json_size(v, &n))
		return malformed(d, "a value that is cut off");
	assert(n <= UINT32_MAX);	/* neither a document nor an event is so long */
	m->type = v->type;
	m->u.bytes = v->bytes.p;
	m->nbytes = (uint32_t)n;
	return true;
}

static bool
open_member(struct document *d, struct member *m)
{
	const struct json_value v = { .type = m->type,
		.bytes = { .p = m->u.bytes, .n = m->nbytes } };
	struct json_container c;
	struct json_value element;
	struct node *node;
	struct slice key = { 0 };
	bool opened;

	if (m->type == TYPE_OPEN)
		return true;
	opened = json_open(&c, &v);
	assert(opened);		/* set_value() has measured it */
	if ((node = arena_zalloc(d->arena, sizeof(*node))) == NULL)
		return no_memory(d);
	node->object = c.object;
	node->cap = c.count + 1;
	if ((node->members = arena_zalloc(d->arena, (size_t)node->cap * sizeof(*node->members))) ==
	    NULL)
		return no_memory(d);
	for (; node->n < c.count; node->n++) {
		struct member *child = &node->members[node->n];

		if ((c.object && !json_key(&c, node->n, &key)) ||
		    !json_element(&c, node->n, &element))
			return malformed(d, "an object or array whose parts are not inside of it");
		child->key = key.p;
		child->nkey = (uint16_t)key.n;
		if (!set_value(d, child, &element))
			return false;
	}
	m->type = TYPE_OPEN;
	m->u.node = node;
	return true;
}

/* ---- paths -------------------------------------------------------------------------------------------------------- */

/* Four hexadecimal digits. */
static bool
hex4(const uint8_t *p, size_t n, uint32_t *ret)
{
	*ret = 0;
	if (n < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		const uint8_t c = p[i], lower = c | 0x20;

		if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'f'))
			return false;
		*ret = *ret << 4 | (uint32_t)(c <= '9' ? c - '0' : lower - 'a' + 10);
	}
	return true;
}

static uint8_t *
put_utf8(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (uint8_t)c;
	} else if (c < 0x800) {
		*out++ = (uint8_t)(0xc0 | c >> 6);
		*out++ = (uint8_t)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (uint8_t)(0xe0 | c >> 12);
		*out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		*out++ = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		*out++ = (uint8_t)(0xf0 | c >> 18);
		*out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		*out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		*out++ = (uint8_t)(0x80 | (c & 0x3f));
	}
	return out;
}

/* One escape behind its backslash. Returns how many bytes it takes; 0: none that JSON has. */
static size_t
unescape(const uint8_t *p, size_t n, uint8_t **out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *at = n > 0 && p[0] != '\0' ? strchr(names, p[0]) : NULL;
	uint32_t c, low;

	if (at != NULL) {
		*(*out)++ = (uint8_t)values[at - names];
		return 1;
	}
	if (n == 0 || p[0] != 'u' || !hex4(p + 1, n - 1, &c))
		return 0;
	if (c < 0xd800 || c > 0xdfff) {
		*out = put_utf8(*out, c);
		return 5;
	}
	if (c > 0xdbff || n < 11 || p[5] != '\\' || p[6] != 'u' || !hex4(p + 7, n - 7, &low) ||
	    low < 0xdc00 || low > 0xdfff)
		return 0;
	*out = put_utf8(*out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
	return 11;
}

/* Behind the point: a bare word, or a JSON string, which goes to *to. Returns how many bytes it takes; 0: malformed. */
static size_t
key_leg(const uint8_t *p, size_t n, uint8_t **to, struct leg *leg)
{
	uint8_t *out = *to;
	size_t i = 0, taken;

	leg->key.p = out;
	if (n > 0 && p[0] == '"') {
		for (i = 1; i < n && p[i] != '"'; i += taken) {
			if (p[i] != '\\') {
				*out++ = p[i];
				taken = 1;
			} else if ((taken = 1 + unescape(p + i + 1, n - i - 1, &out)) == 1) {
				return 0;
			}
		}
		leg->key.n = (size_t)(out - leg->key.p);
		*to = out;
		return i < n ? i + 1 : 0;
	}
	while (i < n && p[i] != '.' && p[i] != '[' && p[i] != '*' && p[i] != ' ')
		*out++ = p[i++];
	leg->key.n = i;
	*to = out;
	return i;
}

/* Behind the bracket: number], last] or last-number]. */
static size_t
index_leg(const uint8_t *p, size_t n, struct leg *leg)
{
	size_t i = 0, digits;
	uint64_t v = 0;

	leg->index = true;
	if (n >= 4 && memcmp(p, "last", 4) == 0) {
		leg->last = true;
		i = 4;
		if (i < n && p[i] == ']')
			return i + 1;
		if (i == n || p[i++] != '-')
			return 0;
	}
	for (digits = i; i < n && p[i] >= '0' && p[i] <= '9' && v <= UINT32_MAX; i++)
		v = v * 10 + (p[i] - '0');
	leg->number = (uint32_t)v;
	return i > digits && i < n && p[i] == ']' && v <= UINT32_MAX ? i + 1 : 0;
}

/* No key is longer than what stands for it in the path. */
static bool
parse_path(struct document *d, struct slice path)
{
	size_t i = 1, taken;
	uint8_t *keys;

	d->nlegs = 0;
	if (path.n == 0 || path.p[0] != '$')
		return malformed(d, "a path that does not begin with $");
	if ((keys = arena_alloc(d->arena, path.n)) == NULL)
		return no_memory(d);
	while (i < path.n) {
		struct leg *leg = &d->legs[d->nlegs];
		const uint8_t kind = path.p[i++];

		if (d->nlegs == BINLOG_JSON_MAX_DEPTH + 1)
			return malformed(d, "a path of more levels than the server allows");
		*leg = (struct leg){ 0 };
		taken = kind == '.'   ? key_leg(path.p + i, path.n - i, &keys, leg)
			: kind == '[' ? index_leg(path.p + i, path.n - i, leg)
				      : 0;
		if (taken == 0)
			return malformed(d, "a path that can not be read");
		i += taken;
		d->nlegs++;
	}
	return true;
}

/* ---- looking up --------------------------------------------------------------------------------------------------- */

/* As objects are stored: shorter keys first, then byte by byte. */
static int
compare_keys(const struct member *m, struct slice key)
{
	if (m->nkey != key.n)
		return m->nkey < key.n ? -1 : 1;
	return key.n > 0 ? memcmp(m->key, key.p, key.n) : 0;
}

/* The first member that is not before the key. */
static uint32_t
key_place(const struct node *node, struct slice key)
{
	uint32_t low = 0, high = node->n;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (compare_keys(&node->members[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* UINT32_MAX: before the first. */
static uint32_t
leg_index(const struct node *node, const struct leg *leg)
{
	if (!leg->last)
		return leg->number;
	return leg->number < node->n ? node->n - 1 - leg->number : UINT32_MAX;
}

static bool
is_array(const struct member *m)
{
	return m->type == TYPE_OPEN ? !m->u.node->object
				    : m->type == JSON_SMALL_ARRAY || m->type == JSON_LARGE_ARRAY;
}

static bool
is_object(const struct member *m)
{
	return m->type == TYPE_OPEN ? m->u.node->object : m->type <= JSON_LARGE_OBJECT;
}

/* What is no array counts as an array of itself. */
static bool
stays(const struct member *m, const struct leg *leg)
{
	return leg->index && leg->number == 0 && !is_array(m);
}

/* Opens the member and finds the leg in it. */
static bool
find(struct document *d, struct member *m, const struct leg *leg, struct node **ret_node,
    uint32_t *ret_at)
{
	if (leg->index ? !is_array(m) : !is_object(m))
		return malformed(d, "a path that the document does not have");
	if (!open_member(d, m))
		return false;
	*ret_node = m->u.node;
	*ret_at = leg->index ? leg_index(m->u.node, leg) : key_place(m->u.node, leg->key);
	return true;
}

static bool
present(const struct node *node, uint32_t at, const struct leg *leg)
{
	return at < node->n && (leg->index || compare_keys(&node->members[at], leg->key) == 0);
}

/* The value at the first n legs. */
static struct member *
walk(struct document *d, unsigned n)
{
	struct member *m = &d->root;

	for (unsigned i = 0; i < n; i++) {
		struct node *node;
		uint32_t at;

		if (stays(m, &d->legs[i]))
			continue;
		if (!find(d, m, &d->legs[i], &node, &at))
			return NULL;
		if (!present(node, at, &d->legs[i])) {
			malformed(d, "a path that the document does not have");
			return NULL;
		}
		m = &node->members[at];
	}
	return m;
}

/* ---- changing ----------------------------------------------------------------------------------------------------- */

static bool
make_room(struct document *d, struct node *node, uint32_t at)
{
	if (node->n == node->cap) {
		const uint32_t cap = node->cap * 2;
		struct member *more =
		    cap > node->cap ? arena_alloc(d->arena, (size_t)cap * sizeof(*more)) : NULL;

		if (more == NULL)
			return no_memory(d);
		memcpy(more, node->members, (size_t)node->n * sizeof(*more));
		node->members = more;
		node->cap = cap;
	}
	memmove(&node->members[at + 1], &node->members[at],
	    (size_t)(node->n - at) * sizeof(node->members[0]));
	node->n++;
	node->members[at] = (struct member){ 0 };
	return true;
}

static bool
insert(struct document *d, const struct json_value *v)
{
	const struct leg *leg = &d->legs[d->nlegs - 1];
	struct member *parent = walk(d, d->nlegs - 1);
	struct node *node;
	uint32_t at;

	if (parent == NULL || !find(d, parent, leg, &node, &at))
		return false;
	if (leg->index)
		at = at == UINT32_MAX ? 0 : at > node->n ? node->n : at;
	else if (present(node, at, leg) || leg->key.n > UINT16_MAX)
		return malformed(d, "a key that the document has already, or that is too long");
	if (!make_room(d, node, at))
		return false;
	node->members[at].key = leg->key.p;
	node->members[at].nkey = (uint16_t)leg->key.n;
	return set_value(d, &node->members[at], v);
}

static bool
take_out(struct document *d)
{
	const struct leg *leg = &d->legs[d->nlegs - 1];
	struct member *parent = walk(d, d->nlegs - 1);
	struct node *node;
	uint32_t at;

	if (parent == NULL || !find(d, parent, leg, &node, &at))
		return false;
	if (!present(node, at, leg))
		return malformed(d, "a path that the document does not have");
	node->n--;
	memmove(&node->members[at], &node->members[at + 1],
	    (size_t)(node->n - at) * sizeof(node->members[0]));
	return true;
}

static bool
change(struct document *d, uint8_t op, const struct json_value *v)
{
	struct member *m;

	if (op != OP_REPLACE && d->nlegs == 0)
		return malformed(d, "an insertion or a removal of the document itself");
	if (op == OP_INSERT)
		return insert(d, v);
	if (op == OP_REMOVE)
		return take_out(d);
	m = walk(d, d->nlegs);
	return m != NULL && set_value(d, m, v);
}

/* A length as in the client protocol, then that many bytes. */
static bool
take(struct rd *in, struct slice *ret)
{
	const uint8_t first = rd_u8(in);
	const size_t width = first < 251 ? 0 : first == 252 ? 2 : first == 253 ? 3 : 8;
	const uint8_t *p = rd_bytes(in, width);
	uint64_t n = width == 0 ? first : 0;

	for (size_t i = width; p != NULL && i > 0; i--)
		n = n << 8 | p[i - 1];
	if (first == 251 || first == 255 || n > rd_left(in))
		in->bad = true;
	*ret = (struct slice){ .p = rd_bytes(in, in->bad ? 0 : n), .n = n };
	return !in->bad;
}

static bool
apply(struct document *d, struct rd *in)
{
	const uint8_t op = rd_u8(in);
	struct json_value v = { 0 };
	struct slice path, value;

	if (op > OP_REMOVE)
		return malformed(d, "an operation that is not known");
	if (!take(in, &path))
		return malformed(d, "a path that is cut off");
	if (op != OP_REMOVE) {
		if (!take(in, &value) || value.n == 0)
			return malformed(d, "a value that is cut off");
		v = (struct json_value){ .type = value.p[0],
			.bytes = { .p = value.p + 1, .n = value.n - 1 } };
	}
	return parse_path(d, path) && change(d, op, &v);
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static void
put32(struct buf *out, uint32_t v)
{
	buf_put(out,
	    (uint8_t[]){ (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) },
	    4);
}

static void
patch32(struct buf *out, size_t at, size_t v)
{
	if (out->bad)
		return;
	for (int i = 0; i < 4; i++)
		out->p[at + (size_t)i] = (uint8_t)(v >> (8 * i));
}

static bool
is_inline(uint8_t type)
{
	return type == JSON_LITERAL || (type >= JSON_INT16 && type <= JSON_UINT32);
}

static uint8_t
written_type(const struct member *m)
{
	return m->type != TYPE_OPEN ? m->type
	       : m->u.node->object  ? JSON_LARGE_OBJECT
				    : JSON_LARGE_ARRAY;
}

static bool write_value(struct document *d, const struct member *m);

/* The large form: count, size, entries of the keys, entries of the values, keys, values. */
static bool
write_node(struct document *d, const struct node *node)
{
	struct buf *out = d->out;
	const size_t start = out->n;
	size_t key_at, value_at;

	put32(out, node->n);
	put32(out, 0);
	key_at = out->n;
	for (uint32_t i = 0; node->object && i < node->n; i++)
		buf_put(out,
		    (uint8_t[6]){ 0, 0, 0, 0, (uint8_t)node->members[i].nkey,
			(uint8_t)(node->members[i].nkey >> 8) },
		    6);
	value_at = out->n;
	for (uint32_t i = 0; i < node->n; i++)
		buf_put(out, (uint8_t[5]){ written_type(&node->members[i]), 0, 0, 0, 0 }, 5);
	for (uint32_t i = 0; node->object && i < node->n && out->n <= d->bound; i++) {
		patch32(out, key_at + 6u * i, out->n - start);
		buf_put(out, node->members[i].key, node->members[i].nkey);
	}
	if (out->n > d->bound)
		return malformed(d, "a document whose parts overlap");
	for (uint32_t i = 0; i < node->n; i++) {
		const struct member *m = &node->members[i];

		if (!is_inline(m->type)) {
			patch32(out, value_at + 5u * i + 1, out->n - start);
			if (!write_value(d, m))
				return false;
		} else if (!out->bad) {
			memcpy(out->p + value_at + 5u * i + 1, m->u.bytes, m->nbytes);
		}
	}
	patch32(out, start + 4, out->n - start);
	return true;
}

static bool
write_value(struct document *d, const struct member *m)
{
	if (d->out->n > d->bound)
		return malformed(d, "a document whose parts overlap");
	if (m->type == TYPE_OPEN)
		return write_node(d, m->u.node);
	buf_put(d->out, m->u.bytes, m->nbytes);
	return true;
}

static bool
run(struct document *d, const uint8_t *p, size_t n, struct rd diffs)
{
	static const uint8_t null = JSON_NULL;
	const struct json_value v = { .type = n > 0 ? p[0] : JSON_LITERAL,
		.bytes = { .p = n > 0 ? p + 1 : &null, .n = n > 0 ? n - 1 : 1 } };

	if (n >= UINT32_MAX - 1)
		return err_set(d->err, ERR_LIMIT, "a JSON document of 4 GB");
	if (!set_value(d, &d->root, &v))
		return false;
	while (diffs.off < diffs.n)
		if (!apply(d, &diffs))
			return false;
	buf_u8(d->out, written_type(&d->root));
	if (!write_value(d, &d->root))
		return false;
	if (d->out->n > UINT32_MAX)
		return err_set(d->err, ERR_LIMIT, "a JSON document of 4 GB");
	return !d->out->bad || no_memory(d);
}

bool
binlog_json_apply(const uint8_t *p, size_t n, const uint8_t *diffs, size_t ndiffs, struct buf *out,
    struct err *err)
{
	/* small entries become large ones, which are less than twice as long; what comes in has an entry too */
	struct document d = { .out = out, .bound = 3 * n + 16 * ndiffs + 64, .err = err };
	bool ok;

	buf_reset(out);
	if ((d.arena = arena_new(16384, 0)) == NULL)
		return no_memory(&d);
	ok = run(&d, p, n, rd_init(diffs, ndiffs));
	arena_free(d.arena);
	return ok;
}
