/* apply_xa.c - transactions that are prepared and take effect later, or never (XA of MySQL and MariaDB).
 * Flow: rows between a BEGIN that prepares and its XA_PREPARE become bytes (staging/prepared.h), which go to repld.prepared with the commit whose
 * checkpoint passes the XA_PREPARE, or earlier, in its open transaction, where they are many. At XA_COMMIT they come back and go the way of all
 * rows, in the source's form, as of the place of the XA_COMMIT; the same transaction takes them out of repld.prepared. What is prepared and ended
 * within one commit never gets there.
 * Invariant: where the checkpoint stands behind an XA_PREPARE and not behind its end, repld.prepared has all of its rows, and an end mark; a
 * stream keeps what it reads under the number of its own load group, all captured tables' rows alike, whoever writes those tables by then: who
 * writes a row is told at the XA_COMMIT. So each stream knows each transaction by itself, and when tables change hands nothing has to.
 * (A snapshot is taken while nothing is prepared: what a stream did not read the XA_PREPARE of had ended before its tables were read.)
 * Rows that are read back live until the batch is written.
 * Threads: of the stream that calls. */
#include "daemon/apply_intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/tables.h"
#include "staging/prepared.h"

#define PART_BYTES (1u << 20)		/* of a transaction in one row of repld.prepared; in memory, of all that wait */
#define ROWS_BYTES (16u << 20)		/* of rows read back: then what is in the batch is written */
#define BEAT_ROWS 256

struct xa_txn {
	struct xa_txn *next;
	char xid[PREPARED_XID];
	struct prepared_writer *bytes;
	uint32_t parts;			/* on the target, by the open transaction */
};

/* A relation that rows of former streams point to. */
struct xa_relation {
	struct xa_relation *next;
	struct relation rel;
	bool fits;			/* what its rows say can be told */
};

struct apply_xa {
	struct xa_txn *open;		/* its XA_PREPARE has not come yet */
	struct xa_txn *waiting;		/* prepared since the last commit, in memory */
	size_t waiting_bytes;
	struct prepared_count kept;	/* on the target, by the last commit, ... */
	struct prepared_count put, gone;/* ... and by the open transaction */
	struct xa_relation *relations;
	struct arena *relations_arena, *rows;
	struct buf part;
	bool reading;			/* rows come back just now */
	bool gave_up;
};

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static void
txn_free(struct xa_txn *x)
{
	if (x == NULL)
		return;
	prepared_writer_free(x->bytes);
	free(x);
}

static void
say_kept(struct apply *a)
{
	if (!apply_is_main(a))
		return;
	counter_set(&a->c.board->prepared, a->xa->kept.transactions);
	counter_set(&a->c.board->prepared_bytes, a->xa->kept.bytes);
}

bool
apply_xa_init(struct apply *a, struct err *err)
{
	if ((a->xa = mem_zalloc(sizeof(*a->xa), err)) == NULL)
		return false;
	a->xa->rows = arena_new(64 << 10, 0);
	a->xa->relations_arena = arena_new(4096, 0);
	if (a->xa->rows == NULL || a->xa->relations_arena == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	if (!a->c.ops->prepared_count(a->c.target, a->c.cp->group, &a->xa->kept, err))
		return err_ctx(err, "prepared transactions");
	say_kept(a);
	return true;
}

/* All that is not on the target. */
static void
forget_memory(struct apply_xa *x)
{
	struct xa_txn *next;

	txn_free(x->open);
	x->open = NULL;
	for (struct xa_txn *t = x->waiting; t != NULL; t = next) {
		next = t->next;
		txn_free(t);
	}
	x->waiting = NULL;
	x->waiting_bytes = 0;
}

void
apply_xa_done(struct apply *a)
{
	if (a->xa == NULL)
		return;
	forget_memory(a->xa);
	arena_free(a->xa->rows);
	arena_free(a->xa->relations_arena);
	buf_done(&a->xa->part);
	free(a->xa);
	a->xa = NULL;
}

void
apply_xa_reset(struct apply *a)
{
	struct apply_xa *x = a->xa;

	forget_memory(x);
	arena_reset(x->rows);
	x->put = x->gone = (struct prepared_count){ 0 };
	x->reading = x->gave_up = false;
}

void
apply_xa_committed(struct apply *a)
{
	struct apply_xa *x = a->xa;

	x->kept.transactions += x->put.transactions - x->gone.transactions;
	x->kept.bytes += x->put.bytes - x->gone.bytes;
	x->put = x->gone = (struct prepared_count){ 0 };
	say_kept(a);
}

void
apply_xa_wrote(struct apply *a)
{
	if (!a->xa->reading)
		arena_reset(a->xa->rows);
}

bool
apply_xa_is_open(const struct apply *a)
{
	return a->xa->open != NULL;
}

bool
apply_xa_waits(const struct apply *a)
{
	return a->xa->waiting != NULL;
}

bool
apply_xa_gave_up(const struct apply *a)
{
	return a->xa->gave_up;
}

/* ---- what is prepared ---------------------------------------------------------------------------------------------------- */

bool
apply_xa_begin(struct apply *a, const struct change *c, struct err *err)
{
	struct xa_txn *t = mem_zalloc(sizeof(*t), err);

	assert(a->xa->open == NULL);
	if (t == NULL)
		return false;
	prepared_xid_text(c, t->xid);
	if ((t->bytes = prepared_writer_new(err)) == NULL) {
		txn_free(t);
		return false;
	}
	a->xa->open = t;
	return true;
}

bool
apply_xa_row(struct apply *a, const struct change *c, struct err *err)
{
	struct xa_txn *t = a->xa->open;

	if (!prepared_add(t->bytes, c, err))
		return false;
	return prepared_bytes(t->bytes).n < PART_BYTES || apply_write_part(a, err);
}

bool
apply_xa_prepare(struct apply *a, struct err *err)
{
	struct apply_xa *x = a->xa;
	struct xa_txn *t = x->open;

	if (t == NULL)
		return err_set(err, ERR_PROTOCOL, "an XA PREPARE without its beginning in the ring");
	if (!prepared_end(t->bytes, err))
		return false;
	x->open = NULL;
	t->next = x->waiting;
	x->waiting = t;
	x->waiting_bytes += prepared_bytes(t->bytes).n;
	return x->waiting_bytes < PART_BYTES || apply_write_now(a, err);
}

/* All bytes that the transaction has in memory. */
static bool
write_txn(struct apply *a, struct xa_txn *t, struct err *err)
{
	struct slice left = prepared_bytes(t->bytes);

	while (left.n > 0) {
		const size_t n = left.n < PART_BYTES ? left.n : PART_BYTES;

		if (!FAULT("apply.prepared_put", err) ||
		    !a->c.ops->prepared_put(a->c.target, a->c.cp->group, t->xid, t->parts, left.p, n, err))
			return err_ctx(err, "keeping the rows of prepared transaction %s", t->xid);
		a->xa->put.transactions += t->parts == 0;
		a->xa->put.bytes += n;
		t->parts++;
		prepared_took(t->bytes, n);
		left = prepared_bytes(t->bytes);
	}
	return true;
}

bool
apply_xa_write(struct apply *a, struct err *err)
{
	struct apply_xa *x = a->xa;

	if (x->open != NULL && !write_txn(a, x->open, err))
		return false;
	while (x->waiting != NULL) {
		struct xa_txn *t = x->waiting;

		if (!write_txn(a, t, err))
			return false;
		x->waiting = t->next;
		txn_free(t);
	}
	x->waiting_bytes = 0;
	return true;
}

/* Out of the list; NULL: it is not in memory. */
static struct xa_txn *
take_waiting(struct apply_xa *x, const char *xid)
{
	for (struct xa_txn **p = &x->waiting; *p != NULL; p = &(*p)->next) {
		struct xa_txn *t = *p;

		if (strcmp(t->xid, xid) != 0)
			continue;
		*p = t->next;
		x->waiting_bytes -= prepared_bytes(t->bytes).n;
		return t;
	}
	return NULL;
}

static bool
drop_kept(struct apply *a, const char *xid, struct err *err)
{
	struct prepared_count gone = { 0 };

	if (!apply_begin(a, err) || !a->c.ops->prepared_drop(a->c.target, a->c.cp->group, xid, &gone, err))
		return false;
	a->xa->gone.transactions += gone.transactions;
	a->xa->gone.bytes += gone.bytes;
	return true;
}

/* ---- relations of rows that come back ---------------------------------------------------------------------------------------- */

static bool
same_relation(const struct relation *a, const struct relation *b)
{
	bool same = a->version == b->version && a->replica_identity == b->replica_identity && a->ncols == b->ncols &&
	    strcmp(a->schema, b->schema) == 0 && strcmp(a->name, b->name) == 0;

	for (uint16_t i = 0; same && i < a->ncols; i++)
		same = a->cols[i].oid == b->cols[i].oid && a->cols[i].typmod == b->cols[i].typmod && a->cols[i].identity == b->cols[i].identity &&
		    strcmp(a->cols[i].name, b->cols[i].name) == 0;
	return same;
}

/* The stream itself has brought an equal one: then rows of both go through one plan. */
static const struct relation *
relation_of_stream(const struct apply *a, const struct relation *rel)
{
	size_t iter = 0, n;
	const void *key;
	void *plan;

	while (map_next(a->plans, &iter, &key, &n, &plan))
		if (same_relation(((const struct plan *)plan)->rel, rel))
			return ((const struct plan *)plan)->rel;
	return NULL;
}

static const struct coltype *
copy_type(const struct coltype *from, struct arena *arena)
{
	const char **labels = arena_alloc(arena, (from->nlabels + 1u) * sizeof(*labels));
	struct coltype *t = arena_alloc(arena, sizeof(*t));

	if (t == NULL || labels == NULL)
		return NULL;
	*t = *from;
	t->labels = labels;
	t->name = arena_strdup(arena, from->name);
	for (uint16_t i = 0; i < from->nlabels; i++)
		if ((labels[i] = arena_strdup(arena, from->labels[i])) == NULL)
			return NULL;
	return t->name != NULL ? t : NULL;
}

/* It is the table's of today, or that of the changes before. */
static bool
is_known(const struct apply *a, const struct relation *rel, const struct table *t)
{
	const struct table_state *ts = a->by_table[t->index];

	return tables_relation_is_current(rel, t) || (ts != NULL && ts->shape != NULL && tables_relation_is_shape(rel, t, ts->shape));
}

static bool
copy_relation(const struct apply *a, struct xa_relation *r, const struct relation *from, const struct table *t)
{
	struct arena *arena = a->xa->relations_arena;
	struct relation_column *cols = arena_zalloc(arena, (from->ncols + 1u) * sizeof(*cols));

	r->rel = *from;
	r->rel.arena = NULL;
	r->rel.table = t;
	r->rel.cols = cols;
	r->rel.schema = t->source_schema;
	r->rel.name = t->source_name;
	if (cols == NULL)
		return false;
	for (uint16_t i = 0; i < from->ncols; i++) {
		cols[i] = from->cols[i];
		if ((cols[i].name = arena_strdup(arena, from->cols[i].name)) == NULL ||
		    (from->cols[i].type != NULL && (cols[i].type = copy_type(from->cols[i].type, arena)) == NULL))
			return false;
	}
	r->fits = is_known(a, &r->rel, t);
	return true;
}

static bool
take_relation(void *arg, const struct relation *as_written, const struct relation **ret, struct err *err)
{
	struct apply *a = arg;
	const struct table *t = tableset_by_source(a->c.tables, as_written->schema, as_written->name);
	struct xa_relation *r;

	if (t == NULL || (*ret = relation_of_stream(a, as_written)) != NULL)
		return true;	/* a table that has left the rules is left out */
	for (r = a->xa->relations; r != NULL; r = r->next)
		if (same_relation(&r->rel, as_written)) {
			*ret = &r->rel;
			return true;
		}
	if ((r = arena_zalloc(a->xa->relations_arena, sizeof(*r))) == NULL || !copy_relation(a, r, as_written, t))
		return err_set(err, ERR_SYSTEM, "out of memory");
	r->next = a->xa->relations;
	a->xa->relations = r;
	*ret = &r->rel;
	return true;
}

bool
apply_xa_fits(const struct apply *a, const struct relation *rel, struct err *err)
{
	for (const struct xa_relation *r = a->xa->relations; r != NULL; r = r->next) {
		if (&r->rel != rel || r->fits)
			continue;
		err_set(err, ERR_HOLE, "rows of table %s.%s that were prepared (XA) have other columns than the table has by now, and can't be told", rel->schema,
		    rel->name);
		err_remedy(err, "load the table again: repld ctl resync TASK %s.%s", rel->schema, rel->name);
		return err_table(err, rel->schema, rel->name);
	}
	return true;
}

/* ---- what takes effect ------------------------------------------------------------------------------------------------------------ */

/* Long transactions must not keep the run from its end. */
static bool
goes_on(struct apply *a, uint64_t row, struct err *err)
{
	if (row % BEAT_ROWS != 0)
		return true;
	board_beat(a->c.board, a->c.beat);
	a->xa->gave_up = apply_is_main(a) && atomic_load(&a->c.board->finish);
	return (!a->xa->gave_up && !stop_requested(a->c.stop)) || err_set(err, ERR_CANCELLED, "stopped");
}

static bool
give_memory_back(struct apply *a, struct err *err)
{
	if (batch_rows(a->batch) > 0 && arena_used(a->xa->rows) > ROWS_BYTES && !apply_write_part(a, err))
		return false;
	if (batch_rows(a->batch) == 0)
		arena_reset(a->xa->rows);
	return true;
}

/* The rows that are whole by now. */
static bool
apply_found(struct apply *a, struct prepared_reader *r, enum prepared_found *ret, uint64_t *rows, struct err *err)
{
	const struct change *c;

	do {
		if (!prepared_next(r, a->xa->rows, ret, &c, err))
			return false;
		if (*ret == PREPARED_ROW && (!goes_on(a, (*rows)++, err) || !apply_row(a, c, err) || !give_memory_back(a, err)))
			return false;
	} while (*ret == PREPARED_ROW);
	return true;
}

static bool
lacks_rows(const char *xid, uint32_t part, struct err *err)
{
	err_set(err, ERR_HOLE, "part %u of the rows of prepared transaction %s is not in repld.prepared: somebody has deleted it", part, xid);
	return err_remedy(err, "load the tables again: repld ctl restart TASK --reload");
}

/* Part by part from the target, then what is in memory. t: the transaction, as far as it is there; NULL: it is on the target. *ret_known false:
 * it is nowhere. */
static bool
read_back(struct apply *a, const char *xid, struct xa_txn *t, bool *ret_known, struct err *err)
{
	struct prepared_reader *r = prepared_reader_new((struct prepared_hooks){ take_relation, a }, err);
	enum prepared_found found = PREPARED_MORE;
	struct slice last = t != NULL ? prepared_bytes(t->bytes) : (struct slice){ 0 };
	bool ok = r != NULL, there = true;
	uint64_t rows = 0;

	*ret_known = true;
	for (uint32_t part = 0; ok && there && found == PREPARED_MORE && (t == NULL || part < t->parts); part++) {
		buf_reset(&a->xa->part);
		ok = apply_begin(a, err) && a->c.ops->prepared_get(a->c.target, a->c.cp->group, xid, part, &a->xa->part, &there, err);
		if (ok && !there && part == 0)
			*ret_known = false;
		else if (ok && !there)
			ok = lacks_rows(xid, part, err);
		ok = ok && (!there || (prepared_feed(r, a->xa->part.p, a->xa->part.n, err) && apply_found(a, r, &found, &rows, err)));
	}
	if (ok && t != NULL && found == PREPARED_MORE)
		ok = prepared_feed(r, last.p, last.n, err) && apply_found(a, r, &found, &rows, err);
	if (ok && *ret_known && found != PREPARED_END)
		ok = lacks_rows(xid, t != NULL ? t->parts : 0, err);
	prepared_reader_free(r);
	return ok;
}

/* Nothing of the ring is given back meanwhile: the change in hand is part of it. */
static bool
replay(struct apply *a, const struct change *c, const char *xid, struct xa_txn *t, bool *ret_known, struct err *err)
{
	bool ok;

	a->last = NULL;
	a->xa->reading = true;
	ok = FAULT("apply.prepared_get", err) && read_back(a, xid, t, ret_known, err);
	a->xa->reading = false;
	a->last = c;
	if (ok && *ret_known && (t == NULL || t->parts > 0))
		ok = drop_kept(a, xid, err);
	if (ok)
		return true;
	if (err->kind == ERR_PROTOCOL) {
		err->kind = ERR_HOLE;
		if (err->remedy[0] == '\0')
			err_remedy(err, "load the tables again: repld ctl restart TASK --reload");
	}
	if (err->position[0] == '\0')
		err_position(err, "%s", position_text(&c->u.commit.position, (char[POSITION_TEXT]){ 0 }));
	return err->kind != ERR_CANCELLED ? err_ctx(err, "XA transaction %s", xid) : false;
}

bool
apply_xa_one_phase(struct apply *a, const struct change *c, struct err *err)
{
	struct xa_txn *t = a->xa->open;
	bool known, ok = prepared_end(t->bytes, err);

	a->xa->open = NULL;
	ok = ok && replay(a, c, t->xid, t, &known, err);
	txn_free(t);
	return ok;
}

static bool
unknown(const struct change *c, const char *xid, struct err *err)
{
	err_set(err, ERR_HOLE, "XA COMMIT of transaction %s, whose XA PREPARE lies before what was read: its rows are not known", xid);
	err_position(err, "%s", position_text(&c->u.commit.position, (char[POSITION_TEXT]){ 0 }));
	return err_remedy(err, "load the tables again: repld ctl restart TASK --reload; where it changed none of them: repld ctl restart TASK --from %s",
	    position_text(&c->u.commit.position, (char[POSITION_TEXT]){ 0 }));
}

bool
apply_xa_commit(struct apply *a, const struct change *c, struct err *err)
{
	const struct position *end = &c->u.commit.position;
	char xid[PREPARED_XID];
	struct xa_txn *t;
	bool known = true, ok;

	prepared_xid_text(c, xid);
	a->in_txn = true;
	/* A snapshot has its rows where it lies behind the XA COMMIT. */
	a->mark = (struct txn_mark){ .kind = end->kind, .lsn = { end->lsn.v - 1 }, .log = end->log };
	if (atomic_load_explicit(&a->c.board->oldest_pending, memory_order_relaxed) == 0)
		apply_say_oldest(a, c->u.commit.commit_time);
	t = take_waiting(a->xa, xid);
	ok = replay(a, c, xid, t, &known, err);
	txn_free(t);
	return ok && (known || unknown(c, xid, err));
}

bool
apply_xa_rollback(struct apply *a, const struct change *c, struct err *err)
{
	char xid[PREPARED_XID];
	struct xa_txn *t;

	prepared_xid_text(c, xid);
	if ((t = take_waiting(a->xa, xid)) == NULL)
		return drop_kept(a, xid, err);
	txn_free(t);
	return true;
}
