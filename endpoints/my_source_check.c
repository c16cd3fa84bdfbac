/* my_source_check.c - what a MySQL or MariaDB source must have for a task, and what endangers one: all of it at once, each with its fix.
 * Threads: the session's. Writes nothing. */
#include "endpoints/my_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		    "connect again", "binlog_format is %s: changes are logged as statements, not as rows", v);
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

static bool
check_place(struct source *s, struct findings *f, struct err *err)
{
	char v[128];
	bool gtids;

	if (!my_has_gtids(s->c, &gtids, err) || !setting(s->c, "server_id", v, err))
		return false;
	if (!gtids)
		finding_add(f, FINDING_INFO, ERR_NONE, "", "", "the source has no GTIDs (gtid_mode is not ON): the checkpoint is a file and an offset, and "
		    "no other server can take this one's place");
	if (strtoul(v, NULL, 10) == s->p.server_id)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "give this task another number: mysql: { server_id = N; }",
		    "server_id %u is the source's own", (unsigned)s->p.server_id);
	return true;
}

static bool
privileges(struct my_conn *c, struct buf *out, struct err *err)
{
	struct my_rows r;

	if (!my_query(c, &r, err, "SHOW GRANTS", 0, NULL))
		return false;
	while (my_next(&r))
		buf_printf(out, "%s\n", my_text(&r, 0));
	my_rows_done(&r);
	return true;
}

static bool
check_rights(struct source *s, bool streams, struct findings *f, struct err *err)
{
	struct buf grants = { 0 };
	const char *text;

	if (!privileges(s->c, &grants, err))
		return false;
	text = buf_cstr(&grants);
	if (streams && strstr(text, "REPLICATION SLAVE") == NULL && strstr(text, "REPLICATION REPLICA") == NULL &&
	    strstr(text, "ALL PRIVILEGES ON *.*") == NULL) {
		struct buf fix = { 0 };

		buf_printf(&fix, "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '%s'@...", s->p.endpoint->user);
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix), "user %s may not read the binlog", s->p.endpoint->user);
		buf_done(&fix);
	}
	buf_done(&grants);
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
check_table(const struct tableset *set, const struct table *t, struct findings *f)
{
	const struct table_desc *d = t->source;
	char name[300];

	snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
	if (table_desc_primary(d) == NULL)
		finding_add(f, FINDING_RISK, ERR_CONFIG, name, "give it a primary key", "it has no primary key: its rows are found by their whole content, one "
		    "by one");
	for (uint16_t i = 0; i < d->nfkeys; i++)
		check_fkey(set, t, name, &d->fkeys[i], f);
}

bool
my_source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams, struct findings *f, struct err *err)
{
	(void)needs_slot;
	if (streams && (!check_log(s, f, err) || !check_place(s, f, err)))
		return false;
	if (!check_rights(s, streams, f, err) || (streams && !check_xa(s, f, err)))
		return false;
	for (uint32_t i = 0; streams && i < set->n; i++)
		check_table(set, set->tables[i], f);
	return true;
}
