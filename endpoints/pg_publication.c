/* pg_publication.c - the publication that names the captured tables: made and kept by repld, or
 * the user's own and only checked. Which it is stands in the publication's comment. It publishes
 * leaves (publish_via_partition_root off) and all four operations.
 * Flow: look -> compare with the set -> CREATE or ALTER in one transaction, committed before a
 * slot is made.
 * Invariant: a publication without repld's comment is never changed, nor dropped.
 * Threads: the session's. */
#include "endpoints/pg_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"

#define COMMENT_START "made by repld for task "

/* Roots of partitions can be members since PostgreSQL 13. */
#define ROOT_MEMBERS(s) (pg_conn_version((s)->c) >= 130000)

struct publication {
	bool exists, ours, all_tables, all_operations, via_root, owned;
	char oid[16];
	char owner[128];
};

struct member {
	uint32_t oid;
	const char *schema, *name;
};

struct members {
	struct member *rows;
	size_t n, cap;
};

static bool
look(struct source *s, struct publication *pub, struct err *err)
{
	char sql[512];
	const char *params[] = {s->p.publication};
	PGresult *res;

	snprintf(sql, sizeof(sql),
	    "SELECT oid, puballtables, pubinsert AND pubupdate AND pubdelete AND pubtruncate, %s,"
	    " coalesce(obj_description(oid, 'pg_publication'), ''), pg_get_userbyid(pubowner),"
	    " pg_has_role(pubowner, 'USAGE') FROM pg_publication WHERE pubname = $1",
	    ROOT_MEMBERS(s) ? "pubviaroot" : "false");
	memset(pub, 0, sizeof(*pub));
	if ((res = pg_query(s->c, err, sql, 1, params)) == NULL)
		return err_ctx(err, "look at publication %s", s->p.publication);
	if (PQntuples(res) > 0) {
		pub->exists = true;
		snprintf(pub->oid, sizeof(pub->oid), "%s", PQgetvalue(res, 0, 0));
		pub->all_tables = PQgetvalue(res, 0, 1)[0] == 't';
		pub->all_operations = PQgetvalue(res, 0, 2)[0] == 't';
		pub->via_root = PQgetvalue(res, 0, 3)[0] == 't';
		pub->ours =
		    strncmp(PQgetvalue(res, 0, 4), COMMENT_START, strlen(COMMENT_START)) == 0;
		snprintf(pub->owner, sizeof(pub->owner), "%s", PQgetvalue(res, 0, 5));
		pub->owned = PQgetvalue(res, 0, 6)[0] == 't';
	}
	PQclear(res);
	return true;
}

bool
pg_publication_exists(struct source *s, bool *ret, struct err *err)
{
	struct publication pub;

	if (!look(s, &pub, err))
		return false;
	*ret = pub.exists;
	return true;
}

static bool
members_add(struct members *m, uint32_t oid, const char *schema, const char *name, struct err *err)
{
	if (!mem_grow(&m->rows, &m->cap, m->n + 1, sizeof(*m->rows), err))
		return false;
	m->rows[m->n++] = (struct member){.oid = oid, .schema = schema, .name = name};
	return true;
}

static bool
members_has(const struct members *m, uint32_t oid)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->rows[i].oid == oid)
			return true;
	return false;
}

/* What has to be a member for the set's tables. Before PostgreSQL 13 the leaves, one by one. */
static bool
wanted_members(struct source *s, const struct tableset *set, struct members *m, struct err *err)
{
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table_desc *d = set->tables[i]->source;

		if (ROOT_MEMBERS(s) && !members_add(m, d->oid, d->schema, d->name, err))
			return false;
		for (uint16_t k = 0; !ROOT_MEMBERS(s) && k < d->nleaves; k++)
			if (!members_add(
				m, d->leaves[k].oid, d->leaves[k].schema, d->leaves[k].name, err))
				return false;
	}
	return true;
}

/* Members as the catalog has them; names are those of the result, which must outlive them. */
static bool
present_members(struct source *s, const struct publication *pub, PGresult **ret_res,
    struct members *m, struct err *err)
{
	const char *params[] = {pub->oid};
	PGresult *res = pg_query(s->c, err,
	    "SELECT c.oid, n.nspname, c.relname FROM pg_publication_rel r JOIN pg_class c ON c.oid "
	    "= r.prrelid"
	    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = $1::oid",
	    1, params);

	if (res == NULL)
		return false;
	for (int i = 0; i < PQntuples(res); i++)
		if (!members_add(m, (uint32_t)strtoul(PQgetvalue(res, i, 0), NULL, 10),
			PQgetvalue(res, i, 1), PQgetvalue(res, i, 2), err)) {
			PQclear(res);
			return false;
		}
	*ret_res = res;
	return true;
}

/* "head ONLY a, ONLY b;" of the members of `from` that `but` lacks; nothing where there is none. */
static void
add_difference(struct buf *sql, const char *head, const char *publication,
    const struct members *from, const struct members *but)
{
	bool first = true;

	for (size_t i = 0; i < from->n; i++) {
		if (members_has(but, from->rows[i].oid))
			continue;
		if (first) {
			buf_str(sql, "ALTER PUBLICATION ");
			pg_ident(sql, publication);
			buf_str(sql, head);
		}
		buf_str(sql, first ? "ONLY " : ", ONLY ");
		pg_ident2(sql, from->rows[i].schema, from->rows[i].name);
		first = false;
	}
	if (!first)
		buf_str(sql, "; ");
}

static void
add_options(struct source *s, struct buf *sql)
{
	buf_printf(sql, "(publish = 'insert, update, delete, truncate'%s)",
	    ROOT_MEMBERS(s) ? ", publish_via_partition_root = false" : "");
}

static void
create_sql(struct source *s, const struct members *want, const char *comment, struct buf *sql)
{
	buf_str(sql, "CREATE PUBLICATION ");
	pg_ident(sql, s->p.publication);
	for (size_t i = 0; i < want->n; i++) {
		buf_str(sql, i == 0 ? " FOR TABLE ONLY " : ", ONLY ");
		pg_ident2(sql, want->rows[i].schema, want->rows[i].name);
	}
	buf_str(sql, " WITH ");
	add_options(s, sql);
	buf_str(sql, "; ");
	if (comment == NULL)
		return;
	buf_str(sql, "COMMENT ON PUBLICATION ");
	pg_ident(sql, s->p.publication);
	buf_str(sql, " IS ");
	pg_literal(sql, comment);
	buf_str(sql, "; ");
}

static bool
alter_sql(struct source *s, const struct publication *pub, const struct members *want,
    struct buf *sql, struct err *err)
{
	struct members have = {.n = 0};
	PGresult *res;

	if (!present_members(s, pub, &res, &have, err)) {
		free(have.rows);
		return false;
	}
	add_difference(sql, " ADD TABLE ", s->p.publication, want, &have);
	add_difference(sql, " DROP TABLE ", s->p.publication, &have, want);
	if (!pub->all_operations || pub->via_root) {
		buf_str(sql, "ALTER PUBLICATION ");
		pg_ident(sql, s->p.publication);
		buf_str(sql, " SET ");
		add_options(s, sql);
		buf_str(sql, "; ");
	}
	PQclear(res);
	free(have.rows);
	return true;
}

/* One transaction; its locks on the tables wait 5 s at most (lock_timeout). */
static bool
run_sql(struct source *s, struct buf *sql, struct err *err)
{
	struct err back = ERR_INIT;

	if (sql->n == 0 && !sql->bad)
		return true;
	buf_str(sql, "COMMIT");
	if (sql->bad)
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	if (pg_execf(s->c, err, "BEGIN; %s", buf_cstr(sql)))
		return true;
	if (err->kind != ERR_CANCELLED && !pg_exec(s->c, &back, "ROLLBACK"))
		err_ctx(err, "%s", back.msg);
	if (strcmp(err->sqlstate, "42501") == 0)
		err_remedy(err, "repld check names the commands that an administrator can run in "
				"repld's place");
	return err_ctx(err, "publication %s", s->p.publication);
}

static bool
make_or_extend(
    struct source *s, const struct tableset *set, const struct publication *pub, struct err *err)
{
	struct members want = {.n = 0};
	struct buf sql = {.n = 0};
	char comment[160];
	bool ok = wanted_members(s, set, &want, err);

	snprintf(comment, sizeof(comment), COMMENT_START "%s", s->p.task);
	if (ok && pub->exists)
		ok = alter_sql(s, pub, &want, &sql, err);
	else if (ok)
		create_sql(s, &want, comment, &sql);
	ok = ok && run_sql(s, &sql, err);
	buf_done(&sql);
	free(want.rows);
	return ok;
}

bool
pg_publication_prepare(
    struct source *s, const struct tableset *set, struct source_prepared *ret, struct err *err)
{
	struct findings f = {.n = 0};
	struct publication pub;
	bool ok;

	ret->publication_made = false;
	if (source_is_wal2json(&s->p))
		return true; /* it reads all tables that it is asked for */
	if (!look(s, &pub, err))
		return false;
	ret->publication_made = !pub.exists || pub.ours;
	if (ret->publication_made)
		return make_or_extend(s, set, &pub, err);
	ok = pg_publication_check(s, set, false, &f, err) && findings_verdict(&f, err);
	findings_done(&f);
	return ok;
}

/* Leaves of the set that the publication does not publish, as "ALTER PUBLICATION ... ADD TABLE" of
 * their tables. */
static bool
check_members(struct source *s, const struct tableset *set, struct findings *f, struct err *err)
{
	struct buf oids = {.n = 0}, fix = {.n = 0};
	const char *params[2] = {s->p.publication};
	PGresult *res;
	size_t missing = 0;

	pg_leaf_oids(&oids, set);
	params[1] = buf_cstr(&oids);
	res = pg_query(s->c, err,
	    "SELECT o FROM unnest($2::oid[]) o WHERE o NOT IN"
	    " (SELECT relid FROM pg_get_publication_tables($1))",
	    2, params);
	buf_done(&oids);
	if (res == NULL)
		return err_ctx(err, "look at publication %s", s->p.publication);
	buf_str(&fix, "ALTER PUBLICATION ");
	pg_ident(&fix, s->p.publication);
	buf_str(&fix, " ADD TABLE ");
	for (uint32_t i = 0; i < set->n; i++)
		for (int k = 0; k < PQntuples(res); k++) {
			const struct table_desc *d = set->tables[i]->source;
			const uint32_t oid = (uint32_t)strtoul(PQgetvalue(res, k, 0), NULL, 10);

			if (tableset_by_leaf(set, oid, NULL) != set->tables[i])
				continue;
			buf_str(&fix, missing++ > 0 ? ", " : "");
			pg_ident2(&fix, d->schema, d->name);
			break;
		}
	if (missing > 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "publication %s was not made by repld and lacks %zu of the task's tables",
		    s->p.publication, missing);
	PQclear(res);
	buf_done(&fix);
	return true;
}

/* Row filters and column lists (15) would thin out the stream while the load reads all. */
static bool
check_filters(struct source *s, const struct publication *pub, const struct tableset *set,
    struct findings *f, struct err *err)
{
	const char *params[2] = {pub->oid};
	struct buf oids = {.n = 0}, fix = {.n = 0};
	PGresult *res;

	if (pg_conn_version(s->c) < 150000)
		return true;
	pg_leaf_oids(&oids, set);
	params[1] = buf_cstr(&oids);
	res = pg_query(s->c, err,
	    "SELECT n.nspname, c.relname FROM pg_publication_rel r JOIN pg_class c ON c.oid = "
	    "r.prrelid"
	    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = $1::oid"
	    " AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL) AND EXISTS (SELECT FROM "
	    "unnest($2::oid[]) o"
	    " WHERE o = c.oid OR o IN (SELECT relid FROM pg_partition_tree(c.oid)))",
	    2, params);
	buf_done(&oids);
	if (res == NULL)
		return err_ctx(err, "look at publication %s", s->p.publication);
	for (int i = 0; i < PQntuples(res); i++) {
		char table[300];

		snprintf(
		    table, sizeof(table), "%s.%s", PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
		buf_reset(&fix);
		for (int step = 0; step < 2; step++) {
			buf_str(&fix, "ALTER PUBLICATION ");
			pg_ident(&fix, s->p.publication);
			buf_str(&fix, step == 0 ? " DROP TABLE ONLY " : " ADD TABLE ONLY ");
			pg_ident2(&fix, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
			buf_str(&fix, step == 0 ? "; " : "");
		}
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, table, buf_cstr(&fix),
		    "publication %s has a row filter or a column list for %s", s->p.publication,
		    table);
	}
	PQclear(res);
	buf_done(&fix);
	return true;
}

static bool
check_foreign(struct source *s, const struct tableset *set, const struct publication *pub,
    struct findings *f, struct err *err)
{
	struct buf fix = {.n = 0};

	buf_str(&fix, "ALTER PUBLICATION ");
	pg_ident(&fix, s->p.publication);
	buf_str(&fix, " SET ");
	add_options(s, &fix);
	if (!pub->all_operations)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "publication %s does not publish all of insert, update, delete, truncate",
		    s->p.publication);
	if (pub->via_root)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "publication %s publishes partitions as their root: a truncated partition, or "
		    "a later one, "
		    "would not be seen",
		    s->p.publication);
	buf_done(&fix);
	return check_members(s, set, f, err) && check_filters(s, pub, set, f, err);
}

/* What an administrator would run in repld's place: a publication made so has no comment, and is
 * only checked from then on. */
static bool
manual_fix(struct source *s, const struct tableset *set, const struct publication *pub,
    struct buf *fix, struct err *err)
{
	struct members want = {.n = 0};
	bool ok = wanted_members(s, set, &want, err);

	if (ok && pub->exists)
		ok = alter_sql(s, pub, &want, fix, err);
	else if (ok)
		create_sql(s, &want, NULL, fix);
	if (fix->n >= 2)
		fix->n -= 2; /* the last "; " */
	free(want.rows);
	return ok;
}

static const char foreign_tables_sql[] =
    "SELECT count(*), min(format('%s.%s', n.nspname, c.relname)) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])"
    " AND NOT pg_has_role(c.relowner, 'USAGE') AND NOT EXISTS"
    " (SELECT FROM pg_publication_rel r WHERE r.prpubid = $2::oid AND r.prrelid = c.oid)";

/* Tables of the set that must be added but belong to others. */
static bool
check_owners(struct source *s, const struct tableset *set, const struct publication *pub,
    const char *fix, struct findings *f, struct err *err)
{
	struct buf oids = {.n = 0};
	const char *params[2] = {NULL, pub->exists ? pub->oid : "0"};
	PGresult *res;
	long n;

	pg_table_oids(&oids, set);
	params[0] = buf_cstr(&oids);
	res = pg_query(s->c, err, foreign_tables_sql, 2, params);
	buf_done(&oids);
	if (res == NULL)
		return err_ctx(err, "look at the owners of the tables");
	n = strtol(PQgetvalue(res, 0, 0), NULL, 10);
	if (n > 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "%ld of the task's tables (as %s) belong to other roles: only their owner, or "
		    "a superuser, may add "
		    "them to publication %s",
		    n, PQgetvalue(res, 0, 1), s->p.publication);
	PQclear(res);
	return true;
}

static bool
check_may_create(struct source *s, struct findings *f, struct err *err)
{
	struct buf fix = {.n = 0};
	PGresult *res = pg_query(s->c, err,
	    "SELECT has_database_privilege(current_database(), 'CREATE'), current_database(), "
	    "current_user",
	    0, NULL);

	if (res == NULL)
		return err_ctx(err, "look at repld's privileges");
	if (PQgetvalue(res, 0, 0)[0] != 't') {
		buf_str(&fix, "GRANT CREATE ON DATABASE ");
		pg_ident(&fix, PQgetvalue(res, 0, 1));
		buf_str(&fix, " TO ");
		pg_ident(&fix, PQgetvalue(res, 0, 2));
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "publication %s is not there, and repld's role may not make it",
		    s->p.publication);
	}
	PQclear(res);
	buf_done(&fix);
	return true;
}

/* One that repld made, or will make. */
static bool
check_ours(struct source *s, const struct tableset *set, const struct publication *pub,
    bool standby, struct findings *f, struct err *err)
{
	struct buf fix = {.n = 0};
	bool ok = manual_fix(s, set, pub, &fix, err);

	if (ok && standby && fix.n > 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "publication %s does not hold the task's tables, and a standby can't change "
		    "it: do so on the primary",
		    s->p.publication);
	else if (ok && !standby)
		ok = (pub->exists || check_may_create(s, f, err)) &&
		     check_owners(s, set, pub, buf_cstr(&fix), f, err);
	if (ok && pub->exists && !pub->owned && fix.n > 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix),
		    "publication %s belongs to role %s: repld's role may not change it",
		    s->p.publication, pub->owner);
	buf_done(&fix);
	return ok;
}

bool
pg_publication_check(
    struct source *s, const struct tableset *set, bool standby, struct findings *f, struct err *err)
{
	struct publication pub;

	if (!look(s, &pub, err))
		return false;
	if (pub.exists && !pub.ours)
		return check_foreign(s, set, &pub, f, err);
	return check_ours(s, set, &pub, standby, f, err);
}

bool
pg_publication_drop(struct source *s, struct err *err)
{
	struct publication pub;
	struct buf sql = {.n = 0};
	bool ok;

	if (!look(s, &pub, err))
		return false;
	if (!pub.exists)
		return true;
	if (!pub.ours)
		return err_set(err, ERR_CONFIG, "publication %s was not made by repld: it stays",
		    s->p.publication);
	buf_str(&sql, "DROP PUBLICATION ");
	pg_ident(&sql, s->p.publication);
	ok = !sql.bad ? pg_exec(s->c, err, buf_cstr(&sql)) : err_set(err, ERR_SYSTEM, "no memory");
	buf_done(&sql);
	return ok;
}
