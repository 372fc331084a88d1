#include "store/s3/http.h"

#include "base/clock.h"
#include "store/s3/curl.h"

#include <inttypes.h>

enum { HEADERS_MAX = 100, ERROR_TEXT_MAX = 64 * 1024, POLL_MS = 1000, US_PER_MS = 1000 };

struct http_client {
    curl_calls curl;
    CURLM *multi;
    http_limits limits;
};

struct http_call {
    http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    http_request request;
    http_reply reply;
    buf body;
    arena *arena;
    int64_t moved; /* bytes, either way */
    bool done;
    CURLcode code; /* once done */
};

status http_open(const http_limits *limits, http_client **ret, error *err) {
    http_client *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    status result = curl_load(&c->curl, err);
    if (result != OK) {
        free(c);
        return result;
    }
    c->limits = *limits;
    c->multi = c->curl.multi_init();
    ASSERT(c->multi != NULL);
    *ret = c;
    return OK;
}

void http_close(http_client *c) {
    if (c == NULL)
        return;
    c->curl.multi_cleanup(c->multi);
    free(c);
}

static size_t take_header(char *bytes, size_t size, size_t count, void *state) {
    http_call *call = state;
    if (size * count > strlen("HTTP/") && memcmp(bytes, "HTTP/", strlen("HTTP/")) == 0) {
        call->reply.headers.count = 0; /* of the last answer: others only say "go on" */
        return count;
    }
    if (call->reply.headers.count >= HEADERS_MAX)
        return count;
    char *line = arena_strndup(call->arena, bytes, size * count);
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return count;
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    value = arena_strndup(call->arena, value, strcspn(value, "\r\n"));
    vec_push(call->arena, &call->reply.headers, ((s3_pair){str_lower(call->arena, line), value}));
    return count;
}

static bool is_success(http_call *call) {
    long code = 0;
    call->client->curl.easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &code);
    return code >= 200 && code < 300;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *state) {
    http_call *call = state;
    size_t total = size * count;
    if (!is_success(call)) /* what is cut of an error's text is not missed */
        buf_add_bytes(&call->body, bytes, call->body.size + total > ERROR_TEXT_MAX ? 0 : total);
    else if (call->request.sink != NULL)
        call->reply.is_refused = !call->request.sink(call->request.sink_state, bytes, total);
    else if (total > call->request.reply_max - call->body.size)
        call->reply.is_too_large = true;
    else
        buf_add_bytes(&call->body, bytes, total);
    return call->reply.is_refused || call->reply.is_too_large ? 0 : total;
}

/* Headers that libcurl would add by itself and that nobody signed are left out. */
static void set_headers(http_call *call) {
    const curl_calls *curl = &call->client->curl;
    static const char *const UNWANTED[] = {"accept:", "expect:", "content-type:"};
    for (size_t i = 0; i < ARRAY_SIZE(UNWANTED); i++)
        call->headers = curl->slist_append(call->headers, UNWANTED[i]);
    for (size_t i = 0; i < call->request.headers.count; i++) {
        const s3_pair *h = &call->request.headers.items[i];
        char *line = h->value[0] == '\0' ? arena_printf(call->arena, "%s;", h->name)
                                         : arena_printf(call->arena, "%s: %s", h->name, h->value);
        call->headers = curl->slist_append(call->headers, line);
    }
    curl->easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_body(http_call *call) {
    const curl_calls *curl = &call->client->curl;
    const http_request *r = &call->request;
    if (str_eq(r->method, "HEAD")) {
        curl->easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (r->body != NULL) {
        curl->easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_size);
        curl->easy_setopt(call->easy, CURLOPT_POSTFIELDS, r->body);
    }
    curl->easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, r->method);
}

static int take_progress(void *state, curl_off_t in_all, curl_off_t in, curl_off_t out_all,
                         curl_off_t out) {
    (void)in_all;
    (void)out_all;
    http_call *call = state;
    call->moved = in + out;
    return 0;
}

static void set_limits(http_call *call) {
    const curl_calls *curl = &call->client->curl;
    const http_limits *l = &call->client->limits;
    curl->easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)l->connect_ms);
    curl->easy_setopt(call->easy, CURLOPT_NOPROGRESS, 0L);
    curl->easy_setopt(call->easy, CURLOPT_XFERINFOFUNCTION, take_progress);
    curl->easy_setopt(call->easy, CURLOPT_XFERINFODATA, call);
    curl->easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)call->request.whole_ms);
    curl->easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(call->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(call->easy, CURLOPT_PATH_AS_IS, 1L); /* what was signed */
    if (call->request.direct)
        curl->easy_setopt(call->easy, CURLOPT_NOPROXY, "*");
    if (l->ca_file != NULL)
        curl->easy_setopt(call->easy, CURLOPT_CAINFO, l->ca_file);
}

http_call *http_begin(http_client *c, const http_request *request, arena *a) {
    http_call *call = ARENA_NEW(a, http_call);
    *call = (http_call){.client = c, .request = *request, .arena = a, .body = buf_new(a)};
    call->easy = c->curl.easy_init();
    ASSERT(call->easy != NULL);
    c->curl.easy_setopt(call->easy, CURLOPT_URL, request->url);
    c->curl.easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    c->curl.easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, take_header);
    c->curl.easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
    c->curl.easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_body);
    c->curl.easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    set_limits(call);
    set_body(call);
    set_headers(call);
    ASSERT(c->curl.multi_add_handle(c->multi, call->easy) == CURLM_OK);
    http_go_on(c);
    return call;
}

void http_go_on(http_client *c) {
    int running = 0, left = 0;
    c->curl.multi_perform(c->multi, &running);
    for (;;) {
        CURLMsg *message = c->curl.multi_info_read(c->multi, &left);
        if (message == NULL)
            return;
        char *told = NULL;
        c->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &told);
        http_call *call = (http_call *)(void *)told;
        call->done = true;
        call->code = message->data.result;
    }
}

/* Without a connection the other end has seen nothing. */
static s3_end end_of(const http_call *call) {
    switch ((int)call->code) {
    case CURLE_OK:
        return S3_ANSWERED;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return S3_UNSENT;
    default:
        return S3_LOST;
    }
}

static bool is_untrusted(const http_call *call) {
    return call->code == CURLE_PEER_FAILED_VERIFICATION || call->code == CURLE_SSL_CACERT_BADFILE;
}

static void read_reply(http_call *call) {
    const curl_calls *curl = &call->client->curl;
    long code = 0;
    curl->easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &code);
    call->reply.end = end_of(call);
    call->reply.status = (int)code;
    call->reply.is_untrusted = is_untrusted(call);
    call->reply.body = call->body.text;
    call->reply.body_size = call->body.size;
    if (call->reply.end != S3_ANSWERED)
        call->reply.problem = arena_strdup(call->arena, curl->easy_strerror(call->code));
}

void http_drop(http_call *call) {
    if (call == NULL || call->easy == NULL)
        return;
    const curl_calls *curl = &call->client->curl;
    curl->multi_remove_handle(call->client->multi, call->easy);
    curl->easy_cleanup(call->easy);
    curl->slist_free_all(call->headers);
    call->easy = NULL;
}

/* False: nothing has moved for too long. */
static bool wait_until_done(http_call *call) {
    const http_client *c = call->client;
    int64_t stall_ms = c->limits.stall_ms, moved = -1, moved_us = 0;
    for (;;) {
        http_go_on(call->client);
        int64_t now_us = clock_monotonic_us(&CLOCK_SYSTEM);
        if (call->done)
            return true;
        if (call->moved != moved)
            moved_us = now_us;
        moved = call->moved;
        int64_t left_ms = stall_ms - (now_us - moved_us) / US_PER_MS;
        if (stall_ms > 0 && left_ms <= 0)
            return false;
        bool is_soon = stall_ms > 0 && left_ms < POLL_MS;
        c->curl.multi_poll(c->multi, NULL, 0, is_soon ? (int)left_ms : POLL_MS, NULL);
    }
}

http_reply *http_wait(http_call *call) {
    if (wait_until_done(call)) {
        read_reply(call);
    } else {
        call->reply.end = S3_LOST;
        call->reply.problem = arena_printf(call->arena, "nothing came for %" PRId64 " ms",
                                           call->client->limits.stall_ms);
    }
    http_drop(call);
    return &call->reply;
}

const char *http_header(const http_reply *reply, const char *name) {
    for (size_t i = 0; i < reply->headers.count; i++)
        if (str_eq(reply->headers.items[i].name, name))
            return reply->headers.items[i].value;
    return NULL;
}
