/* The status in its three forms: text letter by letter, JSON by its keys, OpenMetrics by its
 * rules; in slices, with tasks that go meanwhile. */
#include "daemon/report.c"
#include "test/unit/unit.h"

#define HOUR INT64_C(3600000000)
#define GB   (UINT64_C(1) << 30)

struct world {
	struct report_task tasks[4];
	size_t n;
	struct status_table tables[3000];
	const char *gone;	/* a task whose tables are not there any more */
};

static void
world_task(void *arg, size_t i, struct report_task *ret)
{
	struct world *w = arg;

	*ret = w->tasks[i];
}

static bool
world_table(void *arg, const char *task, uint32_t i, struct status_table *ret)
{
	struct world *w = arg;

	*ret = w->tables[i];
	return w->gone == NULL || strcmp(task, w->gone) != 0;
}

static struct report_source
source_of(struct world *w)
{
	clock_fake(true, 0, INT64_C(1795334400000000));	/* 2026-11-22T08:00:00Z */
	return (struct report_source){ .arg = w,
		.started = { clock_wall().v - 76 * HOUR },
		.ntasks = w->n,
		.task = world_task,
		.table = world_table };
}

static struct report_task *
add_task(struct world *w, const char *name, const char *source, enum task_state state)
{
	struct report_task *t = &w->tasks[w->n++];

	snprintf(t->name, sizeof(t->name), "%s", name);
	snprintf(t->source, sizeof(t->source), "%s", source);
	snprintf(t->target, sizeof(t->target), "dw");
	t->mode = "full_load_and_cdc";
	t->plugin = "pgoutput";
	t->status.state = (uint8_t)state;
	t->status.phase = state == TASK_STOPPED ? PHASE_NONE : PHASE_CDC;
	t->status.since.v = INT64_C(1795316531000000);	/* 2026-11-22T03:02:11Z */
	return t;
}

static void
known(struct maybe_u64 *m, uint64_t v)
{
	*m = (struct maybe_u64){ true, v };
}

/* A running task and one in error. */
static struct world *
two_tasks(void)
{
	struct world *w = xzalloc(sizeof(*w));
	struct report_task *t = add_task(w, "orders", "shop", TASK_RUNNING);

	known(&t->status.lag_usec, 412345);
	known(&t->status.lag_bytes, 1258291);
	known(&t->status.rate_rows, 12340000);
	known(&t->status.retained_bytes, UINT64_C(24) << 20);
	t = add_task(w, "crm", "crm", TASK_ERROR);
	known(&t->status.lag_usec, UINT64_C(41) * 60 * 1000000);
	known(&t->status.lag_bytes, 31 * GB / 10);
	known(&t->status.retained_bytes, 31 * GB / 10);
	known(&t->status.limit_bytes, 10 * GB);
	known(&t->log_left, UINT64_C(90) * 60 * 1000000);
	t->status.has_error = true;
	t->status.error.kind = ERR_DATA;
	snprintf(t->status.error.message, sizeof(t->status.error.message),
	    "value too long for varchar(40) in email");
	snprintf(t->status.error.table, sizeof(t->status.error.table), "public.person");
	snprintf(t->status.error.sqlstate, sizeof(t->status.error.sqlstate), "22001");
	snprintf(t->status.error.position, sizeof(t->status.error.position), "0/16B3748");
	snprintf(t->status.error.remedy, sizeof(t->status.error.remedy),
	    "ALTER TABLE dw.person MODIFY email varchar(80); then: repld ctl restart crm");
	return w;
}

static const char *
render(
    struct world *w, const struct report_ops *ops, const char *only, bool tables, struct buf *out)
{
	struct report_source src = source_of(w);
	struct report *r = report_new(&src, ops, only, tables);

	buf_reset(out);
	while (report_next(r, out))
		;
	report_free(r);
	return buf_cstr(out);
}

static void
has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		ck_abort_msg("\"%s\" is not in:\n%s", part, text);
}

static void
has_not(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		ck_abort_msg("\"%s\" is in:\n%s", part, text);
}

START_TEST(report_text_is_one_screen_worst_first)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };

	ck_assert_str_eq(render(w, &report_text, NULL, false, &out),
	    "repld 1.0, up 3 d 4 h: 2 tasks, 1 in error\n"
	    "TASK    SOURCE > TARGET  STATE    PHASE  LAG             RATE       SOURCE KEEPS\n"
	    "crm     crm > dw         error    cdc    41 min, 3.1 GB  -          3.1 GB of 10 GB, "
	    "about 1.5 h left\n"
	    "        public.person: value too long for varchar(40) in email (22001), transaction "
	    "at 0/16B3748, "
	    "2026-11-22T03:02:11Z\n"
	    "        fix: ALTER TABLE dw.person MODIFY email varchar(80); then: repld ctl restart "
	    "crm\n"
	    "orders  shop > dw        running  cdc    0.4 s, 1.2 MB   12,340 /s  24 MB\n");
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_text_says_why_and_when)
{
	struct world *w = xzalloc(sizeof(*w));
	struct buf out = { 0 };
	struct report_task *t = add_task(w, "off", "a", TASK_STOPPED);
	const char *text;

	snprintf(t->status.reason, sizeof(t->status.reason), "disabled in the configuration");
	t = add_task(w, "again", "a", TASK_RETRYING);
	snprintf(t->status.reason, sizeof(t->status.reason), "worker died: signal 9 (SIGKILL)");
	t->status.retry.attempt = 3;
	t->status.retry.next.v = INT64_C(1795334404000000);
	t = add_task(w, "load", "a", TASK_RUNNING);
	t->status.phase = PHASE_FULL_LOAD;
	t->status.load.tables_total = 10;
	t->status.load.tables_loaded = 3;
	t->status.load.rows = 1234567;
	known(&t->status.load.rows_estimated, 5000000);
	known(&t->status.load.rows_per_second, 120000);
	known(&t->status.load.eta_seconds, 180);
	t->status.tables_suspended = 2;
	text = render(w, &report_text, NULL, false, &out);
	has(text, "up 3 d 4 h: 3 tasks, 1 retrying, 1 stopped\n");
	has(text, "off    a > dw           stopped   -          -    -     -\n       disabled in "
		  "the configuration\n");
	has(text,
	    "worker died: signal 9 (SIGKILL)\n       attempt 3 in 4 s, at 2026-11-22T08:00:04Z\n");
	has(text, "full load: 3 of 10 tables, 1,234,567 of about 5,000,000 rows (25 %), 120,000 "
		  "rows/s, about 3 min left\n");
	has(text, "2 tables suspended, see: repld ctl status load --tables\n");
	ck_assert(strstr(text, "\nagain") < strstr(text, "\nload") &&
		  strstr(text, "\nload") < strstr(text, "\noff"));
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_text_keeps_control_bytes_from_the_terminal)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };
	const char *text;

	snprintf(w->tasks[1].status.error.message, 64, "a\033[2Jb\nc\xc2\x9b" "d \xc3\xa9");
	text = render(w, &report_text, NULL, false, &out);
	has(text, "public.person: a?[2Jb?c?d \xc3\xa9 (22001)");
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_text_shows_tables_troubled_ones_first)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };
	const char *text;

	w->tasks[0].ntables = 2;
	for (int i = 0; i < 2; i++) {
		snprintf(w->tables[i].source, sizeof(w->tables[i].source),
		    i == 0 ? "public.a" : "public.b\xc3\xa9");
		snprintf(w->tables[i].target, sizeof(w->tables[i].target), "dw.t");
		w->tables[i].state = i == 0 ? TABLE_STREAMING : TABLE_SUSPENDED;
		w->tables[i].inserts = 1234;
	}
	snprintf(w->tables[1].error, sizeof(w->tables[1].error), "duplicate key");
	text = render(w, &report_text, "orders", true, &out);
	has(text,
	    "        TABLE      TARGET  STATE      LOADED  INSERTS  UPDATES  DELETES  EXCEPTED\n"
	    "        public.b\xc3\xa9  dw.t    suspended       0    1,234        0        0        "
	    " 0\n"
	    "          duplicate key\n"
	    "        public.a   dw.t    streaming       0    1,234        0        0         0\n");
	has_not(text, "crm > dw");
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_code_is_1_for_what_is_shown_and_in_trouble)
{
	struct world *w = two_tasks();
	struct report_source src = source_of(w);
	struct report *all = report_new(&src, &report_text, NULL, false);
	struct report *fine = report_new(&src, &report_text, "orders", false);

	ck_assert_int_eq(report_code(all), 1);
	ck_assert_int_eq(report_code(fine), 0);
	report_free(fine);
	w->tasks[0].status.tables_suspended = 1;
	fine = report_new(&src, &report_text, "orders", false);
	ck_assert_int_eq(report_code(fine), 1);
	report_free(all);
	report_free(fine);
	free(w);
}
END_TEST

START_TEST(report_tells_of_lines_missing_in_the_log)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };

	w->tasks[1].status.log_lost = 3;
	has(render(w, &report_text, NULL, false, &out), "1 in error; 3 lines of the log could not be written");
	has(render(w, &report_json, NULL, false, &out), "\"log_lost_lines\":3");
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_json_has_every_key_and_null_for_the_unknown)
{
	static const char *const keys[] = { "\"version\":\"1.0\"",
		"\"started\":\"2026-11-19T04:00:00.000Z\",\"log_lost_lines\":0",
		"\"name\":\"orders\",\"source\":\"shop\",\"target\":\"dw\",\"mode\":\"full_load_"
		"and_cdc\",\"plugin\":\"pgoutput\",\"state\":\"running\","
		"\"phase\":\"cdc\",\"reason\":null,\"since\":\"2026-11-22T03:02:11.000Z\","
		"\"error\":null,\"retry\":null,"
		"\"position\":{\"read\":null,\"applied\":null,\"confirmed\":null,\"source_end\":"
		"null},"
		"\"lag\":{\"bytes\":1258291,\"seconds\":0.412},"
		"\"source_log\":{\"retained_bytes\":25165824,\"limit_bytes\":null,\"state\":null,",
		"\"rates\":{\"transactions_per_second\":null,\"rows_per_second\":12340.000,\"bytes_"
		"per_second\":null}",
		"\"ring\":{\"size_bytes\":null,\"used_bytes\":0,\"waiting\":0}",
		"\"memory\":{\"rss_bytes\":null,", "\"totals\":{\"transactions\":0,",
		"\"ddl\":null,\"filtered\":0,\"excepted\":0}",
		"\"apply\":{\"mode\":\"batch\",\"batches\":0,\"fallbacks\":0,",
		"\"full_load\":{\"tables_total\":0,\"tables_loaded\":0,\"rows\":0,\"rows_"
		"estimated\":null,\"bytes\":0,"
		"\"rows_per_second\":null,\"eta_seconds\":null}",
		"\"pid\":null,\"restarts\":0", "\"tables\":[]},\n",
		"\"error\":{\"kind\":\"data\",\"message\":\"value too long for varchar(40) in "
		"email\",\"position\":\"0/16B3748\","
		"\"remedy\":\"ALTER",
		NULL };
	struct world *w = two_tasks();
	struct buf out = { 0 };
	const char *text = render(w, &report_json, NULL, false, &out);

	for (int i = 0; keys[i] != NULL; i++)
		has(text, keys[i]);
	ck_assert(
	    strstr(text, "\"orders\"") < strstr(text, "\"crm\",\"source\"")); /* as in the file */
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_json_lists_tables_and_retries)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };
	const char *text;

	w->tasks[0].ntables = 2;
	snprintf(w->tables[0].source, sizeof(w->tables[0].source), "public.\"q\"\xff");
	snprintf(w->tables[0].target, sizeof(w->tables[0].target), "dw.q");
	w->tables[0].state = TABLE_LOADING;
	w->tasks[0].pid = 4711;
	w->tasks[0].status.state = TASK_RETRYING;
	w->tasks[0].status.retry.attempt = 2;
	w->tasks[0].status.retry.next.v = INT64_C(1795334404500000);
	text = render(w, &report_json, "orders", false, &out);
	has(text, "\"retry\":{\"attempt\":2,\"next\":\"2026-11-22T08:00:04.500Z\"}");
	has(text, "\"pid\":4711");
	has(text, "\"tables\":[{\"source\":\"public.\\\"q\\\"\xef\xbf\xbd\",\"target\":\"dw.q\","
		  "\"state\":\"loading\",\"rows_loaded\":0,"
		  "\"rows_estimated\":null,\"inserts\":0,\"updates\":0,\"deletes\":0,\"truncates\":"
		  "0,\"excepted\":0,\"load\":null,\"error\":null},{");
	buf_done(&out);
	free(w);
}
END_TEST

/* Families stand together, each once, with HELP and TYPE before its samples. */
static void
check_exposition(const char *text)
{
	char family[128] = "", seen[8192] = "\n", line[512];

	for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		if (strncmp(line, "# HELP ", 7) == 0) {
			snprintf(family, sizeof(family), "\n%.*s\n", (int)strcspn(line + 7, " "),
			    line + 7);
			ck_assert_msg(strstr(seen, family) == NULL, "twice: %s", line);
			ck_assert_uint_lt(strlen(seen) + strlen(family), sizeof(seen));
			snprintf(
			    seen + strlen(seen), sizeof(seen) - strlen(seen), "%s", family + 1);
			family[strlen(family) - 1] = '\0';
		} else if (line[0] != '#') {
			ck_assert_msg(strncmp(line, family + 1, strlen(family + 1)) == 0,
			    "%s under %s", line, family + 1);
		}
	}
	ck_assert(strcmp(text + strlen(text) - 6, "# EOF\n") == 0);
}

START_TEST(report_metrics_are_openmetrics)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };
	const char *text;

	w->tasks[0].ntables = 2;
	w->tasks[0].status.totals.applied = 77;
	snprintf(w->tables[0].source, sizeof(w->tables[0].source), "public.\"x\\y\"");
	w->tables[0].inserts = 5;
	text = render(w, &report_metrics, NULL, true, &out);
	check_exposition(text);
	has(text, "\nrepld_task_state{task=\"crm\",state=\"error\"} 1\n");
	has(text, "\nrepld_task_state{task=\"crm\",state=\"running\"} 0\n");
	has(text,
	    "# TYPE repld_rows_applied counter\nrepld_rows_applied_total{task=\"orders\"} 77\n");
	has(text, "\nrepld_lag_seconds{task=\"orders\"} 0.412345\n");
	has(text, "\nrepld_rows_per_second{task=\"orders\"} 12340.000\n");
	has(text, "\nrepld_table_changes_total{task=\"orders\",table=\"public.\\\"x\\\\y\\\"\","
		  "target=\"\",op=\"insert\"} 5\n");
	has(text, "\nrepld_source_log_limit_bytes{task=\"crm\"} 10737418240\n");
	has_not(text, "repld_source_log_limit_bytes{task=\"orders\"}");	/* not known: no sample */
	buf_done(&out);
	free(w);
}
END_TEST

START_TEST(report_comes_in_slices_and_tasks_may_go_meanwhile)
{
	const struct report_ops *const forms[] = { &report_text, &report_json, &report_metrics };
	struct world *w = two_tasks();
	struct buf out = { 0 };

	w->tasks[0].ntables = 3000;
	for (int i = 0; i < 3000; i++) {
		snprintf(w->tables[i].source, sizeof(w->tables[i].source),
		    "public.a_rather_long_name_of_a_table_%d", i);
		w->tables[i].state = TABLE_STREAMING;
	}
	for (size_t f = 0; f < 3; f++) {
		struct report_source src = source_of(w);
		struct report *r = report_new(&src, forms[f], NULL, true);
		int slices = 0;
		bool more = true;

		while (more) {
			buf_reset(&out);
			more = report_next(r, &out);
			ck_assert_uint_le(out.n, SLICE_BYTES + 4096);
			if (++slices == 3)
				w->gone = "orders";
		}
		ck_assert_int_gt(slices, 3);
		report_free(r);
		w->gone = NULL;
	}
	buf_done(&out);
	free(w);
}
END_TEST

static void
add_slot(struct report_task *t, const char *name, bool active, uint64_t retained)
{
	struct status_slot *s = &t->status.slots[t->status.nslots++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->active = active;
	s->retained = (struct maybe_u64){ retained > 0, retained };
}

/* Every worker tells what it sees on its source; the tasks know between them what is theirs. */
START_TEST(report_lists_slots_of_no_task_once)
{
	struct world *w = two_tasks();
	struct buf out = { 0 };
	const char *text;

	snprintf(w->tasks[0].slot, sizeof(w->tasks[0].slot), "repld_orders");
	snprintf(w->tasks[1].slot, sizeof(w->tasks[1].slot), "repld_crm");
	snprintf(w->tasks[1].source, sizeof(w->tasks[1].source), "shop");
	add_slot(&w->tasks[0], "repld_crm", true, 1);
	add_slot(&w->tasks[0], "repld_crm_g2", true, 1);
	add_slot(&w->tasks[0], "repld_old", false, 2 * GB);
	add_slot(&w->tasks[0], "repld_old_g1", true, 0);
	add_slot(&w->tasks[1], "repld_old", false, 2 * GB);
	add_slot(&w->tasks[1], "repld_orders", false, 1);
	text = render(w, &report_text, NULL, false, &out);
	has(text, "\norphan: slot repld_old on shop is no task's here and keeps 2.0 GB; see: repld check\n"
		  "orphan: slot repld_old_g1 on shop is no task's here and keeps log, in use; see: repld check\n");
	ck_assert(strstr(strstr(text, "slot repld_old on") + 1, "slot repld_old on") == NULL);
	has_not(text, "slot repld_orders");
	has_not(text, "slot repld_crm");
	text = render(w, &report_json, "crm", false, &out);
	has(text, "],\"orphans\":[{\"endpoint\":\"shop\",\"kind\":\"slot\",\"name\":\"repld_old\",\"retained_bytes\":2147483648,"
		  "\"active\":false}]}\n");
	text = render(w, &report_json, "orders", false, &out);
	has(text, "{\"endpoint\":\"shop\",\"kind\":\"slot\",\"name\":\"repld_old_g1\",\"retained_bytes\":null,\"active\":true}]}\n");
	w->tasks[0].status.nslots = w->tasks[1].status.nslots = 0;
	has(render(w, &report_json, NULL, false, &out), "],\"orphans\":[]}\n");
	buf_done(&out);
	free(w);
}
END_TEST

UNIT_MAIN("report", report_lists_slots_of_no_task_once, report_text_is_one_screen_worst_first, report_text_says_why_and_when,
    report_text_keeps_control_bytes_from_the_terminal, report_text_shows_tables_troubled_ones_first,
    report_code_is_1_for_what_is_shown_and_in_trouble,
    report_tells_of_lines_missing_in_the_log, report_json_has_every_key_and_null_for_the_unknown, report_json_lists_tables_and_retries,
    report_metrics_are_openmetrics, report_comes_in_slices_and_tasks_may_go_meanwhile)
