/* What weir can be told to do. */
#include "cli/verb.h"

const verb_group *const VERB_GROUPS[VERB_GROUP_COUNT] = {
    &VERBS_START,
    &VERBS_WORK,
    &VERBS_LOOK,
    &VERBS_OTHER,
};

const verb *verb_at(size_t i) {
    for (size_t group = 0; group < VERB_GROUP_COUNT; group++) {
        if (i < VERB_GROUPS[group]->count)
            return &VERB_GROUPS[group]->verbs[i];
        i -= VERB_GROUPS[group]->count;
    }
    return NULL;
}
