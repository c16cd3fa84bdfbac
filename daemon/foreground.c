/* foreground.c - `repld run TASK`: a task without a daemon, in the caller's process, with its progress on the terminal.
 * The same task object as in a worker; the commands are ours: stop on a signal, sync where "caught_up" is asked for. */
#include "daemon/worker.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/commands.h"
#include "daemon/task.h"

#define DRAW_EVERY 250000		/* usec, on a terminal */
#define LINES_EVERY 20			/* draws between plain lines elsewhere: 5 s */
#define BAR 24

struct foreground {
	struct event_base *base;
	struct task *task;
	struct event *tick, *sigint, *sigterm;
	enum run_until until;
	bool tty, stopping, asked_sync, done;
	uint32_t ticks;
	int status;
};

static void
draw_bar(struct buf *b, double part)
{
	int full = (int)(part * BAR + 0.5);

	buf_u8(b, '[');
	for (int i = 0; i < BAR; i++)
		buf_u8(b, i < full ? '#' : '.');
	buf_printf(b, "] %3.0f %%", part * 100);
}

static void
line_load(struct buf *b, const struct status_task *st)
{
	char n[NUM_TEXT], r[NUM_TEXT], eta[NUM_TEXT];
	double part = st->load.rows_estimated.known && st->load.rows_estimated.v > 0 ?
	    (double)st->load.rows / (double)st->load.rows_estimated.v : 0;

	draw_bar(b, part > 1 ? 1 : part);
	buf_printf(b, "  %s rows, %u of %u tables", num_count_text(st->load.rows, n), st->load.tables_loaded, st->load.tables_total);
	if (st->load.rows_per_second.known)
		buf_printf(b, ", %s rows/s", num_count_text(st->load.rows_per_second.v, r));
	if (st->load.eta_seconds.known)
		buf_printf(b, ", %s left", num_duration_text((int64_t)st->load.eta_seconds.v * 1000000, eta));
}

static void
line_stream(struct buf *b, const struct status_task *st)
{
	char n[NUM_TEXT], lag[NUM_TEXT], bytes[NUM_TEXT];

	buf_printf(b, "%s rows applied", num_count_text(st->totals.applied, n));
	if (st->rate_rows.known)
		buf_printf(b, ", %s /s", num_count_text(st->rate_rows.v / 1000, n));
	if (st->lag_usec.known && st->lag_bytes.known)
		buf_printf(b, ", lag %s, %s", num_duration_text((int64_t)st->lag_usec.v, lag), num_size_text(st->lag_bytes.v, bytes));
}

static void
draw(struct foreground *f, const struct status_task *st)
{
	struct buf b = { 0 };

	if (!f->tty && f->ticks % LINES_EVERY != 0)
		return;
	buf_printf(&b, "%s%s", f->tty ? "\r" : "", task_state_name((enum task_state)st->state));
	if (st->phase != PHASE_NONE)
		buf_printf(&b, " %s", task_phase_name((enum task_phase)st->phase));
	buf_str(&b, "  ");
	if (st->phase == PHASE_FULL_LOAD)
		line_load(&b, st);
	else if (st->phase == PHASE_CATCH_UP || st->phase == PHASE_CDC)
		line_stream(&b, st);
	else
		buf_printf(&b, "%.100s", st->reason);
	buf_str(&b, f->tty ? "\033[K" : "\n");
	fputs(buf_cstr(&b), stdout);
	fflush(stdout);
	buf_done(&b);
}

static void
on_stopped(void *arg)
{
	struct foreground *f = arg;

	event_base_loopexit(f->base, NULL);
}

static void
finish(struct foreground *f, int status)
{
	if (f->stopping)
		return;
	f->stopping = true;
	f->status = status;
	task_stop(f->task, on_stopped, f);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, 0);
}

/* The answer to our own sync: caught up. */
static void
on_reply(void *arg, uint32_t id, bool ok, const char *text)
{
	struct foreground *f = arg;

	(void)id;
	(void)text;
	if (ok)
		f->done = true;
	else
		f->asked_sync = false;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct foreground *f = arg;
	struct status_task st;

	(void)fd;
	(void)what;
	task_status(f->task, &st);
	draw(f, &st);
	f->ticks++;
	if (st.state == TASK_ERROR) {
		finish(f, 1);
	} else if (st.state == TASK_STOPPED || st.state == TASK_PAUSED) {
		if (st.state == TASK_PAUSED)
			log_warning("the task is paused; resume it with: repld ctl resume, or: repld ctl restart");
		finish(f, st.state == TASK_STOPPED ? st.tables_suspended > 0 : 1);
	} else if (f->until == RUN_UNTIL_LOADED && (st.phase == PHASE_CATCH_UP || st.phase == PHASE_CDC)) {
		finish(f, st.tables_suspended > 0);
	} else if (f->until == RUN_UNTIL_CAUGHT_UP && (st.phase == PHASE_CATCH_UP || st.phase == PHASE_CDC) && !f->asked_sync) {
		f->asked_sync = true;
		task_sync(f->task, 1, -1);
	}
	if (f->done)
		finish(f, st.tables_suspended > 0);
}

/* The last line: what was done, and why it ended. */
static void
sum_up(const struct foreground *f, const struct status_task *st)
{
	char loaded[NUM_TEXT], applied[NUM_TEXT];

	printf("%s%s: %u of %u tables loaded, %s rows; %s changes applied%s\n", f->tty ? "\r\033[K" : "",
	    f->status != 0 ? "ended" : f->done ? "caught up" : f->until == RUN_UNTIL_LOADED ? "loaded" : "ended", st->load.tables_loaded,
	    st->load.tables_total, num_count_text(st->load.rows, loaded), num_count_text(st->totals.applied, applied),
	    st->applied[0] != '\0' ? "" : "; nothing streamed");
	if (st->tables_suspended > 0)
		printf("%u tables are suspended: see the log\n", st->tables_suspended);
}

static void
run_loop(struct foreground *f)
{
	struct timeval every = { 0, DRAW_EVERY };
	struct status_task st;

	f->tick = event_new(f->base, -1, EV_PERSIST, on_tick, f);
	f->sigint = evsignal_new(f->base, SIGINT, on_signal, f);
	f->sigterm = evsignal_new(f->base, SIGTERM, on_signal, f);
	event_add(f->tick, &every);
	event_add(f->sigint, NULL);
	event_add(f->sigterm, NULL);
	task_start(f->task);
	event_base_dispatch(f->base);
	task_status(f->task, &st);
	sum_up(f, &st);
	event_free(f->tick);
	event_free(f->sigint);
	event_free(f->sigterm);
}

int
worker_run(const struct conf *conf, const struct task_conf *task, enum run_until until)
{
	struct foreground f = { .until = until, .tty = isatty(1) == 1 };
	struct conf_errors errors = { 0 };
	struct err err = ERR_INIT;
	struct buf text = { 0 };
	struct conf *own;

	log_init(conf->log_level);
	log_set_task(task->name);
	endpoint_clean_environment();
	conf_print(conf, task, &text);
	own = conf_parse(buf_cstr(&text), conf->file, &errors);
	buf_done(&text);
	conf_errors_done(&errors);
	f.base = event_base_new();
	if (own == NULL || f.base == NULL || (f.task = task_new(f.base, own, on_reply, &f, &err)) == NULL) {
		log_err(LOG_LEVEL_ERROR, "the task can't start", &err);
		return WORKER_EXIT_FAILED;
	}
	run_loop(&f);
	task_free(f.task);
	event_base_free(f.base);
	return f.status;
}
