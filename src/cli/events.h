/* events: the event records that --events names, read before anything is done.
 *
 * What they mean is land/events's business. */
#ifndef WEIR_CLI_EVENTS_H
#define WEIR_CLI_EVENTS_H

#include "cli/session.h"

/* Fill the session's events where the option is given: from a file, from standard input ("-"), or
 * from all files of a folder but hidden ones, by name. E_USAGE where land is no bucket; E_DATA as
 * events_read. */
CHECKED status events_take(session *s, error *err);

#endif
