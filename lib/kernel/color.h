/* Colours of pixels [n, 3]: red, green, blue of sRGB (IEC 61966-2-1), in [0, 1] where they are floats. */
#ifndef KERNEL_COLOR_H
#define KERNEL_COLOR_H

#include "kernel/compute.h"

#ifndef VISML_REAL_DOUBLE
enum {
    /* Smith 1978: hue in [0, 1), red at 0 (0 for grays); saturation and value in [0, 1]. As Python's colorsys. */
    VISML_COLOR_RGB_TO_HSV = 1,
    /* Back. A hue outside of [0, 1) is taken round the circle. */
    VISML_COLOR_HSV_TO_RGB,
    /* CIE 1976 L* a* b* with the white point D65 (2 degrees: 0.95047, 1, 1.08883), matrix of ITU-R BT.709 primaries as in scikit-image:
     * L in [0, 100]. Within 1e-4 of the exact one in each channel. */
    VISML_COLOR_RGB_TO_LAB,
};

/* [n, 3] -> [n, 3]; y may be x. */
void visml_color_convert(const visml_compute *c, int32_t kind, size_t n, const float *x, float *y);
/* The same of bytes, 255 being 1. */
void visml_color_convert_u8(const visml_compute *c, int32_t kind, size_t n, const uint8_t *x, float *y);

/* The luma of ITU-R BT.601 in whole numbers, (19595 r + 38470 g + 7471 b + 2^15) >> 16, as Pillow's "L": [n, channels] -> [n]; channels is
 * 3, or 4 where the last is passed over. */
void visml_rgb_to_gray(const visml_compute *c, size_t n, int64_t channels, const uint8_t *x, uint8_t *y);
#endif

#endif
