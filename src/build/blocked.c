#include "build/build.h"

#include "build/state.h"

/* Partitions that failed or wait for one that did, per table. */
typedef struct blocking {
    const build_context *c;
    arena *arena;
    build_state state; /* for reading feeds as a build does; nothing is ever staged in it */
    strmap **stuck;    /* per table: partition text to the blocking itself */
} blocking;

static void add_stuck(void *state, const lake_table *reader, const char *partition) {
    blocking *b = state;
    strmap_set(b->stuck[reader->index], partition, b);
}

static status reach_from(blocking *b, const lake_table *t, const char *text, error *err) {
    staged st = {.text = text, .outcome = OUTCOME_FAILED};
    status found =
        ledger_current_get(b->c->ledger, b->c->tables[t->index].id, text, b->arena, &st.old, err);
    if (found != OK && found != E_NOT_FOUND)
        return found;
    return state_reach(&b->state, t, &st, add_stuck, b, err);
}

/* What failed itself is counted as failed, not as blocked. */
static status count_table(blocking *b, const lake_table *t, int64_t *ret, error *err) {
    ledger_failures failures = {0};
    strmap *stuck = b->stuck[t->index];
    TRY(ledger_failures_of(b->c->ledger, b->c->tables[t->index].id, b->arena, &failures, err));
    *ret = (int64_t)strmap_count(stuck);
    for (size_t i = 0; i < failures.count; i++) {
        *ret -= strmap_has(stuck, failures.items[i].partition);
        strmap_set(stuck, failures.items[i].partition, b);
    }
    for (size_t i = 0; i < strmap_count(stuck); i++)
        TRY(reach_from(b, t, strmap_at(stuck, i, NULL), err));
    return OK;
}

status build_blocked_counts(const build_context *c, arena *a, int64_t *ret_counts, error *err) {
    size_t count = c->lake->table_count;
    blocking b = {.c = c, .arena = a, .stuck = ARENA_ARRAY(a, strmap *, count)};
    b.state = (build_state){.c = c, .arena = a, .tables = ARENA_ARRAY(a, staged_table, count)};
    for (size_t i = 0; i < count; i++)
        b.stuck[i] = strmap_new(a);
    for (size_t i = 0; i < count; i++)
        if (!c->lake->tables[i]->source)
            TRY(count_table(&b, c->lake->tables[i], &ret_counts[i], err));
    return OK;
}
