#include "base/arena.h"

#include <stdalign.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(start, size)   ASAN_POISON_MEMORY_REGION((start), (size))
#define UNPOISON(start, size) ASAN_UNPOISON_MEMORY_REGION((start), (size))
enum { RED_ZONE = 16 };
#else
#define POISON(start, size)   ((void)(start), (void)(size))
#define UNPOISON(start, size) ((void)(start), (void)(size))
enum { RED_ZONE = 0 };
#endif

/* The first block is small because many arenas live for one request only; blocks then double. */
enum {
    ALIGNMENT = alignof(max_align_t),
    BLOCK_SIZE_MIN = 4 * 1024,
    BLOCK_SIZE_MAX = 1024 * 1024,
};

typedef struct block {
    struct block *older;
    size_t capacity;
    size_t used;
    alignas(max_align_t) char bytes[];
} block;

struct arena {
    block *newest;
};

static _Noreturn void out_of_memory(size_t size) {
    fprintf(stderr, "weir: out of memory (%zu bytes asked for)\n", size);
    exit(EXIT_FAILURE);
}

static void *checked_malloc(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

static block *block_new(block *older, size_t capacity) {
    block *b = checked_malloc(sizeof *b + capacity);
    *b = (block){.older = older, .capacity = capacity};
    POISON(b->bytes, capacity);
    return b;
}

static void block_free(block *b) {
    UNPOISON(b->bytes, b->capacity);
    free(b);
}

arena *arena_new(void) {
    arena *a = checked_malloc(sizeof *a);
    a->newest = block_new(NULL, BLOCK_SIZE_MIN);
    return a;
}

static void free_blocks(block *newest) {
    while (newest != NULL) {
        block *older = newest->older;
        block_free(newest);
        newest = older;
    }
}

void arena_free(arena *a) {
    if (a == NULL)
        return;
    free_blocks(a->newest);
    free(a);
}

void arena_reset(arena *a) {
    block *kept = a->newest;
    free_blocks(kept->older);
    kept->older = NULL;
    kept->used = 0;
    POISON(kept->bytes, kept->capacity);
    if (kept->capacity > BLOCK_SIZE_MAX) {
        block_free(kept);
        a->newest = block_new(NULL, BLOCK_SIZE_MIN);
    }
}

static void add_block(arena *a, size_t wanted) {
    size_t capacity = a->newest->capacity * 2;
    if (capacity > BLOCK_SIZE_MAX)
        capacity = BLOCK_SIZE_MAX;
    if (capacity < wanted)
        capacity = wanted;
    a->newest = block_new(a->newest, capacity);
}

void *arena_alloc(arena *a, size_t size) {
    if (size > PTRDIFF_MAX - 2 * BLOCK_SIZE_MAX)
        out_of_memory(size);
    size_t wanted = (size == 0 ? 1 : size) + RED_ZONE;
    wanted = (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (wanted > a->newest->capacity - a->newest->used)
        add_block(a, wanted);
    char *memory = a->newest->bytes + a->newest->used;
    a->newest->used += wanted;
    UNPOISON(memory, size);
    memset(memory, 0, size);
    return memory;
}

void *arena_array(arena *a, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(SIZE_MAX);
    return arena_alloc(a, total);
}

void *arena_memdup(arena *a, const void *data, size_t size) {
    void *copy = arena_alloc(a, size);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

char *arena_strndup(arena *a, const char *text, size_t size) {
    char *copy = arena_alloc(a, size + 1);
    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

char *arena_strdup(arena *a, const char *text) {
    return text == NULL ? NULL : arena_strndup(a, text, strlen(text));
}

char *arena_printf(arena *a, const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int size = vsnprintf(NULL, 0, format, values);
    ASSERT(size >= 0);
    char *text = arena_alloc(a, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(values);
    return text;
}

void arena_cleanup(arena **a) {
    arena_free(*a);
}
