#include "kernel/qproduct.h"

#ifndef VISML_REAL_DOUBLE

#include <string.h>

#include "base/checked.h"
#include "kernel/tiling.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define PACKED 131072 /* bytes of rows that are packed at a time: beside a panel of weights in a second-level cache */
#define MOST_BLOCKS 16 /* register blocks of rows in one task */

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t group_c(const visml_conv2d_geometry *g) {
    return g->c / g->groups;
}

static int64_t group_f(const visml_conv2d_geometry *g) {
    return g->f / g->groups;
}

static int64_t depth(const visml_conv2d_geometry *g) {
    return g->kh * g->kw * group_c(g);
}

/* Columns of one group, up to whole panels. */
static int64_t columns(const visml_conv2d_geometry *g) {
    return visml_blocks(group_f(g), VISML_QPANEL) * VISML_QPANEL;
}

static int64_t packed_row(const visml_conv2d_geometry *g) {
    return visml_blocks(depth(g), VISML_QCHUNK) * VISML_QCHUNK;
}

static int64_t pad_bytes(const visml_conv2d_geometry *g) {
    return visml_blocks(most(g->kw * g->c, VISML_QCHUNK), 64) * 64;
}

/* ---- many sums: patches of x [pixels, depth] times w [depth, f], one group after the other ---- */

typedef struct job {
    const visml_compute *compute;
    const visml_qconv2d *q;
    visml_qpatches patches;
    int64_t group, rows;
    visml_cut cut; /* of blocks of mr rows, of panels of nr columns */
    visml_blocking b;
    void *y;
    const uint8_t *residual;
    uint8_t *packed;
    int64_t packed_size; /* of one worker */
} job;

static visml_qpatches patches_of(const visml_conv2d_geometry *g, const uint8_t *x, const uint8_t *pad) {
    return (visml_qpatches){.x = x, .pad = pad, .h = g->h, .w = g->w, .ld = g->c, .c = group_c(g), .gh = g->oh, .gw = g->ow, .sy = g->sh,
                            .sx = g->sw, .y0 = -g->top, .x0 = -g->left, .th = g->kh, .tw = g->kw, .ty = g->dh, .tx = g->dw};
}

static visml_requantize columns_from(const visml_requantize *r, int64_t first) {
    visml_requantize part = *r;
    part.start += first;
    part.scale += first;
    part.bias += first;
    if (part.after) {
        part.after += first;
        part.shift += first;
    }
    return part;
}

/* One register block. row: in the task; col: in the group. */
static void multiply(const job *j, int64_t first, int64_t rows, int64_t row, int64_t col, const uint8_t *packed) {
    const visml_conv2d_geometry *g = &j->q->g;
    visml_requantize r = columns_from(&j->q->r, j->group * columns(g) + col);
    int64_t steps = visml_blocks(depth(g), 4), at = (first + row) * g->f + j->group * group_f(g) + col;
    visml_qtile t = {.steps = steps, .panel = steps * 64, .ld = g->f, .r = &r, .a = packed + row * packed_row(g)};
    t.b = j->q->weights + (j->group * columns(g) + col) * steps * 4;
    t.rows = (int32_t)least(j->b.mr, rows - row);
    t.cols = (int32_t)least(j->b.nr, group_f(g) - col);
    t.q = j->q->to_float ? NULL : (uint8_t *)j->y + at;
    t.y = j->q->to_float ? (float *)j->y + at : NULL;
    t.residual = j->residual ? j->residual + at : NULL;
    j->compute->kernels->qtile(&t);
}

static void multiply_task(void *arg, size_t task, size_t worker) {
    const job *j = arg;
    visml_tile t = visml_tile_at(&j->cut, task); /* rows: blocks of mr */
    int64_t first = t.row * j->b.mr, rows = least(t.row_end * j->b.mr, j->rows) - first;
    uint8_t *packed = j->packed + (int64_t)worker * j->packed_size;
    j->compute->kernels->qpack(&j->patches, first, rows, packed);
    for (int64_t panel = t.panel; panel < t.panel_end; panel++)
        for (int64_t row = 0; row < rows; row += j->b.mr)
            multiply(j, first, rows, row, panel * j->b.nr, packed);
}

static int64_t most_rows(const visml_blocking *b, const visml_conv2d_geometry *g) {
    return b->mr * most(1, least(MOST_BLOCKS, PACKED / (packed_row(g) * b->mr)));
}

static void run_products(const visml_compute *c, const visml_qconv2d *q, int64_t n, const uint8_t *x, void *y, const uint8_t *residual,
                         uint8_t *scratch) {
    const visml_conv2d_geometry *g = &q->g;
    job j = {.compute = c, .q = q, .patches = patches_of(g, x, scratch), .rows = n * g->oh * g->ow, .b = c->kernels->qblocking(), .y = y,
             .residual = residual, .packed = scratch + pad_bytes(g)};
    j.packed_size = most_rows(&j.b, g) * packed_row(g);
    int64_t blocks = visml_blocks(j.rows, j.b.mr), panels = visml_blocks(group_f(g), j.b.nr);
    j.cut = visml_cut_product(blocks, 1, most_rows(&j.b, g) / j.b.mr, panels, c->parallel->workers);
    for (j.group = 0; j.group < g->groups; j.group++) {
        j.patches.first = j.group * group_c(g);
        visml_parallel_run(c->parallel, visml_cut_tiles(&j.cut), multiply_task, &j);
    }
}

/* ---- depthwise: rows of pixels, through pointers to the pixels that their taps fall on ---- */

typedef struct rows_job {
    const visml_compute *compute;
    const visml_qconv2d *q;
    const uint8_t *x, *pad;
    void *y;
    const uint8_t **taps;
    int64_t taps_size; /* of one worker */
} rows_job;

/* Without dilation neighbouring pixels share columns of taps. */
static int shares_columns(const visml_conv2d_geometry *g) {
    return g->dw == 1;
}

static int64_t tap_columns(const visml_conv2d_geometry *g) {
    return shares_columns(g) ? most(0, (g->ow - 1) * g->sw) + g->kw : g->ow * g->kw;
}

/* The column of the image that column number t of taps falls on. */
static int64_t column_at(const visml_conv2d_geometry *g, int64_t t) {
    return (shares_columns(g) ? t : t / g->kw * g->sw + t % g->kw * g->dw) - g->left;
}

static void point_taps(const rows_job *j, int64_t image, int64_t oy, const uint8_t **taps) {
    const visml_conv2d_geometry *g = &j->q->g;
    int64_t columns_of_taps = tap_columns(g);
    for (int64_t i = 0; i < g->kh; i++) {
        int64_t y = oy * g->sh - g->top + i * g->dh;
        const uint8_t *line = j->x + (image * g->h + y) * g->w * g->c;
        for (int64_t t = 0; t < columns_of_taps; t++) {
            int64_t x = column_at(g, t);
            taps[t * g->kh + i] = y < 0 || y >= g->h || x < 0 || x >= g->w ? j->pad : line + x * g->c;
        }
    }
}

static void depthwise_row(void *arg, size_t task, size_t worker) {
    const rows_job *j = arg;
    const visml_conv2d_geometry *g = &j->q->g;
    const uint8_t **taps = j->taps + (int64_t)worker * j->taps_size;
    int64_t at = (int64_t)task * g->ow * g->c;
    visml_qdepthwise d = {.taps = taps, .count = g->ow, .kh = g->kh, .kw = g->kw, .c = g->c, .weights = j->q->weights, .r = &j->q->r};
    d.step = shares_columns(g) ? g->sw * g->kh : g->kw * g->kh;
    d.q = j->q->to_float ? NULL : (uint8_t *)j->y + at;
    d.y = j->q->to_float ? (float *)j->y + at : NULL;
    point_taps(j, (int64_t)task / g->oh, (int64_t)task % g->oh, taps);
    j->compute->kernels->qdepthwise(&d);
}

static int64_t taps_elements(const visml_conv2d_geometry *g) {
    return visml_blocks(tap_columns(g) * g->kh, 8) * 8;
}

static void run_depthwise(const visml_compute *c, const visml_qconv2d *q, int64_t n, const uint8_t *x, void *y, uint8_t *scratch) {
    rows_job j = {c, q, x, scratch, y, (const uint8_t **)(void *)(scratch + pad_bytes(&q->g)), taps_elements(&q->g)};
    visml_parallel_run(c->parallel, (size_t)(n * q->g.oh), depthwise_row, &j);
}

/* ---- both ---- */

static int is_depthwise(const visml_conv2d_geometry *g) {
    return g->groups == g->c && g->f == g->c && g->c > 1;
}

int visml_qconv2d_fits(const visml_conv2d_geometry *g) {
    return depth(g) <= VISML_QK;
}

size_t visml_qconv2d_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    visml_blocking b = c->kernels->qblocking();
    size_t one = is_depthwise(g) ? (size_t)taps_elements(g) * sizeof(void *) : (size_t)(most_rows(&b, g) * packed_row(g));
    return (size_t)pad_bytes(g) + c->parallel->workers * one;
}

void visml_qconv2d_run(const visml_compute *c, const visml_qconv2d *q, int64_t n, const uint8_t *x, void *y, const uint8_t *residual,
                       void *scratch) {
    if (n == 0 || q->g.oh == 0 || q->g.ow == 0)
        return;
    memset(scratch, q->x.zero, (size_t)pad_bytes(&q->g));
    if (q->depthwise)
        run_depthwise(c, q, n, x, y, scratch);
    else
        run_products(c, q, n, x, y, residual, scratch);
}

#endif
