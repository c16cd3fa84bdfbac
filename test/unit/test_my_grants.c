/* test_my_grants.c - what an account may do, out of the lines of SHOW GRANTS. */
#include "endpoints/my_grants.c"

#include "test/unit/unit.h"

static struct my_grants g;
static struct err err;

static void
grants(const char *first, const char *second)
{
	my_grants_done(&g);
	ck_ok(my_grants_add(&g, first, &err), &err);
	if (second != NULL)
		ck_ok(my_grants_add(&g, second, &err), &err);
}

START_TEST(grants_cover_server_schema_and_table)
{
	grants("GRANT SELECT, INSERT ON *.* TO `u`@`%`", NULL);
	ck_assert(my_grants_has(&g, "SELECT", "a", "b") && my_grants_has(&g, "insert", "a", NULL) &&
		  !my_grants_has(&g, "UPDATE", "a", "b"));
	grants("GRANT ALL PRIVILEGES ON `app`.* TO 'u'@'%' WITH GRANT OPTION", NULL);
	ck_assert(my_grants_has(&g, "TRIGGER", "app", "b") &&
		  my_grants_has(&g, "DROP", "app", NULL) && !my_grants_has(&g, "DROP", "apx", "b"));
	grants("GRANT SELECT ON `app`.`one` TO `u`@`%`", "GRANT DELETE ON `app`.* TO `u`@`%`");
	ck_assert(my_grants_has(&g, "SELECT", "app", "one") &&
		  !my_grants_has(&g, "SELECT", "app", "two") &&
		  !my_grants_has(&g, "SELECT", "app", NULL));
	ck_assert(my_grants_has(&g, "DELETE", "app", "two"));
}
END_TEST

START_TEST(grants_on_patterns_of_schemas)
{
	grants("GRANT SELECT ON `app\\_%`.* TO `u`@`%`", NULL);
	ck_assert(
	    my_grants_has(&g, "SELECT", "app_x", "t") && !my_grants_has(&g, "SELECT", "appx", "t"));
	grants("GRANT SELECT ON `a_p`.* TO `u`@`%`", NULL);
	ck_assert(
	    my_grants_has(&g, "SELECT", "app", "t") && !my_grants_has(&g, "SELECT", "ap", "t"));
	grants("GRANT SELECT ON `od``d`.* TO `u`@`%`", NULL);
	ck_assert(my_grants_has(&g, "SELECT", "od`d", "t"));
}
END_TEST

START_TEST(what_is_less_than_the_whole_table_does_not_count)
{
	grants("GRANT SELECT (a, b), INSERT ON `app`.`t` TO `u`@`%`",
	    "GRANT EXECUTE ON PROCEDURE `app`.`p` TO `u`@`%`");
	ck_assert(
	    !my_grants_has(&g, "SELECT", "app", "t") && my_grants_has(&g, "INSERT", "app", "t"));
	grants("GRANT `role`@`%` TO `u`@`%`",
	    "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION");
	ck_assert_uint_eq(g.n, 0);
	grants("GRANT SELECT ON *.* TO `u`@`%`", "REVOKE SELECT ON `app`.* FROM `u`@`%`");
	ck_assert(
	    !my_grants_has(&g, "SELECT", "app", "t") && my_grants_has(&g, "SELECT", "other", "t"));
}
END_TEST

START_TEST(what_is_missing_is_listed)
{
	struct buf b = { 0 };

	grants("GRANT SELECT, DELETE ON `app`.* TO `u`@`%`", NULL);
	ck_assert(my_grants_missing(&g, "SELECT, INSERT, UPDATE, DELETE", "app", "t", &b));
	ck_assert_str_eq(buf_cstr(&b), "INSERT, UPDATE");
	buf_reset(&b);
	ck_assert(!my_grants_missing(&g, "SELECT, DELETE", "app", "t", &b));
	buf_done(&b);
}
END_TEST

UNIT_MAIN("my_grants", grants_cover_server_schema_and_table, grants_on_patterns_of_schemas,
    what_is_less_than_the_whole_table_does_not_count, what_is_missing_is_listed)
