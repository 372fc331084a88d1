#include "fixture.h"

#include "base/path.h"
#include "ledger/sqlite/network.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What only SQLite's driver does: files that are no ledgers, permissions, damage, its log. */

enum { NOBODY = 65534 };

static status open_ledger(fixture *f) {
    ledger *l;
    f->err = (error){0};
    status result = ledger_open(f->location, NULL, &l, &f->err);
    if (result == OK)
        ledger_close(l);
    return result;
}

static void close_ledger(fixture *f) {
    ledger_close(f->l);
    f->l = NULL;
}

static const char *beside(fixture *f, const char *ending) {
    return arena_printf(f->a, "%s%s", f->location, ending);
}

static void write_bytes(const char *path, const char *bytes, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(close(fd), 0);
}

static void assert_names_file_and_remedy(fixture *f) {
    assert_non_null(strstr(f->err.message, f->location));
    assert_true(f->err.hint[0] != '\0');
}

static void test_a_missing_file_is_not_found_and_not_made(void **state) {
    fixture *f = *state;
    close_ledger(f);
    assert_int_equal(unlink(f->location), 0);
    assert_status(open_ledger(f), E_NOT_FOUND);
    assert_non_null(strstr(f->err.hint, "weir init"));
    assert_false(file_exists(f->location));
}

static void test_a_text_file_is_foreign_and_stays(void **state) {
    fixture *f = *state;
    static const char TEXT[] = "event_date,total\n2024-05-22,7\n";
    char body[8192];
    close_ledger(f);
    memset(body, 'x', sizeof body);
    memcpy(body, TEXT, sizeof TEXT);
    write_bytes(f->location, body, sizeof body);
    assert_status(open_ledger(f), E_FOREIGN);
    assert_names_file_and_remedy(f);
    char *after;
    size_t size;
    assert_ok(file_read(f->location, sizeof body, f->a, &after, &size, &f->err));
    assert_int_equal(size, sizeof body);
    assert_memory_equal(after, body, size);
}

static void test_a_folder_is_no_ledger(void **state) {
    fixture *f = *state;
    close_ledger(f);
    assert_int_equal(unlink(f->location), 0);
    assert_int_equal(mkdir(f->location, 0755), 0);
    assert_status(open_ledger(f), E_FOREIGN);
    assert_names_file_and_remedy(f);
}

static void test_an_empty_file_is_no_ledger_but_can_become_one(void **state) {
    fixture *f = *state;
    close_ledger(f);
    assert_int_equal(unlink(beside(f, "-wal")), 0);
    write_bytes(f->location, "", 0);
    assert_status(open_ledger(f), E_FOREIGN);
    assert_names_file_and_remedy(f);
    assert_ok(ledger_create(f->location, "lake-2", "roma", &f->l, &f->err));
}

static void test_another_programs_database_is_left_alone(void **state) {
    fixture *f = *state;
    const char *other = path_join(f->a, f->folder, "other.db");
    sqlite3 *connection;
    ledger *l;
    assert_int_equal(sqlite3_open(other, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "CREATE TABLE song (title)", NULL, NULL, NULL), 0);
    sqlite3_close(connection);
    char *before, *after;
    size_t size;
    assert_ok(file_read(other, 1 << 20, f->a, &before, &size, &f->err));
    assert_status(ledger_open(other, NULL, &l, &f->err), E_FOREIGN);
    assert_non_null(strstr(f->err.message, "another program"));
    assert_status(ledger_create(other, "lake-2", "roma", &l, &f->err), E_FOREIGN);
    assert_ok(file_read(other, size, f->a, &after, &size, &f->err));
    assert_memory_equal(before, after, size);
    assert_false(file_exists(arena_printf(f->a, "%s-wal", other)));
}

static void test_a_file_cut_short_is_told_so(void **state) {
    fixture *f = *state;
    struct stat info;
    close_ledger(f);
    assert_int_equal(stat(f->location, &info), 0);
    assert_int_equal(truncate(f->location, info.st_size / 2), 0);
    assert_status(open_ledger(f), E_IO);
    assert_names_file_and_remedy(f);
    assert_int_equal(truncate(f->location, 50), 0);
    assert_status(open_ledger(f), E_IO);
    assert_names_file_and_remedy(f);
}

static void test_a_damaged_page_is_an_error_not_an_answer(void **state) {
    fixture *f = *state;
    fixture_begin(f);
    for (int i = 0; i < 500; i++)
        fixture_deliver(f, RAW, arena_printf(f->a, "file-%d.csv", i), 1);
    fixture_commit(f);
    int64_t table = fixture_id(f, RAW);
    close_ledger(f);
    struct stat info;
    char garbage[512];
    memset(garbage, 0xA5, sizeof garbage);
    assert_int_equal(stat(f->location, &info), 0);
    int fd = open(f->location, O_WRONLY);
    for (off_t page = 3 * 4096; page < info.st_size; page += 4096)
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, page), sizeof garbage);
    close(fd);
    deliveries seen;
    status result = ledger_open(f->location, NULL, &f->l, &f->err);
    if (result == OK)
        result = ledger_deliveries_active(f->l, table, f->a, &seen, &f->err);
    assert_int_equal(result, E_IO);
    assert_names_file_and_remedy(f);
}

static void test_a_folder_that_is_missing_is_named(void **state) {
    fixture *f = *state;
    ledger *l;
    const char *location = path_join(f->a, f->folder, "no/such/ledger.db");
    assert_int_not_equal(ledger_create(location, "a", "b", &l, &f->err), OK);
    assert_non_null(strstr(f->err.message, location));
}

/* Tests run as root in many places; permissions then only hold for someone else. */
static void become_nobody(const fixture *f) {
    assert_int_equal(chmod(f->folder, 0555), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
}

static void become_oneself(const fixture *f) {
    assert_int_equal(seteuid(getuid()), 0);
    assert_int_equal(chmod(f->folder, 0755), 0);
}

static void assert_readable_only(fixture *f) {
    become_nobody(f);
    ledger *l = NULL;
    int64_t seq = -1;
    error err = {0};
    status opened = ledger_open(f->location, "lake-1", &l, &err);
    status read = opened == OK ? ledger_seq(l, &seq, &err) : opened;
    status written = opened == OK ? ledger_begin(l, LEDGER_WRITE, &f->err) : opened;
    status rehearsed = opened == OK ? ledger_rehearse(l, &err) : opened;
    status tried = rehearsed == OK ? ledger_begin(l, LEDGER_WRITE, &err) : rehearsed;
    ledger_close(l);
    become_oneself(f);
    if (read != OK || tried != OK)
        fail_msg("%s: %s", status_name(err.kind), err.message);
    assert_int_equal(seq, 1);
    assert_int_equal(written, E_DENIED);
    assert_names_file_and_remedy(f);
}

static void test_who_may_not_write_still_reads(void **state) {
    fixture *f = *state;
    close_ledger(f);
    assert_int_equal(chmod(f->location, 0444), 0);
    assert_readable_only(f);
}

static void test_who_may_not_write_reads_while_another_writes(void **state) {
    fixture *f = *state;
    assert_int_equal(chmod(f->location, 0444), 0);
    assert_int_equal(chmod(beside(f, "-wal"), 0444), 0);
    assert_int_equal(chmod(beside(f, "-shm"), 0444), 0);
    fixture_begin(f);
    fixture_deliver(f, RAW, "a.csv", 1);
    assert_readable_only(f);
    fixture_commit(f);
}

static void test_a_ledger_copied_without_its_log_is_read(void **state) {
    fixture *f = *state;
    close_ledger(f);
    assert_int_equal(unlink(beside(f, "-wal")), 0);
    if (file_exists(beside(f, "-shm")))
        assert_int_equal(unlink(beside(f, "-shm")), 0);
    assert_readable_only(f);
}

static void test_a_name_full_of_signs_is_only_a_name(void **state) {
    fixture *f = *state;
    const char *location = path_join(f->a, f->folder, "a b?c=%20#d'\".db");
    ledger *l;
    assert_ok(ledger_create(location, "lake-2", "roma", &l, &f->err));
    ledger_close(l);
    assert_true(file_exists(location));
    assert_ok(ledger_open(location, "lake-2", &l, &f->err));
    ledger_close(l);
}

static void test_every_commit_is_synced(void **state) {
    fixture *f = *state;
    int64_t synchronous = -1;
    db_rows *rows;
    bool more;
    assert_ok(db_get_int(f->l->d, "PRAGMA synchronous", NULL, 0, -1, &synchronous, &f->err));
    assert_int_equal(synchronous, 2); /* FULL */
    assert_ok(db_query(f->l->d, "PRAGMA journal_mode", NULL, 0, &rows, &f->err));
    assert_ok(db_next(rows, &more, &f->err));
    assert_string_equal(db_text(rows, 0, f->a), "wal");
    db_end(rows);
}

static int64_t synchronous(fixture *f) {
    int64_t value = 0;
    assert_ok(db_get_int(f->l->d, "PRAGMA synchronous", NULL, 0, 0, &value, &f->err));
    return value;
}

static void test_only_light_commits_wait_for_no_disk(void **state) {
    fixture *f = *state;
    enum { NORMAL = 1, FULL = 2 };
    assert_int_equal(synchronous(f), FULL);
    for (int i = 0; i < 2; i++) {
        assert_ok(ledger_begin(f->l, LEDGER_WRITE_LIGHT, &f->err));
        assert_int_equal(synchronous(f), NORMAL);
        if (i == 0)
            fixture_commit(f);
        else
            ledger_rollback(f->l);
        fixture_begin(f);
        assert_int_equal(synchronous(f), FULL);
        fixture_commit(f);
    }
}

static void test_a_statement_can_be_read_within_itself(void **state) {
    fixture *f = *state;
    static const char SQL[] = "SELECT id FROM tbl ORDER BY id";
    db_rows *outer, *inner;
    bool more;
    size_t pairs = 0;
    assert_ok(db_query(f->l->d, SQL, NULL, 0, &outer, &f->err));
    while (db_next(outer, &more, &f->err) == OK && more) {
        assert_ok(db_query(f->l->d, SQL, NULL, 0, &inner, &f->err));
        while (db_next(inner, &more, &f->err) == OK && more)
            pairs++;
        db_end(inner);
    }
    db_end(outer);
    assert_int_equal(pairs, TABLE_COUNT * TABLE_COUNT);
}

static void test_network_file_systems_are_known_by_name(void **state) {
    fixture *f = *state;
    static const char MOUNTS[] =
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "23 1 0:41 / /mnt/a\\040b rw - fuse.sshfs host:/ rw\n"
        "24 1 0:42 / /mnt/b rw master:1 slave:2 - fuse.fuse-overlayfs x rw\n"
        "25 1 0:43\n";
    assert_string_equal(network_by_magic(0x6969), "NFS");
    assert_string_equal(network_by_magic(0xFF534D42u), "CIFS");
    assert_null(network_by_magic(0xEF53));     /* ext4 */
    assert_null(network_by_magic(0x01021994)); /* tmpfs */
    assert_null(network_by_magic(0x01021997)); /* 9p, which sandboxes use */
    assert_string_equal(network_mount_type(MOUNTS, 0, 41, f->a), "fuse.sshfs");
    assert_string_equal(network_mount_type(MOUNTS, 0, 42, f->a), "fuse.fuse-overlayfs");
    assert_null(network_mount_type(MOUNTS, 0, 43, f->a));
    assert_null(network_mount_type(MOUNTS, 0, 4, f->a));
    assert_non_null(network_by_fuse_type("fuse.sshfs"));
    assert_null(network_by_fuse_type("fuse.fuse-overlayfs"));
    assert_null(network_of_folder(f->folder, f->a));
    assert_null(network_of_folder("/no/such/folder", f->a));
}

int main(void) {
    static const struct CMUnitTest TESTS[] = {
        CLAIM(test_a_missing_file_is_not_found_and_not_made),
        CLAIM(test_a_text_file_is_foreign_and_stays),
        CLAIM(test_a_folder_is_no_ledger),
        CLAIM(test_an_empty_file_is_no_ledger_but_can_become_one),
        CLAIM(test_another_programs_database_is_left_alone),
        CLAIM(test_a_file_cut_short_is_told_so),
        CLAIM(test_a_damaged_page_is_an_error_not_an_answer),
        CLAIM(test_a_folder_that_is_missing_is_named),
        CLAIM(test_who_may_not_write_still_reads),
        CLAIM(test_who_may_not_write_reads_while_another_writes),
        CLAIM(test_a_ledger_copied_without_its_log_is_read),
        CLAIM(test_a_name_full_of_signs_is_only_a_name),
        CLAIM(test_every_commit_is_synced),
        CLAIM(test_only_light_commits_wait_for_no_disk),
        CLAIM(test_a_statement_can_be_read_within_itself),
        CLAIM(test_network_file_systems_are_known_by_name),
    };
    return fixture_run_on(&DB_SQLITE, "sqlite", TESTS, ARRAY_SIZE(TESTS));
}
