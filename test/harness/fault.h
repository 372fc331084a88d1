/* fault: which call of a wrapped interface is to fail.
 *
 * The program weir-fault (meson.build) is weir with its stores, its ledger's database and its
 * system calls wrapped; each wrapper asks here before every call. What is asked for comes by the
 * environment, because every case is a whole run of the program:
 *
 *     WEIR_FAIL_AT=store:17:ENOSPC         the 17th call of a store fails for that reason
 *     WEIR_FAIL_AT=system:9:EIO:after      the 9th is carried out, and reported as failed
 *     WEIR_FAULT_LOG=FILE                  append a line per call: layer, call, subject
 *
 * Layers are store, db and system; reasons ENOSPC, EIO, EACCES and EBUSY. For tests only. */
#ifndef WEIR_TEST_FAULT_H
#define WEIR_TEST_FAULT_H

#include "base/error.h"

typedef enum fault_layer { FAULT_STORE, FAULT_DB, FAULT_SYSTEM } fault_layer;
typedef enum fault { FAULT_NONE, FAULT_BEFORE, FAULT_AFTER } fault;

/* Ask for a failure from now on, in the words of WEIR_FAIL_AT; NULL: for none. */
void fault_ask(const char *at);
/* Is anything to fail or to be logged? */
bool fault_is_asked_for(void);
/* Count this call, and tell whether it fails. subject: a key, a path, a statement. Of the failing
 * call *ret_errno tells why; errno is kept. */
fault fault_next(fault_layer layer, const char *call, const char *subject, int *ret_errno);

#endif
