/* my_stream.c - the binlog of a MySQL or MariaDB source from a resume point, as changes.
 * Flow: session for a dump -> COM_BINLOG_DUMP, by GTIDs where the position has them -> events -> cdc/binlog -> sink. Heartbeats wake the reader
 * twice a second, so a step never waits longer, and a server that falls silent is noticed.
 * A statement in the log (DDL) is looked at by the tables it names: a captured table that is altered, dropped or renamed is told to the task;
 * TRUNCATE becomes a change; rows changed by a statement's text, which no decoder can know, are a hole.
 * What the log does not say of a table's columns is known by my_shape.c.
 * Invariant: what is emitted after `from` is everything of the captured tables that the log holds behind it, in its order.
 * Threads: the capture thread; open and close: any one. */
#include "endpoints/my_source.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdc/binlog.h"
#include "cdc/my_type.h"
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "endpoints/my_grants.h"
#include "staging/plan.h"

#define COM_BINLOG_DUMP 18
#define COM_BINLOG_DUMP_GTID 30
#define DUMP_NON_BLOCK 1
#define DUMP_HEARTBEAT_V2 2
#define DUMP_THROUGH_GTID 4
#define HEARTBEAT_USEC 500000
#define SILENCE_USEC 15000000		/* without an event or a heartbeat: the connection is half open, or the server hangs */
#define STEP_EVENTS 256
#define STEP_BYTES (1u << 20)
#define FLUSH_USEC 200000
#define LOG_START 4
#define LOOK_USEC 3000000
#define VOIDS_MAX 64

struct table_news {			/* of one captured table, since the stream began */
	const struct relation *rel;	/* for a TRUNCATE before its first row */
};

struct source_stream {
	struct source_params p;
	struct my_conn *c;
	struct binlog *dec;
	struct change_sink sink;	/* the task's */
	struct stream_hooks hooks;
	struct position from;
	struct arena *arena;
	struct table_news *tables;	/* by table index */
	struct my_shapes *shapes;
	uint64_t forget_at;		/* from there on a table is needed that was not; 0: none */
	uint64_t bytes;
	bool skipping;			/* a dump from the file's beginning has not come to `from` yet */
	struct usec flushed;
	/* A dump goes on waiting at the end of a log that was reset: while nothing comes, the log itself is looked at. */
	struct my_conn *look;
	struct usec quiet, looked;	/* since when nothing but heartbeats came; when it was looked at */
	bool behind;			/* at the last look the log went on */
};

/* Rows that a ROLLBACK took back, found by a decoder of this process: the log is read again without them. */
static struct {
	struct binlog_void found[VOIDS_MAX];
	size_t n;
} voids;
static pthread_mutex_t voids_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- tables ---- */

static bool
resolve(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	struct source_stream *s = arg;
	const struct table *table = tableset_by_source(s->hooks.tables, t->schema, t->name);
	const struct position at = binlog_read_position(s->dec);

	if (table == NULL || my_shapes_left_out(s->shapes, table, position_place(&at)))
		return true;
	if (!my_shapes_resolve(s->shapes, table, position_place(&at), t, ret, err))
		return false;
	ret->table = table;
	ret->want_old = table->nchildren > 0;
	return true;
}

/* The decoder has made a relation: the task says whether its shape is the one that it goes by. */
static bool
on_relation(void *arg, const struct relation *rel, struct err *err)
{
	struct source_stream *s = arg;
	const void *table;

	return s->hooks.resolve(s->hooks.arg, rel, &table, err);
}

/* ---- statements ---- */

static const struct table *
named_table(const struct source_stream *s, const struct binlog_statement *st, const struct sql_name *n)
{
	const struct table *t = tableset_by_source(s->hooks.tables, n->schema[0] != '\0' ? n->schema : st->schema, n->name);

	return t == NULL || my_shapes_left_out(s->shapes, t, position_place(&st->position)) ? NULL : t;
}

/* A captured table of the schema whose changes at this place are needed. */
static bool
schema_is_captured(const struct source_stream *s, const struct binlog_statement *st, const char *schema)
{
	for (uint32_t i = 0; i < s->hooks.tables->n; i++)
		if (strcmp(s->hooks.tables->tables[i]->source_schema, schema) == 0 &&
		    !my_shapes_left_out(s->shapes, s->hooks.tables->tables[i], position_place(&st->position)))
			return true;
	return false;
}

/* Whether the statement can have touched a captured table, where its text does not tell for certain. */
static bool
may_concern(const struct source_stream *s, const struct binlog_statement *st)
{
	bool concerned = !st->dbs_known && schema_is_captured(s, st, st->schema);

	for (uint16_t i = 0; st->dbs_known && i < st->ndbs; i++)
		concerned = concerned || schema_is_captured(s, st, st->dbs[i]);
	for (uint16_t i = 0; i < st->sql->nnames; i++)
		concerned = concerned || named_table(s, st, &st->sql->names[i]) != NULL ||
		    schema_is_captured(s, st, st->sql->names[i].schema);
	return concerned;
}

/* The statement can have touched the tables of this database, where its text does not tell which. */
static bool
may_touch(const struct binlog_statement *st, const char *schema)
{
	bool touched = !st->dbs_known && strcmp(st->schema, schema) == 0;

	for (uint16_t i = 0; st->dbs_known && i < st->ndbs; i++)
		touched = touched || strcmp(st->dbs[i], schema) == 0;
	for (uint16_t i = 0; i < st->sql->nnames; i++)
		touched = touched || strcmp(st->sql->names[i].schema, schema) == 0;
	return touched;
}

static bool
place_error(const struct binlog_statement *st, struct err *err)
{
	return err_position(err, "%s", position_text(&st->position, (char[POSITION_TEXT]){ 0 }));
}

/* ---- rows that were changed by a statement in the log ---- */

/* The account sees the table's triggers, and there are none. */
static bool
has_no_trigger(struct my_conn *c, const struct my_grants *g, const char *schema, const char *name)
{
	const char *params[] = { schema, name };
	struct err ignored = ERR_INIT;
	bool any = true;

	return my_grants_has(g, "TRIGGER", schema, name) &&
	    my_ask(c, &any, &ignored, "SELECT COUNT(*) > 0 FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = $1 AND EVENT_OBJECT_TABLE = $2", 2, params) && !any;
}

/* It changed the tables that it names and no others: no trigger, no foreign key that acts. What can't be found out is not so. */
static bool
acts_alone(struct source_stream *s, const struct binlog_statement *st)
{
	struct err ignored = ERR_INIT;
	struct my_grants g = { 0 };
	struct my_conn *c;
	bool alone = !st->sql->unclear && st->sql->nnames > 0;

	if (!alone || (c = my_conn_open(s->p.endpoint, MY_CONN_SOURCE, s->p.task, "source", s->p.stop, &ignored)) == NULL)
		return false;
	c->deadline_usec = MY_SOURCE_DEADLINE_USEC;
	alone = my_grants_read(c, &g, &ignored);
	for (uint16_t i = 0; alone && i < st->sql->nnames; i++) {
		const struct sql_name *n = &st->sql->names[i];
		const char *schema = n->schema[0] != '\0' ? n->schema : st->schema;
		const struct table *t = tableset_by_source(s->hooks.tables, schema, n->name);

		alone = (t == NULL || t->nchildren == 0) && has_no_trigger(c, &g, schema, n->name);
	}
	my_grants_done(&g);
	my_conn_close(c);
	return alone;
}

static bool
refuse_dml(struct source_stream *s, const struct binlog_statement *st, const struct table *t, struct err *err)
{
	err_set(err, ERR_HOLE, "rows were changed by a statement that is in the log as text%s%s%s%s: binlog_format was not ROW in that session",
	    t != NULL ? ", of table " : ", perhaps of a captured table", t != NULL ? t->source_schema : "", t != NULL ? "." : "",
	    t != NULL ? t->source_name : "");
	if (t == NULL) {
		err_remedy(err, "set binlog_format = ROW on the source for all sessions; then load the tables again: repld ctl restart %s --reload (what triggers "
		    "did is not in the log; an account that may see them, GRANT TRIGGER, lets statements pass that had none)", s->p.task);
		return place_error(st, err);
	}
	err_remedy(err, "set binlog_format = ROW on the source for all sessions; then load again what was changed: repld ctl resync %s %s.%s", s->p.task,
	    t->source_schema, t->source_name);
	err_table(err, t->source_schema, t->source_name);
	return place_error(st, err);
}

static bool
statement_dml(struct source_stream *s, const struct binlog_statement *st, struct err *err)
{
	const struct table *t = NULL;

	for (uint16_t i = 0; t == NULL && i < st->sql->nnames; i++)
		t = named_table(s, st, &st->sql->names[i]);
	if (st->sql->temporary || !may_concern(s, st))
		return true;
	if (acts_alone(s, st))
		return t == NULL || refuse_dml(s, st, t, err);
	return refuse_dml(s, st, NULL, err);
}

/* The catalog, read behind it, tells what a statement has altered or dropped, but not that rows have gone, or that another table has taken a name. */
static bool
unclear_ddl(struct source_stream *s, const struct binlog_statement *st, struct err *err)
{
	const struct sql_text *sql = st->sql;
	const struct tableset *tables = s->hooks.tables;

	if ((sql->renames || sql->unlogged_rows || (sql->creates && sql->nnames == 0)) && may_concern(s, st)) {
		err_set(err, ERR_HOLE, "a statement of the log that may have renamed or emptied a captured table is not understood");
		err_remedy(err, "load the tables again: repld ctl restart %s --reload", s->p.task);
		return place_error(st, err);
	}
	for (uint32_t i = 0; i < tables->n; i++)
		if (may_touch(st, tables->tables[i]->source_schema) && !my_shapes_left_out(s->shapes, tables->tables[i], position_place(&st->position)) &&
		    !s->hooks.altered(s->hooks.arg, tables->tables[i], &st->position, "ALTER", err))
			return false;
	return true;
}

static bool
statement_ddl(struct source_stream *s, const struct binlog_statement *st, struct err *err)
{
	const struct sql_text *sql = st->sql;

	if (sql->temporary || sql->object == SQL_CODE || (sql->columns_stay && !sql->unclear))
		return true;
	for (uint16_t i = 0; i < sql->nnames; i++) {
		const struct table *t = named_table(s, st, &sql->names[i]);

		if (t == NULL)
			continue;
		if (sql->unlogged_rows || sql->drops || sql->creates) {
			if (!s->hooks.altered(s->hooks.arg, t, &st->position, sql->unlogged_rows ? "rows went without being logged" : sql->drops ?
			    "DROP or RENAME" : "CREATE", err))
				return false;
		} else if (!s->hooks.altered(s->hooks.arg, t, &st->position, "ALTER", err)) {
			return false;
		}
	}
	if (sql->object == SQL_DATABASE && sql->drops)
		for (uint32_t i = 0; i < s->hooks.tables->n; i++)
			if (sql->nnames > 0 && strcmp(s->hooks.tables->tables[i]->source_schema, sql->names[0].schema) == 0 &&
			    !s->hooks.altered(s->hooks.arg, s->hooks.tables->tables[i], &st->position, "DROP DATABASE", err))
				return false;
	binlog_forget_tables(s->dec);
	return !sql->unclear || unclear_ddl(s, st, err);
}

/* A server of old logs what it could not do to its end. */
static bool
half_truncated(struct source_stream *s, const struct binlog_statement *st, const struct table *t, struct err *err)
{
	err_set(err, ERR_HOLE, "TRUNCATE of table %s.%s failed on the source (error %u): what is left there is not in the log", t->source_schema,
	    t->source_name, st->error);
	err_remedy(err, "load it again: repld ctl resync %s %s.%s", s->p.task, t->source_schema, t->source_name);
	err_table(err, t->source_schema, t->source_name);
	return place_error(st, err);
}

static bool
statement_truncate(struct source_stream *s, const struct binlog_statement *st, enum binlog_answer *ret, const struct relation **ret_rel,
    struct err *err)
{
	const struct table *t = st->sql->nnames == 1 ? named_table(s, st, &st->sql->names[0]) : NULL;

	if (st->sql->unclear && may_concern(s, st)) {
		err_set(err, ERR_HOLE, "a TRUNCATE whose table can't be told from its text");
		err_remedy(err, "load the tables again: repld ctl restart %s --reload", s->p.task);
		return place_error(st, err);
	}
	if (t == NULL || st->sql->temporary)
		return true;
	if (st->error != 0)
		return half_truncated(s, st, t, err);
	*ret_rel = binlog_relation(s->dec, t->source_schema, t->source_name);
	if (*ret_rel == NULL && s->tables[t->index].rel == NULL &&
	    (s->tables[t->index].rel = relation_from_desc(t->source, t, s->arena, err)) == NULL)
		return false;
	if (*ret_rel == NULL)
		*ret_rel = s->tables[t->index].rel;
	*ret = BINLOG_TRUNCATE;
	return true;
}

static bool
statement(void *arg, const struct binlog_statement *st, enum binlog_answer *ret, const struct relation **ret_rel, struct err *err)
{
	struct source_stream *s = arg;

	*ret = BINLOG_IGNORE;
	switch (st->sql->kind) {
	case SQL_DML: return statement_dml(s, st, err);
	case SQL_TRUNCATE: return statement_truncate(s, st, ret, ret_rel, err);
	case SQL_DDL: return statement_ddl(s, st, err);
	default: return true;
	}
}

/* ---- the sink: what a dump from the file's beginning repeats is left out ---- */

static void *
reserve(void *arg, size_t max, struct err *err)
{
	struct source_stream *s = arg;

	return s->sink.reserve(s->sink.arg, max, err);
}

static bool
commit(void *arg, struct change *c, size_t size, struct err *err)
{
	struct source_stream *s = arg;
	const bool end = change_is_boundary(c);

	if (!s->skipping)
		return s->sink.commit(s->sink.arg, c, size, err);
	if (end && position_reached(&c->u.commit.position, &s->from))
		s->skipping = false;
	return true;		/* the next reserve gives the room up */
}

/* ---- start ---- */

static bool
set_session(struct my_conn *c, const struct position *from, struct err *err)
{
	struct buf sql = { 0 };
	bool ok = my_execf(c, err, "SET @master_heartbeat_period = %d000, @source_heartbeat_period = %d000, @master_binlog_checksum = 'CRC32',"
	    " @source_binlog_checksum = 'CRC32'", HEARTBEAT_USEC, HEARTBEAT_USEC);

	if (!ok || !c->mariadb)
		return ok;
	if (!my_exec(c, err, "SET @mariadb_slave_capability = 4, @slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0"))
		return false;
	if (from->gtids == NULL)
		return true;
	buf_str(&sql, "SET @slave_connect_state = ");
	my_literal(&sql, from->gtids);
	ok = my_exec(c, err, buf_cstr(&sql));
	buf_done(&sql);
	return ok;
}

static void
put_le(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* COM_BINLOG_DUMP: the offset has 32 bits; one beyond is reached from the file's beginning. */
static bool
dump_by_place(struct my_conn *c, const struct position *from, uint32_t server_id, bool block, bool *ret_from_start, struct err *err)
{
	const uint64_t offset = binlog_offset(from->lsn.v);
	char name[BINLOG_NAME] = "";
	struct buf b = { 0 };
	bool ok;

	*ret_from_start = from->gtids == NULL && offset > UINT32_MAX;
	if (from->gtids == NULL)
		binlog_name(from->log, binlog_file(from->lsn.v), name);
	put_le(&b, *ret_from_start || from->gtids != NULL ? LOG_START : offset, 4);
	put_le(&b, block ? 0 : DUMP_NON_BLOCK, 2);
	put_le(&b, server_id, 4);
	buf_str(&b, name);
	ok = !b.bad ? my_dump(c, COM_BINLOG_DUMP, b.p, b.n, err) : err_set(err, ERR_SYSTEM, "no memory for a dump");
	buf_done(&b);
	return ok;
}

static bool
dump_by_gtids(struct my_conn *c, const struct position *from, uint32_t server_id, bool block, struct err *err)
{
	struct gtid_set *set = gtid_set_parse(GTID_MYSQL, from->gtids, err);
	struct buf b = { 0 }, data = { 0 };
	bool ok;

	if (set == NULL)
		return err_ctx(err, "the checkpoint's GTIDs");
	gtid_set_encode(set, &data);
	gtid_set_free(set);
	put_le(&b, DUMP_THROUGH_GTID | (block ? 0 : DUMP_NON_BLOCK) | (my_conn_at_least(c, 80026, 0) ? DUMP_HEARTBEAT_V2 : 0), 2);
	put_le(&b, server_id, 4);
	put_le(&b, 0, 4);
	put_le(&b, LOG_START, 8);
	put_le(&b, data.n, 4);
	buf_put(&b, data.p, data.n);
	ok = !b.bad && !data.bad ? my_dump(c, COM_BINLOG_DUMP_GTID, b.p, b.n, err) : err_set(err, ERR_SYSTEM, "no memory for a dump");
	buf_done(&b);
	buf_done(&data);
	return ok;
}

struct my_conn *
my_dump_open(const struct source_params *p, const struct position *from, uint32_t server_id, bool block, bool *ret_from_start, struct err *err)
{
	struct my_conn *c = my_conn_open(p->endpoint, MY_CONN_DUMP, p->task, "stream", p->stop, err);

	*ret_from_start = false;
	if (c == NULL)
		return NULL;
	c->deadline_usec = SILENCE_USEC;
	if (my_source_is_same(c, p, err) && (set_session(c, from, err) || err_ctx(err, "prepare the dump")) &&
	    (from->gtids != NULL && !c->mariadb ? dump_by_gtids(c, from, server_id, block, err) :
	    dump_by_place(c, from, server_id, block, ret_from_start, err)))
		return c;
	my_conn_close(c);
	return NULL;
}

uint32_t
my_look_id(const struct source_params *p, enum my_look what)
{
	return endpoint_server_id(p->task, p->server_id ^ (uint32_t)what << 24);
}

static bool
make_decoder(struct source_stream *s, struct err *err)
{
	struct binlog_options o = { .flavour = s->c->mariadb ? GTID_MARIADB : GTID_MYSQL, .gtids = s->from.gtids != NULL,
		.folds_names = s->c->folds_names };
	const struct binlog_hooks hooks = { .resolve = resolve, .relation = on_relation, .statement = statement, .arg = s };
	char name[BINLOG_NAME];

	o.reached_log = s->from.log;
	o.reached = s->from.lsn.v;
	if (s->from.gtids == NULL) {
		o.log = binlog_name(s->from.log, binlog_file(s->from.lsn.v), name);
		o.offset = s->skipping ? LOG_START : binlog_offset(s->from.lsn.v);
	}
	pthread_mutex_lock(&voids_lock);
	o.voids = voids.found;
	o.nvoids = voids.n;
	s->dec = binlog_new(&o, hooks, (struct change_sink){ reserve, commit, s }, err);
	pthread_mutex_unlock(&voids_lock);
	return s->dec != NULL;
}

/* A dump whose connection went silent may live on at the server, which writes to it until its own network gives up: a quarter of an hour, for the
 * session's timeouts are long. MariaDB lets a new dump with the same number wait for its end. So after each silence the stream has another number. */
static pthread_mutex_t silent_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint32_t id, times;
} silent[16];

static uint32_t
number_now(const struct source_params *p, bool went_silent)
{
	const size_t at = p->server_id % (sizeof(silent) / sizeof(silent[0]));
	uint32_t n;

	pthread_mutex_lock(&silent_lock);
	if (went_silent) {
		silent[at].times = silent[at].id == p->server_id ? silent[at].times + 1 : 1;
		silent[at].id = p->server_id;
	}
	n = silent[at].id == p->server_id ? silent[at].times : 0;
	pthread_mutex_unlock(&silent_lock);
	return n == 0 ? p->server_id : endpoint_server_id(p->task, p->server_id ^ (n << 16 | 0x8000u));
}

/* The one that was opened with the snapshot has all since then, purged or not. */
static bool
begin_dump(struct source_stream *s, struct err *err)
{
	if ((s->c = my_snapshot_dump(s->p.server_id, &s->from, &s->skipping)) != NULL) {
		s->c->stop = s->p.stop;
		return true;
	}
	s->c = my_dump_open(&s->p, &s->from, number_now(&s->p, false), true, &s->skipping, err);
	return s->c != NULL;
}

struct source_stream *
my_stream_open(const struct source_params *p, const struct position *from, bool binary, struct change_sink sink, const struct stream_hooks *hooks,
    struct err *err)
{
	struct source_stream *s = mem_zalloc(sizeof(*s), err);

	(void)binary;
	assert(from->kind == POSITION_BINLOG);
	if (s == NULL)
		return NULL;
	s->p = *p;
	s->from = *from;
	s->sink = sink;
	s->hooks = *hooks;
	s->flushed = s->quiet = s->looked = clock_mono();
	if ((s->arena = arena_new(4096, 0)) == NULL) {
		err_set(err, ERR_SYSTEM, "no memory for a stream");
	} else if ((s->tables = mem_zalloc((hooks->tables->n + 1) * sizeof(*s->tables), err)) != NULL &&
	    (s->shapes = my_shapes_new(p, from, hooks, err)) != NULL &&
	    begin_dump(s, err) && make_decoder(s, err)) {
		s->forget_at = my_shapes_next(s->shapes, position_place(from));
		return s;
	}
	my_stream_close(s);
	return NULL;
}

/* ---- steps ---- */

/* What the server says when it ends a dump. */
static bool
dump_failed(struct my_conn *c, const struct source_params *p, const struct position *from, struct err *err)
{
	const unsigned number = my_errno(c);
	char at[POSITION_TEXT];

	if (number == 1236 && (strstr(err->msg, "purged") != NULL || strstr(err->msg, "Could not find") != NULL ||
	    strstr(err->msg, "not in the") != NULL || strstr(err->msg, "more GTIDs") != NULL || strstr(err->msg, "impossible position") != NULL)) {
		err->kind = ERR_HOLE;
		err_ctx(err, "the source no longer has, or never had, the log that comes next");
		err_position(err, "%s", position_text(from, at));
		return err_remedy(err, "changes are missing: load the tables again with: repld ctl restart %s --reload", p->task);
	}
	if (number == 1236 && strstr(err->msg, "max_allowed_packet") != NULL) {
		err->kind = ERR_LIMIT;
		return err_remedy(err, "raise max_allowed_packet on the source: it does not send events that are larger");
	}
	if (number == 4052 || (number == 1236 && strstr(err->msg, "same server_") != NULL)) {
		err->kind = ERR_RETRY;
		err_ctx(err, "another reader of the source has server_id %" PRIu32 " too", p->server_id);
		return err_remedy(err, "give this task a number of its own: mysql: { server_id = N; }");
	}
	if (number == 1236) {		/* damaged, cut off, a place inside an event, ...: it does not come right by itself */
		err->kind = ERR_HOLE;
		err_ctx(err, strstr(err->msg, "find next log") != NULL ? "the source's log was reset, or a file of it is gone" :
		    "the source can't go on with its log");
		err_position(err, "%s", position_text(from, at));
		return err_remedy(err, "the log can't be read from there: load the tables again with: repld ctl restart %s --reload", p->task);
	}
	return false;
}

static bool
note_void(struct source_stream *s)
{
	struct binlog_void v;
	bool room;

	if (!binlog_rolled_back(s->dec, &v))
		return false;
	pthread_mutex_lock(&voids_lock);
	room = voids.n < VOIDS_MAX;
	if (!room)
		memmove(voids.found, voids.found + 1, (--voids.n) * sizeof(v));
	voids.found[voids.n++] = v;
	pthread_mutex_unlock(&voids_lock);
	return true;
}

/* The decoder knows neither the task's name nor how it is asked to load a table again. */
static void
complete_remedy(const struct source_stream *s, struct err *err)
{
	char was[sizeof(err->remedy)];
	const char *blank;

	memcpy(was, err->remedy, sizeof(was));
	if ((blank = strstr(was, " TASK ")) != NULL)
		err_remedy(err, "%.*s %s %s", (int)(blank - was), was, s->p.task, blank + 6);
	else if (err->table[0] != '\0' && err->kind != ERR_RETRY && strstr(was, "repld ctl") == NULL)
		err_remedy(err, "%s%srepld ctl resync %s %s", was, was[0] != '\0' ? "; then load the table again: " : "load the table again: ", s->p.task, err->table);
}

/* Tables that were left out are needed from here on. */
static void
meet_tables(struct source_stream *s)
{
	const struct position at = binlog_read_position(s->dec);

	if (s->forget_at == 0 || position_place(&at) < s->forget_at)
		return;
	binlog_forget_tables(s->dec);
	s->forget_at = my_shapes_next(s->shapes, position_place(&at));
}

static bool
is_heartbeat(const uint8_t *event)
{
	return event[4] == 27 || event[4] == 41;
}

static bool
take_event(struct source_stream *s, size_t *ret_n, struct err *err)
{
	const uint8_t *event;

	if (!my_packet(s->c, &event, ret_n, err))
		return dump_failed(s->c, &s->p, &s->from, err);
	if (*ret_n == 0)
		return err_set(err, ERR_RETRY, "the source has ended the stream");
	s->bytes += *ret_n;
	if (!FAULT("stream.event", err))
		return false;
	if (*ret_n >= 19 && !is_heartbeat(event)) {
		s->quiet = clock_mono();
		s->behind = false;
	}
	meet_tables(s);
	if (binlog_event(s->dec, event, *ret_n, err))
		return true;
	if (err->kind == ERR_RETRY)
		note_void(s);
	complete_remedy(s, err);
	if (err->position[0] == '\0') {
		const struct position at = binlog_read_position(s->dec);

		err_position(err, "%s", position_text(&at, (char[POSITION_TEXT]){ 0 }));
	}
	return false;
}

/* The log goes on, or is not as long as what was read, and the dump brings nothing: it does not read the log that is there. */
static bool
look_at_log(struct source_stream *s, struct err *err)
{
	const struct position at = binlog_read_position(s->dec);
	struct my_log_file *files;
	size_t n, i = 0;
	bool goes_on, there;

	if (at.kind == POSITION_NONE)
		return true;
	if (s->look == NULL) {
		if ((s->look = my_conn_open(s->p.endpoint, MY_CONN_SOURCE, s->p.task, "look", s->p.stop, err)) == NULL ||
		    !my_source_is_same(s->look, &s->p, err))
			return false;
		s->look->deadline_usec = MY_SOURCE_DEADLINE_USEC;
	}
	if (!my_log_files(s->look, &files, &n, err))
		return false;
	while (i < n && files[i].number != binlog_file(at.lsn.v))
		i++;
	there = i < n && files[i].size >= binlog_offset(at.lsn.v);
	goes_on = n > 0 && (files[n - 1].number != binlog_file(at.lsn.v) || (i < n && files[i].size > binlog_offset(at.lsn.v)));
	free(files);
	if (there && (!goes_on || !s->behind)) {
		s->behind = goes_on;
		return true;
	}
	return err_set(err, ERR_RETRY, "the source's log is not what the stream has read: looking at it again");
}

static bool
mind_silence(struct source_stream *s, struct err *err)
{
	if (usec_since(s->quiet) < LOOK_USEC || usec_since(s->looked) < LOOK_USEC)
		return true;
	s->looked = clock_mono();
	return look_at_log(s, err);
}

bool
my_stream_step(struct source_stream *s, int64_t wait_usec, struct err *err)
{
	size_t bytes = 0, n;

	(void)wait_usec;	/* a heartbeat ends the wait */
	for (int i = 0; i < STEP_EVENTS && bytes < STEP_BYTES; i++) {
		if (!take_event(s, &n, err))
			return false;
		bytes += n;
		if (usec_since(s->flushed) < FLUSH_USEC)
			continue;
		s->flushed = clock_mono();
		return binlog_flush(s->dec, err) && mind_silence(s, err);
	}
	return true;
}

/* The server waits in its write as long as it takes: net_write_timeout of the session is a year. */
bool
my_stream_tick(struct source_stream *s, struct err *err)
{
	(void)s;
	(void)err;
	return true;
}

void
my_stream_confirm(struct source_stream *s, const struct position *p)
{
	(void)s;
	(void)p;
}

/* The next heartbeat tells the end. */
void
my_stream_ask(struct source_stream *s)
{
	(void)s;
}

uint64_t
my_stream_bytes(const struct source_stream *s)
{
	return s->bytes;
}

void
my_stream_close(struct source_stream *s)
{
	if (s == NULL)
		return;
	if (s->c != NULL && s->c->lost && s->c->why.kind == ERR_RETRY)
		(void)number_now(&s->p, true);
	my_conn_close(s->c);
	my_conn_close(s->look);
	binlog_free(s->dec);
	arena_free(s->arena);
	my_shapes_free(s->shapes);
	free(s->tables);
	free(s);
}

/* ---- a place that was given ---- */

#define LOOK_EVENTS 16		/* behind which a place that is none would have shown */

static bool
no_table(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	(void)arg;
	(void)t;
	(void)ret;
	(void)err;
	return true;
}

static bool
any_statement(void *arg, const struct binlog_statement *st, enum binlog_answer *ret, const struct relation **ret_rel, struct err *err)
{
	(void)arg;
	(void)st;
	(void)ret_rel;
	(void)err;
	*ret = BINLOG_IGNORE;
	return true;
}

static void *
reserve_nothing(void *arg, size_t max, struct err *err)
{
	(void)arg;
	(void)max;
	err_set(err, ERR_PROTOCOL, "changes of tables that are not captured");
	return NULL;
}

static bool
commit_nothing(void *arg, struct change *c, size_t size, struct err *err)
{
	(void)arg;
	(void)c;
	(void)size;
	(void)err;
	return true;
}

/* The log's first events from there are what a log holds between transactions. Where only GTIDs are known, the file: it is named first. */
static bool
look_at(struct source *s, struct my_conn *c, struct binlog *dec, struct position *p, struct err *err)
{
	const uint8_t *event;
	size_t n = 1;

	for (int i = 0; i < LOOK_EVENTS && n > 0; i++) {
		if (!my_packet(c, &event, &n, err))
			return dump_failed(c, &s->p, p, err);
		if (n > 0 && !binlog_event(dec, event, n, err))
			return false;
		if (p->lsn.v == 0 && binlog_position(dec).kind != POSITION_NONE) {
			p->log = binlog_position(dec).log;
			p->lsn.v = binlog_place(binlog_file(binlog_position(dec).lsn.v), LOG_START);
			return true;
		}
	}
	return p->lsn.v != 0 || err_set(err, ERR_PROTOCOL, "a dump does not begin with the name of a file");
}

/* Fills in the place of a set of GTIDs; NONE: the end of the log. A place is looked at: whether the log can be read from there. */
bool
my_source_locate(struct source *s, struct position *p, struct err *err)
{
	const struct binlog_hooks hooks = { .resolve = no_table, .statement = any_statement };
	struct binlog_options o = { 0 };
	char name[BINLOG_NAME];
	struct binlog *dec;
	struct my_conn *c;
	bool from_start, ok;

	if (p->kind == POSITION_NONE)
		return my_log_end(s->c, p, err);
	if ((c = my_dump_open(&s->p, p, my_look_id(&s->p, MY_LOOK_PLACE), false, &from_start, err)) == NULL)
		return false;
	o.flavour = c->mariadb ? GTID_MARIADB : GTID_MYSQL;
	if (p->lsn.v != 0 && p->gtids == NULL) {
		o.log = binlog_name(p->log, binlog_file(p->lsn.v), name);
		o.offset = from_start ? LOG_START : binlog_offset(p->lsn.v);
	} else {
		p->lsn.v = 0;
	}
	dec = binlog_new(&o, hooks, (struct change_sink){ reserve_nothing, commit_nothing, NULL }, err);
	ok = dec != NULL && look_at(s, c, dec, p, err);
	binlog_free(dec);
	my_conn_close(c);
	return ok;
}

/* The FORMAT_DESCRIPTION at the beginning of a file has the time. */
bool
my_log_born(const struct source_params *p, const struct position *in, uint32_t *ret, struct err *err)
{
	const struct position begin = { .kind = POSITION_BINLOG, .log = in->log, .lsn = { binlog_place(binlog_file(in->lsn.v), LOG_START) } };
	const uint8_t *event;
	bool from_start, ok = false;
	size_t n;
	struct my_conn *c = my_dump_open(p, &begin, my_look_id(p, MY_LOOK_PLACE), false, &from_start, err);

	if (c == NULL)
		return false;
	while ((ok = my_packet(c, &event, &n, err) || dump_failed(c, p, in, err)) && n >= 19 && event[4] == 4)
		;		/* ROTATE */
	if (ok && (n < 19 || event[4] != 15))
		ok = err_set(err, ERR_PROTOCOL, "a file of the log does not begin with its format");
	if (ok)
		*ret = (uint32_t)event[0] | (uint32_t)event[1] << 8 | (uint32_t)event[2] << 16 | (uint32_t)event[3] << 24;
	my_conn_close(c);
	return ok;
}
