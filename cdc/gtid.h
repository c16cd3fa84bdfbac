/* gtid.h - global transaction identifiers of MySQL and MariaDB, and what of a log has been applied in their terms.
 * MySQL: uuid[:tag]:number; a set holds intervals of numbers for each uuid and tag, with gaps. MariaDB: domain-server-sequence; its "set" is
 * a position: the last identifier of each domain, with the server that wrote it.
 * Threads: plain values; a set belongs to one thread. */
#ifndef REPLD_CDC_GTID_H
#define REPLD_CDC_GTID_H

#include <stdint.h>
#include "daemon/base/bytes.h"
#include "daemon/base/err.h"

enum gtid_flavour { GTID_MYSQL = 1, GTID_MARIADB };

#define GTID_TAG_MAX 32

struct gtid {
	uint8_t flavour;		/* enum gtid_flavour; 0: an anonymous transaction, which has none */
	char tag[GTID_TAG_MAX + 1];	/* MySQL 8.3 and later: lower case; "": none */
	uint8_t uuid[16];		/* MySQL */
	uint32_t domain, server;	/* MariaDB */
	uint64_t number;		/* from 1; MariaDB: the sequence number */
};

/* first.number to last of one source; MariaDB: last == first.number, and what counts is the last one of a domain. */
struct gtid_run {
	struct gtid first;
	uint64_t last;
};

#define GTID_TEXT 96
const char *gtid_text(const struct gtid *g, char out[GTID_TEXT]);	/* "uuid:tag:5", "0-1-5"; "-" for none */
bool gtid_parse(const char *text, struct gtid *ret, struct err *err) MUST_CHECK;	/* ERR_CONFIG */

struct gtid_set;			/* malloc'ed */

struct gtid_set *gtid_set_new(enum gtid_flavour flavour, struct err *err) MUST_CHECK;
void gtid_set_free(struct gtid_set *s);	/* NULL is fine */
struct gtid_set *gtid_set_copy(const struct gtid_set *s, struct err *err) MUST_CHECK;
enum gtid_flavour gtid_set_flavour(const struct gtid_set *s);
/* As the servers write it: blanks and newlines between the parts are fine, "" is the empty set. ERR_CONFIG. */
struct gtid_set *gtid_set_parse(enum gtid_flavour flavour, const char *text, struct err *err) MUST_CHECK;
/* Whether the text begins as a set (or one identifier) of one flavour or the other; what follows may still be wrong. 0: neither, as "". */
enum gtid_flavour gtid_text_flavour(const char *text);
/* As the servers write it, in one line: intervals merged, uuids (MariaDB: domains) in order. Equal sets, equal texts. */
void gtid_set_text(const struct gtid_set *s, struct buf *out);
/* MariaDB: the run's identifier becomes the last one of its domain. */
bool gtid_set_add(struct gtid_set *s, const struct gtid_run *run, struct err *err) MUST_CHECK;
bool gtid_set_add_all(struct gtid_set *s, const struct gtid_set *more, struct err *err) MUST_CHECK;	/* MySQL */
bool gtid_set_has(const struct gtid_set *s, const struct gtid *g);	/* MariaDB: its domain has come to that number or beyond */
bool gtid_set_contains(const struct gtid_set *s, const struct gtid_set *part);	/* all of part; MariaDB: each domain of part has come as far */
bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b);
bool gtid_set_empty(const struct gtid_set *s);
/* a without b, for messages: what is missing. MySQL. */
struct gtid_set *gtid_set_minus(const struct gtid_set *a, const struct gtid_set *b, struct err *err) MUST_CHECK;
/* MySQL: the bytes that COM_BINLOG_DUMP_GTID wants, and that PREVIOUS_GTIDS holds (tagged sets: the newer encoding, where there are tags). */
void gtid_set_encode(const struct gtid_set *s, struct buf *out);
struct gtid_set *gtid_set_decode(const void *p, size_t n, struct err *err) MUST_CHECK;	/* ERR_PROTOCOL */
/* MariaDB: the body of GTID_LIST: count (its high bits are flags), then domain, server, number each. */
struct gtid_set *gtid_list_decode(const void *p, size_t n, struct err *err) MUST_CHECK;

#endif
