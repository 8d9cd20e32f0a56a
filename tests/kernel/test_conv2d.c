#include "levels.h"

#include "kernel/conv2d.h"
#include "visml/nn.h"

/* n h w c, f, kh kw, sh sw, dh dw, top left bottom right, groups */
typedef struct shape {
    int64_t n, h, w, c, f, kh, kw, sh, sw, dh, dw, top, left, bottom, right, groups;
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},      {1, 5, 7, 3, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 6, 5, 3, 8, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},      {3, 9, 8, 4, 6, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 1},
    {2, 9, 11, 2, 5, 5, 3, 2, 1, 1, 1, 2, 1, 2, 1, 1},     {1, 12, 12, 5, 3, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3, 1},
    {2, 11, 10, 3, 4, 3, 2, 3, 2, 2, 3, 1, 2, 3, 4, 1},    {2, 7, 7, 6, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 3},
    {2, 6, 6, 8, 8, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 8},      {1, 8, 8, 20, 33, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {2, 8, 8, 16, 17, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0, 1},    {1, 6, 6, 40, 35, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 4, 4, 2, 3, 4, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1},      {2, 3, 3, 2, 3, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2, 1},
    {5, 24, 23, 3, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},    {3, 30, 29, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 9, 9, 4, 4, 2, 2, 4, 4, 1, 1, 0, 0, 0, 0, 1},      {1, 10, 10, 2, 2, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0, 2},
    {0, 5, 5, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},      {6, 20, 20, 1, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

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
    float *x, *w, *dy, *bias, *residual;
} arrays;

static arrays make(const visml_conv2d_geometry *g) {
    arrays a = {.nf = (size_t)g->f};
    a.nx = (size_t)(g->n * g->h * g->w * g->c);
    a.nw = (size_t)(g->kh * g->kw * (g->c / g->groups) * g->f);
    a.ny = (size_t)(g->n * g->oh * g->ow * g->f);
    a.x = random_array(a.nx, 1);
    a.w = random_array(a.nw, 2);
    a.dy = random_array(a.ny, 3);
    a.bias = random_array(a.nf, 4);
    a.residual = random_array(a.ny, 5);
    return a;
}

static void drop(arrays *a) {
    free(a->x);
    free(a->w);
    free(a->dy);
    free(a->bias);
    free(a->residual);
}

/* Everything that a convolution gives, in one array: y, y with an epilogue, dx, dw, db. */
typedef struct results {
    size_t n, at[6];
    float *v;
} results;

static results new_results(const arrays *a) {
    results r = {0};
    const size_t sizes[] = {a->ny, a->ny, a->nx, a->nw, a->nf};
    for (size_t i = 0; i < 5; i++)
        r.at[i + 1] = r.at[i] + sizes[i];
    r.n = r.at[5];
    return r;
}

/* From weights that were packed before. */
static void forward_packed(const visml_compute *c, const visml_conv2d_geometry *g, const arrays *a, float *y, const visml_epilogue *e,
                           void *scratch) {
    size_t bytes = visml_conv2d_packed_bytes(c, g);
    void *packed = scratch_of(bytes);
    visml_conv2d_pack(c, g, a->w, packed);
    visml_conv2d_forward(c, g, a->x, NULL, packed, y, e, scratch);
    scratch_free(packed, bytes);
}

static results compute_with(const visml_conv2d_geometry *g, const arrays *a, const level *l, visml_parallel parallel) {
    visml_compute c = {&l->kernels, &parallel};
    results r = new_results(a);
    const size_t bytes[] = {visml_conv2d_forward_scratch(&c, g), visml_conv2d_backward_data_scratch(&c, g),
                            visml_conv2d_backward_weights_scratch(&c, g)};
    visml_epilogue e = {.bias = a->bias, .residual = a->residual, .activation = VISML_RELU};
    r.v = filled_array(r.n, NAN);
    for (int i = 0; i < 3; i++) {
        void *scratch = scratch_of(bytes[i]);
        if (i == 0) {
            visml_conv2d_forward(&c, g, a->x, a->w, NULL, r.v, NULL, scratch);
            forward_packed(&c, g, a, r.v + r.at[1], &e, scratch);
        } else if (i == 1) {
            visml_conv2d_backward_data(&c, g, a->dy, a->w, r.v + r.at[2], scratch);
        } else {
            visml_conv2d_backward_weights(&c, g, a->x, a->dy, r.v + r.at[3], r.v + r.at[4], scratch);
        }
        scratch_free(scratch, bytes[i]);
    }
    return r;
}

static results compute(const visml_conv2d_geometry *g, const arrays *a, const level *l, size_t threads) {
    return compute_with(g, a, l, workers(threads));
}

typedef struct sums {
    double *v, *size;
} sums;

/* One product x w of one output, wherever it takes part. */
static void take_part(const arrays *a, const results *r, sums *s, size_t x, size_t w, size_t y) {
    const size_t at[] = {y, r->at[2] + x, r->at[3] + w};
    const double v[] = {(double)a->x[x] * (double)a->w[w], (double)a->dy[y] * (double)a->w[w], (double)a->dy[y] * (double)a->x[x]};
    for (int i = 0; i < 3; i++) {
        s->v[at[i]] += v[i];
        s->size[at[i]] += fabs(v[i]);
    }
}

static void naive_pixel(const visml_conv2d_geometry *g, const arrays *a, const results *r, sums *s, int64_t n, int64_t oy, int64_t ox) {
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

static sums naive(const visml_conv2d_geometry *g, const arrays *a) {
    results r = new_results(a);
    sums s = {calloc(r.n + 1, sizeof(double)), calloc(r.n + 1, sizeof(double))};
    assert_non_null(s.v);
    assert_non_null(s.size);
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t oy = 0; oy < g->oh; oy++)
            for (int64_t ox = 0; ox < g->ow; ox++)
                naive_pixel(g, a, &r, &s, n, oy, ox);
    for (size_t i = 0; i < a->ny; i++) {
        double v = s.v[i] + (double)a->bias[i % a->nf] + (double)a->residual[i];
        s.v[r.at[1] + i] = v > 0 ? v : 0;
        s.size[r.at[1] + i] = s.size[i] + 2;
        s.v[r.at[4] + i % a->nf] += (double)a->dy[i];
        s.size[r.at[4] + i % a->nf] += fabs((double)a->dy[i]);
    }
    return s;
}

static void agrees_with_double(void **state) {
    (void)state;
    static const char *const what[] = {"y", "y with epilogue", "dx", "dw", "db"};
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        arrays a = make(&g);
        sums s = naive(&g, &a);
        for (size_t l = 0; l < n; l++) {
            results r = compute(&g, &a, &levels[l], 2);
            char text[64];
            for (size_t p = 0; p < 5; p++)
                for (size_t j = r.at[p]; j < r.at[p + 1]; j++) {
                    snprintf(text, sizeof text, "shape %zu at %s: %s", i, levels[l].name, what[p]);
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
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        arrays a = make(&g);
        results fused = compute(&g, &a, &levels[0], 1);
        for (size_t l = 0; l < n; l++) {
            results want = levels[l].fused ? fused : compute(&g, &a, &levels[l], 1);
            for (size_t t = 0; t < 4; t++) {
                results got = compute(&g, &a, &levels[l], threads[t]);
                assert_same(got.v, want.v, want.n, "convolution", levels[l].name);
                free(got.v);
            }
            if (want.v != fused.v)
                free(want.v);
        }
        free(fused.v);
        drop(&a);
    }
}

/* A first layer, a large one and one with groups under real threads, many times. */
static void same_bits_on_posix_threads(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    const size_t some[] = {7, 11, 14};
    for (size_t i = 0; i < 3; i++) {
        visml_conv2d_geometry g = geometry(&shapes[some[i]]);
        arrays a = make(&g);
        results want = compute_with(&g, &a, &levels[n - 1], workers(1));
        for (int t = 0; t < 10; t++) {
            results got = compute_with(&g, &a, &levels[n - 1], posix_threads());
            assert_same(got.v, want.v, want.n, "convolution on threads", levels[n - 1].name);
            free(got.v);
        }
        free(want.v);
        drop(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(same_bits_on_posix_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
