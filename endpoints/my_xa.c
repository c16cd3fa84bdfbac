/* my_xa.c - transactions of XA that are prepared on a MySQL or MariaDB source: who waits for them, and whether we may know of them.
 * Since MySQL 5.7.7 and MariaDB 10.5 their rows stand in the log at XA PREPARE, and XA COMMIT comes later; before, all of it stood there at the
 * commit, as one.
 * Threads: the connection's. */
#include "endpoints/my_source.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/base/bytes.h"
#include "daemon/base/log.h"

#define WAIT_USEC     500000
#define NAMED	      3		/* in a message */
#define ER_XAER_RMERR 1401	/* XA RECOVER without XA_RECOVER_ADMIN */

static bool
are_logged_so(const struct my_conn *c)
{
	return my_conn_at_least(c, 50707, 100500);
}

static void
put_part(struct buf *b, const char *p, uint64_t n)
{
	buf_str(b, "X'");
	for (uint64_t i = 0; i < n; i++)
		buf_printf(b, "%02x", (unsigned char)p[i]);
	buf_str(b, "'");
}

/* formatID, gtrid_length, bqual_length, data -> as XA COMMIT takes it. */
static void
put_name(struct buf *b, const struct my_rows *r)
{
	const uint64_t n = my_length(r, 3), gtrid = my_number(r, 1) < n ? my_number(r, 1) : n;

	put_part(b, my_text(r, 3), gtrid);
	buf_str(b, ",");
	put_part(b, my_text(r, 3) + gtrid, n - gtrid);
	buf_printf(b, ",%" PRIu64, my_number(r, 0));
}

/* How many there are; names: NULL, or the first of them. 0 where we may not know. */
static bool
recover(struct my_conn *c, uint64_t *ret_n, struct buf *names, struct err *err)
{
	struct my_rows r;

	*ret_n = 0;
	if (!are_logged_so(c))
		return true;
	if (!my_query(c, &r, err, "XA RECOVER", 0, NULL)) {
		if (my_errno(c) != ER_XAER_RMERR)
			return err_ctx(err, "XA RECOVER");
		err_clear(err);
		return true;
	}
	*ret_n = r.n;
	for (int i = 0; names != NULL && i < NAMED && my_next(&r); i++) {
		buf_str(names, i > 0 ? "; " : "");
		put_name(names, &r);
	}
	my_rows_done(&r);
	return true;
}

bool
my_xa_none(struct my_conn *c, bool *ret, struct err *err)
{
	uint64_t n;

	if (!recover(c, &n, NULL, err))
		return false;
	*ret = n == 0;
	return true;
}

bool
my_xa_commits(struct my_conn *c, uint64_t *ret, struct err *err)
{
	struct my_rows r;

	*ret = 0;
	if (!my_query(c, &r, err, "SHOW GLOBAL STATUS LIKE 'Com_xa_commit'", 0, NULL))
		return false;
	if (my_next(&r))
		*ret = my_number(&r, 1);
	my_rows_done(&r);
	return true;
}

bool
my_xa_may_ask(struct my_conn *c, bool *ret, struct err *err)
{
	struct my_rows r;

	*ret = !are_logged_so(c) || my_query(c, &r, err, "XA RECOVER", 0, NULL);
	if (*ret && are_logged_so(c))
		my_rows_done(&r);
	if (*ret || my_errno(c) != ER_XAER_RMERR)
		return *ret;
	err_clear(err);
	return true;
}

bool
my_xa_wait(struct my_conn *c, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	bool said = false, may;
	uint64_t n;

	if (!my_xa_may_ask(c, &may, err))
		return false;
	if (!may)
		log_warning("without the privilege XA_RECOVER_ADMIN on the source it can't be seen whether transactions of XA are prepared: one that is "
		    "ends the stream with a hole when it commits");
	for (;;) {
		struct buf b = { 0 }, names = { 0 };
		bool ok = recover(c, &n, &names, err);

		if (ok && n > 0) {
			buf_printf(&b, "waiting for %" PRIu64 " XA transaction%s prepared on the source: %s%s; XA COMMIT or XA ROLLBACK there ends the wait", n,
			    n == 1 ? "" : "s", buf_cstr(&names), n > NAMED ? "; ..." : "");
			on_wait(arg, buf_cstr(&b));
			if (!said)
				log_info("%s", buf_cstr(&b));
			said = true;
		}
		buf_done(&b);
		buf_done(&names);
		if (!ok || n == 0)
			return ok;
		if (!stop_sleep(c->stop, WAIT_USEC))
			return err_set(err, ERR_CANCELLED, "stopped");
	}
}
