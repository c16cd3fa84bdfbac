/* binlog_tables.c - the tables that a binlog announces: whose they are, the relations that changes point to, and what rows are read with.
 * Flow: TABLE_MAP -> the same contents as before: known; else read -> resolver -> types -> relation (equal to the last one of that
 * table: that one) -> row decoder.
 * Invariant: a row is decoded by the TABLE_MAP of its own statement; entries are found by contents, table ids are of the moment.
 * Threads: the capture thread; relations are read by the apply thread, too. Owner: entries own their table and row decoder, the
 * relmap owns all relations until the decoder ends. */
#include "cdc/binlog_intern.h"

#include <stdio.h>
#include <string.h>

#include "cdc/my_type.h"
#include "cdc/relmap.h"
#include "daemon/base/map.h"

#define ENTRIES_MAX 10000 /* then all are forgotten: sources that make tables without end */

/* ---- relations ---- */

static bool
lacks(const struct binlog_table *t, const char *what, struct err *err)
{
	err_set(err, ERR_SCHEMA, "the binary log does not tell the %s", what);
	err_remedy(err, "SET GLOBAL binlog_row_metadata = FULL on the source");
	return err_table(err, t->schema, t->name);
}

/* A captured table is known completely, by the log or by the resolver. */
static bool
check_captured(const struct binlog_table *t, const struct binlog_capture *cap, struct err *err)
{
	if (t->unknown_code != 0) {
		err_set(
		    err, ERR_PROTOCOL, "a column of type %u, which is not known", t->unknown_code);
		return err_table(err, t->schema, t->name);
	}
	if (t->ncols > RELATION_MAX_COLUMNS) {
		err_set(err, ERR_LIMIT, "%u columns, more than %d", t->ncols, RELATION_MAX_COLUMNS);
		return err_table(err, t->schema, t->name);
	}
	if (!t->has_names)
		return lacks(t, "columns' names", err);
	for (uint16_t i = 0; i < t->ncols; i++)
		if (t->cols[i].name == NULL || t->cols[i].name[0] == '\0')
			return lacks(t, "columns' names", err);
	return cap->types != NULL || t->has_signedness || lacks(t, "columns' signs", err);
}

static const struct coltype *
table_types(const struct binlog_table *t, const struct binlog_capture *cap, struct err *err)
{
	struct coltype *types;

	if (cap->types != NULL)
		return cap->types;
	if ((types = arena_zalloc(t->arena, t->ncols * sizeof(*types))) == NULL) {
		map_no_memory(err);
		return NULL;
	}
	for (uint16_t i = 0; i < t->ncols; i++)
		if (!my_type_from_map(&types[i], &t->cols[i], t->mariadb, t->arena, err)) {
			err_ctx(err, "column %s", t->cols[i].name);
			err_table(err, t->schema, t->name);
			return NULL;
		}
	return types;
}

static bool
is_left_out(const struct binlog_capture *cap, uint16_t i)
{
	return cap->left_out != NULL && cap->left_out[i];
}

static bool
any_key(const struct binlog_table *t, const struct binlog_capture *cap)
{
	for (uint16_t i = 0; i < t->ncols; i++)
		if (t->cols[i].key && !is_left_out(cap, i))
			return true;
	return false;
}

/* A relation outlives the table that it was made from. */
static const struct coltype *
copy_type(struct arena *arena, const struct coltype *t)
{
	struct coltype *copy = arena_alloc(arena, sizeof(*copy));
	const char **labels =
	    t->nlabels > 0 ? arena_zalloc(arena, t->nlabels * sizeof(*labels)) : NULL;

	if (copy == NULL || (t->nlabels > 0 && labels == NULL))
		return NULL;
	*copy = *t;
	for (uint16_t i = 0; i < t->nlabels; i++)
		if ((labels[i] = arena_strdup(arena, t->labels[i])) == NULL)
			return NULL;
	copy->labels = labels;
	copy->name = t->name != NULL ? arena_strdup(arena, t->name) : NULL;
	return copy->name != NULL || t->name == NULL ? copy : NULL;
}

/* Into rel, in rel's arena. Without a primary key the whole row is its identity. */
static bool
fill_relation(struct relation *rel, const struct binlog_table *t, const struct binlog_capture *cap,
    const struct coltype *types)
{
	const bool keyed = any_key(t, cap);
	struct relation_column *cols = arena_zalloc(rel->arena, t->ncols * sizeof(*cols));
	uint16_t n = 0;

	rel->schema = arena_strdup(rel->arena, t->schema);
	rel->name = arena_strdup(rel->arena, t->name);
	if (cols == NULL || rel->schema == NULL || rel->name == NULL)
		return false;
	for (uint16_t i = 0; i < t->ncols; i++) {
		if (is_left_out(cap, i))
			continue;
		cols[n].oid = my_type_oid(types[i].code, types[i].is_unsigned, types[i].collation);
		cols[n].typmod = my_type_typmod(&types[i]);
		if ((cols[n].type = copy_type(rel->arena, &types[i])) == NULL)
			return false;
		cols[n].identity = !keyed || t->cols[i].key;
		if ((cols[n].name = arena_strdup(rel->arena, t->cols[i].name)) == NULL)
			return false;
		n++;
	}
	rel->cols = cols;
	rel->ncols = n;
	rel->replica_identity = keyed ? 'd' : 'f';
	relation_seal(rel);
	return true;
}

/* The number that a table's name has in this stream, from 1. */
static uint32_t
name_number(struct binlog *dec, const char *schema, const char *name, bool make, struct err *err)
{
	char key[600];
	const int n = snprintf(key, sizeof(key), "%s%c%s", schema, '\0', name);
	uintptr_t number;

	if ((size_t)n >= sizeof(key)) {
		err_set(err, ERR_PROTOCOL, "a name of %d bytes", n);
		return 0;
	}
	number = (uintptr_t)map_get(dec->by_name, key, (size_t)n);
	if (number != 0 || !make)
		return (uint32_t)number;
	number = dec->names + 1;
	if (!map_put(dec->by_name, key, (size_t)n, (void *)number, err))
		return 0;
	return ++dec->names;
}

static const struct relation *
make_relation(struct binlog *dec, const struct binlog_table *t, const struct binlog_capture *cap,
    const struct coltype *types, struct err *err)
{
	const uint32_t number = name_number(dec, t->schema, t->name, true, err);
	struct arena *arena = number != 0 ? arena_new(1024, 0) : NULL;
	struct relation *rel = arena != NULL ? arena_zalloc(arena, sizeof(*rel)) : NULL;
	const struct relation *now;
	bool is_new;

	if (number == 0)
		return NULL;
	if (rel != NULL) {
		rel->arena = arena;
		rel->id = number;
		rel->table = cap->table;
	}
	if (rel == NULL || !fill_relation(rel, t, cap, types)) {
		arena_free(arena);
		map_no_memory(err);
		return NULL;
	}
	if (!relmap_put(dec->relations, rel, &now, &is_new, err))
		return NULL;
	if (now->table == cap->table)
		return !is_new || dec->hooks.relation == NULL ||
			       dec->hooks.relation(dec->hooks.arg, now, err)
			   ? now
			   : NULL;
	err_set(err, ERR_SCHEMA, "the table is captured as another one than before");
	err_table(err, t->schema, t->name);
	return NULL;
}

const struct relation *
binlog_relation(const struct binlog *dec, const char *schema, const char *name)
{
	struct err err = ERR_INIT;
	struct binlog *d = (struct binlog *)(uintptr_t)dec;
	const uint32_t number = name_number(d, schema, name, false, &err);

	return number != 0 ? relmap_get(dec->relations, number) : NULL;
}

/* ---- entries ---- */

/* Bytes of a packed decimal. */
static uint32_t
decimal_size(uint8_t precision, uint8_t scale)
{
	static const uint8_t rest[10] = { 0, 1, 1, 2, 2, 3, 3, 4, 4, 4 };
	const uint32_t whole = precision > scale ? (uint32_t)(precision - scale) : 0;

	return whole / 9 * 4 + rest[whole % 9] + scale / 9 * 4 + rest[scale % 9];
}

/* How a column's bytes stand in an image. False: not known. A flat switch. */
static bool
column_step(const struct binlog_column *col, struct column_step *s)
{
	const uint8_t low = (uint8_t)col->meta, high = (uint8_t)(col->meta >> 8);
	uint32_t length;

	switch (binlog_real_code(col)) {
	case MY_TYPE_TINY:
	case MY_TYPE_YEAR: s->fixed = 1; return true;
	case MY_TYPE_SHORT: s->fixed = 2; return true;
	case MY_TYPE_INT24:
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE:
	case MY_TYPE_TIME: s->fixed = 3; return true;
	case MY_TYPE_LONG:
	case MY_TYPE_TIMESTAMP:
	case MY_TYPE_FLOAT: s->fixed = 4; return true;
	case MY_TYPE_LONGLONG:
	case MY_TYPE_DATETIME:
	case MY_TYPE_DOUBLE: s->fixed = 8; return true;
	case MY_TYPE_TIME2: s->fixed = 3 + (low + 1U) / 2; return low <= 6;
	case MY_TYPE_TIMESTAMP2: s->fixed = 4 + (low + 1U) / 2; return low <= 6;
	case MY_TYPE_DATETIME2: s->fixed = 5 + (low + 1U) / 2; return low <= 6;
	case MY_TYPE_NEWDECIMAL:
		s->fixed = decimal_size(high, low);
		return low <= high && high <= 65;
	case MY_TYPE_BIT: s->fixed = high + (low > 0); return low < 8 && high <= 8;
	case MY_TYPE_ENUM:
	case MY_TYPE_SET: s->fixed = low; return low >= 1 && low <= 8;
	case MY_TYPE_STRING:
		/* lengths of 256 and more leave their upper bits, inverted, in the type's */
		length = ((col->meta >> 4 & 0x300) ^ 0x300) + low;
		s->prefix = length > 255 ? 2 : 1;
		return true;
	case MY_TYPE_VARCHAR:
	case MY_TYPE_VARCHAR_COMPRESSED:
	case MY_TYPE_VAR_STRING: s->prefix = col->meta > 255 ? 2 : 1; return true;
	case MY_TYPE_BLOB:
	case BLOB_TINY:
	case BLOB_MEDIUM:
	case BLOB_LONG:
	case MY_TYPE_BLOB_COMPRESSED:
	case MY_TYPE_GEOMETRY:
	case MY_TYPE_JSON:
	case MY_TYPE_VECTOR: s->prefix = low; return low >= 1 && low <= 4;
	default: return false;
	}
}

static bool
fill_steps(struct table_entry *e, const struct binlog_table *t, const struct binlog_capture *cap,
    struct err *err)
{
	struct column_step *steps = arena_zalloc(t->arena, t->ncols * sizeof(*steps));
	uint8_t *identity = arena_zalloc(t->arena, (t->ncols + 7U) / 8),
		*wanted = arena_zalloc(t->arena, (t->ncols + 7U) / 8);
	uint16_t *columns = arena_zalloc(t->arena, t->ncols * sizeof(*columns)), n = 0;

	if (steps == NULL || identity == NULL || wanted == NULL || columns == NULL ||
	    (e->rel->ncols < t->ncols &&
		(e->wide = arena_zalloc(t->arena, t->ncols * sizeof(*e->wide))) == NULL))
		return map_no_memory(err);
	for (uint16_t i = 0; i < t->ncols; i++) {
		if (!column_step(&t->cols[i], &steps[i])) {
			err_set(err, ERR_PROTOCOL,
			    "column %s: type %u with metadata %u is not known", t->cols[i].name,
			    t->cols[i].code, t->cols[i].meta);
			return err_table(err, t->schema, t->name);
		}
		if (is_left_out(cap, i))
			continue;
		wanted[i / 8] |= (uint8_t)(1 << i % 8);
		if (e->rel->cols[n].identity)
			identity[i / 8] |= (uint8_t)(1 << i % 8);
		columns[n++] = i;
	}
	e->steps = steps;
	e->identity = identity;
	e->wanted = wanted;
	e->columns = columns;
	return true;
}

static bool
fill_captured(struct binlog *dec, struct table_entry *e, const struct binlog_table *t,
    const struct binlog_capture *cap, struct err *err)
{
	const struct coltype *types;
	const char **names = arena_zalloc(t->arena, t->ncols * sizeof(*names));

	if (names == NULL)
		return map_no_memory(err);
	if (!check_captured(t, cap, err) || (types = table_types(t, cap, err)) == NULL ||
	    (e->rel = make_relation(dec, t, cap, types, err)) == NULL)
		return false;
	for (uint16_t i = 0; i < t->ncols; i++)
		names[i] = t->cols[i].name;
	e->want_old = cap->want_old;
	e->full_old = cap->want_old || e->rel->replica_identity == 'f';
	if ((e->image = row_image_new(types, names, t->ncols, t->arena, err)) == NULL)
		return err_table(err, t->schema, t->name);
	e->names = names;
	return fill_steps(e, t, cap, err);
}

static void
entry_free(void *entry)
{
	struct table_entry *e = entry;

	if (e->image != NULL)
		row_image_done(e->image);
	arena_free(e->arena);
}

/* Of a table that is not captured nothing is kept. */
static struct table_entry *
uncaptured_entry(struct err *err)
{
	struct arena *arena = arena_new(sizeof(struct table_entry), 0);
	struct table_entry *e = arena != NULL ? arena_zalloc(arena, sizeof(*e)) : NULL;

	if (e != NULL) {
		e->arena = arena;
		return e;
	}
	arena_free(arena);
	map_no_memory(err);
	return NULL;
}

/* A captured table becomes part of its entry, which lives in its arena. */
static struct table_entry *
entry_new(struct binlog *dec, struct binlog_table *take_t, struct err *err)
{
	struct binlog_capture cap = { 0 };
	struct table_entry *e = arena_zalloc(take_t->arena, sizeof(*e));

	if (e == NULL)
		map_no_memory(err);
	if (e == NULL || !dec->hooks.resolve(dec->hooks.arg, take_t, &cap, err)) {
		arena_free(take_t->arena);
		return NULL;
	}
	if (cap.table == NULL) {
		arena_free(take_t->arena);
		return uncaptured_entry(err);
	}
	e->arena = take_t->arena;
	e->ncols = take_t->ncols;
	if (fill_captured(dec, e, take_t, &cap, err))
		return e;
	entry_free(e);
	return NULL;
}

void
binlog_forget_tables(struct binlog *dec)
{
	struct map *fresh = map_new();

	tables_end_statement(dec);
	if (fresh == NULL)
		return; /* what is kept was true when it was asked for; the caller asks again with the next DDL */
	map_free(dec->by_content, entry_free);
	dec->by_content = fresh;
}

/* ---- the event ---- */

static bool
announce(struct binlog *dec, uint64_t id, struct table_entry *e, struct err *err)
{
	for (uint16_t i = 0; i < dec->nactive; i++)
		if (dec->active[i].id == id) {
			dec->active[i].entry = e;
			return true;
		}
	if (dec->nactive == ACTIVE_TABLES)
		return err_set(
		    err, ERR_LIMIT, "a statement that changes more than %d tables", ACTIVE_TABLES);
	dec->active[dec->nactive].id = id;
	dec->active[dec->nactive++].entry = e;
	return true;
}

static bool
make_entry(struct binlog *dec, const struct slice *contents, uint64_t id, uint16_t flags,
    struct table_entry **ret, struct err *err)
{
	struct binlog_table *t;

	if (dec->nactive == 0 && map_count(dec->by_content) >= ENTRIES_MAX)
		binlog_forget_tables(dec);
	if ((t = map_read(contents, dec->flavour == GTID_MARIADB, err)) == NULL)
		return false;
	t->table_id = id;
	t->flags = flags;
	if ((*ret = entry_new(dec, t, err)) == NULL)
		return false;
	if (map_put(dec->by_content, contents->p, contents->n, *ret, err))
		return true;
	entry_free(*ret);
	return false;
}

bool
tables_on_event(struct binlog *dec, struct event *ev, struct err *err)
{
	const size_t id_size = ev->post == 6 ? 4 : 6;
	struct table_entry *e;
	struct slice contents;
	uint64_t id;
	uint16_t flags;

	if (!binlog_need_post(ev, (uint8_t)(id_size + 2), err) || !group_need_open(dec, ev, err))
		return false;
	id = rd_le(&ev->body, id_size);
	flags = (uint16_t)rd_le(&ev->body, 2);
	contents = (struct slice){ ev->body.p + ev->post, ev->body.n - ev->post };
	if ((e = map_get(dec->by_content, contents.p, contents.n)) == NULL &&
	    !make_entry(dec, &contents, id, flags, &e, err))
		return false;
	return announce(dec, id, e, err);
}

struct table_entry *
tables_find(struct binlog *dec, uint64_t table_id)
{
	for (uint16_t i = dec->nactive; i > 0; i--)
		if (dec->active[i - 1].id == table_id)
			return dec->active[i - 1].entry;
	return NULL;
}

void
tables_end_statement(struct binlog *dec)
{
	dec->nactive = 0;
}

bool
tables_init(struct binlog *dec, struct err *err)
{
	dec->by_content = map_new();
	dec->by_name = map_new();
	if (dec->by_content == NULL || dec->by_name == NULL)
		return map_no_memory(err);
	return (dec->relations = relmap_new(err)) != NULL;
}

void
tables_done(struct binlog *dec)
{
	if (dec->by_content != NULL)
		map_free(dec->by_content, entry_free);
	if (dec->by_name != NULL)
		map_free(dec->by_name, NULL);
	relmap_free(dec->relations);
}
