/* table.c - see table.h.
 * A shape is text, one line per column and one for the replica identity; fields are separated by
 * tabs, and tab, newline and backslash inside a field are written \t \n \\:
 *   column NAME TYPE not-null|null key-ordinal|- generated|- DEFAULT
 *   identity LETTER INDEX-COLUMN...
 * The key's ordinal is the place in the primary key. The default is kept to write an ALTER
 * TABLE, it is not compared. */
#include "staging/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/map.h"

int
table_desc_column(const struct table_desc *d, const char *name)
{
	for (uint16_t i = 0; i < d->ncols; i++)
		if (strcmp(d->cols[i].name, name) == 0)
			return i;
	return -1;
}

const struct index_desc *
table_desc_primary(const struct table_desc *d)
{
	for (uint16_t i = 0; i < d->nindexes; i++)
		if (d->indexes[i].primary)
			return &d->indexes[i];
	return NULL;
}

void
table_quote_name(struct buf *b, const char *name)
{
	buf_u8(b, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_u8(b, '"');
		buf_u8(b, (uint8_t)*name);
	}
	buf_u8(b, '"');
}

/* The set of tables */

struct leaf_ref {
	struct table *table;
	const struct leaf_desc *leaf;
};

struct set {
	struct tableset pub; /* first: what users see */
	size_t cap; /* of pub.tables */
	struct map *by_source; /* schema NUL name -> struct table */
	struct map *by_leaf; /* oid -> struct leaf_ref, made by tableset_sort() */
};

static struct set *
set_of(const struct tableset *set)
{
	return (struct set *)(uintptr_t)set;
}

struct tableset *
tableset_new(struct err *err)
{
	struct set *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->pub.arena = arena_new(64u << 10, 0);
	s->by_source = map_new();
	if (s->pub.arena == NULL || s->by_source == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		tableset_free(&s->pub);
		return NULL;
	}
	return &s->pub;
}

void
tableset_free(struct tableset *set)
{
	struct set *s = set_of(set);

	if (set == NULL)
		return;
	if (s->by_source != NULL)
		map_free(s->by_source, NULL);
	if (s->by_leaf != NULL)
		map_free(s->by_leaf, NULL);
	arena_free(s->pub.arena);
	free(s->pub.tables);
	free(s);
}

/* schema NUL name, as a map's key. Without memory from the heap: a look-up that fails for want of it would say that the table is none of ours.
 * No server has names as long. */
struct key {
	size_t n;
	char text[1024];
};

static bool
make_key(struct key *k, const char *schema, const char *name)
{
	const size_t before = strlen(schema) + 1, n = strlen(name);

	if (before > sizeof(k->text) || n > sizeof(k->text) - before)
		return false;
	memcpy(k->text, schema, before);
	memcpy(k->text + before, name, n);
	k->n = before + n;
	return true;
}

static bool
must_make_key(struct key *k, const char *schema, const char *name, struct err *err)
{
	return make_key(k, schema, name) || err_set(err, ERR_LIMIT, "table %.200s.%.200s: a name too long to be handled", schema, name);
}

struct table *
tableset_by_source(const struct tableset *set, const char *schema, const char *name)
{
	struct key key;

	return make_key(&key, schema, name) ? map_get(set_of(set)->by_source, key.text, key.n) : NULL;
}

static bool
put_by_source(struct set *s, struct table *t, struct err *err)
{
	struct key key;
	bool ok = must_make_key(&key, t->source_schema, t->source_name, err);

	if (ok && map_get(s->by_source, key.text, key.n) != NULL)
		ok = err_set(err, ERR_CONFIG, "table %s.%s is captured twice", t->source_schema,
		    t->source_name);
	return ok && map_put(s->by_source, key.text, key.n, t, err);
}

struct table *
tableset_add(struct tableset *set, const char *source_schema, const char *source_name,
    const char *target_schema, const char *target_name, struct err *err)
{
	struct set *s = set_of(set);
	struct table *t = arena_zalloc(set->arena, sizeof(*t));

	if (!mem_grow(&set->tables, &s->cap, set->n + 1, sizeof(struct table *), err))
		return NULL;
	if (t != NULL) {
		t->source_schema = arena_strdup(set->arena, source_schema);
		t->source_name = arena_strdup(set->arena, source_name);
		t->target_schema = arena_strdup(set->arena, target_schema);
		t->target_name = arena_strdup(set->arena, target_name);
	}
	if (t == NULL || t->source_schema == NULL || t->source_name == NULL ||
	    t->target_schema == NULL || t->target_name == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		return NULL;
	}
	if (!put_by_source(s, t, err))
		return NULL;
	t->index = set->n;
	set->tables[set->n++] = t;
	return t;
}

static int
compare_source(const void *a, const void *b)
{
	const struct table *x = *(struct table *const *)a, *y = *(struct table *const *)b;
	int by_schema = strcmp(x->source_schema, y->source_schema);

	return by_schema != 0 ? by_schema : strcmp(x->source_name, y->source_name);
}

static bool
check_targets(const struct tableset *set, struct err *err)
{
	struct map *seen = map_new();
	struct key key;
	bool ok = seen != NULL || err_set(err, ERR_SYSTEM, "no memory");

	for (uint32_t i = 0; ok && i < set->n; i++) {
		struct table *t = set->tables[i];
		const struct table *other;

		if (!(ok = must_make_key(&key, t->target_schema, t->target_name, err)))
			break;
		if ((other = map_get(seen, key.text, key.n)) != NULL) {
			ok = err_set(err, ERR_CONFIG, "tables %s.%s and %s.%s both go to %s.%s",
			    other->source_schema, other->source_name, t->source_schema,
			    t->source_name, t->target_schema, t->target_name);
			err_remedy(err,
			    "give one of them another target in the task's rules, or exclude it");
		} else
			ok = map_put(seen, key.text, key.n, t, err);
	}
	if (seen != NULL)
		map_free(seen, NULL);
	return ok;
}

static bool
add_leaf(struct set *s, struct table *t, const struct leaf_desc *leaf, struct err *err)
{
	struct leaf_ref *ref = map_get_u32(s->by_leaf, leaf->oid);

	if (ref != NULL) {
		err_set(err, ERR_CONFIG, "rows of %s.%s would be captured for %s.%s and for %s.%s",
		    leaf->schema, leaf->name, ref->table->source_schema, ref->table->source_name,
		    t->source_schema, t->source_name);
		return err_remedy(err, "exclude the partition or its root in the task's rules");
	}
	if ((ref = arena_alloc(s->pub.arena, sizeof(*ref))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	*ref = (struct leaf_ref){ t, leaf };
	return map_put_u32(s->by_leaf, leaf->oid, ref, err);
}

/* ---- foreign keys that act ---- */

static bool
acts(const struct fkey_desc *k)
{
	return k->on_delete == FKEY_CASCADE || k->on_delete == FKEY_SET_NULL || k->on_update == FKEY_CASCADE ||
	       k->on_update == FKEY_SET_NULL;
}

static bool
add_child(struct tableset *set, struct table *parent, struct table *child, const struct fkey_desc *k,
    struct err *err)
{
	struct child_key *more =
	    arena_alloc(set->arena, (parent->nchildren + 1) * sizeof(*more));

	if (more == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if (parent->nchildren > 0)
		memcpy(more, parent->children, parent->nchildren * sizeof(*more));
	more[parent->nchildren++] = (struct child_key){ child, k };
	parent->children = more;
	return true;
}

/* A parent that is not captured has no entry: the source's check refuses that. */
static bool
learn_children(struct tableset *set, struct err *err)
{
	for (uint32_t i = 0; i < set->n; i++)
		set->tables[i]->nchildren = 0;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table_desc *d = set->tables[i]->source;

		for (uint16_t j = 0; d != NULL && j < d->nfkeys; j++) {
			struct table *parent = tableset_by_source(
			    set, d->fkeys[j].parent_schema, d->fkeys[j].parent_name);

			if (acts(&d->fkeys[j]) && parent != NULL &&
			    !add_child(set, parent, set->tables[i], &d->fkeys[j], err))
				return false;
		}
	}
	return true;
}

bool
tableset_sort(struct tableset *set, struct err *err)
{
	struct set *s = set_of(set);

	if (set->n > 0)
		qsort(set->tables, set->n, sizeof(struct table *), compare_source);
	for (uint32_t i = 0; i < set->n; i++)
		set->tables[i]->index = i;
	if (s->by_leaf != NULL)
		map_free(s->by_leaf, NULL);
	if ((s->by_leaf = map_new()) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table_desc *d = set->tables[i]->source;

		for (uint16_t j = 0; d != NULL && j < d->nleaves; j++)
			if (!add_leaf(s, set->tables[i], &d->leaves[j], err))
				return false;
	}
	return learn_children(set, err) && check_targets(set, err);
}

struct table *
tableset_by_leaf(const struct tableset *set, uint32_t oid, const struct leaf_desc **ret_leaf)
{
	const struct set *s = set_of(set);
	const struct leaf_ref *ref = s->by_leaf != NULL ? map_get_u32(s->by_leaf, oid) : NULL;

	if (ref == NULL)
		return NULL;
	if (ret_leaf != NULL)
		*ret_leaf = ref->leaf;
	return ref->table;
}

/* Shapes: writing */

static void
put_field(struct buf *b, const char *s)
{
	buf_u8(b, '\t');
	for (; *s != '\0'; s++) {
		const char *special = strchr("\t\n\\", *s);

		if (special == NULL)
			buf_u8(b, (uint8_t)*s);
		else
			buf_str(b, *s == '\t' ? "\\t" : *s == '\n' ? "\\n" : "\\\\");
	}
}

static unsigned
key_ordinal(const struct table_desc *d, uint16_t col)
{
	const struct index_desc *pk = table_desc_primary(d);

	for (uint16_t i = 0; pk != NULL && i < pk->ncols; i++)
		if (pk->cols[i] == col)
			return i + 1u;
	return 0;
}

static void
put_identity(struct buf *b, const struct table_desc *d)
{
	const char letter[2] = { d->replica_identity, '\0' };

	buf_str(b, "identity");
	put_field(b, letter);
	for (uint16_t i = 0; d->replica_identity == 'i' && i < d->nindexes; i++)
		for (uint16_t j = 0; d->indexes[i].replica_identity && j < d->indexes[i].ncols; j++)
			put_field(b, d->cols[d->indexes[i].cols[j]].name);
	buf_u8(b, '\n');
}

const char *
table_shape(const struct table_desc *d, struct arena *arena)
{
	struct buf b = { 0 };
	char *text;

	for (uint16_t i = 0; i < d->ncols; i++) {
		const struct column_desc *c = &d->cols[i];
		unsigned key = key_ordinal(d, i);

		buf_str(&b, "column");
		put_field(&b, c->name);
		put_field(&b, c->type.name);
		put_field(&b, c->notnull ? "not-null" : "null");
		if (key > 0)
			buf_printf(&b, "\t%u", key);
		else
			put_field(&b, "-");
		put_field(&b, c->generated ? "generated" : "-");
		put_field(&b, c->default_sql != NULL ? c->default_sql : "");
		buf_u8(&b, '\n');
	}
	put_identity(&b, d);
	text = b.bad ? NULL : arena_strndup(arena, (const char *)b.p, b.n);
	buf_done(&b);
	return text;
}

/* Shapes: reading and comparing */

enum { F_NAME, F_TYPE, F_NULL, F_KEY, F_GENERATED, F_DEFAULT, NFIELDS };

struct shape_column {
	char *f[NFIELDS];
};

struct shape {
	char *copy; /* the text, cut into fields in place */
	size_t n, cap;
	struct shape_column *cols;
	char *identity; /* "d", "i a b" */
	bool no_memory;
};

/* Cuts off the first field of *at, which is NULL after the last one, and takes its escapes away. */
static char *
cut_field(char **at)
{
	char *field = *at, *in = field, *out = field;

	if (field == NULL)
		return NULL;
	for (; *in != '\0' && *in != '\t'; in++) {
		if (*in == '\\' && in[1] != '\0') {
			in++;
			*out++ = (char)(*in == 't' ? '\t' : *in == 'n' ? '\n' : *in);
		} else
			*out++ = *in;
	}
	*at = *in == '\t' ? in + 1 : NULL;
	*out = '\0';
	return field;
}

static bool
read_line(struct shape *s, char *line)
{
	char *at = line, *what = cut_field(&at);
	struct shape_column c = { { NULL } };
	struct err ignored;

	if (strcmp(what, "identity") == 0) {
		s->identity = at;
		for (char *p = at; p != NULL && *p != '\0'; p++)
			if (*p == '\t')
				*p = ' ';
		return at != NULL;
	}
	for (int i = 0; i < NFIELDS; i++)
		if ((c.f[i] = cut_field(&at)) == NULL)
			return false;
	if (strcmp(what, "column") != 0)
		return false;
	s->no_memory = !mem_grow(&s->cols, &s->cap, s->n + 1, sizeof(c), &ignored);
	if (s->no_memory)
		return false;
	s->cols[s->n++] = c;
	return true;
}

static void
shape_done(struct shape *s)
{
	free(s->cols);
	free(s->copy);
}

static bool
shape_read(struct shape *s, const char *text)
{
	char *line, *end;

	*s = (struct shape){ .copy = xstrdup(text) };
	for (line = s->copy; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (!read_line(s, line))
			return false;
	}
	return *line == '\0' && s->identity != NULL;
}

bool
table_shape_columns(const char *shape, struct arena *arena, struct shape_text **ret, uint16_t *ret_n, struct err *err)
{
	struct shape s;
	bool ok = shape_read(&s, shape) && s.n <= UINT16_MAX;

	*ret_n = 0;
	if (s.no_memory)
		err_set(err, ERR_SYSTEM, "no memory for a shape");
	else if (!ok)
		err_set(err, ERR_PROTOCOL, "the shape that was kept can't be read");
	else if ((*ret = arena_zalloc(arena, (s.n + 1) * sizeof(**ret))) == NULL)
		ok = err_set(err, ERR_SYSTEM, "no memory for a shape");
	for (size_t i = 0; ok && i < s.n; i++) {
		struct shape_text *c = &(*ret)[(*ret_n)++];

		c->name = arena_strdup(arena, s.cols[i].f[F_NAME]);
		c->type = arena_strdup(arena, s.cols[i].f[F_TYPE]);
		c->key = strcmp(s.cols[i].f[F_KEY], "-") != 0;
		c->generated = strcmp(s.cols[i].f[F_GENERATED], "generated") == 0;
		ok = (c->name != NULL && c->type != NULL) || err_set(err, ERR_SYSTEM, "no memory for a shape");
	}
	shape_done(&s);
	return ok;
}

static const struct shape_column *
shape_find(const struct shape *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->cols[i].f[F_NAME], name) == 0)
			return &s->cols[i];
	return NULL;
}

/* What is said and what is advised, as both grow. */
struct findings {
	struct buf *said;
	size_t nsaid;
	struct buf *alter; /* actions of one ALTER TABLE */
	size_t nalter;
	const char *table_sql;
};

/* Starts the next sentence. */
static struct buf *
say(struct findings *f)
{
	if (f->nsaid++ > 0)
		buf_str(f->said, "; ");
	return f->said;
}

/* Starts the next action on a column: `action "column"`. */
static struct buf *
advise(struct findings *f, const char *action, const char *column)
{
	if (f->nalter++ == 0)
		buf_printf(f->alter, "ALTER TABLE %s ", f->table_sql);
	else
		buf_str(f->alter, ", ");
	buf_printf(f->alter, "%s ", action);
	table_quote_name(f->alter, column);
	return f->alter;
}

/* The default is a literal, so that it gives the same value on the target. */
static bool
is_literal(const char *sql)
{
	bool quoted = false;

	if (strchr("'-0123456789", sql[0]) == NULL && strcmp(sql, "true") != 0 &&
	    strcmp(sql, "false") != 0)
		return false;
	for (; *sql != '\0'; sql++) {
		if (*sql == '\'')
			quoted = !quoted;
		else if (*sql == '(' && !quoted && !(sql[1] >= '0' && sql[1] <= '9'))
			return false;
	}
	return true;
}

static void
column_added(struct findings *f, const struct shape_column *c)
{
	const char *dflt = c->f[F_DEFAULT];
	bool notnull = strcmp(c->f[F_NULL], "not-null") == 0,
	     generated = strcmp(c->f[F_GENERATED], "-") != 0;
	struct buf *b;

	buf_printf(say(f), "column %s: added as %s%s%s", c->f[F_NAME], c->f[F_TYPE],
	    notnull ? " not null" : "", generated ? ", generated" : "");
	if (generated)
		return;
	b = advise(f, "ADD COLUMN", c->f[F_NAME]);
	buf_printf(b, " %s", c->f[F_TYPE]);
	if (dflt[0] != '\0' && is_literal(dflt))
		buf_printf(b, " DEFAULT %s%s", dflt, notnull ? " NOT NULL" : "");
}

static void
column_dropped(struct findings *f, const struct shape_column *c)
{
	buf_printf(say(f), "column %s: dropped", c->f[F_NAME]);
	advise(f, "DROP COLUMN", c->f[F_NAME]);
}

static void
column_changed(struct findings *f, const struct shape_column *was, const struct shape_column *is)
{
	const char *name = is->f[F_NAME];

	if (strcmp(was->f[F_TYPE], is->f[F_TYPE]) != 0) {
		buf_printf(say(f), "column %s: %s became %s", name, was->f[F_TYPE], is->f[F_TYPE]);
		buf_printf(advise(f, "ALTER COLUMN", name), " TYPE %s", is->f[F_TYPE]);
	}
	if (strcmp(was->f[F_NULL], is->f[F_NULL]) != 0) {
		bool notnull = strcmp(is->f[F_NULL], "not-null") == 0;

		buf_printf(say(f), "column %s: became %s", name, notnull ? "not null" : "nullable");
		buf_str(
		    advise(f, "ALTER COLUMN", name), notnull ? " SET NOT NULL" : " DROP NOT NULL");
	}
	if (strcmp(was->f[F_GENERATED], is->f[F_GENERATED]) != 0)
		buf_printf(say(f), "column %s: %s generated", name,
		    strcmp(is->f[F_GENERATED], "-") != 0 ? "became" : "is no longer");
}

/* Both have the same columns in all but one name. */
static bool
find_rename(const struct shape *was, const struct shape *is, size_t *ret_at)
{
	size_t renamed = 0;

	if (was->n != is->n || strcmp(was->identity, is->identity) != 0)
		return false;
	for (size_t i = 0; i < was->n; i++) {
		for (int j = F_TYPE; j < F_DEFAULT; j++)
			if (strcmp(was->cols[i].f[j], is->cols[i].f[j]) != 0)
				return false;
		if (strcmp(was->cols[i].f[F_NAME], is->cols[i].f[F_NAME]) == 0)
			continue;
		if (shape_find(is, was->cols[i].f[F_NAME]) != NULL ||
		    shape_find(was, is->cols[i].f[F_NAME]) != NULL)
			return false;
		renamed++;
		*ret_at = i;
	}
	return renamed == 1;
}

static void
column_renamed(struct findings *f, const char *was, const char *is)
{
	buf_printf(say(f), "column %s: renamed to %s", was, is);
	advise(f, "RENAME COLUMN", was);
	buf_str(f->alter, " TO ");
	table_quote_name(f->alter, is);
}

/* The primary key's columns, in the key's order. */
static void
put_key(struct buf *b, const struct shape *s)
{
	size_t left = s->n;
	char ordinal[24];

	for (unsigned k = 1; left > 0; k++, left--) {
		snprintf(ordinal, sizeof(ordinal), "%u", k);
		for (size_t i = 0; i < s->n; i++)
			if (strcmp(s->cols[i].f[F_KEY], ordinal) == 0)
				buf_printf(b, "%s%s", k == 1 ? "" : ", ", s->cols[i].f[F_NAME]);
	}
	if (b->n == 0)
		buf_str(b, "none");
}

static void
compare_keys(struct findings *f, const struct shape *was, const struct shape *is)
{
	struct buf a = { 0 }, b = { 0 };

	put_key(&a, was);
	put_key(&b, is);
	if (a.bad || b.bad)
		f->said->bad = true;
	else if (strcmp(buf_cstr(&a), buf_cstr(&b)) != 0)
		buf_printf(say(f), "primary key: %s became %s", buf_cstr(&a), buf_cstr(&b));
	buf_done(&a);
	buf_done(&b);
}

static const char *
identity_text(const char *identity)
{
	switch (identity[0]) {
	case 'd': return "default";
	case 'n': return "nothing";
	case 'f': return "full";
	case 'i': return "index";
	default: return identity;
	}
}

static void
compare_identity(struct findings *f, const char *was, const char *is)
{
	if (strcmp(was, is) == 0)
		return;
	buf_printf(say(f), "replica identity: %s%s became %s%s", identity_text(was),
	    was[0] == 'i' ? was + 1 : "", identity_text(is), is[0] == 'i' ? is + 1 : "");
}

/* The columns that both have stand in the same order. */
static bool
same_order(const struct shape *was, const struct shape *is)
{
	size_t j = 0;

	for (size_t i = 0; i < was->n; i++) {
		if (shape_find(is, was->cols[i].f[F_NAME]) == NULL)
			continue;
		while (j < is->n && shape_find(was, is->cols[j].f[F_NAME]) == NULL)
			j++;
		if (j == is->n || strcmp(was->cols[i].f[F_NAME], is->cols[j++].f[F_NAME]) != 0) /* j: a name that is there twice */
			return false;
	}
	return true;
}

static void
compare_columns(struct findings *f, const struct shape *was, const struct shape *is)
{
	const struct shape_column *c;

	for (size_t i = 0; i < was->n; i++)
		if ((c = shape_find(is, was->cols[i].f[F_NAME])) == NULL)
			column_dropped(f, &was->cols[i]);
		else
			column_changed(f, &was->cols[i], c);
	for (size_t i = 0; i < is->n; i++)
		if (shape_find(was, is->cols[i].f[F_NAME]) == NULL)
			column_added(f, &is->cols[i]);
	if (!same_order(was, is)) {
		struct buf *b = say(f);

		buf_str(b, "the columns stand in another order, or changed their names among each other:");
		for (size_t i = 0; i < is->n; i++)
			buf_printf(b, "%s %s", i > 0 ? "," : "", is->cols[i].f[F_NAME]);
	}
}

static void
compare_shapes(struct findings *f, const struct shape *was, const struct shape *is)
{
	size_t at = 0;

	if (find_rename(was, is, &at)) {
		column_renamed(f, was->cols[at].f[F_NAME], is->cols[at].f[F_NAME]);
		return;
	}
	compare_columns(f, was, is);
	compare_keys(f, was, is);
	compare_identity(f, was->identity, is->identity);
}

bool
table_shape_diff(const char *was, const char *is, const char *target_table_sql,
    struct buf *ret_difference, struct buf *ret_alter)
{
	struct buf alter = { 0 };
	struct findings f = {
		.said = ret_difference, .alter = &alter, .table_sql = target_table_sql
	};
	struct shape a, b;
	bool read_a, read_b;

	if (strcmp(was, is) == 0)
		return false;
	read_a = shape_read(&a, was);
	read_b = shape_read(&b, is);
	if (read_a && read_b)
		compare_shapes(&f, &a, &b);
	else if (a.no_memory || b.no_memory)
		ret_difference->bad = true;
	else
		buf_str(say(&f), "the shape that was kept can't be read");
	shape_done(&a);
	shape_done(&b);
	if (f.nalter > 0 && target_table_sql != NULL) {
		buf_put(ret_alter, alter.p, alter.n);
		buf_str(ret_alter, ";");
	}
	buf_done(&alter);
	return f.nsaid > 0 || ret_difference->bad;
}
