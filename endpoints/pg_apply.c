/* pg_apply.c - a batch's steps as a pipeline of prepared statements and COPY.
 * Flow: begin() -> write(): each step is cut into executions of at most 1000 rows or 4 MB, sent
 * without waiting; answers are taken as they come -> commit() (pg_commit.c) waits for all that
 * count before COMMIT is sent, so a row that was not there never commits.
 * Invariant: after a failure nothing more is sent until rollback(). A plan's cache (struct pg_plan)
 * belongs to one connection: one made by another is emptied at its first use.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cdc/pg_type.h"
#include "daemon/base/arena.h"
#include "daemon/base/map.h"

#define MANY_ROWS   1000 /* of one execution */
#define MANY_BYTES  (4u << 20)
#define MANY_LEAST  8 /* fewer go one by one: an unnest costs more than a few single statements */
#define BIG_ROW	    (256u * 1024) /* goes alone; an insert goes by COPY, in pieces */
#define SHAPES_MOST 256 /* statements kept for a plan */
#define KEEP_BYTES  (1u << 20) /* of a parameter's buffer, from one write() to the next */
#define COPY_ROWS   64 /* least for a COPY on a local server */
#define MESSAGE_MOST (0x3fffff00u) /* bytes; the server's limit is 1 GB */

struct pg_plan {
	struct target *t; /* whose server knows the statements; NULL: none any more */
	struct pg_plan *prev, *next;
	struct plan *plan;
	struct map *by_shape; /* struct pg_statement */
	uint8_t *forms; /* last seen, per column */
	char **equals; /* per column, schema of the key's equality operator; NULL: pg_catalog */
	/* referential actions of the target may have deleted a row, or moved its key, before the
	 * change that says so comes */
	bool may_be_gone, may_be_moved;
	bool acted_upon; /* a trigger or foreign key would act on a delete */
	bool identity_always; /* a column beside the key can't be updated */
	uint32_t park; /* number of the table of parked rows */
	bool parked; /* that table is there */
	uint64_t park_txn; /* made in this transaction */
	char *copy[2]; /* COPY in text, in binary */
};

/* ---- plans ---- */

static void
free_statement(void *st)
{
	pg_statement_free(st);
}

/* A server-side name that nobody will use again; dropped at the next BEGIN. Losing one for want of
 * memory costs the server a little. */
static void
queue_drop(uint32_t **ids, size_t *n, size_t *cap, uint32_t id)
{
	struct err ignored = ERR_INIT;

	if (mem_grow(ids, cap, *n + 1, sizeof(**ids), &ignored))
		(*ids)[(*n)++] = id;
}

static void
plan_detach(struct pg_plan *pp)
{
	struct target *t = pp->t;

	if (t == NULL)
		return;
	if (pp->prev != NULL)
		pp->prev->next = pp->next;
	else
		t->plans = pp->next;
	if (pp->next != NULL)
		pp->next->prev = pp->prev;
	pp->t = NULL;
}

static void
queue_statements(struct pg_plan *pp, struct target *t)
{
	size_t iter = 0, n;
	const void *key;
	void *value;

	while (map_next(pp->by_shape, &iter, &key, &n, &value)) {
		const struct pg_statement *st = value;

		if (st->prepared)
			queue_drop(&t->drop_statements, &t->ndrop_statements,
			    &t->cap_drop_statements, st->id);
	}
}

static void
pg_plan_free(struct pg_plan *pp)
{
	if (pp == NULL)
		return;
	map_free(pp->by_shape, free_statement);
	for (uint16_t i = 0; pp->equals != NULL && i < pp->plan->ncols; i++)
		free(pp->equals[i]);
	free(pp->equals);
	free(pp->forms);
	free(pp->copy[0]);
	free(pp->copy[1]);
	free(pp);
}

void
pg_target_forget(struct target *t, struct plan *plan)
{
	struct pg_plan *pp = plan->statements;

	if (pp == NULL)
		return;
	for (size_t i = 0; t != NULL && i < t->count; i++) {
		struct pg_sent *s = &t->sent[(t->head + i) & (t->cap - 1)];

		if (s->plan == plan) {
			if (s->st != NULL)
				s->st->prepared = false;
			s->st = NULL;
			s->plan = NULL;
		}
	}
	if (t != NULL && pp->t == t) {
		queue_statements(pp, t);
		if (pp->parked)
			queue_drop(&t->drop_parks, &t->ndrop_parks, &t->cap_drop_parks, pp->park);
	}
	plan_detach(pp);
	pg_plan_free(pp);
	plan->statements = NULL;
}

/* A key of a type outside the list may have its equality in another schema (citext): the unique
 * index knows it. */
static const char equals_sql[] =
    "SELECT a.attname, n.nspname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[], "
    "i.indclass::oid[]) k(attnum, opclass)"
    " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum JOIN pg_opclass c ON "
    "c.oid = k.opclass"
    " JOIN pg_amop o ON o.amopfamily = c.opcfamily AND o.amoplefttype = c.opcintype"
    " AND o.amoprighttype = c.opcintype AND o.amopstrategy = 3 JOIN pg_operator p ON p.oid = "
    "o.amopopr"
    " JOIN pg_namespace n ON n.oid = p.oprnamespace"
    " WHERE i.indrelid = $1::oid AND i.indisunique AND n.nspname <> 'pg_catalog'";

static bool
foreign_key_type(const struct plan *plan)
{
	for (uint16_t i = 0; i < plan->nkey + plan->nhint; i++) {
		const uint16_t col = i < plan->nkey ? plan->key[i] : plan->hint[i - plan->nkey];
		const struct coltype *type = plan->cols[col].target_type;

		if (type->wire != WIRE_LABEL && pg_type_cast_name(type->base_oid) == NULL)
			return true;
	}
	return false;
}

static bool
read_equals(struct target *t, struct pg_plan *pp, struct err *err)
{
	char oid[NUMBER_TEXT];
	const char *params[] = { number_text(pp->plan->target->oid, oid) };
	PGresult *res;
	bool ok = true;

	if ((pp->equals = mem_zalloc((size_t)pp->plan->ncols * sizeof(*pp->equals), err)) == NULL ||
	    (res = pg_query(t->c, err, equals_sql, 1, params)) == NULL)
		return false;
	for (int r = 0; ok && r < PQntuples(res); r++)
		for (uint16_t i = 0; ok && i < pp->plan->ncols; i++)
			if (pp->equals[i] == NULL &&
			    strcmp(pp->plan->cols[i].name, PQgetvalue(res, r, 0)) == 0)
				ok = (pp->equals[i] = mem_strdup(PQgetvalue(res, r, 1), err)) !=
				     NULL;
	PQclear(res);
	return ok;
}

static const char actions_sql[] =
    "SELECT bool_or(confdeltype = 'c'), bool_or(confupdtype IN ('c', 'n', 'd') OR confdeltype IN "
    "('n', 'd')), EXISTS (SELECT FROM pg_trigger g LEFT JOIN pg_constraint c ON c.oid = "
    "g.tgconstraint WHERE g.tgrelid = $1::oid AND g.tgenabled <> 'D' AND (c.contype IS NULL OR "
    "c.contype NOT IN ('u', 'p', 'x'))) FROM pg_constraint WHERE conrelid = $1::oid AND contype = "
    "'f'";

static bool
read_actions(struct target *t, struct pg_plan *pp, struct err *err)
{
	char oid[NUMBER_TEXT];
	const char *params[] = { number_text(pp->plan->target->oid, oid) };
	PGresult *res = pg_query(t->c, err, actions_sql, 1, params);

	if (res == NULL)
		return false;
	pp->may_be_gone = PQgetvalue(res, 0, 0)[0] == 't';
	pp->may_be_moved = PQgetvalue(res, 0, 1)[0] == 't';
	pp->acted_upon = PQgetvalue(res, 0, 2)[0] == 't';
	for (uint16_t i = 0; i < pp->plan->ncols; i++)
		pp->identity_always |=
		    !pp->plan->cols[i].key &&
		    pp->plan->target->cols[pp->plan->cols[i].target].identity == 'a';
	PQclear(res);
	return true;
}

/* What has to be asked before the first statement of a plan is made. */
static bool
plan_ask(struct target *t, struct pg_plan *pp, struct err *err)
{
	const bool equals = foreign_key_type(pp->plan);

	if (!equals && !t->origin_role && !t->fire_triggers)
		return true;
	return pg_pipe_drain(t, err) && target_plain(t, err) &&
	       target_check_role(t, pp->plan, err) && (!equals || read_equals(t, pp, err)) &&
	       (!t->fire_triggers || read_actions(t, pp, err));
}

static struct pg_plan *
plan_cache(struct target *t, const struct plan *const_plan, struct err *err)
{
	struct plan *plan = (struct plan *)(uintptr_t)const_plan;
	struct pg_plan *pp = plan->statements;

	if (pp != NULL && pp->t == t)
		return pp;
	pg_target_forget(NULL, plan);
	if ((pp = mem_zalloc(sizeof(*pp), err)) == NULL)
		return NULL;
	pp->plan = plan;
	if ((pp->forms = mem_zalloc((size_t)plan->ncols + 1, err)) == NULL ||
	    (pp->by_shape = map_new()) == NULL || !plan_ask(t, pp, err)) {
		if (err->kind == ERR_NONE)
			err_set(err, ERR_SYSTEM, "no memory for a plan's statements");
		pg_plan_free(pp);
		return NULL;
	}
	pp->t = t;
	pp->park = ++t->last_id;
	if ((pp->next = t->plans) != NULL)
		pp->next->prev = pp;
	t->plans = pp;
	plan->statements = pp;
	return pp;
}

/* ---- steps ---- */

struct writing { /* of rows of one plan, by one verb */
	struct target *t;
	struct pg_plan *pp;
	const struct plan *plan;
	enum pg_verb verb;
	const char *what;
	const uint64_t *colset;
	struct row *const *rows;
	const uint32_t *numbers;
	size_t n;
	uint64_t ordinal; /* of the first row */
	bool counted; /* the number of rows touched matters */
};

/* A wide table whose absent columns vary without end: its statements are made anew rather than kept
 * by the thousand on the server. */
static bool
bound_shapes(struct target *t, struct pg_plan *pp, struct err *err)
{
	struct map *fresh;

	if (map_count(pp->by_shape) < SHAPES_MOST)
		return true;
	if (!pg_pipe_drain(t, err))
		return false;
	if ((fresh = map_new()) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a plan's statements");
	queue_statements(pp, t);
	map_free(pp->by_shape, free_statement);
	pp->by_shape = fresh;
	return true;
}

static struct pg_statement *
statement_for(struct writing *w, const struct pg_shape *s, struct err *err)
{
	struct target *t = w->t;
	struct pg_statement *st = map_get(w->pp->by_shape, s, pg_shape_size(s));
	char name[16];

	if (st == NULL) {
		if (!bound_shapes(t, w->pp, err))
			return NULL;
		st = pg_statement_new(
		    w->plan, s, ++t->last_id, w->pp->park, (const char *const *)w->pp->equals, err);
		if (st == NULL || !map_put(w->pp->by_shape, s, pg_shape_size(s), st, err)) {
			pg_statement_free(st);
			return NULL;
		}
	}
	if (st->prepared)
		return st;
	snprintf(name, sizeof(name), "r%u", st->id);
	st->prepared = true;
	if (!pg_pipe_prepare(t, name, st->sql,
		(struct pg_sent){
		    .st = st, .plan = w->plan, .what = w->what, .ordinal = w->ordinal },
		err))
		return NULL;
	return st;
}

/* The server would end the session, and say no more than that the message is not valid. */
static bool
row_too_large(const struct writing *w, size_t bytes, struct err *err)
{
	err_set(err, ERR_LIMIT,
	    "a row of %zu bytes to %s: a PostgreSQL server takes at most 1 GB in one message",
	    bytes, w->what);
	return err_table(err, w->plan->target->schema, w->plan->target->name);
}

static bool
execute(struct writing *w, struct pg_statement *st, size_t first, size_t n, struct err *err)
{
	struct target *t = w->t;
	struct pg_params *ps = &t->params;
	char name[16];

	if (!pg_params_set(ps, st, w->plan, w->rows + first,
		w->numbers != NULL ? w->numbers + first : NULL, n, err))
		return false;
	snprintf(name, sizeof(name), "r%u", st->id);
	if (ps->bytes > MESSAGE_MOST)
		return row_too_large(w, ps->bytes, err);
	if (!PQsendQueryPrepared(
		t->c->pg, name, st->nparams, ps->values, ps->lengths, ps->formats, 0))
		return pg_err_conn(t->c, "send a statement", err);
	return pg_pipe_sent(t,
	    (struct pg_sent){ .kind = SENT_WRITE,
		.st = st,
		.plan = w->plan,
		.what = w->what,
		.rows = (uint32_t)n,
		.counted = w->counted,
		.may_be_gone = w->verb == PG_VERB_DELETE && w->pp->may_be_gone,
		.in_place = w->verb == PG_VERB_UPDATE && w->pp->acted_upon &&
			    w->pp->identity_always,
		.ordinal = w->ordinal + first },
	    ps->bytes, err);
}

/* Takes rows from `first` on that one execution can carry: of equal forms, not too many, not too
 * big. */
static bool
gather(struct writing *w, size_t first, struct pg_shape *s, size_t *ret_n, struct err *err)
{
	size_t bytes = 0, n = 0;

	pg_shape_start(s, w->verb, w->plan);
	s->either = w->pp->may_be_moved;
	s->in_place = w->pp->acted_upon;
	while (first + n < w->n && n < MANY_ROWS && bytes < MANY_BYTES) {
		size_t more;
		bool fits;

		if (!pg_shape_add(s, w->plan, w->colset, w->rows[first + n], &fits, &more, err))
			return false;
		if (n > 0 && (!fits || more >= BIG_ROW))
			break;
		n++;
		bytes += more;
		if (more >= BIG_ROW)
			break;
	}
	*ret_n = n;
	return true;
}

/* Its delete and insert would fire as such, and take the rows with it that refer to the row. */
static bool
refuse_replace(const struct plan *plan, struct err *err)
{
	err_set(err, ERR_SCHEMA, "%s", PG_IDENTITY_FIXED);
	err_remedy(err, PG_IDENTITY_REMEDY);
	return err_table(err, plan->target->schema, plan->target->name);
}

static bool
write_rows(struct writing *w, struct err *err)
{
	struct pg_shape s;

	if (w->verb != PG_VERB_INSERT && w->plan->nkey == 0 && !w->plan->keyless) {
		err_set(err, ERR_SCHEMA, "%s.%s, %s: the table has no replica identity",
		    w->plan->target->schema, w->plan->target->name, w->what);
		return err_table(err, w->plan->target->schema, w->plan->target->name);
	}
	if (!pg_pipe_begin(w->t, err))
		return false;
	for (size_t first = 0, n; first < w->n; first += n) {
		struct pg_statement *st;
		size_t step;

		if (!gather(w, first, &s, &n, err))
			return false;
		s.many = pg_shape_finish(&s, w->plan, w->pp->forms) && n >= MANY_LEAST;
		if (s.verb == PG_VERB_REPLACE && s.in_place)
			return refuse_replace(w->plan, err);
		if ((st = statement_for(w, &s, err)) == NULL)
			return false;
		step = s.many ? n : 1;
		for (size_t i = 0; i < n; i += step)
			if (!execute(w, st, first + i, step, err))
				return false;
	}
	return true;
}

/* ---- inserts by COPY ---- */

static bool
has_big_row(const struct writing *w)
{
	for (size_t r = 0; r < w->n; r++) {
		size_t bytes = 0;

		for (uint16_t i = 0; i < w->plan->ncols; i++) {
			const struct value *v = &w->rows[r]->vals[w->plan->cols[i].src];

			bytes += v->kind > VALUE_NULL ? v->len : 0;
		}
		if (bytes >= BIG_ROW)
			return true;
	}
	return false;
}

static enum pg_copy_kind
copy_kind(const struct writing *w)
{
	unsigned kinds = 1u << PG_COPY_TEXT | 1u << PG_COPY_BINARY;

	if (w->n < w->t->copy_min && !has_big_row(w))
		return PG_COPY_NONE;
	for (size_t r = 0; r < w->n && kinds != 0; r++)
		pg_copy_can(w->plan, w->rows[r]->vals, &kinds);
	return kinds & (1u << PG_COPY_BINARY) ? PG_COPY_BINARY
	       : kinds != 0		      ? PG_COPY_TEXT
					      : PG_COPY_NONE;
}

static const char *
copy_sql(struct pg_plan *pp, bool binary, struct err *err)
{
	struct buf sql = { 0 };

	if (pp->copy[binary] == NULL) {
		pg_copy_sql(&sql, pp->plan, binary);
		pp->copy[binary] = mem_strdup(buf_cstr(&sql), err);
		buf_done(&sql);
	}
	return pp->copy[binary];
}

/* BEGIN, where it is not sent yet, travels with COPY: a round trip less. */
static bool
copy_start(struct writing *w, bool binary, struct err *err)
{
	struct target *t = w->t;
	const char *sql = copy_sql(w->pp, binary, err);
	struct buf both = { 0 };
	bool ok;

	if (sql == NULL || !pg_pipe_drain(t, err) || !target_plain(t, err))
		return false;
	if (t->open)
		return target_copy_begin(t, sql, err);
	buf_printf(&both, "%s; %s%s", PG_BEGIN_SQL, t->fire_triggers ? PG_DEFER_SQL "; " : "", sql);
	t->open = true;
	ok = target_copy_begin(t, buf_cstr(&both), err);
	buf_done(&both);
	return ok;
}

static bool
copy_rows(struct writing *w, bool binary, struct err *err)
{
	struct target *t = w->t;
	struct pg_copy *copy = &t->load.copy;

	if (!copy_start(w, binary, err))
		return false;
	pg_copy_start(copy, w->plan, binary);
	for (size_t r = 0; r < w->n; r++)
		if (!pg_copy_row(copy, w->rows[r]->vals, err))
			return target_copy_end(t, 0, "given up", err);
	if (!pg_copy_finish(copy, err))
		return target_copy_end(t, 0, "given up", err);
	return target_copy_end(t, w->n, NULL, err);
}

static bool
insert_rows(struct writing *w, struct err *err)
{
	const enum pg_copy_kind kind = copy_kind(w);

	/* Nothing but a trigger or rule can keep a row out in silence. */
	w->counted = w->plan->target->triggers != NULL && w->plan->target->triggers[0] != NULL;
	if (kind == PG_COPY_NONE)
		return write_rows(w, err);
	if (copy_rows(w, kind == PG_COPY_BINARY, err))
		return true;
	pg_pipe_fail(w->t,
	    &(struct pg_sent){
		.plan = w->plan, .what = w->what, .rows = (uint32_t)w->n, .ordinal = w->ordinal },
	    err);
	*err = w->t->failure;
	return false;
}

/* ---- the kinds of step ---- */

static bool
make_park(struct target *t, struct pg_plan *pp, struct err *err)
{
	struct buf create = { 0 }, key = { 0 };
	const struct pg_sent plain = { .kind = SENT_PLAIN };
	bool ok;

	if (pp->parked)
		return true;
	pp->parked = true;
	pp->park_txn = t->txn;
	pg_park_ddl(&create, &key, pp->plan, pp->park);
	ok = pg_pipe_plain(t, buf_cstr(&create), plain, err) &&
	     pg_pipe_plain(t, buf_cstr(&key), plain, err);
	buf_done(&create);
	buf_done(&key);
	return ok;
}

/* The rows of those leaves of a partitioned source table that were truncated. */
static bool
truncate_leaves(struct target *t, const struct truncation *tr, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	buf_str(&sql, "DELETE FROM ");
	pg_ident2(&sql, tr->plan->target->schema, tr->plan->target->name);
	buf_printf(&sql, " WHERE (%s)", tr->where);
	ok = pg_pipe_plain(t, buf_cstr(&sql),
	    (struct pg_sent){ .kind = SENT_WRITE, .plan = tr->plan, .what = "truncate" }, err);
	buf_done(&sql);
	return ok;
}

/* Whole tables go in one statement, as foreign keys between them ask for. */
static bool
write_truncate(struct target *t, const struct step *step, struct err *err)
{
	const struct plan *first = NULL;
	struct buf sql = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < step->ntruncate; i++) {
		const struct truncation *tr = &step->truncate[i];

		if (tr->where != NULL) {
			ok = truncate_leaves(t, tr, err);
			continue;
		}
		buf_str(&sql, first == NULL ? "TRUNCATE " : ", ");
		buf_str(&sql, tr->plan->target->kind == 'r' ? "ONLY " : "");
		pg_ident2(&sql, tr->plan->target->schema, tr->plan->target->name);
		first = first == NULL ? tr->plan : first;
	}
	if (ok && first != NULL) {
		buf_str(&sql, step->restart_identity ? " RESTART IDENTITY" : "");
		ok = pg_pipe_plain(t, buf_cstr(&sql),
		    (struct pg_sent){ .kind = SENT_WRITE, .plan = first, .what = "truncate" }, err);
	}
	buf_done(&sql);
	return ok;
}

static bool
write_ordered(struct writing *w, struct row **rows, size_t n, bool runs, struct err *err)
{
	const uint64_t ordinal = w->ordinal;

	for (size_t i = 0; i < n; i += w->n) {
		const uint8_t op = rows[i]->op;

		w->rows = rows + i;
		w->n = 1;
		w->ordinal = ordinal + i;
		w->verb = op == CHANGE_INSERT	? PG_VERB_INSERT
			  : op == CHANGE_UPDATE ? PG_VERB_UPDATE
						: PG_VERB_DELETE;
		w->what = op == CHANGE_INSERT	? "insert"
			  : op == CHANGE_UPDATE ? "update"
						: "delete";
		w->counted = true;
		if (op == CHANGE_INSERT)
			while (runs && i + w->n < n && rows[i + w->n]->op == CHANGE_INSERT)
				w->n++;
		if (!(op == CHANGE_INSERT ? insert_rows(w, err) : write_rows(w, err)))
			return false;
	}
	return true;
}

static bool
write_step(struct target *t, const struct step *step, enum batch_mode mode, uint64_t ordinal,
    struct err *err)
{
	struct writing w = { .t = t,
		.plan = step->plan,
		.colset = step->colset,
		.rows = step->rows,
		.numbers = step->park,
		.n = step->n,
		.ordinal = ordinal,
		.counted = true };

	if (step->kind == STEP_TRUNCATE)
		return pg_pipe_begin(t, err) && write_truncate(t, step, err);
	if ((w.pp = plan_cache(t, step->plan, err)) == NULL)
		return false;
	switch (step->kind) {
	case STEP_DELETE:
		w.verb = PG_VERB_DELETE;
		w.what = "delete";
		break;
	case STEP_UPDATE:
		w.verb = PG_VERB_UPDATE;
		w.what = "update";
		break;
	case STEP_UNPARK:
		w.verb = PG_VERB_UNPARK;
		w.what = "move back";
		break;
	case STEP_INSERT:
		w.verb = PG_VERB_INSERT;
		w.what = "insert";
		return insert_rows(&w, err);
	case STEP_ORDERED:
		w.numbers = NULL;
		return write_ordered(&w, step->rows, step->n, mode != BATCH_SINGLE, err);
	case STEP_PARK:
		w.verb = PG_VERB_PARK;
		w.what = "move";
		if (!pg_pipe_begin(t, err) || !make_park(t, w.pp, err))
			return false;
		break;
	case STEP_TRUNCATE: break;
	}
	return write_rows(&w, err);
}

bool
pg_target_begin(struct target *t, struct err *err)
{
	assert(!t->open && !t->failed);
	t->txn++;
	if (PQstatus(t->c->pg) != CONNECTION_OK)
		return pg_err_conn(t->c, "begin", err);
	t->commit_sent = t->commit_refused = false;
	return true;
}

bool
pg_target_write(
    struct target *t, const struct step *steps, size_t n, enum batch_mode mode, struct err *err)
{
	uint64_t ordinal = 0;
	bool ok = true;

	if (pg_pipe_failed(t, err))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		ok = write_step(t, &steps[i], mode, ordinal, err);
		ordinal += steps[i].n;
	}
	pg_params_trim(&t->params, KEEP_BYTES);
	if (ok && mode == BATCH_SINGLE)
		ok = pg_pipe_drain(t, err);
	if (!ok && !t->failed) {
		t->failed = true;
		t->failure = *err;
	}
	return ok;
}

/* ---- the end of a transaction ---- */

void
pg_apply_committed(struct target *t)
{
	t->open = false;
}

/* What the transaction made is gone with it. */
static void
forget_parks(struct target *t)
{
	for (struct pg_plan *pp = t->plans; pp != NULL; pp = pp->next)
		if (pp->parked && pp->park_txn == t->txn)
			pp->parked = false;
}

bool
pg_target_rollback(struct target *t, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (!pg_pipe_drain(t, &ignored) && t->count > 0) {
		*err = ignored;
		return false;
	}
	t->failed = false;
	t->open = false;
	forget_parks(t);
	if (PQstatus(t->c->pg) != CONNECTION_OK)
		return pg_err_conn(t->c, "roll back", err);
	if (!target_plain(t, err))
		return false;
	return PQtransactionStatus(t->c->pg) == PQTRANS_IDLE || pg_exec(t->c, err, "ROLLBACK");
}

/* The best of three round trips says from how many rows on a COPY, which takes three, is cheaper
 * than arrays. */
bool
pg_apply_open(struct target *t, struct err *err)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 3; i++) {
		const struct usec start = clock_mono();
		PGresult *res = pg_query(t->c, err, "SELECT 1", 0, NULL);

		if (res == NULL)
			return false;
		PQclear(res);
		if (usec_since(start) < best)
			best = usec_since(start);
	}
	t->copy_min = best < COPY_ROWS ? COPY_ROWS : best > 100000 ? 100000 : (size_t)best;
	return true;
}

void
pg_apply_close(struct target *t)
{
	while (t->plans != NULL)
		plan_detach(t->plans);
	free(t->sent);
	free(t->drop_statements);
	free(t->drop_parks);
	pg_params_done(&t->params);
}
