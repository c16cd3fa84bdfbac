/* pg_stream.c - the log as it comes: START_REPLICATION, CopyData framing, keepalives, status
 * messages.
 * Flow: socket -> libpq -> one message -> cdc/pgoutput or cdc/wal2json -> the sink; the confirmed position goes
 * back in status messages.
 * Invariant: the flush position sent never goes back and never passes what stream_confirm() was
 * given (at first: what the slot has); a keepalive becomes a change outside a transaction only,
 * where nothing of the log before it is undecoded. Positions in messages of rows are not resume
 * points: RELATION carries none, and rows of a transaction share theirs.
 * Threads: one at a time (the capture thread).
 * Owner: the stream owns the decoder, which owns the relation versions that the ring's changes
 * point to: whoever closes the stream has emptied or freed the ring before. */
#include "endpoints/pg_source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cdc/pgoutput.h"
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/log.h"

#define STEP_MESSAGES	    1000
#define STEP_BYTES	    (1u << 20)
#define STATUS_MOVED_USEC   1000000 /* something was received */
#define STATUS_CONFIRM_USEC 200000 /* the confirmed position moved */
#define STATUS_IDLE_USEC    5000000
#define SILENCE_ASK_USEC    30000000
#define SILENCE_DEAD_USEC   60000000
#define START_DEADLINE_USEC 60000000
#define CLOSE_USEC	    1000000
/* A walsender sends each message by itself: a short nap lets several come together (half the CPU,
 * twice the rows a second). */
#define NAP_USEC	200
#define NAP_BELOW_BYTES 8192
#define EPOCH_2000	INT64_C(946684800000000)

struct source_stream {
	struct pg_conn *c;
	struct source_params p;
	struct pgoutput *dec; /* one of the two */
	struct wal2json *json;
	struct pg_wal2json *plugin; /* of the second */
	bool strings; /* it knows numeric-data-types-as-string */
	struct change_sink sink;
	uint64_t received; /* end of the log that has arrived */
	uint64_t told; /* the last keepalive put into the sink */
	uint64_t confirmed;
	uint64_t sent_received, sent_confirmed;
	struct usec last_sent;
	bool reply_now; /* the server asked */
	bool ask, asked; /* we want to ask; we wait for the answer */
	bool ask_later; /* the answer came inside a transaction: ask again after it */
	bool flush_pending;
	int64_t silent_usec; /* waited without a byte */
	bool silence_asked;
	uint64_t bytes;
	int pid; /* of the walsender */
};

static bool
hole(const struct source_stream *s, struct err *err, const char *what)
{
	char text[2 * sizeof(err->msg)];

	snprintf(text, sizeof(text), "%s", what);
	err_set(err, ERR_HOLE, "%s", text);
	return err_remedy(err,
	    "the log between the checkpoint and the slot is gone: repld ctl restart %s --reload "
	    "loads the tables again",
	    s->p.task);
}

/* Before the stream nobody holds it; then its session does. */
static bool
check_holder(const struct source_stream *s, const struct source_log *log, struct err *err)
{
	if (s->pid == 0 && log->active)
		return err_set(err, ERR_RETRY, "slot %s is active for PID %d on the source",
		    s->p.slot, log->active_pid);
	if (s->pid != 0 && (!log->active || log->active_pid != s->pid))
		return err_set(err, ERR_RETRY,
		    "the stream of slot %s is not on the server that was looked at: looking again",
		    s->p.slot);
	return true;
}

/* The server would start from the slot's own position in silence. */
static bool
check_slot(
    const struct source_stream *s, const struct source_log *log, uint64_t from, struct err *err)
{
	char text[512], a[LSN_TEXT], b[LSN_TEXT];

	if (log->is_copy)
		return pg_slot_is_copy(s->p.slot, err);
	if (!log->exists)
		snprintf(text, sizeof(text), "slot %s is gone", s->p.slot);
	else if (!log->ours)
		snprintf(text, sizeof(text), "slot %s is not this task's: it is a %s", s->p.slot,
		    log->detail);
	else if (log->lost)
		snprintf(text, sizeof(text), "slot %s is lost: %s", s->p.slot, log->detail);
	else if (log->confirmed.kind == POSITION_NONE)
		snprintf(text, sizeof(text), "slot %s was never finished", s->p.slot);
	else if (log->confirmed.lsn.v > from)
		snprintf(text, sizeof(text), "slot %s stands at %s, ahead of the checkpoint %s",
		    s->p.slot, lsn_text(log->confirmed.lsn.v, a), lsn_text(from, b));
	else
		return check_holder(s, log, err);
	return hole(s, err, text);
}

/* Before the stream is asked for, so that what is wrong has its own words. */
static bool
check_start(struct source_stream *s, struct source *look, uint64_t from, struct source_log *ret,
    struct err *err)
{
	bool published = false;

	if (!pg_source_log_state(look, ret, err) || !check_slot(s, ret, from, err))
		return false;
	if (!pg_source_reaches(look, (struct end_lsn){from}, err))
		return err->kind == ERR_HOLE ? hole(s, err, err->msg) : false;
	if (source_is_wal2json(&s->p))
		return true;
	if (!pg_publication_exists(look, &published, err) || published)
		return published;
	err_set(err, ERR_CONFIG, "publication %s is gone from the source", s->p.publication);
	return err_remedy(err,
	    "make it again as it was, before the slot's log is read; where changes were made "
	    "meanwhile: repld ctl restart %s --reload",
	    s->p.task);
}

/* The stream has begun: its session holds the slot, which nobody can move now. So what is seen here
 * is what it began with, on the server that was looked at. */
static bool
check_started(struct source_stream *s, struct source *look, uint64_t from, struct err *err)
{
	struct source_log log;

	if (!pg_source_log_state(look, &log, err) || !check_slot(s, &log, from, err))
		return false;
	s->confirmed = s->sent_confirmed = log.confirmed.lsn.v;
	return true;
}

static void
start_sql(const struct source_stream *s, uint64_t from, bool binary, struct buf *sql)
{
	struct buf name = {.n = 0};
	char lsn[LSN_TEXT];

	buf_str(sql, "START_REPLICATION SLOT ");
	pg_ident(sql, s->p.slot);
	buf_printf(sql, " LOGICAL %s ", lsn_text(from, lsn));
	if (s->plugin != NULL) {
		pg_wal2json_options(s->plugin, s->strings, sql);
		return;
	}
	buf_str(sql, "(proto_version '1', publication_names ");
	pg_ident(&name, s->p.publication);
	pg_repl_literal(sql, buf_cstr(&name));
	/* Without the option (13 and before) values come as text. */
	if (binary && pg_conn_version(s->c) >= 140000)
		buf_str(sql, ", binary 'true'");
	buf_str(sql, ")");
	buf_done(&name);
}

/* What the slot itself says; false where it can't be asked. */
static bool
slot_is_usable(const struct source_stream *s, bool *ret)
{
	struct err err = ERR_INIT;
	struct source *look = pg_source_open(&s->p, &err);
	struct source_log log;
	bool ok = look != NULL && pg_source_log_state(look, &log, &err);

	pg_source_close(look);
	*ret = ok && log.exists && log.ours && !log.lost;
	return ok;
}

/* 58P01: a file of the log was removed; 55000: the slot was invalidated, but also that the server
 * has become a standby, and more; 42704: the slot was dropped, or a publication. */
static bool
means_hole(const struct source_stream *s, const struct err *was, struct err *err)
{
	const bool state = strcmp(was->sqlstate, "55000") == 0,
		   gone = strcmp(was->sqlstate, "42704") == 0 && strstr(was->msg, "publication") == NULL;
	bool usable;

	if (strcmp(was->sqlstate, "58P01") == 0)
		return true;
	if (!state && !gone)
		return false;
	if (slot_is_usable(s, &usable) && !usable)
		return true;
	err->kind = ERR_RETRY; /* the next attempt finds out */
	return false;
}

/* Which of the server's refusals mean that the log is gone. */
static bool
stream_refused(struct source_stream *s, const PGresult *res, struct err *err)
{
	char where[LSN_TEXT];
	struct err was;

	pg_err_result(s->c, res, err);
	was = *err;
	if (pg_wal2json_refused(&s->p, err)) {
		log_debug("the source said: %s", was.msg);
	} else if (means_hole(s, &was, err)) {
		hole(s, err, was.msg);
		memcpy(err->sqlstate, was.sqlstate, sizeof(err->sqlstate));
	} else if (strcmp(was.sqlstate, "42704") == 0 && err->kind != ERR_RETRY && s->plugin == NULL) {
		/* It is looked up as the catalogs stood at that place of the log: made again since, it still is not there. */
		err->kind = ERR_HOLE;
		err_remedy(err, "the log cannot be read past the place where the publication was missing: repld ctl restart %s --reload",
		    s->p.task);
	}
	err_position(err, "%s", lsn_text(s->received, where));
	return err_ctx(err, "stream of slot %s", s->p.slot);
}

/* A pooler in between would name another pid than the server's. */
static bool
ask_pid(struct source_stream *s, struct err *err)
{
	PGresult *res = pg_simple(s->c, "SELECT pg_backend_pid()", err);

	if (res == NULL)
		return err_ctx(err, "start the stream");
	s->pid = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return true;
}

/* A slot made before the option was set. The stream does not depend on it. */
static void
keep_on_standbys(struct source_stream *s, const struct source_log *log)
{
	struct buf sql = {.n = 0};
	struct err err = ERR_INIT;
	PGresult *res;

	if (!s->p.endpoint->failover || log->failover || log->standby ||
	    pg_conn_version(s->c) < 170000)
		return;
	buf_str(&sql, "ALTER_REPLICATION_SLOT ");
	pg_ident(&sql, s->p.slot);
	buf_str(&sql, " (FAILOVER true)");
	res = pg_simple(s->c, buf_cstr(&sql), &err);
	if (res != NULL)
		log_info("slot %s is kept on standbys from now on", s->p.slot);
	else
		log_warning("slot %s can't be kept on standbys: %s", s->p.slot, err.msg);
	PQclear(res);
	buf_done(&sql);
}

static bool
start_once(struct source_stream *s, uint64_t from, bool binary, struct err *err)
{
	struct buf sql = {.n = 0};
	struct err wait_err = ERR_INIT;
	PGresult *res;
	bool ok;

	start_sql(s, from, binary, &sql);
	s->c->busy = true;
	s->c->deadline_usec = START_DEADLINE_USEC;
	ok = !sql.bad && PQsendQuery(s->c->pg, buf_cstr(&sql));
	buf_done(&sql);
	if (!ok)
		return pg_err_conn(s->c, "start the stream", err);
	res = pg_next_result(s->c, &wait_err);
	s->c->deadline_usec = 0;
	if (res == NULL)
		return pg_no_result(&wait_err, "START_REPLICATION", err);
	ok = PQresultStatus(res) == PGRES_COPY_BOTH || stream_refused(s, res, err);
	PQclear(res);
	return ok;
}

/* A plugin that does not know an option says so (22023): without the one that came last it must. */
static bool
start(struct source_stream *s, uint64_t from, bool binary, struct err *err)
{
	struct err rest = ERR_INIT;
	PGresult *res;

	if (start_once(s, from, binary, err))
		return true;
	if (s->plugin == NULL || !s->strings || strcmp(err->sqlstate, "22023") != 0)
		return false;
	while ((res = pg_next_result(s->c, &rest)) != NULL)
		PQclear(res);
	s->strings = false;
	err_clear(err);
	pg_wal2json_warn(s->plugin);
	return start_once(s, from, binary, err);
}

static bool
open_conn(struct source_stream *s, struct err *err)
{
	s->c =
	    pg_conn_open(s->p.endpoint, PG_CONN_REPLICATION, s->p.task, "stream", s->p.stop, err);
	if (s->c != NULL)
		s->c->deadline_usec = START_DEADLINE_USEC;
	return s->c != NULL;
}

/* A slot that is behind the last transaction applied reads it again: is it the same log? On a
 * connection of its own: servers end a second logical stream of a session at once. */
static bool
prove_log(struct source_stream *s, const struct source_log *log, struct err *err)
{
	const uint64_t at = log->confirmed.lsn.v;
	bool ok;

	if (s->p.last_end.kind != POSITION_LSN || s->p.last_end.lsn.v <= at)
		return true;
	ok = open_conn(s, err) && start(s, at, false, err) && pg_proof(s->c, &s->p, at, err);
	pg_conn_close(s->c);
	s->c = NULL;
	return ok || (err->kind == ERR_HOLE ? hole(s, err, err->msg) : false);
}

static bool
open_all(struct source_stream *s, struct source *look, uint64_t from, bool binary, struct err *err)
{
	struct source_log log;

	if (!check_start(s, look, from, &log, err) || !prove_log(s, &log, err) ||
	    !open_conn(s, err))
		return false;
	keep_on_standbys(s, &log);
	return ask_pid(s, err) && start(s, from, binary, err) &&
	       check_started(s, look, from, err);
}

static bool
open_decoder(struct source_stream *s, const struct stream_hooks *hooks, struct err *err)
{
	const struct relation_resolver resolver = {hooks->resolve, hooks->arg};

	if (s->plugin != NULL)
		s->json = pg_wal2json_decoder(s->plugin, s->strings, resolver, s->sink, err);
	else
		s->dec = pgoutput_new(resolver, s->sink, err);
	return s->json != NULL || s->dec != NULL;
}

static void
close_decoder(struct source_stream *s)
{
	pgoutput_free(s->dec);
	wal2json_free(s->json);
	pg_wal2json_close(s->plugin);
}

static bool
in_transaction(const struct source_stream *s)
{
	return s->json != NULL ? wal2json_in_transaction(s->json) : pgoutput_in_transaction(s->dec);
}

struct source_stream *
pg_stream_open(const struct source_params *p, const struct position *from, bool binary,
    struct change_sink sink,
    const struct stream_hooks *hooks, struct err *err)
{
	struct source_stream *s = mem_zalloc(sizeof(*s), err);
	struct source *look;
	bool ok;

	assert(from->kind == POSITION_LSN);
	if (s == NULL)
		return NULL;
	s->p = *p;
	s->sink = sink;
	s->received = s->told = from->lsn.v;
	s->strings = true;
	if (source_is_wal2json(p) && (s->plugin = pg_wal2json_open(p, hooks->tables, err)) == NULL) {
		free(s);
		return NULL;
	}
	look = pg_source_open(p, err);
	ok = look != NULL && open_all(s, look, from->lsn.v, binary, err) && open_decoder(s, hooks, err);
	pg_source_close(look);
	if (ok) {
		s->last_sent = clock_mono();
		return s;
	}
	pg_conn_close(s->c);
	close_decoder(s);
	free(s);
	return NULL;
}

/* 'r': written, flushed, applied, clock, "answer at once". */
static bool
send_status(struct source_stream *s, struct err *err)
{
	struct buf b = {.n = 0};
	int put, flushed;

	buf_u8(&b, 'r');
	buf_u64(&b, s->received);
	buf_u64(&b, s->confirmed);
	buf_u64(&b, s->confirmed);
	buf_u64(&b, (uint64_t)(clock_wall().v - EPOCH_2000));
	buf_u8(&b, s->ask);
	if (b.bad)
		return err_set(err, ERR_SYSTEM, "no memory for a status message");
	if (!FAULT("stream.status", err)) {
		buf_done(&b);
		return false;
	}
	put = PQputCopyData(s->c->pg, (const char *)b.p, (int)b.n);
	buf_done(&b);
	if (put < 0)
		return pg_err_conn(s->c, "send a status message", err);
	if (put == 0)
		return true; /* the socket is full: at the next tick */
	s->asked = s->asked || s->ask;
	s->ask = s->reply_now = false;
	s->sent_received = s->received;
	s->sent_confirmed = s->confirmed;
	s->last_sent = clock_mono();
	if ((flushed = PQflush(s->c->pg)) < 0)
		return pg_err_conn(s->c, "send a status message", err);
	s->flush_pending = flushed > 0;
	return FAULT("stream.status_sent", err);
}

/* Microseconds until a status message is due. */
static int64_t
status_due(const struct source_stream *s)
{
	const int64_t since = usec_since(s->last_sent);
	int64_t after = STATUS_IDLE_USEC;

	if (s->ask || s->reply_now)
		return 0;
	if (s->received != s->sent_received)
		after = STATUS_MOVED_USEC;
	if (s->confirmed != s->sent_confirmed)
		after = STATUS_CONFIRM_USEC;
	return since >= after ? 0 : after - since;
}

bool
pg_stream_tick(struct source_stream *s, struct err *err)
{
	if (s->flush_pending) {
		const int flushed = PQflush(s->c->pg);

		if (flushed < 0)
			return pg_err_conn(s->c, "send a status message", err);
		s->flush_pending = flushed > 0;
	}
	return status_due(s) > 0 || send_status(s, err);
}

/* Where the last transaction ended that has come. */
static uint64_t
decoded_end(const struct source_stream *s)
{
	return s->json != NULL ? wal2json_end(s->json).v : pgoutput_end(s->dec).v;
}

static bool
put_keepalive(struct source_stream *s, uint64_t end, struct err *err)
{
	struct change *c = s->sink.reserve(s->sink.arg, sizeof(*c), err);

	if (c == NULL)
		return false;
	memset(c, 0, sizeof(*c));
	c->kind = CHANGE_KEEPALIVE;
	c->u.commit.position = (struct position){.kind = POSITION_LSN, .lsn = {end}};
	return s->sink.commit(s->sink.arg, c, sizeof(*c), err);
}

/* 'k': end of the log as sent, clock, "answer at once". Inside a transaction it says nothing that
 * could be confirmed. Nor does one that the server sends while it still waits for room for the
 * rest of a COMMIT: that has come before it, but is not counted in it yet (walsender.c,
 * WalSndWriteData: sentPtr moves when the whole record is done). */
static bool
take_keepalive(struct source_stream *s, struct rd *in, struct err *err)
{
	const uint64_t end = rd_u64(in);

	rd_u64(in);
	if (rd_u8(in) != 0)
		s->reply_now = true;
	if (in->bad)
		return err_set(err, ERR_PROTOCOL, "a keepalive of %zu bytes", in->n);
	if (end > s->received)
		s->received = end;
	if (in_transaction(s)) {
		s->ask_later = s->asked;
		return pg_stream_tick(s, err);
	}
	if (s->told < decoded_end(s))
		s->told = decoded_end(s);
	if (end < s->told && s->asked) {
		s->ask = true; /* an answer of before: once more, with the next step */
		s->asked = false;
		return true;
	}
	if (end > s->told || s->asked) {
		if (end > s->told)
			s->told = end;
		s->asked = false;
		if (!put_keepalive(s, s->told, err))
			return false;
	}
	return pg_stream_tick(s, err);
}

/* 'w': start, end, clock, then one message of the plugin. */
static bool
take_data(struct source_stream *s, struct rd *in, struct err *err)
{
	const uint64_t first = rd_u64(in), end = rd_u64(in);

	rd_u64(in);
	if (in->bad)
		return err_set(err, ERR_PROTOCOL, "a data message of %zu bytes", in->n);
	if (first > s->received)
		s->received = first;
	if (end > s->received)
		s->received = end;
	if (s->json != NULL ? !wal2json_decode(s->json, in->p + in->off, rd_left(in), err)
			    : !pgoutput_decode(s->dec, in->p + in->off, rd_left(in), err))
		return false;
	if (s->ask_later && !in_transaction(s)) {
		s->ask = true;
		s->ask_later = false;
	}
	return true;
}

static bool
take_message(struct source_stream *s, const char *msg, size_t n, struct err *err)
{
	struct rd in = rd_init(msg, n);
	const uint8_t tag = rd_u8(&in);
	char where[LSN_TEXT];
	bool ok;

	s->bytes += n;
	if (!FAULT("stream.message", err))
		return false;
	switch (tag) {
	case 'w': ok = take_data(s, &in, err); break;
	case 'k': ok = take_keepalive(s, &in, err); break;
	default: ok = err_set(err, ERR_PROTOCOL, "unknown replication message 0x%02x", tag); break;
	}
	if (!ok && err->kind != ERR_CANCELLED && err->position[0] == '\0')
		err_position(err, "%s", lsn_text(s->received, where));
	return ok;
}

/* PQgetCopyData() said -1 (ended) or -2 (failed). */
static bool
ended(struct source_stream *s, int how, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res;

	if (how != -1)
		return pg_err_conn(s->c, "read the stream", err);
	if ((res = pg_next_result(s->c, &wait_err)) == NULL)
		return pg_no_result(&wait_err, "the stream", err);
	if (PQresultStatus(res) == PGRES_FATAL_ERROR)
		stream_refused(s, res, err);
	else
		err_set(err, ERR_RETRY, "the source ended the stream: it is shutting down");
	PQclear(res);
	return false;
}

/* The server says nothing at all. Older ones do so while they decode a huge transaction of other
 * tables: then its session is at work. One that waits, for log or for us, would have answered. */
static bool
still_decoding(const struct source_stream *s)
{
	return pg_doing(s->c) == PG_WORKS;
}

static bool
check_silence(struct source_stream *s, int64_t waited_usec, struct err *err)
{
	s->silent_usec += waited_usec;
	if (s->silent_usec >= SILENCE_ASK_USEC && !s->silence_asked) {
		s->silence_asked = s->ask = true;
		return pg_stream_tick(s, err);
	}
	if (s->silent_usec < SILENCE_DEAD_USEC)
		return true;
	if (!still_decoding(s))
		return err_set(err, ERR_RETRY, "the source is silent for %d s",
		    (int)(s->silent_usec / 1000000));
	log_debug("the source is silent, but its session works");
	s->silent_usec = 0;
	s->silence_asked = false;
	return true;
}

/* Waits for bytes, at most wait_usec; status messages go out when they are due. */
static bool
wait_bytes(struct source_stream *s, int64_t wait_usec, bool *ret_ready, struct err *err)
{
	const struct usec start = clock_mono();

	for (;;) {
		const int64_t left = wait_usec - usec_since(start), due = status_due(s);
		const struct usec before = clock_mono();
		const int64_t wait = left <= 0 ? 0 : due > 0 && due < left ? due : left;

		if (!pg_wait(s->c, s->flush_pending, wait, ret_ready, err))
			return false;
		if (*ret_ready) {
			s->silent_usec = 0;
			s->silence_asked = false;
			return true;
		}
		if (!check_silence(s, usec_since(before), err) || !pg_stream_tick(s, err))
			return false;
		if (left <= 0)
			return true;
	}
}

bool
pg_stream_step(struct source_stream *s, int64_t wait_usec, struct err *err)
{
	size_t messages = 0, bytes = 0, since_wait = 0;
	bool ready;

	if (!pg_stream_tick(s, err))
		return false;
	while (messages < STEP_MESSAGES && bytes < STEP_BYTES) {
		char *msg = NULL;
		const int n = PQgetCopyData(s->c->pg, &msg, 1);

		if (n > 0) {
			const bool ok = take_message(s, msg, (size_t)n, err);

			PQfreemem(msg);
			if (!ok)
				return false;
			messages++;
			bytes += (size_t)n;
			since_wait += (size_t)n;
			continue;
		}
		if (n < 0)
			return ended(s, n, err);
		if (messages > 0 && since_wait > 0 && since_wait < NAP_BELOW_BYTES)
			usleep(NAP_USEC);
		since_wait = 0;
		if (!wait_bytes(s, messages > 0 ? 0 : wait_usec, &ready, err))
			return false;
		if (!ready)
			break;
	}
	return true;
}

void
pg_stream_confirm(struct source_stream *s, const struct position *p)
{
	assert(p->kind == POSITION_LSN);
	if (p->lsn.v > s->confirmed)
		s->confirmed = p->lsn.v;
}

void
pg_stream_ask(struct source_stream *s)
{
	s->ask = true;
}

uint64_t
pg_stream_bytes(const struct source_stream *s)
{
	return s->bytes;
}

/* What the server had under way is read and thrown away, until its end of the COPY comes. */
static void
drain(struct source_stream *s)
{
	const struct usec start = clock_mono();
	struct err err = ERR_INIT;
	PGresult *res;

	s->c->stop = NULL;
	s->c->deadline_usec = CLOSE_USEC;
	while (usec_since(start) < CLOSE_USEC) {
		char *msg = NULL;
		const int n = PQgetCopyData(s->c->pg, &msg, 1);
		bool ready;

		PQfreemem(msg);
		if (n == 0 && !pg_wait(s->c, true, CLOSE_USEC - usec_since(start), &ready, &err))
			return;
		if (n < 0)
			break;
	}
	while (usec_since(start) < CLOSE_USEC && (res = pg_next_result(s->c, &err)) != NULL)
		PQclear(res);
}

void
pg_stream_close(struct source_stream *s)
{
	struct err err = ERR_INIT;

	if (s == NULL)
		return;
	if (PQstatus(s->c->pg) == CONNECTION_OK && send_status(s, &err) &&
	    PQputCopyEnd(s->c->pg, NULL) == 1)
		drain(s);
	pg_conn_close(s->c);
	close_decoder(s);
	free(s);
}
