/* The arena: budget, alignment, reset; and the helpers for memory outside it. */
#include "daemon/base/arena.c"
#include "test/unit/unit.h"

START_TEST(arena_alloc_is_aligned_and_separate)
{
	struct arena *a = arena_new(1024, 0);
	uint8_t *last = NULL;

	for (size_t i = 0; i < 200; i++) {
		uint8_t *p = arena_alloc(a, i % 40);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		ck_assert_ptr_ne(p, last);
		memset(p, 0xaa, i % 40);
		last = p;
	}
	arena_free(a);
}
END_TEST

START_TEST(arena_budget_refuses_and_leaves_the_rest_usable)
{
	struct arena *a = arena_new(256, 1024);

	ck_assert_ptr_nonnull(arena_alloc(a, 1000));
	ck_assert_ptr_null(arena_alloc(a, 17));
	ck_assert_ptr_nonnull(arena_alloc(a, 16));
	ck_assert_uint_eq(arena_used(a), 1024);
	ck_assert_ptr_null(arena_alloc(a, 1));
	ck_assert_ptr_null(arena_alloc(a, SIZE_MAX));
	ck_assert_ptr_null(arena_strdup(a, "x"));
	arena_reset(a);
	ck_assert_uint_eq(arena_used(a), 0);
	ck_assert_ptr_nonnull(arena_alloc(a, 1024));
	arena_free(a);
}
END_TEST

START_TEST(arena_huge_request_without_budget_fails)
{
	struct arena *a = arena_new(256, 0);

	ck_assert_ptr_null(arena_alloc(a, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(a, SIZE_MAX - 20));
	ck_assert_uint_eq(arena_used(a), 0);
	arena_free(a);
}
END_TEST

START_TEST(arena_reset_keeps_one_chunk_only)
{
	struct arena *a = arena_new(1024, 0);
	void *first = arena_alloc(a, 100);
	size_t held = arena_held(a);

	for (int i = 0; i < 50; i++)
		ck_assert_ptr_nonnull(arena_alloc(a, 300));
	ck_assert_ptr_nonnull(arena_alloc(a, 100000));
	ck_assert_uint_gt(arena_held(a), 110000);
	arena_reset(a);
	ck_assert_uint_eq(arena_held(a), held);
	ck_assert_ptr_eq(arena_alloc(a, 100), first);
	arena_free(a);
}
END_TEST

START_TEST(arena_large_allocation_leaves_the_chunk_being_filled)
{
	struct arena *a = arena_new(1024, 0);
	uint8_t *p = arena_alloc(a, 16), *q;

	ck_assert_ptr_nonnull(arena_alloc(a, 5000));
	q = arena_alloc(a, 496);
	ck_assert_ptr_eq(q, p + 16);
	ck_assert_ptr_nonnull(arena_alloc(a, 528));	/* more than half a chunk, and does not fit */
	ck_assert_ptr_eq(arena_alloc(a, 16), q + 496);
	arena_free(a);
}
END_TEST

START_TEST(arena_zalloc_clears_used_memory)
{
	struct arena *a = arena_new(256, 0);
	uint8_t *p = arena_alloc(a, 64);

	memset(p, 0xff, 64);
	arena_reset(a);
	p = arena_zalloc(a, 64);
	for (int i = 0; i < 64; i++)
		ck_assert_uint_eq(p[i], 0);
	arena_free(a);
}
END_TEST

START_TEST(arena_strings)
{
	struct arena *a = arena_new(256, 0);

	ck_assert_str_eq(arena_strdup(a, "hello"), "hello");
	ck_assert_str_eq(arena_strndup(a, "hello", 3), "hel");
	ck_assert_str_eq(arena_strndup(a, "hi", 10), "hi");
	ck_assert_str_eq(arena_printf(a, "%s-%d", "x", 42), "x-42");
	ck_assert_uint_eq(strlen(arena_printf(a, "%0500d", 7)), 500);
	arena_free(a);
}
END_TEST

START_TEST(arena_free_of_null_is_fine)
{
	arena_free(NULL);
}
END_TEST

START_TEST(mem_grow_keeps_elements_and_clears_new_ones)
{
	struct err e = ERR_INIT;
	uint32_t *arr = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		ck_ok(mem_grow(&arr, &cap, i + 1, sizeof(*arr), &e), &e);
		ck_assert_uint_ge(cap, i + 1);
		ck_assert_uint_eq(arr[i], 0);
		arr[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(arr[i], i);
	ck_assert_uint_lt(cap, 4000);
	/* four bytes each: 2^62 + 2 of them would be 8 bytes, were it not for the check */
	ck_fails(mem_grow(&arr, &cap, SIZE_MAX / 4 + 3, sizeof(*arr), &e), &e, ERR_SYSTEM);
	ck_assert_uint_eq(arr[999], 999);
	free(arr);
}
END_TEST

START_TEST(mem_zalloc_of_too_much_says_so)
{
	struct err e = ERR_INIT;
	volatile size_t n = SIZE_MAX / 2;
	void *volatile p = mem_zalloc(16, &e);	/* or clang takes the call away */

	ck_assert_ptr_nonnull(p);
	free(p);
	if (!UNIT_SANITIZED)
		ck_fails((p = mem_zalloc(n, &e)) != NULL, &e, ERR_SYSTEM);
}
END_TEST

START_TEST(xasprintf_formats)
{
	char *s = xasprintf("%d %s", 5, "y"), *d = xstrdup(s);
	uint8_t *z = xzalloc(0);

	ck_assert_str_eq(s, "5 y");
	ck_assert_str_eq(d, "5 y");
	ck_assert_ptr_nonnull(z);
	free(s);
	free(d);
	free(z);
}
END_TEST

UNIT_MAIN("arena", arena_alloc_is_aligned_and_separate,
    arena_budget_refuses_and_leaves_the_rest_usable, arena_huge_request_without_budget_fails,
    arena_reset_keeps_one_chunk_only, arena_large_allocation_leaves_the_chunk_being_filled,
    arena_zalloc_clears_used_memory, arena_strings, arena_free_of_null_is_fine,
    mem_grow_keeps_elements_and_clears_new_ones, mem_zalloc_of_too_much_says_so, xasprintf_formats)
