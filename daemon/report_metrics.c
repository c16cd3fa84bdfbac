/* report_metrics.c - the status as OpenMetrics: every figure, names repld_*. Samples of one
 * family stand together, so the walk makes one pass for each family of the table below; a figure
 * that is not known has no sample. */
#include <inttypes.h>
#include <stddef.h>
#include "daemon/conf.h"
#include "daemon/report.h"

/* What a family's sample is made of; offsets are in struct report_task, or in struct status_table
 * where kind says so. */
enum sample {
	OF_U32,
	OF_U64,
	OF_MAYBE,
	OF_MAYBE_USEC, /* seconds */
	OF_MAYBE_MILLI, /* a rate in thousandths */
	OF_WALL, /* a timestamp */
	OF_STALE,
	OF_UP,
	OF_STATE,
	OF_PHASE,
	OF_INFO,
	OF_ERROR,
	OF_LOG_STATE,
	OF_CHANGES,
	OF_LIFETIME,
	OF_RETRY_NEXT,
	OF_BUILD,
	OF_STARTED, /* of the daemon */
	OF_TABLE_U64,
	OF_TABLE_MAYBE,
	OF_TABLE_STATE,
	OF_TABLE_CHANGES,
};

struct family {
	const char *name, *type, *help;
	enum sample sample;
	size_t offset;
};

#define TASK_AT(field)	offsetof(struct report_task, field)
#define AT(field)	offsetof(struct report_task, status.field)
#define TABLE_AT(field) offsetof(struct status_table, field)

static const struct family families[] = {
	{ "repld_build", "info", "The daemon's version.", OF_BUILD, 0 },
	{ "repld_start_time_seconds", "gauge", "When the daemon started.", OF_STARTED, 0 },
	{ "repld_task", "info", "Endpoints, mode and way of applying of a task.", OF_INFO, 0 },
	{ "repld_task_state", "gauge", "1 for the state that the task is in.", OF_STATE, 0 },
	{ "repld_task_phase", "gauge", "1 for the phase that the task is in.", OF_PHASE, 0 },
	{ "repld_task_since_seconds", "gauge", "Since when the task is in its state.", OF_WALL,
	    AT(since) },
	{ "repld_task_error", "gauge", "1 while the task has an error, by kind.", OF_ERROR, 0 },
	{ "repld_task_retry_attempt", "gauge",
	    "Number of the attempt under way or next; 0 where none is needed.", OF_U32,
	    AT(retry.attempt) },
	{ "repld_task_retry_next_seconds", "gauge", "When the next attempt is due.", OF_RETRY_NEXT,
	    0 },
	{ "repld_task_worker_up", "gauge", "1 while the task has a worker process.", OF_UP, 0 },
	{ "repld_task_worker_restarts", "counter",
	    "Times that the worker process was started again.", OF_U32, TASK_AT(restarts) },
	{ "repld_task_status_stale", "gauge",
	    "1 where the figures are the last that could be read.", OF_STALE, 0 },
	{ "repld_lag_bytes", "gauge", "Log of the source that is not on the target yet.", OF_MAYBE,
	    AT(lag_bytes) },
	{ "repld_lag_seconds", "gauge",
	    "Age of the oldest source transaction that is not on the target yet.", OF_MAYBE_USEC,
	    AT(lag_usec) },
	{ "repld_source_log_retained_bytes", "gauge", "Log that the source keeps for the task.",
	    OF_MAYBE, AT(retained_bytes) },
	{ "repld_source_log_limit_bytes", "gauge", "Log that the source keeps at most.", OF_MAYBE,
	    AT(limit_bytes) },
	{ "repld_source_log_left_seconds", "gauge",
	    "Time until the limit is reached, at the present growth.", OF_MAYBE_USEC,
	    TASK_AT(log_left) },
	{ "repld_source_log_state", "gauge", "1 for what the source says of the log that it keeps.",
	    OF_LOG_STATE, 0 },
	{ "repld_transactions_per_second", "gauge", "Source transactions applied, over 10 s.",
	    OF_MAYBE_MILLI, AT(rate_transactions) },
	{ "repld_rows_per_second", "gauge", "Row changes applied, over 10 s.", OF_MAYBE_MILLI,
	    AT(rate_rows) },
	{ "repld_bytes_per_second", "gauge", "Bytes of log read, over 10 s.", OF_MAYBE_MILLI,
	    AT(rate_bytes) },
	{ "repld_ring_size_bytes", "gauge", "Memory for changes between capture and apply.", OF_U64,
	    AT(ring_size) },
	{ "repld_ring_used_bytes", "gauge", "Of it in use.", OF_U64, AT(ring_used) },
	{ "repld_ring_waiting", "gauge", "Transactions in it.", OF_U64, AT(ring_waiting) },
	{ "repld_memory_rss_bytes", "gauge", "Resident memory of the worker.", OF_U64,
	    AT(rss_bytes) },
	{ "repld_memory_peak_rss_bytes", "gauge", "The most that it was.", OF_U64,
	    AT(peak_rss_bytes) },
	{ "repld_transactions", "counter", "Source transactions applied since the worker's start.",
	    OF_U64, AT(totals.transactions) },
	{ "repld_rows_read", "counter", "Row changes read since the worker's start.", OF_U64,
	    AT(totals.read) },
	{ "repld_rows_applied", "counter", "Row changes applied.", OF_U64, AT(totals.applied) },
	{ "repld_rows_filtered", "counter", "Row changes that a rule took out.", OF_U64,
	    AT(totals.filtered) },
	{ "repld_rows_excepted", "counter", "Row changes that a policy put aside.", OF_U64,
	    AT(totals.excepted) },
	{ "repld_changes", "counter", "Changes by operation since the worker's start.", OF_CHANGES,
	    AT(totals) },
	{ "repld_lifetime_rows", "gauge",
	    "Row changes since the task began, by what became of them.", OF_LIFETIME,
	    AT(lifetime) },
	{ "repld_lifetime_transactions", "gauge", "Source transactions since the task began.",
	    OF_U64, AT(lifetime.transactions) },
	{ "repld_apply_batches", "counter", "Target transactions committed.", OF_U64, AT(batches) },
	{ "repld_cascaded_rows", "counter", "Rows of children that the source's foreign keys changed, followed.", OF_U64,
	    AT(cascaded) },
	{ "repld_prepared_transactions", "gauge", "XA transactions that are prepared on the source, and whose rows wait on the target.", OF_U64,
	    AT(prepared) },
	{ "repld_prepared_bytes", "gauge", "What is kept of them on the target.", OF_U64, AT(prepared_bytes) },
	{ "repld_policy_values", "counter", "Values without a form on the target that policy made others.", OF_U64,
	    AT(policy_values) },
	{ "repld_apply_fallbacks", "counter", "Batches that went on one by one.", OF_U64,
	    AT(fallbacks) },
	{ "repld_apply_rewinds", "counter",
	    "Times that the stream was opened again at the checkpoint.", OF_U64, AT(rewinds) },
	{ "repld_keepalives", "counter", "Keepalives of the source that were answered.", OF_U64,
	    AT(keepalives) },
	{ "repld_full_load_tables", "gauge", "Tables to load.", OF_U32, AT(load.tables_total) },
	{ "repld_full_load_tables_loaded", "gauge", "Of them loaded.", OF_U32,
	    AT(load.tables_loaded) },
	{ "repld_full_load_rows", "gauge", "Rows loaded.", OF_U64, AT(load.rows) },
	{ "repld_full_load_rows_estimated", "gauge", "Rows to load, as the source estimates.",
	    OF_MAYBE, AT(load.rows_estimated) },
	{ "repld_full_load_bytes", "gauge", "Bytes loaded.", OF_U64, AT(load.bytes) },
	{ "repld_full_load_rows_per_second", "gauge", "Rows loaded a second.", OF_MAYBE,
	    AT(load.rows_per_second) },
	{ "repld_full_load_eta_seconds", "gauge", "Estimated time until the load is done.",
	    OF_MAYBE, AT(load.eta_seconds) },
	{ "repld_tables", "gauge", "Tables of the task.", OF_U32, TASK_AT(ntables) },
	{ "repld_tables_suspended", "gauge", "Of them suspended.", OF_U32, AT(tables_suspended) },
	{ "repld_tables_suspect", "gauge", "Of them suspect: they may differ from the source.", OF_U32,
	    AT(tables_suspect) },
	{ "repld_table_state", "gauge",
	    "1 for the state that the table is in; other states have no sample.", OF_TABLE_STATE,
	    0 },
	{ "repld_table_rows_loaded", "gauge", "Rows loaded.", OF_TABLE_U64, TABLE_AT(rows_loaded) },
	{ "repld_table_rows_estimated", "gauge", "Rows to load, as the source estimates.",
	    OF_TABLE_MAYBE, TABLE_AT(rows_estimated) },
	{ "repld_table_changes", "counter", "Changes by operation since the worker's start.",
	    OF_TABLE_CHANGES, 0 },
	{ "repld_table_rows_excepted", "counter", "Row changes that a policy put aside.",
	    OF_TABLE_U64, TABLE_AT(excepted) },
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const struct family *
family(const struct report *r)
{
	return &families[r->pass];
}

/* "name{task=..., and more labels}"; the label texts are escaped as in JSON, which OpenMetrics
 * reads alike. */
static void
sample_name(struct report *r, const char *suffix, const char *task)
{
	buf_printf(r->out, "%s%s{task=", family(r)->name, suffix);
	buf_json_cstr(r->out, task);
}

static void
label(struct report *r, const char *name, const char *value)
{
	buf_printf(r->out, ",%s=", name);
	buf_json_cstr(r->out, value);
}

static const char *
suffix_of(const struct family *f)
{
	return f->type[0] == 'c' ? "_total" : f->type[0] == 'i' ? "_info" : "";
}

static void
value(struct report *r, uint64_t v)
{
	buf_printf(r->out, "} %" PRIu64 "\n", v);
}

static void
fraction(struct report *r, uint64_t v, uint64_t divisor)
{
	int digits = divisor == 1000000 ? 6 : 3;

	buf_printf(r->out, "} %" PRIu64 ".%0*" PRIu64 "\n", v / divisor, digits, v % divisor);
}

static void
plain(struct report *r, const struct report_task *t, uint64_t v)
{
	sample_name(r, suffix_of(family(r)), t->name);
	value(r, v);
}

static void
maybe(struct report *r, const struct report_task *t, struct maybe_u64 v, uint64_t divisor)
{
	if (!v.known)
		return;
	sample_name(r, suffix_of(family(r)), t->name);
	if (divisor == 1)
		value(r, v.v);
	else
		fraction(r, v.v, divisor);
}

static void
timestamp(struct report *r, const struct report_task *t, struct wall at)
{
	maybe(r, t, (struct maybe_u64){ at.v > 0, (uint64_t)at.v }, 1000000);
}

static void
labelled(
    struct report *r, const struct report_task *t, const char *name, const char *word, uint64_t v)
{
	sample_name(r, suffix_of(family(r)), t->name);
	label(r, name, word);
	value(r, v);
}

static void
states(struct report *r, const struct report_task *t)
{
	for (int s = 0; s <= TASK_ERROR; s++)
		labelled(r, t, "state", task_state_name((enum task_state)s), t->status.state == s);
}

static void
phases(struct report *r, const struct report_task *t)
{
	for (int p = PHASE_CHECK; p <= PHASE_CDC; p++)
		labelled(r, t, "phase", task_phase_name((enum task_phase)p), t->status.phase == p);
}

static void
info(struct report *r, const struct report_task *t)
{
	sample_name(r, "_info", t->name);
	label(r, "source", t->source);
	label(r, "target", t->target);
	label(r, "mode", t->mode);
	if (t->status.apply_mode <= APPLY_TRANSACTIONAL)
		label(r, "apply_mode", apply_mode_name((enum apply_mode)t->status.apply_mode));
	value(r, 1);
}

static void
changes(struct report *r, const struct report_task *t, const struct totals *sum)
{
	labelled(r, t, "op", "insert", sum->inserts);
	labelled(r, t, "op", "update", sum->updates);
	labelled(r, t, "op", "delete", sum->deletes);
	labelled(r, t, "op", "truncate", sum->truncates);
}

static void
lifetime(struct report *r, const struct report_task *t, const struct totals *sum)
{
	labelled(r, t, "fate", "read", sum->read);
	labelled(r, t, "fate", "applied", sum->applied);
	labelled(r, t, "fate", "filtered", sum->filtered);
	labelled(r, t, "fate", "excepted", sum->excepted);
}

/* flat switch */
static void
metrics_task(struct report *r, const struct report_task *t)
{
	const struct family *f = family(r);
	const struct status_task *st = &t->status;
	const void *at = (const uint8_t *)t + f->offset;

	switch (f->sample) {
	case OF_U32: plain(r, t, *(const uint32_t *)at); break;
	case OF_U64: plain(r, t, *(const uint64_t *)at); break;
	case OF_MAYBE: maybe(r, t, *(const struct maybe_u64 *)at, 1); break;
	case OF_MAYBE_USEC: maybe(r, t, *(const struct maybe_u64 *)at, 1000000); break;
	case OF_MAYBE_MILLI: maybe(r, t, *(const struct maybe_u64 *)at, 1000); break;
	case OF_WALL: timestamp(r, t, *(const struct wall *)at); break;
	case OF_RETRY_NEXT: timestamp(r, t, st->retry.next); break;
	case OF_STALE: plain(r, t, t->stale); break;
	case OF_UP: plain(r, t, t->pid > 0); break;
	case OF_STATE: states(r, t); break;
	case OF_PHASE: phases(r, t); break;
	case OF_INFO: info(r, t); break;
	case OF_CHANGES: changes(r, t, at); break;
	case OF_LIFETIME: lifetime(r, t, at); break;
	case OF_ERROR:
		if (st->has_error)
			labelled(r, t, "kind", err_kind_name((enum err_kind)st->error.kind), 1);
		break;
	case OF_LOG_STATE:
		if (st->log_state[0] != '\0')
			labelled(r, t, "state", st->log_state, 1);
		break;
	case OF_BUILD:
	case OF_STARTED:
	case OF_TABLE_U64:
	case OF_TABLE_MAYBE:
	case OF_TABLE_STATE:
	case OF_TABLE_CHANGES: break;
	}
}

static bool
metrics_tables(const struct report *r)
{
	return family(r)->sample >= OF_TABLE_U64;
}

static void
table_sample(struct report *r, const struct report_task *t, const struct status_table *tab,
    const char *name, const char *word, uint64_t v)
{
	sample_name(r, suffix_of(family(r)), t->name);
	label(r, "table", tab->source);
	label(r, "target", tab->target);
	if (name != NULL)
		label(r, name, word);
	value(r, v);
}

static void
metrics_table(struct report *r, const struct report_task *t, const struct status_table *tab)
{
	const struct family *f = family(r);
	const void *at = (const uint8_t *)tab + f->offset;

	if (f->sample == OF_TABLE_U64) {
		table_sample(r, t, tab, NULL, NULL, *(const uint64_t *)at);
	} else if (f->sample == OF_TABLE_STATE) {
		table_sample(r, t, tab, "state", table_phase_name((enum table_phase)tab->state), 1);
	} else if (f->sample == OF_TABLE_MAYBE) {
		if (((const struct maybe_u64 *)at)->known)
			table_sample(r, t, tab, NULL, NULL, ((const struct maybe_u64 *)at)->v);
	} else {
		table_sample(r, t, tab, "op", "insert", tab->inserts);
		table_sample(r, t, tab, "op", "update", tab->updates);
		table_sample(r, t, tab, "op", "delete", tab->deletes);
		table_sample(r, t, tab, "op", "truncate", tab->truncates);
	}
}

static void
metrics_begin(struct report *r)
{
	(void)r;
}

static void
metrics_pass(struct report *r)
{
	const struct family *f = family(r);

	buf_printf(r->out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
	if (f->sample == OF_BUILD)
		buf_printf(r->out, "%s_info{version=\"" REPLD_VERSION "\"} 1\n", f->name);
	if (f->sample == OF_STARTED)
		buf_printf(r->out, "%s %" PRId64 ".%03d\n", f->name, r->src.started.v / 1000000,
		    (int)(r->src.started.v % 1000000 / 1000));
}

static void
metrics_end(struct report *r)
{
	buf_str(r->out, "# EOF\n");
}

const struct report_ops report_metrics = {
	.passes = FAMILIES,
	.tables = metrics_tables,
	.begin = metrics_begin,
	.pass = metrics_pass,
	.task = metrics_task,
	.table = metrics_table,
	.end = metrics_end,
};
