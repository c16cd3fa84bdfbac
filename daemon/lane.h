/* lane.h - the way of a load group from its slot to its stream: slot and snapshot as a pair, full load, catch-up, stream. The task's own tables
 * (group 0) go it in the run thread, a load group beside them in a thread of its own; both have sessions, tables and states of their own.
 * Flow: lane_meet_source -> lane_check_slot -> (publication) -> lane_open_log -> lane_load -> lane_begin_catch_up -> lane_stream.
 * Invariant: a slot's position is in the checkpoint row before a table is loaded from its snapshot; of `states` only the rows whose load_group is
 * the lane's are written.
 * Threads: one at a time. Owner: whoever filled it; lane_close() gives all back. */
#ifndef REPLD_DAEMON_LANE_H
#define REPLD_DAEMON_LANE_H

#include "daemon/stream.h"
#include "daemon/suspect.h"

struct lane {
	const struct task_conf *conf;
	const struct source_ops *so;
	const struct target_ops *to;
	struct source_params sp;		/* slot: the lane's */
	struct target_params tp;
	struct board *board;
	struct stop *stop;
	int beat;				/* enum board_thread */
	struct target *target;			/* the session that the checkpoint row names: admin, then apply */
	struct source *source;
	struct source_info info;
	struct source_log log;
	struct source_snapshot *snapshot;
	struct suspect *suspect;		/* over `tables` */
	struct checkpoint cp;			/* cp.group: the lane's */
	struct tableset *tables;		/* all that the rules take */
	struct table_states states;
};

bool lane_streams(const struct lane *l);	/* the mode has a stream */
bool lane_loads(const struct lane *l);		/* the mode has a full load */
struct table_state *lane_state(const struct lane *l, const struct table *t);	/* NULL: not the lane's */
uint32_t lane_queued(const struct lane *l);	/* tables to load */

bool lane_meet_source(struct lane *l, struct err *err) MUST_CHECK;
/* The source's history continues the checkpoint's (ERR_HOLE: it does not). */
bool lane_continues(struct lane *l, struct err *err) MUST_CHECK;
/* The checkpoint row names the source, slot and publication of today; not written yet. */
void lane_name_source(struct lane *l);
/* The slot continues the checkpoint (ERR_HOLE: it does not), or there is no position yet: then what a start cut short has left is dropped. */
bool lane_check_slot(struct lane *l, struct err *err) MUST_CHECK;
/* Makes the slot where there is no position; leaves a snapshot open where tables are to be loaded. */
bool lane_open_log(struct lane *l, struct err *err) MUST_CHECK;
bool lane_load(struct lane *l, struct err *err) MUST_CHECK;
/* *ret_behind: some table has to catch up with its snapshot. */
bool lane_begin_catch_up(struct lane *l, bool *ret_behind, struct err *err) MUST_CHECK;
/* rest of ctx: see stream.h. True: as stream_run(). Closes the source's session first. */
bool lane_stream(struct lane *l, struct stream_ctx ctx, struct err *err) MUST_CHECK;
void lane_show_states(struct lane *l);		/* on the board */
void lane_close(struct lane *l);

#endif
