/* Blocks of cells, each brought to one length: Dalal and Triggs 2005. */
#include <math.h>
#include <string.h>

#include "feature/hog.h"
#include "kernel/kernels.h"

#define EPSILON 1e-5f
#define CLIP 0.2f /* of L2-Hys (Lowe 2004) */

typedef struct blocks_job {
    const visml_hog_opts *o;
    const visml_compute *c;
    const visml_hog_cells *cells;
    const float *hist;
    float *y;
} blocks_job;

static void scale(int64_t n, float factor, float most, float *y) {
    for (int64_t i = 0; i < n; i++) {
        float x = y[i] * factor;
        y[i] = x < most ? x : most;
    }
}

static float by_l2(const visml_kernels *k, int64_t n, const float *y) {
    return 1 / sqrtf(k->reduce_squares((size_t)n, y) + EPSILON * EPSILON);
}

static void normalize(const blocks_job *j, int64_t n, float *y) {
    const visml_kernels *k = j->c->kernels;
    switch (j->o->block_norm) {
    case VISML_HOG_L2_HYS:
        scale(n, by_l2(k, n, y), CLIP, y);
        scale(n, by_l2(k, n, y), INFINITY, y);
        return;
    case VISML_HOG_L2: scale(n, by_l2(k, n, y), INFINITY, y); return;
    default: scale(n, 1 / ((float)k->reduce_abs((size_t)n, y) + EPSILON), INFINITY, y);
    }
    for (int64_t i = 0; j->o->block_norm == VISML_HOG_L1_SQRT && i < n; i++)
        y[i] = sqrtf(y[i]);
}

static void block_row(void *arg, size_t block, size_t worker) {
    const blocks_job *j = arg;
    const int32_t *side = j->o->cells_per_block;
    int64_t bins = j->cells->bins, row = side[1] * bins, n = side[0] * row, across = j->cells->columns - side[1] + 1;
    const float *hist = j->hist + (int64_t)block * j->cells->columns * bins;
    float *y = j->y + (int64_t)block * across * n;
    (void)worker;
    for (int64_t x = 0; x < across; x++, hist += bins, y += n) {
        for (int64_t i = 0; i < side[0]; i++)
            memcpy(y + i * row, hist + i * j->cells->columns * bins, (size_t)row * sizeof *y);
        normalize(j, n, y);
    }
}

void visml_hog_blocks(const visml_hog_opts *o, const visml_compute *c, const visml_hog_cells *cells, float *hist, float *y) {
    blocks_job j = {.o = o, .c = c, .cells = cells, .hist = hist, .y = y};
    scale(cells->rows * cells->columns * cells->bins, 1.0f / ((float)o->pixels_per_cell[0] * (float)o->pixels_per_cell[1]), INFINITY, hist);
    visml_parallel_run(c->parallel, (size_t)(cells->rows - o->cells_per_block[0] + 1), block_row, &j);
}
