/* log.c - formats one event into a buffer on the stack and hands it over with one write(2).
 * Flow: caller -> text -> escaped line -> stderr. Nothing is allocated, no lock is taken, errno is
 * kept. Invariant: a line never holds a control byte but the newline at its end, and is at most
 * LOG_LINE_MAX bytes. */
#include "daemon/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/clock.h"

#define LOG_LINE_MAX 4096

static atomic_int log_level_now = LOG_LEVEL_INFO;
static atomic_bool log_to_journal;
static _Atomic uint64_t log_lost_lines, log_lost_told;
static char log_task[128];

struct line {
	char text[LOG_LINE_MAX];
	size_t n;
};

/* The variable alone proves nothing: it is inherited. It names the stream's device and inode. */
static bool
stderr_is_journal(void)
{
	const char *env = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;
	char *end;

	if (env == NULL || env[0] < '0' || env[0] > '9')
		return false;
	dev = strtoumax(env, &end, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	ino = strtoumax(end + 1, &end, 10);
	return *end == '\0' && fstat(STDERR_FILENO, &st) == 0 && (uintmax_t)st.st_dev == dev &&
	    (uintmax_t)st.st_ino == ino;
}

void
log_init(enum log_level level)
{
	int saved = errno;

	log_set_level(level);
	atomic_store(&log_to_journal, stderr_is_journal());
	errno = saved;
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level_now, (int)level, memory_order_relaxed);
}

enum log_level
log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&log_level_now, memory_order_relaxed);
}

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

bool
log_level_parse(const char *text, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

void
log_set_task(const char *name)
{
	snprintf(log_task, sizeof(log_task), "%s", name != NULL ? name : "");
}

uint64_t
log_lost(void)
{
	return atomic_load_explicit(&log_lost_lines, memory_order_relaxed);
}

/* C0, DEL, and the C1 controls as UTF-8 writes them (a terminal obeys those too). */
static size_t
control_bytes(const unsigned char *p)
{
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
		return 2;
	return 0;
}

/* Room for the newline is always left. False: the line is full. */
static bool
put_raw(struct line *line, const char *s, size_t n)
{
	if (n > sizeof(line->text) - 1 - line->n)
		return false;
	memcpy(line->text + line->n, s, n);
	line->n += n;
	return true;
}

static size_t
char_bytes(const unsigned char *p)
{
	size_t n = 1;

	if (p[0] >= 0xc0)
		while (n < 4 && (p[n] & 0xc0) == 0x80)
			n++;
	return n;
}

/* Whole characters only, so that a line that is cut stays valid text. */
static void
put_escaped(struct line *line, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		size_t ctl = control_bytes(p), n = ctl > 0 ? ctl : char_bytes(p);
		char hex[5];

		if (ctl == 0 && !put_raw(line, (const char *)p, n))
			return;
		for (size_t i = 0; i < ctl; i++) {
			snprintf(hex, sizeof(hex), "\\x%02x", p[i]);
			if (!put_raw(line, hex, 4))
				return;
		}
		p += n;
	}
}

static void
put_prefix(struct line *line, enum log_level level)
{
	static const char *const journal[] = {
		[LOG_LEVEL_ERROR] = "<3>",
		[LOG_LEVEL_WARNING] = "<4>",
		[LOG_LEVEL_INFO] = "<6>",
		[LOG_LEVEL_DEBUG] = "<7>",
	};
	char time[WALL_TEXT];

	if (atomic_load(&log_to_journal)) {
		put_escaped(line, journal[level]);
	} else {
		put_escaped(line, wall_text_ms(clock_wall(), time));
		put_escaped(line, " ");
		put_escaped(line, level_names[level]);
		put_escaped(line, " ");
	}
	if (log_task[0] != '\0') {
		put_escaped(line, "task=");
		put_escaped(line, log_task);
		put_escaped(line, " ");
	}
}

static bool
send_line(struct line *line)
{
	size_t done = 0;
	ssize_t n = 0;

	line->text[line->n++] = '\n';
	while (done < line->n && ((n = write(STDERR_FILENO, line->text + done, line->n - done)) > 0 || (n < 0 && errno == EINTR)))
		done += n > 0 ? (size_t)n : 0;
	if (done == line->n)
		return true;
	atomic_fetch_add_explicit(&log_lost_lines, 1, memory_order_relaxed);
	return false;
}

/* Once there is room again. */
static void
tell_lost(void)
{
	const uint64_t lost = log_lost(), told = atomic_exchange(&log_lost_told, lost);

	if (lost > told)
		log_write(LOG_LEVEL_WARNING, "%" PRIu64 " line%s of this log before the last one could not be written", lost - told, lost - told == 1 ? "" : "s");
}

void
log_write(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	char text[LOG_LINE_MAX];
	struct line line = { .n = 0 };
	va_list ap;

	if (level > log_get_level())
		return;
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	put_prefix(&line, level);
	put_escaped(&line, text);
	if (send_line(&line))
		tell_lost();
	errno = saved;
}

void
log_err(enum log_level level, const char *what, const struct err *err)
{
	bool name_table = err->table[0] != '\0' && strstr(err->msg, err->table) == NULL;
	bool state = err->sqlstate[0] != '\0';

	log_write(level, "%s: %s%s%s%s%s%s%s%s%s%s", what, name_table ? err->table : "",
	    name_table ? ": " : "", err->msg, state ? " (" : "", err->sqlstate, state ? ")" : "",
	    err->position[0] != '\0' ? " at " : "", err->position,
	    err->remedy[0] != '\0' ? "; " : "", err->remedy);
}
