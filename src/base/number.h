/* number: checked reading of numbers, sizes, durations and times from text.
 *
 * The whole text must be the number: no leading space, no rest, no overflow. All return false and
 * leave the result alone otherwise. */
#ifndef WEIR_BASE_NUMBER_H
#define WEIR_BASE_NUMBER_H

#include "base/base.h"

bool number_int64(const char *text, int64_t *result);
bool number_uint64(const char *text, uint64_t *result);
bool number_double(const char *text, double *result); /* finite, '.' whatever the locale */
/* 0, 512, 10KB, 4MB, 100GB, 1TB: powers of 1000; KiB… of 1024. */
bool number_bytes(const char *text, int64_t *result);
bool number_duration(const char *text, int64_t *result_us); /* 0s, 250ms, 5m, 12h, 30d */
/* Unix seconds, or RFC 3339 (2024-05-22, 2024-05-22T10:00:00Z, …+02:00; no zone means UTC). */
bool number_time(const char *text, int64_t *result_us);

/* RFC 3339 in UTC, "2024-05-22T10:00:00Z" (microseconds only when there are any). */
enum { TIME_TEXT_SIZE = 32 };
void time_text(int64_t time_us, char buffer[TIME_TEXT_SIZE]);

#endif
