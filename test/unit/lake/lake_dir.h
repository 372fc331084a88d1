/* lake_dir: a lake's folder for one test. */
#ifndef WEIR_TEST_LAKE_DIR_H
#define WEIR_TEST_LAKE_DIR_H

#include "lake/lake.h"

typedef struct lake_dir {
    arena *arena;
    char *path;
} lake_dir;

lake_dir lake_dir_new(void);
/* Write text to a file below; its folders are made. */
void lake_dir_write(const lake_dir *d, const char *file, const char *text);
void lake_dir_write_bytes(const lake_dir *d, const char *file, const char *bytes, size_t size);
void lake_dir_remove(const lake_dir *d, const char *file);
/* Remove everything and free. */
void lake_dir_free(lake_dir *d);

#endif
