/* decision: what withdrawing and readmitting share. Internal to land/. */
#ifndef WEIR_LAND_DECISION_H
#define WEIR_LAND_DECISION_H

#include "land/contest.h"
#include "land/withdraw.h"

typedef struct decision {
    const land_context *context;
    arena *arena;
    const char *verb; /* as the event names it */
    const char *why;  /* NULL: no reason given */
    int64_t now_us;
    land_decided *result;
} decision;

decision decision_new(const land_context *c, const char *verb, const char *why, arena *a,
                      land_decided *result);

/* The place of a delivery among those recorded; SIZE_MAX: it is none of them. */
size_t decision_place(const contest *c, int64_t id);

/* Tell that nothing is to be done about it. */
void decision_leave(const decision *d, const contest *c, const delivery *named, const char *reason);
/* Tell, and record who decided and why. */
CHECKED status decision_name(const decision *d, const contest *c, const delivery *named,
                             error *err);

/* After what was decided is in the contest and in the ledger: the states that follow, their marks,
 * and what is told of them. reason: of those that are withdrawn now. */
CHECKED status decision_carry_out(const decision *d, contest *c, const char *reason, error *err);

/* Commit when result is OK, else roll back. */
CHECKED status decision_end(const decision *d, status result, error *err);

#endif
