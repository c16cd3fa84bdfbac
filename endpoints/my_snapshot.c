/* my_snapshot.c - one moment of a MySQL or MariaDB source on several connections, and the place of its log that is exactly that moment.
 * By the least lock that is exact, in this order:
 *   MariaDB: 1. none: the snapshots are taken until they agree: binlog_snapshot_file and _position say of each where it stands.
 *            2. where commits come too fast for that, BACKUP STAGE BLOCK_COMMIT: nobody waits with anything but COMMIT. (FLUSH TABLES WITH READ
 *               LOCK makes transactions of others fail: they hold what it waits for, and are chosen as a deadlock's victims.)
 *   MySQL:   1. FLUSH TABLES WITH READ LOCK; snapshots on all connections; the place; UNLOCK TABLES.
 *            2. without that right LOCK TABLES ... READ of those that will be loaded; then as with the first. Nobody can have changed one of them
 *               and not committed yet, so their rows are those of the place; what other tables hold does not matter.
 * A lock is waited for 5 s at most, and tried again.
 * The place is taken, and a dump from it opened, before a lock is given up. Nobody reads that dump until the stream takes it over: what the server has
 * not sent yet it does not purge, and what it has sent is on its way.
 * It is taken while no transaction of XA is prepared: one that is stands in the log before the place, and takes effect behind it.
 * Tables of engines that have no snapshots (MyISAM, Aria, MEMORY) are locked against writes by a session of their own, from before the place is taken
 * until all is loaded; a scan of one counts only where that session still holds its locks at the scan's end.
 * Invariant: a transaction is in the snapshot if and only if it ended at or before the place, on every connection alike.
 * Threads: open, alive, close: one; take and give: any. */
#include "endpoints/my_source.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/log.h"

#define LOCK_TRIES 24		/* of 5 s each */
#define AGREE_TRIES 100
#define XA_ROUNDS 20			/* where transactions of XA end all the time, commits are blocked for the snapshots */
#define TRY_AGAIN_USEC 500000
#define HOLDS 16		/* a task's stream, and those of its load groups */

/* Dumps of snapshots that are closed already, until their stream takes them over. */
static struct hold {
	uint32_t server_id;
	struct position from;
	bool from_start;
	struct my_conn *c;
} holds[HOLDS];
static pthread_mutex_t holds_lock = PTHREAD_MUTEX_INITIALIZER;

struct source_snapshot {
	struct source_params p;
	struct snapshot_pos pos;
	struct my_conn *admin;		/* took the lock */
	struct my_conn *still;		/* holds the tables of engines without snapshots; NULL: there are none */
	struct mutex lock;
	struct my_conn **scans;
	uint32_t n, free;		/* scans[0..free) wait for a thread */
	uint32_t alive;
	bool opened;			/* from then on the others of scans[] are a thread's, or gone */
	struct hold hold;		/* the dump that nobody reads */
	uint64_t xa_commits;		/* begun before it was seen that none is prepared */
	uint32_t rounds;
};

static void
keep_hold(const struct hold *h)
{
	struct my_conn *gone = h->c;

	pthread_mutex_lock(&holds_lock);
	for (int i = 0; i < HOLDS; i++)
		if (holds[i].c == NULL || holds[i].server_id == h->server_id) {
			gone = holds[i].c;
			holds[i] = *h;
			holds[i].c->stop = NULL;	/* its run may be over */
			break;
		}
	pthread_mutex_unlock(&holds_lock);
	my_conn_close(gone);
}

struct my_conn *
my_snapshot_dump(uint32_t server_id, const struct position *from, bool *ret_from_start)
{
	struct my_conn *c = NULL;
	bool same = false;

	pthread_mutex_lock(&holds_lock);
	for (int i = 0; i < HOLDS; i++)
		if (holds[i].c != NULL && holds[i].server_id == server_id) {
			const struct hold *h = &holds[i];

			c = h->c;
			*ret_from_start = h->from_start;
			same = position_equal(&h->from, from) && (from->gtids == NULL ? h->from.gtids == NULL :
			    h->from.gtids != NULL && strcmp(h->from.gtids, from->gtids) == 0);
			holds[i].c = NULL;
			break;
		}
	pthread_mutex_unlock(&holds_lock);
	if (same && !c->lost)
		return c;
	my_conn_close(c);
	return NULL;
}

static bool
begin_snapshot(struct my_conn *c, struct err *err)
{
	return my_exec(c, err, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ") &&
	    my_exec(c, err, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

static bool
open_scans(struct source_snapshot *s, struct err *err)
{
	for (uint32_t i = 0; i < s->n; i++) {
		s->scans[i] = my_conn_open(s->p.endpoint, MY_CONN_SOURCE, s->p.task, "load", s->p.stop, err);
		if (s->scans[i] == NULL || !my_source_is_same(s->scans[i], &s->p, err))
			return false;
	}
	return true;
}

static bool
begin_all(struct source_snapshot *s, struct err *err)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (!begin_snapshot(s->scans[i], err))
			return err_ctx(err, "begin a snapshot");
	return true;
}

static void
end_all(struct source_snapshot *s)
{
	struct err ignored = ERR_INIT;

	for (uint32_t i = 0; i < s->n; i++)
		if (s->scans[i] != NULL && !s->scans[i]->lost && !my_exec(s->scans[i], &ignored, "ROLLBACK"))
			err_clear(&ignored);
}

/* ---- the lock ---- */

/* No right for it. */
static bool
is_forbidden(const struct err *err, unsigned number)
{
	return number == 1227 || number == 1044 || number == 1045 || number == 1142 || err->kind == ERR_CONFIG;
}

static bool
wait_with_lock(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	on_wait(arg, "waiting for a moment without long statements on the source, to lock its tables for the blink of an eye");
	err_clear(err);
	return stop_sleep(s->p.stop, TRY_AGAIN_USEC) || err_set(err, ERR_CANCELLED, "stopped");
}

/* *ret_got false without an error: we may not. A lock that is waited for stands in the way of others, so it is given up after 5 s. */
static bool
lock_by(struct source_snapshot *s, struct my_conn *c, const char *sql, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_got,
    struct err *err)
{
	*ret_got = false;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (my_exec(c, err, sql)) {
			*ret_got = true;
			return true;
		}
		if (is_forbidden(err, my_errno(c))) {
			err_clear(err);
			return true;
		}
		if (my_errno(c) != 1205)
			return err_ctx(err, "lock the source's tables");
		if (!wait_with_lock(s, on_wait, arg, err))
			return false;
	}
	err_set(err, ERR_RETRY, "%.11s was not granted: long statements, open transactions or other locks are in its way", sql);
	return err_remedy(err, "look at SHOW PROCESSLIST on the source");
}

/* As lock_by. A stage that is not granted leaves those before it: they are given up with it. */
static bool
block_commits(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_got, struct err *err)
{
	static const char *const stages[] = { "BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL", "BACKUP STAGE BLOCK_COMMIT" };
	struct err ignored = ERR_INIT;
	unsigned number = 0;
	bool ok = false;

	*ret_got = false;
	for (int try = 0; try < LOCK_TRIES; try++) {
		for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && (i == 0 || ok); i++)
			if (!(ok = my_exec(s->admin, err, stages[i])))
				number = my_errno(s->admin);
		if (ok) {
			*ret_got = true;
			return true;
		}
		if (!my_exec(s->admin, &ignored, "BACKUP STAGE END"))
			err_clear(&ignored);
		if (is_forbidden(err, number)) {
			err_clear(err);
			return true;
		}
		if (number != 1205)
			return err_ctx(err, "block the source's commits");
		if (!wait_with_lock(s, on_wait, arg, err))
			return false;
	}
	err_set(err, ERR_RETRY, "BACKUP STAGE was not granted: a backup, long statements or other locks are in its way");
	return err_remedy(err, "look at SHOW PROCESSLIST on the source");
}

/* Of the tables that will be loaded: all, or those that have no snapshots. False: none. */
static bool
put_lock(const struct source_snapshot *s, bool all, struct buf *sql)
{
	bool any = false;

	buf_str(sql, "LOCK TABLES ");
	for (uint32_t i = 0; i < s->p.nloads; i++) {
		if (!all && my_engine_has_snapshots(s->p.loads[i]->source->engine))
			continue;
		buf_str(sql, any ? ", " : "");
		my_ident2(sql, s->p.loads[i]->source_schema, s->p.loads[i]->source_name);
		buf_str(sql, " READ");
		any = true;
	}
	return any;
}

static bool
lock_tables(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_got, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	*ret_got = false;
	if (!put_lock(s, true, &sql)) {
		buf_done(&sql);
		return true;
	}
	/* Without autocommit InnoDB locks, too, and waits for changes that are not committed (5.6). */
	ok = my_exec(s->admin, err, "SET SESSION autocommit = 0") && lock_by(s, s->admin, buf_cstr(&sql), on_wait, arg, ret_got, err);
	buf_done(&sql);
	return ok;
}

/* ---- tables without snapshots ---- */

bool
my_engine_has_snapshots(const char *engine)
{
	return engine == NULL || strcasecmp(engine, "InnoDB") == 0 || strcasecmp(engine, "ROCKSDB") == 0 || strcasecmp(engine, "TokuDB") == 0;
}

/* Where nobody can write, as under MySQL's lock, it is granted at once. Locked again, it is let go before. */
static bool
keep_still(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	struct buf sql = { 0 };
	bool ok = true, got = true;

	if (put_lock(s, false, &sql))
		ok = (s->still != NULL || (s->still = my_conn_open(s->p.endpoint, MY_CONN_SOURCE, s->p.task, "lock", s->p.stop, err)) != NULL) &&
		    my_source_is_same(s->still, &s->p, err) && lock_by(s, s->still, buf_cstr(&sql), on_wait, arg, &got, err);
	buf_done(&sql);
	if (!ok || got)
		return ok;
	err_set(err, ERR_CONFIG, "user %s may not lock the tables whose engine has no snapshots (MyISAM and the like) while they are loaded", s->p.endpoint->user);
	return err_remedy(err, "GRANT LOCK TABLES on their databases to '%s'@...", s->p.endpoint->user);
}

/* Else the global lock would wait for it. */
static bool
let_go(struct source_snapshot *s, struct err *err)
{
	return s->still == NULL || my_exec(s->still, err, "UNLOCK TABLES");
}

bool
my_snapshot_stood_still(struct source_snapshot *s, struct err *err)
{
	bool ok = true;

	mutex_lock(&s->lock);
	if (s->still != NULL)
		ok = my_exec(s->still, err, "DO 1");
	mutex_unlock(&s->lock);
	return ok || err_ctx(err, "the lock on the tables whose engine has no snapshots is lost");
}

static bool
hold_log(struct source_snapshot *s, const struct position *from, struct err *err)
{
	my_conn_close(s->hold.c);
	s->hold = (struct hold){ .server_id = s->p.server_id, .from = *from };
	s->hold.c = my_dump_open(&s->p, from, s->p.server_id, true, &s->hold.from_start, err);
	return s->hold.c != NULL || err_ctx(err, "keep the source's log for the load");
}

static bool
take_place(struct source_snapshot *s, struct my_conn *c, struct err *err)
{
	struct position end;

	if (!my_log_end(c, &end, err))
		return false;
	s->pos = snapshot_at(&end);
	return hold_log(s, &end, err);
}

/* ---- MariaDB without a lock ---- */

/* Where the snapshot of this session stands in the log. */
static bool
snapshot_place(struct my_conn *c, struct position *ret, struct err *err)
{
	struct my_rows r;
	char file[BINLOG_NAME + 1] = "";
	uint64_t offset = 0;
	uint32_t number;

	if (!my_query(c, &r, err, "SHOW STATUS LIKE 'binlog_snapshot_%'", 0, NULL))
		return false;
	while (my_next(&r)) {
		if (strcasecmp(my_text(&r, 0), "Binlog_snapshot_file") == 0)
			snprintf(file, sizeof(file), "%s", my_text(&r, 1));
		else if (strcasecmp(my_text(&r, 0), "Binlog_snapshot_position") == 0)
			offset = my_number(&r, 1);
	}
	my_rows_done(&r);
	*ret = (struct position){ .kind = POSITION_BINLOG };
	if (!binlog_name_parse(file, strlen(file), &ret->log, &number, err))
		return err_ctx(err, "the snapshot's place");
	ret->lsn.v = binlog_place(number, offset);
	return true;
}

static bool
all_agree(struct source_snapshot *s, struct position *ret, bool *ret_agree, struct err *err)
{
	struct position p;

	*ret_agree = true;
	for (uint32_t i = 0; i < s->n; i++) {
		if (!snapshot_place(s->scans[i], &p, err))
			return false;
		if (i == 0)
			*ret = p;
		*ret_agree = *ret_agree && position_equal(ret, &p);
	}
	return true;
}

static bool
gtids_at(struct my_conn *c, struct position *p, struct err *err)
{
	char name[BINLOG_NAME], offset[24], text[16384];
	const char *params[] = { name, offset };
	bool there;

	binlog_name(p->log, binlog_file(p->lsn.v), name);
	snprintf(offset, sizeof(offset), "%" PRIu64, binlog_offset(p->lsn.v));
	if (!my_value(c, text, sizeof(text), &there, err, "SELECT BINLOG_GTID_POS($1, #2)", 2, params))
		return false;
	if (!there)
		return err_set(err, ERR_PROTOCOL, "the source has no GTID position for %s:%s", name, offset);
	p->gtids = name_intern(text, strlen(text));
	return true;
}

/* *ret_got false: commits come too fast. */
static bool
snapshots_that_agree(struct source_snapshot *s, bool *ret_got, struct err *err)
{
	struct position p;

	*ret_got = false;
	for (int i = 0; i < AGREE_TRIES && !*ret_got; i++) {
		if (!FAULT("snapshot.begin", err) || !begin_all(s, err) || !all_agree(s, &p, ret_got, err))
			return false;
		if (*ret_got)
			break;
		end_all(s);
		if (!stop_sleep(s->p.stop, 1000))
			return err_set(err, ERR_CANCELLED, "stopped");
	}
	if (!FAULT("snapshot.disagrees", err)) {
		err_clear(err);
		end_all(s);
		*ret_got = false;
	}
	if (!*ret_got)
		return true;
	if (!gtids_at(s->admin, &p, err))
		return false;
	s->pos = snapshot_at(&p);
	return hold_log(s, &p, err);
}

/* ---- the two kinds ---- */

/* *ret_none false: a transaction has been prepared meanwhile, and no snapshot was taken. */
static bool
snapshot_under_lock(struct source_snapshot *s, const char *unlock, bool *ret_none, struct err *err)
{
	struct err second = ERR_INIT;
	bool ok = my_xa_none(s->admin, ret_none, err) && (!*ret_none || (begin_all(s, err) && take_place(s, s->admin, err)));

	return my_exec(s->admin, ok ? err : &second, unlock) && ok;
}

/* None is prepared now, and none that was prepared when the snapshots were taken has ended since: it would stand in the log before their place and
 * take effect behind it. None was prepared just before they were taken, so the XA COMMIT of such a one began after that. */
static bool
none_was_prepared(struct source_snapshot *s, bool *ret, struct err *err)
{
	uint64_t commits;

	if (!FAULT("snapshot.taken", err) || !my_xa_none(s->admin, ret, err) || !my_xa_commits(s->admin, &commits, err))
		return false;
	*ret = *ret && commits == s->xa_commits;
	return true;
}

static bool
take_of_mariadb(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_none, struct err *err)
{
	struct position p;
	bool got, agree;

	if (!keep_still(s, on_wait, arg, err))
		return false;
	got = false;
	if (s->rounds++ < XA_ROUNDS && !snapshots_that_agree(s, &got, err))
		return false;
	if (got) {
		if (!none_was_prepared(s, ret_none, err))
			return false;
		if (!*ret_none)
			end_all(s);
		return true;
	}
	if (!block_commits(s, on_wait, arg, &got, err))
		return false;
	if (!got) {
		err_set(err, ERR_RETRY, "the source commits too fast for %u snapshots of one moment without a lock", s->n);
		return err_remedy(err, "GRANT RELOAD ON *.* TO '%s'@..., or lower full_load.parallel_tables and parallel_chunks",
		    s->p.endpoint->user);
	}
	if (!snapshot_under_lock(s, "BACKUP STAGE END", ret_none, err))
		return false;
	if (*ret_none && (!all_agree(s, &p, &agree, err) || !agree || p.lsn.v != s->pos.lsn.v))
		return err->kind != ERR_NONE ? false : err_set(err, ERR_RETRY, "snapshots taken while commits were blocked are of different moments");
	return true;
}

static bool
take_of_mysql(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_none, struct err *err)
{
	bool got;

	if (!let_go(s, err) || !lock_by(s, s->admin, "FLUSH TABLES WITH READ LOCK", on_wait, arg, &got, err) ||
	    (!got && !lock_tables(s, on_wait, arg, &got, err)))
		return false;
	if (got)
		return keep_still(s, on_wait, arg, err) && snapshot_under_lock(s, "UNLOCK TABLES", ret_none, err);
	err_set(err, ERR_CONFIG, "user %s may not lock the source's tables for the moment in which the snapshots are taken", s->p.endpoint->user);
	return err_remedy(err, "GRANT RELOAD ON *.* TO '%s'@...; or LOCK TABLES on the databases", s->p.endpoint->user);
}

static bool
open_all(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	bool none = false;

	s->admin = my_conn_open(s->p.endpoint, MY_CONN_SOURCE, s->p.task, "snapshot", s->p.stop, err);
	if (s->admin == NULL || !my_source_is_same(s->admin, &s->p, err) || !open_scans(s, err))
		return false;
	while (!none)
		if (!my_xa_commits(s->admin, &s->xa_commits, err) || !my_xa_wait(s->admin, on_wait, arg, err) ||
		    !(s->admin->mariadb ? take_of_mariadb(s, on_wait, arg, &none, err) : take_of_mysql(s, on_wait, arg, &none, err)))
			return false;
	return true;
}

struct source_snapshot *
my_snapshot_open(const struct source_params *p, bool permanent, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	struct source_snapshot *s = mem_zalloc(sizeof(*s), err);

	(void)permanent;
	if (s == NULL)
		return NULL;
	s->p = *p;
	s->n = p->scans > 0 ? p->scans : 1;
	mutex_init(&s->lock);
	if ((s->scans = mem_zalloc(s->n * sizeof(struct my_conn *), err)) == NULL || !open_all(s, on_wait, arg, err)) {
		my_snapshot_close(s);
		return NULL;
	}
	s->free = s->alive = s->n;
	s->opened = true;
	return s;
}

struct snapshot_pos
my_snapshot_pos(const struct source_snapshot *s)
{
	return s->pos;
}

bool
my_snapshot_alive(struct source_snapshot *s, struct err *err)
{
	bool lost;

	mutex_lock(&s->lock);
	lost = s->alive == 0;
	mutex_unlock(&s->lock);
	if (lost)
		return err_set(err, ERR_RETRY, "the source has ended all sessions that held the snapshot");
	return my_snapshot_stood_still(s, err);
}

struct my_conn *
my_snapshot_take(struct source_snapshot *s)
{
	struct my_conn *c = NULL;

	mutex_lock(&s->lock);
	if (s->free > 0)
		c = s->scans[--s->free];
	mutex_unlock(&s->lock);
	return c;
}

void
my_snapshot_give(struct source_snapshot *s, struct my_conn *c)
{
	if (c->lost) {
		my_conn_close(c);
		c = NULL;
	}
	mutex_lock(&s->lock);
	if (c != NULL)
		s->scans[s->free++] = c;
	else
		s->alive--;
	mutex_unlock(&s->lock);
}

void
my_snapshot_close(struct source_snapshot *s)
{
	if (s == NULL)
		return;
	/* Those that were given back stand first; of an opening cut short all are here. */
	for (uint32_t i = 0; s->scans != NULL && i < (s->opened ? s->free : s->n); i++)
		my_conn_close(s->scans[i]);
	my_conn_close(s->admin);
	my_conn_close(s->still);
	if (s->hold.c != NULL)
		keep_hold(&s->hold);
	free(s->scans);
	mutex_done(&s->lock);
	free(s);
}
