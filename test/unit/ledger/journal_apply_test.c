#include "pair.h"

#include "base/hash.h"
#include "base/path.h"
#include "ledger/journal.h"

static char *entry_of(pair *p, int64_t seq, size_t *ret_size) {
    fixture *f = p->f;
    char *text = NULL;
    assert_ok(store_get(p->s, pair_key(f, seq), 1 << 20, f->a, &text, ret_size, &f->err));
    return text;
}

static void put_entry(pair *p, int64_t seq, const char *text, size_t size) {
    fixture *f = p->f;
    assert_ok(store_remove(p->s, pair_key(f, seq), &f->err));
    assert_ok(store_put(p->s, pair_key(f, seq), text, size, (store_put_options){0}, &f->err));
}

static void assert_refused(pair *p, int64_t seq, status kind, const char *what) {
    fixture *f = p->f;
    int64_t count = -1;
    f->err = (error){0};
    assert_status(journal_replay(p->copy, p->s, &count, &f->err), kind);
    assert_int_equal(count, -1);
    if (strstr(f->err.message, pair_key(f, seq)) == NULL || strstr(f->err.message, what) == NULL)
        fail_msg("\"%s\" does not name %s and tell \"%s\"", f->err.message, pair_key(f, seq), what);
    assert_int_equal(pair_number(f, p->copy, "SELECT seq FROM lake"),
                     0); /* nothing of it was taken */
    assert_int_equal(pair_number(f, p->copy, "SELECT count(*) FROM tbl"), 0);
}

static void test_an_altered_entry_is_named(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    pair_commit_event(f, "one");
    pair_commit_event(f, "two");
    int64_t seq = fixture_seq(f) - 1;
    size_t size;
    char *text = entry_of(&p, seq, &size);
    for (size_t i = 0; i < size; i++) { /* whichever byte it is */
        char *altered = arena_strndup(f->a, text, size);
        altered[i] = (char)(altered[i] ^ 1);
        put_entry(&p, seq, altered, size);
        int64_t count;
        assert_status(journal_replay(p.copy, p.s, &count, &f->err), E_DATA);
        assert_non_null(strstr(f->err.message, pair_key(f, seq)));
    }
    pair_close(&p);
}

static void test_an_entry_cut_short_is_named(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    pair_commit_event(f, "one");
    int64_t seq = fixture_seq(f);
    size_t size;
    char *text = entry_of(&p, seq, &size);
    for (size_t cut = 0; cut < size; cut += 7) {
        put_entry(&p, seq, text, cut);
        assert_refused(&p, seq, E_DATA, "cut short");
    }
    pair_close(&p);
}

static void test_a_missing_entry_is_named(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    for (int i = 0; i < 5; i++)
        pair_commit_event(f, "one");
    int64_t seq = fixture_seq(f) - 2;
    assert_ok(store_remove(p.s, pair_key(f, seq), &f->err));
    assert_refused(&p, seq, E_DATA, "missing");
    assert_true(pair_is_behind(&p, p.copy));
    pair_close(&p);
}

static void test_an_entry_in_another_place_is_named(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    pair_commit_event(f, "one");
    pair_commit_event(f, "two");
    int64_t seq = fixture_seq(f);
    size_t size;
    char *text = entry_of(&p, seq - 1, &size);
    put_entry(&p, seq, text, size);
    assert_refused(&p, seq, E_DATA, "another entry's content");
    pair_close(&p);
}

static void test_an_entry_of_another_lake_is_foreign(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    ledger_close(p.copy);
    const char *other = fixture_location(f, "other");
    assert_ok(ledger_create_by(f->driver, other, "lake-2", "italy", &p.copy, &f->err));
    assert_refused(&p, 1, E_FOREIGN, "another lake");
    pair_close(&p);
}

/* Entries that are sealed as they should be and hold what no weir writes. */

typedef struct forgery {
    const char *tables;
    const char *what; /* told */
} forgery;

static void forge(pair *p, const char *format, const char *tables) {
    fixture *f = p->f;
    buf text = buf_new(f->a);
    char sha256[SHA256_TEXT_SIZE];
    buf_printf(&text,
               "{\"format\":%s,\"lake\":\"lake-1\",\"seq\":1,\"previous\":\"\",\"tables\":%s",
               format, tables);
    sha256_text(text.text, text.size, sha256);
    buf_printf(&text, ",\"sha256\":\"%s\"}\n", sha256);
    put_entry(p, 1, text.text, text.size);
}

#define FILE_ROW(object)                                                              \
    "[{\"table\":\"file\",\"columns\":[\"id\",\"tbl\",\"object\",\"rows\",\"bytes\"," \
    "\"sum1\",\"sum2\",\"delivery\"],\"gone\":[],\"rows\":[[1,1," object              \
    ",1,1,\"0\",\"0\",null]]}]"

static const forgery FORGERIES[] = {
    {FILE_ROW("\"../../etc/passwd\""), "leads out"},
    {FILE_ROW("\"/etc/passwd\""), "leads out"},
    {FILE_ROW("\"a/./b\""), "leads out"},
    {FILE_ROW("\"\""), "leads out"},
    {FILE_ROW("{\"hex\":\"2e2e2f61\"}"), "leads out"},
    {FILE_ROW("{\"hex\":\"612\"}"), "another type"},
    {FILE_ROW("{\"hex\":\"6z\"}"), "another type"},
    {FILE_ROW("{\"hex\":\"6100\"}"), "another type"},
    {FILE_ROW("{\"hex\":7}"), "another type"},
    {FILE_ROW("7"), "another type"},
    {"[{\"table\":\"sqlite_master\",\"columns\":[],\"gone\":[],\"rows\":[]}]", "table"},
    {"[{\"table\":\"lease\",\"columns\":[],\"gone\":[],\"rows\":[]}]", "table"},
    {"[{\"table\":\"fed\",\"columns\":[\"tbl\"],\"gone\":[],\"rows\":[]}]", "key column"},
    {"[{\"table\":\"fed\",\"columns\":[\"x; DROP TABLE fed\"],\"gone\":[],\"rows\":[]}]", "column"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\",\"tbl\"],\"gone\":[],\"rows\":[]}]",
     "column"},
    {"[{\"table\":\"edge\",\"columns\":[\"bookmark_seq\"],\"gone\":[],\"rows\":[]}]", "column"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[[\"a\"]],\"rows\":[]}]", "type"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[[\"a\",1,2]],\"rows\":[]}]",
     "width"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[],\"rows\":[[\"a\",1,2]]}]",
     "width"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[],\"rows\":[[null,1]]}]",
     "type"},
    {"[{\"table\":\"step\",\"columns\":[\"run\",\"tbl\"],\"gone\":[],\"rows\":[7]}]", "type"},
    {"[7]", ""},
    {"{}", ""},
};

static void test_what_no_weir_writes_is_refused(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    for (size_t i = 0; i < ARRAY_SIZE(FORGERIES); i++) {
        forge(&p, "1", FORGERIES[i].tables);
        assert_refused(&p, 1, E_DATA, FORGERIES[i].what);
    }
    forge(&p, "2", "[]");
    assert_refused(&p, 1, E_FOREIGN, "newer weir");
    forge(&p, "1",
          "[{\"table\":\"fed\",\"columns\":[\"tbl\",\"input\",\"map\",\"unit\"],"
          "\"gone\":[],\"rows\":[[1,1,\"m\",1],[1,1,\"m\",1]]}]");
    assert_refused(&p, 1, E_DATA, " constraint");
    forge(&p, "1", "[{\"table\":\"run\",\"columns\":[\"id\"],\"gone\":[],\"rows\":[[\"a\"]]}]");
    assert_refused(&p, 1, E_IO, " constraint"); /* the schema has the last word */
    pair_close(&p);
}

static void test_a_text_that_is_no_utf8_is_carried(void **state) {
    fixture *f = *state;
    pair p = pair_open(f);
    fixture_begin(f);
    fixture_deliver(f, RAW, "a\xff\xc3.csv", 1);
    fixture_deliver(f, RAW, "\"\n\x01\xc3\xa9.csv", 1);
    pair_commit(&p);
    pair_close(&p);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_an_altered_entry_is_named),
        CLAIM(test_an_entry_cut_short_is_named),
        CLAIM(test_a_missing_entry_is_named),
        CLAIM(test_an_entry_in_another_place_is_named),
        CLAIM(test_an_entry_of_another_lake_is_foreign),
        CLAIM(test_a_text_that_is_no_utf8_is_carried),
        CLAIM(test_what_no_weir_writes_is_refused),
    };
    return fixture_run("journal_apply", TESTS, ARRAY_SIZE(TESTS));
}
