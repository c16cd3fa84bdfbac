/* discover.c - `repld discover ENDPOINT schemas|tables|columns|counts [PATTERN] [--exact] [--json]`: what is on a server. */
#include "daemon/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/cmdline.h"
#include "endpoints/catalog.h"

struct discover {
	const struct catalog_ops *ops;
	struct catalog *catalog;
	struct name_pattern *pattern;	/* NULL: all */
	struct arena *arena;
	bool exact, json, columns, counts;
	struct buf out;
	uint32_t rows;
	struct catalog_table *tables;	/* collected first: the session is busy while it lists */
	size_t ntables, cap;
	struct err err;
};

static void
json_next(struct discover *d)
{
	buf_str(&d->out, d->rows++ > 0 ? ",\n {" : "\n {");
}

static void
json_text(struct discover *d, const char *key, const char *value)
{
	if (d->out.n > 0 && d->out.p[d->out.n - 1] != '{')
		buf_str(&d->out, ",");
	buf_printf(&d->out, "\"%s\":", key);
	buf_json_cstr(&d->out, value);
}

static bool
visit_schema(void *arg, const char *schema, uint64_t tables)
{
	struct discover *d = arg;

	if (d->json) {
		json_next(d);
		json_text(d, "schema", schema);
		buf_printf(&d->out, ",\"tables\":%" PRIu64 "}", tables);
	} else {
		buf_printf(&d->out, "%-40s %6" PRIu64 " tables\n", schema, tables);
	}
	return true;
}

static bool
collect_table(void *arg, const struct catalog_table *t)
{
	struct discover *d = arg;

	if (d->pattern != NULL && !name_pattern_match(d->pattern, t->schema, t->name))
		return true;
	if (!mem_grow(&d->tables, &d->cap, d->ntables + 1, sizeof(*d->tables), &d->err))
		return false;
	d->tables[d->ntables] = *t;
	d->tables[d->ntables].schema = arena_strdup(d->arena, t->schema);
	d->tables[d->ntables].name = arena_strdup(d->arena, t->name);
	d->tables[d->ntables++].kind = arena_strdup(d->arena, t->kind);
	return true;
}

static void
print_count(struct discover *d, const struct catalog_table *t, uint64_t exact)
{
	char n[NUM_TEXT], size[NUM_TEXT];

	if (d->json) {
		json_next(d);
		json_text(d, "schema", t->schema);
		json_text(d, "table", t->name);
		json_text(d, "kind", t->kind);
		buf_printf(&d->out, ",\"bytes\":%" PRIu64 ",\"has_key\":%s,\"rows_exact\":%s", t->bytes, t->has_key ? "true" : "false",
		    d->exact ? "true" : "false");
		if (d->exact)
			buf_printf(&d->out, ",\"rows\":%" PRIu64 "}", exact);
		else if (t->tuples < 0)
			buf_str(&d->out, ",\"rows\":null}");
		else
			buf_printf(&d->out, ",\"rows\":%.0f}", t->tuples);
		return;
	}
	buf_printf(&d->out, "%s.%s\t%s\t%s%s rows\t%s\t%s\n", t->schema, t->name, t->kind, d->exact || t->tuples < 0 ? "" : "about ",
	    d->exact ? num_count_text(exact, n) : t->tuples < 0 ? "unknown" : num_count_text((uint64_t)t->tuples, n),
	    num_size_text(t->bytes, size), t->has_key ? "" : "no key");
}

static bool
print_columns(struct discover *d, const struct catalog_table *t, struct err *err)
{
	struct table_desc *desc;

	if (!d->ops->describe(d->catalog, t->schema, t->name, d->arena, &desc, err))
		return false;
	for (uint16_t i = 0; desc != NULL && i < desc->ncols; i++) {
		const struct column_desc *c = &desc->cols[i];

		if (d->json) {
			json_next(d);
			json_text(d, "schema", t->schema);
			json_text(d, "table", t->name);
			json_text(d, "column", c->name);
			json_text(d, "type", c->type.name);
			json_text(d, "logical_type", logical_type_name(c->type.logical));
			buf_printf(&d->out, ",\"not_null\":%s,\"generated\":%s}", c->notnull ? "true" : "false", c->generated ? "true" : "false");
		} else {
			buf_printf(&d->out, "%s.%s\t%s\t%s\t%s%s\n", t->schema, t->name, c->name, c->type.name, c->notnull ? "not null" : "",
			    c->generated ? " generated" : "");
		}
	}
	return true;
}

static bool
print_tables(struct discover *d, struct err *err)
{
	if (!d->ops->tables(d->catalog, collect_table, d, err))
		return false;
	for (size_t i = 0; i < d->ntables; i++) {
		const struct catalog_table *t = &d->tables[i];
		uint64_t n = 0;

		if (d->columns) {
			if (!print_columns(d, t, err))
				return false;
			continue;
		}
		if (d->exact && !d->ops->count(d->catalog, t->schema, t->name, &n, err))
			return err_ctx(err, "%s.%s", t->schema, t->name);
		print_count(d, t, n);
	}
	return true;
}

static int
discover(struct discover *d, const struct endpoint *ep, bool schemas)
{
	struct err err = ERR_INIT;
	struct stop stop;
	bool ok;

	if (!stop_init(&stop, &err))
		return cmdline_fail("discover", &err);
	d->ops = catalog_ops_for(ep->kind);
	if ((d->catalog = d->ops->open(ep, &stop, &err)) == NULL)
		return cmdline_fail(ep->name, &err);
	if (d->json)
		buf_str(&d->out, "[");
	ok = schemas ? d->ops->schemas(d->catalog, visit_schema, d, &err) : print_tables(d, &err);
	if (d->json)
		buf_str(&d->out, "\n]\n");
	d->ops->close(d->catalog);
	stop_done(&stop);
	if (!ok)
		return cmdline_fail(ep->name, &err);
	fputs(buf_cstr(&d->out), stdout);
	return 0;
}

int
command_discover(const char *conf_path, int argc, char **argv)
{
	static const char usage[] = "discover ENDPOINT schemas|tables|columns|counts [PATTERN] [--exact] [--json]";
	struct discover d = { .err = ERR_INIT };
	struct cmd_option options[] = { { "--exact", &d.exact, NULL }, { "--json", &d.json, NULL }, { NULL, NULL, NULL } };
	const char *words[3] = { NULL, NULL, NULL };
	const struct endpoint *ep;
	struct conf *conf;
	bool schemas;
	int status;

	if (!cmdline_parse(usage, argc, argv, options, words, 3))
		return 2;
	schemas = words[1] != NULL && strcmp(words[1], "schemas") == 0;
	d.columns = words[1] != NULL && strcmp(words[1], "columns") == 0;
	d.counts = words[1] != NULL && (strcmp(words[1], "counts") == 0 || strcmp(words[1], "tables") == 0);
	if (!schemas && !d.columns && !d.counts) {
		fprintf(stderr, "usage: repld %s\n", usage);
		return 2;
	}
	log_init(LOG_LEVEL_WARNING);
	endpoint_clean_environment();
	if ((conf = cmdline_conf(conf_path, NULL)) == NULL)
		return 2;
	d.arena = arena_new(64 << 10, 0);
	if ((ep = conf_endpoint(conf, words[0])) == NULL) {
		fprintf(stderr, "repld: no endpoint %s in %s\n", words[0], conf->file);
		status = 2;
	} else if (words[2] != NULL && (d.pattern = name_pattern_new(words[2], d.arena, &d.err)) == NULL) {
		fprintf(stderr, "repld: pattern %s: %s\n", words[2], d.err.msg);
		status = 2;
	} else {
		status = discover(&d, ep, schemas);
	}
	buf_done(&d.out);
	free(d.tables);
	arena_free(d.arena);
	conf_free(conf);
	return status;
}
