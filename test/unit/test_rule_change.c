/* What other rules mean for tables that are on the target: refused or agreed, and what the answer says. */
#include "daemon/rule_change.c"
#include "test/unit/unit.h"

static struct conf *conf;
static struct tableset *set;
static struct table_states states;

static void
begin(const char *options)
{
	struct conf_errors errors = { 0 };
	struct err err = ERR_INIT;
	struct buf text = { 0 };

	buf_printf(&text,
	    "endpoints: { a: { role = \"source\"; socket = \"/a\"; dbname = \"d\"; user = \"u\"; };"
	    " b: { socket = \"/b\"; dbname = \"d\"; user = \"u\"; }; };\n"
	    "tasks: { t: { source = \"a\"; target = \"b\"; %s }; };\n", options);
	conf = conf_parse(buf_cstr(&text), "test", &errors);
	ck_assert_msg(conf != NULL, "%s", buf_cstr(&errors.text));
	ck_assert_ptr_nonnull((set = tableset_new(&err)));
	conf_errors_done(&errors);
	buf_done(&text);
}

static void
end(void)
{
	table_states_done(&states);
	tableset_free(set);
	conf_free(conf);
}

/* The rules lead table public.NAME there. */
static void
table(const char *name, const char *to)
{
	struct err err = ERR_INIT;

	ck_assert_ptr_nonnull(tableset_add(set, "public", name, "dw", to, &err));
}

/* The target remembers it there. */
static struct table_state *
state(const char *name, const char *to, enum table_phase phase, const char *fingerprint)
{
	struct err err = ERR_INIT;
	struct table_state *ts = table_states_add(&states, &err);

	ck_assert_ptr_nonnull(ts);
	ts->source_schema = xstrdup("public");
	ts->source_name = xstrdup(name);
	ts->target_schema = xstrdup("dw");
	ts->target_name = xstrdup(to);
	ts->phase = phase;
	ts->fingerprint = fingerprint != NULL ? xstrdup(fingerprint) : NULL;
	return ts;
}

static size_t
refusals(const char *resync)
{
	struct findings f = { 0 };
	size_t n;

	rule_change_check(conf->tasks[0], set, &states, resync, &f);
	n = findings_count(&f, FINDING_BLOCKER);
	ck_assert_uint_eq(n, f.n);
	findings_done(&f);
	return n;
}

static void
tells(bool load_done, const char *want)
{
	struct buf out = { 0 };

	rule_change_tell(conf->tasks[0], set, &states, load_done, &out);
	ck_assert_str_eq(buf_cstr(&out), want);
	buf_done(&out);
}

#define ALL "tables = ( { include = \"public.*\"; target_schema = \"dw\"; } ); "

START_TEST(rule_change_is_refused_for_rows_elsewhere_or_of_other_rules)
{
	begin(ALL);
	table("same", "same");
	table("moved", "here");
	table("other", "other");
	table("unknown", "unknown");
	table("fresh", "fresh");
	state("same", "same", TABLE_STREAMING, "mirror");
	state("moved", "there", TABLE_STREAMING, "mirror");
	state("other", "other", TABLE_CATCH_UP, "filter:x > 1");
	state("unknown", "unknown", TABLE_STREAMING, NULL);
	ck_assert_uint_eq(refusals(NULL), 2);
	ck_assert_uint_eq(refusals("public.moved\n"), 1);
	ck_assert_uint_eq(refusals("public.moved\npublic.other\n"), 0);
	end();
}
END_TEST

START_TEST(rule_change_asks_nobody_for_what_is_not_loaded_yet)
{
	begin(ALL);
	table("queued", "here");
	table("loading", "loading");
	state("queued", "there", TABLE_QUEUED, "mirror");
	state("loading", "loading", TABLE_LOADING, "filter:x > 1");
	ck_assert_uint_eq(refusals(NULL), 0);
	end();
}
END_TEST

START_TEST(rule_change_is_agreed_by_the_task_or_by_the_last_rule_that_says_it)
{
	begin(ALL "full_load: { on_change = \"reload\"; };");
	table("moved", "here");
	state("moved", "there", TABLE_STREAMING, "mirror");
	ck_assert_uint_eq(refusals(NULL), 0);
	end();
	begin("tables = ( { include = \"public.*\"; on_change = \"reload\"; }, { include = \"public.big\"; on_change = \"refuse\"; } );");
	table("moved", "here");
	table("big", "here2");
	state("moved", "there", TABLE_STREAMING, "mirror");
	state("big", "there2", TABLE_STREAMING, "mirror");
	ck_assert_uint_eq(refusals(NULL), 1);
	end();
}
END_TEST

START_TEST(rule_change_loads_nothing_in_mode_cdc)
{
	begin(ALL "mode = \"cdc\";");
	table("moved", "here");
	table("new", "new");
	state("moved", "there", TABLE_STREAMING, "filter:x > 1");
	ck_assert_uint_eq(refusals(NULL), 0);
	tells(true,
	    "table public.moved goes to dw.here: it is streamed from now on; mode cdc loads nothing, so its rows of before are for you to copy; dw.there "
	    "stays as it is\n"
	    "table public.new is added, as dw.new: it is streamed from now on; mode cdc loads nothing, so its rows of before are for you to copy\n");
	end();
}
END_TEST

START_TEST(rule_change_tells_what_becomes_of_tables)
{
	begin(ALL "full_load: { target_tables = \"truncate\"; };");
	table("same", "same");
	table("moved", "here");
	table("other", "other");
	table("new", "new");
	state("same", "same", TABLE_STREAMING, "mirror");
	state("moved", "there", TABLE_STREAMING, "mirror");
	state("other", "other", TABLE_STREAMING, "filter:x > 1");
	state("left", "left", TABLE_STREAMING, "mirror");
	tells(true,
	    "table public.moved goes to dw.here: it is loaded beside the stream; dw.there stays as it is\n"
	    "table public.other is emptied and loaded again in dw.other\n"
	    "table public.new is added, as dw.new: it is loaded beside the stream\n"
	    "table public.left has left: dw.left is no longer written, what is there stays; should it return it is loaded anew\n");
	end();
	begin(ALL "mode = \"full_load\";");
	table("new", "new");
	tells(false, "table public.new is added, as dw.new: it is loaded\n");
	tells(true, "table public.new is added, as dw.new: it is loaded by: repld ctl restart --reload, as the full load is done\n");
	end();
}
END_TEST

START_TEST(rule_change_counts_what_it_does_not_tell)
{
	struct buf out = { 0 };
	char name[16];

	begin(ALL);
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "t%02d", i);
		table(name, name);
		snprintf(name, sizeof(name), "l%02d", i);
		state(name, name, TABLE_STREAMING, "mirror");
	}
	rule_change_tell(conf->tasks[0], set, &states, true, &out);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "\nand 5 more tables are added\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "\nand 5 more tables have left\n"));
	ck_assert_ptr_null(strstr(buf_cstr(&out), "t20"));
	buf_done(&out);
	end();
}
END_TEST

UNIT_MAIN("rule_change", rule_change_is_refused_for_rows_elsewhere_or_of_other_rules, rule_change_asks_nobody_for_what_is_not_loaded_yet,
    rule_change_is_agreed_by_the_task_or_by_the_last_rule_that_says_it, rule_change_loads_nothing_in_mode_cdc,
    rule_change_tells_what_becomes_of_tables, rule_change_counts_what_it_does_not_tell)
