#include "ledger/code.h"

#include "base/number.h"

enum { SHORT_FINGERPRINT = 12 }; /* characters of it that a mark names */

static char *parts_text(const lake_table *t, arena *a) {
    JSON_AUTO parts = json_object();
    for (size_t i = 0; i < t->code_parts.count; i++)
        json_object_set_new(parts, t->code_parts.items[i].name,
                            json_string(t->code_parts.items[i].hash));
    return json_text(a, parts);
}

/* A part that is new or gone came or went with something else: with an input, for one. */
static bool differs(const json_t *before, const lake_code_part *part) {
    const char *hash = json_get_string(before, part->name, NULL);
    return hash != NULL && !str_eq(hash, part->hash);
}

/* Maps are others when one of these is. */
static bool maps_follow(const json_t *before, const lake_table *t) {
    for (size_t i = 0; i < t->code_parts.count; i++) {
        const lake_code_part *part = &t->code_parts.items[i];
        bool decides =
            str_eq(part->name, LAKE_TIMEZONE_PART) || str_eq(part->name, LAKE_PARTITIONS_PART);
        if (decides && differs(before, part))
            return true;
    }
    return false;
}

/* Parts that people wrote; alignment follows from those, unless nothing else differs. */
static strings different_parts(const json_t *before, const lake_table *t, arena *a) {
    strings names = {0};
    bool aligned_else = false, others = maps_follow(before, t);
    for (size_t i = 0; i < t->code_parts.count; i++) {
        const lake_code_part *part = &t->code_parts.items[i];
        if (!differs(before, part) || (others && str_starts(part->name, LAKE_MAP_PART)))
            continue;
        if (str_eq(part->name, LAKE_ALIGNMENT_PART))
            aligned_else = true;
        else
            vec_push(a, &names, part->name);
    }
    if (names.count == 0 && aligned_else)
        vec_push(a, &names, LAKE_ALIGNMENT_PART);
    return names;
}

const char *code_difference(const lake_table *t, const known_code *before, arena *a) {
    JSON_AUTO parts = NULL;
    strings names = {0};
    if (before->parts != NULL
        && json_parse(before->parts, strlen(before->parts), "code", &parts, NULL) == OK)
        names = different_parts(parts, t, a);
    if (names.count > 0)
        return str_join(a, &names, ", ");
    return arena_printf(a, "%.*s", SHORT_FINGERPRINT, t->fingerprint);
}

static void read_parts(const db_rows *row, arena *a, void *into) {
    const char **parts = into;
    *parts = db_text(row, 0, a);
}

status ledger_code_part(ledger *l, int64_t code, const char *part, arena *a, const char **ret,
                        error *err) {
    const db_value values[] = {DB_I(code)};
    const ledger_query query = {"SELECT parts FROM code WHERE id = $1", values, ARRAY_SIZE(values),
                                read_parts};
    const char *text = "{}";
    bool found;
    JSON_AUTO parts = NULL;
    TRY(ledger_select_one(l, &query, a, &text, &found, err));
    TRY(json_parse(text, strlen(text), "code in the ledger", &parts, err));
    const char *hash = json_get_string(parts, part, NULL);
    *ret = hash != NULL ? arena_strdup(a, hash) : NULL;
    return OK;
}

/* The moment at which the newest code of its kind was replaced; 0: never. */
static status replaced_at(ledger *l, const lake_table *t, int64_t table, int64_t *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_T(t->fingerprint)};
    return db_get_int(l->d,
                      "SELECT m.at FROM code newer JOIN moment m ON m.seq = newer.created_seq"
                      " WHERE newer.tbl = $1 AND newer.id > (SELECT max(c.id) FROM code c"
                      " WHERE c.tbl = $1 AND c.fingerprint = $2) ORDER BY newer.id LIMIT 1",
                      values, ARRAY_SIZE(values), 0, ret, err);
}

status code_check_order(ledger *l, const lake_table *t, int64_t table, error *err) {
    int64_t at;
    char time[TIME_TEXT_SIZE];
    TRY(replaced_at(l, t, table, &at, err));
    if (at == 0)
        return OK;
    time_text(at, time);
    error_set(err, E_DEFINITION, "the definition of \"%s\" is an older one, replaced on %s",
              t->name, time);
    error_hint(err, "Run with the newer definition, or take the older one back on purpose with "
                    "`weir run --redefine`.");
    return E_DEFINITION;
}

status code_add(ledger *l, const lake_table *t, int64_t table, error *err) {
    ARENA_AUTO a = arena_new();
    int64_t seq, id;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(table), DB_T(t->fingerprint), DB_T(t->sql ? t->sql : ""),
                               DB_T(parts_text(t, a)), DB_I(seq)};
    TRY(db_get_int(l->d,
                   "INSERT INTO code (tbl, fingerprint, text, parts, created_seq)"
                   " VALUES ($1, $2, $3, $4, $5) RETURNING id",
                   values, ARRAY_SIZE(values), 0, &id, err));
    const db_value of_table[] = {DB_I(table), DB_I(id)};
    return ledger_write(l, "UPDATE tbl SET code = $2 WHERE id = $1", of_table, ARRAY_SIZE(of_table),
                        err);
}
