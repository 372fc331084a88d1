#include "build/build.h"

#include "build/state.h"

/* Partitions that failed or wait for one that did, per table. */
typedef struct blocking {
    const build_context *c;
    arena *arena;
    build_state state; /* for reading feeds as a build does; nothing is ever staged in it */
    strmap **stuck;    /* per table: partition text to what is in its way */
    obstacle *from;    /* of the partition whose readers are looked for */
    build_blockeds found;
} blocking;

static void add_stuck(void *state, const lake_table *reader, const char *partition) {
    blocking *b = state;
    obstacle_put(b->stuck[reader->index], partition, b->from);
}

static status reach_from(blocking *b, const lake_table *t, const char *text, error *err) {
    staged st = {.text = text, .outcome = OUTCOME_FAILED};
    status found =
        ledger_current_get(b->c->ledger, b->c->tables[t->index].id, text, b->arena, &st.old, err);
    if (found != OK && found != E_NOT_FOUND)
        return found;
    b->from = strmap_get(b->stuck[t->index], text);
    return state_reach(&b->state, t, &st, add_stuck, b, err);
}

/* What failed itself counts as failed, not as blocked. */
static void list_table(blocking *b, const lake_table *t, const strmap *failed) {
    for (size_t i = 0; i < strmap_count(b->stuck[t->index]); i++) {
        void *in_the_way = NULL;
        const char *text = strmap_at(b->stuck[t->index], i, &in_the_way);
        const obstacle *o = in_the_way;
        build_blocked blocked = {.table = t->name, .partition = text, .by = o->by};
        if (!strmap_has(failed, text))
            vec_push(b->arena, &b->found, blocked);
    }
}

static status find_in_table(blocking *b, const lake_table *t, error *err) {
    ledger_failures failures = {0};
    strmap *stuck = b->stuck[t->index], *failed = strmap_new(b->arena);
    TRY(ledger_failures_of(b->c->ledger, b->c->tables[t->index].id, b->arena, &failures, err));
    for (size_t i = 0; i < failures.count; i++) {
        const char *text = failures.items[i].partition;
        strmap_set(failed, text, b);
        if (!strmap_has(stuck, text))
            obstacle_put(stuck, text, obstacle_new(b->arena, t, text, false));
    }
    list_table(b, t, failed);
    for (size_t i = 0; i < strmap_count(stuck); i++)
        TRY(reach_from(b, t, strmap_at(stuck, i, NULL), err));
    return OK;
}

status build_blocked_find(const build_context *c, arena *a, build_blockeds *ret, error *err) {
    size_t count = c->lake->table_count;
    blocking b = {.c = c, .arena = a, .stuck = ARENA_ARRAY(a, strmap *, count)};
    b.state = (build_state){.c = c, .arena = a, .tables = ARENA_ARRAY(a, staged_table, count)};
    for (size_t i = 0; i < count; i++)
        b.stuck[i] = strmap_new(a);
    for (size_t i = 0; i < count; i++)
        if (!c->lake->tables[i]->source)
            TRY(find_in_table(&b, c->lake->tables[i], err));
    *ret = b.found;
    return OK;
}
