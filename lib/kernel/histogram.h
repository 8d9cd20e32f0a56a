/* Histograms of pictures and of arrays. Counts are whole numbers of 32 bits, overwritten. */
#ifndef KERNEL_HISTOGRAM_H
#define KERNEL_HISTOGRAM_H

#include "kernel/compute.h"

#ifndef VISML_REAL_DOUBLE
#define VISML_JOINT_CHANNELS 4 /* of a joint histogram, at most */

/* How often each byte is in each channel of [pixels, channels]: counts[channels, 256]. */
size_t visml_histogram_u8_scratch(const visml_compute *c, int64_t channels);
void visml_histogram_u8(const visml_compute *c, size_t pixels, int64_t channels, const uint8_t *x, uint32_t *counts, void *scratch);

/* Of counts[channels, 256] those of `bins` (1 ... 256) uniform bins: byte v is in bin v * bins / 256. counts[channels, bins]. */
void visml_histogram_fewer(int64_t channels, const uint32_t *counts, int32_t bins, uint32_t *out);

/* Of [n] numbers in `bins` (1 ... 2^22) uniform bins over [low, high]: bin floor((x - low) * (bins / (high - low))), the last one closed.
 * What is outside, and NaN, is not counted. Needs low < high, both finite. */
size_t visml_histogram_f32_scratch(const visml_compute *c, int32_t bins);
void visml_histogram_f32(const visml_compute *c, size_t n, const float *x, float low, float high, int32_t bins, uint32_t *counts,
                         void *scratch);

/* Of whole pixels (Swain and Ballard 1991): counts[bins[0], bins[1], ...], bins[channel] of 1 ... 256 as above; 1 ... 4 channels, the
 * product of bins below 2^31. */
size_t visml_histogram_joint_scratch(const visml_compute *c, int64_t channels, const int32_t *bins);
void visml_histogram_joint(const visml_compute *c, size_t pixels, int64_t channels, const int32_t *bins, const uint8_t *x,
                           uint32_t *counts, void *scratch);
#endif

#endif
