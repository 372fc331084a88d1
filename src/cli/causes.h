/* causes: what `weir why` found, as documents and as text for people. */
#ifndef WEIR_CLI_CAUSES_H
#define WEIR_CLI_CAUSES_H

#include "build/why.h"
#include "cli/session.h"

/* {"version":{…},"code":{…},"read":{…},"causes":[…],"left_out":0,"confirmed":{…}|null,
 * "accepted":{…}|null} */
json_t *causes_of_version(const session *s, const why_version *v);
/* {"state","certain","causes","roots","blocked_by","failure","hold"} */
json_t *causes_of_wait(const why_wait *w);
/* {"delivery",…,"identity","sha256","run","reason"}, more than files_row tells. */
json_t *causes_delivery(const session *s, const delivery *d);

/* The document of one partition: what is current, because of what, and what is to come. */
void causes_tell(output *o, const json_t *document);
/* "stale: new sales/a.csv" in one line. */
char *causes_line(arena *a, const json_t *wait);

#endif
