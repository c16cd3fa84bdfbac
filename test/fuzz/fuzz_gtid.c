/* covers: cdc/gtid.c cdc/gtid_bytes.c */
/* fuzz_gtid.c - any bytes as the text of identifiers and sets, and as the servers' binary forms: what is read can be written, and read
 * again as the same. Where there is a |, the bytes before and behind it are two sets, too: what is added, taken out and contained
 * agrees. Half a binary form is enough for that: the text of a set can stand on the other side. */
#include <stdlib.h>

#include "cdc/gtid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
holds(bool condition)
{
	if (!condition)
		abort();
}

/* Written and read again, it is the same; a set of MySQL in its binary form, too. */
static void
round_trip(struct gtid_set *take_s)
{
	struct err err = ERR_INIT;
	struct buf b = { 0 };
	struct gtid_set *again, *copy = gtid_set_copy(take_s, &err);

	gtid_set_text(take_s, &b);
	again = gtid_set_parse(gtid_set_flavour(take_s), buf_cstr(&b), &err);
	holds(again != NULL && copy != NULL && gtid_set_equal(again, take_s) &&
	      gtid_set_equal(copy, take_s));
	holds(gtid_set_contains(take_s, again));
	gtid_set_free(again);
	if (gtid_set_flavour(take_s) == GTID_MYSQL) {
		buf_reset(&b);
		gtid_set_encode(take_s, &b);
		again = gtid_set_decode(b.p, b.n, &err);
		holds(again != NULL && gtid_set_equal(again, take_s));
		gtid_set_free(again);
		again = gtid_set_minus(take_s, copy, &err);
		holds(again != NULL && gtid_set_empty(again));
		gtid_set_free(again);
	}
	gtid_set_free(copy);
	gtid_set_free(take_s);
	buf_done(&b);
}

/* ---- two sets ---- */

/* a + b holds both; without b it is what a has that b has not, and with b again the same. */
static void
add_and_take_out(const struct gtid_set *a, const struct gtid_set *b)
{
	struct err err = ERR_INIT;
	struct gtid_set *both = gtid_set_copy(a, &err), *rest, *lacks = gtid_set_minus(b, a, &err);

	holds(both != NULL && lacks != NULL && gtid_set_add_all(both, b, &err));
	holds(gtid_set_contains(both, a) && gtid_set_contains(both, b));
	holds(gtid_set_contains(a, b) == gtid_set_empty(lacks));
	holds(gtid_set_equal(both, a) == gtid_set_empty(lacks));
	holds((rest = gtid_set_minus(both, b, &err)) != NULL && gtid_set_contains(a, rest));
	gtid_set_free(lacks);
	holds((lacks = gtid_set_minus(a, b, &err)) != NULL && gtid_set_equal(lacks, rest));
	holds(gtid_set_add_all(rest, b, &err) && gtid_set_equal(rest, both));
	gtid_set_free(lacks);
	gtid_set_free(rest);
	gtid_set_free(both);
}

static void
add_run(const struct gtid_set *a, const struct gtid *g, uint64_t more)
{
	const struct gtid_run run = { *g, g->flavour == GTID_MYSQL && g->number < INT64_MAX - 1000 ? g->number + more : g->number };
	struct err err = ERR_INIT;
	struct gtid last = *g;
	struct gtid_set *s;

	last.number = run.last;
	if (gtid_set_flavour(a) != g->flavour) {
		holds(!gtid_set_has(a, g));
		return;
	}
	holds((s = gtid_set_copy(a, &err)) != NULL && gtid_set_add(s, &run, &err));
	holds(gtid_set_has(s, g) && gtid_set_has(s, &last) && !gtid_set_empty(s));
	if (g->flavour == GTID_MYSQL)
		holds(gtid_set_contains(s, a) && (run.last > g->number || gtid_set_has(a, g) == gtid_set_equal(s, a)));
	gtid_set_free(s);
}

static char *
text_of(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);

	holds(text != NULL);
	if (n > 0)
		memcpy(text, p, n);
	text[n] = '\0';
	return text;
}

/* A set by any way there is. */
static struct gtid_set *
any_set(enum gtid_flavour flavour, const uint8_t *p, size_t n)
{
	struct err err = ERR_INIT;
	char *text = text_of(p, n);
	struct gtid_set *s = gtid_set_parse(flavour, text, &err);

	free(text);
	if (s == NULL)
		s = flavour == GTID_MYSQL ? gtid_set_decode(p, n, &err) : gtid_list_decode(p, n, &err);
	return s;
}

static void
two_sets(enum gtid_flavour flavour, const uint8_t *p, size_t n, const uint8_t *q, size_t nq)
{
	struct gtid_set *a = any_set(flavour, p, n), *b = any_set(flavour, q, nq);
	char *text = text_of(q, nq);
	struct err err = ERR_INIT;
	struct gtid g;

	if (a != NULL && b != NULL) {
		holds(gtid_set_contains(a, b) || !gtid_set_equal(a, b));
		if (flavour == GTID_MYSQL)
			add_and_take_out(a, b);
	}
	if (a != NULL && gtid_parse(text, &g, &err))
		add_run(a, &g, n);
	free(text);
	gtid_set_free(a);
	gtid_set_free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *bar = size > 0 ? memchr(data, '|', size) : NULL;
	const size_t front = bar != NULL ? (size_t)(bar - data) : 0;
	struct err err = ERR_INIT;
	struct gtid_set *s;
	struct gtid g = { 0 };
	char *text, out[GTID_TEXT];

	holds(strcmp(gtid_text(&g, out), "-") == 0);
	if (bar != NULL)
		for (enum gtid_flavour f = GTID_MYSQL; f <= GTID_MARIADB; f++)
			two_sets(f, data, front, bar + 1, size - front - 1);

	if ((s = gtid_set_decode(data, size, &err)) != NULL)
		round_trip(s);
	if ((s = gtid_list_decode(data, size, &err)) != NULL)
		round_trip(s);
	text = text_of(data, size);
	for (enum gtid_flavour f = GTID_MYSQL; f <= GTID_MARIADB; f++)
		if ((s = gtid_set_parse(f, text, &err)) != NULL)
			round_trip(s);
	if (gtid_parse(text, &g, &err)) {
		const struct gtid was = g;

		holds(gtid_parse(gtid_text(&g, out), &g, &err) && g.number == was.number && strcmp(g.tag, was.tag) == 0);
	}
	gtid_text_flavour(text);
	free(text);
	return 0;
}
