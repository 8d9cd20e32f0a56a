/* The parser of options, and the help text made from the same table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int options_wrong(const command *c, const char *format, ...) {
    va_list args;
    fprintf(stderr, "visml: %s: ", c->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nvisml: `visml %s --help` shows the options\n", c->name);
    return CLI_USAGE;
}

/* ---- choices ------------------------------------------------------------------------------------------------------------------- */

const char *options_word(const char *choices, int32_t number, char *word, int capacity) {
    word[0] = 0;
    if (number < 0)
        return word;
    while (number > 0 && *choices) {
        if (*choices++ == '|')
            number--;
    }
    snprintf(word, (size_t)capacity, "%.*s", (int)strcspn(choices, "|"), choices);
    return word;
}

int32_t options_number(const char *choices, const char *word) {
    size_t n = strlen(word);
    for (int32_t i = 0;; i++) {
        size_t length = strcspn(choices, "|");
        if (length == n && n > 0 && memcmp(choices, word, n) == 0)
            return i;
        if (!choices[length])
            return -1;
        choices += length + 1;
    }
}

/* ---- values -------------------------------------------------------------------------------------------------------------------- */

/* A number in decimal or in scientific form, the whole of the text, and finite. */
static int read_real(const char *text, double *out) {
    char *end;
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return 0;
    *out = strtod(text, &end);
    return *end == 0 && isfinite(*out);
}

/* Digits only, at most `limit`; *end is what follows. */
static int read_whole(const char *text, uint64_t limit, uint64_t *out, const char **end) {
    char *stop;
    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long long value = strtoull(text, &stop, 10);
    *out = value;
    *end = stop;
    return errno == 0 && value <= limit;
}

static int read_size(const option *o, const char *text) {
    uint64_t height, width;
    const char *rest;
    if (!read_whole(text, (uint64_t)o->max, &height, &rest) || (*rest != 'x' && *rest != 'X') ||
        !read_whole(rest + 1, (uint64_t)o->max, &width, &rest) || *rest || height < (uint64_t)o->min || width < (uint64_t)o->min)
        return 0;
    ((int32_t *)o->value)[0] = (int32_t)height;
    ((int32_t *)o->value)[1] = (int32_t)width;
    return 1;
}

static int read_ratio(const option *o, const char *text) {
    double shares[3], sum = 0;
    char part[32];
    for (int i = 0; i < 3; i++) {
        size_t n = strcspn(text, ":");
        if (n >= sizeof part || (text[n] == ':') != (i < 2))
            return 0;
        memcpy(part, text, n);
        part[n] = 0;
        if (!read_real(part, &shares[i]) || shares[i] < 0)
            return 0;
        sum += shares[i];
        text += n + (i < 2);
    }
    if (!(sum > 0 && isfinite(sum)))
        return 0;
    memcpy(o->value, shares, sizeof shares);
    return 1;
}

static int read_value(const option *o, const char *text) {
    uint64_t whole;
    const char *end;
    double real;
    switch (o->kind) {
    case OPTION_TEXT:
        *(const char **)o->value = text;
        return *text != 0;
    case OPTION_INT:
        if (!read_whole(text, (uint64_t)o->max, &whole, &end) || *end || whole < (uint64_t)o->min)
            return 0;
        *(int32_t *)o->value = (int32_t)whole;
        return 1;
    case OPTION_SEED:
        return read_whole(text, UINT64_MAX, (uint64_t *)o->value, &end) && !*end;
    case OPTION_REAL:
        if (!read_real(text, &real) || real < o->min || real > o->max)
            return 0;
        *(double *)o->value = real;
        return 1;
    case OPTION_CHOICE:
        *(int32_t *)o->value = options_number(o->argument, text);
        return *(int32_t *)o->value >= 0;
    case OPTION_SIZE:
        return read_size(o, text);
    case OPTION_RATIO:
        return read_ratio(o, text);
    case OPTION_FLAG:
        break;
    }
    return 0;
}

static int wrong_value(const command *c, const option *o, const char *text) {
    switch (o->kind) {
    case OPTION_INT:
        return options_wrong(c, "%s is \"%s\"; it must be a whole number, %.0f to %.0f", o->name, text, o->min, o->max);
    case OPTION_SEED:
        return options_wrong(c, "%s is \"%s\"; it must be a whole number, 0 to 18446744073709551615", o->name, text);
    case OPTION_REAL:
        return options_wrong(c, "%s is \"%s\"; it must be a number, %g to %g", o->name, text, o->min, o->max);
    case OPTION_SIZE:
        return options_wrong(c, "%s is \"%s\"; it must be HEIGHTxWIDTH, such as 32x32, each %.0f to %.0f", o->name, text, o->min, o->max);
    case OPTION_RATIO:
        return options_wrong(c, "%s is \"%s\"; it must be three numbers, not negative and not all 0, such as 7:1:2", o->name, text);
    case OPTION_CHOICE:
        return options_wrong(c, "%s is \"%s\"; it must be one of %s", o->name, text, o->argument);
    case OPTION_TEXT:
    case OPTION_FLAG:
        break;
    }
    return options_wrong(c, "%s is empty", o->name);
}

/* ---- help ---------------------------------------------------------------------------------------------------------------------- */

static void print_option(char letter, const char *name, const char *argument, const char *help) {
    char left[64], dash[8] = "    ";
    if (letter)
        snprintf(dash, sizeof dash, "-%c, ", letter);
    snprintf(left, sizeof left, "%s%s%s%s", dash, name, argument ? " " : "", argument ? argument : "");
    if (strlen(left) > 28)
        printf("  %s\n  %-28s  %s\n", left, "", help);
    else
        printf("  %-28s  %s\n", left, help);
}

static int print_help(const command *c) {
    printf("Usage: visml %s %s [options]\n\n%s\n\nOptions:\n", c->name, c->operands, c->summary);
    for (int i = 0; i < c->option_count; i++)
        print_option(c->options[i].letter, c->options[i].name, c->options[i].argument, c->options[i].help);
    print_option('h', "--help", NULL, "this text");
    printf("\n%s", c->details);
    return CLI_OK;
}

/* ---- the walk over argv -------------------------------------------------------------------------------------------------------- */

/* The row that an argument names, `--name`, `--name=value` or `-x`; *value is what follows '=' or NULL. */
static const option *find(const command *c, const char *argument, const char **value) {
    size_t n = strcspn(argument, "=");
    *value = argument[1] == '-' && argument[n] ? argument + n + 1 : NULL;
    for (int i = 0; i < c->option_count; i++) {
        const option *o = &c->options[i];
        if (argument[1] == '-' ? strlen(o->name) == n && memcmp(o->name, argument, n) == 0
                               : o->letter && argument[1] == o->letter && !argument[2])
            return o;
    }
    return NULL;
}

/* One option at argv[*i]; steps over its value. -1 or CLI_USAGE. */
static int take(const command *c, int argc, char **argv, int *i) {
    const char *value, *argument = argv[*i];
    const option *o = find(c, argument, &value);
    if (!o)
        return options_wrong(c, "unknown option %s", argument);
    if (o->kind == OPTION_FLAG) {
        *(int32_t *)o->value = 1;
        return value ? options_wrong(c, "%s takes no value", o->name) : -1;
    }
    if (!value && *i + 1 >= argc)
        return options_wrong(c, "%s needs a value: %s", o->name, o->argument);
    if (!value)
        value = argv[++*i];
    return read_value(o, value) ? -1 : wrong_value(c, o, value);
}

int options_parse(const command *c, int argc, char **argv, int *operands) {
    int count = 0, only_operands = 0;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (only_operands || a[0] != '-' || !a[1]) {
            argv[++count] = argv[i]; /* count <= i: never overwrites what is still to be read */
        } else if (strcmp(a, "--") == 0) {
            only_operands = 1;
        } else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            return print_help(c);
        } else {
            int code = take(c, argc, argv, &i);
            if (code >= 0)
                return code;
        }
    }
    *operands = count;
    if (count < c->min_operands)
        return options_wrong(c, "%s is missing", c->operands);
    if (count > c->max_operands)
        return options_wrong(c, "\"%s\" is one argument too many", argv[c->max_operands + 1]);
    return -1;
}
