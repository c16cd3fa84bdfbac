/* test_wal2json.c - the decoder on captured messages (test/corpus/wal2json, their changes as text in wal2json-expected), beside what pgoutput's
 * decoder makes of the same changes (test/corpus/wal2json-pgoutput), and on messages made here.
 * The latter stand in the corpus too, for the fuzz target.
 * GOLDEN=write makes the expected texts and the made inputs anew; read the difference. Runs in the project's top folder. */
#include "cdc/wal2json.c"
#include "cdc/wal2json_row.c"

#include <stdio.h>

#include "test/fake/checking_sink.h"
#include "test/fake/wal2json_frames.h"
#include "test/unit/unit.h"
#include "test/unit/no_memory.h"

#define CORPUS	 "test/corpus/wal2json/"
#define OTHER	 "test/corpus/wal2json-pgoutput/"
#define EXPECTED "test/corpus/wal2json-expected/"

static struct buf
file_read(const char *folder, const char *name)
{
	struct buf b = { 0 };
	char path[256], part[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	if ((f = fopen(path, "rb")) == NULL)
		ck_abort_msg("%s: cannot be read", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_put(&b, part, n);
	fclose(f);
	return b;
}

static bool
golden_write(void)
{
	const char *env = getenv("GOLDEN");

	return env != NULL && strcmp(env, "write") == 0;
}

static void
file_same(const char *folder, const char *name, const struct buf *want)
{
	char path[256];
	struct buf have;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	if (golden_write()) {
		ck_assert_ptr_nonnull(f = fopen(path, "wb"));
		ck_assert_uint_eq(fwrite(want->p, 1, want->n, f), want->n);
		ck_assert_int_eq(fclose(f), 0);
	}
	have = file_read(folder, name);
	if (have.n != want->n || memcmp(have.p, want->p, want->n) != 0)
		ck_abort_msg("%s differs from what the test makes (GOLDEN=write, then compare)", path);
	buf_done(&have);
}

/* ---- changes as text ---- */

struct text {
	struct buf out;
	struct buf txn;		/* brief: a transaction without rows is left out */
	bool brief;		/* what both plugins say: no versions, no numbers of tables, no options of TRUNCATE */
};

static void
dump_value(struct buf *out, const struct value *v)
{
	const uint32_t shown = v->len > 80 ? 24 : v->len;

	if (v->kind == VALUE_ABSENT)
		buf_str(out, "absent");
	else if (v->kind == VALUE_NULL)
		buf_str(out, "NULL");
	else
		buf_json_str(out, (const char *)v->p, shown);
	if (v->kind > VALUE_NULL && shown < v->len)
		buf_printf(out, "...(%u bytes, hash %08x)", v->len, (unsigned)hash_bytes(v->p, v->len, 0));
}

struct by_name {
	const char *name;
	const struct value *v;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct by_name *)a)->name, ((const struct by_name *)b)->name);
}

/* In the order of the names: a version may have its columns in another order. */
static void
dump_values(struct buf *out, const char *what, const struct relation *rel, const struct value *v, uint16_t n)
{
	struct by_name list[RELATION_MAX_COLUMNS];

	if (n == 0)
		return;
	buf_printf(out, "\n    %s:", what);
	for (uint16_t i = 0; i < n; i++)
		list[i] = (struct by_name){ rel->cols[i].name, &v[i] };
	qsort(list, n, sizeof(*list), compare_names);
	for (uint16_t i = 0; i < n; i++) {
		buf_printf(out, " %s=", list[i].name);
		dump_value(out, list[i].v);
	}
}

static void
dump_truncate(struct text *t, struct buf *out, const struct change *c)
{
	buf_str(out, "  TRUNCATE");
	for (uint16_t i = 0; i < c->u.truncate.nrels; i++)
		buf_printf(out, " %s.%s", change_truncated(c)[i]->schema, change_truncated(c)[i]->name);
	if (!t->brief && (c->u.truncate.cascade || c->u.truncate.restart_identity))
		buf_str(out, " with options");
	buf_str(out, "\n");
}

static void
dump_row(struct buf *out, const struct change *c)
{
	static const char *const kinds[] = { [CHANGE_INSERT] = "INSERT", [CHANGE_UPDATE] = "UPDATE", [CHANGE_DELETE] = "DELETE" };

	buf_printf(out, "  %s %s.%s", kinds[c->kind], c->rel->schema, c->rel->name);
	dump_values(out, c->old == OLD_FULL ? "old row" : "old key", c->rel, change_old_values(c), c->nold);
	dump_values(out, "new", c->rel, change_new_values(c), c->nnew);
	buf_str(out, "\n");
}

static void
dump_change(void *arg, const struct change *c)
{
	struct text *t = arg;
	struct buf *out = t->brief ? &t->txn : &t->out;
	char lsn[LSN_TEXT], pos[POSITION_TEXT];
	size_t empty;

	if (c->kind == CHANGE_BEGIN) {
		buf_reset(&t->txn);
		buf_printf(out, "BEGIN %s xid %u at %lld\n", lsn_text(c->u.begin.mark.lsn.v, lsn), c->u.begin.xid, (long long)c->u.begin.commit_time.v);
	} else if (c->kind == CHANGE_COMMIT) {
		empty = strcspn(buf_cstr(out), "\n") + 1;
		if (t->brief && out->n == empty)
			return;
		buf_printf(out, "COMMIT %s at %lld\n", position_text(&c->u.commit.position, pos), (long long)c->u.commit.commit_time.v);
		if (t->brief)
			buf_put(&t->out, t->txn.p, t->txn.n);
	} else if (c->kind == CHANGE_TRUNCATE) {
		dump_truncate(t, out, c);
	} else {
		dump_row(out, c);
	}
}

static void
dump_relation(void *arg, const struct relation *rel, bool captured)
{
	struct text *t = arg;

	buf_printf(&t->out, "  (relation %u %s.%s, identity %c%s:", rel->id, rel->schema, rel->name, rel->replica_identity,
	    captured ? "" : ", not captured");
	for (uint16_t i = 0; i < rel->ncols; i++)
		buf_printf(&t->out, " %s%s:%u,%d", rel->cols[i].identity ? "*" : "", rel->cols[i].name, rel->cols[i].oid, rel->cols[i].typmod);
	buf_str(&t->out, ")\n");
}

/* ---- a decoder and a sink that checks ---- */

struct rig {
	struct w2j_frames frames;
	struct wal2json *dec;
	struct checking_sink sink;
	struct text text;
	struct err err;
};

static void
rig_start(struct rig *r, const struct buf *frames, bool dump, bool brief)
{
	memset(r, 0, sizeof(*r));
	w2j_frames_init(&r->frames, frames->p, frames->n);
	r->text.brief = brief;
	r->sink.seen = dump ? dump_change : NULL;
	r->sink.arg = &r->text;
	r->frames.announced = dump && !brief ? dump_relation : NULL;
	r->frames.arg = &r->text;
	ck_assert_ptr_nonnull(r->dec = w2j_frames_decoder(&r->frames, checking_sink(&r->sink), &r->err));
}

static void
rig_end(struct rig *r)
{
	wal2json_free(r->dec);
	checking_sink_done(&r->sink);
	w2j_frames_done(&r->frames);
	buf_done(&r->text.out);
	buf_done(&r->text.txn);
}

/* From memory of exactly this size. */
static bool
rig_decode(struct rig *r, const void *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	bool ok;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, n);
	err_clear(&r->err);
	ok = wal2json_decode(r->dec, copy, n, &r->err);
	free(copy);
	ck_assert(ok == (r->err.kind == ERR_NONE));
	return ok;
}

static void
rig_decode_all(struct rig *r)
{
	struct slice msg;

	while (w2j_next(&r->frames.in, &msg))
		if (!rig_decode(r, msg.p, msg.n))
			ck_abort_msg("refused: %s [%s] [%s]: %.*s", r->err.msg, r->err.position, r->err.table, (int)msg.n, (const char *)msg.p);
}

/* ---- captured messages ---- */

static const char *const captures[] = { "types", "types-strings", "identity", "truncate", "shapes", "between" };
#define NCAPTURES (int)(sizeof(captures) / sizeof(captures[0]))

START_TEST(wal2json_decodes_captured_messages_as_expected)
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i]);
		struct rig r;
		char file[64];

		rig_start(&r, &frames, true, false);
		rig_decode_all(&r);
		buf_printf(&r.text.out, "end: %u changes not captured\n", (unsigned)wal2json_uncaptured(r.dec));
		snprintf(file, sizeof(file), "%s.txt", captures[i]);
		file_same(EXPECTED, file, &r.text.out);
		rig_end(&r);
		buf_done(&frames);
	}
}
END_TEST

static bool
other_resolve(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	(void)err;
	*ret_table = strncmp(rel->name, "skip", 4) != 0 && strcmp(rel->name, "part") != 0 ? arg : NULL;
	return true;
}

/* What pgoutput says of the same changes. */
static void
dump_other(const char *name, struct text *ret)
{
	struct buf frames = file_read(OTHER, name);
	struct rd in = rd_init(frames.p, frames.n);
	struct checking_sink sink = { .seen = dump_change, .arg = ret };
	struct err err = ERR_INIT;
	struct pgoutput *dec = pgoutput_new((struct relation_resolver){ other_resolve, ret }, checking_sink(&sink), &err);
	struct slice msg;

	ret->brief = true;
	while (w2j_next(&in, &msg))
		if (!pgoutput_decode(dec, msg.p, msg.n, &err))
			ck_abort_msg("%s: %s", name, err.msg);
	pgoutput_free(dec);
	checking_sink_done(&sink);
	buf_done(&frames);
}

START_TEST(wal2json_gives_the_changes_that_pgoutput_gives)
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i]);
		struct text other = { .brief = true };
		const char *a, *b;
		struct rig r;
		size_t n = 0, line = 0;

		rig_start(&r, &frames, true, true);
		rig_decode_all(&r);
		dump_other(captures[i], &other);
		a = buf_cstr(&r.text.out);
		b = buf_cstr(&other.out);
		for (; a[n] != '\0' && a[n] == b[n]; n++)
			if (a[n] == '\n')
				line = n + 1;
		if (a[n] != b[n])
			ck_abort_msg("%s: wal2json:\n%.400s\npgoutput:\n%.400s", captures[i], a + line, b + line);
		ck_assert_uint_gt(n, 100);
		buf_done(&other.out);
		buf_done(&other.txn);
		rig_end(&r);
		buf_done(&frames);
	}
}
END_TEST

/* As it stands before a message: fresh, in the transaction or not. */
static void
rig_again(struct rig *r, bool in_txn, uint32_t xid, struct commit_lsn final)
{
	r->dec->dead = false;
	r->dec->in_txn = r->sink.in_txn = in_txn;
	r->dec->xid = xid;
	r->dec->final = final;
	r->dec->truncated.n = 0;
}

/* fn gets a decoder that is ready for the message. */
static void
each_message(void (*fn)(struct rig *r, const struct slice *msg))
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i]);
		struct slice msg;
		struct rig r;

		rig_start(&r, &frames, false, false);
		while (w2j_next(&r.frames.in, &msg)) {
			fn(&r, &msg);
			ck_assert(rig_decode(&r, msg.p, msg.n));
		}
		rig_end(&r);
		buf_done(&frames);
	}
}

static void
cut_everywhere(struct rig *r, const struct slice *msg)
{
	const bool in_txn = r->dec->in_txn;
	const uint32_t xid = r->dec->xid;
	const struct commit_lsn final = r->dec->final;
	const char *columns = memmem(msg->p, msg->n, "\"table\":\"skip", 13);

	for (size_t n = 0; n < msg->n; n++) {
		if (columns != NULL && (memmem(msg->p, n, "columns\":", 9) != NULL || memmem(msg->p, n, "identity\":", 10) != NULL))
			break; /* of a table that is not captured no more is looked at */
		if (rig_decode(r, msg->p, n))
			ck_abort_msg("taken: %.*s", (int)n, (const char *)msg->p);
		ck_assert_int_eq(r->err.kind, ERR_PROTOCOL);
		ck_assert(r->dec->in_txn == in_txn);
		rig_again(r, in_txn, xid, final);
	}
}

START_TEST(wal2json_refuses_each_message_cut_at_each_byte)
{
	each_message(cut_everywhere);
}
END_TEST

/* Each byte turned round, and one of its bits. A refusal is clean, or the record keeps the contract: the sink checks. */
START_TEST(wal2json_survives_each_byte_flipped)
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i]);
		struct rig r;
		struct slice msg;

		rig_start(&r, &frames, false, false);
		while (w2j_next(&r.frames.in, &msg)) {
			const bool in_txn = r.dec->in_txn;
			const uint32_t xid = r.dec->xid;
			const struct commit_lsn final = r.dec->final;
			uint8_t *copy = malloc(msg.n);

			for (size_t k = 0; k < 2 * msg.n && msg.n < 3000; k++) {
				memcpy(copy, msg.p, msg.n);
				copy[k / 2] ^= k % 2 == 0 ? 0xff : 1 << (k / 2 % 8);
				if (!rig_decode(&r, copy, msg.n))
					ck_assert_str_ne(r.err.msg, "");
				rig_again(&r, in_txn, xid, final);
			}
			free(copy);
			ck_assert(rig_decode(&r, msg.p, msg.n) || r.err.kind != ERR_NONE);
			rig_again(&r, msg.n > 12 && memmem(msg.p, msg.n, "\"action\":\"C\"", 12) == NULL && (in_txn || memmem(msg.p, msg.n, "\"action\":\"B\"", 12)),
			    r.dec->xid, r.dec->final);
		}
		rig_end(&r);
		buf_done(&frames);
	}
}
END_TEST

/* ---- messages made by hand ---- */

#define CATALOG                                                                                                                                   \
	"table\t7\tpublic\tt\td\ncolumn\tid\t23\t-1\tinteger\tif\ncolumn\ta\t25\t-1\ttext\t-\ncolumn\tn\t1700\t655366\tnumeric(10,2)\t-\n"       \
	"column\tb\t16\t-1\tboolean\t-f\ncolumn\tg\t23\t-1\tinteger\t-gf\ntable\t8\tpublic\tfull\tf\ncolumn\tx\t25\t-1\ttext\ti\ncolumn\ty\t17\t-1\tbytea\ti\n"
#define B	"{\"action\":\"B\",\"xid\":5,\"timestamp\":\"2026-11-22 16:08:40.5+00\",\"lsn\":\"0/10\",\"nextlsn\":\"0/20\"}"
#define C	"{\"action\":\"C\",\"xid\":5,\"timestamp\":\"2026-11-22 16:08:40.5+00\",\"lsn\":\"0/10\",\"nextlsn\":\"0/20\"}"
#define ROW(action, table, rest)                                                                                                                  \
	"{\"action\":\"" action "\",\"xid\":5,\"timestamp\":\"2026-11-22 16:08:40.5+00\",\"lsn\":\"0/8\",\"schema\":\"public\",\"table\":\"" table \
	"\"" rest "}"
#define COL(name, type, oid, value) "{\"name\":\"" name "\",\"type\":\"" type "\",\"typeoid\":" oid ",\"value\":" value "}"
#define ID(v)	COL("id", "integer", "23", v)
#define A(v)	COL("a", "text", "25", v)
#define N(v)	COL("n", "numeric(10,2)", "1700", v)
#define BO(v)	COL("b", "boolean", "16", v)
#define X(v)	COL("x", "text", "25", v)
#define Y(v)	COL("y", "bytea", "17", v)

static void
put_frame(struct buf *b, const char *msg)
{
	buf_u32(b, (uint32_t)strlen(msg));
	buf_str(b, msg);
}

static void
made_start(struct rig *r, const char *catalog, bool in_txn)
{
	struct buf frames = { 0 };

	put_frame(&frames, catalog);
	rig_start(r, &frames, true, false);
	buf_done(&frames);
	if (in_txn)
		ck_assert(rig_decode(r, B, strlen(B)));
}

static void
give(struct rig *r, const char *msg)
{
	if (!rig_decode(r, msg, strlen(msg)))
		ck_abort_msg("refused: %s: %s", r->err.msg, msg);
}

/* The last line that was dumped. */
static void
expect_said(struct rig *r, const char *what)
{
	if (strstr(buf_cstr(&r->text.out), what) == NULL)
		ck_abort_msg("nothing like '%s' in:\n%s", what, buf_cstr(&r->text.out));
	buf_reset(&r->text.out);
}

/* As the fuzz target wants it, under a name made of its contents. */
static void
keep_in_corpus(const char *catalog, bool in_txn, const char *msg)
{
	struct buf b = { 0 };
	char name[32];

	put_frame(&b, catalog);
	if (in_txn)
		put_frame(&b, B);
	put_frame(&b, msg);
	snprintf(name, sizeof(name), "made-%08x", (unsigned)hash_bytes(b.p, b.n, 0));
	file_same(CORPUS, name, &b);
	buf_done(&b);
}

/* A message alone, in a transaction or not: why it is refused. */
static void
refused(bool in_txn, const char *msg, enum err_kind kind, const char *why)
{
	struct rig r;

	keep_in_corpus(CATALOG, in_txn, msg);

	made_start(&r, CATALOG, in_txn);
	if (rig_decode(&r, msg, strlen(msg)))
		ck_abort_msg("taken: %s", msg);
	if (r.err.kind != kind || strstr(r.err.msg, why) == NULL)
		ck_abort_msg("refused with '%s' (%s) in place of '%s': %s", r.err.msg, err_kind_name(r.err.kind), why, msg);
	rig_end(&r);
}

START_TEST(wal2json_refuses_messages_that_do_not_fit)
{
	refused(false, "", ERR_PROTOCOL, "no JSON at byte 0");
	refused(false, "[]", ERR_PROTOCOL, "no JSON");
	refused(false, "{}", ERR_PROTOCOL, "without action");
	refused(false, "{\"change\":[]}", ERR_PROTOCOL, "not known");
	refused(false, "{\"action\":\"X\"}", ERR_PROTOCOL, "an action that is not one");
	refused(false, "{\"action\":\"BB\"}", ERR_PROTOCOL, "an action that is not one");
	refused(false, "{\"action\":\"B\",\"action\":\"B\"}", ERR_PROTOCOL, "comes twice");
	refused(false, "{\"action\":\"B\",\"xid\":1}", ERR_PROTOCOL, "other members");
	refused(false, B B, ERR_PROTOCOL, "no JSON");
	refused(true, B, ERR_PROTOCOL, "BEGIN inside");
	refused(false, C, ERR_PROTOCOL, "outside a transaction");
	refused(true, "{\"action\":\"C\",\"xid\":6,\"timestamp\":\"2026-11-22 16:08:40+00\",\"lsn\":\"0/10\",\"nextlsn\":\"0/20\"}", ERR_PROTOCOL, "transaction 6 inside transaction 5");
	refused(true, "{\"action\":\"C\",\"xid\":5,\"timestamp\":\"2026-11-22 16:08:40+00\",\"lsn\":\"0/11\",\"nextlsn\":\"0/20\"}", ERR_PROTOCOL, "at 0/11 inside the one at 0/10");
	refused(true, "{\"action\":\"C\",\"xid\":5,\"timestamp\":\"2026-11-22 16:08:40+00\",\"lsn\":\"0/10\",\"nextlsn\":\"0/10\"}", ERR_PROTOCOL, "ends at 0/10");
	refused(false, "{\"action\":\"B\",\"xid\":-1,\"lsn\":\"0/1\"}", ERR_PROTOCOL, "transaction number");
	refused(false, "{\"action\":\"B\",\"xid\":4294967296,\"lsn\":\"0/1\"}", ERR_PROTOCOL, "transaction number");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"x\"}", ERR_PROTOCOL, "place in the log");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0/1\",\"timestamp\":\"2026-11-22 16:08:40+01\"}", ERR_PROTOCOL, "not one of UTC");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0/1\",\"timestamp\":\"2026-13-22 16:08:40+00\"}", ERR_PROTOCOL, "not one of UTC");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0/1\",\"timestamp\":\"2026-11-22 16:08:40.+00\"}", ERR_PROTOCOL, "not one of UTC");
	refused(false, "{\"action\":\"B\",\"xid\":1e5,\"lsn\":\"0/1\"}", ERR_PROTOCOL, "transaction number");
	refused(false, "{\"action\":\"B\",\"xid\":99999999999,\"lsn\":\"0/1\"}", ERR_PROTOCOL, "transaction number");
	refused(false, "{\"action\":\"B\",\"xid\":\"5\",\"lsn\":\"0/1\"}", ERR_PROTOCOL, "no JSON");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0\\/1\"}", ERR_PROTOCOL, "place in the log");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"00000000000000000000000000000000000000/1\"}", ERR_PROTOCOL, "place in the log");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0/1\",\"timestamp\":\"2026-11-22\\u002016:08:40+00\"}", ERR_PROTOCOL, "not one of UTC");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0/1\",\"timestamp\":\"2026-11-22 16:08:40+0000000000000000000000\"}", ERR_PROTOCOL, "not one of UTC");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"lsn\":\"0/10\",\"nextlsn\":\"0/20\"}", ERR_PROTOCOL, "other members");
	refused(false, "{\"action\":\"B\",\"xid\":5,\"timestamp\":null,\"lsn\":\"0/10\",\"nextlsn\":\"0/20\",\"content\":\"\"}", ERR_PROTOCOL, "'B' with other members");
	refused(true, "{\"action\":\"C\",\"xid\":5,\"lsn\":\"0/10\"}", ERR_PROTOCOL, "'C' with other members");
	refused(true, "{\"action\":\"M\",\"xid\":5,\"lsn\":\"0/10\"}", ERR_PROTOCOL, "'M' with other members");
	refused(true, "{\"action\":\"T\",\"xid\":5,\"lsn\":\"0/10\",\"table\":\"t\"}", ERR_PROTOCOL, "'T' with other members");
	refused(false, ROW("I", "stranger", ",\"columns\":[]"), ERR_PROTOCOL, "outside a transaction");
	refused(false, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N("1.00") "," BO("true") "]"), ERR_PROTOCOL, "outside a transaction");
	refused(false, ROW("T", "t", ""), ERR_PROTOCOL, "outside a transaction");
	refused(true, ROW("I", "t", ""), ERR_PROTOCOL, "other members");
	refused(true, ROW("D", "t", ""), ERR_PROTOCOL, "without the old row's identity");
	refused(true, ROW("U", "t", ",\"columns\":[" ID("1") "]"), ERR_PROTOCOL, "without the old row's identity");
	refused(true, ROW("D", "t", ",\"identity\":[]"), ERR_PROTOCOL, "identity without columns");
	refused(true, ROW("D", "t", ",\"columns\":[" ID("1") "],\"identity\":[" ID("1") "]"), ERR_PROTOCOL, "DELETE with a new row");
	refused(true, "{\"action\":\"I\",\"xid\":5,\"lsn\":\"0/1\",\"columns\":[]}", ERR_PROTOCOL, "columns before the table's name");
	refused(true, "{\"action\":\"M\",\"xid\":6,\"lsn\":\"0/1\",\"transactional\":true}", ERR_PROTOCOL, "transaction 6 inside");
}
END_TEST

START_TEST(wal2json_refuses_columns_that_can_not_be)
{
	static const char *const bad[] = { "{\"name\":\"id\"}", "{}", "1", "{\"name\":\"\",\"type\":\"integer\",\"typeoid\":23,\"value\":1}",
		"{\"name\":\"id\",\"type\":\"integer\",\"value\":1}", "{\"name\":\"id\",\"type\":integer,\"typeoid\":23,\"value\":1}",
		"{\"name\":\"id\",\"type\":,\"typeoid\":23,\"value\":1}", COL("id", "integer", "2e1", "1"), COL("id", "integer", "99999999999999", "1"),
		COL("id", "integer", "0", "1"), COL("id", "integer", "4294967296", "1"), COL("id", "integer", "2.5", "1"), COL("id", "integer", "23", "{}"),
		COL("id", "integer", "23", "[1]"), "{\"name\":\"id\",\"name\":\"id\",\"type\":\"integer\",\"typeoid\":23,\"value\":1}",
		"{\"name\":\"id\",\"type\":\"integer\",\"typeoid\":23,\"value\":1,\"optional\":true}" };
	char msg[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(msg, sizeof(msg), ROW("D", "t", ",\"identity\":[%s]"), bad[i]);
		refused(true, msg, ERR_PROTOCOL, "no JSON at byte");
	}
	refused(true, ROW("D", "t", ",\"identity\":[" ID("1") "," ID("1") "]"), ERR_PROTOCOL, "a column comes twice");
	refused(true, ROW("I", "t", ",\"columns\":[" ID("\"1\"") "," A("null") "," N("1.00") "," BO("true") "]"), ERR_PROTOCOL, "column id: not how");
	refused(true, ROW("I", "t", ",\"columns\":[" ID("1") "," A("1") "," N("1.00") "," BO("true") "]"), ERR_PROTOCOL, "column a: not how");
	refused(true, ROW("I", "t", ",\"columns\":[" ID("1") "," A("\"\"") "," N("\"1.00\"") "," BO("true") "]"), ERR_PROTOCOL, "column n: not how");
	refused(true, ROW("I", "t", ",\"columns\":[" ID("1") "," A("\"\"") "," N("1.00") "," BO("\"t\"") "]"), ERR_PROTOCOL, "column b: not how");
}
END_TEST

/* NaN and infinity look like NULL where numbers are JSON's: which it is must not be guessed. */
START_TEST(wal2json_stops_at_a_null_that_may_be_nan)
{
	static const char row[] = ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N("null") "," BO("null") "]");
	static const char strings[] = ROW("I", "t", ",\"columns\":[" ID("\"1\"") "," A("null") "," N("null") "," BO("null") "]");
	static const char nan[] = ROW("I", "t", ",\"columns\":[" ID("\"1\"") "," A("null") "," N("\"NaN\"") "," BO("true") "]");
	struct rig r;

	refused(true, row, ERR_CONFIG, "column n: this wal2json writes null for NaN");
	made_start(&r, "strings 1\n" CATALOG, true);
	give(&r, strings);
	expect_said(&r, "new: a=NULL b=NULL id=\"1\" n=NULL");
	give(&r, nan);
	expect_said(&r, "new: a=NULL b=\"t\" id=\"1\" n=\"NaN\"");
	rig_end(&r);
}
END_TEST

START_TEST(wal2json_tells_null_from_absent_and_fills_from_the_old_row)
{
	struct rig r;

	made_start(&r, CATALOG, true);
	keep_in_corpus(CATALOG, true, ROW("U", "t", ",\"columns\":[" ID("1") "," N("1.00") "," BO("null") "],\"identity\":[" ID("1") "]"));
	give(&r, ROW("U", "t", ",\"columns\":[" ID("1") "," N("1.00") "," BO("null") "],\"identity\":[" ID("1") "]"));
	expect_said(&r, "UPDATE public.t\n    new: a=absent b=NULL id=\"1\" n=\"1.00\"\n");
	give(&r, ROW("U", "t", ",\"columns\":[" ID("2") "," A("\"\"") "," N("1.00") "," BO("false") "],\"identity\":[" ID("1") "]"));
	expect_said(&r, "old key: a=absent b=absent id=\"1\" n=absent\n    new: a=\"\" b=\"f\" id=\"2\" n=\"1.00\"\n");
	give(&r, ROW("U", "full", ",\"columns\":[" X("\"new\"") "],\"identity\":[" X("\"old\"") "," Y("\"00ff\"") "]"));
	expect_said(&r, "old row: x=\"old\" y=\"\\\\x00ff\"\n    new: x=\"new\" y=\"\\\\x00ff\"\n");
	keep_in_corpus(CATALOG, true, ROW("U", "full", ",\"columns\":[" X("\"new\"") "],\"identity\":[" X("\"old\"") "," Y("null") "]"));
	ck_assert(!rig_decode(&r, ROW("U", "full", ",\"columns\":[" X("\"new\"") "],\"identity\":[" X("\"old\"") "," Y("null") "]"),
	    strlen(ROW("U", "full", ",\"columns\":[" X("\"new\"") "],\"identity\":[" X("\"old\"") "," Y("null") "]"))));
	ck_assert_ptr_nonnull(strstr(r.err.msg, "column y: unchanged, but NULL in the old row"));
	ck_assert_str_eq(r.err.table, "public.full");
	rig_end(&r);
	/* A part of the key that is nowhere would make another row's key of the rest. */
	keep_in_corpus("table\t7\tpublic\tt\td\ncolumn\tid\t23\t-1\tinteger\tif\ncolumn\ta\t25\t-1\ttext\ti\n", true,
	    ROW("U", "t", ",\"columns\":[" ID("1") "],\"identity\":[" ID("1") "]"));
	made_start(&r, "table\t7\tpublic\tt\td\ncolumn\tid\t23\t-1\tinteger\tif\ncolumn\ta\t25\t-1\ttext\ti\n", true);
	ck_assert(!rig_decode(&r, ROW("U", "t", ",\"columns\":[" ID("1") "],\"identity\":[" ID("1") "]"),
	    strlen(ROW("U", "t", ",\"columns\":[" ID("1") "],\"identity\":[" ID("1") "]"))));
	ck_assert_ptr_nonnull(strstr(r.err.msg, "column a: part of the identity, but nowhere sent"));
	rig_end(&r);
}
END_TEST

/* Columns that exchanged their names show it by their order alone; a partition may have its own. */
START_TEST(wal2json_minds_the_order_of_columns)
{
	static const char row[] = ROW("D", "full", ",\"identity\":[" Y("\"00\"") "," X("\"k\"") "]");
	struct rig r;

	made_start(&r, CATALOG, true);
	give(&r, row);
	expect_said(&r, "public.full, identity f: *y:17,-1 *x:25,-1)");
	rig_end(&r);
	made_start(&r, CATALOG, true);
	r.frames.tables[1].any_order = true;
	give(&r, row);
	expect_said(&r, "public.full, identity f: *x:25,-1 *y:17,-1)");
	rig_end(&r);
}
END_TEST

START_TEST(wal2json_leaves_generated_columns_out)
{
	struct rig r;

	made_start(&r, CATALOG, true);
	give(&r, ROW("I", "t", ",\"columns\":[" COL("g", "integer", "23", "2") "," ID("1") "," A("null") "," N("1.00") "," BO("true") "]"));
	expect_said(&r, "identity d: *id:23,-1 a:25,-1 n:1700,655366 b:16,-1)\n  INSERT public.t\n    new: a=NULL b=\"t\" id=\"1\" n=\"1.00\"\n");
	rig_end(&r);
}
END_TEST

/* A row of another shape is another version of the relation; the resolver hears of each once. */
START_TEST(wal2json_holds_each_row_against_the_shape)
{
	struct rig r;

	made_start(&r, CATALOG, true);
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," COL("n", "numeric(10,3)", "1700", "1.000") "," BO("true") "]"));
	expect_said(&r, "identity d: *id:23,-1 a:25,-1 n:1700,655367 b:16,-1)");
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," N("1.00") "," BO("true") "]"));
	expect_said(&r, "identity d: *id:23,-1 n:1700,655366 b:16,-1)");
	give(&r, ROW("U", "t", ",\"columns\":[" COL("id", "bigint", "20", "1") "," N("1.00") "," BO("true") "],\"identity\":[" COL("id", "bigint", "20", "1") "]"));
	expect_said(&r, "identity d: *id:20,-1 n:1700,655366 b:16,-1)");
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N("1.00") "," BO("true") "]"));
	expect_said(&r, "identity d: *id:23,-1 a:25,-1 n:1700,655366 b:16,-1)");
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," N("1.00") "," BO("true") "]"));
	ck_assert_ptr_null(strstr(buf_cstr(&r.text.out), "relation"));
	/* What is of fixed length is never left out of an UPDATE. */
	give(&r, ROW("U", "t", ",\"columns\":[" ID("1") "," A("\"x\"") "," N("1.00") "],\"identity\":[" ID("1") "]"));
	expect_said(&r, "identity d: *id:23,-1 a:25,-1 n:1700,655366)");
	rig_end(&r);
}
END_TEST

START_TEST(wal2json_follows_the_replica_identity_of_the_moment)
{
	static const char all[] = ID("1") "," A("\"x\"") "," N("1.00") "," BO("true");
	char msg[1024];
	struct rig r;

	made_start(&r, CATALOG, true);
	snprintf(msg, sizeof(msg), ROW("D", "t", ",\"identity\":[%s]"), all);
	give(&r, msg);
	expect_said(&r, "identity f: *id:23,-1 *a:25,-1 *n:1700,655366 *b:16,-1)\n  DELETE public.t\n    old row: a=\"x\" b=\"t\" id=\"1\" n=\"1.00\"\n");
	give(&r, ROW("D", "t", ",\"identity\":[" A("\"k\"") "]"));
	expect_said(&r, "identity i: id:23,-1 *a:25,-1 n:1700,655366 b:16,-1)\n  DELETE public.t\n    old key: a=\"k\" b=absent id=absent n=absent\n");
	give(&r, ROW("D", "full", ",\"identity\":[" X("\"k\"") "]"));
	keep_in_corpus(CATALOG, true, ROW("D", "full", ",\"identity\":[" X("\"k\"") "]"));
	expect_said(&r, "identity i: *x:25,-1 y:17,-1)");
	rig_end(&r);
}
END_TEST

START_TEST(wal2json_joins_the_tables_of_one_truncate)
{
	struct rig r;

	made_start(&r, CATALOG, true);
	give(&r, ROW("T", "t", ""));
	give(&r, ROW("T", "full", ""));
	give(&r, "{\"action\":\"T\",\"xid\":5,\"lsn\":\"0/9\",\"schema\":\"public\",\"table\":\"t\"}");
	expect_said(&r, "  TRUNCATE public.t public.full\n");
	give(&r, "{\"action\":\"T\",\"xid\":5,\"lsn\":\"0/9\",\"schema\":\"public\",\"table\":\"stranger\"}");
	give(&r, C);
	expect_said(&r, "  TRUNCATE public.t\nCOMMIT 0/20");
	ck_assert_uint_eq(wal2json_uncaptured(r.dec), 1);
	rig_end(&r);
}
END_TEST

/* The text of a type is not always JSON. */
START_TEST(wal2json_reads_types_that_are_not_escaped)
{
	struct rig r;

	static const char catalog[] = "table\t7\tpublic\tt\td\ncolumn\tid\t23\t-1\tinteger\tif\n"
				      "column\tm\t4000000000\t-1\t\"My S\".\"a\\\\b \"\"c\"\"\"\t-\n";

	keep_in_corpus(catalog, true, ROW("I", "t", ",\"columns\":[" ID("1") ",{\"name\":\"m\",\"type\":\"My S\".\"other\",\"typeoid\":-294967296,\"value\":\"x\"}]"));
	made_start(&r, catalog, true);
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") ",{\"name\":\"m\",\"type\":\"My S\".\"a\\b \"\"c\"\"\",\"typeoid\":-294967296,\"value\":\"x\"}]"));
	expect_said(&r, "m:4000000000,-1)\n  INSERT public.t\n    new: id=\"1\" m=\"x\"\n");
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") ",{\"name\":\"m\",\"type\":\"renamed \",\"typeoid\":-294967296,\"value\":\"y\"}]"));
	ck_assert_ptr_null(strstr(buf_cstr(&r.text.out), "relation"));
	rig_end(&r);
}
END_TEST

/* Of other tables nothing is read; where they may be partitions that nobody knows yet, the catalog is asked, once for each transaction. */
static unsigned strangers_asked;

static bool
strangers_count(void *arg, uint32_t xid, struct err *err)
{
	(void)arg;
	ck_assert_uint_eq(xid, 5);
	return ++strangers_asked < 3 || err_set(err, ERR_RETRY, "there is a new partition");
}

START_TEST(wal2json_asks_for_strangers_before_it_leaves_them_out)
{
	static const char row[] = ROW("I", "stranger", ",\"columns\":[ not looked at");
	static const char *const all[] = { row, ROW("D", "stranger", ",\"identity\":["), ROW("D", "stranger", ""), ROW("T", "stranger", "") };
	struct rig r;

	keep_in_corpus("table\t7\tpublic\tnewer\td\ncolumn\tid\t23\t-1\tinteger\tif\n", true, row);
	keep_in_corpus("table\t7\tpublic\tt\td\ntable\t8\tpublic\tt\td\n", false, row);
	made_start(&r, CATALOG, false);
	r.dec->p.strangers = strangers_count;
	for (unsigned n = 1; n <= 2; n++) {
		give(&r, B);
		give(&r, row);
		give(&r, row);
		give(&r, ROW("T", "stranger", ""));
		give(&r, C);
		ck_assert_uint_eq(strangers_asked, n);
	}
	ck_assert_uint_eq(wal2json_uncaptured(r.dec), 6);
	give(&r, B);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		strangers_asked = 2;
		ck_assert(!rig_decode(&r, all[i], strlen(all[i])));
		ck_assert_int_eq(r.err.kind, ERR_RETRY);
		rig_again(&r, true, 5, r.dec->final);
	}
	r.dec->p.strangers = NULL;
	give(&r, row);	/* then nobody is asked */
	ck_assert_uint_eq(wal2json_uncaptured(r.dec), 7);
	rig_end(&r);
}
END_TEST

static bool
resolve_none(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	(void)rel;
	(void)err;
	++*(int *)arg;
	*ret_table = NULL;
	return true;
}

START_TEST(wal2json_reads_no_rows_of_a_table_that_is_not_wanted)
{
	int asked = 0;
	struct rig r;

	made_start(&r, CATALOG, true);
	r.dec->p.resolver = (struct relation_resolver){ resolve_none, &asked };
	give(&r, ROW("D", "t", ",\"identity\":[" ID("1") "]"));
	give(&r, ROW("D", "t", ",\"identity\":[ not looked at"));
	give(&r, ROW("T", "t", ""));
	give(&r, ROW("T", "full", ""));
	ck_assert_int_eq(asked, 2);
	ck_assert_uint_eq(wal2json_uncaptured(r.dec), 4);
	rig_end(&r);
}
END_TEST

START_TEST(wal2json_reads_times_to_the_microsecond)
{
	static const struct { const char *text; int64_t want; } good[] = { { "1970-01-01 00:00:00+00", 0 }, { "2000-01-01 00:00:00.000001+00", INT64_C(946684800000001) },
		{ "2024-02-29 12:34:56.7+00", INT64_C(1709210096700000) }, { "2000-03-01 00:00:00+00", INT64_C(951868800000000) },
		{ "10000-01-01 00:00:00+00", INT64_C(253402300800000000) } };
	struct wall w;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert(parse_time(good[i].text, &w));
		ck_assert_int_eq(w.v, good[i].want);
	}
	ck_assert(!parse_time("2026-11-22 16:08:40", &w) && !parse_time("2026-11-22T16:08:40+00", &w) && !parse_time("26-11-22 16:08:40+00", &w) &&
	    !parse_time("2026-00-22 16:08:40+00", &w) && !parse_time("2026-11-00 16:08:40+00", &w) && !parse_time("2026-11-32 16:08:40+00", &w) &&
	    !parse_time("2026-11-22 16:60:40+00", &w) && !parse_time("2026-11-22 16:08:61+00", &w) && !parse_time("2026-11-22 16:08:40.:+00", &w) &&
	    !parse_time("2026-11-22 16:08:40.1234567+00", &w) && !parse_time("2026-11-22 24:08:40+00", &w) && !parse_time("2026-11-22 16:08:40+00 BC", &w));
}
END_TEST

START_TEST(wal2json_tells_the_ends_of_a_transaction_without_a_decoder)
{
	static const char half[] = "{\"action\":\"C\",\"xid\":5,\"lsn\":\"0/1\"}";
	struct wal2json_edge e;
	struct err err = ERR_INIT;

	ck_assert(wal2json_edge(B, strlen(B), &e, &err) && e.action == 'B' && e.end.v == 0x20);
	ck_assert(wal2json_edge(C, strlen(C), &e, &err) && e.action == 'C' && e.end.v == 0x20 && e.time.v == INT64_C(1795363720500000));
	ck_assert(wal2json_edge(ROW("I", "t", ",\"columns\":[ whatever"), strlen(ROW("I", "t", ",\"columns\":[ whatever")), &e, &err) && e.action == 0);
	ck_assert(wal2json_edge(ROW("D", "t", ",\"identity\":[ whatever"), strlen(ROW("D", "t", ",\"identity\":[ whatever")), &e, &err) && e.action == 0);
	ck_fails(wal2json_edge("{", 1, &e, &err), &err, ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(err.msg, "wal2json"));
	ck_fails(wal2json_edge(half, sizeof(half) - 1, &e, &err), &err, ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(err.msg, "'C' with other members"));
	ck_assert(e.action == 0 && e.end.v == 0);
}
END_TEST

START_TEST(wal2json_names_tables_as_the_plugin_wants_them)
{
	struct buf b = { 0 };

	wal2json_list_table(&b, "public", "t_1");
	wal2json_list_table(&b, "*", "*");
	wal2json_list_table(&b, "a.b", "c, d\\ é'\"");
	ck_assert_str_eq(buf_cstr(&b), "public.t_1,\\*.\\*,a\\.b.c\\,\\ d\\\\\\ é\\'\\\"");
	buf_done(&b);
}
END_TEST

/* The message is refused with another's error, which is handed on as it is. */
static void
expect_error(struct rig *r, const char *msg, enum err_kind kind, const char *position)
{
	if (rig_decode(r, msg, strlen(msg)))
		ck_abort_msg("taken: %s", msg);
	ck_assert_int_eq(r->err.kind, kind);
	ck_assert_str_eq(r->err.position, position);
	ck_assert_ptr_null(strstr(r->err.msg, "wal2json"));
	rig_end(r);
}

static bool
typmod_refuse(void *arg, uint32_t oid, const char *type, int32_t *ret, struct err *err)
{
	(void)arg;
	ck_assert_uint_eq(oid, 1700);
	ck_assert_str_eq(type, "numeric(9)");
	*ret = 0;
	return err_set(err, ERR_RETRY, "the catalog is out of reach");
}

static bool
resolve_placed(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	(void)arg;
	(void)rel;
	*ret_table = NULL;
	err_set(err, ERR_SCHEMA, "the table differs");
	return err_position(err, "%s", "0/7");
}

#define N9 COL("n", "numeric(9)", "1700", "1.00")

START_TEST(wal2json_hands_on_the_errors_of_others)
{
	static const char *const odd[] = { ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N9 "," BO("true") "]"),
		ROW("U", "t", ",\"columns\":[" ID("1") "," A("null") "," N9 "," BO("true") "],\"identity\":[" ID("1") "]"),
		ROW("D", "t", ",\"identity\":[" N9 "]"),
		ROW("D", "t", ",\"identity\":[" N9 "," COL("more", "text", "25", "null") "]") };
	static const char *const sunk[] = { B, C, ROW("D", "t", ",\"identity\":[" ID("1") "]"),
		ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N("1.00") "," BO("true") "]") };
	struct rig r;

	for (size_t i = 0; i < sizeof(sunk) / sizeof(sunk[0]); i++) {
		made_start(&r, CATALOG, true);
		if (i == 0)
			give(&r, C);
		r.sink.refuse_after = 1;
		expect_error(&r, sunk[i], ERR_CANCELLED, i == 0 ? "" : "0/10");
	}
	made_start(&r, CATALOG, true);	/* where it is the TRUNCATE before it that finds no room */
	give(&r, ROW("T", "t", ""));
	r.sink.refuse_after = 1;
	expect_error(&r, C, ERR_CANCELLED, "0/10");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		made_start(&r, CATALOG, true);
		r.dec->p.typmod = typmod_refuse;
		expect_error(&r, odd[i], ERR_RETRY, "0/10");
	}
	made_start(&r, CATALOG, true);
	r.dec->p.resolver = (struct relation_resolver){ resolve_placed, NULL };
	expect_error(&r, ROW("D", "t", ",\"identity\":[" ID("1") "]"), ERR_SCHEMA, "0/7");
	made_start(&r, "table\t7\tpublic\trefuse\td\ncolumn\tid\t23\t-1\tinteger\tif\n", true);
	expect_error(&r, ROW("T", "refuse", ""), ERR_SCHEMA, "0/10");
	made_start(&r, "table\t7\tpublic\trefuse\td\ncolumn\tid\t23\t-1\tinteger\tif\n", true);
	ck_assert(!rig_decode(&r, ROW("D", "refuse", ",\"identity\":[" ID("1") "]"), strlen(ROW("D", "refuse", ",\"identity\":[" ID("1") "]"))));
	ck_assert_int_eq(r.err.kind, ERR_SCHEMA);
	ck_assert_str_eq(r.err.table, "public.refuse");
	rig_end(&r);
}
END_TEST

/* ---- what can not be so many, or twice ---- */

START_TEST(wal2json_refuses_tables_that_can_not_be)
{
	static const char twice[] = "table\t7\tpublic\tt\td\ntable\t8\tpublic\tu\td\ntable\t9\tpublic\tt\td\n";
	struct buf frames = { 0 };
	struct w2j_frames f;
	struct err err = ERR_INIT;

	put_frame(&frames, twice);
	w2j_frames_init(&f, frames.p, frames.n);
	ck_fails(w2j_frames_decoder(&f, checking_sink(&(struct checking_sink){ .max = 0 }), &err) != NULL, &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "public.t is captured twice"));
	f.ntables = 2;
	f.tables[1].ncols = RELATION_MAX_COLUMNS + 1;
	ck_fails(w2j_frames_decoder(&f, checking_sink(&(struct checking_sink){ .max = 0 }), &err) != NULL, &err, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "table public.u has 1665 columns: at most 1664"));
	w2j_frames_done(&f);
	buf_done(&frames);
	wal2json_free(NULL);
}
END_TEST

/* A row of n columns that the catalog does not know, under an identity of its first one. */
static void
put_many(struct buf *b, const char *action, unsigned n)
{
	buf_reset(b);
	buf_printf(b, "{\"action\":\"%s\",\"xid\":5,\"lsn\":\"0/8\",\"schema\":\"public\",\"table\":\"t\",\"columns\":[", action);
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s{\"name\":\"c%u\",\"type\":\"text\",\"typeoid\":25,\"value\":\"x\"}", i > 0 ? "," : "", i);
	buf_str(b, action[0] == 'I' ? "]}" : "],\"identity\":[{\"name\":\"c0\",\"type\":\"text\",\"typeoid\":25,\"value\":\"x\"}]}");
}

START_TEST(wal2json_refuses_rows_of_too_many_columns)
{
	static const struct {
		const char *action;
		unsigned n;
		bool ok;
	} list[] = { { "I", RELATION_MAX_COLUMNS, true }, { "I", RELATION_MAX_COLUMNS + 1, false },
		{ "U", RELATION_MAX_COLUMNS - 2, true }, { "U", RELATION_MAX_COLUMNS - 1, false } };	/* `a` and `n` may be there, unchanged */
	struct buf msg = { 0 };
	struct rig r;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		made_start(&r, CATALOG, true);
		put_many(&msg, list[i].action, list[i].n);
		ck_assert(rig_decode(&r, msg.p, msg.n) == list[i].ok);
		if (!list[i].ok) {
			ck_assert_int_eq(r.err.kind, ERR_PROTOCOL);
			ck_assert_ptr_nonnull(strstr(r.err.msg, "more than 1664 columns"));
		}
		rig_end(&r);
	}
	made_start(&r, CATALOG, true);
	r.dec->truncated.n = UINT16_MAX;
	r.dec->truncated.lsn = 8;
	ck_assert(!rig_decode(&r, ROW("T", "t", ""), strlen(ROW("T", "t", ""))));
	ck_assert_ptr_nonnull(strstr(r.err.msg, "TRUNCATE of more than 65535 tables"));
	r.dec->truncated.n = 0;
	rig_end(&r);
	buf_done(&msg);
}
END_TEST

/* ---- the old key: there only where it differs from the new row ---- */

#define KEYED                                                                                                                              \
	"table\t7\tpublic\tt\ti\ncolumn\tid\t23\t-1\tinteger\tf\ncolumn\ta\t25\t-1\ttext\ti\ncolumn\tb\t16\t-1\tboolean\tif\n"             \
	"column\tg\t23\t-1\tinteger\tgf\n"
#define G(v) COL("g", "integer", "23", v)

START_TEST(wal2json_gives_an_old_key_where_it_differs)
{
	static const struct {
		const char *columns, *identity, *said;
	} list[] = {
		{ ID("1") "," A("\"\"") "," BO("true"), A("\"\"") "," BO("true"), "UPDATE public.t\n    new: a=\"\" b=\"t\" id=\"1\"\n" },
		{ ID("1") "," A("\"x\"") "," BO("true"), A("\"x\"") "," BO("true"), "UPDATE public.t\n    new: a=\"x\" b=\"t\" id=\"1\"\n" },
		{ ID("1") "," A("\"x\"") "," BO("true") "," G("5"), A("\"x\"") "," BO("true") "," G("4"), "UPDATE public.t\n    new: a=\"x\" b=\"t\" id=\"1\"\n" },
		{ ID("1") "," A("\"x\"") "," BO("true"), A("\"y\"") "," BO("true"),
		    "old key: a=\"y\" b=\"t\" id=absent\n    new: a=\"x\" b=\"t\" id=\"1\"\n" },
		{ ID("1") "," A("\"x\"") "," BO("true"), A("\"xy\"") "," BO("true"),
		    "old key: a=\"xy\" b=\"t\" id=absent\n    new: a=\"x\" b=\"t\" id=\"1\"\n" },
		{ ID("1") "," A("\"x\"") "," BO("true"), A("\"x\"") "," BO("false"),
		    "old key: a=\"x\" b=\"f\" id=absent\n    new: a=\"x\" b=\"t\" id=\"1\"\n" },
		/* stored apart and not changed: it stands in the identity alone */
		{ ID("1") "," BO("true"), A("\"x\"") "," BO("true"), "old key: a=\"x\" b=\"t\" id=absent\n    new: a=\"x\" b=\"t\" id=\"1\"\n" },
	};
	char msg[1024];
	struct rig r;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		snprintf(msg, sizeof(msg), ROW("U", "t", ",\"columns\":[%s],\"identity\":[%s]"), list[i].columns, list[i].identity);
		keep_in_corpus(KEYED, true, msg);
		made_start(&r, KEYED, true);
		give(&r, msg);
		expect_said(&r, list[i].said);
		rig_end(&r);
	}
}
END_TEST

/* Versions that differ in one thing only are not taken for each other; generated columns of an identity count for nothing. */
START_TEST(wal2json_keeps_versions_of_an_identity_apart)
{
#define FULL(n) ROW("D", "t", ",\"identity\":[" ID("1") "," A("\"x\"") "," n "," BO("true") "]")
	struct rig r;

	made_start(&r, CATALOG, true);
	give(&r, FULL(N("1.00")));
	expect_said(&r, "identity f: *id:23,-1 *a:25,-1 *n:1700,655366 *b:16,-1)");
	give(&r, FULL(COL("n", "numeric(10,3)", "1700", "1.000")));
	expect_said(&r, "identity f: *id:23,-1 *a:25,-1 *n:1700,655367 *b:16,-1)");
	give(&r, FULL(N("2.00")));
	ck_assert_ptr_null(strstr(buf_cstr(&r.text.out), "relation"));
	rig_end(&r);
	/* so too where the identity is found out of a version that was there without it */
	made_start(&r, CATALOG, true);
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," COL("n", "numeric(10,3)", "1700", "1.000") "," BO("true") "]"));
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N("1.00") "," BO("true") "]"));
	give(&r, FULL(N("1.00")));
	expect_said(&r, "identity f: *id:23,-1 *a:25,-1 *n:1700,655366 *b:16,-1)");
	give(&r, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," COL("n", "numeric(10,3)", "1700", "1.000") "," BO("true") "]"));
	give(&r, FULL(COL("n", "numeric(10,3)", "1700", "1.000")));
	expect_said(&r, "identity f: *id:23,-1 *a:25,-1 *n:1700,655367 *b:16,-1)");
	give(&r, FULL(N("2.00")));
	ck_assert_ptr_null(strstr(buf_cstr(&r.text.out), "relation"));
	give(&r, ROW("D", "t", ",\"identity\":[" ID("1") "," A("\"x\"") "," N("1.00") "," BO("true") "," COL("g", "integer", "23", "2") "]"));
	ck_assert_ptr_null(strstr(buf_cstr(&r.text.out), "relation"));
	expect_said(&r, "old row: a=\"x\" b=\"t\" id=\"1\" n=\"1.00\"\n");
	/* a column that has another name by now, of the same type in the same place */
	give(&r, ROW("D", "t", ",\"identity\":[" ID("1") "," COL("z", "text", "25", "\"x\"") "," N("1.00") "," BO("true") "]"));
	expect_said(&r, "z:25,-1");
	rig_end(&r);
#undef FULL
}
END_TEST

START_TEST(wal2json_stops_at_a_null_of_each_type_that_has_nan)
{
	static const struct {
		const char *type, *oid;
		bool stops;
	} list[] = { { "real", "700", true }, { "double precision", "701", true }, { "numeric", "1700", true }, { "bigint", "20", false }, { "oid", "26", false },
		{ "smallint", "21", false }, { "text", "25", false } };
	char catalog[128], msg[512];
	struct rig r;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		snprintf(catalog, sizeof(catalog), "table\t7\tpublic\tt\td\ncolumn\tid\t23\t-1\tinteger\tif\ncolumn\tf\t%s\t-1\t%s\t-\n", list[i].oid, list[i].type);
		snprintf(msg, sizeof(msg), ROW("I", "t", ",\"columns\":[" ID("1") ",{\"name\":\"f\",\"type\":\"%s\",\"typeoid\":%s,\"value\":null}]"), list[i].type,
		    list[i].oid);
		made_start(&r, catalog, true);
		ck_assert(rig_decode(&r, msg, strlen(msg)) == !list[i].stops);
		ck_assert(!list[i].stops || (r.err.kind == ERR_CONFIG && r.err.remedy[0] != '\0' && strstr(r.err.msg, "column f") != NULL));
		if (!list[i].stops)
			expect_said(&r, "new: f=NULL id=\"1\"\n");
		rig_end(&r);
	}
}
END_TEST

/* Wherever memory runs out: an error, and nothing is left behind. */
static bool
run_short_of_memory(struct err *err)
{
	static const char *const messages[] = { B, ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," N("1.00") "," BO("true") "]"),
		ROW("I", "t", ",\"columns\":[" ID("1") "," A("null") "," COL("n", "numeric(10,3)", "1700", "1.000") "," BO("true") "]"),
		ROW("U", "t", ",\"columns\":[" COL("id", "bigint", "20", "1") "," N("1.00") "," BO("true") "],\"identity\":[" COL("id", "bigint", "20", "1") "]"),
		ROW("D", "t", ",\"identity\":[" A("\"k\"") "]"), ROW("I", "a table whose name is longer than that of any other here", ",\"columns\":["),
		ROW("D", "full", ",\"identity\":[" X("\"k\"") "]"), ROW("U", "full", ",\"columns\":[" X("\"k\"") "],\"identity\":[" X("\"k\"") "," Y("\"00\"") "]"),
		ROW("T", "t", ""), ROW("T", "full", ""), C };
	const unsigned long left = memory_left;
	struct checking_sink sink = { .max = 0 };
	struct buf frames = { 0 };
	struct wal2json *dec;
	struct w2j_frames f;
	bool ok;

	memory_left = ULONG_MAX;
	put_frame(&frames, CATALOG);
	w2j_frames_init(&f, frames.p, frames.n);
	memory_left = left;
	ok = (dec = w2j_frames_decoder(&f, checking_sink(&sink), err)) != NULL;
	for (size_t i = 0; ok && i < sizeof(messages) / sizeof(messages[0]); i++)
		ok = wal2json_decode(dec, messages[i], strlen(messages[i]), err);
	ck_assert(!ok || sink.records == 9);	/* all but a stranger, and one TRUNCATE of two tables */
	wal2json_free(dec);
	checking_sink_done(&sink);
	w2j_frames_done(&f);
	buf_done(&frames);
	return ok;
}

START_TEST(wal2json_survives_want_of_memory)
{
	no_memory_anywhere(run_short_of_memory);
}
END_TEST

UNIT_MAIN("wal2json", wal2json_decodes_captured_messages_as_expected, wal2json_gives_the_changes_that_pgoutput_gives,
    wal2json_refuses_each_message_cut_at_each_byte, wal2json_survives_each_byte_flipped, wal2json_refuses_messages_that_do_not_fit,
    wal2json_refuses_columns_that_can_not_be, wal2json_stops_at_a_null_that_may_be_nan, wal2json_tells_null_from_absent_and_fills_from_the_old_row,
    wal2json_minds_the_order_of_columns, wal2json_leaves_generated_columns_out, wal2json_holds_each_row_against_the_shape, wal2json_follows_the_replica_identity_of_the_moment,
    wal2json_joins_the_tables_of_one_truncate, wal2json_reads_types_that_are_not_escaped, wal2json_asks_for_strangers_before_it_leaves_them_out,
    wal2json_reads_no_rows_of_a_table_that_is_not_wanted, wal2json_reads_times_to_the_microsecond,
    wal2json_tells_the_ends_of_a_transaction_without_a_decoder, wal2json_names_tables_as_the_plugin_wants_them, wal2json_hands_on_the_errors_of_others,
    wal2json_refuses_tables_that_can_not_be, wal2json_refuses_rows_of_too_many_columns, wal2json_gives_an_old_key_where_it_differs,
    wal2json_keeps_versions_of_an_identity_apart, wal2json_stops_at_a_null_of_each_type_that_has_nan,
    wal2json_survives_want_of_memory)
