/* network: is a folder on a file system whose locks do not hold between machines?
 *
 * SQLite's locking and its shared-memory index need one machine. Only file systems known to be
 * shared are named; an unknown one is taken for local. Not for stores: those may be anywhere. */
#ifndef WEIR_LEDGER_SQLITE_NETWORK_H
#define WEIR_LEDGER_SQLITE_NETWORK_H

#include "base/error.h"
#include "base/str.h"

/* The name of a shared file system, by statfs's f_type; NULL for every other one. */
const char *network_by_magic(uint32_t magic);
/* The same by the type that mountinfo gives a FUSE mount ("fuse.sshfs"). The result is borrowed
 * from a constant table. */
const char *network_by_fuse_type(const char *type);
/* The type of the mount with this device number in the text of /proc/self/mountinfo, NULL when
 * there is none. */
const char *network_mount_type(const char *mountinfo, unsigned major, unsigned minor, arena *a);

/* NULL when folder is on a local file system, or when nothing can be learnt about it. */
const char *network_of_folder(const char *folder, arena *a);

#endif
