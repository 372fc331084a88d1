/* claim: take a file out of its deliverer's reach before it is read.
 *
 * A claimed file is at .weir-claim/<id>/<upload time>/<path below land>, on the same file system: a
 * rename. The upload time is part of the path because renaming changes the inode's change time and
 * a killed run's claims are taken up by the next with the time they had. */
#ifndef WEIR_LAND_CLAIM_H
#define WEIR_LAND_CLAIM_H

#include "land/folder.h"

typedef struct claimed {
    const char *file;    /* path below the land root as delivered */
    const char *claim;   /* path below the land root now */
    int64_t uploaded_us; /* inode change time before the claim; of the object, if fetched */
} claimed;
typedef VEC(claimed) claimed_files;

typedef struct claim_request {
    const char *id; /* of the landing */
    const char *file;
    bool was_fetched; /* from a bucket: its modification time is when it was uploaded */
} claim_request;

/* When it was uploaded. */
int64_t claim_uploaded_us(const struct stat *found, bool was_fetched);

/* E_CHANGED: gone, or no regular file any more; then it is where it was. E_FULL, E_DENIED, E_IO. */
CHECKED status claim_take(int root_fd, const claim_request *request, arena *a, claimed *ret,
                          error *err);

/* Make claims durable, so that after a power loss no file that was recorded is in land again. */
CHECKED status claim_sync(int root_fd, const claimed_files *all, error *err);

/* Back to where it was delivered. E_EXISTS when another file has that name by now: it stays
 * claimed and is taken up the next time. */
CHECKED status claim_return(int root_fd, const claimed *c, error *err);

/* It is kept and recorded: the claim goes. Absent already is OK. */
CHECKED status claim_remove(int root_fd, const claimed *c, error *err);

/* All claims, oldest first. Quick when there is none. */
CHECKED status claim_list(int root_fd, arena *a, claimed_files *ret, error *err);

#endif
