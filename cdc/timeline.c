/* timeline.c - see timeline.h.
 * A history has a line for each ancestor, the oldest first: its number, the place where it was
 * left, a reason in free text; separated by white space. Lines that begin with # and empty ones are
 * passed over. */
#include "cdc/timeline.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 128 /* what is looked at of a line; the reason may be cut */

struct ancestor {
	uint32_t timeline;
	uint64_t left;
};

static const char *
skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r')
		s++;
	return s;
}

static const char *
word(const char *s, char *out, size_t size)
{
	size_t n = 0;

	s = skip_blanks(s);
	while (*s != '\0' && !isspace((unsigned char)*s) && n + 1 < size)
		out[n++] = *s++;
	out[n] = '\0';
	return s;
}

static bool
number(const char *text, uint32_t *ret)
{
	uint64_t v = 0;

	for (const char *s = text; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s) || (v = v * 10 + (uint64_t)(*s - '0')) > UINT32_MAX)
			return false;
	}
	*ret = (uint32_t)v;
	return v > 0;
}

static bool
read_ancestor(const char *line, struct ancestor *ret)
{
	struct err ignored = ERR_INIT;
	char tli[16], left[LSN_TEXT];

	line = word(line, tli, sizeof(tli));
	word(line, left, sizeof(left));
	return number(tli, &ret->timeline) && lsn_parse(left, &ret->left, &ignored);
}

/* Without its end of line, in *out. The bytes that it takes in the text. */
static size_t
take_line(const char *text, size_t n, char out[LINE_MAX_BYTES])
{
	const char *end = memchr(text, '\n', n);
	const size_t len = end != NULL ? (size_t)(end - text) : n;

	snprintf(out, LINE_MAX_BYTES, "%.*s", (int)(len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES - 1), text);
	return end != NULL ? len + 1 : len;
}

/* *ret_found: with where it was left in *ret_left. */
static bool
find_ancestor(const char *text, size_t n, uint32_t now, uint32_t was, bool *ret_found,
    uint64_t *ret_left, struct err *err)
{
	struct ancestor last = { 0, 0 }, a;
	char line[LINE_MAX_BYTES];

	*ret_found = false;
	for (size_t off = 0; off < n;) {
		const char *s;

		off += take_line(text + off, n - off, line);
		s = skip_blanks(line);
		if (*s == '\0' || *s == '#')
			continue;
		if (!read_ancestor(s, &a) || a.timeline <= last.timeline || a.timeline >= now)
			return err_set(err, ERR_PROTOCOL,
			    "the history of timeline %u can't be understood", now);
		last = a;
		if (a.timeline == was) {
			*ret_found = true;
			*ret_left = a.left;
		}
	}
	return true;
}

bool
timeline_judge(const char *text, size_t n, uint32_t now, uint32_t was, struct end_lsn place,
    enum timeline_verdict *ret, uint64_t *ret_left, struct err *err)
{
	bool found;

	*ret_left = 0;
	*ret = TIMELINE_CONTINUES;
	if (was == now)
		return true;
	if (!find_ancestor(text, n, now, was, &found, ret_left, err))
		return false;
	if (!found)
		*ret = TIMELINE_NO_ANCESTOR;
	else if (!end_lsn_reached((struct end_lsn){ *ret_left }, place))
		*ret = TIMELINE_LEFT_BEFORE;
	return true;
}
