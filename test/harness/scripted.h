/* scripted: an HTTP server that knows beforehand what it will be asked, for unit tests.
 *
 * It listens on the loopback at a free port, in a thread of the test. Each request has to be the
 * next of the script; what differs is collected and told by scripted_stop, as is what was never
 * asked. It answers as the script says, rightly or not. Not a stand-in for a real service: that is
 * gateway.h. */
#ifndef WEIR_TEST_SCRIPTED_H
#define WEIR_TEST_SCRIPTED_H

#include "base/arena.h"

typedef enum scripted_way {
    SCRIPTED_ANSWER,
    SCRIPTED_HANG_UP, /* read the whole request, then close without a word */
    SCRIPTED_STALL,   /* say nothing until the client goes */
    SCRIPTED_CUT,     /* close in the middle of the answer's body */
} scripted_way;

/* NULL and 0: anything is right, or nothing is sent. All borrowed. */
typedef struct scripted_step {
    const char *request; /* method and target, exactly: "GET /bucket/a%20b?x=" */
    const char
        *headers;       /* lines "name: value" or "name: begin*" that have to be there, "-name" that
                            must not; {port} is the server's. Names in lower case */
    const char *body;   /* exactly */
    size_t body_size;   /* with a NULL body: only its size */
    int status;         /* of the answer; 0: 200 */
    const char *fields; /* its headers, as lines; content-length by itself unless it is here */
    const char *text;   /* its body */
    scripted_way way;
    bool swaps; /* the next step may come before this one */
} scripted_step;

typedef struct scripted scripted;

/* steps are borrowed until the end. Asserts that there is a port. */
scripted *scripted_start(const scripted_step *steps, size_t count);
int scripted_port(const scripted *s);
/* Stop, wait for the thread, free. "": all was asked as it should be. */
char *scripted_stop(scripted *s, arena *a);

#endif
