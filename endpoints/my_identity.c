/* my_identity.c - which server a MySQL or MariaDB source is, and whether its log continues a checkpoint.
 * MySQL is known by its server_uuid, MariaDB by its server_id. Another server continues a checkpoint only by GTIDs, and only where the endpoint says
 * that it may (failover): it must have executed all that was applied, and have purged nothing that was not.
 * Invariant: a log is continued only where it is proven that it holds everything behind the checkpoint.
 * Threads: the session's. */
#include "endpoints/my_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
ask_id(struct my_conn *c, char *out, size_t size, struct err *err)
{
	bool there;

	return my_value(c, out, size, &there, err, c->mariadb ? "SELECT @@global.server_id" : "SELECT @@global.server_uuid", 0, NULL) ||
	    err_ctx(err, "identify the source");
}

bool
my_source_identify(struct source *s, struct source_info *ret, struct err *err)
{
	struct source_identity *id = &ret->identity;

	memset(ret, 0, sizeof(*ret));
	snprintf(id->kind, sizeof(id->kind), "%s", s->c->mariadb ? "mariadb" : "mysql");
	ret->version = s->c->version;
	ret->forgets_added_tables = true;
	snprintf(ret->version_text, sizeof(ret->version_text), "%s %s", s->c->mariadb ? "MariaDB" : "MySQL", my_conn_version_text(s->c));
	return ask_id(s->c, id->id, sizeof(id->id), err);
}

bool
my_source_is_same(struct my_conn *c, const struct source_params *p, struct err *err)
{
	char id[64];

	if (p->identity == NULL)
		return true;
	if (!ask_id(c, id, sizeof(id), err))
		return false;
	return strcmp(id, p->identity->id) == 0 || err_set(err, ERR_RETRY,
	    "endpoint %s has led to another server meanwhile (%s; before: %s): looking at it again", p->endpoint->name, id, p->identity->id);
}

/* ---- the log continues the checkpoint ---- */

static struct gtid_set *
ask_set(struct my_conn *c, const char *sql, struct err *err)
{
	struct my_rows r;
	struct gtid_set *set = NULL;

	if (!my_query(c, &r, err, sql, 0, NULL))
		return NULL;
	if (my_next(&r))
		set = gtid_set_parse(c->mariadb ? GTID_MARIADB : GTID_MYSQL, my_text(&r, 0), err);
	else
		err_set(err, ERR_PROTOCOL, "the source says nothing of its GTIDs");
	my_rows_done(&r);
	return set;
}

/* What part has and whole has not, in the message; MySQL. */
static bool
missing(const struct gtid_set *whole, const struct gtid_set *part, const char *what, struct err *err)
{
	struct gtid_set *rest = gtid_set_minus(part, whole, err);
	struct buf text = { 0 };

	if (rest == NULL)
		return false;
	gtid_set_text(rest, &text);
	gtid_set_free(rest);
	err_set(err, ERR_HOLE, "%s: %.400s", what, buf_cstr(&text));
	buf_done(&text);
	return false;
}

static bool
mysql_gtids_continue(struct my_conn *c, const struct gtid_set *applied, struct err *err)
{
	struct gtid_set *executed = ask_set(c, "SELECT @@global.gtid_executed", err), *purged = NULL;
	bool ok = executed != NULL && (purged = ask_set(c, "SELECT @@global.gtid_purged", err)) != NULL;

	if (ok && !gtid_set_contains(executed, applied))
		ok = missing(executed, applied, "the source has not executed transactions that were applied: it was reset, restored from an older "
		    "backup, or is another server", err);
	if (ok && !gtid_set_contains(applied, purged))
		ok = missing(applied, purged, "the source has purged binlogs with transactions that were not applied", err);
	gtid_set_free(executed);
	gtid_set_free(purged);
	return ok;
}

/* The dump itself finds what is purged; here: has the server ever come as far. */
static bool
mariadb_gtids_continue(struct my_conn *c, const struct gtid_set *applied, struct err *err)
{
	struct gtid_set *now = ask_set(c, "SELECT @@global.gtid_binlog_pos", err);
	bool ok = now != NULL;

	if (ok && !gtid_set_contains(now, applied))
		ok = err_set(err, ERR_HOLE, "the source's GTIDs have not come as far as those that were applied: it was reset, restored from an "
		    "older backup, or is another server");
	gtid_set_free(now);
	return ok;
}

static bool
is_same_file(struct source *s, const struct position *p, const char *name, struct err *err)
{
	uint32_t born = 0;

	if (p->born == 0)
		return true;
	if (!my_log_born(&s->p, p, &born, err))
		return false;
	return born == p->born || err_set(err, ERR_HOLE, "binlog file %s on the source is another one than that of the checkpoint: it was made at another "
	    "time, so the log was reset, or the server was restored from an older backup", name);
}

/* The same server: the file is there, the one that it was, and as long as it was. With GTIDs it may have been purged: they tell what is missing. */
static bool
place_is_there(struct source *s, const struct position *p, bool may_be_purged, bool *ret_purged, struct err *err)
{
	struct my_log_file *files;
	char name[BINLOG_NAME];
	size_t n, i = 0;
	bool ok = true;

	if (!my_log_files(s->c, &files, &n, err))
		return false;
	binlog_name(p->log, binlog_file(p->lsn.v), name);
	while (i < n && files[i].number != binlog_file(p->lsn.v))
		i++;
	*ret_purged = i == n && n > 0 && files[0].number > binlog_file(p->lsn.v);
	if (*ret_purged)
		ok = may_be_purged || err_set(err, ERR_HOLE, "binlog file %s is no longer on the source: it was purged", name);
	else if (i == n)
		ok = err_set(err, ERR_HOLE, "binlog file %s is no longer on the source: the log was reset", name);
	else if (files[i].size < binlog_offset(p->lsn.v))
		ok = err_set(err, ERR_HOLE, "binlog file %s on the source ends at %" PRIu64 ", before the checkpoint: the log was reset, or the "
		    "source lost its end in a crash", name, files[i].size);
	else
		ok = is_same_file(s, p, name, err);
	free(files);
	return ok;
}

/* MariaDB can say which GTIDs stood at a place of its log: another log under the same names is found. */
static bool
mariadb_place_holds(struct my_conn *c, const struct position *p, const struct gtid_set *applied, struct err *err)
{
	char name[BINLOG_NAME], offset[24], text[16384];
	const char *params[] = { name, offset };
	struct gtid_set *there;
	bool known, ok;

	binlog_name(p->log, binlog_file(p->lsn.v), name);
	snprintf(offset, sizeof(offset), "%" PRIu64, binlog_offset(p->lsn.v));
	if (!my_value(c, text, sizeof(text), &known, err, "SELECT BINLOG_GTID_POS($1, #2)", 2, params))
		return false;
	if (!known)
		return true;		/* not at the end of a transaction in its eyes: the dump decides */
	if ((there = gtid_set_parse(GTID_MARIADB, text, err)) == NULL)
		return false;
	ok = gtid_set_equal(there, applied) ||
	    err_set(err, ERR_HOLE, "at %s:%s the source's log has other GTIDs (%.200s) than the checkpoint (%.200s): its log is another one", name,
	    offset, text, p->gtids);
	gtid_set_free(there);
	return ok;
}

/* The checkpoint's file is gone: what stood before the oldest that is left must have been applied. */
static bool
mariadb_purged_was_applied(struct my_conn *c, const struct gtid_set *applied, struct err *err)
{
	char name[BINLOG_NAME] = "", text[16384];
	const char *params[] = { name };
	struct gtid_set *before;
	bool there, ok;

	if (!my_value(c, name, sizeof(name), &there, err, "SHOW BINARY LOGS", 0, NULL) ||
	    !my_value(c, text, sizeof(text), &there, err, "SELECT BINLOG_GTID_POS($1, 4)", 1, params))
		return false;
	if (!there)
		return true;		/* purged between the two questions: the dump decides */
	if ((before = gtid_set_parse(GTID_MARIADB, text, err)) == NULL)
		return false;
	ok = gtid_set_contains(applied, before) ||
	    err_set(err, ERR_HOLE, "the source has purged binlogs with transactions that were not applied: the oldest that is left, %s, begins behind "
	    "%.200s", name, text);
	gtid_set_free(before);
	return ok;
}

static bool
gtids_continue(struct source *s, const struct position *p, bool same, struct err *err)
{
	struct gtid_set *applied = gtid_set_parse(s->c->mariadb ? GTID_MARIADB : GTID_MYSQL, p->gtids, err);
	bool ok, purged = false;

	if (applied == NULL)
		return err_ctx(err, "the checkpoint's GTIDs");
	ok = s->c->mariadb ? mariadb_gtids_continue(s->c, applied, err) : mysql_gtids_continue(s->c, applied, err);
	if (ok && same && p->log != NULL)
		ok = place_is_there(s, p, true, &purged, err) && (!s->c->mariadb || (purged ? mariadb_purged_was_applied(s->c, applied, err) :
		    mariadb_place_holds(s->c, p, applied, err)));
	gtid_set_free(applied);
	return ok;
}

bool
my_source_continues(struct source *s, const struct source_identity *was, const struct source_identity *now, const struct position *checkpoint,
    struct err *err)
{
	const bool same = strcmp(was->id, now->id) == 0;
	bool gtids;

	if (checkpoint->kind != POSITION_BINLOG)
		return true;
	if (!same && checkpoint->gtids == NULL)
		return err_set(err, ERR_HOLE, "the source is another server (%s; the checkpoint's is %s), and without GTIDs no place in its log is known",
		    now->id, was->id);
	if (!same && !s->p.endpoint->failover) {
		err_set(err, ERR_HOLE, "the source is another server: %s; the checkpoint's is %s", now->id, was->id);
		return err_remedy(err, "set failover = true on endpoint %s where this server has taken the other's place", s->p.endpoint->name);
	}
	if (checkpoint->gtids == NULL)
		return place_is_there(s, checkpoint, false, &gtids, err);
	if (!my_has_gtids(s->c, &gtids, err))
		return false;
	if (!gtids) {
		err_set(err, ERR_HOLE, "the checkpoint is a set of GTIDs, and gtid_mode is no longer ON on the source");
		return err_remedy(err, "set gtid_mode = ON again");
	}
	return gtids_continue(s, checkpoint, same, err);
}
