#include "plan/estimate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static estimate_step step(int64_t partitions, int64_t micros) {
    return (estimate_step){.partitions = partitions,
                           .written = partitions,
                           .bytes = 100 * partitions,
                           .micros = micros};
}

static void test_without_a_step_nothing_is_known(void **state) {
    (void)state;
    estimate e = estimate_learn(NULL, 0);
    assert_int_equal(e.steps, 0);
    assert_int_equal(estimate_micros(&e, 7), 0);
    assert_int_equal(estimate_bytes(&e, 7), 0);
}

static void test_one_step_is_taken_as_a_rate(void **state) {
    (void)state;
    const estimate_step steps[] = {step(4, 1000)};
    estimate e = estimate_learn(steps, 1);
    assert_int_equal(estimate_micros(&e, 8), 2000);
    assert_int_equal(estimate_bytes(&e, 8), 800);
    assert_int_equal(estimate_micros(&e, 0), 0);
}

/* Starting a job costs the same for one partition and for a thousand. */
static void test_steps_of_many_sizes_tell_what_does_not_grow(void **state) {
    (void)state;
    const estimate_step steps[] = {step(1, 1010), step(10, 1100), step(100, 2000)};
    estimate e = estimate_learn(steps, 3);
    assert_int_equal(estimate_micros(&e, 1), 1010);
    assert_int_equal(estimate_micros(&e, 1000), 11000);
}

static void test_costs_below_zero_are_not_believed(void **state) {
    (void)state;
    const estimate_step falling[] = {step(1, 3000), step(2, 2000), step(3, 1000)};
    const estimate_step steep[] = {step(1, 1), step(2, 1000), step(4, 5000)};
    estimate e = estimate_learn(falling, 3);
    assert_int_equal(estimate_micros(&e, 6), 6000);
    e = estimate_learn(steep, 3);
    assert_true(estimate_micros(&e, 1) > 0);
}

static void test_what_is_built_and_not_written_has_no_bytes(void **state) {
    (void)state;
    const estimate_step steps[] = {{.partitions = 10, .written = 2, .bytes = 500, .micros = 10}};
    estimate e = estimate_learn(steps, 1);
    assert_int_equal(estimate_bytes(&e, 10), 2500);
    const estimate_step equal[] = {{.partitions = 10, .written = 0, .bytes = 0, .micros = 10}};
    e = estimate_learn(equal, 1);
    assert_int_equal(estimate_bytes(&e, 10), 0);
}

static void test_the_error_is_what_earlier_forecasts_missed_by(void **state) {
    (void)state;
    ARENA_AUTO a = arena_new();
    const estimate_step steps[] = {step(1, 1000), step(1, 2000), step(2, 3000)};
    estimate_errors micros = {0}, bytes = {0};
    estimate_look_back(steps, 3, a, &micros, &bytes);
    assert_int_equal(micros.count, 2);
    assert_true(fabs(micros.items[0] - 0.5) < 1e-9); /* 1000 foretold, 2000 took it */
    assert_true(fabs(micros.items[1]) < 1e-9);       /* 1500 each */
    assert_true(fabs(estimate_median(&bytes)) < 1e-9);
    assert_true(fabs(estimate_median(&micros) - 0.5) < 1e-9);
    estimate_errors none = {0};
    assert_true(fabs(estimate_median(&none)) < 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_step_nothing_is_known),
        cmocka_unit_test(test_one_step_is_taken_as_a_rate),
        cmocka_unit_test(test_steps_of_many_sizes_tell_what_does_not_grow),
        cmocka_unit_test(test_costs_below_zero_are_not_believed),
        cmocka_unit_test(test_what_is_built_and_not_written_has_no_bytes),
        cmocka_unit_test(test_the_error_is_what_earlier_forecasts_missed_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
