/* sql_token.h - the words, names and quotes of a statement, one after the other; comments are left out.
 * Comments that servers execute are read as text; where servers may differ on that, or the text is broken, `doubt` is set.
 * Threads: pure; tokens are borrowed from the text. */
#ifndef REPLD_CDC_SQL_TOKEN_H
#define REPLD_CDC_SQL_TOKEN_H

#include "cdc/sql_text.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SIGN };

struct sql_token {
	enum token_kind kind;
	char sign;
	struct slice raw;		/* as written, without quotes */
	char quote;			/* QUOTED, STRING: which */
};

struct sql_reader {
	const char *p, *end;
	bool ansi_quotes, backslash;
	bool in_comment;		/* in one that is executed */
	bool doubt;			/* in what was read so far, servers may differ, or the text is broken */
	bool utf8;
	struct sql_token t;		/* the present token */
	struct sql_text *out;		/* of the statement's reader */
};

void sql_next(struct sql_reader *r);	/* the next token becomes the present one; first the first */
bool sql_is(const struct sql_reader *r, const char *keyword);	/* the present token, in any case */
bool sql_is_any(const struct sql_reader *r, const char *keywords);	/* one of several, with blanks between them */
bool sql_take(struct sql_reader *r, const char *keyword);	/* and where it is, on to the next */
bool sql_is_sign(const struct sql_reader *r, char sign);
bool sql_take_sign(struct sql_reader *r, char sign);

#endif
