/* Samples of pictures: bytes to floats and back. */
#ifndef KERNEL_SAMPLES_H
#define KERNEL_SAMPLES_H

#include "kernel/compute.h"

#ifndef VISML_REAL_DOUBLE
/* [n, h, w, c] of bytes to floats x * scale[c] + offset[c] (one rounding), in the same order or as [n, c, h, w]. pixels: h w, those of one
 * image. */
void visml_u8_to_nhwc(const visml_compute *c, int64_t n, int64_t pixels, int64_t channels, const uint8_t *x, const float *scale,
                      const float *offset, float *y);
void visml_u8_to_nchw(const visml_compute *c, int64_t n, int64_t pixels, int64_t channels, const uint8_t *x, const float *scale,
                      const float *offset, float *y);
/* x * scale + offset (one rounding), rounded half to even, 0 ... 255; NaN gives 0. */
void visml_f32_to_u8(const visml_compute *c, size_t n, const float *x, float scale, float offset, uint8_t *y);
#endif

#endif
