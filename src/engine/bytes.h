/* bytes: a growing buffer that gives its memory back, for what flows through pipes.
 *
 * Unlike base/str.h's buf it is not in an arena: a worker lives for many jobs and a single line can
 * be hundreds of megabytes. Only for engine/. */
#ifndef WEIR_ENGINE_BYTES_H
#define WEIR_ENGINE_BYTES_H

#include "base/base.h"

typedef struct bytes {
    char *data;
    size_t size;
    size_t capacity;
} bytes;

/* Room for this many more bytes after size. Ends the process when there is no memory. */
void bytes_reserve(bytes *b, size_t more);
void bytes_add(bytes *b, const void *data, size_t size);
/* Forget the first bytes. A large buffer that became empty is given back. */
void bytes_drop(bytes *b, size_t size);
void bytes_free(bytes *b);

/* Keep only the last TAIL_SIZE bytes of all that was ever added. */
enum { TAIL_SIZE = 4096 };
typedef struct tail {
    char text[TAIL_SIZE];
    size_t size;
} tail;
void tail_add(tail *t, const char *data, size_t size);

#endif
