/* Options of a command as a table: one parser and one help text for all of them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

typedef enum option_kind {
    OPTION_FLAG,   /* int32_t, set to 1 */
    OPTION_TEXT,   /* const char *, borrowed from argv */
    OPTION_INT,    /* int32_t in [min, max] */
    OPTION_SEED,   /* uint64_t, decimal */
    OPTION_REAL,   /* double in [min, max] */
    OPTION_CHOICE, /* int32_t: the number of the word in `argument`, "drop|error" */
    OPTION_SIZE,   /* int32_t[2]: HEIGHTxWIDTH, each in [min, max] */
    OPTION_RATIO   /* double[3]: A:B:C, none negative, not all 0 */
} option_kind;

typedef struct option {
    const char *name;     /* "--epochs" */
    char letter;          /* 'o' for "-o", or 0 */
    option_kind kind;
    void *value;          /* what the kind says; keeps its value when the option is not given */
    const char *argument; /* "N", or the choices; NULL for a flag */
    const char *help;
    double min, max;
} option;

typedef struct command {
    const char *name;
    const char *operands; /* "DATA" */
    int min_operands, max_operands;
    const char *summary;
    const char *details;  /* whole lines behind the options: notes and examples */
    const option *options;
    int option_count;
} command;

/* Reads argv[1 ...]; what is no option is moved to argv[1 ... *operands]. Returns -1 to go on, else the exit code: CLI_OK after --help,
 * CLI_USAGE after a message. */
int options_parse(const command *c, int argc, char **argv, int *operands);
/* A mistake in the command line that the table cannot tell: a message, and CLI_USAGE. */
int options_wrong(const command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The words of a choice by number, in memory of the caller's: "error" of "drop|error". Cut to capacity; "" when there is none. */
const char *options_word(const char *choices, int32_t number, char *word, int capacity);
/* The number of a word, or -1. */
int32_t options_number(const char *choices, const char *word);

#endif
