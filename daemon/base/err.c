/* err.c - filling the error value: one line, cut at a character, never allocated.
 * Texts are formatted aside first, so a caller may pass parts of the same error as arguments. */
#include "daemon/base/err.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Server messages span lines and may end in one; a log line may not. */
static void
one_line(char *s)
{
	size_t n;

	for (char *p = s; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
	for (n = strlen(s); n > 0 && s[n - 1] == ' '; n--)
		s[n - 1] = '\0';
}

/* Where the text was cut: take the broken UTF-8 sequence at its end away. */
static void
trim_cut_char(char *s, size_t len)
{
	size_t i = len, tail = 0;

	while (i > 0 && tail < 3 && ((unsigned char)s[i - 1] & 0xc0) == 0x80) {
		i--;
		tail++;
	}
	if (i > 0 && ((unsigned char)s[i - 1] & 0xc0) == 0xc0) {
		unsigned char lead = (unsigned char)s[i - 1];
		size_t want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;

		if (tail < want)
			s[i - 1] = '\0';
	}
}

static void
copy_text(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n < size) {
		memcpy(out, text, n + 1);
	} else {
		memcpy(out, text, size - 1);
		out[size - 1] = '\0';
		trim_cut_char(out, size - 1);
	}
	one_line(out);
}

static void PRINTF_LIKE(3, 0)
format_text(char *out, size_t size, const char *fmt, va_list ap)
{
	char text[2048];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	copy_text(out, size, text);
}

static void
set_message(struct err *err, enum err_kind kind, const char *msg)
{
	memset(err, 0, sizeof(*err));
	err->kind = kind;
	copy_text(err->msg, sizeof(err->msg), msg);
}

bool
err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	char msg[sizeof(err->msg)];
	va_list ap;

	assert(err != NULL && kind != ERR_NONE);
	va_start(ap, fmt);
	format_text(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	set_message(err, kind, msg);
	return false;
}

bool
err_errno(struct err *err, int errnum, const char *fmt, ...)
{
	char msg[sizeof(err->msg)], text[sizeof(err->msg) + 160], name[128];
	va_list ap;

	assert(err != NULL);
	va_start(ap, fmt);
	format_text(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s: %s", msg, strerror_r(errnum, name, sizeof(name)));
	set_message(err, ERR_SYSTEM, text);
	return false;
}

bool
err_ctx(struct err *err, const char *fmt, ...)
{
	char where[sizeof(err->msg)], text[2 * sizeof(err->msg) + 3];
	va_list ap;

	assert(err != NULL);
	va_start(ap, fmt);
	format_text(where, sizeof(where), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s: %s", where, err->msg);
	copy_text(err->msg, sizeof(err->msg), text);
	return false;
}

bool
err_remedy(struct err *err, const char *fmt, ...)
{
	va_list ap;

	assert(err != NULL);
	va_start(ap, fmt);
	format_text(err->remedy, sizeof(err->remedy), fmt, ap);
	va_end(ap);
	return false;
}

bool
err_position(struct err *err, const char *fmt, ...)
{
	va_list ap;

	assert(err != NULL);
	va_start(ap, fmt);
	format_text(err->position, sizeof(err->position), fmt, ap);
	va_end(ap);
	return false;
}

bool
err_table(struct err *err, const char *schema, const char *table)
{
	char text[2 * sizeof(err->table)];

	assert(err != NULL && table != NULL);
	if (schema != NULL && schema[0] != '\0')
		snprintf(text, sizeof(text), "%s.%s", schema, table);
	else
		snprintf(text, sizeof(text), "%s", table);
	copy_text(err->table, sizeof(err->table), text);
	return false;
}

void
err_clear(struct err *err)
{
	memset(err, 0, sizeof(*err));
}

const char *
err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
#define X(name, text) [ERR_##name] = text,
		ERR_KINDS(X)
#undef X
	};

	assert((size_t)kind < sizeof(names) / sizeof(names[0]));
	return names[kind];
}
