#include "ledger/journal_entry.h"

#include "base/hash.h"
#include "ledger/journal.h"
#include "ledger/journal_tables.h"

#include <inttypes.h>

/* Rows of one table on their way into an entry. Key columns stand first in each list. */
typedef struct section {
    const journal_table *table;
    buf gone; /* keys of rows that are no more */
    buf rows;
} section;

static size_t key_count(const journal_table *t) {
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++)
        count += t->columns[i].key;
    return count;
}

/* Files may be called anything, and nothing that the ledger took may stop a commit. */
static json_t *text_value(const char *text, arena *a) {
    if (str_is_utf8(text, strlen(text)))
        return json_string(text);
    buf hex = buf_new(a);
    for (const char *at = text; *at != '\0'; at++)
        buf_printf(&hex, "%02x", (unsigned)(unsigned char)*at);
    return json_pack("{s:s}", JOURNAL_HEX, hex.text);
}

static json_t *value_of(const db_rows *row, size_t place, journal_type type, arena *a) {
    if (db_is_null(row, place))
        return json_null();
    if (type == JOURNAL_INT || type == JOURNAL_COUNT)
        return json_integer(db_int(row, place));
    return text_value(db_text(row, place, a), a);
}

static void add_list(buf *to, const json_t *list) {
    ARENA_AUTO a = arena_new();
    if (to->size > 0)
        buf_char(to, ',');
    buf_add(to, json_text(a, list));
}

/* A row of the question below: the keys as they were noted, then the table's columns. */
static void read_changed(const db_rows *row, arena *ignored, void *into) {
    (void)ignored;
    section *s = into;
    const journal_table *t = s->table;
    ARENA_AUTO a = arena_new();
    JSON_AUTO keys = json_array();
    JSON_AUTO values = json_array();
    size_t noted = 0, place = key_count(t);
    bool is_gone = false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->columns[i].type == JOURNAL_LOCAL)
            continue;
        if (t->columns[i].key) {
            json_array_append_new(keys, value_of(row, noted++, t->columns[i].type, a));
            is_gone = is_gone || db_is_null(row, place);
        }
        json_array_append_new(values, value_of(row, place++, t->columns[i].type, a));
    }
    add_list(is_gone ? &s->gone : &s->rows, is_gone ? keys : values);
}

/* Every noted key once, with the row as it is now, if it still is. */
static char *changed_question(const journal_table *t, arena *a) {
    strings wanted = {0}, matches = {0}, order = {0};
    for (size_t i = 0; i < t->count; i++) {
        const journal_column *c = &t->columns[i];
        if (!c->key)
            continue;
        const char *slot = arena_printf(a, "u.%s", journal_slot(t, c));
        vec_push(a, &order, slot);
        vec_push(a, &matches, arena_printf(a, "%s.%s = %s", t->name, c->name, slot));
    }
    for (size_t i = 0; i < order.count; i++)
        vec_push(a, &wanted, order.items[i]);
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].type != JOURNAL_LOCAL)
            vec_push(a, &wanted, arena_printf(a, "%s.%s", t->name, t->columns[i].name));
    return arena_printf(a,
                        "SELECT DISTINCT %s FROM unjournaled u LEFT JOIN %s ON %s"
                        " WHERE u.tbl = '%s' ORDER BY %s",
                        str_join(a, &wanted, ", "), t->name, str_join(a, &matches, " AND "),
                        t->name, str_join(a, &order, ", "));
}

static char *column_names(const journal_table *t, arena *a) {
    JSON_AUTO names = json_array();
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].type != JOURNAL_LOCAL)
            json_array_append_new(names, json_string(t->columns[i].name));
    return json_text(a, names);
}

static status add_section(ledger *l, const journal_table *t, arena *a, buf *tables, error *err) {
    section s = {.table = t, .gone = buf_new(a), .rows = buf_new(a)};
    const ledger_query query = {changed_question(t, a), NULL, 0, read_changed};
    TRY(ledger_select(l, &query, a, &s, err));
    if (s.gone.size == 0 && s.rows.size == 0)
        return OK;
    buf_printf(tables, "%s\n{\"table\":\"%s\",\"columns\":%s,\"gone\":[%s],\"rows\":[",
               tables->size > 0 ? "," : "", t->name, column_names(t, a), s.gone.text);
    buf_add(tables, s.rows.text);
    buf_add(tables, "]}");
    return OK;
}

static void read_previous(const db_rows *row, arena *a, void *into) {
    const char **previous = into;
    *previous = db_text(row, 0, a);
}

static char *header(const ledger *l, const char *previous, arena *a) {
    JSON_AUTO document = json_pack("{s:i, s:s, s:I, s:s}", "format", 1, "lake", l->lake_id, "seq",
                                   (json_int_t)l->seq, "previous", previous);
    char *text = json_text(a, document);
    text[strlen(text) - 1] = '\0'; /* it goes on */
    return text;
}

static status refuse_large(size_t size, error *err) {
    error_set(err, E_USAGE, "the journal entry of one commit would have %zu bytes", size);
    error_hint(err, "Commit less at once: `commit: table` in lake.yaml, or select fewer tables.");
    return E_USAGE;
}

char *journal_seal(arena *a, const char *sha256) {
    return arena_printf(a, ",\"sha256\":\"%s\"}\n", sha256);
}

static status make_entry(ledger *l, arena *a, buf *entry, char sha256[SHA256_TEXT_SIZE],
                         error *err) {
    const char *previous = "";
    bool found;
    const ledger_query query = {"SELECT journal FROM lake", NULL, 0, read_previous};
    TRY(ledger_select_one(l, &query, a, &previous, &found, err));
    buf tables = buf_new(a);
    for (size_t i = 0; i < JOURNAL_TABLE_COUNT; i++)
        TRY(add_section(l, &JOURNAL_TABLES[i], a, &tables, err));
    if (tables.size > JOURNAL_ENTRY_SIZE_MAX)
        return refuse_large(tables.size, err);
    buf_printf(entry, "%s,\"tables\":[", header(l, previous, a));
    buf_add_bytes(entry, tables.text, tables.size);
    buf_add(entry, "]");
    sha256_text(entry->text, entry->size, sha256);
    buf_add(entry, journal_seal(a, sha256));
    return OK;
}

status journal_record(ledger *l, error *err) {
    ARENA_AUTO a = arena_new();
    char sha256[SHA256_TEXT_SIZE];
    if (l->seq == 0)
        return OK;
    buf entry = buf_new(a);
    TRY(make_entry(l, a, &entry, sha256, err));
    const db_value row[] = {DB_I(l->seq), DB_T(entry.text)};
    const db_value newest[] = {DB_T(sha256)};
    TRY(ledger_write(l, "INSERT INTO outbox (seq, document) VALUES ($1, $2)", row, ARRAY_SIZE(row),
                     err));
    TRY(ledger_write(l, "UPDATE lake SET journal = $1", newest, ARRAY_SIZE(newest), err));
    return ledger_write(l, "DELETE FROM unjournaled", NULL, 0, err);
}
