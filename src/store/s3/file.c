#include "store/s3/multipart.h"

#include "base/hash.h"

#include <errno.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };

/* A file on its way into an object. */
typedef struct sending {
    s3 *s3;
    const char *key;
    int fd;
    hasher *hash;
    int64_t size;
    char *buffers[2];
    size_t capacity[2];
} sending;

/* Fill a buffer up to size bytes; the part under way goes on meanwhile. */
static status fill(sending *f, int which, size_t size, size_t *ret_size, error *err) {
    if (f->capacity[which] < size) {
        free(f->buffers[which]);
        f->buffers[which] = malloc(size);
        ASSERT(f->buffers[which] != NULL);
        f->capacity[which] = size;
    }
    size_t done = 0;
    while (done < size) {
        size_t ask = size - done < READ_BYTES ? size - done : READ_BYTES;
        ssize_t got = read(f->fd, f->buffers[which] + done, ask);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, errno, "cannot read what is to become \"s3://%s/%s\"",
                                   f->s3->place.bucket, f->key);
        if (got == 0)
            break;
        hasher_bytes(f->hash, f->buffers[which] + done, (size_t)got);
        done += (size_t)got;
        http_go_on(f->s3->http);
    }
    f->size += (int64_t)done;
    *ret_size = done;
    return OK;
}

static status send_parts(sending *f, s3_upload *u, size_t first_size, error *err) {
    size_t size = first_size;
    for (int number = 1; size > 0; number++) {
        TRY(s3_upload_part(u, f->buffers[(number - 1) % 2], size, err));
        if (size < s3_part_size(number))
            return OK;
        TRY(fill(f, number % 2, s3_part_size(number + 1), &size, err));
    }
    return OK;
}

static status send_large(sending *f, size_t first_size, store_put_options options, error *err) {
    ARENA_AUTO a = arena_new();
    s3_upload *u = NULL;
    s3_pairs headers = {0};
    s3_note(a, &headers, options.name, options.sha256);
    TRY(s3_upload_begin(f->s3, f->key, &headers, a, &u, err));
    status sent = send_parts(f, u, first_size, err);
    if (sent == OK)
        return s3_upload_finish(u, options.if_absent, err);
    s3_upload_abort(u);
    return sent;
}

/* Most files need one request. */
static status send_file(sending *f, const char *key, store_put_options options, error *err) {
    size_t size = 0;
    TRY(fill(f, 0, s3_part_size(1), &size, err));
    if (size < s3_part_size(1))
        return s3_put(f->s3, key, f->buffers[0], size, options, err);
    return send_large(f, size, options, err);
}

status s3_put_file(void *state, const char *key, int fd, store_put_options options,
                   char ret_sha256[65], int64_t *ret_size, error *err) {
    s3 *s = state;
    ARENA_AUTO a = arena_new();
    sending f = {.s3 = s, .key = s3_full_key(s, a, key), .fd = fd, .hash = hasher_new()};
    status sent = send_file(&f, key, options, err);
    if (sent == OK) {
        hasher_finish(f.hash, ret_sha256);
        *ret_size = f.size;
    }
    hasher_free(f.hash);
    free(f.buffers[0]);
    free(f.buffers[1]);
    return sent;
}
