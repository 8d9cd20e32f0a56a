#include "kernel/histogram.h"

#include <string.h>

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

#define PIECE ((size_t)65536) /* pixels or numbers */

/* Every worker counts in a table of its own: whole numbers add up to the same in any order. */
typedef struct count_job {
    const visml_kernels *k;
    size_t n, bins; /* bins: of one table */
    int64_t channels;
    const uint8_t *x;
    const float *numbers;
    const int32_t *joint;
    visml_histogram_range range;
    uint32_t *tables;
} count_job;

static size_t tables_bytes(const visml_compute *c, size_t bins) {
    size_t n;
    if (!visml_size_mul(bins, c->parallel->workers * sizeof(uint32_t), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

static void count_piece(void *arg, size_t piece, size_t worker) {
    const count_job *j = arg;
    size_t first = piece * PIECE, n = j->n - first < PIECE ? j->n - first : PIECE;
    uint32_t *counts = j->tables + worker * j->bins;
    if (j->numbers)
        j->k->histogram_f32(n, j->numbers + first, &j->range, counts);
    else if (j->joint)
        j->k->histogram_joint(n, j->channels, j->joint, j->x + first * (size_t)j->channels, counts);
    else
        j->k->histogram_u8(n, j->channels, j->x + first * (size_t)j->channels, counts);
}

static void count(const visml_compute *c, count_job *j, uint32_t *counts, void *scratch) {
    size_t workers = c->parallel->workers;
    j->k = c->kernels;
    j->tables = scratch;
    memset(scratch, 0, workers * j->bins * sizeof *counts);
    visml_parallel_run(c->parallel, j->n / PIECE + (j->n % PIECE != 0), count_piece, j);
    memcpy(counts, j->tables, j->bins * sizeof *counts);
    for (size_t w = 1; w < workers; w++)
        for (size_t i = 0; i < j->bins; i++)
            counts[i] += j->tables[w * j->bins + i];
}

size_t visml_histogram_u8_scratch(const visml_compute *c, int64_t channels) {
    return tables_bytes(c, 256 * (size_t)channels);
}

void visml_histogram_u8(const visml_compute *c, size_t pixels, int64_t channels, const uint8_t *x, uint32_t *counts, void *scratch) {
    count_job j = {.n = pixels, .bins = 256 * (size_t)channels, .channels = channels, .x = x};
    count(c, &j, counts, scratch);
}

void visml_histogram_fewer(int64_t channels, const uint32_t *counts, int32_t bins, uint32_t *out) {
    for (int64_t c = 0; c < channels; c++, counts += 256, out += bins) {
        memset(out, 0, (size_t)bins * sizeof *out);
        for (int32_t v = 0; v < 256; v++)
            out[v * bins / 256] += counts[v];
    }
}

size_t visml_histogram_f32_scratch(const visml_compute *c, int32_t bins) {
    return tables_bytes(c, (size_t)bins);
}

void visml_histogram_f32(const visml_compute *c, size_t n, const float *x, float low, float high, int32_t bins, uint32_t *counts,
                         void *scratch) {
    count_job j = {.n = n, .bins = (size_t)bins, .numbers = x};
    j.range = (visml_histogram_range){low, high, (float)(bins / ((double)high - (double)low)), bins};
    count(c, &j, counts, scratch);
}

static size_t joint_bins(int64_t channels, const int32_t *bins) {
    size_t n = 1;
    for (int64_t c = 0; c < channels; c++)
        n *= (size_t)bins[c];
    return n;
}

size_t visml_histogram_joint_scratch(const visml_compute *c, int64_t channels, const int32_t *bins) {
    return tables_bytes(c, joint_bins(channels, bins));
}

void visml_histogram_joint(const visml_compute *c, size_t pixels, int64_t channels, const int32_t *bins, const uint8_t *x,
                           uint32_t *counts, void *scratch) {
    count_job j = {.n = pixels, .bins = joint_bins(channels, bins), .channels = channels, .joint = bins, .x = x};
    count(c, &j, counts, scratch);
}

#endif
