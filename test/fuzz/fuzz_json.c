/* covers: cdc/json.c */
/* fuzz_json.c - any bytes as JSON: what the parser takes by hand and what it skips agree, nothing is read beyond the end, strings never grow. */
#include <stdlib.h>

#include "cdc/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool is)
{
	if (!is)
		abort();
}

static void
take_string(struct json *j)
{
	const struct json_text t = json_str(j);
	uint8_t *out = malloc(t.n + 1);
	char *copy = malloc(t.n + 1);
	size_t n;

	expect(out != NULL && copy != NULL);
	if (t.p != NULL) {
		n = json_unescape(&t, out);
		expect(n <= t.n);
		memcpy(copy, out, n);
		copy[n] = '\0';
		expect(memchr(copy, '\0', n) != NULL || json_text_is(&t, copy));
		copy[0] ^= 1;
		expect(n == 0 || !json_text_is(&t, copy));
	}
	free(out);
	free(copy);
}

static void
walk(struct json *j)
{
	struct json_text key;

	switch (json_peek(j)) {
	case JSON_OBJECT:
		json_object(j);
		while (json_member(j, &key))
			walk(j);
		break;
	case JSON_ARRAY:
		json_array(j);
		while (json_item(j))
			walk(j);
		break;
	case JSON_STRING: take_string(j); break;
	case JSON_NUMBER: expect(json_number(j).n > 0 || j->bad); break;
	case JSON_TRUE: expect(json_bool(j) || j->bad); break;
	case JSON_FALSE: expect(!json_bool(j)); break;
	case JSON_NULL: json_null(j); break;
	case JSON_BAD: expect(j->bad); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	struct json walked, skipped;

	expect(copy != NULL);
	memcpy(copy, data, size);
	walked = json_init(copy, size);
	skipped = json_init(copy, size);
	walk(&walked);
	json_skip(&skipped);
	expect(json_end(&walked) == json_end(&skipped));
	expect(walked.off <= size && skipped.off <= size && (!walked.bad || walked.bad_at <= size));
	free(copy);
	return 0;
}
