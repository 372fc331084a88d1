/* statement: the SQL of a .sql file without what only a file needs. Inside lake/ only. */
#ifndef WEIR_LAKE_STATEMENT_H
#define WEIR_LAKE_STATEMENT_H

#include "base/str.h"

/* text up to the end of its last token, without semicolons and comments behind it, so that it can
 * stand inside another statement. What is before stays as it is: places do not move. */
const char *statement_text(arena *a, const char *text);

#endif
