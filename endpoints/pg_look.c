/* pg_look.c - whether the server still works for a session of a target that has not answered for long.
 * A statement may wait hours for a lock, and a COMMIT for a disk, so the waits of a target have no end of their own. But a path may die in
 * silence: a firewall that forgot the connection, a proxy that lost its other half, a byte changed where it says how long a message is. So
 * after LOOK_USEC without a byte the server is asked, over a connection of its own, what the session does. Gone: there will be no answer.
 * Waiting for us, at two looks in a row: what was sent has not arrived, or the answer has not.
 * Invariant: only what the server says ends a wait; one that can't be asked leaves it as it is (the session that owns the task has a
 * deadline: it judges the server as a whole).
 * Threads: that of the session. */
#include "endpoints/pg_conn.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LOOK_DEADLINE_USEC 5000000

/* A session of another role is nothing that can be judged by: null. A walsender waits for a log to come, or for us to read. No row: another server
 * answers (a load balancer, a clone), or the same after a restart; null in the first column: there is no such session. */
static const char look_sql[] = "SELECT pid, state LIKE 'idle%' OR wait_event IN ('ClientRead', 'ClientWrite') OR wait_event LIKE 'WalSender%'"
			       " FROM (SELECT WHERE pg_postmaster_start_time() = $2::timestamptz) AS same LEFT JOIN pg_stat_activity ON pid = $1::int4";

static enum pg_doing
ask(const struct pg_conn *c, struct pg_conn *beside)
{
	char pid[16];
	const char *params[] = { pid, c->started };
	enum pg_doing doing = PG_WORKS;
	struct err err = ERR_INIT;
	PGresult *res;

	snprintf(pid, sizeof(pid), "%d", c->pid);
	beside->deadline_usec = LOOK_DEADLINE_USEC;
	if ((res = pg_query(beside, &err, look_sql, 2, params)) == NULL)
		return PG_UNKNOWN;
	if (PQntuples(res) == 0)
		doing = PG_UNKNOWN;
	else if (PQgetisnull(res, 0, 0))
		doing = PG_GONE;
	else if (strcmp(PQgetvalue(res, 0, 1), "t") == 0)
		doing = PG_WAITS;
	PQclear(res);
	return doing;
}

enum pg_doing
pg_doing(const struct pg_conn *c)
{
	struct err err = ERR_INIT;
	struct pg_conn *beside = c->pid != 0 ? pg_conn_open(c->ep, PG_CONN_SOURCE, NULL, "look", c->stop, &err) : NULL;
	const enum pg_doing doing = beside != NULL ? ask(c, beside) : PG_UNKNOWN;

	pg_conn_close(beside);
	return doing;
}

/* Of no more use: whatever is tried with it from now on, as a ROLLBACK, fails at once. */
static bool
broken(struct pg_conn *c, struct usec since, const char *why, struct err *err)
{
	(void)shutdown(PQsocket(c->pg), SHUT_RDWR);
	return err_set(err, ERR_RETRY, "endpoint %s: nothing was heard for %d s, %s", c->endpoint, (int)(usec_since(since) / 1000000), why);
}

bool
pg_look(struct pg_conn *c, struct usec since, unsigned *waits, struct err *err)
{
	const enum pg_doing doing = pg_doing(c);

	if (doing == PG_GONE)
		return broken(c, since, "and the server says that the session has ended", err);
	*waits = doing == PG_WAITS ? *waits + 1 : 0;
	return *waits < 2 || broken(c, since, "while the server waits for us: the connection is broken", err);
}
