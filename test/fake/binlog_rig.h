/* binlog_rig.h - a binlog decoder between hooks and a sink that check, for tests and fuzz targets: its changes as text, its state put
 * back after an event that was only tried. Include it behind cdc/binlog.c, or with cdc/binlog_intern.h.
 * Tables named skip* are not captured, of those named parent* old rows are wanted, refuse* makes the resolver or the statement hook
 * fail, of less* the types come from the resolver and the last column is left out. */
#ifndef REPLD_TEST_BINLOG_RIG_H
#define REPLD_TEST_BINLOG_RIG_H

#include <inttypes.h>

#include "cdc/binlog_intern.h"
#include "cdc/my_type.h"
#include "cdc/relmap.h"
#include "test/fake/checking_sink.h"

#define RIG_VOIDS 16

struct binlog_rig {
	struct binlog *dec;
	struct binlog_options options;
	struct binlog_void voids[RIG_VOIDS];
	struct checking_sink sink;
	struct buf text;
	bool dump;
	bool flush_always;
	const void *table; /* what the resolver gives; NULL: the rig itself */
	bool takes_all; /* statements of any kind, tables by whatever is known of them */
	uint64_t rows, commits, gtids;
	struct err err;
};

/* ---- changes as text ---- */

static inline void
dump_value(struct buf *out, const struct value *v)
{
	const uint32_t shown = v->len > 40 ? 24 : v->len;

	if (v->kind == VALUE_ABSENT) {
		buf_str(out, "absent");
	} else if (v->kind == VALUE_NULL) {
		buf_str(out, "NULL");
	} else if (v->kind == VALUE_TEXT) {
		buf_json_str(out, (const char *)v->p, shown);
	} else {
		buf_str(out, "x");
		for (uint32_t i = 0; i < shown; i++)
			buf_printf(out, "%02x", v->p[i]);
	}
	if (v->kind > VALUE_NULL && shown < v->len)
		buf_printf(
		    out, "...(%u bytes, hash %08x)", v->len, (unsigned)hash_bytes(v->p, v->len, 0));
}

static inline void
dump_values(struct buf *out, const char *what, const struct relation *rel, const struct value *v,
    uint16_t n)
{
	if (n == 0)
		return;
	buf_printf(out, "\n    %s:", what);
	for (uint16_t i = 0; i < n; i++) {
		buf_printf(out, " %s=", rel->cols[i].name);
		dump_value(out, &v[i]);
	}
}

static inline void
dump_row(struct buf *out, const struct change *c)
{
	static const char *const kinds[] = {
		[CHANGE_INSERT] = "INSERT", [CHANGE_UPDATE] = "UPDATE", [CHANGE_DELETE] = "DELETE"
	};

	buf_printf(out, "  %s %s.%s%s", kinds[c->kind], c->rel->schema, c->rel->name,
	    (c->flags & CHANGE_CASCADES) != 0 ? " (may cascade)" : "");
	dump_values(
	    out, c->old == OLD_FULL ? "old row" : "old key", c->rel, change_old_values(c), c->nold);
	dump_values(out, "new", c->rel, change_new_values(c), c->nnew);
	buf_str(out, "\n");
}

static inline void
dump_end(struct buf *out, const struct change *c)
{
	static const char *const kinds[] = { [CHANGE_COMMIT] = "COMMIT",
		[CHANGE_KEEPALIVE] = "KEEPALIVE",
		[CHANGE_XA_PREPARE] = "XA PREPARE",
		[CHANGE_XA_COMMIT] = "XA COMMIT",
		[CHANGE_XA_ROLLBACK] = "XA ROLLBACK" };
	char pos[POSITION_TEXT], when[WALL_TEXT], gtid[GTID_TEXT];

	buf_printf(out, "%s %s at %s", kinds[c->kind], position_text(&c->u.commit.position, pos),
	    wall_text_ms(c->u.commit.commit_time, when));
	if (c->u.commit.xid_format != 0)
		buf_printf(out, " xid %.*s,%.*s,%u", c->u.commit.gtrid_len,
		    (const char *)change_xid(c), c->u.commit.bqual_len,
		    (const char *)change_xid(c) + c->u.commit.gtrid_len, c->u.commit.xid_format);
	for (uint16_t i = 0; i < c->u.commit.ngtids; i++) {
		const struct gtid_run *run = &change_gtids(c)[i];

		buf_printf(out, " %s", gtid_text(&run->first, gtid));
		if (run->last > run->first.number)
			buf_printf(out, "-%" PRIu64, run->last);
	}
	buf_str(out, "\n");
}

static inline void
dump_change(struct buf *out, const struct change *c)
{
	char pos[POSITION_TEXT], when[WALL_TEXT];

	switch (c->kind) {
	case CHANGE_BEGIN:
		buf_printf(out, "BEGIN %s at %s", txn_mark_text(&c->u.begin.mark, pos),
		    wall_text_ms(c->u.begin.commit_time, when));
		if ((c->flags & CHANGE_PREPARES) != 0)
			buf_printf(out, " prepares %.*s,%.*s,%u", c->u.begin.gtrid_len,
			    (const char *)change_xid(c), c->u.begin.bqual_len,
			    (const char *)change_xid(c) + c->u.begin.gtrid_len,
			    c->u.begin.xid_format);
		buf_str(out, "\n");
		break;
	case CHANGE_INSERT:
	case CHANGE_UPDATE:
	case CHANGE_DELETE: dump_row(out, c); break;
	case CHANGE_TRUNCATE:
		buf_printf(out, "  TRUNCATE %s.%s\n", change_truncated(c)[0]->schema,
		    change_truncated(c)[0]->name);
		break;
	default: dump_end(out, c);
	}
}

static inline void
rig_seen(void *arg, const struct change *c)
{
	struct binlog_rig *rig = arg;

	rig->rows +=
	    c->kind == CHANGE_INSERT || c->kind == CHANGE_UPDATE || c->kind == CHANGE_DELETE;
	rig->commits += c->kind == CHANGE_COMMIT;
	if (!is_inside(c->kind) || c->kind == CHANGE_COMMIT || c->kind == CHANGE_XA_PREPARE)
		for (uint16_t i = 0; c->kind != CHANGE_BEGIN && i < c->u.commit.ngtids; i++)
			rig->gtids += change_gtids(c)[i].last - change_gtids(c)[i].first.number + 1;
	if (rig->dump)
		dump_change(&rig->text, c);
}

/* ---- hooks ---- */

static inline void
dump_table(struct buf *out, const struct binlog_table *t, bool captured)
{
	buf_printf(out, "  (table %s.%s%s%s%s%s:", t->schema, t->name,
	    captured ? "" : ", not captured", t->has_names ? "" : ", no names",
	    t->has_signedness ? "" : ", no signs", t->has_keys ? "" : ", no key");
	for (uint16_t i = 0; i < t->ncols; i++) {
		const struct binlog_column *col = &t->cols[i];

		buf_printf(out, " %s%s:%u,%x", col->key ? "*" : "",
		    col->name != NULL ? col->name : "?", binlog_real_code(col), col->meta);
		if (col->key_prefix > 0)
			buf_printf(out, "(%u)", col->key_prefix);
		buf_printf(out, "%s%s%s", col->is_unsigned ? " unsigned" : "",
		    col->nullable ? "" : " not null", col->invisible ? " invisible" : "");
		if (col->collation != 0)
			buf_printf(out, " collation %u", col->collation);
		for (uint16_t k = 0; k < col->nlabels; k++) {
			buf_str(out, k == 0 ? " " : ",");
			buf_json_str(out, col->labels[k], col->label_len[k]);
		}
		if (col->geometry != 0 || col->dimensions != 0)
			buf_printf(out, " %u/%u", col->geometry, col->dimensions);
	}
	buf_str(out, ")\n");
}

/* What a catalog would add: of each table its columns, those of the key marked *, unsigned ones +. */
static inline const char *
catalog(const char *table)
{
	static const char *const tables[][2] = { { "keyed", "*id a b +n" }, { "pair", "*a b *c" },
		{ "bare", "a b c" }, { "old_engine", "*id a" }, { "parent", "*id k" },
		{ "child", "*id parent" }, { "parts", "*id a" }, { "copy", "id a b +n" } };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(table, tables[i][0]) == 0)
			return tables[i][1];
	return "";
}

static inline void
complete(struct binlog_table *t, bool any)
{
	const char *c = catalog(t->name);

	for (uint16_t i = 0; i < t->ncols; i++) {
		struct binlog_column *col = &t->cols[i];
		size_t n;

		col->key |= *c == '*';
		col->is_unsigned |= *c == '+';
		c += *c == '*' || *c == '+';
		n = strcspn(c, " ");
		if (n == 0 && !any)
			return;
		col->name =
		    n > 0 ? arena_strndup(t->arena, c, n) : arena_printf(t->arena, "c%u", i);
		c += n + (c[n] == ' ');
		if (col->collation == 0)
			col->collation = col->code == 15 ? 45 : 63;
	}
	t->has_names = t->has_signedness = true;
}

/* As where a catalog tells of generated columns. */
static inline bool
give_types(struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	struct coltype *types = arena_zalloc(t->arena, t->ncols * sizeof(*types));
	bool *left_out = arena_zalloc(t->arena, t->ncols);

	sink_assert(types != NULL && left_out != NULL);
	for (uint16_t i = 0; i < t->ncols; i++)
		if (!my_type_from_map(&types[i], &t->cols[i], t->mariadb, t->arena, err))
			return false;
	left_out[t->ncols - 1] = t->ncols > 1;
	ret->types = types;
	ret->left_out = left_out;
	return true;
}

static inline bool
rig_resolve(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	struct binlog_rig *rig = arg;

	sink_assert(t->schema[0] != '\0' && t->name[0] != '\0' && t->ncols > 0);
	if (strncmp(t->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the resolver was told to refuse");
	ret->table = rig->table != NULL ? rig->table : rig;
	if (strncmp(t->name, "skip", 4) == 0)
		ret->table = NULL;
	ret->want_old = strncmp(t->name, "parent", 6) == 0;
	if (rig->dump)
		dump_table(&rig->text, t, ret->table != NULL);
	if (t->unknown_code == 0 && (!t->has_names || !t->has_signedness))
		complete(t, rig->takes_all);
	return strncmp(t->name, "less", 4) != 0 || t->unknown_code != 0 || give_types(t, ret, err);
}

/* Of a captured table, and sealed. */
static inline bool
rig_relation(void *arg, const struct relation *rel, struct err *err)
{
	struct binlog_rig *rig = arg;

	(void)err;
	sink_assert(rel->table == rig && rel->version != 0);
	for (uint16_t i = 0; i < rel->ncols; i++)
		sink_assert(rel->replica_identity != 'f' || rel->cols[i].identity);
	sink_assert(binlog_relation(rig->dec, rel->schema, rel->name) == rel);
	if (rig->dump)
		buf_printf(&rig->text, "  (relation %u %s.%s, identity %c)\n", rel->id, rel->schema,
		    rel->name, rel->replica_identity);
	return true;
}

static inline void
dump_statement(struct buf *out, const struct binlog_statement *st)
{
	const struct sql_text *sql = st->sql;
	char gtid[GTID_TEXT], pos[POSITION_TEXT];

	buf_printf(out, "  [%s",
	    sql->kind == SQL_DML	? "DML"
	    : sql->kind == SQL_DDL	? "DDL"
	    : sql->kind == SQL_TRUNCATE ? "TRUNCATE"
					: "other");
	buf_printf(out, "%s%s%s%s in %s:", sql->unclear ? " unclear" : "",
	    sql->temporary ? " temporary" : "", st->in_transaction ? " in transaction" : "",
	    st->rows_seen ? " behind rows" : "", st->schema);
	for (uint16_t i = 0; i < sql->nnames; i++)
		buf_printf(out, " %s.%s", sql->names[i].schema, sql->names[i].name);
	if (st->dbs_known)
		buf_str(out, "; changes");
	for (uint16_t i = 0; i < st->ndbs; i++)
		buf_printf(out, " %s", st->dbs[i]);
	buf_printf(
	    out, "; %s at %s] ", gtid_text(&st->gtid, gtid), position_text(&st->position, pos));
	buf_json_str(out, st->text, st->n);
	buf_str(out, "\n");
}

static inline bool
rig_statement(void *arg, const struct binlog_statement *st, enum binlog_answer *ret,
    const struct relation **ret_rel, struct err *err)
{
	struct binlog_rig *rig = arg;
	const struct sql_name *name = &st->sql->names[0];

	sink_assert(st->text[st->n] == '\0' && st->sql->kind >= SQL_DML);
	if (rig->dump)
		dump_statement(&rig->text, st);
	if (st->sql->nnames > 0 && strncmp(name->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the hook was told to refuse");
	if (st->sql->kind == SQL_TRUNCATE && st->sql->nnames == 1)
		*ret_rel = binlog_relation(
		    rig->dec, name->schema[0] != '\0' ? name->schema : st->schema, name->name);
	*ret = *ret_rel != NULL && !st->in_transaction ? BINLOG_TRUNCATE : BINLOG_IGNORE;
	if (st->sql->kind == SQL_DDL)
		binlog_forget_tables(rig->dec);
	return true;
}

/* ---- its life ---- */

/* False: the options are refused. */
static inline bool
rig_try(struct binlog_rig *rig)
{
	rig->options.voids = rig->voids;
	rig->dec = binlog_new(&rig->options,
	    (struct binlog_hooks){ rig_resolve, rig_relation, rig_statement, rig },
	    checking_sink(&rig->sink), &rig->err);
	sink_assert(rig->dec != NULL || rig->err.msg[0] != '\0');
	return rig->dec != NULL;
}

static inline void
rig_decoder(struct binlog_rig *rig)
{
	sink_assert(rig_try(rig));
}

static inline void
rig_start(struct binlog_rig *rig, bool dump)
{
	memset(rig, 0, sizeof(*rig));
	rig->dump = dump;
	rig->sink.seen = rig_seen;
	rig->sink.arg = rig;
	rig_decoder(rig);
}

static inline void
rig_end(struct binlog_rig *rig)
{
	binlog_free(rig->dec);
	checking_sink_done(&rig->sink);
	buf_done(&rig->text);
}

/* From memory of exactly this size. */
static inline bool
rig_event(struct binlog_rig *rig, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	bool ok;

	sink_assert(copy != NULL);
	memcpy(copy, p, n);
	err_clear(&rig->err);
	ok = binlog_event(rig->dec, copy, n, &rig->err);
	free(copy);
	sink_assert(ok == (rig->err.kind == ERR_NONE));
	sink_assert(ok || rig->err.msg[0] != '\0');
	sink_assert(!ok || binlog_in_transaction(rig->dec) || !rig->sink.in_txn);
	if (ok && rig->flush_always)
		ok = binlog_flush(rig->dec, &rig->err);
	return ok;
}

/* Frames: u32 big-endian length, event. */
static inline bool
rig_events(struct binlog_rig *rig, const uint8_t *p, size_t n)
{
	struct rd in = rd_init(p, n);

	while (rd_left(&in) >= 4) {
		size_t size = rd_u32(&in);

		if (size > rd_left(&in))
			size = rd_left(&in);
		if (!rig_event(rig, rd_bytes(&in, size), size))
			return false;
	}
	return binlog_flush(rig->dec, &rig->err);
}

/* After rows that were rolled back: a new decoder that knows. */
static inline bool
rig_again(struct binlog_rig *rig)
{
	struct binlog_void *v = &rig->voids[rig->options.nvoids];
	char pos[POSITION_TEXT];

	if (rig->options.nvoids == RIG_VOIDS || !binlog_rolled_back(rig->dec, v))
		return false;
	if (rig->dump)
		buf_printf(&rig->text, "again without rows events %u to %u of %s: %s\n", v->first,
		    v->last, position_text(&v->group, pos), rig->err.msg);
	rig->options.nvoids++;
	binlog_free(rig->dec);
	rig->sink.in_txn = false;
	rig->rows = rig->commits = rig->gtids = 0;
	err_clear(&rig->err);
	rig_decoder(rig);
	return true;
}

/* ---- events that are only tried ---- */

/* What an event changes in the decoder, but for what it learns of tables. */
struct rig_state {
	struct group group;
	struct gtid last_gtid;
	uint64_t at, done, told, uncaptured;
	const char *log;
	struct wall last_time;
	uint8_t post[256];
	char version[51];
	bool format_known, checksum;
	enum gtid_flavour flavour;
	size_t nruns;
	struct gtid_run runs[64];
	uint16_t nactive;
	bool in_txn;
};

static inline struct rig_state
rig_save(const struct binlog_rig *rig)
{
	const struct binlog *d = rig->dec;
	struct rig_state s = { .group = d->group,
		.last_gtid = d->last_gtid,
		.at = d->at,
		.done = d->done,
		.told = d->told,
		.uncaptured = d->uncaptured,
		.log = d->log,
		.last_time = d->last_time,
		.format_known = d->format_known,
		.checksum = d->checksum,
		.flavour = d->flavour,
		.nruns = d->nruns,
		.nactive = d->nactive,
		.in_txn = rig->sink.in_txn };

	memcpy(s.post, d->post, sizeof(s.post));
	memcpy(s.version, d->version, sizeof(s.version));
	sink_assert(d->nruns <= 64);
	if (d->nruns > 0)
		memcpy(s.runs, d->runs, d->nruns * sizeof(s.runs[0]));
	return s;
}

static inline void
rig_restore(struct binlog_rig *rig, const struct rig_state *s)
{
	struct binlog *d = rig->dec;

	d->group = s->group;
	d->last_gtid = s->last_gtid;
	d->at = s->at;
	d->done = s->done;
	d->told = s->told;
	d->uncaptured = s->uncaptured;
	d->log = s->log;
	d->last_time = s->last_time;
	d->format_known = s->format_known;
	d->checksum = s->checksum;
	d->flavour = s->flavour;
	d->nruns = s->nruns;
	d->nactive = s->nactive;
	memcpy(d->post, s->post, sizeof(s->post));
	memcpy(d->version, s->version, sizeof(s->version));
	if (s->nruns > 0)
		memcpy(d->runs, s->runs, s->nruns * sizeof(s->runs[0]));
	d->dead = d->rolled_back = false;
	rig->sink.in_txn = s->in_txn;
	err_clear(&rig->err);
}

/* An event cut to so many bytes, its length and checksum made to fit. */
static inline bool
rig_event_cut(struct binlog_rig *rig, const uint8_t *p, size_t n, size_t cut)
{
	const uint8_t type = cut >= EVENT_HEADER ? p[4] : 0;
	const bool checksum =
	    type == EVENT_FORMAT_DESCRIPTION || !rig->dec->format_known || rig->dec->checksum;
	struct buf b = { 0 };
	bool ok;

	buf_put(&b, p, cut < n ? cut : n);
	if (cut >= EVENT_HEADER) {
		const uint32_t size = (uint32_t)cut;

		memcpy(b.p + 9, &size, 4);
	}
	if (checksum && cut >= EVENT_HEADER + EVENT_CHECKSUM) {
		uint8_t flags = b.p[17];
		uint32_t crc;

		if (type == EVENT_FORMAT_DESCRIPTION)
			b.p[17] &= 0xfe;
		crc = inflate_crc32(b.p, cut - EVENT_CHECKSUM, 0);
		b.p[17] = flags;
		memcpy(b.p + cut - EVENT_CHECKSUM, &crc, 4);
	}
	ok = rig_event(rig, cut > 0 ? b.p : p, cut);
	buf_done(&b);
	return ok;
}

#endif
