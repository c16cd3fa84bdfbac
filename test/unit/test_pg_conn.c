/* test_pg_conn.c - quoting, and what is known without a server: the request for a password in clear, and a peer that is silent. */
#define BEAT_USEC 10000
#include "endpoints/pg_conn.c"

#include <arpa/inet.h>
#include <netinet/in.h>
#include "test/unit/unit.h"

START_TEST(pg_conn_quotes_names_and_literals)
{
	struct buf b = { 0 };

	pg_ident2(&b, "MiXed", "a\"b");
	ck_assert_str_eq(buf_cstr(&b), "\"MiXed\".\"a\"\"b\"");
	buf_reset(&b);
	pg_literal(&b, "it's");
	ck_assert_str_eq(buf_cstr(&b), "'it''s'");
	buf_reset(&b);
	pg_literal(&b, "a\\'b");
	ck_assert_str_eq(buf_cstr(&b), "E'a\\\\''b'");
	buf_done(&b);
}
END_TEST

static bool
asked(const char *bytes, size_t n, bool *ret_more)
{
	int fds[2];
	bool is;

	ck_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	ck_assert(n == 0 || write(fds[1], bytes, n) == (ssize_t)n);
	is = clear_password_asked(fds[0], ret_more);
	close(fds[0]);
	close(fds[1]);
	return is;
}

START_TEST(pg_conn_quotes_no_text_that_was_lost)
{
	struct buf lost = { .bad = true }, b = { 0 };

	pg_repl_literal(&b, "it's \\n");
	ck_assert_str_eq(buf_cstr(&b), "'it''s \\n'");
	pg_repl_literal(&b, buf_cstr(&lost));
	ck_assert(b.bad);
	buf_reset(&b);
	pg_literal(&b, buf_cstr(&lost));
	ck_assert(b.bad);
	buf_done(&b);
}
END_TEST

START_TEST(pg_conn_sees_the_request_for_a_clear_password)
{
	static const char clear[] = "R\0\0\0\010\0\0\0\003", md5[] = "R\0\0\0\014\0\0\0\005salt";
	char both[64];
	bool more;

	ck_assert(asked(clear, 9, &more));
	ck_assert(!asked(md5, 13, &more) && !more);
	memcpy(both, md5, 13);
	memcpy(both + 13, clear, 9);
	ck_assert(asked(both, 22, &more));
	ck_assert(!asked(clear, 5, &more) && more);
	ck_assert(!asked("", 0, &more) && !more);
	ck_assert(!asked("E\0\0\0\020SFATAL\0\0\0\0\0", 17, &more) && !more);
}
END_TEST

START_TEST(pg_conn_keywords_leave_nothing_to_the_environment)
{
	struct endpoint ep = { .name = "shop", .host = "db1", .port = 5433, .dbname = "d", .user = "u",
		.tls = TLS_REQUIRE, .tls_ca = "/ca.pem" };
	struct startup s;
	const char *root = NULL, *mode = NULL, *port = NULL;

	startup_fill(&s, &ep, PG_CONN_REPLICATION, "orders", "stream", "");
	for (size_t i = 0; i < s.n; i++) {
		if (strcmp(s.keys[i], "sslrootcert") == 0)
			root = s.values[i];
		if (strcmp(s.keys[i], "sslmode") == 0)
			mode = s.values[i];
		if (strcmp(s.keys[i], "port") == 0)
			port = s.values[i];
	}
	ck_assert_str_eq(mode, "require");
	ck_assert_str_eq(root, NOWHERE);
	ck_assert_str_eq(port, "5433");
	ck_assert_str_eq(s.app, "repld orders stream");
	ck_assert(strstr(s.options, "wal_sender_timeout=60000") != NULL);
	ck_assert_ptr_null(s.keys[s.n]);
	ep.tls = TLS_VERIFY_FULL;
	startup_fill(&s, &ep, PG_CONN_TARGET, NULL, "check", "");
	for (size_t i = 0; i < s.n; i++)
		if (strcmp(s.keys[i], "sslrootcert") == 0)
			root = s.values[i];
	ck_assert_str_eq(root, "/ca.pem");
	ck_assert_str_eq(s.app, "repld check");
}
END_TEST

static int
silent_listener(uint16_t *ret_port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&addr, len) == 0 && listen(fd, 4) == 0);
	ck_assert(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static void *
stop_soon(void *arg)
{
	poll(NULL, 0, 100);
	stop_request(arg);
	return NULL;
}

START_TEST(pg_conn_open_ends_when_stopped_while_the_server_is_silent)
{
	struct endpoint ep = { .name = "shop", .host = "127.0.0.1", .dbname = "d", .user = "u",
		.tls = TLS_DISABLE };
	struct thread thread = { .started = false };
	struct err err = ERR_INIT;
	const struct usec start = clock_mono();
	struct stop stop;
	int fd;

	fd = silent_listener(&ep.port);
	ck_ok(stop_init(&stop, &err), &err);
	ck_ok(thread_start(&thread, "stop", stop_soon, &stop, &err), &err);
	ck_fails(pg_conn_open(&ep, PG_CONN_SOURCE, "t", "test", &stop, &err) != NULL, &err,
	    ERR_CANCELLED);
	ck_assert(usec_since(start) < 1000000);
	thread_join(&thread);
	stop_done(&stop);
	close(fd);
}
END_TEST

START_TEST(pg_conn_open_says_retry_where_nobody_listens)
{
	struct endpoint ep = { .name = "shop", .host = "127.0.0.1", .dbname = "d", .user = "u",
		.tls = TLS_DISABLE };
	struct err err = ERR_INIT;

	close(silent_listener(&ep.port));
	ck_fails(pg_conn_open(&ep, PG_CONN_SOURCE, "t", "test", NULL, &err) != NULL, &err, ERR_RETRY);
	ck_assert(strstr(err.msg, "shop") != NULL && strstr(err.msg, "refused") != NULL);
	ep.socket = "/nonexistent";
	ck_fails(pg_conn_open(&ep, PG_CONN_SOURCE, "t", "test", NULL, &err) != NULL, &err, ERR_RETRY);
}
END_TEST

/* Who waits for a server long is not one that hangs. */
START_TEST(pg_conn_wait_shows_signs_of_life)
{
	_Atomic int64_t beat = 0;
	struct err err = ERR_INIT;
	struct usec begin;
	short got = 0;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	thread_beat_at(&beat);
	begin = clock_mono();
	ck_ok(poll_socket(fds[0], NULL, POLLIN, 100000, &got, &err), &err);
	ck_assert_int_eq(got, 0);
	ck_assert_int_ge(usec_since(begin), 95000);
	ck_assert_int_ge(atomic_load(&beat) - begin.v, 50000);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_ok(poll_socket(fds[0], NULL, POLLIN, -1, &got, &err), &err);
	ck_assert_int_eq(got, POLLIN);
	thread_beat_at(NULL);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

UNIT_MAIN("pg_conn", pg_conn_quotes_no_text_that_was_lost, pg_conn_wait_shows_signs_of_life, pg_conn_quotes_names_and_literals,
    pg_conn_sees_the_request_for_a_clear_password,
    pg_conn_keywords_leave_nothing_to_the_environment,
    pg_conn_open_ends_when_stopped_while_the_server_is_silent,
    pg_conn_open_says_retry_where_nobody_listens)
