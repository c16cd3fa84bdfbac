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

/* ---- changes that the source keeps out of its log ---- */

/* A list of names with commas between them. */
static bool
lists(const char *list, const char *name)
{
	const size_t n = strlen(name);

	for (const char *p = list; *p != '\0'; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && memcmp(p, name, n) == 0)
			return true;
	return false;
}

static void
check_filter(const struct tableset *set, const char *only, const char *not, struct findings *f)
{
	const char *last = NULL;

	for (uint32_t i = 0; i < set->n; i++) {
		const char *schema = set->tables[i]->source_schema;

		if ((last != NULL && strcmp(last, schema) == 0) || !(lists(not, schema) || (only[0] != '\0' && !lists(only, schema))))
			continue;
		last = schema;
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "take binlog_do_db and binlog_ignore_db out of the server's configuration, and restart it",
		    "the source leaves database %s out of its binlog", schema);
	}
	if (last == NULL && (only[0] != '\0' || not[0] != '\0'))
		finding_add(f, FINDING_RISK, ERR_CONFIG, "", "take binlog_do_db and binlog_ignore_db out of the server's configuration, and restart it",
		    "the source leaves databases out of its binlog (%.100s%s%.100s): statements that a session gives there about tables of others, as TRUNCATE, "
		    "are not seen", only[0] != '\0' ? "all but " : "", only, not);
}

static bool
check_filters(struct source *s, const struct tableset *set, struct findings *f, struct err *err)
{
	struct my_rows r;

	if (!my_query(s->c, &r, err, my_conn_at_least(s->c, 80200, 0) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS", 0, NULL))
		return err_ctx(err, "ask the source what it leaves out of its log");
	if (my_next(&r) && r.ncols > 3)
		check_filter(set, my_text(&r, 2), my_text(&r, 3), f);
	my_rows_done(&r);
	return true;
}

/* What a replica gets from its own source stands in its binlog only where it is told to write it there. */
static bool
check_replica(struct source *s, struct findings *f, struct err *err)
{
	const bool renamed = my_conn_at_least(s->c, 80026, 0);
	struct err ignored = ERR_INIT;
	struct my_rows r;
	bool replica = false, was;
	char v[128];

	if (!setting(s->c, renamed ? "log_replica_updates" : "log_slave_updates", v, err))
		return false;
	if (is_on(v))
		return true;
	if (my_query(s->c, &r, &ignored, renamed ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS", 0, NULL)) {
		replica = my_next(&r);
		my_rows_done(&r);
	} else if (s->c->lost || ignored.kind == ERR_CANCELLED) {
		*err = ignored;
		return false;
	} else if (s->c->mariadb) {
		if (!my_ask(s->c, &was, err, "SELECT @@global.gtid_slave_pos <> ''", 0, NULL))
			return false;
		if (was)
			finding_add(f, FINDING_RISK, ERR_CONFIG, "", "set log_slave_updates = ON in the server's configuration, and restart it",
			    "the source is or was a replica (gtid_slave_pos is set), and does not write to its binlog what it gets from another server");
	}
	if (replica)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", renamed ? "set log_replica_updates = ON in the server's configuration, and restart it; or read its source" :
		    "set log_slave_updates = ON in the server's configuration, and restart it; or read its source",
		    "the source is a replica, and does not write to its binlog what it gets from its own source");
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

/* Those that no snapshot holds are locked while they are loaded. */
static void
check_still_rights(struct rights *r, const struct tableset *set)
{
	const char *last = NULL;

	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];
		struct buf on = { 0 };

		if (my_engine_has_snapshots(t->source->engine) || (last != NULL && strcmp(last, t->source_schema) == 0) ||
		    my_grants_has(&r->grants, "LOCK TABLES", t->source_schema, NULL))
			continue;
		last = t->source_schema;
		buf_str(&r->missing, "LOCK TABLES");
		my_ident(&on, last);
		buf_str(&on, ".*");
		say_missing(r, buf_cstr(&on), "", "may not lock tables whose engine has no snapshots (MyISAM and the like) while they are loaded");
		buf_done(&on);
	}
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
	if (loads) {
		check_lock_rights(&r, set);
		check_still_rights(&r, set);
	}
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

static void
check_table(const struct tableset *set, const struct table *t, bool loads, struct findings *f)
{
	const struct table_desc *d = t->source;
	struct buf fix = { 0 };
	char name[300];

	snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
	if (loads && !my_engine_has_snapshots(d->engine)) {
		buf_str(&fix, "ALTER TABLE ");
		my_ident2(&fix, t->source_schema, t->source_name);
		buf_str(&fix, " ENGINE = InnoDB");
		finding_add(f, FINDING_RISK, ERR_CONFIG, name, buf_cstr(&fix), "its engine (%s) has no snapshots: it is locked against writes (LOCK TABLES ... READ) "
		    "while the load runs", d->engine);
		buf_done(&fix);
	}
	if (d->versioned)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, name, "take it out of the rules; or: ALTER TABLE ... DROP SYSTEM VERSIONING", "it keeps its own history "
		    "(WITH SYSTEM VERSIONING), and its log has the rows of the history among those of the present");
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
	if (streams && (!check_log(s, f, err) || !check_expiry(s, f, err) || !check_place(s, f, err) ||
	    !check_filters(s, set, f, err) || !check_replica(s, f, err)))
		return false;
	if (!check_rights(s, set, needs_slot, streams, f, err) || (streams && !check_xa(s, f, err)))
		return false;
	for (uint32_t i = 0; streams && i < set->n; i++)
		check_table(set, set->tables[i], needs_slot, f);
	return true;
}
