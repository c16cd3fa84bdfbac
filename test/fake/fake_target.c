/* fake_target.c - the target of the fake world: tables, the checkpoint row, tables' states,
 * sessions and the task's lock; see fake.h.
 * A transaction works on copies of the tables that it touches (fake_steps.c) and swaps them in at
 * its COMMIT.
 * A lost COMMIT may have happened, may not have, or may still be on its way: then it happens when
 * the session is ended by the next owner, before the checkpoint row's lock is granted. */
#include "fake_intern.h"
#include "staging/ranges.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLINK 20000 /* usec between looks at a stop flag */

static bool
enter(struct target *t, const char *where, struct err *err)
{
	mutex_lock(&fake.lock);
	if (!t->lost && !fake.dead) {
		if (!fake_fails(where, err))
			return true;
		t->lost = strncmp(err->sqlstate, "08", 2) == 0;
	} else {
		fake_lost(err);
	}
	mutex_unlock(&fake.lock);
	return false;
}

static bool
leave(bool ok)
{
	mutex_unlock(&fake.lock);
	return ok;
}

/* ---- what the player does ---- */

void
fake_target_create(int table, const struct fake_def *def)
{
	fake.t.tables[table].def = def;
}

void
fake_target_kill(void)
{
	for (struct target *t = fake.t.sessions; t != NULL; t = t->next)
		t->lost = true;
	fake.t.owner = NULL;
	cond_broadcast(&fake.moved);
}

void
fake_target_flush(void)
{
	fake.t.durable = fake.t.token;
	for (uint32_t i = 0; i < FAKE_GROUPS; i++)
		fake.t.durable_position[i] = fake_row_of(i)->position;
}

/* ---- sessions ---- */

static struct target *
target_open(const struct target_params *p, struct err *err)
{
	struct target *t = xzalloc(sizeof(*t));

	t->stop = p->stop;
	if (!enter(t, "target", err)) {
		free(t);
		return NULL;
	}
	t->next = fake.t.sessions;
	fake.t.sessions = t;
	leave(true);
	return t;
}

static void
target_close(struct target *t)
{
	struct target **p = &fake.t.sessions;

	if (t == NULL)
		return;
	mutex_lock(&fake.lock);
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	if (fake.t.owner == t)
		fake.t.owner = NULL;
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
	free(t->parked);
	table_states_done(&t->work.states);
	free(t);
}

static bool
target_identify(struct target *t, char ret_version[64], struct err *err)
{
	(void)t, (void)err;
	snprintf(ret_version, 64, "fake");
	return true;
}

/* Waits while the player blocks the target. Under the lock. */
static bool
wait_unblocked(struct target *t, struct err *err)
{
	bool ok = true;

	fake.t.waiting++;
	while (ok && fake.t.blocked) {
		cond_wait(&fake.moved, &fake.lock, BLINK);
		if (t->lost || fake.dead)
			ok = fake_lost(err);
		else if (stop_requested(t->stop))
			ok = err_set(err, ERR_CANCELLED, "stopped");
	}
	fake.t.waiting--;
	return ok;
}

/* ---- ownership and checkpoint ---- */

static bool
target_own(struct target *t, struct owner *ret_other, struct err *err)
{
	bool got;

	if (!enter(t, "own", err))
		return false;
	got = !fake.t.owned_by_other && (fake.t.owner == NULL || fake.t.owner == t);
	if (got)
		fake.t.owner = t;
	else
		snprintf(ret_other->host, sizeof(ret_other->host), "elsewhere");
	return leave(got);
}

static bool
target_ping(struct target *t, struct err *err)
{
	return enter(t, "ping", err) && leave(true);
}

static bool
target_install(struct target *t, struct err *err)
{
	if (!enter(t, "install", err))
		return false;
	fake.t.installed = true;
	return leave(true);
}

static char *
copy_text(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static void
copy_state(struct table_state *to, const struct table_state *from)
{
	free(to->source_schema);
	free(to->source_name);
	free(to->target_schema);
	free(to->target_name);
	free(to->shape);
	free(to->filenodes);
	free(to->facts);
	free(to->made);
	free(to->error);
	free(to->fingerprint);
	free(to->ranges);
	*to = *from;
	to->source_schema = copy_text(from->source_schema);
	to->source_name = copy_text(from->source_name);
	to->target_schema = copy_text(from->target_schema);
	to->target_name = copy_text(from->target_name);
	to->shape = copy_text(from->shape);
	to->filenodes = copy_text(from->filenodes);
	to->facts = copy_text(from->facts);
	to->made = copy_text(from->made);
	to->error = copy_text(from->error);
	to->fingerprint = copy_text(from->fingerprint);
	to->ranges = copy_text(from->ranges);
}

static void
put_state(struct table_states *states, const struct table_state *ts)
{
	struct err err = ERR_INIT;
	struct table_state *row = table_states_find(states, ts->source_schema, ts->source_name);

	if (row == NULL && (row = table_states_add(states, &err)) == NULL)
		abort();
	copy_state(row, ts);
}

/* ---- what a commit leaves, and whether it keeps the promise ---- */

static uint64_t
seen_by(const struct table_state *ts, uint64_t position)
{
	return ts->snapshot.kind != POSITION_NONE && ts->snapshot.lsn.v > position
		   ? ts->snapshot.lsn.v
		   : position;
}

/* The ranges of a load that has been resumed; NULL: the table is of one snapshot. */
static struct ranges *
ranges_of(const struct table_state *ts, const struct fake_target_table *ft)
{
	struct err err = ERR_INIT;
	struct ranges *r;

	if (ts->ranges == NULL)
		return NULL;
	if ((r = ranges_parse(ts->ranges, &err)) == NULL)
		abort();
	for (uint32_t i = 0; i < ft->nledger; i++)
		if (ft->ledger[i].attempt == ts->attempt)
			ranges_read_at(r, ft->ledger[i].chunk, &ft->ledger[i].snapshot);
	return r;
}

static void
add_range(struct fake_rows *to, const struct fake_rows *from, const struct ranges *r, size_t range)
{
	for (size_t i = 0; i < from->n; i++) {
		const char *key = from->row[i]->v[0];
		const struct value v = { VALUE_TEXT, (uint32_t)strlen(key), (const uint8_t *)key };
		size_t at;

		if (ranges_find(r, &v, &at) && at == range)
			fake_rows_add(to, from->row[i]);
	}
}

/* What the table must hold where its state says that it streams, or catches up. */
static void
expected_rows(int n, const struct table_state *ts, uint64_t position, struct fake_rows *ret)
{
	struct ranges *r = ranges_of(ts, &fake.t.tables[n]);

	if (r == NULL) {
		fake_rows_copy(ret, fake_source_at(n, seen_by(ts, position)));
		return;
	}
	*ret = (struct fake_rows){ .n = 0 };
	for (size_t i = 0; i < ranges_count(r); i++) {
		const struct snapshot_pos *s = ranges_snapshot(r, i);
		const uint64_t at = s->lsn.v > position ? s->lsn.v : position;

		add_range(ret, fake_source_at(n, at), r, i);
	}
	ranges_free(r);
}

/* Each table is as the source was at the checkpoint, or at its snapshot where that is ahead; a
 * table loaded by ranges in each of them. */
static void
check_promise(void)
{
	char text[POSITION_TEXT];
	struct position at;

	for (size_t i = 0; !fake.unwatched && i < fake.t.states.n; i++) {
		const struct table_state *ts = &fake.t.states.rows[i];
		int n = fake_table(ts->source_name);
		struct fake_rows want;

		if (n < 0 || (ts->phase != TABLE_STREAMING && ts->phase != TABLE_CATCH_UP))
			continue;
		at = fake_row_of(ts->load_group)->position;
		expected_rows(n, ts, at.lsn.v, &want);
		if (!fake_rows_equal(&fake.t.tables[n].rows, &want))
			fake_broken("at the commit of %s table %s differs from the source as it "
				    "was there (%zu rows)",
			    position_text(&at, text), ts->source_name, fake.t.tables[n].rows.n);
	}
}

/* A checkpoint's GTIDs are those that were executed on the source at its place, no more and no fewer. */
static void
check_gtids(const struct position *p)
{
	const char *want = fake_log_gtids(p->lsn.v);
	char text[POSITION_TEXT];

	if (!fake_same(want, p->gtids))
		fake_broken("the checkpoint at %s has the GTIDs %s, the source %s there", position_text(p, text), p->gtids != NULL ? p->gtids : "(none)",
		    want != NULL ? want : "(none)");
}

/* As a row of the target holds it: nothing of it is the caller's. */
static struct position
kept_position(const struct position *p)
{
	char text[POSITION_TEXT];
	struct err err = ERR_INIT;
	struct position kept;

	if (p->kind != POSITION_BINLOG)
		return *p;
	if (!position_parse(position_stored(p, text), &kept, &err))
		fake_broken("a position can't be stored: %s", err.msg);
	if (p->gtids != NULL)
		kept.gtids = arena_strdup(fake.arena, p->gtids);
	return kept;
}

/* Of one group; another one's may have changed since the transaction began. */
static void
put_prepared(const struct fake_parts *own, uint32_t group)
{
	const struct fake_parts was = fake.t.prepared;
	struct fake_parts *now = &fake.t.prepared;

	*now = (struct fake_parts){ .cap = was.n + own->n + 1 };
	now->part = fake_alloc(now->cap * sizeof(*now->part));
	for (size_t i = 0; i < was.n; i++)
		if (was.part[i].group != group)
			now->part[now->n++] = was.part[i];
	for (size_t i = 0; i < own->n; i++)
		if (own->part[i].group == group)
			now->part[now->n++] = own->part[i];
}

/* Empties c. */
static void
take_effect(struct fake_commit *c)
{
	char a[POSITION_TEXT], b[POSITION_TEXT];
	struct checkpoint *row = fake_row_of(c->cp.group);

	if (!position_reached(&c->cp.position, &row->position))
		fake_broken("the checkpoint went back from %s to %s",
		    position_text(&row->position, a), position_text(&c->cp.position, b));
	for (int i = 0; i < FAKE_TABLES; i++) {
		if (c->touched[i])
			fake.t.tables[i].rows = c->rows[i];
		c->touched[i] = false;
	}
	for (size_t i = 0; i < c->states.n; i++)
		put_state(&fake.t.states, &c->states.rows[i]);
	table_states_done(&c->states);
	if (c->prepared_touched)
		put_prepared(&c->prepared, c->cp.group);
	c->prepared_touched = false;
	if (c->cp.position.kind == POSITION_BINLOG)
		check_gtids(&c->cp.position);
	row->position = kept_position(&c->cp.position);
	row->commit_time = c->cp.commit_time;
	row->totals = c->cp.totals;
	if (c->handed > 0) {
		fake_row_of(c->handed)->handed = true;
		fake_row_of(c->handed)->conn++;
	}
	c->handed = 0;
	fake.t.commits++;
	fake.t.token++;
	if (!fake.t.hold_durable)
		fake_target_flush();
	check_promise();
	cond_broadcast(&fake.moved);
}

static bool
is_fenced(uint64_t epoch, struct err *err)
{
	if (epoch == fake.t.cp.epoch)
		return false;
	return !err_set(err, ERR_FENCED, "another owner has taken over the task");
}

static void forget_prepared(uint32_t group);

static bool
target_learn(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err)
{
	struct checkpoint *row;

	if (!enter(t, "learn", err))
		return false;
	if (!new_owner && is_fenced(cp->epoch, err))
		return leave(false);
	if (fake.t.flying)
		take_effect(&fake.t.inflight);
	fake.t.flying = false;
	row = fake_row_of(new_owner ? 0 : cp->group);
	row->conn = new_owner ? 1 : row->conn + 1;
	if (new_owner)
		for (uint32_t i = 0, epoch = (uint32_t)row->epoch + 1; i < FAKE_GROUPS; i++)
			fake_row_of(i)->epoch = epoch;
	row->group = (uint32_t)(row == &fake.t.cp ? 0 : row - fake.t.groups);
	*cp = *row;
	row->exists = true;
	return leave(true);
}

static bool
target_load_groups(struct target *t, struct checkpoint **ret, size_t *ret_n, struct err *err)
{
	*ret = NULL;
	*ret_n = 0;
	if (!enter(t, "groups", err))
		return false;
	*ret = xzalloc(FAKE_GROUPS * sizeof(**ret));
	for (uint32_t i = 1; i < FAKE_GROUPS; i++)
		if (fake.t.groups[i].exists)
			(*ret)[(*ret_n)++] = fake.t.groups[i];
	return leave(true);
}

static bool
target_end_group(struct target *t, uint64_t epoch, uint32_t group, struct err *err)
{
	if (!enter(t, "groups", err))
		return false;
	if (is_fenced(epoch, err))
		return leave(false);
	fake.t.groups[group] = (struct checkpoint){ .epoch = epoch };
	forget_prepared(group);
	cond_broadcast(&fake.moved);
	return leave(true);
}

static bool
target_look(struct target *t, struct target_remains *ret, struct err *err)
{
	if (!enter(t, "look", err))
		return false;
	*ret = (struct target_remains){
		.installed = fake.t.installed, .checkpoint = fake.t.cp.exists, .cp = fake.t.cp
	};
	return leave(true);
}

static bool
target_save_source(struct target *t, const struct checkpoint *cp, struct err *err)
{
	struct checkpoint *row = fake_row_of(cp->group);

	if (!enter(t, "save", err))
		return false;
	if (is_fenced(cp->epoch, err))
		return leave(false);
	row->source = cp->source;
	row->slot_made = cp->slot_made;
	row->publication_made = cp->publication_made;
	if (!position_equal(&row->position, &cp->position))
		forget_prepared(cp->group);
	row->position = kept_position(&cp->position);
	row->load_done = cp->load_done;
	fake_target_flush();
	return leave(true);
}

static bool
target_save_paused(struct target *t, uint64_t epoch, bool paused, struct err *err)
{
	if (!enter(t, "save", err))
		return false;
	if (is_fenced(epoch, err))
		return leave(false);
	fake.t.cp.paused = paused;
	return leave(true);
}

static bool
target_load_states(struct target *t, struct table_states *ret, struct err *err)
{
	if (!enter(t, "states", err))
		return false;
	for (size_t i = 0; i < fake.t.states.n; i++)
		put_state(ret, &fake.t.states.rows[i]);
	return leave(true);
}

static bool
target_save_states(
    struct target *t, uint64_t epoch, const struct table_state *ts, size_t n, struct err *err)
{
	if (!enter(t, "state", err))
		return false;
	if (is_fenced(epoch, err))
		return leave(false);
	for (size_t i = 0; i < n; i++)
		put_state(&fake.t.states, &ts[i]);
	cond_broadcast(&fake.moved);
	return leave(true);
}

static bool
target_forget_state(struct target *t, uint64_t epoch, const char *source_schema,
    const char *source_name, struct err *err)
{
	struct table_states *states = &fake.t.states;
	struct table_state *ts;
	struct table_state none = { 0 };

	if (!enter(t, "state", err))
		return false;
	if (is_fenced(epoch, err))
		return leave(false);
	if ((ts = table_states_find(states, source_schema, source_name)) != NULL) {
		copy_state(ts, &none);
		*ts = states->rows[--states->n];
	}
	return leave(true);
}

/* One task is the whole world. */
static bool
target_list_tasks(struct target *t, struct task_rows *ret, struct err *err)
{
	*ret = (struct task_rows){ 0 };
	return enter(t, "look", err) && leave(true);
}

static bool
target_rename_task(struct target *t, const char *from, struct err *err)
{
	(void)from;
	return enter(t, "rename", err) && leave(true);
}

static bool
target_cleanup(struct target *t, struct err *err)
{
	return enter(t, "cleanup", err) && leave(true);
}

/* ---- tables ---- */

static bool
target_describe(struct target *t, struct table *tab, struct arena *arena, struct err *err)
{
	int n;

	if (!enter(t, "describe", err))
		return false;
	n = fake_table(tab->source_name);
	tab->target = NULL;
	if (n >= 0 && fake.t.tables[n].def != NULL) {
		tab->target = arena_zalloc(arena, sizeof(*tab->target));
		fake_describe(fake.t.tables[n].def, tab->target, arena);
	}
	return leave(true);
}

static bool
target_has_rows(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	if (!enter(t, "describe", err))
		return false;
	*ret = fake.t.tables[fake_table(tab->source_name)].rows.n > 0;
	return leave(true);
}

static bool
target_would_make(struct target *t, const struct table *tab, struct arena *arena,
    const struct coltype **ret_types, const char **ret_ddl, struct err *err)
{
	(void)t;
	(void)tab;
	(void)arena;
	(void)err;
	*ret_types = NULL;
	*ret_ddl = "";
	return true;
}

static bool
target_check(struct target *t, const struct tableset *set, const struct table_states *states,
    enum target_prep prep, bool loads, struct findings *f, struct err *err)
{
	(void)set, (void)states, (void)prep, (void)loads, (void)f;
	return enter(t, "check", err) && leave(true);
}

/* As a table of ours is while it is loaded. */
static void
create_without_unique(int n)
{
	struct fake_def *def = fake_alloc(sizeof(*def));

	*def = *fake.s.tables[n].def;
	for (int i = 0; i < def->ncols; i++)
		def->cols[i].unique = false;
	fake_target_create(n, def);
	fake.t.tables[n].finished = fake.s.tables[n].def;
}

static bool
target_prepare_table(struct target *t, struct table *tab, enum target_prep prep,
    struct table_state *ts, struct err *err)
{
	struct fake_target_table *ft;
	const char *made = "found";
	int n;

	if (!enter(t, "prepare", err))
		return false;
	n = fake_table(tab->source_name);
	ft = &fake.t.tables[n];
	ft->nledger = 0;
	if (ft->def == NULL) {
		create_without_unique(n);
		made = "created";
	} else if (ts->made != NULL || prep == PREP_TRUNCATE) {
		ft->rows.n = 0;
		made = ts->made != NULL ? ts->made : "truncated";
	} else if (prep == PREP_APPEND) {
		made = "appended";
	}
	made = xstrdup(made);
	free(ts->made);
	ts->made = (char *)(uintptr_t)made;
	put_state(&fake.t.states, ts);
	return leave(true);
}

static bool
target_finish_table(struct target *t, const struct table *tab, bool indexes, struct err *err)
{
	struct fake_target_table *ft;

	if (!enter(t, "finish", err))
		return false;
	ft = &fake.t.tables[fake_table(tab->source_name)];
	if (!indexes || ft->finished == NULL)
		return leave(true);
	for (size_t i = 0; i < ft->rows.n; i++)
		for (size_t k = 0; k < i; k++)
			if (fake_violates(ft->finished, ft->rows.row[i], ft->rows.row[k])) {
				fake_broken("a unique index of %s can't be made", ft->def->name);
				return leave(fake_error(err, "23505", "a unique index"));
			}
	ft->def = ft->finished;
	ft->finished = NULL;
	return leave(true);
}

static bool
target_resume_table(struct target *t, const struct table_state *ts, struct err *err)
{
	struct fake_target_table *ft;

	if (!enter(t, "prepare", err))
		return false;
	ft = &fake.t.tables[fake_table(ts->source_name)];
	for (uint32_t i = 0; i < ft->nledger; i++)
		if (ft->ledger[i].attempt + 1 == ts->attempt)
			ft->ledger[i].attempt++;
	put_state(&fake.t.states, ts);
	return leave(true);
}

/* ---- apply ---- */

static void
forget_work(struct target *t)
{
	memset(t->work.touched, 0, sizeof(t->work.touched));
	table_states_done(&t->work.states);
	t->work.handed = 0;
	t->work.prepared_touched = false;
	t->nparked = 0;
	t->open = t->failed = false;
}

static bool
target_begin(struct target *t, struct err *err)
{
	if (!enter(t, "begin", err))
		return false;
	if (t->open)
		fake_broken("a transaction was begun in another one");
	t->open = true;
	return leave(true);
}

static bool
target_write(
    struct target *t, const struct step *steps, size_t n, enum batch_mode mode, struct err *err)
{
	bool ok = true;

	if (!enter(t, "write", err)) {
		t->failed = true;
		return false;
	}
	fake.t.writes++;
	fake.t.by_mode[mode]++;
	if (!t->open || t->failed)
		fake_broken("a write outside a transaction, or in one that has failed");
	t->nparked = 0; /* numbers are a batch's own */
	ok = wait_unblocked(t, err);
	for (size_t i = 0; ok && i < n; i++)
		ok = fake_do_step(t, &steps[i], err);
	t->failed = !ok;
	return leave(ok);
}

/* The answer to COMMIT is lost; it has happened, it has not, or it is on its way. */
static bool
lose_commit(struct target *t, const char *what, bool *ret_unknown, struct err *err)
{
	t->lost = *ret_unknown = true;
	if (strcmp(what, "happened") == 0) {
		take_effect(&t->work);
	} else if (strcmp(what, "late") == 0) {
		fake.t.inflight = t->work;
		fake.t.flying = true;
		t->work = (struct fake_commit){ .touched = { false } };
	}
	return fake_lost(err);
}

static bool
fence_commit(struct target *t, const struct checkpoint *cp, struct err *err)
{
	const struct checkpoint *row = fake_row_of(cp->group);

	if (!is_fenced(cp->epoch, err) && cp->conn == row->conn && cp->epoch == row->epoch)
		return true;
	err_set(err, ERR_FENCED, "another owner has taken over the task");
	forget_work(t);
	return false;
}

/* ---- prepared transactions ---- */

/* The transaction's own copy, in the world's arena. */
static struct fake_parts *
own_parts(struct target *t)
{
	struct fake_parts *own = &t->work.prepared;

	if (t->work.prepared_touched)
		return own;
	*own = (struct fake_parts){ .n = fake.t.prepared.n, .cap = fake.t.prepared.n };
	own->part = fake_alloc((own->n + 1) * sizeof(*own->part));
	if (own->n > 0)
		memcpy(own->part, fake.t.prepared.part, own->n * sizeof(*own->part));
	t->work.prepared_touched = true;
	return own;
}

static bool
is_part_of(const struct fake_part *p, uint32_t group, const char *xid)
{
	return p->group == group && strcmp(p->xid, xid) == 0;
}

/* Without those that have this name; part < 0: all of them. */
static struct prepared_count
take_out(struct fake_parts *all, uint32_t group, const char *xid, int64_t part)
{
	struct prepared_count gone = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct fake_part p = all->part[i];

		if (is_part_of(&p, group, xid) && (part < 0 || p.part == part)) {
			gone.transactions = 1;
			gone.bytes += p.n;
		} else {
			all->part[kept++] = p;
		}
	}
	all->n = kept;
	return gone;
}

static bool
target_prepared_put(struct target *t, uint32_t group, const char *xid, uint32_t part, const void *p,
    size_t n, struct err *err)
{
	struct fake_part new = { .group = group, .part = part, .n = n };
	struct fake_parts *own;
	struct fake_part *grown;
	void *bytes;
	char *name;

	if (!enter(t, "write", err))
		return false;
	if (!t->open || t->failed)
		fake_broken("rows are kept outside a transaction, or in one that has failed");
	own = own_parts(t);
	take_out(own, group, xid, part);
	memcpy(bytes = fake_alloc(n + 1), p, n);
	memcpy(name = fake_alloc(strlen(xid) + 1), xid, strlen(xid) + 1);
	new.p = bytes;
	new.xid = name;
	grown = fake_alloc((own->n + 1) * sizeof(*grown));
	if (own->n > 0)
		memcpy(grown, own->part, own->n * sizeof(*grown));
	grown[own->n++] = new;
	own->part = grown;
	return leave(true);
}

static const struct fake_parts *
parts_seen(const struct target *t)
{
	return t->work.prepared_touched ? &t->work.prepared : &fake.t.prepared;
}

static bool
target_prepared_get(struct target *t, uint32_t group, const char *xid, uint32_t part,
    struct buf *out, bool *ret_there, struct err *err)
{
	const struct fake_parts *all;

	if (!enter(t, "write", err))
		return false;
	if (!t->open || t->failed)
		fake_broken("rows are read back outside a transaction, or in one that has failed");
	*ret_there = false;
	all = parts_seen(t);
	for (size_t i = 0; i < all->n; i++) {
		if (!is_part_of(&all->part[i], group, xid) || all->part[i].part != part)
			continue;
		*ret_there = true;
		buf_put(out, all->part[i].p, all->part[i].n);
	}
	return leave(true);
}

static bool
target_prepared_drop(struct target *t, uint32_t group, const char *xid, struct prepared_count *ret,
    struct err *err)
{
	if (!enter(t, "write", err))
		return false;
	*ret = take_out(own_parts(t), group, xid, -1);
	return leave(true);
}

static bool
target_prepared_count(
    struct target *t, uint32_t group, struct prepared_count *ret, struct err *err)
{
	const struct fake_parts *all = &fake.t.prepared;

	if (!enter(t, "states", err))
		return false;
	*ret = (struct prepared_count){ 0 };
	for (size_t i = 0; i < all->n; i++) {
		if (all->part[i].group != group)
			continue;
		ret->transactions += all->part[i].part == 0;
		ret->bytes += all->part[i].n;
	}
	return leave(true);
}

/* What is kept of a stream whose position is set anew, or that has ended. */
static void
forget_prepared(uint32_t group)
{
	size_t kept = 0;

	for (size_t i = 0; i < fake.t.prepared.n; i++)
		if (fake.t.prepared.part[i].group != group)
			fake.t.prepared.part[kept++] = fake.t.prepared.part[i];
	fake.t.prepared.n = kept;
}

static bool
target_hand_over(struct target *t, const struct checkpoint *group, struct err *err)
{
	if (!enter(t, "hand_over", err))
		return false;
	if (!t->open || t->failed)
		fake_broken("a hand-over outside a transaction, or in one that has failed");
	t->work.handed = group->group;
	return leave(true);
}

static bool
target_commit(struct target *t, const struct checkpoint *cp, const struct table_state *states,
    size_t n, uint64_t *ret_token, bool *ret_unknown, struct err *err)
{
	const char *lost;

	*ret_unknown = false;
	if (!enter(t, "commit", err))
		return false;
	if (!t->open || t->failed)
		fake_broken("a COMMIT outside a transaction, or of one that has failed");
	if (!wait_unblocked(t, err) || !fence_commit(t, cp, err))
		return leave(false);
	t->work.cp = *cp;
	t->work.cp.position = kept_position(&cp->position);
	for (size_t i = 0; i < n; i++)
		put_state(&t->work.states, &states[i]);
	if ((lost = fake_fail_take("reply")) != NULL)
		return leave(lose_commit(t, lost, ret_unknown, err));
	take_effect(&t->work);
	forget_work(t);
	*ret_token = fake.t.token;
	return leave(true);
}

static bool
target_rollback(struct target *t, struct err *err)
{
	if (!enter(t, "rollback", err))
		return false;
	forget_work(t);
	return leave(true);
}

static bool
target_flushed(struct target *t, uint64_t *ret_token, struct err *err)
{
	if (!enter(t, "flushed", err))
		return false;
	*ret_token = fake.t.durable;
	return leave(true);
}

static void
target_forget(struct target *t, struct plan *plan)
{
	(void)t, (void)plan;
}

/* ---- load ---- */

static bool
target_load_begin(struct target *t, struct plan *plan, uint64_t epoch, uint32_t attempt,
    bool binary, struct err *err)
{
	(void)binary;
	if (!enter(t, "load", err))
		return false;
	assert(!t->load.running);
	t->load.plan = plan;
	t->load.epoch = epoch;
	t->load.attempt = attempt;
	t->load.running = true;
	t->load.rows = (struct fake_rows){ .n = 0 };
	return leave(true);
}

static bool
target_load_row(struct target *t, const struct value *vals, struct err *err)
{
	const struct fake_row *row;
	bool ok;

	if (!enter(t, "load_row", err))
		return false;
	row = fake_make_row(t->load.plan, vals, NULL, NULL);
	ok = wait_unblocked(t, err) &&
	     !fake_refused(
		 fake.t.tables[fake_table(t->load.plan->table->source_name)].def, row, err);
	fake_rows_add(&t->load.rows, row);
	return leave(ok);
}

static bool
target_load_end(
    struct target *t, const struct load_ledger *l, bool last_of_table_in_append, struct err *err)
{
	struct fake_target_table *ft;
	struct table_state *ts;
	bool ok = true;

	if (!enter(t, "load_end", err))
		return false;
	ft = &fake.t.tables[fake_table(l->table->source_name)];
	ts = table_states_find(&fake.t.states, l->table->source_schema, l->table->source_name);
	if (is_fenced(t->load.epoch, err) || ts == NULL || ts->attempt != l->attempt)
		return leave(err_set(err, ERR_FENCED, "another load of the table has begun"));
	for (size_t i = 0; ok && i < t->load.rows.n; i++)
		ok = fake_may_stand(ft->def, &ft->rows, t->load.rows.row[i], SIZE_MAX, err);
	for (size_t i = 0; ok && i < t->load.rows.n; i++)
		fake_rows_add(&ft->rows, t->load.rows.row[i]);
	if (ok && last_of_table_in_append && fake_same(ts->made, "appended"))
		ts->phase = TABLE_LOADED;
	if (ok && ft->nledger < FAKE_CHUNKS)
		ft->ledger[ft->nledger++] = *l;
	t->load.running = false;
	return leave(ok);
}

static void
target_load_abort(struct target *t)
{
	t->load.running = false;
}

static bool
target_load_done(struct target *t, const struct table *tab, uint32_t attempt,
    struct load_ledger **ret, size_t *ret_n, struct err *err)
{
	const struct fake_target_table *ft;

	if (!enter(t, "states", err))
		return false;
	ft = &fake.t.tables[fake_table(tab->source_name)];
	*ret = xzalloc((ft->nledger + 1) * sizeof(**ret));
	*ret_n = 0;
	for (uint32_t i = 0; i < ft->nledger; i++)
		if (ft->ledger[i].attempt == attempt)
			(*ret)[(*ret_n)++] = ft->ledger[i];
	return leave(true);
}

static const struct target_ops ops = {
	.kind = "fake",
	.open = target_open,
	.close = target_close,
	.identify = target_identify,
	.own = target_own,
	.ping = target_ping,
	.install = target_install,
	.learn = target_learn,
	.look = target_look,
	.save_source = target_save_source,
	.save_paused = target_save_paused,
	.load_states = target_load_states,
	.load_groups = target_load_groups,
	.end_group = target_end_group,
	.save_states = target_save_states,
	.forget_state = target_forget_state,
	.list_tasks = target_list_tasks,
	.rename_task = target_rename_task,
	.cleanup = target_cleanup,
	.describe = target_describe,
	.has_rows = target_has_rows,
	.check = target_check,
	.would_make = target_would_make,
	.prepare_table = target_prepare_table,
	.resume_table = target_resume_table,
	.finish_table = target_finish_table,
	.load_begin = target_load_begin,
	.load_row = target_load_row,
	.load_end = target_load_end,
	.load_abort = target_load_abort,
	.load_done = target_load_done,
	.begin = target_begin,
	.write = target_write,
	.prepared_put = target_prepared_put,
	.prepared_get = target_prepared_get,
	.prepared_drop = target_prepared_drop,
	.prepared_count = target_prepared_count,
	.hand_over = target_hand_over,
	.commit = target_commit,
	.rollback = target_rollback,
	.flushed = target_flushed,
	.forget = target_forget,
};

const struct target_ops *
target_ops_for(enum endpoint_kind kind)
{
	(void)kind;
	return &ops;
}
