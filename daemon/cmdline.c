/* cmdline.c - see cmdline.h. */
#include "daemon/cmdline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cmd_option *
find_option(const struct cmd_option *options, const char *word, const char **ret_value)
{
	for (const struct cmd_option *o = options; o->name != NULL; o++) {
		size_t n = strlen(o->name);

		*ret_value = NULL;
		if (strcmp(word, o->name) == 0)
			return o;
		if (o->value != NULL && strncmp(word, o->name, n) == 0 && word[n] == '=') {
			*ret_value = word + n + 1;
			return o;
		}
	}
	return NULL;
}

static bool
usage_error(const char *usage, const char *what, const char *word)
{
	fprintf(stderr, "repld: %s: %s\nusage: repld %s\n", word, what, usage);
	return false;
}

bool
cmdline_parse(const char *usage, int argc, char **argv, const struct cmd_option *options, const char **words, int max)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		const char *value;
		const struct cmd_option *o;

		if (argv[i][0] != '-') {
			if (n == max)
				return usage_error(usage, "one word too many", argv[i]);
			words[n++] = argv[i];
			continue;
		}
		if ((o = find_option(options, argv[i], &value)) == NULL)
			return usage_error(usage, "unknown option", argv[i]);
		if (o->flag != NULL) {
			*o->flag = true;
		} else if (value != NULL || ++i < argc) {
			*o->value = value != NULL ? value : argv[i];
		} else {
			return usage_error(usage, "wants a value", o->name);
		}
	}
	return true;
}

struct conf *
cmdline_conf(const char *path, const char *task)
{
	struct conf_errors errors = { 0 };
	struct conf *conf = conf_load(path, &errors);

	if (conf == NULL) {
		fprintf(stderr, "%s", buf_cstr(&errors.text));
	} else if (task != NULL && conf_task(conf, task) == NULL) {
		fprintf(stderr, "repld: no task %s in %s\n", task, path);
		conf_free(conf);
		conf = NULL;
	}
	conf_errors_done(&errors);
	return conf;
}

int
cmdline_ask(const char *question)
{
	char line[16] = "";

	if (isatty(0) != 1) {
		fprintf(stderr, "repld: this asks first, and there is no terminal: add --yes\n");
		return 2;
	}
	printf("%s Type yes to go on: ", question);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "yes\n") == 0 ? 0 : 1;
}

int
cmdline_fail(const char *what, const struct err *err)
{
	fprintf(stderr, "repld: %s: %s%s%s%s\n", what, err->msg, err->sqlstate[0] != '\0' ? " (" : "", err->sqlstate,
	    err->sqlstate[0] != '\0' ? ")" : "");
	if (err->remedy[0] != '\0')
		fprintf(stderr, "fix: %s\n", err->remedy);
	return err->kind == ERR_RETRY ? 3 : 1;
}
