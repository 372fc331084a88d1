#include "build/stage.h"

#include "base/crash.h"
#include "build/kept.h"

/* Many partitions share a pass, but not so many that one pass holds them all open or that a retry
 * after a failure repeats the world; fewer where time may run out between two jobs. */
enum { JOB_PARTITIONS_MAX = 256, JOB_PARTITIONS_TIMED = 16 };

typedef struct job_queue {
    VEC(build_job *) jobs;
    size_t next;
} job_queue;

static void add_job(build_state *s, job_queue *queue, staged_table *table, staged **partitions,
                    size_t count) {
    build_job *job = ARENA_NEW(s->arena, build_job);
    *job = (build_job){
        .table = table, .partitions = partitions, .count = count, .number = table->jobs++};
    vec_push(s->arena, &queue->jobs, job);
}

static size_t partitions_per_job(const build_state *s, const lake_table *t) {
    if (!lake_builds_together(t))
        return 1;
    return s->deadline_us != 0 ? JOB_PARTITIONS_TIMED : JOB_PARTITIONS_MAX;
}

static void reverse(job_queue *queue) {
    for (size_t i = 0, j = queue->jobs.count; i + 1 < j; i++, j--) {
        build_job *first = queue->jobs.items[i];
        queue->jobs.items[i] = queue->jobs.items[j - 1];
        queue->jobs.items[j - 1] = first;
    }
}

static void fill_queue(build_state *s, staged_table *table, job_queue *queue) {
    size_t most = partitions_per_job(s, table->table);
    staged_list pending = {0};
    for (size_t i = 0; i < table->partitions.count; i++)
        if (table->partitions.items[i]->outcome == OUTCOME_PENDING)
            vec_push(s->arena, &pending, table->partitions.items[i]);
    s->planned += pending.count;
    for (size_t from = 0; from < pending.count; from += most) {
        size_t count = pending.count - from < most ? pending.count - from : most;
        add_job(s, queue, table, &pending.items[from], count);
    }
    if (s->c->scope && s->c->scope->bounds && s->c->scope->bounds->newest_first)
        reverse(queue);
}

/* A run does something, however little time it has. */
static bool is_late(const build_state *s) {
    return s->deadline_us != 0 && s->done > 0 && clock_monotonic_us(s->c->clock) >= s->deadline_us;
}

static void leave_rest(build_state *s, job_queue *queue) {
    for (; queue->next < queue->jobs.count; queue->next++) {
        const build_job *job = queue->jobs.items[queue->next];
        for (size_t i = 0; i < job->count; i++)
            stage_leave(s, job->table->table, job->partitions[i]);
    }
}

/* Would the partitions of a job fare better one by one? Not when the disk is full or the store is
 * gone; one missing file concerns only those that read it. */
static bool worth_splitting(status failed) {
    return failed == E_DATA || failed == E_ENGINE || failed == E_DEFINITION || failed == E_CHECK
           || failed == E_NOT_FOUND;
}

static bool ends_the_run(status failed) {
    return failed == E_INTERRUPTED || failed == E_FOREIGN || failed == E_BUSY;
}

static void split_or_fail(build_state *s, job_queue *queue, const build_job *job,
                          const error *why) {
    job->table->garbage = true;
    if (job->count > 1 && worth_splitting(why->kind)) {
        size_t half = job->count / 2;
        add_job(s, queue, job->table, job->partitions, half);
        add_job(s, queue, job->table, job->partitions + half, job->count - half);
        return;
    }
    for (size_t i = 0; i < job->count; i++) {
        stage_fail(s, job->table->table, job->partitions[i], why);
        job->partitions[i]->changed = false;
        job->partitions[i]->feeds = (unit_feeds){0};
        s->done++;
    }
}

static status submit_one(build_state *s, job_queue *queue, error *err) {
    build_job *job = queue->jobs.items[queue->next++];
    JSON_AUTO document = NULL;
    error why = {0};
    status sent = job_document(s, job, &document, &why);
    if (sent == OK)
        sent = engine_submit(s->c->engine, document, job, &why);
    crash_point("build.sent");
    if (sent == OK)
        return OK;
    if (ends_the_run(sent)) {
        *err = why;
        return sent;
    }
    split_or_fail(s, queue, job, &why);
    return OK;
}

static void show_progress(const build_state *s, const lake_table *t) {
    if (s->c->progress)
        s->c->progress(s->c->progress_state, t->name, s->done, s->planned);
}

static status take_one(build_state *s, job_queue *queue, error *err) {
    void *tag = NULL;
    JSON_AUTO result = NULL;
    error why = {0};
    status done = engine_next(s->c->engine, &tag, &result, &why);
    build_job *job = tag;
    crash_point("build.answered");
    if (done == OK)
        done = job_take(s, job, result, &why);
    if (done == OK)
        done = kept_add(s, job, result, &why);
    if (!job || ends_the_run(done)) {
        if (err)
            *err = why;
        return done;
    }
    if (done != OK)
        split_or_fail(s, queue, job, &why);
    else
        s->done += job->count;
    show_progress(s, job->table->table);
    return OK;
}

status stage_build(build_state *s, const lake_table *t, error *err) {
    staged_table *table = &s->tables[t->index];
    job_queue queue = {0};
    int64_t started = clock_monotonic_us(s->c->clock);
    fill_queue(s, table, &queue);
    while (queue.next < queue.jobs.count || engine_pending(s->c->engine) > 0) {
        if (is_late(s))
            leave_rest(s, &queue);
        if (queue.next < queue.jobs.count && engine_idle(s->c->engine) > 0)
            TRY(submit_one(s, &queue, err));
        else if (engine_pending(s->c->engine) > 0)
            TRY(take_one(s, &queue, err));
    }
    table->micros = clock_monotonic_us(s->c->clock) - started;
    return OK;
}

typedef struct telling {
    build_state *s;
    const lake_table *from;
    const staged *st;
} telling;

static void tell_reader(void *state, const lake_table *reader, const char *partition) {
    telling *t = state;
    staged_table *table = &t->s->tables[reader->index];
    if (staged_is_stuck(t->st)) {
        obstacle_put(table->blocked, partition, t->st->obstacle);
        return;
    }
    const char *ref = arena_printf(t->s->arena, "%s %s", t->from->name, t->st->text);
    plan_reach reach = {.partition = partition, .ref = ref, .certain = true};
    vec_push(t->s->arena, &table->reached, reach);
}

/* It was never built, and where its rows will go shows only then. */
static void warn_readers(build_state *s, const lake_table *t, const staged *st) {
    lake_readers readers = lake_readers_of(s->c->lake, t, s->arena);
    if (st->outcome != OUTCOME_LATER || st->old.version != 0)
        return;
    for (size_t i = 0; i < readers.count; i++)
        if (feeds_need_rows(readers.items[i].input))
            s->tables[readers.items[i].table->index].unsure = true;
}

status stage_reach_readers(build_state *s, const lake_table *t, error *err) {
    const staged_table *table = &s->tables[t->index];
    for (size_t i = 0; i < table->partitions.count; i++) {
        telling tell = {.s = s, .from = t, .st = table->partitions.items[i]};
        warn_readers(s, t, tell.st);
        if (staged_is_stuck(tell.st) || tell.st->changed)
            TRY(state_reach(s, t, tell.st, tell_reader, &tell, err));
    }
    return OK;
}
