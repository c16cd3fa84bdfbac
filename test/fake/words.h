/* words.h - how the player hands a line's words to the fake world, and what it gives them.
 * Threads: the player's. */
#ifndef REPLD_TEST_WORDS_H
#define REPLD_TEST_WORDS_H

#include <stdint.h>
#include "daemon/base/err.h"

/* The player's: the scenario ends here. */
void play_fail(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));
int64_t play_number(const char *text, int64_t min);

bool play_world(char **w); /* false: not a word of the world */
int play_table(const char *name); /* its number; under the world's lock */
bool play_mark(const char *name, int64_t *ret); /* a place in the log that was given a name */

#endif
