/* plan.c - see plan.h.
 * Columns meet by exact name. The source's types are the relation's: the catalog may be ahead of
 * the log, and the bytes are the log's (a column that was integer there and is bigint by now
 * must not pass in binary).
 * Rows are found, in this order of choice, by: the target's primary key; another unique index of
 * the target that is immediate, whole, of plain not null columns, the one of fewest columns;
 * each where its columns are in every old image of the source and the source itself keeps them
 * unique at any time: they are the whole identity, or, with identity FULL, hold all columns of an
 * immediate unique index there. (By fewer columns two rows of the source would be taken for one,
 * for good or for the time that a deferrable constraint allows.) Then, with identity FULL, by
 * content (keyless), with a unique index of the target as a hint where to look; else by the
 * relation's identity columns, which no one index of the target may serve.
 * A relation without identity brings inserts only: no key, and not keyless.
 * Owner: the plan's arena owns all of it, the plan itself included. */
#include "staging/plan.h"

#include <assert.h>
#include <string.h>

#include "cdc/pg_type.h"

#define NONE (-1)

struct builder {
	struct plan *p;
	int32_t *by_target; /* plan column of each target column; NONE */
	const struct index_desc *key_index;
};

static bool
schema_error(const struct plan *p, struct err *err, const char *what, const char *column)
{
	err_set(err, ERR_SCHEMA, "column %s %s (table %s.%s)", column, what,
	    p->table->target_schema, p->table->target_name);
	return err_table(err, p->table->source_schema, p->table->source_name);
}

/* Columns */

/* As the target wants it. */
static void
quote_name(const struct plan *p, struct buf *b, const char *name)
{
	if (p->table->target_family == FAMILY_POSTGRESQL) {
		table_quote_name(b, name);
		return;
	}
	buf_u8(b, '`');
	for (; *name != '\0'; name++) {
		if (*name == '`')
			buf_u8(b, '`');
		buf_u8(b, (uint8_t)*name);
	}
	buf_u8(b, '`');
}

/* On both sides it was dropped, or has another name by now: the log does not say which. The remedy is the caller's. */
static bool
column_of_former_times(const struct plan *p, struct err *err)
{
	for (uint16_t i = 0; i < p->rel->ncols; i++) {
		const char *name = p->rel->cols[i].name;

		if (table_desc_column(p->target, name) < 0 && table_desc_column(p->table->source, name) < 0) {
			schema_error(p, err, "is in changes of the log that were not applied yet, and on neither side any more", name);
			return true;
		}
	}
	return false;
}

/* All columns that the target lacks, and the statement that adds them. */
static bool
columns_missing(const struct plan *p, struct err *err)
{
	struct buf names = { 0 }, sql = { 0 };

	if (column_of_former_times(p, err))
		return false;
	buf_str(&sql, "ALTER TABLE ");
	quote_name(p, &sql, p->table->target_schema);
	buf_str(&sql, ".");
	quote_name(p, &sql, p->table->target_name);
	for (uint16_t i = 0; i < p->rel->ncols; i++) {
		const char *name = p->rel->cols[i].name;
		int at = table_desc_column(p->table->source, name);

		if (table_desc_column(p->target, name) >= 0)
			continue;
		buf_printf(&names, "%s%s", names.n > 0 ? ", " : "", name);
		buf_str(&sql, names.n > strlen(name) ? ", ADD COLUMN " : " ADD COLUMN ");
		quote_name(p, &sql, name);
		assert(at >= 0);	/* else it was of former times */
		buf_printf(&sql, " %s", p->table->source_family == p->table->target_family ? p->table->source->cols[at].type.name : "...");
	}
	schema_error(p, err, "is not on the target", buf_cstr(&names));
	err_remedy(err, "%s;", buf_cstr(&sql));
	buf_done(&names);
	buf_done(&sql);
	return false;
}

/* The type that the relation's column had at its place in the log. */
static const struct coltype *
source_type(const struct plan *p, const struct relation_column *rc, const struct coltype *now)
{
	const char *name = now->name;
	struct coltype *t;

	if (rc->type != NULL)
		return rc->type;
	if (rc->oid == 0 ||
	    (rc->oid == now->oid && (rc->typmod == now->typmod || now->oid != now->base_oid)))
		return now;
	if (rc->oid != now->oid)
		name = arena_printf(p->arena, "type %u", rc->oid);
	if (name == NULL || (t = arena_alloc(p->arena, sizeof(*t))) == NULL)
		return NULL;
	*t = *now;
	if (rc->oid != now->oid)
		pg_type_fill(t, 'b', rc->oid, 0, rc->typmod, name);
	t->typmod = rc->typmod;
	return t;
}

/* Bytes of the other family that pass as they are are bytea's. */
static bool
binary_passes(const struct plan_column *c)
{
	if (c->target_type->family != FAMILY_POSTGRESQL || c->source_type->family == FAMILY_POSTGRESQL)
		return pg_type_binary_ok(c->source_type, c->target_type);
	return c->target_type->logical == LOGICAL_BYTES;
}

static bool
add_column(struct builder *b, uint16_t src, uint16_t target, struct err *err)
{
	struct plan *p = b->p;
	const struct relation_column *rc = &p->rel->cols[src];
	const struct column_desc *tc = &p->target->cols[target];
	int at = table_desc_column(p->table->source, rc->name);
	struct plan_column *c = &p->cols[p->ncols];

	if (at < 0)
		return schema_error(
		    p, err, "is in the log, but no longer in the source's catalog", rc->name);
	if (tc->generated) {
		if (p->table->source->cols[at].generated)
			return true;
		schema_error(p, err, "is generated on the target, but not on the source", rc->name);
		return err_remedy(err, "drop the expression of the column on the target");
	}
	*c = (struct plan_column){ .src = src,
		.target = target,
		.name = tc->name,
		.source_type = source_type(p, rc, &p->table->source->cols[at].type),
		.target_type = &tc->type,
		.notnull = tc->notnull };
	if (c->source_type == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if (!convert_choose(c->source_type, c->target_type, c->notnull, &p->table->values, p->arena, &c->convert, err)) {
		err_ctx(err, "column %s", rc->name);
		return err_table(err, p->table->source_schema, p->table->source_name);
	}
	p->converts |= c->convert != NULL;
	c->binary_ok = binary_passes(c);
	p->has_array |=
	    c->source_type->logical == LOGICAL_ARRAY || c->target_type->logical == LOGICAL_ARRAY;
	p->overriding |= tc->identity == 'a';
	b->by_target[target] = p->ncols++;
	return true;
}

static bool
add_columns(struct builder *b, struct err *err)
{
	struct plan *p = b->p;

	for (uint16_t i = 0; i < p->rel->ncols; i++) {
		int at = table_desc_column(p->target, p->rel->cols[i].name);

		if (at < 0)
			return columns_missing(p, err);
		if (!add_column(b, i, (uint16_t)at, err))
			return false;
	}
	return true;
}

/* A target column that nothing fills must be able to fill itself. */
static bool
check_unfilled(const struct builder *b, struct err *err)
{
	const struct plan *p = b->p;

	for (uint16_t i = 0; i < p->target->ncols; i++) {
		const struct column_desc *c = &p->target->cols[i];
		int at = table_desc_column(p->table->source, c->name);

		if (b->by_target[i] != NONE || c->generated)
			continue;
		if (at >= 0 && p->table->source->cols[at].generated) {
			schema_error(
			    p, err, "is generated on the source, which does not send it", c->name);
			return err_remedy(
			    err, "make the column generated on the target too, or drop it there");
		}
		if (c->notnull && !c->has_default && c->identity == 0) {
			schema_error(p, err,
			    "is not null without a default, and the source lacks it", c->name);
			return err_remedy(
			    err, "give the column a default on the target, or drop its not null");
		}
	}
	return true;
}

/* The key */

static bool
in_identity(const struct plan *p, const struct plan_column *c)
{
	return p->rel->replica_identity == 'f' || p->rel->cols[c->src].identity;
}

static bool
index_has(const struct builder *b, const struct index_desc *ix, const char *column)
{
	for (uint16_t i = 0; i < ix->ncols; i++)
		if (strcmp(b->p->target->cols[ix->cols[i]].name, column) == 0)
			return true;
	return false;
}

/* Of an index of the source: no two rows are ever equal in its columns. */
static bool
always_unique(const struct table_desc *d, const struct index_desc *ix)
{
	if (!ix->unique || !ix->immediate || ix->partial || ix->expression)
		return false;
	for (uint16_t i = 0; i < ix->ncols; i++)
		if (!d->cols[ix->cols[i]].notnull && !ix->nulls_not_distinct)
			return false;
	return true;
}

/* The source has at most one row for each value of the target's index, at any time. */
static bool
unique_on_source(const struct builder *b, const struct index_desc *ix)
{
	const struct relation *rel = b->p->rel;
	const struct table_desc *d = b->p->table->source;

	for (uint16_t i = 0; rel->replica_identity != 'f' && i < rel->ncols; i++)
		if (rel->cols[i].identity && !index_has(b, ix, rel->cols[i].name))
			return false;
	if (rel->replica_identity != 'f')
		return true;
	for (uint16_t i = 0; i < d->nindexes; i++) {
		bool inside = always_unique(d, &d->indexes[i]);

		for (uint16_t j = 0; inside && j < d->indexes[i].ncols; j++)
			inside = index_has(b, ix, d->cols[d->indexes[i].cols[j]].name);
		if (inside)
			return true;
	}
	return false;
}

/* Each row of the source has values for the index's columns in its old image, and they find at
 * most one row of the target. */
static bool
index_finds(const struct builder *b, const struct index_desc *ix)
{
	const struct plan *p = b->p;

	if (!ix->unique || ix->partial || ix->expression || (!ix->immediate && !ix->primary))
		return false;
	for (uint16_t i = 0; i < ix->ncols; i++) {
		int32_t at = b->by_target[ix->cols[i]];

		if (at == NONE || !in_identity(p, &p->cols[at]))
			return false;
		if (!ix->primary && !p->cols[at].notnull)
			return false;
	}
	return ix->ncols > 0;
}

/* hint: whether or not the source keeps it unique. */
static const struct index_desc *
choose_index(const struct builder *b, bool hint)
{
	const struct table_desc *d = b->p->target;
	const struct index_desc *best = NULL, *ix;

	for (uint16_t i = 0; i < d->nindexes; i++) {
		ix = &d->indexes[i];
		if (index_finds(b, ix) && (hint || unique_on_source(b, ix)) &&
		    (best == NULL || ix->primary ||
			(!best->primary && ix->ncols < best->ncols)))
			best = ix;
	}
	return best;
}

static void
add_key(struct plan *p, uint16_t col)
{
	p->key[p->nkey++] = col;
	p->cols[col].key = true;
}

static bool
has_identity(const struct relation *rel)
{
	for (uint16_t i = 0; i < rel->ncols; i++)
		if (rel->cols[i].identity)
			return rel->replica_identity != 'n';
	return rel->replica_identity == 'f';
}

static bool
key_by_identity(struct plan *p, struct err *err)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < p->ncols; i++)
		if (p->rel->cols[p->cols[i].src].identity)
			add_key(p, i);
	for (uint16_t i = 0; i < p->rel->ncols; i++)
		n += p->rel->cols[i].identity;
	if (n == p->nkey)
		return true;
	err_set(err, ERR_SCHEMA, "a column of the replica identity is generated on the target");
	return err_table(err, p->table->source_schema, p->table->source_name);
}

static bool
choose_key(struct builder *b, struct err *err)
{
	struct plan *p = b->p;
	const struct index_desc *hint;

	if (!has_identity(p->rel))
		return true;
	if ((b->key_index = choose_index(b, false)) != NULL) {
		for (uint16_t i = 0; i < b->key_index->ncols; i++)
			add_key(p, (uint16_t)b->by_target[b->key_index->cols[i]]);
		return true;
	}
	if (p->rel->replica_identity != 'f')
		return key_by_identity(p, err);
	p->keyless = p->needs_full = true;
	hint = choose_index(b, true);
	for (uint16_t i = 0; hint != NULL && i < hint->ncols; i++)
		p->hint[p->nhint++] = (uint16_t)b->by_target[hint->cols[i]];
	return true;
}

/* An index of which two rows can't both have the same values, or values that meet. */
static bool
is_exclusive(const struct index_desc *ix)
{
	return ix->unique ||
	       (ix->constraint_sql != NULL && strncmp(ix->constraint_sql, "EXCLUDE", 7) == 0);
}

/* Which columns other unique indexes look at: for an expression or a predicate, it may be any. */
static void
mark_unique(struct builder *b)
{
	struct plan *p = b->p;

	for (uint16_t i = 0; i < p->target->nindexes; i++) {
		const struct index_desc *ix = &p->target->indexes[i];
		bool all = ix->expression || ix->partial;

		if (!is_exclusive(ix) || ix == b->key_index)
			continue;
		p->secondary_unique = true;
		for (uint16_t j = 0; all && j < p->ncols; j++)
			p->cols[j].unique = true;
		for (uint16_t j = 0; !all && j < ix->ncols; j++)
			if (b->by_target[ix->cols[j]] != NONE)
				p->cols[b->by_target[ix->cols[j]]].unique = true;
	}
}

static bool
build(struct plan *p, struct err *err)
{
	struct builder b = { .p = p };
	size_t n = p->rel->ncols, ntarget = p->target->ncols;

	p->cols = arena_zalloc(p->arena, (n + 1) * sizeof(*p->cols));
	p->key = arena_zalloc(p->arena, (n + 1) * sizeof(*p->key));
	p->hint = arena_zalloc(p->arena, (n + 1) * sizeof(*p->hint));
	b.by_target = arena_alloc(p->arena, (ntarget + 1) * sizeof(*b.by_target));
	if (p->cols == NULL || p->key == NULL || p->hint == NULL || b.by_target == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	for (size_t i = 0; i < ntarget; i++)
		b.by_target[i] = NONE;
	if (!add_columns(&b, err) || !check_unfilled(&b, err) || !choose_key(&b, err))
		return false;
	mark_unique(&b);
	return true;
}

struct plan *
plan_new(const struct relation *rel, const struct table *table, struct err *err)
{
	struct arena *arena;
	struct plan *p;

	if (table->target == NULL || table->source == NULL) {
		err_set(err, ERR_SCHEMA, "table %s.%s is not on the %s",
		    table->target == NULL ? table->target_schema : table->source_schema,
		    table->target == NULL ? table->target_name : table->source_name,
		    table->target == NULL ? "target" : "source");
		err_table(err, table->source_schema, table->source_name);
		return NULL;
	}
	if ((arena = arena_new(8192, 0)) == NULL || (p = arena_zalloc(arena, sizeof(*p))) == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		arena_free(arena);
		return NULL;
	}
	p->rel = rel;
	p->table = table;
	p->target = table->target;
	p->arena = arena;
	if (!build(p, err)) {
		plan_free(p);
		return NULL;
	}
	return p;
}

void
plan_free(struct plan *p)
{
	if (p != NULL)
		arena_free(p->arena);
}

/* The relation of a full load */

static bool
is_identity(const struct table_desc *d, uint16_t col)
{
	if (d->replica_identity == 'f')
		return true;
	for (uint16_t i = 0; i < d->nindexes; i++) {
		const struct index_desc *ix = &d->indexes[i];

		if (ix->expression || !(d->replica_identity == 'd'
					      ? ix->primary
					      : d->replica_identity == 'i' && ix->replica_identity))
			continue;
		for (uint16_t j = 0; j < ix->ncols; j++)
			if (ix->cols[j] == col)
				return true;
	}
	return false;
}

const struct relation *
relation_from_desc(
    const struct table_desc *d, const struct table *table, struct arena *arena, struct err *err)
{
	struct relation *rel = arena_zalloc(arena, sizeof(*rel));
	struct relation_column *cols = arena_zalloc(arena, (d->ncols + 1u) * sizeof(*cols));

	if (d->ncols > RELATION_MAX_COLUMNS) {
		err_set(err, ERR_LIMIT, "table %s.%s has %u columns: at most %d can be handled",
		    d->schema, d->name, d->ncols, RELATION_MAX_COLUMNS);
		return NULL;
	}
	if (rel == NULL || cols == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		return NULL;
	}
	*rel = (struct relation){ .id = d->oid,
		.schema = d->schema,
		.name = d->name,
		.replica_identity = d->replica_identity,
		.cols = cols,
		.table = table };
	for (uint16_t i = 0; i < d->ncols; i++) {
		const struct coltype *t = &d->cols[i].type;

		if (!d->cols[i].generated)
			cols[rel->ncols++] = (struct relation_column){ .name = d->cols[i].name,
				.oid = t->oid,
				.typmod = t->oid == t->base_oid ? t->typmod : -1,
				.identity = is_identity(d, i) };
	}
	relation_seal(rel);
	return rel;
}
