/* capture.c - see capture.h. */
#include "daemon/capture.h"

#include <stdlib.h>
#include "daemon/base/fault.h"

#define STEP_WAIT 200000	/* usec: how soon a confirmation or a request is noticed while the source is quiet */

struct capture {
	struct capture_ctx ctx;
	struct source_stream *stream;
	struct thread thread;
	struct position reached;	/* of the last boundary */
	atomic_bool end;
};

static void
confirm(struct capture *c)
{
	struct position p = progress_confirmable(c->ctx.progress);

	if (p.kind != POSITION_NONE)
		c->ctx.ops->stream_confirm(c->stream, &p);
}

/* The client libraries keep what their buffers have grown to: task_tick() has the connections opened again. */
static void
note_bulk(struct board *b, size_t size)
{
	if (size <= RING_JUMBO)
		return;
	if (size > atomic_load(&b->bulk))
		atomic_store(&b->bulk, size);
	atomic_store(&b->bulk_at, clock_mono().v);
}

/* Room in the ring for a record. While there is none the source is not read, but told that we live. */
static void *
sink_reserve(void *arg, size_t max, struct err *err)
{
	struct capture *c = arg;
	void *p;

	note_bulk(c->ctx.board, max);
	for (;;) {
		if ((p = ring_reserve(c->ctx.ring, max, STEP_WAIT, err)) != NULL)
			return p;
		if (err->kind != ERR_NONE)
			return NULL;
		board_beat(c->ctx.board, c->ctx.beat);
		if (atomic_load(&c->end) || stop_requested(c->ctx.stop)) {
			err_set(err, ERR_CANCELLED, "capture is stopping");
			return NULL;
		}
		confirm(c);
		if (!c->ctx.ops->stream_tick(c->stream, err))
			return NULL;
	}
}

/* A checkpoint that went back would have what lies between applied once more. */
static bool
goes_on(struct capture *c, const struct position *p, struct err *err)
{
	char is[POSITION_TEXT], was[POSITION_TEXT];

	if (position_reached(p, &c->reached)) {
		c->reached = *p;
		return true;
	}
	err_set(err, ERR_PROTOCOL, "the source's log went back, to %s after %s", position_text(p, is), position_text(&c->reached, was));
	err_remedy(err, "nothing of it was applied; look whether the source is the server that it was, then read again from the checkpoint: "
	    "repld ctl restart %s", c->ctx.params.task);
	return err_position(err, "%s", was);
}

static bool
sink_commit(void *arg, struct change *change, size_t size, struct err *err)
{
	struct capture *c = arg;

	if (!FAULT("capture.put", err))
		return false;
	if (change_is_boundary(change)) {
		if (!goes_on(c, &change->u.commit.position, err))
			return false;
		progress_received(c->ctx.progress, &change->u.commit.position, change->u.commit.commit_time);
		if (change->kind == CHANGE_KEEPALIVE)
			counter_add(&c->ctx.board->keepalives, 1);
	}
	ring_commit(c->ctx.ring, change, size);
	return true;
}

static void *
capture_main(void *arg)
{
	struct capture *c = arg;
	struct board *b = c->ctx.board;
	struct err err = ERR_INIT;
	uint64_t bytes, told = 0;

	while (!atomic_load(&c->end)) {
		board_beat(b, c->ctx.beat);
		confirm(c);
		if (atomic_exchange(c->ctx.ask, false))
			c->ctx.ops->stream_ask(c->stream);
		if (!FAULT("capture.step", &err) || !c->ctx.ops->stream_step(c->stream, STEP_WAIT, &err))
			break;
		bytes = c->ctx.ops->stream_bytes(c->stream);
		counter_add(&b->received_bytes, bytes - told);
		told = bytes;
	}
	board_rest(b, c->ctx.beat);
	ring_close(c->ctx.ring, &err);
	return NULL;
}

struct capture *
capture_start(const struct capture_ctx *ctx, struct err *err)
{
	struct change_sink sink = { sink_reserve, sink_commit, NULL };
	struct capture *c = mem_zalloc(sizeof(*c), err);

	if (c == NULL)
		return NULL;
	c->ctx = *ctx;
	c->reached = ctx->from;
	sink.arg = c;
	c->stream = ctx->ops->stream_open(&c->ctx.params, &ctx->from, ctx->binary, sink, &ctx->hooks, err);
	if (c->stream == NULL || !thread_start(&c->thread, "capture", capture_main, c, err)) {
		capture_free(c);
		return NULL;
	}
	return c;
}

void
capture_stop(struct capture *c)
{
	atomic_store(&c->end, true);
	ring_wake(c->ctx.ring);
	thread_join(&c->thread);
	c->thread.started = false;
	confirm(c);
}

void
capture_free(struct capture *c)
{
	if (c == NULL)
		return;
	c->ctx.ops->stream_close(c->stream);
	free(c);
}
