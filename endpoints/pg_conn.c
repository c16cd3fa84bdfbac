/* pg_conn.c - connecting to PostgreSQL and running statements without ever waiting blindly.
 * Flow: pg_conn_open() -> pg_exec(), pg_query(), or PQsend*() + pg_next_result() ->
 * pg_conn_close().
 * Invariant: the socket is non-blocking; each wait is a poll on the socket and the stop flag, with
 * the deadline. Two places can't be bounded: the resolver's look-up of the host's name, which
 * libpq does itself, and PQcancel(), which gets a thread of its own. What libpq would take from
 * the environment or the home folder is given as a keyword each, so nothing is taken from there.
 * Threads: one at a time for each connection. Errors to kinds and messages: pg_err.c. */
#include "endpoints/pg_conn.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "staging/table.h"

#define CONNECT_ADDRESS_USEC 10000000
#define CONNECT_TOTAL_USEC   30000000
#define LATE_PIN_USEC	     10000000
#define CANCEL_USEC	     1000000
#ifndef BEAT_USEC
#define BEAT_USEC 5000000 /* a longer wait shows signs of life */
#endif
#ifndef LOOK_USEC
#define LOOK_USEC 30000000 /* without a byte from a target */
#endif
#define OLDEST_VERSION	     120000
#define MAX_KEYWORDS	     40
#define DEFAULT_CA_FILE	     "/etc/ssl/certs/ca-certificates.crt"
/* A path that can't exist: given where libpq would look into the home folder otherwise. */
#define NOWHERE "/dev/null/none"

/* The session's settings. They go into the startup packet, so they win over those of role and
 * database. */
static const char pins[] =
    "-c DateStyle=ISO,MDY -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=3"
    " -c bytea_output=hex -c lc_monetary=C -c search_path=pg_catalog -c row_security=off"
    " -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    " -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off"
    " -c default_transaction_deferrable=off -c standard_conforming_strings=on"
    " -c array_nulls=on -c quote_all_identifiers=off -c jit=off"
    " -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/* By kind. A walsender's own timeout is pinned too: a small one would end a stream that waits for
 * the target, none would let a dead one hold its slot. */
static const char *const kind_pins[] = {
    [PG_CONN_SOURCE] = " -c lock_timeout=5000",
    [PG_CONN_REPLICATION] = " -c lock_timeout=0 -c wal_sender_timeout=60000",
    [PG_CONN_TARGET] = " -c lock_timeout=0 -c synchronous_commit=on",
};

/* Unacknowledged bytes end a connection after this many ms. On a target it is long, for the kernel
 * counts a peer whose receive buffer is full the same way, as that of a session that waits for a
 * lock while a COPY is under way. */
static const char *const user_timeouts[] = {
    [PG_CONN_SOURCE] = "60000",
    [PG_CONN_REPLICATION] = "60000",
    [PG_CONN_TARGET] = "600000",
};

struct startup {
	const char *keys[MAX_KEYWORDS + 1], *values[MAX_KEYWORDS + 1];
	size_t n;
	bool may_send_clear; /* libpq can't be told not to: see clear_password_asked() */
	char port[8], app[160], options[sizeof(pins) + 96];
};

static void
keyword(struct startup *s, const char *key, const char *value)
{
	assert(s->n < MAX_KEYWORDS);
	s->keys[s->n] = key;
	s->values[s->n++] = value;
}

static bool
libpq_knows(const char *key)
{
	PQconninfoOption *all = PQconndefaults();
	bool found = false;

	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL && !found; o++)
		found = strcmp(o->keyword, key) == 0;
	PQconninfoFree(all);
	return found;
}

static void
tls_keywords(struct startup *s, const struct endpoint *ep)
{
	static const char *const modes[] = {[TLS_DISABLE] = "disable",
	    [TLS_REQUIRE] = "require",
	    [TLS_VERIFY_CA] = "verify-ca",
	    [TLS_VERIFY_FULL] = "verify-full"};
	const bool verify = ep->tls == TLS_VERIFY_CA || ep->tls == TLS_VERIFY_FULL;

	keyword(s, "sslmode", ep->socket != NULL ? "disable" : modes[ep->tls]);
	/* libpq verifies under "require" too where it finds a root certificate: it must find none.
	 */
	keyword(s, "sslrootcert",
	    !verify		 ? NOWHERE
	    : ep->tls_ca != NULL ? ep->tls_ca
				 : DEFAULT_CA_FILE);
	keyword(s, "sslcert", NOWHERE);
	keyword(s, "sslkey", NOWHERE);
	keyword(s, "sslcrl", NOWHERE);
	keyword(s, "ssl_min_protocol_version", "TLSv1.2");
	keyword(s, "gssencmode", "disable");
	if (ep->socket != NULL || ep->tls != TLS_DISABLE)
		return;
	if (libpq_knows("require_auth"))
		keyword(s, "require_auth", "!password,!gss,!sspi");
	else
		s->may_send_clear = true;
}

static void
startup_fill(struct startup *s, const struct endpoint *ep, enum pg_conn_kind kind, const char *task,
    const char *purpose, const char *password)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->port, sizeof(s->port), "%u", (unsigned)ep->port);
	snprintf(s->app, sizeof(s->app), "repld%s%s %s", task != NULL ? " " : "",
	    task != NULL ? task : "", purpose);
	snprintf(s->options, sizeof(s->options), "%s%s", pins, kind_pins[kind]);
	keyword(s, "host", ep->socket != NULL ? ep->socket : ep->host);
	if (ep->port != 0)
		keyword(s, "port", s->port);
	keyword(s, "dbname", ep->dbname);
	keyword(s, "user", ep->user);
	keyword(s, "password", password);
	keyword(s, "passfile", NOWHERE);
	keyword(s, "application_name", s->app);
	keyword(s, "client_encoding", "UTF8");
	keyword(s, "options", s->options);
	keyword(s, "target_session_attrs", "any");
	keyword(s, "connect_timeout", "10");
	keyword(s, "keepalives", "1");
	keyword(s, "keepalives_idle", "20");
	keyword(s, "keepalives_interval", "5");
	keyword(s, "keepalives_count", "3");
	keyword(s, "tcp_user_timeout", user_timeouts[kind]);
	if (kind == PG_CONN_REPLICATION)
		keyword(s, "replication", "database");
	tls_keywords(s, ep);
}

/* Waits for events on fd, or for the stop flag. *ret_events 0: time is up. wait_usec < 0: for ever.
 */
static bool
poll_socket(
    int fd, struct stop *stop, short events, int64_t wait_usec, short *ret_events, struct err *err)
{
	struct pollfd fds[2] = {
	    {.fd = fd, .events = events}, {.fd = stop != NULL ? stop->fd : -1, .events = POLLIN}};
	int64_t left = wait_usec;
	int n;

	*ret_events = 0;
	do {
		const int64_t slice = left < 0 || left > BEAT_USEC ? BEAT_USEC : left;
		const struct timespec ts = {
		    .tv_sec = slice / 1000000, .tv_nsec = slice % 1000000 * 1000};

		if (stop != NULL && stop_requested(stop))
			return err_set(err, ERR_CANCELLED, "stopped");
		thread_beat();
		n = ppoll(fds, 2, &ts, NULL);
		left -= left > 0 ? slice : 0;
	} while (n == 0 && left != 0);
	if (n < 0 && errno != EINTR)
		return err_errno(err, errno, "poll");
	if (n > 0 && fds[1].revents != 0)
		return err_set(err, ERR_CANCELLED, "stopped");
	if (n > 0)
		*ret_events = fds[0].revents;
	return true;
}

/* What is left of a limit that began at `start`; < 0: no limit. Never below 0 where there is one.
 */
static int64_t
time_left(struct usec start, int64_t limit_usec)
{
	int64_t left;

	if (limit_usec <= 0)
		return -1;
	left = limit_usec - usec_since(start);
	return left > 0 ? left : 0;
}

/* Where libpq is older than require_auth (16), the server's request is looked at before libpq reads
 * it: it stands on the socket in clear, as there is no TLS. *ret_more: it has not arrived as a
 * whole. The limit of this: someone in the middle who sends a second request in the very moment
 * between this look and libpq's reading is not seen. */
static bool
clear_password_asked(int fd, bool *ret_more)
{
	enum { HEAD = 9, AUTH_CLEARTEXT = 3 };
	uint8_t p[4096];
	const ssize_t got = recv(fd, p, sizeof(p), MSG_PEEK | MSG_DONTWAIT);
	size_t n = got > 0 ? (size_t)got : 0, off = 0;

	*ret_more = false;
	while (off < n) {
		size_t len;

		if (n - off < HEAD) {
			*ret_more = p[off] == 'R';
			return false;
		}
		if (p[off] == 'R' && be32(p + off + 5) == AUTH_CLEARTEXT)
			return true;
		len = (size_t)be32(p + off + 1) + 1;
		if (len < 5 || len > n - off)
			return false;
		off += len;
	}
	return false;
}

struct attempt {
	PGconn *pg;
	const struct endpoint *ep;
	struct stop *stop;
	struct usec start, address_start;
	bool may_send_clear;
	bool silent; /* an address did not answer in time */
};

/* An address that takes the connection attempt and never answers: ends it, so that libpq turns to
 * the host's next address. */
static bool
address_timed_out(struct attempt *a, struct err *err)
{
	const bool more = usec_since(a->start) < CONNECT_TOTAL_USEC;

	if (more && PQstatus(a->pg) == CONNECTION_STARTED && !a->silent) {
		shutdown(PQsocket(a->pg), SHUT_RDWR);
		a->address_start = clock_mono();
		a->silent = true;
		return true;
	}
	return err_set(err, ERR_RETRY, "no answer from the server within %d s",
	    (int)(usec_since(a->start) / 1000000));
}

static bool
refuse_clear_password(const struct endpoint *ep, struct err *err)
{
	err_set(
	    err, ERR_CONFIG, "the server asks for the password in clear, and tls = \"disable\"");
	return err_remedy(err,
	    "set tls = \"verify-full\" (or \"verify-ca\", \"require\") for endpoint %s, or let "
	    "pg_hba.conf "
	    "ask for scram-sha-256 in place of \"password\"",
	    ep->name);
}

/* One wait and one step of libpq's handshake. */
static bool
connect_step(struct attempt *a, PostgresPollingStatusType *next, struct err *err)
{
	const short want = *next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	int64_t left = time_left(a->address_start, CONNECT_ADDRESS_USEC);
	bool more = false;
	short got;

	if (!poll_socket(PQsocket(a->pg), a->stop, want, left, &got, err))
		return false;
	if (got == 0)
		return time_left(a->address_start, CONNECT_ADDRESS_USEC) > 0 ||
		       address_timed_out(a, err);
	if (a->may_send_clear && PQstatus(a->pg) == CONNECTION_AWAITING_RESPONSE) {
		if (clear_password_asked(PQsocket(a->pg), &more))
			return refuse_clear_password(a->ep, err);
		if (more) {
			return poll_socket(-1, a->stop, 0, 1000, &got, err);
		}
	}
	*next = PQconnectPoll(a->pg);
	return true;
}

static bool
connect_wait(struct attempt *a, struct err *err)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	a->start = a->address_start = clock_mono();
	while (next != PGRES_POLLING_OK) {
		if (next == PGRES_POLLING_FAILED || PQstatus(a->pg) == CONNECTION_BAD)
			return pg_err_connect(a->pg, a->ep, a->silent, err);
		if (!connect_step(a, &next, err))
			return false;
	}
	return true;
}

/* The session speaks as it was asked to: a pooler in between may have dropped the settings. */
static bool
check_pins(PGconn *pg, struct err *err)
{
	static const char *const want[][2] = {{"DateStyle", "ISO, MDY"},
	    {"IntervalStyle", "postgres"}, {"TimeZone", "UTC"},
	    {"standard_conforming_strings", "on"}, {"client_encoding", "UTF8"}};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const char *is = PQparameterStatus(pg, want[i][0]);

		if (is == NULL || strcmp(is, want[i][1]) != 0) {
			err_set(err, ERR_CONFIG,
			    "the session's %s is \"%s\" where \"%s\" was asked for", want[i][0],
			    is != NULL ? is : "", want[i][1]);
			return err_remedy(
			    err, "connect to the server itself, not to a connection pooler");
		}
	}
	return true;
}

static bool
check_server(const struct pg_conn *c, const struct endpoint *ep, struct err *err)
{
	if (ep->socket == NULL && ep->tls != TLS_DISABLE && !PQsslInUse(c->pg))
		return err_set(err, ERR_CONFIG, "the connection is not encrypted");
	if (pg_conn_version(c) < OLDEST_VERSION)
		return err_set(err, ERR_CONFIG, "PostgreSQL %s is too old: repld needs 12 or later",
		    PQparameterStatus(c->pg, "server_version"));
	return check_pins(c->pg, err);
}

/* Settings that older servers do not know, and would refuse the connection for. */
static bool
late_pins(struct pg_conn *c, struct err *err)
{
	const int version = pg_conn_version(c);
	bool ok = true;

	c->deadline_usec = LATE_PIN_USEC;
	if (version >= 170000)
		ok = pg_exec(c, err, "SET idle_session_timeout = 0; SET transaction_timeout = 0");
	else if (version >= 140000)
		ok = pg_exec(c, err, "SET idle_session_timeout = 0");
	c->deadline_usec = 0;
	return ok;
}

/* Notices may quote values: they go nowhere. */
static void
drop_notice(void *arg, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	log_debug("endpoint %s: notice %s", (const char *)arg, state != NULL ? state : "");
}

static bool take_results(struct pg_conn *c, PGresult **ret_last, struct err *err);

/* What the connection's start says is a pooler's number, where one is in between. */
static bool
know_session(struct pg_conn *c, struct err *err)
{
	static const char sql[] = "SELECT pg_backend_pid(), pg_postmaster_start_time()";
	struct err refused = ERR_INIT;
	PGresult *res = NULL;

	c->deadline_usec = LATE_PIN_USEC;
	if (!PQsendQuery(c->pg, sql))
		return pg_err_conn(c, "send a statement", err);
	if (take_results(c, &res, &refused) && res != NULL && PQntuples(res) == 1) {
		c->pid = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
		snprintf(c->started, sizeof(c->started), "%s", PQgetvalue(res, 0, 1));
	}
	PQclear(res);
	c->deadline_usec = 0;
	if (c->pid != 0)
		return true;
	if (refused.kind == ERR_RETRY || refused.kind == ERR_CANCELLED) {
		*err = refused;
		return false;
	}
	log_debug("endpoint %s: the session's number is not known: %s", c->endpoint, refused.msg);
	return true;
}

static bool
connect_ready(struct pg_conn *c, const struct endpoint *ep, enum pg_conn_kind kind, struct err *err)
{
	PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
	if (PQsetnonblocking(c->pg, 1) != 0)
		return pg_err_conn(c, "prepare the connection", err);
	return check_server(c, ep, err) && late_pins(c, err) && (kind == PG_CONN_SOURCE || know_session(c, err));
}

static bool
connect_start(struct pg_conn *c, const struct endpoint *ep, enum pg_conn_kind kind,
    const char *task, const char *purpose, struct err *err)
{
	char password[PASSWORD_MAX];
	struct startup s;
	struct attempt a;

	if (!endpoint_password(ep, password, err))
		return false;
	startup_fill(&s, ep, kind, task, purpose, password);
	c->pg = PQconnectStartParams(s.keys, s.values, 0);
	s.may_send_clear = s.may_send_clear && password[0] != '\0';
	explicit_bzero(password, sizeof(password));
	if (c->pg == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a connection");
	PQsetNoticeReceiver(c->pg, drop_notice, (void *)(uintptr_t)c->endpoint);
	PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE); /* for the SQLSTATE in the text */
	a = (struct attempt){
	    .pg = c->pg, .ep = ep, .stop = c->stop, .may_send_clear = s.may_send_clear};
	return connect_wait(&a, err) && connect_ready(c, ep, kind, err);
}

struct pg_conn *
pg_conn_open(const struct endpoint *ep, enum pg_conn_kind kind, const char *task,
    const char *purpose, struct stop *stop, struct err *err)
{
	struct pg_conn *c = mem_zalloc(sizeof(*c), err);

	if (c == NULL)
		return NULL;
	c->stop = stop;
	c->endpoint = ep->name;
	c->ep = ep;
	c->looks = kind == PG_CONN_TARGET;
	if (!connect_start(c, ep, kind, task, purpose, err)) {
		if (err->kind != ERR_CANCELLED)
			err_ctx(err, "endpoint %s", ep->name);
		pg_conn_close(c);
		return NULL;
	}
	return c;
}

/* A cancel request on its way. PQcancel() waits as long as the network pleases; whoever comes last
 * frees this. */
struct cancel {
	struct mutex m;
	struct cond done_cond;
	PGcancel *request;
	bool done, abandoned;
};

static void
cancel_free(struct cancel *k)
{
	PQfreeCancel(k->request);
	cond_done(&k->done_cond);
	mutex_done(&k->m);
	free(k);
}

static void *
cancel_run(void *arg)
{
	struct cancel *k = arg;
	char text[256];
	bool last;

	if (PQcancel(k->request, text, sizeof(text)) == 0)
		log_debug("a cancel request failed");
	mutex_lock(&k->m);
	k->done = true;
	last = k->abandoned;
	cond_broadcast(&k->done_cond);
	mutex_unlock(&k->m);
	if (last)
		cancel_free(k);
	return NULL;
}

/* True: the request has ended; false: it is left to its thread. */
static bool
cancel_wait(struct cancel *k)
{
	const struct usec start = clock_mono();
	bool done;

	mutex_lock(&k->m);
	while (!k->done && time_left(start, CANCEL_USEC) > 0)
		cond_wait(&k->done_cond, &k->m, time_left(start, CANCEL_USEC));
	done = k->done;
	k->abandoned = !done;
	mutex_unlock(&k->m);
	return done;
}

static void
cancel_statement(struct pg_conn *c)
{
	struct err err = ERR_INIT;
	struct thread thread = {.started = false};
	struct cancel *k = mem_zalloc(sizeof(*k), &err);

	if (k == NULL)
		return;
	mutex_init(&k->m);
	cond_init(&k->done_cond);
	k->request = PQgetCancel(c->pg);
	if (k->request == NULL || !thread_start(&thread, "pg-cancel", cancel_run, k, &err)) {
		cancel_free(k);
		return;
	}
	if (cancel_wait(k)) {
		thread_join(&thread);
		cancel_free(k);
	} else {
		pthread_detach(thread.id);
	}
}

void
pg_conn_close(struct pg_conn *c)
{
	if (c == NULL)
		return;
	if (c->pg != NULL && PQstatus(c->pg) == CONNECTION_OK &&
	    (c->busy || PQtransactionStatus(c->pg) == PQTRANS_ACTIVE))
		cancel_statement(c);
	PQfinish(c->pg);
	free(c);
}

int
pg_conn_version(const struct pg_conn *c)
{
	return PQserverVersion(c->pg);
}

static bool
deadline_passed(const struct pg_conn *c, struct err *err)
{
	return err_set(err, ERR_RETRY, "no answer from endpoint %s within %d s", c->endpoint,
	    (int)((c->deadline_usec + 999999) / 1000000));
}

bool
pg_wait(struct pg_conn *c, bool want_write, int64_t wait_usec, bool *ret_ready, struct err *err)
{
	const struct usec start = clock_mono();
	const int64_t limit = wait_usec >= 0 ? wait_usec : c->deadline_usec;

	*ret_ready = false;
	for (;;) {
		int pending = want_write ? PQflush(c->pg) : 0;
		int64_t left = wait_usec == 0 ? 0 : time_left(start, limit);
		short got;

		if (pending < 0)
			return pg_err_conn(c, "send", err);
		if (!poll_socket(PQsocket(c->pg), c->stop,
			(short)(POLLIN | (pending ? POLLOUT : 0)), left, &got, err))
			return false;
		if (got & ~POLLOUT) {
			if (!PQconsumeInput(c->pg))
				return pg_err_conn(c, "receive", err);
			*ret_ready = true;
			return true;
		}
		if (got == 0 && (left == 0 || time_left(start, limit) == 0))
			return wait_usec >= 0 || deadline_passed(c, err);
	}
}

/* A wait for the server: its end where it has a deadline, looks at the session where it has none. */
struct patience {
	struct usec start, heard;
	unsigned waits;
};

static struct patience
patience_begin(void)
{
	const struct usec now = clock_mono();

	return (struct patience){.start = now, .heard = now};
}

/* Until then poll() may wait; < 0: for ever. */
static int64_t
patience_left(const struct pg_conn *c, const struct patience *p)
{
	const int64_t quiet = usec_since(p->heard), look = LOOK_USEC + p->waits * (LOOK_USEC / 3);

	if (c->deadline_usec > 0 || !c->looks)
		return time_left(p->start, c->deadline_usec);
	return quiet < look ? look - quiet : 0;
}

/* The time is up. False: no answer will come. */
static bool
patience_ends(struct pg_conn *c, struct patience *p, struct err *err)
{
	if (c->deadline_usec > 0)
		return deadline_passed(c, err);
	if (!pg_look(c, p->heard, &p->waits, err))
		return false;
	if (p->waits == 0)
		p->heard = clock_mono();
	return true;
}

bool
pg_flush(struct pg_conn *c, struct err *err)
{
	struct patience p = patience_begin();

	for (;;) {
		const int pending = PQflush(c->pg);
		int64_t left = patience_left(c, &p);
		short got;

		if (pending < 0)
			return pg_err_conn(c, "send", err);
		if (pending == 0)
			return true;
		if (left == 0 && !patience_ends(c, &p, err))
			return false;
		if (left == 0)
			continue;
		if (!poll_socket(PQsocket(c->pg), c->stop, POLLIN | POLLOUT, left, &got, err))
			return false;
		if (got != 0)
			p = (struct patience){.start = p.start, .heard = clock_mono()};
		if ((got & ~POLLOUT) && !PQconsumeInput(c->pg))
			return pg_err_conn(c, "receive", err);
	}
}

PGresult *
pg_next_result(struct pg_conn *c, struct err *err)
{
	struct patience p = patience_begin();
	PGresult *res;

	for (;;) {
		const int pending = PQflush(c->pg);
		int64_t left = patience_left(c, &p);
		short got;

		if (pending < 0 && PQstatus(c->pg) == CONNECTION_BAD && PQisBusy(c->pg)) {
			pg_err_conn(c, "send", err);
			return NULL;
		}
		if (!PQisBusy(c->pg))
			break;
		if (left == 0 && !patience_ends(c, &p, err))
			return NULL;
		if (left == 0)
			continue;
		if (!poll_socket(PQsocket(c->pg), c->stop,
			(short)(POLLIN | (pending > 0 ? POLLOUT : 0)), left, &got, err))
			return NULL;
		if (got != 0)
			p = (struct patience){.start = p.start, .heard = clock_mono()};
		if ((got & ~POLLOUT) && !PQconsumeInput(c->pg)) {
			pg_err_conn(c, "receive", err);
			return NULL;
		}
	}
	res = PQgetResult(c->pg);
	if (res == NULL && PQpipelineStatus(c->pg) == PQ_PIPELINE_OFF)
		c->busy = false;
	return res;
}

/* Takes all results of what was sent. The first failure counts; *ret_last, where wanted, is the
 * last good one. */
static bool
take_results(struct pg_conn *c, PGresult **ret_last, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res, *last = NULL;
	bool ok = true;

	while ((res = pg_next_result(c, &wait_err)) != NULL) {
		const ExecStatusType st = PQresultStatus(res);

		if (ok && st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK &&
		    st != PGRES_EMPTY_QUERY)
			ok = pg_err_result(c, res, err);
		PQclear(last);
		last = res;
		if (st == PGRES_COPY_IN || st == PGRES_COPY_OUT || st == PGRES_COPY_BOTH)
			break;
	}
	if (ok && wait_err.kind != ERR_NONE) {
		*err = wait_err;
		ok = false;
	}
	if (ok && last != NULL && ret_last != NULL)
		*ret_last = last;
	else
		PQclear(last);
	return ok;
}

bool
pg_exec(struct pg_conn *c, struct err *err, const char *sql)
{
	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	c->busy = true;
	if (!PQsendQuery(c->pg, sql))
		return pg_err_conn(c, "send a statement", err);
	return take_results(c, NULL, err);
}

bool
pg_execf(struct pg_conn *c, struct err *err, const char *fmt, ...)
{
	char *sql;
	va_list ap;
	int n;
	bool ok;

	va_start(ap, fmt);
	n = vasprintf(&sql, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	ok = pg_exec(c, err, sql);
	free(sql);
	return ok;
}

PGresult *
pg_query(
    struct pg_conn *c, struct err *err, const char *sql, int nparams, const char *const *params)
{
	PGresult *res = NULL;
	bool lost = buf_lost(sql);

	for (int i = 0; i < nparams; i++)
		lost = lost || buf_lost(params[i]);
	if (lost) {
		err_set(err, ERR_SYSTEM, "no memory for a statement");
		return NULL;
	}
	c->busy = true;
	if (!PQsendQueryParams(c->pg, sql, nparams, NULL, params, NULL, NULL, 0)) {
		pg_err_conn(c, "send a statement", err);
		return NULL;
	}
	if (take_results(c, &res, err) && res == NULL)
		err_set(err, ERR_PROTOCOL, "endpoint %s: a statement had no result", c->endpoint);
	return res;
}

void
pg_ident(struct buf *b, const char *name)
{
	table_quote_name(b, name);
}

void
pg_ident2(struct buf *b, const char *schema, const char *name)
{
	pg_ident(b, schema);
	buf_u8(b, '.');
	pg_ident(b, name);
}

void
pg_repl_literal(struct buf *b, const char *text)
{
	b->bad = b->bad || buf_lost(text);
	buf_u8(b, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_u8(b, (uint8_t)*text);
		buf_u8(b, (uint8_t)*text);
	}
	buf_u8(b, '\'');
}

void
pg_literal(struct buf *b, const char *text)
{
	b->bad = b->bad || buf_lost(text);
	if (strchr(text, '\\') != NULL)
		buf_u8(b, 'E');
	buf_u8(b, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_u8(b, (uint8_t)*text);
		buf_u8(b, (uint8_t)*text);
	}
	buf_u8(b, '\'');
}
