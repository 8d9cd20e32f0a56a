#include <string.h>

#include "feature/gmm.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"

#define ROWS VISML_MIXTURE_ROWS
#define PANEL VISML_MIXTURE_PANEL

void visml_mixture_count(int64_t n, int64_t k, const float *resp, double *counts) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            counts[j] += (double)resp[i * k + j];
}

/* ---- diagonals ---- */

/* resp' rows */
static visml_gemm product_of(int64_t d, int64_t k, int64_t n) {
    return (visml_gemm){.m = k, .n = 2 * d, .k = n, .lda = k, .ldb = 2 * d, .ldc = 2 * d, .trans_a = 1};
}

void visml_mixture_products(const visml_compute *c, int64_t d, int64_t k, int64_t n, const float *rows, const float *resp, float *products,
                            void *scratch) {
    visml_gemm g = product_of(d, k, n);
    g.a = resp;
    g.b = rows;
    g.c = products;
    visml_gemm_run(c, &g, scratch);
}

void visml_mixture_sums_add(int64_t d, int64_t k, const float *products, const visml_mixture_sums *to) {
    for (int64_t j = 0; j < k; j++, products += 2 * d)
        for (int64_t i = 0; i < d; i++) {
            to->squares[j * d + i] += (double)products[i];
            to->sums[j * d + i] += (double)products[d + i];
        }
}

/* ---- full ---- */

/* The rows' columns from `first` on times those of a panel, which are weighted. */
static visml_gemm panel_product(int64_t d, int64_t n, int64_t first) {
    int64_t columns = d - first < PANEL ? d - first : PANEL;
    return (visml_gemm){.m = d - first, .n = columns, .k = n, .lda = d, .ldb = columns, .ldc = columns, .trans_a = 1};
}

size_t visml_mixture_sums_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full) {
    visml_gemm g = full ? panel_product(d, ROWS, 0) : product_of(d, k, ROWS);
    return visml_gemm_scratch(c, &g) + (full ? (size_t)((ROWS + 1 + d) * PANEL) * sizeof(float) : 0);
}

/* weighted[n, columns], and the sum of each column */
static void weigh(const visml_compute *c, int64_t d, int64_t k, int64_t n, int64_t columns, const float *rows, const float *resp,
                  float *weighted, float *sums) {
    for (int64_t i = 0; i < n; i++)
        c->kernels->scale((size_t)columns, rows + i * d, resp[i * k], 0, weighted + i * columns);
    c->kernels->colsum(n, columns, weighted, sums);
}

#define STEP 8

/* Some at a time, up to STEP - 1 more than n. */
static void add(int64_t n, const float *from, double *to) {
    double some[STEP];
    for (int64_t p = 0; p < n; p += STEP) {
        for (int l = 0; l < STEP; l++)
            some[l] = to[p + l] + (double)from[p + l];
        memcpy(to + p, some, sizeof some);
    }
}

/* The lower triangle of a panel's sums; of a whole panel what is above it, too, of which nothing is asked. */
static void add_panel(int64_t rows, int64_t columns, int64_t d, const float *product, double *squares) {
    for (int64_t i = 0; i < rows; i++, product += columns, squares += d) {
        int64_t end = i + 1 < columns ? i + 1 : columns;
        if (columns % STEP == 0)
            add(end, product, squares);
        for (int64_t p = 0; columns % STEP && p < end; p++)
            squares[p] += (double)product[p];
    }
}

void visml_mixture_panel_add(const visml_compute *c, int64_t d, int64_t k, int64_t n, const float *rows, const float *resp,
                             int64_t component, int64_t first, const visml_mixture_sums *to, void *scratch) {
    float *weighted = scratch, *sums = weighted + ROWS * PANEL, *product = sums + PANEL;
    visml_gemm g = panel_product(d, n, first);
    weigh(c, d, k, n, g.n, rows + first, resp + component, weighted, sums);
    g.a = rows + first;
    g.b = weighted;
    g.c = product;
    visml_gemm_run(c, &g, product + d * PANEL);
    for (int64_t p = 0; p < g.n; p++)
        to->sums[component * d + first + p] += (double)sums[p];
    add_panel(g.m, g.n, d, product, to->squares + (component * d + first) * d + first);
}
