/* json.h - a pull parser over one JSON text: the caller asks for what it expects, in the order of the text, and no tree is built.
 * Failure sticks, as in struct rd: after it every question gets nothing, and the caller checks once. Numbers stay text. Strings stay as they
 * are written until json_unescape() copies them.
 *	json_object(&j);
 *	while (json_member(&j, &key))
 *		if (json_text_is(&key, "name")) name = json_str(&j); else json_skip(&j);
 *	ok = json_end(&j);
 * Invariant: no byte beyond the text is read; bytes of a string that are no escapes pass as they are (no look at their UTF-8); the character
 * U+0000 and a lone surrogate are refused.
 * Threads: one at a time. Owner: slices point into the caller's text. */
#ifndef REPLD_CDC_JSON_H
#define REPLD_CDC_JSON_H

#include "daemon/base/bytes.h"

#define JSON_MAX_DEPTH 64

enum json_kind { JSON_BAD, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

struct json {
	const uint8_t *p;
	size_t n, off;
	uint8_t depth;
	bool bad;
	bool first;		/* behind a '{' or '[' */
	size_t bad_at;		/* where it was not what it should be */
};

/* What stands between a string's quotes. */
struct json_text {
	const uint8_t *p;
	size_t n;
	bool escaped;		/* holds a backslash */
};

struct json json_init(const void *p, size_t n);
enum json_kind json_peek(struct json *j);	/* of the value that comes next */
void json_object(struct json *j);
/* The next member's name; its value has to be taken next. False: the object has ended, or is bad. */
bool json_member(struct json *j, struct json_text *ret_key);
void json_array(struct json *j);
bool json_item(struct json *j);	/* the next element has to be taken next; false: the array has ended, or is bad */
struct json_text json_str(struct json *j);
struct slice json_number(struct json *j);	/* as it is written */
bool json_bool(struct json *j);
void json_null(struct json *j);
void json_skip(struct json *j);		/* any value */
bool json_end(struct json *j);		/* nothing but white space is left; false where anything was bad */
void json_fail(struct json *j);		/* the caller did not like what it got */

/* out has room for t->n bytes; the length is returned. */
size_t json_unescape(const struct json_text *t, uint8_t *out);
bool json_text_is(const struct json_text *t, const char *text);

#endif
