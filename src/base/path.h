/* path: names of files, and whole small files.
 *
 * A relative path is safe when it is not empty, does not begin with '/', and has no empty, "." or
 * ".." part: everything read from outside (YAML, ledger, journal, SQL) is checked with path_is_safe
 * before it is joined to a root. */
#ifndef WEIR_BASE_PATH_H
#define WEIR_BASE_PATH_H

#include "base/error.h"
#include "base/str.h"

enum { PATH_SIZE_MAX = 4096 }; /* Linux PATH_MAX */

bool path_is_safe(const char *relative);
bool path_is_absolute(const char *path);
char *path_join(arena *a, const char *left, const char *right); /* an absolute right wins */
char *path_parent(arena *a, const char *path);                  /* "." when there is none */
const char *path_name(const char *path);                        /* the last part, borrowed */

/* Hive's partition encoding (org.apache.hadoop.hive.common.FileUtils.escapePathName): %XX for
 * control characters and " # % ' * / : = ? \ { [ ] ^ and DEL. */
char *path_hive_encode(arena *a, const char *text);
bool path_hive_decode(arena *a, const char *text, char **ret); /* false: a broken %XX */

/* Whole files of at most max_size bytes. The text is terminated; *ret_size may be NULL. */
CHECKED status file_read(const char *path, size_t max_size, arena *a, char **ret_text,
                         size_t *ret_size, error *err);
/* The same from an open file, from its current offset. name: what errors call it. */
CHECKED status file_read_fd(int fd, const char *name, size_t max_size, arena *a, char **ret_text,
                            size_t *ret_size, error *err);
/* All of it, however much the system takes at once. False: errno tells why. */
CHECKED bool file_write_fd(int fd, const void *bytes, size_t size);
/* Write to a temporary name next to path, fsync, rename over path, fsync the directory. */
CHECKED status file_write_atomic(const char *path, const char *text, size_t size, error *err);
CHECKED status dir_make(const char *path, error *err); /* with parents; there already is fine */
CHECKED status dir_sync(const char *path, error *err); /* fsync a directory */
bool file_exists(const char *path);

#endif
