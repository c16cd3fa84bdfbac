/* my_grants.h - what the account of a session may do, out of SHOW GRANTS. Pure but for my_grants_read().
 * Roles count as far as the server shows their grants with the account's own. */
#ifndef REPLD_ENDPOINTS_MY_GRANTS_H
#define REPLD_ENDPOINTS_MY_GRANTS_H

#include "endpoints/my_conn.h"

struct my_grant {
	char schema[200], table[200];	/* a schema may be a pattern (%, _, \); "*": all; table "*": all of the schema */
	bool revoked;			/* MySQL's partial revokes */
	char *privileges;		/* "SELECT, INSERT"; "ALL PRIVILEGES" */
};

struct my_grants {
	size_t n, cap;
	struct my_grant *rows;
};

bool my_grants_read(struct my_conn *c, struct my_grants *ret, struct err *err) MUST_CHECK;
void my_grants_done(struct my_grants *g);
/* One line of SHOW GRANTS; one that grants nothing on tables is passed over. */
bool my_grants_add(struct my_grants *g, const char *line, struct err *err) MUST_CHECK;
/* privilege: "SELECT", ... table NULL: on the whole schema. */
bool my_grants_has(const struct my_grants *g, const char *privilege, const char *schema, const char *table);
/* Appends those of a list ("SELECT, INSERT") that are missing, comma between; false: none is. */
bool my_grants_missing(const struct my_grants *g, const char *list, const char *schema, const char *table, struct buf *ret);

#endif
