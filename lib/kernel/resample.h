/* The passes of a resize: weights come from the caller (see image/resize.c). Bytes are added up in whole numbers, other samples in double
 * in the order of the taps, so every level gives the same. Bytes and 16-bit samples are rounded half up, and stop at their ends. */
#ifndef KERNEL_RESAMPLE_H
#define KERNEL_RESAMPLE_H

#include "kernel/compute.h"
#include "kernel/leaf.h"

#ifndef VISML_REAL_DOUBLE
typedef enum visml_sample {
    VISML_SAMPLE_U8 = 1,
    VISML_SAMPLE_U16 = 2,
    VISML_SAMPLE_F32 = 4, /* the number of bytes */
} visml_sample;

/* [rows, in_width, channels] -> [rows, out_width, channels]. */
size_t visml_resample_width_scratch(const visml_compute *c, visml_sample type, const visml_columns *s);
void visml_resample_width(const visml_compute *c, visml_sample type, const visml_columns *s, int64_t rows, const void *in, void *out,
                          void *scratch);
/* [., n] -> [out_rows, n]. */
void visml_resample_height(const visml_compute *c, visml_sample type, const visml_taps *t, int64_t n, int64_t out_rows, const void *in,
                           void *out);
/* out[height, width] = in[rows[y] * in_width + columns[x]], pixels of so many bytes. */
void visml_resample_nearest(const visml_compute *c, int64_t bytes, int64_t in_width, int64_t height, int64_t width, const int64_t *rows,
                            const int64_t *columns, const void *in, void *out);
#endif

#endif
