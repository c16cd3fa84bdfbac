/* The keeper of one worker: backoff, commands without a worker, what the status says meanwhile.
 * The program it starts can't be executed, so each worker dies at once; the clock is a fake one. */
#include "daemon/keeper.c"
#include "test/unit/unit.h"

static const char conf_text[] =
    "endpoints: {\n"
    " a: { role = \"source\"; socket = \"/run/a\"; dbname = \"d\"; user = \"u\"; };\n"
    " b: { role = \"target\"; socket = \"/run/b\"; dbname = \"d\"; user = \"u\"; };\n"
    "};\n"
    "tasks: {\n"
    " on: { source = \"a\"; target = \"b\"; tables = ( { include = \"public.*\"; } ); };\n"
    " off: { source = \"a\"; target = \"b\"; enabled = false;\n"
    "  tables = ( { include = \"other.*\"; } ); };\n"
    "};\n";

struct said {
	int times;
	bool ok;
	char text[512];
};

static int64_t now;

static void
ignore_io(void *arg, struct keeper *k)
{
	(void)arg;
	(void)k;
}

static const struct keeper_host host = { .program = -1, .io = ignore_io };

static void
remember(void *arg, bool ok, const char *text)
{
	struct said *said = arg;

	said->times++;
	said->ok = ok;
	snprintf(said->text, sizeof(said->text), "%s", text);
}

static struct answer
to(struct said *said)
{
	return (struct answer){ remember, said };
}

static struct conf *
load(void)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_parse(conf_text, "test", &errors);

	ck_assert_msg(c != NULL, "%s", buf_cstr(&errors.text));
	conf_errors_done(&errors);
	return c;
}

static void
at(int64_t seconds)
{
	now = seconds * SECOND;
	clock_fake(true, now, now);
}

static struct keeper *
keeper_of(const char *task)
{
	struct conf *c = load();
	struct keeper *k;

	log_init(LOG_LEVEL_ERROR);
	at(1000);
	k = keeper_new(&host, c, conf_task(c, task));
	conf_free(c);
	return k;
}

static void
wait_for_death(struct keeper *k)
{
	for (int i = 0; i < 1000 && k->child.pid != 0; i++) {
		keeper_reap(k);
		usleep(1000);
	}
	ck_assert_int_eq(k->child.pid, 0);
}

START_TEST(keeper_does_not_start_what_is_disabled)
{
	struct keeper *k = keeper_of("off");
	struct status_task st;
	struct said said = { 0 };

	keeper_start(k);
	ck_assert_int_eq(k->life, KEEPER_OFF);
	keeper_status(k, &st);
	ck_assert_int_eq(st.state, TASK_STOPPED);
	ck_assert_str_eq(st.reason, "disabled in the configuration");
	keeper_command(k, IPC_SYNC, "", -1, to(&said));
	ck_assert(said.times == 1 && !said.ok);
	ck_assert_str_eq(said.text, "task off is stopped: disabled in the configuration");
	keeper_free(k);
}
END_TEST

START_TEST(keeper_backs_off_up_to_a_minute)
{
	static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct keeper *k = keeper_of("on");
	struct status_task st;

	keeper_start(k);
	for (uint32_t i = 0; i < 8; i++) {
		wait_for_death(k);
		ck_assert_int_eq(k->life, KEEPER_WAITING);
		keeper_status(k, &st);
		ck_assert_int_eq(st.state, TASK_RETRYING);
		ck_assert_str_eq(st.reason, "worker died: exit status 127");
		ck_assert_uint_eq(st.retry.attempt, i + 1);
		ck_assert_int_eq(st.retry.next.v - now, waits[i] * SECOND);
		at(now / SECOND + waits[i] - 1);
		keeper_tick(k);
		ck_assert_int_eq(k->life, KEEPER_WAITING);
		at(now / SECOND + 1);
		keeper_tick(k);
		ck_assert_int_eq(k->life, KEEPER_UP);
		ck_assert_uint_eq(k->restarts, i + 1);
	}
	/* one that lived for a minute starts the backoff anew */
	k->child.started.v -= KEEPER_STEADY;
	wait_for_death(k);
	ck_assert_uint_eq(k->attempt, 1);
	keeper_free(k);
}
END_TEST

START_TEST(keeper_command_starts_a_waiting_worker_but_a_sync_waits)
{
	struct keeper *k = keeper_of("on");
	struct said restart = { 0 }, sync = { 0 }, pause = { 0 };

	keeper_start(k);
	wait_for_death(k);
	keeper_command(k, IPC_SYNC, "", 5 * SECOND, to(&sync));
	ck_assert_int_eq(k->life, KEEPER_WAITING);
	keeper_command(k, IPC_RESTART, "", -1, to(&restart));
	ck_assert(restart.times == 1 && restart.ok);
	ck_assert_int_eq(k->life, KEEPER_UP);
	keeper_command(k, IPC_PAUSE, "", 0, to(&pause));
	wait_for_death(k);
	ck_assert(pause.times == 1 && !pause.ok);
	ck_assert_str_eq(pause.text, "before it answered: worker died: exit status 127");
	ck_assert_int_eq(sync.times, 0);	/* asked again of the next one */
	at(now / SECOND + 5);
	check_limits(k);
	ck_assert(sync.times == 1 && !sync.ok);
	ck_assert_str_eq(sync.text, "timeout: the worker is not up");
	keeper_free(k);
}
END_TEST

START_TEST(keeper_end_answers_when_the_worker_is_gone)
{
	struct keeper *k = keeper_of("on");
	struct said said = { 0 }, sync = { 0 };

	keeper_start(k);
	keeper_command(k, IPC_SYNC, "", -1, to(&sync));
	keeper_end(k, "the daemon ends", SECOND, false, to(&said));
	ck_assert_int_eq(said.times, 0);
	wait_for_death(k);
	ck_assert(said.times == 1 && said.ok);
	ck_assert(sync.times == 1 && !sync.ok);
	ck_assert_int_eq(k->life, KEEPER_OFF);
	/* and at once where there is none */
	keeper_end(k, "again", SECOND, false, to(&said));
	ck_assert_int_eq(said.times, 2);
	keeper_free(k);
}
END_TEST

/* The task `on` with these options more. */
static struct conf *
load_with(const char *more)
{
	struct conf_errors errors = { 0 };
	struct buf text = { 0 };
	struct conf *c;

	buf_printf(&text,
	    "endpoints: {\n"
	    " a: { role = \"source\"; socket = \"/run/a\"; dbname = \"d\"; user = \"u\"; };\n"
	    " b: { role = \"target\"; socket = \"/run/b\"; dbname = \"d\"; user = \"u\"; %s };\n"
	    "};\n"
	    "tasks: { on: { source = \"a\"; target = \"b\"; tables = ( { include = \"public.*\"; } ); }; };\n",
	    more);
	c = conf_parse(buf_cstr(&text), "test", &errors);
	ck_assert_msg(c != NULL, "%s", buf_cstr(&errors.text));
	conf_errors_done(&errors);
	buf_done(&text);
	return c;
}

START_TEST(keeper_worker_that_dies_has_refused_what_it_was_to_prepare)
{
	struct keeper *k = keeper_of("on");
	struct conf *c = load_with("password_env = \"PW\";");
	struct said said = { 0 };

	keeper_start(k);
	ck_assert_msg(!keeper_can_prepare(k, c->tasks[0]), "its worker does not have the variable");
	conf_free(c);
	c = load_with("port = 5433;");
	ck_assert(keeper_can_prepare(k, c->tasks[0]));
	keeper_prepare(k, c, c->tasks[0], to(&said));
	ck_assert(keeper_differs(k));
	ck_assert_int_eq(said.times, 0);
	wait_for_death(k);
	ck_assert(said.times == 1 && !said.ok);
	ck_assert_str_eq(said.text, "before it answered: worker died: exit status 127");
	ck_assert(keeper_differs(k));
	ck_assert_msg(strstr(buf_cstr(&k->conf.text), "5433") == NULL, "the next worker has what was not accepted");
	/* one that waits for its next start is started, to be asked */
	ck_assert_int_eq(k->life, KEEPER_WAITING);
	keeper_prepare(k, c, c->tasks[0], to(&said));
	ck_assert_int_eq(k->life, KEEPER_UP);
	conf_free(c);
	keeper_free(k);
	ck_assert_int_eq(said.times, 2);
}
END_TEST

static void
worker_says(struct keeper *k, uint32_t id, const char *text)
{
	on_message(k, &(struct ipc_msg){ .type = IPC_REPLY, .id = id, .payload = text, .n = (uint32_t)strlen(text) });
}

START_TEST(keeper_holds_to_what_the_worker_has_accepted)
{
	struct keeper *k = keeper_of("on");
	struct conf *c = load_with("port = 5433;"), *d = load_with("port = 5434;");
	struct said first = { 0 }, second = { 0 };
	uint32_t id;

	keeper_start(k);
	keeper_prepare(k, c, c->tasks[0], to(&first));
	id = k->offer_id;
	keeper_prepare(k, d, d->tasks[0], to(&second));
	worker_says(k, id, "ERR\na later configuration came meanwhile");
	ck_assert(first.times == 1 && !first.ok);
	ck_assert_msg(keeper_differs(k), "the answer to the first says nothing of the second");
	worker_says(k, k->offer_id, "OK\ntakes effect");
	ck_assert(second.times == 1 && second.ok);
	ck_assert(!keeper_differs(k));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&k->conf.text), "5434"));
	/* refused: the former one holds */
	keeper_prepare(k, c, c->tasks[0], to(&first));
	worker_says(k, k->offer_id, "ERR\npublic.a: no key");
	ck_assert(first.times == 2 && !first.ok);
	ck_assert(keeper_differs(k));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&k->conf.text), "5434"));
	conf_free(c);
	conf_free(d);
	keeper_free(k);
}
END_TEST

START_TEST(keeper_free_answers_all)
{
	struct keeper *k = keeper_of("on");
	struct said sync = { 0 }, forgotten = { 0 };

	keeper_start(k);
	wait_for_death(k);
	keeper_command(k, IPC_SYNC, "", -1, to(&sync));
	keeper_command(k, IPC_SYNC, "", -1, to(&forgotten));
	keeper_forget(k, &forgotten);
	keeper_free(k);
	ck_assert(sync.times == 1 && !sync.ok);
	ck_assert_str_eq(sync.text, "the daemon ends");
	ck_assert_int_eq(forgotten.times, 0);
}
END_TEST

START_TEST(keeper_estimates_how_long_the_log_lasts)
{
	struct keeper *k = keeper_of("off");
	struct status_task st = { 0 };

	st.limit_bytes = (struct maybe_u64){ true, 1000 };
	for (int i = 0; i < 100; i++) {		/* 1 byte a second; the window holds 600 s of it */
		at(1000 + i * 10);
		st.retained_bytes = (struct maybe_u64){ true, (uint64_t)i * 5 };
		ck_assert(i >= 3 || !keeper_log_left(k, &st).known);
		sample_log(k, &st);
	}
	ck_assert(keeper_log_left(k, &st).known);
	ck_assert_uint_eq(keeper_log_left(k, &st).v / 1000000, (1000 - 495) * 2);
	st.limit_bytes.known = false;
	ck_assert(!keeper_log_left(k, &st).known);
	st.limit_bytes = (struct maybe_u64){ true, 400 };
	ck_assert(keeper_log_left(k, &st).known && keeper_log_left(k, &st).v == 0);
	keeper_free(k);
}
END_TEST

START_TEST(keeper_sees_a_hanging_worker_unless_the_machine_slept)
{
	struct keeper *k = keeper_of("on");
	struct status_task st = { 0 };

	keeper_start(k);
	k->child.started.v = now;
	st.beat_at.v = st.oldest_thread_beat.v = now;
	at(now / SECOND + 60);
	check_hang(k, &st);
	ck_assert_int_eq(k->killed.v, 0);
	keeper_slept(k);
	at(now / SECOND + 60);
	check_hang(k, &st);
	ck_assert_int_eq(k->killed.v, 0);
	at(now / SECOND + 1);
	st.beat_at.v = now;
	check_hang(k, &st);
	ck_assert_int_ne(k->killed.v, 0);	/* its loop turns, one of its threads does not */
	ck_assert_msg(strstr(k->why, "one of its threads") != NULL, "%s", k->why);
	ck_assert(!keeper_stuck(k));
	at(now / SECOND + 31);
	ck_assert(keeper_stuck(k));
	wait_for_death(k);
	ck_assert_msg(strstr(k->why, "worker hung") != NULL, "%s", k->why);
	keeper_free(k);
}
END_TEST

UNIT_MAIN("keeper", keeper_does_not_start_what_is_disabled, keeper_backs_off_up_to_a_minute,
    keeper_command_starts_a_waiting_worker_but_a_sync_waits,
    keeper_end_answers_when_the_worker_is_gone, keeper_worker_that_dies_has_refused_what_it_was_to_prepare,
    keeper_holds_to_what_the_worker_has_accepted, keeper_free_answers_all,
    keeper_estimates_how_long_the_log_lasts, keeper_sees_a_hanging_worker_unless_the_machine_slept)
