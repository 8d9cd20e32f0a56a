/* Forward and backward against plain loops in double; the same bits for levels, threads and ways to cut the batch. */
#include "levels.h"

#include "kernel/lstm.h"
#include "visml/nn.h"

typedef struct shape {
    int64_t batch, steps, channels, units;
    int32_t activation, recurrent_activation, backwards, sequences, no_bias;
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, VISML_TANH, VISML_SIGMOID, 0, 0, 0},
    {3, 5, 7, 9, VISML_TANH, VISML_SIGMOID, 0, 1, 0},
    {2, 4, 300, 20, VISML_TANH, VISML_SIGMOID, 1, 1, 0}, /* two blocks along channels */
    {17, 4, 3, 16, VISML_TANH, VISML_SIGMOID, 1, 0, 1},
    {20, 3, 30, 70, VISML_TANH, VISML_SIGMOID, 0, 0, 0}, /* a panel and a piece of the turned weights */
    {67, 2, 5, 33, VISML_TANH, VISML_SIGMOID, 0, 1, 0},  /* more than a piece of the batch */
    {5, 3, 2, 261, VISML_TANH, VISML_SIGMOID, 0, 1, 0},  /* two blocks along units, several jobs a step */
    {18, 3, 4, 5, VISML_RELU, VISML_SIGMOID, 0, 1, 0},
    {18, 3, 4, 5, VISML_IDENTITY, VISML_TANH, 1, 0, 0},
    {2, 3, 4, 5, VISML_LEAKY_RELU, VISML_LEAKY_RELU, 0, 1, 0},
    {0, 3, 4, 5, VISML_TANH, VISML_SIGMOID, 0, 1, 0},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* ---- plain loops ---- */

enum { Y, DX, DKERNEL, DRECURRENT, DBIAS, ARRAYS };
static const char *const names[] = {"y", "dx", "dkernel", "drecurrent", "dbias"};

typedef struct arrays {
    float *x, *kernel, *recurrent, *bias, *dy;
} arrays;

static size_t size_of(const shape *s, int which) {
    size_t y = (size_t)(s->batch * (s->sequences ? s->steps : 1) * s->units);
    const size_t sizes[] = {y, (size_t)(s->batch * s->steps * s->channels), (size_t)(s->channels * 4 * s->units),
                            (size_t)(s->units * 4 * s->units), (size_t)(4 * s->units)};
    return sizes[which];
}

static double act(int32_t a, double x) {
    switch (a) {
    case VISML_RELU:
        return x > 0 ? x : 0;
    case VISML_LEAKY_RELU:
        return x > 0 ? x : 0.2 * x;
    case VISML_SIGMOID:
        return 1 / (1 + exp(-x));
    case VISML_TANH:
        return tanh(x);
    default:
        return x;
    }
}

/* By the argument, not the value. */
static double slope(int32_t a, double x) {
    switch (a) {
    case VISML_RELU:
        return x > 0;
    case VISML_LEAKY_RELU:
        return x > 0 ? 1 : 0.2;
    case VISML_SIGMOID:
        return act(a, x) * (1 - act(a, x));
    case VISML_TANH:
        return 1 - tanh(x) * tanh(x);
    default:
        return 1;
    }
}

/* One sample's numbers at all steps: z [steps][4 units], c and h [steps + 1][units], the first one before the first step. */
typedef struct trace {
    double *z, *c, *h;
} trace;

static int64_t time_of(const shape *s, int64_t t) {
    return s->backwards ? s->steps - 1 - t : t;
}

static void plain_step(const shape *s, const arrays *a, const float *x, int64_t t, trace *r) {
    int64_t n = s->units, gates = 4 * n;
    double *z = r->z + t * gates, *c = r->c + (t + 1) * n, *h = r->h + (t + 1) * n;
    for (int64_t j = 0; j < gates; j++) {
        z[j] = s->no_bias ? 0 : (double)a->bias[j];
        for (int64_t k = 0; k < s->channels; k++)
            z[j] += (double)x[k] * (double)a->kernel[k * gates + j];
        for (int64_t k = 0; k < n; k++)
            z[j] += r->h[t * n + k] * (double)a->recurrent[k * gates + j];
    }
    for (int64_t u = 0; u < n; u++) {
        c[u] = act(s->recurrent_activation, z[n + u]) * r->c[t * n + u] +
               act(s->recurrent_activation, z[u]) * act(s->activation, z[2 * n + u]);
        h[u] = act(s->recurrent_activation, z[3 * n + u]) * act(s->activation, c[u]);
    }
}

/* dz from dh and dc; dc becomes that of the step before. */
static void plain_gates(const shape *s, const trace *r, int64_t t, const double *dh, double *dc, double *dz) {
    int32_t f = s->recurrent_activation, g = s->activation;
    int64_t n = s->units;
    for (int64_t u = 0; u < n; u++) {
        const double *z = r->z + t * 4 * n + u, c = r->c[(t + 1) * n + u], before = r->c[t * n + u];
        dc[u] += dh[u] * act(f, z[3 * n]) * slope(g, c);
        dz[u] = dc[u] * act(g, z[2 * n]) * slope(f, z[0]);
        dz[n + u] = dc[u] * before * slope(f, z[n]);
        dz[2 * n + u] = dc[u] * act(f, z[0]) * slope(g, z[2 * n]);
        dz[3 * n + u] = dh[u] * act(g, c) * slope(f, z[3 * n]);
        dc[u] *= act(f, z[n]);
    }
}

static void plain_gradients(const shape *s, const arrays *a, const trace *r, int64_t i, int64_t t, const double *dz, double *dh,
                            double *const *to) {
    int64_t n = s->units, gates = 4 * n, at = (i * s->steps + time_of(s, t)) * s->channels;
    for (int64_t u = 0; u < n; u++)
        dh[u] = 0;
    for (int64_t j = 0; j < gates; j++) {
        to[DBIAS][j] += dz[j];
        for (int64_t k = 0; k < s->channels; k++) {
            to[DKERNEL][k * gates + j] += (double)a->x[at + k] * dz[j];
            to[DX][at + k] += (double)a->kernel[k * gates + j] * dz[j];
        }
        for (int64_t k = 0; k < n; k++) {
            to[DRECURRENT][k * gates + j] += r->h[t * n + k] * dz[j];
            dh[k] += (double)a->recurrent[k * gates + j] * dz[j];
        }
    }
}

static void plain_sample(const shape *s, const arrays *a, int64_t i, trace *r, double *const *to) {
    int64_t n = s->units, rows = s->sequences ? s->steps : 1;
    double *dh = calloc((size_t)n, sizeof *dh), *dc = calloc((size_t)n, sizeof *dc), *dz = calloc((size_t)(4 * n), sizeof *dz);
    for (int64_t t = 0; t < s->steps; t++)
        plain_step(s, a, a->x + (i * s->steps + time_of(s, t)) * s->channels, t, r);
    for (int64_t t = s->steps; t--;) {
        int64_t row = s->sequences ? t : t + 1 == s->steps ? 0 : -1;
        for (int64_t u = 0; row >= 0 && u < n; u++) {
            to[Y][(i * rows + row) * n + u] = r->h[(t + 1) * n + u];
            dh[u] += (double)a->dy[(i * rows + row) * n + u];
        }
        plain_gates(s, r, t, dh, dc, dz);
        plain_gradients(s, a, r, i, t, dz, dh, to);
    }
    free(dh);
    free(dc);
    free(dz);
}

static void plain(const shape *s, const arrays *a, double **to) {
    size_t steps = (size_t)s->steps + 1, n = (size_t)s->units;
    trace r = {calloc(steps * 4 * n, 8), calloc(steps * n, 8), calloc(steps * n, 8)};
    for (int k = 0; k < ARRAYS; k++)
        to[k] = calloc(size_of(s, k) + 1, sizeof **to);
    for (int64_t i = 0; i < s->batch; i++)
        plain_sample(s, a, i, &r, to);
    free(r.z);
    free(r.c);
    free(r.h);
}

/* ---- ours ---- */

static arrays make(const shape *s) {
    arrays a = {random_array(size_of(s, DX), 1), random_array(size_of(s, DKERNEL), 2), random_array(size_of(s, DRECURRENT), 3),
                random_array(size_of(s, DBIAS), 4), random_array(size_of(s, Y), 5)};
    for (size_t i = 0; i < size_of(s, DKERNEL); i++)
        a.kernel[i] /= sqrtf((float)s->channels);
    for (size_t i = 0; i < size_of(s, DRECURRENT); i++)
        a.recurrent[i] /= sqrtf((float)s->units);
    return a;
}

static void drop(arrays *a) {
    free(a->x);
    free(a->kernel);
    free(a->recurrent);
    free(a->bias);
    free(a->dy);
}

/* Inference gives y too, with the same bits. */
static void infer(const visml_compute *c, visml_lstm_sequence l, const float *want, size_t n, const char *where) {
    l.keep = NULL;
    l.y = filled_array(n, NAN);
    size_t bytes = visml_lstm_scratch(c, &l);
    void *scratch = scratch_of(bytes);
    visml_lstm_forward(c, &l, scratch);
    assert_same(l.y, want, n, "inference", where);
    scratch_free(scratch, bytes);
    free(l.y);
}

static void compute(const level *lv, visml_parallel p, const shape *s, const arrays *a, float **to) {
    visml_compute c = {&lv->kernels, &p};
    visml_lstm_sequence l = {.batch = s->batch, .steps = s->steps, .channels = s->channels, .units = s->units,
                             .activation = s->activation, .recurrent_activation = s->recurrent_activation, .backwards = s->backwards,
                             .sequences = s->sequences, .x = a->x, .kernel = a->kernel, .recurrent = a->recurrent, .dy = a->dy};
    for (int k = 0; k < ARRAYS; k++)
        to[k] = filled_array(size_of(s, k), NAN);
    l.bias = s->no_bias ? NULL : a->bias;
    l.y = to[Y];
    l.dx = to[DX];
    l.dkernel = to[DKERNEL];
    l.drecurrent = to[DRECURRENT];
    l.dbias = to[DBIAS];
    size_t kept = visml_lstm_keep(&l), bytes = visml_lstm_scratch(&c, &l), back = visml_lstm_backward_scratch(&c, &l);
    void *scratch = scratch_of(bytes), *other = scratch_of(back);
    l.keep = scratch_of(kept);
    visml_lstm_forward(&c, &l, scratch);
    infer(&c, l, l.y, size_of(s, Y), lv->name);
    visml_lstm_backward(&c, &l, other);
    scratch_free(l.keep, kept);
    scratch_free(scratch, bytes);
    scratch_free(other, back);
}

static void release(float **v) {
    for (int k = 0; k < ARRAYS; k++)
        free(v[k]);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        arrays a = make(&shapes[s]);
        double *want[ARRAYS];
        plain(&shapes[s], &a, want);
        for (size_t l = 0; l < n; l++) {
            float *got[ARRAYS];
            compute(&levels[l], workers(2), &shapes[s], &a, got);
            for (int k = 0; k < ARRAYS; k++) {
                double most = 0;
                for (size_t i = 0; i < size_of(&shapes[s], k); i++)
                    most = fmax(most, fabs(want[k][i]));
                for (size_t i = 0; i < size_of(&shapes[s], k); i++)
                    assert_near(got[k][i], want[k][i], most, 24, names[k], i);
            }
            release(got);
        }
        for (int k = 0; k < ARRAYS; k++)
            free(want[k]);
        drop(&a);
    }
}

static void compare(const shape *s, float *const *got, float *const *want, const char *where) {
    for (int k = 0; k < ARRAYS; k++)
        assert_same(got[k], want[k], size_of(s, k), names[k], where);
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        arrays a = make(&shapes[s]);
        float *fused[ARRAYS], *own[ARRAYS], *got[ARRAYS];
        compute(&levels[0], workers(1), &shapes[s], &a, fused);
        for (size_t l = 0; l < n; l++) {
            compute(&levels[l], workers(1), &shapes[s], &a, own);
            if (levels[l].fused)
                compare(&shapes[s], own, fused, levels[l].name);
            for (size_t t = 2; t < 10; t += 2) {
                compute(&levels[l], t == 8 ? posix_threads() : workers(t), &shapes[s], &a, got);
                compare(&shapes[s], got, own, levels[l].name);
                release(got);
            }
            release(own);
        }
        release(fused);
        drop(&a);
    }
}

/* A few samples go another way than many. */
static void a_batch_is_its_samples(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        arrays a = make(&shapes[s]);
        shape one = shapes[s];
        float *all[ARRAYS], *got[ARRAYS];
        one.batch = 1;
        compute(&levels[n - 1], workers(1), &shapes[s], &a, all);
        for (int64_t i = 0; i < shapes[s].batch; i++) {
            arrays b = a;
            b.x += (size_t)i * size_of(&one, DX);
            b.dy += (size_t)i * size_of(&one, Y);
            compute(&levels[n - 1], workers(1), &one, &b, got);
            assert_same(got[Y], all[Y] + (size_t)i * size_of(&one, Y), size_of(&one, Y), "y", "one sample");
            assert_same(got[DX], all[DX] + (size_t)i * size_of(&one, DX), size_of(&one, DX), "dx", "one sample");
            release(got);
        }
        release(all);
        drop(&a);
    }
}

/* A session's memory is that of its largest batch. */
static void scratch_grows_with_the_batch(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    all_levels(levels);
    for (size_t w = 1; w <= 16; w *= 2) {
        visml_parallel p = workers(w);
        visml_compute c = {&levels[0].kernels, &p};
        visml_lstm_sequence l = {.steps = 9, .channels = 5, .units = 20};
        size_t before[3] = {0};
        for (l.batch = 1; l.batch < 300; l.batch++) {
            size_t now[] = {visml_lstm_keep(&l), visml_lstm_scratch(&c, &l), visml_lstm_backward_scratch(&c, &l)};
            for (int i = 0; i < 3; i++) {
                assert_true(now[i] >= before[i]);
                before[i] = now[i];
            }
        }
    }
}

static void sizes_that_do_not_fit_cannot_be_allocated(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    visml_lstm_sequence l = {.batch = (int64_t)1 << 30, .steps = (int64_t)1 << 20, .channels = 1, .units = 1 << 12};
    assert_true(visml_lstm_keep(&l) == SIZE_MAX);
    l.units = (int64_t)1 << 32; /* weights, on either way */
    assert_true(visml_lstm_scratch(&c, &l) == SIZE_MAX);
    assert_true(visml_lstm_backward_scratch(&c, &l) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(a_batch_is_its_samples),
        cmocka_unit_test(scratch_grows_with_the_batch),
        cmocka_unit_test(sizes_that_do_not_fit_cannot_be_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
