/* my_err.c - what MySQL, MariaDB and libmariadb say went wrong -> kind, SQLSTATE, one line without row values, remedy.
 * Invariant: a message that may quote a value is cut around it; names of tables, columns and keys stay. Sessions are set to English
 * (lc_messages), as texts are cut by their words.
 * SQLSTATE is the server's, but for two where it has none of its own: 23505 for a duplicate key, 55P03 for a lock that is not waited for.
 * Threads: any; pure but for the connection it reads. */
#include <errmsg.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoints/my_conn.h"
#include "endpoints/my_conn_intern.h"

static const struct {
	unsigned number;
	enum err_kind kind;
	const char *remedy; /* NULL: none */
} numbers[] = {
	{ 1021, ERR_RETRY, "free disk space on the server" },
	{ 1022, ERR_DATA, NULL },
	{ 1037, ERR_RETRY, "the server is out of memory" },
	{ 1038, ERR_RETRY, "raise sort_buffer_size on the server" },
	{ 1040, ERR_RETRY, "raise max_connections on the server, or end idle sessions" },
	{ 1041, ERR_RETRY, "the server is out of memory" },
	{ 1044, ERR_CONFIG, NULL },
	{ 1045, ERR_CONFIG, NULL },
	{ 1047, ERR_RETRY, NULL }, /* a Galera node that is not ready */
	{ 1048, ERR_DATA, NULL },
	{ 1049, ERR_SCHEMA, NULL },
	{ 1050, ERR_SCHEMA, NULL },
	{ 1051, ERR_SCHEMA, NULL },
	{ 1053, ERR_RETRY, NULL },
	{ 1054, ERR_SCHEMA, NULL },
	{ 1059, ERR_SCHEMA,
	    "a name has at most 64 characters: give the table another one by target" },
	{ 1062, ERR_DATA, NULL },
	{ 1067, ERR_SCHEMA, NULL },
	{ 1071, ERR_SCHEMA, "make the table on the target yourself, with shorter key columns" },
	{ 1074, ERR_SCHEMA, NULL },
	{ 1101, ERR_SCHEMA, NULL },
	{ 1114, ERR_RETRY, "free disk space on the server, or raise the limit of its tablespace" },
	{ 1117, ERR_SCHEMA, NULL },
	{ 1118, ERR_LIMIT, "make long columns text or blob on the target" },
	{ 1129, ERR_CONFIG, "on the server: mysqladmin flush-hosts" },
	{ 1130, ERR_CONFIG, "on the server: CREATE USER for the host that repld runs on" },
	{ 1136, ERR_SCHEMA, NULL },
	{ 1142, ERR_CONFIG, NULL },
	{ 1143, ERR_CONFIG, NULL },
	{ 1146, ERR_SCHEMA, NULL },
	{ 1153, ERR_LIMIT, "raise max_allowed_packet on the server (at most 1 GB)" },
	{ 1158, ERR_RETRY, NULL },
	{ 1159, ERR_RETRY, NULL },
	{ 1160, ERR_RETRY, NULL },
	{ 1161, ERR_RETRY, NULL },
	{ 1169, ERR_DATA, NULL },
	{ 1170, ERR_SCHEMA,
	    "make the table on the target yourself, with a length for that column in the key" },
	{ 1180, ERR_RETRY, NULL },
	{ 1197, ERR_LIMIT, "raise max_binlog_cache_size on the server" },
	{ 1203, ERR_RETRY, "raise max_user_connections on the server" },
	{ 1205, ERR_RETRY, "another session holds a lock" },
	{ 1206, ERR_RETRY, "raise innodb_buffer_pool_size on the server" },
	{ 1213, ERR_RETRY, NULL },
	{ 1216, ERR_DATA, NULL },
	{ 1217, ERR_DATA, NULL },
	{ 1226, ERR_RETRY, "the account's resource limits on the server are too low" },
	{ 1227, ERR_CONFIG, NULL },
	{ 1264, ERR_DATA, NULL },
	{ 1265, ERR_DATA, NULL },
	{ 1290, ERR_RETRY, "the server is read-only: a replica? Name the primary's host" },
	{ 1292, ERR_DATA, NULL },
	{ 1300, ERR_DATA, NULL },
	{ 1301, ERR_LIMIT, "raise max_allowed_packet on the server (at most 1 GB)" },
	{ 1317, ERR_RETRY, NULL },
	{ 1364, ERR_SCHEMA, "give the column a default on the target" },
	{ 1366, ERR_DATA, NULL },
	{ 1367, ERR_DATA, NULL },
	{ 1406, ERR_DATA, NULL },
	{ 1411, ERR_DATA, NULL },
	{ 1412, ERR_RETRY, NULL },
	{ 1416, ERR_DATA, NULL },
	{ 1441, ERR_DATA, NULL },
	{ 1451, ERR_DATA, NULL },
	{ 1452, ERR_DATA, NULL },
	{ 1525, ERR_DATA, NULL },
	{ 1526, ERR_DATA, "add a partition for the value on the target" },
	{ 1586, ERR_DATA, NULL },
	{ 1615, ERR_RETRY, NULL },
	{ 1637, ERR_RETRY, NULL },
	{ 1644, ERR_DATA, NULL },
	{ 1665, ERR_CONFIG, "set binlog_format = ROW (or MIXED) on the server" },
	{ 1690, ERR_DATA, NULL },
	{ 1698, ERR_CONFIG, NULL },
	{ 1705, ERR_LIMIT, "raise max_binlog_stmt_cache_size on the server" },
	{ 1713, ERR_LIMIT,
	    "the row has too many long indexed columns for the server's undo log: drop an index on "
	    "the target" },
	{ 1761, ERR_DATA, NULL },
	{ 1762, ERR_DATA, NULL },
	{ 1785, ERR_CONFIG, "make the table ENGINE = InnoDB" },
	{ 1787, ERR_CONFIG, NULL },
	{ 1792, ERR_RETRY, "the server is read-only: a replica? Name the primary's host" },
	{ 1820, ERR_CONFIG, "the account's password has expired: set a new one on the server" },
	{ 1836, ERR_RETRY, "the server is read-only: a replica? Name the primary's host" },
	{ 1862, ERR_CONFIG, "the account's password has expired: set a new one on the server" },
	{ 1927, ERR_RETRY, NULL },
	{ 1969, ERR_RETRY, NULL },
	{ 3024, ERR_RETRY, NULL },
	{ 3037, ERR_DATA, NULL },
	{ 3100, ERR_LIMIT,
	    "group replication refused the transaction: raise "
	    "group_replication_transaction_size_limit, or lower apply.max_bytes;"
	    " see the server's log" },
	{ 3101, ERR_RETRY, NULL },
	{ 3118, ERR_CONFIG, "ALTER USER ... ACCOUNT UNLOCK on the server" },
	{ 3140, ERR_DATA, NULL },
	{ 3141, ERR_DATA, NULL },
	{ 3159, ERR_CONFIG,
	    "set tls = \"verify-full\" (or \"require\"): the server wants encryption" },
	{ 3169, ERR_RETRY, NULL },
	{ 3572, ERR_RETRY, NULL },
	{ 3750, ERR_CONFIG,
	    "give the table a primary key, or set sql_require_primary_key = OFF on the target" },
	{ 3819, ERR_DATA, NULL },
	{ 4025, ERR_DATA, NULL },
	{ 4031, ERR_RETRY, NULL },
	{ 4151, ERR_CONFIG, "ALTER USER ... ACCOUNT UNLOCK on the server" },
	{ CR_NET_PACKET_TOO_LARGE, ERR_LIMIT, NULL },
	{ CR_MALFORMED_PACKET, ERR_PROTOCOL, NULL },
	{ CR_COMMANDS_OUT_OF_SYNC, ERR_PROTOCOL, NULL },
	{ CR_OUT_OF_MEMORY, ERR_SYSTEM, NULL },
};

/* By SQLSTATE's class, for numbers that are not in the list. */
static const struct {
	const char *prefix;
	enum err_kind kind;
} classes[] = {
	{ "08", ERR_RETRY },
	{ "21", ERR_DATA },
	{ "22", ERR_DATA },
	{ "23", ERR_DATA },
	{ "25", ERR_RETRY },
	{ "28", ERR_CONFIG },
	{ "3D", ERR_CONFIG },
	{ "40", ERR_RETRY },
	{ "42", ERR_CONFIG },
	{ "44", ERR_DATA },
	{ "45", ERR_DATA },
};

enum err_kind
my_err_kind(unsigned number, const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].number == number)
			return numbers[i].kind;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(sqlstate, classes[i].prefix, 2) == 0)
			return classes[i].kind;
	return ERR_RETRY;
}

/* ---- texts ---- */

static const char *
last_of(const char *text, const char *what)
{
	const char *found = NULL;

	for (const char *p = strstr(text, what); p != NULL; p = strstr(p + 1, what))
		found = p;
	return found;
}

/* What may stand behind a quoted value. */
static const char *
after_value(const char *text)
{
	static const char *const tails[] = { "' for column ", "' for key ", "\" for column ",
		"' in ", "' at row " };
	const char *tail = NULL;

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]) && tail == NULL; i++)
		tail = last_of(text, tails[i]);
	return tail != NULL ? tail + 1 : "";
}

/* Incorrect integer value: 'x' for column 'c' at row 1 -> Incorrect integer value for column 'c' at row 1 */
static void
cut_value(const char *text, char *out, size_t size)
{
	const char *colon = strstr(text, ": '"), *quote = strpbrk(text, "'\"");
	const size_t n = colon != NULL	 ? (size_t)(colon - text)
			 : quote != NULL ? (size_t)(quote - text)
					 : strlen(text);

	snprintf(out, size, "%.*s%s", (int)n, text, after_value(text));
}

static void
safe_text(const struct my_error *e, char *out, size_t size)
{
	const char *key;

	switch (e->number) {
	case 1062:
	case 1586:
		key = last_of(e->text, " for key ");
		snprintf(out, size, "duplicate value%s", key != NULL ? key : "");
		return;
	case 1064:
		snprintf(out, size, "the server does not understand a statement of repld");
		return;
	case 1526: snprintf(out, size, "the table has no partition for a value"); return;
	case 1644: snprintf(out, size, "raised by a trigger or routine"); return;
	case 1690: snprintf(out, size, "a value is out of range"); return;
	case 1292:
	case 1300:
	case 1366:
	case 1367:
	case 1411:
	case 1525:
	case 3140:
	case 3141: cut_value(e->text, out, size); return;
	default: break;
	}
	if (strncmp(e->sqlstate, "22", 2) == 0 && strchr(e->text, ':') != NULL)
		cut_value(e->text, out, size);
	else
		snprintf(out, size, "%s", e->text);
}

static const char *
shown_state(const struct my_error *e)
{
	if (e->number == 1062 || e->number == 1586 || e->number == 1022 || e->number == 1169)
		return "23505";
	return e->number == 3572 ? "55P03" : e->sqlstate;
}

bool
my_err_fill(struct err *err, const struct my_error *e)
{
	char text[700];

	safe_text(e, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	err_set(err, my_err_kind(e->number, e->sqlstate), "%s (error %u)", text, e->number);
	snprintf(err->sqlstate, sizeof(err->sqlstate), "%.5s", shown_state(e));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].number == e->number && numbers[i].remedy != NULL)
			err_remedy(err, "%s", numbers[i].remedy);
	if (e->number == 1290 && strstr(e->text, "read-only") == NULL) {
		err->kind = ERR_CONFIG;
		err->remedy[0] = '\0';
	}
	return false;
}

unsigned
my_errno(const struct my_conn *c)
{
	const unsigned n = mysql_errno(c->my);

	return c->why.kind != ERR_NONE || (n >= CR_MIN_ERROR && n <= CR_MAX_ERROR) ||
		       (n >= CER_MIN_ERROR && n <= CER_MAX_ERROR)
		   ? 0
		   : n;
}

bool
my_err(struct my_conn *c, const char *doing, struct err *err)
{
	const struct my_error e = { mysql_errno(c->my), mysql_sqlstate(c->my), mysql_error(c->my) };
	char line[400];

	if (c->why.kind != ERR_NONE) {
		*err = c->why;
		return false;
	}
	if (my_errno(c) != 0)
		return my_err_fill(err, &e);
	snprintf(line, sizeof(line), "%s", e.number != 0 ? e.text : "the connection is not usable");
	line[strcspn(line, "\n")] = '\0';
	return err_set(err, e.number != 0 ? my_err_kind(e.number, "") : ERR_RETRY,
	    "endpoint %s: cannot %s: %s", c->endpoint, doing, line);
}

bool
my_err_warning(struct my_conn *c, struct err *err)
{
	struct my_rows rows;

	if (!my_query(c, &rows, err, "SHOW WARNINGS LIMIT 1", 0, NULL))
		return false;
	if (my_next(&rows)) {
		const struct my_error e = { (unsigned)my_number(&rows, 1), "01000",
			my_text(&rows, 2) };

		my_err_fill(err, &e);
		err_ctx(err, "the server warned, and nothing is kept that it warns of");
	} else {
		err_set(
		    err, ERR_DATA, "the server warned of a statement, and does not tell what of");
	}
	my_rows_done(&rows);
	err->kind = ERR_DATA;
	return false;
}

/* ---- connecting ---- */

bool
my_err_tls(const struct endpoint *ep, struct err *err)
{
	return err_remedy(err,
	    "tls_ca of endpoint %s names the file of the CAs to trust, now %s; the certificate "
	    "that MySQL makes itself carries no host name: give the"
	    " server one that does; tls = \"require\" gives up the check of who the server is, "
	    "\"disable\" gives up encryption",
	    ep->name, ep->tls_ca != NULL ? ep->tls_ca : "the system's");
}

static void
describe_place(const struct endpoint *ep, char *out, size_t size)
{
	if (ep->socket != NULL)
		snprintf(out, size, "socket %s", ep->socket);
	else
		snprintf(out, size, "%s port %u", ep->host, (unsigned)ep->port);
}

/* The server says the same of a user that is not there, of a wrong password, and of an account for TLS alone. */
static void
password_refused(const struct endpoint *ep, struct err *err)
{
	const char *option = ep->password_file != NULL	       ? "password_file"
			     : ep->password_credential != NULL ? "password_credential"
			     : ep->password_env != NULL	       ? "password_env"
							       : NULL;
	const char *clear = ep->socket == NULL && ep->tls == TLS_DISABLE
				? "; an account that requires TLS is refused like this too, where "
				  "tls = \"disable\""
				: "";

	err->password = true;
	if (option == NULL)
		err_remedy(err,
		    "endpoint %s gives no password: set password_file, password_credential or "
		    "password_env; or check user%s",
		    ep->name, clear);
	else
		err_remedy(err,
		    "correct the password in %s of endpoint %s%s%s, or the account's on the "
		    "server (it is"
		    " read again at each connection); or check user%s",
		    option, ep->name, ep->password_file != NULL ? ", " : "",
		    ep->password_file != NULL ? ep->password_file : "", clear);
}

/* What the library found before the server could say anything. */
static void
client_error(const struct my_conn *c, const struct my_error *e, struct err *err)
{
	switch (e->number) {
	case CR_SSL_CONNECTION_ERROR:
		if (strstr(e->text, "SYSCALL") == NULL && strstr(e->text, "timed out") == NULL)
			err->kind = ERR_CONFIG;
		my_err_tls(c->ep, err);
		break;
	case CR_UNKNOWN_HOST: err_remedy(err, "check host"); break;
	case CR_AUTH_PLUGIN_CANNOT_LOAD:
		err->kind = ERR_CONFIG;
		err_remedy(err, "the account's authentication plugin is not known to the client "
				"library: use caching_sha2_password, mysql_native_password or"
				" ed25519");
		break;
	case CR_PLUGIN_NOT_ALLOWED:
		err->kind = ERR_CONFIG;
		err_remedy(err, "the server asks for the password in clear, and tls = \"disable\": "
				"use TLS, or another authentication plugin for the account");
		break;
	case CR_CONN_HOST_ERROR:
	case CR_CONNECTION_ERROR:
		if (c->ep->socket == NULL) {
			err_remedy(err,
			    "see that the server runs and listens there (port, bind_address, "
			    "skip_networking); check host and port of endpoint %s",
			    c->ep->name);
		} else if (strstr(e->text, "(13)") != NULL) {
			err->kind = ERR_CONFIG;
			err_remedy(err, "the socket must be open to repld's user");
		} else {
			err_remedy(err,
			    "see that the server runs, and check socket of endpoint %s: it is the "
			    "file that the server names in SHOW VARIABLES LIKE 'socket'",
			    c->ep->name);
		}
		break;
	default: break;
	}
}

/* The library ends with the number of the system's error: "Can't connect to server on 'h' (111)". */
static void
name_errno(char *line, size_t size)
{
	const char *open = strrchr(line, '(');
	char *end, name[64];
	const long number = open != NULL ? strtol(open + 1, &end, 10) : 0;

	if (number <= 0 || strcmp(end, ")") != 0)
		return;
	snprintf(name, sizeof(name), "%s", strerrordesc_np((int)number) != NULL ? strerrordesc_np((int)number) : "");
	if (name[0] != '\0')
		snprintf(line + (open - line), size - (size_t)(open - line), "(%s)", name);
}

bool
my_err_connect(const struct my_conn *c, const struct my_error *e, struct err *err)
{
	const bool server = e->number != 0 &&
			    (e->number < CR_MIN_ERROR || e->number > CR_MAX_ERROR) &&
			    (e->number < CER_MIN_ERROR || e->number > CER_MAX_ERROR);
	char place[300], line[sizeof(c->why.msg)];

	describe_place(c->ep, place, sizeof(place));
	snprintf(line, sizeof(line), "%s", c->why.kind != ERR_NONE ? c->why.msg : e->text);
	line[strcspn(line, "\n")] = '\0';
	if (!server)
		name_errno(line, sizeof(line));
	if (server)
		my_err_fill(err, e);
	else
		err_set(err, ERR_RETRY, "%s", line);
	err_ctx(
	    err, "cannot connect (%s)%s", place, c->silent ? ", an address did not answer" : "");
	if (!server)
		client_error(c, e, err);
	else if (e->number == 1045 || e->number == 1698)
		password_refused(c->ep, err);
	return false;
}
