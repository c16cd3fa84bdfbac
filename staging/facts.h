/* facts.h - what a source's catalog says of a captured table beyond its shape: its number and name, its place in the publication, the state
 * of its columns' catalog rows, and of each leaf the file, the place in the table, and whether its changes are in the log.
 * Two sets of facts of one table, taken at different times, tell of changes that reached it without a message in the stream.
 * Flow: an endpoint fills struct table_facts -> facts_write() keeps them as text (table_state) -> facts_read() and facts_compare() at the
 * next look.
 * Invariant: pure; what two looks can't tell apart is told as the worse of the two.
 * Threads: plain values. Owner: the arena they were made in. */
#ifndef REPLD_STAGING_FACTS_H
#define REPLD_STAGING_FACTS_H

#include "daemon/base/arena.h"
#include "daemon/base/bytes.h"

struct facts_column {
	int32_t number;			/* its place in the catalog; never used again */
	const char *version;		/* of its catalog row: another one after each ALTER of the column */
	const char *type;		/* type and its modifier, as numbers */
	bool computed;			/* generated: never copied */
	bool filled;			/* has a default, and rows that were there when it came hold that default themselves */
	const char *name;
};

struct facts_leaf {
	uint32_t oid;
	const char *file;		/* another one after each rewrite */
	const char *links;		/* by which it hangs in the table: other ones after DETACH and ATTACH; "" the table itself */
	bool in_place;			/* made as a part of the table, and published from then on */
	const char *since;		/* not in_place: the source's word for when its changes began to be published */
	bool published;			/* in full: no row filter, no column list */
	bool logged;
	char identity;			/* replica identity */
	const char *schema, *name;
};

struct table_facts {
	bool there;			/* false: no table has this number any more */
	const char *as_of;		/* the source's word for the moment of the look */
	uint32_t oid;
	const char *schema, *name;
	struct {
		const char *id;		/* "": it is not there */
		const char *version, *owner;
		const char *fault;	/* what of the options loses changes; "": nothing */
		const char *members;	/* the entries that hold the table or parts of it, comma between */
	} publication;
	uint32_t ncols, nleaves;
	struct facts_column *cols;	/* by number */
	struct facts_leaf *leaves;	/* by oid */
};

enum facts_kind {
	FACTS_SAME,
	FACTS_CHANGED,	/* nothing that touches the copy: later looks compare with the new facts */
	FACTS_AGAIN,	/* a partition is new and not published yet: the task has to prepare the publication again */
	FACTS_SUSPECT,	/* rows changed, or may have changed, without a message: the copy may differ from now on */
	FACTS_HOLE	/* and changes go on missing: nothing more may be applied */
};

struct facts_verdict {
	enum facts_kind kind;
	char what[400];			/* a sentence about the table; "" below FACTS_AGAIN */
	char note[200];			/* worth a warning all the same; "" */
};

enum facts_question {
	FACTS_ANY_ROWS,
	FACTS_ROWS_BEFORE,	/* from before its changes were published */
	FACTS_ROWS_KEPT		/* as they were at the former look, as_of: a few are looked at */
};
/* Does the leaf hold such rows. */
typedef bool facts_ask(void *arg, const struct facts_leaf *leaf, enum facts_question q, const char *as_of, bool *ret, struct err *err);

bool facts_write(const struct table_facts *f, struct buf *b, struct err *err) MUST_CHECK;
bool facts_read(const char *text, struct arena *arena, struct table_facts *ret, struct err *err) MUST_CHECK;
/* was NULL: the first look, which can only tell what is wrong by itself. publication: its name, for the sentences; NULL: there is none (an output
 * plugin that reads all tables, knows them by name, and leaves out what has no replica identity: then `published` means that there is one, and
 * `members` are the indexes that can be it). */
bool facts_compare(const struct table_facts *was, const struct table_facts *is, const char *publication, facts_ask *ask, void *arg,
    struct facts_verdict *ret, struct err *err) MUST_CHECK;

#endif
