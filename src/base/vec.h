/* vec: growing arrays in an arena, typed per element.
 *
 *     typedef VEC(partition_id) partition_ids;
 *     partition_ids ids = {0};
 *     vec_push(a, &ids, id);
 *     for (size_t i = 0; i < ids.count; i++) use(ids.items[i]);
 *
 * Pointers to items are good until the next push. An empty vec has items == NULL. */
#ifndef WEIR_BASE_VEC_H
#define WEIR_BASE_VEC_H

#include "base/arena.h"

#define VEC(type)        \
    struct {             \
        type *items;     \
        size_t count;    \
        size_t capacity; \
    }

/* Append by value. */
#define vec_push(a, v, item)                                                                    \
    do {                                                                                        \
        (v)->items = vec_grow((a), (v)->items, (v)->count, &(v)->capacity, sizeof *(v)->items); \
        (v)->items[(v)->count++] = (item);                                                      \
    } while (0)

/* Room for one more item; returns the old or the moved array. */
void *vec_grow(arena *a, void *items, size_t count, size_t *capacity, size_t item_size);

typedef VEC(const char *) strings;

/* Sort bytewise (never by locale); drop equal neighbours. */
void strings_sort(strings *v);
void strings_sort_unique(strings *v);
bool strings_contain(const strings *v, const char *text); /* linear */

#endif
