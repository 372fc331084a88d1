/* duckdb_tree: the real engine for tests of the sql modules, without worker processes. */
#ifndef WEIR_TEST_DUCKDB_TREE_H
#define WEIR_TEST_DUCKDB_TREE_H

#include "lake/sql.h"

typedef struct duckdb_tree duckdb_tree;

duckdb_tree *duckdb_tree_open(void);
void duckdb_tree_close(duckdb_tree *t);

/* For cmocka_run_group_tests: *state is one tree for all tests of the group. */
int duckdb_tree_set_up(void **state);
int duckdb_tree_tear_down(void **state);

/* Parse, render and describe; state is t. */
sql_engine duckdb_tree_engine(duckdb_tree *t);

/* Run SQL; the first cell as text (NULL for NULL or no row). Fails the test when the SQL fails. */
char *duckdb_tree_value(duckdb_tree *t, arena *a, const char *sql);
void duckdb_tree_run(duckdb_tree *t, const char *sql);

#endif
