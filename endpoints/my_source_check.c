/* my_source_check.c - what a MySQL or MariaDB source must have for a task, and what endangers one: all of it at once, each with its fix.
 * Threads: the session's. Writes nothing. */
#include "endpoints/my_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "endpoints/my_grants.h"

#define SHORT_LOG_HOURS 24

static bool
setting(struct my_conn *c, const char *name, char out[128], struct err *err)
{
	char sql[96];
	bool there;

	snprintf(sql, sizeof(sql), "SELECT @@global.%s", name);
	out[0] = '\0';
	return my_value(c, out, 128, &there, err, sql, 0, NULL);
}

static bool
is_on(const char *value)
{
	return strcmp(value, "1") == 0 || strcasecmp(value, "ON") == 0;
}

static bool
check_log(struct source *s, struct findings *f, struct err *err)
{
	char v[128];

	if (!setting(s->c, "log_bin", v, err))
		return false;
	if (!is_on(v)) {
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "set log_bin, binlog_format = ROW and server_id in the server's configuration, and restart it",
		    "the source writes no binlog");
		return true;
	}
	if (!setting(s->c, "binlog_format", v, err))
		return false;
	if (strcasecmp(v, "ROW") != 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "SET GLOBAL binlog_format = ROW, and in the configuration; sessions keep the old format until they "
		    "connect again", "binlog_format is %s: changes %s logged as statements, not as rows", v, strcasecmp(v, "MIXED") == 0 ? "can be" : "are");
	if (!setting(s->c, "binlog_row_image", v, err))
		return false;
	if (strcasecmp(v, "FULL") != 0)
		finding_add(f, FINDING_RISK, ERR_CONFIG, "", "SET GLOBAL binlog_row_image = FULL", "binlog_row_image is %s: a table without a primary key, "
		    "or whose target lacks a row, can stop the task", v);
	if (my_conn_at_least(s->c, 80001, 100500)) {
		if (!setting(s->c, "binlog_row_metadata", v, err))
			return false;
		if (strcasecmp(v, "FULL") != 0)
			finding_add(f, FINDING_RISK, ERR_CONFIG, "", "SET GLOBAL binlog_row_metadata = FULL", "binlog_row_metadata is %s: the log does not name "
			    "columns, so an ALTER TABLE that is met before repld has looked at the table again stops it for a reload", v);
	}
	if (!setting(s->c, "sync_binlog", v, err))
		return false;
	if (strcmp(v, "1") != 0)
		finding_add(f, FINDING_RISK, ERR_CONFIG, "", "SET GLOBAL sync_binlog = 1", "sync_binlog is %s: after a crash of the source's machine the target may "
		    "have transactions that the source has lost", v);
	return true;
}

/* Behind by more than this, a task has lost its place; nothing on the server waits for it. */
static bool
check_expiry(struct source *s, struct findings *f, struct err *err)
{
	char v[128];
	double hours;

	if (!setting(s->c, my_conn_at_least(s->c, 80000, 100601) ? "binlog_expire_logs_seconds" : "expire_logs_days", v, err))
		return false;
	hours = strtod(v, NULL) * (my_conn_at_least(s->c, 80000, 100601) ? 1 / 3600.0 : 24);
	if (hours > 0 && hours < SHORT_LOG_HOURS)
		finding_add(f, FINDING_RISK, ERR_CONFIG, "", "SET GLOBAL binlog_expire_logs_seconds = 604800 (a week), and in the configuration", "the source "
		    "keeps its binlogs for %.3g h: after a longer pause or outage the tables must be loaded again", hours);
	return true;
}

static bool
check_place(struct source *s, struct findings *f, struct err *err)
{
	char v[128], mode[128];
	bool gtids;

	if (!my_has_gtids(s->c, &gtids, err) || !setting(s->c, "server_id", v, err))
		return false;
	if (!gtids && !setting(s->c, "gtid_mode", mode, err))
		return false;
	if (!gtids)
		finding_add(f, FINDING_INFO, ERR_NONE, "", "", "gtid_mode is %s, not ON: the checkpoint is a file and an offset, and no other server can "
		    "take this one's place", mode);
	if (strtoul(v, NULL, 10) == s->p.server_id)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "give this task another number: mysql: { server_id = N; }",
		    "server_id %u is the source's own", (unsigned)s->p.server_id);
	return true;
}

/* Where tables go depends on it: those of this database go to the target's own. */
static bool
check_dbname(struct source *s, struct findings *f, struct err *err)
{
	const char *params[] = { s->p.endpoint->dbname };
	bool there;

	if (!my_ask(s->c, &there, err, "SELECT COUNT(*) > 0 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = $1", 1, params))
		return false;
	if (!there)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "correct dbname; or GRANT SELECT on that database to the account, which it is not shown to",
		    "endpoint %s: there is no database %s", s->p.endpoint->name, s->p.endpoint->dbname);
	return true;
}

/* ---- what the account may do ---- */

struct rights {
	struct source *s;
	struct my_grants grants;
	struct findings *f;
	struct buf missing;		/* of the present place */
};

static void
say_missing(struct rights *r, const char *on, const char *table, const char *what)
{
	struct buf fix = { 0 };

	buf_printf(&fix, "GRANT %s ON %s TO '%s'@...", buf_cstr(&r->missing), on, r->s->p.endpoint->user);
	finding_add(r->f, FINDING_BLOCKER, ERR_CONFIG, table, buf_cstr(&fix), "user %s %s", r->s->p.endpoint->user, what);
	buf_done(&fix);
	buf_reset(&r->missing);
}

/* MariaDB has split and renamed them; the former names are granted, and shown, as the present ones. */
static void
check_stream_rights(struct rights *r)
{
	const bool mariadb = r->s->c->mariadb;
	const bool slave = my_grants_has(&r->grants, "REPLICATION SLAVE", "*", NULL) || my_grants_has(&r->grants, "REPLICATION REPLICA", "*", NULL);
	const bool monitor = my_grants_has(&r->grants, "REPLICATION CLIENT", "*", NULL) || my_grants_has(&r->grants, "BINLOG MONITOR", "*", NULL) ||
	    my_grants_has(&r->grants, "SUPER", "*", NULL);

	if (!slave)
		buf_str(&r->missing, "REPLICATION SLAVE");
	if (!monitor)
		buf_printf(&r->missing, "%s%s", r->missing.n > 0 ? ", " : "", mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT");
	if (r->missing.n > 0)
		say_missing(r, "*.*", "", slave ? "may not ask where the binlog ends" : "may not read the binlog");
}

/* MariaDB's snapshots can be compared; a lock is needed where commits come too fast for that. MySQL: without RELOAD the tables are locked, where that is
 * granted for each. */
static void
check_lock_rights(struct rights *r, const struct tableset *set)
{
	const char *unlocked = NULL;

	if (my_grants_has(&r->grants, "RELOAD", "*", NULL) || my_grants_has(&r->grants, "FLUSH_TABLES", "*", NULL))
		return;
	for (uint32_t i = 0; i < set->n && unlocked == NULL; i++)
		if (!my_grants_has(&r->grants, "LOCK TABLES", set->tables[i]->source_schema, NULL))
			unlocked = set->tables[i]->source_schema;
	if (r->s->c->mariadb) {
		finding_add(r->f, FINDING_INFO, ERR_NONE, "", "", "user %s has no RELOAD: where the source commits too fast for snapshots of one "
		    "moment, it can't be asked to wait for that moment, and a load does not begin", r->s->p.endpoint->user);
	} else if (unlocked != NULL) {
		buf_str(&r->missing, "RELOAD");
		say_missing(r, "*.*", "", "may not lock the source's tables for the moment in which the snapshots of a load are taken");
	} else {
		finding_add(r->f, FINDING_INFO, ERR_NONE, "", "", "user %s has no RELOAD: LOCK TABLES ... READ of the tables to be loaded is used for the moment in "
		    "which their snapshots are taken", r->s->p.endpoint->user);
	}
}

static bool
check_rights(struct source *s, const struct tableset *set, bool loads, bool streams, struct findings *f, struct err *err)
{
	struct rights r = { .s = s, .f = f };

	if (!my_grants_read(s->c, &r.grants, err))
		return false;
	if (streams)
		check_stream_rights(&r);
	if (loads)
		check_lock_rights(&r, set);
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];
		struct buf on = { 0 };
		char name[300];

		snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
		my_ident2(&on, t->source_schema, t->source_name);
		if (my_grants_missing(&r.grants, "SELECT", t->source_schema, t->source_name, &r.missing))
			say_missing(&r, buf_cstr(&on), name, "may not read it");
		buf_done(&on);
	}
	my_grants_done(&r.grants);
	buf_done(&r.missing);
	return true;
}

/* A load that begins while a transaction of XA is prepared lacks its rows, and the stream behind it does not have them. */
static bool
check_xa(struct source *s, struct findings *f, struct err *err)
{
	struct buf fix = { 0 };
	bool may;

	if (!my_xa_may_ask(s->c, &may, err))
		return false;
	if (may)
		return true;
	buf_printf(&fix, "GRANT XA_RECOVER_ADMIN ON *.* TO '%s'@...", s->p.endpoint->user);
	finding_add(f, FINDING_RISK, ERR_CONFIG, "", buf_cstr(&fix), "user %s may not see which XA transactions are prepared: where one is when a load begins, its "
	    "XA COMMIT stops the task, and the tables must be loaded again", s->p.endpoint->user);
	buf_done(&fix);
	return true;
}

/* Two texts can be equal to the source and not to the target. */
static bool
is_told_by_bytes(const struct table_desc *d, const struct fkey_desc *k)
{
	for (uint16_t i = 0; i < k->ncols; i++) {
		const int at = table_desc_column(d, k->cols[i]);

		if (at >= 0 && d->cols[at].type.logical == LOGICAL_TEXT && !d->cols[at].byte_order)
			return false;
	}
	return true;
}

/* The binlog does not show what a foreign key does by itself: repld does the same on the target, where it has all that takes. */
static void
check_fkey(const struct tableset *set, const struct table *t, const char *name, const struct fkey_desc *k, struct findings *f)
{
	const struct table *parent = tableset_by_source(set, k->parent_schema, k->parent_name);

	if (k->on_delete != FKEY_CASCADE && k->on_delete != FKEY_SET_NULL && k->on_update != FKEY_CASCADE && k->on_update != FKEY_SET_NULL)
		return;
	if (parent == NULL)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, name, "take that table into the task too; or make the foreign key RESTRICT", "foreign key %s acts by "
		    "itself (CASCADE or SET NULL) when %s.%s changes, which the binlog shows for that table alone", k->name, k->parent_schema, k->parent_name);
	else if (!is_told_by_bytes(t->source, k))
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, name, "give the columns a binary collation; or make the foreign key RESTRICT", "foreign key %s acts by "
		    "itself (CASCADE or SET NULL), and its columns are text that compares equal in other spellings", k->name);
	else
		finding_add(f, FINDING_INFO, ERR_NONE, name, "", "foreign key %s acts by itself (CASCADE or SET NULL): repld follows it, at the cost of a statement "
		    "for each row of %s.%s that goes or changes its key", k->name, k->parent_schema, k->parent_name);
}

/* Its rows are read as they are when the scan comes by, not as they were at the snapshot. A row that is in the load and in the log is noticed by its
 * key alone. */
static void
check_engine(const struct table *t, const char *name, struct findings *f)
{
	static const char *const with_snapshots[] = { "InnoDB", "ROCKSDB", "TokuDB" };
	const struct table_desc *d = t->source;
	const bool keyed = table_desc_primary(d) != NULL;
	struct buf fix = { 0 };

	for (size_t i = 0; i < sizeof(with_snapshots) / sizeof(with_snapshots[0]); i++)
		if (d->engine != NULL && strcasecmp(d->engine, with_snapshots[i]) == 0)
			return;
	buf_str(&fix, "ALTER TABLE ");
	my_ident2(&fix, t->source_schema, t->source_name);
	buf_str(&fix, keyed ? " ENGINE = InnoDB; or let nobody write the table while it is loaded" : " ENGINE = InnoDB; or give the table a primary key");
	finding_add(f, keyed ? FINDING_RISK : FINDING_BLOCKER, ERR_CONFIG, name, buf_cstr(&fix), "the table's engine %s has no snapshots: a row that is "
	    "written during the load %s", d->engine != NULL ? d->engine : "", keyed ? "can stop the task" : "may come twice");
	buf_done(&fix);
}

static void
check_table(const struct tableset *set, const struct table *t, bool loads, struct findings *f)
{
	const struct table_desc *d = t->source;
	char name[300];

	snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
	if (loads)
		check_engine(t, name, f);
	if (table_desc_primary(d) == NULL)
		finding_add(f, FINDING_RISK, ERR_CONFIG, name, "give it a primary key", "it has no primary key: its rows are found by their whole content, one "
		    "by one");
	for (uint16_t i = 0; i < d->nfkeys; i++)
		check_fkey(set, t, name, &d->fkeys[i], f);
}

bool
my_source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams, struct findings *f, struct err *err)
{
	if (!check_dbname(s, f, err))
		return false;
	if (streams && (!check_log(s, f, err) || !check_expiry(s, f, err) || !check_place(s, f, err)))
		return false;
	if (!check_rights(s, set, needs_slot, streams, f, err) || (streams && !check_xa(s, f, err)))
		return false;
	for (uint32_t i = 0; streams && i < set->n; i++)
		check_table(set, set->tables[i], needs_slot, f);
	return true;
}
