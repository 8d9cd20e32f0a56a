/* Rows of floats as they lie: side by side, with gaps, or as the columns of a matrix. */
#ifndef FEATURE_ROW_VIEW_H
#define FEATURE_ROW_VIEW_H

#include <stdint.h>

/* Element (i, j) of [n, d] at x[i row_stride + j column_stride]; one of the two strides is 1. */
typedef struct visml_row_view {
    int64_t n, d;
    const float *x;
    int64_t row_stride, column_stride;
} visml_row_view;

/* Rows begin ... begin + n - 1, elements of a row side by side: where they lie, or copied to buffer[n, d]. *ld: from one row to the
 * next. */
const float *visml_row_view_block(const visml_row_view *v, int64_t begin, int64_t n, float *buffer, int64_t *ld);
/* The same without gaps: *ld is d. */
const float *visml_row_view_dense(const visml_row_view *v, int64_t begin, int64_t n, float *buffer);
/* One row, copied. */
static inline void visml_row_view_copy(const visml_row_view *v, int64_t row, float *to) {
    const float *x = v->x + row * v->row_stride;
    for (int64_t j = 0; j < v->d; j++)
        to[j] = x[j * v->column_stride];
}

#endif
