#include "engine/duckdb/stream.h"

#include "base/str.h"

#include <zlib.h>
#include <zstd.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_SIZE = 128 * 1024, GZIP_WINDOW_BITS = 15 + 16 };

/* One file while it is read through. */
typedef struct source {
    int fd;
    const char *path;
    stream_facts *facts;
    unsigned char in[CHUNK_SIZE];
    unsigned char out[CHUNK_SIZE];
} source;

static void keep_head(stream_facts *facts, const unsigned char *bytes, size_t size) {
    size_t room = STREAM_HEAD_MAX - facts->head_size;
    size_t taken = size < room ? size : room;
    memcpy(facts->head + facts->head_size, bytes, taken);
    facts->head_size += taken;
}

static status read_some(source *s, size_t *ret_size, error *err) {
    for (;;) {
        ssize_t size = read(s->fd, s->in, CHUNK_SIZE);
        if (size >= 0) {
            *ret_size = (size_t)size;
            return OK;
        }
        if (errno != EINTR)
            return error_set_errno(err, errno, "cannot read \"%s\"", s->path);
    }
}

static status check_plain(source *s, error *err) {
    size_t size;
    TRY(read_some(s, &size, err));
    keep_head(s->facts, s->in, size);
    return OK;
}

/* Inflate what is in the input; *ended: the member's end was the last thing seen. */
static status inflate_chunk(source *s, z_stream *z, size_t size, bool *ended, error *err) {
    z->next_in = s->in;
    z->avail_in = (unsigned)size;
    while (z->avail_in > 0) {
        if (*ended && inflateReset(z) != Z_OK)
            return error_set(err, E_ENGINE, "gzip cannot start again");
        z->next_out = s->out;
        z->avail_out = CHUNK_SIZE;
        int state = inflate(z, Z_NO_FLUSH);
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
            return error_set(err, E_DATA, "not gzip, or damaged: %s",
                             z->msg != NULL ? z->msg : "unexpected bytes");
        keep_head(s->facts, s->out, CHUNK_SIZE - z->avail_out);
        *ended = state == Z_STREAM_END;
    }
    return OK;
}

static status check_gzip(source *s, error *err) {
    z_stream z = {0};
    bool ended = false;
    size_t size = 0;
    if (inflateInit2(&z, GZIP_WINDOW_BITS) != Z_OK)
        return error_set(err, E_ENGINE, "gzip cannot start");
    status result = read_some(s, &size, err);
    while (result == OK && size > 0) {
        result = inflate_chunk(s, &z, size, &ended, err);
        if (result == OK)
            result = read_some(s, &size, err);
    }
    inflateEnd(&z);
    if (result == OK && !ended)
        return error_set(err, E_DATA, "the gzip stream is cut off");
    return result;
}

/* *left: what the decoder still waits for; 0 at the end of a frame. */
static status decode_chunk(source *s, ZSTD_DStream *z, size_t size, size_t *left, error *err) {
    ZSTD_inBuffer in = {.src = s->in, .size = size};
    bool more = true;
    while (in.pos < in.size || more) {
        ZSTD_outBuffer out = {.dst = s->out, .size = CHUNK_SIZE};
        *left = ZSTD_decompressStream(z, &out, &in);
        if (ZSTD_isError(*left))
            return error_set(err, E_DATA, "not zstd, or damaged: %s", ZSTD_getErrorName(*left));
        keep_head(s->facts, s->out, out.pos);
        more = out.pos == out.size;
    }
    return OK;
}

static status check_zstd(source *s, error *err) {
    size_t left = 1;
    size_t size = 0;
    ZSTD_DStream *z = ZSTD_createDStream();
    if (z == NULL)
        return error_set(err, E_ENGINE, "zstd cannot start");
    status result = read_some(s, &size, err);
    while (result == OK && size > 0) {
        result = decode_chunk(s, z, size, &left, err);
        if (result == OK)
            result = read_some(s, &size, err);
    }
    ZSTD_freeDStream(z);
    if (result == OK && left != 0)
        return error_set(err, E_DATA, "the zstd stream is cut off");
    return result;
}

static status check_open(source *s, const char *compression, error *err) {
    struct stat info;
    if (fstat(s->fd, &info) != 0)
        return error_set_errno(err, errno, "cannot read \"%s\"", s->path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, E_IO, "\"%s\" is not a regular file", s->path);
    s->facts->file_bytes = info.st_size;
    if (str_eq(compression, "gzip"))
        return check_gzip(s, err);
    if (str_eq(compression, "zstd"))
        return check_zstd(s, err);
    return check_plain(s, err);
}

status stream_check(const char *path, const char *compression, stream_facts *ret, error *err) {
    stream_facts facts = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot open \"%s\"", path);
    source *s = malloc(sizeof *s);
    ASSERT(s != NULL);
    s->fd = fd;
    s->path = path;
    s->facts = &facts;
    status result = check_open(s, compression, err);
    free(s);
    close(fd);
    if (result == OK)
        *ret = facts;
    return result;
}
