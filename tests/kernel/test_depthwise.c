#include "levels.h"

#include "kernel/depthwise.h"
#include "visml/nn.h"

/* n h w c, outputs of a channel, kh kw, sh sw, dh dw, top left bottom right */
typedef struct shape {
    int64_t n, h, w, c, times, kh, kw, sh, sw, dh, dw, top, left, bottom, right;
} shape;

static const shape shapes[] = {
    /* 3 x 3 and 5 x 5, strides 1 and 2, rows of every remainder */
    {2, 7, 7, 32, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    {1, 9, 8, 48, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 6, 29, 19, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},   {1, 5, 17, 16, 1, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
    {2, 12, 31, 33, 1, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},  {1, 9, 10, 16, 1, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
    {1, 11, 21, 35, 1, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2},  {1, 8, 26, 17, 1, 5, 5, 2, 2, 1, 1, 1, 1, 2, 2},
    {1, 4, 1, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    {1, 1, 2, 18, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    /* other kernels, strides, dilations; padding wider than the kernel */
    {2, 8, 9, 5, 1, 2, 3, 1, 1, 1, 1, 0, 1, 0, 1},     {1, 7, 9, 20, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
    {1, 7, 9, 20, 1, 1, 1, 3, 2, 1, 1, 0, 0, 0, 0},    {1, 9, 9, 21, 1, 7, 7, 1, 1, 1, 1, 3, 3, 3, 3},
    {1, 12, 13, 16, 1, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3},  {1, 13, 14, 17, 1, 3, 3, 3, 2, 2, 3, 1, 2, 3, 4},
    {1, 10, 11, 16, 1, 3, 3, 4, 4, 1, 1, 0, 0, 0, 0},  {1, 10, 9, 16, 1, 3, 2, 2, 4, 4, 2, 4, 1, 4, 1},
    {1, 3, 3, 16, 1, 3, 3, 1, 1, 1, 1, 4, 4, 4, 4},    {1, 6, 7, 16, 1, 3, 5, 1, 2, 1, 1, 1, 2, 1, 2},
    {1, 7, 6, 16, 1, 5, 3, 2, 1, 1, 1, 2, 1, 2, 1},    {2, 3, 9, 2, 1, 1, 4, 1, 2, 1, 3, 0, 0, 0, 1},
    /* several outputs of a channel */
    {2, 6, 7, 8, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     {3, 7, 6, 5, 3, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
    {1, 8, 8, 16, 4, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},    {2, 9, 7, 3, 7, 2, 3, 1, 2, 2, 1, 0, 0, 0, 0},
    /* many chains and parts of the weights' sums; none */
    {5, 33, 40, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   {21, 6, 6, 17, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 3, 300, 2, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   {18, 5, 5, 2, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {0, 5, 5, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    {0, 5, 5, 4, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static visml_conv2d_geometry geometry(const shape *s) {
    visml_conv2d_geometry g = {.n = s->n, .h = s->h, .w = s->w, .c = s->c, .f = s->c * s->times, .kh = s->kh, .kw = s->kw};
    g.sh = s->sh;
    g.sw = s->sw;
    g.dh = s->dh;
    g.dw = s->dw;
    g.top = s->top;
    g.left = s->left;
    g.groups = s->c;
    g.oh = (s->h + s->top + s->bottom - s->dh * (s->kh - 1) - 1) / s->sh + 1;
    g.ow = (s->w + s->left + s->right - s->dw * (s->kw - 1) - 1) / s->sw + 1;
    return g;
}

typedef struct arrays {
    size_t nx, nw, ny, nf;
    float *x, *w, *dy, *bias, *residual, *scale, *shift;
} arrays;

static arrays make(const visml_conv2d_geometry *g) {
    arrays a = {.nf = (size_t)g->f};
    a.nx = (size_t)(g->n * g->h * g->w * g->c);
    a.nw = (size_t)(g->kh * g->kw * g->f);
    a.ny = (size_t)(g->n * g->oh * g->ow * g->f);
    a.x = random_array(a.nx, 1);
    a.w = random_array(a.nw, 2);
    a.dy = random_array(a.ny, 3);
    a.bias = random_array(a.nf, 4);
    a.residual = random_array(a.ny, 5);
    a.scale = random_array(a.nf, 6);
    a.shift = random_array(a.nf, 7);
    return a;
}

static void drop(arrays *a) {
    free(a->x);
    free(a->w);
    free(a->dy);
    free(a->bias);
    free(a->residual);
    free(a->scale);
    free(a->shift);
}

/* In one array: y; y with bias, residual and each activation; dx, dw, db. */
enum { Y, RELU, LEAKY, SIGMOID, TANH, DX, DW, DB, RESULTS };
static const char *const names[] = {"y", "relu", "leaky relu", "sigmoid", "tanh", "dx", "dw", "db"};
static const int32_t activations[] = {VISML_LINEAR, VISML_RELU, VISML_LEAKY_RELU, VISML_SIGMOID, VISML_TANH};

typedef struct results {
    size_t at[RESULTS + 1];
    float *v;
} results;

static results places(const arrays *a) {
    const size_t sizes[RESULTS] = {a->ny, a->ny, a->ny, a->ny, a->ny, a->nx, a->nw, a->nf};
    results r = {0};
    for (int i = 0; i < RESULTS; i++)
        r.at[i + 1] = r.at[i] + sizes[i];
    return r;
}

static void forward(const visml_compute *c, const visml_conv2d_geometry *g, const arrays *a, results *r) {
    size_t bytes = visml_depthwise_forward_scratch(c, g);
    void *scratch = scratch_of(bytes);
    visml_depthwise_forward(c, g, a->x, a->w, r->v, NULL, scratch);
    for (int i = RELU; i <= TANH; i++) {
        visml_epilogue e = {.bias = a->bias, .residual = a->residual, .activation = activations[i], .alpha = 0.25f};
        e.scale = i >= SIGMOID ? a->scale : NULL;
        e.shift = i >= SIGMOID ? a->shift : NULL;
        visml_depthwise_forward(c, g, a->x, a->w, r->v + r->at[i], &e, scratch);
    }
    scratch_free(scratch, bytes);
}

static results compute_with(const visml_conv2d_geometry *g, const arrays *a, const level *l, visml_parallel parallel) {
    visml_compute c = {&l->kernels, &parallel};
    results r = places(a);
    size_t data = visml_depthwise_backward_data_scratch(&c, g), weights = visml_depthwise_backward_weights_scratch(&c, g);
    r.v = filled_array(r.at[RESULTS], NAN);
    forward(&c, g, a, &r);
    void *scratch = scratch_of(data);
    visml_depthwise_backward_data(&c, g, a->dy, a->w, r.v + r.at[DX], scratch);
    scratch_free(scratch, data);
    scratch = scratch_of(weights);
    visml_depthwise_backward_weights(&c, g, a->x, a->dy, r.v + r.at[DW], r.v + r.at[DB], scratch);
    scratch_free(scratch, weights);
    return r;
}

typedef struct sums {
    double *v, *size; /* size: of the terms */
} sums;

static void add_term(sums *s, size_t at, double v) {
    s->v[at] += v;
    s->size[at] += fabs(v);
}

/* Everything that one output takes part in. */
static void naive_output(const visml_conv2d_geometry *g, const arrays *a, const results *r, sums *s, int64_t out) {
    int64_t f = out % g->f, ox = out / g->f % g->ow, oy = out / g->f / g->ow % g->oh, n = out / g->f / g->ow / g->oh;
    double dy = (double)a->dy[out];
    for (int64_t i = 0; i < g->kh; i++)
        for (int64_t j = 0; j < g->kw; j++) {
            int64_t py = oy * g->sh - g->top + i * g->dh, px = ox * g->sw - g->left + j * g->dw;
            if (py < 0 || py >= g->h || px < 0 || px >= g->w)
                continue;
            size_t x = (size_t)(((n * g->h + py) * g->w + px) * g->c + f / (g->f / g->c)), w = (size_t)((i * g->kw + j) * g->f + f);
            add_term(s, (size_t)out, (double)a->x[x] * (double)a->w[w]);
            add_term(s, r->at[DX] + x, dy * (double)a->w[w]);
            add_term(s, r->at[DW] + w, dy * (double)a->x[x]);
        }
    add_term(s, r->at[DB] + (size_t)f, dy);
}

static double activated(int i, double x) {
    switch (i) {
    case RELU:
        return x > 0 ? x : 0;
    case LEAKY:
        return x > 0 ? x : 0.25 * x;
    case SIGMOID:
        return 1 / (1 + exp(-x));
    default:
        return tanh(x);
    }
}

static sums naive(const visml_conv2d_geometry *g, const arrays *a) {
    results r = places(a);
    sums s = {calloc(r.at[RESULTS] + 1, sizeof(double)), calloc(r.at[RESULTS] + 1, sizeof(double))};
    assert_non_null(s.v);
    assert_non_null(s.size);
    for (size_t i = 0; i < a->ny; i++)
        naive_output(g, a, &r, &s, (int64_t)i);
    for (size_t i = 0; i < a->ny; i++)
        for (int e = RELU; e <= TANH; e++) {
            double v = activated(e, s.v[i] + (double)a->bias[i % a->nf] + (double)a->residual[i]);
            s.v[r.at[e] + i] = e >= SIGMOID ? v * (double)a->scale[i % a->nf] + (double)a->shift[i % a->nf] : v;
            s.size[r.at[e] + i] = s.size[i] + 2;
        }
    return s;
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        arrays a = make(&g);
        sums s = naive(&g, &a);
        for (size_t l = 0; l < n; l++) {
            results r = compute_with(&g, &a, &levels[l], workers(2));
            char text[64];
            for (size_t p = 0; p < RESULTS; p++)
                for (size_t j = r.at[p]; j < r.at[p + 1]; j++) {
                    snprintf(text, sizeof text, "shape %zu at %s: %s", i, levels[l].name, names[p]);
                    assert_near(r.v[j], s.v[j], s.size[j], 12, text, j - r.at[p]);
                }
            free(r.v);
        }
        free(s.v);
        free(s.size);
        drop(&a);
    }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        arrays a = make(&g);
        results fused = compute_with(&g, &a, &levels[0], workers(1));
        for (size_t l = 0; l < n; l++) {
            results want = levels[l].fused ? fused : compute_with(&g, &a, &levels[l], workers(1));
            for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
                results got = compute_with(&g, &a, &levels[l], workers(threads[t]));
                assert_same(got.v, want.v, want.at[RESULTS], "depthwise convolution", levels[l].name);
                free(got.v);
            }
            if (want.v != fused.v)
                free(want.v);
        }
        free(fused.v);
        drop(&a);
    }
}

static void same_bits_on_posix_threads(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    static const size_t some[] = {4, 23, 26, 27};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        visml_conv2d_geometry g = geometry(&shapes[some[i]]);
        arrays a = make(&g);
        results want = compute_with(&g, &a, &levels[n - 1], workers(1));
        for (int t = 0; t < 10; t++) {
            results got = compute_with(&g, &a, &levels[n - 1], posix_threads());
            assert_same(got.v, want.v, want.at[RESULTS], "depthwise convolution on threads", levels[n - 1].name);
            free(got.v);
        }
        free(want.v);
        drop(&a);
    }
}

/* Inputs that end at an unreadable page. */
static void nothing_outside_of_the_arrays(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        arrays a = make(&g);
        const size_t sizes[] = {a.nx * 4, a.nw * 4, a.ny * 4};
        float *x = test_guarded(sizes[0]), *w = test_guarded(sizes[1]), *dy = test_guarded(sizes[2]);
        memcpy(x, a.x, sizes[0]);
        memcpy(w, a.w, sizes[1]);
        memcpy(dy, a.dy, sizes[2]);
        arrays guarded = a;
        guarded.x = x;
        guarded.w = w;
        guarded.dy = dy;
        for (size_t l = 0; l < n; l++) {
            results want = compute_with(&g, &a, &levels[l], workers(1)), got = compute_with(&g, &guarded, &levels[l], workers(1));
            assert_same(got.v, want.v, want.at[RESULTS], "depthwise convolution", levels[l].name);
            free(want.v);
            free(got.v);
        }
        test_guarded_free(x, sizes[0]);
        test_guarded_free(w, sizes[1]);
        test_guarded_free(dy, sizes[2]);
        drop(&a);
    }
}

/* A smaller batch runs in the scratch of a larger one. */
static void scratch_is_enough_for_smaller_batches(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t l = all_levels(levels) - 1;
    visml_parallel parallel = workers(3);
    visml_compute c = {&levels[l].kernels, &parallel};
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        for (int64_t most = 1; most <= 40; most++) {
            g.n = most;
            size_t now = visml_depthwise_backward_weights_scratch(&c, &g);
            g.n = most - 1;
            assert_true(visml_depthwise_backward_weights_scratch(&c, &g) <= now);
        }
    }
}

static void conv2d_comes_here(void **state) {
    (void)state;
    visml_conv2d_geometry g = geometry(&shapes[0]);
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t l = all_levels(levels) - 1;
    visml_parallel parallel = workers(1);
    visml_compute c = {&levels[l].kernels, &parallel};
    assert_int_equal(visml_conv2d_forward_scratch(&c, &g), 0);
    arrays a = make(&g);
    results want = compute_with(&g, &a, &levels[l], parallel);
    float *y = filled_array(a.ny, NAN);
    visml_conv2d_forward(&c, &g, a.x, a.w, NULL, y, NULL, NULL);
    assert_same(y, want.v, a.ny, "conv2d", levels[l].name);
    free(y);
    free(want.v);
    drop(&a);
    g.groups = 1;
    assert_false(visml_depthwise_fits(&g));
    g.groups = 16;
    assert_false(visml_depthwise_fits(&g));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(same_bits_on_posix_threads),
        cmocka_unit_test(nothing_outside_of_the_arrays),
        cmocka_unit_test(scratch_is_enough_for_smaller_batches),
        cmocka_unit_test(conv2d_comes_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
