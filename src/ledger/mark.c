#include "ledger/handle.h"
#include "ledger/reach.h"
#include "ledger/staged.h"

#include "base/crash.h"

#define MARK_AGAIN                                                  \
    " ON CONFLICT (tbl, partition, cause, ref) DO UPDATE SET seq =" \
    " CASE WHEN excluded.seq > mark.seq THEN excluded.seq ELSE mark.seq END"

#define MARK_IS_HELD \
    "EXISTS (SELECT 1 FROM hold h WHERE h.tbl = mark.tbl AND h.partition = mark.partition)"

static const char *const CAUSE_NAMES[] = {
    [CAUSE_NEW] = "new",
    [CAUSE_SUPERSEDED] = "superseded",
    [CAUSE_WITHDRAWN] = "withdrawn",
    [CAUSE_READMITTED] = "readmitted",
    [CAUSE_UPSTREAM] = "upstream",
    [CAUSE_CODE] = "code",
    [CAUSE_FORCED] = "forced",
    [CAUSE_MISSING] = "missing",
};

const char *cause_name(cause_kind kind) {
    return CAUSE_NAMES[kind];
}

static cause_kind cause_of_name(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(CAUSE_NAMES); i++)
        if (str_eq(CAUSE_NAMES[i], name))
            return (cause_kind)i;
    return CAUSE_FORCED; /* a cause this program does not know is a reason to build all the same */
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

/* Who asks for it to be built anew is not served with what a run that was killed before had made.
 */
static bool wants_it_anew(const mark *m) {
    return m->cause == CAUSE_FORCED || m->cause == CAUSE_MISSING;
}

status ledger_mark_add(ledger *l, int64_t table, const mark *m, error *err) {
    int64_t seq = m->seq;
    ledger_need_write(l);
    if (seq == 0)
        TRY(ledger_next_seq(l, &seq, err));
    if (wants_it_anew(m))
        TRY(ledger_staged_drop(l, table, m->partition, err));
    const db_value values[] = {DB_I(table), DB_T(m->partition), DB_T(cause_name(m->cause)),
                               DB_T(or_empty(m->ref)), DB_I(seq)};
    return ledger_write(l,
                        "INSERT INTO mark (tbl, partition, cause, ref, seq)"
                        " VALUES ($1, $2, $3, $4, $5)" MARK_AGAIN,
                        values, ARRAY_SIZE(values), err);
}

status ledger_mark_all(ledger *l, int64_t table, cause_kind cause, const char *ref, error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(table), DB_T(cause_name(cause)), DB_T(or_empty(ref)),
                               DB_I(seq)};
    return ledger_write(l,
                        "INSERT INTO mark (tbl, partition, cause, ref, seq)"
                        " SELECT t.id, p.text, $2, $3, $4 FROM tbl t" EXISTING_PARTITIONS
                        " WHERE t.id = $1" MARK_AGAIN,
                        values, ARRAY_SIZE(values), err);
}

/* Also of another generation: what is current of one that is no more has to go. */
static const char *const MARK_EVERYTHING[] = {
    "INSERT INTO mark (tbl, partition, cause, ref, seq)"
    " SELECT t.id, p.text, $1, 'journal', $2 FROM tbl t"
    " JOIN current c ON c.tbl = t.id AND c.to_seq IS NULL JOIN partition p ON p.id = c.partition"
    " WHERE t.kind = 'derived' AND t.state = 'active'" MARK_AGAIN,

    "INSERT INTO mark (tbl, partition, cause, ref, seq)"
    " SELECT t.id, '()', $1, 'journal', $2 FROM tbl t JOIN generation g ON g.id = t.generation"
    " WHERE t.kind = 'derived' AND t.state = 'active' AND g.partition_by = '[]'" MARK_AGAIN,
};

/* Its key is what it was, and would be no reason to build it. */
static const char *const MARK_LOST = "INSERT INTO mark (tbl, partition, cause, ref, seq)"
                                     " SELECT t.id, p.text, $1, 'journal', $2 FROM tbl t"
                                     " JOIN current c ON c.tbl = t.id AND c.to_seq IS NULL"
                                     " JOIN version v ON v.id = c.version AND v.state = 'lost'"
                                     " JOIN partition p ON p.id = c.partition"
                                     " WHERE t.kind = 'derived' AND t.state = 'active'" MARK_AGAIN;

status ledger_mark_everything(ledger *l, int64_t seq, error *err) {
    const db_value values[] = {DB_T(cause_name(CAUSE_UPSTREAM)), DB_I(seq)};
    const db_value lost[] = {DB_T(cause_name(CAUSE_MISSING)), DB_I(seq)};
    for (size_t i = 0; i < ARRAY_SIZE(MARK_EVERYTHING); i++)
        TRY(ledger_write(l, MARK_EVERYTHING[i], values, ARRAY_SIZE(values), err));
    return ledger_write(l, MARK_LOST, lost, ARRAY_SIZE(lost), err);
}

/* Each statement marks what one kind of feed reaches: the partitions it names; all that exist; and,
 * of an unpartitioned reader, the one that there is. */
static const char *const MARKS_OF_UNIT[] = {
    "INSERT INTO mark (tbl, partition, cause, ref, seq)"
    " SELECT f.tbl, f.partition, $3, $4, $5 FROM feed f"
    " JOIN edge e ON e.tbl = f.tbl AND e.input = f.input AND e.map = f.map"
    " WHERE f.input = $1 AND f.unit = $2 AND f.partition <> '*'"
    " AND e.span IS NULL" MARK_AGAIN,

    "INSERT INTO mark (tbl, partition, cause, ref, seq)"
    " SELECT t.id, p.text, $3, $4, $5 FROM feed f"
    " JOIN edge e ON e.tbl = f.tbl AND e.input = f.input AND e.map = f.map"
    " JOIN tbl t ON t.id = f.tbl" EXISTING_PARTITIONS
    " WHERE f.input = $1 AND f.unit = $2 AND f.partition = '*'" MARK_AGAIN,

    "INSERT INTO mark (tbl, partition, cause, ref, seq)"
    " SELECT t.id, '()', $3, $4, $5 FROM feed f"
    " JOIN edge e ON e.tbl = f.tbl AND e.input = f.input AND e.map = f.map"
    " JOIN tbl t ON t.id = f.tbl JOIN generation g ON g.id = t.generation"
    " WHERE f.input = $1 AND f.unit = $2 AND f.partition = '*'"
    " AND g.partition_by = '[]'" MARK_AGAIN,
};

status ledger_mark_unit(ledger *l, int64_t input, int64_t unit, cause_kind cause, const char *ref,
                        error *err) {
    int64_t seq;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(input), DB_I(unit), DB_T(cause_name(cause)),
                               DB_T(or_empty(ref)), DB_I(seq)};
    for (size_t i = 0; i < ARRAY_SIZE(MARKS_OF_UNIT); i++)
        TRY(ledger_write(l, MARKS_OF_UNIT[i], values, ARRAY_SIZE(values), err));
    TRY(ledger_mark_spans(l, input, unit, cause, ref, err));
    return ledger_settle_unit(l, input, unit, err);
}

static void read_mark(const db_rows *row, arena *a, void *into) {
    marks *all = into;
    mark m = {
        .partition = db_text(row, 0, a),
        .cause = cause_of_name(db_text(row, 1, a)),
        .ref = db_text(row, 2, a),
        .seq = db_int(row, 3),
    };
    vec_push(a, all, m);
}

status ledger_marks(ledger *l, int64_t table, arena *a, marks *ret, error *err) {
    const db_value values[] = {DB_I(table)};
    const ledger_query query = {"SELECT partition, cause, ref, seq FROM mark WHERE tbl = $1"
                                " AND NOT " MARK_IS_HELD " ORDER BY partition, seq, cause, ref",
                                values, ARRAY_SIZE(values), read_mark};
    marks all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_mark_count(ledger *l, int64_t *ret, error *err) {
    return db_get_int(l->d, "SELECT count(*) FROM mark WHERE NOT " MARK_IS_HELD, NULL, 0, 0, ret,
                      err);
}

status ledger_mark_of_cause(ledger *l, cause_kind cause, bool *ret, error *err) {
    const db_value values[] = {DB_T(cause_name(cause))};
    int64_t found;
    TRY(db_get_int(l->d, "SELECT 1 FROM mark WHERE cause = $1 LIMIT 1", values, ARRAY_SIZE(values),
                   0, &found, err));
    *ret = found != 0;
    return OK;
}

status ledger_marks_clear(ledger *l, int64_t table, const char *partition, int64_t up_to,
                          error *err) {
    bool all = crash_sabotaged("no_mark_seq");
    const db_value values[] = {DB_I(table), DB_T(partition), DB_I(all ? INT64_MAX : up_to)};
    return ledger_write(l, "DELETE FROM mark WHERE tbl = $1 AND partition = $2 AND seq <= $3",
                        values, ARRAY_SIZE(values), err);
}

status ledger_marks_clear_of_seq(ledger *l, int64_t table, const char *partition, int64_t seq,
                                 error *err) {
    const db_value values[] = {DB_I(table), DB_T(partition), DB_I(seq)};
    return ledger_write(l, "DELETE FROM mark WHERE tbl = $1 AND partition = $2 AND seq = $3",
                        values, ARRAY_SIZE(values), err);
}
