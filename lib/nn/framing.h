/* What the layers that put margins around images or take them away share. A sequence [T, C] is an image of one row. */
#ifndef NN_FRAMING_H
#define NN_FRAMING_H

#include "kernel/margins.h"
#include "nn/layer.h"

/* Rows and columns at each side: top, bottom, left, right. */
typedef struct visml_frame {
    int64_t top, bottom, left, right;
} visml_frame;

/* Of two numbers for a sequence, or four for an image. fallback: what each of them is where all are 0. */
visml_frame visml_frame_of(const int32_t *numbers, int32_t count, int32_t fallback);

/* The shape with the frame around it, or without it. rank: 2 or 3, what the layer takes. */
visml_status visml_frame_add(const visml_frame *f, int32_t rank, const visml_shape *in, visml_shape *out, visml_error *err);
visml_status visml_frame_remove(const visml_frame *f, int32_t rank, const visml_shape *in, visml_shape *out, visml_error *err);

/* Images `inner` of this batch within frames. */
visml_margins visml_frame_margins(const visml_frame *f, int64_t batch, const visml_shape *inner);

#endif
