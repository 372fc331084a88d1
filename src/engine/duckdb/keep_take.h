/* keep_take: copying rows out of the engine's vectors into memory of the worker's own. Internal to
 * keep.
 *
 * Memory is taken from large blocks one after the other and given back like a stack: what a file's
 * rows took since its mark. */
#ifndef WEIR_ENGINE_DUCKDB_KEEP_TAKE_H
#define WEIR_ENGINE_DUCKDB_KEEP_TAKE_H

#include "base/strmap.h"
#include "engine/duckdb/keep.h"

#include <pthread.h>

typedef struct take_block {
    char *start;
    size_t size;
    size_t used;
} take_block;

/* How much of the blocks is used. */
typedef struct take_mark {
    size_t blocks;
    size_t used; /* of the last */
} take_mark;

struct keep {
    arena *arena;
    VEC(keep_rows *) items;
    strmap *by_token;
    VEC(take_block) blocks;
    int64_t bytes; /* of the blocks, so far as used */
    int64_t bytes_max;
    take_mark before;     /* open */
    pthread_mutex_t lock; /* of what an instance's threads share: all but items */
    keep_rows *open;      /* NULL: nothing is being taken */
    bool full;            /* open does not fit and is given up */
};

take_mark take_here(const keep *k);
void take_free_blocks(keep *k, take_mark back_to);

#endif
