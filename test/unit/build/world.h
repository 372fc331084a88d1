/* world: a lake of real files for the tests of build/: YAML and SQL as a user writes them, a SQLite
 * ledger, local stores, and a worker: the real one, or a scripted one.
 *
 * Deliveries are put straight into raw history and the ledger, as landing would, so that these
 * tests do not depend on land/. Failures of the fixture itself fail the test. */
#ifndef WEIR_TEST_BUILD_WORLD_H
#define WEIR_TEST_BUILD_WORLD_H

#include "build/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct world {
    arena *a;
    char folder[40];
    engine *loader;  /* the real worker: loads definitions and answers queries; shared by tests */
    engine *builder; /* what builds go to: the loader, or a scripted one */
    lake *lake;
    ledger_table *tables;
    ledger *ledger;
    store **layers;
    clock_source clock;
    log log;
    volatile int interrupted;
    build_context c; /* of the newest run */
    int64_t runs;
    build_result result; /* of the newest run */
    error err;
} world;

/* Around a group and around each test; the group is skipped where WEIR_WORKER names no worker. */
int world_open_group(void **state);
int world_close_group(void **state);
int world_set_up(void **state);
int world_tear_down(void **state);
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
#define WORLD_RUN(tests) cmocka_run_group_tests(tests, world_open_group, world_close_group)
/* What a test begins with. */
world *world_of(void **state);
/* Begin again with a new lake. */
void world_renew(world *w);

#define assert_ok(call)                                                   \
    do {                                                                  \
        w->err = (error){0};                                              \
        if ((call) != OK)                                                 \
            fail_msg("%s: %s", status_name(w->err.kind), w->err.message); \
    } while (0)

/* Write a definition file; world_define makes the ledger know what is written. */
void world_write(world *w, const char *file, const char *text);
void world_remove(world *w, const char *file);
void world_define(world *w);
/* The lake that most tests start from: raw.sales (day, shop, amount, all text) → silver.sales by
 * event_date → gold.month by month, and gold.total, unpartitioned. */
void world_define_shop(world *w);
const lake_table *world_table(const world *w, const char *name);
int64_t world_id(const world *w, const char *name);

/* A CSV file as an active delivery; its columns are the table's. What it feeds is not known yet:
 * absorbing finds out. */
int64_t world_deliver(world *w, const char *table, const char *file, const char *body);
/* As another process would, while a build runs: by a connection of its own, with its feeds in the
 * one reader given and its marks. */
void world_deliver_fed(world *w, const char *reader, const char *file, const char *body,
                       const char *partition);
void world_set_state(world *w, int64_t id, delivery_state state);

/* Let builds go to the scripted worker (see fake_builder); again to change the script.
 * Its files cannot be read. */
void world_script(world *w, const char *script);
/* Partitions of the jobs that it was given since this was asked last: "a b; c". */
const char *world_jobs(world *w);

/* Begin a run: a run id, the lease (after the last run's is given back), a fresh context. */
void world_begin_run(world *w);
/* Recover, absorb, build: what `weir run` does after landing. */
status world_try_run(world *w, const bool *selected);
void world_run(world *w);
void world_run_only(world *w, const char *table);

/* A build step by step: a run that has absorbed; the planned partitions of one table decided. */
void world_begin_build(world *w, build_state *s);
void world_decide(world *w, build_state *s, const lake_table *t);
/* A whole build up to, and without, its commit: what a kill in that moment leaves. */
void world_stage(world *w, build_state *s);

/* "built 2, unchanged 1": what is not zero of the newest run. */
const char *world_counts(world *w);
/* "silver.sales event_date=2020-01-02" of each, joined by "; ". */
const char *world_failed(world *w);
const char *world_blocked(world *w);

/* Rows of a query over some tables as they are now: columns joined by ",", rows by " ". */
const char *world_query(world *w, const char *tables, const char *sql);
/* All rows of a table, ordered. */
const char *world_rows(world *w, const char *table);
/* "event_date=2020-01-02:3": current partitions and their rows, joined by " ". */
const char *world_partitions(world *w, const char *table);
/* "event_date=2020-01-02 new a.csv" of each mark, joined by "; ". */
const char *world_marks(world *w, const char *table);
size_t world_pending(world *w);
size_t world_failures(world *w, const char *table);
/* Objects that builds wrote below a layer's store, by key. */
strings world_objects(world *w, const char *layer);
int64_t world_seq(world *w);
/* Is every object below the layers a file of some version, and every file of one there? */
void world_assert_no_garbage(world *w);

#endif
