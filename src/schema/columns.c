#include "base/hash.h"
#include "schema/type.h"

void columns_hash(const columns *c, char text[65]) {
    hasher *h = hasher_new();
    hasher_int(h, (int64_t)c->count);
    for (size_t i = 0; i < c->count; i++) {
        hasher_text(h, c->items[i].name);
        hasher_text(h, c->items[i].type);
    }
    hasher_finish(h, text);
    hasher_free(h);
}

int columns_find(const columns *c, const char *name) {
    for (size_t i = 0; i < c->count; i++) {
        if (str_eq(c->items[i].name, name))
            return (int)i;
    }
    return -1;
}
