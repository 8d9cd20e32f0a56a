/* The pictures of tests/golden/image/cases.bin: files and what Pillow finds in them. */
#ifndef IMAGE_CASES_H
#define IMAGE_CASES_H

#include "image/image.h"
#include "support/support.h"

typedef struct image_case {
    char name[64];
    const uint8_t *file, *pixels; /* pixels: [height, width, channels] as visml_image_decode gives them with keep_16bit */
    size_t n;
    int32_t height, width, channels, bits;
} image_case;

typedef struct image_cases {
    unsigned char *bytes;
    image_case *list;
    size_t count;
} image_cases;

/* 1 with libjpeg-turbo, whose pixels are Pillow's and which notices every damage; 0 with stb_image. */
extern const int image_jpeg_strict;

image_cases image_cases_load(void);
void image_cases_free(image_cases *all);
/* The case of that name; fails the test when there is none. */
const image_case *image_case_find(const image_cases *all, const char *name);

/* Decodes from memory that ends at an unreadable page. */
visml_tensor *image_decode_guarded(visml_context *ctx, const uint8_t *file, size_t n, const visml_decode_opts *opts, visml_error *err);

/* For every case whose name starts with `prefix`, at least `least` of them: decodes and compares each pixel; refuses the file when it is
 * cut at any byte of the picture; survives every byte that is changed. */
void image_cases_check(const char *prefix, size_t least);

/* Decoding these bytes fails with `status` and a message that holds `text`. */
void image_refused(const void *file, size_t n, visml_status status, const char *text);

#endif
