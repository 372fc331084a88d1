/* library: a shared library that is loaded when it is needed, as a table of its functions.
 *
 * For libraries that few calls of the program use and that take long to load; all others are
 * linked. The table is a struct of function pointers that the module using it declares. */
#ifndef WEIR_BASE_LIBRARY_H
#define WEIR_BASE_LIBRARY_H

#include "base/error.h"

typedef struct library_call {
    const char *name; /* of the library's symbol */
    size_t offset;    /* of the pointer in the table */
} library_call;

typedef struct library {
    const char *file; /* as dlopen(3) takes it */
    const char *hint; /* what to do when it is not there */
    const library_call *calls;
    size_t count;
} library;

/* Fill all of the table, or nothing. E_IO when the library or one of its functions is not there.
 * Never unloaded. */
CHECKED status library_load(const library *wanted, void *table, error *err);

#endif
