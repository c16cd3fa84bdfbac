/* decimal.h - MySQL's packed decimal -> text: digits in groups of nine, each as a big-endian number of as few bytes as its digits need,
 * the integer part first (its first group is the short one), the fraction after it (its last group is the short one); the first bit is set
 * for a number that is not negative, and all bytes of a negative one are inverted.
 * Text as the server prints it: "0.10", "-5.00", "123". Threads: any; pure. */
#ifndef REPLD_CDC_DECIMAL_H
#define REPLD_CDC_DECIMAL_H

#include "daemon/base/err.h"
#include <stdint.h>

#define DECIMAL_MAX_PRECISION 65
#define DECIMAL_MAX_SCALE 38		/* MariaDB; MySQL: 30 */
#define DECIMAL_TEXT_MAX (DECIMAL_MAX_PRECISION + 3)

bool decimal_valid(unsigned precision, unsigned scale);
size_t decimal_size(unsigned precision, unsigned scale);	/* of the packed form */
/* p: decimal_size() bytes; out: DECIMAL_TEXT_MAX, no NUL. Returns the length; 0: not a packed decimal (a group of more than its digits). */
size_t decimal_text(const uint8_t *p, unsigned precision, unsigned scale, char *out);

#endif
