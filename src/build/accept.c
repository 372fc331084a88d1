#include "build/accept.h"

#include "build/stage.h"

static const char INPUTS_CHANGED[] = "its inputs changed too";

typedef struct accepting {
    const build_context *c;
    const accept_ask *ask;
    arena *arena;
    build_state state; /* for reading units as a build does; nothing is ever staged in it */
    int64_t event;     /* of the table at hand; 0: nothing of it was accepted yet */
    accepteds all;
} accepting;

static bool is_of_code(const plan_partition *p) {
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind == CAUSE_CODE)
            return true;
    return false;
}

static bool is_of_code_alone(const plan_partition *p) {
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind != CAUSE_CODE)
            return false;
    return true;
}

static const char *causes_text(arena *a, const plan_partition *p) {
    strings refs = {0};
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind == CAUSE_CODE)
            vec_push(a, &refs, p->causes.items[i].ref);
    return str_join(a, &refs, "; ");
}

/* The partition of the table as it is defined now; 0: what is there is none of it. */
static status partition_now(const accepting *ac, const lake_table *t, const staged *st,
                            int64_t *ret, error *err) {
    int64_t id = 0;
    int64_t generation = ac->c->tables[t->index].generation;
    TRY(ledger_partition_find(ac->c->ledger, generation, st->text, &id, err));
    *ret = id == st->old.partition ? id : 0;
    return OK;
}

static const ledger_ancestor *find_ancestor(const ledger_ancestors *all, int64_t input,
                                            const ledger_unit *unit) {
    for (size_t i = 0; i < all->count; i++) {
        const ledger_ancestor *one = &all->items[i];
        bool same = one->unit == unit->unit;
        if (unit->content != NULL && one->content != NULL)
            same = str_eq(one->partition, unit->partition) && str_eq(one->content, unit->content);
        if (one->input == input && same)
            return one;
    }
    return NULL;
}

/* Something that is read now and was not, and that came after. */
static status gained(const accepting *ac, const lake_table *t, const staged *st,
                     const ledger_ancestors *before, bool *ret, error *err) {
    for (size_t i = 0; !*ret && i < t->input_count; i++) {
        const lake_table *input = t->inputs[i].table;
        for (size_t j = 0; !*ret && j < st->inputs[i].count; j++) {
            const ledger_unit *unit = &st->inputs[i].items[j].unit;
            int64_t seq = 0;
            if (find_ancestor(before, ac->c->tables[input->index].id, unit) != NULL)
                continue;
            TRY(ledger_unit_seq(ac->c->ledger, input->source != NULL, unit->unit, &seq, err));
            *ret = seq > st->old.derived_seq;
        }
    }
    return OK;
}

static bool is_read(const accepting *ac, const lake_table *t, const staged *st,
                    const ledger_ancestor *one) {
    for (size_t i = 0; i < t->input_count; i++) {
        if (ac->c->tables[t->inputs[i].table->index].id != one->input)
            continue;
        for (size_t j = 0; j < st->inputs[i].count; j++)
            if (st->inputs[i].items[j].unit.unit == one->unit)
                return true;
    }
    return false;
}

/* Did the inputs change, and not only what the code reads of them? Marks alone do not tell: those
 * of a map that is no more name other partitions. */
static status inputs_moved(const accepting *ac, const lake_table *t, const staged *st, bool *ret,
                           error *err) {
    ledger_ancestors before = {0};
    *ret = false;
    TRY(ledger_lineage_of(ac->c->ledger, st->old.derivation, ac->arena, &before, err));
    for (size_t i = 0; i < before.count; i++)
        *ret = *ret || (!before.items[i].counts && !is_read(ac, t, st, &before.items[i]));
    return gained(ac, t, st, &before, ret, err);
}

/* NULL: it can stay. */
static const char *reason_against(const plan_partition *p, const staged *st, int64_t partition) {
    if (st->old.version == 0)
        return "there is nothing to be kept";
    if (partition == 0)
        return "it has other columns or partitions now";
    if (st->old.content[0] == '\0')
        return "its files are damaged";
    return is_of_code_alone(p) ? NULL : INPUTS_CHANGED;
}

static status need_event(accepting *ac, const lake_table *t, error *err) {
    if (ac->event != 0)
        return OK;
    const ledger_event e = {.who = ac->c->who,
                            .what = "accept",
                            .ref = t->name,
                            .why = ac->ask->why,
                            .at_us = clock_now_us(ac->c->clock)};
    return ledger_event_put(ac->c->ledger, &e, &ac->event, err);
}

/* What the code has made of it already. id 0: nothing is known. */
static status find_made(const accepting *ac, const staged *st, int64_t partition,
                        ledger_derivation *ret, error *err) {
    ledger_derivation known = {0};
    status found = ledger_derivation_find(ac->c->ledger, partition, st->memo_key, &known, NULL);
    if (found != OK && found != E_NOT_FOUND)
        return error_set(err, found, "cannot look up what the code of \"%s\" has made", st->text);
    *ret = known;
    return OK;
}

/* Only what the code did not make needs somebody's word. */
static status derive(accepting *ac, const lake_table *t, const staged *st, int64_t partition,
                     int64_t *ret, error *err) {
    TRY(need_event(ac, t, err));
    const ledger_acceptance acceptance = {.partition = partition,
                                          .memo_key = st->memo_key,
                                          .version = st->old.version,
                                          .code = ac->c->tables[t->index].code,
                                          .made = st->old.derivation,
                                          .event = ac->event};
    return ledger_derivation_accept(ac->c->ledger, &acceptance, ac->c->run, ret, err);
}

static status accept_one(accepting *ac, const lake_table *t, const staged *st, int64_t partition,
                         int64_t derivation, error *err) {
    int64_t id = ac->c->tables[t->index].id, seq = 0;
    if (derivation == 0)
        TRY(derive(ac, t, st, partition, &derivation, err));
    TRY(ledger_current_set(ac->c->ledger, id, partition, derivation, st->old.version, err));
    TRY(ledger_next_seq(ac->c->ledger, &seq, err));
    TRY(ledger_failure_clear(ac->c->ledger, id, st->text, err));
    return ledger_marks_clear(ac->c->ledger, id, st->text, seq, err);
}

static status accept_if_same(accepting *ac, const lake_table *t, staged *st, int64_t partition,
                             const char **ret_reason, error *err) {
    ledger_derivation made = {0};
    bool moved = false;
    TRY(stage_key(&ac->state, t, st, err));
    TRY(inputs_moved(ac, t, st, &moved, err));
    TRY(find_made(ac, st, partition, &made, err));
    if (moved)
        *ret_reason = INPUTS_CHANGED;
    else if (made.id != 0 && made.version != st->old.version)
        *ret_reason = "what the code makes of it is known: a run takes that";
    else
        TRY(accept_one(ac, t, st, partition, made.id, err));
    return OK;
}

static status judge(accepting *ac, const lake_table *t, const plan_partition *p, error *err) {
    staged st = {.text = p->text};
    int64_t partition = 0, id = ac->c->tables[t->index].id;
    accepted told = {.table = t->name, .partition = p->text};
    status found = ledger_current_get(ac->c->ledger, id, p->text, ac->arena, &st.old, err);
    if (found != OK && found != E_NOT_FOUND)
        return found;
    TRY(partition_now(ac, t, &st, &partition, err));
    told.causes = causes_text(ac->arena, p);
    told.reason = reason_against(p, &st, partition);
    if (told.reason == NULL)
        TRY(accept_if_same(ac, t, &st, partition, &told.reason, err));
    vec_push(ac->arena, &ac->all, told);
    return OK;
}

static bool is_meant(const accepting *ac, const lake_table *t, const plan_partition *p) {
    return ac->ask->filter == NULL || plan_filter_takes(ac->ask->filter, t, p->text);
}

static status accept_table(accepting *ac, const lake_table *t, error *err) {
    marks marked = {0};
    static const plan_reaches NOTHING = {0};
    TRY(ledger_marks(ac->c->ledger, ac->c->tables[t->index].id, ac->arena, &marked, err));
    const plan_partitions stale = plan_merge(ac->arena, &marked, &NOTHING);
    ac->event = 0;
    for (size_t i = 0; i < stale.count; i++)
        if (is_of_code(&stale.items[i]) && is_meant(ac, t, &stale.items[i]))
            TRY(judge(ac, t, &stale.items[i], err));
    return OK;
}

static status accept_all(accepting *ac, error *err) {
    const lake *l = ac->c->lake;
    if (ac->c->fence != 0)
        TRY(ledger_lease_check(ac->c->ledger, LEDGER_LEASE_RUN, ac->c->run, ac->c->fence, err));
    for (size_t i = 0; i < l->table_count; i++)
        if (l->tables[i]->source == NULL && (ac->ask->selected == NULL || ac->ask->selected[i]))
            TRY(accept_table(ac, l->tables[i], err));
    return OK;
}

status build_accept(const build_context *c, const accept_ask *ask, arena *a, accepteds *ret,
                    error *err) {
    accepting ac = {.c = c, .ask = ask, .arena = a};
    ac.state = (build_state){
        .c = c, .arena = a, .tables = ARENA_ARRAY(a, staged_table, c->lake->table_count)};
    TRY(build_absorb(c, err));
    TRY(ledger_begin(c->ledger, LEDGER_WRITE, err));
    status result = accept_all(&ac, err);
    if (result != OK) {
        ledger_rollback(c->ledger);
        return result;
    }
    TRY(ledger_commit(c->ledger, err));
    *ret = ac.all;
    return OK;
}
