/* covers: daemon/ctl_line.c */
/* fuzz_ctl.c - any bytes as what a client of the control socket sends, cut in two anywhere; and
 * as what a server answers. A line is refused, or it becomes a request that prints as a line
 * which gives the same request again. */
#include <stdlib.h>

#include "daemon/base/bytes.h"
#include "daemon/ctl_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void
must_be_same(const struct ctl_request *a, const struct ctl_request *b)
{
	must(
	    a->command == b->command && same_text(a->task, b->task) && same_text(a->from, b->from));
	must(a->tables == b->tables && a->json == b->json && a->reload == b->reload);
	must((a->timeout < 0) == (b->timeout < 0) && (a->timeout < 0 || a->timeout == b->timeout));
	must(a->level == b->level && a->nnames == b->nnames);
	for (int i = 0; i < a->nnames; i++)
		must(same_text(a->names[i], b->names[i]));
}

static void
print_and_parse(const struct ctl_request *r)
{
	struct buf line = { 0 };
	struct ctl_words words;
	struct ctl_request again;
	struct err err = ERR_INIT;
	size_t n;

	ctl_request_print(r, &line);
	must(ctl_take_line((const char *)line.p, line.n, 0, &n, &err) == 1 && n == line.n - 1);
	must(ctl_words_new((const char *)line.p, n, &words, &err));
	must(ctl_request_parse(words.n, words.word, &again, &err));
	must_be_same(r, &again);
	ctl_words_done(&words);
	buf_done(&line);
}

static void
one_line(const char *line, size_t n)
{
	struct ctl_words words;
	struct ctl_request r;
	struct err err = ERR_INIT;
	bool ok = ctl_words_new(line, n, &words, &err);

	must(ok == (err.kind == ERR_NONE));
	if (!ok)
		return;
	must(words.n <= CTL_WORDS_MAX);
	ok = ctl_request_parse(words.n, words.word, &r, &err);
	must(ok == (err.kind == ERR_NONE) && (ok || err.msg[0] != '\0'));
	if (ok)
		print_and_parse(&r);
	ctl_words_done(&words);
}

/* Found in one look or in two: the same. */
static void
look_twice(const char *p, size_t n, size_t cut, int want, size_t want_n)
{
	struct err err = ERR_INIT;
	size_t got_n = 0;
	int rc = ctl_take_line(p, cut, 0, &got_n, &err);

	if (rc == 0)
		rc = ctl_take_line(p, n, cut, &got_n, &err);
	must(rc == want && (rc != 1 || got_n == want_n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	const char *text;
	size_t n = 0, text_n;
	char *copy = malloc(size > 0 ? size : 1);
	int rc;

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	rc = ctl_take_line(copy, size, 0, &n, &err);
	must((rc < 0) == (err.kind != ERR_NONE));
	look_twice(copy, size, size / 2, rc, n);
	/* printed, a time may be some bytes longer than it was */
	if (rc == 1 && n < CTL_LINE_MAX - 64)
		one_line(copy, n);
	if (size < CTL_LINE_MAX - 64)
		one_line(copy, size);
	rc = ctl_verdict_parse(copy, size, &text, &text_n);
	must(rc >= -1 && rc <= 9 && (rc < 0 || (text >= copy && text + text_n <= copy + size)));
	free(copy);
	return 0;
}
