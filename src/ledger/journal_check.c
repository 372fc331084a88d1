#include "ledger/journal_entry.h"

#include "ledger/journal.h"

#include <inttypes.h>

/* One walk over the journal's entries. */
typedef struct walk {
    const ledger *l;
    store *store;
    arena *arena;
    int64_t newest; /* of those that have to be there */
    bool *there;    /* per seq, 0 unused */
    journal_faults *faults;
} walk;

static void tell(const walk *w, const char *kind, const char *object, const char *detail) {
    journal_fault fault = {.kind = kind, .object = object, .detail = detail};
    vec_push(w->arena, w->faults, fault);
}

static status see_names(const walk *w, error *err) {
    store_objects objects = {0}, strange = {0};
    TRY(store_list(w->store, JOURNAL_PREFIX, w->arena, &objects, err));
    for (size_t i = 0; i < objects.count; i++) {
        int64_t seq = 0;
        if (!journal_number(objects.items[i].key, &seq))
            tell(w, "extra", objects.items[i].key, "its name is no journal entry's");
        else if (seq > w->newest)
            tell(w, "extra", objects.items[i].key, "the ledger has no such commit");
        else
            w->there[seq] = true;
    }
    TRY(store_list_strange(w->store, JOURNAL_PREFIX, w->arena, &strange, err));
    for (size_t i = 0; i < strange.count; i++)
        tell(w, "extra", strange.items[i].key, "a symbolic link, or no regular file");
    return OK;
}

/* previous: "*" after an entry that cannot be read, for then nobody knows what the next names. */
static void check_entry(const walk *w, int64_t seq, char previous[65]) {
    ARENA_AUTO a = arena_new();
    error why = {0};
    char *text = NULL, before[65];
    size_t size = 0;
    const char *key = journal_key(w->arena, seq);
    memcpy(before, previous, sizeof before);
    const journal_place place = {w->l->lake_id, seq, before};
    status checked = store_get(w->store, key, JOURNAL_ENTRY_SIZE_MAX, a, &text, &size, &why);
    if (checked == OK)
        checked = journal_verify(&place, key, text, size, previous, &why);
    if (checked == OK)
        return;
    tell(w, "altered", key, arena_strdup(w->arena, why.message));
    snprintf(previous, 65, "%s", JOURNAL_ANY);
}

static void check_entries(const walk *w, const char *newest_sha256, bool deep) {
    char previous[65] = "";
    for (int64_t seq = 1; seq <= w->newest; seq++) {
        if (!w->there[seq])
            tell(w, "missing", journal_key(w->arena, seq), NULL);
        if (w->there[seq] && deep)
            check_entry(w, seq, previous);
        else
            snprintf(previous, sizeof previous, "%s", JOURNAL_ANY);
    }
    bool known = !str_eq(previous, JOURNAL_ANY) && !str_eq(newest_sha256, JOURNAL_ANY);
    if (deep && known && !str_eq(previous, newest_sha256))
        tell(w, "altered", journal_key(w->arena, w->newest), "the ledger wrote another one");
}

typedef struct claim {
    int64_t newest;     /* that is exported */
    const char *sha256; /* of it; JOURNAL_ANY when others wait in the outbox */
} claim;

static void read_claim(const db_rows *row, arena *a, void *into) {
    claim *c = into;
    *c = (claim){db_int(row, 0), db_text(row, 1, a)};
}

status journal_check(ledger *l, store *s, bool deep, arena *a, journal_faults *ret, error *err) {
    journal_faults faults = {0};
    walk w = {.l = l, .store = s, .arena = a, .faults = &faults};
    const ledger_query query = {"SELECT coalesce(o.first - 1, l.seq),"
                                " CASE WHEN o.first IS NULL THEN l.journal ELSE '" JOURNAL_ANY
                                "' END"
                                " FROM lake l, (SELECT min(seq) AS first FROM outbox) o",
                                NULL, 0, read_claim};
    claim told = {0};
    bool found = false;
    TRY(ledger_select_one(l, &query, a, &told, &found, err));
    w.newest = told.newest;
    w.there = ARENA_ARRAY(a, bool, (size_t)w.newest + 1);
    TRY(see_names(&w, err));
    check_entries(&w, told.sha256, deep);
    *ret = faults;
    return OK;
}
