/* position.c - places in a source's log: text, order, and which transactions a snapshot holds.
 * Invariant: positions of different kinds are never compared; NONE is before everything.
 * Threads: plain values. */
#include "cdc/position.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cdc/gtid.h"
#include "daemon/base/arena.h"

const char *
lsn_text(uint64_t v, char out[LSN_TEXT])
{
	snprintf(out, LSN_TEXT, "%" PRIX32 "/%" PRIX32, (uint32_t)(v >> 32), (uint32_t)v);
	return out;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* One to eight hexadecimal digits; NULL where there are none, or more. */
static const char *
parse_half(const char *s, uint32_t *ret)
{
	const char *start = s;
	uint32_t v = 0;

	for (; hex_digit(*s) >= 0; s++) {
		if (s - start == 8)
			return NULL;
		v = v << 4 | (uint32_t)hex_digit(*s);
	}
	*ret = v;
	return s == start ? NULL : s;
}

bool
lsn_parse(const char *text, uint64_t *ret, struct err *err)
{
	uint32_t high, low;
	const char *s = parse_half(text, &high);

	if (s != NULL && *s == '/')
		s = parse_half(s + 1, &low);
	else
		s = NULL;
	if (s == NULL || *s != '\0')
		return err_set(err, ERR_CONFIG,
		    "\"%.40s\" is not an LSN: expected X/X, as 0/16B3748", text);
	*ret = (uint64_t)high << 32 | low;
	return true;
}

/* One copy of each text. The chain is short: names of logs, and sets of GTIDs at the ends of runs. */
static struct interned {
	struct interned *next;
	size_t n;
	char text[];
} *_Atomic interned;

const char *
name_intern(const char *text, size_t n)
{
	struct interned *first = atomic_load(&interned), *it, *new = NULL;

	for (;;) {
		for (it = first; it != NULL; it = it->next)
			if (it->n == n && memcmp(it->text, text, n) == 0)
				break;
		if (it != NULL) {
			free(new);
			return it->text;
		}
		if (new == NULL) {
			new = xzalloc(sizeof(*new) + n + 1);
			new->n = n;
			memcpy(new->text, text, n);
		}
		new->next = first;
		if (atomic_compare_exchange_weak(&interned, &first, new))
			return new->text;
	}
}

const char *
binlog_name(const char *base, uint32_t file, char out[BINLOG_NAME])
{
	snprintf(out, BINLOG_NAME, "%s.%06" PRIu32, base, file);
	return out;
}

bool
binlog_name_parse(const char *name, size_t n, const char **ret_base, uint32_t *ret_file, struct err *err)
{
	size_t dot = n;
	uint32_t file = 0;

	while (dot > 0 && name[dot - 1] != '.')
		dot--;
	if (dot < 2 || dot == n || n - dot > 10)
		return err_set(err, ERR_PROTOCOL, "\"%.*s\" is not the name of a binlog file", (int)(n < 80 ? n : 80), name);
	if (dot - 1 > BINLOG_BASE_MAX)
		return err_set(err, ERR_LIMIT, "the name of the binlog files has %zu bytes before its number: at most %d can be handled",
		    dot - 1, BINLOG_BASE_MAX);
	for (size_t i = dot; i < n; i++) {
		if (name[i] < '0' || name[i] > '9')
			return err_set(err, ERR_PROTOCOL, "\"%.*s\" is not the name of a binlog file",
			    (int)(n < 80 ? n : 80), name);
		if (file > BINLOG_FILE_MAX / 10)
			return err_set(err, ERR_LIMIT, "the number of binlog file \"%.*s\" is too large: at most %u can be handled",
			    (int)n, name, BINLOG_FILE_MAX);
		file = file * 10 + (uint32_t)(name[i] - '0');
	}
	if (file > BINLOG_FILE_MAX)
		return err_set(err, ERR_LIMIT, "the number of binlog file \"%.*s\" is too large: at most %u can be handled", (int)n,
		    name, BINLOG_FILE_MAX);
	*ret_base = name_intern(name, dot - 1);
	*ret_file = file;
	return true;
}

/* FILE:OFFSET; false: it is not written so (no error is set), or is refused (err is set). */
static bool
place_parse_binlog(const char *text, const char **ret_log, uint64_t *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t offset = 0;
	uint32_t file;

	if (colon == NULL || colon == text || colon[1] == '\0')
		return false;
	for (const char *p = colon + 1; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (offset > BINLOG_OFFSET_MAX / 10)
			return err_set(err, ERR_LIMIT, "the offset in \"%.100s\" is too large", text);
		offset = offset * 10 + (uint64_t)(*p - '0');
	}
	if (offset > BINLOG_OFFSET_MAX)
		return err_set(err, ERR_LIMIT, "the offset in \"%.100s\" is too large", text);
	if (!binlog_name_parse(text, (size_t)(colon - text), ret_log, &file, err))
		return false;
	*ret = binlog_place(file, offset);
	return true;
}

/* The text that all kinds of place share: "-" for none, else the LSN, or file and offset. */
static const char *
place_text(enum position_kind kind, uint64_t v, const char *log, char out[POSITION_TEXT])
{
	char lsn[LSN_TEXT], name[BINLOG_NAME];

	switch (kind) {
	case POSITION_NONE: snprintf(out, POSITION_TEXT, "-"); break;
	case POSITION_LSN: snprintf(out, POSITION_TEXT, "%s", lsn_text(v, lsn)); break;
	case POSITION_BINLOG:
		snprintf(out, POSITION_TEXT, "%s:%" PRIu64, binlog_name(log != NULL ? log : "?", binlog_file(v), name),
		    binlog_offset(v));
		break;
	}
	return out;
}

/* Every text of place_text() can be read back. */
static bool
place_parse(const char *text, enum position_kind *ret_kind, uint64_t *ret, const char **ret_log, struct err *err)
{
	*ret_log = NULL;
	*ret = 0;
	if (strcmp(text, "-") == 0) {
		*ret_kind = POSITION_NONE;
		return true;
	}
	if (place_parse_binlog(text, ret_log, ret, err)) {
		*ret_kind = POSITION_BINLOG;
		return true;
	}
	if (strchr(text, ':') != NULL) {
		if (err->kind == ERR_NONE)
			err_set(err, ERR_CONFIG, "\"%.40s\" is not a place in a binlog: expected FILE:OFFSET, as mysql-bin.000012:4567", text);
		err->kind = ERR_CONFIG;
		return false;
	}
	if (!lsn_parse(text, ret, err))
		return false;
	*ret_kind = POSITION_LSN;
	return true;
}

const char *
position_text(const struct position *p, char out[POSITION_TEXT])
{
	if (p->kind != POSITION_BINLOG || p->lsn.v != 0 || p->gtids == NULL)
		return place_text(p->kind, p->lsn.v, p->log, out);
	if (strlen(p->gtids) < POSITION_TEXT)
		snprintf(out, POSITION_TEXT, "%s", p->gtids[0] != '\0' ? p->gtids : "the empty set of GTIDs");
	else
		snprintf(out, POSITION_TEXT, "%.*s...", POSITION_TEXT - 4, p->gtids);
	return out;
}

const char *
txn_mark_text(const struct txn_mark *m, char out[POSITION_TEXT])
{
	return place_text(m->kind, m->lsn.v, m->log, out);
}

bool
position_parse(const char *text, struct position *ret, struct err *err)
{
	struct position p = { .kind = POSITION_NONE };
	const char *at = strrchr(text, '@');
	char place[POSITION_TEXT], *end;
	unsigned long born;

	if (at != NULL && (size_t)(at - text) < sizeof(place) && at[1] >= '0' && at[1] <= '9') {
		born = strtoul(at + 1, &end, 10);
		if (*end == '\0' && born <= UINT32_MAX) {
			snprintf(place, sizeof(place), "%.*s", (int)(at - text), text);
			p.born = (uint32_t)born;
			text = place;
		}
	}
	if (!place_parse(text, &p.kind, &p.lsn.v, &p.log, err))
		return false;
	if (p.kind != POSITION_BINLOG && p.born != 0)
		return err_set(err, ERR_CONFIG, "\"%.40s\" is not a position", text);
	*ret = p;
	return true;
}

const char *
position_stored(const struct position *p, char out[POSITION_TEXT])
{
	position_text(p, out);
	if (p->kind == POSITION_BINLOG && p->lsn.v != 0 && p->born != 0)
		snprintf(out + strlen(out), POSITION_TEXT - strlen(out), "@%" PRIu32, p->born);
	return out;
}

bool
position_parse_given(const char *text, struct position *ret, struct err *err)
{
	const enum gtid_flavour flavour = gtid_text_flavour(text);
	struct gtid_set *set;

	if (flavour == 0)
		return position_parse(text, ret, err);
	if ((set = gtid_set_parse(flavour, text, err)) == NULL)
		return false;
	gtid_set_free(set);
	*ret = (struct position){ .kind = POSITION_BINLOG, .gtids = name_intern(text, strlen(text)) };
	return true;
}

bool
position_reached(const struct position *b, const struct position *a)
{
	if (a->kind == POSITION_NONE)
		return true;
	if (b->kind == POSITION_NONE)
		return false;
	assert(a->kind == b->kind);
	return end_lsn_reached(b->lsn, a->lsn);
}

bool
position_equal(const struct position *a, const struct position *b)
{
	return a->kind == b->kind && (a->kind == POSITION_NONE || a->lsn.v == b->lsn.v);
}

bool
position_distance(const struct position *a, const struct position *b, uint64_t *ret_bytes)
{
	if (a->kind == POSITION_NONE || b->kind == POSITION_NONE)
		return false;
	assert(a->kind == b->kind);
	if (a->kind == POSITION_BINLOG && binlog_file(a->lsn.v) < binlog_file(b->lsn.v))
		return false;
	*ret_bytes = b->lsn.v > a->lsn.v ? b->lsn.v - a->lsn.v : 0;
	return true;
}

bool
snapshot_has(const struct snapshot_pos *s, const struct txn_mark *mark)
{
	if (s->kind == POSITION_NONE)
		return false;
	assert(s->kind == mark->kind);
	return snap_lsn_has(s->lsn, mark->lsn);
}

/* S is a record boundary: a commit record that starts below S ends at or below it. */
bool
snapshot_passed(const struct snapshot_pos *s, const struct position *p)
{
	struct position start = snapshot_start(s);

	return position_reached(p, &start);
}

/* The only place where S becomes a resume point: all that ended at or before S started below S. */
struct position
snapshot_start(const struct snapshot_pos *s)
{
	return (struct position){ .kind = s->kind, .lsn = { s->lsn.v }, .log = s->log, .gtids = s->gtids };
}

struct snapshot_pos
snapshot_at(const struct position *p)
{
	return (struct snapshot_pos){ .kind = p->kind, .lsn = { p->lsn.v }, .log = p->log, .gtids = p->gtids };
}

bool
snapshot_parse(const char *text, struct snapshot_pos *ret, struct err *err)
{
	struct snapshot_pos s = { .kind = POSITION_NONE };

	if (!place_parse(text, &s.kind, &s.lsn.v, &s.log, err))
		return false;
	*ret = s;
	return true;
}

const char *
snapshot_text(const struct snapshot_pos *s, char out[POSITION_TEXT])
{
	return place_text(s->kind, s->lsn.v, s->log, out);
}
