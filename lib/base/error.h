/* Failing in one line. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "visml/base.h"

/* Writes code and message (printf-like, "what is wrong, what would be right") into err, when err is not NULL, and returns code:
 *     return visml_fail(err, VISML_EINVAL, "dense: units is %d, must be at least 1", units); */
visml_status visml_fail(visml_error *err, visml_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "where: " in front of the message that a callee wrote. Returns the error's code unchanged: */
/*     return visml_fail_in(err, status, "layer %d (%s)", i, name); */
visml_status visml_fail_in(visml_error *err, visml_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The text of an errno, without the races of strerror. Returns buffer. */
const char *visml_errno_text(int number, char *buffer, size_t capacity);

/* Returns from a function of type visml_status when a callee failed. */
#define VISML_TRY(call)                    \
    do {                                   \
        visml_status try_status = (call);  \
        if (try_status < 0)                \
            return try_status;             \
    } while (0)

#endif
