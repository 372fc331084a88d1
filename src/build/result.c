#include "build/job.h"

#include "base/crash.h"
#include "base/path.h"

typedef struct taking {
    const build_state *s;
    staged_table *table;
    const char *folder;
    strmap *names; /* of the files taken so far */
    bool found;    /* an earlier run's: sealed by it, if it still is what it was */
} taking;

static store *store_of(const taking *t) {
    return t->s->c->layers[t->table->table->layer];
}

/* A file name from a worker becomes part of a key: it must be one plain name, and be new. */
static status take_name(const taking *t, const json_t *from, ledger_file *ret, error *err) {
    const char *name = NULL;
    TRY(json_need_string(from, "name", &name, err));
    if (!path_is_safe(name) || strchr(name, '/') || strmap_has(t->names, name))
        return error_set(err, E_ENGINE, "the worker named a file \"%s\"",
                         str_printable(t->s->arena, name));
    strmap_set(t->names, name, t->names);
    ret->object = path_join(t->s->arena, t->folder, name);
    return OK;
}

/* What nobody names may have been touched since; what a version names is not to be had again. */
static status check_found(const taking *t, const ledger_file *file, error *err) {
    store_object there = {0};
    bool known = false;
    TRY(store_info(store_of(t), file->object, t->s->arena, &there, err));
    TRY(ledger_object_known(t->s->c->ledger, file->object, &known, err));
    if (known || there.size_bytes != file->bytes)
        return error_set(err, E_NOT_FOUND, "\"%s\" is no longer what was staged", file->object);
    return OK;
}

/* What is no local path came through others' hands: it has to be as large as was told. */
static status seal(const taking *t, const ledger_file *file, error *err) {
    store *in = store_of(t);
    store_object there = {0};
    if (store_has(in, STORE_LOCAL_PATH)) {
        TRY(store_seal(in, file->object, err));
    } else {
        TRY(store_info(in, file->object, t->s->arena, &there, err));
        if (there.size_bytes != file->bytes)
            return error_set(err, E_ENGINE, "\"%s\" has %lld bytes, and %lld were written",
                             store_url(in, t->s->arena, file->object), (long long)there.size_bytes,
                             (long long)file->bytes);
    }
    crash_point("build.sealed");
    return OK;
}

static status take_file(const taking *t, const json_t *from, ledger_file *ret, error *err) {
    const char *sum1 = NULL, *sum2 = NULL;
    TRY(take_name(t, from, ret, err));
    TRY(json_need_string(from, "sum1", &sum1, err));
    TRY(json_need_string(from, "sum2", &sum2, err));
    TRY(json_need_int(from, "rows", &ret->rows, err));
    TRY(json_need_int(from, "bytes", &ret->bytes, err));
    if (ret->rows < 0 || ret->bytes < 0)
        return error_set(err, E_ENGINE, "the worker counted less than nothing in \"%s\"",
                         ret->object);
    ret->sum1 = arena_strdup(t->s->arena, sum1);
    ret->sum2 = arena_strdup(t->s->arena, sum2);
    return t->found ? check_found(t, ret, err) : seal(t, ret, err);
}

static status take_files(const taking *t, const json_t *from, staged *st, error *err) {
    json_t *files = NULL;
    TRY(json_need_array(from, "files", &files, err));
    st->file_count = json_array_size(files);
    st->files = ARENA_ARRAY(t->s->arena, ledger_file, st->file_count);
    st->rows = st->bytes = 0;
    for (size_t i = 0; i < st->file_count; i++) {
        TRY(take_file(t, json_array_get(files, i), &st->files[i], err));
        st->rows += st->files[i].rows;
        st->bytes += st->files[i].bytes;
    }
    if (st->rows != json_get_int(from, "rows", -1))
        return error_set(err, E_ENGINE, "the rows of \"%s\" do not add up over its files",
                         st->text);
    return OK;
}

static status take_partition(const taking *take, const json_t *from, staged *st, error *err) {
    const build_state *s = take->s;
    const lake_table *t = take->table->table;
    char columns_hash_text[65];
    columns_hash(&t->columns, columns_hash_text);
    TRY(take_files(take, from, st, err));
    st->dropped = json_get_int(from, "dropped", 0);
    TRY(plan_content_id(s->arena, columns_hash_text, st->files, st->file_count, &st->content, err));
    TRY(feeds_read(s->c->lake, t, json_object_get(from, "feeds"), st->text, s->arena, &st->feeds,
                   err));
    st->changed = st->old.version == 0 || st->relaid || !str_eq(st->old.content, st->content);
    st->outcome = OUTCOME_BUILT;
    take->table->garbage = take->table->garbage || !st->changed;
    return OK;
}

static status take_all(const taking *t, const build_job *job, const json_t *result, error *err) {
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
        TRY(take_partition(t, from, job->partitions[i], err));
    }
    if (!crash_sabotaged("no_fsync"))
        TRY(store_sync(store_of(t), t->folder, err));
    crash_point("build.synced");
    return OK;
}

/* Delivered data has no part in an answer that cannot be read. */
status job_take(const build_state *s, const build_job *job, const json_t *result, error *err) {
    error why = {0};
    taking t = {.s = s,
                .table = job->table,
                .folder = job_folder(s, job, s->arena),
                .names = strmap_new(s->arena)};
    status taken = take_all(&t, job, result, &why);
    if (taken == E_DATA)
        return error_set(err, E_ENGINE, "the worker's answer for \"%s\" cannot be used: %s",
                         job->table->table->name, why.message);
    return error_pass(taken, &why, err);
}

status job_take_found(const build_state *s, staged_table *table, const char *folder,
                      const json_t *answer, staged *st, error *err) {
    const taking t = {
        .s = s, .table = table, .folder = folder, .names = strmap_new(s->arena), .found = true};
    return take_partition(&t, answer, st, err);
}
