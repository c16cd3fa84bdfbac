/* The shared block: copies, growth, a writer in the way, foreign bytes. */
#include "daemon/shm.c"
#include "test/unit/unit.h"

#include <pthread.h>

struct pair {
	int fd;
	struct shm *writer, *reader;
};

static struct pair
pair_new(void)
{
	struct err err = ERR_INIT;
	struct pair p;

	p.fd = shm_create(&err);
	ck_assert_msg(p.fd >= 0, "%s", err.msg);
	p.writer = shm_open_writer(p.fd, &err);
	p.reader = shm_open_reader(p.fd, &err);
	ck_assert_ptr_nonnull(p.writer);
	ck_assert_ptr_nonnull(p.reader);
	return p;
}

static void
pair_done(struct pair *p)
{
	shm_close(p->reader);
	shm_close(p->writer);
	close(p->fd);
}

START_TEST(shm_reads_zeros_until_something_is_written)
{
	struct pair p = pair_new();
	struct status_task t, zero = { 0 };
	struct status_table tab;

	ck_assert(!shm_get_task(p.reader, &t));
	ck_assert_mem_eq(&t, &zero, sizeof(t));
	ck_assert_uint_eq(shm_tables(p.reader), 0);
	ck_assert(!shm_get_table(p.reader, 0, &tab));
	pair_done(&p);
}
END_TEST

START_TEST(shm_reads_what_was_written)
{
	struct pair p = pair_new();
	struct status_task t = { .state = TASK_RUNNING, .phase = PHASE_CDC, .beats = 7 }, got;

	snprintf(t.reason, sizeof(t.reason), "because");
	t.lag_bytes = (struct maybe_u64){ true, 99 };
	shm_put_task(p.writer, &t);
	ck_assert(shm_get_task(p.reader, &got));
	ck_assert_mem_eq(&t, &got, sizeof(t));
	t.beats = 8;
	shm_put_task(p.writer, &t);
	ck_assert(shm_get_task(p.reader, &got));
	ck_assert_uint_eq(got.beats, 8);
	pair_done(&p);
}
END_TEST

START_TEST(shm_grows_and_the_reader_follows)
{
	struct pair p = pair_new();
	struct err err = ERR_INIT;
	struct status_table tab;

	for (uint32_t i = 0; i < 1000; i++) {
		memset(&tab, 0, sizeof(tab));
		snprintf(tab.source, sizeof(tab.source), "public.t%u", i);
		tab.inserts = i;
		ck_ok(shm_put_table(p.writer, i, &tab, &err), &err);
		shm_set_tables(p.writer, i + 1);
		if (i % 100 == 0)
			ck_assert_uint_eq(shm_tables(p.reader), i + 1);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert(shm_get_table(p.reader, i, &tab));
		ck_assert_uint_eq(tab.inserts, i);
	}
	ck_assert(!shm_get_table(p.reader, 1000, &tab));
	ck_assert_str_eq(tab.source, "");
	ck_fails(shm_put_table(p.writer, SHM_TABLES_MAX, &tab, &err), &err, ERR_LIMIT);
	pair_done(&p);
}
END_TEST

START_TEST(shm_gives_the_last_good_copy_while_a_writer_stands_in_the_middle)
{
	struct pair p = pair_new();
	struct err err = ERR_INIT;
	struct status_task t = { .state = TASK_RUNNING, .beats = 1 }, got;
	struct status_table tab = { .inserts = 5 }, got_tab;

	shm_put_task(p.writer, &t);
	ck_ok(shm_put_table(p.writer, 0, &tab, &err), &err);
	shm_set_tables(p.writer, 1);
	ck_assert(shm_get_task(p.reader, &got));
	ck_assert(shm_get_table(p.reader, 0, &got_tab));
	/* killed while it wrote: the sequence stays odd */
	atomic_fetch_add(&p.writer->block->task.seq, 1);
	atomic_store(&p.writer->block->task.words[0], UINT64_MAX);
	atomic_fetch_add(&p.writer->block->tables[0].seq, 1);
	ck_assert(!shm_get_task(p.reader, &got));
	ck_assert_uint_eq(got.beats, 1);
	ck_assert(!shm_get_table(p.reader, 0, &got_tab));
	ck_assert_uint_eq(got_tab.inserts, 5);
	/* the next write ends that */
	t.beats = 2;
	shm_put_task(p.writer, &t);
	ck_assert(shm_get_task(p.reader, &got));
	ck_assert_uint_eq(got.beats, 2);
	pair_done(&p);
}
END_TEST

START_TEST(shm_treats_the_workers_bytes_as_foreign)
{
	struct pair p = pair_new();
	struct status_task t = { .state = TASK_RUNNING, .beats = 1 }, got;
	struct err err = ERR_INIT;
	struct status_table tab = { 0 };

	memset(t.reason, 'x', sizeof(t.reason));
	memset(t.error.message, 'x', sizeof(t.error.message));
	shm_put_task(p.writer, &t);
	ck_assert(shm_get_task(p.reader, &got));
	ck_assert_uint_eq(strlen(got.reason), sizeof(got.reason) - 1);
	ck_assert_uint_eq(strlen(got.error.message), sizeof(got.error.message) - 1);
	t.state = 77;
	t.beats = 2;
	shm_put_task(p.writer, &t);
	ck_assert(!shm_get_task(p.reader, &got));	/* no such state: not believed */
	ck_assert_uint_eq(got.beats, 1);
	tab.state = 77;
	ck_ok(shm_put_table(p.writer, 0, &tab, &err), &err);
	atomic_store(&p.writer->block->ntables, UINT64_MAX);
	ck_assert_uint_le(shm_tables(p.reader), 16);	/* no more than the file holds */
	ck_assert(!shm_get_table(p.reader, 0, &tab));
	pair_done(&p);
}
END_TEST

START_TEST(shm_cannot_be_shrunk)
{
	struct pair p = pair_new();

	ck_assert_int_lt(ftruncate(p.fd, 0), 0);
	ck_assert_int_ne(fcntl(p.fd, F_GETFD) & FD_CLOEXEC, 0);
	pair_done(&p);
}
END_TEST

struct race {
	struct shm *writer;
	atomic_bool stop;
};

/* All numbers of a record are the same, or it was torn. */
static void *
write_all_the_time(void *arg)
{
	struct race *r = arg;
	struct status_task t = { 0 };

	for (uint64_t i = 1; !atomic_load(&r->stop); i++) {
		t.totals = (struct totals){ i, i, i, i, i, i, i, i, i };
		t.beats = t.batches = i;
		shm_put_task(r->writer, &t);
		for (volatile int pause = 0; pause < 200; pause++)
			;	/* so that reads begin between two writes, and meet the second */
	}
	return NULL;
}

START_TEST(shm_is_never_torn)
{
	struct pair p = pair_new();
	struct race race = { .writer = p.writer };
	struct status_task t;
	pthread_t writer;
	uint64_t last = 0;

	ck_assert_int_eq(pthread_create(&writer, NULL, write_all_the_time, &race), 0);
	for (int i = 0; i < 500000 || (last == 0 && i < 500000000); i++) {	/* the writer may start late */
		shm_get_task(p.reader, &t);
		if (t.totals.transactions != t.beats || t.totals.truncates != t.beats ||
		    t.batches != t.beats || t.beats < last)
			ck_abort_msg("torn after %d reads", i);
		last = t.beats;
	}
	atomic_store(&race.stop, true);
	pthread_join(writer, NULL);
	ck_assert_uint_gt(last, 0);
	pair_done(&p);
}
END_TEST

UNIT_MAIN("shm", shm_reads_zeros_until_something_is_written, shm_reads_what_was_written,
    shm_grows_and_the_reader_follows,
    shm_gives_the_last_good_copy_while_a_writer_stands_in_the_middle,
    shm_treats_the_workers_bytes_as_foreign, shm_cannot_be_shrunk, shm_is_never_torn)
