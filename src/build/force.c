/* What a rebuild asks for, as marks. */
#include "build/absorb.h"
#include "build/state.h"
#include "ledger/rebuild.h"
#include "ledger/staged.h"

typedef struct forcing {
    const build_context *c;
    const build_force *ask;
    arena *arena;
    build_state state; /* for reading feeds as a build does; nothing is ever staged in it */
    strmap **chosen;   /* per table: partitions */
} forcing;

static bool is_chosen(const forcing *f, const lake_table *t, const char *text) {
    const char **values = NULL;
    return partition_values(text, &t->partition_by, f->arena, &values, NULL) == OK
           && (!f->ask->filter || plan_filter_takes(f->ask->filter, t, text));
}

static status choose_known(forcing *f, const lake_table *t, error *err) {
    strings known = {0};
    TRY(ledger_partitions_known(f->c->ledger, f->c->tables[t->index].id, f->arena, &known, err));
    if (t->partition_by.count == 0)
        vec_push(f->arena, &known, "()");
    for (size_t i = 0; i < known.count; i++)
        if (is_chosen(f, t, known.items[i]))
            strmap_set(f->chosen[t->index], known.items[i], f);
    return OK;
}

static void choose_reader(void *state, const lake_table *reader, const char *partition) {
    forcing *f = state;
    if (f->ask->follow[reader->index])
        strmap_set(f->chosen[reader->index], partition, f);
}

static status choose_readers(forcing *f, const lake_table *t, error *err) {
    for (size_t i = 0; i < strmap_count(f->chosen[t->index]); i++) {
        staged st = {.text = strmap_at(f->chosen[t->index], i, NULL), .outcome = OUTCOME_FAILED};
        status found = ledger_current_get(f->c->ledger, f->c->tables[t->index].id, st.text,
                                          f->arena, &st.old, err);
        if (found != OK && found != E_NOT_FOUND)
            return found;
        TRY(state_reach(&f->state, t, &st, choose_reader, f, err));
    }
    return OK;
}

static status choose(forcing *f, error *err) {
    for (size_t i = 0; i < f->c->lake->table_count; i++) {
        const lake_table *t = f->c->lake->tables[i];
        if (t->source)
            continue;
        if (f->ask->selected[i])
            TRY(choose_known(f, t, err));
        if (f->ask->downstream)
            TRY(choose_readers(f, t, err));
    }
    return OK;
}

static status force_one(const forcing *f, const lake_table *t, const char *text, build_forced *into,
                        error *err) {
    int64_t id = f->c->tables[t->index].id;
    const build_blocked one = {.table = t->name, .partition = text};
    const mark forced = {.partition = text, .cause = CAUSE_FORCED, .ref = f->c->run};
    bool held = false;
    TRY(ledger_hold_is(f->c->ledger, id, text, &held, err));
    if (held) {
        vec_push(f->arena, &into->held, one);
        return OK;
    }
    vec_push(f->arena, &into->partitions, one);
    TRY(ledger_failure_clear(f->c->ledger, id, text, err));
    TRY(ledger_staged_drop(f->c->ledger, id, text, err)); /* what a run before had begun */
    return ledger_mark_add(f->c->ledger, id, &forced, err);
}

static status force_chosen(const forcing *f, build_forced *into, error *err) {
    for (size_t i = 0; i < f->c->lake->table_count; i++)
        for (size_t j = 0; j < strmap_count(f->chosen[i]); j++)
            TRY(force_one(f, f->c->lake->tables[i], strmap_at(f->chosen[i], j, NULL), into, err));
    return OK;
}

static status record(const forcing *f, error *err) {
    const build_context *c = f->c;
    ledger_rebuild asked = {.run = c->run, .request = f->ask->request};
    for (size_t i = 0; i < c->lake->table_count; i++)
        if (f->ask->selected[i] || f->ask->follow[i])
            vec_push(f->arena, &asked.tables, c->lake->tables[i]->name);
    TRY(ledger_rebuild_add(c->ledger, &asked, err));
    TRY(ledger_moment_of_run(c->ledger, c->run, err));
    return ledger_event_add(c->ledger, c->who, "rebuild", f->ask->request, f->ask->why,
                            clock_now_us(c->clock), err);
}

/* A rehearsal holds no lease. */
static status force_locked(forcing *f, build_forced *into, error *err) {
    if (f->c->fence != 0)
        TRY(ledger_lease_check(f->c->ledger, LEDGER_LEASE_RUN, f->c->run, f->c->fence, err));
    TRY(choose(f, err));
    TRY(force_chosen(f, into, err));
    return into->partitions.count > 0 ? record(f, err) : OK;
}

static status end_transaction(ledger *l, status result, error *err) {
    if (result == OK)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

status build_force_marks(const build_context *c, const build_force *ask, arena *a,
                         build_forced *ret, error *err) {
    size_t count = c->lake->table_count;
    absorb_failures ignored = {0}; /* the build tells of them */
    build_forced forced = {0};
    forcing f = {.c = c, .ask = ask, .arena = a, .chosen = ARENA_ARRAY(a, strmap *, count)};
    state_init(&f.state, c, a);
    for (size_t i = 0; i < count; i++)
        f.chosen[i] = strmap_new(a);
    TRY(absorb_changes(c, a, &ignored, err));
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    TRY(end_transaction(c->ledger, force_locked(&f, &forced, err), err));
    *ret = forced;
    return OK;
}

static status done_locked(const build_context *c, const strings *runs, error *err) {
    TRY(ledger_lease_check(c->ledger, LEDGER_LEASE_RUN, c->run, c->fence, err));
    for (size_t i = 0; i < runs->count; i++)
        TRY(ledger_rebuild_done(c->ledger, runs->items[i], err));
    return OK;
}

status build_force_done(const build_context *c, const strings *runs, error *err) {
    if (runs->count == 0)
        return OK;
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    return end_transaction(c->ledger, done_locked(c, runs, err), err);
}
