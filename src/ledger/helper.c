#include "ledger/handle.h"
#include "ledger/offer.h"

static status put_helper(ledger *l, const ledger_helper *h, int64_t for_us, error *err) {
    ARENA_AUTO a = arena_new();
    int64_t now;
    TRY(db_now_us(l->d, &now, err));
    const db_value values[] = {DB_T(h->id), DB_T(h->name), DB_T(owner_self(a)), DB_I(now + for_us)};
    return ledger_write(l,
                        "INSERT INTO helper (id, name, process, until) VALUES ($1, $2, $3, $4)"
                        " ON CONFLICT (id) DO UPDATE SET until = excluded.until",
                        values, ARRAY_SIZE(values), err);
}

status ledger_helper_renew(ledger *l, const ledger_helper *h, int64_t for_us, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, put_helper(l, h, for_us, err), err);
}

static status drop_helper(ledger *l, const char *id, error *err) {
    const db_value values[] = {DB_T(id)};
    TRY(ledger_write(l,
                     "UPDATE offer SET state = 'open', helper = NULL, attempt = attempt + 1"
                     " WHERE helper = $1 AND state = 'claimed'",
                     values, ARRAY_SIZE(values), err));
    return ledger_write(l, "DELETE FROM helper WHERE id = $1", values, ARRAY_SIZE(values), err);
}

status ledger_helper_leave(ledger *l, const char *id, error *err) {
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(l, own, drop_helper(l, id, err), err);
}

typedef struct helper_row {
    const char *id, *process;
    int64_t until;
} helper_row;
typedef VEC(helper_row) helper_rows;

static void read_helper(const db_rows *row, arena *a, void *into) {
    helper_rows *all = into;
    helper_row one = {
        .id = db_text(row, 0, a), .process = db_text(row, 1, a), .until = db_int(row, 2)};
    vec_push(a, all, one);
}

/* living: those that are there, else those that are not any more. */
static status list_helpers(ledger *l, bool living, arena *a, strings *ret, error *err) {
    const ledger_query query = {"SELECT id, process, until FROM helper ORDER BY id", NULL, 0,
                                read_helper};
    helper_rows all = {0};
    int64_t now = 0;
    TRY(ledger_select(l, &query, a, &all, err));
    if (all.count > 0)
        TRY(db_now_us(l->d, &now, err));
    for (size_t i = 0; i < all.count; i++) {
        const helper_row *h = &all.items[i];
        bool is_there = h->until > now && ledger_owner_look(l, h->process, a) != OWNER_DEAD;
        if (is_there == living)
            vec_push(a, ret, h->id);
    }
    return OK;
}

status ledger_helpers_living(ledger *l, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    strings living = {0};
    TRY(list_helpers(l, true, a, &living, err));
    *ret = (int64_t)living.count;
    return OK;
}

status ledger_helper_claims(ledger *l, const char *id, int64_t *ret, error *err) {
    const db_value values[] = {DB_T(id)};
    return db_get_int(l->d, "SELECT count(*) FROM offer WHERE helper = $1 AND state = 'claimed'",
                      values, ARRAY_SIZE(values), 0, ret, err);
}

status ledger_offers_reopen(ledger *l, error *err) {
    ARENA_AUTO a = arena_new();
    strings gone = {0};
    TRY(list_helpers(l, false, a, &gone, err));
    for (size_t i = 0; i < gone.count; i++)
        TRY(drop_helper(l, gone.items[i], err));
    return OK;
}

static status count_lost(ledger *l, const char *run, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    strings gone = {0};
    *ret = 0;
    TRY(list_helpers(l, false, a, &gone, err));
    for (size_t i = 0; i < gone.count; i++) {
        const db_value values[] = {DB_T(run), DB_T(gone.items[i])};
        int64_t had = 0;
        TRY(db_get_int(l->d,
                       "SELECT count(*) FROM offer WHERE run = $1 AND helper = $2"
                       " AND state = 'claimed'",
                       values, ARRAY_SIZE(values), 0, &had, err));
        *ret += had;
    }
    return OK;
}

status ledger_offers_count(ledger *l, const char *run, ledger_offer_counts *ret, error *err) {
    static const char COUNT[] = "SELECT count(*) FROM offer WHERE run = $1 AND state = $2";
    const db_value open[] = {DB_T(run), DB_T("open")}, claimed[] = {DB_T(run), DB_T("claimed")};
    ledger_offer_counts counts = {0};
    TRY(db_get_int(l->d, COUNT, open, ARRAY_SIZE(open), 0, &counts.open, err));
    TRY(db_get_int(l->d, COUNT, claimed, ARRAY_SIZE(claimed), 0, &counts.claimed, err));
    if (counts.claimed > 0)
        TRY(count_lost(l, run, &counts.lost, err));
    *ret = counts;
    return OK;
}
