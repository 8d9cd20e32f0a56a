/* The inside of a layer: the class (one const struct a layer, one row in layers.def) and the pass.
 *
 * Life: made (options checked) -> inferred and built (shapes known, parameters declared: the last place that may fail) -> run.
 * forward and backward return nothing, take a const layer, allocate nothing: everything changeable is in the pass. */
#ifndef NN_LAYER_H
#define NN_LAYER_H

#include "base/options.h"
#include "base/rng.h"
#include "context/context.h"
#include "kernel/compute.h"
#include "kernel/conv2d.h"
#include "tensor/tensor.h"
#include "visml/nn.h"

typedef int32_t visml_mode;
#define VISML_INFERENCE 0
#define VISML_TRAINING 1

#define VISML_MAX_INPUTS 64 /* of one layer */
#define VISML_MAX_PARAMS 8  /* of one layer */
#define VISML_MAX_FORMS VISML_PACKED_FORMS /* of what one layer prepares */

/* A parameter array that a layer declares in build. */
typedef struct visml_param_spec {
    const char *name; /* "kernel": static */
    visml_shape shape;
    visml_init init;
    int32_t trainable;
    int64_t fan_in, fan_out; /* for the initialisers */
    int64_t ones, ones_end;  /* elements ones ... ones_end start at 1, whatever init says */
} visml_param_spec;

/* A byte for each place of the first `dims` dimensions of a sample, 0: to be passed over. */
typedef struct visml_mask {
    const uint8_t *bytes; /* [batch, those dimensions]; NULL: none is */
    int32_t dims;
} visml_mask;

/* One run of a layer over a batch. Arrays are [batch, shape...], contiguous. */
typedef struct visml_pass {
    visml_compute compute;
    visml_mode mode;
    int64_t batch;
    size_t inputs;
    const visml_shape *in;  /* [inputs], without the batch */
    const visml_shape *out; /* without the batch */
    const real *const *x;   /* [inputs] */
    real *y;                /* forward: written. backward: as the session left it, activation applied */
    const visml_epilogue *epilogue; /* forward: NULL, or to be fused by a class with VISML_FUSES_EPILOGUE. Its bias, where there is one,
                                       takes the place of the layer's own */
    const void *prepared;   /* inference: what prepare wrote, or NULL: work from the parameters alone */
    const real *dy;         /* backward: already multiplied by the derivative of the layer's activation */
    int32_t input_activation; /* backward of a class with VISML_DERIVES_INPUT: that of the layer which made x[0]; VISML_LINEAR: none */
    real input_alpha;
    real *const *dx;        /* backward: [inputs]; overwritten; dx[i] NULL: not wanted */
    real *const *params;    /* in the order of declaration. Only those that are not trainable may be written, in a training forward */
    real *const *grads;     /* backward: overwritten; NULL for those that are not trainable or not wanted */
    void *keep;             /* keep bytes, from a training forward to its backward */
    void *scratch;          /* scratch bytes, for one call */
    int32_t masked;         /* 1: a mask applies to x[0]; sizes may depend on it */
    int32_t mask_dims;      /* the dimensions of x[0], from the first on, that it has: 1 for a sequence, [steps]; 0: a byte a sample */
    uint8_t *mask;          /* [batch, those dimensions], 0: to be passed over; NULL: nothing is. Written by the layer that makes it */
    const visml_mask *masks; /* [inputs] of all of them; NULL: there are none */
    real *state;            /* of a layer that is stateful: that of the first sample, before this batch; forward leaves the one after it */
    int64_t state_ld;       /* from one sample's state to the next */
    uint64_t key;           /* random numbers of this layer in this run: (run's seed, layer's place) */
    uint64_t step;          /* batches before this one, over all epochs */
} visml_pass;

/* Properties of a class. */
#define VISML_FUSES_EPILOGUE 1 /* forward applies pass->epilogue itself, to its rows of the last dimension; see visml_layer_bias */
#define VISML_ALIASES_INPUT 2  /* y is x[0] with another shape: forward and backward are never called (flatten, reshape) */
#define VISML_IDLE_INFERENCE 4 /* the same, in inference mode only (dropout) */
#define VISML_BACKWARD_NEEDS_X 8 /* backward reads x */
#define VISML_BACKWARD_NEEDS_Y 16 /* backward reads y (beyond what its activation needs) */
#define VISML_ONLY_ACTIVATES 32 /* y is its activation of x[0], nothing else (activation) */
#define VISML_ONLY_ADDS 64      /* y is the sum of its inputs (add) */
#define VISML_WORKS_IN_PLACE 128 /* y of an inference may be x[0], where no other input is that array */
#define VISML_DERIVES_INPUT 256  /* backward multiplies dx[0] by the derivative of pass->input_activation */
#define VISML_CHOOSES 512        /* each element of y is one of x[0], and its gradient goes there (maximum) */
#define VISML_FREEZES_STATE 2048 /* frozen, its passes are those of inference, in training too (batch_normalization) */
#define VISML_JOINS_MASKS 8192   /* the masks of all inputs are put together as the inputs are (concatenate) */
#define VISML_PASSES_MASK 16384  /* the mask of x[0] goes for y too, where y has the same dimensions in front; of several inputs: where all
                                    have masks, what counts in any of them counts */
#define VISML_RECURS 4096        /* a recurrent layer: see nn/recurrent.h */
#define VISML_ACTIVATES_INSIDE 1024 /* the option `activation` is applied within the layer: nothing of it is left to the session (lstm) */

typedef struct visml_layer_class {
    const char *name;  /* "conv2d": written into saved models, never changed */
    const char *title; /* "Conv2D": Keras' class name, for the summary */
    size_t opts_size;  /* of the public options struct */
    const visml_field *fields; /* the options as data; "name" is one of them */
    int32_t properties;
    int32_t min_inputs, max_inputs; /* 1, 1 for most */
    /* Option checks across fields, once they are read. NULL: none. */
    visml_status (*check)(const visml_layer *layer, visml_error *err);
    /* A wrapper's (nn/wrapper.h): takes layer->inner[0], which is there by now, or says why it does not. NULL: no wrapper. */
    visml_status (*adopt)(visml_layer *layer, visml_error *err);
    /* The output shape for these input shapes, or why they do not fit. No side effects: also used for other sizes later. Messages leave
     * out the layer's name (the caller puts "layer 3 (conv2d \"c2\")" in front). */
    visml_status (*infer)(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
    /* Declares the parameters with visml_layer_param. NULL: none. */
    visml_status (*build)(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err);
    /* Bytes for a batch, never more for a smaller one; NULL: none. The compute tells the number of workers. */
    size_t (*scratch)(const visml_layer *layer, const visml_pass *pass);
    size_t (*keep)(const visml_layer *layer, const visml_pass *pass);
    void (*forward)(const visml_layer *layer, const visml_pass *pass);
    void (*backward)(const visml_layer *layer, const visml_pass *pass);
    /* What inference can do before its first call; see model/prepared.h. NULL: nothing.
     * affine: the layer is y = x scale[c] + shift[c] along the last dimension, c long: both are written.
     * prepare: makes of the parameters what forward takes from pass->prepared, prepare_bytes of it. The batch has no influence on it.
     * prepared_form: 0 ... VISML_MAX_FORMS - 1. The size of the input may have an influence on what is prepared, as long as this number
     * tells which. NULL: it has none. */
    void (*affine)(const visml_layer *layer, real *const *params, int64_t channels, real *scale, real *shift);
    size_t (*prepare_bytes)(const visml_layer *layer, const visml_pass *pass);
    void (*prepare)(const visml_layer *layer, const visml_pass *pass, void *prepared);
    int32_t (*prepared_form)(const visml_layer *layer, const visml_pass *pass);
    /* A class whose forward is a convolution with params[0] as kernel and params[1] as bias, if it has one: which, from the pass' shapes.
     * 0: none with these. NULL: never. */
    int (*geometry)(const visml_layer *layer, const visml_pass *pass, visml_conv2d_geometry *g);
    /* Whether affine holds for an input of this shape, with the layer's options. NULL: always. */
    int (*affine_holds)(const visml_layer *layer, const visml_shape *in);
    /* The dimensions of x[0], from the first on, for which forward writes pass->mask, a byte each (masking, embedding). 0, NULL: none. */
    int32_t (*makes_mask)(const visml_layer *layer, const visml_shape *in);
    /* 1 where the mask ends at this layer though its class passes masks. NULL: never. */
    int (*ends_mask)(const visml_layer *layer);
    /* Elements of the state that lasts from batch to batch, of one sample; by the options alone. 0, NULL: none. */
    int64_t (*state)(const visml_layer *layer);
} visml_layer_class;

struct visml_layer {
    const visml_layer_class *cls;
    visml_context *context;
    char *name; /* owned; NULL until the model gives one */
    void *opts; /* owned: the class' options, defaults filled in */
    int32_t activation; /* applied to y after forward; from the options of classes that have it, else VISML_LINEAR */
    real alpha;
    visml_layer_opts with; /* what any layer can have */
    visml_layer *inner[2]; /* of a wrapper: owned; the second one only where the class makes it. Else NULL */
    visml_param_spec params[VISML_MAX_PARAMS];
    size_t param_count;
};

#define LAYER(name) extern const visml_layer_class visml_##name##_class;
#include "nn/layers.def"
#undef LAYER

/* All classes, in the order of layers.def; NULL ends the list. */
extern const visml_layer_class *const visml_layer_classes[];
/* By name; NULL when there is none. */
const visml_layer_class *visml_layer_class_find(const char *name);

/* What every constructor calls: reads the options by the class' fields. */
visml_layer *visml_layer_make(visml_context *ctx, const visml_layer_class *cls, const void *opts, visml_error *err);
/* The output shape, after a check of the number of inputs, their ranks, and the size of what comes out. */
visml_status visml_layer_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
/* Infers, checks the number of inputs, declares the parameters. Called once, by the model. */
visml_status visml_layer_build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
/* A hook for infer: the output has the shape of the input. */
visml_status visml_layer_same_shape(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
visml_status visml_layer_param(visml_layer *layer, const char *name, const visml_shape *shape, visml_init init, int32_t trainable,
                               int64_t fan_in, int64_t fan_out, visml_error *err);

/* The penalty and the bound of a parameter. All 0: none, as for those that are not trained. */
typedef struct visml_param_rule {
    double l1, l2, max_norm;
} visml_param_rule;
visml_param_rule visml_layer_rule(const visml_layer *layer, size_t param);
int visml_layer_penalises_output(const visml_layer *layer);
/* The mode in which a layer's passes run in a run of this mode. */
visml_mode visml_layer_mode(const visml_layer *layer, visml_mode run);
/* What the class' hooks say; 0 without them. */
int64_t visml_layer_state(const visml_layer *layer);
int32_t visml_layer_makes_mask(const visml_layer *layer, const visml_shape *in);

/* The number of the parameter called "bias", which is added to y before its activation; param_count when there is none. */
size_t visml_layer_bias(const visml_layer *layer);

/* How many of these bytes prepare should take for packed weights: all, or 0 where they are so many that a second copy of them costs more
 * than it gains. */
size_t visml_layer_packed(size_t bytes);

/* Layer to and from JSON: {"class": "conv2d", "name": "c1", "filters": 32, ...}; only what differs from its default is written.
 * known: further keys that the reader passes over ("inputs"). */
json_t *visml_layer_to_json(const visml_layer *layer);
visml_layer *visml_layer_from_json(visml_context *ctx, const json_t *object, const char *const *known, visml_error *err);

/* Fills an array as its spec says. Every element is a function of (key, element). */
visml_status visml_init_fill(visml_memory *memory, const visml_param_spec *spec, uint64_t key, real *values, visml_error *err);

/* The alpha of an activation where nothing else is said. */
double visml_act_alpha(int32_t activation);

/* Names of activations and initialisers, as Keras writes them; for VISML_FIELD_OF_ENUM. */
extern const char *const visml_act_names[];
extern const char *const visml_init_names[];

#endif
