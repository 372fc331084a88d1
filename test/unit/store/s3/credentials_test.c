#include "wire.h"

#include "base/path.h"
#include "store/s3/metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

enum { MINUTE_MS = 60000 };

/* A request to the bucket, by whom. */
#define ASKED(who, token)                                                                 \
    {                                                                                     \
        .request = "GET /bucket/lake/a",                                                  \
        .headers = "authorization: AWS4-HMAC-SHA256 Credential=" who                      \
                   "/20240522/us-east-1/s3/aws4_request,*\nx-amz-security-token: " token, \
        .text = "x"                                                                       \
    }
#define DOCUMENT(who, token, until)                                                     \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" who "\",\"SecretAccessKey\":\"secret\"," \
    "\"Token\":\"" token "\",\"Expiration\":\"" until "\"}"
#define ASSUMED(who, token, until)                                                      \
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>" \
    "<AccessKeyId>" who "</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"       \
    "<SessionToken>" token "</SessionToken><Expiration>" until "</Expiration>"          \
    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"

static status get(wire *w) {
    char *body = NULL;
    return s3_get(w->s3, "a", 100, w->arena, &body, NULL, &w->err);
}

/* Files of a test, in a folder of its own that is the current one. */
static char folder[32];

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/weir-credentials-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    wire_set("AWS_ACCESS_KEY_ID", "");
    wire_set("AWS_SECRET_ACCESS_KEY", "");
    wire_set("AWS_EC2_METADATA_DISABLED", "true");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const FILES[] = {"token", "credentials", "config"};
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++)
        unlink(FILES[i]);
    assert_int_equal(chdir("/") + rmdir(folder), 0);
    return 0;
}

static void write_file(const char *name, const char *text) {
    assert_int_equal(file_write_atomic(name, text, strlen(text), NULL), OK);
}

/* One request to the bucket that is refused before it is sent. */
static void assert_refused(const scripted_step *steps, size_t count, const char *message) {
    wire w;
    wire_open(&w, steps, count);
    assert_int_equal(get(&w), E_DENIED);
    assert_string_equal(w.err.message, message);
    assert_true(w.err.hint[0] != '\0');
    wire_close(&w);
}
#define ASSERT_REFUSED(steps, message) assert_refused((steps), ARRAY_SIZE(steps), (message))

static void test_half_a_key_is_told(void **state) {
    (void)state;
    wire_set("AWS_ACCESS_KEY_ID", "half");
    assert_refused(NULL, 0, "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
}

static void test_a_value_that_is_no_header_is_refused(void **state) {
    (void)state;
    wire_set("AWS_ACCESS_KEY_ID", "key");
    wire_set("AWS_SECRET_ACCESS_KEY", "secret");
    wire_set("AWS_SESSION_TOKEN", "a\r\nx-amz-acl: public-read");
    assert_refused(NULL, 0, "the environment has a key or token with characters that none has");
}

static void set_web_identity(void) {
    write_file("token", "header.payload+/=\n");
    wire_set("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
    wire_set("AWS_ROLE_ARN", "arn:aws:iam::1:role/weir");
}

#define STS_FORM(session)                                                           \
    "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fweir" \
    "&RoleSessionName=" session "&Version=2011-06-15&WebIdentityToken=header.payload%2B%2F%3D"

static void test_a_web_identity_is_exchanged_for_a_role(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "POST /", .status = 503},
        {.request = "POST /",
         .headers = "host: 127.0.0.1:{port}\ncontent-type: application/x-www-form-urlencoded\n"
                    "-authorization",
         .body = STS_FORM("nightly"),
         .text = ASSUMED("ROLE1", "t1", "2024-05-22T11:00:00Z")},
        ASKED("ROLE1", "t1"),
        ASKED("ROLE1", "t1"),
        {.request = "POST /", /* five minutes before the end */
         .body = STS_FORM("nightly"),
         .text = ASSUMED("ROLE2", "t2", "2024-05-22T12:00:00Z")},
        ASKED("ROLE2", "t2"),
    };
    wire w;
    set_web_identity();
    wire_set("AWS_ROLE_SESSION_NAME", "nightly");
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    w.waited_ms = 54 * MINUTE_MS;
    assert_int_equal(get(&w), OK);
    w.waited_ms = 55 * MINUTE_MS;
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_the_identity_is_read_anew_each_time(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "POST /", .text = ASSUMED("A", "t", "2024-05-22T11:00:00Z")},
        ASKED("A", "t"),
        {.request = "POST /",
         .body = "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fweir"
                 "&RoleSessionName=weir&Version=2011-06-15&WebIdentityToken=rotated",
         .text = ASSUMED("B", "t", "2024-05-22T13:00:00Z")},
        ASKED("B", "t"),
    };
    wire w;
    set_web_identity();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    write_file("token", "rotated");
    w.waited_ms = 56 * MINUTE_MS;
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_what_the_token_service_refuses_is_told(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "POST /",
         .status = 400,
         .text = "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
                 "<Message>of nobody</Message></Error></ErrorResponse>"}};
    set_web_identity();
    ASSERT_REFUSED(STEPS, "the token service gives no credentials: status 400 "
                          "InvalidIdentityToken: of nobody");
}

static void test_answers_of_the_token_service_are_hostile(void **state) {
    (void)state;
    static const char *const TEXTS[] = {"",
                                        "<html/>",
                                        ASSUMED("A", "a\nb", "2024-05-22T11:00:00Z"),
                                        ASSUMED("A", "t", "later"),
                                        ASSUMED("", "t", "2024-05-22T11:00:00Z"),
                                        ASSUMED("A", "t", "2024-05-22T09:00:00Z")};
    for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++) {
        const scripted_step steps[] = {{.request = "POST /", .text = TEXTS[i]}};
        wire w;
        set_web_identity();
        wire_set("AWS_ACCESS_KEY_ID", "");
        wire_set("AWS_SECRET_ACCESS_KEY", "");
        WIRE_OPEN(&w, steps);
        if (get(&w) != E_DENIED)
            fail_msg("%s is taken", TEXTS[i]);
        wire_close(&w);
    }
}

static void test_a_container_is_asked_with_its_token(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = "GET /role/x?y=1",
         .headers = "authorization: Basic abc=",
         .text = DOCUMENT("POD", "t", "2024-05-22T16:00:00Z")},
        ASKED("POD", "t"),
    };
    wire w;
    write_file("token", "Basic abc=\n");
    wire_set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one");
    wire_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token");
    wire_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:{port}/role/x?y=1");
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_a_container_is_asked_at_known_addresses_only(void **state) {
    (void)state;
    static const struct {
        const char *relative, *full, *wanted;
    } ROWS[] = {
        {"/v2/x", "http://ignored.example/", "http://169.254.170.2/v2/x"},
        {NULL, "http://169.254.170.2/v2/x", "http://169.254.170.2/v2/x"},
        {NULL, "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials"},
        {NULL, "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"},
        {NULL, "http://localhost:80/x", "http://localhost:80/x"},
        {NULL, "http://127.9.9.9/x", "http://127.9.9.9/x"},
        {NULL, "http://[::1]:8/x", "http://[::1]:8/x"},
        {NULL, "https://any.example/x", "https://any.example/x"},
        {"@evil.example/", NULL, NULL},
        {NULL, "http://169.254.170.2@evil.example/x", NULL},
        {NULL, "http://127.0.0.1.evil.example/x", NULL},
        {NULL, "http://169.254.170.24/x", NULL},
        {NULL, "http://evil.example/x", NULL},
        {NULL, "http://localhost.evil.example/", NULL},
        {NULL, "ftp://127.0.0.1/x", NULL},
        {NULL, "file:///etc/passwd", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        ARENA_AUTO a = arena_new();
        const char *url = NULL;
        error err = {0};
        wire_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ROWS[i].relative);
        wire_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", ROWS[i].full);
        const metadata_context m = {.environment = wire_get, .arena = a};
        status got = metadata_container_url(&m, &url, &err);
        if (ROWS[i].wanted != NULL)
            assert_string_equal(url, ROWS[i].wanted);
        else if (got != E_DEFINITION)
            fail_msg("%s is taken", ROWS[i].full);
    }
    wire_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", NULL);
    wire_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL);
}

#define ROLES "GET /latest/meta-data/iam/security-credentials/"
#define SESSION                                                                      \
    {                                                                                \
        .request = "PUT /latest/api/token",                                          \
        .headers = "x-aws-ec2-metadata-token-ttl-seconds: 21600", .text = "session=" \
    }

static void set_instance(void) {
    wire_set("AWS_EC2_METADATA_DISABLED", "false");
    wire_set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:{port}/");
}

static void test_an_instance_is_asked_in_a_session(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        SESSION,
        {.request = ROLES,
         .headers = "x-aws-ec2-metadata-token: session=",
         .text = "role-1\nother"},
        {.request = ROLES "role-1", .headers = "x-aws-ec2-metadata-token: session=", .status = 429},
        {.request = ROLES "role-1",
         .headers = "x-aws-ec2-metadata-token: session=",
         .text = DOCUMENT("INSTANCE", "t", "2024-05-22T16:00:00Z")},
        ASKED("INSTANCE", "t"),
    };
    wire w;
    set_instance();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_a_machine_without_a_role_has_no_credentials(void **state) {
    (void)state;
    static const char NONE[] = "no credentials for buckets: nothing in the environment, in profile "
                               "files, or at the metadata services of containers and instances";
    static const scripted_step NO_INSTANCE[] = {
        {.request = "PUT /latest/api/token", .status = 404}};
    static const scripted_step SILENT[] = {
        {.request = "PUT /latest/api/token", .way = SCRIPTED_STALL},
        {.request = "PUT /latest/api/token", .way = SCRIPTED_STALL}};
    static const scripted_step NO_ROLE[] = {SESSION, {.request = ROLES, .status = 404}};
    static const scripted_step ODD[] = {{.request = "PUT /latest/api/token", .text = "a\r\nb: c"}};
    const struct {
        const scripted_step *steps;
        size_t count;
    } rows[] = {{NO_INSTANCE, 1}, {SILENT, 2}, {NO_ROLE, 2}, {ODD, 1}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        set_up(state);
        set_instance();
        assert_refused(rows[i].steps, rows[i].count, NONE);
        tear_down(state);
    }
}

static void test_what_an_instance_refuses_is_told(void **state) {
    (void)state;
    static const struct {
        scripted_step step;
        const char *message;
    } ROWS[] = {
        {{.request = ROLES "r", .text = "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}"},
         "the instance's metadata service gives no credentials: AssumeRoleUnauthorizedAccess"},
        {{.request = ROLES "r", .status = 403},
         "the instance's metadata service gives no credentials: status 403"},
        {{.request = ROLES "r", .text = "<html>"},
         "the instance's metadata service gives something that is no JSON"},
        {{.request = ROLES "r", .text = "{\"AccessKeyId\":1}"},
         "the instance's metadata service gives something that is no credentials"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        const scripted_step steps[] = {SESSION, {.request = ROLES, .text = "r"}, ROWS[i].step};
        set_up(state);
        set_instance();
        ASSERT_REFUSED(steps, ROWS[i].message);
        tear_down(state);
    }
}

static void set_profile(const char *text) {
    write_file("credentials", text);
    wire_set("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    wire_set("AWS_CONFIG_FILE", "config");
    wire_set("AWS_PROFILE", "team");
}

static void test_a_process_tells_credentials(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {ASKED("PROCESS", "t")};
    wire w;
    set_profile("[team]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PROCESS\","
                "\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
                "\"Expiration\":\"2024-05-22T12:00:00+00:00\"}'\n");
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

static void test_a_process_that_fails_is_told_without_what_it_said(void **state) {
    (void)state;
    static const struct {
        const char *command, *message;
    } ROWS[] = {
        {"echo secret; exit 3", "the profile's credential_process ended with 3"},
        {"echo secret", "credential_process gives something that is no JSON"},
        {"echo '{\"Version\":2,\"AccessKeyId\":\"secret\",\"SecretAccessKey\":\"s\"}'",
         "credential_process speaks version 2, not 1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        char text[256];
        set_up(state);
        snprintf(text, sizeof text, "[team]\ncredential_process=%s\n", ROWS[i].command);
        set_profile(text);
        assert_refused(NULL, 0, ROWS[i].message);
        tear_down(state);
    }
}

static void test_what_is_not_supported_is_named(void **state) {
    (void)state;
    static const struct {
        const char *lines, *message;
    } ROWS[] = {
        {"sso_session = corp\n", "profile \"team\" signs in through SSO, which Weir does not do"},
        {"sso_start_url = https://x\n",
         "profile \"team\" signs in through SSO, which Weir does not do"},
        {"role_arn = arn:x\nsource_profile = base\n",
         "profile \"team\" takes on a role by way of another profile, which Weir does not do"},
        {"role_arn = arn:x\ncredential_source = Ec2InstanceMetadata\n",
         "profile \"team\" takes on a role by way of another profile, which Weir does not do"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
        char text[256];
        set_up(state);
        snprintf(text, sizeof text, "[team]\n%s", ROWS[i].lines);
        set_profile(text);
        assert_refused(NULL, 0, ROWS[i].message);
        tear_down(state);
    }
}

#define AGENT "GET /agent"
static void set_agent(void) {
    wire_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:{port}/agent");
}

static void test_old_ones_serve_until_their_end_when_there_are_no_new_ones(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = AGENT, .text = DOCUMENT("OLD", "t", "2024-05-22T10:10:00Z")},
        ASKED("OLD", "t"),
        {.request = AGENT, .status = 403},
        ASKED("OLD", "t"), /* nobody is asked for new ones with each request */
        ASKED("OLD", "t"),
        {.request = AGENT, .status = 403},
    };
    wire w;
    set_agent();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    w.waited_ms = 6 * MINUTE_MS;
    assert_int_equal(get(&w), OK);
    assert_int_equal(get(&w), OK);
    w.waited_ms = 10 * MINUTE_MS;
    assert_int_equal(get(&w), E_DENIED);
    wire_close(&w);
}

static void test_short_lived_ones_are_not_asked_for_with_each_request(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = AGENT, .text = DOCUMENT("A", "t", "2024-05-22T10:02:00Z")},
        ASKED("A", "t"),
        ASKED("A", "t"),
        {.request = AGENT, .text = DOCUMENT("B", "t", "2024-05-22T10:03:00Z")},
        ASKED("B", "t"),
    };
    wire w;
    set_agent();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    assert_int_equal(get(&w), OK);
    w.waited_ms = MINUTE_MS;
    assert_int_equal(get(&w), OK);
    wire_close(&w);
}

/* A job may take long: what it gets lasts longer than what a request needs. */
static void test_the_engine_gets_new_ones_earlier(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {
        {.request = AGENT, .text = DOCUMENT("A", "t", "2024-05-22T10:20:00Z")},
        ASKED("A", "t"),
        {.request = AGENT, .text = DOCUMENT("B", "t", "2024-05-22T11:20:00Z")},
    };
    wire w;
    store_access at = {0};
    set_agent();
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), OK);
    w.waited_ms = MINUTE_MS;
    assert_int_equal(STORE_S3.access(w.s3, w.arena, &at, &w.err), OK);
    assert_string_equal(at.access_key, "B");
    assert_string_equal(at.token, "t");
    wire_close(&w);
}

static void test_an_ended_token_is_told_as_that(void **state) {
    (void)state;
    static const scripted_step STEPS[] = {{.request = "GET /bucket/lake/a",
                                           .status = 400,
                                           .text = "<Error><Code>ExpiredToken</Code></Error>"}};
    wire w;
    wire_set("AWS_ACCESS_KEY_ID", "key");
    wire_set("AWS_SECRET_ACCESS_KEY", "secret");
    wire_set("AWS_SESSION_TOKEN", "t");
    WIRE_OPEN(&w, STEPS);
    assert_int_equal(get(&w), E_DENIED);
    assert_string_equal(w.err.hint, "The session token has ended: get a new one, or name a source "
                                    "of credentials that renews them (doc/buckets.md).");
    wire_close(&w);
}

int main(void) {
#define WITH_FOLDER(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_half_a_key_is_told),
        WITH_FOLDER(test_a_value_that_is_no_header_is_refused),
        WITH_FOLDER(test_a_web_identity_is_exchanged_for_a_role),
        WITH_FOLDER(test_the_identity_is_read_anew_each_time),
        WITH_FOLDER(test_what_the_token_service_refuses_is_told),
        WITH_FOLDER(test_answers_of_the_token_service_are_hostile),
        WITH_FOLDER(test_a_container_is_asked_with_its_token),
        cmocka_unit_test(test_a_container_is_asked_at_known_addresses_only),
        WITH_FOLDER(test_an_instance_is_asked_in_a_session),
        cmocka_unit_test(test_a_machine_without_a_role_has_no_credentials),
        cmocka_unit_test(test_what_an_instance_refuses_is_told),
        WITH_FOLDER(test_a_process_tells_credentials),
        cmocka_unit_test(test_a_process_that_fails_is_told_without_what_it_said),
        cmocka_unit_test(test_what_is_not_supported_is_named),
        WITH_FOLDER(test_old_ones_serve_until_their_end_when_there_are_no_new_ones),
        WITH_FOLDER(test_short_lived_ones_are_not_asked_for_with_each_request),
        WITH_FOLDER(test_the_engine_gets_new_ones_earlier),
        WITH_FOLDER(test_an_ended_token_is_told_as_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
