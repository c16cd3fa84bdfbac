/* conf.h - the configuration as an object: load, check, compare, apply. A bad file changes nothing.
 * Every option sits once in conf_opts.def (section, name, type, default, range, what a reload does), which feeds the parser, the checks,
 * conf_print() and the lint of manual and sample file. conf.c is the only file that knows libconfig.
 * Threads: read-only once loaded. Owner: whoever loaded it; all strings live in its arena. */
#ifndef REPLD_DAEMON_CONF_H
#define REPLD_DAEMON_CONF_H

#include "daemon/base/bytes.h"
#include "daemon/base/log.h"
#include "endpoints/endpoint.h"
#include "endpoints/target.h"
#include "staging/convert.h"
#include "staging/rules.h"

#define CONF_DEFAULT_FILE "/etc/repld/repld.conf"
#define CONF_NAME_MAX 40	/* a task's or endpoint's name */

enum task_mode { MODE_FULL_LOAD_AND_CDC, MODE_FULL_LOAD, MODE_CDC };
enum apply_mode { APPLY_BATCH, APPLY_TRANSACTIONAL };
enum load_chunks { CHUNKS_CTID, CHUNKS_KEY };	/* full_load.chunks */
const char *task_mode_name(enum task_mode m);		/* "full_load_and_cdc", ... */
const char *apply_mode_name(enum apply_mode m);

struct task_conf {
	const char *name;
	const struct endpoint *source, *target;
	enum task_mode mode;
	bool enabled;
	struct rules rules;
	const char *rename_from;		/* the task's former name; NULL: none */
	bool durability_relaxed;		/* durability = "strict" | "relaxed" */
	struct {
		const char *slot, *publication;	/* default repld_TASK */
		const char *plugin;		/* "pgoutput" or "wal2json" */
	} postgresql;
	struct {
		uint32_t server_id;		/* of the task's stream; default: made of the task's name */
	} mysql;
	struct convert_options values;
	struct {
		uint32_t parallel_tables, parallel_chunks;
		enum target_prep target_tables;
		const char *on_change;		/* "refuse" or "reload": where a rule does not say it */
		enum load_chunks chunks;
		uint64_t max_rate;		/* bytes a second; 0: none */
	} full_load;
	struct {
		uint64_t ring_size;
	} staging;
	struct {
		enum apply_mode mode;
		uint32_t max_rows;
		uint64_t max_bytes;
		int64_t max_delay;		/* usec */
		bool fire_triggers;
	} apply;
	int line;
	const char *file;
};

struct conf {
	struct arena *arena;
	const char *file;
	const char *control_socket, *http_listen;
	enum log_level log_level;
	uint32_t nendpoints, ntasks;
	struct endpoint **endpoints;
	struct task_conf **tasks;
};

/* What is wrong, all of it at once: one line each, "file:line: option: what was expected" (ERR_CONFIG in kind). Starts as { 0 };
 * each load begins a new list. The first 100 are kept, all are counted. */
struct conf_errors {
	struct buf text;		/* lines */
	uint32_t n;
};

/* Reads, types and checks the file (conf_check.c included). NULL: errors says why. Secrets are not read here, but a password option's form is checked. */
struct conf *conf_load(const char *path, struct conf_errors *errors) MUST_CHECK;
/* The same from text (a worker's own task; `name` stands for the file in messages). */
#define CONF_NO_FILE "the supervisor"	/* name of a text that a worker gets: its lines are none of the file's */
struct conf *conf_parse(const char *text, const char *name, struct conf_errors *errors) MUST_CHECK;
void conf_free(struct conf *c);
void conf_errors_done(struct conf_errors *e);

/* Across fields: names, duplicate slots on one server, a source that is written to, loops, budgets. Called by conf_load(). */
bool conf_check(const struct conf *c, struct conf_errors *errors);

const struct task_conf *conf_task(const struct conf *c, const char *name);	/* NULL: none */
const struct endpoint *conf_endpoint(const struct conf *c, const char *name);

/* Canonical text without secrets; parses back to an equal object. task: only that one and its endpoints (what a worker is sent). */
void conf_print(const struct conf *c, const struct task_conf *task, struct buf *out);

enum conf_action { CONF_KEEP, CONF_TUNE, CONF_RESTART, CONF_ADD, CONF_DROP };

struct conf_change {			/* of one task, or of the daemon section (task NULL) */
	const char *task;		/* borrowed from old or new */
	enum conf_action action;
	struct buf why;			/* "apply.max_rows 5000 -> 1000", lines */
	struct buf waits;		/* what waits for a restart of the daemon (control_socket, http_listen), lines */
};

struct conf_diff {
	uint32_t n;
	struct conf_change *changes;	/* one per task of either, the daemon's first */
};

bool conf_diff_new(const struct conf *old_conf, const struct conf *new_conf, struct conf_diff *ret, struct err *err) MUST_CHECK;
void conf_diff_done(struct conf_diff *d);

#endif
