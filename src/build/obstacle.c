#include "build/obstacle.h"

obstacle *obstacle_new(arena *a, const lake_table *t, const char *partition, bool later) {
    obstacle *o = ARENA_NEW(a, obstacle);
    *o = (obstacle){.by = arena_printf(a, "%s %s", t->name, partition), .later = later};
    return o;
}

obstacle *obstacle_worse(obstacle *one, obstacle *other) {
    if (one == NULL || (one->later && other != NULL && !other->later))
        return other;
    return one;
}

void obstacle_put(strmap *map, const char *partition, obstacle *o) {
    strmap_set(map, partition, obstacle_worse(strmap_get(map, partition), o));
}
