/* Networks whose input has an open size: the bits of fixed ones at every size, what they show, refuse and allocate. */
#include <math.h>
#include <pthread.h>

#include "model/exec.h"
#include "model/networks.h"
#include "model/sizes.h"

static visml_context *ctx;
static visml_error err;

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    memset(&err, 0, sizeof err);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

#define ANY VISML_ANY

static int32_t put(visml_model *m, visml_layer *layer, int32_t from) {
    return visml_model_apply(m, layer, &from, 1, &err);
}

static visml_layer *conv(visml_context *c, int32_t filters, int32_t kernel, int32_t stride, visml_act activation) {
    return visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = filters, .kernel_size = {kernel}, .strides = {stride}, .padding = VISML_SAME,
                                .activation = activation), &err);
}

/* Every way in which sessions compute a convolution, fused layers, branches, and a head that does not depend on the size. */
static visml_model *image_net(visml_context *c, const visml_shape *input) {
    visml_model *m = visml_model_new(c, input, &err);
    int32_t x = put(m, visml_rescaling(c, OPTS(visml_rescaling_opts, .scale = 1 / 255.0), &err), 0);
    x = put(m, conv(c, 24, 3, 1, VISML_RELU), x);
    int32_t a = put(m, conv(c, 64, 3, 1, VISML_LINEAR), x);
    a = put(m, visml_batchnorm(c, NULL, &err), a);
    int32_t b = put(m, conv(c, 64, 1, 1, VISML_LINEAR), x);
    int32_t sum = visml_model_apply(m, visml_add(c, NULL, &err), AFTER(a, b), &err);
    x = put(m, visml_activation(c, OPTS(visml_activation_opts, .activation = VISML_RELU), &err), sum);
    x = put(m, visml_maxpool2d(c, NULL, &err), x);
    x = put(m, visml_depthwise_conv2d(c, OPTS(visml_depthwise_conv2d_opts, .kernel_size = {3}), &err), x);
    x = put(m, visml_separable_conv2d(c, OPTS(visml_separable_conv2d_opts, .filters = 20, .kernel_size = {3}, .padding = VISML_SAME),
                                      &err), x);
    x = put(m, visml_conv2d_transpose(c, OPTS(visml_conv2d_transpose_opts, .filters = 16, .kernel_size = {3}, .activation = VISML_TANH),
                                      &err), x);
    x = put(m, conv(c, 20, 3, 2, VISML_SILU), x);
    int32_t g = put(m, visml_global_avgpool2d(c, NULL, &err), x), h = put(m, visml_global_maxpool2d(c, NULL, &err), x);
    x = visml_model_apply(m, visml_concatenate(c, NULL, &err), AFTER(g, h), &err);
    put(m, visml_dense(c, OPTS(visml_dense_opts, .units = 5, .activation = VISML_SOFTMAX), &err), x);
    return m;
}

static void same_values(const visml_model *from, visml_model *to) {
    assert_int_equal(from->value_count, to->value_count);
    memcpy(to->values, from->values, from->value_count * sizeof *to->values);
    visml_model_changed(to);
}

/* Values that are not those of a new model: no moving average is 0, no bias. */
static void shake(visml_model *m, uint64_t seed) {
    for (size_t i = 0; i < m->param_count; i++)
        for (size_t k = 0; k < m->params[i].count; k++)
            m->values[m->params[i].offset + k] += (real)(0.1 + 0.05 * (double)test_random_float(&seed));
    visml_model_changed(m);
}

static visml_tensor *run(visml_session *s, const visml_tensor *x) {
    visml_shape sample = visml_shape_make(x->shape.rank - 1, x->shape.dims + 1), out;
    assert_ok(visml_session_output_for(s, &sample, &out, &err), &err);
    visml_shape full = visml_shape_with_batch(&out, x->shape.dims[0]);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_REAL_DTYPE, &full, &err), &err);
    assert_ok(visml_session_run(s, x, y, &err), &err);
    return y;
}

/* The network for this size with the values of the open one. */
static visml_model *fixed(visml_model *(*make)(visml_context *, const visml_shape *), const visml_model *open, const visml_shape *input) {
    visml_model *m = built(make(open->context, input), &err);
    same_values(open, m);
    return m;
}

static void check_size(visml_session *s, visml_model *(*make)(visml_context *, const visml_shape *), const visml_model *open,
                       const visml_shape *input, visml_dtype dtype) {
    /* The run comes first: it finds no memory that holds what it should have made. */
    visml_tensor *x = random_input(ctx, input, 7, dtype, 3), *got = run(s, x);
    visml_model *m = fixed(make, open, input);
    visml_tensor *want = predict(m, x, 3);
    assert_same_bits(want, got);
    visml_tensor_release(x);
    visml_tensor_release(want);
    visml_tensor_release(got);
    visml_model_free(m);
}

static void every_size_has_the_bits_of_a_fixed_one(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{6, 6}, {20, 32}, {33, 17}, {64, 64}, {6, 6}, {20, 32}, {7, 50}};
    visml_model *m = built(image_net(ctx, VISML_SHAPE(ANY, ANY, 3)), &err);
    shake(m, 1);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 3), &err), &err);
    int forms = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_size(s, image_net, m, VISML_SHAPE(sizes[i][0], sizes[i][1], 3), i % 2 ? VISML_U8 : VISML_F32);
        for (size_t k = 0; k < m->node_count; k++)
            forms |= 1 << visml_session_inside(s)->plan.nodes[k].form;
        if (i == 3)
            shake(m, 2); /* all that was prepared, for all sizes, is out of date */
    }
    assert_int_equal(forms, 7); /* weights as they are, and for both tiles of Winograd's */
    visml_session_free(s);
    visml_model_free(m);
}

static visml_model *rows_net(visml_context *c, const visml_shape *input) {
    visml_model *m = visml_model_new(c, input, &err);
    visml_model_add(m, visml_masking(c, NULL, &err), &err);
    visml_model_add(m, visml_bidirectional(c, visml_lstm(c, OPTS(visml_lstm_opts, .units = 5, .return_sequences = 1), &err), NULL, &err),
                    &err);
    visml_model_add(m, visml_time_distributed(c, visml_dense(c, OPTS(visml_dense_opts, .units = 6, .activation = VISML_RELU), &err), NULL,
                                              &err), &err);
    visml_model_add(m, visml_gru(c, OPTS(visml_gru_opts, .units = 4), &err), &err);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 3), &err), &err);
    return m;
}

static visml_model *words_net(visml_context *c, const visml_shape *input) {
    visml_model *m = visml_model_new(c, input, &err);
    visml_model_add(m, visml_embedding(c, OPTS(visml_embedding_opts, .input_dim = 256, .output_dim = 20), &err), &err);
    visml_model_add(m, visml_conv1d(c, OPTS(visml_conv1d_opts, .filters = 16, .kernel_size = 3, .activation = VISML_RELU), &err), &err);
    visml_model_add(m, visml_maxpool1d(c, NULL, &err), &err);
    visml_model_add(m, visml_global_avgpool1d(c, NULL, &err), &err);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 3), &err), &err);
    return m;
}

static void time_can_be_open(void **state) {
    (void)state;
    visml_model *rows = built(rows_net(ctx, VISML_SHAPE(ANY, 4)), &err), *words = built(words_net(ctx, VISML_SHAPE(ANY)), &err);
    visml_session *s = assert_made(visml_session_new(rows, NULL, &err), &err), *t = assert_made(visml_session_new(words, NULL, &err), &err);
    for (int64_t steps = 40; steps > 2; steps /= 2) {
        check_size(s, rows_net, rows, VISML_SHAPE(steps, 4), VISML_F32);
        check_size(t, words_net, words, VISML_SHAPE(steps), VISML_U8);
    }
    visml_session_free(s);
    visml_session_free(t);
    visml_model_free(rows);
    visml_model_free(words);
}

static visml_model *memory_net(visml_context *c, const visml_shape *input, int32_t stateful) {
    visml_model *m = visml_model_new(c, input, &err);
    visml_model_add(m, visml_lstm(c, OPTS(visml_lstm_opts, .units = 5, .stateful = stateful), &err), &err);
    return built(m, &err);
}

/* 7 steps and then 5 are 12 steps. */
static void states_go_on_at_another_length(void **state) {
    (void)state;
    visml_model *m = memory_net(ctx, VISML_SHAPE(ANY, 4), 1), *whole = memory_net(ctx, VISML_SHAPE(12, 4), 0);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_tensor *x = random_input(ctx, VISML_SHAPE(12, 4), 1, VISML_F32, 3), *want = predict(whole, x, 1), *y = NULL;
    for (int part = 0; part < 2; part++) {
        visml_tensor *piece = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(1, part ? 5 : 7, 4), NULL,
                                                (float *)visml_tensor_data(x) + (part ? 28 : 0), NULL, NULL, &err);
        visml_tensor_release(y);
        y = run(s, assert_made(piece, &err));
        visml_tensor_release(piece);
    }
    for (int i = 0; i < 5; i++)
        assert_true(fabs(((real *)y->data)[i] - ((real *)want->data)[i]) < 1e-6);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(want);
    visml_session_free(s);
    visml_model_free(m);
    visml_model_free(whole);
}

/* ---- what is shown ---- */

/* An output that has a size, too: [H, W, 3] -> [H / 2, W / 2, 2]. */
static visml_model *map_net(visml_context *c, const visml_shape *input) {
    visml_model *m = visml_model_new(c, input, &err);
    visml_model_add(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}, .padding = VISML_SAME, .name = "c"), &err),
                    &err);
    visml_model_add(m, visml_maxpool2d(c, OPTS(visml_pool2d_opts, .name = "p"), &err), &err);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 2, .activation = VISML_SOFTMAX), &err), &err);
    return m;
}

static void assert_dims(const visml_shape *s, int32_t rank, const int64_t *dims) {
    assert_int_equal(s->rank, rank);
    for (int32_t i = 0; i < rank; i++)
        assert_int_equal(s->dims[i], dims[i]);
}

#define assert_shape(shape, ...) \
    assert_dims((shape), (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

static void open_dimensions_are_shown(void **state) {
    (void)state;
    char text[4096];
    visml_model *m = built(map_net(ctx, VISML_SHAPE(ANY, 12, 3)), &err);
    assert_shape(visml_model_input_shape(m), ANY, 12, 3);
    assert_shape(visml_model_output_shape(m), ANY, 6, 2);
    visml_model_summary(m, text, sizeof text);
    assert_non_null(strstr(text, "(None, None, 12, 4)"));
    assert_non_null(strstr(text, "(None, None, 6, 2)"));
    assert_non_null(strstr(text, " 112 "));
    visml_model_free(m);
}

static void sessions_tell_the_shape_of_their_output(void **state) {
    (void)state;
    visml_shape out;
    visml_model *m = built(map_net(ctx, VISML_SHAPE(ANY, ANY, 3)), &err);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_session *inner = assert_made(visml_session_new(m, OPTS(visml_session_opts, .output = "p"), &err), &err);
    visml_session *set = assert_made(visml_session_new(m, OPTS(visml_session_opts, .input = VISML_SHAPE(9, 8, 3)), &err), &err);
    assert_shape(visml_session_output_shape(s), ANY, ANY, 2);
    assert_shape(visml_session_output_shape(inner), ANY, ANY, 4);
    assert_shape(visml_session_output_shape(set), 4, 4, 2);
    assert_ok(visml_session_output_for(s, VISML_SHAPE(9, 11, 3), &out, &err), &err);
    assert_shape(&out, 4, 5, 2);
    assert_ok(visml_session_output_for(inner, VISML_SHAPE(2, 3, 3), &out, &err), &err);
    assert_shape(&out, 1, 1, 4);
    check_size(s, map_net, m, VISML_SHAPE(9, 11, 3), VISML_F32);
    check_size(set, map_net, m, VISML_SHAPE(9, 8, 3), VISML_F32);
    visml_session_free(s);
    visml_session_free(inner);
    visml_session_free(set);
    visml_model_free(m);
}

static void files_and_json_keep_it_open(void **state) {
    (void)state;
    char text[4096], again[4096];
    visml_model *m = built(image_net(ctx, VISML_SHAPE(ANY, ANY, 3)), &err);
    size_t n = visml_model_to_json(m, text, sizeof text);
    assert_true(n > 0 && n < sizeof text);
    assert_non_null(strstr(text, "null"));
    visml_tensor *file = assert_made(visml_model_save_memory(m, &err), &err);
    visml_model *read = assert_made(visml_model_load_memory(ctx, visml_tensor_data(file), (size_t)visml_tensor_count(file), &err), &err);
    visml_model *made = built(assert_made(visml_model_from_json(ctx, text, n, NULL, 0, &err), &err), &err);
    visml_model *set = built(assert_made(visml_model_from_json(ctx, text, n, VISML_SHAPE(8, 8, 3), 0, &err), &err), &err);
    assert_shape(visml_model_input_shape(read), ANY, ANY, 3);
    assert_shape(visml_model_input_shape(made), ANY, ANY, 3);
    assert_shape(visml_model_input_shape(set), 8, 8, 3);
    visml_model_to_json(read, again, sizeof again);
    assert_string_equal(text, again);
    visml_session *s = assert_made(visml_session_new(read, NULL, &err), &err);
    check_size(s, image_net, m, VISML_SHAPE(9, 14, 3), VISML_F32);
    visml_session_free(s);
    visml_model_free(m);
    visml_model_free(read);
    visml_model_free(made);
    visml_model_free(set);
    visml_tensor_release(file);
}

static void cuts_keep_it_open(void **state) {
    (void)state;
    visml_model *m = built(image_net(ctx, VISML_SHAPE(ANY, ANY, 3)), &err);
    visml_model *part = assert_made(visml_model_cut(m, "max_pooling2d", &err), &err);
    visml_model_add(part, visml_global_avgpool2d(ctx, NULL, &err), &err);
    visml_model_add(part, visml_dense(ctx, OPTS(visml_dense_opts, .units = 2), &err), &err);
    built(part, &err);
    assert_shape(visml_model_output_shape(part), 2);
    assert_shape(visml_model_input_shape(part), ANY, ANY, 3);
    visml_model_free(m);
    visml_model_free(part);
}

/* ---- what is refused ---- */

static void assert_says(visml_status got, visml_status want, const char *const *words) {
    assert_status(got, want, &err);
    for (; *words; words++)
        if (!strstr(err.message, *words))
            fail_msg("\"%s\" does not say \"%s\"", err.message, *words);
}

#define assert_refused(call, ...) assert_says((call), VISML_EINVAL, (const char *const[]){__VA_ARGS__, NULL})

static visml_model *behind_conv(visml_layer *first, visml_layer *second) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(ANY, ANY, 3), &err);
    visml_model_add(m, conv(ctx, 4, 3, 1, VISML_RELU), &err);
    visml_model_add(m, first, &err);
    if (second)
        visml_model_add(m, second, &err);
    return m;
}

static void parameters_must_not_depend_on_the_size(void **state) {
    (void)state;
    visml_layer *dense = visml_dense(ctx, OPTS(visml_dense_opts, .units = 10, .name = "head"), &err);
    visml_model *m = behind_conv(visml_flatten(ctx, NULL, &err), dense);
    assert_refused(visml_model_build(m, 0, &err), "layer 3 (dense \"head\")", "its kernel would be [None, 10]", "[None, None, 3]",
                   "global_average_pooling2d in place of layer 2 (flatten \"flatten\")", "fixed size");
    visml_model_free(m);
    m = behind_conv(visml_prelu(ctx, NULL, &err), NULL);
    assert_refused(visml_model_build(m, 0, &err), "prelu", "alpha would be [None, None, 4]", "shared_axes");
    visml_model_free(m);
    m = behind_conv(visml_reshape(ctx, OPTS(visml_reshape_opts, .target_shape = {4, -1}), &err),
                    visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 2), &err));
    assert_refused(visml_model_build(m, 0, &err), "layer 3 (lstm", "kernel would be [None, 8]", "global_average_pooling1d");
    visml_model_free(m);
    m = visml_model_new(ctx, VISML_SHAPE(8, 8, ANY), &err);
    assert_refused(visml_model_add(m, conv(ctx, 4, 3, 1, VISML_RELU), &err), "layer 1 (conv2d", "[3, 3, None, 4]", "[8, 8, None]",
                   "give the input a fixed size");
    visml_model_free(m);
    m = behind_conv(visml_reshape(ctx, OPTS(visml_reshape_opts, .target_shape = {7, 7, 4}), &err), NULL);
    assert_refused(visml_model_build(m, 0, &err), "layer 2 (reshape", "target_shape [7, 7, 4]", "the model's input is [None, None, 3]");
    visml_model_free(m);
    /* Without parameters there is nothing to depend on anything. */
    m = built(behind_conv(visml_flatten(ctx, NULL, &err), NULL), &err);
    assert_shape(visml_model_output_shape(m), ANY);
    visml_model_free(m);
}

static void sizes_that_do_not_fit_are_told(void **state) {
    (void)state;
    visml_shape out;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(ANY, ANY, 3), &err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 2, .kernel_size = {5}, .name = "five"), &err), &err);
    visml_model_add(m, visml_global_avgpool2d(ctx, NULL, &err), &err);
    built(m, &err);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_tensor *small = random_input(ctx, VISML_SHAPE(9, 20, 3), 2, VISML_F32, 1), *x = random_input(ctx, VISML_SHAPE(10, 20, 3), 2,
                                                                                                      VISML_F32, 1);
    visml_tensor *gray = random_input(ctx, VISML_SHAPE(10, 20, 1), 2, VISML_F32, 1), *y = new_output(m, 2), *z = new_output(m, 3);
    assert_refused(visml_session_run(s, small, y, &err), "session: x is [2, 9, 20, 3]", "layer 2 (conv2d \"five\")", "[4, 10, 3]",
                   "[None, None, 3]", "[9, 20, 3]");
    assert_refused(visml_session_run(s, gray, y, &err), "x is [2, 10, 20, 1], must be [N, None, None, 3]");
    assert_refused(visml_session_run(s, x, z, &err), "y [3, 2]");
    assert_refused(visml_session_output_for(s, VISML_SHAPE(4, 4, 3), &out, &err), "five");
    assert_refused(visml_session_output_for(s, VISML_SHAPE(ANY, 4, 3), &out, &err), "input");
    assert_null(visml_session_new(m, OPTS(visml_session_opts, .input = VISML_SHAPE(9, 20, 3)), &err));
    assert_refused(err.code, "five");
    assert_null(visml_session_new(m, OPTS(visml_session_opts, .input = VISML_SHAPE(20, 20, 1)), &err));
    assert_refused(err.code, "session: input is [20, 20, 1], must be [None, None, 3]");
    assert_ok(visml_session_run(s, x, y, &err), &err);
    visml_session *set = assert_made(visml_session_new(m, OPTS(visml_session_opts, .input = VISML_SHAPE(12, 12, 3)), &err), &err);
    assert_refused(visml_session_run(set, x, y, &err), "x is [2, 10, 20, 3], must be [N, 12, 12, 3]");
    visml_session_free(set);
    visml_session_free(s);
    visml_tensor_release(small);
    visml_tensor_release(gray);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(z);
    visml_model_free(m);
}

static void bad_inputs_make_no_model(void **state) {
    (void)state;
    assert_null(visml_model_new(ctx, VISML_SHAPE(-2, 8, 3), &err));
    assert_refused(err.code, "-2");
    assert_null(visml_model_new(ctx, VISML_SHAPE(ANY, 0, 3), &err));
    assert_null(visml_model_new(ctx, VISML_SHAPE(ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY), &err));
    visml_model *m = assert_made(visml_model_new(ctx, VISML_SHAPE(ANY, ANY, ANY, ANY, ANY, ANY, ANY), &err), &err);
    visml_model_add(m, visml_activation(ctx, OPTS(visml_activation_opts, .activation = VISML_TANH), &err), &err);
    built(m, &err);
    assert_shape(visml_model_output_shape(m), ANY, ANY, ANY, ANY, ANY, ANY, ANY);
    visml_model_free(m);
    static const char negative[] = "{\"input_shape\": [-1, 4], \"layers\": [{\"class\": \"flatten\"}]}";
    assert_null(visml_model_from_json(ctx, negative, sizeof negative - 1, NULL, 0, &err));
    assert_says(err.code, VISML_EFORMAT, (const char *const[]){"or null where any size goes", NULL});
}

/* The first U-Net (Ronneberger et al. 2015), two levels of it: convolutions without padding, and what the way down gives is cropped to what
 * the way up gives. That fits for sizes of 4 n + 2 alone. */
static visml_model *unet(visml_context *c, const visml_shape *input) {
    static const visml_conv2d_opts three = {.size = (uint32_t)sizeof three, .filters = 4, .kernel_size = {3, 3}};
    visml_model *m = visml_model_new(c, input, &err);
    int32_t top = put(m, visml_conv2d(c, &three, &err), 0), next = put(m, visml_maxpool2d(c, NULL, &err), top);
    int32_t middle = put(m, visml_conv2d(c, &three, &err), next), bottom = put(m, visml_maxpool2d(c, NULL, &err), middle);
    int32_t up = put(m, visml_up_sampling2d(c, NULL, &err), put(m, visml_conv2d(c, &three, &err), bottom));
    int32_t cut = put(m, visml_cropping2d(c, OPTS(visml_cropping2d_opts, .cropping = {2, 2, 2, 2}), &err), middle);
    int32_t join = visml_model_apply(m, visml_concatenate(c, NULL, &err), AFTER(cut, up), &err);
    put(m, visml_dense(c, OPTS(visml_dense_opts, .units = 2), &err), join);
    return m;
}

static void branches_that_meet_for_some_sizes_only(void **state) {
    (void)state;
    visml_shape out;
    visml_model *m = built(unet(ctx, VISML_SHAPE(ANY, ANY, 1)), &err);
    assert_shape(visml_model_output_shape(m), ANY, ANY, 2);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    check_size(s, unet, m, VISML_SHAPE(22, 30, 1), VISML_F32);
    assert_refused(visml_session_output_for(s, VISML_SHAPE(24, 30, 1), &out, &err), "concatenate", "[24, 30, 1]");
    visml_session_free(s);
    visml_model_free(m);
}

/* ---- memory ---- */

static visml_context *counting(test_allocator *a, int32_t threads) {
    test_allocator_init(a);
    return assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a->table, .threads = threads), &err), &err);
}

static void the_same_size_again_allocates_nothing(void **state) {
    (void)state;
    test_allocator a;
    visml_context *c = counting(&a, 2);
    visml_model *m = built(image_net(c, VISML_SHAPE(ANY, ANY, 3)), &err);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 2), &err), &err);
    visml_session *set = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 2, .input = VISML_SHAPE(18, 17, 3)), &err),
                                     &err);
    visml_tensor *x = random_input(c, VISML_SHAPE(18, 17, 3), 5, VISML_U8, 1), *other = random_input(c, VISML_SHAPE(9, 10, 3), 1, VISML_U8,
                                                                                                     2);
    visml_tensor *y = new_output(m, 5), *z = new_output(m, 1);
    assert_ok(visml_session_run(s, other, z, &err), &err);
    assert_ok(visml_session_run(s, x, y, &err), &err);
    int64_t calls = a.calls, live = a.live;
    uint64_t bytes = visml_context_memory_used(c);
    for (int i = 0; i < 3; i++) {
        assert_ok(visml_session_run(s, x, y, &err), &err);
        assert_ok(visml_session_run(set, x, y, &err), &err);
    }
    assert_int_equal(a.calls, calls);
    /* Sizes in turn: the plan is made anew, and nothing grows. */
    size_t arena = visml_session_inside(s)->arena_bytes;
    for (int i = 0; i < 3; i++) {
        assert_ok(visml_session_run(s, other, z, &err), &err);
        assert_true(visml_session_inside(s)->plan.arena_bytes < arena);
        assert_true(visml_session_inside(s)->arena_bytes == arena);
        assert_ok(visml_session_run(s, x, y, &err), &err);
        assert_int_equal(a.live, live);
        assert_int_equal(visml_context_memory_used(c), bytes);
    }
    visml_session_free(s);
    visml_session_free(set);
    visml_tensor_release(x);
    visml_tensor_release(other);
    visml_tensor_release(y);
    visml_tensor_release(z);
    visml_model_free(m);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

/* Packed weights are there once for each form, for all sizes and sessions. */
static void prepared_weights_are_shared_by_sizes(void **state) {
    (void)state;
    test_allocator a;
    visml_context *c = counting(&a, 1);
    visml_model *m = visml_model_new(c, VISML_SHAPE(ANY, ANY, 3), &err);
    visml_model_add(m, conv(c, 16, 5, 1, VISML_RELU), &err);
    visml_model_add(m, visml_global_avgpool2d(c, NULL, &err), &err);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 1000), &err), &err);
    built(m, &err);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 1), &err), &err);
    uint64_t packed[2];
    for (int i = 0; i < 2; i++) {
        visml_tensor *x = random_input(c, VISML_SHAPE(16 - 8 * i, 16, 3), 1, VISML_F32, 1), *y = new_output(m, 1);
        uint64_t before = visml_context_memory_used(c);
        assert_ok(visml_session_run(s, x, y, &err), &err);
        packed[i] = visml_context_memory_used(c) - before;
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
    assert_true(packed[0] > 16 * 1000 * sizeof(real));
    assert_true(packed[1] == 0); /* the smaller one runs in the memory of the larger one */
    visml_session_free(s);
    visml_model_free(m);
    visml_context_free(c);
}

static void a_failure_leaves_the_session_usable(void **state) {
    (void)state;
    test_allocator a;
    visml_context *c = counting(&a, 1);
    visml_model *m = built(image_net(c, VISML_SHAPE(ANY, ANY, 3)), &err);
    visml_tensor *x = random_input(c, VISML_SHAPE(9, 10, 3), 1, VISML_F32, 2), *big = random_input(c, VISML_SHAPE(40, 40, 3), 1, VISML_F32,
                                                                                                   2);
    visml_tensor *y = new_output(m, 1), *z = new_output(m, 1), *want = predict(m, x, 1), *large = predict(m, big, 1);
    int64_t n = 0, failures = 0;
    for (visml_status status = VISML_ENOMEM; status < 0; failures += status < 0) {
        visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 1), &err), &err);
        assert_ok(visml_session_run(s, x, y, &err), &err);
        a.countdown = ++n;
        status = visml_session_run(s, big, z, &err);
        a.countdown = -1;
        assert_true(status == VISML_OK || status == VISML_ENOMEM);
        assert_ok(visml_session_run(s, x, y, &err), &err);
        assert_same_bits(y, want);
        assert_ok(visml_session_run(s, big, y, &err), &err);
        assert_same_bits(y, large);
        visml_session_free(s);
        assert_true(n < 100);
    }
    assert_true(failures > 5);
    visml_tensor_release(x);
    visml_tensor_release(big);
    visml_tensor_release(y);
    visml_tensor_release(z);
    visml_tensor_release(want);
    visml_tensor_release(large);
    visml_model_free(m);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

static int make_with_failure(test_allocator *a, visml_context *c, int64_t n) {
    a->countdown = n;
    visml_model *m = image_net(c, VISML_SHAPE(ANY, ANY, 3));
    visml_status status = visml_model_build(m, 1, &err);
    a->countdown = -1;
    visml_model_free(m);
    return status == VISML_OK;
}

static void building_may_run_out_of_memory(void **state) {
    (void)state;
    test_allocator a;
    visml_context *c = counting(&a, 1);
    int64_t live = a.live, n = 1;
    for (; !make_with_failure(&a, c, n); n++)
        assert_int_equal(a.live, live);
    assert_true(n > 20);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

/* ---- threads ---- */

typedef struct job {
    const visml_model *model;
    visml_tensor *x[3], *want[3];
    pthread_t thread;
    int first, wrong;
} job;

static void *run_job(void *arg) {
    job *j = arg;
    visml_error e = {0};
    visml_session *s = visml_session_new(j->model, OPTS(visml_session_opts, .max_batch = 2), &e);
    for (int i = 0; i < 9; i++) {
        int k = (i + j->first) % 3;
        visml_tensor *y = new_output(j->model, 2);
        j->wrong += visml_session_run(s, j->x[k], y, &e) < 0 || memcmp(y->data, j->want[k]->data, (size_t)y->count * sizeof(real)) != 0;
        visml_tensor_release(y);
    }
    visml_session_free(s);
    return NULL;
}

static void threads_run_sizes_of_their_own(void **state) {
    (void)state;
    visml_model *m = built(image_net(ctx, VISML_SHAPE(ANY, ANY, 3)), &err);
    job jobs[3];
    for (int k = 0; k < 3; k++) {
        visml_shape size = *VISML_SHAPE(6 + 13 * k, 6 + 13 * k, 3);
        visml_model *f = fixed(image_net, m, &size);
        jobs[0].x[k] = random_input(ctx, &size, 2, VISML_F32, 4);
        jobs[0].want[k] = predict(f, jobs[0].x[k], 2);
        visml_model_free(f);
    }
    for (int i = 2; i >= 0; i--) {
        jobs[i] = jobs[0];
        jobs[i].model = m;
        jobs[i].first = i;
        jobs[i].wrong = 0;
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(jobs[i].wrong, 0);
    for (int k = 0; k < 3; k++) {
        visml_tensor_release(jobs[0].x[k]);
        visml_tensor_release(jobs[0].want[k]);
    }
    visml_model_free(m);
}

/* ---- training ---- */

static visml_train_batch batch_of(const visml_tensor *x, const int32_t *labels) {
    int64_t rows = x->shape.dims[0];
    return (visml_train_batch){.rows = rows, .x = x->data, .x_dtype = x->dtype, .labels = labels, .divisor = (double)rows};
}

/* One trainer, sizes in turn: loss, gradients and moving averages of a fixed model. */
static void training_takes_sizes_in_turn(void **state) {
    (void)state;
    static const int32_t labels[] = {0, 3, 4, 1};
    visml_model *m = built(image_net(ctx, VISML_SHAPE(ANY, ANY, 3)), &err);
    visml_loss *loss = assert_made(visml_sparse_categorical_crossentropy(ctx, NULL, &err), &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 4, 1, &err), &err);
    for (int i = 0; i < 4; i++) {
        visml_shape size = *VISML_SHAPE(i % 2 ? 30 : 11, 12, 3);
        visml_model *f = fixed(image_net, m, &size);
        visml_trainer *u = assert_made(visml_trainer_new(f, loss, 4, 1, &err), &err);
        visml_tensor *x = random_input(ctx, &size, 4, VISML_F32, (uint64_t)i);
        visml_train_batch batch = batch_of(x, labels);
        assert_ok(visml_trainer_fit(t, &size, &err), &err);
        assert_true(visml_trainer_gradients(t, &batch) == visml_trainer_gradients(u, &batch));
        assert_memory_equal(visml_trainer_grads(t), visml_trainer_grads(u), m->trainable_count * sizeof(real));
        assert_memory_equal(m->values, f->values, m->value_count * sizeof(real));
        visml_tensor_release(x);
        visml_trainer_free(u);
        visml_model_free(f);
    }
    assert_refused(visml_trainer_fit(t, VISML_SHAPE(1, 1, 3), &err), "max_pooling2d");
    visml_trainer_free(t);
    visml_loss_free(loss);
    visml_model_free(m);
}

static visml_model *steps_net(visml_context *c, const visml_shape *input) {
    visml_model *m = visml_model_new(c, input, &err);
    visml_model_add(m, visml_masking(c, NULL, &err), &err);
    visml_model_add(m, visml_lstm(c, OPTS(visml_lstm_opts, .units = 5, .return_sequences = 1), &err), &err);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 3), &err), &err);
    return m;
}

/* The output has a place for each step, and the loss a number. */
static void losses_behind_a_mask_take_lengths_in_turn(void **state) {
    (void)state;
    visml_model *m = built(steps_net(ctx, VISML_SHAPE(ANY, 4)), &err);
    visml_loss *loss = assert_made(visml_mean_squared_error(ctx, NULL, &err), &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 2, 1, &err), &err);
    for (int64_t steps = 3; steps < 40; steps = steps % 2 ? 4 * steps : steps + 1) {
        visml_shape size = *VISML_SHAPE(steps, 4);
        visml_model *f = fixed(steps_net, m, &size);
        visml_trainer *u = assert_made(visml_trainer_new(f, loss, 2, 1, &err), &err);
        visml_tensor *x = random_input(ctx, &size, 2, VISML_F32, 6), *y = random_input(ctx, VISML_SHAPE(steps, 3), 2, VISML_REAL_DTYPE, 7);
        memset(x->data, 0, 4 * sizeof(float)); /* a step that does not count */
        visml_train_batch batch = batch_of(x, NULL);
        batch.targets = (real *)y->data;
        assert_ok(visml_trainer_fit(t, &size, &err), &err);
        double got = visml_trainer_gradients(t, &batch), want = visml_trainer_gradients(u, &batch);
        assert_true(got == want && got > 0);
        assert_memory_equal(visml_trainer_grads(t), visml_trainer_grads(u), m->trainable_count * sizeof(real));
        visml_tensor_release(x);
        visml_tensor_release(y);
        visml_trainer_free(u);
        visml_model_free(f);
    }
    visml_trainer_free(t);
    visml_loss_free(loss);
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(losses_behind_a_mask_take_lengths_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(states_go_on_at_another_length, setup, teardown),
        cmocka_unit_test_setup_teardown(every_size_has_the_bits_of_a_fixed_one, setup, teardown),
        cmocka_unit_test_setup_teardown(time_can_be_open, setup, teardown),
        cmocka_unit_test_setup_teardown(open_dimensions_are_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(sessions_tell_the_shape_of_their_output, setup, teardown),
        cmocka_unit_test_setup_teardown(files_and_json_keep_it_open, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_keep_it_open, setup, teardown),
        cmocka_unit_test_setup_teardown(parameters_must_not_depend_on_the_size, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes_that_do_not_fit_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_inputs_make_no_model, setup, teardown),
        cmocka_unit_test_setup_teardown(branches_that_meet_for_some_sizes_only, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_size_again_allocates_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(prepared_weights_are_shared_by_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_leaves_the_session_usable, setup, teardown),
        cmocka_unit_test_setup_teardown(building_may_run_out_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_run_sizes_of_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(training_takes_sizes_in_turn, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
