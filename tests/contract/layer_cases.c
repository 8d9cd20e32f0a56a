#include "contract/layer_cases.h"

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
    {0},
};

const test_case *test_case_of(const visml_layer_class *cls) {
    for (const test_case *c = test_cases; c->name; c++)
        if (c->cls == cls)
            return c;
    return NULL;
}
