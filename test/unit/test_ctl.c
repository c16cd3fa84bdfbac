/* The control socket: words, requests, verdicts; and the server with clients that behave and
 * clients that do not. */
#include "daemon/ctl_line.c"
#include "daemon/ctl.c"
#include "test/unit/unit.h"

/* ---- bytes ---- */

static int
parse(const char *line, struct ctl_words *w, struct ctl_request *r, struct err *err)
{
	memset(r, 0, sizeof(*r));
	if (!ctl_words_new(line, strlen(line), w, err))
		return -1;
	return ctl_request_parse(w->n, w->word, r, err) ? 0 : -1;
}

/* line is refused, and the reason holds this. */
static void
refused(const char *line, const char *why)
{
	struct ctl_words w = { 0 };
	struct ctl_request r;
	struct err err = ERR_INIT;

	ck_assert_msg(parse(line, &w, &r, &err) < 0, "accepted: %s", line);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_msg(strstr(err.msg, why) != NULL, "%s: %s", line, err.msg);
	ctl_words_done(&w);
}

START_TEST(ctl_words_are_decoded)
{
	struct ctl_words w;
	struct err err = ERR_INIT;
	static const char line[] = "  a  b%20c %25%41%c3%a9 ";

	ck_ok(ctl_words_new(line, sizeof(line) - 1, &w, &err), &err);
	ck_assert_int_eq(w.n, 3);
	ck_assert_str_eq(w.word[0], "a");
	ck_assert_str_eq(w.word[1], "b c");
	ck_assert_str_eq(w.word[2], "%A\xc3\xa9");
	ctl_words_done(&w);
}
END_TEST

START_TEST(ctl_words_come_back_as_they_were_put)
{
	static const char *const words[] = { "pause", "public.my table", "100%", "\xc3\xa9",
		"--x" };
	struct buf line = { 0 };
	struct ctl_words w;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < 5; i++)
		ctl_word_put(&line, words[i]);
	ck_ok(ctl_words_new((const char *)line.p, line.n, &w, &err), &err);
	ck_assert_int_eq(w.n, 5);
	for (int i = 0; i < 5; i++)
		ck_assert_str_eq(w.word[i], words[i]);
	ctl_words_done(&w);
	buf_done(&line);
}
END_TEST

START_TEST(ctl_words_refuse_control_bytes_and_bad_escapes)
{
	struct ctl_words w;
	struct err err = ERR_INIT;
	char many[2 * CTL_WORDS_MAX + 3];

	ck_fails(ctl_words_new("a\0b", 3, &w, &err), &err, ERR_CONFIG);
	refused("status %00", "control byte");
	refused("status %0a", "control byte");
	refused("status \x7f", "control byte");
	refused("status %", "%");
	refused("status %4", "%");
	refused("status %zz", "%");
	memset(many, 0, sizeof(many));
	for (int i = 0; i <= CTL_WORDS_MAX; i++)
		memcpy(many + (ptrdiff_t)2 * i, "x ", 2);
	refused(many, "more than 512 words");
}
END_TEST

START_TEST(ctl_request_knows_its_commands)
{
	struct ctl_words w;
	struct ctl_request r;
	struct err err = ERR_INIT;

	ck_assert_int_eq(parse("status orders --tables --json", &w, &r, &err), 0);
	ck_assert_int_eq(r.command->verb, CTL_STATUS);
	ck_assert(r.tables && r.json && !r.watch);
	ck_assert_str_eq(r.task, "orders");
	ctl_words_done(&w);
	ck_assert_int_eq(parse("status --watch 5 orders", &w, &r, &err), 0);
	ck_assert(r.watch && r.every == 5000000);
	ck_assert_str_eq(r.task, "orders");
	ctl_words_done(&w);
	ck_assert_int_eq(parse("status --watch", &w, &r, &err), 0);
	ck_assert(r.watch && r.every == 2000000 && r.task == NULL);
	ctl_words_done(&w);
	ck_assert_int_eq(parse("restart t --from 0/16B3748 --yes", &w, &r, &err), 0);
	ck_assert(r.yes && strcmp(r.from, "0/16B3748") == 0);
	ctl_words_done(&w);
	ck_assert_int_eq(parse("sync t --timeout 5min", &w, &r, &err), 0);
	ck_assert_int_eq(r.timeout, 300000000);
	ctl_words_done(&w);
	ck_assert_int_eq(parse("sync t --timeout 0", &w, &r, &err), 0);
	ck_assert_int_eq(r.timeout, 0);
	ctl_words_done(&w);
	ck_assert_int_eq(parse("sync t", &w, &r, &err), 0);
	ck_assert_int_lt(r.timeout, 0);
	ctl_words_done(&w);
	ck_assert_int_eq(parse("resync t --yes public.a public.b", &w, &r, &err), 0);
	ck_assert(r.command->changes && r.yes && r.nnames == 2);
	ck_assert_str_eq(r.task, "t");
	ck_assert_str_eq(r.names[0], "public.a");
	ck_assert_str_eq(r.names[1], "public.b");
	ctl_words_done(&w);
	ck_assert_int_eq(parse("log-level debug", &w, &r, &err), 0);
	ck_assert_int_eq(r.level, LOG_LEVEL_DEBUG);
	ctl_words_done(&w);
}
END_TEST

START_TEST(ctl_request_refuses_what_it_does_not_know)
{
	refused("", "no command");
	refused("repair t", "unknown command");
	refused("resync", "which task");
	refused("resync t", "which tables");
	refused("resync t --reload", "--reload");
	refused("pause", "which task");
	refused("pause a b", "one word too many");
	refused("reload now", "one word too many");
	refused("pause t --json", "--json");
	refused("status --watch t u", "one word too many");
	refused("sync t --timeout", "--timeout");
	refused("sync t --timeout soon", "expected seconds");
	refused("restart t --reload --from now", "not both");
	refused("restart t --from", "--from");
	refused("log-level", "which level");
	refused("log-level loud", "error, warning, info or debug");
	refused("log-level info info", "one word too many");
}
END_TEST

START_TEST(ctl_request_is_printed_without_the_clients_own_options)
{
	static const char *const lines[][2] = {
		{ "status t --tables --json --watch 3", "status t --tables --json\n" },
		{ "restart t --reload --yes", "restart t --reload\n" },
		{ "restart t --from now", "restart t --from now\n" },
		{ "sync t --timeout 2", "sync t --timeout 2000000us\n" },
		{ "resync t public.a --yes public.b%20c", "resync t public.a public.b%20c\n" },
		{ "log-level warning", "log-level warning\n" },
		{ "pause a%20b", "pause a%20b\n" },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct ctl_words w;
		struct ctl_request r;
		struct err err = ERR_INIT;
		struct buf out = { 0 };

		ck_assert_int_eq(parse(lines[i][0], &w, &r, &err), 0);
		ctl_request_print(&r, &out);
		ck_assert_str_eq(buf_cstr(&out), lines[i][1]);
		buf_done(&out);
		ctl_words_done(&w);
	}
}
END_TEST

START_TEST(ctl_take_line_finds_the_end_or_refuses)
{
	struct err err = ERR_INIT;
	size_t n = 0;
	char *big = calloc(1, CTL_LINE_MAX + 1);

	ck_assert_ptr_nonnull(big);
	ck_assert_int_eq(ctl_take_line("ping", 4, 0, &n, &err), 0);
	ck_assert_int_eq(ctl_take_line("ping\nmore", 9, 4, &n, &err), 1);
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(ctl_take_line("pi\0ng\n", 6, 0, &n, &err), -1);
	ck_assert_int_eq(ctl_take_line("ping\r\n", 6, 0, &n, &err), -1);
	memset(big, 'x', CTL_LINE_MAX);
	ck_assert_int_eq(ctl_take_line(big, CTL_LINE_MAX - 1, 0, &n, &err), 0);
	ck_assert_int_eq(ctl_take_line(big, CTL_LINE_MAX, 0, &n, &err), -1);
	big[CTL_LINE_MAX - 1] = '\n';
	ck_assert_int_eq(ctl_take_line(big, CTL_LINE_MAX, 0, &n, &err), 1);
	free(big);
}
END_TEST

static int
verdict_of(const char *line, const char *want)
{
	const char *text = "";
	size_t n = 0;
	int code = ctl_verdict_parse(line, strlen(line), &text, &n);

	ck_assert_uint_eq(n, strlen(want));
	ck_assert(n == 0 || memcmp(text, want, n) == 0);
	return code;
}

START_TEST(ctl_verdict_is_told_from_any_other_line)
{
	ck_assert_int_eq(verdict_of("OK\n", ""), 0);
	ck_assert_int_eq(verdict_of("OK", ""), 0);
	ck_assert_int_eq(verdict_of("OK 1\n", ""), 1);
	ck_assert_int_eq(verdict_of("ERR 2 no task\n", "no task"), 2);
	ck_assert_int_eq(verdict_of("ERR 1\n", ""), 1);
	ck_assert_int_eq(verdict_of("ERR 1 \n", ""), 1);
	ck_assert_int_eq(verdict_of("", ""), -1);
	ck_assert_int_eq(verdict_of("OKAY\n", ""), -1);
	ck_assert_int_eq(verdict_of("OK x\n", ""), -1);
	ck_assert_int_eq(verdict_of("OK 12\n", ""), -1);
	ck_assert_int_eq(verdict_of("ERR x\n", ""), -1);
	ck_assert_int_eq(verdict_of("ERR 12 x\n", ""), -1);
	ck_assert_int_eq(verdict_of("orders  running\n", ""), -1);
}
END_TEST

/* ---- the server ---- */

struct server {
	char dir[64], path[96];
	struct event_base *base;
	struct ctl *ctl;
	struct ctl_conn *held;	/* a request whose verdict is still to come */
	int parts, done;
};

static bool
next_part(void *arg, struct buf *out)
{
	struct server *s = arg;

	for (int i = 0; i < 1000; i++)
		buf_str(out,
		    "0123456789012345678901234567890123456789012345678901234567890123456789\n");
	return ++s->parts < 100;
}

static void
parts_done(void *arg, struct ctl_conn *c)
{
	struct server *s = arg;

	s->done++;
	ctl_ok(c, 1);
}

static void
serve(void *arg, struct ctl_conn *c, const char *line, size_t n)
{
	struct server *s = arg;

	if (n == 4 && memcmp(line, "echo", 4) == 0) {
		ctl_say(c, "hello");
		ctl_ok(c, 0);
	} else if (n == 4 && memcmp(line, "hold", 4) == 0) {
		s->held = c;
	} else if (n == 4 && memcmp(line, "many", 4) == 0) {
		ctl_pull(c, next_part, parts_done, s);
	} else {
		ctl_err(c, 2, "what?\nsecond line");
	}
}

static void
server_start(struct server *s)
{
	struct err err = ERR_INIT;

	signal(SIGPIPE, SIG_IGN);
	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "%s/repld-ctl.XXXXXX", "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
	s->base = event_base_new();
	s->ctl = ctl_new(s->base, s->path, (struct ctl_handler){ serve, s }, &err);
	ck_assert_msg(s->ctl != NULL, "%s", err.msg);
}

static void
server_stop(struct server *s)
{
	ctl_free(s->ctl);
	event_base_free(s->base);
	ck_assert_int_lt(access(s->path, F_OK), 0);
	ck_assert_msg(rmdir(s->dir) == 0, "something is left in %s", s->dir);
}

static int
client(const struct server *s, const char *bytes, size_t n)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->path);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	if (n > 0)
		ck_assert_int_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
	return fd;
}

static void
turn(struct server *s, int times)
{
	for (int i = 0; i < times; i++)
		event_base_loop(s->base, EVLOOP_NONBLOCK);
}

/* All that comes until the server hangs up; it does within so many turns of the loop. */
static void
answer(struct server *s, int fd, struct buf *out)
{
	char part[65536];

	buf_reset(out);
	for (int i = 0; i < 20000; i++) {
		ssize_t n;

		turn(s, 1);
		n = recv(fd, part, sizeof(part), 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			close(fd);
			return;
		}
		if (n > 0)
			buf_put(out, part, (size_t)n);
	}
	ck_abort_msg("the server does not hang up; so far: %.100s", buf_cstr(out));
}

START_TEST(ctl_answers_a_line_and_hangs_up)
{
	struct server s;
	struct buf out = { 0 };

	server_start(&s);
	answer(&s, client(&s, "echo\n", 5), &out);
	ck_assert_str_eq(buf_cstr(&out), "hello\nOK\n");
	answer(&s, client(&s, "hm\n", 3), &out);
	ck_assert_str_eq(buf_cstr(&out), "ERR 2 what? second line\n");
	answer(&s, client(&s, "ec\1ho\n", 6), &out);
	ck_assert_str_eq(buf_cstr(&out), "ERR 2 control byte in the request\n");
	buf_done(&out);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_puts_pieces_of_a_line_together)
{
	struct server s;
	struct buf out = { 0 };
	int fd;

	server_start(&s);
	fd = client(&s, "ec", 2);
	turn(&s, 3);
	ck_assert_int_eq(send(fd, "ho", 2, 0), 2);
	turn(&s, 3);
	ck_assert_int_eq(send(fd, "\n", 1, 0), 1);
	shutdown(fd, SHUT_WR);	/* it still reads */
	answer(&s, fd, &out);
	ck_assert_str_eq(buf_cstr(&out), "hello\nOK\n");
	buf_done(&out);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_sends_a_large_answer_in_parts)
{
	struct server s;
	struct buf out = { 0 };
	int fd;

	server_start(&s);
	fd = client(&s, "many\n", 5);
	turn(&s, 50);
	ck_assert_int_lt(s.parts, 20);	/* nobody reads: no more is made than fits */
	answer(&s, fd, &out);
	ck_assert_int_eq(s.parts, 100);
	ck_assert_int_eq(s.done, 1);
	ck_assert_uint_eq(out.n, 71 * 1000 * 100 + 5);
	ck_assert_mem_eq(out.p + out.n - 5, "OK 1\n", 5);
	buf_done(&out);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_outlives_clients_that_go)
{
	struct server s;
	struct buf out = { 0 };
	int fd;

	server_start(&s);
	fd = client(&s, "hold\n", 5);
	turn(&s, 5);
	ck_assert_ptr_nonnull(s.held);
	close(fd);
	for (int i = 0; i < 150 && s.ctl->nconns > 0; i++) {	/* it is looked for each second */
		turn(&s, 1);
		usleep(10000);
	}
	ck_assert_uint_eq(s.ctl->nconns, 0);
	ctl_say(s.held, "too late");
	ctl_ok(s.held, 0);		/* frees it */
	close(client(&s, "many\n", 5));
	turn(&s, 200);
	ck_assert_int_eq(s.done, 1);
	close(client(&s, "ec", 2));
	turn(&s, 5);
	ck_assert_uint_eq(s.ctl->nconns, 0);
	answer(&s, client(&s, "echo\n", 5), &out);
	ck_assert_str_eq(buf_cstr(&out), "hello\nOK\n");
	buf_done(&out);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_is_busy_above_64_connections)
{
	struct server s;
	struct buf out = { 0 };
	int fds[CONNECTIONS_MAX];

	server_start(&s);
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		fds[i] = client(&s, "ec", 2);
	turn(&s, 20);
	answer(&s, client(&s, "echo\n", 5), &out);
	ck_assert_str_eq(buf_cstr(&out), "ERR 1 busy\n");
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		close(fds[i]);
	turn(&s, 20);
	answer(&s, client(&s, "echo\n", 5), &out);
	ck_assert_str_eq(buf_cstr(&out), "hello\nOK\n");
	buf_done(&out);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_refuses_a_line_without_end)
{
	struct server s;
	struct buf out = { 0 };
	char part[4096];
	int fd;

	server_start(&s);
	memset(part, 'x', sizeof(part));
	fd = client(&s, "", 0);
	for (int i = 0; i < 16; i++) {
		ck_assert_int_eq(send(fd, part, sizeof(part), MSG_NOSIGNAL), (ssize_t)sizeof(part));
		turn(&s, 2);
	}
	answer(&s, fd, &out);
	ck_assert_str_eq(buf_cstr(&out), "ERR 2 a request has at most 65536 bytes\n");
	buf_done(&out);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_cuts_an_answer_that_nobody_reads)
{
	struct server s;
	static char big[1 << 20];
	int fd;

	server_start(&s);
	memset(big, 'x', sizeof(big));
	fd = client(&s, "hold\n", 5);
	turn(&s, 5);
	for (int i = 0; i < 9; i++)
		ctl_say_bytes(s.held, big, sizeof(big));
	ck_assert_uint_eq(s.ctl->nconns, 0);
	ctl_ok(s.held, 0);
	close(fd);
	server_stop(&s);
}
END_TEST

START_TEST(ctl_socket_has_one_owner)
{
	struct server s;
	struct err err = ERR_INIT;
	struct stat st;

	server_start(&s);
	ck_assert_int_eq(stat(s.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	ck_assert_ptr_null(ctl_new(s.base, s.path, (struct ctl_handler){ serve, &s }, &err));
	ck_assert_msg(strstr(err.msg, "another repld") != NULL, "%s", err.msg);
	ck_assert_int_eq(access(s.path, F_OK), 0);
	server_stop(&s);
}
END_TEST

/* What stands at the path before: refused, and left as it is. */
START_TEST(ctl_leaves_alone_what_is_not_a_stale_socket)
{
	struct server s;
	struct err err = ERR_INIT;
	struct ctl_handler h = { serve, &s };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char longer[200];
	int fd;

	server_start(&s);
	server_stop(&s);
	ck_assert_int_eq(mkdir(s.dir, 0700), 0);
	s.base = event_base_new();
	fd = open(s.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	ck_assert_ptr_null(ctl_new(s.base, s.path, h, &err));
	ck_assert_int_eq(access(s.path, F_OK), 0);
	unlink(s.path);
	ck_assert_int_eq(symlink("/nowhere", s.path), 0);
	ck_assert_ptr_null(ctl_new(s.base, s.path, h, &err));
	unlink(s.path);
	/* a socket on which another program listens */
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s.path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_ptr_null(ctl_new(s.base, s.path, h, &err));
	ck_assert_msg(strstr(err.msg, "another process") != NULL, "%s", err.msg);
	close(fd);	/* now it is stale */
	s.ctl = ctl_new(s.base, s.path, h, &err);
	ck_assert_msg(s.ctl != NULL, "%s", err.msg);
	snprintf(longer, sizeof(longer), "%s/%0120d", s.dir, 0);
	ck_fails(ctl_new(s.base, longer, h, &err) != NULL, &err, ERR_CONFIG);
	server_stop(&s);
}
END_TEST

UNIT_MAIN("ctl", ctl_words_are_decoded, ctl_words_come_back_as_they_were_put,
    ctl_words_refuse_control_bytes_and_bad_escapes, ctl_request_knows_its_commands,
    ctl_request_refuses_what_it_does_not_know,
    ctl_request_is_printed_without_the_clients_own_options, ctl_take_line_finds_the_end_or_refuses,
    ctl_verdict_is_told_from_any_other_line, ctl_answers_a_line_and_hangs_up,
    ctl_puts_pieces_of_a_line_together, ctl_sends_a_large_answer_in_parts,
    ctl_outlives_clients_that_go, ctl_is_busy_above_64_connections, ctl_refuses_a_line_without_end,
    ctl_cuts_an_answer_that_nobody_reads, ctl_socket_has_one_owner,
    ctl_leaves_alone_what_is_not_a_stale_socket)
