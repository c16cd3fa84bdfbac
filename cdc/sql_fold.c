/* sql_fold.c - names of tables in small letters, as a server with lower_case_table_names = 1 keeps them and logs its rows; the text of a statement has
 * them as they were written.
 * Invariant: what is folded is what the server folds; a character of which that is not certain is said to be so, and nothing is concluded.
 * Threads: pure. */
#include "cdc/sql_text.h"

#include <string.h>

/* The small letter of a character of two bytes in UTF-8; 0: not known. What is not listed and has no letters in two sizes stays. */
static unsigned
small(unsigned c)
{
	if (c < 0xc0 || c == 0xd7 || (c >= 0xdf && c < 0x100))
		return c;
	if (c < 0xdf)
		return c + 0x20;
	if (c < 0x130 || (c >= 0x132 && c < 0x138) || (c >= 0x14a && c < 0x178))
		return c | 1;
	if ((c >= 0x139 && c < 0x149) || (c >= 0x179 && c < 0x17f))
		return c + (c & 1);
	if (c >= 0x391 && c <= 0x3ab && c != 0x3a2)
		return c + 0x20;
	if (c == 0x386 || (c >= 0x388 && c <= 0x38a))
		return c == 0x386 ? 0x3ac : c + 0x25;
	if (c == 0x390 || (c >= 0x3ac && c <= 0x3ce))
		return c;
	if (c >= 0x400 && c < 0x410)
		return c + 0x50;
	if (c >= 0x410 && c < 0x430)
		return c + 0x20;
	return (c >= 0x430 && c < 0x460) || c >= 0x590 ? c : 0;
}

/* Scripts of three bytes without small letters: of India and South-East Asia, of Korea, China and Japan. */
static bool
has_one_size(const unsigned char *p)
{
	const unsigned c = (unsigned)(p[0] & 0x0f) << 12 | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);

	return (c >= 0x800 && c < 0x10a0) || (c >= 0x1100 && c < 0x13a0) || (c >= 0x2e80 && c < 0xa640) || (c >= 0xac00 && c < 0xd800);
}

bool
sql_name_fold(char *name)
{
	for (unsigned char *p = (unsigned char *)name; *p != '\0'; p++) {
		unsigned c;

		if (*p < 0x80) {
			if (*p >= 'A' && *p <= 'Z')
				*p = (unsigned char)(*p | 0x20);
			continue;
		}
		if ((*p & 0xe0) == 0xc0 && (p[1] & 0xc0) == 0x80) {
			if ((c = small((unsigned)(*p & 0x1f) << 6 | (p[1] & 0x3f))) == 0)
				return false;
			*p++ = (unsigned char)(0xc0 | c >> 6);
			*p = (unsigned char)(0x80 | (c & 0x3f));
			continue;
		}
		if ((*p & 0xf0) != 0xe0 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || !has_one_size(p))
			return false;
		p += 2;
	}
	return true;
}

void
sql_text_fold(struct sql_text *t)
{
	for (uint16_t i = 0; i < t->nnames; i++)
		if (!sql_name_fold(t->names[i].schema) || !sql_name_fold(t->names[i].name))
			t->unclear = true;
}
