#include "kernel/samples.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

typedef struct samples_job {
    const visml_kernels *k;
    int64_t pixels, channels, length; /* length: pixels of one piece */
    const uint8_t *x;
    const float *from, *scale, *offset;
    float *y;
    uint8_t *to;
    size_t n;
} samples_job;

static void nhwc_block(void *arg, size_t block, size_t worker) {
    const samples_job *j = arg;
    int64_t first = (int64_t)block * j->length, at = first * j->channels;
    (void)worker;
    j->k->u8_to_nhwc(visml_block_length((int64_t)block, j->length, j->pixels), j->channels, j->x + at, j->scale, j->offset, j->y + at);
}

void visml_u8_to_nhwc(const visml_compute *c, int64_t n, int64_t pixels, int64_t channels, const uint8_t *x, const float *scale,
                      const float *offset, float *y) {
    samples_job j = {.k = c->kernels, .pixels = n * pixels, .channels = channels, .x = x, .scale = scale, .offset = offset, .y = y};
    j.length = visml_span_rows(channels);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j.pixels, j.length), nhwc_block, &j);
}

static void nchw_block(void *arg, size_t block, size_t worker) {
    const samples_job *j = arg;
    int64_t pieces = visml_blocks(j->pixels, j->length), image = (int64_t)block / pieces, piece = (int64_t)block % pieces;
    int64_t at = image * j->pixels * j->channels, first = piece * j->length;
    (void)worker;
    j->k->u8_to_nchw(visml_block_length(piece, j->length, j->pixels), j->channels, j->x + at + first * j->channels, j->scale, j->offset,
                     j->y + at + first, j->pixels);
}

void visml_u8_to_nchw(const visml_compute *c, int64_t n, int64_t pixels, int64_t channels, const uint8_t *x, const float *scale,
                      const float *offset, float *y) {
    samples_job j = {.k = c->kernels, .pixels = pixels, .channels = channels, .x = x, .scale = scale, .offset = offset, .y = y};
    j.length = visml_span_rows(channels);
    visml_parallel_run(c->parallel, (size_t)(n * visml_blocks(pixels, j.length)), nchw_block, &j);
}

static void to_u8_span(void *arg, size_t span, size_t worker) {
    const samples_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->f32_to_u8(visml_span_length(span, j->n), j->from + i, *j->scale, *j->offset, j->to + i);
}

void visml_f32_to_u8(const visml_compute *c, size_t n, const float *x, float scale, float offset, uint8_t *y) {
    samples_job j = {.k = c->kernels, .n = n, .from = x, .scale = &scale, .offset = &offset, .to = y};
    visml_parallel_run(c->parallel, visml_spans(n), to_u8_span, &j);
}

#endif
