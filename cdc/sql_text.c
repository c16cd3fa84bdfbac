/* sql_text.c - what a statement of a MySQL or MariaDB binlog is about.
 * Flow: text -> tokens (sql_token.c) -> the first words choose a reader -> kind, names.
 * Invariant: a reader that meets what it does not expect says `unclear` and reads no further; nothing is concluded from text inside
 * quotes or comments.
 * Threads: pure. */
#include "cdc/sql_text.h"

#include <string.h>
#include <strings.h>

#include "cdc/sql_token.h"

/* What CREATE, ALTER and DROP may be of beside tables and databases, and the words that come before it. */
#define CODE_WORDS                                                                                 \
	"VIEW TRIGGER PROCEDURE FUNCTION EVENT USER ROLE SERVER SEQUENCE TABLESPACE UNDO LOGFILE " \
	"RESOURCE "                                                                                \
	"PACKAGE LIBRARY AGGREGATE DEFINER ALGORITHM SQL INSTANCE SPATIAL"

static void
unclear(struct sql_reader *r)
{
	r->out->unclear = true;
}

/* The end, but for a semicolon. */
static bool
at_end(struct sql_reader *r)
{
	while (sql_is_sign(r, ';'))
		sql_next(r);
	return r->t.kind == TOKEN_END;
}

/* ---- names ---- */

/* The present token as an identifier, into out (of `size` bytes). False: it is none, or too long, or not in UTF-8. */
static bool
identifier(struct sql_reader *r, char *out, size_t size)
{
	size_t n = 0;

	if (r->t.kind != TOKEN_WORD && r->t.kind != TOKEN_QUOTED && r->t.kind != TOKEN_NUMBER)
		return false;
	for (size_t i = 0; i < r->t.raw.n; i++) {
		const char c = (char)r->t.raw.p[i];

		if (n + 1 == size || c == '\0' || ((c & 0x80) != 0 && !r->utf8))
			return false;
		if (r->t.kind == TOKEN_QUOTED && c == r->t.quote)
			i++;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

/* name, or schema.name. False, and unclear: there is none. */
static bool
name(struct sql_reader *r)
{
	struct sql_text *out = r->out;
	struct sql_name *to;

	if (out->nnames == SQL_NAMES) {
		unclear(r);
		return false;
	}
	to = &out->names[out->nnames];
	to->schema[0] = '\0';
	if (sql_take_sign(r, '.')) { /* .name: of the default schema */
		if (!identifier(r, to->name, sizeof(to->name))) {
			unclear(r);
			return false;
		}
	} else {
		if (!identifier(r, to->name, sizeof(to->name))) {
			unclear(r);
			return false;
		}
		sql_next(r);
		if (!sql_take_sign(r, '.')) {
			out->nnames++;
			return true;
		}
		memcpy(to->schema, to->name, sizeof(to->schema));
		if (!identifier(r, to->name, sizeof(to->name))) {
			unclear(r);
			return false;
		}
	}
	sql_next(r);
	out->nnames++;
	return true;
}

static void
if_exists(struct sql_reader *r)
{
	if (!sql_take(r, "IF"))
		return;
	sql_take(r, "NOT");
	if (!sql_take(r, "EXISTS"))
		unclear(r);
}

/* WAIT n, NOWAIT: MariaDB. */
static void
wait_option(struct sql_reader *r)
{
	if (sql_take(r, "NOWAIT") || !sql_take(r, "WAIT"))
		return;
	if (r->t.kind == TOKEN_NUMBER)
		sql_next(r);
	if (sql_is_sign(r, '.')) {
		sql_next(r);
		sql_next(r);
	}
}

/* A database: its name stands in `schema`, or (where it may be left out) the session's is meant. */
static void
database(struct sql_reader *r, bool may_lack)
{
	struct sql_name *to = &r->out->names[0];

	to->name[0] = '\0';
	r->out->kind = SQL_DDL;
	r->out->object = SQL_DATABASE;
	if_exists(r);
	if (may_lack &&
	    (r->t.kind == TOKEN_END ||
		sql_is_any(r, "CHARACTER CHARSET COLLATE DEFAULT ENCRYPTION READ COMMENT UPGRADE")))
		unclear(r);
	else if (!identifier(r, to->schema, sizeof(to->schema)))
		unclear(r);
	else
		r->out->nnames = 1;
}

static void
code(struct sql_reader *r)
{
	r->out->kind = SQL_DDL;
	r->out->object = SQL_CODE;
}

/* ---- CREATE ---- */

/* To the end, outside parentheses: CREATE TABLE ... START TRANSACTION. */
static void
create_tail(struct sql_reader *r)
{
	int depth = 0;

	for (; r->t.kind != TOKEN_END; sql_next(r)) {
		depth += sql_is_sign(r, '(') - sql_is_sign(r, ')');
		if (depth == 0 && sql_is(r, "START")) {
			sql_next(r);
			r->out->starts_transaction |= sql_is(r, "TRANSACTION");
		}
	}
}

static void
create_table(struct sql_reader *r)
{
	if_exists(r);
	r->out->kind = SQL_DDL;
	r->out->object = SQL_TABLE;
	r->out->creates = true;
	if (name(r)) {
		const bool sure = !r->doubt;

		create_tail(r);
		if (sure)
			r->doubt = false; /* what stands behind the name is of the new table alone */
	}
}

/* The present token names the primary key, which is an index in some statements. */
static bool
is_primary(const struct sql_reader *r)
{
	return (r->t.kind == TOKEN_WORD || r->t.kind == TOKEN_QUOTED) && r->t.raw.n == 7 && strncasecmp((const char *)r->t.raw.p, "PRIMARY", 7) == 0;
}

/* CREATE [UNIQUE ...] INDEX name [USING type] ON table, DROP INDEX name ON table */
static void
index_of(struct sql_reader *r)
{
	char skipped[65 * 4];

	r->out->kind = SQL_DDL;
	r->out->object = SQL_TABLE;
	if_exists(r);
	if (!identifier(r, skipped, sizeof(skipped))) {
		unclear(r);
		return;
	}
	r->out->columns_stay = !is_primary(r);
	sql_next(r);
	if (sql_is_any(r, "USING TYPE")) {
		sql_next(r);
		sql_next(r);
	}
	if (sql_take(r, "ON"))
		name(r);
	else
		unclear(r);
}

static void
create(struct sql_reader *r)
{
	r->out->kind = SQL_DDL;
	if (sql_take(r, "OR") && !sql_take(r, "REPLACE"))
		unclear(r);
	if (sql_is(r, "TEMPORARY")) {
		sql_next(r);
		r->out->temporary = true;
		if (sql_is(r, "SEQUENCE")) {
			code(r);
			return;
		}
	}
	if (sql_take(r, "TABLE")) {
		create_table(r);
	} else if (sql_is_any(r, "UNIQUE FULLTEXT SPATIAL VECTOR ONLINE OFFLINE")) {
		while (sql_is_any(r, "UNIQUE FULLTEXT SPATIAL VECTOR ONLINE OFFLINE"))
			sql_next(r);
		if (sql_is(r, "REFERENCE")) /* SPATIAL REFERENCE SYSTEM */
			code(r);
		else if (sql_take(r, "INDEX"))
			index_of(r);
		else
			unclear(r);
	} else if (sql_take(r, "INDEX")) {
		index_of(r);
	} else if (sql_take(r, "DATABASE") || sql_take(r, "SCHEMA")) {
		r->out->creates = true;
		database(r, false);
	} else if (sql_is_any(r, CODE_WORDS)) {
		code(r);
	} else {
		unclear(r);
	}
}

/* ---- ALTER ---- */

/* One action of ALTER TABLE begins with the present token. */
static void
alter_action(struct sql_reader *r)
{
	struct sql_text *out = r->out;

	if (sql_take(r, "RENAME")) {
		if (sql_is_any(r, "COLUMN INDEX KEY CONSTRAINT"))
			return;
		if (sql_is_any(r, "TO AS"))
			sql_next(r);
		else
			sql_take_sign(r, '=');
		out->drops = out->renames = name(r);
	} else if (sql_is_any(r, "DROP TRUNCATE")) {
		sql_next(r);
		if (sql_is(r, "SYSTEM")) /* VERSIONING: its history goes */
			out->unlogged_rows = true;
		out->unlogged_rows |= sql_is(r, "PARTITION");
	} else if (sql_is_any(r, "EXCHANGE CONVERT DISCARD IMPORT")) {
		const bool partitions = !sql_is(r, "CONVERT");

		sql_next(r);
		if (!partitions && sql_is(r, "TO")) /* CHARACTER SET */
			return;
		out->unlogged_rows = true;
		for (; r->t.kind != TOKEN_END && !sql_is_sign(r, ','); sql_next(r))
			if (sql_is(r, "TABLE")) {
				sql_next(r);
				name(r);
				return;
			}
	}
}

/* What begins here, an action or an option, leaves columns and primary key as they are. By looking ahead, without moving. */
static bool
leaves_columns(struct sql_reader ahead)
{
	struct sql_reader *r = &ahead;

	if (sql_is_any(r, "COMMENT ENGINE AUTO_INCREMENT ALGORITHM LOCK ROW_FORMAT KEY_BLOCK_SIZE STATS_PERSISTENT STATS_AUTO_RECALC STATS_SAMPLE_PAGES "
	    "ENABLE DISABLE FORCE"))
		return true;
	if (sql_take(r, "ADD"))
		return sql_is_any(r, "INDEX KEY UNIQUE FULLTEXT SPATIAL CONSTRAINT FOREIGN CHECK");
	if (sql_take(r, "RENAME"))
		return sql_is_any(r, "INDEX KEY");
	if (!sql_take(r, "DROP") || !sql_is_any(r, "INDEX KEY FOREIGN CONSTRAINT CHECK"))
		return false;
	do
		sql_next(r);
	while (sql_is_any(r, "KEY IF EXISTS"));
	return !is_primary(r);
}

static void
alter_table(struct sql_reader *r, bool ignores)
{
	int depth = 0;
	bool begins = true, stay = true;

	r->out->kind = SQL_DDL;
	r->out->object = SQL_TABLE;
	r->out->alters = true;
	r->out->unlogged_rows = ignores;
	if_exists(r);
	if (!name(r))
		return;
	wait_option(r);
	while (r->t.kind != TOKEN_END) {
		if (depth == 0 && begins) {
			begins = false;
			stay = stay && leaves_columns(*r);
			alter_action(r);
			continue;
		}
		stay = stay && (depth > 0 || !sql_is_any(r, "PRIMARY COLUMN CONVERT MODIFY CHANGE"));
		depth += sql_is_sign(r, '(') - sql_is_sign(r, ')');
		begins = depth == 0 && sql_is_sign(r, ',');
		if (depth == 0 &&
		    sql_is_any(r, "EXCHANGE DISCARD IMPORT")) { /* behind options without a comma */
			unclear(r);
			r->out->unlogged_rows = true;
		}
		sql_next(r);
	}
	r->out->columns_stay = stay && !r->out->unlogged_rows;
}

static void
alter(struct sql_reader *r)
{
	bool ignores = false;

	while (sql_is_any(r, "ONLINE OFFLINE IGNORE")) {
		ignores |= sql_is(r, "IGNORE");
		sql_next(r);
	}
	if (sql_take(r, "TABLE")) {
		alter_table(r, ignores);
	} else if (sql_take(r, "DATABASE") || sql_take(r, "SCHEMA")) {
		database(r, true);
	} else {
		code(r);
		if (!sql_is_any(r, CODE_WORDS))
			unclear(r);
	}
}

/* ---- DROP, RENAME, TRUNCATE ---- */

static void
name_list(struct sql_reader *r)
{
	do {
		if (!name(r))
			return;
	} while (sql_take_sign(r, ','));
}

static void
drop(struct sql_reader *r)
{
	if (sql_take(r, "TEMPORARY"))
		r->out->temporary = true;
	while (sql_is_any(r, "ONLINE OFFLINE"))
		sql_next(r);
	if (sql_is_any(r, "TABLE TABLES")) {
		sql_next(r);
		r->out->kind = SQL_DDL;
		r->out->object = SQL_TABLE;
		r->out->drops = true;
		if_exists(r);
		name_list(r);
		wait_option(r);
		if (sql_is_any(r, "RESTRICT CASCADE"))
			sql_next(r);
		if (!at_end(r))
			unclear(r);
	} else if (sql_take(r, "INDEX")) {
		index_of(r);
	} else if (sql_take(r, "DATABASE") || sql_take(r, "SCHEMA")) {
		r->out->drops = true;
		database(r, false);
	} else if (sql_is(r, "PREPARE")) {
		r->out->kind = SQL_OTHER;
	} else {
		code(r);
		if (!sql_is_any(r, CODE_WORDS))
			unclear(r);
	}
}

static void
rename_tables(struct sql_reader *r)
{
	if (sql_is_any(r, "USER")) {
		code(r);
		return;
	}
	r->out->kind = SQL_DDL;
	r->out->object = SQL_TABLE;
	r->out->drops = r->out->renames = true;
	if (!sql_is_any(r, "TABLE TABLES")) {
		unclear(r);
		return;
	}
	sql_next(r);
	if_exists(r);
	do {
		if (!name(r))
			return;
		wait_option(r);
		if (!sql_take(r, "TO")) {
			unclear(r);
			return;
		}
		if (!name(r))
			return;
	} while (sql_take_sign(r, ','));
	if (!at_end(r))
		unclear(r);
}

static void
truncate_table(struct sql_reader *r)
{
	r->out->kind = SQL_TRUNCATE;
	r->out->object = SQL_TABLE;
	sql_take(r, "TABLE");
	if (!name(r))
		return;
	wait_option(r);
	if (!at_end(r))
		unclear(r);
}

/* ---- rows changed by text ---- */

static void
dml(struct sql_reader *r, const char *options)
{
	r->out->kind = SQL_DML;
	sql_next(r);
	while (sql_is_any(r, options))
		sql_next(r);
}

static void
insert(struct sql_reader *r)
{
	dml(r, "LOW_PRIORITY DELAYED HIGH_PRIORITY IGNORE INTO");
	name(r);
}

/* Of one table; joins are unclear. */
static void
update(struct sql_reader *r)
{
	dml(r, "LOW_PRIORITY IGNORE");
	if (!name(r))
		return;
	if (sql_take(r, "AS"))
		sql_next(r);
	else if (!sql_is(r, "SET") && (r->t.kind == TOKEN_WORD || r->t.kind == TOKEN_QUOTED))
		sql_next(r);
	if (!sql_is(r, "SET"))
		unclear(r);
}

static void
delete_from(struct sql_reader *r)
{
	dml(r, "LOW_PRIORITY QUICK IGNORE");
	if (!sql_take(r, "FROM")) {
		unclear(r);
		return;
	}
	if (!name(r))
		return;
	if (sql_take(r, "AS"))
		sql_next(r);
	if (r->t.kind != TOKEN_END && !sql_is_any(r, "WHERE ORDER LIMIT RETURNING") &&
	    !sql_is_sign(r, ';'))
		unclear(r);
}

static void
load(struct sql_reader *r)
{
	dml(r, "");
	while (r->t.kind != TOKEN_END && !sql_is(r, "INTO"))
		sql_next(r);
	if (sql_take(r, "INTO") && sql_take(r, "TABLE"))
		name(r);
	else
		unclear(r);
}

/* ---- transaction control ---- */

static void
control(struct sql_reader *r, enum sql_kind kind)
{
	sql_next(r);
	sql_take(r, "WORK");
	r->out->kind = kind;
	if (!at_end(r)) {
		r->out->kind = SQL_OTHER;
		unclear(r);
	}
}

/* The savepoint's name comes next. */
static void
savepoint(struct sql_reader *r, enum sql_kind kind)
{
	r->out->kind = kind;
	r->out->savepoint = r->t.raw;
	if (r->t.kind == TOKEN_END || r->t.kind == TOKEN_SIGN)
		unclear(r);
	else
		sql_next(r);
	if (!at_end(r))
		unclear(r);
}

static void
rollback_to(struct sql_reader *r)
{
	sql_next(r);
	sql_take(r, "WORK");
	if (sql_take(r, "TO")) {
		sql_take(r, "SAVEPOINT");
		savepoint(r, SQL_ROLLBACK_TO);
		return;
	}
	r->out->kind = SQL_ROLLBACK;
	if (!at_end(r)) {
		r->out->kind = SQL_OTHER;
		unclear(r);
	}
}

/* ---- XA ---- */

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* X'6731', as the servers log it; or 'g1'. At most 64 bytes, behind those that are there already. */
static bool
xid_part(struct sql_reader *r, uint8_t *ret_len)
{
	uint8_t *to = r->out->xid.bytes + r->out->xid.gtrid_len;
	const bool hex = sql_is(r, "X") && r->p < r->end && *r->p == '\'';
	size_t n;

	if (hex)
		sql_next(r);
	n = r->t.raw.n / (hex ? 2 : 1);
	if (r->t.kind != TOKEN_STRING || n > 64 || (hex && r->t.raw.n % 2 != 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = r->t.raw.p + (hex ? 2 * i : i);

		if (hex ? hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0 : *p == '\\' || *p == '\'')
			return false;
		to[i] = hex ? (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1])) : *p;
	}
	*ret_len = (uint8_t)n;
	sql_next(r);
	return true;
}

static bool
xid_format(struct sql_reader *r, uint32_t *ret)
{
	uint64_t v = 0;

	if (r->t.kind != TOKEN_NUMBER || r->t.raw.n > 10)
		return false;
	for (size_t i = 0; i < r->t.raw.n; i++)
		v = v * 10 + (uint64_t)(r->t.raw.p[i] - '0');
	*ret = (uint32_t)v;
	sql_next(r);
	return v <= UINT32_MAX;
}

static bool
xid(struct sql_reader *r)
{
	struct sql_text *out = r->out;

	out->xid.format = 1;
	if (!xid_part(r, &out->xid.gtrid_len))
		return false;
	if (!sql_take_sign(r, ','))
		return true;
	if (!xid_part(r, &out->xid.bqual_len))
		return false;
	return !sql_take_sign(r, ',') || xid_format(r, &out->xid.format);
}

static void
xa(struct sql_reader *r)
{
	static const struct {
		const char *word;
		enum sql_kind kind;
	} words[] = { { "START", SQL_XA_START }, { "BEGIN", SQL_XA_START }, { "END", SQL_XA_END },
		{ "PREPARE", SQL_XA_PREPARE }, { "COMMIT", SQL_XA_COMMIT },
		{ "ROLLBACK", SQL_XA_ROLLBACK } };

	sql_next(r);
	r->out->kind = SQL_OTHER;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (sql_is(r, words[i].word))
			r->out->kind = words[i].kind;
	sql_next(r);
	if (r->out->kind == SQL_OTHER || !xid(r)) {
		r->out->kind = SQL_OTHER;
		unclear(r);
		return;
	}
	if (sql_take(r, "ONE"))
		r->out->xid.one_phase = sql_take(r, "PHASE");
	while (sql_is_any(r, "JOIN RESUME SUSPEND FOR MIGRATE"))
		sql_next(r);
	if (!at_end(r))
		unclear(r);
}

/* ---- the first word ---- */

/* A flat switch in the form of words. */
static void
statement(struct sql_reader *r)
{
	struct sql_text *out = r->out;

	if (at_end(r)) {
		out->kind = SQL_NOTHING;
	} else if (sql_is(r, "BEGIN")) {
		control(r, SQL_BEGIN);
	} else if (sql_is(r, "COMMIT")) {
		control(r, SQL_COMMIT);
	} else if (sql_is(r, "ROLLBACK")) {
		rollback_to(r);
	} else if (sql_take(r, "SAVEPOINT")) {
		savepoint(r, SQL_SAVEPOINT);
	} else if (sql_take(r, "RELEASE")) {
		sql_take(r, "SAVEPOINT");
		savepoint(r, SQL_RELEASE);
	} else if (sql_is(r, "XA")) {
		xa(r);
	} else if (sql_take(r, "CREATE")) {
		create(r);
	} else if (sql_take(r, "ALTER")) {
		alter(r);
	} else if (sql_take(r, "DROP")) {
		drop(r);
	} else if (sql_take(r, "RENAME")) {
		rename_tables(r);
	} else if (sql_take(r, "TRUNCATE")) {
		truncate_table(r);
	} else if (sql_is_any(r, "INSERT REPLACE")) {
		insert(r);
	} else if (sql_is(r, "UPDATE")) {
		update(r);
	} else if (sql_is(r, "DELETE")) {
		delete_from(r);
	} else if (sql_is(r, "LOAD")) {
		load(r);
	} else if (sql_is_any(r, "CALL DO WITH SELECT VALUES TABLE HANDLER EXECUTE IMPORT") ||
		   sql_is_sign(r, '(')) {
		out->kind = SQL_DML;
		unclear(r);
	} else {
		out->kind = SQL_OTHER;
		if (!sql_is_any(r, "GRANT REVOKE SET ANALYZE OPTIMIZE REPAIR CHECK CHECKSUM FLUSH "
				   "RESET INSTALL UNINSTALL PREPARE "
				   "DEALLOCATE LOCK UNLOCK KILL PURGE CHANGE CACHE SHUTDOWN SHOW "
				   "USE BACKUP START STOP"))
			unclear(r);
	}
}

/* ---- character sets of clients ---- */

/* In these sets a character's second byte can look like a quote or a backslash: big5, sjis, gbk, cp932, gb18030. */
static bool
hides_quotes(uint16_t charset)
{
	static const uint16_t ids[] = { 1, 84, 13, 88, 28, 87, 95, 96, 248, 249, 250 };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] == charset || ids[i] + 1024 == charset)
			return true;
	return false;
}

/* MariaDB numbers the collations without padding 1024 higher. */
static bool
is_utf8(uint16_t charset)
{
	const uint16_t id =
	    charset >= 1024 && charset < 2048 ? (uint16_t)(charset - 1024) : charset;

	return id == 33 || id == 45 || id == 46 || id == 76 || id == 83 ||
	       (id >= 192 && id <= 215) || (id >= 223 && id <= 247) || (id >= 255 && id <= 323) ||
	       id >= 576;
}

static bool
has_high_bytes(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((text[i] & 0x80) != 0)
			return true;
	return false;
}

void
sql_text_read(struct sql_text *ret, const char *text, size_t n, uint64_t sql_mode, uint16_t charset)
{
	struct sql_reader r = { .p = text,
		.end = text + n,
		.ansi_quotes = (sql_mode & SQL_MODE_ANSI_QUOTES) != 0,
		.backslash = (sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES) == 0,
		.utf8 = is_utf8(charset),
		.out = ret };

	memset(ret, 0, offsetof(struct sql_text, names));
	memset(&ret->savepoint, 0, sizeof(*ret) - offsetof(struct sql_text, savepoint));
	sql_next(&r);
	statement(&r);
	if (hides_quotes(charset) && has_high_bytes(text, n))
		r.doubt = true;
	if (r.doubt)
		ret->unclear = true;
}
