/* link: test/sim/sim_thread.c test/fake/fake.c test/fake/fake_binlog.c test/fake/fake_my.c test/fake/fake_source.c test/fake/fake_steps.c */
/* link: test/fake/fake_storm.c test/fake/fake_target.c test/fake/fake_wire.c test/fake/fake_xa.c */
/* sim.c - the simulator: the real run, load, stream, capture, apply, load groups and watch between the two servers of test/fake/fake.h, on one
 * thread, in an order, on a clock and with mishaps that one seed decides.
 *	sim [-s FIRST] [-n SEEDS] [-j JOBS] [-f postgresql|mysql|mariadb] [-a STEP] [-v]
 * The seed also says what the source is (-f: this one, whatever the seed says): a PostgreSQL, or a MySQL or MariaDB with a log of real events.
 * After every step the target must be the source as it was at the checkpoint, nothing may be confirmed past the durable one (fake_target.c looks at
 * each COMMIT); once the mishaps have ended everything must become equal. One line for each seed that fails; at the end what was reached, counted.
 * `sim -s N -n 1 -v` plays one seed again, with the log.
 * With -a each seed is played once for each STEP-th allocation of memory that the task makes in it, which fails: the task must go on by itself, to the
 * same end. `sim -s N -n 1 -a I -o -v` plays the one with the I-th. In a build with AddressSanitizer nothing may have leaked either.
 * Threads: one; the world's lock is one of sim.h like any other. */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/resync.h"
#include "daemon/run.h"
#include "sim.h"
#include "test/fake/fake.h"

enum { LARGE_SEEDS = 60, LARGE_BYTES = 6 << 20, MEMORY_MAX = 8 << 20, LEFT_MAX = 256 << 10 };
enum { JOBS_MAX = 64, CHUNK = 250, FAILURES_MAX = 20, PLACES = 16, CATCH_UP = 1200 };	/* the last: seconds of the simulated clock */

/* What has been reached. */
struct tally {
	uint64_t seed, seeds, failed, transactions, commits, runs, crashes, switches, seconds, memory, allocations, refused;
	unsigned npoints;
	struct {
		char name[40];
		uint64_t passed, acted;
	} points[SIM_POINTS];
};

struct task {
	struct conf *conf;
	const struct task_conf *tc;
	struct board board;
	struct stop stop;
	struct run_ctx run;
	struct thread thread;
	struct buf resync;
	enum run_intent intent;
	bool quit, ended, crashed, running;
	bool pause, resume;		/* asked for */
	bool paused;			/* and nobody has taken it back */
	uint64_t runs;
	struct err last;
};

static struct tally *tally;
static uint64_t seed, crashes;
static uint64_t same_seed;		/* -a: what is counted up is not the seed, but which allocation fails */
static uint64_t allocations, refused;	/* of memory by the task, so far; which one fails, 0: none */
static size_t held_before;
static bool verbose, mishaps, all_well;
static bool altered;			/* a table of the source has another shape than it began with */
static bool large;			/* transactions larger than the ring come, and it is as small as it can be */
static struct task task;
static unsigned fault_rate;		/* one of so many passages of a fault point fails; 0: none */
static int flavour = -1;		/* enum fake_kind; else by chance */
static unsigned focus;			/* 0: everywhere; else at the few places of this number, and there often */

/* ---- what is wrong ------------------------------------------------------------------------------------------------------ */

static void book_points(void);

static void
failed(const char *why)
{
	if (refused != 0)
		printf("allocation %llu fails: ", (unsigned long long)refused);
	printf("seed %llu: %s (after %.3f s, %llu switches)\n", (unsigned long long)seed, why, (double)sim_now() / 1e6,
	    (unsigned long long)sim_switches());
	fflush(stdout);
	book_points();
	_exit(1);
}

/* What the world holds is not the daemon's; nor is the ring, which is mapped. */
static size_t
held(void)
{
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd - fake_held();
}

static void
mind_memory(void)
{
	const size_t now = held() - held_before;

	tally->memory = now > tally->memory && now < SIZE_MAX / 2 ? now : tally->memory;
	if (now > MEMORY_MAX && now < SIZE_MAX / 2)
		failed("more memory is held than there may be");
}

static void
must_be_whole(void)
{
	if (fake.broken[0] != '\0')
		failed(fake.broken);
}

/* ---- the task, in the stead of daemon/task.c ----------------------------------------------------------------------------- */

/* A run that goes on has taken a pause back. */
static void
on_running(void *arg)
{
	(void)arg;
	task.paused = false;
}

static void
on_stored(void *arg)
{
	(void)arg;
}

static void
process_begins(void)
{
	board_init(&task.board, task.tc);
	task.run = (struct run_ctx){ .conf = task.tc, .board = &task.board, .stop = &task.stop, .on_running = on_running, .on_stored = on_stored };
	task.intent = RUN_NORMAL;
}

static void
process_ends(void)
{
	board_done(&task.board);
	free(task.run.resync);
	task.run.resync = NULL;
}

/* Nothing of a dead process has an effect any more; a new one is there at once. */
static void
reborn(void)
{
	process_ends();
	fake_my_leave();
	process_begins();
	mutex_lock(&fake.lock);
	fake.dead = task.crashed = false;
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static void
give_resync(void)
{
	struct buf list = { 0 };

	if (task.resync.n == 0)
		return;
	resync_add(&list, task.run.resync != NULL ? task.run.resync : "");
	resync_add(&list, buf_cstr(&task.resync));
	free(task.run.resync);
	task.run.resync = xstrdup(buf_cstr(&list));
	buf_done(&list);
	buf_done(&task.resync);
}

/* Made-up refusals of rows may stop a task, and what comes back by itself; nothing else. */
static bool
may_end_so(const struct err *err)
{
	if (err->kind == ERR_SCHEMA && altered)
		return true;		/* the target lacks a column, until somebody gives it one */
	return err->kind == ERR_NONE || err->kind == ERR_RETRY || err->kind == ERR_CANCELLED || err->kind == ERR_DATA ||
	    (err->kind == ERR_SYSTEM && refused != 0);
}

/* A task that is paused stays so over restarts, and touches nothing. */
static enum run_intent
next_intent(void)
{
	if (task.pause)
		return RUN_PAUSE;
	if (!task.paused)
		return task.intent;
	while (!task.resume && !task.quit && sim_chance(8) != 0)
		sim_sleep(sim_chance(200000));
	return task.resume || task.quit ? RUN_RESUME : RUN_NORMAL;
}

/* A COMMIT that is still on its way is one. */
static uint64_t
commits_made(void)
{
	return fake.t.commits + fake.t.flying;
}

static void
look_at_pause(enum run_intent intent, enum run_end end, uint64_t commits)
{
	if (end == RUN_IS_PAUSED) {
		if (!fake.t.cp.paused)
			failed("a pause was told, and is not on the target");
		task.paused = true;
		task.pause = false;
		task.resume = all_well;
	}
	if ((intent == RUN_PAUSE || (task.paused && intent == RUN_NORMAL)) && (end == RUN_FINISHED || commits != commits_made()))
		failed("a paused task went on");
}

static void
one_run(struct err *err, enum run_end *ret)
{
	const uint64_t commits = commits_made();
	const enum run_intent intent = next_intent();
	const bool paused = task.paused;

	stop_clear(&task.stop);
	atomic_store(&task.run.pause_at_end, task.pause);
	board_start(&task.board);
	give_resync();
	task.run.intent = intent;
	task.running = true;
	*ret = run_main(&task.run, err);
	task.running = false;
	if (!task.crashed && (paused || *ret == RUN_IS_PAUSED))
		look_at_pause(intent, *ret, paused && intent == RUN_NORMAL ? commits : commits_made());
}

static void *
task_main(void *arg)
{
	(void)arg;
	while (!task.quit) {
		struct err err = ERR_INIT;
		enum run_end end;

		one_run(&err, &end);
		task.runs++;
		task.last = err;
		if (verbose)
			log_err(LOG_LEVEL_INFO, end == RUN_FAILED ? "run failed" : "run ended", &err);
		if (task.crashed) {
			reborn();
		} else if (end == RUN_FAILED && !may_end_so(&err)) {
			failed(err.msg);
		}
		task.intent = RUN_NORMAL;
		if (end == RUN_FAILED)
			sim_sleep(sim_chance(4) == 0 ? sim_chance(2000000) : sim_chance(20000));
	}
	task.ended = true;
	return NULL;
}

static void
finish_run(void)
{
	atomic_store(&task.board.finish, true);
	mutex_lock(&task.board.lock);
	if (task.board.ring != NULL)
		ring_wake(task.board.ring);
	mutex_unlock(&task.board.lock);
	if (!atomic_load(&task.board.applying))
		stop_request(&task.stop);
}

static void
ask_pause(void)
{
	if (task.paused || task.pause) {
		task.resume = true;
		task.pause = false;
		return;
	}
	task.pause = true;
	atomic_store(&task.run.pause_at_end, true);
	finish_run();
}

static void
crash(void)
{
	mutex_lock(&fake.lock);
	if (!task.crashed) {
		task.crashed = true;
		crashes++;
		fake.dead = true;
		fake_target_kill();
	}
	mutex_unlock(&fake.lock);
	stop_request(&task.stop);
}

/* ---- mishaps ---------------------------------------------------------------------------------------------------------------- */

/* FNV-1a. */
static unsigned
number_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return 1 + (h >> 8) % PLACES;
}

static enum sim_fault
on_fault(const char *name)
{
	unsigned what;

	if (!mishaps || fault_rate == 0 || (focus != 0 && focus != number_of(name)) || sim_chance(fault_rate) != 0)
		return SIM_PASS;
	what = sim_chance(4);
	if (what == 0)
		return SIM_DELAY;
	if (what == 1 && !task.crashed) {
		/* As a kill: what was sent is sent, nothing more comes. The world's lock may be held by who came here. */
		task.crashed = true;
		crashes++;
		fake.dead = true;
		fake_target_kill();
		stop_request(&task.stop);
	}
	return SIM_ERROR;
}

/* Those of the task alone: the servers in memory allocate under the world's lock, this program in the first thread and between two runs. */
static bool
on_memory(void)
{
	if (!task.running || sim_is_first() || sim_holds(&fake.lock))
		return true;
	return ++allocations != refused;
}

static void
ask_resync(void)
{
	struct buf list = { 0 };

	for (int i = 0; i < fake.s.ntables; i++)
		if (sim_chance(2) == 0)
			buf_printf(&list, "public.%s\n", fake.s.tables[i].def->name);
	if (list.n > 0)
		resync_add(&task.resync, buf_cstr(&list));
	buf_done(&list);
	finish_run();
}

static void
toggle_target(void)
{
	mutex_lock(&fake.lock);
	switch (sim_chance(5)) {
	case 0: fake.t.blocked = true; break;
	case 1: fake.t.hold_durable = true; break;
	case 2: fake.s.hold[sim_chance(2)] = sim_chance(20); break;
	case 3: fake.s.keepalives++; break;
	default:
		fake.t.blocked = fake.t.hold_durable = false;
		fake_target_flush();
		fake.s.hold[0] = fake.s.hold[1] = -1;
		break;
	}
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static void
alter(void)
{
	uint64_t chance = sim_random();

	mutex_lock(&fake.lock);
	if (fake_storm_alter(&chance)) {
		altered = true;
		log_debug("a table of the source is altered");
	}
	mutex_unlock(&fake.lock);
}

static void
follow(void)
{
	mutex_lock(&fake.lock);
	if (fake_storm_follow())
		log_debug("the target has followed");
	mutex_unlock(&fake.lock);
}

static void
all_well_again(void)
{
	uint64_t chance = sim_random();

	mishaps = false;
	all_well = true;
	follow();
	task.pause = false;
	task.resume = true;
	atomic_store(&task.run.pause_at_end, false);
	mutex_lock(&fake.lock);
	fake.nfails = 0;
	fake.t.blocked = fake.t.hold_durable = false;
	fake_target_flush();
	fake.s.hold[0] = fake.s.hold[1] = -1;
	while (fake.s.frozen > 0)
		cond_wait(&fake.moved, &fake.lock, 10000);
	fake_storm_end(&chance);
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static void
transaction(bool xa)
{
	uint64_t chance = sim_random();

	mutex_lock(&fake.lock);
	fake_storm_transaction(&chance, xa);
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static void
large_transaction(void)
{
	uint64_t chance = sim_random();

	mutex_lock(&fake.lock);
	fake_storm_large(&chance, LARGE_BYTES);
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static void
trouble(void)
{
	uint64_t chance = sim_random();

	mutex_lock(&fake.lock);
	fake_storm_trouble(&chance);
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
}

static void
step(bool xa)
{
	const unsigned what = sim_chance(200);

	if (what < 120)
		transaction(xa);
	else if (what < 132)
		trouble();
	else if (what < 134)
		crash();
	else if (what < 139)
		ask_resync();
	else if (what < 140)
		task.intent = RUN_RELOAD, finish_run();
	else if (what < 143)
		finish_run();
	else if (what < 155)
		toggle_target();
	else if (what < 156)
		ask_pause();
	else if (what < 157)
		alter();
	else if (what < 159)
		follow();
	else if (what < 161)
		atomic_store(&task.board.ask_source, true);
	else
		sim_sleep(sim_chance(8) == 0 ? sim_chance(3000000) : sim_chance(30000));
}

/* ---- one seed ------------------------------------------------------------------------------------------------------------------ */

static void
add_table(const char *name, const char *columns, char identity, bool parted)
{
	struct fake_def *def = fake_alloc(sizeof(*def));

	snprintf(def->name, sizeof(def->name), "%s", name);
	def->oid = 20000 + 100 * (uint32_t)fake.s.ntables;
	def->identity = identity;
	for (const char *at = columns; *at != '\0'; at += strspn(at, " ")) {
		struct fake_column *c = &def->cols[def->ncols++];
		const size_t n = strcspn(at, " ");

		snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(at, "*! "), at);
		c->key = memchr(at, '*', n) != NULL;
		c->unique = memchr(at, '!', n) != NULL;
		at += n;
	}
	for (; parted && def->nleaves < 3; def->nleaves++) {
		struct fake_leaf *l = &def->leaves[def->nleaves];

		snprintf(l->name, sizeof(l->name), "%s_%c", name, 'a' + def->nleaves);
		snprintf(l->prefix, sizeof(l->prefix), "%c", 'a' + def->nleaves);
	}
	fake_source_add(def);
}

/* chance is asked whether or not a kind is told: a seed is the same but for the source. */
static void
make_source(void)
{
	const enum fake_kind kind = (enum fake_kind)sim_chance(3);

	fake.s.id += sim_chance(10);
	if ((flavour < 0 ? kind : (enum fake_kind)flavour) != FAKE_POSTGRESQL)
		fake_log_start(flavour < 0 ? kind : (enum fake_kind)flavour, false);
}

/* Partitions are PostgreSQL's, prepared transactions the others'. */
static void
make_tables(bool xa)
{
	static const char *const shapes[] = { "id* v w", "id* u! v", "a b", "id* a! b! v", "id* x* v" };
	const unsigned n = 1 + sim_chance(4);

	for (unsigned i = 0; i < n; i++) {
		const unsigned shape = sim_chance(5);
		const bool parted = fake.s.kind == FAKE_POSTGRESQL && sim_chance(6) == 0 && shape % 2 == 0 && !xa;

		add_table((char[]){ 't', (char)('0' + i), '\0' }, shapes[shape], shape == 2 || sim_chance(4) == 0 ? 'f' : 'd', parted);
	}
	fake.s.chunks = 1 + sim_chance(5);
}

static void
make_conf(void)
{
	struct conf_errors errors = { .n = 0 };
	struct buf text = { .n = 0 };

	buf_printf(&text, "endpoints: { src: { type = \"%s\"; role = \"source\"; host = \"source\"; dbname = \"public\"; user = \"u\"; tls = \"disable\"; };\n",
	    fake.s.kind == FAKE_POSTGRESQL ? "postgresql" : "mysql");
	buf_str(&text,
	    "dst: { type = \"postgresql\"; role = \"target\"; host = \"target\"; dbname = \"fake\"; user = \"u\"; tls = \"disable\"; }; };\n"
	    "tasks: { t: { source = \"src\"; target = \"dst\"; tables = ( { include = \"public.*\"; } );\n");
	buf_printf(&text, "full_load: { parallel_tables = %u; parallel_chunks = %u; chunks = \"%s\"; };\n", 1 + sim_chance(3), 1 + sim_chance(3),
	    sim_chance(2) == 0 ? "key" : "ctid");
	buf_printf(&text, "apply: { mode = \"%s\"; max_rows = %u; max_delay = \"%ums\"; max_bytes = \"%s\"; };\n", sim_chance(4) == 0 ? "transactional" : "batch",
	    sim_chance(3) == 0 ? 100u : 10000u, 1 + sim_chance(3) * 100, large ? "256kB" : "4MB");
	if (sim_chance(5) == 0)
		buf_str(&text, "durability = \"relaxed\";\n");
	buf_str(&text, "}; };\n");
	task.conf = conf_parse(buf_cstr(&text), "sim", &errors);
	if (task.conf == NULL)
		failed(buf_cstr(&errors.text));
	if (large)
		task.conf->tasks[0]->staging.ring_size = RING_MIN_SIZE;
	task.tc = task.conf->tasks[0];
	buf_done(&text);
	conf_errors_done(&errors);
}

static bool
is_equal(void)
{
	bool equal = true;

	mutex_lock(&fake.lock);
	for (int i = 0; equal && i < fake.s.ntables; i++) {
		const struct table_state *ts = table_states_find(&fake.t.states, "public", fake.s.tables[i].def->name);

		equal = ts != NULL && ts->phase == TABLE_STREAMING && ts->load_group == 0 &&
		    fake_rows_equal(&fake.s.tables[i].rows, &fake.t.tables[i].rows);
	}
	mutex_unlock(&fake.lock);
	return equal;
}

static void
drive(void *arg)
{
	struct err err = ERR_INIT;
	const bool xa = sim_chance(5) == 0;
	unsigned n = 20 + sim_chance(200);

	(void)arg;
	large = sim_chance(LARGE_SEEDS) == 0;
	fake_init();
	fake.chance = sim_chance;
	make_source();
	make_tables(xa);
	make_conf();
	for (unsigned i = sim_chance(30); i > 0; i--)
		transaction(false);
	mishaps = sim_chance(20) != 0;
	all_well = altered = false;
	focus = sim_chance(2) == 0 ? 1 + sim_chance(PLACES) : 0;
	fault_rate = sim_chance(4) == 0 ? 0 : (focus != 0 ? 2u : 20u) << sim_chance(6);
	(void)!stop_init(&task.stop, &err);
	process_begins();
	if (!thread_start(&task.thread, "task", task_main, NULL, &err))
		failed(err.msg);
	while (n-- > 0) {
		if (large && sim_chance(60) == 0)
			large_transaction();
		step(xa);
		must_be_whole();
		mind_memory();
	}
	all_well_again();
	for (const int64_t end = sim_now() + CATCH_UP * INT64_C(1000000); !is_equal(); sim_sleep(100000)) {
		must_be_whole();
		follow();
		if (sim_now() > end)
			failed(task.last.msg[0] != '\0' ? task.last.msg : "it does not catch up");
	}
	task.quit = true;
	for (; !task.ended; sim_sleep(100000))
		finish_run();		/* a run that begins just now has forgotten it */
	thread_join(&task.thread);
	must_be_whole();
	if (sim_threads() > 0)
		failed("threads are left");
	process_ends();
	fake_my_leave();
	must_be_whole();
	conf_free(task.conf);
	buf_done(&task.resync);
}

static void
must_be_freed(void)
{
#ifdef __SANITIZE_ADDRESS__
	if (refused != 0 && __lsan_do_recoverable_leak_check() != 0)
		failed("memory has leaked");
#endif
	if (held() > held_before + LEFT_MAX)
		failed("memory is left");
}

static void
play(uint64_t which)
{
	tally->seed = which;
	refused = same_seed != 0 ? which : 0;
	seed = same_seed != 0 ? same_seed : which;
	allocations = 0;
	sim_seed(seed);
	memset(&fake, 0, sizeof(fake));
	memset(&task, 0, sizeof(task));
	crashes = 0;
	held_before = held();
	sim_run(drive, NULL);
	tally->seeds++;
	tally->transactions += fake.s.ntxns;
	tally->commits += fake.t.commits;
	tally->runs += task.runs;
	tally->crashes += crashes;
	tally->switches += sim_switches();
	tally->seconds += (uint64_t)sim_now() / 1000000;
	tally->allocations += allocations;
	tally->refused += refused != 0 && refused <= allocations;
	fake_done();
	memset(&fake, 0, sizeof(fake));
	must_be_freed();
}

/* ---- many ---------------------------------------------------------------------------------------------------------------------- */

struct job {
	pid_t pid;			/* 0: none */
	uint64_t next, end;		/* seeds */
	struct tally *tally;		/* shared with the child, which writes it */
};

static struct job jobs[JOBS_MAX];
extern void __gcov_dump(void) __attribute__((weak));	/* there in a build that counts branches, test/long/coverage.sh */
static uint64_t by = 1;			/* from one that is played to the next */
static struct tally total;

static void
book_points(void)
{
	tally->npoints = sim_npoints;
	for (unsigned i = 0; i < sim_npoints; i++) {
		snprintf(tally->points[i].name, sizeof(tally->points[i].name), "%s", sim_points[i].name);
		tally->points[i].passed = sim_points[i].passed;
		tally->points[i].acted = sim_points[i].acted;
	}
}

static void
quiet(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (verbose || fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void
start_job(struct job *j)
{
	memset(j->tally, 0, sizeof(*j->tally));
	j->tally->seed = j->next;
	if ((j->pid = fork()) != 0)
		return;
	quiet();
	tally = j->tally;
	for (uint64_t which = j->next; which < j->end; which += by)
		play(which);
	book_points();
	if (__gcov_dump != NULL)
		__gcov_dump();
	_exit(0);
}

static void
add_points(const struct tally *t)
{
	for (unsigned i = 0; i < t->npoints; i++) {
		unsigned k = 0;

		while (k < total.npoints && strcmp(total.points[k].name, t->points[i].name) != 0)
			k++;
		if (k == total.npoints)
			snprintf(total.points[total.npoints++].name, sizeof(total.points[k].name), "%s", t->points[i].name);
		total.points[k].passed += t->points[i].passed;
		total.points[k].acted += t->points[i].acted;
	}
}

static void
add_tally(const struct tally *t)
{
	total.seeds += t->seeds;
	total.transactions += t->transactions;
	total.commits += t->commits;
	total.runs += t->runs;
	total.crashes += t->crashes;
	total.switches += t->switches;
	total.seconds += t->seconds;
	total.allocations += t->allocations;
	total.refused += t->refused;
	total.memory = t->memory > total.memory ? t->memory : total.memory;
	add_points(t);
}

/* A seed that failed ends its process; those behind it are played by another. */
static void
job_ended(struct job *j, int status)
{
	add_tally(j->tally);
	j->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
		printf("%s %llu%s: its process died (status 0x%x)\n", same_seed != 0 ? "allocation" : "seed",
		    (unsigned long long)j->tally->seed, same_seed != 0 ? " fails" : "", (unsigned)status);
	total.failed++;
	total.seeds++;
	j->next = j->tally->seed + by;
	if (j->next < j->end && total.failed < FAILURES_MAX)
		start_job(j);
}

static void
play_all(uint64_t from, uint64_t n, unsigned njobs)
{
	const uint64_t end = from + n * by;
	unsigned running;

	for (unsigned i = 0; i < njobs; i++)
		jobs[i].tally = mmap(NULL, sizeof(struct tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	do {
		int status;
		pid_t pid;

		running = 0;
		for (unsigned i = 0; i < njobs; i++) {
			if (jobs[i].pid == 0 && from < end && total.failed < FAILURES_MAX) {
				jobs[i].next = from;
				from = jobs[i].end = end - from < CHUNK * by ? end : from + CHUNK * by;
				start_job(&jobs[i]);
			}
			running += jobs[i].pid != 0;
		}
		if (running == 0 || (pid = wait(&status)) < 0)
			break;
		for (unsigned i = 0; i < njobs; i++)
			if (jobs[i].pid == pid)
				job_ended(&jobs[i], status);
	} while (running > 0);
}

/* Each of so many seeds with each `step`th allocation failing in turn, or with that one alone. */
static void
refuse_all(uint64_t from, uint64_t n, uint64_t step, bool once, unsigned njobs)
{
	for (uint64_t end = from + n; from < end; from++) {
		const uint64_t before = total.allocations;

		same_seed = 0;
		by = 1;
		if (!once)
			play_all(from, 1, 1);
		same_seed = from;
		by = step;
		play_all(step, once ? 1 : (total.allocations - before) / step, njobs);
	}
}

static void
say(void)
{
	if (total.refused > 0)
		printf("%llu allocations failed, one a run\n", (unsigned long long)total.refused);
	printf("%llu seeds, %llu failed: %llu transactions, %llu commits of the target, %llu runs, %llu crashes, %llu hours, %llu switches, %llu kB at most\n",
	    (unsigned long long)total.seeds, (unsigned long long)total.failed, (unsigned long long)total.transactions,
	    (unsigned long long)total.commits, (unsigned long long)total.runs, (unsigned long long)total.crashes,
	    (unsigned long long)total.seconds / 3600, (unsigned long long)total.switches, (unsigned long long)total.memory >> 10);
	printf("%-26s %12s %10s\n", "fault point", "passed", "acted");
	for (unsigned i = 0; i < total.npoints; i++)
		printf("%-26s %12llu %10llu\n", total.points[i].name, (unsigned long long)total.points[i].passed,
		    (unsigned long long)total.points[i].acted);
}

static uint64_t
number_arg(const char *text, uint64_t max)
{
	struct err err = ERR_INIT;
	int64_t v;

	if (num_int(text, 1, (int64_t)max, &v, &err))
		return (uint64_t)v;
	fprintf(stderr, "sim: %s: %s\n", text, err.msg);
	exit(2);
}

static int
flavour_arg(const char *text)
{
	static const char *const names[] = { [FAKE_POSTGRESQL] = "postgresql", [FAKE_MYSQL] = "mysql", [FAKE_MARIADB] = "mariadb" };

	for (int i = 0; i <= FAKE_MARIADB; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	fprintf(stderr, "sim: %s is no kind of source\n", text);
	exit(2);
}

int
main(int argc, char **argv)
{
	uint64_t from = 1, n = 1000, refuse = 0;
	unsigned njobs = 1;
	bool once = false;
	int c;

#ifndef REPLD_FAULTS
	printf("SKIP: built without fault points\n");
	return 77;
#endif
	while ((c = getopt(argc, argv, "a:f:n:s:j:ov")) != -1) {
		switch (c) {
		case 'a': refuse = number_arg(optarg, INT64_MAX / 2); break;
		case 'o': once = true; break;
		case 'n': n = number_arg(optarg, INT64_MAX / 2); break;
		case 's': from = number_arg(optarg, INT64_MAX / 2); break;
		case 'j': njobs = (unsigned)number_arg(optarg, JOBS_MAX); break;
		case 'f': flavour = flavour_arg(optarg); break;
		case 'v': verbose = true; break;
		default: fprintf(stderr, "usage: sim [-s FIRST] [-n SEEDS] [-j JOBS] [-f postgresql|mysql|mariadb] [-a STEP] [-v]\n"); return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init(verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	sim_stuck = failed;
	sim_on_fault = on_fault;
	sim_on_memory = on_memory;
	if (refuse == 0)
		play_all(from, n, njobs);
	else
		refuse_all(from, n, refuse, once, njobs);
	say();
	return total.failed > 0;
}
