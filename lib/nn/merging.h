/* What the layers of several inputs of one shape share: all but what they do to the elements. */
#ifndef NN_MERGING_H
#define NN_MERGING_H

#include "kernel/combine.h"
#include "nn/layer.h"

extern const visml_field visml_merge_fields[]; /* of visml_plain_opts */
visml_status visml_merge_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
/* Elements of one input in this batch. */
size_t visml_merge_count(const visml_pass *pass);

/* how: VISML_COMBINE_*. */
void visml_merge_forward(const visml_pass *pass, int32_t how);
void visml_merge_backward(const visml_pass *pass, int32_t how);

#endif
