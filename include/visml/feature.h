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
VISML_API visml_status visml_regions_boxes_of(const visml_regions *regions, int64_t height, int64_t width, visml_box *boxes, size_t capacity,
                                              size_t *count, visml_error *err);

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
#define VISML_NORM_L1 0
#define VISML_NORM_L2 1
#define VISML_NORM_MAX 2
#define VISML_NORM_NONE 3

/* How many pixels have which value: bins of channel 0, then of channel 1, ..., each histogram divided by itself; or with `joint` (Swain and
 * Ballard 1991) how many have which colour: bins[0] x bins[1] x ... numbers, the last channel's the fastest. Bins are of equal width; byte v
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

/* Mean of each channel, then deviation of each (divided by the number of pixels), then skewness of each, in the units of the space. The mean
 * of a hue is that of a number, not of an angle. */
typedef struct visml_color_moments_opts {
    uint32_t size;
    visml_color_space space;
    visml_skewness skewness;
    int32_t reserved; /* must be 0 */
} visml_color_moments_opts;
VISML_API visml_extractor *visml_extractor_color_moments(visml_context *ctx, const visml_color_moments_opts *opts, visml_error *err);

/* Six numbers of the luma: mean and contrast (deviation), in [0, 1]; the shares of pixels that are <= dark and >= bright; the variance of the
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

/* Principal components of the colours of a picture of 3 channels in [0, 1] (Pearson 1901): the three eigenvalues of their covariance (divided
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

/* -- texture and descriptors -- */

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

/* ---- features: all of it ----------------------------------------------------------------------------------------------------- */

typedef struct visml_features visml_features;

typedef struct visml_features_opts {
    uint32_t size;
    int32_t height;        /* pictures are brought to height x width first; default: as they are. Give both or neither, 1 ... 65,535 */
    int32_t width;
    visml_color color;     /* pictures of 1 ... 4 channels are converted to it; default: as they are */
    visml_fit_mode fit;    /* default VISML_FIT_STRETCH */
    visml_filter filter;   /* default VISML_FILTER_BILINEAR */
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

/* ---- tables: the vectors of a set -------------------------------------------------------------------------------------------- */

/* ---- search by content ------------------------------------------------------------------------------------------------------- */

/* ---- pictures of features ---------------------------------------------------------------------------------------------------- */

VISML_END_DECLS

#endif /* VISML_FEATURE_H */
