/* facts.c - see facts.h. The text is one line an item, fields between tabs:
 *   facts     1 as-of
 *   table     oid schema name
 *   publication  id version owner fault members
 *   column    number version type flags name     (flags: g computed, f filled, - none)
 *   leaf      oid file links since flags schema name   (flags: i in place, p published, l logged; then the replica identity) */
#include "staging/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "1"

/* ---- text ---- */

static void
put(struct buf *b, const char *field)
{
	buf_u8(b, '\t');
	for (const char *p = field; *p != '\0'; p++) {
		if (*p == '\t' || *p == '\n' || *p == '\\')
			buf_u8(b, '\\');
		buf_u8(b, *p == '\t' ? 't' : *p == '\n' ? 'n' : (uint8_t)*p);
	}
}

static void
put_number(struct buf *b, const char *word, int64_t n)
{
	buf_printf(b, "%s\t%lld", word, (long long)n);
}

bool
facts_write(const struct table_facts *f, struct buf *b, struct err *err)
{
	buf_str(b, "facts\t" FORMAT);
	put(b, f->as_of);
	buf_u8(b, '\n');
	put_number(b, "table", f->oid);
	put(b, f->schema);
	put(b, f->name);
	buf_str(b, "\npublication");
	put(b, f->publication.id);
	put(b, f->publication.version);
	put(b, f->publication.owner);
	put(b, f->publication.fault);
	put(b, f->publication.members);
	buf_u8(b, '\n');
	for (uint32_t i = 0; i < f->ncols; i++) {
		const struct facts_column *c = &f->cols[i];

		put_number(b, "column", c->number);
		put(b, c->version);
		put(b, c->type);
		put(b, c->computed ? "g" : c->filled ? "f" : "-");
		put(b, c->name);
		buf_u8(b, '\n');
	}
	for (uint32_t i = 0; i < f->nleaves; i++) {
		const struct facts_leaf *l = &f->leaves[i];

		put_number(b, "leaf", l->oid);
		put(b, l->file);
		put(b, l->links);
		put(b, l->since);
		buf_printf(b, "\t%c%c%c%c", l->in_place ? 'i' : '-', l->published ? 'p' : '-',
		    l->logged ? 'l' : '-', l->identity);
		put(b, l->schema);
		put(b, l->name);
		buf_u8(b, '\n');
	}
	return !b->bad || err_set(err, ERR_SYSTEM, "no memory for a table's facts");
}

enum { FIELDS = 8 };

struct line {
	const char *f[FIELDS];
	int n;
};

/* Cuts the line at *at into fields, in place; *at moves behind it. */
static void
next_line(char **at, struct line *ret)
{
	char *p = *at, *out = p;

	*ret = (struct line){ .n = 0 };
	for (int i = 0; i < FIELDS; i++)
		ret->f[i] = "";
	ret->f[ret->n++] = out;
	for (; *p != '\0' && *p != '\n'; p++) {
		if (*p == '\t') {
			*out++ = '\0';
			if (ret->n < FIELDS)
				ret->f[ret->n++] = out;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
			*out++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
		} else {
			*out++ = *p;
		}
	}
	*at = *p == '\n' ? p + 1 : p;
	*out = '\0';
}

static uint32_t
count_lines(const char *text, const char *word)
{
	const size_t n = strlen(word);
	uint32_t found = 0;

	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		found += strncmp(p, word, n) == 0;
	}
	return found;
}

static uint32_t
number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static bool
has(const char *flags, char c)
{
	return strchr(flags, c) != NULL;
}

static bool
take_line(struct table_facts *f, const struct line *l)
{
	if (strcmp(l->f[0], "facts") == 0) {
		f->as_of = l->f[2];
		return strcmp(l->f[1], FORMAT) == 0 && l->n == 3;
	}
	if (strcmp(l->f[0], "table") == 0 && l->n == 4) {
		f->oid = number(l->f[1]);
		f->schema = l->f[2];
		f->name = l->f[3];
		return true;
	}
	if (strcmp(l->f[0], "publication") == 0 && l->n == 6) {
		f->publication.id = l->f[1];
		f->publication.version = l->f[2];
		f->publication.owner = l->f[3];
		f->publication.fault = l->f[4];
		f->publication.members = l->f[5];
		return true;
	}
	if (strcmp(l->f[0], "column") == 0 && l->n == 6) {
		f->cols[f->ncols++] = (struct facts_column){ .number = (int32_t)number(l->f[1]),
			.version = l->f[2],
			.type = l->f[3],
			.computed = has(l->f[4], 'g'),
			.filled = has(l->f[4], 'f'),
			.name = l->f[5] };
		return true;
	}
	if (strcmp(l->f[0], "leaf") == 0 && l->n == 8 && strlen(l->f[5]) == 4) {
		f->leaves[f->nleaves++] = (struct facts_leaf){ .oid = number(l->f[1]),
			.file = l->f[2],
			.links = l->f[3],
			.since = l->f[4],
			.in_place = l->f[5][0] == 'i',
			.published = l->f[5][1] == 'p',
			.logged = l->f[5][2] == 'l',
			.identity = l->f[5][3],
			.schema = l->f[6],
			.name = l->f[7] };
		return true;
	}
	return false;
}

bool
facts_read(const char *text, struct arena *arena, struct table_facts *ret, struct err *err)
{
	char *copy = arena_strdup(arena, text), *at = copy;
	bool ok = true;

	*ret = (struct table_facts){ .there = true };
	ret->cols = arena_zalloc(arena, (count_lines(text, "column\t") + 1) * sizeof(*ret->cols));
	ret->leaves = arena_zalloc(arena, (count_lines(text, "leaf\t") + 1) * sizeof(*ret->leaves));
	if (copy == NULL || ret->cols == NULL || ret->leaves == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a table's facts");
	while (ok && *at != '\0') {
		struct line l;

		next_line(&at, &l);
		ok = take_line(ret, &l);
	}
	ok = ok && ret->as_of != NULL && ret->schema != NULL && ret->publication.id != NULL;
	return ok || err_set(err, ERR_PROTOCOL, "the facts that were kept of a table can't be read");
}

/* ---- comparison ---- */

struct look {
	const struct table_facts *was, *is;
	const char *publication;
	facts_ask *ask;
	void *arg;
	struct facts_verdict *v;
	bool rewritten;			/* a leaf has another file, and none of its rows is as it was */
};

/* The worst is told, the first of its kind. */
static void PRINTF_LIKE(3, 4)
say(struct look *k, enum facts_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (kind <= k->v->kind)
		return;
	k->v->kind = kind;
	va_start(ap, fmt);
	vsnprintf(k->v->what, sizeof(k->v->what), fmt, ap);
	va_end(ap);
}

static void
changed(struct look *k)
{
	if (k->v->kind == FACTS_SAME)
		k->v->kind = FACTS_CHANGED;
}

static void PRINTF_LIKE(2, 3)
note(struct look *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->v->note, sizeof(k->v->note), fmt, ap);
	va_end(ap);
}

static bool
differ(const char *a, const char *b)
{
	return strcmp(a, b) != 0;
}

/* "table s.t", "partition s.p". */
static const char *
leaf_name(const struct look *k, const struct facts_leaf *l, char out[160])
{
	snprintf(out, 160, "%s %s.%s", l->oid == k->is->oid ? "table" : "partition", l->schema, l->name);
	return out;
}

/* An entry of the list `was` that the list `is` lacks. */
static bool
entry_left(const char *was, const char *is)
{
	while (*was != '\0') {
		const size_t n = strcspn(was, ",");
		bool there = false;

		for (const char *p = is; !there && *p != '\0'; p += strcspn(p, ","), p += *p == ',')
			there = strcspn(p, ",") == n && strncmp(p, was, n) == 0;
		if (!there)
			return true;
		was += n;
		was += *was == ',';
	}
	return false;
}

/* Where the log names no numbers a table's name is all that it is known by; and what its members are is the indexes that can be its replica
 * identity: without it updates and deletes are left out. */
static void
compare_unpublished(struct look *k)
{
	const struct table_facts *was = k->was, *is = k->is;
	bool by_index = false;

	if (was == NULL)
		return;
	if (differ(was->schema, is->schema) || differ(was->name, is->name))
		say(k, FACTS_HOLE, "the table was renamed from %s.%s: changes made since are missing, as the output plugin knows it by its name", was->schema,
		    was->name);
	for (uint32_t i = 0; i < was->nleaves; i++)
		by_index = by_index || was->leaves[i].identity != 'f';
	if (by_index && entry_left(was->publication.members, is->publication.members))
		say(k, FACTS_SUSPECT, "its replica identity was dropped: updates and deletes made before it had another one are missing");
	else if (differ(was->publication.members, is->publication.members))
		changed(k);
}

static void
compare_publication(struct look *k)
{
	const struct table_facts *was = k->was, *is = k->is;

	if (k->publication == NULL) {
		compare_unpublished(k);
		return;
	}
	if (is->publication.id[0] == '\0') {
		say(k, FACTS_HOLE, "publication %s is gone from the source: changes made since are missing", k->publication);
		return;
	}
	if (is->publication.fault[0] != '\0')
		say(k, FACTS_HOLE, "publication %s %s: changes made since are missing", k->publication, is->publication.fault);
	if (was == NULL)
		return;
	if (differ(was->publication.id, is->publication.id))
		say(k, FACTS_SUSPECT, "publication %s was dropped and made again: changes made between are missing", k->publication);
	else if (differ(was->publication.version, is->publication.version) && !differ(was->publication.owner, is->publication.owner))
		say(k, FACTS_SUSPECT, "publication %s was altered and set back: changes made between may be missing", k->publication);
	else if (entry_left(was->publication.members, is->publication.members))
		say(k, FACTS_SUSPECT, "the table was taken out of publication %s and put back: changes made between are missing",
		    k->publication);
	else if (differ(was->publication.version, is->publication.version) || differ(was->publication.members, is->publication.members))
		changed(k);
}

static void
check_leaf(struct look *k, const struct facts_leaf *is)
{
	char name[160];

	if (!is->logged)
		say(k, FACTS_HOLE, "%s was made unlogged: its changes are not in the log", leaf_name(k, is, name));
	else if (!is->published && k->publication == NULL)
		say(k, FACTS_HOLE, "%s has no replica identity any more: its updates and deletes are left out by the output plugin", leaf_name(k, is, name));
	else if (!is->published && k->is->publication.id[0] != '\0' && k->is->publication.fault[0] == '\0')
		say(k, FACTS_HOLE, "%s is not, or only in part, in publication %s any more: changes made since are missing",
		    leaf_name(k, is, name), k->publication);
}

static void
compare_leaf(struct look *k, const struct facts_leaf *was, const struct facts_leaf *is)
{
	char name[160];

	check_leaf(k, is);
	if (differ(was->links, is->links))
		say(k, FACTS_SUSPECT, "%s was detached and attached again: what was changed between is missing", leaf_name(k, is, name));
	if (differ(was->file, is->file))
		changed(k);
	if (was->identity != is->identity) {
		changed(k);
		if (is->identity == 'n' && k->publication != NULL)
			note(k, "%s has no replica identity any more: its updates and deletes fail on the source", leaf_name(k, is, name));
	}
	if (differ(was->schema, is->schema) || differ(was->name, is->name))
		changed(k);
	if (k->publication == NULL && (differ(was->schema, is->schema) || differ(was->name, is->name)) && is->oid != k->is->oid)
		say(k, FACTS_HOLE, "%s was renamed from %s.%s: changes made since are missing, as the output plugin knows it by its name",
		    leaf_name(k, is, name), was->schema, was->name);
}

/* A leaf that the former look did not find. */
static bool
new_leaf(struct look *k, const struct facts_leaf *is, struct err *err)
{
	char name[160];
	bool rows = true;

	changed(k);
	if (k->publication == NULL)
		check_leaf(k, is);
	if (is->in_place && (is->published || k->publication == NULL)) {
		check_leaf(k, is);
		return true;
	}
	if (!k->ask(k->arg, is, is->published || k->publication == NULL ? FACTS_ROWS_BEFORE : FACTS_ANY_ROWS, k->was->as_of, &rows, err))
		return false;
	leaf_name(k, is, name);
	if (k->publication == NULL) {
		if (rows)
			say(k, FACTS_SUSPECT, "%s came with rows that were in it before it was a part of the table: they are missing", name);
	} else if (!is->published && !rows)
		say(k, FACTS_AGAIN, "%s is new, and not in publication %s yet", name, k->publication);
	else if (!is->published)
		say(k, FACTS_HOLE, "%s is new and not in publication %s: rows that are in it are missing", name, k->publication);
	else if (rows)
		say(k, FACTS_SUSPECT, "%s came with rows that were in it before its changes were published: they are missing", name);
	return true;
}

static bool
compare_leaves(struct look *k, struct err *err)
{
	const struct table_facts *was = k->was, *is = k->is;
	uint32_t i = 0, j = 0;
	char name[160];

	while (i < was->nleaves || j < is->nleaves) {
		if (j == is->nleaves || (i < was->nleaves && was->leaves[i].oid < is->leaves[j].oid)) {
			say(k, FACTS_SUSPECT, "%s was detached or dropped: its rows are still on the target",
			    leaf_name(k, &was->leaves[i++], name));
		} else if (i == was->nleaves || is->leaves[j].oid < was->leaves[i].oid) {
			if (!new_leaf(k, &is->leaves[j++], err))
				return false;
		} else {
			compare_leaf(k, &was->leaves[i++], &is->leaves[j++]);
		}
	}
	return true;
}

static const struct facts_column *
column(const struct table_facts *f, int32_t n)
{
	for (uint32_t i = 0; i < f->ncols; i++)
		if (f->cols[i].number == n)
			return &f->cols[i];
	return NULL;
}

/* Columns whose catalog rows say that ALTER TABLE may have been at the rows. */
static bool
columns_touched(const struct look *k)
{
	for (uint32_t i = 0; i < k->is->ncols; i++) {
		const struct facts_column *is = &k->is->cols[i], *was = column(k->was, is->number);

		if (!is->computed && (was != NULL ? differ(was->version, is->version) : is->filled))
			return true;
	}
	return false;
}

/* ALTER TABLE writes each row anew; VACUUM FULL, CLUSTER and the like keep them as they were. */
static bool
look_for_rewrite(struct look *k, struct err *err)
{
	const struct table_facts *was = k->was, *is = k->is;

	if (!columns_touched(k))
		return true;
	for (uint32_t i = 0, j = 0; i < was->nleaves && j < is->nleaves && !k->rewritten;) {
		bool kept = true;

		if (was->leaves[i].oid != is->leaves[j].oid) {
			was->leaves[i].oid < is->leaves[j].oid ? i++ : j++;
			continue;
		}
		if (differ(was->leaves[i].file, is->leaves[j].file) &&
		    !k->ask(k->arg, &is->leaves[j], FACTS_ROWS_KEPT, was->as_of, &kept, err))
			return false;
		k->rewritten = !kept;
		i++, j++;
	}
	return true;
}

/* ALTER of a column's type writes the catalog rows of this column and of all behind it. Another type stops the task by itself until the target has followed; the
 * same type means that values were computed. A default that is not constant was computed row by row. */
static void
compare_columns(struct look *k)
{
	const struct facts_column *retyped = NULL;

	for (uint32_t i = 0; i < k->is->ncols; i++) {
		const struct facts_column *is = &k->is->cols[i], *was = column(k->was, is->number);

		if (was == NULL || differ(was->version, is->version) || differ(was->name, is->name))
			changed(k);
		if (!k->rewritten || is->computed)
			continue;
		if (was == NULL && is->filled)
			say(k, FACTS_SUSPECT, "column %s was added with a default that was computed for each row: the target's values differ",
			    is->name);
		if (was != NULL && differ(was->type, is->type) && retyped == NULL)
			retyped = is;
		if (was != NULL && !was->computed && retyped == NULL && differ(was->version, is->version))
			say(k, FACTS_SUSPECT,
			    "column %s was altered and the table rewritten: values that ALTER TABLE ... USING computed are not in the log",
			    is->name);
	}
	if (retyped != NULL)
		note(k, "the table was rewritten for column %s: values that USING computed are on the target only where it computed them too",
		    retyped->name);
	if (k->is->ncols != k->was->ncols)
		changed(k);
}

bool
facts_compare(const struct table_facts *was, const struct table_facts *is, const char *publication, facts_ask *ask, void *arg,
    struct facts_verdict *ret, struct err *err)
{
	struct look k = { was, is, publication, ask, arg, ret, false };

	*ret = (struct facts_verdict){ .kind = FACTS_SAME };
	if (!is->there) {
		say(&k, FACTS_SUSPECT, "the table was dropped on the source: its rows are still on the target");
		return true;
	}
	if (was != NULL && was->oid != is->oid) {
		say(&k, FACTS_HOLE, "another table of the source has its name now: the one that was copied was dropped or renamed");
		return true;
	}
	compare_publication(&k);
	if (was == NULL) {
		for (uint32_t i = 0; i < is->nleaves; i++)
			check_leaf(&k, &is->leaves[i]);
		changed(&k);
		return true;
	}
	if (!compare_leaves(&k, err) || !look_for_rewrite(&k, err))
		return false;
	compare_columns(&k);
	if (differ(was->schema, is->schema) || differ(was->name, is->name))
		changed(&k);
	return true;
}
