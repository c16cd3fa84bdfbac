/* binlog_table.h - one TABLE_MAP event as a struct: what a binlog says of a table, before it is completed from a catalog.
 * Flow: binlog_map.c reads it -> the resolver completes what the server's row metadata leaves out -> types, relation, row decoder.
 * Invariant: what is not said is marked so (the has_ flags); nothing is guessed.
 * Threads: the capture thread. Owner: the table's arena owns all of it, the table itself included. */
#ifndef REPLD_CDC_BINLOG_TABLE_H
#define REPLD_CDC_BINLOG_TABLE_H

#include <stdint.h>
#include "daemon/base/arena.h"

#define BINLOG_MAX_COLUMNS 4096		/* MySQL's limit of any engine; more is refused */

struct binlog_column {
	/* The type's code as logged. ENUM and SET are logged as STRING (254) with the real code in the metadata's upper byte:
	 * binlog_real_code(). */
	uint8_t code;
	/* The metadata, as the servers hold it in a number: STRING, NEWDECIMAL: first byte << 8 | second byte; VARCHAR, VAR_STRING,
	 * BIT, and MariaDB's compressed VARCHAR: little-endian; FLOAT, DOUBLE, blobs, JSON, GEOMETRY, VECTOR, TIME2, DATETIME2,
	 * TIMESTAMP2: one byte; the others: 0. */
	uint16_t meta;
	bool nullable;
	bool is_unsigned;		/* where has_signedness */
	bool key;			/* part of the primary key; where has_keys */
	bool invisible;
	uint16_t collation;		/* id; 0: not known, or none. Of enum and set too */
	uint16_t key_prefix;		/* characters of the column that are in the primary key; 0: all of it */
	const char *name;		/* UTF-8; NULL: not known */
	uint32_t geometry;		/* 0 any, 1 point, ... as in the metadata */
	uint32_t dimensions;		/* of a VECTOR; 0: not known */
	uint16_t nlabels;		/* enum, set; where has_labels */
	const char *const *labels;	/* in the column's character set, as logged; NUL-terminated too, but may hold NULs (utf16, ucs2) */
	const uint32_t *label_len;	/* in bytes */
};

struct binlog_table {
	uint64_t table_id;		/* a number of this moment; not part of the contents */
	uint16_t flags;			/* as logged */
	const char *schema, *name;
	uint16_t ncols;
	struct binlog_column *cols;
	bool has_signedness, has_charsets, has_names, has_labels;
	bool has_keys;			/* the primary key's columns are marked. With has_names alone: the table has none */
	uint8_t unknown_code;		/* a type code whose metadata cannot be read: nothing is known from that column on; 0: none */
	bool mariadb;
	uint64_t hash;			/* of the event's contents, table_id and flags left out */
	struct arena *arena;
};

/* The type behind STRING: STRING itself, ENUM (247) or SET (248). */
static inline uint8_t
binlog_real_code(const struct binlog_column *col)
{
	const uint8_t real = (uint8_t)(col->meta >> 8);

	return col->code == 254 && (real == 247 || real == 248) ? real : col->code;
}

#endif
