/* conf_intern.h - what the configuration's files share: the option table, the places in the file
 * where options stand, the reader of the text. Nobody else includes it.
 * Invariant: each endpoint, task and configuration of conf.c is the first member of its *_full
 * struct, whose `at` says for each option where the file gives it (line 0: it does not); the other
 * files find it through the *_place() functions.
 * Threads: read-only once loaded. Owner: the configuration's arena. */
#ifndef REPLD_DAEMON_CONF_INTERN_H
#define REPLD_DAEMON_CONF_INTERN_H

#include "daemon/conf.h"

#define KB INT64_C(1024)
#define MB (1024 * KB)
#define GB (1024 * MB)
#define SECOND INT64_C(1000000)

enum opt_section {
	SEC_daemon, SEC_endpoints, SEC_tasks, SEC_tables,
	SEC_postgresql, SEC_mysql, SEC_values, SEC_full_load, SEC_staging, SEC_apply
};
enum opt_change { ON_KEEP, ON_TUNE, ON_RESTART, ON_DAEMON };
enum opt_type {
	OPT_BOOL, OPT_PORT, OPT_COUNT,
	/* text with a unit */
	OPT_SIZE, OPT_RATE, OPT_TIME,
	/* one word of a list */
	OPT_LOG_LEVEL, OPT_KIND, OPT_ROLE, OPT_TLS, OPT_MODE, OPT_DURABILITY,
	OPT_PREP, OPT_CHUNKS, OPT_APPLY_MODE, OPT_PLUGIN, OPT_ON_CHANGE,
	OPT_UNREPRESENTABLE, OPT_TINYINT1,
	/* text of some form */
	OPT_TEXT, OPT_NAME, OPT_PATH, OPT_LISTEN, OPT_HOST, OPT_SLOT, OPT_CREDENTIAL, OPT_ENV,
	OPT_PATTERN, OPT_SCHEMA, OPT_TABLE,
	OPT_ENDPOINT, OPT_RULES,
};

struct opt {
	enum opt_section section;
	const char *name;
	enum opt_type type;
	const char *def;		/* conf_required: it has no default and must be given */
	int64_t min, max;
	enum opt_change on_change;
	size_t off;			/* of the field in struct conf, endpoint, task_conf */
};

enum opt_id {
#define OPT(section, name, type, def, min, max, on_change) ID_##section##_##name,
#include "daemon/conf_opts.def"
#undef OPT
	OPT_N
};

extern const struct opt conf_opts[OPT_N];
extern const char conf_required[];
/* A word that the field points to, rather than its number in an enum: it may be unset. */
static inline bool
conf_word_is_text(enum opt_type type)
{
	return type == OPT_PLUGIN || type == OPT_ON_CHANGE;
}
/* The words of a type, in the order of its enum, NULL at the end; NULL: the type has none. */
const char *const *conf_words(enum opt_type type);
/* ---- conf_value.c: a value of the file -> the field ---- */

/* s lives as long as the configuration. false and err->kind ERR_NONE: not of the form, or out of
 * range. Not for OPT_ENDPOINT. */
bool conf_set_text(const struct opt *o, const char *s, void *fields, struct arena *arena,
    struct err *err) MUST_CHECK;
void conf_set_number(const struct opt *o, void *fields, int64_t v);	/* within min and max */
void conf_set_defaults(enum opt_section section, void *fields);
void conf_expected(const struct opt *o, struct buf *out);	/* "an integer from 1 to 32" */

/* ---- conf_print.c ---- */

/* The value as it stands in the file ("64MB" with its quotes, 5000, true); false: it is not set.
 * Not for OPT_RULES. */
bool conf_opt_text(const struct opt *o, const void *obj, struct buf *out);
void conf_rule_text(const struct rule *r, struct buf *out);	/* "{ include = "a.*"; }" */
void conf_quote(struct buf *out, const char *s);	/* in double quotes, with libconfig's escapes */

/* ---- where options stand, and what is wrong ---- */

struct place {
	const char *file;
	int line;			/* 0: nowhere */
};

struct conf_full {
	struct conf c;
	struct place at[OPT_N];
};

struct endpoint_full {
	struct endpoint e;
	struct place self, at[OPT_N];
};

struct task_full {
	struct task_conf t;
	struct place at[OPT_N];
};

static inline const struct endpoint_full *
endpoint_full(const struct endpoint *e)
{
	return (const struct endpoint_full *)(const void *)e;
}

static inline const struct task_full *
task_full(const struct task_conf *t)
{
	return (const struct task_full *)(const void *)t;
}

/* Adds "file:line: text"; the first 100 are kept, all are counted. line 0: "file: text". */
void conf_error(struct conf_errors *errors, struct place at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* For messages: quoted, control bytes escaped, cut at about 60 bytes. */
#define CONF_SHOWN 280
const char *conf_shown(const char *s, char out[CONF_SHOWN]);

/* ---- conf_text.c: files -> one text without comments and @include ---- */

#define CONF_FILE_MAX ((size_t)1 << 20)		/* of a file with all that it includes */
#define CONF_TEXT_MAX ((size_t)8 << 20)		/* of a text that repld printed */
#define CONF_INCLUDE_DEPTH 10
#define CONF_NESTING_MAX 16
#define CONF_MEMBERS_MAX 4096

struct conf_text;

/* path, or text and the name that stands for its file (which may include nothing). NULL: errors
 * says why. */
struct conf_text *conf_text_new(const char *path, const char *text, const char *name,
    struct arena *arena, struct conf_errors *errors) MUST_CHECK;
void conf_text_free(struct conf_text *t);
const char *conf_text_str(struct conf_text *t);
/* Where a line of conf_text_str() comes from. */
struct place conf_text_place(const struct conf_text *t, int line);

#endif
