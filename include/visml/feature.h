/* visml/feature.h - the classical way to see a picture: regions, a vector for each of them, one vector for the whole.
 *
 * SPDX-License-Identifier: MIT
 *
 *     visml_features *f = visml_features_new(ctx, NULL, &err);
 *     visml_features_add(f, visml_extractor_hog(ctx, NULL, &err), &err);            what is looked at
 *     visml_features_add(f, visml_extractor_lbp(ctx, NULL, &err), &err);            this, too: vectors are put one behind the other
 *     visml_features_over(f, visml_regions_pyramid(ctx, NULL, &err), &err);         where the last one looks; default: the whole picture
 *     visml_features_then(f, visml_transform_standardization(ctx, NULL, &err), &err);
 *     visml_features_fit(f, dataset, NULL, &err);                                   only where something is to be learned
 *     visml_tensor *x = visml_features_transform(f, images, &err);                  [N, D]
 *
 * Pictures are [H, W, C]. Bytes v stand for v / 255; floats are in [0, 1] where a formula needs a range. Results are the same bits for any
 * number of threads. Thread-safety: everything here is immutable once it is fitted, and may then be shared.
 */
#ifndef VISML_FEATURE_H
#define VISML_FEATURE_H

#include "data.h"

VISML_BEGIN_DECLS

/* ---- regions: where to look -------------------------------------------------------------------------------------------------- */

/* Rectangles of a picture, or of a feature map [H, W, C]. Owned by the caller; visml_regions_free accepts NULL. Constructors: errors
 * VISML_EINVAL, VISML_ENOMEM. */
typedef struct visml_regions visml_regions;
VISML_API void visml_regions_free(visml_regions *regions);

/* All of it. */
VISML_API visml_regions *visml_regions_whole(visml_context *ctx, visml_error *err);

/* rows x columns rectangles that divide the picture: cell (i, j) is [H i / rows, H (i + 1) / rows) x [W j / columns, W (j + 1) / columns),
 * row after row. Needs H >= rows, W >= columns. */
typedef struct visml_grid_opts {
    uint32_t size;
    int32_t rows;    /* 1 ... 1024; default 4 */
    int32_t columns; /* default 4 */
    int32_t reserved; /* must be 0 */
} visml_grid_opts;
VISML_API visml_regions *visml_regions_grid(visml_context *ctx, const visml_grid_opts *opts, visml_error *err);

/* A spatial pyramid (Lazebnik, Schmid and Ponce 2006): grids of 1 x 1, 2 x 2, 4 x 4, ..., one after the other. */
typedef struct visml_pyramid_opts {
    uint32_t size;
    int32_t levels; /* 1 ... 8; default 3 */
} visml_pyramid_opts;
VISML_API visml_regions *visml_regions_pyramid(visml_context *ctx, const visml_pyramid_opts *opts, visml_error *err);

/* A window that is moved over the picture, row after row, and over smaller copies of it: at scale s the picture is resized to
 * round(H / s) x round(W / s) (bilinear, as visml_image_resize), so that the window covers s times as much of it. Only whole windows are
 * taken; padding makes room for more. The largest scales that the padded picture is too small for give none; one window at least must
 * fit. */
typedef struct visml_window_opts {
    uint32_t size;
    int32_t height;     /* of the window, pixels; required */
    int32_t width;      /* required */
    int32_t stride[2];  /* pixels, down and to the right; {s}: both; default: the window's sides */
    int32_t padding[2]; /* pixels on top and bottom, left and right; default 0 */
    int32_t reserved;   /* must be 0 */
    double padding_value; /* in units of [0, 1], also for bytes; default 0 */
    double scales[16];  /* 0.1 ... 64, ends at its first 0; default {1} */
} visml_window_opts;
VISML_API visml_regions *visml_regions_window(visml_context *ctx, const visml_window_opts *opts, visml_error *err);

/* A rectangle of pixels. */
typedef struct visml_box {
    int32_t top;
    int32_t left;
    int32_t height; /* at least 1 */
    int32_t width;
} visml_box;
/* The caller's n rectangles (copied), each of which must lie within every picture. */
VISML_API visml_regions *visml_regions_boxes(visml_context *ctx, const visml_box *boxes, size_t n, visml_error *err);

/* The rectangles in pixels of a picture [height, width], as many as fit into boxes[capacity] (NULL with 0 to count); of windows at a scale,
 * what they cover of the picture as it is, rounded to whole pixels (with padding also beyond its edges). The whole number of them to
 * *count. Errors: VISML_EINVAL (a picture that the regions do not fit: what would fit). */
VISML_API visml_status visml_regions_boxes_of(const visml_regions *regions, int64_t height, int64_t width, visml_box *boxes,
                                              size_t capacity, size_t *count, visml_error *err);

/* ---- extractors: what to look at --------------------------------------------------------------------------------------------- */

/* Makes a vector of a region, or several: rows x columns numbers. A region is a picture of its own: what an extractor does at the edges of
 * a picture it does at those of a region. Owned by the caller until given to visml_features_add; visml_extractor_free accepts NULL.
 * Constructors: errors VISML_EINVAL, VISML_ENOMEM. */
typedef struct visml_extractor visml_extractor;
VISML_API void visml_extractor_free(visml_extractor *extractor);

/* The vector or vectors of one picture [H, W, C] (VISML_U8 or VISML_F32, contiguous): a new tensor [rows, columns] (owned), VISML_F32.
 * Colour becomes luma (as visml_image_convert) for an extractor of gray pictures. Errors: VISML_EINVAL (the picture is too small, has the
 * wrong channels or a pixel that is NaN or infinite; the extractor is to be fitted first), VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_tensor *visml_extractor_run(const visml_extractor *extractor, const visml_tensor *image, visml_error *err);

/* The pixels themselves, row after row, as floats: height x width x channels numbers. Any channels. */
VISML_API visml_extractor *visml_extractor_pixels(visml_context *ctx, visml_error *err);
/* The largest value of each channel: over regions of a feature map, max pooling. Any channels. */
VISML_API visml_extractor *visml_extractor_maximum(visml_context *ctx, visml_error *err);
/* The mean of each channel. Any channels. */
VISML_API visml_extractor *visml_extractor_average(visml_context *ctx, visml_error *err);

/* -- histograms and colours -- */

/* These look at bytes: a float v is rounded to the nearest of v 255 in 0 ... 255 first. */

/* What a picture's colours are expressed in. _AS_IS: its channels, whatever they are, in [0, 1]. _GRAY: luma in [0, 1] (pictures of 1, 3 or
 * 4 channels; as visml_image_convert). The others need 3 channels, red, green and blue of sRGB: _RGB in [0, 1]; _HSV: hue in [0, 1), red at
 * 0, saturation and value in [0, 1] (Smith 1978); _LAB: CIE 1976 L* in [0, 100], a* and b* (white point D65, 2 degrees). */
typedef int32_t visml_color_space;
#define VISML_SPACE_AS_IS 0
#define VISML_SPACE_GRAY 1
#define VISML_SPACE_RGB 2
#define VISML_SPACE_HSV 3
#define VISML_SPACE_LAB 4

/* What a histogram is divided by: the sum of its counts, the root of the sum of their squares, the largest, or nothing. */
typedef int32_t visml_histogram_norm;
#define VISML_HISTOGRAM_L1 0
#define VISML_HISTOGRAM_L2 1
#define VISML_HISTOGRAM_MAX 2
#define VISML_HISTOGRAM_NONE 3

/* How many pixels have which value: bins of channel 0, then of channel 1, ..., each histogram divided by itself; or with `joint` (Swain and
 * Ballard 1991) how many have which colour: bins[0] x bins[1] x ... numbers, the last channel's the fastest. Bins are equally wide; byte v
 * is in bin v bins / 256; a* and b* are counted over [-128, 128). Cumulative: the share of what is in a bin or in those before it, of what
 * the norm divides by. */
typedef struct visml_histogram_opts {
    uint32_t size;
    visml_color_space space;
    visml_histogram_norm norm;
    int32_t bins[4];    /* of each channel (those from the fourth on are alike), 1 ... 256; {b}: of all; default 256, with joint 8; 2^20 of
                           all at most */
    int32_t joint;      /* 1: of up to 4 channels together */
    int32_t cumulative; /* 1 */
    int32_t reserved;   /* must be 0 */
} visml_histogram_opts;
VISML_API visml_extractor *visml_extractor_histogram(visml_context *ctx, const visml_histogram_opts *opts, visml_error *err);

/* The third moment, where m3 is the mean of (x - mean)^3: its cube root, in the units of the channel (Stricker and Orengo 1995);
 * m3 / deviation^3, 0 where there is no deviation; or left out. */
typedef int32_t visml_skewness;
#define VISML_SKEWNESS_CUBE_ROOT 0
#define VISML_SKEWNESS_STANDARDIZED 1
#define VISML_SKEWNESS_NONE 2

/* Mean of each channel, then deviation of each (divided by the number of pixels), then skewness of each, in units of the space. The mean
 * of a hue is that of a number, not of an angle. */
typedef struct visml_color_moments_opts {
    uint32_t size;
    visml_color_space space;
    visml_skewness skewness;
    int32_t reserved; /* must be 0 */
} visml_color_moments_opts;
VISML_API visml_extractor *visml_extractor_color_moments(visml_context *ctx, const visml_color_moments_opts *opts, visml_error *err);

/* Six numbers of the luma: mean and contrast (deviation), in [0, 1]; the shares of pixels <= dark and >= bright; the variance of the
 * Laplacian above + below + left + right - 4 middle, of bytes, with the picture mirrored at its edges (Pech-Pacheco et al. 2000: the less,
 * the more blurred; some 100 and less for a photo that is out of focus); the entropy of the 256 values in bits (Shannon 1948). */
#define VISML_QUALITY_NUMBERS 6
typedef struct visml_quality_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double dark;   /* 0 ... 1; default 0.05; VISML_ZERO: black alone */
    double bright; /* 0 ... 1; default 0.95 */
} visml_quality_opts;
VISML_API visml_extractor *visml_extractor_quality(visml_context *ctx, const visml_quality_opts *opts, visml_error *err);

/* The colours that stand best for a picture of 3 channels: k rows of red, green, blue in [0, 1] and the share of pixels, the largest share
 * first. k-means (Lloyd 1982) of a histogram of 16 x 16 x 16 cells, each standing for the mean of its pixels; nothing is drawn by chance.
 * Where there are fewer cells than k, the last rows are 0. */
typedef struct visml_dominant_colors_opts {
    uint32_t size;
    int32_t k;              /* 1 ... 64; default 5 */
    int32_t max_iterations; /* 1 ... 1000; default 20 */
    int32_t reserved;       /* must be 0 */
} visml_dominant_colors_opts;
VISML_API visml_extractor *visml_extractor_dominant_colors(visml_context *ctx, const visml_dominant_colors_opts *opts, visml_error *err);

/* Principal components of the colours of a picture of 3 channels in [0, 1] (Pearson 1901): three eigenvalues of their covariance (divided
 * by the number of pixels), the largest first, then the axes of the first `components` of them, three numbers each, of which the largest in
 * magnitude is positive. */
typedef struct visml_color_pca_opts {
    uint32_t size;
    int32_t components; /* 1 ... 3; default 3 */
} visml_color_pca_opts;
VISML_API visml_extractor *visml_extractor_color_pca(visml_context *ctx, const visml_color_pca_opts *opts, visml_error *err);

/* The same axes of all pixels of a set, which visml_features_fit learns; of a picture then the mean of its pixels on each of the first
 * `components` axes (the set's mean is 0), the deviation on each, and the share of the picture's variance on each (0 when it has none). */
typedef struct visml_color_projection_opts {
    uint32_t size;
    int32_t components; /* 1 ... 3; default 3 */
} visml_color_projection_opts;
VISML_API visml_extractor *visml_extractor_color_projection(visml_context *ctx, const visml_color_projection_opts *opts,
                                                            visml_error *err);

/* -- distance and angle of pixels: gradients and shapes -- */

/* Gradients are central differences without a half, of the channel in which they are longest, the first of equals; across the picture's
 * edges there are none. Directions turn from right to down. Pictures of 1 ... 64 channels. */

/* Histograms of oriented gradients. VISML_HOG_DALAL_TRIGGS (Dalal and Triggs 2005), as scikit-image's skimage.feature.hog: the lengths of
 * a cell's gradients by direction in [0, pi) in `orientations` equal bins, over the cell's area; a row for each block of cells, cell after
 * cell, brought to a length by block_norm. Pixels beyond the last whole cell are left out. Sums h of a block, e = 1e-5:
 *   VISML_HOG_L2_HYS: as L2, values cut off at 0.2, then L2 again (Lowe 2004);  VISML_HOG_L2: h / sqrt(|h|^2 + e^2);
 *   VISML_HOG_L1: h / (|h|_1 + e);  VISML_HOG_L1_SQRT: the square root of that.
 * VISML_HOG_UOCTTI (Felzenszwalb, Girshick, McAllester and Ramanan 2010): round(side / pixels_per_cell) cells down and across, a row of
 * 3 orientations + 4 numbers for each. Each gradient, but those at the picture's edges, goes to the nearest of 2 `orientations` directions
 * (halfway to the second of two) and, bilinearly, to four cells. Sums are divided by the root of the energy of each of the four squares of
 * 2 x 2 cells around, cut off at 0.2, and added up by halves: directions, opposite ones in the second half; then both taken together. Last
 * for each square the sum of the latter over directions, by sqrt(2 orientations). What is not there of cells is the cell at the edge once
 * more. */
typedef int32_t visml_hog_variant;
#define VISML_HOG_DALAL_TRIGGS 0
#define VISML_HOG_UOCTTI 1
typedef int32_t visml_hog_norm;
#define VISML_HOG_L2_HYS 0
#define VISML_HOG_L2 1
#define VISML_HOG_L1 2
#define VISML_HOG_L1_SQRT 3
typedef struct visml_hog_opts {
    uint32_t size;
    visml_hog_variant variant;
    int32_t orientations;       /* 1 ... 64; default 9 */
    int32_t pixels_per_cell[2]; /* down, across; 1 ... 4,096; {n}: both; default 8 */
    int32_t cells_per_block[2]; /* 1 ... 64; {n}: both; default 3. Of no meaning for VISML_HOG_UOCTTI */
    visml_hog_norm block_norm;  /* likewise */
    int32_t transform_sqrt;     /* 1: of the pixels' square roots */
} visml_hog_opts;
VISML_API visml_extractor *visml_extractor_hog(visml_context *ctx, const visml_hog_opts *opts, visml_error *err);

/* Edge pixels by the direction of their gradients (Jain and Vailaya 1996): the share of each bin among the pixels whose gradient is longer
 * than the threshold; all 0 when there are none. */
typedef struct visml_edge_orientations_opts {
    uint32_t size;
    int32_t bins;           /* equal ones of half a turn, from 0 on, 1 ... 64; default 18 */
    int32_t unsigned_angle; /* 1: a direction and its opposite are one: `bins` numbers over [0, pi); 0: twice as many over [0, 2 pi) */
    int32_t weighted;       /* 1: pixels count as much as their gradients are long; 0: all the same */
    double threshold;       /* 0 ... 1.5, differences of pixels in [0, 1]; default 0.1; VISML_ZERO: 0 */
} visml_edge_orientations_opts;
VISML_API visml_extractor *visml_extractor_edge_orientations(visml_context *ctx, const visml_edge_orientations_opts *opts,
                                                             visml_error *err);

/* Moments of the field of gradients, lengths m and angles a: mean, deviation, skewness and excess kurtosis of m; the means of cos 2a and
 * sin 2a, each weighted with m; and the coherence of the structure tensor, sqrt((Jxx - Jyy)^2 + 4 Jxy^2) / (Jxx + Jyy), from 0 (no
 * direction stands out) to 1 (Jaehne 1993). 7 numbers. Where m does not vary (deviation below 1/1024 of the mean) the second to the fourth
 * are 0; without gradients all are. */
VISML_API visml_extractor *visml_extractor_gradient_stats(visml_context *ctx, visml_error *err);

/* The seven invariants of Hu 1962 of luma (floats: rounded to 1/255) as a mass in [0, 1], in the order and with the signs of OpenCV's
 * HuMoments; all 0 for a black picture. */
typedef struct visml_hu_moments_opts {
    uint32_t size;
    int32_t log_scale; /* 1: -sign(h) log10(|h|), 0 for 0 */
} visml_hu_moments_opts;
VISML_API visml_extractor *visml_extractor_hu_moments(visml_context *ctx, const visml_hu_moments_opts *opts, visml_error *err);

/* Magnitudes of Zernike moments (Teague 1980; as features: Khotanzad and Hong 1990) of luma in the largest disk around the middle, its
 * radius half the shorter side: |(n + 1) / pi sum f(x, y) R_nm(r) e^(-i m a)| / sum f(x, y), for n = 0 ... degree and m = n mod 2, ..., n
 * by twos; floor(degree / 2 + 1) floor((degree + 1) / 2 + 1) numbers, the first always 1 / pi. They do not change as the disk is turned.
 * All 0 for a black one. Floats are rounded to 1/255. */
typedef struct visml_zernike_opts {
    uint32_t size;
    int32_t degree; /* 1 ... 20; default 8 */
} visml_zernike_opts;
VISML_API visml_extractor *visml_extractor_zernike(visml_context *ctx, const visml_zernike_opts *opts, visml_error *err);

/* Means of luma over rings around the middle, to a radius R of half the shorter side, or over equal sectors of each ring, from the right on
 * downwards: rings x sectors numbers; 0 where there are no pixels. Ring i is from R i / rings on; log-polar from R^(i / rings) on, the
 * first from 0 on, so that a larger scale moves the profile along. A pixel belongs where its centre lies. Floats are rounded to 1/255. */
typedef struct visml_radial_profile_opts {
    uint32_t size;
    int32_t rings;     /* 1 ... 1,024; default 16 */
    int32_t sectors;   /* 1 ... 1,024; default 1 */
    int32_t log_polar; /* 1: rings grow outwards */
} visml_radial_profile_opts;
VISML_API visml_extractor *visml_extractor_radial_profile(visml_context *ctx, const visml_radial_profile_opts *opts, visml_error *err);

/* -- texture and descriptors -- */

typedef int32_t visml_lbp_method;
/* Invariant to rotation: how many points are not darker, where these lie side by side: 0 ... P; all others are P + 1. P + 2 numbers. */
#define VISML_LBP_UNIFORM 1
/* The code. 2^P numbers, P at most 16. */
#define VISML_LBP_DEFAULT 2
/* Invariant to rotation: the smallest of the code's rotations. One number for each of those that there are, in ascending order: 36 for
 * P = 8. P at most 16. */
#define VISML_LBP_ROR 3
/* Points that are not darker lie side by side: how many, and where; all others are one. P (P - 1) + 3 numbers (Ahonen, Hadid, Pietikainen
 * 2004). */
#define VISML_LBP_NRI_UNIFORM 4

/* Histograms of local binary patterns (Ojala, Pietikainen and Maenpaa 2002): of P points on a circle of radius R around a pixel, from the
 * right upwards, bit p of the pixel's code is 1 where the picture (bilinear; 0 outside) is not darker there than at the pixel. Shares of
 * the pixels that have a code, radius after radius. Codes as scikit-image's local_binary_pattern, but where the picture is flat bits are
 * always 1 (there, rounding decides). Gray pictures of bytes (floats are rounded to 256 levels) of any size. */
typedef struct visml_lbp_opts {
    uint32_t size;
    visml_lbp_method method; /* default VISML_LBP_UNIFORM */
    double radius[8];        /* R in pixels, 0.5 ... 64, ends at its first 0; default {1} */
    int32_t points[8];       /* P of each radius, 2 ... 24; from its first 0 on as the one before; default {8} */
} visml_lbp_opts;
VISML_API visml_extractor *visml_extractor_lbp(visml_context *ctx, const visml_lbp_opts *opts, visml_error *err);

/* Properties of co-occurrence matrices of gray levels (Haralick, Shanmugam and Dinstein 1973): p(i, j) is the share of the pairs of pixels,
 * one `distance` away from the other under an angle (to round(distance sin) rows below and round(distance cos) columns to the right),
 * whose levels are i and j. As scikit-image's graycomatrix and graycoprops: contrast, dissimilarity, homogeneity, ASM, energy, correlation
 * (1 where levels do not vary), entropy (natural logarithm), each for all distances, for all angles. A picture with no such pair has 1 for
 * correlation and 0 for the others. Gray pictures of bytes (floats are rounded to 256 levels) of any size. */
typedef struct visml_glcm_opts {
    uint32_t size;
    int32_t levels;       /* 2 ... 256; byte v is level v * levels / 256; default 256 */
    int32_t distances[8]; /* pixels, 1 ... 1024, ends at its first 0; default {1} */
    int32_t angles;       /* n: 0, pi / n, 2 pi / n, ...; 1 ... 64, default 4 */
    int32_t symmetric;    /* 1: pairs count in both orders */
    int32_t average;      /* 1: means over the angles, which hardly depend on how the picture is turned */
    int32_t reserved;     /* must be 0 */
} visml_glcm_opts;
VISML_API visml_extractor *visml_extractor_glcm(visml_context *ctx, const visml_glcm_opts *opts, visml_error *err);

/* The following look at gray pictures of bytes or floats. */

/* Energies of a bank of Gabor filters (Manjunath and Ma 1996): for each frequency, for each orientation, the mean and the deviation of the
 * magnitude of the response, 2 frequencies x orientations numbers; of pictures in [0, 1] of any size, mirrored at their edges (d c b a |
 * a b c d). Filters as scikit-image's gabor_kernel with one deviation s along and across the wave:
 *   exp(-(x^2 + y^2) / (2 s^2) + 2 pi i frequency (x cos a + y sin a)) / (2 pi s^2), as far as n_stds s |cos a| and n_stds s |sin a|,
 *   s frequency pi = sqrt(ln(2) / 2) (2^bandwidth + 1) / (2^bandwidth - 1). */
typedef struct visml_gabor_opts {
    uint32_t size;
    int32_t orientations;  /* n: a is 0, pi / n, 2 pi / n, ..., from right to down; 1 ... 64, default 6 */
    double frequencies[8]; /* waves a pixel, 0.001 ... 1, ends at its first 0; default {0.4, 0.2, 0.1, 0.05} */
    double bandwidth;      /* octaves, 0.1 ... 8; default 1 */
    double n_stds;         /* how many s a filter reaches, 0.5 ... 8; default 3. At most 1,024 pixels */
} visml_gabor_opts;
VISML_API visml_extractor *visml_extractor_gabor(visml_context *ctx, const visml_gabor_opts *opts, visml_error *err);

/* SIFT descriptors (Lowe 2004) of upright squares on a grid, as VLFeat's dsift: rows of 128 numbers. Row (i, j), row of the grid after row,
 * is of 4 x 4 bins whose middles are bin_size apart, the first one at pixel (i step[0], j step[1]); as many as have all middles inside. A
 * pixel's gradient (half the difference of its neighbours; at the edges that to the one that there is) goes to the two nearest of 8
 * directions, to the bins around by triangles that end at the next bin's middle, under a Gaussian around the descriptor's middle; beyond
 * the edges lies the gradient at the edge. Numbers: 8 directions from the right on downwards, for each bin, row after row of bins; brought
 * to length 1, cut off at 0.2, and brought to length 1 again. Where there are no gradients all are 0. Needs 3 bin_size + 1 pixels. */
typedef struct visml_dense_sift_opts {
    uint32_t size;
    int32_t bin_size;    /* pixels, 1 ... 64; default 4 */
    int32_t step[2];     /* pixels, down and to the right, 1 ... 4,096; {s}: both; default 8 */
    int32_t flat_window; /* 1: each bin is weighted with the Gaussian's mean over it instead (of VLFeat, "fast") */
    int32_t reserved;    /* must be 0 */
    double window_size;  /* the Gaussian's deviation in bins, 0.1 ... 100; default 2 */
} visml_dense_sift_opts;
VISML_API visml_extractor *visml_extractor_dense_sift(visml_context *ctx, const visml_dense_sift_opts *opts, visml_error *err);

/* What DAISY's numbers are divided by, after 1e-10 was added: the sum or the length of a descriptor, the length of each histogram by
 * itself, or nothing (and nothing added). */
typedef int32_t visml_daisy_norm;
#define VISML_DAISY_L1 0
#define VISML_DAISY_L2 1
#define VISML_DAISY_DAISY 2
#define VISML_DAISY_OFF 3

/* DAISY descriptors (Tola, Lepetit and Fua 2010), as scikit-image's skimage.feature.daisy: rows of (rings x histograms + 1) x orientations
 * numbers. Row (i, j), row of the grid after row, is of pixel (radius + i step, radius + j step): a histogram of the directions of
 * gradients there, then those of each ring, the innermost first, from the right on downwards; each smoothed by a Gaussian whose deviation
 * is half the ring's radius. Directions begin at the left and turn upwards. Needs 2 radius + 1 pixels. */
typedef struct visml_daisy_opts {
    uint32_t size;
    int32_t step;         /* pixels, 1 ... 4,096; default 4 */
    int32_t radius;       /* of the outermost ring, pixels, 1 ... 256; default 15 */
    int32_t rings;        /* equally far apart, 1 ... 16; default 3 */
    int32_t histograms;   /* of a ring, 1 ... 64; default 8 */
    int32_t orientations; /* numbers of a histogram, 1 ... 64; default 8 */
    visml_daisy_norm normalization;
} visml_daisy_opts;
VISML_API visml_extractor *visml_extractor_daisy(visml_context *ctx, const visml_daisy_opts *opts, visml_error *err);

/* What distances are taken to: pixels whose gradient (a central difference without a half, none across the picture's edges) is longer than
 * the threshold, or pixels that are brighter. */
typedef int32_t visml_distance_map;
#define VISML_DISTANCE_MAP_EDGES 0
#define VISML_DISTANCE_MAP_BRIGHT 1

/* How far pixels are from the nearest of the map (exact Euclidean distances: Felzenszwalb and Huttenlocher 2012), in units of half the
 * shorter side: mean, deviation and largest, then the shares of the distances in equal bins of [0, 1), what is farther in the last. Of a
 * picture that has none of them all distances are its diagonal. 3 + bins numbers; pictures of any size. */
typedef struct visml_distance_transform_opts {
    uint32_t size;
    visml_distance_map map;
    int32_t bins;     /* 1 ... 256; default 16 */
    int32_t reserved; /* must be 0 */
    double threshold; /* of gradients or pixels of [0, 1]; 0 ... 1.5, default 0.1 */
} visml_distance_transform_opts;
VISML_API visml_extractor *visml_extractor_distance_transform(visml_context *ctx, const visml_distance_transform_opts *opts,
                                                              visml_error *err);

/* ---- aggregators: many rows, one vector -------------------------------------------------------------------------------------- */

/* Makes one vector of rows [n, d]. Owned by the caller until given away; visml_aggregator_free accepts NULL. Constructors: errors
 * VISML_EINVAL, VISML_ENOMEM. */
typedef struct visml_aggregator visml_aggregator;
VISML_API void visml_aggregator_free(visml_aggregator *aggregator);

/* Row after row: n d numbers. What is done where nothing else is asked for; n must be the same for all pictures. */
VISML_API visml_aggregator *visml_aggregator_concatenation(visml_context *ctx, visml_error *err);
/* The mean of each column. */
VISML_API visml_aggregator *visml_aggregator_mean(visml_context *ctx, visml_error *err);
/* The largest of each column. */
VISML_API visml_aggregator *visml_aggregator_max(visml_context *ctx, visml_error *err);

/* Learns from rows [n, d] (VISML_F32, contiguous; borrowed). Nothing to do for those above. seed: 0 is the context's.
 * Errors: VISML_EINVAL (too few rows, NaN), VISML_ENOMEM. */
VISML_API visml_status visml_aggregator_fit(visml_aggregator *aggregator, const visml_tensor *rows, uint64_t seed, visml_error *err);
/* The vector of rows [n, d]: a new tensor [length] (owned). Errors: VISML_EINVAL, VISML_ESTATE (not fitted), VISML_ENOMEM. */
VISML_API visml_tensor *visml_aggregator_run(const visml_aggregator *aggregator, const visml_tensor *rows, visml_error *err);

/* -- codebooks -- */

/* Bags of visual words (Csurka, Dance, Fan, Willamowski and Bray 2004): how many of the rows are nearest to each word of a codebook. Words
 * are the centers of clusters of rows by k-means (k-means++, Lloyd; a function of rows and seed). Of no rows: zeros. Length: clusters.
 * Fitting needs as many rows as clusters. */
typedef int32_t visml_words_norm;
#define VISML_WORDS_L1 1   /* shares of the rows: they add up to 1 */
#define VISML_WORDS_L2 2   /* counts, divided by their length */
#define VISML_WORDS_NONE 3 /* counts */
typedef struct visml_bag_of_words_opts {
    uint32_t size;
    int32_t clusters;       /* words: 1 ... 65,536; default 64 */
    int32_t max_iterations; /* of k-means; 1 ... 10,000, default 100 */
    visml_words_norm norm;  /* default VISML_WORDS_L1 */
} visml_bag_of_words_opts;
VISML_API visml_aggregator *visml_aggregator_bag_of_words(visml_context *ctx, const visml_bag_of_words_opts *opts, visml_error *err);

/* Vectors of locally aggregated descriptors (Jegou, Douze, Schmid and Perez 2010): for each word, the sum of row - word over the rows that
 * are nearest to it, word after word; then sign(v) sqrt|v| of each number (Jegou, Perronnin et al. 2012), or with intra the sum of each
 * word divided by its length instead (Arandjelovic and Zisserman 2013); then all divided by its length. Length: clusters x d. Words as
 * those of visml_aggregator_bag_of_words. */
typedef struct visml_vlad_opts {
    uint32_t size;
    int32_t clusters;       /* 1 ... 65,536; default 64 */
    int32_t max_iterations; /* of k-means; 1 ... 10,000, default 100 */
    int32_t no_power;       /* 1: no roots */
    int32_t intra;          /* 1: each word by itself is brought to length 1; then there are no roots */
    int32_t no_l2;          /* 1: the whole is not brought to length 1 */
} visml_vlad_opts;
VISML_API visml_aggregator *visml_aggregator_vlad(visml_context *ctx, const visml_vlad_opts *opts, visml_error *err);

/* Improved Fisher vectors (Perronnin, Sanchez and Mensink 2010; Sanchez, Perronnin, Mensink and Verbeek 2013): a mixture of normal
 * distributions with diagonal covariances (begun by k-means, then expectation and maximisation) is learned; rows are told by the gradients
 * of their mean log likelihood by its means and then by its deviations, component after component, each divided by the root of its Fisher
 * information; then sign(v) sqrt|v| of each number; then all divided by its length. Length: 2 x components x d. Of no rows: zeros. Fitting
 * needs as many rows as components. */
typedef struct visml_fisher_opts {
    uint32_t size;
    int32_t components;     /* 1 ... 65,536; default 64 */
    int32_t max_iterations; /* of expectation and maximisation; 1 ... 10,000, default 100 */
    int32_t no_power;       /* 1: no roots */
    int32_t no_l2;          /* 1: the whole is not brought to length 1 */
    int32_t reserved;       /* must be 0 */
} visml_fisher_opts;
VISML_API visml_aggregator *visml_aggregator_fisher(visml_context *ctx, const visml_fisher_opts *opts, visml_error *err);

/* ---- transforms: vectors to vectors ------------------------------------------------------------------------------------------ */

/* What is done to the vectors of a set of pictures. Owned by the caller until given to visml_features_then; visml_transform_free accepts
 * NULL. Constructors: errors VISML_EINVAL, VISML_ENOMEM. */
typedef struct visml_transform visml_transform;
VISML_API void visml_transform_free(visml_transform *transform);

/* Learns from vectors x [N, D] (VISML_F32, contiguous; borrowed) and, where it looks at them, class numbers labels [N] (VISML_I32; NULL:
 * none). Errors: VISML_EINVAL (shapes, NaN, too few rows, labels needed), VISML_ENOMEM. */
VISML_API visml_status visml_transform_fit(visml_transform *transform, const visml_tensor *x, const visml_tensor *labels, visml_error *err);
/* The transformed vectors: a new tensor [N, D'] (owned). Errors: VISML_EINVAL (D is not that of the fit: both are named), VISML_ESTATE (not
 * fitted), VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_tensor *visml_transform_run(const visml_transform *transform, const visml_tensor *x, visml_error *err);

/* (x - mean) / deviation of each number over the set (scikit-learn's StandardScaler); one that does not vary is only shifted. */
typedef struct visml_standardization_opts {
    uint32_t size;
    int32_t no_mean;      /* 1: numbers are not shifted */
    int32_t no_deviation; /* 1: numbers are not scaled */
    int32_t reserved;     /* must be 0 */
} visml_standardization_opts;
VISML_API visml_transform *visml_transform_standardization(visml_context *ctx, const visml_standardization_opts *opts, visml_error *err);

/* Each vector is divided by its length (scikit-learn's Normalizer); one of zeros stays. */
typedef int32_t visml_norm;
#define VISML_NORM_L2 1    /* the root of the sum of squares: the default */
#define VISML_NORM_L1 2    /* the sum of magnitudes */
#define VISML_NORM_MAX 3   /* the largest magnitude */
#define VISML_NORM_POWER 4 /* first sign(x) |x|^exponent, then L2 (Perronnin, Sanchez and Mensink 2010) */
typedef struct visml_normalization_opts {
    uint32_t size;
    visml_norm norm; /* default VISML_NORM_L2 */
    double exponent; /* above 0, at most 1: of VISML_NORM_POWER; default 0.5, the signed root */
} visml_normalization_opts;
VISML_API visml_transform *visml_transform_normalization(visml_context *ctx, const visml_normalization_opts *opts, visml_error *err);

/* Only those columns whose variance (sum of (x - mean)^2 / N) is above a threshold (scikit-learn's VarianceThreshold). Fitting fails with
 * VISML_EINVAL when there are none: the largest variance is named. */
typedef struct visml_variance_selection_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double threshold; /* 0 or more; default 0: columns that vary */
} visml_variance_selection_opts;
VISML_API visml_transform *visml_transform_variance_selection(visml_context *ctx, const visml_variance_selection_opts *opts,
                                                              visml_error *err);

/* Principal components (Pearson 1901; scikit-learn's PCA): y = (x - mean) components', each component with its largest number positive.
 * Solvers: the covariance of the columns, added up in double from products of centred rows, and its eigenvectors; it learns in blocks where
 * vectors do not fit in memory. Or random projections (Halko, Martinsson and Tropp 2011), for many columns and few components; these are a
 * function of the seed, and a component beyond the rank of the vectors is zeros. Needs 2 vectors at least. */
typedef int32_t visml_pca_solver;
#define VISML_PCA_AUTO 0       /* random projections for more than 1,500 columns and components for less than a quarter of the vectors and
                                  columns, where all vectors are in memory; else the covariance */
#define VISML_PCA_COVARIANCE 1 /* at most 16,384 columns */
#define VISML_PCA_RANDOMIZED 2 /* needs components */
typedef struct visml_pca_opts {
    uint32_t size;
    int32_t components;       /* at most the number of vectors and of columns; default: the smaller of both */
    double variance;          /* between 0 and 1: as many as explain more than this share, at most `components`; default: not used */
    int32_t whiten;           /* 1: each of y has variance 1 (0 for those without any: 10^-7 of the largest variance or less) */
    visml_pca_solver solver;  /* default VISML_PCA_AUTO */
    int32_t oversamples;      /* of random projections: directions more than components; 1 ... 10,000, default 10 */
    int32_t power_iterations; /* of random projections; 1 ... 100, default 4 */
} visml_pca_opts;
VISML_API visml_transform *visml_transform_pca(visml_context *ctx, const visml_pca_opts *opts, visml_error *err);

/* The columns that tell most about the class: mutual information, in nats, of class numbers and of values put into bins of equal width from
 * the lowest to the highest of the column (Shannon 1948; scikit-learn's SelectKBest with mutual_info_score). Fitting needs labels; rows
 * with labels below 0 are passed over. Columns stay in their order; of equals the first are kept. */
typedef struct visml_mutual_information_selection_opts {
    uint32_t size;
    int32_t components; /* how many columns are kept (all, where there are fewer); default 10 */
    int32_t bins;       /* 2 ... 1,024, default 16 */
    int32_t reserved;   /* must be 0 */
} visml_mutual_information_selection_opts;
VISML_API visml_transform *visml_transform_mutual_information_selection(visml_context *ctx,
                                                                        const visml_mutual_information_selection_opts *opts,
                                                                        visml_error *err);

/* Vectors whose products are about sums of an additive kernel of the old ones, so that a linear classifier does about as well as one with
 * that kernel (homogeneous kernel maps, Vedaldi and Zisserman 2012; scikit-learn's AdditiveChi2Sampler with order + 1 steps). For
 * histograms: a number below 0 is mapped as its magnitude, turned around. [N, D] becomes [N, (2 order + 1) D]: D numbers for each of the
 * samples of the spectrum. Learns nothing. */
typedef int32_t visml_kernel_map_kernel;
#define VISML_KERNEL_MAP_CHI2 0           /* 2 x y / (x + y) */
#define VISML_KERNEL_MAP_INTERSECTION 1   /* min(x, y) */
#define VISML_KERNEL_MAP_JENSEN_SHANNON 2 /* x / 2 log2((x + y) / x) + y / 2 log2((x + y) / y) */
typedef struct visml_kernel_map_opts {
    uint32_t size;
    visml_kernel_map_kernel kernel; /* default VISML_KERNEL_MAP_CHI2 */
    int32_t order;    /* 1 ... 8, default 1: the more, the closer */
    int32_t reserved; /* must be 0 */
    double period;    /* between samples of the spectrum, above 0, at most 10; default: the one that is closest for numbers up to 1 */
} visml_kernel_map_opts;
VISML_API visml_transform *visml_transform_kernel_map(visml_context *ctx, const visml_kernel_map_opts *opts, visml_error *err);

/* ---- features: all of it ----------------------------------------------------------------------------------------------------- */

typedef struct visml_features visml_features;

typedef struct visml_features_opts {
    uint32_t size;
    int32_t height;        /* pictures are brought to height x width first; default: as they are. Give both or neither, 1 ... 65,535 */
    int32_t width;
    visml_color color;     /* pictures of 1 ... 4 channels are converted to it; default: as they are */
    visml_fit_mode fit;    /* default VISML_FIT_STRETCH */
    visml_filter filter;   /* default VISML_FILTER_BILINEAR */
    int32_t equalize;      /* 1: then each channel's histogram is equalized, as visml_image_equalize does */
    int32_t reserved;      /* must be 0 */
} visml_features_opts;

/* Nothing yet. Owned by the caller; visml_features_free accepts NULL. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_features *visml_features_new(visml_context *ctx, const visml_features_opts *opts, visml_error *err);
VISML_API void visml_features_free(visml_features *features);

/* One extractor more, which looks at the whole picture. *Consumes* the extractor, also on failure or when it is NULL (an error).
 * Errors: VISML_EINVAL, VISML_ESTATE (fitted already), VISML_ENOMEM. */
VISML_API visml_status visml_features_add(visml_features *features, visml_extractor *extractor, visml_error *err);
/* Where the extractor that was added last looks. *Consumes* the regions likewise. */
VISML_API visml_status visml_features_over(visml_features *features, visml_regions *regions, visml_error *err);
/* How the rows that the last extractor gives for one region become one vector; default: concatenation. *Consumes* likewise. */
VISML_API visml_status visml_features_encode(visml_features *features, visml_aggregator *aggregator, visml_error *err);
/* How the vectors of the regions become one vector; default: concatenation. *Consumes* likewise. */
VISML_API visml_status visml_features_pool(visml_features *features, visml_aggregator *aggregator, visml_error *err);
/* What is done to the vector of all, after what was said before. *Consumes* likewise. */
VISML_API visml_status visml_features_then(visml_features *features, visml_transform *transform, visml_error *err);

/* From n bytes of JSON, a list of names or of objects: [{"class": "hog", "over": {"class": "pyramid"}, "encode": ..., "pool": ...}, "lbp"],
 * or {"height": 128, "width": 128, "extract": [...], "then": [{"class": "pca", "components": 64}]}; keys are the options' fields.
 * Errors: VISML_EFORMAT (line and column, or the entry and what is wrong with it), VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_features *visml_features_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
/* The same back, without what is a default. Written like visml_model_summary; 0 for NULL or when memory ran out. */
VISML_API size_t visml_features_to_json(const visml_features *features, char *text, size_t capacity);

/* Where a long call over many pictures stands; valid during the call of a function that returns 0 to go on, anything else to stop
 * (VISML_ECANCELLED). */
typedef struct visml_feature_progress {
    uint32_t size;
    int32_t pass;   /* walks over the pictures, from 1 on */
    int32_t passes; /* how many there will be */
    int32_t reserved;
    int64_t done;   /* pictures of this walk */
    int64_t total;
} visml_feature_progress;
typedef int32_t (*visml_feature_progress_fn)(void *user, const visml_feature_progress *progress);

typedef struct visml_feature_run_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    uint64_t seed;    /* default: the context's */
    int64_t sample;   /* rows that a codebook is learned from, at most, drawn from all pictures; default 200,000 */
    uint64_t memory;  /* bytes that the vectors of a fit may take: where they do not fit, transforms learn in several walks or in blocks,
                         and one that cannot is an error; default 2^31 */
    visml_feature_progress_fn progress; /* called from the caller's thread; default: none */
    void *user;
} visml_feature_run_opts;

/* Learns what is to be learned, from the pictures (and labels) of a dataset, first extractors and codebooks, then the transforms, each from
 * what those before it give. Invalid pictures are passed over and listed by the dataset, as it was told to. On failure the object is as it
 * was. Errors: VISML_EINVAL (nothing added; pictures whose vectors differ in length: both pictures and lengths are named), VISML_EIO,
 * VISML_EFORMAT, VISML_ENOMEM, VISML_ECANCELLED. */
VISML_API visml_status visml_features_fit(visml_features *features, visml_dataset *dataset, const visml_feature_run_opts *opts,
                                          visml_error *err);
/* 1 when there is nothing (left) to be learned, else 0. */
VISML_API int32_t visml_features_is_fitted(const visml_features *features);
/* How long the vector of a picture [H, W, C] is. Errors: VISML_EINVAL (why such a picture does not fit), VISML_ESTATE (not fitted). */
VISML_API visml_status visml_features_length(const visml_features *features, const visml_shape *image, int64_t *length, visml_error *err);
/* The vectors of pictures [N, H, W, C], or of one [H, W, C]: a new tensor [N, D], VISML_F32 (owned). VISML_U8 or VISML_F32, contiguous.
 * Errors: VISML_EINVAL, VISML_ESTATE (not fitted), VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_tensor *visml_features_transform(const visml_features *features, const visml_tensor *images, visml_error *err);
/* The rows of one picture before they are pooled, a row for each region, in their order: a new tensor [regions, D] (owned), for networks
 * that read a sequence. Needs a single extractor; transforms are left out. Errors as above. */
VISML_API visml_tensor *visml_features_sequence(const visml_features *features, const visml_tensor *image, visml_error *err);

/* What was learned, and how it came about, as a file: a bundle of kind "features" (a safetensors file). Written so that a kill leaves the
 * old file or the new one. Errors: VISML_EINVAL, VISML_ESTATE (not fitted), VISML_EIO, VISML_ENOMEM. */
VISML_API visml_status visml_features_save(const visml_features *features, const char *path, visml_error *err);
/* The same features again (owned): their vectors are the same bits. Everything that the file says is checked. Errors: VISML_EIO,
 * VISML_EFORMAT (damaged, or no features), VISML_EUNSUPPORTED (of a newer release), VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_features *visml_features_load(visml_context *ctx, const char *path, visml_error *err);

/* ---- tables: the vectors of a set -------------------------------------------------------------------------------------------- */

/* The vectors of a dataset's pictures, with what they are called and which class they have. Immutable. Owned by the caller;
 * visml_table_free accepts NULL. Accessors: any thread. */
typedef struct visml_table visml_table;
VISML_API void visml_table_free(visml_table *table);

/* A row for each picture of the dataset that can be read, in its order; those that cannot are listed by the dataset (or fail the call), as
 * it was told to. Worker threads read and look; the rows are the same bits for any number of them. Pictures are what
 * visml_dataset_read gives. Errors: VISML_EINVAL (pictures that do not fit), VISML_ESTATE (not fitted), VISML_EIO, VISML_EFORMAT,
 * VISML_ENOMEM, VISML_ECANCELLED. */
VISML_API visml_table *visml_features_extract(const visml_features *features, visml_dataset *dataset, const visml_feature_run_opts *opts,
                                              visml_error *err);
/* Rows; 0 for NULL. */
VISML_API int64_t visml_table_count(const visml_table *table);
/* Numbers of a row; 0 for NULL. */
VISML_API int64_t visml_table_length(const visml_table *table);
/* [count, length], VISML_F32, contiguous; borrowed, NULL for NULL. */
VISML_API visml_tensor *visml_table_values(const visml_table *table);
/* [count], VISML_I32: the class numbers, -1 where there is none; likewise. */
VISML_API visml_tensor *visml_table_labels(const visml_table *table);
/* The number that row i has in the dataset; -1 out of range. */
VISML_API int64_t visml_table_sample(const visml_table *table, int64_t i);
/* The file of row i (borrowed from the table); NULL out of range and for datasets without files. */
VISML_API const char *visml_table_path(const visml_table *table, int64_t i);
/* The classes of the dataset, by number (borrowed); NULL out of range. */
VISML_API size_t visml_table_class_count(const visml_table *table);
VISML_API const char *visml_table_class_name(const visml_table *table, size_t k);

/* The values as a NumPy file (.npy, format 1.0, little-endian float32 [count, length]), and the labels, where a second path is given
 * (NULL: none), as another (int32 [count]). Files are replaced as a whole or not at all. Errors: VISML_EINVAL, VISML_EIO, VISML_ENOMEM. */
VISML_API visml_status visml_table_save_npy(const visml_table *table, const char *path, const char *labels_path, visml_error *err);
/* As text (RFC 4180): a header "sample,path,label,f0,f1,...", then a line for each row. path is left out for datasets without files; label
 * is the class' name, or its number where classes have no names, empty for none. Numbers have the fewest digits that read back to the same
 * float, with a point in every locale. Errors: as above. */
VISML_API visml_status visml_table_save_csv(const visml_table *table, const char *path, visml_error *err);
/* Without a copy of the values, for Arrow's C data interface: fills a struct ArrowSchema and a struct ArrowArray (memory of the caller's,
 * whatever was in it) with a struct of the columns sample (int64), path (utf8, or binary where one is not UTF-8; left out for datasets
 * without files), label (utf8 by dictionary, int32 where classes have no names; null for none) and features (fixed_size_list of float32).
 * Both are independent of the table's and of one another's life, and are to be released by their callbacks, from any thread.
 * https://arrow.apache.org/docs/format/CDataInterface.html. Errors: VISML_EINVAL, VISML_ELIMIT (2^31 bytes of paths or numbers in a row),
 * VISML_ENOMEM; nothing is filled in then. */
VISML_API visml_status visml_table_export_arrow(const visml_table *table, void *schema, void *array, visml_error *err);

/* ---- search by content ------------------------------------------------------------------------------------------------------- */

typedef int32_t visml_metric;
#define VISML_METRIC_L2 1           /* sqrt(sum (a - b)^2) */
#define VISML_METRIC_COSINE 2       /* 1 - a b / (|a| |b|), 0 ... 2; 1 where a vector is all zeros */
#define VISML_METRIC_CHI2 3         /* sum (a - b)^2 / (a + b), without places where a + b is 0; of histograms, which are not negative */
#define VISML_METRIC_L1 4           /* sum |a - b| */
#define VISML_METRIC_INTERSECTION 5 /* sum min(a, b) (Swain and Ballard 1991): of likeness, so that the largest are nearest */

typedef struct visml_index_opts {
    uint32_t size;
    visml_metric metric; /* default VISML_METRIC_L2 */
} visml_index_opts;

/* Vectors that are searched for the nearest, all of them, so that what is found is exact. */
typedef struct visml_index visml_index;
/* Of rows [N, D] (VISML_F32, contiguous, finite; kept by reference: must not be changed while the index lives). Owned by the caller;
 * visml_index_free accepts NULL. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_index *visml_index_new(visml_context *ctx, visml_tensor *rows, const visml_index_opts *opts, visml_error *err);
VISML_API void visml_index_free(visml_index *index);
/* N; 0 for NULL. */
VISML_API int64_t visml_index_count(const visml_index *index);
/* The k nearest rows (1 ... N) of each query [Q, D], the nearest first, of equals the one that comes first: *places [Q, k], VISML_I32, and
 * unless NULL *distances [Q, k], VISML_F32 (both owned by the caller). On failure both are as they were. Errors: VISML_EINVAL (shapes, NaN,
 * numbers below 0 with chi2), VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_status visml_index_search(const visml_index *index, const visml_tensor *queries, int64_t k, visml_tensor **places,
                                          visml_tensor **distances, visml_error *err);

VISML_END_DECLS

#endif /* VISML_FEATURE_H */
