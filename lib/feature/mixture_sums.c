#include "feature/gmm.h"
#include "kernel/gemm.h"

#define ROWS VISML_MIXTURE_ROWS

static int64_t align(int64_t floats) {
    return (floats + 15) / 16 * 16;
}

/* resp' (squares, numbers), or of one component (share rows)' rows. */
static visml_gemm product_of(int64_t d, int64_t k, int32_t full) {
    return full ? (visml_gemm){.m = d, .n = d, .k = ROWS, .lda = d, .ldb = 2 * d, .ldc = d, .trans_a = 1}
                : (visml_gemm){.m = k, .n = 2 * d, .k = ROWS, .lda = k, .ldb = 2 * d, .ldc = 2 * d, .trans_a = 1};
}

static int64_t product_count(int64_t d, int64_t k, int32_t full) {
    return align(full && d * d > k * 2 * d ? d * d : k * 2 * d);
}

size_t visml_mixture_sums_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full) {
    visml_gemm all = product_of(d, k, 0), one = product_of(d, k, 1);
    size_t a = visml_gemm_scratch(c, &all), b = full ? visml_gemm_scratch(c, &one) : 0;
    return (size_t)(align(ROWS * 2 * d) + align(ROWS * d) + product_count(d, k, full)) * sizeof(float) + (a > b ? a : b);
}

static void add_full(const visml_compute *c, int64_t d, int64_t k, int64_t n, const float *block, const float *resp, double *squares,
                     float *weighted, float *product, void *scratch) {
    visml_gemm g = product_of(d, k, 1);
    g.k = n;
    g.a = weighted;
    g.b = block + d;
    g.c = product;
    for (int64_t j = 0; j < k; j++) {
        for (int64_t i = 0; i < n * d; i++)
            weighted[i] = resp[i / d * k + j] * block[i / d * 2 * d + d + i % d];
        visml_gemm_run(c, &g, scratch);
        for (int64_t i = 0; i < d * d; i++)
            squares[j * d * d + i] += (double)product[i];
    }
}

static void fill(int64_t n, int64_t d, const float *x, const float *shift, float *block) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) {
            float off = x[i * d + j] - shift[j];
            block[i * 2 * d + j] = off * off;
            block[(i * 2 + 1) * d + j] = off;
        }
}

void visml_mixture_sums_add(const visml_compute *c, int64_t d, int64_t k, int32_t full, const float *shift, int64_t n, const float *x,
                            const float *resp, const visml_mixture_sums *to, void *scratch) {
    float *block = scratch, *weighted = block + align(ROWS * 2 * d), *product = weighted + align(ROWS * d);
    void *rest = product + product_count(d, k, full);
    visml_gemm g = product_of(d, k, 0);
    fill(n, d, x, shift, block);
    g.k = n;
    g.a = resp;
    g.b = block;
    g.c = product;
    visml_gemm_run(c, &g, rest);
    for (int64_t i = 0; i < n * k; i++)
        to->counts[i % k] += (double)resp[i];
    for (int64_t i = 0; i < k * d; i++) {
        const float *row = product + i / d * 2 * d + i % d;
        to->sums[i] += (double)row[d];
        if (!full)
            to->squares[i] += (double)row[0];
    }
    if (full)
        add_full(c, d, k, n, block, resp, to->squares, weighted, product, rest);
}
