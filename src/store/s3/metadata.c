#include "store/s3/metadata.h"

#include "base/json.h"
#include "base/number.h"
#include "base/path.h"
#include "base/process.h"
#include "store/s3/xml.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <unistd.h>

enum {
    REPLY_MAX = 256 * 1024,
    TOKEN_MAX = 64 * 1024,
    CALL_MS = 5000,
    PROBE_MS = 1000, /* nobody may be there: not on each laptop ten seconds */
    TRIES = 3,
    SILENT_TRIES = 2,
    WAIT_MS = 100, /* doubled each time */
};

static const char STS[] = "the token service";
static const char CONTAINER[] = "the container's metadata service";
static const char INSTANCE[] = "the instance's metadata service";

static const char *value_of(const metadata_context *m, const char *name) {
    const char *value = m->environment(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Until it is answered, or silence was met so often: nobody may be there. */
static http_reply *ask(const metadata_context *m, const http_request *request, int silent_max) {
    for (int i = 1;; i++) {
        http_reply *reply = http_wait(http_begin(m->http, request, m->arena));
        bool answered = reply->end == S3_ANSWERED;
        bool may_pass = answered ? reply->status >= 500 || reply->status == 429
                                 : !reply->is_untrusted && !reply->is_too_large;
        if (!may_pass || i >= (answered ? TRIES : silent_max))
            return reply;
        clock_wait(m->clock, (int64_t)WAIT_MS << i);
    }
}

static status refuse(const char *who, const char *what, error *err) {
    error_set(err, E_DENIED, "%s gives %s", who, what);
    error_hint(err,
               "Mend it, or name other credentials (doc/buckets.md tells where they are looked "
               "for).");
    return E_DENIED;
}

static status refuse_reply(const metadata_context *m, const char *who, const http_reply *reply,
                           error *err) {
    arena *a = m->arena;
    if (reply->end != S3_ANSWERED)
        return refuse(who, arena_printf(a, "no credentials: %s", reply->problem), err);
    const char *code = xml_text(reply->body, reply->body_size, "ErrorResponse/Error/Code", a);
    const char *text = xml_text(reply->body, reply->body_size, "ErrorResponse/Error/Message", a);
    return refuse(who,
                  arena_printf(a, "no credentials: status %d%s%s%s%s", reply->status,
                               code != NULL ? " " : "", str_printable(a, code != NULL ? code : ""),
                               text != NULL ? ": " : "",
                               str_printable(a, text != NULL ? text : "")),
                  err);
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
        return refuse(who, "something that is no JSON", err);
    const char *code = json_get_string(document, "Code", "Success");
    if (!str_eq(code, "Success"))
        return refuse(
            who, arena_printf(m->arena, "no credentials: %s", str_printable(m->arena, code)), err);
    const char *token = json_get_string(document, "Token", NULL);
    if (token == NULL)
        token = json_get_string(document, "SessionToken", NULL);
    const char *access_key = json_get_string(document, "AccessKeyId", NULL);
    const char *secret_key = json_get_string(document, "SecretAccessKey", NULL);
    const char *expires = json_get_string(document, "Expiration", NULL);
    if (access_key == NULL || secret_key == NULL
        || (expires != NULL && !number_time(expires, &expires_us)))
        return refuse(who, "something that is no credentials", err);
    *ret = (s3_credentials){.access_key = arena_strdup(m->arena, access_key),
                            .secret_key = arena_strdup(m->arena, secret_key),
                            .token = arena_strdup(m->arena, token),
                            .expires_us = expires_us};
    return OK;
}

static const char *sts_url(const metadata_context *m) {
    const char *named = value_of(m, "AWS_ENDPOINT_URL_STS");
    if (named == NULL)
        named = value_of(m, "AWS_ENDPOINT_URL");
    return named != NULL
               ? named
               : arena_printf(m->arena, "https://sts.%s.%s/", m->region, s3_domain(m->region));
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
            return refuse(STS, arena_printf(m->arena, "no credentials: no %s", NAMES[i]), err);
    }
    int64_t expires_us = 0;
    if (!number_time(values[3], &expires_us))
        return refuse(STS,
                      arena_printf(m->arena, "credentials that end at \"%s\"",
                                   str_printable(m->arena, values[3])),
                      err);
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
    const http_reply *reply = ask(m, &request, TRIES);
    return is_good(reply) ? read_assumed(m, reply, ret, err) : refuse_reply(m, STS, reply, err);
}

static status check_version(const char *text, size_t size, error *err) {
    JSON_AUTO document = NULL;
    if (json_parse(text, size, "", &document, NULL) != OK)
        return OK; /* told by who reads it */
    int64_t version = json_get_int(document, "Version", 1);
    if (version == 1)
        return OK;
    error_set(err, E_DENIED, "credential_process speaks version %" PRId64 ", not 1", version);
    error_hint(err, "Is there a newer Weir?");
    return E_DENIED;
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
    if (code != 0) {
        error_set(err, E_DENIED, "the profile's credential_process ended with %d", code);
        error_hint(err, "Run its command by hand.");
        return E_DENIED;
    }
    TRY(check_version(text, size, err));
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

/* The host of an URL that begins with this scheme, as far as it goes; "" for another scheme, or
 * where somebody is named before it. */
static const char *host_of(const metadata_context *m, const char *url, const char *scheme) {
    if (!str_starts(url, scheme))
        return "";
    const char *host = url + strlen(scheme);
    size_t size = strcspn(host, "/?#");
    if (memchr(host, '@', size) != NULL || memchr(host, '\\', size) != NULL)
        return "";
    if (host[0] == '[')
        return arena_strndup(m->arena, host, strcspn(host, "]"));
    return arena_strndup(m->arena, host, strcspn(host, ":/?#"));
}

/* What is sent there is not to be seen on a network, nor taken from one. */
static bool is_near(const char *host) {
    static const char *const NEAR[] = {"localhost", "[::1", "169.254.170.2", "169.254.170.23",
                                       "[fd00:ec2::23"};
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 && str_starts(host, "127."))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(NEAR); i++)
        if (str_eq(host, NEAR[i]))
            return true;
    return false;
}

status metadata_container_url(const metadata_context *m, const char **ret, error *err) {
    const char *relative = value_of(m, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = value_of(m, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    *ret = NULL;
    if (relative == NULL && full == NULL)
        return OK;
    if (relative != NULL)
        full = arena_printf(m->arena, "http://169.254.170.2%s", relative);
    if (is_near(host_of(m, full, "http://")) || host_of(m, full, "https://")[0] != '\0') {
        *ret = full;
        return OK;
    }
    error_set(err, E_DEFINITION, "\"%s\" is no place to ask for a container's credentials",
              str_printable(m->arena, relative != NULL ? relative : full));
    error_hint(err,
               "AWS_CONTAINER_CREDENTIALS_FULL_URI is https://…, or http:// of this machine or "
               "of ECS and EKS; …_RELATIVE_URI begins with '/'.");
    return E_DEFINITION;
}

/* Controls would end the header that it is for. */
static bool is_header(const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7F')
            return false;
    return true;
}

status metadata_container(const metadata_context *m, s3_credentials *ret, error *err) {
    const char *token = NULL, *url = NULL;
    TRY(metadata_container_url(m, &url, err));
    if (url == NULL)
        return OK;
    TRY(read_token_file(m, &token, err));
    http_request request = {
        .method = "GET", .url = url, .reply_max = REPLY_MAX, .whole_ms = CALL_MS, .direct = true};
    if (token != NULL && !is_header(token))
        return refuse("AWS_CONTAINER_AUTHORIZATION_TOKEN", "no token", err);
    if (token != NULL)
        vec_push(m->arena, &request.headers, ((s3_pair){"authorization", token}));
    const http_reply *reply = ask(m, &request, TRIES);
    return is_good(reply) ? read_document(m, reply->body, reply->body_size, CONTAINER, ret, err)
                          : refuse_reply(m, CONTAINER, reply, err);
}

static const char *instance_base(const metadata_context *m) {
    const char *named = value_of(m, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = value_of(m, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (named != NULL)
        return arena_strndup(m->arena, named, strlen(named) - (str_ends(named, "/") ? 1 : 0));
    bool is_six = mode != NULL && str_eq(str_lower(m->arena, mode), "ipv6");
    return is_six ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

static const http_reply *ask_instance(const metadata_context *m, const char *method,
                                      const char *path, s3_pair header) {
    http_request request = {.method = method,
                            .url = arena_printf(m->arena, "%s%s", instance_base(m), path),
                            .reply_max = REPLY_MAX,
                            .whole_ms = PROBE_MS,
                            .direct = true};
    vec_push(m->arena, &request.headers, header);
    return ask(m, &request, SILENT_TRIES);
}

status metadata_instance(const metadata_context *m, s3_credentials *ret, error *err) {
    static const char ROLES[] = "/latest/meta-data/iam/security-credentials/";
    const char *disabled = value_of(m, "AWS_EC2_METADATA_DISABLED");
    if (disabled != NULL && str_eq(str_lower(m->arena, disabled), "true"))
        return OK;
    const http_reply *reply = ask_instance(
        m, "PUT", "/latest/api/token", (s3_pair){"x-aws-ec2-metadata-token-ttl-seconds", "21600"});
    if (!is_good(reply) || !is_header(reply->body)) /* this machine is no instance */
        return OK;
    const s3_pair token = {"x-aws-ec2-metadata-token", reply->body};
    reply = ask_instance(m, "GET", ROLES, token);
    if (!is_good(reply)) /* an instance without a role */
        return OK;
    const char *role = arena_strndup(m->arena, reply->body, strcspn(reply->body, "\r\n"));
    reply = ask_instance(
        m, "GET", arena_printf(m->arena, "%s%s", ROLES, s3_encode(m->arena, role, false)), token);
    return is_good(reply) ? read_document(m, reply->body, reply->body_size, INSTANCE, ret, err)
                          : refuse_reply(m, INSTANCE, reply, err);
}
