/* test_my_conn.c - connecting to MySQL and MariaDB: a server without TLS learns nothing, a silent one is not waited for once the stop flag is set.
 * The servers are sockets of the test's own, on loopback. */
#include "endpoints/my_conn.c"

#include <arpa/inet.h>

#include "test/unit/unit.h"

struct server {
	int listener;
	const char *greeting;
	size_t n;
	char got[256]; /* what the client sent */
	ssize_t ngot;
	struct thread thread;
};

/* One connection: the greeting, then what comes until the client goes or 300 ms have passed. */
static void *
serve(void *arg)
{
	struct server *s = arg;
	const int fd = accept(s->listener, NULL, NULL);
	const struct timeval wait = { .tv_usec = 300000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (s->n > 0 && send(fd, s->greeting, s->n, MSG_NOSIGNAL) < 0)
		s->ngot = -2;
	else
		s->ngot = recv(fd, s->got, sizeof(s->got), 0);
	close(fd);
	return NULL;
}

static uint16_t
serve_on(struct server *s, bool accepts)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	struct err err = ERR_INIT;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(s->listener, 5), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&a, &size), 0);
	if (accepts)
		ck_ok(thread_start(&s->thread, "server", serve, s, &err), &err);
	return ntohs(a.sin_port);
}

#define VERSION "8.0.0"
#define AFTER(capabilities)                                                                        \
	"\x01\0\0\0"                                                                               \
	"abcdefgh\0" capabilities "\x21\x02\0\xff\x81\x15"                                         \
	"\0\0\0\0\0\0\0\0\0\0"                                                                     \
	"ijklmnopqrst\0"                                                                           \
	"mysql_native_password\0"
static const char without_tls[] = "\x4a\0\0\0\x0a" VERSION "\0" AFTER("\xff\xf7");
static const char with_tls[] = "\x4a\0\0\0\x0a" VERSION "\0" AFTER("\xff\xff");

static bool
seen(const char *p, size_t n, bool *ret_tls)
{
	int fds[2];
	bool ok;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(send(fds[0], p, n, 0), (ssize_t)n);
	ok = greeting_seen(fds[1], ret_tls);
	close(fds[0]);
	close(fds[1]);
	return ok;
}

START_TEST(a_greeting_tells_of_tls)
{
	bool tls;

	ck_assert(seen(with_tls, sizeof(with_tls) - 1, &tls) && tls);
	ck_assert(seen(without_tls, sizeof(without_tls) - 1, &tls) && !tls);
	for (size_t n = 1; n < 4 + 1 + sizeof(VERSION) + 15; n++)
		ck_assert(!seen(without_tls, n, &tls));
	ck_assert(
	    seen("\x05\0\0\0\xff\x10\x04no", 9, &tls) && tls); /* an error: too many connections */
}
END_TEST

START_TEST(a_server_without_tls_is_told_nothing)
{
	struct server s = { .greeting = without_tls, .n = sizeof(without_tls) - 1 };
	struct endpoint ep = { .name = "dw", .host = "127.0.0.1", .user = "u", .tls = TLS_REQUIRE };
	struct err err = ERR_INIT;

	ep.port = serve_on(&s, true);
	ck_assert_ptr_null(my_conn_open(&ep, MY_CONN_TARGET, "t", "apply", NULL, &err));
	thread_join(&s.thread);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "does not offer TLS"));
	ck_assert_int_le(s.ngot, 0);
	close(s.listener);
}
END_TEST

START_TEST(a_silent_server_is_left_when_the_stop_flag_is_set)
{
	struct server s = { .n = 0 };
	struct endpoint ep = { .name = "dw", .host = "127.0.0.1", .user = "u", .tls = TLS_DISABLE };
	const struct usec begin = clock_mono();
	struct err err = ERR_INIT;
	struct stop stop;

	ck_ok(stop_init(&stop, &err), &err);
	stop_request(&stop);
	for (int tls = 0; tls < 2; tls++) {
		ep.port = serve_on(&s, false);
		ep.tls = tls ? TLS_REQUIRE : TLS_DISABLE;
		ck_assert_ptr_null(my_conn_open(&ep, MY_CONN_TARGET, "t", "apply", &stop, &err));
		ck_assert_int_eq(err.kind, ERR_CANCELLED);
		close(s.listener);
	}
	ck_assert_int_lt(usec_since(begin), 2000000);
	stop_done(&stop);
}
END_TEST

START_TEST(verify_ca_is_not_to_be_had)
{
	const struct endpoint ep = {
		.name = "dw", .host = "127.0.0.1", .port = 1, .user = "u", .tls = TLS_VERIFY_CA
	};
	struct err err = ERR_INIT;

	ck_assert_ptr_null(my_conn_open(&ep, MY_CONN_TARGET, "t", "apply", NULL, &err));
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.remedy, "verify-full"));
}
END_TEST

UNIT_MAIN("my_conn", a_greeting_tells_of_tls, a_server_without_tls_is_told_nothing,
    a_silent_server_is_left_when_the_stop_flag_is_set, verify_ca_is_not_to_be_had)
