/* apply_news.c - what the watch thread found in the source's catalog (suspect.h) goes to table_state: with what is complete, or in a checkpoint
 * of its own.
 * Invariant: where the stream has to end, what is not written yet stays out.
 * Threads: the task's own stream's. */
#include "daemon/apply_intern.h"

#include "daemon/suspect.h"

bool
apply_take_news(struct apply *a, bool idle, struct err *err)
{
	struct err halt = ERR_INIT;
	bool ok = true;

	if (a->in_txn || !apply_is_main(a) || !atomic_load(&a->c.board->news))
		return true;
	if (a->news_kept && !idle)	/* of a table that catches up: not at every boundary */
		return true;
	if (suspect_take(a->c.board, a->c.tables, a->c.states, a->dirty, &halt)) {
		if (halt.kind != ERR_NONE)
			apply_rewind(a);
		ok = a->boundary != NULL ? apply_commit(a, err) : apply_commit_at(a, &a->c.cp->position, (struct wall){ 0 }, err);
	}
	a->news_kept = atomic_load(&a->c.board->news);
	if (!ok) {
		atomic_store(&a->c.board->news, true);
		return false;
	}
	if (halt.kind == ERR_NONE)
		return true;
	*err = halt;
	return err->position[0] != '\0' ? false : err_position(err, "%s", position_text(&a->c.cp->position, (char[POSITION_TEXT]){ 0 }));
}
