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
    int64_t n = 0, dy = tap / g->kw * g->dh - g->top, dx = tap % g->kw * g->dw - g->left;
    for (int64_t row = 0; row < g->n * g->oh; row++) {
        int64_t y = row % g->oh * g->sh + dy, line = row / g->oh * g->h + y;
        for (int64_t o = 0, x = dx; y >= 0 && y < g->h && o < g->ow; o++, x += g->sw) {
            if (x < 0 || x >= g->w)
                continue;
            output[n] = row * g->ow + o;
            pixel[n++] = line * g->w + x;
        }
    }
    return n;
}

/* right [panels][f][nr]: dy, turned, of those outputs. */
static void turn(const scatter *j, const int64_t output[MOST], int64_t n, real *rows, real *right) {
    const visml_kernels *k = j->compute->kernels;
    int64_t f = j->g->f, ld = f + SQUARE;
    for (int64_t at = 0; at < n; at += SQUARE) {
        for (int64_t i = 0; i < SQUARE; i++)
            k->copy_rows(1, f, at + i < n ? j->dy + output[at + i] * f : NULL, 0, rows + i * ld, 0);
        k->transpose(SQUARE, f, rows, ld, right + at / j->nr * f * j->nr + at % j->nr, j->nr);
    }
}

/* One block along the filters: products[channels, n] (+)= the weights of a tap, rows w, times dy. */
static void multiply(const scatter *j, int64_t k0, int64_t kc, const real *w, int64_t rows, const real *right, int64_t n, real *products) {
    const visml_kernels *k = j->compute->kernels;
    int64_t pieces = visml_blocks(rows, k->gemm_blocking().mr), offset[VISML_MAX_MR];
    visml_factors x = {.lda = j->g->f, .ldb = j->nr, .k = kc, .segments = 1};
    visml_finish f = {.offset = offset, .add = k0 > 0};
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * LD;
    for (int64_t col = 0; col < n; col += j->nr) {
        x.b = right + col * j->g->f + k0 * j->nr;
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
static void multiply_tap(const scatter *j, int64_t tap, int64_t channel, int64_t rows, const real *right, int64_t n, real *products) {
    int64_t f = j->g->f;
    for (int64_t k0 = 0; k0 < f; k0 += VISML_KC)
        multiply(j, k0, least(VISML_KC, f - k0), j->w + (tap * j->g->c + channel) * f + k0, rows, right, n, products);
}

static void channels_task(void *arg, size_t task, size_t worker) {
    const scatter *j = arg;
    const visml_conv2d_geometry *g = j->g;
    const visml_kernels *k = j->compute->kernels;
    real *products = j->buffer + worker * j->set, *turned = products + CHANNELS * LD, *right = products + j->set - MOST * g->f;
    int64_t channel = (int64_t)task * j->channels, rows = least(j->channels, g->c - channel), output[MOST], pixel[MOST];
    int all = 0; /* all outputs are turned, as the tap before wanted them */
    k->copy_rows(g->n * g->h * g->w, rows, NULL, 0, j->dx + channel, g->c);
    for (int64_t tap = 0; tap < g->kh * g->kw; tap++) {
        int64_t n = list(g, tap, output, pixel), cols = visml_blocks(n, SQUARE) * SQUARE;
        int wanted = n == g->n * g->oh * g->ow;
        if (!wanted || !all)
            turn(j, output, n, products, right);
        all = wanted;
        multiply_tap(j, tap, channel, rows, right, cols, products);
        k->transpose(rows, cols, products, LD, turned, CHANNELS);
        for (int64_t i = 0; i < n; i++)
            k->add_rows(1, rows, turned + i * CHANNELS, 0, j->dx + pixel[i] * g->c + channel, 0);
    }
}

/* Each piece of work turns dy anew, which is little beside the products with that many channels, and is done where it is wanted. */
static scatter job_of(const visml_compute *c, const visml_conv2d_geometry *g) {
    scatter j = {.compute = c, .g = g, .nr = c->kernels->gemm_blocking().nr};
    int64_t rows = SQUARE * (g->f + SQUARE), rest = CHANNELS * (LD + MOST);
    int64_t share = visml_blocks(visml_blocks(g->c, SQUARE), (int64_t)c->parallel->workers) * SQUARE; /* without influence on results */
    j.channels = least(CHANNELS, share);
    j.set = (size_t)((rows > rest ? rows : rest) + MOST * g->f);
    return j;
}

size_t visml_scatter_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    scatter j = job_of(c, g);
    size_t n;
    if (!visml_size_mul(j.set, c->parallel->workers, &n) || !visml_size_mul(n, sizeof(real), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

void visml_scatter_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                 void *scratch) {
    scatter j = job_of(c, g);
    j.dy = dy;
    j.w = w;
    j.dx = dx;
    j.buffer = scratch;
    visml_parallel_run(c->parallel, (size_t)visml_blocks(g->c, j.channels), channels_task, &j);
}
