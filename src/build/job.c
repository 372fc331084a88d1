#include "build/job.h"

#include <inttypes.h>

char *job_prefix(const build_context *c, const lake_table *t, arena *a) {
    return arena_printf(a, ".weir/objects/%s/%s/", t->name, c->run);
}

/* "7", or "7-2": two that build the same job must not write over each other. */
static char *job_name(const build_job *job, arena *a) {
    if (job->attempt <= 1)
        return arena_printf(a, "%" PRId64, job->number);
    return arena_printf(a, "%" PRId64 "-%" PRId64, job->number, job->attempt);
}

char *job_folder(const build_state *s, const build_job *job, arena *a) {
    return arena_printf(a, "%s%s/", job_prefix(s->c, job->table->table, a), job_name(job, a));
}

static bool has_unit(const strmap *seen, const source_unit *unit, arena *a, const char **ret_key) {
    *ret_key = unit->staged ? arena_printf(a, "staged %s", unit->staged->text)
                            : arena_printf(a, "%" PRId64, unit->unit.unit);
    return strmap_has(seen, *ret_key);
}

static status add_unit(const build_state *s, const lake_input *input, const source_unit *unit,
                       json_t *document, error *err) {
    const lake_table *t = input->table;
    if (t->source)
        return input_add_delivery(document, s->c, t, &unit->unit, err);
    ledger_file *files = unit->staged ? unit->staged->files : NULL;
    size_t count = unit->staged ? unit->staged->file_count : 0;
    if (!unit->staged)
        TRY(ledger_version_files(s->c->ledger, unit->unit.unit, s->arena, &files, &count, err));
    return input_add_files(document, s->c, t, files, count, err);
}

/* Whole files may be read unfiltered when none of them feeds a partition outside the job. A unit
 * of a `same` map is one partition, so it never does. */
static status feeds_outside(const build_state *s, const build_job *job, const lake_input *input,
                            const source_unit *unit, const strings *texts, bool *ret, error *err) {
    bool only = true;
    if (feeds_need_rows(input) && !unit->staged) {
        ledger_edge edge = build_edge(s->c, job->table->table, input);
        TRY(ledger_unit_feeds_only(s->c->ledger, &edge, unit->unit.unit, texts, &only, err));
    } else if (feeds_need_rows(input)) {
        only = false;
    }
    *ret = !only;
    return OK;
}

static status fill_input(const build_state *s, const build_job *job, size_t place,
                         const strings *texts, json_t *document, error *err) {
    const lake_input *input = &job->table->table->inputs[place];
    strings fed = *texts;
    strmap *seen = strmap_new(s->arena);
    bool filter = false;
    if (input->map.span && !job->whole) {
        ASSERT(job->count == 1); /* such a map is written, and so its table never aligned */
        TRY(state_fed(s, job->table->table, input, texts->items[0], &fed, err));
    }
    for (size_t p = 0; p < (job->whole ? 1 : job->count); p++) {
        const source_units *units = &job->partitions[p]->inputs[place];
        for (size_t i = 0; i < units->count; i++) {
            const char *key = NULL;
            bool outside = false;
            if (has_unit(seen, &units->items[i], s->arena, &key))
                continue;
            strmap_set(seen, key, document);
            TRY(add_unit(s, input, &units->items[i], document, err));
            if (!filter && !job->whole)
                TRY(feeds_outside(s, job, input, &units->items[i], &fed, &outside, err));
            filter = filter || outside;
        }
    }
    return filter ? input_filter(document, job->table->table, input, &fed, err) : OK;
}

static status inputs_document(const build_state *s, const build_job *job, const strings *texts,
                              json_t *inputs, error *err) {
    const lake_table *t = job->table->table;
    for (size_t i = 0; i < t->input_count; i++) {
        input_shape shape = {.table = t->inputs[i].table,
                             .land_timestamp = t->inputs[i].reads_land_timestamp,
                             .file = t->inputs[i].reads_file};
        json_t *document = input_document(&shape);
        json_array_append_new(inputs, document);
        TRY(fill_input(s, job, i, texts, document, err));
    }
    return OK;
}

static json_t *columns_document(const ledger_table *t) {
    json_t *list = json_array();
    for (size_t i = 0; i < t->column_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "name", t->columns[i].name, "type",
                                              t->columns[i].type, "field_id",
                                              (json_int_t)t->columns[i].field_id));
    return list;
}

static json_t *texts_document(const strings *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *checks_document(const lake_table *t) {
    json_t *list = json_array();
    for (size_t i = 0; i < t->checks.count; i++) {
        const lake_check *c = &t->checks.items[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:o}", "rule", c->is_unique ? "unique" : "not_null",
                                        "columns", texts_document(&c->columns)));
    }
    return list;
}

static status partitions_document(const build_state *s, const build_job *job, json_t *list,
                                  error *err) {
    const strings *by = &job->table->table->partition_by;
    for (size_t p = 0; p < job->count; p++) {
        const char **values = NULL;
        json_t *row = json_array();
        json_array_append_new(list, row);
        TRY(partition_values(job->partitions[p]->text, by, s->arena, &values, err));
        for (size_t i = 0; i < by->count; i++)
            json_array_append_new(row, values[i] ? json_string(values[i]) : json_null());
    }
    return OK;
}

static json_t *output_document(const build_state *s, const build_job *job) {
    const lake_table *t = job->table->table;
    const char *dir = job->dir;
    if (!dir)
        dir = store_url(s->c->layers[t->layer], s->arena, job_folder(s, job, s->arena));
    char *stem =
        arena_printf(s->arena, "%s_%s_%s", t->short_name, s->c->run, job_name(job, s->arena));
    json_t *name = t->file_name && !job->whole ? json_string(t->file_name) : json_null();
    return json_pack("{s:s, s:s, s:I, s:o}", "dir", dir, "stem", stem, "target_bytes",
                     (json_int_t)t->file_target_bytes, "file_name", name);
}

static status fill_document(const build_state *s, const build_job *job, json_t *document,
                            error *err) {
    strings texts = {0};
    json_t *inputs = json_array(), *partitions = json_array();
    json_object_set_new(document, "inputs", inputs);
    json_object_set_new(document, "partitions", partitions);
    json_object_set_new(document, "checks", checks_document(job->table->table));
    for (size_t p = 0; p < job->count; p++)
        vec_push(s->arena, &texts, job->partitions[p]->text);
    TRY(inputs_document(s, job, &texts, inputs, err));
    return partitions_document(s, job, partitions, err);
}

/* Rows of the partitions around come out as well, and are not the partition's. */
static bool reads_window(const lake_table *t) {
    for (size_t i = 0; i < t->input_count; i++)
        if (t->inputs[i].map.kind == MAP_WINDOW)
            return true;
    return false;
}

status job_place(const build_state *s, const build_job *job, json_t *document, error *err) {
    if (!job->dir)
        TRY(store_prepare(s->c->layers[job->table->table->layer], job_folder(s, job, s->arena),
                          err));
    json_object_set_new(document, "output", output_document(s, job));
    return OK;
}

status job_document(const build_state *s, const build_job *job, json_t **ret, error *err) {
    const lake_table *t = job->table->table;
    json_t *document =
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:b}", "op", "build", "table", t->name,
                  "sql", t->sql, "columns", columns_document(state_ledger_table(s, t)),
                  "partition_by", texts_document(&t->partition_by), "outside",
                  reads_window(t) || job->whole ? "drop" : "fail", "maps",
                  feeds_maps(s->c->lake, t), "single_thread", t->order_sensitive ? 1 : 0);
    status filled = job_place(s, job, document, err);
    if (filled == OK)
        filled = fill_document(s, job, document, err);
    if (filled != OK) {
        json_decref(document);
        return filled;
    }
    *ret = document;
    return OK;
}
