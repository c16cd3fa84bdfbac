/* pgoutput.c - PostgreSQL's logical replication messages -> changes.
 * Flow: one message -> checks -> sink.reserve(upper bound) -> values copied once into the record ->
 * sink.commit.
 * Invariant: rows reach the sink between one BEGIN and its COMMIT only, decoded by the version of
 * the relation that was announced last; whatever is not fully understood is refused, and nothing of
 * that message reaches the sink.
 * Threads: the capture thread. Owner: the decoder owns the relation versions; records belong to the
 * sink.
 *
 * Messages of protocol versions 1 and 2 with streaming off, each begins with its tag. Integers are
 * big-endian; cstr ends in NUL; time is microseconds since 2000-01-01 UTC.
 *   B  begin      u64 final_lsn (start of the commit record), i64 commit time, u32 xid
 *   C  commit     u8 flags (0), u64 commit_lsn (= final_lsn), u64 end_lsn, i64 commit time
 *   O  origin     u64 commit_lsn on the origin, cstr name; after B, where the transaction was
 *                 replicated itself
 *   M  message    u8 flags (1: transactional), u64 lsn, cstr prefix, u32 length, content; without
 *                 flag 1 also between transactions
 *   R  relation   u32 relid, cstr schema ("" is pg_catalog), cstr name, u8 replica identity (d, n,
 *                 f, i), u16 columns, each: u8 flags (1: part of the identity; all columns where it
 *                 is f), cstr name, u32 type, i32 typmod
 *   Y  type       u32 oid, cstr schema, cstr name; before an R that uses a type not built in
 *   I  insert     u32 relid, 'N', tuple
 *   U  update     u32 relid, ('O', tuple: old row) under identity f, else nothing or ('K', tuple:
 *                 old identity), 'N', tuple
 *   D  delete     u32 relid, 'K' or 'O', tuple
 *   T  truncate   u32 relations, u8 options (1: cascade, 2: restart identity), u32 relid each
 *   tuple         u16 columns (all of the relation), each: 'n' NULL, 'u' TOAST value not changed
 *                 and not sent, 't' u32 length, text form, or 'b' u32 length, binary form. In a 'K'
 *                 tuple 'n' stands for each column outside the identity: not sent, not NULL.
 * R and Y come before the first change that needs them and again after a change of shape. */
#include "cdc/pgoutput.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/bytes.h"

#define EPOCH_2000	 INT64_C(946684800000000) /* from 1970 to PostgreSQL's epoch, in usec */
#define COLUMN_IDENTITY	 1
#define MESSAGE_IN_TXN	 1
#define TRUNCATE_CASCADE 1
#define TRUNCATE_RESTART 2

struct pgoutput {
	struct relation_resolver resolver;
	struct change_sink sink;
	struct relmap *relations;
	const struct relation *last;	/* of the last row: rows of one table come in runs */
	struct commit_lsn final;	/* of the open transaction */
	struct end_lsn end;		/* of the last one that ended */
	bool in_txn;
	bool dead;			/* an error was returned: what follows could be misread */
	uint64_t uncaptured;
};

enum tuple_role { TUPLE_INSERTED, TUPLE_UPDATED, TUPLE_KEY, TUPLE_OLD };

/* A row's record in the making. */
struct row {
	const struct relation *rel;
	struct change *c;
	uint8_t *bytes;			/* where the next value's bytes go */
};

struct pgoutput *
pgoutput_new(struct relation_resolver resolver, struct change_sink sink, struct err *err)
{
	struct pgoutput *dec = mem_zalloc(sizeof(*dec), err);

	if (dec == NULL)
		return NULL;
	dec->resolver = resolver;
	dec->sink = sink;
	if ((dec->relations = relmap_new(err)) == NULL) {
		free(dec);
		return NULL;
	}
	return dec;
}

void
pgoutput_free(struct pgoutput *dec)
{
	if (dec == NULL)
		return;
	relmap_free(dec->relations);
	free(dec);
}

bool
pgoutput_in_transaction(const struct pgoutput *dec)
{
	return dec->in_txn;
}

struct end_lsn
pgoutput_end(const struct pgoutput *dec)
{
	return dec->end;
}

uint64_t
pgoutput_uncaptured(const struct pgoutput *dec)
{
	return dec->uncaptured;
}

/* ---- checks and records ---- */

static bool
cut(const struct rd *in, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "message '%c' of %zu bytes is cut at byte %zu",
	    in->p[0], in->n, in->off);
}

/* The whole message was read, no more and no less. */
static bool
finish(const struct rd *in, struct err *err)
{
	if (in->bad)
		return cut(in, err);
	if (rd_left(in) > 0)
		return err_set(err, ERR_PROTOCOL, "message '%c' has %zu bytes too many",
		    in->p[0], rd_left(in));
	return true;
}

static bool
need_txn(const struct pgoutput *dec, const struct rd *in, struct err *err)
{
	if (!dec->in_txn)
		return err_set(err, ERR_PROTOCOL, "message '%c' outside a transaction",
		    in->p[0]);
	return true;
}

static bool
read_time(struct rd *in, struct wall *ret, struct err *err)
{
	const int64_t t = (int64_t)rd_u64(in);

	if (__builtin_add_overflow(t, EPOCH_2000, &ret->v))
		return err_set(err, ERR_PROTOCOL, "commit time out of range");
	return true;
}

static size_t
round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

/* A cleared header with room for `more` bytes behind it; NULL: the sink's error. */
static struct change *
reserve(struct pgoutput *dec, enum change_kind kind, size_t more, struct err *err)
{
	const size_t max = round16(sizeof(struct change) + more);
	struct change *c = dec->sink.reserve(dec->sink.arg, max, err);

	if (c == NULL)
		return NULL;
	assert((uintptr_t)c % 16 == 0);
	memset(c, 0, sizeof(*c));
	c->kind = (uint8_t)kind;
	return c;
}

/* The record ends at `end`; what rounding adds is zeros, never old memory. */
static bool
commit(struct pgoutput *dec, struct change *c, uint8_t *end, struct err *err)
{
	const size_t used = (size_t)(end - (uint8_t *)c), size = round16(used);

	memset(end, 0, size - used);
	return dec->sink.commit(dec->sink.arg, c, size, err);
}

/* ---- transactions ---- */

static bool
decode_begin(struct pgoutput *dec, struct rd *in, struct err *err)
{
	const struct commit_lsn final = { rd_u64(in) };
	struct wall when;
	const bool time_ok = read_time(in, &when, err);
	const uint32_t xid = rd_u32(in);
	struct change *c;

	if (!time_ok || !finish(in, err))
		return false;
	if (dec->in_txn)
		return err_set(err, ERR_PROTOCOL, "BEGIN inside a transaction");
	if ((c = reserve(dec, CHANGE_BEGIN, 0, err)) == NULL)
		return false;
	c->u.begin.mark = (struct txn_mark){ .kind = POSITION_LSN, .lsn = final };
	c->u.begin.commit_time = when;
	c->u.begin.xid = xid;
	dec->in_txn = true;
	dec->final = final;
	return commit(dec, c, (uint8_t *)(c + 1), err);
}

static bool
check_commit(const struct pgoutput *dec, uint8_t flags, struct commit_lsn start, struct end_lsn end,
    struct err *err)
{
	char a[LSN_TEXT], b[LSN_TEXT];

	if (flags != 0)
		return err_set(err, ERR_PROTOCOL, "COMMIT with flags 0x%02x", flags);
	if (start.v != dec->final.v)
		return err_set(err, ERR_PROTOCOL,
		    "COMMIT of a transaction at %s inside the one at %s",
		    lsn_text(start.v, a), lsn_text(dec->final.v, b));
	if (end.v <= start.v)
		return err_set(err, ERR_PROTOCOL,
		    "COMMIT record ends at %s, but starts at %s", lsn_text(end.v, a),
		    lsn_text(start.v, b));
	return true;
}

static bool
decode_commit(struct pgoutput *dec, struct rd *in, struct err *err)
{
	const uint8_t flags = rd_u8(in);
	const struct commit_lsn start = { rd_u64(in) };
	const struct end_lsn end = { rd_u64(in) };
	struct wall when;
	const bool time_ok = read_time(in, &when, err);
	struct change *c;

	if (!time_ok || !finish(in, err) || !need_txn(dec, in, err) ||
	    !check_commit(dec, flags, start, end, err))
		return false;
	if ((c = reserve(dec, CHANGE_COMMIT, 0, err)) == NULL)
		return false;
	c->u.commit.position = (struct position){ .kind = POSITION_LSN, .lsn = end };
	c->u.commit.commit_time = when;
	dec->in_txn = false;
	dec->end = end;
	return commit(dec, c, (uint8_t *)(c + 1), err);
}

static bool
decode_origin(struct pgoutput *dec, struct rd *in, struct err *err)
{
	rd_u64(in);
	rd_cstr(in);
	return finish(in, err) && need_txn(dec, in, err);
}

static bool
decode_message(struct pgoutput *dec, struct rd *in, struct err *err)
{
	const uint8_t flags = rd_u8(in);

	rd_u64(in);
	rd_cstr(in);
	rd_bytes(in, rd_u32(in));
	if (!finish(in, err))
		return false;
	if ((flags & ~MESSAGE_IN_TXN) != 0)
		return err_set(err, ERR_PROTOCOL, "MESSAGE with flags 0x%02x", flags);
	return flags == 0 || need_txn(dec, in, err);
}

/* ---- relations ---- */

static bool
decode_type(struct rd *in, struct err *err)
{
	rd_u32(in);
	rd_cstr(in);
	rd_cstr(in);
	return finish(in, err);
}

static bool
decode_column(struct rd *in, struct arena *arena, struct relation_column *col, struct err *err)
{
	const uint8_t flags = rd_u8(in);
	const char *name = rd_cstr(in);

	col->oid = rd_u32(in);
	col->typmod = (int32_t)rd_u32(in);
	col->identity = (flags & COLUMN_IDENTITY) != 0;
	if (in->bad)
		return cut(in, err);
	if ((flags & ~COLUMN_IDENTITY) != 0)
		return err_set(err, ERR_PROTOCOL, "column flags 0x%02x", flags);
	if (name[0] == '\0' || col->oid == 0)
		return err_set(err, ERR_PROTOCOL, "a column without %s",
		    name[0] == '\0' ? "name" : "type");
	if ((col->name = arena_strdup(arena, name)) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a relation");
	return true;
}

static bool
decode_columns(struct rd *in, struct relation *rel, struct err *err)
{
	struct relation_column *cols = arena_zalloc(rel->arena, rel->ncols * sizeof(*cols) + 1);

	if (cols == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a relation");
	for (uint16_t i = 0; i < rel->ncols; i++)
		if (!decode_column(in, rel->arena, &cols[i], err))
			return false;
	rel->cols = cols;
	return finish(in, err);
}

static bool
check_relation(const struct relation *rel, struct err *err)
{
	if (rel->id == 0 || rel->name[0] == '\0')
		return err_set(err, ERR_PROTOCOL, "a relation without %s",
		    rel->id == 0 ? "id" : "name");
	if (rel->replica_identity == '\0' || strchr("dnfi", rel->replica_identity) == NULL)
		return err_set(err, ERR_PROTOCOL, "replica identity 0x%02x",
		    (unsigned char)rel->replica_identity);
	if (rel->ncols > RELATION_MAX_COLUMNS)
		return err_set(err, ERR_PROTOCOL, "%u columns, more than %d", rel->ncols,
		    RELATION_MAX_COLUMNS);
	return true;
}

/* Into rel, which lives in its own arena; the caller frees it on failure. */
static bool
decode_relation_body(struct rd *in, struct relation *rel, struct err *err)
{
	const uint32_t id = rd_u32(in);
	const char *schema = rd_cstr(in), *name = rd_cstr(in);
	const char identity = (char)rd_u8(in);
	const uint16_t ncols = rd_u16(in);

	if (in->bad)
		return cut(in, err);
	rel->id = id;
	rel->schema = arena_strdup(rel->arena, schema[0] == '\0' ? "pg_catalog" : schema);
	rel->name = arena_strdup(rel->arena, name);
	rel->replica_identity = identity;
	rel->ncols = ncols;
	if (rel->schema == NULL || rel->name == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a relation");
	if (check_relation(rel, err) && decode_columns(in, rel, err))
		return true;
	err_ctx(err, "relation %u", id);
	return err_table(err, rel->schema, rel->name);
}

static struct relation *
relation_new(struct err *err)
{
	struct arena *arena = arena_new(1024, 0);
	struct relation *rel = arena != NULL ? arena_zalloc(arena, sizeof(*rel)) : NULL;

	if (rel == NULL) {
		arena_free(arena);
		err_set(err, ERR_SYSTEM, "no memory for a relation");
		return NULL;
	}
	rel->arena = arena;
	return rel;
}

static bool
decode_relation(struct pgoutput *dec, struct rd *in, struct err *err)
{
	struct relation *rel = relation_new(err);
	const struct relation *now;
	bool is_new;

	if (rel == NULL)
		return false;
	if (!decode_relation_body(in, rel, err)) {
		relation_free(rel);
		return false;
	}
	relation_seal(rel);
	dec->last = NULL;
	if (!relmap_put(dec->relations, rel, &now, &is_new, err))
		return false;
	if (!is_new)
		return true;
	assert(now == rel);
	return dec->resolver.resolve(dec->resolver.arg, rel, &rel->table, err);
}

/* The version in force; NULL with err set where the source never announced it. */
static const struct relation *
relation_of(struct pgoutput *dec, uint32_t id, struct err *err)
{
	const struct relation *rel = dec->last;

	if (rel != NULL && rel->id == id)
		return rel;
	if ((rel = relmap_get(dec->relations, id)) == NULL)
		err_set(err, ERR_PROTOCOL, "relation %u was never announced", id);
	else
		dec->last = rel;
	return rel;
}

/* ---- rows ---- */

/* One value with its bytes; 'u' becomes ABSENT. False: cut (in->bad), or a kind that does not
 * exist. */
static inline bool
read_value(struct rd *in, struct value *v, uint8_t **bytes)
{
	const uint8_t *kind = rd_bytes(in, 1), *len, *p;

	if (kind == NULL)
		return false;
	switch (*kind) {
	case 'n': *v = (struct value){ .kind = VALUE_NULL }; return true;
	case 'u': *v = (struct value){ .kind = VALUE_ABSENT }; return true;
	case 't':
	case 'b': break;
	default: return false;
	}
	if ((len = rd_bytes(in, 4)) == NULL || (p = rd_bytes(in, be32(len))) == NULL)
		return false;
	v->kind = *kind == 't' ? VALUE_TEXT : VALUE_BINARY;
	v->len = be32(len);
	v->p = memcpy(*bytes, p, v->len);
	*bytes += v->len;
	return true;
}

/* What this tuple may say of this column. In a key image a column outside the identity becomes
 * ABSENT. */
static inline bool
value_allowed(struct value *v, enum tuple_role role, bool identity)
{
	if (v->kind == VALUE_ABSENT)
		return role == TUPLE_UPDATED;
	if (role != TUPLE_KEY || identity)
		return true;
	if (v->kind != VALUE_NULL)
		return false;
	v->kind = VALUE_ABSENT;
	return true;
}

static bool
refuse_value(const struct rd *in, enum tuple_role role, const struct relation *rel, uint16_t i,
    const struct value *v, struct err *err)
{
	const char *what;

	if (in->bad)
		return cut(in, err);
	if (v == NULL)
		what = "a kind of value that does not exist";
	else if (v->kind != VALUE_ABSENT)
		what = "a value outside the replica identity in a key tuple";
	else if (role == TUPLE_INSERTED)
		what = "an inserted row that lacks the value";
	else
		what = "an old row that lacks the value";
	return err_set(err, ERR_PROTOCOL, "column %s: %s", rel->cols[i].name, what);
}

static bool
decode_tuple(struct rd *in, struct row *row, enum tuple_role role, struct value *v, struct err *err)
{
	const struct relation *rel = row->rel;
	const uint16_t n = rd_u16(in);

	if (in->bad)
		return cut(in, err);
	if (n != rel->ncols)
		return err_set(err, ERR_PROTOCOL,
		    "tuple of %u columns for a relation of %u", n, rel->ncols);
	for (uint16_t i = 0; i < n; i++) {
		if (!read_value(in, &v[i], &row->bytes))
			return refuse_value(in, role, rel, i, NULL, err);
		if (!value_allowed(&v[i], role, rel->cols[i].identity))
			return refuse_value(in, role, rel, i, &v[i], err);
	}
	return true;
}

/* Counts are known before the first value: the values' bytes follow both arrays. */
static void
row_shape(struct row *row, uint16_t nnew, uint16_t nold)
{
	row->c->nnew = nnew;
	row->c->nold = nold;
	row->bytes = (uint8_t *)(change_new_values(row->c) + nnew + nold);
}

static bool
expect_new(struct rd *in, uint8_t part, struct err *err)
{
	if (in->bad)
		return cut(in, err);
	if (part != 'N')
		return err_set(err, ERR_PROTOCOL, "tuple part 0x%02x in place of 'N'",
		    part);
	return true;
}

/* The old tuple: 'O' under REPLICA IDENTITY FULL, else 'K'. */
static bool
decode_old(struct rd *in, struct row *row, uint8_t part, struct err *err)
{
	const bool full = part == 'O';

	if (in->bad)
		return cut(in, err);
	if (part != 'K' && !full)
		return err_set(err, ERR_PROTOCOL,
		    "tuple part 0x%02x in place of 'K' or 'O'", part);
	if (full != (row->rel->replica_identity == 'f'))
		return err_set(err, ERR_PROTOCOL,
		    "old tuple '%c' under replica identity '%c'", part,
		    row->rel->replica_identity);
	row->c->old = full ? OLD_FULL : OLD_KEY;
	return decode_tuple(in, row, full ? TUPLE_OLD : TUPLE_KEY, change_old_values(row->c), err);
}

/* What was not sent because it did not change stands in the old tuple, where that has the column:
 * the same bytes serve both. Elsewhere it stays absent, but never in the identity: without it the
 * row could not be found. */
static bool
fill_unchanged(struct row *row, struct err *err)
{
	struct value *new_values = change_new_values(row->c);
	const struct value *old_values = change_old_values(row->c);
	const struct relation_column *cols = row->rel->cols;

	for (uint16_t i = 0; i < row->c->nnew; i++) {
		if (new_values[i].kind != VALUE_ABSENT)
			continue;
		if (row->c->nold > 0 && old_values[i].kind == VALUE_NULL)
			return err_set(err, ERR_PROTOCOL,
			    "column %s: unchanged, but NULL in the old row", cols[i].name);
		if (row->c->nold > 0)
			new_values[i] = old_values[i];
		else if (cols[i].identity)
			return err_set(err, ERR_PROTOCOL,
			    "column %s: part of the identity, but nowhere sent", cols[i].name);
	}
	return true;
}

static bool
decode_insert(struct rd *in, struct row *row, struct err *err)
{
	row_shape(row, row->rel->ncols, 0);
	return expect_new(in, rd_u8(in), err) &&
	    decode_tuple(in, row, TUPLE_INSERTED, change_new_values(row->c), err) &&
	    finish(in, err);
}

static bool
decode_update(struct rd *in, struct row *row, struct err *err)
{
	const uint16_t ncols = row->rel->ncols;
	uint8_t part = rd_u8(in);
	const bool has_old = part != 'N';

	row_shape(row, ncols, has_old ? ncols : 0);
	if (has_old) {
		if (!decode_old(in, row, part, err))
			return false;
		part = rd_u8(in);
	} else if (row->rel->replica_identity == 'f') {
		return err_set(err, ERR_PROTOCOL,
		    "update without old row under replica identity 'f'");
	}
	return expect_new(in, part, err) &&
	    decode_tuple(in, row, TUPLE_UPDATED, change_new_values(row->c), err) &&
	    finish(in, err) && fill_unchanged(row, err);
}

static bool
decode_delete(struct rd *in, struct row *row, struct err *err)
{
	row_shape(row, 0, row->rel->ncols);
	return decode_old(in, row, rd_u8(in), err) && finish(in, err);
}

static bool
decode_row_body(struct rd *in, struct row *row, struct err *err)
{
	switch (row->c->kind) {
	case CHANGE_INSERT: return decode_insert(in, row, err);
	case CHANGE_UPDATE: return decode_update(in, row, err);
	default: return decode_delete(in, row, err);
	}
}

static bool
decode_row(struct pgoutput *dec, struct rd *in, enum change_kind kind, struct err *err)
{
	const uint32_t id = rd_u32(in);
	struct row row;

	if (in->bad)
		return cut(in, err);
	if (!need_txn(dec, in, err) || (row.rel = relation_of(dec, id, err)) == NULL)
		return false;
	if (row.rel->table == NULL) {
		dec->uncaptured++;
		return true;
	}
	row.c = reserve(dec, kind, 2 * row.rel->ncols * sizeof(struct value) + in->n, err);
	if (row.c == NULL)
		return false;
	row.c->rel = row.rel;
	if (!decode_row_body(in, &row, err))
		return err_table(err, row.rel->schema, row.rel->name);
	return commit(dec, row.c, row.bytes, err);
}

/* ---- truncate ---- */

/* Lists the captured relations behind the header; all must be known. */
static bool
read_truncated(struct pgoutput *dec, struct rd *in, uint32_t n, struct change *c, struct err *err)
{
	const struct relation **list = change_truncated(c);
	uint16_t captured = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct relation *rel = relation_of(dec, rd_u32(in), err);

		if (rel == NULL)
			return false;
		if (rel->table != NULL)
			list[captured++] = rel;
	}
	c->u.truncate.nrels = captured;
	return true;
}

static bool
decode_truncate(struct pgoutput *dec, struct rd *in, struct err *err)
{
	const uint32_t n = rd_u32(in);
	const uint8_t options = rd_u8(in);
	struct change *c;

	if (in->bad)
		return cut(in, err);
	if (!need_txn(dec, in, err))
		return false;
	if ((options & ~(TRUNCATE_CASCADE | TRUNCATE_RESTART)) != 0)
		return err_set(err, ERR_PROTOCOL, "TRUNCATE with options 0x%02x",
		    options);
	if (n == 0 || n > UINT16_MAX || rd_left(in) != n * sizeof(uint32_t))
		return err_set(err, ERR_PROTOCOL,
		    "TRUNCATE of %u relations in %zu bytes", n, in->n);
	if ((c = reserve(dec, CHANGE_TRUNCATE, n * sizeof(struct relation *), err)) == NULL ||
	    !read_truncated(dec, in, n, c, err))
		return false;
	if (c->u.truncate.nrels == 0) {
		dec->uncaptured++;
		return true;
	}
	c->u.truncate.cascade = (options & TRUNCATE_CASCADE) != 0;
	c->u.truncate.restart_identity = (options & TRUNCATE_RESTART) != 0;
	return commit(dec, c, (uint8_t *)(change_truncated(c) + c->u.truncate.nrels), err);
}

/* ---- dispatch ---- */

static bool
decode(struct pgoutput *dec, struct rd *in, struct err *err)
{
	const uint8_t tag = rd_u8(in);

	switch (tag) {
	case 'I': return decode_row(dec, in, CHANGE_INSERT, err);
	case 'U': return decode_row(dec, in, CHANGE_UPDATE, err);
	case 'D': return decode_row(dec, in, CHANGE_DELETE, err);
	case 'B': return decode_begin(dec, in, err);
	case 'C': return decode_commit(dec, in, err);
	case 'R': return decode_relation(dec, in, err);
	case 'T': return decode_truncate(dec, in, err);
	case 'Y': return decode_type(in, err);
	case 'O': return decode_origin(dec, in, err);
	case 'M': return decode_message(dec, in, err);
	default: break;
	}
	return err_set(err, ERR_PROTOCOL,
	    "message 0x%02x (%c) is not one of protocol 1 or 2 with streaming off", tag,
	    tag > 0x20 && tag < 0x7f ? tag : '?');
}

bool
pgoutput_decode(struct pgoutput *dec, const void *msg, size_t n, struct err *err)
{
	struct rd in = rd_init(msg, n);
	char lsn[LSN_TEXT];

	assert(!dec->dead);
	if (n > 0 ? decode(dec, &in, err) : err_set(err, ERR_PROTOCOL, "empty message"))
		return true;
	dec->dead = true;
	if (err->kind == ERR_PROTOCOL)
		err_ctx(err, "pgoutput");
	if (dec->in_txn && err->position[0] == '\0')
		err_position(err, "%s", lsn_text(dec->final.v, lsn));
	return false;
}
