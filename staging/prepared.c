/* prepared.c - see prepared.h.
 * All integers are big-endian. The bytes are records: u8 kind, u32 length of what follows it.
 *   'V'            first: u16 version of all this
 *   'R'            a relation, before its first row; numbered from 0 in their order: u32 id, u8 replica identity, u16 columns; schema, name, and
 *                  of each column its name with a NUL, u32 oid, u32 typmod, u8 part of the identity, u8 1: its type follows, as put_type() has it
 *   'I', 'U', 'D'  a row: u32 number of its relation, u8 old image, u8 flags, u16 new and u16 old values; of each value u8 kind, and where it
 *                  has bytes u32 length, bytes
 *   'E'            last: u64 rows, u64 hash of all records before */
#include "staging/prepared.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/map.h"

#define VERSION	    1
#define RECORD_HEAD 5 /* kind, length */

/* ---- the name ---- */

static void
put_hex(char out[PREPARED_XID], size_t *at, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	out[(*at)++] = 'X';
	out[(*at)++] = '\'';
	for (size_t i = 0; i < n; i++) {
		out[(*at)++] = digits[p[i] >> 4];
		out[(*at)++] = digits[p[i] & 15];
	}
	out[(*at)++] = '\'';
	out[(*at)++] = ',';
}

const char *
prepared_xid_text(const struct change *c, char out[PREPARED_XID])
{
	const bool begin = c->kind == CHANGE_BEGIN;
	const uint8_t gtrid = begin ? c->u.begin.gtrid_len : c->u.commit.gtrid_len, *p = change_xid(c);
	const uint8_t bqual = begin ? c->u.begin.bqual_len : c->u.commit.bqual_len;
	size_t at = 0;

	assert(gtrid <= 64 && bqual <= 64);
	put_hex(out, &at, p, gtrid);
	put_hex(out, &at, p + gtrid, bqual);
	snprintf(out + at, PREPARED_XID - at, "%" PRIu32, begin ? c->u.begin.xid_format : c->u.commit.xid_format);
	return out;
}

/* ---- writing ---- */

struct prepared_writer {
	struct buf out;
	size_t taken;		/* of out */
	struct map *numbers;	/* by the relation's address: its number, from 1 */
	const struct relation *last;
	uint32_t last_number;
	uint64_t rows, hash;
	size_t record;		/* where the record begins that is being written */
	bool ended;
};

static void
begin_record(struct prepared_writer *w, uint8_t kind)
{
	assert(!w->ended);
	if (w->taken > 0) {
		memmove(w->out.p, w->out.p + w->taken, w->out.n - w->taken);
		w->out.n -= w->taken;
		w->taken = 0;
	}
	w->record = w->out.n;
	buf_u8(&w->out, kind);
	buf_u32(&w->out, 0);
}

static bool
end_record(struct prepared_writer *w, struct err *err)
{
	const size_t n = w->out.n - w->record - RECORD_HEAD;

	if (w->out.bad)
		return err_set(err, ERR_SYSTEM, "no memory for the rows of a prepared transaction");
	if (n > UINT32_MAX) {
		w->out.n = w->record;
		return err_set(err, ERR_LIMIT, "a row of %zu bytes", n);
	}
	buf_set_u32(&w->out, w->record + 1, (uint32_t)n);
	w->hash = hash_bytes(w->out.p + w->record, n + RECORD_HEAD, w->hash);
	return true;
}

struct prepared_writer *
prepared_writer_new(struct err *err)
{
	struct prepared_writer *w = mem_zalloc(sizeof(*w), err);

	if (w == NULL)
		return NULL;
	if ((w->numbers = map_new()) == NULL) {
		err_set(err, ERR_SYSTEM, "no memory for the rows of a prepared transaction");
	} else {
		begin_record(w, 'V');
		buf_u16(&w->out, VERSION);
		if (end_record(w, err))
			return w;
	}
	prepared_writer_free(w);
	return NULL;
}

void
prepared_writer_free(struct prepared_writer *w)
{
	if (w == NULL)
		return;
	map_free(w->numbers, NULL);
	buf_done(&w->out);
	free(w);
}

static void
put_text(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s) + 1);
}

static void
put_type(struct buf *b, const struct coltype *t)
{
	buf_u8(b, (uint8_t)t->logical);
	buf_u8(b, (uint8_t)t->wire);
	buf_u8(b, t->family);
	buf_u32(b, t->oid);
	buf_u32(b, t->base_oid);
	buf_u32(b, (uint32_t)t->typmod);
	put_text(b, t->name != NULL ? t->name : "");
	buf_u8(b, t->code);
	buf_u8(b, (uint8_t)(t->is_unsigned | t->mariadb << 1));
	buf_u16(b, t->collation);
	buf_u32(b, t->length);
	buf_u8(b, t->decimals);
	buf_u16(b, t->nlabels);
	for (uint16_t i = 0; i < t->nlabels; i++)
		put_text(b, t->labels[i]);
}

static bool
put_relation(struct prepared_writer *w, const struct relation *rel, struct err *err)
{
	struct buf *b = &w->out;

	begin_record(w, 'R');
	buf_u32(b, rel->id);
	buf_u8(b, (uint8_t)rel->replica_identity);
	buf_u16(b, rel->ncols);
	put_text(b, rel->schema);
	put_text(b, rel->name);
	for (uint16_t i = 0; i < rel->ncols; i++) {
		put_text(b, rel->cols[i].name);
		buf_u32(b, rel->cols[i].oid);
		buf_u32(b, (uint32_t)rel->cols[i].typmod);
		buf_u8(b, rel->cols[i].identity);
		buf_u8(b, rel->cols[i].type != NULL);
		if (rel->cols[i].type != NULL)
			put_type(b, rel->cols[i].type);
	}
	return end_record(w, err);
}

static bool
number_of(struct prepared_writer *w, const struct relation *rel, uint32_t *ret, struct err *err)
{
	uintptr_t number;

	if (rel != w->last) {
		number = (uintptr_t)map_get(w->numbers, &rel, sizeof(rel));
		if (number == 0) {
			number = map_count(w->numbers) + 1;
			if (!put_relation(w, rel, err) || !map_put(w->numbers, &rel, sizeof(rel), (void *)number, err))
				return false;
		}
		w->last = rel;
		w->last_number = (uint32_t)(number - 1);
	}
	*ret = w->last_number;
	return true;
}

static void
put_values(struct buf *b, const struct value *vals, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		buf_u8(b, vals[i].kind);
		if (vals[i].kind <= VALUE_NULL)
			continue;
		buf_u32(b, vals[i].len);
		buf_put(b, vals[i].p, vals[i].len);
	}
}

bool
prepared_add(struct prepared_writer *w, const struct change *c, struct err *err)
{
	struct buf *b = &w->out;
	uint32_t number;

	assert(c->kind == CHANGE_INSERT || c->kind == CHANGE_UPDATE || c->kind == CHANGE_DELETE);
	if (!number_of(w, c->rel, &number, err))
		return false;
	begin_record(w, c->kind == CHANGE_INSERT ? 'I' : c->kind == CHANGE_UPDATE ? 'U' : 'D');
	buf_u32(b, number);
	buf_u8(b, c->old);
	buf_u8(b, c->flags);
	buf_u16(b, c->nnew);
	buf_u16(b, c->nold);
	put_values(b, change_new_values(c), c->nnew);
	put_values(b, change_old_values(c), c->nold);
	if (!end_record(w, err))
		return false;
	w->rows++;
	return true;
}

bool
prepared_end(struct prepared_writer *w, struct err *err)
{
	const uint64_t hash = w->hash;

	begin_record(w, 'E');
	buf_u64(&w->out, w->rows);
	buf_u64(&w->out, hash);
	w->ended = true;
	return end_record(w, err);
}

struct slice
prepared_bytes(const struct prepared_writer *w)
{
	return (struct slice){ w->out.p + w->taken, w->out.n - w->taken };
}

void
prepared_took(struct prepared_writer *w, size_t n)
{
	assert(n <= w->out.n - w->taken);
	w->taken += n;
}

/* ---- reading ---- */

struct prepared_reader {
	struct prepared_hooks hooks;
	struct buf in;
	size_t at;			/* what is before it has been read */
	const struct relation **relations;
	uint16_t *ncols;		/* as written */
	size_t n, cap, ncols_cap;
	uint64_t rows, hash;
	bool begun, ended;
};

struct prepared_reader *
prepared_reader_new(struct prepared_hooks hooks, struct err *err)
{
	struct prepared_reader *r = mem_zalloc(sizeof(*r), err);

	if (r != NULL)
		r->hooks = hooks;
	return r;
}

void
prepared_reader_free(struct prepared_reader *r)
{
	if (r == NULL)
		return;
	buf_done(&r->in);
	free(r->relations);
	free(r->ncols);
	free(r);
}

bool
prepared_feed(struct prepared_reader *r, const void *p, size_t n, struct err *err)
{
	if (r->at > 0) {
		memmove(r->in.p, r->in.p + r->at, r->in.n - r->at);
		r->in.n -= r->at;
		r->at = 0;
	}
	buf_put(&r->in, p, n);
	return !r->in.bad || err_set(err, ERR_SYSTEM, "no memory for the rows of a prepared transaction");
}

static bool
damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_PROTOCOL, "the rows of a prepared transaction are not what was written: %s", what);
}

/* In the arena; names stay in the record. NULL: no memory, or in->bad. */
static const struct coltype *
read_type(struct rd *in, struct arena *arena)
{
	struct coltype *t = arena_zalloc(arena, sizeof(*t));
	const char **labels;
	uint8_t logical, wire, flags;

	if (t == NULL)
		return NULL;
	logical = rd_u8(in);
	wire = rd_u8(in);
	t->logical = (enum logical_type)logical;
	t->wire = (enum wire_form)wire;
	t->family = rd_u8(in);
	t->oid = rd_u32(in);
	t->base_oid = rd_u32(in);
	t->typmod = (int32_t)rd_u32(in);
	t->name = rd_cstr(in);
	t->code = rd_u8(in);
	flags = rd_u8(in);
	t->is_unsigned = (flags & 1) != 0;
	t->mariadb = (flags & 2) != 0;
	t->collation = rd_u16(in);
	t->length = rd_u32(in);
	t->decimals = rd_u8(in);
	t->nlabels = rd_u16(in);
	if (logical > LOGICAL_U64 || wire > WIRE_LABEL || t->family > FAMILY_MYSQL || flags > 3 || t->nlabels > rd_left(in))
		in->bad = true;
	if (in->bad || t->nlabels == 0)
		return in->bad ? NULL : t;
	if ((labels = arena_alloc(arena, t->nlabels * sizeof(*labels))) == NULL)
		return NULL;
	for (uint16_t i = 0; i < t->nlabels; i++)
		labels[i] = rd_cstr(in);
	t->labels = labels;
	return in->bad ? NULL : t;
}

static bool
read_columns(struct rd *in, struct relation *rel, struct arena *arena, struct err *err)
{
	struct relation_column *cols = arena_zalloc(arena, (rel->ncols + 1u) * sizeof(*cols));

	if (cols == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a relation");
	for (uint16_t i = 0; i < rel->ncols && !in->bad; i++) {
		uint8_t identity, typed;

		cols[i].name = rd_cstr(in);
		cols[i].oid = rd_u32(in);
		cols[i].typmod = (int32_t)rd_u32(in);
		identity = rd_u8(in);
		typed = rd_u8(in);
		cols[i].identity = identity != 0;
		in->bad = in->bad || identity > 1 || typed > 1;
		if (typed == 1 && !in->bad && (cols[i].type = read_type(in, arena)) == NULL && !in->bad)
			return err_set(err, ERR_SYSTEM, "no memory for a relation");
	}
	if (in->bad || in->off != in->n)
		return damaged(err, "a relation's columns");
	rel->cols = cols;
	relation_seal(rel);
	return true;
}

/* The record behind the header; what is in it must end with it. */
static bool
read_relation(struct prepared_reader *r, struct rd *in, struct err *err)
{
	struct relation rel = { .id = rd_u32(in), .replica_identity = (char)rd_u8(in), .ncols = rd_u16(in) };
	const struct relation *found = NULL;
	struct arena *arena;
	bool ok;

	rel.schema = rd_cstr(in);
	rel.name = rd_cstr(in);
	if (in->bad || rel.ncols > RELATION_MAX_COLUMNS || rel.replica_identity == '\0' || strchr("dnfi", rel.replica_identity) == NULL)
		return damaged(err, "a relation");
	if ((arena = arena_new(4096, 0)) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a relation");
	ok = read_columns(in, &rel, arena, err) && r->hooks.relation(r->hooks.arg, &rel, &found, err) &&
	    mem_grow(&r->relations, &r->cap, r->n + 1, sizeof(r->relations[0]), err) &&
	    mem_grow(&r->ncols, &r->ncols_cap, r->n + 1, sizeof(r->ncols[0]), err);
	arena_free(arena);
	if (!ok)
		return false;
	assert(found == NULL || found->ncols == rel.ncols);
	r->ncols[r->n] = rel.ncols;
	r->relations[r->n++] = found;
	return true;
}

/* Two readings: what the values take, and the values. bytes NULL: the first. */
static size_t
read_values(struct rd *in, struct value *vals, size_t n, uint8_t *bytes)
{
	size_t sum = 0;

	for (size_t i = 0; i < n && !in->bad; i++) {
		const uint8_t kind = rd_u8(in), *p = NULL;
		uint32_t len = 0;

		if (kind > VALUE_BINARY)
			in->bad = true;
		if (kind > VALUE_NULL) {
			len = rd_u32(in);
			p = rd_bytes(in, len);
		}
		if (bytes != NULL && p != NULL)
			memcpy(bytes + sum, p, len);
		if (bytes != NULL)
			vals[i] = (struct value){ .kind = kind, .len = len, .p = p != NULL ? bytes + sum : NULL };
		sum += len;
	}
	return sum;
}

/* A row has the values that its kind has. */
static bool
fits(const struct change *c, uint16_t ncols)
{
	const bool has_new = c->kind != CHANGE_DELETE, has_old = c->old != OLD_NONE;

	return c->old <= OLD_FULL && (c->flags & ~CHANGE_CASCADES) == 0 && c->nnew == (has_new ? ncols : 0) && c->nold == (has_old ? ncols : 0) &&
	    (c->kind != CHANGE_INSERT || !has_old);
}

static bool
read_row(struct prepared_reader *r, enum change_kind kind, struct rd *in, struct arena *arena, const struct change **ret, struct err *err)
{
	const uint32_t number = rd_u32(in);
	struct change head = { .kind = (uint8_t)kind }, *c;
	struct rd look;
	size_t n, bytes, size;

	head.old = rd_u8(in);
	head.flags = rd_u8(in);
	head.nnew = rd_u16(in);
	head.nold = rd_u16(in);
	if (in->bad || number >= r->n || !fits(&head, r->ncols[number]))
		return damaged(err, "a row");
	look = *in;
	n = (size_t)head.nnew + head.nold;
	bytes = read_values(&look, NULL, n, NULL);
	if (look.bad || look.off != look.n)
		return damaged(err, "a row's values");
	r->rows++;
	*ret = NULL;
	if ((head.rel = r->relations[number]) == NULL)
		return true;
	size = (sizeof(*c) + n * sizeof(struct value) + bytes + 15) & ~(size_t)15;
	if (size > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "a row of %zu bytes", size);
	if ((c = arena_alloc(arena, size)) == NULL)
		return arena_full(arena, err, "no room for a row");
	*c = head;
	c->size = (uint32_t)size;
	read_values(in, change_new_values(c), n, (uint8_t *)(change_new_values(c) + n));
	*ret = c;
	return true;
}

static bool
read_end(struct prepared_reader *r, struct rd *in, struct err *err)
{
	const uint64_t rows = rd_u64(in), hash = rd_u64(in);

	if (in->bad || in->off != in->n || rows != r->rows || hash != r->hash)
		return damaged(err, "their sum");
	r->ended = true;
	return true;
}

static bool
read_version(struct prepared_reader *r, struct rd *in, struct err *err)
{
	const uint16_t version = rd_u16(in);

	if (in->bad || in->off != in->n)
		return damaged(err, "their version");
	if (version != VERSION) {
		err_set(err, ERR_PROTOCOL, "the rows of a prepared transaction were written in version %u, this repld knows %d", version, VERSION);
		return err_remedy(err, "run the repld that wrote them");
	}
	r->begun = true;
	return true;
}

/* One record. *ret_c stays NULL for those that are no row, and for rows that are left out. */
static bool
read_record(struct prepared_reader *r, uint8_t kind, struct rd *in, struct arena *arena, const struct change **ret_c, struct err *err)
{
	if (r->ended || r->begun == (kind == 'V'))
		return damaged(err, "their order");
	switch (kind) {
	case 'V': return read_version(r, in, err);
	case 'R': return read_relation(r, in, err);
	case 'I': return read_row(r, CHANGE_INSERT, in, arena, ret_c, err);
	case 'U': return read_row(r, CHANGE_UPDATE, in, arena, ret_c, err);
	case 'D': return read_row(r, CHANGE_DELETE, in, arena, ret_c, err);
	case 'E': return read_end(r, in, err);
	default: return damaged(err, "a kind of record");
	}
}

bool
prepared_next(struct prepared_reader *r, struct arena *arena, enum prepared_found *ret, const struct change **ret_c, struct err *err)
{
	*ret_c = NULL;
	while (*ret_c == NULL) {
		const size_t left = r->in.n - r->at;
		const uint8_t *p = left > 0 ? r->in.p + r->at : NULL;
		struct rd in;

		if (left < RECORD_HEAD || left - RECORD_HEAD < be32(p + 1)) {
			*ret = r->ended ? PREPARED_END : PREPARED_MORE;
			return !r->ended || left == 0 || damaged(err, "bytes behind the end");
		}
		in = rd_init(p + RECORD_HEAD, be32(p + 1));
		if (!read_record(r, p[0], &in, arena, ret_c, err))
			return false;
		r->hash = hash_bytes(p, in.n + RECORD_HEAD, r->hash);
		r->at += in.n + RECORD_HEAD;
	}
	*ret = PREPARED_ROW;
	return true;
}
