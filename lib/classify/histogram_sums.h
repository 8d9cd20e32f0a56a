/* Sums of gradients over the rows of a tree's node, one for each bin of each column.
 *
 * First and second derivatives are whole numbers side by side in 64 bits: g times 2^32 plus h, h >= 0. Sums of them are exact, whatever
 * their order, and so are differences: of two children one is added up, the other is what is left of the parent. Numbers are scaled so that
 * the sums over all rows fit (visml_gradient_scale). */
#ifndef CLASSIFY_HISTOGRAM_SUMS_H
#define CLASSIFY_HISTOGRAM_SUMS_H

#include "classify/bins.h"

static inline int64_t visml_gradient_pack(int32_t g, int32_t h) {
    return (int64_t)((uint64_t)(int64_t)g << 32) + h;
}
static inline int32_t visml_gradient_first(int64_t packed) {
    return (int32_t)(packed >> 32);
}
static inline int32_t visml_gradient_second(int64_t packed) {
    return (int32_t)(packed & 0x7fffffff);
}
/* The greatest power of 2 by which numbers up to `largest` can be multiplied, so that n of them, rounded up, add up to less than 2^31. */
double visml_gradient_scale(int64_t n, double largest);

/* Sums of one block of columns: [VISML_BIN_COLUMNS, width]. */
static inline int64_t visml_histogram_size(const visml_bins *b, int64_t block) {
    return (int64_t)b->widths[block] * VISML_BIN_COLUMNS;
}
/* Over rows[n], with the gradient of each beside it. h is written. */
void visml_histogram_sum(const visml_bins *b, int64_t block, int64_t n, const int32_t *rows, const int64_t *gradients, int64_t *h);
/* all -= part. */
void visml_histogram_subtract(int64_t n, int64_t *all, const int64_t *part);

#endif
