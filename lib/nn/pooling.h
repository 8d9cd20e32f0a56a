/* What the pooling layers share: all but the kernels. */
#ifndef NN_POOLING_H
#define NN_POOLING_H

#include "kernel/pool2d.h"
#include "nn/layer.h"

/* Windows on [H, W, C] or [W, C]; which of them follows from the class' fields: one of these two. */
extern const visml_field visml_pool_fields[];
extern const visml_field visml_pool1d_fields[];
visml_status visml_pool_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
visml_pool2d_geometry visml_pool_geometry(const visml_layer *layer, const visml_pass *pass);

void visml_pool_max_forward(const visml_layer *layer, const visml_pass *pass);
void visml_pool_max_backward(const visml_layer *layer, const visml_pass *pass);
void visml_pool_mean_forward(const visml_layer *layer, const visml_pass *pass);
void visml_pool_mean_backward(const visml_layer *layer, const visml_pass *pass);

/* All places of [H, W, C] or [W, C]: one of these two tables. */
extern const visml_field visml_global_pool_fields[];
extern const visml_field visml_global_pool1d_fields[];
visml_status visml_global_pool_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);

void visml_global_max_forward(const visml_layer *layer, const visml_pass *pass);
void visml_global_max_backward(const visml_layer *layer, const visml_pass *pass);
void visml_global_mean_forward(const visml_layer *layer, const visml_pass *pass);
void visml_global_mean_backward(const visml_layer *layer, const visml_pass *pass);

#endif
