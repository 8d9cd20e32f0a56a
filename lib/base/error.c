#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts an unfinished UTF-8 character off the end of a text that did not fit. */
static void trim_partial_character(char *s) {
    size_t n = strlen(s), back = 0;
    while (back < 3 && back < n && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back == n)
        return;
    unsigned char lead = (unsigned char)s[n - 1 - back];
    size_t want = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (want > back)
        s[n - 1 - back] = '\0';
}

static void write_message(visml_error *err, visml_status code, const char *message) {
    err->size = (uint32_t)sizeof *err;
    err->code = code;
    size_t n = strlen(message);
    int cut = n >= sizeof err->message;
    if (cut)
        n = sizeof err->message - 1;
    memcpy(err->message, message, n);
    err->message[n] = '\0';
    if (cut)
        trim_partial_character(err->message);
}

visml_status visml_fail(visml_error *err, visml_status code, const char *format, ...) {
    if (err) {
        char message[sizeof err->message + 1];
        va_list args;
        va_start(args, format);
        vsnprintf(message, sizeof message, format, args);
        va_end(args);
        write_message(err, code, message);
    }
    return code;
}

visml_status visml_fail_in(visml_error *err, visml_status code, const char *format, ...) {
    if (err) {
        char message[2 * sizeof err->message];
        va_list args;
        va_start(args, format);
        vsnprintf(message, sizeof err->message, format, args);
        va_end(args);
        size_t n = strlen(message);
        snprintf(message + n, sizeof message - n, ": %s", err->message);
        write_message(err, code, message);
    }
    return code;
}

const char *visml_errno_text(int number, char *buffer, size_t capacity) {
    /* glibc's form under _GNU_SOURCE returns the text and may leave the buffer alone; the POSIX form fills the buffer. */
#if defined(__GLIBC__)
    return strerror_r(number, buffer, capacity);
#else
    if (strerror_r(number, buffer, capacity) != 0)
        snprintf(buffer, capacity, "error %d", number);
    return buffer;
#endif
}
