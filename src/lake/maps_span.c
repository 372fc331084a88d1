/* Windows and as_of maps. */
#include "lake/maps.h"

#include "base/number.h"

static const char AS_OF[] = "as_of", BY[] = "by", WINDOW[] = "window";

/* A partition column may have such a name itself: then the column is meant. */
static const node *get_word(const lake_table *t, const node *map, const char *word) {
    return strings_contain(&t->partition_by, word) ? NULL : node_get(map, word);
}

static bool is_window(const node *n) {
    return n != NULL && (n->kind == NODE_LIST || n->kind == NODE_MAP);
}

/* The first partition column that has a window, or NULL. */
static const char *find_window(const lake_table *t, const node *map) {
    for (size_t i = 0; i < t->partition_by.count; i++)
        if (is_window(node_get(map, t->partition_by.items[i])))
            return t->partition_by.items[i];
    return NULL;
}

bool maps_is_span(const lake_table *t, const node *map) {
    return map->kind == NODE_MAP
           && (get_word(t, map, AS_OF) != NULL || find_window(t, map) != NULL);
}

/* One map while it is read. */
typedef struct span_reading {
    reading *r;
    size_t input;
    const node *map;
    place at; /* of the window, or of as_of */
    span *span;
    strings expressions, same; /* of the base columns so far */
} span_reading;

static const column *target_of(const span_reading *sr, const char *name) {
    const lake_table *t = sr->r->draft->table;
    return &t->columns.items[columns_find(&t->columns, name)];
}

static void add_base(span_reading *sr, const char *name, const sql_map *one) {
    arena *a = sr->r->loader->arena;
    bool is_same = one->kind == MAP_SAME;
    vec_push(a, &sr->span->base, name);
    vec_push(a, &sr->expressions, one->expressions.items[0]);
    if (is_same)
        vec_push(a, &sr->same, one->same.items[0]);
}

static status ask_text(span_reading *sr, const char *name, const char *text, place at, error *err) {
    const probe p = {sr->r->loader, &sr->r->probed[sr->input], target_of(sr, name), text, at};
    sql_map one = {0};
    bool good;
    TRY(maps_ask(sr->r, &p, &one, &good, err));
    if (good)
        add_base(sr, name, &one);
    return OK;
}

/* The input's column of that name and type, as SQL; NULL when there is none. */
static const char *own_column(const span_reading *sr, const char *name) {
    const columns *c = &sr->r->probed[sr->input].columns;
    int at = columns_find(c, name);
    bool fits = at >= 0 && str_eq(c->items[at].type, target_of(sr, name)->type);
    return fits ? sql_identifier(sr->r->loader->arena, name) : NULL;
}

/* What the SQL says of that partition column by itself, if anything. */
static bool find_derived(const span_reading *sr, const char *name, sql_map *ret) {
    const sql_map *map = &sr->r->inference->maps[sr->input];
    const strings *by = &sr->r->draft->table->partition_by;
    sql_map one = {.kind = map->kind};
    for (size_t i = 0; i < map->expressions.count; i++) {
        if (!str_eq(by->items[i], name))
            continue;
        vec_push(sr->r->loader->arena, &one.expressions, map->expressions.items[i]);
        if (map->kind == MAP_SAME)
            vec_push(sr->r->loader->arena, &one.same, map->same.items[i]);
    }
    *ret = one;
    return one.expressions.count > 0;
}

static void refuse_unknown(span_reading *sr, const char *name) {
    const sql_shape *shape = &sr->r->shapes[sr->input];
    const sql_map *map = &sr->r->inference->maps[sr->input];
    bool told = map->kind == MAP_NONE && map->why != NULL;
    error *err = maps_problem(sr->r, sr->at, "where rows of \"%s\" stand in \"%s\" is unknown%s%s",
                              shape->table, name, told ? ": " : "", told ? map->why : "");
    if (sr->span->kind == SPAN_AS_OF)
        error_hint(err, "Write it, as in map: {%s: {as_of: %s, by: \"<expression>\"}}.",
                   shape->table, name);
    else
        error_hint(err, "Write it, as in map: {%s: {%s: {by: \"<expression>\", window: [-6, 0]}}}.",
                   shape->table, name);
}

/* Where an input that is partitioned by the column stands, nobody needs to be told. */
static status read_default(span_reading *sr, const char *name, error *err) {
    const sql_shape *shape = &sr->r->shapes[sr->input];
    const char *own = own_column(sr, name);
    sql_map derived;
    if (own != NULL && !shape->is_source && strings_contain(&shape->partition_by, name))
        return ask_text(sr, name, own, sr->at, err);
    if (find_derived(sr, name, &derived)) {
        add_base(sr, name, &derived);
        return OK;
    }
    if (own != NULL)
        return ask_text(sr, name, own, sr->at, err);
    refuse_unknown(sr, name);
    return OK;
}

/* bounds */

typedef enum unit { UNIT_NONE, UNIT_DAYS, UNIT_MONTHS } unit;

typedef struct bound {
    int64_t steps;
    unit unit;
} bound;

static bool read_unit(const char *word, bound *b) {
    static const struct {
        const char *name;
        unit unit;
        int64_t steps;
    } UNITS[] = {
        {"day", UNIT_DAYS, 1},
        {"week", UNIT_DAYS, 7},
        {"month", UNIT_MONTHS, 1},
        {"year", UNIT_MONTHS, 12},
    };
    for (size_t i = 0; i < ARRAY_SIZE(UNITS); i++) {
        size_t size = strlen(UNITS[i].name);
        if (strncmp(word, UNITS[i].name, size) != 0
            || !(word[size] == '\0' || str_eq(word + size, "s")))
            continue;
        b->unit = UNITS[i].unit;
        b->steps *= UNITS[i].steps;
        return true;
    }
    return false;
}

/* "-6", "-1 month", "2 weeks". */
static bool read_bound(const node *n, arena *a, bound *ret) {
    bound b = {0};
    if (n->kind != NODE_TEXT)
        return false;
    strings parts = str_split(a, n->text, ' ');
    bool good = parts.count <= 2 && number_int64(parts.items[0], &b.steps)
                && b.steps >= -SPAN_BOUND_MAX && b.steps <= SPAN_BOUND_MAX
                && (parts.count == 1 || read_unit(parts.items[1], &b));
    if (good)
        *ret = b;
    return good;
}

static void refuse_window(span_reading *sr, const char *why, const char *hint) {
    error_hint(maps_problem(sr->r, sr->at, "%s", why), "%s", hint);
}

static const char *type_hint(const char *type) {
    if (str_eq(type, "VARCHAR"))
        return "Texts such as 2024-05 are counted in months, as in [-1 month, 0]; cast others to "
               "a date.";
    if (str_eq(type, "DATE") || str_starts(type, "TIMESTAMP"))
        return "Partition by a date, or by a whole number such as epoch(ts) // 3600 for hours.";
    return "Whole numbers are counted without a unit, as in [-6, 0].";
}

static void check_window(span_reading *sr, const char *name) {
    span *s = sr->span;
    arena *a = sr->r->loader->arena;
    if (!span_takes(SPAN_WINDOW, s->type, s->in_months))
        refuse_window(sr,
                      arena_printf(a, "a window over \"%s\" cannot count %s%s", name, s->type,
                                   s->in_months ? " in months" : ""),
                      type_hint(s->type));
    else if (s->from > s->to)
        refuse_window(sr, "the window ends before it begins", "Write the earlier bound first.");
    else if (span_width(s) > SPAN_PARTITIONS_MAX)
        refuse_window(
            sr,
            arena_printf(a, "a partition would read more than %d others", (int)SPAN_PARTITIONS_MAX),
            "Narrow the window, or write `all` to read the whole input.");
}

static bool has_unit_of(const bound *b, unit wanted) {
    return b->unit == wanted || (b->unit == UNIT_NONE && b->steps == 0);
}

static void read_bounds(span_reading *sr, const char *name, const node *list) {
    static const char FORM[] = "Write the first and the last, as in [-6, 0] or [-1 month, 0].";
    bound from, to;
    arena *a = sr->r->loader->arena;
    if (list == NULL || list->kind != NODE_LIST || list->entries.count != 2
        || !read_bound(list->entries.items[0].value, a, &from)
        || !read_bound(list->entries.items[1].value, a, &to)) {
        refuse_window(sr, arena_printf(a, "the window over \"%s\" is not two bounds", name), FORM);
        return;
    }
    unit counted = from.unit != UNIT_NONE ? from.unit : to.unit;
    if (!has_unit_of(&from, counted) || !has_unit_of(&to, counted)) {
        refuse_window(sr, arena_printf(a, "the window over \"%s\" has bounds of two units", name),
                      FORM);
        return;
    }
    sr->span->from = from.steps;
    sr->span->to = to.steps;
    sr->span->in_months = counted == UNIT_MONTHS;
    if (counted == UNIT_DAYS && !str_eq(sr->span->type, "DATE"))
        refuse_window(
            sr,
            arena_printf(a, "a window over \"%s\" cannot count %s in days", name, sr->span->type),
            type_hint(sr->span->type));
    else
        check_window(sr, name);
}

/* Columns that are not written are where they always are; the one that moves comes last. */
static status read_others(span_reading *sr, const char *moving, error *err) {
    const strings *by = &sr->r->draft->table->partition_by;
    for (size_t i = 0; i < by->count; i++) {
        const char *name = by->items[i];
        const node *n = node_get(sr->map, name);
        if (str_eq(name, moving))
            continue;
        if (is_window(n))
            maps_problem(sr->r, n->at, "the map of \"%s\" has two windows",
                         sr->r->shapes[sr->input].table);
        else if (n != NULL)
            TRY(ask_text(sr, name, n->text, n->at, err));
        else
            TRY(read_default(sr, name, err));
    }
    return OK;
}

static status read_window(span_reading *sr, error *err) {
    const char *moving = find_window(sr->r->draft->table, sr->map);
    const node *n = node_get(sr->map, moving);
    const node *by = n->kind == NODE_MAP ? node_get(n, BY) : NULL;
    sr->at = n->at;
    sr->span->kind = SPAN_WINDOW;
    sr->span->type = target_of(sr, moving)->type;
    read_bounds(sr, moving, n->kind == NODE_MAP ? node_get(n, WINDOW) : n);
    TRY(read_others(sr, moving, err));
    if (by != NULL && by->kind == NODE_TEXT)
        return ask_text(sr, moving, by->text, by->at, err);
    return read_default(sr, moving, err);
}

/* as_of */

/* When a delivery is: what its path says, else the day it landed. */
static status read_delivery_time(span_reading *sr, const char *name, error *err) {
    arena *a = sr->r->loader->arena;
    const lake_source *source = sr->r->draft->table->inputs[sr->input].table->source;
    const char *type = sr->span->type;
    if (!strings_contain(&source->from_path_names, name))
        return ask_text(sr, name,
                        arena_printf(a, "CAST(to_timestamp(file_land_timestamp) AS %s)", type),
                        sr->at, err);
    return ask_text(sr, name, arena_printf(a, "CAST(%s AS %s)", sql_identifier(a, name), type),
                    sr->at, err);
}

static status read_time(span_reading *sr, const char *name, error *err) {
    const node *by = get_word(sr->r->draft->table, sr->map, BY);
    const char *own = own_column(sr, name);
    if (by != NULL)
        return ask_text(sr, name, by->text, by->at, err);
    if (sr->r->shapes[sr->input].is_source)
        return read_delivery_time(sr, name, err);
    if (own != NULL)
        return ask_text(sr, name, own, sr->at, err);
    refuse_unknown(sr, name);
    return OK;
}

static status read_as_of(span_reading *sr, const node *word, error *err) {
    const lake_table *t = sr->r->draft->table;
    const lake_source *source = t->inputs[sr->input].table->source;
    const char *moving = word->text;
    sr->at = word->at;
    if (!strings_contain(&t->partition_by, moving)) {
        error *problem = maps_problem(sr->r, word->at, "\"%s\" is not a column of \"partition_by\"",
                                      str_printable(sr->r->loader->arena, moving));
        problem_hint_nearest(problem, moving, &t->partition_by);
        return OK;
    }
    sr->span->kind = SPAN_AS_OF;
    sr->span->type = target_of(sr, moving)->type;
    sr->span->only_newest = source != NULL && source->contents_full;
    if (!span_takes(SPAN_AS_OF, sr->span->type, false)) {
        error *problem =
            maps_problem(sr->r, word->at, "what is newest by \"%s\" cannot be told: it is %s",
                         moving, sr->span->type);
        error_hint(problem, "Partition by a DATE or a TIMESTAMP.");
        return OK;
    }
    for (size_t i = 0; i < t->partition_by.count; i++) {
        const node *n = node_get(sr->map, t->partition_by.items[i]);
        if (n != NULL && n->kind == NODE_TEXT && !str_eq(t->partition_by.items[i], moving))
            TRY(ask_text(sr, t->partition_by.items[i], n->text, n->at, err));
    }
    return read_time(sr, moving, err);
}

status maps_read_span(reading *r, size_t input, error *err) {
    const node *map = r->written[input];
    const node *as_of = get_word(r->draft->table, map, AS_OF);
    span *s = ARENA_NEW(r->loader->arena, span);
    span_reading sr = {.r = r, .input = input, .map = map, .at = map->at, .span = s};
    s->by = r->draft->table->partition_by;
    r->kinds[input] = as_of != NULL ? MAP_AS_OF : MAP_WINDOW;
    TRY(as_of != NULL ? read_as_of(&sr, as_of, err) : read_window(&sr, err));
    r->maps[input] = (sql_map){.table = r->shapes[input].table,
                               .kind = r->kinds[input],
                               .expressions = sr.expressions,
                               .span = s,
                               .why = "written"};
    if (sr.same.count == s->base.count)
        r->maps[input].same = sr.same;
    return OK;
}

/* which partitions there are because of a window's rows */

static map_kind kind_of(const reading *r, size_t input) {
    return r->kinds[input] != MAP_NONE ? r->kinds[input] : r->inference->maps[input].kind;
}

/* Is there an input whose rows have partitions of their own? */
static bool has_plain(const reading *r) {
    for (size_t i = 0; i < r->inference->map_count; i++) {
        map_kind kind = kind_of(r, i);
        if (kind == MAP_DERIVED || kind == MAP_SAME || kind == MAP_EXPRESSION)
            return true;
    }
    return false;
}

/* Do rows stand in the window where the SQL puts them in the result? */
static bool stands_where_derived(const reading *r, size_t input) {
    const sql_map *inferred = &r->inference->maps[input], *map = &r->maps[input];
    const span *s = map->span;
    for (size_t i = 0; i < s->base.count; i++) {
        bool same = false;
        for (size_t k = 0; k < inferred->expressions.count; k++)
            same = same
                   || (str_eq(s->by.items[k], s->base.items[i])
                       && str_eq(inferred->expressions.items[k], map->expressions.items[i]));
        if (!same)
            return false;
    }
    return true;
}

static span_creates creates_of(const reading *r, size_t input) {
    if (!r->inference->followed)
        return SPAN_CREATES_ALL;
    if (!r->inference->maps[input].defines && has_plain(r))
        return SPAN_CREATES_NONE;
    return stands_where_derived(r, input) ? SPAN_CREATES_OWN : SPAN_CREATES_ALL;
}

void maps_judge_spans(reading *r) {
    for (size_t i = 0; i < r->inference->map_count; i++) {
        if (r->kinds[i] != MAP_WINDOW)
            continue;
        span *s = ARENA_NEW(r->loader->arena, span);
        *s = *r->maps[i].span;
        s->creates = creates_of(r, i);
        r->maps[i].span = s;
        if (s->creates != SPAN_CREATES_OWN || (s->from <= 0 && s->to >= 0))
            continue;
        error *err = maps_problem(
            r, r->written[i]->at,
            "the window over \"%s\" leaves out the rows that make a partition", r->shapes[i].table);
        error_hint(err, "Let it take in 0, as in [-6, 0].");
    }
}
