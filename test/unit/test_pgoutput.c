/* test_pgoutput.c - the decoder on captured messages (test/corpus/pgoutput, their changes as text
 * in pgoutput-expected) and on messages made here for what a healthy server never sends. The made
 * ones stand in the corpus too, for the fuzz target.
 * GOLDEN=write makes the expected texts and the made inputs anew; read the difference. Runs in the
 * project's top folder. */
#include "cdc/pgoutput.c"

#include <stdio.h>

#include "test/fake/checking_sink.h"
#include "test/unit/unit.h"
#include "test/unit/no_memory.h"

#define CORPUS	 "test/corpus/pgoutput/"
#define EXPECTED "test/corpus/pgoutput-expected/"

static bool
golden_write(void)
{
	const char *env = getenv("GOLDEN");

	return env != NULL && strcmp(env, "write") == 0;
}

/* ---- files and frames ---- */

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

static void
file_write(const char *folder, const char *name, const struct buf *b)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	ck_assert_ptr_nonnull(f = fopen(path, "wb"));
	ck_assert_uint_eq(fwrite(b->p, 1, b->n, f), b->n);
	ck_assert_int_eq(fclose(f), 0);
}

/* The file holds these bytes; GOLDEN=write makes it so. */
static void
file_same(const char *folder, const char *name, const struct buf *want)
{
	struct buf have;

	if (golden_write())
		file_write(folder, name, want);
	have = file_read(folder, name);
	if (have.n != want->n || memcmp(have.p, want->p, want->n) != 0)
		ck_abort_msg("%s%s differs from what the test makes (GOLDEN=write, then compare)",
		    folder, name);
	buf_done(&have);
}

static bool
next_frame(struct rd *in, struct slice *ret)
{
	if (rd_left(in) == 0)
		return false;
	ret->n = rd_u32(in);
	ret->p = rd_bytes(in, ret->n);
	ck_assert(!in->bad);
	return true;
}

/* ---- changes as text ---- */

static void
dump_value(struct buf *out, const struct value *v)
{
	const uint32_t shown = v->len > 40 ? 24 : v->len;

	if (v->kind == VALUE_ABSENT) {
		buf_str(out, "absent");
	} else if (v->kind == VALUE_NULL) {
		buf_str(out, "NULL");
	} else if (v->kind == VALUE_TEXT) {
		buf_json_str(out, (const char *)v->p, shown);
	} else {
		buf_str(out, "x");
		for (uint32_t i = 0; i < shown; i++)
			buf_printf(out, "%02x", v->p[i]);
	}
	if (v->kind > VALUE_NULL && shown < v->len)
		buf_printf(out, "...(%u bytes, hash %08x)", v->len,
		    (unsigned)hash_bytes(v->p, v->len, 0));
}

static void
dump_values(struct buf *out, const char *what, const struct relation *rel, const struct value *v,
    uint16_t n)
{
	if (n == 0)
		return;
	buf_printf(out, "\n    %s:", what);
	for (uint16_t i = 0; i < n; i++) {
		buf_printf(out, " %s=", rel->cols[i].name);
		dump_value(out, &v[i]);
	}
}

static void
dump_row(struct buf *out, const struct change *c)
{
	static const char *const kinds[] = { [CHANGE_INSERT] = "INSERT",
		[CHANGE_UPDATE] = "UPDATE",
		[CHANGE_DELETE] = "DELETE" };

	buf_printf(out, "  %s %s.%s", kinds[c->kind], c->rel->schema, c->rel->name);
	dump_values(out, c->old == OLD_FULL ? "old row" : "old key", c->rel, change_old_values(c),
	    c->nold);
	dump_values(out, "new", c->rel, change_new_values(c), c->nnew);
	buf_str(out, "\n");
}

static void
dump_truncate(struct buf *out, const struct change *c)
{
	buf_str(out, "  TRUNCATE");
	for (uint16_t i = 0; i < c->u.truncate.nrels; i++)
		buf_printf(out, " %s.%s", change_truncated(c)[i]->schema,
		    change_truncated(c)[i]->name);
	buf_printf(out, "%s%s\n", c->u.truncate.cascade ? " cascade" : "",
	    c->u.truncate.restart_identity ? " restart identity" : "");
}

static void
dump_change(void *arg, const struct change *c)
{
	struct buf *out = arg;
	char lsn[LSN_TEXT], pos[POSITION_TEXT], when[WALL_TEXT];

	if (c->kind == CHANGE_BEGIN)
		buf_printf(out, "BEGIN %s xid %u at %s\n", lsn_text(c->u.begin.mark.lsn.v, lsn),
		    c->u.begin.xid, wall_text_ms(c->u.begin.commit_time, when));
	else if (c->kind == CHANGE_COMMIT)
		buf_printf(out, "COMMIT %s at %s\n", position_text(&c->u.commit.position, pos),
		    wall_text_ms(c->u.commit.commit_time, when));
	else if (c->kind == CHANGE_TRUNCATE)
		dump_truncate(out, c);
	else
		dump_row(out, c);
}

static void
dump_relation(struct buf *out, const struct relation *rel, bool captured)
{
	buf_printf(out, "  (relation %u %s.%s, identity %c%s:", rel->id, rel->schema, rel->name,
	    rel->replica_identity, captured ? "" : ", not captured");
	for (uint16_t i = 0; i < rel->ncols; i++)
		buf_printf(out, " %s%s:%u,%d", rel->cols[i].identity ? "*" : "",
		    rel->cols[i].name, rel->cols[i].oid, rel->cols[i].typmod);
	buf_str(out, ")\n");
}

/* ---- a decoder between a resolver and a sink that check ---- */

struct rig {
	struct pgoutput *dec;
	struct checking_sink sink;
	struct buf text;
	bool dump;
	struct err err;
};

/* Tables named skip* are not captured. */
static bool
rig_resolve(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	struct rig *rig = arg;
	const bool captured = strncmp(rel->name, "skip", 4) != 0;

	ck_assert_uint_ne(rel->version, 0);
	ck_assert_ptr_null(rel->table);
	if (strncmp(rel->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the table differs");
	if (rig->dump)
		dump_relation(&rig->text, rel, captured);
	*ret_table = captured ? rig : NULL;
	return true;
}

static void
rig_start(struct rig *rig, bool dump)
{
	memset(rig, 0, sizeof(*rig));
	rig->dump = dump;
	rig->sink.seen = dump ? dump_change : NULL;
	rig->sink.arg = &rig->text;
	rig->dec = pgoutput_new((struct relation_resolver){ rig_resolve, rig },
	    checking_sink(&rig->sink), &rig->err);
	ck_assert_ptr_nonnull(rig->dec);
}

static void
rig_end(struct rig *rig)
{
	pgoutput_free(rig->dec);
	checking_sink_done(&rig->sink);
	buf_done(&rig->text);
}

/* From memory of exactly this size. */
static bool
rig_decode(struct rig *rig, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	bool ok;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, n);
	err_clear(&rig->err);
	ok = pgoutput_decode(rig->dec, copy, n, &rig->err);
	free(copy);
	ck_assert(ok == (rig->err.kind == ERR_NONE));
	return ok;
}

static bool
rig_decode_all(struct rig *rig, const struct buf *frames)
{
	struct rd in = rd_init(frames->p, frames->n);
	struct slice msg;

	while (next_frame(&in, &msg))
		if (!rig_decode(rig, msg.p, msg.n))
			return false;
	return true;
}

/* ---- captured messages ---- */

static const char *const captures[] = { "types-binary", "types-text", "identity", "truncate",
	"between", "refuse-streaming", "refuse-two-phase" };
#define NCAPTURES (int)(sizeof(captures) / sizeof(captures[0]))

/* The changes as text; at the end what was dropped, or why the stream was refused. */
static void
dump_frames(struct rig *rig, const struct buf *frames)
{
	rig_start(rig, true);
	if (rig_decode_all(rig, frames))
		buf_printf(&rig->text, "end: %u relation versions, %u changes not captured\n",
		    (unsigned)relmap_versions(rig->dec->relations),
		    (unsigned)pgoutput_uncaptured(rig->dec));
	else
		buf_printf(&rig->text, "refused: %s: %s [%s] [%s]\n", err_kind_name(rig->err.kind),
		    rig->err.msg, rig->err.position, rig->err.table);
}

static void
expect_golden(const char *name, const struct buf *frames)
{
	struct rig rig;
	char file[128];

	dump_frames(&rig, frames);
	snprintf(file, sizeof(file), "%s.txt", name);
	file_same(EXPECTED, file, &rig.text);
	rig_end(&rig);
}

START_TEST(pgoutput_decodes_captured_messages_as_expected)
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i]);

		expect_golden(captures[i], &frames);
		buf_done(&frames);
	}
}
END_TEST

/* A decoder as it stands before the message at `upto`: all relations, and the transaction's
 * BEGIN. */
static void
rig_context(struct rig *rig, const struct buf *frames, size_t upto)
{
	struct rd in = rd_init(frames->p, upto);
	struct slice msg, begin = { 0 };

	rig_start(rig, false);
	while (next_frame(&in, &msg)) {
		if (msg.p[0] == 'B')
			begin = msg;
		else if (msg.p[0] == 'C')
			begin = (struct slice){ 0 };
		else if (msg.p[0] == 'R')
			ck_assert(rig_decode(rig, msg.p, msg.n));
	}
	ck_assert(begin.n == 0 || rig_decode(rig, begin.p, begin.n));
}

/* As after rig_context(); cheap where the message changed no relation. */
static void
rig_again(struct rig *rig, const struct buf *frames, size_t upto, size_t versions, bool in_txn)
{
	if (relmap_versions(rig->dec->relations) != versions) {
		rig_end(rig);
		rig_context(rig, frames, upto);
		return;
	}
	rig->dec->dead = false;
	rig->dec->in_txn = rig->sink.in_txn = in_txn;
	rig->dec->last = NULL;
}

/* A row of a table that is not captured is looked at no further than its relation. */
static bool
uncaptured_row(const struct rig *rig, const struct slice *msg)
{
	return strchr("IUD", msg->p[0]) != NULL &&
	    relmap_get(rig->dec->relations, be32(msg->p + 1))->table == NULL;
}

static void
cut_everywhere(const struct buf *frames, size_t at, const struct slice *msg)
{
	struct rig rig;
	size_t versions;
	bool in_txn;

	rig_context(&rig, frames, at);
	versions = relmap_versions(rig.dec->relations);
	in_txn = rig.dec->in_txn;
	for (size_t n = 0; n < msg->n; n++) {
		if (n >= 5 && uncaptured_row(&rig, msg))
			break;
		ck_assert(!rig_decode(&rig, msg->p, n));
		ck_assert_int_eq(rig.err.kind, ERR_PROTOCOL);
		ck_assert(rig.dec->in_txn == in_txn);
		rig_again(&rig, frames, at, versions, in_txn);
	}
	rig_end(&rig);
}

/* Each byte turned round, and one of its bits. A refusal is clean, or the record keeps the
 * contract: the sink checks. */
static void
flip_everywhere(const struct buf *frames, size_t at, const struct slice *msg)
{
	struct rig rig;
	size_t versions;
	bool in_txn;
	uint8_t *copy = malloc(msg->n);

	ck_assert_ptr_nonnull(copy);
	rig_context(&rig, frames, at);
	versions = relmap_versions(rig.dec->relations);
	in_txn = rig.dec->in_txn;
	for (size_t i = 0; i < 2 * msg->n; i++) {
		memcpy(copy, msg->p, msg->n);
		copy[i / 2] ^= i % 2 == 0 ? 0xff : 1 << (i / 2 % 8);
		if (!rig_decode(&rig, copy, msg->n))
			ck_assert_str_ne(rig.err.msg, "");
		rig_again(&rig, frames, at, versions, in_txn);
	}
	rig_end(&rig);
	free(copy);
}

/* Messages that are not refused as a whole. */
static void
each_message(void (*fn)(const struct buf *, size_t, const struct slice *))
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i]);
		struct rd in = rd_init(frames.p, frames.n);
		struct slice msg;

		for (size_t at = 0; next_frame(&in, &msg); at = in.off) {
			if (strchr("BCORYIUDTM", msg.p[0]) == NULL)
				break;
			fn(&frames, at, &msg);
		}
		buf_done(&frames);
	}
}

START_TEST(pgoutput_refuses_each_message_cut_at_each_byte)
{
	each_message(cut_everywhere);
}
END_TEST

START_TEST(pgoutput_survives_each_byte_flipped)
{
	each_message(flip_everywhere);
}
END_TEST

/* ---- messages made by hand ---- */

struct made {
	struct buf b;
	size_t start;			/* of the open frame's length */
};

static void
m_open(struct made *m, char tag)
{
	m->start = m->b.n;
	buf_u32(&m->b, 0);
	buf_u8(&m->b, (uint8_t)tag);
}

static void
m_close(struct made *m)
{
	buf_set_u32(&m->b, m->start, (uint32_t)(m->b.n - m->start - 4));
}

static void
m_cstr(struct made *m, const char *s)
{
	buf_put(&m->b, s, strlen(s) + 1);
}

static void
m_begin(struct made *m, uint64_t final)
{
	m_open(m, 'B');
	buf_u64(&m->b, final);
	buf_u64(&m->b, 762520000000000);
	buf_u32(&m->b, 700);
	m_close(m);
}

static void
m_commit(struct made *m, uint8_t flags, uint64_t start, uint64_t end)
{
	m_open(m, 'C');
	buf_u8(&m->b, flags);
	buf_u64(&m->b, start);
	buf_u64(&m->b, end);
	buf_u64(&m->b, 762520000000000);
	m_close(m);
}

static void
m_relation_head(struct made *m, uint32_t id, const char *schema, const char *name, char identity,
    uint16_t ncols)
{
	m_open(m, 'R');
	buf_u32(&m->b, id);
	m_cstr(m, schema);
	m_cstr(m, name);
	buf_u8(&m->b, (uint8_t)identity);
	buf_u16(&m->b, ncols);
}

static void
m_column(struct made *m, uint8_t flags, const char *name, uint32_t oid)
{
	buf_u8(&m->b, flags);
	m_cstr(m, name);
	buf_u32(&m->b, oid);
	buf_u32(&m->b, UINT32_MAX);
}

/* Two columns: a int4, in the identity unless that is nothing, and b text, in it under FULL. */
static void
m_relation(struct made *m, uint32_t id, const char *name, char identity)
{
	m_relation_head(m, id, "public", name, identity, 2);
	m_column(m, identity != 'n', "a", 23);
	m_column(m, identity == 'f', "b", 25);
	m_close(m);
}

/* kinds: a letter for each column; t and b have a value of three bytes. */
static void
m_tuple(struct made *m, char part, const char *kinds)
{
	buf_u8(&m->b, (uint8_t)part);
	buf_u16(&m->b, (uint16_t)strlen(kinds));
	for (; *kinds != '\0'; kinds++) {
		buf_u8(&m->b, (uint8_t)*kinds);
		if (*kinds == 't' || *kinds == 'b') {
			buf_u32(&m->b, 3);
			buf_put(&m->b, part == 'N' ? "new" : "old", 3);
		}
	}
}

/* tag and relation, then as many tuples as there are parts. */
static void
m_row(struct made *m, char tag, uint32_t id, const char *parts, const char *first,
    const char *second)
{
	m_open(m, tag);
	buf_u32(&m->b, id);
	if (parts[0] != '\0')
		m_tuple(m, parts[0], first);
	if (parts[0] != '\0' && parts[1] != '\0')
		m_tuple(m, parts[1], second);
	m_close(m);
}

static void
m_truncate(struct made *m, uint32_t n, uint8_t options, const char *ids)
{
	m_open(m, 'T');
	buf_u32(&m->b, n);
	buf_u8(&m->b, options);
	for (; *ids != '\0'; ids++)
		buf_u32(&m->b, (uint32_t)(*ids - '0'));
	m_close(m);
}

static void
m_message(struct made *m, uint8_t flags, uint32_t length, const char *content)
{
	m_open(m, 'M');
	buf_u8(&m->b, flags);
	buf_u64(&m->b, 0x99);
	m_cstr(m, "prefix");
	buf_u32(&m->b, length);
	buf_str(&m->b, content);
	m_close(m);
}

static void
m_origin(struct made *m)
{
	m_open(m, 'O');
	buf_u64(&m->b, 0x77);
	m_cstr(m, "elsewhere");
	m_close(m);
}

/* The usual start: 1 is public.d (default), 2 public.f (FULL), 3 public.skip, in the transaction at
 * 0/100. */
static struct made
m_start(void)
{
	struct made m = { 0 };

	m_begin(&m, 0x100);
	m_relation(&m, 1, "d", 'd');
	m_relation(&m, 2, "f", 'f');
	m_relation(&m, 3, "skip", 'd');
	return m;
}

/* The last message stands in the corpus and is refused with these words; what precedes it is
 * fine. */
static void
expect_refused(const char *name, struct made *m, enum err_kind kind, const char *words)
{
	struct rig rig;
	struct rd in = rd_init(m->b.p, m->b.n);
	struct slice msg;

	file_same(CORPUS, name, &m->b);
	rig_start(&rig, false);
	while (next_frame(&in, &msg) && rig_decode(&rig, msg.p, msg.n))
		;
	if (rig.err.kind != kind || strstr(rig.err.msg, words) == NULL || rd_left(&in) > 0)
		ck_abort_msg("%s: wanted \"%s\", got %s \"%s\", %u bytes left", name, words,
		    err_kind_name(rig.err.kind), rig.err.msg, (unsigned)rd_left(&in));
	rig_end(&rig);
	buf_done(&m->b);
}

#define REFUSED(name, m, words) expect_refused("bad-" name, m, ERR_PROTOCOL, words)

static void
expect_made(const char *name, struct made *m)
{
	file_same(CORPUS, name, &m->b);
	expect_golden(name, &m->b);
	buf_done(&m->b);
}

START_TEST(pgoutput_names_the_byte_of_a_message_it_does_not_know)
{
	static const char tags[] = "SEcAbPKrpz\x01\xff";
	struct made m = { 0 };
	struct rig rig;
	char want[16];

	for (const char *tag = tags; *tag != '\0'; tag++) {
		rig_start(&rig, false);
		snprintf(want, sizeof(want), "0x%02x", (unsigned char)*tag);
		ck_assert(!rig_decode(&rig, (const uint8_t *)tag, 1));
		ck_assert_int_eq(rig.err.kind, ERR_PROTOCOL);
		ck_assert_msg(strstr(rig.err.msg, want) != NULL, "%s", rig.err.msg);
		rig_end(&rig);
	}
	m_open(&m, 'z');
	m_close(&m);
	REFUSED("tag", &m, "message 0x7a (z)");
	buf_u32(&m.b, 0);
	REFUSED("empty", &m, "empty message");
}
END_TEST

START_TEST(pgoutput_refuses_transactions_that_do_not_fit)
{
	struct made m = { 0 };

	m_begin(&m, 0x100);
	m_begin(&m, 0x200);
	REFUSED("begin-twice", &m, "BEGIN inside a transaction");
	m_commit(&m, 0, 0x100, 0x130);
	REFUSED("commit-outside", &m, "'C' outside a transaction");
	m_begin(&m, 0x100);
	m_commit(&m, 1, 0x100, 0x130);
	REFUSED("commit-flags", &m, "COMMIT with flags 0x01");
	m_begin(&m, 0x100);
	m_commit(&m, 0, 0x108, 0x130);
	REFUSED("commit-other", &m, "at 0/108 inside the one at 0/100");
	m_begin(&m, 0x100);
	m_commit(&m, 0, 0x100, 0x100);
	REFUSED("commit-end", &m, "ends at 0/100, but starts at 0/100");
	m_begin(&m, 0x100);
	m_commit(&m, 0, 0x100, 0x130);
	m_commit(&m, 0, 0x100, 0x130);
	REFUSED("commit-twice", &m, "outside a transaction");
}
END_TEST

START_TEST(pgoutput_refuses_times_that_overflow)
{
	struct made m = { 0 };

	m_open(&m, 'B');
	buf_u64(&m.b, 0x100);
	buf_u64(&m.b, INT64_MAX);
	buf_u32(&m.b, 700);
	m_close(&m);
	REFUSED("begin-time", &m, "commit time out of range");
	m_begin(&m, 0x100);
	m_open(&m, 'C');
	buf_u8(&m.b, 0);
	buf_u64(&m.b, 0x100);
	buf_u64(&m.b, 0x130);
	buf_u64(&m.b, INT64_MAX - EPOCH_2000 + 1);
	m_close(&m);
	REFUSED("commit-time", &m, "commit time out of range");
}
END_TEST

START_TEST(pgoutput_reads_times_positions_and_xid)
{
	struct made m = { 0 };

	m_begin(&m, UINT64_C(0x1600000100));
	m_commit(&m, 0, UINT64_C(0x1600000100), UINT64_C(0x1600000130));
	expect_made("made-empty-transaction", &m);
}
END_TEST

START_TEST(pgoutput_refuses_bytes_after_a_message)
{
	static const char *const names[] = { "bad-trailing-begin", "bad-trailing-commit",
		"bad-trailing-relation", "bad-trailing-insert", "bad-trailing-update",
		"bad-trailing-delete", "bad-trailing-truncate", "bad-trailing-message",
		"bad-trailing-origin" };

	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
		struct made m = i == 0 ? (struct made){ 0 } : m_start();

		switch (i) {
		case 0: m_begin(&m, 0x100); break;
		case 1: m_commit(&m, 0, 0x100, 0x130); break;
		case 2: m_relation(&m, 4, "x", 'd'); break;
		case 3: m_row(&m, 'I', 1, "N", "tt", ""); break;
		case 4: m_row(&m, 'U', 1, "N", "tt", ""); break;
		case 5: m_row(&m, 'D', 1, "K", "tn", ""); break;
		case 6: m_truncate(&m, 1, 0, "1"); break;
		case 7: m_message(&m, 1, 2, "ab"); break;
		case 8: m_origin(&m); break;
		}
		buf_u8(&m.b, 0);
		m_close(&m);
		expect_refused(names[i], &m, ERR_PROTOCOL,
		    i == 6 ? "in 11 bytes" : "1 bytes too many");
	}
}
END_TEST

START_TEST(pgoutput_checks_origins_and_messages)
{
	struct made m = { 0 };

	m_origin(&m);
	REFUSED("origin-outside", &m, "'O' outside a transaction");
	m_message(&m, 1, 2, "ab");
	REFUSED("message-outside", &m, "'M' outside a transaction");
	m_message(&m, 2, 2, "ab");
	REFUSED("message-flags", &m, "MESSAGE with flags 0x02");
	m_message(&m, 0, 3, "ab");
	REFUSED("message-length", &m, "is cut");
	m_message(&m, 0, 2, "ab");
	m_begin(&m, 0x100);
	m_origin(&m);
	m_message(&m, 1, 0, "");
	m_message(&m, 0, 2, "ab");
	m_commit(&m, 0, 0x100, 0x130);
	expect_made("made-messages", &m);
}
END_TEST

START_TEST(pgoutput_refuses_types_that_are_cut)
{
	struct made m = { 0 };

	m_open(&m, 'Y');
	buf_u32(&m.b, 16400);
	m_cstr(&m, "public");
	buf_str(&m.b, "mood");
	m_close(&m);
	REFUSED("type-cut", &m, "is cut");
}
END_TEST

START_TEST(pgoutput_refuses_relations_that_cannot_be)
{
	struct made m = { 0 };

	m_relation(&m, 0, "x", 'd');
	REFUSED("relation-id", &m, "without id");
	m_relation(&m, 1, "", 'd');
	REFUSED("relation-name", &m, "relation 1: a relation without name");
	m_relation(&m, 1, "x", 'x');
	REFUSED("relation-identity", &m, "replica identity 0x78");
	m_relation(&m, 1, "x", '\0');
	REFUSED("relation-identity-0", &m, "replica identity 0x00");
	m_relation_head(&m, 1, "public", "x", 'd', 1);
	m_column(&m, 2, "a", 23);
	m_close(&m);
	REFUSED("column-flags", &m, "column flags 0x02");
	m_relation_head(&m, 1, "public", "x", 'd', 1);
	m_column(&m, 1, "", 23);
	m_close(&m);
	REFUSED("column-name", &m, "a column without name");
	m_relation_head(&m, 1, "public", "x", 'd', 1);
	m_column(&m, 1, "a", 0);
	m_close(&m);
	REFUSED("column-type", &m, "a column without type");
	m_relation_head(&m, 1, "public", "x", 'd', 2);
	m_column(&m, 1, "a", 23);
	m_close(&m);
	REFUSED("relation-cut", &m, "is cut");
	m_relation(&m, 1, "refuse", 'd');
	expect_refused("bad-relation-resolver", &m, ERR_SCHEMA, "the table differs");
}
END_TEST

static struct made
m_wide(uint16_t ncols)
{
	struct made m = { 0 };
	char name[16];

	m_begin(&m, 0x100);
	m_relation_head(&m, 1, "public", "wide", 'd', ncols);
	for (int i = 0; i < ncols; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		m_column(&m, i == 0, name, 23);
	}
	m_close(&m);
	return m;
}

START_TEST(pgoutput_takes_as_many_columns_as_there_can_be)
{
	struct made m = m_wide(RELATION_MAX_COLUMNS);
	char kinds[RELATION_MAX_COLUMNS + 1] = { 0 };
	struct rig rig;

	memset(kinds, 't', RELATION_MAX_COLUMNS);
	m_row(&m, 'I', 1, "N", kinds, "");
	rig_start(&rig, false);
	ck_ok(rig_decode_all(&rig, &m.b), &rig.err);
	ck_assert_uint_eq(rig.sink.records, 2);
	rig_end(&rig);
	buf_done(&m.b);
	m = m_wide(RELATION_MAX_COLUMNS + 1);
	rig_start(&rig, false);
	ck_assert(!rig_decode_all(&rig, &m.b));
	ck_assert_ptr_nonnull(strstr(rig.err.msg, "1665 columns, more than 1664"));
	ck_assert_str_eq(rig.err.table, "public.wide");
	rig_end(&rig);
	buf_done(&m.b);
	m_relation_head(&m, 1, "public", "x", 'd', UINT16_MAX);
	m_close(&m);
	REFUSED("relation-columns", &m, "65535 columns");
}
END_TEST

START_TEST(pgoutput_names_the_schema_that_is_sent_empty)
{
	struct made m = { 0 };

	m_begin(&m, 0x100);
	m_relation_head(&m, 1, "", "pg_thing", 'n', 1);
	m_column(&m, 0, "a", 23);
	m_close(&m);
	m_row(&m, 'I', 1, "N", "b", "");
	expect_made("made-pg-catalog", &m);
}
END_TEST

START_TEST(pgoutput_refuses_rows_without_transaction_or_relation)
{
	struct made m = { 0 };

	m_relation(&m, 1, "d", 'd');
	m_row(&m, 'I', 1, "N", "tt", "");
	REFUSED("insert-outside", &m, "'I' outside a transaction");
	m_relation(&m, 3, "skip", 'd');
	m_row(&m, 'D', 3, "K", "tn", "");
	REFUSED("skipped-outside", &m, "'D' outside a transaction");
	m = m_start();
	m_commit(&m, 0, 0x100, 0x130);
	m_row(&m, 'U', 1, "N", "tt", "");
	REFUSED("update-after-commit", &m, "'U' outside a transaction");
	m = m_start();
	m_row(&m, 'I', 4, "N", "tt", "");
	REFUSED("insert-unknown", &m, "relation 4 was never announced");
	m = m_start();
	m_open(&m, 'I');
	buf_u16(&m.b, 0);
	m_close(&m);
	REFUSED("insert-cut", &m, "is cut");
}
END_TEST

START_TEST(pgoutput_refuses_tuples_that_do_not_fit)
{
	struct made m = m_start();

	m_row(&m, 'I', 1, "N", "t", "");
	REFUSED("tuple-short", &m, "tuple of 1 columns for a relation of 2");
	m = m_start();
	m_row(&m, 'I', 1, "N", "ttt", "");
	REFUSED("tuple-long", &m, "tuple of 3 columns for a relation of 2");
	m = m_start();
	m_row(&m, 'I', 1, "N", "tx", "");
	REFUSED("tuple-kind", &m, "column b: a kind of value that does not exist");
	m = m_start();
	m_row(&m, 'I', 1, "N", "tu", "");
	REFUSED("insert-unchanged", &m, "column b: an inserted row that lacks the value");
	m = m_start();
	m_row(&m, 'U', 2, "ON", "tu", "tt");
	REFUSED("old-unchanged", &m, "column b: an old row that lacks the value");
	m = m_start();
	m_row(&m, 'D', 1, "K", "un", "");
	REFUSED("key-unchanged", &m, "column a: an old row that lacks the value");
	m = m_start();
	m_row(&m, 'D', 1, "K", "tt", "");
	REFUSED("key-wide", &m, "column b: a value outside the replica identity");
	m = m_start();
	m_row(&m, 'U', 2, "ON", "tn", "tu");
	REFUSED("unchanged-null", &m, "column b: unchanged, but NULL in the old row");
	m = m_start();
	m_row(&m, 'U', 1, "N", "ut", "");
	REFUSED("unchanged-key", &m, "column a: part of the identity, but nowhere sent");
	m = m_start();
	m_row(&m, 'I', 1, "N", "tb", "");
	buf_set_u32(&m.b, m.b.n - 7, UINT32_MAX);
	REFUSED("value-length", &m, "is cut");
}
END_TEST

START_TEST(pgoutput_refuses_parts_in_the_wrong_place)
{
	static const struct {
		const char *name, *parts, *words;
		char tag;
		uint32_t id;
	} cases[] = {
		{ "bad-part-insert", "K", "0x4b in place of 'N'", 'I', 1 },
		{ "bad-part-delete", "N", "0x4e in place of 'K' or 'O'", 'D', 1 },
		{ "bad-part-update", "X", "0x58 in place of 'K' or 'O'", 'U', 1 },
		{ "bad-part-update-2", "KK", "0x4b in place of 'N'", 'U', 1 },
		{ "bad-part-no-old", "N", "update without old row under replica", 'U', 2 },
		{ "bad-part-update-none", "K", "is cut", 'U', 1 },
		{ "bad-part-delete-none", "", "is cut", 'D', 1 },
		{ "bad-part-insert-none", "", "is cut", 'I', 1 },
		{ "bad-part-old-default", "O", "old tuple 'O' under replica identity 'd'", 'D', 1 },
		{ "bad-part-key-full", "KN", "old tuple 'K' under replica identity 'f'", 'U', 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made m = m_start();

		m_row(&m, cases[i].tag, cases[i].id, cases[i].parts, "tn", "tn");
		expect_refused(cases[i].name, &m, ERR_PROTOCOL, cases[i].words);
	}
}
END_TEST

START_TEST(pgoutput_refuses_truncates_that_do_not_fit)
{
	struct made m = m_start();

	m_truncate(&m, 1, 4, "1");
	REFUSED("truncate-options", &m, "TRUNCATE with options 0x04");
	m = m_start();
	m_truncate(&m, 0, 0, "");
	REFUSED("truncate-none", &m, "TRUNCATE of 0 relations");
	m = m_start();
	m_truncate(&m, 2, 0, "1");
	REFUSED("truncate-count", &m, "TRUNCATE of 2 relations in 10 bytes");
	m = m_start();
	m_truncate(&m, 0x40000001, 0, "1");
	REFUSED("truncate-overflow", &m, "TRUNCATE of 1073741825 relations");
	m = m_start();
	m_truncate(&m, 2, 0, "37");
	REFUSED("truncate-unknown", &m, "relation 7 was never announced");
	m_truncate(&m, 1, 0, "1");
	REFUSED("truncate-outside", &m, "'T' outside a transaction");
	m_open(&m, 'T');
	m_close(&m);
	REFUSED("truncate-cut", &m, "is cut");
}
END_TEST

START_TEST(pgoutput_tells_null_from_absent_and_fills_from_the_old_row)
{
	struct made m = m_start();

	m_row(&m, 'I', 1, "N", "tn", "");
	m_row(&m, 'U', 1, "N", "bu", "");
	m_row(&m, 'U', 1, "KN", "tn", "tu");
	m_row(&m, 'U', 2, "ON", "tt", "tu");
	m_row(&m, 'U', 2, "ON", "nb", "nu");
	m_row(&m, 'U', 2, "ON", "nn", "tn");
	m_row(&m, 'U', 1, "KN", "tn", "uu");
	m_row(&m, 'D', 1, "K", "bn", "");
	m_row(&m, 'D', 2, "O", "nb", "");
	m_row(&m, 'I', 3, "N", "tt", "");
	m_truncate(&m, 1, 0, "3");
	m_truncate(&m, 3, 3, "132");
	m_commit(&m, 0, 0x100, 0x130);
	expect_made("made-absent", &m);
}
END_TEST

/* A row that is filled shares the old value's bytes: they stand in the record once. */
static void
see_shared(void *arg, const struct change *c)
{
	const uint8_t *p;
	int *seen = arg;

	if (c->kind != CHANGE_UPDATE)
		return;
	ck_assert_ptr_eq(change_new_values(c)[1].p, change_old_values(c)[1].p);
	ck_assert_uint_eq(c->size, round16(sizeof(*c) + 4 * sizeof(struct value) + 3 * 3));
	for (p = change_new_values(c)[0].p + 3; p < (const uint8_t *)c + c->size; p++)
		ck_assert_uint_eq(*p, 0);	/* not what the memory held before */
	++*seen;
}

START_TEST(pgoutput_copies_each_value_once)
{
	struct made m = m_start();
	struct rig rig;
	int seen = 0;

	m_row(&m, 'U', 2, "ON", "tt", "tu");
	rig_start(&rig, false);
	rig.sink.seen = see_shared;
	rig.sink.arg = &seen;
	ck_ok(rig_decode_all(&rig, &m.b), &rig.err);
	ck_assert_int_eq(seen, 1);
	rig_end(&rig);
	buf_done(&m.b);
}
END_TEST

START_TEST(pgoutput_counts_what_is_not_captured)
{
	struct made m = m_start();
	struct rig rig;

	m_row(&m, 'I', 3, "N", "tt", "");
	m_row(&m, 'U', 3, "N", "tt", "");
	m_row(&m, 'D', 3, "K", "tn", "");
	m_truncate(&m, 1, 0, "3");
	m_truncate(&m, 2, 0, "31");
	rig_start(&rig, false);
	ck_ok(rig_decode_all(&rig, &m.b), &rig.err);
	ck_assert_uint_eq(pgoutput_uncaptured(rig.dec), 4);
	ck_assert_uint_eq(rig.sink.records, 2);
	ck_assert(pgoutput_in_transaction(rig.dec));
	rig_end(&rig);
	buf_done(&m.b);
}
END_TEST

START_TEST(pgoutput_decodes_by_the_version_announced_last)
{
	struct made m = m_start();

	m_row(&m, 'I', 1, "N", "tt", "");
	m_relation(&m, 1, "d", 'd');
	m_row(&m, 'I', 1, "N", "tt", "");
	m_relation_head(&m, 1, "public", "d", 'd', 1);
	m_column(&m, 1, "a", 20);
	m_close(&m);
	m_row(&m, 'I', 1, "N", "t", "");
	m_relation(&m, 1, "skip_now", 'd');
	m_row(&m, 'I', 1, "N", "tt", "");
	m_relation(&m, 1, "d", 'd');
	m_row(&m, 'D', 1, "K", "tn", "");
	m_commit(&m, 0, 0x100, 0x130);
	expect_made("made-versions", &m);
}
END_TEST

START_TEST(pgoutput_hands_on_the_sinks_error)
{
	struct made m = m_start();
	struct rig rig;

	m_row(&m, 'I', 1, "N", "tt", "");
	m_truncate(&m, 1, 0, "1");
	m_commit(&m, 0, 0x100, 0x130);
	m_begin(&m, 0x200);
	for (size_t n = 1; n <= 4; n++) {
		rig_start(&rig, false);
		rig.sink.refuse_after = n;
		ck_assert(!rig_decode_all(&rig, &m.b));
		ck_assert_int_eq(rig.err.kind, ERR_CANCELLED);
		ck_assert_uint_eq(rig.sink.records, n);
		rig_end(&rig);
	}
	buf_done(&m.b);
}
END_TEST

START_TEST(pgoutput_says_where_it_stopped)
{
	struct made m = m_start();
	struct rig rig;

	m_row(&m, 'I', 1, "N", "tx", "");
	rig_start(&rig, false);
	ck_assert(!rig_decode_all(&rig, &m.b));
	ck_assert_str_eq(rig.err.position, "0/100");
	ck_assert_str_eq(rig.err.table, "public.d");
	ck_assert_ptr_eq(strstr(rig.err.msg, "pgoutput: column b"), rig.err.msg);
	rig_end(&rig);
	buf_done(&m.b);
}
END_TEST

static bool
refuse_with_a_place(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	(void)arg;
	(void)rel;
	*ret_table = NULL;
	err_set(err, ERR_SCHEMA, "the table differs");
	return err_position(err, "%s", "0/7");
}

/* Who refuses a table may know better where that was: its word is kept. */
START_TEST(pgoutput_keeps_a_place_that_is_told)
{
	struct made m = m_start();
	struct rig rig;

	rig_start(&rig, false);
	rig.dec->resolver = (struct relation_resolver){ refuse_with_a_place, NULL };
	ck_assert(!rig_decode_all(&rig, &m.b));
	ck_assert_int_eq(rig.err.kind, ERR_SCHEMA);
	ck_assert_str_eq(rig.err.msg, "the table differs");
	ck_assert_str_eq(rig.err.position, "0/7");
	rig_end(&rig);
	buf_done(&m.b);
}
END_TEST

static struct buf short_frames;

static bool
run_short_of_memory(struct err *err)
{
	struct rd in = rd_init(short_frames.p, short_frames.n);
	struct rig rig = { .dump = false };
	struct slice msg;
	bool ok = (rig.dec = pgoutput_new((struct relation_resolver){ rig_resolve, &rig }, checking_sink(&rig.sink), err)) != NULL;

	while (ok && next_frame(&in, &msg))
		ok = pgoutput_decode(rig.dec, msg.p, msg.n, err);
	ck_assert(!ok || rig.sink.records > 10);
	rig_end(&rig);
	return ok;
}

START_TEST(pgoutput_survives_want_of_memory)
{
	short_frames = file_read(CORPUS, "identity");
	no_memory_anywhere(run_short_of_memory);
	buf_done(&short_frames);
}
END_TEST

static void
decode_after_an_error(void)
{
	struct rig rig;

	rig_start(&rig, false);
	rig_decode(&rig, (const uint8_t *)"z", 1);
	rig_decode(&rig, (const uint8_t *)"z", 1);
}

START_TEST(pgoutput_is_dead_after_an_error)
{
	ck_assert(unit_aborts(decode_after_an_error));
	pgoutput_free(NULL);
}
END_TEST

UNIT_MAIN("pgoutput", pgoutput_decodes_captured_messages_as_expected,
    pgoutput_refuses_each_message_cut_at_each_byte, pgoutput_survives_each_byte_flipped,
    pgoutput_names_the_byte_of_a_message_it_does_not_know,
    pgoutput_refuses_transactions_that_do_not_fit, pgoutput_refuses_times_that_overflow,
    pgoutput_reads_times_positions_and_xid, pgoutput_refuses_bytes_after_a_message,
    pgoutput_checks_origins_and_messages, pgoutput_refuses_types_that_are_cut,
    pgoutput_refuses_relations_that_cannot_be, pgoutput_takes_as_many_columns_as_there_can_be,
    pgoutput_names_the_schema_that_is_sent_empty,
    pgoutput_refuses_rows_without_transaction_or_relation, pgoutput_refuses_tuples_that_do_not_fit,
    pgoutput_refuses_parts_in_the_wrong_place, pgoutput_refuses_truncates_that_do_not_fit,
    pgoutput_tells_null_from_absent_and_fills_from_the_old_row, pgoutput_copies_each_value_once,
    pgoutput_counts_what_is_not_captured, pgoutput_decodes_by_the_version_announced_last,
    pgoutput_hands_on_the_sinks_error, pgoutput_says_where_it_stopped,
    pgoutput_keeps_a_place_that_is_told, pgoutput_survives_want_of_memory,
    pgoutput_is_dead_after_an_error)
