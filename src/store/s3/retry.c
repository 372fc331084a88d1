#include "store/s3/retry.h"

const s3_budget S3_BUDGET = {
    .time_ms = 60000, .attempts_min = 3, .wait_first_ms = 50, .wait_max_ms = 10000};

static bool is_transient(int http_status) {
    return http_status >= 500 || http_status == 408 || http_status == 429;
}

/* Between half and all of a doubling time, so that clients who failed together do not come back
 * together; never less than the reply asks for. */
static int64_t wait_for(const s3_attempt *attempt, const s3_budget *budget) {
    int64_t wait = budget->wait_first_ms;
    for (int i = 1; i < attempt->number && wait < budget->wait_max_ms; i++)
        wait *= 2;
    if (wait > budget->wait_max_ms)
        wait = budget->wait_max_ms;
    wait = wait / 2 + (wait / 2) * (int64_t)(attempt->random % 1024) / 1024;
    return wait > attempt->retry_after_ms ? wait : attempt->retry_after_ms;
}

s3_verdict s3_judge(const s3_attempt *attempt, const s3_budget *budget) {
    bool answered = attempt->end == S3_ANSWERED;
    bool met = answered && attempt->http_status == 409 && attempt->is_conditional;
    if (answered && !is_transient(attempt->http_status) && !met)
        return (s3_verdict){.action = S3_TAKE};
    int64_t wait_ms = wait_for(attempt, budget);
    bool is_late = attempt->elapsed_ms + wait_ms > budget->time_ms;
    bool is_too_long = attempt->retry_after_ms > budget->time_ms;
    if (is_too_long || (is_late && attempt->number >= budget->attempts_min))
        return (s3_verdict){.action = S3_GIVE_UP};
    bool examine = attempt->is_conditional && attempt->end != S3_UNSENT;
    return (s3_verdict){.action = examine ? S3_EXAMINE : S3_AGAIN, .wait_ms = wait_ms};
}
