/* fake_binlog.c - the log of a fake source that is a MySQL or MariaDB: files of real events, and dumps of them as such a server sends them.
 * Flow: fake_source_commit() -> fake_log_transaction() -> bytes at the end of the last file -> fake_dump_next(), an event at a time.
 * What a server of this kind may do with its log, this one does by chance: checksums or none, columns named or not, whole images or changed columns
 * only, several rows in an event, several tables in a statement, compressed transactions, files that end, transactions of nobody's interest.
 * Invariant: fake.s.end is the place where the last file ends; a transaction's GTID is in the set of each place from its end on, and of no other.
 * Threads: under the world's lock. Owner: the world; fake_log_done() frees. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "cdc/my_type.h"
#include "fake_intern.h"
#include "test/fake/binlog_bytes.h"

enum { FILES = 64, FIRST = 4, SERVER = 7, OTHER_SERVER = 8, UTF8MB4_BIN = 46, ROWS_MAX = 5 };

struct file {
	struct buf bytes;		/* from offset 4 on */
	struct gtid_set *before;	/* NULL: the log has no GTIDs */
	uint64_t lasts[2];		/* the same of MariaDB's two domains */
};

struct log_group {
	uint64_t start, end;
	struct gtid gtid;		/* flavour 0: none */
	const char *gtids;		/* of all up to its end */
};

static struct {
	bool mariadb, gtids, checksum, compresses, no_pos, minimal;
	uint8_t names;			/* 0 the log never names columns, 1 always, 2 now and then */
	const char *version, *start_gtids;
	uint32_t first;			/* number of the first file */
	unsigned nfiles, flushes;
	struct file files[FILES];
	struct gtid_set *executed;
	uint64_t lasts[2];		/* MySQL: of the two uuids; MariaDB: of the two domains */
	unsigned sources;		/* how many of these are in use */
	size_t ngroups, cap;
	struct log_group *groups;
} l;

/* Where events go. */
struct writer {
	struct buf *nested;		/* of a payload; NULL: the log */
	uint32_t when, server;
	bool inside;			/* a transaction, whose events have no place with MariaDB 11.7 */
};

static unsigned
chance(unsigned n)
{
	return fake.chance != NULL ? fake.chance(n) : n - 1;
}

static struct file *
last_file(void)
{
	return &l.files[l.nfiles - 1];
}

static uint64_t
end_place(void)
{
	return binlog_place(l.first + l.nfiles - 1, FIRST + last_file()->bytes.n);
}

static void
put_event(struct writer *w, uint8_t type, uint16_t flags, struct buf *take_body)
{
	const bool checksum = w->nested == NULL && (l.checksum || type == EVENT_FORMAT_DESCRIPTION);
	const size_t size = EVENT_HEADER + take_body->n + (checksum ? EVENT_CHECKSUM : 0);
	struct event_head h = { .when = w->when, .server = w->server, .type = type, .flags = flags };
	struct buf made, *to = w->nested != NULL ? w->nested : &last_file()->bytes;

	if (w->nested == NULL && !(w->inside && l.no_pos))
		h.log_pos = (uint32_t)(FIRST + to->n + size);
	made = event_made(&h, take_body, checksum);
	buf_put(to, made.p, made.n);
	buf_done(&made);
	buf_done(take_body);
}

/* ---- files ---- */

const char *
fake_log_file(uint32_t file, char out[BINLOG_NAME])
{
	return binlog_name("log", file, out);
}

unsigned
fake_log_files(uint32_t *ret_first)
{
	*ret_first = l.first;
	return l.nfiles;
}

uint64_t
fake_log_size(uint32_t file)
{
	return FIRST + l.files[file - l.first].bytes.n;
}

static void
put_gtid_list(struct buf *b, const uint64_t lasts[2])
{
	put_le(b, (lasts[0] > 0) + (lasts[1] > 0), 4);
	for (unsigned i = 0; i < 2; i++)
		if (lasts[i] > 0) {
			put_le(b, i, 4);
			put_le(b, SERVER, 4);
			put_le(b, lasts[i], 8);
		}
}

static void
begin_file(void)
{
	struct writer w = { .when = (uint32_t)(clock_wall().v / 1000000), .server = SERVER };
	struct err err = ERR_INIT;
	struct file *f = &l.files[l.nfiles++];
	struct buf body = format_bytes(l.mariadb, l.checksum, l.version, l.nfiles == 1 ? w.when : 0);

	*f = (struct file){ .lasts = { l.lasts[0], l.lasts[1] } };
	if (l.gtids && (f->before = gtid_set_copy(l.executed, &err)) == NULL)
		abort();
	put_event(&w, EVENT_FORMAT_DESCRIPTION, 0, &body);
	body = (struct buf){ 0 };
	if (l.mariadb)
		put_gtid_list(&body, l.lasts);
	else
		gtid_set_encode(l.executed, &body);
	put_event(&w, l.mariadb ? EVENT_GTID_LIST : EVENT_PREVIOUS_GTIDS, 0, &body);
	fake.s.end = end_place();
}

static struct buf
rotate_body(uint32_t file, uint64_t offset)
{
	char name[BINLOG_NAME];
	struct buf b = { 0 };

	put_le(&b, offset, 8);
	buf_str(&b, fake_log_file(file, name));
	return b;
}

static void
rotate(void)
{
	struct writer w = { .when = (uint32_t)(clock_wall().v / 1000000), .server = SERVER };
	struct buf body = rotate_body(l.first + l.nfiles, FIRST);

	if (l.nfiles == FILES) {
		buf_done(&body);
		return;
	}
	put_event(&w, EVENT_ROTATE, 0, &body);
	begin_file();
}

/* ---- GTIDs ---- */

static const char *
set_text(const struct gtid_set *set)
{
	struct buf b = { 0 };
	char *text;

	gtid_set_text(set, &b);
	text = arena_strndup(fake.arena, buf_cstr(&b), b.n);
	buf_done(&b);
	return text;
}

const char *
fake_log_gtids(uint64_t place)
{
	size_t i = l.ngroups;

	while (i > 0 && l.groups[i - 1].end > place)
		i--;
	return !l.gtids ? NULL : i > 0 ? l.groups[i - 1].gtids : l.start_gtids;
}

const char *
fake_log_purged(void)
{
	return l.gtids ? l.start_gtids : "";
}

static struct gtid
next_gtid(void)
{
	const unsigned i = chance(4) == 0 ? chance(l.sources) : 0;
	struct gtid g = { .flavour = l.mariadb ? GTID_MARIADB : GTID_MYSQL, .domain = i, .server = i == 0 ? SERVER : OTHER_SERVER };

	if (!l.gtids)
		return (struct gtid){ 0 };
	memset(g.uuid, l.mariadb ? 0 : i == 0 ? 0x11 : 0x22, sizeof(g.uuid));
	g.number = ++l.lasts[i];
	return g;
}

static void
execute(const struct gtid *g)
{
	const struct gtid_run run = { .first = *g, .last = g->number };
	struct err err = ERR_INIT;

	if (!gtid_set_add(l.executed, &run, &err))
		abort();
}

static void
note_group(uint64_t start, const struct gtid *g)
{
	if (l.ngroups == l.cap) {
		struct log_group *grown = fake_alloc((l.cap = l.cap == 0 ? 64 : l.cap * 2) * sizeof(*grown));

		if (l.ngroups > 0)
			memcpy(grown, l.groups, l.ngroups * sizeof(*grown));
		l.groups = grown;
	}
	if (g->flavour != 0)
		execute(g);
	l.groups[l.ngroups++] = (struct log_group){ .start = start, .end = end_place(), .gtid = *g, .gtids = l.gtids ? set_text(l.executed) : NULL };
}

/* ---- its life ---- */

void
fake_log_start(enum fake_kind kind, bool places)
{
	struct err err = ERR_INIT;

	memset(&l, 0, sizeof(l));
	l.mariadb = kind == FAKE_MARIADB;
	l.gtids = l.mariadb || (chance(3) != 0 && !places);
	l.checksum = chance(4) != 0;
	l.compresses = chance(3) == 0;
	l.minimal = chance(4) == 0;
	l.names = (uint8_t)chance(3);
	l.no_pos = l.mariadb && chance(2) == 0;
	l.version = !l.mariadb ? "8.4.1" : l.no_pos ? "11.8.3-MariaDB-log" : "10.11.9-MariaDB-log";
	l.first = 1 + chance(3) * 1000;
	l.sources = 1 + chance(2);
	if ((l.executed = gtid_set_new(l.mariadb ? GTID_MARIADB : GTID_MYSQL, &err)) == NULL)
		abort();
	for (unsigned i = chance(2) * 50; l.gtids && i > 0; i--) {
		const struct gtid g = next_gtid();

		execute(&g);
	}
	l.start_gtids = l.gtids ? set_text(l.executed) : "";
	fake.s.kind = kind;
	begin_file();
}

void
fake_log_done(void)
{
	for (unsigned i = 0; i < l.nfiles; i++) {
		buf_done(&l.files[i].bytes);
		gtid_set_free(l.files[i].before);
	}
	gtid_set_free(l.executed);
	memset(&l, 0, sizeof(l));
}

size_t
fake_log_held(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < l.nfiles; i++)
		n += l.files[i].bytes.cap;
	return n;
}

/* ---- statements ---- */

static void
put_query(struct writer *w, const char *schema, const char *text)
{
	struct buf b = { 0 };

	put_le(&b, 0, 8);
	buf_u8(&b, (uint8_t)strlen(schema));
	put_le(&b, 0, 4);
	buf_str(&b, schema);
	buf_u8(&b, 0);
	buf_str(&b, text);
	put_event(w, EVENT_QUERY, 0, &b);
}

static void
put_xid_text(struct writer *w, const char *what, const char *xid)
{
	struct buf b = { 0 };

	buf_printf(&b, "%s X'", what);
	for (; *xid != '\0'; xid++)
		buf_printf(&b, "%02x", (unsigned)*xid);
	buf_str(&b, "',X'',1");
	put_query(w, "", buf_cstr(&b));
	buf_done(&b);
}

static void
put_mysql_gtid(struct writer *w, const struct fake_txn *x, const struct gtid *g)
{
	struct buf b = { 0 };

	buf_u8(&b, 0);
	buf_put(&b, g->uuid, sizeof(g->uuid));
	put_le(&b, g->number, 8);
	buf_u8(&b, 2);
	put_le(&b, 0, 16);
	put_le(&b, (uint64_t)x->time.v, 7);
	put_event(w, g->flavour != 0 ? EVENT_GTID : EVENT_ANONYMOUS_GTID, 0, &b);
}

/* alone: a statement by itself. */
static void
put_mariadb_gtid(struct writer *w, const struct fake_txn *x, const struct gtid *g, bool alone)
{
	const size_t n = x->xid != NULL ? strlen(x->xid) : 0;
	struct buf b = { 0 };

	w->server = g->server;
	put_le(&b, g->number, 8);
	put_le(&b, g->domain, 4);
	buf_u8(&b, (uint8_t)(alone | (x->xa == CHANGE_XA_PREPARE ? 64 : x->xid != NULL ? 128 : 0)));
	if (x->xid != NULL) {
		put_le(&b, 1, 4);
		buf_u8(&b, (uint8_t)n);
		buf_u8(&b, 0);
		buf_str(&b, x->xid);
	}
	buf_u8(&b, 0);
	while (b.n < 19)
		buf_u8(&b, 0);
	put_event(w, EVENT_MARIADB_GTID, 0, &b);
}

static void
put_xa_prepare(struct writer *w, const char *xid)
{
	struct buf b = { 0 };

	buf_u8(&b, 0);
	put_le(&b, 1, 4);
	put_le(&b, strlen(xid), 4);
	put_le(&b, 0, 4);
	buf_str(&b, xid);
	put_event(w, EVENT_XA_PREPARE, 0, &b);
}

/* ---- rows ---- */

uint32_t
fake_log_width(int column)
{
	return column % 2 == 0 ? 40 : 8000;
}

static uint64_t
table_number(const struct fake_def *def)
{
	return def->oid + 100000u * (l.flushes % 7);
}

static void
put_optional(struct buf *b, const struct fake_def *def, bool named)
{
	struct buf f = { 0 };
	size_t nkeys = 0;

	if (named || !l.mariadb)
		buf_put(b, "\2\1\56", 3);
	if (!named)
		return;
	for (int i = 0; i < def->ncols; i++) {
		buf_u8(&f, (uint8_t)strlen(def->cols[i].name));
		buf_str(&f, def->cols[i].name);
		nkeys += def->cols[i].key;
	}
	buf_u8(b, 4);
	buf_u8(b, (uint8_t)f.n);
	buf_put(b, f.p, f.n);
	buf_done(&f);
	if (nkeys == 0)
		return;
	buf_u8(b, 8);
	buf_u8(b, (uint8_t)nkeys);
	for (int i = 0; i < def->ncols; i++)
		if (def->cols[i].key)
			buf_u8(b, (uint8_t)i);
}

static void
put_table(struct writer *w, const struct fake_def *def, bool named)
{
	uint64_t nullable = 0;
	struct buf b = { 0 };

	put_le(&b, table_number(def), 6);
	put_le(&b, 1, 2);
	buf_u8(&b, 6);
	buf_put(&b, "public", 7);
	buf_u8(&b, (uint8_t)strlen(def->name));
	buf_put(&b, def->name, strlen(def->name) + 1);
	buf_u8(&b, (uint8_t)def->ncols);
	for (int i = 0; i < def->ncols; i++)
		buf_u8(&b, MY_TYPE_VARCHAR);
	buf_u8(&b, (uint8_t)(2 * def->ncols));
	for (int i = 0; i < def->ncols; i++) {
		put_le(&b, 4 * fake_log_width(i), 2);
		nullable |= (uint64_t)!def->cols[i].key << i;
	}
	put_le(&b, nullable, (def->ncols + 7) / 8);
	put_optional(&b, def, named);
	put_event(w, EVENT_TABLE_MAP, 0, &b);
}

static void
put_image(struct buf *b, const struct fake_def *def, const struct fake_row *row, unsigned present)
{
	unsigned nulls = 0, n = 0;

	for (int i = 0; i < def->ncols; i++)
		if ((present >> i & 1) != 0)
			nulls |= (unsigned)(row->v[i] == NULL) << n++;
	put_le(b, nulls, (int)(n + 7) / 8);
	for (int i = 0; i < def->ncols; i++)
		if ((present >> i & 1) != 0 && row->v[i] != NULL) {
			put_le(b, strlen(row->v[i]), 4 * fake_log_width(i) > 255 ? 2 : 1);
			buf_str(b, row->v[i]);
		}
}

static unsigned
key_columns(const struct fake_def *def)
{
	unsigned keys = 0;

	for (int i = 0; i < def->ncols; i++)
		keys |= (unsigned)def->cols[i].key << i;
	return keys;
}

/* Which columns the image before and the one after have, where the session logs no more than it must. */
static void
choose_images(const struct fake_change *c, unsigned *before, unsigned *after)
{
	const unsigned all = (1u << c->def->ncols) - 1, keys = key_columns(c->def);
	unsigned changed = 0;

	*before = *after = all;
	if (!l.minimal || keys == 0 || chance(3) == 0)
		return;
	for (int i = 0; c->kind == CHANGE_UPDATE && i < c->def->ncols; i++)
		changed |= (unsigned)!fake_same(c->was->v[i], c->is->v[i]) << i;
	if (c->kind == CHANGE_UPDATE && changed == 0)
		return;
	*before = keys;
	if (c->kind == CHANGE_UPDATE)
		*after = changed;
}

/* MariaDB's. */
static void
compress_block(struct buf *b, size_t from)
{
	const size_t n = b->n - from;
	uLongf out = compressBound(n);
	struct buf packed = { 0 };

	buf_reserve(&packed, out);
	if (compress(packed.p, &out, b->p + from, n) != Z_OK)
		abort();
	b->n = from;
	buf_u8(b, 0x80 | 4);
	buf_u32(b, (uint32_t)n);
	buf_put(b, packed.p, out);
	buf_done(&packed);
}

/* One event with n changes of one table and kind. */
static void
put_rows(struct writer *w, const struct fake_change *c, size_t n, bool last)
{
	static const uint8_t types[][2] = { [CHANGE_INSERT] = { EVENT_WRITE_ROWS_V1, EVENT_WRITE_ROWS },
		[CHANGE_UPDATE] = { EVENT_UPDATE_ROWS_V1, EVENT_UPDATE_ROWS }, [CHANGE_DELETE] = { EVENT_DELETE_ROWS_V1, EVENT_DELETE_ROWS } };
	const bool packed = l.mariadb && l.compresses && chance(2) == 0;
	const struct fake_def *def = c->def;
	unsigned before, after;
	struct buf b = { 0 };
	size_t from;

	choose_images(c, &before, &after);
	put_le(&b, table_number(def), 6);
	put_le(&b, last ? STMT_END : 0, 2);
	if (!l.mariadb)
		put_le(&b, 2, 2);
	buf_u8(&b, (uint8_t)def->ncols);
	if (c->kind != CHANGE_INSERT)
		put_le(&b, before, (def->ncols + 7) / 8);
	if (c->kind != CHANGE_DELETE)
		put_le(&b, after, (def->ncols + 7) / 8);
	from = b.n;
	for (size_t i = 0; i < n; i++) {
		if (c->kind != CHANGE_INSERT)
			put_image(&b, def, c[i].was, before);
		if (c->kind != CHANGE_DELETE)
			put_image(&b, def, c[i].is, after);
	}
	if (packed)
		compress_block(&b, from);
	put_event(w, packed ? (uint8_t)(EVENT_WRITE_ROWS_COMPRESSED_V1 + types[c->kind][0] - EVENT_WRITE_ROWS_V1) : types[c->kind][!l.mariadb], 0, &b);
}

/* Changes [from, to) as one statement. */
static void
put_statement(struct writer *w, const struct fake_txn *x, size_t from, size_t to, bool named)
{
	for (size_t i = from; i < to; i++) {
		bool known = false;

		for (size_t k = from; k < i; k++)
			known = known || x->changes[k].def == x->changes[i].def;
		if (!known)
			put_table(w, x->changes[i].def, named);
	}
	while (from < to) {
		const struct fake_change *c = &x->changes[from];
		size_t n = 1;

		/* An image that has not all columns has them for one row only. */
		while (from + n < to && n < ROWS_MAX && c[n].def == c->def && c[n].kind == c->kind && (c->kind != CHANGE_UPDATE || !l.minimal))
			n++;
		put_rows(w, c, n, from + n == to);
		from += n;
	}
}

/* A table that nobody has asked for. */
static void
put_foreign_rows(struct writer *w)
{
	struct buf b = { 0 };

	put_le(&b, 77, 6);
	put_le(&b, 1, 2);
	buf_put(&b, "\5other\0\3log\0\1\3\0\0", 16);
	put_event(w, EVENT_TABLE_MAP, 0, &b);
	put_le(&b, 77, 6);
	put_le(&b, STMT_END, 2);
	if (!l.mariadb)
		put_le(&b, 2, 2);
	buf_put(&b, "\1\1\0\5\0\0\0", 7);
	put_event(w, l.mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS, 0, &b);
}

static void
put_changes(struct writer *w, const struct fake_txn *x)
{
	const bool named = l.names == 1 || (l.names == 2 && chance(2) == 0);

	if (x->n == 0 || chance(16) == 0)
		put_foreign_rows(w);
	for (size_t at = 0; at < x->n;) {
		const size_t n = 1 + chance(4);

		put_statement(w, x, at, at + n < x->n ? at + n : x->n, named);
		at = at + n < x->n ? at + n : x->n;
	}
}

/* ---- transactions ---- */

static void
put_xid(struct writer *w)
{
	struct buf b = body_of("\1\0\0\0\0\0\0\0", 8);

	put_event(w, EVENT_XID, 0, &b);
}

/* MySQL's, compressed as a whole. */
static void
put_payload(struct writer *w, const struct fake_txn *x)
{
	struct buf nested = { 0 }, packed = { 0 }, b = { 0 };
	struct writer in = { .nested = &nested, .when = w->when, .server = w->server };
	size_t n;

	put_query(&in, "public", "BEGIN");
	put_changes(&in, x);
	put_xid(&in);
	n = ZSTD_compressBound(nested.n);
	buf_reserve(&packed, n);
	n = ZSTD_compress(packed.p, n, nested.p, nested.n, 1);
	buf_put(&b, "\2\1\0\1\11\376", 6);	/* zstd; the payload's size in 8 bytes */
	put_le(&b, n, 8);
	buf_put(&b, "\3\11\376", 3);
	put_le(&b, nested.n, 8);
	buf_u8(&b, 0);
	buf_put(&b, packed.p, n);
	put_event(w, EVENT_TRANSACTION_PAYLOAD, 0, &b);
	buf_done(&nested);
	buf_done(&packed);
}

static void
put_transaction(struct writer *w, const struct fake_txn *x)
{
	const bool prepares = x->xa == CHANGE_XA_PREPARE;

	if (!l.mariadb && !prepares && l.compresses && chance(2) == 0) {
		put_payload(w, x);
		return;
	}
	w->inside = true;
	if (!l.mariadb && prepares)
		put_xid_text(w, "XA START", x->xid);
	else if (!l.mariadb)
		put_query(w, "public", "BEGIN");
	put_changes(w, x);
	if (prepares)
		put_xid_text(w, "XA END", x->xid);
	w->inside = false;
	if (prepares)
		put_xa_prepare(w, x->xid);
	else if (chance(8) == 0)
		put_query(w, "public", "COMMIT");
	else
		put_xid(w);
}

static void
put_truncate(struct writer *w, const struct fake_txn *x)
{
	char text[64];

	assert(x->n == 1 && x->changes[0].ntruncated == 1);
	snprintf(text, sizeof(text), chance(2) == 0 ? "TRUNCATE TABLE `%s`" : "truncate public.%s", x->changes[0].def->name);
	put_query(w, "public", text);
}

void
fake_log_transaction(struct fake_txn *x)
{
	struct writer w = { .when = (uint32_t)(x->time.v / 1000000), .server = SERVER };
	const bool truncates = x->n > 0 && x->changes[0].kind == CHANGE_TRUNCATE, ends = x->xa == CHANGE_XA_COMMIT || x->xa == CHANGE_XA_ROLLBACK;
	const struct gtid g = next_gtid();

	l.flushes += chance(8) == 0;
	x->start = end_place();
	if (l.mariadb)
		put_mariadb_gtid(&w, x, &g, truncates || ends);
	else
		put_mysql_gtid(&w, x, &g);
	if (truncates)
		put_truncate(&w, x);
	else if (ends)
		put_xid_text(&w, x->xa == CHANGE_XA_COMMIT ? "XA COMMIT" : "XA ROLLBACK", x->xid);
	else
		put_transaction(&w, x);
	note_group(x->start, &g);
	fake.s.end = x->end = end_place();
	if (chance(16) == 0)
		rotate();
}

/* A statement that is no transaction of rows. */
void
fake_log_alter(const struct fake_def *now)
{
	struct fake_txn x = { .time = clock_wall() };
	struct writer w = { .when = (uint32_t)(x.time.v / 1000000), .server = SERVER };
	const struct gtid g = next_gtid();
	const uint64_t start = end_place();
	char text[128];

	if (l.mariadb)
		put_mariadb_gtid(&w, &x, &g, true);
	else
		put_mysql_gtid(&w, &x, &g);
	snprintf(text, sizeof(text), "ALTER TABLE `%s` ADD COLUMN %s varchar(%u)", now->name, now->cols[now->ncols - 1].name,
	    (unsigned)fake_log_width(now->ncols - 1));
	put_query(&w, "public", text);
	note_group(start, &g);
	fake.s.end = end_place();
}

bool
fake_log_names(void)
{
	return l.names == 1;
}

/* ---- dumps ---- */

struct fake_dump {
	uint32_t file;
	uint64_t at;			/* offset that is next */
	struct gtid_set *has;		/* what the reader has; NULL: it begins at a place */
	enum { DUMP_NAME, DUMP_FORMAT, DUMP_EVENTS } next;
	bool v2, skipped, listed;
	size_t group;			/* that is next, or further on */
	uint64_t inside;		/* a group that ends there */
	struct buf event;
};

static struct fake_dump *
dump_new(uint32_t file, uint64_t at)
{
	struct fake_dump *d = xzalloc(sizeof(*d));

	d->file = file;
	d->at = at;
	return d;
}

/* NULL: there is no such place. */
struct fake_dump *
fake_dump_at(const char *name, uint64_t offset)
{
	struct err ignored = ERR_INIT;
	const char *base;
	uint32_t file;

	if (!binlog_name_parse(name, strlen(name), &base, &file, &ignored) || strcmp(base, "log") != 0 || file < l.first || file >= l.first + l.nfiles ||
	    offset > fake_log_size(file))
		return NULL;
	return dump_new(file, offset);
}

/* NULL: what the reader has is not what was here. */
struct fake_dump *
fake_dump_behind(struct gtid_set *take_has, bool v2)
{
	unsigned i = l.nfiles;
	struct fake_dump *d;

	if (!l.gtids || !gtid_set_contains(l.executed, take_has)) {
		gtid_set_free(take_has);
		return NULL;
	}
	while (i > 0 && !gtid_set_contains(take_has, l.files[i - 1].before))
		i--;
	if (i == 0) {
		gtid_set_free(take_has);
		return NULL;
	}
	d = dump_new(l.first + i - 1, FIRST);
	d->has = take_has;
	d->v2 = v2;
	return d;
}

void
fake_dump_free(struct fake_dump *d)
{
	if (d == NULL)
		return;
	gtid_set_free(d->has);
	buf_done(&d->event);
	free(d);
}

static void
make_artificial(struct fake_dump *d, uint8_t type, uint32_t log_pos, struct buf *take_body)
{
	const struct event_head h = { .server = SERVER, .log_pos = log_pos, .type = type,
		.flags = type == EVENT_ROTATE || type == EVENT_GTID_LIST ? ARTIFICIAL : 0 };
	struct buf made = event_made(&h, take_body, l.checksum || type == EVENT_FORMAT_DESCRIPTION);

	buf_done(&d->event);
	d->event = made;
	buf_done(take_body);
}

static void
make_name(struct fake_dump *d)
{
	struct buf body = rotate_body(d->file, d->at);

	make_artificial(d, EVENT_ROTATE, 0, &body);
}

/* Of a file that is read from a place in it: without the place, and as if the server had not begun there. */
static void
make_format(struct fake_dump *d)
{
	const uint8_t *first = l.files[d->file - l.first].bytes.p;
	struct buf body = { 0 };

	buf_put(&body, first + EVENT_HEADER, le32(first + 9) - EVENT_HEADER - EVENT_CHECKSUM);
	memset(body.p + 52, 0, 4);
	make_artificial(d, EVENT_FORMAT_DESCRIPTION, 0, &body);
	memcpy(d->event.p, first, 4);		/* when the file was made */
	put_le(&body, inflate_crc32(d->event.p, d->event.n - EVENT_CHECKSUM, 0), 4);
	memcpy(d->event.p + d->event.n - EVENT_CHECKSUM, body.p, 4);
	buf_done(&body);
}

const void *
fake_dump_heartbeat(struct fake_dump *d, size_t *ret_n)
{
	char name[BINLOG_NAME];
	struct buf b = { 0 };

	fake_log_file(d->file, name);
	if (d->v2) {
		buf_u8(&b, 1);
		buf_u8(&b, (uint8_t)strlen(name));
		buf_str(&b, name);
		buf_put(&b, "\2\11\376", 3);
		put_le(&b, d->at, 8);
		buf_u8(&b, 0);
	} else {
		buf_str(&b, name);
	}
	make_artificial(d, d->v2 ? EVENT_HEARTBEAT_V2 : EVENT_HEARTBEAT, (uint32_t)d->at, &b);
	*ret_n = d->event.n;
	return d->event.p;
}

/* The group that begins where the dump is; NULL: none does. */
static const struct log_group *
group_here(struct fake_dump *d)
{
	const uint64_t place = binlog_place(d->file, d->at);

	while (d->group < l.ngroups && l.groups[d->group].start < place)
		d->group++;
	return d->group < l.ngroups && l.groups[d->group].start == place ? &l.groups[d->group] : NULL;
}

bool
fake_dump_inside(const struct fake_dump *d)
{
	return binlog_place(d->file, d->at) < d->inside;
}

/* What the reader has is stepped over. */
static void
skip_groups(struct fake_dump *d)
{
	const struct log_group *g;

	while ((g = group_here(d)) != NULL && d->has != NULL && gtid_set_has(d->has, &g->gtid)) {
		d->at = binlog_offset(g->end);
		d->skipped = true;
	}
	if (g != NULL)
		d->inside = g->end;
}

static bool
next_event(struct fake_dump *d)
{
	const struct file *f = &l.files[d->file - l.first];
	size_t n;

	skip_groups(d);
	if (d->at == FIRST + f->bytes.n) {
		if (d->file + 1 == l.first + l.nfiles)
			return false;
		d->file++;
		d->at = FIRST;
		make_name(d);
		return true;
	}
	if (d->skipped && !l.mariadb) {
		d->skipped = false;
		fake_dump_heartbeat(d, &n);
		return true;
	}
	if (d->skipped && !d->listed) {
		struct buf body = { 0 };

		d->listed = true;
		put_gtid_list(&body, f->lasts);
		make_artificial(d, EVENT_GTID_LIST, 0, &body);
		return true;
	}
	n = le32(f->bytes.p + (d->at - FIRST) + 9);
	buf_reset(&d->event);
	buf_put(&d->event, f->bytes.p + (d->at - FIRST), n);
	d->at += n;
	return true;
}

const void *
fake_dump_next(struct fake_dump *d, size_t *ret_n)
{
	if (d->next == DUMP_NAME) {
		make_name(d);
		d->next = d->at > FIRST ? DUMP_FORMAT : DUMP_EVENTS;
	} else if (d->next == DUMP_FORMAT) {
		make_format(d);
		d->next = DUMP_EVENTS;
	} else if (!next_event(d)) {
		return NULL;
	}
	*ret_n = d->event.n;
	return d->event.p;
}
