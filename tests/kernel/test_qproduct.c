/* Convolutions on bytes against plain loops, byte for byte, at every level and for any number of threads; and against the real numbers that
 * the bytes stand for, within what rounding allows. */
#include "levels.h"

#include "kernel/qproduct.h"
#include "visml/nn.h"

/* n h w c, f, kernel, strides, dilation, padding top left bottom right, groups */
static const struct {
    int64_t n, h, w, c, f, kh, kw, sh, sw, dh, dw, top, left, bottom, right, groups;
} shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},       {2, 5, 4, 3, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 9, 8, 5, 16, 3, 2, 2, 1, 1, 1, 1, 0, 1, 1, 1},      {3, 6, 7, 16, 33, 3, 3, 1, 2, 1, 1, 1, 1, 1, 1, 1},
    {1, 8, 9, 4, 17, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3, 1},      {2, 4, 4, 65, 31, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {29, 1, 1, 130, 48, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},   {1, 1, 1, 1003, 40, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {2, 5, 5, 12, 18, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 3},     {1, 4, 5, 6, 12, 3, 3, 1, 1, 1, 2, 1, 2, 1, 2, 6},
    {1, 20, 19, 3, 20, 7, 7, 2, 2, 1, 1, 3, 3, 2, 3, 1},    {0, 4, 4, 3, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 5, 6, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 64},    {1, 7, 5, 71, 71, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 71},
    {2, 6, 7, 130, 130, 3, 3, 2, 2, 1, 1, 0, 1, 1, 1, 130}, {1, 9, 9, 17, 17, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2, 17},
    {1, 8, 8, 40, 40, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 40},    {1, 1, 3, 65, 65, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 65},
    {1, 6, 5, 2, 2, 2, 4, 1, 3, 1, 1, 0, 1, 0, 1, 2},       {4, 1, 1, 8, 300, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* What comes after the sums. */
static const struct {
    int32_t activation, to_float, bias, residual, after;
    visml_qform x, y;
} finishes[] = {
    {VISML_RELU, 0, 1, 0, 0, {0.02f, 128}, {0.11f, 0}},      {VISML_LINEAR, 0, 0, 1, 0, {0.02f, 0}, {0.13f, 119}},
    {VISML_LEAKY_RELU, 0, 1, 1, 0, {0.01f, 255}, {0.2f, 31}}, {VISML_LINEAR, 1, 1, 0, 0, {0.013f, 77}, {1, 0}},
    {VISML_RELU, 0, 1, 1, 1, {0.02f, 3}, {0.07f, 100}},      {VISML_RELU, 1, 1, 1, 1, {0.02f, 3}, {0.05f, 100}},
    {VISML_TANH, 0, 1, 0, 0, {0.02f, 90}, {0.008f, 127}},    {VISML_RELU, 0, 1, 0, 0, {0.001f, 0}, {1e-30f, 0}},
    {VISML_RELU6, 0, 1, 0, 0, {0.05f, 90}, {0.03f, 17}},     {VISML_RELU6, 0, 1, 1, 1, {0.05f, 90}, {0.03f, 17}},
};
#define FINISHES (sizeof finishes / sizeof *finishes)

typedef struct problem {
    visml_conv2d_geometry g;
    visml_qconv2d_terms terms;
    size_t nx, nw, ny;
    uint8_t *x, *residual;
    float *w, *bias, *gain, *after, *shift;
} problem;

static visml_conv2d_geometry geometry(size_t s) {
    visml_conv2d_geometry g = {.n = shapes[s].n, .h = shapes[s].h, .w = shapes[s].w, .c = shapes[s].c, .f = shapes[s].f,
                               .kh = shapes[s].kh, .kw = shapes[s].kw, .sh = shapes[s].sh, .sw = shapes[s].sw, .dh = shapes[s].dh,
                               .dw = shapes[s].dw, .top = shapes[s].top, .left = shapes[s].left, .groups = shapes[s].groups};
    g.oh = (g.h + g.top + shapes[s].bottom - (g.kh - 1) * g.dh - 1) / g.sh + 1;
    g.ow = (g.w + g.left + shapes[s].right - (g.kw - 1) * g.dw - 1) / g.sw + 1;
    return g;
}

/* Bytes that end at an unreadable page. extreme: 0 and 255 only. */
static uint8_t *random_bytes(size_t n, uint64_t seed, int extreme) {
    uint8_t *x = test_guarded(n);
    for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t)(extreme ? test_random(&seed) % 2 * 255 : test_random(&seed));
    return x;
}

static problem make(size_t s, size_t f, int extreme) {
    problem p = {.g = geometry(s)};
    const visml_conv2d_geometry *g = &p.g;
    p.nx = (size_t)(g->n * g->h * g->w * g->c);
    p.ny = (size_t)(g->n * g->oh * g->ow * g->f);
    p.nw = (size_t)(g->kh * g->kw * g->c / g->groups * g->f);
    p.x = random_bytes(p.nx, s, extreme);
    p.residual = random_bytes(p.ny, s + 1, 0);
    p.w = random_array(p.nw, s + 2);
    p.bias = random_array((size_t)g->f, 3);
    p.gain = random_array((size_t)g->f, 4);
    p.after = random_array((size_t)g->f, 5);
    p.shift = random_array((size_t)g->f, 6);
    for (size_t i = 0; extreme && i < p.nw; i++)
        p.w[i] = p.w[i] < 0 ? -1 : 1;
    p.terms = (visml_qconv2d_terms){.w = p.w, .bias = finishes[f].bias ? p.bias : NULL, .x = finishes[f].x, .y = finishes[f].y,
                                    .residual = {0.03f, 140}, .to_float = finishes[f].to_float, .activation = finishes[f].activation,
                                    .alpha = 0.25f, .gain = f % 2 ? p.gain : NULL};
    if (finishes[f].after) {
        p.terms.after = p.after;
        p.terms.shift = p.shift;
    }
    return p;
}

static void release(problem *p) {
    test_guarded_free(p->x, p->nx);
    test_guarded_free(p->residual, p->ny);
    free(p->w);
    free(p->bias);
    free(p->gain);
    free(p->after);
    free(p->shift);
}

static int has_residual(const problem *p, size_t f) {
    return finishes[f].residual && !(p->g.groups == p->g.c && p->g.f == p->g.c && p->g.c > 1);
}

/* ---- plain loops ---- */

/* Of one filter: the sum of whole numbers, and that of the real numbers; *size: of the magnitudes that a
 * weight's rounding is multiplied by. */
typedef struct sums {
    int64_t whole;
    double real, size;
    double scale; /* of a weight */
} sums;

static double weight_scale(const problem *p, int64_t f) {
    double top = 0;
    for (size_t i = (size_t)f; i < p->nw; i += (size_t)p->g.f)
        top = fmax(top, fabs((double)p->w[i] * (p->terms.gain ? (double)p->terms.gain[f] : 1)));
    return top > 0 ? top / 127 : 1;
}

static sums sum_of(const problem *p, int64_t image, int64_t oy, int64_t ox, int64_t f) {
    const visml_conv2d_geometry *g = &p->g;
    int64_t channels = g->c / g->groups, first = f / (g->f / g->groups) * channels;
    double gain = p->terms.gain ? (double)p->terms.gain[f] : 1;
    sums s = {0, 0, 0, weight_scale(p, f)};
    for (int64_t i = 0; i < g->kh; i++)
        for (int64_t j = 0; j < g->kw; j++) {
            int64_t y = oy * g->sh - g->top + i * g->dh, x = ox * g->sw - g->left + j * g->dw;
            if (y < 0 || y >= g->h || x < 0 || x >= g->w)
                continue;
            for (int64_t c = 0; c < channels; c++) {
                double w = (double)p->w[((i * g->kw + j) * channels + c) * g->f + f] * gain;
                int64_t q = p->x[((image * g->h + y) * g->w + x) * g->c + first + c] - p->terms.x.zero;
                s.whole += q * (int64_t)nearbyint(w / s.scale);
                s.real += (double)q * w;
                s.size += fabs((double)q);
            }
        }
    return s;
}

static float activated(const visml_qconv2d_terms *t, float x) {
    if (t->activation == VISML_RELU)
        return x > 0 ? x : 0;
    if (t->activation == VISML_LEAKY_RELU)
        return x > 0 ? x : x * t->alpha;
    if (t->activation == VISML_RELU6)
        return fminf(fmaxf(x, 0), 6);
    return x;
}

/* In float, every operation rounded once, in the order that kernel/quantized.h states. */
static float expected(const problem *p, size_t f, int64_t filter, sums s, uint8_t residual) {
    const visml_qconv2d_terms *t = &p->terms;
    int early = !t->to_float && !t->after;
    double divisor = early ? (double)t->y.scale : 1, late = t->to_float ? 1 : (double)t->y.scale;
    float x = (float)s.whole * (float)((double)t->x.scale * s.scale / divisor);
    x = x + (t->bias ? (float)((double)t->bias[filter] / divisor) : 0);
    if (has_residual(p, f))
        x = x + (float)(residual - t->residual.zero) * (float)((double)t->residual.scale / divisor);
    if (early && t->activation == VISML_RELU6)
        x = fminf(fmaxf(x, 0), (float)(6 / (double)t->y.scale));
    else
        x = activated(t, x);
    if (t->after) {
        x = x * (float)((double)t->after[filter] / late);
        x = x + (float)((double)t->shift[filter] / late);
    }
    if (t->to_float)
        return x;
    x = fminf(fmaxf(x, (float)-t->y.zero), (float)(255 - t->y.zero));
    return nearbyintf(x) + (float)t->y.zero;
}

static float *naive(const problem *p, size_t f) {
    const visml_conv2d_geometry *g = &p->g;
    float *y = filled_array(p->ny, 0);
    for (int64_t i = 0; i < (int64_t)p->ny; i++) {
        int64_t filter = i % g->f, ox = i / g->f % g->ow, oy = i / g->f / g->ow % g->oh, image = i / g->f / g->ow / g->oh;
        y[i] = expected(p, f, filter, sum_of(p, image, oy, ox, filter), p->residual[i]);
    }
    return y;
}

/* ---- the library ---- */

static float *compute(const level *l, visml_parallel threads, const problem *p, size_t f) {
    visml_compute c = {&l->kernels, &threads};
    size_t bytes = visml_qconv2d_bytes(&p->g), scratch = visml_qconv2d_scratch(&c, &p->g), size = p->terms.to_float ? 4 : 1;
    void *memory = scratch_of(bytes), *work = scratch_of(scratch), *y = test_guarded(p->ny * size);
    float *result = filled_array(p->ny, NAN);
    visml_qconv2d q;
    visml_qconv2d_prepare(&q, &p->g, &p->terms, memory);
    visml_qconv2d_run(&c, &q, p->g.n, p->x, y, has_residual(p, f) ? p->residual : NULL, work);
    for (size_t i = 0; i < p->ny; i++)
        result[i] = p->terms.to_float ? ((float *)y)[i] : (float)((uint8_t *)y)[i];
    scratch_free(memory, bytes);
    scratch_free(work, scratch);
    test_guarded_free(y, p->ny * size);
    return result;
}

static void compare(const problem *p, size_t f, const float *want, const level *l, visml_parallel threads, size_t s) {
    char where[80];
    float *got = compute(l, threads, p, f);
    snprintf(where, sizeof where, "%s (shape %zu, finish %zu, %zu workers)", l->name, s, f, threads.workers);
    assert_same(got, want, p->ny, "conv2d of bytes", where);
    free(got);
}

static void equals_plain_loops_everywhere(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t f = 0; f < FINISHES; f++)
            for (int extreme = 0; extreme < 2; extreme++) {
                problem p = make(s, f, extreme);
                /* tanh has no plain form with the same bits: the reference is what the others must equal */
                float *want = finishes[f].activation == VISML_TANH ? compute(&levels[0], workers(1), &p, f) : naive(&p, f);
                for (size_t l = 0; l < n; l++)
                    if (levels[l].fused || finishes[f].activation != VISML_TANH)
                        for (size_t t = 1; t <= 8; t = t * 2 + (t == 1))
                            compare(&p, f, want, &levels[l], workers(t), s);
                compare(&p, f, want, &levels[n - 1], posix_threads(), s);
                free(want);
                release(&p);
            }
}

/* A result is off by half a step of its own, and by half a step of each weight. */
static void is_near_the_real_numbers(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels), f = 3; /* linear, to floats */
    for (size_t s = 0; s < SHAPES; s++) {
        problem p = make(s, f, 0);
        const visml_conv2d_geometry *g = &p.g;
        float *got = compute(&levels[n - 1], workers(1), &p, f);
        for (int64_t i = 0; i < (int64_t)p.ny; i++) {
            int64_t filter = i % g->f, ox = i / g->f % g->ow, oy = i / g->f / g->ow % g->oh, image = i / g->f / g->ow / g->oh;
            sums x = sum_of(&p, image, oy, ox, filter);
            double want = x.real * (double)p.terms.x.scale + (double)p.bias[filter];
            double bound = 0.5 * x.scale * x.size * (double)p.terms.x.scale + 1e-6 * (fabs(want) + 1);
            if (!(fabs((double)got[i] - want) <= bound))
                fail_msg("shape %zu: element %lld is %g, must be %g within %g", s, (long long)i, (double)got[i], want, bound);
        }
        free(got);
        release(&p);
    }
}

/* The longest sums with the largest terms, of both signs, do not leave 32 bits. */
static void the_longest_sum_fits(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_conv2d_geometry g = {.n = 1, .h = 1, .w = 1, .c = VISML_QK, .oh = 1, .ow = 1, .f = 2, .kh = 1, .kw = 1, .sh = 1, .sw = 1,
                               .dh = 1, .dw = 1, .groups = 1};
    uint8_t *x = malloc(VISML_QK);
    float *w = malloc(2 * VISML_QK * sizeof *w), y[2];
    memset(x, 255, VISML_QK);
    for (size_t i = 0; i < VISML_QK; i++) {
        w[2 * i] = 127;
        w[2 * i + 1] = -127;
    }
    assert_true(visml_qconv2d_fits(&g));
    for (size_t l = 0; l < n; l++)
        for (int32_t zero = 0; zero <= 255; zero += 51) {
            visml_parallel one = workers(1);
            visml_compute c = {&levels[l].kernels, &one};
            visml_qconv2d_terms t = {.w = w, .x = {1, zero}, .to_float = 1};
            visml_qconv2d q;
            void *memory = malloc(visml_qconv2d_bytes(&g)), *scratch = malloc(visml_qconv2d_scratch(&c, &g));
            visml_qconv2d_prepare(&q, &g, &t, memory);
            visml_qconv2d_run(&c, &q, 1, x, y, NULL, scratch);
            float want = (float)(65536.0 * (255 - zero) * 127);
            assert_true(y[0] == want && y[1] == -want);
            free(memory);
            free(scratch);
        }
    g.c++;
    assert_false(visml_qconv2d_fits(&g));
    free(x);
    free(w);
}

static void forms_hold_zero(void **state) {
    (void)state;
    static const float ranges[][2] = {{0, 1}, {-1, 1}, {-3, 0}, {2, 5}, {-5, -2}, {0, 0}, {-1e-3f, 1000}, {-1e30f, 1e30f}, {0, 1e-38f}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        visml_qform f = visml_qform_of(ranges[i][0], ranges[i][1]);
        double lo = (0 - f.zero) * (double)f.scale, hi = (255 - f.zero) * (double)f.scale;
        assert_true(f.scale > 0 && isfinite(f.scale) && f.zero >= 0 && f.zero <= 255);
        assert_true(lo <= (double)ranges[i][0] + 0.501 * (double)f.scale && hi >= (double)ranges[i][1] - 0.501 * (double)f.scale);
    }
    assert_int_equal(visml_qform_of(0, 255).zero, 0);
    assert_true(visml_qform_of(0, 255).scale == 1);
}

static void a_size_beyond_memory_is_said(void **state) {
    (void)state;
    visml_conv2d_geometry g = {.n = 1, .h = 1, .w = 1, .c = INT64_C(1) << 31, .oh = 1, .ow = 1, .f = INT64_C(1) << 33, .kh = 1, .kw = 1,
                               .sh = 1, .sw = 1, .dh = 1, .dw = 1, .groups = 1};
    assert_true(visml_qconv2d_bytes(&g) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_plain_loops_everywhere), cmocka_unit_test(is_near_the_real_numbers),
        cmocka_unit_test(the_longest_sum_fits),          cmocka_unit_test(forms_hold_zero),
        cmocka_unit_test(a_size_beyond_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
