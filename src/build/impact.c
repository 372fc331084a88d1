#include "build/impact.h"

#include "build/state.h"
#include "ledger/reach.h"

/* Where a partition leads to under one map. */
typedef struct hop {
    const lake_table *reader;
    strings partitions;
    bool whole; /* every partition of the reader */
} hop;
typedef VEC(hop) hops;

/* A partition that was looked at, for this question or an earlier one. */
typedef struct vertex {
    const lake_table *table;
    const char *text;
    ledger_current now;
    bool exists;
    hops hops;
    bool hops_known; /* looked up */
    bool complete;   /* and each of them told */
    int64_t question;
    impact_node *node; /* of that question */
} vertex;
typedef VEC(vertex *) vertices;

struct impact {
    const build_context *c;
    arena *arena;
    lake_readers *readers; /* per table */
    strmap **vertices;     /* per table, by text */
    strings *all;          /* per table: partitions that every partition means */
    bool *all_known;
    int64_t questions;
};

/* One question. */
typedef struct asking {
    impact *im;
    arena *arena;
    vertices *reached; /* per table */
    bool *whole;       /* per table: every partition is reached already */
    impact_reach reach;
} asking;

impact *impact_new(const build_context *c, arena *a) {
    size_t count = c->lake->table_count;
    impact *im = ARENA_NEW(a, impact);
    *im = (impact){.c = c, .arena = a};
    im->readers = ARENA_ARRAY(a, lake_readers, count);
    im->vertices = ARENA_ARRAY(a, strmap *, count);
    im->all = ARENA_ARRAY(a, strings, count);
    im->all_known = ARENA_ARRAY(a, bool, count);
    for (size_t i = 0; i < count; i++) {
        im->readers[i] = lake_readers_of(c->lake, c->lake->tables[i], a);
        im->vertices[i] = strmap_new(a);
    }
    return im;
}

static int64_t table_id(const impact *im, const lake_table *t) {
    return im->c->tables[t->index].id;
}

static status need_vertex(impact *im, const lake_table *t, const char *text, vertex **ret,
                          error *err) {
    vertex *v = strmap_get(im->vertices[t->index], text);
    if (v == NULL) {
        v = ARENA_NEW(im->arena, vertex);
        v->table = t;
        v->text = arena_strdup(im->arena, text);
        status found =
            ledger_current_get(im->c->ledger, table_id(im, t), text, im->arena, &v->now, err);
        if (found != OK && found != E_NOT_FOUND)
            return found;
        v->exists = found == OK;
        strmap_set(im->vertices[t->index], text, v);
    }
    *ret = v;
    return OK;
}

static status add_hop(impact *im, const lake_reader *r, const strings *fed, hops *into,
                      error *err) {
    hop h = {.reader = r->table};
    const ledger_edge edge = build_edge(im->c, r->table, r->input);
    for (size_t i = 0; i < fed->count; i++) {
        strings reached = {0};
        if (str_eq(fed->items[i], FEEDS_EVERY_PARTITION)) {
            h.whole = true;
            continue;
        }
        TRY(ledger_reached(im->c->ledger, &edge, fed->items[i], im->arena, &reached, err));
        for (size_t k = 0; k < reached.count; k++)
            vec_push(im->arena, &h.partitions, reached.items[k]);
    }
    strings_sort_unique(&h.partitions);
    vec_push(im->arena, into, h);
    return OK;
}

static status hops_of_reader(impact *im, vertex *v, const lake_reader *r, error *err) {
    strings partitions = {0};
    bool known = false;
    const ledger_edge edge = build_edge(im->c, r->table, r->input);
    TRY(ledger_feeds_ever(im->c->ledger, &edge, v->text, im->arena, &partitions, &known, err));
    if (!known && !feeds_need_rows(r->input)) {
        unit_feed feed;
        TRY(feeds_read_edge(r->table, r->input, NULL, v->text, im->arena, &feed, err));
        partitions = feed.partitions;
        known = true;
    }
    v->complete = v->complete && known;
    return add_hop(im, r, &partitions, &v->hops, err);
}

static status need_hops(impact *im, vertex *v, error *err) {
    const lake_readers *readers = &im->readers[v->table->index];
    if (v->hops_known)
        return OK;
    v->hops_known = v->complete = true;
    for (size_t i = 0; i < readers->count; i++)
        TRY(hops_of_reader(im, v, &readers->items[i], err));
    return OK;
}

/* What a partition of an older partitioning is no partition of. */
static bool fits(const lake_table *t, const char *text, arena *a) {
    const char **values = NULL;
    return partition_values(text, &t->partition_by, a, &values, NULL) == OK;
}

static status need_all(impact *im, const lake_table *t, error *err) {
    ARENA_AUTO a = arena_new();
    strings *all = &im->all[t->index];
    ledger_currents now = {0};
    if (im->all_known[t->index])
        return OK;
    TRY(ledger_currents_of(im->c->ledger, table_id(im, t), -1, a, &now, err));
    for (size_t i = 0; i < now.count; i++)
        if (fits(t, now.items[i].text, a))
            vec_push(im->arena, all, arena_strdup(im->arena, now.items[i].text));
    im->all_known[t->index] = true;
    return OK;
}

/* NULL from: a node of the question itself, in the result and nothing's reader. */
static status reach(asking *q, const lake_table *t, const char *text, bool certain,
                    impact_links *from, error *err) {
    vertex *v = NULL;
    TRY(need_vertex(q->im, t, text, &v, err));
    if (v->question != q->im->questions) {
        v->question = q->im->questions;
        v->node = ARENA_NEW(q->arena, impact_node);
        *v->node = (impact_node){.table = t,
                                 .partition = v->text,
                                 .rows = v->now.rows,
                                 .bytes = v->now.bytes,
                                 .exists = v->exists};
        vec_push(q->arena, &q->reached[t->index], v);
    }
    v->node->certain = v->node->certain || certain;
    if (from != NULL)
        vec_push(q->arena, &from->to, v->node);
    return OK;
}

/* The links say so once, instead of once for each partition. */
static status reach_whole(asking *q, const lake_table *t, bool certain, impact_links *from,
                          error *err) {
    if (t->partition_by.count == 0)
        return reach(q, t, "()", certain, from, err);
    TRY(need_all(q->im, t, err));
    vec_push(q->arena, &from->whole, t);
    if (q->whole[t->index] && !certain)
        return OK;
    q->whole[t->index] = true;
    for (size_t i = 0; i < q->im->all[t->index].count; i++)
        TRY(reach(q, t, q->im->all[t->index].items[i], certain, NULL, err));
    return OK;
}

static status follow(asking *q, const hops *list, bool certain, impact_links *from, error *err) {
    for (size_t i = 0; i < list->count; i++) {
        const hop *h = &list->items[i];
        if (h->whole)
            TRY(reach_whole(q, h->reader, certain, from, err));
        for (size_t j = 0; j < h->partitions.count; j++)
            TRY(reach(q, h->reader, h->partitions.items[j], certain, from, err));
    }
    return OK;
}

static status begin_at_delivery(asking *q, const impact_seed *seed, impact_links *from,
                                error *err) {
    impact *im = q->im;
    const lake_readers *readers = &im->readers[seed->table->index];
    hops list = {0};
    for (size_t i = 0; i < readers->count; i++) {
        strings partitions = {0};
        const ledger_edge edge =
            build_edge(im->c, readers->items[i].table, readers->items[i].input);
        status found = ledger_feeds_of(im->c->ledger, edge.table, edge.input, edge.map,
                                       seed->delivery, im->arena, &partitions, err);
        q->reach.complete = q->reach.complete && found == OK;
        if (found == E_NOT_FOUND)
            continue;
        TRY(found);
        TRY(add_hop(im, &readers->items[i], &partitions, &list, err));
    }
    return follow(q, &list, seed->counts, from, err);
}

static status begin(asking *q, const impact_seeds *seeds, error *err) {
    for (size_t i = 0; i < seeds->count; i++) {
        const impact_seed *seed = &seeds->items[i];
        if (seed->table->source != NULL && seed->delivery == 0)
            continue;
        if (seed->table->source != NULL)
            TRY(begin_at_delivery(q, seed, &q->reach.seeds[i], err));
        else
            TRY(reach(q, seed->table, seed->partition, seed->counts, &q->reach.seeds[i], err));
    }
    return OK;
}

static int by_text(const void *left, const void *right) {
    return strcmp((*(vertex *const *)left)->text, (*(vertex *const *)right)->text);
}

/* Do the partitions of what reads t depend on columns that t is not partitioned by? A new value of
 * one leads to where no version has led before. */
static bool depends_on_rows(const lake_table *t, const lake_input *read) {
    if (!feeds_need_rows(read))
        return false;
    for (size_t i = 0; i < t->columns.count; i++) {
        const char *name = t->columns.items[i].name;
        if (strings_contain(&t->partition_by, name))
            continue;
        for (size_t k = 0; k < read->map.expressions.count; k++)
            if (strstr(read->map.expressions.items[k], name) != NULL)
                return true;
    }
    return false;
}

static void find_open(asking *q, size_t table) {
    const lake_readers *readers = &q->im->readers[table];
    const lake_table *t = q->im->c->lake->tables[table];
    for (size_t i = 0; t->source == NULL && i < readers->count; i++) {
        const char *name = readers->items[i].table->name;
        if (depends_on_rows(t, readers->items[i].input) && !strings_contain(&q->reach.open, name))
            vec_push(q->arena, &q->reach.open, name);
    }
}

/* Readers come after what they read, so that one pass sees everything. */
static status go_on(asking *q, size_t table, error *err) {
    vertices *reached = &q->reached[table];
    if (reached->count == 0)
        return OK;
    find_open(q, table);
    qsort(reached->items, reached->count, sizeof *reached->items, by_text);
    for (size_t i = 0; i < reached->count; i++) {
        vertex *v = reached->items[i];
        TRY(need_hops(q->im, v, err));
        q->reach.complete = q->reach.complete && v->complete;
        vec_push(q->arena, &q->reach.nodes, v->node);
        TRY(follow(q, &v->hops, false, &v->node->links, err));
    }
    return OK;
}

status impact_of(impact *im, const impact_seeds *seeds, arena *a, impact_reach *ret, error *err) {
    size_t count = im->c->lake->table_count;
    asking q = {.im = im, .arena = a};
    q.reached = ARENA_ARRAY(a, vertices, count);
    q.whole = ARENA_ARRAY(a, bool, count);
    q.reach = (impact_reach){.seeds = ARENA_ARRAY(a, impact_links, seeds->count), .complete = true};
    im->questions++;
    TRY(begin(&q, seeds, err));
    for (size_t i = 0; i < count; i++)
        TRY(go_on(&q, i, err));
    *ret = q.reach;
    return OK;
}

/* summary */

typedef struct measure {
    int64_t partitions, bytes;
    const char *file;
} measure;

static int by_reach(const void *left, const void *right) {
    const measure *a = left, *b = right;
    if (a->partitions != b->partitions)
        return a->partitions < b->partitions ? -1 : 1;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static int by_bytes(const void *left, const void *right) {
    const measure *a = left, *b = right;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static bool is_active(void *state, const delivery *d) {
    (void)state;
    return d->state == DELIVERY_ACTIVE;
}

static status measure_one(impact *im, const lake_table *t, const delivery *d, measure *ret,
                          error *err) {
    ARENA_AUTO a = arena_new();
    impact_seeds seeds = {0};
    impact_reach found = {0};
    vec_push(a, &seeds, ((impact_seed){.table = t, .delivery = d->id, .counts = true}));
    TRY(impact_of(im, &seeds, a, &found, err));
    *ret = (measure){.partitions = (int64_t)found.nodes.count, .file = d->file};
    for (size_t i = 0; i < found.nodes.count; i++)
        ret->bytes += found.nodes.items[i]->bytes;
    return OK;
}

/* The middle one, or the lower of the two. */
static const measure *median(measure *list, size_t count,
                             int (*order)(const void *, const void *)) {
    qsort(list, count, sizeof *list, order);
    return &list[(count - 1) / 2];
}

static status summarize(impact *im, const lake_table *t, arena *a, impact_summary *ret,
                        error *err) {
    deliveries active = {0};
    *ret = (impact_summary){.table = t};
    TRY(ledger_deliveries_where(im->c->ledger, table_id(im, t), is_active, NULL, a, &active, err));
    if (active.count == 0)
        return OK;
    measure *list = ARENA_ARRAY(a, measure, active.count);
    for (size_t i = 0; i < active.count; i++)
        TRY(measure_one(im, t, &active.items[i], &list[i], err));
    ret->deliveries = (int64_t)active.count;
    ret->bytes_median = median(list, active.count, by_bytes)->bytes;
    ret->bytes_worst = list[active.count - 1].bytes;
    ret->partitions_median = median(list, active.count, by_reach)->partitions;
    ret->partitions_worst = list[active.count - 1].partitions;
    ret->worst = list[active.count - 1].file;
    return OK;
}

status impact_summarize(const build_context *c, const bool *selected, arena *a,
                        impact_summary **ret, size_t *ret_count, error *err) {
    impact *im = impact_new(c, a);
    size_t count = 0;
    impact_summary *all = ARENA_ARRAY(a, impact_summary, c->lake->table_count);
    for (size_t i = 0; i < c->lake->table_count; i++) {
        const lake_table *t = c->lake->tables[i];
        if (t->source != NULL && (selected == NULL || selected[i]))
            TRY(summarize(im, t, a, &all[count++], err));
    }
    *ret = all;
    *ret_count = count;
    return OK;
}
