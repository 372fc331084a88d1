#include "base/vec.h"

enum { FIRST_CAPACITY = 8 };

void *vec_grow(arena *a, void *items, size_t count, size_t *capacity, size_t item_size) {
    if (count < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    char *moved = arena_array(a, wanted, item_size);
    if (count > 0)
        memcpy(moved, items, count * item_size);
    *capacity = wanted;
    return moved;
}

static int compare_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strings_sort(strings *v) {
    if (v->count > 1)
        qsort(v->items, v->count, sizeof *v->items, compare_text);
}

void strings_sort_unique(strings *v) {
    strings_sort(v);
    size_t kept = 0;
    for (size_t i = 0; i < v->count; i++)
        if (kept == 0 || strcmp(v->items[kept - 1], v->items[i]) != 0)
            v->items[kept++] = v->items[i];
    v->count = kept;
}

bool strings_contain(const strings *v, const char *text) {
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->items[i], text) == 0)
            return true;
    return false;
}
