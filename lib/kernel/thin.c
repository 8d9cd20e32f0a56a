#include "kernel/thin.h"

#include "base/checked.h"
#include "kernel/elementwise.h"
#include "kernel/kernels.h"
#include "kernel/span.h"
#include "visml/base.h"

#define FEW 16   /* channels: fewer are thin */
#define BAND 8   /* rows of outputs in a piece of work */
#define PARTS 16 /* sums of the weights' gradient, each of some bands in order */

typedef struct thin {
    const visml_compute *compute;
    const visml_conv2d_geometry *g;
    int64_t bands;       /* in an image */
    int64_t width, line; /* elements of a padded row that are used; distance of rows */
    const real *x, *dy, *packed;
    real *y, *sums;
    const visml_epilogue *epilogue;
    int64_t part, parts; /* part: bands in one */
    real *lines;         /* padded rows of a band, for each worker */
    size_t set;
} thin;

int visml_thin_applies(const visml_conv2d_geometry *g) {
    return g->groups == 1 && g->dw == 1 && g->c < FEW && g->kh * g->kw * g->c <= VISML_KC;
}

int visml_thin_weights_applies(const visml_conv2d_geometry *g) {
    return visml_thin_applies(g) && g->f % VISML_MAX_NR == 0; /* dy is read where it stands, in whole panels */
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static thin job_of(const visml_compute *c, const visml_conv2d_geometry *g) {
    thin j = {.compute = c, .g = g, .bands = visml_blocks(g->oh, BAND)};
    j.width = ((g->ow - 1) * g->sw + g->kw) * g->c;
    j.line = (j.width + 15) / 16 * 16;
    j.set = (size_t)(((BAND - 1) * g->sh + (g->kh - 1) * g->dh + 1) * j.line);
    return j;
}

/* One row of the image as the outputs see it, zeros around. */
static void pad_line(const thin *j, const real *image, int64_t y, real *to) {
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    if (y < 0 || y >= g->h) {
        k->copy_rows(1, j->width, NULL, 0, to, 0);
        return;
    }
    int64_t front = least(g->left * g->c, j->width), inside = least(g->w * g->c, j->width - front);
    k->copy_rows(1, front, NULL, 0, to, 0);
    k->copy_rows(1, inside, image + y * g->w * g->c, 0, to + front, 0);
    k->copy_rows(1, j->width - front - inside, NULL, 0, to + front + inside, 0);
}

/* What band number `band` of the batch is. */
typedef struct place {
    int64_t image, row, rows;
    const real *lines;
} place;

static place pad_band(const thin *j, int64_t band, size_t worker) {
    const visml_conv2d_geometry *g = j->g;
    place p = {.image = band / j->bands, .row = band % j->bands * BAND};
    real *lines = j->lines + worker * j->set;
    p.rows = least(BAND, g->oh - p.row);
    p.lines = lines;
    for (int64_t i = 0, n = (p.rows - 1) * g->sh + (g->kh - 1) * g->dh + 1; i < n; i++)
        pad_line(j, j->x + p.image * g->h * g->w * g->c, p.row * g->sh - g->top + i, lines + i * j->line);
    return p;
}

static const real *from(const real *array, int64_t i) {
    return array ? array + i : NULL;
}

static void describe(const thin *j, int64_t col, visml_finish *f) {
    const visml_epilogue *e = j->epilogue;
    if (!e)
        return;
    f->gain = from(e->gain, col);
    f->bias = from(e->bias, col);
    f->activation = e->activation;
    f->alpha = e->alpha;
    f->scale = from(e->scale, col);
    f->shift = from(e->shift, col);
}

/* One row of outputs, some columns of filters. */
static void multiply_row(const thin *j, const real *line, int64_t row, int64_t col) {
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    visml_blocking b = k->gemm_blocking();
    visml_factors x = {.b = j->packed + col * g->kh * g->kw * g->c, .lda = g->sw * g->c, .ldb = b.nr, .k = g->kw * g->c};
    const real *residual = j->epilogue ? j->epilogue->residual : NULL;
    visml_finish f = {.cols = (int32_t)least(b.nr, g->f - col)};
    int64_t pieces = visml_blocks(g->ow, b.mr), offset[VISML_MAX_MR];
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * g->f;
    f.offset = offset;
    x.segments = g->kh;
    x.segment = g->dh * j->line;
    describe(j, col, &f);
    for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
        int64_t at = (row * g->ow + done) * g->f + col;
        f.rows = (int32_t)((g->ow - done) / (pieces - i));
        f.c = j->y + at;
        f.residual = residual ? residual + at : NULL;
        x.a = line + done * x.lda;
        k->gemm_rows(&x, &f);
    }
}

static void forward_task(void *arg, size_t band, size_t worker) {
    const thin *j = arg;
    const visml_conv2d_geometry *g = j->g;
    place p = pad_band(j, (int64_t)band, worker);
    int64_t nr = j->compute->kernels->gemm_blocking().nr;
    for (int64_t i = 0; i < p.rows; i++)
        for (int64_t col = 0; col < g->f; col += nr)
            multiply_row(j, p.lines + i * g->sh * j->line, p.image * g->oh + p.row + i, col);
}

static size_t sets_bytes(const thin *j) {
    size_t bytes;
    if (!visml_size_mul(j->set, j->compute->parallel->workers * sizeof(real), &bytes) || !visml_size_align(bytes, 64, &bytes))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return bytes;
}

size_t visml_thin_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    thin j = job_of(c, g);
    return sets_bytes(&j);
}

void visml_thin_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *packed, real *y,
                        const visml_epilogue *epilogue, void *scratch) {
    thin j = job_of(c, g);
    j.x = x;
    j.packed = packed;
    j.y = y;
    j.epilogue = epilogue;
    j.lines = scratch;
    visml_parallel_run(c->parallel, (size_t)(g->n * j.bands), forward_task, &j);
}

/* ---- backward, weights: for each row of taps [kw c, f] = the sum over outputs of patch' dy ---- */

static void collect_band(const thin *j, const place *p, int64_t tap_row, real *sums, int add) {
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    visml_blocking b = k->gemm_blocking();
    int64_t rows = g->kw * g->c, pieces = visml_blocks(rows, b.mr), offset[VISML_MAX_MR];
    visml_factors x = {.lda = g->sw * g->c, .ldb = g->f, .k = g->ow, .segments = p->rows, .segment = g->sh * j->line};
    const real *dy = j->dy + (p->image * g->oh + p->row) * g->ow * g->f;
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * g->f;
    for (int64_t col = 0; col < g->f; col += b.nr) {
        visml_finish f = {.offset = offset, .add = add, .cols = b.nr};
        x.b = dy + col;
        for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
            f.rows = (int32_t)((rows - done) / (pieces - i));
            f.c = sums + (tap_row * rows + done) * g->f + col;
            x.a = p->lines + tap_row * g->dh * j->line + done;
            k->gemm_cols(&x, &f);
        }
    }
}

static int64_t sums_of(const visml_conv2d_geometry *g) {
    return g->kh * g->kw * g->c * g->f;
}

static void part_task(void *arg, size_t part, size_t worker) {
    const thin *j = arg;
    int64_t start = (int64_t)part * j->part, end = least(start + j->part, j->g->n * j->bands);
    real *sums = j->sums + (int64_t)part * sums_of(j->g);
    for (int64_t band = start; band < end; band++) {
        place p = pad_band(j, band, worker);
        for (int64_t i = 0; i < j->g->kh; i++)
            collect_band(j, &p, i, sums, band > start);
    }
}

size_t visml_thin_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    thin j = job_of(c, g);
    size_t sums, all;
    if (!visml_size_mul((size_t)sums_of(g), PARTS * sizeof(real), &sums) || !visml_size_add(sums, sets_bytes(&j), &all))
        return SIZE_MAX;
    return all;
}

void visml_thin_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                 void *scratch) {
    thin j = job_of(c, g);
    int64_t bands = g->n * j.bands, n = sums_of(g);
    j.x = x;
    j.dy = dy;
    j.lines = scratch;
    j.sums = (real *)(void *)((char *)scratch + sets_bytes(&j));
    j.part = visml_blocks(bands, PARTS);
    j.parts = bands ? visml_blocks(bands, j.part) : 0;
    visml_parallel_run(c->parallel, (size_t)j.parts, part_task, &j);
    for (int64_t step = 1; step < j.parts; step *= 2)
        for (int64_t i = 0; i + step < j.parts; i += 2 * step)
            visml_sum(c, (size_t)n, j.sums + i * n, j.sums + (i + step) * n, j.sums + i * n);
    c->kernels->copy_rows(1, n, j.parts ? j.sums : NULL, 0, dw, 0);
}

/* ---- backward, data: the products of every output's gradient with all weights, added where their taps lie ---- */

int visml_thin_data_applies(const visml_conv2d_geometry *g) {
    return g->groups == 1 && g->dw == 1 && g->c < FEW && g->f <= VISML_KC;
}

static int64_t taps_of(const visml_conv2d_geometry *g) {
    return g->kh * g->kw * g->c;
}

/* From one output's products to the next's. */
static int64_t products_line(const visml_conv2d_geometry *g) {
    return (taps_of(g) + 15) / 16 * 16;
}

/* Elements of an image with its padding, as far as outputs reach. */
static int64_t padded_image(const thin *j) {
    return ((j->g->oh - 1) * j->g->sh + (j->g->kh - 1) * j->g->dh + 1) * j->line;
}

/* products[ow, taps] of one row of outputs. */
static void multiply_gradients(const thin *j, const real *dy, real *products) {
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    visml_blocking b = k->gemm_blocking();
    int64_t pieces = visml_blocks(g->ow, b.mr), ld = products_line(g), offset[VISML_MAX_MR];
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * ld;
    for (int64_t col = 0; col < taps_of(g); col += b.nr) {
        visml_factors x = {.b = j->packed + col * g->f, .lda = g->f, .ldb = b.nr, .k = g->f, .segments = 1};
        visml_finish f = {.offset = offset, .cols = (int32_t)least(b.nr, taps_of(g) - col)};
        for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
            f.rows = (int32_t)((g->ow - done) / (pieces - i));
            f.c = products + done * ld + col;
            x.a = dy + done * g->f;
            k->gemm_rows(&x, &f);
        }
    }
}

/* The inside of the padded image; what no output reaches is 0. */
static void copy_inside(const thin *j, const real *padded, real *dx) {
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    int64_t row = g->w * g->c, front = least(g->left * g->c, j->width), n = least(row, j->width - front), rows = padded_image(j) / j->line;
    for (int64_t y = 0; y < g->h; y++, dx += row) {
        int64_t there = y + g->top < rows ? n : 0;
        k->copy_rows(1, there, padded + (there ? (y + g->top) * j->line + front : 0), 0, dx, 0);
        k->copy_rows(1, row - there, NULL, 0, dx + there, 0);
    }
}

static void image_task(void *arg, size_t image, size_t worker) {
    const thin *j = arg;
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    real *padded = j->lines + worker * j->set, *products = padded + padded_image(j);
    int64_t width = g->kw * g->c, ld = products_line(g);
    k->copy_rows(1, padded_image(j), NULL, 0, padded, 0);
    for (int64_t oy = 0; oy < g->oh; oy++) {
        multiply_gradients(j, j->dy + ((int64_t)image * g->oh + oy) * g->ow * g->f, products);
        for (int64_t i = 0; i < g->kh; i++)
            k->add_rows(g->ow, width, products + i * width, ld, padded + (oy * g->sh + i * g->dh) * j->line, g->sw * g->c);
    }
    copy_inside(j, padded, j->y + (int64_t)image * g->h * g->w * g->c);
}

static void describe_data(thin *j) {
    j->set = (size_t)((padded_image(j) + j->g->ow * products_line(j->g) + 15) / 16 * 16);
}

/* The weights, turned: [f, taps] in panels. */
static void pack_turned(const thin *j, const real *w, real *to) {
    const visml_kernels *k = j->compute->kernels;
    int64_t nr = k->gemm_blocking().nr, f = j->g->f, taps = taps_of(j->g);
    k->copy_rows(1, visml_blocks(taps, nr) * nr * f, NULL, 0, to, 0);
    for (int64_t col = 0; col < taps; col += nr)
        k->transpose(least(nr, taps - col), f, w + col * f, f, to + col * f, nr);
}

static size_t turned_elements(const visml_conv2d_geometry *g) {
    return (size_t)(visml_blocks(taps_of(g), VISML_MAX_NR) * VISML_MAX_NR * g->f);
}

size_t visml_thin_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    thin j = job_of(c, g);
    size_t all;
    describe_data(&j);
    if (!visml_size_add(sets_bytes(&j), turned_elements(g) * sizeof(real), &all))
        return SIZE_MAX;
    return all;
}

void visml_thin_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                              void *scratch) {
    thin j = job_of(c, g);
    describe_data(&j);
    real *turned = (real *)(void *)((char *)scratch + sets_bytes(&j));
    pack_turned(&j, w, turned);
    j.packed = turned;
    j.dy = dy;
    j.y = dx;
    j.lines = scratch;
    visml_parallel_run(c->parallel, (size_t)g->n, image_task, &j);
}
