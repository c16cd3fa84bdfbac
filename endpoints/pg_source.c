/* pg_source.c - the ordinary session of a PostgreSQL source: its tables, its slot, the end of its
 * log. Who it is: pg_identity.c.
 * Flow: one statement, one answer; each ends within PG_SOURCE_DEADLINE_USEC.
 * Invariant: nothing here waits for a lock longer than the session's lock_timeout (5 s), and
 * nothing keeps a transaction open.
 * Threads: one at a time for each struct source. */
#include "endpoints/pg_source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "endpoints/pg_catalog.h"

struct source *
pg_source_open(const struct source_params *p, struct err *err)
{
	struct source *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->p = *p;
	s->c = pg_conn_open(p->endpoint, PG_CONN_SOURCE, p->task, "source", p->stop, err);
	if (s->c == NULL) {
		free(s);
		return NULL;
	}
	s->c->deadline_usec = PG_SOURCE_DEADLINE_USEC;
	if (!pg_source_is_same(s->c, p, err)) {
		pg_source_close(s);
		return NULL;
	}
	return s;
}

void
pg_source_close(struct source *s)
{
	if (s == NULL)
		return;
	pg_conn_close(s->c);
	free(s);
}

bool
pg_no_result(const struct err *why, const char *what, struct err *err)
{
	if (why->kind == ERR_NONE)
		return err_set(err, ERR_PROTOCOL, "%s ended without an answer", what);
	*err = *why;
	return false;
}

PGresult *
pg_simple(struct pg_conn *c, const char *sql, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res, *more;
	ExecStatusType st;

	if (buf_lost(sql)) {
		err_set(err, ERR_SYSTEM, "no memory for a statement");
		return NULL;
	}
	c->busy = true;
	if (!PQsendQuery(c->pg, sql)) {
		pg_err_conn(c, "send a statement", err);
		return NULL;
	}
	if ((res = pg_next_result(c, &wait_err)) == NULL) {
		pg_no_result(&wait_err, "a statement", err);
		return NULL;
	}
	st = PQresultStatus(res);
	if (st == PGRES_COPY_OUT || st == PGRES_COPY_BOTH)
		return res;
	while ((more = pg_next_result(c, &wait_err)) != NULL)
		PQclear(more);
	if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK)
		return res;
	pg_err_result(c, res, err);
	PQclear(res);
	return NULL;
}

void
pg_leaf_oids(struct buf *b, const struct tableset *set)
{
	const char *comma = "";

	buf_u8(b, '{');
	for (uint32_t i = 0; i < set->n; i++)
		for (uint16_t k = 0; k < set->tables[i]->source->nleaves; k++) {
			buf_printf(b, "%s%u", comma, set->tables[i]->source->leaves[k].oid);
			comma = ",";
		}
	buf_u8(b, '}');
}

void
pg_table_oids(struct buf *b, const struct tableset *set)
{
	buf_u8(b, '{');
	for (uint32_t i = 0; i < set->n; i++)
		buf_printf(b, "%s%u", i > 0 ? "," : "", set->tables[i]->source->oid);
	buf_u8(b, '}');
}

static bool
read_lsn(const PGresult *res, int col, uint64_t *ret, struct err *err)
{
	if (lsn_parse(PQgetvalue(res, 0, col), ret, err))
		return true;
	err->kind = ERR_PROTOCOL;
	return false;
}

/* NULL: POSITION_NONE. */
static bool
read_position(const PGresult *res, int col, struct position *ret, struct err *err)
{
	memset(ret, 0, sizeof(*ret));
	if (PQgetisnull(res, 0, col))
		return true;
	ret->kind = POSITION_LSN;
	return read_lsn(res, col, &ret->lsn.v, err);
}

static void
copy_field(char *out, size_t size, const PGresult *res, int col)
{
	snprintf(out, size, "%s", PQgetvalue(res, 0, col));
}

static bool
list_tables(struct source *s, bool (*visit)(void *arg, const char *schema, const char *name),
    void *arg, struct err *err)
{
	return pg_list_tables(s->c, visit, arg, err);
}

static bool
describe(struct source *s, struct table *t, struct arena *arena, struct err *err)
{
	struct table_desc *d = NULL;

	if (!pg_describe(s->c, t->source_schema, t->source_name, arena, &d, err))
		return false;
	if (d == NULL) {
		err_set(err, ERR_SCHEMA, "source table %s.%s is not there", t->source_schema,
		    t->source_name);
		return err_table(err, t->source_schema, t->source_name);
	}
	t->source = d;
	return true;
}

/* Columns by version: wal_status 13, conflicting 16, invalidation_reason, failover, synced 17. */
static const char *
slot_sql(int version)
{
	if (version >= 170000)
		return "SELECT plugin, database, active, active_pid, restart_lsn, "
		       "confirmed_flush_lsn, wal_status,"
		       " coalesce(invalidation_reason, ''), slot_type, current_database(),"
		       " failover, synced, pg_is_in_recovery()"
		       " FROM pg_replication_slots WHERE slot_name = $1";
	if (version >= 160000)
		return "SELECT plugin, database, active, active_pid, restart_lsn, "
		       "confirmed_flush_lsn, wal_status,"
		       " CASE WHEN conflicting THEN 'conflict with recovery' ELSE '' END, "
		       "slot_type, current_database(), false, false, pg_is_in_recovery()"
		       " FROM pg_replication_slots WHERE slot_name = $1";
	if (version >= 130000)
		return "SELECT plugin, database, active, active_pid, restart_lsn, "
		       "confirmed_flush_lsn, wal_status,"
		       " '', slot_type, current_database(), false, false, pg_is_in_recovery()"
		       " FROM pg_replication_slots WHERE slot_name = $1";
	return "SELECT plugin, database, active, active_pid, restart_lsn, confirmed_flush_lsn, '',"
	       " '', slot_type, current_database(), false, false, pg_is_in_recovery()"
	       " FROM pg_replication_slots WHERE slot_name = $1";
}

static bool
read_slot(const PGresult *res, const struct source_params *p, struct source_log *ret, struct err *err)
{
	const char *plugin = PQgetvalue(res, 0, 0), *db = PQgetvalue(res, 0, 1);
	const char *reason = PQgetvalue(res, 0, 7), *type = PQgetvalue(res, 0, 8);

	ret->exists = true;
	ret->active = PQgetvalue(res, 0, 2)[0] == 't';
	ret->active_pid = (int)strtol(PQgetvalue(res, 0, 3), NULL, 10);
	ret->ours = strcmp(type, "logical") == 0 && strcmp(plugin, source_is_wal2json(p) ? "wal2json" : "pgoutput") == 0 &&
		    strcmp(db, PQgetvalue(res, 0, 9)) == 0;
	copy_field(ret->state, sizeof(ret->state), res, 6);
	ret->failover = PQgetvalue(res, 0, 10)[0] == 't';
	ret->standby = PQgetvalue(res, 0, 12)[0] == 't';
	/* Once the server is promoted the mark stays, without a meaning. */
	ret->is_copy = ret->standby && PQgetvalue(res, 0, 11)[0] == 't';
	ret->lost = strcmp(ret->state, "lost") == 0 || reason[0] != '\0';
	if (!ret->ours)
		snprintf(ret->detail, sizeof(ret->detail), "%s slot%s%.60s%s%.60s", type,
		    plugin[0] != '\0' ? " of plugin " : "", plugin,
		    db[0] != '\0' ? ", database " : "", db);
	else if (ret->lost)
		snprintf(ret->detail, sizeof(ret->detail), "%s",
		    reason[0] != '\0' ? reason
				      : "the log it needs was removed (max_slot_wal_keep_size)");
	return read_position(res, 4, &ret->restart, err) &&
	       read_position(res, 5, &ret->confirmed, err);
}

bool
pg_source_log_state(struct source *s, struct source_log *ret, struct err *err)
{
	const char *params[] = {s->p.slot};
	PGresult *res = pg_query(s->c, err, slot_sql(pg_conn_version(s->c)), 1, params);
	bool ok = true;

	if (res == NULL)
		return err_ctx(err, "look at slot %s", s->p.slot);
	memset(ret, 0, sizeof(*ret));
	if (PQntuples(res) > 0)
		ok = read_slot(res, &s->p, ret, err);
	PQclear(res);
	return ok;
}

bool
pg_slot_is_copy(const char *slot, struct err *err)
{
	err_set(err, ERR_RETRY,
	    "the source is a standby, and slot %s is there as the copy of its primary's: it can be "
	    "used once this server is promoted",
	    slot);
	return err_remedy(err, "name the primary's host for the endpoint, or promote this server");
}

/* A load group's slot (SLOT_gN) keeps log for the task as well. (PostgreSQL 12 has no min() of positions.) */
static const char monitor_sql[] =
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE "
    "pg_current_wal_flush_lsn() END,"
    " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, (SELECT restart_lsn FROM"
    " pg_replication_slots WHERE slot_name = $1 OR slot_name ~ ('^' || $1 || '_g[0-9]+$')"
    " ORDER BY restart_lsn LIMIT 1), %s,"
    " (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size')"
    " FROM (SELECT) one LEFT JOIN pg_replication_slots r ON r.slot_name = $1";

static bool
read_monitor(const PGresult *res, struct source_monitor *ret, struct err *err)
{
	struct position restart;
	int64_t limit_mb;

	memset(ret, 0, sizeof(*ret));
	if (!read_position(res, 0, &ret->end, err) || !read_position(res, 2, &restart, err))
		return false;
	ret->server_time.v = strtoll(PQgetvalue(res, 0, 1), NULL, 10);
	copy_field(ret->state, sizeof(ret->state), res, 3);
	if (restart.kind == POSITION_LSN && ret->end.kind == POSITION_LSN)
		ret->has_retained = position_distance(&restart, &ret->end, &ret->retained_bytes);
	limit_mb = strtoll(PQgetvalue(res, 0, 4), NULL, 10);
	ret->has_limit = !PQgetisnull(res, 0, 4) && limit_mb >= 0;
	ret->limit_bytes = ret->has_limit ? (uint64_t)limit_mb << 20 : 0;
	return true;
}

static bool
monitor(struct source *s, const struct position *applied, const struct position *reached,
    struct source_monitor *ret, struct err *err)
{
	const char *params[] = {s->p.slot != NULL ? s->p.slot : ""};
	char sql[sizeof(monitor_sql) + 32];
	PGresult *res;
	bool ok;

	(void)applied;
	(void)reached;
	snprintf(sql, sizeof(sql), monitor_sql,
	    pg_conn_version(s->c) >= 130000 ? "coalesce(r.wal_status, '')" : "''");
	if ((res = pg_query(s->c, err, sql, 1, params)) == NULL)
		return err_ctx(err, "ask the source for the end of its log");
	ok = read_monitor(res, ret, err);
	PQclear(res);
	return ok;
}

static bool
list_slots(
    struct source *s, struct source_slot *ret, size_t max, size_t *ret_n, struct err *err)
{
	char limit[24];
	const char *params[] = {limit};
	PGresult *res;

	snprintf(limit, sizeof(limit), "%zu", max);
	res = pg_query(s->c, err,
	    "SELECT slot_name, active, greatest(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()"
	    " THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END, restart_lsn), 0)"
	    "::int8 AS kept FROM pg_replication_slots WHERE starts_with(slot_name, 'repld_')"
	    " AND NOT temporary ORDER BY active, kept DESC NULLS LAST, slot_name LIMIT $1::int8",
	    1, params);
	if (res == NULL)
		return err_ctx(err, "list the source's slots");
	*ret_n = (size_t)PQntuples(res);
	for (size_t i = 0; i < *ret_n; i++) {
		ret[i] = (struct source_slot){.active = PQgetvalue(res, (int)i, 1)[0] == 't',
		    .has_retained = !PQgetisnull(res, (int)i, 2),
		    .retained_bytes = strtoull(PQgetvalue(res, (int)i, 2), NULL, 10)};
		snprintf(ret[i].name, sizeof(ret[i].name), "%s", PQgetvalue(res, (int)i, 0));
	}
	PQclear(res);
	return true;
}

bool
pg_source_end(struct source *s, uint64_t *ret_lsn, bool *ret_standby, struct err *err)
{
	PGresult *res = pg_query(s->c, err,
	    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
	    " ELSE pg_current_wal_flush_lsn() END, pg_is_in_recovery()",
	    0, NULL);
	bool ok;

	if (res == NULL)
		return false;
	*ret_standby = PQgetvalue(res, 0, 1)[0] == 't';
	ok = read_lsn(res, 0, ret_lsn, err);
	PQclear(res);
	return ok;
}

/* A message that goes through the log as a transaction: its commit is flushed here (`local`: that
 * is all the walsender waits for, and a synchronous standby that is away can't hold up the call),
 * so all that committed before it is below the end asked for next. */
static const char barrier_sql[] = "BEGIN; SET LOCAL synchronous_commit = local;"
				  " SELECT pg_logical_emit_message(true, 'repld', ''); COMMIT";

static bool
barrier(struct source *s, struct position *ret, struct err *err)
{
	struct err emit = ERR_INIT;
	bool standby;

	if (!pg_exec(s->c, &emit, barrier_sql)) {
		/* Without the right, or on a standby, the end of the log alone serves. */
		if (strcmp(emit.sqlstate, "42501") != 0 && strcmp(emit.sqlstate, "25006") != 0) {
			*err = emit;
			return err_ctx(err, "mark the source's log");
		}
		if (!pg_exec(s->c, err, "ROLLBACK"))
			return false;
	}
	memset(ret, 0, sizeof(*ret));
	ret->kind = POSITION_LSN;
	return pg_source_end(s, &ret->lsn.v, &standby, err);
}

static bool
filenodes(
    struct source *s, const struct table *t, struct arena *arena, const char **ret, struct err *err)
{
	char oid[16];
	const char *params[] = {oid};
	PGresult *res;

	snprintf(oid, sizeof(oid), "%u", t->source->oid);
	res = pg_query(s->c, err,
	    "SELECT coalesce(string_agg(c.oid::text || ':' || pg_relation_filenode(c.oid), ',' "
	    "ORDER BY c.oid), '')"
	    " FROM pg_class c WHERE c.relkind <> 'p' AND c.oid = ANY"
	    " (SELECT $1::oid UNION ALL SELECT relid FROM pg_partition_tree($1::oid) WHERE isleaf)",
	    1, params);
	if (res == NULL)
		return err_ctx(err, "look at the files of %s.%s", t->source_schema, t->source_name);
	*ret = arena_strdup(arena, PQgetvalue(res, 0, 0));
	PQclear(res);
	return *ret != NULL || err_set(err, ERR_SYSTEM, "no memory for a list of files");
}

bool
pg_source_drop_slot(struct source *s, struct err *err)
{
	const char *params[] = {s->p.slot};
	PGresult *res = pg_query(s->c, err,
	    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name "
	    "= $1",
	    1, params);

	PQclear(res);
	return res != NULL || err_ctx(err, "drop slot %s", s->p.slot);
}

const struct source_ops pg_source_ops = {
    .kind = "postgresql",
    .open = pg_source_open,
    .close = pg_source_close,
    .identify = pg_source_identify,
    .continues = pg_source_continues,
    .list_tables = list_tables,
    .describe = describe,
    .check = pg_source_check,
    .prepare = pg_publication_prepare,
    .log_state = pg_source_log_state,
    .monitor = monitor,
    .list_slots = list_slots,
    .barrier = barrier,
    .split = pg_scan_split,
    .splits_by_page = pg_scan_splits_by_page,
    .sample = pg_scan_sample,
    .filenodes = filenodes,
    .facts = pg_facts,
    .leaf_has_rows = pg_leaf_has_rows,
    .drop_slot = pg_source_drop_slot,
    .drop_publication = pg_publication_drop,
    .snapshot_open = pg_snapshot_open,
    .snapshot_pos = pg_snapshot_pos,
    .snapshot_alive = pg_snapshot_alive,
    .snapshot_close = pg_snapshot_close,
    .scan_open = pg_scan_open,
    .scan_start = pg_scan_start,
    .scan_next = pg_scan_next,
    .scan_close = pg_scan_close,
    .stream_open = pg_stream_open,
    .stream_step = pg_stream_step,
    .stream_tick = pg_stream_tick,
    .stream_confirm = pg_stream_confirm,
    .stream_ask = pg_stream_ask,
    .stream_bytes = pg_stream_bytes,
    .stream_close = pg_stream_close,
};
