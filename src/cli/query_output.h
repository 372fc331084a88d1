/* query_output: a query's rows as they come, in the form that was asked for. */
#ifndef WEIR_CLI_QUERY_OUTPUT_H
#define WEIR_CLI_QUERY_OUTPUT_H

#include "cli/output.h"
#include "engine/engine.h"

typedef struct query_output query_output;

/* Lives in the arena; out is borrowed. */
query_output *query_output_new(output *out, arena *a);
/* Give this to engine_query; then end what was begun. */
engine_sink query_output_sink(query_output *q);
void query_output_end(query_output *q);

/* Is the text a JSON number as it stands? Pure. */
bool query_output_is_number(const char *text);

#endif
