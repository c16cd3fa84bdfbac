/* covers: cdc/binlog_json.c cdc/binlog_json_form.c cdc/binlog_json_apply.c */
/* fuzz_binlog_json.c - any bytes as binary JSON, and as changes of it: refused, or a text of
 * exactly the measured size; a document that can be printed keeps its text when nothing is
 * changed, and can be printed after any change that was taken. Input: two bytes: where the changes
 * begin; then the document, then the changes. */
#include <stdlib.h>

#include "cdc/binlog_json.h"
#include "cdc/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* The document as text; NULL: refused. */
static uint8_t *
text_of(const uint8_t *p, size_t n, size_t *ret_n)
{
	struct err err = ERR_INIT;
	size_t again, at, len;
	uint8_t *text;

	if (!binlog_json_text(p, n, NULL, ret_n, &err)) {
		must(err.kind == ERR_PROTOCOL && err.msg[0] != '\0');
		return NULL;
	}
	must((text = malloc(*ret_n + 1)) != NULL);
	must(binlog_json_text(p, n, text, &again, &err) && again == *ret_n);
	must(charset_to_utf8(charset_of_collation(46, false, &err), text, *ret_n, NULL, &len, &at));
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	struct err err = ERR_INIT;
	uint8_t *text, *same;
	size_t split, n, nsame;

	if (size < 2)
		return 0;
	split = (data[0] | (size_t)data[1] << 8) % (size - 1) + 2;
	if ((text = text_of(data + 2, split - 2, &n)) != NULL) {
		must(binlog_json_apply(data + 2, split - 2, data, 0, &out, &err));
		must((same = text_of(out.p, out.n, &nsame)) != NULL && nsame == n &&
		     memcmp(text, same, n) == 0);
		free(same);
	}
	if (!binlog_json_apply(data + 2, split - 2, data + split, size - split, &out, &err))
		must((err.kind == ERR_PROTOCOL || err.kind == ERR_LIMIT) && err.msg[0] != '\0');
	else
		free(text_of(out.p, out.n, &nsame));
	buf_done(&out);
	free(text);
	return 0;
}
