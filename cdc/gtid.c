/* gtid.c - global transaction identifiers: text, and sets of them.
 * Flow: the log's identifiers are added in runs; the set is written as text into the checkpoint and
 * as bytes into the dump request.
 * Invariant: a MySQL set holds its sources in the order of uuid and tag, each with intervals that
 * are in order, apart from each other by at least one number, and never none; a MariaDB position
 * holds each domain once, in order.
 * Threads: a set belongs to one thread. Owner: whoever got it. */
#include "cdc/gtid_intern.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/arena.h"

/* ---- text of one identifier ---- */

static void
uuid_put(struct buf *out, const uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++)
		buf_printf(
		    out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

static void
uuid_text(const uint8_t uuid[16], char out[37])
{
	for (int i = 0, at = 0; i < 16; i++)
		at += snprintf(out + at, (size_t)(37 - at), "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

const char *
gtid_text(const struct gtid *g, char out[GTID_TEXT])
{
	char uuid[37];

	if (g->flavour == GTID_MYSQL) {
		uuid_text(g->uuid, uuid);
		snprintf(out, GTID_TEXT, "%s%s%s:%" PRIu64, uuid, g->tag[0] != '\0' ? ":" : "",
		    g->tag, g->number);
	} else if (g->flavour == GTID_MARIADB) {
		snprintf(out, GTID_TEXT, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, g->domain, g->server,
		    g->number);
	} else {
		snprintf(out, GTID_TEXT, "-");
	}
	return out;
}

/* ---- reading text: each takes what it understands from *s, and says whether it did ---- */

static void
skip_blanks(const char **s)
{
	while (**s == ' ' || **s == '\t' || **s == '\n' || **s == '\r')
		(*s)++;
}

static bool
take(const char **s, char c)
{
	skip_blanks(s);
	if (**s != c)
		return false;
	(*s)++;
	skip_blanks(s);
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
take_uuid(const char **s, uint8_t uuid[16])
{
	const char *p = *s;

	for (int i = 0; i < 16; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-')
			return false;
		if ((high = hex_digit(p[0])) < 0 || (low = hex_digit(p[1])) < 0)
			return false;
		uuid[i] = (uint8_t)(high << 4 | low);
		p += 2;
	}
	*s = p;
	return true;
}

static bool
take_number(const char **s, uint64_t max, uint64_t *ret)
{
	const char *p = *s;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v) || v > max)
			return false;
	if (p == *s)
		return false;
	*s = p;
	*ret = v;
	return true;
}

bool
gtid_tag_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static bool
take_tag(const char **s, char tag[GTID_TAG_MAX + 1])
{
	const char *p = *s;
	size_t n = 0;

	for (; gtid_tag_char(*p, n == 0); p++) {
		if (n == GTID_TAG_MAX)
			return false;
		tag[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	}
	tag[n] = '\0';
	*s = p;
	return n > 0;
}

static bool
take_mysql(const char **s, struct gtid *g)
{
	*g = (struct gtid){ .flavour = GTID_MYSQL };
	if (!take_uuid(s, g->uuid) || !take(s, ':'))
		return false;
	if (gtid_tag_char(**s, true) && (!take_tag(s, g->tag) || !take(s, ':')))
		return false;
	return take_number(s, GTID_NUMBER_MAX, &g->number) && g->number > 0;
}

static bool
take_mariadb(const char **s, struct gtid *g)
{
	uint64_t domain, server;

	*g = (struct gtid){ .flavour = GTID_MARIADB };
	if (!take_number(s, UINT32_MAX, &domain) || *(*s)++ != '-' ||
	    !take_number(s, UINT32_MAX, &server) || *(*s)++ != '-' ||
	    !take_number(s, UINT64_MAX, &g->number))
		return false;
	g->domain = (uint32_t)domain;
	g->server = (uint32_t)server;
	return true;
}

bool
gtid_parse(const char *text, struct gtid *ret, struct err *err)
{
	const char *s = text;
	struct gtid g;

	skip_blanks(&s);
	if (strchr(s, ':') != NULL ? take_mysql(&s, &g) : take_mariadb(&s, &g)) {
		skip_blanks(&s);
		if (*s == '\0') {
			*ret = g;
			return true;
		}
	}
	return err_set(err, ERR_CONFIG,
	    "\"%.60s\" is not a GTID: expected UUID:NUMBER or UUID:TAG:NUMBER (MySQL), or "
	    "DOMAIN-SERVER-NUMBER (MariaDB)",
	    text);
}

/* ---- sets: their life ---- */

struct gtid_set *
gtid_set_new(enum gtid_flavour flavour, struct err *err)
{
	struct gtid_set *s = mem_zalloc(sizeof(*s), err);

	assert(flavour == GTID_MYSQL || flavour == GTID_MARIADB);
	if (s != NULL)
		s->flavour = flavour;
	return s;
}

void
gtid_set_free(struct gtid_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; s->sources != NULL && i < s->n; i++)
		free(s->sources[i].iv);
	free(s->sources);
	free(s->domains);
	free(s);
}

enum gtid_flavour
gtid_set_flavour(const struct gtid_set *s)
{
	return s->flavour;
}

bool
gtid_set_empty(const struct gtid_set *s)
{
	return s->n == 0;
}

static bool
copy_sources(struct gtid_set *to, const struct gtid_set *from, struct err *err)
{
	if (!mem_grow(&to->sources, &to->cap, from->n, sizeof(*to->sources), err))
		return false;
	for (; to->n < from->n; to->n++) {
		struct gtid_source *src = &to->sources[to->n];

		*src = from->sources[to->n];
		src->iv = NULL;
		src->cap = 0;
		if (!mem_grow(&src->iv, &src->cap, src->n, sizeof(*src->iv), err))
			return false;
		memcpy(src->iv, from->sources[to->n].iv, src->n * sizeof(*src->iv));
	}
	return true;
}

static bool
copy_domains(struct gtid_set *to, const struct gtid_set *from, struct err *err)
{
	if (!mem_grow(&to->domains, &to->cap, from->n, sizeof(*to->domains), err))
		return false;
	memcpy(to->domains, from->domains, from->n * sizeof(*to->domains));
	to->n = from->n;
	return true;
}

struct gtid_set *
gtid_set_copy(const struct gtid_set *s, struct err *err)
{
	struct gtid_set *to = gtid_set_new(s->flavour, err);

	if (to == NULL || s->n == 0)
		return to;
	if (s->flavour == GTID_MYSQL ? copy_sources(to, s, err) : copy_domains(to, s, err))
		return to;
	gtid_set_free(to);
	return NULL;
}

/* ---- intervals of one source ---- */

/* The first interval that ends at v or later; n where there is none. */
static size_t
interval_at(const struct gtid_source *src, uint64_t v)
{
	size_t low = 0, high = src->n;

	if (high > 0 && src->iv[high - 1].last < v) /* numbers come mostly at the end */
		return high;
	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (src->iv[mid].last < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
interval_add(struct gtid_source *src, uint64_t first, uint64_t last, struct err *err)
{
	const size_t at = interval_at(src, first - 1); /* one that ends just before joins, too */
	size_t end = at;

	while (end < src->n && src->iv[end].first <= last + 1)
		end++;
	if (end == at) {
		if (!mem_grow(&src->iv, &src->cap, src->n + 1, sizeof(*src->iv), err))
			return false;
		memmove(src->iv + at + 1, src->iv + at, (src->n - at) * sizeof(*src->iv));
		src->iv[at] = (struct gtid_interval){ first, last };
		src->n++;
		return true;
	}
	if (src->iv[at].first > first)
		src->iv[at].first = first;
	src->iv[at].last = src->iv[end - 1].last > last ? src->iv[end - 1].last : last;
	memmove(src->iv + at + 1, src->iv + end, (src->n - end) * sizeof(*src->iv));
	src->n -= end - at - 1;
	return true;
}

static bool
interval_has(const struct gtid_source *src, uint64_t first, uint64_t last)
{
	const size_t at = interval_at(src, first);

	return at < src->n && src->iv[at].first <= first && src->iv[at].last >= last;
}

/* Takes first to last out; at most one interval more than before. */
static bool
interval_remove(struct gtid_source *src, uint64_t first, uint64_t last, struct err *err)
{
	size_t at = interval_at(src, first);

	while (at < src->n && src->iv[at].first <= last) {
		struct gtid_interval *iv = &src->iv[at];
		const struct gtid_interval rest = { last + 1, iv->last };

		if (iv->first < first && iv->last > last) {
			if (!mem_grow(&src->iv, &src->cap, src->n + 1, sizeof(*src->iv), err))
				return false;
			iv = &src->iv[at];
			memmove(iv + 1, iv, (src->n - at) * sizeof(*iv));
			src->n++;
			iv[0].last = first - 1;
			iv[1] = rest;
			return true;
		}
		if (iv->first < first) {
			iv->last = first - 1;
			at++;
		} else if (iv->last > last) {
			iv->first = last + 1;
			return true;
		} else {
			memmove(iv, iv + 1, (src->n - at - 1) * sizeof(*iv));
			src->n--;
		}
	}
	return true;
}

/* ---- sources and domains of a set ---- */

static int
source_order(const struct gtid_source *src, const uint8_t uuid[16], const char *tag)
{
	const int order = memcmp(src->uuid, uuid, 16);

	return order != 0 ? order : strcmp(src->tag, tag);
}

/* Where the source stands, or would. */
static size_t
source_at(const struct gtid_set *s, const uint8_t uuid[16], const char *tag, bool *ret_there)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (source_order(&s->sources[mid], uuid, tag) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_there = low < s->n && source_order(&s->sources[low], uuid, tag) == 0;
	return low;
}

static const struct gtid_source *
source_find(const struct gtid_set *s, const uint8_t uuid[16], const char *tag)
{
	bool there;
	const size_t at = source_at(s, uuid, tag, &there);

	return there ? &s->sources[at] : NULL;
}

/* New where it is not there; the caller adds an interval, or fails. */
static struct gtid_source *
source_make(struct gtid_set *s, const uint8_t uuid[16], const char *tag, struct err *err)
{
	bool there;
	const size_t at = source_at(s, uuid, tag, &there);
	struct gtid_source *src;

	if (there)
		return &s->sources[at];
	if (!mem_grow(&s->sources, &s->cap, s->n + 1, sizeof(*s->sources), err))
		return NULL;
	src = &s->sources[at];
	memmove(src + 1, src, (s->n - at) * sizeof(*src));
	s->n++;
	*src = (struct gtid_source){ 0 };
	memcpy(src->uuid, uuid, 16);
	snprintf(src->tag, sizeof(src->tag), "%s", tag);
	return src;
}

static void
source_drop(struct gtid_set *s, struct gtid_source *src)
{
	free(src->iv);
	memmove(src, src + 1, (size_t)(s->sources + s->n - src - 1) * sizeof(*src));
	s->n--;
}

bool
gtid_add_interval(struct gtid_set *s, const uint8_t uuid[16], const char *tag, uint64_t first,
    uint64_t last, struct err *err)
{
	struct gtid_source *src = source_make(s, uuid, tag, err);

	if (src == NULL)
		return false;
	if (interval_add(src, first, last, err))
		return true;
	if (src->n == 0)
		source_drop(s, src);
	return false;
}

static size_t
domain_at(const struct gtid_set *s, uint32_t domain, bool *ret_there)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (s->domains[mid].domain < domain)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_there = low < s->n && s->domains[low].domain == domain;
	return low;
}

bool
gtid_set_domain(struct gtid_set *s, struct gtid_domain d, struct err *err)
{
	bool there;
	const size_t at = domain_at(s, d.domain, &there);

	if (!there) {
		if (!mem_grow(&s->domains, &s->cap, s->n + 1, sizeof(*s->domains), err))
			return false;
		memmove(s->domains + at + 1, s->domains + at, (s->n - at) * sizeof(d));
		s->n++;
	}
	s->domains[at] = d;
	return true;
}

bool
gtid_set_add(struct gtid_set *s, const struct gtid_run *run, struct err *err)
{
	const struct gtid *g = &run->first;

	assert(g->flavour == s->flavour && run->last >= g->number);
	if (s->flavour == GTID_MARIADB)
		return gtid_set_domain(
		    s, (struct gtid_domain){ g->domain, g->server, run->last }, err);
	assert(g->number > 0 && run->last <= GTID_NUMBER_MAX);
	return gtid_add_interval(s, g->uuid, g->tag, g->number, run->last, err);
}

bool
gtid_set_add_all(struct gtid_set *s, const struct gtid_set *more, struct err *err)
{
	assert(s->flavour == GTID_MYSQL && more->flavour == GTID_MYSQL);
	for (size_t i = 0; i < more->n; i++) {
		const struct gtid_source *src = &more->sources[i];

		for (size_t k = 0; k < src->n; k++)
			if (!gtid_add_interval(
				s, src->uuid, src->tag, src->iv[k].first, src->iv[k].last, err))
				return false;
	}
	return true;
}

bool
gtid_set_has(const struct gtid_set *s, const struct gtid *g)
{
	const struct gtid_source *src;
	bool there;
	size_t at;

	if (g->flavour != s->flavour)
		return false;
	if (s->flavour == GTID_MARIADB) {
		at = domain_at(s, g->domain, &there);
		return there && s->domains[at].number >= g->number;
	}
	src = source_find(s, g->uuid, g->tag);
	return src != NULL && interval_has(src, g->number, g->number);
}

static bool
contains_source(const struct gtid_set *s, const struct gtid_source *part)
{
	const struct gtid_source *src = source_find(s, part->uuid, part->tag);

	for (size_t i = 0; i < part->n; i++)
		if (src == NULL || !interval_has(src, part->iv[i].first, part->iv[i].last))
			return false;
	return true;
}

bool
gtid_set_contains(const struct gtid_set *s, const struct gtid_set *part)
{
	assert(s->flavour == part->flavour);
	for (size_t i = 0; i < part->n; i++) {
		bool there = false;
		size_t at;

		if (s->flavour == GTID_MYSQL) {
			if (!contains_source(s, &part->sources[i]))
				return false;
			continue;
		}
		at = domain_at(s, part->domains[i].domain, &there);
		if (!there || s->domains[at].number < part->domains[i].number)
			return false;
	}
	return true;
}

static bool
source_equal(const struct gtid_source *a, const struct gtid_source *b)
{
	return source_order(a, b->uuid, b->tag) == 0 && a->n == b->n &&
	       memcmp(a->iv, b->iv, a->n * sizeof(*a->iv)) == 0;
}

bool
gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b)
{
	if (a->flavour != b->flavour || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->flavour == GTID_MYSQL
			? !source_equal(&a->sources[i], &b->sources[i])
			: memcmp(&a->domains[i], &b->domains[i], sizeof(*a->domains)) != 0)
			return false;
	return true;
}

struct gtid_set *
gtid_set_minus(const struct gtid_set *a, const struct gtid_set *b, struct err *err)
{
	struct gtid_set *rest = gtid_set_copy(a, err);

	assert(a->flavour == GTID_MYSQL && b->flavour == GTID_MYSQL);
	for (size_t i = 0; rest != NULL && i < b->n; i++) {
		const struct gtid_source *out = &b->sources[i];
		bool there;
		const size_t at = source_at(rest, out->uuid, out->tag, &there);

		for (size_t k = 0; there && k < out->n; k++)
			if (!interval_remove(
				&rest->sources[at], out->iv[k].first, out->iv[k].last, err)) {
				gtid_set_free(rest);
				return NULL;
			}
		if (there && rest->sources[at].n == 0)
			source_drop(rest, &rest->sources[at]);
	}
	return rest;
}

/* ---- text of sets ---- */

void
gtid_set_text(const struct gtid_set *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct gtid_source *src = s->flavour == GTID_MYSQL ? &s->sources[i] : NULL;

		if (src == NULL) {
			buf_printf(out, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64, i > 0 ? "," : "",
			    s->domains[i].domain, s->domains[i].server, s->domains[i].number);
			continue;
		}
		if (i == 0 || memcmp(src->uuid, src[-1].uuid, 16) != 0) {
			buf_str(out, i > 0 ? "," : "");
			uuid_put(out, src->uuid);
		}
		if (src->tag[0] != '\0')
			buf_printf(out, ":%s", src->tag);
		for (size_t k = 0; k < src->n; k++) {
			buf_printf(out, ":%" PRIu64, src->iv[k].first);
			if (src->iv[k].last > src->iv[k].first)
				buf_printf(out, "-%" PRIu64, src->iv[k].last);
		}
	}
}

enum parsed { PARSED, PARSED_NOT, PARSED_NO_MEMORY };

static bool
take_interval(const char **s, uint64_t *first, uint64_t *last)
{
	if (!take_number(s, GTID_NUMBER_MAX, first) || *first == 0)
		return false;
	*last = *first;
	return !take(s, '-') || (take_number(s, GTID_NUMBER_MAX, last) && *last >= *first);
}

/* One uuid with its tags and intervals. */
static enum parsed
parse_source(struct gtid_set *set, const char **s, struct err *err)
{
	uint8_t uuid[16];
	char tag[GTID_TAG_MAX + 1] = "";
	uint64_t first, last;
	bool numbers = false;

	if (!take_uuid(s, uuid))
		return PARSED_NOT;
	while (take(s, ':')) {
		if (gtid_tag_char(**s, true)) {
			if (!take_tag(s, tag))
				return PARSED_NOT;
			numbers = false;
			continue;
		}
		if (!take_interval(s, &first, &last))
			return PARSED_NOT;
		if (!gtid_add_interval(set, uuid, tag, first, last, err))
			return PARSED_NO_MEMORY;
		numbers = true;
	}
	return numbers ? PARSED : PARSED_NOT;
}

static enum parsed
parse_domain(struct gtid_set *set, const char **s, struct err *err)
{
	struct gtid g;
	bool there;

	if (!take_mariadb(s, &g))
		return PARSED_NOT;
	domain_at(set, g.domain, &there);
	if (there)
		return PARSED_NOT;
	if (!gtid_set_domain(set, (struct gtid_domain){ g.domain, g.server, g.number }, err))
		return PARSED_NO_MEMORY;
	return PARSED;
}

static enum parsed
parse_set(struct gtid_set *set, const char *s, struct err *err)
{
	skip_blanks(&s);
	while (*s != '\0') {
		const enum parsed got = set->flavour == GTID_MYSQL ? parse_source(set, &s, err)
								   : parse_domain(set, &s, err);

		if (got != PARSED)
			return got;
		skip_blanks(&s);
		if (*s == '\0')
			break;
		if (!take(&s, ','))
			return PARSED_NOT;
	}
	return PARSED;
}

struct gtid_set *
gtid_set_parse(enum gtid_flavour flavour, const char *text, struct err *err)
{
	struct gtid_set *set = gtid_set_new(flavour, err);
	enum parsed got;

	if (set == NULL || (got = parse_set(set, text, err)) == PARSED)
		return set;
	gtid_set_free(set);
	if (got == PARSED_NOT)
		err_set(err, ERR_CONFIG, "\"%.80s\" is not a set of GTIDs: expected %s", text,
		    flavour == GTID_MYSQL
			? "UUID:FIRST-LAST, with commas between uuids"
			: "DOMAIN-SERVER-NUMBER, each domain once, with commas between");
	return NULL;
}

enum gtid_flavour
gtid_text_flavour(const char *text)
{
	const char *s, *start = text;
	uint8_t uuid[16];
	struct gtid g;

	skip_blanks(&start);
	s = start;
	if (take_uuid(&s, uuid) && take(&s, ':'))
		return GTID_MYSQL;
	s = start;
	if (!take_mariadb(&s, &g))
		return 0;
	skip_blanks(&s);
	return *s == '\0' || *s == ',' ? GTID_MARIADB : 0;
}
