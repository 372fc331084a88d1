#include "pair.h"

#include "ledger/journal.h"
#include "ledger/journal_tables.h"

#include <inttypes.h>

static ledger *new_ledger(fixture *f, const char *name) {
    ledger *made = NULL;
    assert_ok(
        ledger_create_by(f->driver, fixture_location(f, name), "lake-1", "italy", &made, &f->err));
    return made;
}

pair pair_open(fixture *f) {
    pair p = {.f = f, .copy = new_ledger(f, "copy")};
    assert_ok(store_open("memory:", &p.s, &f->err));
    journal_attach(f->l, p.s);
    assert_ok(journal_export(f->l, p.s, &f->err));
    return p;
}

void pair_close(pair *p) {
    ledger_close(p->copy);
    ledger_close(p->f->l);
    p->f->l = NULL;
    store_close(p->s);
}

/* Every row of every table that the journal carries. */

typedef struct dump {
    buf text;
    const journal_table *table;
} dump;

static void dump_row(const db_rows *row, arena *a, void *into) {
    dump *d = into;
    buf_printf(&d->text, "%s", d->table->name);
    for (size_t i = 0; i < db_width(row); i++)
        buf_printf(&d->text, "|%s", db_is_null(row, i) ? "NULL" : db_text(row, i, a));
    buf_char(&d->text, '\n');
}

static const char *dump_of(fixture *f, ledger *l) {
    dump d = {.text = buf_new(f->a)};
    for (size_t i = 0; i < JOURNAL_TABLE_COUNT; i++) {
        strings names = {0}, places = {0};
        d.table = &JOURNAL_TABLES[i];
        for (size_t c = 0; c < d.table->count; c++) {
            if (d.table->columns[c].type == JOURNAL_LOCAL)
                continue;
            vec_push(f->a, &names, d.table->columns[c].name);
            vec_push(f->a, &places, arena_printf(f->a, "%zu", names.count));
        }
        const ledger_query query = {arena_printf(f->a, "SELECT %s FROM %s ORDER BY %s",
                                                 str_join(f->a, &names, ", "), d.table->name,
                                                 str_join(f->a, &places, ", ")),
                                    NULL, 0, dump_row};
        assert_ok(ledger_select(l, &query, f->a, &d, &f->err));
    }
    return d.text.text;
}

int64_t pair_number(fixture *f, ledger *l, const char *sql) {
    int64_t value = -1;
    assert_ok(db_get_int(l->d, sql, NULL, 0, -1, &value, &f->err));
    return value;
}

int64_t pair_follow(pair *p) {
    fixture *f = p->f;
    int64_t count = 0;
    assert_ok(journal_replay(p->copy, p->s, &count, &f->err));
    return count;
}

void pair_assert_equal(pair *p) {
    fixture *f = p->f;
    assert_string_equal(dump_of(f, p->copy), dump_of(f, f->l));
    assert_int_equal(pair_number(f, p->copy, "SELECT seq FROM lake"), fixture_seq(f));
}

/* The next commit of both is the same, so the journal goes on where the lost ledger ended. */
void pair_commit(pair *p) {
    fixture_commit(p->f);
    assert_true(pair_follow(p) > 0);
    pair_assert_equal(p);
}

const char *pair_key(fixture *f, int64_t seq) {
    return arena_printf(f->a, JOURNAL_PREFIX "%020" PRId64 ".json", seq);
}

void pair_event(fixture *f, const char *what) {
    assert_ok(ledger_event_add(f->l, "maria", what, NULL, NULL, 7, &f->err));
}

void pair_commit_event(fixture *f, const char *what) {
    fixture_begin(f);
    pair_event(f, what);
    fixture_commit(f);
}

bool pair_is_behind(pair *p, ledger *l) {
    fixture *f = p->f;
    bool is_behind = false;
    assert_ok(journal_look(l, p->s, &is_behind, &f->err));
    return is_behind;
}
