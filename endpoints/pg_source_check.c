/* pg_source_check.c - the preflight of a PostgreSQL source: settings, role, slot, publication,
 * each table and leaf; everything at once, each with its fix as a command. Writes nothing; to hear
 * whether the server has the plugin wal2json, a slot is made that is gone with its session.
 * Flow: facts by a few queries over all tables -> findings.
 * Invariant: what would lose or garble rows is a blocker, never a risk.
 * Threads: the session's. */
#include "endpoints/pg_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct facts {
	char wal_level[24], fsync[8], user[128], dbname[128];
	long max_slots, slots, max_senders, senders, keep_mb, idle_timeout;
	bool superuser, replication, standby, large_objects, hot_feedback;
};

struct check {
	struct source *s;
	const struct tableset *set;
	struct findings *f;
	struct facts facts;
	bool needs_slot, streams;
	char closed_schema[128]; /* named last: tables come sorted by schema */
};

static bool
flag(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col)[0] == 't';
}

static long
number(const PGresult *res, int row, int col)
{
	return strtol(PQgetvalue(res, row, col), NULL, 10);
}

static const char facts_sql[] =
    "SELECT current_setting('wal_level'), current_setting('fsync'), current_user, "
    "current_database(),"
    " current_setting('max_replication_slots'), (SELECT count(*) FROM pg_replication_slots),"
    " current_setting('max_wal_senders'), (SELECT count(*) FROM pg_stat_replication),"
    " coalesce((SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'), '-1'),"
    " coalesce((SELECT setting FROM pg_settings WHERE name = 'idle_replication_slot_timeout'), "
    "'0'),"
    " r.rolsuper, r.rolreplication OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = "
    "'rds_replication'"
    " AND pg_has_role(g.oid, 'MEMBER')), pg_is_in_recovery(),"
    " EXISTS (SELECT FROM pg_largeobject_metadata), current_setting('hot_standby_feedback') = 'on'"
    " FROM pg_roles r WHERE r.rolname = current_user";

static bool
read_facts(struct check *k, struct err *err)
{
	struct facts *a = &k->facts;
	PGresult *res = pg_query(k->s->c, err, facts_sql, 0, NULL);

	if (res == NULL)
		return err_ctx(err, "look at the source's settings");
	if (PQntuples(res) != 1) {
		PQclear(res);
		return err_set(err, ERR_PROTOCOL, "the source does not say who repld's role is");
	}
	snprintf(a->wal_level, sizeof(a->wal_level), "%s", PQgetvalue(res, 0, 0));
	snprintf(a->fsync, sizeof(a->fsync), "%s", PQgetvalue(res, 0, 1));
	snprintf(a->user, sizeof(a->user), "%s", PQgetvalue(res, 0, 2));
	snprintf(a->dbname, sizeof(a->dbname), "%s", PQgetvalue(res, 0, 3));
	a->max_slots = number(res, 0, 4);
	a->slots = number(res, 0, 5);
	a->max_senders = number(res, 0, 6);
	a->senders = number(res, 0, 7);
	a->keep_mb = number(res, 0, 8);
	a->idle_timeout = number(res, 0, 9);
	a->superuser = flag(res, 0, 10);
	a->replication = flag(res, 0, 11);
	a->standby = flag(res, 0, 12);
	a->large_objects = flag(res, 0, 13);
	a->hot_feedback = flag(res, 0, 14);
	PQclear(res);
	return true;
}

static void
blocker(struct check *k, enum err_kind kind, const char *fix, const char *what)
{
	finding_add(k->f, FINDING_BLOCKER, kind, "", fix, "%s", what);
}

/* Minor versions up to which ALTER PUBLICATION could hide changes of transactions open at that
 * moment. */
static bool
minor_is_old(int version)
{
	static const int first_good[] = {130021, 140018, 150013, 160009, 170005};

	for (size_t i = 0; i < sizeof(first_good) / sizeof(first_good[0]); i++)
		if (version / 10000 == first_good[i] / 10000)
			return version < first_good[i];
	return version < 130000;
}

static void
check_settings(struct check *k)
{
	const struct facts *a = &k->facts;
	const int version = pg_conn_version(k->s->c);

	if (strcmp(a->wal_level, "logical") != 0)
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "",
		    "ALTER SYSTEM SET wal_level = logical; then restart the source",
		    "wal_level is %s, not logical", a->wal_level);
	if (a->standby && version < 160000)
		blocker(k, ERR_RETRY, "name the primary's host for the endpoint, or promote this server",
		    "the source is a standby: logical decoding there needs PostgreSQL 16");
	else if (a->standby)
		finding_add(k->f, a->hot_feedback ? FINDING_INFO : FINDING_RISK, ERR_NONE, "",
		    a->hot_feedback
			? ""
			: "ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf()",
		    "the source is a standby: the primary must keep wal_level logical, a slot is "
		    "made only when the primary "
		    "records its running transactions (SELECT pg_log_standby_snapshot() there), "
		    "and a recovery conflict can "
		    "invalidate it");
	if (strcmp(a->fsync, "off") == 0)
		finding_add(k->f, FINDING_RISK, ERR_NONE, "",
		    "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()",
		    "fsync is off on the source: after a crash it may lack what the target has");
	if (minor_is_old(version) && !source_is_wal2json(&k->s->p))
		finding_add(k->f, FINDING_RISK, ERR_NONE, "",
		    "update the source to its latest minor version",
		    "PostgreSQL %d.%d may hide changes of transactions that are open while a "
		    "publication is altered",
		    version / 10000, version % 10000);
	if (a->large_objects)
		finding_add(k->f, FINDING_INFO, ERR_NONE, "", "",
		    "large objects are not in the log: they are not copied");
}

/* What the slot may cost the source. */
static void
check_retention(struct check *k)
{
	if (!k->streams)
		return;
	if (k->facts.keep_mb < 0)
		finding_add(k->f, FINDING_INFO, ERR_NONE, "",
		    "ALTER SYSTEM SET max_slot_wal_keep_size = '100GB'; SELECT pg_reload_conf()",
		    "max_slot_wal_keep_size is not set: while the task does not run its slot keeps "
		    "log without limit");
	else
		finding_add(k->f, FINDING_INFO, ERR_NONE, "", "",
		    "max_slot_wal_keep_size is %ld MB: a task that lags by more must load its "
		    "tables again",
		    k->facts.keep_mb);
	if (k->facts.idle_timeout > 0)
		finding_add(k->f, FINDING_RISK, ERR_NONE, "",
		    "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf()",
		    "idle_replication_slot_timeout is set: a slot whose task is paused for so long "
		    "is lost");
}

static void
check_role(struct check *k)
{
	const struct facts *a = &k->facts;
	struct buf fix = {.n = 0};

	if (!a->superuser && !a->replication) {
		buf_str(&fix, "ALTER ROLE ");
		pg_ident(&fix, a->user);
		buf_str(&fix, " REPLICATION");
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "role %s may not read the log: it lacks REPLICATION", a->user);
	}
	if (a->superuser)
		finding_add(k->f, FINDING_INFO, ERR_NONE, "", "",
		    "role %s is a superuser: repld needs REPLICATION, SELECT%s only", a->user,
		    source_is_wal2json(&k->s->p) ? "" : ", and the tables' ownership for its publication");
	buf_done(&fix);
}

static void
check_room(struct check *k)
{
	const struct facts *a = &k->facts;
	char fix[128];

	if (k->needs_slot && a->slots >= a->max_slots) {
		snprintf(fix, sizeof(fix),
		    "ALTER SYSTEM SET max_replication_slots = %ld; then restart the source",
		    a->max_slots + 10);
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "all %ld replication slots are in use (max_replication_slots)", a->max_slots);
	}
	if (a->max_senders == 0 || (a->senders >= a->max_senders && !k->s->p.running)) {
		snprintf(fix, sizeof(fix),
		    "ALTER SYSTEM SET max_wal_senders = %ld; then restart the source",
		    a->max_senders + 10);
		finding_add(k->f, FINDING_BLOCKER, a->max_senders == 0 ? ERR_CONFIG : ERR_RETRY, "",
		    fix, "all %ld walsenders are in use (max_wal_senders)", a->max_senders);
	}
}

/* A slot of the other plugin reads the same log: which of the two is meant is the user's to say. */
static const char *
other_plugin(const struct check *k, const struct source_log *log)
{
	const bool json = source_is_wal2json(&k->s->p);

	return strstr(log->detail, json ? "plugin pgoutput" : "plugin wal2json") == NULL ? NULL : json ? "pgoutput" : "wal2json";
}

static void
slot_fix(struct check *k, char *out, size_t size)
{
	snprintf(out, size,
	    "SELECT pg_drop_replication_slot('%s') where nobody needs it, or name another slot",
	    k->s->p.slot);
}

/* The task's slot, be it to be made or to be read on. */
static bool
check_slot(struct check *k, struct err *err)
{
	const char *slot = k->s->p.slot;
	struct source_log log;
	char fix[256];

	if (slot == NULL)
		return true;
	if (!pg_source_log_state(k->s, &log, err))
		return false;
	if (k->streams && !pg_identity_check(k->s, &log, k->f, err))
		return false;
	if (log.is_copy && k->streams) {
		struct err copy = ERR_INIT;

		pg_slot_is_copy(slot, &copy);
		blocker(k, copy.kind, copy.remedy, copy.msg);
		return true;
	}
	slot_fix(k, fix, sizeof(fix));
	if (log.exists && !log.ours && other_plugin(k, &log) != NULL)
		snprintf(fix + strlen(fix), sizeof(fix) - strlen(fix), "; or set plugin = \"%s\"", other_plugin(k, &log));
	if (log.exists && !log.ours)
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "slot %s can't be used: it is a %s", slot, log.detail);
	else if (log.exists && k->needs_slot && k->streams)
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "slot %s is there already, though no checkpoint of the task knows it", slot);
	else if (log.active && !k->s->p.running)
		finding_add(k->f, FINDING_BLOCKER, ERR_RETRY, "", "",
		    "slot %s is active for PID %d on the source", slot, log.active_pid);
	return true;
}

static void
table_name(const struct table *t, char *out, size_t size)
{
	snprintf(out, size, "%s.%s", t->source_schema, t->source_name);
}

/* Fix: "head "schema"."name"tail". */
static const char *
alter(struct buf *b, const char *head, const char *schema, const char *name, const char *tail)
{
	buf_reset(b);
	buf_str(b, head);
	pg_ident2(b, schema, name);
	buf_str(b, tail);
	return buf_cstr(b);
}

static void
check_columns(struct check *k, const struct table *t, const char *shown)
{
	const struct table_desc *d = t->source;
	size_t generated = 0;
	const char *first = "";

	for (uint16_t i = 0; i < d->ncols; i++)
		if (d->cols[i].generated && generated++ == 0)
			first = d->cols[i].name;
	if (generated > 0)
		finding_add(k->f, FINDING_INFO, ERR_NONE, shown, "",
		    "generated columns are not in the log, and are not written to the target: %s%s",
		    first, generated > 1 ? " and others" : "");
	if (d->ncols == generated)
		finding_add(k->f, FINDING_BLOCKER, ERR_SCHEMA, shown, "",
		    "%s has no column that could be copied", shown);
}

static void
check_shape(struct check *k, const struct table *t)
{
	const struct table_desc *d = t->source;
	char shown[200];

	table_name(t, shown, sizeof(shown));
	if (d->persistence == 't')
		finding_add(k->f, FINDING_BLOCKER, ERR_SCHEMA, shown, "", "%s is temporary", shown);
	if (d->row_security)
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, shown,
		    "ALTER ROLE ... BYPASSRLS for repld's role, or take the table out",
		    "row-level security of %s hides rows from repld's role: its load would fail",
		    shown);
	if (d->inherits)
		finding_add(k->f, FINDING_RISK, ERR_NONE, shown, "",
		    "%s takes part in inheritance: rows of each child are copied only where that "
		    "child is captured as a table of "
		    "its own, and go to a table of their own",
		    shown);
	if (d->kind == 'p' && d->nleaves == 0)
		finding_add(
		    k->f, FINDING_INFO, ERR_NONE, shown, "", "%s has no partitions yet", shown);
	check_columns(k, t, shown);
}

static const char *
without_identity(const struct check *k)
{
	return source_is_wal2json(&k->s->p) ? "are left out by wal2json without a word" : "would fail on the source once they are published";
}

/* The log carries a leaf's rows with the leaf's own identity. identity: default, nothing, full,
 * index; has_index: the primary key or index that it names is there and is immediate. */
static void
check_identity(struct check *k, const char *shown, const char *schema, const char *name,
    char identity, bool has_index, bool deferrable)
{
	struct buf fix = {.n = 0};

	alter(&fix, "ALTER TABLE ", schema, name, " REPLICA IDENTITY FULL");
	if (identity == 'f') {
		finding_add(k->f, FINDING_RISK, ERR_NONE, shown,
		    "give it a primary key, and REPLICA IDENTITY DEFAULT",
		    "%s.%s has REPLICA IDENTITY FULL: each update and delete logs the whole old "
		    "row, and without a key on the "
		    "target each one searches the table",
		    schema, name);
	} else if (!has_index && deferrable && identity == 'd') {
		finding_add(k->f, FINDING_BLOCKER, ERR_SCHEMA, shown, buf_cstr(&fix),
		    "%s.%s has a deferrable primary key, which is no replica identity: its updates and deletes %s", schema, name,
		    without_identity(k));
	} else if (!has_index) {
		finding_add(k->f, FINDING_BLOCKER, ERR_SCHEMA, shown, buf_cstr(&fix),
		    "%s.%s has no %s: its updates and deletes %s (a primary key is better than FULL)", schema, name,
		    identity == 'n' ? "replica identity" : "primary key", without_identity(k));
	}
	buf_done(&fix);
}

/* One row for each table and leaf of the set. */
static const char relations_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,"
    " has_table_privilege(c.oid, 'SELECT'), has_schema_privilege(n.oid, 'USAGE'), "
    "row_security_active(c.oid),"
    " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate "
    "AND"
    " CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false "
    "END),"
    " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND NOT "
    "i.indimmediate)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = ANY ($1::oid[]) ORDER BY n.nspname, c.relname";

static void
check_privileges(struct check *k, const char *shown, const char *schema, const char *name,
    bool select, bool usage)
{
	struct buf fix = {.n = 0};

	if (!usage && strcmp(k->closed_schema, schema) != 0) {
		snprintf(k->closed_schema, sizeof(k->closed_schema), "%s", schema);
		buf_str(&fix, "GRANT USAGE ON SCHEMA ");
		pg_ident(&fix, schema);
		buf_str(&fix, " TO ");
		pg_ident(&fix, k->facts.user);
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "role %s may not use schema %s", k->facts.user, schema);
	}
	if (!select) {
		alter(&fix, "GRANT SELECT ON ", schema, name, " TO ");
		pg_ident(&fix, k->facts.user);
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, shown, buf_cstr(&fix),
		    "role %s may not read %s.%s as a whole", k->facts.user, schema, name);
	}
	buf_done(&fix);
}

static void
check_leaf(struct check *k, const char *shown, const PGresult *res, int row, bool is_root)
{
	const char *schema = PQgetvalue(res, row, 1), *name = PQgetvalue(res, row, 2);
	const char kind = PQgetvalue(res, row, 3)[0], persistence = PQgetvalue(res, row, 4)[0];
	struct buf fix = {.n = 0};

	if (kind == 'f')
		finding_add(k->f, FINDING_BLOCKER, ERR_SCHEMA, shown,
		    alter(&fix, "take the table out, or detach ", schema, name, ""),
		    "partition %s.%s is a foreign table: its rows are not in this server's log",
		    schema, name);
	if (persistence == 'u')
		finding_add(k->f, FINDING_BLOCKER, ERR_SCHEMA, shown,
		    alter(&fix, "ALTER TABLE ", schema, name, " SET LOGGED"),
		    "%s.%s is unlogged: its changes are not in the log", schema, name);
	if (!is_root && flag(res, row, 8))
		finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, shown,
		    "ALTER ROLE ... BYPASSRLS for repld's role, or take the table out",
		    "row-level security of partition %s.%s hides rows from repld's role", schema,
		    name);
	if (k->streams && kind == 'r')
		check_identity(k, shown, schema, name, PQgetvalue(res, row, 5)[0],
		    flag(res, row, 9), flag(res, row, 10));
	buf_done(&fix);
}

/* The table that a relation belongs to, as itself or as a leaf. */
static const struct table *
owner_table(const struct check *k, uint32_t oid, bool *ret_root)
{
	const struct table *t = tableset_by_leaf(k->set, oid, NULL);

	*ret_root = t != NULL && t->source->oid == oid;
	for (uint32_t i = 0; t == NULL && i < k->set->n; i++)
		if (k->set->tables[i]->source->oid == oid) {
			*ret_root = true;
			t = k->set->tables[i];
		}
	return t;
}

static bool
check_relations(struct check *k, void (*add_oids)(struct buf *b, const struct tableset *set),
    bool leaves, struct err *err)
{
	struct buf oids = {.n = 0};
	const char *params[1];
	PGresult *res;

	add_oids(&oids, k->set);
	params[0] = buf_cstr(&oids);
	res = pg_query(k->s->c, err, relations_sql, 1, params);
	buf_done(&oids);
	if (res == NULL)
		return err_ctx(err, "look at the tables");
	for (int i = 0; i < PQntuples(res); i++) {
		bool is_root;
		const struct table *t =
		    owner_table(k, (uint32_t)strtoul(PQgetvalue(res, i, 0), NULL, 10), &is_root);
		char shown[200] = "";

		if (t == NULL)
			continue;
		table_name(t, shown, sizeof(shown));
		/* A table without partitions is its own leaf: once is enough. */
		if (leaves || t->source->kind == 'p')
			check_privileges(k, shown, PQgetvalue(res, i, 1), PQgetvalue(res, i, 2),
			    flag(res, i, 6), flag(res, i, 7));
		if (leaves)
			check_leaf(k, shown, res, i, is_root);
	}
	PQclear(res);
	return true;
}

static bool
check_tables(struct check *k, struct err *err)
{
	for (uint32_t i = 0; i < k->set->n; i++)
		check_shape(k, k->set->tables[i]);
	return check_relations(k, pg_table_oids, false, err) &&
	       check_relations(k, pg_leaf_oids, true, err);
}

bool
pg_source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams,
    struct findings *f, struct err *err)
{
	struct check k = {.s = s, .set = set, .f = f, .needs_slot = needs_slot, .streams = streams};

	if (!read_facts(&k, err))
		return false;
	check_settings(&k);
	check_retention(&k);
	check_role(&k);
	check_room(&k);
	return check_slot(&k, err) && check_tables(&k, err) &&
	       (!streams || (source_is_wal2json(&s->p) ? pg_wal2json_check(s, set, needs_slot, f, err)
						   : pg_publication_check(s, set, k.facts.standby, f, err)));
}
