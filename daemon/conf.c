/* conf.c - libconfig's tree -> struct conf. The only file that knows libconfig.
 * Flow: conf_text.c's text -> tree -> each setting against the option table -> fields, with the
 * place where each stands -> conf_check().
 * Invariant: a configuration is returned only where nothing at all was wrong; everything wrong is
 * said at once, but for errors of syntax, which end the reading. Nothing is accepted and ignored:
 * what the table does not name is unknown.
 * Threads: one at a time. Owner: the arena holds the configuration itself and all that it points
 * to. */
#include "daemon/conf.h"

#include <inttypes.h>
#include <libconfig.h>
#include <stdio.h>

#include "daemon/conf_intern.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The groups inside a task. */
static const struct {
	const char *name;
	enum opt_section section;
} groups[] = {
	{ "postgresql", SEC_postgresql },
	{ "mysql", SEC_mysql },
	{ "values", SEC_values },
	{ "full_load", SEC_full_load },
	{ "staging", SEC_staging },
	{ "apply", SEC_apply },
};

/* ---- the parser ---- */

struct parser {
	struct conf_full *conf;
	struct arena *arena;
	const struct conf_text *text;
	struct conf_errors *errors;
};

/* What is being read: its path for messages ("tasks.orders.apply."), its fields, and where its
 * options stand. */
struct object {
	enum opt_section section;
	const char *path;
	void *fields;
	struct place *at; /* OPT_N */
};

#define PATH_MAX_SHOWN 256

static struct place
place_of(const struct parser *p, const config_setting_t *s)
{
	return conf_text_place(p->text, (int)config_setting_source_line(s));
}

static bool
no_memory(const struct parser *p)
{
	conf_error(p->errors, (struct place){ p->conf->c.file, 0 }, "out of memory");
	return false;
}

static const char *
kind_of(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64: return "an integer";
	case CONFIG_TYPE_FLOAT: return "a number with a fraction";
	case CONFIG_TYPE_STRING: return "a string";
	case CONFIG_TYPE_BOOL: return "a boolean";
	case CONFIG_TYPE_ARRAY: return "an array [ ]";
	case CONFIG_TYPE_LIST: return "a list ( )";
	default: return "a group { }";
	}
}

/* ---- did you mean ---- */

#define WORD_MAX CONF_NAME_MAX

/* Letters to change, add, take out or swap with their neighbour. Three rows are enough. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);

			d = last[j] + 1 < d ? last[j] + 1 : d;
			d = row[j - 1] + 1 < d ? row[j - 1] + 1 : d;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			row[j] = d;
		}
	}
	return rows[na % 3][nb];
}

struct guess {
	const char *wrong, *best;
	size_t distance;
};

static void
guess_try(struct guess *g, const char *word)
{
	size_t d = distance(g->wrong, word);

	if (d < g->distance) {
		g->distance = d;
		g->best = word;
	}
}

static struct guess
guess_start(const char *wrong)
{
	size_t n = strlen(wrong);

	return (struct guess){ wrong, NULL, n < 3 ? 2 : n / 3 + 2 };
}

#define GUESS_TEXT 128

static const char *
guess_text(const struct guess *g, char out[GUESS_TEXT])
{
	if (g->best == NULL)
		out[0] = '\0';
	else
		snprintf(out, GUESS_TEXT, "; did you mean \"%s\"?", g->best);
	return out;
}

static void
unknown_option(const struct parser *p, const struct object *o, const config_setting_t *s)
{
	const char *name = config_setting_name(s);
	struct guess g = guess_start(name);
	char text[GUESS_TEXT];

	if (o->section == SEC_endpoints && strcmp(name, "password") == 0) {
		conf_error(p->errors, place_of(p, s),
		    "%s%s: unknown option; a secret is never in this file: use "
		    "password_file, password_credential or password_env",
		    o->path, name);
		return;
	}
	for (size_t i = 0; i < OPT_N; i++)
		if (conf_opts[i].section == o->section)
			guess_try(&g, conf_opts[i].name);
	for (size_t i = 0; o->section == SEC_tasks && i < COUNT(groups); i++)
		guess_try(&g, groups[i].name);
	conf_error(p->errors, place_of(p, s), "%s%.60s: unknown option%s", o->path, name,
	    guess_text(&g, text));
}

/* ---- what is expected ---- */

/* ---- what is wrong ---- */

/* found: NULL is a text that is not shown, since it may be a secret in the wrong place */
static void
bad_value(const struct parser *p, const struct object *obj, const struct opt *o, struct place at,
    const char *found)
{
	struct buf want = { 0 };

	conf_expected(o, &want);
	conf_error(p->errors, at, "%s%s: expected %s%s%s", obj->path, o->name, buf_cstr(&want),
	    found != NULL ? ", found " : "", found != NULL ? found : "");
	buf_done(&want);
}

static void
bad_type(const struct parser *p, const struct object *obj, const struct opt *o,
    const config_setting_t *s)
{
	bool shows = o->def != NULL && o->def != conf_required && o->def[0] != '\0';
	const char *example = shows ? o->def : o->type == OPT_RATE ? "10MB" : NULL;

	if (o->type == OPT_BOOL || o->type == OPT_PORT || o->type == OPT_COUNT ||
	    o->type == OPT_RULES)
		bad_value(p, obj, o, place_of(p, s), kind_of(s));
	else if (example != NULL)
		conf_error(p->errors, place_of(p, s),
		    "%s%s: expected a string such as \"%s\", found %s", obj->path, o->name, example,
		    kind_of(s));
	else
		conf_error(p->errors, place_of(p, s),
		    "%s%s: expected a string in double quotes, found %s", obj->path, o->name,
		    kind_of(s));
}

/* ---- settings ---- */

static bool read_members(const struct parser *p, const struct object *o, config_setting_t *group);
static bool read_rules(const struct parser *p, const struct object *obj, config_setting_t *list);

/* As conf_set_text(), for the name of an endpoint. */
static bool
endpoint_set(
    const struct parser *p, const struct opt *o, const char *s, void *fields, struct err *err)
{
	const struct endpoint *e = conf_endpoint(&p->conf->c, s);
	struct guess g = guess_start(s);
	char text[GUESS_TEXT], shown[CONF_SHOWN];

	if (e != NULL) {
		memcpy((uint8_t *)fields + o->off, &e, sizeof(e));
		return true;
	}
	for (uint32_t i = 0; i < p->conf->c.nendpoints; i++)
		guess_try(&g, p->conf->c.endpoints[i]->name);
	return err_set(
	    err, ERR_CONFIG, "unknown endpoint %s%s", conf_shown(s, shown), guess_text(&g, text));
}

static bool
read_text(const struct parser *p, const struct object *obj, const struct opt *o,
    const config_setting_t *s)
{
	const char *text = arena_strdup(p->arena, config_setting_get_string(s));
	struct err err = ERR_INIT;
	char shown[CONF_SHOWN];

	if (text == NULL)
		return no_memory(p);
	if (o->type == OPT_ENDPOINT ? endpoint_set(p, o, text, obj->fields, &err)
				    : conf_set_text(o, text, obj->fields, p->arena, &err))
		return true;
	if (err.kind != ERR_NONE)
		conf_error(p->errors, place_of(p, s), "%s%s: %s", obj->path, o->name, err.msg);
	else
		bad_value(p, obj, o, place_of(p, s),
		    strncmp(o->name, "password", 8) == 0 ? NULL : conf_shown(text, shown));
	return true;
}

static void
read_number(const struct parser *p, const struct object *obj, const struct opt *o,
    const config_setting_t *s)
{
	int64_t v = config_setting_type(s) == CONFIG_TYPE_INT ? config_setting_get_int(s)
							      : config_setting_get_int64(s);
	char shown[32];

	if (v >= o->min && v <= o->max) {
		conf_set_number(o, obj->fields, v);
		return;
	}
	snprintf(shown, sizeof(shown), "%" PRId64, v);
	bad_value(p, obj, o, place_of(p, s), shown);
}

static bool
read_option(
    const struct parser *p, const struct object *obj, const struct opt *o, config_setting_t *s)
{
	int type = config_setting_type(s);

	obj->at[o - conf_opts] = place_of(p, s);
	switch (o->type) {
	case OPT_BOOL:
		if (type != CONFIG_TYPE_BOOL)
			break;
		conf_set_number(o, obj->fields, config_setting_get_bool(s));
		return true;
	case OPT_PORT:
	case OPT_COUNT:
		if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
			break;
		read_number(p, obj, o, s);
		return true;
	case OPT_RULES:
		if (type != CONFIG_TYPE_LIST)
			break;
		return read_rules(p, obj, s);
	default:
		if (type != CONFIG_TYPE_STRING)
			break;
		return read_text(p, obj, o, s);
	}
	bad_type(p, obj, o, s);
	return true;
}

static bool
expect_group(const struct parser *p, const char *path, const config_setting_t *s)
{
	if (config_setting_is_group(s))
		return true;
	conf_error(
	    p->errors, place_of(p, s), "%s: expected a group { }, found %s", path, kind_of(s));
	return false;
}

/* A group inside a task: its options are the task's fields. false: it is none. */
static bool
read_group(const struct parser *p, const struct object *task, config_setting_t *s, bool *ret_ok)
{
	const char *name = config_setting_name(s);
	char path[PATH_MAX_SHOWN];
	struct object o = *task;

	for (size_t i = 0; i < COUNT(groups); i++) {
		if (strcmp(name, groups[i].name) != 0)
			continue;
		snprintf(path, sizeof(path), "%s%s", task->path, name);
		*ret_ok = true;
		if (!expect_group(p, path, s))
			return true;
		snprintf(path, sizeof(path), "%s%s.", task->path, name);
		o.section = groups[i].section;
		o.path = path;
		*ret_ok = read_members(p, &o, s);
		return true;
	}
	return false;
}

static const struct opt *
option_find(enum opt_section section, const char *name)
{
	for (size_t i = 0; i < OPT_N; i++)
		if (conf_opts[i].section == section && strcmp(conf_opts[i].name, name) == 0)
			return &conf_opts[i];
	return NULL;
}

/* false: no memory. What is wrong in the file is only added to the errors. */
static bool
read_members(const struct parser *p, const struct object *obj, config_setting_t *group)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const struct opt *o = option_find(obj->section, config_setting_name(s));
		bool ok = true;

		if (o != NULL)
			ok = read_option(p, obj, o, s);
		else if (obj->section != SEC_tasks || !read_group(p, obj, s, &ok))
			unknown_option(p, obj, s);
		if (!ok)
			return false;
	}
	return true;
}

static void
check_required(const struct parser *p, const struct object *obj, struct place self)
{
	for (size_t i = 0; i < OPT_N; i++)
		if (conf_opts[i].section == obj->section && conf_opts[i].def == conf_required &&
		    obj->at[i].line == 0)
			conf_error(
			    p->errors, self, "%s%s is missing", obj->path, conf_opts[i].name);
}

/* ---- rules, endpoints, tasks ---- */

static void
check_rule(const struct parser *p, const struct object *o, struct place self)
{
	bool in = o->at[ID_tables_include].line != 0, out = o->at[ID_tables_exclude].line != 0;
	const struct place *schema = &o->at[ID_tables_target_schema],
			   *table = &o->at[ID_tables_target];

	if (in == out)
		conf_error(p->errors, self, "%sneeds include or exclude%s", o->path,
		    in ? ", not both" : "");
	else if (out && (schema->line != 0 || table->line != 0))
		conf_error(p->errors, table->line != 0 ? *table : *schema,
		    "%s%s: an exclude has no target", o->path,
		    table->line != 0 ? "target" : "target_schema");
	else if (out && o->at[ID_tables_on_change].line != 0)
		conf_error(p->errors, o->at[ID_tables_on_change],
		    "%son_change: an exclude loads nothing", o->path);
	else if (schema->line != 0 && table->line != 0)
		conf_error(p->errors, *table,
		    "%starget: names its schema, so target_schema says too much", o->path);
}

static bool
read_rule(const struct parser *p, const char *task_path, uint32_t number, config_setting_t *s,
    struct rule *r)
{
	struct place at[OPT_N] = { 0 }, self = place_of(p, s);
	char path[PATH_MAX_SHOWN + 32];
	struct object o = { SEC_tables, path, r, at };
	bool ok;

	r->line = self.line;
	r->file = self.file;
	snprintf(path, sizeof(path), "%stables: rule %u", task_path, number);
	if (!expect_group(p, path, s))
		return true;
	snprintf(path, sizeof(path), "%stables: rule %u: ", task_path, number);
	ok = read_members(p, &o, s);
	check_rule(p, &o, self);
	return ok;
}

static bool
read_rules(const struct parser *p, const struct object *obj, config_setting_t *list)
{
	struct rules *rules = &((struct task_conf *)obj->fields)->rules;
	const struct opt *o = &conf_opts[ID_tasks_tables];
	int n = config_setting_length(list);

	if (n < o->min || n > o->max) {
		conf_error(p->errors, place_of(p, list),
		    "%stables: expected %" PRId64 " to %" PRId64 " rules, found %d", obj->path,
		    o->min, o->max, n);
		return true;
	}
	if ((rules->rules = arena_zalloc(p->arena, (size_t)n * sizeof(*rules->rules))) == NULL)
		return no_memory(p);
	rules->n = (uint32_t)n;
	for (int i = 0; i < n; i++)
		if (!read_rule(p, obj->path, (uint32_t)i + 1,
			config_setting_get_elem(list, (unsigned)i), &rules->rules[i]))
			return false;
	return true;
}

static bool
read_endpoint(const struct parser *p, config_setting_t *s)
{
	struct endpoint_full *e = arena_zalloc(p->arena, sizeof(*e));
	char path[PATH_MAX_SHOWN];
	struct object o = { SEC_endpoints, path, NULL, NULL };

	if (e == NULL || (e->e.name = arena_strdup(p->arena, config_setting_name(s))) == NULL)
		return no_memory(p);
	e->self = place_of(p, s);
	o.fields = &e->e;
	o.at = e->at;
	conf_set_defaults(SEC_endpoints, &e->e);
	p->conf->c.endpoints[p->conf->c.nendpoints++] = &e->e;
	snprintf(path, sizeof(path), "endpoints.%.60s", e->e.name);
	if (!expect_group(p, path, s)) {
		e->at[ID_endpoints_host] = e->self; /* that it is missing is not worth a word now */
		return true;
	}
	snprintf(path, sizeof(path), "endpoints.%.60s.", e->e.name);
	if (!read_members(p, &o, s))
		return false;
	check_required(p, &o, e->self);
	if (e->e.port == 0)
		e->e.port = e->e.kind == ENDPOINT_MYSQL ? 3306 : 5432;
	return true;
}

/* Where tables are that are named without a schema: on MySQL a schema is a database. */
static const char *
default_schema(const struct endpoint *e)
{
	return e != NULL && e->kind == ENDPOINT_MYSQL && e->dbname != NULL ? e->dbname : "public";
}

/* What follows from other options. */
static bool
task_finish(const struct parser *p, struct task_conf *t)
{
	t->rules.default_source_schema = default_schema(t->source);
	t->rules.default_target_schema = default_schema(t->target);
	if (t->mysql.server_id == 0)
		t->mysql.server_id = endpoint_server_id(t->name, 0);
	if (t->postgresql.slot == NULL)
		t->postgresql.slot = arena_printf(p->arena, "repld_%s", t->name);
	if (t->postgresql.publication == NULL)
		t->postgresql.publication = arena_printf(p->arena, "repld_%s", t->name);
	return (t->postgresql.slot != NULL && t->postgresql.publication != NULL) || no_memory(p);
}

static bool
read_task(const struct parser *p, config_setting_t *s)
{
	struct task_full *t = arena_zalloc(p->arena, sizeof(*t));
	struct place self = place_of(p, s);
	char path[PATH_MAX_SHOWN];
	struct object o = { SEC_tasks, path, NULL, NULL };

	if (t == NULL || (t->t.name = arena_strdup(p->arena, config_setting_name(s))) == NULL)
		return no_memory(p);
	o.fields = &t->t;
	o.at = t->at;
	t->t.line = self.line;
	t->t.file = self.file;
	conf_set_defaults(SEC_tasks, &t->t);
	for (size_t i = 0; i < COUNT(groups); i++)
		conf_set_defaults(groups[i].section, &t->t);
	p->conf->c.tasks[p->conf->c.ntasks++] = &t->t;
	snprintf(path, sizeof(path), "tasks.%.60s", t->t.name);
	if (!expect_group(p, path, s))
		return true;
	snprintf(path, sizeof(path), "tasks.%.60s.", t->t.name);
	if (!read_members(p, &o, s) || !task_finish(p, &t->t))
		return false;
	check_required(p, &o, self);
	return true;
}

/* ---- the file ---- */

static bool
read_daemon(const struct parser *p, config_setting_t *s)
{
	struct object o = { SEC_daemon, "daemon.", &p->conf->c, p->conf->at };

	return read_members(p, &o, s);
}

/* Each member of a section; ret_list: room for pointers to all of them. */
static bool
read_each(const struct parser *p, config_setting_t *section, void *ret_list,
    bool (*read)(const struct parser *, config_setting_t *))
{
	size_t n = (size_t)config_setting_length(section);
	void *list = arena_zalloc(p->arena, (n + 1) * sizeof(void *));

	if (list == NULL)
		return no_memory(p);
	memcpy(ret_list, &list, sizeof(list));
	for (size_t i = 0; i < n; i++)
		if (!read(p, config_setting_get_elem(section, (unsigned)i)))
			return false;
	return true;
}

static const char *const sections[] = { "daemon", "endpoints", "tasks" };

static void
check_sections(const struct parser *p, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(s);
		struct guess g = guess_start(name);
		char text[GUESS_TEXT];
		bool known = false;

		for (size_t k = 0; k < COUNT(sections); k++) {
			known |= strcmp(name, sections[k]) == 0;
			guess_try(&g, sections[k]);
		}
		if (known)
			expect_group(p, name, s);
		else
			conf_error(p->errors, place_of(p, s), "%.60s: unknown section%s", name,
			    guess_text(&g, text));
	}
}

/* Endpoints before tasks, wherever they stand in the file. */
static bool
read_root(const struct parser *p, const config_t *tree)
{
	config_setting_t *s;

	check_sections(p, config_root_setting(tree));
	if ((s = config_lookup(tree, "daemon")) != NULL && config_setting_is_group(s) &&
	    !read_daemon(p, s))
		return false;
	if ((s = config_lookup(tree, "endpoints")) != NULL && config_setting_is_group(s) &&
	    !read_each(p, s, &p->conf->c.endpoints, read_endpoint))
		return false;
	return (s = config_lookup(tree, "tasks")) == NULL || !config_setting_is_group(s) ||
	       read_each(p, s, &p->conf->c.tasks, read_task);
}

static void
read_text_of(struct parser *p, struct conf_text *text)
{
	config_t tree;

	config_init(&tree);
	p->text = text;
	if (!config_read_string(&tree, conf_text_str(text)))
		conf_error(p->errors, conf_text_place(text, config_error_line(&tree)), "%s",
		    config_error_text(&tree));
	else if (read_root(p, &tree))
		conf_check(&p->conf->c, p->errors);
	config_destroy(&tree);
	p->text = NULL;
}

/* From a file, or from a text that was given a name. */
static struct conf *
read_conf(const char *path, const char *text, const char *name, struct conf_errors *errors)
{
	struct parser p = { .arena = arena_new(16384, 0), .errors = errors };
	struct conf_text *t;

	buf_reset(&errors->text);
	errors->n = 0;
	if (p.arena == NULL || (p.conf = arena_zalloc(p.arena, sizeof(*p.conf))) == NULL ||
	    (p.conf->c.file = arena_strdup(p.arena, path != NULL ? path : name)) == NULL) {
		conf_error(
		    errors, (struct place){ path != NULL ? path : name, 0 }, "out of memory");
		arena_free(p.arena);
		return NULL;
	}
	p.conf->c.arena = p.arena;
	conf_set_defaults(SEC_daemon, &p.conf->c);
	t = conf_text_new(path, text, p.conf->c.file, p.arena, errors);
	if (t != NULL)
		read_text_of(&p, t);
	conf_text_free(t);
	if (errors->n == 0)
		return &p.conf->c;
	conf_free(&p.conf->c);
	return NULL;
}

struct conf *
conf_load(const char *path, struct conf_errors *errors)
{
	return read_conf(path, NULL, NULL, errors);
}

struct conf *
conf_parse(const char *text, const char *name, struct conf_errors *errors)
{
	return read_conf(NULL, text, name, errors);
}

void
conf_free(struct conf *c)
{
	if (c != NULL)
		arena_free(c->arena);
}

const struct task_conf *
conf_task(const struct conf *c, const char *name)
{
	for (uint32_t i = 0; i < c->ntasks; i++)
		if (strcmp(c->tasks[i]->name, name) == 0)
			return c->tasks[i];
	return NULL;
}

const struct endpoint *
conf_endpoint(const struct conf *c, const char *name)
{
	for (uint32_t i = 0; i < c->nendpoints; i++)
		if (strcmp(c->endpoints[i]->name, name) == 0)
			return c->endpoints[i];
	return NULL;
}
