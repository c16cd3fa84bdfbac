/* orphan.c - see orphan.h. */
#include "daemon/orphan.h"

#include <stdio.h>
#include <string.h>
#include "daemon/base/num.h"

/* s[0..n) without the digits at its end; n where there are none. */
static size_t
without_digits(const char *s, size_t n)
{
	while (n > 0 && s[n - 1] >= '0' && s[n - 1] <= '9')
		n--;
	return n;
}

/* Takes "WORD<digits>" off the end of s[0..n). 0: it does not end so. */
static size_t
take_off(const char *s, size_t n, const char *word)
{
	const size_t cut = without_digits(s, n), w = strlen(word);

	return cut < n && cut > w && strncmp(s + cut - w, word, w) == 0 ? cut - w : 0;
}

bool
orphan_slot_base(const char *slot, char base[NAME_MAX_BYTES])
{
	const size_t n = strnlen(slot, NAME_MAX_BYTES - 1), number = take_off(slot, n, "_");
	size_t cut = take_off(slot, n, "_g");

	if (cut == 0 && number > 0)
		cut = take_off(slot, number, "_load_");
	snprintf(base, NAME_MAX_BYTES, "%.*s", (int)(cut > 0 ? cut : n), slot);
	return cut > 0;
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
	char base[NAME_MAX_BYTES];
	const bool derived = orphan_slot_base(s->name, base);

	for (uint32_t i = 0; i < conf->ntasks; i++)
		if (strcmp(s->name, conf->tasks[i]->postgresql.slot) == 0 || strcmp(base, conf->tasks[i]->postgresql.slot) == 0)
			return true;
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->rows[i].source.slot, s->name) == 0 && (rows->rows[i].owned || derived))
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
