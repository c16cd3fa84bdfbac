/* my_grants.c - see my_grants.h.
 * Flow: SHOW GRANTS -> a line each: GRANT privileges ON `schema`.`table` TO ... -> questions.
 * Threads: any. Owner: whoever read them. */
#include "endpoints/my_grants.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "daemon/base/arena.h"

void
my_grants_done(struct my_grants *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->rows[i].privileges);
	free(g->rows);
	*g = (struct my_grants){ 0 };
}

/* `name`, or * as it is; the byte after it. NULL: neither. */
static const char *
take_name(const char *p, char *out, size_t size)
{
	size_t n = 0;

	if (*p == '*') {
		snprintf(out, size, "*");
		return p + 1;
	}
	if (*p != '`' && *p != '"')
		return NULL;
	for (const char quote = *p++; *p != '\0'; p++) {
		if (*p == quote && p[1] != quote) {
			out[n] = '\0';
			return p + 1;
		}
		p += *p == quote;
		if (n + 1 < size)
			out[n++] = *p;
	}
	return NULL;
}

bool
my_grants_add(struct my_grants *g, const char *line, struct err *err)
{
	const bool revoked = strncasecmp(line, "REVOKE ", 7) == 0;
	const char *from = line + (revoked ? 7 : 6), *on = strstr(line, " ON "), *p;
	struct my_grant grant = { .revoked = revoked };

	if ((!revoked && strncasecmp(line, "GRANT ", 6) != 0) || on == NULL)
		return true;
	p = on + 4;
	if (strncasecmp(p, "TABLE ", 6) == 0)
		p += 6;
	if ((p = take_name(p, grant.schema, sizeof(grant.schema))) == NULL || *p != '.' ||
	    take_name(p + 1, grant.table, sizeof(grant.table)) == NULL)
		return true; /* a routine, a role, a proxy */
	if (!mem_grow(&g->rows, &g->cap, g->n + 1, sizeof(grant), err) ||
	    (grant.privileges = mem_zalloc((size_t)(on - from) + 1, err)) == NULL)
		return false;
	memcpy(grant.privileges, from, (size_t)(on - from));
	g->rows[g->n++] = grant;
	return true;
}

bool
my_grants_read(struct my_conn *c, struct my_grants *ret, struct err *err)
{
	struct my_rows rows;
	bool ok = true;

	*ret = (struct my_grants){ 0 };
	if (!my_query(c, &rows, err, "SHOW GRANTS", 0, NULL))
		return false;
	while (ok && my_next(&rows))
		ok = my_grants_add(ret, my_text(&rows, 0), err);
	my_rows_done(&rows);
	if (!ok)
		my_grants_done(ret);
	return ok;
}

/* As LIKE: % any text, _ any character, \ takes the next as it is. */
static bool
matches(const char *pattern, const char *name)
{
	for (; *pattern != '\0'; pattern++, name++) {
		if (*pattern == '%') {
			do {
				if (matches(pattern + 1, name))
					return true;
			} while (*name++ != '\0');
			return false;
		}
		if (*name == '\0')
			return false;
		if (*pattern == '_')
			continue;
		pattern += *pattern == '\\' && pattern[1] != '\0';
		if (*pattern != *name)
			return false;
	}
	return *name == '\0';
}

/* A word of a list with commas between; a list of columns behind a privilege makes it less than the whole. */
static bool
lists(const char *list, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = list; p != NULL; p = strchr(p, ',')) {
		p += strspn(p, ", ");
		if (strncasecmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	}
	return false;
}

static bool
covers(const struct my_grant *g, const char *schema, const char *table)
{
	if (strcmp(g->schema, "*") != 0 && !matches(g->schema, schema))
		return false;
	return strcmp(g->table, "*") == 0 || (table != NULL && strcmp(g->table, table) == 0);
}

bool
my_grants_has(
    const struct my_grants *g, const char *privilege, const char *schema, const char *table)
{
	bool has = false;

	for (size_t i = 0; i < g->n; i++) {
		const struct my_grant *grant = &g->rows[i];

		if (!covers(grant, schema, table) ||
		    (!lists(grant->privileges, privilege) &&
			!lists(grant->privileges, "ALL PRIVILEGES") &&
			!lists(grant->privileges, "ALL")))
			continue;
		if (grant->revoked)
			return false;
		has = true;
	}
	return has;
}

bool
my_grants_missing(const struct my_grants *g, const char *list, const char *schema,
    const char *table, struct buf *ret)
{
	const size_t before = ret->n;
	char word[64];

	for (const char *p = list; *p != '\0';) {
		const size_t n = strcspn(p, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (!my_grants_has(g, word, schema, table))
			buf_printf(ret, "%s%s", ret->n > before ? ", " : "", word);
		p += n;
		p += strspn(p, ", ");
	}
	return ret->n > before;
}
