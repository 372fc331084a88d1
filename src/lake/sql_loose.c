#include "lake/sql_build.h"

#include "base/str.h"
#include "lake/sql_tree.h"

/* Which of several CTEs of one name is meant is not told apart here: taking all of them only makes
 * more inputs whole, which is safe. */
typedef struct cte_body {
    const json_t *value;
    bool visited;
} cte_body;
typedef VEC(cte_body) cte_bodies;

void sql_note_ctes(sql_builder *b, const json_t *tree) {
    const json_t *map = json_object_get(json_object_get(tree, "cte_map"), "map");
    const json_t *child;
    json_t *member;
    const char *key;
    size_t i;
    json_array_foreach(map, i, child) {
        char *name = str_lower(b->arena, sql_text(child, "key"));
        cte_bodies *bodies = strmap_get(b->cte_bodies, name);
        if (!bodies) {
            bodies = ARENA_NEW(b->arena, cte_bodies);
            strmap_set(b->cte_bodies, name, bodies);
        }
        cte_body body = {.value = json_object_get(child, "value")};
        vec_push(b->arena, bodies, body);
    }
    json_array_foreach(tree, i, child) sql_note_ctes(b, child);
    json_object_foreach(sql_mutable(tree), key, member) sql_note_ctes(b, member);
}

int64_t sql_input_of(const sql_builder *b, const json_t *table) {
    const char *name = arena_printf(b->arena, "%s.%s", sql_text(table, "schema_name"),
                                    sql_text(table, "table_name"));
    for (size_t i = 0; i < b->question->input_count; i++) {
        if (sql_same_name(b->question->inputs[i].table, name))
            return (int64_t)i;
    }
    return -1;
}

static void note_table(sql_builder *b, const json_t *table, sql_reason why) {
    int64_t input = sql_input_of(b, table);
    if (input >= 0) {
        sql_loose_use use = {.input = (size_t)input, .why = why};
        vec_push(b->arena, &b->loose, use);
        return;
    }
    if (*sql_text(table, "schema_name"))
        return;
    char *name = str_lower(b->arena, sql_text(table, "table_name"));
    cte_bodies *bodies = strmap_get(b->cte_bodies, name);
    for (size_t i = 0; bodies && i < bodies->count; i++) {
        if (bodies->items[i].visited)
            continue;
        bodies->items[i].visited = true;
        sql_note_loose(b, bodies->items[i].value, why);
    }
}

void sql_note_loose(sql_builder *b, const json_t *tree, sql_reason why) {
    const json_t *child;
    json_t *member;
    const char *key;
    size_t i;
    if (sql_is(tree, "type", "BASE_TABLE"))
        note_table(b, tree, why);
    json_array_foreach(tree, i, child) sql_note_loose(b, child, why);
    json_object_foreach(sql_mutable(tree), key, member) sql_note_loose(b, member, why);
}

void sql_note_subqueries(sql_builder *b, const json_t *tree) {
    const json_t *child;
    json_t *member;
    const char *key;
    size_t i;
    if (sql_is(tree, "class", "SUBQUERY")) {
        sql_reason why = {.text = "is read in a subquery", .location = sql_location(tree)};
        sql_note_loose(b, tree, why);
        return;
    }
    json_array_foreach(tree, i, child) sql_note_subqueries(b, child);
    json_object_foreach(sql_mutable(tree), key, member) sql_note_subqueries(b, member);
}
