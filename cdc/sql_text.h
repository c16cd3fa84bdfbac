/* sql_text.h - what a statement of a MySQL or MariaDB binlog is about: its kind, and the tables and databases it names.
 * Not a parser: it reads words, names and quotes by the session's sql_mode, and only as far as it is sure. What it is not sure of is
 * said to be unclear; whoever asks then has to take the worst for true.
 * Threads: pure; the savepoint's name is borrowed from the text. */
#ifndef REPLD_CDC_SQL_TEXT_H
#define REPLD_CDC_SQL_TEXT_H

#include <stdint.h>
#include "daemon/base/bytes.h"

#define SQL_MODE_ANSI_QUOTES	      UINT64_C(0x00000004)
#define SQL_MODE_NO_BACKSLASH_ESCAPES UINT64_C(0x00100000)

enum sql_kind {
	SQL_NOTHING,		/* comments and blanks alone */
	SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK, SQL_SAVEPOINT, SQL_ROLLBACK_TO, SQL_RELEASE,
	SQL_XA_START, SQL_XA_END, SQL_XA_PREPARE, SQL_XA_COMMIT, SQL_XA_ROLLBACK,
	SQL_DML,		/* INSERT, REPLACE, UPDATE, DELETE, LOAD, CALL, ... as text: rows changed that are not in the log as rows */
	SQL_TRUNCATE,
	SQL_DDL,		/* CREATE, ALTER, DROP, RENAME and so on: `object` says of what */
	SQL_OTHER		/* GRANT, SET, ANALYZE, ...: changes no table's rows or shape */
};

enum sql_object {
	SQL_NO_OBJECT,
	SQL_TABLE,		/* CREATE, ALTER, DROP, RENAME, TRUNCATE TABLE; CREATE and DROP INDEX */
	SQL_DATABASE,		/* schema: the database's name */
	SQL_CODE		/* view, trigger, procedure, function, event, user, role, server, tablespace, ...: no rows, no shape of a table */
};

struct sql_name {
	char schema[65 * 4];	/* "": none was written: the session's default schema */
	char name[65 * 4];
};

#define SQL_NAMES 1024

struct sql_text {
	enum sql_kind kind;
	enum sql_object object;
	/* Not everything that the statement concerns is known: a form that is not understood, more than SQL_NAMES tables, a name in a
	 * character set that is not UTF-8. The kind is then the best guess, and the names are some of those concerned. */
	bool unclear;
	bool temporary;		/* CREATE, DROP, ALTER of a TEMPORARY table, said so in the text */
	bool drops;		/* tables, or a database, go: DROP, and RENAME's old names */
	bool alters;		/* ALTER TABLE */
	bool renames;		/* RENAME TABLE, ALTER TABLE ... RENAME: old names go, new ones come */
	bool creates;		/* CREATE: the names are new; IF NOT EXISTS may have done nothing */
	/* ALTER TABLE: rows may have gone or come that were never logged: DROP, TRUNCATE, EXCHANGE, CONVERT PARTITION, DISCARD, IMPORT
	 * TABLESPACE, DROP SYSTEM VERSIONING, ALTER IGNORE */
	bool unlogged_rows;
	/* ALTER TABLE, CREATE and DROP INDEX: it is about indexes, other keys than the primary one, comments and the like, and nothing else */
	bool columns_stay;
	bool starts_transaction;/* CREATE TABLE ... START TRANSACTION (MySQL 8.0.21+): rows follow in the same transaction */
	uint16_t nnames;
	struct sql_name names[SQL_NAMES];
	struct slice savepoint;	/* SAVEPOINT, ROLLBACK TO, RELEASE: its name as written, within the text */
	struct {		/* XA: format 1 where none was written */
		uint32_t format;
		uint8_t gtrid_len, bqual_len;
		uint8_t bytes[128];
		bool one_phase;
	} xid;
};

/* charset: the id of the client's collation, as in the QUERY event's status variables; 0: not known. */
void sql_text_read(struct sql_text *ret, const char *text, size_t n, uint64_t sql_mode, uint16_t charset);

/* A name as a server writes it that keeps names in small letters (lower_case_table_names). False: it has characters of which this is not known. */
bool sql_name_fold(char *name);
/* All names of the statement; `unclear` where one of them can't be folded. */
void sql_text_fold(struct sql_text *t);

#endif
