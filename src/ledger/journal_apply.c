#include "ledger/journal_entry.h"

#include "base/hash.h"
#include "base/path.h"
#include "ledger/journal_tables.h"

#include <inttypes.h>

enum { ENTRY_FORMAT = 1, COLUMNS_MAX = 32 };

/* How an entry ends: the sha256 of everything before. */
static const char SEAL_HEAD[] = ",\"sha256\":\"", SEAL_END[] = "\"}\n";
enum {
    SHA256_SIZE = SHA256_TEXT_SIZE - 1,
    SEAL_SIZE = sizeof SEAL_HEAD - 1 + SHA256_SIZE + sizeof SEAL_END - 1,
};

static status refuse(error *err, const char *name, const char *what) {
    error_set(err, E_DATA, "journal entry \"%s\" %s", name, what);
    error_hint(err, "Put it back from a copy of the store; what follows it cannot be replayed "
                    "without it.");
    return E_DATA;
}

bool journal_is_sealed(const char *text, size_t size) {
    return size >= SEAL_SIZE
           && memcmp(text + size - SEAL_SIZE, SEAL_HEAD, sizeof SEAL_HEAD - 1) == 0
           && memcmp(text + size - (sizeof SEAL_END - 1), SEAL_END, sizeof SEAL_END - 1) == 0;
}

static status check_seal(const char *name, const char *text, size_t size,
                         char ret_sha256[SHA256_TEXT_SIZE], error *err) {
    if (!journal_is_sealed(text, size))
        return refuse(err, name, "is cut short, or none at all");
    const char *told = text + size - SEAL_SIZE + sizeof SEAL_HEAD - 1;
    sha256_text(text, size - SEAL_SIZE, ret_sha256);
    return memcmp(told, ret_sha256, SHA256_SIZE) == 0 ? OK : refuse(err, name, "was altered");
}

static status refuse_foreign(error *err, const char *name, const char *what, const char *hint) {
    error_set(err, E_FOREIGN, "journal entry \"%s\" %s", name, what);
    error_hint(err, "%s", hint);
    return E_FOREIGN;
}

static status check_place(const journal_place *place, const char *name, const json_t *entry,
                          error *err) {
    const char *lake_id, *previous;
    int64_t format, seq;
    TRY(json_need_int(entry, "format", &format, err));
    if (format != ENTRY_FORMAT)
        return refuse_foreign(err, name, "is of a newer weir", "Use the newer weir.");
    TRY(json_need_string(entry, "lake", &lake_id, err));
    TRY(json_need_int(entry, "seq", &seq, err));
    TRY(json_need_string(entry, "previous", &previous, err));
    if (!str_eq(lake_id, place->lake))
        return refuse_foreign(err, name, "is of another lake",
                              "Check `store` in lake.yaml, and take the foreign file away.");
    if (seq != place->seq)
        return refuse(err, name, "has another entry's content");
    if (!str_eq(place->previous, JOURNAL_ANY) && !str_eq(previous, place->previous))
        return refuse_foreign(err, name, "does not follow the commit before it",
                              "Two ledgers wrote to this store, or the ledger is not of this "
                              "history: put back the ledger that wrote the newest entries.");
    return OK;
}

/* One table's part of an entry. */
typedef struct section {
    ledger *l;
    const char *name; /* of the entry */
    const journal_table *table;
    const journal_column *columns[COLUMNS_MAX]; /* as the entry lists them */
    size_t count;
    const json_t *gone, *rows;
} section;

static bool has_all_keys(const section *s) {
    size_t wanted = 0, listed = 0;
    for (size_t i = 0; i < s->table->count; i++)
        wanted += s->table->columns[i].key;
    for (size_t i = 0; i < s->count; i++)
        listed += s->columns[i]->key;
    return wanted == listed;
}

static bool lists(const section *s, const journal_column *wanted) {
    for (size_t i = 0; i < s->count; i++)
        if (s->columns[i] == wanted)
            return true;
    return false;
}

static status read_columns(section *s, const json_t *names, error *err) {
    if (json_array_size(names) > COLUMNS_MAX)
        return refuse(err, s->name, "lists too many columns");
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        const journal_column *known = name ? journal_column_find(s->table, name) : NULL;
        if (known == NULL || lists(s, known))
            return refuse(err, s->name, "lists a column that this weir does not know");
        s->columns[s->count++] = known;
    }
    return has_all_keys(s) ? OK : refuse(err, s->name, "lacks a key column");
}

static status read_section(ledger *l, const char *name, const json_t *document, section *ret,
                           error *err) {
    section s = {.l = l, .name = name};
    const char *table;
    json_t *names, *gone, *rows;
    TRY(json_need_string(document, "table", &table, err));
    TRY(json_need_array(document, "columns", &names, err));
    TRY(json_need_array(document, "gone", &gone, err));
    TRY(json_need_array(document, "rows", &rows, err));
    s.table = journal_table_find(table);
    s.gone = gone;
    s.rows = rows;
    if (s.table == NULL)
        return refuse(err, name, "names a table that this weir does not know");
    TRY(read_columns(&s, names, err));
    *ret = s;
    return OK;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL: not the hex of a text. */
static const char *text_of_hex(const char *hex, arena *a) {
    size_t size = strlen(hex);
    buf text = buf_new(a);
    for (size_t i = 0; i + 1 < size; i += 2) {
        int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0 || high + low == 0)
            return NULL;
        buf_char(&text, (char)(high * 16 + low));
    }
    return size % 2 == 0 ? text.text : NULL;
}

/* NULL: no text at all. */
static const char *text_of(const json_t *from, arena *a) {
    if (json_is_string(from))
        return json_string_value(from);
    const char *hex = json_string_value(json_object_get(from, JOURNAL_HEX));
    return hex != NULL ? text_of_hex(hex, a) : NULL;
}

/* More than any file has, and so few that nine thousand of them add up without an overflow. */
static const int64_t COUNT_MAX = INT64_C(1000000000000000);

static bool is_count(int64_t number) {
    return number >= 0 && number <= COUNT_MAX;
}

/* Borrowed from the document or the arena. */
static status read_value(const section *s, const journal_column *c, const json_t *from, arena *a,
                         db_value *ret, error *err) {
    bool is_number = c->type == JOURNAL_INT || c->type == JOURNAL_COUNT;
    const char *text = is_number ? NULL : text_of(from, a);
    if (json_is_null(from) && !c->key) {
        *ret = DB_N;
        return OK;
    }
    if (is_number ? !json_is_integer(from) : text == NULL)
        return refuse(err, s->name, "holds a value of another type");
    if (c->type == JOURNAL_COUNT && !is_count(json_integer_value(from)))
        return refuse(err, s->name, "holds a number that counts nothing");
    if (c->type == JOURNAL_PATH && !path_is_safe(text))
        return refuse(err, s->name, "holds a path that leads out of its folder");
    *ret = is_number ? DB_I(json_integer_value(from)) : DB_T(text);
    return OK;
}

/* keys_only: the list holds the key columns alone. */
static status remove_row(const section *s, const json_t *list, bool keys_only, error *err) {
    ARENA_AUTO a = arena_new();
    db_value values[COLUMNS_MAX];
    size_t count = 0, place = 0;
    buf sql = buf_new(a);
    buf_printf(&sql, "DELETE FROM %s WHERE ", s->table->name);
    for (size_t i = 0; i < s->count; i++) {
        const journal_column *c = s->columns[i];
        if (c->key) {
            TRY(read_value(s, c, json_array_get(list, keys_only ? place : i), a, &values[count++],
                           err));
            buf_printf(&sql, "%s%s = $%zu", count > 1 ? " AND " : "", c->name, count);
            place++;
        }
    }
    if (json_array_size(list) != (keys_only ? place : s->count))
        return refuse(err, s->name, "has a row of another width");
    return ledger_write(s->l, sql.text, values, count, err);
}

static char *insert_statement(const section *s, arena *a) {
    buf names = buf_new(a), values = buf_new(a);
    for (size_t i = 0; i < s->count; i++) {
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", s->columns[i]->name);
        buf_printf(&values, "%s$%zu", i > 0 ? ", " : "", i + 1);
    }
    for (size_t i = 0; i < s->table->count; i++) {
        if (s->table->columns[i].type != JOURNAL_LOCAL)
            continue;
        buf_printf(&names, ", %s", s->table->columns[i].name);
        buf_add(&values, ", 0");
    }
    return arena_printf(a, "INSERT INTO %s (%s) VALUES (%s)", s->table->name, names.text,
                        values.text);
}

static status add_row(const section *s, const char *sql, const json_t *row, error *err) {
    ARENA_AUTO a = arena_new();
    db_value values[COLUMNS_MAX];
    for (size_t i = 0; i < s->count; i++)
        TRY(read_value(s, s->columns[i], json_array_get(row, i), a, &values[i], err));
    return ledger_write(s->l, sql, values, s->count, err);
}

static status add_rows(const section *s, error *err) {
    ARENA_AUTO a = arena_new();
    const char *sql = insert_statement(s, a);
    for (size_t i = 0; i < json_array_size(s->rows); i++)
        TRY(add_row(s, sql, json_array_get(s->rows, i), err));
    return OK;
}

static status remove_rows(const section *s, error *err) {
    for (size_t i = 0; i < json_array_size(s->gone); i++)
        TRY(remove_row(s, json_array_get(s->gone, i), true, err));
    for (size_t i = 0; i < json_array_size(s->rows); i++)
        TRY(remove_row(s, json_array_get(s->rows, i), false, err));
    return OK;
}

/* What was goes before what is comes, over all tables: names that are to be unique may move from
 * row to row. */
static status apply_tables(ledger *l, const char *name, const json_t *tables, error *err) {
    section s;
    for (size_t i = 0; i < json_array_size(tables); i++) {
        TRY(read_section(l, name, json_array_get(tables, i), &s, err));
        TRY(remove_rows(&s, err));
    }
    for (size_t i = 0; i < json_array_size(tables); i++) {
        TRY(read_section(l, name, json_array_get(tables, i), &s, err));
        TRY(add_rows(&s, err));
    }
    return OK;
}

static status apply_parsed(ledger *l, const journal_place *place, const char *name,
                           const json_t *entry, error *err) {
    json_t *tables;
    TRY(check_place(place, name, entry, err));
    TRY(json_need_array(entry, "tables", &tables, err));
    return apply_tables(l, name, tables, err);
}

/* A message that names the entry says so once. */
static status name_entry(status result, const char *name, error *problem, error *err) {
    if (result != OK && strstr(problem->message, name) == NULL)
        error_prefix(problem, "journal entry \"%s\"", name);
    return error_pass(result, problem, err);
}

static status parse(const char *name, const char *text, size_t size, json_t **ret, error *err) {
    error why = {0};
    if (json_parse(text, size, path_name(name), ret, &why) == OK)
        return OK;
    ARENA_AUTO a = arena_new();
    return refuse(err, name, arena_printf(a, "cannot be read: %s", why.message));
}

status journal_verify(const journal_place *place, const char *name, const char *text, size_t size,
                      char ret_sha256[65], error *err) {
    JSON_AUTO entry = NULL;
    error problem = {0};
    TRY(check_seal(name, text, size, ret_sha256, err));
    TRY(parse(name, text, size, &entry, err));
    return name_entry(check_place(place, name, entry, &problem), name, &problem, err);
}

status journal_apply(ledger *l, const journal_place *place, const char *name, const char *text,
                     size_t size, char ret_sha256[65], error *err) {
    JSON_AUTO entry = NULL;
    error problem = {0};
    TRY(check_seal(name, text, size, ret_sha256, err));
    TRY(parse(name, text, size, &entry, err));
    status applied = apply_parsed(l, place, name, entry, &problem);
    if (applied == E_EXISTS) /* two rows under one name */
        applied = problem.kind = E_DATA;
    return name_entry(applied, name, &problem, err);
}
