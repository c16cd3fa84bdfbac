/* wal2json_frames.h - captured messages of wal2json (test/corpus/wal2json) for tests and fuzz targets: a row of frames, each u32 big-endian
 * length and message. The first one is no message but says what the tables look like, one line an item, fields between tabs, with \t, \\ for
 * what would end a field:
 *	strings 0|1		numbers come as strings
 *	records N		the sink refuses after so many (for who asks: frames.records)
 *	nobody			rows of tables that are not told are always nobody's
 *	table   oid schema name identity	(a p behind the identity: a partition, its columns in any order)
 *	column  name oid typmod type flags	(flags: i of the identity, g generated, f of fixed length, - none)
 * Tables named skip* are not captured, one named refuse* makes the resolver fail, one named strange* is not told to the decoder.
 * Threads: one. Owner: the caller; w2j_frames_done() at the end. */
#ifndef REPLD_TEST_WAL2JSON_FRAMES_H
#define REPLD_TEST_WAL2JSON_FRAMES_H

#include <stdlib.h>
#include <string.h>

#include "cdc/wal2json.h"
#include "daemon/base/arena.h"

#define W2J_FIELDS 6
#define W2J_TABLES 32

struct w2j_frames {
	struct arena *arena;
	struct wal2json_table tables[W2J_TABLES];
	size_t ntables;
	bool strings, nobody;
	size_t records;
	struct rd in;			/* the messages */
	void (*announced)(void *arg, const struct relation *rel, bool captured);	/* may be NULL */
	void *arg;
};

/* Cuts a line at *at, which ends before `end`, into fields; all of them are strings. */
static inline int
w2j_line(char **at, char *fields[W2J_FIELDS])
{
	char *p = *at, *out = p;
	int n = 1;

	for (int i = 0; i < W2J_FIELDS; i++)
		fields[i] = strchr(p, '\0');
	fields[0] = out;
	for (; *p != '\0' && *p != '\n'; p++) {
		if (*p == '\t' && n < W2J_FIELDS) {
			*out++ = '\0';
			fields[n++] = out;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
			*out++ = *p == 't' ? '\t' : *p;
		} else {
			*out++ = *p;
		}
	}
	*at = *p == '\n' ? p + 1 : p;
	*out = '\0';
	return n;
}

static inline void
w2j_catalog_line(struct w2j_frames *f, char **at, size_t *left)
{
	char *fields[W2J_FIELDS];
	const int n = w2j_line(at, fields);
	struct wal2json_table *t = f->ntables > 0 ? &f->tables[f->ntables - 1] : NULL;
	struct wal2json_column *cols;

	if (n == 1 && strncmp(fields[0], "strings ", 8) == 0) {
		f->strings = fields[0][8] == '1';
	} else if (n == 1 && strncmp(fields[0], "records ", 8) == 0) {
		f->records = (size_t)strtoul(fields[0] + 8, NULL, 10);
	} else if (n == 1 && strcmp(fields[0], "nobody") == 0) {
		f->nobody = true;
	} else if (n == 5 && strcmp(fields[0], "table") == 0 && f->ntables < W2J_TABLES && strncmp(fields[3], "strange", 7) != 0) {
		*left = 100;
		f->tables[f->ntables++] = (struct wal2json_table){ .id = (uint32_t)strtoul(fields[1], NULL, 10), .schema = fields[2],
			.name = fields[3], .replica_identity = fields[4][0], .any_order = fields[4][0] != '\0' && fields[4][1] == 'p',
			.cols = arena_zalloc(f->arena, *left * sizeof(*cols)) };
	} else if (n == 6 && strcmp(fields[0], "column") == 0 && t != NULL && *left > 0) {
		cols = (struct wal2json_column *)(uintptr_t)t->cols;
		cols[t->ncols++] = (struct wal2json_column){ .name = fields[1], .oid = (uint32_t)strtoul(fields[2], NULL, 10),
			.typmod = (int32_t)strtol(fields[3], NULL, 10), .type = fields[4], .identity = strchr(fields[5], 'i') != NULL,
			.generated = strchr(fields[5], 'g') != NULL, .fixed = strchr(fields[5], 'f') != NULL };
		--*left;
	}
}

/* As the server reads the text of its own types. */
static inline bool
w2j_typmod(void *arg, uint32_t oid, const char *type, int32_t *ret, struct err *err)
{
	const char *open = strchr(type, '(');
	unsigned a = 0, b = 0;
	const int n = open != NULL ? sscanf(open, "(%4u,%4u)", &a, &b) : 0;

	(void)arg;
	(void)err;
	*ret = n == 0 ? -1 : oid == 1700 || oid == 1231 ? (int32_t)((a << 16 | b) + 4) : (int32_t)a;
	if (n == 1 && strncmp(type, "character", 9) == 0)
		*ret = (int32_t)a + 4;
	return true;
}

static inline bool
w2j_resolve(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	struct w2j_frames *f = arg;
	const bool captured = strncmp(rel->name, "skip", 4) != 0;

	if (strncmp(rel->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the table differs");
	if (f->announced != NULL)
		f->announced(f->arg, rel, captured);
	*ret_table = captured ? f : NULL;
	return true;
}

/* A table named new* is a partition that came since. */
static inline bool
w2j_strangers(void *arg, uint32_t xid, struct err *err)
{
	struct w2j_frames *f = arg;

	(void)xid;
	return f->ntables != 1 || strncmp(f->tables[0].name, "new", 3) != 0 || err_set(err, ERR_RETRY, "the partitions have changed");
}

static inline bool
w2j_next(struct rd *in, struct slice *ret)
{
	if (rd_left(in) < 4)
		return false;
	ret->n = rd_u32(in);
	if (ret->n > rd_left(in))
		ret->n = rd_left(in);
	ret->p = rd_bytes(in, ret->n);
	return true;
}

static inline void
w2j_frames_init(struct w2j_frames *f, const void *data, size_t n)
{
	struct slice head = { (const uint8_t *)"", 0 };
	size_t left = 0;
	char *at;

	memset(f, 0, sizeof(*f));
	f->arena = arena_new(16 << 10, 0);
	f->in = rd_init(data, n);
	if (!w2j_next(&f->in, &head))
		return;
	at = arena_strndup(f->arena, (const char *)head.p, head.n);
	while (*at != '\0')
		w2j_catalog_line(f, &at, &left);
}

static inline struct wal2json *
w2j_frames_decoder(struct w2j_frames *f, struct change_sink sink, struct err *err)
{
	const struct wal2json_params p = { .tables = f->tables, .ntables = f->ntables, .strings = f->strings, .resolver = { w2j_resolve, f },
		.typmod = w2j_typmod, .strangers = f->nobody ? NULL : w2j_strangers, .arg = f, .sink = sink };

	return wal2json_new(&p, err);
}

static inline void
w2j_frames_done(struct w2j_frames *f)
{
	arena_free(f->arena);
}

#endif
