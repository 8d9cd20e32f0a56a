/* Homogeneous kernel maps: the formulas, and that products are about the kernels. */
#include <math.h>
#include <string.h>

#include "feature/transform.h"
#include "golden/classifier_svm_goldens.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_release(ctx);
    return 0;
}

static visml_kernel_map_kernel kernel_of(const char *name) {
    return strcmp(name, "chi2") == 0 ? VISML_KERNEL_MAP_CHI2 : strcmp(name, "intersection") == 0 ? VISML_KERNEL_MAP_INTERSECTION
                                                                                                : VISML_KERNEL_MAP_JENSEN_SHANNON;
}

/* Computed in double, rounded once: half a unit in the last place, and what double leaves of it. */
static void maps_are_the_formulas(void **state) {
    (void)state;
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(4, 2), &err), &err);
    for (int i = 0; i < 8; i++)
        ((float *)(void *)x->data)[i] = (float)golden_x[i / 2 * GOLDEN_D + i % 2];
    for (size_t m = 0; m < sizeof golden_maps / sizeof *golden_maps; m++) {
        visml_transform *t = assert_made(visml_transform_kernel_map(
            ctx, VISML_OPTS(visml_kernel_map_opts, .kernel = kernel_of(golden_maps[m].kernel), .order = golden_maps[m].order,
                            .period = golden_maps[m].period), &err), &err);
        visml_tensor *y = assert_made(visml_transform_run(t, x, &err), &err);
        assert_int_equal(y->shape.dims[1], 2 * (2 * golden_maps[m].order + 1));
        for (int64_t i = 0; i < y->count; i++) {
            double got = (double)((float *)(void *)y->data)[i], wanted = golden_maps[m].wanted[i];
            assert_true(fabs(got - wanted) <= 6.0e-8 * fabs(wanted) + 1e-15);
        }
        visml_tensor_release(y);
        visml_transform_free(t);
    }
    visml_tensor_release(x);
}

static double kernel(visml_kernel_map_kernel k, double a, double b) {
    if (a == 0 || b == 0)
        return 0;
    if (k == VISML_KERNEL_MAP_JENSEN_SHANNON)
        return a / 2 * log2((a + b) / a) + b / 2 * log2((a + b) / b);
    return k == VISML_KERNEL_MAP_CHI2 ? 2 * a * b / (a + b) : a < b ? a : b;
}

static void compare_products(visml_kernel_map_kernel k, int32_t order, double bound) {
    enum { NUMBERS = 21 };
    visml_transform *t = assert_made(visml_transform_kernel_map(
        ctx, VISML_OPTS(visml_kernel_map_opts, .kernel = k, .order = order), &err), &err);
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(NUMBERS, 1), &err), &err);
    for (int i = 0; i < NUMBERS; i++)
        ((float *)(void *)x->data)[i] = (float)(i - 10) / 10;
    visml_tensor *y = assert_made(visml_transform_run(t, x, &err), &err);
    int64_t d = y->shape.dims[1];
    for (int a = 0; a < NUMBERS; a++)
        for (int b = 0; b < NUMBERS; b++) {
            double sum = 0, sign = (a < 10) != (b < 10) ? -1 : 1;
            for (int64_t j = 0; j < d; j++)
                sum += (double)((float *)(void *)y->data)[a * d + j] * (double)((float *)(void *)y->data)[b * d + j];
            assert_true(fabs(sum - sign * kernel(k, fabs(a - 10.0) / 10, fabs(b - 10.0) / 10)) < bound);
        }
    visml_tensor_release(x), visml_tensor_release(y);
    visml_transform_free(t);
}

/* Bounds: about four deviations of what the best period leaves (its mean squared error is printed beside it when it is searched for). Also
 * of 0, and of numbers below it, whose product turns around. */
static void products_are_about_the_kernels(void **state) {
    (void)state;
    compare_products(VISML_KERNEL_MAP_CHI2, 1, 0.1);
    compare_products(VISML_KERNEL_MAP_CHI2, 4, 0.01);
    compare_products(VISML_KERNEL_MAP_INTERSECTION, 1, 0.3);
    compare_products(VISML_KERNEL_MAP_INTERSECTION, 8, 0.1);
    compare_products(VISML_KERNEL_MAP_JENSEN_SHANNON, 1, 0.05);
    compare_products(VISML_KERNEL_MAP_JENSEN_SHANNON, 4, 0.004);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(maps_are_the_formulas), cmocka_unit_test(products_are_about_the_kernels)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
