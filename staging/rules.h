/* rules.h - which tables a task captures and where they go: a cascade, read from top to bottom; each rule that
 * matches sets what it names, the last word wins. Pure: built by the configuration, asked once per table.
 * Patterns: schema.table; * and ? are wildcards; case counts; a part in double quotes is literal ("" inside for one quote).
 * System schemas (pg_catalog, information_schema, pg_toast*, mysql, performance_schema, sys) and repld never match.
 * Threads: read-only after building. */
#ifndef REPLD_STAGING_RULES_H
#define REPLD_STAGING_RULES_H

#include "daemon/base/arena.h"

struct name_pattern;

/* ERR_CONFIG names what is wrong with the text. In the arena. */
struct name_pattern *name_pattern_new(const char *text, struct arena *arena, struct err *err) MUST_CHECK;
bool name_pattern_match(const struct name_pattern *p, const char *schema, const char *table);
bool name_pattern_is_literal(const struct name_pattern *p);	/* no wildcards: names one table */
/* Splits "schema.table" with quoting into two names in the arena (ERR_CONFIG). */
bool name_split(const char *text, struct arena *arena, const char **ret_schema, const char **ret_table, struct err *err) MUST_CHECK;

struct rule {
	bool exclude;
	const char *text;		/* the pattern as written */
	struct name_pattern *pattern;
	const char *target_schema;	/* NULL: not set by this rule */
	const char *target;		/* "schema.table" as written; NULL: not set. Set by rule_set_target() alone */
	const char *into_schema, *into_table;	/* target's two names */
	const char *on_change;		/* "refuse" or "reload"; NULL: not set by this rule */
	int line;			/* of the configuration, for messages */
	const char *file;
};

/* Splits text into target, into_schema and into_table, in the arena (ERR_CONFIG). */
bool rule_set_target(struct rule *rule, const char *text, struct arena *arena, struct err *err) MUST_CHECK;

struct rules {
	uint32_t n;
	struct rule *rules;
	const char *default_source_schema;	/* PostgreSQL: "public" */
	const char *default_target_schema;
};

struct mapping {
	bool captured;
	const char *target_schema, *target_name;	/* borrowed from the rules, or from the arguments */
	const char *on_change;		/* "refuse", "reload"; NULL: no rule says it */
};

void rules_map(const struct rules *r, const char *schema, const char *table, struct mapping *ret);
bool rules_schema_is_system(const char *schema);

#endif
