#include "kernel/direct.h"

#include "base/checked.h"
#include "kernel/elementwise.h"
#include "kernel/pointwise.h"
#include "kernel/product.h"
#include "kernel/span.h"

/* One product of a convolution: what its packing functions know. */
typedef struct conv_source {
    const visml_conv2d_geometry *g;
    visml_patches patches;
    const real *right; /* weights, or dy */
    int64_t ld;        /* of right */
    int64_t pixel;     /* backward weights: the first of this part */
    /* backward data: the last tap of the phase and the distance between its taps; first pixel of the phase */
    int64_t ki, kj, step_i, step_j, fy, fx;
} conv_source;

static void left_patches(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, int64_t mc,
                         real *to) {
    const conv_source *s = p->source;
    (void)mc;
    c->kernels->pack_patches(&s->patches, row, rows, k0, kc, to, VISML_LEFT_LD);
}

/* Columns of patches as rows of the left factor. */
static void left_patches_turned(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc,
                                int64_t mc, real *to) {
    const conv_source *s = p->source;
    c->kernels->pack_patches(&s->patches, s->pixel + k0, kc, row, rows, to, mc);
}

static void right_rows(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols, int64_t nr,
                       real *to) {
    const conv_source *s = p->source;
    c->kernels->copy_rows(kc, cols, s->right + (s->pixel + k0) * s->ld + col, s->ld, to, nr);
}

static int64_t group_c(const visml_conv2d_geometry *g) {
    return g->c / g->groups;
}

static int64_t group_f(const visml_conv2d_geometry *g) {
    return g->f / g->groups;
}

static int64_t taps_of(const visml_conv2d_geometry *g) {
    return g->kh * g->kw * group_c(g);
}

static int is_empty(const visml_conv2d_geometry *g) {
    return g->n == 0 || g->oh == 0 || g->ow == 0 || g->c == 0;
}

static visml_patches input_patches(const visml_conv2d_geometry *g, const real *x, int64_t group) {
    visml_patches p = {.x = x, .h = g->h, .w = g->w, .ld = g->c, .c = group_c(g), .gh = g->oh, .gw = g->ow};
    p.first = group * p.c;
    p.sy = g->sh;
    p.sx = g->sw;
    p.y0 = -g->top;
    p.x0 = -g->left;
    p.th = g->kh;
    p.tw = g->kw;
    p.ty = g->dh;
    p.tx = g->dw;
    return p;
}

/* ---- forward: y[pixels, f] = patches of x [pixels, taps] times w [taps, f] ---- */

size_t visml_direct_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    return visml_product_scratch(c, group_f(g), taps_of(g));
}

static const real *from(const real *array, int64_t i) {
    return array ? array + i : NULL;
}

/* The product of one group; s: what its functions know. */
static visml_product group_product(const visml_conv2d_geometry *g, int64_t group, const real *w, conv_source *s) {
    visml_product p = {.m = g->n * g->oh * g->ow, .n = group_f(g), .k = taps_of(g), .source = s, .ldc = g->f};
    *s = (conv_source){.g = g, .right = from(w, group * p.n), .ld = g->f};
    p.left = left_patches;
    p.right = right_rows;
    p.right_plain = s->right;
    p.ld_plain = g->f;
    return p;
}

static size_t group_packed(const visml_compute *c, const visml_conv2d_geometry *g) {
    return visml_product_packed_elements(c, group_f(g), taps_of(g));
}

size_t visml_direct_packed_bytes(const visml_compute *c, const visml_conv2d_geometry *g) {
    size_t bytes;
    return visml_size_mul(group_packed(c, g), (size_t)g->groups * sizeof(real), &bytes) ? bytes : SIZE_MAX;
}

void visml_direct_pack(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, void *packed) {
    for (int64_t group = 0; group < g->groups; group++) {
        conv_source s;
        visml_product p = group_product(g, group, w, &s);
        visml_product_pack(c, &p, (real *)packed + (size_t)group * group_packed(c, g));
    }
}

void visml_direct_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                          real *y, const visml_epilogue *epilogue, void *scratch) {
    if (is_empty(g))
        return;
    for (int64_t group = 0; group < g->groups; group++) {
        conv_source s;
        visml_product p = group_product(g, group, packed ? NULL : w, &s);
        int64_t first = group * p.n;
        visml_epilogue e = epilogue ? *epilogue : (visml_epilogue){0};
        e.gain = from(e.gain, first);
        e.bias = from(e.bias, first);
        e.residual = from(e.residual, first);
        e.scale = from(e.scale, first);
        e.shift = from(e.shift, first);
        s.patches = input_patches(g, x, group);
        p.packed = packed ? (const real *)packed + (size_t)group * group_packed(c, g) : NULL;
        p.c = y + first;
        p.epilogue = epilogue ? &e : NULL;
        visml_product_run(c, &p, scratch);
    }
}

/* ---- backward, data: dx as a convolution of dy with turned weights ----
 *
 * Pixel y of x takes part in output oy through tap i where y + top = oy sh + i dh. Pixels of one phase, y = fy + gy sh, share their taps:
 * every (sh / gcd(sh, dh))-th. With the taps taken from the last to the first, the outputs that belong to them ascend. */

typedef struct phase {
    int64_t last, step, taps; /* last tap, distance between taps, how many there are */
    int64_t out, out_step;    /* output that the last tap meets at the first pixel; distance of outputs between taps */
    int64_t places;           /* pixels of the phase */
} phase;

static int64_t gcd(int64_t a, int64_t b) {
    return b ? gcd(b, a % b) : a;
}

/* Along one dimension: size pixels, first pixel f, padding in front, k taps, dilation, stride. */
static phase phase_of(int64_t size, int64_t f, int64_t front, int64_t k, int64_t dilation, int64_t stride) {
    phase p = {.step = stride / gcd(stride, dilation), .places = (size - f + stride - 1) / stride};
    int64_t tap = 0, limit = k < p.step ? k : p.step;
    while (tap < limit && (f + front - tap * dilation) % stride)
        tap++;
    p.taps = tap < limit ? (k - 1 - tap) / p.step + 1 : 0;
    p.out_step = p.step * dilation / stride;
    if (p.taps) {
        p.last = tap + (p.taps - 1) * p.step;
        p.out = (f + front - p.last * dilation) / stride;
    }
    return p;
}

/* Rows (tap, filter) of the right factor: the weights of a tap, turned. */
static void right_turned_weights(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols,
                                 int64_t nr, real *to) {
    const conv_source *s = p->source;
    int64_t f = group_f(s->g), channels = group_c(s->g);
    for (int64_t at = k0, end = k0 + kc; at < end;) {
        int64_t tap = at / f, from = at - tap * f, n = f - from < end - at ? f - from : end - at;
        int64_t i = s->ki - tap / s->patches.tw * s->step_i, j = s->kj - tap % s->patches.tw * s->step_j;
        const real *w = s->right + ((i * s->g->kw + j) * channels + col) * s->ld + from;
        c->kernels->transpose(cols, n, w, s->ld, to, nr);
        to += n * nr;
        at += n;
    }
}

static void locate_pixels(const visml_product *p, int64_t row, int64_t rows, int64_t *offset) {
    const conv_source *s = p->source;
    const visml_conv2d_geometry *g = s->g;
    int64_t gh = s->patches.gh, gw = s->patches.gw;
    for (int64_t i = 0; i < rows; i++) {
        int64_t r = row + i, b = r / (gh * gw), y = r / gw % gh, x = r % gw;
        offset[i] = ((b * g->h + s->fy + y * g->sh) * g->w + s->fx + x * g->sw) * g->c;
    }
}

static void backward_phase(const visml_compute *c, const visml_conv2d_geometry *g, int64_t group, int64_t fy, int64_t fx, const real *dy,
                           const real *w, real *dx, void *scratch) {
    phase v = phase_of(g->h, fy, g->top, g->kh, g->dh, g->sh), h = phase_of(g->w, fx, g->left, g->kw, g->dw, g->sw);
    int64_t f = group_f(g), first = group * f;
    conv_source s = {.g = g, .right = w + first, .ld = g->f, .ki = v.last, .kj = h.last, .step_i = v.step, .step_j = h.step};
    s.fy = fy;
    s.fx = fx;
    s.patches = (visml_patches){.x = dy, .h = g->oh, .w = g->ow, .ld = g->f, .first = first, .c = f};
    s.patches.gh = v.places;
    s.patches.gw = h.places;
    s.patches.sy = s.patches.sx = 1;
    s.patches.y0 = v.out;
    s.patches.x0 = h.out;
    s.patches.th = v.taps;
    s.patches.tw = h.taps;
    s.patches.ty = v.out_step;
    s.patches.tx = h.out_step;
    visml_product p = {.m = g->n * v.places * h.places, .n = group_c(g), .k = v.taps * h.taps * f};
    p.left = left_patches;
    p.right = right_turned_weights;
    p.locate = locate_pixels;
    p.source = &s;
    p.c = dx + group * group_c(g);
    visml_product_run(c, &p, scratch);
}

size_t visml_direct_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    return visml_product_scratch(c, group_c(g), g->kh * g->kw * group_f(g));
}

void visml_direct_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                void *scratch) {
    if (g->n == 0)
        return;
    for (int64_t group = 0; group < g->groups; group++)
        for (int64_t fy = 0; fy < g->sh && fy < g->h; fy++)
            for (int64_t fx = 0; fx < g->sw && fx < g->w; fx++)
                backward_phase(c, g, group, fy, fx, dy, w, dx, scratch);
}

/* ---- backward, weights: dw[taps, f] = patches' [taps, pixels] dy [pixels, f] ----
 *
 * The pixels are cut into parts by the shape alone; each part is a product of its own, the products are added by a fixed tree. */

#define PART 1024 /* pixels: at least so many in a part, ... */
#define ROUND 64  /* ... of which all but the last have a multiple of so many */
#define PARTS 16

typedef struct weights_job {
    const visml_compute *compute;
    const visml_conv2d_geometry *g;
    const real *x, *dy;
    real *dw;
    int64_t group, pixels, parts, part; /* part: pixels in one */
    int64_t row_blocks, row_block;      /* each part's rows are cut so often, for more threads */
    int in_place; /* see kernel/pointwise.h */
    real *sums;
    char *scratch;
    size_t scratch_size;
} weights_job;

static void cut_pixels(const visml_conv2d_geometry *g, int64_t *parts, int64_t *part) {
    int64_t pixels = g->n * g->oh * g->ow, n = pixels / PART;
    n = n < 1 ? 1 : n > PARTS ? PARTS : n;
    int64_t size = (pixels + n - 1) / n;
    *part = size ? (size + ROUND - 1) / ROUND * ROUND : ROUND;
    *parts = size ? (pixels + *part - 1) / *part : 1;
}

static visml_product weights_product(const weights_job *j, conv_source *s, int64_t part) {
    const visml_conv2d_geometry *g = j->g;
    visml_product p = {.m = taps_of(g), .n = group_f(g)};
    int64_t first = j->group * p.n;
    *s = (conv_source){.g = g, .patches = input_patches(g, j->x, j->group), .right = j->dy + first, .ld = g->f};
    s->pixel = part * j->part;
    p.k = j->pixels - s->pixel < j->part ? j->pixels - s->pixel : j->part;
    p.left = left_patches_turned;
    p.left_cols = 1;
    p.right = right_rows;
    p.source = s;
    p.c = j->parts == 1 ? j->dw + first : j->sums + part * p.m * p.n;
    p.ldc = j->parts == 1 ? g->f : p.n;
    return p;
}

static void weights_task(void *arg, size_t task, size_t worker) {
    const weights_job *j = arg;
    conv_source s;
    visml_product p = weights_product(j, &s, (int64_t)task / j->row_blocks);
    int64_t row = (int64_t)task % j->row_blocks * j->row_block, rows = p.m - row < j->row_block ? p.m - row : j->row_block;
    if (j->in_place)
        visml_pointwise_collect(j->compute, j->g, j->x, j->dy, s.pixel, p.k, row, rows, p.c);
    else
        visml_product_part(j->compute, &p, row, rows, j->scratch + worker * j->scratch_size);
}

/* Where dy is packed, each block of rows packs it once more. */
static void cut_rows(weights_job *j) {
    visml_blocking b = j->compute->kernels->gemm_blocking();
    int64_t m = taps_of(j->g), least_rows = j->in_place ? 2 * b.mr : b.mc, want = 3 * (int64_t)j->compute->parallel->workers;
    int64_t most = visml_blocks(m, least_rows), n = j->compute->parallel->workers > 1 ? visml_blocks(want, j->parts) : 1;
    n = n > most ? most : n < 1 ? 1 : n;
    j->row_block = visml_blocks(m, n);
    j->row_blocks = visml_blocks(m, j->row_block);
}

static void add_parts(const weights_job *j) {
    int64_t rows = taps_of(j->g), cols = group_f(j->g), size = rows * cols;
    for (int64_t step = 1; step < j->parts; step *= 2)
        for (int64_t i = 0; i + step < j->parts; i += 2 * step)
            visml_sum(j->compute, (size_t)size, j->sums + i * size, j->sums + (i + step) * size, j->sums + i * size);
    j->compute->kernels->copy_rows(rows, cols, j->sums, cols, j->dw + j->group * cols, j->g->f);
}

/* The sums of so many parts. */
static size_t parts_size(const visml_conv2d_geometry *g, int64_t parts) {
    size_t n;
    if (parts == 1)
        return 0;
    if (!visml_size_mul((size_t)taps_of(g), (size_t)group_f(g), &n) || !visml_size_mul(n, (size_t)parts * sizeof(real), &n) ||
        !visml_size_align(n, 64, &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Enough for this batch and for every smaller one: a batch of one part takes the whole product's scratch, which may be more than a larger
 * one's. Rounding gives no more parts than cut_pixels asks for. */
size_t visml_direct_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    int64_t pixels = g->n * g->oh * g->ow, most = pixels / PART > PARTS ? PARTS : pixels / PART, alone = 2 * PART - 1;
    int64_t part = visml_blocks(pixels < alone ? pixels : alone, ROUND) * ROUND;
    size_t one = visml_product_scratch(c, group_f(g), part ? part : ROUND);
    size_t many = 0;
    if (most > 1 && !visml_size_add(parts_size(g, most), c->parallel->workers * visml_product_part_scratch(c, group_f(g)), &many))
        return SIZE_MAX;
    return larger(one, many);
}

void visml_direct_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                   void *scratch) {
    weights_job j = {.compute = c, .g = g, .x = x, .dy = dy, .dw = dw, .pixels = g->n * g->oh * g->ow, .sums = scratch};
    cut_pixels(g, &j.parts, &j.part);
    j.in_place = visml_pointwise_weights_applies(g) && j.pixels;
    cut_rows(&j);
    j.scratch = (char *)scratch + parts_size(g, j.parts);
    j.scratch_size = visml_product_part_scratch(c, group_f(g));
    for (j.group = 0; j.group < g->groups; j.group++) {
        if (j.parts == 1 && !j.in_place) {
            conv_source s;
            visml_product p = weights_product(&j, &s, 0);
            visml_product_run(c, &p, scratch);
            continue;
        }
        visml_parallel_run(c->parallel, (size_t)(j.parts * j.row_blocks), weights_task, &j);
        if (j.parts > 1)
            add_parts(&j);
    }
}
