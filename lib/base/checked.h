/* Arithmetic on sizes that says when it does not fit. Each returns 1 and writes *out, or returns 0 and leaves it. */
#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

#include <stddef.h>
#include <stdint.h>

static inline int visml_size_mul(size_t a, size_t b, size_t *out) {
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return 0;
    *out = r;
    return 1;
}

static inline int visml_size_add(size_t a, size_t b, size_t *out) {
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return 0;
    *out = r;
    return 1;
}

static inline int visml_i64_mul(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return 0;
    *out = r;
    return 1;
}

static inline int visml_i64_add(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_add_overflow(a, b, &r))
        return 0;
    *out = r;
    return 1;
}

/* Rounds up to a multiple of `to` (a power of two); 0 when that does not fit. */
static inline int visml_size_align(size_t n, size_t to, size_t *out) {
    size_t r;
    if (!visml_size_add(n, to - 1, &r))
        return 0;
    *out = r & ~(to - 1);
    return 1;
}

#endif
