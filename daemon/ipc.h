/* ipc.h - messages between the supervisor and a worker on their socketpair (SOCK_STREAM).
 * Layout: u32 length of the payload, u16 type, u16 zero, u32 id, payload (text, not NUL-terminated). Host byte order: one machine, one binary.
 * Commands carry an id; exactly one IPC_REPLY with that id answers each. Pure: buffers in, messages out. */
#ifndef REPLD_DAEMON_IPC_H
#define REPLD_DAEMON_IPC_H

#include "daemon/base/bytes.h"

#define IPC_MAX_PAYLOAD (16u << 20)

enum ipc_type {
	/* supervisor -> worker */
	IPC_CONFIG = 1,		/* the first message: conf_print() of the task; no reply */
	IPC_TUNE,		/* conf_print() of the task with options that change without a restart */
	IPC_PAUSE, IPC_RESUME,
	IPC_RESTART,		/* payload: "", "reload", "from now" or "from POSITION" */
	IPC_SYNC,		/* payload: timeout in microseconds, decimal; < 0: none */
	IPC_LOG_LEVEL,		/* payload: level; no reply */
	IPC_PREPARE,		/* conf_print() of the task: looked at, and taken for the next run, or refused */
	IPC_RESYNC,		/* payload: tables, "schema.table", one a line */
	IPC_STOP,		/* payload: why; no reply: the worker ends at a transaction boundary and exits 0 */
	/* worker -> supervisor */
	IPC_REPLY = 64		/* payload: "OK\n" or "ERR\n", then the text for the user */
};

struct ipc_msg {
	uint16_t type;
	uint32_t id;
	const char *payload;	/* borrowed from the bytes given */
	uint32_t n;
};

void ipc_put(struct buf *out, enum ipc_type type, uint32_t id, const char *payload, size_t n);
/* 1: a message, *ret_used bytes of p are consumed; 0: more bytes are needed; -1: not our protocol (ERR_PROTOCOL). */
int ipc_get(const void *p, size_t n, struct ipc_msg *ret, size_t *ret_used, struct err *err);

#endif
