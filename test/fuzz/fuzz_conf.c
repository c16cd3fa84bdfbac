/* covers: daemon/conf.c daemon/conf_value.c */
/* fuzz_conf.c - any text as a configuration: a list of errors, one line each, or an object that prints to a text which parses back to
 * an equal one. Files are never read: a text can't include any. */
#include <stdlib.h>

#include "daemon/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Lines without control bytes; as many as there are errors, up to the last that says there are more. */
static void
check_errors(struct conf_errors *errors)
{
	const char *s = buf_cstr(&errors->text);
	uint32_t lines = 0;

	must(errors->n > 0 && s[0] != '\0');
	for (; *s != '\0'; s++) {
		must(*s == '\n' || ((uint8_t)*s >= 0x20 && *s != 0x7f));
		lines += *s == '\n';
	}
	must(s[-1] == '\n' && lines == (errors->n > 100 ? 101 : errors->n));
}

static struct conf *
parse(const char *text)
{
	struct conf_errors errors = { 0 };
	struct conf *c = conf_parse(text, "fuzz", &errors);

	must((c != NULL) == (errors.n == 0));
	if (c == NULL)
		check_errors(&errors);
	conf_errors_done(&errors);
	return c;
}

static void
check_equal(const struct conf *a, const struct conf *b)
{
	struct conf_diff diff = { 0 };
	struct err err = ERR_INIT;

	must(conf_diff_new(a, b, &diff, &err));
	must(diff.n == a->ntasks + 1);
	for (uint32_t i = 0; i < diff.n; i++)
		must(diff.changes[i].action == CONF_KEEP && diff.changes[i].waits.n == 0);
	conf_diff_done(&diff);
}

static void
check_printed(const struct conf *c, const struct task_conf *task)
{
	struct buf text = { 0 }, again = { 0 };
	struct conf *back;

	conf_print(c, task, &text);
	back = parse(buf_cstr(&text));
	must(back != NULL);
	conf_print(back, NULL, &again);
	must(strcmp(buf_cstr(&text), buf_cstr(&again)) == 0);
	if (task == NULL)
		check_equal(c, back);
	conf_free(back);
	buf_done(&text);
	buf_done(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct conf *c;

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	c = parse(text);
	if (c != NULL) {
		check_printed(c, NULL);
		if (c->ntasks > 0)
			check_printed(c, c->tasks[c->ntasks - 1]);
	}
	conf_free(c);
	free(text);
	return 0;
}
