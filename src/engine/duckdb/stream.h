/* stream: is a compressed file whole? The engine reads a cut off gzip or zstd file without a word,
 * so every byte is decompressed here once and the end must be there. Not for reading data. */
#ifndef WEIR_ENGINE_DUCKDB_STREAM_H
#define WEIR_ENGINE_DUCKDB_STREAM_H

#include "base/error.h"

enum { STREAM_HEAD_MAX = 16384 };

typedef struct stream_facts {
    int64_t file_bytes;
    size_t head_size;
    char head[STREAM_HEAD_MAX]; /* the first bytes, decompressed */
} stream_facts;

/* compression: none, gzip or zstd. E_DATA: not compressed like that, damaged or cut off (none is
 * never E_DATA). E_IO, E_DENIED, E_NOT_FOUND: cannot be opened, or is no regular file. */
CHECKED status stream_check(const char *path, const char *compression, stream_facts *ret,
                            error *err);

/* The 1-based line of each byte offset, for a file that stream_check found whole. offsets: of the
 * decompressed bytes, ascending; replaced by lines. */
CHECKED status stream_lines(const char *path, const char *compression, int64_t *offsets,
                            size_t count, error *err);

/* The last of the decompressed bytes that is no blank or line end; 0 when there is none. */
CHECKED status stream_last(const char *path, const char *compression, char *ret, error *err);

#endif
