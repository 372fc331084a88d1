#include "ledger/handle.h"

static db_value int_or_null(int64_t number) {
    return number == 0 ? DB_N : DB_I(number);
}

status ledger_run_start(ledger *l, const ledger_run *r, error *err) {
    const db_value values[] = {
        DB_T(r->id),
        DB_T(r->verb),
        DB_T(r->state),
        DB_I(r->started),
        int_or_null(r->finished),
        int_or_null(r->seq),
        DB_T(r->who),
        DB_T(r->code_version),
        DB_T(r->summary),
    };
    return ledger_write(l,
                        "INSERT INTO run (id, verb, state, started, finished, seq, who,"
                        " code_version, summary) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        values, ARRAY_SIZE(values), err);
}

/* The run's newest commit is the newest of this handle, which serves one run. */
status ledger_run_finish(ledger *l, const char *id, const char *state, int64_t finished,
                         const char *summary, error *err) {
    int64_t seq = l->seq != 0 ? l->seq : l->committed_seq;
    const db_value values[] = {DB_T(id), DB_T(state), DB_I(finished), DB_T(summary),
                               int_or_null(seq)};
    int64_t ignored; /* a run that changed the lake also ends in the journal */
    if (seq != 0)
        TRY(ledger_next_seq(l, &ignored, err));
    return ledger_write(l,
                        "UPDATE run SET state = $2, finished = $3, summary = $4,"
                        " seq = coalesce($5, seq) WHERE id = $1",
                        values, ARRAY_SIZE(values), err);
}

status ledger_runs_cut_off(ledger *l, error *err) {
    return ledger_write(l, "UPDATE run SET state = 'interrupted' WHERE state = 'running'", NULL, 0,
                        err);
}

static void read_run(const db_rows *row, arena *a, void *into) {
    ledger_runs *runs = into;
    ledger_run run = {
        .id = db_text(row, 0, a),
        .verb = db_text(row, 1, a),
        .state = db_text(row, 2, a),
        .started = db_int(row, 3),
        .finished = db_int(row, 4),
        .seq = db_int(row, 5),
        .who = db_text(row, 6, a),
        .code_version = db_text(row, 7, a),
        .summary = db_text(row, 8, a),
    };
    vec_push(a, runs, run);
}

status ledger_run_list(ledger *l, int64_t limit, arena *a, ledger_runs *ret, error *err) {
    const db_value values[] = {DB_I(limit)};
    const ledger_query query = {
        "SELECT id, verb, state, started, finished, seq, who, code_version, summary FROM run"
        " ORDER BY started DESC, id DESC LIMIT $1",
        values, ARRAY_SIZE(values), read_run};
    ledger_runs runs = {0};
    TRY(ledger_select(l, &query, a, &runs, err));
    *ret = runs;
    return OK;
}

status ledger_step_put(ledger *l, const char *run, const ledger_step *s, error *err) {
    const db_value values[] = {
        DB_T(run),          DB_I(s->table),   DB_I(s->built),   DB_I(s->reused),
        DB_I(s->unchanged), DB_I(s->emptied), DB_I(s->failed),  DB_I(s->blocked),
        DB_I(s->rows),      DB_I(s->bytes),   DB_I(s->dropped), DB_I(s->micros),
    };
    return ledger_write(
        l,
        "INSERT INTO step (run, tbl, built, reused, unchanged, emptied, failed, blocked, rows,"
        " bytes, dropped, micros)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (run, tbl) DO UPDATE SET built = excluded.built, reused = excluded.reused,"
        " unchanged = excluded.unchanged, emptied = excluded.emptied, failed = excluded.failed,"
        " blocked = excluded.blocked, rows = excluded.rows, bytes = excluded.bytes,"
        " dropped = excluded.dropped, micros = excluded.micros",
        values, ARRAY_SIZE(values), err);
}

static void read_event(const db_rows *row, arena *a, void *into) {
    ledger_event *e = into;
    *e = (ledger_event){.id = db_int(row, 0),
                        .seq = db_int(row, 1),
                        .at_us = db_int(row, 2),
                        .who = db_text(row, 3, a),
                        .what = db_text(row, 4, a),
                        .ref = db_text(row, 5, a),
                        .why = db_text(row, 6, a)};
}

status ledger_event_get(ledger *l, int64_t id, arena *a, ledger_event *ret, error *err) {
    const db_value values[] = {DB_I(id)};
    const ledger_query query = {"SELECT id, seq, at, who, what, ref, why FROM event WHERE id = $1",
                                values, ARRAY_SIZE(values), read_event};
    bool found;
    TRY(ledger_select_one(l, &query, a, ret, &found, err));
    return found ? OK : error_set(err, E_NOT_FOUND, "there is no event %lld", (long long)id);
}

status ledger_event_put(ledger *l, const ledger_event *e, int64_t *ret_id, error *err) {
    int64_t seq, id;
    TRY(ledger_next_seq(l, &seq, err));
    const db_value values[] = {DB_I(seq),     DB_I(e->at_us), DB_T(e->who),
                               DB_T(e->what), DB_T(e->ref),   DB_T(e->why)};
    TRY(db_get_int(l->d,
                   "INSERT INTO event (seq, at, who, what, ref, why)"
                   " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                   values, ARRAY_SIZE(values), 0, &id, err));
    if (ret_id != NULL)
        *ret_id = id;
    return OK;
}

static void read_step(const db_rows *row, arena *a, void *into) {
    ledger_steps *all = into;
    ledger_step s = {
        .table = db_int(row, 0),
        .built = db_int(row, 1),
        .reused = db_int(row, 2),
        .unchanged = db_int(row, 3),
        .emptied = db_int(row, 4),
        .failed = db_int(row, 5),
        .blocked = db_int(row, 6),
        .rows = db_int(row, 7),
        .bytes = db_int(row, 8),
        .dropped = db_int(row, 9),
        .micros = db_int(row, 10),
    };
    vec_push(a, all, s);
}

status ledger_steps_of(ledger *l, int64_t table, int64_t limit, arena *a, ledger_steps *ret,
                       error *err) {
    const db_value values[] = {DB_I(table), DB_I(limit)};
    const ledger_query query = {
        "SELECT tbl, built, reused, unchanged, emptied, failed, blocked, rows, bytes,"
        " dropped, micros FROM step WHERE tbl = $1 AND built + unchanged + emptied > 0"
        " ORDER BY run DESC LIMIT $2",
        values, ARRAY_SIZE(values), read_step};
    ledger_steps all = {0};
    TRY(ledger_select(l, &query, a, &all, err));
    *ret = all;
    return OK;
}

status ledger_event_add(ledger *l, const char *who, const char *what, const char *ref,
                        const char *why, int64_t now_us, error *err) {
    const ledger_event e = {.who = who, .what = what, .ref = ref, .why = why, .at_us = now_us};
    return ledger_event_put(l, &e, NULL, err);
}
