/* report_text.c - the status for people: one screen, worst first, what is wrong and what helps
 * beneath each task. Two passes: the first measures the columns, the second prints. Texts from
 * workers are foreign: control bytes never reach a terminal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "daemon/base/num.h"
#include "daemon/report.h"

#define CELL		208
#define TASK_COLUMNS	7
#define TABLE_COLUMNS	8
#define SECOND		1000000

_Static_assert(
    TABLE_COLUMNS <= REPORT_COLUMNS && TASK_COLUMNS <= REPORT_COLUMNS, "widths have room");

struct cells {
	char text[REPORT_COLUMNS][CELL];
};

/* ---- words ---- */

static void
put_clean(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		const unsigned char *p = (const unsigned char *)s;

		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			s++;	/* C1, which terminals obey as well */
		buf_u8(out, p[0] < 0x20 || p[0] == 0x7f || s != (const char *)p ? '?' : p[0]);
	}
}

/* Columns on the screen, if no character is wide. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* "10 GB" rather than "10.0 GB". */
static const char *
without_zero(char out[NUM_TEXT])
{
	char *dot = strstr(out, ".0 ");

	if (dot != NULL)
		memmove(dot, dot + 2, strlen(dot + 2) + 1);
	return out;
}

static const char *
size_text(uint64_t bytes, char out[NUM_TEXT])
{
	num_size_text(bytes, out);
	return without_zero(out);
}

static const char *
time_text(int64_t usec, char out[NUM_TEXT])
{
	num_duration_text(usec, out);
	return without_zero(out);
}

/* An estimate has no seconds: "about 1.5 h". */
static const char *
about(uint64_t usec, char out[NUM_TEXT])
{
	double min = (double)usec / (60.0 * SECOND);

	if (min < 1)
		snprintf(out, NUM_TEXT, "under 1 min");
	else if (min < 60)
		snprintf(out, NUM_TEXT, "about %.0f min", min);
	else if (min < 36 * 60)
		snprintf(out, NUM_TEXT, "about %.1f h", min / 60);
	else
		snprintf(out, NUM_TEXT, "about %.1f d", min / (24 * 60));
	return out;
}

/* A rate that counts in thousandths. */
static const char *
rate_text(uint64_t milli, char out[NUM_TEXT])
{
	if (milli > 0 && milli < 950)
		snprintf(out, NUM_TEXT, "0.%" PRIu64, (milli + 50) / 100);
	else
		num_count_text((milli + 500) / 1000, out);
	return out;
}

/* ---- a task's line ---- */

static void
lag_cell(const struct status_task *st, char out[CELL])
{
	char seconds[NUM_TEXT], bytes[NUM_TEXT];

	time_text((int64_t)(st->lag_usec.v / 1000 * 1000), seconds);
	size_text(st->lag_bytes.v, bytes);
	if (st->lag_usec.known && st->lag_bytes.known && st->lag_usec.v + st->lag_bytes.v > 0)
		snprintf(out, CELL, "%s, %s", seconds, bytes);
	else if (st->lag_usec.known)
		snprintf(out, CELL, "%s", seconds);
	else
		snprintf(out, CELL, "%s", st->lag_bytes.known ? bytes : "-");
}

static void
keeps_cell(const struct report_task *t, char out[CELL])
{
	const struct status_task *st = &t->status;
	char kept[NUM_TEXT], limit[NUM_TEXT], left[NUM_TEXT];
	size_t n;

	snprintf(out, CELL, "-");
	if (!st->retained_bytes.known)
		return;
	n = (size_t)snprintf(out, CELL, "%s", size_text(st->retained_bytes.v, kept));
	if (st->limit_bytes.known)
		n += (size_t)snprintf(
		    out + n, CELL - n, " of %s", size_text(st->limit_bytes.v, limit));
	if (t->log_left.known)
		n += (size_t)snprintf(out + n, CELL - n, ", %s left", about(t->log_left.v, left));
	if (st->log_state[0] != '\0' && strcmp(st->log_state, "reserved") != 0)
		snprintf(out + n, CELL - n, ", %s", st->log_state);
}

static void
task_cells(const struct report_task *t, struct cells *c)
{
	const struct status_task *st = &t->status;
	char rate[NUM_TEXT];

	snprintf(c->text[0], CELL, "%s", t->name);
	snprintf(c->text[1], CELL, "%s > %s", t->source, t->target);
	snprintf(c->text[2], CELL, "%s", task_state_name((enum task_state)st->state));
	snprintf(c->text[3], CELL, "%s",
	    st->phase == PHASE_NONE ? "-" : task_phase_name((enum task_phase)st->phase));
	lag_cell(st, c->text[4]);
	if (st->rate_rows.known && st->state != TASK_ERROR)
		snprintf(c->text[5], CELL, "%s /s", rate_text(st->rate_rows.v, rate));
	else
		snprintf(c->text[5], CELL, "-");
	keeps_cell(t, c->text[6]);
}

static void
measure(size_t *widths, const struct cells *c, int n)
{
	for (int i = 0; i < n; i++)
		if (width(c->text[i]) > widths[i])
			widths[i] = width(c->text[i]);
}

static void
pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_u8(out, ' ');
}

/* Two blanks between columns, none at the end; from column `right` on numbers stand at the right.
 * */
static void
put_cells(struct buf *out, const size_t *widths, const struct cells *c, int n, int right)
{
	while (n > 0 && c->text[n - 1][0] == '\0')
		n--;
	for (int i = 0; i < n; i++) {
		size_t fill = widths[i] - width(c->text[i]);

		if (i >= right)
			pad(out, fill);
		put_clean(out, c->text[i]);
		if (i < n - 1)
			pad(out, 2 + (i >= right ? 0 : fill));
	}
	buf_u8(out, '\n');
}

static const struct cells task_head = { { "TASK", "SOURCE > TARGET", "STATE", "PHASE", "LAG",
    "RATE", "SOURCE KEEPS" } };
static const struct cells table_head = { { "TABLE", "TARGET", "STATE", "LOADED", "INSERTS",
    "UPDATES", "DELETES", "EXCEPTED" } };

/* ---- beneath a task's line ---- */

static void
indent(struct report *r)
{
	pad(r->out, r->widths[0] + 2);
}

static void
put_error(struct report *r, const struct status_task *st)
{
	char time[WALL_TEXT];

	indent(r);
	if (st->error.table[0] != '\0' && strstr(st->error.message, st->error.table) == NULL) {
		put_clean(r->out, st->error.table);
		buf_str(r->out, ": ");
	}
	put_clean(r->out, st->error.message);
	if (st->error.sqlstate[0] != '\0') {
		buf_str(r->out, " (");
		put_clean(r->out, st->error.sqlstate);
		buf_str(r->out, ")");
	}
	if (st->error.position[0] != '\0') {
		buf_str(r->out, ", transaction at ");
		put_clean(r->out, st->error.position);
	}
	if (st->since.v != 0)
		buf_printf(r->out, ", %s", wall_text(st->since, time));
	buf_u8(r->out, '\n');
	if (st->error.remedy[0] != '\0') {
		indent(r);
		buf_str(r->out, "fix: ");
		put_clean(r->out, st->error.remedy);
		buf_u8(r->out, '\n');
	}
}

static void
put_retry(struct report *r, const struct status_task *st)
{
	int64_t wait = st->retry.next.v - r->now.v;
	char text[NUM_TEXT], time[WALL_TEXT];

	indent(r);
	buf_printf(r->out, "attempt %" PRIu32, st->retry.attempt);
	if (st->retry.next.v == 0)
		buf_str(r->out, " is under way\n");
	else if (wait <= 0)
		buf_str(r->out, " is due\n");
	else
		buf_printf(r->out, " in %s, at %s\n",
		    time_text(wait < SECOND ? SECOND : wait / SECOND * SECOND, text),
		    wall_text(st->retry.next, time));
}

static void
put_reason(struct report *r, const struct status_task *st)
{
	bool said = st->has_error && strstr(st->error.message, st->reason) != NULL;

	if (st->reason[0] == '\0' || said)
		return;
	indent(r);
	put_clean(r->out, st->reason);
	buf_u8(r->out, '\n');
}

static void
put_load(struct report *r, const struct status_task *st)
{
	char a[NUM_TEXT], b[NUM_TEXT];

	if (st->phase != PHASE_FULL_LOAD || st->load.tables_total == 0)
		return;
	indent(r);
	buf_printf(r->out, "full load: %" PRIu32 " of %" PRIu32 " tables, %s",
	    st->load.tables_loaded, st->load.tables_total, num_count_text(st->load.rows, a));
	if (st->load.rows_estimated.known && st->load.rows_estimated.v > 0) {
		double part = (double)st->load.rows / (double)st->load.rows_estimated.v;

		buf_printf(r->out, " of about %s rows (%.0f %%)",
		    num_count_text(st->load.rows_estimated.v, b), part < 1 ? part * 100 : 100.0);
	} else {
		buf_str(r->out, " rows");
	}
	if (st->load.rows_per_second.known)
		buf_printf(r->out, ", %s rows/s", num_count_text(st->load.rows_per_second.v, a));
	if (st->load.eta_seconds.known && st->load.eta_seconds.v < (uint64_t)INT64_MAX / SECOND)
		buf_printf(r->out, ", %s left", about(st->load.eta_seconds.v * SECOND, a));
	buf_u8(r->out, '\n');
}

static void
put_tables(struct report *r, const struct report_task *t, uint32_t n, const char *what)
{
	if (n == 0 || r->want_tables)
		return;
	indent(r);
	buf_printf(r->out, "%" PRIu32 " table%s %s, see: repld ctl status %s --tables\n", n,
	    n == 1 ? "" : "s", what, t->name);
}

static void
text_task(struct report *r, const struct report_task *t)
{
	const struct status_task *st = &t->status;
	struct cells c = { 0 };

	task_cells(t, &c);
	if (r->pass == 0) {
		measure(r->widths, &c, TASK_COLUMNS);
		return;
	}
	put_cells(r->out, r->widths, &c, TASK_COLUMNS, TASK_COLUMNS);
	if (st->has_error)
		put_error(r, st);
	put_reason(r, st);
	if (st->state == TASK_RETRYING)
		put_retry(r, st);
	put_load(r, st);
	put_tables(r, t, st->tables_suspended, "suspended");
	put_tables(r, t, st->tables_suspect, "suspect (may differ from the source)");
}

/* ---- tables ---- */

static bool
text_tables(const struct report *r)
{
	return r->want_tables;
}

static void
table_cells(const struct status_table *tab, struct cells *c)
{
	char a[NUM_TEXT], b[NUM_TEXT];
	bool loading = tab->state == TABLE_QUEUED || tab->state == TABLE_LOADING;

	snprintf(c->text[0], CELL, "%s", tab->source);
	snprintf(c->text[1], CELL, "%s", tab->target);
	snprintf(c->text[2], CELL, "%s", table_phase_name((enum table_phase)tab->state));
	num_count_text(tab->rows_loaded, a);
	if (loading && tab->rows_estimated.known)
		snprintf(c->text[3], CELL, "%s of about %s", a,
		    num_count_text(tab->rows_estimated.v, b));
	else
		snprintf(c->text[3], CELL, "%s", a);
	snprintf(c->text[4], CELL, "%s", num_count_text(tab->inserts, a));
	snprintf(c->text[5], CELL, "%s", num_count_text(tab->updates, a));
	snprintf(c->text[6], CELL, "%s", num_count_text(tab->deletes, a));
	snprintf(c->text[7], CELL, "%s", num_count_text(tab->excepted, a));
}

static void
text_table(struct report *r, const struct report_task *t, const struct status_table *tab)
{
	struct cells c = { 0 };

	(void)t;
	table_cells(tab, &c);
	if (r->pass == 0) {
		measure(r->table_widths, &c, TABLE_COLUMNS);
		return;
	}
	for (int i = 0; i < TABLE_COLUMNS; i++)	/* a table that came or grew since */
		if (width(c.text[i]) > r->table_widths[i])
			r->table_widths[i] = width(c.text[i]);
	if (r->shown++ == 0) {
		indent(r);
		put_cells(r->out, r->table_widths, &table_head, TABLE_COLUMNS, 3);
	}
	indent(r);
	put_cells(r->out, r->table_widths, &c, TABLE_COLUMNS, 3);
	if (tab->error[0] != '\0') {
		indent(r);
		buf_str(r->out, "  ");
		put_clean(r->out, tab->error);
		buf_u8(r->out, '\n');
	}
}

/* ---- the whole ---- */

static void
text_begin(struct report *r)
{
	static const enum task_state named[] = { TASK_ERROR, TASK_RETRYING, TASK_PAUSED,
		TASK_STOPPED };
	int64_t up =
	    r->src.started.v < r->now.v ? (r->now.v - r->src.started.v) / SECOND * SECOND : 0;
	char text[NUM_TEXT];

	buf_printf(r->out, "repld " REPLD_VERSION ", up %s: %zu task%s", time_text(up, text),
	    r->src.ntasks, r->src.ntasks == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (r->states[named[i]] > 0)
			buf_printf(r->out, ", %" PRIu32 " %s%s", r->states[named[i]],
			    named[i] == TASK_ERROR ? "in " : "", task_state_name(named[i]));
	if (r->log_lost > 0)
		buf_printf(r->out, "; %" PRIu64 " line%s of the log could not be written: look at where it goes", r->log_lost, r->log_lost == 1 ? "" : "s");
	buf_u8(r->out, '\n');
	measure(r->widths, &task_head, TASK_COLUMNS);
	measure(r->table_widths, &table_head, TABLE_COLUMNS);
}

static void
text_pass(struct report *r)
{
	if (r->pass == 1 && r->ntasks > 0)
		put_cells(r->out, r->widths, &task_head, TASK_COLUMNS, TASK_COLUMNS);
}

static void
text_end(struct report *r)
{
	char size[NUM_TEXT];

	for (uint32_t i = 0; i < r->norphans; i++) {
		const struct report_orphan *o = &r->orphans[i];

		buf_str(r->out, "orphan: slot ");
		put_clean(r->out, o->slot->name);
		buf_printf(r->out, " on %s is no task's here and keeps %s%s; see: repld check\n",
		    o->endpoint,
		    o->slot->retained.known ? num_size_text(o->slot->retained.v, size) : "log",
		    o->slot->active ? ", in use" : "");
	}
}

const struct report_ops report_text = {
	.passes = 2,
	.worst_first = true,
	.tables = text_tables,
	.begin = text_begin,
	.pass = text_pass,
	.task = text_task,
	.table = text_table,
	.end = text_end,
};
