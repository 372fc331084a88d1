#include "build/stage.h"

#include "build/kept.h"
#include "build/stuck.h"

#include <inttypes.h>

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

/* What a retained version feeds in one reader. false: nobody found out while it was current, and
 * its rows would have to be read. */
static status recorded_feed(build_state *s, const lake_reader *reader, const staged *st,
                            int64_t version, unit_feed *ret, bool *ret_known, error *err) {
    ledger_edge edge = build_edge(s->c, reader->table, reader->input);
    unit_feed feed = {.reader = reader->table, .input = reader->input};
    status found = ledger_feeds_of(s->c->ledger, edge.table, edge.input, edge.map, version,
                                   s->arena, &feed.partitions, NULL);
    *ret_known = found == OK || !feeds_need_rows(reader->input);
    if (found == E_NOT_FOUND && *ret_known)
        TRY(feeds_read_edge(reader->table, reader->input, NULL, st->text, s->arena, &feed, err));
    else if (found != OK && found != E_NOT_FOUND)
        return error_set(err, found, "cannot look up what a version feeds");
    *ret = feed;
    return OK;
}

static status recorded_feeds(build_state *s, const lake_table *t, staged *st, int64_t version,
                             bool *ret_known, error *err) {
    unit_feeds feeds = {0};
    lake_readers readers = lake_readers_of(s->c->lake, t, s->arena);
    bool known = true;
    for (size_t i = 0; known && i < readers.count; i++) {
        unit_feed feed;
        TRY(recorded_feed(s, &readers.items[i], st, version, &feed, &known, err));
        vec_push(s->arena, &feeds, feed);
    }
    if (known)
        st->feeds = feeds;
    *ret_known = known;
    return OK;
}

static status reuse(build_state *s, staged *st, const ledger_derivation *found, error *err) {
    ledger_version version = {0};
    TRY(ledger_version_get(s->c->ledger, found->version, s->arena, &version, err));
    st->outcome = OUTCOME_REUSED;
    st->derivation = found->id;
    st->version = version.id;
    st->content = version.content;
    st->rows = version.rows;
    st->bytes = version.bytes;
    st->files = version.files;
    st->file_count = version.file_count;
    st->changed = st->version != st->old.version;
    return OK;
}

/* A retained version under the wanted key becomes current without work. */
static status try_reuse(build_state *s, const lake_table *t, staged *st, error *err) {
    int64_t partition = 0;
    bool known = false;
    ledger_derivation found = {0};
    TRY(ledger_partition_find(s->c->ledger, state_ledger_table(s, t)->generation, st->text,
                              &partition, err));
    if (partition == 0)
        return OK;
    status looked = ledger_derivation_find(s->c->ledger, partition, st->memo_key, &found, err);
    if (looked == E_NOT_FOUND)
        return OK;
    TRY(looked);
    TRY(recorded_feeds(s, t, st, found.version, &known, err));
    return known ? reuse(s, st, &found, err) : OK;
}

static const ledger_failure *remembered(const ledger_failures *failures, const staged *st) {
    for (size_t i = 0; i < failures->count; i++)
        if (str_eq(failures->items[i].partition, st->text)
            && str_eq(failures->items[i].memo_key, st->memo_key))
            return &failures->items[i];
    return NULL;
}

void stage_fail(const build_state *s, const lake_table *t, staged *st, const error *why) {
    st->outcome = OUTCOME_FAILED;
    st->failure = *why;
    st->obstacle = obstacle_new(s->arena, t, st->text, false);
}

void stage_leave(const build_state *s, const lake_table *t, staged *st) {
    st->outcome = OUTCOME_LATER;
    st->obstacle = obstacle_new(s->arena, t, st->text, true);
}

obstacle *stage_obstacle(const staged_table *table) {
    obstacle *worst = NULL;
    for (size_t i = 0; i < table->partitions.count; i++)
        if (staged_is_stuck(table->partitions.items[i]))
            worst = obstacle_worse(worst, table->partitions.items[i]->obstacle);
    return worst;
}

static void take_remembered(const build_state *s, const lake_table *t, staged *st,
                            const ledger_failure *failure) {
    error ignored = {0}, why = {0};
    JSON_AUTO document = NULL;
    if (json_parse(failure->error, strlen(failure->error), "failure", &document, &ignored) != OK)
        document = json_pack("{s:s}", "message", "it failed in an earlier run");
    (void)engine_read_error(document, &why);
    stage_fail(s, t, st, &why);
    st->remembered = true;
}

/* Somebody asked for it, whatever is known. */
static bool is_forced(const plan_partition *p) {
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind == CAUSE_FORCED || p->causes.items[i].kind == CAUSE_MISSING)
            return true;
    return false;
}

static void block(const staged_table *table, staged *st) {
    st->obstacle = obstacle_worse(table->blocked_whole, strmap_get(table->blocked, st->text));
    if (st->obstacle)
        st->outcome = st->obstacle->later ? OUTCOME_LATER : OUTCOME_BLOCKED;
}

/* Of one that is to come nobody could be told. */
static status block_planned(build_state *s, const staged_table *table, staged *st, error *err) {
    block(table, st);
    if (st->obstacle || st->old.version != 0)
        return OK;
    TRY(stuck_before(s, table->table, st->text, &st->obstacle, err));
    if (st->obstacle)
        st->outcome = st->obstacle->later ? OUTCOME_LATER : OUTCOME_BLOCKED;
    return OK;
}

static const char *wanted_layout(const lake_table *t) {
    for (size_t i = 0; i < t->code_parts.count; i++)
        if (str_eq(t->code_parts.items[i].name, LAKE_FILES_PART))
            return t->code_parts.items[i].hash;
    return NULL;
}

static status layout_of(build_state *s, staged_table *table, int64_t code, const char **ret,
                        error *err) {
    const char *key = arena_printf(s->arena, "%" PRId64, code);
    const char *layout = NULL;
    if (!strmap_has(table->layouts, key)) {
        TRY(ledger_code_part(s->c->ledger, code, LAKE_FILES_PART, s->arena, &layout, err));
        strmap_set(table->layouts, key, (void *)(uintptr_t)layout);
    }
    *ret = strmap_get(table->layouts, key);
    return OK;
}

/* Equal rows are no reason to stay in files of another policy. */
static status compare_layout(build_state *s, staged_table *table, staged *st, error *err) {
    const char *wanted = wanted_layout(table->table), *had = NULL;
    if (st->old.rows == 0 || wanted == NULL)
        return OK;
    TRY(layout_of(s, table, st->old.code, &had, err));
    st->relaid = had != NULL && !str_eq(had, wanted);
    return OK;
}

status stage_key(build_state *s, const lake_table *t, staged *st, error *err) {
    char key[65];
    TRY(load_inputs(s, t, st, err));
    state_memo_key(s, t, st, key);
    st->memo_key = arena_strdup(s->arena, key);
    return OK;
}

static bool is_fed(const lake_table *t, const staged *st) {
    for (size_t i = 0; i < t->input_count; i++)
        if (t->inputs[i].map.kind != MAP_ALL && st->inputs[i].count > 0)
            return true;
    return false;
}

/* Nothing to remember: it is seen again at once. One without rows has no directory. */
static bool refuse_long_name(const build_state *s, const lake_table *t, staged *st) {
    error why = {0};
    const char *found = partition_too_long(st->text, s->arena);
    if (found == NULL || !is_fed(t, st))
        return false;
    (void)error_set(&why, E_DATA, "a name of %zu bytes is too long for a directory", strlen(found));
    error_hint(&why, "At most %d are possible: partition \"%s\" by something shorter.",
               PARTITION_NAME_MAX, t->name);
    stage_fail(s, t, st, &why);
    st->remembered = true;
    return true;
}

static status decide_one(build_state *s, staged_table *table, staged *st,
                         const ledger_failures *failures, error *err) {
    /* Building without what is not known would lose its rows. Nothing to remember: it is asked
     * again. */
    if (table->unknown) {
        stage_fail(s, table->table, st, table->unknown);
        st->remembered = true;
        return OK;
    }
    TRY(block_planned(s, table, st, err));
    if (st->obstacle)
        return OK;
    TRY(stage_key(s, table->table, st, err));
    if (refuse_long_name(s, table->table, st))
        return OK;
    TRY(compare_layout(s, table, st, err));
    if (st->old.version != 0 && str_eq(st->old.memo_key, st->memo_key) && !st->forced) {
        st->outcome = OUTCOME_SAME_KEY;
        return OK;
    }
    const ledger_failure *failure = remembered(failures, st);
    if (failure && !s->c->retry_failed) {
        take_remembered(s, table->table, st, failure);
        return OK;
    }
    if (!st->forced)
        TRY(try_reuse(s, table->table, st, err));
    return st->outcome == OUTCOME_PENDING ? kept_find(s, table, st, err) : OK;
}

/* A mark of an older partitioning names no partition of this one: there is nothing to build, and
 * what it has goes. */
static bool fits(build_state *s, const lake_table *t, const char *text) {
    const char **values = NULL;
    return partition_values(text, &t->partition_by, s->arena, &values, NULL) == OK;
}

static void leave(staged *st) {
    st->changed = st->old.version != 0;
    st->outcome = st->changed ? OUTCOME_LEAVING : OUTCOME_SAME_KEY;
}

/* Partitions of an older generation that are none of this one. Those that are in both are planned,
 * and trade places by their text. */
static status add_leaving(build_state *s, staged_table *table, error *err) {
    const ledger_table *in = state_ledger_table(s, table->table);
    ledger_currents others = {0};
    TRY(ledger_generation_others(s->c->ledger, in->id, in->generation, s->arena, &others, err));
    table->swaps = others.count > 0;
    for (size_t i = 0; i < others.count; i++) {
        if (strmap_has(table->by_text, others.items[i].text))
            continue;
        staged *st = add_staged(s, table, others.items[i].text);
        st->old = others.items[i];
        leave(st);
    }
    return OK;
}

static obstacle *obstacle_of_whole(const build_state *s, const lake_table *t) {
    obstacle *worst = NULL;
    for (size_t i = 0; i < t->input_count; i++)
        if (t->inputs[i].map.kind == MAP_ALL)
            worst = obstacle_worse(worst, stage_obstacle(&s->tables[t->inputs[i].table->index]));
    return worst;
}

/* Partitions that nothing marked but that read something which failed are reported all the same. */
static status add_blocked(build_state *s, staged_table *table, error *err) {
    for (size_t i = 0; i < strmap_count(table->blocked); i++) {
        const char *text = strmap_at(table->blocked, i, NULL);
        if (strmap_has(table->by_text, text))
            continue;
        staged *st = add_staged(s, table, text);
        block(table, st);
        TRY(load_old(s, table->table, st, err));
    }
    return OK;
}

static status add_planned(build_state *s, staged_table *table, const plan_partition *p,
                          staged **ret, error *err) {
    staged *st = add_staged(s, table, p->text);
    st->planned = true;
    st->by_code = p->by_code;
    st->forced = is_forced(p);
    TRY(load_old(s, table->table, st, err));
    if (p->later)
        stage_leave(s, table->table, st);
    *ret = st;
    return OK;
}

static status decide_planned(build_state *s, staged_table *table, const plan_partition *p,
                             const ledger_failures *failures, error *err) {
    staged *st = NULL;
    TRY(add_planned(s, table, p, &st, err));
    if (p->later)
        return OK;
    if (fits(s, table->table, st->text))
        return decide_one(s, table, st, failures, err);
    leave(st);
    return OK;
}

static status begin_table(build_state *s, const lake_table *t, ledger_failures *ret, error *err) {
    staged_table *table = &s->tables[t->index];
    table->table = t;
    table->blocked_whole = obstacle_of_whole(s, t);
    return ledger_failures_of(s->c->ledger, state_ledger_table(s, t)->id, s->arena, ret, err);
}

status stage_decide(build_state *s, const lake_table *t, const plan_partitions *planned,
                    error *err) {
    staged_table *table = &s->tables[t->index];
    ledger_failures failures = {0};
    TRY(begin_table(s, t, &failures, err));
    for (size_t i = 0; i < planned->count; i++)
        TRY(decide_planned(s, table, &planned->items[i], &failures, err));
    if (planned->count > 0)
        TRY(add_leaving(s, table, err));
    return add_blocked(s, table, err);
}

static bool has_failed(const ledger_failures *failures, const char *text) {
    for (size_t i = 0; i < failures->count; i++)
        if (str_eq(failures->items[i].partition, text))
            return true;
    return false;
}

/* Of one whose inputs may change the key is not known yet. */
static status foresee_planned(build_state *s, staged_table *table, const plan_partition *p,
                              const ledger_failures *failures, error *err) {
    staged *st = NULL;
    TRY(add_planned(s, table, p, &st, err));
    if (p->later)
        return OK;
    if (fits(s, table->table, p->text))
        TRY(block_planned(s, table, st, err));
    else
        block(table, st);
    if (st->obstacle || p->reached || s->c->retry_failed || !has_failed(failures, p->text)
        || !fits(s, table->table, p->text))
        return OK;
    TRY(stage_key(s, table->table, st, err));
    const ledger_failure *failure = remembered(failures, st);
    if (failure)
        take_remembered(s, table->table, st, failure);
    return OK;
}

status stage_foresee(build_state *s, const lake_table *t, const plan_partitions *planned,
                     error *err) {
    staged_table *table = &s->tables[t->index];
    ledger_failures failures = {0};
    TRY(begin_table(s, t, &failures, err));
    for (size_t i = 0; i < planned->count; i++)
        TRY(foresee_planned(s, table, &planned->items[i], &failures, err));
    return add_blocked(s, table, err);
}

void stage_hold_incomplete(build_state *s, const lake_table *t) {
    staged_table *table = &s->tables[t->index];
    obstacle *why = stage_obstacle(table);
    if (!table->swaps || !why)
        return;
    for (size_t i = 0; i < table->partitions.count; i++) {
        staged *st = table->partitions.items[i];
        if (st->changed && st->outcome != OUTCOME_LEAVING)
            st->outcome = OUTCOME_HELD;
        st->changed = false;
        if (staged_is_stuck(st) && !st->obstacle)
            st->obstacle = why;
    }
}
