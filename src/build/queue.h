/* queue: the jobs of one table that nobody has yet.
 *
 * What is given to workers of this host is taken from the front, what is offered to others from the
 * end. Internal to build/. */
#ifndef WEIR_BUILD_QUEUE_H
#define WEIR_BUILD_QUEUE_H

#include "build/job.h"

typedef struct job_queue {
    build_state *s;
    staged_table *table;
    VEC(build_job *) jobs;
    size_t next;
} job_queue;

static inline size_t queue_count(const job_queue *q) {
    return q->jobs.count - q->next;
}

/* Fill it with what is pending, in jobs that so many hosts can share. */
void queue_fill(job_queue *q, int64_t hosts);
/* Not while it is empty. */
build_job *queue_first(job_queue *q);
/* The last one that others may build; NULL: there is none. */
build_job *queue_last(job_queue *q);
/* It is to be sent next. */
void queue_put_back(job_queue *q, build_job *job);
/* What is left is a later run's. */
void queue_leave(job_queue *q);

/* The job was taken; host: who built it. */
void queue_done(job_queue *q, const build_job *job, const char *host);
/* It failed: its halves are tried, or its partitions have failed. */
void queue_split_or_fail(job_queue *q, const build_job *job, const error *why);

/* Does a failure of that kind end the run, whatever else there is to build? */
bool build_is_over(status failed);

#endif
