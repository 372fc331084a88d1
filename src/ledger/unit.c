#include "ledger/reach.h"

#include "ledger/handle.h"

/* Units of an input: deliveries of a source table, versions of a derived one. */

#define DELIVERY_UNIT                                                                    \
    "SELECT d.id, d.sha256, d.contract, d.contract_hash, d.file, d.object, d.from_path," \
    " d.land_time, d.rows, d.bytes FROM "
#define DELIVERY_ORDER " ORDER BY d.identity, d.land_time, d.id"
#define VERSION_UNIT   "SELECT v.id, p.text, v.content, v.rows, v.bytes FROM "
#define VERSION_ORDER  " ORDER BY p.text, v.id"

/* A contract is long, and most deliveries of a table share one. */
static void read_contract(const db_rows *row, arena *a, const ledger_units *before,
                          ledger_unit *ret) {
    const ledger_unit *last = before->count > 0 ? &before->items[before->count - 1] : NULL;
    ret->contract_hash = db_text(row, 3, a);
    if (last && last->contract_hash && ret->contract_hash
        && str_eq(last->contract_hash, ret->contract_hash))
        ret->contract = last->contract;
    else
        ret->contract = db_text(row, 2, a);
}

static void read_delivery_unit(const db_rows *row, arena *a, void *into) {
    ledger_units *units = into;
    ledger_unit unit = {
        .unit = db_int(row, 0),
        .sha256 = db_text(row, 1, a),
        .file = db_text(row, 4, a),
        .object = db_text(row, 5, a),
        .from_path = db_text(row, 6, a),
        .land_time = db_int(row, 7),
        .rows = db_int(row, 8),
        .bytes = db_int(row, 9),
    };
    read_contract(row, a, units, &unit);
    vec_push(a, units, unit);
}

static void read_version_unit(const db_rows *row, arena *a, void *into) {
    ledger_units *units = into;
    ledger_unit unit = {
        .unit = db_int(row, 0),
        .partition = db_text(row, 1, a),
        .content = db_text(row, 2, a),
        .rows = db_int(row, 3),
        .bytes = db_int(row, 4),
    };
    vec_push(a, units, unit);
}

static const char *const FEEDING_SOURCE = DELIVERY_UNIT
    "feed f JOIN delivery d ON d.id = f.unit AND d.state = 'active'"
    " WHERE f.tbl = $1 AND f.input = $2 AND f.map = $3 AND f.partition = $4" DELIVERY_ORDER;

static const char *const FEEDING_DERIVED = VERSION_UNIT
    "feed f JOIN current c ON c.version = f.unit AND c.to_seq IS NULL"
    " JOIN version v ON v.id = c.version JOIN partition p ON p.id = c.partition"
    " WHERE f.tbl = $1 AND f.input = $2 AND f.map = $3 AND f.partition = $4" VERSION_ORDER;

static const char *const ALL_SOURCE =
    DELIVERY_UNIT "delivery d WHERE d.tbl = $1 AND d.state = 'active'" DELIVERY_ORDER;

static const char *const ALL_DERIVED =
    VERSION_UNIT "current c JOIN version v ON v.id = c.version"
                 " JOIN partition p ON p.id = c.partition"
                 " WHERE c.tbl = $1 AND c.to_seq IS NULL" VERSION_ORDER;

status ledger_units_feeding(ledger *l, const ledger_edge *edge, bool input_is_source,
                            const char *partition, arena *a, ledger_units *ret, error *err) {
    const db_value of_input[] = {DB_I(edge->input)};
    const db_value of_partition[] = {DB_I(edge->table), DB_I(edge->input), DB_T(edge->map),
                                     DB_T(partition)};
    ledger_query query = {.read = input_is_source ? read_delivery_unit : read_version_unit};
    if (partition == NULL) {
        query.sql = input_is_source ? ALL_SOURCE : ALL_DERIVED;
        query.values = of_input;
        query.count = ARRAY_SIZE(of_input);
    } else {
        query.sql = input_is_source ? FEEDING_SOURCE : FEEDING_DERIVED;
        query.values = of_partition;
        query.count = ARRAY_SIZE(of_partition);
    }
    ledger_units units = {0};
    TRY(ledger_select(l, &query, a, &units, err));
    *ret = units;
    return OK;
}

typedef enum counts { COUNTS_NOW, COUNTS_THEN } counts;

/* Under some maps a delivery that was the whole table still counts when a later one is. */
static status counts_of(const ledger_edge *edge, counts *ret, error *err) {
    ARENA_AUTO a = arena_new();
    span s = {0};
    if (edge->span != NULL)
        TRY(span_from_text(edge->span, a, &s, err));
    *ret = s.only_newest ? COUNTS_THEN : COUNTS_NOW;
    return OK;
}

/* $4 and on: the base partitions. */
#define AT_BASES                                                                      \
    " IN (SELECT f.unit FROM feed f WHERE f.tbl = $1 AND f.input = $2 AND f.map = $3" \
    " AND f.partition IN ("

static const char *const DELIVERIES_AT[] = {
    [COUNTS_NOW] = DELIVERY_UNIT "delivery d WHERE d.state = 'active' AND d.id" AT_BASES,
    [COUNTS_THEN] = DELIVERY_UNIT "delivery d WHERE " DELIVERY_WAS_WHOLE " AND d.id" AT_BASES,
};

static const char VERSIONS_AT[] = VERSION_UNIT "current c JOIN version v ON v.id = c.version"
                                               " JOIN partition p ON p.id = c.partition"
                                               " WHERE c.to_seq IS NULL AND v.id" AT_BASES;

/* So that statements, which are cached by their text, stay few. */
static size_t padded(size_t count) {
    size_t size = 4;
    while (size < count)
        size *= 2;
    return size;
}

static status select_at(ledger *l, const ledger_edge *edge, const char *sql, const char *order,
                        const strings *bases, ledger_query *query, arena *a, ledger_units *ret,
                        error *err) {
    enum { FIXED = 3 };
    size_t count = padded(bases->count);
    db_value *values = ARENA_ARRAY(a, db_value, FIXED + count);
    buf text = buf_new(a);
    values[0] = DB_I(edge->table);
    values[1] = DB_I(edge->input);
    values[2] = DB_T(edge->map);
    buf_add(&text, sql);
    for (size_t i = 0; i < count; i++) {
        values[FIXED + i] = DB_T(bases->items[i < bases->count ? i : bases->count - 1]);
        buf_printf(&text, "%s$%zu", i > 0 ? ", " : "", FIXED + i + 1);
    }
    buf_printf(&text, "))%s", order);
    query->sql = text.text;
    query->values = values;
    query->count = FIXED + count;
    return ledger_select(l, query, a, ret, err);
}

status ledger_units_at(ledger *l, const ledger_edge *edge, bool input_is_source,
                       const strings *bases, arena *a, ledger_units *ret, error *err) {
    ledger_units units = {0};
    counts which;
    ledger_query query = {.read = input_is_source ? read_delivery_unit : read_version_unit};
    TRY(counts_of(edge, &which, err));
    if (bases->count > 0)
        TRY(select_at(l, edge, input_is_source ? DELIVERIES_AT[which] : VERSIONS_AT,
                      input_is_source ? DELIVERY_ORDER : VERSION_ORDER, bases, &query, a, &units,
                      err));
    *ret = units;
    return OK;
}

#define FED_UNDER(unit)                                                            \
    "EXISTS (SELECT 1 FROM fed f WHERE f.tbl = $2 AND f.input = $1 AND f.map = $3" \
    " AND f.unit = " unit ")"

/* The delivery's state, or that it counts again after somebody decided so. */
#define WHAT_BECAME                                                                   \
    "CASE WHEN d.state = 'active' AND (SELECT e.state FROM delivery_event e"          \
    " WHERE e.delivery = d.id AND e.seq < d.changed_seq ORDER BY e.seq DESC LIMIT 1)" \
    " IN ('withdrawn', 'rejected') THEN 'readmitted' ELSE d.state END"

static cause_kind cause_of_state(const char *state) {
    if (str_eq(state, cause_name(CAUSE_READMITTED)))
        return CAUSE_READMITTED;
    if (str_eq(state, delivery_state_name(DELIVERY_ACTIVE)))
        return CAUSE_NEW;
    if (str_eq(state, delivery_state_name(DELIVERY_WITHDRAWN)))
        return CAUSE_WITHDRAWN;
    return CAUSE_SUPERSEDED;
}

static void read_delivery_change(const db_rows *row, arena *a, void *into) {
    unit_changes *changes = into;
    unit_change change = {
        .unit = db_int(row, 0),
        .cause = cause_of_state(db_text(row, 1, a)),
        .ref = db_text(row, 2, a),
        .fed = db_int(row, 3) != 0,
        .counts = db_int(row, 4) != 0,
        .seq = db_int(row, 5),
    };
    vec_push(a, changes, change);
}

static void read_version_change(const db_rows *row, arena *a, void *into) {
    unit_changes *changes = into;
    unit_change change = {
        .unit = db_int(row, 0),
        .cause = CAUSE_UPSTREAM,
        .ref = arena_printf(a, "%s %s", db_text(row, 1, a), db_text(row, 2, a)),
        .fed = db_int(row, 3) != 0,
        .counts = db_int(row, 4) != 0,
        .seq = db_int(row, 5),
    };
    vec_push(a, changes, change);
}

/* A reader without a bookmark has built nothing from units that are gone. Otherwise a delivery that
 * never counted (created in the state it has) concerns nobody. */
#define SOURCE_ALL(counts)                                                       \
    "SELECT d.id, " WHAT_BECAME                                                  \
    ", d.file, " FED_UNDER("d.id") ", " counts ", d.changed_seq FROM delivery d" \
                                   " WHERE d.tbl = $1 AND " counts               \
                                   " ORDER BY d.identity, d.land_time, d.id"

#define SOURCE_SINCE(counts)                                                         \
    "SELECT d.id, " WHAT_BECAME ", d.file, " FED_UNDER(                              \
        "d.id") ", " counts ", d.changed_seq FROM delivery d"                        \
                " WHERE d.tbl = $1 AND d.changed_seq > $4 AND d.state <> 'rejected'" \
                " AND (" counts " OR d.changed_seq > d.created_seq) ORDER BY d.changed_seq, d.id"

static const char *const CHANGED_SOURCE[] = {
    [COUNTS_NOW] = SOURCE_ALL("d.state = 'active'"),
    [COUNTS_THEN] = SOURCE_ALL(DELIVERY_WAS_WHOLE),
};
static const char *const CHANGED_SOURCE_SINCE[] = {
    [COUNTS_NOW] = SOURCE_SINCE("d.state = 'active'"),
    [COUNTS_THEN] = SOURCE_SINCE(DELIVERY_WAS_WHOLE),
};

static const char *const DERIVED_ALL = "SELECT c.version, t.name, p.text, " FED_UNDER(
    "c.version") ", 1, c.from_seq FROM current c"
                 " JOIN tbl t ON t.id = c.tbl JOIN partition p ON p.id = c.partition"
                 " WHERE c.tbl = $1 AND c.to_seq IS NULL ORDER BY p.text, c.version";

static const char *const DERIVED_SINCE = "SELECT v.id, t.name, p.text, " FED_UNDER(
    "v.id") ", EXISTS (SELECT 1 FROM current n WHERE n.version = v.id AND n.to_seq IS NULL),"
            " 0 FROM (SELECT version FROM current WHERE tbl = $1 AND from_seq > $4"
            " UNION SELECT version FROM current WHERE tbl = $1 AND to_seq > $4) changed"
            " JOIN version v ON v.id = changed.version JOIN partition p ON p.id = v.partition"
            " JOIN tbl t ON t.id = p.tbl ORDER BY p.text, v.id";

static status input_is_source(ledger *l, int64_t input, bool *ret, error *err) {
    const db_value values[] = {DB_I(input)};
    int64_t found;
    TRY(db_get_int(l->d, "SELECT 1 FROM tbl WHERE id = $1 AND kind = 'source'", values,
                   ARRAY_SIZE(values), 0, &found, err));
    *ret = found != 0;
    return OK;
}

status ledger_changes_since(ledger *l, const ledger_edge *edge, int64_t since_seq, arena *a,
                            unit_changes *ret, error *err) {
    bool is_source;
    counts which;
    TRY(input_is_source(l, edge->input, &is_source, err));
    TRY(counts_of(edge, &which, err));
    const db_value values[] = {DB_I(edge->input), DB_I(edge->table), DB_T(edge->map),
                               DB_I(since_seq)};
    const char *all = is_source ? CHANGED_SOURCE[which] : DERIVED_ALL;
    const char *since = is_source ? CHANGED_SOURCE_SINCE[which] : DERIVED_SINCE;
    const ledger_query query = {since_seq == 0 ? all : since, values, since_seq == 0 ? 3 : 4,
                                is_source ? read_delivery_change : read_version_change};
    unit_changes changes = {0};
    TRY(ledger_select(l, &query, a, &changes, err));
    *ret = changes;
    return OK;
}
