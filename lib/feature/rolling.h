/* Rows that are made of a picture's rows one after the other, of which some are kept: what is filtered down the columns. */
#ifndef FEATURE_ROLLING_H
#define FEATURE_ROLLING_H

#include "feature/view.h"
#include "kernel/kernels.h"

/* Beyond the edges. */
typedef enum visml_edge {
    VISML_EDGE_REPEATED, /* a a a a | a b c d | d d d d */
    VISML_EDGE_MIRRORED, /* d c b a | a b c d | d c b a, and on */
} visml_edge;

typedef struct visml_rolling {
    visml_edge edge;
    int64_t height;     /* rows of the picture */
    int64_t length;     /* floats from one row to the next: an odd number of cache lines is best */
    int64_t capacity;   /* rows that there is room for */
    int64_t first, end; /* rows that are kept, also those beyond the edges; equal: none */
    float *rows;
} visml_rolling;

/* Makes row y of the picture, one of its own. */
typedef void visml_row_maker(void *arg, int64_t y, float *to);

/* Room for `rows` rows at a time, and some more, so that they need not be moved for each. */
static inline int64_t visml_rolling_capacity(int64_t rows) {
    return rows + 32;
}
/* So many floats, as an odd number of cache lines. */
static inline int64_t visml_rolling_length(int64_t n) {
    return ((n + 15) / 16 | 1) * 16;
}
/* Makes rows low ... high, fewer than the capacity, ready to be read. low never falls from one call to the next. */
void visml_rolling_reach(visml_rolling *r, int64_t low, int64_t high, visml_row_maker *make, void *arg);
static inline float *visml_rolling_row(const visml_rolling *r, int64_t y) {
    return r->rows + (y - r->first) * r->length;
}

/* Columns left ... left + n - 1, all inside, of row y of one channel as floats; bytes are 0 ... 255. */
void visml_row_floats(const visml_kernels *k, const visml_view *v, int64_t y, int64_t left, int64_t n, float *to);
/* row[n, numbers]: columns left ... left + n - 1 of a picture of `width` columns. Those that are inside have been made, one at least;
 * makes the others. */
void visml_row_beyond(visml_edge edge, int64_t width, int64_t left, int64_t n, int64_t numbers, float *row);

#endif
