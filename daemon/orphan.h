/* orphan.h - what repld has made on a server for a task that is no more: rows on a target, slots on a source, which keep its log for ever.
 * What a task of the file names is none, nor what somebody runs elsewhere. For `repld check` and the status.
 * Threads: any; pure. */
#ifndef REPLD_DAEMON_ORPHAN_H
#define REPLD_DAEMON_ORPHAN_H

#include "daemon/conf.h"
#include "endpoints/source.h"
#include "endpoints/target.h"

/* The slot that its task's configuration names, of one of a load group (repld_t_g1) or of a load (repld_t_load_PID_1): repld_t. False: it is
 * neither; base is then the slot itself. */
bool orphan_slot_base(const char *slot, char base[NAME_MAX_BYTES]);

/* A risk for each, with what it keeps and the exact remedy. place: "target dw". */
void orphan_rows(const struct conf *conf, const struct task_rows *rows, const char *place, struct findings *f);
void orphan_slots(const struct conf *conf, const struct task_rows *rows, const struct source_slot *slots, size_t n, const char *place,
    struct findings *f);
/* The statement that ends an orphan slot; `slot` has letters, digits and _ only. */
#define ORPHAN_DROP_SLOT "SELECT pg_drop_replication_slot('%s')"

#endif
