/* endpoint.h - how a server is reached, what a task wants of it, and what a look at it found.
 * Threads: read-only after the configuration is checked. Owner: the configuration. */
#ifndef REPLD_ENDPOINTS_ENDPOINT_H
#define REPLD_ENDPOINTS_ENDPOINT_H

#include <stdint.h>
#include "daemon/base/bytes.h"
#include "daemon/base/err.h"

enum endpoint_kind { ENDPOINT_POSTGRESQL, ENDPOINT_MYSQL };	/* mysql: MariaDB too */
enum endpoint_role { ROLE_BOTH, ROLE_SOURCE, ROLE_TARGET };
enum tls_mode { TLS_DISABLE, TLS_REQUIRE, TLS_VERIFY_CA, TLS_VERIFY_FULL };

struct endpoint {
	const char *name;
	enum endpoint_kind kind;
	enum endpoint_role role;
	const char *host;		/* NULL where socket is set */
	uint16_t port;
	const char *socket;		/* the folder of the socket (MySQL: the socket itself); NULL: TCP */
	const char *dbname, *user;
	const char *password_file, *password_credential, *password_env;	/* at most one; NULL */
	enum tls_mode tls;		/* of no meaning over a socket */
	const char *tls_ca;
	bool failover;			/* of a source: slots are made so that a promoted standby has them (PostgreSQL 17) */
};

/* The server_id under which a stream of a task reads a MySQL or MariaDB source: the same for the same names, from 1. stream: 0, or the number of a load group. */
uint32_t endpoint_server_id(const char *task, uint32_t stream);

#define PASSWORD_MAX 1024
/* Reads the password again, as at each connection. ERR_CONFIG: missing, unreadable, readable by others, too long. "" where no option is
 * given. The caller wipes out with explicit_bzero(). */
bool endpoint_password(const struct endpoint *ep, char out[PASSWORD_MAX], struct err *err) MUST_CHECK;
/* Takes PG* and the like out of the environment and points HOME away, so that only the configuration counts. Once, at start. */
void endpoint_clean_environment(void);

/* What a preflight found; all of it at once, each with its fix. */
enum severity { FINDING_INFO, FINDING_RISK, FINDING_BLOCKER };
const char *severity_name(enum severity s);	/* "info", "risk", "blocker" */

struct finding {
	enum severity severity;
	enum err_kind kind;	/* of a blocker: ERR_RETRY where it can come back by itself, else ERR_CONFIG, ERR_SCHEMA, ERR_HOLE, ... */
	char *what, *fix;	/* fix: "" where there is none to name */
	char *table;		/* schema.table, or "" */
};

struct findings {
	size_t n, cap;
	struct finding *rows;
};

void findings_done(struct findings *f);
void finding_add(struct findings *f, enum severity s, enum err_kind kind, const char *table, const char *fix, const char *fmt, ...)
    PRINTF_LIKE(6, 7);		/* aborts on no memory */
void finding_add_err(struct findings *f, const char *what, const struct err *err);	/* a failed look is a blocker of the error's kind */
size_t findings_count(const struct findings *f, enum severity s);
/* The first blocker as an error (with how many more there are); true: there is none. */
bool findings_verdict(const struct findings *f, struct err *err) MUST_CHECK;

#endif
