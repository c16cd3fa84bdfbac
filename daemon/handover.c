/* handover.c - see handover.h. */
#include "daemon/handover.h"

#include "daemon/base/fault.h"

#define ASK_EVERY 2000000	/* usec: a main stream that waited in vain is left alone for so long */
#define BLINK 100000		/* usec between looks at a stop flag */

void
handover_init(struct handover *h)
{
	*h = (struct handover){ .at = { .kind = POSITION_NONE } };
	mutex_init(&h->lock);
	cond_init(&h->moved);
}

void
handover_done(struct handover *h)
{
	cond_done(&h->moved);
	mutex_done(&h->lock);
}

/* Places to be killed at, or to wait. */
static const char *const PLACES[] = {
	[HANDOVER_NONE] = "handover.none",
	[HANDOVER_ASKED] = "handover.asked",
	[HANDOVER_CALLED] = "handover.called",
	[HANDOVER_ARRIVED] = "handover.arrived",
	[HANDOVER_TAKEN] = "handover.taken",
	[HANDOVER_CLOSED] = "handover.closed",
};

/* Under the lock. */
static void
enter(struct handover *h, enum handover_step step)
{
	struct err none = ERR_INIT;

	(void)!FAULT(PLACES[step], &none);	/* nothing here can fail */
	if (atomic_load(&h->step) != HANDOVER_CLOSED)
		atomic_store(&h->step, (int)step);
	cond_broadcast(&h->moved);
}

/* Waits while it stands at `step`. False: a stop flag was set, or time is up. Under the lock. */
static bool
wait_while(struct handover *h, enum handover_step step, int64_t wait_usec, struct stop *stop)
{
	const struct usec start = clock_mono();

	while (atomic_load(&h->step) == (int)step) {
		if (stop_requested(stop) || (wait_usec >= 0 && usec_since(start) >= wait_usec))
			return false;
		thread_beat();
		cond_wait(&h->moved, &h->lock, BLINK);
	}
	return true;
}

/* ---- the main stream's side ------------------------------------------------------------------------------------------- */

bool
handover_meet(struct handover *h, const struct position *at, int64_t wait_usec, struct stop *stop)
{
	bool arrived = false;

	mutex_lock(&h->lock);
	if (atomic_load(&h->step) == HANDOVER_ASKED) {
		h->at = *at;
		enter(h, HANDOVER_CALLED);
		arrived = wait_while(h, HANDOVER_CALLED, wait_usec, stop) && atomic_load(&h->step) == HANDOVER_ARRIVED;
		if (!arrived)
			enter(h, HANDOVER_NONE);
	}
	mutex_unlock(&h->lock);
	return arrived;
}

void
handover_taken(struct handover *h)
{
	mutex_lock(&h->lock);
	enter(h, HANDOVER_TAKEN);
	mutex_unlock(&h->lock);
}

/* ---- the group's side ---------------------------------------------------------------------------------------------------- */

void
handover_ask(struct handover *h)
{
	mutex_lock(&h->lock);
	if (atomic_load(&h->step) == HANDOVER_NONE && (h->asked_at.v == 0 || usec_since(h->asked_at) >= ASK_EVERY)) {
		h->asked_at = clock_mono();
		enter(h, HANDOVER_ASKED);
	}
	mutex_unlock(&h->lock);
}

bool
handover_called(struct handover *h, struct position *ret)
{
	bool called;

	if (atomic_load_explicit(&h->step, memory_order_relaxed) != HANDOVER_CALLED)
		return false;
	mutex_lock(&h->lock);
	called = atomic_load(&h->step) == HANDOVER_CALLED;
	*ret = h->at;
	mutex_unlock(&h->lock);
	return called;
}

enum handover_end
handover_arrive(struct handover *h, const struct checkpoint *cp, const struct table_states *states, struct stop *stop)
{
	enum handover_end end = HANDOVER_NOT_TAKEN;

	mutex_lock(&h->lock);
	if (atomic_load(&h->step) == HANDOVER_CALLED) {
		h->cp = cp;
		h->states = states;
		enter(h, HANDOVER_ARRIVED);
		(void)!wait_while(h, HANDOVER_ARRIVED, -1, stop);
		end = atomic_load(&h->step) == HANDOVER_TAKEN ? HANDOVER_JOINED : HANDOVER_GIVEN_UP;
	}
	mutex_unlock(&h->lock);
	return end;
}

void
handover_close(struct handover *h)
{
	mutex_lock(&h->lock);
	enter(h, HANDOVER_CLOSED);
	mutex_unlock(&h->lock);
}
