/* pair_work.c - one writer's share of the workload of pairs: SQL for psql or mariadb, the same for the same seed.
 *
 *   pair_work KIND SEED WHO ROWS CHANGES LOAD-RATE RATE GO ACCOUNT [large] | psql or mariadb
 *
 * KIND is of the source: postgresql, mysql, mariadb. Before the file GO is there, transactions come at LOAD-RATE row changes a second; from
 * then on CHANGES row changes at RATE (0: as fast as they are taken), and the end. ACCOUNT then gets one line: the transactions that were
 * committed, those of them before GO, the row changes that were committed after it. "large": with one transaction of a good tenth of them.
 *
 * WHO counts from 0. A writer's keys are its own: rows (WHO * ROWS, WHO * ROWS + ROWS] of "big" and what it adds to them, documents and bag
 * rows with its number; so writers never wait for each other, and each knows what its rows hold: every statement does something. Each
 * transaction counts up in ledger_next and appends its number to "ledger"; what is rolled back appends a negative number. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DOCS = 100, BAGS = 40 };

struct row {
	int64_t id, u;
};

static bool postgresql;
static uint64_t rng;
static int64_t who, rows, fresh;	/* fresh: numbers that no key or unique value of this writer had */
static struct row *live;
static int64_t n_live;
static bool doc_there[DOCS];
static int64_t doc_key[DOCS];
static int bag_rows[BAGS];
static int64_t transaction, in_transaction;

static int64_t
pick(int64_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (int64_t)((rng >> 11) % (uint64_t)n);
}

/* A statement that changes so many rows. */
__attribute__((format(printf, 2, 3))) static void
say(int changes, const char *form, ...)
{
	va_list ap;

	va_start(ap, form);
	vprintf(form, ap);
	va_end(ap);
	in_transaction += changes;
}

static int64_t
fresh_id(void)
{
	return 1000000000 * (who + 1) + ++fresh;
}

static int64_t
fresh_unique(void)
{
	return -(1000000000 * (who + 1) + ++fresh);
}

/* ---- one transaction of each sort ---- */

static void
change_columns(void)
{
	static const char *const names[] = { "plain", "it''s", "back\\slash", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x90", "line\nend", "", "tab\there" };

	for (int64_t n = 1 + pick(3); n > 0; n--) {
		struct row *r = &live[pick(n_live)];
		int64_t x = pick(1000000);

		switch (pick(4)) {
		case 0: say(1, "UPDATE big SET v = v + 1 WHERE id = %ld;\n", r->id); break;
		case 1: say(1, "UPDATE big SET name = '%s', v = v + 1 WHERE id = %ld;\n", names[x % 7], r->id); break;
		case 2: say(1, "UPDATE big SET t = repeat('%lx', %ld), f = %ld / 7e0 WHERE id = %ld;\n", r->id, x % 400, x / 400, r->id); break;
		default: say(1, "UPDATE big SET t = NULL, d = %ld.%02ld, v = v + 1 WHERE id = %ld;\n", x - 500000, x % 100, r->id); break;
		}
	}
}

static void
insert_values(int64_t id, int64_t u)
{
	int64_t n = pick(1000000);

	say(1, "(%ld, %ld, %ld, 'new %ld', %ld.5, %ld / 3e0, NULL, '2024-02-29 12:%02ld:%02ld.%06ld')", id, u, n % 100, n % 1000, n / 10, n % 977,
	    n % 60, n / 60 % 60, n);
}

static void
insert_rows(int64_t n)
{
	say(0, "INSERT INTO big VALUES ");
	for (int64_t i = 0; i < n; i++) {
		int64_t id = fresh_id(), u = fresh_unique();

		if (i > 0)
			say(0, ", ");
		insert_values(id, u);
		live[n_live++] = (struct row){ id, u };
	}
	say(0, ";\n");
}

static void
delete_row(int64_t at)
{
	say(1, "DELETE FROM big WHERE id = %ld;\n", live[at].id);
	live[at] = live[--n_live];
}

static void
move_key(int64_t at)
{
	int64_t id = fresh_id();

	say(1, "UPDATE big SET id = %ld WHERE id = %ld;\n", id, live[at].id);
	live[at].id = id;
}

static void
two_rows(struct row **a, struct row **b)
{
	int64_t one = pick(n_live), two = pick(n_live - 1);

	*a = &live[one];
	*b = &live[two < one ? two : two + 1];
}

static void
swap_keys(void)
{
	struct row *a, *b;
	int64_t between = fresh_id(), id;

	two_rows(&a, &b);
	say(1, "UPDATE big SET id = %ld WHERE id = %ld;\n", between, a->id);
	say(1, "UPDATE big SET id = %ld WHERE id = %ld;\n", a->id, b->id);
	say(1, "UPDATE big SET id = %ld, v = v + 1 WHERE id = %ld;\n", b->id, between);
	id = a->id;
	a->id = b->id;
	b->id = id;
}

static void
swap_unique(void)
{
	struct row *a, *b;
	int64_t u;

	two_rows(&a, &b);
	say(1, "UPDATE big SET u = %ld WHERE id = %ld;\n", fresh_unique(), a->id);
	say(1, "UPDATE big SET u = %ld WHERE id = %ld;\n", a->u, b->id);
	say(1, "UPDATE big SET u = %ld WHERE id = %ld;\n", b->u, a->id);
	u = a->u;
	a->u = b->u;
	b->u = u;
}

/* Gone and back under the same key; its unique value goes to another row. */
static void
replace_row(void)
{
	struct row *a, *b;
	int64_t u = fresh_unique();

	two_rows(&a, &b);
	say(1, "DELETE FROM big WHERE id = %ld;\n", a->id);
	say(0, "INSERT INTO big VALUES ");
	insert_values(a->id, u);
	say(0, ";\n");
	say(1, "UPDATE big SET u = %ld WHERE id = %ld;\n", a->u, b->id);
	b->u = a->u;
	a->u = u;
}

/* One row to a new key, another one to the key that it left. */
static void
follow_key(void)
{
	struct row *a, *b;
	int64_t left;

	two_rows(&a, &b);
	left = a->id;
	move_key(a - live);
	say(1, "UPDATE big SET id = %ld WHERE id = %ld;\n", left, b->id);
	b->id = left;
}

static void
many_rows(void)
{
	int64_t n = 20 + pick(100);

	say(0, "UPDATE big SET v = v + 1, d = d + 0.25 WHERE id IN (");
	for (int64_t i = 0, from = pick(n_live); i < n && i < n_live; i++)
		say(1, "%s%ld", i > 0 ? ", " : "", live[(from + i) % n_live].id);
	say(0, ");\n");
}

static void
same_row(void)
{
	struct row *r = &live[pick(n_live)];

	for (int i = 1; i <= 6; i++)
		say(1, "UPDATE big SET v = v + %d WHERE id = %ld;\n", i, r->id);
}

/* A table with a key of text and large values, of which most changes leave the large one alone. */
static void
change_doc(void)
{
	int d = (int)pick(DOCS);

	if (!doc_there[d]) {
		doc_key[d] = ++fresh;
		say(1, "INSERT INTO doc VALUES ('w%ld-%ld', repeat('%ldx', %ld), 0);\n", who, fresh, fresh, 500 + pick(3000));
		doc_there[d] = true;
		return;
	}
	switch (pick(6)) {
	case 0:
		say(1, "DELETE FROM doc WHERE k = 'w%ld-%ld';\n", who, doc_key[d]);
		doc_there[d] = false;
		break;
	case 1:
		say(1, "UPDATE doc SET k = 'w%ld-%ld' WHERE k = 'w%ld-%ld';\n", who, fresh + 1, who, doc_key[d]);
		doc_key[d] = ++fresh;
		break;
	case 2: say(1, "UPDATE doc SET body = repeat('%ldy', %ld) WHERE k = 'w%ld-%ld';\n", ++fresh, pick(3000), who, doc_key[d]); break;
	default: say(1, "UPDATE doc SET n = n + 1 WHERE k = 'w%ld-%ld';\n", who, doc_key[d]); break;
	}
}

/* A table without a key, in which rows are equal to each other. */
static void
change_bag(void)
{
	int a = (int)pick(BAGS), b = (int)pick(BAGS);

	if (bag_rows[a] == 0 || (bag_rows[a] < 5 && pick(2) == 0)) {
		say(1, "INSERT INTO bag VALUES (%ld, %d, %s);\n", who, a, pick(3) == 0 ? "NULL" : "'equal'");
		bag_rows[a]++;
	} else if (pick(2) == 0) {
		say(bag_rows[a], "DELETE FROM bag WHERE who = %ld AND a = %d;\n", who, a);
		bag_rows[a] = 0;
	} else if (a != b && bag_rows[a] + bag_rows[b] < 8) {
		say(bag_rows[a], "UPDATE bag SET a = %d WHERE who = %ld AND a = %d;\n", b, who, a);
		bag_rows[b] += bag_rows[a];
		bag_rows[a] = 0;
	}
}

/* What is to be undone: it leaves no trace in what this writer knows. */
static void
lost_changes(void)
{
	struct row *r = &live[pick(n_live)];
	int64_t id = fresh_id(), u = fresh_unique();

	say(0, "UPDATE big SET id = %ld, u = %ld, name = 'lost' WHERE id = %ld;\n", id, u, r->id);
	say(0, "INSERT INTO big VALUES (%ld, %ld, 0, 'lost', 0, 0, NULL, NULL);\n", r->id, r->u);
	say(0, "DELETE FROM big WHERE id = %ld;\n", live[(r - live + 1) % n_live].id);
	say(0, "INSERT INTO ledger VALUES (%ld, %ld);\n", -transaction, who);
}

static void
change(void)
{
	switch (pick(14)) {
	case 0: insert_rows(1 + pick(5)); break;
	case 1: delete_row(pick(n_live)); break;
	case 2:
		if (n_live > rows)
			for (int64_t n = pick(10); n > 0; n--)
				delete_row(pick(n_live));
		else
			insert_rows(1 + pick(10));
		break;
	case 3: move_key(pick(n_live)); break;
	case 4: swap_keys(); break;
	case 5: swap_unique(); break;
	case 6: replace_row(); break;
	case 7: follow_key(); break;
	case 8: same_row(); break;
	case 9: change_doc(); break;
	case 10:
		if (pick(4) == 0)
			change_bag();
		else
			change_doc();
		break;
	case 11:
		if (pick(6) == 0)
			many_rows();
		else
			change_columns();
		break;
	default: change_columns(); break;
	}
}

/* Row changes that it committed. */
static int64_t
one_transaction(int64_t large)
{
	say(0, "BEGIN;\n");
	in_transaction = 0;
	if (pick(20) == 0) {		/* one that is rolled back */
		transaction++;
		lost_changes();
		transaction--;
		say(0, "ROLLBACK;\n");
		return 0;
	}
	transaction++;
	say(1, "UPDATE ledger_next SET n = n + 1 WHERE who = %ld;\n", who);
	say(1, "INSERT INTO ledger VALUES (%ld, %ld);\n", transaction, who);
	for (int64_t i = 0; i < large; i += 250)
		insert_rows(250);
	for (int64_t i = 0; i < large / 2; i++)
		delete_row(n_live - 1 - pick(large / 4));
	for (int64_t n = 1 + pick(3); n > 0; n--)
		change();
	if (pick(15) == 0) {		/* a part of it goes back, and something follows */
		say(0, "SAVEPOINT goes;\n");
		lost_changes();
		say(0, "ROLLBACK TO SAVEPOINT goes;\n");
		if (pick(2) == 0)
			change();
		say(0, "SAVEPOINT stays;\n");
		change();
		say(0, "RELEASE SAVEPOINT stays;\n");
	}
	say(0, "COMMIT;\n");
	return in_transaction;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Not before its time: the whole output so far is out, and then a pause where the writer is ahead. */
static void
pace(double begun, int64_t done, double rate)
{
	double ahead = rate > 0 ? begun + (double)done / rate - now() : 0;

	if (rate > 0 && fflush(stdout) != 0)
		exit(1);
	if (ahead > 0.001)
		usleep((useconds_t)(ahead * 1e6));
}

int
main(int argc, char **argv)
{
	int64_t changes, done = 0, before;
	double load_rate, rate, begun = now();
	int64_t large;
	FILE *account;

	if (argc < 10)
		return 2;
	postgresql = strcmp(argv[1], "postgresql") == 0;
	who = strtol(argv[3], NULL, 10);
	rng = (uint64_t)strtol(argv[2], NULL, 10) * 0x9e3779b97f4a7c15U + (uint64_t)who * 0xbf58476d1ce4e5b9U + 1;
	rows = strtol(argv[4], NULL, 10);
	changes = strtol(argv[5], NULL, 10);
	load_rate = strtod(argv[6], NULL);
	rate = strtod(argv[7], NULL);
	large = argc > 10 ? changes / 8 : 0;
	live = malloc((size_t)(rows + changes * 40 + 2000000) * sizeof *live);
	if (live == NULL)
		return 1;
	for (int64_t i = 0; i < 20; i++)
		pick(2);
	for (int64_t i = who * rows + 2; i < who * rows + rows; i++)	/* the first and last stay: InnoDB locks gaps between unique values */
		live[n_live++] = (struct row){ i, i };
	if (postgresql)
		puts("\\set ON_ERROR_STOP on");
	else
		puts("SET sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES';\nSET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;");

	while (access(argv[8], F_OK) != 0) {
		done += one_transaction(0);
		pace(begun, done, load_rate);
	}
	before = transaction;
	begun = now();
	for (done = 0; done < changes;) {
		done += one_transaction(transaction == before + 50 ? large : 0);
		pace(begun, done, rate);
	}
	if (fflush(stdout) != 0 || (account = fopen(argv[9], "w")) == NULL)
		return 1;
	fprintf(account, "%ld %ld %ld\n", transaction, before, done);
	return fclose(account) == 0 ? 0 : 1;
}
