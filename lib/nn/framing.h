/* What the layers that put margins around images or take them away share. A sequence [T, C] is an image of one row. */
#ifndef NN_FRAMING_H
#define NN_FRAMING_H

#include "nn/layer.h"

/* The hooks of a layer that adds a frame, and of one that removes it. Its numbers are the class' second field: two for a sequence, left and
 * right, or four for an image, top, bottom, left and right. */
visml_status visml_frame_add_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
void visml_frame_add_forward(const visml_layer *layer, const visml_pass *pass);
void visml_frame_add_backward(const visml_layer *layer, const visml_pass *pass);
visml_status visml_frame_remove_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
void visml_frame_remove_forward(const visml_layer *layer, const visml_pass *pass);
void visml_frame_remove_backward(const visml_layer *layer, const visml_pass *pass);

#endif
