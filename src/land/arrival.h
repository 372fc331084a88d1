/* arrival: one claimed file on its way to being a delivery, and the batch it travels in.
 *
 * Plain data that the steps of landing fill in, in the order of the members: land.c takes them
 * through identity, check, keep and record. */
#ifndef WEIR_LAND_ARRIVAL_H
#define WEIR_LAND_ARRIVAL_H

#include "base/strmap.h"
#include "engine/feeds.h"
#include "land/claim.h"
#include "land/identity.h"
#include "land/land.h"
#include "land/name.h"

typedef enum arrival_fate {
    ARRIVAL_OPEN,     /* not decided */
    ARRIVAL_ACCEPTED, /* goes to raw history */
    ARRIVAL_REPEATED, /* accepted, and its bytes are in raw history already */
    ARRIVAL_REJECTED, /* goes to quarantine */
    ARRIVAL_RETURNED, /* back to land, for the next time: problem says why */
} arrival_fate;

typedef struct arrival {
    const lake_table *table;
    claimed claimed;
    folder_stamp stamp; /* after the claim */
    const char *queue;
    bool is_followed; /* as its candidate */

    name_kind kind;
    const char *identity;
    json_t *from_path;    /* owned, NULL for none */
    deliveries known;     /* of the identity, before this batch */
    const delivery *twin; /* of known: the one whose bytes are repeated */
    int64_t land_time;
    const char *object;      /* key in the layer's store */
    const char *quarantined; /* key in the quarantine */

    bool hashed; /* sha256 is known */
    char sha256[65];
    int64_t bytes;
    bool needs_check;
    bool checked;        /* the worker's answer decided its fate */
    bool staged;         /* its bytes are under the staging key */
    const char *staging; /* key in the layer's store */
    bool placed;         /* its bytes are under object or quarantined */

    arrival_fate fate;
    json_t *answer;   /* owned: what the worker says of this file, NULL for none */
    unit_feeds feeds; /* of an accepted one */
    bool feeds_known;
    json_t *failures; /* owned array: why it is rejected, NULL for none */
    error problem;    /* ARRIVAL_RETURNED */
    strings warnings;
    int64_t id; /* the delivery's, once recorded */
    bool superseded_others;
    delivery_state state; /* as recorded */
} arrival;

typedef struct landing {
    const land_context *context;
    int root_fd;
    store *bucket;          /* where the files come from; NULL: a folder, or it does not matter */
    const char *id;         /* of this landing: claims and staging are below it */
    identity_rules **rules; /* per table of the lake, made when first needed */
    int64_t now_us;         /* what the call takes for now */
    land_result *result;
    arena *arena;       /* the caller's: for what the result names */
    size_t done, known; /* files, for the progress */
    strmap *stuck;      /* queues with a file that could not be taken */
} landing;

typedef struct batch {
    landing *landing;
    arena *arena; /* of the batch */
    arrival *items;
    size_t count;
    int64_t number; /* in the landing */
    bool *layers;   /* which layers' stores have a staging prefix pending */
} batch;

static inline store *arrival_store(const landing *l, const arrival *at) {
    return l->context->layers[at->table->layer];
}

static inline const char *arrival_layer(const landing *l, const arrival *at) {
    return l->context->lake->layers[at->table->layer].name;
}

#endif
