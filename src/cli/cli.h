/* cli: from the words of the command line to a verb's handler and an exit code.
 *
 * Reads the terminal and the environment variables that concern output; what concerns the lake is
 * session.h's. */
#ifndef WEIR_CLI_CLI_H
#define WEIR_CLI_CLI_H

/* The program's exit code (design section 11). */
int cli_main(int argc, const char *const *argv);

#endif
