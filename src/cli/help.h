/* help: what weir tells about itself, made from the tables of verbs and options.
 *
 * Pure: text is built, nothing is written. */
#ifndef WEIR_CLI_HELP_H
#define WEIR_CLI_HELP_H

#include "cli/verb.h"

void help_all(buf *b);
void help_verb(buf *b, const verb *v);
/* The reference page, doc/cli.md; a test holds the page to it. */
void help_markdown(buf *b);

/* Completion scripts; NULL when there is none for the shell. */
typedef void (*completion_writer)(buf *b);
completion_writer completion_for(const char *shell);

#endif
