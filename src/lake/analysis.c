#include "base/hash.h"
#include "lake/load.h"

static void add_hidden_column(loader *l, sql_shape *shape, const char *name, const char *type) {
    if (columns_find(&shape->columns, name) < 0)
        vec_push(l->arena, &shape->columns, ((column){name, type, false}));
}

void load_add_hidden(loader *l, sql_shape *shape) {
    add_hidden_column(l, shape, "file_land_timestamp", "BIGINT");
    add_hidden_column(l, shape, "weir_file", "VARCHAR");
}

static void add_hidden(loader *l, sql_shape *shape, const lake_input *in) {
    if (in->reads_land_timestamp)
        add_hidden_column(l, shape, "file_land_timestamp", "BIGINT");
    if (in->reads_file)
        add_hidden_column(l, shape, "weir_file", "VARCHAR");
}

/* What the input's view looks like: a copy, so that hidden columns do not get into the table. */
static sql_shape shape_of(loader *l, const lake_input *in) {
    const lake_table *t = in->table;
    sql_shape shape = {
        .table = t->name, .partition_by = t->partition_by, .is_source = t->source != NULL};
    for (size_t i = 0; i < t->columns.count; i++)
        vec_push(l->arena, &shape.columns, t->columns.items[i]);
    add_hidden(l, &shape, in);
    return shape;
}

static bool is_named(const draft *d, const char *name) {
    return strings_contain(&d->facts.column_names, name);
}

/* Does an expression of the map mention it? More may be said than is so. */
static bool is_in_map(const sql_map *map, const char *name) {
    for (size_t i = 0; i < map->expressions.count; i++)
        if (strcasestr(map->expressions.items[i], name) != NULL)
            return true;
    return false;
}

/* What the maps read, which the SQL need not see. */
static void note_map_columns(const lake_table *t) {
    for (size_t i = 0; i < t->input_count; i++) {
        lake_input *in = &t->inputs[i];
        if (in->table->source == NULL)
            continue;
        in->map_reads_land_timestamp = is_in_map(&in->map, "file_land_timestamp");
        in->map_reads_file = is_in_map(&in->map, "weir_file");
        const strings *names = &in->table->source->from_path_names;
        for (size_t n = 0; n < names->count; n++)
            in->reads_from_path = in->reads_from_path || is_in_map(&in->map, names->items[n]);
    }
}

static void fill_inputs(loader *l, draft *d) {
    lake_table *t = d->table;
    t->input_count = d->inputs.count;
    t->inputs = ARENA_ARRAY(l->arena, lake_input, t->input_count);
    for (size_t i = 0; i < t->input_count; i++) {
        lake_input *in = &t->inputs[i];
        in->table = l->drafts.items[d->inputs.items[i]].table;
        const lake_source *source = in->table->source;
        if (source == NULL)
            continue;
        in->reads_land_timestamp = is_named(d, "file_land_timestamp");
        in->reads_file = is_named(d, "weir_file");
        for (size_t j = 0; j < source->from_path_names.count; j++) {
            const char *name = str_lower(l->arena, source->from_path_names.items[j]);
            in->reads_from_path = in->reads_from_path || d->facts.has_star || is_named(d, name);
        }
    }
}

static void hash_shape(hasher *h, const sql_shape *shape) {
    char text[SHA256_TEXT_SIZE];
    columns_hash(&shape->columns, text);
    hasher_text(h, shape->table);
    hasher_int(h, shape->is_source);
    hasher_text(h, text);
    hasher_int(h, (int64_t)shape->partition_by.count);
    for (size_t i = 0; i < shape->partition_by.count; i++)
        hasher_text(h, shape->partition_by.items[i]);
}

static void hash_node(hasher *h, const node *n) {
    if (n == NULL) {
        hasher_int(h, -1);
        return;
    }
    hasher_int(h, (int64_t)n->kind);
    hasher_text(h, n->text);
    hasher_int(h, (int64_t)n->entries.count);
    for (size_t i = 0; i < n->entries.count; i++) {
        hasher_text(h, n->entries.items[i].name);
        hash_node(h, n->entries.items[i].value);
    }
}

static void question_key(const loader *l, const draft *d, const sql_shape *shapes,
                         const node **written, char question[SHA256_TEXT_SIZE]) {
    const lake_table *t = d->table;
    hasher *h = hasher_new();
    hasher_text(h, "analysis");
    hasher_text(h, l->options->engine_version);
    hasher_text(h, t->sql);
    hasher_int(h, (int64_t)t->partition_by.count);
    for (size_t i = 0; i < t->partition_by.count; i++)
        hasher_text(h, t->partition_by.items[i]);
    for (size_t i = 0; i < t->input_count; i++) {
        hash_shape(h, &shapes[i]);
        hash_node(h, written[i]);
    }
    hasher_finish(h, question);
    hasher_free(h);
}

static json_t *encode_texts(const strings *texts) {
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, json_string(texts->items[i]));
    return list;
}

static json_t *encode_map(const sql_map *map) {
    ARENA_AUTO a = arena_new();
    return json_pack("{s:i,s:o,s:o,s:s*,s:s*,s:s*,s:i,s:i,s:b}", "kind", (int)map->kind,
                     "expressions", encode_texts(&map->expressions), "same",
                     encode_texts(&map->same), "where", map->where, "span",
                     map->span != NULL ? span_text(map->span, a) : NULL, "why", map->why, "line",
                     map->line, "column", map->column, "defines", map->defines);
}

static json_t *encode(const lake_table *t) {
    json_t *result = json_array(), *maps = json_array();
    for (size_t i = 0; i < t->columns.count; i++)
        json_array_append_new(
            result, json_pack("[s,s]", t->columns.items[i].name, t->columns.items[i].type));
    for (size_t i = 0; i < t->input_count; i++)
        json_array_append_new(maps, encode_map(&t->inputs[i].map));
    return json_pack("{s:o,s:o,s:b,s:b,s:s*}", "columns", result, "maps", maps, "aligned",
                     t->aligned, "order", t->order_sensitive, "misalignment", t->misalignment);
}

static bool decode_texts(const json_t *list, arena *a, strings *ret) {
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) {
        if (!json_is_string(item))
            return false;
        vec_push(a, ret, arena_strdup(a, json_string_value(item)));
    }
    return json_is_array(list);
}

/* As many expressions as there are columns that a row's place has. */
static bool has_width(const lake_table *t, const sql_map *map) {
    size_t wanted = map->span != NULL ? map->span->base.count : t->partition_by.count;
    bool is_span = map->kind == MAP_WINDOW || map->kind == MAP_AS_OF;
    if (map->kind == MAP_ALL || is_span != (map->span != NULL))
        return map->kind == MAP_ALL && map->span == NULL;
    return map->kind == MAP_SAME ? map->same.count == wanted : map->expressions.count == wanted;
}

static bool decode_span(const char *text, arena *a, sql_map *map) {
    span *s = ARENA_NEW(a, span);
    if (text == NULL)
        return true;
    map->span = s;
    return span_from_text(text, a, s, NULL) == OK;
}

static bool decode_map(json_t *answer, const lake_table *t, const char *table, arena *a,
                       sql_map *ret) {
    int kind, defines;
    json_t *expressions, *same;
    const char *why = NULL, *where = NULL, *span_as_text = NULL;
    sql_map map = {.table = table};
    if (json_unpack(answer, "{s:i,s:o,s:o,s?s,s?s,s?s,s:i,s:i,s:b}", "kind", &kind, "expressions",
                    &expressions, "same", &same, "where", &where, "span", &span_as_text, "why",
                    &why, "line", &map.line, "column", &map.column, "defines", &defines)
            != 0
        || kind < 0 || kind >= MAP_NONE || !decode_texts(expressions, a, &map.expressions)
        || !decode_texts(same, a, &map.same) || !decode_span(span_as_text, a, &map))
        return false;
    map.kind = (map_kind)kind;
    map.why = arena_strdup(a, why);
    map.where = arena_strdup(a, where);
    map.defines = defines != 0;
    *ret = map;
    return has_width(t, &map);
}

static bool decode_columns(const json_t *list, arena *a, columns *ret) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const char *name, *type;
        if (json_unpack(item, "[s,s]", &name, &type) != 0)
            return false;
        vec_push(a, ret, ((column){arena_strdup(a, name), arena_strdup(a, type), true}));
    }
    return ret->count > 0;
}

static bool decode(const json_t *answer, arena *a, lake_table *t) {
    json_t *result, *maps;
    int aligned, order;
    const char *misalignment = NULL;
    columns found = {0};
    if (answer == NULL
        || json_unpack((json_t *)(uintptr_t)answer, "{s:o,s:o,s:b,s:b,s?s}", "columns", &result,
                       "maps", &maps, "aligned", &aligned, "order", &order, "misalignment",
                       &misalignment)
               != 0
        || json_array_size(maps) != t->input_count || !decode_columns(result, a, &found))
        return false;
    for (size_t i = 0; i < t->input_count; i++) {
        if (!decode_map(json_array_get(maps, i), t, t->inputs[i].table->name, a, &t->inputs[i].map))
            return false;
    }
    t->columns = found;
    t->aligned = aligned != 0;
    t->order_sensitive = order != 0;
    t->misalignment = arena_strdup(a, misalignment);
    return true;
}

static void check_result_names(loader *l, draft *d) {
    const columns *c = &d->table->columns;
    strmap *seen = strmap_new(l->arena);
    for (size_t i = 0; i < c->count; i++) {
        const char *name = c->items[i].name, *lower = str_lower(l->arena, name);
        if (strmap_has(seen, lower)) {
            error *err =
                problem_add(&l->problems, (place){.file = d->table->sql_file},
                            "the result has two columns \"%s\"", str_printable(l->arena, name));
            error_hint(err, "Give each its own name with AS; upper and lower case are alike.");
            d->is_broken = true;
        }
        strmap_set(seen, lower, NULL);
    }
}

static place partition_place(const draft *d, const char *name) {
    const node *list = node_get(d->yaml, "partition_by");
    if (list == NULL)
        list = node_get(d->defaults, "partition_by");
    for (size_t i = 0; list != NULL && i < list->entries.count; i++) {
        const node *n = list->entries.items[i].value;
        if (n->kind == NODE_TEXT && str_eq(n->text, name))
            return n->at;
    }
    return list != NULL ? list->at : draft_place(d);
}

static void check_partition_by(loader *l, draft *d) {
    const lake_table *t = d->table;
    strings names = {0};
    for (size_t i = 0; i < t->columns.count; i++)
        vec_push(l->arena, &names, t->columns.items[i].name);
    for (size_t i = 0; i < t->partition_by.count; i++) {
        const char *name = t->partition_by.items[i];
        int at = columns_find(&t->columns, name);
        if (at >= 0 && type_can_partition(t->columns.items[at].type))
            continue;
        d->is_broken = true;
        place where = partition_place(d, name);
        if (at < 0) {
            error *err =
                problem_add(&l->problems, where, "the result of \"%s\" has no column \"%s\"",
                            t->name, str_printable(l->arena, name));
            problem_hint_nearest(err, name, &names);
            continue;
        }
        error *err =
            problem_add(&l->problems, where, "a column of type %s cannot partition a table",
                        t->columns.items[at].type);
        error_hint(err, "Cast \"%s\" to text, a whole number, a date or a timestamp.", name);
    }
}

static void check_types(loader *l, draft *d) {
    const lake_table *t = d->table;
    for (size_t i = 0; i < t->columns.count; i++) {
        const column *c = &t->columns.items[i];
        const char *lost = type_loses_in_files(c->type);
        if (lost == NULL)
            continue;
        d->is_broken = true;
        error *err =
            problem_add(&l->problems, draft_place(d), "the column \"%s\" of type %s would lose %s",
                        str_printable(l->arena, c->name), c->type, lost);
        error_hint(err, "Parquet files cannot hold it: cast it to text, or to a number of units.");
    }
}

/* The optional contract: exactly these columns, in any order. */
static void check_contract(loader *l, draft *d) {
    const lake_table *t = d->table;
    const node *map = node_get(d->yaml, "columns");
    size_t before = l->problems.list.count;
    for (size_t i = 0; map != NULL && i < map->entries.count; i++) {
        const node_entry *entry = &map->entries.items[i];
        const char *type = NULL;
        int at = columns_find(&t->columns, entry->name);
        if (at < 0)
            problem_add(&l->problems, entry->at, "the result of \"%s\" has no column \"%s\"",
                        t->name, str_printable(l->arena, entry->name));
        else if (type_from_text(entry->value->text, l->arena, &type, NULL) == OK
                 && !str_eq(type, t->columns.items[at].type))
            problem_add(&l->problems, entry->value->at,
                        "the column \"%s\" is %s in the result, not %s", entry->name,
                        t->columns.items[at].type, type);
    }
    for (size_t i = 0; map != NULL && i < t->columns.count; i++) {
        if (node_get(map, t->columns.items[i].name) == NULL)
            problem_add(&l->problems, map->at,
                        "the result has a column \"%s\" that \"columns\" lacks",
                        str_printable(l->arena, t->columns.items[i].name));
    }
    d->is_broken = d->is_broken || l->problems.list.count > before;
}

static status take_maps(loader *l, draft *d, const sql_question *question, error *err) {
    const sql_engine *engine = l->options->engine;
    lake_table *t = d->table;
    sql_inference inference;
    bool good = false;
    TRY(sql_infer(question, engine, l->arena, &inference, err));
    TRY(load_maps(l, d, question, &inference, &good, err));
    d->is_broken = !good;
    t->aligned = inference.aligned;
    t->misalignment = inference.aligned ? NULL : inference.misalignment;
    t->order_sensitive = inference.order_sensitive;
    for (size_t i = 0; good && i < t->input_count; i++)
        t->inputs[i].map = inference.maps[i];
    return OK;
}

/* Errors of kind E_DEFINITION are the SQL's. */
static status ask(loader *l, draft *d, const sql_shape *shapes, error *err) {
    const sql_engine *engine = l->options->engine;
    lake_table *t = d->table;
    if (engine == NULL)
        return error_set(err, E_ENGINE, "no engine to read the SQL of \"%s\"", t->name);
    JSON_AUTO tree = NULL;
    TRY(engine->parse(engine->state, t->sql, &tree, err));
    TRY(engine->describe(engine->state, t->sql, shapes, t->input_count, l->arena, &t->columns,
                         err));
    check_result_names(l, d);
    check_partition_by(l, d);
    check_types(l, d);
    if (d->is_broken)
        return OK;
    return take_maps(l, d,
                     &(sql_question){.tree = tree,
                                     .sql = t->sql,
                                     .inputs = shapes,
                                     .input_count = t->input_count,
                                     .partition_by = &t->partition_by},
                     err);
}

static status ask_and_keep(loader *l, draft *d, const sql_shape *shapes, const char *question,
                           error *err) {
    error problem = {0};
    status result = ask(l, d, shapes, &problem);
    if (result == E_DEFINITION) {
        problem_take(&l->problems, (place){.file = d->table->sql_file}, &problem);
        d->is_broken = true;
        return OK;
    }
    if (result != OK)
        return error_pass(result, &problem, err);
    if (!d->is_broken)
        cache_put(l->cache, question, encode(d->table));
    return OK;
}

status load_analysis(loader *l, draft *d, error *err) {
    lake_table *t = d->table;
    const node **written = load_written_maps(d, l->arena);
    char question[SHA256_TEXT_SIZE];
    fill_inputs(l, d);
    sql_shape *shapes = ARENA_ARRAY(l->arena, sql_shape, t->input_count);
    for (size_t i = 0; i < t->input_count; i++)
        shapes[i] = shape_of(l, &t->inputs[i]);
    question_key(l, d, shapes, written, question);
    if (!decode(cache_get(l->cache, question), l->arena, t))
        TRY(ask_and_keep(l, d, shapes, question, err));
    if (!d->is_broken)
        note_map_columns(t);
    if (!d->is_broken)
        check_contract(l, d);
    if (!d->is_broken)
        load_checks(l, d);
    return OK;
}
