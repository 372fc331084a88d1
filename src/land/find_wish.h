/* find_wish: one FILE, and the deliveries that it fits. Internal to land/find.
 *
 * A wish is made from the text alone (find_wish.c), filled in one pass over the deliveries
 * (find.c), and says then which of those that fit are meant (find_choose.c). */
#ifndef WEIR_LAND_FIND_WISH_H
#define WEIR_LAND_FIND_WISH_H

#include "land/find.h"

/* How well a delivery fits, best first: only the best kind of fit counts. */
typedef enum find_fit {
    FIT_ID,
    FIT_OBJECT, /* its copy in raw history or quarantine */
    FIT_FILE,   /* its path below land */
    FIT_NAME,
    FIT_PATTERN, /* or the range */
    FIT_COUNT,
} find_fit;

typedef struct find_wish {
    const char *text;    /* as written; NULL: the range */
    bool is_name;        /* no path */
    bool is_pattern;     /* may be one: names can have such characters, too */
    strings files;       /* paths below land that it can mean */
    strings objects;     /* as from find_object that it can mean */
    const char *nearest; /* what is called most like it */
    deliveries fits[FIT_COUNT];
} find_wish;

/* "<layer> <key>": an object in the store of a layer; after all layers comes the quarantine. */
char *find_object(arena *a, size_t layer, const char *key);

find_wish *find_wish_new(const land_context *c, const char *folder, const char *text, arena *a);

/* FIT_COUNT when nothing does. */
find_fit find_best_fit(const find_wish *w);

/* Add those that are meant to ret. */
CHECKED status find_choose(const land_context *c, const find_question *q, const find_wish *w,
                           arena *a, deliveries *ret, error *err);

#endif
