/* progress.c - see progress.h.
 * Commits whose durability is not known yet wait in a queue, oldest first. A full queue is
 * thinned: every second entry goes, the newest stays. A forgotten one is confirmed with the next
 * that is kept, later than it could be, never earlier.
 * Invariant: the queue's positions rise, and all are behind or at `applied`. */
#include "staging/progress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/arena.h"
#include "daemon/base/thread.h"

#define PENDING_MAX 1024

struct pending {
	struct position pos;
	uint64_t token;
};

struct progress {
	struct mutex lock; /* over all of it: a commit or a message apart, never per row */
	struct progress_view view;
	size_t n;
	struct pending queue[PENDING_MAX];
};

struct progress *
progress_new(const struct position *start, struct err *err)
{
	struct progress *p = mem_zalloc(sizeof(*p), err);

	if (p == NULL)
		return NULL;
	mutex_init(&p->lock);
	p->view.received = p->view.applied = p->view.confirmable = *start;
	return p;
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	mutex_done(&p->lock);
	free(p);
}

/* Under the lock. A stream that was opened again repeats what was received before. */
static void
advance_received(struct progress *p, const struct position *pos, struct wall commit_time)
{
	if (position_reached(&p->view.received, pos))
		return;
	p->view.received = *pos;
	if (commit_time.v != 0)
		p->view.received_time = commit_time;
}

void
progress_received(struct progress *p, const struct position *pos, struct wall commit_time)
{
	mutex_lock(&p->lock);
	advance_received(p, pos, commit_time);
	mutex_unlock(&p->lock);
}

static void
thin_out(struct progress *p)
{
	size_t kept = 0;

	for (size_t i = 1; i < PENDING_MAX; i += 2)
		p->queue[kept++] = p->queue[i];
	p->n = kept;
}

static void
push(struct progress *p, const struct position *pos, uint64_t token)
{
	if (p->n == PENDING_MAX)
		thin_out(p);
	p->queue[p->n++] = (struct pending){ *pos, token };
}

/* Token 0: older than any commit of this run. */
void
progress_hold_start(struct progress *p)
{
	mutex_lock(&p->lock);
	assert(p->n == 0);
	p->view.confirmable.kind = POSITION_NONE;
	if (p->view.applied.kind != POSITION_NONE)
		push(p, &p->view.applied, 0);
	mutex_unlock(&p->lock);
}

/* The target's checkpoint went back: a server took over that lacks its last commits. */
static void
refuse_back(const struct progress *p, const struct position *pos, struct err *err)
{
	char at[POSITION_TEXT], was[POSITION_TEXT];

	if (!position_reached(pos, &p->view.confirmable)) {
		err_set(err, ERR_HOLE,
		    "the target's checkpoint is %s, but %s was confirmed to the source: the target lost "
		    "commits",
		    position_text(pos, at), position_text(&p->view.confirmable, was));
		err_position(err, "%s", at);
		err_remedy(err, "the source has forgotten what lies between: load the tables again "
				"with repld ctl restart TASK --reload");
		return;
	}
	err_set(err, ERR_RETRY, "the target's checkpoint is %s, but %s was committed there before",
	    position_text(pos, at), position_text(&p->view.applied, was));
}

bool
progress_applied(struct progress *p, const struct position *pos, struct wall commit_time,
    uint64_t token, struct err *err)
{
	bool ok;

	mutex_lock(&p->lock);
	ok = position_reached(pos, &p->view.applied);
	if (!ok) {
		refuse_back(p, pos, err);
	} else {
		advance_received(p, pos, commit_time);
		p->view.applied = *pos;
		if (commit_time.v != 0)
			p->view.applied_time = commit_time;
		if (token == 0) {
			p->n = 0;
			p->view.confirmable = *pos;
		} else
			push(p, pos, token);
	}
	mutex_unlock(&p->lock);
	return ok;
}

void
progress_durable(struct progress *p, uint64_t flushed)
{
	size_t done = 0;

	mutex_lock(&p->lock);
	while (done < p->n && p->queue[done].token <= flushed)
		done++;
	if (done > 0) {
		p->view.confirmable = p->queue[done - 1].pos;
		p->n -= done;
		memmove(p->queue, p->queue + done, p->n * sizeof(p->queue[0]));
	}
	assert(position_reached(&p->view.applied, &p->view.confirmable));
	mutex_unlock(&p->lock);
}

bool
progress_has_pending(const struct progress *p)
{
	struct progress *q = (struct progress *)(uintptr_t)p;
	bool has;

	mutex_lock(&q->lock);
	has = p->n > 0;
	mutex_unlock(&q->lock);
	return has;
}

void
progress_view(const struct progress *p, struct progress_view *ret)
{
	struct progress *q = (struct progress *)(uintptr_t)p;

	mutex_lock(&q->lock);
	*ret = p->view;
	mutex_unlock(&q->lock);
}

struct position
progress_confirmable(const struct progress *p)
{
	struct progress_view v;

	progress_view(p, &v);
	return v.confirmable;
}
