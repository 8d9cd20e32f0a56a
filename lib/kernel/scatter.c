#include "kernel/scatter.h"

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/span.h"
#include "kernel/winograd.h"

#define MOST 64     /* outputs */
#define FEW 16      /* outputs for which this is always the fastest way; for MANY where Winograd's is not */
#define MANY 49
#define CHANNELS 128 /* of the image, in a piece of work */
#define SQUARE 16   /* side of what is turned at a time */
#define LD (MOST + SQUARE)

typedef struct scatter {
    const visml_compute *compute;
    const visml_conv2d_geometry *g;
    int64_t nr, panels;
    int64_t channels; /* in a piece of work */
    const real *dy, *w;
    real *dx;
    real *right;  /* [taps][panels][f][nr]: dy, turned, for each tap those outputs that meet the image through it */
    real *buffer; /* a set for each worker */
    size_t set;
} scatter;

int visml_scatter_is_possible(const visml_conv2d_geometry *g) {
    return g->groups == 1 && g->kh * g->kw > 1 && g->c >= 16 && g->f >= 32 && g->oh * g->ow <= MANY;
}

int visml_scatter_applies(const visml_conv2d_geometry *g) {
    int64_t n = g->n * g->oh * g->ow;
    return visml_scatter_is_possible(g) && (n <= FEW || (n <= MANY && !visml_winograd_data_choice(g)));
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The outputs that meet the image through a tap, and the pixels where; their number. */
static int64_t list(const visml_conv2d_geometry *g, int64_t tap, int64_t output[MOST], int64_t pixel[MOST]) {
    int64_t n = 0;
    for (int64_t o = 0, all = g->n * g->oh * g->ow; o < all; o++) {
        int64_t y = o / g->ow % g->oh * g->sh - g->top + tap / g->kw * g->dh, x = o % g->ow * g->sw - g->left + tap % g->kw * g->dw;
        if (y < 0 || y >= g->h || x < 0 || x >= g->w)
            continue;
        output[n] = o;
        pixel[n++] = (o / (g->oh * g->ow) * g->h + y) * g->w + x;
    }
    return n;
}

static real *right_of(const scatter *j, int64_t tap) {
    return j->right + tap * j->panels * j->g->f * j->nr;
}

static void turn_task(void *arg, size_t tap, size_t worker) {
    const scatter *j = arg;
    const visml_kernels *k = j->compute->kernels;
    int64_t f = j->g->f, ld = f + SQUARE, output[MOST], pixel[MOST], n = list(j->g, (int64_t)tap, output, pixel);
    real *rows = j->buffer + worker * j->set;
    for (int64_t at = 0; at < n; at += SQUARE) {
        for (int64_t i = 0; i < SQUARE; i++)
            k->copy_rows(1, f, at + i < n ? j->dy + output[at + i] * f : NULL, 0, rows + i * ld, 0);
        k->transpose(SQUARE, f, rows, ld, right_of(j, (int64_t)tap) + at / j->nr * f * j->nr + at % j->nr, j->nr);
    }
}

/* One block along the filters: products[channels, n] (+)= the weights of a tap, rows w, times dy. */
static void multiply(const scatter *j, int64_t tap, int64_t k0, int64_t kc, const real *w, int64_t rows, int64_t n, real *products) {
    const visml_kernels *k = j->compute->kernels;
    int64_t pieces = visml_blocks(rows, k->gemm_blocking().mr), offset[VISML_MAX_MR];
    visml_factors x = {.lda = j->g->f, .ldb = j->nr, .k = kc, .segments = 1};
    visml_finish f = {.offset = offset, .add = k0 > 0};
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * LD;
    for (int64_t col = 0; col < n; col += j->nr) {
        x.b = right_of(j, tap) + col * j->g->f + k0 * j->nr;
        f.cols = (int32_t)least(j->nr, n - col);
        for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
            f.rows = (int32_t)((rows - done) / (pieces - i));
            f.c = products + done * LD + col;
            x.a = w + done * j->g->f;
            k->gemm_rows(&x, &f);
        }
    }
}

/* All filters of a tap. */
static void multiply_tap(const scatter *j, int64_t tap, int64_t channel, int64_t rows, int64_t n, real *products) {
    int64_t f = j->g->f;
    for (int64_t k0 = 0; k0 < f; k0 += VISML_KC)
        multiply(j, tap, k0, least(VISML_KC, f - k0), j->w + (tap * j->g->c + channel) * f + k0, rows, n, products);
}

static void channels_task(void *arg, size_t task, size_t worker) {
    const scatter *j = arg;
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    real *products = j->buffer + worker * j->set, *turned = products + CHANNELS * LD;
    int64_t channel = (int64_t)task * j->channels, rows = least(j->channels, g->c - channel), output[MOST], pixel[MOST];
    k->copy_rows(g->n * g->h * g->w, rows, NULL, 0, j->dx + channel, g->c);
    for (int64_t tap = 0; tap < g->kh * g->kw; tap++) {
        int64_t n = list(g, tap, output, pixel), cols = visml_blocks(n, SQUARE) * SQUARE;
        multiply_tap(j, tap, channel, rows, cols, products);
        k->transpose(rows, cols, products, LD, turned, CHANNELS);
        for (int64_t i = 0; i < n; i++)
            k->add_rows(1, rows, turned + i * CHANNELS, 0, j->dx + pixel[i] * g->c + channel, 0);
    }
}

static scatter job_of(const visml_compute *c, const visml_conv2d_geometry *g) {
    scatter j = {.compute = c, .g = g, .nr = c->kernels->gemm_blocking().nr};
    int64_t rows = SQUARE * (g->f + SQUARE), rest = CHANNELS * (LD + MOST);
    j.panels = MOST / j.nr;
    j.channels = c->parallel->workers > 1 ? CHANNELS / 4 : CHANNELS; /* without influence on results */
    j.set = (size_t)(rows > rest ? rows : rest);
    return j;
}

static size_t right_elements(const scatter *j) {
    return (size_t)(j->g->kh * j->g->kw * j->panels * j->nr * j->g->f);
}

size_t visml_scatter_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    scatter j = job_of(c, g);
    size_t sets, n;
    if (!visml_size_mul(j.set, c->parallel->workers, &sets) || !visml_size_add(sets, right_elements(&j), &n) ||
        !visml_size_mul(n, sizeof(real), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

void visml_scatter_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                 void *scratch) {
    scatter j = job_of(c, g);
    j.dy = dy;
    j.w = w;
    j.dx = dx;
    j.right = scratch;
    j.buffer = j.right + right_elements(&j);
    visml_parallel_run(c->parallel, (size_t)(g->kh * g->kw), turn_task, &j);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(g->c, j.channels), channels_task, &j);
}
