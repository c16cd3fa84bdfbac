/* test_conf_diff.c - two configurations: what a reload has to do, and how it says why. */
#include "daemon/conf_diff.c"

#include "test/unit/unit.h"

#define EP(name) #name ": { host = \"" #name "\"; dbname = \"d\"; user = \"u\"; }; "
#define EPS "endpoints: { " EP(a) EP(b) EP(c) "};\n"
#define ALL "tables = ( { include = \"*.*\"; } ); "
#define AB "source = \"a\"; target = \"b\"; "
#define TASK(name, more) #name ": { " AB ALL more "}; "
#define RULES(r) EPS "tasks: { t: { " AB "tables = ( " r " ); }; };"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct conf *
parse(const char *text)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_parse(text, "f", &errors);

	if (c == NULL)
		ck_abort_msg("refused: %s", buf_cstr(&errors.text));
	return c;
}

static struct conf *was, *is;
static struct conf_diff diff;

static void
compare(const char *old_text, const char *new_text)
{
	struct err err = ERR_INIT;

	was = parse(old_text);
	is = parse(new_text);
	ck_ok(conf_diff_new(was, is, &diff, &err), &err);
	ck_assert_uint_ge(diff.n, 1);
	ck_assert_ptr_null(diff.changes[0].task);
}

static void
compare_done(void)
{
	conf_diff_done(&diff);
	ck_assert_uint_eq(diff.n, 0);
	conf_free(was);
	conf_free(is);
}

static void
changed(uint32_t i, const char *task, enum conf_action action, const char *why, const char *waits)
{
	ck_assert_uint_gt(diff.n, i);
	ck_assert_pstr_eq(diff.changes[i].task, task);
	ck_assert_str_eq(buf_cstr(&diff.changes[i].why), why);
	ck_assert_str_eq(buf_cstr(&diff.changes[i].waits), waits);
	ck_assert_int_eq(diff.changes[i].action, action);
}

START_TEST(conf_diff_keeps_what_is_equal)
{
	compare(EPS "tasks: { " TASK(t1, "enabled = false; ") "};", EPS "tasks: { " TASK(t1, "enabled = false; ") "};");
	ck_assert_uint_eq(diff.n, 2);
	changed(0, NULL, CONF_KEEP, "", "");
	changed(1, "t1", CONF_KEEP, "", "");
	compare_done();
	/* other places, other spelling, defaults said aloud */
	compare(EPS "tasks: { " TASK(t, "") "};",
	    "tasks: { t: {\n" AB ALL "apply: { max_bytes = \"4096kB\"; }; }; };\n\n" EPS "daemon: { log_level = \"info\"; };");
	changed(1, "t", CONF_KEEP, "", "");
	compare_done();
}
END_TEST

START_TEST(conf_diff_of_the_daemon_tunes_or_waits)
{
	compare("", "daemon: { log_level = \"debug\"; };");
	ck_assert_uint_eq(diff.n, 1);
	changed(0, NULL, CONF_TUNE, "daemon.log_level \"info\" -> \"debug\"\n", "");
	compare_done();
	compare("daemon: { http_listen = \"127.0.0.1:1\"; };", "daemon: { control_socket = \"/c\"; };");
	changed(0, NULL, CONF_KEEP, "", "daemon.control_socket \"/run/repld/control.sock\" -> \"/c\"\n"
					"daemon.http_listen \"127.0.0.1:1\" -> \"\"\n");
	compare_done();
}
END_TEST

START_TEST(conf_diff_tunes_what_can_be_tuned)
{
	compare(EPS "tasks: { " TASK(t, "") TASK(u, "") "};",
	    EPS "tasks: { " TASK(t, "apply: { max_rows = 1000; max_bytes = \"1MB\"; max_delay = \"1s\"; };"
				    "full_load: { max_rate = \"10MB\"; };") TASK(u, "") "};");
	ck_assert_uint_eq(diff.n, 3);
	changed(1, "t", CONF_TUNE, "full_load.max_rate \"\" -> \"10MB\"\napply.max_rows 5000 -> 1000\n"
				   "apply.max_bytes \"4MB\" -> \"1MB\"\napply.max_delay \"20ms\" -> \"1s\"\n", "");
	changed(2, "u", CONF_KEEP, "", "");
	compare_done();
}
END_TEST

START_TEST(conf_diff_restarts_for_the_rest)
{
	static const struct {
		const char *more, *why;
	} list[] = {
		{ "enabled = false; ", "enabled true -> false\n" },
		{ "mode = \"cdc\"; ", "mode \"full_load_and_cdc\" -> \"cdc\"\n" },
		{ "durability = \"relaxed\"; ", "durability \"strict\" -> \"relaxed\"\n" },
		{ "rename_from = \"x\"; ", "rename_from none -> \"x\"\n" },
		{ "postgresql: { slot = \"x\"; }; ", "postgresql.slot \"repld_t\" -> \"x\"\n" },
		{ "postgresql: { publication = \"x\"; }; ", "postgresql.publication \"repld_t\" -> \"x\"\n" },
		{ "staging: { ring_size = \"1GB\"; }; ", "staging.ring_size \"64MB\" -> \"1GB\"\n" },
		{ "apply: { mode = \"transactional\"; max_rows = 1; }; ",
		    "apply.mode \"batch\" -> \"transactional\"\napply.max_rows 5000 -> 1\n" },
		{ "apply: { fire_triggers = true; }; ", "apply.fire_triggers false -> true\n" },
		{ "full_load: { parallel_tables = 1; parallel_chunks = 1; target_tables = \"drop\"; }; ",
		    "full_load.parallel_tables 4 -> 1\nfull_load.parallel_chunks 2 -> 1\n"
		    "full_load.target_tables \"create\" -> \"drop\"\n" },
		{ "full_load: { on_change = \"reload\"; }; ", "full_load.on_change \"refuse\" -> \"reload\"\n" },
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		struct buf text = { 0 };

		buf_printf(&text, "%s tasks: { t: { %s%s%s}; };", EPS, AB, ALL, list[i].more);
		compare(EPS "tasks: { " TASK(t, "") "};", buf_cstr(&text));
		changed(1, "t", CONF_RESTART, list[i].why, "");
		compare_done();
		buf_done(&text);
	}
}
END_TEST

START_TEST(conf_diff_names_the_first_rule_that_differs)
{
	compare(RULES("{ include = \"a.*\"; }"), RULES("{ include = \"a.*\"; }, { exclude = \"a.b\"; }"));
	changed(1, "t", CONF_RESTART, "tables: rule 2 none -> { exclude = \"a.b\"; }\n", "");
	compare_done();
	compare(RULES("{ include = \"a.*\"; target_schema = \"c\"; }, { include = \"b.b\"; target = \"c.c\"; }"),
	    RULES("{ include = \"a.*\"; target_schema = \"d\"; }"));
	changed(1, "t", CONF_RESTART,
	    "tables: rule 1 { include = \"a.*\"; target_schema = \"c\"; } -> { include = \"a.*\"; target_schema = \"d\"; }\n", "");
	compare_done();
	compare(RULES("{ include = \"a.*\"; }"), RULES("{ include = \"a.*\"; on_change = \"reload\"; }"));
	changed(1, "t", CONF_RESTART, "tables: rule 1 { include = \"a.*\"; } -> { include = \"a.*\"; on_change = \"reload\"; }\n", "");
	compare_done();
}
END_TEST

START_TEST(conf_diff_restarts_the_tasks_of_a_changed_endpoint)
{
	static const char tasks[] = "tasks: { " TASK(x, "") "y: { source = \"c\"; target = \"b\"; " ALL "}; "
		"z: { source = \"c\"; target = \"a\"; " ALL "}; };";
	struct buf text = { 0 };

	buf_printf(&text, "endpoints: { a: { host = \"a2\"; dbname = \"d\"; user = \"u\"; password_env = \"P\"; }; %s%s }; %s", EP(b),
	    "c: { host = \"c\"; dbname = \"d\"; user = \"u\"; role = \"source\"; }; ", tasks);
	compare("endpoints: { " EP(a) EP(b) EP(c) "}; "
		"tasks: { " TASK(x, "") "y: { source = \"c\"; target = \"b\"; " ALL "}; "
		"z: { source = \"c\"; target = \"a\"; " ALL "}; };", buf_cstr(&text));
	changed(1, "x", CONF_RESTART, "endpoints.a.host \"a\" -> \"a2\"\nendpoints.a.password_env none -> \"P\"\n", "");
	changed(2, "y", CONF_KEEP, "", "");
	changed(3, "z", CONF_RESTART, "endpoints.a.host \"a\" -> \"a2\"\nendpoints.a.password_env none -> \"P\"\n", "");
	compare_done();
	buf_done(&text);
	/* from TCP to a socket; from one endpoint to another */
	compare(EPS "tasks: { " TASK(t, "") "};",
	    "endpoints: { a: { socket = \"/s\"; dbname = \"d\"; user = \"u\"; }; " EP(b) EP(c) "};"
	    "tasks: { t: { source = \"a\"; target = \"c\"; " ALL "}; };");
	changed(1, "t", CONF_RESTART, "target \"b\" -> \"c\"\nendpoints.a.host \"a\" -> none\nendpoints.a.socket none -> \"/s\"\n", "");
	compare_done();
}
END_TEST

START_TEST(conf_diff_adds_and_drops)
{
	compare(EPS "tasks: { " TASK(gone, "") TASK(kept, "") "};", EPS "tasks: { " TASK(kept, "") TASK(come, "") "};");
	ck_assert_uint_eq(diff.n, 4);
	changed(1, "kept", CONF_KEEP, "", "");
	changed(2, "come", CONF_ADD, "", "");
	changed(3, "gone", CONF_DROP, "", "");
	compare_done();
}
END_TEST

UNIT_MAIN("conf_diff", conf_diff_keeps_what_is_equal, conf_diff_of_the_daemon_tunes_or_waits, conf_diff_tunes_what_can_be_tuned,
    conf_diff_restarts_for_the_rest, conf_diff_names_the_first_rule_that_differs,
    conf_diff_restarts_the_tasks_of_a_changed_endpoint, conf_diff_adds_and_drops)
