#include "store/s3/metadata.h"

#include "base/json.h"
#include "base/number.h"
#include "base/path.h"
#include "base/process.h"
#include "store/s3/xml.h"

#include <unistd.h>

enum {
    REPLY_MAX = 256 * 1024,
    TOKEN_MAX = 64 * 1024,
    CALL_MS = 5000,
    PROBE_MS = 1000, /* nobody may be there: not on each laptop ten seconds */
    TRIES = 3,
};

static const char *value_of(const metadata_context *m, const char *name) {
    const char *value = m->environment(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Without a good answer *ret is the last one. */
static http_reply *ask(const metadata_context *m, const http_request *request) {
    http_reply *reply = NULL;
    for (int i = 0; i < TRIES; i++) {
        reply = http_wait(http_begin(m->http, request, m->arena));
        if (reply->end == S3_ANSWERED && reply->status < 500)
            break;
        if (reply->end == S3_UNSENT)
            break;
    }
    return reply;
}

static status refuse(const char *who, const http_reply *reply, error *err) {
    if (reply->end != S3_ANSWERED)
        return error_set(err, E_DENIED, "%s gives no credentials: %s", who, reply->problem);
    return error_set(err, E_DENIED, "%s gives no credentials: status %d", who, reply->status);
}

static bool is_good(const http_reply *reply) {
    return reply->end == S3_ANSWERED && reply->status == 200;
}

/* Container, instance and process tell the same document, with two words for the token. */
static status read_document(const metadata_context *m, const char *text, size_t size,
                            const char *who, s3_credentials *ret, error *err) {
    JSON_AUTO document = NULL;
    int64_t expires_us = 0;
    if (json_parse(text, size, who, &document, NULL) != OK)
        return error_set(err, E_DENIED, "%s gives something that is no JSON", who);
    const char *token = json_get_string(document, "Token", NULL);
    if (token == NULL)
        token = json_get_string(document, "SessionToken", NULL);
    const char *access_key = json_get_string(document, "AccessKeyId", NULL);
    const char *secret_key = json_get_string(document, "SecretAccessKey", NULL);
    const char *expires = json_get_string(document, "Expiration", NULL);
    if (access_key == NULL || secret_key == NULL
        || (expires != NULL && !number_time(expires, &expires_us)))
        return error_set(err, E_DENIED, "%s gives something that is no credentials", who);
    *ret = (s3_credentials){.access_key = arena_strdup(m->arena, access_key),
                            .secret_key = arena_strdup(m->arena, secret_key),
                            .token = arena_strdup(m->arena, token),
                            .expires_us = expires_us};
    return OK;
}

static const char *sts_url(const metadata_context *m) {
    const char *named = value_of(m, "AWS_ENDPOINT_URL_STS");
    return named != NULL ? named
                         : arena_printf(m->arena, "https://sts.%s.amazonaws.com/", m->region);
}

static status read_assumed(const metadata_context *m, const http_reply *reply, s3_credentials *ret,
                           error *err) {
    static const char TOP[] = "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/"
                              "Credentials/";
    static const char *const NAMES[] = {"AccessKeyId", "SecretAccessKey", "SessionToken",
                                        "Expiration"};
    char *values[ARRAY_SIZE(NAMES)];
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
        const char *path = arena_printf(m->arena, "%s%s", TOP, NAMES[i]);
        values[i] = xml_text(reply->body, reply->body_size, path, m->arena);
        if (values[i] == NULL)
            return error_set(err, E_DENIED, "the token service gives no credentials: no %s",
                             NAMES[i]);
    }
    int64_t expires_us = 0;
    if (!number_time(values[3], &expires_us))
        return error_set(err, E_DENIED, "the token service gives credentials that end at \"%s\"",
                         values[3]);
    *ret = (s3_credentials){values[0], values[1], values[2], expires_us};
    return OK;
}

status metadata_web_identity(const metadata_context *m, const char *token_file, const char *role,
                             const char *session, s3_credentials *ret, error *err) {
    char *token = NULL;
    TRY(file_read(token_file, TOKEN_MAX, m->arena, &token, NULL, err));
    token[strcspn(token, "\r\n")] = '\0';
    s3_pairs form = {0};
    vec_push(m->arena, &form, ((s3_pair){"Action", "AssumeRoleWithWebIdentity"}));
    vec_push(m->arena, &form, ((s3_pair){"Version", "2011-06-15"}));
    vec_push(m->arena, &form, ((s3_pair){"RoleArn", role}));
    vec_push(m->arena, &form, ((s3_pair){"RoleSessionName", session != NULL ? session : "weir"}));
    vec_push(m->arena, &form, ((s3_pair){"WebIdentityToken", token}));
    const char *body = s3_canonical_query(m->arena, &form);
    http_request request = {.method = "POST",
                            .url = sts_url(m),
                            .body = body,
                            .body_size = strlen(body),
                            .reply_max = REPLY_MAX,
                            .whole_ms = CALL_MS};
    vec_push(m->arena, &request.headers,
             ((s3_pair){"content-type", "application/x-www-form-urlencoded"}));
    const http_reply *reply = ask(m, &request);
    return is_good(reply) ? read_assumed(m, reply, ret, err)
                          : refuse("the token service", reply, err);
}

status metadata_process(const metadata_context *m, const char *command, s3_credentials *ret,
                        error *err) {
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    const process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    char *text = NULL;
    size_t size = 0;
    int code = 1;
    TRY(process_start(&options, &p, err));
    status read = file_read_fd(p.stdout_fd, "what credential_process says", REPLY_MAX, m->arena,
                               &text, &size, err);
    status waited = process_wait(&p, &code, read == OK ? err : NULL);
    TRY(read);
    TRY(waited);
    if (code != 0)
        return error_set(err, E_DENIED, "the profile's credential_process ended with %d", code);
    return read_document(m, text, size, "credential_process", ret, err);
}

static status read_token_file(const metadata_context *m, const char **ret, error *err) {
    const char *file = value_of(m, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    char *text = NULL;
    *ret = value_of(m, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (file == NULL)
        return OK;
    TRY(file_read(file, TOKEN_MAX, m->arena, &text, NULL, err));
    text[strcspn(text, "\r\n")] = '\0';
    *ret = text;
    return OK;
}

status metadata_container(const metadata_context *m, s3_credentials *ret, error *err) {
    const char *relative = value_of(m, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = value_of(m, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *token = NULL;
    if (relative == NULL && full == NULL)
        return OK;
    TRY(read_token_file(m, &token, err));
    http_request request = {.method = "GET", .reply_max = REPLY_MAX, .whole_ms = CALL_MS};
    request.url =
        relative != NULL ? arena_printf(m->arena, "http://169.254.170.2%s", relative) : full;
    if (token != NULL)
        vec_push(m->arena, &request.headers, ((s3_pair){"authorization", token}));
    const http_reply *reply = ask(m, &request);
    if (!is_good(reply))
        return refuse("the container's metadata service", reply, err);
    return read_document(m, reply->body, reply->body_size, "the container's metadata service", ret,
                         err);
}

static const http_reply *ask_instance(const metadata_context *m, const char *method,
                                      const char *path, s3_pair header) {
    const char *base = value_of(m, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    http_request request = {.method = method, .reply_max = REPLY_MAX, .whole_ms = PROBE_MS};
    if (base == NULL)
        base = "http://169.254.169.254";
    size_t size = strlen(base);
    size -= size > 0 && base[size - 1] == '/';
    request.url = arena_printf(m->arena, "%.*s%s", (int)size, base, path);
    vec_push(m->arena, &request.headers, header);
    return ask(m, &request);
}

status metadata_instance(const metadata_context *m, s3_credentials *ret, error *err) {
    static const char ROLES[] = "/latest/meta-data/iam/security-credentials/";
    const char *disabled = value_of(m, "AWS_EC2_METADATA_DISABLED");
    if (disabled != NULL && str_eq(str_lower(m->arena, disabled), "true"))
        return OK;
    const http_reply *reply = ask_instance(
        m, "PUT", "/latest/api/token", (s3_pair){"x-aws-ec2-metadata-token-ttl-seconds", "21600"});
    if (!is_good(reply)) /* this machine is no instance */
        return OK;
    const s3_pair token = {"x-aws-ec2-metadata-token", reply->body};
    reply = ask_instance(m, "GET", ROLES, token);
    if (!is_good(reply)) /* an instance without a role */
        return OK;
    const char *role = arena_strndup(m->arena, reply->body, strcspn(reply->body, "\r\n"));
    reply = ask_instance(m, "GET", arena_printf(m->arena, "%s%s", ROLES, role), token);
    if (!is_good(reply))
        return refuse("the instance's metadata service", reply, err);
    return read_document(m, reply->body, reply->body_size, "the instance's metadata service", ret,
                         err);
}
