#include "build/state.h"

#include "ledger/reach.h"

typedef struct reaching {
    const build_state *s;
    reach_add *add;
    void *add_state;
} reaching;

static status add_partitions(const reaching *r, const lake_reader *reader, const strings *fed,
                             error *err) {
    const build_state *s = r->s;
    ledger_edge edge = build_edge(s->c, reader->table, reader->input);
    for (size_t i = 0; i < fed->count; i++) {
        strings reached = {0};
        TRY(ledger_reached(s->c->ledger, &edge, fed->items[i], s->arena, &reached, err));
        for (size_t k = 0; k < reached.count; k++)
            r->add(r->add_state, reader->table, reached.items[k]);
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
    return add_partitions(r, reader, &partitions, err);
}

/* A partition that failed before it ever had a version: where it would go is known without rows. */
static status add_expected(const reaching *r, const lake_reader *reader, const char *text,
                           error *err) {
    unit_feed feed;
    if (feeds_need_rows(reader->input))
        return OK;
    TRY(feeds_read_edge(reader->table, reader->input, NULL, text, r->s->arena, &feed, err));
    return add_partitions(r, reader, &feed.partitions, err);
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
    for (size_t i = 0; i < st->feeds.count; i++) {
        const unit_feed *feed = &st->feeds.items[i];
        const lake_reader reader = {.table = feed->reader, .input = feed->input};
        TRY(add_partitions(&r, &reader, &feed->partitions, err));
    }
    return OK;
}
