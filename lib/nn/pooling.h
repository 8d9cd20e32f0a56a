/* What the pooling layers share: all but the kernels. */
#ifndef NN_POOLING_H
#define NN_POOLING_H

#include "kernel/pool2d.h"
#include "nn/layer.h"

extern const visml_field visml_pool_fields[];
visml_status visml_pool_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
visml_pool2d_geometry visml_pool_geometry(const visml_layer *layer, const visml_pass *pass);

#endif
