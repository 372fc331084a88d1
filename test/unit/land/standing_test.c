#include "land/standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { MANY = 5 };

static standing one(const char *sha256, int64_t land_time, delivery_state state) {
    return (standing){
        .identity = "x.csv", .sha256 = sha256, .land_time = land_time, .state = state};
}

static standing accepted(const char *sha256, int64_t land_time) {
    return one(sha256, land_time, DELIVERY_ACTIVE);
}

/* "A" for active, s, d, w, r, in the order given. */
static void assert_decided(standing_rule rule, standing *items, size_t count, const char *wanted) {
    static const char LETTERS[] = {[DELIVERY_ACTIVE] = 'A',
                                   [DELIVERY_SUPERSEDED] = 's',
                                   [DELIVERY_DUPLICATE] = 'd',
                                   [DELIVERY_WITHDRAWN] = 'w',
                                   [DELIVERY_REJECTED] = 'r'};
    char found[16] = "";
    standing_decide(rule, items, count);
    for (size_t i = 0; i < count; i++)
        found[i] = LETTERS[items[i].decided];
    assert_string_equal(found, wanted);
}

static void test_the_newest_of_an_identity_is_active(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), accepted("b", 2), accepted("c", 3)};
    assert_decided(STANDING_NEWEST, items, 3, "ssA");
}

static void test_one_alone_is_active(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1)};
    assert_decided(STANDING_NEWEST, items, 1, "A");
    assert_decided(STANDING_NEWEST, items, 0, "");
}

static void test_the_same_bytes_again_change_nothing(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), accepted("a", 2), accepted("a", 3)};
    assert_decided(STANDING_NEWEST, items, 3, "Add");
    assert_int_equal(items[2].same_as, 0);
}

static void test_a_b_a_ends_as_a(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), accepted("b", 2), accepted("a", 3)};
    assert_decided(STANDING_NEWEST, items, 3, "ssA");
}

static void test_a_late_taken_middle_splits_equal_neighbours(void **state) {
    (void)state;
    standing items[] = {one("a", 1, DELIVERY_ACTIVE), one("a", 3, DELIVERY_DUPLICATE),
                        accepted("b", 2)};
    assert_decided(STANDING_NEWEST, items, 3, "sAs");
}

static void test_an_older_repetition_takes_the_place_of_the_newer(void **state) {
    (void)state;
    standing items[] = {one("a", 10, DELIVERY_ACTIVE), accepted("a", 5)};
    assert_decided(STANDING_NEWEST, items, 2, "dA");
    assert_int_equal(items[0].same_as, 1);
}

static standing withdrawn(const char *sha256, int64_t land_time, delivery_withdrawal how) {
    standing s = one(sha256, land_time, DELIVERY_WITHDRAWN);
    s.withdrawal = how;
    return s;
}

static standing emptied(const char *sha256, int64_t land_time) {
    return withdrawn(sha256, land_time, WITHDRAWAL_EMPTIES);
}

static standing passed_over(const char *sha256, int64_t land_time) {
    return withdrawn(sha256, land_time, WITHDRAWAL_FALLS_BACK);
}

static void test_withdrawing_the_newest_leaves_the_identity_empty(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), emptied("b", 2)};
    assert_decided(STANDING_NEWEST, items, 2, "sw");
    standing corrected[] = {accepted("a", 1), emptied("b", 2), accepted("c", 3)};
    assert_decided(STANDING_NEWEST, corrected, 3, "swA");
}

static void test_falling_back_lets_the_one_before_count(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), passed_over("b", 2)};
    assert_decided(STANDING_NEWEST, items, 2, "Aw");
    standing twice[] = {accepted("a", 1), passed_over("b", 2), passed_over("c", 3)};
    assert_decided(STANDING_NEWEST, twice, 3, "Aww");
    standing stopped[] = {accepted("a", 1), emptied("b", 2), passed_over("c", 3)};
    assert_decided(STANDING_NEWEST, stopped, 3, "sww");
    standing alone[] = {passed_over("a", 1)};
    assert_decided(STANDING_NEWEST, alone, 1, "w");
}

static void test_withdrawing_one_withdraws_its_bytes_wherever_they_stand(void **state) {
    (void)state;
    standing neighbours[] = {emptied("a", 1), one("a", 2, DELIVERY_DUPLICATE)};
    assert_decided(STANDING_NEWEST, neighbours, 2, "ww");
    standing later[] = {one("a", 1, DELIVERY_ACTIVE), emptied("a", 2)};
    assert_decided(STANDING_NEWEST, later, 2, "ww");
    standing again[] = {emptied("a", 1), accepted("b", 2), accepted("a", 3)};
    assert_decided(STANDING_NEWEST, again, 3, "wAw");
    standing before[] = {accepted("a", 1), accepted("b", 2), passed_over("a", 3)};
    assert_decided(STANDING_NEWEST, before, 3, "wAw");
}

static void test_equal_bytes_around_one_that_is_passed_over_are_neighbours(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), passed_over("b", 2), accepted("a", 3)};
    assert_decided(STANDING_NEWEST, items, 3, "Awd");
}

static void test_with_full_contents_withdrawing_the_newest_empties_the_table(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), emptied("b", 2), accepted("b", 0)};
    items[0].identity = "monday.csv";
    items[2].identity = "sunday.csv";
    assert_decided(STANDING_NEWEST_OF_TABLE, items, 3, "sws");
    items[1].withdrawal = WITHDRAWAL_FALLS_BACK;
    assert_decided(STANDING_NEWEST_OF_TABLE, items, 3, "Aws");
}

static void test_rejected_ones_do_not_count(void **state) {
    (void)state;
    standing items[] = {one("x", 1, DELIVERY_REJECTED), accepted("a", 2),
                        one("y", 3, DELIVERY_REJECTED), accepted("a", 4)};
    assert_decided(STANDING_NEWEST, items, 4, "rArd");
}

static void test_with_full_contents_the_newest_of_the_table_counts(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), accepted("b", 2), accepted("c", 2)};
    items[0].identity = "monday.csv";
    items[1].identity = "tuesday.csv";
    items[2].identity = "tuesday-2.csv";
    assert_decided(STANDING_NEWEST_OF_TABLE, items, 3, "sAs");
}

static void
test_with_full_contents_another_file_with_the_same_bytes_is_a_new_delivery(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), accepted("a", 2)};
    items[1].identity = "tuesday.csv";
    assert_decided(STANDING_NEWEST_OF_TABLE, items, 2, "sA");
}

static void test_keep_both_counts_each_content_once(void **state) {
    (void)state;
    standing items[] = {accepted("a", 1), accepted("b", 2), accepted("a", 3)};
    assert_decided(STANDING_EVERY, items, 3, "AAd");
    assert_int_equal(items[2].same_as, 0);
    standing without[] = {accepted("a", 1), accepted("b", 2), emptied("a", 3)};
    assert_decided(STANDING_EVERY, without, 3, "wAw");
}

/* Take the deliveries one after the other in the order given, as landing does: each time with the
 * states that were recorded until then. */
static void take_in_order(standing_rule rule, const standing *all, const size_t *order,
                          standing *recorded) {
    for (size_t count = 1; count <= MANY; count++) {
        recorded[count - 1] = all[order[count - 1]];
        standing_decide(rule, recorded, count);
        for (size_t i = 0; i < count; i++)
            recorded[i].state = recorded[i].decided;
    }
}

static delivery_state state_at(const standing *items, int64_t land_time) {
    for (size_t i = 0; i < MANY; i++)
        if (items[i].land_time == land_time)
            return items[i].decided;
    fail_msg("no delivery at %d", (int)land_time);
    return DELIVERY_REJECTED;
}

static void assert_order_does_not_matter(standing_rule rule, const standing *all,
                                         const size_t *order) {
    standing at_once[MANY], one_by_one[MANY];
    memcpy(at_once, all, sizeof at_once);
    standing_decide(rule, at_once, MANY);
    take_in_order(rule, all, order, one_by_one);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(state_at(one_by_one, all[i].land_time), at_once[i].decided);
}

/* All orders, by Heap's algorithm. */
static void for_each_order(standing_rule rule, const standing *all, size_t *order, size_t size) {
    if (size == 1) {
        assert_order_does_not_matter(rule, all, order);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        for_each_order(rule, all, order, size - 1);
        size_t other = size % 2 == 1 ? 0 : i;
        size_t kept = order[other];
        order[other] = order[size - 1];
        order[size - 1] = kept;
    }
}

/* Every assignment of three contents, of which one may be a rejection, to five land times, in every
 * order of taking them: 243 * 120 sequences for each rule. */
static void check_all_orders(standing_rule rule) {
    static const char *const CONTENTS[] = {"a", "b", "c"};
    for (int code = 0; code < 243; code++) {
        standing all[MANY];
        size_t order[MANY];
        for (int i = 0, left = code; i < MANY; i++, left /= 3) {
            all[i] = accepted(CONTENTS[left % 3], i + 1);
            all[i].state = left % 3 == 2 ? DELIVERY_REJECTED : DELIVERY_ACTIVE;
            all[i].identity =
                rule == STANDING_NEWEST_OF_TABLE && i % 2 == 1 ? "other.csv" : "x.csv";
            order[i] = (size_t)i;
        }
        for_each_order(rule, all, order, MANY);
    }
}

static void test_the_order_of_taking_never_matters(void **state) {
    (void)state;
    check_all_orders(STANDING_NEWEST);
    check_all_orders(STANDING_NEWEST_OF_TABLE);
    check_all_orders(STANDING_EVERY);
}

/* Deliveries and one decision about one of them, in some order. */
enum { SOME = 4, EVENTS };

typedef struct story {
    standing_rule rule;
    standing all[SOME];
    size_t target; /* the place of the delivery that is withdrawn */
    delivery_withdrawal how;
    int64_t counting; /* land times of what counts in the end, in binary; -1: not known yet */
} story;

static int64_t counting(const standing *items, size_t count) {
    int64_t found = 0;
    for (size_t i = 0; i < count; i++)
        found |= items[i].decided == DELIVERY_ACTIVE ? INT64_C(1) << items[i].land_time : 0;
    return found;
}

static bool is_same(const standing *left, const standing *right) {
    return strcmp(left->sha256, right->sha256) == 0 && strcmp(left->identity, right->identity) == 0;
}

/* As landing does: bytes that are withdrawn are refused. */
static standing take(const story *s, size_t place, const standing *recorded, size_t count) {
    standing taken = s->all[place];
    for (size_t i = 0; i < count; i++)
        if (recorded[i].withdrawal != WITHDRAWAL_NONE && is_same(&recorded[i], &taken))
            taken.state = DELIVERY_REJECTED;
    return taken;
}

static void decide_and_record(const story *s, standing *recorded, size_t count) {
    standing_decide(s->rule, recorded, count);
    for (size_t i = 0; i < count; i++)
        recorded[i].state = recorded[i].decided;
}

/* False: the decision would come before its delivery. */
static bool tell(const story *s, const size_t *order, standing *recorded) {
    size_t count = 0, target = SOME;
    for (size_t i = 0; i < EVENTS; i++) {
        if (order[i] == SOME && target == SOME)
            return false;
        if (order[i] == SOME) {
            recorded[target].withdrawal = s->how;
        } else {
            target = order[i] == s->target ? count : target;
            recorded[count] = take(s, order[i], recorded, count);
            count++;
        }
        decide_and_record(s, recorded, count);
    }
    return true;
}

/* Taking the decision back makes it as if it had never been. */
static void take_back(const story *s, standing *recorded) {
    for (size_t i = 0; i < SOME; i++) {
        recorded[i].withdrawal = WITHDRAWAL_NONE;
        if (recorded[i].state == DELIVERY_REJECTED)
            recorded[i].state = DELIVERY_SUPERSEDED;
    }
    decide_and_record(s, recorded, SOME);
}

static void assert_one_end(story *s, const size_t *order) {
    standing recorded[SOME], without[SOME];
    if (!tell(s, order, recorded))
        return;
    int64_t found = counting(recorded, SOME);
    if (s->counting < 0)
        s->counting = found;
    assert_int_equal(found, s->counting);
    memcpy(without, s->all, sizeof without);
    standing_decide(s->rule, without, SOME);
    take_back(s, recorded);
    assert_int_equal(counting(recorded, SOME), counting(without, SOME));
}

static void for_each_telling(story *s, size_t *order, size_t size) {
    if (size == 1) {
        assert_one_end(s, order);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        for_each_telling(s, order, size - 1);
        size_t other = size % 2 == 1 ? 0 : i;
        size_t kept = order[other];
        order[other] = order[size - 1];
        order[size - 1] = kept;
    }
}

static void tell_all(standing_rule rule, size_t target, delivery_withdrawal how) {
    static const char *const CONTENTS[] = {"a", "b", "c"};
    for (int code = 0; code < 81; code++) {
        story s = {.rule = rule, .target = target, .how = how, .counting = -1};
        size_t order[EVENTS] = {SOME};
        for (int i = 0, left = code; i < SOME; i++, left /= 3) {
            s.all[i] = accepted(CONTENTS[left % 3], i + 1);
            s.all[i].identity =
                rule == STANDING_NEWEST_OF_TABLE && i % 2 == 1 ? "other.csv" : "x.csv";
            order[i + 1] = (size_t)i;
        }
        for_each_telling(&s, order, EVENTS);
    }
}

static void test_it_never_matters_when_a_decision_was_taken(void **state) {
    (void)state;
    static const standing_rule RULES[] = {STANDING_NEWEST, STANDING_NEWEST_OF_TABLE,
                                          STANDING_EVERY};
    for (size_t i = 0; i < ARRAY_SIZE(RULES); i++)
        for (size_t target = 0; target < SOME; target++) {
            tell_all(RULES[i], target, WITHDRAWAL_EMPTIES);
            tell_all(RULES[i], target, WITHDRAWAL_FALLS_BACK);
        }
}

static deliveries known_at(arena *a, int64_t first, int64_t second) {
    deliveries known = {0};
    vec_push(a, &known, ((delivery){.land_time = first}));
    vec_push(a, &known, ((delivery){.land_time = second}));
    return known;
}

static void test_two_deliveries_of_an_identity_never_share_a_land_time(void **state) {
    (void)state;
    arena *a = arena_new();
    deliveries none = {0}, known = known_at(a, 100, 101);
    assert_int_equal(standing_land_time(&none, 50, false), 50);
    assert_int_equal(standing_land_time(&known, 100, true), 102);
    assert_int_equal(standing_land_time(&known, 101, false), 102);
    arena_free(a);
}

static void test_only_a_fixed_land_time_may_be_older_than_what_is_there(void **state) {
    (void)state;
    arena *a = arena_new();
    deliveries known = known_at(a, 200, 100);
    assert_int_equal(standing_land_time(&known, 150, true), 150);
    assert_int_equal(standing_land_time(&known, 150, false), 201);
    arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_of_an_identity_is_active),
        cmocka_unit_test(test_one_alone_is_active),
        cmocka_unit_test(test_the_same_bytes_again_change_nothing),
        cmocka_unit_test(test_a_b_a_ends_as_a),
        cmocka_unit_test(test_a_late_taken_middle_splits_equal_neighbours),
        cmocka_unit_test(test_an_older_repetition_takes_the_place_of_the_newer),
        cmocka_unit_test(test_withdrawing_the_newest_leaves_the_identity_empty),
        cmocka_unit_test(test_falling_back_lets_the_one_before_count),
        cmocka_unit_test(test_withdrawing_one_withdraws_its_bytes_wherever_they_stand),
        cmocka_unit_test(test_equal_bytes_around_one_that_is_passed_over_are_neighbours),
        cmocka_unit_test(test_with_full_contents_withdrawing_the_newest_empties_the_table),
        cmocka_unit_test(test_rejected_ones_do_not_count),
        cmocka_unit_test(test_with_full_contents_the_newest_of_the_table_counts),
        cmocka_unit_test(
            test_with_full_contents_another_file_with_the_same_bytes_is_a_new_delivery),
        cmocka_unit_test(test_keep_both_counts_each_content_once),
        cmocka_unit_test(test_the_order_of_taking_never_matters),
        cmocka_unit_test(test_it_never_matters_when_a_decision_was_taken),
        cmocka_unit_test(test_two_deliveries_of_an_identity_never_share_a_land_time),
        cmocka_unit_test(test_only_a_fixed_land_time_may_be_older_than_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
