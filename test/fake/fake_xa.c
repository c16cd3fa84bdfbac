/* fake_xa.c - transactions of XA in the fake world: what a source with them does, and how its log tells; see fake.h.
 * At its XA PREPARE a transaction's changes stand in the log and are taken back on the source; at its XA COMMIT they are made again, by a record of
 * the log without changes. In between nobody else may touch its rows, nor take what is unique in them (fake_xa_locks(), fake_xa_fits()).
 * In a binlog it stands as it does there (fake_binlog.c). A stream's pgoutput knows nothing of this: its BEGIN and COMMIT are made what a binlog's decoder would have put.
 * Threads: under the world's lock, but for the sink, which is the capture's. */
#include "fake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XID_ROOM 144 /* of both parts, a multiple of 16 */

/* ---- the source ---- */

static size_t
place_of(const struct fake_rows *rows, const struct fake_row *row)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i] == row)
			return i;
	fake_broken("a row of a prepared transaction was changed by another one");
	return 0;
}

static struct fake_rows *
rows_of(const struct fake_change *c)
{
	return &fake.s.tables[fake_table(c->def->name)].rows;
}

static void
take_back(const struct fake_txn *x)
{
	for (size_t i = x->n; i-- > 0;) {
		const struct fake_change *c = &x->changes[i];
		struct fake_rows *rows = rows_of(c);

		assert(c->kind != CHANGE_TRUNCATE);
		if (c->kind == CHANGE_INSERT)
			fake_rows_remove(rows, place_of(rows, c->is));
		else if (c->kind == CHANGE_UPDATE)
			rows->row[place_of(rows, c->is)] = c->was;
		else
			fake_rows_add(rows, c->was);
	}
	for (int i = 0; i < fake.s.ntables; i++)
		fake.s.tables[i].touched = false;
}

static void
make_again(const struct fake_txn *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct fake_change *c = &x->changes[i];
		struct fake_rows *rows = rows_of(c);

		if (c->kind == CHANGE_INSERT)
			fake_rows_add(rows, c->is);
		else if (c->kind == CHANGE_UPDATE)
			rows->row[place_of(rows, c->was)] = c->is;
		else
			fake_rows_remove(rows, place_of(rows, c->was));
		fake.s.tables[fake_table(c->def->name)].touched = true;
	}
}

void
fake_xa_prepare(const char *name)
{
	struct fake_txn *x = fake.s.open;

	if (x == NULL || fake.s.nprepared == FAKE_PREPARED || strlen(name) > 64) {
		fake_broken("begin, changes, then xa-prepare NAME");
		return;
	}
	x->xa = CHANGE_XA_PREPARE;
	x->xid = fake_row_new(1, &name, NULL)->v[0];
	take_back(x);
	fake.s.prepared[fake.s.nprepared++] = x;
	fake_source_commit(0);
}

static void
end_it(int i, bool commit)
{
	const struct fake_txn *x = fake.s.prepared[i];

	fake.s.prepared[i] = fake.s.prepared[--fake.s.nprepared];
	fake_source_begin();
	fake.s.open->xa = commit ? CHANGE_XA_COMMIT : CHANGE_XA_ROLLBACK;
	fake.s.open->xid = x->xid;
	if (commit) {
		make_again(x);
		fake.s.xa_commits++;
	}
	fake_source_commit(0);
}

void
fake_xa_end(const char *name, bool commit)
{
	for (int i = 0; i < fake.s.nprepared; i++)
		if (strcmp(fake.s.prepared[i]->xid, name) == 0) {
			end_it(i, commit);
			return;
		}
	fake_broken("%s is not prepared", name);
}

void
fake_xa_end_nth(int i, bool commit)
{
	end_it(i, commit);
}

bool
fake_xa_locks(const struct fake_row *row)
{
	for (int i = 0; i < fake.s.nprepared; i++)
		for (size_t j = 0; j < fake.s.prepared[i]->n; j++)
			if (fake.s.prepared[i]->changes[j].was == row)
				return true;
	return false;
}

bool
fake_xa_fits(int table, const struct fake_row *row)
{
	const struct fake_def *def = fake.s.tables[table].def;

	for (int i = 0; i < fake.s.nprepared; i++)
		for (size_t j = 0; j < fake.s.prepared[i]->n; j++) {
			const struct fake_change *c = &fake.s.prepared[i]->changes[j];

			if (c->def == def && c->is != NULL && fake_violates(def, c->is, row))
				return false;
		}
	return true;
}

/* ---- the stream ---- */

static void *
reserve(void *arg, size_t max, struct err *err)
{
	struct fake_xa_sink *s = arg;

	return s->to.reserve(s->to.arg, max + XID_ROOM, err);
}

static bool
commit(void *arg, struct change *c, size_t size, struct err *err)
{
	struct fake_xa_sink *s = arg;
	const size_t n = s->txn != NULL && s->txn->xid != NULL ? strlen(s->txn->xid) : 0;

	if (s->txn != NULL && s->txn->xa == CHANGE_XA_PREPARE && (c->kind == CHANGE_BEGIN || c->kind == CHANGE_COMMIT)) {
		if (c->kind == CHANGE_BEGIN) {
			c->flags = CHANGE_PREPARES;
			c->u.begin.gtrid_len = (uint8_t)n;
			c->u.begin.xid_format = 1;
		} else {
			c->kind = CHANGE_XA_PREPARE;
			c->u.commit.gtrid_len = (uint8_t)n;
			c->u.commit.xid_format = 1;
		}
		memcpy(change_xid(c), s->txn->xid, n);
		size = (sizeof(*c) + n + 15) & ~(size_t)15;
	}
	return s->to.commit(s->to.arg, c, size, err);
}

struct change_sink
fake_xa_sink(struct fake_xa_sink *s)
{
	return (struct change_sink){ reserve, commit, s };
}

bool
fake_xa_put_end(struct fake_xa_sink *s, const struct fake_txn *x, struct err *err)
{
	const size_t n = strlen(x->xid);
	struct change *c = s->to.reserve(s->to.arg, sizeof(*c) + XID_ROOM, err);

	if (c == NULL)
		return false;
	memset(c, 0, sizeof(*c));
	c->kind = x->xa;
	c->u.commit.position = (struct position){ .kind = POSITION_LSN, .lsn = { x->end } };
	c->u.commit.commit_time = x->time;
	c->u.commit.gtrid_len = (uint8_t)n;
	c->u.commit.xid_format = 1;
	memcpy(change_xid(c), x->xid, n);
	return s->to.commit(s->to.arg, c, (sizeof(*c) + n + 15) & ~(size_t)15, err);
}
