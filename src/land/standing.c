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

/* All but the rejected ones, in land-time order. */
static size_t rank(arena *a, standing *items, size_t count, ranked **ret) {
    ranked *order = ARENA_ARRAY(a, ranked, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        items[i].decided = items[i].state;
        items[i].same_as = i;
        if (items[i].state != DELIVERY_REJECTED)
            order[kept++] = (ranked){&items[i], i};
    }
    if (kept > 0)
        qsort(order, kept, sizeof *order, by_land_time);
    *ret = order;
    return kept;
}

static bool is_withdrawn(const standing *item) {
    return item->state == DELIVERY_WITHDRAWN;
}

static void decide(standing *item, delivery_state state) {
    if (!is_withdrawn(item))
        item->decided = state;
}

static void repeat(standing *item, size_t first) {
    item->same_as = first;
    decide(item, DELIVERY_DUPLICATE);
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
        bool withdrawn = is_withdrawn(first);
        for (end = start + 1; end < count && same_content(first, order[end].item); end++) {
            repeat(order[end].item, order[start].place);
            withdrawn = withdrawn || is_withdrawn(order[end].item);
        }
        decide(first, DELIVERY_SUPERSEDED);
        counting = withdrawn ? NULL : first;
    }
    if (counting != NULL)
        decide(counting, DELIVERY_ACTIVE);
}

static char *content_key(arena *a, const standing *item) {
    return arena_printf(a, "%s %s", item->sha256, item->identity);
}

/* The first of each content counts, unless one of that content was withdrawn. */
static void decide_every(arena *a, ranked *order, size_t count) {
    strmap *firsts = strmap_new(a);
    for (size_t i = 0; i < count; i++) {
        const char *key = content_key(a, order[i].item);
        const ranked *first = strmap_get(firsts, key);
        if (first == NULL) {
            strmap_set(firsts, key, &order[i]);
            decide(order[i].item, DELIVERY_ACTIVE);
            continue;
        }
        repeat(order[i].item, first->place);
        if (is_withdrawn(order[i].item))
            decide(first->item, DELIVERY_SUPERSEDED);
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
