/* visml/nn.h - building blocks of networks: layers, initialisers, losses, schedules, optimizers.
 *
 * SPDX-License-Identifier: MIT
 *
 * Names and defaults are those of Keras 3 (a few zeros mean "yes" where Keras has a True: see no_bias). Images are [N, H, W, C]; N, the
 * batch, is left out of all shapes below. A layer is made by its constructor, checked against its neighbours when it is added to a model,
 * and owned by the model from then on. Activations (visml_act: VISML_RELU, ...) are in base.h.
 *
 * All constructors: the options are borrowed during the call; the new object is owned by the caller; NULL and VISML_EINVAL for an option
 * out of range (the message names the layer, the option, its value and the range), or VISML_ENOMEM.
 * Thread-safety: layers, losses, schedules and optimizers are immutable once made and may be shared.
 */
#ifndef VISML_NN_H
#define VISML_NN_H

#include "tensor.h"

VISML_BEGIN_DECLS

/* ---- initialisers ------------------------------------------------------------------------------------------------------------ */

typedef int32_t visml_init;
#define VISML_INIT_DEFAULT 0        /* what the option's comment says */
#define VISML_INIT_ZEROS 1
#define VISML_INIT_ONES 2
#define VISML_INIT_GLOROT_UNIFORM 3 /* +-sqrt(6 / (fan_in + fan_out)); Glorot and Bengio 2010 */
#define VISML_INIT_GLOROT_NORMAL 4  /* truncated at 2 deviations, sqrt(2 / (fan_in + fan_out)) */
#define VISML_INIT_HE_UNIFORM 5     /* +-sqrt(6 / fan_in); He et al. 2015 */
#define VISML_INIT_HE_NORMAL 6      /* truncated, sqrt(2 / fan_in) */
#define VISML_INIT_LECUN_UNIFORM 7  /* +-sqrt(3 / fan_in); LeCun et al. 1998 */
#define VISML_INIT_LECUN_NORMAL 8   /* truncated, sqrt(1 / fan_in) */
#define VISML_INIT_RANDOM_UNIFORM 9 /* +-0.05 */
#define VISML_INIT_RANDOM_NORMAL 10 /* deviation 0.05 */
#define VISML_INIT_ORTHOGONAL 11    /* Saxe et al. 2013 */

/* ---- layers ------------------------------------------------------------------------------------------------------------------ */

/* One layer, not yet or already part of a model. */
typedef struct visml_layer visml_layer;

/* Only for a layer that was not given to a model. NULL is allowed. */
VISML_API void visml_layer_free(visml_layer *layer);

/* What any layer can have besides its own options: Keras' regularisers and constraints, and `trainable`. "kernel" means the weights of the
 * layer (kernels but the recurrent one, embeddings, the gamma of a normalisation, the alpha of a PReLU), "bias" also its beta.
 * l1 and l2: a penalty l1 sum|w| + l2 sum w^2 that training adds to the loss; that of the output ("activity") is divided by the batch size,
 * and no part of validation. max_norm: after each step, columns (what leads to one output: all dimensions but the last) with a larger norm
 * are scaled down to it. */
typedef struct visml_layer_opts {
    uint32_t size;
    int32_t frozen;        /* 1: training leaves the layer as it is (trainable=False); a batch normalisation uses its moving averages */
    double kernel_l1;      /* default 0; >= 0; the others too */
    double kernel_l2;
    double recurrent_l1;
    double recurrent_l2;
    double bias_l1;
    double bias_l2;
    double activity_l1;    /* of the output; not for layers that only reshape */
    double activity_l2;
    double kernel_max_norm; /* default 0: no bound; >= 0; the others too */
    double recurrent_max_norm;
    double bias_max_norm;
} visml_layer_opts;

/* Gives a layer these and returns it: *consumes* the layer, which is freed on failure. NULL as the layer gives NULL; a
 * constructor's failure that is in `err` (zeroed or used by that) stays there.
 * To be written around a constructor: visml_layer_with(visml_dense(ctx, ..., &err), VISML_OPTS(visml_layer_opts, .kernel_l2 = 1e-4), &err).
 * Errors: VISML_EINVAL. */
VISML_API visml_layer *visml_layer_with(visml_layer *layer, const visml_layer_opts *opts, visml_error *err);

typedef int32_t visml_padding;
#define VISML_VALID 0 /* no padding: out = floor((in - dilation * (k - 1) - 1) / stride) + 1 */
#define VISML_SAME 1  /* zeros around, the odd one at the bottom and right: out = ceil(in / stride) */
#define VISML_CAUSAL 2 /* conv1d only: all zeros in front, so that no output sees what comes after it: out = ceil(in / stride) */

/* In arrays of two, {height, width}; a second number of 0 means "as the first". `name` (borrowed, copied; default: the kind, from
 * the second of it on with a running number, "conv2d", "conv2d_1") must be unique in a model, 1 ... 127 bytes, without '/'. */

/* [H, W, C] -> [H', W', filters]. kernel [kh, kw, C / groups, filters], bias [filters]; cross-correlation, as everywhere. */
typedef struct visml_conv2d_opts {
    uint32_t size;
    int32_t filters;          /* required, >= 1, a multiple of groups */
    int32_t kernel_size[2];   /* required, >= 1 */
    int32_t strides[2];       /* default 1 */
    int32_t dilation_rate[2]; /* default 1 */
    visml_padding padding;    /* default VISML_VALID */
    int32_t groups;           /* default 1; divides C */
    visml_act activation;     /* default VISML_LINEAR */
    int32_t no_bias;          /* 1: without bias */
    visml_init kernel_initializer; /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init bias_initializer;   /* default VISML_INIT_ZEROS */
    const char *name;
} visml_conv2d_opts;
VISML_API visml_layer *visml_conv2d(visml_context *ctx, const visml_conv2d_opts *opts, visml_error *err);

/* [H, W, C] -> [H', W', C]. Padding takes part in neither the maximum nor the mean. A NaN in the window gives NaN. */
typedef struct visml_pool2d_opts {
    uint32_t size;
    int32_t pool_size[2];  /* default 2 */
    int32_t strides[2];    /* default pool_size */
    visml_padding padding; /* default VISML_VALID */
    const char *name;
} visml_pool2d_opts;
VISML_API visml_layer *visml_maxpool2d(visml_context *ctx, const visml_pool2d_opts *opts, visml_error *err);
VISML_API visml_layer *visml_avgpool2d(visml_context *ctx, const visml_pool2d_opts *opts, visml_error *err);

/* [H, W, C] -> [C], the mean; keepdims: [1, 1, C]. */
typedef struct visml_global_pool2d_opts {
    uint32_t size;
    int32_t keepdims; /* 1: keep H and W as 1 */
    const char *name;
} visml_global_pool2d_opts;
VISML_API visml_layer *visml_global_avgpool2d(visml_context *ctx, const visml_global_pool2d_opts *opts, visml_error *err);

/* [H, W, C] -> [C], the largest; keepdims: [1, 1, C]. Of equal values the first gets the gradient. */
VISML_API visml_layer *visml_global_maxpool2d(visml_context *ctx, const visml_global_pool2d_opts *opts, visml_error *err);

/* [T, C] -> [T', filters]. kernel [k, C / groups, filters], bias [filters]. */
typedef struct visml_conv1d_opts {
    uint32_t size;
    int32_t filters;       /* required, >= 1, a multiple of groups */
    int32_t kernel_size;   /* required, >= 1 */
    int32_t strides;       /* default 1 */
    int32_t dilation_rate; /* default 1 */
    visml_padding padding; /* default VISML_VALID; VISML_CAUSAL too */
    int32_t groups;        /* default 1; divides C */
    visml_act activation;  /* default VISML_LINEAR */
    int32_t no_bias;       /* 1: without bias */
    visml_init kernel_initializer; /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init bias_initializer;   /* default VISML_INIT_ZEROS */
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_conv1d_opts;
VISML_API visml_layer *visml_conv1d(visml_context *ctx, const visml_conv1d_opts *opts, visml_error *err);

/* [H, W, C] -> [H', W', filters]: the convolution that takes [H', W', filters] to [H, W, C], the other way (Zeiler et al. 2010). kernel
 * [kh, kw, filters, C], bias [filters]. With k = dilation_rate * (kernel_size - 1) + 1 an output dimension is, as in Keras,
 * VISML_VALID: (in - 1) * strides + k + output_padding, by default (in - 1) * strides + max(k, strides);
 * VISML_SAME: (in - 1) * strides + k % 2 + output_padding, by default in * strides. */
typedef struct visml_conv2d_transpose_opts {
    uint32_t size;
    int32_t filters;          /* required, >= 1 */
    int32_t kernel_size[2];   /* required, >= 1 */
    int32_t strides[2];       /* default 1 */
    int32_t dilation_rate[2]; /* default 1 */
    visml_padding padding;    /* default VISML_VALID */
    visml_act activation;     /* default VISML_LINEAR */
    int32_t no_bias;          /* 1: without bias */
    visml_init kernel_initializer; /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init bias_initializer;   /* default VISML_INIT_ZEROS */
    int32_t reserved;         /* must be 0 */
    double output_padding[2]; /* default: see above; whole numbers, >= 0, less than strides; VISML_ZERO for 0 (real only for its sake) */
    const char *name;
} visml_conv2d_transpose_opts;
VISML_API visml_layer *visml_conv2d_transpose(visml_context *ctx, const visml_conv2d_transpose_opts *opts, visml_error *err);

/* [H, W, C] -> [H', W', C * depth_multiplier]: each channel has filters of its own. kernel [kh, kw, C, depth_multiplier], bias
 * [C * depth_multiplier]; output channel c * depth_multiplier + m is filter m of channel c. */
typedef struct visml_depthwise_conv2d_opts {
    uint32_t size;
    int32_t kernel_size[2];   /* required, >= 1 */
    int32_t strides[2];       /* default 1 */
    int32_t dilation_rate[2]; /* default 1 */
    visml_padding padding;    /* default VISML_VALID */
    int32_t depth_multiplier; /* default 1: filters of each channel */
    visml_act activation;     /* default VISML_LINEAR */
    int32_t no_bias;          /* 1: without bias */
    visml_init depthwise_initializer; /* of kernel; default VISML_INIT_GLOROT_UNIFORM */
    visml_init bias_initializer;      /* default VISML_INIT_ZEROS */
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_depthwise_conv2d_opts;
VISML_API visml_layer *visml_depthwise_conv2d(visml_context *ctx, const visml_depthwise_conv2d_opts *opts, visml_error *err);

/* [H, W, C] -> [H', W', filters]: a depthwise convolution, then one of 1 x 1 (Chollet 2017). depthwise_kernel [kh, kw, C,
 * depth_multiplier], pointwise_kernel [1, 1, C * depth_multiplier, filters], bias [filters]. */
typedef struct visml_separable_conv2d_opts {
    uint32_t size;
    int32_t filters;          /* required, >= 1 */
    int32_t kernel_size[2];   /* required, >= 1 */
    int32_t strides[2];       /* default 1 */
    int32_t dilation_rate[2]; /* default 1 */
    visml_padding padding;    /* default VISML_VALID */
    int32_t depth_multiplier; /* default 1 */
    visml_act activation;     /* default VISML_LINEAR */
    int32_t no_bias;          /* 1: without bias */
    visml_init depthwise_initializer; /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init pointwise_initializer; /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init bias_initializer;      /* default VISML_INIT_ZEROS */
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_separable_conv2d_opts;
VISML_API visml_layer *visml_separable_conv2d(visml_context *ctx, const visml_separable_conv2d_opts *opts, visml_error *err);

/* [T, C] -> [T', C]; as the pools of pictures. */
typedef struct visml_pool1d_opts {
    uint32_t size;
    int32_t pool_size;     /* default 2 */
    int32_t strides;       /* default pool_size */
    visml_padding padding; /* default VISML_VALID */
    const char *name;
} visml_pool1d_opts;
VISML_API visml_layer *visml_maxpool1d(visml_context *ctx, const visml_pool1d_opts *opts, visml_error *err);
VISML_API visml_layer *visml_avgpool1d(visml_context *ctx, const visml_pool1d_opts *opts, visml_error *err);

/* [T, C] -> [C], the largest or the mean (of steps that are not masked, see visml_masking); keepdims: [1, C]. */
typedef struct visml_global_pool1d_opts {
    uint32_t size;
    int32_t keepdims; /* 1: keep T as 1 */
    const char *name;
} visml_global_pool1d_opts;
VISML_API visml_layer *visml_global_maxpool1d(visml_context *ctx, const visml_global_pool1d_opts *opts, visml_error *err);
VISML_API visml_layer *visml_global_avgpool1d(visml_context *ctx, const visml_global_pool1d_opts *opts, visml_error *err);

/* Normalises the dimension `axis` over all others and the batch (Ioffe and Szegedy 2015): gamma * (x - mean) / sqrt(var + epsilon) + beta.
 * Training uses the batch's mean and biased variance (of what is not masked, see visml_masking) and updates
 * moving = moving * momentum + batch * (1 - momentum); inference uses the moving ones. Parameters, each [C]: gamma, beta, moving_mean,
 * moving_variance (the last two are not trained). */
typedef struct visml_batchnorm_opts {
    uint32_t size;
    int32_t no_center; /* 1: without beta */
    double momentum;   /* default 0.99; [0, 1]; VISML_ZERO for 0 */
    double epsilon;    /* default 1e-3; > 0 */
    int32_t no_scale;  /* 1: without gamma */
    int32_t axis;      /* that of the channels; default -1, the last dimension; 1 is the first after the batch */
    const char *name;
    visml_init beta_initializer;            /* default VISML_INIT_ZEROS */
    visml_init gamma_initializer;           /* default VISML_INIT_ONES */
    visml_init moving_mean_initializer;     /* default VISML_INIT_ZEROS */
    visml_init moving_variance_initializer; /* default VISML_INIT_ONES */
} visml_batchnorm_opts;
VISML_API visml_layer *visml_batchnorm(visml_context *ctx, const visml_batchnorm_opts *opts, visml_error *err);

/* Normalises the dimensions of `axis` together, each sample and each place of the other dimensions for itself (Ba, Kiros and Hinton 2016):
 * gamma * (x - mean) / sqrt(var + epsilon) + beta with the biased variance. Parameters gamma and beta, each of the shape of those
 * dimensions. */
typedef struct visml_layernorm_opts {
    uint32_t size;
    int32_t axis[VISML_MAX_RANK - 1]; /* default {-1}: the last dimension. The last one, or several up to the last, in any order: {-2, -1}.
                                         1 is the first after the batch; the first 0 ends the list */
    double epsilon;      /* default 1e-3; > 0 */
    int32_t no_center;   /* 1: without beta */
    int32_t no_scale;    /* 1: without gamma */
    int32_t rms_scaling; /* 1: Keras' (deprecated) gamma * x / sqrt(var + epsilon): with gamma and without beta, whatever else is asked */
    visml_init beta_initializer;  /* default VISML_INIT_ZEROS */
    visml_init gamma_initializer; /* default VISML_INIT_ONES */
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_layernorm_opts;
VISML_API visml_layer *visml_layernorm(visml_context *ctx, const visml_layernorm_opts *opts, visml_error *err);

/* [..., C]: normalises C / groups channels next to each other over all places of a sample (Wu and He 2018). Parameters gamma and beta,
 * each [C]. */
typedef struct visml_groupnorm_opts {
    uint32_t size;
    int32_t groups;    /* default 32; divides C; -1: as many as there are channels (instance normalisation) */
    double epsilon;    /* default 1e-3; > 0 */
    int32_t no_center; /* 1: without beta */
    int32_t no_scale;  /* 1: without gamma */
    visml_init beta_initializer;  /* default VISML_INIT_ZEROS */
    visml_init gamma_initializer; /* default VISML_INIT_ONES */
    const char *name;
} visml_groupnorm_opts;
VISML_API visml_layer *visml_groupnorm(visml_context *ctx, const visml_groupnorm_opts *opts, visml_error *err);

/* Training: each element is set to 0 with probability rate, the others are multiplied by 1 / (1 - rate). Inference: nothing.
 * The mask is a function of (seed, step, layer, element): the same for any number of threads. */
typedef struct visml_dropout_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double rate; /* required, [0, 1); VISML_ZERO for 0 */
    uint64_t seed; /* default: drawn from the training run's seed and the layer's place in the model */
    const char *name;
} visml_dropout_opts;
VISML_API visml_layer *visml_dropout(visml_context *ctx, const visml_dropout_opts *opts, visml_error *err);

/* Options of a layer that has none but its name. */
typedef struct visml_plain_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_plain_opts;

/* [...] -> [product], row-major. */
VISML_API visml_layer *visml_flatten(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);

/* [..., C] -> [..., units]: x W + b on the last dimension. kernel [C, units], bias [units]. */
typedef struct visml_dense_opts {
    uint32_t size;
    int32_t units;        /* required, >= 1 */
    visml_act activation; /* default VISML_LINEAR */
    int32_t no_bias;      /* 1: without bias */
    visml_init kernel_initializer; /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init bias_initializer;   /* default VISML_INIT_ZEROS */
    const char *name;
} visml_dense_opts;
VISML_API visml_layer *visml_dense(visml_context *ctx, const visml_dense_opts *opts, visml_error *err);

/* Any shape, element by element (VISML_SOFTMAX, VISML_LOG_SOFTMAX: along the last dimension). */
typedef struct visml_activation_opts {
    uint32_t size;
    visml_act activation; /* default VISML_LINEAR */
    double alpha;         /* slope of VISML_LEAKY_RELU below 0, default 0.2; of VISML_ELU, default 1; >= 0; VISML_ZERO for 0 */
    const char *name;
} visml_activation_opts;
VISML_API visml_layer *visml_activation(visml_context *ctx, const visml_activation_opts *opts, visml_error *err);

/* Any shape -> target_shape, row-major, the same number of elements. */
typedef struct visml_reshape_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int64_t target_shape[VISML_MAX_RANK - 1]; /* required; each >= 1, one of them may be -1: worked out; the first 0 ends the list */
    const char *name;
} visml_reshape_opts;
VISML_API visml_layer *visml_reshape(visml_context *ctx, const visml_reshape_opts *opts, visml_error *err);

/* x * scale + offset, element by element. Pixels 0 ... 255 to 0 ... 1: scale 1.0 / 255. */
typedef struct visml_rescaling_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double scale;  /* required; VISML_ZERO for 0 */
    double offset; /* default 0 */
    const char *name;
} visml_rescaling_opts;
VISML_API visml_layer *visml_rescaling(visml_context *ctx, const visml_rescaling_opts *opts, visml_error *err);

/* Two or more inputs of one shape -> their sum. */
VISML_API visml_layer *visml_add(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);

/* Two or more inputs that differ only along `axis` -> joined along it. */
typedef struct visml_concatenate_opts {
    uint32_t size;
    int32_t axis; /* -1 is the last dimension; 1 is the first after the batch; default -1 (0, the batch, cannot be meant) */
    const char *name;
} visml_concatenate_opts;
VISML_API visml_layer *visml_concatenate(visml_context *ctx, const visml_concatenate_opts *opts, visml_error *err);

/* Inputs of one shape, element by element. Two: a - b. */
VISML_API visml_layer *visml_subtract(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);
/* Two or more: the product, the mean, the largest, the smallest. NaN stays NaN. The gradient of the largest and of the smallest goes to the
 * first input that has it. */
VISML_API visml_layer *visml_multiply(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);
VISML_API visml_layer *visml_average(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);
VISML_API visml_layer *visml_maximum(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);
VISML_API visml_layer *visml_minimum(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);

/* The dimensions in another order: {2, 1} makes [a, b] -> [b, a]. */
typedef struct visml_permute_opts {
    uint32_t size;
    int32_t dims[VISML_MAX_RANK - 1]; /* required; 1 ... rank, each once, 1 being the first after the batch; the first 0 ends the list */
    const char *name;
} visml_permute_opts;
VISML_API visml_layer *visml_permute(visml_context *ctx, const visml_permute_opts *opts, visml_error *err);

/* [H, W, C] -> [top + H + bottom, left + W + right, C], zeros around. */
typedef struct visml_zero_padding2d_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int32_t padding[4]; /* top, bottom, left, right; >= 0; all of them 0: 1 each */
    const char *name;
} visml_zero_padding2d_opts;
VISML_API visml_layer *visml_zero_padding2d(visml_context *ctx, const visml_zero_padding2d_opts *opts, visml_error *err);

/* [T, C] -> [left + T + right, C]. */
typedef struct visml_zero_padding1d_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int32_t padding[2]; /* left, right; >= 0; both 0: 1 each */
    const char *name;
} visml_zero_padding1d_opts;
VISML_API visml_layer *visml_zero_padding1d(visml_context *ctx, const visml_zero_padding1d_opts *opts, visml_error *err);

/* [H, W, C] -> [H - top - bottom, W - left - right, C]; something must be left. */
typedef struct visml_cropping2d_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int32_t cropping[4]; /* top, bottom, left, right; >= 0; default 0 */
    const char *name;
} visml_cropping2d_opts;
VISML_API visml_layer *visml_cropping2d(visml_context *ctx, const visml_cropping2d_opts *opts, visml_error *err);

/* [T, C] -> [T - left - right, C]. */
typedef struct visml_cropping1d_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int32_t cropping[2]; /* left, right; >= 0; both 0: 1 each */
    const char *name;
} visml_cropping1d_opts;
VISML_API visml_layer *visml_cropping1d(visml_context *ctx, const visml_cropping1d_opts *opts, visml_error *err);

typedef int32_t visml_up_sampling;
#define VISML_UP_NEAREST 0  /* each pixel repeated */
#define VISML_UP_BILINEAR 1 /* between centres of pixels, which lie at halves; pixels at the edges go on outside */

/* [H, W, C] -> [H sizes[0], W sizes[1], C]. */
typedef struct visml_up_sampling2d_opts {
    uint32_t size;
    int32_t sizes[2]; /* default 2; >= 1. (Keras calls it size) */
    visml_up_sampling interpolation; /* default VISML_UP_NEAREST */
    const char *name;
} visml_up_sampling2d_opts;
VISML_API visml_layer *visml_up_sampling2d(visml_context *ctx, const visml_up_sampling2d_opts *opts, visml_error *err);

/* [C] -> [n, C]. */
typedef struct visml_repeat_vector_opts {
    uint32_t size;
    int32_t n; /* required, >= 1 */
    const char *name;
} visml_repeat_vector_opts;
VISML_API visml_layer *visml_repeat_vector(visml_context *ctx, const visml_repeat_vector_opts *opts, visml_error *err);

/* Training: whole channels, the same for all places of an image [H, W, C] or all steps of a sequence [T, C], are set to 0 with probability
 * rate, the others are multiplied by 1 / (1 - rate) (Tompson et al. 2015). Inference: nothing. The rest as visml_dropout. */
VISML_API visml_layer *visml_spatial_dropout2d(visml_context *ctx, const visml_dropout_opts *opts, visml_error *err);
VISML_API visml_layer *visml_spatial_dropout1d(visml_context *ctx, const visml_dropout_opts *opts, visml_error *err);

/* Training: each element is multiplied by a number of mean 1 and deviation sqrt(rate / (1 - rate)), normally distributed (Srivastava et
 * al. 2014). Inference: nothing. Numbers come about as visml_dropout's mask does; they reach 5.77 deviations. */
VISML_API visml_layer *visml_gaussian_dropout(visml_context *ctx, const visml_dropout_opts *opts, visml_error *err);

/* Training: the same numbers with mean 0 and deviation stddev are added. Inference: nothing. */
typedef struct visml_gaussian_noise_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double stddev; /* required, >= 0; VISML_ZERO for 0 */
    uint64_t seed; /* default: drawn from the training run's seed and the layer's place in the model */
    const char *name;
} visml_gaussian_noise_opts;
VISML_API visml_layer *visml_gaussian_noise(visml_context *ctx, const visml_gaussian_noise_opts *opts, visml_error *err);

/* Rows of a table: [...] -> [..., output_dim]. The input holds class numbers 0 ... input_dim - 1 as floats, of which the fraction is cut
 * off. A number outside of them, or a NaN, gives a row of NaN, since a pass over a network cannot fail: visml_fit stops with
 * VISML_ENONFINITE, and a session's output is NaN. embeddings [input_dim, output_dim]. The numbers themselves have no gradient: it is 0. */
typedef struct visml_embedding_opts {
    uint32_t size;
    int32_t input_dim;  /* required, 1 to 16777216: up to there floats tell whole numbers apart */
    int32_t output_dim; /* required, >= 1 */
    visml_init embeddings_initializer; /* default VISML_INIT_RANDOM_UNIFORM */
    const char *name;
    int32_t mask_zero; /* 1: the number 0 only fills up a sequence: places that hold it are masked, see visml_masking. Its row of the
                          table is there all the same */
    int32_t reserved; /* must be 0 */
} visml_embedding_opts;
VISML_API visml_layer *visml_embedding(visml_context *ctx, const visml_embedding_opts *opts, visml_error *err);

/* x, or alpha x below 0, with alpha to be learnt (He et al. 2015). alpha has the input's shape, with 1 for the dimensions that share it. */
typedef struct visml_prelu_opts {
    uint32_t size;
    visml_init alpha_initializer; /* default VISML_INIT_ZEROS */
    int32_t shared_axes[VISML_MAX_RANK - 1]; /* 1 is the first after the batch, {1, 2} one alpha a channel of an image; default none; the
                                                first 0 ends the list */
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_prelu_opts;
VISML_API visml_layer *visml_prelu(visml_context *ctx, const visml_prelu_opts *opts, visml_error *err);

/* Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000), as Keras has it: [T, C] -> [units], the output
 * of the last step, or with return_sequences [T, units]. With f for recurrent_activation and g for activation, h and c starting at 0:
 * [i f c' o] = x_t W + h R + b;  c = f(f) c + f(i) g(c');  h = f(o) g(c).
 * kernel [C, 4 units], recurrent_kernel [units, 4 units], bias [4 units]; gates in Keras' order i, f, c, o. An image [H, W, C] is a
 * sequence of its rows by way of visml_reshape. */
typedef struct visml_lstm_opts {
    uint32_t size;
    int32_t units;                  /* required, >= 1 */
    visml_act activation;           /* default VISML_TANH; VISML_IDENTITY for none; not VISML_SOFTMAX */
    visml_act recurrent_activation; /* default VISML_SIGMOID; the same choice */
    int32_t no_bias;                /* 1: without bias */
    int32_t no_unit_forget_bias;    /* 1: the forget gate's bias starts as bias_initializer says; else at 1 (Jozefowicz et al. 2015) */
    int32_t return_sequences;       /* 1: the output of every step */
    int32_t go_backwards;           /* 1: from the last step to the first; outputs are in that order */
    visml_init kernel_initializer;    /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init recurrent_initializer; /* default VISML_INIT_ORTHOGONAL */
    visml_init bias_initializer;      /* default VISML_INIT_ZEROS */
    int32_t return_state;     /* 1: behind the output more rows, the state after the last step: h, then c: [T + 2, units] or [3, units] */
    double dropout;           /* default 0; [0, 1): training drops so many channels of x, and ... */
    double recurrent_dropout; /* ... so many of h before its product; drawn once a sequence, the same ones for all steps. As in Keras: with
                                 recurrent_dropout each gate has its own ones, of x and of h; without it all gates have the same */
    const char *name;
    int32_t stateful; /* 1: sample i of a batch starts with the state with which sample i of the batch before ended: in a session until
                         visml_session_reset, in training to the end of the epoch. No gradient goes back to the batch before */
    int32_t reserved; /* must be 0 */
} visml_lstm_opts;
VISML_API visml_layer *visml_lstm(visml_context *ctx, const visml_lstm_opts *opts, visml_error *err);

/* Gated recurrent unit (Cho et al. 2014), as Keras has it; shapes as of visml_lstm.
 * [z r] = f(x_t W + b + h R + b'), c = g(x_t W + b + r (h R + b')), h = z h + (1 - z) c, each with its columns of W and R, in the order
 * z, r, c; without reset_after c = g(x_t W + b + (r h) R), and there is no b'.
 * kernel [C, 3 units], recurrent_kernel [units, 3 units], bias [2, 3 units]: b and b', or b [3 units]. */
typedef struct visml_gru_opts {
    uint32_t size;
    int32_t units;                  /* required, >= 1 */
    visml_act activation;           /* default VISML_TANH; VISML_IDENTITY for none; not VISML_SOFTMAX */
    visml_act recurrent_activation; /* default VISML_SIGMOID; the same choice */
    int32_t no_bias;                /* 1: without bias */
    int32_t no_reset_after;         /* 1: the reset gate is applied before the product, as Cho et al. did (reset_after=False) */
    int32_t return_sequences;       /* 1: the output of every step */
    int32_t go_backwards;           /* 1: from the last step to the first; outputs are in that order */
    visml_init kernel_initializer;    /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init recurrent_initializer; /* default VISML_INIT_ORTHOGONAL */
    visml_init bias_initializer;      /* default VISML_INIT_ZEROS */
    int32_t return_state;     /* 1: behind the output more rows, the state after the last step: h: [T + 1, units] or [2, units] */
    double dropout;           /* default 0; [0, 1); as of visml_lstm */
    double recurrent_dropout; /* default 0; [0, 1); as of visml_lstm */
    const char *name;
    int32_t stateful; /* 1: as of visml_lstm */
    int32_t reserved; /* must be 0 */
} visml_gru_opts;
VISML_API visml_layer *visml_gru(visml_context *ctx, const visml_gru_opts *opts, visml_error *err);

/* The plain recurrent layer (Elman 1990): h = g(x_t W + b + h R); shapes as of visml_lstm. kernel [C, units], recurrent_kernel [units,
 * units], bias [units]. */
typedef struct visml_simple_rnn_opts {
    uint32_t size;
    int32_t units;            /* required, >= 1 */
    visml_act activation;     /* default VISML_TANH; VISML_IDENTITY for none; not VISML_SOFTMAX */
    int32_t no_bias;          /* 1: without bias */
    int32_t return_sequences; /* 1: the output of every step */
    int32_t go_backwards;     /* 1: from the last step to the first; outputs are in that order */
    visml_init kernel_initializer;    /* default VISML_INIT_GLOROT_UNIFORM */
    visml_init recurrent_initializer; /* default VISML_INIT_ORTHOGONAL */
    visml_init bias_initializer;      /* default VISML_INIT_ZEROS */
    int32_t return_state;     /* 1: behind the output more rows, the state after the last step: h: [T + 1, units] or [2, units] */
    double dropout;           /* default 0; [0, 1); as of visml_lstm, with one gate */
    double recurrent_dropout; /* default 0; [0, 1) */
    const char *name;
    int32_t stateful; /* 1: as of visml_lstm */
    int32_t reserved; /* must be 0 */
} visml_simple_rnn_opts;
VISML_API visml_layer *visml_simple_rnn(visml_context *ctx, const visml_simple_rnn_opts *opts, visml_error *err);

/* Layers around a layer. `inner` is *consumed*: it belongs to the new layer, and is freed on failure; NULL as a constructor gives it is
 * handed on, with what that left in `err`. What visml_layer_with gave to it is the new layer's. An inner layer's name is not used. */

typedef int32_t visml_merge;
#define VISML_MERGE_CONCAT 0 /* along the last dimension */
#define VISML_MERGE_SUM 1
#define VISML_MERGE_MUL 2
#define VISML_MERGE_AVE 3    /* the mean */

/* A recurrent layer (visml_lstm, visml_gru or visml_simple_rnn, without go_backwards) and a second one like it that goes the other way
 * (Schuster and Paliwal 1997): [T, C] -> the outputs of both, those of each time step together. The parameters of both: forward_kernel,
 * forward_recurrent_kernel, forward_bias, backward_kernel, ... With return_state rows of both states follow, each h, then c: with
 * VISML_MERGE_CONCAT beside each other as the outputs are, else those of the forward layer first. */
typedef struct visml_bidirectional_opts {
    uint32_t size;
    visml_merge merge_mode; /* default VISML_MERGE_CONCAT */
    const char *name;
} visml_bidirectional_opts;
VISML_API visml_layer *visml_bidirectional(visml_context *ctx, visml_layer *inner, const visml_bidirectional_opts *opts,
                                           visml_error *err);

/* Any layer with one input, at each time step on its own: [T, ...] -> [T, what the layer makes of ...]. The parameters are the layer's. */
VISML_API visml_layer *visml_time_distributed(visml_context *ctx, visml_layer *inner, const visml_plain_opts *opts, visml_error *err);

/* Sequences of different lengths in one batch: time steps in which all channels are mask_value are passed over. [T, ...] -> the same shape,
 * with zeros in such steps. (Or visml_embedding_opts.mask_zero.) What follows is as in Keras 3:
 * A recurrent layer keeps its state in such a step and repeats its output (0 before the first step that counts; visml_bidirectional with
 * return_sequences has zeros in all of them). visml_batchnorm takes its means in training of the steps that count;
 * visml_global_avgpool1d is the mean of them, NaN where there are none. A loss at whose output the mask arrives is the mean over the steps
 * of a batch that count.
 * dense, activation, prelu, the dropouts, gaussian_noise, the three normalisations, rescaling, time_distributed and recurrent layers with
 * return_sequences hand the mask on. Behind add, subtract, multiply, average, maximum and minimum a step counts that does in any input, all
 * of them where one has no mask; behind concatenate too, but that along the steps it joins masks as it joins the inputs. With any other
 * layer the mask ends. multiply, maximum and minimum leave an input out where it is masked. */
typedef struct visml_masking_opts {
    uint32_t size;
    int32_t reserved;  /* must be 0 */
    double mask_value; /* default 0; as a float */
    const char *name;
} visml_masking_opts;
VISML_API visml_layer *visml_masking(visml_context *ctx, const visml_masking_opts *opts, visml_error *err);

/* [H, W, C] -> [H, W C]: an image as the sequence of its rows, for a recurrent layer. */
VISML_API visml_layer *visml_rows(visml_context *ctx, const visml_plain_opts *opts, visml_error *err);

/* [H, W, C] -> [H' W', h w C]: a window that slides over a map, row by row of places, each as one vector: a sequence for a recurrent layer.
 * H' and W' as of visml_conv2d with VISML_VALID. */
typedef struct visml_sliding_window_opts {
    uint32_t size;
    int32_t window[2];  /* required, {height, width}, >= 1 */
    int32_t strides[2]; /* default: the window, so that windows do not overlap */
    int32_t reserved;   /* must be 0 */
    const char *name;
} visml_sliding_window_opts;
VISML_API visml_layer *visml_sliding_window(visml_context *ctx, const visml_sliding_window_opts *opts, visml_error *err);

/* ---- losses ------------------------------------------------------------------------------------------------------------------ */

/* What training makes small: a mean over the batch, weighted by sample weights (the sum of weighted losses divided by the batch size,
 * as Keras does). "Output [classes]" below means the last dimension: with others before it, [T, classes] say, the loss is the mean over
 * them, and targets are arrays. Where a mask arrives at the output (visml_masking) the sum of weighted losses of the steps that count, over
 * the whole batch, is divided by how many there are; without any it is 0.
 * Targets are class numbers (VISML_I32 [N]) or an array of the output's shape (VISML_F32); where an array is needed and
 * class numbers are given, they stand for one-hot rows. For an output of one unit, [1], class numbers are 0 and 1 and stand for
 * themselves: a classifier for two classes (not with categorical losses and kl_divergence, which need an output for each class). */
typedef struct visml_loss visml_loss;
VISML_API void visml_loss_free(visml_loss *loss);

/* From JSON (n bytes): {"class": "categorical_crossentropy", "label_smoothing": 0.1}, keys as in the options struct, or the bare name of a
 * class. Errors: VISML_EFORMAT (line and column, or the key), VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_loss *visml_loss_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
/* The same as text: class and options that are not default. Length and capacity as visml_model_summary; 0 when memory ran out. */
VISML_API size_t visml_loss_to_json(const visml_loss *loss, char *text, size_t capacity);

typedef struct visml_crossentropy_opts {
    uint32_t size;
    int32_t from_logits;    /* 1: the model's output has not been through softmax (binary: the logistic function). A model that ends in
                               it is computed on its logits all the same: nothing is lost to rounding, with this or without. One unit
                               tells two classes apart at 0 then, or at 0.5 where the model ends in the function. One that ends in
                               the other of the two functions is refused when it is trained or evaluated */
    double label_smoothing; /* default 0; [0, 1); categorical and binary only: t (1 - s) + s / classes, for binary + s / 2 */
} visml_crossentropy_opts;
/* Output [classes]; targets one-hot or any distribution. */
VISML_API visml_loss *visml_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err);
/* Output [classes]; targets are class numbers. */
VISML_API visml_loss *visml_sparse_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err);
/* Output of any shape, each element a probability of its own: the mean of -t log(y) - (1 - t) log(1 - y), y taken as 1e-7 ... 1 - 1e-7. */
VISML_API visml_loss *visml_binary_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err);

/* Focal losses (Lin et al. 2017): what is nearly right counts less, by (1 - p)^gamma. */
typedef struct visml_focal_opts {
    uint32_t size;
    int32_t from_logits;           /* 1: as visml_crossentropy_opts, but that a model that ends in the function is taken at its
                                      probabilities, as without it */
    int32_t apply_class_balancing; /* 1: binary only: factors alpha for t = 1 and 1 - alpha for t = 0 */
    int32_t reserved; /* must be 0 */
    double alpha;           /* default 0.25; [0, 1]; VISML_ZERO for 0. Categorical: a factor for all */
    double gamma;           /* default 2; >= 0; VISML_ZERO for 0 */
    double label_smoothing; /* default 0; [0, 1) */
} visml_focal_opts;
/* Output [classes]: the sum of -alpha (1 - y)^gamma t log(y), y = y / sum(y) in 1e-7 ... 1 - 1e-7. */
VISML_API visml_loss *visml_categorical_focal_crossentropy(visml_context *ctx, const visml_focal_opts *opts, visml_error *err);
/* Any shape: the mean of (1 - p)^gamma times the binary cross-entropy, p = t y + (1 - t) (1 - y). */
VISML_API visml_loss *visml_binary_focal_crossentropy(visml_context *ctx, const visml_focal_opts *opts, visml_error *err);

typedef struct visml_loss_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
} visml_loss_opts;
/* The mean over elements of (y - t)^2. */
VISML_API visml_loss *visml_mean_squared_error(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* The mean over elements of |y - t|. */
VISML_API visml_loss *visml_mean_absolute_error(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* The mean of max(1 - t y, 0), or of its square. t is -1 or 1; when all targets of a batch are 0 or 1, 2 t - 1. Class numbers of an output
 * of one unit are told apart at 0. */
VISML_API visml_loss *visml_hinge(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
VISML_API visml_loss *visml_squared_hinge(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* Output [classes]: max(max((1 - t) y) - sum(t y) + 1, 0). */
VISML_API visml_loss *visml_categorical_hinge(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* Output [classes]: the sum of t log(t / y), both taken as 1e-7 ... 1. */
VISML_API visml_loss *visml_kl_divergence(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* The mean of y - t log(y + 1e-7). */
VISML_API visml_loss *visml_poisson(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* Output [n]: minus the cosine of the angle between y and t, -1 ... 1; vectors shorter than 1e-7 are divided by 1e-7. */
VISML_API visml_loss *visml_cosine_similarity(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);
/* The mean of log(cosh(y - t)). */
VISML_API visml_loss *visml_log_cosh(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);

typedef struct visml_huber_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double delta; /* default 1; > 0 */
} visml_huber_opts;
/* Huber 1964, the mean over elements, d = |y - t|: d^2 / 2 up to delta, delta d - delta^2 / 2 above. */
VISML_API visml_loss *visml_huber(visml_context *ctx, const visml_huber_opts *opts, visml_error *err);

/* ---- learning-rate schedules ------------------------------------------------------------------------------------------------- */

/* A learning rate for each step, that is update of the weights in a training run, counted from 0; for visml_optimizer_opts.
 * x: the step by decay_steps. */
typedef struct visml_schedule visml_schedule;
VISML_API void visml_schedule_free(visml_schedule *schedule);

/* As visml_loss_from_json and visml_loss_to_json: {"class": "cosine_decay", "initial_learning_rate": 0.1, "decay_steps": 1000}. */
VISML_API visml_schedule *visml_schedule_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
VISML_API size_t visml_schedule_to_json(const visml_schedule *schedule, char *text, size_t capacity);
/* The learning rate of a step (below 0: of step 0). NaN for NULL. */
VISML_API double visml_schedule_learning_rate(const visml_schedule *schedule, int64_t step);

typedef struct visml_decay_opts {
    uint32_t size;
    int32_t staircase; /* 1: x is rounded down to whole numbers */
    double initial_learning_rate; /* required, >= 0; VISML_ZERO for 0 */
    int64_t decay_steps;          /* required, >= 1 */
    double decay_rate;            /* required, >= 0; VISML_ZERO for 0 */
} visml_decay_opts;
/* initial_learning_rate decay_rate^x. */
VISML_API visml_schedule *visml_exponential_decay(visml_context *ctx, const visml_decay_opts *opts, visml_error *err);
/* initial_learning_rate / (1 + decay_rate x). */
VISML_API visml_schedule *visml_inverse_time_decay(visml_context *ctx, const visml_decay_opts *opts, visml_error *err);

#define VISML_MAX_BOUNDARIES 32

/* values[i] up to and with step boundaries[i], behind the last boundary the last value. The first 0 ends either list. */
typedef struct visml_piecewise_constant_decay_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int64_t boundaries[VISML_MAX_BOUNDARIES];   /* required; >= 1, each above the one before */
    double values[VISML_MAX_BOUNDARIES + 1];    /* required; one more than there are boundaries; > 0 */
} visml_piecewise_constant_decay_opts;
VISML_API visml_schedule *visml_piecewise_constant_decay(visml_context *ctx, const visml_piecewise_constant_decay_opts *opts,
                                                         visml_error *err);

/* (initial - end) (1 - x)^power + end. */
typedef struct visml_polynomial_decay_opts {
    uint32_t size;
    int32_t cycle; /* 1: behind decay_steps it starts again, decay_steps being twice, three times ... as large; else x stays 1 */
    double initial_learning_rate; /* required, >= 0; VISML_ZERO for 0 */
    int64_t decay_steps;          /* required, >= 1 */
    double end_learning_rate;     /* default 0.0001; >= 0; VISML_ZERO for 0 */
    double power;                 /* default 1; >= 0; VISML_ZERO for 0 */
} visml_polynomial_decay_opts;
VISML_API visml_schedule *visml_polynomial_decay(visml_context *ctx, const visml_polynomial_decay_opts *opts, visml_error *err);

/* initial ((1 - alpha) (1 + cos(pi x)) / 2 + alpha), x <= 1 (Loshchilov and Hutter 2016). With warmup_target: first a line from
 * initial_learning_rate to it in warmup_steps, then the cosine from it, for decay_steps more. */
typedef struct visml_cosine_decay_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double initial_learning_rate; /* required, >= 0; VISML_ZERO for 0 */
    int64_t decay_steps;          /* required, >= 1 */
    double alpha;                 /* what is left in the end, as a share; default 0; [0, 1] */
    double warmup_target;         /* > 0; default: none */
    int64_t warmup_steps;         /* default 0 */
} visml_cosine_decay_opts;
VISML_API visml_schedule *visml_cosine_decay(visml_context *ctx, const visml_cosine_decay_opts *opts, visml_error *err);

/* Runs of the cosine, each t_mul times as long as the one before and starting at m_mul times its rate (Loshchilov and Hutter 2016). */
typedef struct visml_cosine_decay_restarts_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double initial_learning_rate; /* required, >= 0; VISML_ZERO for 0 */
    int64_t first_decay_steps;    /* required, >= 1 */
    double t_mul;                 /* default 2; >= 1 */
    double m_mul;                 /* default 1; >= 0; VISML_ZERO for 0 */
    double alpha;                 /* default 0; [0, 1] */
} visml_cosine_decay_restarts_opts;
VISML_API visml_schedule *visml_cosine_decay_restarts(visml_context *ctx, const visml_cosine_decay_restarts_opts *opts, visml_error *err);

/* A line from initial_learning_rate to target_learning_rate in warmup_steps, then another schedule, from its step 0, or the target for
 * ever. */
typedef struct visml_warmup_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double initial_learning_rate; /* default 0 */
    double target_learning_rate;  /* > 0; default: where `then` starts; required without it */
    int64_t warmup_steps;         /* required, >= 1 */
    const visml_schedule *then;   /* borrowed (a reference is kept); default: none. At most 8 schedules one after the other */
} visml_warmup_opts;
VISML_API visml_schedule *visml_warmup(visml_context *ctx, const visml_warmup_opts *opts, visml_error *err);

typedef int32_t visml_anneal;
#define VISML_ANNEAL_COS 0
#define VISML_ANNEAL_LINEAR 1

/* One cycle (Smith 2018), as PyTorch's OneCycleLR: up from max_learning_rate / div_factor to max_learning_rate in the first pct_start of
 * total_steps, then down to the first rate / final_div_factor; three_phase: down as fast as up to the first rate, then to the end. Momentum
 * stays as it is. Steps behind the last have its rate. */
typedef struct visml_one_cycle_opts {
    uint32_t size;
    int32_t three_phase; /* 1: three phases */
    visml_anneal anneal_strategy; /* default VISML_ANNEAL_COS */
    int32_t reserved; /* must be 0 */
    double max_learning_rate; /* required, >= 0; VISML_ZERO for 0 */
    int64_t total_steps;      /* required, >= 1 */
    double pct_start;         /* default 0.3; [0, 1]; VISML_ZERO for 0 */
    double div_factor;        /* default 25; > 0 */
    double final_div_factor;  /* default 1e4; > 0 */
} visml_one_cycle_opts;
VISML_API visml_schedule *visml_one_cycle(visml_context *ctx, const visml_one_cycle_opts *opts, visml_error *err);

/* ---- optimizers -------------------------------------------------------------------------------------------------------------- */

/* How gradients become steps. The description only: moments and step counts belong to the training run. g: the gradient; w: the weights;
 * lr: the learning rate; t: updates of the weights, counted from 1. */
typedef struct visml_optimizer visml_optimizer;
VISML_API void visml_optimizer_free(visml_optimizer *optimizer);

/* As visml_loss_from_json and visml_loss_to_json: {"class": "adamw", "learning_rate": 0.01, "clipnorm": 1, "schedule": {"class": ...}}: the
 * options that all optimizers have stand beside the others. */
VISML_API visml_optimizer *visml_optimizer_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
VISML_API size_t visml_optimizer_to_json(const visml_optimizer *optimizer, char *text, size_t capacity);

/* What every optimizer can be asked for beside its own options, as in Keras. In this order: gradients of accumulated steps are averaged,
 * gradients are clipped, weights decay, the step is made, the moving average of the weights is brought up to date. */
typedef struct visml_optimizer_opts {
    uint32_t size;
    int32_t use_ema; /* 1: keep a moving average of the weights, which the model has when visml_fit is done */
    double weight_decay;    /* w -= lr weight_decay w before each step; default 0 (visml_adamw: 0.004); >= 0; VISML_ZERO for 0 */
    double clipnorm;        /* > 0: the gradient of each parameter array is scaled down to this norm; default: not. One of the three */
    double clipvalue;       /* > 0: each element of a gradient is cut to -clipvalue ... clipvalue; default: not */
    double global_clipnorm; /* > 0: all gradients together are scaled down to this norm; default: not */
    double ema_momentum;    /* average = ema_momentum average + (1 - ema_momentum) w after each step; default 0.99; [0, 1]; VISML_ZERO
                               for 0 */
    int64_t ema_overwrite_frequency;    /* every so many updates the weights are overwritten by their average; default 0: at the end only */
    int64_t gradient_accumulation_steps; /* >= 2: so many steps make one update of the weights, with the mean of their gradients; default:
                                            each step makes one. Schedules count steps, t and ema_overwrite_frequency updates */
    const char *exclude_from_weight_decay; /* words, with commas between: no decay for parameters whose name ("conv2d_1/bias") holds one
                                            of them; "bias,gamma,beta" say; copied; default: none */
    const visml_schedule *schedule; /* takes the place of learning_rate; borrowed (a reference is kept); default: none */
} visml_optimizer_opts;

/* v = momentum * v - lr * g; w += v, or with nesterov w += momentum * v - lr * g. */
typedef struct visml_sgd_opts {
    uint32_t size;
    int32_t nesterov;     /* 1: Nesterov's momentum */
    double learning_rate; /* default 0.01; >= 0; VISML_ZERO for 0 */
    double momentum;      /* default 0; [0, 1] */
    const visml_optimizer_opts *common; /* borrowed during the call; default: NULL, their defaults */
} visml_sgd_opts;
VISML_API visml_optimizer *visml_sgd(visml_context *ctx, const visml_sgd_opts *opts, visml_error *err);

/* Kingma and Ba 2015, in Keras' form: alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t); m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2);
 * w -= m alpha / (sqrt(v) + epsilon). amsgrad (Reddi et al. 2018): the largest v up to now takes the place of v. */
typedef struct visml_adam_opts {
    uint32_t size;
    int32_t amsgrad;      /* 1: AMSGrad */
    double learning_rate; /* default 0.001; >= 0; VISML_ZERO for 0 */
    double beta_1;        /* default 0.9; [0, 1); VISML_ZERO for 0 */
    double beta_2;        /* default 0.999; [0, 1); VISML_ZERO for 0 */
    double epsilon;       /* default 1e-7; > 0 */
    const visml_optimizer_opts *common; /* as visml_sgd_opts */
} visml_adam_opts;
VISML_API visml_optimizer *visml_adam(visml_context *ctx, const visml_adam_opts *opts, visml_error *err);
/* Loshchilov and Hutter 2019: Adam with weight_decay 0.004 by default (in `common`), decoupled from the gradient. */
VISML_API visml_optimizer *visml_adamw(visml_context *ctx, const visml_adam_opts *opts, visml_error *err);

/* Options of variants of Adam. */
typedef struct visml_moments_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double learning_rate; /* default 0.001; >= 0; VISML_ZERO for 0 */
    double beta_1;        /* default 0.9; [0, 1); VISML_ZERO for 0 */
    double beta_2;        /* default 0.999; [0, 1); VISML_ZERO for 0 */
    double epsilon;       /* default 1e-7; > 0 */
    const visml_optimizer_opts *common; /* as visml_sgd_opts */
} visml_moments_opts;
/* Dozat 2016: Adam with Nesterov's momentum. u(t) = beta_1 (1 - 0.96^t / 2), U(t) = u(1) ... u(t); m and v as in Adam;
 * w -= lr (u(t + 1) m / (1 - U(t + 1)) + (1 - u(t)) g / (1 - U(t))) / (sqrt(v / (1 - beta_2^t)) + epsilon). */
VISML_API visml_optimizer *visml_nadam(visml_context *ctx, const visml_moments_opts *opts, visml_error *err);
/* Kingma and Ba 2015, section 7: m as in Adam; u = max(beta_2 u, |g|); w -= lr m / ((1 - beta_1^t)(u + epsilon)). */
VISML_API visml_optimizer *visml_adamax(visml_context *ctx, const visml_moments_opts *opts, visml_error *err);

/* Hinton 2012: v += (g^2 - v)(1 - rho); s = lr g / sqrt(v + epsilon); w -= s, or with momentum: b = momentum b + s, w -= b.
 * centered (Graves 2013): a += (g - a)(1 - rho), and v - a^2 takes the place of v in s. */
typedef struct visml_rmsprop_opts {
    uint32_t size;
    int32_t centered;     /* 1: by the gradient's variance */
    double learning_rate; /* default 0.001; >= 0; VISML_ZERO for 0 */
    double rho;           /* default 0.9; [0, 1); VISML_ZERO for 0 */
    double momentum;      /* default 0; [0, 1] */
    double epsilon;       /* default 1e-7; > 0 */
    const visml_optimizer_opts *common; /* as visml_sgd_opts */
} visml_rmsprop_opts;
VISML_API visml_optimizer *visml_rmsprop(visml_context *ctx, const visml_rmsprop_opts *opts, visml_error *err);

/* Duchi et al. 2011: a += g^2, from initial_accumulator_value on; w -= lr g / sqrt(a + epsilon). */
typedef struct visml_adagrad_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double learning_rate;             /* default 0.001; >= 0; VISML_ZERO for 0 */
    double initial_accumulator_value; /* default 0.1; >= 0; VISML_ZERO for 0 */
    double epsilon;                   /* default 1e-7; > 0 */
    const visml_optimizer_opts *common; /* as visml_sgd_opts */
} visml_adagrad_opts;
VISML_API visml_optimizer *visml_adagrad(visml_context *ctx, const visml_adagrad_opts *opts, visml_error *err);

/* Zeiler 2012: a += (g^2 - a)(1 - rho); d = g sqrt(b + epsilon) / sqrt(a + epsilon); b += (d^2 - b)(1 - rho); w -= lr d. */
typedef struct visml_adadelta_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double learning_rate; /* default 0.001, as in Keras; the paper has 1; >= 0; VISML_ZERO for 0 */
    double rho;           /* default 0.95; [0, 1); VISML_ZERO for 0 */
    double epsilon;       /* default 1e-7; > 0 */
    const visml_optimizer_opts *common; /* as visml_sgd_opts */
} visml_adadelta_opts;
VISML_API visml_optimizer *visml_adadelta(visml_context *ctx, const visml_adadelta_opts *opts, visml_error *err);

/* Chen et al. 2023: w -= lr sign(beta_1 m + (1 - beta_1) g); m += (g - m)(1 - beta_2). */
typedef struct visml_lion_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double learning_rate; /* default 0.001; >= 0; VISML_ZERO for 0 */
    double beta_1;        /* default 0.9; above 0, at most 1 */
    double beta_2;        /* default 0.99; [0, 1); VISML_ZERO for 0 */
    const visml_optimizer_opts *common; /* as visml_sgd_opts */
} visml_lion_opts;
VISML_API visml_optimizer *visml_lion(visml_context *ctx, const visml_lion_opts *opts, visml_error *err);

VISML_END_DECLS

#endif /* VISML_NN_H */
