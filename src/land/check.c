#include "land/check.h"

#include "base/path.h"

enum { FAILURE_LIMIT = 100, PARTITIONS_MAX = 1000 * 1000 };

/* One job: some arrivals of one table and one format. */
typedef struct check_job {
    size_t *items; /* places in the batch */
    size_t count;
    bool by_copy; /* reads the staged copies */
} check_job;

struct check {
    batch *batch;
    VEC(check_job) jobs;
    VEC(check_job) later; /* wait for the copies */
    size_t next;          /* of jobs: the first that is not under way */
    bool copied;          /* staged copies may be read */
};

static json_t *texts(const strings *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *text_or_null(const char *text) {
    return text != NULL ? json_string(text) : json_null();
}

static json_t *columns_document(const lake_columns *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const lake_column *c = &list->items[i];
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "name", c->name, "type", c->type,
                             "nullable", c->nullable, "aliases", texts(&c->aliases), "minimum",
                             text_or_null(c->minimum), "maximum", text_or_null(c->maximum)));
    }
    return array;
}

static json_t *csv_document(const lake_csv *csv) {
    return json_pack("{s:s, s:s, s:b, s:b, s:s, s:o}", "delimiter", csv->delimiter, "quote",
                     csv->quote, "header", csv->header, "header_exact", csv->header_exact,
                     "encoding", csv->encoding, "null_values", texts(&csv->null_values));
}

static json_t *rows_document(const lake_source *s) {
    return json_pack("{s:I, s:o}", "min", (json_int_t)s->rows_min, "max",
                     s->rows_max < 0 ? json_null() : json_integer(s->rows_max));
}

/* The question without its files. */
static json_t *question(const lake *l, const lake_table *t, lake_format format) {
    const lake_source *s = t->source;
    json_t *job = json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:I, s:i, s:o}", "op", "check",
                            "format", name_of_format(format), "csv", csv_document(&s->csv),
                            "columns", columns_document(&s->columns), "missing_columns",
                            s->missing_columns == ABSENT_NULL ? "null" : "fail", "extra_columns",
                            s->extra_columns == EXTRA_KEEP   ? "keep"
                            : s->extra_columns == EXTRA_DROP ? "drop"
                                                             : "fail",
                            "rows", rows_document(s), "max_partitions",
                            (json_int_t)s->max_partitions_per_delivery, "failure_limit",
                            FAILURE_LIMIT, "maps", feeds_maps(l, t));
    ASSERT(job != NULL);
    return job;
}

static json_t *file_document(const arrival *at, size_t id, const char *path) {
    json_t *from_path = at->from_path != NULL ? json_incref(at->from_path) : json_object();
    json_t *file = json_pack("{s:I, s:s, s:s, s:s, s:I, s:o}", "id", (json_int_t)id, "path", path,
                             "file", at->claimed.file, "compression", at->kind.compression,
                             "land_timestamp", (json_int_t)at->land_time, "from_path", from_path);
    ASSERT(file != NULL);
    return file;
}

static bool wants_kept(const landing *l, const lake_table *table) {
    return l->context->parsed != NULL && lake_is_read_together(l->context->lake, table);
}

static const char *path_to_check(const check *c, const check_job *job, const arrival *at) {
    const landing *l = c->batch->landing;
    if (job->by_copy)
        return store_url(arrival_store(l, at), c->batch->arena, at->staging);
    return path_join(c->batch->arena, l->context->lake->land, at->claimed.claim);
}

static json_t *job_document(const check *c, const check_job *job) {
    const arrival *first = &c->batch->items[job->items[0]];
    json_t *document = question(c->batch->landing->context->lake, first->table, first->kind.format);
    json_t *files = json_array();
    for (size_t i = 0; i < job->count; i++) {
        const arrival *at = &c->batch->items[job->items[i]];
        json_t *file = file_document(at, job->items[i], path_to_check(c, job, at));
        if (wants_kept(c->batch->landing, at->table))
            json_object_set_new(file, "keep", json_string(at->staging));
        json_array_append_new(files, file);
    }
    json_object_set_new(document, "files", files);
    return document;
}

static bool same_job(const arrival *left, const arrival *right) {
    return left->table == right->table && left->kind.format == right->kind.format
           && name_is_pattern(left->claimed.claim) == name_is_pattern(right->claimed.claim);
}

static void add_job(check *c, const size_t *items, size_t count, bool by_copy) {
    arena *a = c->batch->arena;
    check_job job = {arena_memdup(a, items, count * sizeof *items), count, by_copy};
    if (by_copy && !c->copied)
        vec_push(a, &c->later, job);
    else
        vec_push(a, &c->jobs, job);
}

/* One job for each worker, so that all have something to do and questions stay few. */
static void split(check *c, const size_t *items, size_t count, size_t ways, bool by_copy) {
    size_t each = (count + ways - 1) / ways;
    for (size_t start = 0; start < count; start += each)
        add_job(c, items + start, count - start < each ? count - start : each, by_copy);
}

/* Names that the engine takes for patterns are read under the staged name, where that is a path. */
static bool reads_copy(const batch *b, const arrival *at) {
    return name_is_pattern(at->claimed.claim)
           && store_has(arrival_store(b->landing, at), STORE_LOCAL_PATH);
}

check *check_new(batch *b) {
    check *c = ARENA_NEW(b->arena, check);
    c->batch = b;
    size_t ways = (size_t)engine_idle(b->landing->context->engine);
    bool *taken = ARENA_ARRAY(b->arena, bool, b->count);
    size_t *items = ARENA_ARRAY(b->arena, size_t, b->count);
    for (size_t i = 0; i < b->count; i++) {
        size_t count = 0;
        for (size_t j = i; j < b->count; j++) {
            const arrival *at = &b->items[j];
            if (taken[j] || at->fate != ARRIVAL_OPEN || !at->needs_check
                || !same_job(&b->items[i], at))
                continue;
            taken[j] = true;
            items[count++] = j;
        }
        if (count > 0)
            split(c, items, count, ways > 0 ? ways : 1, reads_copy(b, &b->items[i]));
    }
    return c;
}

void check_refuse(arrival *at, const char *rule, const char *message) {
    ARENA_AUTO a = arena_new();
    json_t *failure = json_pack("{s:s, s:n, s:n, s:n, s:i, s:s}", "rule", rule, "column", "line",
                                "value", "count", 1, "message", str_printable(a, message));
    ASSERT(failure != NULL);
    if (at->failures == NULL)
        at->failures = json_array();
    json_array_append_new(at->failures, failure);
    at->fate = ARRIVAL_REJECTED;
}

static status give_back(arrival *at, error problem) {
    at->fate = ARRIVAL_RETURNED;
    at->problem = problem;
    return OK;
}

static status take_rejection(arrival *at, error *err) {
    json_t *failures;
    TRY(json_need_array(at->answer, "failures", &failures, err));
    if (json_array_size(failures) == 0)
        return error_set(err, E_ENGINE, "the worker rejects \"%s\" without a reason",
                         at->claimed.file);
    at->failures = json_incref(failures);
    at->fate = ARRIVAL_REJECTED;
    return OK;
}

/* The first partition that no directory can be named after. */
static const char *too_long(const arrival *at, arena *a, const lake_table **ret_reader) {
    for (size_t i = 0; i < at->feeds.count; i++) {
        const unit_feed *feed = &at->feeds.items[i];
        *ret_reader = feed->reader;
        for (size_t k = 0; k < feed->partitions.count; k++) {
            const char *found = partition_too_long(feed->partitions.items[k], a);
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

static void check_names(arrival *at, arena *a) {
    const lake_table *reader = NULL;
    const char *found = too_long(at, a, &reader);
    if (found == NULL)
        return;
    check_refuse(at, "map",
                 arena_printf(a,
                              "the partition \"%.40s…\" of \"%s\" has a name of %zu bytes, and a "
                              "directory's has %d at most",
                              found, reader->name, strlen(found), PARTITION_NAME_MAX));
}

static status take_acceptance(const land_context *c, arrival *at, arena *a, error *err) {
    json_t *contract;
    TRY(json_need_object(at->answer, "contract", &contract, err));
    TRY(feeds_read(c->lake, at->table, json_object_get(at->answer, "feeds"), NULL, a, &at->feeds,
                   err));
    at->feeds_known = true;
    at->fate = ARRIVAL_ACCEPTED;
    check_names(at, a);
    return OK;
}

static status take_answer(const land_context *c, arrival *at, json_t *answer, arena *a,
                          error *err) {
    const json_t *told = json_object_get(answer, "error");
    const char *verdict = "";
    if (told != NULL) {
        error problem = {0};
        engine_read_error(told, &problem);
        return give_back(at, problem);
    }
    TRY(json_need_string(answer, "verdict", &verdict, err));
    at->answer = json_incref(answer);
    if (strcmp(verdict, "accepted") == 0)
        return take_acceptance(c, at, a, err);
    if (strcmp(verdict, "rejected") == 0)
        return take_rejection(at, err);
    return error_set(err, E_ENGINE, "the worker's verdict is \"%s\"", verdict);
}

static bool belongs(const check_job *job, int64_t id) {
    for (size_t i = 0; i < job->count; i++)
        if ((int64_t)job->items[i] == id)
            return true;
    return false;
}

/* It could not be copied while the worker looked at it: what the worker says comes too late. */
static bool went_back(const arrival *at) {
    return at->fate == ARRIVAL_RETURNED && !at->checked;
}

/* Each file of the job must be answered exactly once. */
static status take_result(check *c, const check_job *job, const json_t *result, error *err) {
    json_t *files, *answer;
    size_t i;
    TRY(json_need_array(result, "files", &files, err));
    json_array_foreach(files, i, answer) {
        int64_t id = -1;
        TRY(json_need_int(answer, "id", &id, err));
        if (!belongs(job, id) || c->batch->items[id].checked)
            return error_set(err, E_ENGINE, "the worker answers for a file it was not asked about");
        arrival *at = &c->batch->items[id];
        if (went_back(at))
            continue;
        at->checked = true;
        TRY(take_answer(c->batch->landing->context, at, answer, c->batch->arena, err));
    }
    for (i = 0; i < job->count; i++)
        if (c->batch->items[job->items[i]].fate == ARRIVAL_OPEN)
            return error_set(err, E_ENGINE, "the worker does not answer for \"%s\"",
                             c->batch->items[job->items[i]].claimed.file);
    return OK;
}

/* A file that brings the worker down must not keep the others out: they are asked about one by one,
 * and the one that does it alone goes back to land. */
static status survive(check *c, const check_job *job, const error *problem, error *err) {
    if (problem->kind != E_ENGINE)
        return error_pass(problem->kind, problem, err);
    arrival *alone = job->count == 1 ? &c->batch->items[job->items[0]] : NULL;
    if (alone != NULL)
        return went_back(alone) ? OK : give_back(alone, *problem);
    for (size_t i = 0; i < job->count; i++)
        add_job(c, &job->items[i], 1, job->by_copy);
    return OK;
}

static void reopen(check *c, const check_job *job) {
    for (size_t i = 0; i < job->count; i++) {
        arrival *at = &c->batch->items[job->items[i]];
        if (!at->checked)
            continue;
        at->checked = false;
        json_decref(at->answer);
        json_decref(at->failures);
        at->answer = at->failures = NULL;
        at->fate = ARRIVAL_OPEN;
    }
}

static status take_next(check *c, error *err) {
    void *tag = NULL;
    json_t *result = NULL;
    error problem = {0};
    status outcome = engine_next(c->batch->landing->context->engine, &tag, &result, &problem);
    if (tag == NULL) { /* interrupted: no job is left */
        return error_pass(outcome, &problem, err);
    }
    check_job job = *(const check_job *)tag; /* copied: adding jobs moves them */
    if (outcome == OK) {
        outcome = take_result(c, &job, result, &problem);
        json_decref(result);
        if (outcome == OK)
            return OK;
        reopen(c, &job);
    }
    return survive(c, &job, &problem, err);
}

static status submit(check *c, error *err) {
    engine *e = c->batch->landing->context->engine;
    while (c->next < c->jobs.count && engine_idle(e) > 0) {
        check_job *kept = arena_memdup(c->batch->arena, &c->jobs.items[c->next], sizeof *kept);
        JSON_AUTO document = job_document(c, kept);
        TRY(engine_submit(e, document, kept, err));
        c->next++;
    }
    return OK;
}

status check_advance(check *c, error *err) {
    TRY(submit(c, err));
    bool ready = false;
    for (;;) {
        TRY(engine_ready(c->batch->landing->context->engine, 0, &ready, err));
        if (!ready)
            return OK;
        TRY(take_next(c, err));
        TRY(submit(c, err));
    }
}

status check_finish(check *c, error *err) {
    engine *e = c->batch->landing->context->engine;
    c->copied = true;
    for (size_t i = 0; i < c->later.count; i++)
        vec_push(c->batch->arena, &c->jobs, c->later.items[i]);
    TRY(submit(c, err));
    while (engine_pending(e) > 0) {
        TRY(take_next(c, err));
        TRY(submit(c, err));
    }
    return OK;
}

void check_cancel(check *c) {
    engine_cancel(c->batch->landing->context->engine);
}

status check_opaque(const land_context *c, arrival *at, arena *a, error *err) {
    if (at->stamp.size == 0 && at->table->source->rows_min > 0) {
        check_refuse(at, "rows", "the file is empty");
        return OK;
    }
    TRY(feeds_read(c->lake, at->table, NULL, NULL, a, &at->feeds, err));
    at->feeds_known = true;
    at->fate = ARRIVAL_ACCEPTED;
    return OK;
}

static status ask_about(const land_context *c, arrival *at, const char *path, json_t *job, arena *a,
                        error *err) {
    JSON_AUTO result = NULL;
    json_object_set_new(job, "files", json_pack("[o]", file_document(at, 0, path)));
    TRY(engine_call(c->engine, job, &result, err));
    json_t *files;
    TRY(json_need_array(result, "files", &files, err));
    TRY(take_answer(c, at, json_array_get(files, 0), a, err));
    if (at->fate == ARRIVAL_RETURNED && err != NULL)
        *err = at->problem;
    return at->fate == ARRIVAL_RETURNED ? at->problem.kind : OK;
}

status check_one(const land_context *c, arrival *at, const char *path, arena *a, error *err) {
    JSON_AUTO job = question(c->lake, at->table, at->kind.format);
    return ask_about(c, at, path, job, a, err);
}

static void waive_bounds(json_t *declared) {
    size_t i;
    json_t *one;
    json_array_foreach(declared, i, one) {
        json_object_set_new(one, "nullable", json_true());
        json_object_set_new(one, "minimum", json_null());
        json_object_set_new(one, "maximum", json_null());
    }
}

status check_readable(const land_context *c, arrival *at, const char *path, arena *a, error *err) {
    JSON_AUTO job = question(c->lake, at->table, at->kind.format);
    waive_bounds(json_object_get(job, "columns"));
    json_object_set_new(job, "missing_columns", json_string("null"));
    if (at->table->source->extra_columns == EXTRA_FAIL)
        json_object_set_new(job, "extra_columns", json_string("drop"));
    json_object_set_new(job, "rows", json_pack("{s:i, s:n}", "min", 0, "max"));
    json_object_set_new(job, "max_partitions", json_integer(PARTITIONS_MAX));
    return ask_about(c, at, path, job, a, err);
}
