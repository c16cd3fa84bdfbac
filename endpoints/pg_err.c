/* pg_err.c - what PostgreSQL and libpq say went wrong -> kind, one line without row values,
 * remedy.
 * Invariant: a message that may quote a value (classes 22 and P0, and any text in a language that
 * is not understood here) is replaced or cut; names of tables, columns and constraints stay.
 * Threads: any; pure but for the connection it reads. */
#include "endpoints/pg_conn.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The longest prefix that matches decides. */
static const struct {
	const char *prefix;
	enum err_kind kind;
} kinds[] = {
    {"08", ERR_RETRY},
    {"08P01", ERR_PROTOCOL},
    {"21", ERR_DATA},
    {"22", ERR_DATA},
    {"23", ERR_DATA},
    {"25", ERR_RETRY},
    {"26", ERR_RETRY},
    {"28", ERR_CONFIG},
    {"3D", ERR_CONFIG},
    {"3F", ERR_SCHEMA},
    {"40", ERR_RETRY},
    {"42", ERR_CONFIG},
    {"42P01", ERR_SCHEMA},
    {"42703", ERR_SCHEMA},
    {"42704", ERR_SCHEMA},
    {"42804", ERR_SCHEMA},
    {"42809", ERR_SCHEMA},
    {"42846", ERR_SCHEMA},
    {"42P10", ERR_SCHEMA},
    {"44", ERR_DATA},
    {"53", ERR_RETRY},
    {"53400", ERR_CONFIG},
    {"54", ERR_LIMIT},
    {"55", ERR_CONFIG},
    {"55006", ERR_RETRY},
    {"55P03", ERR_RETRY},
    {"57", ERR_RETRY},
    {"57P04", ERR_CONFIG},
    {"58", ERR_RETRY},
    {"P0", ERR_DATA},
    {"XX000", ERR_RETRY},
};

static const struct {
	const char *state, *text;
} conditions[] = {
    {"22000", "data exception"},
    {"22001", "value too long"},
    {"22003", "number out of range"},
    {"22004", "null not allowed"},
    {"22007", "invalid date or time"},
    {"22008", "date or time out of range"},
    {"22012", "division by zero"},
    {"22021", "character not in the encoding"},
    {"22023", "invalid parameter"},
    {"22026", "bit string of another length"},
    {"22030", "duplicate JSON key"},
    {"22032", "invalid JSON"},
    {"22P01", "floating point exception"},
    {"22P02", "invalid text for the type"},
    {"22P03", "invalid binary form for the type"},
    {"22P04", "bad COPY format"},
    {"22P05", "character without a counterpart in the encoding"},
    {"23000", "integrity constraint"},
    {"23001", "restricted by a foreign key"},
    {"23502", "not null violated"},
    {"23503", "foreign key violated"},
    {"23505", "unique constraint violated"},
    {"23514", "check constraint violated"},
    {"23P01", "exclusion constraint violated"},
    {"44000", "check option violated"},
    {"P0001", "raised by a function or trigger"},
};

static const struct {
	const char *state, *text;
} remedies[] = {
    {"25006", "the server is read-only: a standby, or default_transaction_read_only is on; "
	      "connect to the primary"},
    {"53100", "free disk space on the server"},
    {"53200", "the server is out of memory"},
    {"53300", "raise max_connections (or max_wal_senders) on the server, or end idle sessions"},
    {"55P03", "another session holds a lock on the table"},
};

enum err_kind
pg_err_kind(const char *sqlstate)
{
	enum err_kind kind = sqlstate[0] == '\0' ? ERR_RETRY : ERR_CONFIG;
	size_t longest = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const size_t n = strlen(kinds[i].prefix);

		if (n > longest && strncmp(sqlstate, kinds[i].prefix, n) == 0) {
			kind = kinds[i].kind;
			longest = n;
		}
	}
	return kind;
}

static const char *
condition_text(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (strcmp(conditions[i].state, sqlstate) == 0)
			return conditions[i].text;
	return "refused by the server";
}

static void
add_remedy(struct err *err)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (strcmp(remedies[i].state, err->sqlstate) == 0)
			err_remedy(err, "%s", remedies[i].text);
	if (strcmp(err->sqlstate, "42501") == 0 && strstr(err->msg, "row-level security") != NULL)
		err_remedy(err, "ALTER ROLE ... BYPASSRLS for repld's role, or ALTER TABLE ... DISABLE ROW LEVEL SECURITY");
}

static void
set_sqlstate(struct err *err, const char *state)
{
	snprintf(err->sqlstate, sizeof(err->sqlstate), "%.5s", state);
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* The primary message where it can hold no value, else what is left of it without. English texts
 * quote values with "..." or put them after a colon; another language's quotes are not known, so
 * there only the condition is named. */
static void
safe_message(const char *state, const char *primary, char *out, size_t size)
{
	const bool quotes_values = strncmp(state, "22", 2) == 0;
	const char *first, *last;

	if (strncmp(state, "P0", 2) == 0 || (quotes_values && !is_ascii(primary)) ||
	    strcmp(state, "22021") == 0 || strcmp(state, "22P05") == 0) {
		snprintf(out, size, "%s", condition_text(state));
		return;
	}
	first = quotes_values ? strpbrk(primary, "\":") : NULL;
	if (first == NULL) {
		snprintf(out, size, "%s", primary);
		return;
	}
	last = strrchr(primary, '"');
	snprintf(out, size, "%.*s%s%s", (int)(first - primary), primary,
	    *first == '"' ? "\"...\"" : "", *first == '"' && last > first ? last + 1 : "");
}

/* In a COPY the column at fault is named by the context only: COPY t, line 3, column email: "..."
 */
static void
copy_column(const PGresult *res, char *out, size_t size)
{
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);
	const char *start, *end;

	out[0] = '\0';
	if (context == NULL || strncmp(context, "COPY ", 5) != 0 ||
	    (start = strstr(context, ", column ")) == NULL)
		return;
	start += strlen(", column ");
	end = strpbrk(start, ":\n");
	snprintf(out, size, "%.*s", end != NULL ? (int)(end - start) : (int)strlen(start), start);
}

/* Appends what the message does not name already. */
static void
add_detail(char *msg, size_t size, const char *what, const char *name)
{
	const size_t n = strlen(msg);

	if (name != NULL && name[0] != '\0' && strstr(msg, name) == NULL && n + 1 < size)
		snprintf(msg + n, size - n, ", %s \"%s\"", what, name);
}

static const char *
field(const PGresult *res, int code)
{
	const char *s = PQresultErrorField(res, code);

	return s != NULL ? s : "";
}

/* What the server says of a row or value that it can't hold in one piece; in another language than
 * English the second text is not known, and stays what it is. */
static bool
too_large(
    const char *state, const char *primary, const char *detail, unsigned long long *ret_bytes)
{
	unsigned long long more = 0;

	if (strcmp(state, "XX000") == 0)
		return sscanf(primary, "invalid memory alloc request size %llu", ret_bytes) == 1;
	if (strcmp(state, "54000") != 0 ||
	    sscanf(detail, "Cannot enlarge string buffer containing %llu bytes by %llu more bytes",
		ret_bytes, &more) != 2)
		return false;
	*ret_bytes += more;
	return true;
}

static bool
say_too_large(struct err *err, unsigned long long bytes, const char *state)
{
	err_set(err, ERR_LIMIT,
	    "a row takes %llu bytes: a PostgreSQL server handles at most 1 GB in one piece", bytes);
	set_sqlstate(err, state);
	return err_remedy(err,
	    "make the row smaller, or take its table out of the task (in text form bytea takes "
	    "twice its length: values pass in binary if all columns of the task have types "
	    "that allow it)");
}

bool
pg_err_result(struct pg_conn *c, const PGresult *res, struct err *err)
{
	const char *state = field(res, PG_DIAG_SQLSTATE);
	unsigned long long bytes;
	char msg[900], column[200];

	if (res == NULL || (state[0] == '\0' && PQstatus(c->pg) != CONNECTION_OK))
		return pg_err_conn(c, "receive", err);
	if (state[0] == '\0')
		return err_set(err,
		    PQresultStatus(res) == PGRES_FATAL_ERROR ? ERR_SYSTEM : ERR_PROTOCOL,
		    "unexpected answer (%s)", PQresStatus(PQresultStatus(res)));
	if (too_large(state, field(res, PG_DIAG_MESSAGE_PRIMARY),
		field(res, PG_DIAG_MESSAGE_DETAIL), &bytes))
		return say_too_large(err, bytes, state);
	safe_message(state, field(res, PG_DIAG_MESSAGE_PRIMARY), msg, sizeof(msg));
	copy_column(res, column, sizeof(column));
	add_detail(msg, sizeof(msg), "table", field(res, PG_DIAG_TABLE_NAME));
	add_detail(msg, sizeof(msg), "column",
	    column[0] != '\0' ? column : field(res, PG_DIAG_COLUMN_NAME));
	add_detail(msg, sizeof(msg), "constraint", field(res, PG_DIAG_CONSTRAINT_NAME));
	err_set(err, pg_err_kind(state), "%s", msg);
	set_sqlstate(err, state);
	if (field(res, PG_DIAG_TABLE_NAME)[0] != '\0')
		err_table(err, field(res, PG_DIAG_SCHEMA_NAME), field(res, PG_DIAG_TABLE_NAME));
	add_remedy(err);
	return false;
}

/* The first line of what libpq says; libpq's own texts hold no values. */
static void
first_line(const char *text, char *out, size_t size)
{
	const size_t n = strcspn(text, "\n");

	snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), text);
}

bool
pg_err_conn(struct pg_conn *c, const char *doing, struct err *err)
{
	char line[400];

	first_line(PQerrorMessage(c->pg), line, sizeof(line));
	if (strncmp(line, "ERROR:", 6) == 0 || line[0] == '\0')
		snprintf(line, sizeof(line), "the connection is not usable");
	return err_set(err, ERR_RETRY, "endpoint %s: cannot %s: %s", c->endpoint, doing, line);
}

/* "FATAL:  28P01: text\nLOCATION: ..." -> the state and the text, of the last one: one for each
 * address tried. */
static bool
find_sqlstate(const char *text, char ret_state[6], const char **ret_text)
{
	bool found = false;

	for (const char *p = strstr(text, ":  "); p != NULL; p = strstr(p + 3, ":  ")) {
		const char *s = p + 3;
		size_t n = 0;

		while (n < 5 && (isdigit((unsigned char)s[n]) || isupper((unsigned char)s[n])))
			n++;
		if (n == 5 && s[5] == ':' && s[6] == ' ') {
			snprintf(ret_state, 6, "%.5s", s);
			*ret_text = s + 7;
			found = true;
		}
	}
	return found;
}

static void
describe_place(const struct endpoint *ep, char *out, size_t size)
{
	if (ep->socket != NULL)
		snprintf(out, size, "socket %s", ep->socket);
	else
		snprintf(out, size, "%s port %u", ep->host, (unsigned)ep->port);
}

static void
password_refused(const struct endpoint *ep, struct err *err)
{
	const char *option = ep->password_file != NULL	       ? "password_file"
			     : ep->password_credential != NULL ? "password_credential"
			     : ep->password_env != NULL	       ? "password_env"
							       : NULL;

	err->password = true;
	if (option == NULL)
		err_remedy(err,
		    "endpoint %s gives no password: set password_file, password_credential or "
		    "password_env",
		    ep->name);
	else
		err_remedy(err,
		    "correct the password in %s of endpoint %s%s%s, or the role's on the server; it "
		    "is read again at each connection",
		    option, ep->name, ep->password_file != NULL ? ", " : "",
		    ep->password_file != NULL ? ep->password_file : "");
}

/* Refusals that the server itself worded. */
static bool
refused_by_server(const struct endpoint *ep, const char *state, const char *text, struct err *err)
{
	char line[400], place[300];
	enum err_kind kind = pg_err_kind(state);

	first_line(text, line, sizeof(line));
	describe_place(ep, place, sizeof(place));
	if (strcmp(state, "08P01") == 0)
		kind = ERR_CONFIG;
	err_set(err, kind, "cannot connect (%s): %s", place, line);
	set_sqlstate(err, state);
	add_remedy(err);
	if (strcmp(state, "28P01") == 0)
		password_refused(ep, err);
	else if (strncmp(state, "28", 2) == 0)
		err_remedy(err,
		    "check user \"%s\" of endpoint %s, and that pg_hba.conf lets it into database "
		    "\"%s\"",
		    ep->user != NULL ? ep->user : "", ep->name,
		    ep->dbname != NULL ? ep->dbname : "");
	else if (strncmp(state, "3D", 2) == 0)
		err_remedy(err, "check dbname of endpoint %s", ep->name);
	else if (strcmp(state, "42501") == 0)
		err_remedy(err,
		    "ALTER ROLE \"%s\" REPLICATION, and GRANT CONNECT ON DATABASE \"%s\"",
		    ep->user != NULL ? ep->user : "", ep->dbname != NULL ? ep->dbname : "");
	else if (strcmp(state, "08P01") == 0)
		err_remedy(err, "connect to the server itself, not to a connection pooler");
	return false;
}

static bool
tls_remedy(const struct endpoint *ep, struct err *err)
{
	return err_remedy(err,
	    "tls_ca of endpoint %s names the file of the CAs to trust, now %s; tls = \"verify-ca\" gives up "
	    "the check that the certificate is of this host, \"require\" gives up the check of who the "
	    "server is, \"disable\" gives up encryption",
	    ep->name, ep->tls_ca != NULL ? ep->tls_ca : "the system's");
}

/* What libpq found before the server could say anything. */
static const struct {
	const char *text;
	enum err_kind kind;
	bool tls;
	const char *remedy; /* NULL: none */
} client_errors[] = {
    {"SSL SYSCALL error", ERR_RETRY, false, NULL},
    {"does not support SSL", ERR_CONFIG, true, NULL},
    {"certificate", ERR_CONFIG, true, NULL},
    {"SSL error", ERR_CONFIG, true, NULL},
    {"Permission denied", ERR_CONFIG, false, "the socket's folder must be open to repld's user"},
    {"no password supplied", ERR_CONFIG, false,
	"the server asks for a password: set password_file, password_credential or password_env"},
    {"authentication method requirement", ERR_CONFIG, false,
	"the server asks for the password in clear, and tls = \"disable\": use TLS, or let "
	"pg_hba.conf ask for "
	"scram-sha-256"},
    {"authentication method", ERR_CONFIG, false, "let pg_hba.conf ask for scram-sha-256"},
    {"too long", ERR_CONFIG, false, NULL},
    {"translate host name", ERR_RETRY, false, "check host"},
};

bool
pg_err_connect(const PGconn *pg, const struct endpoint *ep, bool silent, struct err *err)
{
	const char *text = PQerrorMessage(pg), *server_text, *why;
	char state[6], line[500], place[300];

	if (find_sqlstate(text, state, &server_text))
		return refused_by_server(ep, state, server_text, err);
	first_line(text, line, sizeof(line));
	describe_place(ep, place, sizeof(place));
	/* libpq's own "connection to server at ..., port ... failed: " says the place again. */
	why = strncmp(line, "connection to server", 20) == 0 ? strstr(line, " failed: ") : NULL;
	err_set(err, ERR_RETRY, "cannot connect (%s)%s: %s", place,
	    silent ? ", an address did not answer" : "", why != NULL ? why + 9 : line);
	for (size_t i = 0; i < sizeof(client_errors) / sizeof(client_errors[0]); i++) {
		if (strstr(text, client_errors[i].text) == NULL)
			continue;
		err->kind = client_errors[i].kind;
		if (client_errors[i].tls)
			tls_remedy(ep, err);
		else if (client_errors[i].remedy != NULL)
			err_remedy(err, "%s", client_errors[i].remedy);
		break;
	}
	return false;
}
