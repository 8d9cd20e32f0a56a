#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

void visml_text_init(visml_text *t, visml_memory *memory) {
    memset(t, 0, sizeof *t);
    t->memory = memory;
}

void visml_text_init_fixed(visml_text *t, char *buffer, size_t capacity) {
    memset(t, 0, sizeof *t);
    t->data = buffer;
    t->capacity = capacity;
    buffer[0] = '\0';
}

void visml_text_free(visml_text *t) {
    if (t->memory)
        visml_mem_free(t->memory, t->data);
    t->data = NULL;
    t->length = t->capacity = 0;
}

/* Room for n bytes more and the end zero. */
static int reserve(visml_text *t, size_t n) {
    size_t need;
    void *data = t->data;
    if (t->status < 0)
        return 0;
    if (!visml_size_add(t->length, n, &need) || !visml_size_add(need, 1, &need))
        t->status = VISML_ENOMEM;
    else if (!t->memory)
        t->status = need <= t->capacity ? VISML_OK : VISML_ENOMEM;
    else
        t->status = visml_mem_grow(t->memory, &data, &t->capacity, need, 1, NULL);
    t->data = data;
    return t->status == VISML_OK;
}

void visml_text_add_bytes(visml_text *t, const char *s, size_t n) {
    if (!reserve(t, n))
        return;
    memcpy(t->data + t->length, s, n);
    t->length += n;
    t->data[t->length] = '\0';
}

void visml_text_fill(visml_text *t, char c, size_t n) {
    if (!reserve(t, n))
        return;
    memset(t->data + t->length, c, n);
    t->length += n;
    t->data[t->length] = '\0';
}

void visml_text_add(visml_text *t, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && reserve(t, (size_t)n)) {
        vsnprintf(t->data + t->length, (size_t)n + 1, format, again);
        t->length += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

/* The longest prefix of at most n bytes that ends with a whole UTF-8 character. */
static size_t whole_characters(const char *s, size_t n) {
    while (n && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return n;
}

size_t visml_text_finish(visml_text *t, char *out, size_t capacity) {
    size_t length = t->status < 0 ? 0 : t->length;
    if (out && capacity) {
        size_t n = length < capacity ? length : whole_characters(t->data, capacity - 1);
        if (n)
            memcpy(out, t->data, n);
        out[n] = '\0';
    }
    visml_text_free(t);
    return length;
}

size_t visml_utf8_length(const char *text, size_t n) {
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF8 ? 4 : 0;
    if (length <= 1 || length > n)
        return length == 1;
    uint32_t code = s[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3Fu);
    }
    return code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) ? length : 0;
}

int visml_utf8_valid(const char *s, size_t n) {
    for (size_t i = 0, length; i < n; i += length)
        if (!(length = visml_utf8_length(s + i, n - i)))
            return 0;
    return 1;
}

/* snprintf writes the host's decimal point, which may be several bytes; what stands between the digits becomes '.'. */
static void use_point(char *s) {
    char *p = s + (*s == '-');
    while (*p >= '0' && *p <= '9')
        p++;
    if (!*p || *p == 'e' || *p == 'n' || *p == 'i')
        return;
    char *rest = p;
    while (*rest && !(*rest >= '0' && *rest <= '9'))
        rest++;
    *p = '.';
    memmove(p + 1, rest, strlen(rest) + 1);
}

static int name_nonfinite(double value, visml_number *n) {
    if (isfinite(value))
        return 0;
    snprintf(n->s, sizeof n->s, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    return 1;
}

visml_number visml_fixed(double value, int decimals) {
    visml_number n;
    if (name_nonfinite(value, &n))
        return n;
    if (fabs(value) >= 1e18)
        snprintf(n.s, sizeof n.s, "%.*e", decimals, value); /* too long to write out */
    else
        snprintf(n.s, sizeof n.s, "%.*f", decimals, value);
    use_point(n.s);
    return n;
}

visml_number visml_scientific(double value, int decimals) {
    visml_number n;
    if (name_nonfinite(value, &n))
        return n;
    snprintf(n.s, sizeof n.s, "%.*e", decimals, value);
    use_point(n.s);
    return n;
}

/* "1.99e-05" to "2.00e-05": the next number of as many digits, away from 0. Nothing for nines alone. */
static void step_away(char *s) {
    for (char *p = strchr(s, 'e'); p > s; p--) {
        char *digit = p - 1;
        if (*digit < '0' || *digit > '9')
            continue;
        if (*digit != '9') {
            ++*digit;
            return;
        }
        *digit = '0';
    }
}

/* Doubles lie half as far apart on the near side of a power of two as on the far side. So the decimal number that is nearest to it may read
 * back as its neighbour, where the next one reads back as itself: 2^-44 is 5.684341886080802e-14, and ...801 is nearer. */
static int from_far_side(double value, int digits, visml_number *n) {
    int exponent;
    if (fabs(frexp(value, &exponent)) != 0.5)
        return 0;
    snprintf(n->s, sizeof n->s, "%.*e", digits - 1, value);
    step_away(n->s);
    return strtod(n->s, NULL) == value;
}

visml_number visml_shortest(double value) {
    visml_number n;
    if (name_nonfinite(value, &n))
        return n;
    if (value == nearbyint(value) && fabs(value) < 1e15) {
        snprintf(n.s, sizeof n.s, "%.0f", value);
        return n;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(n.s, sizeof n.s, "%.*g", digits, value);
        if (strtod(n.s, NULL) == value || from_far_side(value, digits, &n)) /* the same locale reads back what it wrote */
            break;
    }
    use_point(n.s);
    return n;
}

/* Where six digits are enough, %g leaves out those that are not needed, but for subnormal numbers; nine tell all floats apart. */
visml_number visml_shortest_float(float value) {
    visml_number n;
    if (name_nonfinite((double)value, &n))
        return n;
    for (int digits = fabsf(value) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        snprintf(n.s, sizeof n.s, "%.*g", digits, (double)value);
        if ((float)strtod(n.s, NULL) == value) /* the same locale reads back what it wrote */
            break;
    }
    use_point(n.s);
    return n;
}
