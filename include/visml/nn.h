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

/* Normalises the last dimension over all others and the batch (Ioffe and Szegedy 2015): gamma * (x - mean) / sqrt(var + epsilon) + beta.
 * Training uses the batch's mean and biased variance and updates moving = moving * momentum + batch * (1 - momentum); inference uses the
 * moving ones. Parameters, each [C]: gamma, beta, moving_mean, moving_variance (the last two are not trained). */
typedef struct visml_batchnorm_opts {
    uint32_t size;
    int32_t no_center; /* 1: without beta */
    double momentum;   /* default 0.99; [0, 1]; VISML_ZERO for 0 */
    double epsilon;    /* default 1e-3; > 0 */
    int32_t no_scale;  /* 1: without gamma */
    int32_t reserved; /* must be 0 */
    const char *name;
} visml_batchnorm_opts;
VISML_API visml_layer *visml_batchnorm(visml_context *ctx, const visml_batchnorm_opts *opts, visml_error *err);

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
    int32_t return_state;     /* 1: behind the output more rows, the state after the last step: h, then c: [T + 2, units] or [3, units] */
    double dropout;           /* default 0; [0, 1): training drops so many channels of x, and ... */
    double recurrent_dropout; /* ... so many of h before its product; drawn once a sequence, the same ones for all steps and gates */
    const char *name;
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
    double recurrent_dropout; /* default 0; [0, 1) */
    const char *name;
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
    double dropout;           /* default 0; [0, 1); as of visml_lstm */
    double recurrent_dropout; /* default 0; [0, 1) */
    const char *name;
} visml_simple_rnn_opts;
VISML_API visml_layer *visml_simple_rnn(visml_context *ctx, const visml_simple_rnn_opts *opts, visml_error *err);

/* Layers around a layer. `inner` is *consumed*: it belongs to the new layer, and is freed on failure; NULL as a constructor gives it is
 * handed on, with what that left in `err`. What visml_layer_with gave to it is the new layer's. An inner layer's name is not used. */

typedef int32_t visml_merge;
#define VISML_MERGE_CONCAT 0 /* along the last dimension */
#define VISML_MERGE_SUM 1
#define VISML_MERGE_MUL 2
#define VISML_MERGE_AVE 3    /* the mean */

/* A recurrent layer (visml_lstm, visml_gru or visml_simple_rnn, without go_backwards and return_state) and a second one like it that goes
 * the other way (Schuster and Paliwal 1997): [T, C] -> the outputs of both, those of each time step together. The parameters of both:
 * forward_kernel, forward_recurrent_kernel, forward_bias, backward_kernel, ... */
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
 * with zeros in such steps. Behind it a recurrent layer keeps its state in such a step and repeats its output (visml_bidirectional with
 * return_sequences has zeros there, as Keras). dense, activation, dropout, batchnorm, rescaling, time_distributed and recurrent layers with
 * return_sequences hand the mask on, add and concatenate where all their inputs have the same one; it ends with any other layer. Losses do
 * not know of it, nor does batchnorm: its means count all steps. */
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
