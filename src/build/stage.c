#include "build/stage.h"

#include "base/crash.h"
#include "build/kept.h"
#include "build/share.h"

static status submit_one(build_state *s, job_queue *queue, error *err) {
    build_job *job = queue_first(queue);
    JSON_AUTO document = NULL;
    error why = {0};
    status sent = job_document(s, job, &document, &why);
    if (sent == OK)
        sent = engine_submit(s->c->engine, document, job, &why);
    crash_point("build.sent");
    if (sent == OK)
        return OK;
    if (build_is_over(sent)) {
        *err = why;
        return sent;
    }
    queue_split_or_fail(queue, job, &why);
    return OK;
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
    if (!job || build_is_over(done))
        return error_pass(done, &why, err);
    if (done != OK)
        queue_split_or_fail(queue, job, &why);
    else
        queue_done(queue, job, s->c->host);
    return OK;
}

/* A run does something, however little time it has. */
static bool is_late(const build_state *s) {
    return s->deadline_us != 0 && s->done > 0 && clock_monotonic_us(s->c->clock) >= s->deadline_us;
}

/* Something that a worker here or another host has, with a look at all of them now and then. */
static status wait_for_one(build_state *s, job_queue *queue, const share *others, error *err) {
    bool ready = true;
    if (share_is_open(others))
        TRY(engine_ready(s->c->engine, SHARE_LOOK_MS, &ready, err));
    return ready ? take_one(s, queue, err) : OK;
}

static status step(build_state *s, job_queue *queue, share *others, error *err) {
    bool idle = engine_idle(s->c->engine) > 0, returned = false;
    if (is_late(s))
        queue_leave(queue);
    TRY(share_look(others, err));
    if (queue_count(queue) == 0 && idle)
        TRY(share_take_back(others, &returned, err));
    if (returned)
        return OK;
    if (queue_count(queue) > 0 && idle)
        return submit_one(s, queue, err);
    if (engine_pending(s->c->engine) > 0 || share_is_open(others))
        return wait_for_one(s, queue, others, err);
    return OK;
}

status stage_build(build_state *s, const lake_table *t, error *err) {
    job_queue queue = {.s = s, .table = &s->tables[t->index]};
    share others = {.s = s, .queue = &queue};
    int64_t started = clock_monotonic_us(s->c->clock);
    TRY(share_count(&others, err));
    queue_fill(&queue, others.helpers + 1);
    while (queue_count(&queue) > 0 || engine_pending(s->c->engine) > 0 || share_is_open(&others))
        TRY(step(s, &queue, &others, err));
    queue.table->micros = clock_monotonic_us(s->c->clock) - started;
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
