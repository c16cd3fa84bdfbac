/* capture.h - the capture thread of one stream: source -> decoder -> ring, and the confirmed position back.
 * Flow: source_stream decodes into our sink; the sink reserves room in the ring and, while there is none, keeps the source's connection
 * alive. Ends by closing the ring with the reason.
 * Threads: one per stream. Owner of the source_stream, which outlives the ring's contents: capture_free() after the ring is done with. */
#ifndef REPLD_DAEMON_CAPTURE_H
#define REPLD_DAEMON_CAPTURE_H

#include "daemon/board.h"
#include "endpoints/source.h"

struct capture;

struct capture_ctx {
	const struct source_ops *ops;
	struct source_params params;
	struct position from;
	bool binary;
	struct ring *ring;
	struct progress *progress;
	struct board *board;
	struct stop *stop;
	int beat;			/* enum board_thread */
	atomic_bool *ask;		/* the source is asked for the end of its log */
	struct stream_hooks hooks;
};

/* Opens the stream (the caller's thread), then starts the thread. */
struct capture *capture_start(const struct capture_ctx *ctx, struct err *err) MUST_CHECK;
/* Asks the thread to end: after the apply side has ended. Sends the last confirmation, joins. */
void capture_stop(struct capture *c);
void capture_free(struct capture *c);	/* NULL is fine */

#endif
