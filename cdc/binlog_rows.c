/* binlog_rows.c - rows events: which table, which columns, one image or two a row, and the records made of them.
 * Flow: event -> table of this statement -> bitmaps of columns -> for each row: its images are measured, room is reserved, values are
 * filled in place -> sink.
 * Invariant: a new row has all its columns, but for an UPDATE where the source logged neither image of them; the identity is always
 * known; what an image must hold and does not stops the stream.
 * Threads: the capture thread. Owner: records belong to the sink, scratch to the decoder.
 *
 *   rows events   post-header: 6 bytes table id, u16 flags; from version 2 on u16 length of what follows here, itself included (which
 *                 partition; not needed). n columns (length-encoded); bitmap of the columns in the image, UPDATE: one for the image
 *                 before and one for the image after; rows to the end: an image, UPDATE: before, after.
 *   PARTIAL_UPDATE_ROWS  the same as UPDATE_ROWS of version 2; the image after begins with options (binlog_row.h)
 *   compressed (MariaDB) what follows the bitmaps is a compressed block
 *   flags         1 the statement's last event, 2 foreign keys were not checked, 0x10 MySQL 9.6: their effects are logged
 * Table id 0xffffff without rows ends a statement whose last event was not logged. */
#include "cdc/binlog_intern.h"

#include <assert.h>
#include <string.h>

#define ROWS_STMT_END		 0x0001
#define ROWS_NO_FOREIGN_KEYS	 0x0002
#define ROWS_FOREIGN_KEYS_LOGGED 0x0010
#define DUMMY_TABLE		 0x00ffffff

/* What one rows event says of all its rows. */
struct rows {
	struct table_entry *table;
	enum change_kind kind;
	uint8_t flags; /* of the records */
	bool partial;
	bool fill; /* UPDATE: columns absent after stand in the image before */
	const uint8_t *before, *after; /* bitmaps; of INSERT after, of DELETE before */
	struct rd in; /* the rows */
};

/* An image of known length. */
struct image {
	const uint8_t *p;
	size_t n, bound; /* bound: of its values' bytes, where they are wanted */
};

/* ---- bitmaps ---- */

static bool
bit(const uint8_t *bits, uint16_t i)
{
	return (bits[i / 8] >> i % 8 & 1) != 0;
}

/* Each column of `part` is in `bits`; else the first that is not. */
static bool
bits_cover(const uint8_t *bits, const uint8_t *part, uint16_t n, uint16_t *ret_missing)
{
	for (uint16_t i = 0; i < n; i++)
		if (!bit(bits, i) && bit(part, i)) {
			*ret_missing = i;
			return false;
		}
	return true;
}

static bool
refuse_image(const struct rows *r, uint16_t missing, const char *what, struct err *err)
{
	const struct relation *rel = r->table->rel;

	err_set(err, ERR_PROTOCOL, "column %s: %s lacks it, because binlog_row_image was not FULL",
	    r->table->names[missing], what);
	err_remedy(err, "SET GLOBAL binlog_row_image = FULL on the source, in its sessions too");
	return err_table(err, rel->schema, rel->name);
}

/* The images hold what is needed of them, and which columns the row after takes from the row before. */
static bool
check_images(struct rows *r, struct err *err)
{
	const struct table_entry *t = r->table;
	uint16_t missing = 0;

	if (r->before != NULL &&
	    !bits_cover(r->before, t->full_old ? t->wanted : t->identity, t->ncols, &missing))
		return refuse_image(r, missing, "the image before the change", err);
	if (r->kind == CHANGE_INSERT && !bits_cover(r->after, t->wanted, t->ncols, &missing))
		return refuse_image(r, missing, "the image of an inserted row", err);
	r->fill = false;
	for (uint16_t i = 0; r->kind == CHANGE_UPDATE && i < t->ncols; i++)
		r->fill |= !bit(r->after, i) && bit(r->before, i) && bit(t->wanted, i);
	return true;
}

/* ---- images ---- */

/* The spot in an image where its values begin. */
static size_t
nulls_size(const uint8_t *present, uint16_t n)
{
	unsigned columns = 0;

	for (uint16_t i = 0; i < (n + 7) / 8; i++) {
		const unsigned valid = n - i * 8 >= 8 ? 0xff : (1U << (n - i * 8)) - 1;

		columns += (unsigned)__builtin_popcount(present[i] & valid);
	}
	return (columns + 7) / 8;
}

/* A walk through the bytes of an image, column by column. */
struct walk {
	const struct table_entry *t;
	const uint8_t *present, *nulls;
	struct rd in;
	uint16_t next; /* column */
	uint16_t nth; /* among those present */
	struct slice
	    raw; /* of the last column, its length included; NULL, or not present: p is NULL */
};

static struct walk
walk_init(const struct table_entry *t, const uint8_t *p, size_t n, const uint8_t *present)
{
	struct walk w = { .t = t, .present = present, .in = rd_init(p, n) };

	w.nulls = rd_bytes(&w.in, nulls_size(present, t->ncols));
	return w;
}

/* Up to column i, which is not before the last one asked for. False: the image is cut, or not of this table. */
static bool
walk_to(struct walk *w, uint16_t i)
{
	for (; w->next <= i && !w->in.bad; w->next++) {
		const struct column_step *s = &w->t->steps[w->next];
		const size_t start = w->in.off;

		w->raw = (struct slice){ 0 };
		if (!bit(w->present, w->next))
			continue;
		if (!bit(w->nulls, w->nth)) {
			rd_bytes(
			    &w->in, s->prefix > 0 ? (size_t)rd_le(&w->in, s->prefix) : s->fixed);
			w->raw = (struct slice){ w->in.p + start, w->in.off - start };
		}
		w->nth++;
	}
	return !w->in.bad;
}

static bool
cut_row(struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "a row is cut, or not of this table");
}

/* Whether the identity's bytes differ. Columns that are not in the image after are not changed. */
static bool
identity_changed(const struct rows *r, const struct image *before, const struct image *after,
    bool *ret, struct err *err)
{
	const struct table_entry *t = r->table;
	struct walk b = walk_init(t, before->p, before->n, r->before),
		    a = walk_init(t, after->p, after->n, r->after);

	*ret = false;
	for (uint16_t i = 0; i < t->ncols && !*ret; i++) {
		if (!bit(t->identity, i) || !bit(r->after, i))
			continue;
		if (!walk_to(&b, i) || !walk_to(&a, i))
			return cut_row(err);
		*ret = (b.raw.p == NULL) != (a.raw.p == NULL) || b.raw.n != a.raw.n ||
		       (b.raw.n > 0 && memcmp(b.raw.p, a.raw.p, b.raw.n) != 0);
	}
	return true;
}

/* The identity's columns as an image of their own, in dec->old_bytes. */
static bool
identity_image(struct binlog *dec, const struct rows *r, const struct image *before,
    struct image *ret, struct err *err)
{
	const struct table_entry *t = r->table;
	const size_t nulls = nulls_size(t->identity, t->ncols);
	struct walk w = walk_init(t, before->p, before->n, r->before);
	uint16_t nth = 0;
	size_t used;

	buf_reset(&dec->old_bytes);
	if (!buf_reserve(&dec->old_bytes, nulls + before->n))
		return err_set(err, ERR_SYSTEM, "no memory for a row");
	memset(dec->old_bytes.p, 0, nulls);
	dec->old_bytes.n = nulls;
	for (uint16_t i = 0; i < t->ncols; i++) {
		if (!bit(t->identity, i))
			continue;
		if (!walk_to(&w, i))
			return cut_row(err);
		if (w.raw.p == NULL)
			dec->old_bytes.p[nth / 8] |= (uint8_t)(1 << nth % 8);
		buf_put(&dec->old_bytes, w.raw.p, w.raw.n);
		nth++;
	}
	ret->p = dec->old_bytes.p;
	ret->n = dec->old_bytes.n;
	return row_image_measure(t->image, ret->p, ret->n, t->identity, &used, &ret->bound, err);
}

/* An image of which at most the identity is wanted: how long it is. */
static bool
step_over(struct rows *r, const uint8_t *present, struct image *im, struct err *err)
{
	struct walk w = walk_init(r->table, r->in.p + r->in.off, rd_left(&r->in), present);

	if (!walk_to(&w, (uint16_t)(r->table->ncols - 1)))
		return cut_row(err);
	*im = (struct image){ .p = w.in.p, .n = w.in.off };
	r->in.off += w.in.off;
	return true;
}

static bool
measure(struct rows *r, const uint8_t *present, struct image *im, struct err *err)
{
	size_t used;

	im->p = r->in.p + r->in.off;
	if (!row_image_measure(
		r->table->image, im->p, rd_left(&r->in), present, &used, &im->bound, err))
		return false;
	assert(used <= rd_left(&r->in));
	im->n = used;
	r->in.off += used;
	return true;
}

/* Diffs of a document that the image before leaves out are no fault of the data. */
static bool
no_document(struct err *err)
{
	if (err->kind != ERR_DATA)
		return false;
	err->kind = ERR_PROTOCOL;
	return err_remedy(err, "SET GLOBAL binlog_row_value_options = '' or binlog_row_image = "
			       "FULL on the source, in its sessions too");
}

/* The image after of PARTIAL_UPDATE_ROWS becomes an ordinary one in dec->expanded. */
static bool
measure_partial(struct binlog *dec, struct rows *r, const struct image *before, struct image *im,
    struct err *err)
{
	size_t used;

	if (!row_image_expand(r->table->image, before->p, before->n, r->before, r->in.p + r->in.off,
		rd_left(&r->in), r->after, &dec->expanded, &used, err))
		return no_document(err);
	assert(used <= rd_left(&r->in));
	if (dec->expanded.n > dec->max_event)
		return err_set(err, ERR_LIMIT, "a row of %zu bytes", dec->expanded.n);
	r->in.off += used;
	im->p = dec->expanded.n > 0 ? dec->expanded.p : r->in.p; /* an image of no columns */
	return row_image_measure(
	    r->table->image, im->p, dec->expanded.n, r->after, &im->n, &im->bound, err);
}

static bool
fill(const struct rows *r, const struct image *im, const uint8_t *present, struct value *values,
    uint8_t **dst, struct err *err)
{
	const struct table_entry *t = r->table;
	size_t written;

	if (!row_image_fill(t->image, im->p, im->n, present, t->wide != NULL ? t->wide : values,
		*dst, &written, err))
		return false;
	for (uint16_t i = 0; t->wide != NULL && i < t->rel->ncols; i++)
		values[i] = t->wide[t->columns[i]];
	assert(written <= im->bound);
	*dst += written;
	return true;
}

/* ---- records ---- */

/* Room for a row: `bound` bytes of values behind the arrays. */
static struct change *
row_reserve(struct binlog *dec, const struct rows *r, uint16_t nnew, uint16_t nold, size_t bound,
    struct err *err)
{
	struct change *c =
	    binlog_reserve(dec, r->kind, (size_t)(nnew + nold) * sizeof(struct value) + bound, err);

	if (c == NULL)
		return NULL;
	c->rel = r->table->rel;
	c->flags = r->flags;
	c->nnew = nnew;
	c->nold = nold;
	return c;
}

static uint8_t *
row_bytes(struct change *c)
{
	return (uint8_t *)(change_new_values(c) + c->nnew + c->nold);
}

static bool
emit_insert(struct binlog *dec, struct rows *r, struct err *err)
{
	struct image after;
	struct change *c;
	uint8_t *end;

	if (!measure(r, r->after, &after, err) ||
	    (c = row_reserve(dec, r, r->table->rel->ncols, 0, after.bound, err)) == NULL)
		return false;
	end = row_bytes(c);
	return fill(r, &after, r->after, change_new_values(c), &end, err) &&
	       binlog_commit_record(dec, c, end, err);
}

static bool
emit_delete(struct binlog *dec, struct rows *r, struct err *err)
{
	const struct table_entry *t = r->table;
	struct image before, key;
	struct change *c;
	uint8_t *end;

	if (!(t->full_old ? measure(r, r->before, &before, err)
			  : step_over(r, r->before, &before, err)) ||
	    (!t->full_old && !identity_image(dec, r, &before, &key, err)) ||
	    (c = row_reserve(
		 dec, r, 0, t->rel->ncols, t->full_old ? before.bound : key.bound, err)) == NULL)
		return false;
	end = row_bytes(c);
	c->old = t->full_old ? OLD_FULL : OLD_KEY;
	return (t->full_old ? fill(r, &before, r->before, change_old_values(c), &end, err)
			    : fill(r, &key, t->identity, change_old_values(c), &end, err)) &&
	       binlog_commit_record(dec, c, end, err);
}

/* Scratch for the values of an image before. */
static bool
old_scratch(struct binlog *dec, const struct image *before, uint16_t n, struct err *err)
{
	if (!mem_grow(&dec->old_values, &dec->old_cap, n, sizeof(*dec->old_values), err))
		return false;
	buf_reset(&dec->old_bytes);
	return buf_reserve(&dec->old_bytes, before->bound + 1) ||
	       err_set(err, ERR_SYSTEM, "no memory for a row");
}

static void
copy_value(struct value *to, const struct value *from, uint8_t **end)
{
	*to = *from;
	if (from->kind <= VALUE_NULL)
		return;
	to->p = *end;
	memcpy(*end, from->p, from->len);
	*end += from->len;
}

/* From the image before: the identity where it changed, and the columns that the image after leaves out. */
static bool
take_old(struct binlog *dec, const struct rows *r, const struct image *before, struct change *c,
    uint8_t **end, struct err *err)
{
	struct value *new_values = change_new_values(c), *old_values = change_old_values(c);
	const struct table_entry *t = r->table;
	uint8_t *scratch;

	if (!old_scratch(dec, before, t->rel->ncols, err))
		return false;
	scratch = dec->old_bytes.p;
	if (!fill(r, before, r->before, dec->old_values, &scratch, err))
		return false;
	for (uint16_t i = 0; i < t->rel->ncols; i++) {
		const struct value *v = &dec->old_values[i];
		const bool absent = new_values[i].kind == VALUE_ABSENT;

		if (c->nold > 0 && bit(t->identity, t->columns[i])) {
			copy_value(&old_values[i], v, end);
			if (absent)
				new_values[i] = old_values[i];
		} else {
			if (c->nold > 0)
				old_values[i] = (struct value){ .kind = VALUE_ABSENT };
			if (absent)
				copy_value(&new_values[i], v, end);
		}
	}
	return true;
}

/* Both rows whole; what the image after leaves out is as before. */
static bool
emit_full(struct binlog *dec, struct rows *r, const struct image *before, const struct image *after,
    struct err *err)
{
	const uint16_t n = r->table->rel->ncols;
	struct change *c = row_reserve(dec, r, n, n, before->bound + after->bound, err);
	uint8_t *end;

	if (c == NULL)
		return false;
	end = row_bytes(c);
	c->old = OLD_FULL;
	if (!fill(r, after, r->after, change_new_values(c), &end, err) ||
	    !fill(r, before, r->before, change_old_values(c), &end, err))
		return false;
	for (uint16_t i = 0; r->fill && i < n; i++)
		if (change_new_values(c)[i].kind == VALUE_ABSENT)
			change_new_values(c)[i] = change_old_values(c)[i];
	return binlog_commit_record(dec, c, end, err);
}

/* All that the image after leaves out is taken from the one before: the source logged changed columns alone. */
static bool
emit_filled(struct binlog *dec, struct rows *r, const struct image *before,
    const struct image *after, bool moved, struct err *err)
{
	const uint16_t n = r->table->rel->ncols;
	struct change *c = row_reserve(dec, r, n, moved ? n : 0, after->bound + before->bound, err);
	uint8_t *end;

	if (c == NULL)
		return false;
	end = row_bytes(c);
	c->old = moved ? OLD_KEY : OLD_NONE;
	return fill(r, after, r->after, change_new_values(c), &end, err) &&
	       take_old(dec, r, before, c, &end, err) && binlog_commit_record(dec, c, end, err);
}

static bool
emit_keyed(struct binlog *dec, struct rows *r, const struct image *before,
    const struct image *after, bool moved, struct err *err)
{
	const uint16_t n = r->table->rel->ncols;
	struct image key = { 0 };
	struct change *c;
	uint8_t *end;

	if ((moved && !identity_image(dec, r, before, &key, err)) ||
	    (c = row_reserve(dec, r, n, moved ? n : 0, after->bound + key.bound, err)) == NULL)
		return false;
	end = row_bytes(c);
	c->old = moved ? OLD_KEY : OLD_NONE;
	return fill(r, after, r->after, change_new_values(c), &end, err) &&
	       (!moved || fill(r, &key, r->table->identity, change_old_values(c), &end, err)) &&
	       binlog_commit_record(dec, c, end, err);
}

static bool
emit_update(struct binlog *dec, struct rows *r, struct err *err)
{
	const bool whole = r->table->full_old || r->fill;
	struct image before, after;
	bool moved;

	if (!(whole ? measure(r, r->before, &before, err)
		    : step_over(r, r->before, &before, err)) ||
	    !(r->partial ? measure_partial(dec, r, &before, &after, err)
			 : measure(r, r->after, &after, err)))
		return false;
	if (r->table->full_old)
		return emit_full(dec, r, &before, &after, err);
	if (!identity_changed(r, &before, &after, &moved, err))
		return false;
	return r->fill ? emit_filled(dec, r, &before, &after, moved, err)
		       : emit_keyed(dec, r, &before, &after, moved, err);
}

static bool
emit_rows(struct binlog *dec, struct rows *r, struct err *err)
{
	while (rd_left(&r->in) > 0) {
		const size_t off = r->in.off;
		const bool ok = r->kind == CHANGE_INSERT   ? emit_insert(dec, r, err)
				: r->kind == CHANGE_DELETE ? emit_delete(dec, r, err)
							   : emit_update(dec, r, err);

		if (!ok)
			return false;
		if (r->in.off == off)
			return err_set(err, ERR_PROTOCOL, "a row of no bytes");
		dec->group.emitted++;
	}
	return true;
}

/* ---- the event ---- */

/* A flat switch. */
static enum change_kind
rows_kind(uint8_t type)
{
	switch (type) {
	case EVENT_WRITE_ROWS_V1:
	case EVENT_WRITE_ROWS:
	case EVENT_WRITE_ROWS_COMPRESSED_V1:
	case EVENT_WRITE_ROWS_COMPRESSED: return CHANGE_INSERT;
	case EVENT_DELETE_ROWS_V1:
	case EVENT_DELETE_ROWS:
	case EVENT_DELETE_ROWS_COMPRESSED_V1:
	case EVENT_DELETE_ROWS_COMPRESSED: return CHANGE_DELETE;
	default: return CHANGE_UPDATE;
	}
}

static bool
is_version_2(uint8_t type)
{
	return (type >= EVENT_WRITE_ROWS && type <= EVENT_DELETE_ROWS) ||
	       type == EVENT_PARTIAL_UPDATE_ROWS ||
	       type >= EVENT_WRITE_ROWS_COMPRESSED;
}

/* The post-header, and what version 2 puts behind it. */
static bool
read_head(struct event *ev, uint64_t *ret_id, uint16_t *ret_flags, struct err *err)
{
	const size_t id_size = ev->post == 6 ? 4 : 6;
	const bool extra = is_version_2(ev->type);
	uint16_t n;

	if (!binlog_need_post(ev, (uint8_t)(id_size + (extra ? 4 : 2)), err))
		return false;
	*ret_id = rd_le(&ev->body, id_size);
	*ret_flags = (uint16_t)rd_le(&ev->body, 2);
	if (!extra)
		return true;
	n = (uint16_t)rd_le(&ev->body, 2);
	if (n < 2 || rd_bytes(&ev->body, n - 2U) == NULL)
		return binlog_cut(ev, err);
	return true;
}

static bool
read_bitmaps(struct event *ev, struct rows *r, struct err *err)
{
	const uint64_t n = rd_lenenc(&ev->body);

	if (n != r->table->ncols)
		return ev->body.bad
			   ? binlog_cut(ev, err)
			   : err_set(err, ERR_PROTOCOL, "rows of %u columns, the table has %u",
				 (unsigned)n, r->table->ncols);
	if (r->kind != CHANGE_INSERT)
		r->before = rd_bytes(&ev->body, (n + 7) / 8);
	if (r->kind != CHANGE_DELETE)
		r->after = rd_bytes(&ev->body, (n + 7) / 8);
	return !ev->body.bad || binlog_cut(ev, err);
}

static bool
read_block(struct binlog *dec, struct event *ev, struct rows *r, struct err *err)
{
	const size_t n = rd_left(&ev->body);
	const uint8_t *p = rd_bytes(&ev->body, n);

	if (ev->type < EVENT_WRITE_ROWS_COMPRESSED_V1) {
		r->in = rd_init(p, n);
		return true;
	}
	if (!inflate_block(dec, p, n, err))
		return false;
	r->in = rd_init(dec->inflated.p, dec->inflated.n);
	return true;
}

/* Foreign keys may have changed rows of other tables, of which the log knows nothing. */
static bool
may_cascade(const struct binlog *dec, uint16_t flags)
{
	return (flags & ROWS_NO_FOREIGN_KEYS) == 0 &&
	       (dec->flavour != GTID_MYSQL || (flags & ROWS_FOREIGN_KEYS_LOGGED) == 0);
}

static bool
captured_rows(
    struct binlog *dec, struct event *ev, struct table_entry *t, uint16_t flags, struct err *err)
{
	struct rows r = { .table = t,
		.kind = rows_kind(ev->type),
		.partial = ev->type == EVENT_PARTIAL_UPDATE_ROWS };

	if (r.kind != CHANGE_INSERT && may_cascade(dec, flags))
		r.flags = CHANGE_CASCADES;
	if (!read_bitmaps(ev, &r, err) || !check_images(&r, err) || !read_block(dec, ev, &r, err))
		return false;
	if (rd_left(&r.in) == 0)
		return err_set(err, ERR_PROTOCOL, "%s (type %u) without rows",
		    binlog_event_name(ev->type), ev->type);
	return group_begin_rows(dec, err) && emit_rows(dec, &r, err);
}

bool
rows_on_event(struct binlog *dec, struct event *ev, struct err *err)
{
	struct table_entry *t;
	uint16_t flags;
	uint64_t id;

	if (!group_need_open(dec, ev, err) || !read_head(ev, &id, &flags, err))
		return false;
	t = tables_find(dec, id);
	if (t == NULL && id == DUMMY_TABLE && (flags & ROWS_STMT_END) != 0) {
		tables_end_statement(dec);
		return true;
	}
	if (t == NULL)
		return err_set(err, ERR_PROTOCOL,
		    "rows of table %llu, which its statement did not announce",
		    (unsigned long long)id);
	if (t->rel == NULL || group_is_void(dec))
		dec->uncaptured += t->rel == NULL;
	else if (!captured_rows(dec, ev, t, flags, err))
		return err->table[0] != '\0' ? false : err_table(err, t->rel->schema, t->rel->name);
	dec->group.rows_events++;
	if ((flags & ROWS_STMT_END) != 0)
		tables_end_statement(dec);
	return true;
}
