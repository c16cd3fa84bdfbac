/* ipc.c - frames of the socketpair between supervisor and worker: fixed header, then text.
 * Invariant: what ipc_put() writes, ipc_get() reads back, one message a call, from any cut of the
 * stream. */
#include "daemon/ipc.h"

#include <assert.h>

#define IPC_HEADER 12

struct header {
	uint32_t n;
	uint16_t type, zero;
	uint32_t id;
};

_Static_assert(sizeof(struct header) == IPC_HEADER, "the header has no padding");

void
ipc_put(struct buf *out, enum ipc_type type, uint32_t id, const char *payload, size_t n)
{
	struct header h = { .type = (uint16_t)type, .id = id };

	assert(n <= IPC_MAX_PAYLOAD);
	h.n = (uint32_t)n;
	if (!buf_reserve(out, sizeof(h) + n))
		return;		/* never half a message */
	buf_put(out, &h, sizeof(h));
	if (n > 0)
		buf_put(out, payload, n);
}

static bool
known_type(uint16_t type)
{
	return (type >= IPC_CONFIG && type <= IPC_STOP) || type == IPC_REPLY;
}

int
ipc_get(const void *p, size_t n, struct ipc_msg *ret, size_t *ret_used, struct err *err)
{
	struct header h;

	if (n < sizeof(h))
		return 0;
	memcpy(&h, p, sizeof(h));
	if (h.zero != 0 || !known_type(h.type)) {
		err_set(err, ERR_PROTOCOL, "message of unknown type %u", h.type);
		return -1;
	}
	if (h.n > IPC_MAX_PAYLOAD) {
		err_set(err, ERR_PROTOCOL, "message of %u bytes, at most %u", h.n, IPC_MAX_PAYLOAD);
		return -1;
	}
	if (n - sizeof(h) < h.n)
		return 0;
	ret->type = h.type;
	ret->id = h.id;
	ret->payload = (const char *)p + sizeof(h);
	ret->n = h.n;
	*ret_used = sizeof(h) + h.n;
	return 1;
}
