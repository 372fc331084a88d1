#include "store/s3/config.h"

#include "base/path.h"
#include "store/s3/date.h"
#include "store/s3/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

/* Profile files are written into a new current folder. */
typedef struct fixture {
    arena *arena;
    error err;
    char folder[32];
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    snprintf(f->folder, sizeof f->folder, "/tmp/weir-config-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(chdir(f->folder), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    unlink("credentials");
    unlink("config");
    unlink("home");
    assert_int_equal(chdir("/") + rmdir(f->folder), 0);
    arena_free(f->arena);
    free(f);
    return 0;
}

static const char *find(const char *const rows[][2], const char *name) {
    for (size_t i = 0; rows[i][0] != NULL; i++)
        if (str_eq(rows[i][0], name))
            return rows[i][1];
    return NULL;
}

static const char *bare(const char *name) {
    static const char *const ROWS[][2] = {{NULL, NULL}};
    return find(ROWS, name);
}

static const char *by_files(const char *name) {
    static const char *const ROWS[][2] = {{"AWS_CONFIG_FILE", "config"},
                                          {"AWS_SHARED_CREDENTIALS_FILE", "credentials"},
                                          {"AWS_PROFILE", "team"},
                                          {NULL, NULL}};
    return find(ROWS, name);
}

static const char *by_variables(const char *name) {
    static const char *const ROWS[][2] = {
        {"AWS_CONFIG_FILE", "config"},         {"AWS_REGION", "eu-west-1"},
        {"AWS_ENDPOINT_URL", "http://else:1"}, {"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000"},
        {"WEIR_S3_URL_STYLE", "virtual"},      {"WEIR_S3_RETRY_FOR", "2s"},
        {"AWS_CA_BUNDLE", "/ca.pem"},          {NULL, NULL}};
    return find(ROWS, name);
}

static const char *by_home(const char *name) {
    static const char *const ROWS[][2] = {
        {"HOME", "home"}, {"AWS_REGION", "eu-west-1"}, {NULL, NULL}};
    return find(ROWS, name);
}

static void write_file(const char *name, const char *text) {
    assert_int_equal(file_write_atomic(name, text, strlen(text), NULL), OK);
}

static void test_without_anything_it_is_amazons_own(void **state) {
    fixture *f = *state;
    s3_config c = {0};
    assert_int_equal(s3_config_read(bare, "bucket", f->arena, &c, &f->err), OK);
    assert_string_equal(c.region, "us-east-1");
    assert_string_equal(c.endpoint.host, "s3.us-east-1.amazonaws.com");
    assert_true(c.endpoint.tls && !c.path_style && c.ca_file == NULL);
    assert_int_equal(s3_config_read(bare, "my.bucket", f->arena, &c, &f->err), OK);
    assert_true(c.path_style); /* no certificate is good for a name with a dot more */
}

static void test_variables_come_before_files(void **state) {
    fixture *f = *state;
    s3_config c = {0};
    write_file("config", "[default]\nregion = us-west-2\nca_bundle = /other.pem\n");
    assert_int_equal(s3_config_read(by_variables, "bucket", f->arena, &c, &f->err), OK);
    assert_string_equal(c.region, "eu-west-1");
    assert_string_equal(c.endpoint.host, "127.0.0.1:9000");
    assert_string_equal(c.ca_file, "/ca.pem");
    assert_false(c.path_style);
    assert_int_equal(c.budget.time_ms, 2000);
}

static void test_the_named_profile_is_read_from_both_files(void **state) {
    fixture *f = *state;
    s3_config c = {0};
    write_file("credentials", "# mine\n[default]\naws_access_key_id = wrong\n"
                              "[team]\n aws_access_key_id=AKIA1 \naws_secret_access_key = a=b/c\n");
    write_file("config", "[profile other]\nregion = x\n\n[profile team]\nregion = eu-south-1\n"
                         "aws_access_key_id = later\nendpoint_url = https://minio.example\n"
                         "s3 =\n  addressing_style = virtual\n  ; not this\nca_bundle = /ca\n");
    assert_int_equal(s3_config_read(by_files, "bucket", f->arena, &c, &f->err), OK);
    assert_string_equal(s3_profile_get(c.profile, "aws_access_key_id"), "AKIA1");
    assert_string_equal(s3_profile_get(c.profile, "aws_secret_access_key"), "a=b/c");
    assert_null(s3_profile_get(c.profile, "aws_session_token"));
    assert_string_equal(c.region, "eu-south-1");
    assert_string_equal(c.endpoint.host, "minio.example");
    assert_string_equal(c.ca_file, "/ca");
    assert_false(c.path_style);
}

static void test_a_profile_that_nobody_has_is_named(void **state) {
    fixture *f = *state;
    s3_config c = {0};
    write_file("credentials", "[default]\nregion = x\n");
    assert_int_equal(s3_config_read(by_files, "bucket", f->arena, &c, &f->err), E_NOT_FOUND);
    assert_string_equal(f->err.message, "no file has the profile \"team\" that AWS_PROFILE names");
}

static void test_a_home_that_cannot_be_looked_into_has_no_profile(void **state) {
    fixture *f = *state;
    s3_config c = {0};
    assert_int_equal(symlink("home", "home"), 0); /* for root, too, no path leads through it */
    assert_int_equal(s3_config_read(by_home, "bucket", f->arena, &c, &f->err), OK);
    assert_string_equal(c.region, "eu-west-1");
}

static void test_dates_of_replies_are_read(void **state) {
    (void)state;
    int64_t us = 0;
    assert_true(s3_http_date("Wed, 22 May 2024 10:00:01 GMT", &us));
    assert_int_equal(us, INT64_C(1716372001000000));
    static const char *const WRONG[] = {"", "Wed, 22 Mai 2024 10:00:01 GMT",
                                        "Wed, 22 anF 2024 10:00:01 GMT",
                                        "Wed, 22 May 2024 10:00:01 CET", "2024-05-22T10:00:01Z"};
    for (size_t i = 0; i < ARRAY_SIZE(WRONG); i++)
        assert_false(s3_http_date(WRONG[i], &us));
}

static void test_parts_grow_so_that_ten_thousand_reach_a_terabyte(void **state) {
    (void)state;
    uint64_t total = 0;
    for (int number = 1; number <= 10000; number++) {
        assert_true(s3_part_size(number) >= (size_t)5 * 1024 * 1024);
        total += s3_part_size(number);
    }
    assert_true(total > UINT64_C(1000) * 1000 * 1000 * 1000);
}

int main(void) {
#define WITH_FOLDER(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_without_anything_it_is_amazons_own),
        WITH_FOLDER(test_variables_come_before_files),
        WITH_FOLDER(test_the_named_profile_is_read_from_both_files),
        WITH_FOLDER(test_a_profile_that_nobody_has_is_named),
        WITH_FOLDER(test_a_home_that_cannot_be_looked_into_has_no_profile),
        cmocka_unit_test(test_dates_of_replies_are_read),
        cmocka_unit_test(test_parts_grow_so_that_ten_thousand_reach_a_terabyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
