#include "base/checked.h"
#include "kernel/span.h"
#include "kernel/winograd_job.h"

/* With few tiles most of the time goes into the weights: they are turned and transformed where they are multiplied, a panel of them at a
 * time, which then lies in that thread's own cache. */

#define ROWS 16 /* of weights that are turned at a time */
#define CHUNK 4 /* tiles that are transformed at a time */
#define MOST_U 128000 /* elements of a panel */

typedef struct panels {
    visml_winograd j; /* its block: all tiles, or what each piece of work transforms at a time */
    const real *w;
    int64_t nr, count, groups; /* columns of a panel, panels, parts of the tiles */
    int alone;                 /* each piece of work transforms what it reads of x; or all is there */
    real *in, *own;            /* in: [places][block][ld_in] */
    size_t own_size;           /* of one worker */
} panels;

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t elements_in(const panels *p) {
    return p->j.places * p->j.block * p->j.ld_in;
}

static int64_t elements_u(const panels *p) {
    return p->j.places * p->j.plane_u;
}

static int64_t elements_out(const panels *p) {
    return p->j.places * p->j.block * p->j.ld_out;
}

/* Columns col ... col + cols of u. w: [3, 3, columns, rows]. */
static void transform_panel(const panels *p, int64_t col, int64_t cols, real *turned, real *u) {
    const visml_kernels *k = p->j.compute->kernels;
    int64_t rows = p->j.in.c, nr = p->nr;
    visml_winograd_weights s = {.cols = cols, .tap = -ROWS * nr, .ld = nr, .plane = p->j.plane_u, .ldu = nr, .m = p->j.m};
    if (cols < nr) /* nothing undefined may be computed with */
        k->copy_rows(p->j.places, rows * nr, NULL, 0, u, s.plane);
    for (int64_t row = 0; row < rows; row += ROWS) {
        s.rows = least(ROWS, rows - row);
        for (int64_t tap = 0; tap < 9; tap++)
            k->transpose(cols, s.rows, p->w + (tap * p->j.out.c + col) * rows + row, rows, turned + tap * ROWS * nr, nr);
        k->winograd_weights(&s, turned + 8 * ROWS * nr, u + row * nr);
    }
}

static void input(const panels *p, int64_t tile, int64_t count, real *in) {
    p->j.compute->kernels->winograd_input(&p->j.in, p->j.x, tile, count, in, p->j.block * p->j.ld_in, p->j.ld_in);
}

static void input_task(void *arg, size_t task, size_t worker) {
    const panels *p = arg;
    int64_t tile = (int64_t)task * CHUNK;
    (void)worker;
    input(p, tile, least(CHUNK, p->j.tiles - tile), p->in + tile * p->j.ld_in);
}

/* `count` tiles of one panel; in: of these. */
static void multiply(const visml_winograd *j, int64_t tile, int64_t count, const real *in, real *out) {
    for (int64_t place = 0; place < j->places; place++)
        visml_winograd_multiply(j, place, count, in, out);
    j->compute->kernels->winograd_output(&j->out, out, j->block * j->ld_out, j->ld_out, tile, count, &j->finish);
}

static void panel_task(void *arg, size_t task, size_t worker) {
    const panels *p = arg;
    visml_winograd j = p->j;
    int64_t group = (int64_t)task % p->groups, tile = group * j.tiles / p->groups, end = (group + 1) * j.tiles / p->groups;
    int64_t col = (int64_t)task / p->groups * p->nr, cols = least(p->nr, j.out.c - col);
    real *u = p->own + worker * p->own_size, *out = u + elements_u(p), *turned = out + elements_out(p), *in = turned + 9 * ROWS * p->nr;
    transform_panel(p, col, cols, turned, u);
    j.u = u;
    j.out.c = cols;
    j.finish.c += col;
    for (int64_t count; tile < end; tile += count) {
        count = least(end - tile, j.block);
        if (p->alone)
            input(p, tile, count, in);
        multiply(&j, tile, count, p->alone ? in : p->in + tile * j.ld_in, out);
    }
}

/* How work is cut has no influence on results. */
static panels panels_of(const visml_winograd *j) {
    int64_t workers = (int64_t)j->compute->parallel->workers;
    panels p = {.j = *j, .nr = j->compute->kernels->gemm_blocking().nr};
    p.j.ld_out = visml_winograd_row(p.nr);
    p.j.plane_u = j->in.c * p.nr + 48; /* planes a power of two apart would share a set of the caches */
    p.count = visml_blocks(j->out.c, p.nr);
    p.groups = visml_blocks(workers, p.count);
    p.alone = p.count < 2 * workers;
    if (!p.alone)
        p.j.block = VISML_WINOGRAD_FEW;
    p.own_size = (size_t)visml_blocks(elements_u(&p) + elements_out(&p) + 9 * ROWS * p.nr + elements_in(&p) * p.alone, 16) * 16;
    return p;
}

/* Of what does not stay in a second-level cache nothing is gained. */
int visml_winograd_panels_apply(const visml_winograd *j) {
    panels p = panels_of(j);
    return j->tiles <= VISML_WINOGRAD_FEW && elements_u(&p) <= MOST_U;
}

size_t visml_winograd_panels_scratch(const visml_winograd *j) {
    panels p = panels_of(j);
    size_t n;
    if (!visml_size_mul(p.own_size, j->compute->parallel->workers, &n) || !visml_size_add(n, (size_t)elements_in(&p), &n) ||
        !visml_size_mul(n, sizeof(real), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

void visml_winograd_panels(const visml_winograd *j, const real *w, void *scratch) {
    panels p = panels_of(j);
    const visml_parallel *parallel = j->compute->parallel;
    p.w = w;
    p.own = scratch;
    p.in = p.own + p.own_size * parallel->workers;
    if (!p.alone)
        visml_parallel_run(parallel, (size_t)visml_blocks(p.j.tiles, CHUNK), input_task, &p);
    visml_parallel_run(parallel, (size_t)(p.count * p.groups), panel_task, &p);
}
