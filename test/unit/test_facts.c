/* test_facts.c - what two looks at a table in the source's catalog tell: nothing, a suspicion, a hole. */
#include "staging/facts.c"

#include "test/unit/unit.h"

static struct err err;
static struct facts_verdict v;
static bool rows_there, rows_kept;	/* what ask() finds */
static int asked;

static bool
ask(void *arg, const struct facts_leaf *leaf, enum facts_question q, const char *as_of, bool *ret, struct err *e)
{
	(void)arg, (void)e;
	asked++;
	ck_assert_str_eq(as_of, "1000");
	ck_assert(q == FACTS_ROWS_KEPT || (q == FACTS_ROWS_BEFORE) == leaf->published);
	*ret = q == FACTS_ROWS_KEPT ? rows_kept : rows_there;
	return true;
}

/* Two looks that are equal, of a table with two partitions and three columns. */
static struct facts_column was_cols[3], is_cols[4];
static struct facts_leaf was_leaves[2], is_leaves[3];
static struct table_facts was, is;

static void
reset(void)
{
	const struct facts_column cols[3] = { { 1, "700", "23.-1", false, false, "id" }, { 2, "700", "25.-1", false, false, "v" },
		{ 4, "701", "23.-1", true, false, "twice" } };
	const struct facts_leaf leaves[2] = { { 11, "11", " 700", true, "", true, true, 'd', "s", "p1" },
		{ 12, "12", " 701", true, "", true, true, 'd', "s", "p2" } };

	memcpy(was_cols, cols, sizeof(cols));
	memcpy(is_cols, cols, sizeof(cols));
	memcpy(was_leaves, leaves, sizeof(leaves));
	memcpy(is_leaves, leaves, sizeof(leaves));
	was = is = (struct table_facts){ .there = true, .as_of = "1000", .oid = 10, .schema = "s", .name = "t",
		.publication = { "90", "900", "10", "", "r91,r92" }, .ncols = 3, .nleaves = 2 };
	was.cols = was_cols;
	was.leaves = was_leaves;
	is.cols = is_cols;
	is.leaves = is_leaves;
	rows_there = true;
	rows_kept = false;
	asked = 0;
}

static void
looks(enum facts_kind want, const char *what)
{
	ck_ok(facts_compare(&was, &is, "pub", ask, NULL, &v, &err), &err);
	if (v.kind != want || strstr(v.what, what) == NULL)
		ck_abort_msg("verdict %d \"%s\", expected %d ...%s...", v.kind, v.what, want, what);
	ck_assert((v.what[0] != '\0') == (v.kind >= FACTS_AGAIN));
}

START_TEST(facts_text_gives_back_what_was_written)
{
	struct arena *arena = arena_new(4096, 0);
	struct buf b = { 0 };
	struct table_facts back;

	reset();
	is.name = "odd\tname\nwith \\ all";
	is_leaves[1] = (struct facts_leaf){ 12, "7", " 1 2", false, "1 2 -1", false, false, 'n', "s\\n", "" };
	ck_ok(facts_write(&is, &b, &err), &err);
	ck_ok(facts_read(buf_cstr(&b), arena, &back, &err), &err);
	ck_assert_str_eq(back.name, is.name);
	ck_assert_str_eq(back.leaves[1].schema, "s\\n");
	ck_assert_str_eq(back.leaves[1].since, "1 2 -1");
	ck_assert(!back.leaves[1].in_place && !back.leaves[1].published && !back.leaves[1].logged && back.leaves[1].identity == 'n');
	ck_assert_uint_eq(back.ncols, 3);
	ck_assert(back.cols[2].computed && !back.cols[1].computed);
	ck_ok(facts_compare(&back, &is, "pub", ask, NULL, &v, &err), &err);
	ck_assert_int_eq(v.kind, FACTS_HOLE);	/* by what it says itself: not logged */
	is_leaves[1].logged = is_leaves[1].published = true;
	back.leaves[1].logged = back.leaves[1].published = true;
	ck_ok(facts_compare(&back, &is, "pub", ask, NULL, &v, &err), &err);
	ck_assert_int_eq(v.kind, FACTS_SAME);
	ck_fails(facts_read("facts\t2\t1\n", arena, &back, &err), &err, ERR_PROTOCOL);
	ck_fails(facts_read("facts\t1\t1\nleaf\t1\t2\n", arena, &back, &err), &err, ERR_PROTOCOL);
	ck_fails(facts_read("", arena, &back, &err), &err, ERR_PROTOCOL);
	buf_done(&b);
	arena_free(arena);
}
END_TEST

START_TEST(a_rewrite_is_harmless_unless_a_column_was_written_with_it)
{
	reset();
	looks(FACTS_SAME, "");
	is_leaves[0].file = "21";	/* VACUUM FULL */
	looks(FACTS_CHANGED, "");
	is_cols[1].version = "710";	/* ALTER v TYPE text USING ... */
	looks(FACTS_SUSPECT, "column v");
	rows_kept = true;		/* SET STATISTICS and VACUUM FULL */
	looks(FACTS_CHANGED, "");
	is_leaves[1].file = "22";
	looks(FACTS_CHANGED, "");
	ck_assert_int_eq(asked, 4);
	reset();
	is_cols[1].version = "710";	/* SET STATISTICS */
	looks(FACTS_CHANGED, "");
	ck_assert_int_eq(asked, 0);
	reset();
	is_leaves[1].file = "22";
	is_cols[2].version = "710";	/* a generated column's expression */
	looks(FACTS_CHANGED, "");
}
END_TEST

START_TEST(another_type_stops_by_itself_and_explains_the_columns_behind_it)
{
	reset();
	is_leaves[0].file = "21";
	is_cols[0].type = "20.-1";
	is_cols[0].version = is_cols[1].version = is_cols[2].version = "710";
	looks(FACTS_CHANGED, "");
	ck_assert_ptr_nonnull(strstr(v.note, "column id"));
	reset();
	is_leaves[0].file = "21";
	is_cols[1].type = "20.-1";
	is_cols[0].version = is_cols[1].version = "710";
	looks(FACTS_SUSPECT, "column id");
}
END_TEST

START_TEST(a_column_that_was_filled_row_by_row_is_suspect)
{
	reset();
	is_cols[3] = (struct facts_column){ 5, "710", "2950.-1", false, false, "u" };
	is.ncols = 4;
	looks(FACTS_CHANGED, "");
	is_leaves[0].file = "21";
	looks(FACTS_CHANGED, "");	/* no default: null in each row */
	is_cols[3].filled = true;
	looks(FACTS_SUSPECT, "column u");
	is_leaves[0].file = "11";
	looks(FACTS_CHANGED, "");	/* a constant: no rewrite */
}
END_TEST

START_TEST(a_leaf_that_goes_or_comes_back_is_suspect)
{
	reset();
	is.nleaves = 1;
	looks(FACTS_SUSPECT, "partition s.p2 was detached or dropped");
	reset();
	is_leaves[0].links = " 750";
	looks(FACTS_SUSPECT, "detached and attached again");
	reset();
	is_leaves[0].name = "renamed";
	looks(FACTS_CHANGED, "");
	reset();
	is_leaves[0].logged = is_leaves[0].published = false;
	looks(FACTS_HOLE, "unlogged");
}
END_TEST

START_TEST(a_new_leaf_counts_by_the_rows_it_came_with)
{
	reset();
	is_leaves[2] = (struct facts_leaf){ 13, "13", " 760", true, "", true, true, 'd', "s", "p3" };
	is.nleaves = 3;
	looks(FACTS_CHANGED, "");
	ck_assert_int_eq(asked, 0);
	is_leaves[2].in_place = false;
	looks(FACTS_SUSPECT, "partition s.p3 came with rows");
	rows_there = false;
	looks(FACTS_CHANGED, "");
	is_leaves[2].published = false;
	looks(FACTS_AGAIN, "p3");
	rows_there = true;
	looks(FACTS_HOLE, "p3");
}
END_TEST

START_TEST(the_publication_must_hold_all_of_the_table_all_the_time)
{
	reset();
	is.publication.members = "r91,r92,r93";
	looks(FACTS_CHANGED, "");
	is.publication.members = "r93,r91";
	looks(FACTS_SUSPECT, "taken out of publication pub and put back");
	is.publication.members = "r9,r91,r920";
	looks(FACTS_SUSPECT, "taken out");
	is_leaves[0].published = false;
	looks(FACTS_HOLE, "partition s.p1");
	reset();
	is.publication.version = "901";
	looks(FACTS_SUSPECT, "altered");
	is.publication.owner = "11";
	looks(FACTS_CHANGED, "");
	is.publication.id = "95";
	looks(FACTS_SUSPECT, "made again");
	is.publication.fault = "does not publish delete";
	looks(FACTS_HOLE, "does not publish delete");
	reset();
	is.publication.id = "";
	is_leaves[0].published = is_leaves[1].published = false;
	looks(FACTS_HOLE, "publication pub is gone");
}
END_TEST

START_TEST(a_table_that_is_gone_or_another_one_is_never_taken_for_the_same)
{
	reset();
	is.there = false;
	looks(FACTS_SUSPECT, "dropped");
	is.there = true;
	is.oid = 20;
	looks(FACTS_HOLE, "another table");
	reset();
	is.name = "renamed";
	looks(FACTS_CHANGED, "");
}
END_TEST

START_TEST(a_first_look_tells_what_is_wrong_by_itself)
{
	reset();
	ck_ok(facts_compare(NULL, &is, "pub", ask, NULL, &v, &err), &err);
	ck_assert_int_eq(v.kind, FACTS_CHANGED);
	is_leaves[1].published = false;
	ck_ok(facts_compare(NULL, &is, "pub", ask, NULL, &v, &err), &err);
	ck_assert_int_eq(v.kind, FACTS_HOLE);
}
END_TEST

START_TEST(a_lost_replica_identity_is_noted_once)
{
	reset();
	is_leaves[1].identity = 'n';
	looks(FACTS_CHANGED, "");
	ck_assert_ptr_nonnull(strstr(v.note, "s.p2 has no replica identity"));
	was_leaves[1].identity = 'n';
	looks(FACTS_SAME, "");
	ck_assert_str_eq(v.note, "");
}
END_TEST

/* A plugin that needs no publication: names and replica identities are what counts. */
static void
looks_unpublished(enum facts_kind want, const char *what)
{
	ck_ok(facts_compare(&was, &is, NULL, ask, NULL, &v, &err), &err);
	if (v.kind != want || strstr(v.what, what) == NULL)
		ck_abort_msg("verdict %d \"%s\", expected %d ...%s...", v.kind, v.what, want, what);
}

START_TEST(without_a_publication_a_name_is_all_that_a_table_is_known_by)
{
	reset();
	looks_unpublished(FACTS_SAME, "");
	is.name = "t2";
	looks_unpublished(FACTS_HOLE, "renamed from s.t");
	looks(FACTS_CHANGED, "");
	reset();
	is_leaves[1].name = "p3";
	looks_unpublished(FACTS_HOLE, "partition s.p3 was renamed from s.p2");
	looks(FACTS_CHANGED, "");
}
END_TEST

START_TEST(without_a_publication_a_lost_identity_is_a_hole)
{
	reset();
	is_leaves[0].published = false;
	looks_unpublished(FACTS_HOLE, "partition s.p1 has no replica identity any more");
	reset();
	is.publication.members = "r91";		/* an index is gone */
	looks_unpublished(FACTS_SUSPECT, "replica identity was dropped");
	is_leaves[0].identity = is_leaves[1].identity = was_leaves[0].identity = was_leaves[1].identity = 'f';
	looks_unpublished(FACTS_CHANGED, "");	/* none was needed */
	is.publication.members = "r91,r92,r93";
	looks_unpublished(FACTS_CHANGED, "");
}
END_TEST

START_TEST(without_a_publication_a_partition_needs_no_entry)
{
	reset();
	was.nleaves = 1;
	looks_unpublished(FACTS_CHANGED, "");
	is_leaves[1].published = false;
	looks_unpublished(FACTS_HOLE, "partition s.p2 has no replica identity");
	is_leaves[1].published = true;
	is_leaves[1].in_place = false;
	looks_unpublished(FACTS_SUSPECT, "partition s.p2 came with rows");
	rows_there = false;
	looks_unpublished(FACTS_CHANGED, "");
}
END_TEST

UNIT_MAIN("facts", facts_text_gives_back_what_was_written, a_rewrite_is_harmless_unless_a_column_was_written_with_it,
    another_type_stops_by_itself_and_explains_the_columns_behind_it, a_column_that_was_filled_row_by_row_is_suspect,
    a_leaf_that_goes_or_comes_back_is_suspect, a_new_leaf_counts_by_the_rows_it_came_with,
    the_publication_must_hold_all_of_the_table_all_the_time, a_table_that_is_gone_or_another_one_is_never_taken_for_the_same,
    a_first_look_tells_what_is_wrong_by_itself, a_lost_replica_identity_is_noted_once,
    without_a_publication_a_name_is_all_that_a_table_is_known_by, without_a_publication_a_lost_identity_is_a_hole,
    without_a_publication_a_partition_needs_no_entry)
