/* standing: which of the recorded deliveries count. Pure: the same answer in whatever order they
 * were taken in (design section 4).
 *
 * Nothing here reads the ledger; record.c gives what is recorded and writes what is decided. */
#ifndef WEIR_LAND_STANDING_H
#define WEIR_LAND_STANDING_H

#include "ledger/ledger.h"

typedef enum standing_rule {
    STANDING_NEWEST,          /* of an identity; the deliveries given are of one identity */
    STANDING_NEWEST_OF_TABLE, /* contents: full; the deliveries given are of one table */
    STANDING_EVERY,           /* keep_both: each content of the identity counts once */
} standing_rule;

typedef struct standing {
    const char *identity;
    const char *sha256;
    int64_t land_time;    /* seconds; no two accepted ones of an identity have the same */
    delivery_state state; /* as recorded: only whether it is rejected matters */
    delivery_withdrawal withdrawal;
    delivery_state decided; /* filled in; rejected ones stay what they are */
    size_t same_as;         /* filled in: for duplicates the place of the one whose bytes they
                               repeat, else the own place */
} standing;

/* Of a recorded delivery. */
standing standing_of(const delivery *d);

/* Fills in decided and same_as. The order of items does not matter and stays.
 *
 * While a delivery is withdrawn, all of its identity with its bytes are. Where it itself stands in
 * the order there is nothing (WITHDRAWAL_EMPTIES), or it is as if it had not come; the others of
 * its bytes are always as if they had not come. So it makes no difference whether they came before
 * the decision or were refused because of it. */
void standing_decide(standing_rule rule, standing *items, size_t count);

/* The land time of a new delivery among those of its identity: wanted, or the first free second
 * after it. Unless it is fixed (--now) it is also later than all of them. */
int64_t standing_land_time(const deliveries *known, int64_t wanted, bool fixed);

standing_rule standing_rule_of(const lake_source *source);

#endif
