/* fake_my.c - libmariadb and the server behind it, for the fake world: what endpoints/my_conn.h offers, so that the real source (my_source.c,
 * my_identity.c, my_snapshot.c, my_xa.c, my_stream.c, my_shape.c) asks its questions and reads its dumps; and in the place of my_catalog.c and
 * my_scan.c the world's tables.
 * A statement is looked up by its text; one that is not known breaks the scenario.
 * Invariant: a snapshot of a session is the source as it was at one place of its log; who locks lets nobody commit until that session unlocks or ends.
 * Threads: any; the world's lock is taken here. Owner: a session is whoever's opened it. */
#include "endpoints/my_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "cdc/my_type.h"
#include "endpoints/my_catalog.h"
#include "fake_intern.h"

enum { BLINK = 20000, HEARTBEAT = 500000, CELLS = 160 };

struct session {
	struct my_conn c;		/* first */
	struct session *next;
	unsigned number;		/* of the last error */
	bool freezes;
	uint64_t snapshot;		/* 0: none */
	char *connect_state;
	uint32_t server_id;
	struct fake_dump *dump;
	bool blocks, replaced, look;
	const char *refusal;		/* of the dump */
	struct usec beat, heard;
};

static struct session *sessions;

static struct session *
of(const struct my_conn *c)
{
	return (struct session *)(uintptr_t)c;
}

static bool
lose(struct session *s, struct err *err)
{
	s->c.lost = true;
	s->number = 0;
	return fake_lost(err);
}

/* Under the lock, where it is true. */
static bool
enter(struct session *s, const char *where, struct err *err)
{
	mutex_lock(&fake.lock);
	s->number = 0;
	if (!s->c.lost && !fake.dead && !fake_fails(where, err))
		return true;
	lose(s, err);
	mutex_unlock(&fake.lock);
	return false;
}

static bool
leave(bool ok)
{
	mutex_unlock(&fake.lock);
	return ok;
}

/* ---- sessions ---- */

struct my_conn *
my_conn_open(const struct endpoint *ep, enum my_conn_kind kind, const char *task, const char *purpose, struct stop *stop, struct err *err)
{
	struct session *s = xzalloc(sizeof(*s));

	(void)task, (void)purpose;
	s->c = (struct my_conn){ .stop = stop, .ep = ep, .endpoint = ep->name, .kind = kind, .max_packet = 64 << 20 };
	s->c.mariadb = fake.s.kind == FAKE_MARIADB;
	s->c.version = s->c.mariadb ? 101109 : fake.s.id % 2 == 0 ? 80401 : 80022;
	if (!enter(s, "source", err)) {
		free(s);
		return NULL;
	}
	s->next = sessions;
	sessions = s;
	leave(true);
	return &s->c;
}

static void
unlock(struct session *s)
{
	fake.s.frozen -= s->freezes;
	s->freezes = false;
	cond_broadcast(&fake.moved);
}

void
my_conn_close(struct my_conn *c)
{
	struct session *s = of(c), **at = &sessions;

	if (c == NULL)
		return;
	mutex_lock(&fake.lock);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	unlock(s);
	mutex_unlock(&fake.lock);
	fake_dump_free(s->dump);
	free(s->connect_state);
	free(s);
}

bool
my_conn_interrupt(const struct my_conn *c)
{
	(void)c;
	return true;
}

const char *
my_conn_version_text(const struct my_conn *c)
{
	return c->mariadb ? "10.11.9-MariaDB-log" : "8.4.1";
}

bool
my_conn_at_least(const struct my_conn *c, int mysql, int mariadb)
{
	const int least = c->mariadb ? mariadb : mysql;

	return least != 0 && c->version >= least;
}

unsigned
my_errno(const struct my_conn *c)
{
	return of(c)->number;
}

void
fake_my_leave(void)
{
	bool from_start;

	while (sessions != NULL) {
		const uint32_t id = sessions->server_id;
		struct session *was = sessions;

		/* Dumps of snapshots that no stream has taken over are the process's. */
		my_conn_close(my_snapshot_dump(id, &(struct position){ .kind = POSITION_NONE }, &from_start));
		if (sessions == was) {
			fake_broken("a session on the source is left open");
			return;
		}
	}
}

/* ---- quoting ---- */

void
my_ident(struct buf *b, const char *name)
{
	buf_printf(b, "`%s`", name);
}

void
my_ident2(struct buf *b, const char *schema, const char *name)
{
	buf_printf(b, "`%s`.`%s`", schema, name);
}

void
my_literal(struct buf *b, const char *text)
{
	buf_printf(b, "'%s'", text);
}

/* ---- statements ---- */

struct st_mysql_res {
	unsigned n, nrows, next;
	char *cells[CELLS];
	unsigned long lengths[CELLS];
};

static bool
server_error(struct session *s, unsigned number, const char *text, struct err *err)
{
	s->number = number;
	return err_set(err, number == MY_NO_RIGHT ? ERR_CONFIG : ERR_RETRY, "%s (%u)", text, number);
}

static bool
begins(const char *sql, const char *with)
{
	return strncmp(sql, with, strlen(with)) == 0;
}

static PRINTF_LIKE(2, 3) void
cell(struct my_rows *r, const char *fmt, ...)
{
	struct st_mysql_res *res = r->res;
	va_list ap;
	int n;

	if (res->n == CELLS)
		abort();
	va_start(ap, fmt);
	n = vasprintf(&res->cells[res->n], fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	res->lengths[res->n++] = (unsigned long)n;
}

static uint64_t
place_param(const char *const *params, const char *offset)
{
	struct err ignored = ERR_INIT;
	const char *base;
	uint32_t file;

	if (!binlog_name_parse(params[0], strlen(params[0]), &base, &file, &ignored))
		abort();
	return binlog_place(file, strtoull(offset, NULL, 10));
}

static void
answer_files(struct my_rows *r)
{
	char name[BINLOG_NAME];
	uint32_t first;
	const unsigned n = fake_log_files(&first);

	for (uint32_t i = first; i < first + n; i++) {
		cell(r, "%s", fake_log_file(i, name));
		cell(r, "%llu", (unsigned long long)fake_log_size(i));
	}
	r->ncols = 2;
}

static void
answer_end(struct my_rows *r)
{
	char name[BINLOG_NAME];
	const char *gtids = fake_log_gtids(fake.s.end);

	cell(r, "%s", fake_log_file(binlog_file(fake.s.end), name));
	cell(r, "%llu", (unsigned long long)binlog_offset(fake.s.end));
	cell(r, "%s", "");
	cell(r, "%s", "");
	cell(r, "%s", gtids != NULL && fake.s.kind == FAKE_MYSQL ? gtids : "");
	r->ncols = 5;
}

static void
answer_snapshot(const struct session *s, struct my_rows *r)
{
	char name[BINLOG_NAME];

	cell(r, "Binlog_snapshot_file");
	cell(r, "%s", fake_log_file(binlog_file(s->snapshot), name));
	cell(r, "Binlog_snapshot_position");
	cell(r, "%llu", (unsigned long long)binlog_offset(s->snapshot));
	r->ncols = 2;
}

static void
answer_prepared(struct my_rows *r)
{
	for (int i = 0; i < fake.s.nprepared; i++) {
		const char *xid = fake.s.prepared[i]->xid;

		cell(r, "1");
		cell(r, "%zu", strlen(xid));
		cell(r, "0");
		cell(r, "%s", xid);
	}
	r->ncols = 4;
}

static void
answer_xa_commits(struct my_rows *r)
{
	cell(r, "Com_xa_commit");
	cell(r, "%llu", (unsigned long long)fake.s.xa_commits);
	r->ncols = 2;
}

/* A flat switch. False: not one of these. */
static bool
answer(struct session *s, struct my_rows *r, const char *sql, const char *const *params)
{
	const char *gtids = fake_log_gtids(fake.s.end);

	r->ncols = 1;
	if (begins(sql, "SHOW BINARY LOG STATUS") || begins(sql, "SHOW MASTER STATUS"))
		answer_end(r);
	else if (begins(sql, "SHOW BINARY LOGS"))
		answer_files(r);
	else if (begins(sql, "SHOW STATUS LIKE 'binlog_snapshot_%'"))
		answer_snapshot(s, r);
	else if (begins(sql, "XA RECOVER"))
		answer_prepared(r);
	else if (begins(sql, "SHOW GLOBAL STATUS LIKE 'Com_xa_commit'"))
		answer_xa_commits(r);
	else if (begins(sql, "SELECT @@global.gtid_mode"))
		cell(r, "%d", gtids != NULL);
	else if (begins(sql, "SELECT BINLOG_GTID_POS($1, #2)"))
		cell(r, "%s", fake_log_gtids(place_param(params, params[1])));
	else if (begins(sql, "SELECT BINLOG_GTID_POS($1, 4)"))
		cell(r, "%s", fake_log_gtids(place_param(params, "4")));
	else if (begins(sql, "SELECT @@global.gtid_executed") || begins(sql, "SELECT @@global.gtid_binlog_pos"))
		cell(r, "%s", gtids);
	else if (begins(sql, "SELECT @@global.gtid_purged"))
		cell(r, "%s", fake_log_purged());
	else if (begins(sql, "SELECT @@global.server_uuid"))
		cell(r, "11111111-1111-1111-1111-%012u", (unsigned)fake.s.id);
	else if (begins(sql, "SELECT @@global.server_id"))
		cell(r, "%u", (unsigned)fake.s.id);
	else if (begins(sql, "SELECT @@global.binlog_expire_logs_seconds"))
		cell(r, "30");
	else if (begins(sql, "SELECT CAST(UNIX_TIMESTAMP("))
		cell(r, "%lld", (long long)clock_wall().v);
	else
		return false;
	return true;
}

bool
my_query(struct my_conn *c, struct my_rows *ret, struct err *err, const char *sql, int nparams, const char *const *params)
{
	struct session *s = of(c);

	(void)nparams;
	*ret = (struct my_rows){ .res = NULL };
	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	if (!enter(s, "sql", err))
		return false;
	ret->res = xzalloc(sizeof(*ret->res));
	if (!answer(s, ret, sql, params)) {
		fake_broken("the fake source does not understand: %s", sql);
		my_rows_done(ret);
		return leave(server_error(s, 1064, "a statement that is not known", err));
	}
	ret->n = ret->res->nrows = ret->res->n / ret->ncols;
	return leave(true);
}

bool
my_next(struct my_rows *r)
{
	if (r->res->next == r->res->nrows)
		return false;
	r->row = &r->res->cells[r->res->next * r->ncols];
	r->lengths = &r->res->lengths[r->res->next++ * r->ncols];
	return true;
}

void
my_rows_done(struct my_rows *r)
{
	for (unsigned i = 0; r->res != NULL && i < r->res->n; i++)
		free(r->res->cells[i]);
	free(r->res);
	r->res = NULL;
}

uint64_t
my_number(const struct my_rows *r, unsigned col)
{
	return strtoull(my_text(r, col), NULL, 10);
}

bool
my_value(struct my_conn *c, char *out, size_t size, bool *ret_there, struct err *err, const char *sql, int nparams, const char *const *params)
{
	struct my_rows r;
	bool ok;

	if (!my_query(c, &r, err, sql, nparams, params))
		return false;
	*ret_there = my_next(&r);
	ok = !*ret_there || snprintf(out, size, "%s", my_text(&r, 0)) < (int)size;
	my_rows_done(&r);
	return ok || err_set(err, ERR_LIMIT, "it does not fit");
}

bool
my_ask(struct my_conn *c, bool *ret, struct err *err, const char *sql, int nparams, const char *const *params)
{
	char text[32];
	bool there;

	if (!my_value(c, text, sizeof(text), &there, err, sql, nparams, params))
		return false;
	*ret = there && strcmp(text, "0") != 0;
	return true;
}

static bool
freeze(struct session *s, struct err *err)
{
	if (fake.chance != NULL && fake.chance(8) == 0)
		return server_error(s, 1205, "Lock wait timeout exceeded", err);
	fake.s.frozen += !s->freezes;
	s->freezes = true;
	return true;
}

static bool
run(struct session *s, const char *sql, struct err *err)
{
	if (begins(sql, "START TRANSACTION WITH CONSISTENT SNAPSHOT")) {
		s->snapshot = fake.s.end;
	} else if (begins(sql, "FLUSH TABLES WITH READ LOCK")) {
		return fake.s.id % 5 != 0 ? freeze(s, err) : server_error(s, MY_NO_RIGHT, "no right for it", err);
	} else if (begins(sql, "LOCK TABLES") || begins(sql, "BACKUP STAGE BLOCK_COMMIT")) {
		return freeze(s, err);
	} else if (begins(sql, "UNLOCK TABLES") || begins(sql, "BACKUP STAGE END")) {
		unlock(s);
	} else if (begins(sql, "ROLLBACK")) {
		s->snapshot = 0;
	} else if (begins(sql, "SET @slave_connect_state = '")) {
		free(s->connect_state);
		s->connect_state = xstrdup(strchr(sql, '\'') + 1);
		*strrchr(s->connect_state, '\'') = '\0';
	} else if (!begins(sql, "SET ") && !begins(sql, "BACKUP STAGE ") && !begins(sql, "DO 1")) {
		fake_broken("the fake source does not understand: %s", sql);
	}
	return true;
}

bool
my_exec(struct my_conn *c, struct err *err, const char *sql)
{
	struct session *s = of(c);

	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	return enter(s, "sql", err) && leave(run(s, sql, err));
}

bool
my_execf(struct my_conn *c, struct err *err, const char *fmt, ...)
{
	char sql[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	return my_exec(c, err, sql);
}

/* ---- dumps ---- */

static struct gtid_set *
parse_set(const char *text)
{
	struct err err = ERR_INIT;
	struct gtid_set *set = gtid_set_parse(GTID_MARIADB, text, &err);

	if (set == NULL)
		fake_broken("a dump is asked for behind GTIDs that are none: %s", err.msg);
	return set;
}

static uint64_t
take_le(struct rd *in, size_t n)
{
	const uint8_t *p = rd_bytes(in, n);
	uint64_t v = 0;

	for (size_t i = n; p != NULL && i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

/* Of two readers with one number the server ends the older. */
static void
replace(const struct session *by)
{
	for (struct session *s = sessions; s != NULL; s = s->next)
		if (s != by && s->dump != NULL && s->server_id == by->server_id)
			s->replaced = true;
	cond_broadcast(&fake.moved);
}

static void
begin_at(struct session *s, struct rd *in)
{
	const uint64_t offset = take_le(in, 4), flags = take_le(in, 2);
	char name[BINLOG_NAME];
	struct gtid_set *has;

	s->server_id = (uint32_t)take_le(in, 4);
	s->blocks = (flags & 1) == 0;
	snprintf(name, sizeof(name), "%.*s", (int)rd_left(in), (const char *)in->p + in->off);
	if (name[0] != '\0') {
		s->dump = fake_dump_at(name, offset);
		s->refusal = "Could not find first log file name in binary log index file";
	} else if (s->connect_state != NULL && (has = parse_set(s->connect_state)) != NULL) {
		s->dump = fake_dump_behind(has, false);
		s->refusal = "Error: connecting slave requested to start from GTID, which is not in the master's binlog";
	} else {
		fake_broken("a dump without a place");
	}
}

static void
begin_behind(struct session *s, struct rd *in)
{
	const uint64_t flags = take_le(in, 2);
	struct err err = ERR_INIT;
	struct gtid_set *has;
	size_t n;

	s->server_id = (uint32_t)take_le(in, 4);
	rd_bytes(in, take_le(in, 4));
	take_le(in, 8);
	n = take_le(in, 4);
	s->blocks = (flags & 1) == 0;
	if ((has = gtid_set_decode(rd_bytes(in, n), n, &err)) == NULL) {
		fake_broken("a dump is asked for behind GTIDs that are none: %s", err.msg);
		return;
	}
	s->dump = fake_dump_behind(has, (flags & 2) != 0);
	s->refusal = "Replica has more GTIDs than the source has, or purged ones are missing";
}

bool
my_dump(struct my_conn *c, int command, const void *payload, size_t n, struct err *err)
{
	struct session *s = of(c);
	struct rd in = rd_init(payload, n);

	if (!enter(s, "stream", err))
		return false;
	if (command == 18)
		begin_at(s, &in);
	else
		begin_behind(s, &in);
	if (s->dump != NULL)
		s->refusal = NULL;
	s->look = true;
	for (uint32_t i = 0; i < FAKE_GROUPS; i++)
		s->look = s->look && s->server_id != endpoint_server_id("t", i);
	s->beat = s->heard = clock_mono();
	replace(s);
	return leave(true);
}

/* How many events the server may still send: in the task's own stream, in those of load groups; those that only look are not held up. */
static int64_t *
hold_of(const struct session *s)
{
	static int64_t none = -1;

	return s->look ? &none : &fake.s.hold[s->server_id != endpoint_server_id("t", 0)];
}

static bool
is_due(struct session *s)
{
	if (usec_since(s->beat) < HEARTBEAT && fake.s.keepalives == 0)
		return false;
	fake.s.keepalives -= fake.s.keepalives > 0;
	return true;
}

/* An event that can be sent now; NULL: none. */
static const void *
event_now(struct session *s, size_t *ret_n)
{
	int64_t *hold = hold_of(s);
	const void *event = NULL;

	if (*hold == 0)
		return NULL;
	if (fake.chance != NULL && s->blocks && fake_dump_inside(s->dump) && fake.chance(64) == 0)
		return fake_dump_heartbeat(s->dump, ret_n);
	if ((event = fake_dump_next(s->dump, ret_n)) != NULL) {
		*hold -= *hold > 0;
		fake.s.sent++;
	} else if (s->blocks && is_due(s)) {
		event = fake_dump_heartbeat(s->dump, ret_n);
	}
	if (event != NULL)
		s->beat = clock_mono();
	return event;
}

static bool
ended_by_server(struct session *s, struct err *err)
{
	if (s->refusal != NULL)
		return !server_error(s, 1236, s->refusal, err);
	if (s->replaced)
		return !server_error(s, s->c.mariadb ? 4052 : 1236, "A slave with the same server_uuid/server_id as this slave has connected", err);
	return false;
}

bool
my_packet(struct my_conn *c, const uint8_t **ret, size_t *ret_n, struct err *err)
{
	struct session *s = of(c);
	const void *event;

	if (!enter(s, "step", err))
		return false;
	s->heard = clock_mono();
	for (;;) {
		if (ended_by_server(s, err))
			return leave(false);
		if ((event = event_now(s, ret_n)) != NULL)
			break;
		*ret_n = 0;
		if (!s->blocks)
			break;
		if (usec_since(s->heard) > s->c.deadline_usec && s->c.deadline_usec != 0)
			return leave(lose(s, err));
		cond_wait(&fake.moved, &fake.lock, BLINK);
		if (fake.dead || s->c.lost)
			return leave(lose(s, err));
		if (s->c.stop != NULL && stop_requested(s->c.stop))
			return leave(err_set(err, ERR_CANCELLED, "stopped"));
	}
	*ret = event;
	return leave(true);
}

/* ---- in the place of my_catalog.c ---- */

static bool
describe_column(const struct fake_column *c, struct column_desc *d, int i, struct arena *arena, struct err *err)
{
	char type[24];
	const uint32_t width = fake_log_width(i);
	const struct my_catalog_column facts = { .data_type = "varchar", .column_type = type, .collation = "utf8mb4_bin", .octet_length = 4 * width,
		.char_length = width, .mariadb = fake.s.kind == FAKE_MARIADB };

	snprintf(type, sizeof(type), "varchar(%u)", width);
	*d = (struct column_desc){ .name = arena_strdup(arena, c->name), .attnum = (int16_t)(i + 1), .notnull = c->key, .collation = "utf8mb4_bin",
		.byte_order = true };
	return my_type_from_catalog(&d->type, &facts, arena, err);
}

bool
my_describe(struct my_conn *c, const char *schema, const char *name, struct arena *arena, struct table_desc **ret, struct err *err)
{
	static const char *none[] = { NULL };
	struct table_desc *d;
	bool ok = true;
	int n;

	*ret = NULL;
	if (!enter(of(c), "sql", err))
		return false;
	if (strcmp(schema, "public") != 0 || (n = fake_table(name)) < 0)
		return leave(true);
	d = arena_zalloc(arena, sizeof(*d));
	fake_describe(fake.s.tables[n].def, d, arena);
	for (uint16_t i = 0; ok && i < d->ncols; i++)
		ok = describe_column(&fake.s.tables[n].def->cols[i], &d->cols[i], i, arena, err);
	for (uint16_t i = 0; i < d->nindexes; i++) {
		d->indexes[i].name = d->indexes[i].primary ? "PRIMARY" : d->indexes[i].name;
		d->indexes[i].method = "BTREE";
		d->indexes[i].prefixes = arena_zalloc(arena, FAKE_COLS * sizeof(uint32_t));
	}
	d->replica_identity = d->leaves[0].replica_identity = table_desc_primary(d) != NULL ? 'd' : 'f';
	d->engine = "InnoDB";
	d->collation = "utf8mb4_bin";
	d->triggers = d->refers_to = d->other_ddl = none;
	*ret = d;
	return leave(ok);
}

bool
my_list_tables(struct my_conn *c, bool (*visit)(void *arg, const char *schema, const char *name), void *arg, struct err *err)
{
	if (!enter(of(c), "sql", err))
		return false;
	for (int i = 0; i < fake.s.ntables; i++)
		if (!visit(arg, "public", fake.s.tables[i].def->name))
			fake_broken("a table was refused");
	return leave(true);
}

bool
my_name_possible(const char *name)
{
	(void)name;
	return true;
}

bool
my_source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams, struct findings *f, struct err *err)
{
	(void)set, (void)needs_slot, (void)streams, (void)f;
	return enter(of(s->c), "sql", err) && leave(true);
}

/* ---- in the place of my_scan.c ---- */

bool
my_scan_split(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes, struct arena *arena, struct chunk **ret_chunks,
    uint32_t *ret_n, struct err *err)
{
	(void)s, (void)t, (void)want, (void)min_bytes;
	return fake_split(arena, ret_chunks, ret_n, err);
}

bool
my_scan_sample(struct source *s, const struct table *t, const char *column, uint32_t want, struct arena *arena, const char ***ret_bounds,
    size_t *ret_n, struct err *err)
{
	(void)s, (void)column, (void)want;
	return fake_sample(t, arena, ret_bounds, ret_n, err);
}

static struct source_snapshot *
snapshot_of(const struct source_snapshot *s)
{
	return (struct source_snapshot *)(uintptr_t)s;
}

struct my_scan {
	struct source_scan *rows;
	struct source_snapshot *snap;
	struct my_conn *c;
};

static struct my_scan *
scan_of(struct source_scan *s)
{
	return (struct my_scan *)(void *)s;
}

struct source_scan *
my_scan_open(const struct source_params *p, const struct source_snapshot *snap, struct err *err)
{
	struct my_conn *c = my_snapshot_take(snapshot_of(snap));
	struct my_scan *s;

	(void)p;
	if (c == NULL) {
		err_set(err, ERR_RETRY, "no session of the snapshot is left");
		return NULL;
	}
	s = xzalloc(sizeof(*s));
	s->c = c;
	s->snap = snapshot_of(snap);
	if ((s->rows = fake_scan_new(of(c)->snapshot, err)) != NULL)
		return (struct source_scan *)(void *)s;
	c->lost = true;
	my_snapshot_give(s->snap, c);
	free(s);
	return NULL;
}

bool
my_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary, const char *filenodes, struct err *err)
{
	if (fake_scan_start(scan_of(s)->rows, t, c, binary, filenodes, err))
		return true;
	scan_of(s)->c->lost = true;
	return false;
}

int
my_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err)
{
	const int rc = fake_scan_next(scan_of(s)->rows, vals, ret_bytes, err);

	scan_of(s)->c->lost = scan_of(s)->c->lost || rc < 0;
	return rc;
}

void
my_scan_close(struct source_scan *s)
{
	if (s == NULL)
		return;
	fake_scan_close(scan_of(s)->rows);
	my_snapshot_give(scan_of(s)->snap, scan_of(s)->c);
	free(s);
}
