/* mailbox.c - a ring of mails under one lock, and an eventfd that is readable exactly while the
 * ring is not empty.
 * Owner: the creator frees it after its posting threads are joined. */
#include "daemon/base/mailbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "daemon/base/arena.h"
#include "daemon/base/thread.h"

struct mailbox {
	struct mutex lock;
	struct cond room;
	int fd;
	size_t first, count;
	struct mail mails[MAILBOX_MAX];
};

struct mailbox *
mailbox_new(struct err *err)
{
	struct mailbox *mb = mem_zalloc(sizeof(*mb), err);

	if (mb == NULL)
		return NULL;
	if ((mb->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		err_errno(err, errno, "cannot create a mailbox");
		free(mb);
		return NULL;
	}
	mutex_init(&mb->lock);
	cond_init(&mb->room);
	return mb;
}

void
mailbox_free(struct mailbox *mb, void (*free_ptr)(struct mail *))
{
	struct mail m;

	if (mb == NULL)
		return;
	while (mailbox_take(mb, &m))
		if (free_ptr != NULL)
			free_ptr(&m);
	close(mb->fd);
	cond_done(&mb->room);
	mutex_done(&mb->lock);
	free(mb);
}

int
mailbox_fd(const struct mailbox *mb)
{
	return mb->fd;
}

/* Both calls are made under the lock, on the edges: the eventfd is neither full nor empty here. */
static void
signal_fd(struct mailbox *mb, bool readable)
{
	uint64_t v = 1;

	while ((readable ? write(mb->fd, &v, sizeof(v)) : read(mb->fd, &v, sizeof(v))) < 0) {
		if (errno != EINTR) {
			perror("repld: mailbox eventfd");
			abort();
		}
	}
}

void
mailbox_post(struct mailbox *mb, struct mail m)
{
	mutex_lock(&mb->lock);
	while (mb->count == MAILBOX_MAX)
		cond_wait(&mb->room, &mb->lock, -1);
	mb->mails[(mb->first + mb->count) % MAILBOX_MAX] = m;
	if (mb->count++ == 0)
		signal_fd(mb, true);
	mutex_unlock(&mb->lock);
}

bool
mailbox_take(struct mailbox *mb, struct mail *ret_mail)
{
	bool was_full;

	mutex_lock(&mb->lock);
	if (mb->count == 0) {
		mutex_unlock(&mb->lock);
		return false;
	}
	*ret_mail = mb->mails[mb->first];
	was_full = mb->count == MAILBOX_MAX;
	mb->first = (mb->first + 1) % MAILBOX_MAX;
	if (--mb->count == 0)
		signal_fd(mb, false);
	if (was_full)
		cond_broadcast(&mb->room);
	mutex_unlock(&mb->lock);
	return true;
}
