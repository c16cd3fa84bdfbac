/* test_pg_wal2json.c - what is asked of the plugin, what its decoder is told of the tables, and what its refusals mean. No server. */
#include "endpoints/pg_wal2json.c"

#include "test/unit/unit.h"

static struct arena *arena;

static struct column_desc
column(const char *name, uint32_t oid, int32_t typmod, const char *type)
{
	return (struct column_desc){ .name = name, .type = { .oid = oid, .base_oid = oid, .typmod = typmod, .name = type } };
}

/* A table with a key, a generated column, and as many leaves as are named; kind 'p' where there are several. */
static struct tableset *
tables(const char *name, const char *const *leaves, uint16_t n)
{
	static const uint16_t key[] = { 0 };
	struct tableset *set = arena_zalloc(arena, sizeof(*set));
	struct table *t = arena_zalloc(arena, sizeof(*t));
	struct table_desc *d = arena_zalloc(arena, sizeof(*d));

	d->oid = 100;
	d->schema = "s";
	d->name = name;
	d->kind = n > 1 ? 'p' : 'r';
	d->replica_identity = 'd';
	d->ncols = 3;
	d->cols = arena_zalloc(arena, 3 * sizeof(*d->cols));
	d->cols[0] = column("id", 23, -1, "integer");
	d->cols[1] = column("n", 1700, 655366, "numeric(10,2)");
	d->cols[2] = column("g", 25, -1, "text");
	d->cols[2].generated = true;
	d->nindexes = 1;
	d->indexes = arena_zalloc(arena, sizeof(*d->indexes));
	d->indexes[0] = (struct index_desc){ .unique = true, .primary = true, .immediate = true, .ncols = 1, .cols = key };
	d->nleaves = n;
	d->leaves = arena_zalloc(arena, n * sizeof(*d->leaves));
	for (uint16_t i = 0; i < n; i++)
		d->leaves[i] = (struct leaf_desc){ .oid = n > 1 ? 109u - i : 100, .schema = "s", .name = leaves[i], .replica_identity = i == 1 ? 'f' : 'd' };
	*t = (struct table){ .source_schema = "s", .source_name = name, .source = d };
	set->n = 1;
	set->tables = arena_zalloc(arena, sizeof(*set->tables));
	set->tables[0] = t;
	return set;
}

static struct pg_wal2json *
open_it(const struct tableset *set)
{
	static const struct source_params p = { .task = "t", .plugin = "wal2json" };
	struct err err = ERR_INIT;
	struct pg_wal2json *w = pg_wal2json_open(&p, set, &err);

	ck_assert_ptr_nonnull(w);
	return w;
}

START_TEST(pg_wal2json_asks_for_the_captured_tables_alone)
{
	static const char *const leaf[] = { "o'dd t" };
	struct pg_wal2json *w;
	struct buf sql = { 0 };

	arena = arena_new(4096, 0);
	w = open_it(tables("o'dd t", leaf, 1));
	pg_wal2json_options(w, false, &sql);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&sql), "\"add-tables\" 's.o\\''dd\\ t')"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&sql), "(\"format-version\" '2', "));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&sql), "\"include-type-oids\" 'true'"));
	ck_assert_ptr_null(strstr(buf_cstr(&sql), "numeric-data-types-as-string"));
	buf_reset(&sql);
	pg_wal2json_options(w, true, &sql);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&sql), "\"numeric-data-types-as-string\" 'true'"));
	buf_done(&sql);
	ck_assert(w->ntables == 1 && !w->tables[0].any_order && w->tables[0].ncols == 3);
	ck_assert(w->tables[0].cols[0].identity && w->tables[0].cols[0].fixed && !w->tables[0].cols[1].identity && !w->tables[0].cols[1].fixed);
	ck_assert(w->tables[0].cols[2].generated && w->tables[0].cols[1].typmod == 655366);
	pg_wal2json_close(w);
	arena_free(arena);
}
END_TEST

/* A partition may come at any time, with any name. */
START_TEST(pg_wal2json_asks_for_all_tables_where_partitions_may_come)
{
	static const char *const leaves[] = { "b", "a" };
	struct pg_wal2json *w;
	struct buf sql = { 0 };

	arena = arena_new(4096, 0);
	w = open_it(tables("root", leaves, 2));
	pg_wal2json_options(w, true, &sql);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&sql), "\"add-tables\" '*.*')"));
	buf_done(&sql);
	ck_assert_str_eq(w->roots, "{100}");
	ck_assert_str_eq(w->parts, "108 s.a,109 s.b");
	ck_assert(w->ntables == 2 && w->tables[0].any_order && w->tables[0].id == 109);
	ck_assert(w->tables[1].replica_identity == 'f' && w->tables[1].cols[1].identity);
	pg_wal2json_close(w);
	arena_free(arena);
}
END_TEST

/* The log tells of a commit before the catalog's snapshots do. */
START_TEST(pg_wal2json_knows_which_transactions_a_snapshot_has_seen_end)
{
	struct pg_wal2json w = { .xmax = 0 };
	struct err err = ERR_INIT;

	ck_assert(!is_over(&w, 5));
	ck_ok(read_snapshot(&w, "10:20:10,15", &err), &err);
	ck_assert(is_over(&w, 9) && !is_over(&w, 10) && is_over(&w, 11) && !is_over(&w, 15) && is_over(&w, 19) && !is_over(&w, 20) && !is_over(&w, 21));
	ck_ok(read_snapshot(&w, "4294967300:4294967300:", &err), &err);	/* behind the wrap-around */
	ck_assert(is_over(&w, 3) && !is_over(&w, 4) && is_over(&w, UINT32_MAX));
	ck_fails(read_snapshot(&w, "", &err), &err, ERR_PROTOCOL);
	free(w.running);
}
END_TEST

START_TEST(pg_wal2json_says_what_a_refusal_means)
{
	const struct source_params p = { .task = "t", .plugin = "wal2json" }, other = { .task = "t", .plugin = "pgoutput" };
	struct err err = ERR_INIT;

	err_set(&err, ERR_DATA, "option \"...\" is unknown");
	memcpy(err.sqlstate, "22023", 6);
	ck_assert(!pg_wal2json_refused(&other, &err) && err.kind == ERR_DATA);
	ck_assert(pg_wal2json_refused(&p, &err) && err.kind == ERR_CONFIG && strstr(err.msg, "older than 2.5") != NULL);
	ck_assert_str_eq(err.sqlstate, "22023");
	err_set(&err, ERR_LIMIT, "out of memory");
	memcpy(err.sqlstate, "54000", 6);
	ck_assert(pg_wal2json_refused(&p, &err) && err.kind == ERR_LIMIT && strstr(err.remedy, "repld ctl restart t --reload") != NULL);
	err_set(&err, ERR_RETRY, "requested WAL segment has already been removed");
	memcpy(err.sqlstate, "58P01", 6);
	ck_assert(!pg_wal2json_refused(&p, &err) && err.kind == ERR_RETRY);
	err_set(&err, ERR_RETRY, "could not access file \"wal2json\": No such file or directory");
	memcpy(err.sqlstate, "58P01", 6);
	ck_assert(is_library(&err));
	err_set(&err, ERR_RETRY, "could not open file \"pg_replslot/wal2json/state\"");
	memcpy(err.sqlstate, "58P01", 6);
	ck_assert(!is_library(&err));
	ck_assert(list_has("pgoutput, test_decoding, wal2json", "wal2json") && !list_has("pgoutput, wal2json2", "wal2json") && !list_has("", "wal2json"));
}
END_TEST

UNIT_MAIN("pg_wal2json", pg_wal2json_asks_for_the_captured_tables_alone, pg_wal2json_asks_for_all_tables_where_partitions_may_come,
    pg_wal2json_knows_which_transactions_a_snapshot_has_seen_end, pg_wal2json_says_what_a_refusal_means)
