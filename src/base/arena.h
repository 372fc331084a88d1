/* arena: memory that is given back all at once.
 *
 * One arena per run, request or command, passed as an argument. Everything allocated in it lives
 * until arena_free or arena_reset. Running out of memory ends the process with a message: no caller
 * has a better answer. Not for handles (files, databases, processes): close those yourself. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include "base/base.h"

typedef struct arena arena;

arena *arena_new(void);
void arena_free(arena *a);  /* NULL is allowed */
void arena_reset(arena *a); /* forget everything, keep one block for reuse */

/* Zeroed, aligned for any type. size may be 0: a valid pointer of its own. */
void *arena_alloc(arena *a, size_t size);
char *arena_strdup(arena *a, const char *text);               /* NULL gives NULL */
char *arena_strndup(arena *a, const char *text, size_t size); /* always terminated */
void *arena_memdup(arena *a, const void *data, size_t size);
char *arena_printf(arena *a, const char *format, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))
void *arena_array(arena *a, size_t count, size_t size); /* checks the product */

void arena_cleanup(arena **a);
#define ARENA_AUTO CLEANUP(arena_cleanup) arena *

#endif
