/* visml/nn.h - building blocks of networks: layers, initialisers, losses, optimizers.
 *
 * SPDX-License-Identifier: MIT
 *
 * Names and defaults are those of Keras 3 (a few zeros mean "yes" where Keras has a True: see no_bias). Images are [N, H, W, C]; N, the
 * batch, is left out of all shapes below. A layer is made by its constructor, checked against its neighbours when it is added to a model,
 * and owned by the model from then on. Activations (visml_act: VISML_RELU, ...) are in base.h.
 *
 * All constructors: the options are borrowed during the call; the new object is owned by the caller; NULL and VISML_EINVAL for an option
 * out of range (the message names the layer, the option, its value and the range), or VISML_ENOMEM.
 * Thread-safety: layers, losses and optimizers are immutable once made and may be shared.
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

/* [T, C] -> [C], the largest or the mean; keepdims: [1, C]. */
typedef struct visml_global_pool1d_opts {
    uint32_t size;
    int32_t keepdims; /* 1: keep T as 1 */
    const char *name;
} visml_global_pool1d_opts;
VISML_API visml_layer *visml_global_maxpool1d(visml_context *ctx, const visml_global_pool1d_opts *opts, visml_error *err);
VISML_API visml_layer *visml_global_avgpool1d(visml_context *ctx, const visml_global_pool1d_opts *opts, visml_error *err);

/* Normalises the dimension `axis` over all others and the batch (Ioffe and Szegedy 2015): gamma * (x - mean) / sqrt(var + epsilon) + beta.
 * Training uses the batch's mean and biased variance and updates moving = moving * momentum + batch * (1 - momentum); inference uses the
 * moving ones. Parameters, each [C]: gamma, beta, moving_mean, moving_variance (the last two are not trained). */
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

/* Any shape, element by element (VISML_SOFTMAX: along the last dimension). */
typedef struct visml_activation_opts {
    uint32_t size;
    visml_act activation; /* default VISML_LINEAR */
    double alpha;         /* slope of VISML_LEAKY_RELU below 0; default 0.2; [0, 1]; VISML_ZERO for 0 */
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
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_lstm_opts;
VISML_API visml_layer *visml_lstm(visml_context *ctx, const visml_lstm_opts *opts, visml_error *err);

/* ---- losses ------------------------------------------------------------------------------------------------------------------ */

/* What training makes small: a mean over the batch, weighted by sample weights (the sum of weighted losses divided by the batch size,
 * as Keras does). Targets are class numbers (VISML_I32 [N]) or an array of the output's shape (VISML_F32); where an array is needed and
 * class numbers are given, they stand for one-hot rows. */
typedef struct visml_loss visml_loss;
VISML_API void visml_loss_free(visml_loss *loss);

typedef struct visml_crossentropy_opts {
    uint32_t size;
    int32_t from_logits;    /* 1: the model's output has not been through softmax. A model that ends in softmax is computed on its
                               logits all the same: nothing is lost to rounding */
    double label_smoothing; /* default 0; [0, 1); categorical only */
} visml_crossentropy_opts;
/* Output [classes]; targets one-hot or any distribution. */
VISML_API visml_loss *visml_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err);
/* Output [classes]; targets are class numbers. */
VISML_API visml_loss *visml_sparse_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err);

typedef struct visml_loss_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
} visml_loss_opts;
/* The mean over elements of (y - t)^2. */
VISML_API visml_loss *visml_mean_squared_error(visml_context *ctx, const visml_loss_opts *opts, visml_error *err);

/* ---- optimizers -------------------------------------------------------------------------------------------------------------- */

/* How gradients become steps. The description only: moments and step counts belong to the training run. */
typedef struct visml_optimizer visml_optimizer;
VISML_API void visml_optimizer_free(visml_optimizer *optimizer);

/* v = momentum * v - lr * g; w += v, or with nesterov w += momentum * v - lr * g. */
typedef struct visml_sgd_opts {
    uint32_t size;
    int32_t nesterov;     /* 1: Nesterov's momentum */
    double learning_rate; /* default 0.01; >= 0; VISML_ZERO for 0 */
    double momentum;      /* default 0; [0, 1] */
} visml_sgd_opts;
VISML_API visml_optimizer *visml_sgd(visml_context *ctx, const visml_sgd_opts *opts, visml_error *err);

/* Kingma and Ba 2015, in Keras' form: alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t); m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2);
 * w -= m alpha / (sqrt(v) + epsilon). */
typedef struct visml_adam_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double learning_rate; /* default 0.001; >= 0; VISML_ZERO for 0 */
    double beta_1;        /* default 0.9; [0, 1); VISML_ZERO for 0 */
    double beta_2;        /* default 0.999; [0, 1); VISML_ZERO for 0 */
    double epsilon;       /* default 1e-7; > 0 */
} visml_adam_opts;
VISML_API visml_optimizer *visml_adam(visml_context *ctx, const visml_adam_opts *opts, visml_error *err);

VISML_END_DECLS

#endif /* VISML_NN_H */
