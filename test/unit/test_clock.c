/* The clocks, real and faked, and the text of wall time. */
#include "daemon/base/clock.c"
#include "test/unit/unit.h"

START_TEST(clock_mono_moves_forward)
{
	struct usec a = clock_mono(), b = clock_mono();
	struct timespec ts = { .tv_nsec = 2000000 };

	ck_assert_int_ge(b.v, a.v);
	nanosleep(&ts, NULL);
	ck_assert_int_ge(usec_since(a), 2000);
	ck_assert_int_lt(usec_since(a), 20000000);
}
END_TEST

START_TEST(clock_wall_is_now)
{
	struct wall w = clock_wall();

	ck_assert_int_le(llabs(w.v / 1000000 - (long long)time(NULL)), 2);
}
END_TEST

START_TEST(clock_fake_stands_still_until_moved)
{
	clock_fake(true, 5000, 7000);
	ck_assert_int_eq(clock_mono().v, 5000);
	ck_assert_int_eq(clock_wall().v, 7000);
	clock_fake(true, 6500, 8000);
	ck_assert_int_eq(usec_since((struct usec){ 5000 }), 1500);
	clock_fake(false, 0, 0);
	ck_assert_int_ne(clock_wall().v, 8000);
}
END_TEST

START_TEST(wall_text_is_rfc_3339)
{
	char out[WALL_TEXT];

	ck_assert_str_eq(wall_text((struct wall){ 1795333200123456 }, out), "2026-11-22T07:40:00Z");
	ck_assert_str_eq(wall_text_ms((struct wall){ 1795333200123456 }, out), "2026-11-22T07:40:00.123Z");
	ck_assert_str_eq(wall_text((struct wall){ 0 }, out), "-");
	ck_assert_str_eq(wall_text_ms((struct wall){ 0 }, out), "-");
	ck_assert_str_eq(wall_text_ms((struct wall){ -1 }, out), "1969-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(wall_text_of_any_number_fits)
{
	char out[WALL_TEXT];

	ck_assert_uint_lt(strlen(wall_text_ms((struct wall){ INT64_MAX }, out)), WALL_TEXT);
	ck_assert_int_eq(out[strlen(out) - 1], 'Z');
	ck_assert_uint_lt(strlen(wall_text_ms((struct wall){ INT64_MIN }, out)), WALL_TEXT);
	ck_assert_int_eq(out[strlen(out) - 1], 'Z');
}
END_TEST

UNIT_MAIN("clock", clock_mono_moves_forward, clock_wall_is_now, clock_fake_stands_still_until_moved,
    wall_text_is_rfc_3339, wall_text_of_any_number_fits)
