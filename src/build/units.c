#include "build/feeders.h"

#include "ledger/reach.h"

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
                         .map = input->map_fingerprint,
                         .span = input->span};
}

/* What one partition reads through one input. */
typedef struct reading {
    const build_state *s;
    const lake_table *reader;
    const lake_input *input;
    ledger_edge edge;
    strings fed; /* feeds of the units to read; not of MAP_ALL: there it is every unit */
} reading;

/* Versions that this build replaces, or ends with their generation. */
static const staged *replaced(const build_state *s, const lake_input *input, const char *text) {
    const staged_table *table = &s->tables[input->table->index];
    const staged *st = table->table ? strmap_get(table->by_text, text) : NULL;
    return st && st->changed ? st : NULL;
}

static bool is_replaced(const reading *r, const ledger_unit *unit) {
    return !r->input->table->source && replaced(r->s, r->input, unit->partition);
}

static void add_recorded(const reading *r, const ledger_units *units, source_units *ret) {
    for (size_t i = 0; i < units->count; i++)
        if (!is_replaced(r, &units->items[i]))
            vec_push(r->s->arena, ret, ((source_unit){.unit = units->items[i]}));
}

static void add_staged(const reading *r, const staged_list *staged_units, source_units *ret) {
    for (size_t i = 0; staged_units && i < staged_units->count; i++) {
        const staged *st = staged_units->items[i];
        source_unit unit = {.staged = st,
                            .unit = {.partition = st->text,
                                     .content = st->content,
                                     .rows = st->rows,
                                     .bytes = st->bytes}};
        vec_push(r->s->arena, ret, unit);
    }
}

static void add_all_staged(const reading *r, source_units *ret) {
    if (r->input->map.kind == MAP_ALL)
        add_staged(r, feeders_all(r->s, r->reader, r->input), ret);
    for (size_t i = 0; i < r->fed.count; i++)
        add_staged(r, feeders_of(r->s, r->reader, r->input, r->fed.items[i]), ret);
}

static bool are_all_replaced(const reading *r, const ledger_units *units) {
    for (size_t i = 0; i < units->count; i++)
        if (!is_replaced(r, &units->items[i]))
            return false;
    return true;
}

/* The same of recorded versions that this build leaves as they are. */
static status newest_recorded(const reading *r, ledger_bases bases, const char **ret, error *err) {
    bool is_source = r->input->table->source != NULL;
    for (;;) {
        const char *base = NULL;
        strings one = {0};
        ledger_units units = {0};
        TRY(ledger_newest_base(r->s->c->ledger, &r->edge, is_source, &bases, r->s->arena, &base,
                               err));
        *ret = base;
        if (!base)
            return OK;
        vec_push(r->s->arena, &one, base);
        TRY(ledger_units_at(r->s->c->ledger, &r->edge, is_source, &one, r->s->arena, &units, err));
        if (!are_all_replaced(r, &units))
            return OK;
        bases.last = base;
        bases.before_last = true;
    }
}

static status find_newest(reading *r, const char *text, error *err) {
    const char *prefix = NULL, *own = NULL, *recorded = NULL;
    TRY(span_prefix(r->input->map.span, text, r->s->arena, &prefix, err));
    TRY(span_own(r->input->map.span, text, r->s->arena, &own, err));
    if (!prefix)
        return OK;
    const ledger_bases bases = {.prefix = prefix, .last = own};
    const char *newest = feeders_newest(r->s, r->reader, r->input, prefix, own);
    TRY(newest_recorded(r, bases, &recorded, err));
    if (!newest || (recorded && strcmp(recorded, newest) > 0))
        newest = recorded;
    if (newest)
        vec_push(r->s->arena, &r->fed, newest);
    return OK;
}

static status begin_reading(const build_state *s, const lake_table *t, const lake_input *input,
                            const char *text, reading *ret, error *err) {
    reading r = {.s = s, .reader = t, .input = input, .edge = build_edge(s->c, t, input)};
    if (input->map.kind == MAP_WINDOW)
        TRY(span_reads(input->map.span, text, s->arena, &r.fed, err));
    else if (input->map.kind == MAP_AS_OF)
        TRY(find_newest(&r, text, err));
    else
        vec_push(s->arena, &r.fed, text);
    *ret = r;
    return OK;
}

static status find_recorded(const reading *r, ledger_units *ret, error *err) {
    bool is_source = r->input->table->source != NULL, whole = r->input->map.kind == MAP_ALL;
    if (r->input->span)
        return ledger_units_at(r->s->c->ledger, &r->edge, is_source, &r->fed, r->s->arena, ret,
                               err);
    return ledger_units_feeding(r->s->c->ledger, &r->edge, is_source,
                                whole ? NULL : r->fed.items[0], r->s->arena, ret, err);
}

/* Each is the whole: of those that stand at one time, the one that landed last counts. */
static void keep_newest(ledger_units *units) {
    const ledger_unit *newest = NULL;
    for (size_t i = 0; i < units->count; i++)
        if (!newest || units->items[i].land_time >= newest->land_time)
            newest = &units->items[i];
    if (newest)
        units->items[0] = *newest;
    units->count = newest ? 1 : 0;
}

static int by_partition(const void *left, const void *right) {
    return strcmp(((const source_unit *)left)->unit.partition,
                  ((const source_unit *)right)->unit.partition);
}

/* One version may feed several of the base partitions that are read. */
static void sort_each_once(source_units *units) {
    size_t kept = 0;
    if (units->count == 0)
        return;
    qsort(units->items, units->count, sizeof *units->items, by_partition);
    for (size_t i = 0; i < units->count; i++) {
        const source_unit *last = kept > 0 ? &units->items[kept - 1] : NULL;
        if (!last || !last->staged || last->staged != units->items[i].staged)
            units->items[kept++] = units->items[i];
    }
    units->count = kept;
}

status state_units(const build_state *s, const lake_table *t, const lake_input *input,
                   const char *text, source_units *ret, error *err) {
    ledger_units recorded = {0};
    source_units units = {0};
    reading r;
    TRY(begin_reading(s, t, input, text, &r, err));
    TRY(find_recorded(&r, &recorded, err));
    if (input->map.span && input->map.span->only_newest)
        keep_newest(&recorded);
    add_recorded(&r, &recorded, &units);
    if (!input->table->source) {
        add_all_staged(&r, &units);
        sort_each_once(&units);
    }
    *ret = units;
    return OK;
}

status state_fed(const build_state *s, const lake_table *t, const lake_input *input,
                 const char *text, strings *ret, error *err) {
    reading r;
    TRY(begin_reading(s, t, input, text, &r, err));
    *ret = r.fed;
    return OK;
}

static const char *generation_hash(const build_state *s, const lake_table *t) {
    char *text = ARENA_ARRAY(s->arena, char, 65);
    columns_hash(&t->columns, text);
    return arena_printf(s->arena, "%s %s", text, str_join(s->arena, &t->partition_by, "/"));
}

void state_memo_key(const build_state *s, const lake_table *t, const staged *st, char key[65]) {
    plan_inputs *inputs = ARENA_ARRAY(s->arena, plan_inputs, t->input_count);
    ledger_units *units = ARENA_ARRAY(s->arena, ledger_units, t->input_count);
    for (size_t i = 0; i < t->input_count; i++) {
        for (size_t j = 0; j < st->inputs[i].count; j++)
            vec_push(s->arena, &units[i], st->inputs[i].items[j].unit);
        inputs[i] = (plan_inputs){.input = &t->inputs[i], .units = &units[i]};
    }
    plan_memo_key(t, generation_hash(s, t), st->text, inputs, t->input_count, key);
}
