/* my_preflight.c - everything on a MySQL or MariaDB target that would stop or endanger a task, at once, each with its fix; writes nothing.
 * Flow: the server -> database repld -> each table: place, rights, owner, columns, key, triggers, rows -> names that meet.
 * Invariant: false only where the server can't be asked; what is found goes into the findings.
 * Threads: the target's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "daemon/base/arena.h"
#include "endpoints/my_catalog.h"
#include "endpoints/my_grants.h"
#include "endpoints/my_table_ddl.h"
#include "endpoints/my_target.h"
#include "staging/convert.h"

#define SMALL_PACKET (16u << 20)
#define NAME_CHARS   64

struct preflight {
	struct target *t;
	struct findings *f;
	const struct table_states *states;
	enum target_prep prep;
	bool loads, folds_case, lowers_case; /* lower_case_table_names is not 0; is 1 */
	struct my_grants grants;
	char account[200]; /* 'user'@'host' */
	const struct table *tab; /* the one looked at */
	char name[160]; /* its target's, for the findings */
};

/* ---- the server ---- */

/* A transaction that may write is refused on a read-only server, whatever makes it one. */
static bool
check_read_only(struct preflight *p, struct err *err)
{
	struct err refused = ERR_INIT;

	if (my_exec(p->t->c, &refused, "START TRANSACTION READ WRITE"))
		return my_exec(p->t->c, err, "ROLLBACK");
	if (p->t->c->lost || refused.kind == ERR_CANCELLED) {
		*err = refused;
		return false;
	}
	finding_add(p->f, FINDING_BLOCKER, ERR_RETRY, "",
	    "name the primary's host, or set read_only = OFF on the server",
	    "the target is read-only: nothing can be written there");
	return true;
}

static bool
check_durable(struct preflight *p, struct err *err)
{
	const enum severity s = p->t->relaxed ? FINDING_RISK : FINDING_BLOCKER;
	struct my_rows r;

	if (!my_query(p->t->c, &r, err,
		"SELECT @@global.innodb_flush_log_at_trx_commit, @@global.log_bin, "
		"@@global.sync_binlog",
		0, NULL))
		return false;
	if (my_next(&r)) {
		const uint64_t flush = my_number(&r, 0);

		if (flush != 1 && !(flush == 3 && p->t->c->mariadb))
			finding_add(p->f, s, ERR_CONFIG, "",
			    "SET GLOBAL innodb_flush_log_at_trx_commit = 1 on the target (and in "
			    "its configuration), or durability = \"relaxed\" for"
			    " the task",
			    "innodb_flush_log_at_trx_commit is %" PRIu64
			    " on the target: a crash there may lose commits that the source was "
			    "told of",
			    flush);
		if (my_number(&r, 1) != 0 && my_number(&r, 2) != 1)
			finding_add(p->f, s, ERR_CONFIG, "",
			    "SET GLOBAL sync_binlog = 1 on the target (and in its configuration), "
			    "or durability = \"relaxed\" for the task",
			    "the target writes a binlog and sync_binlog is %" PRIu64
			    ": a crash there may lose commits that the source was told of",
			    my_number(&r, 2));
	}
	my_rows_done(&r);
	return true;
}

/* "": the server does not have it. */
static bool
setting(struct preflight *p, const char *name, char out[64], struct err *err)
{
	const char *params[] = { name };
	struct my_rows r;

	out[0] = '\0';
	if (!my_query(p->t->c, &r, err, "SHOW VARIABLES WHERE Variable_name = $1", 1, params))
		return false;
	if (my_next(&r))
		snprintf(out, 64, "%.63s", my_text(&r, 1));
	my_rows_done(&r);
	return true;
}

static bool
check_log_format(struct preflight *p, struct err *err)
{
	char format[64], log[64];

	if (!setting(p, "binlog_format", format, err) || !setting(p, "log_bin", log, err))
		return false;
	if (strcmp(log, "ON") == 0 && strcmp(format, "STATEMENT") == 0)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, "",
		    "SET GLOBAL binlog_format = ROW (or MIXED) on the target",
		    "the target's binlog_format is STATEMENT, with which no table can be written "
		    "at READ COMMITTED");
	return true;
}

static bool
check_limits(struct preflight *p, struct err *err)
{
	char galera[64], group[64], names[64], infile[64];

	if (!setting(p, "wsrep_on", galera, err) ||
	    !setting(p, "group_replication_group_name", group, err) ||
	    !setting(p, "lower_case_table_names", names, err) ||
	    !setting(p, "local_infile", infile, err))
		return false;
	p->folds_case = strcmp(names, "0") != 0;
	p->lowers_case = strcmp(names, "1") == 0;
	if (p->t->c->max_packet < SMALL_PACKET)
		finding_add(p->f, FINDING_RISK, ERR_NONE, "",
		    "raise max_allowed_packet on the target (64 MB; at most 1 GB)",
		    "max_allowed_packet is %" PRIu64
		    " bytes on the target: a row that takes more stops the task",
		    p->t->c->max_packet);
	if (strcmp(galera, "ON") == 0)
		finding_add(p->f, FINDING_RISK, ERR_NONE, "",
		    "keep transactions of the source small, or raise wsrep_max_ws_size",
		    "the target is a node of a Galera cluster: a transaction larger than "
		    "wsrep_max_ws_size is refused, and the task's lock holds on this"
		    " node alone (another daemon on another node is told from this one by the "
		    "checkpoint row)");
	if (group[0] != '\0')
		finding_add(p->f, FINDING_RISK, ERR_NONE, "",
		    "raise group_replication_transaction_size_limit, or keep transactions of the "
		    "source small",
		    "the target is set up for group replication: a transaction larger than "
		    "group_replication_transaction_size_limit is refused");
	if (p->loads && strcmp(infile, "ON") != 0)
		finding_add(p->f, FINDING_INFO, ERR_NONE, "",
		    "SET GLOBAL local_infile = ON on the target",
		    "local_infile is off on the target: the full load writes by INSERT, which "
		    "takes about twice as long");
	return true;
}

static bool
check_server(struct preflight *p, struct err *err)
{
	return check_read_only(p, err) && check_durable(p, err) && check_log_format(p, err) &&
	       check_limits(p, err);
}

/* ---- rights ---- */

/* GRANT ... ON `schema`.`table` (or *) TO account */
static void
put_grant(struct buf *b, const struct preflight *p, const char *privileges, const char *schema,
    const char *table)
{
	buf_printf(b, "GRANT %s ON ", privileges);
	my_ident(b, schema);
	buf_u8(b, '.');
	if (table != NULL)
		my_ident(b, table);
	else
		buf_u8(b, '*');
	buf_printf(b, " TO %s", p->account);
}

/* A right to a whole database is said once, whatever number of tables wants it. */
static bool
is_said(const struct preflight *p, const char *fix)
{
	for (size_t i = 0; i < p->f->n; i++)
		if (strcmp(p->f->rows[i].fix, fix) == 0)
			return true;
	return false;
}

static void
check_rights_to(
    struct preflight *p, const char *list, const char *schema, const char *table, const char *why)
{
	struct buf lacks = { 0 }, fix = { 0 };

	if (my_grants_missing(&p->grants, list, schema, table, &lacks)) {
		put_grant(&fix, p, buf_cstr(&lacks), schema, table);
		if (!is_said(p, buf_cstr(&fix)))
			finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG,
			    p->tab != NULL && table != NULL ? p->name : "", buf_cstr(&fix),
			    "the account lacks %s%s", buf_cstr(&lacks), why);
	}
	buf_done(&lacks);
	buf_done(&fix);
}

static bool
read_account(struct preflight *p, struct err *err)
{
	char text[160];
	const char *at;
	bool there;

	if (!my_grants_read(p->t->c, &p->grants, err) ||
	    !my_value(p->t->c, text, sizeof(text), &there, err, "SELECT CURRENT_USER()", 0, NULL))
		return false;
	at = strrchr(text, '@');
	snprintf(p->account, sizeof(p->account), "'%.*s'@'%s'", (int)(at != NULL ? at - text : 0),
	    text, at != NULL ? at + 1 : "%");
	return true;
}

static bool
check_repld(struct preflight *p, struct err *err)
{
	bool installed;

	if (!my_installed(p->t, &installed, err))
		return false;
	check_rights_to(p,
	    installed ? "SELECT, INSERT, UPDATE, DELETE" : "CREATE, SELECT, INSERT, UPDATE, DELETE",
	    "repld", NULL, " on database repld, where the task keeps its position");
	return true;
}

/* ---- a table's place ---- */

/* Loaded, or begun by a load of ours that may remove what it left. */
static bool
is_loaded(const struct preflight *p)
{
	const struct table_state *ts =
	    table_states_find(p->states, p->tab->source_schema, p->tab->source_name);

	return ts != NULL && (ts->phase != TABLE_QUEUED || ts->made != NULL);
}

static size_t
characters(const char *name)
{
	size_t n = 0;

	for (; *name != '\0'; name++)
		n += ((uint8_t)*name & 0xc0) != 0x80;
	return n;
}

static void
check_name(struct preflight *p, const char *what, const char *name, const char *fix)
{
	const size_t n = characters(name);

	if (n > NAME_CHARS)
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, fix,
		    "the %s \"%s\" has %zu characters: MySQL takes %d", what, name, n, NAME_CHARS);
	else if (!my_name_possible(name))
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, fix,
		    "the %s \"%s\" has a character that MySQL does not take in names (an emoji, or "
		    "another beyond U+FFFF)",
		    what, name);
	else if (n > 0 && name[strlen(name) - 1] == ' ')
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, fix,
		    "the %s \"%s\" ends with a blank, which MySQL does not take", what, name);
}

/* Names of columns have no case there. */
static void
check_column_names(struct preflight *p)
{
	const struct table_desc *s = p->tab->source;

	for (uint16_t i = 0; i < s->ncols; i++) {
		check_name(p, "name of column", s->cols[i].name, "rename the column on the source");
		for (uint16_t j = 0; j < i; j++)
			if (strcasecmp(s->cols[i].name, s->cols[j].name) == 0)
				finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
				    "rename one of the columns on the source",
				    "columns \"%s\" and \"%s\" differ in case alone, and are one "
				    "name on MySQL",
				    s->cols[j].name, s->cols[i].name);
	}
}

static bool
name_taken(struct preflight *p, char ret_what[64], struct err *err)
{
	const char *params[] = { p->tab->target_schema, p->tab->target_name };
	bool there;

	ret_what[0] = '\0';
	if (!my_name_possible(params[0]) || !my_name_possible(params[1]))
		return true;
	return my_value(p->t->c, ret_what, 64, &there, err,
	    "SELECT lower(TABLE_TYPE) FROM information_schema.TABLES WHERE TABLE_SCHEMA = $1 AND "
	    "TABLE_NAME = $2"
	    " AND TABLE_TYPE NOT IN ('BASE TABLE', 'SYSTEM VERSIONED')",
	    2, params);
}

static void
check_ddl(struct preflight *p, bool will_be_made)
{
	const struct convert_target to = {
		.family = FAMILY_MYSQL, .mariadb = p->t->c->mariadb, .version = p->t->c->version
	};
	struct err ignored = ERR_INIT;
	struct buf ddl = { 0 };

	if (will_be_made)
		my_table_findings(p->tab, &to, p->f);
	else
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
		    my_table_ddl(&ddl, p->tab, &to, &ignored) ? buf_cstr(&ddl) : "",
		    "the table is not on the target");
	buf_done(&ddl);
}

static void
check_database_rights(struct preflight *p)
{
	char why[200];

	snprintf(why, sizeof(why),
	    " on database %.64s, in which tables are to be made (DROP: to empty one whose load was "
	    "cut short)",
	    p->tab->target_schema);
	check_rights_to(p, "CREATE, DROP, INDEX, SELECT, INSERT, UPDATE, DELETE",
	    p->tab->target_schema, NULL, why);
}

static bool
check_absent(struct preflight *p, struct err *err)
{
	const bool made = p->loads && (p->prep == PREP_CREATE || p->prep == PREP_DROP);
	char taken[64];

	if (!name_taken(p, taken, err))
		return false;
	check_name(p, "name", p->tab->target_name, "give the table another name by target");
	check_name(
	    p, "name of database", p->tab->target_schema, "give another one by target_schema");
	check_column_names(p);
	if (taken[0] != '\0')
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
		    "give the table another name on the target, or rename what is there",
		    "a %s of that name is on the target, where repld needs a table", taken);
	else
		check_ddl(p, made);
	if (made)
		check_database_rights(p);
	return true;
}

static bool
check_owner(struct preflight *p, struct err *err)
{
	char other[64], fix[400];

	if (!my_other_owner(p->t, p->tab->target_schema, p->tab->target_name, other, err))
		return false;
	snprintf(fix, sizeof(fix),
	    "take it out of one of the tasks; if %s is this task's former name: rename_from = "
	    "\"%s\"; a task that is no more: repld cleanup %s, with"
	    " it in the file",
	    other, other, other);
	if (other[0] != '\0')
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name, fix,
		    "the table belongs to task %s", other);
	return true;
}

static bool
is_made_by_us(const struct preflight *p)
{
	const struct table_state *ts =
	    table_states_find(p->states, p->tab->source_schema, p->tab->source_name);

	return ts != NULL && ts->made != NULL &&
	       (strcmp(ts->made, "created") == 0 || strcmp(ts->made, "dropped") == 0);
}

static void
check_table_rights(struct preflight *p)
{
	const struct table *tab = p->tab;
	const bool loads = p->loads && !is_loaded(p);

	check_rights_to(
	    p, "SELECT, INSERT, UPDATE, DELETE", tab->target_schema, tab->target_name, "");
	if (loads && p->prep == PREP_DROP)
		check_rights_to(p, "DROP, CREATE, INDEX", tab->target_schema, tab->target_name,
		    ": the table is to be dropped and made");
	else if (loads && p->prep == PREP_TRUNCATE)
		check_rights_to(
		    p, "DROP", tab->target_schema, tab->target_name, ", which TRUNCATE takes");
	else if (loads && p->prep == PREP_CREATE)
		check_rights_to(p, "DROP", tab->target_schema, tab->target_name,
		    ", which TRUNCATE takes: a table whose load was cut short is emptied");
	/* MariaDB shows their names to everybody who may write the table. */
	if (!p->t->fire_triggers && !p->t->c->mariadb && !is_made_by_us(p))
		check_rights_to(p, "TRIGGER", tab->target_schema, tab->target_name,
		    ", without which it can't be seen whether the table has triggers");
}

/* ---- columns ---- */

static void
put_modify(struct buf *b, const struct preflight *p, const struct column_desc *s, const char *verb)
{
	const struct convert_target to = {
		.family = FAMILY_MYSQL, .mariadb = p->t->c->mariadb, .version = p->t->c->version
	};
	struct err ignored = ERR_INIT;

	buf_str(b, "ALTER TABLE ");
	my_ident2(b, p->tab->target_schema, p->tab->target_name);
	buf_printf(b, " %s COLUMN ", verb);
	my_ident(b, s->name);
	buf_u8(b, ' ');
	if (!convert_type_name(&s->type, &to, &p->tab->values, b, &ignored))
		buf_str(b, "...");
}

static void
check_generated(struct preflight *p, const struct column_desc *s, const struct column_desc *t)
{
	if (!s->generated)
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
		    "drop the expression of the column on the target",
		    "column \"%s\" is generated on the target, but not on the source", t->name);
	else if (!t->generated)
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
		    "make it a generated column on the target too, or drop it there",
		    "column \"%s\" is generated on the source, which does not send it", t->name);
}

static void
check_column(struct preflight *p, const struct column_desc *s, const struct column_desc *t)
{
	const char *note = "";
	struct buf fix = { 0 };
	enum convert_fit fit;

	if (t->generated || s->generated) {
		check_generated(p, s, t);
		return;
	}
	if (t->notnull && !s->notnull)
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, "drop NOT NULL on the target",
		    "column \"%s\" may be null on the source, and not on the target", t->name);
	fit = convert_fit(&s->type, &t->type, &p->tab->values, &note);
	put_modify(&fix, p, s, "MODIFY");
	if (fit == CONVERT_REFUSED)
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, buf_cstr(&fix),
		    "column \"%s\" is %s on the target, which can't hold %s of the source%s%s",
		    t->name, t->type.name, s->type.name, note[0] != '\0' ? ": " : "", note);
	else if (fit == CONVERT_POLICY)
		finding_add(p->f, FINDING_INFO, ERR_NONE, p->name, "",
		    "column \"%s\" is %s on the target and %s on the source: "
		    "values.unrepresentable decides what becomes of values that have no form "
		    "there%s%s",
		    t->name, t->type.name, s->type.name, note[0] != '\0' ? ": " : "", note);
	buf_done(&fix);
}

static void
check_missing_column(struct preflight *p, const struct column_desc *s)
{
	const struct table_desc *t = p->tab->target;
	struct buf fix = { 0 };

	if (s->generated)
		return;
	for (uint16_t i = 0; i < t->ncols; i++) {
		if (strcasecmp(t->cols[i].name, s->name) != 0)
			continue;
		finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name,
		    "ALTER TABLE ... CHANGE on the target, to the source's spelling",
		    "column \"%s\" is \"%s\" on the target: the case differs", s->name,
		    t->cols[i].name);
		return;
	}
	put_modify(&fix, p, s, "ADD");
	finding_add(p->f, FINDING_BLOCKER, ERR_SCHEMA, p->name, buf_cstr(&fix),
	    "the target lacks column \"%s\"", s->name);
	buf_done(&fix);
}

static void
check_columns(struct preflight *p)
{
	const struct table_desc *s = p->tab->source, *t = p->tab->target;

	for (uint16_t i = 0; i < s->ncols; i++) {
		const int at = table_desc_column(t, s->cols[i].name);

		if (at >= 0)
			check_column(p, &s->cols[i], &t->cols[at]);
		else
			check_missing_column(p, &s->cols[i]);
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

/* ---- keys ---- */

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

static bool
source_has(const struct preflight *p, const struct index_desc *x)
{
	const struct table_desc *s = p->tab->source;

	for (uint16_t i = 0; i < s->nindexes; i++) {
		const struct index_desc *own = &s->indexes[i];

		if (own->unique && !own->expression && !own->partial && own->immediate &&
		    covers(p, x, own))
			return true;
	}
	return false;
}

static bool
tells_all_apart(const char *collation)
{
	const size_t n = strlen(collation);

	return n >= 4 && strcmp(collation + n - 4, "_bin") == 0;
}

/* Two values that the source tells apart and the target's index does not. */
static void
check_collation(struct preflight *p, const struct index_desc *x)
{
	const struct table_desc *s = p->tab->source, *t = p->tab->target;

	for (uint16_t i = 0; x->unique && !x->expression && i < x->ncols; i++) {
		const struct column_desc *col = &t->cols[x->cols[i]];
		const int at = table_desc_column(s, col->name);

		if (at < 0 || col->collation == NULL || tells_all_apart(col->collation) ||
		    (s->cols[at].collation != NULL &&
			strcmp(s->cols[at].collation, col->collation) == 0))
			continue;
		finding_add(p->f, FINDING_RISK, ERR_NONE, p->name,
		    "ALTER TABLE ... MODIFY on the target, with COLLATE utf8mb4_bin",
		    "column \"%s\" of the unique index \"%s\" has collation %s: values that differ "
		    "in case or accents alone are one there, and stop the"
		    " task if the source has both",
		    col->name, x->name, col->collation);
	}
}

static void
check_key(struct preflight *p)
{
	const struct index_desc *key = source_key(p->tab->source);
	const struct table_desc *t = p->tab->target;
	bool found = false;

	for (uint16_t i = 0; i < t->nindexes; i++) {
		const struct index_desc *x = &t->indexes[i];

		if (key != NULL && !key->expression)
			found = found || covers(p, x, key);
		if (x->unique && !x->partial && !x->expression && !source_has(p, x))
			finding_add(p->f, FINDING_RISK, ERR_NONE, p->name, "",
			    "the source has nothing like the target's unique index \"%s\": a row "
			    "that it refuses stops the task",
			    x->name);
		check_collation(p, x);
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

/* ---- what acts, and what is there ---- */

static void
check_triggers(struct preflight *p)
{
	for (const char **name = p->tab->target->triggers;
	     name != NULL && *name != NULL && !p->t->fire_triggers; name++)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "drop the trigger on the target, or set apply.fire_triggers = true",
		    "trigger \"%s\" would fire on what repld writes: a session of MySQL can't keep "
		    "triggers from firing",
		    *name);
}

static void
check_engine(struct preflight *p)
{
	static const char *const transactional[] = { "InnoDB", "ROCKSDB", "ndbcluster", "TokuDB" };
	const char *engine = p->tab->target->engine;
	char fix[300];

	for (size_t i = 0; i < sizeof(transactional) / sizeof(transactional[0]); i++)
		if (engine != NULL && strcasecmp(engine, transactional[i]) == 0)
			return;
	snprintf(fix, sizeof(fix), "ALTER TABLE `%.64s`.`%.64s` ENGINE = InnoDB",
	    p->tab->target_schema, p->tab->target_name);
	finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name, fix,
	    "the table's engine %s has no transactions: rows and checkpoint would not be one",
	    engine != NULL ? engine : "");
}

static bool
check_rows(struct preflight *p, struct err *err)
{
	bool rows;

	if (!p->loads || p->prep != PREP_CREATE || is_loaded(p) ||
	    !my_grants_has(&p->grants, "SELECT", p->tab->target_schema, p->tab->target_name))
		return true;
	if (!my_target_has_rows(p->t, p->tab, &rows, err))
		return false;
	if (rows)
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "empty it, or set full_load.target_tables: truncate (removes its rows first), "
		    "drop (makes it anew), append",
		    "the table has rows already");
	return true;
}

static bool
check_table(struct preflight *p, const struct table *tab, struct err *err)
{
	p->tab = tab;
	snprintf(p->name, sizeof(p->name), "%.79s.%.79s", tab->target_schema, tab->target_name);
	if (!check_owner(p, err))
		return false;
	if (tab->source == NULL)
		return true;
	if (tab->target == NULL)
		return check_absent(p, err);
	check_table_rights(p);
	if (!p->loads || p->prep != PREP_DROP || is_loaded(p)) {
		check_engine(p);
		check_columns(p);
		check_key(p);
		check_triggers(p);
	} else {
		check_column_names(p);
		check_ddl(p, true);
	}
	return check_rows(p, err);
}

static bool
has_capitals(const char *name)
{
	for (; *name != '\0'; name++)
		if (*name >= 'A' && *name <= 'Z')
			return true;
	return false;
}

/* The server makes small letters of the name, and then has no table of the name as it was given. */
static void
check_case(struct preflight *p, const struct tableset *set)
{
	for (uint32_t i = 0; p->lowers_case && i < set->n; i++) {
		const struct table *t = set->tables[i];

		if (!has_capitals(t->target_schema) && !has_capitals(t->target_name))
			continue;
		snprintf(p->name, sizeof(p->name), "%.79s.%.79s", t->target_schema, t->target_name);
		finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
		    "give the table a name of small letters by target, and its database by "
		    "target_schema",
		    "lower_case_table_names is 1 on the target, where names have no capitals");
	}
}

/* Two names that the server takes for one. */
static void
check_meetings(struct preflight *p, const struct tableset *set)
{
	for (uint32_t i = 0; p->folds_case && i < set->n; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct table *a = set->tables[i], *b = set->tables[j];

			if (strcasecmp(a->target_schema, b->target_schema) != 0 ||
			    strcasecmp(a->target_name, b->target_name) != 0)
				continue;
			snprintf(p->name, sizeof(p->name), "%.79s.%.79s", a->target_schema,
			    a->target_name);
			finding_add(p->f, FINDING_BLOCKER, ERR_CONFIG, p->name,
			    "give one of them another name by target",
			    "table %s.%s has the same name but for its case, and "
			    "lower_case_table_names makes them one on the target",
			    b->target_schema, b->target_name);
		}
}

bool
my_target_check(struct target *t, const struct tableset *set, const struct table_states *states,
    enum target_prep prep, bool loads, struct findings *f, struct err *err)
{
	struct preflight p = { .t = t, .f = f, .states = states, .prep = prep, .loads = loads };
	bool ok = check_server(&p, err) && read_account(&p, err) && check_repld(&p, err);

	for (uint32_t i = 0; ok && i < set->n; i++)
		ok = check_table(&p, set->tables[i], err);
	p.tab = NULL;
	if (ok) {
		check_meetings(&p, set);
		check_case(&p, set);
	}
	my_grants_done(&p.grants);
	return ok;
}
