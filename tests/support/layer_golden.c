#include "support/layer_golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/golden.h"

#define TOLERANCE 3e-6 /* of the largest value: some rounding errors of float32 */

static void load(const test_golden *g, const char *name, const char *part, size_t i, real *values, int64_t n) {
    test_array a = test_golden_find(g, "%s/%s%zu", name, part, i);
    if (!a.values || a.count != n)
        fail_msg("%s: golden %s%zu has %lld values, the layer %lld", name, part, i, (long long)a.count, (long long)n);
    memcpy(values, a.values, (size_t)n * sizeof *values);
    free(a.values);
}

static void compare(const test_golden *g, const char *name, const char *part, const real *got, int64_t n) {
    char what[128];
    test_array a = test_golden_find(g, "%s/%s", name, part);
    snprintf(what, sizeof what, "%s/%s", name, part);
    if (!a.values || a.count != n)
        fail_msg("%s: the golden has %lld values, the layer %lld", what, (long long)a.count, (long long)n);
    test_assert_close(what, got, a.values, n, TOLERANCE);
    free(a.values);
}

static size_t read_inputs(const test_golden *g, const char *name, visml_shape *in, int64_t *batch) {
    size_t n = 0;
    for (; n < TEST_MAX_INPUTS; n++) {
        test_array a = test_golden_find(g, "%s/x%zu", name, n);
        if (!a.values)
            break;
        *batch = a.dims[0];
        in[n] = visml_shape_make(a.rank - 1, a.dims + 1);
        free(a.values);
    }
    if (n == 0)
        fail_msg("no golden %s", name);
    return n;
}

static void compare_backward(const test_golden *g, const char *name, test_layer *t) {
    char part[24];
    for (size_t i = 0; i < t->inputs; i++) {
        snprintf(part, sizeof part, "dx%zu", i);
        compare(g, name, part, t->dx[i], test_layer_count(t, &t->in[i]));
    }
    for (size_t i = 0; i < t->layer->param_count; i++) {
        snprintf(part, sizeof part, "%c%zu", t->grads[i] ? 'g' : 's', i);
        compare(g, name, part, t->grads[i] ? t->grads[i] : t->params[i], test_layer_param_count(t, i));
    }
}

void test_layer_golden_in(const char *file, const char *name, visml_layer *layer, const visml_error *err) {
    test_golden g = test_golden_open(file);
    visml_shape in[TEST_MAX_INPUTS];
    int64_t batch = 0;
    test_layer t;
    size_t inputs = read_inputs(&g, name, in, &batch);
    test_layer_open(&t, assert_made(layer, err), batch, in, inputs);
    for (size_t i = 0; i < inputs; i++)
        load(&g, name, "x", i, t.x[i], test_layer_count(&t, &in[i]));
    for (size_t i = 0; i < layer->param_count; i++)
        load(&g, name, "p", i, t.params[i], test_layer_param_count(&t, i));
    test_array dy = test_golden_find(&g, "%s/dy", name);
    assert_int_equal(dy.count, test_layer_count(&t, &t.out));
    memcpy(t.dy, dy.values, (size_t)dy.count * sizeof *t.dy);
    free(dy.values);
    test_layer_forward(&t, VISML_INFERENCE);
    compare(&g, name, "y", t.y, test_layer_count(&t, &t.out));
    test_layer_forward(&t, VISML_TRAINING);
    compare(&g, name, "t", t.y, test_layer_count(&t, &t.out));
    test_layer_backward(&t);
    compare_backward(&g, name, &t);
    test_layer_close(&t);
    test_golden_close(&g);
}

void test_layer_golden(const char *name, visml_layer *layer, const visml_error *err) {
    test_layer_golden_in("layers.bin", name, layer, err);
}

void test_layer_by_hand(visml_layer *layer, const visml_shape *in, visml_mode mode, const float *x, const float *y) {
    test_layer t;
    assert_non_null(layer);
    test_layer_open(&t, layer, 1, in, 1);
    for (size_t i = 0; i < layer->param_count; i++) /* 1, 2, 3 ... in each parameter */
        for (int64_t j = 0; j < test_layer_param_count(&t, i); j++)
            t.params[i][j] = (real)(j + 1);
    memcpy(t.x[0], x, (size_t)visml_shape_count(in) * sizeof *x);
    test_layer_forward(&t, mode);
    test_assert_close(layer->cls->name, t.y, y, visml_shape_count(&t.out), 1e-6);
    test_layer_close(&t);
}

void test_layer_refuses(visml_layer *layer, const visml_shape *in, size_t inputs, const char *message) {
    visml_error err = {0};
    visml_shape out = {.rank = 77};
    assert_non_null(layer);
    assert_status(visml_layer_build(layer, in, inputs, &out, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
    assert_int_equal(out.rank, 77);
    assert_int_equal(layer->param_count, 0);
    visml_layer_free(layer);
}
