/* fake_source.c - the source of the fake world: committed transactions with their places in a log,
 * a slot, snapshots, and a stream of pgoutput bytes in the messages of a walsender; see fake.h.
 * A commit record starts where the log ends at that moment: the first transaction after a snapshot
 * at S starts exactly at S.
 * The stream begins where the slot was confirmed when it is asked for less, in silence, as a server
 * does: whoever does not look first loses changes. */
#include "fake_intern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT_BYTES 0x100
#define EPOCH_2000   INT64_C(946684800000000)
#define STEP_MAX     50 /* messages of one step */
#define BLINK	     20000 /* usec between looks at a stop flag */

/* ---- what the player does ---- */

static void
add_version(struct fake_source_table *t, uint64_t end)
{
	struct fake_version *v;

	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 16 : t->cap * 2;

		v = fake_alloc(cap * sizeof(*v));
		if (t->n > 0)
			memcpy(v, t->versions, t->n * sizeof(*v));
		t->versions = v;
		t->cap = cap;
	}
	v = &t->versions[t->n++];
	v->end = end;
	fake_rows_copy(&v->rows, &t->rows);
}

void
fake_source_add(const struct fake_def *def)
{
	struct fake_source_table *t = &fake.s.tables[fake.s.ntables++];

	*t = (struct fake_source_table){ .def = def };
	add_version(t, 0);
}

const struct fake_rows *
fake_source_at(int table, uint64_t lsn)
{
	const struct fake_source_table *t = &fake.s.tables[table];
	size_t i = t->n - 1;

	while (t->versions[i].end > lsn)
		i--;
	return &t->versions[i].rows;
}

void
fake_source_begin(void)
{
	fake.s.open = fake_alloc(sizeof(*fake.s.open));
}

struct fake_change *
fake_source_change(uint8_t kind, int table)
{
	struct fake_txn *x = fake.s.open;
	struct fake_change *c;

	if (x->n == x->cap) {
		size_t cap = x->cap == 0 ? 8 : x->cap * 2;

		c = fake_alloc(cap * sizeof(*c));
		if (x->n > 0)
			memcpy(c, x->changes, x->n * sizeof(*c));
		x->changes = c;
		x->cap = cap;
	}
	c = &x->changes[x->n++];
	*c = (struct fake_change){ .kind = kind, .def = fake.s.tables[table].def, .leaf = -1 };
	fake.s.tables[table].touched = true;
	return c;
}

void
fake_source_insert(int table, const struct fake_row *row)
{
	struct fake_change *c = fake_source_change(CHANGE_INSERT, table);

	c->is = row;
	c->leaf = fake_leaf_of(c->def, row);
	fake_rows_add(&fake.s.tables[table].rows, row);
}

void
fake_source_replace(int table, size_t i, const struct fake_row *row, unsigned unchanged)
{
	struct fake_change *c = fake_source_change(CHANGE_UPDATE, table);
	struct fake_rows *rows = &fake.s.tables[table].rows;

	c->was = rows->row[i];
	c->is = row;
	c->unchanged = unchanged;
	c->leaf = fake_leaf_of(c->def, row);
	rows->row[i] = row;
}

void
fake_source_delete(int table, size_t i)
{
	struct fake_change *c = fake_source_change(CHANGE_DELETE, table);
	struct fake_rows *rows = &fake.s.tables[table].rows;

	c->was = rows->row[i];
	c->leaf = fake_leaf_of(c->def, c->was);
	fake_rows_remove(rows, i);
}

/* Adds a table, or one leaf of it, to the TRUNCATE. */
void
fake_source_truncate(int table, int leaf, struct fake_change *c)
{
	const struct fake_def *def = fake.s.tables[table].def;
	struct fake_rows *rows = &fake.s.tables[table].rows;

	fake.s.tables[table].touched = true;
	for (size_t i = rows->n; i-- > 0;)
		if (leaf < 0 || fake_leaf_of(def, rows->row[i]) == leaf)
			fake_rows_remove(rows, i);
	if (def->nleaves == 0 || leaf >= 0)
		c->truncated[c->ntruncated++] = (struct fake_truncated){ def, leaf };
	else
		for (int i = 0; i < def->nleaves; i++)
			c->truncated[c->ntruncated++] = (struct fake_truncated){ def, i };
}

void
fake_source_commit(uint64_t bytes)
{
	struct fake_source *s = &fake.s;
	struct fake_txn *x = s->open;

	if (s->ntxns == s->cap) {
		size_t cap = s->cap == 0 ? 64 : s->cap * 2;
		struct fake_txn **grown = fake_alloc(cap * sizeof(struct fake_txn *));

		if (s->ntxns > 0)
			memcpy(grown, s->txns, s->ntxns * sizeof(struct fake_txn *));
		s->txns = grown;
		s->cap = cap;
	}
	x->time = clock_wall();
	if (s->kind != FAKE_POSTGRESQL) {
		fake_log_transaction(x);
	} else {
		x->start = s->end;
		x->end = s->end += bytes != 0 ? bytes : COMMIT_BYTES;
	}
	s->txns[s->ntxns++] = x;
	for (int i = 0; i < s->ntables; i++) {
		if (s->tables[i].touched)
			add_version(&s->tables[i], x->end);
		s->tables[i].touched = false;
	}
	s->open = NULL;
	cond_broadcast(&fake.moved);
}

/* ---- an ordinary session ---- */

struct source {
	struct source_params p;
	struct fake_slot *slot;
};

/* SLOT_gN is that of load group N. */
static uint32_t
group_of(const struct source_params *p)
{
	const char *at = p->slot != NULL ? strrchr(p->slot, '_') : NULL;
	unsigned long n = 0;

	if (at != NULL && at[1] == 'g' && at[2] >= '1' && at[2] <= '9')
		n = strtoul(at + 2, NULL, 10);
	if (n >= FAKE_GROUPS)
		abort();
	return (uint32_t)n;
}

static struct fake_slot *
slot_of(const struct source_params *p)
{
	return &fake.s.slots[group_of(p)];
}

static struct position
at(uint64_t lsn)
{
	return (struct position){ .kind = POSITION_LSN, .lsn = { lsn } };
}

static bool
enter(const char *where, struct err *err)
{
	mutex_lock(&fake.lock);
	if (!fake_fails(where, err))
		return true;
	mutex_unlock(&fake.lock);
	return false;
}

static bool
leave(void)
{
	mutex_unlock(&fake.lock);
	return true;
}

static struct source *
source_open(const struct source_params *p, struct err *err)
{
	struct source *s;

	if (!enter("source", err))
		return NULL;
	leave();
	s = xzalloc(sizeof(*s));
	s->p = *p;
	s->slot = slot_of(p);
	return s;
}

static void
source_close(struct source *s)
{
	free(s);
}

static bool
source_identify(struct source *s, struct source_info *ret, struct err *err)
{
	(void)s;
	if (!enter("source", err))
		return false;
	*ret = (struct source_info){ .version = 150000, .version_text = "fake" };
	snprintf(ret->identity.kind, sizeof(ret->identity.kind), "postgresql");
	snprintf(ret->identity.id, sizeof(ret->identity.id), "%u", (unsigned)fake.s.id);
	snprintf(ret->identity.dbname, sizeof(ret->identity.dbname), "fake");
	ret->identity.timeline = fake.s.timeline;
	return leave();
}

static bool
source_continues(struct source *s, const struct source_identity *was,
    const struct source_identity *now, const struct position *checkpoint, struct err *err)
{
	bool ok = true;

	(void)s;
	if (!enter("source", err))
		return false;
	if (checkpoint->kind == POSITION_NONE)
		return leave();
	if (now->timeline != was->timeline && checkpoint->lsn.v > fake.s.left)
		ok = err_set(err, ERR_HOLE, "timeline %u left timeline %u before the checkpoint", now->timeline, was->timeline);
	else if (checkpoint->lsn.v > fake.s.end)
		ok = err_set(err, ERR_HOLE, "the log ends before the checkpoint");
	leave();
	return ok;
}

static bool
source_list_tables(struct source *s, bool (*visit)(void *arg, const char *schema, const char *name),
    void *arg, struct err *err)
{
	(void)s;
	if (!enter("source", err))
		return false;
	for (int i = 0; i < fake.s.ntables; i++)
		if (!visit(arg, "public", fake.s.tables[i].def->name))
			fake_broken("a table was refused");
	return leave();
}

static bool
source_describe(struct source *s, struct table *t, struct arena *arena, struct err *err)
{
	int i;

	(void)s;
	if (!enter("source", err))
		return false;
	t->source = arena_zalloc(arena, sizeof(*t->source));
	if ((i = fake_table(t->source_name)) >= 0)
		fake_describe(fake.s.tables[i].def, t->source, arena);
	return leave();
}

static bool
source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams,
    struct findings *f, struct err *err)
{
	(void)s, (void)set, (void)needs_slot, (void)streams, (void)f;
	return enter("source", err) && leave();
}

static bool
source_prepare(
    struct source *s, const struct tableset *set, struct source_prepared *ret, struct err *err)
{
	(void)s;
	if (!enter("source", err))
		return false;
	fake_moment("publish");
	for (uint32_t i = 0; i < set->n; i++) {
		struct fake_source_table *t =
		    &fake.s.tables[fake_table(set->tables[i]->source_name)];

		if (!t->published)
			t->published_at = fake.s.end;
		t->publishings += !t->published;
		t->published = true;
	}
	ret->publication_made = true;
	return leave();
}

static bool
source_log_state(struct source *s, struct source_log *ret, struct err *err)
{
	if (!enter("source", err))
		return false;
	*ret = (struct source_log){ .exists = s->slot->exists };
	if (s->slot->exists) {
		ret->ours = true;
		ret->active = s->slot->active;
		ret->confirmed = ret->restart = at(s->slot->confirmed);
		ret->lost = s->slot->lost;
		snprintf(
		    ret->state, sizeof(ret->state), "%s", s->slot->lost ? "lost" : "reserved");
	}
	return leave();
}

static bool
source_monitor(struct source *s, const struct position *applied, const struct position *reached,
    struct source_monitor *ret, struct err *err)
{
	(void)applied;
	(void)reached;
	(void)s;
	if (!enter("source", err))
		return false;
	*ret = (struct source_monitor){ .end = at(fake.s.end),
		.server_time = clock_wall(),
		.has_retained = fake.s.slots[0].exists,
		.retained_bytes = fake.s.end - fake.s.slots[0].confirmed,
		.state = "reserved" };
	return leave();
}

static bool
source_list_slots(
    struct source *s, struct source_slot *ret, size_t max, size_t *ret_n, struct err *err)
{
	(void)s, (void)ret, (void)max, (void)err;
	*ret_n = 0;
	return true;
}

static bool
source_barrier(struct source *s, struct position *ret, struct err *err)
{
	(void)s;
	if (!enter("source", err))
		return false;
	*ret = at(fake.s.end);
	return leave();
}

bool
fake_split(struct arena *arena, struct chunk **ret_chunks, uint32_t *ret_n, struct err *err)
{
	if (!enter("source", err))
		return false;
	*ret_n = fake.s.chunks;
	*ret_chunks = arena_zalloc(arena, *ret_n * sizeof(**ret_chunks));
	for (uint32_t i = 0; i < *ret_n; i++)
		(*ret_chunks)[i].number = i;
	return leave();
}

static bool
source_split(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes,
    struct arena *arena, struct chunk **ret_chunks, uint32_t *ret_n, struct err *err)
{
	(void)s, (void)t, (void)want, (void)min_bytes;
	return fake_split(arena, ret_chunks, ret_n, err);
}

static uint32_t
file_of(int table)
{
	return fake.s.tables[table].def->oid + fake.s.tables[table].rewrites;
}

static bool
source_splits_by_page(struct source *s)
{
	(void)s;
	return true;
}

static int
by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Of the rows that are there now: every n-th value of the first column. */
bool
fake_sample(const struct table *t, struct arena *arena, const char ***ret_bounds, size_t *ret_n,
    struct err *err)
{
	const struct fake_rows *rows;
	const char **keys;

	if (!enter("source", err))
		return false;
	rows = &fake.s.tables[fake_table(t->source_name)].rows;
	keys = fake_alloc((rows->n + 1) * sizeof(char *));
	*ret_bounds = arena_zalloc(arena, (fake.s.chunks + 1) * sizeof(char *));
	*ret_n = 0;
	for (size_t i = 0; i < rows->n; i++)
		keys[i] = rows->row[i]->v[0];
	qsort(keys, rows->n, sizeof(char *), by_text);
	for (uint32_t i = 1; rows->n > 0 && i < fake.s.chunks; i++) {
		const char *key = keys[rows->n * i / fake.s.chunks];

		if (*ret_n == 0 || strcmp((*ret_bounds)[*ret_n - 1], key) != 0)
			(*ret_bounds)[(*ret_n)++] = key;
	}
	return leave();
}

static bool
source_sample(struct source *s, const struct table *t, const char *column, uint32_t want,
    struct arena *arena, const char ***ret_bounds, size_t *ret_n, struct err *err)
{
	(void)s, (void)column, (void)want;
	return fake_sample(t, arena, ret_bounds, ret_n, err);
}

static bool
source_filenodes(
    struct source *s, const struct table *t, struct arena *arena, const char **ret, struct err *err)
{
	(void)s;
	if (!enter("source", err))
		return false;
	*ret = arena_printf(arena, "%u:%u", t->source->oid, file_of(fake_table(t->source_name)));
	return leave();
}

static const char *
counted(struct arena *arena, unsigned n)
{
	return arena_printf(arena, "%u", n);
}

static void
facts_leaf(const struct fake_source_table *t, int leaf, struct arena *arena, struct facts_leaf *ret)
{
	*ret = (struct facts_leaf){ .oid = t->def->oid + (uint32_t)(leaf + 1),
		.file = counted(arena, t->rewrites),
		.links = "",
		.in_place = true,
		.since = "",
		.published = t->published,
		.logged = true,
		.identity = t->def->identity,
		.schema = "public",
		.name = arena_strdup(arena, leaf < 0 ? t->def->name : t->def->leaves[leaf].name) };
}

static void
facts_of(const struct fake_source_table *t, struct arena *arena, struct table_facts *f)
{
	const struct fake_def *def = t->def;

	*f = (struct table_facts){ .there = true,
		.as_of = "1",
		.oid = def->oid,
		.schema = "public",
		.name = arena_strdup(arena, def->name),
		.publication = { "1", "1", "1", "", counted(arena, t->publishings) },
		.ncols = (uint32_t)def->ncols,
		.nleaves = def->nleaves > 0 ? (uint32_t)def->nleaves : 1 };
	f->cols = arena_zalloc(arena, (f->ncols + 1) * sizeof(*f->cols));
	f->leaves = arena_zalloc(arena, f->nleaves * sizeof(*f->leaves));
	for (uint32_t i = 0; i < f->ncols; i++)
		f->cols[i] = (struct facts_column){ .number = (int32_t)i + 1,
			.version = counted(arena, t->alters),
			.type = "25",
			.name = arena_strdup(arena, def->cols[i].name) };
	for (uint32_t i = 0; i < f->nleaves; i++)
		facts_leaf(t, def->nleaves > 0 ? (int)i : -1, arena, &f->leaves[i]);
}

static bool
source_facts(struct source *s, const struct tableset *set, struct arena *arena, struct table_facts *ret,
    struct err *err)
{
	(void)s;
	if (!enter("source", err))
		return false;
	for (uint32_t i = 0; i < set->n; i++) {
		int n = fake_table(set->tables[i]->source_name);

		if (n >= 0)
			facts_of(&fake.s.tables[n], arena, &ret[i]);
		else
			ret[i] = (struct table_facts){ .there = false };
	}
	return leave();
}

static bool
source_leaf_has_rows(struct source *s, const struct facts_leaf *leaf, enum facts_question q,
    const char *as_of, bool *ret, struct err *err)
{
	(void)s, (void)leaf, (void)as_of;
	*ret = q != FACTS_ROWS_KEPT;
	return enter("source", err) && leave();
}

static bool
source_drop_slot(struct source *s, struct err *err)
{
	if (!enter("source", err))
		return false;
	s->slot->exists = s->slot->lost = false;
	return leave();
}

static bool
source_drop_publication(struct source *s, struct err *err)
{
	(void)s;
	return enter("source", err) && leave();
}

/* ---- snapshot and scan ---- */

struct source_snapshot {
	uint64_t s;
};

static struct source_snapshot *
snapshot_open(const struct source_params *p, bool permanent,
    void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	struct fake_slot *slot = slot_of(p);
	struct source_snapshot *snap;

	on_wait(arg, "waiting for transactions of the fake source");
	if (!enter("slot", err))
		return NULL;
	while (fake.s.nprepared > 0) { /* as a source with XA has it */
		cond_wait(&fake.moved, &fake.lock, BLINK);
		if (stop_requested(p->stop)) {
			leave();
			err_set(err, ERR_CANCELLED, "stopped");
			return NULL;
		}
	}
	if (permanent && slot->exists) {
		err_set(err, ERR_CONFIG, "the slot is there");
		leave();
		return NULL;
	}
	snap = xzalloc(sizeof(*snap));
	snap->s = fake.s.end;
	fake.s.snapshots++;
	if (permanent)
		*slot = (struct fake_slot){ .exists = true, .confirmed = fake.s.end };
	fake_moment("slot-made");
	leave();
	return snap;
}

static struct snapshot_pos
snapshot_pos(const struct source_snapshot *s)
{
	return (struct snapshot_pos){ .kind = POSITION_LSN, .lsn = { s->s } };
}

static bool
snapshot_alive(struct source_snapshot *s, struct err *err)
{
	(void)s;
	return enter("snapshot", err) && leave();
}

static void
snapshot_close(struct source_snapshot *s)
{
	free(s);
}

struct source_scan {
	uint64_t s;
	int table;
	const struct fake_rows *rows;
	const struct fake_def *def;
	size_t next, step;
	struct chunk range;
	bool binary;
};

struct source_scan *
fake_scan_new(uint64_t place, struct err *err)
{
	struct source_scan *s;

	if (!enter("scan", err))
		return NULL;
	leave();
	s = xzalloc(sizeof(*s));
	s->s = place;
	return s;
}

static struct source_scan *
scan_open(const struct source_params *p, const struct source_snapshot *snap, struct err *err)
{
	(void)p;
	return fake_scan_new(snap->s, err);
}

bool
fake_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary,
    const char *filenodes, struct err *err)
{
	static const struct fake_rows none;
	char file[32];

	if (!enter("scan", err))
		return false;
	s->table = fake_table(t->source_name);
	s->def = fake.s.tables[s->table].def;
	s->rows = fake_source_at(s->table, s->s);
	if (fake.s.tables[s->table].rewritten_at > s->s)
		s->rows = &none;
	snprintf(file, sizeof(file), "%u:%u", s->def->oid, file_of(s->table));
	if (fake.s.kind == FAKE_POSTGRESQL && strcmp(file, filenodes) != 0) {
		leave();
		return err_set(err, ERR_RETRY, "table %s was rewritten", s->def->name);
	}
	s->range = *c;
	s->next = c->column != NULL ? 0 : c->number;
	s->step = c->column != NULL ? 1 : fake.s.chunks;
	s->binary = binary;
	fake.s.scans++;
	return leave();
}

static struct value
value_of(const char *text, bool binary)
{
	if (text == NULL)
		return (struct value){ .kind = VALUE_NULL };
	return (struct value){ binary ? VALUE_BINARY : VALUE_TEXT, (uint32_t)strlen(text),
		(const uint8_t *)text };
}

static bool
in_range(const struct chunk *c, const char *key)
{
	return c->column == NULL || ((c->low == NULL || strcmp(key, c->low) >= 0) &&
					(c->high == NULL || strcmp(key, c->high) < 0));
}

int
fake_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err)
{
	char where[48];

	mutex_lock(&fake.lock);
	snprintf(where, sizeof(where), "row:%s", s->def->name);
	if (fake_fails(where, err)) {
		mutex_unlock(&fake.lock);
		return -1;
	}
	mutex_unlock(&fake.lock);
	while (s->next < s->rows->n && !in_range(&s->range, s->rows->row[s->next]->v[0]))
		s->next++;
	if (s->next >= s->rows->n)
		return 0;
	*ret_bytes = 0;
	for (int i = 0; i < s->def->ncols; i++) {
		vals[i] = value_of(s->rows->row[s->next]->v[i], s->binary);
		*ret_bytes += vals[i].len;
	}
	s->next += s->step;
	return 1;
}

void
fake_scan_close(struct source_scan *s)
{
	free(s);
}

/* ---- stream ---- */

struct source_stream {
	struct fake_wire *wire;
	struct fake_xa_sink xa;
	const struct fake_txn *xa_end; /* is next */
	uint64_t at; /* where in the log the message is that is next */
	uint64_t before; /* and how far it was sent before */
	struct stop *stop;
	struct fake_slot *slot;
	uint32_t group;
	int64_t *hold;
	bool binary;
	uint64_t from, bytes;
	size_t txn, part; /* part: 0 BEGIN, then the changes, then COMMIT */
	bool asked;
	struct {
		const struct fake_def *def;
		int leaf;
	} announced[64];
	int nannounced;
};

static bool
is_durable(const struct source_stream *s, uint64_t lsn)
{
	const struct position p = at(lsn), *durable = &fake.t.durable_position[s->group];
	char a[POSITION_TEXT], b[POSITION_TEXT];

	if (position_reached(durable, &p))
		return true;
	fake_broken("%s was confirmed, the durable checkpoint is %s", position_text(&p, a), position_text(durable, b));
	return false;
}

/* A status message has come. */
static void
on_status(void *arg, uint64_t flushed, bool asks)
{
	struct source_stream *s = arg;

	mutex_lock(&fake.lock);
	if (!fake.dead && flushed > s->slot->confirmed && is_durable(s, flushed))
		s->slot->confirmed = flushed;
	s->asked = s->asked || asks;
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static struct source_stream *
stream_open(const struct source_params *p, const struct position *from, bool binary,
    struct change_sink sink,
    const struct stream_hooks *hooks, struct err *err)
{
	struct fake_slot *slot = slot_of(p);
	struct source_stream *s;

	if (!enter("stream", err))
		return NULL;
	if (!slot->exists || slot->active) {
		err_set(err, slot->exists ? ERR_RETRY : ERR_HOLE,
		    slot->exists ? "the slot is active" : "the slot is gone");
		leave();
		return NULL;
	}
	s = xzalloc(sizeof(*s));
	s->stop = p->stop;
	s->binary = binary;
	s->slot = slot;
	s->hold = &fake.s.hold[slot != &fake.s.slots[0]];
	s->group = group_of(p);
	s->from = from->lsn.v > slot->confirmed ? from->lsn.v : slot->confirmed;
	slot->active = true;
	leave();
	s->xa.to = sink;
	if ((s->wire = fake_wire_new(s->from, slot->confirmed, fake_xa_sink(&s->xa), hooks, on_status, s, err)) != NULL)
		return s;
	mutex_lock(&fake.lock);
	slot->active = false;
	mutex_unlock(&fake.lock);
	free(s);
	return NULL;
}

static void
put_tuple(const struct source_stream *s, struct buf *b, const struct fake_def *def,
    const struct fake_row *row, bool key_only, unsigned unchanged)
{
	buf_u16(b, (uint16_t)def->ncols);
	for (int i = 0; i < def->ncols; i++) {
		const char *v = key_only && !def->cols[i].key ? NULL : row->v[i];

		if ((unchanged >> i & 1) != 0) {
			buf_u8(b, 'u');
		} else if (v == NULL) {
			buf_u8(b, 'n');
		} else {
			buf_u8(b, s->binary ? 'b' : 't');
			buf_u32(b, (uint32_t)strlen(v));
			buf_str(b, v);
		}
	}
}

static uint32_t
relation_id(const struct fake_def *def, int leaf)
{
	return def->oid + (uint32_t)(leaf + 1);
}

static void
put_cstr(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s) + 1);
}

/* The RELATION that a change needs first; false: it is known. */
static bool
put_relation(struct source_stream *s, struct buf *b, const struct fake_def *def, int leaf)
{
	for (int i = 0; i < s->nannounced; i++)
		if (s->announced[i].def == def && s->announced[i].leaf == leaf)
			return false;
	s->announced[s->nannounced].def = def;
	s->announced[s->nannounced++].leaf = leaf;
	buf_u8(b, 'R');
	buf_u32(b, relation_id(def, leaf));
	put_cstr(b, "public");
	put_cstr(b, leaf < 0 ? def->name : def->leaves[leaf].name);
	buf_u8(b, (uint8_t)def->identity);
	buf_u16(b, (uint16_t)def->ncols);
	for (int i = 0; i < def->ncols; i++) {
		buf_u8(b, def->identity == 'f' || def->cols[i].key);
		put_cstr(b, def->cols[i].name);
		buf_u32(b, 25);
		buf_u32(b, UINT32_MAX);
	}
	return true;
}

static bool
key_changed(const struct fake_change *c)
{
	for (int i = 0; i < c->def->ncols; i++)
		if (c->def->cols[i].key && !fake_same(c->was->v[i], c->is->v[i]))
			return true;
	return false;
}

static void
put_row(const struct source_stream *s, struct buf *b, const struct fake_change *c)
{
	bool full = c->def->identity == 'f';

	buf_u8(b, c->kind == CHANGE_INSERT ? 'I' : c->kind == CHANGE_UPDATE ? 'U' : 'D');
	buf_u32(b, relation_id(c->def, c->leaf));
	if (c->kind == CHANGE_DELETE || (c->kind == CHANGE_UPDATE && (full || key_changed(c)))) {
		buf_u8(b, full ? 'O' : 'K');
		put_tuple(s, b, c->def, c->was, !full, 0);
	}
	if (c->kind != CHANGE_DELETE) {
		buf_u8(b, 'N');
		put_tuple(s, b, c->def, c->is, false, c->unchanged);
	}
}

/* False: a RELATION was put, the change comes next. */
static bool
put_change(struct source_stream *s, struct buf *b, const struct fake_change *c)
{
	if (c->kind != CHANGE_TRUNCATE) {
		if (put_relation(s, b, c->def, c->leaf))
			return false;
		put_row(s, b, c);
		return true;
	}
	for (int i = 0; i < c->ntruncated; i++)
		if (put_relation(s, b, c->truncated[i].def, c->truncated[i].leaf))
			return false;
	buf_u8(b, 'T');
	buf_u32(b, (uint32_t)c->ntruncated);
	buf_u8(b, 0);
	for (int i = 0; i < c->ntruncated; i++)
		buf_u32(b, relation_id(c->truncated[i].def, c->truncated[i].leaf));
	return true;
}

static void
put_begin(struct buf *b, const struct fake_txn *x, size_t number)
{
	buf_u8(b, 'B');
	buf_u64(b, x->start);
	buf_u64(b, (uint64_t)(x->time.v - EPOCH_2000));
	buf_u32(b, (uint32_t)number + 1000);
}

static void
put_commit(struct buf *b, const struct fake_txn *x)
{
	buf_u8(b, 'C');
	buf_u8(b, 0);
	buf_u64(b, x->start);
	buf_u64(b, x->end);
	buf_u64(b, (uint64_t)(x->time.v - EPOCH_2000));
}

/* As the catalogs stood at that place of the log. */
static bool
is_published(const struct fake_txn *x, const struct fake_change *c)
{
	const struct fake_source_table *t = &fake.s.tables[fake_table(c->def->name)];

	return t->published && x->start >= t->published_at;
}

static bool
concerns_us(const struct fake_txn *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (is_published(x, &x->changes[i]))
			return true;
	return false;
}

/* The next message; false: the log has ended. */
static bool
next_message(struct source_stream *s, struct buf *b)
{
	while (s->txn < fake.s.ntxns) {
		const struct fake_txn *x = fake.s.txns[s->txn];

		if (x->start < s->from || (x->xa == 0 && !concerns_us(x))) {
			s->txn++;
			continue;
		}
		if (*s->hold == 0)
			return false;
		if (*s->hold > 0)
			(*s->hold)--;
		fake.s.sent++;
		s->xa.txn = x;
		s->at = x->start;
		s->before = x->start;
		if (x->xa == CHANGE_XA_COMMIT || x->xa == CHANGE_XA_ROLLBACK) {
			s->xa_end = x;
			s->txn++;
			return true;
		}
		if (s->part == 0) {
			put_begin(b, x, s->txn);
			s->part++;
			return true;
		}
		while (s->part <= x->n && !is_published(x, &x->changes[s->part - 1]))
			s->part++;
		if (s->part <= x->n) {
			s->part += put_change(s, b, &x->changes[s->part - 1]);
			return true;
		}
		put_commit(b, x);
		s->txn++;
		s->part = 0;
		return true;
	}
	return false;
}

/* A server that waits for room, or has heard nothing for long, says how far it had sent before the record that it is at: inside a transaction,
 * and behind its COMMIT. */
static bool
late_keepalive(struct source_stream *s, uint64_t before, struct err *err)
{
	bool late;

	mutex_lock(&fake.lock);
	late = fake.chance != NULL && fake.chance(s->asked ? 4 : 64) == 0;
	if (late)
		s->asked = false;
	mutex_unlock(&fake.lock);
	return !late || fake_wire_keepalive(s->wire, before, fake.chance(4) == 0, err);
}

/* What no reader of ours would make of a server's words. */
static bool
put_back(struct source_stream *s, uint64_t end, struct err *err)
{
	struct change *c = s->xa.to.reserve(s->xa.to.arg, sizeof(*c), err);

	if (c == NULL)
		return false;
	memset(c, 0, sizeof(*c));
	c->kind = CHANGE_KEEPALIVE;
	c->u.commit.position = at(end);
	return s->xa.to.commit(s->xa.to.arg, c, sizeof(*c), err);
}

/* Under the lock, which it gives up. 1: something was put, 0: nothing is there, -1: error. */
static int
step_once(struct source_stream *s, struct err *err)
{
	struct buf b = { 0 };
	uint64_t end = fake.s.end;
	int rc = 0;

	if (fake_fails("step", err)) {
		err_position(err, "%llx", (unsigned long long)end);
		mutex_unlock(&fake.lock);
		return -1;
	}
	if (next_message(s, &b)) {
		mutex_unlock(&fake.lock);
		s->bytes += b.n;
		if (s->xa_end != NULL)
			rc = fake_xa_put_end(&s->xa, s->xa_end, err) ? 1 : -1;
		else
			rc = fake_wire_data(s->wire, s->at, b.p, b.n, err) && late_keepalive(s, s->before, err) ? 1 : -1;
		s->xa_end = NULL;
	} else if (s->part == 0 && *s->hold != 0 && fake.s.keepalive_back > 0) {
		end -= fake.s.keepalive_back;
		fake.s.keepalive_back = 0;
		mutex_unlock(&fake.lock);
		rc = put_back(s, end, err) ? 1 : -1;
	} else if (s->part == 0 && *s->hold != 0 && (s->asked || fake.s.keepalives > 0)) {
		fake.s.keepalives -= fake.s.keepalives > 0;
		s->asked = false;
		mutex_unlock(&fake.lock);
		rc = fake_wire_keepalive(s->wire, end, false, err) ? 1 : -1;
	} else {
		mutex_unlock(&fake.lock);
	}
	buf_done(&b);
	return rc;
}

static bool
stream_step(struct source_stream *s, int64_t wait_usec, struct err *err)
{
	int rc = 1;

	if (!fake_wire_tick(s->wire, err))
		return false;
	for (int i = 0; rc == 1 && i < STEP_MAX; i++) {
		mutex_lock(&fake.lock);
		rc = step_once(s, err);
		if (rc < 0)
			return false;
		if (rc == 0 && i == 0) {
			mutex_lock(&fake.lock);
			cond_wait(&fake.moved, &fake.lock, wait_usec < BLINK ? wait_usec : BLINK);
			mutex_unlock(&fake.lock);
		}
	}
	mutex_lock(&fake.lock);
	fake.s.steps++;
	mutex_unlock(&fake.lock);
	return !stop_requested(s->stop) || err_set(err, ERR_CANCELLED, "stopped");
}

static bool
stream_tick(struct source_stream *s, struct err *err)
{
	if (!enter("tick", err))
		return false;
	fake.s.ticks++;
	leave();
	return fake_wire_tick(s->wire, err);
}

static void
stream_confirm(struct source_stream *s, const struct position *p)
{
	mutex_lock(&fake.lock);
	(void)is_durable(s, p->lsn.v);
	mutex_unlock(&fake.lock);
	fake_wire_confirm(s->wire, p);
}

static void
stream_ask(struct source_stream *s)
{
	fake_wire_ask(s->wire);
}

static uint64_t
stream_bytes(const struct source_stream *s)
{
	return s->bytes;
}

static void
stream_close(struct source_stream *s)
{
	if (s == NULL)
		return;
	fake_wire_close(s->wire);
	mutex_lock(&fake.lock);
	s->slot->active = false;
	mutex_unlock(&fake.lock);
	fake_wire_free(s->wire);
	free(s);
}

static const struct source_ops ops = {
	.kind = "fake",
	.open = source_open,
	.close = source_close,
	.identify = source_identify,
	.continues = source_continues,
	.list_tables = source_list_tables,
	.describe = source_describe,
	.check = source_check,
	.prepare = source_prepare,
	.log_state = source_log_state,
	.monitor = source_monitor,
	.list_slots = source_list_slots,
	.barrier = source_barrier,
	.split = source_split,
	.splits_by_page = source_splits_by_page,
	.sample = source_sample,
	.filenodes = source_filenodes,
	.facts = source_facts,
	.leaf_has_rows = source_leaf_has_rows,
	.drop_slot = source_drop_slot,
	.drop_publication = source_drop_publication,
	.snapshot_open = snapshot_open,
	.snapshot_pos = snapshot_pos,
	.snapshot_alive = snapshot_alive,
	.snapshot_close = snapshot_close,
	.scan_open = scan_open,
	.scan_start = fake_scan_start,
	.scan_next = fake_scan_next,
	.scan_close = fake_scan_close,
	.stream_open = stream_open,
	.stream_step = stream_step,
	.stream_tick = stream_tick,
	.stream_confirm = stream_confirm,
	.stream_ask = stream_ask,
	.stream_bytes = stream_bytes,
	.stream_close = stream_close,
};

const struct source_ops *
source_ops_for(enum endpoint_kind kind)
{
	return kind == ENDPOINT_MYSQL ? &my_source_ops : &ops;
}

bool
source_stream_binary(const struct tableset *set)
{
	(void)set;
	return fake.s.kind == FAKE_POSTGRESQL;
}
