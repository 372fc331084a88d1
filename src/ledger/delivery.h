/* delivery: what was delivered, and how it stands. Part of ledger.h, which says how a ledger is
 * used.
 *
 * Which delivery counts follows from all that is recorded of it and its rivals; land/ decides that
 * (standing.h), and only keeps here what came out. */
#ifndef WEIR_LEDGER_DELIVERY_H
#define WEIR_LEDGER_DELIVERY_H

#include "base/error.h"
#include "base/vec.h"

typedef struct ledger ledger;

typedef enum delivery_state {
    DELIVERY_ACTIVE,
    DELIVERY_SUPERSEDED,
    DELIVERY_DUPLICATE, /* the same bytes as its neighbour in land-time order */
    DELIVERY_WITHDRAWN,
    DELIVERY_REJECTED,
} delivery_state;
const char *delivery_state_name(delivery_state state);

/* What somebody decided about a delivery. It is not in the state, because the same bytes may be
 * recorded more than once: none of them counts while one of them is withdrawn. */
typedef enum delivery_withdrawal {
    WITHDRAWAL_NONE,
    WITHDRAWAL_EMPTIES,    /* its identity has nothing in its place, until something newer comes */
    WITHDRAWAL_FALLS_BACK, /* as if it had never come: the newest before it counts */
} delivery_withdrawal;

typedef struct delivery {
    int64_t id; /* 0 before it is added */
    int64_t table;
    const char *identity;
    const char *file; /* path below the land root */
    const char *sha256;
    int64_t bytes;
    int64_t land_time;   /* seconds */
    int64_t accepted_at; /* microseconds */
    delivery_state state;
    delivery_withdrawal withdrawal;
    const char *contract; /* JSON text; NULL for rejected ones */
    const char *contract_hash;
    const char *from_path; /* JSON text or NULL */
    const char *object;
    int64_t rows;
    const char *verdict; /* JSON text or NULL */
    const char *reason;
    const char *claim;
    const char *run;
    int64_t created_seq, changed_seq;
} delivery;
typedef VEC(delivery) deliveries;

/* Writes; set seq columns themselves from ledger_next_seq and the table's changed_seq. */
CHECKED status ledger_delivery_add(ledger *l, const delivery *d, int64_t *ret_id, error *err);
CHECKED status ledger_delivery_set_state(ledger *l, int64_t id, delivery_state state,
                                         const char *reason, error *err);
/* Only the decision: the states that follow from it are the caller's. */
CHECKED status ledger_delivery_set_withdrawal(ledger *l, int64_t id, delivery_withdrawal decided,
                                              error *err);
/* A rejected one is accepted after all: d's identity, land time, object, contract, from_path, rows
 * and verdict replace what was recorded; it is superseded until ledger_delivery_set_state says
 * otherwise. */
CHECKED status ledger_delivery_accept(ledger *l, const delivery *d, error *err);
CHECKED status ledger_delivery_get(ledger *l, int64_t id, arena *a, delivery *ret, error *err);
/* All of one identity, by land time, then id. */
CHECKED status ledger_deliveries_of_identity(ledger *l, int64_t table, const char *identity,
                                             arena *a, deliveries *ret, error *err);
/* Active ones of a table, by identity and land time. */
CHECKED status ledger_deliveries_active(ledger *l, int64_t table, arena *a, deliveries *ret,
                                        error *err);
/* Every delivery of a table whatever its state, by object. */
CHECKED status ledger_deliveries_all(ledger *l, int64_t table, arena *a, deliveries *ret,
                                     error *err);
/* Those that are wanted, by table, identity and land time; table 0: of all tables. All without
 * contract, from_path and verdict, so that many can be looked at. wanted NULL: every one. */
typedef bool delivery_wanted(void *state, const delivery *d);
CHECKED status ledger_deliveries_where(ledger *l, int64_t table, delivery_wanted *wanted,
                                       void *state, arena *a, deliveries *ret, error *err);
/* What decides about deliveries of a whole table from a land time on, in outline: all that landed
 * then or later, every withdrawn one, and, the last of the list when there is one, the one that is
 * not rejected or withdrawn and came next before. */
CHECKED status ledger_deliveries_since(ledger *l, int64_t table, int64_t land_time, arena *a,
                                       deliveries *ret, bool *ret_has_before, error *err);
CHECKED status ledger_delivery_claimed(ledger *l, const char *claim, bool *ret, error *err);
/* Rejected ones that no accepted newer one of their identity has replaced. */
CHECKED status ledger_quarantine_count(ledger *l, int64_t *ret, error *err);

#endif
