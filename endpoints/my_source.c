/* my_source.c - the ordinary session of a MySQL or MariaDB source: its tables, and the state of its binlog. Who it is: my_identity.c.
 * Flow: one statement, one answer; each ends within MY_SOURCE_DEADLINE_USEC.
 * Invariant: nothing here waits for a lock longer than the session's lock_wait_timeout (5 s), and nothing keeps a transaction open.
 * Threads: one at a time for each struct source. */
#include "endpoints/my_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "endpoints/my_catalog.h"

struct source *
my_source_open(const struct source_params *p, struct err *err)
{
	struct source *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->p = *p;
	s->c = my_conn_open(p->endpoint, MY_CONN_SOURCE, p->task, "source", p->stop, err);
	if (s->c != NULL)
		s->c->deadline_usec = MY_SOURCE_DEADLINE_USEC;
	if (s->c == NULL || !my_source_is_same(s->c, p, err)) {
		my_source_close(s);
		return NULL;
	}
	return s;
}

void
my_source_close(struct source *s)
{
	if (s == NULL)
		return;
	my_conn_close(s->c);
	free(s);
}

/* ---- the log ---- */

bool
my_has_gtids(struct my_conn *c, bool *ret, struct err *err)
{
	*ret = true;
	return c->mariadb || my_ask(c, ret, err, "SELECT @@global.gtid_mode = 'ON'", 0, NULL);
}

static const char *
log_end_sql(const struct my_conn *c)
{
	return my_conn_at_least(c, 80200, 0) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

static bool
no_log(struct err *err)
{
	err_set(err, ERR_CONFIG, "the source writes no binlog");
	return err_remedy(err, "set log_bin, binlog_format = ROW and server_id in its configuration, and start it again");
}

/* The right is named as the server names it. */
static bool
may_not_ask(const struct my_conn *c, struct err *err)
{
	err_set(err, ERR_CONFIG, "user %s may not ask where the binlog ends", c->ep->user);
	return err_remedy(err, "GRANT %s ON *.* TO '%s'@...", c->mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT", c->ep->user);
}

/* Line ends are in it as the server prints it. */
static bool
intern_gtids(const char *text, const char **ret, struct err *err)
{
	struct buf b = { 0 };
	bool ok;

	for (; *text != '\0'; text++)
		if (*text != '\n' && *text != ' ')
			buf_u8(&b, (uint8_t)*text);
	ok = !b.bad || err_set(err, ERR_SYSTEM, "no memory for a set of GTIDs");
	if (ok)
		*ret = name_intern(buf_cstr(&b), b.n);
	buf_done(&b);
	return ok;
}

static bool
read_end(const struct my_rows *r, struct position *ret, struct err *err)
{
	const uint64_t offset = my_number(r, 1);
	uint32_t file;

	*ret = (struct position){ .kind = POSITION_BINLOG };
	if (!binlog_name_parse(my_text(r, 0), my_length(r, 0), &ret->log, &file, err))
		return false;
	if (offset > BINLOG_OFFSET_MAX)
		return err_set(err, ERR_LIMIT, "binlog file %.80s has more than 1 TB", my_text(r, 0));
	ret->lsn.v = binlog_place(file, offset);
	return true;
}

/* MySQL says both in one answer. MariaDB is asked what its GTIDs were at that place. */
static bool
read_gtids(struct my_conn *c, const char *executed, struct position *p, struct err *err)
{
	char name[BINLOG_NAME], offset[24], text[16384];
	const char *params[] = { name, offset };
	bool gtids, there;

	if (!my_has_gtids(c, &gtids, err) || !gtids)
		return gtids || err->kind == ERR_NONE;
	if (!c->mariadb)
		return intern_gtids(executed, &p->gtids, err);
	binlog_name(p->log, binlog_file(p->lsn.v), name);
	snprintf(offset, sizeof(offset), "%" PRIu64, binlog_offset(p->lsn.v));
	if (!my_value(c, text, sizeof(text), &there, err, "SELECT BINLOG_GTID_POS($1, #2)", 2, params))
		return false;
	if (!there)
		return err_set(err, ERR_PROTOCOL, "the source has no GTID position for %s:%s", name, offset);
	return intern_gtids(text, &p->gtids, err);
}

/* executed: MySQL's set of GTIDs there, malloc'ed; NULL: not wanted. */
static bool
ask_end(struct my_conn *c, struct position *ret, char **executed, struct err *err)
{
	struct my_rows r;
	bool ok;

	if (!my_query(c, &r, err, log_end_sql(c), 0, NULL))
		return my_errno(c) == MY_NO_RIGHT ? may_not_ask(c, err) : err_ctx(err, "ask the source for the end of its log");
	ok = my_next(&r) ? read_end(&r, ret, err) : no_log(err);
	if (ok && executed != NULL)
		ok = (*executed = mem_strdup(!c->mariadb && r.ncols > 4 ? my_text(&r, 4) : "", err)) != NULL;
	my_rows_done(&r);
	return ok;
}

bool
my_log_place(struct my_conn *c, struct position *ret, struct err *err)
{
	return ask_end(c, ret, NULL, err);
}

bool
my_log_end(struct my_conn *c, struct position *ret, struct err *err)
{
	char *executed = NULL;
	const bool ok = ask_end(c, ret, &executed, err) && read_gtids(c, executed, ret, err);

	free(executed);
	return ok;
}

bool
my_log_files(struct my_conn *c, struct my_log_file **ret, size_t *ret_n, struct err *err)
{
	struct my_rows r;
	const char *base;
	size_t cap = 0;
	bool ok = true;

	*ret = NULL;
	*ret_n = 0;
	if (!my_query(c, &r, err, "SHOW BINARY LOGS", 0, NULL))
		return my_errno(c) == MY_NO_RIGHT ? may_not_ask(c, err) : err_ctx(err, "list the source's binlog files");
	while (ok && my_next(&r)) {
		ok = mem_grow(ret, &cap, *ret_n + 1, sizeof(**ret), err) &&
		    binlog_name_parse(my_text(&r, 0), my_length(&r, 0), &base, &(*ret)[*ret_n].number, err);
		if (ok)
			(*ret)[(*ret_n)++].size = my_number(&r, 1);
	}
	my_rows_done(&r);
	if (!ok) {
		free(*ret);
		*ret = NULL;
	}
	return ok;
}

bool
my_log_distance(const struct my_log_file *files, size_t n, const struct position *from, const struct position *to, uint64_t *ret)
{
	const uint32_t first = binlog_file(from->lsn.v), last = binlog_file(to->lsn.v);
	uint32_t next = first;
	uint64_t sum = 0;

	if (position_distance(from, to, ret))
		return true;
	if (from->kind != POSITION_BINLOG || to->kind != POSITION_BINLOG)
		return false;
	for (size_t i = 0; i < n && next < last; i++)
		if (files[i].number == next) {
			sum += files[i].size;
			next++;
		}
	if (next != last)
		return false;
	*ret = sum - binlog_offset(from->lsn.v) + binlog_offset(to->lsn.v);
	return true;
}

/* How long the server keeps its log; nothing else says when ours is taken away. */
static bool
read_expiry(struct my_conn *c, char *out, size_t size, struct err *err)
{
	char text[32];
	bool there;
	double days;

	if (!my_value(c, text, sizeof(text), &there, err,
	    my_conn_at_least(c, 80000, 100601) ? "SELECT @@global.binlog_expire_logs_seconds / 86400" : "SELECT @@global.expire_logs_days", 0, NULL))
		return false;
	days = strtod(text, NULL);
	if (days > 0)
		snprintf(out, size, "kept %.3g d", days);
	else
		snprintf(out, size, "kept until purged");
	return true;
}

static bool
monitor(struct source *s, const struct position *applied, const struct position *reached, struct source_monitor *ret, struct err *err)
{
	struct my_log_file *files = NULL;
	char now[32];
	size_t n = 0;
	bool there, ok;

	memset(ret, 0, sizeof(*ret));
	ok = my_log_place(s->c, &ret->end, err) && my_log_files(s->c, &files, &n, err) && read_expiry(s->c, ret->state, sizeof(ret->state), err) &&
	    my_value(s->c, now, sizeof(now), &there, err, "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED)", 0, NULL);
	if (ok) {
		ret->server_time.v = strtoll(now, NULL, 10);
		ret->has_retained = my_log_distance(files, n, applied, &ret->end, &ret->retained_bytes);
		ret->has_behind = my_log_distance(files, n, reached, &ret->end, &ret->behind_bytes);
	}
	free(files);
	return ok;
}

/* All that committed before the call stands before the end of the log. */
static bool
barrier(struct source *s, struct position *ret, struct err *err)
{
	return my_log_place(s->c, ret, err);
}

/* Nothing is kept for a task, so nothing is there or missing: whether the log still holds a place is told by my_source_continues(). */
static bool
log_state(struct source *s, struct source_log *ret, struct err *err)
{
	(void)s;
	(void)err;
	*ret = (struct source_log){ .exists = true, .ours = true, .slotless = true };
	return true;
}

static bool
list_slots(struct source *s, struct source_slot *ret, size_t max, size_t *ret_n, struct err *err)
{
	(void)s;
	(void)ret;
	(void)max;
	(void)err;
	*ret_n = 0;
	return true;
}

/* ---- tables ---- */

static bool
list_tables(struct source *s, bool (*visit)(void *arg, const char *schema, const char *name), void *arg, struct err *err)
{
	return my_list_tables(s->c, visit, arg, err);
}

static bool
describe(struct source *s, struct table *t, struct arena *arena, struct err *err)
{
	struct table_desc *d = NULL;

	if (s->opened.kind == POSITION_NONE && !my_log_place(s->c, &s->opened, err))
		return false;
	if (!my_describe(s->c, t->source_schema, t->source_name, arena, &d, err))
		return false;
	if (d == NULL) {
		err_set(err, ERR_SCHEMA, "source table %s.%s is not there", t->source_schema, t->source_name);
		return err_table(err, t->source_schema, t->source_name);
	}
	d->as_of = s->opened;
	t->source = d;
	return my_log_place(s->c, &d->known_at, err);
}

/* ---- what there is no need for ---- */

static bool
prepare(struct source *s, const struct tableset *set, struct source_prepared *ret, struct err *err)
{
	(void)s;
	(void)set;
	(void)err;
	ret->publication_made = false;
	return true;
}

static bool
splits_by_page(struct source *s)
{
	(void)s;
	return false;
}

/* A table that is altered between snapshot and scan is refused by the server itself (1412). */
static bool
filenodes(struct source *s, const struct table *t, struct arena *arena, const char **ret, struct err *err)
{
	(void)s;
	(void)t;
	(void)arena;
	(void)err;
	*ret = "";
	return true;
}

/* Every change of a table that matters stands in the log: there is nothing to compare between two looks. */
static bool
facts(struct source *s, const struct tableset *set, struct arena *arena, struct table_facts *ret, struct err *err)
{
	(void)s;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];
		struct facts_leaf *leaf = arena_zalloc(arena, sizeof(*leaf));

		if (leaf == NULL)
			return err_set(err, ERR_SYSTEM, "no memory");
		*leaf = (struct facts_leaf){ .oid = t->source->oid, .file = "", .links = "", .in_place = true, .since = "", .published = true,
			.logged = true, .identity = 'd', .schema = t->source_schema, .name = t->source_name };
		ret[i] = (struct table_facts){ .there = true, .as_of = "", .oid = t->source->oid, .schema = t->source_schema,
			.name = t->source_name, .publication = { .id = "-", .version = "", .owner = "", .fault = "", .members = "" }, .nleaves = 1,
			.leaves = leaf };
	}
	return true;
}

static bool
leaf_has_rows(struct source *s, const struct facts_leaf *leaf, enum facts_question q, const char *as_of, bool *ret, struct err *err)
{
	(void)s;
	(void)leaf;
	(void)q;
	(void)as_of;
	(void)err;
	*ret = false;
	return true;
}

static bool
nothing_to_drop(struct source *s, struct err *err)
{
	(void)s;
	(void)err;
	return true;
}

const struct source_ops my_source_ops = {
	.kind = "mysql",
	.open = my_source_open,
	.close = my_source_close,
	.identify = my_source_identify,
	.continues = my_source_continues,
	.locate = my_source_locate,
	.list_tables = list_tables,
	.describe = describe,
	.check = my_source_check,
	.prepare = prepare,
	.log_state = log_state,
	.monitor = monitor,
	.list_slots = list_slots,
	.barrier = barrier,
	.split = my_scan_split,
	.splits_by_page = splits_by_page,
	.sample = my_scan_sample,
	.filenodes = filenodes,
	.facts = facts,
	.leaf_has_rows = leaf_has_rows,
	.drop_slot = nothing_to_drop,
	.drop_publication = nothing_to_drop,
	.snapshot_open = my_snapshot_open,
	.snapshot_pos = my_snapshot_pos,
	.snapshot_alive = my_snapshot_alive,
	.snapshot_close = my_snapshot_close,
	.scan_open = my_scan_open,
	.scan_start = my_scan_start,
	.scan_next = my_scan_next,
	.scan_close = my_scan_close,
	.stream_open = my_stream_open,
	.stream_step = my_stream_step,
	.stream_tick = my_stream_tick,
	.stream_confirm = my_stream_confirm,
	.stream_ask = my_stream_ask,
	.stream_bytes = my_stream_bytes,
	.stream_close = my_stream_close,
};
