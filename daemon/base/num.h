/* num.h - strict parsing of numbers, sizes ("64MB": kB, MB, GB, TB, powers of 1024) and times ("20ms": ms, s, min, h, d).
 * The whole text must be used; errors say what was expected (ERR_CONFIG). Also their printing for people.
 * Threads: any. */
#ifndef REPLD_BASE_NUM_H
#define REPLD_BASE_NUM_H

#include <stdint.h>
#include "daemon/base/err.h"

bool num_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err) MUST_CHECK;
bool num_size(const char *text, uint64_t *ret_bytes, struct err *err) MUST_CHECK;
bool num_duration(const char *text, int64_t *ret_usec, struct err *err) MUST_CHECK;	/* "0" is fine */

#define NUM_TEXT 32
const char *num_size_text(uint64_t bytes, char out[NUM_TEXT]);		/* "3.1 GB", "512 B" */
const char *num_duration_text(int64_t usec, char out[NUM_TEXT]);	/* "3 d 4 h", "41 min", "0.4 s" */
const char *num_count_text(uint64_t n, char out[NUM_TEXT]);		/* "12,340" */
/* Canonical configuration text: the largest unit that divides evenly ("64MB", "20ms"). */
const char *num_size_conf(uint64_t bytes, char out[NUM_TEXT]);
const char *num_duration_conf(int64_t usec, char out[NUM_TEXT]);

#endif
