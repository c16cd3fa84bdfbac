/* ctl_line.h - the control protocol's bytes: request lines and what they ask for.
 * A request is one line, "COMMAND ARG...\n": words with single or more blanks between, each byte
 * of a word up to and including the blank, DEL and '%' written as %XX. The answer is lines, then
 * a last line "OK" or "OK code" or "ERR code text", and the connection is closed.
 * Pure: client, server and fuzzer use the same. Threads: any. */
#ifndef REPLD_DAEMON_CTL_LINE_H
#define REPLD_DAEMON_CTL_LINE_H

#include "daemon/base/bytes.h"
#include "daemon/base/log.h"

#define CTL_LINE_MAX  65536	/* with its newline */
#define CTL_WORDS_MAX 512

enum ctl_verb {
	CTL_STATUS, CTL_PAUSE, CTL_RESUME, CTL_RESTART, CTL_RELOAD, CTL_RESYNC, CTL_SYNC, CTL_LOG_LEVEL, CTL_VERSION, CTL_PING
};

struct ctl_command {
	const char *name, *args, *help;
	enum ctl_verb verb;
	bool changes;		/* something: logged with who asked */
	bool takes_task, needs_task;	/* needs: and comes first */
};

extern const struct ctl_command ctl_commands[];	/* ends with name NULL */

struct ctl_request {
	const struct ctl_command *command;
	const char *task;	/* NULL: none; points into the words */
	bool tables, json;	/* status */
	bool watch;		/* status; the client's own, as is every: seconds between two looks */
	int64_t every;
	bool reload;		/* restart */
	const char *from;	/* restart: "now" or a position; NULL: from the checkpoint */
	bool yes;		/* restart, resync; the client's own */
	int nnames;		/* resync: tables */
	const char *names[CTL_WORDS_MAX];
	int64_t timeout;	/* sync: microseconds; < 0: none */
	enum log_level level;	/* log-level */
};

struct ctl_words {
	int n;
	char *word[CTL_WORDS_MAX];
	char *memory;
};

/* The words of a line without its newline, decoded. ERR_CONFIG: a control byte, a bad %XX, too
 * many. */
bool ctl_words_new(const char *line, size_t n, struct ctl_words *ret, struct err *err) MUST_CHECK;
void ctl_words_done(struct ctl_words *w);
/* One word more on a line. */
void ctl_word_put(struct buf *line, const char *word);

/* What the words ask for (ERR_CONFIG: usage). The strings stay the caller's. */
bool ctl_request_parse(int argc, char *const *argv, struct ctl_request *ret, struct err *err) MUST_CHECK;
/* The line of a request, with its newline; the client's own options are left out. */
void ctl_request_print(const struct ctl_request *r, struct buf *out);

/* Looks for a line in what has come so far, of which `from` bytes were looked at before. 1:
 * *ret_n bytes and a newline; 0: more is needed; -1: refused (ERR_CONFIG). */
int ctl_take_line(const char *p, size_t n, size_t from, size_t *ret_n, struct err *err);

/* The answer's last line, its newline included or not: exit code, and the text of an ERR (in
 * place, not NUL-terminated). -1: it is none. */
int ctl_verdict_parse(const char *line, size_t n, const char **ret_text, size_t *ret_n);

#endif
