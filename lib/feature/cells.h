/* Cells of a grid over a picture. */
#ifndef FEATURE_CELLS_H
#define FEATURE_CELLS_H

#include "visml/feature.h"

/* Cell k of rows x columns. */
static inline visml_box visml_cell(int64_t height, int64_t width, int64_t rows, int64_t columns, int64_t k) {
    int64_t i = k / columns, j = k % columns, top = height * i / rows, left = width * j / columns;
    return (visml_box){(int32_t)top, (int32_t)left, (int32_t)(height * (i + 1) / rows - top), (int32_t)(width * (j + 1) / columns - left)};
}

#endif
