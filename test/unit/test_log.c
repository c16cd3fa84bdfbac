/* What reaches stderr: one write a line, escaped, cut, in the form that its reader expects. */
#include "daemon/base/log.c"
#include <fcntl.h>
#include "test/unit/unit.h"

static int log_pipe[2];
static char got[3 * LOG_LINE_MAX];

/* stderr into a pipe that keeps each write apart (O_DIRECT: packets). */
static void
capture(void)
{
	ck_assert_int_eq(pipe2(log_pipe, O_DIRECT | O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(log_pipe[1], STDERR_FILENO), STDERR_FILENO);
	clock_fake(true, 0, 1795333200123456);
	unsetenv("JOURNAL_STREAM");
	log_init(LOG_LEVEL_INFO);
}

/* The next write(2), "" for none. */
static const char *
next_write(void)
{
	ssize_t n = read(log_pipe[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

START_TEST(log_line_has_time_level_and_task)
{
	capture();
	log_warning("target lost; retry in %d s", 5);
	ck_assert_str_eq(next_write(), "2026-11-22T07:40:00.123Z warning target lost; retry in 5 s\n");
	log_set_task("orders");
	log_error("stopped");
	ck_assert_str_eq(next_write(), "2026-11-22T07:40:00.123Z error task=orders stopped\n");
	log_set_task(NULL);
	log_info("x");
	ck_assert_str_eq(next_write(), "2026-11-22T07:40:00.123Z info x\n");
}
END_TEST

START_TEST(log_level_filters)
{
	enum log_level level = LOG_LEVEL_INFO;

	capture();
	log_debug("hidden");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("hidden");
	ck_assert_str_eq(next_write(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("shown");
	ck_assert_str_eq(next_write(), "2026-11-22T07:40:00.123Z debug shown\n");
	ck_assert(log_level_parse("warning", &level) && level == LOG_LEVEL_WARNING);
	ck_assert(!log_level_parse("Warning", &level) && !log_level_parse("", &level));
	ck_assert_str_eq(log_level_name(LOG_LEVEL_DEBUG), "debug");
}
END_TEST

START_TEST(log_escapes_control_bytes)
{
	capture();
	log_info("%s", "a\nb\x1b[2J\x7f\t\xc2\x9b" "0m \xc3\xa4\\");
	ck_assert_str_eq(next_write(),
	    "2026-11-22T07:40:00.123Z info a\\x0ab\\x1b[2J\\x7f\\x09\\xc2\\x9b0m \xc3\xa4\\\n");
	ck_assert_str_eq(next_write(), "");
}
END_TEST

START_TEST(log_cuts_long_lines_at_a_character)
{
	char text[9000];
	size_t n;

	capture();
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 4);
	log_info("%s", text);
	next_write();
	n = strlen(got);
	ck_assert_uint_le(n, 4096);
	ck_assert_uint_ge(n, 4093);
	ck_assert_int_eq(got[n - 1], '\n');
	ck_assert_int_eq(memcmp(got + n - 4, "\xe2\x82\xac", 3), 0);
	memset(text, 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	n = strlen(next_write());
	ck_assert(n <= 4096 && n >= 4092 && got[n - 1] == '\n');
}
END_TEST

START_TEST(log_under_journald_is_marked_with_its_priority)
{
	char env[64];
	struct stat st;

	capture();
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(env, sizeof(env), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", env, 1);
	log_init(LOG_LEVEL_DEBUG);
	log_set_task("t");
	log_error("e");
	ck_assert_str_eq(next_write(), "<3>task=t e\n");
	log_warning("w");
	ck_assert_str_eq(next_write(), "<4>task=t w\n");
	log_info("i");
	ck_assert_str_eq(next_write(), "<6>task=t i\n");
	log_debug("d");
	ck_assert_str_eq(next_write(), "<7>task=t d\n");
}
END_TEST

START_TEST(log_of_another_stream_or_a_broken_variable_is_not_journald)
{
	static char near[2][64];
	static const char *const other[] = { "1:1", "", ":", "1", "1:", "1:2x", "-1:-1", "x:y",
		near[0], near[1] };
	struct stat st;

	capture();
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(near[0], sizeof(near[0]), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + 1);
	snprintf(near[1], sizeof(near[1]), "%ju:%ju", (uintmax_t)st.st_dev + 1, (uintmax_t)st.st_ino);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		setenv("JOURNAL_STREAM", other[i], 1);
		log_init(LOG_LEVEL_INFO);
		log_info("i");
		ck_assert_str_eq(next_write(), "2026-11-22T07:40:00.123Z info i\n");
	}
}
END_TEST

START_TEST(log_counts_lines_that_could_not_be_written)
{
	capture();
	ck_assert_uint_eq(log_lost(), 0);
	close(STDERR_FILENO);
	errno = 77;
	log_info("nowhere");
	log_error("nowhere");
	ck_assert_int_eq(errno, 77);
	ck_assert_uint_eq(log_lost(), 2);
}
END_TEST

START_TEST(log_says_what_is_missing_once_it_is_written_again)
{
	int log;

	capture();
	ck_assert_int_ge(log = dup(STDERR_FILENO), 0);
	close(STDERR_FILENO);
	log_info("nowhere");
	ck_assert_int_eq(dup2(log, STDERR_FILENO), STDERR_FILENO);
	log_info("here");
	ck_assert_ptr_nonnull(strstr(next_write(), " info here\n"));
	ck_assert_ptr_nonnull(strstr(next_write(), " warning 1 line of this log before the last one could not be written\n"));
	log_info("here");
	ck_assert_ptr_nonnull(strstr(next_write(), " info here\n"));
	close(log);
}
END_TEST

START_TEST(log_never_waits_for_a_full_pipe_that_does_not_block)
{
	capture();
	for (int i = 0; i < 100000 && log_lost() == 0; i++)
		log_info("line %d", i);
	ck_assert_uint_eq(log_lost(), 1);
}
END_TEST

START_TEST(log_err_tells_everything_once)
{
	struct err e = ERR_INIT;

	capture();
	err_set(&e, ERR_DATA, "duplicate key");
	log_err(LOG_LEVEL_INFO, "apply", &e);
	ck_assert_str_eq(next_write() + 25, "info apply: duplicate key\n");
	memcpy(e.sqlstate, "23505", 6);
	err_position(&e, "0/1A");
	err_table(&e, "public", "orders");
	err_remedy(&e, "remove the row");
	log_err(LOG_LEVEL_ERROR, "stopped", &e);
	ck_assert_str_eq(next_write() + 25,
	    "error stopped: public.orders: duplicate key (23505) at 0/1A; remove the row\n");
	err_ctx(&e, "apply public.orders");
	log_err(LOG_LEVEL_ERROR, "stopped", &e);
	ck_assert_str_eq(next_write() + 25,
	    "error stopped: apply public.orders: duplicate key (23505) at 0/1A; remove the row\n");
}
END_TEST

UNIT_MAIN("log", log_line_has_time_level_and_task, log_level_filters, log_escapes_control_bytes,
    log_cuts_long_lines_at_a_character, log_under_journald_is_marked_with_its_priority,
    log_of_another_stream_or_a_broken_variable_is_not_journald,
    log_counts_lines_that_could_not_be_written, log_says_what_is_missing_once_it_is_written_again,
    log_never_waits_for_a_full_pipe_that_does_not_block, log_err_tells_everything_once)
