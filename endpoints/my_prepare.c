/* my_prepare.c - target tables made ready for their load, and finished after it.
 * DDL commits by itself, so what will be done is written first, in a transaction that ends only where the task is still ours; then it is done; then
 * that it is done. A start that was cut short between finds one of two words in table_state.made: "creating" (an empty table of that name is the one that
 * was to be made; one with rows is somebody else's) and "dropping" (the table is dropped where it is still there, and made). What is written as done
 * before it is, "truncated", is done again.
 * Invariant: rows are removed only where full_load.target_tables asks for it, or where they are those of a load of ours that was cut short.
 * Threads: the target's. */
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "endpoints/my_catalog.h"
#include "endpoints/my_layout.h"
#include "endpoints/my_table_ddl.h"
#include "endpoints/my_target.h"

bool
my_target_describe(struct target *t, struct table *tab, struct arena *arena, struct err *err)
{
	return my_describe(t->c, tab->target_schema, tab->target_name, arena, &tab->target, err);
}

/* A table of that name is there; a view is none. */
static bool
exists(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	const char *params[] = { tab->target_schema, tab->target_name };

	return my_ask(t->c, ret, err,
	    "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = $1 AND TABLE_NAME "
	    "= $2"
	    " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
	    2, params);
}

/* before, the table's name, after */
static bool
run_on(struct target *t, const char *before, const struct table *tab, const char *after,
    struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	buf_str(&sql, before);
	my_ident2(&sql, tab->target_schema, tab->target_name);
	buf_str(&sql, after);
	ok = my_exec(t->c, err, buf_cstr(&sql));
	buf_done(&sql);
	return ok;
}

bool
my_target_has_rows(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	struct buf sql = { 0 };
	bool there, ok;

	if (!exists(t, tab, &there, err))
		return false;
	*ret = false;
	if (!there)
		return true;
	buf_str(&sql, "SELECT 1 FROM ");
	my_ident2(&sql, tab->target_schema, tab->target_name);
	buf_str(&sql, " LIMIT 1");
	ok = my_ask(t->c, ret, err, buf_cstr(&sql), 0, NULL);
	buf_done(&sql);
	return ok;
}

/* ---- DDL ---- */

static bool
create_schema(struct target *t, const struct table *tab, struct err *err)
{
	const char *params[] = { tab->target_schema };
	struct buf sql = { 0 };
	bool there, ok;

	if (!my_ask(t->c, &there, err,
		"SELECT count(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = $1", 1,
		params))
		return false;
	if (there)
		return true;
	buf_str(&sql, "CREATE DATABASE IF NOT EXISTS ");
	my_ident(&sql, tab->target_schema);
	buf_str(&sql, " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
	ok = my_exec(t->c, err, buf_cstr(&sql));
	buf_done(&sql);
	return ok;
}

static bool
create_table(struct target *t, const struct table *tab, struct err *err)
{
	const struct convert_target to = {
		.family = FAMILY_MYSQL, .mariadb = t->c->mariadb, .version = t->c->version
	};
	struct buf sql = { 0 };
	bool ok = create_schema(t, tab, err);

	if (ok && (ok = my_table_only_ddl(&sql, tab, &to, err)))
		ok = sql.bad ? err_set(err, ERR_SYSTEM, "no memory for a table's DDL")
			     : my_exec(t->c, err, buf_cstr(&sql));
	buf_done(&sql);
	return ok;
}

static bool
missing(const struct table *tab, struct err *err)
{
	err_set(err, ERR_SCHEMA, "table %s.%s is not there", tab->target_schema, tab->target_name);
	return err_remedy(err, "make it, or set full_load.target_tables = \"create\"");
}

static bool
has_rows_already(const struct table *tab, struct err *err)
{
	err_set(
	    err, ERR_CONFIG, "table %s.%s has rows already", tab->target_schema, tab->target_name);
	return err_remedy(err, "empty it, or set full_load.target_tables: truncate (removes its "
			       "rows first), drop (makes it anew), append (adds to"
			       " what is there)");
}

static bool
appended_before(const struct table *tab, struct err *err)
{
	err_set(err, ERR_CONFIG,
	    "table %s.%s was appended to by an earlier load, and rows of others are in it",
	    tab->target_schema, tab->target_name);
	return err_remedy(err,
	    "remove the rows of the earlier load, then: repld cleanup, and load again; or set"
	    " full_load.target_tables = \"truncate\" after a cleanup");
}

/* ---- what is to be done ---- */

enum work { WORK_NONE, WORK_CREATE, WORK_TRUNCATE, WORK_DROP };

struct preparation {
	enum work work;
	const char *before, *done; /* words for `made`; before: NULL where it is the same */
};

static bool
unfinished(const struct table_state *ts)
{
	return strcmp(ts->made, "creating") == 0 || strcmp(ts->made, "dropping") == 0;
}

/* A load of ours was here before: what it left goes, but for rows that it added to those of others, which it did in one transaction. */
static bool
plan_again(const struct table *tab, bool there, const struct table_state *ts,
    struct preparation *ret, struct err *err)
{
	*ret =
	    (struct preparation){ .work = there ? WORK_TRUNCATE : WORK_CREATE, .done = ts->made };
	if (!there || strcmp(ts->made, "appended") != 0)
		return true;
	ret->work = WORK_NONE;
	return ts->rows_loaded == 0 || appended_before(tab, err);
}

static bool
plan_create(struct target *t, const struct table *tab, bool there, bool begun,
    struct preparation *ret, struct err *err)
{
	bool rows;

	*ret = (struct preparation){ .work = WORK_CREATE, .before = "creating", .done = "created" };
	if (!there)
		return true;
	if (!my_target_has_rows(t, tab, &rows, err))
		return false;
	if (rows)
		return has_rows_already(tab, err);
	*ret = (struct preparation){ .work = WORK_NONE, .done = begun ? "created" : "found" };
	return true;
}

static bool
plan_work(struct target *t, const struct table *tab, enum target_prep prep,
    const struct table_state *ts, struct preparation *ret, struct err *err)
{
	const bool begun = ts->made != NULL && unfinished(ts);
	bool there;

	if (!exists(t, tab, &there, err))
		return false;
	if (ts->made != NULL && !begun)
		return plan_again(tab, there, ts, ret, err);
	if (begun && strcmp(ts->made, "dropping") == 0)
		prep = PREP_DROP;
	switch (prep) {
	case PREP_APPEND:
		*ret = (struct preparation){ .done = "appended" };
		return there || missing(tab, err);
	case PREP_TRUNCATE:
		*ret = (struct preparation){ .work = WORK_TRUNCATE, .done = "truncated" };
		return there || missing(tab, err);
	case PREP_DROP:
		*ret = (struct preparation){
			.work = WORK_DROP, .before = "dropping", .done = "dropped"
		};
		return true;
	case PREP_CREATE: return plan_create(t, tab, there, begun, ret, err);
	}
	return err_set(err, ERR_CONFIG, "unknown full_load.target_tables");
}

static bool
do_work(struct target *t, const struct table *tab, enum work work, struct err *err)
{
	switch (work) {
	case WORK_NONE: return true;
	case WORK_CREATE: return create_table(t, tab, err);
	case WORK_TRUNCATE: return run_on(t, "TRUNCATE TABLE ", tab, "", err);
	case WORK_DROP:
		return run_on(t, "DROP TABLE IF EXISTS ", tab, "", err) &&
		       create_table(t, tab, err);
	}
	return false;
}

/* ---- prepare ---- */

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

static bool
write_made(struct target *t, struct table_state *ts, const char *word, struct err *err)
{
	if (note_made(ts, word, err) && my_begin(t, err) && my_write_state(t, ts, err) &&
	    (t->epoch == 0 || my_fence(t, t->epoch, err)) && my_commit(t, err))
		return true;
	return my_rollback(t);
}

bool
my_target_prepare_table(struct target *t, struct table *tab, enum target_prep prep,
    struct table_state *ts, struct err *err)
{
	struct preparation p = { .work = WORK_NONE };

	if (plan_work(t, tab, prep, ts, &p, err) &&
	    write_made(t, ts, p.before != NULL ? p.before : p.done, err) &&
	    FAULT("prepare_before_ddl", err) && do_work(t, tab, p.work, err) &&
	    FAULT("prepare_after_ddl", err) && (p.before == NULL || write_made(t, ts, p.done, err)))
		return true;
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED) {
		err_table(err, tab->target_schema, tab->target_name);
		err_ctx(err, "prepare %s.%s on the target", tab->target_schema, tab->target_name);
	}
	return false;
}

/* ---- after the load ---- */

/* Ours to add indexes to: table_state says who made it. */
static bool
made_by_us(struct target *t, const struct table *tab, bool *ret, struct err *err)
{
	const char *params[] = { t->task, tab->source_schema, tab->source_name };

	return my_ask(t->c, ret, err,
	    "SELECT made IN ('created', 'dropped') FROM repld.table_state WHERE task = $1 AND "
	    "source_schema = $2 AND source_name = $3",
	    3, params);
}

static bool
has_index(struct target *t, const struct table *tab, const char *index, bool *ret, struct err *err)
{
	const char *params[] = { tab->target_schema, tab->target_name, index };

	return my_ask(t->c, ret, err,
	    "SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = $1 AND "
	    "TABLE_NAME = $2 AND INDEX_NAME = $3",
	    3, params);
}

static bool
finish_index(struct target *t, const struct table *tab, uint16_t index, struct err *err)
{
	const struct convert_target to = { .family = FAMILY_MYSQL, .mariadb = t->c->mariadb, .version = t->c->version };
	const char *name = my_index_name(&tab->source->indexes[index]);
	struct buf sql = { 0 };
	bool there = true, ok = my_one_index_ddl(&sql, tab, index, &to, err);

	if (ok && sql.n > 0 && (ok = has_index(t, tab, name, &there, err)) && !there)
		ok = my_exec(t->c, err, buf_cstr(&sql));
	buf_done(&sql);
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
my_target_finish_table(struct target *t, const struct table *tab, bool indexes, struct err *err)
{
	bool made, ok;

	if (!made_by_us(t, tab, &made, err))
		return false;
	ok = (!made || !indexes || finish_indexes(t, tab, err)) &&
	     run_on(t, "ANALYZE TABLE ", tab, "", err);
	if (!ok && err->kind != ERR_CANCELLED) {
		err_table(err, tab->target_schema, tab->target_name);
		err_ctx(err, "finish %s.%s on the target", tab->target_schema, tab->target_name);
	}
	return ok;
}

/* ---- what would be made ---- */

bool
my_target_would_make(struct target *t, const struct table *tab, struct arena *arena, const struct coltype **ret_types, const char **ret_ddl,
    struct err *err)
{
	const struct convert_target to = { .family = FAMILY_MYSQL, .mariadb = t->c->mariadb, .version = t->c->version };
	struct my_layout l;
	struct coltype *types = arena_zalloc(arena, (tab->source->ncols + 1u) * sizeof(*types));
	struct buf ddl = { 0 };
	bool ok;

	if (types == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	ok = my_layout(&l, tab, &to, arena, err) && my_table_ddl(&ddl, tab, &to, err) && my_index_ddl(&ddl, tab, &to, err);
	for (uint16_t i = 0; ok && i < tab->source->ncols; i++)
		if (l.cols[i].fate == MY_COL_MADE)
			types[i] = l.cols[i].type;
	*ret_types = types;
	*ret_ddl = ok ? arena_strdup(arena, buf_cstr(&ddl)) : NULL;
	buf_done(&ddl);
	return ok && (*ret_ddl != NULL || err_set(err, ERR_SYSTEM, "no memory"));
}
