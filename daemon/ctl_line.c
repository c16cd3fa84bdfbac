/* ctl_line.c - request lines apart and together. All bytes here come from whoever may open the
 * socket: nothing is believed. */
#include "daemon/ctl_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/arena.h"
#include "daemon/base/num.h"

const struct ctl_command ctl_commands[] = {
	{ "status", "[TASK] [--tables] [--json] [--watch [SECONDS]]",
	    "what each task does, and what it lacks", CTL_STATUS, false, true, false },
	{ "pause", "TASK", "commit what is complete, roll back the rest, close the connections",
	    CTL_PAUSE, true, true, true },
	{ "resume", "TASK", "go on from the checkpoint", CTL_RESUME, true, true, true },
	{ "restart", "TASK [--reload | --from now|POSITION] [--yes]",
	    "start again: from the checkpoint, loading all tables, or at a position", CTL_RESTART,
	    true, true, true },
	{ "reload", "", "read the configuration again, as SIGHUP does", CTL_RELOAD, true, false,
	    false },
	{ "resync", "TASK TABLE... [--yes]",
	    "empty these tables on the target and load them again, while the others go on",
	    CTL_RESYNC, true, true, true },
	{ "sync", "TASK [--timeout S]",
	    "wait until the target has all that the source had committed", CTL_SYNC, false, true,
	    true },
	{ "log-level", "error|warning|info|debug",
	    "of the daemon and all workers, until it ends or reloads another", CTL_LOG_LEVEL, true,
	    false, false },
	{ "version", "", "of the running daemon", CTL_VERSION, false, false, false },
	{ "ping", "", "whether it answers", CTL_PING, false, false, false },
	{ 0 },
};

/* ---- words ---- */

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One word from p on, decoded to *to; returns its bytes on the line, 0 for a refusal. */
static size_t
decode_word(const char *p, size_t n, char **to, struct err *err)
{
	size_t i = 0;

	while (i < n && p[i] != ' ') {
		unsigned char c = (unsigned char)p[i++];

		if (c == '%') {
			int hi = i + 1 < n ? hex_digit(p[i]) : -1,
			    lo = i + 1 < n ? hex_digit(p[i + 1]) : -1;

			if (hi < 0 || lo < 0) {
				err_set(err, ERR_CONFIG,
				    "bad %% in the request: two hex digits must follow");
				return 0;
			}
			c = (unsigned char)(hi * 16 + lo);
			i += 2;
		}
		if (is_control(c)) {
			err_set(err, ERR_CONFIG, "control byte in the request");
			return 0;
		}
		*(*to)++ = (char)c;
	}
	return i;
}

bool
ctl_words_new(const char *line, size_t n, struct ctl_words *ret, struct err *err)
{
	struct ctl_words w = { 0 };
	size_t i = 0, used;
	char *to;

	/* decoded words are no longer than the line; each has a NUL where a blank or the end was */
	if ((w.memory = to = mem_zalloc(n + 1, err)) == NULL)
		return false;
	for (;;) {
		while (i < n && line[i] == ' ')
			i++;
		if (i == n)
			break;
		if (w.n == CTL_WORDS_MAX) {
			err_set(
			    err, ERR_CONFIG, "more than %d words in the request", CTL_WORDS_MAX);
			goto fail;
		}
		w.word[w.n++] = to;
		if ((used = decode_word(line + i, n - i, &to, err)) == 0)
			goto fail;
		*to++ = '\0';
		i += used;
	}
	*ret = w;
	return true;
fail:
	ctl_words_done(&w);
	return false;
}

void
ctl_words_done(struct ctl_words *w)
{
	free(w->memory);
	*w = (struct ctl_words){ 0 };
}

void
ctl_word_put(struct buf *line, const char *word)
{
	if (line->n > 0)
		buf_u8(line, ' ');
	for (const char *p = word; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c == 0x7f || c == '%')
			buf_printf(line, "%%%02X", c);
		else
			buf_u8(line, c);
	}
}

/* ---- requests ---- */

static const struct ctl_command *
find_command(const char *name)
{
	const struct ctl_command *c = ctl_commands;

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	return c->name != NULL ? c : NULL;
}

static bool
usage(const struct ctl_command *c, const char *what, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%.80s; usage: %s%s%s", what, c->name,
	    c->args[0] != '\0' ? " " : "", c->args);
}

#define SECONDS_MAX INT64_C(1000000000)

/* A plain number of seconds, or a time with its unit; at most some 30 years. */
static bool
seconds(const char *text, int64_t *ret)
{
	struct err ignored = ERR_INIT;
	int64_t v;

	if (num_int(text, 0, SECONDS_MAX, &v, &ignored))
		v *= 1000000;
	else if (!num_duration(text, &v, &ignored) || v > SECONDS_MAX * 1000000)
		return false;
	*ret = v;
	return true;
}

static bool
parse_timeout(const char *text, int64_t *ret, struct err *err)
{
	if (!seconds(text, ret))
		return err_set(err, ERR_CONFIG,
		    "--timeout: expected seconds or a time such as \"5min\", got \"%.60s\"", text);
	return true;
}

static bool
parse_level(const char *text, enum log_level *ret, struct err *err)
{
	if (!log_level_parse(text, ret))
		return err_set(err, ERR_CONFIG,
		    "log-level: expected error, warning, info or debug, got \"%.60s\"", text);
	return true;
}

/* --watch may stand alone, or with a number after it. */
static bool
parse_watch(int argc, char *const *argv, int *i, struct ctl_request *r)
{
	r->watch = true;
	if (*i + 1 < argc && seconds(argv[*i + 1], &r->every))
		(*i)++;
	return true;
}

/* The option at argv[*i]; moves *i over its value. */
static bool
parse_option(int argc, char *const *argv, int *i, struct ctl_request *r, struct err *err)
{
	enum ctl_verb verb = r->command->verb;
	const char *o = argv[*i];
	const char *next = *i + 1 < argc ? argv[*i + 1] : NULL;

	if (verb == CTL_STATUS && strcmp(o, "--tables") == 0)
		return r->tables = true;
	if (verb == CTL_STATUS && strcmp(o, "--json") == 0)
		return r->json = true;
	if (verb == CTL_STATUS && strcmp(o, "--watch") == 0)
		return parse_watch(argc, argv, i, r);
	if (verb == CTL_RESTART && strcmp(o, "--reload") == 0)
		return r->reload = true;
	if ((verb == CTL_RESTART || verb == CTL_RESYNC) && strcmp(o, "--yes") == 0)
		return r->yes = true;
	if (verb == CTL_RESTART && strcmp(o, "--from") == 0 && next != NULL) {
		r->from = next;
		(*i)++;
		return true;
	}
	if (verb == CTL_SYNC && strcmp(o, "--timeout") == 0 && next != NULL) {
		(*i)++;
		return parse_timeout(next, &r->timeout, err);
	}
	return usage(r->command, o, err);
}

static bool
add_name(const char *word, struct ctl_request *r, struct err *err)
{
	if (word[0] == '\0')
		return usage(r->command, "a table's name is empty", err);
	if (r->nnames == CTL_WORDS_MAX)
		return usage(r->command, "too many tables", err);
	r->names[r->nnames++] = word;
	return true;
}

/* A word that is no option: a task, a table after it, or the level. */
static bool
parse_word(const char *word, struct ctl_request *r, bool *ret_level, struct err *err)
{
	if (r->command->verb == CTL_LOG_LEVEL && !*ret_level) {
		*ret_level = true;
		return parse_level(word, &r->level, err);
	}
	if (r->command->verb == CTL_RESYNC && r->task != NULL)
		return add_name(word, r, err);
	if (!r->command->takes_task || r->task != NULL)
		return usage(r->command, "one word too many", err);
	if (word[0] == '\0')
		return usage(r->command, "the task's name is empty", err);
	r->task = word;
	return true;
}

static bool
complete(const struct ctl_request *r, bool has_level, struct err *err)
{
	if (r->command->needs_task && r->task == NULL)
		return usage(r->command, "which task?", err);
	if (r->command->verb == CTL_LOG_LEVEL && !has_level)
		return usage(r->command, "which level?", err);
	if (r->command->verb == CTL_RESYNC && r->nnames == 0)
		return usage(r->command, "which tables?", err);
	if (r->reload && r->from != NULL)
		return usage(r->command, "--reload or --from, not both", err);
	if (r->from != NULL && r->from[0] == '\0')
		return usage(r->command, "--from needs \"now\" or a position", err);
	return true;
}

bool
ctl_request_parse(int argc, char *const *argv, struct ctl_request *ret, struct err *err)
{
	struct ctl_request r = { .timeout = -1, .every = 2000000 };
	bool has_level = false;

	if (argc < 1)
		return err_set(err, ERR_CONFIG, "no command");
	if ((r.command = find_command(argv[0])) == NULL)
		return err_set(err, ERR_CONFIG, "unknown command \"%.60s\"", argv[0]);
	for (int i = 1; i < argc; i++) {
		bool option = argv[i][0] == '-' && argv[i][1] == '-';

		if (!(option ? parse_option(argc, argv, &i, &r, err)
			     : parse_word(argv[i], &r, &has_level, err)))
			return false;
	}
	if (!complete(&r, has_level, err))
		return false;
	*ret = r;
	return true;
}

void
ctl_request_print(const struct ctl_request *r, struct buf *out)
{
	struct buf line = { 0 };
	char number[32];

	ctl_word_put(&line, r->command->name);
	if (r->task != NULL)
		ctl_word_put(&line, r->task);
	for (int i = 0; i < r->nnames; i++)
		ctl_word_put(&line, r->names[i]);
	if (r->tables)
		ctl_word_put(&line, "--tables");
	if (r->json)
		ctl_word_put(&line, "--json");
	if (r->reload)
		ctl_word_put(&line, "--reload");
	if (r->from != NULL) {
		ctl_word_put(&line, "--from");
		ctl_word_put(&line, r->from);
	}
	if (r->timeout >= 0) {
		snprintf(number, sizeof(number), "%" PRId64 "us", r->timeout);
		ctl_word_put(&line, "--timeout");
		ctl_word_put(&line, number);
	}
	if (r->command->verb == CTL_LOG_LEVEL)
		ctl_word_put(&line, log_level_name(r->level));
	buf_u8(&line, '\n');
	if (!line.bad)
		buf_put(out, line.p, line.n);
	buf_done(&line);
}

/* ---- lines ---- */

int
ctl_take_line(const char *p, size_t n, size_t from, size_t *ret_n, struct err *err)
{
	for (size_t i = from; i < n && i < CTL_LINE_MAX; i++) {
		if (p[i] == '\n') {
			*ret_n = i;
			return 1;
		}
		if (is_control((unsigned char)p[i])) {
			err_set(err, ERR_CONFIG, "control byte in the request");
			return -1;
		}
	}
	if (n >= CTL_LINE_MAX) {
		err_set(err, ERR_CONFIG, "a request has at most %d bytes", CTL_LINE_MAX);
		return -1;
	}
	return 0;
}

int
ctl_verdict_parse(const char *line, size_t n, const char **ret_text, size_t *ret_n)
{
	bool ok, err;
	size_t at;

	if (n > 0 && line[n - 1] == '\n')
		n--;
	ok = n >= 2 && memcmp(line, "OK", 2) == 0 && (n == 2 || (n == 4 && line[2] == ' '));
	err = n >= 5 && memcmp(line, "ERR ", 4) == 0 && (n == 5 || line[5] == ' ');
	at = ok ? 3 : 4;	/* the code */
	if ((!ok && !err) || (n > 2 && (line[at] < '0' || line[at] > '9')))
		return -1;
	*ret_text = line + (n > at + 2 ? at + 2 : n);
	*ret_n = n > at + 2 ? n - at - 2 : 0;
	return n > 2 ? line[at] - '0' : 0;
}
