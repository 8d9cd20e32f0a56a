/* The inside of a model: the graph, the flat parameters, the memory plan. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "nn/layer.h"
#include "nn/loss.h"
#include "tensor/bundle.h"
#include "visml/model.h"

/* One layer in the graph. Node 0 is the input (layer NULL). */
typedef struct visml_node {
    visml_layer *layer;
    int32_t *inputs; /* numbers of earlier nodes */
    size_t input_count;
    visml_shape shape; /* of its output, without the batch; VISML_ANY where it depends on an open input: see sizes.h */
    size_t first_param, param_count; /* its range in model->params */
} visml_node;

typedef struct visml_param {
    char *name; /* "conv2d_1/kernel" */
    const visml_layer *layer;
    const visml_param_spec *spec;
    size_t offset, count; /* in model->values (elements); in the gradients too, when trainable */
} visml_param;

#define VISML_MAX_LAYERS 4096
#define VISML_MAX_NODES (VISML_MAX_LAYERS + 1)

struct visml_prepared;

struct visml_model {
    visml_context *context;
    _Atomic int64_t references; /* the caller's, and one for each session and parameter view */
    visml_node *nodes;
    size_t node_count, node_capacity;
    visml_shape *trials;   /* of a model whose input is open: what each node is for two sizes of it; else NULL. See sizes.h */
    size_t trial_capacity;
    int64_t trial_offset;
    visml_status failed; /* of the first failing add */
    visml_error failure;
    int32_t built;
    visml_param *params;
    size_t param_count;
    real *values;          /* all parameters: the trainable ones first. Each starts at a multiple of 16 elements; gaps are 0 */
    size_t trainable_count; /* elements of values that have a gradient, gaps included */
    size_t value_count;
    struct visml_model *origin; /* of a model that was cut from another, until it is built: where values come from */
    size_t carried;        /* nodes that came from there */
    char **classes;
    size_t class_count;
    json_t *attributes; /* object of strings */
    _Atomic uint64_t version; /* of the values, from 1 on: every writer calls visml_model_changed */
    pthread_mutex_t lock;     /* of the pointer `prepared` and of making it */
    struct visml_prepared *prepared; /* what the sessions share, NULL: there are none. See prepared.h */
};

/* The shape of a node's output in a run: `shapes` are those of all nodes there; NULL: of a model of fixed size, the model's own. */
static inline const visml_shape *visml_node_shape(const visml_model *model, const visml_shape *shapes, size_t node) {
    return shapes ? &shapes[node] : &model->nodes[node].shape;
}

visml_model *visml_model_retain(visml_model *model);
/* To be called after values were written: what sessions have made of them is out of date. */
void visml_model_changed(visml_model *model);
/* The activation that the model's output comes out of, by way of layers that only reshape, too. VISML_LINEAR: none. */
int32_t visml_model_ends_in(const visml_model *model);
/* The node's parameter arrays, in the order of declaration. */
void visml_node_params(const visml_model *model, size_t node, real *params[VISML_MAX_PARAMS]);

/* regularize.c: the penalties of all trained parameters; their gradients are added to grads (as model->values; NULL: not wanted). */
double visml_model_penalty(const visml_model *model, real *grads);
/* After a step: parameters back within their bounds. The caller tells visml_model_changed. */
void visml_model_constrain(visml_model *model);

/* Architecture as JSON value and back (an open model). See visml_model_to_json. */
json_t *visml_model_describe(const visml_model *model);
visml_model *visml_model_from_description(visml_context *ctx, const json_t *description, const visml_shape *input, int32_t classes,
                                          visml_error *err);

/* A run for training: one arena that holds activations, gradients of them, and scratch. One thread. */
typedef struct visml_trainer visml_trainer;

/* Plans the memory for batches of up to max_batch with this loss. Errors: VISML_EINVAL, VISML_ENOMEM. */
visml_trainer *visml_trainer_new(visml_model *model, const visml_loss *loss, int64_t max_batch, uint64_t seed, visml_error *err);
void visml_trainer_free(visml_trainer *t);
/* Of a model whose input is open: before the first batch, and whenever the size changes. Plans for inputs of this shape where the last one
 * was another. Errors: VISML_EINVAL (the layer that it does not fit), VISML_ENOMEM. */
visml_status visml_trainer_fit(visml_trainer *t, const visml_shape *input, visml_error *err);

typedef struct visml_train_batch {
    int64_t rows;          /* <= max_batch, >= 1 */
    const void *x;         /* [rows, input shape] */
    visml_dtype x_dtype;   /* VISML_F32, VISML_U8 or VISML_REAL_DTYPE */
    const int32_t *labels; /* as visml_loss_pass */
    const real *targets;
    const real *weights;
    double divisor;        /* the batch size that the gradient is divided by; usually rows */
    uint64_t step;         /* for random numbers */
} visml_train_batch;

/* Forward, loss and gradients (not the step). Returns the sum of the rows' losses (weights applied). Moving averages are updated. */
double visml_trainer_gradients(visml_trainer *t, const visml_train_batch *batch);
/* The gradients of the last call: model->trainable_count reals, in the layout of model->values. */
real *visml_trainer_grads(visml_trainer *t);
/* The output (probabilities) of the last call, [rows, output shape]. */
const real *visml_trainer_output(const visml_trainer *t);

/* Loss and output in inference mode (evaluation), in a session with a loss; of a model whose input is open, one that was opened with the
 * option `input`. loss NULL: no loss is computed (returns 0).
 * *y: borrowed until the next call, [rows, output shape]. */
double visml_session_losses(visml_session *session, const visml_loss *loss, const visml_train_batch *batch, const real **y);

/* ---- the file: a bundle of kind "model" ---------------------------------------------------------------------------------------- */

/* A model as the parts of a bundle, so that a checkpoint can hold one and more: description["model"] is set, and its parameters are put
 * into tensors (room for visml_model_param_count) from *n on; *n grows. The tensors borrow from the model. Errors: VISML_ENOMEM. */
visml_status visml_model_to_bundle(const visml_model *model, json_t *description, visml_bundle_tensor *tensors, size_t *n,
                                   visml_error *err);
/* A built model (owned). Tensors that are no parameters of it are passed over. Errors: VISML_EFORMAT, VISML_ELIMIT, VISML_ENOMEM. */
visml_model *visml_model_from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err);
/* Copies parameters of a bundle into a model of the same architecture: all of them, or on failure none. Errors: VISML_EFORMAT. */
visml_status visml_model_restore(visml_model *model, const visml_bundle *b, visml_error *err);

#endif
