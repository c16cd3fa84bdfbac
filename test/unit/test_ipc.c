/* Frames between supervisor and worker: whole, cut, foreign. */
#include "daemon/ipc.c"
#include "test/unit/unit.h"

START_TEST(ipc_gives_back_what_was_put)
{
	struct buf b = { 0 };
	struct err err = ERR_INIT;
	struct ipc_msg m;
	size_t used;

	ipc_put(&b, IPC_RESTART, 7, "from 0/16B3748", 14);
	ipc_put(&b, IPC_PAUSE, 8, NULL, 0);
	ck_assert_int_eq(ipc_get(b.p, b.n, &m, &used, &err), 1);
	ck_assert_uint_eq(m.type, IPC_RESTART);
	ck_assert_uint_eq(m.id, 7);
	ck_assert_uint_eq(m.n, 14);
	ck_assert_mem_eq(m.payload, "from 0/16B3748", 14);
	ck_assert_int_eq(ipc_get(b.p + used, b.n - used, &m, &used, &err), 1);
	ck_assert_uint_eq(m.type, IPC_PAUSE);
	ck_assert_uint_eq(m.id, 8);
	ck_assert_uint_eq(m.n, 0);
	buf_done(&b);
}
END_TEST

START_TEST(ipc_waits_for_the_rest_wherever_it_is_cut)
{
	struct buf b = { 0 };
	struct err err = ERR_INIT;
	struct ipc_msg m;
	size_t used = 99;

	ipc_put(&b, IPC_REPLY, 1, "OK\ndone", 7);
	for (size_t n = 0; n < b.n; n++)
		ck_assert_int_eq(ipc_get(b.p, n, &m, &used, &err), 0);
	ck_assert_uint_eq(used, 99);
	ck_assert_int_eq(ipc_get(b.p, b.n, &m, &used, &err), 1);
	ck_assert_uint_eq(used, b.n);
	buf_done(&b);
}
END_TEST

/* One byte of a good header is another. */
static int
with_byte(size_t at, uint8_t value, struct err *err)
{
	struct buf b = { 0 };
	struct ipc_msg m;
	size_t used;
	int rc;

	ipc_put(&b, IPC_STOP, 1, "x", 1);
	b.p[at] = value;
	err_clear(err);
	rc = ipc_get(b.p, b.n, &m, &used, err);
	buf_done(&b);
	return rc;
}

START_TEST(ipc_refuses_what_is_not_its_protocol)
{
	struct err err = ERR_INIT;

	ck_assert_int_eq(with_byte(4, 200, &err), -1);	/* type */
	ck_assert_int_eq(err.kind, ERR_PROTOCOL);
	ck_assert_int_eq(with_byte(4, 0, &err), -1);
	ck_assert_int_eq(with_byte(6, 1, &err), -1);	/* zero */
	ck_assert_int_eq(with_byte(3, 0x7f, &err), -1);	/* length */
	ck_assert_int_eq(err.kind, ERR_PROTOCOL);
}
END_TEST

START_TEST(ipc_takes_the_largest_message)
{
	struct buf b = { 0 };
	struct err err = ERR_INIT;
	struct ipc_msg m;
	size_t used;
	char *big = calloc(1, IPC_MAX_PAYLOAD);

	ck_assert_ptr_nonnull(big);
	ipc_put(&b, IPC_CONFIG, 0, big, IPC_MAX_PAYLOAD);
	ck_assert_int_eq(ipc_get(b.p, b.n, &m, &used, &err), 1);
	ck_assert_uint_eq(m.n, IPC_MAX_PAYLOAD);
	free(big);
	buf_done(&b);
}
END_TEST

UNIT_MAIN("ipc", ipc_gives_back_what_was_put, ipc_waits_for_the_rest_wherever_it_is_cut,
    ipc_refuses_what_is_not_its_protocol, ipc_takes_the_largest_message)
