/* my_look.c - whether the server still works for a session of a target that has not answered for long; see pg_look.c, which is its like.
 * Invariant: only what the server says ends a wait; one that can't be asked leaves it as it is.
 * Threads: that of the session, within its call: the call's state is put back by the caller. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "endpoints/my_conn_intern.h"

#define LOOK_CONNECT_USEC 10000000

/* A statement that runs says what it does; reading from us or writing to us is no work. The words are those of MariaDB and of all MySQL. */
static const char look_sql[] = "SELECT COMMAND = 'Sleep' OR STATE IN ('Reading from net', 'Receiving from client', 'Writing to net', 'Sending to client')"
			       " FROM information_schema.PROCESSLIST WHERE ID = #1";

enum verdict { WORKS, WAITS, GONE };

static enum verdict
look(const struct my_conn *c, struct my_conn *beside)
{
	char id[24];
	const char *params[] = { id };
	enum verdict verdict = WORKS;
	struct err err = ERR_INIT;
	struct my_rows rows;

	snprintf(id, sizeof(id), "%" PRIu64, c->id);
	if (!my_query(beside, &rows, &err, look_sql, 1, params))
		return WORKS;
	if (!my_next(&rows))
		verdict = GONE;
	else if (!my_is_null(&rows, 0) && strcmp(my_text(&rows, 0), "1") == 0)
		verdict = WAITS;
	my_rows_done(&rows);
	return verdict;
}

bool
my_look(struct my_conn *c, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct my_conn *beside = c->id != 0 ? my_conn_beside(c, "look", c->stop, LOOK_CONNECT_USEC, &ignored) : NULL;
	const enum verdict verdict = beside != NULL ? look(c, beside) : WORKS;
	const int quiet_s = (int)((clock_mono().v - c->heard) / 1000000);

	my_conn_close(beside);
	if (verdict == GONE)
		return err_set(err, ERR_RETRY,
		    "endpoint %s: nothing was heard for %d s, and the server says that the session has ended", c->endpoint, quiet_s);
	c->waits = verdict == WAITS ? c->waits + 1 : 0;
	return c->waits < 2 || err_set(err, ERR_RETRY,
		"endpoint %s: nothing was heard for %d s, while the server waits for us: the connection is broken", c->endpoint, quiet_s);
}
