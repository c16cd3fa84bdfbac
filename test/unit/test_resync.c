/* The list of tables to load again: picked by the board's names, merged, looked up, told. */
#include "daemon/resync.c"
#include "test/unit/unit.h"

static struct board_table shop[] = { { .source = "public.orders" }, { .source = "public.item" }, { .source = "sales.item" },
	{ .source = "public.Odd.Name" }, { .source = "public.audit", .target = "dw.audit", .appended = true } };
static struct board_table *rows[] = { &shop[0], &shop[1], &shop[2], &shop[3], &shop[4] };

/* What is picked of these names, or why nothing is. */
static bool
pick(const char *asked, struct buf *out)
{
	struct board b = { .ntables = 5, .tables = rows };
	struct buf list = { 0 }, why = { 0 };
	bool ok;

	mutex_init(&b.lock);
	ok = resync_pick(&b, asked, &list, &why);
	buf_reset(out);
	buf_str(out, buf_cstr(ok ? &list : &why));
	buf_done(&list);
	buf_done(&why);
	mutex_done(&b.lock);
	return ok;
}

START_TEST(resync_takes_each_known_table_once)
{
	struct buf out = { 0 };

	ck_assert(pick("public.item\npublic.orders\npublic.item\n", &out));
	ck_assert_str_eq(buf_cstr(&out), "public.item\npublic.orders\n");
	ck_assert(pick("public.Odd.Name", &out));
	buf_done(&out);
}
END_TEST

static void
refused(const char *asked, const char *why)
{
	struct buf out = { 0 };

	ck_assert(!pick(asked, &out));
	ck_assert_msg(strstr(buf_cstr(&out), why) != NULL, "%s: %s", asked, buf_cstr(&out));
	buf_done(&out);
}

START_TEST(resync_names_what_is_close_to_an_unknown_table)
{
	refused("public.order\n", "did you mean public.orders");
	refused("PUBLIC.ORDERS\n", "did you mean public.orders");
	refused("orders\n", "did you mean public.orders");
	refused("item\n", "did you mean public.item or sales.item");
	refused("dw.item\n", "did you mean public.item or sales.item");
	refused("public.nothing_like_it\n", "repld ctl status --tables");
	refused("nothing\n", "schema.table");
	refused("public.item\npublic.oders\n", "public.oders is no table of this task; did you mean public.orders");
}
END_TEST

START_TEST(resync_refuses_a_table_that_rows_were_appended_to)
{
	refused("public.audit\n", "rows of others");
}
END_TEST

START_TEST(resync_waits_for_the_first_look_at_the_tables)
{
	struct board b = { 0 };
	struct buf list = { 0 }, why = { 0 };

	mutex_init(&b.lock);
	ck_assert(!resync_pick(&b, "public.item\n", &list, &why));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&why), "not read its tables yet"));
	buf_done(&list);
	buf_done(&why);
	mutex_done(&b.lock);
}
END_TEST

START_TEST(resync_names_finds_whole_lines_only)
{
	static const char list[] = "public.item\npublic.Odd.Name\n";

	ck_assert(resync_names(list, "public", "item"));
	ck_assert(resync_names(list, "public", "Odd.Name"));
	ck_assert(!resync_names(list, "public", "ite"));
	ck_assert(!resync_names(list, "public", "items"));
	ck_assert(!resync_names(list, "publi", "item"));
	ck_assert(!resync_names(list, "public", "Odd"));
	ck_assert(!resync_names(NULL, "public", "item"));
}
END_TEST

START_TEST(resync_adds_to_what_is_asked_for_already)
{
	struct buf list = { 0 };

	resync_add(&list, "a.b\n");
	resync_add(&list, "a.c\na.b\n");
	ck_assert_str_eq(buf_cstr(&list), "a.b\na.c\n");
	buf_done(&list);
}
END_TEST

START_TEST(resync_adds_no_list_that_was_lost)
{
	struct buf lost = { .bad = true }, list = { 0 };

	resync_add(&list, "public.a\n");
	resync_add(&list, buf_cstr(&lost));
	ck_assert(list.bad);
	resync_add(&list, "public.b\n");
	ck_assert(buf_lost(buf_cstr(&list)));
	buf_done(&list);
}
END_TEST

START_TEST(resync_text_counts_what_it_does_not_show)
{
	struct buf list = { 0 }, text = { 0 };

	resync_text("public.a\n", " beside the stream", &text);
	ck_assert_str_eq(buf_cstr(&text), "1 table is emptied and loaded again beside the stream: public.a");
	buf_reset(&text);
	for (int i = 0; i < 25; i++)
		buf_printf(&list, "a.t%d\n", i);
	resync_text(buf_cstr(&list), "", &text);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "25 tables are emptied and loaded again: a.t0, a.t1"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "a.t19 and 5 more"));
	buf_done(&list);
	buf_done(&text);
}
END_TEST

UNIT_MAIN("resync", resync_adds_no_list_that_was_lost, resync_takes_each_known_table_once, resync_names_what_is_close_to_an_unknown_table,
    resync_refuses_a_table_that_rows_were_appended_to, resync_waits_for_the_first_look_at_the_tables,
    resync_names_finds_whole_lines_only, resync_adds_to_what_is_asked_for_already, resync_text_counts_what_it_does_not_show)
