#include "land/standing.h"

#include "base/strmap.h"

/* An item and its place, so that sorting does not disturb the caller's order. */
typedef struct ranked {
    standing *item;
    size_t place;
} ranked;

static int compare_int(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

/* Land times of different identities of a table may be equal; the rest only makes the order
 * total. */
static int by_land_time(const void *left, const void *right) {
    const ranked *a = left, *b = right;
    int order = compare_int(a->item->land_time, b->item->land_time);
    if (order == 0)
        order = strcmp(a->item->identity, b->item->identity);
    if (order == 0)
        order = strcmp(a->item->sha256, b->item->sha256);
    return order != 0 ? order : compare_int((int64_t)a->place, (int64_t)b->place);
}

static char *content_key(arena *a, const standing *item) {
    return arena_printf(a, "%s %s", item->sha256, item->identity);
}

/* Contents of which one delivery is withdrawn. NULL: none, as almost always. */
static strmap *withdrawn_contents(arena *a, const standing *items, size_t count) {
    strmap *contents = NULL;
    for (size_t i = 0; i < count; i++) {
        if (items[i].withdrawal == WITHDRAWAL_NONE || items[i].state == DELIVERY_REJECTED)
            continue;
        if (contents == NULL)
            contents = strmap_new(a);
        strmap_set(contents, content_key(a, &items[i]), contents);
    }
    return contents;
}

/* Does it have a place in the order? */
static bool takes_part(arena *a, standing *item, const strmap *withdrawn) {
    bool rejected = item->state == DELIVERY_REJECTED;
    item->decided = rejected ? DELIVERY_REJECTED : DELIVERY_SUPERSEDED;
    if (rejected)
        return false;
    if (withdrawn == NULL || !strmap_has(withdrawn, content_key(a, item)))
        return true;
    item->decided = DELIVERY_WITHDRAWN;
    return item->withdrawal == WITHDRAWAL_EMPTIES;
}

/* Those that take part, in land-time order. */
static size_t rank(arena *a, standing *items, size_t count, ranked **ret) {
    ranked *order = ARENA_ARRAY(a, ranked, count);
    const strmap *withdrawn = withdrawn_contents(a, items, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        items[i].same_as = i;
        if (takes_part(a, &items[i], withdrawn))
            order[kept++] = (ranked){&items[i], i};
    }
    if (kept > 0)
        qsort(order, kept, sizeof *order, by_land_time);
    *ret = order;
    return kept;
}

static void repeat(standing *item, size_t first) {
    item->same_as = first;
    item->decided = DELIVERY_DUPLICATE;
}

static bool same_content(const standing *left, const standing *right) {
    return strcmp(left->identity, right->identity) == 0 && strcmp(left->sha256, right->sha256) == 0;
}

/* Equal neighbours are one delivery with the first's land time. The last such group counts, unless
 * it was withdrawn: then nothing does. */
static void decide_newest(ranked *order, size_t count) {
    standing *counting = NULL;
    for (size_t start = 0, end; start < count; start = end) {
        standing *first = order[start].item;
        end = start + 1;
        counting = NULL;
        if (first->decided == DELIVERY_WITHDRAWN)
            continue;
        for (; end < count && same_content(first, order[end].item); end++)
            repeat(order[end].item, order[start].place);
        counting = first;
    }
    if (counting != NULL)
        counting->decided = DELIVERY_ACTIVE;
}

/* The first of each content counts. */
static void decide_every(arena *a, ranked *order, size_t count) {
    strmap *firsts = strmap_new(a);
    for (size_t i = 0; i < count; i++) {
        standing *item = order[i].item;
        if (item->decided == DELIVERY_WITHDRAWN)
            continue;
        const char *key = content_key(a, item);
        const ranked *first = strmap_get(firsts, key);
        if (first != NULL) {
            repeat(item, first->place);
            continue;
        }
        strmap_set(firsts, key, &order[i]);
        item->decided = DELIVERY_ACTIVE;
    }
}

void standing_decide(standing_rule rule, standing *items, size_t count) {
    ARENA_AUTO a = arena_new();
    ranked *order;
    size_t kept = rank(a, items, count, &order);
    if (rule == STANDING_EVERY)
        decide_every(a, order, kept);
    else
        decide_newest(order, kept);
}

standing standing_of(const delivery *d) {
    return (standing){.identity = d->identity,
                      .sha256 = d->sha256,
                      .land_time = d->land_time,
                      .state = d->state,
                      .withdrawal = d->withdrawal};
}

static bool is_taken(const deliveries *known, int64_t land_time) {
    for (size_t i = 0; i < known->count; i++)
        if (known->items[i].land_time == land_time)
            return true;
    return false;
}

int64_t standing_land_time(const deliveries *known, int64_t wanted, bool fixed) {
    for (size_t i = 0; !fixed && i < known->count; i++)
        if (known->items[i].land_time > wanted)
            wanted = known->items[i].land_time;
    while (is_taken(known, wanted))
        wanted++;
    return wanted;
}

standing_rule standing_rule_of(const lake_source *source) {
    if (source->contents_full)
        return STANDING_NEWEST_OF_TABLE;
    return source->on_redelivery == REDELIVERY_KEEP_BOTH ? STANDING_EVERY : STANDING_NEWEST;
}
