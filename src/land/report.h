/* report: what landing found out about one file, for people and for the ledger.
 *
 * {"format":1,"file","table","landed","sha256","bytes","verdict","rows","source",
 *  "failures":[{"rule","line","column","value","count","message"}],"failure_count","aliases_used",
 *  "warnings","hint"}; keys may be added, never removed. */
#ifndef WEIR_LAND_REPORT_H
#define WEIR_LAND_REPORT_H

#include "land/arrival.h"

/* The rule that bytes break which were withdrawn. */
#define REPORT_WITHDRAWN "withdrawn"

/* The document: beside a quarantined file, and as the delivery's verdict. A new reference. */
json_t *report_document(const arrival *at);
/* The first failure and how many more there are, in one line. */
char *report_reason(arena *a, const json_t *failures);
/* Was the delivery of this recorded verdict refused only because its bytes were withdrawn? */
bool report_is_of_withdrawn(const char *verdict);
/* Was this recorded verdict made by a check under this source's declaration? */
bool report_is_of_source(const char *verdict, const lake_source *source);

#endif
