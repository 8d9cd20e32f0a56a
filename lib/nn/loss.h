/* The inside of a loss: one const struct each, one row in losses.def. */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include "base/options.h"
#include "context/context.h"
#include "kernel/compute.h"
#include "tensor/tensor.h"
#include "visml/nn.h"

typedef struct visml_loss_pass {
    visml_compute compute;
    int64_t rows, width; /* output [rows, width] */
    const real *y;       /* the model's output, or its logits when `logits` */
    int32_t logits;      /* y has not been through the activation that the class joins, and prob is wanted as that of y where prob is not
                            NULL */
    int32_t probabilities; /* 1: y has been through the function that from_logits leaves to the loss, whatever the loss was told */
    const int32_t *labels; /* [rows] class numbers (-1: leave the row out), or NULL */
    const real *targets;   /* [rows, width], or NULL */
    const real *weights;   /* [rows] or NULL: 1 */
    real scale;            /* of the gradient: 1 / batch size */
    real *loss;            /* [rows]: loss of each row, weight applied */
    real *dy;              /* [rows, width] gradient with respect to y: weight and scale applied; NULL: not wanted; may be y */
    real *prob;            /* [rows, width]; may be y; may be NULL */
} visml_loss_pass;

typedef struct visml_loss_class {
    const char *name; /* "sparse_categorical_crossentropy": Keras' name, in files */
    size_t opts_size;
    const visml_field *fields;
    int32_t joins;      /* VISML_SOFTMAX, VISML_SIGMOID: computed on logits when the model ends in it; 0: never */
    int32_t logits_of;  /* the function that from_logits says the output has not been through: VISML_SOFTMAX, VISML_SIGMOID; 0: no option */
    int32_t along_last; /* 1: of the output's last dimension, a loss for each place of the others; 0: of all elements alike */
    int32_t one_unit;   /* 1: an output of one unit tells two classes apart, and class numbers are 0 and 1 */
    double threshold;   /* of one unit: class 1 is above. Of logits it is 0 */
    visml_status (*refuse)(const visml_loss *loss, visml_error *err); /* options that the constructor refuses though they are in range,
                                                                         or NULL */
    /* Whether targets of this kind and shape can be compared with an output. labels: 1 for class numbers. target: shape without the
     * batch, when labels is 0. */
    visml_status (*check)(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target, visml_error *err);
    void (*run)(const visml_loss *loss, const visml_loss_pass *pass);
} visml_loss_class;

struct visml_loss {
    const visml_loss_class *cls;
    visml_context *context;
    void *opts;
};

#define LOSS(name) extern const visml_loss_class visml_##name##_class;
#include "nn/losses.def"
#undef LOSS

extern const visml_loss_class *const visml_loss_classes[];
const visml_loss_class *visml_loss_class_find(const char *name);
visml_loss *visml_loss_make(visml_context *ctx, const visml_loss_class *cls, const void *opts, visml_error *err);
/* 1 when y is taken as logits whatever the model ends in (from_logits). */
int visml_loss_from_logits(const visml_loss *loss);
/* 1 when the y of this pass is taken as logits. */
int visml_loss_on_logits(const visml_loss *loss, const visml_loss_pass *pass);
/* Where one unit tells two classes apart, in the output of a model that ends in this activation. */
double visml_loss_threshold(const visml_loss *loss, int32_t ends_in);
/* As a JSON value and back. NULL when memory ran out. */
json_t *visml_loss_describe(const visml_loss *loss);
visml_loss *visml_loss_from_description(visml_context *ctx, const json_t *object, visml_error *err);

#endif
