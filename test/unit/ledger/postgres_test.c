#include "fixture.h"

#include "cluster.h"
#include "ledger/care.h"
#include "ledger/copy.h"
#include "ledger/postgres/place.h"
#include "ledger/postgres/sqlstate.h"
#include "ledger/postgres/text.h"

/* places */

static void test_no_password_is_shown(void **state) {
    fixture *f = *state;
    static const char *const ROWS[][2] = {
        {"postgresql://maria:secret@host:5432/db", "postgresql://maria:***@host:5432/db"},
        {"postgresql://maria:se@cr:et@host/db", "postgresql://maria:***@host/db"},
        {"postgresql://maria:s/e?c#ret@host/db", "postgresql://maria:***@host/db"},
        {"postgresql://maria@host/db", "postgresql://maria@host/db"},
        {"postgresql:///db?user=m&password=secret&sslmode=require",
         "postgresql:///db?user=m&password=***&sslmode=require"},
        {"postgresql:///db?sslpassword=secret", "postgresql:///db?sslpassword=***"},
        {"postgresql:///db?host=/tmp&schema=italy", "postgresql:///db?host=/tmp&schema=italy"},
        {"postgres:maria:secret@host", "postgres:***@host"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++)
        assert_string_equal(place_shown(f->a, ROWS[i][0]), ROWS[i][1]);
}

static void test_the_schema_is_taken_out_of_the_uri(void **state) {
    fixture *f = *state;
    static const char *const ROWS[][3] = {
        {"postgresql:///db", "postgresql:///db", "weir"},
        {"postgresql:///db?schema=italy", "postgresql:///db", "italy"},
        {"postgresql://h/db?schema=it_1&sslmode=require", "postgresql://h/db?sslmode=require",
         "it_1"},
        {"postgresql://h/db?sslmode=require&schema=x", "postgresql://h/db?sslmode=require", "x"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        place p;
        assert_ok(place_parse(f->a, ROWS[i][0], &p, &f->err));
        assert_string_equal(p.uri, ROWS[i][1]);
        assert_string_equal(p.schema, ROWS[i][2]);
    }
    assert_string_equal(place_beside(f->a, "postgresql:///db", "new"),
                        "postgresql:///db?schema=weir_new");
    assert_string_equal(place_beside(f->a, "postgresql:///db?schema=a&user=u", "new"),
                        "postgresql:///db?user=u&schema=a_new");
}

static void test_what_is_no_uri_is_refused_without_its_secret(void **state) {
    fixture *f = *state;
    static const char *const ROWS[] = {
        "postgresql://maria:canary%zz@host/db",
        "postgresql://maria:canary@host/db?nonsense=1",
        "postgres:maria:canary@host",
        "postgresql:///db?schema=Robert'); DROP",
        "postgresql:///db?schema=",
        "postgresql:///db?schema=pg_temp",
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        place p;
        ledger *l;
        assert_status(place_parse(f->a, ROWS[i], &p, &f->err), E_DEFINITION);
        assert_null(strstr(f->err.message, "canary"));
        assert_status(ledger_open(ROWS[i], NULL, &l, &f->err), E_DEFINITION);
        assert_null(strstr(f->err.message, "canary"));
        assert_non_null(strstr(f->err.hint, "postgresql://"));
    }
}

static void test_a_server_that_is_not_there_is_told_without_the_password(void **state) {
    fixture *f = *state;
    ledger *l;
    const char *nowhere = "postgresql://maria:canary@/db?host=/no/such/folder";
    assert_status(ledger_open(nowhere, NULL, &l, &f->err), E_IO);
    assert_null(strstr(f->err.message, "canary"));
    assert_non_null(strstr(f->err.message, "/no/such/folder"));
    assert_true(f->err.hint[0] != '\0');
}

/* states and texts */

static void test_every_sqlstate_has_its_remedy(void **state) {
    (void)state;
    static const struct {
        const char *sqlstate;
        remedy remedy;
        status kind;
    } ROWS[] = {
        {"40001", REMEDY_REPEAT, E_BUSY},  {"40P01", REMEDY_REPEAT, E_BUSY},
        {"08006", REMEDY_RECONNECT, E_IO}, {"57P01", REMEDY_RECONNECT, E_IO},
        {"57P03", REMEDY_RECONNECT, E_IO}, {"53300", REMEDY_RECONNECT, E_IO},
        {"55P03", REMEDY_NONE, E_BUSY},    {"23505", REMEDY_NONE, E_EXISTS},
        {"25006", REMEDY_NONE, E_DENIED},  {"42501", REMEDY_NONE, E_DENIED},
        {"28P01", REMEDY_NONE, E_DENIED},  {"53100", REMEDY_NONE, E_FULL},
        {"42601", REMEDY_NONE, E_IO},      {NULL, REMEDY_NONE, E_IO},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        assert_int_equal(sqlstate_remedy(ROWS[i].sqlstate), ROWS[i].remedy);
        assert_int_equal(sqlstate_kind(ROWS[i].sqlstate), ROWS[i].kind);
    }
}

static void test_any_bytes_come_back_as_they_were(void **state) {
    fixture *f = *state;
    static const char *const TEXTS[] = {
        "",
        "plain",
        "citt\xC3\xA0",
        "\xFF",
        ("a\xFF"
         "b\xC3"),
        "\xF4\x8F\xBC\x80",
        "\xF0\x9F\x98\x80",
        "\xF4\x8F\xBF\xBF\xF4",
        "\x80\x80",
        "\xF4\x8F",
    };
    for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++) {
        const char *kept = text_for_database(f->a, TEXTS[i]);
        assert_true(str_is_utf8(kept, strlen(kept)));
        assert_string_equal(text_from_database(f->a, kept), TEXTS[i]);
        const db_value values[] = {DB_T(TEXTS[i])};
        db_rows *rows;
        bool more;
        assert_ok(db_query(f->l->d, "SELECT $1", values, 1, &rows, &f->err));
        assert_ok(db_next(rows, &more, &f->err));
        assert_string_equal(db_text(rows, 0, f->a), TEXTS[i]);
        db_end(rows);
    }
    assert_ptr_equal(text_for_database(f->a, TEXTS[2]), TEXTS[2]);
}

/* several lakes */

static void test_lakes_of_one_database_do_not_see_each_other(void **state) {
    fixture *f = *state;
    ledger *other;
    assert_ok(ledger_create_by(f->driver, fixture_location(f, "other"), "lake-2", "roma", &other,
                               &f->err));
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    int64_t seq;
    assert_ok(ledger_begin(other, LEDGER_WRITE, &f->err)); /* waits for nobody */
    assert_ok(ledger_next_seq(other, &seq, &f->err));
    assert_int_equal(seq, 1);
    assert_ok(ledger_commit(other, &f->err));
    fixture_commit(f);
    ledger_close(other);
}

static void test_another_programs_schema_is_left_alone(void **state) {
    fixture *f = *state;
    ledger *l;
    const char *other = fixture_location(f, "other");
    const char *schema = strstr(other, "schema=") + strlen("schema=");
    fixture_script(f, arena_printf(f->a, "CREATE SCHEMA \"%s\"; CREATE TABLE \"%s\".theirs (x INT)",
                                   schema, schema));
    assert_status(ledger_open(other, NULL, &l, &f->err), E_FOREIGN);
    assert_status(ledger_create(other, "lake-2", "roma", &l, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.hint, "schema="));
}

/* A role of that name with rights to the test's schema; the location for it. */
static const char *as_role(fixture *f, const char *role, const char *rights) {
    const char *schema = strstr(f->location, "schema=") + strlen("schema=");
    const char *user = strstr(f->location, "user=weir");
    fixture_script(f, arena_printf(f->a,
                                   "DO $$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN"
                                   " duplicate_object THEN END $$; GRANT USAGE ON SCHEMA \"%s\" TO"
                                   " %s",
                                   role, schema, role));
    strings grants = str_split(f->a, rights, ';');
    for (size_t i = 0; i < grants.count; i++)
        fixture_script(f, arena_printf(f->a, "GRANT %s IN SCHEMA \"%s\" TO %s", grants.items[i],
                                       schema, role));
    return arena_printf(f->a, "%.*suser=%s%s", (int)(user - f->location), f->location, role,
                        user + strlen("user=weir"));
}

static void test_who_may_only_read_reads(void **state) {
    fixture *f = *state;
    const char *location = as_role(f, "reader", "SELECT ON ALL TABLES");
    ledger *l;
    int64_t seq;
    assert_ok(ledger_open(location, "lake-1", &l, &f->err));
    assert_true(ledger_is_read_only(l));
    assert_ok(ledger_seq(l, &seq, &f->err));
    assert_int_equal(seq, fixture_seq(f));
    assert_status(ledger_begin(l, LEDGER_WRITE, &f->err), E_DENIED);
    assert_ok(ledger_rehearse(l, &f->err));
    assert_ok(ledger_begin(l, LEDGER_WRITE, &f->err));
    assert_ok(ledger_next_seq(l, &seq, &f->err));
    assert_ok(ledger_commit(l, &f->err));
    ledger_close(l);
}

/* connections that go */

/* The backend of the handle is ended by another connection. */
static void kill_connection(fixture *f, ledger *l) {
    int64_t pid = 0;
    if (db_get_int(l->d, "SELECT pg_backend_pid()", NULL, 0, 0, &pid, &f->err) != OK)
        fail_msg("%s", f->err.message);
    fixture_script(f,
                   arena_printf(f->a, "SELECT pg_terminate_backend(%lld, 5000)", (long long)pid));
}

static void test_a_read_is_asked_again(void **state) {
    fixture *f = *state;
    int64_t seq = fixture_seq(f);
    kill_connection(f, f->l);
    assert_int_equal(fixture_seq(f), seq);
}

static void test_a_transaction_goes_on_with_the_same_ids(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t first = fixture_deliver(f, RAW, "a.csv", 1000);
    kill_connection(f, f->l);
    int64_t second = fixture_deliver(f, RAW, "b.csv", 2000);
    kill_connection(f, f->l);
    fixture_commit(f);
    assert_int_equal(second, first + 1);
    deliveries seen;
    assert_ok(ledger_deliveries_active(f->l, fixture_id(f, RAW), f->a, &seen, &f->err));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.items[0].id, first);
    assert_int_equal(seen.items[1].id, second);
}

/* The rights that doc/postgres.md lists. */
static void test_who_may_write_may_also_begin_again(void **state) {
    fixture *f = *state;
    const char *location =
        as_role(f, "runner",
                "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES;USAGE, SELECT, UPDATE ON ALL"
                " SEQUENCES");
    ledger_close(f->l);
    assert_ok(ledger_open(location, "lake-1", &f->l, &f->err));
    assert_false(ledger_is_read_only(f->l));
    fixture_begin(f);
    int64_t first = fixture_deliver(f, RAW, "a.csv", 1000);
    kill_connection(f, f->l);
    assert_int_equal(fixture_deliver(f, RAW, "b.csv", 2000), first + 1);
    fixture_commit(f);
}

static void test_rows_that_lead_nowhere_are_told(void **state) {
    fixture *f = *state;
    strings damages = {0};
    fixture_begin(f);
    fixture_build(f, SILVER, "event_date=1", "v1");
    fixture_commit(f);
    assert_ok(ledger_check(f->l, f->a, &damages, &f->err));
    assert_int_equal(damages.count, 0);
    fixture_script(f, "DELETE FROM file");
    assert_ok(ledger_check(f->l, f->a, &damages, &f->err));
    assert_int_equal(damages.count, 1);
    assert_non_null(strstr(damages.items[0], "a file that is not there"));
}

static void test_a_transaction_that_lost_its_place_commits_nothing(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    int64_t before = fixture_seq(f), seq;
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    kill_connection(f, f->l);
    assert_ok(ledger_begin(second, LEDGER_WRITE, &f->err)); /* the lake's row is free */
    assert_ok(ledger_next_seq(second, &seq, &f->err));
    assert_ok(ledger_commit(second, &f->err));
    assert_status(ledger_commit(f->l, &f->err), E_CHANGED);
    assert_non_null(strstr(f->err.hint, "again"));
    assert_int_equal(fixture_seq(f), before + 1);
    ledger_close(second);
}

static void test_a_reader_that_lost_its_state_is_told(void **state) {
    fixture *f = *state;
    ledger *second = fixture_second(f);
    int64_t seq;
    assert_ok(ledger_begin(second, LEDGER_READ, &f->err));
    kill_connection(f, second);
    assert_ok(ledger_seq(second, &seq, &f->err)); /* nobody has changed it */
    kill_connection(f, second);
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1000);
    fixture_commit(f);
    assert_status(ledger_seq(second, &seq, &f->err), E_CHANGED);
    ledger_rollback(second);
    assert_ok(ledger_seq(second, &seq, &f->err));
    ledger_close(second);
}

/* copies */

static void test_a_ledger_moves_to_the_other_database_and_back(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    int64_t gone = fixture_deliver(f, RAW, "a \xFF.csv", 1000);
    fixture_deliver(f, RAW, "b.csv", 2000);
    fixture_build(f, SILVER, "event_date=1", "v1");
    fixture_commit(f);
    fixture_script(f, "DELETE FROM file"); /* ids that were used are not used again */
    db *lite, *back;
    assert_ok(db_open_private(&lite, &f->err));
    assert_ok(copy_ledger(f->l->d, lite, &f->err));
    assert_ok(copy_compare(f->l->d, lite, &f->err));
    assert_ok(db_open(f->driver, fixture_location(f, "back"), true, &back, &f->err));
    assert_ok(copy_ledger(lite, back, &f->err));
    assert_ok(copy_compare(f->l->d, back, &f->err));
    assert_ok(db_script(
        back, arena_printf(f->a, "UPDATE delivery SET rows = 11 WHERE id = %lld", (long long)gone),
        &f->err));
    assert_status(copy_compare(f->l->d, back, &f->err), E_CHANGED);
    assert_non_null(strstr(f->err.message, "\"delivery\""));
    db_close(lite);
    db_close(back);
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_no_password_is_shown),
        CLAIM(test_the_schema_is_taken_out_of_the_uri),
        CLAIM(test_what_is_no_uri_is_refused_without_its_secret),
        CLAIM(test_a_server_that_is_not_there_is_told_without_the_password),
        CLAIM(test_every_sqlstate_has_its_remedy),
        CLAIM(test_any_bytes_come_back_as_they_were),
        CLAIM(test_lakes_of_one_database_do_not_see_each_other),
        CLAIM(test_another_programs_schema_is_left_alone),
        CLAIM(test_who_may_only_read_reads),
        CLAIM(test_a_read_is_asked_again),
        CLAIM(test_a_transaction_goes_on_with_the_same_ids),
        CLAIM(test_who_may_write_may_also_begin_again),
        CLAIM(test_rows_that_lead_nowhere_are_told),
        CLAIM(test_a_transaction_that_lost_its_place_commits_nothing),
        CLAIM(test_a_reader_that_lost_its_state_is_told),
        CLAIM(test_a_ledger_moves_to_the_other_database_and_back),
    };
    return fixture_run_on(&DB_POSTGRES, "postgres", TESTS, ARRAY_SIZE(TESTS));
}
