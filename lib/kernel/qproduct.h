/* Convolution and dense products on bytes: see kernel/quantized.h for what bytes stand for. The same bytes at every level and for any
 * number of threads. */
#ifndef KERNEL_QPRODUCT_H
#define KERNEL_QPRODUCT_H

#include "kernel/conv2d.h"
#include "kernel/quantized.h"

/* The numbers that an array's bytes stand for: (q - zero) scale. */
typedef struct visml_qform {
    float scale;   /* > 0 */
    int32_t zero;  /* 0 ... 255 */
} visml_qform;

/* The form for numbers from lo to hi (both finite, lo <= hi). 0 is always inside and exact, for it is what pads images. */
visml_qform visml_qform_of(float lo, float hi);

/* What a convolution is to become. */
typedef struct visml_qconv2d_terms {
    const float *w;    /* [kh, kw, c / groups, f], finite */
    const float *bias; /* [f], finite, or NULL */
    visml_qform x, y, residual;
    int32_t to_float;  /* the result as floats: y is not used */
    const float *gain;  /* [f], finite: the filter's weights are multiplied by it first, or NULL */
    int32_t activation; /* not VISML_SOFTMAX */
    float alpha;
    const float *after, *shift; /* [f], finite: the result of the activation is multiplied by `after`, then shift is added; or NULL */
} visml_qconv2d_terms;

/* A prepared convolution. A dense layer is one of 1 x 1 over an image of one row. */
typedef struct visml_qconv2d {
    visml_conv2d_geometry g;
    visml_qform x;
    visml_requantize r;
    const int8_t *weights;
    int32_t to_float;
    int32_t depthwise; /* as many groups as channels and filters: a kernel of its own */
} visml_qconv2d;

/* 1 when its sums are short enough (VISML_QK). */
int visml_qconv2d_fits(const visml_conv2d_geometry *g);
/* Bytes of prepared weights, at a multiple of 64; SIZE_MAX when they cannot be addressed. */
size_t visml_qconv2d_bytes(const visml_conv2d_geometry *g);
/* Weights to signed bytes, one scale a filter: the largest magnitude becomes 127. q refers to `memory` afterwards. */
void visml_qconv2d_prepare(visml_qconv2d *q, const visml_conv2d_geometry *g, const visml_qconv2d_terms *terms, void *memory);

/* y [n, oh, ow, f]: bytes, or floats with to_float. residual: bytes in the shape of y, or NULL. The scratch does not grow with n. */
size_t visml_qconv2d_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_qconv2d_run(const visml_compute *c, const visml_qconv2d *q, int64_t n, const uint8_t *x, void *y, const uint8_t *residual,
                       void *scratch);

#endif
