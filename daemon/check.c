/* check.c - `repld check`: the configuration, then a preflight of the servers. Everything that would stop or endanger a task at once, each with
 * its fix; the DDL that would be run; each column's type on both sides. Writes nothing. */
#include "daemon/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdc/pg_type.h"
#include "daemon/base/log.h"
#include "daemon/claim.h"
#include "daemon/cmdline.h"
#include "daemon/commands.h"
#include "daemon/orphan.h"
#include "daemon/ranged.h"
#include "daemon/rule_change.h"
#include "daemon/tables.h"

#define SLOTS_LISTED 64

static void
look_at_target(struct check_report *r, const struct target_ops *to, struct target *t, struct err *err)
{
	char place[80];

	if (!to->identify(t, r->target_version, err) || !to->look(t, &r->remains, err) || !to->list_tasks(t, &r->rows, err) ||
	    (r->remains.installed && !to->load_states(t, &r->states, err)))
		finding_add_err(&r->findings, "target", err);
	else if (!checkpoint_intact(r->conf->name, &r->remains.cp, err) || !claim_rows_whole(r->conf, &r->remains.cp, &r->states, err))
		finding_add_err(&r->findings, "", err);
	snprintf(place, sizeof(place), "target %s", r->conf->target->name);
	if (r->first_of_target)
		orphan_rows(r->file, &r->rows, place, &r->findings);
}

/* A task that is to take over another's rows is checked with those. NULL: that target can't be reached. */
static struct target *
former_target(struct check_report *r, const struct target_ops *to, const struct target_params *p, struct target *t, struct err *err)
{
	struct target_params former = *p;
	struct target_remains remains = { 0 };
	struct target *f;

	if (r->conf->rename_from == NULL)
		return t;
	if (!to->look(t, &remains, err)) {
		to->close(t);
		return NULL;
	}
	former.task = r->conf->rename_from;
	if (remains.cp.exists || (f = to->open(&former, err)) == NULL)
		return t;
	if (!to->look(f, &remains, err) || !remains.cp.exists) {
		to->close(f);
		return t;
	}
	to->close(t);
	finding_add(&r->findings, FINDING_INFO, ERR_NONE, "", "", "task %s goes on as %s", r->conf->rename_from, r->conf->name);
	if (!claim_names_fit(r->conf, &remains.cp.source, err))
		finding_add_err(&r->findings, "", err);
	return f;
}

/* False: the source can't be asked. */
static bool
check_history(struct check_report *r, const struct source_ops *so, struct source *s, const struct source_info *info, const char *fix, struct err *err)
{
	struct err why = ERR_INIT;

	if (so->continues(s, &r->remains.cp.source, &info->identity, &r->remains.cp.position, &why))
		return true;
	if (why.kind != ERR_HOLE) {
		*err = why;
		return err_ctx(err, "source");
	}
	finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, "", fix, "%s", why.msg);
	return true;
}

/* The checkpoint, if there is one, must fit this source and its slot. */
static bool
check_checkpoint(struct check_report *r, const struct source_ops *so, struct source *s, const struct source_info *info, struct err *err)
{
	const struct checkpoint *cp = &r->remains.cp;
	char at[POSITION_TEXT], fix[200];

	if (!r->remains.checkpoint || cp->edited[0] != '\0' || cp->position.kind == POSITION_NONE || r->conf->mode == MODE_FULL_LOAD)
		return true;
	snprintf(fix, sizeof(fix), "repld ctl restart %s --reload", r->conf->name);
	if (strcmp(cp->source.id, info->identity.id) != 0) {
		finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, "", fix, "the checkpoint belongs to another source (system identifier %s, this one is %s)",
		    cp->source.id, info->identity.id);
		return true;
	}
	if (!r->log.exists)
		finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, "", fix, "slot %s is gone; the checkpoint stands at %s", r->conf->postgresql.slot,
		    position_text(&cp->position, at));
	else if (r->log.lost || !position_reached(&cp->position, &r->log.confirmed))
		finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, "", fix, "slot %s no longer continues the checkpoint at %s (%s)", r->conf->postgresql.slot,
		    position_text(&cp->position, at), r->log.lost ? r->log.detail : "it is ahead of it");
	return check_history(r, so, s, info, fix, err);
}

/* What the checkpoint counts on and the configuration no longer names. */
static void
check_names(struct check_report *r, const struct source_info *info)
{
	const struct source_identity *was = &r->remains.cp.source;
	char fix[200];

	if (!r->remains.checkpoint || was->id[0] == '\0' || strcmp(was->id, info->identity.id) != 0)
		return;
	snprintf(fix, sizeof(fix), "name it again, or load everything anew: repld ctl restart %s --reload", r->conf->name);
	if (strcmp(was->dbname, info->identity.dbname) != 0)
		finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, "", fix, "the checkpoint belongs to database %s of the source, not to %s",
		    was->dbname, info->identity.dbname);
	else if (r->conf->mode != MODE_FULL_LOAD && was->slot[0] != '\0' && strcmp(was->slot, r->conf->postgresql.slot) != 0)
		finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, "", fix, "the checkpoint counts on slot %s, not on %s", was->slot,
		    r->conf->postgresql.slot);
}

/* Loaded in mode full_load: no slot has kept what has changed since. */
static void
check_since_load(struct check_report *r)
{
	char name[160], fix[200];

	if (r->conf->mode == MODE_FULL_LOAD || r->remains.cp.position.kind != POSITION_NONE)
		return;
	snprintf(fix, sizeof(fix), "load the tables again: repld ctl restart %s --reload", r->conf->name);
	for (size_t i = 0; i < r->states.n; i++) {
		const struct table_state *ts = &r->states.rows[i];

		if (ts->phase < TABLE_LOADED || ts->phase > TABLE_STREAMING || ts->snapshot.kind == POSITION_NONE)
			continue;
		snprintf(name, sizeof(name), "%s.%s", ts->source_schema, ts->source_name);
		finding_add(&r->findings, FINDING_BLOCKER, ERR_HOLE, name, fix, "it was loaded without a slot, and nothing has kept what has changed since");
		return;
	}
}

/* Rows elsewhere say nothing of the table that the rules name now: to the end, where nobody looks. */
static void
set_moved_aside(struct check_report *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->states.n; i++) {
		struct table_state ts = r->states.rows[i];
		const struct table *t = tableset_by_source(r->tables, ts.source_schema, ts.source_name);

		if (t == NULL || strcmp(t->target_schema, ts.target_schema) != 0 || strcmp(t->target_name, ts.target_name) != 0)
			continue;
		r->states.rows[i] = r->states.rows[kept];
		r->states.rows[kept++] = ts;
	}
	r->nstates = r->states.n;
	r->states.n = kept;
}

/* The rules against what is on the target. */
static void
compare_rules(struct check_report *r)
{
	rule_change_check(r->conf, r->tables, &r->states, NULL, &r->findings);
	rule_change_tell(r->conf, r->tables, &r->states, r->remains.cp.load_done, &r->changes);
	set_moved_aside(r);
}

static bool
check_slots(struct check_report *r, const struct source_ops *so, struct source *s, struct err *err)
{
	struct source_slot slots[SLOTS_LISTED];
	char place[80];
	size_t n;

	if (!r->first_of_source)
		return true;
	if (!so->list_slots(s, slots, SLOTS_LISTED, &n, err))
		return false;
	snprintf(place, sizeof(place), "source %s", r->conf->source->name);
	orphan_slots(r->file, &r->rows, slots, n, place, &r->findings);
	return true;
}

static bool
will_be_made(const struct check_report *r, const struct table *t)
{
	return r->conf->mode != MODE_CDC && (t->target == NULL || r->conf->full_load.target_tables == PREP_DROP) &&
	    table_states_find(&r->states, t->source_schema, t->source_name) == NULL;
}

/* What can't be made is told by the target's own check. */
static bool
look_what_is_made(struct check_report *r, const struct target_ops *to, struct target *t, struct err *err)
{
	if ((r->made = arena_zalloc(r->tables->arena, (r->tables->n + 1) * sizeof(*r->made))) == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (uint32_t i = 0; i < r->tables->n; i++) {
		struct check_made *m = &r->made[i];
		struct err why = ERR_INIT;

		if (!will_be_made(r, r->tables->tables[i]) || to->would_make(t, r->tables->tables[i], r->tables->arena, &m->types, &m->ddl, &why))
			continue;
		*m = (struct check_made){ 0 };
		if (why.kind != ERR_SCHEMA) {
			*err = why;
			return false;
		}
	}
	return true;
}

/* A load is to come, as far as can be seen from outside. */
static bool
will_load(const struct check_report *r)
{
	bool queued = !r->remains.checkpoint || r->remains.cp.position.kind == POSITION_NONE;

	for (size_t i = 0; i < r->states.n; i++)
		queued = queued || r->states.rows[i].phase == TABLE_QUEUED;
	return queued && r->conf->mode != MODE_CDC;
}

static bool
ask_servers(struct check_report *r, const struct source_ops *so, struct source *s, const struct target_ops *to, struct target *t, struct err *err)
{
	bool streams = r->conf->mode != MODE_FULL_LOAD;
	struct source_info info;

	if (!so->identify(s, &info, err) || (streams && !so->log_state(s, &r->log, err)) || !check_slots(r, so, s, err))
		return err_ctx(err, "source");
	r->by_page = so->splits_by_page(s);
	memcpy(r->source_version, info.version_text, sizeof(r->source_version));
	if (t != NULL) {
		struct err taken = ERR_INIT;

		if (!check_checkpoint(r, so, s, &info, err))
			return false;
		check_names(r, &info);
		check_since_load(r);
		if (!claim_slot_free(r->conf, &r->rows, &r->remains.cp, &info.identity, &taken))
			finding_add_err(&r->findings, "", &taken);
	}
	if ((r->tables = tables_survey(r->conf, so, s, to, t, &r->findings, err)) == NULL)
		return false;
	compare_rules(r);
	if (!so->check(s, r->tables, r->conf->source->kind == ENDPOINT_MYSQL ? will_load(r) : streams && !r->log.exists, streams, &r->findings, err))
		return err_ctx(err, "source");
	if (t == NULL)
		return true;
	if (!tables_compare_shapes(r->tables, &r->states, &r->findings, err))
		return false;
	if (!look_what_is_made(r, to, t, err))
		return err_ctx(err, "target");
	return to->check(t, r->tables, &r->states, r->conf->full_load.target_tables, r->conf->mode != MODE_CDC, &r->findings, err) ||
	    err_ctx(err, "target");
}

void
check_look(struct check_report *r, struct stop *stop)
{
	const struct task_conf *c = r->conf;
	const struct source_ops *so = source_ops_for(c->source->kind);
	const struct target_ops *to = target_ops_for(c->target->kind);
	struct source_params sp = { .endpoint = c->source, .task = c->name, .slot = c->postgresql.slot, .publication = c->postgresql.publication, .plugin = c->postgresql.plugin, .server_id = c->mysql.server_id, .stop = stop };
	struct target_params tp = { .endpoint = c->target, .task = c->name, .purpose = "check", .relaxed = c->durability_relaxed,
		.fire_triggers = c->apply.fire_triggers, .stop = stop };
	struct err err = ERR_INIT;
	struct target *t = to->open(&tp, &err);
	struct source *s;

	if (t != NULL)
		t = former_target(r, to, &tp, t, &err);
	r->reached_target = t != NULL;
	if (t == NULL)
		finding_add_err(&r->findings, "target", &err);
	else
		look_at_target(r, to, t, &err);
	err_clear(&err);
	sp.running = r->running || r->remains.owned;
	s = so->open(&sp, &err);
	r->reached_source = s != NULL;
	if (s == NULL || !ask_servers(r, so, s, to, t, &err))
		finding_add_err(&r->findings, s == NULL ? "source" : "check", &err);
	so->close(s);
	to->close(t);
}

/* ---- text --------------------------------------------------------------------------------------------------------------- */

static bool
names_table(const struct finding *f)
{
	return strncmp(f->what, f->table, strlen(f->table)) == 0;
}

static void
print_findings(const struct check_report *r)
{
	static const enum severity order[] = { FINDING_BLOCKER, FINDING_RISK, FINDING_INFO };

	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < r->findings.n; i++) {
			const struct finding *f = &r->findings.rows[i];

			if (f->severity != order[k])
				continue;
			printf("  %-8s%s%s%s\n", severity_name(f->severity), names_table(f) ? "" : f->table,
			    names_table(f) || f->table[0] == '\0' ? "" : ": ", f->what);
			if (f->fix[0] != '\0')
				printf("          fix: %s\n", f->fix);
		}
}

/* Between servers of unlike kinds. */
static const char *
travels_abroad(const struct table *t, const struct column_desc *src, const struct coltype *dst, char out[200])
{
	const char *note = "";

	if (dst == NULL || dst->name == NULL)
		return src->generated ? "generated: not made" : "not made";
	switch (convert_fit(&src->type, dst, &t->values, &note)) {
	case CONVERT_SAME: return "lossless, as it is";
	case CONVERT_EXACT: return "lossless, converted";
	case CONVERT_POLICY:
		snprintf(out, 200, "values.unrepresentable decides%s%s", note[0] != '\0' ? ": " : "", note);
		return out;
	case CONVERT_REFUSED: break;
	}
	snprintf(out, 200, "refused%s%s", note[0] != '\0' ? ": " : "", note);
	return out;
}

/* How a column travels: the type that the target has or will have, and whether anything can be lost on the way. */
static const char *
travels(const struct table *t, const struct column_desc *src, const struct column_desc *dst, const struct coltype *made, char out[200])
{
	if (t->source_family != FAMILY_POSTGRESQL || t->target_family != FAMILY_POSTGRESQL)
		return travels_abroad(t, src, dst != NULL ? &dst->type : made, out);
	if (src->generated)
		return "generated by the target";
	if (src->type.wire == WIRE_LABEL)
		return "lossless, as its label";
	if (dst == NULL ? src->type.wire == WIRE_BINARY : pg_type_binary_ok(&src->type, &dst->type))
		return "lossless, binary";
	return dst == NULL || strcmp(src->type.name, dst->type.name) == 0 ? "lossless, text" : "as text, checked by the target";
}

/* The type that the target has, or will have. */
static const struct coltype *
made_type(const struct check_report *r, const struct table *t, uint16_t col)
{
	return r->made != NULL && r->made[t->index].types != NULL ? &r->made[t->index].types[col] : NULL;
}

static const char *
target_type_name(const struct check_report *r, const struct table *t, uint16_t col, const struct column_desc *d)
{
	const struct coltype *made = made_type(r, t, col);

	if (d != NULL)
		return d->type.name;
	return made != NULL ? (made->name != NULL ? made->name : "-") : t->source_family == t->target_family ? t->source->cols[col].type.name : "?";
}

static const struct column_desc *
target_column(const struct table *t, const char *name)
{
	int i = t->target != NULL ? table_desc_column(t->target, name) : -1;

	return i >= 0 ? &t->target->cols[i] : NULL;
}

static void
print_indented(const char *lines)
{
	while (*lines != '\0') {
		int n = (int)strcspn(lines, "\n");

		printf("      %.*s\n", n, lines);
		lines += n + (lines[n] == '\n');
	}
}

/* How it is loaded, and why; "": it is not. */
static const char *
load_way(const struct check_report *r, const struct table *t, char out[RANGED_WAY_TEXT])
{
	struct ranged_way way;

	out[0] = '\0';
	if (r->conf->mode == MODE_CDC)
		return out;
	ranged_way(r->conf, r->by_page, t->source, &way);
	return ranged_way_text(&way, out);
}

static const char *
made_ddl(const struct check_report *r, const struct table *t)
{
	return will_be_made(r, t) && r->made != NULL ? r->made[t->index].ddl : NULL;
}

static void
print_table(const struct check_report *r, const struct table *t)
{
	char way[RANGED_WAY_TEXT], how[200];

	printf("  table %s.%s > %s.%s%s\n", t->source_schema, t->source_name, t->target_schema, t->target_name,
	    will_be_made(r, t) ? " (will be made)" : t->target == NULL ? " (missing)" : "");
	for (uint16_t i = 0; i < t->source->ncols; i++) {
		const struct column_desc *c = &t->source->cols[i], *d = target_column(t, c->name);

		printf("    %-24s %-28s > %-28s %s\n", c->name, c->type.name, target_type_name(r, t, i, d), travels(t, c, d, made_type(r, t, i), how));
	}
	if (load_way(r, t, way)[0] != '\0')
		printf("    loaded %s\n", way);
	if (made_ddl(r, t) != NULL) {
		puts("    DDL that repld runs:");
		print_indented(made_ddl(r, t));
	}
	for (const char **o = t->source->other_ddl; o != NULL && *o != NULL; o++)
		printf("    not made by repld: %s\n", *o);
}

static void
print_report(const struct check_report *r)
{
	size_t blockers = findings_count(&r->findings, FINDING_BLOCKER), risks = findings_count(&r->findings, FINDING_RISK);

	printf("task %s: %s (%s) > %s (%s), %s\n", r->conf->name, r->conf->source->name, r->reached_source ? r->source_version : "not reached",
	    r->conf->target->name, r->reached_target ? r->target_version : "not reached", task_mode_name(r->conf->mode));
	print_findings(r);
	for (uint32_t i = 0; r->tables != NULL && i < r->tables->n; i++)
		print_table(r, r->tables->tables[i]);
	printf("task %s: %zu %s, %zu %s\n", r->conf->name, blockers, blockers == 1 ? "blocker" : "blockers", risks, risks == 1 ? "risk" : "risks");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------------- */

static void
json_table(struct buf *b, const struct check_report *r, const struct table *t)
{
	char way[RANGED_WAY_TEXT], how[200];
	struct buf ddl = { 0 };

	buf_str(b, "{\"source\":");
	buf_printf(&ddl, "%s.%s", t->source_schema, t->source_name);
	buf_json_cstr(b, buf_cstr(&ddl));
	buf_reset(&ddl);
	buf_str(b, ",\"target\":");
	buf_printf(&ddl, "%s.%s", t->target_schema, t->target_name);
	buf_json_cstr(b, buf_cstr(&ddl));
	buf_reset(&ddl);
	load_way(r, t, way);
	buf_str(b, ",\"load\":");
	buf_json_cstr(b, way[0] != '\0' ? way : NULL);
	buf_str(b, ",\"columns\":[");
	for (uint16_t i = 0; i < t->source->ncols; i++) {
		const struct column_desc *c = &t->source->cols[i], *d = target_column(t, c->name);

		buf_str(b, i > 0 ? ",{\"name\":" : "{\"name\":");
		buf_json_cstr(b, c->name);
		buf_str(b, ",\"source_type\":");
		buf_json_cstr(b, c->type.name);
		buf_str(b, ",\"target_type\":");
		buf_json_cstr(b, target_type_name(r, t, i, d));
		buf_str(b, ",\"mapping\":");
		buf_json_cstr(b, travels(t, c, d, made_type(r, t, i), how));
		buf_str(b, "}");
	}
	buf_str(b, "],\"ddl\":");
	buf_json_cstr(b, made_ddl(r, t));
	buf_str(b, "}");
	buf_done(&ddl);
}

static void
json_report(struct buf *b, const struct check_report *r)
{
	buf_str(b, "{\"name\":");
	buf_json_cstr(b, r->conf->name);
	buf_str(b, ",\"source\":");
	buf_json_cstr(b, r->conf->source->name);
	buf_str(b, ",\"target\":");
	buf_json_cstr(b, r->conf->target->name);
	buf_str(b, ",\"findings\":[");
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.rows[i];

		buf_str(b, i > 0 ? ",{\"severity\":" : "{\"severity\":");
		buf_json_cstr(b, severity_name(f->severity));
		buf_str(b, ",\"kind\":");
		buf_json_cstr(b, err_kind_name(f->kind));
		buf_str(b, ",\"table\":");
		buf_json_cstr(b, f->table[0] != '\0' ? f->table : NULL);
		buf_str(b, ",\"what\":");
		buf_json_cstr(b, f->what);
		buf_str(b, ",\"fix\":");
		buf_json_cstr(b, f->fix[0] != '\0' ? f->fix : NULL);
		buf_str(b, "}");
	}
	buf_str(b, "],\"tables\":[");
	for (uint32_t i = 0; r->tables != NULL && i < r->tables->n; i++) {
		if (i > 0)
			buf_str(b, ",");
		json_table(b, r, r->tables->tables[i]);
	}
	buf_str(b, "]}");
}

/* ---- the command -------------------------------------------------------------------------------------------------------------- */

static int
report_status(const struct check_report *r)
{
	if (findings_count(&r->findings, FINDING_BLOCKER) == 0)
		return 0;
	return r->reached_source && r->reached_target ? 1 : 3;
}

void
check_done(struct check_report *r)
{
	r->states.n = r->nstates > r->states.n ? r->nstates : r->states.n;
	buf_done(&r->changes);
	findings_done(&r->findings);
	tableset_free(r->tables);
	table_states_done(&r->states);
	task_rows_done(&r->rows);
}

/* Of the tasks that are checked, the first with this endpoint. */
static bool
is_first(const struct conf *conf, uint32_t task, const char *only, bool target)
{
	for (uint32_t i = 0; i < task && only == NULL; i++)
		if (target ? conf->tasks[i]->target == conf->tasks[task]->target : conf->tasks[i]->source == conf->tasks[task]->source)
			return false;
	return true;
}

static int
check_tasks(const struct conf *conf, const char *only, bool json)
{
	struct buf out = { 0 };
	struct err err = ERR_INIT;
	struct stop stop;
	int status = 0;
	bool first = true;

	if (!stop_init(&stop, &err))
		return 1;
	buf_str(&out, "{\"tasks\":[");
	for (uint32_t i = 0; i < conf->ntasks; i++) {
		struct check_report r = { .file = conf, .conf = conf->tasks[i], .first_of_source = is_first(conf, i, only, false),
			.first_of_target = is_first(conf, i, only, true) };

		if (only != NULL && strcmp(only, r.conf->name) != 0)
			continue;
		check_look(&r, &stop);
		status = report_status(&r) > status ? report_status(&r) : status;
		if (!json) {
			print_report(&r);
		} else {
			buf_str(&out, first ? "" : ",");
			json_report(&out, &r);
		}
		first = false;
		check_done(&r);
	}
	buf_str(&out, "]}\n");
	if (json)
		fputs(buf_cstr(&out), stdout);
	buf_done(&out);
	stop_done(&stop);
	return status;
}

int
command_check(const char *conf_path, int argc, char **argv)
{
	bool offline = false, json = false;
	const char *task = NULL;
	struct cmd_option options[] = { { "--offline", &offline, NULL }, { "--json", &json, NULL }, { NULL, NULL, NULL } };
	struct conf *conf;
	int status;

	if (!cmdline_parse("check [TASK] [--offline] [--json]", argc, argv, options, &task, 1))
		return 2;
	log_init(LOG_LEVEL_WARNING);
	endpoint_clean_environment();
	if ((conf = cmdline_conf(conf_path, task)) == NULL)
		return 2;
	if (offline) {
		if (!json)
			printf("%s: the configuration is fine: %u endpoints, %u tasks\n", conf->file, conf->nendpoints, conf->ntasks);
		else
			puts("{\"tasks\":[]}");
		status = 0;
	} else {
		status = check_tasks(conf, task, json);
	}
	conf_free(conf);
	return status;
}
