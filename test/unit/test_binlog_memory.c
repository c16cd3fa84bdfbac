/* link: test/fake/no_memory.c */
/* test_binlog_memory.c - the decoder where memory ends: events that real servers sent (test/corpus/binlog), with each allocation failing in turn.
 * Whatever fails, it says so (never that the log is wrong), gives nothing away of the event, and leaves nothing behind. Runs in the
 * project's top folder. */
#include "cdc/binlog_map.c"

#include "test/fake/binlog_bytes.h"
#include "test/fake/checking_sink.h"
#include "test/fake/no_memory.h"
#include "test/unit/unit.h"

struct feed {
	struct binlog *dec;
	struct checking_sink sink;
	uint64_t rows;
	struct err err;
	bool captures;
};

static void
seen(void *arg, const struct change *c)
{
	struct feed *f = arg;

	f->rows += c->kind >= CHANGE_INSERT && c->kind <= CHANGE_DELETE;
}

/* Tables of which the log tells all. */
static bool
resolve(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	const struct feed *f = arg;

	(void)err;
	ret->table = !f->captures ? NULL : t->unknown_code == 0 && t->has_names && t->has_signedness ? arg : NULL;
	ret->want_old = strstr(t->name, "parent") != NULL;
	return true;
}

static bool
statement(void *arg, const struct binlog_statement *st, enum binlog_answer *ret, const struct relation **ret_rel, struct err *err)
{
	struct feed *f = arg;

	(void)err;
	*ret_rel = st->sql->kind == SQL_TRUNCATE ? binlog_relation(f->dec, st->schema, st->sql->names[0].name) : NULL;
	*ret = *ret_rel != NULL ? BINLOG_TRUNCATE : BINLOG_IGNORE;
	if (st->sql->kind == SQL_DDL)
		binlog_forget_tables(f->dec);
	return true;
}

static uint8_t *
capture(const char *name, size_t *ret_n)
{
	static uint8_t bytes[1 << 20];
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "test/corpus/binlog/%s", name);
	ck_assert_msg((file = fopen(path, "rb")) != NULL, "%s: run from the source folder", path);
	*ret_n = fread(bytes, 1, sizeof(bytes), file);
	ck_assert(*ret_n > 0 && *ret_n < sizeof(bytes) && fclose(file) == 0);
	return bytes;
}

/* The whole log through a decoder of its own. */
static bool
read_log(struct feed *f, const uint8_t *p, size_t n, bool captures)
{
	static const struct binlog_void none = { .first = 1 };
	const struct binlog_options options = { .voids = &none, .nvoids = 1 };
	struct rd in = rd_init(p, n);
	bool ok = true;

	memset(f, 0, sizeof(*f));
	f->captures = captures;
	f->sink.seen = seen;
	f->sink.arg = f;
	f->dec = binlog_new(&options, (struct binlog_hooks){ resolve, NULL, statement, f }, checking_sink(&f->sink), &f->err);
	while (f->dec != NULL && ok && rd_left(&in) > 0) {
		const size_t size = rd_u32(&in);

		ok = binlog_event(f->dec, rd_bytes(&in, size), size, &f->err);
	}
	ok = ok && f->dec != NULL && binlog_flush(f->dec, &f->err);
	binlog_free(f->dec);
	checking_sink_done(&f->sink);
	return ok;
}

/* With memory: to its end, or to what is refused in it. */
static void
fail_each(const char *name, const uint8_t *p, size_t n, bool captures, unsigned least)
{
	struct feed whole, f;
	const bool good = read_log(&whole, p, n, captures);
	unsigned at = 0;
	bool failed;

	do {
		bool ok;

		no_memory_at(++at);
		ok = read_log(&f, p, n, captures);
		failed = no_memory_done();
		/* binlog_forget_tables() may fail without a word: what is kept was true, and is asked for again with the next DDL */
		if ((!failed || f.err.kind != ERR_SYSTEM) && (ok != good || f.rows != whole.rows || f.err.kind != whole.err.kind))
			ck_abort_msg("%s, allocation %u: %s: %s", name, at, err_kind_name(f.err.kind), f.err.msg);
		ck_assert_uint_le(f.rows, whole.rows);
	} while (failed);
	ck_assert_msg(at > least, "%s: %u allocations", name, at);
}

static void
read_without_memory(const char *name, bool captures, unsigned least)
{
	size_t n;
	const uint8_t *p = capture(name, &n);

	fail_each(name, p, n, captures, least);
}

START_TEST(binlog_without_memory_says_so)
{
	static const struct {
		const char *name;
		unsigned least;
	} logs[] = { { "my-groups", 100 }, { "my-images", 40 }, { "my-maps", 50 }, { "my-json", 40 }, { "my-payload", 30 },
		{ "my-gtids", 60 }, { "my-xa", 25 }, { "my-vectors", 20 }, { "my-rollback", 25 }, { "my-statements", 5 }, { "ma-statements", 5 }, { "ma-groups", 100 }, { "ma-maps", 50 },
		{ "ma-xa", 25 }, { "ma-compressed", 40 }, { "ma-domains", 40 }, { "ma-images", 40 } };

	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		read_without_memory(logs[i].name, true, logs[i].least);
	read_without_memory("my-maps", false, 15);
}
END_TEST

/* ---- a table whose names and labels need more than one piece of memory ---- */

#define WIDE 40
#define LABELS 3

static void
put_text(struct buf *b, char c, size_t n)
{
	buf_u8(b, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		buf_u8(b, (uint8_t)c);
}

static void
put_field(struct buf *b, uint8_t field, struct buf *take_value)
{
	buf_u8(b, field);
	buf_u8(b, 252);
	buf_u8(b, (uint8_t)take_value->n);
	buf_u8(b, (uint8_t)(take_value->n >> 8));
	buf_put(b, take_value->p, take_value->n);
	buf_done(take_value);
}

/* TABLE_MAP behind its post-header: WIDE columns of type ENUM, each with LABELS labels of 100 bytes. */
static struct buf
wide_table(void)
{
	struct buf b = { 0 }, names = { 0 }, labels = { 0 };

	put_text(&b, 's', 200);
	buf_u8(&b, 0);
	put_text(&b, 't', 200);
	buf_u8(&b, 0);
	buf_u8(&b, WIDE);
	for (int i = 0; i < WIDE; i++)
		buf_u8(&b, MY_TYPE_STRING);
	buf_u8(&b, 2 * WIDE);
	for (int i = 0; i < WIDE; i++)
		buf_put(&b, "\xf7\1", 2);	/* ENUM, of one byte */
	for (int i = 0; i < WIDE / 8; i++)
		buf_u8(&b, 0);
	for (int i = 0; i < WIDE; i++) {
		put_text(&names, 'c', 100);
		buf_u8(&labels, LABELS);
		for (char c = 'x'; c < 'x' + LABELS; c++)
			put_text(&labels, c, 100);
	}
	put_field(&b, 4, &names);
	put_field(&b, 6, &labels);
	buf_put(&b, "\12\1\55\10\1\0\1\0", 8);	/* the labels are UTF-8; column 0 is the key; no column has a sign */
	return b;
}

static bool
reads(const struct slice *contents, struct err *err)
{
	struct binlog_table *t = map_read(contents, false, err);
	bool whole;

	if (t == NULL)
		return false;
	whole = t->has_names && t->has_labels && strlen(t->name) == 200 && t->cols[WIDE - 1].name[99] == 'c' &&
		t->cols[WIDE - 1].nlabels == LABELS && t->cols[WIDE - 1].labels[LABELS - 1][99] == 'z';
	arena_free(t->arena);
	ck_assert(whole);
	return true;
}

START_TEST(binlog_table_map_without_memory_is_not_a_broken_one)
{
	struct buf b = wide_table();
	struct err err = ERR_INIT;
	const struct slice whole = { b.p, b.n }, cut = { b.p, b.n - 1 };

	no_memory_each(reads(&whole, &err), &err, 12, );
	ck_fails(reads(&cut, &err), &err, ERR_PROTOCOL);
	buf_done(&b);
}
END_TEST

START_TEST(binlog_table_map_of_long_names_without_memory)
{
	struct buf b = { 0 };
	struct err err = ERR_INIT;
	struct binlog_table *t = NULL;
	struct slice contents;

	for (int k = 0; k < 2; k++) {
		put_le(&b, 252 | 3000 << 8, 3);
		for (int i = 0; i < 3000; i++)
			buf_u8(&b, (uint8_t)('a' + k));
		buf_u8(&b, 0);
	}
	buf_put(&b, "\1\3\0\0", 4);
	contents = (struct slice){ b.p, b.n };
	no_memory_each((t = map_read(&contents, true, &err)) != NULL, &err, 4, if (t != NULL) {
		ck_assert(strlen(t->schema) == 3000 && strlen(t->name) == 3000 && t->name[2999] == 'b');
		arena_free(t->arena);
	});
	buf_done(&b);
}
END_TEST

static void
put_event(struct buf *log, uint8_t type, uint16_t flags, const void *p, size_t n)
{
	const struct event_head h = { .when = 1700000000, .server = 7, .type = type, .flags = flags };
	struct buf body = body_of(p, n), e = event_made(&h, &body, type == EVENT_FORMAT_DESCRIPTION);

	buf_u32(log, (uint32_t)e.n);
	buf_put(log, e.p, e.n);
	buf_done(&e);
	buf_done(&body);
}

/* A row comes in, is changed, and goes. */
START_TEST(binlog_wide_table_without_memory_says_so)
{
	struct buf log = { 0 }, map = wide_table(), b = format_bytes(false, false, "8.4.1", 1);
	uint8_t row[WIDE / 8 + WIDE];

	put_event(&log, EVENT_ROTATE, ARTIFICIAL, "\4\0\0\0\0\0\0\0log.000001", 18);
	put_event(&log, EVENT_FORMAT_DESCRIPTION, 0, b.p, b.n);
	put_event(&log, EVENT_QUERY, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0BEGIN", 19);
	memset(row, 0, WIDE / 8);
	memset(row + WIDE / 8, 1, WIDE);
	for (int i = 0; i < 3; i++) {
		buf_reset(&b);
		buf_put(&b, "\11\0\0\0\0\0\1\0", 8);
		buf_put(&b, map.p, map.n);
		put_event(&log, EVENT_TABLE_MAP, 0, b.p, b.n);
		buf_reset(&b);
		buf_put(&b, "\11\0\0\0\0\0\1\0\2\0", 10);
		buf_u8(&b, WIDE);
		for (int k = 0; k < (i == 1 ? 2 : 1) * WIDE / 8; k++)
			buf_u8(&b, 0xff);
		buf_put(&b, row, sizeof(row));
		row[WIDE / 8] = 2;	/* the key is changed, too */
		if (i == 1)
			buf_put(&b, row, sizeof(row));
		put_event(&log, (uint8_t)(EVENT_WRITE_ROWS + i), 0, b.p, b.n);
		row[WIDE / 8] = 1;
	}
	put_event(&log, EVENT_XID, 0, "\1\0\0\0\0\0\0\0", 8);
	fail_each("wide", log.p, log.n, true, 200);
	buf_done(&log);
	buf_done(&map);
	buf_done(&b);
}
END_TEST

UNIT_MAIN("binlog_memory", binlog_without_memory_says_so, binlog_wide_table_without_memory_says_so,
    binlog_table_map_without_memory_is_not_a_broken_one, binlog_table_map_of_long_names_without_memory)
