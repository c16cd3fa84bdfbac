/* no_memory.h - an allocation that fails, for tests: the first one of a call, then the second, until the call needs no more.
 * Flow: no_memory_at(n) -> the call -> no_memory_done(): whether it came to its n-th allocation.
 * The test's file has the line `link: test/fake/no_memory.c` as its first comment. What it counts are the allocations of arena.h, bytes.h
 * and map.h. Threads: one. */
#ifndef REPLD_TEST_NO_MEMORY_H
#define REPLD_TEST_NO_MEMORY_H

#include <stdbool.h>

void no_memory_at(unsigned n);	/* from 1; 0: none fails */
bool no_memory_done(void);

/* A call that gives its caller true, or false and an error, with each of its allocations failing in turn: it says so each time (ERR_SYSTEM), and
 * succeeds at last. `body` is done after each of them, and puts things back; `least`: so many allocations there are. */
#define no_memory_each(call, err, least, body)                                                     \
	do {                                                                                       \
		unsigned no_memory_n = 0;                                                          \
		bool no_memory_good, no_memory_failed;                                             \
                                                                                                   \
		do {                                                                               \
			(err)->kind = ERR_NONE;                                                    \
			no_memory_at(++no_memory_n);                                               \
			no_memory_good = (call);                                                   \
			no_memory_failed = no_memory_done();                                       \
			ck_assert_msg(no_memory_good == !no_memory_failed,                         \
			    "%s: allocation %u: %s", #call, no_memory_n,                           \
			    no_memory_good ? "succeeded, should have failed" : (err)->msg);        \
			ck_assert_msg(no_memory_good || (err)->kind == ERR_SYSTEM,                 \
			    "%s: wrong error: %s", #call, (err)->msg);                             \
			body;                                                                      \
		} while (no_memory_failed);                                                        \
		ck_assert_uint_gt(no_memory_n, (least));                                           \
	} while (0)

#endif
