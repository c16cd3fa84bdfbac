/* report.c - the walk: pass by pass, task by task, table by table, cut into slices by what was
 * written and what was visited. */
#include "daemon/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "daemon/base/map.h"
#include "daemon/orphan.h"

#define SLICE_BYTES  65536
#define SLICE_VISITS 2000

static int
trouble(const struct report_task *t)
{
	static const int ranks[] = {
		[TASK_ERROR] = 0,
		[TASK_RETRYING] = 1,
		[TASK_PAUSED] = 3,
		[TASK_STOPPED] = 4,
		[TASK_STARTING] = 5,
		[TASK_RUNNING] = 6,
	};

	return (t->status.tables_suspended > 0 || t->status.tables_suspect > 0) &&
		       ranks[t->status.state] > 2
		   ? 2
		   : ranks[t->status.state];
}

/* Stable, so that equals stay as in the file. */
static void
sort_worst_first(struct report *r)
{
	for (size_t i = 1; i < r->ntasks; i++) {
		struct report_task t = r->tasks[i];
		size_t at = i;

		for (; at > 0 && trouble(&r->tasks[at - 1]) > trouble(&t); at--)
			r->tasks[at] = r->tasks[at - 1];
		r->tasks[at] = t;
	}
}

/* Several tasks of one source see the same slot. */
static bool
is_listed(const struct report *r, const char *endpoint, const struct status_slot *slot)
{
	for (uint32_t i = 0; i < r->norphans; i++)
		if (strcmp(r->orphans[i].endpoint, endpoint) == 0 && strcmp(r->orphans[i].slot->name, slot->name) == 0)
			return true;
	return false;
}

/* owners: the slots of all tasks. */
static void
find_orphans(struct report *r, const struct map *owners)
{
	char base[NAME_MAX_BYTES];

	for (size_t i = 0; i < r->ntasks; i++) {
		const struct report_task *t = &r->tasks[i];

		for (uint32_t k = 0; k < t->status.nslots && r->norphans < REPORT_ORPHANS; k++) {
			const struct status_slot *slot = &t->status.slots[k];

			orphan_slot_base(slot->name, base);
			if (map_get_str(owners, slot->name) == NULL && map_get_str(owners, base) == NULL &&
			    !is_listed(r, t->source, slot))
				r->orphans[r->norphans++] = (struct report_orphan){ t->source, slot };
		}
	}
}

struct report *
report_new(
    const struct report_source *src, const struct report_ops *ops, const char *only, bool tables)
{
	struct report *r = xzalloc(sizeof(*r));
	struct map *owners = map_new();
	struct err err = ERR_INIT;
	bool known = owners != NULL;

	r->ops = ops;
	r->src = *src;
	r->want_tables = tables;
	r->now = clock_wall();
	r->log_lost = log_lost();
	r->tasks = xzalloc((src->ntasks + 1) * sizeof(*r->tasks));
	for (size_t i = 0; i < src->ntasks; i++) {
		struct report_task *t = &r->tasks[r->ntasks];

		memset(t, 0, sizeof(*t));
		src->task(src->arg, i, t);
		assert(t->status.state <= TASK_ERROR);
		r->states[t->status.state]++;
		r->log_lost += t->status.log_lost;
		known = known && map_put_str(owners, t->slot, r, &err);
		if (only == NULL || strcmp(only, t->name) == 0)
			r->ntasks++;
	}
	if (ops->worst_first)
		sort_worst_first(r);
	if (known)
		find_orphans(r, owners);
	map_free(owners, NULL);
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	free(r->tasks);
	free(r);
}

int
report_code(const struct report *r)
{
	for (size_t i = 0; i < r->ntasks; i++)
		if (r->tasks[i].status.state == TASK_ERROR ||
		    r->tasks[i].status.tables_suspended > 0 ||
		    r->tasks[i].status.tables_suspect > 0)
			return 1;
	return 0;
}

bool
table_is_troubled(const struct status_table *tab)
{
	return tab->state == TABLE_SUSPENDED || tab->state == TABLE_SUSPECT ||
	       tab->state == TABLE_ERROR;
}

static void
next_task(struct report *r)
{
	if (r->ops->task_end != NULL)
		r->ops->task_end(r, &r->tasks[r->task]);
	r->task++;
	r->stage = REPORT_TASK;
}

/* One table; in a walk from worst to best those in trouble come in a first round. */
static void
visit_table(struct report *r)
{
	const struct report_task *t = &r->tasks[r->task];
	struct status_table tab;

	if (r->table >= t->ntables) {
		r->table = 0;
		if (!r->ops->worst_first || ++r->round > 1)
			next_task(r);
		return;
	}
	if (!r->src.table(r->src.arg, t->name, r->table++, &tab))
		return;
	if (r->ops->worst_first && table_is_troubled(&tab) != (r->round == 0))
		return;
	r->ops->table(r, t, &tab);
}

static void
visit_task(struct report *r)
{
	const struct report_task *t = &r->tasks[r->task];

	if (r->task == r->ntasks) {
		r->pass++;
		r->stage = REPORT_PASS;
		return;
	}
	r->shown = r->table = r->round = 0;
	r->ops->task(r, t);
	if (r->ops->table != NULL && r->ops->tables(r))
		r->stage = REPORT_TABLES;
	else
		next_task(r);
}

static void
visit(struct report *r)
{
	switch (r->stage) {
	case REPORT_BEGIN:
		r->ops->begin(r);
		r->stage = REPORT_PASS;
		break;
	case REPORT_PASS:
		r->task = 0;
		r->stage = REPORT_TASK;
		if (r->pass == r->ops->passes) {
			r->ops->end(r);
			r->stage = REPORT_DONE;
		} else if (r->ops->pass != NULL) {
			r->ops->pass(r);
		}
		break;
	case REPORT_TASK: visit_task(r); break;
	case REPORT_TABLES: visit_table(r); break;
	case REPORT_DONE: break;
	}
}

bool
report_next(struct report *r, struct buf *out)
{
	size_t before = out->n;

	r->out = out;
	for (int i = 0;
	     i < SLICE_VISITS && out->n - before < SLICE_BYTES && r->stage != REPORT_DONE; i++)
		visit(r);
	r->out = NULL;
	return r->stage != REPORT_DONE;
}
