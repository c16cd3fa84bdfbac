/* shm.h - the block of memory that a worker shares with its supervisor: one struct status_task and an array of struct status_table, each
 * behind a sequence lock. Flow: worker's main thread writes (a few times a second); the supervisor reads, never waits.
 * A reader that meets a writer 8 times running gets the last good copy, marked stale. The memfd is sealed against shrinking and grown by the worker.
 * Threads: one writer, one reader. */
#ifndef REPLD_DAEMON_SHM_H
#define REPLD_DAEMON_SHM_H

#include "daemon/status.h"

struct shm;

int shm_create(struct err *err) MUST_CHECK;			/* memfd, O_CLOEXEC; < 0: error. The supervisor makes it */
struct shm *shm_open_writer(int fd, struct err *err) MUST_CHECK;	/* maps; fd stays the caller's */
struct shm *shm_open_reader(int fd, struct err *err) MUST_CHECK;
void shm_close(struct shm *s);

void shm_put_task(struct shm *s, const struct status_task *t);
bool shm_put_table(struct shm *s, uint32_t index, const struct status_table *t, struct err *err) MUST_CHECK;	/* grows as needed */
void shm_set_tables(struct shm *s, uint32_t n);

bool shm_get_task(struct shm *s, struct status_task *ret);	/* false: stale (the last good copy), or nothing written yet (zeros) */
uint32_t shm_tables(struct shm *s);
bool shm_get_table(struct shm *s, uint32_t index, struct status_table *ret);

#endif
