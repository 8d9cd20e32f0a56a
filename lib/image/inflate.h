/* Decompression of deflate data (RFC 1951) and gzip files (RFC 1952). */
#ifndef IMAGE_INFLATE_H
#define IMAGE_INFLATE_H

#include <stdint.h>

#include "base/memory.h"

/* Where deflate data goes. Either a fixed buffer (memory NULL), or one that grows up to `limit` bytes and is owned by the caller. */
typedef struct visml_inflate_out {
    uint8_t *data;
    size_t made, capacity;
    visml_memory *memory;
    uint64_t limit;
} visml_inflate_out;

/* One deflate stream from in[n]; *used becomes the bytes it took, rounded up. Text is appended to `out`, which keeps what was made before a
 * failure. A fixed buffer that is full ends the work: VISML_ELIMIT. Errors: VISML_EFORMAT, VISML_ELIMIT, VISML_ENOMEM; messages start with
 * `what` and name the byte. */
visml_status visml_inflate(const char *what, const uint8_t *in, size_t n, visml_inflate_out *out, size_t *used, visml_error *err);

/* 1 when the bytes start as a gzip file does. */
int visml_is_gzip(const unsigned char *in, size_t n);
/* A whole gzip file, of one member or several: header, CRC-32 and length are checked, zero bytes after the last member passed over.
 * *out is owned by the caller (visml_mem_free) and written on success. limit: bytes of text. Errors as visml_inflate. */
visml_status visml_gunzip(visml_memory *m, const char *what, const unsigned char *in, size_t n, uint64_t limit, unsigned char **out,
                          size_t *out_n, visml_error *err);

#endif
