/* test_prepared.c - rows of a prepared transaction come out as they went in, whatever pieces their bytes come in; damage is refused. */
#include "staging/prepared.c"

#include "test/unit/unit.h"
#include "test/unit/no_memory.h"

#define COLS 3

static struct err err = ERR_INIT;
static const char *const labels[] = { "x", "", "y" };
static struct coltype type = { .logical = LOGICAL_ENUM, .wire = WIRE_TEXT, .family = FAMILY_MYSQL, .oid = 15, .base_oid = 15, .typmod = 40,
	.name = "enum('x','','y')", .code = 247, .is_unsigned = true, .mariadb = true, .collation = 255, .length = 9, .decimals = 3, .nlabels = 3,
	.labels = labels };
static struct relation_column cols[COLS] = { { .name = "id", .oid = 3, .typmod = -1, .identity = true }, { .name = "v", .oid = 15, .typmod = 40, .type = &type },
	{ .name = "b", .oid = 252, .typmod = 4 } };
static struct relation rel = { .id = 7, .schema = "app", .name = "t", .replica_identity = 'd', .ncols = COLS, .cols = cols };
static struct relation other = { .id = 8, .schema = "app", .name = "other", .replica_identity = 'f', .ncols = 1, .cols = cols };
static const struct relation *given[8];
static size_t ngiven;
static bool leave_out;

static bool
is_like_type(const struct coltype *a, const struct coltype *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (uint16_t i = 0; a->nlabels == b->nlabels && i < a->nlabels; i++)
		if (strcmp(a->labels[i], b->labels[i]) != 0)
			return false;
	return a->logical == b->logical && a->wire == b->wire && a->family == b->family && a->oid == b->oid && a->base_oid == b->base_oid &&
	    a->typmod == b->typmod && strcmp(a->name, b->name) == 0 && a->code == b->code && a->is_unsigned == b->is_unsigned &&
	    a->mariadb == b->mariadb && a->collation == b->collation && a->length == b->length && a->decimals == b->decimals &&
	    a->nlabels == b->nlabels;
}

static bool
is_like(const struct relation *a, const struct relation *b)
{
	bool same = a->id == b->id && strcmp(a->schema, b->schema) == 0 && strcmp(a->name, b->name) == 0 &&
	    a->replica_identity == b->replica_identity && a->ncols == b->ncols;

	for (uint16_t i = 0; same && i < a->ncols; i++)
		same = strcmp(a->cols[i].name, b->cols[i].name) == 0 && a->cols[i].oid == b->cols[i].oid && a->cols[i].typmod == b->cols[i].typmod &&
		    a->cols[i].identity == b->cols[i].identity && is_like_type(a->cols[i].type, b->cols[i].type);
	return same;
}

static bool
take_relation(void *arg, const struct relation *as_written, const struct relation **ret, struct err *e)
{
	const struct relation *want = strcmp(as_written->name, "t") == 0 ? &rel : &other;

	(void)arg;
	relation_seal(&rel);
	relation_seal(&other);
	if (!is_like(as_written, want))
		return err_set(e, ERR_SCHEMA, "another relation");
	ck_assert(as_written->version == want->version);
	given[ngiven++ % 8] = want;
	*ret = leave_out && want == &rel ? NULL : want;
	return true;
}

static struct value
text(const char *s)
{
	return (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)strlen(s), .p = (const uint8_t *)s };
}

static struct change *
row(uint8_t kind, const struct relation *r, uint8_t old, const struct value *is, const struct value *was)
{
	const size_t nnew = is != NULL ? r->ncols : 0, nold = was != NULL ? r->ncols : 0;
	struct change *c = aligned_alloc(16, sizeof(*c) + (nnew + nold + 1) * 32);

	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->rel = r;
	c->old = old;
	c->nnew = (uint16_t)nnew;
	c->nold = (uint16_t)nold;
	c->flags = kind == CHANGE_INSERT ? 0 : CHANGE_CASCADES;
	for (size_t i = 0; i < nnew; i++)
		change_new_values(c)[i] = is[i];
	for (size_t i = 0; i < nold; i++)
		change_old_values(c)[i] = was[i];
	return c;
}

/* Four rows of two tables, with all kinds of values. */
static size_t
sample(struct change *out[4])
{
	static const uint8_t bytes[] = { 0, 255, 0, 1 };
	const struct value a[] = { text("1"), { .kind = VALUE_NULL }, { .kind = VALUE_BINARY, .len = 4, .p = bytes } };
	const struct value b[] = { text("1"), text(""), { .kind = VALUE_ABSENT } };
	const struct value key[] = { text("1"), { .kind = VALUE_ABSENT }, { .kind = VALUE_ABSENT } };
	const struct value one[] = { text("two") };

	out[0] = row(CHANGE_INSERT, &rel, OLD_NONE, a, NULL);
	out[1] = row(CHANGE_UPDATE, &rel, OLD_FULL, b, a);
	out[2] = row(CHANGE_DELETE, &other, OLD_FULL, NULL, one);
	out[3] = row(CHANGE_DELETE, &rel, OLD_KEY, NULL, key);
	return 4;
}

static void
check_same(const struct change *is, const struct change *want)
{
	ck_assert_uint_eq(is->kind, want->kind);
	ck_assert_ptr_eq(is->rel, want->rel);
	ck_assert_uint_eq(is->old, want->old);
	ck_assert_uint_eq(is->flags, want->flags);
	ck_assert_uint_eq(is->nnew, want->nnew);
	ck_assert_uint_eq(is->nold, want->nold);
	ck_assert(is->size % 16 == 0 && is->size >= sizeof(*is) + (is->nnew + is->nold) * sizeof(struct value));
	for (size_t i = 0; i < (size_t)is->nnew + is->nold; i++)
		ck_assert(value_same(&change_new_values(is)[i], &change_new_values(want)[i]));
}

static void
write_sample(struct buf *out)
{
	struct prepared_writer *w = prepared_writer_new(&err);
	struct change *rows[4];
	const size_t n = sample(rows);

	for (size_t i = 0; i < n; i++) {
		ck_ok(prepared_add(w, rows[i], &err), &err);
		free(rows[i]);
	}
	ck_ok(prepared_end(w, &err), &err);
	buf_put(out, prepared_bytes(w).p, prepared_bytes(w).n);
	prepared_writer_free(w);
}

/* All of it in pieces of so many bytes; true: it came to its end. */
static bool
read_all(const struct buf *in, size_t piece, size_t *ret_rows, struct err *e)
{
	struct prepared_reader *r = prepared_reader_new((struct prepared_hooks){ take_relation, NULL }, e);
	struct arena *arena = arena_new(1024, 0);
	enum prepared_found found = PREPARED_MORE;
	struct change *want[4];
	const struct change *c;
	size_t at = 0;
	bool ok = true;

	sample(want);
	ngiven = *ret_rows = 0;
	while (ok && found != PREPARED_END && at < in->n) {
		const size_t n = in->n - at < piece ? in->n - at : piece;

		ok = prepared_feed(r, in->p + at, n, e);
		at += n;
		for (found = PREPARED_ROW; ok && found == PREPARED_ROW;) {
			ok = prepared_next(r, arena, &found, &c, e);
			if (ok && found == PREPARED_ROW && !leave_out)
				check_same(c, want[*ret_rows]);
			*ret_rows += ok && found == PREPARED_ROW;
		}
	}
	for (size_t i = 0; i < 4; i++)
		free(want[i]);
	arena_free(arena);
	prepared_reader_free(r);
	return ok && found == PREPARED_END && at == in->n;
}

START_TEST(prepared_rows_come_back_as_they_were)
{
	struct buf all = { 0 };
	size_t rows;

	write_sample(&all);
	for (size_t piece = 1; piece <= all.n; piece++) {
		ck_ok(read_all(&all, piece, &rows, &err), &err);
		ck_assert_uint_eq(rows, 4);
		ck_assert_uint_eq(ngiven, 2);
	}
	buf_done(&all);
}
END_TEST

START_TEST(prepared_rows_of_a_table_that_is_not_wanted_are_left_out)
{
	struct buf all = { 0 };
	size_t rows;

	leave_out = true;
	write_sample(&all);
	ck_ok(read_all(&all, 10, &rows, &err), &err);
	ck_assert_uint_eq(rows, 1);
	buf_done(&all);
}
END_TEST

START_TEST(prepared_without_rows_is_something)
{
	struct prepared_writer *w = prepared_writer_new(&err);
	struct buf all = { 0 };
	size_t rows;

	ck_ok(prepared_end(w, &err), &err);
	buf_put(&all, prepared_bytes(w).p, prepared_bytes(w).n);
	ck_assert_uint_gt(all.n, 0);
	ck_ok(read_all(&all, 3, &rows, &err), &err);
	ck_assert_uint_eq(rows, 0);
	prepared_writer_free(w);
	buf_done(&all);
}
END_TEST

START_TEST(prepared_bytes_taken_in_parts_are_the_same)
{
	struct prepared_writer *w = prepared_writer_new(&err);
	struct change *rows[4];
	const size_t n = sample(rows);
	struct buf all = { 0 }, want = { 0 };

	write_sample(&want);
	for (size_t i = 0; i <= n; i++) {
		ck_ok(i < n ? prepared_add(w, rows[i], &err) : prepared_end(w, &err), &err);
		while (prepared_bytes(w).n > (i < n ? 7 : 0)) {
			const size_t some = prepared_bytes(w).n < 5 ? prepared_bytes(w).n : 5;

			buf_put(&all, prepared_bytes(w).p, some);
			prepared_took(w, some);
		}
		if (i < n)
			free(rows[i]);
	}
	ck_assert_uint_eq(all.n, want.n);
	ck_assert_mem_eq(all.p, want.p, all.n);
	prepared_writer_free(w);
	buf_done(&all);
	buf_done(&want);
}
END_TEST

/* Cut at every byte; each bit turned over; a piece left out, or there twice. A cut is no end, and the rest is refused. */
START_TEST(prepared_damage_is_refused)
{
	struct buf all = { 0 }, bad = { 0 };
	size_t rows;

	leave_out = true;	/* what comes out on the way is no matter */
	write_sample(&all);
	for (size_t n = 0; n < all.n; n++) {
		buf_reset(&bad);
		buf_put(&bad, all.p, n);
		err_clear(&err);
		ck_assert(!read_all(&bad, 64, &rows, &err));
		ck_assert(err.kind == ERR_NONE);
	}
	for (size_t at = 0; at + 40 < all.n; at += 7) {
		buf_reset(&bad);
		buf_put(&bad, all.p, at);
		buf_put(&bad, all.p + at + 20, all.n - at - 20);
		err_clear(&err);
		ck_assert(!read_all(&bad, 64, &rows, &err));
	}
	buf_reset(&bad);
	buf_put(&bad, all.p, all.n);
	buf_put(&bad, all.p, all.n);
	ck_fails(read_all(&bad, bad.n, &rows, &err), &err, ERR_PROTOCOL);
	buf_done(&all);
	buf_done(&bad);
}
END_TEST

/* Of a row. */
START_TEST(prepared_a_bit_that_turned_is_refused)
{
	struct buf all = { 0 };
	size_t rows, first = 0;

	write_sample(&all);
	leave_out = true;	/* values differ, of course */
	while (all.p[first] != 'I')
		first += RECORD_HEAD + be32(all.p + first + 1);
	for (size_t at = first; at < first + RECORD_HEAD + be32(all.p + first + 1); at++)
		for (int bit = 0; bit < 8; bit++) {
			all.p[at] ^= (uint8_t)(1 << bit);
			err_clear(&err);
			ck_assert(!read_all(&all, all.n, &rows, &err));
			all.p[at] ^= (uint8_t)(1 << bit);
		}
	buf_done(&all);
}
END_TEST

/* All of it but this record, which has n bytes then (more of them are zeros), and this kind where there is one. */
static bool
read_with(const struct buf *all, size_t record, size_t n, uint8_t kind, struct err *e)
{
	const size_t was = be32(all->p + record + 1), behind = record + RECORD_HEAD + was;
	struct buf bad = { 0 };
	size_t rows;
	bool ok;

	buf_put(&bad, all->p, record);
	buf_u8(&bad, kind != 0 ? kind : all->p[record]);
	buf_u32(&bad, (uint32_t)n);
	buf_put(&bad, all->p + record + RECORD_HEAD, n < was ? n : was);
	for (size_t i = was; i < n; i++)
		buf_u8(&bad, 0);
	buf_put(&bad, all->p + behind, all->n - behind);
	err_clear(e);
	ok = read_all(&bad, bad.n, &rows, e);
	buf_done(&bad);
	return ok;
}

/* Each record shorter and longer than it was, as a whole that says so itself; of each other kind; and each of its bits turned. */
START_TEST(prepared_a_record_that_is_another_is_refused)
{
	static const char kinds[] = "VRIUDEX";
	struct buf all = { 0 };
	size_t rows, seen = 0;

	write_sample(&all);
	leave_out = true;
	for (size_t at = 0; at < all.n; at += RECORD_HEAD + be32(all.p + at + 1), seen++) {
		const size_t n = be32(all.p + at + 1);

		ck_assert(read_with(&all, at, n, 0, &err));
		for (size_t size = 0; size < n + 3; size++)
			if (size != n && (read_with(&all, at, size, 0, &err) || (err.kind != ERR_PROTOCOL && err.kind != ERR_SCHEMA)))
				ck_abort_msg("'%c' of %zu bytes in place of %zu: %s", all.p[at], size, n, err.msg);
		for (const char *k = kinds; *k != '\0'; k++)
			if ((uint8_t)*k != all.p[at] && (read_with(&all, at, n, (uint8_t)*k, &err) || err.kind != ERR_PROTOCOL))
				ck_abort_msg("'%c' in place of '%c': %s", *k, all.p[at], err.msg);
		if (all.p[at] == 'U') {	/* an INSERT with an old row: seen at once, not by the sum at the end */
			ck_assert(!read_with(&all, at, n, 'I', &err));
			ck_assert_ptr_nonnull(strstr(err.msg, "not what was written: a row"));
		}
		for (size_t i = at; i < at + RECORD_HEAD + n; i++)
			for (int bit = 0; bit < 8; bit++) {
				all.p[i] ^= (uint8_t)(1 << bit);
				err_clear(&err);
				ck_assert_msg(!read_all(&all, all.n, &rows, &err), "'%c', byte %zu, bit %d", all.p[at], i - at, bit);
				all.p[i] ^= (uint8_t)(1 << bit);
			}
	}
	ck_assert_uint_eq(seen, 8);
	buf_done(&all);
}
END_TEST

START_TEST(prepared_bytes_behind_the_end_are_refused)
{
	struct buf all = { 0 };
	size_t rows;

	write_sample(&all);
	leave_out = true;
	for (size_t n = 1; n < 12; n++) {
		buf_u8(&all, n == 5 ? 2 : 0);	/* at last a record of two bytes, then of no more than that */
		ck_fails(read_all(&all, all.n, &rows, &err), &err, ERR_PROTOCOL);
		ck_assert_ptr_nonnull(strstr(err.msg, n < 7 ? "bytes behind the end" : "their order"));
	}
	buf_done(&all);
}
END_TEST

/* A type that has no name comes back with an empty one. */
static bool
take_nameless(void *arg, const struct relation *as_written, const struct relation **ret, struct err *e)
{
	(void)e;
	*(bool *)arg = as_written->cols[1].type != NULL && strcmp(as_written->cols[1].type->name, "") == 0;
	*ret = NULL;
	return true;
}

START_TEST(prepared_types_may_have_no_name)
{
	const struct value vals[] = { text("1"), text("x"), text("") };
	struct change *c = row(CHANGE_INSERT, &rel, OLD_NONE, vals, NULL);
	struct prepared_writer *w = prepared_writer_new(&err);
	bool nameless = false;
	struct prepared_reader *r = prepared_reader_new((struct prepared_hooks){ take_nameless, &nameless }, &err);
	enum prepared_found found;
	const struct change *none;

	type.name = NULL;
	ck_ok(prepared_add(w, c, &err), &err);
	ck_ok(prepared_end(w, &err), &err);
	ck_ok(prepared_feed(r, prepared_bytes(w).p, prepared_bytes(w).n, &err), &err);
	ck_ok(prepared_next(r, NULL, &found, &none, &err), &err);
	ck_assert(found == PREPARED_END && none == NULL && nameless);
	prepared_reader_free(r);
	prepared_writer_free(w);
	prepared_reader_free(NULL);
	prepared_writer_free(NULL);
	free(c);
}
END_TEST

START_TEST(prepared_a_row_without_room_is_an_error_of_its_own)
{
	struct prepared_reader *r = prepared_reader_new((struct prepared_hooks){ take_relation, NULL }, &err);
	struct arena *small = arena_new(256, 16);
	struct buf all = { 0 };
	enum prepared_found found;
	const struct change *c;

	write_sample(&all);
	ck_ok(prepared_feed(r, all.p, all.n, &err), &err);
	ck_fails(prepared_next(r, small, &found, &c, &err), &err, ERR_LIMIT);
	ck_assert_ptr_null(c);
	arena_free(small);
	prepared_reader_free(r);
	buf_done(&all);
}
END_TEST

static bool
short_of_memory(struct err *e)
{
	struct prepared_writer *w = prepared_writer_new(e);
	struct prepared_reader *r = NULL;
	struct arena *arena = NULL;
	enum prepared_found found = PREPARED_ROW;
	struct change *rows[4];
	const size_t n = sample(rows);
	const struct change *c;
	size_t got = 0;
	bool ok = w != NULL;

	for (size_t i = 0; i < n; i++) {
		ok = ok && prepared_add(w, rows[i], e);
		free(rows[i]);
	}
	ok = ok && prepared_end(w, e) && (r = prepared_reader_new((struct prepared_hooks){ take_relation, NULL }, e)) != NULL &&
	     prepared_feed(r, prepared_bytes(w).p, prepared_bytes(w).n, e) &&
	     ((arena = arena_new(256, 0)) != NULL || err_set(e, ERR_SYSTEM, "no memory"));
	for (; ok && found == PREPARED_ROW; got += ok && found == PREPARED_ROW)
		ok = prepared_next(r, arena, &found, &c, e);
	ck_assert(!ok || (got == 4 && found == PREPARED_END));
	arena_free(arena);
	prepared_reader_free(r);
	prepared_writer_free(w);
	return ok;
}

START_TEST(prepared_survives_want_of_memory)
{
	no_memory_anywhere(short_of_memory);
}
END_TEST

START_TEST(prepared_a_later_version_is_refused)
{
	struct buf all = { 0 };
	size_t rows;

	write_sample(&all);
	all.p[RECORD_HEAD + 1]++;
	ck_fails(read_all(&all, all.n, &rows, &err), &err, ERR_PROTOCOL);
	ck_assert_str_ne(err.remedy, "");
	buf_done(&all);
}
END_TEST

START_TEST(prepared_xid_is_told_as_the_server_takes_it)
{
	struct { struct change c; uint8_t bytes[128]; } begin = { .c = { .kind = CHANGE_BEGIN, .flags = CHANGE_PREPARES } }, end = { .c = { .kind = CHANGE_XA_COMMIT } };
	char a[PREPARED_XID], b[PREPARED_XID];

	begin.c.u.begin.gtrid_len = 2;
	begin.c.u.begin.bqual_len = 1;
	begin.c.u.begin.xid_format = UINT32_MAX;
	memcpy(change_xid(&begin.c), "a\x00\xff", 3);
	ck_assert_str_eq(prepared_xid_text(&begin.c, a), "X'6100',X'ff',4294967295");
	end.c.u.commit.gtrid_len = 64;
	end.c.u.commit.bqual_len = 64;
	end.c.u.commit.xid_format = 1;
	memset(change_xid(&end.c), 0xee, 128);
	ck_assert_uint_eq(strlen(prepared_xid_text(&end.c, b)), 3 + 128 + 1 + 3 + 128 + 1 + 1);
	begin.c.u.begin.gtrid_len = 1;
	begin.c.u.begin.bqual_len = 2;
	ck_assert_str_ne(prepared_xid_text(&begin.c, b), a);
}
END_TEST

UNIT_MAIN("prepared", prepared_rows_come_back_as_they_were, prepared_rows_of_a_table_that_is_not_wanted_are_left_out, prepared_without_rows_is_something,
    prepared_bytes_taken_in_parts_are_the_same, prepared_damage_is_refused, prepared_a_bit_that_turned_is_refused,
    prepared_a_record_that_is_another_is_refused, prepared_bytes_behind_the_end_are_refused, prepared_types_may_have_no_name,
    prepared_a_row_without_room_is_an_error_of_its_own, prepared_survives_want_of_memory,
    prepared_a_later_version_is_refused, prepared_xid_is_told_as_the_server_takes_it)
