/* files: a SQLite ledger as the files it consists of: to look for, move and remove.
 *
 * None of them may be open meanwhile. Internal to sqlite/. */
#ifndef WEIR_LEDGER_SQLITE_FILES_H
#define WEIR_LEDGER_SQLITE_FILES_H

#include "base/arena.h"
#include "base/error.h"

char *files_beside(arena *a, const char *location, const char *suffix);
CHECKED status files_exist(const char *location, bool *ret, error *err);
CHECKED status files_move(const char *from, const char *to, error *err);
CHECKED status files_remove(const char *location, error *err);

#endif
