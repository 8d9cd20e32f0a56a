/* visml/image.h - pictures: decode, encode, resize, crop, pad. A picture is a tensor [H, W, C].
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_IMAGE_H
#define VISML_IMAGE_H

#include "tensor.h"

VISML_BEGIN_DECLS

/* Channels of a decoded picture. */
typedef int32_t visml_color;
#define VISML_COLOR_AS_IS 0 /* 1 gray, 2 gray + alpha, 3 RGB, 4 RGB + alpha, as the file has it; palettes become RGB or RGBA */
#define VISML_COLOR_GRAY 1  /* 1 channel: (19595 R + 38470 G + 7471 B + 32768) >> 16, ITU-R 601 as Pillow's "L"; alpha is dropped */
#define VISML_COLOR_RGB 3   /* 3 channels; gray is repeated, alpha is dropped */
#define VISML_COLOR_RGBA 4  /* 4 channels; missing alpha is opaque */

/* File formats, recognised by content, never by name. */
typedef int32_t visml_image_format;
#define VISML_FORMAT_UNKNOWN 0
#define VISML_FORMAT_JPEG 1
#define VISML_FORMAT_PNG 2
#define VISML_FORMAT_BMP 3
#define VISML_FORMAT_GIF 4 /* the first frame */
#define VISML_FORMAT_PNM 5 /* P1 ... P6: bitmap, gray and RGB, as text and binary */
#define VISML_FORMAT_TGA 6 /* has no magic number: tried last, by the shape of its header */

typedef struct visml_decode_opts {
    uint32_t size;
    visml_color color;          /* default VISML_COLOR_AS_IS */
    int32_t keep_16bit;         /* 1: a 16-bit file gives VISML_U16; default 0: the high byte, VISML_U8 */
    int32_t ignore_orientation; /* 1: pixels as stored; default 0: turned as the EXIF orientation says */
} visml_decode_opts;

/* What the header of a file says. */
typedef struct visml_image_info {
    uint32_t size; /* set by the caller to sizeof(visml_image_info) */
    visml_image_format format;
    int64_t width;      /* pixels, after the EXIF orientation is applied */
    int64_t height;
    int32_t channels;   /* 1 ... 4, as the file has them */
    int32_t bits;       /* 8 or 16 a channel */
    int32_t orientation; /* EXIF 1 ... 8; 1 when the file does not say */
    int32_t reserved;   /* 0 */
    char camera[64];    /* EXIF make and model, "" when the file does not say */
    char taken[24];     /* EXIF "YYYY:MM:DD HH:MM:SS", "" when the file does not say */
} visml_image_info;

/* The format that a file with these first bytes has, by its content: a guess that costs nothing, no check. 64 bytes are enough.
 * VISML_FORMAT_UNKNOWN for what is no image, and for NULL or n = 0. Thread-safety: any thread. */
VISML_API visml_image_format visml_image_format_of(const void *bytes, size_t n);

/* Reads the header only. Errors: VISML_EINVAL, VISML_EFORMAT (what is wrong and at which byte), VISML_ELIMIT, VISML_EUNSUPPORTED. */
VISML_API visml_status visml_image_probe(visml_context *ctx, const void *bytes, size_t n, visml_image_info *info, visml_error *err);

/* A picture from memory: a new tensor [H, W, C] (owned). A damaged or truncated file is an error, never a partly filled picture.
 * (A build without libjpeg-turbo, where stb_image decodes JPEG, does not notice every damage inside of compressed data.)
 * Checked before any decoder sees a byte: format, dimensions against the context's limits, chunk lengths and CRCs, number of scans.
 * `bytes` is borrowed during the call. Errors as visml_image_probe, and VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_tensor *visml_image_decode(visml_context *ctx, const void *bytes, size_t n, const visml_decode_opts *opts,
                                           visml_error *err);
/* The same from a file. Also VISML_EIO. The message starts with the path. */
VISML_API visml_tensor *visml_image_read(visml_context *ctx, const char *path, const visml_decode_opts *opts, visml_error *err);

/* A picture [H, W, C] (VISML_U8 or VISML_U16, C 1 ... 4, contiguous) as a PNG file, written beside `path` and renamed over it. */
VISML_API visml_status visml_image_write_png(const visml_tensor *image, const char *path, visml_error *err);
/* The same into memory: a new VISML_U8 tensor [n] with the file's bytes (owned). */
VISML_API visml_tensor *visml_image_encode_png(const visml_tensor *image, visml_error *err);

/* How a picture is resized. The conventions are Pillow's: pixel centres at half integers, the filter's support grows with the
 * reduction (antialiasing), 8- and 16-bit results are rounded to nearest after each of the two passes, and a side that keeps its length is
 * not filtered. Results are those of Pillow 13 bit by bit (earlier ones differ by 1 where they take the passes in the other order). All
 * channels are treated alike: alpha is not multiplied in. */
typedef int32_t visml_filter;
#define VISML_FILTER_BILINEAR 0 /* Pillow's BILINEAR: triangle filter, the default */
#define VISML_FILTER_NEAREST 1  /* Pillow's NEAREST: source index floor((i + 0.5) * scale) */
#define VISML_FILTER_AREA 2     /* Pillow's BOX: mean of the covered area */

/* A new tensor [height, width, C] of the same dtype (VISML_U8, VISML_U16 or VISML_F32), owned. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_tensor *visml_image_resize(const visml_tensor *image, int64_t height, int64_t width, visml_filter filter,
                                           visml_error *err);

/* How a picture of another aspect ratio is brought to [height, width]. */
typedef int32_t visml_fit_mode;
#define VISML_FIT_STRETCH 0 /* each side on its own, as Keras' default */
#define VISML_FIT_CROP 1    /* cut the largest middle of the wanted aspect ratio out, resize it (Keras' crop_to_aspect_ratio) */
#define VISML_FIT_PAD 2     /* resize to fit inside, fill the rest with zeros (Keras' pad_to_aspect_ratio) */
VISML_API visml_tensor *visml_image_fit(const visml_tensor *image, int64_t height, int64_t width, visml_fit_mode mode,
                                        visml_filter filter, visml_error *err);

/* The rectangle [top, top + height) x [left, left + width) as a new contiguous tensor (owned). It must lie inside. */
VISML_API visml_tensor *visml_image_crop(const visml_tensor *image, int64_t top, int64_t left, int64_t height, int64_t width,
                                         visml_error *err);
/* The picture with borders of `value` (clamped to the dtype's range) around it, as a new tensor (owned). Borders are >= 0. */
VISML_API visml_tensor *visml_image_pad(const visml_tensor *image, int64_t top, int64_t bottom, int64_t left, int64_t right,
                                        double value, visml_error *err);
/* Other channels for a picture of 1 ... 4, by the rules of visml_color. A new tensor (owned). */
VISML_API visml_tensor *visml_image_convert(const visml_tensor *image, visml_color color, visml_error *err);
/* A picture whose values are as frequent as one another in each channel, whatever its light was (histogram equalization, in 256 steps): a
 * value becomes the share of those that are not larger, those of the smallest left out on both sides. A channel of one value stays.
 * VISML_U8, or VISML_F32 of [0, 1] (what is outside becomes its ends, NaN 0). A new tensor (owned). Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_tensor *visml_image_equalize(const visml_tensor *image, visml_error *err);

VISML_END_DECLS

#endif /* VISML_IMAGE_H */
