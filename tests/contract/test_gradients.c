/* Gradients of every layer and loss against central differences. Everything up to the nn room is built once more with double for this
 * (see lib/kernel/real.h), so that the step can be 1e-6 and the error 1e-7. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/layer_cases.h"
#include "nn/loss.h"
#include "support/layer_run.h"

#define STEP 1e-6
#define SMOOTH 1e-6
#define BATCH 3

static visml_context *ctx;
static visml_error err;

/* ---- differences ---- */

typedef double value_fn(void *of);

/* d value / d x[0 ... n - 1]. */
static void differentiate(value_fn *value, void *of, real *x, int64_t n, real *gradient) {
    for (int64_t i = 0; i < n; i++) {
        real here = x[i], up = here + STEP, down = here - STEP;
        x[i] = up;
        double above = value(of);
        x[i] = down;
        double below = value(of);
        x[i] = here;
        gradient[i] = (above - below) / (up - down);
    }
}

/* The largest error by the largest number: single gradients that happen to be near 0 are no measure. */
static void compare(const char *what, size_t which, const real *got, const real *want, int64_t n, double tolerance) {
    double largest = 0, error = 0;
    for (int64_t i = 0; i < n; i++) {
        assert_true(isfinite(got[i]) && isfinite(want[i]));
        largest = fmax(largest, fmax(fabs(got[i]), fabs(want[i])));
        error = fmax(error, fabs(got[i] - want[i]));
    }
    assert_true(largest > 0);
    if (error > tolerance * largest)
        fail_msg("%s %zu: relative error %.3g, allowed %.3g", what, which, error / largest, tolerance);
}

/* ---- layers ---- */

static double layer_value(void *of) {
    test_layer *t = of;
    double sum = 0;
    test_layer_forward(t, VISML_TRAINING);
    for (int64_t i = 0; i < test_layer_count(t, &t->out); i++)
        sum += t->dy[i] * t->y[i];
    return sum;
}

static void check_array(test_layer *t, const char *what, size_t which, real *x, const real *got, int64_t n, double tolerance) {
    real *want = malloc((size_t)n * sizeof *want);
    differentiate(layer_value, t, x, n, want);
    compare(what, which, got, want, n, tolerance);
    free(want);
}

/* Parameters that start as zeros or ones would hide mistakes. */
static void stir(test_layer *t) {
    uint64_t state = 99;
    for (size_t i = 0; i < t->layer->param_count; i++)
        for (int64_t j = 0; j < test_layer_param_count(t, i); j++)
            t->params[i][j] += 0.3 * (double)test_random_float(&state);
}

/* The numbers of rows that an embedding looks up have none; tests/nn/test_layer_embedding.c says that it is 0. */
static int has_input_gradient(const visml_layer_class *cls) {
    return cls != &visml_embedding_class;
}

static void layer_gradients(void **state) {
    const test_case *c = *state;
    test_layer t;
    test_layer_open(&t, assert_made(test_case_make(c, ctx, &err), &err), BATCH, c->in, c->inputs);
    t.key = 12;
    t.step = 34;
    stir(&t);
    test_layer_forward(&t, VISML_TRAINING);
    test_layer_backward(&t);
    for (size_t i = 0; i < t.inputs && has_input_gradient(c->cls); i++)
        check_array(&t, "input", i, t.x[i], t.dx[i], test_layer_count(&t, &t.in[i]), c->tolerance);
    for (size_t i = 0; i < t.layer->param_count; i++)
        if (t.grads[i])
            check_array(&t, t.layer->params[i].name, i, t.params[i], t.grads[i], test_layer_param_count(&t, i), c->tolerance);
    test_layer_close(&t);
}

static void every_layer_is_checked(void **state) {
    (void)state;
    for (size_t i = 0; visml_layer_classes[i]; i++)
        if (!test_case_of(visml_layer_classes[i]))
            fail_msg("layer_cases.c has no case for %s", visml_layer_classes[i]->name);
}

static void every_activation_is_checked(void **state) {
    (void)state;
    for (int32_t a = 0; visml_act_names[a]; a++) {
        int found = !*visml_act_names[a];
        for (const test_case *c = test_cases; c->name; c++)
            found |= c->cls == &visml_activation_class && ((const visml_activation_opts *)c->opts)->activation == a;
        if (!found)
            fail_msg("layer_cases.c has no activation %s", visml_act_names[a]);
    }
}

/* ---- losses ---- */

#define ROWS 5
#define WIDTH 4

typedef struct loss_case {
    const char *name;
    const visml_loss_class *cls;
    int logits, on_labels, weighted; /* how it is called */
    int32_t from_logits;
    double smoothing;
    const void *opts; /* in place of the two before */
} loss_case;

static const loss_case loss_cases[] = {
    {"categorical, probabilities", &visml_categorical_crossentropy_class, 0, 0, 0, 0, 0, NULL},
    {"categorical, probabilities, weights, smoothing", &visml_categorical_crossentropy_class, 0, 0, 1, 0, 0.2, NULL},
    {"categorical, logits of the model", &visml_categorical_crossentropy_class, 1, 0, 1, 0, 0, NULL},
    {"categorical, from logits, smoothing, class numbers", &visml_categorical_crossentropy_class, 0, 1, 1, 1, 0.1, NULL},
    {"sparse, probabilities", &visml_sparse_categorical_crossentropy_class, 0, 1, 1, 0, 0, NULL},
    {"sparse, from logits", &visml_sparse_categorical_crossentropy_class, 0, 1, 0, 1, 0, NULL},
    {"sparse, logits of the model, weights", &visml_sparse_categorical_crossentropy_class, 1, 1, 1, 0, 0, NULL},
    {"squared error", &visml_mean_squared_error_class, 0, 0, 0, 0, 0, NULL},
    {"squared error, weights, class numbers", &visml_mean_squared_error_class, 0, 1, 1, 0, 0, NULL},
    {"binary, probabilities, smoothing", &visml_binary_crossentropy_class, 0, 0, 1, 0, 0.2, NULL},
    {"binary, logits of the model", &visml_binary_crossentropy_class, 1, 0, 1, 0, 0, NULL},
    {"binary, from logits, class numbers", &visml_binary_crossentropy_class, 0, 1, 0, 1, 0.1, NULL},
    {"categorical focal, probabilities", &visml_categorical_focal_crossentropy_class, 0, 0, 1, 0, 0, NULL},
    {"categorical focal, from logits", &visml_categorical_focal_crossentropy_class, 0, 1, 1, 0, 0,
     VISML_OPTS(visml_focal_opts, .from_logits = 1, .alpha = 0.6, .gamma = 1.5, .label_smoothing = 0.1)},
    {"categorical focal, gamma 0", &visml_categorical_focal_crossentropy_class, 0, 0, 0, 0, 0,
     VISML_OPTS(visml_focal_opts, .gamma = VISML_ZERO)},
    {"binary focal, from logits", &visml_binary_focal_crossentropy_class, 0, 1, 1, 0, 0, VISML_OPTS(visml_focal_opts, .from_logits = 1)},
    {"binary focal, from logits, balanced", &visml_binary_focal_crossentropy_class, 0, 1, 1, 0, 0,
     VISML_OPTS(visml_focal_opts, .from_logits = 1, .apply_class_balancing = 1, .alpha = 0.7, .gamma = 0.5, .label_smoothing = 0.1)},
    {"absolute error", &visml_mean_absolute_error_class, 0, 0, 1, 0, 0, NULL},
    {"huber", &visml_huber_class, 0, 0, 1, 0, 0, VISML_OPTS(visml_huber_opts, .delta = 0.5)},
    {"hinge", &visml_hinge_class, 0, 0, 1, 0, 0, NULL},
    {"squared hinge, class numbers", &visml_squared_hinge_class, 0, 1, 1, 0, 0, NULL},
    {"categorical hinge", &visml_categorical_hinge_class, 0, 0, 1, 0, 0, NULL},
    {"categorical hinge, class numbers", &visml_categorical_hinge_class, 0, 1, 1, 0, 0, NULL},
    {"kl divergence", &visml_kl_divergence_class, 0, 0, 1, 0, 0, NULL},
    {"poisson", &visml_poisson_class, 0, 0, 1, 0, 0, NULL},
    {"cosine similarity", &visml_cosine_similarity_class, 0, 0, 1, 0, 0, NULL},
    {"cosine similarity, class numbers", &visml_cosine_similarity_class, 0, 1, 1, 0, 0, NULL},
    {"log cosh", &visml_log_cosh_class, 0, 0, 1, 0, 0, NULL},
};

typedef struct loss_run {
    visml_loss *loss;
    visml_loss_pass pass;
    real y[ROWS * WIDTH], targets[ROWS * WIDTH], weights[ROWS], rows[ROWS], dy[ROWS * WIDTH];
    int32_t labels[ROWS];
} loss_run;

static void fill_loss(loss_run *r) {
    uint64_t state = 17;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        r->y[i] = 1.1 + (double)test_random_float(&state); /* takes part as probabilities that do not add up to 1, or as logits */
        r->targets[i] = 1 + (double)test_random_float(&state);
    }
    for (int i = 0; i < ROWS; i++) {
        r->weights[i] = 1.5 + (double)test_random_float(&state);
        r->labels[i] = i == 2 ? -1 : (int32_t)(test_random(&state) % WIDTH);
    }
}

static void open_loss(loss_run *r, const loss_case *c) {
    visml_crossentropy_opts o = {.size = sizeof o, .from_logits = c->from_logits, .label_smoothing = c->smoothing};
    memset(r, 0, sizeof *r);
    fill_loss(r);
    r->loss = assert_made(visml_loss_make(ctx, c->cls, c->opts ? c->opts : c->from_logits || c->smoothing != 0 ? &o : NULL, &err), &err);
    r->pass = (visml_loss_pass){.compute = visml_context_compute(ctx), .rows = ROWS, .width = WIDTH, .y = r->y, .logits = c->logits,
                                .labels = c->on_labels ? r->labels : NULL, .targets = c->on_labels ? NULL : r->targets,
                                .weights = c->weighted ? r->weights : NULL, .scale = 1.0 / ROWS, .loss = r->rows};
}

static double loss_value(void *of) {
    loss_run *r = of;
    double sum = 0;
    r->loss->cls->run(r->loss, &r->pass);
    for (int i = 0; i < ROWS; i++)
        sum += r->rows[i];
    return sum / ROWS;
}

static void loss_gradients(void **state) {
    loss_run r;
    real want[ROWS * WIDTH];
    open_loss(&r, *state);
    r.pass.dy = r.dy;
    loss_value(&r);
    r.pass.dy = NULL;
    differentiate(loss_value, &r, r.y, ROWS * WIDTH, want);
    compare("output", 0, r.dy, want, ROWS * WIDTH, SMOOTH);
    visml_loss_free(r.loss);
}

static void every_loss_is_checked(void **state) {
    (void)state;
    for (size_t i = 0; visml_loss_classes[i]; i++) {
        int found = 0;
        for (size_t c = 0; c < sizeof loss_cases / sizeof *loss_cases; c++)
            found |= loss_cases[c].cls == visml_loss_classes[i];
        if (!found)
            fail_msg("no loss case for %s", visml_loss_classes[i]->name);
    }
}

/* ---- the list of tests ---- */

#define MAX_TESTS 500

int main(void) {
    static struct CMUnitTest tests[MAX_TESTS];
    size_t n = 0;
    ctx = test_context(1); /* that threads change nothing is shown by test_layers.c */
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_layer_is_checked);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_activation_is_checked);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_loss_is_checked);
    for (const test_case *c = test_cases; c->name && n < MAX_TESTS; c++)
        tests[n++] = (struct CMUnitTest){.name = c->name, .test_func = layer_gradients, .initial_state = (void *)c};
    for (size_t i = 0; i < sizeof loss_cases / sizeof *loss_cases && n < MAX_TESTS; i++)
        tests[n++] = (struct CMUnitTest){.name = loss_cases[i].name, .test_func = loss_gradients, .initial_state = (void *)&loss_cases[i]};
    int failed = _cmocka_run_group_tests("gradients", tests, n, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
