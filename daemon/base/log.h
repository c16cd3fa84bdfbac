/* log.h - one line an event, on stderr.
 * "2026-11-22T07:40:00.123Z warning task=orders text", or "<4>task=orders text" where JOURNAL_STREAM names our stderr.
 * Control bytes are escaped, a line is cut at 4096 bytes and written with one write(2); a failing write is counted, never fatal.
 * Threads: any. The level and the task's name are process-wide (a worker process has one task). */
#ifndef REPLD_BASE_LOG_H
#define REPLD_BASE_LOG_H

#include <stdint.h>
#include "daemon/base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_init(enum log_level level);		/* looks at JOURNAL_STREAM; may be called again */
void log_set_level(enum log_level level);	/* atomic */
enum log_level log_get_level(void);
bool log_level_parse(const char *text, enum log_level *ret_level);
const char *log_level_name(enum log_level level);
void log_set_task(const char *name);		/* copied; NULL: none. Before the process's threads start */
uint64_t log_lost(void);			/* lines that could not be written */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "what: message (SQLSTATE) at position; remedy" - the one way in which an error is logged. */
void log_err(enum log_level level, const char *what, const struct err *err);

#define log_error(...)	 log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_get_level() >= LOG_LEVEL_DEBUG)                                            \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__);                                   \
	} while (0)

#endif
