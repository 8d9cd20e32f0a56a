/* A command line that begins with what a JSON file holds.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "cli.h"

typedef struct config {
    int argc;
    char **argv; /* owned strings: the command's name, the file's options, those of the command line */
    char **all;  /* the same strings, for options_parse to put in another order */
} config;

/* -1 to go on, else the exit code after a message. config_free is to be called in any case, once nobody needs the strings. */
int config_read(config *g, const command *c, int argc, char **argv);
void config_free(config *g);

#endif
