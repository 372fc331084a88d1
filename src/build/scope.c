#include "build/scope.h"

static bool is_forced_by(const strings *runs, const plan_partition *p) {
    for (size_t i = 0; i < p->causes.count; i++)
        if (p->causes.items[i].kind == CAUSE_FORCED
            && strings_contain(runs, p->causes.items[i].ref))
            return true;
    return false;
}

static bool takes(const build_scope *scope, const lake_table *t, const plan_partition *p) {
    if (p->reached)
        return true;
    return (!scope->forced_by || is_forced_by(scope->forced_by, p))
           && (!scope->filter || plan_filter_takes(scope->filter, t, p->text));
}

void scope_narrow(const build_scope *scope, const lake_table *t, plan_partitions *planned) {
    for (size_t i = 0; scope && i < planned->count; i++)
        planned->items[i].later = !takes(scope, t, &planned->items[i]);
}
