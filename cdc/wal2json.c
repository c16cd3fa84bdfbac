/* wal2json.c - the messages of wal2json, format version 2 -> changes.
 * Flow: one message -> its members -> checks -> sink.reserve(upper bound) -> values copied once into the record -> sink.commit.
 * Invariant: rows reach the sink between one BEGIN and its COMMIT only; whatever is not fully understood is refused, and nothing of that message
 * reaches the sink.
 * Threads: the capture thread. Owner: the decoder owns the relation versions; records belong to the sink.
 *
 * A message is one JSON object, its member "action" says what it is; xid and timestamp (of the commit) stand in each:
 *   B  begin      lsn: start of the commit record; nextlsn: its end
 *   C  commit     lsn and nextlsn as in B
 *   I, U, D       lsn: of the change; schema, table; columns: the new row; identity: the old row under REPLICA IDENTITY FULL, else the columns of
 *                 the identity, always, from the new row where the old ones are not in the log as they did not change
 *   T  truncate   lsn, schema, table: one message for each table of the command, all with one lsn
 *   M  message    lsn, transactional, prefix, content; outside a transaction too, then without xid and timestamp
 * A column is an object of name, type, typeoid, value. A value that was not changed and is stored apart (TOAST) is left out. Generated columns are
 * there. Numbers and booleans are JSON's own; bytea comes without its \x; NaN and infinities come as null, unless numbers were asked for as
 * strings. The text of a type is not escaped where it begins with a quote: what stands between its key and the next one is taken as it is.
 * All of that is for types themselves: of a domain over them the value is a string, as of any other type. */
#include "cdc/wal2json_intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS INT64_C(86400)

struct wal2json *
wal2json_new(const struct wal2json_params *p, struct err *err)
{
	struct wal2json *dec = mem_zalloc(sizeof(*dec), err);

	if (dec == NULL)
		return NULL;
	dec->p = *p;
	if (!w2j_entries_init(dec, err)) {
		wal2json_free(dec);
		return NULL;
	}
	return dec;
}

void
wal2json_free(struct wal2json *dec)
{
	if (dec == NULL)
		return;
	w2j_entries_done(dec);
	free(dec->truncated.rels);
	free(dec);
}

bool
wal2json_in_transaction(const struct wal2json *dec)
{
	return dec->in_txn;
}

struct end_lsn
wal2json_end(const struct wal2json *dec)
{
	return dec->end;
}

uint64_t
wal2json_uncaptured(const struct wal2json *dec)
{
	return dec->uncaptured;
}

/* Each character but letters, digits and what is no ASCII gets a backslash; a `*` alone would mean all. */
static void
put_escaped(struct buf *b, const char *name)
{
	for (; *name != '\0'; name++) {
		const uint8_t c = (uint8_t)*name, low = c | 0x20;

		if (c < 0x80 && c != '_' && !(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9'))
			buf_u8(b, '\\');
		buf_u8(b, c);
	}
}

void
wal2json_list_table(struct buf *list, const char *schema, const char *name)
{
	if (list->n > 0)
		buf_u8(list, ',');
	put_escaped(list, schema);
	buf_u8(list, '.');
	put_escaped(list, name);
}

/* ---- records ---- */

static size_t
round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

/* A cleared header with room for `more` bytes behind it; NULL: the sink's error. */
struct change *
w2j_reserve(struct wal2json *dec, enum change_kind kind, size_t more, struct err *err)
{
	struct change *c = dec->p.sink.reserve(dec->p.sink.arg, round16(sizeof(struct change) + more), err);

	if (c == NULL)
		return NULL;
	assert((uintptr_t)c % 16 == 0);
	memset(c, 0, sizeof(*c));
	c->kind = (uint8_t)kind;
	return c;
}

/* The record ends at `end`; what rounding adds is zeros, never old memory. */
bool
w2j_commit(struct wal2json *dec, struct change *c, uint8_t *end, struct err *err)
{
	const size_t used = (size_t)(end - (uint8_t *)c), size = round16(used);

	memset(end, 0, size - used);
	return dec->p.sink.commit(dec->p.sink.arg, c, size, err);
}

/* ---- members ---- */

static bool
cut(const struct json *j, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "the message of %zu bytes is no JSON at byte %zu", j->n, j->bad_at);
}

static bool
read_lsn(struct json *j, uint64_t *ret, struct err *err)
{
	const struct json_text t = json_str(j);
	char text[LSN_TEXT];

	if (j->bad)
		return cut(j, err);
	if (t.n < sizeof(text) && !t.escaped) {
		memcpy(text, t.p, t.n);
		text[t.n] = '\0';
		if (lsn_parse(text, ret, err))
			return true;
	}
	return err_set(err, ERR_PROTOCOL, "a place in the log that is none");
}

static bool
take_digits(const char **at, int min, int max, int64_t *ret)
{
	int n = 0;

	for (*ret = 0; n < max && **at >= '0' && **at <= '9'; n++, (*at)++)
		*ret = *ret * 10 + (**at - '0');
	return n >= min;
}

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Days from 1970-01-01 to this date of the Gregorian calendar. */
static int64_t
days_to(int64_t year, int64_t month, int64_t day)
{
	const int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2026-11-22 16:08:40.557282+00": the session's time zone is UTC. */
static bool
parse_time(const char *p, struct wall *ret)
{
	int64_t year, month, day, hour, minute, second, part = 0, scale = 1000000;

	if (!take_digits(&p, 4, 6, &year) || !take_char(&p, '-') || !take_digits(&p, 2, 2, &month) || !take_char(&p, '-') ||
	    !take_digits(&p, 2, 2, &day) || !take_char(&p, ' ') || !take_digits(&p, 2, 2, &hour) || !take_char(&p, ':') ||
	    !take_digits(&p, 2, 2, &minute) || !take_char(&p, ':') || !take_digits(&p, 2, 2, &second))
		return false;
	if (take_char(&p, '.')) {
		int n = 0;

		for (; n < 6 && *p >= '0' && *p <= '9'; n++, p++)
			part += (*p - '0') * (scale /= 10);
		if (n == 0)
			return false;
	}
	if (strcmp(p, "+00") != 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	ret->v = ((days_to(year, month, day) * 24 + hour) * 3600 + minute * 60 + second) * 1000000 + part;
	return true;
}

static bool
read_time(struct json *j, struct wall *ret, struct err *err)
{
	struct json_text t;
	char text[40];

	if (json_peek(j) == JSON_NULL) {
		json_null(j);
		*ret = (struct wall){ 0 };
		return !j->bad || cut(j, err);
	}
	t = json_str(j);
	if (j->bad)
		return cut(j, err);
	if (t.n < sizeof(text) && !t.escaped) {
		memcpy(text, t.p, t.n);
		text[t.n] = '\0';
		if (parse_time(text, ret))
			return true;
	}
	return err_set(err, ERR_PROTOCOL, "a time that is not one of UTC");
}

static bool
read_xid(struct json *j, uint32_t *ret, struct err *err)
{
	struct slice s;
	uint64_t v = 0;

	*ret = 0;
	if (json_peek(j) == JSON_NULL) {
		json_null(j);
		return !j->bad || cut(j, err);
	}
	s = json_number(j);
	if (j->bad)
		return cut(j, err);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > UINT32_MAX)
			return err_set(err, ERR_PROTOCOL, "a transaction number that is none");
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*ret = (uint32_t)v;
	return v <= UINT32_MAX || err_set(err, ERR_PROTOCOL, "a transaction number that is none");
}

static bool
read_action(struct json *j, struct message *m, struct err *err)
{
	const struct json_text t = json_str(j);

	if (j->bad)
		return cut(j, err);
	if (t.n != 1 || strchr("BCIUDTM", t.p[0]) == NULL)
		return err_set(err, ERR_PROTOCOL, "an action that is not one of format version 2");
	m->action = (char)t.p[0];
	return true;
}

/* dec NULL: only a transaction's ends are wanted. The names of the table come before its columns. */
static bool
read_image(struct wal2json *dec, struct json *j, struct message *m, struct cells *cells, struct err *err)
{
	if (dec == NULL || (m->has & (HAS_SCHEMA | HAS_TABLE)) != (HAS_SCHEMA | HAS_TABLE)) {
		m->unread = true;
		return dec == NULL || err_set(err, ERR_PROTOCOL, "columns before the table's name");
	}
	if (m->entry == NULL && !w2j_find(dec, m, err))
		return false;
	m->unread = m->entry == NULL;
	return m->unread || w2j_cells(j, cells, err);
}

static unsigned
member_of(const struct json_text *key)
{
	static const struct { const char *name; unsigned has; } members[] = {
		{ "action", HAS_ACTION }, { "xid", HAS_XID }, { "timestamp", HAS_TIMESTAMP }, { "lsn", HAS_LSN }, { "nextlsn", HAS_NEXTLSN },
		{ "schema", HAS_SCHEMA }, { "table", HAS_TABLE }, { "columns", HAS_COLUMNS }, { "identity", HAS_IDENTITY },
		{ "transactional", HAS_TRANSACTIONAL }, { "prefix", HAS_PREFIX }, { "content", HAS_CONTENT },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_text_is(key, members[i].name))
			return members[i].has;
	return 0;
}

static bool
read_member(struct wal2json *dec, struct json *j, unsigned member, struct message *m, struct err *err)
{
	switch (member) {
	case HAS_ACTION: return read_action(j, m, err);
	case HAS_XID: return read_xid(j, &m->xid, err);
	case HAS_TIMESTAMP: return read_time(j, &m->time, err);
	case HAS_LSN: return read_lsn(j, &m->lsn, err);
	case HAS_NEXTLSN: return read_lsn(j, &m->nextlsn, err);
	case HAS_SCHEMA: m->schema = json_str(j); return true;
	case HAS_TABLE: m->table = json_str(j); return true;
	case HAS_COLUMNS: return read_image(dec, j, m, dec != NULL ? &dec->new_cells : NULL, err);
	case HAS_IDENTITY: return read_image(dec, j, m, dec != NULL ? &dec->old_cells : NULL, err);
	case HAS_TRANSACTIONAL: m->transactional = json_bool(j); return true;
	default: json_skip(j); return true;	/* a message's own words */
	}
}

static bool
read_message(struct wal2json *dec, struct json *j, struct message *m, struct err *err)
{
	struct json_text key;

	json_object(j);
	while (json_member(j, &key)) {
		const unsigned member = member_of(&key);

		if (member == 0 || (m->has & member) != 0)
			return err_set(err, ERR_PROTOCOL, "a member that %s", member == 0 ? "is not known" : "comes twice");
		if (!read_member(dec, j, member, m, err))
			return false;
		m->has |= member;
		if (m->unread)
			break;
	}
	if (j->bad || (!m->unread && !json_end(j)))
		return cut(j, err);
	return true;
}

/* All that it must have, and nothing that it can't have. */
static bool
expect(const struct message *m, unsigned must, unsigned may, struct err *err)
{
	if ((m->has & HAS_ACTION) == 0)
		return err_set(err, ERR_PROTOCOL, "a message without action");
	may |= must | HAS_ACTION | HAS_XID | HAS_TIMESTAMP | HAS_LSN;
	must |= HAS_LSN | HAS_XID;
	if ((m->has & must) == must && (m->has & ~may) == 0)
		return true;
	return err_set(err, ERR_PROTOCOL, "message '%c' with other members than it has", m->action);
}

/* ---- transactions ---- */

static bool
need_txn(const struct wal2json *dec, const struct message *m, struct err *err)
{
	if (!dec->in_txn)
		return err_set(err, ERR_PROTOCOL, "message '%c' outside a transaction", m->action);
	if (m->xid != dec->xid)
		return err_set(err, ERR_PROTOCOL, "message '%c' of transaction %u inside transaction %u", m->action, m->xid, dec->xid);
	return true;
}

static bool
decode_begin(struct wal2json *dec, const struct message *m, struct err *err)
{
	struct change *c;

	if (!expect(m, HAS_NEXTLSN | HAS_TIMESTAMP, 0, err))
		return false;
	if (dec->in_txn)
		return err_set(err, ERR_PROTOCOL, "BEGIN inside a transaction");
	if ((c = w2j_reserve(dec, CHANGE_BEGIN, 0, err)) == NULL)
		return false;
	dec->in_txn = true;
	dec->strangers_known = false;
	dec->final = (struct commit_lsn){ m->lsn };
	dec->xid = m->xid;
	c->u.begin.mark = (struct txn_mark){ .kind = POSITION_LSN, .lsn = dec->final };
	c->u.begin.commit_time = m->time;
	c->u.begin.xid = m->xid;
	return w2j_commit(dec, c, (uint8_t *)(c + 1), err);
}

static bool
decode_commit(struct wal2json *dec, const struct message *m, struct err *err)
{
	char a[LSN_TEXT], b[LSN_TEXT];
	struct change *c;

	if (!expect(m, HAS_NEXTLSN | HAS_TIMESTAMP, 0, err) || !need_txn(dec, m, err))
		return false;
	if (m->lsn != dec->final.v)
		return err_set(err, ERR_PROTOCOL, "COMMIT of a transaction at %s inside the one at %s", lsn_text(m->lsn, a),
		    lsn_text(dec->final.v, b));
	if (m->nextlsn <= m->lsn)
		return err_set(err, ERR_PROTOCOL, "COMMIT record ends at %s, but starts at %s", lsn_text(m->nextlsn, a),
		    lsn_text(m->lsn, b));
	if ((c = w2j_reserve(dec, CHANGE_COMMIT, 0, err)) == NULL)
		return false;
	c->u.commit.position = (struct position){ .kind = POSITION_LSN, .lsn = { m->nextlsn } };
	c->u.commit.commit_time = m->time;
	dec->in_txn = false;
	dec->end = c->u.commit.position.lsn;
	return w2j_commit(dec, c, (uint8_t *)(c + 1), err);
}

static bool
decode_message(struct wal2json *dec, const struct message *m, struct err *err)
{
	return expect(m, HAS_TRANSACTIONAL, HAS_PREFIX | HAS_CONTENT, err) && (!m->transactional || need_txn(dec, m, err));
}

/* ---- rows ---- */

static bool
decode_row(struct wal2json *dec, struct message *m, struct err *err)
{
	const unsigned table = HAS_SCHEMA | HAS_TABLE;

	if (!expect(m, m->action == 'D' || m->unread ? table : table | HAS_COLUMNS, m->action == 'I' && !m->unread ? 0 : HAS_COLUMNS | HAS_IDENTITY,
		err) || !need_txn(dec, m, err))
		return false;
	if (m->entry == NULL && !m->unread && !w2j_find(dec, m, err))
		return false;
	if (m->entry == NULL) {
		dec->uncaptured++;
		return true;
	}
	if (m->action == 'D' && (m->has & HAS_COLUMNS) != 0)
		return err_set(err, ERR_PROTOCOL, "a DELETE with a new row");
	if (m->action != 'I' && (m->has & HAS_IDENTITY) == 0) {
		err_set(err, ERR_PROTOCOL, "a change without the old row's identity");
		return err_table(err, m->entry->schema, m->entry->name);
	}
	return w2j_row(dec, m, err) || err_table(err, m->entry->schema, m->entry->name);
}

/* ---- truncate ---- */

/* Held until what follows is known: the command's other tables, or something else. */
static bool
decode_truncate(struct wal2json *dec, struct message *m, struct err *err)
{
	const struct relation *rel = NULL;

	if (!expect(m, HAS_SCHEMA | HAS_TABLE, 0, err) || !need_txn(dec, m, err) || !w2j_find(dec, m, err))
		return false;
	if (m->entry == NULL) {
		dec->uncaptured++;
		return true;
	}
	if (dec->truncated.n == UINT16_MAX)
		return err_set(err, ERR_PROTOCOL, "TRUNCATE of more than %u tables", UINT16_MAX);
	if (!w2j_relation(dec, m->entry, &rel, err))
		return false;
	if (rel->table == NULL) {
		dec->uncaptured++;
		return true;
	}
	if (!mem_grow(&dec->truncated.rels, &dec->truncated.cap, dec->truncated.n + 1, sizeof(*dec->truncated.rels), err))
		return false;
	dec->truncated.lsn = m->lsn;
	dec->truncated.rels[dec->truncated.n++] = rel;
	return true;
}

static bool
put_truncated(struct wal2json *dec, struct err *err)
{
	const size_t n = dec->truncated.n;
	struct change *c;

	if (n == 0)
		return true;
	if ((c = w2j_reserve(dec, CHANGE_TRUNCATE, n * sizeof(struct relation *), err)) == NULL)
		return false;
	memcpy(change_truncated(c), dec->truncated.rels, n * sizeof(struct relation *));
	c->u.truncate.nrels = (uint16_t)n;
	dec->truncated.n = 0;
	return w2j_commit(dec, c, (uint8_t *)(change_truncated(c) + n), err);
}

/* ---- dispatch ---- */

static bool
decode(struct wal2json *dec, struct json *j, struct err *err)
{
	struct message m = { .has = 0 };

	dec->new_cells.n = dec->old_cells.n = 0;
	if (!read_message(dec, j, &m, err))
		return false;
	if ((m.action != 'T' || m.lsn != dec->truncated.lsn) && !put_truncated(dec, err))
		return false;
	switch (m.action) {
	case 'B': return decode_begin(dec, &m, err);
	case 'C': return decode_commit(dec, &m, err);
	case 'T': return decode_truncate(dec, &m, err);
	case 'M': return decode_message(dec, &m, err);
	default: return decode_row(dec, &m, err);
	}
}

bool
wal2json_decode(struct wal2json *dec, const void *msg, size_t n, struct err *err)
{
	struct json j = json_init(msg, n);
	char lsn[LSN_TEXT];

	assert(!dec->dead);
	if (decode(dec, &j, err))
		return true;
	dec->dead = true;
	if (err->kind == ERR_PROTOCOL)
		err_ctx(err, "wal2json");
	if (dec->in_txn && err->position[0] == '\0')
		err_position(err, "%s", lsn_text(dec->final.v, lsn));
	return false;
}

bool
wal2json_edge(const void *msg, size_t n, struct wal2json_edge *ret, struct err *err)
{
	struct json j = json_init(msg, n);
	struct message m = { .has = 0 };

	*ret = (struct wal2json_edge){ .action = 0 };
	if (!read_message(NULL, &j, &m, err))
		return err_ctx(err, "wal2json");
	if (m.action != 'B' && m.action != 'C')
		return true;
	if (!expect(&m, HAS_NEXTLSN | HAS_TIMESTAMP, 0, err))
		return err_ctx(err, "wal2json");
	*ret = (struct wal2json_edge){ .action = m.action, .end = { m.nextlsn }, .time = m.time };
	return true;
}
