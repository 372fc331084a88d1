#include "ledger/handle.h"

#include <stdlib.h>

static status forget_feeds(ledger *l, const feed_set *feeds, error *err) {
    const db_value values[] = {DB_I(feeds->table), DB_I(feeds->input), DB_T(feeds->map),
                               DB_I(feeds->unit)};
    return ledger_write(l,
                        "DELETE FROM feed WHERE tbl = $1 AND input = $2 AND map = $3 AND unit = $4",
                        values, ARRAY_SIZE(values), err);
}

static status add_feed(ledger *l, const feed_set *feeds, size_t i, error *err) {
    const db_value values[] = {
        DB_I(feeds->table),
        DB_I(feeds->input),
        DB_T(feeds->map),
        DB_I(feeds->unit),
        DB_T(feeds->partitions.items[i]),
        DB_I(feeds->rows == NULL ? 0 : feeds->rows[i]),
    };
    return ledger_write(l,
                        "INSERT INTO feed (tbl, input, map, unit, partition, rows)"
                        " VALUES ($1, $2, $3, $4, $5, $6)"
                        " ON CONFLICT (tbl, input, map, partition, unit)"
                        " DO UPDATE SET rows = feed.rows + excluded.rows",
                        values, ARRAY_SIZE(values), err);
}

status ledger_feeds_put(ledger *l, const feed_set *feeds, error *err) {
    TRY(forget_feeds(l, feeds, err));
    for (size_t i = 0; i < feeds->partitions.count; i++)
        TRY(add_feed(l, feeds, i, err));
    const db_value values[] = {DB_I(feeds->table), DB_I(feeds->input), DB_T(feeds->map),
                               DB_I(feeds->unit)};
    return ledger_write(l,
                        "INSERT INTO fed (tbl, input, map, unit) VALUES ($1, $2, $3, $4)"
                        " ON CONFLICT (tbl, input, map, unit) DO NOTHING",
                        values, ARRAY_SIZE(values), err);
}

/* One statement, so that whether the feeds are known and what they are is one answer. */
static status select_feeds(ledger *l, const db_value values[4], arena *a, strings *ret,
                           bool *ret_known, error *err) {
    const ledger_query known = {
        "SELECT '' FROM fed WHERE tbl = $1 AND input = $2 AND map = $3 AND unit = $4", values, 4,
        ledger_read_text};
    const ledger_query feeds = {
        "SELECT partition FROM feed WHERE tbl = $1 AND input = $2 AND map = $3 AND unit = $4"
        " ORDER BY partition",
        values, 4, ledger_read_text};
    strings ignored = {0}, partitions = {0};
    TRY(ledger_select_one(l, &known, a, &ignored, ret_known, err));
    TRY(ledger_select(l, &feeds, a, &partitions, err));
    *ret = partitions;
    return OK;
}

status ledger_feeds_of(ledger *l, int64_t table, int64_t input, const char *map, int64_t unit,
                       arena *a, strings *ret, error *err) {
    const db_value values[] = {DB_I(table), DB_I(input), DB_T(map), DB_I(unit)};
    strings partitions;
    bool known;
    TRY(select_feeds(l, values, a, &partitions, &known, err));
    if (!known)
        return error_set(err, E_NOT_FOUND, "what unit %lld feeds is not known yet",
                         (long long)unit);
    *ret = partitions;
    return OK;
}

/* CROSS JOIN: from the partition to its versions and what they feed, in this order; SQLite would
 * rather walk over all feeds of the edge. */
#define VERSIONS_EVER " FROM partition p CROSS JOIN version v"
#define OF_PARTITION_EVER                                                   \
    "p.tbl = $2 AND p.text = $4 AND v.partition = p.id AND f.input = p.tbl" \
    " AND f.unit = v.id AND f.tbl = $1 AND f.map = $3"

status ledger_feeds_ever(ledger *l, const ledger_edge *edge, const char *partition, arena *a,
                         strings *ret, bool *ret_known, error *err) {
    const db_value values[] = {DB_I(edge->table), DB_I(edge->input), DB_T(edge->map),
                               DB_T(partition)};
    const ledger_query feeds = {"SELECT DISTINCT f.partition" VERSIONS_EVER
                                " CROSS JOIN feed f WHERE " OF_PARTITION_EVER
                                " ORDER BY f.partition",
                                values, ARRAY_SIZE(values), ledger_read_text};
    strings partitions = {0};
    int64_t known;
    TRY(ledger_select(l, &feeds, a, &partitions, err));
    TRY(db_get_int(l->d,
                   "SELECT 1" VERSIONS_EVER " CROSS JOIN fed f WHERE " OF_PARTITION_EVER " LIMIT 1",
                   values, ARRAY_SIZE(values), 0, &known, err));
    *ret = partitions;
    *ret_known = known != 0;
    return OK;
}

static int compare_texts(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool contains_sorted(const strings *sorted, const char *text) {
    return sorted->count > 0
           && bsearch(&text, sorted->items, sorted->count, sizeof *sorted->items, compare_texts)
                  != NULL;
}

status ledger_unit_feeds_only(ledger *l, const ledger_edge *edge, int64_t unit,
                              const strings *sorted_partitions, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    const db_value values[] = {DB_I(edge->table), DB_I(edge->input), DB_T(edge->map), DB_I(unit)};
    strings fed;
    bool only;
    TRY(select_feeds(l, values, a, &fed, &only, err));
    for (size_t i = 0; only && i < fed.count; i++)
        only = contains_sorted(sorted_partitions, fed.items[i]);
    *ret = only;
    return OK;
}

status ledger_partitions_fed(ledger *l, const ledger_edge *edge, bool input_is_source, arena *a,
                             strings *ret, error *err) {
    const db_value values[] = {DB_I(edge->table), DB_I(edge->input), DB_T(edge->map)};
    const ledger_query query = {
        input_is_source ? "SELECT DISTINCT f.partition FROM feed f"
                          " JOIN delivery d ON d.id = f.unit AND d.state = 'active'"
                          " WHERE f.tbl = $1 AND f.input = $2 AND f.map = $3 ORDER BY f.partition"
                        : "SELECT DISTINCT f.partition FROM feed f"
                          " JOIN current c ON c.version = f.unit AND c.to_seq IS NULL"
                          " WHERE f.tbl = $1 AND f.input = $2 AND f.map = $3 ORDER BY f.partition",
        values, ARRAY_SIZE(values), ledger_read_text};
    strings partitions = {0};
    TRY(ledger_select(l, &query, a, &partitions, err));
    *ret = partitions;
    return OK;
}
