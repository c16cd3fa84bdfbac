/* resync.c - see resync.h. */
#include "daemon/resync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_CLOSE 3			/* names offered for one that is not known */
#define SHOWN_TABLES 20			/* in an answer; the others are counted */
#define NEAR 2				/* letters that may differ */
#define NEAR_MAX 130			/* bytes of a name that is compared by letters */

/* The next line of a list. False: there is none. */
static bool
next_line(const char **at, const char **ret, size_t *ret_n)
{
	while (**at == '\n')
		(*at)++;
	*ret = *at;
	*ret_n = strcspn(*at, "\n");
	*at += *ret_n;
	return *ret_n > 0;
}

static bool
has_line(const char *list, const char *name, size_t n)
{
	const char *line;
	size_t len;

	while (next_line(&list, &line, &len))
		if (len == n && memcmp(line, name, n) == 0)
			return true;
	return false;
}

void
resync_add(struct buf *list, const char *more)
{
	const char *line;
	size_t n;

	list->bad = list->bad || buf_lost(more);
	while (!list->bad && next_line(&more, &line, &n))
		if (!has_line(buf_cstr(list), line, n))
			buf_printf(list, "%.*s\n", (int)n, line);
}

bool
resync_names(const char *list, const char *schema, const char *name)
{
	size_t n = strlen(schema);
	const char *line;
	size_t len;

	while (list != NULL && next_line(&list, &line, &len))
		if (len == n + 1 + strlen(name) && memcmp(line, schema, n) == 0 && line[n] == '.' && memcmp(line + n + 1, name, len - n - 1) == 0)
			return true;
	return false;
}

/* ---- names that are meant -------------------------------------------------------------------------------------------- */

/* Letters to change, add or take away until both are equal; case does not count. */
static size_t
distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), row[NEAR_MAX + 1];

	if (na > NEAR_MAX || nb > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t change = corner + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
			size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < other ? change : other;
		}
	}
	return row[nb];
}

static const char *
without_schema(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

static bool
is_close(const char *asked, const char *known)
{
	return distance(asked, known) <= NEAR || strcasecmp(asked, without_schema(known)) == 0 ||
	    strcasecmp(without_schema(asked), without_schema(known)) == 0 ||
	    (strchr(asked, '.') == NULL && distance(asked, without_schema(known)) <= NEAR);
}

/* Under the board's mutex. */
static void
say_unknown(const struct board *b, const char *asked, struct buf *why)
{
	uint32_t shown = 0;

	buf_printf(why, "%.160s is no table of this task", asked);
	for (uint32_t i = 0; i < b->ntables && shown < SHOWN_CLOSE; i++)
		if (is_close(asked, b->tables[i]->source))
			buf_printf(why, "%s%s", shown++ == 0 ? "; did you mean " : " or ", b->tables[i]->source);
	if (shown == 0)
		buf_str(why, strchr(asked, '.') == NULL ? "; a table is written schema.table, as the status shows it" :
		    "; repld ctl status --tables shows them");
	buf_u8(why, '\n');
}

static const struct board_table *
find_table(const struct board *b, const char *name)
{
	for (uint32_t i = 0; i < b->ntables; i++)
		if (strcmp(b->tables[i]->source, name) == 0)
			return b->tables[i];
	return NULL;
}

static void
pick_one(const struct board *b, const char *name, struct buf *ret, struct buf *why)
{
	const struct board_table *t = find_table(b, name);

	if (t == NULL)
		say_unknown(b, name, why);
	else if (atomic_load(&t->appended))
		buf_printf(why, "%s was appended to %s, where rows of others are: remove the rows of %s there by hand, then: repld cleanup, and load "
		    "again\n", name, t->target, name);
	else
		resync_add(ret, name);
}

bool
resync_pick(struct board *b, const char *asked, struct buf *ret, struct buf *why)
{
	const char *line;
	size_t n;

	mutex_lock(&b->lock);
	if (b->ntables == 0)
		buf_str(why, "the task has not read its tables yet; see its status\n");
	while (b->ntables > 0 && next_line(&asked, &line, &n)) {
		char *name = xasprintf("%.*s", (int)n, line);

		pick_one(b, name, ret, why);
		free(name);
	}
	mutex_unlock(&b->lock);
	return why->n == 0;
}

void
resync_text(const char *list, const char *how, struct buf *ret)
{
	struct buf names = { 0 };
	const char *line;
	size_t n;
	uint32_t count = 0;

	while (next_line(&list, &line, &n))
		if (count++ < SHOWN_TABLES)
			buf_printf(&names, "%s%.*s", count > 1 ? ", " : "", (int)n, line);
	if (count > SHOWN_TABLES)
		buf_printf(&names, " and %u more", count - SHOWN_TABLES);
	buf_printf(ret, "%u table%s emptied and loaded again%s: %s", count, count == 1 ? " is" : "s are", how, buf_cstr(&names));
	buf_done(&names);
}
