/* test_conf.c - the configuration: what is read, what is refused and in which words, what is printed. */
#include "daemon/conf.c"

#include <fcntl.h>
#include <glob.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test/unit/unit.h"

#define EP(name) #name ": { host = \"" #name "\"; dbname = \"d\"; user = \"u\"; }; "
#define EPS "endpoints: { " EP(a) EP(b) EP(c) "};\n"		/* one line */
#define ALL "tables = ( { include = \"*.*\"; } ); "
#define AB "source = \"a\"; target = \"b\"; "
#define TASK(name, more) #name ": { " AB ALL more "}; "

static struct conf *
parse(const char *text)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_parse(text, "f", &errors);

	if (c == NULL)
		ck_abort_msg("refused: %s", buf_cstr(&errors.text));
	ck_assert_uint_eq(errors.n, 0);
	ck_assert_uint_eq(errors.text.n, 0);
	conf_errors_done(&errors);
	return c;
}

/* Refused with exactly these lines. */
static void
refuse(const char *text, const char *lines)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_parse(text, "f", &errors);

	ck_assert_msg(c == NULL, "accepted: %s", text);
	ck_assert_str_eq(buf_cstr(&errors.text), lines);
	ck_assert_uint_gt(errors.n, 0);
	conf_errors_done(&errors);
}

static void
refuse_file(const char *path, const char *lines)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_load(path, &errors);

	ck_assert_msg(c == NULL, "accepted: %s", path);
	ck_assert_str_eq(buf_cstr(&errors.text), lines);
	conf_errors_done(&errors);
}

/* ---- equality, over the option table ---- */

static void
section_equal(enum opt_section section, const void *a, const void *b)
{
	for (size_t i = 0; i < OPT_N; i++) {
		struct buf x = { 0 }, y = { 0 };

		if (conf_opts[i].section != section || conf_opts[i].type == OPT_RULES)
			continue;
		ck_assert_int_eq(conf_opt_text(&conf_opts[i], a, &x), conf_opt_text(&conf_opts[i], b, &y));
		ck_assert_msg(strcmp(buf_cstr(&x), buf_cstr(&y)) == 0, "%s: %s, %s", conf_opts[i].name, buf_cstr(&x),
		    buf_cstr(&y));
		buf_done(&x);
		buf_done(&y);
	}
}

static void
task_equal(const struct task_conf *a, const struct task_conf *b)
{
	ck_assert_str_eq(a->name, b->name);
	for (int s = SEC_tasks; s <= SEC_apply; s++)
		if (s != SEC_tables)
			section_equal((enum opt_section)s, a, b);
	ck_assert_uint_eq(a->rules.n, b->rules.n);
	for (uint32_t i = 0; i < a->rules.n; i++) {
		ck_assert_int_eq(a->rules.rules[i].exclude, b->rules.rules[i].exclude);
		ck_assert_str_eq(a->rules.rules[i].text, b->rules.rules[i].text);
		ck_assert_pstr_eq(a->rules.rules[i].target_schema, b->rules.rules[i].target_schema);
		ck_assert_pstr_eq(a->rules.rules[i].target, b->rules.rules[i].target);
	}
}

static void
conf_equal(const struct conf *a, const struct conf *b)
{
	section_equal(SEC_daemon, a, b);
	ck_assert_uint_eq(a->nendpoints, b->nendpoints);
	for (uint32_t i = 0; i < a->nendpoints; i++) {
		ck_assert_str_eq(a->endpoints[i]->name, b->endpoints[i]->name);
		section_equal(SEC_endpoints, a->endpoints[i], b->endpoints[i]);
	}
	ck_assert_uint_eq(a->ntasks, b->ntasks);
	for (uint32_t i = 0; i < a->ntasks; i++)
		task_equal(a->tasks[i], b->tasks[i]);
}

static struct conf *
print_and_parse(const struct conf *c, const struct task_conf *task)
{
	struct buf text = { 0 }, again = { 0 };
	struct conf *back;

	conf_print(c, task, &text);
	back = parse(buf_cstr(&text));
	conf_print(back, NULL, &again);
	ck_assert_str_eq(buf_cstr(&text), buf_cstr(&again));
	buf_done(&text);
	buf_done(&again);
	return back;
}

/* ---- what is read ---- */

START_TEST(conf_has_the_defaults_where_nothing_is_given)
{
	struct conf *c = parse(EPS "tasks: { " TASK(orders, "") "};");
	const struct task_conf *t = c->tasks[0];
	const struct endpoint *a = c->endpoints[0];

	ck_assert_str_eq(c->file, "f");
	ck_assert_str_eq(c->control_socket, "/run/repld/control.sock");
	ck_assert_str_eq(c->http_listen, "");
	ck_assert_int_eq(c->log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(a->kind, ENDPOINT_POSTGRESQL);
	ck_assert_int_eq(a->role, ROLE_BOTH);
	ck_assert_uint_eq(a->port, 5432);
	ck_assert_ptr_null(a->socket);
	ck_assert_ptr_null(a->password_file);
	ck_assert_ptr_null(a->password_credential);
	ck_assert_ptr_null(a->password_env);
	ck_assert_int_eq(a->tls, TLS_VERIFY_FULL);
	ck_assert_str_eq(a->tls_ca, "/etc/ssl/certs/ca-certificates.crt");
	ck_assert_ptr_eq(t->source, a);
	ck_assert_ptr_eq(t->target, c->endpoints[1]);
	ck_assert_int_eq(t->mode, MODE_FULL_LOAD_AND_CDC);
	ck_assert(t->enabled && !t->durability_relaxed && !t->apply.fire_triggers);
	ck_assert_ptr_null(t->rename_from);
	ck_assert_str_eq(t->postgresql.slot, "repld_orders");
	ck_assert_str_eq(t->postgresql.publication, "repld_orders");
	ck_assert_str_eq(t->postgresql.plugin, "pgoutput");
	ck_assert_uint_eq(t->full_load.parallel_tables, 4);
	ck_assert_uint_eq(t->full_load.parallel_chunks, 2);
	ck_assert_int_eq(t->full_load.target_tables, PREP_CREATE);
	ck_assert_int_eq(t->full_load.chunks, CHUNKS_CTID);
	ck_assert_uint_eq(t->full_load.max_rate, 0);
	ck_assert_uint_eq(t->staging.ring_size, 64 << 20);
	ck_assert_int_eq(t->apply.mode, APPLY_BATCH);
	ck_assert_uint_eq(t->apply.max_rows, 5000);
	ck_assert_uint_eq(t->apply.max_bytes, 4 << 20);
	ck_assert_int_eq(t->apply.max_delay, 20000);
	conf_free(c);
}
END_TEST

static const char everything[] =
    "tasks = {\n"				/* tasks first, = for : and commas for semicolons */
    "  t1: {\n"
    "    source = \"s_1\", target = \"t\", mode = \"cdc\"; enabled = false; durability = \"relaxed\"; rename_from = \"t_0\";\n"
    "    tables = (\n"
    "      { include = \"pub*.or?ers\"; target_schema = \"d\\\"w\"; },\n"
    "      { exclude = \"public.\\\"a*\\\"\"; },\n"
    "      { include = \"public.o\"; target = \"\\\"D.W\\\".\\\"sales\\\"\\\"\\n\\x01\\\\\\\"\"; },\n"
    "    );\n"
    "    postgresql: { slot = \"az09_\"; publication = \"Pub \\t\\\"\xc3\xa4\\\"\"; plugin = \"pgoutput\"; };\n"
    "    full_load: { parallel_tables = 32; parallel_chunks = 1; target_tables = \"drop\"; chunks = \"key\"; max_rate = \"1536kB\"; };\n"
    "    staging: { ring_size = \"4MB\"; };\n"
    "    apply: { mode = \"transactional\"; max_rows = 1000000L; max_bytes = \"64kB\"; max_delay = \"0\";"
    " fire_triggers = TRUE; };\n"
    "  };\n"
    "};\n"
    "endpoints: {\n"
    "  t: { socket = \"/run/post gres\"; port = 65535; dbname = \"d=\\\"'\\\\\"; user = \"u\"; role = \"target\";"
    " password_env = \"_PW1\"; };\n"
    "  s_1: { type = \"postgresql\"; role = \"source\"; host = \"2001:db8::1\"; port = 1; dbname = \"a\" \"b\"; user = \"x y\\x10\\X0a\";\n"
    "    password_file = \"/a b/c\"; tls = \"verify-ca\"; tls_ca = \"/ca\"; failover = true; };\n"
    "  x: { host = \"h\"; dbname = \"d\"; user = \"u\"; tls = \"disable\"; password_credential = \"c.d@e\"; };\n"
    "};\n"
    "daemon: { control_socket = \"/s\"; http_listen = \"[::1]:80\"; log_level = \"debug\"; } // end";

START_TEST(conf_reads_every_option)
{
	struct conf *c = parse(everything);
	const struct task_conf *t = conf_task(c, "t1");
	const struct endpoint *s = conf_endpoint(c, "s_1"), *d = conf_endpoint(c, "t"), *x = conf_endpoint(c, "x");

	ck_assert_str_eq(c->control_socket, "/s");
	ck_assert_str_eq(c->http_listen, "[::1]:80");
	ck_assert_int_eq(c->log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(s->host, "2001:db8::1");
	ck_assert_str_eq(s->dbname, "ab");
	ck_assert_str_eq(s->user, "x y\x10\n");
	ck_assert_str_eq(s->password_file, "/a b/c");
	ck_assert_int_eq(s->role, ROLE_SOURCE);
	ck_assert_int_eq(s->tls, TLS_VERIFY_CA);
	ck_assert_str_eq(s->tls_ca, "/ca");
	ck_assert(s->failover && !x->failover);
	ck_assert_uint_eq(s->port, 1);
	ck_assert_ptr_null(d->host);
	ck_assert_str_eq(d->socket, "/run/post gres");
	ck_assert_uint_eq(d->port, 65535);
	ck_assert_str_eq(d->dbname, "d=\"'\\");
	ck_assert_str_eq(d->password_env, "_PW1");
	ck_assert_int_eq(d->role, ROLE_TARGET);
	ck_assert_int_eq(x->tls, TLS_DISABLE);
	ck_assert_str_eq(x->password_credential, "c.d@e");
	ck_assert_ptr_eq(t->source, s);
	ck_assert_ptr_eq(t->target, d);
	ck_assert_int_eq(t->mode, MODE_CDC);
	ck_assert(!t->enabled && t->durability_relaxed && t->apply.fire_triggers);
	ck_assert_str_eq(t->rename_from, "t_0");
	ck_assert_uint_eq(t->rules.n, 3);
	ck_assert(!t->rules.rules[0].exclude && t->rules.rules[1].exclude);
	ck_assert_str_eq(t->rules.rules[0].text, "pub*.or?ers");
	ck_assert_str_eq(t->rules.rules[0].target_schema, "d\"w");
	ck_assert_ptr_null(t->rules.rules[0].target);
	ck_assert_str_eq(t->rules.rules[2].target, "\"D.W\".\"sales\"\"\n\x01\\\"");
	ck_assert_int_eq(t->rules.rules[2].line, 7);
	ck_assert_str_eq(t->rules.rules[2].file, "f");
	ck_assert_str_eq(t->rules.default_source_schema, "public");
	ck_assert_int_eq(t->line, 2);
	ck_assert_str_eq(t->postgresql.slot, "az09_");
	ck_assert_str_eq(t->postgresql.publication, "Pub \t\"\xc3\xa4\"");
	ck_assert_uint_eq(t->full_load.parallel_tables, 32);
	ck_assert_uint_eq(t->full_load.parallel_chunks, 1);
	ck_assert_int_eq(t->full_load.target_tables, PREP_DROP);
	ck_assert_int_eq(t->full_load.chunks, CHUNKS_KEY);
	ck_assert_uint_eq(t->full_load.max_rate, 1536 << 10);
	ck_assert_uint_eq(t->staging.ring_size, 4 << 20);
	ck_assert_int_eq(t->apply.mode, APPLY_TRANSACTIONAL);
	ck_assert_uint_eq(t->apply.max_rows, 1000000);
	ck_assert_uint_eq(t->apply.max_bytes, 64 << 10);
	ck_assert_int_eq(t->apply.max_delay, 0);
	ck_assert_ptr_null(conf_task(c, "t"));
	ck_assert_ptr_null(conf_endpoint(c, "t1"));
	conf_free(c);
}
END_TEST

START_TEST(conf_names_modes_as_the_file_does)
{
	ck_assert_str_eq(task_mode_name(MODE_FULL_LOAD_AND_CDC), "full_load_and_cdc");
	ck_assert_str_eq(task_mode_name(MODE_FULL_LOAD), "full_load");
	ck_assert_str_eq(task_mode_name(MODE_CDC), "cdc");
	ck_assert_str_eq(apply_mode_name(APPLY_BATCH), "batch");
	ck_assert_str_eq(apply_mode_name(APPLY_TRANSACTIONAL), "transactional");
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		ck_assert_str_eq(conf_words(OPT_LOG_LEVEL)[i], log_level_name((enum log_level)i));
}
END_TEST

START_TEST(conf_takes_an_empty_file)
{
	struct conf *c = parse(" # nothing\n/* here */");

	ck_assert_uint_eq(c->ntasks, 0);
	ck_assert_uint_eq(c->nendpoints, 0);
	conf_free(c);
	conf_free(NULL);
}
END_TEST

/* ---- print ---- */

START_TEST(conf_print_parses_back_to_an_equal_object)
{
	struct conf *c = parse(everything), *back = print_and_parse(c, NULL);

	conf_equal(c, back);
	ck_assert(name_pattern_match(back->tasks[0]->rules.rules[0].pattern, "public", "orXers"));
	conf_free(back);
	conf_free(c);
	c = parse(EPS "tasks: { " TASK(x, "") TASK(y, "") "};");
	back = print_and_parse(c, NULL);
	conf_equal(c, back);
	conf_free(back);
	conf_free(c);
}
END_TEST

START_TEST(conf_print_of_a_task_holds_it_and_its_endpoints)
{
	struct conf *c = parse(EPS "tasks: { " TASK(x, "") "y: { source = \"c\"; target = \"b\"; " ALL "}; };");
	struct conf *back = print_and_parse(c, conf_task(c, "y"));

	ck_assert_uint_eq(back->ntasks, 1);
	ck_assert_uint_eq(back->nendpoints, 2);
	ck_assert_ptr_null(conf_endpoint(back, "a"));
	task_equal(back->tasks[0], c->tasks[1]);
	section_equal(SEC_endpoints, back->tasks[0]->source, c->endpoints[2]);
	conf_free(back);
	conf_free(c);
}
END_TEST

START_TEST(conf_print_escapes_what_a_text_may_hold)
{
	struct buf out = { 0 };

	conf_quote(&out, "a\"b\\c\nd\te\x7f\xc3\xa4");
	ck_assert_str_eq(buf_cstr(&out), "\"a\\\"b\\\\c\\nd\\x09e\\x7f\xc3\xa4\"");
	buf_done(&out);
}
END_TEST

/* ---- what is refused: one option ---- */

struct refusal {
	const char *text, *lines;
};

#define REFUSE_ALL(list)                                                                           \
	for (size_t i_ = 0; i_ < COUNT(list); i_++)                                                \
	refuse((list)[i_].text, (list)[i_].lines)

START_TEST(conf_refuses_unknown_names_and_guesses)
{
	static const struct refusal list[] = {
		{ "task: { };", "f:1: task: unknown section; did you mean \"tasks\"?\n" },
		{ "\n\nmysql: { };", "f:3: mysql: unknown section\n" },
		{ "daemon: { log_levl = \"info\"; };", "f:1: daemon.log_levl: unknown option; did you mean \"log_level\"?\n" },
		{ "daemon: { lgo_level = \"info\"; };", "f:1: daemon.lgo_level: unknown option; did you mean \"log_level\"?\n" },
		{ "daemon: { zzzzzzzzz = 1; };", "f:1: daemon.zzzzzzzzz: unknown option\n" },
		{ "endpoints: { a: { host = \"h\"; dbname = \"d\"; user = \"u\";\n\n password = \"very secret\"; }; };",
		    "f:3: endpoints.a.password: unknown option; a secret is never in this file: use password_file, "
		    "password_credential or password_env\n" },
		{ EPS "tasks: { " TASK(t, "\n aply: { }; ") "};",
		    "f:3: tasks.t.aply: unknown option; did you mean \"apply\"?\n" },
		{ EPS "tasks: { " TASK(t, "\n mysql: { server_id = 1; }; ") "};", "f:3: tasks.t.mysql.server_id: is for a source of type \"mysql\"; \"a\" is of type \"postgresql\"\n" },
		{ EPS "tasks: { " TASK(t, "\n oracle: { sid = 1; }; ") "};", "f:3: tasks.t.oracle: unknown option\n" },
		{ EPS "tasks: { " TASK(t, "\n apply: {\n max_row = 1; }; ") "};",
		    "f:4: tasks.t.apply.max_row: unknown option; did you mean \"max_rows\"?\n" },
		{ EPS "tasks: { t: { " AB "tables = ( { include = \"a.b\";\n targets = 1; } ); }; };",
		    "f:3: tasks.t.tables: rule 1: targets: unknown option; did you mean \"target\"?\n" },
		{ "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz*abcdefghijklmnopqrstuvwxyz = 1;",
		    "f:1: abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz*abcdef: unknown section\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_refuses_wrong_types)
{
	static const struct refusal list[] = {
		{ "daemon = 5;", "f:1: daemon: expected a group { }, found an integer\n" },
		{ "endpoints = ( );", "f:1: endpoints: expected a group { }, found a list ( )\n" },
		{ "tasks = [ ];", "f:1: tasks: expected a group { }, found an array [ ]\n" },
		{ "endpoints: { a = 1; };\ntasks: { t = \"x\"; };", "f:1: endpoints.a: expected a group { }, found an integer\n"
		    "f:2: tasks.t: expected a group { }, found a string\n" },
		{ "daemon: { log_level = 1; };", "f:1: daemon.log_level: expected a string such as \"info\", found an integer\n" },
		{ EPS "tasks: { " TASK(t, "\nstaging: { ring_size = 64; };") "};",
		    "f:3: tasks.t.staging.ring_size: expected a string such as \"64MB\", found an integer\n" },
		{ EPS "tasks: { " TASK(t, "\nfull_load: { max_rate = 64; };") "};",
		    "f:3: tasks.t.full_load.max_rate: expected a string such as \"10MB\", found an integer\n" },
		{ EPS "tasks: { " TASK(t, "\napply: { max_rows = \"5\"; max_delay = 1.5;\n fire_triggers = 1; };") "};",
		    "f:3: tasks.t.apply.max_rows: expected an integer from 1 to 1000000, found a string\n"
		    "f:3: tasks.t.apply.max_delay: expected a string such as \"20ms\", found a number with a fraction\n"
		    "f:4: tasks.t.apply.fire_triggers: expected true or false, found an integer\n" },
		{ EPS "tasks: { " TASK(t, "\napply = true;") "};", "f:3: tasks.t.apply: expected a group { }, found a boolean\n" },
		{ EPS "tasks: { t: { " AB "\ntables = \"public.*\"; }; };",
		    "f:3: tasks.t.tables: expected a list of rules such as ( { include = \"public.*\"; } ), found a string\n" },
		{ EPS "tasks: { t: { " AB "\ntables = ( \"public.*\" ); }; };",
		    "f:3: tasks.t.tables: rule 1: expected a group { }, found a string\n" },
		{ "endpoints: { a: { host: { }; dbname = \"d\"; user = \"u\"; }; };",
		    "f:1: endpoints.a.host: expected a string in double quotes, found a group { }\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

#define AT_APPLY(o) EPS "tasks: { " TASK(t, "\napply: { " o " };") "};", "f:3: tasks.t.apply."

START_TEST(conf_refuses_numbers_out_of_range)
{
	static const struct refusal list[] = {
		{ "endpoints: { a: { host = \"h\"; dbname = \"d\"; user = \"u\"; port = 65536; }; };",
		    "f:1: endpoints.a.port: expected an integer from 1 to 65535, found 65536\n" },
		{ "endpoints: { a: { host = \"h\"; dbname = \"d\"; user = \"u\"; port = 0; }; };",
		    "f:1: endpoints.a.port: expected an integer from 1 to 65535, found 0\n" },
		{ "endpoints: { a: { host = \"h\"; dbname = \"d\"; user = \"u\"; port = 4294972728; }; };",
		    "f:1: endpoints.a.port: expected an integer from 1 to 65535, found 4294972728\n" },
		{ AT_APPLY("max_rows = 1000001;") "max_rows: expected an integer from 1 to 1000000, found 1000001\n" },
		{ AT_APPLY("max_rows = -1;") "max_rows: expected an integer from 1 to 1000000, found -1\n" },
		{ AT_APPLY("max_bytes = \"63kB\";") "max_bytes: expected a size from \"64kB\" to \"1GB\", found \"63kB\"\n" },
		{ AT_APPLY("max_bytes = \"4 MB\";") "max_bytes: expected a size from \"64kB\" to \"1GB\", found \"4 MB\"\n" },
		{ AT_APPLY("max_bytes = \"\";") "max_bytes: expected a size from \"64kB\" to \"1GB\", found \"\"\n" },
		{ AT_APPLY("max_bytes = \"99999999999999TB\";")
			"max_bytes: expected a size from \"64kB\" to \"1GB\", found \"99999999999999TB\"\n" },
		{ AT_APPLY("max_delay = \"61s\";") "max_delay: expected a time from \"0\" to \"1min\", found \"61s\"\n" },
		{ AT_APPLY("max_delay = \"20\";") "max_delay: expected a time from \"0\" to \"1min\", found \"20\"\n" },
		{ EPS "tasks: { " TASK(t, "full_load: {\nmax_rate = \"1kB\"; parallel_tables = 33; };") "};",
		    "f:3: tasks.t.full_load.max_rate: expected a size from \"64kB\" to \"1TB\" (a second), or \"\" for no limit, "
		    "found \"1kB\"\nf:3: tasks.t.full_load.parallel_tables: expected an integer from 1 to 32, found 33\n" },
		{ EPS "tasks: { " TASK(t, "staging: {\nring_size = \"65GB\"; };") "};",
		    "f:3: tasks.t.staging.ring_size: expected a size from \"4MB\" to \"64GB\", found \"65GB\"\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_refuses_words_that_are_not_in_the_list)
{
	static const struct refusal list[] = {
		{ "daemon: { log_level = \"INFO\"; };",
		    "f:1: daemon.log_level: expected \"error\", \"warning\", \"info\" or \"debug\", found \"INFO\"\n" },
		{ "endpoints: { a: { type = \"oracle\"; host = \"h\"; dbname = \"d\"; user = \"u\"; }; };",
		    "f:1: endpoints.a.type: expected \"postgresql\" or \"mysql\" (MySQL and MariaDB), found \"oracle\"\n" },
		{ "endpoints: { a: { role = \"\"; host = \"h\"; dbname = \"d\"; user = \"u\"; tls = \"verify\\n\"; }; };",
		    "f:1: endpoints.a.role: expected \"both\", \"source\" or \"target\", found \"\"\n"
		    "f:1: endpoints.a.tls: expected \"disable\", \"require\", \"verify-ca\" or \"verify-full\", found \"verify\\x0a\"\n" },
		{ EPS "tasks: { " TASK(t, "mode = \"full\"; durability = \"x\";\nfull_load: { target_tables = \"delete\"; };"
					  "apply: { mode = \"x\"; }; postgresql: { plugin = \"test_decoding\"; };") "};",
		    "f:2: tasks.t.mode: expected \"full_load_and_cdc\", \"full_load\" or \"cdc\", found \"full\"\n"
		    "f:2: tasks.t.durability: expected \"strict\" or \"relaxed\", found \"x\"\n"
		    "f:3: tasks.t.full_load.target_tables: expected \"create\", \"truncate\", \"append\" or \"drop\", found \"delete\"\n"
		    "f:3: tasks.t.apply.mode: expected \"batch\" or \"transactional\", found \"x\"\n"
		    "f:3: tasks.t.postgresql.plugin: expected \"pgoutput\" or \"wal2json\", found \"test_decoding\"\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

#define AT_EP(o) "endpoints: { a: { dbname = \"d\"; user = \"u\"; host = \"h\";\n" o " }; };", "f:2: endpoints.a."
#define AT_HOST(h) "endpoints: { a: { dbname = \"d\"; user = \"u\";\nhost = \"" h "\"; }; };", \
	"f:2: endpoints.a.host: expected a host's name or address (a folder stands in socket, only one host is possible)" \
	", found \"" h "\"\n"
#define AT_LISTEN(a) "daemon: {\nhttp_listen = \"" a "\"; };", "f:2: daemon.http_listen: expected an address and a port " \
	"such as \"127.0.0.1:9786\" or \"[::1]:9786\", or \"\" for none, found \"" a "\"\n"
#define AT_SLOT(s) EPS "tasks: { " TASK(t, "postgresql: {\nslot = \"" s "\"; };") "};", "f:3: tasks.t.postgresql.slot: " \
	"expected a slot's name: lower case letters, digits and _ (1 to 63 bytes), found \"" s "\"\n"
#define A60 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"

START_TEST(conf_refuses_texts_of_the_wrong_form)
{
	static const struct refusal list[] = {
		{ "daemon: {\ncontrol_socket = \"run/x\"; };",
		    "f:2: daemon.control_socket: expected an absolute path (1 to 107 bytes), found \"run/x\"\n" },
		{ "daemon: {\ncontrol_socket = \"/" A60 A60 "\"; };",
		    "f:2: daemon.control_socket: expected an absolute path (1 to 107 bytes), found \"/abcdefghijabcdefghij"
		    "abcdefghijabcdefghijabcdefghijabcdefghi\"...\n" },
		{ AT_LISTEN("9786") }, { AT_LISTEN(":9786") }, { AT_LISTEN("127.0.0.1") }, { AT_LISTEN("127.0.0.1:0") },
		{ AT_LISTEN("a:65536") }, { AT_LISTEN("::1:80") }, { AT_LISTEN("[::x]:80") }, { AT_LISTEN("[::1:80") },
		{ AT_LISTEN("a b:80") },
		{ AT_HOST("") }, { AT_HOST("/run/postgresql") }, { AT_HOST("db1,db2") }, { AT_HOST("db 1") },
		{ AT_EP("password_file = \"secret\";") "password_file: expected an absolute path (1 to 4095 bytes)\n" },
		{ AT_EP("password_credential = \"../x\";")
			"password_credential: expected the name of a systemd credential, without a path (1 to 255 bytes)\n" },
		{ AT_EP("password_env = \"my secret!\";")
			"password_env: expected the name of an environment variable (1 to 255 bytes)\n" },
		{ AT_EP("password_env = \"1A\";")
			"password_env: expected the name of an environment variable (1 to 255 bytes)\n" },
		{ AT_EP("tls_ca = \"system\";") "tls_ca: expected an absolute path (1 to 4095 bytes), found \"system\"\n" },
		{ "endpoints: { a: { host = \"h\"; user = \"u\";\ndbname = \"\"; }; };",
		    "f:2: endpoints.a.dbname: expected a text (1 to 63 bytes), found \"\"\n" },
		{ AT_EP("password_env = \"9A\";")
			"password_env: expected the name of an environment variable (1 to 255 bytes)\n" },
		{ AT_EP("password_env = \"0A\";")
			"password_env: expected the name of an environment variable (1 to 255 bytes)\n" },
		{ "daemon: {\ncontrol_socket = \"/run/\\nx\"; };",
		    "f:2: daemon.control_socket: expected an absolute path (1 to 107 bytes), found \"/run/\\x0ax\"\n" },
		{ AT_SLOT("Slot") }, { AT_SLOT("") }, { AT_SLOT("a-b") }, { AT_SLOT("a b") },
		{ EPS "tasks: { " TASK(t, "postgresql: {\npublication = \"" A60 "1234\"; };") "};",
		    "f:3: tasks.t.postgresql.publication: expected a text (1 to 63 bytes), found \"" A60 "\"...\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

#define RULES(r) EPS "tasks: { t: { " AB "tables = (\n" r "\n); }; };"

START_TEST(conf_refuses_rules_that_say_too_much_or_too_little)
{
	static const struct refusal list[] = {
		{ RULES(""), "f:2: tasks.t.tables: expected 1 to 10000 rules, found 0\n" },
		{ RULES("{ }"), "f:3: tasks.t.tables: rule 1: needs include or exclude\n" },
		{ RULES("{ include = \"a.b\"; },\n{\ninclude = \"a.b\"; exclude = \"a.b\"; }"),
		    "f:4: tasks.t.tables: rule 2: needs include or exclude, not both\n" },
		{ RULES("{ exclude = \"a.b\";\n on_change = \"reload\"; }"), "f:4: tasks.t.tables: rule 1: on_change: an exclude loads nothing\n" },
		{ RULES("{ include = \"a.b\"; on_change = \"perhaps\"; }"),
		    "f:3: tasks.t.tables: rule 1: on_change: expected \"refuse\" or \"reload\", found \"perhaps\"\n" },
		{ RULES("{ exclude = \"a.b\";\n target = \"c.d\"; }"), "f:4: tasks.t.tables: rule 1: target: an exclude has no target\n" },
		{ RULES("{ exclude = \"a.b\";\n target_schema = \"c\"; }"),
		    "f:4: tasks.t.tables: rule 1: target_schema: an exclude has no target\n" },
		{ RULES("{ include = \"a.b\"; target_schema = \"c\";\n target = \"c.d\"; }"),
		    "f:4: tasks.t.tables: rule 1: target: names its schema, so target_schema says too much\n" },
		{ RULES("{ include = \"orders\"; }"), "f:3: tasks.t.tables: rule 1: include: \"orders\": schema.table is expected\n" },
		{ RULES("{ include = \"a.b\"; target = \"dw.*\"; }"),
		    "f:3: tasks.t.tables: rule 1: target: \"dw.*\": one table is expected, without wildcards\n" },
		{ RULES("{ include = \"a.b\"; target = \"pg_catalog.x\"; }"),
		    "f:3: tasks.t.tables: rule 1: target: the schema \"pg_catalog\" is not a place for tables\n" },
		{ RULES("{ include = \"a.b\"; target = \"a." A60 "1234\"; }"),
		    "f:3: tasks.t.tables: rule 1: target: the table's name is longer than 63 bytes\n" },
		{ RULES("{ include = \"a.b\"; target_schema = \"repld\"; }"),
		    "f:3: tasks.t.tables: rule 1: target_schema: the schema \"repld\" is not a place for tables\n" },
		{ RULES("{ include = \"a.b\"; target_schema = \"\"; }"),
		    "f:3: tasks.t.tables: rule 1: target_schema: expected a text (1 to 63 bytes), found \"\"\n" },
		{ RULES("{ include = \"a.b\\n\"; }"),
		    "f:3: tasks.t.tables: rule 1: include: \"a.b \": a blank at the edge of a name\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_says_what_is_missing)
{
	static const struct refusal list[] = {
		{ "endpoints: {\na: { host = \"h\"; }; };", "f:2: endpoints.a.dbname is missing\nf:2: endpoints.a.user is missing\n" },
		{ EPS "tasks: {\nt: { }; };", "f:3: tasks.t.source is missing\nf:3: tasks.t.target is missing\n"
		    "f:3: tasks.t.tables is missing\n" },
		/* said once: the option is there, and wrong */
		{ "endpoints: {\na: { host = \"h\"; user = 1; dbname = \"d\"; }; };",
		    "f:2: endpoints.a.user: expected a string in double quotes, found an integer\n" },
		{ "endpoints: {\na: { host = 1; user = \"u\"; dbname = \"d\"; }; };",
		    "f:2: endpoints.a.host: expected a string in double quotes, found an integer\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

/* ---- what is refused: between options ---- */

#define NAME_RULE ": the name has to be a lower case letter, then lower case letters, digits and _, at most 40 in all\n"
#define A40 "abcdefghijabcdefghijabcdefghijabcdefghij"

START_TEST(conf_refuses_bad_names)
{
	static const struct refusal list[] = {
		{ EPS "tasks: { A: { " AB ALL "}; a-b: { " AB ALL "}; };", "f:2: tasks.A" NAME_RULE "f:2: tasks.a-b" NAME_RULE },
		{ EPS "tasks: { " A40 "k: { " AB ALL "}; };", "f:2: tasks." A40 "k" NAME_RULE },
		{ "endpoints: {\nB: { host = \"h\"; dbname = \"d\"; user = \"u\"; }; };", "f:2: endpoints.B" NAME_RULE },
	};
	struct conf *c = parse(EPS "tasks: { " A40 ": { " AB ALL "}; };");

	ck_assert_str_eq(c->tasks[0]->postgresql.slot, "repld_" A40);
	conf_free(c);
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_refuses_endpoints_that_contradict_themselves)
{
	static const struct refusal list[] = {
		{ "endpoints: { a: { dbname = \"d\"; user = \"u\"; }; };", "f:1: endpoints.a: host or socket is missing\n" },
		{ AT_EP("socket = \"/s\";") "socket: host is given too, only one of them can be\n" },
		{ AT_EP("password_env = \"A\"; password_file = \"/f\"; password_credential = \"c\";")
			"password_credential: password_file is given too, only one of them can be\n"
			"f:2: endpoints.a.password_env: password_file is given too, only one of them can be\n" },
		{ AT_EP("tls_ca = \"/ca\"; tls = \"require\";")
			"tls_ca: is used with tls = \"verify-full\" or \"verify-ca\" only, tls is \"require\"\n" },
		{ "endpoints: { a: { dbname = \"d\"; user = \"u\"; socket = \"/s\";\ntls = \"disable\"; }; };",
		    "f:2: endpoints.a.tls: a socket needs no TLS\n" },
		{ "endpoints: { a: { dbname = \"d\"; user = \"u\"; socket = \"/s\";\ntls_ca = \"/ca\"; }; };",
		    "f:2: endpoints.a.tls_ca: a socket needs no TLS\n" },
		{ AT_EP("role = \"target\"; failover = true;") "failover: is of sources, the role is \"target\"\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_refuses_endpoints_that_do_not_fit_the_task)
{
	static const struct refusal list[] = {
		{ EPS "tasks: { t: {\nsource = \"x\";\ntarget = \"bb\"; " ALL "}; };",
		    "f:3: tasks.t.source: unknown endpoint \"x\"; did you mean \"a\"?\n"
		    "f:4: tasks.t.target: unknown endpoint \"bb\"; did you mean \"b\"?\n" },
		{ EPS "tasks: { t: { target = \"b\";\nsource = \"warehouse\"; " ALL "}; };",
		    "f:3: tasks.t.source: unknown endpoint \"warehouse\"\n" },
		{ "endpoints: { a: { role = \"source\"; host = \"h\"; dbname = \"d\"; user = \"u\"; };"
		  " b: { role = \"target\"; host = \"i\"; dbname = \"d\"; user = \"u\"; }; };\n"
		  "tasks: { t: { source = \"b\";\n target = \"a\"; " ALL "}; };",
		    "f:2: tasks.t.source: endpoint \"b\" has role \"target\" and is never read from\n"
		    "f:3: tasks.t.target: endpoint \"a\" has role \"source\" and is never written to\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_refuses_batches_that_do_not_fit_the_ring)
{
	static const struct refusal list[] = {
		{ EPS "tasks: { " TASK(t, "staging: { ring_size = \"8MB\"; };\napply: { max_bytes = \"2049kB\"; };") "};",
		    "f:3: tasks.t.apply.max_bytes: apply.max_bytes (\"2049kB\") can be a quarter of staging.ring_size (\"8MB\") at most\n" },
		{ EPS "tasks: { " TASK(t, "\nstaging: { ring_size = \"15MB\"; };") "};",
		    "f:3: tasks.t.staging.ring_size: apply.max_bytes (\"4MB\") can be a quarter of staging.ring_size (\"15MB\") at most\n" },
	};
	struct conf *c = parse(EPS "tasks: { " TASK(t, "staging: { ring_size = \"16MB\"; };") "};");

	conf_free(c);
	REFUSE_ALL(list);
}
END_TEST

#define SLOT(s) "postgresql: { slot = \"" s "\"; }; "

START_TEST(conf_refuses_two_tasks_on_one_slot_or_publication)
{
	static const struct refusal list[] = {
		{ EPS "tasks: {\n" TASK(x, SLOT("s")) "\n" TASK(y, SLOT("s")) "};",
		    "f:4: tasks.y.postgresql.slot: \"s\" is used by task \"x\" (f:3) too, on the same server\n" },
		{ EPS "tasks: {\n" TASK(x, "") "\n" TASK(y, SLOT("repld_x")) "};",
		    "f:4: tasks.y.postgresql.slot: \"repld_x\" is used by task \"x\" (f:3) too, on the same server\n" },
		{ EPS "tasks: {\n" TASK(x, SLOT("repld_y")) "\n" TASK(y, "enabled = false; ") "};",
		    "f:4: tasks.y.postgresql.slot: \"repld_y\" is used by task \"x\" (f:3) too, on the same server\n" },
		{ EPS "tasks: {\n" TASK(x, "") "\n" TASK(y, "postgresql: { publication = \"repld_x\"; }; ") "};",
		    "f:4: tasks.y.postgresql.publication: \"repld_x\" is used by task \"x\" (f:3) too, on the same database\n" },
		/* slots belong to the server, whatever the database and the spelling of the host */
		{ "endpoints: { " EP(a) EP(b) "\n c: { host = \"A\"; dbname = \"other\"; user = \"u\"; }; };\n"
		  "tasks: { " TASK(x, SLOT("s")) "\n y: { source = \"c\"; target = \"b\"; " ALL SLOT("s") "}; };",
		    "f:4: tasks.y.postgresql.slot: \"s\" is used by task \"x\" (f:3) too, on the same server\n" },
	};
	static const char *const fine[] = {
		EPS "tasks: { " TASK(x, SLOT("s")) "y: { source = \"c\"; target = \"b\"; " ALL SLOT("s") "}; };",
		"endpoints: { " EP(a) EP(b) "c: { host = \"a\"; dbname = \"other\"; user = \"u\"; };"
		"d: { host = \"a\"; port = 1; dbname = \"d\"; user = \"u\"; }; };"
		"tasks: { " TASK(x, "postgresql: { publication = \"p\"; }; ")
		"y: { source = \"c\"; target = \"b\"; " ALL "postgresql: { publication = \"p\"; }; };"
		"z: { source = \"d\"; target = \"b\"; " ALL "postgresql: { slot = \"repld_x\"; publication = \"p\"; }; }; };",
	};

	REFUSE_ALL(list);
	for (size_t i = 0; i < COUNT(fine); i++)
		conf_free(parse(fine[i]));
}
END_TEST

#define SAME "endpoints: { a: { socket = \"/s\"; dbname = \"d\"; user = \"u\"; }; " \
	"b: { socket = \"/s\"; dbname = \"d\"; user = \"other\"; }; };\n"
#define ONTO(n) "tables: rule " n ": source and target are one database, and its tables would go onto themselves: " \
	"target_schema or target is missing\n"

START_TEST(conf_refuses_tables_that_would_go_onto_themselves)
{
	static const struct refusal list[] = {
		{ SAME "tasks: { " TASK(t, "") "};", "f:2: tasks.t." ONTO("1") },
		{ SAME "tasks: { t: { source = \"a\"; target = \"a\"; " ALL "}; };", "f:2: tasks.t." ONTO("1") },
		{ SAME "tasks: { t: { " AB "tables = (\n{ include = \"x.*\"; target_schema = \"y\"; },\n{ include = \"z.a\"; } ); }; };",
		    "f:4: tasks.t." ONTO("2") },
		{ SAME "tasks: { t: { " AB "tables = (\n{ include = \"public.*\"; target_schema = \"public\"; } ); }; };",
		    "f:3: tasks.t." ONTO("1") },
		{ SAME "tasks: { t: { " AB "tables = (\n{ include = \"\\\"a*\\\".b?\"; target_schema = \"a*\"; } ); }; };",
		    "f:3: tasks.t." ONTO("1") },
		{ SAME "tasks: { t: { " AB "tables = (\n{ include = \"a.b\"; target = \"a.b\"; } ); }; };", "f:3: tasks.t." ONTO("1") },
		/* a pattern that can't be read is said alone */
		{ SAME "tasks: { t: { " AB "tables = (\n{ include = \"a\"; }, { include = \"a.b\"; } ); }; };",
		    "f:3: tasks.t.tables: rule 1: include: \"a\": schema.table is expected\n" },
	};
	static const char *const fine[] = {
		SAME "tasks: { t: { " AB "tables = ( { include = \"public.*\"; target_schema = \"y\"; }, { include = \"public.z\"; } ); }; };",
		SAME "tasks: { t: { " AB "tables = ( { include = \"a.b\"; target = \"a.c\"; }, { exclude = \"a.*\"; } ); }; };",
		EPS "tasks: { " TASK(t, "") "};",
	};

	REFUSE_ALL(list);
	for (size_t i = 0; i < COUNT(fine); i++)
		conf_free(parse(fine[i]));
}
END_TEST

START_TEST(conf_takes_a_former_name_of_a_task_that_is_no_more)
{
	static const struct refusal list[] = {
		{ EPS "tasks: { " TASK(t, "rename_from = \"t\";") "};",
		    "f:2: tasks.t.rename_from: is the task's own name; the former one is meant\n" },
		{ EPS "tasks: { " TASK(t, "rename_from = \"u\";") "\n" TASK(u, "") "};",
		    "f:2: tasks.t.rename_from: a task of this name is in the file too; a task that was renamed has one name only\n" },
		{ EPS "tasks: { " TASK(t, "rename_from = \"1x\";") "};",
		    "f:2: tasks.t.rename_from: expected the name of a task (1 to 40 bytes), found \"1x\"\n" },
		{ EPS "tasks: { " TASK(t, "rename_from = \"\";") "};",
		    "f:2: tasks.t.rename_from: expected the name of a task (1 to 40 bytes), found \"\"\n" },
	};

	REFUSE_ALL(list);
	conf_free(parse(EPS "tasks: { " TASK(t, "rename_from = \"u\";") TASK(v, "") "};"));
}
END_TEST

START_TEST(conf_says_everything_at_once)
{
	refuse("daemon: { log_level = \"x\"; };\nfoo = 1;\n" EPS "tasks: {\n" TASK(X, "mode = 1;") "\n};",
	    "f:2: foo: unknown section\n"
	    "f:1: daemon.log_level: expected \"error\", \"warning\", \"info\" or \"debug\", found \"x\"\n"
	    "f:5: tasks.X.mode: expected a string such as \"full_load_and_cdc\", found an integer\n"
	    "f:5: tasks.X" NAME_RULE);
}
END_TEST

START_TEST(conf_keeps_the_first_hundred_errors)
{
	struct conf_errors errors = { 0 };
	struct buf text = { 0 };
	size_t lines = 0;

	for (int i = 0; i < 150; i++)
		buf_printf(&text, "x%d = 1;\n", i);
	ck_assert_ptr_null(conf_parse(buf_cstr(&text), "f", &errors));
	for (const char *s = buf_cstr(&errors.text); (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	ck_assert_uint_eq(errors.n, 150);
	ck_assert_uint_eq(lines, 101);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&errors.text), "\nf: there are more errors than the 100 shown\n"));
	/* the list starts anew */
	ck_assert_ptr_null(conf_parse("x = 1;", "f", &errors));
	ck_assert_str_eq(buf_cstr(&errors.text), "f:1: x: unknown section\n");
	buf_done(&text);
	conf_errors_done(&errors);
}
END_TEST

/* ---- syntax ---- */

START_TEST(conf_names_the_line_of_an_error_of_syntax)
{
	static const struct refusal list[] = {
		{ "daemon: {\n log_level = info; };",
		    "f:2: expected a text in double quotes, a number, true or false, found \"info\"\n" },
		{ "a: { b = 64MB; };", "f:1: expected a text in double quotes, a number, true or false, found \"64MB\"\n" },
		{ "a = 0x10;", "f:1: expected a text in double quotes, a number, true or false, found \"0x10\"\n" },
		{ "a = -;", "f:1: expected a text in double quotes, a number, true or false, found \"-\"\n" },
		{ "a = 05432;", "f:1: a number begins with 0: \"05432\"\n" },
		{ "a = 00;", "f:1: a number begins with 0: \"00\"\n" },
		{ "a = 123456789012345678; b = 0; c = -0.5; d = 9;", "f:1: a: unknown section\nf:1: b: unknown section\n"
		    "f:1: c: unknown section\nf:1: d: unknown section\n" },
		{ "a = ( 1, x );", "f:1: expected a text in double quotes, a number, true or false, found \"x\"\n" },
		{ "\ndaemon: {\n", "f:2: the \"{\" that opens here is not closed\n" },
		{ "daemon: { };\n}", "f:2: \"}\" closes nothing\n" },
		{ "a: {\n b = ( 1;);\n};", "f:2: syntax error\n" },
		{ "a = 1234567890123456789;", "f:1: a number of more than 18 digits: \"1234567890123456789\"\n" },
		{ "a: {\n b = ( 1\n};", "f:3: \"}\" does not close the \"(\" of f:2\n" },
		{ "a = \"b\nc\";", "f:1: the text in quotes that begins here does not end on its line\n" },
		{ "\na = \"b\\\"", "f:2: the text in quotes that begins here does not end on its line\n" },
		{ "a = \"b\\x00\";", "f:1: a NUL byte (\\x00)\n" },
		{ "/* x\n*/ /* y\n", "f:2: the comment that begins here never ends\n" },
		{ "a = 1;\na = 2;", "f:2: duplicate setting name\n" },
		{ "endpoints: { a: { };\n a: { }; };", "f:2: duplicate setting name\n" },
		{ "daemon: { log_level \"info\"; };", "f:1: a text in quotes stands where the name of an option was expected\n" },
		{ "a = ( \"b\", 1 \"c\" );", "f:1: a text in quotes stands where a comma was expected\n" },
		{ "daemon \n { };", "f:2: syntax error\n" },
		{ "a = %;", "f:1: unexpected \"%\"\n" },
		{ "\xc3\xa4 = 1;", "f:1: unexpected \"\xc3\xa4\"\n" },
		{ "a = / 1;", "f:1: unexpected \"/\"\n" },
		{ "a = [ 1, \"b\" ];", "f:1: mismatched element type in array\n" },
		{ "a = 1;\n@include \"b.conf\"\n", "f:2: nothing can be included here\n" },
		{ "a = @include \"b.conf\"\n", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "@include b.conf\n", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "@include\"b.conf\"\n", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "@include \"b.conf\n", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "@include \"b\\c\"\n", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "@include \"\"\n", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "@includ", "f:1: expected @include \"FILE\" on a line of its own\n" },
		{ "a = 1;x = ((((((((((((((((((1", "f:1: brackets are nested deeper than 16\n" },
	};
	REFUSE_ALL(list);
}
END_TEST

START_TEST(conf_refuses_a_text_that_is_too_large)
{
	struct buf text = { 0 };

	while (text.n <= CONF_TEXT_MAX)
		buf_str(&text, "# a long line that says nothing at all, again and again and again and again\n");
	refuse(buf_cstr(&text), "f:1: larger than a configuration may be\n");
	buf_done(&text);
}
END_TEST

/* 4096 names and one more: libconfig would need a minute for a large file of them. */
START_TEST(conf_refuses_a_group_that_is_too_large)
{
	struct conf_errors errors = { 0 };
	struct buf text = { 0 };

	buf_str(&text, "daemon: { };\nendpoints: { x: { }; };\ntasks: {\n");
	for (int i = 0; i < CONF_MEMBERS_MAX; i++)
		buf_printf(&text, "t%d: { };\n", i);
	buf_str(&text, "};\n");
	conf_free(conf_parse(buf_cstr(&text), "f", &errors));
	ck_assert_uint_gt(errors.n, CONF_MEMBERS_MAX);	/* each of them */
	text.n -= 3;
	buf_str(&text, "u: { };\n");
	refuse(buf_cstr(&text), "f:4100: more than 4096 names in one group\n");
	buf_done(&text);
	conf_errors_done(&errors);
}
END_TEST

/* The part of a manual page between the first .Bd behind `after` and its .Ed. */
static void
manual_example(const char *page, const char *after, struct buf *out)
{
	static char text[65536];
	FILE *f = fopen(page, "r");
	const char *start, *end;

	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	start = strstr(text, after);
	ck_assert_ptr_nonnull(start);
	start = strchr(strstr(start, "\n.Bd") + 1, '\n');
	end = strstr(start, "\n.Ed");
	ck_assert_ptr_nonnull(end);
	buf_put(out, start, (size_t)(end - start));
	buf_u8(out, '\n');
}

START_TEST(conf_manual_has_examples_that_work)
{
	static const char *const tables[] = { "For example, with the tables", "All but a few" };
	static const char *const names[] = { "orders", "customer", "audit_2026" };
	static const char *const places[] = { "sales_orders", "customer", NULL };
	struct buf text = { 0 };
	struct conf *c;
	struct mapping m;

	manual_example("man/repld.conf.5", "\n.Sh EXAMPLES", &text);
	conf_free(parse(buf_cstr(&text)));
	for (size_t i = 0; i < COUNT(tables); i++) {
		buf_reset(&text);
		buf_str(&text, EPS "tasks: { t: { " AB);
		manual_example("man/repld.conf.5", tables[i], &text);
		buf_str(&text, "}; };");
		c = parse(buf_cstr(&text));
		for (size_t k = 0; i == 0 && k < COUNT(names); k++) {
			rules_map(&c->tasks[0]->rules, "public", names[k], &m);
			ck_assert_int_eq(m.captured, places[k] != NULL);
			if (m.captured) {
				ck_assert_str_eq(m.target_schema, "dw");
				ck_assert_str_eq(m.target_name, places[k]);
			}
		}
		conf_free(c);
	}
	buf_done(&text);
}
END_TEST

START_TEST(conf_guesses_by_the_letters_that_differ)
{
	ck_assert_uint_eq(distance("abc", "abc"), 0);
	ck_assert_uint_eq(distance("", "abc"), 3);
	ck_assert_uint_eq(distance("abc", ""), 3);
	ck_assert_uint_eq(distance("abc", "abd"), 1);
	ck_assert_uint_eq(distance("abc", "bac"), 1);
	ck_assert_uint_eq(distance("abcd", "abdc"), 1);
	ck_assert_uint_eq(distance("max_row", "max_rows"), 1);
	ck_assert_uint_eq(distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(distance("xabc", "abc"), 1);
	ck_assert_uint_eq(distance("abc", "xabc"), 1);
	ck_assert_uint_eq(distance("abxc", "abc"), 1);
	ck_assert_uint_eq(distance(A40 "x", "a"), SIZE_MAX);
	ck_assert_uint_eq(distance(A40, A40), 0);
}
END_TEST

/* ---- files ---- */

static char dir[64];

static void
dir_make(void)
{
	snprintf(dir, sizeof(dir), "/tmp/repld-test-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
dir_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static const char *
path_in(const char *name)
{
	static char path[2][256];
	static int i;

	snprintf(path[i = !i], sizeof(path[0]), "%s/%s", dir, name);
	return path[i];
}

static void
file_put(const char *name, const char *text, size_t n)
{
	FILE *f = fopen(path_in(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, n, f), n);
	fclose(f);
}

#define FILE_PUT(name, text) file_put(name, text, strlen(text))

/* D is the folder. */
static void
refuse_in_dir(const char *name, const char *lines)
{
	struct buf want = { 0 };

	for (const char *s = lines; *s != '\0'; s++)
		if (*s == 'D')
			buf_str(&want, dir);
		else
			buf_u8(&want, (uint8_t)*s);
	refuse_file(path_in(name), buf_cstr(&want));
	buf_done(&want);
}

START_TEST(conf_load_says_why_a_file_can_not_be_read)
{
	char *large = calloc(1, 10 << 20);

	dir_make();
	refuse_in_dir("none", "D/none: can't be read: No such file or directory\n");
	refuse_in_dir("", "D/: a folder, not a file\n");
	refuse_file("/none\n\x7f", "/none??: can't be read: No such file or directory\n");
	refuse_file("/dev/zero", "/dev/zero: a device, pipe or socket, not a file\n");
	ck_assert_int_eq(mkfifo(path_in("fifo"), 0600), 0);
	refuse_in_dir("fifo", "D/fifo: a device, pipe or socket, not a file\n");
	memset(large, '\n', 10 << 20);
	file_put("large", large, 10 << 20);
	refuse_in_dir("large", "D/large: larger than a configuration may be (1024 kB with all that it includes)\n");
	file_put("nul", "daemon: { };\n\0foo", 17);
	refuse_in_dir("nul", "D/nul:2: unexpected NUL byte\n");
	file_put("nul", "a = \"b\0c\";", 10);
	refuse_in_dir("nul", "D/nul:1: a NUL byte\n");
	dir_remove();
	free(large);
}
END_TEST

START_TEST(conf_load_refuses_a_file_it_may_not_read)
{
	struct conf_errors errors = { 0 };
	char want[256];

	dir_make();
	FILE_PUT("closed", "");
	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_assert_int_eq(chmod(path_in("closed"), 0), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_ptr_null(conf_load(path_in("closed"), &errors));
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	snprintf(want, sizeof(want), "%s/closed: can't be read: Permission denied\n", dir);
	ck_assert_str_eq(buf_cstr(&errors.text), want);
	conf_errors_done(&errors);
	dir_remove();
}
END_TEST

START_TEST(conf_load_includes_files_of_its_folder)
{
	struct conf_errors errors = { 0 };
	struct conf *c;
	char text[512];

	dir_make();
	FILE_PUT("ep.conf", "endpoints: {\n@include \"a.conf\"\n" EP(b) "};");
	FILE_PUT("a.conf", "# one line\n" EP(a));
	FILE_PUT("t.conf", "t: { " AB ALL "};\n");
	snprintf(text, sizeof(text), "@include \"ep.conf\"  tasks: { // the rest of the line counts\n\t@include \"%s/t.conf\"\n};", dir);
	FILE_PUT("main.conf", text);
	c = conf_load(path_in("main.conf"), &errors);
	ck_assert_msg(c != NULL, "%s", buf_cstr(&errors.text));
	ck_assert_uint_eq(c->nendpoints, 2);
	ck_assert_int_eq(c->tasks[0]->line, 1);
	ck_assert_str_eq(c->tasks[0]->file, path_in("t.conf"));
	ck_assert_str_eq(c->file, path_in("main.conf"));
	conf_free(c);
	conf_errors_done(&errors);
	dir_remove();
}
END_TEST

START_TEST(conf_load_names_the_included_file_and_line)
{
	dir_make();
	FILE_PUT("a.conf", "\nfoo = 1;");
	FILE_PUT("s.conf", "daemon: {\n log_level };\n");
	FILE_PUT("o.conf", "daemon: {\n");
	FILE_PUT("main.conf", "# 1\n@include \"a.conf\" bar = 2;\n\n/*\n*/ @include \"x\"\nbaz = 3;\n");
	refuse_in_dir("main.conf", "D/main.conf:5: expected @include \"FILE\" on a line of its own\n");
	FILE_PUT("main.conf", "# 1\n@include \"a.conf\" bar = 2;\n\n/*\n*/\nbaz = 3;\n");
	refuse_in_dir("main.conf", "D/a.conf:2: foo: unknown section\nD/main.conf:2: bar: unknown section\n"
	    "D/main.conf:6: baz: unknown section\n");
	FILE_PUT("main.conf", "\n\n@include \"s.conf\"\nbaz = 3;\n");
	refuse_in_dir("main.conf", "D/s.conf:2: syntax error\n");
	FILE_PUT("main.conf", "\n\n@include \"o.conf\"\n)\n");
	refuse_in_dir("main.conf", "D/main.conf:4: \")\" does not close the \"{\" of D/o.conf:1\n");
	FILE_PUT("main.conf", "\n\n@include \"o.conf\"\n");
	refuse_in_dir("main.conf", "D/o.conf:1: the \"{\" that opens here is not closed\n");
	dir_remove();
}
END_TEST

START_TEST(conf_load_refuses_includes_that_lead_nowhere)
{
	dir_make();
	FILE_PUT("main.conf", "\n@include \"none.conf\"\n");
	refuse_in_dir("main.conf", "D/main.conf:2: @include \"none.conf\": can't be read: No such file or directory\n");
	FILE_PUT("main.conf", "@include \".\"\n");
	refuse_in_dir("main.conf", "D/main.conf:1: @include \".\": a folder, not a file\n");
	FILE_PUT("main.conf", "\n@include \"main.conf\"\n");
	refuse_in_dir("main.conf",
	    "D/main.conf:2: @include \"main.conf\": more than 10 files deep (does a file include itself?)\n");
	dir_remove();
}
END_TEST

START_TEST(conf_load_bounds_what_is_included)
{
	struct conf_errors errors = { 0 };
	char *text = malloc(600 << 10);

	memset(text, '\n', 600 << 10);
	dir_make();
	file_put("big.conf", text, 600 << 10);
	FILE_PUT("main.conf", "@include \"big.conf\"\n");
	conf_free(conf_load(path_in("main.conf"), &errors));
	ck_assert_uint_eq(errors.n, 0);
	FILE_PUT("main.conf", "@include \"big.conf\"\n@include \"big.conf\"\n");
	refuse_in_dir("main.conf", "D/main.conf:2: @include \"big.conf\": larger than a configuration may be "
	    "(1024 kB with all that it includes)\n");
	dir_remove();
	free(text);
	conf_errors_done(&errors);
}
END_TEST

/* ---- the files that come with it ---- */

START_TEST(conf_load_accepts_the_sample_file)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_load("etc/repld.conf", &errors), *plain = parse("");

	ck_assert_msg(c != NULL, "%s", buf_cstr(&errors.text));
	ck_assert_uint_eq(c->ntasks, 0);
	conf_equal(c, plain);
	conf_free(c);
	conf_free(plain);
}
END_TEST

/* Each line with what stands behind its "# " where that is configuration; the second endpoint goes to the first line of them. */
static void
uncomment(FILE *f, struct buf *out)
{
	char line[256];
	regex_t re;

	ck_assert_int_eq(regcomp(&re, "^  # ( |\\{|\\}|[a-z_]+:$|[a-z_]+ = )", REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	while (fgets(line, sizeof(line), f) != NULL) {
		buf_str(out, line + (regexec(&re, line, 0, NULL, 0) == 0 ? 4 : 0));
		if (strcmp(line, "endpoints:\n") == 0 && fgets(line, sizeof(line), f) != NULL)
			buf_str(out, "{ " EP(dw));
	}
	regfree(&re);
}

START_TEST(conf_sample_shows_the_defaults)
{
	FILE *f = fopen("etc/repld.conf", "r");
	struct buf text = { 0 };
	struct conf *c, *plain;

	ck_assert_ptr_nonnull(f);
	uncomment(f, &text);
	fclose(f);
	plain = parse("endpoints: { " EP(dw) "shop: { host = \"db1.example.com\"; dbname = \"shop\"; user = \"repld\";"
		      "password_file = \"/etc/repld/shop.password\"; }; };"
		      "tasks: { orders: { source = \"shop\"; target = \"dw\"; tables = ("
		      "{ include = \"public.*\"; target_schema = \"dw\"; }, { exclude = \"public.audit_*\"; },"
		      "{ include = \"public.orders\"; target = \"dw.sales_orders\"; } ); }; };");
	c = parse(buf_cstr(&text));
	conf_equal(c, plain);
	conf_free(c);
	conf_free(plain);
	buf_done(&text);
}
END_TEST

/* Each of them, so that none can be forgotten. */
START_TEST(conf_load_accepts_the_examples)
{
	glob_t found;

	ck_assert_int_eq(glob("etc/examples/*.conf", 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, 3);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct conf_errors errors = { 0 };
		struct conf *c = conf_load(found.gl_pathv[i], &errors), *back;

		ck_assert_msg(c != NULL, "%s", buf_cstr(&errors.text));
		ck_assert_uint_eq(c->ntasks, 1);
		back = print_and_parse(c, c->tasks[0]);
		conf_equal(c, back);
		conf_free(back);
		conf_free(c);
	}
	globfree(&found);
}
END_TEST

UNIT_MAIN("conf", conf_has_the_defaults_where_nothing_is_given, conf_reads_every_option, conf_names_modes_as_the_file_does,
    conf_takes_an_empty_file, conf_print_parses_back_to_an_equal_object, conf_print_of_a_task_holds_it_and_its_endpoints,
    conf_print_escapes_what_a_text_may_hold, conf_refuses_unknown_names_and_guesses, conf_refuses_wrong_types,
    conf_refuses_numbers_out_of_range, conf_refuses_words_that_are_not_in_the_list, conf_refuses_texts_of_the_wrong_form,
    conf_refuses_rules_that_say_too_much_or_too_little, conf_says_what_is_missing, conf_refuses_bad_names,
    conf_refuses_endpoints_that_contradict_themselves, conf_refuses_endpoints_that_do_not_fit_the_task,
    conf_refuses_batches_that_do_not_fit_the_ring, conf_refuses_two_tasks_on_one_slot_or_publication,
    conf_refuses_tables_that_would_go_onto_themselves,
    conf_takes_a_former_name_of_a_task_that_is_no_more, conf_says_everything_at_once, conf_keeps_the_first_hundred_errors,
    conf_names_the_line_of_an_error_of_syntax, conf_refuses_a_text_that_is_too_large,
    conf_refuses_a_group_that_is_too_large, conf_manual_has_examples_that_work, conf_guesses_by_the_letters_that_differ,
    conf_load_says_why_a_file_can_not_be_read, conf_load_refuses_a_file_it_may_not_read, conf_load_includes_files_of_its_folder,
    conf_load_names_the_included_file_and_line, conf_load_refuses_includes_that_lead_nowhere, conf_load_bounds_what_is_included,
    conf_load_accepts_the_sample_file, conf_sample_shows_the_defaults, conf_load_accepts_the_examples)
