/* rules.c - see rules.h.
 * The cascade: each rule that matches says in or out; an include also sets the schema
 * (target_schema) or both names (target) of the target table. The last word on each of the three
 * wins by itself: an exclude leaves the names alone, so that a later include takes the table
 * back with them; a target_schema after a target moves the table and keeps its name. Inside one
 * rule target speaks after target_schema. Names that no rule sets: the table's own name; the
 * target's default schema for a table of the source's default schema, the table's own schema for
 * any other. */
#include "staging/rules.h"

#include <assert.h>
#include <string.h>

struct name_part {
	const char *text; /* without quotes */
	bool literal; /* quoted, or without wildcards */
};

struct name_pattern {
	struct name_part schema, table;
};

/* Reads one part of text at *pos, up to a dot or the end; *ret_quoted tells how it was written. */
static bool
read_part(const char *text, size_t *pos, struct arena *arena, const char **ret, bool *ret_quoted,
    struct err *err)
{
	const char *p = text + *pos;
	char *out = arena_alloc(arena, strlen(p) + 1);
	size_t n = 0;

	if (out == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	*ret_quoted = *p == '"';
	if (*ret_quoted) {
		for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++) {
			p += *p == '"';
			out[n++] = *p;
		}
		if (*p++ != '"')
			return err_set(
			    err, ERR_CONFIG, "\"%s\": a double quote is not closed", text);
		if (*p != '.' && *p != '\0')
			return err_set(err, ERR_CONFIG, "\"%s\": text after a closing quote", text);
	} else {
		for (; *p != '.' && *p != '"' && *p != '\0'; p++)
			out[n++] = *p;
		if (*p == '"')
			return err_set(err, ERR_CONFIG,
			    "\"%s\": a double quote inside a name: quote all of it", text);
		if (n > 0 &&
		    (strchr(" \t\n", out[0]) != NULL || strchr(" \t\n", out[n - 1]) != NULL))
			return err_set(
			    err, ERR_CONFIG, "\"%s\": a blank at the edge of a name", text);
	}
	if (n == 0)
		return err_set(
		    err, ERR_CONFIG, "\"%s\": an empty name; schema.table is expected", text);
	out[n] = '\0';
	*pos = (size_t)(p - text);
	*ret = out;
	return true;
}

struct two_names {
	const char *schema, *table;
	bool schema_quoted, table_quoted;
};

static bool
read_names(const char *text, struct arena *arena, struct two_names *ret, struct err *err)
{
	size_t pos = 0;

	if (!read_part(text, &pos, arena, &ret->schema, &ret->schema_quoted, err))
		return false;
	if (text[pos] != '.')
		return err_set(err, ERR_CONFIG, "\"%s\": schema.table is expected", text);
	pos++;
	if (!read_part(text, &pos, arena, &ret->table, &ret->table_quoted, err))
		return false;
	if (text[pos] != '\0')
		return err_set(err, ERR_CONFIG, "\"%s\": more than schema.table", text);
	return true;
}

static bool
has_wildcard(const char *s)
{
	return strpbrk(s, "*?") != NULL;
}

struct name_pattern *
name_pattern_new(const char *text, struct arena *arena, struct err *err)
{
	struct name_pattern *p = arena_alloc(arena, sizeof(*p));
	struct two_names names;

	if (p == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		return NULL;
	}
	if (!read_names(text, arena, &names, err))
		return NULL;
	p->schema =
	    (struct name_part){ names.schema, names.schema_quoted || !has_wildcard(names.schema) };
	p->table =
	    (struct name_part){ names.table, names.table_quoted || !has_wildcard(names.table) };
	return p;
}

bool
name_split(const char *text, struct arena *arena, const char **ret_schema, const char **ret_table,
    struct err *err)
{
	struct two_names names;

	if (!read_names(text, arena, &names, err))
		return false;
	if ((!names.schema_quoted && has_wildcard(names.schema)) ||
	    (!names.table_quoted && has_wildcard(names.table)))
		return err_set(
		    err, ERR_CONFIG, "\"%s\": one table is expected, without wildcards", text);
	*ret_schema = names.schema;
	*ret_table = names.table;
	return true;
}

bool
rule_set_target(struct rule *rule, const char *text, struct arena *arena, struct err *err)
{
	const char *schema = NULL, *table = NULL, *copy = arena_strdup(arena, text);

	if (copy == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if (!name_split(text, arena, &schema, &table, err))
		return false;
	rule->target = copy;
	rule->into_schema = schema;
	rule->into_table = table;
	return true;
}

/* The next character of UTF-8 text: ? stands for one character, not for one byte. */
static const char *
next_char(const char *s)
{
	for (s++; ((unsigned char)*s & 0xc0) == 0x80; s++)
		;
	return s;
}

/* Goes back to the last * only: what an earlier one took can't help. */
static bool
wildcard_match(const char *p, const char *s)
{
	const char *star = NULL, *from = NULL;

	while (*s != '\0') {
		if (*p == '*') {
			star = ++p;
			from = s;
		} else if (*p == '?') {
			p++;
			s = next_char(s);
		} else if (*p == *s) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star;
			s = from = next_char(from);
		} else
			return false;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

static bool
part_match(const struct name_part *part, const char *name)
{
	return part->literal ? strcmp(part->text, name) == 0 : wildcard_match(part->text, name);
}

bool
name_pattern_match(const struct name_pattern *p, const char *schema, const char *table)
{
	return !rules_schema_is_system(schema) && part_match(&p->schema, schema) &&
	       part_match(&p->table, table);
}

bool
name_pattern_is_literal(const struct name_pattern *p)
{
	return p->schema.literal && p->table.literal;
}

bool
rules_schema_is_system(const char *schema)
{
	static const char *const names[] = { "pg_catalog", "information_schema", "mysql",
		"performance_schema", "sys", "repld" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(schema, names[i]) == 0)
			return true;
	return strncmp(schema, "pg_toast", 8) == 0 || strncmp(schema, "pg_temp_", 8) == 0;
}

static void
apply_rule(const struct rule *rule, struct mapping *m)
{
	assert(rule->target == NULL || rule->into_table != NULL);
	m->captured = !rule->exclude;
	if (rule->exclude)
		return;
	if (rule->on_change != NULL)
		m->on_change = rule->on_change;
	if (rule->target_schema != NULL)
		m->target_schema = rule->target_schema;
	if (rule->target != NULL) {
		m->target_schema = rule->into_schema;
		m->target_name = rule->into_table;
	}
}

void
rules_map(const struct rules *r, const char *schema, const char *table, struct mapping *ret)
{
	*ret = (struct mapping){ .captured = false };
	for (uint32_t i = 0; i < r->n; i++)
		if (name_pattern_match(r->rules[i].pattern, schema, table))
			apply_rule(&r->rules[i], ret);
	if (ret->target_name == NULL)
		ret->target_name = table;
	if (ret->target_schema == NULL)
		ret->target_schema = r->default_source_schema != NULL &&
					     r->default_target_schema != NULL &&
					     strcmp(schema, r->default_source_schema) == 0
					 ? r->default_target_schema
					 : schema;
}
