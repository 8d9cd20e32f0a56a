/* What the arguments of the quantized leaf kernels are made of.
 *
 * An activation is kept as an unsigned byte q for the number (q - zero) scale, one zero and scale an array; a weight as a signed byte w,
 * -127 ... 127, for w scale, one scale an output channel (Jacob et al. 2018, "Quantization and training of neural networks for efficient
 * integer-arithmetic-only inference"). Sums of products are exact in 32 bits. What comes after is a fixed sequence of single operations in
 * float, none of them fused: every level, sse4 included, gives the same bytes. */
#ifndef KERNEL_QUANTIZED_H
#define KERNEL_QUANTIZED_H

#include <stddef.h>
#include <stdint.h>

#define VISML_QK 65536   /* the longest sum: 65536 * 255 * 127 < 2^31 */
#define VISML_QCHUNK 64  /* bytes of a packed row that lie together */
#define VISML_QPANEL 16  /* columns of packed weights that lie together */
#define VISML_QMAX_MR 16

/* How a sum becomes a result: t = sum * scale + bias (+ (residual - residual_zero) * residual_scale); t = act(t); t = t * after + shift. A
 * float result is t. A byte is zero + t, bounded by lo and hi, rounded to nearest even; the byte's scale is divided by where that is the
 * same: in scale, bias and residual_scale, or in after and shift. */
typedef struct visml_requantize {
    const int32_t *start; /* [n] what the sums start from: -zero of x times the sum of the column's weights */
    const float *scale, *bias; /* [n], up to a multiple of 16 (depthwise: 64, in zipped order, see kernel/vec_bytes.h) */
    const float *after, *shift; /* the same; NULL: nothing is done after the activation */
    int32_t activation;
    float alpha;
    float lo, hi;
    int32_t zero, residual_zero;
    float residual_scale;
} visml_requantize;

/* Patches as rows of bytes; as visml_patches, with `pad` where they lie outside of the image. */
typedef struct visml_qpatches {
    const uint8_t *x;
    const uint8_t *pad; /* [max(tw c, 64)] bytes, all of them the zero of x */
    int64_t h, w, ld, first, c;
    int64_t gh, gw;
    int64_t sy, sx, y0, x0;
    int64_t th, tw, ty, tx;
} visml_qpatches;

/* A register block. Packed rows: [blocks of mr rows][chunks of 64 bytes along k][mr][64]. Packed weights: [panels of 16 columns][groups of
 * four along k][16][4]. */
typedef struct visml_qtile {
    int64_t steps;  /* groups of four along k */
    const uint8_t *a;
    const int8_t *b;
    int64_t panel;  /* bytes from one panel to the next */
    int32_t rows, cols; /* at most mr, nr */
    const visml_requantize *r; /* its arrays begin at this block's first column */
    uint8_t *q;     /* the result as bytes, or NULL */
    float *y;       /* or as floats */
    const uint8_t *residual; /* or NULL */
    int64_t ld;     /* of result and residual */
} visml_qtile;

/* `count` pixels of a depthwise convolution, all channels. Tap (i, j) of pixel o is the byte taps[o step + j kh + i][channel]. */
typedef struct visml_qdepthwise {
    const uint8_t *const *taps;
    int64_t count, step;
    int64_t kh, kw, c;
    const int8_t *weights; /* [blocks of 64 channels][kw][groups of four along kh][4][16][4], zipped */
    const visml_requantize *r;
    uint8_t *q;            /* [count, c], or NULL */
    float *y;              /* or this */
} visml_qdepthwise;

/* The sum of two arrays: t = (a - a_zero) a_scale + (b - b_zero) b_scale, then as visml_requantize. */
typedef struct visml_qsum {
    const uint8_t *a, *b;
    int32_t a_zero, b_zero;
    float a_scale, b_scale;
    visml_requantize r;
} visml_qsum;

#endif
