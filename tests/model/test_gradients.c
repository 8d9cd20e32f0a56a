/* Gradients of whole networks against central differences, in double. Each loss is a function of one parameter at a time: the difference
 * of two nearby losses over their distance is its derivative up to the order of the square of the distance. */
#include <math.h>

#include "model/networks.h"
#include "model/states.h"

#define STEP 1e-5

static visml_context *ctx;
static visml_error err;

typedef struct problem {
    visml_model *model;
    const visml_loss *loss;
    visml_train_batch batch;
    visml_trainer *trainer;
} problem;

/* From a state that is not 0, where there is one. */
static double loss_of(const problem *p) {
    visml_states *states = visml_trainer_states(p->trainer);
    for (size_t i = 0; i < states->count; i++)
        states->values[i] = (double)(i % 7) / 10 - 0.3;
    return visml_trainer_gradients(p->trainer, &p->batch) / p->batch.divisor;
}

static double difference(const problem *p, real *w) {
    real kept = *w;
    *w = kept + STEP;
    double above = loss_of(p);
    *w = kept - STEP;
    double below = loss_of(p);
    *w = kept;
    return (above - below) / (2 * STEP);
}

static void check(problem p) {
    visml_model *m = p.model;
    p.trainer = assert_made(visml_trainer_new(m, p.loss, p.batch.rows + 1, 3, &err), &err);
    real *grads = malloc(m->trainable_count * sizeof *grads);
    loss_of(&p);
    memcpy(grads, visml_trainer_grads(p.trainer), m->trainable_count * sizeof *grads);
    double largest = 0;
    for (size_t i = 0; i < m->param_count; i++)
        for (size_t k = 0; k < m->params[i].count && visml_model_param_trainable(m, i); k++) {
            size_t at = m->params[i].offset + k;
            double want = difference(&p, &m->values[at]), got = grads[at];
            if (!(fabs(got - want) <= 1e-7 * fmax(1, fabs(want))))
                fail_msg("%s[%zu]: %.12g, must be %.12g", m->params[i].name, k, got, want);
            largest = fmax(largest, fabs(got));
        }
    assert_true(largest > 1e-3); /* there is something to be right about */
    free(grads);
    visml_trainer_free(p.trainer);
}

/* Biases and means away from their initial zeros. */
static void stir(visml_model *m) {
    uint64_t state = 11;
    for (size_t i = 0; i < m->value_count; i++)
        m->values[i] += 0.2 * (double)test_random_float(&state);
}

static void with_loss(visml_model *m, visml_loss *loss, int labels) {
    const int32_t classes[4] = {0, 2, 1, 2};
    const real weights[4] = {1, 0.5, 2, 1.5};
    real targets[12];
    visml_tensor *x = random_input(ctx, VISML_SHAPE(8, 8, 3), 4, VISML_REAL_DTYPE, 8);
    uint64_t state = 4;
    for (int i = 0; i < 12; i++)
        targets[i] = fabs((double)test_random_float(&state));
    for (int64_t i = 0; i < x->count; i++)
        ((real *)x->data)[i] *= 200;
    problem p = {.model = built(m, &err), .loss = loss, .batch = {.rows = 4, .x = x->data, .x_dtype = VISML_REAL_DTYPE, .weights = weights,
                                                                  .divisor = 4, .step = 2}};
    stir(m);
    p.batch.labels = labels ? classes : NULL;
    p.batch.targets = labels ? NULL : targets;
    check(p);
    visml_tensor_release(x);
    visml_loss_free(loss);
    visml_model_free(m);
}

static void softmax_joined_with_crossentropy(void **state) {
    (void)state;
    with_loss(residual(ctx, 0, &err), visml_sparse_categorical_crossentropy(ctx, NULL, &err), 1);
    with_loss(residual(ctx, 0.4, &err), visml_categorical_crossentropy(ctx, OPTS(visml_crossentropy_opts, .label_smoothing = 0.1), &err),
              0);
}

static void softmax_by_itself(void **state) {
    (void)state;
    with_loss(residual(ctx, 0.4, &err), visml_mean_squared_error(ctx, NULL, &err), 0);
}

/* A node that ends the model and is read inside of it cannot be; but one that only reshapes the end can. */
static void a_reshape_at_the_end(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    visml_model_add(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 3, .kernel_size = {8}, .activation = VISML_TANH), &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX), &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    with_loss(m, visml_categorical_crossentropy(ctx, NULL, &err), 1);
}

/* One value read by many, also twice by one layer, through reshapes and directly. */
static void fan_out(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    int32_t a = visml_model_apply(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 2, .kernel_size = {4}, .strides = {4},
                                                            .activation = VISML_SIGMOID), &err), AFTER(0), &err);
    int32_t f = visml_model_apply(m, visml_flatten(ctx, NULL, &err), AFTER(a), &err);
    int32_t r = visml_model_apply(m, visml_reshape(ctx, OPTS(visml_reshape_opts, .target_shape = {2, 2, 2}), &err), AFTER(f), &err);
    int32_t s = visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(a, r, a), &err);
    int32_t g = visml_model_apply(m, visml_flatten(ctx, NULL, &err), AFTER(s), &err);
    int32_t c = visml_model_apply(m, visml_concatenate(ctx, NULL, &err), AFTER(g, f, f), &err);
    visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3), &err), AFTER(c), &err);
    with_loss(m, visml_sparse_categorical_crossentropy(ctx, OPTS(visml_crossentropy_opts, .from_logits = 1), &err), 1);
}

/* Penalties of parameters and outputs; a frozen batch normalisation, through which the gradient goes all the same. */
static void penalties_and_frozen_layers(void **state) {
    (void)state;
    const visml_layer_opts *some = OPTS(visml_layer_opts, .kernel_l1 = 0.01, .kernel_l2 = 0.02, .bias_l2 = 0.03, .activity_l1 = 0.04,
                                        .activity_l2 = 0.05);
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    visml_model_add(m, visml_rescaling(ctx, OPTS(visml_rescaling_opts, .scale = 1 / 127.5), &err), &err);
    visml_model_add(m, visml_layer_with(visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 3, .kernel_size = {4}, .strides = {4},
                                                               .activation = VISML_TANH), &err), some, &err), &err);
    visml_model_add(m, visml_layer_with(visml_batchnorm(ctx, NULL, &err), OPTS(visml_layer_opts, .frozen = 1), &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_layer_with(visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX), &err), some,
                                        &err), &err);
    with_loss(m, visml_sparse_categorical_crossentropy(ctx, NULL, &err), 1);
}

/* Activations whose derivative needs what they were applied to: within layers and by themselves, with their input read by others, too. */
static void activations_of_their_input(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    int32_t x = visml_model_apply(m, visml_rescaling(ctx, OPTS(visml_rescaling_opts, .scale = 1 / 100.0), &err), AFTER(0), &err);
    int32_t a = visml_model_apply(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}, .padding = VISML_SAME,
                                                            .activation = VISML_GELU), &err), AFTER(x), &err);
    int32_t n = visml_model_apply(m, visml_batchnorm(ctx, NULL, &err), AFTER(a), &err);
    int32_t s = visml_model_apply(m, visml_activation(ctx, OPTS(visml_activation_opts, .activation = VISML_SILU), &err), AFTER(n), &err);
    int32_t sum = visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(n, s, a), &err);
    int32_t t = visml_model_apply(m, visml_activation(ctx, OPTS(visml_activation_opts, .activation = VISML_MISH), &err), AFTER(sum), &err);
    int32_t p = visml_model_apply(m, visml_avgpool2d(ctx, NULL, &err), AFTER(t), &err);
    int32_t b = visml_model_apply(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 3, .kernel_size = {4},
                                                            .activation = VISML_SOFTPLUS), &err), AFTER(p), &err);
    int32_t f = visml_model_apply(m, visml_flatten(ctx, NULL, &err), AFTER(b), &err);
    int32_t d = visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 5, .activation = VISML_GELU_TANH), &err), AFTER(f),
                                  &err);
    visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_LOG_SOFTMAX), &err), AFTER(d), &err);
    with_loss(m, visml_mean_squared_error(ctx, NULL, &err), 0);
}

#define PUT(layer, ...) visml_model_apply(m, layer, AFTER(__VA_ARGS__), &err)

/* Layers that change shapes, take several inputs, drop or disturb, and slopes that are learnt. */
static void shapes_and_several_inputs(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    int32_t x = PUT(visml_rescaling(ctx, OPTS(visml_rescaling_opts, .scale = 1 / 100.0), &err), 0);
    int32_t pad = PUT(visml_zero_padding2d(ctx, OPTS(visml_zero_padding2d_opts, .padding = {1, 0, 2, 0}), &err), x);
    int32_t a = PUT(visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}), &err), pad); /* [7, 8, 4] */
    int32_t slopes = PUT(visml_prelu(ctx, OPTS(visml_prelu_opts, .shared_axes = {1, 2}), &err), a);
    int32_t crop = PUT(visml_cropping2d(ctx, OPTS(visml_cropping2d_opts, .cropping = {1, 2, 4, 0}), &err), slopes); /* [4, 4, 4] */
    int32_t turned = PUT(visml_permute(ctx, OPTS(visml_permute_opts, .dims = {3, 1, 2}), &err), crop);
    int32_t product = PUT(visml_multiply(ctx, NULL, &err), crop, turned, crop);
    int32_t most = PUT(visml_maximum(ctx, NULL, &err), product, turned);
    int32_t least = PUT(visml_minimum(ctx, NULL, &err), product, crop);
    int32_t difference = PUT(visml_subtract(ctx, NULL, &err), most, least);
    int32_t mean = PUT(visml_average(ctx, NULL, &err), difference, crop, most);
    int32_t large = PUT(visml_up_sampling2d(ctx, OPTS(visml_up_sampling2d_opts, .sizes = {2, 3},
                                                      .interpolation = VISML_UP_BILINEAR), &err), mean);
    int32_t drop = PUT(visml_spatial_dropout2d(ctx, OPTS(visml_dropout_opts, .rate = 0.3), &err), large);
    int32_t g = PUT(visml_global_avgpool2d(ctx, NULL, &err), drop);
    int32_t d = PUT(visml_gaussian_dropout(ctx, OPTS(visml_dropout_opts, .rate = 0.2), &err), g);
    int32_t noise = PUT(visml_gaussian_noise(ctx, OPTS(visml_gaussian_noise_opts, .stddev = 0.2), &err), d);
    int32_t four = PUT(visml_repeat_vector(ctx, OPTS(visml_repeat_vector_opts, .n = 2), &err), noise);
    int32_t longer = PUT(visml_zero_padding1d(ctx, NULL, &err), four);
    int32_t shorter = PUT(visml_cropping1d(ctx, OPTS(visml_cropping1d_opts, .cropping = {1, 0}), &err), longer);
    int32_t f = PUT(visml_flatten(ctx, NULL, &err), shorter);
    PUT(visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX), &err), f);
    with_loss(m, visml_categorical_crossentropy(ctx, NULL, &err), 1);
}

/* [6, 3] -> whatever: sequences of which parts are masked, with class numbers, or targets of the output's shape. */
static void on_sequences(visml_model *m, visml_loss *loss, int labels) {
    enum { ROWS = 4 };
    const int32_t classes[ROWS] = {0, 2, 1, 2};
    const real weights[ROWS] = {1, 0.5, 2, 1.5};
    uint64_t state = 6;
    visml_tensor *x = random_input(ctx, VISML_SHAPE(6, 3), ROWS, VISML_REAL_DTYPE, 8);
    real *v = (real *)x->data, targets[ROWS * 6 * 4];
    built(m, &err);
    int64_t count = ROWS * visml_shape_count(visml_model_output_shape(m));
    assert_true(count <= ROWS * 6 * 4);
    for (int64_t i = 0; i < count; i++)
        targets[i] = 0.1 + fabs((double)test_random_float(&state));
    memset(v + 18 + 12, 0, 6 * sizeof *v); /* the end of a sequence, a beginning, a step between */
    memset(v + 36, 0, 6 * sizeof *v);
    memset(v + 54 + 6, 0, 3 * sizeof *v);
    problem p = {.model = m, .loss = assert_made(loss, &err), .batch = {.rows = ROWS, .x = x->data, .x_dtype = VISML_REAL_DTYPE,
                 .weights = weights, .divisor = ROWS, .step = 2, .labels = labels ? classes : NULL, .targets = labels ? NULL : targets}};
    stir(m);
    check(p);
    visml_tensor_release(x);
    visml_loss_free(loss);
    visml_model_free(m);
}

static visml_model *masked(void) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    visml_model_add(m, visml_masking(ctx, NULL, &err), &err);
    return m;
}

#define DENSE(n, act) visml_dense(ctx, OPTS(visml_dense_opts, .units = n, .activation = act), &err)

/* Masked steps in normalisation, in a recurrent layer with masks for each gate and a state, and in the loss. */
static void masks_and_states(void **state) {
    (void)state;
    visml_model *m = masked();
    visml_model_add(m, DENSE(4, VISML_SIGMOID), &err);
    visml_model_add(m, visml_batchnorm(ctx, NULL, &err), &err);
    visml_layer *lstm = visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3, .return_sequences = 1, .stateful = 1, .dropout = 0.3,
                                             .recurrent_dropout = 0.3), &err);
    visml_model_add(m, visml_bidirectional(ctx, lstm, OPTS(visml_bidirectional_opts, .merge_mode = VISML_MERGE_MUL), &err), &err);
    visml_model_add(m, visml_time_distributed(ctx, DENSE(2, VISML_TANH), NULL, &err), &err);
    on_sequences(m, visml_mean_squared_error(ctx, NULL, &err), 0);
    m = masked();
    visml_model_add(m, visml_batchnorm(ctx, OPTS(visml_batchnorm_opts, .axis = 1), &err), &err);
    visml_model_add(m, visml_gru(ctx, OPTS(visml_gru_opts, .units = 3, .no_reset_after = 1, .return_sequences = 1, .stateful = 1,
                                           .dropout = 0.3, .recurrent_dropout = 0.3), &err), &err);
    visml_model_add(m, visml_global_avgpool1d(ctx, NULL, &err), &err);
    visml_model_add(m, DENSE(3, VISML_SOFTMAX), &err);
    on_sequences(m, visml_sparse_categorical_crossentropy(ctx, NULL, &err), 1);
}

static void masks_of_several_inputs(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    int32_t a = PUT(visml_masking(ctx, NULL, &err), 0);
    int32_t d = PUT(DENSE(3, VISML_SIGMOID), a);
    int32_t b = PUT(visml_masking(ctx, OPTS(visml_masking_opts, .mask_value = 2), &err), d);
    int32_t sum = PUT(visml_average(ctx, NULL, &err), b, d);
    int32_t e = PUT(DENSE(3, VISML_TANH), b); /* what counts everywhere */
    sum = PUT(visml_multiply(ctx, NULL, &err), sum, d, e);
    sum = PUT(visml_maximum(ctx, NULL, &err), d, sum, e);
    sum = PUT(visml_minimum(ctx, NULL, &err), e, d, sum);
    int32_t all = PUT(visml_concatenate(ctx, OPTS(visml_concatenate_opts, .axis = 1), &err), sum, d, 0);
    visml_layer *gru = visml_gru(ctx, OPTS(visml_gru_opts, .units = 3, .return_state = 1, .recurrent_dropout = 0.3), &err);
    int32_t g = PUT(visml_bidirectional(ctx, gru, NULL, &err), all);
    PUT(DENSE(3, VISML_SOFTMAX), PUT(visml_flatten(ctx, NULL, &err), g));
    on_sequences(m, visml_categorical_crossentropy(ctx, NULL, &err), 1);
}

static void losses_of_each_step(void **state) {
    (void)state;
    visml_loss *losses[] = {visml_categorical_crossentropy(ctx, NULL, &err), visml_kl_divergence(ctx, NULL, &err),
                            visml_cosine_similarity(ctx, NULL, &err), visml_categorical_focal_crossentropy(ctx, NULL, &err),
                            visml_binary_crossentropy(ctx, NULL, &err)};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        visml_model *m = masked();
        visml_model_add(m, DENSE(4, VISML_SOFTMAX), &err);
        on_sequences(m, losses[i], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_joined_with_crossentropy), cmocka_unit_test(softmax_by_itself), cmocka_unit_test(a_reshape_at_the_end),
        cmocka_unit_test(fan_out), cmocka_unit_test(penalties_and_frozen_layers),
        cmocka_unit_test(activations_of_their_input), cmocka_unit_test(shapes_and_several_inputs),
        cmocka_unit_test(masks_and_states), cmocka_unit_test(masks_of_several_inputs), cmocka_unit_test(losses_of_each_step),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
