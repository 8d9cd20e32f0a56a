#include "contract/layer_cases.h"

#include <string.h>

#include "nn/wrapper.h"

#define LINEAR 1e-7 /* relative error of central differences with a step of 1e-6 in double */
#define SMOOTH 1e-6

#define SHAPE(rank, ...) {(uint32_t)sizeof(visml_shape), rank, {__VA_ARGS__}}
#define ONE(...) 1, {SHAPE(__VA_ARGS__)}
#define CASE(layer, what, opts_type, tolerance, in, ...) \
    {#layer " " what, &visml_##layer##_class, &(visml_##opts_type##_opts){.size = sizeof(visml_##opts_type##_opts), __VA_ARGS__}, \
     tolerance, in}
#define CONV(what, tolerance, ...) CASE(conv2d, what, conv2d, tolerance, ONE(3, 6, 5, 4), .filters = 4, __VA_ARGS__)
#define POOL(layer, what, ...) CASE(layer, what, pool2d, LINEAR, ONE(3, 6, 7, 2), __VA_ARGS__)
#define ACT(what, tolerance, ...) CASE(activation, what, activation, tolerance, ONE(2, 3, 7), __VA_ARGS__)
#define LSTM(what, ...) CASE(lstm, what, lstm, SMOOTH, ONE(2, 4, 3), __VA_ARGS__)
#define GRU(what, ...) CASE(gru, what, gru, SMOOTH, ONE(2, 4, 3), __VA_ARGS__)
#define SIMPLE(what, ...) CASE(simple_rnn, what, simple_rnn, SMOOTH, ONE(2, 4, 3), __VA_ARGS__)

#define BIDIRECTIONAL(what, mode) CASE(bidirectional, what, bidirectional, SMOOTH, ONE(2, 4, 3), .merge_mode = mode)
#define EACH_STEP(what, ...) CASE(time_distributed, what, plain, SMOOTH, ONE(__VA_ARGS__), .reserved = 0)

const test_case test_cases[] = {
    CONV("3x3", LINEAR, .kernel_size = {3}),
    CONV("same", LINEAR, .kernel_size = {3, 2}, .padding = VISML_SAME),
    CONV("strides", LINEAR, .kernel_size = {3, 2}, .strides = {2, 3}),
    CONV("strides same", LINEAR, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME),
    CONV("strides past the kernel", LINEAR, .kernel_size = {1}, .strides = {3}),
    CONV("dilation", LINEAR, .kernel_size = {3, 2}, .dilation_rate = {2, 3}),
    CONV("dilation same strides", LINEAR, .kernel_size = {3}, .dilation_rate = {2}, .padding = VISML_SAME, .strides = {2, 1}),
    CONV("groups", LINEAR, .kernel_size = {3}, .groups = 2),
    CONV("depthwise", LINEAR, .kernel_size = {3}, .groups = 4, .padding = VISML_SAME),
    CASE(conv2d, "depthwise, three of a channel", conv2d, LINEAR, ONE(3, 5, 6, 2), .filters = 6, .kernel_size = {2, 3}, .groups = 2,
         .strides = {2, 1}, .padding = VISML_SAME),
    CONV("1x1", LINEAR, .kernel_size = {1}),
    CONV("no bias", LINEAR, .kernel_size = {2}, .no_bias = 1),
    CONV("relu", LINEAR, .kernel_size = {3}, .activation = VISML_RELU),
    CONV("leaky relu", LINEAR, .kernel_size = {3}, .activation = VISML_LEAKY_RELU),
    CONV("sigmoid", SMOOTH, .kernel_size = {3}, .activation = VISML_SIGMOID),
    CONV("tanh", SMOOTH, .kernel_size = {3}, .activation = VISML_TANH),
    CONV("softmax", SMOOTH, .kernel_size = {3}, .activation = VISML_SOFTMAX),
    CONV("initialisers", LINEAR, .kernel_size = {2}, .kernel_initializer = VISML_INIT_ORTHOGONAL,
         .bias_initializer = VISML_INIT_RANDOM_NORMAL),
    CONV("larger than its input", LINEAR, .kernel_size = {9, 8}, .padding = VISML_SAME),
    POOL(maxpool2d, "default", .padding = VISML_VALID),
    POOL(maxpool2d, "overlapping", .pool_size = {3, 2}, .strides = {1, 1}),
    POOL(maxpool2d, "stride of the width", .pool_size = {2, 3}, .strides = {0, 1}),
    POOL(maxpool2d, "same", .pool_size = {3}, .strides = {2, 3}, .padding = VISML_SAME),
    POOL(avgpool2d, "default", .padding = VISML_VALID),
    POOL(avgpool2d, "overlapping", .pool_size = {3, 2}, .strides = {1, 1}),
    POOL(avgpool2d, "same", .pool_size = {3}, .strides = {2, 3}, .padding = VISML_SAME),
    CASE(global_avgpool2d, "default", global_pool2d, LINEAR, ONE(3, 5, 3, 4), .keepdims = 0),
    CASE(global_avgpool2d, "keepdims", global_pool2d, LINEAR, ONE(3, 5, 3, 4), .keepdims = 1),
    CASE(batchnorm, "default", batchnorm, SMOOTH, ONE(3, 3, 2, 3), .momentum = 0),
    CASE(batchnorm, "vectors", batchnorm, SMOOTH, ONE(1, 5), .momentum = 0.7, .epsilon = 0.3),
    CASE(batchnorm, "momentum of zero", batchnorm, SMOOTH, ONE(1, 5), .momentum = VISML_ZERO),
    CASE(batchnorm, "no centre", batchnorm, SMOOTH, ONE(2, 4, 3), .no_center = 1),
    CASE(batchnorm, "no scale", batchnorm, SMOOTH, ONE(2, 4, 3), .no_scale = 1),
    CASE(batchnorm, "bare", batchnorm, SMOOTH, ONE(2, 4, 3), .no_scale = 1, .no_center = 1),
    CASE(dropout, "a third", dropout, LINEAR, ONE(2, 5, 7), .rate = 1 / 3.0),
    CASE(dropout, "with a seed", dropout, LINEAR, ONE(2, 5, 7), .rate = 0.9, .seed = 11),
    CASE(dropout, "rate of zero", dropout, LINEAR, ONE(2, 5, 7), .rate = VISML_ZERO),
    CASE(flatten, "default", plain, LINEAR, ONE(3, 2, 3, 4), .reserved = 0),
    CASE(dense, "default", dense, LINEAR, ONE(1, 7), .units = 5),
    CASE(dense, "higher rank", dense, LINEAR, ONE(3, 3, 2, 4), .units = 5),
    CASE(dense, "no bias", dense, LINEAR, ONE(1, 7), .units = 3, .no_bias = 1),
    CASE(dense, "relu", dense, LINEAR, ONE(2, 2, 7), .units = 6, .activation = VISML_RELU),
    CASE(dense, "softmax", dense, SMOOTH, ONE(2, 2, 7), .units = 6, .activation = VISML_SOFTMAX),
    CASE(dense, "initialisers", dense, LINEAR, ONE(1, 7), .units = 3, .kernel_initializer = VISML_INIT_HE_NORMAL,
         .bias_initializer = VISML_INIT_ONES),
    ACT("linear", LINEAR, .activation = VISML_LINEAR),
    ACT("relu", LINEAR, .activation = VISML_RELU),
    ACT("leaky relu", LINEAR, .activation = VISML_LEAKY_RELU),
    ACT("leaky relu with a slope", LINEAR, .activation = VISML_LEAKY_RELU, .alpha = 0.7),
    ACT("leaky relu with a slope of zero", LINEAR, .activation = VISML_LEAKY_RELU, .alpha = VISML_ZERO),
    ACT("sigmoid", SMOOTH, .activation = VISML_SIGMOID),
    ACT("tanh", SMOOTH, .activation = VISML_TANH),
    ACT("softmax", SMOOTH, .activation = VISML_SOFTMAX),
    ACT("relu6", LINEAR, .activation = VISML_RELU6),
    CASE(reshape, "given", reshape, LINEAR, ONE(2, 4, 6), .target_shape = {24}),
    CASE(reshape, "worked out", reshape, LINEAR, ONE(2, 4, 6), .target_shape = {2, -1, 3}),
    CASE(rescaling, "scale", rescaling, LINEAR, ONE(2, 4, 6), .scale = 1 / 255.0),
    CASE(rescaling, "offset", rescaling, LINEAR, ONE(2, 4, 6), .scale = -3, .offset = 0.5),
    {"add two", &visml_add_class, NULL, LINEAR, 2, {SHAPE(2, 3, 4), SHAPE(2, 3, 4)}},
    {"add three", &visml_add_class, NULL, LINEAR, 3, {SHAPE(2, 3, 4), SHAPE(2, 3, 4), SHAPE(2, 3, 4)}},
    {"concatenate last", &visml_concatenate_class, NULL, LINEAR, 3, {SHAPE(2, 3, 4), SHAPE(2, 3, 1), SHAPE(2, 3, 2)}},
    {"concatenate first", &visml_concatenate_class, &(visml_concatenate_opts){.size = sizeof(visml_concatenate_opts), .axis = 1}, LINEAR, 2,
     {SHAPE(2, 3, 4), SHAPE(2, 2, 4)}},
    {"concatenate middle", &visml_concatenate_class, &(visml_concatenate_opts){.size = sizeof(visml_concatenate_opts), .axis = -2}, LINEAR,
     2, {SHAPE(3, 2, 3, 4), SHAPE(3, 2, 1, 4)}},
    LSTM("default", .units = 5),
    LSTM("sequences", .units = 18, .return_sequences = 1),
    LSTM("backwards", .units = 3, .go_backwards = 1),
    LSTM("backwards sequences", .units = 3, .go_backwards = 1, .return_sequences = 1),
    LSTM("no bias", .units = 3, .no_bias = 1),
    LSTM("no forget bias", .units = 3, .no_unit_forget_bias = 1),
    LSTM("relu", .units = 4, .activation = VISML_RELU, .recurrent_activation = VISML_TANH),
    LSTM("leaky relu", .units = 4, .activation = VISML_SIGMOID, .recurrent_activation = VISML_LEAKY_RELU),
    LSTM("linear", .units = 4, .activation = VISML_IDENTITY, .recurrent_activation = VISML_IDENTITY),
    LSTM("initialisers", .units = 3, .kernel_initializer = VISML_INIT_HE_NORMAL, .recurrent_initializer = VISML_INIT_GLOROT_UNIFORM,
         .bias_initializer = VISML_INIT_RANDOM_NORMAL),
    LSTM("dropout", .units = 5, .dropout = 0.4, .return_sequences = 1),
    LSTM("recurrent dropout", .units = 5, .recurrent_dropout = 0.4, .go_backwards = 1),
    GRU("default", .units = 5),
    GRU("sequences", .units = 18, .return_sequences = 1),
    GRU("backwards", .units = 3, .go_backwards = 1),
    GRU("reset first", .units = 18, .no_reset_after = 1, .return_sequences = 1, .go_backwards = 1),
    GRU("no bias", .units = 3, .no_bias = 1),
    GRU("reset first, no bias", .units = 3, .no_bias = 1, .no_reset_after = 1),
    GRU("relu", .units = 4, .activation = VISML_RELU, .recurrent_activation = VISML_TANH),
    GRU("leaky relu", .units = 4, .activation = VISML_SIGMOID, .recurrent_activation = VISML_LEAKY_RELU, .no_reset_after = 1),
    GRU("initialisers", .units = 3, .kernel_initializer = VISML_INIT_HE_NORMAL, .recurrent_initializer = VISML_INIT_GLOROT_UNIFORM,
        .bias_initializer = VISML_INIT_RANDOM_NORMAL),
    GRU("dropout", .units = 5, .dropout = 0.4, .recurrent_dropout = 0.4, .return_sequences = 1),
    GRU("reset first, dropout", .units = 5, .dropout = 0.4, .recurrent_dropout = 0.4, .no_reset_after = 1),
    SIMPLE("default", .units = 5),
    SIMPLE("sequences", .units = 18, .return_sequences = 1, .go_backwards = 1),
    SIMPLE("no bias", .units = 3, .no_bias = 1),
    SIMPLE("relu", .units = 4, .activation = VISML_RELU),
    SIMPLE("linear", .units = 4, .activation = VISML_IDENTITY),
    SIMPLE("initialisers", .units = 3, .kernel_initializer = VISML_INIT_HE_NORMAL, .recurrent_initializer = VISML_INIT_GLOROT_UNIFORM,
           .bias_initializer = VISML_INIT_RANDOM_NORMAL),
    SIMPLE("dropout", .units = 5, .dropout = 0.4, .recurrent_dropout = 0.4, .return_sequences = 1),
    BIDIRECTIONAL("concat", VISML_MERGE_CONCAT),
    BIDIRECTIONAL("concat sequences", VISML_MERGE_CONCAT),
    BIDIRECTIONAL("sum", VISML_MERGE_SUM),
    BIDIRECTIONAL("mul", VISML_MERGE_MUL),
    BIDIRECTIONAL("mul of the last step", VISML_MERGE_MUL),
    BIDIRECTIONAL("ave", VISML_MERGE_AVE),
    EACH_STEP("dense", 3, 2, 3, 4),
    EACH_STEP("convolution", 4, 3, 4, 5, 2),
    EACH_STEP("normalisation", 2, 4, 3),
    EACH_STEP("recurrent", 3, 2, 4, 3),
    EACH_STEP("dropout", 2, 4, 3),
    LSTM("state", .units = 5, .return_state = 1),
    LSTM("sequences and state", .units = 18, .return_state = 1, .return_sequences = 1, .go_backwards = 1),
    GRU("state", .units = 5, .return_state = 1),
    GRU("reset first, sequences and state", .units = 5, .return_state = 1, .return_sequences = 1, .no_reset_after = 1),
    SIMPLE("state", .units = 5, .return_state = 1),
    CASE(masking, "zero", masking, LINEAR, ONE(2, 4, 3), .mask_value = 0),
    CASE(masking, "a value", masking, LINEAR, ONE(3, 4, 3, 2), .mask_value = 0.25),
    CASE(rows, "default", plain, LINEAR, ONE(3, 4, 3, 2), .reserved = 0),
    CASE(sliding_window, "apart", sliding_window, LINEAR, ONE(3, 5, 6, 2), .window = {2, 3}),
    CASE(sliding_window, "overlapping", sliding_window, LINEAR, ONE(3, 5, 6, 2), .window = {3}, .strides = {1, 2}),
    {0},
};

/* What is in the wrappers above. */
static const test_case inner_cases[] = {
    LSTM("bidirectional concat", .units = 5),
    LSTM("bidirectional mul of the last step", .units = 5),
    GRU("bidirectional", .units = 3, .return_sequences = 1, .dropout = 0.3),
    CASE(dense, "time_distributed dense", dense, LINEAR, ONE(1, 4), .units = 3, .activation = VISML_SIGMOID),
    CONV("time_distributed convolution", LINEAR, .kernel_size = {2}, .activation = VISML_SIGMOID),
    CASE(batchnorm, "time_distributed normalisation", batchnorm, LINEAR, ONE(1, 3), .momentum = 0),
    LSTM("time_distributed recurrent", .units = 3),
    CASE(dropout, "time_distributed dropout", dropout, LINEAR, ONE(1, 3), .rate = 0.4),
};

/* "lstm bidirectional concat" is in "bidirectional concat", and "gru bidirectional" in what has none of its own. */
static const test_case *inner_of(const test_case *c) {
    for (size_t i = 0; i < sizeof inner_cases / sizeof *inner_cases; i++)
        if (strcmp(strchr(inner_cases[i].name, ' ') + 1, c->name) == 0)
            return &inner_cases[i];
    return c->cls == &visml_bidirectional_class ? &inner_cases[2] : NULL;
}

visml_layer *test_case_make(const test_case *c, visml_context *ctx, visml_error *err) {
    if (!c->cls->adopt)
        return visml_layer_make(ctx, c->cls, c->opts, err);
    const test_case *inner = inner_of(c);
    return visml_layer_wrap(ctx, c->cls, inner ? visml_layer_make(ctx, inner->cls, inner->opts, err) : NULL, c->opts, err);
}

const test_case *test_case_of(const visml_layer_class *cls) {
    for (const test_case *c = test_cases; c->name; c++)
        if (c->cls == cls)
            return c;
    return NULL;
}
