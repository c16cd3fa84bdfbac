/* pg_wal2json.c - what the plugin wal2json needs around its messages: the option list of START_REPLICATION, the captured tables as its decoder
 * wants them, questions of the decoder to the catalog, what its refusals mean, and its part of the preflight.
 * Flow: pg_wal2json_open() -> pg_wal2json_options() -> START_REPLICATION -> pg_wal2json_decoder().
 * The plugin knows tables by name. Where all captured tables are plain ones it is asked for exactly those. A partitioned table can get a new
 * partition, of any name, at any time; so where there is one all tables of the database are asked for, and before the rows of a table that is
 * none of ours are left out, the catalog must have said that the partitions are still those that we know, in a snapshot in which the rows'
 * transaction is over. (The log tells of a commit before others can see it: a look at once may miss the partition that it made.)
 * Invariant: nothing is left out of which the catalog has not said so.
 * Threads: the capture thread; the preflight's. Owner: the stream. */
#include "endpoints/pg_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "staging/plan.h"

#define PROBE_USEC 3000000 /* for making a slot; a server that has taken up the request knows the plugin */

struct pg_wal2json {
	struct source_params p;
	const struct tableset *set;
	struct arena *arena;
	struct wal2json_table *tables;
	size_t ntables;
	bool partitioned;
	char *parts; /* the partitions that the tables have, as parts_sql says them */
	char *roots; /* OIDs as an array */
	struct source *look; /* opened when something is asked for */
	/* Of the last look at the partitions: transactions below xmax are over, but for those listed. */
	uint64_t xmax, *running;
	size_t nrunning, cap;
};

#define WAIT_VISIBLE_USEC 10000000
#define LOOK_AGAIN_USEC	  1000

/* ---- tables ---- */

/* Of the types that are never stored apart: bool, "char", name, numbers, times, uuid, geometry of fixed length, addresses, ids, and enums. */
static bool
is_fixed(const struct coltype *t)
{
	static const uint32_t fixed[] = {16, 18, 19, 20, 21, 23, 24, 26, 27, 28, 29, 600, 601, 603, 628, 700, 701, 718, 774, 790, 829, 1082,
	    1083, 1114, 1184, 1186, 1266, 2202, 2203, 2204, 2205, 2206, 2950, 3220, 3734, 3769, 4089, 4096, 4191, 5069};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (t->base_oid == fixed[i])
			return true;
	return t->logical == LOGICAL_ENUM;
}

static bool
has_identity(const struct relation *rel, const char *name)
{
	const int i = relation_column_index(rel, name);

	return i >= 0 && rel->cols[i].identity;
}

/* The columns of a table, as its leaves have them too. */
static bool
fill_columns(struct pg_wal2json *w, const struct table *t, char identity, const struct wal2json_column **ret, struct err *err)
{
	struct table_desc d = *t->source;
	struct wal2json_column *cols = arena_zalloc(w->arena, (d.ncols + 1u) * sizeof(*cols));
	const struct relation *rel;

	d.replica_identity = identity;
	if (cols == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for the tables");
	if ((rel = relation_from_desc(&d, t, w->arena, err)) == NULL)
		return false;
	for (uint16_t i = 0; i < d.ncols; i++) {
		const struct column_desc *c = &d.cols[i];

		cols[i] = (struct wal2json_column){.name = c->name,
		    .oid = c->type.oid,
		    .typmod = c->type.oid == c->type.base_oid ? c->type.typmod : -1,
		    .type = c->type.name,
		    .identity = has_identity(rel, c->name),
		    .generated = c->generated,
		    .fixed = is_fixed(&c->type)};
	}
	*ret = cols;
	return true;
}

static bool
fill_table(struct pg_wal2json *w, const struct table *t, struct err *err)
{
	for (uint16_t i = 0; i < t->source->nleaves; i++) {
		const struct leaf_desc *leaf = &t->source->leaves[i];
		struct wal2json_table *to = &w->tables[w->ntables];

		*to = (struct wal2json_table){.id = leaf->oid,
		    .schema = leaf->schema,
		    .name = leaf->name,
		    .any_order = leaf->oid != t->source->oid,
		    .replica_identity = leaf->replica_identity,
		    .ncols = t->source->ncols};
		if (!fill_columns(w, t, leaf->replica_identity, &to->cols, err))
			return false;
		w->ntables++;
	}
	return true;
}

/* Partitions that hold rows, by number and name, of all partitioned tables of $1; and the snapshot. */
static const char parts_sql[] =
    "SELECT txid_current_snapshot(), coalesce(string_agg(p.relid::oid::text || ' ' || n.nspname || '.' || c.relname, ',' ORDER BY p.relid::oid), '')"
    " FROM unnest($1::oid[]) r(oid) CROSS JOIN LATERAL pg_partition_tree(r.oid) p JOIN pg_class c ON c.oid = p.relid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.isleaf AND c.relkind <> 'p'";

struct part {
	uint32_t oid;
	const char *schema, *name;
};

static int
by_oid(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->oid < y->oid ? -1 : x->oid > y->oid;
}

/* What parts_sql would have said when the tables were looked at. */
static bool
list_parts(struct pg_wal2json *w, struct err *err)
{
	struct buf roots = {.n = 0}, parts = {.n = 0};
	struct part *list = mem_zalloc((w->ntables + 1) * sizeof(*list), err);
	size_t n = 0;

	if (list == NULL)
		return false;
	for (uint32_t i = 0; i < w->set->n; i++) {
		const struct table_desc *d = w->set->tables[i]->source;

		if (d->kind != 'p')
			continue;
		buf_printf(&roots, "%s%u", w->partitioned ? "," : "{", d->oid);
		w->partitioned = true;
		for (uint16_t k = 0; k < d->nleaves; k++)
			list[n++] = (struct part){d->leaves[k].oid, d->leaves[k].schema, d->leaves[k].name};
	}
	buf_u8(&roots, '}');
	qsort(list, n, sizeof(*list), by_oid);
	for (size_t i = 0; i < n; i++)
		buf_printf(&parts, "%s%u %s.%s", i > 0 ? "," : "", list[i].oid, list[i].schema, list[i].name);
	w->roots = arena_strdup(w->arena, buf_cstr(&roots));
	w->parts = arena_strdup(w->arena, buf_cstr(&parts));
	buf_done(&roots);
	buf_done(&parts);
	free(list);
	return (w->roots != NULL && w->parts != NULL) || err_set(err, ERR_SYSTEM, "no memory for the tables");
}

struct pg_wal2json *
pg_wal2json_open(const struct source_params *p, const struct tableset *set, struct err *err)
{
	struct pg_wal2json *w = mem_zalloc(sizeof(*w), err);
	size_t n = 0;
	bool ok = true;

	if (w == NULL)
		return NULL;
	w->p = *p;
	w->set = set;
	for (uint32_t i = 0; i < set->n; i++)
		n += set->tables[i]->source->nleaves;
	if ((w->arena = arena_new(64 << 10, 0)) == NULL || (w->tables = arena_zalloc(w->arena, (n + 1) * sizeof(*w->tables))) == NULL)
		ok = err_set(err, ERR_SYSTEM, "no memory for the tables");
	for (uint32_t i = 0; ok && i < set->n; i++)
		ok = fill_table(w, set->tables[i], err);
	if (ok && list_parts(w, err))
		return w;
	pg_wal2json_close(w);
	return NULL;
}

void
pg_wal2json_close(struct pg_wal2json *w)
{
	if (w == NULL)
		return;
	pg_source_close(w->look);
	arena_free(w->arena);
	free(w->running);
	free(w);
}

/* ---- options ---- */

/* The messages of pg_logical_emit_message() are of no use, and a large one may be more than the plugin can write. */
void
pg_wal2json_options(const struct pg_wal2json *w, bool strings, struct buf *sql)
{
	struct buf list = {.n = 0};

	buf_str(sql, "(\"format-version\" '2', \"include-transaction\" 'true', \"include-lsn\" 'true', \"include-xids\" 'true',"
		     " \"include-timestamp\" 'true', \"include-types\" 'true', \"include-typmod\" 'true', \"include-type-oids\" 'true',"
		     " \"include-schemas\" 'true', \"write-in-chunks\" 'false', \"actions\" 'insert,update,delete,truncate',"
		     " \"add-msg-prefixes\" 'repld:none'");
	if (strings)
		buf_str(sql, ", \"numeric-data-types-as-string\" 'true'");
	for (size_t i = 0; i < w->ntables; i++)
		wal2json_list_table(&list, w->tables[i].schema, w->tables[i].name);
	buf_str(sql, ", \"add-tables\" ");
	if (w->partitioned)
		buf_str(sql, "'*.*'");
	else if (!list.bad)
		pg_repl_literal(sql, buf_cstr(&list));
	buf_str(sql, ")");
	sql->bad |= list.bad;
	buf_done(&list);
}

/* ---- questions to the catalog ---- */

static bool
open_look(struct pg_wal2json *w, struct err *err)
{
	return w->look != NULL || (w->look = pg_source_open(&w->p, err)) != NULL;
}

/* A statement that fails may have cost the session. */
static bool
give_up_look(struct pg_wal2json *w)
{
	pg_source_close(w->look);
	w->look = NULL;
	return false;
}

/* The server reads the type's text: what it makes of a NULL of that type carries the modifier, but not a domain's name. The text comes from the
 * server's own format_type(), which quotes what has to be quoted. */
static bool
typmod(void *arg, uint32_t oid, const char *type, int32_t *ret, struct err *err)
{
	struct pg_wal2json *w = arg;
	struct err refused = ERR_INIT;
	struct buf sql = {.n = 0};
	PGresult *res;

	*ret = -1;
	if (strchr(type, '(') == NULL)
		return true;
	if (!open_look(w, err))
		return false;
	buf_printf(&sql, "SELECT NULL::%s", type);
	res = pg_query(w->look->c, &refused, buf_cstr(&sql), 0, NULL);
	buf_done(&sql);
	if (res == NULL && (refused.kind == ERR_RETRY || refused.kind == ERR_CANCELLED || refused.sqlstate[0] == '\0')) {
		*err = refused;
		give_up_look(w);
		return err_ctx(err, "look up a type of the log");
	}
	if (res != NULL && PQftype(res, 0) == oid)
		*ret = PQfmod(res, 0);
	PQclear(res);
	return true;
}

/* "xmin:xmax:xip,..." */
static bool
read_snapshot(struct pg_wal2json *w, const char *text, struct err *err)
{
	char *end;

	strtoull(text, &end, 10);
	w->xmax = *end == ':' ? strtoull(end + 1, &end, 10) : 0;
	w->nrunning = 0;
	while ((*end == ':' || *end == ',') && end[1] != '\0') {
		if (!mem_grow(&w->running, &w->cap, w->nrunning + 1, sizeof(*w->running), err))
			return false;
		w->running[w->nrunning++] = strtoull(end + 1, &end, 10);
	}
	return w->xmax > 0 || err_set(err, ERR_PROTOCOL, "a snapshot that can't be read");
}

/* A transaction's number in the log has 32 bits: it is the last one below or at xmax, or in its future, as the log is behind. */
static bool
is_over(const struct pg_wal2json *w, uint32_t xid)
{
	const int32_t ahead = (int32_t)(xid - (uint32_t)w->xmax);

	if (w->xmax == 0 || ahead >= 0)
		return false;
	for (size_t i = 0; i < w->nrunning; i++)
		if ((uint32_t)w->running[i] == xid)
			return false;
	return true;
}

static bool
look_at_parts(struct pg_wal2json *w, bool *ret_same, struct err *err)
{
	const char *params[] = {w->roots};
	PGresult *res = open_look(w, err) ? pg_query(w->look->c, err, parts_sql, 1, params) : NULL;
	bool ok;

	if (res == NULL) {
		give_up_look(w);
		return err_ctx(err, "look for new partitions");
	}
	*ret_same = strcmp(PQgetvalue(res, 0, 1), w->parts) == 0;
	ok = read_snapshot(w, PQgetvalue(res, 0, 0), err);
	PQclear(res);
	return ok;
}

static bool
strangers(void *arg, uint32_t xid, struct err *err)
{
	struct pg_wal2json *w = arg;
	const struct usec start = clock_mono();
	bool same = false;

	if (!w->partitioned)
		return true;
	for (bool again = false; !is_over(w, xid); again = true) {
		if (again)
			usleep(LOOK_AGAIN_USEC);
		if (usec_since(start) >= WAIT_VISIBLE_USEC)
			return err_set(err, ERR_RETRY, "transaction %u of the log is not over on the source", xid);
		if (!look_at_parts(w, &same, err))
			return false;
		if (!same)
			return err_set(err, ERR_RETRY, "the partitions of the source's tables have changed: looking up its tables again");
	}
	return true;
}

struct wal2json *
pg_wal2json_decoder(struct pg_wal2json *w, bool strings, struct relation_resolver resolver, struct change_sink sink, struct err *err)
{
	const struct wal2json_params p = {.tables = w->tables,
	    .ntables = w->ntables,
	    .strings = strings,
	    .resolver = resolver,
	    .typmod = typmod,
	    .strangers = strangers,
	    .arg = w,
	    .sink = sink};

	return wal2json_new(&p, err);
}

/* ---- what refusals mean ---- */

static bool
list_has(const char *list, const char *name)
{
	const size_t n = strlen(name);

	for (const char *p = list; *p != '\0';) {
		const size_t len = strcspn(p, ", ");

		if (len == n && strncmp(p, name, n) == 0)
			return true;
		p += len;
		p += strspn(p, ", ");
	}
	return false;
}

/* output_plugin_libraries as it would have to be; "" where it may stay as it is, or the server has no such setting. */
static bool
library_fix(struct source *s, struct buf *fix, struct err *err)
{
	PGresult *res = pg_query(s->c, err, "SELECT setting FROM pg_settings WHERE name = 'output_plugin_libraries'", 0, NULL);
	const char *p;

	if (res == NULL)
		return err_ctx(err, "look at output_plugin_libraries");
	p = PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : "wal2json";
	if (!list_has(p, "wal2json")) {
		buf_str(fix, "ALTER SYSTEM SET output_plugin_libraries = ");
		while (*p != '\0') {
			const size_t len = strcspn(p, ", ");

			buf_printf(fix, "'%.*s', ", (int)len, p);
			p += len;
			p += strspn(p, ", ");
		}
		buf_str(fix, "'wal2json'; SELECT pg_reload_conf(); or set plugin = \"pgoutput\"");
	}
	PQclear(res);
	return true;
}

#define NOT_ALLOWED "the source does not let wal2json be an output plugin: output_plugin_libraries does not name it"
#define NOT_THERE   "the output plugin wal2json is not installed on the source"

static bool
not_there(const struct source *s, struct err *err)
{
	err_set(err, ERR_CONFIG, NOT_THERE);
	return err_remedy(err, "install it there (Debian: postgresql-%d-wal2json), or set plugin = \"pgoutput\"", pg_conn_version(s->c) / 10000);
}

/* The library that the server can't open, and no file of its log. */
static bool
is_library(const struct err *err)
{
	return strcmp(err->sqlstate, "58P01") == 0 && strstr(err->msg, "wal2json") != NULL && strstr(err->msg, "pg_wal") == NULL &&
	       strstr(err->msg, "pg_replslot") == NULL && strstr(err->msg, "pg_logical") == NULL;
}

bool
pg_wal2json_refused(const struct source_params *p, struct err *err)
{
	const struct err was = *err;
	struct buf fix = {.n = 0};
	struct err why = ERR_INIT;
	struct source *look;
	bool mapped = true;

	if (!source_is_wal2json(p))
		return false;
	if (strcmp(was.sqlstate, "22023") == 0) {
		err_set(err, ERR_CONFIG, "the source's wal2json does not know an option that repld needs: it is older than 2.5");
		err_remedy(err, "install wal2json 2.5 or later there, or set plugin = \"pgoutput\"");
	} else if (strncmp(was.sqlstate, "54", 2) == 0) {
		err->kind = ERR_LIMIT;
		err_remedy(err, "a row is larger than wal2json can write (1 GB as JSON): set plugin = \"pgoutput\", then: repld ctl restart %s --reload", p->task);
	} else if ((strcmp(was.sqlstate, "42501") == 0 || is_library(&was)) && (look = pg_source_open(p, &why)) != NULL) {
		if (is_library(&was))
			not_there(look, err);
		else if (library_fix(look, &fix, &why) && fix.n > 0) {
			err_set(err, ERR_CONFIG, NOT_ALLOWED);
			err_remedy(err, "%s", buf_cstr(&fix));
		} else
			mapped = false;
		pg_source_close(look);
	} else {
		mapped = false;
	}
	if (mapped)
		memcpy(err->sqlstate, was.sqlstate, sizeof(err->sqlstate));
	buf_done(&fix);
	return mapped;
}

/* ---- preflight ---- */

/* The values of these columns are null in JSON where they are NaN, unless the plugin can write them as strings. */
static void
nullable_numbers(const struct tableset *set, struct buf *names, size_t *ret_n)
{
	*ret_n = 0;
	for (uint32_t i = 0; i < set->n; i++)
		for (uint16_t k = 0; k < set->tables[i]->source->ncols; k++) {
			const struct column_desc *c = &set->tables[i]->source->cols[k];

			if (c->notnull || c->generated || (c->type.oid != 700 && c->type.oid != 701 && c->type.oid != 1700))
				continue;
			if ((*ret_n)++ < 3)
				buf_printf(names, "%s%s.%s.%s", *ret_n > 1 ? ", " : "", set->tables[i]->source_schema, set->tables[i]->source_name,
				    c->name);
		}
}

void
pg_wal2json_warn(const struct pg_wal2json *w)
{
	struct buf names = {.n = 0};
	size_t n;

	nullable_numbers(w->set, &names, &n);
	if (n > 0)
		log_warning("the source's wal2json is older than 2.6: a null in one of %zu columns (%s%s) will stop the task, as it may stand for NaN", n,
		    buf_cstr(&names), n > 3 ? ", ..." : "");
	buf_done(&names);
}

/* A slot of the moment: the server loads the library before it waits for anything. */
static bool
make_probe(struct pg_conn *c, struct err *err)
{
	char sql[128];
	PGresult *res;

	snprintf(sql, sizeof(sql), "CREATE_REPLICATION_SLOT repld_probe_%d TEMPORARY LOGICAL wal2json NOEXPORT_SNAPSHOT", (int)getpid());
	if ((res = pg_simple(c, sql, err)) == NULL)
		return false;
	PQclear(res);
	return true;
}

static bool
start_probe(struct pg_conn *c, struct err *err)
{
	char sql[160];
	PGresult *res;

	snprintf(sql, sizeof(sql), "START_REPLICATION SLOT repld_probe_%d LOGICAL 0/0 (\"format-version\" '2', \"numeric-data-types-as-string\" 'true')",
	    (int)getpid());
	if ((res = pg_simple(c, sql, err)) == NULL)
		return false;
	PQclear(res);
	return true;
}

/* What the server says of the library; whatever else keeps it from an answer is found by others. */
static void
probe(struct source *s, const struct tableset *set, struct findings *f)
{
	struct err err = ERR_INIT;
	struct buf names = {.n = 0};
	struct pg_conn *c = pg_conn_open(s->p.endpoint, PG_CONN_REPLICATION, s->p.task, "probe", s->p.stop, &err);
	size_t n;

	if (c == NULL)
		return;
	c->deadline_usec = PROBE_USEC;
	nullable_numbers(set, &names, &n);
	if (!make_probe(c, &err)) {
		if (is_library(&err) && !not_there(s, &err))
			finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", err.remedy, NOT_THERE);
	} else if (n > 0 && !start_probe(c, &err) && strcmp(err.sqlstate, "22023") == 0) {
		finding_add(f, FINDING_RISK, ERR_NONE, "", "install wal2json 2.6 or later on the source, or set plugin = \"pgoutput\"",
		    "the source's wal2json is older than 2.6: a null in one of %zu columns (%s%s) stops the task, as it may stand for NaN", n,
		    buf_cstr(&names), n > 3 ? ", ..." : "");
	}
	buf_done(&names);
	pg_conn_close(c);
}

/* Text comes in the database's own encoding, whatever the session asks for. */
static bool
check_encoding(struct source *s, struct findings *f, struct err *err)
{
	PGresult *res = pg_query(s->c, err, "SELECT current_setting('server_encoding')", 0, NULL);

	if (res == NULL)
		return err_ctx(err, "look at the source's encoding");
	if (strcmp(PQgetvalue(res, 0, 0), "UTF8") != 0 && strcmp(PQgetvalue(res, 0, 0), "SQL_ASCII") != 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", "set plugin = \"pgoutput\"",
		    "the source's database has the encoding %s: wal2json writes text as it is stored, and repld takes UTF-8 only", PQgetvalue(res, 0, 0));
	PQclear(res);
	return true;
}

bool
pg_wal2json_check(struct source *s, const struct tableset *set, bool needs_slot, struct findings *f, struct err *err)
{
	struct buf fix = {.n = 0};

	finding_add(f, FINDING_INFO, ERR_NONE, "", "",
	    "changes come through the output plugin wal2json: no publication is used, and a table is known by its name in the log: one that is renamed, "
	    "or made again under its name, is noticed within a minute");
	if (!check_encoding(s, f, err) || !library_fix(s, &fix, err)) {
		buf_done(&fix);
		return false;
	}
	if (fix.n > 0)
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, "", buf_cstr(&fix), NOT_ALLOWED);
	else if (needs_slot)
		probe(s, set, f);
	buf_done(&fix);
	return true;
}
