/* Messages, JSON lines, the progress bar.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

static void message(const char *format, va_list args) {
    fflush(stdout); /* so that both streams keep their order on a terminal */
    fputs("visml: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void cli_message(const char *format, ...) {
    va_list args;
    va_start(args, format);
    message(format, args);
    va_end(args);
}

int cli_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    message(format, args);
    va_end(args);
    return CLI_FAILURE;
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------------- */

/* The fewest digits that read back as the same number. (The program stays in the "C" locale.) */
static size_t digits_of(double value) {
    char s[32];
    for (int n = 1; n < 17; n++) {
        snprintf(s, sizeof s, "%.*g", n, value);
        if (strtod(s, NULL) == value)
            return (size_t)n;
    }
    return 17;
}

static int write_key(const char *key) {
    json_t *s = json_string(key);
    int written = s ? json_dumpf(s, stdout, JSON_ENCODE_ANY) : -1;
    json_decref(s);
    fputs(": ", stdout);
    return written;
}

/* jansson writes all reals of a value with one number of digits; so arrays and objects are taken apart here. */
static int write_json(const json_t *value) {
    size_t n = json_is_real(value) ? digits_of(json_real_value(value)) : 0;
    const char *key;
    json_t *child;
    int written = 0;
    if (!json_is_array(value) && !json_is_object(value))
        return json_dumpf(value, stdout, JSON_REAL_PRECISION(n) | JSON_ENCODE_ANY);
    putchar(json_is_array(value) ? '[' : '{');
    for (size_t i = 0; i < json_array_size(value); i++) {
        fputs(i ? ", " : "", stdout);
        written |= write_json(json_array_get(value, i));
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, child) {
        fputs(n++ ? ", " : "", stdout);
        written |= write_key(key) | write_json(child);
    }
    putchar(json_is_array(value) ? ']' : '}');
    return written;
}

int cli_print_json(json_t *value) {
    int written = value ? write_json(value) : -1;
    json_decref(value);
    if (!value)
        return cli_fail("out of memory");
    putchar('\n');
    fflush(stdout);
    return written == 0 ? CLI_OK : CLI_FAILURE; /* main() says why standard output failed */
}

json_t *cli_json_string(const char *s) {
    json_t *value = json_string(s);
    char *copy = value ? NULL : strdup(s);
    if (!copy)
        return value;
    for (char *p = copy; *p; p++) {
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    }
    value = json_string(copy);
    free(copy);
    return value;
}

json_t *cli_json_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cli_json_float(float value) {
    char s[32] = "";
    for (int n = 1; isfinite(value) && n <= 9; n++) {
        snprintf(s, sizeof s, "%.*g", n, (double)value);
        if (strtof(s, NULL) == value)
            break;
    }
    return *s ? json_real(strtod(s, NULL)) : json_null();
}

void cli_report_dropped(const visml_dataset *data) {
    enum { SHOWN = 10 };
    size_t n = visml_dataset_dropped_count(data);
    char path[4096], reason[1024];
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        if (visml_dataset_dropped(data, i, path, sizeof path, reason, sizeof reason, NULL) == VISML_OK)
            cli_message("left out: %s: %s", path, reason);
    }
    if (n > SHOWN)
        cli_message("left out: %zu more", n - SHOWN);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_bar_draw(cli_bar *bar, const visml_progress *progress, int last) {
    char text[512];
    double t = now();
    if (!last && bar->drawn > 0 && t - bar->drawn < 0.1)
        return;
    bar->drawn = last ? 0 : t;
    visml_progress_text(progress, 1, text, sizeof text);
    fprintf(bar->stream, last ? "%s\n" : "%s", text);
    fflush(bar->stream);
}
