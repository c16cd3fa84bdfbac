/* type.h - what a column holds: the source's own type and the neutral logical type that mappings and expressions go by.
 * Threads: plain values; strings belong to the relation's or description's arena. */
#ifndef REPLD_CDC_TYPE_H
#define REPLD_CDC_TYPE_H

#include <stdint.h>
#include "daemon/base/err.h"

#define LOGICAL_TYPES(X)                                                                           \
	X(OTHER, "other") X(BOOL, "bool") X(I16, "i16") X(I32, "i32") X(I64, "i64") X(F32, "f32")  \
	X(F64, "f64") X(DECIMAL, "decimal") X(TEXT, "text") X(BYTES, "bytes") X(DATE, "date")      \
	X(TIME, "time") X(TIMETZ, "timetz") X(TIMESTAMP, "timestamp")                              \
	X(TIMESTAMPTZ, "timestamptz") X(INTERVAL, "interval") X(UUID, "uuid") X(JSON, "json")      \
	X(BIT, "bit") X(INET, "inet") X(ENUM, "enum") X(ARRAY, "array") X(SET, "set")              \
	X(YEAR, "year") X(GEOMETRY, "geometry") X(VECTOR, "vector") X(U64, "u64")

enum logical_type {
#define X(name, text) LOGICAL_##name,
	LOGICAL_TYPES(X)
#undef X
};
const char *logical_type_name(enum logical_type t);

/* How bytes of this type may travel between servers. */
enum wire_form {
	WIRE_TEXT,	/* text only */
	WIRE_BINARY,	/* the type's send/recv form, where the target column has the same type */
	WIRE_LABEL	/* an enum: its binary form is its text */
};

/* Whose type it is: it decides in which text form values come from the server, and are given to it. */
enum type_family {
	FAMILY_POSTGRESQL,
	FAMILY_MYSQL		/* MariaDB too */
};

/* Text forms of FAMILY_MYSQL, the same from a full load and from the binlog (VALUE_TEXT in UTF-8, unless said otherwise):
 * numbers as the server prints them, float and double with the fewest digits that give the value back; date and time with as many
 * digits of a second as the column has, timestamp in UTC without a zone; bit(n) as n digits 0 and 1; enum its label, set its labels
 * with commas; json as the server prints it; uuid and inet as printed.
 * VALUE_BINARY, the bytes themselves: binary, varbinary, blobs, geometry (SRID as 4 bytes little-endian, then WKB), vector. */
struct coltype {
	enum logical_type logical;
	enum wire_form wire;
	uint8_t family;		/* enum type_family */
	/* PostgreSQL: of the type itself. MySQL: what TABLE_MAP says of the column in one number, my_type_oid(): equal numbers and
	 * typmods, equal types. */
	uint32_t oid;
	uint32_t base_oid;	/* PostgreSQL: of the type under a domain; else oid */
	/* PostgreSQL: -1: none; of the domain where that sets it. MySQL: my_type_typmod() */
	int32_t typmod;
	const char *name;	/* as its server writes it: "numeric(12,2)", schema-qualified where it must be */

	/* FAMILY_MYSQL */
	uint8_t code;		/* as in TABLE_MAP, the real one: MY_TYPE_NEWDECIMAL, _ENUM, _SET, _STRING, ... (cdc/my_type.h) */
	bool is_unsigned;
	bool mariadb;		/* of a MariaDB server: json is text there */
	uint16_t collation;	/* id; 63: bytes; 0: not known, or none */
	uint32_t length;	/* char, varchar: characters; binary, varbinary, blobs: bytes at most; decimal: digits; bit: bits */
	uint8_t decimals;	/* decimal: scale; time, datetime, timestamp: digits of a second */
	uint16_t nlabels;	/* enum, set */
	const char *const *labels;	/* in their order, UTF-8 */
};

#endif
