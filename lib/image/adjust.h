/* What augmentation does to one picture of floats, with all numbers given: the drawing of them is the room data's. One thread; no call
 * allocates. C is 1 ... 4 and all channels are treated alike, but for the colours of red, green and blue. */
#ifndef IMAGE_ADJUST_H
#define IMAGE_ADJUST_H

#include "context/context.h"
#include "kernel/leaf.h"

/* A picture [height, width, channels] and room for another. What changes the picture may exchange the two. */
typedef struct visml_canvas {
    visml_context *context;
    int64_t height, width, channels;
    float *pixels, *spare; /* visml_canvas_floats each */
} visml_canvas;

/* Floats of a canvas whose sides are at most height and width, for blurs that reach `border` pixels far. */
int64_t visml_canvas_floats(int64_t height, int64_t width, int64_t channels, int64_t border);
/* Bytes in and out: to the nearest, halves to even, 0 ... 255. */
void visml_canvas_load_u8(visml_canvas *c, const uint8_t *bytes);
void visml_canvas_store_u8(const visml_canvas *c, uint8_t *bytes);

/* ---- geometry.c: places ---- */

void visml_canvas_mirror(visml_canvas *c); /* left and right */
void visml_canvas_upend(visml_canvas *c);  /* top and bottom */

/* How a warp reads: VISML_WARP_... of kernel/leaf.h. */
typedef struct visml_sampling {
    int32_t fill, nearest;
    double value;
} visml_sampling;

/* The pixel (x, y) of the result is what was at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]). The result is height x width. */
void visml_canvas_warp(visml_canvas *c, const double m[6], const visml_sampling *s, int64_t height, int64_t width);
/* Counter-clockwise by so many turns, about the middle. */
void visml_canvas_rotate(visml_canvas *c, double turns, const visml_sampling *s);
/* About the middle: a side shows so many times as much as before; above 1 things look smaller. */
void visml_canvas_zoom(visml_canvas *c, double down, double across, const visml_sampling *s);
/* By pixels, down and to the right. */
void visml_canvas_translate(visml_canvas *c, double down, double right, const visml_sampling *s);
/* What lay at (x + by_x y, y + by_y x) comes to (x, y). */
void visml_canvas_shear(visml_canvas *c, double by_x, double by_y, const visml_sampling *s);
/* The rectangle [top, top + height) x [left, left + width), which must lie inside. */
void visml_canvas_crop(visml_canvas *c, int64_t top, int64_t left, int64_t height, int64_t width);
/* The largest rectangle in the middle that has the shape of height x width, brought to that size (bilinear, without antialiasing). */
void visml_canvas_resize_middle(visml_canvas *c, int64_t height, int64_t width);

/* ---- tone.c: values. range: the smallest and the largest; what leaves it becomes its ends ---- */

void visml_canvas_brighten(visml_canvas *c, double by, const double range[2]);
/* (x - mean) factor + mean, with the mean of each channel. */
void visml_canvas_contrast(visml_canvas *c, double factor, const double range[2]);
/* Values from `threshold` on are turned round, after `add` was added; both in units of the range. */
void visml_canvas_solarize(visml_canvas *c, double add, double threshold, const double range[2]);
/* The highest `bits` of eight. */
void visml_canvas_posterize(visml_canvas *c, int32_t bits, const double range[2]);
/* Each channel stretched from its smallest and largest value to the range; one that is constant stays. */
void visml_canvas_auto_contrast(visml_canvas *c, const double range[2]);
/* Each channel's values, in `bins` (2 ... 256) steps, spread so that each step is as frequent; one that is constant stays. */
void visml_canvas_equalize(visml_canvas *c, int32_t bins, const double range[2]);

/* ---- tint.c: colours, of 3 channels ---- */

/* The hue by so many turns; then the saturation by a factor, up to 1. */
void visml_canvas_tint(visml_canvas *c, double turns, double saturation, const double range[2]);
/* Towards gray, the luma of ITU-R BT.601 as visml_image_convert has it: 0 not at all, 1 entirely. */
void visml_canvas_fade(visml_canvas *c, double amount);

/* ---- smooth.c: neighbours. Outside the picture lies its reflection, d c b a | a b c d | d c b a ---- */

#define VISML_BLUR_REACH 31 /* pixels to either side, at most */

/* Where place i, which may be outside, is reflected to on a side of n. */
static inline int64_t visml_reflected(int64_t i, int64_t n) {
    int64_t r = i % (2 * n);
    r = r < 0 ? r + 2 * n : r;
    return r < n ? r : 2 * n - 1 - r;
}

/* Gauss with these deviations, kernels of height x width pixels (odd). */
void visml_canvas_blur(visml_canvas *c, int32_t height, int32_t width, double sigma_down, double sigma_across);
/* x + (1 - 2 factor) (smooth - x), smooth being the mean of 3 x 3 pixels with the middle one five times: 0 smooth, 0.5 as it is, 1
 * sharp. */
void visml_canvas_sharpen(visml_canvas *c, double factor, const double range[2]);

/* ---- patch.c: rectangles and pairs ---- */

/* Pixels [top, bottom) x [left, right). */
typedef struct visml_patch {
    int64_t top, left, bottom, right;
} visml_patch;

/* The whole pixels of a rectangle of real size height x width, each at its place of 0 ... 1 among those possible. */
visml_patch visml_patch_place(int64_t height, int64_t width, double tall, double wide, double down, double across);
void visml_canvas_fill(visml_canvas *c, visml_patch p, double value);
/* Every element normal, mean 0, times the end of the range; a function of key and element. */
void visml_canvas_noise(visml_canvas *c, visml_patch p, uint64_t key, const double range[2]);

/* y = weight a + (1 - weight) b; n elements, all bytes or all floats. y may be a. */
void visml_blend_u8(visml_context *ctx, size_t n, double weight, const uint8_t *a, const uint8_t *b, uint8_t *y);
void visml_blend_f32(visml_context *ctx, size_t n, double weight, const float *a, const float *b, float *y);

#endif
