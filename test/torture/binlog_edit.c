/* binlog_edit.c - spoils the last row event of a file of a server's log, as a disk or a bug would: binlog_edit FILE crc|unknown|incident
 *	crc: a bit is turned; unknown: an event of a type that no server has yet, not to be ignored; incident: the server says that events were lost.
 * The checksum is made right again but for the first. The server must be down. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAGIC = 4, HEADER = 19, CHECKSUM = 4, TYPE_AT = 4, SIZE_AT = 9, FLAGS_AT = 17, INCIDENT = 26, UNKNOWN = 0xdc };

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* WRITE, UPDATE and DELETE rows, of version 1 and 2. */
static int
has_rows(const uint8_t *ev)
{
	const unsigned type = ev[TYPE_AT];

	return (type >= 23 && type <= 25) || (type >= 30 && type <= 32);
}

static void
spoil(uint8_t *ev, const char *how)
{
	const uint32_t size = u32(ev + SIZE_AT);
	uint32_t sum;

	if (strcmp(how, "crc") == 0) {
		ev[size - CHECKSUM - 1] ^= 1;
		return;
	}
	if (strcmp(how, "unknown") == 0) {
		ev[TYPE_AT] = UNKNOWN;
		ev[FLAGS_AT] = ev[FLAGS_AT + 1] = 0;
	} else {
		ev[TYPE_AT] = INCIDENT;
		memset(ev + HEADER, 0, size - HEADER - CHECKSUM);
		ev[HEADER] = 1;		/* LOST_EVENTS, without a message */
	}
	sum = (uint32_t)crc32(0, ev, size - CHECKSUM);
	for (int i = 0; i < CHECKSUM; i++)
		ev[size - CHECKSUM + (uint32_t)i] = (uint8_t)(sum >> 8 * i);
}

int
main(int argc, char **argv)
{
	FILE *f = argc == 3 ? fopen(argv[1], "r+b") : NULL;
	uint8_t *all, *found = NULL;
	long n;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < MAGIC || (all = malloc((size_t)n)) == NULL) {
		fprintf(stderr, "usage: binlog_edit FILE crc|unknown|incident\n");
		return 2;
	}
	rewind(f);
	if (fread(all, 1, (size_t)n, f) != (size_t)n)
		return 2;
	for (uint8_t *ev = all + MAGIC; ev + HEADER <= all + n && u32(ev + SIZE_AT) >= HEADER; ev += u32(ev + SIZE_AT))
		if (has_rows(ev))
			found = ev;
	if (found == NULL) {
		fprintf(stderr, "no rows in %s\n", argv[1]);
		return 1;
	}
	spoil(found, argv[2]);
	rewind(f);
	return fwrite(all, 1, (size_t)n, f) == (size_t)n && fclose(f) == 0 ? 0 : 2;
}
