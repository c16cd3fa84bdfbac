/* pg_prepare.c - target tables made ready for their load, and finished after it.
 * Invariant: rows are removed only where full_load.target_tables asks for it, or where they are
 * those of a load of ours that was cut short. Where this session has heard its epoch, the work
 * commits only while it is still the task's.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdlib.h>

#include "endpoints/pg_catalog.h"
#include "endpoints/table_ddl.h"
#include "staging/typemap.h"

bool
pg_target_describe(struct target *t, struct table *tab, struct arena *arena, struct err *err)
{
	return target_plain(t, err) &&
	       pg_describe(t->c, tab->target_schema, tab->target_name, arena, &tab->target, err);
}

static void
put_name(struct buf *b, const struct table *tab)
{
	pg_ident2(b, tab->target_schema, tab->target_name);
}

/* An ordinary or partitioned table of that name is there. */
static bool
exists(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	const char *params[] = { tab->target_schema, tab->target_name };

	return target_ask(t, ret, err,
	    "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p'))",
	    2, params);
}

bool
pg_target_has_rows(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	struct buf sql = { 0 };
	bool there, ok;

	if (!exists(t, tab, &there, err))
		return false;
	if (!there) {
		*ret = false;
		return true;
	}
	buf_str(&sql, "SELECT EXISTS (SELECT FROM ");
	buf_str(&sql, tab->target != NULL && tab->target->kind == 'r' ? "ONLY " : "");
	put_name(&sql, tab);
	buf_str(&sql, ")");
	ok = target_ask(t, ret, err, buf_cstr(&sql), 0, NULL);
	buf_done(&sql);
	return ok;
}

/* before, the table's name, after */
static bool
run_on(struct target *t, const char *before, const struct table *tab, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	buf_str(&sql, before);
	put_name(&sql, tab);
	ok = pg_exec(t->c, err, buf_cstr(&sql));
	buf_done(&sql);
	return ok;
}

static bool
create_schema(struct target *t, const struct table *tab, struct err *err)
{
	const char *params[] = { tab->target_schema };
	struct buf sql = { 0 };
	bool there, ok;

	if (!target_ask(t, &there, err,
		"SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", 1, params))
		return false;
	if (there)
		return true;
	buf_str(&sql, "CREATE SCHEMA IF NOT EXISTS ");
	pg_ident(&sql, tab->target_schema);
	ok = pg_exec(t->c, err, buf_cstr(&sql));
	buf_done(&sql);
	return ok;
}

static bool
create_table(struct target *t, const struct table *tab, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	if (!pg_table_ddl_check(tab, err) || !create_schema(t, tab, err))
		return false;
	pg_table_only_ddl(&sql, tab);
	ok = !sql.bad ? pg_exec(t->c, err, buf_cstr(&sql))
		      : err_set(err, ERR_SYSTEM, "no memory for a table's DDL");
	buf_done(&sql);
	return ok;
}

static bool
truncate_table(struct target *t, const struct table *tab, struct err *err)
{
	const bool plain = tab->target != NULL && tab->target->kind == 'r';

	/* Not the rows of tables that inherit from it. */
	if (run_on(t, plain ? "TRUNCATE ONLY " : "TRUNCATE ", tab, err))
		return true;
	if (strcmp(err->sqlstate, "0A000") == 0)
		err_remedy(
		    err, "drop the foreign keys of other tables on the target that refer to it");
	return false;
}

static bool
drop_table(struct target *t, const struct table *tab, struct err *err)
{
	if (run_on(t, "DROP TABLE ", tab, err))
		return true;
	if (strcmp(err->sqlstate, "2BP01") == 0) {
		err->kind = ERR_CONFIG;
		err_remedy(err,
		    "drop the views or foreign keys on the target that depend on it, or set"
		    " full_load.target_tables = \"truncate\"");
	}
	return false;
}

static bool
missing(const struct table *tab, struct err *err)
{
	err_set(err, ERR_SCHEMA, "table %s.%s is not there", tab->target_schema, tab->target_name);
	return err_remedy(err, "make it, or set full_load.target_tables = \"create\"");
}

/* "found": it was there, empty. */
static bool
prepare_create(
    struct target *t, const struct table *tab, bool there, const char **ret_done, struct err *err)
{
	bool rows;

	if (!there) {
		*ret_done = "created";
		return create_table(t, tab, err);
	}
	if (!pg_target_has_rows(t, tab, &rows, err))
		return false;
	if (rows) {
		err_set(err, ERR_CONFIG, "table %s.%s has rows already", tab->target_schema,
		    tab->target_name);
		return err_remedy(err, "empty it, or set full_load.target_tables: truncate "
				       "(removes its rows first), drop (makes it "
				       "anew), append (adds to what is there)");
	}
	*ret_done = "found";
	return true;
}

/* A load of ours was here before: what it left goes, but for rows that it added to those of others,
 * which it did in one transaction. */
static bool
prepare_again(struct target *t, const struct table *tab, bool there, const struct table_state *ts,
    const char **ret_done, struct err *err)
{
	*ret_done = ts->made;
	if (!there)
		return create_table(t, tab, err);
	if (strcmp(ts->made, "appended") != 0)
		return truncate_table(t, tab, err);
	if (ts->rows_loaded == 0)
		return true;
	err_set(err, ERR_CONFIG,
	    "table %s.%s was appended to by an earlier load, and rows of others are in it",
	    tab->target_schema, tab->target_name);
	return err_remedy(err,
	    "remove the rows of the earlier load, then: repld cleanup, and load again; or set "
	    "full_load.target_tables = \"truncate\" after a cleanup");
}

static bool
prepare(struct target *t, const struct table *tab, enum target_prep prep,
    const struct table_state *ts, const char **ret_done, struct err *err)
{
	bool there;

	if (!exists(t, tab, &there, err))
		return false;
	if (ts->made != NULL)
		return prepare_again(t, tab, there, ts, ret_done, err);
	switch (prep) {
	case PREP_APPEND: *ret_done = "appended"; return there || missing(tab, err);
	case PREP_TRUNCATE:
		*ret_done = "truncated";
		return there ? truncate_table(t, tab, err) : missing(tab, err);
	case PREP_DROP:
		*ret_done = "dropped";
		return (!there || drop_table(t, tab, err)) && create_table(t, tab, err);
	case PREP_CREATE: return prepare_create(t, tab, there, ret_done, err);
	}
	return err_set(err, ERR_CONFIG, "unknown full_load.target_tables");
}

static bool
note_made(struct table_state *ts, const char *done, struct err *err)
{
	char *copy = mem_strdup(done, err);

	if (copy == NULL)
		return false;
	free(ts->made);
	ts->made = copy;
	return true;
}

bool
pg_target_prepare_table(struct target *t, struct table *tab, enum target_prep prep,
    struct table_state *ts, struct err *err)
{
	const char *done = NULL;

	if (target_begin_plain(t, err) && prepare(t, tab, prep, ts, &done, err) &&
	    note_made(ts, done, err) && pg_write_state(t, ts, err) &&
	    (t->epoch == 0 || target_fence(t, t->epoch, err)) && pg_exec(t->c, err, "COMMIT"))
		return true;
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED) {
		err_table(err, tab->target_schema, tab->target_name);
		err_ctx(err, "prepare %s.%s on the target", tab->target_schema, tab->target_name);
	}
	return target_rollback_plain(t);
}

/* ---- after the load ---- */

/* Ours to add indexes to: table_state says who made it. */
static bool
made_by_us(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	const char *params[] = { t->task, tab->source_schema, tab->source_name };

	return target_ask(t, ret, err,
	    "SELECT made IN ('created', 'dropped') FROM repld.table_state WHERE task = $1"
	    " AND source_schema = $2 AND source_name = $3",
	    3, params);
}

static bool
has_index(struct target *t, const struct table *tab, const char *index, bool *ret, struct err *err)
{
	const char *params[] = { tab->target_schema, tab->target_name, index };

	return target_ask(t, ret, err,
	    "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
	    " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = $1 AND c.relname = $2 AND x.relname = $3)",
	    3, params);
}

static bool
finish_index(struct target *t, const struct table *tab, uint16_t index, struct err *err)
{
	struct buf sql = { 0 };
	bool there = true, ok = true;
	char name[64];

	pg_index_name(name, tab, &tab->source->indexes[index]);
	if (pg_one_index_ddl(&sql, tab, index) && (ok = has_index(t, tab, name, &there, err)) &&
	    !there)
		ok = pg_exec(t->c, err, buf_cstr(&sql)) && has_index(t, tab, name, &there, err);
	buf_done(&sql);
	if (ok && !there) {
		err_set(err, ERR_SCHEMA, "its name is taken by something else in schema %s",
		    tab->target_schema);
		err_remedy(err, "make the index on the target under another name");
		ok = false;
	}
	return ok || err_ctx(err, "index \"%s\"", name);
}

/* All that can be made is made; the first failure is told. */
static bool
finish_indexes(struct target *t, const struct table *tab, struct err *err)
{
	bool ok = true;

	for (uint16_t i = 0; i < tab->source->nindexes; i++) {
		struct err one = ERR_INIT;

		if (finish_index(t, tab, i, &one))
			continue;
		if (ok)
			*err = one;
		ok = false;
		if (one.kind == ERR_RETRY || one.kind == ERR_CANCELLED)
			return false;
	}
	return ok;
}

bool
pg_target_finish_table(struct target *t, const struct table *tab, bool indexes, struct err *err)
{
	bool made, ok;

	if (!target_plain(t, err) || !made_by_us(t, tab, &made, err))
		return false;
	ok = (!made || !indexes || finish_indexes(t, tab, err)) && run_on(t, "ANALYZE ", tab, err);
	if (!ok && err->kind != ERR_CANCELLED) {
		err_table(err, tab->target_schema, tab->target_name);
		err_ctx(err, "finish %s.%s on the target", tab->target_schema, tab->target_name);
	}
	return ok;
}

/* ---- what would be made ---- */

bool
pg_target_would_make(struct target *t, const struct table *tab, struct arena *arena,
    const struct coltype **ret_types, const char **ret_ddl, struct err *err)
{
	const struct convert_target to = { .family = FAMILY_POSTGRESQL, .version = pg_conn_version(t->c) };
	struct coltype *types = arena_zalloc(arena, (tab->source->ncols + 1u) * sizeof(*types));
	struct buf ddl = { 0 };

	if (types == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	for (uint16_t i = 0; i < tab->source->ncols; i++) {
		types[i] = tab->source->cols[i].type;
		if (tab->source_family != FAMILY_POSTGRESQL && !tab->source->cols[i].generated &&
		    !typemap_make(&tab->source->cols[i].type, &to, &tab->values, arena, &types[i], err))
			return err_ctx(err, "column %s", tab->source->cols[i].name);
	}
	pg_table_ddl(&ddl, tab);
	pg_index_ddl(&ddl, tab);
	*ret_types = types;
	*ret_ddl = arena_strdup(arena, buf_cstr(&ddl));
	buf_done(&ddl);
	return *ret_ddl != NULL || err_set(err, ERR_SYSTEM, "no memory");
}
