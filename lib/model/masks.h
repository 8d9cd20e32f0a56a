/* Which places of a sample are to be passed over: a byte for each of them, from the layer that makes the mask to where it ends. Keras 3's
 * rules: supports_masking and compute_mask of its layers. */
#ifndef MODEL_MASKS_H
#define MODEL_MASKS_H

#include "model/plan.h"

/* The mask behind a node whose output is [shape], by those of its inputs: number and dims as in visml_plan_node. `made` 1: it is one of its
 * own, and has no number yet; put together from the inputs' as `join` says. */
typedef struct visml_mask_rule {
    int32_t mask, dims, join, made;
} visml_mask_rule;

visml_mask_rule visml_mask_behind(const visml_plan *p, const visml_model *m, const visml_shape *shape, size_t node);

/* Bytes of a sample's mask with so many dimensions of this shape. */
int64_t visml_mask_count(const visml_shape *shape, int32_t dims);

/* Puts a mask together, of `rows` samples: masks [inputs], NULL where there is none. */
void visml_mask_join(int32_t join, int32_t dims, const visml_shape *in, size_t inputs, const uint8_t *const *masks, int64_t rows,
                     uint8_t *to);

#endif
