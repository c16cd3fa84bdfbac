/* charset.c - the character sets: one small decoder for each way in which sets are built, over the
 * tables of charset_tables.def.
 * Flow: collation id -> set -> charset_to_utf8(), which takes runs of ASCII as they are and the
 * rest character by character.
 * Invariant: a byte is looked at only after it has been counted; what has no character stops the
 * conversion.
 * Threads: any; constant tables. */
#include "cdc/charset.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <uchar.h>

/* How a set is built. */
enum form {
	FORM_BINARY,
	FORM_ASCII,
	FORM_SINGLE,
	FORM_UTF8,
	FORM_UCS2,
	FORM_UTF16,
	FORM_UTF16LE,
	FORM_UTF32,
	FORM_DOUBLE,
	FORM_EUC,
	FORM_GB18030
};

/* Name, form, bytes of a character at most, and how many half bytes of UTF-8 one byte can become. */
#define MULTI_SETS(X) \
	X(big5, DOUBLE, 2, 3) X(euckr, DOUBLE, 2, 3) X(gb2312, DOUBLE, 2, 3) \
	X(gbk, DOUBLE, 2, 3) X(sjis, DOUBLE, 2, 6) X(cp932, DOUBLE, 2, 6) \
	X(ujis, EUC, 3, 3) X(eucjpms, EUC, 3, 3) X(gb18030, GB18030, 4, 3)
#define SINGLE_SETS(X) \
	X(armscii8, SINGLE, 1, 6) X(cp1250, SINGLE, 1, 6) X(cp1251, SINGLE, 1, 6) \
	X(cp1256, SINGLE, 1, 6) X(cp1257, SINGLE, 1, 6) X(cp850, SINGLE, 1, 6) \
	X(cp852, SINGLE, 1, 6) X(cp866, SINGLE, 1, 6) X(dec8, SINGLE, 1, 6) \
	X(geostd8, SINGLE, 1, 6) X(greek, SINGLE, 1, 6) X(hebrew, SINGLE, 1, 6) \
	X(hp8, SINGLE, 1, 6) X(keybcs2, SINGLE, 1, 6) X(koi8r, SINGLE, 1, 6) \
	X(koi8u, SINGLE, 1, 6) X(latin1, SINGLE, 1, 6) X(latin2, SINGLE, 1, 6) \
	X(latin5, SINGLE, 1, 6) X(latin7, SINGLE, 1, 6) X(macce, SINGLE, 1, 6) \
	X(macroman, SINGLE, 1, 6) X(swe7, SINGLE, 1, 6) X(tis620, SINGLE, 1, 6)
#define UNICODE_SETS(X) \
	X(binary, BINARY, 1, 2) X(ascii, ASCII, 1, 2) X(utf8mb3, UTF8, 3, 2) \
	X(utf8mb4, UTF8, 4, 2) X(ucs2, UCS2, 2, 3) X(utf16, UTF16, 4, 3) \
	X(utf16le, UTF16LE, 4, 3) X(utf32, UTF32, 4, 2)

enum set {
#define X(name, ...) SET_##name,
	MULTI_SETS(X) NSETS_MULTI, /* the sets with rows come first */
	SET_before_single = NSETS_MULTI - 1,
	SINGLE_SETS(X) NSETS_TABLES,
	SET_before_unicode = NSETS_TABLES - 1,
	UNICODE_SETS(X) NSETS
#undef X
};

struct charset {
	const char *name;
	uint8_t set, form, max_bytes, half_growth;
};

static const struct charset sets[] = {
#define X(setname, setform, max, half)                                                             \
	{ .name = #setname,                                                                        \
		.set = SET_##setname,                                                              \
		.form = FORM_##setform,                                                            \
		.max_bytes = max,                                                                  \
		.half_growth = half },
	MULTI_SETS(X) SINGLE_SETS(X) UNICODE_SETS(X)
#undef X
};
_Static_assert(sizeof(sets) / sizeof(sets[0]) == NSETS, "one entry a set");

/* The upper half of each single-byte set, and a lower half that is not ASCII. */
static const char16_t *const high_halves[NSETS] = {
#define HIGH(name, text) [SET_##name] = text,
#include "cdc/charset_tables.def"
#undef HIGH
};
static const char16_t *const low_halves[NSETS] = {
#define LOW(name, text) [SET_##name] = text,
#include "cdc/charset_tables.def"
#undef LOW
};

/* The second bytes that may follow one lead byte: from `first` on, as far as the text goes. */
struct row {
	const char16_t *text;
	uint8_t first, n;
};

static const struct row rows[NSETS_MULTI][128] = {
#define ROW(name, lead, from, chars)                                                               \
	[SET_##name][(lead)-0x80] = { .text = chars, .first = from, .n = sizeof(chars) / 2 - 1 },
#include "cdc/charset_tables.def"
#undef ROW
};
/* After 0x8F. */
static const struct row rows3[NSETS_MULTI][128] = {
#define ROW3(name, lead, from, chars)                                                              \
	[SET_##name][(lead)-0x80] = { .text = chars, .first = from, .n = sizeof(chars) / 2 - 1 },
#include "cdc/charset_tables.def"
#undef ROW3
};

/* Sets that were written down as what they add to another. */
static const uint8_t bases[NSETS_MULTI] = { [SET_big5] = SET_big5,
	[SET_euckr] = SET_euckr,
	[SET_gb2312] = SET_gb2312,
	[SET_gbk] = SET_gbk,
	[SET_gb18030] = SET_gbk,
	[SET_sjis] = SET_sjis,
	[SET_cp932] = SET_sjis,
	[SET_ujis] = SET_ujis,
	[SET_eucjpms] = SET_ujis };

/* gb18030's four bytes as a number -> characters, in runs. */
static const struct {
	uint16_t number, c;
} runs[] = {
#define RUN(n, ch) { n, ch },
#include "cdc/charset_tables.def"
#undef RUN
};

#define NO_CHARACTER UINT32_MAX
#define HOLE	     u'\uFFFD' /* in the tables */

/* ---- one character: how many bytes it takes, 0: not valid -------------------------------------------------------- */

static bool
scalar(uint32_t c)
{
	return c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
}

static size_t
next_single(const struct charset *cs, uint8_t b, uint32_t *c)
{
	const char16_t *low = low_halves[cs->set];

	assert(b >= 0x80 || low != NULL); /* else it is ASCII, which has been taken */
	if (b < 0x80)
		*c = b == '?' ? b : low[b] == HOLE ? NO_CHARACTER : low[b];
	else
		*c = high_halves[cs->set][b - 0x80] == HOLE ? NO_CHARACTER
							    : high_halves[cs->set][b - 0x80];
	return *c != NO_CHARACTER ? 1 : 0;
}

/* No ASCII, which has been taken. */
static size_t
next_utf8(const struct charset *cs, const uint8_t *p, size_t n, uint32_t *c)
{
	const size_t len = p[0] < 0xc2	 ? 0
			   : p[0] < 0xe0 ? 2
			   : p[0] < 0xf0 ? 3
			   : p[0] < 0xf5 ? 4
					 : 0;

	if (len == 0 || len > n || len > cs->max_bytes)
		return 0;
	*c = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (!scalar(*c) || (len == 3 && *c < 0x800) || (len == 4 && *c < 0x10000))
		return 0;
	return len;
}

static size_t
next_utf16(const uint8_t *p, size_t n, bool little, bool pairs, uint32_t *c)
{
	uint32_t low;

	if (n < 2)
		return 0;
	*c = little ? p[1] << 8 | p[0] : p[0] << 8 | p[1];
	if (scalar(*c))
		return 2;
	if (!pairs || *c >= 0xdc00 || n < 4)
		return 0;
	low = little ? p[3] << 8 | p[2] : p[2] << 8 | p[3];
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return low >= 0xdc00 && low < 0xe000 ? 4 : 0;
}

static size_t
next_utf32(const uint8_t *p, size_t n, uint32_t *c)
{
	if (n < 4)
		return 0;
	*c = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return scalar(*c) ? 4 : 0;
}

static uint32_t
row_character(const struct row (*table)[128], uint8_t set, uint8_t lead, uint8_t second)
{
	const struct row *row;

	if (lead < 0x80)
		return NO_CHARACTER;
	row = &table[set][lead - 0x80];
	if (row->text == NULL)
		row = &table[bases[set]][lead - 0x80];
	if (row->text == NULL || second < row->first || second - row->first >= row->n ||
	    row->text[second - row->first] == HOLE)
		return NO_CHARACTER;
	return row->text[second - row->first];
}

/* A lead byte and a second one; sjis and cp932 have characters of one byte above ASCII too
 * (half-width katakana). */
static size_t
next_double(const struct charset *cs, const uint8_t *p, size_t n, uint32_t *c)
{
	if ((cs->set == SET_sjis || cs->set == SET_cp932) && p[0] >= 0xa1 && p[0] <= 0xdf) {
		*c = 0xff61 + (p[0] - 0xa1u);
		return 1;
	}
	*c = n < 2 ? NO_CHARACTER : row_character(rows, cs->set, p[0], p[1]);
	return *c != NO_CHARACTER ? 2 : 0;
}

static size_t
next_euc(const struct charset *cs, const uint8_t *p, size_t n, uint32_t *c)
{
	if (p[0] != 0x8f)
		return next_double(cs, p, n, c);
	*c = n < 3 ? NO_CHARACTER : row_character(rows3, cs->set, p[1], p[2]);
	return *c != NO_CHARACTER ? 3 : 0;
}

#define GB18030_PLANES 189000 /* the number of the first character above the basic plane */

static size_t
next_gb18030(const struct charset *cs, const uint8_t *p, size_t n, uint32_t *c)
{
	uint32_t number;
	size_t low = 0, high = sizeof(runs) / sizeof(runs[0]);

	if (n < 2 || p[1] < 0x30 || p[1] > 0x39)
		return next_double(cs, p, n, c);
	if (n < 4 || p[0] < 0x81 || p[0] == 0xff || p[2] < 0x81 || p[2] == 0xff || p[3] < 0x30 ||
	    p[3] > 0x39)
		return 0;
	number =
	    (((p[0] - 0x81u) * 10 + (p[1] - 0x30u)) * 126 + (p[2] - 0x81u)) * 10 + (p[3] - 0x30u);
	if (number >= GB18030_PLANES) {
		*c = number - GB18030_PLANES + 0x10000;
		return *c <= 0x10ffff ? 4 : 0;
	}
	if (number > 39419)
		return 0;
	while (high - low > 1) {
		const size_t middle = (low + high) / 2;

		if (runs[middle].number <= number)
			low = middle;
		else
			high = middle;
	}
	*c = runs[low].c + (number - runs[low].number);
	return 4;
}

static size_t
next_character(const struct charset *cs, const uint8_t *p, size_t n, uint32_t *c)
{
	switch ((enum form)cs->form) {
	case FORM_BINARY: break;
	case FORM_ASCII: *c = p[0]; return p[0] < 0x80;
	case FORM_SINGLE: return next_single(cs, p[0], c);
	case FORM_UTF8: return next_utf8(cs, p, n, c);
	case FORM_UCS2: return next_utf16(p, n, false, false, c);
	case FORM_UTF16: return next_utf16(p, n, false, true, c);
	case FORM_UTF16LE: return next_utf16(p, n, true, true, c);
	case FORM_UTF32: return next_utf32(p, n, c);
	case FORM_DOUBLE: return next_double(cs, p, n, c);
	case FORM_EUC: return next_euc(cs, p, n, c);
	case FORM_GB18030: return next_gb18030(cs, p, n, c);
	}
	return 0;
}

/* ---- conversion --------------------------------------------------------------------------------------------------- */

static size_t
put_utf8(uint8_t *dst, uint32_t c)
{
	const size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (dst == NULL)
		return len;
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		dst[i] = (uint8_t)(0x80 | (c & 0x3f));
	dst[0] = (uint8_t)(len == 1 ? c : (0xf00u >> len & 0xff) | c);
	return len;
}

/* How many bytes from here on are ASCII. */
static size_t
ascii_run(const uint8_t *p, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & 0x8080808080808080u)
			break;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

static bool
has_ascii(const struct charset *cs)
{
	return cs->form < FORM_UCS2 ? low_halves[cs->set] == NULL : cs->form >= FORM_DOUBLE;
}

bool
charset_to_utf8(const struct charset *cs, const uint8_t *p, size_t n, uint8_t *dst, size_t *ret_n,
    size_t *ret_bad)
{
	const bool ascii = has_ascii(cs), same = cs->form == FORM_UTF8;
	size_t out = 0, i = 0;

	if (cs->form == FORM_BINARY) {
		if (dst != NULL && n > 0)
			memcpy(dst, p, n);
		*ret_n = n;
		return true;
	}
	while (i < n) {
		uint32_t c = 0;
		size_t len = ascii ? ascii_run(p + i, n - i) : 0;

		if (len > 0 || (same && (len = next_character(cs, p + i, n - i, &c)) > 0)) {
			if (dst != NULL)
				memcpy(dst + out, p + i, len);
			out += len;
		} else {
			if ((len = next_character(cs, p + i, n - i, &c)) == 0) {
				*ret_bad = i;
				return false;
			}
			out += put_utf8(dst != NULL ? dst + out : NULL, c);
		}
		i += len;
	}
	*ret_n = out;
	return true;
}

size_t
charset_bound(const struct charset *cs, size_t n)
{
	return n / 2 * cs->half_growth + (n % 2 != 0 ? (cs->half_growth + 1u) / 2 : 0);
}

/* ---- collations --------------------------------------------------------------------------------------------------- */

enum where { MYSQL = 1, MARIADB = 2, BOTH = 3 };

struct collation {
	uint16_t id;
	uint8_t set, where;
	const char *name;
};

static const struct collation collations[] = {
#define COLLATION(number, text, name, servers) { number, SET_##name, servers, text },
#include "cdc/charset_tables.def"
#undef COLLATION
};
#define NCOLLATIONS (sizeof(collations) / sizeof(collations[0]))

/* MariaDB's uca1400 collations: their id says what they are. */
#define UCA_FIRST 2048
static const uint8_t uca_sets[] = { SET_utf8mb3, SET_utf8mb4, SET_ucs2, SET_utf16, SET_utf32 };
#define UCA_LAST (UCA_FIRST + 256 * sizeof(uca_sets) - 1)

static const char *const uca_languages[32] = {
#define UCA(index, name) [index] = name,
#include "cdc/charset_tables.def"
#undef UCA
};

static const struct collation *
find_collation(uint16_t id, bool mariadb)
{
	const uint8_t where = mariadb ? MARIADB : MYSQL;
	size_t low = 0, high = NCOLLATIONS;

	while (low < high) { /* the first entry of this id */
		const size_t middle = (low + high) / 2;

		if (collations[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < NCOLLATIONS && collations[low].id == id; low++)
		if (collations[low].where & where)
			return &collations[low];
	return NULL;
}

const struct charset *
charset_of_collation(uint16_t collation, bool mariadb, struct err *err)
{
	const struct collation *c = find_collation(collation, mariadb);

	if (c != NULL)
		return &sets[c->set];
	if (mariadb && collation >= UCA_FIRST && collation <= UCA_LAST &&
	    uca_languages[(collation - UCA_FIRST) % 256 / 8] != NULL)
		return &sets[uca_sets[(collation - UCA_FIRST) / 256]];
	err_set(err, ERR_SCHEMA, "collation %u of %s is not known", collation,
	    mariadb ? "MariaDB" : "MySQL");
	err_remedy(err,
	    "give the column a collation that this version of repld knows, or leave the table out");
	return NULL;
}

/* What stands behind SET_uca1400 in a name: _LANGUAGE, _nopad, _ai or _as, _ci or _cs. */
static uint16_t
uca_id(size_t set, const char *rest)
{
	char name[64];

	for (unsigned i = 0; i < 256; i++) {
		const char *language = uca_languages[i / 8];

		if (language == NULL)
			continue;
		snprintf(name, sizeof(name), "%s%s%s_%s_%s", language[0] != '\0' ? "_" : "",
		    language, i & 4 ? "_nopad" : "", i & 2 ? "as" : "ai", i & 1 ? "cs" : "ci");
		if (strcmp(name, rest) == 0)
			return (uint16_t)(UCA_FIRST + set * 256 + i);
	}
	return 0;
}

uint16_t
charset_collation_id(const char *name, bool mariadb)
{
	char spelled[64];

	if (strncmp(name, "utf8_", 5) == 0) { /* before utf8mb3 had its name */
		snprintf(spelled, sizeof(spelled), "utf8mb3_%s", name + 5);
		name = spelled;
	}
	for (size_t i = 0; i < NCOLLATIONS; i++)
		if ((collations[i].where & (mariadb ? MARIADB : MYSQL)) &&
		    strcmp(collations[i].name, name) == 0)
			return collations[i].id;
	for (size_t s = 0; mariadb && s < sizeof(uca_sets); s++) {
		const size_t len = strlen(sets[uca_sets[s]].name);

		if (strncmp(name, sets[uca_sets[s]].name, len) == 0 &&
		    strncmp(name + len, "_uca1400", 8) == 0)
			return uca_id(s, name + len + 8);
	}
	return 0;
}

const char *
charset_collation_name(uint16_t collation, bool mariadb)
{
	const struct collation *c = find_collation(collation, mariadb);

	return c != NULL ? c->name : NULL;
}

unsigned
charset_max_bytes(const struct charset *cs)
{
	return cs->max_bytes;
}

const char *
charset_name(const struct charset *cs)
{
	return cs->name;
}

bool
charset_is_binary(const struct charset *cs)
{
	return cs->form == FORM_BINARY;
}
