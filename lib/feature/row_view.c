#include "feature/row_view.h"

#include <string.h>

#define TILE 16 /* rows and columns that are turned around at a time: a line of the cache */

const float *visml_row_view_block(const visml_row_view *v, int64_t begin, int64_t n, float *buffer, int64_t *ld) {
    const float *x = v->x + begin * v->row_stride;
    if (v->column_stride == 1) {
        *ld = v->row_stride;
        return x;
    }
    *ld = v->d;
    for (int64_t i0 = 0; i0 < n; i0 += TILE)
        for (int64_t j0 = 0; j0 < v->d; j0 += TILE)
            for (int64_t j = j0; j < v->d && j < j0 + TILE; j++)
                for (int64_t i = i0; i < n && i < i0 + TILE; i++)
                    buffer[i * v->d + j] = x[i + j * v->column_stride];
    return buffer;
}

const float *visml_row_view_dense(const visml_row_view *v, int64_t begin, int64_t n, float *buffer) {
    int64_t ld;
    const float *x = visml_row_view_block(v, begin, n, buffer, &ld);
    if (ld == v->d)
        return x;
    for (int64_t i = 0; i < n; i++)
        memcpy(buffer + i * v->d, x + i * ld, (size_t)v->d * sizeof *buffer);
    return buffer;
}
