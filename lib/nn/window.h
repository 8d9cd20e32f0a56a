/* How a window (a convolution's kernel, a pool) lies on an input: shared by the layers that slide one. */
#ifndef NN_WINDOW_H
#define NN_WINDOW_H

#include "kernel/conv2d.h"
#include "tensor/tensor.h"
#include "visml/nn.h"

/* One of the dimensions. */
typedef struct visml_window {
    int64_t size, stride, dilation;
    int64_t out;   /* places along the input */
    int64_t front; /* padding in front of it */
} visml_window;

typedef struct visml_windows {
    visml_window h, w;
    int32_t line; /* 1: the input is [W, C], a picture of one row; h is VISML_WINDOW_FLAT */
} visml_windows;

#define VISML_WINDOW_FLAT {1, 1, 1, 0, 0}

extern const char *const visml_padding_names[];        /* valid, same */
extern const char *const visml_padding_names_causal[]; /* and causal */

/* Elements of the input from a window's first to its last. */
int64_t visml_window_extent(const visml_window *w);

/* Fills out and front of both from size, stride and dilation. `what` is the window's name in the message ("kernel"); the input must be
 * [H, W, C], or [W, C] for a line. Errors: VISML_EINVAL. */
visml_status visml_windows_fit(const char *what, const visml_shape *in, visml_padding padding, visml_windows *windows, visml_error *err);
/* The output of windows that fit: [H', W', channels], or [W', channels] for a line. */
visml_shape visml_windows_out(const visml_windows *s, int64_t channels);
/* The convolution of `batch` inputs with windows that fit. */
visml_conv2d_geometry visml_windows_conv(const visml_windows *s, int64_t batch, const visml_shape *in, int64_t filters, int64_t groups);
/* VISML_EINVAL unless the input's channels are a multiple of the groups. */
visml_status visml_windows_groups(const visml_shape *in, int64_t groups, visml_error *err);

#endif
