/* my_target.c - opening a MySQL or MariaDB target, and what the parts of the target share.
 * Foreign keys are not checked in the session, and do not act; triggers can't be kept from firing, so a table that has some is refused at its first
 * write, unless apply.fire_triggers is set.
 * Threads: one at a time. Owner: the caller of open(). */
#include "endpoints/my_target.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/log.h"

/* ---- small helpers ---- */

const char *
my_u64(uint64_t v, char out[MY_NUMBER])
{
	snprintf(out, MY_NUMBER, "%" PRIu64, v);
	return out;
}

const char *
my_i64(int64_t v, char out[MY_NUMBER])
{
	snprintf(out, MY_NUMBER, "%" PRId64, v);
	return out;
}

const char *
my_flag(bool v)
{
	return v ? "1" : "0";
}

struct wall
my_wall(const struct my_rows *r, unsigned col)
{
	return (struct wall){ strtoll(my_text(r, col), NULL, 10) };
}

/* ---- transactions ---- */

bool
my_begin(struct target *t, struct err *err)
{
	if (t->open)
		return true;
	t->open = my_exec(t->c, err, "START TRANSACTION");
	return t->open;
}

bool
my_commit(struct target *t, struct err *err)
{
	if (!my_exec(t->c, err, "COMMIT"))
		return false;
	t->open = false;
	return true;
}

bool
my_rollback(struct target *t)
{
	struct err ignored = ERR_INIT;

	if (t->open && !t->c->lost)
		(void)!my_exec(t->c, &ignored, "ROLLBACK");
	t->open = false;
	return false;
}

bool
my_do(struct target *t, uint64_t *ret_rows, struct err *err, const char *sql, int n,
    const char *const *params)
{
	struct my_done done;

	if (!my_run(t->c, &done, err, sql, n, params))
		return false;
	if (done.warnings > 0)
		return my_err_warning(t->c, err);
	if (ret_rows != NULL)
		*ret_rows = done.rows;
	return true;
}

bool
my_fenced(struct target *t, uint32_t group, struct err *err)
{
	char number[MY_NUMBER];
	const char *params[] = { t->task, my_u64(group, number) };
	struct err ignored = ERR_INIT;
	bool there;

	if (!my_ask(t->c, &there, &ignored,
		"SELECT count(*) FROM repld.checkpoint WHERE task = $1 AND load_group = #2", 2,
		params) ||
	    there) {
		err_set(err, ERR_FENCED, "another owner has taken over task %s", t->task);
		return err_remedy(err,
		    "owner_host and owner_pid in repld.checkpoint name it; where nobody else runs "
		    "the task: repld ctl restart %s",
		    t->task);
	}
	err_set(err, ERR_HOLE,
	    "the row of task %s in repld.checkpoint went away while the task ran: somebody has "
	    "deleted it",
	    t->task);
	return err_remedy(err,
	    "put the row back; or load the tables again: repld ctl restart %s --reload", t->task);
}

/* Share lock: who raises the epoch waits until this transaction has ended. */
bool
my_fence(struct target *t, uint64_t epoch, struct err *err)
{
	char number[MY_NUMBER];
	const char *params[] = { t->task, my_u64(epoch, number) };
	bool ours;

	if (!my_ask(t->c, &ours, err,
		"SELECT 1 FROM repld.checkpoint WHERE task = $1 AND load_group = 0 AND epoch = #2 "
		"LOCK IN SHARE MODE",
		2, params))
		return false;
	if (!ours)
		return my_fenced(t, 0, err);
	t->epoch = epoch;
	return true;
}

bool
my_check_triggers(struct target *t, const struct plan *plan, struct err *err)
{
	const char *params[] = { plan->target->schema, plan->target->name };
	char name[200];
	bool there;

	if (t->fire_triggers)
		return true;
	if (!my_value(t->c, name, sizeof(name), &there, err,
		"SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = "
		"$1 AND EVENT_OBJECT_TABLE = $2"
		" ORDER BY 1 LIMIT 1",
		2, params))
		return false;
	if (!there)
		return true;
	err_set(err, ERR_CONFIG,
	    "trigger \"%s\" would act on the target: a session of MySQL can't keep triggers from "
	    "firing",
	    name);
	err_remedy(err, "drop the trigger on the target, or set apply.fire_triggers = true");
	return err_table(err, plan->target->schema, plan->target->name);
}

/* ---- open and close ---- */

static void
my_target_close(struct target *t)
{
	if (t == NULL)
		return;
	my_park_free(t->park);
	my_conn_close(t->c);
	buf_done(&t->sql);
	buf_done(&t->load.values);
	buf_done(&t->load.text);
	free(t->task);
	free(t);
}

/* Said once in a process: which way the rows of a load go. */
static bool
choose_infile(struct target *t, struct err *err)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (!my_ask(t->c, &t->load.infile, err, "SELECT @@global.local_infile", 0, NULL))
		return false;
	if (!t->load.infile && !atomic_flag_test_and_set(&said))
		log_info("endpoint %s: local_infile is off on the server: rows are loaded by "
			 "INSERT, which is slower",
		    t->c->endpoint);
	return true;
}

static struct target *
my_target_open(const struct target_params *p, struct err *err)
{
	static atomic_uint_fast64_t serial;
	struct target *t = mem_zalloc(sizeof(*t), err);

	if (t == NULL)
		return NULL;
	t->serial = atomic_fetch_add(&serial, 1) + 1;
	t->applies = strcmp(p->purpose, "apply") == 0 || strcmp(p->purpose, "group") == 0;
	t->loads = strcmp(p->purpose, "load") == 0;
	t->relaxed = p->relaxed;
	t->fire_triggers = p->fire_triggers;
	if ((t->task = mem_strdup(p->task != NULL ? p->task : "", err)) == NULL ||
	    (t->c = my_conn_open(p->endpoint, t->loads ? MY_CONN_LOAD : MY_CONN_TARGET, p->task,
		 p->purpose, p->stop, err)) == NULL ||
	    (t->loads && !choose_infile(t, err))) {
		my_target_close(t);
		return NULL;
	}
	t->many_locks = my_conn_at_least(t->c, 50705, 100002);
	return t;
}

static bool
my_target_identify(struct target *t, char ret_version[64], struct err *err)
{
	(void)err;
	snprintf(ret_version, 64, "%s %.40s", t->c->mariadb ? "MariaDB" : "MySQL",
	    my_conn_version_text(t->c));
	return true;
}

const struct target_ops my_target_ops = {
	.kind = "mysql",
	.open = my_target_open,
	.close = my_target_close,
	.identify = my_target_identify,
	.own = my_target_own,
	.ping = my_target_ping,
	.install = my_target_install,
	.learn = my_target_learn,
	.look = my_target_look,
	.save_source = my_target_save_source,
	.save_paused = my_target_save_paused,
	.load_states = my_target_load_states,
	.load_groups = my_target_load_groups,
	.end_group = my_target_end_group,
	.save_states = my_target_save_states,
	.forget_state = my_target_forget_state,
	.list_tasks = my_target_list_tasks,
	.rename_task = my_target_rename_task,
	.cleanup = my_target_cleanup,
	.describe = my_target_describe,
	.has_rows = my_target_has_rows,
	.check = my_target_check,
	.would_make = my_target_would_make,
	.prepare_table = my_target_prepare_table,
	.resume_table = my_target_resume_table,
	.finish_table = my_target_finish_table,
	.load_begin = my_target_load_begin,
	.load_row = my_target_load_row,
	.load_end = my_target_load_end,
	.load_abort = my_target_load_abort,
	.load_done = my_target_load_done,
	.begin = my_target_begin,
	.write = my_target_write,
	.cascade_find = my_target_cascade_find,
	.cascade = my_target_cascade,
	.prepared_put = my_target_prepared_put,
	.prepared_get = my_target_prepared_get,
	.prepared_drop = my_target_prepared_drop,
	.prepared_count = my_target_prepared_count,
	.hand_over = my_target_hand_over,
	.commit = my_target_commit,
	.rollback = my_target_rollback,
	.flushed = my_target_flushed,
	.forget = my_target_forget,
};
