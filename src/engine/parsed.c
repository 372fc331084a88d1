#include "engine/parsed.h"

parsed_rows *parsed_new(arena *a) {
    parsed_rows *p = ARENA_NEW(a, parsed_rows);
    *p = (parsed_rows){.arena = a, .tokens = strmap_new(a)};
    return p;
}

static char *key_of(arena *a, const char *layer, const char *object) {
    return arena_printf(a, "%s %s", layer, object);
}

void parsed_add(parsed_rows *p, const char *layer, const char *object, const char *token) {
    strmap_set(p->tokens, key_of(p->arena, layer, object), arena_strdup(p->arena, token));
}

const char *parsed_find(const parsed_rows *p, const char *layer, const char *object) {
    ARENA_AUTO a = arena_new();
    return p != NULL ? strmap_get(p->tokens, key_of(a, layer, object)) : NULL;
}
