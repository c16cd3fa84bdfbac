/* pg_discover.c - `repld discover` on a PostgreSQL server: schemas, tables, columns, counts. Reads
 * catalogs only, but for the exact count.
 * Threads: the caller's. */
#include "endpoints/catalog.h"

#include <assert.h>
#include <stdlib.h>
#include "daemon/base/arena.h"
#include "endpoints/pg_catalog.h"

#define CATALOG_DEADLINE_USEC 60000000

struct catalog {
	struct pg_conn *c;
};

static void
close_catalog(struct catalog *c)
{
	if (c == NULL)
		return;
	pg_conn_close(c->c);
	free(c);
}

static struct catalog *
open_catalog(const struct endpoint *ep, struct stop *stop, struct err *err)
{
	struct catalog *c = mem_zalloc(sizeof(*c), err);

	if (c == NULL)
		return NULL;
	if ((c->c = pg_conn_open(ep, PG_CONN_SOURCE, NULL, "discover", stop, err)) == NULL) {
		free(c);
		return NULL;
	}
	c->c->deadline_usec = CATALOG_DEADLINE_USEC;
	return c;
}

static bool
not_wanted(bool ok, struct err *err)
{
	if (!ok && err->kind == ERR_NONE)
		err_set(err, ERR_CANCELLED, "the list was not wanted to its end");
	return ok;
}

static bool
schemas(struct catalog *c, bool (*visit)(void *arg, const char *schema, uint64_t tables), void *arg,
    struct err *err)
{
	PGresult *res = pg_query(c->c, err,
	    "SELECT n.nspname, (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND "
	    "NOT c.relispartition"
	    " AND c.relkind IN ('r', 'p', 'f')) FROM pg_namespace n WHERE n.nspname !~ '^pg_'"
	    " AND n.nspname NOT IN ('information_schema', 'repld') ORDER BY 1",
	    0, NULL);
	bool ok = true;

	if (res == NULL)
		return err_ctx(err, "list the schemas");
	for (int i = 0; ok && i < PQntuples(res); i++)
		ok = visit(arg, PQgetvalue(res, i, 0), strtoull(PQgetvalue(res, i, 1), NULL, 10));
	PQclear(res);
	return not_wanted(ok, err);
}

/* Rows of all partitions: -1 where one of them was never analysed. */
static const char tables_sql[] =
    "SELECT n.nspname, c.relname, CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN "
    "'foreign table'"
    " ELSE CASE c.relpersistence WHEN 'u' THEN 'unlogged table' ELSE 'table' END END, l.tuples, "
    "l.bytes,"
    " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL"
    " (SELECT CASE WHEN bool_or(s.pages > 0 AND (t.reltuples < 0 OR t.relpages = 0)) THEN -1"
    " ELSE coalesce(sum(CASE WHEN t.relpages > 0 THEN t.reltuples / t.relpages * s.pages ELSE 0 "
    "END), 0) END"
    " AS tuples, coalesce(sum(pg_table_size(t.oid)), 0) AS bytes FROM pg_class t CROSS JOIN LATERAL"
    " (SELECT CASE WHEN t.relkind IN ('r', 'p') THEN coalesce(pg_relation_size(t.oid), 0) ELSE 0 "
    "END"
    " / current_setting('block_size')::int AS pages) s WHERE t.relkind <> 'p' AND t.oid = ANY"
    " (SELECT c.oid UNION ALL SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf)) l"
    " WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND n.nspname !~ '^pg_'"
    " AND n.nspname NOT IN ('information_schema', 'repld') ORDER BY 1, 2";

static bool
tables(struct catalog *c, bool (*visit)(void *arg, const struct catalog_table *t), void *arg,
    struct err *err)
{
	PGresult *res = pg_query(c->c, err, tables_sql, 0, NULL);
	bool ok = true;

	if (res == NULL)
		return err_ctx(err, "list the tables");
	for (int i = 0; ok && i < PQntuples(res); i++) {
		const struct catalog_table t = {.schema = PQgetvalue(res, i, 0),
		    .name = PQgetvalue(res, i, 1),
		    .kind = PQgetvalue(res, i, 2),
		    .tuples = strtod(PQgetvalue(res, i, 3), NULL),
		    .bytes = strtoull(PQgetvalue(res, i, 4), NULL, 10),
		    .has_key = PQgetvalue(res, i, 5)[0] == 't'};

		ok = visit(arg, &t);
	}
	PQclear(res);
	return not_wanted(ok, err);
}

static bool
describe(struct catalog *c, const char *schema, const char *name, struct arena *arena,
    struct table_desc **ret, struct err *err)
{
	return pg_describe(c->c, schema, name, arena, ret, err);
}

/* However long it takes: Ctrl-C sets the stop flag. */
static bool
count(struct catalog *c, const char *schema, const char *name, uint64_t *ret, struct err *err)
{
	struct buf sql = {.n = 0};
	PGresult *res;

	buf_str(&sql, "SELECT count(*) FROM ");
	pg_ident2(&sql, schema, name);
	c->c->deadline_usec = 0;
	res = pg_query(c->c, err, buf_cstr(&sql), 0, NULL);
	c->c->deadline_usec = CATALOG_DEADLINE_USEC;
	buf_done(&sql);
	if (res == NULL)
		return err_ctx(err, "count %s.%s", schema, name);
	*ret = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return true;
}

const struct catalog_ops pg_catalog_ops = {
    .open = open_catalog,
    .close = close_catalog,
    .schemas = schemas,
    .tables = tables,
    .describe = describe,
    .count = count,
};
