/* link: test/fake/fake.c test/fake/fake_binlog.c test/fake/fake_my.c test/fake/fake_source.c test/fake/fake_steps.c */
/* link: test/fake/fake_storm.c test/fake/fake_target.c test/fake/fake_wire.c test/fake/fake_xa.c test/fake/words.c */
/* scenario.c - plays one scenario: a task (the real task, run, load, stream, capture, apply, watch)
 * between the two servers of test/fake/fake.h.
 * Flow: a .scn file, line by line: what happens on the servers, what the user asks, what must then
 * be seen. `expect` waits for it, `check` looks once, `settle` lets everything come to rest before
 * a `check` that something has not happened. See COMMANDS.md for the words.
 * Threads: this is the task's main thread (libevent); the world is under its own lock. */
#include <errno.h>
#include <event2/event.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/num.h"
#include "daemon/task.h"
#include "test/fake/fake.h"
#include "test/fake/words.h"

enum { WORDS = 16 };

struct player {
	const char *file;
	int line;
	struct event_base *base;
	struct task *task;
	struct buf options;
	char busy[200];		/* what others write all the while that something is waited for */
	double busy_at;
	uint32_t asked, answered; /* commands by number */
	bool reply_ok, stopped;
	char reply[1400];
	bool fake_time;
	int64_t mono, wall;
	double patience; /* seconds */
};
static struct player p;

void
play_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stdout, "%s:%d: ", p.file, p.line);
	vfprintf(stdout, fmt, ap);
	fprintf(stdout, "\n");
	va_end(ap);
	fflush(stdout);
	_exit(1);
}

static void
must_be_whole(void)
{
	mutex_lock(&fake.lock);
	if (fake.broken[0] != '\0')
		play_fail("the promise is broken: %s", fake.broken);
	mutex_unlock(&fake.lock);
}

static double
real_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
pump(void)
{
	event_base_loop(p.base, EVLOOP_NONBLOCK);
	usleep(1000);
}

int64_t
play_number(const char *text, int64_t min)
{
	struct err err = ERR_INIT;
	int64_t v;

	if (!num_int(text, min, INT64_MAX, &v, &err))
		play_fail("%s: %s", text, err.msg);
	return v;
}

/* ---- the task ---- */

static void
on_reply(void *arg, uint32_t id, bool ok, const char *text)
{
	(void)arg;
	if (id != p.asked)
		return;
	p.answered = id;
	p.reply_ok = ok;
	snprintf(p.reply, sizeof(p.reply), "%s", text);
}

static void
on_stopped(void *arg)
{
	(void)arg;
	p.stopped = true;
}

static struct conf *
make_conf(const char *options)
{
	struct conf_errors errors = { .n = 0 };
	struct buf text = { .n = 0 };
	struct conf *c;

	buf_printf(&text,
	    "endpoints: {\n"
	    "src: { type = \"%s\"; role = \"source\"; host = \"source\"; dbname = "
	    "\"fake\"; user = \"u\"; tls = \"disable\"; };\n"
	    "dst: { type = \"postgresql\"; role = \"target\"; host = \"target\"; dbname = "
	    "\"fake\"; user = \"u\"; tls = \"disable\"; };\n"
	    "};\ntasks: { t: { source = \"src\"; target = \"dst\"; %s\n%s\n}; };\n",
	    fake.s.kind == FAKE_POSTGRESQL ? "postgresql" : "mysql",
	    strstr(options, " tables = (") != NULL || strncmp(options, "tables = (", 10) == 0 ? "" : "tables = ( { include = \"public.*\"; } );",
	    options);
	if ((c = conf_parse(buf_cstr(&text), "scenario", &errors)) == NULL)
		play_fail("%s", buf_cstr(&errors.text));
	buf_done(&text);
	conf_errors_done(&errors);
	return c;
}

static void
do_start(void)
{
	struct err err = ERR_INIT;

	if (p.task != NULL)
		play_fail("the task runs");
	p.base = event_base_new();
	if (p.base == NULL || (p.task = task_new(p.base, make_conf(buf_cstr(&p.options)), on_reply,
				   NULL, &err)) == NULL)
		play_fail("%s", err.msg);
	task_start(p.task);
}

static void
do_stop(void)
{
	double end = real_now() + p.patience;

	if (p.task == NULL)
		return;
	p.stopped = false;
	task_stop(p.task, on_stopped, NULL);
	while (!p.stopped) {
		if (real_now() > end)
			play_fail("the task does not stop");
		pump();
	}
	task_free(p.task);
	event_base_free(p.base);
	p.task = NULL;
	p.base = NULL;
}

/* Nothing that the daemon does from here on has an effect: its sessions are gone. */
static void
do_crash(void)
{
	mutex_lock(&fake.lock);
	fake.dead = true;
	fake_target_kill();
	mutex_unlock(&fake.lock);
	do_stop();
	mutex_lock(&fake.lock);
	fake.dead = false;
	mutex_unlock(&fake.lock);
}

static int64_t
time_arg(const char *text)
{
	struct err err = ERR_INIT;
	int64_t v;

	if (!num_duration(text, &v, &err))
		play_fail("%s: %s", text, err.msg);
	return v;
}

/* Tables of the schema public, blanks between. */
static void
ask_resync(uint32_t id, const char *rest)
{
	struct buf names = { .n = 0 };

	for (const char *at = rest; *at != '\0'; at += strspn(at, " ")) {
		int n = (int)strcspn(at, " ");

		buf_printf(&names, "public.%.*s\n", n, at);
		at += n;
	}
	task_resync(p.task, id, buf_cstr(&names));
	buf_done(&names);
}

static bool
ask(const char *what, const char *rest)
{
	uint32_t id = ++p.asked;

	if (strcmp(what, "pause") == 0)
		task_pause(p.task, id);
	else if (strcmp(what, "resume") == 0)
		task_resume(p.task, id);
	else if (strcmp(what, "restart") == 0)
		task_restart(p.task, id, rest);
	else if (strcmp(what, "sync") == 0)
		task_sync(p.task, id, rest[0] != '\0' ? time_arg(rest) : -1);
	else if (strcmp(what, "resync") == 0)
		ask_resync(id, rest);
	else if (strcmp(what, "tune") == 0)
		task_tune(p.task, id, make_conf(rest));
	else if (strcmp(what, "prepare") == 0)
		task_prepare(p.task, id, make_conf(rest));
	else
		return false;
	return true;
}

static bool
play_ask(const char *what, const char *rest)
{
	double end = real_now() + p.patience;

	if (p.task == NULL || !ask(what, rest))
		return false;
	while (p.answered != p.asked) {
		if (real_now() > end)
			play_fail("no answer to %s", what);
		pump();
	}
	return true;
}

/* A task that waits to try again does so at once; made-up refusals may stop it, nothing else. */
static void
send_on(void)
{
	struct status_task st;

	task_status(p.task, &st);
	if (st.state == TASK_ERROR && st.error.kind != ERR_DATA)
		play_fail("the storm has stopped the task: %s", st.error.message);
	if (st.state == TASK_RETRYING || st.state == TASK_ERROR)
		task_restart(p.task, 0, "");
}

static bool
has_word(char **w, const char *word)
{
	for (; *w != NULL; w++)
		if (strcmp(*w, word) == 0)
			return true;
	return false;
}

/* storm SEED N: N transactions and some failures by chance, a crash of the daemon now and then; all
 * must end equal. reload: all tables are loaded again now and then, and their loads cut short. xa: some are prepared first. */
static void
do_storm(char **w)
{
	uint64_t seed = (uint64_t)play_number(w[1], 0);
	int64_t n = play_number(w[2], 1);
	const bool reload = has_word(w + 3, "reload"), xa = has_word(w + 3, "xa");

	for (int64_t i = 0; i < n; i++) {
		mutex_lock(&fake.lock);
		fake_storm_transaction(&seed, xa);
		if (i % 16 == 0)
			fake_storm_trouble(&seed);
		if (reload && i % 4 == 0)
			fake_fail_add("load_end", "08006", 1 + (int)(seed >> 40) % 5, 1);
		cond_broadcast(&fake.moved);
		mutex_unlock(&fake.lock);
		if (i % 101 == 100) {
			do_crash();
			do_start();
		}
		if (reload && i % 60 == 59)
			task_restart(p.task, 0, "reload");
		pump();
		send_on();
		must_be_whole();
	}
	mutex_lock(&fake.lock);
	fake_storm_end(&seed);
	if (reload || xa)
		fake.nfails = 0;
	mutex_unlock(&fake.lock);
}

/* ---- time ---- */

static void
do_clock(const char *arg)
{
	if (strcmp(arg, "fake") == 0) {
		p.mono = clock_mono().v;
		p.wall = clock_wall().v;
		p.fake_time = true;
	} else if (arg[0] == '+' && p.fake_time) {
		p.mono += time_arg(arg + 1);
		p.wall += time_arg(arg + 1);
	} else {
		play_fail("clock fake, then clock +TIME");
	}
	clock_fake(true, p.mono, p.wall);
}

/* Until nothing has moved between the servers for longer than any wait of the apply side. */
static void
do_settle(void)
{
	uint64_t was = UINT64_MAX, is;
	double since = real_now(), end = since + p.patience;

	while (real_now() < since + 0.3) {
		mutex_lock(&fake.lock);
		is = fake.s.sent + fake.t.commits + fake.t.writes + fake.s.slots[0].confirmed;
		mutex_unlock(&fake.lock);
		if (is != was)
			since = real_now();
		was = is;
		if (real_now() > end)
			play_fail("the world does not come to rest");
		pump();
	}
}

/* ---- what is seen ---- */

static const char *
phase_of(const char *table)
{
	const struct table_state *ts = table_states_find(&fake.t.states, "public", table);

	return ts != NULL ? table_phase_name(ts->phase) : "none";
}

static bool
text_of(const struct status_task *st, const char *name, char out[1500])
{
	const char *text = NULL;

	if (strcmp(name, "state") == 0)
		text = task_state_name(st->state);
	else if (strcmp(name, "phase") == 0)
		text = task_phase_name(st->phase);
	else if (strcmp(name, "reason") == 0)
		text = st->reason;
	else if (strcmp(name, "error") == 0)
		text = st->has_error ? st->error.message : "";
	else if (strcmp(name, "kind") == 0)
		text = err_kind_name(st->error.kind);
	else if (strcmp(name, "remedy") == 0)
		text = st->error.remedy;
	else if (strcmp(name, "error-at") == 0)
		text = st->error.position;
	else if (strcmp(name, "reply") == 0)
		text = p.reply;
	else if (strcmp(name, "answer") == 0)
		text = p.reply_ok ? "yes" : "no";
	else if (strncmp(name, "table:", 6) == 0)
		text = phase_of(name + 6);
	if (text != NULL)
		snprintf(out, 1500, "%s", text);
	return text != NULL;
}

struct figure {
	const char *name;
	int64_t v;
};

/* That a load group has. */
static int64_t
tables_beside(void)
{
	int64_t n = 0;

	for (size_t i = 0; i < fake.t.states.n; i++)
		n += fake.t.states.rows[i].load_group > 0;
	return n;
}

static bool
figure_of(const struct status_task *st, const char *name, int64_t *ret)
{
	const struct figure figures[] = { { "transactions", (int64_t)st->totals.transactions },
		{ "read", (int64_t)st->totals.read }, { "applied", (int64_t)st->totals.applied },
		{ "excepted", (int64_t)st->totals.excepted },
		{ "inserts", (int64_t)st->totals.inserts },
		{ "truncates", (int64_t)st->totals.truncates },
		{ "lifetime", (int64_t)st->lifetime.applied },
		{ "fallbacks", (int64_t)st->fallbacks }, { "rewinds", (int64_t)st->rewinds },
		{ "batches", (int64_t)st->batches }, { "attempt", st->retry.attempt },
		{ "suspended", st->tables_suspended }, { "loaded", st->load.tables_loaded },
		{ "lag", st->lag_usec.known ? (int64_t)st->lag_usec.v : -1 },
		{ "ring", (int64_t)st->ring_used },
		{ "waiting-records", (int64_t)st->ring_waiting },
		{ "commits", (int64_t)fake.t.commits }, { "writes", (int64_t)fake.t.writes },
		{ "careful", (int64_t)fake.t.by_mode[BATCH_CAREFUL] },
		{ "single", (int64_t)fake.t.by_mode[BATCH_SINGLE] },
		{ "blocked", (int64_t)fake.t.waiting }, { "epoch", (int64_t)fake.t.cp.epoch },
		{ "paused", fake.t.cp.paused }, { "sent", (int64_t)fake.s.sent },
		{ "ticks", (int64_t)fake.s.ticks }, { "scans", (int64_t)fake.s.scans },
		{ "snapshots", (int64_t)fake.s.snapshots }, { "beside", tables_beside() },
		{ "confirmed", (int64_t)fake.s.slots[0].confirmed },
		{ "checkpoint", (int64_t)fake.t.cp.position.lsn.v },
		{ "end", (int64_t)fake.s.end } };

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (strcmp(figures[i].name, name) == 0) {
			*ret = figures[i].v;
			return true;
		}
	if (play_mark(name, ret))
		return true;
	if (strncmp(name, "rows:", 5) != 0)
		return false;
	*ret = (int64_t)fake.t.tables[play_table(name + 5)].rows.n;
	return true;
}

static bool
matches(const char *text, const char *op, const char *want)
{
	regex_t re;
	bool ok;

	if (strcmp(op, "=") == 0)
		return strcmp(text, want) == 0;
	if (strcmp(op, "~") != 0 || regcomp(&re, want, REG_EXTENDED | REG_NOSUB) != 0)
		play_fail("expected = or ~ and an expression, not %s %s", op, want);
	ok = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static bool
compare(int64_t a, const char *op, int64_t b)
{
	if (strcmp(op, "=") == 0)
		return a == b;
	if (strcmp(op, ">=") == 0)
		return a >= b;
	if (strcmp(op, "<") == 0)
		return a < b;
	if (strcmp(op, ">") == 0)
		return a > b;
	play_fail("unknown comparison %s", op);
}

static bool
tables_equal(void)
{
	for (int i = 0; i < fake.s.ntables; i++)
		if (!fake_rows_equal(&fake.s.tables[i].rows, &fake.t.tables[i].rows))
			return false;
	return true;
}

/* Under the world's lock. out: what is seen instead. */
static bool
holds(const struct status_task *st, const char *name, const char *op, const char *want,
    char out[1500])
{
	int64_t a, b;

	snprintf(out, 1500, "no");
	if (strcmp(name, "equal") == 0)
		return tables_equal();
	if (text_of(st, name, out))
		return matches(out, op, want);
	if (!figure_of(st, name, &a))
		play_fail("no such thing to look at: %s", name);
	snprintf(out, 1500, "%lld", (long long)a);
	if (!figure_of(st, want, &b))
		b = play_number(want, INT64_MIN);
	return compare(a, op, b);
}

static bool
look(const char *name, const char *op, const char *want, char out[1500])
{
	struct status_task st = { .state = TASK_STOPPED };
	bool ok;

	if (p.task != NULL)
		task_status(p.task, &st);
	mutex_lock(&fake.lock);
	ok = holds(&st, name, op, want, out);
	mutex_unlock(&fake.lock);
	return ok;
}

static void
say_state(void)
{
	struct status_task st = { .state = TASK_STOPPED };

	if (p.task != NULL)
		task_status(p.task, &st);
	printf("task is %s, %s; reason \"%s\", error \"%s\", applied %s, confirmed %s\n",
	    task_state_name(st.state), task_phase_name(st.phase), st.reason,
	    st.has_error ? st.error.message : "", st.applied, st.confirmed);
}

static void play_line(char *line);

/* A change each 20 ms: streams are never idle. */
static void
be_busy(void)
{
	if (p.busy[0] == '\0' || real_now() < p.busy_at)
		return;
	play_line(p.busy);
	p.busy_at = real_now() + 0.02;
}

static void
do_expect(bool wait, const char *name, const char *op, const char *want)
{
	double end = real_now() + p.patience;
	char out[1500];

	while (!look(name, op, want, out)) {
		must_be_whole();
		if (!wait || real_now() > end) {
			say_state();
			play_fail("expected %s %s %s, but it is %s", name, op, want, out);
		}
		be_busy();
		if (p.base != NULL)
			pump();
		else
			usleep(1000);
	}
}

/* ---- the script ---- */

/* What follows the n-th word, as it was written. */
static const char *
after_words(const char *line, int n)
{
	line += strspn(line, " \t");
	for (; n > 0; n--) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	return line;
}

static bool
play_player(char **w, const char *line)
{
	if (strcmp(w[0], "option") == 0 && w[1] == NULL)
		buf_reset(&p.options);
	else if (strcmp(w[0], "option") == 0)
		buf_printf(&p.options, "%s\n", after_words(line, 1));
	else if (strcmp(w[0], "start") == 0)
		do_start();
	else if (strcmp(w[0], "stop") == 0)
		do_stop();
	else if (strcmp(w[0], "crash") == 0)
		do_crash();
	else if (strcmp(w[0], "storm") == 0)
		do_storm(w);
	else if (strcmp(w[0], "clock") == 0)
		do_clock(w[1]);
	else if (strcmp(w[0], "busy") == 0)
		snprintf(p.busy, sizeof(p.busy), "%s", after_words(line, 1));
	else if (strcmp(w[0], "settle") == 0)
		do_settle();
	else if (strcmp(w[0], "expect") == 0 || strcmp(w[0], "check") == 0)
		do_expect(w[0][0] == 'e', w[1], w[2] != NULL ? w[2] : "", after_words(line, 3));
	else if (strcmp(w[0], "&") == 0)
		return ask(w[1], after_words(line, 2));
	else
		return play_ask(w[0], after_words(line, 1));
	return true;
}

static void
play_line(char *line)
{
	char *copy = xstrdup(line), *w[WORDS + 1] = { NULL }, *save = NULL;
	int n = 0;

	for (char *word = strtok_r(copy, " \t", &save); word != NULL && n < WORDS;
	     word = strtok_r(NULL, " \t", &save))
		w[n++] = word;
	if (n > 0 && w[0][0] != '#' && !play_world(w) && !play_player(w, line))
		play_fail("unknown command: %s", line);
	free(copy);
	must_be_whole();
}

static void
play_file(FILE *f)
{
	char line[1000];

	while (fgets(line, sizeof(line), f) != NULL) {
		p.line++;
		line[strcspn(line, "\n")] = '\0';
		play_line(line);
	}
}

int
main(int argc, char **argv)
{
	const char *more = getenv("CK_TIMEOUT_MULTIPLIER");
	FILE *f;

	if (argc != 2 || (f = fopen(argv[1], "re")) == NULL) {
		fprintf(stderr, "usage: scenario FILE.scn\n");
		return 2;
	}
	p.file = argv[1];
	p.patience = 10 * (more != NULL ? (double)play_number(more, 1) : 1);
	log_init(LOG_LEVEL_DEBUG);
	log_set_task("t");
	fake_init();
	play_file(f);
	fclose(f);
	do_stop();
	must_be_whole();
	fake_done();
	buf_done(&p.options);
	return 0;
}
