/* pg_snapshot.c - a slot and the snapshot that was exported with it: the exact pair of rows and
 * position.
 * Flow: CREATE_REPLICATION_SLOT on a replication connection, which then does nothing: its next
 * command, or its end, ends the snapshot. While the server waits for transactions open at that
 * moment, a second session says which.
 * Invariant: a permanent slot is left behind only where pg_snapshot_open() has succeeded: the
 * server drops one that it has not finished, and what it finished while we gave up is dropped
 * here.
 * Threads: one at a time.
 * Owner: the caller; the second session is closed before the open returns. */
#include "endpoints/pg_source.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/log.h"

#define SLOT_NAME_MAX	  63
#define REPORT_EVERY_USEC 1000000
#define GIVE_UP_USEC	  1000000 /* for dropping a slot that was finished too late */

struct source_snapshot {
	struct pg_conn *c;
	struct snapshot_pos pos;
	char slot[SLOT_NAME_MAX + 1];
	char *name; /* of the snapshot, on the server */
	bool permanent;
};

struct waiting {
	struct source *look; /* the second session */
	struct source_snapshot *snap;
	void (*on_wait)(void *arg, const char *text);
	void *arg;
};

/* A temporary slot's name is of this process and this moment, so that the remains of a dying
 * session are not in the way. */
static void
slot_name(struct source_snapshot *s, const struct source_params *p)
{
	static atomic_uint counter;

	if (s->permanent)
		snprintf(s->slot, sizeof(s->slot), "%s", p->slot);
	else
		snprintf(s->slot, sizeof(s->slot), "%.40s_load_%d_%u",
		    p->slot != NULL ? p->slot : p->task, (int)getpid(),
		    atomic_fetch_add(&counter, 1) % 10000);
}

/* The transactions that hold a transaction id are those that slot creation may wait for; the
 * blocker of this moment first. */
static const char blockers_sql[] =
    "SELECT count(*) OVER (), coalesce(l.pid, 0), coalesce(p.gid, ''), "
    "coalesce(a.application_name, ''),"
    " coalesce(to_char(a.xact_start, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), ''), "
    "pg_blocking_pids($1::int) <> '{}'"
    " FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
    " LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid"
    " WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted"
    " AND l.pid IS DISTINCT FROM $1::int AND l.pid IS DISTINCT FROM pg_backend_pid()"
    " AND (a.xact_start IS NULL OR a.xact_start <= (SELECT backend_start FROM pg_stat_activity"
    " WHERE pid = pg_backend_pid()) + interval '2 s')"
    " ORDER BY l.pid = ANY (pg_blocking_pids($1::int)) DESC NULLS LAST, a.xact_start LIMIT 1";

static void
waiting_text(const PGresult *res, char *out, size_t size)
{
	const char *count, *pid, *gid, *app, *since;

	if (PQntuples(res) == 0) {
		snprintf(out, size, "waiting for the source to record its running transactions");
		return;
	}
	count = PQgetvalue(res, 0, 0);
	pid = PQgetvalue(res, 0, 1);
	gid = PQgetvalue(res, 0, 2);
	app = PQgetvalue(res, 0, 3);
	since = PQgetvalue(res, 0, 4);
	if (gid[0] != '\0')
		snprintf(out, size,
		    "waiting for %s transaction%s open on the source (prepared: %.60s)", count,
		    strcmp(count, "1") == 0 ? "" : "s", gid);
	else
		snprintf(out, size,
		    "waiting for %s transaction%s open on the source (pid %s%s%s%s%.60s)", count,
		    strcmp(count, "1") == 0 ? "" : "s", pid, since[0] != '\0' ? ", since " : "",
		    since, app[0] != '\0' ? ", application " : "", app);
}

/* A look that fails is no reason to stop waiting. */
static void
report(struct waiting *w)
{
	char pid[16], out[256];
	const char *params[] = {pid};
	struct err err = ERR_INIT;
	PGresult *res;

	if (w->on_wait == NULL)
		return;
	snprintf(pid, sizeof(pid), "%d", PQbackendPID(w->snap->c->pg));
	if ((res = pg_query(w->look->c, &err, blockers_sql, 1, params)) != NULL)
		waiting_text(res, out, sizeof(out));
	else
		snprintf(out, sizeof(out), "waiting for the source to make the slot");
	PQclear(res);
	w->on_wait(w->arg, out);
}

static bool
wait_created(struct waiting *w, struct err *err)
{
	struct pg_conn *c = w->snap->c;
	struct usec last = clock_mono();

	if (!pg_flush(c, err))
		return false;
	while (PQisBusy(c->pg)) {
		const int64_t left = REPORT_EVERY_USEC - usec_since(last);
		bool ready;

		if (!pg_wait(c, false, left > 0 ? left : 0, &ready, err))
			return false;
		if (!ready && usec_since(last) >= REPORT_EVERY_USEC) {
			report(w);
			last = clock_mono();
		}
	}
	return true;
}

/* Only a primary's permanent slot can be kept on standbys. */
static bool
wants_failover(const struct waiting *w, bool *ret, struct err *err)
{
	bool standby;
	uint64_t end;

	*ret = false;
	if (!w->snap->permanent || !w->look->p.endpoint->failover ||
	    pg_conn_version(w->snap->c) < 170000)
		return true;
	if (!pg_source_end(w->look, &end, &standby, err))
		return false;
	*ret = !standby;
	return true;
}

static void
create_sql(const struct source_snapshot *s, const char *plugin, int version, bool failover, struct buf *sql)
{
	buf_str(sql, "CREATE_REPLICATION_SLOT ");
	pg_ident(sql, s->slot);
	buf_str(sql, s->permanent ? "" : " TEMPORARY");
	buf_printf(sql, " LOGICAL %s", plugin);
	if (version >= 150000)
		buf_printf(sql, " (SNAPSHOT 'export'%s)", failover ? ", FAILOVER true" : "");
	else
		buf_str(sql, " EXPORT_SNAPSHOT");
}

static bool
read_created(struct source_snapshot *s, const PGresult *res, struct err *err)
{
	if (PQntuples(res) != 1 || PQnfields(res) < 4 || PQgetisnull(res, 0, 2))
		return err_set(err, ERR_PROTOCOL, "slot %s was made without a snapshot", s->slot);
	s->pos.kind = POSITION_LSN;
	if (!lsn_parse(PQgetvalue(res, 0, 1), &s->pos.lsn.v, err)) {
		err->kind = ERR_PROTOCOL;
		return false;
	}
	s->name = mem_strdup(PQgetvalue(res, 0, 2), err);
	return s->name != NULL;
}

/* The server said no: then there is no slot of ours. */
static bool
refused(struct source_snapshot *s, const struct source_params *p, const PGresult *res, struct err *err)
{
	pg_err_result(s->c, res, err);
	if (pg_wal2json_refused(p, err))
		return false;
	if (strcmp(err->sqlstate, "42710") == 0) {
		err->kind = s->permanent ? ERR_CONFIG : ERR_RETRY;
		err_remedy(err,
		    "SELECT pg_drop_replication_slot('%s') on the source where nobody needs it, or "
		    "name "
		    "another slot",
		    s->slot);
	} else if (strcmp(err->sqlstate, "53400") == 0) {
		err_remedy(err, "raise max_replication_slots on the source (needs a restart), or "
				"drop a slot that is "
				"not used");
	}
	return false;
}

/* *ret_refused: the server said no, nothing is left there. */
static bool
create_slot(struct waiting *w, bool *ret_refused, struct err *err)
{
	struct pg_conn *c = w->snap->c;
	struct buf sql = {.n = 0};
	struct err wait_err = ERR_INIT;
	PGresult *res;
	bool ok, failover;

	*ret_refused = false;
	if (!wants_failover(w, &failover, err))
		return false;
	create_sql(w->snap, source_is_wal2json(&w->look->p) ? "wal2json" : "pgoutput", pg_conn_version(c), failover,
	    &sql);
	c->busy = true;
	ok = !sql.bad && PQsendQuery(c->pg, buf_cstr(&sql));
	buf_done(&sql);
	if (!ok)
		return pg_err_conn(c, "ask for a slot", err);
	if (!wait_created(w, err))
		return false;
	if ((res = pg_next_result(c, &wait_err)) == NULL)
		return pg_no_result(&wait_err, "slot creation", err);
	*ret_refused = PQresultErrorField(res, PG_DIAG_SQLSTATE) != NULL;
	ok = PQresultStatus(res) == PGRES_TUPLES_OK ? read_created(w->snap, res, err)
						    : refused(w->snap, &w->look->p, res, err);
	PQclear(res);
	while (ok && (res = pg_next_result(c, &wait_err)) != NULL)
		PQclear(res);
	if (ok && wait_err.kind != ERR_NONE)
		return pg_no_result(&wait_err, "slot creation", err);
	return ok && FAULT("snapshot.slot_created", err);
}

/* The slot may have been finished in the moment in which we gave up. Its session has been cancelled
 * and closed. */
static void
drop_remains(struct waiting *w)
{
	const struct usec start = clock_mono();
	struct source *look = w->look;
	struct source_log log = {.exists = true};
	struct err err = ERR_INIT;

	look->c->stop = NULL;
	look->c->deadline_usec = GIVE_UP_USEC;
	while (log.exists && usec_since(start) < GIVE_UP_USEC) {
		if (!pg_source_log_state(look, &log, &err))
			break;
		if (!log.exists || (!log.active && pg_source_drop_slot(look, &err)))
			return;
		usleep(20000);
	}
	log_warning("slot %s may have been left on the source: %s", look->p.slot,
	    err.kind != ERR_NONE ? err.msg : "it is still active");
}

static bool
slot_is_free(struct source *look, struct err *err)
{
	struct source_log log;

	if (!pg_source_log_state(look, &log, err))
		return false;
	if (!log.exists)
		return true;
	err_set(err, ERR_CONFIG, "slot %s is there already%s%s", look->p.slot,
	    log.detail[0] ? ": " : "", log.detail);
	return err_remedy(err,
	    "SELECT pg_drop_replication_slot('%s') on the source where nobody needs it, or name "
	    "another slot",
	    look->p.slot);
}

static bool
open_all(struct waiting *w, const struct source_params *p, bool *ret_maybe_left, struct err *err)
{
	bool said_no = false;

	if ((w->look = pg_source_open(p, err)) == NULL)
		return false;
	if (w->snap->permanent && !slot_is_free(w->look, err))
		return false;
	w->snap->c =
	    pg_conn_open(p->endpoint, PG_CONN_REPLICATION, p->task, "snapshot", p->stop, err);
	if (w->snap->c == NULL || !pg_replication_is_same(w->snap->c, p, err))
		return false;
	if (create_slot(w, &said_no, err))
		return true;
	*ret_maybe_left = !said_no && w->snap->permanent;
	return err->kind == ERR_CANCELLED ? false : err_ctx(err, "make slot %s", w->snap->slot);
}

struct source_snapshot *
pg_snapshot_open(const struct source_params *p, bool permanent,
    void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	struct source_snapshot *s = mem_zalloc(sizeof(*s), err);
	struct waiting w = {.snap = s, .on_wait = on_wait, .arg = arg};
	bool maybe_left = false, ok;

	if (s == NULL)
		return NULL;
	s->permanent = permanent;
	slot_name(s, p);
	ok = open_all(&w, p, &maybe_left, err);
	if (!ok) {
		pg_snapshot_close(s);
		s = NULL;
	}
	if (maybe_left)
		drop_remains(&w);
	pg_source_close(w.look);
	return s;
}

struct snapshot_pos
pg_snapshot_pos(const struct source_snapshot *s)
{
	return s->pos;
}

const char *
pg_snapshot_name(const struct source_snapshot *s)
{
	return s->name;
}

/* Nothing may be sent: any command would end the snapshot. A lost connection is seen on the socket.
 */
bool
pg_snapshot_alive(struct source_snapshot *s, struct err *err)
{
	bool ready;

	if (!pg_wait(s->c, false, 0, &ready, err))
		return err->kind == ERR_CANCELLED ? false : err_ctx(err, "the snapshot was lost");
	if (PQstatus(s->c->pg) != CONNECTION_OK)
		return err_set(err, ERR_RETRY, "the snapshot was lost with its connection");
	return true;
}

void
pg_snapshot_close(struct source_snapshot *s)
{
	if (s == NULL)
		return;
	pg_conn_close(s->c);
	free(s->name);
	free(s);
}
