/* Named faults: each acts at its passage, and only there. */
#ifndef REPLD_FAULTS
#define REPLD_FAULTS
#endif
#include "daemon/base/fault.c"
#include "daemon/base/clock.h"
#include "test/unit/unit.h"

START_TEST(fault_error_acts_at_its_passage_only)
{
	struct err e = ERR_INIT;

	setenv("REPLD_FAULT", "a=error@3,b=error", 1);
	ck_ok(FAULT("a", &e), &e);
	ck_ok(FAULT("a", &e), &e);
	ck_fails(FAULT("b", &e), &e, ERR_RETRY);
	ck_fails(FAULT("a", &e), &e, ERR_RETRY);
	ck_ok(FAULT("a", &e), &e);
	ck_ok(FAULT("b", &e), &e);
	ck_ok(FAULT("other", &e), &e);
}
END_TEST

START_TEST(fault_delay_waits_and_goes_on)
{
	struct err e = ERR_INIT;
	struct usec start = clock_mono();

	setenv("REPLD_FAULT", "a=delay:20", 1);
	ck_ok(FAULT("a", &e), &e);
	ck_assert_int_ge(usec_since(start), 20000);
}
END_TEST

START_TEST(fault_kill_ends_the_process)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = ERR_INIT;

		setenv("REPLD_FAULT", "here=kill", 1);
		_exit(FAULT("here", &e) ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(fault_without_variable_does_nothing)
{
	struct err e = ERR_INIT;

	unsetenv("REPLD_FAULT");
	ck_ok(FAULT("a", &e), &e);
}
END_TEST

static const char *spec;

static void
load_spec(void)
{
	struct err e = ERR_INIT;

	setenv("REPLD_FAULT", spec, 1);
	(void)FAULT("a", &e);
}

START_TEST(fault_variable_that_cannot_be_understood_aborts)
{
	static const char *const bad[] = { "a", "=kill", "a=die", "a=error@0", "a=error@x", "a=delay",
		"a=delay:", "a=delay:-1", "b=kill,a" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		spec = bad[i];
		ck_assert_msg(unit_aborts(load_spec), "%s", spec);
	}
}
END_TEST

UNIT_MAIN("fault", fault_error_acts_at_its_passage_only, fault_delay_waits_and_goes_on,
    fault_kill_ends_the_process, fault_without_variable_does_nothing,
    fault_variable_that_cannot_be_understood_aborts)
