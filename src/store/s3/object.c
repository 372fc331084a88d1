#include "store/s3/s3.h"

#include "base/crash.h"
#include "base/hash.h"
#include "base/number.h"
#include "base/path.h"
#include "store/s3/date.h"

#include <errno.h>
#include <unistd.h>

static void add_header(arena *a, s3_request *r, const char *name, const char *value) {
    vec_push(a, &r->headers, ((s3_pair){name, value}));
}

void s3_note(arena *a, s3_pairs *headers, const char *name, const char *sha256) {
    const char *encoded = name != NULL ? s3_encode(a, name, true) : NULL;
    if (sha256 != NULL)
        vec_push(a, headers, ((s3_pair){S3_META_SHA256, sha256}));
    if (encoded != NULL && strlen(encoded) <= S3_NOTED_NAME_MAX)
        vec_push(a, headers, ((s3_pair){S3_META_NAME, encoded}));
}

/* A put that must not replace leaves a mark, by which it is known when its reply was lost. */
static void make_conditional(const s3 *s, s3_request *r, arena *a) {
    char *id = arena_alloc(a, ID_TEXT_SIZE);
    clock_new_id(s->clock, id);
    add_header(a, r, "if-none-match", "*");
    add_header(a, r, S3_META_WRITE, id);
    r->write_id = id;
    r->if_absent = true;
}

status s3_put(void *state, const char *key, const void *body, size_t size,
              store_put_options options, error *err) {
    s3 *s = state;
    ARENA_AUTO a = arena_new();
    http_reply *reply = NULL;
    char sha256[SHA256_TEXT_SIZE];
    s3_request put = {.method = "PUT",
                      .key = s3_full_key(s, a, key),
                      .body = size > 0 ? body : "",
                      .body_size = size};
    sha256_text(put.body, size, sha256);
    s3_note(a, &put.headers, options.name, sha256);
    if (options.if_absent)
        make_conditional(s, &put, a);
    TRY(s3_call(s, &put, "write", a, &reply, err));
    crash_point("store.named");
    return OK;
}

/* What was altered or cut on its way is no object of ours. */
static status check_sha256(const s3 *s, const char *key, const http_reply *reply,
                           const char *sha256, error *err) {
    const char *wanted = http_header(reply, S3_META_SHA256);
    if (wanted == NULL || str_eq(wanted, sha256))
        return OK;
    return error_set(err, E_DATA, "\"s3://%s/%s\" is not what was written: its sha256 is %s",
                     s->place.bucket, key, sha256);
}

status s3_get(void *state, const char *key, size_t max_size, arena *a, char **ret_body,
              size_t *ret_size, error *err) {
    s3 *s = state;
    ARENA_AUTO scratch = arena_new();
    http_reply *reply = NULL;
    char sha256[SHA256_TEXT_SIZE];
    const s3_request get = {
        .method = "GET", .key = s3_full_key(s, scratch, key), .reply_max = max_size};
    TRY(s3_call(s, &get, "read", scratch, &reply, err));
    sha256_text(reply->body, reply->body_size, sha256);
    TRY(check_sha256(s, get.key, reply, sha256, err));
    *ret_body = arena_strndup(a, reply->body, reply->body_size);
    if (ret_size != NULL)
        *ret_size = reply->body_size;
    return OK;
}

typedef struct copy {
    int fd; /* -1: only hashed */
    hasher *hash;
    int64_t size;
    int why; /* errno of the write that failed; 0: none has */
} copy;

static void restart(void *state) {
    copy *c = state;
    hasher_free(c->hash);
    c->hash = hasher_new();
    c->size = 0;
    if (c->fd >= 0 && (ftruncate(c->fd, 0) != 0 || lseek(c->fd, 0, SEEK_SET) != 0))
        c->why = errno;
}

static bool take(void *state, const char *bytes, size_t size) {
    copy *c = state;
    hasher_bytes(c->hash, bytes, size);
    c->size += (int64_t)size;
    if (c->why == 0 && c->fd >= 0 && !file_write_fd(c->fd, bytes, size))
        c->why = errno;
    return c->why == 0;
}

status s3_get_file(void *state, const char *key, int fd, char ret_sha256[65], int64_t *ret_size,
                   error *err) {
    s3 *s = state;
    ARENA_AUTO a = arena_new();
    http_reply *reply = NULL;
    copy c = {.fd = fd};
    char sha256[SHA256_TEXT_SIZE];
    const s3_request get = {.method = "GET",
                            .key = s3_full_key(s, a, key),
                            .sink = take,
                            .sink_restart = restart,
                            .sink_state = &c};
    status got = s3_call(s, &get, "read", a, &reply, err);
    if (c.why != 0)
        got = error_set_errno(err, c.why, "cannot keep \"s3://%s/%s\"", s->place.bucket, get.key);
    if (got == OK) {
        hasher_finish(c.hash, sha256);
        got = check_sha256(s, get.key, reply, sha256, err);
    }
    if (got == OK) {
        memcpy(ret_sha256, sha256, sizeof sha256);
        *ret_size = c.size;
    }
    hasher_free(c.hash);
    return got;
}

status s3_info(void *state, const char *key, arena *a, store_object *ret, error *err) {
    s3 *s = state;
    ARENA_AUTO scratch = arena_new();
    http_reply *reply = NULL;
    int64_t size = 0, modified_us = 0;
    const s3_request head = {.method = "HEAD", .key = s3_full_key(s, scratch, key)};
    TRY(s3_call(s, &head, "find", scratch, &reply, err));
    const char *length = http_header(reply, "content-length");
    const char *modified = http_header(reply, "last-modified");
    if (length == NULL || !number_int64(length, &size) || size < 0 || modified == NULL
        || !s3_http_date(modified, &modified_us))
        return error_set(err, E_IO, "cannot find \"s3://%s/%s\": the reply tells no size and time",
                         s->place.bucket, head.key);
    *ret = (store_object){.key = arena_strdup(a, key),
                          .size_bytes = size,
                          .modified_us = modified_us,
                          .read_only = true,
                          .tag = arena_strdup(a, http_header(reply, "etag"))};
    return OK;
}

/* Objects are whole and durable from the start: only whether it is there is asked. */
status s3_seal(void *state, const char *key, error *err) {
    ARENA_AUTO a = arena_new();
    store_object found;
    return s3_info(state, key, a, &found, err);
}

status s3_remove(void *state, const char *key, error *err) {
    s3 *s = state;
    ARENA_AUTO a = arena_new();
    http_reply *reply = NULL;
    const s3_request gone = {.method = "DELETE", .key = s3_full_key(s, a, key)};
    error problem = {0};
    status removed = s3_call(s, &gone, "remove", a, &reply, &problem);
    if (removed == OK)
        crash_point("store.removed");
    if (removed == OK || removed == E_NOT_FOUND)
        return OK;
    return error_pass(removed, &problem, err);
}

/* Where the bucket keeps versions, exactly that one goes. Else somebody may come between the look
 * and the removal: If-Match is sent for services that know it. */
status s3_remove_same(void *state, const char *key, const char *tag, error *err) {
    s3 *s = state;
    ARENA_AUTO a = arena_new();
    http_reply *reply = NULL;
    error problem = {0};
    const s3_request head = {.method = "HEAD", .key = s3_full_key(s, a, key)};
    status found = s3_call(s, &head, "look at", a, &reply, &problem);
    const char *now = found == OK ? http_header(reply, "etag") : NULL;
    if (found == E_NOT_FOUND || (found == OK && (now == NULL || !str_eq(now, tag))))
        return OK;
    s3_request gone = {.method = "DELETE", .key = head.key};
    const char *version = found == OK ? http_header(reply, "x-amz-version-id") : NULL;
    if (version != NULL)
        vec_push(a, &gone.query, ((s3_pair){"versionId", version}));
    else
        add_header(a, &gone, "if-match", tag);
    if (found == OK)
        found = s3_call(s, &gone, "remove", a, &reply, &problem);
    if (found == OK || found == E_NOT_FOUND || found == E_EXISTS)
        return OK;
    return error_pass(found, &problem, err);
}
