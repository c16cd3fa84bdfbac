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

static char folder[64];

static bool
acted(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0 && unlink(path) == 0;
}

START_TEST(fault_once_acts_in_one_process_and_again_when_it_is_armed)
{
	struct err e = ERR_INIT;
	int status = 0;
	pid_t pid;

	snprintf(folder, sizeof(folder), "/tmp/repld-fault.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("REPLD_FAULT_ONCE", folder, 1);
	setenv("REPLD_FAULT", "a=error@2", 1);
	ck_ok(FAULT("a", &e), &e);
	ck_fails(FAULT("a", &e), &e, ERR_RETRY);
	ck_ok(FAULT("a", &e), &e);
	if ((pid = fork()) == 0)
		_exit(FAULT("a", &e) && FAULT("a", &e) ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(acted("a"));
	ck_fails(FAULT("a", &e), &e, ERR_RETRY);	/* the first passage after it was armed */
	ck_ok(FAULT("a", &e), &e);
	ck_assert(acted("a") && rmdir(folder) == 0);
}
END_TEST

static void
pass_without_folder(void)
{
	struct err e = ERR_INIT;

	setenv("REPLD_FAULT_ONCE", "/nowhere/at/all", 1);
	setenv("REPLD_FAULT", "a=error", 1);
	(void)FAULT("a", &e);
}

START_TEST(fault_once_aborts_where_its_folder_is_not)
{
	ck_assert(unit_aborts(pass_without_folder));
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
    fault_kill_ends_the_process, fault_once_acts_in_one_process_and_again_when_it_is_armed, fault_once_aborts_where_its_folder_is_not, fault_without_variable_does_nothing,
    fault_variable_that_cannot_be_understood_aborts)
