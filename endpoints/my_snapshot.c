/* my_snapshot.c - one moment of a MySQL or MariaDB source on several connections, and the place of its log that is exactly that moment.
 * By the least lock that is exact, in this order:
 *   1. FLUSH TABLES WITH READ LOCK, which waits 5 s at most and is tried again; snapshots on all connections; the place; UNLOCK TABLES.
 *   2. without that right, MariaDB: the snapshots and the place are taken until they agree: binlog_snapshot_file and _position say of each snapshot
 *      where it stands.
 *   3. MySQL: LOCK TABLES ... READ of those that will be loaded, with the same patience; then as with the first. Nobody can have changed one of them
 *      and not committed yet, so their rows are those of the place; what other tables hold does not matter.
 * The place is taken, and a dump from it opened, before a lock is given up. Nobody reads that dump until the stream takes it over: what the server has
 * not sent yet it does not purge, and what it has sent is on its way.
 * It is taken while no transaction of XA is prepared: one that is stands in the log before the place, and takes effect behind it.
 * Invariant: a transaction is in the snapshot if and only if it ended at or before the place, on every connection alike.
 * Threads: open, alive, close: one; take and give: any. */
#include "endpoints/my_source.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"

#define LOCK_TRIES 24		/* of 5 s each */
#define AGREE_TRIES 100
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
	struct mutex lock;
	struct my_conn **scans;
	uint32_t n, free;		/* scans[0..free) wait for a thread */
	uint32_t alive;
	struct hold hold;		/* the dump that nobody reads */
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

/* *ret_got false without an error: we may not. A lock that is waited for stands in the way of others, so it is given up after 5 s. */
static bool
lock_by(struct source_snapshot *s, const char *sql, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_got, struct err *err)
{
	*ret_got = false;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (my_exec(s->admin, err, sql)) {
			*ret_got = true;
			return true;
		}
		if (is_forbidden(err, my_errno(s->admin))) {
			err_clear(err);
			return true;
		}
		if (my_errno(s->admin) != 1205)
			return err_ctx(err, "lock the source's tables");
		on_wait(arg, "waiting for a moment without long statements on the source, to lock its tables for the blink of an eye");
		if (!stop_sleep(s->p.stop, TRY_AGAIN_USEC))
			return err_set(err, ERR_CANCELLED, "stopped");
		err_clear(err);
	}
	err_set(err, ERR_RETRY, "%.11s was not granted: long statements, open transactions or other locks are in its way", sql);
	return err_remedy(err, "look at SHOW PROCESSLIST on the source");
}

static bool
lock_tables(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_got, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	*ret_got = false;
	if (s->p.nloads == 0)
		return true;
	buf_str(&sql, "LOCK TABLES ");
	for (uint32_t i = 0; i < s->p.nloads; i++) {
		buf_str(&sql, i > 0 ? ", " : "");
		my_ident2(&sql, s->p.loads[i]->source_schema, s->p.loads[i]->source_name);
		buf_str(&sql, " READ");
	}
	/* Without autocommit InnoDB locks, too, and waits for changes that are not committed (5.6). */
	ok = my_exec(s->admin, err, "SET SESSION autocommit = 0") && lock_by(s, buf_cstr(&sql), on_wait, arg, ret_got, err);
	buf_done(&sql);
	return ok;
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

/* *ret_none false: a transaction has been prepared meanwhile, and no snapshot was taken. */
static bool
snapshot_under_lock(struct source_snapshot *s, bool *ret_none, struct err *err)
{
	struct err second = ERR_INIT;
	bool ok = my_xa_none(s->admin, ret_none, err) && (!*ret_none || (begin_all(s, err) && take_place(s, s->admin, err)));

	return my_exec(s->admin, ok ? err : &second, "UNLOCK TABLES") && ok;
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

static bool
snapshot_that_agrees(struct source_snapshot *s, struct err *err)
{
	struct position p;
	bool agree = false;

	for (int i = 0; i < AGREE_TRIES; i++) {
		if (!begin_all(s, err) || !all_agree(s, &p, &agree, err))
			return false;
		if (agree)
			break;
		end_all(s);
		if (!stop_sleep(s->p.stop, 1000))
			return err_set(err, ERR_CANCELLED, "stopped");
	}
	if (!agree) {
		err_set(err, ERR_RETRY, "the source commits too fast for %u snapshots of one moment without a lock", s->n);
		return err_remedy(err, "GRANT RELOAD ON *.* to the user, or lower full_load.parallel_tables and parallel_chunks");
	}
	if (!gtids_at(s->admin, &p, err))
		return false;
	s->pos = snapshot_at(&p);
	return hold_log(s, &p, err);
}

static bool
no_exact_snapshot(const struct source_params *p, struct err *err)
{
	err_set(err, ERR_CONFIG, "user %s may not lock the source's tables for the moment in which the snapshots are taken", p->endpoint->user);
	return err_remedy(err, "GRANT RELOAD ON *.* TO '%s'@...; or LOCK TABLES on the databases", p->endpoint->user);
}

/* MariaDB: one that was prepared before the snapshot and has ended since is not seen here; its end in the log is then a hole, and nothing is wrong
 * in silence. */
static bool
take_without_lock(struct source_snapshot *s, bool *ret_none, struct err *err)
{
	if (!s->admin->mariadb)
		return no_exact_snapshot(&s->p, err);
	if (!snapshot_that_agrees(s, err) || !my_xa_none(s->admin, ret_none, err))
		return false;
	if (!*ret_none)
		end_all(s);
	return true;
}

/* *ret_got false: nothing may be locked. */
static bool
lock_source(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, bool *ret_got, struct err *err)
{
	if (!lock_by(s, "FLUSH TABLES WITH READ LOCK", on_wait, arg, ret_got, err))
		return false;
	return *ret_got || s->admin->mariadb || lock_tables(s, on_wait, arg, ret_got, err);
}

static bool
open_all(struct source_snapshot *s, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err)
{
	bool locked, none = false;

	s->admin = my_conn_open(s->p.endpoint, MY_CONN_SOURCE, s->p.task, "snapshot", s->p.stop, err);
	if (s->admin == NULL || !my_source_is_same(s->admin, &s->p, err) || !open_scans(s, err))
		return false;
	while (!none)
		if (!my_xa_wait(s->admin, on_wait, arg, err) || !lock_source(s, on_wait, arg, &locked, err) ||
		    !(locked ? snapshot_under_lock(s, &none, err) : take_without_lock(s, &none, err)))
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
	return true;
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
	for (uint32_t i = 0; s->scans != NULL && i < (s->alive > 0 ? s->free : s->n); i++)
		my_conn_close(s->scans[i]);
	my_conn_close(s->admin);
	if (s->hold.c != NULL)
		keep_hold(&s->hold);
	free(s->scans);
	mutex_done(&s->lock);
	free(s);
}
