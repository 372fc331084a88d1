/* fixture: a worker in this process, a temporary folder, and jobs as text.
 *
 * In texts a backtick stands for a double quote, so that jobs and answers can be read. */
#ifndef WEIR_TEST_ENGINE_DUCKDB_FIXTURE_H
#define WEIR_TEST_ENGINE_DUCKDB_FIXTURE_H

#include "engine/duckdb/worker.h"

typedef struct fixture {
    worker worker;
    arena *arena;
    char *dir;
    buf answers; /* lines of the last job */
} fixture;

int fixture_set_up(void **state); /* with an open worker, two threads, UTC */
int fixture_tear_down(void **state);

/* Carry out one job; all its answers, one per line. Lives until the test ends. */
const char *fixture_ask(fixture *f, const char *format, ...) PRINTF_LIKE(2, 3);
/* A file with these bytes in the folder; its path. */
const char *fixture_write(fixture *f, const char *name, const void *bytes, size_t size);
const char *fixture_text(fixture *f, const char *name, const char *text);
/* Run SQL outside of any sandbox, for making and looking at files; the first cell of the result. */
const char *fixture_sql(fixture *f, const char *format, ...) PRINTF_LIKE(2, 3);

/* Does the answer hold the text? Prints the answer when not. */
void fixture_holds(const char *answer, const char *text);
void fixture_lacks(const char *answer, const char *text);
/* Must be this text from the first to the last character. */
void fixture_equals(const char *answer, const char *text);
/* The `occurrence`-th text after key, up to the next quote. */
const char *fixture_value(fixture *f, const char *answer, const char *key, int occurrence);

#endif
