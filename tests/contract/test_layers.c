/* What every row of layers.def promises. One test for each check and case, named after both. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "contract/layer_cases.h"
#include "contract/option_contract.h"
#include "kernel/elementwise.h"
#include "support/layer_run.h"

static visml_context *ctx;
static visml_error err;

/* ---- options ---- */

static void *make(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    return visml_layer_make(c, t->cls, opts, e);
}

static const void *options_of(const void *object) {
    return ((const visml_layer *)object)->opts;
}

static void free_layer(void *object) {
    visml_layer_free(object);
}

static test_options options_for(const test_case *c) {
    return (test_options){c->cls->name, c->cls->fields, c->cls->opts_size, c->opts, make, options_of, free_layer, c->cls, ctx};
}

static void options_have_any_size(void **state) {
    test_options t = options_for(*state);
    test_options_sizes(&t);
}

static void fields_have_ranges(void **state) {
    test_options t = options_for(*state);
    test_options_ranges(&t);
}

static void allocations_may_fail(void **state) {
    const test_case *c = *state;
    unsigned char opts[256] = {0};
    test_options t = options_for(c);
    memcpy(opts, &(uint32_t){(uint32_t)t.size}, 4);
    if (c->opts)
        memcpy(opts, c->opts, t.size);
    for (const visml_field *f = t.fields; f->name; f++) /* with a name, which is one allocation more */
        if (f->kind == VISML_FIELD_NAME)
            memcpy(opts + f->offset, &(const char *){"named"}, sizeof(const char *));
    t.valid = opts;
    test_options_allocations(&t);
}

/* Each field, initialisers and activations included, differs from its default in one of the class' cases. */
static void options_are_covered(void **state) {
    const test_case *first = *state;
    for (const visml_field *f = first->cls->fields; f->name; f++) {
        int covered = f->kind == VISML_FIELD_NAME || f->kind == VISML_FIELD_RESERVED;
        for (const test_case *c = test_cases; c->name; c++) {
            if (c->cls != first->cls || covered)
                continue;
            visml_layer *l = assert_made(test_case_make(c, ctx, &err), &err);
            json_t *object = visml_layer_to_json(l);
            covered = json_object_get(object, f->name) != NULL;
            json_decref(object);
            visml_layer_free(l);
        }
        if (!covered)
            fail_msg("no case in layer_cases.c sets %s.%s", first->cls->name, f->name);
    }
}

/* ---- running ---- */

static void open_with(test_layer *t, const test_case *c, visml_context *context, int64_t batch) {
    test_layer_open(t, assert_made(test_case_make(c, context, &err), &err), batch, c->in, c->inputs);
    t->key = 3;
    t->step = 4;
}

static int all_finite(const real *p, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(p[i]))
            return 0;
    return 1;
}

/* Everything is written, nothing beyond: arrays start as NaN and end at unreadable pages. */
static void writes_what_it_promises(void **state) {
    test_layer t;
    open_with(&t, *state, ctx, 3);
    test_layer_forward(&t, VISML_INFERENCE);
    assert_true(all_finite(t.y, test_layer_count(&t, &t.out)));
    test_layer_forward(&t, VISML_TRAINING);
    assert_true(all_finite(t.y, test_layer_count(&t, &t.out)));
    test_layer_backward(&t);
    for (size_t i = 0; i < t.inputs; i++)
        assert_true(all_finite(t.dx[i], test_layer_count(&t, &t.in[i])));
    for (size_t i = 0; i < t.layer->param_count; i++)
        assert_true(!t.grads[i] || all_finite(t.grads[i], test_layer_param_count(&t, i)));
    test_layer_close(&t);
}

/* Gradients that are not wanted are left out; the others stay the same. */
static void gradients_may_be_unwanted(void **state) {
    test_layer t, wanted;
    open_with(&wanted, *state, ctx, 3);
    test_layer_forward(&wanted, VISML_TRAINING);
    test_layer_backward(&wanted);
    for (size_t leave = 0; leave < wanted.inputs + wanted.layer->param_count; leave++) {
        open_with(&t, *state, ctx, 3);
        real **left = leave < t.inputs ? &t.dx[leave] : &t.grads[leave - t.inputs], *whole = *left;
        if (whole && !(t.layer->cls->properties & VISML_ALIASES_INPUT)) {
            *left = NULL;
            test_layer_forward(&t, VISML_TRAINING);
            test_layer_backward(&t);
            for (size_t i = 0; i < t.inputs; i++)
                if (t.dx[i])
                    assert_memory_equal(t.dx[i], wanted.dx[i], (size_t)test_layer_count(&t, &t.in[i]) * sizeof(real));
            for (size_t i = 0; i < t.layer->param_count; i++)
                if (t.grads[i])
                    assert_memory_equal(t.grads[i], wanted.grads[i], (size_t)test_layer_param_count(&t, i) * sizeof(real));
            *left = whole;
        }
        test_layer_close(&t);
    }
    test_layer_close(&wanted);
}

static void equal(const char *what, const real *a, const real *b, int64_t n, double tolerance) {
    double largest = 0;
    if (tolerance == 0 && a && memcmp(a, b, (size_t)n * sizeof *a) != 0)
        fail_msg("%s differs", what);
    for (int64_t i = 0; a && i < n; i++)
        largest = fmax(largest, fabs((double)a[i]));
    for (int64_t i = 0; a && i < n; i++)
        if (fabs((double)a[i] - (double)b[i]) > tolerance * largest)
            fail_msg("%s[%lld]: %.9g and %.9g", what, (long long)i, (double)a[i], (double)b[i]);
}

static void compare(const test_layer *a, const test_layer *b, double tolerance) {
    equal("y", a->y, b->y, test_layer_count(a, &a->out), tolerance);
    for (size_t i = 0; i < a->inputs; i++)
        equal("dx", a->dx[i], b->dx[i], test_layer_count(a, &a->in[i]), tolerance);
    for (size_t i = 0; i < a->layer->param_count; i++) {
        equal("gradient", a->grads[i], b->grads[i], test_layer_param_count(a, i), tolerance);
        equal("parameter", a->params[i], b->params[i], test_layer_param_count(a, i), tolerance);
    }
}

static void run_in(test_layer *t, const test_case *c, int32_t threads, uint32_t mask) {
    visml_context_opts o = {.size = sizeof o, .threads = threads, .cpu_mask = mask};
    visml_context *context = assert_made(visml_context_new(&o, &err), &err);
    open_with(t, c, context, 150);
    visml_context_free(context); /* the layer keeps it */
    test_layer_forward(t, VISML_TRAINING);
    test_layer_backward(t);
    test_layer_forward(t, VISML_INFERENCE);
}

static void compare_runs(const test_case *c, const test_layer *want, int32_t threads, uint32_t mask, double tolerance) {
    test_layer t;
    run_in(&t, c, threads, mask);
    compare(want, &t, tolerance);
    test_layer_close(&t);
}

static void threads_change_nothing(void **state) {
    static const int32_t counts[] = {2, 3, 8};
    test_layer one;
    run_in(&one, *state, 1, 0);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        compare_runs(*state, &one, counts[i], 0, 0);
    test_layer_close(&one);
}

/* The same bits wherever multiplication and addition are fused; SSE4.1 has no such instruction. */
static void levels_change_nothing(void **state) {
    test_layer reference;
    run_in(&reference, *state, 1, VISML_CPU_REF);
    for (uint32_t level = 1; level <= VISML_CPU_NEON; level *= 2)
        if (visml_cpu_levels() & level)
            compare_runs(*state, &reference, 2, level, level == VISML_CPU_SSE4 ? 1e-5 : 0);
    test_layer_close(&reference);
}

static void a_batch_is_its_samples(void **state) {
    const test_case *c = *state;
    test_layer many, one;
    open_with(&many, c, ctx, 5);
    open_with(&one, c, ctx, 1);
    test_layer_forward(&many, VISML_INFERENCE);
    int64_t out = visml_shape_count(&one.out);
    for (int64_t s = 0; s < 5; s++) {
        for (size_t i = 0; i < one.inputs; i++) {
            int64_t n = visml_shape_count(&one.in[i]);
            memcpy(one.x[i], many.x[i] + s * n, (size_t)n * sizeof(real));
        }
        test_layer_forward(&one, VISML_INFERENCE);
        assert_memory_equal(one.y, many.y + s * out, (size_t)out * sizeof(real));
    }
    test_layer_close(&one);
    test_layer_close(&many);
}

static void a_batch_may_be_empty(void **state) {
    test_layer t;
    open_with(&t, *state, ctx, 0);
    test_layer_forward(&t, VISML_INFERENCE);
    test_layer_close(&t);
}

/* With what the class prepares the result is the same, for several batches; forward does not change it. */
static void preparing_changes_nothing(void **state) {
    for (int64_t batch = 1; batch < 70; batch *= 8) {
        test_layer plain, prepared;
        open_with(&plain, *state, ctx, batch);
        open_with(&prepared, *state, ctx, batch);
        test_layer_prepare(&prepared);
        test_layer_forward(&plain, VISML_INFERENCE);
        for (int k = 0; k < 2; k++) {
            test_layer_forward(&prepared, VISML_INFERENCE);
            equal("y", plain.y, prepared.y, test_layer_count(&plain, &plain.out), 0);
        }
        test_layer_close(&plain);
        test_layer_close(&prepared);
    }
}

/* The output may be written over the input. */
static void works_in_place(void **state) {
    test_layer t, apart;
    open_with(&t, *state, ctx, 5);
    if (t.layer->cls->properties & VISML_WORKS_IN_PLACE) {
        real *y = t.y;
        open_with(&apart, *state, ctx, 5);
        test_layer_forward(&apart, VISML_INFERENCE);
        t.y = t.x[0];
        test_layer_forward(&t, VISML_INFERENCE);
        equal("y", apart.y, t.y, test_layer_count(&t, &t.out), 0);
        t.y = y;
        test_layer_close(&apart);
    }
    test_layer_close(&t);
}

/* The derivative of the activation that made the input: in backward, or applied to its result. */
static void derives_its_input(void **state) {
    test_layer t, apart;
    visml_compute compute = visml_context_compute(ctx);
    for (int32_t a = VISML_RELU; a <= VISML_RELU6; a += a == VISML_TANH ? 2 : 1) { /* all but softmax */
        open_with(&t, *state, ctx, 3);
        open_with(&apart, *state, ctx, 3);
        if (t.layer->cls->properties & VISML_DERIVES_INPUT) {
            int64_t n = test_layer_count(&t, &t.in[0]);
            t.input_activation = a;
            test_layer_forward(&t, VISML_TRAINING);
            test_layer_backward(&t);
            test_layer_forward(&apart, VISML_TRAINING);
            test_layer_backward(&apart);
            visml_activate_backward(&compute, a, (real)0.3, (size_t)n, apart.x[0], apart.dx[0], apart.dx[0]);
            equal("dx", apart.dx[0], t.dx[0], n, 0);
        }
        test_layer_close(&t);
        test_layer_close(&apart);
    }
}

/* The scale and shift that a class gives say what its inference does. */
static void is_what_its_affine_says(void **state) {
    test_layer t;
    real scale[16], shift[16];
    open_with(&t, *state, ctx, 3);
    if (t.layer->cls->affine && (!t.layer->cls->affine_holds || t.layer->cls->affine_holds(t.layer, t.in))) {
        int64_t c = t.out.dims[t.out.rank - 1];
        assert_true(c <= 16 && visml_shape_equal(&t.in[0], &t.out));
        t.layer->cls->affine(t.layer, t.params, c, scale, shift);
        test_layer_forward(&t, VISML_INFERENCE);
        for (int64_t i = 0; i < test_layer_count(&t, &t.out); i++)
            assert_true(fabs((double)t.x[0][i] * (double)scale[i % c] + (double)shift[i % c] - (double)t.y[i]) < 1e-6);
    }
    test_layer_close(&t);
}

/* ---- JSON ---- */

static void json_goes_round(void **state) {
    const test_case *c = *state;
    visml_layer *l = assert_made(test_case_make(c, ctx, &err), &err);
    json_t *object = visml_layer_to_json(l), *again;
    visml_layer *m = assert_made(visml_layer_from_json(ctx, object, NULL, &err), &err);
    assert_ptr_equal(m->cls, l->cls);
    assert_memory_equal(m->opts, l->opts, l->cls->opts_size);
    assert_true(m->activation == l->activation && m->alpha == l->alpha);
    again = visml_layer_to_json(m);
    assert_true(json_equal(object, again));
    json_decref(again);
    json_decref(object);
    assert_int_equal(!m->inner[0], !l->inner[0]);
    visml_layer_free(m);
    visml_layer_free(l);
}

static json_t *to_json(const void *object) {
    return visml_layer_to_json(object);
}

static void json_may_run_out_of_memory(void **state) {
    const test_case *c = *state;
    visml_layer *l = assert_made(test_case_make(c, ctx, &err), &err);
    test_json_allocations(to_json, l);
    visml_layer_free(l);
}

/* ---- the list of tests ---- */

typedef struct check {
    const char *name;
    CMUnitTestFunction run;
    int each_class; /* once for a class, not for each case */
} check;

static const check checks[] = {
    {"options have any size", options_have_any_size, 1},
    {"fields have ranges", fields_have_ranges, 1},
    {"options are covered", options_are_covered, 1},
    {"allocations may fail", allocations_may_fail, 1},
    {"JSON goes round", json_goes_round, 0},
    {"JSON may run out of memory", json_may_run_out_of_memory, 0},
    {"writes what it promises", writes_what_it_promises, 0},
    {"gradients may be unwanted", gradients_may_be_unwanted, 0},
    {"threads change nothing", threads_change_nothing, 0},
    {"levels change nothing", levels_change_nothing, 0},
    {"a batch is its samples", a_batch_is_its_samples, 0},
    {"a batch may be empty", a_batch_may_be_empty, 0},
    {"preparing changes nothing", preparing_changes_nothing, 0},
    {"works in place", works_in_place, 0},
    {"derives its input", derives_its_input, 0},
    {"is what its affine says", is_what_its_affine_says, 0},
};

static void every_class_has_a_case(void **state) {
    (void)state;
    for (size_t i = 0; visml_layer_classes[i]; i++)
        if (!test_case_of(visml_layer_classes[i]))
            fail_msg("layer_cases.c has no case for %s", visml_layer_classes[i]->name);
}

#define MAX_TESTS 10000

static size_t list_tests(struct CMUnitTest *tests) {
    size_t n = 0;
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_class_has_a_case);
    for (const test_case *c = test_cases; c->name; c++)
        for (size_t i = 0; i < sizeof checks / sizeof *checks && n < MAX_TESTS; i++) {
            if (checks[i].each_class && test_case_of(c->cls) != c)
                continue;
            char *name = malloc(128);
            snprintf(name, 128, "%s: %s", c->name, checks[i].name);
            tests[n++] = (struct CMUnitTest){.name = name, .test_func = checks[i].run, .initial_state = (void *)c};
        }
    return n;
}

int main(void) {
    static struct CMUnitTest tests[MAX_TESTS];
    ctx = test_context(2);
    size_t n = list_tests(tests);
    int failed = _cmocka_run_group_tests("layers", tests, n, NULL, NULL);
    for (size_t i = 1; i < n; i++)
        free((char *)tests[i].name);
    visml_context_free(ctx);
    return failed;
}
