/* ctl_cmd.c - what each command of the control socket does. Reads come from the shared blocks and
 * never wait; commands go to the worker, whose answer gives the verdict later. */
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "daemon/ctl.h"
#include "daemon/ctl_line.h"
#include "daemon/supervisor_int.h"

/* ---- status ---- */

static bool
status_next(void *arg, struct buf *out)
{
	return report_next(arg, out);
}

static void
status_done(void *arg, struct ctl_conn *c)
{
	int code = report_code(arg);

	report_free(arg);
	ctl_ok(c, code);
}

static void
run_status(struct supervisor *s, struct ctl_conn *c, const struct ctl_request *r)
{
	struct report_source src = supervisor_report(s);

	ctl_pull(c, status_next, status_done,
	    report_new(&src, r->json ? &report_json : &report_text, r->task, r->tables));
}

/* ---- what a worker answers ---- */

/* A worker's lines as they are; of a refusal the last one goes with the verdict. */
static void
on_answer(void *arg, bool ok, const char *text)
{
	struct ctl_conn *c = arg;
	const char *last = strrchr(text, '\n');

	if (ok) {
		if (text[0] != '\0')
			ctl_say(c, text);
		ctl_ok(c, 0);
		return;
	}
	if (last != NULL)
		ctl_say_bytes(c, text, (size_t)(last + 1 - text));
	ctl_err(c, 1, "%s", last != NULL ? last + 1 : text);
}

static void
run_resync(struct keeper *k, const struct ctl_request *r, struct answer answer)
{
	struct buf names = { 0 };

	for (int i = 0; i < r->nnames; i++)
		buf_printf(&names, "%s\n", r->names[i]);
	keeper_command(k, IPC_RESYNC, buf_cstr(&names), 0, answer);
	buf_done(&names);
}

static void
run_worker_command(struct supervisor *s, struct ctl_conn *c, const struct ctl_request *r)
{
	struct keeper *k = supervisor_keeper(s, r->task);
	struct answer answer = { on_answer, c };
	char *payload;

	switch (r->command->verb) {
	case CTL_PAUSE: keeper_command(k, IPC_PAUSE, "", 0, answer); break;
	case CTL_RESUME: keeper_command(k, IPC_RESUME, "", 0, answer); break;
	case CTL_RESYNC: run_resync(k, r, answer); break;
	case CTL_SYNC: keeper_command(k, IPC_SYNC, "", r->timeout, answer); break;
	default:
		payload = r->from != NULL ? xasprintf("from %s", r->from)
					  : xstrdup(r->reload ? "reload" : "");
		keeper_command(k, IPC_RESTART, payload, 0, answer);
		free(payload);
	}
}

/* ---- the daemon's own ---- */

static void
on_reloaded(void *arg, int code, const char *text)
{
	struct ctl_conn *c = arg;

	ctl_say(c, text);
	if (code == 2)
		ctl_err(c, 2, "the configuration is not accepted; nothing was changed");
	else
		ctl_ok(c, code);
}

static void
run_reload(struct supervisor *s, struct ctl_conn *c)
{
	if (s->stopping)
		ctl_err(c, 1, "the daemon ends");
	else if (s->reload != NULL)
		ctl_err(c, 1, "another reload is under way; try again in some seconds");
	else
		reload_start(s, (struct reload_answer){ on_reloaded, c });
}

static void
run_log_level(struct supervisor *s, struct ctl_conn *c, const struct ctl_request *r)
{
	supervisor_log_level(s, r->level);
	ctl_ok(c, 0);
}

static void
run_version(struct ctl_conn *c)
{
	ctl_say(c, "repld " REPLD_VERSION);
	ctl_ok(c, 0);
}

/* ---- all ---- */

static void
audit(const struct ctl_conn *c, const struct ctl_request *r)
{
	struct buf line = { 0 };

	if (!r->command->changes)
		return;
	ctl_request_print(r, &line);
	while (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	log_info("ctl: %s, by %s", buf_cstr(&line), ctl_peer(c));
	buf_done(&line);
}

static void
run(struct supervisor *s, struct ctl_conn *c, const struct ctl_request *r)
{
	switch (r->command->verb) {
	case CTL_STATUS: run_status(s, c, r); break;
	case CTL_PAUSE:
	case CTL_RESUME:
	case CTL_RESTART:
	case CTL_RESYNC:
	case CTL_SYNC: run_worker_command(s, c, r); break;
	case CTL_RELOAD: run_reload(s, c); break;
	case CTL_LOG_LEVEL: run_log_level(s, c, r); break;
	case CTL_VERSION: run_version(c); break;
	case CTL_PING: ctl_ok(c, 0); break;
	}
}

void
ctl_cmd_request(void *arg, struct ctl_conn *c, const char *line, size_t n)
{
	struct supervisor *s = arg;
	struct ctl_words words;
	struct ctl_request r;
	struct err err = ERR_INIT;

	if (!ctl_words_new(line, n, &words, &err)) {
		ctl_err(c, 2, "%s", err.msg);
		return;
	}
	if (!ctl_request_parse(words.n, words.word, &r, &err)) {
		ctl_err(c, 2, "%s", err.msg);
	} else if (r.task != NULL && supervisor_keeper(s, r.task) == NULL) {
		ctl_err(c, 2, "no task \"%.60s\" in the running configuration", r.task);
	} else {
		audit(c, &r);
		run(s, c, &r);
	}
	ctl_words_done(&words);
}
