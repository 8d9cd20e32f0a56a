/* How flat arrays and rows are cut into pieces of work: by size alone. */
#ifndef KERNEL_SPAN_H
#define KERNEL_SPAN_H

#include <stddef.h>
#include <stdint.h>

#define VISML_SPAN ((size_t)16384) /* elements: 64 KiB of floats, some microseconds of work; a multiple of 64 */

static inline size_t visml_spans(size_t n) {
    return n / VISML_SPAN + (n % VISML_SPAN != 0);
}

static inline size_t visml_span_length(size_t span, size_t n) {
    size_t left = n - span * VISML_SPAN;
    return left < VISML_SPAN ? left : VISML_SPAN;
}

/* Rows of c elements that make about one span; at least 1. */
static inline int64_t visml_span_rows(int64_t c) {
    int64_t rows = c > 0 ? (int64_t)VISML_SPAN / c : (int64_t)VISML_SPAN;
    return rows > 0 ? rows : 1;
}

/* Blocks of `size` in n. */
static inline int64_t visml_blocks(int64_t n, int64_t size) {
    return n / size + (n % size != 0);
}

/* The length of block number b. */
static inline int64_t visml_block_length(int64_t b, int64_t size, int64_t n) {
    return n - b * size < size ? n - b * size : size;
}

#endif
