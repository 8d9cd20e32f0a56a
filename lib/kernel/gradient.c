#include "kernel/gradient.h"

#include <string.h>

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

typedef struct gradient_job {
    const visml_kernels *k;
    const visml_gradient *g;
    int64_t rows, part; /* part: floats of scratch of one worker */
    float *scratch;
} gradient_job;

/* Three rows of pixels, two of differences, two of the strongest ones'. */
static int64_t part_of(const visml_gradient *g) {
    return (7 * g->w * g->c + 15) / 16 * 16;
}

size_t visml_gradient_scratch(const visml_compute *c, const visml_gradient *g) {
    size_t n;
    if (!visml_size_mul((size_t)part_of(g), c->parallel->workers * sizeof(float), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

/* Row y as floats; bytes are made so, in one of three places by turns. */
static const float *row_of(const gradient_job *j, int64_t y, float *places) {
    const visml_gradient *g = j->g;
    int64_t n = g->w * g->c;
    if (!g->bytes)
        return g->x + y * n;
    j->k->from_u8((size_t)n, g->bytes + y * n, places + y % 3 * n);
    return places + y % 3 * n;
}

static void across(const gradient_job *j, const float *row, float *dx) {
    const visml_gradient *g = j->g;
    int64_t c = g->c, last = (g->w - 1) * c;
    if (g->w > 2)
        j->k->difference((g->w - 2) * c, row + 2 * c, row, dx + c);
    for (int64_t ch = 0; ch < c; ch++) {
        int edge = g->border == VISML_BORDER_EDGE && g->w > 1;
        dx[ch] = edge ? row[c + ch] - row[ch] : 0;
        if (g->w > 1)
            dx[last + ch] = edge ? row[last + ch] - row[last - c + ch] : 0;
    }
}

static void down(const gradient_job *j, const float *above, const float *here, const float *below, float *dy) {
    int64_t n = j->g->w * j->g->c;
    if (above && below)
        j->k->difference(n, below, above, dy);
    else if (j->g->border == VISML_BORDER_EDGE)
        j->k->difference(n, below ? below : here, above ? above : here, dy);
    else
        memset(dy, 0, (size_t)n * sizeof *dy);
}

static void gradient_rows(void *arg, size_t block, size_t worker) {
    const gradient_job *j = arg;
    const visml_gradient *g = j->g;
    int64_t first = (int64_t)block * j->rows, end = first + visml_block_length((int64_t)block, j->rows, g->h), n = g->w * g->c;
    float *places = j->scratch + (int64_t)worker * j->part, *dx = places + 3 * n, *dy = dx + n, *x = dy + n, *y = x + n;
    const float *above = first > 0 ? row_of(j, first - 1, places) : NULL, *here = row_of(j, first, places);
    for (int64_t i = first; i < end; i++) {
        const float *below = i + 1 < g->h ? row_of(j, i + 1, places) : NULL;
        across(j, here, dx);
        down(j, above, here, below, dy);
        if (g->c > 1)
            j->k->strongest(g->w, g->c, dx, dy, x, y);
        j->k->polar(g->w, g->c > 1 ? x : dx, g->c > 1 ? y : dy, g->unsigned_angle, g->magnitude ? g->magnitude + i * g->w : NULL,
                    g->angle ? g->angle + i * g->w : NULL);
        above = here;
        here = below;
    }
}

void visml_gradient_run(const visml_compute *c, const visml_gradient *g, void *scratch) {
    gradient_job j = {.k = c->kernels, .g = g, .rows = visml_span_rows(g->w * g->c), .part = part_of(g), .scratch = scratch};
    if (g->w > 0 && g->c > 0)
        visml_parallel_run(c->parallel, (size_t)visml_blocks(g->h, j.rows), gradient_rows, &j);
}

#endif
