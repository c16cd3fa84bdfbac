/* binlog_tail.c - cuts off the event that a crash of the server has left half written at the end of a binary log.
 *	binlog_tail FILE
 * MySQL does so itself when it starts again. MariaDB leaves it, begins another file, and from then on no reader comes past the end of this one
 * (error 1236, "binlog truncated in the middle of event"). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST = 4, HEADER = 19 };

int
main(int argc, char **argv)
{
	unsigned char h[HEADER];
	struct stat st;
	off_t at = FIRST;
	FILE *f;

	if (argc != 2 || (f = fopen(argv[1], "r+b")) == NULL || fstat(fileno(f), &st) != 0)
		return 1;
	while (at + HEADER <= st.st_size) {
		off_t size;

		if (fseeko(f, at, SEEK_SET) != 0 || fread(h, 1, HEADER, f) != HEADER)
			return 1;
		size = (off_t)((uint32_t)h[9] | (uint32_t)h[10] << 8 | (uint32_t)h[11] << 16 | (uint32_t)h[12] << 24);
		if (size < HEADER || at + size > st.st_size)
			break;
		at += size;
	}
	if (at < st.st_size && ftruncate(fileno(f), at) != 0)
		return 1;
	if (at < st.st_size)
		printf("%lld bytes cut off\n", (long long)(st.st_size - at));
	return fclose(f) == 0 ? 0 : 1;
}
