/* What the normalising layers share. */
#ifndef NN_NORMALIZING_H
#define NN_NORMALIZING_H

#include "nn/layer.h"

/* The output is of the input's shape: for infer. */
visml_status visml_normalizing_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
/* The axis of an option (1: the first after the batch, -1: the last) as an index into a shape without the batch. Errors: VISML_EINVAL. */
visml_status visml_normalizing_axis(int32_t axis, const visml_shape *in, int32_t *index, visml_error *err);
/* Declares a parameter; fans as Keras counts them. */
visml_status visml_normalizing_param(visml_layer *layer, const char *name, const visml_shape *shape, visml_init init, int32_t trainable,
                                     visml_error *err);

/* gamma and beta, or their gradients; NULL where a layer has none. */
typedef struct visml_gamma_beta {
    real *gamma, *beta;
} visml_gamma_beta;

/* Declares the ones that the flags ask for; both in this order. */
visml_status visml_normalizing_build(visml_layer *layer, int has_gamma, int has_beta, const visml_shape *shape, visml_init gamma,
                                     visml_init beta, visml_error *err);
/* Takes them out of a pass' params or grads. */
visml_gamma_beta visml_normalizing_arrays(int has_gamma, int has_beta, real *const *list);

#endif
