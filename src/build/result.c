#include "build/job.h"

#include "base/path.h"

/* A file name from a worker becomes part of a key: it must be one plain name. */
static status take_file(const build_state *s, const build_job *job, const char *folder,
                        const json_t *from, ledger_file *ret, error *err) {
    const char *name = NULL, *sum1 = NULL, *sum2 = NULL;
    TRY(json_need_string(from, "name", &name, err));
    TRY(json_need_string(from, "sum1", &sum1, err));
    TRY(json_need_string(from, "sum2", &sum2, err));
    TRY(json_need_int(from, "rows", &ret->rows, err));
    TRY(json_need_int(from, "bytes", &ret->bytes, err));
    if (!path_is_safe(name) || strchr(name, '/'))
        return error_set(err, E_ENGINE, "the worker named a file \"%s\"",
                         str_printable(s->arena, name));
    ret->object = path_join(s->arena, folder, name);
    ret->sum1 = arena_strdup(s->arena, sum1);
    ret->sum2 = arena_strdup(s->arena, sum2);
    return store_seal(s->c->layers[job->table->table->layer], ret->object, err);
}

static status take_files(const build_state *s, const build_job *job, const char *folder,
                         const json_t *from, staged *st, error *err) {
    json_t *files = NULL;
    TRY(json_need_array(from, "files", &files, err));
    st->file_count = json_array_size(files);
    st->files = ARENA_ARRAY(s->arena, ledger_file, st->file_count);
    st->rows = st->bytes = 0;
    for (size_t i = 0; i < st->file_count; i++) {
        TRY(take_file(s, job, folder, json_array_get(files, i), &st->files[i], err));
        st->rows += st->files[i].rows;
        st->bytes += st->files[i].bytes;
    }
    if (st->rows != json_get_int(from, "rows", -1))
        return error_set(err, E_ENGINE, "the rows of \"%s\" do not add up over its files",
                         st->text);
    return OK;
}

static status take_partition(const build_state *s, const build_job *job, const char *folder,
                             const json_t *from, staged *st, error *err) {
    const lake_table *t = job->table->table;
    char columns_hash_text[65];
    columns_hash(&t->columns, columns_hash_text);
    TRY(take_files(s, job, folder, from, st, err));
    TRY(plan_content_id(s->arena, columns_hash_text, st->files, st->file_count, &st->content, err));
    TRY(feeds_read(s->c->lake, t, json_object_get(from, "feeds"), st->text, s->arena, &st->feeds,
                   err));
    st->changed = st->old.version == 0 || !str_eq(st->old.content, st->content);
    st->outcome = OUTCOME_BUILT;
    job->table->garbage = job->table->garbage || !st->changed;
    return OK;
}

status job_take(const build_state *s, const build_job *job, const json_t *result, error *err) {
    const char *folder = arena_printf(
        s->arena, "%s%lld", job_prefix(s->c, job->table->table, s->arena), (long long)job->number);
    json_t *partitions = NULL;
    TRY(json_need_array(result, "partitions", &partitions, err));
    if (json_array_size(partitions) != job->count)
        return error_set(err, E_ENGINE, "the worker answered for %zu partitions of \"%s\", not %zu",
                         json_array_size(partitions), job->table->table->name, job->count);
    for (size_t i = 0; i < job->count; i++) {
        const json_t *from = json_array_get(partitions, i);
        if (json_get_int(from, "ordinal", -1) != (int64_t)i)
            return error_set(err, E_ENGINE, "the worker's partitions of \"%s\" are out of order",
                             job->table->table->name);
        TRY(take_partition(s, job, folder, from, job->partitions[i], err));
    }
    return OK;
}
