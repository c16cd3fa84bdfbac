/* fault.c - the table of armed faults, read once from REPLD_FAULT; empty in normal builds.
 * Threads: any; passages are counted with atomics. With REPLD_FAULT_ONCE processes agree by files that only one of them can make.
 * A variable that cannot be understood, and a folder that can't be written to, abort: a test meant something by it. */
#include "daemon/base/fault.h"

#ifdef REPLD_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "daemon/base/num.h"

#define FAULTS_MAX 32

enum fault_act { FAULT_KILL, FAULT_ERROR, FAULT_DELAY };

struct fault {
	char name[64];
	enum fault_act act;
	int64_t delay_ms;
	int64_t at;		/* the passage that acts */
	_Atomic int64_t passed;
};

static struct fault faults[FAULTS_MAX];
static size_t nfaults;
static pthread_once_t faults_once = PTHREAD_ONCE_INIT;

static void
refuse(const char *spec)
{
	fprintf(stderr,
	    "repld: REPLD_FAULT: expected name=kill|error|delay:MS[@N], got \"%s\"\n", spec);
	abort();
}

static bool
parse_act(struct fault *f, const char *act)
{
	struct err err = ERR_INIT;

	if (strcmp(act, "kill") == 0) {
		f->act = FAULT_KILL;
	} else if (strcmp(act, "error") == 0) {
		f->act = FAULT_ERROR;
	} else if (strncmp(act, "delay:", 6) == 0) {
		f->act = FAULT_DELAY;
		return num_int(act + 6, 0, 3600000, &f->delay_ms, &err);
	} else {
		return false;
	}
	return true;
}

/* spec is ours to cut up. */
static bool
parse_one(struct fault *f, char *spec)
{
	char *act = strchr(spec, '='), *at;
	struct err err = ERR_INIT;

	if (act == NULL || act == spec || (size_t)(act - spec) >= sizeof(f->name))
		return false;
	*act++ = '\0';
	snprintf(f->name, sizeof(f->name), "%.63s", spec);
	f->at = 1;
	if ((at = strchr(act, '@')) != NULL) {
		*at++ = '\0';
		if (!num_int(at, 1, INT64_MAX, &f->at, &err))
			return false;
	}
	return parse_act(f, act);
}

static void
faults_load(void)
{
	const char *s = getenv("REPLD_FAULT");
	char spec[128];

	while (s != NULL && *s != '\0') {
		size_t n = strcspn(s, ",");

		snprintf(spec, sizeof(spec), "%.*s", (int)n, s);
		if (n >= sizeof(spec) || nfaults == FAULTS_MAX ||
		    !parse_one(&faults[nfaults], spec))
			refuse(s);
		nfaults++;
		s += n + (s[n] == ',');
	}
}

/* This passage is the one that acts. */
static bool
is_its_turn(struct fault *f)
{
	const int64_t passed = atomic_fetch_add(&f->passed, 1) + 1;
	const char *folder = getenv("REPLD_FAULT_ONCE");
	char path[512];
	int fd;

	if (folder == NULL || passed < f->at)
		return folder == NULL && passed == f->at;
	snprintf(path, sizeof(path), "%s/%s", folder, f->name);
	if ((fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644)) >= 0) {
		close(fd);
		return true;
	}
	if (errno != EEXIST) {
		fprintf(stderr, "repld: REPLD_FAULT_ONCE: %s: %s\n", path, strerror(errno));
		abort();
	}
	return false;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) < 0)
		;
}

bool
fault_hit(const char *name, struct err *err)
{
	pthread_once(&faults_once, faults_load);
	for (size_t i = 0; i < nfaults; i++) {
		struct fault *f = &faults[i];

		if (strcmp(f->name, name) != 0 || !is_its_turn(f))
			continue;
		switch (f->act) {
		case FAULT_KILL: kill(getpid(), SIGKILL); pause(); break;
		case FAULT_ERROR: return err_set(err, ERR_RETRY, "fault %s", name);
		case FAULT_DELAY: sleep_ms(f->delay_ms); break;
		}
	}
	return true;
}

bool
fault_memory(void)
{
	struct err ignored;

	return fault_hit("mem", &ignored);
}

#endif
