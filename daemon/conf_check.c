/* conf_check.c - what must hold between the options of a configuration, and the list of errors.
 * Flow: a typed configuration -> every rule of this page -> errors, each at the place of the option
 * that would have to change.
 * Invariant: looks at what was given, not only at values: an option of the wrong type was said
 * already, and its absence is not said again.
 * Threads: one at a time. */
#include "daemon/conf_intern.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/map.h"
#include "daemon/base/num.h"

#define PG_SOCKET_MAX 92 /* of the folder: the server's file in it has to fit in 107 bytes */

#define ERRORS_KEPT 100

/* ---- errors ---- */

/* Names of files and of the file's options may hold anything, but an error is one line. */
static void
one_line(struct buf *text, size_t from)
{
	for (size_t i = from; i < text->n; i++)
		if (text->p[i] < 0x20 || text->p[i] == 0x7f)
			text->p[i] = '?';
	buf_u8(text, '\n');
}

void
conf_error(struct conf_errors *errors, struct place at, const char *fmt, ...)
{
	size_t from = errors->text.n;
	char text[1600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (errors->n++ < ERRORS_KEPT) {
		if (at.line > 0)
			buf_printf(&errors->text, "%s:%d: %s", at.file, at.line, text);
		else
			buf_printf(&errors->text, "%s: %s", at.file, text);
		one_line(&errors->text, from);
	} else if (errors->n == ERRORS_KEPT + 1) {
		buf_printf(&errors->text, "%s: there are more errors than the %d shown", at.file,
		    ERRORS_KEPT);
		one_line(&errors->text, from);
	}
}

void
conf_errors_done(struct conf_errors *e)
{
	buf_done(&e->text);
	e->n = 0;
}

const char *
conf_shown(const char *s, char out[CONF_SHOWN])
{
	size_t o = 0, i = 0;

	out[o++] = '"';
	for (; s[i] != '\0' && (i < 60 || ((uint8_t)s[i] & 0xc0) == 0x80) && i < 64; i++) {
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f)
			o += (size_t)snprintf(out + o, CONF_SHOWN - o, "\\x%02x", (uint8_t)s[i]);
		else
			out[o++] = s[i];
	}
	snprintf(out + o, CONF_SHOWN - o, "\"%s", s[i] != '\0' ? "..." : "");
	return out;
}

static struct place
task_place(const struct task_conf *t, enum opt_id id)
{
	const struct place *at = &task_full(t)->at[id];

	return at->line != 0 ? *at : (struct place){ t->file, t->line };
}

static struct place
endpoint_place(const struct endpoint *e, enum opt_id id)
{
	const struct endpoint_full *f = endpoint_full(e);

	return f->at[id].line != 0 ? f->at[id] : f->self;
}

static bool
endpoint_gives(const struct endpoint *e, enum opt_id id)
{
	return endpoint_full(e)->at[id].line != 0;
}

/* ---- endpoints ---- */

static void
check_name(const char *what, const char *name, struct place at, struct conf_errors *errors)
{
	bool ok = name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= CONF_NAME_MAX;

	for (const char *p = name; ok && *p != '\0'; p++)
		ok = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_';
	if (!ok)
		conf_error(errors, at,
		    "%s.%.60s: the name has to be a lower case letter, then lower case letters, "
		    "digits and _, "
		    "at most %d in all",
		    what, name, CONF_NAME_MAX);
}

static void
check_reach(const struct endpoint *e, struct conf_errors *errors)
{
	bool host = endpoint_gives(e, ID_endpoints_host),
	     socket = endpoint_gives(e, ID_endpoints_socket);

	if (host && socket)
		conf_error(errors, endpoint_place(e, ID_endpoints_socket),
		    "endpoints.%.60s.socket: host is given too, only one of them can be", e->name);
	else if (!host && !socket)
		conf_error(errors, endpoint_full(e)->self,
		    "endpoints.%.60s: host or socket is missing", e->name);
}

static void
check_passwords(const struct endpoint *e, struct conf_errors *errors)
{
	static const enum opt_id ids[] = { ID_endpoints_password_file,
		ID_endpoints_password_credential, ID_endpoints_password_env };
	enum opt_id first = OPT_N;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (!endpoint_gives(e, ids[i]))
			continue;
		if (first != OPT_N)
			conf_error(errors, endpoint_place(e, ids[i]),
			    "endpoints.%.60s.%s: %s is given too, only one of them can be", e->name,
			    conf_opts[ids[i]].name, conf_opts[first].name);
		else
			first = ids[i];
	}
}

static void
check_tls(const struct endpoint *e, struct conf_errors *errors)
{
	bool ca = endpoint_gives(e, ID_endpoints_tls_ca);

	if (endpoint_gives(e, ID_endpoints_socket)) {
		if (endpoint_gives(e, ID_endpoints_tls) || ca)
			conf_error(errors,
			    endpoint_place(e, ca ? ID_endpoints_tls_ca : ID_endpoints_tls),
			    "endpoints.%.60s.%s: a socket needs no TLS", e->name,
			    ca ? "tls_ca" : "tls");
	} else if (ca && e->tls != TLS_VERIFY_CA && e->tls != TLS_VERIFY_FULL) {
		conf_error(errors, endpoint_place(e, ID_endpoints_tls_ca),
		    "endpoints.%.60s.tls_ca: is used with tls = \"verify-full\" "
		    "or \"verify-ca\" only, tls is \"%s\"",
		    e->name, conf_words(OPT_TLS)[e->tls]);
	}
}

/* PostgreSQL's socket is a file in the folder; libmariadb has no check of the CA without one of the name. */
static void
check_kind(const struct endpoint *e, struct conf_errors *errors)
{
	if (e->kind == ENDPOINT_POSTGRESQL && e->socket != NULL && strlen(e->socket) > PG_SOCKET_MAX)
		conf_error(errors, endpoint_place(e, ID_endpoints_socket),
		    "endpoints.%.60s.socket: the folder's name has %zu bytes, %d are possible", e->name,
		    strlen(e->socket), PG_SOCKET_MAX);
	if (e->kind == ENDPOINT_MYSQL && e->tls == TLS_VERIFY_CA)
		conf_error(errors, endpoint_place(e, ID_endpoints_tls),
		    "endpoints.%.60s.tls: \"verify-ca\" is possible for postgresql only; \"verify-full\" checks the name too",
		    e->name);
}

static void
check_endpoint(const struct endpoint *e, struct conf_errors *errors)
{
	check_name("endpoints", e->name, endpoint_full(e)->self, errors);
	check_reach(e, errors);
	check_passwords(e, errors);
	check_tls(e, errors);
	check_kind(e, errors);
	if (e->failover && e->role == ROLE_TARGET)
		conf_error(errors, endpoint_place(e, ID_endpoints_failover),
		    "endpoints.%.60s.failover: is of sources, the role is \"target\"", e->name);
}

/* ---- tasks ---- */

static void
check_role(const struct task_conf *t, const struct endpoint *e, enum opt_id id,
    enum endpoint_role wrong, struct conf_errors *errors)
{
	if (e != NULL && e->role == wrong)
		conf_error(errors, task_place(t, id),
		    "tasks.%.60s.%s: endpoint \"%.60s\" has role \"%s\" and is never %s", t->name,
		    conf_opts[id].name, e->name, conf_words(OPT_ROLE)[wrong],
		    wrong == ROLE_SOURCE ? "written to" : "read from");
}

static void
check_budget(const struct task_conf *t, struct conf_errors *errors)
{
	const struct task_full *f = task_full(t);
	enum opt_id id =
	    f->at[ID_apply_max_bytes].line != 0 ? ID_apply_max_bytes : ID_staging_ring_size;
	char bytes[NUM_TEXT], ring[NUM_TEXT];

	if (t->apply.max_bytes > t->staging.ring_size / 4)
		conf_error(errors, task_place(t, id),
		    "tasks.%.60s.%s: apply.max_bytes (\"%s\") can be a quarter of "
		    "staging.ring_size (\"%s\") at most",
		    t->name, id == ID_apply_max_bytes ? "apply.max_bytes" : "staging.ring_size",
		    num_size_conf(t->apply.max_bytes, bytes),
		    num_size_conf(t->staging.ring_size, ring));
}

/* ---- one database as source and target ---- */

/* "host:port" or "folder:port", small letters where it is a host. NULL: not known, or no memory. */
static char *
server_key(const struct endpoint *e, const char *rest)
{
	struct buf b = { 0 };

	if (e->host == NULL && e->socket == NULL)
		return NULL;
	if (e->socket != NULL)
		buf_str(&b, e->socket);
	for (const char *p = e->host; e->socket == NULL && *p != '\0'; p++)
		buf_u8(&b, (uint8_t)tolower((uint8_t)*p));
	buf_printf(&b, ":%u%s", e->port, rest);
	buf_u8(&b, 0);
	if (!b.bad)
		return (char *)b.p;
	buf_done(&b);
	return NULL;
}

static bool
patterns_known(const struct rules *rules)
{
	for (uint32_t i = 0; i < rules->n; i++)
		if (rules->rules[i].pattern == NULL)
			return false;
	return true;
}

static bool
same_database(const struct endpoint *a, const struct endpoint *b)
{
	char *ka, *kb;
	bool same;

	if (a == NULL || b == NULL || a->dbname == NULL || b->dbname == NULL ||
	    strcmp(a->dbname, b->dbname) != 0)
		return false;
	ka = server_key(a, "");
	kb = server_key(b, "");
	same = ka != NULL && kb != NULL && strcmp(ka, kb) == 0;
	free(ka);
	free(kb);
	return same;
}

/* A name that the pattern matches: its wildcards become letters. */
static bool
probe_name(
    const struct rule *r, struct arena *arena, const char **ret_schema, const char **ret_table)
{
	char *text = arena_strdup(arena, r->text);
	bool quoted = false;
	struct err err = ERR_INIT;

	for (char *p = text; p != NULL && *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == '*' || *p == '?'))
			*p = 'x';
	}
	return text != NULL && name_split(text, arena, ret_schema, ret_table, &err);
}

/* Within one database each rule has to lead away from its source. */
static void
check_loop(const struct conf *c, const struct task_conf *t, struct conf_errors *errors)
{
	const char *schema, *table;
	struct mapping to;

	for (uint32_t i = 0; i < t->rules.n; i++) {
		const struct rule *r = &t->rules.rules[i];

		if (r->exclude || !probe_name(r, c->arena, &schema, &table))
			continue;
		rules_map(&t->rules, schema, table, &to);
		if (to.captured && strcmp(to.target_schema, schema) == 0 &&
		    strcmp(to.target_name, table) == 0)
			conf_error(errors, (struct place){ r->file, r->line },
			    "tasks.%.60s.tables: rule %u: source and target are "
			    "one database, and its tables would go onto themselves: target_schema "
			    "or target is missing",
			    t->name, i + 1);
	}
}

/* ---- two tasks and one slot or publication ---- */

static void
claim(struct map *owners, const struct task_conf *t, enum opt_id id, const char *name,
    const char *rest, struct conf_errors *errors)
{
	char *key = server_key(t->source, rest);
	const struct task_conf *other = key != NULL ? map_get_str(owners, key) : NULL;
	struct err err = ERR_INIT;

	if (other != NULL)
		conf_error(errors, task_place(t, id),
		    "tasks.%.60s.%s.%s: \"%.63s\" is used by task \"%.60s\" (%s:%d) too, "
		    "on the "
		    "same %s",
		    t->name, id == ID_mysql_server_id ? "mysql" : "postgresql", conf_opts[id].name, name, other->name, other->file, other->line,
		    id == ID_postgresql_publication ? "database" : "server");
	else if (key != NULL && !map_put_str(owners, key, (void *)(uintptr_t)t, &err))
		conf_error(errors, task_place(t, id), "%s", err.msg);
	free(key);
}

/* Slots belong to a server, publications to a database. */
static void
check_claims(struct map *owners, const struct task_conf *t, struct conf_errors *errors)
{
	char rest[256];

	if (t->source == NULL || t->source->dbname == NULL)
		return;
	if (t->source->kind == ENDPOINT_MYSQL) {
		snprintf(rest, sizeof(rest), " server_id %" PRIu32, t->mysql.server_id);
		claim(owners, t, ID_mysql_server_id, rest + 11, rest, errors);
		return;
	}
	snprintf(rest, sizeof(rest), " slot %s", t->postgresql.slot);
	claim(owners, t, ID_postgresql_slot, t->postgresql.slot, rest, errors);
	if (strcmp(t->postgresql.plugin, "wal2json") == 0)
		return; /* it uses none */
	snprintf(rest, sizeof(rest), " publication %s of %s", t->postgresql.publication,
	    t->source->dbname);
	claim(owners, t, ID_postgresql_publication, t->postgresql.publication, rest, errors);
}

/* Options of the other kind of source would be read and mean nothing. */
static void
check_options_of_kind(const struct task_conf *t, struct conf_errors *errors)
{
	const struct task_full *f = task_full(t);
	const enum opt_section other = t->source->kind == ENDPOINT_MYSQL ? SEC_postgresql : SEC_mysql;
	const char *group = other == SEC_mysql ? "mysql" : "postgresql";

	for (int i = 0; i < OPT_N; i++)
		if (conf_opts[i].section == other && f->at[i].line != 0)
			conf_error(errors, f->at[i], "tasks.%.60s.%s.%s: is for a source of type \"%s\"; \"%.60s\" is of type \"%s\"", t->name,
			    group, conf_opts[i].name, group, t->source->name, conf_words(OPT_KIND)[t->source->kind]);
}

/* The former task is the one that this one was. */
static void
check_rename(const struct conf *c, const struct task_conf *t, struct conf_errors *errors)
{
	if (t->rename_from == NULL)
		return;
	for (uint32_t i = 0; i < c->ntasks; i++)
		if (c->tasks[i]->name != NULL && strcmp(c->tasks[i]->name, t->rename_from) == 0)
			conf_error(errors, task_place(t, ID_tasks_rename_from),
			    "tasks.%.60s.rename_from: %s", t->name,
			    c->tasks[i] == t ? "is the task's own name; the former one is meant"
					     : "a task of this name is in the file too; a task that "
					       "was renamed has one name only");
}

static void
check_task(
    const struct conf *c, const struct task_conf *t, struct map *owners, struct conf_errors *errors)
{
	check_name("tasks", t->name, (struct place){ t->file, t->line }, errors);
	check_role(t, t->source, ID_tasks_source, ROLE_TARGET, errors);
	check_role(t, t->target, ID_tasks_target, ROLE_SOURCE, errors);
	check_budget(t, errors);
	check_rename(c, t, errors);
	if (t->source != NULL)
		check_options_of_kind(t, errors);
	if (same_database(t->source, t->target) && patterns_known(&t->rules))
		check_loop(c, t, errors);
	if (t->postgresql.slot != NULL && t->postgresql.publication != NULL)
		check_claims(owners, t, errors);
}

bool
conf_check(const struct conf *c, struct conf_errors *errors)
{
	uint32_t before = errors->n;
	struct map *owners = map_new();

	if (owners == NULL) {
		conf_error(errors, (struct place){ c->file, 0 }, "out of memory");
		return false;
	}
	for (uint32_t i = 0; i < c->nendpoints; i++)
		check_endpoint(c->endpoints[i], errors);
	for (uint32_t i = 0; i < c->ntasks; i++)
		check_task(c, c->tasks[i], owners, errors);
	map_free(owners, NULL);
	return errors->n == before;
}
