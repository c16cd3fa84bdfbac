/* pg_preflight.c - everything on the target that would stop or endanger a task, at once, each with
 * its fix; writes nothing.
 * Flow: the server -> the role -> schema repld -> each table: place, rights, owner, columns, key,
 * what would fire, rows.
 * Invariant: false only where the server can't be asked; what is found goes into the findings.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cdc/pg_type.h"
#include "endpoints/table_ddl.h"

struct preflight {
	struct target *t;
	struct findings *f;
	const struct table_states *states;
	enum target_prep prep;
	bool loads, replica_role;
	bool acted_upon; /* under fire_triggers: something fires on the table looked at */
	const struct table *tab; /* the one looked at */
	char name[160]; /* its target's, for the findings */
};

/* ---- server and role ---- */

static bool
check_server(struct preflight *p, struct err *err)
{
	PGresult *res = pg_query(
	    p->t->c, err, "SELECT pg_is_in_recovery(), current_setting('fsync') = 'off'", 0, NULL);

	if (res == NULL)
		return false;
	if (PQgetvalue(res, 0, 0)[0] == 't')
		finding_add(p->f, FINDING_BLOCKER, ERR_RETRY, "", "name the primary's host",
		    "the target is a standby: nothing can be written there");
	if (PQgetvalue(res, 0, 1)[0] == 't')
		finding_add(p->f, p->t->relaxed ? FINDING_RISK : FINDING_BLOCKER, ERR_CONFIG, "",
		    "set fsync = on on the target, or durability = \"relaxed\" for the task",
		    "fsync is off on the target: a crash there may lose commits that the source "
		    "was told of");
	PQclear(res);
	return true;
}

/* SET in a transaction that is rolled back; *ret_may false: the role has no right to. */
static bool
may_set_role(struct preflight *p, const char *sql, bool *ret_may, struct err *err)
{
	struct err refused = ERR_INIT;

	if (!pg_exec(p->t->c, err, "BEGIN"))
		return false;
	*ret_may = pg_exec(p->t->c, &refused, sql);
	if (!*ret_may && strcmp(refused.sqlstate, "42501") != 0) {
		*err = refused;
		return target_rollback_plain(p->t);
	}
	return pg_exec(p->t->c, err, "ROLLBACK");
}

static bool
check_fires(struct preflight *p, bool replica, struct err *err)
{
	bool may = true;
	char fix[160];

	if (replica && !may_set_role(p, "SET LOCAL session_replication_role = origin", &may, err))
		return false;
	snprintf(fix, sizeof(fix), "ALTER ROLE %s RESET session_replication_role", PQuser(p->t->c->pg));
	if (!may)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "apply.fire_triggers is set, but the role's sessions start in replica role, in "
		    "which no trigger fires, and it may not leave that");
	return true;
}

static bool
may_set_replica(struct preflight *p, struct err *err)
{
	bool replica;

	p->replica_role = true;
	if (!target_role_now(p->t, &replica, err))
		return false;
	if (p->t->fire_triggers)
		return check_fires(p, replica, err);
	if (replica)
		return true;
	if (!may_set_role(p, "SET LOCAL session_replication_role = replica", &p->replica_role, err))
		return false;
	if (!p->replica_role)
		finding_add(p->f, FINDING_RISK, ERR_CONFIG, "",
		    "as a superuser: GRANT SET ON PARAMETER session_replication_role TO the role "
		    "(PostgreSQL 15 and later), or ALTER ROLE ... SET session_replication_role = "
		    "replica for a role that only repld uses",
		    "the role may not set session_replication_role: a trigger, foreign key or rule "
		    "that a target table gets would act on "
		    "what repld writes, and stops the task unless apply.fire_triggers = true");
	return true;
}

static bool
check_database(struct preflight *p, struct err *err)
{
	PGresult *res = pg_query(p->t->c, err,
	    "SELECT has_database_privilege(current_database(), 'CREATE'), "
	    "has_database_privilege(current_database(), 'TEMP'),"
	    " to_regnamespace('repld') IS NOT NULL, quote_ident(current_database()), "
	    "quote_ident(current_user)",
	    0, NULL);
	char fix[256];

	if (res == NULL)
		return false;
	snprintf(fix, sizeof(fix), "GRANT CREATE ON DATABASE %s TO %s", PQgetvalue(res, 0, 3),
	    PQgetvalue(res, 0, 4));
	if (PQgetvalue(res, 0, 2)[0] == 'f' && PQgetvalue(res, 0, 0)[0] == 'f')
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "the role may not make schema repld on the target");
	snprintf(fix, sizeof(fix), "GRANT TEMPORARY ON DATABASE %s TO %s", PQgetvalue(res, 0, 3),
	    PQgetvalue(res, 0, 4));
	if (PQgetvalue(res, 0, 1)[0] == 'f')
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, "", fix,
		    "the role may not make temporary tables on the target, which hold rows whose "
		    "key changes");
	PQclear(res);
	return true;
}

static bool
check_repld_tables(struct preflight *p, struct err *err)
{
	bool installed, granted;

	if (!pg_installed(p->t, &installed, err))
		return false;
	if (!installed)
		return true;
	if (!target_ask(p->t, &granted, err,
		"SELECT has_schema_privilege('repld', 'USAGE') AND "
		"bool_and(has_table_privilege(c.oid, 'SELECT')"
		" AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')"
		" AND has_table_privilege(c.oid, 'DELETE')) FROM pg_class c WHERE c.relnamespace = "
		"'repld'::regnamespace"
		" AND c.relkind = 'r'",
		0, NULL))
		return false;
	if (!granted)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, "",
		    "GRANT USAGE ON SCHEMA repld, and SELECT, INSERT, UPDATE, DELETE ON ALL TABLES "
		    "IN SCHEMA repld, to the role",
		    "the role may not write the tables of schema repld, which another role made");
	return true;
}

/* ---- a table's place and rights ---- */

/* Loaded, or begun by a load of ours that may remove what it left. */
static bool
is_loaded(const struct preflight *p)
{
	const struct table_state *ts =
	    table_states_find(p->states, p->tab->source_schema, p->tab->source_name);

	return ts != NULL && (ts->phase != TABLE_QUEUED || ts->made != NULL);
}

static void
default_findings(struct preflight *p)
{
	const struct table_desc *s = p->tab->source;

	if (p->tab->source_family != FAMILY_POSTGRESQL) {
		pg_foreign_table_findings(p->tab, p->f);
		return;
	}
	for (uint16_t i = 0; i < s->ncols; i++) {
		const struct column_desc *col = &s->cols[i];

		if (pg_default_fate(col) == DEFAULT_LEFT_OUT)
			finding_add(p->f, FINDING_INFO, ERR_NONE, p->name, "",
			    "column \"%s\" is made without its default: %s may not be there on the "
			    "target",
			    col->name, col->default_sql);
		else if (pg_default_fate(col) == DEFAULT_IDENTITY)
			finding_add(p->f, FINDING_INFO, ERR_NONE, p->name, "",
			    "column \"%s\" takes its default from a sequence: it becomes an "
			    "identity column",
			    col->name);
	}
}

/* Something of the table's name that is no table; "": nothing. */
static bool
name_taken(struct target *t, const struct table *tab, char ret_what[40], struct err *err)
{
	const char *params[] = { tab->target_schema, tab->target_name };
	PGresult *res;

	ret_what[0] = '\0';
	if (!target_plain(t, err) ||
	    (res = pg_query(t->c, err,
		 "SELECT CASE c.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' "
		 "WHEN 'f' THEN 'a foreign table' WHEN 'S' THEN 'a sequence' WHEN 'c' THEN 'a "
		 "composite type' ELSE 'an index' END FROM pg_class c"
		 " JOIN pg_namespace n ON n.oid = c.relnamespace"
		 " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind NOT IN ('r', 'p')",
		 2, params)) == NULL)
		return false;
	if (PQntuples(res) > 0)
		snprintf(ret_what, 40, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return true;
}

static bool
check_absent(struct preflight *p, struct err *err)
{
	const char *params[] = { p->tab->target_schema, p->tab->target_name };
	struct buf ddl = { 0 };
	char taken[40];
	bool may;

	if (!name_taken(p->t, p->tab, taken, err))
		return false;
	if (taken[0] != '\0') {
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
		    "give the table another name on the target, or rename what is there",
		    "%s of that name is on the target, where repld needs a table", taken);
		return true;
	}
	if (!p->loads || (p->prep != PREP_CREATE && p->prep != PREP_DROP)) {
		pg_table_ddl(&ddl, p->tab);
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, buf_cstr(&ddl),
		    "the table is not on the target");
		buf_done(&ddl);
		return true;
	}
	if (!target_ask(p->t, &may, err,
		"SELECT CASE WHEN EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"
		" THEN has_schema_privilege($1, 'CREATE') ELSE "
		"has_database_privilege(current_database(), 'CREATE') END",
		1, params))
		return false;
	if (!may)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "GRANT CREATE on the schema (or, where it is missing, on the database) to the "
		    "role",
		    "the role may not make tables in schema \"%s\"", p->tab->target_schema);
	default_findings(p);
	return true;
}

static bool
check_rights(struct preflight *p, struct err *err)
{
	static const char *const rights[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE" };
	char oid[NUMBER_TEXT];
	const char *params[] = { number_text(p->tab->target->oid, oid) };
	PGresult *res = pg_query(p->t->c, err,
	    "SELECT has_table_privilege($1::oid, 'SELECT'), has_table_privilege($1::oid, 'INSERT'),"
	    " has_table_privilege($1::oid, 'UPDATE'), has_table_privilege($1::oid, 'DELETE'),"
	    " has_table_privilege($1::oid, 'TRUNCATE'), pg_has_role(relowner, 'USAGE'),"
	    " has_schema_privilege(relnamespace, 'USAGE'), quote_ident(current_user) FROM pg_class "
	    "WHERE oid = $1::oid",
	    1, params);
	struct buf lacks = { 0 }, fix = { 0 };

	if (res == NULL)
		return false;
	for (int i = 0; PQntuples(res) == 1 && i < 5; i++)
		if (PQgetvalue(res, 0, i)[0] == 'f')
			buf_printf(&lacks, "%s%s", lacks.n > 0 ? ", " : "", rights[i]);
	if (PQntuples(res) == 1 && PQgetvalue(res, 0, 6)[0] == 'f')
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "GRANT USAGE ON SCHEMA to the role", "the role may not use schema \"%s\"",
		    p->tab->target_schema);
	if (lacks.n > 0) {
		buf_printf(&fix, "GRANT %s ON ", buf_cstr(&lacks));
		pg_ident2(&fix, p->tab->target_schema, p->tab->target_name);
		buf_printf(&fix, " TO %s", PQgetvalue(res, 0, 7));
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name, buf_cstr(&fix),
		    "the role lacks %s", buf_cstr(&lacks));
	}
	if (PQntuples(res) == 1 && PQgetvalue(res, 0, 5)[0] == 'f' && p->loads &&
	    p->prep == PREP_DROP && !is_loaded(p))
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "make the role its owner, or use another target_tables",
		    "the table is to be dropped, and the role does not own it");
	buf_done(&lacks);
	buf_done(&fix);
	PQclear(res);
	return true;
}

static bool
check_owner(struct preflight *p, struct err *err)
{
	char other[64], fix[400];

	if (!pg_other_owner(p->t, p->tab->target_schema, p->tab->target_name, other, err))
		return false;
	snprintf(fix, sizeof(fix),
	    "take it out of one of the tasks; if %s is this task's former name: rename_from = "
	    "\"%s\"; a task that is no more: repld cleanup %s, with it in the file",
	    other, other, other);
	if (other[0] != '\0')
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name, fix,
		    "the table belongs to task %s", other);
	return true;
}

/* ---- columns ---- */

static bool
is_string(const struct coltype *t)
{
	return t->logical == LOGICAL_TEXT || t->logical == LOGICAL_ENUM;
}

static int
int_size(const struct coltype *t)
{
	return t->logical == LOGICAL_I16   ? 2
	       : t->logical == LOGICAL_I32 ? 4
	       : t->logical == LOGICAL_I64 ? 8
					   : 0;
}

/* typmod of varchar and bpchar is the length plus 4. */
static bool
string_fits(const struct coltype *s, const struct coltype *t)
{
	const bool bounded = s->base_oid == 1043 || s->base_oid == 1042;

	return t->typmod < 0 || (bounded && s->typmod >= 0 && s->typmod <= t->typmod);
}

static int
numeric_whole_digits(const struct coltype *t)
{
	const int32_t v = t->typmod - 4;

	return ((v >> 16) & 0xffff) - (((v & 0x7ff) ^ 1024) - 1024);
}

static bool
has_clock(const struct coltype *t)
{
	return t->logical == LOGICAL_TIME || t->logical == LOGICAL_TIMETZ ||
	       t->logical == LOGICAL_TIMESTAMP || t->logical == LOGICAL_TIMESTAMPTZ;
}

static bool
has_date(const struct coltype *t)
{
	return t->logical == LOGICAL_TIMESTAMP || t->logical == LOGICAL_TIMESTAMPTZ;
}

/* The target takes the value's text, and rounds or cuts it without an error. Types differ. */
static bool
is_rounded(const struct coltype *s, const struct coltype *t)
{
	const bool exact = s->logical == LOGICAL_DECIMAL || s->logical == LOGICAL_I64;

	switch (t->logical) {
	case LOGICAL_DECIMAL: return t->typmod >= 0;
	case LOGICAL_F64: return exact;
	case LOGICAL_F32: return exact || s->logical == LOGICAL_I32;
	case LOGICAL_DATE: return has_date(s);
	case LOGICAL_INTERVAL: return t->typmod >= 0;
	default: break;
	}
	if (!has_clock(t))
		return false;
	if (!has_date(t) && (has_date(s) || (s->logical == LOGICAL_TIMETZ && t->logical == LOGICAL_TIME)))
		return true;
	return t->typmod >= 0 && t->typmod < 6 && s->logical != LOGICAL_DATE &&
	       !(has_clock(s) && s->typmod >= 0 && s->typmod <= t->typmod);
}

enum fit { FIT_WELL, FIT_RISK, FIT_NOT };

/* Values of one type in a column of another. */
static enum fit
fit_other(const struct coltype *s, const struct coltype *t)
{
	const int from = int_size(s), to = int_size(t);

	if (is_string(t) && t->logical != LOGICAL_ENUM && (is_string(s) || t->typmod < 0))
		return string_fits(s, t) ? FIT_WELL : FIT_NOT;
	if (from != 0 && to != 0)
		return from <= to ? FIT_WELL : FIT_NOT;
	if (from != 0 && t->logical == LOGICAL_DECIMAL)
		return t->typmod < 0 || numeric_whole_digits(t) >= (from == 2	   ? 5
								       : from == 4 ? 10
										   : 19)
			   ? FIT_WELL
			   : FIT_NOT;
	if (to != 0 && (s->logical == LOGICAL_DECIMAL || s->logical == LOGICAL_F32 ||
			   s->logical == LOGICAL_F64))
		return FIT_NOT;
	if (s->logical == LOGICAL_F32 && t->logical == LOGICAL_F64)
		return FIT_WELL;
	if (t->logical == LOGICAL_F32 && s->logical == LOGICAL_F64)
		return FIT_NOT;
	if (t->logical == LOGICAL_BOOL || s->logical == LOGICAL_BOOL)
		return FIT_NOT;
	return is_rounded(s, t) ? FIT_NOT : FIT_RISK;
}

static enum fit
fit(const struct coltype *s, const struct coltype *t)
{
	if (s->wire == WIRE_BINARY && s->base_oid == t->base_oid)
		return pg_type_binary_ok(s, t) ? FIT_WELL : FIT_NOT;
	if (strcmp(s->name, t->name) == 0)
		return FIT_WELL;
	return fit_other(s, t);
}

/* Of a MySQL or MariaDB source: its values are converted. */
static void
check_foreign_column(struct preflight *p, const struct column_desc *s, const struct column_desc *t)
{
	const struct convert_target to = { .family = FAMILY_POSTGRESQL };
	const char *note = "";
	const enum convert_fit fits = convert_fit(&s->type, &t->type, &p->tab->values, &note);
	struct err ignored = ERR_INIT;
	struct buf fix = { 0 };

	buf_str(&fix, "ALTER TABLE ");
	pg_ident2(&fix, p->tab->target_schema, p->tab->target_name);
	buf_str(&fix, " ALTER COLUMN ");
	pg_ident(&fix, t->name);
	buf_str(&fix, " TYPE ");
	if (!convert_type_name(&s->type, &to, &p->tab->values, &fix, &ignored))
		buf_reset(&fix);
	if (fits == CONVERT_REFUSED)
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, buf_cstr(&fix),
		    "column \"%s\" is %s on the target, which can't hold %s of the source%s%s", t->name, t->type.name,
		    s->type.name, note[0] != '\0' ? ": " : "", note);
	else if (fits == CONVERT_POLICY)
		finding_add(p->f, FINDING_INFO, ERR_NONE, p->name, "",
		    "column \"%s\" is %s on the target and %s on the source: values.unrepresentable decides what becomes of "
		    "values that have no form there%s%s",
		    t->name, t->type.name, s->type.name, note[0] != '\0' ? ": " : "", note);
	buf_done(&fix);
}

static void
check_column(struct preflight *p, const struct column_desc *s, const struct column_desc *t)
{
	const enum fit how = s->type.family == FAMILY_POSTGRESQL ? fit(&s->type, &t->type) : FIT_WELL;
	struct buf fix = { 0 };

	if (t->generated || s->generated) {
		if (!s->generated)
			finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
			    "drop the expression of the column on the target",
			    "column \"%s\" is generated on the target, but not on the source",
			    t->name);
		else if (!t->generated)
			finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
			    "make it a generated column on the target too, or drop it there",
			    "column \"%s\" is generated on the source, which does not send it",
			    t->name);
		return;
	}
	if (t->notnull && !s->notnull)
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, "drop NOT NULL on the target",
		    "column \"%s\" may be null on the source, and not on the target", t->name);
	if (s->type.family != FAMILY_POSTGRESQL) {
		check_foreign_column(p, s, t);
		return;
	}
	if (how == FIT_WELL)
		return;
	buf_str(&fix, "ALTER TABLE ");
	pg_ident2(&fix, p->tab->target_schema, p->tab->target_name);
	buf_str(&fix, " ALTER COLUMN ");
	pg_ident(&fix, t->name);
	buf_printf(&fix, " TYPE %s", s->type.name);
	if (how == FIT_NOT)
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, buf_cstr(&fix),
		    "column \"%s\" is %s on the target, which can't hold every %s of the source",
		    t->name, t->type.name, s->type.name);
	else
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, buf_cstr(&fix),
		    "column \"%s\" is %s on the target and %s on the source: values pass as text, "
		    "and one that does not fit "
		    "stops the task",
		    t->name, t->type.name, s->type.name);
	buf_done(&fix);
}

static void
check_columns(struct preflight *p)
{
	const struct table_desc *s = p->tab->source, *t = p->tab->target;

	for (uint16_t i = 0; i < s->ncols; i++) {
		const int at = table_desc_column(t, s->cols[i].name);
		struct buf fix = { 0 };

		if (at >= 0) {
			check_column(p, &s->cols[i], &t->cols[at]);
			continue;
		}
		if (s->cols[i].generated)
			continue;
		buf_str(&fix, "ALTER TABLE ");
		pg_ident2(&fix, p->tab->target_schema, p->tab->target_name);
		buf_str(&fix, " ADD COLUMN ");
		pg_ident(&fix, s->cols[i].name);
		buf_printf(&fix, " %s", s->cols[i].type.name);
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, buf_cstr(&fix),
		    "the target lacks column \"%s\"", s->cols[i].name);
		buf_done(&fix);
	}
	for (uint16_t i = 0; i < t->ncols; i++) {
		const struct column_desc *col = &t->cols[i];

		if (col->notnull && !col->has_default && !col->generated && col->identity == 0 &&
		    table_desc_column(s, col->name) < 0)
			finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
			    "give it a default, or drop NOT NULL",
			    "column \"%s\" of the target is not null without a default, and the "
			    "source lacks it",
			    col->name);
	}
}

/* ---- keys and triggers ---- */

static const struct index_desc *
source_key(const struct table_desc *s)
{
	const struct index_desc *key = table_desc_primary(s);

	for (uint16_t i = 0; i < s->nindexes; i++)
		if (s->replica_identity == 'i' && s->indexes[i].replica_identity)
			key = &s->indexes[i];
	return s->replica_identity == 'n' ? NULL : key;
}

/* The target's index finds rows by the same columns, whatever their order. */
static bool
covers(const struct preflight *p, const struct index_desc *x, const struct index_desc *key)
{
	const struct table_desc *s = p->tab->source, *t = p->tab->target;

	if (!x->unique || x->partial || x->expression || x->ncols != key->ncols)
		return false;
	for (uint16_t i = 0; i < key->ncols; i++) {
		bool found = false;

		for (uint16_t j = 0; j < x->ncols; j++)
			found = found ||
				strcmp(s->cols[key->cols[i]].name, t->cols[x->cols[j]].name) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* What the source keeps unique only at a transaction's end, or not at all. */
static void
check_unique(struct preflight *p, const struct index_desc *x)
{
	const struct table_desc *s = p->tab->source;
	bool deferrable = false;

	if (!x->unique || !x->immediate || x->partial || x->expression)
		return;
	for (uint16_t i = 0; i < s->nindexes; i++) {
		const struct index_desc *own = &s->indexes[i];

		if (own->expression || own->partial || !own->unique || !covers(p, x, own))
			continue;
		if (own->immediate)
			return;
		deferrable = true;
	}
	if (deferrable)
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name,
		    "make it DEFERRABLE on the target too",
		    "\"%s\" is checked at once on the target, and deferrable on the source: values "
		    "that move between rows in a transaction larger than staging.ring_size may "
		    "meet there and stop the task",
		    x->name);
	else
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, "",
		    "the source has nothing like the target's unique index \"%s\": a row that it "
		    "refuses stops the task",
		    x->name);
}

static void
check_key(struct preflight *p)
{
	const struct index_desc *key = source_key(p->tab->source);
	const struct table_desc *t = p->tab->target;
	bool found = false;

	for (uint16_t i = 0; i < t->nindexes; i++) {
		if (key != NULL && !key->expression)
			found = found || covers(p, &t->indexes[i], key);
		check_unique(p, &t->indexes[i]);
		if (t->indexes[i].unique && !t->indexes[i].immediate && p->replica_role &&
		    !p->t->fire_triggers)
			finding_add(p->f, FINDING_INFO, ERR_NONE, p->name, "",
			    "the deferrable constraint \"%s\" is not checked for what repld writes",
			    t->indexes[i].name);
	}
	if (key == NULL)
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, "give the table a primary key",
		    "the table has no key: each update and delete reads the whole table on the "
		    "target to find its row");
	else if (!found)
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name,
		    "make a unique index over the source's key columns",
		    "the target has no unique index over the source's key: each update and delete "
		    "reads the whole table");
}

/* One trigger, foreign key or rule. when: 'O' in origin role, 'R' in replica role, 'A' in both. */
static void
check_actor(struct preflight *p, const char *what, const char *name, char when, bool instead)
{
	const bool in_replica = p->replica_role && !p->t->fire_triggers;

	if (when == (in_replica ? 'O' : 'R'))
		return;
	if (instead)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name, "DROP RULE on the target",
		    "rule \"%s\" takes the place of what repld writes: rows would be missing", name);
	else if (in_replica)
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, "",
		    "%s \"%s\" is enabled for replicas: it fires on what repld writes, of which it "
		    "sees net changes, not each one, unless apply.mode = \"transactional\"",
		    what, name);
	else if (!p->t->fire_triggers)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "GRANT SET ON PARAMETER session_replication_role to the role (before "
		    "PostgreSQL 15: a superuser), or set apply.fire_triggers = true",
		    "%s \"%s\" would fire on what repld writes, as the role may not set "
		    "session_replication_role",
		    what, name);
	p->acted_upon = p->acted_upon || p->t->fire_triggers;
}

/* Triggers of foreign keys sit on both tables. */
static const char actors_sql[] =
    "SELECT DISTINCT coalesce(c.conname, g.tgname), g.tgenabled, CASE WHEN c.contype = 'f' THEN "
    "'foreign key' ELSE 'trigger' END, false FROM pg_trigger g"
    " LEFT JOIN pg_constraint c ON c.oid = g.tgconstraint WHERE g.tgrelid = $1::oid AND "
    "g.tgenabled <> 'D'"
    " AND (c.contype IS NULL OR c.contype NOT IN ('u', 'p', 'x'))"
    " UNION ALL SELECT r.rulename, r.ev_enabled, 'rule', r.is_instead FROM pg_rewrite r"
    " WHERE r.ev_class = $1::oid AND r.ev_enabled <> 'D' AND r.ev_type <> '1' ORDER BY 1";

static bool
check_triggers(struct preflight *p, struct err *err)
{
	char oid[NUMBER_TEXT];
	const char *params[] = { number_text(p->tab->target->oid, oid) };
	const struct table_desc *t = p->tab->target;
	PGresult *res = pg_query(p->t->c, err, actors_sql, 1, params);

	if (res == NULL)
		return false;
	p->acted_upon = false;
	for (int i = 0; i < PQntuples(res); i++)
		check_actor(p, PQgetvalue(res, i, 2), PQgetvalue(res, i, 0),
		    PQgetvalue(res, i, 1)[0], PQgetvalue(res, i, 3)[0] == 't');
	PQclear(res);
	for (uint16_t i = 0; p->acted_upon && i < t->ncols; i++)
		if (t->cols[i].identity == 'a')
			finding_add(p->f, FINDING_RISK, ERR_NONE, p->name,
			    "ALTER TABLE ... ALTER COLUMN ... SET GENERATED BY DEFAULT on the target",
			    "column \"%s\" is GENERATED ALWAYS AS IDENTITY: an update that changes it "
			    "stops the task, as triggers or foreign keys act on the table",
			    t->cols[i].name);
	return true;
}

static bool
check_rows(struct preflight *p, struct err *err)
{
	bool rows;

	if (!p->loads || p->prep != PREP_CREATE || is_loaded(p))
		return true;
	if (!pg_target_has_rows(p->t, p->tab, &rows, err))
		return false;
	if (rows)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "empty it, or set full_load.target_tables: truncate (removes its rows first), "
		    "drop (makes it anew), append",
		    "the table has rows already");
	return true;
}

static bool
may_read(struct preflight *p, bool *ret, struct err *err)
{
	char oid[NUMBER_TEXT];
	const char *params[] = { number_text(p->tab->target->oid, oid) };

	return target_ask(p->t, ret, err,
	    "SELECT has_table_privilege($1::oid, 'SELECT') AND"
	    " has_schema_privilege(relnamespace, 'USAGE') FROM pg_class WHERE oid = $1::oid",
	    1, params);
}

static bool
check_table(struct preflight *p, const struct table *tab, struct err *err)
{
	bool readable;

	p->tab = tab;
	snprintf(p->name, sizeof(p->name), "%s.%s", tab->target_schema, tab->target_name);
	if (!check_owner(p, err))
		return false;
	if (tab->source == NULL)
		return true;
	if (tab->target == NULL)
		return check_absent(p, err);
	if (tab->target->row_security)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "ALTER ROLE ... BYPASSRLS, or make the role the owner",
		    "row security hides rows of the table from the role");
	if (!p->loads || p->prep != PREP_DROP || is_loaded(p)) {
		check_columns(p);
		check_key(p);
	}
	if (!check_rights(p, err) || !check_triggers(p, err) || !may_read(p, &readable, err))
		return false;
	return !readable || check_rows(p, err);
}

bool
pg_target_check(struct target *t, const struct tableset *set, const struct table_states *states,
    enum target_prep prep, bool loads, struct findings *f, struct err *err)
{
	struct preflight p = { .t = t, .f = f, .states = states, .prep = prep, .loads = loads };

	if (!target_plain(t, err) || !check_server(&p, err) || !may_set_replica(&p, err) ||
	    !check_database(&p, err) || !check_repld_tables(&p, err))
		return false;
	for (uint32_t i = 0; i < set->n; i++)
		if (!check_table(&p, set->tables[i], err))
			return false;
	return true;
}
