/* pg_proof.c - that the source's log is the one the checkpoint was read from: where the slot is
 * behind it, the last transaction that was applied is read again, and must be there.
 * Flow: START_REPLICATION at the slot's place -> commits, until the one or a later place -> the COPY
 * is ended, so that the slot is free again.
 * A copy of the server's files that went its own way has the same identity, the same timeline and
 * the slot as it was; its log may have grown past the checkpoint, and the server would skip what is
 * below in silence. But the slot there is behind the checkpoint: it was last confirmed before the
 * ways parted. A slot that stands at the checkpoint needs no proof.
 * Invariant: nothing is confirmed, and no row is decoded.
 * Threads: one at a time. */
#include "endpoints/pg_source.h"

#include <stdio.h>
#include <string.h>
#include "daemon/base/log.h"

#define STATUS_USEC	 5000000
#define STEP_USEC	 1000000
#define SILENCE_USEC	 60000000
#define EPOCH_2000	 INT64_C(946684800000000)
#define COMMIT_MESSAGE	 'C'

struct proof {
	uint64_t end; /* of the transaction looked for */
	int64_t time; /* of its commit, since 2000; 0: not known */
	bool found, missing, other;
	bool in_txn;
	bool json; /* the messages are wal2json's */
};

static void
commit_at(struct proof *p, uint64_t end, int64_t time)
{
	if (end < p->end)
		return;
	p->missing = end > p->end;
	p->other = end == p->end && p->time != 0 && time != p->time;
	p->found = !p->missing && !p->other;
}

static void
look_at_commit(struct proof *p, struct rd *in)
{
	uint64_t end;
	int64_t time;

	rd_u8(in);
	rd_u64(in);
	end = rd_u64(in);
	time = (int64_t)rd_u64(in);
	if (!in->bad)
		commit_at(p, end, time);
}

/* A message that is none of wal2json's is the stream's to complain of. */
static void
look_at_json(struct proof *p, const struct rd *in)
{
	struct wal2json_edge edge;
	struct err err = ERR_INIT;

	if (!wal2json_edge(in->p + in->off, rd_left(in), &edge, &err) || edge.action == 0)
		return;
	p->in_txn = edge.action == 'B';
	if (edge.action == 'C')
		commit_at(p, edge.end.v, edge.time.v - EPOCH_2000);
}

/* A keepalive outside a transaction: all commits below its place have come. */
static void
look_at(struct proof *p, const char *msg, size_t n)
{
	struct rd in = rd_init(msg, n);
	const uint8_t tag = rd_u8(&in);
	uint8_t kind;

	if (tag == 'k' && !p->in_txn) {
		const uint64_t at = rd_u64(&in);

		p->missing = !in.bad && at >= p->end;
	}
	if (tag != 'w')
		return;
	rd_u64(&in);
	rd_u64(&in);
	rd_u64(&in);
	if (p->json && !in.bad) {
		look_at_json(p, &in);
		return;
	}
	kind = rd_u8(&in);
	if (in.bad)
		return;
	if (kind == 'B')
		p->in_txn = true;
	if (kind != COMMIT_MESSAGE)
		return;
	p->in_txn = false;
	look_at_commit(p, &in);
}

static bool
send_status(struct pg_conn *c, uint64_t at, struct err *err)
{
	struct buf b = {.n = 0};
	int put;

	buf_u8(&b, 'r');
	buf_u64(&b, at);
	buf_u64(&b, at);
	buf_u64(&b, at);
	buf_u64(&b, (uint64_t)(clock_wall().v - EPOCH_2000));
	buf_u8(&b, 1);
	if (b.bad)
		return err_set(err, ERR_SYSTEM, "no memory for a status message");
	put = PQputCopyData(c->pg, (const char *)b.p, (int)b.n);
	buf_done(&b);
	if (put < 0 || PQflush(c->pg) < 0)
		return pg_err_conn(c, "send a status message", err);
	return true;
}

static bool
copy_ended(struct pg_conn *c, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res = pg_next_result(c, &wait_err);

	if (res == NULL)
		return pg_no_result(&wait_err, "the stream", err);
	if (PQresultStatus(res) == PGRES_FATAL_ERROR)
		pg_err_result(c, res, err);
	else
		err_set(err, ERR_RETRY, "the source ended the stream: it is shutting down");
	PQclear(res);
	return false;
}

/* Waits for a message. *ret_n: as PQgetCopyData() says, never 0. */
static bool
next_message(struct pg_conn *c, uint64_t at, bool answers, char **ret_msg, int *ret_n, struct err *err)
{
	const struct usec start = clock_mono();
	struct usec sent = {0};
	bool ready;

	while ((*ret_n = PQgetCopyData(c->pg, ret_msg, 1)) == 0) {
		if (usec_since(start) > SILENCE_USEC)
			return err_set(err, ERR_RETRY, "the source is silent for %d s",
			    (int)(SILENCE_USEC / 1000000));
		if (answers && (sent.v == 0 || usec_since(sent) >= STATUS_USEC)) {
			sent = clock_mono();
			if (!send_status(c, at, err))
				return false;
		}
		if (!pg_wait(c, true, STEP_USEC, &ready, err))
			return false;
	}
	return *ret_n != -2 || pg_err_conn(c, "read the stream", err);
}

static bool
read_commits(struct pg_conn *c, uint64_t at, struct proof *p, struct err *err)
{
	while (!p->found && !p->missing && !p->other) {
		char *msg = NULL;
		int n;

		if (!next_message(c, at, true, &msg, &n, err))
			return false;
		if (n < 0)
			return copy_ended(c, err);
		look_at(p, msg, (size_t)n);
		PQfreemem(msg);
	}
	return true;
}

/* What was under way is thrown away; then the server has given the slot free. */
static bool
end_copy(struct pg_conn *c, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res;
	int n = 0;

	if (PQputCopyEnd(c->pg, NULL) != 1 || !pg_flush(c, err))
		return err->kind == ERR_NONE ? pg_err_conn(c, "end the stream", err) : false;
	while (n >= 0) {
		char *msg = NULL;

		if (!next_message(c, 0, false, &msg, &n, err))
			return false;
		PQfreemem(msg);
	}
	while ((res = pg_next_result(c, &wait_err)) != NULL)
		PQclear(res);
	if (wait_err.kind == ERR_NONE)
		return true;
	*err = wait_err;
	return false;
}

bool
pg_proof(struct pg_conn *c, const struct source_params *p, uint64_t at, struct err *err)
{
	struct proof proof = {.json = source_is_wal2json(p),
	    .end = p->last_end.lsn.v, .time = p->last_time.v != 0 ? p->last_time.v - EPOCH_2000 : 0};
	char text[LSN_TEXT];

	c->deadline_usec = 0;
	if (!read_commits(c, at, &proof, err) || !end_copy(c, err))
		return err_ctx(err, "look for the last transaction that was applied");
	if (proof.found) {
		log_debug("the last transaction that was applied is in the source's log, at %s",
		    lsn_text(proof.end, text));
		return true;
	}
	return err_set(err, ERR_HOLE,
	    "the source's log is not the one that was read: the last transaction that was applied, which ends "
	    "at %s, %s",
	    lsn_text(proof.end, text), proof.other ? "is another one there" : "is not there");
}
