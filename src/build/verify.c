#include "build/verify.h"

#include "base/hash.h"
#include "base/path.h"
#include "base/scratch.h"
#include "build/job.h"
#include "build/stage.h"
#include "ledger/care.h"
#include "ledger/rebuild.h"

#include <inttypes.h>
#include <unistd.h>

enum { JOB_PARTITIONS_MAX = 256 };
static const int64_t PIN_US = INT64_C(86400) * 1000000;

/* One table under way. */
typedef struct verifying {
    const build_context *c;
    const verify_ask *ask;
    arena *keep;  /* of the result */
    arena *arena; /* of the table */
    const char *dir;
    verify_result *into;
    build_state state;
    staged_table *table;
    staged_list chosen; /* to be built and compared */
    VEC(build_job *) jobs;
    size_t next, done;
    int64_t pin;
} verifying;

static const char *kept(const verifying *v, const char *text) {
    return text ? arena_strdup(v->keep, text) : NULL;
}

static verify_finding finding_of(const verifying *v, const staged *st) {
    return (verify_finding){.table = kept(v, v->table->table->name),
                            .partition = kept(v, st->text),
                            .version = st->old.version,
                            .rows = st->old.rows,
                            .content = kept(v, st->old.content)};
}

static void skip(const verifying *v, const staged *st, const char *reason) {
    verify_finding f = finding_of(v, st);
    f.reason = reason;
    vec_push(v->keep, &v->into->skipped, f);
}

/* NULL: what is current claims to be what the code makes of the inputs as they are. */
static const char *reason_against(const staged *st, bool is_held) {
    if (st->old.content[0] == '\0')
        return "its files are damaged";
    if (st->old.accepted != 0)
        return "accepted: the code did not make it";
    if (str_eq(st->old.memo_key, st->memo_key))
        return NULL;
    return is_held ? "held: it was undone" : "stale";
}

static status look_at(verifying *v, const ledger_current *now, error *err) {
    bool held = false;
    const lake_table *t = v->table->table;
    staged *st = ARENA_NEW(v->arena, staged);
    *st = (staged){.text = now->text, .old = *now};
    TRY(stage_key(&v->state, t, st, err));
    TRY(ledger_hold_is(v->c->ledger, v->c->tables[t->index].id, st->text, &held, err));
    const char *reason = reason_against(st, held);
    if (reason) {
        skip(v, st, reason);
        return OK;
    }
    st->planned = true;
    vec_push(v->arena, &v->chosen, st);
    return OK;
}

/* Of the whole come rows of all partitions that the table has or is to have. Those that are not
 * chosen are not compared. */
static status add_others(verifying *v, error *err) {
    strings known = {0};
    const lake_table *t = v->table->table;
    strmap *seen = strmap_new(v->arena);
    TRY(ledger_partitions_known(v->c->ledger, v->c->tables[t->index].id, v->arena, &known, err));
    for (size_t i = 0; i < v->chosen.count; i++)
        strmap_set(seen, v->chosen.items[i]->text, v);
    for (size_t i = 0; i < known.count; i++) {
        const char **values = NULL;
        staged *st = ARENA_NEW(v->arena, staged);
        st->text = known.items[i];
        if (!strmap_has(seen, st->text)
            && partition_values(st->text, &t->partition_by, v->arena, &values, NULL) == OK)
            vec_push(v->arena, &v->chosen, st);
    }
    return OK;
}

/* The first partition reads everything: what the whole job reads. */
static status read_everything(verifying *v, error *err) {
    const lake_table *t = v->table->table;
    staged *first = v->chosen.items[0];
    for (size_t i = 0; i < t->input_count; i++) {
        ledger_units all = {0};
        source_units units = {0};
        ledger_edge edge = build_edge(v->c, t, &t->inputs[i]);
        bool is_source = t->inputs[i].table->source != NULL;
        TRY(ledger_units_feeding(v->c->ledger, &edge, is_source, NULL, v->arena, &all, err));
        for (size_t j = 0; j < all.count; j++)
            vec_push(v->arena, &units, ((source_unit){.unit = all.items[j]}));
        first->inputs[i] = units;
    }
    return OK;
}

/* sampling */

typedef struct ranked {
    char rank[SHA256_TEXT_SIZE];
    ledger_current current;
} ranked;

static int by_rank(const void *left, const void *right) {
    return strcmp(((const ranked *)left)->rank, ((const ranked *)right)->rank);
}

static int by_text(const void *left, const void *right) {
    return strcmp(((const ranked *)left)->current.text, ((const ranked *)right)->current.text);
}

static bool is_wanted(const verifying *v, const ledger_current *now) {
    const lake_table *t = v->table->table;
    const char **values = NULL;
    return partition_values(now->text, &t->partition_by, v->arena, &values, NULL) == OK
           && (!v->ask->filter || plan_filter_takes(v->ask->filter, t, now->text));
}

/* Rounded up, so that it is at least one. */
static size_t share_of(size_t count, double share) {
    double exact = (double)count * share;
    size_t whole = (size_t)exact;
    return whole + ((double)whole < exact);
}

/* Which ones depends on nothing but the seed and their names. */
static status choose(verifying *v, error *err) {
    ledger_currents all = {0};
    VEC(ranked) wanted = {0};
    const lake_table *t = v->table->table;
    TRY(ledger_currents_of(v->c->ledger, v->c->tables[t->index].id, -1, v->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        ranked one = {.current = all.items[i]};
        const char *name =
            arena_printf(v->arena, "%s %s %s", v->ask->seed, t->name, all.items[i].text);
        sha256_text(name, strlen(name), one.rank);
        if (is_wanted(v, &all.items[i]))
            vec_push(v->arena, &wanted, one);
    }
    size_t count = share_of(wanted.count, v->ask->share);
    if (wanted.count > 0)
        qsort(wanted.items, wanted.count, sizeof *wanted.items, by_rank);
    if (count > 0)
        qsort(wanted.items, count, sizeof *wanted.items, by_text);
    v->into->unsampled += (int64_t)(wanted.count - count);
    for (size_t i = 0; i < count; i++)
        TRY(look_at(v, &wanted.items[i].current, err));
    if (!v->ask->whole || v->chosen.count == 0)
        return OK;
    TRY(add_others(v, err));
    return read_everything(v, err);
}

/* Looking and pinning are one step, so that gc cannot come in between. */
static status choose_pinned(verifying *v, error *err) {
    int64_t seq = 0;
    ledger *l = v->c->ledger;
    bool pins = !ledger_is_read_only(l);
    TRY(ledger_begin(l, pins ? LEDGER_WRITE : LEDGER_READ, err));
    status result = choose(v, err);
    if (result == OK && pins)
        result = ledger_seq(l, &seq, err);
    if (result == OK && pins)
        result = ledger_pin_take(l, seq, PIN_US, &v->pin, err);
    if (result == OK && pins)
        return ledger_commit(l, err);
    ledger_rollback(l);
    return result;
}

/* jobs */

static void add_job(verifying *v, staged **partitions, size_t count) {
    build_job *job = ARENA_NEW(v->arena, build_job);
    int64_t number = v->table->jobs++;
    *job = (build_job){.table = v->table,
                       .partitions = partitions,
                       .count = count,
                       .number = number,
                       .whole = v->ask->whole,
                       .dir = arena_printf(v->arena, "%s/%" PRId64, v->dir, number)};
    vec_push(v->arena, &v->jobs, job);
}

static void add_jobs(verifying *v) {
    size_t most = lake_builds_together(v->table->table) ? JOB_PARTITIONS_MAX : 1;
    if (v->ask->whole)
        most = v->chosen.count;
    for (size_t from = 0; from < v->chosen.count; from += most) {
        size_t left = v->chosen.count - from;
        add_job(v, &v->chosen.items[from], left < most ? left : most);
    }
}

static void fail(const verifying *v, const build_job *job, const error *why) {
    for (size_t i = 0; i < job->count; i++) {
        verify_finding f = finding_of(v, job->partitions[i]);
        f.failure = *why;
        if (job->partitions[i]->planned)
            vec_push(v->keep, &v->into->failed, f);
    }
}

static bool ends_the_run(status failed) {
    return failed == E_INTERRUPTED || failed == E_FOREIGN || failed == E_FULL;
}

static void split_or_fail(verifying *v, const build_job *job, const error *why) {
    if (job->count == 1 || v->ask->whole) {
        fail(v, job, why);
        return;
    }
    size_t half = job->count / 2;
    add_job(v, job->partitions, half);
    add_job(v, job->partitions + half, job->count - half);
}

static status read_files(const verifying *v, const json_t *from, ledger_file **ret,
                         size_t *ret_count, error *err) {
    json_t *files = NULL;
    TRY(json_need_array(from, "files", &files, err));
    *ret_count = json_array_size(files);
    *ret = ARENA_ARRAY(v->arena, ledger_file, *ret_count);
    for (size_t i = 0; i < *ret_count; i++) {
        ledger_file *f = &(*ret)[i];
        const char *sum1 = NULL, *sum2 = NULL;
        TRY(json_need_string(json_array_get(files, i), "name", &f->object, err));
        TRY(json_need_string(json_array_get(files, i), "sum1", &sum1, err));
        TRY(json_need_string(json_array_get(files, i), "sum2", &sum2, err));
        TRY(json_need_int(json_array_get(files, i), "rows", &f->rows, err));
        f->sum1 = sum1;
        f->sum2 = sum2;
    }
    return OK;
}

static status compare(const verifying *v, const staged *st, const json_t *from, error *err) {
    char hash[SHA256_TEXT_SIZE];
    ledger_file *files = NULL;
    size_t count = 0;
    verify_finding f = finding_of(v, st);
    if (!st->planned)
        return OK;
    columns_hash(&v->table->table->columns, hash);
    TRY(read_files(v, from, &files, &count, err));
    TRY(plan_content_id(v->keep, hash, files, count, &f.content_again, err));
    for (size_t i = 0; i < count; i++)
        f.rows_again += files[i].rows;
    if (str_eq(f.content, f.content_again))
        v->into->equal++;
    else
        vec_push(v->keep, &v->into->different, f);
    return OK;
}

static const char *example_text(const verifying *v, const json_t *values) {
    const strings *by = &v->table->table->partition_by;
    const char **texts = ARENA_ARRAY(v->arena, const char *, by->count);
    for (size_t i = 0; i < by->count; i++)
        texts[i] = json_string_value(json_array_get(values, i));
    return partition_text(v->keep, by, texts);
}

/* Of a window, rows around are expected; of the whole, none. */
static void take_outside(const verifying *v, const json_t *result) {
    const json_t *told = json_object_get(result, "outside"), *values;
    verify_outside outside = {.table = kept(v, v->table->table->name),
                              .rows = json_get_int(told, "rows", 0)};
    size_t i;
    json_array_foreach(json_object_get(told, "examples"), i, values)
        vec_push(v->keep, &outside.partitions, example_text(v, values));
    if (v->ask->whole && outside.rows > 0)
        vec_push(v->keep, &v->into->outside, outside);
}

static status take_result(const verifying *v, const build_job *job, const json_t *result,
                          error *err) {
    json_t *partitions = NULL;
    TRY(json_need_array(result, "partitions", &partitions, err));
    if (json_array_size(partitions) != job->count)
        return error_set(err, E_ENGINE, "the worker answered for %zu partitions of \"%s\", not %zu",
                         json_array_size(partitions), v->table->table->name, job->count);
    for (size_t i = 0; i < job->count; i++)
        TRY(compare(v, job->partitions[i], json_array_get(partitions, i), err));
    take_outside(v, result);
    return OK;
}

static status submit_one(verifying *v, error *err) {
    build_job *job = v->jobs.items[v->next++];
    JSON_AUTO document = NULL;
    error why = {0};
    status sent = job_document(&v->state, job, &document, &why);
    if (sent == OK)
        json_object_set_new(document, "maps", json_array());
    if (sent == OK)
        sent = engine_submit(v->c->engine, document, job, &why);
    if (sent == OK)
        return OK;
    if (ends_the_run(sent) && err)
        *err = why;
    if (!ends_the_run(sent))
        split_or_fail(v, job, &why);
    return ends_the_run(sent) ? sent : OK;
}

static status take_one(verifying *v, error *err) {
    void *tag = NULL;
    JSON_AUTO result = NULL;
    error why = {0};
    status done = engine_next(v->c->engine, &tag, &result, &why);
    build_job *job = tag;
    if (done == OK)
        done = take_result(v, job, result, &why);
    if (job)
        scratch_remove(job->dir);
    if (!job || ends_the_run(done))
        return error_pass(done, &why, err);
    if (done != OK)
        split_or_fail(v, job, &why);
    v->done += done == OK ? job->count : 0;
    if (v->c->progress)
        v->c->progress(v->c->progress_state, v->table->table->name, v->done, v->chosen.count);
    return OK;
}

static status build_chosen(verifying *v, error *err) {
    add_jobs(v);
    while (v->next < v->jobs.count || engine_pending(v->c->engine) > 0) {
        if (v->next < v->jobs.count && engine_idle(v->c->engine) > 0)
            TRY(submit_one(v, err));
        else if (engine_pending(v->c->engine) > 0)
            TRY(take_one(v, err));
    }
    return OK;
}

static void drop_pin(const verifying *v) {
    error why = {0};
    if (v->pin != 0 && ledger_pin_drop(v->c->ledger, v->pin, &why) != OK)
        log_write(v->c->log, LOG_DEBUG, "ignoring a pin that stays until it ends: %s", why.message);
}

static status verify_table(const build_context *c, const verify_ask *ask, const char *dir,
                           const lake_table *t, arena *keep, verify_result *into, error *err) {
    ARENA_AUTO a = arena_new();
    verifying v = {.c = c, .ask = ask, .keep = keep, .arena = a, .dir = dir, .into = into};
    state_init(&v.state, c, a);
    v.table = &v.state.tables[t->index];
    v.table->table = t;
    TRY(choose_pinned(&v, err));
    status built = build_chosen(&v, err);
    drop_pin(&v);
    return built;
}

static status verify_tables(const build_context *c, const verify_ask *ask, const char *dir,
                            arena *keep, verify_result *into, error *err) {
    for (size_t i = 0; i < c->lake->table_count; i++) {
        const lake_table *t = c->lake->tables[i];
        if (!t->source && (!ask->selected || ask->selected[i]))
            TRY(verify_table(c, ask, dir, t, keep, into, err));
    }
    return OK;
}

status verify_build(const build_context *c, const verify_ask *ask, arena *a, verify_result *ret,
                    error *err) {
    char *dir = NULL;
    int lock = -1;
    verify_result result = {0};
    TRY(dir_make(ask->temp_dir, err));
    TRY(scratch_make(ask->temp_dir, "verify-", a, &dir, &lock, err));
    status verified = verify_tables(c, ask, dir, a, &result, err);
    scratch_remove(dir);
    (void)close(lock);
    if (verified == OK)
        *ret = result;
    return verified;
}
