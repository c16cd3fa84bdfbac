/* mailbox.h - a bounded queue of small messages to one event loop. Any thread posts, the owner drains.
 * Flow: mailbox_post() -> fd becomes readable -> mailbox_take() until false.
 * Invariant: at most MAILBOX_MAX waiting; a post to a full box waits (the owner always drains). */
#ifndef REPLD_BASE_MAILBOX_H
#define REPLD_BASE_MAILBOX_H

#include <stdint.h>
#include "daemon/base/err.h"

#define MAILBOX_MAX 256

struct mail {
	int what;		/* the users' enum */
	int64_t number;
	void *take_ptr;		/* owned by whoever takes the mail */
};

struct mailbox;

struct mailbox *mailbox_new(struct err *err) MUST_CHECK;
void mailbox_free(struct mailbox *mb, void (*free_ptr)(struct mail *));
int mailbox_fd(const struct mailbox *mb);	/* readable while mail waits */
void mailbox_post(struct mailbox *mb, struct mail m);
bool mailbox_take(struct mailbox *mb, struct mail *ret_mail);

#endif
