/* Whether bytes are an image. */
#ifndef IMAGE_FORMAT_H
#define IMAGE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define VISML_SNIFF_BYTES 64 /* of the beginning of a file tell what it is */

/* 1 when the first n bytes of a file are those of an image that can be decoded; 0 for anything else. */
int visml_image_sniff(const uint8_t *data, size_t n);

#endif
