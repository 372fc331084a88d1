#include "cli/subject.h"

static status refuse_source(const lake_table *t, error *err) {
    error_set(err, E_USAGE, "source table \"%s\" has deliveries, not partitions", t->name);
    error_hint(err, "`weir ls %s` lists them.", t->name);
    return E_USAGE;
}

static status refuse_partition(session *s, const lake_table *t, const char *text, error *err) {
    ledger_currents now = {0};
    strings names = {0};
    TRY(ledger_currents_of(s->ledger, s->tables[t->index].id, -1, s->arena, &now, err));
    for (size_t i = 0; i < now.count; i++)
        vec_push(s->arena, &names, now.items[i].text);
    const char *nearest = text != NULL ? str_nearest(text, &names) : NULL;
    if (text == NULL)
        error_set(err, E_USAGE, "table \"%s\" has partitions: name one", t->name);
    else
        error_set(err, E_USAGE, "table \"%s\" never had a partition \"%s\"", t->name, text);
    if (nearest != NULL)
        error_hint(err, "Did you mean \"%s\"?", nearest);
    else
        error_hint(err, "`weir ls %s` lists its partitions.", t->name);
    return E_USAGE;
}

status subject_find(session *s, subject *ret, error *err) {
    const strings *arguments = &s->command->options->arguments;
    subject found = {.partition = arguments->count > 1 ? arguments->items[1] : NULL};
    TRY(lake_table_need(s->lake, arguments->items[0], &found.table, err));
    const lake_table *t = found.table;
    if (t->source != NULL)
        return refuse_source(t, err);
    if (found.partition == NULL && t->partition_by.count == 0)
        found.partition = "()";
    if (found.partition == NULL)
        return refuse_partition(s, t, NULL, err);
    found.table_id = s->tables[t->index].id;
    TRY(ledger_history(s->ledger, found.table_id, found.partition, s->arena, &found.history, err));
    if (found.history.count == 0)
        return refuse_partition(s, t, found.partition, err);
    *ret = found;
    return OK;
}

status subject_need_partition(session *s, const lake_table *t, const char *text, error *err) {
    ledger_pasts history = {0};
    TRY(ledger_history(s->ledger, s->tables[t->index].id, text, s->arena, &history, err));
    return history.count > 0 ? OK : refuse_partition(s, t, text, err);
}
