/* Of endpoints/my_stream.c what needs no server; the rest is played by the simulator and the scenarios. */
#include "endpoints/my_stream.c"

#include "test/unit/unit.h"

START_TEST(my_stream_looks_under_numbers_of_its_own)
{
	uint32_t seen[3 * 32];
	size_t n = 0;

	for (uint32_t i = 0; i < 32; i++) {
		const struct source_params p = { .task = "t",
			.server_id = i == 0 ? 48811 : endpoint_server_id("t", i) };

		seen[n++] = p.server_id;
		seen[n++] = my_look_id(&p, MY_LOOK_PLACE);
		seen[n++] = my_look_id(&p, MY_LOOK_AHEAD);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(seen[i], seen[k]);
}
END_TEST

UNIT_MAIN("my_stream", my_stream_looks_under_numbers_of_its_own)
