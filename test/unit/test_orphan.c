/* test_orphan.c - which slots and rows belong to no task of the file, and what is said of them. */
#include "daemon/orphan.c"

#include "test/unit/unit.h"

static struct findings found;

static const char *
base_of(const char *slot)
{
	static char base[NAME_MAX_BYTES];

	orphan_slot_base(slot, base);
	return base;
}

START_TEST(orphan_slot_base_knows_groups_and_loads)
{
	char base[NAME_MAX_BYTES];

	ck_assert_str_eq(base_of("repld_t"), "repld_t");
	ck_assert_str_eq(base_of("repld_t_g1"), "repld_t");
	ck_assert_str_eq(base_of("repld_t_g42"), "repld_t");
	ck_assert_str_eq(base_of("repld_t_load_4711_3"), "repld_t");
	ck_assert_str_eq(base_of("repld_t_load_4711"), "repld_t_load_4711");
	ck_assert_str_eq(base_of("repld_t_load__3"), "repld_t_load__3");
	ck_assert_str_eq(base_of("repld_t_g"), "repld_t_g");
	ck_assert_str_eq(base_of("repld_t_g1x"), "repld_t_g1x");
	ck_assert_str_eq(base_of("repld_t1"), "repld_t1");
	ck_assert_str_eq(base_of("_g1"), "_g1");
	ck_assert_str_eq(base_of("12"), "12");
	ck_assert_str_eq(base_of(""), "");
	ck_assert(orphan_slot_base("repld_t_g1", base));
	ck_assert(!orphan_slot_base("repld_t", base));
}
END_TEST

static void
add_row(struct task_rows *rows, const char *task, const char *slot, bool owned)
{
	struct task_row *r = &rows->rows[rows->n++];

	*r = (struct task_row){ .owned = owned, .position = "0/1" };
	snprintf(r->task, sizeof(r->task), "%s", task);
	snprintf(r->source.slot, sizeof(r->source.slot), "%s", slot);
	snprintf(r->source.id, sizeof(r->source.id), "7300");
}

static bool
says(const char *what)
{
	for (size_t i = 0; i < found.n; i++)
		if (strstr(found.rows[i].what, what) != NULL || strstr(found.rows[i].fix, what) != NULL)
			return true;
	return false;
}

static struct task_conf orders = { .name = "orders", .postgresql = { .slot = "repld_orders" } };
static struct task_conf renamed = { .name = "crm", .rename_from = "people", .postgresql = { .slot = "people" } };
static struct task_conf *tasks[] = { &orders, &renamed };
static struct conf conf = { .ntasks = 2, .tasks = tasks };

START_TEST(orphan_rows_are_of_tasks_that_the_file_does_not_name)
{
	struct task_row memory[8];
	struct task_rows rows = { .rows = memory };

	add_row(&rows, "orders", "repld_orders", false);
	add_row(&rows, "people", "people", false);
	add_row(&rows, "elsewhere", "repld_elsewhere", true);
	add_row(&rows, "old", "repld_old", false);
	add_row(&rows, "begun", "", false);
	orphan_rows(&conf, &rows, "target dw", &found);
	ck_assert_uint_eq(found.n, 2);
	ck_assert(says("target dw: repld.checkpoint has task old, which is not in the file: slot repld_old of source 7300, last written"));
	ck_assert(says("repld cleanup old"));
	ck_assert(says("rename_from = \"old\""));
	ck_assert(says("task begun, which is not in the file: slot none"));
	ck_assert_int_eq(found.rows[0].severity, FINDING_RISK);
	findings_done(&found);
}
END_TEST

START_TEST(orphan_slots_are_those_that_nobody_names)
{
	static const struct source_slot slots[] = {
		{ .name = "repld_orders" }, { .name = "repld_orders_g1" }, { .name = "repld_orders_load_12_1" },
		{ .name = "repld_elsewhere", .active = true }, { .name = "repld_elsewhere_g3" }, { .name = "repld_kept_g1" },
		{ .name = "repld_old", .has_retained = true, .retained_bytes = 3u << 20 },
		{ .name = "repld_lost_g1", .active = true },
	};
	struct task_row memory[8];
	struct task_rows rows = { .rows = memory };

	add_row(&rows, "elsewhere", "repld_elsewhere", true);
	add_row(&rows, "elsewhere", "repld_elsewhere_g3", true);
	add_row(&rows, "kept", "repld_kept_g1", false);
	add_row(&rows, "old", "repld_old", false);
	orphan_slots(&conf, &rows, slots, sizeof(slots) / sizeof(slots[0]), "source shop", &found);
	ck_assert_uint_eq(found.n, 2);
	ck_assert(says("source shop: slot repld_old belongs to no task of the file and keeps 3.0 MB of log (not in use)"));
	ck_assert(says("on the source: SELECT pg_drop_replication_slot('repld_old')"));
	ck_assert(says("slot repld_lost_g1 belongs to no task of the file and keeps an unknown size of log (in use)"));
	findings_done(&found);
}
END_TEST

UNIT_MAIN("orphan", orphan_slot_base_knows_groups_and_loads, orphan_rows_are_of_tasks_that_the_file_does_not_name,
    orphan_slots_are_those_that_nobody_names)
