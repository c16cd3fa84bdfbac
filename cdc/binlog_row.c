/* binlog_row.c - row images -> values.
 * Flow: types -> fields (what a value looks like, and what becomes of it), once; then for each
 * row: fetch() cuts a field's bytes out of the image, bound_of() says what they can become,
 * convert() writes it.
 * Invariants: a field's bytes are inside of the image before anything looks at them; convert()
 * writes no more than bound_of() said.
 * Threads: one at a time. Owner: the arena of row_image_new(); the inflater is the image's. */
#include "cdc/binlog_row.h"

#include <assert.h>
#include <math.h>

#include "cdc/binlog_compressed.h"
#include "cdc/binlog_json.h"
#include "cdc/charset.h"
#include "cdc/decimal.h"
#include "cdc/float_text.h"
#include "cdc/my_text.h"
#include "cdc/my_type.h"

/* What becomes of a field's bytes. */
enum form {
	FORM_INT,
	FORM_FLOAT,
	FORM_DECIMAL,
	FORM_BIT,
	FORM_TIME,
	FORM_ENUM,
	FORM_SET,
	FORM_UUID,
	FORM_INET,
	FORM_JSON,
	FORM_TEXT,
	FORM_CHAR,	/* text without the spaces at its end */
	FORM_BYTES,
	FORM_PADDED,	/* bytes, with those zeros at the end that the log leaves out */
	FORM_INFLATED_TEXT,
	FORM_INFLATED_BYTES
};

struct field {
	uint8_t form;
	bool counted;	/* `size` bytes of length, then the bytes; else `size` bytes */
	uint8_t size;
	uint32_t most;	/* bytes that a counted value can have */
	uint32_t bound; /* bytes that the value can become, where that is the same for all */
	const struct charset *cs;
	const uint32_t *label_len;
	struct coltype type;
	const char *name;
};

struct row_image {
	uint16_t ncols;
	uint16_t njson;	/* MySQL's JSON columns */
	struct field *fields;
	struct inflater *inflater;
};

/* Text of this size and more is measured, shorter text reserves what its set can need at most. */
#define MEASURE_FROM 16384

/* ---- fields ------------------------------------------------------------------------------------------------------- */

static bool
column_ctx(const struct row_image *im, uint16_t i, struct err *err)
{
	if (im->fields[i].name != NULL)
		return err_ctx(err, "column %s", im->fields[i].name);
	return err_ctx(err, "column %u", i + 1u);
}

static void
fixed(struct field *f, enum form form, size_t size, size_t bound)
{
	f->form = (uint8_t)form;
	f->size = (uint8_t)size;
	f->bound = (uint32_t)bound;
}

static void
counted(struct field *f, enum form form, unsigned width, uint32_t most)
{
	f->form = (uint8_t)form;
	f->counted = true;
	f->size = (uint8_t)width;
	f->most = most;
}

static bool
label_field(struct field *f, struct arena *arena, struct err *err)
{
	const struct coltype *t = &f->type;
	uint32_t *len = arena_alloc(arena, (t->nlabels + 1u) * sizeof(*len));
	size_t longest = 0, all = 0;

	if (t->labels == NULL)
		return err_set(err, ERR_SCHEMA, "the labels of %s are not known",
		    t->code == MY_TYPE_SET ? "a set" : "an enum");
	if (len == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for the labels of a column");
	for (uint16_t i = 0; i < t->nlabels; i++) {
		len[i] = (uint32_t)strlen(t->labels[i]);
		longest = len[i] > longest ? len[i] : longest;
		all += len[i] + 1;
	}
	f->label_len = len;
	fixed(f, t->code == MY_TYPE_SET ? FORM_SET : FORM_ENUM, t->length,
	    t->code == MY_TYPE_SET ? all : longest);
	return true;
}

static bool
string_field(struct field *f, struct err *err)
{
	const struct coltype *t = &f->type;
	const bool compressed =
	    t->code == MY_TYPE_VARCHAR_COMPRESSED || t->code == MY_TYPE_BLOB_COMPRESSED;
	const bool blob = t->code == MY_TYPE_BLOB || t->code == MY_TYPE_BLOB_COMPRESSED;
	uint32_t octets;
	unsigned width;

	if ((f->cs = charset_of_collation(t->collation, t->mariadb, err)) == NULL)
		return false;
	octets = blob ? t->length : (uint32_t)my_type_typmod(t);
	width = blob ? (unsigned)my_type_typmod(t) : octets + (compressed ? 1 : 0) < 256 ? 1 : 2;
	if (compressed)
		counted(f, charset_is_binary(f->cs) ? FORM_INFLATED_BYTES : FORM_INFLATED_TEXT,
		    width, octets + !blob);
	else if (t->code == MY_TYPE_STRING)
		counted(f, charset_is_binary(f->cs) ? FORM_PADDED : FORM_CHAR, width, octets);
	else
		counted(f, charset_is_binary(f->cs) ? FORM_BYTES : FORM_TEXT, width, octets);
	if (t->logical == LOGICAL_UUID || t->logical == LOGICAL_INET) {
		f->form = t->logical == LOGICAL_UUID ? FORM_UUID : FORM_INET;
		f->bound = MY_TEXT_MAX;
	} else if (f->form == FORM_PADDED) {
		f->bound = octets;
	}
	return true;
}

/* What a column of this type looks like in the log. A flat switch. */
static bool
set_field(struct field *f, struct arena *arena, struct err *err)
{
	const struct coltype *t = &f->type;
	size_t size;

	switch (t->code) {
	case MY_TYPE_TINY: fixed(f, FORM_INT, 1, 4); return true;
	case MY_TYPE_SHORT: fixed(f, FORM_INT, 2, 6); return true;
	case MY_TYPE_INT24: fixed(f, FORM_INT, 3, 8); return true;
	case MY_TYPE_LONG: fixed(f, FORM_INT, 4, 11); return true;
	case MY_TYPE_LONGLONG: fixed(f, FORM_INT, 8, 20); return true;
	case MY_TYPE_FLOAT: fixed(f, FORM_FLOAT, 4, FLOAT_TEXT_MAX); return true;
	case MY_TYPE_DOUBLE: fixed(f, FORM_FLOAT, 8, FLOAT_TEXT_MAX); return true;
	case MY_TYPE_NEWDECIMAL:
		if (!decimal_valid(t->length, t->decimals))
			break;
		fixed(f, FORM_DECIMAL, decimal_size(t->length, t->decimals), t->length + 3);
		return true;
	case MY_TYPE_BIT:
		if (t->length < 1 || t->length > 64)
			break;
		fixed(f, FORM_BIT, (t->length + 7) / 8, t->length);
		return true;
	case MY_TYPE_YEAR:
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE:
	case MY_TYPE_TIME:
	case MY_TYPE_TIME2:
	case MY_TYPE_DATETIME:
	case MY_TYPE_DATETIME2:
	case MY_TYPE_TIMESTAMP:
	case MY_TYPE_TIMESTAMP2:
		if ((size = my_text_time_size(t->code, t->decimals, t->mariadb)) == 0)
			break;
		fixed(f, FORM_TIME, size, MY_TEXT_MAX);
		return true;
	case MY_TYPE_ENUM:
	case MY_TYPE_SET: return label_field(f, arena, err);
	case MY_TYPE_JSON: counted(f, FORM_JSON, 4, UINT32_MAX); return true;
	case MY_TYPE_GEOMETRY:
	case MY_TYPE_VECTOR: counted(f, FORM_BYTES, 4, UINT32_MAX); return true;
	case MY_TYPE_STRING:
	case MY_TYPE_VARCHAR:
	case MY_TYPE_VARCHAR_COMPRESSED:
	case MY_TYPE_BLOB:
	case MY_TYPE_BLOB_COMPRESSED: return string_field(f, err);
	}
	return err_set(err, ERR_SCHEMA, "type %s (code %u, %u digits) can not be read from the log",
	    t->name, t->code, t->decimals);
}

struct row_image *
row_image_new(const struct coltype *types, const char *const *names, uint16_t ncols,
    struct arena *arena, struct err *err)
{
	struct row_image *im = arena_zalloc(arena, sizeof(*im));

	if (im == NULL ||
	    (im->fields = arena_zalloc(arena, (ncols + 1u) * sizeof(*im->fields))) == NULL) {
		err_set(err, ERR_SYSTEM, "no memory to read rows");
		return NULL;
	}
	im->ncols = ncols;
	for (uint16_t i = 0; i < ncols; i++) {
		struct field *f = &im->fields[i];

		f->type = types[i];
		f->name = names != NULL ? names[i] : NULL;
		im->njson += types[i].code == MY_TYPE_JSON;
		if (!set_field(f, arena, err)) {
			column_ctx(im, i, err);
			return NULL;
		}
	}
	return im;
}

void
row_image_done(struct row_image *im)
{
	if (im == NULL)
		return;
	inflater_free(im->inflater);
	im->inflater = NULL;
}

/* ---- bytes of a field --------------------------------------------------------------------------------------------- */

static uint64_t
little_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

/* Takes the value of a field off the image. */
static bool
fetch(const struct field *f, struct rd *in, struct slice *ret, struct err *err)
{
	size_t n = f->size;
	const uint8_t *p;

	if (f->counted) {
		p = rd_bytes(in, f->size);
		n = p != NULL ? (size_t)little_endian(p, f->size) : 0;
		if (n > f->most)
			return err_set(err, ERR_PROTOCOL,
			    "a value of %zu bytes, where %u are the most", n, f->most);
	}
	if ((p = rd_bytes(in, n)) == NULL)
		return err_set(err, ERR_PROTOCOL, "the row ends in the middle of the column");
	*ret = (struct slice){ .p = p, .n = n };
	return true;
}

/* ---- how much it becomes ------------------------------------------------------------------------------------------ */

static bool
not_text(const struct field *f, size_t at, struct err *err)
{
	err_set(err, ERR_DATA, "the value is not text of its character set %s at byte %zu",
	    charset_name(f->cs), at + 1);
	return err_remedy(err, "repair the value on the source, or leave the table out");
}

static bool
text_bound(const struct field *f, struct slice v, size_t *ret, struct err *err)
{
	size_t at;

	*ret = charset_bound(f->cs, v.n);
	if (v.n >= MEASURE_FROM && *ret > v.n && !charset_to_utf8(f->cs, v.p, v.n, NULL, ret, &at))
		return not_text(f, at, err);
	return true;
}

/* Room for what comes out, and for its UTF-8 before it: convert_inflated(). */
static bool
inflated_bound(const struct field *f, struct slice v, size_t *ret, struct err *err)
{
	size_t size;

	if (!column_inflated_size(v, f->most, &size))
		return err_set(
		    err, ERR_PROTOCOL, "a compressed value that can not be decompressed");
	*ret = f->form == FORM_INFLATED_BYTES ? size : size + charset_bound(f->cs, size);
	return true;
}

static bool
bound_of(const struct field *f, struct slice v, size_t *ret, struct err *err)
{
	switch ((enum form)f->form) {
	case FORM_TEXT:
	case FORM_CHAR: return text_bound(f, v, ret, err);
	case FORM_JSON: return binlog_json_text(v.p, v.n, NULL, ret, err);
	case FORM_INFLATED_TEXT:
	case FORM_INFLATED_BYTES: return inflated_bound(f, v, ret, err);
	case FORM_BYTES: *ret = v.n; return true;
	default: *ret = f->bound; return true;
	}
}

/* ---- what it becomes ---------------------------------------------------------------------------------------------- */

static size_t
int_text(const struct field *f, const uint8_t *p, uint8_t *dst)
{
	const unsigned spare = 64 - 8u * f->size;
	const uint64_t u = little_endian(p, f->size);
	const int64_t i = (int64_t)(u << spare) >> spare;
	const bool negative = !f->type.is_unsigned && i < 0;
	uint64_t magnitude = f->type.is_unsigned ? u : negative ? -(uint64_t)i : (uint64_t)i;
	uint8_t s[20], *d = s + sizeof(s);

	do {
		*--d = (uint8_t)('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude > 0);
	if (negative)
		*dst = '-';
	memcpy(dst + negative, d, (size_t)(s + sizeof(s) - d));
	return (size_t)(s + sizeof(s) - d) + negative;
}

static bool
convert_float(const struct field *f, const uint8_t *p, uint8_t *dst, size_t *ret, struct err *err)
{
	const uint64_t bits = little_endian(p, f->size);
	const uint32_t half = (uint32_t)bits;
	double d;
	float s;

	memcpy(&d, &bits, sizeof(d));
	memcpy(&s, &half, sizeof(s));
	if (f->size == 4 ? !isfinite(s) : !isfinite(d))
		return err_set(err, ERR_PROTOCOL,
		    "a number that no column can hold: infinity, or not a number");
	*ret = f->size == 4 ? float_text(s, (char *)dst) : double_text(d, (char *)dst);
	return true;
}

static bool
convert_bit(const struct field *f, const uint8_t *p, uint8_t *dst, size_t *ret, struct err *err)
{
	const uint32_t n = f->type.length, spare = f->size * 8u - n;

	if (spare > 0 && p[0] >> (8 - spare) != 0)
		return err_set(err, ERR_PROTOCOL, "more than %u bits", n);
	for (uint32_t i = 0; i < n; i++)
		dst[i] = '0' + (p[(i + spare) / 8] >> (7 - (i + spare) % 8) & 1);
	*ret = n;
	return true;
}

static bool
convert_enum(const struct field *f, const uint8_t *p, uint8_t *dst, size_t *ret, struct err *err)
{
	const uint64_t v = little_endian(p, f->size);

	if (v > f->type.nlabels)
		return err_set(err, ERR_PROTOCOL, "label %llu of an enum that has %u",
		    (unsigned long long)v, f->type.nlabels);
	*ret = 0;
	if (v > 0) { /* 0 is the empty string of a value that was refused */
		*ret = f->label_len[v - 1];
		memcpy(dst, f->type.labels[v - 1], *ret);
	}
	return true;
}

static bool
convert_set(const struct field *f, const uint8_t *p, uint8_t *dst, size_t *ret, struct err *err)
{
	const uint64_t v = little_endian(p, f->size);
	size_t n = 0;

	if (f->type.nlabels < 64 && v >> f->type.nlabels != 0)
		return err_set(err, ERR_PROTOCOL, "labels of a set beyond the %u that it has",
		    f->type.nlabels);
	for (uint16_t i = 0; i < f->type.nlabels; i++) {
		if ((v >> i & 1) == 0)
			continue;
		if (n > 0)
			dst[n++] = ',';
		memcpy(dst + n, f->type.labels[i], f->label_len[i]);
		n += f->label_len[i];
	}
	*ret = n;
	return true;
}

static bool
convert_text(const struct field *f, struct slice v, uint8_t *dst, size_t *ret, struct err *err)
{
	size_t at;

	if (!charset_to_utf8(f->cs, v.p, v.n, dst, ret, &at))
		return not_text(f, at, err);
	while (f->form == FORM_CHAR && *ret > 0 && dst[*ret - 1] == ' ')
		--*ret;
	return true;
}

/* Decompressed to the end of its room, converted to the front: what n bytes become ends before
 * byte charset_bound(all) + n. */
static bool
convert_inflated(struct row_image *im, const struct field *f, struct slice v, uint8_t *dst,
    size_t *ret, struct err *err)
{
	size_t size = 0;
	uint8_t *raw;
	const bool sized = column_inflated_size(v, f->most, &size);

	assert(sized);
	raw = f->form == FORM_INFLATED_BYTES ? dst : dst + charset_bound(f->cs, size);
	if (!column_inflate(&im->inflater, v, raw, size, err))
		return false;
	*ret = size;
	return f->form == FORM_INFLATED_BYTES ||
	       convert_text(f, (struct slice){ .p = raw, .n = size }, dst, ret, err);
}

static size_t
padded_text(const struct field *f, struct slice v, uint8_t *dst)
{
	uint8_t whole[16] = { 0 };

	assert(v.n <= sizeof(whole));
	memcpy(whole, v.p, v.n);
	if (f->form == FORM_UUID)
		return my_text_uuid(whole, (char *)dst);
	return f->most == 4 ? my_text_inet4(whole, (char *)dst) : my_text_inet6(whole, (char *)dst);
}

static bool
convert(struct row_image *im, const struct field *f, struct slice v, uint8_t *dst, size_t *ret,
    struct err *err)
{
	switch ((enum form)f->form) {
	case FORM_INT: *ret = int_text(f, v.p, dst); return true;
	case FORM_FLOAT: return convert_float(f, v.p, dst, ret, err);
	case FORM_DECIMAL:
		*ret = decimal_text(v.p, f->type.length, f->type.decimals, (char *)dst);
		return *ret > 0 || err_set(err, ERR_PROTOCOL, "a decimal that is none");
	case FORM_BIT: return convert_bit(f, v.p, dst, ret, err);
	case FORM_TIME:
		*ret =
		    my_text_time(f->type.code, f->type.decimals, f->type.mariadb, v.p, (char *)dst);
		return *ret > 0 || err_set(err, ERR_PROTOCOL, "a date or time that is none");
	case FORM_ENUM: return convert_enum(f, v.p, dst, ret, err);
	case FORM_SET: return convert_set(f, v.p, dst, ret, err);
	case FORM_UUID:
	case FORM_INET: *ret = padded_text(f, v, dst); return true;
	case FORM_JSON: return binlog_json_text(v.p, v.n, dst, ret, err);
	case FORM_TEXT:
	case FORM_CHAR: return convert_text(f, v, dst, ret, err);
	case FORM_BYTES:
	case FORM_PADDED:
		if (v.n > 0)
			memcpy(dst, v.p, v.n);
		*ret = v.n;
		if (f->form == FORM_PADDED) {
			memset(dst + v.n, 0, f->most - v.n);
			*ret = f->most;
		}
		return true;
	case FORM_INFLATED_TEXT:
	case FORM_INFLATED_BYTES: return convert_inflated(im, f, v, dst, ret, err);
	}
	return false;
}

static bool
is_binary(const struct field *f)
{
	return f->form == FORM_BYTES || f->form == FORM_PADDED || f->form == FORM_INFLATED_BYTES;
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static bool
bit(const uint8_t *bits, size_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

/* The bitmap of NULLs: a bit for each column that is present. NULL: cut off. */
static const uint8_t *
null_bits(const struct row_image *im, struct rd *in, const uint8_t *present)
{
	size_t n = 0;

	for (uint16_t i = 0; i < im->ncols; i++)
		n += bit(present, i);
	return rd_bytes(in, (n + 7) / 8);
}

static bool
cut(struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "a row that is cut off");
}

bool
row_image_measure(const struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present,
    size_t *ret_used, size_t *ret_bound, struct err *err)
{
	struct rd in = rd_init(p, n);
	const uint8_t *nulls = null_bits(im, &in, present);
	size_t bound = 0, at = 0;

	if (nulls == NULL)
		return cut(err);
	for (uint16_t i = 0; i < im->ncols; i++) {
		struct slice v;
		size_t more;

		if (!bit(present, i) || bit(nulls, at++))
			continue;
		if (!fetch(&im->fields[i], &in, &v, err) ||
		    !bound_of(&im->fields[i], v, &more, err))
			return column_ctx(im, i, err);
		bound += more;
	}
	*ret_used = in.off;
	*ret_bound = bound;
	return true;
}

bool
row_image_fill(struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present,
    struct value *vals, uint8_t *dst, size_t *ret_written, struct err *err)
{
	struct rd in = rd_init(p, n);
	const uint8_t *nulls = null_bits(im, &in, present);
	size_t written = 0, at = 0;

	if (nulls == NULL)
		return cut(err);
	for (uint16_t i = 0; i < im->ncols; i++) {
		const struct field *f = &im->fields[i];
		struct slice v;
		size_t len;

		vals[i] = (struct value){ .kind = VALUE_ABSENT };
		if (!bit(present, i))
			continue;
		vals[i].kind = VALUE_NULL;
		if (bit(nulls, at++))
			continue;
		if (!fetch(f, &in, &v, err) || !convert(im, f, v, dst + written, &len, err))
			return column_ctx(im, i, err);
		if (len > UINT32_MAX) {
			err_set(err, ERR_LIMIT, "a value of %zu bytes", len);
			return column_ctx(im, i, err);
		}
		vals[i] = (struct value){ .kind = is_binary(f) ? VALUE_BINARY : VALUE_TEXT,
			.len = (uint32_t)len,
			.p = dst + written };
		written += len;
	}
	*ret_written = written;
	return true;
}

/* ---- PARTIAL_UPDATE ----------------------------------------------------------------------------------------------- */

#define OPTION_PARTIAL_JSON 1

/* The value of column `want` in an image; p NULL: absent or NULL. */
static bool
pick(const struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present, uint16_t want,
    struct slice *ret, struct err *err)
{
	struct rd in = rd_init(p, n);
	const uint8_t *nulls = null_bits(im, &in, present);
	size_t at = 0;

	*ret = (struct slice){ 0 };
	if (nulls == NULL)
		return cut(err);
	for (uint16_t i = 0; i <= want; i++) {
		struct slice v = { 0 };

		if (bit(present, i) && !bit(nulls, at++) && !fetch(&im->fields[i], &in, &v, err))
			return column_ctx(im, i, err);
		if (i == want)
			*ret = v;
	}
	return true;
}

/* The diffs of column i applied to the before image; the result with its length goes to out. */
static bool
put_changed(const struct row_image *im, uint16_t i, struct slice before, struct slice diffs,
    struct buf *out, struct err *err)
{
	struct buf doc = { 0 };
	bool ok;

	if (before.p == NULL) {
		err_set(err, ERR_DATA,
		    "the log has the changes of a JSON value, but not the value they apply to");
		err_remedy(err, "SET GLOBAL binlog_row_value_options = '' (or binlog_row_image = "
				"FULL) on the source");
		return column_ctx(im, i, err);
	}
	ok = binlog_json_apply(before.p, before.n, diffs.p, diffs.n, &doc, err);
	if (ok) {
		buf_put(out,
		    (uint8_t[]){ (uint8_t)doc.n, (uint8_t)(doc.n >> 8), (uint8_t)(doc.n >> 16),
			(uint8_t)(doc.n >> 24) },
		    4);
		buf_put(out, doc.p, doc.n);
	}
	buf_done(&doc);
	return ok || column_ctx(im, i, err);
}

/* Reads the options: *ret_partial becomes the bitmap of JSON columns (of the whole table) whose
 * changes are logged; NULL: none. */
static bool
read_options(
    const struct row_image *im, struct rd *in, const uint8_t **ret_partial, struct err *err)
{
	const uint8_t options = rd_u8(in);

	*ret_partial = NULL;
	if (in->bad)
		return cut(err);
	if (options & ~OPTION_PARTIAL_JSON)
		return err_set(
		    err, ERR_PROTOCOL, "an update with options 0x%x that are not known", options);
	if (options & OPTION_PARTIAL_JSON &&
	    (*ret_partial = rd_bytes(in, (im->njson + 7u) / 8)) == NULL)
		return cut(err);
	return true;
}

bool
row_image_expand(const struct row_image *im, const uint8_t *before, size_t nbefore,
    const uint8_t *before_present, const uint8_t *p, size_t n, const uint8_t *present,
    struct buf *out, size_t *ret_used, struct err *err)
{
	struct rd in = rd_init(p, n);
	const uint8_t *partial, *nulls;
	size_t at = 0, json = 0;

	buf_reset(out);
	if (!read_options(im, &in, &partial, err))
		return false;
	if ((nulls = null_bits(im, &in, present)) == NULL)
		return cut(err);
	buf_put(out, nulls, (size_t)(p + in.off - nulls));
	for (uint16_t i = 0; i < im->ncols; i++) {
		const bool changed =
		    im->fields[i].form == FORM_JSON && partial != NULL && bit(partial, json);
		const size_t start = in.off;
		struct slice v, old;

		json += im->fields[i].form == FORM_JSON;
		if (!bit(present, i) || bit(nulls, at++))
			continue;
		if (!fetch(&im->fields[i], &in, &v, err))
			return column_ctx(im, i, err);
		if (!changed)
			buf_put(out, p + start, in.off - start);
		else if (!pick(im, before, nbefore, before_present, i, &old, err) ||
			 !put_changed(im, i, old, v, out, err))
			return false;
	}
	*ret_used = in.off;
	return !out->bad || err_set(err, ERR_SYSTEM, "no memory for a row of %zu bytes", out->n);
}
