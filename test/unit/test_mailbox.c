/* The mailbox: order, the descriptor's edges, a full box. */
#include "daemon/base/mailbox.c"
#include <poll.h>
#include "test/unit/unit.h"

static bool
readable(const struct mailbox *mb)
{
	struct pollfd pfd = { .fd = mailbox_fd(mb), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

START_TEST(mailbox_is_readable_exactly_while_mail_waits)
{
	struct err e = ERR_INIT;
	struct mailbox *mb = mailbox_new(&e);
	struct mail m;

	for (int round = 0; round < 600; round++) {	/* also around the ring's end */
		ck_assert(!readable(mb) && !mailbox_take(mb, &m));
		mailbox_post(mb, (struct mail){ .what = 1, .number = round });
		mailbox_post(mb, (struct mail){ .what = 2, .number = -round });
		ck_assert(readable(mb) && mailbox_take(mb, &m));
		ck_assert(m.what == 1 && m.number == round);
		ck_assert(readable(mb) && mailbox_take(mb, &m));
		ck_assert(m.what == 2 && m.number == -round);
	}
	mailbox_free(mb, NULL);
	mailbox_free(NULL, NULL);
}
END_TEST

enum { POSTERS = 4, EACH = 5000 };

static void *
post_many(void *arg)
{
	static _Atomic int ids;
	int id = ids++;

	for (int i = 0; i < EACH; i++)
		mailbox_post(arg, (struct mail){ .what = id, .number = i });
	return NULL;
}

/* Far more mail than fits: posters wait for room, each one's mail keeps its order. */
START_TEST(mailbox_loses_nothing_when_full)
{
	struct err e = ERR_INIT;
	struct mailbox *mb = mailbox_new(&e);
	struct thread t[POSTERS] = { { 0 } };
	int64_t next[POSTERS] = { 0 };
	struct mail m;

	for (int i = 0; i < POSTERS; i++)
		ck_ok(thread_start(&t[i], "post", post_many, mb, &e), &e);
	for (int got = 0; got < POSTERS * EACH;) {
		struct pollfd pfd = { .fd = mailbox_fd(mb), .events = POLLIN };

		ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
		for (; mailbox_take(mb, &m); got++)
			ck_assert_int_eq(m.number, next[m.what]++);
	}
	for (int i = 0; i < POSTERS; i++)
		thread_join(&t[i]);
	ck_assert(!readable(mb));
	mailbox_free(mb, NULL);
}
END_TEST

static int freed;

static void
free_mail(struct mail *m)
{
	free(m->take_ptr);
	freed++;
}

START_TEST(mailbox_free_gives_back_what_nobody_took)
{
	struct err e = ERR_INIT;
	struct mailbox *mb = mailbox_new(&e);

	for (int i = 0; i < MAILBOX_MAX; i++)
		mailbox_post(mb, (struct mail){ .take_ptr = malloc(16) });
	mailbox_free(mb, free_mail);
	ck_assert_int_eq(freed, MAILBOX_MAX);
}
END_TEST

UNIT_MAIN("mailbox", mailbox_is_readable_exactly_while_mail_waits, mailbox_loses_nothing_when_full,
    mailbox_free_gives_back_what_nobody_took)
