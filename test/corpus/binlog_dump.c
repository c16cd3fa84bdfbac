/* binlog_dump.c - what a MySQL or MariaDB server sends of its binary log, as frames: u32 big-endian
 * length, event. For test/corpus/binlog-capture.sh.
 * usage: binlog_dump SOCKET OUT file NAME OFFSET | gtid BYTES-IN-HEX | slave POSITION
 *   file: from a place in a file; gtid: MySQL, the encoded set; slave: MariaDB, its GTID position.
 * It ends where the log ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysql.h>

#define DUMP_NON_BLOCK 1
#define SERVER_ID      48811

static void
die(const char *what, MYSQL *my)
{
	fprintf(stderr, "binlog_dump: %s: %s\n", what, my != NULL ? mysql_error(my) : "");
	exit(1);
}

static void
put(unsigned char **p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*(*p)++ = (unsigned char)(v >> 8 * i);
}

static void
request_file(MYSQL *my, const char *name, const char *offset)
{
	unsigned char bytes[512], *p = bytes;

	put(&p, strtoull(offset, NULL, 10), 4);
	put(&p, DUMP_NON_BLOCK, 2);
	put(&p, SERVER_ID, 4);
	memcpy(p, name, strlen(name));
	p += strlen(name);
	if (my->methods->db_command(
		my, COM_BINLOG_DUMP, (char *)bytes, (size_t)(p - bytes), 1, NULL) != 0)
		die("dump", my);
}

static void
request_gtids(MYSQL *my, const char *hex)
{
	const size_t n = strlen(hex) / 2;
	unsigned char *bytes = malloc(n + 64), *p = bytes;
	unsigned int byte;

	if (bytes == NULL)
		die("memory", NULL);
	put(&p, DUMP_NON_BLOCK | 2 | 4, 2);
	put(&p, SERVER_ID, 4);
	put(&p, 0, 4);
	put(&p, 4, 8);
	put(&p, n, 4);
	for (size_t i = 0; i < n; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			die("the set is not hexadecimal", NULL);
		*p++ = (unsigned char)byte;
	}
	if (my->methods->db_command(
		my, (enum enum_server_command)30, (char *)bytes, (size_t)(p - bytes), 1, NULL) != 0)
		die("dump", my);
	free(bytes);
}

static void
query(MYSQL *my, const char *sql)
{
	if (mysql_query(my, sql) != 0)
		die(sql, my);
}

int
main(int argc, char **argv)
{
	MYSQL *my = mysql_init(NULL);
	char sql[512];
	FILE *out;

	if (argc < 5 || my == NULL)
		die("SOCKET OUT file NAME OFFSET | gtid HEX | slave POSITION", NULL);
	if (mysql_real_connect(my, NULL, "root", "", NULL, 0, argv[1], 0) == NULL)
		die("connect", my);
	query(my, "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32', "
		  "@mariadb_slave_capability = 4");
	if (strcmp(argv[3], "slave") == 0) {
		snprintf(sql, sizeof(sql), "SET @slave_connect_state = '%s'", argv[4]);
		query(my, sql);
		request_file(my, "", "4");
	} else if (strcmp(argv[3], "gtid") == 0) {
		request_gtids(my, argv[4]);
	} else {
		request_file(my, argv[4], argc > 5 ? argv[5] : "4");
	}
	if ((out = fopen(argv[2], "wb")) == NULL)
		die(argv[2], NULL);
	for (;;) {
		const unsigned long n = mysql_net_read_packet(my);
		const unsigned char *p = my->net.read_pos;

		if (n == (unsigned long)-1)
			die("read", my);
		if (n < 9 && p[0] == 0xfe)
			break;
		for (int i = 3; i >= 0; i--)
			fputc((int)((n - 1) >> 8 * i & 0xff), out);
		fwrite(p + 1, 1, n - 1, out);
	}
	if (fclose(out) != 0)
		die(argv[2], NULL);
	mysql_close(my);
	return 0;
}
