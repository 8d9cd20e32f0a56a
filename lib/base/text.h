/* Text that grows, and numbers written the same in every locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/memory.h"

typedef struct visml_text {
    visml_memory *memory; /* NULL: data is the caller's and does not grow */
    char *data; /* NULL while empty; always ends with a zero */
    size_t length, capacity;
    visml_status status; /* the first failure; later calls do nothing */
} visml_text;

void visml_text_init(visml_text *t, visml_memory *memory);
/* In the caller's memory, without allocating; text that does not fit, its end zero included, is a failure. capacity >= 1. */
void visml_text_init_fixed(visml_text *t, char *buffer, size_t capacity);
void visml_text_free(visml_text *t);
/* printf; use visml_fixed for real numbers, for %f and %g follow the host's locale. */
void visml_text_add(visml_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void visml_text_add_bytes(visml_text *t, const char *s, size_t n);
/* n times the character. */
void visml_text_fill(visml_text *t, char c, size_t n);
/* The contract of all public "text, capacity" calls: writes what fits, ends with a zero, returns the whole length (0 after a failure).
 * Cuts at a whole UTF-8 character. Frees t. */
size_t visml_text_finish(visml_text *t, char *out, size_t capacity);

/* Bytes of the UTF-8 character that starts here (n >= 1 bytes are there, or fewer up to an end zero); 0 when it is malformed (RFC 3629: no
 * surrogates, nothing overlong, at most U+10FFFF). */
size_t visml_utf8_length(const char *s, size_t n);
/* 1 when n bytes are well-formed UTF-8. */
int visml_utf8_valid(const char *s, size_t n);

typedef struct visml_number {
    char s[48];
} visml_number;
/* "0.4513": so many decimals (0 ... 9), a point in every locale; "nan", "inf", "-inf"; as visml_number so that calls can be nested:
 *     visml_text_add(t, "loss: %s", visml_fixed(loss, 4).s) */
visml_number visml_fixed(double value, int decimals);
/* "4.5130e-05": so many decimals (0 ... 17) before an exponent; the rest as visml_fixed. */
visml_number visml_scientific(double value, int decimals);
/* The fewest digits that read back as the same number; whole numbers below 1e15 are written out. A point in every locale. */
visml_number visml_shortest(double value);
/* The fewest digits that read back as the same float, by way of a double; at some powers of two one more. */
visml_number visml_shortest_float(float value);

#endif
