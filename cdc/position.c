/* position.c - places in a source's log: text, order, and which transactions a snapshot holds.
 * Invariant: positions of different kinds are never compared; NONE is before everything.
 * Threads: plain values. */
#include "cdc/position.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* The text that both kinds of place share: "-" for none, else the LSN. */
static const char *
place_text(enum position_kind kind, uint64_t v, char out[POSITION_TEXT])
{
	char lsn[LSN_TEXT];

	snprintf(out, POSITION_TEXT, "%s", kind == POSITION_NONE ? "-" : lsn_text(v, lsn));
	return out;
}

/* "-" is no position whatever the source's kind, so that every text of place_text() can be read
 * back. */
static bool
place_parse(enum position_kind kind, const char *text, enum position_kind *ret_kind, uint64_t *ret,
    struct err *err)
{
	if (strcmp(text, "-") == 0) {
		*ret_kind = POSITION_NONE;
		*ret = 0;
		return true;
	}
	if (kind == POSITION_NONE)
		return err_set(err, ERR_CONFIG, "\"%.40s\" is not a position: expected -", text);
	if (!lsn_parse(text, ret, err))
		return false;
	*ret_kind = kind;
	return true;
}

const char *
position_text(const struct position *p, char out[POSITION_TEXT])
{
	return place_text(p->kind, p->lsn.v, out);
}

bool
position_parse(enum position_kind kind, const char *text, struct position *ret, struct err *err)
{
	struct position p;

	if (!place_parse(kind, text, &p.kind, &p.lsn.v, err))
		return false;
	*ret = p;
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
	return (struct position){ .kind = s->kind, .lsn = { s->lsn.v } };
}

struct snapshot_pos
snapshot_at(const struct position *p)
{
	return (struct snapshot_pos){ .kind = p->kind, .lsn = { p->lsn.v } };
}

bool
snapshot_parse(enum position_kind kind, const char *text, struct snapshot_pos *ret, struct err *err)
{
	struct snapshot_pos s;

	if (!place_parse(kind, text, &s.kind, &s.lsn.v, err))
		return false;
	*ret = s;
	return true;
}

const char *
snapshot_text(const struct snapshot_pos *s, char out[POSITION_TEXT])
{
	return place_text(s->kind, s->lsn.v, out);
}
