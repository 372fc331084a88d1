/* fixture: a small lake and its ledger for the tests of ledger/, once per driver.
 *
 * Every test that goes through fixture_run is part of the contract that a driver has to keep: a new
 * driver is a new row in fixture.c. What only one driver does belongs in that driver's own test. */
#ifndef WEIR_TEST_LEDGER_FIXTURE_H
#define WEIR_TEST_LEDGER_FIXTURE_H

#include "ledger/handle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* raw.trips (source) → silver.trips by event_date → gold.totals, unpartitioned, which reads all of
 * silver.trips; and silver.named by event_date, which reads silver.trips and all of raw.names. */
enum { RAW, NAMES, SILVER, NAMED, GOLD, TABLE_COUNT };

typedef struct fixture {
    const db_driver *driver;
    arena *a;
    error err;
    char folder[32];
    const char *location;
    ledger *l;
    lake *lake;
    ledger_table *tables; /* as last synchronised, by the enum above */
} fixture;

/* Run the tests for each driver; to be returned by main. */
int fixture_run(const char *name, const struct CMUnitTest *tests, size_t count);
/* The same for one driver alone. */
int fixture_run_on(const db_driver *driver, const char *name, const struct CMUnitTest *tests,
                   size_t count);

#define CLAIM(test) \
    { .name = #test, .test_func = (test) }

#define assert_ok(call)                                                   \
    do {                                                                  \
        f->err = (error){0};                                              \
        if ((call) != OK)                                                 \
            fail_msg("%s: %s", status_name(f->err.kind), f->err.message); \
    } while (0)

/* The call fails with that kind. */
#define assert_status(call, kind) assert_int_equal((call), (kind))

void fixture_begin(fixture *f);
void fixture_commit(fixture *f);
void fixture_sync(fixture *f);      /* own transaction */
void fixture_redefine(fixture *f);  /* a new fingerprint of the lake, then sync */
ledger *fixture_second(fixture *f); /* another handle on the same ledger; close it */
/* Where the driver may make a ledger of that name ("ledger", "copy") for this test. */
const char *fixture_location(fixture *f, const char *name);
int64_t fixture_id(const fixture *f, int table);
ledger_edge fixture_edge(const fixture *f, int reader, int input); /* bookmark 0 */
int64_t fixture_bookmark(fixture *f, int reader, int input);

/* In an open transaction. */
int64_t fixture_deliver(fixture *f, int table, const char *file, int64_t land_time);
delivery fixture_delivery(const fixture *f, int table, const char *file, int64_t land_time);
/* partitions: separated by spaces, "" for none. */
void fixture_feed(fixture *f, int reader, int input, int64_t unit, const char *partitions);
/* A version with one file, made current in a partition of the table's generation. */
int64_t fixture_build(fixture *f, int table, const char *partition, const char *content);

/* "partition cause ref" of each mark, joined by "; ". */
const char *fixture_marks(fixture *f, int table);
int64_t fixture_seq(fixture *f);

/* Change a database behind the ledger's back, with a driver's own connection. */
void fixture_script(fixture *f, const char *sql);
void fixture_remove_folder(const char *folder);

#endif
