/* How a window (a convolution's kernel, a pool) lies on an input: shared by the layers that slide one. */
#ifndef NN_WINDOW_H
#define NN_WINDOW_H

#include "tensor/tensor.h"
#include "visml/nn.h"

/* One of the two dimensions. */
typedef struct visml_window {
    int64_t size, stride, dilation;
    int64_t out;   /* places along the input */
    int64_t front; /* padding in front of it */
} visml_window;

typedef struct visml_windows {
    visml_window h, w;
} visml_windows;

extern const char *const visml_padding_names[];

/* Fills out and front of both from size, stride and dilation. `what` is the window's name in the message ("kernel"); the input must be
 * [H, W, C]. Errors: VISML_EINVAL. */
visml_status visml_windows_fit(const char *what, const visml_shape *in, visml_padding padding, visml_windows *windows, visml_error *err);

#endif
