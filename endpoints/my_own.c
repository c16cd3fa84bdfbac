/* my_own.c - who owns a task: the named locks, database repld, the checkpoint row and its epoch.
 * A session that applies holds the lock repld:TASK:gN as long as it lives. By it the next one finds the session to end, whatever has
 * become of its number since: the server gives the lock back when that session's transaction has ended and not before, so who holds
 * the lock is alone. Names of locks are fixed for ever, as two versions of repld must meet in the same lock.
 * Invariant: a position is only ever taken from the row under its lock, by the session that holds the group's named lock, and used
 * only where the row's seal fits it.
 * Threads: the target's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/arena.h"
#include "endpoints/my_target.h"

#define SCHEMA_FORMAT	  1
#define GONE_USEC	  10000000
#define GONE_STEP	  20000
#define IDLE_SECONDS	  "30" /* of silence, then the server ends the owner's session */
#define PING_DEADLINE	  20000000
#define ER_NO_SUCH_THREAD 1094
#define ER_KILL_DENIED	  1095

/* ---- locks ---- */

const char *
my_owner_lock(const char *task, char out[MY_LOCK_NAME])
{
	snprintf(out, MY_LOCK_NAME, "repld:%s", task);
	return out;
}

static const char *
group_lock(const char *task, uint32_t group, char out[MY_LOCK_NAME])
{
	snprintf(out, MY_LOCK_NAME, "repld:%s:g%" PRIu32, task, group);
	return out;
}

bool
my_lock(struct target *t, const char *name, bool *ret_got, struct err *err)
{
	const char *params[] = { name };

	return my_ask(t->c, ret_got, err, "SELECT GET_LOCK($1, 0)", 1, params);
}

bool
my_unlock(struct target *t, const char *name, struct err *err)
{
	const char *params[] = { name };
	bool held;

	return my_ask(t->c, &held, err, "SELECT RELEASE_LOCK($1)", 1, params);
}

static const char install_lock[] = "repld: install";

/* MySQL 5.6 would give another lock of the session back for it. */
bool
my_install_lock(struct target *t, struct err *err)
{
	const struct usec start = clock_mono();
	bool got = !t->many_locks;

	while (!got) {
		if (!my_lock(t, install_lock, &got, err))
			return false;
		if (!got && usec_since(start) > GONE_USEC)
			return err_set(err, ERR_RETRY,
			    "another task makes or drops the tables of database repld");
		if (!got && !stop_sleep(t->c->stop, GONE_STEP))
			return err_set(err, ERR_CANCELLED, "stopped");
	}
	return true;
}

void
my_install_unlock(struct target *t)
{
	struct err ignored = ERR_INIT;

	if (t->many_locks && !t->c->lost)
		(void)!my_unlock(t, install_lock, &ignored);
}

/* ---- database repld ---- */

#define TABLE_END " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
#define COUNT	  " bigint unsigned NOT NULL DEFAULT 0"
#define FLAG	  " tinyint(1) NOT NULL DEFAULT 0"
#define NAME	  " varchar(64) NOT NULL DEFAULT ''"
#define PLACE	  " varchar(200) NOT NULL DEFAULT '-'"
#define NOW	  " datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)"

static const char *const tables_sql[] = {
	"CREATE TABLE IF NOT EXISTS repld.checkpoint (task varchar(64) NOT NULL, load_group bigint "
	"unsigned NOT NULL DEFAULT 0, handed" FLAG ", source_kind" NAME ", source_id" NAME
	", source_dbname" NAME ", timeline" COUNT ", slot" NAME ", publication" NAME
	", slot_made" FLAG ", publication_made" FLAG ", position" PLACE
	", gtid_set longtext, commit_time datetime(6), commit_end" PLACE ", epoch" COUNT
	", conn" COUNT ", paused" FLAG ", load_done" FLAG ", transactions" COUNT ", rows_read" COUNT
	", applied" COUNT ", filtered" COUNT ", excepted" COUNT ", inserts" COUNT ", updates" COUNT
	", deletes" COUNT ", truncates" COUNT
	", owner_host varchar(255) NOT NULL DEFAULT '', owner_pid int NOT NULL DEFAULT 0, "
	"owner_since datetime(6), session_id bigint unsigned,"
	" session_start datetime(6), seal bigint NOT NULL DEFAULT 0, updated" NOW
	", PRIMARY KEY (task, load_group))" TABLE_END
	" COMMENT = 'repld: positions of its replication tasks (format 1)'",
	"CREATE TABLE IF NOT EXISTS repld.table_state (task varchar(64) NOT NULL, source_schema "
	"varchar(64) NOT NULL,"
	" source_name varchar(64) NOT NULL, target_schema varchar(64) NOT NULL, target_name "
	"varchar(64) NOT NULL,"
	" state varchar(20) NOT NULL, load_group bigint unsigned NOT NULL DEFAULT 0, snapshot" PLACE
	", position_kind varchar(20) NOT NULL DEFAULT ''"
	", attempt" COUNT ", rows_loaded" COUNT ", bytes_loaded" COUNT
	", shape longtext, filenodes longtext, facts longtext, made varchar(20),"
	" error longtext, fingerprint longtext, ranges longtext, changed" NOW
	", PRIMARY KEY (task, source_schema, source_name),"
	" UNIQUE KEY table_state_target (target_schema, target_name))" TABLE_END,
	"CREATE TABLE IF NOT EXISTS repld.load_chunk (task varchar(64) NOT NULL, source_schema "
	"varchar(64) NOT NULL,"
	" source_name varchar(64) NOT NULL, attempt bigint unsigned NOT NULL, chunk bigint "
	"unsigned NOT NULL, row_count bigint unsigned NOT NULL,"
	" byte_count bigint unsigned NOT NULL, snapshot" PLACE ", loaded" NOW
	", PRIMARY KEY (task, source_schema, source_name, attempt, chunk))" TABLE_END,
	"CREATE TABLE IF NOT EXISTS repld.exceptions (number bigint unsigned NOT NULL "
	"AUTO_INCREMENT PRIMARY KEY, task varchar(64) NOT NULL,"
	" source_schema varchar(64) NOT NULL, source_name varchar(64) NOT NULL, operation "
	"varchar(20) NOT NULL, position" PLACE ", time" NOW
	", `sqlstate` varchar(5) NOT NULL DEFAULT '', message longtext, row_data longtext, KEY "
	"exceptions_task (task, number))" TABLE_END,
	"CREATE TABLE IF NOT EXISTS repld.prepared (task varchar(64) NOT NULL, load_group bigint "
	"unsigned NOT NULL,"
	" xid varchar(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, part bigint unsigned NOT "
	"NULL, content longblob NOT NULL, kept_at" NOW
	", PRIMARY KEY (task, load_group, xid, part))" TABLE_END,
};

bool
my_installed(struct target *t, bool *ret, struct err *err)
{
	return my_ask(t->c, ret, err,
	    "SELECT count(*) = 4 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'repld'"
	    " AND TABLE_NAME IN ('checkpoint', 'table_state', 'load_chunk', 'exceptions')",
	    0, NULL);
}

static bool
check_format(struct target *t, struct err *err)
{
	char comment[512];
	const char *at;
	long format;
	bool there;

	if (!my_value(t->c, comment, sizeof(comment), &there, err,
		"SELECT left(TABLE_COMMENT, 100) FROM information_schema.TABLES WHERE TABLE_SCHEMA "
		"= 'repld' AND TABLE_NAME = 'checkpoint'",
		0, NULL))
		return false;
	at = strstr(comment, "format ");
	format = at != NULL ? strtol(at + 7, NULL, 10) : 0;
	if (format <= SCHEMA_FORMAT)
		return true;
	err_set(err, ERR_CONFIG, "database repld on the target has format %ld, this repld knows %d",
	    format, SCHEMA_FORMAT);
	return err_remedy(err, "run the newer repld that made it");
}

static bool
make_tables(struct target *t, struct err *err)
{
	bool there;

	if (!my_ask(t->c, &there, err,
		"SELECT count(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'repld'", 0,
		NULL))
		return false;
	if (!there &&
	    !my_exec(t->c, err,
		"CREATE DATABASE IF NOT EXISTS repld CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")) {
		if (err->kind == ERR_CONFIG)
			err_remedy(err,
			    "GRANT CREATE, DROP, SELECT, INSERT, UPDATE, DELETE ON repld.* TO the "
			    "account of endpoint %s",
			    t->c->endpoint);
		return false;
	}
	for (size_t i = 0; i < sizeof(tables_sql) / sizeof(tables_sql[0]); i++)
		if (!my_exec(t->c, err, tables_sql[i]))
			return false;
	return true;
}

bool
my_target_install(struct target *t, struct err *err)
{
	bool installed, complete = false, ok;

	if (!my_installed(t, &installed, err) || (installed && !my_has_prepared(t, &complete, err)))
		return false;
	if (complete)
		return check_format(t, err);
	ok = my_install_lock(t, err) && make_tables(t, err);
	my_install_unlock(t);
	if (!ok && err->kind != ERR_CANCELLED)
		err_ctx(err, "make database repld on the target");
	return ok && check_format(t, err);
}

/* ---- the owner ---- */

bool
my_named_owner(struct target *t, const char *task, struct owner *ret, struct err *err)
{
	const char *params[] = { task };
	struct my_rows rows;
	bool installed;

	if (!my_installed(t, &installed, err))
		return false;
	if (!installed)
		return true;
	if (!my_query(t->c, &rows, err,
		"SELECT owner_host, owner_pid, coalesce(" MY_USEC_OF(
		    "owner_since") ", 0) FROM repld.checkpoint"
				   " WHERE task = $1 AND load_group = 0",
		1, params))
		return false;
	if (my_next(&rows)) {
		snprintf(ret->host, sizeof(ret->host), "%.127s", my_text(&rows, 0));
		ret->pid = (int32_t)my_number(&rows, 1);
		ret->since = my_wall(&rows, 2);
	}
	my_rows_done(&rows);
	return true;
}

/* The row says who; where there is none yet, the server knows from where the holder is connected. */
bool
my_who_holds(struct target *t, const char *task, struct owner *ret, bool *ret_held, struct err *err)
{
	char name[MY_LOCK_NAME], id[MY_NUMBER], host[256];
	const char *lock[] = { my_owner_lock(task, name) }, *holder[] = { id };
	bool there;

	if (!my_value(t->c, id, sizeof(id), ret_held, err, "SELECT IS_USED_LOCK($1)", 1, lock))
		return false;
	if (!*ret_held || ret->host[0] != '\0')
		return true;
	if (!my_value(t->c, host, sizeof(host), &there, err,
		"SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = #1", 1, holder))
		return false;
	snprintf(ret->host, sizeof(ret->host), "%.127s", host);
	return true;
}

bool
my_target_own(struct target *t, struct owner *ret_other, struct err *err)
{
	char name[MY_LOCK_NAME];
	bool got, held;

	*ret_other = (struct owner){ .pid = 0 };
	if (!my_lock(t, my_owner_lock(t->task, name), &got, err))
		return false;
	if (!got) {
		if (my_named_owner(t, t->task, ret_other, err))
			(void)!my_who_holds(t, t->task, ret_other, &held, err);
		return false;
	}
	/* An owner that hangs or is cut off is not one for long: it has to ping. */
	return my_exec(t->c, err, "SET SESSION wait_timeout = " IDLE_SECONDS);
}

bool
my_target_ping(struct target *t, struct err *err)
{
	char name[MY_LOCK_NAME];
	const char *params[] = { my_owner_lock(t->task, name) };
	bool ours = false, ok;

	t->c->deadline_usec = PING_DEADLINE;
	ok = my_ask(t->c, &ours, err, "SELECT IS_USED_LOCK($1) = CONNECTION_ID()", 1, params);
	t->c->deadline_usec = 0;
	return ok && (ours || err_set(err, ERR_RETRY, "the task's lock on the target is lost"));
}

/* ---- former sessions ---- */

static bool
kill_holder(struct target *t, const char *id, struct err *err)
{
	struct err refused = ERR_INIT;

	if (my_execf(t->c, &refused, "KILL %s", id) || my_errno(t->c) == ER_NO_SUCH_THREAD)
		return true;
	*err = refused;
	if (my_errno(t->c) == ER_KILL_DENIED)
		err_remedy(err,
		    "the task's former session runs under another account: end it on the server "
		    "(KILL %s)",
		    id);
	return err_ctx(err, "end the task's former session on the target (%s)", id);
}

/* Ends whoever holds the lock; take: until it is ours, else until nobody has it. */
static bool
clear_lock(struct target *t, const char *name, bool take, struct err *err)
{
	const char *params[] = { name };
	const struct usec start = clock_mono();
	char id[MY_NUMBER], ended[MY_NUMBER] = "";
	bool got = false, held = true;

	for (;;) {
		if (take && !my_lock(t, name, &got, err))
			return false;
		if (got)
			return true;
		if (!my_value(t->c, id, sizeof(id), &held, err,
			"SELECT NULLIF(IS_USED_LOCK($1), CONNECTION_ID())", 1, params))
			return false;
		if (!held && !take)
			return true;
		if (held && strcmp(id, ended) != 0 && !kill_holder(t, id, err))
			return false;
		memcpy(ended, id, sizeof(ended));
		if (usec_since(start) > GONE_USEC)
			return err_set(err, ERR_RETRY,
			    "the task's former session on the target (%s) does not end", id);
		if (held && !stop_sleep(t->c->stop, GONE_STEP))
			return err_set(err, ERR_CANCELLED, "stopped");
	}
}

bool
my_end_former_sessions(struct target *t, const char *task, struct err *err)
{
	const char *params[] = { task };
	char name[MY_LOCK_NAME];
	struct my_rows rows;
	bool ok = true;

	if (!my_query(t->c, &rows, err,
		"SELECT load_group FROM repld.checkpoint WHERE task = $1 ORDER BY 1", 1, params))
		return false;
	while (ok && my_next(&rows))
		ok = clear_lock(
		    t, group_lock(task, (uint32_t)my_number(&rows, 0), name), false, err);
	my_rows_done(&rows);
	return ok;
}

/* ---- the row ---- */

static const char row_columns[] =
    "source_kind, source_id, source_dbname, timeline, slot, publication, slot_made, "
    "publication_made, position,"
    " coalesce(" MY_USEC_OF("commit_time") ", 0), epoch, conn, paused, load_done, transactions, "
					   "rows_read, applied, filtered, excepted,"
					   " inserts, updates, deletes, truncates, load_group, "
					   "handed, seal, commit_end, gtid_set";

static void
read_source(const struct my_rows *r, struct checkpoint *cp)
{
	struct source_identity *s = &cp->source;

	snprintf(s->kind, sizeof(s->kind), "%.15s", my_text(r, 0));
	snprintf(s->id, sizeof(s->id), "%.63s", my_text(r, 1));
	snprintf(s->dbname, sizeof(s->dbname), "%.63s", my_text(r, 2));
	s->timeline = (uint32_t)my_number(r, 3);
	snprintf(s->slot, sizeof(s->slot), "%.63s", my_text(r, 4));
	snprintf(s->publication, sizeof(s->publication), "%.63s", my_text(r, 5));
	cp->slot_made = my_number(r, 6) != 0;
	cp->publication_made = my_number(r, 7) != 0;
}

/* A row that names no source yet holds a lock's and a pause's facts only: it is no checkpoint. */
static void
read_checkpoint(struct target *t, const struct my_rows *r, struct checkpoint *cp)
{
	uint64_t *const totals[] = { &cp->totals.transactions, &cp->totals.read,
		&cp->totals.applied, &cp->totals.filtered, &cp->totals.excepted,
		&cp->totals.inserts, &cp->totals.updates, &cp->totals.deletes,
		&cp->totals.truncates };
	struct err no_place = ERR_INIT;

	read_source(r, cp);
	cp->exists = cp->source.kind[0] != '\0';
	cp->group = (uint32_t)my_number(r, 23);
	cp->handed = my_number(r, 24) != 0;
	checkpoint_verify(t->task, cp, my_text(r, 8), my_is_null(r, 27) ? NULL : my_text(r, 27),
	    (uint64_t)strtoll(my_text(r, 25), NULL, 10));
	if (!position_parse(my_text(r, 26), &cp->commit_end, &no_place)) {
		cp->commit_end.kind = POSITION_NONE;
		snprintf(cp->edited, sizeof(cp->edited), "commit_end %.40s", my_text(r, 26));
	}
	cp->commit_time = my_wall(r, 9);
	cp->epoch = my_number(r, 10);
	cp->conn = my_number(r, 11);
	cp->paused = my_number(r, 12) != 0;
	cp->load_done = my_number(r, 13) != 0;
	for (unsigned i = 0; i < 9; i++)
		*totals[i] = my_number(r, 14 + i);
}

/* The rows of the task, or of one of its streams. */
static bool
query_rows(struct target *t, struct my_rows *ret, const char *which, struct err *err)
{
	const char *params[] = { t->task };
	struct buf sql = { 0 };
	bool ok;

	buf_printf(&sql, "SELECT %s FROM repld.checkpoint WHERE task = $1%s", row_columns, which);
	ok = my_query(t->c, ret, err, buf_cstr(&sql), 1, params);
	buf_done(&sql);
	return ok;
}

static bool
query_group(
    struct target *t, struct my_rows *ret, uint32_t group, const char *suffix, struct err *err)
{
	char which[80];

	snprintf(which, sizeof(which), " AND load_group = %" PRIu32 "%s", group, suffix);
	return query_rows(t, ret, which, err);
}

/* ---- learn ---- */

/* The row under its lock, made where it is missing: where somebody has deleted it, a former owner's epoch must not come again, so a
 * task's first one is the time. */
static bool
lock_row(struct target *t, struct checkpoint *cp, struct err *err)
{
	char group[MY_NUMBER], epoch[MY_NUMBER];
	const char *params[] = { t->task, my_u64(cp->group, group),
		my_u64(cp->group > 0 ? cp->epoch : 0, epoch) };
	struct my_rows rows;
	bool there, ok;

	if (!my_ask(t->c, &there, err,
		"SELECT 1 FROM repld.checkpoint WHERE task = $1 AND load_group = #2 FOR UPDATE", 2,
		params) ||
	    (!there && !my_do(t, NULL, err,
			   "INSERT INTO repld.checkpoint (task, load_group, epoch) VALUES ($1, #2, "
			   "IF(#2 > 0, #3, " MY_USEC_OF("UTC_TIMESTAMP(6)") "))",
			   3, params)) ||
	    !query_group(t, &rows, cp->group, " FOR UPDATE", err))
		return false;
	if ((ok = my_next(&rows)))
		read_checkpoint(t, &rows, cp);
	else
		err_set(err, ERR_RETRY, "the task's checkpoint row went away");
	my_rows_done(&rows);
	return ok;
}

static bool
name_ourselves(struct target *t, bool new_owner, const struct checkpoint *cp, struct err *err)
{
	char host[128] = "", pid[MY_NUMBER], epoch[MY_NUMBER], conn[MY_NUMBER], group[MY_NUMBER];
	const char *params[] = { t->task, my_u64(cp->epoch, epoch), my_u64(cp->conn, conn),
		my_flag(new_owner), host, my_u64((uint64_t)getpid(), pid),
		my_u64(cp->group, group) };

	if (gethostname(host, sizeof(host) - 1) != 0)
		snprintf(host, sizeof(host), "unknown");
	return my_do(t, NULL, err,
	    "UPDATE repld.checkpoint SET epoch = #2, conn = #3, session_id = CONNECTION_ID(), "
	    "session_start = UTC_TIMESTAMP(6),"
	    " owner_host = $5, owner_pid = #6, owner_since = IF(#4 OR owner_since IS NULL, "
	    "UTC_TIMESTAMP(6), owner_since),"
	    " updated = UTC_TIMESTAMP(6) WHERE task = $1 AND load_group = #7",
	    7, params);
}

/* The groups' rows follow the task's: who held them before commits nothing any more. The update waits for a COMMIT that is under way. */
static bool
raise_groups(struct target *t, const struct checkpoint *cp, struct err *err)
{
	char epoch[MY_NUMBER];
	const char *params[] = { t->task, my_u64(cp->epoch, epoch) };

	return my_do(t, NULL, err,
	    "UPDATE repld.checkpoint SET epoch = #2 WHERE task = $1 AND load_group > 0", 2, params);
}

static bool
raise_epoch(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err)
{
	struct checkpoint row = { .group = cp->group, .epoch = cp->epoch };

	if (!new_owner && !my_fence(t, cp->epoch, err))
		return false;
	if (!lock_row(t, &row, err))
		return false;
	if (!new_owner && row.epoch != cp->epoch)
		return err_set(err, ERR_FENCED, "another owner has taken over task %s", t->task);
	row.conn = new_owner ? 1 : row.conn + 1;
	row.epoch += new_owner;
	if (!name_ourselves(t, new_owner, &row, err) ||
	    (new_owner && !raise_groups(t, &row, err)) || !my_commit(t, err))
		return false;
	*cp = row;
	return true;
}

bool
my_target_learn(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err)
{
	char name[MY_LOCK_NAME];

	if (!clear_lock(t, group_lock(t->task, cp->group, name), true, err) ||
	    (new_owner && !my_end_former_sessions(t, t->task, err)))
		return false;
	if (!my_begin(t, err) || !raise_epoch(t, new_owner, cp, err))
		return my_rollback(t);
	t->epoch = cp->epoch;
	return true;
}

bool
my_target_load_groups(struct target *t, struct checkpoint **ret, size_t *ret_n, struct err *err)
{
	struct my_rows rows;

	*ret = NULL;
	*ret_n = 0;
	if (!query_rows(t, &rows, " AND load_group > 0 ORDER BY load_group", err))
		return false;
	*ret = mem_zalloc((rows.n + 1) * sizeof(**ret), err);
	for (; *ret != NULL && my_next(&rows); ++*ret_n)
		read_checkpoint(t, &rows, &(*ret)[*ret_n]);
	my_rows_done(&rows);
	return *ret != NULL;
}

/* ---- look ---- */

static bool
count_remains(struct target *t, struct target_remains *ret, struct err *err)
{
	const char *params[] = { t->task };
	struct my_rows rows;

	if (!my_query(t->c, &rows, err,
		"SELECT (SELECT count(*) FROM repld.table_state WHERE task = $1), (SELECT count(*) "
		"FROM repld.exceptions WHERE task = $1)",
		1, params))
		return false;
	if (my_next(&rows)) {
		ret->table_states = (size_t)my_number(&rows, 0);
		ret->exceptions = (size_t)my_number(&rows, 1);
	}
	my_rows_done(&rows);
	return true;
}

bool
my_target_look(struct target *t, struct target_remains *ret, struct err *err)
{
	struct target_remains r = { .installed = false };
	struct my_rows rows;

	if (!my_installed(t, &r.installed, err))
		return false;
	if (r.installed) {
		if (!query_group(t, &rows, 0, "", err))
			return false;
		if ((r.checkpoint = my_next(&rows)))
			read_checkpoint(t, &rows, &r.cp);
		my_rows_done(&rows);
		if (!count_remains(t, &r, err) || !my_named_owner(t, t->task, &r.owner, err))
			return false;
	}
	if (!my_who_holds(t, t->task, &r.owner, &r.owned, err))
		return false;
	*ret = r;
	return true;
}
