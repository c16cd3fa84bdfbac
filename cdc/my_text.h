/* my_text.h - dates, times, uuid and inet of MySQL and MariaDB: their packed forms -> text as the servers print it.
 * Packed (DATETIME2, TIME2, and inside JSON): ((year * 13 + month) << 5 | day) << 17 | hour << 12 | minute << 6 | second, then 24 bits of
 * microseconds; a TIME has hours in the place of day and hour, and may be negative as a whole.
 * Each function writes no NUL, at most MY_TEXT_MAX bytes, and returns the length; 0: bytes that are no such value.
 * Threads: any; pure. */
#ifndef REPLD_CDC_MY_TEXT_H
#define REPLD_CDC_MY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MY_TEXT_MAX 48

/* Bytes of a date, time, datetime, timestamp or year in the log: enum my_type_code. 0: none of these. mariadb: whose old format it is. */
size_t my_text_time_size(uint8_t code, uint8_t decimals, bool mariadb);
size_t my_text_time(uint8_t code, uint8_t decimals, bool mariadb, const uint8_t *p, char *out);

/* Of the packed form, with six digits of a second (a date: without time). */
size_t my_text_packed_date(int64_t packed, char *out);
size_t my_text_packed_datetime(int64_t packed, uint8_t decimals, char *out);
size_t my_text_packed_time(int64_t packed, uint8_t decimals, char *out);

size_t my_text_uuid(const uint8_t p[16], char *out);
size_t my_text_inet4(const uint8_t p[4], char *out);
size_t my_text_inet6(const uint8_t p[16], char *out);

#endif
