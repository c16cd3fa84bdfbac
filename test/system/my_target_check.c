/* my_target_check.c - drives the operations of a MySQL or MariaDB target against a real server, with batches made by hand: my_target_check SOCKET USER.
 * Databases app (target) and app_src (what the source's tables look like) are made anew; the user may do everything. Says nothing where all is well;
 * else the first thing that is not, and ends with 1. Threads: one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cdc/change.h"
#include "daemon/base/log.h"
#include "endpoints/my_catalog.h"
#include "endpoints/my_target.h"
#include "staging/batch.h"

static struct endpoint ep = { .name = "dw", .kind = ENDPOINT_MYSQL };
static struct stop stop;
static struct err err;
static struct arena *arena;
static struct my_conn *sql; /* what a person would ask */
static const struct target_ops *ops = &my_target_ops;
static const char *doing = "begin";

#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			die(__LINE__, #x);                                                         \
	} while (0)

static void
die(int line, const char *what)
{
	fprintf(stderr, "line %d, %s: %s is not true (%s: %s [%s]; %s)\n", line, doing, what,
	    err_kind_name(err.kind), err.msg, err.sqlstate, err.remedy);
	exit(1);
}

static void
step(const char *what)
{
	doing = what;
	err_clear(&err);
}

static void
run(const char *text)
{
	err_clear(&err);
	if (!my_exec(sql, &err, text))
		die(__LINE__, text);
}

/* All rows of a query: columns with |, rows with a blank. */
static const char *
rows(const char *query)
{
	static char out[8192];
	struct my_rows r;
	size_t n = 0;

	out[0] = '\0';
	if (!my_query(sql, &r, &err, query, 0, NULL))
		die(__LINE__, query);
	while (my_next(&r))
		for (unsigned i = 0; i < r.ncols; i++)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
			    i > 0   ? "|"
			    : n > 0 ? " "
				    : "",
			    my_is_null(&r, i) ? "~" : my_text(&r, i));
	my_rows_done(&r);
	return out;
}

static void
is(int line, const char *query, const char *want)
{
	const char *got = rows(query);

	if (strcmp(got, want) == 0)
		return;
	fprintf(
	    stderr, "line %d, %s: %s\n  is     %s\n  not as %s\n", line, doing, query, got, want);
	exit(1);
}
#define IS(query, want) is(__LINE__, query, want)

/* The server shows a session a moment longer than it lives. */
static void
soon(int line, const char *query, const char *want)
{
	for (int i = 0; i < 100 && strcmp(rows(query), want) != 0; i++)
		usleep(50000);
	is(line, query, want);
}
#define SOON(query, want) soon(__LINE__, query, want)

/* ---- tables and changes ---- */

struct tab {
	struct table table;
	const struct relation *rel;
	struct plan *plan;
};

static struct tab *
look(const char *name)
{
	struct tab *t = xzalloc(sizeof(*t));

	t->table = (struct table){ .source_schema = "app_src",
		.source_name = name,
		.target_schema = "app",
		.target_name = name,
		.source_family = FAMILY_MYSQL,
		.target_family = FAMILY_MYSQL };
	MUST(my_describe(sql, "app_src", name, arena, &t->table.source, &err));
	MUST(my_describe(sql, "app", name, arena, &t->table.target, &err));
	MUST(t->table.source != NULL && t->table.target != NULL);
	t->rel = relation_from_desc(t->table.source, &t->table, arena, &err);
	MUST(t->rel != NULL);
	t->plan = plan_new(t->rel, &t->table, &err);
	MUST(t->plan != NULL);
	return t;
}

static void
leave(struct target *target, struct tab *t)
{
	ops->forget(target, t->plan);
	plan_free(t->plan);
	free(t);
}

static char *
text_of(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

/* "1|~|-|text|x6162": NULL, absent, text, bytes. */
static void
values(const char *text, struct value *vals, uint16_t n)
{
	char *copy = arena_strdup(arena, text), *p = copy;

	for (uint16_t i = 0; i < n; i++) {
		char *end = p + strcspn(p, "|");

		*end = '\0';
		if (strcmp(p, "~") == 0) {
			vals[i].kind = VALUE_NULL;
		} else if (strcmp(p, "-") == 0) {
			vals[i].kind = VALUE_ABSENT;
		} else if (p[0] == 'x') {
			uint8_t *bytes = arena_alloc(arena, strlen(p) / 2 + 1);
			unsigned v;

			vals[i] = (struct value){ .kind = VALUE_BINARY, .p = bytes };
			for (p++; sscanf(p, "%2x", &v) == 1; p += 2)
				bytes[vals[i].len++] = (uint8_t)v;
		} else {
			vals[i] = (struct value){ .kind = VALUE_TEXT,
				.p = (const uint8_t *)p,
				.len = (uint32_t)(end - p) };
		}
		p = end + 1;
	}
}

static const struct change *
change(const struct tab *t, enum change_kind kind, const char *new_text, const char *old_text)
{
	const uint16_t n = t->rel->ncols;
	struct change *c = arena_zalloc(arena, sizeof(*c) + 2u * n * sizeof(struct value));

	c->kind = (uint8_t)kind;
	c->rel = t->rel;
	c->nnew = new_text != NULL ? n : 0;
	c->nold = old_text != NULL ? n : 0;
	c->old = (uint8_t)(old_text == NULL			   ? OLD_NONE
			   : strchr(old_text, '-') == old_text + 2 ? OLD_KEY
								   : OLD_FULL);
	c->size = (uint32_t)(sizeof(*c) + (c->nnew + c->nold) * sizeof(struct value));
	if (new_text != NULL)
		values(new_text, change_new_values(c), n);
	if (old_text != NULL)
		values(old_text, change_old_values(c), n);
	return c;
}

static struct batch *batch;
static struct checkpoint cp;
static uint64_t lsn = 100;

static void
add(const struct tab *t, enum change_kind kind, const char *new_text, const char *old_text)
{
	if (!batch_add(batch, t->plan, change(t, kind, new_text, old_text), &err))
		die(__LINE__, new_text != NULL ? new_text : old_text);
}

static bool
write_batch(struct target *target, enum batch_mode mode)
{
	const struct step *steps;
	size_t n;
	bool ok;

	MUST(batch_finish(batch, &steps, &n, &err));
	ok = ops->begin(target, &err) && ops->write(target, steps, n, mode, &err);
	return ok;
}

static bool
commit(struct target *target, bool *ret_unknown)
{
	uint64_t token;

	cp.position = position_at(POSITION_LSN, ++lsn);
	return ops->commit(target, &cp, NULL, 0, &token, ret_unknown, &err);
}

static void
apply(struct target *target, enum batch_mode mode)
{
	bool unknown;

	MUST(write_batch(target, mode));
	MUST(commit(target, &unknown));
	batch_reset(batch, mode);
}

/* The batch fails: its error stays in err. */
static void
refuse(struct target *target, enum batch_mode mode)
{
	struct err why;

	MUST(!write_batch(target, mode));
	why = err;
	MUST(ops->rollback(target, &err));
	batch_reset(batch, mode);
	err = why;
}

/* ---- the world ---- */

/* One of the list in this database. MySQL 5.6 has no JSON. */
static void
make_table(const char *database, const char *text)
{
	const char *json = strstr(text, "j json"), *at = strstr(text, "%s");
	const bool no_json = json != NULL && !my_conn_at_least(sql, 50708, 1);

	run(arena_printf(arena, "USE %s", database));
	if (no_json)
		run(arena_printf(arena, "%.*s%s%.*sj text%s", (int)(at - text), text, database,
		    (int)(json - at - 2), at + 2, json + strlen("j json")));
	else
		run(arena_printf(arena, "%.*s%s%s", (int)(at - text), text, database, at + 2));
}

static void
make_tables(void)
{
	static const char *const both[] = {
		"CREATE TABLE %s.keyed (id bigint PRIMARY KEY, a varchar(20), u int UNIQUE, big "
		"longtext, f float, b bit(10)) ENGINE=InnoDB",
		"CREATE TABLE %s.pairs (a int NOT NULL, s varchar(20) NOT NULL, v text, PRIMARY "
		"KEY (a, s)) ENGINE=InnoDB",
		"CREATE TABLE %s.whole (id bigint unsigned PRIMARY KEY, i tinyint, d "
		"decimal(20,5), f float, g double, c char(5), v varchar(40), b binary(4),"
		" w varbinary(40), t longtext, y longblob, dt date, ti time(3), da datetime(6), ts "
		"timestamp(6) NULL, ye year, bt bit(12),"
		" e enum('red','green'), s set('x','y','z'), j json, g2 geometry) ENGINE=InnoDB",
		"CREATE TABLE %s.keyless (i int, f float, g double, d decimal(10,3), t text, c "
		"char(5), b varbinary(10), da datetime(3), bt bit(5),"
		" e enum('red','green'), j json) ENGINE=InnoDB",
		"CREATE TABLE %s.dates (d date, da datetime(3), v int, PRIMARY KEY (d, da)) "
		"ENGINE=InnoDB",
		"CREATE TABLE %s.bytes (k binary(16) PRIMARY KEY, v int) ENGINE=InnoDB",
		"CREATE TABLE %s.floats (k double PRIMARY KEY, v int) ENGINE=InnoDB",
		"CREATE TABLE %s.narrow (id int PRIMARY KEY, v varchar(3) NOT NULL) ENGINE=InnoDB",
		"CREATE TABLE %s.scaled (id int PRIMARY KEY, d decimal(5,2)) ENGINE=InnoDB",
		"CREATE TABLE %s.parent (id int PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE %s.child (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES "
		"parent (id) ON DELETE CASCADE) ENGINE=InnoDB",
		"CREATE TABLE %s.fired (id int PRIMARY KEY) ENGINE=InnoDB",
	};

	run("DROP DATABASE IF EXISTS app_src");
	run("DROP DATABASE IF EXISTS app");
	run("DROP DATABASE IF EXISTS repld");
	run("CREATE DATABASE app_src CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
	run("CREATE DATABASE app CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		make_table("app_src", both[i]);
		make_table("app", both[i]);
	}
	run("ALTER TABLE app.keyed ADD COLUMN extra int DEFAULT 7, ADD COLUMN noted varchar(20) "
	    "NOT NULL DEFAULT 'n'");
	run("CREATE TRIGGER app.fires BEFORE INSERT ON app.fired FOR EACH ROW SET NEW.id = NEW.id "
	    "+ 1");
}

static struct target *
open_target(const char *purpose)
{
	const struct target_params p = {
		.endpoint = &ep, .task = "orders", .purpose = purpose, .stop = &stop
	};
	struct target *t = ops->open(&p, &err);

	MUST(t != NULL);
	return t;
}

/* ---- the proofs ---- */

static struct target *guard, *apply_target;

static void
prove_ownership(void)
{
	struct target *other;
	struct owner owner;
	struct target_remains remains;
	struct task_rows tasks;

	step("install and own");
	guard = open_target("guard");
	MUST(ops->own(guard, &owner, &err));
	MUST(ops->install(guard, &err) && ops->install(guard, &err));
	other = open_target("guard");
	MUST(!ops->own(other, &owner, &err) && err.kind == ERR_NONE && owner.host[0] != '\0');
	apply_target = open_target("apply");
	cp = (struct checkpoint){ 0 };
	MUST(ops->learn(apply_target, true, &cp, &err));
	MUST(!cp.exists && cp.epoch > 1000000 && cp.conn == 1);
	snprintf(cp.source.kind, sizeof(cp.source.kind), "postgresql");
	snprintf(cp.source.id, sizeof(cp.source.id), "4711");
	snprintf(cp.source.slot, sizeof(cp.source.slot), "it's \\ a slot");
	cp.position = position_at(POSITION_LSN, lsn);
	MUST(ops->save_source(apply_target, &cp, &err));
	MUST(!ops->own(other, &owner, &err) && err.kind == ERR_NONE && owner.pid == getpid() &&
	     owner.since.v > 0);
	MUST(ops->look(other, &remains, &err));
	MUST(remains.installed && remains.checkpoint && remains.owned &&
	     strcmp(remains.cp.source.slot, "it's \\ a slot") == 0 && remains.cp.edited[0] == '\0');
	MUST(ops->list_tasks(other, &tasks, &err));
	MUST(tasks.n == 1 && tasks.rows[0].owned && strcmp(tasks.rows[0].task, "orders") == 0);
	task_rows_done(&tasks);
	MUST(ops->ping(guard, &err));
	MUST(my_unlock(guard, "repld:orders", &err));
	MUST(!ops->ping(guard, &err) && err.kind == ERR_RETRY);
	MUST(ops->own(guard, &owner, &err) && ops->ping(guard, &err));

	step("a statement left behind does not go on");
	other->c->deadline_usec = 200000;
	MUST(!my_exec(other->c, &err, "SELECT SLEEP(60)") && err.kind == ERR_RETRY);
	ops->close(other);
	SOON("SELECT count(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'",
	    "0");
	other = open_target("guard");
	ops->close(other);
	IS("SELECT @@global.wait_timeout > 30", "1");
}

static void
prove_writes(void)
{
	struct tab *t = look("keyed");
	uint64_t flushed;

	step("inserts, updates and deletes by key");
	batch_reset(batch, BATCH_NET);
	for (int i = 1; i <= 2500; i++)
		add(t, CHANGE_INSERT,
		    arena_printf(arena, "%d|it's \\ %d|%d|big %d|0.1|0000000101", i, i, i, i),
		    NULL);
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*), sum(id), sum(u), min(extra), max(b + 0), min(a) FROM app.keyed",
	    "2500|3126250|3126250|7|5|it's \\ 1");
	for (int i = 1; i <= 1200; i++)
		add(t, CHANGE_UPDATE, arena_printf(arena, "%d|new %d|-|-|-|-", i, i), NULL);
	for (int i = 1201; i <= 1210; i++)
		add(t, CHANGE_UPDATE,
		    arena_printf(arena, "%d|%s|%d|~|1.5|1111111111", i, i % 2 ? "~" : "y'$1", i),
		    NULL);
	for (int i = 1300; i < 2500; i++)
		add(t, CHANGE_DELETE, NULL, arena_printf(arena, "%d|-|-|-|-|-", i));
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*), sum(a LIKE 'new %'), sum(u) FROM app.keyed", "1300|1200|846850");
	IS("SELECT a, big, f, b + 0 FROM app.keyed WHERE id = 1202", "y'$1|~|1.5|1023");
	IS("SELECT a, u FROM app.keyed WHERE id = 1201", "~|1201");
	MUST(ops->flushed(apply_target, &flushed, &err) && flushed > 0);

	step("an update that changes nothing finds its row all the same");
	for (int i = 1; i <= 30; i++)
		add(t, CHANGE_UPDATE, arena_printf(arena, "%d|new %d|-|-|-|-", i, i), NULL);
	apply(apply_target, BATCH_NET);

	step("keys swap, and what a change does not bring stays");
	run("UPDATE app.keyed SET extra = id, noted = concat('n', id), f = 16777216.5, b = "
	    "b'0000000111' WHERE id <= 3");
	add(t, CHANGE_UPDATE, "99999|new 1|-|-|-|-", "1|-|-|-|-|-");
	add(t, CHANGE_UPDATE, "1|new 2|-|-|-|-", "2|-|-|-|-|-");
	add(t, CHANGE_UPDATE, "2|new 1|-|-|-|-", "99999|-|-|-|-|-");
	apply(apply_target, BATCH_NET);
	IS("SELECT id, a, u, big, extra, noted, b + 0, f + 0e0 FROM app.keyed WHERE id <= 2 ORDER "
	   "BY id",
	    "1|new 2|2|big 2|2|n2|7|16777216 2|new 1|1|big 1|1|n1|7|16777216");
	leave(apply_target, t);
}

static void
prove_unique(void)
{
	struct tab *t = look("keyed");

	step("unique values swap");
	run("DELETE FROM app.keyed");
	batch_reset(batch, BATCH_NET);
	for (int i = 1; i <= 3; i++)
		add(t, CHANGE_INSERT, arena_printf(arena, "%d|a|%d|b|0|0000000000", i, i), NULL);
	apply(apply_target, BATCH_NET);
	for (int round = 0; round < 2; round++) {
		add(t, CHANGE_UPDATE, "1|a|~|-|-|-", NULL);
		add(t, CHANGE_UPDATE, "2|a|1|-|-|-", NULL);
		add(t, CHANGE_UPDATE, "1|a|2|-|-|-", NULL);
		if (round == 0) {
			refuse(apply_target, BATCH_NET);
			MUST(err.kind == ERR_DATA && strcmp(err.sqlstate, "23505") == 0);
			MUST(strstr(err.msg, "app.keyed") != NULL &&
			     strstr(err.msg, "for key") != NULL);
			batch_reset(batch, BATCH_CAREFUL);
		} else {
			apply(apply_target, BATCH_CAREFUL);
		}
	}
	IS("SELECT id, u, big FROM app.keyed ORDER BY id", "1|2|b 2|1|b 3|3|b");
	leave(apply_target, t);
}

static void
prove_keys(void)
{
	struct tab *t = look("pairs");

	step("keys of two columns");
	batch_reset(batch, BATCH_NET);
	for (int i = 0; i < 1500; i++)
		add(t, CHANGE_INSERT, arena_printf(arena, "%d|k%d|v%d", i % 10, i, i), NULL);
	apply(apply_target, BATCH_NET);
	for (int i = 0; i < 700; i++)
		add(t, CHANGE_UPDATE, arena_printf(arena, "%d|k%d|w%d", i % 10, i, i), NULL);
	for (int i = 700; i < 1400; i++)
		add(t, CHANGE_DELETE, NULL, arena_printf(arena, "%d|k%d|-", i % 10, i));
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*), sum(v LIKE 'w%') FROM app.pairs", "800|700");
	leave(apply_target, t);

	step("keys that are dates, bytes and floating");
	t = look("dates");
	for (int i = 10; i < 40; i++)
		add(t, CHANGE_INSERT,
		    arena_printf(arena, "2024-01-01|2024-02-01 10:00:%d.125|%d", i, i), NULL);
	add(t, CHANGE_INSERT, "0000-00-00|0000-00-00 00:00:00.000|1", NULL);
	apply(apply_target, BATCH_NET);
	for (int i = 10; i < 30; i++)
		add(t, CHANGE_UPDATE,
		    arena_printf(arena, "2024-01-01|2024-02-01 10:00:%d.125|%d", i, i + 100), NULL);
	add(t, CHANGE_UPDATE, "0000-00-00|0000-00-00 00:00:00.000|2", NULL);
	for (int i = 30; i < 40; i++)
		add(t, CHANGE_DELETE, NULL,
		    arena_printf(arena, "2024-01-01|2024-02-01 10:00:%d.125|-", i));
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*), sum(v) FROM app.dates", "21|2392");
	leave(apply_target, t);
	t = look("bytes");
	for (int i = 10; i < 30; i++)
		add(t, CHANGE_INSERT,
		    arena_printf(arena, "x000102030405060708090a0b0c0d00%02x|%d", i, i), NULL);
	add(t, CHANGE_INSERT, "x27005c0a|1", NULL);
	apply(apply_target, BATCH_NET);
	for (int i = 10; i < 20; i++)
		add(t, CHANGE_UPDATE,
		    arena_printf(arena, "x000102030405060708090a0b0c0d00%02x|%d", i, i + 100),
		    NULL);
	add(t, CHANGE_UPDATE, "x27005c0a|2", NULL);
	for (int i = 20; i < 30; i++)
		add(t, CHANGE_DELETE, NULL,
		    arena_printf(arena, "x000102030405060708090a0b0c0d00%02x|-", i));
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*), sum(v) FROM app.bytes", "11|1147");
	leave(apply_target, t);
	t = look("floats");
	add(t, CHANGE_INSERT, "0.1|1", NULL);
	add(t, CHANGE_INSERT, "1.7976931348623157e308|2", NULL);
	add(t, CHANGE_INSERT, "-5e-324|3", NULL);
	apply(apply_target, BATCH_NET);
	add(t, CHANGE_UPDATE, "0.1|4", NULL);
	add(t, CHANGE_UPDATE, "1.7976931348623157e308|5", NULL);
	add(t, CHANGE_DELETE, NULL, "-5e-324|-");
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*), sum(v) FROM app.floats", "2|9");
	leave(apply_target, t);
}

#define WHOLE_ROW                                                                                  \
	"|-128|-123456789012345.67890|3.4028235e38|2.2250738585072014e-308|ab|h\xc3\xa9 "          \
	"\xf0\x9f\x98\x80 'q' \\ \t\n|x00ff2700|x5c0009270a|long|x00010a|"                         \
	"2024-02-29|-838:59:59.000|2024-02-29 23:59:59.999999|1970-01-01 "                         \
	"00:00:01.000001|2155|101010101010|green|x,z|{\"a\": [1, null, \"b\"]}|"                   \
	"x00000000010100000000000000000000400000000000000840"

static void
prove_types(void)
{
	struct tab *t = look("whole");
	char want[2000];

	step("each type, by insert");
	batch_reset(batch, BATCH_NET);
	add(t, CHANGE_INSERT, "18446744073709551615" WHOLE_ROW, NULL);
	add(t, CHANGE_INSERT, "1|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~", NULL);
	add(t, CHANGE_INSERT,
	    "2|~|~|~|~|~|~|~|~|~|~|0000-00-00|~|0000-00-00 00:00:00.000000|0000-00-00 "
	    "00:00:00.000000|0|~|~||~|~",
	    NULL);
	apply(apply_target, BATCH_NET);
	snprintf(want, sizeof(want), "%s",
	    rows("SELECT i, d, f + 0e0 = 3.4028234663852886e38, g = 2.2250738585072014e-308, c, "
		 "hex(v), hex(b), hex(w), t, hex(y), dt, ti,"
		 " da, ts, ye, bt + 0, e, s, j, hex(g2) FROM app.whole WHERE id = "
		 "18446744073709551615"));
	MUST(strncmp(want,
		 "-128|-123456789012345.67890|1|1|ab|68C3A920F09F988020277127205C20090A|00FF2700|"
		 "5C0009270A|long|00010A|2024-02-29|-838:59:59.000|"
		 "2024-02-29 23:59:59.999999|1970-01-01 00:00:01.000001|2155|2730|green|x,z|",
		 170) == 0);
	MUST(strstr(want, "00000000010100000000000000000000400000000000000840") != NULL);
	IS("SELECT dt, da, ts, ye, s FROM app.whole WHERE id = 2",
	    "0000-00-00|0000-00-00 00:00:00.000000|0000-00-00 00:00:00.000000|0000|");

	step("each type, by an update of many rows: the same bytes");
	snprintf(want, sizeof(want), "%s",
	    rows("SELECT sha2(concat_ws('|', i, d, f + 0e0, g, c, v, hex(b), hex(w), t, hex(y), "
		 "dt, ti, da, ts, ye, bt + 0, e, s, j, hex(g2)), 256)"
		 " FROM app.whole WHERE id = 18446744073709551615"));
	add(t, CHANGE_UPDATE, "1" WHOLE_ROW, NULL);
	add(t, CHANGE_UPDATE, "2" WHOLE_ROW, NULL);
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*) FROM app.whole WHERE ti IS NULL OR g2 IS NULL OR bt IS NULL", "0");
	for (int i = 1; i <= 2; i++)
		IS(arena_printf(arena,
		       "SELECT sha2(concat_ws('|', i, d, f + 0e0, g, c, v, hex(b), hex(w), t, "
		       "hex(y), dt, ti, da, ts, ye, bt + 0, e, s, j,"
		       " hex(g2)), 256) FROM app.whole WHERE id = %d",
		       i),
		    want);

	step("each type, moved to another key: the same bytes");
	add(t, CHANGE_UPDATE, "3|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-",
	    "1|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-");
	apply(apply_target, BATCH_NET);
	IS("SELECT sha2(concat_ws('|', i, d, f + 0e0, g, c, v, hex(b), hex(w), t, hex(y), dt, ti, "
	   "da, ts, ye, bt + 0, e, s, j, hex(g2)), 256)"
	   " FROM app.whole WHERE id = 3",
	    want);

	step("18446744073709551615 is found among many");
	add(t, CHANGE_UPDATE, "18446744073709551615|1|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-", NULL);
	add(t, CHANGE_UPDATE, "2|2|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-", NULL);
	apply(apply_target, BATCH_NET);
	IS("SELECT id, i FROM app.whole ORDER BY id", "2|2 3|-128 18446744073709551615|1");
	leave(apply_target, t);
}

static void
prove_keyless(void)
{
	struct tab *t = look("keyless");
	const char *row = "1|0.1|0.1|1.500|a|b|x00|2024-01-01 10:00:00.125|10101|red|{\"k\": 1}",
		   *nulls = "~|~|~|~|~|~|~|~|~|~|~";

	step("rows without key, by their content");
	batch_reset(batch, BATCH_NET);
	for (int i = 0; i < 3; i++)
		add(t, CHANGE_INSERT, row, NULL);
	add(t, CHANGE_INSERT, nulls, NULL);
	add(t, CHANGE_INSERT,
	    "1|0.1|0.1|1.500|A|b|x00|2024-01-01 10:00:00.125|10101|red|{\"k\": 1}", NULL);
	add(t, CHANGE_INSERT,
	    "1|0.1|0.1|1.500|a |b|x00|2024-01-01 10:00:00.125|10101|red|{\"k\": 1}", NULL);
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*) FROM app.keyless", "6");
	add(t, CHANGE_DELETE, NULL, row);
	add(t, CHANGE_DELETE, NULL, nulls);
	add(t, CHANGE_UPDATE,
	    "2|0.2|0.2|1.500|z|b|x00|2024-01-01 10:00:00.125|10101|red|{\"k\": 1}", row);
	apply(apply_target, BATCH_NET);
	IS("SELECT i, f, t, bt + 0 FROM app.keyless ORDER BY i, t",
	    "1|0.1|A|21 1|0.1|a|21 1|0.1|a |21 2|0.2|z|21");
	add(t, CHANGE_DELETE, NULL,
	    "1|0.1|0.1|1.500|nobody|b|x00|2024-01-01 10:00:00.125|10101|red|{\"k\": 1}");
	refuse(apply_target, BATCH_NET);
	MUST(err.kind == ERR_DATA && strstr(err.msg, "were not there") != NULL &&
	     strstr(err.msg, "nobody") == NULL);

	step("a table's end in the transaction");
	MUST(batch_truncate(batch, &(struct truncation){ .plan = t->plan }, 1, true, &err));
	add(t, CHANGE_INSERT, row, NULL);
	MUST(write_batch(apply_target, BATCH_NET));
	MUST(ops->rollback(apply_target, &err));
	IS("SELECT count(*) FROM app.keyless", "4");
	batch_reset(batch, BATCH_NET);
	MUST(batch_truncate(batch,
	    &(struct truncation){ .plan = t->plan, .where = "(i >= 2) AND (i < 3)" }, 1, false,
	    &err));
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*) FROM app.keyless", "3");
	MUST(batch_truncate(batch,
	    &(struct truncation){ .plan = t->plan, .where = "((i / 2) = 1)" }, 1, false,
	    &err));
	refuse(apply_target, BATCH_NET);
	MUST(err.kind == ERR_SCHEMA);
	MUST(batch_truncate(batch, &(struct truncation){ .plan = t->plan }, 1, false, &err));
	add(t, CHANGE_INSERT, row, NULL);
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*) FROM app.keyless", "1");
	leave(apply_target, t);
}

static const char *
large_row(int n)
{
	char *blanks = arena_zalloc(arena, (size_t)n + 1);

	memset(blanks, 'b', (size_t)n);
	return arena_printf(arena, "777|a|777|%s|0|0000000000", blanks);
}

static void
prove_refusals(void)
{
	struct tab *t = look("narrow");
	static const struct {
		const char *row;
		enum err_kind kind;
		const char *says;
	} bad[] = {
		{ "1|abcd", ERR_DATA, "Data too long for column 'v'" },
		{ "secret|abc", ERR_DATA, "Incorrect integer value for column" },
		{ "99999999999|abc", ERR_DATA, "Out of range value for column 'id'" },
		{ "1|~", ERR_DATA, "not null on the target" },
	};

	step("what does not fit is refused, whole, without its value");
	batch_reset(batch, BATCH_NET);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		add(t, CHANGE_INSERT, "7|ok", NULL);
		add(t, CHANGE_INSERT, bad[i].row, NULL);
		refuse(apply_target, BATCH_NET);
		if (err.kind != bad[i].kind || strstr(err.msg, bad[i].says) == NULL ||
		    strstr(err.msg, "secret") != NULL || strcmp(err.table, "app.narrow") != 0)
			die(__LINE__, bad[i].row);
	}
	IS("SELECT count(*) FROM app.narrow", "0");

	leave(apply_target, t);

	step("what the server only warns of is refused");
	t = look("scaled");
	add(t, CHANGE_INSERT, "1|1.239", NULL);
	refuse(apply_target, BATCH_NET);
	MUST(err.kind == ERR_DATA && strstr(err.msg, "warned") != NULL);
	IS("SELECT count(*) FROM app.scaled", "0");
	leave(apply_target, t);

	step("a row that is not there");
	t = look("narrow");
	add(t, CHANGE_INSERT, "1|abc", NULL);
	add(t, CHANGE_INSERT, "2|abc", NULL);
	apply(apply_target, BATCH_NET);
	for (int many = 0; many < 2; many++) {
		if (many)
			add(t, CHANGE_UPDATE, "1|x", NULL);
		add(t, CHANGE_UPDATE, "3|x", NULL);
		refuse(apply_target, BATCH_NET);
		MUST(err.kind == ERR_DATA && strstr(err.msg, "were not there") != NULL);
		if (many)
			add(t, CHANGE_DELETE, NULL, "2|-");
		add(t, CHANGE_DELETE, NULL, "3|-");
		refuse(apply_target, BATCH_NET);
		MUST(err.kind == ERR_DATA && strstr(err.msg, "were not there") != NULL);
	}
	IS("SELECT group_concat(v) FROM app.narrow", "abc,abc");

	step("one by one, the change that fails is named");
	batch_reset(batch, BATCH_SINGLE);
	add(t, CHANGE_UPDATE, "1|y", NULL);
	add(t, CHANGE_INSERT, "4|abcd", NULL);
	refuse(apply_target, BATCH_SINGLE);
	MUST(strstr(err.msg, "change 2 of the batch") != NULL ||
	     strstr(err.msg, "insert (change") != NULL);
	leave(apply_target, t);

	step("in order");
	t = look("narrow");
	batch_reset(batch, BATCH_ORDERED);
	add(t, CHANGE_UPDATE, "9|y", "1|-");
	add(t, CHANGE_INSERT, "1|z", NULL);
	add(t, CHANGE_UPDATE, "1|w", NULL);
	add(t, CHANGE_DELETE, NULL, "2|-");
	add(t, CHANGE_UPDATE, "1|-", NULL);
	apply(apply_target, BATCH_ORDERED);
	IS("SELECT id, v FROM app.narrow ORDER BY id", "1|w 9|y");
	leave(apply_target, t);

	step("foreign keys do not act");
	run("INSERT INTO app.parent VALUES (1), (2)");
	run("INSERT INTO app.child VALUES (1, 1), (2, 2)");
	t = look("parent");
	batch_reset(batch, BATCH_NET);
	add(t, CHANGE_DELETE, NULL, "1");
	apply(apply_target, BATCH_NET);
	IS("SELECT count(*) FROM app.child", "2");
	leave(apply_target, t);

	step("a trigger is in the way");
	t = look("fired");
	add(t, CHANGE_INSERT, "1", NULL);
	refuse(apply_target, BATCH_NET);
	MUST(err.kind == ERR_CONFIG && strstr(err.msg, "fires") != NULL);
	leave(apply_target, t);

	step("a row larger than a statement may be");
	t = look("keyed");
	batch_reset(batch, BATCH_NET);
	add(t, CHANGE_INSERT, large_row((int)apply_target->c->max_packet), NULL);
	refuse(apply_target, BATCH_NET);
	MUST(err.kind == ERR_LIMIT && strstr(err.msg, "max_allowed_packet") != NULL &&
	     !apply_target->c->lost);
	leave(apply_target, t);
}

static void
prove_fencing(void)
{
	struct target *second;
	struct checkpoint next = { 0 };
	struct tab *t = look("narrow");
	bool unknown;

	step("another owner takes over");
	batch_reset(batch, BATCH_NET);
	add(t, CHANGE_INSERT, "50|abc", NULL);
	MUST(write_batch(apply_target, BATCH_NET));
	second = open_target("apply");
	MUST(ops->learn(second, true, &next, &err));
	SOON(arena_printf(arena,
	       "SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID = %" PRIu64,
	       apply_target->c->id),
	    "0");
	MUST(next.exists && next.epoch == cp.epoch + 1 && next.position.lsn.v == cp.position.lsn.v);
	MUST(!commit(apply_target, &unknown));
	MUST(err.kind == ERR_RETRY || err.kind == ERR_FENCED); /* its session was ended */
	IS("SELECT count(*) FROM app.narrow WHERE id = 50", "0");
	leave(apply_target, t);
	ops->close(apply_target);

	step("an epoch that is not ours commits nothing");
	apply_target = second;
	t = look("narrow");
	cp.conn = next.conn;
	batch_reset(batch, BATCH_NET);
	add(t, CHANGE_INSERT, "51|abc", NULL);
	MUST(write_batch(apply_target, BATCH_NET));
	MUST(!commit(apply_target, &unknown) && err.kind == ERR_FENCED && !unknown);
	MUST(ops->rollback(apply_target, &err));
	IS("SELECT count(*) FROM app.narrow WHERE id = 51", "0");
	MUST(!ops->save_paused(apply_target, cp.epoch, true, &err) && err.kind == ERR_FENCED);
	next.position = cp.position;
	cp = next;
	leave(apply_target, t);

	step("a connection of the same owner takes over");
	second = open_target("apply");
	next = (struct checkpoint){ .epoch = cp.epoch };
	MUST(ops->learn(second, false, &next, &err) && next.epoch == cp.epoch &&
	     next.conn == cp.conn + 1);
	ops->close(apply_target);
	apply_target = second;
	cp = next;
	next = (struct checkpoint){ .epoch = cp.epoch - 1 };
	MUST(!ops->learn(apply_target, false, &next, &err) && err.kind == ERR_FENCED);
	run("UPDATE repld.checkpoint SET position = '0/FFFF'");
	next = (struct checkpoint){ .epoch = cp.epoch };
	MUST(ops->learn(apply_target, false, &next, &err) && next.edited[0] != '\0');
	cp.conn = next.conn;
	cp.position = position_at(POSITION_LSN, ++lsn);
	MUST(ops->save_source(apply_target, &cp, &err));
}

static void
prove_unknown(void)
{
	struct tab *t = look("narrow");
	struct checkpoint next = { .epoch = cp.epoch };
	char *text;
	bool unknown = false;

	step("the session ends before COMMIT is answered");
	batch_reset(batch, BATCH_NET);
	add(t, CHANGE_INSERT, "60|abc", NULL);
	MUST(write_batch(apply_target, BATCH_NET));
	text = xasprintf("KILL %" PRIu64, apply_target->c->id);
	run(text);
	free(text);
	MUST(!commit(apply_target, &unknown) && err.kind == ERR_RETRY);
	MUST(!ops->rollback(apply_target, &err));
	leave(apply_target, t);
	ops->close(apply_target);
	apply_target = open_target("apply");
	MUST(ops->learn(apply_target, false, &next, &err));
	MUST(next.position.lsn.v == lsn - 1 && next.edited[0] == '\0');
	cp = next;
	IS("SELECT count(*) FROM app.narrow WHERE id = 60", "0");
}

static void
prove_closing(void)
{
	struct my_conn *c = my_conn_open(&ep, MY_CONN_TARGET, NULL, "closing", &stop, &err);

	step("a statement that runs on a connection that is closed ends with it");
	MUST(c != NULL);
	c->deadline_usec = 300000;
	MUST(!my_exec(c, &err, "SELECT BENCHMARK(4000000000, SQRT(RAND())) AS closing"));
	my_conn_close(c);
	SOON("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%AS closing'", "0");
}

static void
prove_groups(void)
{
	struct target *group = open_target("group");
	struct checkpoint g = { .group = 3, .epoch = cp.epoch }, *all;
	size_t n;
	bool unknown;
	uint64_t token;

	step("load groups");
	MUST(ops->learn(group, false, &g, &err) && g.group == 3 && g.conn == 1);
	g.source = cp.source;
	g.position = position_at(POSITION_LSN, 5);
	MUST(ops->save_source(group, &g, &err));
	MUST(ops->begin(group, &err) && ops->commit(group, &g, NULL, 0, &token, &unknown, &err));
	MUST(ops->load_groups(apply_target, &all, &n, &err) && n == 1 && all[0].group == 3 &&
	     !all[0].handed);
	free(all);
	MUST(ops->begin(apply_target, &err) && ops->hand_over(apply_target, &g, &err) &&
	     commit(apply_target, &unknown));
	MUST(ops->begin(group, &err) && !ops->commit(group, &g, NULL, 0, &token, &unknown, &err) &&
	     err.kind == ERR_FENCED);
	MUST(ops->load_groups(apply_target, &all, &n, &err) && n == 1 && all[0].handed);
	free(all);
	MUST(ops->end_group(apply_target, cp.epoch, 3, &err));
	MUST(ops->load_groups(apply_target, &all, &n, &err) && n == 0);
	free(all);
	ops->close(group);
}

/* ---- load ---- */

static void
load_rows(struct target *loader, struct tab *t, uint32_t attempt, uint32_t chunk, int from, int to)
{
	const struct load_ledger l = { .table = &t->table,
		.attempt = attempt,
		.chunk = chunk,
		.rows = (uint64_t)(to - from),
		.bytes = 1 };
	struct value vals[32];

	MUST(ops->load_begin(loader, t->plan, cp.epoch, attempt, false, &err));
	for (int i = from; i < to; i++) {
		values(i % 2 ? arena_printf(arena, "%d" WHOLE_ROW, i)
			     : arena_printf(arena, "%d|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~", i),
		    vals, 21);
		MUST(ops->load_row(loader, vals, &err));
	}
	MUST(ops->load_end(loader, &l, false, &err));
}

static void
prove_load(bool infile)
{
	struct tab *t = look("whole");
	struct table_state ts = { .source_schema = text_of("app_src"),
		.source_name = text_of("whole"),
		.target_schema = text_of("app"),
		.target_name = text_of("whole"),
		.attempt = 1 };
	struct target *loader;
	struct load_ledger *done, l;
	struct value vals[32];
	char want[100];
	size_t n;

	step(infile ? "a load by LOAD DATA" : "a load by INSERT");
	run(infile ? "SET GLOBAL local_infile = 1" : "SET GLOBAL local_infile = 0");
	snprintf(want, sizeof(want), "%s",
	    rows("SELECT sha2(concat_ws('|', i, d, f + 0e0, g, c, v, hex(b), hex(w), t, hex(y), "
		 "dt, ti, da, ts, ye, bt + 0, e, s, j, hex(g2)), 256)"
		 " FROM app.whole WHERE id = 3"));
	run("DELETE FROM repld.load_chunk");
	MUST(ops->prepare_table(apply_target, &t->table, PREP_TRUNCATE, &ts, &err) &&
	     strcmp(ts.made, "truncated") == 0);
	IS("SELECT count(*) FROM app.whole", "0");
	loader = open_target("load");
	MUST(loader->load.infile == infile);
	load_rows(loader, t, 1, 0, 0, 1001);
	load_rows(loader, t, 1, 1, 1001, 1500);
	IS("SELECT count(*), sum(id) FROM app.whole", "1500|1124250");
	IS("SELECT count(*) FROM app.whole WHERE ti IS NULL", "750");
	IS(arena_printf(arena,
	       "SELECT count(*) FROM app.whole WHERE sha2(concat_ws('|', i, d, f + 0e0, g, c, v, "
	       "hex(b), hex(w), t, hex(y), dt, ti, da, ts, ye,"
	       " bt + 0, e, s, j, hex(g2)), 256) = '%s'",
	       want),
	    "750");
	MUST(
	    ops->load_done(loader, &t->table, 1, &done, &n, &err) && n == 2 && done[1].rows == 499);
	free(done);

	step("a row that does not fit ends the chunk, and is named");
	MUST(ops->load_begin(loader, t->plan, cp.epoch, 1, false, &err));
	for (int i = 2000; i < 2010; i++) {
		values(arena_printf(arena, "%d|%s|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~", i,
			   i == 2005 ? "1000" : "1"),
		    vals, 21);
		MUST(ops->load_row(loader, vals, &err));
	}
	l = (struct load_ledger){ .table = &t->table, .attempt = 1, .chunk = 2, .rows = 10 };
	MUST(!ops->load_end(loader, &l, false, &err) && err.kind == ERR_DATA &&
	     strstr(err.msg, "column 'i'") != NULL);
	ops->load_abort(loader);
	IS("SELECT count(*) FROM app.whole", "1500");

	step("a loader that was left behind commits nothing");
	MUST(ops->load_begin(loader, t->plan, cp.epoch, 1, false, &err));
	values("3000|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~|~", vals, 21);
	MUST(ops->load_row(loader, vals, &err));
	ts.attempt = 2;
	MUST(ops->resume_table(apply_target, &ts, &err));
	MUST(!ops->load_end(loader, &l, false, &err) && err.kind == ERR_FENCED);
	ops->load_abort(loader);
	MUST(ops->load_done(loader, &t->table, 2, &done, &n, &err) && n == 2);
	free(done);
	IS("SELECT count(*) FROM app.whole", "1500");
	MUST(ops->finish_table(apply_target, &t->table, false, &err));
	ops->close(loader);
	leave(apply_target, t);
	free(ts.made);
	run("INSERT INTO app.whole (id) VALUES (5000)");
	run("DELETE FROM app.whole WHERE id > 3");
}

static void
prove_states(void)
{
	struct table_state ts = { .source_schema = text_of("app_src"),
		.source_name = text_of("keyed"),
		.target_schema = text_of("app"),
		.target_name = text_of("keyed"),
		.phase = TABLE_STREAMING,
		.attempt = 4,
		.rows_loaded = 12,
		.shape = text_of("a 'shape' \\"),
		.facts = text_of("line\nline") };
	struct table_state twin = { .source_schema = text_of("app_src"),
		.source_name = text_of("twin"),
		.target_schema = text_of("app"),
		.target_name = text_of("keyed") };
	struct table_states all = { 0 };
	struct findings f = { 0 };

	step("tables' states");
	MUST(ops->save_states(apply_target, cp.epoch, &ts, 1, &err) &&
	     ops->save_states(apply_target, cp.epoch, &ts, 1, &err));
	MUST(ops->load_states(apply_target, &all, &err) &&
	     table_states_find(&all, "app_src", "keyed") != NULL);
	MUST(strcmp(table_states_find(&all, "app_src", "keyed")->shape, ts.shape) == 0 &&
	     table_states_find(&all, "app_src", "keyed")->rows_loaded == 12);
	MUST(!ops->save_states(apply_target, cp.epoch, &twin, 1, &err) && err.kind == ERR_CONFIG &&
	     strstr(err.msg, "belongs to") != NULL);
	IS("SELECT source_name FROM repld.table_state WHERE target_name = 'keyed'", "keyed");
	MUST(ops->forget_state(apply_target, cp.epoch, "app_src", "keyed", &err));
	table_states_done(&all);
	MUST(ops->save_paused(apply_target, cp.epoch, true, &err));
	IS("SELECT paused FROM repld.checkpoint", "1");
	findings_done(&f);
}

static void
prove_prepare(void)
{
	struct tab *t = look("narrow");
	struct table tab = t->table;
	struct table_state ts = { .source_schema = text_of("app_src"),
		.source_name = text_of("narrow"),
		.target_schema = text_of("app"),
		.target_name = text_of("narrow") };

	step("tables are made, found, dropped; a start cut short leaves no riddle");
	MUST(!ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     err.kind == ERR_CONFIG && strstr(err.msg, "has rows already") != NULL);
	run("DELETE FROM app.narrow");
	free(ts.made);
	ts.made = NULL;
	MUST(ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     strcmp(ts.made, "found") == 0);
	run("DROP TABLE app.narrow");
	free(ts.made);
	ts.made = NULL;
	MUST(ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     strcmp(ts.made, "created") == 0);
	IS("SELECT count(*) FROM app.narrow", "0");
	run("INSERT INTO app.narrow VALUES (1, 'x')");
	MUST(ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     strcmp(ts.made, "created") == 0);
	IS("SELECT count(*) FROM app.narrow", "0");
	free(ts.made);
	ts.made = strdup("creating");
	MUST(ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     strcmp(ts.made, "created") == 0);
	run("INSERT INTO app.narrow VALUES (1, 'x')");
	free(ts.made);
	ts.made = strdup("creating");
	MUST(!ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     strstr(err.msg, "has rows already") != NULL);
	free(ts.made);
	ts.made = strdup("dropping");
	MUST(ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err) &&
	     strcmp(ts.made, "dropped") == 0);
	IS("SELECT count(*) FROM app.narrow", "0");
	free(ts.made);
	leave(apply_target, t);

	step("what will be done is written before it is done");
	t = look("keyed");
	ts = (struct table_state){ .source_schema = text_of("app_src"),
		.source_name = text_of("keyed"),
		.target_schema = text_of("app"),
		.target_name = text_of("bad ") };
	tab = t->table;
	tab.target_name = "bad ";
	MUST(!ops->prepare_table(apply_target, &tab, PREP_CREATE, &ts, &err));
	IS("SELECT made FROM repld.table_state WHERE source_name = 'keyed'", "creating");
	free(ts.made);
	leave(apply_target, t);
	ts = (struct table_state){ .source_schema = text_of("app_src"),
		.source_name = text_of("keyed"),
		.target_schema = text_of("app"),
		.target_name = text_of("keyed") };
	t = look("keyed");
	MUST(ops->prepare_table(apply_target, &t->table, PREP_DROP, &ts, &err) &&
	     strcmp(ts.made, "dropped") == 0);
	IS("SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'app' AND "
	   "TABLE_NAME = 'keyed'",
	    "1");
	MUST(ops->finish_table(apply_target, &t->table, true, &err) &&
	     ops->finish_table(apply_target, &t->table, true, &err));
	IS("SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'app' AND "
	   "TABLE_NAME = 'keyed'",
	    "2");
	free(ts.made);
	leave(apply_target, t);
}

static void
prove_end(void)
{
	const struct target_params p = {
		.endpoint = &ep, .task = "sales", .purpose = "apply", .stop = &stop
	};
	struct target *renamed;
	struct checkpoint c = { 0 };

	step("another name");
	renamed = ops->open(&p, &err);
	MUST(
	    renamed != NULL && !ops->rename_task(renamed, "orders", &err) && err.kind == ERR_RETRY);
	ops->close(guard);
	for (int i = 0; i < 100 && !ops->rename_task(renamed, "orders", &err); i++)
		usleep(50000); /* until the server has seen that the guard is gone */
	MUST(ops->learn(renamed, true, &c, &err) && c.exists && c.edited[0] == '\0' && c.paused &&
	     c.position.lsn.v == lsn);
	ops->close(apply_target);

	step("cleanup");
	MUST(ops->cleanup(renamed, &err));
	IS("SELECT count(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'repld'", "0");
	ops->close(renamed);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	log_set_level(LOG_LEVEL_ERROR);
	ep.socket = argv[1];
	ep.user = argv[2];
	if (!my_library_start(&err) || !stop_init(&stop, &err) ||
	    (arena = arena_new(1 << 20, 0)) == NULL ||
	    (batch = batch_new(64 << 20, &err)) == NULL ||
	    (sql = my_conn_open(&ep, MY_CONN_TARGET, NULL, "test", &stop, &err)) == NULL)
		die(__LINE__, "begin");
	make_tables();
	prove_ownership();
	prove_writes();
	prove_unique();
	prove_keys();
	prove_types();
	prove_keyless();
	prove_refusals();
	prove_fencing();
	prove_unknown();
	prove_closing();
	prove_groups();
	prove_load(false);
	prove_load(true);
	prove_states();
	prove_prepare();
	prove_end();
	my_conn_close(sql);
	batch_free(batch);
	arena_free(arena);
	stop_done(&stop);
	return 0;
}
