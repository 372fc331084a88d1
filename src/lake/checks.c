/* The rules that partitions of derived tables must keep. */
#include "lake/load.h"

static void refuse_column(loader *l, const lake_table *t, const node_entry *rule,
                          const char *name) {
    strings names = {0};
    for (size_t i = 0; i < t->columns.count; i++)
        vec_push(l->arena, &names, t->columns.items[i].name);
    error *err =
        problem_add(&l->problems, rule->value->at, "the result of \"%s\" has no column \"%s\"",
                    t->name, str_printable(l->arena, name));
    problem_hint_nearest(err, name, &names);
}

/* Partitions are made and checked one without the others. */
static void need_partition_columns(loader *l, const lake_table *t, const node_entry *rule,
                                   const strings *given) {
    for (size_t i = 0; i < t->partition_by.count; i++) {
        const char *name = t->partition_by.items[i];
        if (strings_contain(given, name))
            continue;
        error *err = problem_add(&l->problems, rule->at,
                                 "\"unique\" lacks the partition column \"%s\": each partition is "
                                 "checked by itself",
                                 name);
        error_hint(err, "Add it, if equal values may be in two partitions. If not, let a table "
                        "without partitions that reads this one have the rule.");
        return;
    }
}

static void read_rule(loader *l, lake_table *t, const key *parent, const node_entry *rule) {
    value named;
    const key *row = key_find(FILE_DERIVED, parent, rule->name);
    lake_check check = {.is_unique = str_eq(rule->name, "unique")};
    if (row == NULL || value_read(row, row->path, rule->value, l->arena, &named, NULL) != OK)
        return;
    for (size_t i = 0; i < named.texts.count; i++) {
        int at = columns_find(&t->columns, named.texts.items[i]);
        if (at < 0)
            refuse_column(l, t, rule, named.texts.items[i]);
        else
            vec_push(l->arena, &check.columns, t->columns.items[at].name);
    }
    if (check.is_unique)
        need_partition_columns(l, t, rule, &check.columns);
    vec_push(l->arena, &t->checks, check);
}

void load_checks(loader *l, draft *d) {
    const node *list = node_get(d->yaml, "checks");
    const key *parent = key_find(FILE_DERIVED, NULL, "checks");
    size_t before = l->problems.list.count;
    for (size_t i = 0; list != NULL && i < list->entries.count; i++) {
        const node *rule = list->entries.items[i].value;
        if (rule->kind == NODE_MAP && rule->entries.count == 1)
            read_rule(l, d->table, parent, &rule->entries.items[0]);
    }
    d->is_broken = d->is_broken || l->problems.list.count > before;
}
