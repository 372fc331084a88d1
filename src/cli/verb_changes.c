#include "cli/verb.h"

#include "cli/document.h"
#include "cli/query_inputs.h"
#include "ledger/consumer.h"

static const output_column COLUMNS[] = {
    {"partition", "partition", OUTPUT_TEXT}, {"kind", "change", OUTPUT_TEXT},
    {"version", "version", OUTPUT_COUNT},    {"rows", "rows", OUTPUT_COUNT},
    {"bytes", "bytes", OUTPUT_BYTES},        {"seq", "seq", OUTPUT_COUNT},
};

static json_t *change_row(const partition_change *c) {
    json_t *row = json_object();
    json_object_set_new(row, "partition", output_string(c->partition));
    json_object_set_new(row, "kind", json_string(change_name(c->kind)));
    json_object_set_new(row, "version", c->version != 0 ? json_integer(c->version) : json_null());
    json_object_set_new(row, "rows", json_integer(c->rows));
    json_object_set_new(row, "bytes", json_integer(c->bytes));
    json_object_set_new(row, "seq", json_integer(c->seq));
    return row;
}

static status refuse_source(const lake_table *t, error *err) {
    error_set(err, E_USAGE, "source table \"%s\" has deliveries, not partitions", t->name);
    error_hint(err, "Follow a table that is built from it, or ask `weir query` for weir.delivery.");
    return E_USAGE;
}

/* Who reads directories must not be told of what is not in them yet. */
static status visible_seq(const session *s, const lake_table *t, int64_t *ret, error *err) {
    int64_t changed = 0, projected = 0;
    TRY(ledger_seq(s->ledger, ret, err));
    if (t->projection == PROJECTION_NONE)
        return OK;
    TRY(ledger_projection_state(s->ledger, s->tables[t->index].id, &changed, &projected, err));
    if (changed > projected)
        *ret = projected;
    return OK;
}

/* A consumer that was never heard of is at the beginning. */
static status since_consumer(const session *s, int64_t table, const char *name, int64_t *ret,
                             error *err) {
    ledger_consumer c = {0};
    status found = ledger_consumer_get(s->ledger, table, name, s->arena, &c, err);
    if (found != OK && found != E_NOT_FOUND)
        return found;
    *ret = c.seq;
    return OK;
}

static status since(const session *s, int64_t table, int64_t *ret, error *err) {
    const char *moment = option_text(s->command->options, OPTION_SINCE);
    const char *consumer = option_text(s->command->options, OPTION_CONSUMER);
    if ((moment == NULL) == (consumer == NULL)) {
        error_set(err, E_USAGE, "one of --since and --consumer is needed");
        error_hint(err, "--since 0 tells everything there is.");
        return E_USAGE;
    }
    return consumer != NULL ? since_consumer(s, table, consumer, ret, err)
                            : query_seq_of(s, moment, ret, err);
}

static void show(const session *s, const changes_asked *asked, const partition_changes *changes,
                 int64_t to) {
    JSON_AUTO rows = json_array();
    for (size_t i = 0; i < changes->count; i++)
        json_array_append_new(rows, change_row(&changes->items[i]));
    JSON_AUTO document = document_new();
    json_object_set_new(document, "table", output_string(s->command->options->arguments.items[0]));
    json_object_set_new(document, "consumer",
                        output_string(option_text(s->command->options, OPTION_CONSUMER)));
    json_object_set_new(document, "since", json_integer(asked->since_seq));
    json_object_set_new(document, "to", json_integer(to));
    json_object_set_new(document, "more", json_boolean(to < asked->up_to_seq));
    json_object_set(document, "changes", rows);
    output *o = s->command->out;
    output_write_list(o, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    output_say(o, "%s after commit %lld, up to %lld%s",
               output_plural(s->arena, (int64_t)changes->count, "partition", "partitions"),
               (long long)asked->since_seq, (long long)to,
               to < asked->up_to_seq ? ", and there is more" : "");
}

/* All from one state of the ledger. */
static status read_changes(const session *s, const lake_table *t, changes_asked *asked,
                           partition_changes *ret, int64_t *ret_to, error *err) {
    TRY(since(s, asked->table, &asked->since_seq, err));
    TRY(visible_seq(s, t, &asked->up_to_seq, err));
    if (asked->up_to_seq < asked->since_seq)
        asked->up_to_seq = asked->since_seq;
    return ledger_partition_changes(s->ledger, asked, s->arena, ret, ret_to, err);
}

static status show_changes(session *s, error *err) {
    const lake_table *t = NULL;
    changes_asked asked = {0};
    partition_changes changes = {0};
    int64_t to = 0;
    TRY(option_int(s->command->options, OPTION_LIMIT, 1, INT64_MAX, &asked.limit, err));
    TRY(lake_table_need(s->lake, s->command->options->arguments.items[0], &t, err));
    if (t->source != NULL)
        return refuse_source(t, err);
    asked.table = s->tables[t->index].id;
    TRY(ledger_begin(s->ledger, LEDGER_READ, err));
    status result = read_changes(s, t, &asked, &changes, &to, err);
    ledger_rollback(s->ledger);
    TRY(result);
    show(s, &asked, &changes, to);
    return OK;
}

/* --ack */

static status refuse_ack(const ledger_consumer *before, int64_t newest, error *err) {
    if (before->seq > 0)
        error_set(err, E_USAGE, "consumer \"%s\" is at commit %lld, and the newest is %lld",
                  before->name, (long long)before->seq, (long long)newest);
    else
        error_set(err, E_USAGE, "the newest commit is %lld", (long long)newest);
    error_hint(err, "Give the \"to\" that `weir changes` told; `weir bookmark` sets a position "
                    "back.");
    return E_USAGE;
}

static status ack_locked(const session *s, ledger_consumer *now, error *err) {
    int64_t newest = 0;
    ledger_consumer before = {.name = now->name};
    TRY(ledger_table_id(s->ledger, s->command->options->arguments.items[0], &now->table, err));
    if (now->table == 0)
        return error_set(err, E_USAGE, "the ledger knows no table \"%s\"",
                         s->command->options->arguments.items[0]);
    TRY(since_consumer(s, now->table, now->name, &before.seq, err));
    TRY(ledger_seq(s->ledger, &newest, err));
    if (now->seq < before.seq || now->seq > newest)
        return refuse_ack(&before, newest, err);
    return ledger_consumer_put(s->ledger, now, err);
}

static status ack(const session *s, error *err) {
    const option_values *o = s->command->options;
    ledger_consumer now = {.name = option_text(o, OPTION_CONSUMER),
                           .who = s->who,
                           .at_us = clock_now_us(s->command->clock)};
    TRY(option_int(o, OPTION_ACK, 0, 0, &now.seq, err));
    TRY(ledger_begin(s->ledger, LEDGER_WRITE, err));
    status result = ack_locked(s, &now, err);
    if (result == OK)
        return ledger_commit(s->ledger, err);
    ledger_rollback(s->ledger);
    return result;
}

static status check_ack(const option_values *o, error *err) {
    if (option_text(o, OPTION_CONSUMER) != NULL && option_text(o, OPTION_SINCE) == NULL)
        return OK;
    error_set(err, E_USAGE, "--ack belongs to --consumer alone");
    error_hint(err, "weir changes TABLE --consumer NAME --ack SEQ");
    return E_USAGE;
}

status verb_changes(command *c, error *err) {
    bool acks = option_given(c->options, OPTION_ACK);
    session s = {0};
    if (acks)
        TRY(check_ack(c->options, err));
    status result = session_open(c, acks ? SESSION_AMEND : SESSION_READ, &s, err);
    if (result == OK)
        result = acks ? ack(&s, err) : show_changes(&s, err);
    session_close(&s);
    return result;
}
