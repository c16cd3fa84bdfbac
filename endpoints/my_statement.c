/* my_statement.c - see my_statement.h.
 * Aliases in the texts: t the target table, u the rows given (k<i> key, v<i> new value of plan column i).
 * Two things the servers do in silence are kept from happening here: NULL for a timestamp that is not null would become the present time under
 * explicit_defaults_for_timestamp = OFF, so it is refused; and a comparison of a string with a number goes by floating point, so values are sought
 * by literals of the column's own kind.
 * Threads: any. */
#include "endpoints/my_statement.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cdc/my_type.h"
#include "endpoints/my_conn.h"

#define WIDE_BYTES 60000 /* of a derived table's row; the servers' limit is 65535 */
#define WIDE_VALUE 512 /* characters from which a value counts no more: it is kept aside */

/* ---- what a column is ---- */

static bool
is_whole(const struct coltype *t)
{
	switch (t->code) {
	case MY_TYPE_TINY:
	case MY_TYPE_SHORT:
	case MY_TYPE_INT24:
	case MY_TYPE_LONG:
	case MY_TYPE_LONGLONG:
	case MY_TYPE_YEAR: return true;
	default: return false;
	}
}

static bool
is_string(const struct coltype *t)
{
	return t->code == MY_TYPE_STRING || t->code == MY_TYPE_VARCHAR ||
	       t->code == MY_TYPE_VARCHAR_COMPRESSED || t->code == MY_TYPE_BLOB ||
	       t->code == MY_TYPE_BLOB_COMPRESSED;
}

static bool
is_bytes(const struct coltype *t)
{
	return (is_string(t) && t->collation == MY_COLLATION_BINARY &&
		   t->logical == LOGICAL_BYTES) ||
	       t->code == MY_TYPE_GEOMETRY || t->code == MY_TYPE_VECTOR;
}

static bool
is_fixed(const struct coltype *t)
{
	return t->code == MY_TYPE_STRING;
}

/* Digits, with a sign and a point: what may stand in SQL as it is. */
static bool
is_plain_number(const struct value *v, bool point)
{
	uint32_t i = v->len > 0 && v->p[0] == '-', digits = 0;

	for (; i < v->len; i++) {
		if (v->p[i] >= '0' && v->p[i] <= '9')
			digits++;
		else if (v->p[i] == '.' && point)
			point = false;
		else
			return false;
	}
	return digits > 0;
}

static bool
is_bits(const struct value *v)
{
	for (uint32_t i = 0; i < v->len; i++)
		if (v->p[i] != '0' && v->p[i] != '1')
			return false;
	return v->len > 0 && v->len <= 64;
}

void
my_put_table(struct buf *b, const struct plan *plan)
{
	my_ident2(b, plan->target->schema, plan->target->name);
}

/* ---- values that are written ---- */

/* A float as the double that it is: its own fewest digits can be beyond the range that the server takes for a float. False: no number. */
static bool
floating_text(const struct coltype *type, const struct value *v, char out[64])
{
	char *end;
	float f;

	if (v->len == 0 || v->len >= 64)
		return false;
	memcpy(out, v->p, v->len);
	out[v->len] = '\0';
	if (strspn(out, "0123456789+-.eE") != v->len)
		return false;
	if (type->code != MY_TYPE_FLOAT)
		return true;
	f = strtof(out, &end);
	if (*end != '\0')
		return false;
	snprintf(out, 64, "%.17g", (double)f);
	return true;
}

static void
put_bytes(struct buf *b, const void *p, size_t n)
{
	buf_str(b, "_binary");
	my_literal_bytes(b, p, n);
}

void
my_put_value(struct buf *b, const struct coltype *type, const struct value *v)
{
	char number[64];

	switch ((enum value_kind)v->kind) {
	case VALUE_ABSENT: assert(!"an absent value is written"); return;
	case VALUE_NULL: buf_put(b, "NULL", 4); return;
	case VALUE_BINARY: put_bytes(b, v->p, v->len); return;
	case VALUE_TEXT: break;
	}
	if (is_whole(type) && is_plain_number(v, false)) {
		buf_put(b, v->p, v->len);
	} else if (type->code == MY_TYPE_BIT && is_bits(v)) {
		buf_str(b, "b'");
		buf_put(b, v->p, v->len);
		buf_u8(b, '\'');
	} else if (type->code == MY_TYPE_FLOAT && floating_text(type, v, number)) {
		my_literal(b, number);
	} else {
		my_literal_bytes(b, v->p, v->len);
	}
}

/* ---- values that are sought ---- */

/* With an exponent, which makes it a double. */
static void
put_floating(struct buf *b, const struct coltype *type, const struct value *v)
{
	char text[64];

	if (!floating_text(type, v, text)) {
		my_literal_bytes(b, v->p, v->len);
		return;
	}
	buf_str(b, text);
	buf_str(b, strpbrk(text, "eE") != NULL ? "" : "e0");
}

static void
put_bits_as_number(struct buf *b, const struct value *v)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < v->len; i++)
		n = n << 1 | (v->p[i] == '1');
	buf_printf(b, "%" PRIu64, n);
}

/* binary(n) is filled up with zeros where it is stored. */
static void
put_sought_bytes(struct buf *b, const struct coltype *type, const struct value *v)
{
	static const char zeros[256];

	if (!is_fixed(type) || v->len >= type->length || type->length > sizeof(zeros)) {
		put_bytes(b, v->p, v->len);
		return;
	}
	buf_str(b, "concat(");
	put_bytes(b, v->p, v->len);
	buf_str(b, ", ");
	put_bytes(b, zeros, type->length - v->len);
	buf_u8(b, ')');
}

/* char(n) loses its last blanks where it is stored. */
static struct value
without_blanks(const struct coltype *type, const struct value *v)
{
	struct value cut = *v;

	while (is_fixed(type) && cut.len > 0 && cut.p[cut.len - 1] == ' ')
		cut.len--;
	return cut;
}

void
my_put_sought(struct buf *b, const struct coltype *type, const struct value *v)
{
	struct value cut;

	assert(v->kind == VALUE_TEXT || v->kind == VALUE_BINARY);
	if (v->kind == VALUE_BINARY) {
		put_sought_bytes(b, type, v);
	} else if (is_whole(type) && is_plain_number(v, false)) {
		buf_put(b, v->p, v->len);
	} else if (type->code == MY_TYPE_NEWDECIMAL && is_plain_number(v, true)) {
		buf_put(b, v->p, v->len);
	} else if (type->code == MY_TYPE_FLOAT || type->code == MY_TYPE_DOUBLE) {
		put_floating(b, type, v);
	} else if (type->code == MY_TYPE_BIT && is_bits(v)) {
		put_bits_as_number(b, v);
	} else {
		cut = without_blanks(type, v);
		my_literal_bytes(b, cut.p, cut.len);
	}
}

static bool
absent(const struct plan *plan, const struct plan_column *pc, struct err *err)
{
	err_set(err, ERR_DATA, "column \"%s\" is missing from a row that needs it", pc->name);
	if (plan->keyless)
		err_remedy(err, "the source must log whole rows (MySQL: binlog_row_image = FULL; "
				"PostgreSQL: REPLICA IDENTITY FULL), or give the"
				" table a key");
	return err_table(err, plan->target->schema, plan->target->name);
}

bool
my_put_key(struct buf *b, const struct plan *plan, const char *alias, const struct value *vals,
    struct err *err)
{
	for (uint16_t i = 0; i < plan->nkey; i++) {
		const struct plan_column *pc = &plan->cols[plan->key[i]];
		const struct value *v = &vals[pc->src];

		if (!value_present(v))
			return absent(plan, pc, err);
		buf_str(b, i > 0 ? " AND " : "");
		buf_str(b, alias);
		my_ident(b, pc->name);
		if (v->kind == VALUE_NULL) {
			buf_str(b, " IS NULL");
			continue;
		}
		buf_str(b, " = ");
		my_put_sought(b, pc->target_type, v);
	}
	return true;
}

/* ---- rows by content ---- */

/* The column's value and the literal as the same kind of thing, of which equal means identical. */
static void
put_same(struct buf *b, const struct plan_column *pc, const struct value *v)
{
	const struct coltype *type = pc->target_type;
	const char *before = "", *after = "";

	if (is_bytes(type)) {
		before =
		    type->code == MY_TYPE_GEOMETRY || type->code == MY_TYPE_VECTOR ? "HEX(" : "";
		after = before[0] != '\0' ? ")" : "";
	} else if (type->code == MY_TYPE_JSON) {
		before = "CAST(CAST(CAST(";
		after = " AS JSON) AS CHAR) AS BINARY)";
	} else if (is_string(type) || type->code == MY_TYPE_ENUM || type->code == MY_TYPE_SET) {
		before = "CAST(CONVERT(";
		after = " USING utf8mb4) AS BINARY)";
	}
	buf_str(b, before);
	my_ident(b, pc->name);
	buf_str(b, after);
	buf_str(b, " <=> ");
	buf_str(b, before);
	if (type->code == MY_TYPE_BIT && v->kind == VALUE_TEXT && is_bits(v))
		put_bits_as_number(b, v);
	else
		my_put_sought(b, type, v);
	buf_str(b, after);
}

/* 0 and -0 are equal, and two values to MySQL; MariaDB keeps no sign of 0. */
static void
put_sign_of_zero(struct buf *b, const struct plan_column *pc, const struct value *v)
{
	const struct coltype *type = pc->target_type;
	char text[64];

	if ((type->code != MY_TYPE_FLOAT && type->code != MY_TYPE_DOUBLE) || type->mariadb ||
	    !floating_text(type, v, text) || strtod(text, NULL) != 0)
		return;
	buf_str(b, " AND LEFT(");
	my_ident(b, pc->name);
	buf_printf(b, ", 1) %s '-'", text[0] == '-' ? "=" : "<>");
}

static bool
put_content(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err)
{
	for (uint16_t i = 0; i < plan->nhint; i++) {
		const struct plan_column *pc = &plan->cols[plan->hint[i]];
		const struct value *v = &vals[pc->src];

		if (!value_present(v) || v->kind == VALUE_NULL)
			continue;
		my_ident(b, pc->name);
		buf_str(b, " = ");
		my_put_sought(b, pc->target_type, v);
		buf_str(b, " AND ");
	}
	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];
		const struct value *v = &vals[pc->src];

		if (!value_present(v))
			return absent(plan, pc, err);
		buf_str(b, i > 0 ? " AND " : "");
		if (v->kind == VALUE_NULL) {
			my_ident(b, pc->name);
			buf_str(b, " IS NULL");
		} else {
			put_same(b, pc, v);
			put_sign_of_zero(b, pc, v);
		}
	}
	return true;
}

bool
my_put_where(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err)
{
	buf_str(b, " WHERE ");
	if (!plan->keyless)
		return my_put_key(b, plan, "", vals, err);
	if (!put_content(b, plan, vals, err))
		return false;
	buf_str(b, " LIMIT 1");
	return true;
}

/* ---- one row ---- */

static bool
check_written(
    const struct plan *plan, const struct plan_column *pc, const struct value *v, struct err *err)
{
	if (!value_present(v))
		return absent(plan, pc, err);
	if (v->kind != VALUE_NULL || !pc->notnull)
		return true;
	err_set(err, ERR_DATA, "null in column \"%s\", which is not null on the target", pc->name);
	snprintf(err->sqlstate, sizeof(err->sqlstate), "23000");
	return err_table(err, plan->target->schema, plan->target->name);
}

void
my_put_insert(struct buf *b, const struct plan *plan)
{
	buf_str(b, "INSERT INTO ");
	my_put_table(b, plan);
	buf_str(b, " (");
	for (uint16_t i = 0; i < plan->ncols; i++) {
		buf_str(b, i > 0 ? ", " : "");
		my_ident(b, plan->cols[i].name);
	}
	buf_str(b, ") VALUES ");
}

bool
my_put_insert_row(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err)
{
	buf_u8(b, '(');
	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];
		const struct value *v = &vals[pc->src];

		if (!check_written(plan, pc, v, err))
			return false;
		if (i > 0)
			buf_u8(b, ',');
		my_put_value(b, pc->target_type, v);
	}
	buf_u8(b, ')');
	return true;
}

bool
my_put_delete(struct buf *b, const struct plan *plan, const struct value *key, struct err *err)
{
	buf_str(b, "DELETE FROM ");
	my_put_table(b, plan);
	return my_put_where(b, plan, key, err);
}

/* A key column is set only where a single change moves the key. */
static bool
is_set(const struct plan *plan, uint16_t col, const uint64_t *colset, const struct row *row)
{
	const struct plan_column *pc = &plan->cols[col];

	if (colset != NULL)
		return !pc->key && my_in_set(colset, col);
	return value_present(&row->vals[pc->src]) &&
	       (!pc->key || !value_same(&row->key[pc->src], &row->vals[pc->src]));
}

static bool
put_touch(struct buf *b, const struct plan *plan, const struct row *row, struct err *err)
{
	buf_str(b, "SELECT 1 FROM ");
	my_put_table(b, plan);
	if (!my_put_where(b, plan, row->key, err))
		return false;
	buf_str(b, " FOR UPDATE");
	return true;
}

bool
my_put_update(struct buf *b, const struct plan *plan, const uint64_t *colset, const struct row *row,
    bool *ret_sets, struct err *err)
{
	const size_t from = b->n;

	*ret_sets = false;
	buf_str(b, "UPDATE ");
	my_put_table(b, plan);
	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];

		if (!is_set(plan, i, colset, row))
			continue;
		if (!check_written(plan, pc, &row->vals[pc->src], err))
			return false;
		buf_str(b, *ret_sets ? ", " : " SET ");
		my_ident(b, pc->name);
		buf_str(b, " = ");
		my_put_value(b, pc->target_type, &row->vals[pc->src]);
		*ret_sets = true;
	}
	if (*ret_sets)
		return my_put_where(b, plan, row->key, err);
	b->n = from;
	return put_touch(b, plan, row, err);
}

/* ---- many deletes ---- */

void
my_put_delete_many(struct buf *b, const struct plan *plan, bool tuples)
{
	buf_str(b, "DELETE FROM ");
	my_put_table(b, plan);
	buf_str(b, " WHERE ");
	if (plan->nkey > 1 && !tuples)
		return;
	buf_str(b, plan->nkey > 1 ? "(" : "");
	for (uint16_t i = 0; i < plan->nkey; i++) {
		buf_str(b, i > 0 ? ", " : "");
		my_ident(b, plan->cols[plan->key[i]].name);
	}
	buf_str(b, plan->nkey > 1 ? ") IN (" : " IN (");
}

static bool
put_tuple(struct buf *b, const struct plan *plan, const struct value *key, struct err *err)
{
	buf_str(b, plan->nkey > 1 ? "(" : "");
	for (uint16_t i = 0; i < plan->nkey; i++) {
		const struct plan_column *pc = &plan->cols[plan->key[i]];
		const struct value *v = &key[pc->src];

		if (!value_present(v))
			return absent(plan, pc, err);
		buf_str(b, i > 0 ? "," : "");
		if (v->kind == VALUE_NULL)
			buf_str(b, "NULL");
		else
			my_put_sought(b, pc->target_type, v);
	}
	buf_str(b, plan->nkey > 1 ? ")" : "");
	return true;
}

bool
my_put_delete_key(struct buf *b, const struct plan *plan, bool tuples, bool first,
    const struct value *key, struct err *err)
{
	if (plan->nkey == 1 || tuples) {
		buf_str(b, first ? "" : ",");
		return put_tuple(b, plan, key, err);
	}
	buf_str(b, first ? "(" : " OR (");
	if (!my_put_key(b, plan, "", key, err))
		return false;
	buf_u8(b, ')');
	return true;
}

void
my_put_delete_end(struct buf *b, const struct plan *plan, bool tuples)
{
	if (plan->nkey == 1 || tuples)
		buf_u8(b, ')');
}

/* ---- many updates ---- */

static const char *
collation_of(const struct plan *plan, uint16_t col)
{
	return plan->target->cols[plan->cols[col].target].collation;
}

/* A derived table's column can be compared with the key column by its index, and as exactly as a literal. */
static bool
can_join_by(const struct plan *plan, uint16_t col)
{
	const struct coltype *t = plan->cols[col].target_type;

	if (is_whole(t) || t->code == MY_TYPE_NEWDECIMAL || t->code == MY_TYPE_DATE)
		return true;
	if (t->code == MY_TYPE_DATETIME || t->code == MY_TYPE_DATETIME2 ||
	    t->code == MY_TYPE_TIMESTAMP || t->code == MY_TYPE_TIMESTAMP2)
		return true;
	if (t->code != MY_TYPE_STRING && t->code != MY_TYPE_VARCHAR)
		return false;
	return is_bytes(t) || (t->logical == LOGICAL_TEXT && collation_of(plan, col) != NULL &&
				  strncmp(collation_of(plan, col), "utf8mb4_", 8) == 0);
}

bool
my_can_join(const struct plan *plan, const uint64_t *colset)
{
	bool sets = false;

	for (uint16_t i = 0; i < plan->nkey; i++)
		if (!can_join_by(plan, plan->key[i]))
			return false;
	for (uint16_t i = 0; i < plan->ncols; i++)
		sets = sets || (!plan->cols[i].key && my_in_set(colset, i));
	return plan->nkey > 0 && sets;
}

void
my_put_join(struct buf *b)
{
	buf_str(b, "UPDATE (");
}

/* Of the derived table's own row. */
static size_t
width_of(const struct value *v)
{
	return v->kind <= VALUE_NULL ? 0 : 4 * (v->len < WIDE_VALUE ? (size_t)v->len : WIDE_VALUE);
}

static bool
too_wide(const struct plan *plan, const uint64_t *colset, const struct row *row)
{
	size_t bytes = 0;

	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];

		if (pc->key)
			bytes += width_of(&row->key[pc->src]);
		else if (my_in_set(colset, i))
			bytes += width_of(&row->vals[pc->src]);
	}
	return bytes > WIDE_BYTES;
}

static bool
null_in_key(const struct plan *plan, const struct value *key)
{
	for (uint16_t i = 0; i < plan->nkey; i++)
		if (key[plan->cols[plan->key[i]].src].kind == VALUE_NULL)
			return true;
	return false;
}

static void
put_join_key(struct buf *b, const struct coltype *t, const struct value *v)
{
	const char *as = t->code == MY_TYPE_DATE			 ? "DATE"
			 : t->code == MY_TYPE_LONGLONG && t->is_unsigned ? "UNSIGNED"
			 : is_whole(t) || t->code == MY_TYPE_NEWDECIMAL || is_string(t)
			     ? NULL
			     : "DATETIME(6)";

	buf_str(b, as != NULL ? "CAST(" : "");
	my_put_sought(b, t, v);
	if (as != NULL)
		buf_printf(b, " AS %s)", as);
}

bool
my_put_join_row(struct buf *b, const struct plan *plan, const uint64_t *colset,
    const struct row *row, bool first, bool *ret_wide, struct err *err)
{
	const char *comma = first ? "SELECT " : " UNION ALL SELECT ";

	*ret_wide = too_wide(plan, colset, row) || null_in_key(plan, row->key);
	if (*ret_wide)
		return true;
	for (uint16_t i = 0; i < plan->nkey; i++) {
		const struct plan_column *pc = &plan->cols[plan->key[i]];
		const struct value *v = &row->key[pc->src];

		if (!value_present(v))
			return absent(plan, pc, err);
		buf_str(b, comma);
		put_join_key(b, pc->target_type, v);
		if (first)
			buf_printf(b, " AS k%u", plan->key[i]);
		comma = ",";
	}
	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];
		const struct value *v = &row->vals[pc->src];

		if (pc->key || !my_in_set(colset, i))
			continue;
		if (!check_written(plan, pc, v, err))
			return false;
		buf_u8(b, ',');
		my_put_value(b, pc->target_type, v);
		if (first)
			buf_printf(b, " AS v%u", i);
	}
	return true;
}

void
my_put_join_end(struct buf *b, const struct plan *plan, const uint64_t *colset)
{
	const char *comma = " SET t.";

	buf_str(b, ") u STRAIGHT_JOIN ");
	my_put_table(b, plan);
	buf_str(b, " t ON ");
	for (uint16_t i = 0; i < plan->nkey; i++) {
		const uint16_t col = plan->key[i];
		const struct coltype *t = plan->cols[col].target_type;

		buf_str(b, i > 0 ? " AND t." : "t.");
		my_ident(b, plan->cols[col].name);
		buf_printf(b, " = u.k%u", col);
		if (is_string(t) && !is_bytes(t))
			buf_printf(b, " COLLATE %s", collation_of(plan, col));
	}
	for (uint16_t i = 0; i < plan->ncols; i++) {
		if (plan->cols[i].key || !my_in_set(colset, i))
			continue;
		buf_str(b, comma);
		my_ident(b, plan->cols[i].name);
		buf_printf(b, " = u.v%u", i);
		comma = ", t.";
	}
}

/* ---- values that are read to be written back ---- */

void
my_put_saved_column(struct buf *b, const char *name, const struct coltype *type)
{
	if (type->code == MY_TYPE_FLOAT || type->code == MY_TYPE_DOUBLE) {
		my_float_column(b, name, type);
		return;
	}
	my_ident(b, name);
	if (type->code == MY_TYPE_BIT)
		buf_str(b, " + 0");
}

void
my_put_saved(struct buf *b, const struct coltype *type, const void *p, size_t n, bool null)
{
	const struct value v = { .kind = VALUE_TEXT, .len = (uint32_t)n, .p = p };

	if (null)
		buf_str(b, "NULL");
	else if (is_bytes(type))
		put_bytes(b, p, n);
	else if (type->code == MY_TYPE_BIT && is_plain_number(&v, false))
		buf_put(b, p, n);
	else
		my_literal_bytes(b, p, n);
}

/* ---- LOAD DATA ---- */

static bool
by_variable(const struct coltype *t)
{
	return is_bytes(t) || t->code == MY_TYPE_BIT;
}

void
my_put_load(struct buf *b, const struct plan *plan)
{
	const char *comma = " SET ";

	buf_str(b, "LOAD DATA LOCAL INFILE 'repld' INTO TABLE ");
	my_put_table(b, plan);
	buf_str(b, " CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES "
		   "TERMINATED BY '\\n' (");
	for (uint16_t i = 0; i < plan->ncols; i++) {
		buf_str(b, i > 0 ? ", " : "");
		if (by_variable(plan->cols[i].target_type))
			buf_printf(b, "@repld_%u", i);
		else
			my_ident(b, plan->cols[i].name);
	}
	buf_u8(b, ')');
	for (uint16_t i = 0; i < plan->ncols; i++) {
		if (!by_variable(plan->cols[i].target_type))
			continue;
		buf_str(b, comma);
		my_ident(b, plan->cols[i].name);
		buf_printf(b,
		    plan->cols[i].target_type->code == MY_TYPE_BIT
			? " = CAST(@repld_%u AS UNSIGNED)"
			: " = UNHEX(@repld_%u)",
		    i);
		comma = ", ";
	}
}

static void
put_escaped(struct buf *b, const uint8_t *p, size_t n)
{
	const uint8_t *from = p, *end = p + n;

	if (!buf_reserve(b, n))
		return;
	for (const uint8_t *at = p; at < end; at++) {
		const char as = *at == '\\'   ? '\\'
				: *at == '\t' ? 't'
				: *at == '\n' ? 'n'
				: *at == '\0' ? '0'
					      : '\0';

		if (as == '\0')
			continue;
		buf_put(b, from, (size_t)(at - from));
		buf_u8(b, '\\');
		buf_u8(b, (uint8_t)as);
		from = at + 1;
	}
	buf_put(b, from, (size_t)(end - from));
}

static void
put_hex(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	if (!buf_reserve(b, 2 * n))
		return;
	for (size_t i = 0; i < n; i++) {
		b->p[b->n++] = (uint8_t)digits[p[i] >> 4];
		b->p[b->n++] = (uint8_t)digits[p[i] & 15];
	}
}

bool
my_put_load_row(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err)
{
	char number[64];

	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];
		const struct value *v = &vals[pc->src];

		if (!check_written(plan, pc, v, err))
			return false;
		if (i > 0)
			buf_u8(b, '\t');
		if (v->kind == VALUE_NULL)
			buf_put(b, "\\N", 2);
		else if (is_bytes(pc->target_type))
			put_hex(b, v->p, v->len);
		else if (pc->target_type->code == MY_TYPE_BIT && is_bits(v))
			put_bits_as_number(b, v);
		else if (pc->target_type->code == MY_TYPE_FLOAT &&
			 floating_text(pc->target_type, v, number))
			buf_str(b, number);
		else
			put_escaped(b, v->p, v->len);
	}
	buf_u8(b, '\n');
	return true;
}
