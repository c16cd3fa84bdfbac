/* unit.h - the main function of a unit test, and a few checks that libcheck lacks.
 * A test program is one file: it includes its module's .c, holds START_TEST(module_does_what_when)
 * ... END_TEST cases, and ends with UNIT_MAIN("module", case1, case2, ...).
 * Each case runs in a process of its own (CK_FORK=no: in this one, for a debugger);
 * an argument chooses the cases whose name contains it. */
#ifndef REPLD_TEST_UNIT_H
#define REPLD_TEST_UNIT_H

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What some cases have to leave out: sanitizers end the process where malloc is asked for too much,
 * ThreadSanitizer reports a lock's misuse before the lock itself can. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define UNIT_TSAN 1
#else
#define UNIT_TSAN 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || UNIT_TSAN
#define UNIT_SANITIZED 1
#else
#define UNIT_SANITIZED 0
#endif

/* The call succeeds; else the case fails with the error's text. */
#define ck_ok(call, err)                                                                           \
	do {                                                                                       \
		if (!(call))                                                                       \
			ck_abort_msg("%s: %s", #call, (err)->msg);                                 \
	} while (0)

/* The call fails with this kind of error, and says so. */
#define ck_fails(call, err, want)                                                                  \
	do {                                                                                       \
		(err)->kind = ERR_NONE;                                                            \
		if (call)                                                                          \
			ck_abort_msg("%s: succeeded, should have failed", #call);                  \
		if ((err)->kind != (want) || (err)->msg[0] == '\0')                                \
			ck_abort_msg("%s: wrong error: %s: %s", #call, err_kind_name((err)->kind), \
			    (err)->msg);                                                           \
	} while (0)

/* True where fn() ends its process by abort(): how a broken contract is tested. */
static inline bool
unit_aborts(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		fn();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) != pid)
		;
	return pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static inline void
unit_print_failures(SRunner *runner)
{
	TestResult **failed = srunner_failures(runner);

	for (int i = 0; i < srunner_ntests_failed(runner); i++)
		printf("%s:%d: %s: %s\n", tr_lfile(failed[i]), tr_lno(failed[i]), tr_tcname(failed[i]),
		    tr_msg(failed[i]));
	free(failed);
}

static inline int
unit_main(const char *name, const TTest *const *cases, size_t n, const char *only)
{
	Suite *suite = suite_create(name);
	SRunner *runner = srunner_create(suite);
	int run, failed;

	for (size_t i = 0; i < n; i++) {
		TCase *tc;

		if (only != NULL && strstr(cases[i]->name, only) == NULL)
			continue;
		tc = tcase_create(cases[i]->name);
		tcase_set_timeout(tc, 30);	/* a sanitizer's build is slow */
		tcase_add_test(tc, cases[i]);
		suite_add_tcase(suite, tc);
	}
	srunner_run_all(runner, CK_SILENT);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	unit_print_failures(runner);
	if (failed == 0)
		printf("ok   unit %s: %d tests\n", name, run);
	else
		printf("FAIL unit %s: %d of %d tests\n", name, failed, run);
	srunner_free(runner);
	return failed == 0 && run > 0 ? 0 : 1;
}

#define UNIT_MAIN(name, ...)                                                                       \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		const TTest *const unit_cases[] = { __VA_ARGS__ };                                 \
                                                                                                   \
		return unit_main(name, unit_cases, sizeof(unit_cases) / sizeof(unit_cases[0]),     \
		    argc > 1 ? argv[1] : NULL);                                                    \
	}

#endif
