/* pg_catalog.c - one table's description out of the catalogs: a handful of queries, each read into
 * arrays in the caller's arena.
 * Flow: class -> columns -> indexes -> leaves -> triggers, foreign keys, other DDL -> struct
 * table_desc.
 * Invariant: names come as the catalog has them (no quoting, no search_path); text of types and
 * DDL is schema-qualified, as the session's search_path is pg_catalog alone. What DDL changes
 * between two of the queries is met at the next look.
 * Threads: the connection's.
 * Owner: the caller's arena. */
#include "endpoints/pg_catalog.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdc/pg_type.h"
#include "cdc/relation.h"

struct describe {
	struct pg_conn *c;
	struct arena *arena;
	char oid[16]; /* the table's, as a parameter */
	struct table_desc *d;
};

static bool
no_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "no memory for a table's description");
}

static const char *
text(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col);
}

static bool
flag(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col)[0] == 't';
}

static uint64_t
number(const PGresult *res, int row, int col)
{
	return strtoull(PQgetvalue(res, row, col), NULL, 10);
}

/* NULL stays NULL; *ok turns false where there is no memory. */
static const char *
keep(struct describe *q, const PGresult *res, int row, int col, bool *ok)
{
	const char *s;

	if (PQgetisnull(res, row, col))
		return NULL;
	s = arena_strdup(q->arena, PQgetvalue(res, row, col));
	*ok = *ok && s != NULL;
	return s;
}

static PGresult *
ask(struct describe *q, struct err *err, const char *sql)
{
	const char *params[] = {q->oid};

	return pg_query(q->c, err, sql, 1, params);
}

static const char class_sql[] =
    "SELECT c.oid, c.relkind, c.relpersistence, c.relreplident, row_security_active(c.oid),"
    " EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r'"
    " OR i.inhrelid = c.oid AND NOT c.relispartition)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')";

/* q->d stays NULL where there is no such table. */
static bool
read_class(struct describe *q, const char *schema, const char *name, struct err *err)
{
	const char *params[] = {schema, name};
	PGresult *res = pg_query(q->c, err, class_sql, 2, params);
	struct table_desc *d;

	if (res == NULL)
		return false;
	if (PQntuples(res) == 0) {
		PQclear(res);
		return true;
	}
	if ((d = arena_zalloc(q->arena, sizeof(*d))) == NULL ||
	    (d->schema = arena_strdup(q->arena, schema)) == NULL ||
	    (d->name = arena_strdup(q->arena, name)) == NULL) {
		PQclear(res);
		return no_memory(err);
	}
	d->oid = (uint32_t)number(res, 0, 0);
	d->kind = text(res, 0, 1)[0];
	d->persistence = text(res, 0, 2)[0];
	d->replica_identity = text(res, 0, 3)[0];
	d->row_security = flag(res, 0, 4);
	d->inherits = flag(res, 0, 5);
	snprintf(q->oid, sizeof(q->oid), "%u", d->oid);
	q->d = d;
	PQclear(res);
	return true;
}

/* A domain's base type is at the end of a chain, and one domain of the chain may set the typmod.
 * Text is in the order of its bytes under collation C; where that is the database's, a newer server
 * may name another provider for it. */
static const char columns_sql[] =
    "SELECT a.attname, a.attnum, a.attnotnull, a.attgenerated, a.attidentity, a.atthasdef,"
    " pg_get_expr(ad.adbin, ad.adrelid), a.atttypid, format_type(a.atttypid, a.atttypmod),"
    " CASE WHEN t.typtype = 'd' AND b.typtype = 'e' THEN 'e' ELSE t.typtype END,"
    " coalesce(b.oid, t.oid), CASE WHEN a.atttypmod < 0 THEN coalesce(b.typmod, -1) ELSE "
    "a.atttypmod END,"
    " CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN"
    " (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co"
    " JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,"
    " EXISTS (SELECT FROM pg_collation o, pg_database d WHERE o.oid = a.attcollation"
    " AND d.datname = current_database() AND pg_encoding_to_char(d.encoding) = 'UTF8'"
    " AND CASE WHEN o.collprovider = 'd' THEN coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'"
    " AND d.datcollate IN ('C', 'POSIX') ELSE o.collprovider = 'c' AND o.collcollate IN ('C', "
    "'POSIX') END)"
    " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum"
    " LEFT JOIN LATERAL (WITH RECURSIVE chain(depth, oid, typtype, basetype, typmod) AS ("
    "SELECT 0, t.oid, t.typtype, t.typbasetype, t.typtypmod WHERE t.typtype = 'd' UNION ALL"
    " SELECT chain.depth + 1, u.oid, u.typtype, u.typbasetype,"
    " CASE WHEN chain.typmod >= 0 THEN chain.typmod ELSE u.typtypmod END"
    " FROM chain JOIN pg_type u ON u.oid = chain.basetype WHERE chain.typtype = 'd')"
    " SELECT oid, typtype, typmod FROM chain ORDER BY depth DESC LIMIT 1) b ON true"
    " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

static bool
read_column(struct describe *q, const PGresult *res, int row, struct column_desc *col)
{
	bool ok = true;
	const char *type_name = keep(q, res, row, 8, &ok);

	col->name = keep(q, res, row, 0, &ok);
	col->attnum = (int16_t)number(res, row, 1);
	col->notnull = flag(res, row, 2);
	col->generated = text(res, row, 3)[0] != '\0';
	col->identity = text(res, row, 4)[0];
	col->has_default = flag(res, row, 5) && !col->generated;
	col->default_sql = keep(q, res, row, 6, &ok);
	col->collation = keep(q, res, row, 12, &ok);
	col->byte_order = flag(res, row, 13);
	pg_type_fill(&col->type, text(res, row, 9)[0], (uint32_t)number(res, row, 7),
	    (uint32_t)number(res, row, 10), (int32_t)strtol(text(res, row, 11), NULL, 10),
	    type_name);
	return ok;
}

static bool
read_columns(struct describe *q, struct err *err)
{
	PGresult *res = ask(q, err, columns_sql);
	bool ok = true;
	int n;

	if (res == NULL)
		return false;
	n = PQntuples(res);
	if (n > RELATION_MAX_COLUMNS)
		ok = err_set(err, ERR_LIMIT, "a table of %d columns", n);
	else if ((q->d->cols = arena_zalloc(
		      q->arena, (size_t)(n > 0 ? n : 1) * sizeof(*q->d->cols))) == NULL)
		ok = no_memory(err);
	else
		q->d->ncols = (uint16_t)n;
	for (int i = 0; ok && i < n; i++)
		ok = read_column(q, res, i, &q->d->cols[i]) || no_memory(err);
	PQclear(res);
	return ok;
}

/* An index that is not valid may still enforce its uniqueness: it is listed as a partial one, so
 * that it is minded, and never taken for a key. %s: a column of PostgreSQL 15. */
static const char indexes_sql[] =
    "SELECT x.relname, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(k.oid), i.indisunique,"
    " i.indisprimary, i.indimmediate, i.indpred IS NOT NULL OR NOT i.indisvalid, i.indexprs IS NOT "
    "NULL,"
    " i.indisreplident, %s, i.indnkeyatts,"
    " (SELECT string_agg(u.attnum::text, ' ' ORDER BY u.pos) FROM unnest(i.indkey) WITH ORDINALITY "
    "u(attnum, pos)"
    " WHERE u.pos <= i.indnkeyatts)"
    " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    " LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid"
    " AND k.contype IN ('p', 'u', 'x')"
    " WHERE i.indrelid = $1::oid AND i.indislive AND (i.indisvalid OR i.indisunique AND "
    "i.indisready)"
    " ORDER BY i.indisprimary DESC, x.relname";

static int
column_by_attnum(const struct table_desc *d, long attnum)
{
	for (int i = 0; i < d->ncols; i++)
		if (d->cols[i].attnum == attnum)
			return i;
	return -1;
}

/* attnums: "3 1 2"; 0 stands for an expression, a negative number for a system column. */
static bool
read_index_columns(struct describe *q, struct index_desc *x, const char *attnums, struct err *err)
{
	uint16_t *cols = arena_zalloc(q->arena, (x->ncols > 0 ? x->ncols : 1u) * sizeof(*cols));
	char *end = (char *)(uintptr_t)attnums;

	if (cols == NULL)
		return no_memory(err);
	for (uint16_t i = 0; i < x->ncols; i++) {
		const int col = column_by_attnum(q->d, strtol(end, &end, 10));

		if (col < 0)
			x->expression = true;
		else
			cols[i] = (uint16_t)col;
	}
	x->cols = cols;
	return true;
}

static bool
read_index(struct describe *q, const PGresult *res, int row, struct index_desc *x, struct err *err)
{
	bool ok = true;

	x->name = keep(q, res, row, 0, &ok);
	x->sql = keep(q, res, row, 1, &ok);
	x->constraint_sql = keep(q, res, row, 2, &ok);
	x->unique = flag(res, row, 3);
	x->primary = flag(res, row, 4);
	x->immediate = flag(res, row, 5);
	x->partial = flag(res, row, 6);
	x->expression = flag(res, row, 7);
	x->replica_identity = flag(res, row, 8);
	x->nulls_not_distinct = flag(res, row, 9);
	x->ncols = (uint16_t)number(res, row, 10);
	return ok ? read_index_columns(q, x, text(res, row, 11), err) : no_memory(err);
}

static bool
read_indexes(struct describe *q, struct err *err)
{
	char sql[sizeof(indexes_sql) + 32];
	PGresult *res;
	bool ok = true;
	int n;

	snprintf(sql, sizeof(sql), indexes_sql,
	    pg_conn_version(q->c) >= 150000 ? "i.indnullsnotdistinct" : "false");
	if ((res = ask(q, err, sql)) == NULL)
		return false;
	n = PQntuples(res) < UINT16_MAX ? PQntuples(res) : UINT16_MAX;
	q->d->indexes = arena_zalloc(q->arena, (size_t)(n > 0 ? n : 1) * sizeof(*q->d->indexes));
	q->d->nindexes = (uint16_t)n;
	if (q->d->indexes == NULL)
		ok = no_memory(err);
	for (int i = 0; ok && i < n; i++)
		ok = read_index(q, res, i, &q->d->indexes[i], err);
	PQclear(res);
	return ok;
}

/* The estimate of rows follows the file's growth since the last ANALYZE, as the planner's does; -1:
 * not known. */
static const char leaves_sql[] =
    "SELECT c.oid, n.nspname, c.relname, coalesce(pg_relation_filenode(c.oid), 0),"
    " pg_get_partition_constraintdef(c.oid), c.relreplident, s.pages,"
    " CASE WHEN s.pages = 0 THEN 0 WHEN c.reltuples < 0 OR c.relpages = 0 THEN -1"
    " ELSE c.reltuples / c.relpages * s.pages END, coalesce(pg_table_size(c.oid), 0)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL"
    " (SELECT coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int AS pages) s"
    " WHERE c.oid = ANY (SELECT $1::oid UNION ALL SELECT relid FROM pg_partition_tree($1::oid) "
    "WHERE isleaf)"
    " AND c.relkind <> 'p' ORDER BY n.nspname, c.relname";

static bool
read_leaf(struct describe *q, const PGresult *res, int row, struct leaf_desc *leaf)
{
	bool ok = true;

	leaf->oid = (uint32_t)number(res, row, 0);
	leaf->schema = keep(q, res, row, 1, &ok);
	leaf->name = keep(q, res, row, 2, &ok);
	leaf->filenode = (uint32_t)number(res, row, 3);
	leaf->bound_sql = keep(q, res, row, 4, &ok);
	leaf->replica_identity = text(res, row, 5)[0];
	leaf->pages = number(res, row, 6);
	leaf->tuples = strtod(text(res, row, 7), NULL);
	q->d->bytes += number(res, row, 8);
	if (leaf->tuples < 0 || q->d->tuples < 0)
		q->d->tuples = -1;
	else
		q->d->tuples += leaf->tuples;
	return ok;
}

static bool
read_leaves(struct describe *q, struct err *err)
{
	PGresult *res = ask(q, err, leaves_sql);
	bool ok = true;
	int n;

	if (res == NULL)
		return false;
	n = PQntuples(res);
	if (n > UINT16_MAX)
		ok = err_set(err, ERR_LIMIT, "a table of %d partitions", n);
	else if ((q->d->leaves = arena_zalloc(
		      q->arena, (size_t)(n > 0 ? n : 1) * sizeof(*q->d->leaves))) == NULL)
		ok = no_memory(err);
	else
		q->d->nleaves = (uint16_t)n;
	for (int i = 0; ok && i < n; i++)
		ok = read_leaf(q, res, i, &q->d->leaves[i]) || no_memory(err);
	PQclear(res);
	return ok;
}

static const char triggers_sql[] =
    "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D'"
    " UNION ALL SELECT rulename FROM pg_rewrite WHERE ev_class = $1::oid AND ev_enabled <> 'D' ORDER "
    "BY 1";

static const char refers_to_sql[] =
    "SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_constraint k JOIN pg_class c ON c.oid = "
    "k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.conrelid = $1::oid AND "
    "k.contype = 'f' ORDER BY 1";

/* What stays on the source, as DDL; `position` keeps kinds together. */
static const char other_ddl_sql[] =
    "WITH t AS (SELECT c.oid, c.relacl, c.relowner,"
    " quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid)"
    " SELECT ddl FROM ("
    "SELECT 1 AS position, k.conname::text AS what, format('ALTER TABLE %s ADD CONSTRAINT %I %s', "
    "t.name,"
    " k.conname, pg_get_constraintdef(k.oid)) AS ddl FROM pg_constraint k JOIN t ON k.conrelid = "
    "t.oid"
    " WHERE k.contype IN ('f', 'c')"
    " UNION ALL SELECT 2, g.tgname, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN t ON g.tgrelid "
    "= t.oid"
    " WHERE NOT g.tgisinternal"
    " UNION ALL SELECT 3, r.rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN t ON r.ev_class "
    "= t.oid"
    " UNION ALL SELECT 4, s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s"
    " JOIN t ON s.stxrelid = t.oid"
    " UNION ALL SELECT 5, '', 'PARTITION BY ' || pg_get_partkeydef(t.oid) FROM t"
    " WHERE pg_get_partkeydef(t.oid) IS NOT NULL"
    " UNION ALL SELECT 6, p.relname, format('CREATE TABLE %I.%I PARTITION OF %s %s', pn.nspname, "
    "p.relname,"
    " t.name, pg_get_expr(p.relpartbound, p.oid)) FROM t JOIN pg_inherits i ON i.inhparent = t.oid"
    " JOIN pg_class p ON p.oid = i.inhrelid AND p.relispartition JOIN pg_namespace pn ON pn.oid = "
    "p.relnamespace"
    " UNION ALL SELECT 7, p.polname, format('CREATE POLICY %I ON %s ...', p.polname, t.name)"
    " FROM pg_policy p JOIN t ON p.polrelid = t.oid"
    " UNION ALL SELECT 8, v.relname, format('CREATE %s %I.%I AS %s', CASE v.relkind WHEN 'm' THEN"
    " 'MATERIALIZED VIEW' ELSE 'VIEW' END, vn.nspname, v.relname, pg_get_viewdef(v.oid)) FROM "
    "pg_class v"
    " JOIN pg_namespace vn ON vn.oid = v.relnamespace WHERE v.relkind IN ('v', 'm') AND v.oid IN"
    " (SELECT r.ev_class FROM pg_depend e JOIN pg_rewrite r ON r.oid = e.objid JOIN t ON "
    "e.refobjid = t.oid"
    " WHERE e.classid = 'pg_rewrite'::regclass AND e.refclassid = 'pg_class'::regclass)"
    " UNION ALL SELECT 9, q.relname, format('SELECT setval(%L, ...)', format('%I.%I', qn.nspname, "
    "q.relname))"
    " FROM pg_depend e JOIN t ON e.refobjid = t.oid JOIN pg_class q ON q.oid = e.objid AND "
    "q.relkind = 'S'"
    " JOIN pg_namespace qn ON qn.oid = q.relnamespace WHERE e.refclassid = 'pg_class'::regclass"
    " AND e.deptype IN ('a', 'i')"
    " UNION ALL SELECT 10, a.privilege_type || a.grantee::text, format('GRANT %s ON %s TO %s', "
    "a.privilege_type,"
    " t.name, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)"
    " FROM t CROSS JOIN LATERAL aclexplode(t.relacl) a WHERE a.grantee <> t.relowner"
    " UNION ALL SELECT 11, lpad(m.objsubid::text, 5, '0'), format('COMMENT ON %s IS %L', CASE "
    "m.objsubid"
    " WHEN 0 THEN 'TABLE ' || t.name ELSE 'COLUMN ' || t.name || '.' || quote_ident(a.attname) END,"
    " m.description) FROM pg_description m JOIN t ON m.objoid = t.oid LEFT JOIN pg_attribute a"
    " ON a.attrelid = t.oid AND a.attnum = m.objsubid WHERE m.classoid = 'pg_class'::regclass"
    ") o ORDER BY position, what";

/* The first column of each row, as a list that ends in NULL. */
static bool
read_strings(struct describe *q, const char *sql, const char ***ret, struct err *err)
{
	PGresult *res = ask(q, err, sql);
	const char **list;
	bool ok = true;
	int n;

	if (res == NULL)
		return false;
	n = PQntuples(res);
	list = arena_zalloc(q->arena, ((size_t)n + 1) * sizeof(*list));
	for (int i = 0; list != NULL && i < n; i++)
		list[i] = keep(q, res, i, 0, &ok);
	PQclear(res);
	if (list == NULL || !ok)
		return no_memory(err);
	*ret = list;
	return true;
}

bool
pg_describe(struct pg_conn *c, const char *schema, const char *name, struct arena *arena,
    struct table_desc **ret, struct err *err)
{
	struct describe q = {.c = c, .arena = arena};

	if (!read_class(&q, schema, name, err))
		goto fail;
	if (q.d != NULL &&
	    (!read_columns(&q, err) || !read_indexes(&q, err) || !read_leaves(&q, err) ||
		!read_strings(&q, triggers_sql, &q.d->triggers, err) ||
		!read_strings(&q, refers_to_sql, &q.d->refers_to, err) ||
		!read_strings(&q, other_ddl_sql, &q.d->other_ddl, err)))
		goto fail;
	*ret = q.d;
	return true;
fail:
	if (err->kind != ERR_CANCELLED && err->table[0] == '\0')
		err_table(err, schema, name);
	return err_ctx(err, "describe %s.%s", schema, name);
}

bool
pg_list_tables(struct pg_conn *c, bool (*visit)(void *arg, const char *schema, const char *name),
    void *arg, struct err *err)
{
	PGresult *res = pg_query(c, err,
	    "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = "
	    "c.relnamespace"
	    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'"
	    " AND n.nspname <> 'information_schema' ORDER BY n.nspname, c.relname",
	    0, NULL);
	bool ok = true;

	if (res == NULL)
		return err_ctx(err, "list the tables");
	for (int i = 0; ok && i < PQntuples(res); i++)
		ok = visit(arg, text(res, i, 0), text(res, i, 1));
	PQclear(res);
	if (!ok && err->kind == ERR_NONE)
		err_set(err, ERR_CANCELLED, "the list was not wanted to its end");
	return ok;
}
