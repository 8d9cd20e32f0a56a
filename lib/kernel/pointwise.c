#include "kernel/pointwise.h"

#include "base/checked.h"
#include "kernel/direct.h"
#include "kernel/kernels.h"
#include "kernel/span.h"
#include "kernel/tiling.h"
#include "visml/base.h"

#define LINE 16       /* elements of a line of the cache */
#define FAR_ELEMENTS ((int64_t)3 << 20) /* arrays of more are not in a cache: asking beforehand pays, else it costs a little */
#define FEW_COLS 256 /* of the right factor */
#define MOST_CHANNELS 1024 /* rows further apart fall on too few sets of a cache to be read where they stand */

/* c[m, n] = a[m, k] right[k, n]. */
typedef struct pointwise {
    const visml_compute *compute;
    visml_blocking b;
    int64_t m, n, k;
    int is_far;
    const real *a, *right; /* right: [blocks of VISML_KC][panels][kc][nr] */
    real *c;
    const visml_epilogue *epilogue;
    visml_cut cut;
    real *left; /* packed rows, a set for each worker */
    const real *w;
    real *turned;
} pointwise;

int visml_pointwise_applies(const visml_conv2d_geometry *g) {
    return g->kh * g->kw * g->sh * g->sw * g->groups == 1 && g->top == 0 && g->left == 0 && g->oh == g->h && g->ow == g->w;
}

int visml_pointwise_weights_applies(const visml_conv2d_geometry *g) {
    return visml_pointwise_applies(g) && g->c <= MOST_CHANNELS && g->f <= MOST_CHANNELS && g->f % VISML_MAX_NR == 0; /* whole panels */
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static const real *from(const real *array, int64_t i) {
    return array ? array + i : NULL;
}

/* ---- what is wanted next, some lines at a time ---- */

typedef struct ahead {
    const real *p;     /* the row that is being asked for */
    int64_t ld, width; /* distance of rows, elements of one */
    int64_t at, rows;  /* elements of that row that are done; rows that are left */
    int64_t each;      /* lines in a call */
} ahead;

/* Rows of `width` elements, to be asked for in so many calls. */
static ahead ahead_of(const real *p, int64_t rows, int64_t width, int64_t ld, int64_t calls) {
    ahead a = {.p = p, .ld = ld, .width = width, .rows = rows};
    a.each = rows > 0 ? visml_blocks(rows * visml_blocks(width, LINE), calls) : 0;
    return a;
}

/* Into the second-level cache. */
static void ask(ahead *a) {
    for (int64_t i = 0; i < a->each && a->rows > 0; i++) {
        __builtin_prefetch(a->p + a->at, 0, 2);
        a->at += LINE;
        if (a->at < a->width)
            continue;
        a->at = 0;
        a->p += a->ld;
        a->rows--;
    }
}

/* A register block that will be written. (A call of a function that does nothing else is taken to have no effect and removed by gcc.) */
static inline __attribute__((always_inline)) void ask_for_block(const visml_finish *f) {
    for (int32_t i = 0; i < f->rows; i++)
        for (int32_t j = 0; j < f->cols; j += LINE)
            __builtin_prefetch(f->c + f->offset[i] + j);
}

/* ---- products ---- */

static void describe(const pointwise *j, int64_t row, int64_t k0, int64_t col, visml_finish *f) {
    const visml_epilogue *e = j->epilogue;
    f->c = j->c + row * j->n + col;
    f->add = k0 > 0;
    f->cols = (int32_t)least(j->b.nr, j->n - col);
    if (!e || k0 + VISML_KC < j->k)
        return;
    f->gain = from(e->gain, col);
    f->bias = from(e->bias, col);
    f->residual = from(e->residual, row * j->n + col);
    f->activation = e->activation;
    f->alpha = e->alpha;
    f->scale = from(e->scale, col);
    f->shift = from(e->shift, col);
}

/* Rows and columns of a task. */
typedef struct tile {
    int64_t row, end, col, col_end;
} tile;

static tile tile_of(const pointwise *j, size_t task) {
    visml_tile t = visml_tile_at(&j->cut, task);
    return (tile){t.row, t.row_end, t.panel * j->b.nr, least(t.panel_end * j->b.nr, j->n)};
}

static const real *panel_at(const pointwise *j, int64_t k0, int64_t kc, int64_t col) {
    return j->right + k0 * visml_blocks(j->n, j->b.nr) * j->b.nr + col * kc;
}

static void space_rows(int64_t ld, int64_t offset[VISML_MAX_MR]) {
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * ld;
}

/* One block along k: rows are read where they are, and all panels multiplied with some of them: results are written line by line. */
static void rows_task(void *arg, size_t task, size_t worker) {
    const pointwise *j = arg;
    tile t = tile_of(j, task);
    int64_t panels = visml_blocks(t.col_end - t.col, j->b.nr), pieces = visml_blocks(t.end - t.row, j->b.mr), offset[VISML_MAX_MR];
    visml_factors x = {.lda = j->k, .ldb = j->b.nr, .k = j->k, .segments = 1};
    visml_finish f = {.offset = offset};
    (void)worker;
    space_rows(j->n, offset);
    for (int64_t row = t.row; row < t.end; row += f.rows, pieces--) {
        f.rows = (int32_t)((t.end - row) / pieces);
        x.a = j->a + row * j->k;
        ahead next = ahead_of(x.a + f.rows * j->k, least(j->b.mr, j->m - row - f.rows), j->k, j->k, panels);
        for (int64_t col = t.col; col < t.col_end; col += j->b.nr) {
            x.b = panel_at(j, 0, j->k, col);
            describe(j, row, 0, col, &f);
            if (j->is_far) {
                ask_for_block(&f);
                ask(&next);
            }
            j->compute->kernels->gemm_rows(&x, &f);
        }
    }
}

/* One block along k of some rows, ld apart. */
static void multiply_block(const pointwise *j, const tile *t, int64_t k0, const real *left, int64_t ld, ahead *next) {
    int64_t rows = t->end - t->row, pieces = visml_blocks(rows, j->b.mr), offset[VISML_MAX_MR];
    visml_factors x = {.lda = ld, .ldb = j->b.nr, .k = least(VISML_KC, j->k - k0), .segments = 1};
    visml_finish f = {.offset = offset};
    space_rows(j->n, offset);
    for (int64_t col = t->col; col < t->col_end; col += j->b.nr) {
        x.b = panel_at(j, k0, x.k, col);
        for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
            f.rows = (int32_t)((rows - done) / (pieces - i));
            x.a = left + done * ld;
            describe(j, t->row + done, k0, col, &f);
            if (j->is_far)
                ask(next);
            j->compute->kernels->gemm_rows(&x, &f);
        }
    }
}

/* Rows that far apart would meet in the same places of the first-level cache; packing them pays where they are read often. */
static int is_packed(const pointwise *j) {
    return j->n > FEW_COLS || j->k * (int64_t)sizeof(real) % 2048 == 0 || j->is_far;
}

/* More than that. */
static void blocks_task(void *arg, size_t task, size_t worker) {
    const pointwise *j = arg;
    tile t = tile_of(j, task);
    int64_t rows = t.end - t.row, calls = visml_blocks(rows, j->b.mr) * visml_blocks(t.col_end - t.col, j->b.nr);
    real *left = j->left + worker * (size_t)(VISML_MAX_MC * VISML_LEFT_LD);
    for (int64_t k0 = 0; k0 < j->k; k0 += VISML_KC) {
        int64_t kc = least(VISML_KC, j->k - k0), after = k0 + kc;
        const real *a = j->a + t.row * j->k;
        ahead next = after < j->k ? ahead_of(a + after, rows, least(VISML_KC, j->k - after), j->k, calls)
                                  : ahead_of(a + rows * j->k, least(j->b.mc, j->m - t.end), VISML_KC, j->k, calls);
        if (is_packed(j)) {
            j->compute->kernels->copy_rows(rows, kc, a + k0, j->k, left, VISML_LEFT_LD);
            multiply_block(j, &t, k0, left, VISML_LEFT_LD, &next);
        } else {
            multiply_block(j, &t, k0, a + k0, j->k, &next);
        }
    }
}

static void run(pointwise *j, void *scratch) {
    j->left = scratch;
    j->is_far = j->m * (j->n + j->k) > FAR_ELEMENTS;
    j->cut = visml_cut_product(j->m, j->b.mr, j->b.mc, visml_blocks(j->n, j->b.nr), j->compute->parallel->workers);
    visml_parallel_run(j->compute->parallel, visml_cut_tiles(&j->cut), j->k <= VISML_KC ? rows_task : blocks_task, j);
}

static size_t left_bytes(const visml_compute *c) {
    return c->parallel->workers * VISML_MAX_MC * VISML_LEFT_LD * sizeof(real);
}

/* ---- forward ---- */

size_t visml_pointwise_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    size_t n;
    return visml_size_add(visml_direct_packed_bytes(c, g), left_bytes(c), &n) ? n : SIZE_MAX;
}

static pointwise job_of(const visml_compute *c, int64_t m, int64_t n, int64_t k) {
    return (pointwise){.compute = c, .b = c->kernels->gemm_blocking(), .m = m, .n = n, .k = k};
}

void visml_pointwise_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                             real *y, const visml_epilogue *epilogue, void *scratch) {
    pointwise j = job_of(c, g->n * g->h * g->w, g->f, g->c);
    j.a = x;
    j.c = y;
    j.epilogue = epilogue;
    j.right = packed;
    if (!packed) {
        real *right = (real *)(void *)((char *)scratch + left_bytes(c));
        visml_direct_pack(c, g, w, right);
        j.right = right;
    }
    run(&j, scratch);
}

/* ---- backward, data: dy times the weights, turned ---- */

static void turn(const pointwise *j, int64_t k0, int64_t kc, int64_t col, int64_t cols, real *to) {
    int64_t nr = j->b.nr;
    if (cols < nr) /* nothing undefined may be computed with */
        j->compute->kernels->copy_rows(1, kc * nr, NULL, 0, to, 0);
    j->compute->kernels->transpose(cols, kc, j->w + col * j->k + k0, j->k, to, nr);
}

static void turn_task(void *arg, size_t task, size_t worker) {
    const pointwise *j = arg;
    int64_t nr = j->b.nr, panels = visml_blocks(j->n, nr), k0 = (int64_t)task / panels * VISML_KC, col = (int64_t)task % panels * nr;
    int64_t kc = least(VISML_KC, j->k - k0);
    (void)worker;
    turn(j, k0, kc, col, least(nr, j->n - col), j->turned + k0 * panels * nr + col * kc);
}

/* Columns col ... col + cols of rows k0 ... k0 + kc of the turned weights, for m rows of dy. */
static void multiply_turned(const pointwise *j, int64_t k0, int64_t kc, int64_t col, real *turned) {
    int64_t pieces = visml_blocks(j->m, j->b.mr), cols = least(j->b.nr, j->n - col), offset[VISML_MAX_MR];
    visml_factors x = {.b = turned, .lda = j->k, .ldb = j->b.nr, .k = kc, .segments = 1};
    visml_finish f = {.offset = offset};
    space_rows(j->n, offset);
    turn(j, k0, kc, col, cols, turned);
    for (int64_t i = 0, row = 0; i < pieces; i++, row += f.rows) {
        f.rows = (int32_t)((j->m - row) / (pieces - i));
        x.a = j->a + row * j->k + k0;
        describe(j, row, k0, col, &f);
        j->compute->kernels->gemm_rows(&x, &f);
    }
}

/* Few rows: a panel of weights is turned where it is multiplied, and no other thread ever sees it. */
static void turned_task(void *arg, size_t panel, size_t worker) {
    const pointwise *j = arg;
    real *turned = j->left + worker * (size_t)(VISML_KC * VISML_MAX_NR);
    for (int64_t k0 = 0; k0 < j->k; k0 += VISML_KC)
        multiply_turned(j, k0, least(VISML_KC, j->k - k0), (int64_t)panel * j->b.nr, turned);
}

size_t visml_pointwise_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = *g;
    t.c = g->f;
    t.f = g->c;
    return visml_pointwise_forward_scratch(c, &t);
}

void visml_pointwise_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                   void *scratch) {
    pointwise j = job_of(c, g->n * g->h * g->w, g->c, g->f);
    j.a = dy;
    j.c = dx;
    j.w = w;
    j.left = scratch;
    if (j.m <= j.b.mc) {
        visml_parallel_run(c->parallel, (size_t)visml_blocks(j.n, j.b.nr), turned_task, &j);
        return;
    }
    j.turned = (real *)(void *)((char *)scratch + left_bytes(c));
    j.right = j.turned;
    visml_parallel_run(c->parallel, (size_t)(visml_blocks(j.k, VISML_KC) * visml_blocks(j.n, j.b.nr)), turn_task, &j);
    run(&j, scratch);
}

/* ---- backward, weights ---- */

/* `count` pixels: sums (+)= x' dy. */
static void collect_block(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, int64_t count,
                          int64_t row, int64_t rows, real *sums, int add, ahead next[2]) {
    const visml_kernels *k = c->kernels;
    visml_blocking b = k->gemm_blocking();
    int64_t pieces = visml_blocks(rows, b.mr), offset[VISML_MAX_MR];
    space_rows(g->f, offset);
    for (int64_t col = 0; col < g->f; col += b.nr) {
        visml_factors q = {.b = dy + col, .lda = g->c, .ldb = g->f, .k = count, .segments = 1};
        visml_finish f = {.offset = offset, .add = add, .cols = (int32_t)least(b.nr, g->f - col)};
        for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
            f.rows = (int32_t)((rows - done) / (pieces - i));
            f.c = sums + (row + done) * g->f + col;
            q.a = x + row + done;
            ask(&next[0]);
            ask(&next[1]);
            k->gemm_cols(&q, &f);
        }
    }
}

void visml_pointwise_collect(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, int64_t pixel,
                             int64_t pixels, int64_t row, int64_t rows, real *sums) {
    visml_blocking b = c->kernels->gemm_blocking();
    int64_t calls = rows / b.mr * visml_blocks(g->f, b.nr) + 1, all = g->n * g->h * g->w, end = pixel + pixels;
    int is_far = all * (g->c + g->f) > FAR_ELEMENTS;
    for (int64_t p = pixel; p < end; p += VISML_KC) {
        int64_t count = least(VISML_KC, end - p), after = is_far ? least(VISML_KC, all - p - count) : 0;
        ahead next[2] = {ahead_of(x + (p + count) * g->c + row, after, rows, g->c, calls),
                         ahead_of(dy + (p + count) * g->f, after, g->f, g->f, calls)};
        for (int64_t at = 0; at < rows; at += b.mc)
            collect_block(c, g, x + p * g->c, dy + p * g->f, count, row + at, least(b.mc, rows - at), sums, p > pixel, next);
    }
}
