/* endpoint.c - passwords as they stand at this moment, a clean environment, and the list of what a
 * look at a server found.
 * Invariant: a secret is in the caller's buffer only.
 * Threads: any; endpoint_clean_environment() before there are threads. */
#include "endpoints/endpoint.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/arena.h"

extern char **environ;

/* What the client libraries would read. */
static const char *const foreign[] = {"PG", "MYSQL", "MARIADB", "LIBMYSQL"};

static bool
is_foreign(const char *name)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strncmp(name, foreign[i], strlen(foreign[i])) == 0)
			return true;
	return false;
}

void
endpoint_clean_environment(void)
{
	char name[256];

	for (size_t i = 0; environ != NULL && environ[i] != NULL;) {
		const size_t n = strcspn(environ[i], "=");

		if (!is_foreign(environ[i]) || n == 0 || n >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], n);
		name[n] = '\0';
		unsetenv(name); /* moves the rest up: look at i again */
	}
	setenv("HOME", "/nonexistent", 1);
}

/* Passwords of one line: a newline at the end is the editor's. */
static bool
take_password(
    const char *text, size_t n, char out[PASSWORD_MAX], const char *where, struct err *err)
{
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == 0)
		return err_set(err, ERR_CONFIG, "%s is empty", where);
	if (n >= PASSWORD_MAX)
		return err_set(err, ERR_CONFIG,
		    "%s holds more than the %d bytes that a password may have", where,
		    PASSWORD_MAX - 1);
	if (memchr(text, '\0', n) != NULL)
		return err_set(err, ERR_CONFIG, "%s holds a zero byte", where);
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

static bool
read_all(int fd, char *buf, size_t size, size_t *ret_n, const char *where, struct err *err)
{
	size_t n = 0;

	while (n < size) {
		const ssize_t got = read(fd, buf + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_errno(err, errno, "cannot read %s", where);
			err->kind = ERR_CONFIG;
			return false;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return true;
}

/* foreign_bits: permissions that must not be there. systemd's credentials may be readable by a
 * group: 0440 with an ACL. */
static bool
check_password_file(int fd, mode_t foreign_bits, const char *where, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s is not a regular file", where);
	if ((st.st_mode & foreign_bits) != 0) {
		err_set(err, ERR_CONFIG, "%s may be read or written by others (mode %04o)", where,
		    (unsigned)(st.st_mode & 07777));
		return err_remedy(err, "chmod 600 %s", where);
	}
	return true;
}

static bool
password_from_file(const char *path, mode_t foreign_bits, char out[PASSWORD_MAX], struct err *err)
{
	char text[PASSWORD_MAX + 1];
	size_t n = 0;
	bool ok;
	/* Not to wait for a pipe's writer. */
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		err_errno(err, errno, "cannot open the password file %s", path);
		err->kind = ERR_CONFIG;
		return false;
	}
	ok = check_password_file(fd, foreign_bits, path, err) &&
	     read_all(fd, text, sizeof(text), &n, path, err) &&
	     take_password(text, n, out, path, err);
	explicit_bzero(text, sizeof(text));
	close(fd);
	return ok;
}

static bool
password_from_credential(const char *name, char out[PASSWORD_MAX], struct err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];

	if (strchr(name, '/') != NULL || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
		return err_set(
		    err, ERR_CONFIG, "password_credential \"%s\" is not a credential's name", name);
	if (dir == NULL) {
		err_set(err, ERR_CONFIG, "password_credential \"%s\": systemd gave no credentials",
		    name);
		return err_remedy(
		    err, "LoadCredential=%s:/path in the unit, or use password_file", name);
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return err_set(
		    err, ERR_CONFIG, "password_credential \"%s\": the path is too long", name);
	return password_from_file(path, 0027, out, err);
}

static bool
password_from_env(const char *name, char out[PASSWORD_MAX], struct err *err)
{
	const char *value = getenv(name);

	if (is_foreign(name))
		return err_set(err, ERR_CONFIG,
		    "password_env \"%s\": variables of the client libraries are not read; use "
		    "another name",
		    name);
	if (value == NULL)
		return err_set(
		    err, ERR_CONFIG, "the environment variable %s (password_env) is not set", name);
	return take_password(value, strlen(value), out, name, err);
}

/* FNV-1a; the upper half of the numbers, as people number their servers from below. */
uint32_t
endpoint_server_id(const char *task, uint32_t stream)
{
	uint32_t h = 2166136261u;

	for (; *task != '\0'; task++)
		h = (h ^ (uint8_t)*task) * 16777619u;
	h = (h ^ stream) * 16777619u;
	return h | 0x80000000u;
}

bool
endpoint_password(const struct endpoint *ep, char out[PASSWORD_MAX], struct err *err)
{
	bool ok = true;

	out[0] = '\0';
	if (ep->password_file != NULL)
		ok = password_from_file(ep->password_file, 0077, out, err);
	else if (ep->password_credential != NULL)
		ok = password_from_credential(ep->password_credential, out, err);
	else if (ep->password_env != NULL)
		ok = password_from_env(ep->password_env, out, err);
	if (ok)
		return true;
	err_ctx(err, "password of endpoint %s", ep->name);
	err->password = true;
	return false;
}

const char *
severity_name(enum severity s)
{
	static const char *const names[] = {
	    [FINDING_INFO] = "info", [FINDING_RISK] = "risk", [FINDING_BLOCKER] = "blocker"};

	assert((size_t)s < sizeof(names) / sizeof(names[0]));
	return names[s];
}

void
findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->rows[i].what);
		free(f->rows[i].fix);
		free(f->rows[i].table);
	}
	free(f->rows);
	memset(f, 0, sizeof(*f));
}

void
finding_add(struct findings *f, enum severity s, enum err_kind kind, const char *table,
    const char *fix, const char *fmt, ...)
{
	char what[2048];
	struct err err;
	va_list ap;

	assert(s != FINDING_BLOCKER || kind != ERR_NONE);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!mem_grow(&f->rows, &f->cap, f->n + 1, sizeof(*f->rows), &err))
		abort();
	f->rows[f->n++] = (struct finding){.severity = s,
	    .kind = kind,
	    .what = xstrdup(what),
	    .fix = xstrdup(fix != NULL ? fix : ""),
	    .table = xstrdup(table != NULL ? table : "")};
}

void
finding_add_err(struct findings *f, const char *what, const struct err *err)
{
	assert(err->kind != ERR_NONE);
	finding_add(f, FINDING_BLOCKER, err->kind, err->table, err->remedy, "%s%s%s%s%s%s", what,
	    what[0] != '\0' ? ": " : "", err->msg, err->sqlstate[0] != '\0' ? " (" : "",
	    err->sqlstate, err->sqlstate[0] != '\0' ? ")" : "");
}

size_t
findings_count(const struct findings *f, enum severity s)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->rows[i].severity == s;
	return n;
}

bool
findings_verdict(const struct findings *f, struct err *err)
{
	const size_t blockers = findings_count(f, FINDING_BLOCKER);
	const struct finding *first = f->rows;

	if (blockers == 0)
		return true;
	while (first->severity != FINDING_BLOCKER)
		first++;
	if (blockers == 1)
		err_set(err, first->kind, "%s", first->what);
	else
		err_set(err, first->kind, "%s (and %zu more: see repld check)", first->what,
		    blockers - 1);
	if (first->table[0] != '\0') {
		err_table(err, NULL, first->table);
		if (strstr(first->what, first->table) == NULL)
			err_ctx(err, "%s", first->table);
	}
	return err_remedy(err, "%s", first->fix);
}
