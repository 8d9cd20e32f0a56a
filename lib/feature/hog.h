/* What the two variants of HOG share: histograms of directions in cells. */
#ifndef FEATURE_HOG_H
#define FEATURE_HOG_H

#include "feature/extractor.h"

/* What a view has of cells, and what each has of numbers: n, or 2 n with opposite directions apart. */
typedef struct visml_hog_cells {
    int64_t rows, columns;
    int32_t bins;
} visml_hog_cells;

visml_hog_cells visml_hog_cells_of(const visml_hog_opts *o, int64_t height, int64_t width);
size_t visml_hog_scratch(const visml_hog_opts *o, const visml_compute *c, int64_t height, int64_t width, int64_t channels);
/* Sums of the lengths of gradients, of pictures in [0, 1]: [rows, columns, bins], at the beginning of the scratch. */
float *visml_hog_histograms(const visml_hog_opts *o, const visml_compute *c, const visml_view *v, void *scratch);

/* hog_blocks.c, hog_uoctti.c: what is made of them. hist is changed by the first. */
void visml_hog_blocks(const visml_hog_opts *o, const visml_compute *c, const visml_hog_cells *cells, float *hist, float *y);
void visml_hog_uoctti(const visml_hog_opts *o, const visml_compute *c, const visml_hog_cells *cells, const float *hist, float *y);

#endif
