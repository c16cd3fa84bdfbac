/* test_pg_proof.c - what a stream's messages say of the transaction looked for. */
#include "endpoints/pg_proof.c"

#include "test/unit/unit.h"

static void
keepalive(struct proof *p, uint64_t at)
{
	struct buf b = { 0 };

	buf_u8(&b, 'k');
	buf_u64(&b, at);
	buf_u64(&b, 0);
	buf_u8(&b, 0);
	look_at(p, (const char *)b.p, b.n);
	buf_done(&b);
}

static void
begin(struct proof *p)
{
	struct buf b = { 0 };

	buf_u8(&b, 'w');
	for (int i = 0; i < 3; i++)
		buf_u64(&b, 0);
	buf_u8(&b, 'B');
	look_at(p, (const char *)b.p, b.n);
	buf_done(&b);
}

static void
commit(struct proof *p, uint64_t end, int64_t time)
{
	struct buf b = { 0 };

	begin(p);
	buf_u8(&b, 'w');
	for (int i = 0; i < 3; i++)
		buf_u64(&b, 0);
	buf_u8(&b, 'C');
	buf_u8(&b, 0);
	buf_u64(&b, end - 8);
	buf_u64(&b, end);
	buf_u64(&b, (uint64_t)time);
	look_at(p, (const char *)b.p, b.n);
	buf_done(&b);
}

static bool
is_open(const struct proof *p)
{
	return !p->found && !p->missing && !p->other;
}

START_TEST(pg_proof_finds_the_transaction_by_its_end_and_time)
{
	struct proof p = { .end = 300, .time = 7 };

	keepalive(&p, 100);
	commit(&p, 100, 5);
	commit(&p, 200, 7);
	ck_assert(is_open(&p));
	commit(&p, 300, 7);
	ck_assert(p.found && !p.missing && !p.other);
}
END_TEST

START_TEST(pg_proof_another_transaction_at_the_same_place_is_another_log)
{
	struct proof p = { .end = 300, .time = 7 };

	commit(&p, 300, 8);
	ck_assert(p.other && !p.found);
}
END_TEST

START_TEST(pg_proof_a_later_commit_says_that_it_is_missing)
{
	struct proof p = { .end = 300, .time = 7 };

	commit(&p, 299, 7);
	ck_assert(is_open(&p));
	commit(&p, 301, 7);
	ck_assert(p.missing && !p.found);
}
END_TEST

START_TEST(pg_proof_a_keepalive_counts_outside_a_transaction_only)
{
	struct proof p = { .end = 300, .time = 7 };

	keepalive(&p, 299);
	begin(&p);
	keepalive(&p, 400);
	ck_assert(is_open(&p));
	commit(&p, 300, 7);
	ck_assert(p.found);

	p = (struct proof){ .end = 300, .time = 7 };
	keepalive(&p, 300);
	ck_assert(p.missing && !p.found);
}
END_TEST

START_TEST(pg_proof_without_a_known_time_the_place_is_enough)
{
	struct proof p = { .end = 300 };

	commit(&p, 300, 123);
	ck_assert(p.found);
}
END_TEST

START_TEST(pg_proof_messages_cut_short_say_nothing)
{
	static const char *const cut[] = { "", "k", "w", "w\0\0\0\0\0\0\0\0" };
	struct proof p = { .end = 1, .time = 7 };
	char commit_cut[30] = "w";

	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		look_at(&p, cut[i], strlen(cut[i]));
	commit_cut[25] = 'C';
	look_at(&p, commit_cut, sizeof(commit_cut));
	ck_assert(is_open(&p));
}
END_TEST

UNIT_MAIN("pg_proof", pg_proof_finds_the_transaction_by_its_end_and_time,
    pg_proof_another_transaction_at_the_same_place_is_another_log,
    pg_proof_a_later_commit_says_that_it_is_missing,
    pg_proof_a_keepalive_counts_outside_a_transaction_only,
    pg_proof_without_a_known_time_the_place_is_enough, pg_proof_messages_cut_short_say_nothing)
