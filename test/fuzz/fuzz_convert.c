/* covers: staging/convert.c staging/convert_number.c staging/convert_time.c staging/convert_text.c staging/convert_bytes.c staging/convert_json.c */
/* fuzz_convert.c - any bytes as a value of any type on its way to any other: a value in bounds, or a clean refusal.
 * The input: lines of three bytes (both types by their number; policy, not null, bytes) and a value. A value that passes stays in its bound, says that
 * it was changed only under a policy that changes, and gives the same again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "staging/convert.h"
#include "staging/typemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ck_abort_msg(...) abort()
#define ck_assert_msg(ok, ...) ((ok) ? (void)0 : abort())

#include "test/unit/coltypes.h"
#include "test/unit/convert_cells.h"

static struct coltype types[256];
static size_t ntypes;

static void
add_type(const char *name)
{
	const struct coltype t = coltype_of(name);

	for (size_t i = 0; i < ntypes; i++)
		if (strcmp(types[i].name, t.name) == 0 && types[i].family == t.family && types[i].mariadb == t.mariadb)
			return;
	if (ntypes == sizeof(types) / sizeof(types[0]))
		abort();
	types[ntypes++] = t;
}

static void
add_types(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_type(rows[i].from);
		if (rows[i].to != NULL && strcmp(rows[i].to, "maria") != 0)
			add_type(rows[i].to);
	}
}

#define ADD(rows) add_types(rows, sizeof(rows) / sizeof((rows)[0]))

static void
convert_twice(const struct convert *c, const struct value *in, struct arena *arena, enum value_policy policy)
{
	struct value out = { .kind = VALUE_ABSENT }, again = { .kind = VALUE_ABSENT };
	struct err err = ERR_INIT;
	bool changed = false, changed_again = false;

	if (!convert_value(c, in, arena, &out, &changed, &err)) {
		if (err.kind == ERR_NONE || err.msg[0] == '\0')
			abort();
		return;
	}
	if (changed && policy == VALUES_ERROR)
		abort();
	if (out.kind >= VALUE_TEXT && out.len > convert_bound(c, in->len))
		abort();
	if (!convert_value(c, in, arena, &again, &changed_again, &err) || changed != changed_again || !value_same(&out, &again))
		abort();
}

static void
one_value(const uint8_t *data, size_t size)
{
	struct convert_options options;
	const struct convert *c = NULL;
	struct err err = ERR_INIT;
	struct arena *arena;
	struct value in;
	uint8_t *copy;

	if (size < 3)
		return;
	options = (struct convert_options){ .unrepresentable = (enum value_policy)(data[2] % 3) };
	if ((arena = arena_new(4096, 1 << 20)) == NULL || (copy = malloc(size)) == NULL)
		abort();
	memcpy(copy, data + 3, size - 3);
	in = (struct value){ .kind = data[2] & 0x80 ? VALUE_BINARY : VALUE_TEXT, .len = (uint32_t)(size - 3), .p = copy };
	if (convert_choose(&types[data[0] % ntypes], &types[data[1] % ntypes], (data[2] & 0x40) != 0, &options, arena, &c, &err) && c != NULL)
		convert_twice(c, &in, arena, options.unrepresentable);
	free(copy);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size, *line;

	if (ntypes == 0) {
		ADD(mysql_rows);
		ADD(pairs_within_mysql);
		ADD(pairs_to_mysql);
		ADD(pairs_to_postgresql);
		ADD(postgresql_rows);
	}
	for (; data < end; data = line + 1) {
		if ((line = memchr(data, '\n', (size_t)(end - data))) == NULL)
			line = end;
		one_value(data, (size_t)(line - data));
	}
	return 0;
}
