#include "base/strmap.h"

#include "base/vec.h"

#include <xxhash.h>

enum { SLOTS_MIN = 16 };

typedef struct entry {
    const char *key;
    void *value;
    uint64_t hash;
} entry;

/* Open addressing over the entries' numbers plus one; 0 is a free slot. */
struct strmap {
    arena *arena;
    VEC(entry) entries;
    size_t *slots;
    size_t slot_count; /* a power of two, at least twice the entries */
};

strmap *strmap_new(arena *a) {
    strmap *map = ARENA_NEW(a, strmap);
    map->arena = a;
    map->slots = ARENA_ARRAY(a, size_t, SLOTS_MIN);
    map->slot_count = SLOTS_MIN;
    return map;
}

/* The slot that holds key, or the free one where it belongs. */
static size_t *find_slot(const strmap *map, const char *key, uint64_t hash) {
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        size_t *slot = &map->slots[i];
        if (*slot == 0)
            return slot;
        const entry *e = &map->entries.items[*slot - 1];
        if (e->hash == hash && strcmp(e->key, key) == 0)
            return slot;
    }
}

static void grow_slots(strmap *map) {
    map->slot_count *= 2;
    map->slots = ARENA_ARRAY(map->arena, size_t, map->slot_count);
    for (size_t i = 0; i < map->entries.count; i++) {
        const entry *e = &map->entries.items[i];
        *find_slot(map, e->key, e->hash) = i + 1;
    }
}

void strmap_set(strmap *map, const char *key, void *value) {
    size_t size = strlen(key);
    uint64_t hash = XXH3_64bits(key, size);
    size_t *slot = find_slot(map, key, hash);
    if (*slot != 0) {
        map->entries.items[*slot - 1].value = value;
        return;
    }
    entry added = {arena_strndup(map->arena, key, size), value, hash};
    vec_push(map->arena, &map->entries, added);
    *slot = map->entries.count;
    if (map->entries.count * 2 > map->slot_count)
        grow_slots(map);
}

static const entry *find_entry(const strmap *map, const char *key) {
    size_t slot = *find_slot(map, key, XXH3_64bits(key, strlen(key)));
    return slot == 0 ? NULL : &map->entries.items[slot - 1];
}

void *strmap_get(const strmap *map, const char *key) {
    const entry *e = find_entry(map, key);
    return e == NULL ? NULL : e->value;
}

bool strmap_has(const strmap *map, const char *key) {
    return find_entry(map, key) != NULL;
}

size_t strmap_count(const strmap *map) {
    return map->entries.count;
}

const char *strmap_at(const strmap *map, size_t i, void **value) {
    ASSERT(i < map->entries.count);
    const entry *e = &map->entries.items[i];
    if (value != NULL)
        *value = e->value;
    return e->key;
}
