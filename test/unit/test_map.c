/* The hash map, against a plain array as its model. */
#include "daemon/base/map.c"
#include <stdio.h>
#include "test/unit/unit.h"

static int values[5000];

START_TEST(map_put_get_remove_agree_with_a_model)
{
	struct map *m = map_new();
	static bool there[5000];
	struct err e = ERR_INIT;
	size_t count = 0;
	uint32_t rnd = 1;

	for (int step = 0; step < 100000; step++) {
		uint32_t k;

		rnd = rnd * 1664525 + 1013904223;
		k = (rnd >> 8) % 5000;
		if (rnd >> 31) {
			ck_ok(map_put_u32(m, k, &values[k], &e), &e);
			count += !there[k];
			there[k] = true;
		} else {
			ck_assert_ptr_eq(map_remove(m, &k, sizeof(k)), there[k] ? &values[k] : NULL);
			count -= there[k];
			there[k] = false;
		}
		ck_assert_uint_eq(map_count(m), count);
	}
	for (uint32_t k = 0; k < 5000; k++)
		ck_assert_ptr_eq(map_get_u32(m, k), there[k] ? &values[k] : NULL);
	map_free(m, NULL);
}
END_TEST

START_TEST(map_put_replaces_the_value)
{
	struct map *m = map_new();
	struct err e = ERR_INIT;

	ck_ok(map_put_str(m, "k", &values[1], &e), &e);
	ck_ok(map_put_str(m, "k", &values[2], &e), &e);
	ck_assert_uint_eq(map_count(m), 1);
	ck_assert_ptr_eq(map_get_str(m, "k"), &values[2]);
	map_free(m, NULL);
}
END_TEST

START_TEST(map_keys_of_any_length_and_content)
{
	struct map *m = map_new();
	struct err e = ERR_INIT;
	char key[300];

	memset(key, 0, sizeof(key));	/* all alike but for their length */
	for (size_t n = 0; n < sizeof(key); n++)
		ck_ok(map_put(m, key, n, &values[n], &e), &e);
	memset(key, 1, sizeof(key));	/* the map has its own copies */
	ck_assert_ptr_null(map_get(m, key, 20));
	memset(key, 0, sizeof(key));
	for (size_t n = 0; n < sizeof(key); n++)
		ck_assert_ptr_eq(map_get(m, key, n), &values[n]);
	for (size_t n = 0; n < sizeof(key); n++)
		ck_assert_ptr_eq(map_remove(m, key, n), &values[n]);
	ck_assert_uint_eq(map_count(m), 0);
	map_free(m, NULL);
}
END_TEST

START_TEST(map_next_visits_each_key_once)
{
	struct map *m = map_new();
	struct err e = ERR_INIT;
	char seen[1000] = { 0 };
	size_t iter = 0, n, visits = 0;
	const void *key;
	void *value;

	ck_assert(!map_next(m, &iter, &key, &n, &value));
	for (uint32_t i = 0; i < 1000; i++)
		ck_ok(map_put_u32(m, i, &values[i], &e), &e);
	for (iter = 0; map_next(m, &iter, &key, &n, &value); visits++) {
		uint32_t k;

		ck_assert_uint_eq(n, sizeof(k));
		memcpy(&k, key, sizeof(k));
		ck_assert_ptr_eq(value, &values[k]);
		ck_assert_int_eq(seen[k]++, 0);
	}
	ck_assert_uint_eq(visits, 1000);
	map_free(m, NULL);
}
END_TEST

static int freed;

static void
count_free(void *p)
{
	freed++;
	free(p);
}

START_TEST(map_free_frees_values_where_asked)
{
	struct map *m = map_new();
	struct err e = ERR_INIT;
	char key[64];

	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "a key longer than what fits inline %d", i);
		ck_ok(map_put_str(m, key, malloc(8), &e), &e);
	}
	map_free(m, count_free);
	ck_assert_int_eq(freed, 100);
	map_free(NULL, NULL);
}
END_TEST

START_TEST(map_empty_finds_nothing)
{
	struct map *m = map_new();

	ck_assert_ptr_null(map_get_str(m, "x"));
	ck_assert_ptr_null(map_remove(m, "x", 1));
	ck_assert_uint_eq(map_count(m), 0);
	map_free(m, NULL);
}
END_TEST

UNIT_MAIN("map", map_put_get_remove_agree_with_a_model, map_put_replaces_the_value,
    map_keys_of_any_length_and_content, map_next_visits_each_key_once,
    map_free_frees_values_where_asked, map_empty_finds_nothing)
