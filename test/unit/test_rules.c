/* test_rules.c - patterns of names, and the cascade that says what is captured and where it
 * goes. */
#include "staging/rules.c"

#include "test/unit/unit.h"

static struct err err;
static struct arena *arena;

static const struct name_pattern *
pattern(const char *text)
{
	struct name_pattern *p;

	if (arena == NULL)
		arena = arena_new(4096, 0);
	ck_ok((p = name_pattern_new(text, arena, &err)) != NULL, &err);
	return p;
}

static bool
matches(const char *text, const char *schema, const char *table)
{
	return name_pattern_match(pattern(text), schema, table);
}

START_TEST(rules_pattern_matches_wildcards_and_minds_case)
{
	ck_assert(matches("public.orders", "public", "orders"));
	ck_assert(!matches("public.orders", "public", "orders2"));
	ck_assert(!matches("public.orders", "public", "Orders"));
	ck_assert(matches("public.*", "public", "x"));
	ck_assert(matches("*.*", "a b", "c.d"));
	ck_assert(matches("public.a*b*c", "public", "a_b_b_c"));
	ck_assert(!matches("public.a*b*c", "public", "a_b_b_cx"));
	ck_assert(matches("public.t_??", "public", "t_01"));
	ck_assert(!matches("public.t_??", "public", "t_1"));
	ck_assert(!matches("public.?", "public", ""));
	ck_assert(matches("public.*", "public", ""));
}
END_TEST

START_TEST(rules_question_mark_is_one_character_of_utf8)
{
	ck_assert(matches("public.stra?e", "public",
	    "stra\xc3\x9f"
	    "e"));
	ck_assert(!matches("public.stra??e", "public",
	    "stra\xc3\x9f"
	    "e"));
	ck_assert(matches("public.*?e", "public",
	    "\xe2\x82\xac"
	    "e"));
}
END_TEST

START_TEST(rules_quoted_part_is_literal)
{
	ck_assert(matches("public.\"a*\"", "public", "a*"));
	ck_assert(!matches("public.\"a*\"", "public", "ab"));
	ck_assert(matches("\"my.schema\".\"say \"\"hi\"\"\"", "my.schema", "say \"hi\""));
	ck_assert(matches("\"Big\".t?", "Big", "t1"));
	ck_assert(!matches("\"a*\".t", "ab", "t"));
	ck_assert(name_pattern_is_literal(pattern("public.\"a*\"")));
	ck_assert(name_pattern_is_literal(pattern("a.b")));
	ck_assert(!name_pattern_is_literal(pattern("\"a*\".b?")));
}
END_TEST

START_TEST(rules_pattern_refuses_what_is_not_two_names)
{
	static const char *const bad[] = { "", "orders", "a.b.c", ".b", "a.", "a.\"b", "a.\"b\"c",
		"a.b\"c\"", "a.\"\"", " a.b", "a.b ", "a .b" };

	arena = arena_new(4096, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_fails(name_pattern_new(bad[i], arena, &err) != NULL, &err, ERR_CONFIG);
		ck_assert_msg(strstr(err.msg, bad[i]) != NULL, "%s", err.msg);
	}
}
END_TEST

START_TEST(rules_patterns_never_match_system_schemas)
{
	static const char *const names[] = { "pg_catalog", "information_schema", "pg_toast",
		"pg_toast_temp_3", "mysql", "performance_schema", "sys", "repld", "pg_temp_3" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert(!matches("*.*", names[i], "t"));
	ck_assert(!matches("repld.checkpoint", "repld", "checkpoint"));
	ck_assert(matches("*.*", "repld2", "t"));
	ck_assert(matches("*.*", "pg_mine", "t"));
}
END_TEST

START_TEST(rules_name_split_takes_literal_names_only)
{
	const char *s = NULL, *t = NULL;

	arena = arena_new(4096, 0);
	ck_ok(name_split("dw.\"Sales.Orders*\"", arena, &s, &t, &err), &err);
	ck_assert_str_eq(s, "dw");
	ck_assert_str_eq(t, "Sales.Orders*");
	ck_fails(name_split("dw.sales*", arena, &s, &t, &err), &err, ERR_CONFIG);
	ck_fails(name_split("sales", arena, &s, &t, &err), &err, ERR_CONFIG);
}
END_TEST

/* in: include, ex: exclude */
static struct rule
in(const char *text, const char *target_schema, const char *target)
{
	struct rule r = { .text = text, .target_schema = target_schema };

	ck_ok((r.pattern = name_pattern_new(text, arena, &err)) != NULL, &err);
	if (target != NULL)
		ck_ok(rule_set_target(&r, target, arena, &err), &err);
	return r;
}

static struct rule
ex(const char *text)
{
	struct rule r = in(text, NULL, NULL);

	r.exclude = true;
	return r;
}

/* "-" where not captured, else "schema.table" of the target */
static const char *
map(struct rule *rules, uint32_t n, const char *schema, const char *table)
{
	struct rules r = { n, rules, "public", "dw" };
	struct mapping m;

	rules_map(&r, schema, table, &m);
	return m.captured ? arena_printf(arena, "%s.%s", m.target_schema, m.target_name) : "-";
}

START_TEST(rules_nothing_is_captured_without_an_include)
{
	ck_assert_str_eq(map(NULL, 0, "public", "t"), "-");
}
END_TEST

START_TEST(rules_default_schema_goes_to_the_targets_default_any_other_keeps_its_name)
{
	struct rule rules[1];

	arena = arena_new(4096, 0);
	rules[0] = in("*.*", NULL, NULL);
	ck_assert_str_eq(map(rules, 1, "public", "t"), "dw.t");
	ck_assert_str_eq(map(rules, 1, "crm", "t"), "crm.t");
	ck_assert_str_eq(map(rules, 1, "repld", "checkpoint"), "-");
}
END_TEST

START_TEST(rules_last_word_wins)
{
	struct rule rules[4];

	arena = arena_new(4096, 0);
	rules[0] = in("public.*", "a", NULL);
	rules[1] = ex("public.audit_*");
	rules[2] = in("public.orders", NULL, "b.sales_orders");
	rules[3] = in("public.audit_log", NULL, NULL);
	ck_assert_str_eq(map(rules, 4, "public", "t"), "a.t");
	ck_assert_str_eq(map(rules, 4, "public", "audit_x"), "-");
	ck_assert_str_eq(map(rules, 4, "public", "orders"), "b.sales_orders");
	ck_assert_str_eq(map(rules, 3, "public", "audit_log"), "-");
	/* taken back, with the schema that was set before it was taken out */
	ck_assert_str_eq(map(rules, 4, "public", "audit_log"), "a.audit_log");
	ck_assert_str_eq(map(rules, 4, "other", "orders"), "-");
}
END_TEST

START_TEST(rules_on_change_is_the_last_one_that_is_said)
{
	struct rule list[3];
	struct rules rules = { .n = 3, .rules = list };
	struct mapping m;

	arena = arena_new(4096, 0);
	list[0] = in("a.*", NULL, NULL);
	list[0].on_change = "reload";
	list[1] = in("a.t*", NULL, NULL);
	list[2] = in("a.tx", NULL, NULL);
	list[2].on_change = "refuse";
	rules_map(&rules, "a", "t", &m);
	ck_assert_str_eq(m.on_change, "reload");
	rules_map(&rules, "a", "tx", &m);
	ck_assert_str_eq(m.on_change, "refuse");
	rules_map(&rules, "b", "t", &m);
	ck_assert_ptr_null(m.on_change);
}
END_TEST

START_TEST(rules_target_and_target_schema_win_by_order_part_by_part)
{
	struct rule rules[2];

	arena = arena_new(4096, 0);
	rules[0] = in("public.orders", NULL, "b.sales");
	rules[1] = in("public.*", "c", NULL);
	ck_assert_str_eq(map(rules, 2, "public", "orders"), "c.sales");
	rules[0] = in("public.*", "c", NULL);
	rules[1] = in("public.orders", NULL, "b.sales");
	ck_assert_str_eq(map(rules, 2, "public", "orders"), "b.sales");
	rules[0] = in("public.orders", "c", "b.sales");
	ck_assert_str_eq(map(rules, 1, "public", "orders"), "b.sales");
}
END_TEST

UNIT_MAIN("rules", rules_pattern_matches_wildcards_and_minds_case,
    rules_question_mark_is_one_character_of_utf8, rules_quoted_part_is_literal,
    rules_pattern_refuses_what_is_not_two_names, rules_patterns_never_match_system_schemas,
    rules_name_split_takes_literal_names_only, rules_nothing_is_captured_without_an_include,
    rules_default_schema_goes_to_the_targets_default_any_other_keeps_its_name, rules_last_word_wins, rules_on_change_is_the_last_one_that_is_said,
    rules_target_and_target_schema_win_by_order_part_by_part)
