/* tables.c - see tables.h. */
#include "daemon/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_USER_OID 16384

/* ---- which tables ------------------------------------------------------------------------------------------------ */

struct survey {
	const struct task_conf *conf;
	struct tableset *set;
	bool *matched;			/* by rule */
	struct err err;			/* why the list was not wanted any more */
};

static enum type_family
family_of(const struct endpoint *e)
{
	return e->kind == ENDPOINT_MYSQL ? FAMILY_MYSQL : FAMILY_POSTGRESQL;
}

static bool
add_table(struct survey *s, const char *schema, const char *name, const struct mapping *m)
{
	struct table *t = tableset_add(s->set, schema, name, m->target_schema, m->target_name, &s->err);

	if (t == NULL)
		return false;
	t->source_family = (uint8_t)family_of(s->conf->source);
	t->target_family = (uint8_t)family_of(s->conf->target);
	t->values = s->conf->values;
	return true;
}

static bool
visit_table(void *arg, const char *schema, const char *name)
{
	struct survey *s = arg;
	struct mapping m;

	if (rules_schema_is_system(schema))
		return true;
	for (uint32_t i = 0; i < s->conf->rules.n; i++)
		if (name_pattern_match(s->conf->rules.rules[i].pattern, schema, name))
			s->matched[i] = true;
	rules_map(&s->conf->rules, schema, name, &m);
	return !m.captured || add_table(s, schema, name, &m);
}

static void
report_unmatched(const struct survey *s, struct findings *f)
{
	const char *fix = s->conf->source->kind != ENDPOINT_MYSQL ? "correct the pattern, or take the rule out" :
	    "correct the pattern, or take the rule out; or GRANT SELECT: tables that the account may not read are not shown to it";

	for (uint32_t i = 0; i < s->conf->rules.n; i++) {
		const struct rule *r = &s->conf->rules.rules[i];

		if (s->matched[i] || r->exclude)
			continue;
		if (strcmp(r->file, CONF_NO_FILE) == 0)
			finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
			    "include = \"%s\" matches no table of the source", r->text);
		else
			finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
			    "%s:%d: include = \"%s\" matches no table of the source", r->file, r->line, r->text);
	}
	if (s->set->n == 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "name tables of the source in `tables`",
		    "the rules take no table");
}

static bool
describe_all(struct tableset *set, const struct source_ops *so, struct source *s, const struct target_ops *to,
    struct target *t, struct err *err)
{
	for (uint32_t i = 0; i < set->n; i++) {
		struct table *tab = set->tables[i];

		if (!so->describe(s, tab, set->arena, err))
			return err_ctx(err, "table %s.%s", tab->source_schema, tab->source_name);
		if (t != NULL && !to->describe(t, tab, set->arena, err))
			return err_ctx(err, "table %s.%s", tab->target_schema, tab->target_name);
	}
	return true;
}

struct tableset *
tables_survey(const struct task_conf *conf, const struct source_ops *so, struct source *s, const struct target_ops *to,
    struct target *t, struct findings *f, struct err *err)
{
	struct survey sv = { .conf = conf };
	bool ok = false;

	if ((sv.set = tableset_new(err)) == NULL)
		return NULL;
	sv.matched = mem_zalloc((conf->rules.n + 1) * sizeof(bool), err);
	if (sv.matched != NULL && so->list_tables(s, visit_table, &sv, err)) {
		report_unmatched(&sv, f);
		ok = describe_all(sv.set, so, s, to, t, err) && tableset_sort(sv.set, err);
	}
	free(sv.matched);
	if (!ok) {
		if (sv.err.kind != ERR_NONE)
			*err = sv.err;
		tableset_free(sv.set);
		return NULL;
	}
	return sv.set;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------- */

static const struct column_desc *
sent_column(const struct table_desc *d, const char *name)
{
	int i = table_desc_column(d, name);

	return i >= 0 && !d->cols[i].generated ? &d->cols[i] : NULL;
}

/* A table's own columns come in the catalog's order; a partition may have them in another one. */
static bool
is_leaf_of(const struct relation *rel, const struct table *t)
{
	return rel->id != t->source->oid;
}

/* A domain's own typmod is not in the log. */
static bool
is_type_of(const struct relation_column *rc, const struct column_desc *c)
{
	if (c->type.family == FAMILY_MYSQL)
		return rc->oid == c->type.oid && rc->typmod == c->type.typmod;
	return rc->oid == c->type.oid && (c->type.oid != c->type.base_oid || rc->typmod == c->type.typmod);
}

bool
tables_relation_is_current(const struct relation *rel, const struct table *t)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < t->source->ncols; i++) {
		const struct column_desc *c = &t->source->cols[i];
		int j;

		if (c->generated)
			continue;
		j = relation_column_index(rel, c->name);
		if (j < 0 || !is_type_of(&rel->cols[j], c) || (j != n && !is_leaf_of(rel, t)))
			return false;
		n++;
	}
	return n == rel->ncols;
}

/* One field of a shape's line, escapes taken away; *at moves behind it. */
static void
shape_field(const char **at, char *out, size_t size)
{
	size_t n = 0;
	const char *p = *at;

	for (; *p != '\0' && *p != '\t' && *p != '\n'; p++) {
		char c = *p;

		if (c == '\\' && p[1] != '\0') {
			p++;
			c = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
		}
		if (n + 1 < size)
			out[n++] = c;
	}
	out[n] = '\0';
	*at = *p == '\t' ? p + 1 : p;
}

struct shape_column {
	char name[NAME_MAX_BYTES * 2], type[256];
	bool generated;
};

/* The next column of a shape text. False: there is none. */
static bool
shape_column(const char **at, struct shape_column *ret)
{
	const char *p = *at;
	char field[64];

	if (p == NULL || strncmp(p, "column\t", 7) != 0)
		return false;
	p += 7;
	shape_field(&p, ret->name, sizeof(ret->name));
	shape_field(&p, ret->type, sizeof(ret->type));
	for (int i = 0; i < 3; i++)	/* null, key, generated */
		shape_field(&p, field, sizeof(field));
	ret->generated = strcmp(field, "generated") == 0;
	p = strchr(p, '\n');
	*at = p != NULL ? p + 1 : NULL;
	return true;
}

/* Type numbers are not in a shape. Where the catalog still says the type that was applied last, the log must too: another one came later than
 * the catalog was read. (A type of the user's may have been made again under its name: its number says nothing.) */
static bool
is_shape_type(const struct relation_column *rc, const struct table *t, const struct shape_column *sc)
{
	const struct column_desc *c = sent_column(t->source, sc->name);

	return c == NULL || strcmp(c->type.name, sc->type) != 0 || (c->type.family == FAMILY_POSTGRESQL && rc->oid >= FIRST_USER_OID) ||
	    is_type_of(rc, c);
}

bool
tables_relation_is_shape(const struct relation *rel, const struct table *t, const char *shape)
{
	struct shape_column sc;
	uint16_t n = 0;

	while (shape_column(&shape, &sc)) {
		int j = relation_column_index(rel, sc.name);

		if (sc.generated)
			continue;
		if (j < 0 || (j != n && !is_leaf_of(rel, t)) || !is_shape_type(&rel->cols[j], t, &sc))
			return false;
		n++;
	}
	return n == rel->ncols;
}

bool
tables_relation_has_types(const struct relation *rel, const struct table *t)
{
	for (uint16_t i = 0; i < rel->ncols; i++) {
		const struct column_desc *c = sent_column(t->source, rel->cols[i].name);

		if (c != NULL && !is_type_of(&rel->cols[i], c))
			return false;
	}
	return true;
}

bool
tables_relation_differs(const struct relation *rel, const struct table *t, struct err *err)
{
	struct buf b = { 0 };

	for (uint16_t i = 0; i < rel->ncols; i++) {
		const struct column_desc *c = sent_column(t->source, rel->cols[i].name);

		if (c == NULL)
			buf_printf(&b, "%scolumn %s is new", b.n > 0 ? ", " : "", rel->cols[i].name);
		else if (!is_type_of(&rel->cols[i], c))
			buf_printf(&b, "%scolumn %s is no longer %s", b.n > 0 ? ", " : "", c->name, c->type.name);
	}
	for (uint16_t i = 0; i < t->source->ncols; i++)
		if (!t->source->cols[i].generated && relation_column_index(rel, t->source->cols[i].name) < 0)
			buf_printf(&b, "%scolumn %s is gone", b.n > 0 ? ", " : "", t->source->cols[i].name);
	err_set(err, ERR_SCHEMA, "the source's table %s.%s has changed: %s", t->source_schema, t->source_name,
	    b.n > 0 ? buf_cstr(&b) : "its columns have another order or other names");
	err_table(err, t->source_schema, t->source_name);
	err_remedy(err, "make the same change on %s.%s, then: repld ctl restart", t->target_schema, t->target_name);
	buf_done(&b);
	return false;
}

/* A column that is gone from the source must be gone from the target too: else nobody has looked at it. */
static bool
target_keeps_dropped(const struct table *t, const char *was)
{
	struct shape_column sc;

	while (shape_column(&was, &sc))
		if (table_desc_column(t->source, sc.name) < 0 && table_desc_column(t->target, sc.name) >= 0)
			return true;
	return false;
}

/* The columns that both sides know stand in the same order. */
static bool
same_order(const struct table_desc *d, const char *shape)
{
	struct shape_column sc;
	int last = -1;

	while (shape_column(&shape, &sc)) {
		int i = table_desc_column(d, sc.name);

		if (i >= 0 && i < last)
			return false;
		last = i >= 0 ? i : last;
	}
	return true;
}

/* Columns that changed their names among each other show in the order alone. A target that still has the former order, and not the new one,
 * has not followed. */
static bool
target_keeps_order(const struct table *t, const char *was)
{
	int last = -1;
	bool new_order = true;

	if (same_order(t->source, was) || !same_order(t->target, was))
		return false;
	for (uint16_t i = 0; i < t->source->ncols; i++) {
		int j = table_desc_column(t->target, t->source->cols[i].name);

		new_order = new_order && (j < 0 || j > last);
		last = j >= 0 ? j : last;
	}
	return !new_order;
}

/* The target has taken the change: every column is there, and none that the source has dropped. (Types are target check's.) */
static bool
target_follows(const struct table *t, const char *was)
{
	for (uint16_t i = 0; i < t->source->ncols; i++) {
		int j;

		if (t->source->cols[i].generated)
			continue;
		j = table_desc_column(t->target, t->source->cols[i].name);
		if (j < 0 || (t->source_family == t->target_family && strcmp(t->target->cols[j].type.name, t->source->cols[i].type.name) != 0))
			return false;
	}
	return !target_keeps_dropped(t, was) && !target_keeps_order(t, was);
}

static bool
compare_shape(const struct table *t, const struct table_state *ts, struct arena *arena, struct findings *f, struct err *err)
{
	struct buf diff = { 0 }, alter = { 0 }, sql = { 0 }, fix = { 0 };
	const char *now = table_shape(t->source, arena);
	char name[160];
	bool ok;

	if (now == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	table_quote_name(&sql, t->target_schema);
	buf_u8(&sql, '.');
	table_quote_name(&sql, t->target_name);
	ok = !sql.bad || err_set(err, ERR_SYSTEM, "out of memory");
	if (ok && table_shape_diff(ts->shape, now, buf_cstr(&sql), &diff, &alter) && diff.bad)
		ok = err_set(err, ERR_SYSTEM, "no memory to compare two shapes of table %s.%s", t->source_schema, t->source_name);
	else if (ok && diff.n > 0 && !target_follows(t, ts->shape)) {
		snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
		if (t->source_family != t->target_family)
			buf_reset(&alter);	/* it names the source's types */
		buf_printf(&fix, "%s%sthen: repld ctl restart", buf_cstr(&alter), alter.n > 0 ? " " : "make the same change on the target, ");
		finding_add(f, FINDING_BLOCKER, ERR_SCHEMA, name, buf_cstr(&fix), "the source's table has changed: %s", buf_cstr(&diff));
	}
	buf_done(&diff);
	buf_done(&alter);
	buf_done(&sql);
	buf_done(&fix);
	return ok;
}

bool
tables_compare_shapes(const struct tableset *set, struct table_states *states, struct findings *f, struct err *err)
{
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];
		const struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);

		if (ts != NULL && ts->shape != NULL && t->target != NULL &&
		    ((ts->phase >= TABLE_LOADED && ts->phase <= TABLE_STREAMING) || ts->phase == TABLE_SUSPECT) && !compare_shape(t, ts, set->arena, f, err))
			return false;
	}
	return true;
}

/* ---- truncate ------------------------------------------------------------------------------------------------------ */

static bool
leaf_truncated(const struct change *c, uint32_t oid)
{
	for (uint16_t i = 0; i < c->u.truncate.nrels; i++)
		if (change_truncated(c)[i]->id == oid)
			return true;
	return false;
}

/* The function that tells a hash partition's rows wants the partitioned table, which the target does not have. */
static bool
is_untold(const struct leaf_desc *leaf)
{
	return leaf->bound_sql == NULL || strstr(leaf->bound_sql, "satisfies_hash_partition") != NULL;
}

bool
tables_truncate_untold(const struct tables_truncate_item *item, struct err *err)
{
	const struct table *t = item->rel->table;

	err_set(err, ERR_SCHEMA, "partition %s.%s was truncated, and which rows were in it can't be told on the target", item->untold->schema,
	    item->untold->name);
	return err_table(err, t->source_schema, t->source_name);
}

static bool
fill_item(const struct change *c, const struct table *t, struct tables_truncate_item *item, struct err *err)
{
	struct buf where = { 0 };
	bool ok;

	item->whole = true;
	for (uint16_t i = 0; i < t->source->nleaves; i++)
		item->whole = item->whole && leaf_truncated(c, t->source->leaves[i].oid);
	if (t->source->kind != 'p')
		item->whole = true;
	for (uint16_t i = 0; !item->whole && i < t->source->nleaves; i++) {
		const struct leaf_desc *leaf = &t->source->leaves[i];

		if (!leaf_truncated(c, leaf->oid))
			continue;
		if (is_untold(leaf))
			item->untold = leaf;
		else
			buf_printf(&where, "%s(%s)", where.n > 0 ? " OR " : "", leaf->bound_sql);
	}
	ok = !where.bad || err_set(err, ERR_SYSTEM, "out of memory");
	if (ok && !item->whole)
		item->where = xstrdup(buf_cstr(&where));
	buf_done(&where);
	return ok;
}

bool
tables_truncate_plan(const struct change *c, const struct tableset *set, struct tables_truncate *ret, struct err *err)
{
	*ret = (struct tables_truncate){ 0 };
	(void)set;
	if ((ret->items = mem_zalloc((c->u.truncate.nrels + 1u) * sizeof(*ret->items), err)) == NULL)
		return false;
	for (uint16_t i = 0; i < c->u.truncate.nrels; i++) {
		const struct relation *rel = change_truncated(c)[i];
		uint32_t j = 0;

		while (j < ret->n && ret->items[j].rel->table != rel->table)
			j++;
		if (j < ret->n)
			continue;
		ret->items[ret->n].rel = rel;
		if (!fill_item(c, rel->table, &ret->items[ret->n++], err)) {
			tables_truncate_done(ret);
			return false;
		}
	}
	return true;
}

bool
tables_truncate_add(struct batch *b, const struct tables_truncate *tt, bool restart_identity, struct err *err)
{
	struct truncation *list = mem_zalloc((tt->n + 1) * sizeof(*list), err);
	size_t n = 0;
	bool ok;

	if (list == NULL)
		return false;
	for (uint32_t i = 0; i < tt->n; i++)
		if (tt->items[i].plan != NULL)
			list[n++] = (struct truncation){ tt->items[i].plan, tt->items[i].where };
	ok = n == 0 || batch_truncate(b, list, n, restart_identity, err);
	free(list);
	return ok;
}

void
tables_truncate_done(struct tables_truncate *tt)
{
	for (uint32_t i = 0; i < tt->n; i++)
		free(tt->items[i].where);
	free(tt->items);
	*tt = (struct tables_truncate){ 0 };
}
