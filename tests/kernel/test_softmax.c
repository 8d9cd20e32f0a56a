#include "levels.h"

#include "kernel/softmax.h"

static const struct {
    int64_t rows, c;
} shapes[] = {{0, 3}, {1, 1}, {3, 2}, {7, 10}, {5, 16}, {4, 17}, {3, 33}, {2, 1000}, {4000, 10}};
#define SHAPES (sizeof shapes / sizeof *shapes)

typedef struct arrays {
    size_t rows, c, n;
    float *z, *dy, *targets, *factor;
    int32_t *labels;
} arrays;

static arrays make(size_t s) {
    arrays a = {.rows = (size_t)shapes[s].rows, .c = (size_t)shapes[s].c};
    a.n = a.rows * a.c;
    a.z = random_array(a.n, 1);
    a.dy = random_array(a.n, 2);
    a.targets = random_array(a.n, 3);
    a.factor = random_array(a.rows, 4);
    a.labels = malloc((a.rows + 1) * sizeof *a.labels);
    for (size_t i = 0; i < a.n; i++) {
        a.z[i] *= 20;
        a.targets[i] = fabsf(a.targets[i]);
    }
    for (size_t i = 0; i < a.rows; i++)
        a.labels[i] = i % 5 == 4 ? -1 : (int32_t)((i * 7) % a.c);
    return a;
}

static void drop(arrays *a) {
    free(a->z);
    free(a->dy);
    free(a->targets);
    free(a->factor);
    free(a->labels);
}

/* softmax, its gradient, then loss, dz, prob: of labels with smoothing, of targets with factors */
static float *compute(const level *l, size_t threads, const arrays *a, size_t *size) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    *size = 6 * a->n + 2 * a->rows;
    float *v = filled_array(*size, NAN), *y = v, *dx = y + a->n, *first = dx + a->n, *second = first + 2 * a->n + a->rows;
    visml_softmax_forward(&c, (int64_t)a->rows, (int64_t)a->c, a->z, y);
    visml_softmax_backward(&c, (int64_t)a->rows, (int64_t)a->c, y, a->dy, dx);
    visml_crossentropy x = {.rows = (int64_t)a->rows, .channels = (int64_t)a->c, .z = a->z, .labels = a->labels, .smoothing = 0.1};
    x.dz = first;
    x.prob = first + a->n;
    x.loss = first + 2 * a->n;
    visml_crossentropy_run(&c, &x);
    x.labels = NULL;
    x.targets = a->targets;
    x.factor = a->factor;
    x.smoothing = 0;
    memcpy(second, a->z, a->n * sizeof *second);
    x.z = x.dz = second; /* in place */
    x.prob = second + a->n;
    x.loss = second + 2 * a->n;
    visml_crossentropy_run(&c, &x);
    return v;
}

static void check_row(const arrays *a, const float *v, size_t row) {
    const float *z = a->z + row * a->c, *dy = a->dy + row * a->c;
    double top = -INFINITY, sum = 0, dot = 0;
    for (size_t j = 0; j < a->c; j++)
        top = fmax(top, (double)z[j]);
    for (size_t j = 0; j < a->c; j++)
        sum += exp((double)z[j] - top);
    for (size_t j = 0; j < a->c; j++)
        dot += exp((double)z[j] - top) / sum * (double)dy[j];
    for (int which = 0; which < 2; which++) {
        const float *dz = v + 2 * a->n + (which ? 2 * a->n + a->rows : 0), *prob = dz + a->n, *loss = prob + a->n;
        double want = 0, weight = 0, size = 0;
        int known = which || a->labels[row] >= 0;
        double f = which ? (double)a->factor[row] : 1;
        for (int pass = 0; pass < 2; pass++)
            for (size_t j = 0; j < a->c; j++) {
                size_t at = row * a->c + j;
                double t = which ? (double)a->targets[at] : 0.1 / (double)a->c + ((int32_t)j == a->labels[row] ? 0.9 : 0);
                double p = exp((double)z[j] - top) / sum;
                if (!pass) {
                    want += t * (log(sum) + top - (double)z[j]);
                    size += t * (log(sum) + top - (double)z[j]) + t;
                    weight += t;
                    continue;
                }
                assert_near(dz[at], known ? (p * weight - t) * f : 0, weight + 1, 30, "dz", at);
                assert_near(prob[at], p, p, 60, "probability", at);
                assert_near(v[at], p, p, 60, "softmax", at);
                assert_near(v[a->n + at], p * ((double)dy[j] - dot), 2, 40, "softmax backward", at);
            }
        assert_near(loss[row], known ? want : 0, size, 30, "loss", row);
    }
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels), size;
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < n; l++) {
            arrays a = make(s);
            float *v = compute(&levels[l], 2, &a, &size);
            for (size_t row = 0; row < a.rows; row++)
                check_row(&a, v, row);
            free(v);
            drop(&a);
        }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels), size;
    for (size_t s = 0; s < SHAPES; s++) {
        arrays a = make(s);
        float *fused = compute(&levels[0], 1, &a, &size);
        for (size_t l = 0; l < n; l++) {
            float *want = levels[l].fused ? fused : compute(&levels[l], 1, &a, &size);
            for (size_t t = 0; t < 4; t++) {
                float *got = compute(&levels[l], threads[t], &a, &size);
                assert_same(got, want, size, "softmax", levels[l].name);
                free(got);
            }
            if (want != fused)
                free(want);
        }
        free(fused);
        drop(&a);
    }
}

/* Against double, in place, and for logits whose softmax is 0. */
static void the_logarithm_of_softmax(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(2);
    for (size_t s = 1; s < SHAPES; s++)
        for (size_t l = 0; l < n; l++) {
            arrays a = make(s);
            float *y = filled_array(a.n, NAN), *dx = filled_array(a.n, NAN);
            visml_compute c = {&levels[l].kernels, &p};
            for (size_t i = 0; i < a.n; i++)
                y[i] = a.z[i] *= 20;
            visml_log_softmax_forward(&c, (int64_t)a.rows, (int64_t)a.c, y, y);
            visml_log_softmax_backward(&c, (int64_t)a.rows, (int64_t)a.c, y, a.dy, dx);
            for (size_t row = 0; row < a.rows; row++) {
                const float *z = a.z + row * a.c, *dy = a.dy + row * a.c;
                double top = -INFINITY, sum = 0, gradients = 0;
                for (size_t j = 0; j < a.c; j++)
                    top = fmax(top, (double)z[j]);
                for (size_t j = 0; j < a.c; j++) {
                    sum += exp((double)z[j] - top);
                    gradients += (double)dy[j];
                }
                for (size_t j = 0; j < a.c; j++) {
                    double want = (double)z[j] - top - log(sum);
                    assert_near(y[row * a.c + j], want, fabs((double)z[j]) + fabs(top), 4, "log softmax", j);
                    assert_near(dx[row * a.c + j], (double)dy[j] - exp(want) * gradients, 1 + fabs(gradients) * 800, 40, "gradient", j);
                }
            }
            free(y);
            free(dx);
            drop(&a);
        }
}

static void extreme_logits(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(1);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        const float z[4][3] = {{1e30f, -1e30f, 0}, {-INFINITY, 0, 0}, {NAN, 0, 0}, {-1000, -1000, -1000}};
        const int32_t labels[4] = {0, 1, 1, 7};
        float y[4][3], loss[4], dz[4][3];
        visml_softmax_forward(&c, 4, 3, z[0], y[0]);
        assert_true(y[0][0] == 1 && y[0][1] == 0 && y[0][2] == 0);
        assert_true(y[1][0] == 0 && y[1][1] == 0.5f);
        assert_true(isnan(y[2][0]) && isnan(y[2][1]) && isnan(y[2][2]));
        assert_true(fabsf(y[3][0] - 1 / 3.0f) < 1e-7f);
        visml_crossentropy x = {.rows = 4, .channels = 3, .z = z[0], .labels = labels, .loss = loss, .dz = dz[0]};
        visml_crossentropy_run(&c, &x);
        assert_true(loss[0] == 0 && fabsf(loss[1] - 0.693147182f) < 1e-6f && isnan(loss[2]));
        assert_true(loss[3] == 0 && dz[3][0] == 0); /* a class that does not exist counts as none */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(the_logarithm_of_softmax),
        cmocka_unit_test(extreme_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
