/* float_text.h - float and double as text: the fewest digits that give the value back, in the one form of MySQL's own double: 0.1, -0,
 * 123456789012345, 1e15, 1.5e-16: plain from 1e-15 on, up to below 1e15 and where digits stand behind the point; otherwise one digit, a
 * point, the others, e and the power of ten.
 * PostgreSQL, MySQL and MariaDB read it back to the same bits. For a double it is what SELECT prints on MySQL and MariaDB. A float column is
 * another matter: SELECT rounds it to six digits, so a load reads its bits (the binary protocol), or a cast to double, and formats here.
 * Threads: any; pure. */
#ifndef REPLD_CDC_FLOAT_TEXT_H
#define REPLD_CDC_FLOAT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define FLOAT_TEXT_MAX 40	/* bytes at most, without NUL, which is never written */

/* Both return the length. nan and infinity: "nan", "inf", "-inf", which no column of these servers can hold: ask isfinite() before. */
size_t float_text(float v, char *out);
size_t double_text(double v, char *out);

#endif
