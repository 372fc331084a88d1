/* offer: jobs of a run that other hosts may build, and the helpers that do.
 *
 * The run that holds the lease offers jobs, takes their answers, and drops them. A helper claims
 * one at a time; its claims are good as long as it renews itself, by the database's clock, and a
 * claim that was lost is offered again with another attempt, so that two who build the same write
 * in places of their own. Part of the ledger, with its handle and rules; not in the journal: losing
 * these rows only loses time. Not for deciding what is built: that is build/. */
#ifndef WEIR_LEDGER_OFFER_H
#define WEIR_LEDGER_OFFER_H

#include "ledger/ledger.h"

/* Say, in a transaction of its own, that the helper is there for_us longer. id: unique; name: for
 * people. */
typedef struct ledger_helper {
    const char *id, *name;
} ledger_helper;
CHECKED status ledger_helper_renew(ledger *l, const ledger_helper *h, int64_t for_us, error *err);
/* It goes: what it has claimed and not answered is open again. Opens a transaction if none is. */
CHECKED status ledger_helper_leave(ledger *l, const char *id, error *err);
/* How many are there whose time is not over and whose process is not known to be dead. */
CHECKED status ledger_helpers_living(ledger *l, int64_t *ret, error *err);

/* How many jobs it has claimed and not answered. */
CHECKED status ledger_helper_claims(ledger *l, const char *id, int64_t *ret, error *err);

typedef struct ledger_offer {
    int64_t id; /* filled in */
    const char *run;
    const char *engine; /* who builds it must have the same */
    int64_t table, number, attempt;
    const char *partitions; /* JSON: [[text, memo key], …] */
    const char *job;        /* JSON, without secrets */
} ledger_offer;

/* In a transaction. */
CHECKED status ledger_offer_put(ledger *l, const ledger_offer *o, error *err);
/* Is one of that run open? Only reads. *ret_engine: of one of them; NULL: none is. */
CHECKED status ledger_offer_look(ledger *l, const char *run, arena *a, const char **ret_engine,
                                 error *err);
/* The oldest open one of a run, in one transaction. E_NOT_FOUND when there is none. */
CHECKED status ledger_offer_claim(ledger *l, const char *run, const char *helper, arena *a,
                                  ledger_offer *ret, error *err);
/* In a transaction: is it still claimed by the helper, for that attempt? E_BUSY when not. */
CHECKED status ledger_offer_check(ledger *l, const ledger_offer *o, const char *helper, error *err);

typedef struct ledger_answer {
    int64_t table, number, attempt; /* of the job */
    bool failed;
    const char *helper; /* its name */
    const char *text;   /* JSON: the worker's answer, or the error */
    int64_t offer;
} ledger_answer;
typedef VEC(ledger_answer) ledger_answers;
/* In a transaction, after ledger_offer_check. */
CHECKED status ledger_offer_answer(ledger *l, const ledger_offer *o, bool failed, const char *text,
                                   error *err);
/* What was answered of a run, oldest offer first. */
CHECKED status ledger_answers_of(ledger *l, const char *run, arena *a, ledger_answers *ret,
                                 error *err);

/* In a transaction: what helpers had that are not there any more is open again; they are
 * forgotten. */
CHECKED status ledger_offers_reopen(ledger *l, error *err);
typedef struct ledger_offer_counts {
    int64_t open, claimed, lost; /* lost: claimed by a helper that is not there any more */
} ledger_offer_counts;
CHECKED status ledger_offers_count(ledger *l, const char *run, ledger_offer_counts *ret,
                                   error *err);
/* In a transaction: the newest open one of a run goes, and is told: number, table and attempt.
 * E_NOT_FOUND when none is open. */
CHECKED status ledger_offer_take_back(ledger *l, const char *run, arena *a, ledger_offer *ret,
                                      error *err);
/* In a transaction. */
CHECKED status ledger_offer_drop(ledger *l, int64_t id, error *err);
CHECKED status ledger_offers_drop(ledger *l, error *err); /* all, of whatever run */

#endif
