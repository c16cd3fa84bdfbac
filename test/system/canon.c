/* canon.c - gives the values of tables one form, so that dumps of unlike servers compare as text.
 *
 *   canon CLASSES <rows >rows
 *
 * A row is a line of columns by tab, as COPY writes them (\N, \\, \n, \t ...). CLASSES has a letter for each column: t stays as it is,
 * f is a floating point number (17 digits), j is JSON: members sorted by their names, the last of equal names, no spaces, numbers as digits
 * and an exponent, texts without needless escapes. A row of another number of columns, or JSON that is none, ends it with 1. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct buf {
	char *p;
	size_t n, room;
};

struct json {
	const char *p, *end;
	int depth;
};

struct member {
	struct buf name, value;
	size_t order;
};

static void
buf_put(struct buf *b, const char *p, size_t n)
{
	if (b->n + n + 1 > b->room) {
		b->room = (b->n + n + 1) * 2;
		if ((b->p = realloc(b->p, b->room)) == NULL)
			abort();
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

static void
buf_char(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

static void
buf_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

/* ---- JSON ---- */

static bool value(struct json *in, struct buf *out);

static void
space(struct json *in)
{
	while (in->p < in->end && strchr(" \t\r\n", *in->p) != NULL)
		in->p++;
}

static bool
take(struct json *in, char c)
{
	space(in);
	if (in->p >= in->end || *in->p != c)
		return false;
	in->p++;
	return true;
}

static bool
hex4(struct json *in, unsigned *ret)
{
	char digits[5] = "", *rest;

	if (in->end - in->p < 4)
		return false;
	memcpy(digits, in->p, 4);
	*ret = (unsigned)strtoul(digits, &rest, 16);
	in->p += 4;
	return *rest == 0;
}

static void
put_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_char(out, (char)c);
	} else if (c < 0x800) {
		buf_char(out, (char)(0xc0 | c >> 6));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_char(out, (char)(0xe0 | c >> 12));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_char(out, (char)(0xf0 | c >> 18));
		buf_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* What must be escaped in a JSON text, and nothing else; a surrogate without its other half stays an escape. */
static void
put_char(struct buf *out, unsigned c)
{
	char text[16];

	if (c == '"' || c == '\\') {
		buf_char(out, '\\');
		buf_char(out, (char)c);
	} else if (c < 0x20 || (c >= 0xd800 && c < 0xe000)) {
		snprintf(text, sizeof text, "\\u%04x", c);
		buf_text(out, text);
	} else {
		put_utf8(out, c);
	}
}

static bool
escape(struct json *in, struct buf *out)
{
	static const char names[] = "\"\\/bfnrt", chars[] = "\"\\/\b\f\n\r\t";
	unsigned c, low;
	const char *at;

	if (in->p >= in->end)
		return false;
	if (*in->p != 'u') {
		if (*in->p == 0 || (at = strchr(names, *in->p)) == NULL)
			return false;
		in->p++;
		put_char(out, (unsigned char)chars[at - names]);
		return true;
	}
	in->p++;
	if (!hex4(in, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00 && in->end - in->p >= 6 && in->p[0] == '\\' && in->p[1] == 'u') {
		struct json ahead = { in->p + 2, in->end, 0 };

		if (hex4(&ahead, &low) && low >= 0xdc00 && low < 0xe000) {
			in->p = ahead.p;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	put_char(out, c);
	return true;
}

static bool
string(struct json *in, struct buf *out)
{
	buf_char(out, '"');
	while (in->p < in->end && *in->p != '"') {
		if (*in->p == '\\') {
			in->p++;
			if (!escape(in, out))
				return false;
		} else if ((unsigned char)*in->p < 0x80) {
			put_char(out, (unsigned char)*in->p++);
		} else {
			buf_char(out, *in->p++);
		}
	}
	buf_char(out, '"');
	return in->p++ < in->end;
}

/* Digits without zeros at either end, and the power of ten of the last one. */
static bool
number(struct json *in, struct buf *out)
{
	struct buf digits = { 0 };
	long exponent = 0;
	bool minus = false, point = false, any = false;
	char text[32];

	if (*in->p == '-') {
		minus = true;
		in->p++;
	}
	for (; in->p < in->end && strchr("0123456789.", *in->p) != NULL; in->p++) {
		if (*in->p == '.') {
			if (point)
				return false;
			point = true;
			continue;
		}
		any = true;
		exponent -= point;
		if (*in->p != '0' || digits.n > 0)
			buf_char(&digits, *in->p);
	}
	if (in->p < in->end && (*in->p == 'e' || *in->p == 'E')) {
		size_t n = strspn(in->p + 1, "+-0123456789");

		exponent += strtol(in->p + 1, NULL, 10);
		in->p += 1 + n;
	}
	while (digits.n > 0 && digits.p[digits.n - 1] == '0') {
		digits.n--;
		exponent++;
	}
	if (digits.n == 0) {
		buf_char(out, '0');
	} else {
		if (minus)
			buf_char(out, '-');
		buf_put(out, digits.p, digits.n);
		snprintf(text, sizeof text, "e%ld", exponent);
		if (exponent != 0)
			buf_text(out, text);
	}
	free(digits.p);
	return any;
}

static int
by_name(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = strcmp(x->name.p, y->name.p);

	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

static void
put_members(struct member *list, size_t n, struct buf *out)
{
	if (n > 0)
		qsort(list, n, sizeof *list, by_name);
	buf_char(out, '{');
	for (size_t i = 0, put = 0; i < n; i++) {
		if (i + 1 < n && strcmp(list[i].name.p, list[i + 1].name.p) == 0)
			continue;
		if (put++ > 0)
			buf_char(out, ',');
		buf_put(out, list[i].name.p, list[i].name.n);
		buf_char(out, ':');
		buf_put(out, list[i].value.p, list[i].value.n);
	}
	buf_char(out, '}');
}

static bool
object(struct json *in, struct buf *out)
{
	struct member *list = NULL;
	size_t n = 0;
	bool ok = false;

	if (take(in, '}')) {
		buf_text(out, "{}");
		return true;
	}
	do {
		if ((list = realloc(list, (n + 1) * sizeof *list)) == NULL)
			abort();
		list[n] = (struct member){ .order = n };
		n++;
		if (!take(in, '"') || !string(in, &list[n - 1].name) || !take(in, ':') || !value(in, &list[n - 1].value))
			goto out;
	} while (take(in, ','));
	if ((ok = take(in, '}')))
		put_members(list, n, out);
out:
	for (size_t i = 0; i < n; i++) {
		free(list[i].name.p);
		free(list[i].value.p);
	}
	free(list);
	return ok;
}

static bool
array(struct json *in, struct buf *out)
{
	buf_char(out, '[');
	if (!take(in, ']')) {
		do {
			if (out->p[out->n - 1] != '[')
				buf_char(out, ',');
			if (!value(in, out))
				return false;
		} while (take(in, ','));
		if (!take(in, ']'))
			return false;
	}
	buf_char(out, ']');
	return true;
}

static bool
word(struct json *in, const char *text, struct buf *out)
{
	size_t n = strlen(text);

	if ((size_t)(in->end - in->p) < n || memcmp(in->p, text, n) != 0)
		return false;
	in->p += n;
	buf_text(out, text);
	return true;
}

static bool
value(struct json *in, struct buf *out)
{
	bool ok;

	space(in);
	if (in->p >= in->end || ++in->depth > 500)
		return false;
	switch (*in->p) {
	case '{':
		in->p++;
		ok = object(in, out);
		break;
	case '[':
		in->p++;
		ok = array(in, out);
		break;
	case '"':
		in->p++;
		ok = string(in, out);
		break;
	case 't':
		ok = word(in, "true", out);
		break;
	case 'f':
		ok = word(in, "false", out);
		break;
	case 'n':
		ok = word(in, "null", out);
		break;
	default:
		ok = strchr("-0123456789", *in->p) != NULL && number(in, out);
		break;
	}
	in->depth--;
	return ok;
}

/* ---- columns ---- */

static const char escapes[] = "\\ntrbfv", escaped[] = "\\\n\t\r\b\f\v";

static bool
put_json(const char *p, size_t n)
{
	struct buf plain = { 0 }, out = { 0 };
	struct json in;
	const char *at;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n && (at = strchr(escapes, p[i + 1])) != NULL) {
			buf_char(&plain, escaped[at - escapes]);
			i++;
		} else {
			buf_char(&plain, p[i]);
		}
	}
	buf_text(&plain, "");
	in = (struct json){ plain.p, plain.p + plain.n, 0 };
	if ((ok = value(&in, &out))) {
		space(&in);
		ok = in.p == in.end;
	}
	for (size_t i = 0; ok && i < out.n; i++) {
		if ((at = strchr(escaped, out.p[i])) != NULL && *at != 0) {
			putchar('\\');
			putchar(escapes[at - escaped]);
		} else {
			putchar(out.p[i]);
		}
	}
	free(plain.p);
	free(out.p);
	return ok;
}

static bool
put_float(const char *p, size_t n)
{
	char text[400], *rest;
	double d;

	if (n >= sizeof text)
		return false;
	memcpy(text, p, n);
	text[n] = 0;
	d = strtod(text, &rest);
	if (n == 0 || *rest != 0)
		return false;
	printf("%.17g", d);
	return true;
}

static bool
put_column(char class, const char *p, size_t n)
{
	if (class == 't' || (n == 2 && memcmp(p, "\\N", 2) == 0))
		return fwrite(p, 1, n, stdout) == n;
	return class == 'f' ? put_float(p, n) : put_json(p, n);
}

static bool
put_row(const char *classes, const char *p, const char *end)
{
	for (const char *class = classes;; class++) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));
		const char *stop = tab != NULL ? tab : end;

		if (*class == 0 || !put_column(*class, p, (size_t)(stop - p)))
			return false;
		if (tab == NULL)
			return class[1] == 0;
		putchar('\t');
		p = tab + 1;
	}
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0, number_of_line = 0;
	ssize_t n;

	if (argc != 2 || argv[1][0] == 0 || strspn(argv[1], "tfj") != strlen(argv[1])) {
		fputs("usage: canon CLASSES <rows\n", stderr);
		return 2;
	}
	while ((n = getline(&line, &room, stdin)) >= 0) {
		number_of_line++;
		if (n > 0 && line[n - 1] == '\n')
			n--;
		if (!put_row(argv[1], line, line + n)) {
			fprintf(stderr, "canon: row %zu is not of the form %s\n", number_of_line, argv[1]);
			return 1;
		}
		putchar('\n');
	}
	free(line);
	return fflush(stdout) == 0 && !ferror(stdout) && !ferror(stdin) ? 0 : 1;
}
