/* watch.c - see watch.h. */
#include "daemon/watch.h"

#include <stdlib.h>
#include <string.h>
#include "daemon/base/log.h"
#include "daemon/orphan.h"

#define PING_EVERY 5000000		/* usec; the lock's session is ended by the server after 30 s of silence */
#define OWN_RETRY 1000000
#define OWN_SOON 20000			/* usec between the first tries, ... */
#define OWN_SOON_TRIES 50		/* ... as often: the lock of a session that has just ended goes in a moment */
#define LOOK_EVERY 1000000
#define SYNC_LOOK 50000
#define SLOTS_EVERY 60000000	/* usec between looks for slots of tasks that are no more */
#define SLOTS_SEEN (STATUS_SLOTS + 8)	/* some may be our own */
#define TABLES_EVERY 60000000
#define TABLES_AGAIN 5000000		/* at the earliest, where relations come anew */

/* ---- guard --------------------------------------------------------------------------------------------------------- */

struct guard {
	const struct target_ops *ops;
	struct target *target;
	struct board *board;
	struct stop *run_stop;		/* requested when the lock is lost */
	struct stop stop;		/* ends this thread */
	struct thread thread;
	atomic_bool lost;
	struct err err;			/* readable once lost is set */
};

static void *
guard_main(void *arg)
{
	struct guard *g = arg;

	do {
		board_beat(g->board, BEAT_GUARD);
		if (!g->ops->ping(g->target, &g->err)) {
			if (g->err.kind != ERR_CANCELLED) {
				err_ctx(&g->err, "the session that owns the task");
				atomic_store(&g->lost, true);
				stop_request(g->run_stop);
			}
			break;
		}
	} while (stop_sleep(&g->stop, PING_EVERY));
	board_rest(g->board, BEAT_GUARD);
	return NULL;
}

static bool
wait_for_lock(struct guard *g, struct stop *stop, struct err *err)
{
	int tries = 0;

	for (;;) {
		struct owner other = { .pid = 0 };
		char since[WALL_TEXT];

		board_beat(g->board, BEAT_RUN);
		if (g->ops->own(g->target, &other, err))
			return true;
		if (err->kind != ERR_NONE)
			return false;
		if (++tries <= OWN_SOON_TRIES) {
			if (!stop_sleep(stop, OWN_SOON))
				break;
			continue;
		}
		if (other.pid != 0)
			board_reason(g->board, "owned by another daemon: %s, pid %d, since %s", other.host, other.pid, wall_text(other.since, since));
		else
			board_reason(g->board, "owned by another daemon");
		if (tries == OWN_SOON_TRIES + 1)
			log_warning("the task is owned by another daemon (%s, pid %d); waiting for its end",
			    other.pid != 0 ? other.host : "not known yet", other.pid);
		if (!stop_sleep(stop, OWN_RETRY))
			break;
	}
	return err_set(err, ERR_CANCELLED, "stopped");
}

struct guard *
guard_start(const struct target_ops *ops, const struct target_params *p, struct board *b, struct stop *stop, struct err *err)
{
	struct guard *g = mem_zalloc(sizeof(*g), err);
	struct target_params gp = *p;

	if (g == NULL)
		return NULL;
	g->ops = ops;
	g->board = b;
	g->run_stop = stop;
	if (!stop_init(&g->stop, err)) {
		free(g);
		return NULL;
	}
	gp.purpose = "guard";
	if ((g->target = ops->open(&gp, err)) == NULL || !wait_for_lock(g, stop, err) ||
	    !thread_start(&g->thread, "guard", guard_main, g, err)) {
		guard_stop(g);
		return NULL;
	}
	board_reason(b, "%s", "");
	return g;
}

bool
guard_error(struct guard *g, struct err *ret)
{
	if (g == NULL || !atomic_load(&g->lost))
		return false;
	*ret = g->err;
	return true;
}

void
guard_stop(struct guard *g)
{
	if (g == NULL)
		return;
	stop_request(&g->stop);
	thread_join(&g->thread);
	g->ops->close(g->target);
	stop_done(&g->stop);
	free(g);
}

/* ---- watch --------------------------------------------------------------------------------------------------------- */

struct watch {
	const struct source_ops *ops;
	struct source_params params;
	struct source *source;
	struct board *board;
	struct stop stop;
	struct thread thread;
	_Atomic(struct suspect *) suspect;	/* NULL: nothing streams yet */
	struct usec tables_at;		/* of the last look at the tables; 0: none */
	unsigned looked_for;		/* the sync_asked that it was made for */
	struct usec slots_at;		/* of the last look for slots; 0: none yet */
	bool complained, tables_complained;
};

/* The source was asked: is it ahead of what is on the target? Then capture asks for the end of its log, so that a log in which nothing
 * concerns us counts as reached. */
static void
note_monitor(struct board *b, const struct source_monitor *m)
{
	struct position reached;
	uint64_t memory = atomic_load(&b->reached);
	bool ahead;

	mutex_lock(&b->lock);
	b->monitor.end = m->end;
	b->monitor.server_time = m->server_time;
	b->monitor.at = clock_mono();
	b->monitor.behind = (struct maybe_u64){ m->has_behind, m->behind_bytes };
	b->monitor.retained = (struct maybe_u64){ m->has_retained, m->retained_bytes };
	b->monitor.limit = (struct maybe_u64){ m->has_limit, m->limit_bytes };
	memcpy(b->monitor.state, m->state, sizeof(b->monitor.state));
	b->monitor_known = true;
	reached = position_at(m->end.kind, memory);
	ahead = !position_reached(&reached, &m->end);
	if (!ahead) {
		b->monitor.ahead_since.v = 0;
	} else if (b->monitor.ahead_since.v == 0 || position_reached(&reached, &b->monitor.ahead_end)) {
		b->monitor.ahead_since = b->monitor.at;
		b->monitor.ahead_end = m->end;
	}
	mutex_unlock(&b->lock);
	if (ahead)
		atomic_store(&b->ask_source, true);
}

/* The source can't be asked, or nobody asks it any more. */
static void
forget_monitor(struct board *b)
{
	mutex_lock(&b->lock);
	b->monitor_known = false;
	b->monitor.ahead_since.v = 0;
	mutex_unlock(&b->lock);
}

/* The position that covers all that was committed when sync was asked for. */
static bool
make_barrier(struct watch *w, unsigned asked, struct err *err)
{
	struct board *b = w->board;
	struct position p;

	if (asked == atomic_load(&b->sync_done))
		return true;
	if (!w->ops->barrier(w->source, &p, err))
		return false;
	mutex_lock(&b->lock);
	b->barrier = p;
	mutex_unlock(&b->lock);
	if (p.kind != POSITION_NONE)
		atomic_store(&b->want, position_place(&p));
	atomic_store(&b->sync_done, asked);
	atomic_store(&b->ask_source, true);
	return true;
}

/* Slots of other tasks: the supervisor, which knows them all, tells which of them are nobody's. */
static bool
note_slots(struct watch *w, struct err *err)
{
	struct source_slot found[SLOTS_SEEN];
	struct status_slot others[STATUS_SLOTS] = { 0 };
	uint32_t n = 0;
	size_t seen;

	if (w->slots_at.v != 0 && usec_since(w->slots_at) < SLOTS_EVERY)
		return true;
	w->slots_at = clock_mono();
	if (!w->ops->list_slots(w->source, found, SLOTS_SEEN, &seen, err))
		return false;
	for (size_t i = 0; i < seen && n < STATUS_SLOTS; i++) {
		char base[NAME_MAX_BYTES];

		orphan_slot_base(found[i].name, base);
		if (strcmp(found[i].name, w->params.slot) == 0 || strcmp(base, w->params.slot) == 0)
			continue;
		memcpy(others[n].name, found[i].name, sizeof(others[n].name));
		others[n].active = found[i].active;
		others[n++].retained = (struct maybe_u64){ found[i].has_retained, found[i].retained_bytes };
	}
	mutex_lock(&w->board->lock);
	memcpy(w->board->slots, others, sizeof(others));
	w->board->nslots = n;
	mutex_unlock(&w->board->lock);
	return true;
}

/* Each minute, soon where a relation came anew, and before a barrier: what sync says covers it. */
static bool
tables_are_due(const struct watch *w, unsigned asked)
{
	if (w->tables_complained && usec_since(w->tables_at) < LOOK_EVERY)
		return false;
	return w->tables_at.v == 0 || usec_since(w->tables_at) >= TABLES_EVERY ||
	    (asked != atomic_load(&w->board->sync_done) && asked != w->looked_for) ||
	    (atomic_load(&w->board->look) && usec_since(w->tables_at) >= TABLES_AGAIN);
}

/* False: they can't be asked now (one may be locked); they will be again, on another connection. */
static bool
look_at_tables(struct watch *w, struct suspect *s, unsigned asked)
{
	struct err err = ERR_INIT;

	if (!tables_are_due(w, asked))
		return !w->tables_complained;
	atomic_store(&w->board->look, false);
	w->tables_at = clock_mono();
	if (suspect_look(s, w->source, &err)) {
		w->tables_complained = false;
		w->looked_for = asked;
		return true;
	}
	if (!w->tables_complained && err.kind != ERR_CANCELLED)
		log_err(LOG_LEVEL_WARNING, "the source's catalog can't be searched for changes of the tables, trying on", &err);
	w->tables_complained = true;
	w->ops->close(w->source);
	w->source = NULL;
	return false;
}

static bool
look(struct watch *w, struct err *err)
{
	struct suspect *s = atomic_load(&w->suspect);
	unsigned asked = atomic_load(&w->board->sync_asked);
	struct source_monitor m = { 0 };
	struct progress_view view;
	struct position applied, reached;

	if (w->source == NULL && (w->source = w->ops->open(&w->params, err)) == NULL)
		return false;
	mutex_lock(&w->board->lock);
	applied = w->board->checkpoint;		/* as the run, or its last stream, left it */
	if (w->board->progress != NULL) {
		progress_view(w->board->progress, &view);
		applied = view.confirmable;
	}
	mutex_unlock(&w->board->lock);
	reached = position_at(applied.kind, atomic_load(&w->board->reached));
	if (!position_reached(&reached, &applied))
		reached = applied;
	if (!w->ops->monitor(w->source, &applied, &reached, &m, err))
		return false;
	note_monitor(w->board, &m);
	if (!note_slots(w, err))
		return false;
	if (s != NULL && asked != atomic_load(&w->board->sync_done) && atomic_load(&w->board->grouped))
		asked = atomic_load(&w->board->sync_done);	/* it waits for the load group; what joins with it is looked at then */
	if (s != NULL && (!look_at_tables(w, s, asked) || atomic_load(&w->board->news)))
		return true;		/* no barrier before apply has what was found */
	return make_barrier(w, asked, err);
}

static void *
watch_main(void *arg)
{
	struct watch *w = arg;
	struct usec last = { 0 };
	bool go_on = true;

	while (go_on) {
		struct err err = ERR_INIT;
		bool sync = atomic_load(&w->board->sync_asked) != atomic_load(&w->board->sync_done) && !atomic_load(&w->board->grouped);

		board_beat(w->board, BEAT_WATCH);
		if (sync || last.v == 0 || usec_since(last) >= LOOK_EVERY) {
			last = clock_mono();
			if (!look(w, &err)) {
				if (!w->complained && err.kind != ERR_CANCELLED)
					log_err(LOG_LEVEL_WARNING, "the source can't be asked for its position, trying on", &err);
				w->complained = true;
				forget_monitor(w->board);
				w->ops->close(w->source);
				w->source = NULL;
			} else {
				w->complained = false;
			}
		}
		go_on = stop_sleep(&w->stop, SYNC_LOOK);
	}
	w->ops->close(w->source);
	forget_monitor(w->board);
	board_rest(w->board, BEAT_WATCH);
	return NULL;
}

struct watch *
watch_start(const struct source_ops *ops, const struct source_params *p, struct board *b, struct err *err)
{
	struct watch *w = mem_zalloc(sizeof(*w), err);

	if (w == NULL)
		return NULL;
	w->ops = ops;
	w->params = *p;
	w->board = b;
	if (!stop_init(&w->stop, err)) {
		free(w);
		return NULL;
	}
	w->params.stop = &w->stop;
	if (!thread_start(&w->thread, "watch", watch_main, w, err)) {
		watch_stop(w);
		return NULL;
	}
	return w;
}

void
watch_tables(struct watch *w, struct suspect *s)
{
	atomic_store(&w->suspect, s);
}

void
watch_stop(struct watch *w)
{
	if (w == NULL)
		return;
	stop_request(&w->stop);
	thread_join(&w->thread);
	stop_done(&w->stop);
	free(w);
}
