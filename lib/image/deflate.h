/* Compression to deflate data (RFC 1951). */
#ifndef IMAGE_DEFLATE_H
#define IMAGE_DEFLATE_H

#include <stdint.h>

#include "base/memory.h"

/* Room that visml_deflate needs for n bytes, whatever they are; 0 when that does not fit. */
size_t visml_deflate_bound(size_t n);
/* Compresses in[n] into out (visml_deflate_bound(n) bytes); *made becomes the length. The same bytes for the same input, always.
 * Errors: VISML_ENOMEM. */
visml_status visml_deflate(visml_memory *m, const uint8_t *in, size_t n, uint8_t *out, size_t *made, visml_error *err);

#endif
