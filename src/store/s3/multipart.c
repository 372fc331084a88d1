#include "store/s3/multipart.h"

#include "base/crash.h"
#include "store/s3/xml.h"

#include <inttypes.h>

typedef struct part {
    const char *etag;
} part;

struct s3_upload {
    s3 *s3;
    arena *arena;
    const char *key, *id;
    char *write_id;
    VEC(part) parts;
    arena *turns[2]; /* of the requests under way, in turn */
    s3_pending *pending;
};

size_t s3_part_size(int number) {
    int doublings = (number - 1) / S3_PART_DOUBLES_EVERY;
    if (doublings > S3_PART_DOUBLINGS_MAX)
        doublings = S3_PART_DOUBLINGS_MAX;
    return (size_t)S3_PART_BYTES << doublings;
}

static void add_query(arena *a, s3_request *r, const char *name, const char *value) {
    vec_push(a, &r->query, ((s3_pair){name, value}));
}

status s3_upload_begin(s3 *s, const char *key, const s3_pairs *headers, arena *a, s3_upload **ret,
                       error *err) {
    static const char ID[] = "InitiateMultipartUploadResult/UploadId";
    http_reply *reply = NULL;
    s3_request begin = {.method = "POST", .key = key, .need = ID};
    char *write_id = arena_alloc(a, ID_TEXT_SIZE);
    clock_new_id(s->clock, write_id);
    add_query(a, &begin, "uploads", "");
    vec_push(a, &begin.headers, ((s3_pair){S3_META_WRITE, write_id}));
    for (size_t i = 0; headers != NULL && i < headers->count; i++)
        vec_push(a, &begin.headers, headers->items[i]);
    TRY(s3_call(s, &begin, "write", a, &reply, err));
    s3_upload *u = ARENA_NEW(a, s3_upload);
    *u = (s3_upload){.s3 = s, .arena = a, .key = key, .write_id = write_id};
    u->id = xml_text(reply->body, reply->body_size, ID, a);
    u->turns[0] = arena_new();
    u->turns[1] = arena_new();
    crash_point("store.begun");
    *ret = u;
    return OK;
}

static void end(s3_upload *u) {
    s3_drop(u->pending);
    arena_free(u->turns[0]);
    arena_free(u->turns[1]);
    *u = (s3_upload){0};
}

/* The part under way arrives. */
static status settle(s3_upload *u, error *err) {
    if (u->pending == NULL)
        return OK;
    http_reply *reply = NULL;
    s3_pending *pending = u->pending;
    u->pending = NULL;
    TRY(s3_finish(pending, &reply, err));
    const char *etag = http_header(reply, "etag");
    if (etag == NULL)
        return error_set(err, E_IO, "cannot write \"s3://%s/%s\": a part came back without ETag",
                         u->s3->place.bucket, u->key);
    vec_push(u->arena, &u->parts, ((part){arena_strdup(u->arena, etag)}));
    crash_point("store.part");
    return OK;
}

status s3_upload_part(s3_upload *u, const void *body, size_t size, error *err) {
    TRY(settle(u, err));
    arena *a = u->turns[u->parts.count % 2];
    arena_reset(a);
    s3_request put = {.method = "PUT", .key = u->key, .body = body, .body_size = size};
    add_query(a, &put, "partNumber", arena_printf(a, "%zu", u->parts.count + 1));
    add_query(a, &put, "uploadId", u->id);
    return s3_begin(u->s3, &put, "write", a, &u->pending, err);
}

status s3_upload_copy(s3_upload *u, const s3_span *span, error *err) {
    static const char ETAG[] = "CopyPartResult/ETag";
    ARENA_AUTO a = arena_new();
    http_reply *reply = NULL;
    s3_request put = {.method = "PUT", .key = u->key, .need = ETAG};
    add_query(a, &put, "partNumber", arena_printf(a, "%zu", u->parts.count + 1));
    add_query(a, &put, "uploadId", u->id);
    vec_push(a, &put.headers, ((s3_pair){"x-amz-copy-source", span->source}));
    vec_push(a, &put.headers, ((s3_pair){"x-amz-copy-source-if-match", span->etag}));
    const char *range = arena_printf(a, "bytes=%" PRId64 "-%" PRId64, span->first, span->last);
    vec_push(a, &put.headers, ((s3_pair){"x-amz-copy-source-range", range}));
    TRY(s3_call(u->s3, &put, "copy to", a, &reply, err));
    const char *etag = xml_text(reply->body, reply->body_size, ETAG, u->arena);
    vec_push(u->arena, &u->parts, ((part){etag}));
    crash_point("store.part");
    return OK;
}

static const char *list_of_parts(const s3_upload *u, arena *a) {
    buf body = buf_new(a);
    buf_add(&body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < u->parts.count; i++) {
        buf_printf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        xml_escape(&body, u->parts.items[i].etag);
        buf_add(&body, "</ETag></Part>");
    }
    buf_add(&body, "</CompleteMultipartUpload>");
    return body.text;
}

/* When the first time has worked, a second finds no upload: whose object is there tells. */
static status complete(s3_upload *u, bool if_absent, error *err) {
    arena *a = u->arena;
    http_reply *reply = NULL;
    const char *body = list_of_parts(u, a);
    s3_request post = {.method = "POST",
                       .key = u->key,
                       .body = body,
                       .body_size = strlen(body),
                       .need = "CompleteMultipartUploadResult/ETag",
                       .write_id = u->write_id,
                       .if_absent = if_absent};
    add_query(a, &post, "uploadId", u->id);
    if (if_absent)
        vec_push(a, &post.headers, ((s3_pair){"if-none-match", "*"}));
    status done = s3_call(u->s3, &post, "write", a, &reply, err);
    if (done == E_NOT_FOUND)
        return error_set(err, E_IO, "cannot write \"s3://%s/%s\": its upload was ended",
                         u->s3->place.bucket, u->key);
    return done;
}

status s3_upload_finish(s3_upload *u, bool if_absent, error *err) {
    status result = settle(u, err);
    if (result == OK)
        result = complete(u, if_absent, err);
    if (result != OK) {
        s3_upload_abort(u);
        return result;
    }
    end(u);
    crash_point("store.named");
    return OK;
}

void s3_upload_abort(s3_upload *u) {
    s3_drop(u->pending);
    u->pending = NULL;
    http_reply *reply = NULL;
    s3_request gone = {.method = "DELETE", .key = u->key};
    add_query(u->arena, &gone, "uploadId", u->id);
    status ignored = s3_call(u->s3, &gone, "end the upload of", u->arena, &reply, NULL);
    (void)ignored;
    end(u);
}
