#include "lake/maps.h"

const node **load_written_maps(const draft *d, arena *a) {
    const node **written = ARENA_ARRAY(a, const node *, d->facts.inputs.count);
    const node *map = node_get(d->yaml, "map");
    for (size_t i = 0; i < d->facts.inputs.count; i++)
        written[i] = node_get(map, d->facts.inputs.items[i].table);
    return written;
}

error *maps_problem(reading *r, place at, const char *format, ...) {
    char message[ERROR_MESSAGE_MAX];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values);
    va_end(values);
    r->good = false;
    return problem_add(&r->loader->problems, at, "%s", message);
}

/* Lines of the probe's text mean nothing to its reader: the place is that of the expression. */
static void complain(reading *r, const probe *p, const error *why) {
    error *err = maps_problem(r, p->at, "the map of \"%s\" for \"%s\": %s", p->input->table,
                              p->target->name, why->message);
    error_hint(err, "%s", why->hint);
}

/* The expression must end where the text ends: the newline closes a comment, and what breaks out
 * of the parentheses is a syntax error or a second column. */
static char *probe_sql(const probe *p) {
    arena *a = p->loader->arena;
    strings parts = str_split(a, p->input->table, '.');
    return arena_printf(a, "SELECT (\n%s\n) AS %s FROM %s.%s", p->text,
                        sql_identifier(a, p->target->name), sql_identifier(a, parts.items[0]),
                        sql_identifier(a, parts.items[1]));
}

static status check_probe_type(const probe *p, const char *sql, error *err) {
    const sql_engine *engine = p->loader->options->engine;
    columns result = {0};
    TRY(engine->describe(engine->state, sql, p->input, 1, p->loader->arena, &result, err));
    if (result.count != 1)
        return error_set(err, E_DEFINITION, "more than one expression");
    if (str_eq(result.items[0].type, p->target->type))
        return OK;
    status failed = error_set(err, E_DEFINITION, "its type is %s, the column's is %s",
                              result.items[0].type, p->target->type);
    error_hint(err, "Write cast(… AS %s).", p->target->type);
    return failed;
}

static status infer_probe(const probe *p, const json_t *tree, const char *sql, sql_map *ret,
                          error *err) {
    arena *a = p->loader->arena;
    sql_facts facts;
    sql_inference inference;
    strings target = {0};
    TRY(sql_inspect(tree, sql, a, &facts, err));
    if (facts.inputs.count != 1 || !str_eq(facts.inputs.items[0].table, p->input->table))
        return error_set(err, E_DEFINITION, "it reads another table");
    vec_push(a, &target, p->target->name);
    sql_question question = {
        .tree = tree, .sql = sql, .inputs = p->input, .input_count = 1, .partition_by = &target};
    TRY(sql_infer(&question, p->loader->options->engine, a, &inference, err));
    if (inference.maps[0].kind != MAP_DERIVED && inference.maps[0].kind != MAP_SAME) {
        status failed =
            error_set(err, E_DEFINITION, "it is no expression over one row of the input");
        error_hint(err, "Use columns of \"%s\" and functions of single values.", p->input->table);
        return failed;
    }
    *ret = inference.maps[0];
    return OK;
}

static status ask_probe(const probe *p, sql_map *ret, error *err) {
    const sql_engine *engine = p->loader->options->engine;
    const char *sql = probe_sql(p);
    JSON_AUTO tree = NULL;
    TRY(engine->parse(engine->state, sql, &tree, err));
    TRY(check_probe_type(p, sql, err));
    return infer_probe(p, tree, sql, ret, err);
}

status maps_ask(reading *r, const probe *p, sql_map *ret, bool *ret_good, error *err) {
    error problem = {0};
    status result = ask_probe(p, ret, &problem);
    *ret_good = result == OK;
    if (result == OK)
        return OK;
    if (result == E_DEFINITION) {
        complain(r, p, &problem);
        return OK;
    }
    return error_pass(result, &problem, err);
}

static void add_expression(arena *a, sql_map *made, const sql_map *one) {
    bool is_same = one->kind == MAP_SAME;
    const char *same = is_same ? one->same.items[0] : "";
    if (!is_same)
        made->kind = MAP_EXPRESSION;
    vec_push(a, &made->same, same);
    vec_push(a, &made->expressions, is_same ? sql_identifier(a, same) : one->expressions.items[0]);
}

static void lacks_column(reading *r, const node *map, const char *table, const char *name) {
    (void)maps_problem(r, map->at, "the map of \"%s\" lacks the partition column \"%s\"", table,
                       name);
}

/* One input's expressions, one per partition column. */
static status read_expressions(reading *r, size_t input, error *err) {
    const lake_table *t = r->draft->table;
    const node *map = r->written[input];
    sql_map made = {.table = r->shapes[input].table, .kind = MAP_SAME, .why = "written"};
    for (size_t i = 0; i < t->partition_by.count; i++) {
        const char *name = t->partition_by.items[i];
        const node *n = node_get(map, name);
        if (n == NULL || n->kind != NODE_TEXT) {
            lacks_column(r, map, made.table, name);
            continue;
        }
        const column *target = &t->columns.items[columns_find(&t->columns, name)];
        const probe p = {r->loader, &r->probed[input], target, n->text, n->at};
        sql_map one = {0};
        bool good;
        TRY(maps_ask(r, &p, &one, &good, err));
        if (good)
            add_expression(r->loader->arena, &made, &one);
    }
    r->maps[input] = made;
    return OK;
}

static bool same_texts(const strings *a, const strings *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!str_eq(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

/* What is written but says no more than the SQL does by itself, is no override; where partitions
 * depend on each other it is, and the definition. */
static bool is_derived_anyway(const sql_map *inferred, const sql_map *written) {
    if (written->kind == MAP_SAME)
        return inferred->kind == MAP_SAME && same_texts(&inferred->same, &written->same);
    return inferred->kind == MAP_DERIVED
           && same_texts(&inferred->expressions, &written->expressions);
}

static status read_written(reading *r, error *err) {
    for (size_t i = 0; i < r->draft->facts.inputs.count; i++) {
        const node *n = r->written[i];
        r->kinds[i] = MAP_NONE;
        if (n == NULL)
            continue;
        if (maps_is_span(r->draft->table, n)) {
            TRY(maps_read_span(r, i, err));
        } else if (n->kind == NODE_MAP) {
            TRY(read_expressions(r, i, err));
            if (!r->inference->aligned || !is_derived_anyway(&r->inference->maps[i], &r->maps[i]))
                r->kinds[i] = MAP_EXPRESSION;
        } else {
            r->kinds[i] = MAP_ALL;
            r->maps[i] = (sql_map){.table = r->shapes[i].table, .kind = MAP_ALL, .why = "written"};
        }
    }
    return OK;
}

static place sql_problem_place(const reading *r, int line, int at) {
    return (place){r->draft->table->sql_file, line, at};
}

/* "tables/silver/x.yaml" */
static const char *yaml_name(const reading *r) {
    const char *sql = r->draft->table->sql_file;
    return arena_printf(r->loader->arena, "%.*s.yaml", (int)(strlen(sql) - strlen(".sql")), sql);
}

static void refuse_unmapped(reading *r, const sql_map *map) {
    const lake_table *t = r->draft->table;
    error *err = problem_add(&r->loader->problems, sql_problem_place(r, map->line, map->column),
                             "which partitions of \"%s\" rows of \"%s\" belong to is unknown: %s",
                             t->name, map->table, map->why == NULL ? "not derivable" : map->why);
    arena *a = r->loader->arena;
    const char *form = arena_printf(a, "map: {%s: {%s: ", map->table, t->partition_by.items[0]);
    const char *whole = arena_printf(a, ", or map: {%s: all}", map->table);
    error_hint(err,
               "Write it in %s, as in %s\"<expression>\"}} or, for those around, %s[-1, 0]}}%s; or "
               "remove partition_by.",
               yaml_name(r), form, form, map->defines ? "" : whole);
    r->good = false;
}

static void refuse_driving(reading *r, size_t input) {
    const char *how = r->kinds[input] == MAP_ALL ? "whole" : "as of a date";
    error *err = maps_problem(r, r->written[input]->at,
                              "\"%s\" cannot be read %s: its rows make the partitions of \"%s\"",
                              r->shapes[input].table, how, r->draft->table->name);
    error_hint(err, "Write an expression per partition column, or remove \"partition_by\".");
}

/* What would make a construct right: a LIMIT takes in nothing. */
static const char *way_to_align(const reading *r, const char *why) {
    arena *a = r->loader->arena;
    const char *by = str_join(a, &r->draft->table->partition_by, ", ");
    bool counts = str_starts(why, "LIMIT") || str_starts(why, "OFFSET");
    return counts ? arena_printf(a,
                                 "For so many of each write QUALIFY row_number() OVER (PARTITION "
                                 "BY %s ORDER BY …) <= n",
                                 by)
                  : arena_printf(a, "Let it take in %s too", by);
}

static void refuse_misaligned(reading *r) {
    const sql_inference *inference = r->inference;
    const lake_table *t = r->draft->table;
    const char *why = inference->misalignment == NULL ? "not proven" : inference->misalignment;
    error *err =
        problem_add(&r->loader->problems, sql_problem_place(r, inference->line, inference->column),
                    "partitions of \"%s\" are not independent: %s", t->name, why);
    error_hint(err,
               "%s; or write in %s what a partition reads, as in map: {%s: {%s: [-6, 0]}}; or "
               "remove partition_by.",
               way_to_align(r, why), yaml_name(r), r->shapes[0].table, t->partition_by.items[0]);
    r->good = false;
}

/* However an input is mapped, these rows would come to partitions that nobody builds. */
static void refuse_groundless(reading *r) {
    const sql_inference *inference = r->inference;
    place at = sql_problem_place(r, inference->groundless_line, inference->groundless_column);
    error *err = maps_problem(r, at, "no input tells the partitions of \"%s\": %s",
                              r->draft->table->name, inference->groundless);
    error_hint(err, "Let rows of an input decide, by an inner join or from its side, or deliver "
                    "these rows as a table of their own; or remove partition_by.");
}

static void check_inputs(reading *r) {
    bool any_written = false, any_mapped = false;
    maps_judge_spans(r);
    for (size_t i = 0; i < r->inference->map_count; i++) {
        sql_map *map = &r->inference->maps[i];
        bool drives_nothing = r->kinds[i] == MAP_ALL || r->kinds[i] == MAP_AS_OF;
        if (drives_nothing && map->defines)
            refuse_driving(r, i);
        else if (r->kinds[i] == MAP_NONE && map->kind == MAP_NONE)
            refuse_unmapped(r, map);
        if (r->kinds[i] != MAP_NONE) {
            r->maps[i].defines = map->defines;
            *map = r->maps[i];
            any_written = true;
        }
        any_mapped = any_mapped || (map->kind != MAP_ALL && map->kind != MAP_AS_OF);
    }
    const lake_table *t = r->draft->table;
    if (!any_mapped && r->good) {
        error *err = problem_add(&r->loader->problems, sql_problem_place(r, 0, 0),
                                 "no input tells the partitions of \"%s\"", t->name);
        error_hint(err, "Map an input to %s in %s, or remove \"partition_by\".",
                   str_join(r->loader->arena, &t->partition_by, ", "), yaml_name(r));
        r->good = false;
    }
    if (r->good && any_written && r->inference->groundless != NULL)
        refuse_groundless(r);
    if (r->good && !r->inference->aligned && !any_written)
        refuse_misaligned(r);
}

static bool check_unpartitioned(reading *r) {
    for (size_t i = 0; i < r->draft->facts.inputs.count; i++) {
        const node *n = r->written[i];
        if (n == NULL || n->kind == NODE_TEXT)
            continue;
        problem_add(&r->loader->problems, n->at, "the map of \"%s\" needs \"partition_by\"",
                    r->shapes[i].table);
        r->good = false;
    }
    return r->good;
}

/* Maps may speak of what the SQL's view of a source table does not have. */
static sql_shape *probed_shapes(const reading *r, const sql_shape *shapes, size_t count) {
    arena *a = r->loader->arena;
    sql_shape *probed = ARENA_ARRAY(a, sql_shape, count);
    for (size_t i = 0; i < count; i++) {
        probed[i] = shapes[i];
        probed[i].columns = (columns){0};
        for (size_t c = 0; c < shapes[i].columns.count; c++)
            vec_push(a, &probed[i].columns, shapes[i].columns.items[c]);
        if (shapes[i].is_source)
            load_add_hidden(r->loader, &probed[i]);
    }
    return probed;
}

status load_maps(loader *l, draft *d, const sql_question *asked, sql_inference *inference,
                 bool *ret_good, error *err) {
    size_t count = d->facts.inputs.count;
    reading r = {
        .loader = l, .draft = d, .shapes = asked->inputs, .inference = inference, .good = true};
    r.written = load_written_maps(d, l->arena);
    r.kinds = ARENA_ARRAY(l->arena, map_kind, count);
    r.maps = ARENA_ARRAY(l->arena, sql_map, count);
    r.probed = probed_shapes(&r, asked->inputs, count);
    if (d->table->partition_by.count == 0) {
        *ret_good = check_unpartitioned(&r);
        return OK;
    }
    TRY(read_written(&r, err));
    sql_question again = *asked;
    again.written = r.kinds;
    if (r.good)
        TRY(sql_infer(&again, l->options->engine, l->arena, inference, err));
    if (r.good)
        check_inputs(&r);
    *ret_good = r.good;
    return OK;
}
