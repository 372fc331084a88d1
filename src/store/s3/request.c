#include "store/s3/s3.h"

#include "base/hash.h"
#include "base/number.h"
#include "base/path.h"
#include "store/s3/date.h"
#include "store/s3/sign.h"
#include "store/s3/xml.h"

#include <inttypes.h>

enum { US_PER_MS = 1000, RETRY_AFTER_MAX_S = 3600 };

struct s3_pending {
    s3 *s3;
    s3_request request;
    const char *doing;
    arena *arena;
    http_call *call;  /* under way; NULL: over */
    int number;       /* of the attempt, 1 for the first */
    bool is_doubtful; /* an attempt may have done what is asked, and nobody knows */
    int64_t began_us;
};

char *s3_full_key(const s3 *s, arena *a, const char *key) {
    return arena_printf(a, "%s%s", s->place.prefix, key);
}

char *s3_url(void *state, arena *a, const char *key) {
    const s3 *s = state;
    return arena_printf(a, "s3://%s/%s%s", s->place.bucket, s->place.prefix, key);
}

static const char *host_of(const s3 *s, arena *a) {
    const char *host = s->config.endpoint.host;
    return s->config.path_style ? host : arena_printf(a, "%s.%s", s->place.bucket, host);
}

static char *path_of(const s3 *s, const s3_request *r, arena *a) {
    buf path = buf_new(a);
    if (s->config.path_style)
        buf_printf(&path, "/%s", s->place.bucket);
    if (r->key != NULL)
        buf_printf(&path, "/%s", s3_encode(a, r->key, true));
    if (path.size == 0)
        buf_char(&path, '/');
    return path.text;
}

static void add_header(arena *a, s3_pairs *headers, const char *name, const char *value) {
    vec_push(a, headers, ((s3_pair){name, value}));
}

/* The request as it is sent, signed for now. */
static status build(const s3_pending *p, http_request *ret, error *err) {
    s3 *s = p->s3;
    arena *a = p->arena;
    const s3_request *r = &p->request;
    const s3_credentials *who = NULL;
    int64_t now_us = clock_now_us(s->clock);
    TRY(s3_chain_get(s->chain, S3_FOR_REQUEST_S, &who, err));
    char *sha256 = arena_alloc(a, SHA256_TEXT_SIZE), *date = arena_alloc(a, S3_DATE_SIZE);
    sha256_text(r->body, r->body_size, sha256);
    s3_date(now_us, date);
    const char *host = host_of(s, a), *path = path_of(s, r, a);
    const char *query = s3_canonical_query(a, &r->query);
    s3_pairs headers = {0};
    for (size_t i = 0; i < r->headers.count; i++)
        vec_push(a, &headers, r->headers.items[i]);
    add_header(a, &headers, "host", host);
    add_header(a, &headers, "x-amz-content-sha256", sha256);
    add_header(a, &headers, "x-amz-date", date);
    if (who->token != NULL)
        add_header(a, &headers, "x-amz-security-token", arena_strdup(a, who->token));
    const s3_to_sign what = {r->method,        path, query,           &headers,       sha256, date,
                             s->config.region, "s3", who->access_key, who->secret_key};
    add_header(a, &headers, "authorization", s3_authorization(&what, a));
    *ret = (http_request){.method = r->method,
                          .url = arena_printf(a, "%s://%s%s%s%s",
                                              s->config.endpoint.tls ? "https" : "http", host, path,
                                              query[0] == '\0' ? "" : "?", query),
                          .headers = headers,
                          .body = r->body,
                          .body_size = r->body_size,
                          .reply_max = r->reply_max != 0 ? r->reply_max : S3_REPLY_MAX,
                          .sink = r->sink,
                          .sink_state = r->sink_state};
    return OK;
}

static status send(s3_pending *p, error *err) {
    http_request request = {0};
    TRY(build(p, &request, err));
    if (p->request.sink != NULL)
        p->request.sink_restart(p->request.sink_state);
    p->call = http_begin(p->s3->http, &request, p->arena);
    p->s3->requests++;
    p->number++;
    return OK;
}

void s3_drop(s3_pending *p) {
    if (p == NULL)
        return;
    http_drop(p->call);
    p->call = NULL;
}

/* RFC 9110, 10.2.3: seconds, or a date. */
static int64_t retry_after_ms(const s3 *s, const http_reply *reply) {
    const char *told = http_header(reply, "retry-after");
    int64_t seconds = 0, date_us = 0;
    if (told == NULL)
        return 0;
    if (s3_http_date(told, &date_us))
        seconds = (date_us - clock_now_us(s->clock)) / 1000000;
    else if (!number_int64(told, &seconds))
        return 0;
    if (seconds < 0)
        return 0;
    return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000;
}

static bool is_good(const http_reply *reply) {
    return reply->end == S3_ANSWERED && reply->status >= 200 && reply->status < 300;
}

/* Some calls answer 200 before they are done, and tell in the body that they failed. */
static bool lacks_proof(const s3_pending *p, const http_reply *reply) {
    return p->request.need != NULL && is_good(reply)
           && xml_text(reply->body, reply->body_size, p->request.need, p->arena) == NULL;
}

static s3_verdict judge(const s3_pending *p, const http_reply *reply) {
    uint32_t random = 0;
    clock_random(p->s3->clock, &random, sizeof random);
    const s3_attempt attempt = {
        .end = reply->end,
        .http_status = lacks_proof(p, reply) ? 500 : reply->status,
        .is_conditional = p->request.write_id != NULL,
        .retry_after_ms = retry_after_ms(p->s3, reply),
        .number = p->number,
        .elapsed_ms = (clock_monotonic_us(p->s3->clock) - p->began_us) / US_PER_MS,
        .random = random,
    };
    return s3_judge(&attempt, &p->s3->config.budget);
}

static status kind_of(const http_reply *reply, const char *code) {
    if (str_eq(code, "NoSuchBucket"))
        return E_IO;
    if (str_eq(code, "ExpiredToken"))
        return E_DENIED;
    switch (reply->status) {
    case 401:
    case 403:
        return E_DENIED;
    case 404:
        return E_NOT_FOUND;
    case 412:
        return E_EXISTS;
    case 507:
        return E_FULL;
    default:
        return E_IO;
    }
}

static void hint(const s3_pending *p, const http_reply *reply, const char *code, error *err) {
    const char *region = http_header(reply, "x-amz-bucket-region");
    if (region != NULL && !str_eq(region, p->s3->config.region) && reply->status != 404)
        error_hint(err, "The bucket is in another region: set AWS_REGION=%s.", region);
    else if (str_eq(code, "NoSuchBucket"))
        error_hint(err, "Make the bucket, or correct its name in lake.yaml.");
    else if (str_eq(code, "ExpiredToken"))
        error_hint(err, "The session token has ended: get a new one, or name a source of "
                        "credentials that renews them (doc/buckets.md).");
    else if (str_eq(code, "RequestTimeTooSkewed"))
        error_hint(err, "Set this machine's clock.");
    else if (reply->status == 401 || reply->status == 403)
        error_hint(err, "Check whose credentials these are and what they may do with the bucket.");
    else if (reply->status == 507)
        error_hint(err, "Make room in the bucket, then run again.");
}

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

/* No time heals it, and nothing was sent that is secret. */
static status refuse_untrusted(const s3_pending *p, const char *what, error *err) {
    const char *file = p->s3->config.ca_file;
    if (file != NULL && !file_exists(file)) {
        error_set(err, E_DENIED, "%s: cannot use the certificates in \"%s\"", what, file);
        error_hint(err, "AWS_CA_BUNDLE or the profile's ca_bundle names it: a file in PEM form.");
        return E_DENIED;
    }
    error_set(err, E_DENIED, "%s: the certificate of \"%s\" is not trusted", what,
              host_of(p->s3, p->arena));
    error_hint(err, "Name the file with its authority's certificate in AWS_CA_BUNDLE.");
    return E_DENIED;
}

static status refuse(const s3_pending *p, const http_reply *reply, error *err) {
    arena *a = p->arena;
    const char *what = arena_printf(a, "cannot %s \"s3://%s/%s\"", p->doing, p->s3->place.bucket,
                                    p->request.key != NULL ? p->request.key : p->s3->place.prefix);
    if (reply->is_too_large)
        return error_set(err, E_DATA, "%s: larger than %zu bytes", what, p->request.reply_max);
    if (reply->is_untrusted)
        return refuse_untrusted(p, what, err);
    if (reply->end != S3_ANSWERED) {
        error_set(err, E_IO, "%s: %s", what, reply->problem);
        error_hint(err, "Is \"%s\" the right address, and is it up? Tried %d times.",
                   host_of(p->s3, a), p->number);
        return E_IO;
    }
    const char *code = or_empty(xml_text(reply->body, reply->body_size, "Error/Code", a));
    const char *text = or_empty(xml_text(reply->body, reply->body_size, "Error/Message", a));
    status kind = kind_of(reply, code);
    error_set(err, kind, "%s: status %d%s%s%s%s", what, reply->status, code[0] == '\0' ? "" : " ",
              str_printable(a, code), text[0] == '\0' ? "" : ": ", str_printable(a, text));
    hint(p, reply, code, err);
    return kind;
}

static void wait_ms(const s3_pending *p, int64_t ms) {
    http_go_on(p->s3->http);
    clock_wait(p->s3->clock, ms);
}

/* Where the reply was too large, its reader has had enough, or the other end is not who it should
 * be, sending again changes nothing. */
static bool is_settled(const http_reply *reply) {
    return reply->is_too_large || reply->is_refused || reply->is_untrusted;
}

static status begin_at(s3 *s, const s3_request *request, const char *doing, arena *a,
                       int64_t began_us, s3_pending **ret, error *err) {
    s3_pending *p = ARENA_NEW(a, s3_pending);
    *p = (s3_pending){
        .s3 = s, .request = *request, .doing = doing, .arena = a, .began_us = began_us};
    TRY(send(p, err));
    *ret = p;
    return OK;
}

/* Is what may have been written there, and is it ours? OK: it is. E_EXISTS: somebody else's is.
 * E_NOT_FOUND: nothing is there. The time that this takes counts as the write's own. */
static status examine(const s3_pending *p, error *err) {
    ARENA_AUTO a = arena_new();
    http_reply *reply = NULL;
    s3_pending *looking = NULL;
    const s3_request look = {.method = "HEAD", .key = p->request.key};
    TRY(begin_at(p->s3, &look, "look at", a, p->began_us, &looking, err));
    TRY(s3_finish(looking, &reply, err));
    const char *whose = http_header(reply, S3_META_WRITE);
    if (whose != NULL && str_eq(whose, p->request.write_id))
        return OK;
    return error_set(err, E_EXISTS, "cannot write \"s3://%s/%s\": it is there already",
                     p->s3->place.bucket, p->request.key);
}

/* A write that says it is too late may have been overtaken by itself: libcurl, too, sends again
 * what ends on a connection that was used before. */
static bool is_in_doubt(const s3_pending *p, const http_reply *reply, s3_action action) {
    if (p->request.write_id == NULL)
        return false;
    bool collided = reply->end == S3_ANSWERED && (reply->status == 412 || reply->status == 404);
    bool lost = action == S3_EXAMINE || (action == S3_GIVE_UP && reply->end != S3_UNSENT);
    return p->is_doubtful || collided || lost;
}

/* After an attempt that has not succeeded. *ret_again: send once more. */
static status settle(s3_pending *p, const http_reply *reply, bool *ret_again, error *err) {
    s3_verdict verdict = {.action = S3_GIVE_UP};
    if (!is_settled(reply))
        verdict = judge(p, reply);
    bool is_over = verdict.action == S3_TAKE || verdict.action == S3_GIVE_UP;
    p->is_doubtful = is_in_doubt(p, reply, verdict.action);
    if (!is_over)
        wait_ms(p, verdict.wait_ms);
    if (p->is_doubtful) {
        status looked = examine(p, err);
        bool is_free = looked == E_NOT_FOUND || (looked == E_EXISTS && !p->request.if_absent);
        if (!is_free)
            return looked;
    }
    *ret_again = !is_over;
    return is_over ? refuse(p, reply, err) : OK;
}

status s3_finish(s3_pending *p, http_reply **ret, error *err) {
    for (;;) {
        http_reply *reply = http_wait(p->call);
        p->call = NULL;
        *ret = reply;
        if (is_good(reply) && !lacks_proof(p, reply))
            return OK;
        bool again = false;
        status settled = settle(p, reply, &again, err);
        if (!again)
            return settled;
        TRY(send(p, err));
    }
}

status s3_begin(s3 *s, const s3_request *request, const char *doing, arena *a, s3_pending **ret,
                error *err) {
    return begin_at(s, request, doing, a, clock_monotonic_us(s->clock), ret, err);
}

status s3_call(s3 *s, const s3_request *request, const char *doing, arena *a, http_reply **ret,
               error *err) {
    s3_pending *p = NULL;
    TRY(s3_begin(s, request, doing, a, &p, err));
    return s3_finish(p, ret, err);
}
