/* test_binlog.c - the decoder on events that real servers sent (test/corpus/binlog, what becomes of them as text in
 * binlog-expected). GOLDEN=write makes the expected texts anew; read the difference. Runs in the project's top folder. */
#include "cdc/binlog.c"

#include "test/fake/binlog_rig.h"
#include "test/unit/unit.h"

#define CORPUS	 "test/corpus/binlog/"
#define EXPECTED "test/corpus/binlog-expected/"

static const char *const captures[] = { "my-groups", "my-xa", "my-rollback", "my-images", "my-maps",
	"my-checksums", "my-statements", "my-json", "my-payload", "my-gtids", "my-minimal",
	"my-vectors", "my-anonymous", "ma-groups", "ma-xa", "ma-rollback", "ma-savepoint",
	"ma-images", "ma-maps", "ma-checksums", "ma-statements", "ma-compressed", "ma-domains",
	"ma-slave", "ma-minimal", "ma118-groups", "ma118-xa", "ma118-savepoint", "my56-groups",
	"my56-images" };
#define NCAPTURES (int)(sizeof(captures) / sizeof(captures[0]))

static bool
golden_write(void)
{
	const char *env = getenv("GOLDEN");

	return env != NULL && strcmp(env, "write") == 0;
}

static struct buf
file_read(const char *folder, const char *name, const char *end)
{
	struct buf b = { 0 };
	char path[256], part[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s%s", folder, name, end);
	if ((f = fopen(path, "rb")) == NULL)
		ck_abort_msg("%s: cannot be read", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_put(&b, part, n);
	fclose(f);
	return b;
}

static void
expect_text(const char *name, struct buf *want)
{
	char path[256];
	struct buf have;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s.txt", EXPECTED, name);
	if (golden_write()) {
		ck_assert_ptr_nonnull(f = fopen(path, "wb"));
		ck_assert_uint_eq(fwrite(want->p, 1, want->n, f), want->n);
		ck_assert_int_eq(fclose(f), 0);
	}
	have = file_read(EXPECTED, name, ".txt");
	if (have.n != want->n || memcmp(have.p, want->p, want->n) != 0)
		ck_abort_msg(
		    "%s differs from what the test makes (GOLDEN=write, then compare)", path);
	buf_done(&have);
}

/* The whole stream; where it says that rows were rolled back, once more without them, as a stream would. */
static void
read_all(struct binlog_rig *rig, const struct buf *frames)
{
	while (!rig_events(rig, frames->p, frames->n) && rig_again(rig))
		;
	if (rig->err.kind == ERR_NONE)
		buf_printf(&rig->text, "end: %zu relations, %" PRIu64 " rows events not captured\n",
		    relmap_versions(rig->dec->relations), binlog_uncaptured(rig->dec));
	else
		buf_printf(&rig->text, "refused: %s: %s [%s] [%s]\n", err_kind_name(rig->err.kind),
		    rig->err.msg, rig->err.position, rig->err.table);
}

START_TEST(binlog_decodes_captured_events_as_expected)
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i], "");
		struct binlog_rig rig;

		rig_start(&rig, true);
		read_all(&rig, &frames);
		expect_text(captures[i], &rig.text);
		rig_end(&rig);
		buf_done(&frames);
	}
}
END_TEST

/* In pieces: a flush after each event changes nothing but where keepalives stand. */
START_TEST(binlog_flush_at_any_time_is_harmless)
{
	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i], "");
		struct binlog_rig rig, other;

		rig_start(&rig, false);
		rig_start(&other, false);
		other.flush_always = true;
		read_all(&rig, &frames);
		read_all(&other, &frames);
		ck_assert_uint_eq(rig.rows, other.rows);
		ck_assert_uint_eq(rig.commits, other.commits);
		ck_assert(binlog_flavour(rig.dec) == GTID_MARIADB || rig.gtids == other.gtids);
		rig_end(&rig);
		rig_end(&other);
		buf_done(&frames);
	}
}
END_TEST

/* ---- cut and changed events ---- */

struct cuts {
	struct binlog_rig rig;
	size_t refused, accepted;
};

/* Types of which a shorter one can be whole, too: what is cut off may be left out, or is text. */
static bool
may_be_shorter(uint8_t type)
{
	switch (type) {
	case EVENT_QUERY:
	case EVENT_QUERY_COMPRESSED:
	case EVENT_ROTATE:
	case EVENT_FORMAT_DESCRIPTION:
	case EVENT_TABLE_MAP:
	case EVENT_GTID:
	case EVENT_ANONYMOUS_GTID:
	case EVENT_MARIADB_GTID:
	case EVENT_HEARTBEAT:
	case EVENT_INTVAR:
	case EVENT_RAND:
	case EVENT_USER_VAR:
	case EVENT_ROWS_QUERY:
	case EVENT_ANNOTATE_ROWS:
	case EVENT_PREVIOUS_GTIDS:
	case EVENT_GTID_LIST:
	case EVENT_BINLOG_CHECKPOINT:
	case EVENT_STOP: return true;
	default: return false;
	}
}

static bool
is_rows(uint8_t type)
{
	return (type >= EVENT_WRITE_ROWS_V1 && type <= EVENT_DELETE_ROWS_V1) || (type >= EVENT_WRITE_ROWS && type <= EVENT_DELETE_ROWS) ||
	    type == EVENT_PARTIAL_UPDATE_ROWS || (type >= EVENT_WRITE_ROWS_COMPRESSED_V1 && type <= EVENT_DELETE_ROWS_COMPRESSED);
}

/* As it comes, an event that is cut is refused always: its size tells. */
static void
expect_refused(struct cuts *cuts, const uint8_t *p, size_t cut)
{
	struct binlog_rig *rig = &cuts->rig;
	const struct rig_state before = rig_save(rig);

	ck_assert(!rig_event(rig, p, cut));
	ck_assert_int_eq(rig->err.kind, ERR_PROTOCOL);
	rig_restore(rig, &before);
}

/* With a size and a checksum that fit: a rows event is refused, or cut just between two rows, or of a table that is not captured. */
static void
expect_cut(struct cuts *cuts, const uint8_t *p, size_t n, size_t cut, size_t rows)
{
	struct binlog_rig *rig = &cuts->rig;
	const struct rig_state before = rig_save(rig);
	const uint8_t type = p[4];
	const size_t had = rig->rows;

	if (!rig_event_cut(rig, p, n, cut)) {
		ck_assert(rig->err.kind != ERR_NONE && rig->err.msg[0] != '\0');
		cuts->refused++;
	} else if (!may_be_shorter(type) && (type != EVENT_HEARTBEAT_V2 || cut + 1 < n)) { /* which needs no mark of its end */
		if (!is_rows(type) || (rows > 0 && rig->rows - had >= rows))
			ck_abort_msg("type %u of %zu bytes is read when cut to %zu", type, n, cut);
	} else {
		cuts->accepted++;
	}
	rig_restore(rig, &before);
}

static void
cut_all(const struct buf *frames, struct cuts *cuts)
{
	struct rd in = rd_init(frames->p, frames->n);
	size_t rows;

	while (rd_left(&in) > 0) {
		const size_t n = rd_u32(&in);
		const uint8_t *p = rd_bytes(&in, n);
		struct rig_state before = rig_save(&cuts->rig);

		ck_assert_ptr_nonnull(p);
		rows = cuts->rig.rows;
		if (!rig_event(&cuts->rig, p, n))
			return;
		rows = cuts->rig.rows - rows;
		rig_restore(&cuts->rig, &before);
		for (size_t cut = 0; cut < n; cut++) {
			expect_refused(cuts, p, cut);
			expect_cut(cuts, p, n, cut, rows);
		}
		ck_assert(rig_event(&cuts->rig, p, n));
	}
}

START_TEST(binlog_refuses_events_cut_anywhere)
{
	size_t refused = 0;

	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i], "");
		struct cuts cuts = { 0 };

		rig_start(&cuts.rig, false);
		cuts.rig.takes_all = true;
		cut_all(&frames, &cuts);
		refused += cuts.refused;
		rig_end(&cuts.rig);
		buf_done(&frames);
	}
	ck_assert_uint_gt(refused, 20000);
}
END_TEST

/* Each byte of each event another: the checksum tells, always. */
START_TEST(binlog_refuses_events_with_a_changed_byte)
{
	struct buf frames = file_read(CORPUS, "my-groups", "");
	struct rd in = rd_init(frames.p, frames.n);
	struct binlog_rig rig;

	rig_start(&rig, false);
	while (rd_left(&in) > 0) {
		const size_t n = rd_u32(&in);
		const uint8_t *p = rd_bytes(&in, n);
		const struct rig_state before = rig_save(&rig);
		uint8_t copy[8192];

		ck_assert_uint_le(n, sizeof(copy));
		for (size_t at = 0; rig.dec->format_known && at < n; at++) {
			memcpy(copy, p, n);
			copy[at] ^= (uint8_t)(1 << at % 8);
			ck_assert(!rig_event(&rig, copy, n));
			ck_assert(rig.err.kind == ERR_RETRY ||
				  (at >= 9 && at < 13 && rig.err.kind == ERR_PROTOCOL));
			rig_restore(&rig, &before);
		}
		ck_assert(rig_event(&rig, p, n));
	}
	rig_end(&rig);
	buf_done(&frames);
}
END_TEST

/* The same with checksums that fit: anything may come of it but a broken record or a read beyond the event. */
START_TEST(binlog_survives_changed_bytes)
{
	uint32_t seed = 1;

	for (int i = 0; i < NCAPTURES; i++) {
		struct buf frames = file_read(CORPUS, captures[i], "");
		struct rd in = rd_init(frames.p, frames.n);
		struct binlog_rig rig;

		rig_start(&rig, false);
		rig.takes_all = true;
		while (rd_left(&in) > 0) {
			const size_t n = rd_u32(&in);
			const uint8_t *p = rd_bytes(&in, n);
			const struct rig_state before = rig_save(&rig);
			struct buf copy = { 0 };

			for (size_t at = 0; at < n; at += 1 + seed % 3) {
				buf_reset(&copy);
				buf_put(&copy, p, n);
				seed = seed * 1103515245 + 12345;
				copy.p[at] = (uint8_t)(seed >> 16);
				rig_event_cut(&rig, copy.p, n, n);
				rig_restore(&rig, &before);
			}
			buf_done(&copy);
			if (!rig_event(&rig, p, n))
				break;
		}
		rig_end(&rig);
		buf_done(&frames);
	}
}
END_TEST

UNIT_MAIN("binlog", binlog_decodes_captured_events_as_expected,
    binlog_flush_at_any_time_is_harmless, binlog_refuses_events_cut_anywhere,
    binlog_refuses_events_with_a_changed_byte, binlog_survives_changed_bytes)
