/* conversions.c - the cells of convert_cells.h on real servers: each value is written to a column of its own type and read again (the cell's text is what the
 * server prints), converted, written to a column of the target's type, read (it is what was meant), found there by its value where the column is
 * a key, and taken back home (it is what it was).
 *   conversions POSTGRESQL MYSQL MARIADB: folders of their sockets
 * Prints a line for each difference, and the numbers; exit 1 where there are differences. */
#include <libpq-fe.h>
#include <mysql.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cdc/float_text.h"
#include "cdc/value.h"
#include "endpoints/my_conn.h"
#include "endpoints/my_table_ddl.h"
#include "endpoints/pg_conn.h"
#include "endpoints/table_ddl.h"
#include "staging/typemap.h"

#define ck_abort_msg(...) die(__VA_ARGS__)
#define ck_assert_msg(ok, ...) ((ok) ? (void)0 : die(__VA_ARGS__))

static void die(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(2);
}

#include "test/unit/coltypes.h"
#include "test/unit/convert_cells.h"

enum server { POSTGRESQL, MYSQL_SERVER, MARIADB_SERVER };
static const char *const names[] = { "PostgreSQL", "MySQL", "MariaDB" };
static int versions[3];
static PGconn *pg;
static MYSQL *my[3];
static struct arena *arena;
static size_t cells, values, trips, keys, unfit, statements, differences;

/* ---- statements ---- */

/* What was wrong with it; NULL: nothing. In *ret (may be NULL) the first value, VALUE_NULL where there is none. */
static const char *
run_pg(const char *sql, struct value *ret)
{
	static char error[512];
	PGresult *res = PQexec(pg, sql);
	const ExecStatusType status = PQresultStatus(res);

	error[0] = '\0';
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		snprintf(error, sizeof(error), "%s", PQerrorMessage(pg));
	else if (ret != NULL && PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
		*ret = cell_bytes(VALUE_TEXT, PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
	PQclear(res);
	return error[0] != '\0' ? error : NULL;
}

static const char *
run_my(MYSQL *c, const char *sql, size_t n, struct value *ret)
{
	static char error[600];
	MYSQL_RES *res;
	MYSQL_ROW row;

	if (mysql_real_query(c, sql, n) != 0) {
		snprintf(error, sizeof(error), "%u %s", mysql_errno(c), mysql_error(c));
		return error;
	}
	if (mysql_warning_count(c) > 0 && strncmp(sql, "INSERT", 6) == 0) {
		mysql_query(c, "SHOW WARNINGS");
		res = mysql_store_result(c);
		row = mysql_fetch_row(res);
		snprintf(error, sizeof(error), "warning %s: %s", row[1], row[2]);
		mysql_free_result(res);
		return error;
	}
	if ((res = mysql_store_result(c)) == NULL)
		return NULL;
	row = mysql_fetch_row(res);
	if (ret != NULL && row != NULL && row[0] != NULL)
		*ret = cell_bytes(VALUE_TEXT, row[0], mysql_fetch_lengths(res)[0]);
	mysql_free_result(res);
	return NULL;
}

static const char *
run(enum server s, struct buf *sql, struct value *ret)
{
	const char *text = buf_cstr(sql);

	if (ret != NULL)
		ret->kind = VALUE_NULL;
	return s == POSTGRESQL ? run_pg(text, ret) : run_my(my[s], text, sql->n, ret);
}

static void
must(enum server s, const char *sql)
{
	struct buf b = { 0 };
	const char *error;

	buf_str(&b, sql);
	if ((error = run(s, &b, NULL)) != NULL)
		die("%s: %s: %s", names[s], sql, error);
	buf_done(&b);
}

/* ---- values as SQL, and out of results ---- */

static void
put_value(struct buf *sql, const struct coltype *t, const struct value *v)
{
	if (t->family == FAMILY_POSTGRESQL) {
		char *text = cell_text((const char *)v->p, v->len);

		if (v->kind == VALUE_BINARY) {
			buf_str(sql, "'\\x");
			for (uint32_t i = 0; i < v->len; i++)
				buf_printf(sql, "%02x", v->p[i]);
			buf_str(sql, "'");
		} else {
			pg_literal(sql, text);
		}
	} else if (v->kind == VALUE_BINARY) {
		my_hex(sql, v->p, v->len);
	} else {
		buf_str(sql, t->logical == LOGICAL_BIT ? "b" : "");
		my_literal_bytes(sql, v->p, v->len);
	}
}

static bool
is_raw(const struct coltype *t)
{
	return t->family == FAMILY_MYSQL && (t->logical == LOGICAL_BYTES || t->logical == LOGICAL_GEOMETRY || t->logical == LOGICAL_VECTOR);
}

/* The forms in which values come from a server, as cdc/type.h has them. */
static struct value
as_read(const struct coltype *t, const struct value *v)
{
	char text[80];
	size_t n = 0;

	if (v->kind != VALUE_TEXT || t->family == FAMILY_POSTGRESQL)
		return *v;
	if (is_raw(t))
		return cell_bytes(VALUE_BINARY, v->p, v->len);
	if (t->logical == LOGICAL_BIT) {
		for (uint32_t i = t->length; i > 0; i--)
			text[n++] = (char)('0' + (v->p[v->len - 1 - (i - 1) / 8] >> (i - 1) % 8 & 1));
		return cell_bytes(VALUE_TEXT, text, n);
	}
	if (t->logical == LOGICAL_F32 || t->logical == LOGICAL_F64) {
		const double d = strtod((const char *)v->p, NULL);

		n = t->logical == LOGICAL_F32 ? float_text((float)d, text) : double_text(d, text);
		return cell_bytes(VALUE_TEXT, text, n);
	}
	return *v;
}

static bool
same_json(const struct value *a, const struct value *b)
{
	struct value v = { .kind = VALUE_NULL };
	struct buf sql = { 0 };
	const struct coltype text = { .family = FAMILY_POSTGRESQL };

	buf_str(&sql, "SELECT ");
	put_value(&sql, &text, a);
	buf_str(&sql, "::jsonb = ");
	put_value(&sql, &text, b);
	buf_str(&sql, "::jsonb");
	run(POSTGRESQL, &sql, &v);
	buf_done(&sql);
	return v.kind == VALUE_TEXT && v.p[0] == 't';
}

static bool
same_number(const struct value *a, const struct value *b, bool narrow)
{
	if (a->kind != VALUE_TEXT || b->kind != VALUE_TEXT)
		return false;
	if (narrow)
		return strtof((const char *)a->p, NULL) == strtof((const char *)b->p, NULL);
	return strtod((const char *)a->p, NULL) == strtod((const char *)b->p, NULL);
}

/* The server prints what was written: in its own spelling of floats and JSON, in bytes else. */
static bool
is_meant(const struct coltype *t, const struct value *got, const struct value *written)
{
	const struct type_facts f = typemap_read(t);
	const struct value want = t->family == FAMILY_MYSQL ? my_prints(t, written) : pg_prints(t, written);
	char hex[2000];
	size_t n = 2;

	if (value_same(got, &want))
		return true;
	if (f.class == CLASS_FLOAT)
		return same_number(got, &want, f.kind == PG_FLOAT4 || f.kind == MY_FLOAT);
	if (f.kind == PG_JSONB || f.kind == MY_JSON)
		return got->kind == VALUE_TEXT && same_json(got, &want);
	if (f.class == CLASS_INT || (f.class == CLASS_DECIMAL && t->family == FAMILY_POSTGRESQL))	/* 0000, 1.5 in numeric(8,2) */
		return same_number(got, &want, false);
	if (f.kind == PG_UUID && want.len == 32)	/* without hyphens */
		return got->len == 36;
	if (f.kind == PG_UUID || f.kind == PG_GEOMETRY || f.kind == MY_UUID)
		return got->len == want.len && strncasecmp((const char *)got->p, (const char *)want.p, want.len) == 0;
	if (f.kind == PG_ARRAY || f.class == CLASS_FOREIGN || f.class == CLASS_INTERVAL || f.kind == PG_UUID)
		return got->kind == VALUE_TEXT;		/* PostgreSQL has read it; the way back says whether it is the same */
	if (f.kind == PG_BYTEA && written->kind == VALUE_BINARY && written->len < 900) {
		memcpy(hex, "\\x", 2);
		for (uint32_t i = 0; i < written->len; i++)
			n += (size_t)snprintf(hex + n, sizeof(hex) - n, "%02x", written->p[i]);
		return got->len == n && memcmp(got->p, hex, n) == 0;
	}
	return f.kind == PG_BYTEA && got->len == want.len && strncasecmp((const char *)got->p, (const char *)want.p, want.len) == 0;
}

/* ---- one pair of types ---- */

static void
differ(const char *what, const struct row *r, const struct coltype *t, const char *in, const struct value *got, const char *error)
{
	differences++;
	printf("%s: %s to %s (%s), cell \"%s\": %.*s %s\n", what, r->from, r->to != NULL ? r->to : "the made type", t->name, in,
	    got != NULL && got->kind >= VALUE_TEXT ? (int)got->len : 0, got != NULL && got->kind >= VALUE_TEXT ? (const char *)got->p : "",
	    error != NULL ? error : "");
}

static struct convert_target
target_on(enum server s, bool in_key)
{
	return (struct convert_target){ .family = s == POSTGRESQL ? FAMILY_POSTGRESQL : FAMILY_MYSQL, .mariadb = s == MARIADB_SERVER,
		.version = versions[s], .in_key = in_key };
}

static bool
make_table(enum server s, const char *name, const char *type, const char *key)
{
	struct buf sql = { 0 };
	const char *error;

	buf_printf(&sql, "DROP TABLE IF EXISTS %s", name);
	run(s, &sql, NULL);
	buf_reset(&sql);
	buf_printf(&sql, "CREATE TABLE %s (v %s%s)%s", name, type, key, s == POSTGRESQL ? "" : " ENGINE=InnoDB");
	if ((error = run(s, &sql, NULL)) != NULL && key[0] == '\0') {
		printf("%s: %s: %s\n", names[s], buf_cstr(&sql), error);
		differences++;
	}
	buf_done(&sql);
	return error == NULL;
}

/* Writes a value as the only row of a table, and reads it. */
static const char *
write_read(enum server s, const char *table, const struct coltype *t, const struct value *v, struct value *ret)
{
	const bool is_float = t->family == FAMILY_MYSQL && t->logical == LOGICAL_F32;
	struct buf sql = { 0 };
	const char *error;

	buf_printf(&sql, s == POSTGRESQL ? "TRUNCATE %s" : "DELETE FROM %s", table);
	run(s, &sql, NULL);
	buf_reset(&sql);
	buf_printf(&sql, "INSERT INTO %s VALUES (", table);
	put_value(&sql, t, v);
	buf_str(&sql, ")");
	error = run(s, &sql, NULL);
	buf_reset(&sql);
	buf_printf(&sql, is_float ? "SELECT CAST(v AS DOUBLE) FROM %s" : "SELECT v FROM %s", table);
	if (error == NULL && (error = run(s, &sql, ret)) == NULL)
		*ret = as_read(t, ret);
	buf_done(&sql);
	return error;
}

static bool
convert_one(const struct coltype *from, const struct coltype *to, enum value_policy policy, const struct value *in, struct value *ret)
{
	const struct convert_options options = { .unrepresentable = policy };
	const struct convert *c = NULL;
	struct err err = ERR_INIT;
	bool changed = false;

	if (!convert_choose(from, to, false, &options, arena, &c, &err))
		die("%s", err.msg);
	*ret = *in;
	return c == NULL || convert_value(c, in, arena, ret, &changed, &err);
}

/* The value is found by itself, and no other row is. */
static void
check_key(const struct row *r, enum server s, const struct coltype *t, const char *in, const struct value *v)
{
	struct value found = { .kind = VALUE_NULL };
	struct buf sql = { 0 };
	const char *error;

	buf_str(&sql, "INSERT INTO keyed VALUES (");
	put_value(&sql, t, v);
	buf_str(&sql, ")");
	error = run(s, &sql, NULL);
	buf_reset(&sql);
	buf_str(&sql, "SELECT count(*) FROM keyed WHERE v = ");
	put_value(&sql, t, v);
	if (error == NULL)
		error = run(s, &sql, &found);
	keys++;
	if (error != NULL || found.kind != VALUE_TEXT || found.len != 1 || found.p[0] != '1')
		differ("key", r, t, in, &found, error);
	buf_done(&sql);
}

static bool
has_key(const struct coltype *from, enum server s, struct coltype *ret)
{
	const struct convert_target target = target_on(s, true);
	const struct convert_options options = { 0 };
	const struct type_facts f = typemap_read(from);
	struct buf name = { 0 };
	struct err err = ERR_INIT;
	bool ok;

	if (f.class == CLASS_FLOAT || f.class == CLASS_JSON || f.class == CLASS_GEOMETRY || f.class == CLASS_VECTOR ||
	    !typemap_make(from, &target, &options, arena, ret, &err))
		return false;
	ok = convert_type_name(from, &target, &options, &name, &err) && make_table(s, "keyed", buf_cstr(&name), " PRIMARY KEY");
	buf_done(&name);
	return ok;
}

/* What cells have to offer beyond what a server lets in: other versions do, or servers with other settings. */
static bool
is_strange(const char *in)
{
	static const char *const words[] = { "2023-13-01", "2106-", "-178956970", "infinity", "\\ud800", "3.4028235e38", "0x0000807f", "-0.00", ",,," };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(in, words[i]) != NULL)
			return true;
	return strcmp(in, "0x") == 0;
}

static void
check_cell(const struct row *r, enum server home, const struct coltype *from, enum server away, const struct coltype *to, const struct coltype *keyed,
    const struct cell *cell)
{
	const struct value in = cell_value(cell->in);
	struct value printed, out, there, back, again;
	const char *error = write_read(home, "home", from, &in, &printed);

	cells++;
	if (error != NULL) {
		unfit++;
		if (!is_strange(cell->in) && from->logical != LOGICAL_JSON && from->logical != LOGICAL_ENUM && from->logical != LOGICAL_ARRAY)
			differ("home", r, from, cell->in, NULL, error);
		return;
	}
	if (!is_meant(from, &printed, &in) && !is_strange(cell->in) && from->logical != LOGICAL_OTHER)
		differ("home", r, from, cell->in, &printed, "is printed");
	if (!convert_one(from, to, VALUES_CLAMP, &printed, &out)) {
		if (cell->want != NULL)
			differ("conversion", r, to, cell->in, &printed, "has no form");
		return;
	}
	error = write_read(away, "away", to, &out, &there);
	values++;
	if (error != NULL && strstr(error, "too long") != NULL)		/* the target's own */
		return;
	if (error != NULL || !is_meant(to, &there, &out)) {
		differ("away", r, to, cell->in, error == NULL ? &there : &out, error);
		return;
	}
	if (!cell->form || r->to != NULL)
		return;
	if (keyed != NULL)
		check_key(r, away, keyed, cell->in, &out);
	if (!convert_one(to, from, VALUES_ERROR, &there, &back)) {
		if (strstr(cell->in, "2106-") == NULL)
			differ("way back", r, to, cell->in, &there, "has no form at home");
		return;
	}
	error = write_read(home, "home", from, &back, &again);
	trips++;
	if (error != NULL || !value_same(&again, &printed))
		if (error != NULL || ((from->logical != LOGICAL_JSON || !same_json(&again, &printed)) && (away != MARIADB_SERVER || strcmp(cell->in, "-0") != 0)))
			differ("way back", r, from, cell->in, error == NULL ? &again : &back, error);
}

static enum server
server_of(const char *type)
{
	return strncmp(type, "pg ", 3) == 0 ? POSTGRESQL : strncmp(type, "my ", 3) == 0 ? MYSQL_SERVER : MARIADB_SERVER;
}

/* Types that the servers of this test do not have. */
static bool
is_missing(const char *type)
{
	return type != NULL && (strncmp(type, "pg public.geometry", 18) == 0 || strncmp(type, "pg public.vector", 16) == 0 ||
	    strncmp(type, "pg public.hstore", 16) == 0 || strcmp(type, "maria inet4") == 0);
}

static void
check_row(const struct row *r, enum server away)
{
	const struct convert_options options = { 0 };
	const struct coltype from = coltype_of(r->from);
	const enum server home = server_of(r->from);
	const struct convert_target target = target_on(away, false);
	struct coltype to, keyed;
	struct buf name = { 0 }, type = { 0 };
	struct err err = ERR_INIT;
	struct cell cell;
	bool made = r->to == NULL || strcmp(r->to, "maria") == 0, key;

	arena_reset(arena);
	if (made) {
		if (!typemap_make(&from, &target, &options, arena, &to, &err) || !convert_type_name(&from, &target, &options, &name, &err))
			die("%s", err.msg);
	} else {
		to = coltype_of(r->to);
		buf_str(&name, to.name);
		if (to.family == FAMILY_MYSQL && to.logical == LOGICAL_TEXT)
			buf_str(&name, " CHARACTER SET utf8mb4");
	}
	key = made && has_key(&from, away, &keyed);
	buf_str(&type, from.name);
	if (from.family == FAMILY_MYSQL && (from.logical == LOGICAL_ENUM || from.logical == LOGICAL_SET || from.logical == LOGICAL_TEXT))
		buf_str(&type, " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
	if (make_table(home, "home", buf_cstr(&type), "") && make_table(away, "away", buf_cstr(&name), ""))
		for (const char *p = r->values; cell_next(&p, &cell);)
			check_cell(r, home, &from, away, &to, key ? &keyed : NULL, &cell);
	buf_done(&name);
	buf_done(&type);
}

static void
check_rows(const struct row *rows, size_t n, enum server made_on)
{
	for (size_t i = 0; i < n; i++) {
		const char *to = rows[i].to;

		if (!is_missing(rows[i].from) && !is_missing(to))
			check_row(&rows[i], to == NULL ? made_on : strcmp(to, "maria") == 0 ? MARIADB_SERVER : server_of(to));
	}
	printf("%zu cells so far\n", cells);
}

#define CHECK(rows, made_on) check_rows(rows, sizeof(rows) / sizeof((rows)[0]), made_on)

/* ---- made tables ---- */

#define MAX_COLS 80

static void
run_ddl(enum server s, struct buf *ddl)
{
	char *text = cell_text(buf_cstr(ddl), ddl->n), *end;

	for (char *p = text; (end = strstr(p, ";\n")) != NULL; p = end + 2) {
		struct buf one = { 0 };
		const char *error;

		*end = '\0';
		buf_str(&one, p);
		if ((error = run(s, &one, NULL)) != NULL) {
			printf("DDL on %s: %s: %s\n", names[s], p, error);
			differences++;
		}
		buf_done(&one);
		statements++;
	}
}

/* A table with a column of each type, a key over two of them, a unique index over a text, and one over each column that takes one. */
static void
make_all(const struct row *rows, size_t n, enum server away)
{
	static const uint16_t key[] = { 0, 1 };
	static char col_names[MAX_COLS][8];
	static uint16_t places[MAX_COLS];
	struct column_desc cols[MAX_COLS] = { 0 };
	struct index_desc indexes[MAX_COLS] = { 0 };
	struct table_desc d = { .schema = "app", .name = "made", .cols = cols, .indexes = indexes };
	struct table t = { .source = &d, .source_schema = "app", .source_name = "made", .target_schema = away == POSTGRESQL ? "public" : "app",
		.target_name = "Made \"it\" `so`", .source_family = strncmp(rows[0].from, "pg ", 3) == 0 ? FAMILY_POSTGRESQL : FAMILY_MYSQL,
		.target_family = away == POSTGRESQL ? FAMILY_POSTGRESQL : FAMILY_MYSQL };
	const struct convert_target target = target_on(away, false);
	struct err err = ERR_INIT;
	struct buf ddl = { 0 };

	for (size_t i = 0; i < n && d.ncols < MAX_COLS - 1; i++) {
		if (is_missing(rows[i].from) || (i > 0 && strcmp(rows[i].from, rows[i - 1].from) == 0))
			continue;
		snprintf(col_names[d.ncols], 8, "c%u", d.ncols);
		places[d.ncols] = d.ncols;
		cols[d.ncols] = (struct column_desc){ .name = col_names[d.ncols], .type = coltype_of(rows[i].from), .notnull = d.ncols < 2 };
		indexes[d.ncols + 1] = (struct index_desc){ .name = col_names[d.ncols], .unique = d.ncols % 3 == 0, .immediate = true, .ncols = 1,
			.cols = &places[d.ncols] };
		d.ncols++;
	}
	d.nindexes = d.ncols + 1;
	indexes[0] = (struct index_desc){ .name = "PRIMARY", .primary = true, .unique = true, .immediate = true, .ncols = 2, .cols = key };
	if (away == POSTGRESQL) {
		pg_table_ddl(&ddl, &t);
		pg_index_ddl(&ddl, &t);
	} else if (!my_table_ddl(&ddl, &t, &target, &err) || !my_index_ddl(&ddl, &t, &target, &err)) {
		die("DDL for %s: %s", names[away], err.msg);
	}
	run_ddl(away, &ddl);
	buf_reset(&ddl);
	buf_str(&ddl, away == POSTGRESQL ? "DROP TABLE public.\"Made \"\"it\"\" `so`\"" : "DROP TABLE `Made \"it\" ``so```");
	run(away, &ddl, NULL);
	buf_done(&ddl);
}

#define MAKE(rows, away) make_all(rows, sizeof(rows) / sizeof((rows)[0]), away)

/* ---- the servers ---- */

static void
connect_my(enum server s, const char *folder)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/sock", folder);
	if ((my[s] = mysql_init(NULL)) == NULL || mysql_options(my[s], MYSQL_SET_CHARSET_NAME, "utf8mb4") != 0 ||
	    mysql_real_connect(my[s], NULL, "root", NULL, "app", 0, path, 0) == NULL)
		die("%s: %s", names[s], my[s] != NULL ? mysql_error(my[s]) : "no memory");
	versions[s] = (int)mysql_get_server_version(my[s]);
	must(s, "SET NAMES utf8mb4 COLLATE utf8mb4_bin");
	must(s, "SET time_zone = '+00:00'");
	must(s, "SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'");
}

int
main(int argc, char **argv)
{
	const char *keys_of_pg[] = { "host", "user", "dbname", "options", NULL };
	const char *values_of_pg[] = { argc > 1 ? argv[1] : "", "postgres", "app", "-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC"
		" -c bytea_output=hex -c extra_float_digits=1 -c client_min_messages=error -c lc_monetary=C", NULL };

	if (argc != 4)
		die("usage: conversions POSTGRESQL MYSQL MARIADB");
	arena = arena_new(1 << 16, 0);
	pg = PQconnectdbParams(keys_of_pg, values_of_pg, 0);
	if (arena == NULL || PQstatus(pg) != CONNECTION_OK)
		die("PostgreSQL: %s", PQerrorMessage(pg));
	versions[POSTGRESQL] = PQserverVersion(pg);
	must(POSTGRESQL, "CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy', '')");
	must(POSTGRESQL, "CREATE TYPE public.pair AS (a int, b text)");
	connect_my(MYSQL_SERVER, argv[2]);
	connect_my(MARIADB_SERVER, argv[3]);
	MAKE(mysql_rows, POSTGRESQL);
	MAKE(mysql_rows, MYSQL_SERVER);
	MAKE(mysql_rows, MARIADB_SERVER);
	MAKE(postgresql_rows, MYSQL_SERVER);
	MAKE(postgresql_rows, MARIADB_SERVER);
	printf("%zu statements of DDL\n", statements);
	CHECK(mysql_rows, POSTGRESQL);
	CHECK(postgresql_rows, MYSQL_SERVER);
	CHECK(postgresql_rows, MARIADB_SERVER);
	CHECK(pairs_to_postgresql, POSTGRESQL);
	CHECK(pairs_to_mysql, MYSQL_SERVER);
	CHECK(pairs_within_mysql, MYSQL_SERVER);
	printf("%zu cells: %zu values written and read, %zu found as keys, %zu taken back, %zu that their server lets nobody write; %zu differences\n", cells, values, keys,
	    trips, unfit, differences);
	return differences > 0;
}
