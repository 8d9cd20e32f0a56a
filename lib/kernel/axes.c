#include "kernel/axes.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

#define LEAST 16 /* rows of a piece of work, so that what is written lies side by side */

/* Axes of y, the outermost first: their sizes, and steps in x and in y. */
typedef struct axes_plan {
    int32_t rank;
    int64_t size[VISML_AXES], in[VISML_AXES], out[VISML_AXES];
    int64_t count; /* elements */
} axes_plan;

typedef struct axes_job {
    const visml_kernels *k;
    axes_plan outer; /* the axes that are walked over: each place is a plane */
    int64_t planes;  /* of one array */
    int64_t rows, cols, in_row, out_row; /* of a plane */
    int64_t block, blocks; /* rows of one piece of work; pieces of a plane */
    int turned;      /* a plane is turned; else its rows are copied */
    const real *x;
    real *y;
} axes_job;

static void add_axis(axes_plan *p, int64_t size, int64_t in) {
    int32_t last = p->rank - 1;
    if (size == 1)
        return;
    if (last >= 0 && p->in[last] == in * size) { /* the two are neighbours in x, too */
        p->size[last] *= size;
        p->in[last] = in;
        return;
    }
    p->size[p->rank] = size;
    p->in[p->rank++] = in;
}

static axes_plan plan_of(int32_t rank, const int64_t *dims, const int32_t *order) {
    axes_plan p = {.count = 1};
    int64_t steps[VISML_AXES];
    for (int32_t i = rank - 1; i >= 0; i--) {
        steps[i] = p.count;
        p.count *= dims[i];
    }
    for (int32_t i = 0; i < rank; i++)
        add_axis(&p, dims[order[i]], steps[order[i]]);
    if (p.rank == 0) /* one element */
        p = (axes_plan){.rank = 1, .size = {1}, .in = {1}, .count = p.count};
    int64_t step = 1;
    for (int32_t i = p.rank - 1; i >= 0; i--) {
        p.out[i] = step;
        step *= p.size[i];
    }
    return p;
}

static void remove_axis(axes_plan *p, int32_t axis) {
    p->rank--;
    for (int32_t i = axis; i < p->rank; i++) {
        p->size[i] = p->size[i + 1];
        p->in[i] = p->in[i + 1];
        p->out[i] = p->out[i + 1];
    }
}

/* The plane is made of the last axis of y and, where that is not the last of x, too, of the one that is. */
static void choose_plane(axes_job *j, const axes_plan *p) {
    int32_t last = p->rank - 1, other = last - 1;
    j->outer = *p;
    j->turned = p->in[last] != 1;
    for (int32_t i = 0; i < last && j->turned; i++)
        if (p->in[i] == 1)
            other = i;
    remove_axis(&j->outer, last);
    if (j->turned) {
        j->rows = p->size[last];
        j->in_row = p->in[last];
        j->cols = p->size[other];
        j->out_row = p->out[other];
    } else {
        j->rows = other >= 0 ? p->size[other] : 1;
        j->in_row = other >= 0 ? p->in[other] : 0;
        j->cols = p->size[last];
        j->out_row = other >= 0 ? p->out[other] : 0;
    }
    if (other >= 0)
        remove_axis(&j->outer, other);
    j->planes = p->count / (j->rows * j->cols);
    j->block = visml_span_rows(j->cols) > LEAST ? visml_span_rows(j->cols) : LEAST;
    j->blocks = visml_blocks(j->rows, j->block);
}

static void move_block(void *arg, size_t number, size_t worker) {
    const axes_job *j = arg;
    int64_t plane = (int64_t)number / j->blocks, block = (int64_t)number % j->blocks, row = block * j->block;
    int64_t array = plane / j->planes * j->outer.count, left = plane % j->planes, rows = visml_block_length(block, j->block, j->rows);
    const real *x = j->x + array + row * j->in_row;
    real *y = j->y + array + row * (j->turned ? 1 : j->out_row);
    (void)worker;
    for (int32_t i = j->outer.rank - 1; i >= 0; i--) {
        x += left % j->outer.size[i] * j->outer.in[i];
        y += left % j->outer.size[i] * j->outer.out[i];
        left /= j->outer.size[i];
    }
    if (j->turned)
        j->k->transpose(rows, j->cols, x, j->in_row, y, j->out_row);
    else
        j->k->copy_rows(rows, j->cols, x, j->in_row, y, j->out_row);
}

void visml_axes_permute(const visml_compute *c, int64_t n, int32_t rank, const int64_t *dims, const int32_t *order, const real *x,
                        real *y) {
    axes_plan p = plan_of(rank, dims, order);
    axes_job j = {.k = c->kernels, .x = x, .y = y};
    if (p.count == 0)
        return;
    choose_plane(&j, &p);
    visml_parallel_run(c->parallel, (size_t)(n * j.planes * j.blocks), move_block, &j);
}

void visml_axes_swap(const visml_compute *c, int64_t n, int64_t rows, int64_t cols, const real *x, real *y) {
    visml_axes_permute(c, n, 2, (int64_t[]){rows, cols}, (int32_t[]){1, 0}, x, y);
}
