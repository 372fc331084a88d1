#include "store/s3/multipart.h"

#include "base/number.h"
#include "store/s3/xml.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { SHA256_BYTES = 32, CHECKSUM_SIZE = 45 }; /* of base64, terminated */

/* S3 copies so much in one request, and more in parts. */
static const int64_t WHOLE_MAX = INT64_C(5) * 1024 * 1024 * 1024;
static const int64_t PART = INT64_C(512) * 1024 * 1024;

/* One object on its way to another name. */
typedef struct copying {
    s3 *from, *to;
    const char *from_key, *to_key;
    const char *source; /* as x-amz-copy-source has it */
    const char *etag;
    const char *sha256; /* of its body, where somebody knows it */
    int64_t size;
    s3_pairs headers; /* of the copy */
    arena *arena;
} copying;

static status refuse_changed(const copying *c, error *err) {
    return error_set(err, E_CHANGED, "\"s3://%s/%s\" was replaced meanwhile", c->from->place.bucket,
                     c->from_key);
}

/* What is there to copy, and is it what it should be? */
static status look(copying *c, store_copy_options options, error *err) {
    http_reply *reply = NULL;
    const s3_request head = {.method = "HEAD", .key = c->from_key};
    TRY(s3_call(c->from, &head, "copy", c->arena, &reply, err));
    const char *length = http_header(reply, "content-length");
    const char *sha256 = http_header(reply, S3_META_SHA256);
    c->etag = http_header(reply, "etag");
    if (c->etag == NULL || length == NULL || !number_int64(length, &c->size))
        return error_set(err, E_IO, "cannot copy \"s3://%s/%s\": the reply tells no ETag and size",
                         c->from->place.bucket, c->from_key);
    if (options.tag != NULL && !str_eq(options.tag, c->etag))
        return refuse_changed(c, err);
    if (options.sha256 != NULL && sha256 != NULL && !str_eq(options.sha256, sha256))
        return error_set(err, E_DATA,
                         "\"s3://%s/%s\" is not what was to be copied: its sha256 is %s",
                         c->from->place.bucket, c->from_key, str_printable(c->arena, sha256));
    if (options.sha256 == NULL && sha256 != NULL)
        options.sha256 = sha256;
    c->sha256 = options.sha256;
    s3_note(c->arena, &c->headers, options.name, options.sha256);
    return OK;
}

/* Names are given under the lease that makes them, so that nobody comes between this look and the
 * copy. */
static status need_free(const copying *c, error *err) {
    http_reply *reply = NULL;
    error problem = {0};
    const s3_request head = {.method = "HEAD", .key = c->to_key};
    status found = s3_call(c->to, &head, "look at", c->arena, &reply, &problem);
    if (found == E_NOT_FOUND)
        return OK;
    if (found == OK)
        return error_set(err, E_EXISTS, "cannot write \"s3://%s/%s\": it is there already",
                         c->to->place.bucket, c->to_key);
    return error_pass(found, &problem, err);
}

/* As S3 writes it: base64. NULL: it is no sha256, as what somebody noted may be. */
static char *checksum_of(const char *sha256, arena *a) {
    long size = 0;
    unsigned char *bytes = OPENSSL_hexstr2buf(sha256, &size);
    char *text = NULL;
    if (bytes != NULL && size == SHA256_BYTES) {
        text = arena_alloc(a, CHECKSUM_SIZE);
        EVP_EncodeBlock((unsigned char *)text, bytes, SHA256_BYTES);
    }
    OPENSSL_free(bytes);
    return text;
}

/* A service that computes checksums tells what it has copied; others tell nothing. */
static status check_copied(const copying *c, const http_reply *reply, error *err) {
    if (c->sha256 == NULL)
        return OK;
    const char *told =
        xml_text(reply->body, reply->body_size, "CopyObjectResult/ChecksumSHA256", c->arena);
    const char *wanted = checksum_of(c->sha256, c->arena);
    if (told == NULL || (wanted != NULL && str_eq(told, wanted)))
        return OK;
    http_reply *gone = NULL;
    const s3_request remove = {.method = "DELETE", .key = c->to_key};
    TRY(s3_call(c->to, &remove, "remove", c->arena, &gone, err));
    return error_set(err, E_DATA, "\"s3://%s/%s\" is not what was to be copied",
                     c->from->place.bucket, c->from_key);
}

static status copy_whole(copying *c, error *err) {
    http_reply *reply = NULL;
    s3_request put = {
        .method = "PUT", .key = c->to_key, .headers = c->headers, .need = "CopyObjectResult/ETag"};
    vec_push(c->arena, &put.headers, ((s3_pair){"x-amz-metadata-directive", "REPLACE"}));
    vec_push(c->arena, &put.headers, ((s3_pair){"x-amz-copy-source", c->source}));
    vec_push(c->arena, &put.headers, ((s3_pair){"x-amz-copy-source-if-match", c->etag}));
    if (c->sha256 != NULL)
        vec_push(c->arena, &put.headers, ((s3_pair){"x-amz-checksum-algorithm", "SHA256"}));
    status copied = s3_call(c->to, &put, "copy to", c->arena, &reply, err);
    if (copied == E_EXISTS) /* of its conditions there is only the source's tag */
        return refuse_changed(c, err);
    return copied == OK ? check_copied(c, reply, err) : copied;
}

static status copy_parts(copying *c, error *err) {
    s3_upload *u = NULL;
    TRY(s3_upload_begin(c->to, c->to_key, &c->headers, c->arena, &u, err));
    status copied = OK;
    for (int64_t at = 0; copied == OK && at < c->size; at += PART) {
        int64_t end = at + PART < c->size ? at + PART : c->size;
        const s3_span span = {c->source, c->etag, at, end - 1};
        copied = s3_upload_copy(u, &span, err);
    }
    if (copied == OK)
        return s3_upload_finish(u, false, err);
    s3_upload_abort(u);
    return copied;
}

status s3_copy(void *from, const char *from_key, void *to, const char *to_key,
               store_copy_options options, error *err) {
    ARENA_AUTO a = arena_new();
    copying c = {.from = from, .to = to, .arena = a};
    c.from_key = s3_full_key(from, a, from_key);
    c.to_key = s3_full_key(to, a, to_key);
    c.source = arena_printf(a, "%s/%s", c.from->place.bucket, s3_encode(a, c.from_key, true));
    TRY(look(&c, options, err));
    if (!options.replace)
        TRY(need_free(&c, err));
    return c.size <= WHOLE_MAX ? copy_whole(&c, err) : copy_parts(&c, err);
}
