/* gtid_track.c - see gtid_track.h. The notes that are not settled are few: those of one batch. */
#include "staging/gtid_track.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/arena.h"

struct note {
	uint64_t place;
	struct gtid_run run;
};

struct gtid_track {
	bool on;
	struct gtid_set *set;	/* settled; NULL: the empty set of a flavour not known yet */
	struct note *notes;	/* rising by place */
	size_t n, cap;
	struct buf draft, kept;
};

struct gtid_track *
gtid_track_new(const char *text, struct err *err)
{
	struct gtid_track *t = mem_zalloc(sizeof(*t), err);
	enum gtid_flavour flavour;

	if (t == NULL || text == NULL)
		return t;
	t->on = true;
	if (text[0] == '\0')
		return t;
	if ((flavour = gtid_text_flavour(text)) == 0)
		err_set(err, ERR_CONFIG, "\"%.80s\" is not a set of GTIDs", text);
	else if ((t->set = gtid_set_parse(flavour, text, err)) != NULL)
		return t;
	gtid_track_free(t);
	return NULL;
}

void
gtid_track_free(struct gtid_track *t)
{
	if (t == NULL)
		return;
	gtid_set_free(t->set);
	free(t->notes);
	buf_done(&t->draft);
	buf_done(&t->kept);
	free(t);
}

bool
gtid_track_note(struct gtid_track *t, const struct position *at, const struct gtid_run *runs, size_t n,
    struct err *err)
{
	const uint64_t place = position_place(at);

	if (!t->on || n == 0 || (t->n > 0 && place <= t->notes[t->n - 1].place))
		return true;
	if (!mem_grow(&t->notes, &t->cap, t->n + n, sizeof(*t->notes), err))
		return false;
	for (size_t i = 0; i < n; i++)
		t->notes[t->n++] = (struct note){ place, runs[i] };
	return true;
}

/* Adds the notes up to the place; *ret_used: how many these were. */
static bool
add_notes(const struct gtid_track *t, uint64_t place, struct gtid_set **set, size_t *ret_used, struct err *err)
{
	size_t i = 0;

	for (; i < t->n && t->notes[i].place <= place; i++) {
		const struct gtid_run *run = &t->notes[i].run;

		if (*set == NULL &&
		    (*set = gtid_set_new((enum gtid_flavour)run->first.flavour, err)) == NULL)
			return false;
		if (!gtid_set_add(*set, run, err))
			return false;
	}
	*ret_used = i;
	return true;
}

bool
gtid_track_text(struct gtid_track *t, const struct position *at, const char **ret, struct err *err)
{
	struct gtid_set *set = NULL;
	struct buf *text = &t->draft;
	size_t used;
	bool ok;

	*ret = NULL;
	if (!t->on)
		return true;
	buf_reset(text);
	if (t->set != NULL && (set = gtid_set_copy(t->set, err)) == NULL)
		return false;
	ok = add_notes(t, position_place(at), &set, &used, err);
	if (ok && set != NULL)
		gtid_set_text(set, text);
	gtid_set_free(set);
	if (!ok)
		return false;
	if (text->bad)
		return err_set(err, ERR_SYSTEM, "no memory for a set of GTIDs");
	*ret = buf_cstr(text);
	return true;
}

const char *
gtid_track_keep(struct gtid_track *t)
{
	const struct buf was = t->kept;

	if (!t->on)
		return NULL;
	t->kept = t->draft;
	t->draft = was;
	return buf_cstr(&t->kept);
}

bool
gtid_track_settle(struct gtid_track *t, const struct position *at, struct err *err)
{
	size_t used;

	if (!t->on || t->n == 0)
		return true;
	if (!add_notes(t, position_place(at), &t->set, &used, err))
		return false;
	t->n -= used;
	memmove(t->notes, t->notes + used, t->n * sizeof(*t->notes));
	return true;
}
