#include "build/state.h"

typedef struct reaching {
    const build_state *s;
    reach_add *add;
    void *add_state;
} reaching;

/* Under MAP_ALL: every partition that the reader has, or is about to have. */
static status add_every(const reaching *r, const lake_table *reader, error *err) {
    const build_state *s = r->s;
    if (reader->partition_by.count == 0) {
        r->add(r->add_state, reader, "()");
        return OK;
    }
    ledger_currents all = {0};
    int64_t id = state_ledger_table(s, reader)->id;
    TRY(ledger_currents_of(s->c->ledger, id, -1, s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++)
        r->add(r->add_state, reader, all.items[i].text);
    return OK;
}

static status add_partitions(const reaching *r, const lake_table *reader, const strings *partitions,
                             error *err) {
    for (size_t i = 0; i < partitions->count; i++) {
        if (str_eq(partitions->items[i], FEEDS_EVERY_PARTITION)) {
            TRY(add_every(r, reader, err));
            continue;
        }
        r->add(r->add_state, reader, partitions->items[i]);
    }
    return OK;
}

static status add_recorded(const reaching *r, const lake_reader *reader, int64_t version,
                           error *err) {
    strings partitions = {0};
    ledger_edge edge = build_edge(r->s->c, reader->table, reader->input);
    status found = ledger_feeds_of(r->s->c->ledger, edge.table, edge.input, edge.map, version,
                                   r->s->arena, &partitions, err);
    if (found == E_NOT_FOUND)
        return OK;
    TRY(found);
    return add_partitions(r, reader->table, &partitions, err);
}

/* A partition that failed before it ever had a version: where it would go is known without rows. */
static status add_expected(const reaching *r, const lake_reader *reader, const char *text,
                           error *err) {
    unit_feed feed;
    if (feeds_need_rows(reader->input))
        return OK;
    TRY(feeds_read_edge(reader->table, reader->input, NULL, text, r->s->arena, &feed, err));
    return add_partitions(r, reader->table, &feed.partitions, err);
}

status state_reach(const build_state *s, const lake_table *t, const staged *st, reach_add *add,
                   void *add_state, error *err) {
    reaching r = {.s = s, .add = add, .add_state = add_state};
    lake_readers readers = lake_readers_of(s->c->lake, t, s->arena);
    for (size_t i = 0; i < readers.count; i++) {
        if (st->old.version != 0)
            TRY(add_recorded(&r, &readers.items[i], st->old.version, err));
        else if (staged_is_stuck(st))
            TRY(add_expected(&r, &readers.items[i], st->text, err));
    }
    for (size_t i = 0; i < st->feeds.count; i++)
        TRY(add_partitions(&r, st->feeds.items[i].reader, &st->feeds.items[i].partitions, err));
    return OK;
}
