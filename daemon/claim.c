/* claim.c - see claim.h.
 * Invariant: nothing is written but by a rename, which the configuration asks for by name. */
#include "daemon/claim.h"

#include <string.h>
#include "daemon/base/log.h"

static bool
streams(const struct task_conf *conf)
{
	return conf->mode != MODE_FULL_LOAD;
}

/* Of its own stream, with a source in it. NULL: none. */
static const struct task_row *
row_of(const struct task_rows *rows, const char *task)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->rows[i].group == 0 && strcmp(rows->rows[i].task, task) == 0 && rows->rows[i].source.kind[0] != '\0')
			return &rows->rows[i];
	return NULL;
}

bool
claim_names_fit(const struct task_conf *conf, const struct source_identity *former, struct err *err)
{
	if (!streams(conf) || former->slot[0] == '\0' ||
	    (strcmp(former->slot, conf->postgresql.slot) == 0 && strcmp(former->publication, conf->postgresql.publication) == 0))
		return true;
	err_set(err, ERR_CONFIG, "task %s can't become task %s yet: it has slot %s and publication %s, and the configuration of %s says slot %s and "
	    "publication %s", conf->rename_from, conf->name, former->slot, former->publication, conf->name, conf->postgresql.slot,
	    conf->postgresql.publication);
	return err_remedy(err, "a slot keeps its name: in task %s set postgresql: { slot = \"%s\"; publication = \"%s\"; }", conf->name,
	    former->slot, former->publication);
}

static bool
take_over(const struct task_conf *conf, const struct target_ops *to, struct target *t, const struct task_row *former, struct err *err)
{
	if (!claim_names_fit(conf, &former->source, err) || !to->rename_task(t, conf->rename_from, err))
		return false;
	log_info("task %s is task %s from now on, at %s", conf->rename_from, conf->name, former->position);
	return true;
}

bool
claim_former_name(const struct task_conf *conf, const struct target_ops *to, struct target *t, struct err *err)
{
	struct task_rows rows = { 0 };
	const struct task_row *former;
	bool ok = true;

	if (conf->rename_from == NULL)
		return true;
	if (!to->list_tasks(t, &rows, err))
		return false;
	former = row_of(&rows, conf->rename_from);
	if (former != NULL && row_of(&rows, conf->name) == NULL)
		ok = take_over(conf, to, t, former, err);
	task_rows_done(&rows);
	return ok;
}

bool
claim_rows_whole(const struct task_conf *conf, const struct checkpoint *cp, const struct table_states *states, struct err *err)
{
	if (!cp->exists && states->n > 0) {
		err_set(err, ERR_HOLE, "the row of task %s in repld.checkpoint is gone, while repld.table_state still has %zu of its tables: from where "
		    "their changes are missing is not known", conf->name, states->n);
		return err_remedy(err, "put the row back; or load the tables again: repld ctl restart %s --reload", conf->name);
	}
	if (cp->exists && cp->load_done && states->n == 0 && conf->mode != MODE_CDC) {
		err_set(err, ERR_HOLE, "the rows of task %s in repld.table_state are gone, while repld.checkpoint says that its tables were loaded",
		    conf->name);
		return err_remedy(err, "put the rows back; or empty the tables on the target and load them again: repld ctl restart %s --reload",
		    conf->name);
	}
	return true;
}

bool
claim_slot_free(const struct task_conf *conf, const struct task_rows *rows, const struct checkpoint *cp,
    const struct source_identity *source, struct err *err)
{
	char since[WALL_TEXT];

	if (cp->exists || !streams(conf))
		return true;
	for (size_t i = 0; i < rows->n; i++) {
		const struct task_row *other = &rows->rows[i];

		if (strcmp(other->task, conf->name) == 0 || (conf->rename_from != NULL && strcmp(other->task, conf->rename_from) == 0) ||
		    strcmp(other->source.id, source->id) != 0 || strcmp(other->source.slot, conf->postgresql.slot) != 0)
			continue;
		err_set(err, ERR_CONFIG, "slot %s of this source is task %s's, which repld.checkpoint has at %s (last written %s)", conf->postgresql.slot,
		    other->task, other->position, wall_text(other->updated, since));
		return err_remedy(err, "if %s is the former name of task %s, add rename_from = \"%s\" to it; else give it another postgresql.slot "
		    "and publication", other->task, conf->name, other->task);
	}
	return true;
}
