#include "levels.h"

#include "kernel/elementwise.h"
#include "kernel/norm.h"
#include "kernel/transposed.h"
#include "visml/nn.h"

/* of the convolution that is transposed: n; y's h w c; x's oh ow f; kh kw, sh sw, dh dw, top left */
static const struct {
    int64_t n, h, w, c, oh, ow, f, kh, kw, sh, sw, dh, dw, top, left;
} shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},         {2, 5, 6, 3, 3, 4, 2, 3, 3, 1, 1, 1, 1, 0, 0},
    {3, 6, 5, 17, 6, 5, 18, 3, 3, 1, 1, 1, 1, 1, 1},       {2, 7, 8, 4, 3, 4, 5, 3, 2, 2, 2, 1, 1, 0, 0},
    {2, 6, 9, 20, 3, 3, 19, 3, 3, 2, 3, 1, 1, 0, 0},       {1, 9, 9, 2, 3, 3, 3, 2, 2, 3, 3, 1, 1, 0, 0},
    {2, 7, 11, 3, 3, 5, 4, 3, 3, 1, 1, 2, 3, 0, 0},        {2, 8, 6, 3, 4, 6, 4, 3, 3, 2, 1, 1, 1, 0, 1},
    {0, 5, 6, 3, 3, 4, 2, 3, 3, 1, 1, 1, 1, 0, 0},         {2, 14, 14, 32, 14, 14, 32, 3, 3, 1, 1, 1, 1, 1, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static visml_conv2d_geometry geometry(size_t s) {
    return (visml_conv2d_geometry){.n = shapes[s].n, .h = shapes[s].h, .w = shapes[s].w, .c = shapes[s].c, .oh = shapes[s].oh,
                                   .ow = shapes[s].ow, .f = shapes[s].f, .kh = shapes[s].kh, .kw = shapes[s].kw, .sh = shapes[s].sh,
                                   .sw = shapes[s].sw, .dh = shapes[s].dh, .dw = shapes[s].dw, .top = shapes[s].top,
                                   .left = shapes[s].left, .groups = 1};
}

typedef struct arrays {
    size_t n; /* of y */
    float *x, *w, *bias, *gain, *scale, *shift, *residual;
} arrays;

static arrays make(const visml_conv2d_geometry *g) {
    size_t c = (size_t)g->c;
    arrays a = {.n = (size_t)(g->n * g->h * g->w) * c};
    a.x = random_array((size_t)(g->n * g->oh * g->ow * g->f), 1);
    a.w = random_array((size_t)(g->kh * g->kw * g->c * g->f), 2);
    a.bias = random_array(c, 3);
    a.gain = random_array(c, 4);
    a.scale = random_array(c, 5);
    a.shift = random_array(c, 6);
    a.residual = random_array(a.n, 7);
    return a;
}

static void drop(arrays *a) {
    float *all[] = {a->x, a->w, a->bias, a->gain, a->scale, a->shift, a->residual};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static visml_epilogue epilogue_of(const arrays *a) {
    return (visml_epilogue){.bias = a->bias, .gain = a->gain, .residual = a->residual, .activation = VISML_LEAKY_RELU, .alpha = 0.25f,
                            .scale = a->scale, .shift = a->shift};
}

static void run(const visml_compute *c, const visml_conv2d_geometry *g, const arrays *a, const visml_epilogue *e, int packed, float *y) {
    size_t bytes = visml_transposed_forward_scratch(c, g), more = packed ? visml_transposed_packed_bytes(c, g) : 0;
    void *scratch = scratch_of(bytes), *weights = scratch_of(more);
    if (more)
        visml_transposed_pack(c, g, a->w, weights);
    visml_transposed_forward(c, g, a->x, a->w, more ? weights : NULL, y, e, scratch);
    scratch_free(weights, more);
    scratch_free(scratch, bytes);
}

/* y alone, then with an epilogue. */
static float *compute(const level *l, size_t threads, size_t s, const arrays *a, int packed) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    visml_conv2d_geometry g = geometry(s);
    visml_epilogue e = epilogue_of(a);
    float *y = filled_array(2 * a->n, NAN);
    run(&c, &g, a, NULL, packed, y);
    run(&c, &g, a, &e, packed, y + a->n);
    return y;
}

/* Every input goes, times the weights, to the places under its window. sums [n] and the sums of magnitudes. */
static void scatter(const visml_conv2d_geometry *g, const arrays *a, double *sums, double *sizes) {
    for (int64_t at = 0; at < g->n * g->oh * g->ow * g->kh * g->kw; at++) {
        int64_t j = at % g->kw, i = at / g->kw % g->kh, place = at / (g->kw * g->kh), ox = place % g->ow, oy = place / g->ow % g->oh;
        int64_t y = oy * g->sh - g->top + i * g->dh, x = ox * g->sw - g->left + j * g->dw, n = place / (g->ow * g->oh);
        if (y < 0 || y >= g->h || x < 0 || x >= g->w)
            continue;
        for (int64_t c = 0; c < g->c; c++)
            for (int64_t f = 0; f < g->f; f++) {
                double v = (double)a->x[place * g->f + f] * (double)a->w[((i * g->kw + j) * g->c + c) * g->f + f];
                sums[((n * g->h + y) * g->w + x) * g->c + c] += v;
                sizes[((n * g->h + y) * g->w + x) * g->c + c] += fabs(v);
            }
    }
}

static void check_shape(size_t s, const level *l) {
    visml_conv2d_geometry g = geometry(s);
    arrays a = make(&g);
    float *y = compute(l, 2, s, &a, s % 2 == 1);
    double *sums = calloc(a.n + 1, sizeof *sums), *sizes = calloc(a.n + 1, sizeof *sizes), largest = 0;
    scatter(&g, &a, sums, sizes);
    for (size_t i = 0; i < a.n; i++)
        largest = fmax(largest, sizes[i]);
    for (size_t i = 0; i < a.n; i++) { /* Winograd's convolution errs by the largest: kernel/winograd.h */
        size_t c = i % (size_t)g.c;
        double v = sums[i] * (double)a.gain[c] + (double)a.bias[c] + (double)a.residual[i];
        assert_near(y[i], sums[i], largest, 40, "y", i);
        assert_near(y[a.n + i], (v > 0 ? v : v / 4) * (double)a.scale[c] + (double)a.shift[c], largest + 4, 44, "y with an epilogue", i);
    }
    free(sums);
    free(sizes);
    free(y);
    drop(&a);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < n; l++)
            check_shape(s, &levels[l]);
}

static void same_bits_for_threads_levels_and_packed_weights(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        visml_conv2d_geometry g = geometry(s);
        arrays a = make(&g);
        for (size_t l = 0; l < n; l++) {
            float *want = compute(&levels[levels[l].fused ? 0 : l], 1, s, &a, 0);
            for (size_t t = 0; t < 4; t++) {
                float *got = compute(&levels[l], threads[t], s, &a, (int)t & 1);
                assert_same(got, want, 2 * a.n, "transposed", levels[l].name);
                free(got);
            }
            free(want);
        }
        drop(&a);
    }
}

/* The last image of a batch and the same image alone. */
static void an_image_does_not_depend_on_its_batch(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    for (size_t s = 0; s < SHAPES; s++) {
        visml_conv2d_geometry one = geometry(s), many = one;
        one.n = 1;
        many.n = 40;
        arrays a = make(&many), last = a;
        float *y = filled_array(a.n, NAN), *alone = filled_array(a.n / 40, NAN);
        last.x = a.x + 39 * one.oh * one.ow * one.f;
        run(&c, &many, &a, NULL, 0, y);
        run(&c, &one, &last, NULL, 0, alone);
        assert_same(alone, y + 39 * (a.n / 40), a.n / 40, "transposed", "the last image");
        free(alone);
        free(y);
        drop(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_levels_and_packed_weights),
        cmocka_unit_test(an_image_does_not_depend_on_its_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
