/* fixture: a lake in a temporary folder with one source table and two readers, a real SQLite
 * ledger, local stores and a worker: a scripted one, or the one named by WEIR_WORKER. */
#ifndef WEIR_TEST_LAND_FIXTURE_H
#define WEIR_TEST_LAND_FIXTURE_H

#include "land/land.h"

#include <setjmp.h>
#include <cmocka.h>

enum { RAW, SILVER, GOLD, TABLES };

typedef struct fixture {
    arena *a;
    char folder[64];
    lake *lake;
    lake_source *source; /* of raw.sales */
    ledger_table *tables;
    ledger *ledger;
    engine *engine;
    store *layers[2];
    store *quarantine;
    clock_source clock;
    int64_t clock_us; /* what the clock says; 0: the system's time */
    volatile int interrupted;
    log log;
    land_context context;
    land_result result; /* of the last landing */
    error err;
} fixture;

/* worker NULL: the scripted one. */
fixture *fixture_new(const char *worker);
void fixture_free(fixture *f); /* NULL is allowed */

/* For cmocka: a fixture with the scripted worker, or with that of WEIR_WORKER (NULL: it names none,
 * and fixture_need_worker skips the test). */
int fixture_set_up(void **state);
int fixture_set_up_worker(void **state);
int fixture_tear_down(void **state);
fixture *fixture_need_worker(void **state);

/* Deliver: make a file with this text below the land root. */
void fixture_put(fixture *f, const char *file, const char *text);
/* Land everything at that moment (seconds); 0: no --now. Fails the test when it is not OK. */
void fixture_land(fixture *f, int64_t now);
status fixture_try_land(fixture *f, int64_t now);

/* A path below the fixture's folder. */
const char *fixture_path(fixture *f, const char *relative);
char *fixture_read(fixture *f, const char *relative);
/* All files below a folder, sorted, joined by spaces. */
const char *fixture_files(fixture *f, const char *relative);
/* States of an identity's deliveries by land time: "superseded active". */
const char *fixture_states(fixture *f, const char *identity);
delivery fixture_delivery(fixture *f, const char *identity, size_t i);
/* Marks of a table: "new x.csv event_date=…; …". */
const char *fixture_marks(fixture *f, int table);
void fixture_clear_marks(fixture *f);
/* The files that the scripted worker was asked about, in order, joined by spaces. */
const char *fixture_checked(fixture *f);
void fixture_assert_nothing_pending(fixture *f);
/* What the last landing did with the files. */
void fixture_assert_counts(const fixture *f, int accepted, int duplicate, int superseded,
                           int rejected);

#endif
