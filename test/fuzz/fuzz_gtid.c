/* covers: cdc/gtid.c cdc/gtid_bytes.c */
/* fuzz_gtid.c - any bytes as the text of identifiers and sets, and as the servers' binary forms: what is read can be written, and read
 * again as the same. */
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct gtid_set *s;
	struct gtid g;
	char *text, out[GTID_TEXT];

	if ((s = gtid_set_decode(data, size, &err)) != NULL)
		round_trip(s);
	if ((s = gtid_list_decode(data, size, &err)) != NULL)
		round_trip(s);
	if ((text = malloc(size + 1)) == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (enum gtid_flavour f = GTID_MYSQL; f <= GTID_MARIADB; f++)
		if ((s = gtid_set_parse(f, text, &err)) != NULL)
			round_trip(s);
	if (gtid_parse(text, &g, &err)) {
		gtid_text(&g, out);
		holds(gtid_parse(out, &g, &err));
	}
	gtid_text_flavour(text);
	free(text);
	return 0;
}
