/* keep: copy claimed files into the stores, byte for byte, so that a kill leaves only garbage that
 * is named in the ledger.
 *
 * A copy is first staged below the layer's .weir/landing/, hashed on the way, and gets its name in
 * raw history only when it is accepted: nobody who lists the folder sees an unchecked file. */
#ifndef WEIR_LAND_KEEP_H
#define WEIR_LAND_KEEP_H

#include "land/arrival.h"

#define KEEP_STAGING    ".weir/landing/"
#define KEEP_QUARANTINE "quarantine"   /* what pending objects call that store */
#define KEEP_REPORT     ".report.json" /* behind the quarantined file's name */

/* Choose free names for all arrivals that are to be kept, and record them as pending: one
 * transaction. */
CHECKED status keep_prepare(batch *b, error *err);

/* A free name in raw history, at->object, that is none of those chosen already. */
CHECKED status keep_choose_object(const landing *l, arrival *at, const strings *chosen, arena *a,
                                  error *err);

/* Read the claimed file for its sha256, without a copy. Sets problem and ARRIVAL_RETURNED when
 * it cannot be read or changed. */
void keep_hash(const landing *l, arrival *at);

/* Copy to the staging key and hash. The file's own failure is ARRIVAL_RETURNED with problem; an
 * error is one of the store: E_FULL, E_DENIED. */
CHECKED status keep_stage(const landing *l, arrival *at, error *err);

/* Is the claimed file still what it was when it was claimed? If not: ARRIVAL_RETURNED,
 * E_CHANGED. */
void keep_confirm(const landing *l, arrival *at);

/* Give accepted ones their name in raw history and put rejected ones with their report into
 * quarantine, durably; remove the staged copies. In the transaction that records them, after the
 * lease was checked in it: these names are not unique to a run, so nobody else may be at it. */
CHECKED status keep_place(batch *b, error *err);

/* In the transaction that records the batch: nothing of it is pending any more. */
CHECKED status keep_settle(batch *b, error *err);

/* Nothing of the batch was recorded: remove all that was written, and what was pending of it. False
 * when it cannot be made sure that this is so and that the lease is still held; then nothing was
 * touched. */
bool keep_undo(batch *b);

#endif
