/* What the layers share that drop: elements, or channels. */
#ifndef NN_DROPPING_H
#define NN_DROPPING_H

#include "nn/layer.h"

extern const visml_field visml_dropping_fields[]; /* of visml_dropout_opts */

/* Of whole channels (Tompson et al. 2015, "Efficient object localization using convolutional networks"), for arrays [..., C]. */
/* rank: what the layer takes. */
visml_status visml_channel_dropout_infer(int32_t rank, const visml_shape *in, visml_shape *out, visml_error *err);
size_t visml_channel_dropout_scratch(const visml_layer *layer, const visml_pass *pass);
void visml_channel_dropout_forward(const visml_layer *layer, const visml_pass *pass);
void visml_channel_dropout_backward(const visml_layer *layer, const visml_pass *pass);

#endif
