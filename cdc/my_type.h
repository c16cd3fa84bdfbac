/* my_type.h - MySQL's and MariaDB's column types: what a column holds, as told by the catalog (information_schema.COLUMNS) and by the log
 * (TABLE_MAP). Both tell it in the same two numbers, oid and typmod: equal numbers, equal types.
 * What only one of them tells: MariaDB's uuid, inet6, inet4 are binary(16), (16) and (4) in the log, its json is longtext; ZEROFILL and
 * display widths, which change no value, are the catalog's alone; so is all that binlog_row_metadata = MINIMAL leaves out (labels, and with
 * MariaDB's NO_LOG signs and collations). The formats in which servers before 5.6 wrote times are the log's alone, and count as the same type.
 * So rows are read with a type of the catalog that has been held against the log: my_type_complete().
 * What struct coltype leaves open: length is for enum and set the bytes of a value in the log; decimals is for geometry its subtype.
 * Threads: any; strings belong to the arena. */
#ifndef REPLD_CDC_MY_TYPE_H
#define REPLD_CDC_MY_TYPE_H

#include "cdc/type.h"
#include "daemon/base/arena.h"

/* As in TABLE_MAP. ENUM and SET stand there inside STRING; struct coltype has the real one. All blobs and texts are BLOB. */
enum my_type_code {
	MY_TYPE_DECIMAL = 0,		/* before 5.0: refused */
	MY_TYPE_TINY = 1,
	MY_TYPE_SHORT = 2,
	MY_TYPE_LONG = 3,
	MY_TYPE_FLOAT = 4,
	MY_TYPE_DOUBLE = 5,
	MY_TYPE_NULL = 6,
	MY_TYPE_TIMESTAMP = 7,		/* 7, 11, 12: before 5.6, and MariaDB with mysql56_temporal_format = OFF */
	MY_TYPE_LONGLONG = 8,
	MY_TYPE_INT24 = 9,
	MY_TYPE_DATE = 10,
	MY_TYPE_TIME = 11,
	MY_TYPE_DATETIME = 12,
	MY_TYPE_YEAR = 13,
	MY_TYPE_NEWDATE = 14,
	MY_TYPE_VARCHAR = 15,
	MY_TYPE_BIT = 16,
	MY_TYPE_TIMESTAMP2 = 17,
	MY_TYPE_DATETIME2 = 18,
	MY_TYPE_TIME2 = 19,
	MY_TYPE_BLOB_COMPRESSED = 140,	/* MariaDB's COMPRESSED columns */
	MY_TYPE_VARCHAR_COMPRESSED = 141,
	MY_TYPE_VECTOR = 242,
	MY_TYPE_JSON = 245,
	MY_TYPE_NEWDECIMAL = 246,
	MY_TYPE_ENUM = 247,
	MY_TYPE_SET = 248,
	MY_TYPE_BLOB = 252,
	MY_TYPE_VAR_STRING = 253,	/* before 5.0: refused */
	MY_TYPE_STRING = 254,
	MY_TYPE_GEOMETRY = 255
};

#define MY_COLLATION_BINARY 63

/* What information_schema.COLUMNS says of a column, in UTF-8. */
struct my_catalog_column {
	const char *data_type;		/* DATA_TYPE */
	const char *column_type;	/* COLUMN_TYPE */
	const char *collation;		/* COLLATION_NAME; NULL where the catalog has NULL */
	uint64_t octet_length;		/* CHARACTER_OCTET_LENGTH; this and the next: 0 where the catalog has NULL */
	uint64_t char_length;		/* CHARACTER_MAXIMUM_LENGTH */
	uint32_t precision, scale;	/* NUMERIC_PRECISION, NUMERIC_SCALE */
	uint32_t fraction;		/* DATETIME_PRECISION */
	bool mariadb;
	bool json_check;		/* MariaDB: a longtext whose CHECK is json_valid() of itself */
};

struct binlog_column;

/* Both: ERR_SCHEMA for a type that is not known; name is the COLUMN_TYPE text in one spelling (no display widths but those of tinyint(1) and
 * ZEROFILL, no comments). labels: NULL from a map without them. */
bool my_type_from_catalog(struct coltype *t, const struct my_catalog_column *c, struct arena *arena, struct err *err) MUST_CHECK;
bool my_type_from_map(struct coltype *t, const struct binlog_column *c, bool mariadb, struct arena *arena, struct err *err) MUST_CHECK;

/* The type that rows are to be read with: the catalog's, in the log's format. ERR_SCHEMA where the two are not the same column type; what the
 * map does not say (collation 0, no labels; sign_known false: its signs) is taken from the catalog, the labels from the map where it has them.
 * Strings stay where they are, in the two arenas. */
bool my_type_complete(struct coltype *t, const struct coltype *catalog, const struct coltype *map, bool sign_known,
    struct err *err) MUST_CHECK;

/* code | is_unsigned << 8 | collation << 16, with one code for the old and the new format of a time. */
uint32_t my_type_oid(uint8_t code, bool is_unsigned, uint16_t collation);
/* char, varchar: bytes at most; blobs: width of the length; decimal: precision << 8 | scale; bit: bits; times: digits of a second;
 * enum, set: a hash of the labels; geometry: its subtype (0: any); vector: dimensions; else 0. -1: not known (labels, and in MariaDB's old
 * format the digits of a second). A character beyond the basic plane counts as a question mark in a label: the catalogs show it so. */
int32_t my_type_typmod(const struct coltype *t);

#define MY_DIGITS_UNKNOWN 255	/* in coltype.decimals */

#endif
