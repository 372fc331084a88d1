#include "engine/duckdb/stream.h"

#include "base/str.h"

#include <zlib.h>
#include <zstd.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_SIZE = 128 * 1024, GZIP_WINDOW_BITS = 15 + 16 };

/* One file while it is read through, and who looks at its decompressed bytes. */
typedef struct source {
    int fd;
    const char *path;
    void (*look)(void *state, const unsigned char *bytes, size_t size);
    void *state;
    bool whole; /* plain bytes: look at all, not only at the first */
    unsigned char in[CHUNK_SIZE];
    unsigned char out[CHUNK_SIZE];
} source;

static void keep_head(void *state, const unsigned char *bytes, size_t size) {
    stream_facts *facts = state;
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
    do {
        TRY(read_some(s, &size, err));
        s->look(s->state, s->in, size);
    } while (s->whole && size > 0);
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
        s->look(s->state, s->out, CHUNK_SIZE - z->avail_out);
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
        s->look(s->state, s->out, out.pos);
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

static status read_open(source *s, const char *compression, int64_t *ret_bytes, error *err) {
    struct stat info;
    if (fstat(s->fd, &info) != 0)
        return error_set_errno(err, errno, "cannot read \"%s\"", s->path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, E_IO, "\"%s\" is not a regular file", s->path);
    *ret_bytes = info.st_size;
    if (str_eq(compression, "gzip"))
        return check_gzip(s, err);
    if (str_eq(compression, "zstd"))
        return check_zstd(s, err);
    return check_plain(s, err);
}

/* Everything but path, look, state and whole is filled in here. */
static status read_through(const source *how, const char *compression, int64_t *ret_bytes,
                           error *err) {
    int fd = open(how->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot open \"%s\"", how->path);
    source *s = malloc(sizeof *s);
    ASSERT(s != NULL);
    s->fd = fd;
    s->path = how->path;
    s->look = how->look;
    s->state = how->state;
    s->whole = how->whole;
    status result = read_open(s, compression, ret_bytes, err);
    free(s);
    close(fd);
    return result;
}

status stream_check(const char *path, const char *compression, stream_facts *ret, error *err) {
    stream_facts facts = {0};
    const source how = {.path = path, .look = keep_head, .state = &facts};
    TRY(read_through(&how, compression, &facts.file_bytes, err));
    *ret = facts;
    return OK;
}

/* Counting lines on the way to the offsets. */
typedef struct line_count {
    int64_t *offsets; /* those before next are lines already */
    size_t count;
    size_t next;
    int64_t offset;
    int64_t line;
    bool after_return; /* a line feed that follows belongs to it */
} line_count;

static void count_lines(void *state, const unsigned char *bytes, size_t size) {
    line_count *c = state;
    for (size_t i = 0; i < size && c->next < c->count; i++) {
        while (c->next < c->count && c->offsets[c->next] <= c->offset)
            c->offsets[c->next++] = c->line;
        if (bytes[i] == '\r' || (bytes[i] == '\n' && !c->after_return))
            c->line++;
        c->after_return = bytes[i] == '\r';
        c->offset++;
    }
}

status stream_lines(const char *path, const char *compression, int64_t *offsets, size_t count,
                    error *err) {
    int64_t ignored = 0;
    line_count c = {.offsets = offsets, .count = count, .line = 1};
    const source how = {.path = path, .look = count_lines, .state = &c, .whole = true};
    TRY(read_through(&how, compression, &ignored, err));
    while (c.next < c.count)
        c.offsets[c.next++] = c.line;
    return OK;
}

static void keep_last(void *state, const unsigned char *bytes, size_t size) {
    char *last = state;
    for (size_t i = size; i > 0; i--) {
        if (memchr(" \t\r\n", bytes[i - 1], 4) == NULL) {
            *last = (char)bytes[i - 1];
            return;
        }
    }
}

status stream_last(const char *path, const char *compression, char *ret, error *err) {
    int64_t ignored = 0;
    char last = 0;
    const source how = {.path = path, .look = keep_last, .state = &last, .whole = true};
    TRY(read_through(&how, compression, &ignored, err));
    *ret = last;
    return OK;
}
