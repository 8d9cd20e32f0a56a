/* Cells by the energy of the four squares of cells that they are in: Felzenszwalb, Girshick, McAllester and Ramanan 2010. */
#include <math.h>

#include "feature/hog.h"

#define CLIP 0.2f
#define TINY 1e-10f

typedef struct uoctti_job {
    const visml_hog_cells *cells;
    int32_t n;
    const float *hist;
    float *y;
} uoctti_job;

static const float *cell_at(const uoctti_job *j, int64_t i, int64_t x) {
    i = i < 0 ? 0 : i < j->cells->rows ? i : j->cells->rows - 1;
    x = x < 0 ? 0 : x < j->cells->columns ? x : j->cells->columns - 1;
    return j->hist + (i * j->cells->columns + x) * j->cells->bins;
}

/* Of directions without a sign; outside lies the cell at the edge once more. */
static float energy(const uoctti_job *j, int64_t i, int64_t x) {
    const float *h = cell_at(j, i, x);
    float sum = 0;
    for (int32_t k = 0; k < j->n; k++)
        sum += (h[k] + h[j->n + k]) * (h[k] + h[j->n + k]);
    return sum;
}

static void cell(const uoctti_job *j, const float *h, const float *factors, float *y) {
    int32_t n = j->n;
    float totals[4] = {0};
    for (int32_t k = 0; k < n; k++) {
        float sums[3] = {0};
        for (int q = 0; q < 4; q++) {
            float here = factors[q] * h[k], there = factors[q] * h[n + k], both = here + there;
            totals[q] += both = fminf(both, CLIP);
            sums[0] += fminf(here, CLIP);
            sums[1] += fminf(there, CLIP);
            sums[2] += both;
        }
        for (int which = 0; which < 3; which++)
            y[which * n + k] = 0.5f * sums[which];
    }
    for (int q = 0; q < 4; q++)
        y[3 * n + q] = totals[q] / sqrtf(2 * (float)n);
}

static void cell_row(void *arg, size_t block, size_t worker) {
    const uoctti_job *j = arg;
    int64_t i = (int64_t)block;
    (void)worker;
    for (int64_t x = 0; x < j->cells->columns; x++) {
        float around[9], factors[4];
        for (int k = 0; k < 9; k++)
            around[k] = energy(j, i + k / 3 - 1, x + k % 3 - 1);
        for (int q = 0; q < 4; q++) { /* up and to the left, up and to the right, and so on below */
            const float *a = around + q / 2 * 3 + q % 2;
            factors[q] = 1 / sqrtf(a[0] + a[1] + a[3] + a[4] + TINY);
        }
        cell(j, cell_at(j, i, x), factors, j->y + (i * j->cells->columns + x) * (3 * j->n + 4));
    }
}

void visml_hog_uoctti(const visml_hog_opts *o, const visml_compute *c, const visml_hog_cells *cells, const float *hist, float *y) {
    uoctti_job j = {cells, o->orientations, hist, y};
    visml_parallel_run(c->parallel, (size_t)cells->rows, cell_row, &j);
}
