#include "cli/verb.h"

#include "base/number.h"
#include "cli/document.h"
#include "cli/session.h"
#include "ledger/consumer.h"

#include <inttypes.h>

static const output_column COLUMNS[] = {
    {"table", "table", OUTPUT_TEXT},    {"reader", "taken in by", OUTPUT_TEXT},
    {"kind", "kind", OUTPUT_TEXT},      {"seq", "up to", OUTPUT_COUNT},
    {"newest", "newest", OUTPUT_COUNT},
};

/* A position in the changes of one table. */
typedef struct position {
    const lake_table *table;
    const char *kind; /* table, consumer */
    const char *reader;
    int64_t seq;
    const char *who; /* NULL: a table's own */
    int64_t at_us;
} position;

static const lake_table *table_of(const session *s, int64_t id) {
    for (size_t i = 0; i < s->lake->table_count; i++)
        if (s->tables[i].id == id)
            return s->lake->tables[i];
    return NULL;
}

static void add_row(const session *s, json_t *rows, const lake_table *asked, const position *p) {
    if (p->table == NULL || (asked != NULL && p->table != asked))
        return;
    int64_t newest = s->tables[p->table->index].changed_seq;
    json_t *row = json_object();
    json_object_set_new(row, "table", output_string(p->table->name));
    json_object_set_new(row, "reader", output_string(p->reader));
    json_object_set_new(row, "kind", json_string(p->kind));
    json_object_set_new(row, "seq", json_integer(p->seq));
    json_object_set_new(row, "newest", json_integer(newest));
    json_object_set_new(row, "behind", json_boolean(p->seq < newest));
    json_object_set_new(row, "who", output_string(p->who));
    json_object_set_new(row, "at", output_time(p->at_us));
    json_array_append_new(rows, row);
}

static status add_edges(const session *s, const lake_table *asked, json_t *rows, error *err) {
    ledger_edges edges = {0};
    TRY(ledger_edges_all(s->ledger, s->arena, &edges, err));
    for (size_t i = 0; i < edges.count; i++) {
        const lake_table *reader = table_of(s, edges.items[i].table);
        const position p = {.table = table_of(s, edges.items[i].input),
                            .kind = "table",
                            .reader = reader ? reader->name : NULL,
                            .seq = edges.items[i].bookmark_seq};
        add_row(s, rows, asked, &p);
    }
    return OK;
}

static status add_consumers(const session *s, const lake_table *asked, json_t *rows, error *err) {
    ledger_consumers all = {0};
    TRY(ledger_consumers_of(s->ledger, 0, s->arena, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const ledger_consumer *c = &all.items[i];
        const position p = {.table = table_of(s, c->table),
                            .kind = "consumer",
                            .reader = c->name,
                            .seq = c->seq,
                            .who = c->who,
                            .at_us = c->at_us};
        add_row(s, rows, asked, &p);
    }
    return OK;
}

static status show_bookmarks(session *s, error *err) {
    const strings *arguments = &s->command->options->arguments;
    const lake_table *asked = NULL;
    JSON_AUTO rows = json_array();
    if (arguments->count > 0)
        TRY(lake_table_need(s->lake, arguments->items[0], &asked, err));
    TRY(add_edges(s, asked, rows, err));
    TRY(add_consumers(s, asked, rows, err));
    JSON_AUTO document = document_new();
    json_object_set(document, "bookmarks", rows);
    output_write_list(s->command->out,
                      &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    return OK;
}

/* setting a consumer's */

static status need_consumer(const session *s, ledger_consumer *ret, error *err) {
    const strings *arguments = &s->command->options->arguments;
    int64_t table = 0;
    TRY(ledger_table_id(s->ledger, arguments->items[0], &table, err));
    status found = ledger_consumer_get(s->ledger, table, arguments->items[1], s->arena, ret, err);
    if (found != E_NOT_FOUND)
        return found;
    error_set(err, E_USAGE, "table \"%s\" has no consumer \"%s\"", arguments->items[0],
              arguments->items[1]);
    error_hint(err, "`weir bookmark` lists them; the first --ack of `weir changes` makes one.");
    return E_USAGE;
}

static status refuse_seq(const char *text, int64_t newest, error *err) {
    error_set(err, E_USAGE, "\"%s\" is no commit", text);
    error_hint(err, "Give a number from 0 to %lld, or none.", (long long)newest);
    return E_USAGE;
}

static status change_consumer(const session *s, ledger_consumer *c, error *err) {
    const char *text = s->command->options->arguments.items[2];
    int64_t newest = 0;
    TRY(need_consumer(s, c, err));
    TRY(ledger_seq(s->ledger, &newest, err));
    if (str_eq(text, "none"))
        return ledger_consumer_remove(s->ledger, c->table, c->name, err);
    if (!number_int64(text, &c->seq) || c->seq < 0 || c->seq > newest)
        return refuse_seq(text, newest, err);
    c->who = s->who;
    c->at_us = clock_now_us(s->command->clock);
    return ledger_consumer_put(s->ledger, c, err);
}

static status set_locked(const session *s, error *err) {
    const strings *arguments = &s->command->options->arguments;
    ledger_consumer c = {0};
    TRY(change_consumer(s, &c, err));
    const char *ref = arena_printf(s->arena, "%s %s %s", arguments->items[0], arguments->items[1],
                                   arguments->items[2]);
    return ledger_event_add(s->ledger, s->who, "bookmark", ref,
                            option_text(s->command->options, OPTION_REASON),
                            clock_now_us(s->command->clock), err);
}

static status set_bookmark(const session *s, error *err) {
    TRY(ledger_begin(s->ledger, LEDGER_WRITE, err));
    status result = set_locked(s, err);
    if (result == OK)
        return ledger_commit(s->ledger, err);
    ledger_rollback(s->ledger);
    return result;
}

status verb_bookmark(command *c, error *err) {
    size_t count = c->options->arguments.count;
    session s = {0};
    if (count == 2)
        return error_set(err, E_USAGE, "what is the bookmark of \"%s\" to be: a commit, or none",
                         c->options->arguments.items[1]);
    status result = session_open(c, count == 3 ? SESSION_AMEND : SESSION_READ, &s, err);
    if (result == OK)
        result = count == 3 ? set_bookmark(&s, err) : show_bookmarks(&s, err);
    session_close(&s);
    return result;
}
