/* my_shape.c - what the columns of a captured table are at a place of a MySQL or MariaDB log: names, types, which are generated.
 * Flow: TABLE_MAP -> names: the log's, where it has them (binlog_row_metadata = FULL); else those of the reading that holds at the place -> types: the
 * log's, completed by that reading's column.
 * Readings: the catalog as it is now holds from `known_at` on, and before it back to the last statement that altered the table; the shape that was
 * applied last holds from the stream's beginning to the first such statement. Which statements there are is found by reading the log ahead, once,
 * and only where a table without names comes before `known_at`.
 * Invariant: rows are never decoded with a reading that is not known to hold at their place: ERR_HOLE.
 * Threads: the capture thread. */
#include "endpoints/my_source.h"

#include <stdlib.h>
#include <string.h>
#include "cdc/my_type.h"
#include "daemon/base/arena.h"
#include "daemon/base/log.h"

struct known_shape {
	uint64_t needed_from;
	struct shape_text *former;	/* NULL: not known */
	uint16_t nformer;
	uint64_t first, last;		/* statements that altered it, up to the place to which the log was read ahead; 0: none */
	bool recoded;			/* they may have changed the character set of a column */
};

struct my_shapes {
	struct source_params p;
	struct position from;
	const struct tableset *tables;
	struct arena *arena;
	struct known_shape *known;	/* by table index */
	bool looked;			/* ahead */
	uint64_t until;			/* where to: behind all `known_at` */
	struct binlog *ahead;
	void *room;			/* of a sink that nobody reads */
	size_t room_size;
};

struct my_shapes *
my_shapes_new(const struct source_params *p, const struct position *from, const struct stream_hooks *hooks, struct err *err)
{
	struct my_shapes *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->p = *p;
	s->from = *from;
	s->tables = hooks->tables;
	if ((s->known = mem_zalloc((s->tables->n + 1) * sizeof(*s->known), err)) == NULL || (s->arena = arena_new(4096, 0)) == NULL)
		goto failed;
	for (uint32_t i = 0; i < s->tables->n; i++) {
		const struct table *t = s->tables->tables[i];
		const char *shape = hooks->shape(hooks->arg, t);
		const struct position needed = hooks->needed_from(hooks->arg, t);

		s->known[i].needed_from = position_place(&needed);
		if (shape != NULL && !table_shape_columns(shape, s->arena, &s->known[i].former, &s->known[i].nformer, err))
			goto failed;
		if (position_place(&t->source->known_at) > s->until)
			s->until = position_place(&t->source->known_at);
	}
	return s;
failed:
	if (err->kind == ERR_NONE)
		err_set(err, ERR_SYSTEM, "no memory for the shapes of tables");
	my_shapes_free(s);
	return NULL;
}

void
my_shapes_free(struct my_shapes *s)
{
	if (s == NULL)
		return;
	arena_free(s->arena);
	free(s->known);
	free(s);
}

bool
my_shapes_left_out(const struct my_shapes *s, const struct table *t, uint64_t place)
{
	return place < s->known[t->index].needed_from;
}

uint64_t
my_shapes_next(const struct my_shapes *s, uint64_t place)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < s->tables->n; i++)
		if (s->known[i].needed_from > place && (next == 0 || s->known[i].needed_from < next))
			next = s->known[i].needed_from;
	return next;
}

/* ---- reading ahead ---- */

static bool
no_table(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	(void)arg;
	(void)t;
	(void)ret;
	(void)err;
	return true;
}

static void *
reserve_nowhere(void *arg, size_t max, struct err *err)
{
	struct my_shapes *s = arg;

	return mem_grow(&s->room, &s->room_size, max, 1, err) ? s->room : NULL;
}

static bool
commit_nowhere(void *arg, struct change *c, size_t size, struct err *err)
{
	(void)arg;
	(void)c;
	(void)size;
	(void)err;
	return true;
}

static void
note(struct known_shape *k, uint64_t place, const char *text)
{
	static const char *const words[] = { "CHARSET", "CHARACTER", "COLLATE", "CONVERT", "MODIFY", "CHANGE", "CHAR " };

	k->first = k->first == 0 ? place : k->first;
	k->last = place;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		k->recoded = k->recoded || strcasestr(text, words[i]) != NULL;
}

static bool
is_named(const struct binlog_statement *st, const struct table *t)
{
	for (uint16_t i = 0; i < st->sql->nnames; i++) {
		const struct sql_name *n = &st->sql->names[i];

		if (strcmp(n->name, t->source_name) == 0 && strcmp(n->schema[0] != '\0' ? n->schema : st->schema, t->source_schema) == 0)
			return true;
	}
	return false;
}

/* One that can't be told from its text counts for all. */
static bool
note_statement(void *arg, const struct binlog_statement *st, enum binlog_answer *ret, const struct relation **ret_rel, struct err *err)
{
	struct my_shapes *s = arg;
	const struct sql_text *sql = st->sql;

	(void)ret_rel;
	(void)err;
	*ret = BINLOG_IGNORE;
	if (sql->kind != SQL_DDL || sql->temporary || sql->object == SQL_CODE || (sql->columns_stay && !sql->unclear))
		return true;
	for (uint32_t i = 0; i < s->tables->n; i++)
		if (sql->unclear || sql->object == SQL_DATABASE || is_named(st, s->tables->tables[i]))
			note(&s->known[i], position_place(&st->position), st->text);
	return true;
}

static bool
read_ahead(struct my_shapes *s, struct my_conn *c, struct err *err)
{
	const uint8_t *event;
	size_t n;

	for (;;) {
		const struct position at = binlog_read_position(s->ahead);

		if (position_place(&at) >= s->until)
			return true;
		if (!my_packet(c, &event, &n, err))
			return false;
		if (n == 0)
			return err_set(err, ERR_RETRY, "the source has ended the stream");
		if (!binlog_event(s->ahead, event, n, err))
			return false;
	}
}

static bool
look_ahead(struct my_shapes *s, struct err *err)
{
	const struct binlog_hooks hooks = { .resolve = no_table, .statement = note_statement, .arg = s };
	struct binlog_options o = { .gtids = false };
	char name[BINLOG_NAME];
	bool from_start, ok;
	struct my_conn *c = my_dump_open(&s->p, &s->from, my_look_id(&s->p, MY_LOOK_AHEAD), true, &from_start, err);

	if (c == NULL)
		return false;
	log_info("the log does not name columns: looking ahead for statements that alter the captured tables");
	o.flavour = c->mariadb ? GTID_MARIADB : GTID_MYSQL;
	o.folds_names = c->folds_names;
	o.gtids = s->from.gtids != NULL;
	o.reached_log = s->from.log;
	o.reached = s->from.lsn.v;
	if (s->from.gtids == NULL) {
		o.log = binlog_name(s->from.log, binlog_file(s->from.lsn.v), name);
		o.offset = from_start ? 0 : binlog_offset(s->from.lsn.v);
	}
	s->ahead = binlog_new(&o, hooks, (struct change_sink){ reserve_nowhere, commit_nowhere, s }, err);
	ok = s->ahead != NULL && read_ahead(s, c, err);
	binlog_free(s->ahead);
	s->ahead = NULL;
	free(s->room);
	s->room = NULL;
	s->room_size = 0;
	my_conn_close(c);
	s->looked = ok;
	return ok || err_ctx(err, "looking ahead in the log");
}

/* ---- the reading that holds ---- */

static bool
unknown_shape(const struct my_shapes *s, const struct binlog_table *t, struct err *err)
{
	err_set(err, ERR_HOLE, "the columns of table %s.%s at this place of the log are not known: the log does not name them, and the table was altered",
	    t->schema, t->name);
	err_remedy(err, "SET GLOBAL binlog_row_metadata = FULL on the source, then: repld ctl resync %s %s.%s", s->p.task, t->schema, t->name);
	return err_table(err, t->schema, t->name);
}

/* MariaDB keeps a number of its own behind the columns for each unique index that is longer than an index may be, and logs it. */
static uint16_t
hidden_columns(const struct table_desc *d, const struct binlog_table *t)
{
	uint16_t n = 0;

	for (uint16_t i = 0; t->mariadb && i < d->nindexes; i++)
		n += d->indexes[i].unique && d->indexes[i].method != NULL && strcmp(d->indexes[i].method, "HASH") == 0 &&
		    strcasecmp(d->engine, "MEMORY") != 0;
	return n;
}

static bool
is_hidden(const struct table_desc *d, const struct binlog_table *t, uint16_t i)
{
	return t->mariadb && strncmp(t->cols[i].name, "DB_ROW_HASH_", 12) == 0 && table_desc_column(d, t->cols[i].name) < 0;
}

/* The log does not name columns: those behind the known `n` are hidden ones, or the table is not as it was. */
static bool
take_hidden_names(const struct table_desc *d, struct binlog_table *t, uint16_t n)
{
	if (t->ncols < n || t->ncols - n > hidden_columns(d, t))
		return false;
	for (uint16_t i = n; i < t->ncols; i++) {
		if (t->cols[i].code != MY_TYPE_LONGLONG || (t->cols[i].name = arena_printf(t->arena, "DB_ROW_HASH_%u", i - n + 1)) == NULL)
			return false;
		t->cols[i].key = false;
	}
	return true;
}

/* *ret_former: else the catalog's. */
static bool
reading_at(struct my_shapes *s, const struct table *table, uint64_t place, const struct binlog_table *t, bool *ret_former, struct err *err)
{
	const struct known_shape *k = &s->known[table->index];

	*ret_former = false;
	if (place >= position_place(&table->source->known_at))
		return true;
	if (!s->looked && !look_ahead(s, err))
		return false;
	if (k->first == 0)
		return true;
	*ret_former = place <= k->first;
	if (*ret_former)
		return k->former != NULL || unknown_shape(s, t, err);
	if (k->last >= position_place(&table->source->as_of)) {
		err_set(err, ERR_RETRY, "table %s.%s was altered while its columns were looked up: looking again", t->schema, t->name);
		return err_table(err, t->schema, t->name);
	}
	return place > k->last || unknown_shape(s, t, err);
}

static bool
take_former_names(const struct my_shapes *s, const struct known_shape *k, const struct table_desc *d, struct binlog_table *t, struct err *err)
{
	if (!take_hidden_names(d, t, k->nformer))
		return unknown_shape(s, t, err);
	for (uint16_t i = 0; i < k->nformer; i++) {
		t->cols[i].name = k->former[i].name;
		t->cols[i].key = k->former[i].key;
	}
	return true;
}

static bool
take_catalog_names(const struct my_shapes *s, const struct table_desc *d, struct binlog_table *t, struct err *err)
{
	const struct index_desc *key = table_desc_primary(d);

	if (!take_hidden_names(d, t, d->ncols))
		return unknown_shape(s, t, err);
	for (uint16_t i = 0; i < d->ncols; i++) {
		t->cols[i].name = d->cols[i].name;
		t->cols[i].key = false;
	}
	for (uint16_t i = 0; key != NULL && i < key->ncols; i++)
		t->cols[key->cols[i]].key = true;
	return true;
}

/* The log says all that rows are read with. */
static bool
is_told(const struct binlog_table *t, const struct binlog_column *col)
{
	const bool text = col->code == MY_TYPE_VARCHAR || col->code == MY_TYPE_STRING || col->code == MY_TYPE_BLOB || col->code == MY_TYPE_VARCHAR_COMPRESSED ||
	    col->code == MY_TYPE_BLOB_COMPRESSED;

	if (binlog_real_code(col) == MY_TYPE_ENUM || binlog_real_code(col) == MY_TYPE_SET)
		return t->has_labels && t->has_charsets;
	return text ? t->has_charsets : t->has_signedness;
}

/* The column of a type that the catalog no longer has, or never had. */
static bool
lone_type(const struct my_shapes *s, const struct binlog_table *t, uint16_t i, bool in_catalog, struct err *err)
{
	return is_told(t, &t->cols[i]) || !in_catalog || unknown_shape(s, t, err);
}

/* The catalog's column is that of the reading: of the type that it had then, as far as the log does not say it. */
static bool
is_same_column(const struct known_shape *k, bool former, const struct binlog_table *t, uint16_t i, const struct column_desc *now)
{
	if (!former)
		return true;
	return strcmp(k->former[i].type, now->type.name) == 0 && (t->has_charsets || !k->recoded || now->collation == NULL);
}

/* former: names are those of the shape that was applied last, in its order. */
static bool
complete_types(struct my_shapes *s, const struct known_shape *k, bool former, struct binlog_table *t, const struct table_desc *d, struct coltype *types,
    struct err *err)
{
	for (uint16_t i = 0; i < t->ncols; i++) {
		struct err mismatch = ERR_INIT;
		const int at = table_desc_column(d, t->cols[i].name);
		struct coltype map;

		if (!my_type_from_map(&map, &t->cols[i], t->mariadb, t->arena, err))
			return err_table(err, t->schema, t->name);
		if (is_hidden(d, t, i)) {
			types[i] = map;
			continue;
		}
		if (at >= 0 && is_same_column(k, former, t, i, &d->cols[at]) &&
		    my_type_complete(&types[i], &d->cols[at].type, &map, t->has_signedness, &mismatch))
			continue;
		if (!lone_type(s, t, i, at >= 0, err))
			return false;
		types[i] = map;
	}
	return true;
}

static const struct shape_text *
former_column(const struct known_shape *k, const char *name)
{
	for (uint16_t i = 0; i < k->nformer; i++)
		if (strcmp(k->former[i].name, name) == 0)
			return &k->former[i];
	return NULL;
}

/* Servers compute generated columns for themselves. Where the log does not say which they are, both readings have to agree, or one alone knows it. */
static bool
leave_out_generated(const struct my_shapes *s, const struct table *table, uint64_t place, const struct binlog_table *t, bool *left_out, struct err *err)
{
	for (uint16_t i = 0; i < t->ncols; i++) {
		const struct shape_text *was = former_column(&s->known[table->index], t->cols[i].name);
		const int at = table_desc_column(table->source, t->cols[i].name);

		left_out[i] = at >= 0 ? table->source->cols[at].generated : (was != NULL && was->generated) || is_hidden(table->source, t, i);
		if (at >= 0 && was != NULL && was->generated != left_out[i] && place < position_place(&table->source->known_at))
			return unknown_shape(s, t, err);
	}
	return true;
}

bool
my_shapes_resolve(struct my_shapes *s, const struct table *table, uint64_t place, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	struct coltype *types = arena_zalloc(t->arena, (t->ncols + 1u) * sizeof(*types));
	bool *left_out = arena_zalloc(t->arena, t->ncols + 1u), former = false;

	if (types == NULL || left_out == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a table");
	if (!t->has_names) {
		if (!reading_at(s, table, place, t, &former, err))
			return false;
		if (former ? !take_former_names(s, &s->known[table->index], table->source, t, err) : !take_catalog_names(s, table->source, t, err))
			return false;
		t->has_names = t->has_keys = true;
	}
	if (!complete_types(s, &s->known[table->index], former, t, table->source, types, err) || !leave_out_generated(s, table, place, t, left_out, err))
		return false;
	ret->types = types;
	ret->left_out = left_out;
	return true;
}
