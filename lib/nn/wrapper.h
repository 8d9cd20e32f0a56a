/* Layers that hold another layer: their class has `adopt`. The inner layer belongs to the outer one, has no name of its own in the model,
 * and what any layer can have (visml_layer_with) is the outer one's from then on. */
#ifndef NN_WRAPPER_H
#define NN_WRAPPER_H

#include "nn/layer.h"

#define VISML_MAX_DEPTH 7 /* wrappers in each other: each takes a dimension away, or has a recurrent layer inside */

/* What a wrapper's constructor calls; consumes the inner layer. A constructor's failure that is in `err` stays there. */
visml_layer *visml_layer_wrap(visml_context *ctx, const visml_layer_class *cls, visml_layer *inner, const void *opts, visml_error *err);

/* A recurrent layer once more, with go_backwards the other way round. */
visml_layer *visml_layer_turned(const visml_layer *recurrent, visml_error *err);

/* Memory of a wrapper's pass, one region after the other at multiples of 64 bytes; base NULL: only the size is wanted. `used` becomes
 * SIZE_MAX where sizes overflow. */
typedef struct visml_regions {
    char *base;
    size_t used;
} visml_regions;
void *visml_regions_take(visml_regions *r, size_t bytes);
real *visml_regions_reals(visml_regions *r, int64_t a, int64_t b);

#endif
