#include "build/state.h"

void state_init(build_state *s, const build_context *c, arena *a) {
    size_t count = c->lake->table_count;
    *s = (build_state){.c = c, .arena = a, .tables = ARENA_ARRAY(a, staged_table, count)};
    for (size_t i = 0; i < count; i++) {
        s->tables[i].by_text = strmap_new(a);
        s->tables[i].blocked = strmap_new(a);
        s->tables[i].layouts = strmap_new(a);
    }
}

ledger_edge build_edge(const build_context *c, const lake_table *reader, const lake_input *input) {
    return (ledger_edge){.table = c->tables[reader->index].id,
                         .input = c->tables[input->table->index].id,
                         .map = input->map_fingerprint};
}

static bool staged_feeds(const staged *st, const lake_table *reader, const lake_input *input,
                         const char *text) {
    if (input->map.kind == MAP_ALL)
        return true;
    for (size_t i = 0; i < st->feeds.count; i++) {
        const unit_feed *feed = &st->feeds.items[i];
        if (feed->reader == reader && feed->input == input)
            return strings_contain(&feed->partitions, text);
    }
    return false;
}

/* Versions that this build replaces, or ends with their generation. */
static const staged *replaced(const build_state *s, const lake_input *input, const char *text) {
    const staged_table *table = &s->tables[input->table->index];
    const staged *st = table->table ? strmap_get(table->by_text, text) : NULL;
    return st && st->changed ? st : NULL;
}

static void add_recorded(const build_state *s, const lake_input *input, const ledger_units *units,
                         source_units *ret) {
    for (size_t i = 0; i < units->count; i++) {
        if (!input->table->source && replaced(s, input, units->items[i].partition))
            continue;
        vec_push(s->arena, ret, ((source_unit){.unit = units->items[i]}));
    }
}

static void add_staged(const build_state *s, const lake_table *t, const lake_input *input,
                       const char *text, source_units *ret) {
    const staged_table *table = &s->tables[input->table->index];
    for (size_t i = 0; table->table && i < table->partitions.count; i++) {
        const staged *st = table->partitions.items[i];
        if (!st->changed || st->outcome == OUTCOME_LEAVING || !staged_feeds(st, t, input, text))
            continue;
        source_unit unit = {.staged = st,
                            .unit = {.partition = st->text,
                                     .content = st->content,
                                     .rows = st->rows,
                                     .bytes = st->bytes}};
        vec_push(s->arena, ret, unit);
    }
}

static int by_partition(const void *left, const void *right) {
    return strcmp(((const source_unit *)left)->unit.partition,
                  ((const source_unit *)right)->unit.partition);
}

status state_units(const build_state *s, const lake_table *t, const lake_input *input,
                   const char *text, source_units *ret, error *err) {
    ledger_units recorded = {0};
    source_units units = {0};
    ledger_edge edge = build_edge(s->c, t, input);
    bool is_source = input->table->source != NULL;
    TRY(ledger_units_feeding(s->c->ledger, &edge, is_source,
                             input->map.kind == MAP_ALL ? NULL : text, s->arena, &recorded, err));
    add_recorded(s, input, &recorded, &units);
    if (!is_source) {
        add_staged(s, t, input, text, &units);
        if (units.count > 0)
            qsort(units.items, units.count, sizeof *units.items, by_partition);
    }
    *ret = units;
    return OK;
}

void state_memo_key(const build_state *s, const staged_table *table, const staged *st,
                    char key[65]) {
    const lake_table *t = table->table;
    plan_inputs *inputs = ARENA_ARRAY(s->arena, plan_inputs, t->input_count);
    ledger_units *units = ARENA_ARRAY(s->arena, ledger_units, t->input_count);
    for (size_t i = 0; i < t->input_count; i++) {
        for (size_t j = 0; j < st->inputs[i].count; j++)
            vec_push(s->arena, &units[i], st->inputs[i].items[j].unit);
        inputs[i] = (plan_inputs){.input = &t->inputs[i], .units = &units[i]};
    }
    plan_memo_key(t, table->generation_hash, st->text, inputs, t->input_count, key);
}
