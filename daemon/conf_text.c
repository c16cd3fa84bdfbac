/* conf_text.c - the files of a configuration -> one text for the parser, in which every line knows
 * the file and line it comes from.
 * Flow: file -> tokens -> the same tokens without comments, with each @include replaced by the
 * file's own tokens. libconfig could read and include files itself, but it ends the process where a
 * file is a folder, ends a text at a NUL byte, takes a comment or string that never ends for the
 * end of the file, reads numbers as octal or cuts them at 32 bits, leaks a text that stands where
 * none may, and says only "syntax error"; and its versions differ in all of this. What would meet
 * one of these is refused here, so that the parser sees balanced brackets, closed strings, decimal
 * numbers and texts where a value may stand.
 * Threads: one at a time. Owner: conf.c, for the time of the parsing; names of files live in the
 * configuration's arena. */
#include "daemon/conf_intern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct segment { /* from this line of the text on, lines come from there on */
	int line;
	struct place from;
};

struct bracket {
	char c;
	struct place at;
};

struct conf_text {
	struct arena *arena;
	struct conf_errors *errors;
	const char *dir; /* of what is included, with its slash; NULL: nothing may be */
	struct buf out;
	int line; /* of out, where the next byte goes */
	size_t taken, max; /* bytes read */
	struct segment *segments;
	size_t nsegments, cap;
	struct bracket open[CONF_NESTING_MAX];
	uint32_t nopen;
	uint32_t members[CONF_NESTING_MAX + 1]; /* of the group that is nopen deep, so far */
	char prev; /* the last token: a character, '"' a text, 'w' a word, 0 none */
	size_t prev_off; /* of a comma: where it is in out */
};

struct lexer { /* one file */
	struct conf_text *t;
	const char *p, *end;
	struct place at;
	bool line_start; /* only blanks so far */
	int depth;
};

static bool lex(struct lexer *l);

#define FAIL(l, ...) (conf_error((l)->t->errors, (l)->at, __VA_ARGS__), false)

static bool
segment_add(struct conf_text *t, struct place from)
{
	struct err err = ERR_INIT;

	if (!mem_grow(&t->segments, &t->cap, t->nsegments + 1, sizeof(*t->segments), &err)) {
		conf_error(t->errors, from, "%s", err.msg);
		return false;
	}
	t->segments[t->nsegments++] = (struct segment){ t->line, from };
	return true;
}

struct place
conf_text_place(const struct conf_text *t, int line)
{
	size_t lo = 0, hi = t->nsegments;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->segments[mid].line <= line)
			lo = mid;
		else
			hi = mid;
	}
	return (struct place){ t->segments[lo].from.file,
		t->segments[lo].from.line + line - t->segments[lo].line };
}

/* ---- files ---- */

static bool
fd_read(int fd, size_t max, struct buf *out, struct err *err)
{
	ssize_t n = 1;

	while (n > 0) {
		if (out->n > max)
			return err_set(err, ERR_CONFIG,
			    "larger than a configuration may be (%zu kB with all that it includes)",
			    CONF_FILE_MAX / 1024);
		if (!buf_reserve(out, 16384))
			return err_set(err, ERR_SYSTEM, "out of memory");
		n = read(fd, out->p + out->n, 16384);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return err_errno(err, errno, "can't be read");
		else
			out->n += (size_t)n;
	}
	return true;
}

/* A regular file only: a folder can't be read, a FIFO would make us wait. */
static bool
file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	bool ok;

	if (fd < 0)
		return err_errno(err, errno, "can't be read");
	if (fstat(fd, &st) != 0)
		ok = err_errno(err, errno, "can't be read");
	else if (!S_ISREG(st.st_mode))
		ok = err_set(err, ERR_CONFIG, "%s, not a file",
		    S_ISDIR(st.st_mode) ? "a folder" : "a device, pipe or socket");
	else
		ok = fd_read(fd, max, out, err);
	close(fd);
	return ok;
}

static bool
lex_file(struct conf_text *t, const char *path, int depth, struct err *err)
{
	struct buf content = { 0 };
	struct lexer l = { .t = t, .at = { path, 1 }, .line_start = true, .depth = depth };
	bool ok = file_read(path, t->max - t->taken, &content, err);

	if (ok) {
		t->taken += content.n;
		l.p = (const char *)content.p;
		l.end = l.p + content.n;
		ok = lex(&l);
	}
	buf_done(&content);
	return ok;
}

/* ---- tokens ---- */

static void
put(struct lexer *l, const char *p, size_t n)
{
	buf_put(&l->t->out, p, n);
}

static bool
newline(struct lexer *l)
{
	buf_u8(&l->t->out, '\n');
	l->t->line++;
	l->at.line++;
	l->line_start = true;
	l->p++;
	return true;
}

static bool
lex_line_comment(struct lexer *l)
{
	const char *nl = memchr(l->p, '\n', (size_t)(l->end - l->p));

	l->p = nl != NULL ? nl : l->end;
	return true;
}

static bool
lex_block_comment(struct lexer *l)
{
	struct place start = l->at;

	for (l->p += 2; l->end - l->p >= 2;)
		if (l->p[0] == '*' && l->p[1] == '/') {
			l->p += 2;
			buf_u8(&l->t->out, ' ');
			l->line_start = false;
			return true;
		} else if (*l->p == '\n') {
			newline(l);
		} else {
			l->p++;
		}
	l->at = start;
	return FAIL(l, "the comment that begins here never ends");
}

static bool
in_group(const struct conf_text *t)
{
	return t->nopen == 0 || t->open[t->nopen - 1].c == '{';
}

/* May a value stand here? A text may also follow a text, which it goes on. */
static bool
value_may_follow(const struct conf_text *t)
{
	if (in_group(t))
		return t->prev == '=' || t->prev == ':';
	return t->prev == '(' || t->prev == '[' || t->prev == ',';
}

static bool
lex_string(struct lexer *l)
{
	const char *p = l->p + 1;

	if (!value_may_follow(l->t) && l->t->prev != '"')
		return FAIL(l, "a text in quotes stands where %s",
		    in_group(l->t) ? "the name of an option was expected" : "a comma was expected");
	for (; p < l->end && *p != '"'; p++) {
		if (*p == '\0')
			return FAIL(l, "a NUL byte");
		if (*p == '\n')
			break;
		if (*p != '\\' || l->end - p < 2)
			continue;
		if (p[1] == '\\' || p[1] == '"')
			p++;
		else if (l->end - p >= 4 && (p[1] == 'x' || p[1] == 'X') && p[2] == '0' &&
			 p[3] == '0')
			return FAIL(l, "a NUL byte (\\x00)");
	}
	if (p >= l->end || *p != '"')
		return FAIL(l, "the text in quotes that begins here does not end on its line");
	put(l, l->p, (size_t)(p + 1 - l->p));
	l->p = p + 1;
	l->t->prev = '"';
	return true;
}

static bool
lex_open(struct lexer *l)
{
	struct conf_text *t = l->t;

	if (t->nopen == CONF_NESTING_MAX)
		return FAIL(l, "brackets are nested deeper than %d", CONF_NESTING_MAX);
	t->open[t->nopen++] = (struct bracket){ *l->p, l->at };
	t->members[t->nopen] = 0;
	t->prev = *l->p;
	put(l, l->p++, 1);
	return true;
}

/* libconfig compares each name with all others of its group: a minute for 100,000. */
static bool
lex_assign(struct lexer *l)
{
	struct conf_text *t = l->t;

	if (in_group(t) && ++t->members[t->nopen] > CONF_MEMBERS_MAX)
		return FAIL(l, "more than %d names in one group", CONF_MEMBERS_MAX);
	t->prev = *l->p;
	put(l, l->p++, 1);
	return true;
}

static bool
lex_close(struct lexer *l)
{
	struct conf_text *t = l->t;
	char opened = *l->p == '}' ? '{' : *l->p == ')' ? '(' : '[';
	const struct bracket *b;

	if (t->nopen == 0)
		return FAIL(l, "\"%c\" closes nothing", *l->p);
	b = &t->open[t->nopen - 1];
	if (b->c != opened)
		return FAIL(l, "\"%c\" does not close the \"%c\" of %s:%d", *l->p, b->c, b->at.file,
		    b->at.line);
	if (opened == '(' && t->prev == ',' && !t->out.bad)
		t->out.p[t->prev_off] =
		    ' '; /* allowed after the last of a list, by some versions of libconfig */
	t->nopen--;
	t->prev = *l->p;
	put(l, l->p++, 1);
	return true;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_-+.*", c) != NULL;
}

/* *ret_long: libconfig has to be told that the number may have more than 32 bits. */
static bool
check_value_word(struct lexer *l, const char *word, bool *ret_long)
{
	const char *digits = word + strspn(word, "+-");
	size_t n = strspn(digits, "0123456789");
	char shown[CONF_SHOWN];

	if (strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0)
		return true;
	if (strspn(word, "0123456789+-.eEL") != strlen(word) || strpbrk(word, "0123456789") == NULL)
		return FAIL(l,
		    "expected a text in double quotes, a number, true or false, found %s",
		    conf_shown(word, shown));
	if (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
		return FAIL(l, "a number begins with 0: %s", conf_shown(word, shown));
	if (n > 18)
		return FAIL(l, "a number of more than 18 digits: %s", conf_shown(word, shown));
	*ret_long = digits[n] == '\0' && n > 9;
	return true;
}

static bool
lex_word(struct lexer *l)
{
	char word[128], shown[CONF_SHOWN];
	bool is_long = false;
	size_t n = 0;

	while (l->p + n < l->end && l->p[n] != '\0' && is_word(l->p[n]))
		n++;
	if (n == 0) {
		/* one character, with the rest of its UTF-8 bytes */
		for (n = 1; l->p + n < l->end && ((uint8_t)l->p[n] & 0xc0) == 0x80;)
			n++;
		memcpy(word, l->p, n < 5 ? n : 5);
		word[n < 5 ? n : 5] = '\0';
		return FAIL(
		    l, "unexpected %s", *l->p == '\0' ? "NUL byte" : conf_shown(word, shown));
	}
	if (value_may_follow(l->t)) {
		memcpy(word, l->p, n < sizeof(word) - 1 ? n : sizeof(word) - 1);
		word[n < sizeof(word) - 1 ? n : sizeof(word) - 1] = '\0';
		if (!check_value_word(l, word, &is_long))
			return false;
	}
	put(l, l->p, n);
	if (is_long)
		buf_u8(&l->t->out, 'L');
	l->p += n;
	l->t->prev = 'w';
	return true;
}

/* ---- @include ---- */

/* The name in quotes; NULL: it is not of that form. */
static const char *
include_name(struct lexer *l)
{
	static const char word[] = "@include";
	const char *p = l->p, *q;

	if (!l->line_start || (size_t)(l->end - p) < sizeof(word) ||
	    memcmp(p, word, sizeof(word) - 1) != 0)
		return NULL;
	p += sizeof(word) - 1;
	while (p < l->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == l->end || *p != '"' || p == l->p + sizeof(word) - 1)
		return NULL;
	for (q = ++p; q < l->end && *q != '"'; q++)
		if ((uint8_t)*q < 0x20 || *q == '\\')
			return NULL;
	if (q == l->end || q == p)
		return NULL;
	l->p = q + 1;
	return arena_strndup(l->t->arena, p, (size_t)(q - p));
}

static bool
lex_include(struct lexer *l)
{
	struct conf_text *t = l->t;
	struct err err = ERR_INIT;
	char shown[CONF_SHOWN];
	const char *name = include_name(l), *path;

	if (name == NULL)
		return FAIL(l, "expected @include \"FILE\" on a line of its own");
	if (t->dir == NULL)
		return FAIL(l, "nothing can be included here");
	if (l->depth == CONF_INCLUDE_DEPTH)
		return FAIL(l, "@include %s: more than %d files deep (does a file include itself?)",
		    conf_shown(name, shown), CONF_INCLUDE_DEPTH);
	path = name[0] == '/' ? name : arena_printf(t->arena, "%s%s", t->dir, name);
	if (path == NULL)
		return FAIL(l, "out of memory");
	if (!lex_file(t, path, l->depth + 1, &err)) {
		if (err.kind != ERR_NONE)
			return FAIL(l, "@include %s: %s", conf_shown(name, shown), err.msg);
		return false; /* said where it is */
	}
	buf_u8(&t->out, '\n');
	t->line++;
	return segment_add(t, l->at);
}

/* ---- all of it ---- */

static bool
lex_token(struct lexer *l)
{
	bool slash = *l->p == '/' && l->end - l->p >= 2;

	switch (*l->p) {
	case '\n': return newline(l);
	case ' ':
	case '\t':
	case '\r':
	case '\f':
		l->p++;
		buf_u8(&l->t->out, ' ');
		return true;
	case '#': return lex_line_comment(l);
	case '@': return lex_include(l);
	}
	if (slash && l->p[1] == '/')
		return lex_line_comment(l);
	if (slash && l->p[1] == '*')
		return lex_block_comment(l);
	l->line_start = false;
	switch (*l->p) {
	case '"': return lex_string(l);
	case '{':
	case '(':
	case '[': return lex_open(l);
	case '}':
	case ')':
	case ']': return lex_close(l);
	case '=':
	case ':': return lex_assign(l);
	case ',':
	case ';':
		l->t->prev = *l->p;
		l->t->prev_off = l->t->out.n;
		put(l, l->p++, 1);
		return true;
	default: return lex_word(l);
	}
}

static bool
lex(struct lexer *l)
{
	if (!segment_add(l->t, l->at))
		return false;
	while (l->p < l->end)
		if (!lex_token(l))
			return false;
	return true;
}

static bool
balanced(struct conf_text *t)
{
	const struct bracket *b;

	if (t->nopen == 0)
		return true;
	b = &t->open[t->nopen - 1];
	conf_error(t->errors, b->at, "the \"%c\" that opens here is not closed", b->c);
	return false;
}

static bool
read_path(struct conf_text *t, const char *path)
{
	struct err err = ERR_INIT;
	const char *slash = strrchr(path, '/');

	t->max = CONF_FILE_MAX;
	t->dir = arena_strndup(t->arena, path, slash != NULL ? (size_t)(slash + 1 - path) : 0);
	if (t->dir != NULL && lex_file(t, path, 0, &err))
		return true;
	if (t->dir == NULL)
		err_set(&err, ERR_SYSTEM, "out of memory");
	if (err.kind != ERR_NONE)
		conf_error(t->errors, (struct place){ path, 0 }, "%s", err.msg);
	return false;
}

static bool
read_text(struct conf_text *t, const char *text, const char *name)
{
	struct lexer l = {
		.t = t, .p = text, .end = text + strlen(text), .at = { name, 1 }, .line_start = true
	};

	if ((size_t)(l.end - l.p) > CONF_TEXT_MAX)
		return FAIL(&l, "larger than a configuration may be");
	return lex(&l);
}

struct conf_text *
conf_text_new(const char *path, const char *text, const char *name, struct arena *arena,
    struct conf_errors *errors)
{
	struct err err = ERR_INIT;
	struct conf_text *t = mem_zalloc(sizeof(*t), &err);
	bool ok;

	if (t == NULL) {
		conf_error(errors, (struct place){ path != NULL ? path : name, 0 }, "%s", err.msg);
		return NULL;
	}
	t->arena = arena;
	t->errors = errors;
	t->line = 1;
	ok = path != NULL ? read_path(t, path) : read_text(t, text, name);
	if (ok && balanced(t)) {
		buf_u8(&t->out, '\n');
		if (buf_reserve(&t->out, 1))
			return t;
		conf_error(
		    errors, (struct place){ path != NULL ? path : name, 0 }, "out of memory");
	}
	conf_text_free(t);
	return NULL;
}

void
conf_text_free(struct conf_text *t)
{
	if (t == NULL)
		return;
	buf_done(&t->out);
	free(t->segments);
	free(t);
}

const char *
conf_text_str(struct conf_text *t)
{
	return buf_cstr(&t->out);
}
