/* bytelock: locks between processes of this host, as bytes of one file beside a ledger.
 *
 * Locks of open file descriptions (fcntl F_OFD_SETLK): the system frees them when the descriptor is
 * closed, also by the holder's death. The file is empty and stays. Internal to sqlite/. */
#ifndef WEIR_LEDGER_SQLITE_BYTELOCK_H
#define WEIR_LEDGER_SQLITE_BYTELOCK_H

#include "base/error.h"

CHECKED status bytelock_open(const char *ledger, int *ret_fd, error *err);
/* key: at least 0. Never waits. */
CHECKED status bytelock_try(int fd, int64_t key, bool *ret_granted, error *err);
void bytelock_free(int fd, int64_t key);

#endif
