/* pg_facts.c - the facts of facts.h out of PostgreSQL's catalogs: three queries under one snapshot.
 * What they stand on (tried on a server): VACUUM FULL, CLUSTER, TRUNCATE, SET TABLESPACE give a
 * table another file and leave pg_attribute alone, but for columns whose default came from the
 * catalog; rows keep their xmin. ALTER of a column's type writes the pg_attribute rows of that column
 * and of those behind it, also where the type stays, and each row with its own xid. ATTACH writes all
 * rows of pg_attribute, CREATE TABLE ... PARTITION OF writes them once, with the table. xmin of a
 * catalog row stays what it was when the row is frozen or the catalog is rewritten.
 * Invariant: file, columns and links are those of one moment.
 * Threads: the session's. Owner: the caller's arena. */
#include "endpoints/pg_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tables' trees. `att`: the youngest link on the way up, own: it is the leaf's own. Covered by
 * schema (15) is %s. */
static const char tree_sql[] =
    "WITH RECURSIVE tree(root, oid, relkind, path, links, own, att, attc) AS ("
    "SELECT c.oid, c.oid, c.relkind, ARRAY[c.oid], '', true, NULL::xid, NULL::int8"
    " FROM pg_class c WHERE c.oid = ANY ($1::oid[]) UNION ALL"
    " SELECT t.root, c.oid, c.relkind, t.path || c.oid, t.links || ' ' || i.xmin::text,"
    " t.att IS NULL OR age(i.xmin) < age(t.att) OR age(i.xmin) = age(t.att) AND"
    " i.cmin::text::int8 >= t.attc,"
    " CASE WHEN t.att IS NULL OR age(i.xmin) <= age(t.att) THEN i.xmin ELSE t.att END,"
    " CASE WHEN t.att IS NULL OR age(i.xmin) < age(t.att) OR age(i.xmin) = age(t.att) AND"
    " i.cmin::text::int8 >= t.attc THEN i.cmin::text::int8 ELSE t.attc END"
    " FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE t.relkind = 'p'),"
    " pub AS (SELECT *, xmin AS version FROM pg_publication WHERE pubname = $2),"
    " entry(relid, token, xid, cid) AS ("
    "SELECT r.prrelid, 'r' || r.oid, r.xmin, r.cmin::text::int8 FROM pg_publication_rel r"
    " JOIN pub ON r.prpubid = pub.oid"
    " UNION ALL SELECT t.oid, 'all', NULL, NULL FROM tree t JOIN pub ON pub.puballtables%s)";

static const char by_schema_sql[] =
    " UNION ALL SELECT c.oid, 'n' || s.oid, s.xmin, s.cmin::text::int8"
    " FROM pg_publication_namespace s JOIN pub ON s.pnpubid = pub.oid"
    " JOIN pg_class c ON c.relnamespace = s.pnnspid";

/* The table's row. %s: pubviaroot (13). */
static const char tables_sql[] =
    " SELECT c.oid, n.nspname, c.relname, coalesce(pub.oid::text, ''), coalesce(pub.version::text, ''),"
    " coalesce(pub.pubowner::text, ''), CASE WHEN NOT (pubinsert AND pubupdate AND pubdelete AND"
    " pubtruncate) THEN 'does not publish all of insert, update, delete, truncate any more'"
    " WHEN %s THEN 'publishes partitions as their root (publish_via_partition_root)' ELSE '' END,"
    " coalesce((SELECT string_agg(DISTINCT e.token, ',') FROM tree t JOIN entry e ON e.relid = t.oid"
    " WHERE t.root = c.oid), ''), txid_snapshot_xmin(txid_current_snapshot())"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pub ON true"
    " WHERE c.oid = ANY ($1::oid[]) ORDER BY c.oid";

/* %s: thinned out by a row filter or column list (15). */
static const char leaves_sql[] =
    " SELECT t.root, c.oid, c.relfilenode, t.links, t.own, t.att, t.attc, age(t.att),"
    " m.xmin, m.cmin, age(m.xmin), EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND"
    " a.attnum > 0 AND a.xmin = m.xmin AND a.cmin = m.cmin),"
    " e.xid, e.cid, age(e.xid), c.relpersistence = 'p', c.relreplident,"
    " c.oid IN (SELECT g.relid FROM pub CROSS JOIN LATERAL"
    " pg_get_publication_tables(pub.pubname::text) g)%s,"
    " n.nspname, c.relname"
    " FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute m ON m.attrelid = c.oid AND m.attnum = -1"
    " LEFT JOIN LATERAL (SELECT e.xid, e.cid FROM entry e WHERE e.relid = ANY (t.path)"
    " ORDER BY e.xid IS NOT NULL, age(e.xid) DESC LIMIT 1) e ON true"
    " WHERE c.relkind <> 'p' ORDER BY t.root, c.oid";

static const char thinned_sql[] =
    " AND NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pub ON r.prpubid = pub.oid"
    " WHERE r.prrelid = ANY (t.path) AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL))";

/* A default that the rows there did not take from the catalog (atthasmissing) is in their own
 * bytes. */
static const char columns_sql[] =
    "SELECT a.attrelid, a.attnum, a.xmin, a.atttypid || '.' || a.atttypmod, a.attgenerated <> '',"
    " (a.atthasdef OR a.attidentity <> '') AND NOT a.atthasmissing, a.attname"
    " FROM pg_attribute a WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT"
    " a.attisdropped ORDER BY a.attrelid, a.attnum";

/* Of a plugin that needs no publication: each leaf is in the log, but without a replica identity only its new rows are. */
static const char no_tables_sql[] =
    " SELECT c.oid, n.nspname, c.relname, 'none', '', '', '',"
    " coalesce((SELECT string_agg(i.indexrelid::text, ',' ORDER BY i.indexrelid) FROM tree t JOIN pg_index i ON i.indrelid = t.oid"
    " WHERE t.root = c.oid AND t.relkind <> 'p' AND (i.indisprimary OR i.indisreplident) AND i.indisvalid AND i.indimmediate), ''),"
    " txid_snapshot_xmin(txid_current_snapshot())"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = ANY ($1::oid[]) AND $2::text IS NULL ORDER BY c.oid";

static const char no_leaves_sql[] =
    " SELECT t.root, c.oid, c.relfilenode, t.links, t.own, t.att, t.attc, age(t.att),"
    " m.xmin, m.cmin, age(m.xmin), EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND"
    " a.attnum > 0 AND a.xmin = m.xmin AND a.cmin = m.cmin),"
    " NULL, NULL, NULL, c.relpersistence = 'p', c.relreplident,"
    " c.relreplident = 'f' OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate"
    " AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END),"
    " n.nspname, c.relname"
    " FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute m ON m.attrelid = c.oid AND m.attnum = -1"
    " WHERE c.relkind <> 'p' AND $2::text IS NULL ORDER BY t.root, c.oid";

struct facts_query {
	struct source *s;
	const struct tableset *set;
	struct arena *arena;
	struct table_facts *all;
	const char *params[2];
	bool no_memory;
};

static const char *
text(struct facts_query *q, const PGresult *res, int row, int col)
{
	const char *copy = arena_strdup(q->arena, PQgetvalue(res, row, col));

	q->no_memory |= copy == NULL;
	return copy;
}

static bool
flag(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col)[0] == 't';
}

static uint32_t
number(const PGresult *res, int row, int col)
{
	return (uint32_t)strtoul(PQgetvalue(res, row, col), NULL, 10);
}

static int64_t
integer(const PGresult *res, int row, int col)
{
	return strtoll(PQgetvalue(res, row, col), NULL, 10);
}

/* The facts of the table whose number stands in column 0; NULL: none of the set. */
static struct table_facts *
facts_of(struct facts_query *q, const PGresult *res, int row)
{
	const uint32_t oid = number(res, row, 0);

	for (uint32_t i = 0; i < q->set->n; i++)
		if (q->set->tables[i]->source->oid == oid)
			return &q->all[i];
	return NULL;
}

/* Rows of one table stand together: how many follow from `row` on. */
static int
run_length(const PGresult *res, int row)
{
	int n = 1;

	while (row + n < PQntuples(res) &&
	       strcmp(PQgetvalue(res, row, 0), PQgetvalue(res, row + n, 0)) == 0)
		n++;
	return n;
}

static void
read_table(struct facts_query *q, const PGresult *res, int row, struct table_facts *f)
{
	f->there = true;
	f->oid = number(res, row, 0);
	f->schema = text(q, res, row, 1);
	f->name = text(q, res, row, 2);
	f->publication.id = text(q, res, row, 3);
	f->publication.version = text(q, res, row, 4);
	f->publication.owner = text(q, res, row, 5);
	f->publication.fault = text(q, res, row, 6);
	f->publication.members = text(q, res, row, 7);
	f->as_of = text(q, res, row, 8);
}

static void
read_columns(struct facts_query *q, const PGresult *res, int row, int n, struct table_facts *f)
{
	f->cols = arena_zalloc(q->arena, (size_t)n * sizeof(*f->cols));
	if ((q->no_memory |= f->cols == NULL))
		return;
	f->ncols = (uint32_t)n;
	for (int i = 0; i < n; i++)
		f->cols[i] =
		    (struct facts_column){ .number = (int32_t)integer(res, row + i, 1),
			    .version = text(q, res, row + i, 2),
			    .type = text(q, res, row + i, 3),
			    .computed = flag(res, row + i, 4),
			    .filled = flag(res, row + i, 5),
			    .name = text(q, res, row + i, 6) };
}

/* The moment of a catalog row: how many transactions ago it was written, and the command there. */
struct moment {
	bool known;
	int64_t age, command;
};

static struct moment
moment(const PGresult *res, int row, int command_col, int age_col)
{
	return (struct moment){ .known = !PQgetisnull(res, row, age_col),
		.age = integer(res, row, age_col),
		.command = integer(res, row, command_col) };
}

static bool
is_later(const struct moment *a, const struct moment *b)
{
	return a->age < b->age || (a->age == b->age && a->command > b->command);
}

/* in_place: its youngest link is its own, its columns are as they were made (ATTACH writes them
 * anew), and it was published before it was made. Else since: transaction and command from which on
 * its rows are in the log, and the command that made it where that was in the same transaction. */
static void
read_since(struct facts_query *q, const PGresult *res, int row, struct facts_leaf *l)
{
	const struct moment link = moment(res, row, 6, 7), made = moment(res, row, 9, 10);
	const struct moment entry = moment(res, row, 13, 14);
	const bool late = entry.known && is_later(&entry, &made);
	const char *xid = PQgetvalue(res, row, 5), *cid = PQgetvalue(res, row, 6);

	l->in_place = !late && (!link.known || (flag(res, row, 4) && flag(res, row, 11)));
	l->since = "";
	if (l->in_place)
		return;
	if (late && (!link.known || is_later(&entry, &link))) {
		xid = PQgetvalue(res, row, 12);
		cid = PQgetvalue(res, row, 13);
	}
	l->since = arena_printf(q->arena, "%s %s %s", xid, cid,
	    strcmp(xid, PQgetvalue(res, row, 8)) == 0 ? PQgetvalue(res, row, 9) : "-1");
	q->no_memory |= l->since == NULL;
}

static void
read_leaves(struct facts_query *q, const PGresult *res, int row, int n, struct table_facts *f)
{
	f->leaves = arena_zalloc(q->arena, (size_t)n * sizeof(*f->leaves));
	if ((q->no_memory |= f->leaves == NULL))
		return;
	f->nleaves = (uint32_t)n;
	for (int i = 0; i < n; i++) {
		struct facts_leaf *l = &f->leaves[i];

		l->oid = number(res, row + i, 1);
		l->file = text(q, res, row + i, 2);
		l->links = text(q, res, row + i, 3);
		read_since(q, res, row + i, l);
		l->logged = flag(res, row + i, 15);
		l->identity = PQgetvalue(res, row + i, 16)[0];
		l->published = flag(res, row + i, 17);
		l->schema = text(q, res, row + i, 18);
		l->name = text(q, res, row + i, 19);
	}
}

static bool
ask_tables(struct facts_query *q, const char *tree, struct err *err)
{
	struct buf sql = { .n = 0 };
	PGresult *res;

	buf_str(&sql, tree);
	if (source_is_wal2json(&q->s->p))
		buf_str(&sql, no_tables_sql);
	else
		buf_printf(&sql, tables_sql, pg_conn_version(q->s->c) >= 130000 ? "pubviaroot" : "false");
	res = pg_query(q->s->c, err, buf_cstr(&sql), 2, q->params);
	buf_done(&sql);
	for (int i = 0; res != NULL && i < PQntuples(res); i++) {
		struct table_facts *f = facts_of(q, res, i);

		if (f != NULL)
			read_table(q, res, i, f);
	}
	PQclear(res);
	return res != NULL;
}

static bool
ask_leaves(struct facts_query *q, const char *tree, struct err *err)
{
	struct buf sql = { .n = 0 };
	PGresult *res;

	buf_str(&sql, tree);
	if (source_is_wal2json(&q->s->p))
		buf_str(&sql, no_leaves_sql);
	else
		buf_printf(&sql, leaves_sql, pg_conn_version(q->s->c) >= 150000 ? thinned_sql : "");
	res = pg_query(q->s->c, err, buf_cstr(&sql), 2, q->params);
	buf_done(&sql);
	for (int i = 0, n; res != NULL && i < PQntuples(res); i += n) {
		struct table_facts *f = facts_of(q, res, i);

		n = run_length(res, i);
		if (f != NULL)
			read_leaves(q, res, i, n, f);
	}
	PQclear(res);
	return res != NULL;
}

static bool
ask_columns(struct facts_query *q, struct err *err)
{
	PGresult *res = pg_query(q->s->c, err, columns_sql, 1, q->params);

	for (int i = 0, n; res != NULL && i < PQntuples(res); i += n) {
		struct table_facts *f = facts_of(q, res, i);

		n = run_length(res, i);
		if (f != NULL)
			read_columns(q, res, i, n, f);
	}
	PQclear(res);
	return res != NULL;
}

bool
pg_facts(struct source *s, const struct tableset *set, struct arena *arena, struct table_facts *ret,
    struct err *err)
{
	struct facts_query q = { .s = s, .set = set, .arena = arena, .all = ret };
	struct buf oids = { .n = 0 }, tree = { .n = 0 };
	struct err back = ERR_INIT;
	bool ok;

	memset(ret, 0, set->n * sizeof(*ret));
	pg_table_oids(&oids, set);
	buf_printf(&tree, tree_sql, pg_conn_version(s->c) >= 150000 ? by_schema_sql : "");
	q.params[0] = buf_cstr(&oids);
	q.params[1] = source_is_wal2json(&s->p) ? NULL : s->p.publication;
	ok = pg_exec(s->c, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") &&
	     ask_tables(&q, buf_cstr(&tree), err) && ask_leaves(&q, buf_cstr(&tree), err) &&
	     ask_columns(&q, err);
	if (ok)
		ok = pg_exec(s->c, err, "COMMIT");
	else if (err->kind != ERR_CANCELLED && !pg_exec(s->c, &back, "ROLLBACK"))
		err_ctx(err, "%s", back.msg);
	buf_done(&oids);
	buf_done(&tree);
	if (ok && q.no_memory)
		ok = err_set(err, ERR_SYSTEM, "no memory for the tables' facts");
	return ok || err_ctx(err, "look at the tables in the source's catalog");
}

/* Rows that were written before the leaf's changes were published: by a transaction older than the
 * one from which on they were; in that transaction by an earlier command; or, where it also made the
 * leaf, by a savepoint's number of it, whose commands count through. (A later transaction's row may
 * look like the last kind. Rows of a savepoint before ATTACH, where the table is older than that
 * transaction, can't be told from later ones.) */
static const char older_sql[] =
    " r WHERE age(r.xmin) > age($1::xid) OR r.cmin::text::int8 > $3::int8 AND r.cmin::text::int8 <"
    " $2::int8 AND (r.xmin = $1::xid OR $3::int8 >= 0)";

/* As they were at a former look: their xmin is older than all that was not committed then. Rows of
 * a rewritten table stand in order of age or of an index: some at its beginning are enough. */
static const char kept_sql[] =
    " LIMIT 10000) r WHERE age(r.x) > age(($1::int8 & 4294967295)::text::xid)"
    " AND txid_snapshot_xmax(txid_current_snapshot()) - $1::int8 < 2000000000";

bool
pg_leaf_has_rows(struct source *s, const struct facts_leaf *leaf, enum facts_question question,
    const char *as_of, bool *ret, struct err *err)
{
	char xid[32] = "0", cid[32] = "0", made[32] = "-1";
	const char *params[] = { question == FACTS_ROWS_KEPT ? as_of : xid, cid, made };
	const int nparams[] = {
		[FACTS_ANY_ROWS] = 0, [FACTS_ROWS_BEFORE] = 3, [FACTS_ROWS_KEPT] = 1
	};
	struct buf sql = { .n = 0 };
	PGresult *res;

	if (question == FACTS_ROWS_BEFORE &&
	    sscanf(leaf->since, "%31s %31s %31s", xid, cid, made) != 3)
		return err_set(err, ERR_PROTOCOL, "unknown since when partition %s.%s is published",
		    leaf->schema, leaf->name);
	buf_str(&sql, question == FACTS_ROWS_KEPT
			  ? "SELECT EXISTS (SELECT FROM (SELECT xmin AS x FROM ONLY "
			  : "SELECT EXISTS (SELECT FROM ONLY ");
	pg_ident2(&sql, leaf->schema, leaf->name);
	buf_str(&sql, question == FACTS_ROWS_BEFORE ? older_sql
		      : question == FACTS_ROWS_KEPT ? kept_sql
						    : "");
	buf_str(&sql, ")");
	res = pg_query(s->c, err, buf_cstr(&sql), nparams[question], params);
	buf_done(&sql);
	if (res == NULL)
		return err_ctx(err, "look for rows in %s.%s", leaf->schema, leaf->name);
	*ret = flag(res, 0, 0);
	PQclear(res);
	return true;
}
