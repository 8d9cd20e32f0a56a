/* What the tests of convolutions share: geometries, arrays, everything that a convolution gives, and the same in plain double loops. */
#ifndef KERNEL_TEST_CONVOLUTION_H
#define KERNEL_TEST_CONVOLUTION_H

#include "levels.h"

#include "kernel/conv2d.h"
#include "kernel/winograd.h"
#include "visml/nn.h"

/* n h w c, f, kh kw, sh sw, dh dw, top left bottom right, groups */
typedef struct shape {
    int64_t n, h, w, c, f, kh, kw, sh, sw, dh, dw, top, left, bottom, right, groups;
} shape;


static visml_conv2d_geometry geometry(const shape *s) {
    visml_conv2d_geometry g = {.n = s->n, .h = s->h, .w = s->w, .c = s->c, .f = s->f, .kh = s->kh, .kw = s->kw};
    g.sh = s->sh;
    g.sw = s->sw;
    g.dh = s->dh;
    g.dw = s->dw;
    g.top = s->top;
    g.left = s->left;
    g.groups = s->groups;
    g.oh = (s->h + s->top + s->bottom - s->dh * (s->kh - 1) - 1) / s->sh + 1;
    g.ow = (s->w + s->left + s->right - s->dw * (s->kw - 1) - 1) / s->sw + 1;
    return g;
}

typedef struct arrays {
    size_t nx, nw, ny, nf;
    float *x, *w, *dy, *gain, *bias, *residual;
} arrays;

static inline arrays make(const visml_conv2d_geometry *g) {
    arrays a = {.nf = (size_t)g->f};
    a.nx = (size_t)(g->n * g->h * g->w * g->c);
    a.nw = (size_t)(g->kh * g->kw * (g->c / g->groups) * g->f);
    a.ny = (size_t)(g->n * g->oh * g->ow * g->f);
    a.x = random_array(a.nx, 1);
    a.w = random_array(a.nw, 2);
    a.dy = random_array(a.ny, 3);
    a.bias = random_array(a.nf, 4);
    a.residual = random_array(a.ny, 5);
    a.gain = random_array(a.nf, 6);
    return a;
}

static inline void drop(arrays *a) {
    free(a->x);
    free(a->w);
    free(a->dy);
    free(a->bias);
    free(a->residual);
    free(a->gain);
}

/* Everything that a convolution gives, in one array: y, y with gain (at most 1), bias, residual and ReLU, dx, dw, db. */
typedef struct results {
    size_t n, at[6];
    float *v;
} results;

static inline results new_results(const arrays *a) {
    results r = {0};
    const size_t sizes[] = {a->ny, a->ny, a->nx, a->nw, a->nf};
    for (size_t i = 0; i < 5; i++)
        r.at[i + 1] = r.at[i] + sizes[i];
    r.n = r.at[5];
    return r;
}

/* By the functions of kernel/conv2d.h (m < 0), or of kernel/winograd.h. */
typedef struct method {
    visml_compute c;
    const visml_conv2d_geometry *g;
    int32_t m;
} method;

static inline void forward(const method *d, const arrays *a, float *y, const visml_epilogue *e) {
    size_t bytes = d->m < 0 ? visml_conv2d_forward_scratch(&d->c, d->g) : visml_winograd_forward_scratch(&d->c, d->g, d->m);
    void *scratch = scratch_of(bytes);
    if (d->m < 0)
        visml_conv2d_forward(&d->c, d->g, a->x, a->w, NULL, y, e, scratch);
    else
        visml_winograd_forward(&d->c, d->g, d->m, a->x, a->w, NULL, y, e, scratch);
    scratch_free(scratch, bytes);
}

/* From weights that were packed before. */
static inline void forward_packed(const method *d, const arrays *a, float *y, const visml_epilogue *e) {
    size_t bytes = d->m < 0 ? visml_conv2d_forward_scratch(&d->c, d->g) : visml_winograd_forward_scratch(&d->c, d->g, d->m);
    size_t more = d->m < 0 ? visml_conv2d_packed_bytes(&d->c, d->g) : sizeof(float) * visml_winograd_packed_elements(&d->c, d->g, d->m);
    void *scratch = scratch_of(bytes), *packed = scratch_of(more);
    if (d->m < 0) {
        visml_conv2d_pack(&d->c, d->g, a->w, packed);
        visml_conv2d_forward(&d->c, d->g, a->x, NULL, packed, y, e, scratch);
    } else {
        visml_winograd_pack(&d->c, d->g, d->m, a->w, packed);
        visml_winograd_forward(&d->c, d->g, d->m, a->x, NULL, packed, y, e, scratch);
    }
    scratch_free(packed, more);
    scratch_free(scratch, bytes);
}

static inline void backward_data(const method *d, const arrays *a, float *dx) {
    size_t bytes = d->m < 0 ? visml_conv2d_backward_data_scratch(&d->c, d->g) : visml_winograd_backward_data_scratch(&d->c, d->g, d->m);
    void *scratch = scratch_of(bytes);
    if (d->m < 0)
        visml_conv2d_backward_data(&d->c, d->g, a->dy, a->w, dx, scratch);
    else
        visml_winograd_backward_data(&d->c, d->g, d->m, a->dy, a->w, dx, scratch);
    scratch_free(scratch, bytes);
}

static inline void backward_weights(const method *d, const arrays *a, float *dw, float *db) {
    size_t bytes = d->m < 0 ? visml_conv2d_backward_weights_scratch(&d->c, d->g)
                            : visml_winograd_backward_weights_scratch(&d->c, d->g, d->m);
    void *scratch = scratch_of(bytes);
    if (d->m < 0)
        visml_conv2d_backward_weights(&d->c, d->g, a->x, a->dy, dw, db, scratch);
    else
        visml_winograd_backward_weights(&d->c, d->g, d->m, a->x, a->dy, dw, scratch);
    scratch_free(scratch, bytes);
}

static inline results compute_with(const visml_conv2d_geometry *g, const arrays *a, const level *l, visml_parallel parallel, int32_t m) {
    const method d = {{&l->kernels, &parallel}, g, m};
    const visml_epilogue e = {.gain = a->gain, .bias = a->bias, .residual = a->residual, .activation = VISML_RELU};
    results r = new_results(a);
    r.v = filled_array(r.n, NAN);
    forward(&d, a, r.v, NULL);
    forward_packed(&d, a, r.v + r.at[1], &e);
    backward_data(&d, a, r.v + r.at[2]);
    backward_weights(&d, a, r.v + r.at[3], r.v + r.at[4]);
    return r;
}

static inline results compute(const visml_conv2d_geometry *g, const arrays *a, const level *l, size_t threads, int32_t m) {
    return compute_with(g, a, l, workers(threads), m);
}

typedef struct sums {
    double *v, *size;
} sums;

/* One product x w of one output, wherever it takes part. */
static inline void take_part(const arrays *a, const results *r, sums *s, size_t x, size_t w, size_t y) {
    const size_t at[] = {y, r->at[2] + x, r->at[3] + w};
    const double v[] = {(double)a->x[x] * (double)a->w[w], (double)a->dy[y] * (double)a->w[w], (double)a->dy[y] * (double)a->x[x]};
    for (int i = 0; i < 3; i++) {
        s->v[at[i]] += v[i];
        s->size[at[i]] += fabs(v[i]);
    }
}

static inline void naive_pixel(const visml_conv2d_geometry *g, const arrays *a, const results *r, sums *s, int64_t n, int64_t oy,
                               int64_t ox) {
    int64_t cg = g->c / g->groups, fg = g->f / g->groups;
    for (int64_t f = 0; f < g->f; f++)
        for (int64_t i = 0; i < g->kh; i++)
            for (int64_t j = 0; j < g->kw; j++) {
                int64_t y = oy * g->sh - g->top + i * g->dh, x = ox * g->sw - g->left + j * g->dw;
                if (y < 0 || y >= g->h || x < 0 || x >= g->w)
                    continue;
                for (int64_t c = 0; c < cg; c++)
                    take_part(a, r, s, (size_t)(((n * g->h + y) * g->w + x) * g->c + f / fg * cg + c),
                              (size_t)(((i * g->kw + j) * cg + c) * g->f + f), (size_t)(((n * g->oh + oy) * g->ow + ox) * g->f + f));
            }
}

static inline sums naive(const visml_conv2d_geometry *g, const arrays *a) {
    results r = new_results(a);
    sums s = {calloc(r.n + 1, sizeof(double)), calloc(r.n + 1, sizeof(double))};
    assert_non_null(s.v);
    assert_non_null(s.size);
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t oy = 0; oy < g->oh; oy++)
            for (int64_t ox = 0; ox < g->ow; ox++)
                naive_pixel(g, a, &r, &s, n, oy, ox);
    for (size_t i = 0; i < a->ny; i++) {
        double v = s.v[i] * (double)a->gain[i % a->nf] + (double)a->bias[i % a->nf] + (double)a->residual[i];
        s.v[r.at[1] + i] = v > 0 ? v : 0;
        s.size[r.at[1] + i] = s.size[i] + 2;
        s.v[r.at[4] + i % a->nf] += (double)a->dy[i];
        s.size[r.at[4] + i % a->nf] += fabs((double)a->dy[i]);
    }
    return s;
}

/* The largest sum of magnitudes of a part. */
static inline double largest(const double *size, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = size[i] > most ? size[i] : most;
    return most;
}

/* |difference| <= factor * 2^-24 * the sum of the magnitudes of the terms: of this element's, or with Winograd's of any one's. */
static inline void check_against_double(const shape *s, int32_t m, double factor) {
    static const char *const what[] = {"y", "y with epilogue", "dx", "dw", "db"};
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    visml_conv2d_geometry g = geometry(s);
    int tiles = m >= 0 || visml_winograd_choice(&g);
    arrays a = make(&g);
    sums want = naive(&g, &a);
    for (size_t l = levels[n - 1].fused ? n > 1 : 0; l < n; l++) { /* the reference, which is slow, has the bits of fused levels */
        results r = compute(&g, &a, &levels[l], 2, m);
        char text[96];
        for (size_t p = 0; p < (m < 0 ? 5 : 4); p++) {
            double most = largest(want.size + r.at[p], r.at[p + 1] - r.at[p]);
            snprintf(text, sizeof text, "[%d, %d, %d, %d] -> %d at %s: %s", (int)g.n, (int)g.h, (int)g.w, (int)g.c, (int)g.f,
                     levels[l].name, what[p]);
            for (size_t j = r.at[p]; j < r.at[p + 1]; j++)
                assert_near(r.v[j], want.v[j], tiles ? most : want.size[j], factor, text, j - r.at[p]);
        }
        free(r.v);
    }
    free(want.v);
    free(want.size);
    drop(&a);
}

/* The reference takes ten times as long as all others together: one number of threads for it. */
static inline void check_bits(const shape *s, int32_t m) {
    static const size_t threads[] = {3, 1, 2, 8};
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    visml_conv2d_geometry g = geometry(s);
    arrays a = make(&g);
    results fused = compute(&g, &a, &levels[0], 1, m);
    for (size_t l = 0; l < n; l++) {
        results want = levels[l].fused ? fused : compute(&g, &a, &levels[l], 1, m);
        for (size_t t = 0; t < (l ? 4 : 1); t++) {
            results got = compute(&g, &a, &levels[l], threads[t], m);
            assert_same(got.v, want.v, want.n, "convolution", levels[l].name);
            free(got.v);
        }
        if (want.v != fused.v)
            free(want.v);
    }
    free(fused.v);
    drop(&a);
}

/* Under real threads, many times. */
static inline void check_threads(const shape *s, int32_t m) {
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    visml_conv2d_geometry g = geometry(s);
    arrays a = make(&g);
    results want = compute_with(&g, &a, &levels[n - 1], workers(1), m);
    for (int t = 0; t < 10; t++) {
        results got = compute_with(&g, &a, &levels[n - 1], posix_threads(), m);
        assert_same(got.v, want.v, want.n, "convolution on threads", levels[n - 1].name);
        free(got.v);
    }
    free(want.v);
    drop(&a);
}

#endif
