/* sql_inputs: the tables that the statements of the sql tests read. */
#ifndef WEIR_TEST_SQL_INPUTS_H
#define WEIR_TEST_SQL_INPUTS_H

#include "lake/sql.h"

enum { SQL_INPUT_COUNT = 6 };

/* The i-th table; its data lives as long as the program. */
const sql_shape *sql_inputs_at(size_t i);
/* By name, or NULL. */
const sql_shape *sql_inputs_find(const char *table);

/* SELECT … that makes rows of random but repeatable data for the i-th table. */
const char *sql_inputs_rows(size_t i);

#endif
