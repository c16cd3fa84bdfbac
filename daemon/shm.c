/* shm.c - the shared block: a head with the task's record, then one record a table, each behind
 * its own sequence lock. Records are copied as 64-bit atomic words, so a read that races with a
 * write is defined, and the sequence tells it: a reader that sees one new word (release, acquire)
 * also sees that the sequence has moved.
 * Invariant: the file never shrinks (sealed), so what fstat() said may be touched for ever; a
 * count read from the block is held against that size. The reader trusts no byte: texts are
 * terminated, enumerations checked. */
#include "daemon/shm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/arena.h"

#define SHM_TRIES	8
#define SHM_TABLES_MAX	(1u << 20)
#define WORDS(type)	(sizeof(type) / sizeof(uint64_t))

typedef _Atomic uint64_t word;

_Static_assert(sizeof(struct status_task) % sizeof(uint64_t) == 0, "copied as words");
_Static_assert(sizeof(struct status_table) % sizeof(uint64_t) == 0, "copied as words");

struct task_record {
	word seq;		/* odd: being written */
	word words[WORDS(struct status_task)];
};

struct table_record {
	word seq;
	word words[WORDS(struct status_table)];
};

struct block {
	word ntables;
	struct task_record task;
	struct table_record tables[];
};

struct shm {
	int fd;			/* reader: its own copy; writer: the caller's */
	bool writer;
	struct block *block;
	size_t size;		/* bytes mapped */
	size_t room;		/* table records that fit in them */
	struct status_task last;	/* reader: the last good copies */
	struct status_table *last_tables;
	size_t last_cap;
};

static size_t
block_size(size_t tables)
{
	return sizeof(struct block) + tables * sizeof(struct table_record);
}

int
shm_create(struct err *err)
{
	int fd = memfd_create("repld-status", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		err_errno(err, errno, "memfd_create");
		return -1;
	}
	if (ftruncate(fd, (off_t)block_size(0)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0) {
		err_errno(err, errno, "shared block of %zu bytes", block_size(0));
		close(fd);
		return -1;
	}
	return fd;
}

/* Maps all of the file; keeps the old mapping where that fails. */
static bool
map_file(struct shm *s, struct err *err)
{
	int prot = s->writer ? PROT_READ | PROT_WRITE : PROT_READ;
	struct stat st;
	void *p;

	if (fstat(s->fd, &st) < 0)
		return err_errno(err, errno, "shared block");
	if ((size_t)st.st_size < block_size(0))
		return err_set(
		    err, ERR_SYSTEM, "shared block of only %lld bytes", (long long)st.st_size);
	p = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED, s->fd, 0);
	if (p == MAP_FAILED)
		return err_errno(err, errno, "map the shared block");
	if (s->block != NULL)
		munmap(s->block, s->size);
	s->block = p;
	s->size = (size_t)st.st_size;
	s->room = (s->size - sizeof(struct block)) / sizeof(struct table_record);
	if (s->room > SHM_TABLES_MAX)
		s->room = SHM_TABLES_MAX;
	return true;
}

static struct shm *
shm_open_fd(int fd, bool writer, struct err *err)
{
	struct shm *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->fd = fd;
	s->writer = writer;
	if (!map_file(s, err)) {
		free(s);
		return NULL;
	}
	return s;
}

struct shm *
shm_open_writer(int fd, struct err *err)
{
	return shm_open_fd(fd, true, err);
}

struct shm *
shm_open_reader(int fd, struct err *err)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct shm *s;

	if (own < 0) {
		err_errno(err, errno, "shared block");
		return NULL;
	}
	if ((s = shm_open_fd(own, false, err)) == NULL)
		close(own);
	return s;
}

void
shm_close(struct shm *s)
{
	if (s == NULL)
		return;
	munmap(s->block, s->size);
	if (!s->writer)
		close(s->fd);
	free(s->last_tables);
	free(s);
}

static void
record_write(word *seq, word *words, const void *from, size_t n)
{
	uint64_t before = atomic_load_explicit(seq, memory_order_relaxed), w;

	atomic_store_explicit(seq, before | 1, memory_order_relaxed);
	for (size_t i = 0; i < n; i++) {
		memcpy(&w, (const uint8_t *)from + i * sizeof(w), sizeof(w));
		atomic_store_explicit(&words[i], w, memory_order_release);
	}
	atomic_store_explicit(seq, (before | 1) + 1, memory_order_release);
}

/* False: nothing was written yet, or a writer was met each time; `to` is then of no use. */
static bool
record_read(const word *seq, const word *words, void *to, size_t n)
{
	for (int tries = 0; tries < SHM_TRIES; tries++) {
		uint64_t before = atomic_load_explicit(seq, memory_order_acquire), w;

		if (before == 0)
			return false;
		if (before & 1)
			continue;
		for (size_t i = 0; i < n; i++) {
			w = atomic_load_explicit(&words[i], memory_order_acquire);
			memcpy((uint8_t *)to + i * sizeof(w), &w, sizeof(w));
		}
		if (atomic_load_explicit(seq, memory_order_relaxed) == before)
			return true;
	}
	return false;
}

void
shm_put_task(struct shm *s, const struct status_task *t)
{
	assert(s->writer);
	record_write(&s->block->task.seq, s->block->task.words, t, WORDS(*t));
}

static bool
grow(struct shm *s, uint32_t index, struct err *err)
{
	size_t room = s->room < 16 ? 16 : s->room * 2;

	if (index >= SHM_TABLES_MAX)
		return err_set(err, ERR_LIMIT, "more than %u tables", SHM_TABLES_MAX);
	while (room <= index)
		room *= 2;
	if (ftruncate(s->fd, (off_t)block_size(room)) < 0)
		return err_errno(err, errno, "shared block of %zu bytes", block_size(room));
	return map_file(s, err);
}

bool
shm_put_table(struct shm *s, uint32_t index, const struct status_table *t, struct err *err)
{
	struct table_record *rec;

	assert(s->writer);
	if (index >= s->room && !grow(s, index, err))
		return false;
	rec = &s->block->tables[index];
	record_write(&rec->seq, rec->words, t, WORDS(*t));
	return true;
}

void
shm_set_tables(struct shm *s, uint32_t n)
{
	assert(s->writer && n <= s->room);
	atomic_store_explicit(&s->block->ntables, n, memory_order_release);
}

/* ---- the reader ---- */

#define END(text) ((text)[sizeof(text) - 1] = '\0')

static bool
task_is_sane(struct status_task *t)
{
	END(t->reason);
	END(t->error.message);
	END(t->error.position);
	END(t->error.remedy);
	END(t->error.table);
	END(t->error.sqlstate);
	END(t->read);
	END(t->applied);
	END(t->confirmed);
	END(t->source_end);
	END(t->log_state);
	for (uint32_t i = 0; i < STATUS_SLOTS; i++)
		END(t->slots[i].name);
	return t->nslots <= STATUS_SLOTS && t->state <= TASK_ERROR && t->phase <= PHASE_CDC && t->error.kind <= ERR_CANCELLED;
}

static bool
table_is_sane(struct status_table *t)
{
	END(t->source);
	END(t->target);
	END(t->error);
	return t->state <= TABLE_ERROR;
}

bool
shm_get_task(struct shm *s, struct status_task *ret)
{
	struct status_task t;
	bool fresh = record_read(&s->block->task.seq, s->block->task.words, &t, WORDS(t)) &&
		     task_is_sane(&t);

	if (fresh)
		s->last = t;
	*ret = s->last;
	return fresh;
}

/* As many as the worker says, and as are there. */
uint32_t
shm_tables(struct shm *s)
{
	uint64_t n = atomic_load_explicit(&s->block->ntables, memory_order_acquire);
	struct err err = ERR_INIT;

	if (n > s->room && !s->writer && !map_file(s, &err))
		n = s->room;	/* no memory for a larger mapping: what is seen stays right */
	return (uint32_t)(n < s->room ? n : s->room);
}

bool
shm_get_table(struct shm *s, uint32_t index, struct status_table *ret)
{
	struct err err = ERR_INIT;
	struct status_table t;
	bool fresh;

	memset(ret, 0, sizeof(*ret));
	if (index >= shm_tables(s) ||
	    !mem_grow(&s->last_tables, &s->last_cap, index + 1, sizeof(t), &err))
		return false;
	fresh = record_read(
		    &s->block->tables[index].seq, s->block->tables[index].words, &t, WORDS(t)) &&
		table_is_sane(&t);
	if (fresh)
		s->last_tables[index] = t;
	*ret = s->last_tables[index];
	return fresh;
}
