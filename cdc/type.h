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
	X(BIT, "bit") X(INET, "inet") X(ENUM, "enum") X(ARRAY, "array")

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

struct coltype {
	enum logical_type logical;
	enum wire_form wire;
	uint32_t oid;		/* PostgreSQL: of the type itself */
	uint32_t base_oid;	/* PostgreSQL: of the type under a domain; else oid */
	int32_t typmod;		/* PostgreSQL: -1: none; of the domain where that sets it */
	const char *name;	/* as its server writes it: "numeric(12,2)", schema-qualified where it must be */
};

#endif
