#include "engine/bytes.h"

enum { FIRST_CAPACITY = 64 * 1024, KEPT_CAPACITY = 4 * 1024 * 1024 };

void bytes_reserve(bytes *b, size_t more) {
    ASSERT(more <= SIZE_MAX / 4 && b->size <= SIZE_MAX / 4);
    if (b->capacity - b->size >= more)
        return;
    size_t capacity = b->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : b->capacity * 2;
    if (capacity < b->size + more)
        capacity = b->size + more;
    b->data = realloc(b->data, capacity);
    ASSERT(b->data != NULL);
    b->capacity = capacity;
}

void bytes_add(bytes *b, const void *data, size_t size) {
    if (size == 0)
        return;
    bytes_reserve(b, size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void bytes_drop(bytes *b, size_t size) {
    ASSERT(size <= b->size);
    b->size -= size;
    if (b->size > 0)
        memmove(b->data, b->data + size, b->size);
    else if (b->capacity > KEPT_CAPACITY)
        bytes_free(b);
}

void bytes_free(bytes *b) {
    free(b->data);
    *b = (bytes){0};
}

void tail_add(tail *t, const char *data, size_t size) {
    if (size > TAIL_SIZE) {
        data += size - TAIL_SIZE;
        size = TAIL_SIZE;
    }
    size_t kept = t->size < TAIL_SIZE - size ? t->size : TAIL_SIZE - size;
    memmove(t->text, t->text + t->size - kept, kept);
    memcpy(t->text + kept, data, size);
    t->size = kept + size;
}
