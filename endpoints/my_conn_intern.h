/* my_conn_intern.h - what my_conn.c and my_query.c share. */
#ifndef REPLD_ENDPOINTS_MY_CONN_INTERN_H
#define REPLD_ENDPOINTS_MY_CONN_INTERN_H

#include "endpoints/my_conn.h"

#define MY_TARGET_SQL_MODE "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES"

/* Around each call of the library that may wait: the deadline begins anew. */
void my_enter(struct my_conn *c);
void my_leave(void);
/* A session beside `c`, for one question or order; NULL: it did not come about within the limit. */
struct my_conn *my_conn_beside(const struct my_conn *c, const char *purpose, struct stop *stop, int64_t limit_usec, struct err *err);
/* A target's call has waited long without a byte: asks the server about its session. False: no answer will come. */
bool my_look(struct my_conn *c, struct err *err) MUST_CHECK;
/* What to do where TLS did not come about; always false. */
bool my_err_tls(const struct endpoint *ep, struct err *err);

#endif
