#include "model/calibration.h"

#include <math.h>

#include "base/error.h"

visml_quantization *visml_calibration_open(const visml_model *m, visml_error *err) {
    visml_memory *memory = &m->context->memory;
    visml_quantization *q = visml_mem_zalloc(memory, 1, sizeof *q, err);
    if (!q)
        return NULL;
    q->context = visml_context_retain(m->context);
    q->model = visml_model_retain((visml_model *)(uintptr_t)m); /* the count of references is not part of what const promises */
    q->count = m->node_count;
    q->lo = visml_mem_zalloc(memory, q->count, sizeof *q->lo, err);
    q->hi = q->lo ? visml_mem_zalloc(memory, q->count, sizeof *q->hi, err) : NULL;
    q->broken = q->hi ? visml_mem_zalloc(memory, q->count, sizeof *q->broken, err) : NULL;
    if (!q->broken) {
        visml_quantization_free(q);
        return NULL;
    }
    for (size_t i = 0; i < q->count; i++) {
        q->lo[i] = INFINITY;
        q->hi[i] = -INFINITY;
    }
    q->input_bytes = 1;
    return q;
}

void visml_quantization_free(visml_quantization *q) {
    if (!q)
        return;
    visml_context *ctx = q->context;
    visml_mem_free(&ctx->memory, q->lo);
    visml_mem_free(&ctx->memory, q->hi);
    visml_mem_free(&ctx->memory, q->broken);
    visml_mem_free(&ctx->memory, q->bins);
    visml_model_free(q->model);
    visml_mem_free(&ctx->memory, q);
    visml_context_release(ctx);
}

static void see_range(visml_quantization *q, size_t node, size_t n, const float *y) {
    float lo = q->lo[node], hi = q->hi[node];
    int broken = 0;
    for (size_t i = 0; i < n; i++) {
        broken |= !(fabsf(y[i]) <= 1e30f); /* so that no width of a range overflows */
        lo = y[i] < lo ? y[i] : lo;
        hi = y[i] > hi ? y[i] : hi;
    }
    q->lo[node] = lo;
    q->hi[node] = hi;
    q->broken[node] |= broken;
}

static void see_values(visml_quantization *q, size_t node, size_t n, const float *y) {
    uint64_t *bins = q->bins + node * VISML_CALIBRATION_BINS;
    double lo = (double)q->lo[node], width = (double)q->hi[node] - lo, factor = width > 0 ? VISML_CALIBRATION_BINS / width : 0;
    for (size_t i = 0; i < n; i++) {
        double at = ((double)y[i] - lo) * factor;
        int64_t bin = at > 0 ? at < VISML_CALIBRATION_BINS ? (int64_t)at : VISML_CALIBRATION_BINS - 1 : 0;
        bins[bin]++;
    }
}

void visml_calibration_observe(visml_quantization *q, size_t node, size_t n, const float *y) {
    if (!q->counting)
        see_range(q, node, n, y);
    else if (!q->broken[node])
        see_values(q, node, n, y);
}

visml_status visml_calibration_count(visml_quantization *q, visml_error *err) {
    q->bins = visml_mem_zalloc(&q->context->memory, q->count, VISML_CALIBRATION_BINS * sizeof *q->bins, err);
    if (!q->bins)
        return VISML_ENOMEM;
    q->counting = 1;
    return VISML_OK;
}

/* The bin at which more than `outside` values have been passed, from the first on, or from the last back. */
static int64_t bin_after(const uint64_t *bins, double outside, int64_t from, int64_t step) {
    double passed = 0;
    int64_t i = from;
    for (; i >= 0 && i < VISML_CALIBRATION_BINS; i += step) {
        passed += (double)bins[i];
        if (passed > outside)
            break;
    }
    return i;
}

static void narrow(visml_quantization *q, size_t node, double share) {
    const uint64_t *bins = q->bins + node * VISML_CALIBRATION_BINS;
    double all = 0, lo = (double)q->lo[node], step = ((double)q->hi[node] - lo) / VISML_CALIBRATION_BINS;
    for (int64_t i = 0; i < VISML_CALIBRATION_BINS; i++)
        all += (double)bins[i];
    if (all == 0 || !(step > 0))
        return;
    int64_t first = bin_after(bins, all * share, 0, 1), last = bin_after(bins, all * share, VISML_CALIBRATION_BINS - 1, -1);
    if (first > last)
        return;
    q->lo[node] = (float)(lo + (double)first * step);
    if (last < VISML_CALIBRATION_BINS - 1)
        q->hi[node] = (float)(lo + (double)(last + 1) * step);
}

void visml_calibration_finish(visml_quantization *q, double percentile) {
    double share = (100 - percentile) / 200; /* on each side */
    for (size_t i = 0; i < q->count; i++) {
        if (q->broken[i]) {
            q->lo[i] = INFINITY;
            q->hi[i] = -INFINITY;
        } else if (q->bins && share > 0) {
            narrow(q, i, share);
        }
    }
    visml_mem_free(&q->context->memory, q->bins);
    q->bins = NULL;
    q->counting = 0;
}
