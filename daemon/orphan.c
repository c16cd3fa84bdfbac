/* orphan.c - see orphan.h. */
#include "daemon/orphan.h"

#include <stdio.h>
#include <string.h>
#include "daemon/base/num.h"

static const char *
skip_digits(const char *s)
{
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

bool
orphan_is_slot_of(const char *slot, const char *own)
{
	const size_t n = strlen(own);
	const char *rest = slot + n, *pid;

	if (strncmp(slot, own, n) != 0)
		return false;
	if (*rest == '\0')
		return true;
	if (strncmp(rest, "_g", 2) == 0)
		return rest[2] != '\0' && *skip_digits(rest + 2) == '\0';
	if (strncmp(rest, "_load_", 6) != 0)
		return false;
	pid = skip_digits(rest + 6);
	return pid > rest + 6 && pid[0] == '_' && pid[1] != '\0' && *skip_digits(pid + 1) == '\0';
}

static bool
is_group_slot(const char *slot)
{
	const char *last = strrchr(slot, '_');

	return last != NULL && last[1] == 'g' && last[2] != '\0' && *skip_digits(last + 2) == '\0';
}

/* By its present name, or by the one that it is about to give up. */
static bool
is_in_file(const struct conf *conf, const char *task)
{
	for (uint32_t i = 0; i < conf->ntasks; i++)
		if (strcmp(conf->tasks[i]->name, task) == 0 ||
		    (conf->tasks[i]->rename_from != NULL && strcmp(conf->tasks[i]->rename_from, task) == 0))
			return true;
	return false;
}

void
orphan_rows(const struct conf *conf, const struct task_rows *rows, const char *place, struct findings *f)
{
	char fix[500], since[WALL_TEXT];

	for (size_t i = 0; i < rows->n; i++) {
		const struct task_row *r = &rows->rows[i];

		if (r->owned || r->group != 0 || is_in_file(conf, r->task))
			continue;
		snprintf(fix, sizeof(fix), "put task %s back into the file and run: repld cleanup %s; if it has another name now: rename_from = \"%s\" there",
		    r->task, r->task, r->task);
		finding_add(f, FINDING_RISK, ERR_NONE, "", fix, "%s: repld.checkpoint has task %s, which is not in the file: slot %s of source %s, last written %s",
		    place, r->task, r->source.slot[0] != '\0' ? r->source.slot : "none", r->source.id[0] != '\0' ? r->source.id : "none",
		    wall_text(r->updated, since));
	}
}

static bool
is_in_use(const struct conf *conf, const struct task_rows *rows, const struct source_slot *s)
{
	for (uint32_t i = 0; i < conf->ntasks; i++)
		if (orphan_is_slot_of(s->name, conf->tasks[i]->postgresql.slot))
			return true;
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->rows[i].source.slot, s->name) == 0 && (rows->rows[i].owned || is_group_slot(s->name)))
			return true;
	return false;
}

void
orphan_slots(const struct conf *conf, const struct task_rows *rows, const struct source_slot *slots, size_t n, const char *place,
    struct findings *f)
{
	char fix[300], size[NUM_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct source_slot *s = &slots[i];

		if (is_in_use(conf, rows, s))
			continue;
		snprintf(fix, sizeof(fix), "%s" ORPHAN_DROP_SLOT, s->active ? "where no other daemon uses it, end its session, then on the source: " :
		    "on the source: ", s->name);
		finding_add(f, FINDING_RISK, ERR_NONE, "", fix, "%s: slot %s belongs to no task of the file and keeps %s of log (%s)", place, s->name,
		    s->has_retained ? num_size_text(s->retained_bytes, size) : "an unknown size", s->active ? "in use" : "not in use");
	}
}
