/* Made-up rows, as tests/golden/make_classifier_tree_goldens.py makes them. */
#ifndef CLASSIFY_TREE_ROWS_H
#define CLASSIFY_TREE_ROWS_H

#include <math.h>

#include "support/support.h"
#include "visml/classify.h"

enum { TREE_N = 240, TREE_D = 6 };

typedef struct tree_rows {
    visml_tensor *full, *holes, *targets, *three, *two, *weights;
} tree_rows;

static uint32_t tree_noise(uint32_t i, uint32_t j) {
    uint32_t h = i * 2654435761U + j * 40503U + 12345U;
    h = (h ^ (h >> 15)) * 2246822519U;
    return h ^ (h >> 13);
}

static float tree_number(uint32_t i, uint32_t j) {
    return (float)(tree_noise(i, j) % (j < 4 ? 1009 : 7)) / 64.0F;
}

static float tree_target(uint32_t i) {
    double a = tree_noise(i, 0) % 1009 / 100.0, b = tree_noise(i, 1) % 1009 / 100.0;
    return (float)(a - b * b / 8 + tree_noise(i, 99) % 100 / 100.0);
}

static int32_t tree_class(uint32_t i) {
    if (tree_noise(i, 77) % 10 == 0)
        return (int32_t)(tree_noise(i, 78) % 3);
    return tree_number(i, 0) + tree_number(i, 4) < 9 ? 0 : tree_number(i, 1) > 7 ? 1 : 2;
}

static inline float *tree_floats(const visml_tensor *t) {
    return visml_tensor_data(t);
}

static tree_rows tree_rows_new(visml_context *ctx) {
    visml_error err;
    tree_rows r;
    visml_tensor **const all[] = {&r.full, &r.holes, &r.targets, &r.three, &r.two, &r.weights};
    for (int t = 0; t < 6; t++)
        *all[t] = assert_made(visml_tensor_new(ctx, t == 3 || t == 4 ? VISML_I32 : VISML_F32,
                                               t < 2 ? VISML_SHAPE(TREE_N, TREE_D) : VISML_SHAPE(TREE_N), &err), &err);
    for (uint32_t i = 0; i < TREE_N; i++) {
        for (uint32_t j = 0; j < TREE_D; j++) {
            float v = tree_number(i, j);
            tree_floats(r.full)[i * TREE_D + j] = v;
            tree_floats(r.holes)[i * TREE_D + j] = tree_noise(i, j + 50) % 9 ? v : NAN;
        }
        tree_floats(r.targets)[i] = tree_target(i);
        tree_floats(r.weights)[i] = (float)(tree_noise(i, 60) % 8) / 4;
        ((int32_t *)visml_tensor_data(r.three))[i] = tree_class(i);
        ((int32_t *)visml_tensor_data(r.two))[i] = tree_class(i) > 0;
    }
    return r;
}

static void tree_rows_free(tree_rows *r) {
    visml_tensor *const all[] = {r->full, r->holes, r->targets, r->three, r->two, r->weights};
    for (int t = 0; t < 6; t++)
        visml_tensor_release(all[t]);
}

/* |got - want| <= bound for the first n numbers. */
static inline void assert_close(const visml_tensor *got, const float *want, int n, double bound) {
    const float *v = visml_tensor_data(got);
    for (int i = 0; i < n; i++)
        if (!(fabs((double)v[i] - (double)want[i]) <= bound))
            fail_msg("number %d is %.9g, must be %.9g within %g", i, (double)v[i], (double)want[i], bound);
}

static inline void assert_same(const visml_tensor *a, const visml_tensor *b) {
    assert_int_equal(visml_tensor_count(a), visml_tensor_count(b));
    assert_memory_equal(visml_tensor_data(a), visml_tensor_data(b),
                        (size_t)visml_tensor_count(a) * visml_dtype_bytes(visml_tensor_dtype(a)));
}

/* What each program of trees begins with. */
static visml_context *ctx;
static visml_error err;
static tree_rows r;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    r = tree_rows_new(ctx);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tree_rows_free(&r);
    visml_context_free(ctx);
    return 0;
}

#endif
