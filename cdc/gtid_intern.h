/* gtid_intern.h - the inside of a set of GTIDs, for gtid.c (text, arithmetic) and gtid_bytes.c (binary forms). */
#ifndef REPLD_CDC_GTID_INTERN_H
#define REPLD_CDC_GTID_INTERN_H

#include "cdc/gtid.h"

#define GTID_NUMBER_MAX (INT64_MAX - 1)	/* MySQL; so that last + 1 is one, too */

struct gtid_interval {
	uint64_t first, last;
};

/* MySQL: the numbers of one uuid and tag. */
struct gtid_source {
	uint8_t uuid[16];
	char tag[GTID_TAG_MAX + 1];
	struct gtid_interval *iv;
	size_t n, cap;
};

struct gtid_domain {
	uint32_t domain, server;
	uint64_t number;
};

struct gtid_set {
	enum gtid_flavour flavour;
	struct gtid_source *sources;		/* MySQL */
	struct gtid_domain *domains;		/* MariaDB */
	size_t n, cap;
};

bool gtid_add_interval(struct gtid_set *s, const uint8_t uuid[16], const char *tag, uint64_t first, uint64_t last, struct err *err);
bool gtid_set_domain(struct gtid_set *s, struct gtid_domain d, struct err *err);
bool gtid_tag_char(char c, bool first);	/* of a tag, in upper case too; first: a letter or _ */

#endif
