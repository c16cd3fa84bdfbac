/* link: test/fake/no_memory.c */
/* test_checkpoint.c - the seal of a row, phases as text, and the list of table states. */
#include "staging/checkpoint.c"

#include "test/fake/no_memory.h"
#include "test/unit/unit.h"

static struct err err;

START_TEST(checkpoint_phase_names_read_back)
{
	enum table_phase got = TABLE_QUEUED;

	for (int p = TABLE_QUEUED; p <= TABLE_ERROR; p++) {
		ck_assert(table_phase_parse(table_phase_name((enum table_phase)p), &got));
		ck_assert_int_eq(got, p);
	}
	ck_assert_str_eq(table_phase_name(TABLE_CATCH_UP), "catch_up");
	ck_assert_str_eq(table_phase_name((enum table_phase)(TABLE_ERROR + 1)), "?");
	ck_assert(!table_phase_parse("Queued", &got));
	ck_assert(!table_phase_parse("", &got));
	ck_assert_int_eq(got, TABLE_ERROR);
}
END_TEST

START_TEST(checkpoint_table_states_are_found_by_both_names)
{
	struct table_states ts = { 0 };
	char name[16];

	for (int i = 0; i < 300; i++) {
		struct table_state *s = table_states_add(&ts, &err);

		ck_ok(s != NULL, &err);
		ck_assert_ptr_null(s->shape);
		snprintf(name, sizeof(name), "t%d", i);
		s->source_schema = xstrdup(i % 2 ? "odd" : "even");
		s->source_name = xstrdup(name);
		s->shape = xstrdup("x");
		s->attempt = (uint32_t)i;
	}
	ck_ok(table_states_add(&ts, &err) != NULL, &err); /* no names yet */
	ck_assert_uint_eq(table_states_find(&ts, "odd", "t17")->attempt, 17);
	ck_assert_ptr_null(table_states_find(&ts, "even", "t17"));
	table_states_done(&ts);
	ck_assert_uint_eq(ts.n, 0);
	ck_assert_ptr_null(table_states_find(&ts, "odd", "t17"));
	table_states_done(&ts);
}
END_TEST

static struct checkpoint
sealed_row(void)
{
	return (struct checkpoint){ .source = { .kind = "postgresql", .id = "7300", .slot = "repld_t" },
		.position = { .kind = POSITION_LSN, .lsn = { 0x16B3748 } } };
}

/* As read_checkpoint() does it: the row as it is, held against the seal that repld wrote. */
static bool
fits(const char *task, struct checkpoint row, const char *position, uint64_t seal)
{
	checkpoint_verify(task, &row, position, NULL, seal);
	err_clear(&err);
	return checkpoint_intact(task, &row, &err);
}

START_TEST(checkpoint_seal_tells_every_edit)
{
	const struct checkpoint row = sealed_row();
	const uint64_t seal = checkpoint_seal("t", &row);
	struct checkpoint other;

	ck_assert(fits("t", row, "0/16B3748", seal));
	ck_assert(fits("t", row, "0/016b3748", seal));	/* the same position */
	ck_assert(!fits("t", row, "0/16B3749", seal));
	ck_assert(!fits("t", row, "1/16B3748", seal));
	ck_assert(!fits("t", row, "-", seal));
	ck_assert(!fits("u", row, "0/16B3748", seal));
	ck_assert(!fits("t", row, "0/16B3748", 0));
	ck_assert(!fits("t", row, "0/16B3748", seal ^ 1));
	other = row;
	memcpy(other.source.slot, "repld_u", 8);
	ck_assert(!fits("t", other, "0/16B3748", seal));
	other = row;
	memcpy(other.source.id, "7301", 5);
	ck_assert(!fits("t", other, "0/16B3748", seal));
	other = row;
	other.group = 1;
	ck_assert(!fits("t", other, "0/16B3748", seal));
	/* what moves from one field into the next is another row */
	other = row;
	memcpy(other.source.id, "7300r", 6);
	memcpy(other.source.slot, "epld_t", 7);
	ck_assert(!fits("t", other, "0/16B3748", seal));
}
END_TEST

/* The set of a source with GTIDs stands in a column of its own. */
START_TEST(checkpoint_seal_covers_the_set_of_gtids)
{
	static const char set[] = "11111111-2222-3333-4444-555555555555:1-7";
	struct checkpoint row = { .source = { .kind = "mysql", .id = "7300", .slot = "" } };
	uint64_t seal, bare;

	ck_ok(position_parse("log.000001:400", &row.position, &err), &err);
	bare = checkpoint_seal("t", &row);
	row.position.gtids = set;
	seal = checkpoint_seal("t", &row);
	ck_assert(seal != bare);
	checkpoint_verify("t", &row, "log.000001:400", set, seal);
	ck_ok(checkpoint_intact("t", &row, &err), &err);
	ck_assert_str_eq(row.position.gtids, set);
	ck_assert_ptr_ne(row.position.gtids, set);	/* its own copy */
	checkpoint_verify("t", &row, "log.000001:400", "11111111-2222-3333-4444-555555555555:1-8", seal);
	ck_fails(checkpoint_intact("t", &row, &err), &err, ERR_HOLE);
	checkpoint_verify("t", &row, "log.000001:400", NULL, seal);
	ck_fails(checkpoint_intact("t", &row, &err), &err, ERR_HOLE);
	checkpoint_verify("t", &row, "log.000001:400", NULL, bare);
	ck_ok(checkpoint_intact("t", &row, &err), &err);
	checkpoint_verify("t", &row, "log.000001:400", "", bare);	/* an empty set is not no set */
	ck_fails(checkpoint_intact("t", &row, &err), &err, ERR_HOLE);
}
END_TEST

START_TEST(checkpoint_edited_row_of_a_load_group_is_named)
{
	struct checkpoint row = sealed_row();

	row.group = 2;
	checkpoint_verify("t", &row, "0/1", NULL, 1);
	ck_fails(checkpoint_intact("t", &row, &err), &err, ERR_HOLE);
	ck_assert_ptr_nonnull(strstr(err.msg, "the row of task t, load group 2, in repld.checkpoint"));
	memset(&row.source, 0, sizeof(row.source));
	checkpoint_verify("t", &row, "0/1", NULL, 1);
	ck_fails(checkpoint_intact("t", &row, &err), &err, ERR_HOLE);
	ck_assert_ptr_nonnull(strstr(err.msg, "position 0/1, slot none, source none"));
}
END_TEST

START_TEST(checkpoint_table_states_without_memory_stay_as_they_are)
{
	struct table_states ts = { 0 };

	for (uint32_t i = 0; i < 8; i++) {
		no_memory_each(table_states_add(&ts, &err) != NULL, &err, i == 0, );
		ts.rows[i].attempt = i;
	}
	no_memory_at(1);
	ck_fails(table_states_add(&ts, &err) != NULL, &err, ERR_SYSTEM);
	ck_assert(no_memory_done());
	ck_assert_uint_eq(ts.n, 8);
	ck_assert_uint_eq(ts.rows[7].attempt, 7);
	table_states_done(&ts);
}
END_TEST

START_TEST(checkpoint_seal_names_what_is_there_and_what_to_do)
{
	struct checkpoint row = sealed_row();
	const uint64_t seal = checkpoint_seal("t", &row);

	ck_assert(!fits("t", row, "yesterday", seal));
	ck_assert_int_eq(err.kind, ERR_HOLE);
	ck_assert_ptr_nonnull(strstr(err.msg, "repld.checkpoint"));
	ck_assert_ptr_nonnull(strstr(err.msg, "position yesterday, slot repld_t, source 7300"));
	ck_assert_ptr_nonnull(strstr(err.remedy, "repld ctl restart t --reload"));
	ck_assert_ptr_nonnull(strstr(err.remedy, "repld ctl restart t --from POSITION"));
	checkpoint_verify("t", &row, "yesterday", NULL, seal);
	ck_assert_int_eq(row.position.kind, POSITION_NONE);
	/* read again as it should be, the row is fine again */
	checkpoint_verify("t", &row, "0/16B3748", NULL, seal);
	ck_assert_str_eq(row.edited, "");
	ck_assert_int_eq(row.position.kind, POSITION_LSN);
}
END_TEST

START_TEST(checkpoint_row_without_a_seal_is_one_without_a_source)
{
	struct checkpoint row = { .exists = false };

	ck_assert(fits("t", row, "-", 0));
	ck_assert(!fits("t", row, "0/1", 0));
	memcpy(row.source.slot, "s", 2);
	ck_assert(!fits("t", row, "-", 0));
	ck_assert_uint_ne(checkpoint_seal("t", &row), 0);
}
END_TEST

UNIT_MAIN("checkpoint", checkpoint_phase_names_read_back, checkpoint_table_states_are_found_by_both_names,
    checkpoint_seal_tells_every_edit, checkpoint_seal_covers_the_set_of_gtids, checkpoint_edited_row_of_a_load_group_is_named,
    checkpoint_table_states_without_memory_stay_as_they_are, checkpoint_seal_names_what_is_there_and_what_to_do,
    checkpoint_row_without_a_seal_is_one_without_a_source)
