/* sample: the small lake that `weir init` writes. Constant texts only. */
#ifndef WEIR_CLI_SAMPLE_H
#define WEIR_CLI_SAMPLE_H

#include "base/base.h"

typedef struct sample_file {
    const char *path; /* below the lake's folder */
    const char *text;
} sample_file;

extern const sample_file SAMPLE_FILES[];
extern const size_t SAMPLE_FILE_COUNT;

/* lake.yaml up to the lake's name, from there to its store, and after that and the ledger. */
extern const char SAMPLE_LAKE_HEAD[];
extern const char SAMPLE_LAKE_LAYERS[];
extern const char SAMPLE_LAKE_TAIL[];
extern const char SAMPLE_GITIGNORE[];

#endif
