/* test_plan.c - which column goes where and how rows are found, for all kinds of identity and
 * index. */
#include "staging/plan.c"

#include "test/unit/unit.h"
#include "test/unit/coltypes.h"
#include "test/unit/no_memory.h"

static struct err err;

enum { INT4 = 23, INT8 = 20, TEXT = 25, VARCHAR = 1043, INT4_ARRAY = 1007 };

static struct relation_column rcols[5];
static struct relation rel;
static struct column_desc scols[6], tcols[6];
static struct index_desc indexes[3];
static uint16_t ix_a[1], ix_b[1], ix_bc[2];
static struct table_desc source, target;
static struct table table;

static void
column(int i, const char *name, uint32_t oid)
{
	rcols[i] = (struct relation_column){ .name = name, .oid = oid, .typmod = -1, .identity = i == 0 };
	scols[i] = (struct column_desc){ .name = name };
	pg_type_fill(&scols[i].type, 'b', oid, 0, -1, oid == INT4 ? "integer" : "text");
	tcols[i] = scols[i];
}

/* a int (primary key on the target, identity), b int not null, c text; the target has an index
 * per test */
static void
reset(void)
{
	column(0, "a", INT4);
	column(1, "b", INT4);
	column(2, "c", TEXT);
	tcols[0].notnull = tcols[1].notnull = true;
	ix_a[0] = 0;
	ix_b[0] = 1;
	ix_bc[0] = 2;
	ix_bc[1] = 1;
	indexes[0] = (struct index_desc){
		.unique = true, .primary = true, .immediate = true, .ncols = 1, .cols = ix_a
	};
	indexes[1] =
	    (struct index_desc){ .unique = true, .immediate = true, .ncols = 1, .cols = ix_b };
	indexes[2] =
	    (struct index_desc){ .unique = true, .immediate = true, .ncols = 2, .cols = ix_bc };
	rel = (struct relation){ .id = 1,
		.schema = "s",
		.name = "t",
		.replica_identity = 'd',
		.ncols = 3,
		.cols = rcols };
	source = (struct table_desc){
		.schema = "s", .name = "t", .ncols = 3, .cols = scols, .replica_identity = 'd'
	};
	target =
	    (struct table_desc){ .ncols = 3, .cols = tcols, .nindexes = 1, .indexes = indexes };
	table = (struct table){ .source_schema = "s", .source_name = "t", .target_schema = "dw",
		.target_name = "t", .source = &source, .target = &target };
	rel.table = &table;
}

static struct plan *
plan(void)
{
	struct plan *p = plan_new(&rel, &table, &err);

	ck_ok(p != NULL, &err);
	return p;
}

START_TEST(plan_finds_rows_by_the_targets_primary_key)
{
	struct plan *p;

	reset();
	p = plan();
	ck_assert_uint_eq(p->ncols, 3);
	ck_assert_uint_eq(p->nkey, 1);
	ck_assert_uint_eq(p->key[0], 0);
	ck_assert(p->cols[0].key && !p->cols[1].key);
	ck_assert(p->cols[0].binary_ok && p->cols[2].binary_ok);
	ck_assert(!p->keyless && !p->secondary_unique && !p->has_array && !p->overriding &&
		  !p->needs_full);
	ck_assert(!p->cols[0].unique);
	plan_free(p);
	plan_free(NULL);
}
END_TEST

START_TEST(plan_matches_columns_by_name_in_any_order)
{
	struct plan *p;
	struct column_desc c;

	reset();
	c = tcols[0];
	tcols[0] = tcols[2];
	tcols[2] = c;
	ix_a[0] = 2;
	p = plan();
	ck_assert_uint_eq(p->cols[0].src, 0);
	ck_assert_uint_eq(p->cols[0].target, 2);
	ck_assert_str_eq(p->cols[2].name, "c");
	ck_assert_uint_eq(p->cols[2].target, 0);
	ck_assert_uint_eq(p->key[0], 0);
	plan_free(p);
}
END_TEST

START_TEST(plan_takes_a_unique_index_of_identity_columns_where_the_primary_key_does_not_serve)
{
	struct plan *p;

	reset(); /* source: replica identity index on b; target: primary key a, unique b */
	rcols[0].identity = false;
	rcols[1].identity = true;
	rel.replica_identity = 'i';
	target.nindexes = 2;
	p = plan();
	ck_assert_uint_eq(p->nkey, 1);
	ck_assert_uint_eq(p->key[0], 1);
	ck_assert(p->secondary_unique);
	ck_assert(p->cols[0].unique && !p->cols[1].unique && !p->cols[2].unique);
	plan_free(p);
}
END_TEST

START_TEST(plan_key_follows_the_order_of_the_index)
{
	struct plan *p;

	reset();
	rcols[0].identity = false;
	rcols[1].identity = rcols[2].identity = true;
	rel.replica_identity = 'i';
	tcols[2].notnull = true;
	indexes[0] = indexes[2];
	p = plan();
	ck_assert_uint_eq(p->nkey, 2);
	ck_assert_uint_eq(p->key[0], 2);
	ck_assert_uint_eq(p->key[1], 1);
	ck_assert(!p->secondary_unique);
	plan_free(p);
}
END_TEST

/* Each flaw alone makes the unique index on b useless as key: rows are found by the identity
 * columns. */
START_TEST(plan_does_not_find_rows_by_an_unfit_index)
{
	for (int flaw = 0; flaw < 6; flaw++) {
		struct plan *p;

		reset();
		indexes[0] = indexes[1];
		rcols[0].identity = flaw == 5;
		rcols[1].identity = flaw != 5;
		indexes[0].unique = flaw != 0;
		indexes[0].immediate = flaw != 1;
		indexes[0].partial = flaw == 2;
		indexes[0].expression = flaw == 3;
		tcols[1].notnull = flaw != 4;
		p = plan();
		ck_assert_uint_eq(p->nkey, 1);
		ck_assert_uint_eq(p->key[0], flaw == 5 ? 0 : 1);
		ck_assert_int_eq(p->secondary_unique, flaw != 0);
		ck_assert_int_eq(p->cols[1].unique, flaw != 0);
		ck_assert_int_eq(p->cols[2].unique, flaw == 2 || flaw == 3);
		plan_free(p);
	}
}
END_TEST

/* The whole old row is there, so any index could find it; but only the source's own unique index says
 * that it finds no other. */
START_TEST(plan_with_full_identity_uses_a_key_that_the_source_keeps_unique)
{
	for (int flaw = 0; flaw < 7; flaw++) {
		struct index_desc own = {
			.unique = true, .primary = true, .immediate = true, .ncols = 1, .cols = ix_a
		};
		struct plan *p;

		reset();
		rel.replica_identity = 'f';
		rcols[0].identity = rcols[1].identity = rcols[2].identity = true;
		scols[0].notnull = flaw != 6;
		source.nindexes = flaw == 1 ? 0 : 1;
		source.indexes = &own;
		own.immediate = flaw != 2;
		own.cols = flaw == 3 ? ix_b : ix_a;
		own.partial = flaw == 4;
		own.unique = flaw != 5;
		p = plan();
		ck_assert_uint_eq(p->nkey, flaw == 0);
		ck_assert_int_eq(p->keyless, flaw != 0);
		ck_assert_int_eq(p->needs_full, flaw != 0);
		ck_assert_uint_eq(p->nhint, flaw != 0);
		ck_assert_uint_eq(p->hint[0], 0);
		plan_free(p);
	}
}
END_TEST

START_TEST(plan_with_full_identity_and_no_key_is_keyless)
{
	struct plan *p;

	reset();
	rel.replica_identity = 'f';
	rcols[0].identity = rcols[1].identity = rcols[2].identity = true;
	target.nindexes = 0;
	p = plan();
	ck_assert_uint_eq(p->nkey, 0);
	ck_assert(p->keyless && p->needs_full && !p->secondary_unique && p->nhint == 0);
	plan_free(p);
	indexes[0] = indexes[1];
	tcols[1].notnull = false;
	target.nindexes = 1;
	p = plan();
	ck_assert(p->keyless && p->secondary_unique && p->nhint == 0);
	plan_free(p);
}
END_TEST

/* Two rows of the source may share a part of its key: the target's narrower one finds too many. */
START_TEST(plan_does_not_find_rows_by_a_part_of_the_identity)
{
	struct plan *p;

	reset();
	rcols[1].identity = true;
	p = plan();
	ck_assert_uint_eq(p->nkey, 2);
	ck_assert(p->secondary_unique);
	plan_free(p);
}
END_TEST

START_TEST(plan_minds_exclusions_as_it_minds_unique_indexes)
{
	struct plan *p;

	reset();
	indexes[1].unique = false;
	indexes[1].constraint_sql = "EXCLUDE USING gist (b WITH &&)";
	target.nindexes = 2;
	p = plan();
	ck_assert(p->secondary_unique && p->cols[1].unique && !p->cols[2].unique);
	plan_free(p);
	indexes[1].constraint_sql = NULL;
	p = plan();
	ck_assert(!p->secondary_unique);
	plan_free(p);
}
END_TEST

START_TEST(plan_without_identity_takes_inserts_only)
{
	struct plan *p;

	reset();
	rcols[0].identity = false;
	p = plan();
	ck_assert(p->nkey == 0 && !p->keyless && p->secondary_unique);
	plan_free(p);
	rcols[0].identity = true;
	rel.replica_identity = 'n';
	p = plan();
	ck_assert(p->nkey == 0 && !p->keyless);
	plan_free(p);
}
END_TEST

START_TEST(plan_names_missing_columns_with_their_alter)
{
	reset();
	target.ncols = 1;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_str_eq(err.remedy,
	    "ALTER TABLE \"dw\".\"t\" ADD COLUMN \"b\" integer, ADD COLUMN \"c\" text;");
	ck_assert_ptr_nonnull(strstr(err.msg, "b, c"));
	ck_assert_str_eq(err.table, "s.t");
	table.target = NULL;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
}
END_TEST

START_TEST(plan_refuses_a_not_null_column_that_nothing_fills)
{
	struct plan *p;

	reset();
	tcols[3] = (struct column_desc){ .name = "extra", .notnull = true };
	target.ncols = 4;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	tcols[3].has_default = true;
	p = plan();
	plan_free(p);
	tcols[3].has_default = false;
	tcols[3].identity = 'a';
	p = plan();
	ck_assert(!p->overriding);
	plan_free(p);
	tcols[3].identity = 0;
	tcols[3].notnull = false;
	p = plan();
	ck_assert_uint_eq(p->ncols, 3);
	plan_free(p);
}
END_TEST

START_TEST(plan_leaves_generated_columns_to_the_target)
{
	struct plan *p;

	reset(); /* sent by the source, generated on both */
	scols[2].generated = tcols[2].generated = true;
	p = plan();
	ck_assert_uint_eq(p->ncols, 2);
	plan_free(p);
	scols[2].generated = false;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	scols[2].generated = true;
	tcols[2].generated = false;
	p = plan(); /* sent, and plain on the target */
	ck_assert_uint_eq(p->ncols, 3);
	plan_free(p);
	rel.ncols = 2; /* not sent */
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	tcols[2].generated = true;
	plan_free(plan());
}
END_TEST

START_TEST(plan_knows_identity_always_and_arrays)
{
	struct plan *p;

	reset();
	tcols[0].identity = 'a';
	column(2, "c", INT4_ARRAY);
	p = plan();
	ck_assert(p->overriding && p->has_array);
	ck_assert(p->cols[2].binary_ok);
	plan_free(p);
	tcols[0].identity = 'd';
	p = plan();
	ck_assert(!p->overriding);
	plan_free(p);
}
END_TEST

START_TEST(plan_goes_by_the_types_of_the_log_where_the_catalog_is_ahead)
{
	struct plan *p;

	reset(); /* b was int4 in the log, is int8 on both sides by now */
	pg_type_fill(&scols[1].type, 'b', INT8, 0, -1, "bigint");
	tcols[1].type = scols[1].type;
	p = plan();
	ck_assert(!p->cols[1].binary_ok);
	ck_assert_uint_eq(p->cols[1].source_type->oid, INT4);
	plan_free(p);
	reset(); /* c was varchar(80), is varchar(40) by now */
	pg_type_fill(&scols[2].type, 'b', VARCHAR, 0, 44, "character varying(40)");
	tcols[2].type = scols[2].type;
	rcols[2].oid = VARCHAR;
	rcols[2].typmod = 44;
	p = plan();
	ck_assert(p->cols[2].binary_ok);
	plan_free(p);
	rcols[2].typmod = 84;
	p = plan();
	ck_assert(!p->cols[2].binary_ok);
	plan_free(p);
	reset();
	source.ncols = 2;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
}
END_TEST

START_TEST(plan_relation_from_desc_is_the_relation_of_the_stream)
{
	struct arena *arena = arena_new(4096, 0);
	const struct relation *r;
	struct index_desc pk;
	struct plan *p;

	reset();
	pk = indexes[0];
	source.indexes = &pk;
	source.nindexes = 1;
	ck_ok((r = relation_from_desc(&source, &table, arena, &err)) != NULL, &err);
	relation_seal(&rel);
	ck_assert_uint_eq(r->ncols, 3);
	ck_assert(r->version == rel.version);
	ck_assert_ptr_eq(r->table, &table);
	ck_ok((p = plan_new(r, &table, &err)) != NULL, &err);
	ck_assert_uint_eq(p->nkey, 1);
	plan_free(p);
	scols[1].generated = true;
	source.replica_identity = 'f';
	ck_ok((r = relation_from_desc(&source, &table, arena, &err)) != NULL, &err);
	ck_assert_uint_eq(r->ncols, 2);
	ck_assert_str_eq(r->cols[1].name, "c");
	ck_assert(r->cols[1].identity);
	source.replica_identity = 'i';
	pk = (struct index_desc){
		.unique = true, .replica_identity = true, .ncols = 1, .cols = ix_bc
	};
	ck_ok((r = relation_from_desc(&source, &table, arena, &err)) != NULL, &err);
	ck_assert(!r->cols[0].identity && r->cols[1].identity);
	source.ncols = RELATION_MAX_COLUMNS + 1;
	ck_fails(relation_from_desc(&source, &table, arena, &err) != NULL, &err, ERR_LIMIT);
	arena_free(arena);
}
END_TEST

/* Of several indexes that serve: the primary key, wherever it stands; else the one of fewest columns. */
START_TEST(plan_takes_the_best_index_that_serves)
{
	static const struct {
		int order[3], n;
		const char *want;
	} list[] = { { { 2, 1 }, 2, "b" }, { { 1, 2 }, 2, "b" }, { { 2, 1, 0 }, 3, "a" }, { { 0, 1, 2 }, 3, "a" }, { { 1, 0, 2 }, 3, "a" }, { { 2 }, 1, "c" } };
	struct index_desc all[3], own[3];

	reset();
	memcpy(all, indexes, sizeof(all));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct plan *p;

		reset();
		rel.replica_identity = 'f';
		for (int k = 0; k < 3; k++) {
			rcols[k].identity = scols[k].notnull = tcols[k].notnull = true;
			own[k] = all[k];
		}
		source.nindexes = 3;
		source.indexes = own;
		target.nindexes = (uint16_t)list[i].n;
		for (int k = 0; k < list[i].n; k++)
			indexes[k] = all[list[i].order[k]];
		p = plan();
		ck_assert_str_eq(p->cols[p->key[0]].name, list[i].want);
		ck_assert_uint_eq(p->nkey, list[i].want[0] == 'c' ? 2 : 1);
		plan_free(p);
	}
}
END_TEST

/* Nulls that are not distinct, in an index of the source, keep two rows apart as well as not null does; an expression keeps none. */
START_TEST(plan_minds_what_keeps_rows_of_the_source_apart)
{
	struct index_desc own;
	struct plan *p;

	reset();
	rel.replica_identity = 'f';
	rcols[0].identity = rcols[1].identity = rcols[2].identity = true;
	own = indexes[0];
	own.nulls_not_distinct = true;
	source.nindexes = 1;
	source.indexes = &own;
	p = plan();
	ck_assert(p->nkey == 1 && !p->keyless);
	plan_free(p);
	own.expression = true;
	p = plan();
	ck_assert(p->nkey == 0 && p->keyless);
	plan_free(p);
}
END_TEST

START_TEST(plan_names_missing_columns_as_their_server_quotes)
{
	reset();
	target.ncols = 1;
	table.target_family = FAMILY_MYSQL;
	rcols[1].name = scols[1].name = "b`x";
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_str_eq(err.remedy, "ALTER TABLE `dw`.`t` ADD COLUMN `b``x` ..., ADD COLUMN `c` ...;");
	source.ncols = 1;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_ptr_nonnull(strstr(err.msg, "column b`x is in changes of the log that were not applied yet, and on neither side any more"));
	reset();
	table.source = NULL;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_str_eq(err.msg, "table s.t is not on the source");
	table.target = NULL;
	table.target_schema = "elsewhere";
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_str_eq(err.msg, "table elsewhere.t is not on the target");
	ck_assert_str_eq(err.table, "s.t");
}
END_TEST

START_TEST(plan_refuses_an_identity_that_the_target_generates)
{
	reset();
	scols[0].generated = tcols[0].generated = true;
	target.nindexes = 0;
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_str_eq(err.msg, "a column of the replica identity is generated on the target");
	ck_assert_str_eq(err.table, "s.t");
}
END_TEST

/* A unique index over columns that nothing fills is minded too, where it looks at one that is written. */
START_TEST(plan_minds_unique_indexes_of_columns_of_the_target_alone)
{
	uint16_t on[] = { 3, 2 };
	struct plan *p;

	reset();
	tcols[3] = (struct column_desc){ .name = "extra" };
	target.ncols = 4;
	indexes[1] = (struct index_desc){ .unique = true, .immediate = true, .ncols = 2, .cols = on };
	target.nindexes = 2;
	p = plan();
	ck_assert(p->secondary_unique && !p->cols[0].unique && !p->cols[1].unique && p->cols[2].unique);
	plan_free(p);
}
END_TEST

/* The type that the log tells itself, none at all, that of a domain; and what passes in binary between families. */
START_TEST(plan_takes_the_type_that_the_column_had)
{
	struct coltype blob = coltype_of("my blob"), told = coltype_of("my int");
	struct plan *p;

	reset();
	rcols[1].oid = 0;
	rcols[2].oid = 70000;		/* a domain over text, whose modifier is its own */
	rcols[2].typmod = 7;
	scols[2].type.oid = tcols[2].type.oid = 70000;
	p = plan();
	ck_assert_ptr_eq(p->cols[1].source_type, &scols[1].type);
	ck_assert_ptr_eq(p->cols[2].source_type, &scols[2].type);
	plan_free(p);
	reset();
	table.source_family = FAMILY_MYSQL;
	rcols[0].type = rcols[1].type = &told;
	rcols[2].type = &blob;
	pg_type_fill(&tcols[2].type, 'b', 17, 0, -1, "bytea");
	p = plan();
	ck_assert_ptr_eq(p->cols[2].source_type, &blob);
	ck_assert(p->converts && !p->cols[0].binary_ok && p->cols[2].binary_ok);
	ck_assert(plan_column_loads_binary(&p->cols[2]) && !plan_column_loads_binary(&p->cols[0]));
	plan_free(p);
	pg_type_fill(&tcols[2].type, 'b', 1184, 0, -1, "timestamptz");
	ck_fails(plan_new(&rel, &table, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert_ptr_nonnull(strstr(err.msg, "column c: blob on the source can't become timestamptz on the target"));
	ck_assert_str_eq(err.table, "s.t");
	reset();			/* an array on the target alone */
	pg_type_fill(&tcols[2].type, 'b', INT4_ARRAY, 0, -1, "integer[]");
	p = plan();
	ck_assert(p->has_array && !p->cols[2].binary_ok && !plan_column_loads_binary(&p->cols[2]));
	plan_free(p);
	reset();			/* labels of enums load as such, from one to another */
	pg_type_fill(&scols[2].type, 'e', 70001, 0, -1, "mood");
	rcols[2].oid = 70001;
	p = plan();
	ck_assert(!plan_column_loads_binary(&p->cols[2]));
	plan_free(p);
	pg_type_fill(&tcols[2].type, 'e', 70002, 0, -1, "mood");
	p = plan();
	ck_assert(!p->cols[2].binary_ok && plan_column_loads_binary(&p->cols[2]));
	plan_free(p);
}
END_TEST

START_TEST(plan_relation_from_desc_takes_the_identity_of_the_description)
{
	struct arena *arena = arena_new(4096, 0);
	struct index_desc all[2] = { { .unique = true, .replica_identity = true, .expression = true, .ncols = 1, .cols = ix_b },
		{ .unique = true, .ncols = 1, .cols = ix_a } };
	const struct relation *r;

	reset();
	scols[2].type.oid = 70000;
	scols[2].type.typmod = 9;
	source.indexes = all;
	source.nindexes = 2;
	for (const char *letter = "din"; *letter != '\0'; letter++) {
		source.replica_identity = *letter;
		ck_ok((r = relation_from_desc(&source, &table, arena, &err)) != NULL, &err);
		ck_assert(!r->cols[0].identity && !r->cols[1].identity && !r->cols[2].identity);
		ck_assert_int_eq(r->cols[2].typmod, -1);	/* a domain's own is not in the log */
	}
	arena_free(arena);
}
END_TEST

static bool
short_of_memory(struct err *e)
{
	struct plan *p = plan_new(&rel, &table, e);

	ck_assert(p == NULL || (p->nkey == 1 && p->ncols == 3));
	plan_free(p);
	return p != NULL;
}

START_TEST(plan_survives_want_of_memory)
{
	reset();
	rcols[1].oid = INT8;
	no_memory_anywhere(short_of_memory);
}
END_TEST

UNIT_MAIN("plan", plan_finds_rows_by_the_targets_primary_key,
    plan_matches_columns_by_name_in_any_order,
    plan_takes_a_unique_index_of_identity_columns_where_the_primary_key_does_not_serve,
    plan_key_follows_the_order_of_the_index, plan_does_not_find_rows_by_an_unfit_index,
    plan_with_full_identity_uses_a_key_that_the_source_keeps_unique, plan_with_full_identity_and_no_key_is_keyless,
    plan_does_not_find_rows_by_a_part_of_the_identity, plan_minds_exclusions_as_it_minds_unique_indexes,
    plan_without_identity_takes_inserts_only, plan_names_missing_columns_with_their_alter,
    plan_refuses_a_not_null_column_that_nothing_fills, plan_leaves_generated_columns_to_the_target,
    plan_knows_identity_always_and_arrays,
    plan_goes_by_the_types_of_the_log_where_the_catalog_is_ahead,
    plan_relation_from_desc_is_the_relation_of_the_stream, plan_takes_the_best_index_that_serves,
    plan_minds_what_keeps_rows_of_the_source_apart, plan_names_missing_columns_as_their_server_quotes,
    plan_refuses_an_identity_that_the_target_generates, plan_minds_unique_indexes_of_columns_of_the_target_alone,
    plan_takes_the_type_that_the_column_had, plan_relation_from_desc_takes_the_identity_of_the_description,
    plan_survives_want_of_memory)
