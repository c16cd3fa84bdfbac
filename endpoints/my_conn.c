/* my_conn.c - connecting to MySQL and MariaDB, the session's settings, and the one wait of all calls.
 * Flow: my_conn_open() -> statements (my_query.c) -> my_conn_close().
 * Invariant: after connect the socket does not block, and the library asks on_wait() for each wait, which polls the socket and the stop flag until
 * the deadline. The callback has no argument of ours, so the connection that is in a call stands in a thread's own variable (my_enter()).
 * Three places are bounded by the connect timeout alone: the resolver, which the library calls itself; a TLS handshake whose peer falls silent
 * before the library has waited for anything; and a socket's backlog that is full.
 * Under TLS the library asks for a wait to read also where it wants to write: on_wait() looks at both.
 * Threads: one at a time for each connection. Errors to kinds and messages: my_err.c. */
#include "endpoints/my_conn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mysql.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "endpoints/my_conn_intern.h"

#define CONNECT_ADDRESS_USEC 10000000
#define CONNECT_TOTAL_USEC   30000000
#define PIN_USEC	     10000000
#define KILL_USEC	     2000000
#define BEAT_USEC	     5000000 /* a longer wait shows signs of life */
#define TLS_SLICE_USEC	     50000 /* then the library tries again: it may want to write */
#ifndef LOOK_USEC
#define LOOK_USEC	     30000000 /* without a byte from a target */
#endif
#define SERVER_SQL "LEFT(CONCAT(@@hostname, ':', @@port, ' ', @@server_id), 150)"
#define OLDEST_MYSQL	     50600
#define OLDEST_MARIADB	     100500
#define DEFAULT_CA_FILE	     "/etc/ssl/certs/ca-certificates.crt"
#define FOREVER_SECONDS	     31536000 /* the most that the servers take */

/* Passwords go by challenge, or encrypted with the server's key. */
static const char challenges[] =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec";

/* ---- waits ---- */

static _Thread_local struct my_conn *in_call;

void
my_enter(struct my_conn *c)
{
	in_call = c;
	err_clear(&c->why);
	c->wait_until = c->deadline_usec > 0 ? clock_mono().v + c->deadline_usec : 0;
	c->heard = clock_mono().v;
	c->waits = 0;
}

void
my_leave(void)
{
	in_call = NULL;
}

static bool
give_up(struct my_conn *c)
{
	if (c->connecting)
		return err_set(&c->why, ERR_RETRY, "no answer from the server within %d s",
		    CONNECT_TOTAL_USEC / 1000000);
	return err_set(&c->why, ERR_RETRY, "no answer from endpoint %s within %d s", c->endpoint,
	    (int)((c->deadline_usec + 999999) / 1000000));
}

/* What is left until the nearer end; < 0: none. */
static int64_t
time_left(const struct my_conn *c)
{
	const int64_t now = clock_mono().v;
	int64_t until = c->wait_until;

	if (c->address_until != 0 && (until == 0 || c->address_until < until))
		until = c->address_until;
	if (until == 0)
		return -1;
	return until > now ? until - now : 0;
}

static bool
writes(enum my_conn_kind kind)
{
	return kind == MY_CONN_TARGET || kind == MY_CONN_LOAD;
}

/* Of a target's call without a deadline: is it time to ask how its session does, and what came of it. */
static bool
look_where_due(struct my_conn *c)
{
	bool ok;

	if (c->wait_until != 0 || !writes(c->kind) || clock_mono().v - c->heard < LOOK_USEC + c->waits * (LOOK_USEC / 3))
		return true;
	ok = my_look(c, &c->why);
	in_call = c;
	if (c->waits == 0)
		c->heard = clock_mono().v;
	return ok;
}

/* Waits for events, for the stop flag, for the time: *ret_events 0 where it is up (the call's deadline is an error, a slice's or an address's end is
 * none). */
static bool
wait_events(struct my_conn *c, int fd, short events, int64_t slice_usec, short *ret_events)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events },
		{ .fd = c->stop != NULL ? c->stop->fd : -1, .events = POLLIN } };

	*ret_events = 0;
	for (;;) {
		const int64_t left = time_left(c);
		int64_t slice = left < 0 || left > BEAT_USEC ? BEAT_USEC : left;
		struct timespec ts;
		int n;

		if (c->stop != NULL && stop_requested(c->stop))
			return err_set(&c->why, ERR_CANCELLED, "stopped");
		if (c->wait_until != 0 && clock_mono().v >= c->wait_until)
			return give_up(c);
		if (left == 0)
			return true;
		if (!look_where_due(c))
			return false;
		if (slice_usec > 0 && slice > slice_usec)
			slice = slice_usec;
		ts = (struct timespec){ .tv_sec = slice / 1000000,
			.tv_nsec = slice % 1000000 * 1000 };
		thread_beat();
		n = ppoll(fds, 2, &ts, NULL);
		if (n < 0 && errno != EINTR)
			return err_errno(&c->why, errno, "poll");
		if (n > 0 && fds[1].revents != 0)
			return err_set(&c->why, ERR_CANCELLED, "stopped");
		*ret_events = n > 0 ? fds[0].revents : 0;
		if (*ret_events != 0) {
			c->heard = clock_mono().v;
			c->waits = 0;
		}
		if (*ret_events != 0 || (n == 0 && slice_usec > 0))
			return true;
	}
}

/* Bit CLIENT_SSL of the server's greeting, which it sends unasked. An error in its place is the library's to read. False: not all of it is here. */
static bool
greeting_seen(int fd, bool *ret_tls)
{
	enum { HEAD = 4, AFTER_VERSION = 4 + 8 + 1 };
	uint8_t p[512];
	const ssize_t n = recv(fd, p, sizeof(p), MSG_PEEK | MSG_DONTWAIT);
	const uint8_t *end;

	*ret_tls = true;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || n == (ssize_t)sizeof(p))
		return true;
	if (n <= HEAD)
		return false;
	if (p[HEAD] == 0xff)
		return true;
	end = memchr(p + HEAD + 1, '\0', (size_t)n - HEAD - 1);
	if (end == NULL || p + n - end < AFTER_VERSION + 3)
		return false;
	*ret_tls = (end[1 + AFTER_VERSION + 1] & (CLIENT_SSL >> 8)) != 0;
	return true;
}

/* A server without TLS, or someone in the middle who takes the offer away, must see neither user nor answer to its challenge. */
static bool
await_greeting(struct my_conn *c, int fd)
{
	bool tls = true;
	short got;

	c->greeted = true;
	while (!greeting_seen(fd, &tls)) {
		if (!wait_events(c, fd, POLLIN, 0, &got))
			return false;
		if (got == 0 || (got & ~POLLIN) != 0)
			return true;
		usleep(1000); /* the rest of it is on its way */
	}
	return tls || err_set(&c->why, ERR_CONFIG, "the server does not offer TLS");
}

/* A new address of the host; the server's greeting is looked at as soon as it is there. */
static int
wait_connected(struct my_conn *c, int fd)
{
	int failed = 0;
	socklen_t size = sizeof(failed);
	short got;

	c->address_until = clock_mono().v + CONNECT_ADDRESS_USEC;
	if (!wait_events(c, fd, POLLOUT, 0, &got))
		return -1;
	if (got == 0) {
		c->silent = true;
		return 0;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0 || failed != 0) {
		errno = failed;
		return failed == 0 ? -1 : 0;
	}
	return !c->needs_tls || await_greeting(c, fd) ? 1 : -1;
}

static int
wait_tls(struct my_conn *c, int fd)
{
	struct pollfd now = { .fd = fd, .events = POLLIN | POLLOUT };
	short got;

	if (poll(&now, 1, 0) > 0 && (now.revents & ~POLLOUT) != 0)
		return 1;
	if (!wait_events(c, fd, (short)(now.revents & POLLOUT ? POLLIN : POLLIN | POLLOUT),
		TLS_SLICE_USEC, &got))
		return -1;
	return got != 0 || !c->connecting || time_left(c) != 0;
}

/* What the library calls in place of poll(): > 0: go on. */
static int
on_wait(my_socket fd, my_bool is_read, int timeout)
{
	struct my_conn *c = in_call;
	short got;

	(void)timeout;
	if (c == NULL) {
		errno = ECANCELED;
		return -1;
	}
	if (c->connecting) {
		const int flags = fcntl(fd, F_GETFL);

		if (!is_read && !c->greeted)
			return wait_connected(c, fd);
		/* Before the handshake of TLS, which would block otherwise. */
		if (flags >= 0)
			(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	}
	if (c->tls)
		return wait_tls(c, fd);
	if (!wait_events(c, fd, is_read ? POLLIN : POLLOUT, 0, &got))
		return -1;
	return got != 0;
}

/* ---- the session's settings ---- */

static const char *const modes[] = {
	[MY_CONN_SOURCE] = "NO_ENGINE_SUBSTITUTION",
	[MY_CONN_DUMP] = "NO_ENGINE_SUBSTITUTION",
	[MY_CONN_TARGET] = MY_TARGET_SQL_MODE,
	[MY_CONN_LOAD] = MY_TARGET_SQL_MODE,
};

/* Names that not every version has; refused ones are passed over. */
static const char *const common_settings[] = {
	"innodb_lock_wait_timeout = %s",
	"lc_messages = 'en_US'",
	"max_execution_time = 0",
	"max_statement_time = 0",
	"information_schema_stats_expiry = 0", /* sizes as they are, not of a day ago (MySQL 8.0) */
	"idle_transaction_timeout = 0",
	"idle_readonly_transaction_timeout = 0",
	"idle_write_transaction_timeout = 0",
};

static const char *const target_settings[] = {
	"eq_range_index_dive_limit = 0", /* a list of keys is always looked up */
	"range_optimizer_max_mem_size = 0", "in_predicate_conversion_threshold = 0",
	"binlog_format = ROW", /* nothing else goes with READ COMMITTED */
};

static bool
set_optional(struct my_conn *c, const char *setting, struct err *err)
{
	struct err refused = ERR_INIT;
	char sql[128], text[96];

	snprintf(text, sizeof(text), "%s", setting);
	if (strstr(setting, "%s") != NULL)
		snprintf(text, sizeof(text), "innodb_lock_wait_timeout = %s",
		    writes(c->kind) ? (c->mariadb ? "100000000" : "1073741824") : "5");
	snprintf(sql, sizeof(sql), "SET SESSION %s", text);
	if (my_exec(c, &refused, sql))
		return true;
	if (c->lost || refused.kind == ERR_CANCELLED) {
		*err = refused;
		return false;
	}
	return true;
}

static bool
set_all_optional(struct my_conn *c, struct err *err)
{
	for (size_t i = 0; i < sizeof(common_settings) / sizeof(common_settings[0]); i++)
		if (!set_optional(c, common_settings[i], err))
			return false;
	for (size_t i = 0;
	     writes(c->kind) && i < sizeof(target_settings) / sizeof(target_settings[0]); i++)
		if (!set_optional(c, target_settings[i], err))
			return false;
	return true;
}

static bool
set_session(struct my_conn *c, struct err *err)
{
	return my_exec(c, err, "SET NAMES utf8mb4 COLLATE utf8mb4_bin") &&
	       my_execf(c, err,
		   "SET SESSION time_zone = '+00:00', sql_mode = '%s', autocommit = 1, "
		   "completion_type = 0, sql_auto_is_null = 0, sql_safe_updates = 0, "
		   "sql_big_selects = 1, sql_select_limit = 18446744073709551615, sql_notes = 1, "
		   "foreign_key_checks = %d, unique_checks = 1, wait_timeout = %d, "
		   "net_read_timeout = %d, net_write_timeout = %d, lock_wait_timeout = %d",
		   modes[c->kind], !writes(c->kind), FOREVER_SECONDS, FOREVER_SECONDS,
		   FOREVER_SECONDS, writes(c->kind) ? FOREVER_SECONDS : 5) &&
	       my_execf(c, err, "SET SESSION TRANSACTION ISOLATION LEVEL %s, READ WRITE",
		   c->kind == MY_CONN_SOURCE ? "REPEATABLE READ" : "READ COMMITTED") &&
	       set_all_optional(c, err);
}

/* The session is as it was asked to be: a proxy in between may have given us another. */
static bool
check_session(struct my_conn *c, struct err *err)
{
	struct my_rows rows;
	bool same;

	if (!my_query(c, &rows, err,
		"SELECT CONNECTION_ID(), @@session.max_allowed_packet, @@session.time_zone,"
		" @@session.collation_connection, @@session.sql_mode, @@global.lower_case_table_names, " SERVER_SQL,
		0, NULL))
		return false;
	if (!my_next(&rows)) {
		my_rows_done(&rows);
		return err_set(err, ERR_PROTOCOL, "the server does not tell its settings");
	}
	c->id = my_number(&rows, 0);
	c->max_packet = my_number(&rows, 1);
	c->folds_names = my_number(&rows, 5) != 0;
	snprintf(c->server, sizeof(c->server), "%s", my_text(&rows, 6));
	same = strcmp(my_text(&rows, 2), "+00:00") == 0 &&
	       strcmp(my_text(&rows, 3), "utf8mb4_bin") == 0 &&
	       (strstr(my_text(&rows, 4), "STRICT_ALL_TABLES") != NULL) == writes(c->kind);
	my_rows_done(&rows);
	if (same)
		return true;
	err_set(err, ERR_CONFIG, "the session does not have the settings that it was given");
	return err_remedy(err, "connect to the server itself, not to a proxy");
}

static bool
check_server(struct my_conn *c, struct err *err)
{
	if (c->tls && mysql_get_ssl_cipher(c->my) == NULL)
		return err_set(err, ERR_CONFIG, "the connection is not encrypted");
	c->mariadb = mariadb_connection(c->my) != 0;
	c->version = (int)mysql_get_server_version(c->my);
	if (my_conn_at_least(c, OLDEST_MYSQL, OLDEST_MARIADB))
		return true;
	return err_set(err, ERR_CONFIG, "%s %s is too old: repld needs %s or later",
	    c->mariadb ? "MariaDB" : "MySQL", my_conn_version_text(c), c->mariadb ? "10.5" : "5.6");
}

/* ---- connect ---- */

static int
infile_init(void **state, const char *name, void *arg)
{
	struct my_conn *c = arg;

	(void)name;
	*state = c;
	return c->infile == NULL; /* a server that asks for a file of its own accord gets none */
}

static int
infile_read(void *state, char *out, unsigned n)
{
	struct my_conn *c = state;

	return c->infile != NULL ? c->infile(c->infile_arg, out, n) : -1;
}

static void
infile_end(void *state)
{
	(void)state;
}

static int
infile_error(void *state, char *out, unsigned n)
{
	(void)state;
	snprintf(out, n, "given up");
	return 2000; /* CR_UNKNOWN_ERROR */
}

static bool
set_tls(struct my_conn *c, struct err *err)
{
	const struct endpoint *ep = c->ep;
	my_bool enforce, verify;

	c->needs_tls = c->tls = ep->socket == NULL && ep->tls != TLS_DISABLE;
	if (c->tls && ep->tls == TLS_VERIFY_CA) {
		err_set(err, ERR_CONFIG, "tls = \"verify-ca\" is for PostgreSQL");
		return err_remedy(
		    err, "set tls = \"verify-full\" or \"require\" for endpoint %s", ep->name);
	}
	enforce = c->tls;
	verify = c->tls && ep->tls == TLS_VERIFY_FULL;
	if (verify)
		mysql_optionsv(
		    c->my, MYSQL_OPT_SSL_CA, ep->tls_ca != NULL ? ep->tls_ca : DEFAULT_CA_FILE);
	if (c->tls)
		mysql_optionsv(c->my, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
	mysql_optionsv(c->my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	mysql_optionsv(c->my, MYSQL_OPT_SSL_ENFORCE, &enforce);
	if (!c->tls && ep->socket == NULL)
		mysql_optionsv(c->my, MARIADB_OPT_RESTRICTED_AUTH, challenges);
	return true;
}

static bool
set_options(struct my_conn *c, const char *task, const char *purpose, struct err *err)
{
	const unsigned protocol =
			   c->ep->socket != NULL ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP,
		       local = c->kind == MY_CONN_LOAD, connect_s = CONNECT_ADDRESS_USEC / 1000000,
		       forever_s = 1000000;
	char name[160];

	snprintf(name, sizeof(name), "repld%s%s %s", task != NULL ? " " : "",
	    task != NULL ? task : "", purpose);
	mysql_optionsv(c->my, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_optionsv(c->my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	/* The library does not wait where it has no limit of its own; on_wait() has the real ones. */
	mysql_optionsv(c->my, MYSQL_OPT_READ_TIMEOUT, &forever_s);
	mysql_optionsv(c->my, MYSQL_OPT_WRITE_TIMEOUT, &forever_s);
	mysql_optionsv(c->my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(c->my, MYSQL_OPT_LOCAL_INFILE, &local);
	mysql_optionsv(c->my, MARIADB_OPT_IO_WAIT, on_wait);
	mysql_options4(c->my, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", name);
	mysql_set_local_infile_handler(
	    c->my, infile_init, infile_read, infile_end, infile_error, c);
	return set_tls(c, err);
}

/* Unacknowledged bytes end a connection after a minute; on a target after ten, as a peer counts that reads no more because it waits for a lock. */
static void
socket_settings(const struct my_conn *c)
{
	const int fd = (int)mysql_get_socket(c->my), one = 1, idle = 20, interval = 5, count = 3;
	const unsigned lost_ms = writes(c->kind) ? 600000 : 60000;

	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (c->ep->socket != NULL)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_ms, sizeof(lost_ms));
}

static bool
connect_failed(struct my_conn *c, struct err *err)
{
	const struct my_error e = { mysql_errno(c->my), mysql_sqlstate(c->my), mysql_error(c->my) };

	c->lost = true;
	if (c->why.kind == ERR_CONFIG || c->why.kind == ERR_CANCELLED ||
	    c->why.kind == ERR_SYSTEM) {
		*err = c->why;
		return err->kind == ERR_CONFIG &&
		       err_remedy(err,
			   "set up TLS on the server, or give up encryption by tls = \"disable\" "
			   "for endpoint %s",
			   c->endpoint);
	}
	return my_err_connect(c, &e, err);
}

static bool
connect_now(struct my_conn *c, int64_t limit_usec, struct err *err)
{
	const struct endpoint *ep = c->ep;
	char password[PASSWORD_MAX];
	MYSQL *done;

	if (!endpoint_password(ep, password, err))
		return false;
	c->connecting = true;
	c->deadline_usec = limit_usec;
	my_enter(c);
	done = mysql_real_connect(c->my, ep->socket != NULL ? NULL : ep->host, ep->user,
	    password[0] != '\0' ? password : NULL, NULL, ep->port, ep->socket, CLIENT_FOUND_ROWS);
	my_leave();
	explicit_bzero(password, sizeof(password));
	c->connecting = false;
	c->address_until = 0;
	if (done == NULL)
		return connect_failed(c, err);
	socket_settings(c);
	c->deadline_usec = limit_usec < PIN_USEC ? limit_usec : PIN_USEC;
	return true;
}

/* The library's own set-up at its first use is not made for threads that come at once. */
static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static bool library_started;

static void
start_library(void)
{
	library_started = mysql_library_init(0, NULL, NULL) == 0;
}

bool
my_library_start(struct err *err)
{
	pthread_once(&library_once, start_library);
	return library_started ||
	       err_set(err, ERR_SYSTEM, "the client library for MySQL does not start");
}

static struct my_conn *
open_until(const struct endpoint *ep, enum my_conn_kind kind, const char *task, const char *purpose,
    struct stop *stop, int64_t limit_usec, struct err *err)
{
	struct my_conn *c = NULL;

	if (!my_library_start(err) || (c = mem_zalloc(sizeof(*c), err)) == NULL)
		return NULL;
	c->stop = stop;
	c->ep = ep;
	c->endpoint = ep->name;
	c->kind = kind;
	if ((c->my = mysql_init(NULL)) == NULL) {
		err_set(err, ERR_SYSTEM, "no memory for a connection");
		free(c);
		return NULL;
	}
	if (!set_options(c, task, purpose, err) || !connect_now(c, limit_usec, err)) {
		my_conn_close(c);
		return NULL;
	}
	return c;
}

struct my_conn *
my_conn_open(const struct endpoint *ep, enum my_conn_kind kind, const char *task,
    const char *purpose, struct stop *stop, struct err *err)
{
	struct my_conn *c = open_until(ep, kind, task, purpose, stop, CONNECT_TOTAL_USEC, err);

	if (c != NULL && check_server(c, err) && set_session(c, err) && check_session(c, err)) {
		c->deadline_usec = 0;
		return c;
	}
	if (err->kind != ERR_CANCELLED)
		err_ctx(err, "endpoint %s", ep->name);
	my_conn_close(c);
	return NULL;
}

struct my_conn *
my_conn_beside(const struct my_conn *c, const char *purpose, struct stop *stop, int64_t limit_usec, struct err *err)
{
	struct my_conn *beside = open_until(c->ep, MY_CONN_SOURCE, NULL, purpose, stop, limit_usec, err);
	char server[sizeof(c->server)];
	bool there;

	if (beside == NULL)
		return NULL;
	/* Behind a load balancer another server may answer: the number is somebody else's there. */
	if (my_value(beside, server, sizeof(server), &there, err, "SELECT " SERVER_SQL, 0, NULL) &&
	    there && strcmp(server, c->server) == 0)
		return beside;
	err_set(err, ERR_RETRY, "endpoint %s: another server answers", c->endpoint);
	my_conn_close(beside);
	return NULL;
}

static bool
kill_from_beside(const struct my_conn *c, const char *what)
{
	struct err ignored = ERR_INIT;
	struct my_conn *k = my_conn_beside(c, "kill", NULL, KILL_USEC, &ignored);
	const bool done = k != NULL && my_execf(k, &ignored, "KILL %s %" PRIu64, what, c->id);

	if (!done)
		log_debug("endpoint %s: a statement left behind can't be ended: %s", c->endpoint,
		    ignored.msg);
	my_conn_close(k);
	return done;
}

/* A statement that runs goes on after its client has gone: it holds its locks, and may even commit. */
static void
kill_session(const struct my_conn *c)
{
	(void)kill_from_beside(c, "CONNECTION");
}

bool
my_conn_interrupt(const struct my_conn *c)
{
	return kill_from_beside(c, "QUERY");
}

void
my_conn_close(struct my_conn *c)
{
	if (c == NULL)
		return;
	if (c->busy && c->id != 0)
		kill_session(c);
	mysql_close(c->my); /* outside of a call: it waits for nothing */
	free(c);
}

const char *
my_conn_version_text(const struct my_conn *c)
{
	return mysql_get_server_info(c->my);
}

bool
my_conn_at_least(const struct my_conn *c, int mysql, int mariadb)
{
	const int least = c->mariadb ? mariadb : mysql;

	return least > 0 && c->version >= least;
}
