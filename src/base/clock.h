/* clock: time, waiting, identity and randomness behind one interface, so that tests own them.
 *
 * Nothing else in Weir asks the system for the time or for random bytes. */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include "base/base.h"

typedef struct clock_source {
    int64_t (*now_us)(void *state);       /* microseconds since 1970-01-01 UTC */
    int64_t (*monotonic_us)(void *state); /* never goes back; its zero has no meaning */
    void (*random)(void *state, void *bytes, size_t size);
    void (*wait)(void *state, int64_t ms);
    void *state;
} clock_source;

extern const clock_source CLOCK_SYSTEM;

int64_t clock_now_us(const clock_source *clock);
int64_t clock_monotonic_us(const clock_source *clock);
void clock_random(const clock_source *clock, void *bytes, size_t size);
/* May return earlier when a signal comes. 0 and less: at once. */
void clock_wait(const clock_source *clock, int64_t ms);

/* A new identifier: 26 characters of Crockford base 32, lower case, first the time (48 bit of
 * milliseconds) and then 80 random bits, so that they sort by time (the ULID specification). */
enum { ID_TEXT_SIZE = 27 };
void clock_new_id(const clock_source *clock, char id[ID_TEXT_SIZE]);

#endif
