/* report_json.c - the status for scripts: the keys of repld-ctl(1); what is not
 * known is null. One line a task. */
#include <inttypes.h>
#include "daemon/conf.h"
#include "daemon/report.h"

static void
key(struct buf *b, const char *name)
{
	if (b->n > 0 && b->p[b->n - 1] != '{')
		buf_u8(b, ',');
	buf_printf(b, "\"%s\":", name);
}

static void
text(struct buf *b, const char *name, const char *value)
{
	key(b, name);
	buf_json_cstr(b, value);
}

/* A text that is empty where it is not known. */
static void
known_text(struct buf *b, const char *name, const char *value)
{
	text(b, name, value[0] != '\0' ? value : NULL);
}

static void
number(struct buf *b, const char *name, uint64_t v)
{
	key(b, name);
	buf_printf(b, "%" PRIu64, v);
}

static void
maybe(struct buf *b, const char *name, struct maybe_u64 v)
{
	key(b, name);
	if (v.known)
		buf_printf(b, "%" PRIu64, v.v);
	else
		buf_str(b, "null");
}

static void
nonzero(struct buf *b, const char *name, uint64_t v)
{
	maybe(b, name, (struct maybe_u64){ v != 0, v });
}

/* With three decimals: v counts in thousandths after the division. */
static void
decimal(struct buf *b, const char *name, struct maybe_u64 v, uint64_t divisor)
{
	uint64_t milli = v.v / divisor;

	key(b, name);
	if (v.known)
		buf_printf(b, "%" PRIu64 ".%03" PRIu64, milli / 1000, milli % 1000);
	else
		buf_str(b, "null");
}

static void
instant(struct buf *b, const char *name, struct wall t)
{
	char out[WALL_TEXT];

	text(b, name, t.v != 0 ? wall_text_ms(t, out) : NULL);
}

static void
open_object(struct buf *b, const char *name)
{
	key(b, name);
	buf_u8(b, '{');
}

static void
close_object(struct buf *b)
{
	buf_u8(b, '}');
}

static void
put_error(struct buf *b, const struct status_task *st)
{
	if (!st->has_error) {
		text(b, "error", NULL);
		return;
	}
	open_object(b, "error");
	text(b, "kind", err_kind_name((enum err_kind)st->error.kind));
	known_text(b, "message", st->error.message);
	known_text(b, "position", st->error.position);
	known_text(b, "remedy", st->error.remedy);
	known_text(b, "table", st->error.table);
	known_text(b, "sqlstate", st->error.sqlstate);
	close_object(b);
}

static void
put_state(struct buf *b, const struct report_task *t)
{
	const struct status_task *st = &t->status;

	text(b, "state", task_state_name((enum task_state)st->state));
	text(b, "phase",
	    st->phase != PHASE_NONE ? task_phase_name((enum task_phase)st->phase) : NULL);
	known_text(b, "reason", st->reason);
	instant(b, "since", st->since);
	put_error(b, st);
	if (st->state == TASK_RETRYING) {
		open_object(b, "retry");
		number(b, "attempt", st->retry.attempt);
		instant(b, "next", st->retry.next);
		close_object(b);
	} else {
		text(b, "retry", NULL);
	}
}

static void
put_position(struct buf *b, const struct report_task *t)
{
	const struct status_task *st = &t->status;

	open_object(b, "position");
	known_text(b, "read", st->read);
	known_text(b, "applied", st->applied);
	known_text(b, "confirmed", st->confirmed);
	known_text(b, "source_end", st->source_end);
	close_object(b);
	open_object(b, "lag");
	maybe(b, "bytes", st->lag_bytes);
	decimal(b, "seconds", st->lag_usec, 1000);
	close_object(b);
	open_object(b, "source_log");
	maybe(b, "retained_bytes", st->retained_bytes);
	maybe(b, "limit_bytes", st->limit_bytes);
	known_text(b, "state", st->log_state);
	decimal(b, "seconds_left", t->log_left, 1000);
	close_object(b);
}

static void
put_flow(struct buf *b, const struct status_task *st)
{
	open_object(b, "rates");
	decimal(b, "transactions_per_second", st->rate_transactions, 1);
	decimal(b, "rows_per_second", st->rate_rows, 1);
	decimal(b, "bytes_per_second", st->rate_bytes, 1);
	close_object(b);
	open_object(b, "ring");
	nonzero(b, "size_bytes", st->ring_size);
	number(b, "used_bytes", st->ring_used);
	number(b, "waiting", st->ring_waiting);
	close_object(b);
	open_object(b, "memory");
	nonzero(b, "rss_bytes", st->rss_bytes);
	nonzero(b, "peak_rss_bytes", st->peak_rss_bytes);
	close_object(b);
}

static void
put_totals(struct buf *b, const char *name, const struct totals *sum)
{
	open_object(b, name);
	number(b, "transactions", sum->transactions);
	number(b, "read", sum->read);
	number(b, "applied", sum->applied);
	number(b, "inserts", sum->inserts);
	number(b, "updates", sum->updates);
	number(b, "deletes", sum->deletes);
	number(b, "truncates", sum->truncates);
	text(b, "ddl", NULL);	/* not followed, so not known */
	number(b, "filtered", sum->filtered);
	number(b, "excepted", sum->excepted);
	close_object(b);
}

static void
put_work(struct buf *b, const struct status_task *st)
{
	put_totals(b, "totals", &st->totals);
	put_totals(b, "lifetime", &st->lifetime);
	open_object(b, "apply");
	text(b, "mode",
	    st->apply_mode <= APPLY_TRANSACTIONAL ? apply_mode_name((enum apply_mode)st->apply_mode)
						  : NULL);
	number(b, "batches", st->batches);
	number(b, "fallbacks", st->fallbacks);
	number(b, "rewinds", st->rewinds);
	number(b, "keepalives", st->keepalives);
	number(b, "policy_values", st->policy_values);
	number(b, "cascaded", st->cascaded);
	number(b, "prepared", st->prepared);
	number(b, "prepared_bytes", st->prepared_bytes);
	close_object(b);
	open_object(b, "full_load");
	number(b, "tables_total", st->load.tables_total);
	number(b, "tables_loaded", st->load.tables_loaded);
	number(b, "rows", st->load.rows);
	maybe(b, "rows_estimated", st->load.rows_estimated);
	number(b, "bytes", st->load.bytes);
	maybe(b, "rows_per_second", st->load.rows_per_second);
	maybe(b, "eta_seconds", st->load.eta_seconds);
	close_object(b);
}

static void
json_begin(struct report *r)
{
	buf_u8(r->out, '{');
	text(r->out, "version", REPLD_VERSION);
	instant(r->out, "started", r->src.started);
	number(r->out, "log_lost_lines", r->log_lost);
	key(r->out, "tasks");
	buf_u8(r->out, '[');
}

static void
json_task(struct report *r, const struct report_task *t)
{
	struct buf *b = r->out;

	buf_str(b, r->task > 0 ? ",\n{" : "\n{");
	text(b, "name", t->name);
	text(b, "source", t->source);
	text(b, "target", t->target);
	text(b, "mode", t->mode);
	text(b, "plugin", t->plugin);
	put_state(b, t);
	put_position(b, t);
	put_flow(b, &t->status);
	put_work(b, &t->status);
	nonzero(b, "pid", (uint64_t)t->pid);
	number(b, "restarts", t->restarts);
	key(b, "stale");
	buf_str(b, t->stale ? "true" : "false");
	number(b, "tables_suspended", t->status.tables_suspended);
	number(b, "tables_suspect", t->status.tables_suspect);
	key(b, "tables");
	buf_u8(b, '[');
}

static bool
json_tables(const struct report *r)
{
	(void)r;
	return true;
}

static void
json_table(struct report *r, const struct report_task *t, const struct status_table *tab)
{
	struct buf *b = r->out;

	(void)t;
	buf_str(b, r->shown++ > 0 ? ",{" : "{");
	known_text(b, "source", tab->source);
	known_text(b, "target", tab->target);
	text(b, "state", table_phase_name((enum table_phase)tab->state));
	number(b, "rows_loaded", tab->rows_loaded);
	maybe(b, "rows_estimated", tab->rows_estimated);
	number(b, "inserts", tab->inserts);
	number(b, "updates", tab->updates);
	number(b, "deletes", tab->deletes);
	number(b, "truncates", tab->truncates);
	number(b, "excepted", tab->excepted);
	known_text(b, "load", tab->load);
	known_text(b, "error", tab->error);
	close_object(b);
}

static void
json_task_end(struct report *r, const struct report_task *t)
{
	(void)t;
	buf_str(r->out, "]}");
}

static void
json_end(struct report *r)
{
	struct buf *b = r->out;

	buf_str(b, "\n]");
	key(b, "orphans");
	buf_u8(b, '[');
	for (uint32_t i = 0; i < r->norphans; i++) {
		const struct report_orphan *o = &r->orphans[i];

		buf_str(b, i > 0 ? ",{" : "{");
		text(b, "endpoint", o->endpoint);
		text(b, "kind", "slot");
		text(b, "name", o->slot->name);
		maybe(b, "retained_bytes", o->slot->retained);
		key(b, "active");
		buf_str(b, o->slot->active ? "true" : "false");
		close_object(b);
	}
	buf_str(b, "]}\n");
}

const struct report_ops report_json = {
	.passes = 1,
	.tables = json_tables,
	.begin = json_begin,
	.task = json_task,
	.table = json_table,
	.task_end = json_task_end,
	.end = json_end,
};
