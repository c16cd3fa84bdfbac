/* pg_identity.c - which server, which history: the identity of a PostgreSQL source, and whether its
 * log continues a checkpoint.
 * Flow: identify() once a run -> continues() against the checkpoint -> the task accepts it; from
 * then on each session proves at its start that it has reached the same server.
 * Invariant: a log is continued only where the server's own history proves it, and where it reaches
 * as far as the checkpoint. A copy of the data directory that went its own way on the same timeline
 * and has grown past the checkpoint is left to pg_proof.c.
 * Threads: the session's. */
#include "endpoints/pg_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdc/timeline.h"

/* What IDENTIFY_SYSTEM says: of a standby the timeline that it replays, which its control file may
 * not name yet. */
static bool
identify_system(struct pg_conn *c, struct source_identity *ret, struct err *err)
{
	PGresult *res = pg_simple(c, "IDENTIFY_SYSTEM", err);

	if (res == NULL)
		return err_ctx(err, "identify the source");
	snprintf(ret->id, sizeof(ret->id), "%s", PQgetvalue(res, 0, 0));
	ret->timeline = (uint32_t)strtoul(PQgetvalue(res, 0, 1), NULL, 10);
	PQclear(res);
	return true;
}

/* A role that may not read the log does not need to know the timeline exactly. */
static bool
standby_timeline(struct source *s, struct source_identity *id, struct err *err)
{
	struct pg_conn *c = pg_conn_open(
	    s->p.endpoint, PG_CONN_REPLICATION, s->p.task, "identify", s->p.stop, err);
	struct source_identity seen = { .kind = "" };
	bool ok;

	if (c == NULL && strcmp(err->sqlstate, "42501") == 0) {
		err_clear(err);
		return true;
	}
	if (c == NULL)
		return false;
	c->deadline_usec = PG_SOURCE_DEADLINE_USEC;
	ok = identify_system(c, &seen, err);
	pg_conn_close(c);
	if (!ok)
		return false;
	if (strcmp(seen.id, id->id) != 0)
		return err_set(err, ERR_RETRY, "two servers answer at endpoint %s in turn",
		    s->p.endpoint->name);
	id->timeline = seen.timeline;
	return true;
}

/* Until these releases of 2025 a walsender kept what it thought of a table where ALTER PUBLICATION
 * ran beside a transaction in progress. */
static bool
forgets_added_tables(int version)
{
	static const int mended[] = { 130021, 140018, 150013, 160009, 170005 };

	for (size_t i = 0; i < sizeof(mended) / sizeof(mended[0]); i++)
		if (version / 10000 == mended[i] / 10000)
			return version < mended[i];
	return version < 130000;
}

static const char identify_sql[] =
    "SELECT (SELECT system_identifier FROM pg_control_system()), current_database(),"
    " CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())"
    " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int END,"
    " pg_is_in_recovery(), current_setting('server_version')";

bool
pg_source_identify(struct source *s, struct source_info *ret, struct err *err)
{
	PGresult *res = pg_query(s->c, err, identify_sql, 0, NULL);
	struct source_identity *id = &ret->identity;

	if (res == NULL)
		return err_ctx(err, "identify the source");
	memset(ret, 0, sizeof(*ret));
	snprintf(id->kind, sizeof(id->kind), "postgresql");
	snprintf(id->id, sizeof(id->id), "%s", PQgetvalue(res, 0, 0));
	snprintf(id->dbname, sizeof(id->dbname), "%s", PQgetvalue(res, 0, 1));
	id->timeline = (uint32_t)strtoul(PQgetvalue(res, 0, 2), NULL, 10);
	ret->standby = PQgetvalue(res, 0, 3)[0] == 't';
	ret->version = pg_conn_version(s->c);
	ret->forgets_added_tables = forgets_added_tables(ret->version);
	snprintf(
	    ret->version_text, sizeof(ret->version_text), "PostgreSQL %s", PQgetvalue(res, 0, 4));
	snprintf(id->slot, sizeof(id->slot), "%s", s->p.slot != NULL ? s->p.slot : "");
	snprintf(id->publication, sizeof(id->publication), "%s",
	    s->p.publication != NULL ? s->p.publication : "");
	PQclear(res);
	return !ret->standby || standby_timeline(s, id, err);
}

static bool
led_elsewhere(const struct source_params *p, const char *id, uint32_t timeline, struct err *err)
{
	return err_set(err, ERR_RETRY,
	    "endpoint %s has led to another server meanwhile (system identifier %s, timeline %u; before: %s, "
	    "%u): looking at it again",
	    p->endpoint->name, id, timeline, p->identity->id, p->identity->timeline);
}

/* A standby follows timelines while it is read from; a primary's changes only by a promotion. */
bool
pg_source_is_same(struct pg_conn *c, const struct source_params *p, struct err *err)
{
	PGresult *res;
	uint32_t timeline;
	bool same;

	if (p->identity == NULL)
		return true;
	if ((res = pg_query(c, err, identify_sql, 0, NULL)) == NULL)
		return err_ctx(err, "identify the source");
	timeline = (uint32_t)strtoul(PQgetvalue(res, 0, 2), NULL, 10);
	same = strcmp(p->identity->id, PQgetvalue(res, 0, 0)) == 0 &&
	       (timeline == p->identity->timeline || PQgetvalue(res, 0, 3)[0] == 't');
	if (!same)
		led_elsewhere(p, PQgetvalue(res, 0, 0), timeline, err);
	PQclear(res);
	return same;
}

bool
pg_replication_is_same(struct pg_conn *c, const struct source_params *p, struct err *err)
{
	struct source_identity seen = { .kind = "" };

	if (p->identity == NULL)
		return true;
	return identify_system(c, &seen, err) &&
	       (strcmp(seen.id, p->identity->id) == 0 || led_elsewhere(p, seen.id, seen.timeline, err));
}

/* ---- the log continues the checkpoint ---- */

static bool
not_ancestor(const struct source_identity *was, const struct source_identity *now, struct err *err)
{
	return err_set(err, ERR_HOLE,
	    "the source is on timeline %u, which does not come from timeline %u, where the checkpoint is: "
	    "its history is another one",
	    now->timeline, was->timeline);
}

static bool
left_before(const struct source_identity *was, const struct source_identity *now, uint64_t left,
    uint64_t place, struct err *err)
{
	char a[LSN_TEXT], b[LSN_TEXT];

	return err_set(err, ERR_HOLE,
	    "the source is on timeline %u, which left timeline %u at %s, before the checkpoint %s: "
	    "it lacks changes that the target has",
	    now->timeline, was->timeline, lsn_text(left, a), lsn_text(place, b));
}

/* Sent by the server as it is, be its type text or bytea. */
static bool
judge(const PGresult *res, const struct source_identity *was, const struct source_identity *now,
    struct end_lsn place, struct err *err)
{
	enum timeline_verdict verdict;
	uint64_t left;

	if (PQntuples(res) != 1 || PQnfields(res) < 2)
		return err_set(err, ERR_PROTOCOL, "the history of timeline %u is not one row", now->timeline);
	if (!timeline_judge(PQgetvalue(res, 0, 1), (size_t)PQgetlength(res, 0, 1), now->timeline,
		was->timeline, place, &verdict, &left, err))
		return false;
	switch (verdict) {
	case TIMELINE_NO_ANCESTOR: return not_ancestor(was, now, err);
	case TIMELINE_LEFT_BEFORE: return left_before(was, now, left, place.v, err);
	case TIMELINE_CONTINUES: break;
	}
	return true;
}

/* Without its history nothing proves that the timeline continues the former one. */
static bool
no_history(const struct source_identity *was, const struct source_identity *now, struct err *err)
{
	const struct err why = *err;

	err_set(err, ERR_HOLE,
	    "the source is on timeline %u, the checkpoint on timeline %u, and the source has no history "
	    "that would prove the one to continue the other: %.300s",
	    now->timeline, was->timeline, why.msg);
	memcpy(err->sqlstate, why.sqlstate, sizeof(err->sqlstate));
	return false;
}

static bool
ask_history(struct pg_conn *c, const struct source_identity *was, const struct source_identity *now,
    struct end_lsn place, struct err *err)
{
	struct source_identity seen = { .kind = "" };
	char sql[48];
	PGresult *res;
	bool ok;

	if (!identify_system(c, &seen, err))
		return false;
	if (strcmp(seen.id, now->id) != 0 || seen.timeline != now->timeline)
		return err_set(err, ERR_RETRY, "the source's timeline is changing: looking at it again");
	snprintf(sql, sizeof(sql), "TIMELINE_HISTORY %u", now->timeline);
	if ((res = pg_simple(c, sql, err)) == NULL)
		return strcmp(err->sqlstate, "58P01") == 0 ? no_history(was, now, err) : false;
	ok = judge(res, was, now, place, err);
	PQclear(res);
	return ok;
}

static bool
timeline_continues(struct source *s, const struct source_identity *was,
    const struct source_identity *now, struct end_lsn place, struct err *err)
{
	struct pg_conn *c;
	bool ok;

	if (was->timeline == now->timeline)
		return true;
	if (was->timeline > now->timeline)
		return not_ancestor(was, now, err);
	c = pg_conn_open(
	    s->p.endpoint, PG_CONN_REPLICATION, s->p.task, "identify", s->p.stop, err);
	if (c == NULL)
		return false;
	c->deadline_usec = PG_SOURCE_DEADLINE_USEC;
	ok = ask_history(c, was, now, place, err);
	pg_conn_close(c);
	return ok;
}

/* A source that went back (a backup, a copy of its files, a server that lost its last writes) has a
 * log that ends before the checkpoint. A standby may still receive it. */
bool
pg_source_reaches(struct source *s, struct end_lsn place, struct err *err)
{
	char a[LSN_TEXT], b[LSN_TEXT];
	uint64_t end;
	bool standby;

	if (!pg_source_end(s, &end, &standby, err))
		return err_ctx(err, "ask the source for the end of its log");
	if (end_lsn_reached((struct end_lsn){ end }, place))
		return true;
	if (standby)
		return err_set(err, ERR_RETRY,
		    "the source is a standby that has replayed its log up to %s, the checkpoint is %s",
		    lsn_text(end, a), lsn_text(place.v, b));
	return err_set(err, ERR_HOLE,
	    "the source's log ends at %s, before the checkpoint %s: the source went back to an earlier "
	    "state (a backup was restored, or it lost its last writes)",
	    lsn_text(end, a), lsn_text(place.v, b));
}

bool
pg_source_continues(struct source *s, const struct source_identity *was,
    const struct source_identity *now, const struct position *checkpoint, struct err *err)
{
	if (checkpoint->kind != POSITION_LSN)
		return true;
	return timeline_continues(s, was, now, checkpoint->lsn, err) &&
	       pg_source_reaches(s, checkpoint->lsn, err);
}

/* ---- what `repld check` says of it ---- */

static void
failover_findings(struct source *s, const struct source_log *log, const char *standbys,
    struct findings *f)
{
	const bool wanted = s->p.endpoint->failover, knows = pg_conn_version(s->c) >= 170000;

	if (!wanted) {
		finding_add(f, FINDING_INFO, ERR_NONE, "",
		    knows ? "failover = true for the endpoint, and sync_replication_slots = on on the standby"
			  : "",
		    "the slot is not kept on standbys%s: after a failover the tables must be loaded again",
		    knows ? " (failover = false)" : ", which needs PostgreSQL 17");
		return;
	}
	if (!knows) {
		finding_add(f, FINDING_RISK, ERR_NONE, "", "update the source to PostgreSQL 17 or later",
		    "failover = true has no effect before PostgreSQL 17: a promoted standby lacks the slot, "
		    "and the tables must be loaded again");
		return;
	}
	if (log->standby)
		finding_add(f, FINDING_RISK, ERR_NONE, "", "name the primary's host",
		    "failover = true has no effect on a standby: its slots are not kept elsewhere");
	if (standbys[0] == '\0' && !log->standby)
		finding_add(f, FINDING_RISK, ERR_NONE, "",
		    "ALTER SYSTEM SET synchronized_standby_slots = 'the standby''s physical slot'; "
		    "SELECT pg_reload_conf()",
		    "synchronized_standby_slots is empty: a standby that is promoted may lack changes that the "
		    "target has, and the tables must be loaded again then");
	if (log->exists && !log->failover && !log->standby)
		finding_add(f, FINDING_INFO, ERR_NONE, "", "",
		    "slot %s is not kept on standbys yet; the task's next start sees to it", s->p.slot);
}

bool
pg_identity_check(struct source *s, const struct source_log *log, struct findings *f, struct err *err)
{
	struct source_info info;
	char lsn[POSITION_TEXT], slot[200] = "";
	PGresult *res;

	if (!pg_source_identify(s, &info, err))
		return false;
	if (log->exists)
		snprintf(slot, sizeof(slot), "; slot %s is at %s%s", s->p.slot,
		    position_text(&log->confirmed, lsn), log->failover ? ", and is kept on standbys" : "");
	finding_add(f, FINDING_INFO, ERR_NONE, "", "", "the source is system identifier %s, timeline %u%s%s",
	    info.identity.id, info.identity.timeline, info.standby ? ", a standby" : "", slot);
	res = pg_query(s->c, err,
	    "SELECT coalesce(current_setting('synchronized_standby_slots', true), '')", 0, NULL);
	if (res == NULL)
		return err_ctx(err, "look at the source's settings");
	failover_findings(s, log, PQgetvalue(res, 0, 0), f);
	PQclear(res);
	return true;
}
