/* Cursor, buffer, JSON text, hash. */
#include "daemon/base/bytes.c"
#include "daemon/base/arena.h"
#include "test/unit/unit.h"

START_TEST(rd_reads_big_endian_to_the_end)
{
	static const uint8_t in[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
				    "hi\0x";
	struct rd r = rd_init(in, sizeof(in) - 1);

	ck_assert_uint_eq(rd_u8(&r), 0x01);
	ck_assert_uint_eq(rd_u16(&r), 0x0203);
	ck_assert_uint_eq(rd_u32(&r), 0x04050607);
	ck_assert_uint_eq(rd_u64(&r), 0x08090a0b0c0d0e0f);
	ck_assert_str_eq(rd_cstr(&r), "hi");
	ck_assert_uint_eq(rd_left(&r), 1);
	ck_assert(!r.bad);
	ck_assert_uint_eq(rd_u8(&r), 'x');
	ck_assert_uint_eq(rd_left(&r), 0);
	ck_assert(!r.bad);
}
END_TEST

START_TEST(rd_failure_sticks)
{
	struct rd r = rd_init("abc", 3);

	ck_assert_uint_eq(rd_u32(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert_uint_eq(rd_u16(&r), 0);
	ck_assert_uint_eq(rd_u64(&r), 0);
	ck_assert_str_eq(rd_cstr(&r), "");
	ck_assert_ptr_null(rd_bytes(&r, 1));
	ck_assert_uint_eq(rd_left(&r), 0);
	ck_assert_uint_eq(r.off, 0);
}
END_TEST

START_TEST(rd_huge_length_does_not_wrap)
{
	struct rd r = rd_init("abcdef", 6);

	ck_assert_uint_eq(rd_u8(&r), 'a');
	ck_assert_ptr_null(rd_bytes(&r, SIZE_MAX));
	ck_assert(r.bad);
}
END_TEST

START_TEST(rd_cstr_without_nul_is_bad)
{
	struct rd r = rd_init("abc", 3), empty = rd_init("", 0);

	ck_assert_str_eq(rd_cstr(&r), "");
	ck_assert(r.bad);
	ck_assert_str_eq(rd_cstr(&empty), "");
	ck_assert(empty.bad);
}
END_TEST

START_TEST(buf_writes_what_rd_reads)
{
	struct buf b = { 0 };
	struct rd r;

	buf_u8(&b, 0xfe);
	buf_u16(&b, 0x0102);
	buf_u32(&b, 0);
	buf_u64(&b, 0x1122334455667788);
	buf_str(&b, "text");
	buf_u8(&b, 0);
	buf_set_u32(&b, 3, 0xdeadbeef);
	ck_assert(!b.bad);
	r = rd_init(b.p, b.n);
	ck_assert_uint_eq(rd_u8(&r), 0xfe);
	ck_assert_uint_eq(rd_u16(&r), 0x0102);
	ck_assert_uint_eq(rd_u32(&r), 0xdeadbeef);
	ck_assert_uint_eq(rd_u64(&r), 0x1122334455667788);
	ck_assert_str_eq(rd_cstr(&r), "text");
	ck_assert_uint_eq(rd_left(&r), 0);
	ck_assert(!r.bad);
	buf_done(&b);
	ck_assert_ptr_null(b.p);
}
END_TEST

START_TEST(buf_failure_sticks_until_reset)
{
	struct arena *arena = arena_new(64, 0);
	struct buf b = { 0 }, more = { 0 };
	char same[] = "(no memory for this text)";
	struct err err = ERR_INIT;

	buf_str(&b, "before");
	ck_assert(!buf_reserve(&b, SIZE_MAX - 2));
	ck_assert(b.bad);
	buf_str(&b, "after");
	buf_printf(&b, "%d", 1);
	ck_assert_uint_eq(b.n, 6);
	ck_assert(buf_lost(buf_cstr(&b)));	/* what is not whole is not handed out, ... */
	ck_assert(!buf_lost(same));
	buf_str(&more, buf_cstr(&b));		/* ... nor goes into another text, or is kept */
	ck_assert(more.bad);
	ck_assert_ptr_null(mem_strdup(buf_cstr(&b), &err));
	ck_assert_int_eq(err.kind, ERR_SYSTEM);
	ck_assert_ptr_null(arena_strdup(arena, buf_cstr(&b)));
	arena_free(arena);
	buf_reset(&b);
	buf_str(&b, "new");
	ck_assert_str_eq(buf_cstr(&b), "new");
	buf_done(&b);
}
END_TEST

START_TEST(buf_printf_grows)
{
	struct buf b = { 0 };

	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%0*d,", i, 0);
	ck_assert_uint_eq(b.n, 100 + 1 + 99 * 100 / 2);
	ck_assert_uint_eq(strlen(buf_cstr(&b)), b.n);
	buf_done(&b);
}
END_TEST

START_TEST(buf_cstr_does_not_count_its_nul)
{
	struct buf b = { 0 };

	ck_assert_str_eq(buf_cstr(&b), "");
	for (int i = 0; i < 200; i++) {
		buf_u8(&b, 'x');
		ck_assert_uint_eq(strlen(buf_cstr(&b)), (size_t)i + 1);
	}
	buf_done(&b);
}
END_TEST

static void
ck_json(const char *in, size_t n, const char *want)
{
	struct buf b = { 0 };

	buf_json_str(&b, in, n);
	ck_assert_str_eq(buf_cstr(&b), want);
	buf_done(&b);
}

START_TEST(buf_json_escapes)
{
	ck_json("a\"b\\c\n\t\r\x01\x7f/", 11, "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f/\"");
	ck_json("a\0b", 3, "\"a\\u0000b\"");
	ck_json("", 0, "\"\"");
	ck_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}
END_TEST

#define BAD "\xef\xbf\xbd"

START_TEST(buf_json_replaces_invalid_utf8)
{
	ck_json("a\xff" "b", 3, "\"a" BAD "b\"");
	ck_json("\xc3", 1, "\"" BAD "\"");			/* cut */
	ck_json("\xe2\x82", 2, "\"" BAD BAD "\"");		/* cut */
	ck_json("\xc0\xaf", 2, "\"" BAD BAD "\"");		/* overlong */
	ck_json("\xe0\x80\x80", 3, "\"" BAD BAD BAD "\"");	/* overlong */
	ck_json("\xf0\x80\x80\x80", 4, "\"" BAD BAD BAD BAD "\"");	/* overlong */
	ck_json("\xc3\xa4", 1, "\"" BAD "\"");			/* the rest is not ours */
	ck_json("\xed\xa0\x80", 3, "\"" BAD BAD BAD "\"");	/* a surrogate */
	ck_json("\xf4\x90\x80\x80", 4, "\"" BAD BAD BAD BAD "\"");	/* past U+10FFFF */
	ck_json("\xf0\x9f\x98\"", 4, "\"" BAD BAD BAD "\\\"\"");	/* the quote survives */
}
END_TEST

START_TEST(buf_json_cstr_of_null)
{
	struct buf b = { 0 };

	buf_json_cstr(&b, NULL);
	buf_json_cstr(&b, "x");
	ck_assert_str_eq(buf_cstr(&b), "null\"x\"");
	buf_done(&b);
}
END_TEST

START_TEST(hash_depends_on_every_byte_length_and_seed)
{
	uint8_t in[100] = { 0 };

	for (size_t n = 1; n <= sizeof(in); n++) {
		uint64_t h = hash_bytes(in, n, 1);

		ck_assert_uint_eq(h, hash_bytes(in, n, 1));
		ck_assert_uint_ne(h, hash_bytes(in, n, 2));
		ck_assert_uint_ne(h, hash_bytes(in, n - 1, 1));
		for (size_t i = 0; i < n; i++) {
			in[i] = 1;
			ck_assert_uint_ne(h, hash_bytes(in, n, 1));
			in[i] = 0;
		}
	}
	ck_assert_uint_eq(hash_bytes(NULL, 0, 7), hash_bytes("", 0, 7));
}
END_TEST

/* Keys that count up are what tables hold: their low bits, which pick the slot, must still spread. */
START_TEST(hash_of_counting_keys_spreads_over_the_low_bits)
{
	enum { SLOTS = 1024, KEYS = SLOTS * 32 };
	static unsigned slots[SLOTS];

	for (int width = 4; width <= 8; width += 4) {
		memset(slots, 0, sizeof(slots));
		for (uint64_t i = 0; i < KEYS; i++)
			slots[hash_bytes(&i, (size_t)width, 0) % SLOTS]++;
		for (size_t s = 0; s < SLOTS; s++)	/* 32 expected, 5.7 standard deviation */
			ck_assert(slots[s] > 4 && slots[s] < 70);
	}
}
END_TEST

UNIT_MAIN("bytes", rd_reads_big_endian_to_the_end, rd_failure_sticks, rd_huge_length_does_not_wrap,
    rd_cstr_without_nul_is_bad, buf_writes_what_rd_reads, buf_failure_sticks_until_reset,
    buf_printf_grows, buf_cstr_does_not_count_its_nul, buf_json_escapes,
    buf_json_replaces_invalid_utf8, buf_json_cstr_of_null,
    hash_depends_on_every_byte_length_and_seed, hash_of_counting_keys_spreads_over_the_low_bits)
