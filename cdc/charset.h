/* charset.h - the character sets of MySQL and MariaDB -> UTF-8, and their collations' ids and names.
 * Each set is converted exactly as the servers do it (the tables are generated from them, test/corpus/charset-tables.sh); what is invalid in
 * its set, or has no character in Unicode, is refused, where a server's own conversion would put a question mark.
 * Threads: any; constant tables. */
#ifndef REPLD_CDC_CHARSET_H
#define REPLD_CDC_CHARSET_H

#include "daemon/base/err.h"
#include <stdint.h>

struct charset;			/* constant */

/* The set of a collation; ERR_SCHEMA names an id that is not known. Ids above 255 are not the same on MySQL and MariaDB. */
const struct charset *charset_of_collation(uint16_t collation, bool mariadb, struct err *err) MUST_CHECK;
/* The collation's id by its name; 0: not known. MariaDB: uca1400 collations by their full name (utf8mb4_uca1400_ai_ci). */
uint16_t charset_collation_id(const char *name, bool mariadb);
const char *charset_collation_name(uint16_t collation, bool mariadb);	/* NULL: not known, or a uca1400 one */
/* The bytes a character takes at most (mbmaxlen): varchar(n) has n times as many. */
unsigned charset_max_bytes(const struct charset *cs);
const char *charset_name(const struct charset *cs);
bool charset_is_binary(const struct charset *cs);
/* How many bytes of UTF-8 n bytes of this set can become at most. */
size_t charset_bound(const struct charset *cs, size_t n);
/* -> UTF-8 in dst (charset_bound() bytes), which may be NULL: counts only. False: invalid, at byte *ret_bad of p. binary: copied. */
bool charset_to_utf8(const struct charset *cs, const uint8_t *p, size_t n, uint8_t *dst, size_t *ret_n, size_t *ret_bad);

#endif
