/* visml/model.h - networks as graphs of layers: build, summarise, save, load, run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_MODEL_H
#define VISML_MODEL_H

#include "nn.h"

VISML_BEGIN_DECLS

/* A network. First open: layers are added. Then built: the graph is fixed, the parameters exist.
 * Thread-safety: an open model belongs to one thread. A built one may be shared by any number of sessions in any threads, as long as
 * nobody changes its parameters (visml_fit, visml_model_set_param). */
typedef struct visml_model visml_model;

/* In the place of a dimension of a model's input: any size >= 1, to be known when there is an input. Keras' None. */
#define VISML_ANY (-1)

/* A model whose input has this shape, without the batch: VISML_SHAPE(height, width, channels). Owned by the caller.
 * Node 0 is the input; its name is "input_layer". A model has at most 4,096 layers.
 * VISML_SHAPE(VISML_ANY, VISML_ANY, 3) leaves the size open: the model takes inputs of every size that its layers fit, and its shapes have
 * VISML_ANY where they depend on it. No parameter may: behind such an input visml_global_avgpool2d and the like lead to a visml_dense, not
 * visml_flatten.
 * Errors: VISML_EINVAL (rank 1 ... 7, dimensions >= 1 or VISML_ANY), VISML_ENOMEM. */
VISML_API visml_model *visml_model_new(visml_context *ctx, const visml_shape *input, visml_error *err);
VISML_API void visml_model_free(visml_model *model);

/* Puts a layer behind the one added last. *Consumes* the layer, also on failure. NULL as the layer (its constructor failed) is a failure
 * too: where `err` holds the constructor's message, that is the reason. The model remembers its first failure, and every later call gives
 * it again, code and message, so that one visml_error serves a whole chain of constructors and adds, and checking visml_model_build is
 * enough. (To make that possible `err` is read here, when the layer is NULL: it must be zeroed or have been used by the constructor.)
 * Errors: VISML_EINVAL (the layer does not fit: the message names it and both shapes; or, where the input is open, a parameter of it would
 * depend on the size: the message says what to use), VISML_ESTATE (already built), VISML_ELIMIT (too many layers), VISML_ENOMEM. */
VISML_API visml_status visml_model_add(visml_model *model, visml_layer *layer, visml_error *err);

/* The graph: puts a layer behind the nodes `inputs` (n of them, each the number of an earlier node) and returns the new node's number
 * (>= 1), or a negative status. *Consumes* the layer, as visml_model_add. */
VISML_API int32_t visml_model_apply(visml_model *model, visml_layer *layer, const int32_t *inputs, size_t n, visml_error *err);

/* Fixes the graph, lays out the parameters and initialises them from `seed` (0: the context's). The output is the node added last; nodes
 * that do not lead to it are an error. Errors: the first failure of any add; VISML_EINVAL (a node that leads nowhere), VISML_ESTATE
 * (already built, or no layer), VISML_ENOMEM; after these the model is open as before. */
VISML_API visml_status visml_model_build(visml_model *model, uint64_t seed, visml_error *err);

/* Shapes without the batch; VISML_ANY where the size is open. Borrowed; NULL before build. */
VISML_API const visml_shape *visml_model_input_shape(const visml_model *model);
VISML_API const visml_shape *visml_model_output_shape(const visml_model *model);

/* Keras' table as text: layer (type), output shape, parameters, totals. Writes at most `capacity` bytes, the end zero included, and
 * returns the length that the whole text has (call with NULL, 0 to learn it). A model that is not built gives "". */
VISML_API size_t visml_model_summary(const visml_model *model, char *text, size_t capacity);

/* The architecture as JSON, in the form that visml_model_from_json reads and that a model file holds. Length and capacity as above.
 * 0 when memory ran out or the model is not built. */
VISML_API size_t visml_model_to_json(const visml_model *model, char *text, size_t capacity);
/* A new open model from JSON (n bytes): {"input_shape": [28, 28, 1], "layers": [{"class": "conv2d", "name": "c1", "filters": 32,
 * "kernel_size": [3, 3]}, ..., {"class": "add", "inputs": ["c1", "c2"]}]}. null in `input_shape` is VISML_ANY. `input_shape` in the text
 * may be missing or null when `input` is given; `input`, where not NULL, takes its place. A "dense" with "units": 0 or null takes
 * `classes`, where that is > 0.
 * Errors: VISML_EFORMAT (line and column, or the layer and key), VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_model *visml_model_from_json(visml_context *ctx, const char *text, size_t n, const visml_shape *input, int32_t classes,
                                             visml_error *err);

/* ---- transfer ---------------------------------------------------------------------------------------------------------------- */

/* Layers in the order in which they were added; 0 without a model. */
VISML_API size_t visml_model_layer_count(const visml_model *model);
/* The name of layer i, counted from 0. Borrowed; NULL when i is out of range. */
VISML_API const char *visml_model_layer_name(const visml_model *model, size_t i);

/* A new *open* model (owned) of the layers that lead to the layer called `last` and that layer, with their options and names: its output.
 * More layers can be put behind it: a new head. visml_model_build gives the layers that were carried over the values that the model has
 * then, and initialises the others; the attributes come along, the names of classes do not. The model must not be trained in between.
 * Errors: VISML_EINVAL (no such layer), VISML_ESTATE (not built), VISML_ENOMEM. */
VISML_API visml_model *visml_model_cut(const visml_model *model, const char *last, visml_error *err);

/* Freezes (trainable 0) or releases (1) the layers from `first` to `last` in the order of adding; NULL: from the very first, to the very
 * last. As visml_layer_opts.frozen; may be called before and after the build, not while the model is being trained. Saved with the model.
 * Errors: VISML_EINVAL (no such layer; first behind last), nothing is changed then. */
VISML_API visml_status visml_model_set_trainable(visml_model *model, const char *first, const char *last, int32_t trainable,
                                                 visml_error *err);

/* ---- parameters -------------------------------------------------------------------------------------------------------------- */

/* Number of parameter arrays; 0 before build. Order: by layer, then as the layer's comment lists them. */
VISML_API size_t visml_model_param_count(const visml_model *model);
/* "conv2d_1/kernel". Borrowed; NULL when i is out of range. */
VISML_API const char *visml_model_param_name(const visml_model *model, size_t i);
/* 1 when training changes it by gradient, 0 for moving averages and the like, and in a frozen layer; 0 when i is out of range. */
VISML_API int32_t visml_model_param_trainable(const visml_model *model, size_t i);
/* A view of the array inside the model (VISML_F32, contiguous): a tensor (owned) that keeps the model's memory alive. Read it; write with
 * visml_model_set_param. Errors: VISML_EINVAL, VISML_ESTATE, VISML_ENOMEM. */
VISML_API visml_tensor *visml_model_param(const visml_model *model, size_t i, visml_error *err);
/* Copies `value` (VISML_F32 of the same shape, any strides) over the array of this name. Errors: VISML_EINVAL (both shapes named). */
VISML_API visml_status visml_model_set_param(visml_model *model, const char *name, const visml_tensor *value, visml_error *err);

/* ---- description ------------------------------------------------------------------------------------------------------------- */

/* Names of the classes, in the order of the outputs; copied. n = 0 clears. Saved with the model. */
VISML_API visml_status visml_model_set_classes(visml_model *model, const char *const *names, size_t n, visml_error *err);
VISML_API size_t visml_model_class_count(const visml_model *model);
/* Borrowed; NULL when i is out of range. */
VISML_API const char *visml_model_class_name(const visml_model *model, size_t i);
/* Free text under a key ("resize", "color", ...), saved with the model. A NULL value removes the key. Keys that start with "visml." are the
 * library's. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_status visml_model_set_attribute(visml_model *model, const char *key, const char *value, visml_error *err);
/* Borrowed until the attribute changes; NULL when there is none. */
VISML_API const char *visml_model_attribute(const visml_model *model, const char *key);

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

/* A built model as one safetensors file: parameters by name, architecture, classes and attributes in its metadata, with checksums.
 * Written beside `path`, synced, renamed over it: a reader sees the old file or the new one. Errors: VISML_EIO, VISML_ESTATE,
 * VISML_ENOMEM. */
VISML_API visml_status visml_model_save(const visml_model *model, const char *path, visml_error *err);
/* The same into memory: a new VISML_U8 tensor [n] (owned). */
VISML_API visml_tensor *visml_model_save_memory(const visml_model *model, visml_error *err);
/* A built model (owned) from such a file. Nothing in it is trusted: sizes and indices are checked against the file's length before anything
 * is allocated, checksums are verified. Errors: VISML_EIO, VISML_EFORMAT (what, where), VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_model *visml_model_load(visml_context *ctx, const char *path, visml_error *err);
VISML_API visml_model *visml_model_load_memory(visml_context *ctx, const void *bytes, size_t n, visml_error *err);

/* ---- running ----------------------------------------------------------------------------------------------------------------- */

/* Memory for running a model: activations and scratch. Holds the model's graph and parameters alive, so that the model may be freed first.
 * Thread-safety: one thread at a time; make one session for each thread. */
typedef struct visml_session visml_session;

/* How a model runs on bytes instead of floats: made by visml_quantize (visml/train.h), which says more. Immutable; may be shared between
 * threads. Holds the model alive. */
typedef struct visml_quantization visml_quantization;
VISML_API void visml_quantization_free(visml_quantization *quantization);

typedef struct visml_session_opts {
    uint32_t size;
    int32_t max_batch; /* default 32; larger inputs are run in pieces */
    const visml_quantization *quantization; /* of this model: run on bytes; borrowed during the call; default: floats */
    const char *output; /* name of an inner layer whose output is wanted instead of the model's: features; borrowed during the call. The
                           session then has a copy of the parameters that lead there. Not with a quantization */
    const visml_shape *input; /* of a model whose input is open: the size of all inputs of this session, without the batch; borrowed
                           during the call; default: each call's own */
} visml_session_opts;

/* Plans all memory; running allocates nothing. Where the size of the input is open and `input` does not say it, a run plans for that of
 * its x (for max_batch of them: 1 is right where each has a size of its own), and runs with the size of the run before allocate nothing.
 * What sessions make of the parameters is shared by all sizes. In a model with stateful layers (visml_lstm_opts) sample i of a run goes on
 * where sample i of the run before ended, until visml_session_reset, whatever the sizes: all runs till then must have as many samples as
 * the first, at most max_batch. The shape of y is that of the model's output or of the layer `output`:
 * visml_session_output_shape. Owned by the caller. With a quantization convolutions, dense layers, pooling, sums of two
 * and the rescaling of pixels run on bytes, with the weights that the model has now; other layers run on floats between them.
 * Errors: VISML_ESTATE (not built), VISML_EINVAL, VISML_EUNSUPPORTED (a quantization for a model without a layer that can run on bytes),
 * VISML_ENOMEM. */
VISML_API visml_session *visml_session_new(const visml_model *model, const visml_session_opts *opts, visml_error *err);
VISML_API void visml_session_free(visml_session *session);
/* The state of stateful layers becomes 0, as in a new session; the next run may have another number of samples. NULL is allowed. */
VISML_API void visml_session_reset(visml_session *session);
/* Of what visml_session_run writes, without the batch; VISML_ANY where it depends on the size of x. Borrowed; NULL without a session. */
VISML_API const visml_shape *visml_session_output_shape(const visml_session *session);
/* The same for an x of this shape, without the batch: *output has no VISML_ANY. Thread-safety: any thread.
 * Errors: VISML_EINVAL (no input of this model; or the layer that does not fit this size), VISML_ENOMEM. */
VISML_API visml_status visml_session_output_for(const visml_session *session, const visml_shape *input, visml_shape *output,
                                                visml_error *err);

/* The model's output for x, in inference mode. x: [N, input shape], VISML_F32 or VISML_U8 (taken as 0 ... 255), contiguous; N may be 0.
 * y: [N, output shape], VISML_F32, contiguous, the caller's. Errors: VISML_EINVAL with both shapes, or both numbers of samples where a
 * layer is stateful, and where the size of x is open also with the layer that does not fit it; VISML_ENOMEM, in this case only: y is as
 * before then, and the session can be used on. */
VISML_API visml_status visml_session_run(visml_session *session, const visml_tensor *x, visml_tensor *y, visml_error *err);

VISML_END_DECLS

#endif /* VISML_MODEL_H */
