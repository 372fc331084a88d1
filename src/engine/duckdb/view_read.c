/* Reading the input documents of a job. */
#include "engine/duckdb/view.h"

#include "base/path.h"
#include "engine/duckdb/bucket.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

status view_engine_path(const char *path, const char *link_dir, arena *a, const char **ret,
                        error *err) {
    if (bucket_has(path) && strpbrk(path, "*?[{") == NULL) {
        *ret = path;
        return OK;
    }
    if (!path_is_absolute(path))
        return error_set(err, E_USAGE, "the path \"%s\" is not absolute", path);
    if (strpbrk(path, "*?[{") == NULL) {
        *ret = path;
        return OK;
    }
    char *link = path_join(a, link_dir, "link-XXXXXX");
    if (mkdtemp(link) == NULL)
        return error_set_errno(err, errno, "cannot make a folder in \"%s\"", link_dir);
    link = path_join(a, link, "file");
    if (symlink(path, link) != 0)
        return error_set_errno(err, errno, "cannot make a link to \"%s\"", path);
    *ret = link;
    return OK;
}

static status read_file(const json_t *document, const char *link_dir, arena *a, view_file *ret,
                        error *err) {
    const char *path;
    TRY(json_need_string(document, "path", &path, err));
    *ret = (view_file){.file = json_get_string(document, "file", ""),
                       .from_path = json_object_get(document, "from_path"),
                       .land_timestamp = json_get_int(document, "land_timestamp", 0),
                       .token = json_get_string(document, "kept", NULL)};
    return view_engine_path(path, link_dir, a, &ret->path, err);
}

static status read_group(const json_t *document, const char *link_dir, arena *a, view_group *ret,
                         strings *paths, error *err) {
    json_t *contract;
    json_t *files;
    TRY(json_need_object(document, "contract", &contract, err));
    TRY(reader_read(contract, a, &ret->reader, err));
    if (ret->reader.format == READER_OPAQUE)
        return error_set(err, E_DEFINITION, "opaque files cannot be read");
    TRY(json_need_array(document, "files", &files, err));
    size_t i;
    json_t *item;
    json_array_foreach(files, i, item) {
        view_file file;
        TRY(read_file(item, link_dir, a, &file, err));
        vec_push(a, &ret->files, file);
        vec_push(a, paths, file.path);
    }
    return OK;
}

static status read_groups(const json_t *document, const char *link_dir, arena *a, view_input *ret,
                          strings *paths, error *err) {
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(document, "groups"), i, item) {
        view_group group = {0};
        TRY(read_group(item, link_dir, a, &group, paths, err));
        if (group.files.count > 0)
            vec_push(a, &ret->groups, group);
    }
    return OK;
}

static status read_filter(const json_t *document, arena *a, view_input *input, error *err) {
    const json_t *only = json_object_get(document, "only");
    TRY(job_read_strings(document, "filter", a, &input->filter, err));
    if (json_object_get(document, "hidden") != NULL)
        TRY(job_read_columns(document, "hidden", a, &input->hidden, err));
    input->has_only = json_is_object(only);
    if (!input->has_only)
        return OK;
    TRY(job_read_types(only, "types", a, &input->only.types, err));
    return job_read_partitions(only, "values", input->only.types.count, a, &input->only.partitions,
                               err);
}

status view_read_input(const json_t *document, const char *link_dir, arena *a, view_input *ret,
                       strings *paths, error *err) {
    view_input input = {0};
    TRY(json_need_string(document, "table", &input.table, err));
    TRY(job_read_columns(document, "columns", a, &input.columns, err));
    if (input.columns.count == 0)
        return error_set(err, E_USAGE, "the input \"%s\" has no columns", input.table);
    const json_t *rows = json_object_get(document, "rows");
    if (json_is_object(rows)) {
        json_t *values;
        TRY(json_need_array(rows, "values", &values, err));
        input.values = values;
    } else {
        TRY(read_groups(document, link_dir, a, &input, paths, err));
    }
    if (json_is_array(json_object_get(document, "filter")))
        TRY(read_filter(document, a, &input, err));
    *ret = input;
    return OK;
}

status view_read_inputs(const json_t *job, const char *link_dir, arena *a, view_inputs *ret,
                        strings *paths, error *err) {
    view_inputs inputs = {0};
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(job, "inputs"), i, item) {
        view_input input;
        TRY(view_read_input(item, link_dir, a, &input, paths, err));
        vec_push(a, &inputs, input);
    }
    *ret = inputs;
    return OK;
}

/* Its files that are kept become a group after it; *ret_kept has none when none is. */
static void split_group(view_group *group, const keep *k, arena *a, view_group *ret_kept) {
    view_files others = {0};
    *ret_kept = (view_group){.reader = group->reader, .kept = true};
    for (size_t i = 0; i < group->files.count; i++) {
        view_file file = group->files.items[i];
        file.place = file.token != NULL ? keep_find(k, file.token, &group->reader) : -1;
        if (file.place >= 0)
            vec_push(a, &ret_kept->files, file);
        else
            vec_push(a, &others, file);
    }
    group->files = others;
}

void view_use_kept(view_inputs *inputs, const keep *k, arena *a) {
    for (size_t i = 0; i < inputs->count; i++) {
        view_input *input = &inputs->items[i];
        size_t groups = input->groups.count;
        view_group *before = input->groups.items;
        input->groups.items = NULL;
        input->groups.count = input->groups.capacity = 0;
        for (size_t g = 0; g < groups; g++) {
            view_group kept;
            split_group(&before[g], k, a, &kept);
            if (before[g].files.count > 0)
                vec_push(a, &input->groups, before[g]);
            if (kept.files.count > 0)
                vec_push(a, &input->groups, kept);
        }
    }
}

const char *view_pseudo_value(const view_file *file, const char *column, arena *a) {
    if (str_eq(column, "file_land_timestamp"))
        return arena_printf(a, "%" PRId64, file->land_timestamp);
    if (str_eq(column, "weir_file"))
        return file->file;
    return json_string_value(json_object_get(file->from_path, column));
}
