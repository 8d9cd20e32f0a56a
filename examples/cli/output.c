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

int cli_print_json(json_t *value, int digits) {
    int written = value ? json_dumpf(value, stdout, JSON_REAL_PRECISION(digits) | JSON_ENCODE_ANY) : -1;
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
