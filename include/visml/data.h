/* visml/data.h - labelled images: sources, augmentation, splits, loading in batches.
 *
 * SPDX-License-Identifier: MIT
 *
 * A *dataset* is a list of samples that can be asked for by number; nothing is decoded before it is needed, so a folder may be larger than
 * memory. A *loader* walks over a dataset: order, batches, epochs, worker threads. The order and the contents of its batches depend on
 * the seed and the epoch alone, never on the number of workers.
 */
#ifndef VISML_DATA_H
#define VISML_DATA_H

#include "image.h"

VISML_BEGIN_DECLS

/* Thread-safety: immutable once made, may be shared by any number of loaders; the list of dropped images grows under a lock. */
typedef struct visml_dataset visml_dataset;

/* What happens to an image that cannot be decoded. */
typedef int32_t visml_on_invalid;
#define VISML_INVALID_DROP 0  /* left out of its batch and listed with path and reason; the default */
#define VISML_INVALID_ERROR 1 /* the call fails; the message starts with the path */
#define VISML_INVALID_KEEP 2  /* kept as a row of zeros with label -1, and listed */

typedef struct visml_source_opts {
    uint32_t size;
    visml_on_invalid on_invalid;
    int32_t height;        /* every image is brought to height x width; default: as they are, and all must then have the size of the */
    int32_t width;         /* first (the others count as invalid). Give both or neither, 1 ... 65,535 */
    visml_color color;     /* VISML_COLOR_GRAY, _RGB or _RGBA; default: _RGB for files, as they are for IDX */
    visml_fit_mode fit;    /* default VISML_FIT_STRETCH */
    visml_filter filter;   /* default VISML_FILTER_BILINEAR */
    int32_t follow_links;  /* 1: follow symbolic links to folders; default 0 */
} visml_source_opts;

/* A folder with one folder for each class: DIR/cat/a.jpg, DIR/cat/more/b.PNG, DIR/dog/... Class names are the folders' names, sorted by
 * bytes; label i is class i. A folder without images is a class too. Images are told by their content, any suffix will
 * do; files that are no images at all (and hidden ones) are passed over. Files that start like an image and are damaged, and files that
 * have the suffix of an image and are none, count as invalid when they are read. Links to files are followed. Samples are sorted by path.
 * Owned by the caller. Errors: VISML_EIO, VISML_EINVAL (no such folder, no class folder, no image: the message says what was found). */
VISML_API visml_dataset *visml_dataset_from_folder(visml_context *ctx, const char *dir, const visml_source_opts *opts, visml_error *err);

/* IDX files, plain or gzip (LeCun's MNIST format): images [N, H, W] or [N, H, W, C] of unsigned bytes, labels [N] of unsigned bytes.
 * Class names are "0", "1", ... to the largest label. Held in memory. Errors: VISML_EIO, VISML_EFORMAT, VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_dataset *visml_dataset_from_idx(visml_context *ctx, const char *images, const char *labels, const visml_source_opts *opts,
                                                visml_error *err);

/* A CSV file (RFC 4180, UTF-8, a header line): a column "path" (relative to the file's folder, or absolute), a column "label" (any text),
 * others are kept as groups that a split can use, also by way of a manifest. Class names are the distinct labels, sorted by bytes.
 * Errors: VISML_EIO, VISML_EFORMAT (line and column). */
VISML_API visml_dataset *visml_dataset_from_csv(visml_context *ctx, const char *path, const visml_source_opts *opts, visml_error *err);

/* One part ("train", "val", "test") of a manifest written by visml_split_save; NULL as the part: all of them. Its groups are the columns
 * that all the parts asked for have; manifests of any release can be read.
 * Errors: VISML_EIO, VISML_EFORMAT, VISML_EINVAL (no such part: the message lists those there are). */
VISML_API visml_dataset *visml_dataset_from_manifest(visml_context *ctx, const char *path, const char *part, const visml_source_opts *opts,
                                                     visml_error *err);

/* Arrays in memory: images [N, ...] (VISML_U8 or VISML_F32) and either class numbers (VISML_I32 or VISML_U8 or VISML_I64 [N], 0 ...
 * classes - 1) or targets (VISML_F32 [N, ...]). Both contiguous, retained. class_names: `classes` of them, copied, or NULL for "0", "1",
 * ... classes 0: one more than the largest label. Errors: VISML_EINVAL (the row and the label, when one is out of range). */
VISML_API visml_dataset *visml_dataset_from_arrays(visml_context *ctx, visml_tensor *images, visml_tensor *targets,
                                                   const char *const *class_names, size_t classes, visml_error *err);

/* Fills the pixels of sample `index` (dtype and shape as promised) and its label. 0 on success; anything else makes the sample invalid,
 * with `reason` (256 bytes, zero at the end) as the reason. Called from several worker threads at once. */
typedef int32_t (*visml_sample_fn)(void *user, int64_t index, void *pixels, int32_t *label, char *reason);
/* Samples made by a function of the caller's. class_names as above; classes 0: any label from 0 on. Of the options only on_invalid has a
 * meaning; height, width and color must be 0. The labels are not known before the samples are read: visml_dataset_label gives -1. */
VISML_API visml_dataset *visml_dataset_from_callback(visml_context *ctx, int64_t count, visml_dtype dtype, const visml_shape *shape,
                                                     const char *const *class_names, size_t classes, visml_sample_fn fn, void *user,
                                                     const visml_source_opts *opts, visml_error *err);

/* The samples of these numbers, in this order (repeats allowed), of the same source. Owned; keeps the source alive. */
VISML_API visml_dataset *visml_dataset_subset(const visml_dataset *ds, const int64_t *indices, size_t n, visml_error *err);

/* The same samples with their labels numbered as `names` has them: label i is class names[i]. For data that lacks some of a model's
 * classes, or has them in another order. Classes are matched by name; names that no sample has are allowed. Owned; keeps the source alive.
 * Errors: VISML_EINVAL (a class of the dataset is not among the names, or a name is there twice: it is named; a dataset without classes, or
 * whose targets are arrays), VISML_ENOMEM. */
VISML_API visml_dataset *visml_dataset_with_classes(const visml_dataset *ds, const char *const *names, size_t n, visml_error *err);

VISML_API void visml_dataset_free(visml_dataset *ds);

VISML_API int64_t visml_dataset_count(const visml_dataset *ds);
VISML_API size_t visml_dataset_class_count(const visml_dataset *ds);
/* Borrowed; NULL when out of range. */
VISML_API const char *visml_dataset_class_name(const visml_dataset *ds, size_t i);
/* The class number of sample i; -1 when it has none or i is out of range. */
VISML_API int32_t visml_dataset_label(const visml_dataset *ds, int64_t i);
/* The path of sample i, or NULL for samples that are not files. Borrowed. */
VISML_API const char *visml_dataset_path(const visml_dataset *ds, int64_t i);
/* The shape of one sample, without the batch: [H, W, C]. Reads images until a valid one is found when the options gave no size.
 * Errors: VISML_EFORMAT (none is valid). */
VISML_API visml_status visml_dataset_sample_shape(visml_dataset *ds, visml_shape *shape, visml_error *err);
/* One decoded sample as a tensor (owned), VISML_U8 or VISML_F32. Errors: as for decoding; always an error for an invalid image. */
VISML_API visml_tensor *visml_dataset_read(visml_dataset *ds, int64_t i, visml_error *err);

/* Images found invalid up to now, over all loaders and subsets of one source, each once, in the order of sample numbers. */
VISML_API size_t visml_dataset_dropped_count(const visml_dataset *ds);
/* An image is listed when the batch that it belongs to is handed out. Path (or "sample 17") and reason of the i-th: written like
 * visml_model_summary does, at most `capacity` bytes each. 0 or VISML_EINVAL. */
VISML_API visml_status visml_dataset_dropped(const visml_dataset *ds, size_t i, char *path, size_t path_capacity, char *reason,
                                             size_t reason_capacity, visml_error *err);

/* ---- augmentation ------------------------------------------------------------------------------------------------------------ */

/* Pictures that are a little different each time they are seen: one change, or a chain of them that are applied in order. Made by the
 * functions below, or read from JSON; for visml_dataset_augment. Names, options and defaults are those of Keras 3's layers.
 *
 * What is drawn for a picture is a function of (seed, epoch, number of the sample, place in the chain) alone: it does not depend on
 * workers, threads, the order of the samples or the size of batches. Pictures are [H, W, C] with 1 ... 4 channels, VISML_U8 or VISML_F32,
 * sides of at most 65,536 pixels, and stay what they are; bytes become floats before the first change and are rounded after the last.
 *
 * Options that are two numbers are a range from which is drawn, uniformly, ends in any order: {-0.1, 0.3}. One number x alone, {0.2},
 * stands for a range that each option tells; a 0 that is meant as such is VISML_ZERO. value_range is the smallest and largest value of
 * pixels, default {0, 255}; {0, 1} for floats that were scaled. Values that leave it become its ends.
 *
 * Thread-safety: immutable, may be shared. Owned by the caller; visml_augmentation_free accepts NULL. Constructors: errors VISML_EINVAL,
 * VISML_ENOMEM. */
typedef struct visml_augmentation visml_augmentation;
VISML_API void visml_augmentation_free(visml_augmentation *augmentation);

/* What lies outside of a picture. */
typedef int32_t visml_fill_mode;
#define VISML_FILL_REFLECT 0  /* d c b a | a b c d | d c b a; the default */
#define VISML_FILL_CONSTANT 1 /* fill_value */
#define VISML_FILL_NEAREST 2  /* a a a a | a b c d | d d d d */
#define VISML_FILL_WRAP 3     /* a b c d | a b c d | a b c d */

/* How a pixel is made of those around the place that it comes from. */
typedef int32_t visml_interpolation;
#define VISML_INTERPOLATION_BILINEAR 0
#define VISML_INTERPOLATION_NEAREST 1

typedef int32_t visml_flip_mode;
#define VISML_FLIP_HORIZONTAL_AND_VERTICAL 0 /* each with a draw of its own; the default */
#define VISML_FLIP_HORIZONTAL 1              /* left and right */
#define VISML_FLIP_VERTICAL 2                /* top and bottom */

/* Flips every second picture, on average. */
typedef struct visml_random_flip_opts {
    uint32_t size;
    visml_flip_mode mode;
} visml_random_flip_opts;
VISML_API visml_augmentation *visml_random_flip(visml_context *ctx, const visml_random_flip_opts *opts, visml_error *err);

/* Turns pictures about their middle. */
typedef struct visml_random_rotation_opts {
    uint32_t size;
    visml_fill_mode fill_mode;
    double factor[2];  /* turns, counter-clockwise above 0; -1 ... 1; {x}: -|x| ... |x|; required */
    double fill_value; /* for VISML_FILL_CONSTANT; default 0 */
    visml_interpolation interpolation;
    int32_t reserved; /* must be 0 */
} visml_random_rotation_opts;
VISML_API visml_augmentation *visml_random_rotation(visml_context *ctx, const visml_random_rotation_opts *opts, visml_error *err);

/* Zooms about the middle. */
typedef struct visml_random_zoom_opts {
    uint32_t size;
    visml_fill_mode fill_mode;
    double height_factor[2]; /* above 0: smaller, a side shows 1 + factor times as much; -1 ... 1; {x}: -|x| ... |x|; required */
    double width_factor[2];  /* default: what is drawn for the height, which keeps the shape of things */
    double fill_value;
    visml_interpolation interpolation;
    int32_t reserved; /* must be 0 */
} visml_random_zoom_opts;
VISML_API visml_augmentation *visml_random_zoom(visml_context *ctx, const visml_random_zoom_opts *opts, visml_error *err);

/* Shifts pictures. */
typedef struct visml_random_translation_opts {
    uint32_t size;
    visml_fill_mode fill_mode;
    double height_factor[2]; /* parts of the height, down above 0; -1 ... 1; {x}: -|x| ... |x|; required */
    double width_factor[2];  /* parts of the width, to the right above 0; likewise; required */
    double fill_value;
    visml_interpolation interpolation;
    int32_t reserved; /* must be 0 */
} visml_random_translation_opts;
VISML_API visml_augmentation *visml_random_translation(visml_context *ctx, const visml_random_translation_opts *opts, visml_error *err);

/* Slants pictures, from their top left corner: pixel (x, y) comes from (x + s x_factor y, y + s y_factor x), s being 1 or -1. */
typedef struct visml_random_shear_opts {
    uint32_t size;
    visml_fill_mode fill_mode;
    double x_factor[2]; /* 0 ... 1; {x}: 0 ... x; default 0. The sign s is drawn */
    double y_factor[2]; /* likewise */
    double fill_value;
    visml_interpolation interpolation;
    int32_t reserved; /* must be 0 */
} visml_random_shear_opts;
VISML_API visml_augmentation *visml_random_shear(visml_context *ctx, const visml_random_shear_opts *opts, visml_error *err);

/* Cuts a rectangle out at a place that is drawn; the only change of size. Where a picture is lower or narrower than that, the largest
 * rectangle of the wanted shape in its middle is resized instead (bilinear). */
typedef struct visml_random_crop_opts {
    uint32_t size;
    int32_t height; /* pixels, 1 ... 65,536; required */
    int32_t width;
    int32_t reserved; /* must be 0 */
} visml_random_crop_opts;
VISML_API visml_augmentation *visml_random_crop(visml_context *ctx, const visml_random_crop_opts *opts, visml_error *err);

/* x + factor (high - low) */
typedef struct visml_random_brightness_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* -1 (black) ... 1 (white); {x}: -|x| ... |x|; required */
    double value_range[2];
} visml_random_brightness_opts;
VISML_API visml_augmentation *visml_random_brightness(visml_context *ctx, const visml_random_brightness_opts *opts, visml_error *err);

/* (x - mean) f + mean with the mean of each channel, f from 1 - factor[0] to 1 + factor[1]. */
typedef struct visml_random_contrast_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* 0 ... 1; {x}: x and x, f from 1 - x to 1 + x; required */
    double value_range[2];
} visml_random_contrast_opts;
VISML_API visml_augmentation *visml_random_contrast(visml_context *ctx, const visml_random_contrast_opts *opts, visml_error *err);

/* Takes the hue round the circle by factor / 2, in a direction that is drawn. Needs 3 channels. */
typedef struct visml_random_hue_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* 0 ... 1; {x}: 0 ... x; required */
    double value_range[2];
} visml_random_hue_opts;
VISML_API visml_augmentation *visml_random_hue(visml_context *ctx, const visml_random_hue_opts *opts, visml_error *err);

/* Multiplies the saturation by factor / (1 - factor), up to full: 0 gray, 0.5 as it is, 1 full. Needs 3 channels. */
typedef struct visml_random_saturation_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* 0 ... 1; {x}: 0 ... x; required */
    double value_range[2];
} visml_random_saturation_opts;
VISML_API visml_augmentation *visml_random_saturation(visml_context *ctx, const visml_random_saturation_opts *opts, visml_error *err);

/* Makes all channels the luma that visml_image_convert gives. Needs 3 channels. */
typedef struct visml_random_grayscale_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor; /* how often, 0 ... 1; default 0.5; VISML_ZERO: never */
} visml_random_grayscale_opts;
VISML_API visml_augmentation *visml_random_grayscale(visml_context *ctx, const visml_random_grayscale_opts *opts, visml_error *err);

/* Puts a rectangle of one value or of noise somewhere (Zhong et al. 2017). */
typedef struct visml_random_erasing_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2];  /* from which is drawn how likely it is, 0 ... 1; {x}: 0 ... x; default 0 ... 1 */
    double scale[2];   /* the square of the rectangle's part of each side, drawn for each, 0 ... 1; {x}: 0 ... x; default {0.02, 0.33} */
    double fill_value; /* default: noise, normal with deviation value_range[1]; VISML_ZERO: 0 */
    double value_range[2];
} visml_random_erasing_opts;
VISML_API visml_augmentation *visml_random_erasing(visml_context *ctx, const visml_random_erasing_opts *opts, visml_error *err);

/* Blurs with Gauss' curve. Outside the picture lies its reflection. */
typedef struct visml_random_gaussian_blur_opts {
    uint32_t size;
    int32_t kernel_size[2]; /* pixels, height and width, odd, 1 ... 63; {n}: n and n; default 3 */
    int32_t reserved; /* must be 0 */
    double factor[2]; /* from which is drawn how likely it is, 0 ... 1; {x}: 0 ... x; default 0 ... 1 */
    double sigma[2];  /* deviation in pixels, drawn for each direction, 0 ... 100; {x}: 0 ... x; default 0 ... 1 */
    double value_range[2];
} visml_random_gaussian_blur_opts;
VISML_API visml_augmentation *visml_random_gaussian_blur(visml_context *ctx, const visml_random_gaussian_blur_opts *opts,
                                                         visml_error *err);

/* Fades colours: x + factor (gray - x), gray as for visml_random_grayscale. Needs 3 channels. */
typedef struct visml_random_color_degeneration_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* 0 ... 1; {x}: 0 ... x; required */
    double value_range[2];
} visml_random_color_degeneration_opts;
VISML_API visml_augmentation *visml_random_color_degeneration(visml_context *ctx, const visml_random_color_degeneration_opts *opts,
                                                              visml_error *err);

/* x + (1 - 2 factor) (smooth - x), smooth being the mean of 3 x 3 pixels with the middle one five times. */
typedef struct visml_random_sharpness_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* 0 (smooth) ... 0.5 (as it is) ... 1 (sharp); {x}: 0 ... x; required */
    double value_range[2];
} visml_random_sharpness_opts;
VISML_API visml_augmentation *visml_random_sharpness(visml_context *ctx, const visml_random_sharpness_opts *opts, visml_error *err);

/* Keeps the highest bits of the eight that a value of the range makes. */
typedef struct visml_random_posterization_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* bits, 1 ... 8, rounded; {x}: x; required */
    double value_range[2];
} visml_random_posterization_opts;
VISML_API visml_augmentation *visml_random_posterization(visml_context *ctx, const visml_random_posterization_opts *opts,
                                                         visml_error *err);

/* Adds a value, then turns round (low + high - x) what is not below a threshold. */
typedef struct visml_solarization_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double addition_factor[2];  /* parts of the range, 0 ... 1; {x}: 0 ... x; default 0 */
    double threshold_factor[2]; /* likewise */
    double value_range[2];
} visml_solarization_opts;
VISML_API visml_augmentation *visml_solarization(visml_context *ctx, const visml_solarization_opts *opts, visml_error *err);

/* Stretches each channel from its smallest and largest value to the range. Nothing is drawn. */
typedef struct visml_auto_contrast_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double value_range[2];
} visml_auto_contrast_opts;
VISML_API visml_augmentation *visml_auto_contrast(visml_context *ctx, const visml_auto_contrast_opts *opts, visml_error *err);

/* Spreads each channel's values so that each is as frequent. Nothing is drawn. */
typedef struct visml_equalization_opts {
    uint32_t size;
    int32_t bins; /* 2 ... 256; default 256 */
    double value_range[2];
} visml_equalization_opts;
VISML_API visml_augmentation *visml_equalization(visml_context *ctx, const visml_equalization_opts *opts, visml_error *err);

/* num_ops of eleven changes, drawn anew for each picture (Cubuk et al. 2020): shear, translation, rotation, brightness, color degeneration,
 * contrast, sharpness, posterization, solarization, auto contrast, equalization. The strength of each is drawn from `factor`; 1 means shear
 * by 0.3, translation by 0.45 of a side, rotation by 30 degrees, brightness by 0.5, colour, contrast and sharpness by 0.9 away from what
 * they were, 4 bits of posterization, a threshold of 0 for solarization; directions are drawn. Without 3 channels colours stay. */
typedef struct visml_rand_augment_opts {
    uint32_t size;
    int32_t num_ops; /* 1 ... 16; default 2 */
    double factor[2]; /* 0 ... 1; {x}: 0 ... x; default 0 ... 0.5 */
    double value_range[2];
    visml_fill_mode fill_mode;
    visml_interpolation interpolation;
} visml_rand_augment_opts;
VISML_API visml_augmentation *visml_rand_augment(visml_context *ctx, const visml_rand_augment_opts *opts, visml_error *err);

/* Each picture of a batch and one of its others, mixed (Zhang et al. 2018): w x + (1 - w) other, w from Beta(alpha, alpha), targets
 * likewise. In a chain behind all that changes pictures one by one, for datasets only; visml_dataset_augment says what becomes of targets.
 * What is drawn is a function of (seed, epoch, step, place in the batch). */
typedef struct visml_mix_up_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double alpha; /* above 0, up to 1000; default 0.2 */
} visml_mix_up_opts;
VISML_API visml_augmentation *visml_mix_up(visml_context *ctx, const visml_mix_up_opts *opts, visml_error *err);

/* A rectangle of another picture of the batch in each (Yun et al. 2019). Its area is 1 - w, w from Beta(a, a), a drawn from `factor` for
 * each batch; targets are mixed by the share of pixels that are the other's. The rest as visml_mix_up. */
typedef struct visml_cut_mix_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    double factor[2]; /* 0 ... 1; {x}: 0 ... x; default 0 ... 1 */
} visml_cut_mix_opts;
VISML_API visml_augmentation *visml_cut_mix(visml_context *ctx, const visml_cut_mix_opts *opts, visml_error *err);

/* All of `augmentations` (n of them, which may be chains and stay the caller's) in order. n = 0: no change at all.
 * Errors: VISML_EINVAL (one is NULL; something stands behind mix_up or cut_mix that changes single pictures), VISML_ENOMEM. */
VISML_API visml_augmentation *visml_augmentation_chain(visml_context *ctx, const visml_augmentation *const *augmentations, size_t n,
                                                       visml_error *err);

/* A chain from n bytes of JSON, [{"class": "random_flip", "mode": "horizontal"}, ...]: keys are the options' fields, ranges a number or an
 * array of two. Errors: VISML_EFORMAT (line and column, or the entry and what is wrong with it), VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_augmentation *visml_augmentation_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
/* The chain as such a text, without what is a default. Written like visml_model_summary; 0 for NULL or when memory ran out. */
VISML_API size_t visml_augmentation_to_json(const visml_augmentation *augmentation, char *text, size_t capacity);

/* The picture as the chain makes it of sample `index` (from 0 on) in this epoch with this seed (0: the context's): a new tensor (owned) of
 * the same dtype. Errors: VISML_EINVAL (no picture of bytes or floats; channels that a change cannot do with; mix_up and cut_mix, which
 * need a batch), VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_tensor *visml_augment_image(const visml_augmentation *augmentation, const visml_tensor *image, uint64_t seed,
                                            int64_t epoch, int64_t index, visml_error *err);

/* The same samples with their pictures changed by the chain when a loader reads them, with the loader's seed; for training data: fit takes
 * it as `data`, while evaluate, predict, quantize and validation want the dataset that it was made from. visml_dataset_read gives a sample
 * as epoch 0 with the context's seed has it, unmixed. Split first: parts of an augmented dataset are augmented, too. Of a dataset that is
 * augmented already, the chain comes behind its own.
 * With mix_up or cut_mix batches have targets VISML_F32 [rows, classes]: 1 for the class, mixed as the pictures are (or the arrays that the
 * dataset has, mixed). Training then needs visml_categorical_crossentropy, the default then; the accuracy counts the larger share, and
 * class_weight cannot be used. Rows of invalid images are not mixed.
 * Owned; keeps dataset and chain alive. Errors: VISML_EINVAL (samples that are no pictures; channels; mixing without classes),
 * VISML_EFORMAT (no valid image, where the options gave no size), VISML_ENOMEM. */
VISML_API visml_dataset *visml_dataset_augment(visml_dataset *ds, const visml_augmentation *augmentation, visml_error *err);

/* ---- splits ------------------------------------------------------------------------------------------------------------------ */

typedef int32_t visml_split_mode;
#define VISML_SPLIT_STRATIFIED 0 /* each class is divided in the same ratio; the default */
#define VISML_SPLIT_RANDOM 1     /* shuffled and cut */
#define VISML_SPLIT_GROUPED 2    /* all samples of one group stay together; stratified as far as that allows */

typedef struct visml_split_opts {
    uint32_t size;
    visml_split_mode mode;
    double ratio[3];   /* train : val : test, any non-negative numbers up to 1e15; default 7 : 1 : 2 */
    uint64_t seed;     /* default: the context's */
    const char *group; /* VISML_SPLIT_GROUPED only: a column of the CSV file, or "folder" for the folder that an image lies in */
} visml_split_opts;

/* Divides a dataset in three; parts[i] is NULL where its share is 0. The parts (owned) keep the source alive, and their samples are in the
 * dataset's order. The rounding is by largest remainder, so that the sizes differ from the ratio by less than one a class; what one class's
 * rounding kept from a part counts for the next class, so that many small classes add up to the ratio, and where a class has too few
 * samples for all, a first part that is the largest comes first. A part may be empty. The same seed gives the same parts on every machine.
 * Errors: VISML_EINVAL (ratio, mode, group; class numbers that are not known, for stratified), VISML_ENOMEM. */
VISML_API visml_status visml_dataset_split(const visml_dataset *ds, const visml_split_opts *opts, visml_dataset *parts[3],
                                           visml_error *err);

/* Writes parts (any may be NULL) as a JSON manifest: classes, and for each part the paths (relative to the manifest's folder where they
 * lie below it), labels and the other columns of the CSV file, by which the parts can be divided again; for IDX the two files and the
 * samples' numbers. For the record also source, mode, ratio, group and seed. Only for datasets of files or IDX; all parts must have the
 * same classes. Errors: VISML_EINVAL, VISML_EIO, VISML_ENOMEM. */
VISML_API visml_status visml_split_save(visml_dataset *const parts[3], const char *path, visml_error *err);

/* ---- loading ----------------------------------------------------------------------------------------------------------------- */

/* Thread-safety: one thread. Its workers are its own. */
typedef struct visml_loader visml_loader;

typedef struct visml_loader_opts {
    uint32_t size;
    int32_t batch_size;     /* default 32 */
    int32_t shuffle;        /* 1: a new order each epoch; default 0 */
    int32_t drop_remainder; /* 1: a last batch that is not full is left out */
    int32_t workers;        /* threads that decode; default: min(threads of the context, 8) for files, 0 for arrays and IDX. -1: none */
    int32_t prefetch;       /* batches made ahead; default 2 * workers */
    int64_t epochs;         /* the loader ends before this epoch, wherever it starts; default 1; -1: for ever */
    uint64_t seed;          /* default: the context's */
    int64_t start_epoch;    /* the first epoch and the first batch of it, to go on where a run stopped; default 0, 0. What comes */
    int64_t start_batch;    /* then is what the run would have seen. 0 ... steps */
} visml_loader_opts;

/* Keeps the dataset alive. Owned. After fork() the child makes its own. Errors: VISML_EINVAL, VISML_EFORMAT (no size was given and no image
 * is valid), VISML_ENOMEM. */
VISML_API visml_loader *visml_loader_new(visml_dataset *ds, const visml_loader_opts *opts, visml_error *err);
VISML_API void visml_loader_free(visml_loader *loader);
/* Batches in one epoch. */
VISML_API int64_t visml_loader_steps(const visml_loader *loader);

/* Samples that go together. */
typedef struct visml_batch visml_batch;

/* The next batch (owned; give it back with visml_batch_free, which reuses its memory), or *batch = NULL after the last one of all epochs.
 * Batches have fewer rows when invalid images were dropped, perhaps 0. A tensor of a batch that the caller retained stays as it is, also
 * after visml_batch_free. A batch may outlive the loader. Errors: VISML_EFORMAT and the like for VISML_INVALID_ERROR, always for the first
 * such image; the loader is then at its end (VISML_ESTATE). VISML_ENOMEM. VISML_ESTATE in a child of fork(). */
VISML_API visml_status visml_loader_next(visml_loader *loader, visml_batch **batch, visml_error *err);
VISML_API void visml_batch_free(visml_batch *batch);

/* All borrowed from the batch. */
VISML_API int64_t visml_batch_count(const visml_batch *batch);          /* rows */
VISML_API int64_t visml_batch_epoch(const visml_batch *batch);          /* 0 ... */
VISML_API int64_t visml_batch_step(const visml_batch *batch);           /* 0 ... steps - 1, in its epoch */
VISML_API visml_tensor *visml_batch_images(const visml_batch *batch);   /* [rows, sample shape], VISML_U8 or VISML_F32 */
VISML_API visml_tensor *visml_batch_targets(const visml_batch *batch);  /* VISML_I32 [rows], or VISML_F32 [rows, ...] */
VISML_API const int64_t *visml_batch_indices(const visml_batch *batch); /* [rows]: the samples' numbers in the dataset */

VISML_END_DECLS

#endif /* VISML_DATA_H */
