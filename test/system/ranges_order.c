/* ranges_order.c - whether repld orders keys as the server does: ranges_order TYPE-OID < values.
 * A line of the input is one value, in hexadecimal: its text form, a space, its binary form; the
 * lines are in the server's order, each value once. Each becomes a bound, and is then looked for in
 * both forms. Threads: one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "staging/ranges.h"

#define MOST 20000

struct bytes {
	uint8_t *p;
	uint32_t n;
};

static struct bytes
unhex(const char *s)
{
	struct bytes b = { xzalloc(strlen(s) / 2 + 1), 0 };
	unsigned v;

	for (; s[0] != '\0' && s[1] != '\0' && sscanf(s, "%2x", &v) == 1; s += 2)
		b.p[b.n++] = (uint8_t)v;
	return b;
}

static bool
stands_at(const struct ranges *r, enum value_kind kind, const struct bytes *b, size_t want)
{
	const struct value v = { (uint8_t)kind, b->n, b->p };
	size_t at = 0;

	if (ranges_find(r, &v, &at) && at == want)
		return true;
	fprintf(stderr, "value %zu in %s form is found in range %zu\n", want,
	    kind == VALUE_TEXT ? "text" : "binary", at);
	return false;
}

int
main(int argc, char **argv)
{
	static struct bytes text[MOST], binary[MOST];
	static const char *bounds[MOST];
	static char line[70000], a[35000], b[35000];
	const uint32_t oid = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	struct column_desc col = { .name = "k", .type = { .oid = oid, .base_oid = oid } };
	struct table_desc d = { .oid = 1, .ncols = 1, .cols = &col };
	struct err err = ERR_INIT;
	struct ranges *r;
	size_t n = 0;
	bool ok = true;

	while (n < MOST && fgets(line, sizeof(line), stdin) != NULL) {
		a[0] = b[0] = '\0';
		if (line[0] == ' ')
			sscanf(line, " %34999s", b);
		else
			sscanf(line, "%34999s %34999s", a, b);
		text[n] = unhex(a);
		binary[n] = unhex(b);
		bounds[n] = (const char *)text[n].p;
		n++;
	}
	if ((r = ranges_new(&d, 0, bounds, n, &err)) == NULL) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		ok = stands_at(r, VALUE_TEXT, &text[i], i + 1) &&
		    stands_at(r, VALUE_BINARY, &binary[i], i + 1) && ok;
	printf("%zu values\n", n);
	ranges_free(r);
	return ok && n > 0 ? 0 : 1;
}
