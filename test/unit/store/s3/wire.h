/* wire: a store in a scripted bucket, with a clock that only waiting moves.
 *
 * s3://bucket/lake, path style, at 2024-05-22T10:00:00Z. Waiting takes no time. For one test. */
#ifndef WEIR_TEST_WIRE_H
#define WEIR_TEST_WIRE_H

#include "scripted.h"
#include "store/s3/s3.h"

#define WIRE_DATE "20240522T100000Z"

typedef struct wire {
    arena *arena;
    error err;
    scripted *server;
    s3 *s3;
    clock_source clock;
    int64_t waited_ms;
    char write_id[ID_TEXT_SIZE]; /* of each conditional write */
} wire;

/* Variables, until wire_close. Credentials, endpoint and patience have values of their own unless
 * they are set; {port} is the server's. Borrowed; NULL: not set. */
void wire_set(const char *name, const char *value);
const char *wire_get(const char *name);

#define WIRE_OPEN(w, steps) wire_open((w), (steps), ARRAY_SIZE(steps))
void wire_open(wire *w, const scripted_step *steps, size_t count);
/* Only the clock and the arena: for tests that open other things over a server. */
void wire_begin(wire *w);
/* Fails the test with what the server has to tell. Forgets what was set. */
void wire_close(wire *w);

/* "x-amz-meta-weir-write: …", the header of this wire's conditional writes, and more lines. */
const char *wire_mark(wire *w, const char *more);

#endif
