#include "kernel/depthwise.h"

#include "base/checked.h"
#include "kernel/elementwise.h"
#include "kernel/kernels.h"
#include "kernel/norm.h"
#include "kernel/span.h"

/* The kernels know one output for every input channel. Where there are more, each image is first spread: every channel as often as it has
 * outputs; and the gradient of such an image is folded. */

typedef struct image_job {
    const visml_kernels *k;
    const visml_conv2d_geometry *g;
    const real *from;
    real *to;
} image_job;

static int64_t times_of(const visml_conv2d_geometry *g) {
    return g->f / g->c;
}

/* One image with f input channels, which has one output for each of them. */
static visml_conv2d_geometry spread_geometry(const visml_conv2d_geometry *g) {
    visml_conv2d_geometry s = *g;
    s.n = 1;
    s.c = s.groups = g->f;
    return s;
}

static void spread_row(void *arg, size_t row, size_t worker) {
    const image_job *j = arg;
    size_t n = (size_t)(j->g->w * j->g->c);
    (void)worker;
    j->k->spread(n, times_of(j->g), j->from + row * n, j->to + row * n * (size_t)times_of(j->g));
}

static void fold_row(void *arg, size_t row, size_t worker) {
    const image_job *j = arg;
    size_t n = (size_t)(j->g->w * j->g->c);
    (void)worker;
    j->k->fold(n, times_of(j->g), j->from + row * n * (size_t)times_of(j->g), j->to + row * n);
}

static void each_row(const visml_compute *c, const visml_conv2d_geometry *g, visml_block *fn, const real *from, real *to) {
    image_job j = {c->kernels, g, from, to};
    visml_parallel_run(c->parallel, (size_t)g->h, fn, &j);
}

/* Bytes of `count` arrays [a, b, c], each rounded up; SIZE_MAX, which no allocation survives, when there are too many. */
static size_t bytes_of(int64_t count, int64_t a, int64_t b, int64_t c) {
    size_t n;
    if (!visml_size_mul((size_t)a, (size_t)b, &n) || !visml_size_mul(n, (size_t)c, &n) || !visml_size_mul(n, sizeof(real), &n) ||
        !visml_size_align(n, 64, &n) || !visml_size_mul(n, (size_t)count, &n))
        return SIZE_MAX;
    return n;
}

static size_t together(size_t a, size_t b) {
    size_t n;
    return visml_size_add(a, b, &n) ? n : SIZE_MAX;
}

static size_t image_bytes(const visml_conv2d_geometry *g) {
    return times_of(g) > 1 ? bytes_of(1, g->h, g->w, g->f) : 0;
}

/* ---- rows of outputs, or of gradients of the input ---- */

typedef struct rows_job {
    const visml_kernels *k;
    const visml_conv2d_geometry *g;
    const real *from, *w;
    real *to;
    const visml_epilogue *epilogue;
    void (*row)(const struct rows_job *j, int64_t n, int64_t y);
    int64_t height, rows, block; /* rows: of an image, of all, in a piece of work */
} rows_job;

static void rows_block(void *arg, size_t block, size_t worker) {
    const rows_job *j = arg;
    int64_t at = (int64_t)block * j->block, end = at + j->block < j->rows ? at + j->block : j->rows;
    (void)worker;
    for (; at < end; at++)
        j->row(j, at / j->height, at % j->height);
}

static void run_rows(const visml_compute *c, rows_job *j, int64_t height, int64_t width) {
    j->height = height;
    j->rows = j->g->n * height;
    j->block = visml_span_rows(width * j->g->c);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j->rows, j->block), rows_block, j);
}

/* Taps first ... end of n that fall inside: 0 <= y + i step < size. */
static void clip(int64_t y, int64_t step, int64_t n, int64_t size, int64_t *first, int64_t *end) {
    *first = y < 0 ? (-y + step - 1) / step : 0;
    *end = y >= size ? 0 : (size - 1 - y) / step + 1;
    *end = *end < n ? *end : n;
    *end = *end > *first ? *end : *first;
}

static void output_row(const rows_job *j, int64_t n, int64_t oy) {
    const visml_conv2d_geometry *g = j->g;
    int64_t y = oy * g->sh - g->top, first, end, out = (n * g->oh + oy) * g->ow * g->c;
    clip(y, g->dh, g->kh, g->h, &first, &end);
    visml_depthwise_row r = {.count = g->ow, .step = g->c, .c = g->c, .width = g->w, .x0 = -g->left, .sx = g->sw, .tx = g->dw};
    r.th = end - first;
    r.tw = g->kw;
    r.row = g->dh * g->w * g->c;
    r.wrow = g->kw * g->c;
    r.wcol = g->c;
    if (j->epilogue) {
        r.gain = j->epilogue->gain;
        r.bias = j->epilogue->bias;
        r.residual = j->epilogue->residual ? j->epilogue->residual + out : NULL;
        r.activation = j->epilogue->activation;
        r.alpha = j->epilogue->alpha;
        r.scale = j->epilogue->scale;
        r.shift = j->epilogue->shift;
    }
    int64_t from = r.th ? y + first * g->dh : 0;
    j->k->depthwise(&r, j->from + (n * g->h + from) * g->w * g->c, j->w + (r.th ? first : 0) * r.wrow, j->to + out);
}

static void forward_images(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, real *y,
                           const visml_epilogue *epilogue) {
    rows_job j = {.k = c->kernels, .g = g, .from = x, .w = w, .to = y, .epilogue = epilogue, .row = output_row};
    run_rows(c, &j, g->oh, g->ow);
}

size_t visml_depthwise_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    (void)c;
    return image_bytes(g);
}

void visml_depthwise_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, real *y,
                             const visml_epilogue *epilogue, void *scratch) {
    visml_conv2d_geometry one = spread_geometry(g);
    int64_t in = g->h * g->w * g->c, out = g->oh * g->ow * g->f;
    visml_epilogue e = epilogue ? *epilogue : (visml_epilogue){0};
    if (times_of(g) == 1) {
        forward_images(c, g, x, w, y, epilogue);
        return;
    }
    for (int64_t n = 0; n < g->n; n++, e.residual = e.residual ? e.residual + out : NULL) {
        each_row(c, g, spread_row, x + n * in, scratch);
        forward_images(c, &one, scratch, w, y + n * out, &e);
    }
}

/* ---- backward, data ----
 *
 * Pixel y of x takes part in output (y + top - i dh) / sh through tap i where that is whole: the taps of y are a step apart. Taken from
 * the last to the first, their outputs ascend. */

typedef struct taps {
    int64_t last, step, count; /* of taps */
    int64_t out, out_step;     /* the output that the last tap meets, the distance to the next one's; out may be outside */
} taps;

static int64_t gcd(int64_t a, int64_t b) {
    return b ? gcd(b, a % b) : a;
}

/* y: the pixel's place behind the padding. */
static taps taps_of(int64_t y, int64_t k, int64_t dilation, int64_t stride) {
    taps t = {.step = stride / gcd(stride, dilation)};
    int64_t first = 0;
    while (first < t.step && first < k && (y - first * dilation) % stride)
        first++;
    t.count = first < t.step && first < k ? (k - 1 - first) / t.step + 1 : 0;
    t.last = first + (t.count - 1) * t.step;
    t.out = (y - t.last * dilation) / stride;
    t.out_step = t.step * dilation / stride;
    return t;
}

/* Every sw-th pixel of a row of dx: these share their taps. */
static void gradient_phase(const rows_job *j, const taps *v, int64_t n, int64_t y, int64_t fx) {
    const visml_conv2d_geometry *g = j->g;
    taps h = taps_of(fx + g->left, g->kw, g->dw, g->sw);
    const real *dy = j->from, *w = j->w;
    int64_t first, end;
    clip(v->out, v->out_step, v->count, g->oh, &first, &end);
    visml_depthwise_row r = {.c = g->c, .step = g->sw * g->c, .width = g->ow, .x0 = h.out, .sx = 1, .tx = h.out_step, .tw = h.count};
    r.count = (g->w - fx + g->sw - 1) / g->sw;
    r.th = h.count ? end - first : 0;
    r.row = v->out_step * g->ow * g->c;
    r.wrow = -v->step * g->kw * g->c;
    r.wcol = -h.step * g->c;
    if (r.th) {
        dy += (n * g->oh + v->out + first * v->out_step) * g->ow * g->c;
        w += ((v->last - first * v->step) * g->kw + h.last) * g->c;
    }
    j->k->depthwise(&r, dy, w, j->to + ((n * g->h + y) * g->w + fx) * g->c);
}

static void gradient_row(const rows_job *j, int64_t n, int64_t y) {
    taps v = taps_of(y + j->g->top, j->g->kh, j->g->dh, j->g->sh);
    for (int64_t fx = 0; fx < j->g->sw && fx < j->g->w; fx++)
        gradient_phase(j, &v, n, y, fx);
}

static void gradient_images(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx) {
    rows_job j = {.k = c->kernels, .g = g, .from = dy, .w = w, .to = dx, .row = gradient_row};
    run_rows(c, &j, g->h, g->w);
}

size_t visml_depthwise_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    (void)c;
    return image_bytes(g);
}

void visml_depthwise_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                   void *scratch) {
    visml_conv2d_geometry one = spread_geometry(g);
    if (times_of(g) == 1) {
        gradient_images(c, g, dy, w, dx);
        return;
    }
    for (int64_t n = 0; n < g->n; n++) {
        gradient_images(c, &one, dy + n * g->oh * g->ow * g->f, w, scratch);
        each_row(c, g, fold_row, scratch, dx + n * g->h * g->w * g->c);
    }
}

/* ---- backward, weights ----
 *
 * The rows of outputs of an image are cut into chains of some CHAIN outputs, which are added up in order; the chains of all images, in
 * order, into at most PARTS parts; the parts' sums are added by a fixed tree. */

#define CHAIN 256
#define PARTS 16

typedef struct weights_job {
    const visml_kernels *k;
    const visml_conv2d_geometry *g;
    const real *x, *dy;
    real *sums;
    int64_t size;         /* elements of a part's sums */
    int64_t rows, chains; /* rows in a chain, chains in an image */
    int64_t parts;
    int64_t channels; /* of a piece of work; without influence on results */
    int32_t is_far;
} weights_job;

static int64_t rows_in_chain(const visml_conv2d_geometry *g) {
    return g->ow > 0 && g->ow < CHAIN ? CHAIN / g->ow : 1;
}

static int64_t parts_of(const visml_conv2d_geometry *g) {
    int64_t chains = g->n * visml_blocks(g->oh, rows_in_chain(g));
    return chains < 1 ? 1 : chains < PARTS ? chains : PARTS;
}

static void add_chain(const weights_job *j, int64_t n, int64_t row, int64_t channel, int64_t channels, real *sums) {
    const visml_conv2d_geometry *g = j->g;
    visml_depthwise_sums s = {.rows = g->oh - row < j->rows ? g->oh - row : j->rows, .count = g->ow, .th = g->kh, .tw = g->kw};
    s.c = channels;
    s.ld = g->c;
    s.is_far = j->is_far;
    s.height = g->h;
    s.y0 = row * g->sh - g->top;
    s.sy = g->sh;
    s.ty = g->dh;
    s.width = g->w;
    s.x0 = -g->left;
    s.sx = g->sw;
    s.tx = g->dw;
    j->k->depthwise_weights(&s, j->x + n * g->h * g->w * g->c + channel, j->dy + (n * g->oh + row) * g->ow * g->c + channel, sums);
}

static void weights_part(void *arg, size_t task, size_t worker) {
    const weights_job *j = arg;
    const visml_conv2d_geometry *g = j->g;
    int64_t part = (int64_t)task % j->parts, channel = (int64_t)task / j->parts * j->channels;
    int64_t all = g->n * j->chains, at = part * all / j->parts, end = (part + 1) * all / j->parts;
    int64_t channels = g->c - channel < j->channels ? g->c - channel : j->channels;
    real *sums = j->sums + part * j->size + channel;
    (void)worker;
    j->k->copy_rows(g->kh * g->kw, channels, NULL, 0, sums, g->c);
    for (; at < end; at++)
        add_chain(j, at / j->chains, at % j->chains * j->rows, channel, channels, sums);
}

#define LANES 16
#define FAR ((int64_t)256 * 1024) /* elements of all arrays: more are in no second-level cache */

/* Few parts are shared by cutting the channels, too. */
static int64_t channels_of(const weights_job *j, size_t workers) {
    int64_t cuts = j->parts < (int64_t)workers ? visml_blocks(2 * (int64_t)workers, j->parts) : 1;
    return visml_blocks(visml_blocks(j->g->c, LANES), cuts) * LANES;
}

static void weights_images(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw, void *scratch) {
    weights_job j = {.k = c->kernels, .g = g, .x = x, .dy = dy, .rows = rows_in_chain(g), .parts = parts_of(g)};
    j.size = g->kh * g->kw * g->c;
    j.chains = visml_blocks(g->oh, j.rows);
    j.sums = j.parts == 1 ? dw : scratch;
    j.channels = channels_of(&j, c->parallel->workers);
    j.is_far = g->n * (g->h * g->w + g->oh * g->ow) > FAR / (g->c + 1);
    visml_parallel_run(c->parallel, (size_t)(j.parts * visml_blocks(g->c, j.channels)), weights_part, &j);
    for (int64_t step = 1; step < j.parts; step *= 2)
        for (int64_t i = 0; i + step < j.parts; i += 2 * step) {
            real *to = 2 * step < j.parts ? j.sums + i * j.size : dw;
            visml_sum(c, (size_t)j.size, j.sums + i * j.size, j.sums + (i + step) * j.size, to);
        }
}

static size_t weights_bytes(const visml_conv2d_geometry *g) {
    return parts_of(g) > 1 ? bytes_of(parts_of(g), g->kh, g->kw, g->c) : 0;
}

size_t visml_depthwise_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    visml_conv2d_geometry one = spread_geometry(g);
    size_t most = weights_bytes(g), bias = visml_colsum_scratch(c, g->n * g->oh * g->ow, g->f);
    if (times_of(g) > 1)
        most = together(together(image_bytes(g), bytes_of(1, g->kh, g->kw, g->f)), weights_bytes(&one));
    return most > bias ? most : bias;
}

static void weights_spread(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw, char *scratch) {
    visml_conv2d_geometry one = spread_geometry(g);
    size_t size = (size_t)(g->kh * g->kw * g->f);
    real *sum = (real *)(void *)(scratch + image_bytes(g));
    char *rest = (char *)sum + bytes_of(1, g->kh, g->kw, g->f);
    c->kernels->copy_rows(1, (int64_t)size, NULL, 0, dw, 0);
    for (int64_t n = 0; n < g->n; n++) {
        real *image = (real *)(void *)scratch;
        each_row(c, g, spread_row, x + n * g->h * g->w * g->c, image);
        weights_images(c, &one, image, dy + n * g->oh * g->ow * g->f, sum, rest);
        visml_sum(c, size, dw, sum, dw);
    }
}

void visml_depthwise_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                      real *db, void *scratch) {
    if (times_of(g) == 1)
        weights_images(c, g, x, dy, dw, scratch);
    else
        weights_spread(c, g, x, dy, dw, scratch);
    if (db)
        visml_colsum(c, g->n * g->oh * g->ow, g->f, dy, db, scratch);
}
