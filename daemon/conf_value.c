/* conf_value.c - the option table, and what a value of each type has to be: a text or number of the
 * file -> the field.
 * Invariant: a field is written only where its value is of the form and within the range that the
 * table says.
 * Threads: any; nothing here has a state. Owner: fields point to texts of the configuration's
 * arena. */
#include "daemon/conf_intern.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/base/num.h"

/* ---- the option table ---- */

/* Told by its address; not empty, since a compiler may give it the address of an equal literal. */
const char conf_required[] = "(required)";
#define REQUIRED conf_required

#define STRUCT_daemon	       struct conf
#define STRUCT_endpoints       struct endpoint
#define STRUCT_tasks	       struct task_conf
#define STRUCT_tables	       struct rule
#define STRUCT_postgresql      struct task_conf
#define STRUCT_mysql	       struct task_conf
#define STRUCT_values	       struct task_conf
#define STRUCT_full_load       struct task_conf
#define STRUCT_staging	       struct task_conf
#define STRUCT_apply	       struct task_conf
#define FIELD_daemon(name)     name
#define FIELD_endpoints(name)  name
#define FIELD_tasks(name)      name
#define FIELD_tables(name)     name
#define FIELD_postgresql(name) postgresql.name
#define FIELD_mysql(name)      mysql.name
#define FIELD_values(name)     values.name
#define FIELD_full_load(name)  full_load.name
#define FIELD_staging(name)    staging.name
#define FIELD_apply(name)      apply.name

/* These fields are not named as their options are. */
#define type	   kind
#define durability durability_relaxed
#define tables	   rules
#define tinyint1   tinyint1_boolean
#define include	   text
#define exclude	   text
const struct opt conf_opts[OPT_N] = {
#define OPT(section, name, kind_of, def, min, max, on_change)                                      \
	{ SEC_##section, #name, kind_of, def, min, max, ON_##on_change,                            \
		offsetof(STRUCT_##section, FIELD_##section(name)) },
#include "daemon/conf_opts.def"
#undef OPT
};
#undef type
#undef durability
#undef tables
#undef tinyint1
#undef include
#undef exclude

static const char *const kind_words[] = { "postgresql", "mysql", NULL };
static const char *const role_words[] = { "both", "source", "target", NULL };
static const char *const tls_words[] = { "disable", "require", "verify-ca", "verify-full", NULL };
static const char *const mode_words[] = { "full_load_and_cdc", "full_load", "cdc", NULL };
static const char *const durability_words[] = { "strict", "relaxed", NULL };
static const char *const prep_words[] = { "create", "truncate", "append", "drop", NULL };
static const char *const chunks_words[] = { "ctid", "key", NULL };
static const char *const apply_words[] = { "batch", "transactional", NULL };
static const char *const level_words[] = { "error", "warning", "info", "debug", NULL };
static const char *const plugin_words[] = { "pgoutput", "wal2json", NULL };
static const char *const unrepresentable_words[] = { "error", "null", "clamp", NULL };
static const char *const tinyint1_words[] = { "smallint", "boolean", NULL };
static const char *const on_change_words[] = { "refuse", "reload", NULL };

const char *const *
conf_words(enum opt_type type)
{
	switch (type) {
	case OPT_KIND: return kind_words;
	case OPT_ROLE: return role_words;
	case OPT_TLS: return tls_words;
	case OPT_MODE: return mode_words;
	case OPT_DURABILITY: return durability_words;
	case OPT_PREP: return prep_words;
	case OPT_CHUNKS: return chunks_words;
	case OPT_APPLY_MODE: return apply_words;
	case OPT_LOG_LEVEL: return level_words;
	case OPT_PLUGIN: return plugin_words;
	case OPT_ON_CHANGE: return on_change_words;
	case OPT_UNREPRESENTABLE: return unrepresentable_words;
	case OPT_TINYINT1: return tinyint1_words;
	default: return NULL;
	}
}

const char *
task_mode_name(enum task_mode m)
{
	return mode_words[m];
}

const char *
apply_mode_name(enum apply_mode m)
{
	return apply_words[m];
}

/* ---- what is expected ---- */

static void
list_words(const char *const *words, struct buf *out)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (i > 0)
			buf_str(out, words[i + 1] == NULL ? " or " : ", ");
		conf_quote(out, words[i]);
	}
}

static void
expected_range(const struct opt *o, struct buf *out)
{
	char min[NUM_TEXT], max[NUM_TEXT];

	if (o->type == OPT_TIME)
		buf_printf(out, "a time from \"%s\" to \"%s\"", num_duration_conf(o->min, min),
		    num_duration_conf(o->max, max));
	else
		buf_printf(out, "a size from \"%s\" to \"%s\"%s",
		    num_size_conf((uint64_t)o->min, min), num_size_conf((uint64_t)o->max, max),
		    o->type == OPT_RATE ? " (a second), or \"\" for no limit" : "");
}

static const char *
expected_text(enum opt_type type)
{
	switch (type) {
	case OPT_PATH: return "an absolute path";
	case OPT_LISTEN:
		return "an address and a port such as \"127.0.0.1:9786\" or \"[::1]:9786\", or "
		       "\"\" for none";
	case OPT_HOST:
		return "a host's name or address (a folder stands in socket, only one host is "
		       "possible)";
	case OPT_NAME: return "the name of a task";
	case OPT_SLOT: return "a slot's name: lower case letters, digits and _";
	case OPT_CREDENTIAL: return "the name of a systemd credential, without a path";
	case OPT_ENV: return "the name of an environment variable";
	default: return "a text";
	}
}

void
conf_expected(const struct opt *o, struct buf *out)
{
	switch (o->type) {
	case OPT_BOOL: buf_str(out, "true or false"); return;
	case OPT_PORT:
	case OPT_COUNT:
		buf_printf(out, "an integer from %" PRId64 " to %" PRId64, o->min, o->max);
		return;
	case OPT_SIZE:
	case OPT_RATE:
	case OPT_TIME: expected_range(o, out); return;
	case OPT_KIND:
		list_words(conf_words(o->type), out);
		buf_str(out, " (MySQL and MariaDB)");
		return;
	case OPT_RULES:
		buf_str(out, "a list of rules such as ( { include = \"public.*\"; } )");
		return;
	default:
		if (conf_words(o->type) != NULL)
			list_words(conf_words(o->type), out);
		else if (o->type == OPT_LISTEN || o->type == OPT_HOST)
			buf_str(out, expected_text(o->type));
		else
			buf_printf(out, "%s (%" PRId64 " to %" PRId64 " bytes)",
			    expected_text(o->type), o->min, o->max);
	}
}

/* ---- forms of texts ---- */

static bool
only_of(const char *s, const char *extra)
{
	for (; *s != '\0'; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') &&
		    strchr(extra, *s) == NULL)
			return false;
	return true;
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/* HOST:PORT, [IPv6]:PORT or nothing. */
static bool
listen_form(const char *s)
{
	const char *colon = strrchr(s, ':');
	char host[256];
	struct in6_addr v6;
	struct err err;
	int64_t port;
	size_t n;

	if (*s == '\0')
		return true;
	if (colon == NULL || colon == s || (size_t)(colon - s) >= sizeof(host) ||
	    !num_int(colon + 1, 1, 65535, &port, &err))
		return false;
	n = (size_t)(colon - s);
	if (s[0] != '[') {
		snprintf(host, sizeof(host), "%.*s", (int)n, s);
		return only_of(host, UPPER ".-");
	}
	if (n < 2 || s[n - 1] != ']')
		return false;
	snprintf(host, sizeof(host), "%.*s", (int)(n - 2), s + 1);
	return inet_pton(AF_INET6, host, &v6) == 1;
}

static bool
text_form(enum opt_type type, const char *s)
{
	switch (type) {
	case OPT_PATH: return s[0] == '/' && printable(s);
	case OPT_LISTEN: return listen_form(s);
	case OPT_HOST: return only_of(s, UPPER "._-:%");
	case OPT_NAME: return s[0] >= 'a' && s[0] <= 'z' && only_of(s, "_");
	case OPT_SLOT: return only_of(s, "_");
	case OPT_CREDENTIAL: return only_of(s, UPPER "._-@:+") && s[0] != '.';
	case OPT_ENV: return only_of(s, UPPER "_") && !(s[0] >= '0' && s[0] <= '9');
	default: return true;
	}
}

/* ---- a text -> the field. Where *err stays ERR_NONE: not of the form, or out of range ---- */

#define IDENT_MAX 63 /* PostgreSQL cuts longer names in silence */

static void
field_set(const struct opt *o, void *fields, const void *value, size_t n)
{
	memcpy((uint8_t *)fields + o->off, value, n);
}

void
conf_set_number(const struct opt *o, void *fields, int64_t v)
{
	uint16_t u16 = (uint16_t)v;
	uint32_t u32 = (uint32_t)v;
	bool b = v != 0;

	switch (o->type) {
	case OPT_BOOL:
	case OPT_DURABILITY:
	case OPT_TINYINT1: field_set(o, fields, &b, sizeof(b)); return;
	case OPT_PORT: field_set(o, fields, &u16, sizeof(u16)); return;
	case OPT_SIZE:
	case OPT_RATE:
	case OPT_TIME: field_set(o, fields, &v, sizeof(v)); return;
	default: field_set(o, fields, &u32, sizeof(u32)); return; /* OPT_COUNT and the enums */
	}
}

_Static_assert(sizeof(enum tls_mode) == sizeof(uint32_t) &&
		   sizeof(enum log_level) == sizeof(uint32_t) && sizeof(bool) == 1,
    "conf_set_number() writes fields of these sizes");

static bool
word_set(const struct opt *o, const char *s, void *fields)
{
	const char *const *words = conf_words(o->type);
	int64_t i = 0;

	while (words[i] != NULL && strcmp(words[i], s) != 0)
		i++;
	if (words[i] == NULL)
		return false;
	if (conf_word_is_text(o->type))
		field_set(o, fields, &words[i], sizeof(words[i]));
	else
		conf_set_number(o, fields, i);
	return true;
}

static bool
unit_set(const struct opt *o, const char *s, void *fields)
{
	struct err err = ERR_INIT;
	int64_t v = 0;
	uint64_t size = 0;

	if (o->type == OPT_RATE && *s == '\0') {
		conf_set_number(o, fields, 0);
		return true;
	}
	if (o->type == OPT_TIME ? !num_duration(s, &v, &err)
				: !num_size(s, &size, &err) || size > INT64_MAX)
		return false;
	if (o->type != OPT_TIME)
		v = (int64_t)size;
	if (v < o->min || v > o->max)
		return false;
	conf_set_number(o, fields, v);
	return true;
}

static bool
name_check(const char *what, const char *name, struct err *err)
{
	if (name[0] == '\0')
		return err_set(err, ERR_CONFIG, "an empty %s name", what);
	if (strlen(name) > IDENT_MAX)
		return err_set(
		    err, ERR_CONFIG, "the %s's name is longer than %d bytes", what, IDENT_MAX);
	if (strcmp(what, "schema") == 0 && rules_schema_is_system(name))
		return err_set(
		    err, ERR_CONFIG, "the schema \"%s\" is not a place for tables", name);
	return true;
}

static bool
target_set(const char *s, struct rule *r, struct arena *arena, struct err *err)
{
	const char *schema, *table;

	return name_split(s, arena, &schema, &table, err) && name_check("schema", schema, err) &&
	       name_check("table", table, err) && rule_set_target(r, s, arena, err);
}

static bool
pattern_set(const struct opt *o, const char *s, void *fields, struct arena *arena, struct err *err)
{
	struct rule *r = fields;

	r->exclude = o == &conf_opts[ID_tables_exclude];
	r->text = s;
	r->pattern = name_pattern_new(s, arena, err);
	return r->pattern != NULL;
}

bool
conf_set_text(
    const struct opt *o, const char *s, void *fields, struct arena *arena, struct err *err)
{
	size_t n = strlen(s);

	if (conf_words(o->type) != NULL)
		return word_set(o, s, fields);
	if (o->type == OPT_SIZE || o->type == OPT_RATE || o->type == OPT_TIME)
		return unit_set(o, s, fields);
	if (n < (uint64_t)o->min || n > (uint64_t)o->max || !text_form(o->type, s))
		return false;
	if (o->type == OPT_PATTERN)
		return pattern_set(o, s, fields, arena, err);
	if (o->type == OPT_TABLE)
		return target_set(s, fields, arena, err);
	if (o->type == OPT_SCHEMA && !name_check("schema", s, err))
		return false;
	field_set(o, fields, &s, sizeof(s));
	return true;
}

/* The table's own texts: to fail is our mistake. */
void
conf_set_defaults(enum opt_section section, void *fields)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < OPT_N; i++) {
		const struct opt *o = &conf_opts[i];
		bool number = o->type == OPT_PORT || o->type == OPT_COUNT, ok = true;
		int64_t v = 0;

		if (o->section != section || o->def == NULL || o->def == conf_required)
			continue;
		if (o->type == OPT_BOOL)
			v = strcmp(o->def, "true") == 0;
		else if (number)
			ok = num_int(o->def, o->min, o->max, &v, &err);
		else
			ok = conf_set_text(o, o->def, fields, NULL, &err);
		assert(ok);
		if (number || o->type == OPT_BOOL)
			conf_set_number(o, fields, v);
	}
}
