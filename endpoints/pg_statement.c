/* pg_statement.c - shapes, their SQL text, and rows as parameters.
 * Aliases in the texts: t the target table, u the rows given (k<i> key, v<i> new value of plan
 * column i, n park number), p the parked rows (c<i> target column i), x the row found by content.
 * Everything is schema-qualified; casts never carry a typmod (see the header), but for the
 * comparison by content, where the target's typmod says what the column made of the value.
 * Rows are sought in the table itself (ONLY), not in those that inherit from it.
 * Threads: the target's. Owner: plan->statements owns statements, the target pg_params. */
#include "endpoints/pg_statement.h"

#include <assert.h>
#include <stdlib.h>

#include "cdc/pg_type.h"
#include "endpoints/pg_conn.h"

#define OID_TEXT   25
#define OID_INT8   20
#define OID_BPCHAR 1042

/* ---- shapes ---- */

static enum pg_form
value_code(uint8_t code)
{
	return (enum pg_form)(code & 0x0f);
}

static enum pg_form
key_code(uint8_t code)
{
	return (enum pg_form)(code >> 4);
}

static bool
identity_always(const struct plan *plan, uint16_t col)
{
	return plan->target->cols[plan->cols[col].target].identity == 'a';
}

bool
pg_value_form(const struct plan *plan, uint16_t col, const struct value *v, enum pg_form *ret,
    struct err *err)
{
	const struct plan_column *pc = &plan->cols[col];

	switch ((enum value_kind)v->kind) {
	case VALUE_NULL: *ret = PG_FORM_EITHER; return true;
	case VALUE_TEXT: *ret = PG_FORM_TEXT; return true;
	case VALUE_BINARY:
		if (pc->source_type->wire == WIRE_LABEL) {
			*ret = PG_FORM_TEXT;
			return true;
		}
		if (pc->binary_ok) {
			*ret = PG_FORM_BINARY;
			return true;
		}
		err_set(err, ERR_SCHEMA,
		    "column \"%s\" came in the binary form of %s, which %s can't take", pc->name,
		    pc->source_type->name, pc->target_type->name);
		err_remedy(err, "restart the task: it then asks the source for text");
		return err_table(err, plan->target->schema, plan->target->name);
	case VALUE_ABSENT: break;
	}
	err_set(err, ERR_DATA, "column \"%s\" is missing from a row that needs it", pc->name);
	if (plan->keyless)
		err_remedy(err, "the source table needs REPLICA IDENTITY FULL, or a key");
	return err_table(err, plan->target->schema, plan->target->name);
}

void
pg_shape_start(struct pg_shape *s, enum pg_verb verb, const struct plan *plan)
{
	s->verb = (uint8_t)verb;
	s->many = s->either = s->in_place = 0;
	s->ncols = plan->ncols;
	memset(s->code, 0, plan->ncols);
}

size_t
pg_shape_size(const struct pg_shape *s)
{
	return offsetof(struct pg_shape, code) + s->ncols;
}

/* A key column is set only where a single change moves the key; a set-wise UPDATE never moves one.
 * */
static bool
value_wanted(const struct pg_shape *s, const struct plan *plan, uint16_t col,
    const uint64_t *colset, const struct row *row)
{
	const struct plan_column *pc = &plan->cols[col];

	switch ((enum pg_verb)s->verb) {
	case PG_VERB_DELETE:
	case PG_VERB_TOUCH:
	case PG_VERB_PARK: return false;
	case PG_VERB_INSERT: return true;
	case PG_VERB_UNPARK: return (colset[col / 64] >> (col % 64) & 1) != 0;
	case PG_VERB_UPDATE:
	case PG_VERB_REPLACE: break;
	}
	if (colset != NULL)
		return !pc->key && (colset[col / 64] >> (col % 64) & 1) != 0;
	if (!value_present(&row->vals[pc->src]))
		return false;
	/* Where there is no old image, `key` is the new row: only the key is known to be unchanged.
	 */
	return (!pc->key && (row->key == row->vals || !identity_always(plan, col))) ||
	       !value_same(&row->key[pc->src], &row->vals[pc->src]);
}

static bool
key_wanted(const struct pg_shape *s, const struct plan *plan, uint16_t col)
{
	if (s->verb == PG_VERB_INSERT || s->verb == PG_VERB_UNPARK)
		return false;
	return plan->keyless || plan->cols[col].key;
}

/* Joins a form with the one seen so far; false: they differ. */
static bool
form_join(enum pg_form *seen, enum pg_form form)
{
	if (*seen == PG_FORM_NONE || *seen == PG_FORM_EITHER)
		*seen = form;
	return form == PG_FORM_EITHER || *seen == form;
}

bool
pg_shape_add(struct pg_shape *s, const struct plan *plan, const uint64_t *colset,
    const struct row *row, bool *ret_fits, size_t *ret_bytes, struct err *err)
{
	size_t bytes = 0;
	bool fits = true;

	for (uint16_t i = 0; i < plan->ncols; i++) {
		enum pg_form value = value_code(s->code[i]), key = key_code(s->code[i]), form;
		const uint16_t src = plan->cols[i].src;

		if (value_wanted(s, plan, i, colset, row)) {
			if (!pg_value_form(plan, i, &row->vals[src], &form, err))
				return false;
			fits = form_join(&value, form) && fits;
			bytes += row->vals[src].kind == VALUE_NULL ? 4 : row->vals[src].len + 4;
		}
		if (key_wanted(s, plan, i)) {
			if (!pg_value_form(plan, i, &row->key[src], &form, err))
				return false;
			fits = form_join(&key, form) && fits;
			bytes += row->key[src].kind == VALUE_NULL ? 4 : row->key[src].len + 4;
		}
		s->code[i] = (uint8_t)(value | (unsigned)key << 4);
	}
	*ret_fits = fits;
	*ret_bytes = bytes;
	return true;
}

static enum pg_form
form_settle(enum pg_form form, uint8_t *last)
{
	if (form == PG_FORM_EITHER)
		return *last != PG_FORM_NONE ? (enum pg_form) * last : PG_FORM_TEXT;
	if (form != PG_FORM_NONE)
		*last = (uint8_t)form;
	return form;
}

/* The column takes part in finding the row, not in changing it. */
static bool
stays(const struct pg_shape *s, const struct plan *plan, uint16_t col)
{
	return s->in_place && identity_always(plan, col) && !plan->cols[col].key && !plan->keyless &&
	       (s->verb == PG_VERB_UPDATE || s->verb == PG_VERB_TOUCH);
}

bool
pg_shape_finish(struct pg_shape *s, const struct plan *plan, uint8_t *forms)
{
	bool sets = false, replaces = false, unnests = !plan->keyless || s->verb == PG_VERB_INSERT;
	size_t params = 1;

	for (uint16_t i = 0; i < s->ncols; i++) {
		enum pg_form value = form_settle(value_code(s->code[i]), &forms[i]);
		enum pg_form key = form_settle(key_code(s->code[i]), &forms[i]);

		s->code[i] = (uint8_t)(value | (unsigned)key << 4);
		if (value != PG_FORM_NONE && !stays(s, plan, i)) {
			sets = true;
			replaces = replaces || identity_always(plan, i);
		}
		params += (value != PG_FORM_NONE) + (key != PG_FORM_NONE);
		if ((value == PG_FORM_BINARY || key == PG_FORM_BINARY) &&
		    pg_type_array_oid(plan->cols[i].target_type->base_oid) == 0)
			unnests = false;
	}
	if (s->verb == PG_VERB_UPDATE)
		s->verb = !sets ? PG_VERB_TOUCH : replaces ? PG_VERB_REPLACE : PG_VERB_UPDATE;
	return unnests && params < 1600;
}

/* ---- text ---- */

struct text {
	struct buf *b;
	const struct plan *plan;
	const struct pg_shape *s;
	const char *const *equals;
	uint32_t park;
	struct pg_statement *st;
};

/* "numeric(12,2)" -> numeric, "public.geo(Point,4326)[]" -> public.geo[]; what is quoted stays. */
static void
put_without_typmod(struct buf *b, const char *name)
{
	bool quoted = false;
	int depth = 0;

	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (!quoted && *p == '(')
			depth++;
		if (depth == 0)
			buf_u8(b, (uint8_t)*p);
		if (!quoted && *p == ')' && depth > 0)
			depth--;
	}
}

void
pg_cast_name(struct buf *b, const struct coltype *type)
{
	const char *listed = pg_type_cast_name(type->base_oid);

	if (listed != NULL)
		buf_str(b, listed);
	else
		put_without_typmod(b, type->name);
}

static void
put_table(struct buf *b, const struct plan *plan)
{
	pg_ident2(b, plan->target->schema, plan->target->name);
}

/* Where rows are sought: not among those of other tables, which may have the same keys. The rows of
 * a partitioned table are in its leaves. */
static void
put_rows_of(struct buf *b, const struct plan *plan)
{
	if (plan->target->kind == 'r')
		buf_str(b, "ONLY ");
	put_table(b, plan);
}

static int
find_param(const struct text *x, int from, uint16_t col)
{
	for (int i = 0; i < x->st->nparams; i++)
		if ((int)x->st->params[i].from == from && x->st->params[i].col == col)
			return i;
	assert(!"a column takes part that has no parameter");
	return 0;
}

/* The value as SQL, of the column's type or one that is assigned to it. */
static void
put_expr(struct text *x, int from, uint16_t col)
{
	const struct coltype *type = x->plan->cols[col].target_type;
	const uint8_t code = x->s->code[col];
	const enum pg_form form = from == PG_PARAM_KEY ? key_code(code) : value_code(code);

	if (x->s->many) {
		buf_printf(x->b, "u.%c%u", from == PG_PARAM_KEY ? 'k' : 'v', col);
		if (form == PG_FORM_BINARY)
			return;
	} else {
		buf_printf(x->b, "$%d", find_param(x, from, col) + 1);
		if (form == PG_FORM_TEXT)
			buf_str(x->b, "::pg_catalog.text");
	}
	if (form == PG_FORM_TEXT && type->base_oid == OID_TEXT)
		return;
	buf_str(x->b, "::");
	pg_cast_name(x->b, type);
}

static void
put_number(struct text *x)
{
	buf_str(x->b, x->s->many ? "u.n" : "$1::pg_catalog.int8");
}

/* unnest($1::t[],...) u(k0,v1): in one mode there is nothing to join. */
static void
put_rows(struct text *x, const char *before)
{
	struct buf *b = x->b;

	if (!x->s->many)
		return;
	buf_printf(b, "%sunnest(", before);
	for (int i = 0; i < x->st->nparams; i++) {
		const struct pg_param *p = &x->st->params[i];

		buf_printf(b, "%s$%d::", i > 0 ? "," : "", i + 1);
		buf_str(b, pg_type_cast_name(p->element));
		buf_str(b, "[]");
	}
	buf_str(b, ") u(");
	for (int i = 0; i < x->st->nparams; i++) {
		const struct pg_param *p = &x->st->params[i];

		if (p->from == PG_PARAM_NUMBER)
			buf_str(b, "n");
		else
			buf_printf(b, "%s%c%u", i > 0 ? "," : "",
			    p->from == PG_PARAM_KEY ? 'k' : 'v', p->col);
	}
	buf_str(b, ")");
}

/* t.column = the key's value, or, where it is set and by_new, the new one. */
static void
put_equal(struct text *x, const char *alias, uint16_t col, bool by_new)
{
	const bool set = by_new && value_code(x->s->code[col]) != PG_FORM_NONE;

	buf_str(x->b, alias);
	pg_ident(x->b, x->plan->cols[col].name);
	if (x->equals != NULL && x->equals[col] != NULL) {
		buf_str(x->b, " OPERATOR(");
		pg_ident(x->b, x->equals[col]);
		buf_str(x->b, ".=) ");
	} else {
		buf_str(x->b, " = ");
	}
	put_expr(x, set ? PG_PARAM_VALUE : PG_PARAM_KEY, col);
}

static void
put_key_equals(struct text *x, bool by_new)
{
	for (uint16_t i = 0; i < x->plan->nkey; i++)
		put_equal(x, i > 0 ? " AND t." : "t.", x->plan->key[i], by_new);
}

static bool
moves_key(const struct text *x)
{
	for (uint16_t i = 0; i < x->plan->nkey; i++)
		if (value_code(x->s->code[x->plan->key[i]]) != PG_FORM_NONE)
			return true;
	return false;
}

static void
put_key_match(struct text *x)
{
	const bool either = x->s->either && moves_key(x);

	buf_str(x->b, either ? "(" : "");
	put_key_equals(x, false);
	if (either) {
		buf_str(x->b, " OR ");
		put_key_equals(x, true);
		buf_str(x->b, ")");
	}
}

/* Types whose equality is identity; all others are compared by their canonical text. */
static bool
equality_is_exact(uint32_t base_oid)
{
	switch (base_oid) {
	case 16: /* bool */
	case 17: /* bytea */
	case 20: /* int8 */
	case 21: /* int2 */
	case 23: /* int4 */
	case 1082: /* date */
	case 1114: /* timestamp */
	case 1184: /* timestamptz */
	case 2950: /* uuid */ return true;
	default: return false;
	}
}

/* What the column has made of the value. */
static void
put_typmod(struct text *x, uint16_t col)
{
	const struct coltype *type = x->plan->cols[col].target_type;

	if (type->typmod >= 0)
		buf_printf(x->b, "::%s", type->name);
}

static void
put_content_match(struct text *x)
{
	struct buf *b = x->b;

	for (uint16_t i = 0; i < x->plan->nhint; i++) {
		put_equal(x, "x.", x->plan->hint[i], false);
		put_typmod(x, x->plan->hint[i]);
		buf_str(b, " AND ");
	}
	for (uint16_t i = 0; i < x->plan->ncols; i++) {
		const struct plan_column *pc = &x->plan->cols[i];
		const bool exact = equality_is_exact(pc->target_type->base_oid);
		/* The cast of character(n) to text takes blanks away. */
		const bool blanks = pc->target_type->base_oid == OID_BPCHAR;
		const char *before = blanks ? "pg_catalog.bpcharsend(" : "(",
			   *after = exact || blanks ? ")" : ")::pg_catalog.text COLLATE \"C\"";

		buf_printf(b, "%s%sx.", i > 0 ? " AND " : "", before);
		pg_ident(b, pc->name);
		buf_printf(b, "%s IS NOT DISTINCT FROM %s", after, before);
		put_expr(x, PG_PARAM_KEY, i);
		put_typmod(x, i);
		buf_str(b, after);
	}
}

/* One row of those that have the content: equal rows are told apart by their place. */
static void
put_content(struct text *x, const char *before)
{
	struct buf *b = x->b;
	const bool leaves = x->plan->target->kind == 'p';

	buf_str(b, leaves ? before : " WHERE t.ctid = ");
	buf_str(b, leaves ? "(SELECT x.tableoid AS o, x.ctid AS c FROM " : "(SELECT x.ctid FROM ");
	put_rows_of(b, x->plan);
	buf_str(b, " x WHERE ");
	put_content_match(x);
	buf_str(b, " LIMIT 1)");
	if (leaves)
		buf_str(b, " f WHERE t.tableoid = f.o AND t.ctid = f.c");
}

/* USING/FROM and WHERE: what finds the rows. */
static void
put_find(struct text *x, const char *before)
{
	if (x->plan->keyless) {
		put_content(x, before);
		return;
	}
	put_rows(x, before);
	buf_str(x->b, " WHERE ");
	put_key_match(x);
	for (uint16_t i = 0; i < x->plan->ncols; i++)
		if (value_code(x->s->code[i]) != PG_FORM_NONE && stays(x->s, x->plan, i))
			put_equal(x, " AND t.", i, true);
}

static int
plan_column_of(const struct text *x, uint16_t target)
{
	for (uint16_t i = 0; i < x->plan->ncols; i++)
		if (x->plan->cols[i].target == target)
			return i;
	return -1;
}

/* The whole row in its final form: new values, and from `old` what has none. */
static void
put_final_row(struct text *x, const char *old, bool by_name)
{
	const struct table_desc *target = x->plan->target;
	const char *comma = "";

	for (uint16_t i = 0; i < target->ncols; i++) {
		int col = plan_column_of(x, i);

		if (target->cols[i].generated)
			continue;
		buf_str(x->b, comma);
		if (col >= 0 && value_code(x->s->code[col]) != PG_FORM_NONE) {
			put_expr(x, PG_PARAM_VALUE, (uint16_t)col);
		} else if (by_name) {
			buf_printf(x->b, "%s.", old);
			pg_ident(x->b, target->cols[i].name);
		} else {
			buf_printf(x->b, "%s.c%u", old, i);
		}
		buf_printf(x->b, " AS c%u", i);
		comma = ", ";
	}
}

static void
put_all_columns(struct buf *b, const struct table_desc *target)
{
	const char *comma = "";

	for (uint16_t i = 0; i < target->ncols; i++) {
		if (target->cols[i].generated)
			continue;
		buf_str(b, comma);
		pg_ident(b, target->cols[i].name);
		comma = ", ";
	}
}

static void
put_plan_columns(struct buf *b, const struct plan *plan)
{
	for (uint16_t i = 0; i < plan->ncols; i++) {
		buf_str(b, i > 0 ? ", " : "");
		pg_ident(b, plan->cols[i].name);
	}
}

/* WITH d AS (DELETE ... RETURNING the final row) INSERT: closes what the caller began. */
static void
put_insert_final(struct text *x)
{
	buf_str(x->b, ") INSERT INTO ");
	put_table(x->b, x->plan);
	buf_str(x->b, " (");
	put_all_columns(x->b, x->plan->target);
	buf_str(x->b, ") OVERRIDING SYSTEM VALUE SELECT * FROM d");
}

static void
text_delete(struct text *x)
{
	const uint16_t key = x->plan->nkey == 1 ? x->plan->key[0] : 0;

	buf_str(x->b, "DELETE FROM ");
	put_rows_of(x->b, x->plan);
	buf_str(x->b, " t");
	if (x->s->many && x->plan->nkey == 1 && key_code(x->s->code[key]) == PG_FORM_BINARY) {
		buf_str(x->b, " WHERE t.");
		pg_ident(x->b, x->plan->cols[key].name);
		buf_printf(x->b, " = ANY ($1::%s[])", pg_type_cast_name(x->st->params[0].element));
		return;
	}
	put_find(x, " USING ");
}

static void
text_touch(struct text *x)
{
	buf_str(x->b, "SELECT 1 FROM ");
	put_rows_of(x->b, x->plan);
	buf_str(x->b, " t");
	put_find(x, ", ");
	buf_str(x->b, " FOR UPDATE OF t");
}

static void
text_update(struct text *x)
{
	const char *comma = " SET ";

	buf_str(x->b, "UPDATE ");
	put_rows_of(x->b, x->plan);
	buf_str(x->b, " t");
	for (uint16_t i = 0; i < x->plan->ncols; i++) {
		if (value_code(x->s->code[i]) == PG_FORM_NONE || stays(x->s, x->plan, i))
			continue;
		buf_str(x->b, comma);
		pg_ident(x->b, x->plan->cols[i].name);
		buf_str(x->b, " = ");
		put_expr(x, PG_PARAM_VALUE, i);
		comma = ", ";
	}
	put_find(x, " FROM ");
}

static void
text_replace(struct text *x)
{
	buf_str(x->b, "WITH d AS (DELETE FROM ");
	put_rows_of(x->b, x->plan);
	buf_str(x->b, " t");
	put_find(x, " USING ");
	buf_str(x->b, " RETURNING ");
	put_final_row(x, "t", true);
	put_insert_final(x);
}

static void
text_insert(struct text *x)
{
	buf_str(x->b, "INSERT INTO ");
	put_table(x->b, x->plan);
	buf_str(x->b, " (");
	put_plan_columns(x->b, x->plan);
	buf_str(x->b, x->plan->overriding ? ") OVERRIDING SYSTEM VALUE SELECT " : ") SELECT ");
	for (uint16_t i = 0; i < x->plan->ncols; i++) {
		buf_str(x->b, i > 0 ? ", " : "");
		put_expr(x, PG_PARAM_VALUE, i);
	}
	put_rows(x, " FROM ");
}

static void
text_park(struct text *x)
{
	const struct table_desc *target = x->plan->target;

	buf_str(x->b, "WITH d AS (DELETE FROM ");
	put_rows_of(x->b, x->plan);
	buf_str(x->b, " t");
	put_find(x, " USING ");
	buf_str(x->b, " RETURNING ");
	put_number(x);
	for (uint16_t i = 0; i < target->ncols; i++) {
		if (target->cols[i].generated)
			continue;
		buf_str(x->b, ", t.");
		pg_ident(x->b, target->cols[i].name);
		buf_printf(x->b, " AS c%u", i);
	}
	buf_str(x->b, ") INSERT INTO ");
	pg_park_name(x->b, x->park);
	buf_str(x->b, " SELECT * FROM d");
}

/* Takes the rows out of the parking, so that their numbers may be used again in the same
 * transaction. */
static void
text_unpark(struct text *x)
{
	buf_str(x->b, "WITH d AS (DELETE FROM ");
	pg_park_name(x->b, x->park);
	buf_str(x->b, " p");
	put_rows(x, " USING ");
	buf_str(x->b, " WHERE p.n = ");
	put_number(x);
	buf_str(x->b, " RETURNING ");
	put_final_row(x, "p", false);
	put_insert_final(x);
}

void
pg_park_name(struct buf *b, uint32_t park)
{
	buf_printf(b, "pg_temp.repld_park_%u", park);
}

void
pg_park_ddl(struct buf *create, struct buf *key, const struct plan *plan, uint32_t park)
{
	const struct table_desc *target = plan->target;

	buf_str(create, "CREATE TEMPORARY TABLE ");
	pg_park_name(create, park);
	buf_str(create, " ON COMMIT DELETE ROWS AS SELECT 0::pg_catalog.int8 AS n");
	for (uint16_t i = 0; i < target->ncols; i++) {
		if (target->cols[i].generated)
			continue;
		buf_str(create, ", t.");
		pg_ident(create, target->cols[i].name);
		buf_printf(create, " AS c%u", i);
	}
	buf_str(create, " FROM ");
	put_table(create, plan);
	buf_str(create, " t WITH NO DATA");
	buf_str(key, "ALTER TABLE ");
	pg_park_name(key, park);
	buf_str(key, " ADD PRIMARY KEY (n)");
}

void
pg_copy_sql(struct buf *b, const struct plan *plan, bool binary)
{
	buf_str(b, "COPY ");
	put_table(b, plan);
	buf_str(b, " (");
	put_plan_columns(b, plan);
	buf_str(b, binary ? ") FROM STDIN (FORMAT binary)" : ") FROM STDIN (FORMAT text)");
}

/* ---- statements ---- */

static void
add_param(
    struct pg_statement *st, int from, uint16_t col, enum pg_form form, const struct plan *plan)
{
	struct pg_param *p = &st->params[st->nparams++];

	p->from = from;
	p->col = col;
	p->element = form == PG_FORM_BINARY ? plan->cols[col].target_type->base_oid : OID_TEXT;
}

static void
add_params(struct pg_statement *st, const struct plan *plan, const struct pg_shape *s)
{
	if (s->verb == PG_VERB_PARK || s->verb == PG_VERB_UNPARK) {
		add_param(st, PG_PARAM_NUMBER, 0, PG_FORM_TEXT, plan);
		st->params[0].element = OID_INT8;
	}
	for (uint16_t i = 0; i < plan->ncols; i++)
		if (key_code(s->code[i]) != PG_FORM_NONE)
			add_param(st, PG_PARAM_KEY, i, key_code(s->code[i]), plan);
	for (uint16_t i = 0; i < plan->ncols; i++)
		if (value_code(s->code[i]) != PG_FORM_NONE)
			add_param(st, PG_PARAM_VALUE, i, value_code(s->code[i]), plan);
}

static void
put_statement(struct text *x)
{
	switch ((enum pg_verb)x->s->verb) {
	case PG_VERB_DELETE: text_delete(x); break;
	case PG_VERB_UPDATE: text_update(x); break;
	case PG_VERB_TOUCH: text_touch(x); break;
	case PG_VERB_REPLACE: text_replace(x); break;
	case PG_VERB_INSERT: text_insert(x); break;
	case PG_VERB_PARK: text_park(x); break;
	case PG_VERB_UNPARK: text_unpark(x); break;
	}
}

struct pg_statement *
pg_statement_new(const struct plan *plan, const struct pg_shape *s, uint32_t id, uint32_t park,
    const char *const *equals, struct err *err)
{
	struct pg_statement *st = mem_zalloc(sizeof(*st), err);
	struct buf sql = { 0 };

	if (st == NULL)
		return NULL;
	st->id = id;
	st->many = s->many != 0;
	if ((st->params = mem_zalloc((2 * (size_t)plan->ncols + 1) * sizeof(*st->params), err)) ==
	    NULL)
		goto fail;
	add_params(st, plan, s);
	put_statement(&(struct text){
	    .b = &sql, .plan = plan, .s = s, .equals = equals, .park = park, .st = st });
	if ((st->sql = mem_strdup(buf_cstr(&sql), err)) == NULL || sql.bad)
		goto fail;
	buf_done(&sql);
	return st;
fail:
	if (sql.bad)
		err_set(err, ERR_SYSTEM, "no memory for a statement");
	buf_done(&sql);
	pg_statement_free(st);
	return NULL;
}

void
pg_statement_free(struct pg_statement *st)
{
	if (st == NULL)
		return;
	free(st->sql);
	free(st->params);
	free(st);
}
