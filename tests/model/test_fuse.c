/* What inference takes together and prepares: the same values as layer by layer; made again when parameters change; shared by sessions. */
#include <math.h>
#include <pthread.h>

#include "kernel/elementwise.h"
#include "kernel/softmax.h"
#include "model/exec.h"
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

#define CONV(name_, f, ...) \
    visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = f, .kernel_size = {3}, .padding = VISML_SAME, .name = name_, __VA_ARGS__), &err)
#define NORM visml_batchnorm(c, NULL, &err)
#define ACT(a) visml_activation(c, OPTS(visml_activation_opts, .activation = a), &err)
#define PUT(layer, ...) visml_model_apply(m, layer, AFTER(__VA_ARGS__), &err)

/* Every order of layers that an epilogue can do, and some that it cannot: [9, 9, 3] -> [3]. Numbers of the nodes stand in front. */
static visml_model *chains(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(9, 9, 3), &err);
    /*  1 */ PUT(CONV("a", 4, .no_bias = 1), 0);
    /*  2 */ PUT(NORM, 1);
    /*  3 */ PUT(ACT(VISML_RELU), 2);
    /*  4 */ PUT(CONV("b", 4, .activation = VISML_RELU), 3);
    /*  5 */ PUT(NORM, 4);
    /*  6 */ PUT(CONV("c", 4, .bias_initializer = VISML_INIT_ONES), 5);
    /*  7 */ PUT(NORM, 6);
    /*  8 */ PUT(visml_add(c, NULL, &err), 7, 3);
    /*  9 */ PUT(ACT(VISML_RELU6), 8);
    /* 10 */ PUT(CONV("d", 8, .strides = {2}, .groups = 2), 9);
    /* 11 */ PUT(NORM, 10);
    /* 12 */ PUT(CONV("e", 8, .strides = {2}), 9);
    /* 13 */ PUT(NORM, 12);
    /* 14 */ PUT(visml_add(c, NULL, &err), 11, 13);
    /* 15 */ PUT(ACT(VISML_TANH), 14);
    /* 16 */ PUT(visml_dropout(c, OPTS(visml_dropout_opts, .rate = 0.5), &err), 15);
    /* 17 */ PUT(NORM, 16);
    /* 18 */ PUT(visml_rescaling(c, OPTS(visml_rescaling_opts, .scale = 3, .offset = -0.5), &err), 17); /* a second one has no place */
    /* 19 */ PUT(ACT(VISML_LEAKY_RELU), 18);
    /* 20 */ PUT(visml_add(c, NULL, &err), 19, 19);
    /* 21 */ PUT(visml_flatten(c, NULL, &err), 20);
    /* 22 */ PUT(visml_dense(c, OPTS(visml_dense_opts, .units = 6, .no_bias = 1), &err), 21);
    /* 23 */ PUT(visml_rescaling(c, OPTS(visml_rescaling_opts, .scale = 0.5, .offset = 0.25), &err), 22);
    /* 24 */ PUT(NORM, 23);
    /* 25 */ PUT(ACT(VISML_SOFTMAX), 24);
    /* 26 */ PUT(visml_dense(c, OPTS(visml_dense_opts, .units = 3), &err), 25);
    return built(m, &err);
}

/* The other layers that others are taken into, and a normalisation that cannot be, as it is not of the last dimension: [4, 5, 3] -> [3]. */
static visml_model *other_heads(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(4, 5, 3), &err);
    visml_conv2d_transpose_opts wide = {.size = sizeof wide, .filters = 4, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME};
    visml_conv2d_transpose_opts dense = {.size = sizeof dense, .filters = 4, .kernel_size = {3}, .activation = VISML_TANH};
    visml_separable_conv2d_opts separable = {.size = sizeof separable, .filters = 4, .kernel_size = {3}, .depth_multiplier = 2,
                                             .bias_initializer = VISML_INIT_ONES, .padding = VISML_SAME};
    visml_depthwise_conv2d_opts depthwise = {.size = sizeof depthwise, .kernel_size = {3}, .padding = VISML_SAME};
    visml_conv1d_opts line = {.size = sizeof line, .filters = 5, .kernel_size = 3, .padding = VISML_CAUSAL, .no_bias = 1};
    /*  1 */ PUT(visml_conv2d_transpose(c, &wide, &err), 0);
    /*  2 */ PUT(NORM, 1);
    /*  3 */ PUT(ACT(VISML_RELU), 2);
    /*  4 */ PUT(visml_separable_conv2d(c, &separable, &err), 3);
    /*  5 */ PUT(NORM, 4);
    /*  6 */ PUT(visml_add(c, NULL, &err), 5, 3);
    /*  7 */ PUT(ACT(VISML_LEAKY_RELU), 6);
    /*  8 */ PUT(visml_depthwise_conv2d(c, &depthwise, &err), 7);
    /*  9 */ PUT(NORM, 8);
    /* 10 */ PUT(visml_conv2d_transpose(c, &dense, &err), 9);
    /* 11 */ PUT(visml_rescaling(c, OPTS(visml_rescaling_opts, .scale = 3, .offset = -0.5), &err), 10);
    /* 12 */ PUT(visml_batchnorm(c, OPTS(visml_batchnorm_opts, .axis = 1), &err), 11);
    /* 13 */ PUT(visml_reshape(c, OPTS(visml_reshape_opts, .target_shape = {-1, 4}), &err), 12);
    /* 14 */ PUT(visml_conv1d(c, &line, &err), 13);
    /* 15 */ PUT(NORM, 14);
    /* 16 */ PUT(visml_layernorm(c, NULL, &err), 15);
    /* 17 */ PUT(visml_global_maxpool1d(c, NULL, &err), 16);
    /* 18 */ PUT(visml_dense(c, OPTS(visml_dense_opts, .units = 3), &err), 17);
    return built(m, &err);
}

/* Random parameters; variances between 0.5 and 1.5. */
static void randomise(visml_model *m, uint64_t seed) {
    for (size_t i = 0; i < m->param_count; i++) {
        int is_variance = strstr(m->params[i].name, "variance") != NULL;
        for (size_t k = 0; k < m->params[i].count; k++) {
            real r = (real)test_random_float(&seed);
            m->values[m->params[i].offset + k] = is_variance ? 1 + r / 2 : r;
        }
    }
    visml_model_changed(m);
}

/* ---- layer by layer ---- */

static real *new_reals(int64_t n) {
    real *p = malloc((size_t)n * sizeof *p + 64);
    assert_non_null(p);
    return p;
}

static void activate(const visml_layer *layer, const visml_pass *pass, int64_t n) {
    int64_t channels = pass->out->dims[pass->out->rank - 1];
    if (layer->activation == VISML_SOFTMAX)
        visml_softmax_forward(&pass->compute, n / channels, channels, pass->y, pass->y);
    else if (layer->activation == VISML_LOG_SOFTMAX)
        visml_log_softmax_forward(&pass->compute, n / channels, channels, pass->y, pass->y);
    else
        visml_activate(&pass->compute, layer->activation, layer->alpha, (size_t)n, pass->y, pass->y);
}

static void run_node(const visml_model *m, size_t i, int64_t batch, real **values) {
    const visml_node *n = &m->nodes[i];
    const visml_layer *layer = n->layer;
    visml_shape in[4];
    const real *x[4];
    real *params[VISML_MAX_PARAMS];
    int64_t count = batch * visml_shape_count(&n->shape);
    for (size_t k = 0; k < n->input_count; k++) {
        in[k] = m->nodes[n->inputs[k]].shape;
        x[k] = values[n->inputs[k]];
    }
    for (size_t k = 0; k < n->param_count; k++)
        params[k] = m->values + m->params[n->first_param + k].offset;
    values[i] = new_reals(count);
    visml_pass pass = {.compute = visml_context_compute(m->context), .mode = VISML_INFERENCE, .batch = batch, .inputs = n->input_count,
                       .in = in, .out = &n->shape, .x = x, .y = values[i], .params = params};
    if (layer->cls->properties & (VISML_ALIASES_INPUT | VISML_IDLE_INFERENCE)) {
        memcpy(values[i], x[0], (size_t)count * sizeof(real));
        return;
    }
    size_t bytes = layer->cls->scratch ? layer->cls->scratch(layer, &pass) : 0;
    pass.scratch = aligned_alloc(64, (bytes + 127) / 64 * 64);
    layer->cls->forward(layer, &pass);
    activate(layer, &pass, count);
    free(pass.scratch);
}

/* The output; freed by the caller. */
static real *layer_by_layer(const visml_model *m, const visml_tensor *x) {
    real *values[64] = {x->data ? (real *)(void *)x->data : NULL};
    for (size_t i = 1; i < m->node_count; i++)
        run_node(m, i, x->shape.dims[0], values);
    for (size_t i = 1; i + 1 < m->node_count; i++)
        free(values[i]);
    return values[m->node_count - 1];
}

static void assert_agrees(const visml_model *m, const visml_tensor *x, const visml_tensor *y) {
    real *want = layer_by_layer(m, x), *got = (real *)(void *)y->data;
    for (int64_t i = 0; i < y->count; i++)
        if (!(fabs((double)got[i] - (double)want[i]) < 4e-6))
            fail_msg("output %lld is %.9g, layer by layer %.9g", (long long)i, (double)got[i], (double)want[i]);
    free(want);
}

/* Activations that an epilogue does not know: [9, 9, 3] -> [3]. */
static visml_model *others(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(9, 9, 3), &err);
    /* 1 */ PUT(CONV("a", 4, .activation = VISML_GELU), 0);
    /* 2 */ PUT(NORM, 1);
    /* 3 */ PUT(CONV("b", 4, .no_bias = 1), 2);
    /* 4 */ PUT(NORM, 3);
    /* 5 */ PUT(ACT(VISML_SILU), 4);
    /* 6 */ PUT(visml_add(c, NULL, &err), 5, 2);
    /* 7 */ PUT(ACT(VISML_HARD_SILU), 6);
    /* 8 */ PUT(visml_flatten(c, NULL, &err), 7);
    /* 9 */ PUT(visml_dense(c, OPTS(visml_dense_opts, .units = 3, .activation = VISML_LOG_SOFTMAX), &err), 8);
    return built(m, &err);
}

/* ---- tests ---- */

static void assert_step(const visml_plan *p, int32_t end, int32_t head, int32_t gain, int32_t residual, int32_t affine, int32_t act) {
    const visml_step *s = &p->steps[end];
    assert_int_equal(s->end, end);
    assert_int_equal(s->head, head);
    assert_int_equal(s->gain, gain);
    assert_int_equal(s->residual, residual);
    assert_int_equal(s->affine, affine);
    assert_int_equal(s->activation, act);
    for (int32_t i = head; i < end; i++)
        if (p->steps[i].end != i)
            assert_true(p->nodes[i].y == p->nodes[p->steps[i].end].y);
}

static void other_activations_are_steps_of_their_own(void **state) {
    (void)state;
    visml_model *m = others(ctx);
    visml_plan p;
    assert_ok(visml_plan_make(&p, m, NULL, VISML_INFERENCE, 3, 0, &err), &err);
    assert_step(&p, 1, 1, -1, -1, -1, VISML_GELU);
    assert_step(&p, 2, 2, -1, -1, -1, VISML_LINEAR);
    assert_step(&p, 4, 3, 4, -1, -1, VISML_LINEAR);
    assert_step(&p, 5, 5, -1, -1, -1, VISML_SILU);
    assert_step(&p, 7, 7, -1, -1, -1, VISML_HARD_SILU);
    assert_int_equal(p.nodes[5].y, p.nodes[4].y); /* over its input */
    for (size_t i = 0; i < m->node_count; i++)
        assert_int_equal(p.nodes[i].before, -1);
    visml_plan_clear(&p);
    assert_ok(visml_plan_make(&p, m, NULL, VISML_TRAINING, 3, 0, &err), &err);
    for (int32_t i = 1; i < 10; i++)
        assert_true((p.nodes[i].before >= 0) == (i == 1)); /* where it is more than the input of a layer that does nothing else */
    assert_true(!p.nodes[1].derived);
    visml_plan_clear(&p);
    for (uint64_t seed = 1; seed < 4; seed++) {
        randomise(m, seed);
        visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 5, VISML_REAL_DTYPE, seed), *y = predict(m, x, 3);
        assert_agrees(m, x, y);
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
    visml_model_free(m);
}

static void steps_are_as_large_as_they_can_be(void **state) {
    (void)state;
    visml_model *m = chains(ctx);
    visml_plan p;
    assert_ok(visml_plan_make(&p, m, NULL, VISML_INFERENCE, 3, 0, &err), &err);
    assert_step(&p, 3, 1, 2, -1, -1, VISML_RELU);
    assert_step(&p, 5, 4, -1, -1, 5, VISML_RELU);
    assert_step(&p, 9, 6, 7, 3, -1, VISML_RELU6);
    assert_step(&p, 11, 10, 11, -1, -1, VISML_LINEAR);
    assert_step(&p, 17, 12, 13, 11, 17, VISML_TANH);
    assert_step(&p, 18, 18, -1, -1, -1, VISML_LINEAR);
    assert_step(&p, 24, 22, 23, -1, 24, VISML_LINEAR);
    assert_step(&p, 25, 25, -1, -1, -1, VISML_SOFTMAX);
    assert_true(p.nodes[18].y == p.nodes[17].y && p.nodes[19].y == p.nodes[17].y); /* over its input */
    assert_true(p.nodes[20].y != p.nodes[19].y); /* an input that is taken twice is not written over */
    assert_true(p.nodes[21].y == p.nodes[20].y);
    visml_plan_clear(&p);
    assert_ok(visml_plan_make(&p, m, NULL, VISML_TRAINING, 3, 0, &err), &err);
    for (int32_t i = 1; i < 27; i++)
        assert_step(&p, i, i, -1, -1, -1, m->nodes[i].layer->activation);
    visml_plan_clear(&p);
    visml_model_free(m);
}

static void other_heads_take_in_what_they_can(void **state) {
    (void)state;
    visml_model *m = other_heads(ctx);
    visml_plan p;
    assert_ok(visml_plan_make(&p, m, NULL, VISML_INFERENCE, 3, 0, &err), &err);
    assert_step(&p, 3, 1, 2, -1, -1, VISML_RELU);
    assert_step(&p, 7, 4, 5, 3, -1, VISML_LEAKY_RELU);
    assert_step(&p, 9, 8, 9, -1, -1, VISML_LINEAR);
    assert_step(&p, 11, 10, -1, -1, 11, VISML_TANH);
    assert_step(&p, 12, 12, -1, -1, -1, VISML_LINEAR);
    assert_step(&p, 15, 14, 15, -1, -1, VISML_LINEAR);
    visml_plan_clear(&p);
    visml_model_free(m);
}

static void agree_with_layer_by_layer(visml_model *m) {
    for (uint64_t seed = 1; seed < 6; seed++) {
        randomise(m, seed);
        visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 5, VISML_REAL_DTYPE, seed), *y = predict(m, x, 3);
        assert_agrees(m, x, y);
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
    visml_model_free(m);
}

static void agrees_with_layer_by_layer(void **state) {
    (void)state;
    agree_with_layer_by_layer(chains(ctx));
    agree_with_layer_by_layer(other_heads(ctx));
}

static void the_same_bits_for_any_threads(void **state) {
    (void)state;
    visml_tensor *first = NULL;
    for (int32_t threads = 1; threads < 9; threads += 3) {
        visml_context *c = test_context(threads);
        visml_model *m = chains(c);
        randomise(m, 9);
        visml_tensor *x = random_input(c, visml_model_input_shape(m), 5, VISML_REAL_DTYPE, 2), *y = predict(m, x, threads);
        if (first)
            assert_same_bits(first, y);
        else
            first = visml_tensor_retain(y);
        visml_tensor_release(x);
        visml_tensor_release(y);
        visml_model_free(m);
        visml_context_free(c);
    }
    visml_tensor_release(first);
}

static void changes_of_parameters_are_seen(void **state) {
    (void)state;
    visml_model *m = chains(ctx);
    visml_session *s[2] = {visml_session_new(m, NULL, &err), visml_session_new(m, OPTS(visml_session_opts, .max_batch = 2), &err)};
    visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 4, VISML_REAL_DTYPE, 2), *y = new_output(m, 4);
    visml_tensor *four = visml_tensor_new(ctx, VISML_REAL_DTYPE, VISML_SHAPE(4), &err);
    assert_ptr_equal(visml_session_inside(s[0])->prepared, visml_session_inside(s[1])->prepared);
    for (int k = 0; k < 4; k++) {
        if (k < 2)
            randomise(m, (uint64_t)k + 1);
        for (int i = 0; i < 4; i++)
            ((real *)four->data)[i] = (real)(k * i + 1) / 2;
        if (k >= 2)
            assert_ok(visml_model_set_param(m, "batch_normalization/moving_variance", four, &err), &err);
        for (int i = 0; i < 2; i++) {
            assert_ok(visml_session_run(s[i], x, y, &err), &err);
            assert_agrees(m, x, y);
        }
    }
    visml_session_free(s[0]);
    assert_non_null(m->prepared);
    visml_session_free(s[1]);
    assert_null(m->prepared);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(four);
    visml_model_free(m);
}

static void running_allocates_nothing(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 2), &err), &err);
    visml_model *m = chains(c);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 2), &err), &err);
    visml_tensor *x = random_input(c, visml_model_input_shape(m), 5, VISML_REAL_DTYPE, 1), *y = new_output(m, 5);
    int64_t calls = a.calls;
    a.countdown = 0;
    a.sticky = 1; /* everything would fail */
    for (uint64_t k = 0; k < 3; k++) {
        randomise(m, k);
        assert_ok(visml_session_run(s, x, y, &err), &err); /* prepares, and does not: */
        pthread_mutex_lock(&m->lock);                      /* a lock that is held would stop it */
        assert_ok(visml_session_run(s, x, y, &err), &err);
        pthread_mutex_unlock(&m->lock);
        assert_agrees(m, x, y);
    }
    a.countdown = -1;
    assert_int_equal(a.calls, calls);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_session_free(s);
    visml_model_free(m);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

/* Four sessions meet at parameters that nothing was prepared of. */
typedef struct job {
    visml_session *session;
    const visml_tensor *x;
    visml_tensor *y;
    pthread_t thread;
} job;

static void *run_job(void *arg) {
    job *j = arg;
    visml_error e = {0};
    assert_ok(visml_session_run(j->session, j->x, j->y, &e), &e);
    return NULL;
}

static void one_of_four_threads_prepares(void **state) {
    (void)state;
    visml_model *m = chains(ctx);
    visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 2, VISML_REAL_DTYPE, 4);
    job jobs[4];
    for (int i = 0; i < 4; i++)
        jobs[i] = (job){.session = assert_made(visml_session_new(m, NULL, &err), &err), .x = x, .y = new_output(m, 2)};
    for (uint64_t k = 0; k < 20; k++) {
        randomise(m, k);
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]), 0);
        for (int i = 0; i < 4; i++) {
            pthread_join(jobs[i].thread, NULL);
            assert_agrees(m, x, jobs[i].y);
        }
    }
    for (int i = 0; i < 4; i++) {
        visml_session_free(jobs[i].session);
        visml_tensor_release(jobs[i].y);
    }
    visml_tensor_release(x);
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_as_large_as_they_can_be), cmocka_unit_test(other_activations_are_steps_of_their_own),
        cmocka_unit_test(other_heads_take_in_what_they_can),
        cmocka_unit_test(agrees_with_layer_by_layer),
        cmocka_unit_test(the_same_bits_for_any_threads), cmocka_unit_test(changes_of_parameters_are_seen),
        cmocka_unit_test(running_allocates_nothing), cmocka_unit_test(one_of_four_threads_prepares),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
