#include "cli/verb.h"

#include "cli/document.h"
#include "cli/work.h"

static const output_column COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},
    {"partition", "partition", OUTPUT_TEXT},
};

/* A second argument that is a partition's text is no selection. */
static bool names_partition(const strings *arguments) {
    return arguments->count == 2
           && (str_eq(arguments->items[1], "()") || strchr(arguments->items[1], '=') != NULL);
}

static status find_released(session *s, bool **ret_selected, const char **ret_partition,
                            error *err) {
    const strings *arguments = &s->command->options->arguments;
    const lake_table *t = NULL;
    if (!names_partition(arguments))
        return session_select(s, ret_selected, err);
    TRY(lake_table_need(s->lake, arguments->items[0], &t, err));
    *ret_selected = ARENA_ARRAY(s->arena, bool, s->lake->table_count);
    (*ret_selected)[t->index] = true;
    *ret_partition = arguments->items[1];
    return OK;
}

static json_t *released_rows(const build_undones *all) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "table", output_string(all->items[i].table));
        json_object_set_new(row, "partition", output_string(all->items[i].partition));
        json_array_append_new(rows, row);
    }
    return rows;
}

static status release(session *s, error *err) {
    work w;
    bool *selected = NULL;
    const char *partition = NULL;
    build_undones all = {0};
    TRY(find_released(s, &selected, &partition, err));
    TRY(work_begin(s, &w, err));
    build_context build = session_build_context(s, w.run);
    status result = build_release(&build, selected, partition, s->arena, &all, err);
    JSON_AUTO rows = released_rows(&all);
    JSON_AUTO document = document_new();
    json_object_set(document, "released", rows);
    TRY(work_end(&w, result, document, err));
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    if (all.count == 0)
        output_say(s->command->out, "nothing was held there");
    return OK;
}

status verb_release(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_CHANGE, &s, err);
    if (result == OK)
        result = release(&s, err);
    session_close(&s);
    return result;
}
