#include "ledger/journal.h"

#include "base/number.h"
#include "ledger/journal_entry.h"
#include "ledger/journal_tables.h"

#include <inttypes.h>

enum {
    NUMBER_SIZE = 20,        /* digits, so that names sort as numbers do */
    PROBE_STEP_MAX = 1 << 20 /* how far behind its journal a ledger is still noticed */
};

static const char ENDING[] = ".json";

void journal_attach(ledger *l, store *s) {
    l->journal = s;
}

char *journal_key(arena *a, int64_t seq) {
    return arena_printf(a, JOURNAL_PREFIX "%0*" PRId64 "%s", NUMBER_SIZE, seq, ENDING);
}

/* exporting */

typedef struct waiting {
    int64_t seq;
    const char *document;
} waiting;

static void read_waiting(const db_rows *row, arena *a, void *into) {
    waiting *w = into;
    *w = (waiting){db_int(row, 0), db_text(row, 1, a)};
}

static status find_waiting(ledger *l, arena *a, waiting *ret, bool *ret_found, error *err) {
    const ledger_query query = {"SELECT seq, document FROM outbox ORDER BY seq LIMIT 1", NULL, 0,
                                read_waiting};
    return ledger_select_one(l, &query, a, ret, ret_found, err);
}

static status refuse_other_history(const store *s, const char *key, error *err) {
    error_set(err, E_FOREIGN, "store \"%s\" has another \"%s\" than this ledger wrote",
              store_root(s), key);
    error_hint(err, "Two ledgers wrote to this store. Put back the one that wrote the journal's "
                    "newest entries, or make it anew with `weir ledger rebuild`.");
    return E_FOREIGN;
}

/* Somebody, or we before a crash, may have exported it already. */
static status check_same(store *s, const char *key, const char *document, arena *a, error *err) {
    char *there;
    size_t size;
    TRY(store_get(s, key, JOURNAL_ENTRY_SIZE_MAX, a, &there, &size, err));
    bool same = size == strlen(document) && memcmp(there, document, size) == 0;
    return same ? OK : refuse_other_history(s, key, err);
}

static status forget_waiting(ledger *l, int64_t seq, error *err) {
    const db_value values[] = {DB_I(seq)};
    bool own;
    TRY(ledger_enter(l, &own, err));
    return ledger_leave(
        l, own,
        ledger_write(l, "DELETE FROM outbox WHERE seq = $1", values, ARRAY_SIZE(values), err), err);
}

static status export_one(ledger *l, store *s, const waiting *w, arena *a, error *err) {
    const char *key = journal_key(a, w->seq);
    const store_put_options how = {.if_absent = true, .read_only = true};
    status put = store_put(s, key, w->document, strlen(w->document), how, err);
    if (put == E_EXISTS)
        put = check_same(s, key, w->document, a, err);
    TRY(put);
    return forget_waiting(l, w->seq, err);
}

status journal_export(ledger *l, store *s, error *err) {
    ASSERT(!l->in_transaction);
    for (;;) {
        ARENA_AUTO a = arena_new();
        waiting next;
        bool found = false;
        TRY(find_waiting(l, a, &next, &found, err));
        if (!found)
            return OK;
        TRY(export_one(l, s, &next, a, err));
    }
}

status journal_is_exported(ledger *l, bool *ret, error *err) {
    int64_t count;
    TRY(db_get_int(l->d, "SELECT count(*) FROM outbox", NULL, 0, 0, &count, err));
    *ret = count == 0;
    return OK;
}

/* looking */

typedef struct standing {
    int64_t seq;
    bool waits; /* its entry is in the outbox */
    const char *sha256;
} standing;

static void read_standing(const db_rows *row, arena *a, void *into) {
    standing *s = into;
    *s = (standing){db_int(row, 0), db_int(row, 1) != 0, db_text(row, 2, a)};
}

static status find_standing(ledger *l, arena *a, standing *ret, error *err) {
    const ledger_query query = {
        "SELECT l.seq, (SELECT count(*) FROM outbox o WHERE o.seq = l.seq), l.journal FROM lake l",
        NULL, 0, read_standing};
    bool found;
    return ledger_select_one(l, &query, a, ret, &found, err);
}

static status has_entry(store *s, int64_t seq, bool *ret, error *err) {
    ARENA_AUTO a = arena_new();
    store_object found;
    error problem = {0};
    status looked = store_info(s, journal_key(a, seq), a, &found, &problem);
    if (looked != OK && looked != E_NOT_FOUND)
        return error_pass(looked, &problem, err);
    *ret = looked == OK;
    return OK;
}

/* Where one question is enough: is there any behind it? */
static status find_next(store *s, int64_t seq, int64_t *ret, error *err) {
    ARENA_AUTO a = arena_new();
    char *next = NULL;
    TRY(store_next(s, JOURNAL_PREFIX, journal_key(a, seq), a, &next, err));
    if (next != NULL)
        *ret = seq + 1;
    return OK;
}

/* 0: none of those that are looked for. In growing steps, so that a missing entry hides none of
 * those behind it. */
static status find_newer(store *s, int64_t seq, int64_t *ret, error *err) {
    bool there = false;
    if (store_has(s, STORE_ORDERED))
        return find_next(s, seq, ret, err);
    for (int64_t step = 1; !there && step <= PROBE_STEP_MAX; step *= 2) {
        TRY(has_entry(s, seq + step, &there, err));
        if (there)
            *ret = seq + step;
    }
    return OK;
}

static status refuse_ahead(const ledger *l, const store *s, int64_t seq, error *err) {
    error_set(err, E_FOREIGN,
              "ledger \"%s\" is at commit %" PRId64 ", but the journal in store \"%s\" does not "
              "have it",
              l->name, seq, store_root(s));
    error_hint(err, "Check `store` and `ledger` in lake.yaml, or put back what is missing below "
                    "\"" JOURNAL_PREFIX "\".");
    return E_FOREIGN;
}

/* Two ledgers of one lake that went apart may be at commits of the same number. */
static status check_newest(store *s, const standing *now, arena *a, error *err) {
    const char *key = journal_key(a, now->seq);
    const char *seal = journal_seal(a, now->sha256);
    char *end = NULL;
    size_t size = 0;
    TRY(store_get_end(s, key, strlen(seal), JOURNAL_ENTRY_SIZE_MAX, a, &end, &size, err));
    if (!journal_is_sealed(end, size)) /* it was cut short, which is for fsck to tell */
        return OK;
    return memcmp(end, seal, size) == 0 ? OK : refuse_other_history(s, key, err);
}

status journal_look(ledger *l, store *s, bool *ret_behind, error *err) {
    ARENA_AUTO a = arena_new();
    standing now = {0};
    int64_t newer = 0, seq = 0;
    bool there = false;
    TRY(find_standing(l, a, &now, err));
    TRY(find_newer(s, now.seq, &newer, err));
    if (newer == 0 && now.seq > 0 && !now.waits) {
        TRY(has_entry(s, now.seq, &there, err));
        if (!there)
            return refuse_ahead(l, s, now.seq, err);
        TRY(check_newest(s, &now, a, err));
    }
    /* Another run may have committed and exported since: then the ledger has it by now. */
    TRY(ledger_seq(l, &seq, err));
    *ret_behind = newer > seq;
    return OK;
}

/* replaying */

typedef VEC(int64_t) seqs;

bool journal_number(const char *key, int64_t *ret) {
    ARENA_AUTO a = arena_new();
    const char *name = key + strlen(JOURNAL_PREFIX);
    if (strlen(name) != NUMBER_SIZE + strlen(ENDING) || !str_ends(name, ENDING))
        return false;
    const char *digits = arena_strndup(a, name, NUMBER_SIZE);
    while (digits[0] == '0' && digits[1] != '\0')
        digits++;
    return number_int64(digits, ret) && *ret > 0;
}

static const char REMEDY[] = "Put it back from a copy of the store; what follows it cannot be "
                             "replayed without it.";

static status refuse_missing(const store *s, int64_t seq, error *err) {
    ARENA_AUTO a = arena_new();
    error_set(err, E_DATA, "journal entry \"%s\" is missing in store \"%s\"", journal_key(a, seq),
              store_root(s));
    error_hint(err, "%s", REMEDY);
    return E_DATA;
}

/* Entries newer than seq: every number up to the newest must be there. */
static status list_newer(store *s, int64_t seq, arena *a, int64_t *ret_newest, error *err) {
    store_objects objects = {0};
    int64_t newest = seq, number;
    TRY(store_list(s, JOURNAL_PREFIX, a, &objects, err));
    for (size_t i = 0; i < objects.count; i++) {
        if (!journal_number(objects.items[i].key, &number) || number <= newest)
            continue;
        if (number != newest + 1)
            return refuse_missing(s, newest + 1, err);
        newest = number;
    }
    *ret_newest = newest;
    return OK;
}

static status refuse_unreadable(const char *key, const error *why, error *err) {
    error_set(err, E_DATA, "journal entry \"%s\" cannot be read: %s", key, why->message);
    error_hint(err, "%s", REMEDY);
    return E_DATA;
}

static status replay_one(ledger *l, store *s, const journal_place *place, char ret_sha256[65],
                         error *err) {
    ARENA_AUTO a = arena_new();
    const char *key = journal_key(a, place->seq);
    error why = {0};
    char *text;
    size_t size;
    status got = store_get(s, key, JOURNAL_ENTRY_SIZE_MAX, a, &text, &size, &why);
    if (got == E_DATA) /* a link, or larger than any */
        return refuse_unreadable(key, &why, err);
    TRY(error_pass(got, &why, err));
    return journal_apply(l, place, key, text, size, ret_sha256, err);
}

/* A pending object of which the journal knows that it was recorded after all is no garbage. */
static const char *const AFTERWARDS[] = {
    "DELETE FROM unjournaled",
    "DELETE FROM staged", /* by now it may be of a version, or gone */
    "UPDATE edge SET bookmark_seq = 0",
    "UPDATE tbl SET projected_seq = 0",
    "DELETE FROM pending_object WHERE object IN (SELECT d.object FROM delivery d)",
};

/* Rows came with their ids, of which a database need not have taken notice. */
static status raise_ids(ledger *l, error *err) {
    ARENA_AUTO a = arena_new();
    for (size_t i = 0; i < JOURNAL_TABLE_COUNT; i++) {
        const journal_table *t = &JOURNAL_TABLES[i];
        int64_t last;
        if (!str_eq(t->columns[0].name, "id") || t->columns[0].type != JOURNAL_INT)
            continue;
        const char *sql = arena_printf(a, "SELECT max(id) FROM %s", t->name);
        TRY(db_get_int(l->d, sql, NULL, 0, 0, &last, err));
        if (last > 0)
            TRY(db_id_raise(l->d, t->name, last, err));
    }
    return OK;
}

static status finish(ledger *l, int64_t seq, const char *sha256, error *err) {
    const db_value values[] = {DB_I(seq), DB_T(sha256)};
    TRY(raise_ids(l, err));
    TRY(ledger_write(l, "UPDATE lake SET seq = $1, journal = $2, definition = NULL", values,
                     ARRAY_SIZE(values), err));
    for (size_t i = 0; i < ARRAY_SIZE(AFTERWARDS); i++)
        TRY(ledger_write(l, AFTERWARDS[i], NULL, 0, err));
    return ledger_mark_everything(l, seq, err);
}

static status replay_newer(ledger *l, store *s, int64_t *ret_count, error *err) {
    ARENA_AUTO a = arena_new();
    standing now = {0};
    int64_t newest = 0;
    char sha256[65];
    TRY(find_standing(l, a, &now, err));
    TRY(list_newer(s, now.seq, a, &newest, err));
    *ret_count = newest - now.seq;
    if (newest == now.seq)
        return OK;
    snprintf(sha256, sizeof sha256, "%s", now.sha256);
    for (int64_t seq = now.seq + 1; seq <= newest; seq++) {
        char previous[65];
        memcpy(previous, sha256, sizeof previous);
        const journal_place place = {l->lake_id, seq, previous};
        TRY(replay_one(l, s, &place, sha256, err));
    }
    return finish(l, newest, sha256, err);
}

status journal_replay(ledger *l, store *s, int64_t *ret_count, error *err) {
    bool own;
    int64_t count = 0;
    TRY(ledger_enter(l, &own, err));
    ASSERT(l->seq == 0);
    TRY(ledger_leave(l, own, replay_newer(l, s, &count, err), err));
    *ret_count = count;
    return OK;
}
