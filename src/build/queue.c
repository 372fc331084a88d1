#include "build/queue.h"

#include "build/stage.h"

/* Many partitions share a pass, but not so many that one pass holds them all open or that a retry
 * after a failure repeats the world; fewer where time may run out between two jobs, or where other
 * hosts are to have their share. */
enum { JOB_PARTITIONS_MAX = 256, JOB_PARTITIONS_TIMED = 16, JOBS_PER_HOST = 2 };

static void add_job(job_queue *q, staged **partitions, size_t count) {
    build_job *job = ARENA_NEW(q->s->arena, build_job);
    *job = (build_job){
        .table = q->table, .partitions = partitions, .count = count, .number = q->table->jobs++};
    vec_push(q->s->arena, &q->jobs, job);
}

static size_t partitions_per_job(const job_queue *q, size_t pending, int64_t hosts) {
    size_t most = q->s->deadline_us != 0 ? JOB_PARTITIONS_TIMED : JOB_PARTITIONS_MAX;
    if (!lake_builds_together(q->table->table))
        return 1;
    if (hosts <= 1)
        return most;
    size_t jobs = (size_t)hosts * JOBS_PER_HOST, each = (pending + jobs - 1) / jobs;
    return each < most ? each : most;
}

static void reverse(job_queue *q) {
    for (size_t i = 0, j = q->jobs.count; i + 1 < j; i++, j--) {
        build_job *first = q->jobs.items[i];
        q->jobs.items[i] = q->jobs.items[j - 1];
        q->jobs.items[j - 1] = first;
    }
}

void queue_fill(job_queue *q, int64_t hosts) {
    const build_scope *scope = q->s->c->scope;
    staged_list pending = {0};
    for (size_t i = 0; i < q->table->partitions.count; i++)
        if (q->table->partitions.items[i]->outcome == OUTCOME_PENDING)
            vec_push(q->s->arena, &pending, q->table->partitions.items[i]);
    q->s->planned += pending.count;
    size_t most = pending.count > 0 ? partitions_per_job(q, pending.count, hosts) : 1;
    for (size_t from = 0; from < pending.count; from += most) {
        size_t count = pending.count - from < most ? pending.count - from : most;
        add_job(q, &pending.items[from], count);
    }
    if (scope && scope->bounds && scope->bounds->newest_first)
        reverse(q);
}

build_job *queue_first(job_queue *q) {
    ASSERT(queue_count(q) > 0);
    return q->jobs.items[q->next++];
}

build_job *queue_last(job_queue *q) {
    if (queue_count(q) == 0 || q->jobs.items[q->jobs.count - 1]->own)
        return NULL;
    return q->jobs.items[--q->jobs.count];
}

void queue_put_back(job_queue *q, build_job *job) {
    if (q->next > 0)
        q->jobs.items[--q->next] = job;
    else
        vec_push(q->s->arena, &q->jobs, job);
}

void queue_leave(job_queue *q) {
    for (; queue_count(q) > 0; q->next++) {
        const build_job *job = q->jobs.items[q->next];
        for (size_t i = 0; i < job->count; i++)
            stage_leave(q->s, job->table->table, job->partitions[i]);
    }
}

static void show_progress(const job_queue *q) {
    const build_context *c = q->s->c;
    if (c->progress)
        c->progress(c->progress_state, q->table->table->name, q->s->done, q->s->planned);
}

static build_builder *builder_of(build_state *s, const char *host) {
    for (size_t i = 0; i < s->builders.count; i++)
        if (str_eq(s->builders.items[i].host, host))
            return &s->builders.items[i];
    vec_push(s->arena, &s->builders, (build_builder){.host = arena_strdup(s->arena, host)});
    return &s->builders.items[s->builders.count - 1];
}

void queue_done(job_queue *q, const build_job *job, const char *host) {
    if (host) {
        build_builder *b = builder_of(q->s, host);
        b->jobs++;
        b->partitions += (int64_t)job->count;
    }
    q->s->done += job->count;
    show_progress(q);
}

/* Would the partitions of a job fare better one by one? Not when the disk is full or the store is
 * gone; one missing file concerns only those that read it. */
static bool worth_splitting(status failed) {
    return failed == E_DATA || failed == E_ENGINE || failed == E_DEFINITION || failed == E_CHECK
           || failed == E_NOT_FOUND;
}

void queue_split_or_fail(job_queue *q, const build_job *job, const error *why) {
    job->table->garbage = true;
    if (job->count > 1 && worth_splitting(why->kind)) {
        size_t half = job->count / 2;
        add_job(q, job->partitions, half);
        add_job(q, job->partitions + half, job->count - half);
        return;
    }
    for (size_t i = 0; i < job->count; i++) {
        stage_fail(q->s, job->table->table, job->partitions[i], why);
        job->partitions[i]->changed = false;
        job->partitions[i]->feeds = (unit_feeds){0};
        q->s->done++;
    }
    show_progress(q);
}

bool build_is_over(status failed) {
    return failed == E_INTERRUPTED || failed == E_FOREIGN || failed == E_BUSY;
}
