/* words.c - the words of a scenario that change the fake world; COMMANDS.md of test/scenario lists
 * them.
 * Threads: the player's. */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/num.h"
#include "fake_intern.h"

#define MARKS	     16
#define MOMENT_WORDS 16

/* ---- the source ---- */

int
play_table(const char *name)
{
	int n = name != NULL ? fake_table(name) : -1;

	if (n < 0)
		play_fail("no table %s", name != NULL ? name : "");
	return n;
}

/* id* is in the key, email! is unique. */
static void
add_column(struct fake_def *def, const char *word)
{
	struct fake_column *c = &def->cols[def->ncols++];

	snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(word, "*!"), word);
	c->key = strchr(word, '*') != NULL;
	c->unique = strchr(word, '!') != NULL;
}

static void
add_leaf(struct fake_def *def, const char *word)
{
	struct fake_leaf *l = &def->leaves[def->nleaves++];

	snprintf(l->name, sizeof(l->name), "%.*s", (int)strcspn(word, ":"), word);
	snprintf(l->prefix, sizeof(l->prefix), "%s", strchr(word, ':') + 1);
}

static void
do_source(char **w)
{
	const bool places = w[1] != NULL && w[2] != NULL && strcmp(w[2], "places") == 0;

	if (w[1] == NULL || fake.s.ntables > 0 || (strcmp(w[1], "mysql") != 0 && strcmp(w[1], "mariadb") != 0))
		play_fail("source mysql [places], or source mariadb, before the tables");
	fake_log_start(w[1][1] == 'y' ? FAKE_MYSQL : FAKE_MARIADB, places);
}

static void
do_table(char **w)
{
	struct fake_def *def = fake_alloc(sizeof(*def));

	snprintf(def->name, sizeof(def->name), "%s", w[1]);
	def->oid = 20000 + 100 * (uint32_t)fake.s.ntables;
	def->identity = 'd';
	for (int i = 2; w[i] != NULL; i++) {
		if (strcmp(w[i], "full") == 0)
			def->identity = 'f';
		else if (strncmp(w[i], "leaf=", 5) == 0)
			add_leaf(def, w[i] + 5);
		else
			add_column(def, w[i]);
	}
	fake_source_add(def);
}

/* alter TABLE add COLUMN, or alter TABLE drop (the last column): a new shape. */
static const struct fake_def *
altered(const struct fake_def *was, struct fake_rows *rows, char **w)
{
	struct fake_def *def = fake_alloc(sizeof(*def));

	*def = *was;
	if (w[2] != NULL && strcmp(w[2], "add") == 0 && w[3] != NULL)
		add_column(def, w[3]);
	else if (w[2] != NULL && strcmp(w[2], "drop") == 0)
		def->ncols--;
	else
		play_fail("alter TABLE add COLUMN, or alter TABLE drop");
	for (size_t i = 0; i < rows->n; i++)
		rows->row[i] = fake_row_new(def->ncols, rows->row[i]->v, NULL);
	return def;
}

static void
do_alter(char **w)
{
	struct fake_source_table *t = &fake.s.tables[play_table(w[1])];

	t->def = altered(t->def, &t->rows, w);
	if (fake.s.kind == FAKE_POSTGRESQL)
		return;
	if (strcmp(w[2], "add") != 0)
		play_fail("the log of this source tells of added columns only");
	fake_log_alter(t->def);
	cond_broadcast(&fake.moved);
}

static const struct fake_row *
row_arg(const struct fake_def *def, char **w)
{
	const char *v[FAKE_COLS] = { NULL };

	for (int i = 0; i < def->ncols && w[i] != NULL; i++)
		v[i] = strcmp(w[i], "NULL") == 0 ? NULL : w[i];
	return fake_row_new(def->ncols, v, NULL);
}

/* Outside begin ... commit a statement is a transaction of its own. */
static void
one_begin(bool *alone)
{
	*alone = fake.s.open == NULL;
	if (*alone)
		fake_source_begin();
}

static void
do_insert(char **w)
{
	int n = play_table(w[1]);

	fake_source_insert(n, row_arg(fake.s.tables[n].def, &w[2]));
}

/* fill TABLE FROM TO [BYTES]: keys of six digits. */
static void
do_fill(char **w)
{
	int n = play_table(w[1]);
	size_t bytes = w[4] != NULL ? (size_t)play_number(w[4], 0) : 8;
	char *text = xzalloc(bytes + 1), key[24];
	const char *v[FAKE_COLS] = { key, text };

	memset(text, 'x', bytes);
	for (int64_t i = play_number(w[2], 0), end = play_number(w[3], 0); i <= end; i++) {
		snprintf(key, sizeof(key), "%06d", (int)i);
		fake_source_insert(n, fake_row_new(fake.s.tables[n].def->ncols, v, NULL));
	}
	free(text);
}

static int
column_arg(const struct fake_def *def, const char *word)
{
	size_t len = strcspn(word, "=");

	for (int i = 0; i < def->ncols; i++)
		if (strlen(def->cols[i].name) == len && strncmp(def->cols[i].name, word, len) == 0)
			return i;
	play_fail("no column %s", word);
}

/* col=value; col=NULL; col=~: a TOAST value that has not changed is not sent. */
static void
update_row(int n, size_t at, char **w)
{
	const struct fake_def *def = fake.s.tables[n].def;
	const struct fake_row *was = fake.s.tables[n].rows.row[at];
	const char *v[FAKE_COLS];
	unsigned unchanged = 0;

	memcpy(v, was->v, sizeof(v));
	for (int i = 0; w[i] != NULL; i++) {
		int c = column_arg(def, w[i]);
		const char *value = strchr(w[i], '=') + 1;

		if (strcmp(value, "~") == 0)
			unchanged |= 1u << c;
		else
			v[c] = strcmp(value, "NULL") == 0 ? NULL : value;
	}
	fake_source_replace(n, at, fake_row_new(def->ncols, v, NULL), unchanged);
}

/* The rows whose first column is w[2]; * means all. One only, where the table has no key. */
static void
each_row(char **w, void (*fn)(int n, size_t at, char **w))
{
	int n = play_table(w[1]);
	struct fake_rows *rows = &fake.s.tables[n].rows;
	bool all = strcmp(w[2], "*") == 0, any = false;

	for (size_t i = rows->n; i-- > 0 && (all || !any);) {
		if (!all && !fake_same(rows->row[i]->v[0], w[2]))
			continue;
		fn(n, i, &w[3]);
		any = true;
	}
	if (!any)
		play_fail("no row %s in %s", w[2], w[1]);
}

static void
do_update(char **w)
{
	each_row(w, update_row);
}

static void
delete_row(int n, size_t at, char **w)
{
	(void)w;
	fake_source_delete(n, at);
}

static void
do_delete(char **w)
{
	each_row(w, delete_row);
}

/* truncate TABLE[/LEAF]...: one statement. */
static void
do_truncate(char **w)
{
	struct fake_change *c = NULL;

	for (int i = 1; w[i] != NULL; i++) {
		char *slash = strchr(w[i], '/');
		int n, leaf = -1;

		if (slash != NULL)
			*slash = '\0';
		n = play_table(w[i]);
		for (int k = 0; slash != NULL && k < fake.s.tables[n].def->nleaves; k++)
			if (strcmp(fake.s.tables[n].def->leaves[k].name, slash + 1) == 0)
				leaf = k;
		if (c == NULL)
			c = fake_source_change(CHANGE_TRUNCATE, n);
		fake_source_truncate(n, leaf, c);
	}
}

static const struct {
	const char *name;
	void (*fn)(char **w);
} changes[] = { { "insert", do_insert }, { "fill", do_fill }, { "update", do_update },
	{ "delete", do_delete }, { "truncate", do_truncate } };

static bool
play_change(char **w)
{
	bool alone;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (strcmp(w[0], changes[i].name) != 0)
			continue;
		one_begin(&alone);
		changes[i].fn(w);
		if (alone)
			fake_source_commit(0);
		return true;
	}
	return false;
}

static uint64_t
size_arg(const char *text)
{
	struct err err = ERR_INIT;
	uint64_t v;

	if (text == NULL || !num_size(text, &v, &err))
		play_fail("%s is no size", text != NULL ? text : "");
	return v;
}

static struct {
	char name[32];
	int64_t v;
} marks[MARKS];
static int nmarks;

static void
do_mark(char **w)
{
	int i = 0;

	while (i < nmarks && strcmp(marks[i].name, w[1]) != 0)
		i++;
	if (i == MARKS)
		play_fail("too many marks");
	nmarks += i == nmarks;
	snprintf(marks[i].name, sizeof(marks[i].name), "%s", w[1]);
	marks[i].v = (int64_t)fake.s.end;
}

bool
play_mark(const char *name, int64_t *ret)
{
	for (int i = 0; i < nmarks; i++)
		if (strcmp(marks[i].name, name) == 0) {
			*ret = marks[i].v;
			return true;
		}
	return false;
}

/* Its rows get another file, without a word in the log; "computed": as by ALTER TABLE ... USING. */
static void
do_rewrite(char **w)
{
	struct fake_source_table *t = &fake.s.tables[play_table(w[1])];

	fake.s.end += 0x100;
	t->rewritten_at = fake.s.end;
	t->rewrites++;
	t->alters += w[2] != NULL;
}

/* promote [SIZE]: another server takes over, which lacks the last SIZE of the log. */
static void
do_promote(char **w)
{
	fake.s.timeline++;
	fake.s.left = fake.s.end - (w[1] != NULL ? size_arg(w[1]) : 0);
}

static bool
play_source(char **w)
{
	if (strcmp(w[0], "source") == 0)
		do_source(w);
	else if (strcmp(w[0], "table") == 0)
		do_table(w);
	else if (strcmp(w[0], "alter") == 0)
		do_alter(w);
	else if (strcmp(w[0], "begin") == 0)
		fake_source_begin();
	else if (strcmp(w[0], "commit") == 0)
		fake_source_commit(0);
	else if (strcmp(w[0], "xa-prepare") == 0)
		fake_xa_prepare(w[1]);
	else if (strcmp(w[0], "xa-commit") == 0 || strcmp(w[0], "xa-rollback") == 0)
		fake_xa_end(w[1], w[0][3] == 'c');
	else if (strcmp(w[0], "log") == 0)
		fake.s.end += size_arg(w[1]);
	else if (strcmp(w[0], "keepalive") == 0)
		fake.s.keepalives++;
	else if (strcmp(w[0], "go-back") == 0)
		fake.s.keepalive_back = size_arg(w[1]);
	else if (strcmp(w[0], "hold") == 0)
		fake.s.hold[0] = fake.s.hold[1] = play_number(w[1], 0);
	else if (strcmp(w[0], "hold-main") == 0)
		fake.s.hold[0] = play_number(w[1], 0);
	else if (strcmp(w[0], "hold-groups") == 0)
		fake.s.hold[1] = play_number(w[1], 0);
	else if (strcmp(w[0], "release") == 0)
		fake.s.hold[0] = fake.s.hold[1] = -1;
	else if (strcmp(w[0], "chunks") == 0)
		fake.s.chunks = (uint32_t)play_number(w[1], 1);
	else if (strcmp(w[0], "drop-slot") == 0)
		fake.s.slots[0].exists = false;
	else if (strcmp(w[0], "lose-slot") == 0)
		fake.s.slots[0].lost = true;
	else if (strcmp(w[0], "move-slot") == 0)
		fake.s.slots[0].confirmed = fake.s.end;
	else if (strcmp(w[0], "unpublish") == 0)
		fake.s.tables[play_table(w[1])].published = false;
	else if (strcmp(w[0], "other-source") == 0)
		fake.s.id++;
	else if (strcmp(w[0], "promote") == 0)
		do_promote(w);
	else if (strcmp(w[0], "rewrite") == 0)
		do_rewrite(w);
	else if (strcmp(w[0], "mark") == 0)
		do_mark(w);
	else
		return play_change(w);
	return true;
}

/* ---- the target ---- */

/* What the table's rows are said to depend on. */
static void
do_fingerprint(char **w)
{
	struct table_state *ts = table_states_find(&fake.t.states, "public", w[1]);

	if (ts == NULL)
		play_fail("the target knows nothing of table %s", w[1]);
	free(ts->fingerprint);
	ts->fingerprint = xstrdup(w[2]);
}

static void
do_refuse(char **w)
{
	snprintf(
	    fake.t.refused_table, sizeof(fake.t.refused_table), "%s", w[1] != NULL ? w[1] : "");
	snprintf(fake.t.refused_key, sizeof(fake.t.refused_key), "%s", w[1] != NULL ? w[2] : "");
	snprintf(fake.t.refused_code, sizeof(fake.t.refused_code), "%s", w[1] != NULL ? w[3] : "");
}

static void
do_target_alter(char **w)
{
	struct fake_target_table *t = &fake.t.tables[play_table(w[1])];

	t->def = altered(t->def, &t->rows, w);
}

static bool
play_target(char **w)
{
	struct fake_target *t = &fake.t;

	if (strcmp(w[0], "target-create") == 0)
		fake_target_create(play_table(w[1]), fake.s.tables[play_table(w[1])].def);
	else if (strcmp(w[0], "target-row") == 0)
		fake_rows_add(&t->tables[play_table(w[1])].rows,
		    row_arg(t->tables[play_table(w[1])].def, &w[2]));
	else if (strcmp(w[0], "target-alter") == 0)
		do_target_alter(w);
	else if (strcmp(w[0], "block") == 0)
		t->blocked = true;
	else if (strcmp(w[0], "unblock") == 0)
		t->blocked = false;
	else if (strcmp(w[0], "hold-durable") == 0)
		t->hold_durable = true;
	else if (strcmp(w[0], "flush") == 0)
		fake_target_flush();
	else if (strcmp(w[0], "refuse") == 0)
		do_refuse(w);
	else if (strcmp(w[0], "accept") == 0)
		do_refuse((char *[]){ w[0], NULL });
	else if (strcmp(w[0], "kill-sessions") == 0)
		fake_target_kill();
	else if (strcmp(w[0], "fingerprint") == 0)
		do_fingerprint(w);
	else if (strcmp(w[0], "takeover") == 0)
		t->cp.epoch++;
	else if (strcmp(w[0], "own-elsewhere") == 0)
		t->owned_by_other = true;
	else if (strcmp(w[0], "free-elsewhere") == 0)
		t->owned_by_other = false;
	else
		return false;
	return true;
}

/* fail WHERE CODE [NTH [TIMES]] */
static void
do_fail(char **w)
{
	fake_fail_add(w[1], w[2], w[3] != NULL ? (int)play_number(w[3], 1) : 1,
	    w[3] != NULL && w[4] != NULL ? (int)play_number(w[4], 1) : 1);
}

static void
on_moment(char *line)
{
	char *w[MOMENT_WORDS + 1] = { NULL }, *save = NULL;
	int n = 0;

	for (char *word = strtok_r(line, " ", &save); word != NULL && n < MOMENT_WORDS;
	     word = strtok_r(NULL, " ", &save))
		w[n++] = word;
	if (n == 0 || (!play_source(w) && !play_target(w)))
		play_fail("nothing that can happen at a moment: %s", n > 0 ? w[0] : "");
}

/* at WHERE [NTH] LINE: a line of the scenario is played when the daemon comes there. */
static void
do_at(char **w)
{
	struct fake_moment *m = &fake.moments[fake.nmoments++ % FAKE_MOMENTS];
	struct err err = ERR_INIT;
	int64_t nth = 1;
	int i = 2;

	if (w[1] == NULL || w[2] == NULL || fake.nmoments > FAKE_MOMENTS)
		play_fail("at WHERE [NTH] LINE, %d at most", FAKE_MOMENTS);
	if (num_int(w[2], 1, 1000, &nth, &err))
		i++;
	*m = (struct fake_moment){ .skip = (int)nth - 1 };
	snprintf(m->where, sizeof(m->where), "%s", w[1]);
	for (size_t n = 0; w[i] != NULL; i++)
		n += (size_t)snprintf(m->line + n, sizeof(m->line) - n, "%s ", w[i]);
	fake.on_moment = on_moment;
}

bool
play_world(char **w)
{
	bool done = true;

	mutex_lock(&fake.lock);
	if (strcmp(w[0], "fail") == 0)
		do_fail(w);
	else if (strcmp(w[0], "at") == 0)
		do_at(w);
	else if (strcmp(w[0], "unwatched") == 0)
		fake.unwatched = true;
	else
		done = play_source(w) || play_target(w);
	cond_broadcast(&fake.moved);
	mutex_unlock(&fake.lock);
	return done;
}
