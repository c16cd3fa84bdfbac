/* wal2json_row.c - the tables of a wal2json stream, the shapes that their rows show, and rows -> changes.
 * Flow: columns of a message -> cells -> the version that they fit -> the record.
 * A row fits a version where each of its columns is one there, of the same type and modifier, in the same order, and none is missing (by its order
 * alone it shows that two columns have exchanged their names); in an UPDATE a column may be missing that can be stored apart (it was not changed). A row that fits a version wholly is decoded by it; an UPDATE that fits none
 * wholly, by the one that it fits but for what is missing: the table's last one first. A row that fits none makes a new version of the
 * relation, which the resolver looks at. (So an UPDATE of before a column was added, which is all that tells of it, may be taken for one that
 * left the column alone: for the target that is the same.) The columns of "identity" are the replica identity of the moment.
 * Invariant: the resolver has seen each relation before a change points to it.
 * Threads: the capture thread. Owner: the decoder; a version belongs to its relation's arena. */
#include "cdc/wal2json_intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OID_BOOL    16
#define OID_BYTEA   17
#define OID_INT8    20
#define OID_INT2    21
#define OID_INT4    23
#define OID_OID	    26
#define OID_FLOAT4  700
#define OID_FLOAT8  701
#define OID_NUMERIC 1700

enum fit { FIT_NONE, FIT_PART, FIT_WHOLE };

/* ---- versions ---- */

static bool
no_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "no memory for a relation");
}

/* A type as the plugin writes it: the text itself where it begins with a quote and ends in none of an array's brackets. */
static bool
type_form(struct arena *arena, const char *type, struct slice *ret, struct err *err)
{
	struct buf b = { 0 };
	uint8_t *copy;

	if (type[0] == '"' && type[strlen(type) - 1] != ']')
		buf_str(&b, type);
	else
		buf_json_str(&b, type, strlen(type));
	copy = b.bad ? NULL : arena_alloc(arena, b.n);
	if (copy != NULL)
		memcpy(copy, b.p, b.n);
	*ret = (struct slice){ copy, b.n };
	buf_done(&b);
	return copy != NULL || no_memory(err);
}

/* A version with room for ncols columns, and a name; the caller frees its arena on failure. */
static struct version *
version_new(const struct entry *e, uint16_t ncols, struct err *err)
{
	struct arena *arena = arena_new(1024, 0);
	struct version *v = arena != NULL ? arena_zalloc(arena, sizeof(*v)) : NULL;
	struct relation *rel = v != NULL ? arena_zalloc(arena, sizeof(*rel)) : NULL;

	if (rel != NULL) {
		v->rel = rel;
		v->types = arena_zalloc(arena, (ncols + 1u) * sizeof(*v->types));
		v->fixed = arena_zalloc(arena, ncols + 1u);
		rel->cols = arena_zalloc(arena, (ncols + 1u) * sizeof(*rel->cols));
		rel->schema = arena_strdup(arena, e->schema);
		rel->name = arena_strdup(arena, e->name);
	}
	if (rel == NULL || v->types == NULL || v->fixed == NULL || rel->cols == NULL || rel->schema == NULL || rel->name == NULL) {
		arena_free(arena);
		no_memory(err);
		return NULL;
	}
	rel->arena = arena;
	rel->id = e->known->id;
	rel->replica_identity = e->known->replica_identity;
	return v;
}

static struct relation_column *
columns_of(struct version *v)
{
	return (struct relation_column *)(uintptr_t)v->rel->cols;
}

static void
version_free(struct version *v)
{
	relation_free(v->rel);
}

static bool
add_version(struct entry *e, struct version *take_v, struct err *err)
{
	relation_seal(take_v->rel);
	if (!mem_grow(&e->versions, &e->cap, e->n + 1, sizeof(*e->versions), err)) {
		version_free(take_v);
		return false;
	}
	e->versions[e->n++] = take_v;
	return true;
}

static bool
resolve(struct wal2json *dec, struct version *v, struct err *err)
{
	if (v->resolved)
		return true;
	v->resolved = true;
	return dec->p.resolver.resolve(dec->p.resolver.arg, v->rel, &v->rel->table, err);
}

static bool
fill_known(const struct wal2json_table *t, struct version *v, struct err *err)
{
	struct relation_column *cols = columns_of(v);

	for (uint16_t i = 0; i < t->ncols; i++) {
		const struct wal2json_column *c = &t->cols[i];
		const uint16_t n = v->rel->ncols;

		if (c->generated)
			continue;
		cols[n] = (struct relation_column){ .oid = c->oid, .typmod = c->typmod, .identity = c->identity };
		if ((cols[n].name = arena_strdup(v->rel->arena, c->name)) == NULL)
			return no_memory(err);
		if (!type_form(v->rel->arena, c->type, &v->types[n], err))
			return false;
		v->fixed[n] = c->fixed;
		v->rel->ncols++;
	}
	return true;
}

/* ---- entries ---- */

static bool
put_entry(struct wal2json *dec, const struct wal2json_table *known, struct err *err)
{
	struct entry *e = mem_zalloc(sizeof(*e), err);
	struct version *v;

	if (e == NULL)
		return false;
	*e = (struct entry){ .schema = known->schema, .name = known->name, .known = known };
	buf_reset(&dec->key);
	buf_put(&dec->key, known->schema, strlen(known->schema) + 1);
	buf_str(&dec->key, known->name);
	if (!dec->key.bad && map_get(dec->entries, dec->key.p, dec->key.n) != NULL) {
		free(e);
		return err_set(err, ERR_CONFIG, "table %s.%s is captured twice", known->schema, known->name);
	}
	if (dec->key.bad || !map_put(dec->entries, dec->key.p, dec->key.n, e, err)) {
		free(e);
		return err->kind != ERR_NONE ? false : no_memory(err);
	}
	if ((v = version_new(e, known->ncols, err)) == NULL)
		return false;
	if (!fill_known(known, v, err)) {
		version_free(v);
		return false;
	}
	return add_version(e, v, err);
}

bool
w2j_entries_init(struct wal2json *dec, struct err *err)
{
	if ((dec->entries = map_new()) == NULL)
		return no_memory(err);
	for (size_t i = 0; i < dec->p.ntables; i++) {
		const struct wal2json_table *t = &dec->p.tables[i];

		if (t->ncols > RELATION_MAX_COLUMNS)
			return err_set(err, ERR_LIMIT, "table %s.%s has %u columns: at most %d can be handled", t->schema, t->name, t->ncols,
			    RELATION_MAX_COLUMNS);
		if (!put_entry(dec, t, err))
			return false;
	}
	return true;
}

static void
entry_free(void *arg)
{
	struct entry *e = arg;

	for (size_t i = 0; i < e->n; i++)
		version_free(e->versions[i]);
	free(e->versions);
	free(e);
}

void
w2j_entries_done(struct wal2json *dec)
{
	if (dec->entries != NULL)
		map_free(dec->entries, entry_free);
	buf_done(&dec->key);
	free(dec->new_cells.c);
	free(dec->new_cells.at);
	free(dec->old_cells.c);
	free(dec->old_cells.at);
	free(dec->present);
}

/* The version of the last row; its relation is the resolver's to judge. */
bool
w2j_relation(struct wal2json *dec, struct entry *e, const struct relation **ret, struct err *err)
{
	*ret = e->versions[e->now]->rel;
	return resolve(dec, e->versions[e->now], err);
}

static bool
look_up(struct wal2json *dec, const struct message *m, struct entry **ret, struct err *err)
{
	struct buf *key = &dec->key;
	size_t n;

	*ret = dec->last;
	if (dec->last != NULL && json_text_is(&m->table, dec->last->name) && json_text_is(&m->schema, dec->last->schema))
		return true;
	buf_reset(key);
	if (!buf_reserve(key, m->schema.n + m->table.n + 1))
		return no_memory(err);
	n = json_unescape(&m->schema, key->p);
	key->p[n++] = '\0';
	n += json_unescape(&m->table, key->p + n);
	if ((*ret = map_get(dec->entries, key->p, n)) != NULL)
		dec->last = *ret;
	return true;
}

/* All versions of a table are the same table's: once the resolver has said that it is not captured, its rows are not even read. */
bool
w2j_find(struct wal2json *dec, struct message *m, struct err *err)
{
	const struct version *v;

	if (!look_up(dec, m, &m->entry, err))
		return false;
	if (m->entry != NULL) {
		v = m->entry->versions[m->entry->now];
		if (v->resolved && v->rel->table == NULL)
			m->entry = NULL;
		return true;
	}
	if (dec->p.strangers == NULL || !dec->in_txn || dec->strangers_known)
		return true;
	return dec->strangers_known = dec->p.strangers(dec->p.arg, dec->xid, err);
}

/* ---- cells ---- */

static const char type_end[] = ",\"typeoid\":";

/* The text of a type is not escaped where it begins with a quote; but it never holds the next key with its comma and quotes, as quotes inside are
 * doubled or escaped. */
static struct slice
take_type(struct json *j)
{
	const uint8_t *p = j->p + j->off, *end = memmem(p, j->n - j->off, type_end, sizeof(type_end) - 1);

	if (end == NULL || end - p < 2 || p[0] != '"') {
		json_fail(j);
		return (struct slice){ NULL, 0 };
	}
	j->off += (size_t)(end - p);
	return (struct slice){ p, (size_t)(end - p) };
}

/* Printed as a signed number. */
static uint32_t
take_oid(struct json *j)
{
	const struct slice s = json_number(j);
	int64_t v = 0;
	size_t i = s.n > 0 && s.p[0] == '-';

	for (; i < s.n && v <= UINT32_MAX; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			json_fail(j);
		v = v * 10 + (s.p[i] - '0');
	}
	if (v > UINT32_MAX || v == 0)
		json_fail(j);
	return (uint32_t)(s.n > 0 && s.p[0] == '-' ? -v : v);
}

static void
take_value(struct json *j, struct cell *c)
{
	struct json_text t;

	switch (c->kind = json_peek(j)) {
	case JSON_STRING:
		t = json_str(j);
		c->value = (struct slice){ t.p, t.n };
		c->escaped = t.escaped;
		break;
	case JSON_NUMBER: c->value = json_number(j); break;
	case JSON_TRUE:
	case JSON_FALSE: json_bool(j); break;
	case JSON_NULL: json_null(j); break;
	default: json_fail(j);
	}
}

/* name, type, typeoid and value, once each. */
static void
take_cell(struct json *j, struct cell *c)
{
	struct json_text key;
	unsigned has = 0, bit;

	*c = (struct cell){ .kind = JSON_BAD };
	json_object(j);
	while (json_member(j, &key)) {
		if (json_text_is(&key, "name")) {
			c->name = json_str(j);
			bit = 1;
		} else if (json_text_is(&key, "type")) {
			c->type = take_type(j);
			bit = 2;
		} else if (json_text_is(&key, "typeoid")) {
			c->oid = take_oid(j);
			bit = 4;
		} else if (json_text_is(&key, "value")) {
			take_value(j, c);
			bit = 8;
		} else {
			bit = 0;
		}
		if (bit == 0 || (has & bit) != 0)
			json_fail(j);
		has |= bit;
	}
	if (has != 15 || c->name.n == 0)
		json_fail(j);
}

bool
w2j_cells(struct json *j, struct cells *cells, struct err *err)
{
	json_array(j);
	while (json_item(j)) {
		if (cells->n == RELATION_MAX_COLUMNS)
			return err_set(err, ERR_PROTOCOL, "more than %d columns", RELATION_MAX_COLUMNS);
		if (!mem_grow(&cells->c, &cells->cap, cells->n + 1, sizeof(*cells->c), err) ||
		    !mem_grow(&cells->at, &cells->at_cap, cells->n + 1, sizeof(*cells->at), err))
			return false;
		take_cell(j, &cells->c[cells->n++]);
	}
	return true;	/* whether it was bad stands in j */
}

/* ---- which version ---- */

static bool
is_generated(const struct entry *e, const struct cell *c)
{
	for (uint16_t i = 0; i < e->known->ncols; i++)
		if (e->known->cols[i].generated && json_text_is(&c->name, e->known->cols[i].name))
			return true;
	return false;
}

/* The type's text as SQL has it. */
static char *
type_text(const struct slice *type)
{
	const struct json_text inner = { type->p + 1, type->n - 2, true };
	struct json j = json_init(type->p, type->n);
	char *text = xzalloc(type->n + 1);

	json_str(&j);
	if (json_end(&j))
		text[json_unescape(&inner, (uint8_t *)text)] = '\0';
	else
		memcpy(text, type->p, type->n);
	return text;
}

static bool
typmod_of(struct wal2json *dec, const struct cell *c, int32_t *ret, struct err *err)
{
	char *text = type_text(&c->type);
	bool ok = dec->p.typmod(dec->p.arg, c->oid, text, ret, err);

	free(text);
	return ok;
}

/* Types have the same number but not the same text: a modifier was changed, or the type has another name by now; then the text that was
 * understood is kept. */
static bool
same_typmod(struct wal2json *dec, struct version *v, uint16_t col, const struct cell *c, bool *ret, struct err *err)
{
	uint8_t *copy;
	int32_t typmod;

	if (!typmod_of(dec, c, &typmod, err))
		return false;
	*ret = typmod == v->rel->cols[col].typmod;
	if (!*ret)
		return true;
	if ((copy = arena_alloc(v->rel->arena, c->type.n)) == NULL)
		return no_memory(err);
	v->types[col] = (struct slice){ memcpy(copy, c->type.p, c->type.n), c->type.n };
	return true;
}

static int
column_of(const struct version *v, const struct json_text *name, uint16_t guess)
{
	for (uint16_t i = 0; i < v->rel->ncols; i++) {
		const uint16_t col = (uint16_t)((guess + i) % v->rel->ncols);

		if (json_text_is(name, v->rel->cols[col].name))
			return col;
	}
	return -1;
}

static bool
same_type(struct wal2json *dec, struct version *v, uint16_t col, const struct cell *c, bool *ret, struct err *err)
{
	const struct slice *t = &v->types[col];

	*ret = false;
	if (v->rel->cols[col].oid != c->oid)
		return true;
	*ret = t->n == c->type.n && memcmp(t->p, c->type.p, t->n) == 0;
	return *ret || same_typmod(dec, v, col, c, ret, err);
}

/* Each cell is a column of the version. present[] tells which columns there are. */
static bool
fits_image(struct wal2json *dec, struct entry *e, struct version *v, struct cells *cells, bool *ret, struct err *err)
{
	uint16_t next = 0;

	*ret = false;
	if (!mem_grow(&dec->present, &dec->present_cap, v->rel->ncols + 1u, 1, err))
		return false;
	memset(dec->present, 0, v->rel->ncols + 1u);
	for (size_t i = 0; i < cells->n; i++) {
		const int col = column_of(v, &cells->c[i].name, next);
		bool same;

		if (col < 0 && !is_generated(e, &cells->c[i]))
			return true;
		cells->at[i] = col < 0 ? AT_GENERATED : (uint16_t)col;
		if (col < 0)
			continue;
		if (!same_type(dec, v, (uint16_t)col, &cells->c[i], &same, err))
			return false;
		if (!same || dec->present[col] || (col < next && !e->known->any_order))
			return true;
		dec->present[col] = 1;
		next = (uint16_t)(col + 1);
	}
	*ret = true;
	return true;
}

static bool
fit(struct wal2json *dec, const struct message *m, struct version *v, enum fit *ret, struct err *err)
{
	enum fit best = FIT_WHOLE;
	bool fits = true;

	*ret = FIT_NONE;
	if (m->action != 'I' && (!fits_image(dec, m->entry, v, &dec->old_cells, &fits, err) || !fits))
		return err->kind == ERR_NONE;
	if (m->action != 'D') {
		if (!fits_image(dec, m->entry, v, &dec->new_cells, &fits, err) || !fits)
			return err->kind == ERR_NONE;
		for (uint16_t i = 0; i < v->rel->ncols; i++) {
			if (dec->present[i])
				continue;
			if (m->action == 'I' || v->fixed[i])
				return true;
			best = FIT_PART;
		}
	}
	*ret = best;
	return true;
}

/* ---- a version out of a row ---- */

/* The column of a version that has this name. */
static const struct wal2json_column *
known_column(const struct entry *e, const struct json_text *name)
{
	for (uint16_t i = 0; i < e->known->ncols; i++)
		if (json_text_is(name, e->known->cols[i].name))
			return &e->known->cols[i];
	return NULL;
}

static const struct cell *
cell_named(const struct cells *cells, const char *name)
{
	for (size_t i = 0; i < cells->n; i++)
		if (json_text_is(&cells->c[i].name, name))
			return &cells->c[i];
	return NULL;
}

static bool
has_column(const struct version *v, const struct json_text *name)
{
	for (uint16_t i = 0; i < v->rel->ncols; i++)
		if (json_text_is(name, v->rel->cols[i].name))
			return true;
	return false;
}

static bool
derive_column(struct wal2json *dec, const struct entry *e, struct version *v, const struct cell *c, struct err *err)
{
	struct relation_column *col = &columns_of(v)[v->rel->ncols];
	const struct wal2json_column *known = known_column(e, &c->name);
	struct arena *arena = v->rel->arena;
	char *name;
	uint8_t *type;

	if (has_column(v, &c->name))
		return err_set(err, ERR_PROTOCOL, "a column comes twice");
	if ((name = arena_zalloc(arena, c->name.n + 1)) == NULL || (type = arena_alloc(arena, c->type.n)) == NULL)
		return no_memory(err);
	json_unescape(&c->name, (uint8_t *)name);
	*col = (struct relation_column){ .name = name, .oid = c->oid, .typmod = -1 };
	v->types[v->rel->ncols] = (struct slice){ memcpy(type, c->type.p, c->type.n), c->type.n };
	v->fixed[v->rel->ncols] = known != NULL && known->oid == c->oid && known->fixed;
	v->rel->ncols++;
	return typmod_of(dec, c, &col->typmod, err);
}

static bool
copy_column(const struct version *from, uint16_t i, struct version *to, struct err *err)
{
	struct relation_column *col = &columns_of(to)[to->rel->ncols];

	*col = from->rel->cols[i];
	if ((col->name = arena_strdup(to->rel->arena, col->name)) == NULL)
		return no_memory(err);
	to->types[to->rel->ncols] = from->types[i];	/* versions live as long as each other */
	to->fixed[to->rel->ncols++] = from->fixed[i];
	return true;
}

static bool
derive_columns(struct wal2json *dec, const struct message *m, const struct version *was, struct version *v, struct err *err)
{
	const struct cells *cells = m->action == 'D' ? &dec->old_cells : &dec->new_cells;

	for (size_t i = 0; i < cells->n; i++)
		if (!is_generated(m->entry, &cells->c[i]) && !derive_column(dec, m->entry, v, &cells->c[i], err))
			return false;
	for (uint16_t i = 0; m->action != 'I' && i < was->rel->ncols; i++)
		if (cell_named(cells, was->rel->cols[i].name) == NULL && (m->action == 'D' || !was->fixed[i]) && !copy_column(was, i, v, err))
			return false;
	return true;
}

/* What the row tells of the table's shape; what it can't tell is as it was. */
static bool
derive(struct wal2json *dec, const struct message *m, struct err *err)
{
	struct entry *e = m->entry;
	const struct version *was = e->versions[e->now];
	struct version *v;
	int i;

	assert(dec->new_cells.n + dec->old_cells.n + was->rel->ncols <= RELATION_MAX_COLUMNS * 3);
	v = version_new(e, (uint16_t)(dec->new_cells.n + dec->old_cells.n + was->rel->ncols), err);
	if (v == NULL)
		return false;
	v->rel->replica_identity = was->rel->replica_identity;
	if (!derive_columns(dec, m, was, v, err)) {
		version_free(v);
		return false;
	}
	if (v->rel->ncols > RELATION_MAX_COLUMNS) {
		version_free(v);
		return err_set(err, ERR_PROTOCOL, "more than %d columns", RELATION_MAX_COLUMNS);
	}
	for (uint16_t k = 0; k < was->rel->ncols; k++)
		if (was->rel->cols[k].identity && (i = relation_column_index(v->rel, was->rel->cols[k].name)) >= 0)
			columns_of(v)[i].identity = true;
	e->now = e->n;
	return add_version(e, v, err);
}

/* Sets entry->now. A version that was just derived must fit. */
static bool
choose(struct wal2json *dec, const struct message *m, bool again, struct err *err)
{
	struct entry *e = m->entry;
	size_t part = SIZE_MAX, i = e->now;
	enum fit f;

	for (size_t n = 0; n < e->n; n++) {
		if (!fit(dec, m, e->versions[i], &f, err))
			return false;
		if (f == FIT_WHOLE) {
			e->now = i;
			return true;
		}
		if (f == FIT_PART && part == SIZE_MAX)
			part = i;
		i = (i + e->n - 1) % e->n;
	}
	if (part != SIZE_MAX) {
		e->now = part;
		return fit(dec, m, e->versions[part], &f, err);
	}
	if (again)
		return err_set(err, ERR_PROTOCOL, "the old row and the new one do not fit together");
	return derive(dec, m, err) && choose(dec, m, true, err);
}

/* ---- the identity ---- */

/* Each column of the identity as the version has it must stand in the row: one that was left out would make another row's identity of it. */
static bool
identity_is_whole(struct wal2json *dec, const struct version *v, struct err *err)
{
	for (uint16_t i = 0; i < v->rel->ncols; i++) {
		bool there = !v->rel->cols[i].identity || v->fixed[i];

		for (size_t k = 0; !there && k < dec->old_cells.n; k++)
			there = dec->old_cells.at[k] == i;
		for (size_t k = 0; !there && k < dec->new_cells.n; k++)
			there = dec->new_cells.at[k] == i;
		if (!there)
			return err_set(err, ERR_PROTOCOL, "column %s: part of the identity, but nowhere sent", v->rel->cols[i].name);
	}
	return true;
}

/* The identity of the moment, into present[]; *ret_letter: 'f' where it is the whole row. */
static bool
identity_of(struct wal2json *dec, const struct version *v, bool *ret_same, char *ret_letter)
{
	uint16_t n = 0;

	memset(dec->present, 0, v->rel->ncols + 1u);
	for (size_t k = 0; k < dec->old_cells.n; k++)
		if (dec->old_cells.at[k] != AT_GENERATED)
			dec->present[dec->old_cells.at[k]] = 1;
	*ret_same = true;
	for (uint16_t i = 0; i < v->rel->ncols; i++) {
		n += dec->present[i];
		*ret_same = *ret_same && dec->present[i] == v->rel->cols[i].identity;
	}
	*ret_letter = v->rel->replica_identity;
	*ret_same = *ret_same && (*ret_letter != 'f' || n == v->rel->ncols);
	if (!*ret_same)
		*ret_letter = n == v->rel->ncols ? 'f' : 'i';
	return n > 0;
}

static bool
same_columns(const struct relation *a, const struct relation *b, const uint8_t *identity)
{
	if (a->ncols != b->ncols)
		return false;
	for (uint16_t i = 0; i < a->ncols; i++)
		if (a->cols[i].oid != b->cols[i].oid || a->cols[i].typmod != b->cols[i].typmod || a->cols[i].identity != identity[i] ||
		    strcmp(a->cols[i].name, b->cols[i].name) != 0)
			return false;
	return true;
}

/* Makes entry->now the version with the identity that the row shows. */
static bool
follow_identity(struct wal2json *dec, const struct message *m, struct err *err)
{
	struct entry *e = m->entry;
	const struct version *was = e->versions[e->now];
	struct version *v;
	char letter;
	bool same;

	if (!identity_of(dec, was, &same, &letter))
		return err_set(err, ERR_PROTOCOL, "an identity without columns");
	if (same)
		return true;
	if (m->action == 'U' && !identity_is_whole(dec, was, err))
		return false;
	for (size_t i = 0; i < e->n; i++)
		if (e->versions[i]->rel->replica_identity == letter && same_columns(e->versions[i]->rel, was->rel, dec->present)) {
			e->now = i;
			return true;
		}
	if ((v = version_new(e, was->rel->ncols, err)) == NULL)
		return false;
	v->rel->replica_identity = letter;
	for (uint16_t i = 0; i < was->rel->ncols; i++) {
		if (!copy_column(was, i, v, err)) {
			version_free(v);
			return false;
		}
		columns_of(v)[i].identity = dec->present[i];
	}
	e->now = e->n;
	return add_version(e, v, err);
}

/* ---- values ---- */

static bool
is_number(uint32_t oid)
{
	return oid == OID_INT2 || oid == OID_INT4 || oid == OID_INT8 || oid == OID_OID || oid == OID_FLOAT4 || oid == OID_FLOAT8 || oid == OID_NUMERIC;
}

static bool
has_nan(uint32_t oid)
{
	return oid == OID_FLOAT4 || oid == OID_FLOAT8 || oid == OID_NUMERIC;
}

static bool
bad_value(const struct relation_column *col, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "column %s: not how a value of its type is written", col->name);
}

static bool
put_null(const struct wal2json *dec, const struct relation_column *col, struct value *v, struct err *err)
{
	*v = (struct value){ .kind = VALUE_NULL };
	if (dec->p.strings || !has_nan(col->oid))
		return true;
	err_set(err, ERR_CONFIG, "column %s: this wal2json writes null for NaN and infinity too, so which of them it is can't be told", col->name);
	return err_remedy(err, "install wal2json 2.6 or later on the source, then: repld ctl restart; or set plugin = \"pgoutput\" and load again");
}

/* The text form that pgoutput would give. */
static bool
put_value(const struct wal2json *dec, const struct cell *c, const struct relation_column *col, struct value *v, uint8_t **bytes, struct err *err)
{
	const struct json_text t = { c->value.p, c->value.n, c->escaped };
	const bool number = is_number(col->oid) && !dec->p.strings, boolean = col->oid == OID_BOOL;
	uint8_t *to = *bytes;

	if (c->kind == JSON_NULL)
		return put_null(dec, col, v, err);
	if (boolean ? c->kind != JSON_TRUE && c->kind != JSON_FALSE : c->kind != (number ? JSON_NUMBER : JSON_STRING))
		return bad_value(col, err);
	if (boolean) {
		*to++ = c->kind == JSON_TRUE ? 't' : 'f';
	} else {
		if (col->oid == OID_BYTEA) {
			*to++ = '\\';
			*to++ = 'x';
		}
		to += json_unescape(&t, to);
	}
	*v = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)(to - *bytes), .p = *bytes };
	*bytes = to;
	return true;
}

static bool
put_image(const struct wal2json *dec, const struct relation *rel, const struct cells *cells, struct value *values, uint8_t **bytes, struct err *err)
{
	memset(values, 0, rel->ncols * sizeof(*values));
	_Static_assert(VALUE_ABSENT == 0, "what is not in the row is absent");
	for (size_t i = 0; i < cells->n; i++)
		if (cells->at[i] != AT_GENERATED && !put_value(dec, &cells->c[i], &rel->cols[cells->at[i]], &values[cells->at[i]], bytes, err))
			return false;
	return true;
}

/* What was left out because it did not change stands in the old row, where that has the column. */
static bool
fill_unchanged(const struct change *c, struct err *err)
{
	struct value *new_values = change_new_values(c);
	const struct value *old_values = change_old_values(c);

	for (uint16_t i = 0; i < c->nnew; i++) {
		if (new_values[i].kind != VALUE_ABSENT || c->nold == 0)
			continue;
		if (old_values[i].kind == VALUE_NULL)
			return err_set(err, ERR_PROTOCOL, "column %s: unchanged, but NULL in the old row", c->rel->cols[i].name);
		new_values[i] = old_values[i];
	}
	return true;
}

/* ---- rows ---- */

static size_t
room_for(const struct cells *cells)
{
	size_t n = 0;

	for (size_t i = 0; i < cells->n; i++)
		n += cells->c[i].value.n + 2;
	return n;
}

/* The columns of the identity are as they were: then there is no old key. The same value is always written the same way. */
static bool
identity_unchanged(const struct wal2json *dec, const struct relation *rel)
{
	if (rel->replica_identity == 'f')
		return false;
	for (size_t i = 0; i < dec->old_cells.n; i++) {
		const struct cell *a = &dec->old_cells.c[i], *b = NULL;

		for (size_t k = 0; b == NULL && k < dec->new_cells.n; k++)
			if (dec->new_cells.at[k] == dec->old_cells.at[i])
				b = &dec->new_cells.c[k];
		if (dec->old_cells.at[i] == AT_GENERATED)
			continue;
		if (b == NULL || a->kind != b->kind || a->value.n != b->value.n ||
		    (a->value.n > 0 && memcmp(a->value.p, b->value.p, a->value.n) != 0))
			return false;
	}
	return true;
}

static bool
put_row(struct wal2json *dec, const struct message *m, const struct relation *rel, struct err *err)
{
	const bool has_new = m->action != 'D', has_old = m->action == 'D' || (m->action == 'U' && !identity_unchanged(dec, rel));
	const size_t room = room_for(&dec->new_cells) + room_for(&dec->old_cells);
	const enum change_kind kind = m->action == 'I' ? CHANGE_INSERT : m->action == 'U' ? CHANGE_UPDATE : CHANGE_DELETE;
	struct change *c = w2j_reserve(dec, kind, 2 * rel->ncols * sizeof(struct value) + room, err);
	uint8_t *bytes;

	if (c == NULL)
		return false;
	c->rel = rel;
	c->nnew = has_new ? rel->ncols : 0;
	c->nold = has_old ? rel->ncols : 0;
	c->old = !has_old ? OLD_NONE : rel->replica_identity == 'f' ? OLD_FULL : OLD_KEY;
	bytes = (uint8_t *)(change_new_values(c) + c->nnew + c->nold);
	if ((has_old && !put_image(dec, rel, &dec->old_cells, change_old_values(c), &bytes, err)) ||
	    (has_new && !put_image(dec, rel, &dec->new_cells, change_new_values(c), &bytes, err)) || !fill_unchanged(c, err))
		return false;
	return w2j_commit(dec, c, bytes, err);
}

bool
w2j_row(struct wal2json *dec, const struct message *m, struct err *err)
{
	const struct relation *rel;

	if (!choose(dec, m, false, err) || (m->action != 'I' && !follow_identity(dec, m, err)) || !w2j_relation(dec, m->entry, &rel, err))
		return false;
	if (rel->table == NULL) {
		dec->uncaptured++;
		return true;
	}
	return put_row(dec, m, rel, err);
}
