/* files: the FILE arguments of a command, and what it may be given instead.
 *
 * Reads "-" from standard input and the options --table, --landed-from and --landed-to; what they
 * mean is land/find's business. */
#ifndef WEIR_CLI_FILES_H
#define WEIR_CLI_FILES_H

#include "cli/session.h"
#include "land/find.h"

#define OPTIONS_FILES \
    (OPTION_BIT(OPTION_TABLE) | OPTION_BIT(OPTION_LANDED_FROM) | OPTION_BIT(OPTION_LANDED_TO))

/* The deliveries that the command's arguments mean, at least one; in order, each once.
 * E_USAGE: nothing was named, a range without its table or beside files, or as find_deliveries. */
CHECKED status files_find(session *s, find_purpose purpose, deliveries *ret, error *err);

/* {"delivery","table","file","state","landed","rows","bytes"} */
json_t *files_row(const session *s, const delivery *d);
/* "raw.sales sales/a.csv (delivery 3, active)" */
char *files_label(const session *s, const delivery *d);

#endif
