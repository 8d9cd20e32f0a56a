#include "kernel/trees.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

#define ROWS VISML_TREE_LANES /* of one piece of work: they stay in the second cache while all trees go by */

typedef struct trees_job {
    const visml_kernels *k;
    const visml_trees *f;
    int64_t rows, ld;
    const float *x, *start;
    float *out;
    int32_t *leaves;
    float *turned; /* [workers, turned_count]; NULL: rows are not turned */
} trees_job;

static size_t turned_count(int64_t features) {
    return (size_t)(features + VISML_TREE_SMALL) * VISML_TREE_LANES;
}

/* One small tree saves about what it takes to turn sixteen elements of each row. */
static int pays(const visml_trees *f) {
    return f->trees * 16 >= f->features && f->count <= f->trees * VISML_TREE_SMALL;
}

static void turn(const trees_job *j, visml_tree_rows *r, size_t worker) {
    if (!j->turned || r->rows < VISML_TREE_LANES)
        return;
    r->turned = j->turned + worker * turned_count(j->f->features);
    j->k->transpose(r->rows, j->f->features, r->x, r->ld, r->turned, VISML_TREE_LANES);
}

static void trees_block(void *arg, size_t block, size_t worker) {
    const trees_job *j = arg;
    int64_t first = (int64_t)block * ROWS, groups = j->f->groups;
    visml_tree_rows r = {visml_block_length((int64_t)block, ROWS, j->rows), j->ld, j->x + first * j->ld, NULL};
    if (j->leaves) {
        j->k->tree_leaves(&r, j->f, j->leaves + first * j->f->trees);
        return;
    }
    for (int64_t i = 0; i < r.rows; i++)
        for (int64_t g = 0; g < groups; g++)
            j->out[(first + i) * groups + g] = j->start ? j->start[g] : 0;
    turn(j, &r, worker);
    j->k->tree_sums(&r, j->f, j->out + first * groups);
}

size_t visml_trees_sum_scratch(const visml_compute *c, int64_t features) {
    return c->parallel->workers * turned_count(features) * sizeof(float);
}

void visml_trees_sum(const visml_compute *c, const visml_trees *f, int64_t rows, const float *x, int64_t ld, const float *start,
                     float *out, void *scratch) {
    trees_job j = {.k = c->kernels, .f = f, .rows = rows, .ld = ld, .x = x, .start = start, .out = out,
                   .turned = pays(f) ? scratch : NULL};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, ROWS), trees_block, &j);
}

void visml_trees_leaves(const visml_compute *c, const visml_trees *f, int64_t rows, const float *x, int64_t ld, int32_t *out) {
    trees_job j = {.k = c->kernels, .f = f, .rows = rows, .ld = ld, .x = x, .leaves = out};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, ROWS), trees_block, &j);
}

#endif
