/* fake_wire.c - the wire between the fake source and the real reader of a replication stream (endpoints/pg_stream.c): what the server says comes
 * in its messages, what the reader confirms and asks goes back in its status messages. Only the socket is not there.
 * Threads: the capture thread, and whoever closes the stream; never under the world's lock. */
#include "endpoints/pg_stream.c"

#include "fake_intern.h"

struct fake_wire {
	struct source_stream s;		/* the reader */
	struct pg_conn c;		/* of which it only uses the handle, which is this wire */
	void (*status)(void *arg, uint64_t flushed, bool asks);
	void *arg;
};

struct fake_wire *
fake_wire_new(uint64_t from, uint64_t confirmed, struct change_sink sink, const struct stream_hooks *hooks,
    void (*status)(void *arg, uint64_t flushed, bool asks), void *arg, struct err *err)
{
	struct fake_wire *w = xzalloc(sizeof(*w));

	w->status = status;
	w->arg = arg;
	w->c.pg = (PGconn *)(void *)w;
	w->s.c = &w->c;
	w->s.sink = sink;
	w->s.p.slot = "repld_t";
	w->s.p.task = "t";
	w->s.received = w->s.told = w->s.sent_received = from;
	w->s.confirmed = w->s.sent_confirmed = confirmed;
	w->s.last_sent = clock_mono();
	if (!open_decoder(&w->s, hooks, err)) {
		free(w);
		return NULL;
	}
	return w;
}

void
fake_wire_free(struct fake_wire *w)
{
	if (w == NULL)
		return;
	close_decoder(&w->s);
	free(w);
}

static bool
deliver(struct fake_wire *w, struct buf *b, const void *p, size_t n, struct err *err)
{
	bool ok;

	buf_put(b, p, n);
	ok = !b->bad && take_message(&w->s, (const char *)b->p, b->n, err);
	buf_done(b);
	return ok;
}

bool
fake_wire_data(struct fake_wire *w, uint64_t at, const void *p, size_t n, struct err *err)
{
	struct buf b = { 0 };

	buf_u8(&b, 'w');
	buf_u64(&b, at);
	buf_u64(&b, at);
	buf_u64(&b, 0);
	return deliver(w, &b, p, n, err);
}

bool
fake_wire_keepalive(struct fake_wire *w, uint64_t end, bool wants_answer, struct err *err)
{
	struct buf b = { 0 };

	buf_u8(&b, 'k');
	buf_u64(&b, end);
	buf_u64(&b, 0);
	buf_u8(&b, wants_answer);
	return deliver(w, &b, "", 0, err);
}

bool
fake_wire_tick(struct fake_wire *w, struct err *err)
{
	return pg_stream_tick(&w->s, err);
}

void
fake_wire_confirm(struct fake_wire *w, const struct position *p)
{
	pg_stream_confirm(&w->s, p);
}

void
fake_wire_ask(struct fake_wire *w)
{
	pg_stream_ask(&w->s);
}

/* The last word, as pg_stream_close() has it. */
void
fake_wire_close(struct fake_wire *w)
{
	struct err ignored = ERR_INIT;

	(void)!send_status(&w->s, &ignored);
}

/* ---- libpq's, for this program ---------------------------------------------------------------------------------- */

int
PQputCopyData(PGconn *conn, const char *buffer, int nbytes)
{
	struct fake_wire *w = (struct fake_wire *)(void *)conn;
	struct rd in = rd_init(buffer, (size_t)nbytes);
	uint64_t flushed;

	if (rd_u8(&in) != 'r')
		abort();
	rd_u64(&in);
	flushed = rd_u64(&in);
	rd_u64(&in);
	rd_u64(&in);
	w->status(w->arg, flushed, rd_u8(&in) != 0);
	return 1;
}

int
PQflush(PGconn *conn)
{
	(void)conn;
	return 0;
}
