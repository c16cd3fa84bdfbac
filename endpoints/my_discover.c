/* my_discover.c - `repld discover` on MySQL and MariaDB. A schema is a database. Threads: the caller's. */
#include "endpoints/my_catalog.h"

#include <stdlib.h>
#include "daemon/base/arena.h"

#define CATALOG_DEADLINE_USEC 60000000

struct catalog {
	struct my_conn *c;
};

static void
close_catalog(struct catalog *c)
{
	if (c == NULL)
		return;
	my_conn_close(c->c);
	free(c);
}

static struct catalog *
open_catalog(const struct endpoint *ep, struct stop *stop, struct err *err)
{
	struct catalog *c = mem_zalloc(sizeof(*c), err);

	if (c == NULL)
		return NULL;
	if ((c->c = my_conn_open(ep, MY_CONN_SOURCE, "", "discover", stop, err)) == NULL) {
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

#define OTHERS " NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'repld')"

static bool
schemas(struct catalog *c, bool (*visit)(void *arg, const char *schema, uint64_t tables), void *arg, struct err *err)
{
	struct my_rows r;
	bool ok = true;

	if (!my_query(c->c, &r, err, "SELECT s.SCHEMA_NAME, (SELECT COUNT(*) FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME"
	    " AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')) FROM information_schema.SCHEMATA s WHERE s.SCHEMA_NAME" OTHERS
	    " ORDER BY CAST(s.SCHEMA_NAME AS BINARY)", 0, NULL))
		return err_ctx(err, "list the databases");
	while (ok && my_next(&r))
		ok = visit(arg, my_text(&r, 0), my_number(&r, 1));
	my_rows_done(&r);
	return not_wanted(ok, err);
}

static bool
tables(struct catalog *c, bool (*visit)(void *arg, const struct catalog_table *t), void *arg, struct err *err)
{
	struct my_rows r;
	bool ok = true;

	if (!my_query(c->c, &r, err, "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, LOWER(CONCAT(t.ENGINE, ' table')), t.TABLE_ROWS, t.DATA_LENGTH,"
	    " EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME"
	    " AND s.INDEX_NAME = 'PRIMARY') FROM information_schema.TABLES t WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND t.TABLE_SCHEMA"
	    OTHERS " ORDER BY CAST(t.TABLE_SCHEMA AS BINARY), CAST(t.TABLE_NAME AS BINARY)", 0, NULL))
		return err_ctx(err, "list the tables");
	while (ok && my_next(&r)) {
		const struct catalog_table t = { .schema = my_text(&r, 0), .name = my_text(&r, 1), .kind = my_text(&r, 2),
			.tuples = my_is_null(&r, 3) ? -1 : (double)my_number(&r, 3), .bytes = my_number(&r, 4), .has_key = my_number(&r, 5) != 0 };

		ok = visit(arg, &t);
	}
	my_rows_done(&r);
	return not_wanted(ok, err);
}

static bool
describe(struct catalog *c, const char *schema, const char *name, struct arena *arena, struct table_desc **ret, struct err *err)
{
	return my_describe(c->c, schema, name, arena, ret, err);
}

/* However long it takes: Ctrl-C sets the stop flag. */
static bool
count(struct catalog *c, const char *schema, const char *name, uint64_t *ret, struct err *err)
{
	struct buf sql = { 0 };
	struct my_rows r;
	bool ok;

	buf_str(&sql, "SELECT COUNT(*) FROM ");
	my_ident2(&sql, schema, name);
	c->c->deadline_usec = 0;
	ok = my_query(c->c, &r, err, buf_cstr(&sql), 0, NULL);
	c->c->deadline_usec = CATALOG_DEADLINE_USEC;
	buf_done(&sql);
	if (!ok)
		return err_ctx(err, "count %s.%s", schema, name);
	*ret = my_next(&r) ? my_number(&r, 0) : 0;
	my_rows_done(&r);
	return true;
}

const struct catalog_ops my_catalog_ops = {
	.open = open_catalog,
	.close = close_catalog,
	.schemas = schemas,
	.tables = tables,
	.describe = describe,
	.count = count,
};
