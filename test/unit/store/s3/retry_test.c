#include "store/s3/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static s3_verdict judge(s3_attempt attempt) {
    if (attempt.number == 0)
        attempt.number = 1;
    return s3_judge(&attempt, &S3_BUDGET);
}

static void test_only_what_may_pass_is_tried_again(void **state) {
    (void)state;
    static const struct {
        int http_status;
        s3_action action, conditional;
    } ROWS[] = {
        {200, S3_TAKE, S3_TAKE},     {204, S3_TAKE, S3_TAKE},     {304, S3_TAKE, S3_TAKE},
        {400, S3_TAKE, S3_TAKE},     {401, S3_TAKE, S3_TAKE},     {403, S3_TAKE, S3_TAKE},
        {404, S3_TAKE, S3_TAKE},     {408, S3_AGAIN, S3_EXAMINE}, {409, S3_TAKE, S3_EXAMINE},
        {412, S3_TAKE, S3_TAKE},     {416, S3_TAKE, S3_TAKE},     {429, S3_AGAIN, S3_EXAMINE},
        {500, S3_AGAIN, S3_EXAMINE}, {503, S3_AGAIN, S3_EXAMINE}, {599, S3_AGAIN, S3_EXAMINE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        s3_attempt attempt = {.end = S3_ANSWERED, .http_status = ROWS[i].http_status};
        assert_int_equal(judge(attempt).action, ROWS[i].action);
        attempt.is_conditional = true;
        assert_int_equal(judge(attempt).action, ROWS[i].conditional);
    }
}

static void test_what_never_arrived_may_be_sent_again_whatever_it_was(void **state) {
    (void)state;
    assert_int_equal(judge((s3_attempt){.end = S3_UNSENT, .is_conditional = true}).action,
                     S3_AGAIN);
    assert_int_equal(judge((s3_attempt){.end = S3_LOST}).action, S3_AGAIN);
    assert_int_equal(judge((s3_attempt){.end = S3_LOST, .is_conditional = true}).action,
                     S3_EXAMINE);
}

static void test_waits_double_up_to_a_bound_and_vary(void **state) {
    (void)state;
    for (int number = 1; number < 20; number++) {
        int64_t whole = S3_BUDGET.wait_first_ms;
        for (int i = 1; i < number && whole < S3_BUDGET.wait_max_ms; i++)
            whole *= 2;
        whole = whole < S3_BUDGET.wait_max_ms ? whole : S3_BUDGET.wait_max_ms;
        s3_attempt attempt = {.end = S3_LOST, .number = number};
        assert_int_equal(judge(attempt).wait_ms, whole / 2);
        attempt.random = UINT32_MAX;
        int64_t longest = judge(attempt).wait_ms;
        assert_true(longest > whole / 2 + whole / 4 && longest <= whole);
    }
}

static void test_a_reply_may_ask_for_a_longer_wait_but_not_for_ever(void **state) {
    (void)state;
    s3_attempt attempt = {.end = S3_ANSWERED, .http_status = 503, .retry_after_ms = 7000};
    assert_int_equal(judge(attempt).wait_ms, 7000);
    attempt.retry_after_ms = S3_BUDGET.time_ms + 1;
    assert_int_equal(judge(attempt).action, S3_GIVE_UP);
}

static void test_time_runs_out_but_not_before_some_attempts(void **state) {
    (void)state;
    s3_attempt attempt = {.end = S3_LOST, .elapsed_ms = S3_BUDGET.time_ms};
    attempt.number = S3_BUDGET.attempts_min - 1;
    assert_int_equal(judge(attempt).action, S3_AGAIN);
    attempt.number = S3_BUDGET.attempts_min;
    assert_int_equal(judge(attempt).action, S3_GIVE_UP);
    attempt.elapsed_ms = 0;
    assert_int_equal(judge(attempt).action, S3_AGAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_may_pass_is_tried_again),
        cmocka_unit_test(test_what_never_arrived_may_be_sent_again_whatever_it_was),
        cmocka_unit_test(test_waits_double_up_to_a_bound_and_vary),
        cmocka_unit_test(test_a_reply_may_ask_for_a_longer_wait_but_not_for_ever),
        cmocka_unit_test(test_time_runs_out_but_not_before_some_attempts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
