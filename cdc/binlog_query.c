/* binlog_query.c - statements that stand in the log as text: transaction control, and what the statement hook is asked about.
 * Flow: QUERY -> status variables, schema, text -> sql_text_read() -> the group, or the hook.
 * Invariant: a statement that is not transaction control reaches the hook, or the stream stops; one that is not understood is never
 * taken for control.
 * Threads: the capture thread.
 *
 *   QUERY               post-header: u32 thread, u32 seconds, u8 length of the schema, u16 error, u16 length of the status variables;
 *                       status variables, schema, NUL, text
 *   EXECUTE_LOAD_QUERY  the same with u32 file, u32, u32, u8 more in the post-header
 *   QUERY_COMPRESSED    MariaDB: the text as a compressed block
 * Status variables: a number, then so many bytes as its kind has; what follows an unknown one cannot be read. */
#include "cdc/binlog_intern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_POST	 13
#define LOAD_POST	 26
#define DBS_MAX		 254 /* this number says that there were more */
#define VAR_SQL_MODE	 1
#define VAR_CHARSET	 4
#define VAR_UPDATED_DBS	 12
#define EXTRA_ALTER_ENDS 0x0c
#define FLAG_SESSION	 0x0004	/* the session used tables of its own */
#define TEMPORARY_MAX	 1000000

struct query {
	struct slice text;
	const char *schema;
	char folded[256];	/* the schema */
	uint32_t session;
	uint16_t error;
	uint64_t sql_mode;
	uint16_t charset;
	bool dbs_known;
	uint16_t ndbs;
	const char *dbs[DBS_MAX];
};

/* ---- status variables ---- */

static void
take_dbs(struct rd *in, struct query *q)
{
	const uint8_t n = rd_u8(in);

	if (n >= DBS_MAX)
		return;
	for (q->ndbs = 0; q->ndbs < n; q->ndbs++)
		q->dbs[q->ndbs] = rd_cstr(in);
	q->dbs_known = true;
}

static void
skip_text(struct rd *in)
{
	rd_bytes(in, rd_u8(in));
}

/* A flat switch. False: a variable that is not known. */
static bool
take_variable(struct rd *in, uint8_t number, struct query *q)
{
	switch (number) {
	case VAR_SQL_MODE: q->sql_mode = rd_le(in, 8); return true;
	case VAR_CHARSET:
		q->charset = (uint16_t)rd_le(in, 2);
		rd_le(in, 4);
		return true;
	case VAR_UPDATED_DBS: take_dbs(in, q); return true;
	case 0: /* flags2 */
	case 3: /* auto_increment */
	case 10: rd_le(in, 4); return true; /* data written */
	case 2: /* catalog, with a NUL */
		skip_text(in);
		rd_u8(in);
		return true;
	case 5: /* time zone */
	case 6: skip_text(in); return true; /* catalog */
	case 7: /* lc_time_names */
	case 8: /* charset of the database */
	case 18: rd_le(in, 2); return true; /* default collation of utf8mb4 */
	case 9: /* tables for an update */
	case 17: /* xid of DDL */
	case 129: rd_le(in, 8); return true; /* the same of MariaDB */
	case 11: /* invoker: user, host */
		skip_text(in);
		skip_text(in);
		return true;
	case 13: /* microseconds */
	case 128: rd_le(in, 3); return true; /* the same of MariaDB */
	case 16: /* explicit_defaults_for_timestamp */
	case 19: /* sql_require_primary_key */
	case 20: rd_u8(in); return true; /* default_table_encryption */
	case 130: /* MariaDB: phases of an ALTER */
		if ((rd_u8(in) & EXTRA_ALTER_ENDS) != 0)
			rd_le(in, 8);
		return true;
	default: return false;
	}
}

static bool
take_variables(struct rd *in, struct query *q)
{
	while (rd_left(in) > 0)
		if (!take_variable(in, rd_u8(in), q))
			return true;
	return !in->bad;
}

/* ---- the event ---- */

static bool
take_text(struct binlog *dec, struct event *ev, struct query *q, struct err *err)
{
	q->text.n = rd_left(&ev->body);
	q->text.p = rd_bytes(&ev->body, q->text.n);
	if (ev->type != EVENT_QUERY_COMPRESSED)
		return true;
	if (!inflate_block(dec, q->text.p, q->text.n, err))
		return false;
	q->text = (struct slice){ dec->inflated.p, dec->inflated.n };
	return true;
}

static bool
read_query(struct binlog *dec, struct event *ev, struct query *q, struct err *err)
{
	struct rd post, vars;
	uint16_t nvars;
	uint8_t nschema;

	*q = (struct query){ .schema = "" };
	if (!binlog_need_post(
		ev, ev->type == EVENT_EXECUTE_LOAD_QUERY ? LOAD_POST : QUERY_POST, err))
		return false;
	post = rd_part(&ev->body, ev->post);
	q->session = (uint32_t)rd_le(&post, 4);
	rd_le(&post, 4);
	nschema = rd_u8(&post);
	q->error = (uint16_t)rd_le(&post, 2);
	nvars = (uint16_t)rd_le(&post, 2);
	vars = rd_part(&ev->body, nvars);
	q->schema = rd_cstr(&ev->body);
	if (ev->body.bad || strlen(q->schema) != nschema || !take_variables(&vars, q))
		return binlog_cut(ev, err);
	return take_text(dec, ev, q, err);
}

/* ---- tables of a session ---- */

static uint64_t
temporary_hash(const struct event *ev, const struct query *q, const struct sql_name *n)
{
	const char *schema = n->schema[0] != '\0' ? n->schema : q->schema;
	const uint32_t session[] = { ev->server, q->session };

	return hash_bytes(n->name, strlen(n->name) + 1, hash_bytes(schema, strlen(schema) + 1, hash_bytes(session, sizeof(session), 0)));
}

static size_t
temporary_at(const struct binlog *dec, uint64_t hash)
{
	size_t i = 0;

	while (i < dec->ntemporary && dec->temporary[i] != hash)
		i++;
	return i;
}

static bool
temporary_add(struct binlog *dec, uint64_t hash, struct err *err)
{
	if (temporary_at(dec, hash) < dec->ntemporary)
		return true;
	if (dec->ntemporary == TEMPORARY_MAX)
		return err_set(err, ERR_LIMIT, "more than %d temporary tables", TEMPORARY_MAX);
	if (!mem_grow(&dec->temporary, &dec->temporary_cap, dec->ntemporary + 1, sizeof(*dec->temporary), err))
		return false;
	dec->temporary[dec->ntemporary++] = hash;
	return true;
}

static void
temporary_drop(struct binlog *dec, size_t at)
{
	if (at < dec->ntemporary)
		dec->temporary[at] = dec->temporary[--dec->ntemporary];
}

/* A statement without TEMPORARY whose table has the name of one of the session's: RENAME of MySQL does not see these, and DROP is logged with
 * TEMPORARY wherever it met one. */
static bool
may_be_temporary(const struct binlog *dec, const struct sql_text *sql)
{
	if (sql->creates || sql->nnames > 2 || (sql->drops && !sql->renames))
		return false;
	return !sql->renames || sql->alters || dec->flavour != GTID_MYSQL;
}

/* Sessions that log statements as text make temporary tables there, and later name them as any other table: TRUNCATE and ALTER of such a one are not
 * of the table whose name it has taken. */
static bool
mind_temporary(struct binlog *dec, const struct event *ev, const struct query *q, struct err *err)
{
	struct sql_text *sql = dec->sql;
	const bool makes = sql->kind == SQL_DDL && sql->temporary && sql->creates;
	size_t at;

	if (sql->object != SQL_TABLE || sql->nnames == 0)
		return true;
	if (makes)
		return temporary_add(dec, temporary_hash(ev, q, &sql->names[0]), err);
	if (sql->temporary && sql->drops) {
		for (uint16_t i = 0; i < sql->nnames; i++) {
			at = temporary_at(dec, temporary_hash(ev, q, &sql->names[i]));
			temporary_drop(dec, at);
		}
		return true;
	}
	at = temporary_at(dec, temporary_hash(ev, q, &sql->names[0]));
	if ((ev->flags & FLAG_SESSION) == 0 || at == dec->ntemporary || !may_be_temporary(dec, sql))
		return true;
	sql->temporary = sql->nnames == 1 || sql->renames;
	if (!sql->renames)
		return true;
	temporary_drop(dec, at);	/* its old name means everybody's table again */
	return temporary_add(dec, temporary_hash(ev, q, &sql->names[1]), err);
}

static void
fold_names(struct binlog *dec, struct query *q)
{
	sql_text_fold(dec->sql);
	snprintf(q->folded, sizeof(q->folded), "%s", q->schema);
	if (!sql_name_fold(q->folded))
		dec->sql->unclear = true;
	q->schema = q->folded;
}

/* ---- statements ---- */

static bool
truncate_table(struct binlog *dec, const struct relation *rel, struct err *err)
{
	struct change *c;

	if (rel == NULL || rel->table == NULL)
		return err_set(err, ERR_PROTOCOL, "a table to be truncated is not captured");
	if (dec->group.prepares)
		return err_set(err, ERR_PROTOCOL, "TRUNCATE in a transaction that is to be prepared");
	if (!group_begin_rows(dec, err) ||
	    (c = binlog_reserve(dec, CHANGE_TRUNCATE, sizeof(struct relation *), err)) == NULL)
		return false;
	c->u.truncate.nrels = 1;
	change_truncated(c)[0] = rel;
	dec->group.emitted++;
	return binlog_commit_record(dec, c, (uint8_t *)(change_truncated(c) + 1), err);
}

/* For the hook the text ends in a NUL. */
static bool
hold_text(struct binlog *dec, struct query *q, struct err *err)
{
	if (q->text.p != dec->inflated.p) {
		buf_reset(&dec->inflated);
		buf_put(&dec->inflated, q->text.p, q->text.n);
	}
	buf_u8(&dec->inflated, 0);
	if (dec->inflated.bad)
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	q->text.p = dec->inflated.p;
	return true;
}

static bool
ask(struct binlog *dec, struct query *q, struct err *err)
{
	const struct relation *rel = NULL;
	enum binlog_answer answer = BINLOG_IGNORE;
	struct binlog_statement st = { .sql = dec->sql,
		.schema = q->schema,
		.dbs_known = q->dbs_known,
		.ndbs = q->ndbs,
		.dbs = q->dbs,
		.error = q->error,
		.in_transaction = dec->group.state == GROUP_OPEN,
		.rows_seen = dec->group.emitted > 0,
		.gtid = dec->group.gtid,
		.position = binlog_place_position(dec, dec->group.start),
		.when = dec->group.when };

	if (!hold_text(dec, q, err))
		return false;
	st.text = (const char *)q->text.p;
	st.n = q->text.n;
	if (!dec->hooks.statement(dec->hooks.arg, &st, &answer, &rel, err))
		return false;
	return answer != BINLOG_TRUNCATE || truncate_table(dec, rel, err);
}

/* Outside a transaction a statement is a group by itself. What a two-phase ALTER only begins, or takes back, changes nothing. */
static bool
on_statement(struct binlog *dec, struct event *ev, struct query *q, struct err *err)
{
	const bool alone = dec->group.state != GROUP_OPEN;

	if (alone)
		group_open(dec, ev, NULL);
	if (dec->sql->kind != SQL_NOTHING && dec->group.alter != ALTER_START && dec->group.alter != ALTER_ROLLBACK) {
		dec->group.state = alone ? GROUP_BEGUN : GROUP_OPEN;
		if (!ask(dec, q, err))
			return false;
	}
	return !alone || group_commit(dec, ev, err);
}

/* ---- transaction control ---- */

static bool
misplaced(const struct binlog *dec, const char *what, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "%s %s a transaction", what,
	    dec->group.state == GROUP_OPEN ? "inside" : "outside");
}

static struct binlog_xid
xid_of(const struct sql_text *sql)
{
	struct binlog_xid xid = { .format = sql->xid.format, .gtrid_len = sql->xid.gtrid_len, .bqual_len = sql->xid.bqual_len };

	memcpy(xid.bytes, sql->xid.bytes, sizeof(xid.bytes));
	return xid;
}

/* xa: XA START, NULL: BEGIN. */
static bool
on_begin(struct binlog *dec, const struct event *ev, const struct binlog_xid *xa, struct err *err)
{
	if (dec->group.state == GROUP_OPEN)
		return misplaced(dec, xa != NULL ? "XA START" : "BEGIN", err);
	group_open(dec, ev, xa);
	return true;
}

/* ROLLBACK alone, without BEGIN, is a group in which nothing happened. */
static bool
on_end(struct binlog *dec, const struct event *ev, bool commit, struct err *err)
{
	if (dec->group.state == GROUP_NONE || (commit && dec->group.state != GROUP_OPEN))
		return misplaced(dec, commit ? "COMMIT" : "ROLLBACK", err);
	if (commit && dec->group.prepares)
		return err_set(err, ERR_PROTOCOL, "COMMIT in a transaction that is to be prepared");
	return commit ? group_commit(dec, ev, err) : group_rollback(dec, ev, err);
}

static bool
on_xa_end(struct binlog *dec, const struct event *ev, enum change_kind kind, struct err *err)
{
	const struct binlog_xid xid = xid_of(dec->sql);

	if (dec->group.state == GROUP_OPEN)
		return misplaced(dec, kind == CHANGE_XA_COMMIT ? "XA COMMIT" : "XA ROLLBACK", err);
	if (dec->group.state == GROUP_NONE)
		group_open(dec, ev, NULL);
	return group_xa_end(dec, ev, kind, &xid, err);
}

/* A flat switch. */
static bool
on_text(struct binlog *dec, struct event *ev, struct query *q, struct err *err)
{
	const struct sql_text *sql = dec->sql;
	struct binlog_xid xid;

	if (sql->unclear && sql->kind >= SQL_BEGIN && sql->kind <= SQL_XA_ROLLBACK)
		return err_set(
		    err, ERR_PROTOCOL, "a statement that controls a transaction is not understood");
	switch (sql->kind) {
	case SQL_BEGIN: return on_begin(dec, ev, NULL, err);
	case SQL_COMMIT: return on_end(dec, ev, true, err);
	case SQL_ROLLBACK: return on_end(dec, ev, false, err);
	case SQL_XA_START:
		xid = xid_of(sql);
		return on_begin(dec, ev, &xid, err);
	case SQL_XA_COMMIT: return on_xa_end(dec, ev, CHANGE_XA_COMMIT, err);
	case SQL_XA_ROLLBACK: return on_xa_end(dec, ev, CHANGE_XA_ROLLBACK, err);
	case SQL_SAVEPOINT:
	case SQL_ROLLBACK_TO:
	case SQL_RELEASE:
	case SQL_XA_END:
		if (dec->group.state != GROUP_OPEN)
			return misplaced(dec, "SAVEPOINT or XA END", err);
		if (sql->kind == SQL_SAVEPOINT)
			group_savepoint(dec, sql->savepoint);
		return sql->kind != SQL_ROLLBACK_TO || group_rollback_to(dec, sql->savepoint, err);
	case SQL_XA_PREPARE: return err_set(err, ERR_PROTOCOL, "XA PREPARE as a statement");
	default: return on_statement(dec, ev, q, err);
	}
}

static bool
text_is(const struct query *q, const char *word)
{
	return q->text.n == strlen(word) && memcmp(q->text.p, word, q->text.n) == 0;
}

/* Into dec->sql, half a megabyte that most logs never need. */
static bool
read_text(struct binlog *dec, const struct query *q, struct err *err)
{
	if (dec->sql == NULL && (dec->sql = mem_zalloc(sizeof(*dec->sql), err)) == NULL)
		return false;
	sql_text_read(dec->sql, (const char *)q->text.p, q->text.n, q->sql_mode, q->charset);
	return true;
}

bool
query_on_event(struct binlog *dec, struct event *ev, struct err *err)
{
	struct query q;

	if (!read_query(dec, ev, &q, err))
		return false;
	if (text_is(&q, "BEGIN"))
		return on_begin(dec, ev, NULL, err);
	if (text_is(&q, "COMMIT"))
		return on_end(dec, ev, true, err);
	if (!read_text(dec, &q, err))
		return false;
	if (dec->folds_names && dec->sql->kind >= SQL_DML)
		fold_names(dec, &q);
	return mind_temporary(dec, ev, &q, err) && on_text(dec, ev, &q, err);
}
