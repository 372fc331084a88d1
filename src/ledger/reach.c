#include "ledger/reach.h"

#include "ledger/handle.h"

/* The feeds of units that count now. */
#define FED_BY_ACTIVE "feed f JOIN delivery d ON d.id = f.unit AND d.state = 'active'"
#define FED_BY_WHOLE  "feed f JOIN delivery d ON d.id = f.unit AND " DELIVERY_WAS_WHOLE
#define FED_BY_CURRENT                                                 \
    "feed f JOIN current c ON c.version = f.unit AND c.to_seq IS NULL" \
    " JOIN version v ON v.id = c.version AND v.rows > 0"
#define OF_EDGE " WHERE f.tbl = $1 AND f.input = $2 AND f.map = $3"
/* Texts that begin with $4 end before $4 || '~'; a NULL is neither before nor after anything. */
#define WITH_PREFIX                                                         \
    " AND f.partition >= $4 AND f.partition < $4 || '~' AND f.partition <>" \
    " $4 || '__HIVE_DEFAULT_PARTITION__'"
#define NEWEST  " AND f.partition <= $5 ORDER BY f.partition DESC LIMIT 1"
#define EARLIER " AND f.partition < $5 ORDER BY f.partition DESC LIMIT 1"
#define NEXT    " AND f.partition > $5 ORDER BY f.partition LIMIT 1"

typedef enum counting { COUNT_ACTIVE, COUNT_WHOLE, COUNT_CURRENT } counting;
typedef enum direction { FIND_NEWEST, FIND_EARLIER, FIND_NEXT } direction;

static const char *const FIND_BASE[][3] = {
    [COUNT_ACTIVE] = {"SELECT f.partition FROM " FED_BY_ACTIVE OF_EDGE WITH_PREFIX NEWEST,
                      "SELECT f.partition FROM " FED_BY_ACTIVE OF_EDGE WITH_PREFIX EARLIER,
                      "SELECT f.partition FROM " FED_BY_ACTIVE OF_EDGE WITH_PREFIX NEXT},
    [COUNT_WHOLE] = {"SELECT f.partition FROM " FED_BY_WHOLE OF_EDGE WITH_PREFIX NEWEST,
                     "SELECT f.partition FROM " FED_BY_WHOLE OF_EDGE WITH_PREFIX EARLIER,
                     "SELECT f.partition FROM " FED_BY_WHOLE OF_EDGE WITH_PREFIX NEXT},
    [COUNT_CURRENT] = {"SELECT f.partition FROM " FED_BY_CURRENT OF_EDGE WITH_PREFIX NEWEST,
                       "SELECT f.partition FROM " FED_BY_CURRENT OF_EDGE WITH_PREFIX EARLIER,
                       "SELECT f.partition FROM " FED_BY_CURRENT OF_EDGE WITH_PREFIX NEXT},
};

static counting counting_of(const span *s, bool input_is_source) {
    if (!input_is_source)
        return COUNT_CURRENT;
    return s->only_newest ? COUNT_WHOLE : COUNT_ACTIVE;
}

static status find_base(ledger *l, const ledger_edge *edge, const char *sql, const char *prefix,
                        const char *base, arena *a, const char **ret, error *err) {
    const db_value values[] = {DB_I(edge->table), DB_I(edge->input), DB_T(edge->map), DB_T(prefix),
                               DB_T(base)};
    const ledger_query query = {sql, values, ARRAY_SIZE(values), ledger_read_text};
    strings found = {0};
    bool any;
    TRY(ledger_select_one(l, &query, a, &found, &any, err));
    *ret = any ? found.items[0] : NULL;
    return OK;
}

status ledger_newest_base(ledger *l, const ledger_edge *edge, bool input_is_source,
                          const ledger_bases *bases, arena *a, const char **ret, error *err) {
    span s;
    TRY(span_from_text(edge->span, a, &s, err));
    direction to = bases->before_last ? FIND_EARLIER : FIND_NEWEST;
    return find_base(l, edge, FIND_BASE[counting_of(&s, input_is_source)][to], bases->prefix,
                     bases->last, a, ret, err);
}

static status is_source(ledger *l, int64_t table, bool *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    int64_t found;
    TRY(db_get_int(l->d, "SELECT 1 FROM tbl WHERE id = $1 AND kind = 'source'", values,
                   ARRAY_SIZE(values), 0, &found, err));
    *ret = found != 0;
    return OK;
}

static status existing(ledger *l, int64_t table, arena *a, strings *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT p.text FROM tbl t" EXISTING_PARTITIONS
                                " WHERE t.id = $1 ORDER BY p.text",
                                values, ARRAY_SIZE(values), ledger_read_text};
    return ledger_select(l, &query, a, ret, err);
}

static status exists(ledger *l, int64_t table, const char *partition, bool *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition)};
    int64_t found;
    TRY(db_get_int(l->d,
                   "SELECT 1 FROM tbl t" EXISTING_PARTITIONS " WHERE t.id = $1 AND p.text = $2",
                   values, ARRAY_SIZE(values), 0, &found, err));
    *ret = found != 0;
    return OK;
}

/* Under MAP_ALL: every partition there is, and of an unpartitioned reader the one that there is to
 * be. */
static status reach_all(ledger *l, const ledger_edge *edge, arena *a, strings *ret, error *err) {
    const db_value values[] = {DB_I(edge->table)};
    int64_t whole;
    TRY(db_get_int(l->d,
                   "SELECT 1 FROM tbl t JOIN generation g ON g.id = t.generation"
                   " WHERE t.id = $1 AND g.partition_by = '[]'",
                   values, ARRAY_SIZE(values), 0, &whole, err));
    if (whole == 0)
        return existing(l, edge->table, a, ret, err);
    vec_push(a, ret, "()");
    return OK;
}

static status reach_window(ledger *l, const ledger_edge *edge, const span *s, const char *base,
                           arena *a, strings *ret, error *err) {
    strings around = {0};
    TRY(span_read_by(s, base, a, &around, err));
    for (size_t i = 0; i < around.count; i++) {
        bool made = s->creates == SPAN_CREATES_ALL;
        const char *own = NULL;
        TRY(span_own(s, around.items[i], a, &own, err));
        made = made || (s->creates == SPAN_CREATES_OWN && str_eq(own, base));
        if (!made)
            TRY(exists(l, edge->table, around.items[i], &made, err));
        if (made)
            vec_push(a, ret, around.items[i]);
    }
    return OK;
}

/* From the base partition on, until the next one takes over. */
static status reach_as_of(ledger *l, const ledger_edge *edge, const span *s, const char *base,
                          arena *a, strings *ret, error *err) {
    const char *next = NULL, *own = NULL, *prefix = span_base_prefix(base, a);
    bool from_source;
    strings all = {0};
    if (prefix == NULL)
        return OK;
    TRY(is_source(l, edge->input, &from_source, err));
    TRY(find_base(l, edge, FIND_BASE[counting_of(s, from_source)][FIND_NEXT], prefix, base, a,
                  &next, err));
    TRY(existing(l, edge->table, a, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const char *there = NULL;
        bool ordered = span_prefix(s, all.items[i], a, &there, NULL) == OK && there != NULL;
        TRY(span_own(s, all.items[i], a, &own, err));
        bool same = ordered && str_eq(there, prefix);
        if (same && strcmp(own, base) >= 0 && (next == NULL || strcmp(own, next) < 0))
            vec_push(a, ret, all.items[i]);
    }
    return OK;
}

status ledger_reached(ledger *l, const ledger_edge *edge, const char *fed, arena *a, strings *ret,
                      error *err) {
    span s;
    strings reached = {0};
    if (edge->span != NULL) {
        TRY(span_from_text(edge->span, a, &s, err));
        TRY(s.kind == SPAN_WINDOW ? reach_window(l, edge, &s, fed, a, &reached, err)
                                  : reach_as_of(l, edge, &s, fed, a, &reached, err));
    } else if (str_eq(fed, "*")) {
        TRY(reach_all(l, edge, a, &reached, err));
    } else {
        vec_push(a, &reached, fed);
    }
    *ret = reached;
    return OK;
}

/* What a unit feeds under one edge. */
typedef struct fed_edge {
    ledger_edge edge;
    const char *fed;
} fed_edge;
typedef VEC(fed_edge) fed_edges;

static void read_fed_edge(const db_rows *row, arena *a, void *into) {
    fed_edges *all = into;
    fed_edge one = {.edge = {.table = db_int(row, 0),
                             .input = db_int(row, 1),
                             .map = db_text(row, 2, a),
                             .span = db_text(row, 3, a)},
                    .fed = db_text(row, 4, a)};
    vec_push(a, all, one);
}

/* It was superseded because a later one is the whole now, and is still what was the whole then. */
static status still_counts(ledger *l, const ledger_edge *edge, int64_t unit, arena *a, bool *ret,
                           error *err) {
    const db_value values[] = {DB_I(unit)};
    int64_t counts = 0;
    span s;
    TRY(span_from_text(edge->span, a, &s, err));
    if (s.only_newest)
        TRY(db_get_int(l->d, "SELECT 1 FROM delivery d WHERE d.id = $1 AND " DELIVERY_WAS_WHOLE,
                       values, ARRAY_SIZE(values), 0, &counts, err));
    *ret = counts != 0;
    return OK;
}

static status mark_reached(ledger *l, const fed_edge *one, const mark *m, arena *a, error *err) {
    strings reached = {0};
    TRY(ledger_reached(l, &one->edge, one->fed, a, &reached, err));
    for (size_t i = 0; i < reached.count; i++) {
        mark here = *m;
        here.partition = reached.items[i];
        TRY(ledger_mark_add(l, one->edge.table, &here, err));
    }
    return OK;
}

status ledger_mark_spans(ledger *l, int64_t input, int64_t unit, cause_kind cause, const char *ref,
                         error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_I(input), DB_I(unit)};
    const ledger_query query = {
        "SELECT e.tbl, e.input, e.map, e.span, f.partition FROM edge e JOIN feed f"
        " ON f.input = e.input AND f.tbl = e.tbl AND f.map = e.map"
        " WHERE f.input = $1 AND f.unit = $2 AND e.span IS NOT NULL ORDER BY e.tbl, f.partition",
        values, ARRAY_SIZE(values), read_fed_edge};
    const mark m = {.cause = cause, .ref = ref};
    fed_edges all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        bool same = false;
        if (cause == CAUSE_SUPERSEDED)
            TRY(still_counts(l, &all.items[i].edge, unit, a, &same, err));
        if (!same)
            TRY(mark_reached(l, &all.items[i], &m, a, err));
    }
    return OK;
}

status ledger_looks_back(ledger *l, int64_t table, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT span FROM edge WHERE input = $1 AND span IS NOT NULL",
                                values, ARRAY_SIZE(values), ledger_read_text};
    strings spans = {0};
    bool looks_back = false;
    TRY(ledger_select(l, &query, a, &spans, err));
    for (size_t i = 0; i < spans.count; i++) {
        span s;
        TRY(span_from_text(spans.items[i], a, &s, err));
        looks_back = looks_back || s.only_newest;
    }
    *ret = looks_back;
    return OK;
}
