#include "kernel/prelu.h"

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define GROUPS 8 /* of samples, whose gradients are added up each by itself */

/* ---- the geometry ---- */

/* Takes the innermost dimensions that are shared, or not, as the last one is. Returns their number of elements, and where they begin. */
static int64_t take_run(const int64_t *dims, const unsigned char *shared, int32_t *rank) {
    int64_t n = 1;
    unsigned char kind = *rank > 0 ? shared[*rank - 1] : 0;
    while (*rank > 0 && shared[*rank - 1] == kind)
        n *= dims[--*rank];
    return n;
}

/* Dimensions of the kind that all of them are: the last one is the row, so that there are rows to share out. */
static void split_one_kind(visml_prelu_geometry *g, int64_t last, int is_shared) {
    g->inner = (visml_prelu_rows){g->inner.c / last, last, is_shared ? 0 : last, !is_shared};
}

visml_prelu_geometry visml_prelu_geometry_of(int64_t n, int32_t rank, const int64_t *dims, const unsigned char *shared) {
    visml_prelu_geometry g = {.n = n, .alphas = 1};
    int32_t left = rank;
    int last_shared = shared[rank - 1];
    for (int32_t i = 0; i < rank; i++)
        g.alphas *= shared[i] ? 1 : dims[i];
    g.inner.c = take_run(dims, shared, &left);
    if (left == 0) {
        split_one_kind(&g, dims[rank - 1], last_shared);
        return g;
    }
    g.inner.acol = !last_shared;
    g.inner.arow = last_shared;
    g.inner.rows = take_run(dims, shared, &left);
    int64_t step = last_shared ? g.inner.rows : g.inner.c;
    while (left > 0) {
        int is_shared = shared[left - 1];
        int64_t size = take_run(dims, shared, &left);
        g.outer[g.rank] = size;
        g.step[g.rank++] = is_shared ? 0 : step;
        step *= is_shared ? 1 : size;
    }
    return g;
}

static int64_t tiles_of(const visml_prelu_geometry *g) {
    int64_t n = 1;
    for (int32_t i = 0; i < g->rank; i++)
        n *= g->outer[i];
    return n;
}

/* Where alpha of a tile [rows, c] begins. The innermost of outer comes first. */
static int64_t alpha_of(const visml_prelu_geometry *g, int64_t tile) {
    int64_t at = 0;
    for (int32_t i = 0; i < g->rank; i++) {
        at += tile % g->outer[i] * g->step[i];
        tile /= g->outer[i];
    }
    return at;
}

/* ---- forward: blocks of rows ---- */

typedef struct prelu_job {
    const visml_kernels *k;
    const visml_prelu_geometry *g;
    int64_t tiles, size, block, blocks; /* size: of a tile; block: rows; blocks: of a tile */
    int64_t groups;
    const real *x, *alpha, *dy;
    real *y, *sums;
} prelu_job;

static prelu_job job_of(const visml_compute *c, const visml_prelu_geometry *g) {
    prelu_job j = {.k = c->kernels, .g = g, .tiles = tiles_of(g), .size = g->inner.rows * g->inner.c};
    j.block = visml_span_rows(g->inner.c);
    j.blocks = visml_blocks(g->inner.rows, j.block);
    j.groups = g->n < GROUPS ? g->n : GROUPS;
    return j;
}

static void forward_block(void *arg, size_t b, size_t worker) {
    const prelu_job *j = arg;
    int64_t tile = (int64_t)b / j->blocks, part = (int64_t)b % j->blocks, row = part * j->block, at = tile * j->size + row * j->g->inner.c;
    visml_prelu_rows rows = j->g->inner;
    (void)worker;
    rows.rows = visml_block_length(part, j->block, rows.rows);
    j->k->prelu(&rows, j->x + at, j->alpha + alpha_of(j->g, tile % j->tiles) + row * rows.arow, j->y + at);
}

void visml_prelu_forward(const visml_compute *c, const visml_prelu_geometry *g, const real *x, const real *alpha, real *y) {
    prelu_job j = job_of(c, g);
    j.x = x;
    j.alpha = alpha;
    j.y = y;
    visml_parallel_run(c->parallel, (size_t)(g->n * j.tiles * j.blocks), forward_block, &j);
}

/* ---- backward: groups of samples ---- */

static void backward_group(void *arg, size_t group, size_t worker) {
    const prelu_job *j = arg;
    int64_t n = j->g->n, first = (int64_t)group * n / j->groups, end = ((int64_t)group + 1) * n / j->groups;
    real *sums = j->sums ? j->sums + (int64_t)group * j->g->alphas : NULL;
    (void)worker;
    if (sums)
        j->k->copy_rows(1, j->g->alphas, NULL, 0, sums, 0); /* zeros */
    for (int64_t tile = first * j->tiles; tile < end * j->tiles; tile++) {
        int64_t at = tile * j->size, alpha = alpha_of(j->g, tile % j->tiles);
        j->k->prelu_backward(&j->g->inner, j->x + at, j->alpha + alpha, j->dy + at, j->y ? j->y + at : NULL, sums ? sums + alpha : NULL);
    }
}

size_t visml_prelu_backward_scratch(const visml_compute *c, const visml_prelu_geometry *g) {
    size_t n;
    (void)c;
    if (!visml_size_mul((size_t)g->alphas, (size_t)(g->n < GROUPS ? g->n : GROUPS), &n) || !visml_size_mul(n, sizeof(real), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

void visml_prelu_backward(const visml_compute *c, const visml_prelu_geometry *g, const real *x, const real *alpha, const real *dy, real *dx,
                          real *dalpha, void *scratch) {
    prelu_job j = job_of(c, g);
    j.x = x;
    j.alpha = alpha;
    j.dy = dy;
    j.y = dx;
    j.sums = dalpha ? scratch : NULL;
    visml_parallel_run(c->parallel, (size_t)j.groups, backward_group, &j);
    if (!dalpha)
        return;
    c->kernels->copy_rows(1, g->alphas, j.groups ? j.sums : NULL, 0, dalpha, 0);
    for (int64_t i = 1; i < j.groups; i++)
        c->kernels->sum((size_t)g->alphas, dalpha, j.sums + i * g->alphas, dalpha);
}
