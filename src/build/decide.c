#include "build/stage.h"

static staged *add_staged(build_state *s, staged_table *table, const char *text) {
    staged *st = ARENA_NEW(s->arena, staged);
    st->text = text;
    vec_push(s->arena, &table->partitions, st);
    strmap_set(table->by_text, text, st);
    return st;
}

static status load_old(build_state *s, const lake_table *t, staged *st, error *err) {
    int64_t id = state_ledger_table(s, t)->id;
    status found = ledger_current_get(s->c->ledger, id, st->text, s->arena, &st->old, err);
    return found == E_NOT_FOUND ? OK : found;
}

static status load_inputs(build_state *s, const lake_table *t, staged *st, error *err) {
    st->inputs = ARENA_ARRAY(s->arena, source_units, t->input_count);
    for (size_t i = 0; i < t->input_count; i++)
        TRY(state_units(s, t, &t->inputs[i], st->text, &st->inputs[i], err));
    return OK;
}

/* A retained version under the wanted key becomes current without work. */
static status try_reuse(build_state *s, staged *st, error *err) {
    ledger_derivation found = {0};
    ledger_version version = {0};
    if (st->old.partition == 0)
        return OK;
    status looked =
        ledger_derivation_find(s->c->ledger, st->old.partition, st->memo_key, &found, err);
    if (looked == E_NOT_FOUND)
        return OK;
    TRY(looked);
    TRY(ledger_version_get(s->c->ledger, found.version, s->arena, &version, err));
    st->outcome = OUTCOME_REUSED;
    st->derivation = found.id;
    st->version = version.id;
    st->content = version.content;
    st->rows = version.rows;
    st->bytes = version.bytes;
    st->files = version.files;
    st->file_count = version.file_count;
    st->changed = st->version != st->old.version;
    return OK;
}

static const ledger_failure *remembered(const ledger_failures *failures, const staged *st) {
    for (size_t i = 0; i < failures->count; i++)
        if (str_eq(failures->items[i].partition, st->text)
            && str_eq(failures->items[i].memo_key, st->memo_key))
            return &failures->items[i];
    return NULL;
}

static void take_remembered(staged *st, const ledger_failure *failure) {
    error ignored = {0};
    JSON_AUTO document = NULL;
    if (json_parse(failure->error, strlen(failure->error), "failure", &document, &ignored) != OK)
        document = json_object();
    st->outcome = OUTCOME_FAILED;
    st->remembered = true;
    (void)error_set(&st->failure, E_DATA, "%s",
                    json_get_string(document, "message", "it failed in an earlier run"));
    error_hint(&st->failure, "%s", json_get_string(document, "hint", ""));
}

static status decide_one(build_state *s, staged_table *table, staged *st,
                         const ledger_failures *failures, error *err) {
    char key[65];
    if (strmap_has(table->blocked, st->text)) {
        st->outcome = OUTCOME_BLOCKED;
        return OK;
    }
    TRY(load_inputs(s, table->table, st, err));
    state_memo_key(s, table, st, key);
    st->memo_key = arena_strdup(s->arena, key);
    if (st->old.version != 0 && str_eq(st->old.memo_key, key)) {
        st->outcome = OUTCOME_SAME_KEY;
        return OK;
    }
    const ledger_failure *failure = remembered(failures, st);
    if (failure && !s->c->retry_failed) {
        take_remembered(st, failure);
        return OK;
    }
    return try_reuse(s, st, err);
}

/* A mark of an older partitioning names no partition of this one: there is nothing to build. */
static bool fits(build_state *s, const lake_table *t, const char *text) {
    const char **values = NULL;
    return partition_values(text, &t->partition_by, s->arena, &values, NULL) == OK;
}

static const char *generation_hash(build_state *s, const lake_table *t) {
    char *text = ARENA_ARRAY(s->arena, char, 65);
    columns_hash(&t->columns, text);
    return arena_printf(s->arena, "%s %s", text, str_join(s->arena, &t->partition_by, "/"));
}

/* Partitions that nothing marked but that read something which failed are reported all the same. */
static status add_blocked(build_state *s, staged_table *table, error *err) {
    for (size_t i = 0; i < strmap_count(table->blocked); i++) {
        const char *text = strmap_at(table->blocked, i, NULL);
        if (strmap_has(table->by_text, text))
            continue;
        staged *st = add_staged(s, table, text);
        st->outcome = OUTCOME_BLOCKED;
        TRY(load_old(s, table->table, st, err));
    }
    return OK;
}

status stage_decide(build_state *s, const lake_table *t, const plan_partitions *planned,
                    error *err) {
    staged_table *table = &s->tables[t->index];
    ledger_failures failures = {0};
    table->table = t;
    table->generation_hash = generation_hash(s, t);
    TRY(ledger_failures_of(s->c->ledger, state_ledger_table(s, t)->id, s->arena, &failures, err));
    for (size_t i = 0; i < planned->count; i++) {
        staged *st = add_staged(s, table, planned->items[i].text);
        TRY(load_old(s, t, st, err));
        if (!fits(s, t, st->text))
            st->outcome = OUTCOME_SAME_KEY;
        else
            TRY(decide_one(s, table, st, &failures, err));
    }
    s->planned += table->partitions.count;
    return add_blocked(s, table, err);
}
