/* folder: the land folder, where strangers write while we read.
 *
 * Everything is reached part by part from the open root, symbolic links are never followed: what
 * appears in the folder cannot lead a read or a rename out of it. Not for the stores. */
#ifndef WEIR_LAND_FOLDER_H
#define WEIR_LAND_FOLDER_H

#include "base/error.h"
#include "base/str.h"

#include <sys/stat.h>

/* Where claimed files are, below the root: .weir-claim/<id>/<upload time>/<path as delivered>. */
#define FOLDER_CLAIMS ".weir-claim"

/* What the file was when we looked; equal stamps: nobody has written in between. */
typedef struct folder_stamp {
    uint64_t device, inode;
    int64_t size;
    int64_t modified_ns, changed_ns;
} folder_stamp;

folder_stamp folder_stamp_of(const struct stat *found);
bool folder_stamp_same(const folder_stamp *left, const folder_stamp *right);

/* The land root. E_NOT_FOUND when there is none. */
CHECKED status folder_open_root(const char *path, int *ret_fd, error *err);

/* A folder below the root; path "" or "." is the root itself. make: with missing parents. */
CHECKED status folder_open(int root_fd, const char *path, bool make, int *ret_fd, error *err);
/* The folder that holds path's last part. */
CHECKED status folder_open_parent(int root_fd, const char *path, bool make, int *ret_fd,
                                  error *err);

/* A regular file for reading, with its stamp. E_CHANGED when it is not there or no regular file. */
CHECKED status folder_open_file(int root_fd, const char *path, int *ret_fd, folder_stamp *ret_stamp,
                                error *err);
CHECKED status folder_stat(int root_fd, const char *path, struct stat *ret, error *err);

/* Rename; never over something that is there: E_EXISTS. */
CHECKED status folder_move(int root_fd, const char *from, const char *to, error *err);

/* Make the names in a folder durable. A file system that cannot sync folders is let go by. */
CHECKED status folder_sync(int root_fd, const char *path, error *err);

/* Remove path's folder and those above it, below the root, as long as they are empty. */
void folder_prune(int root_fd, const char *path);

#endif
