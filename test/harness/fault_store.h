/* fault_store: a store over another one, whose calls fail when fault.h says so.
 *
 * Only for stores with all that a local one has, or one in a bucket. What it wraps is closed with
 * it. */
#ifndef WEIR_TEST_FAULT_STORE_H
#define WEIR_TEST_FAULT_STORE_H

#include "store/store.h"

/* inner now belongs to what is returned. */
store *fault_store_over(store *inner);

#endif
