/* The one matrix product behind gemm and conv2d. Where the factors come from is said by functions that pack pieces of them, so that a
 * convolution never writes out its patches.
 *
 * Every element is the sum over blocks of VISML_KC along k, in order, each block a chain of fused multiply-adds in order: how rows and
 * columns are cut has no influence on the result. */
#ifndef KERNEL_PRODUCT_H
#define KERNEL_PRODUCT_H

#include "kernel/gemm.h"
#include "kernel/kernels.h"

typedef struct visml_product visml_product;

struct visml_product {
    int64_t m, n, k;
    /* Packs rows row ... row + rows, columns k0 ... k0 + kc of the left factor: element (i, p) to to[i * VISML_LEFT_LD + p]; with left_cols
     * to to[p * mc + i]. */
    void (*left)(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, int64_t mc, real *to);
    /* Packs rows k0 ... k0 + kc, columns col ... col + cols of the right factor: element (p, j) to to[p * nr + j]; cols <= nr. */
    void (*right)(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols, int64_t nr, real *to);
    /* offset[i] = the place in c of row `row` + i; NULL: rows are ldc apart. */
    void (*locate)(const visml_product *p, int64_t row, int64_t rows, int64_t *offset);
    int left_cols;
    const void *source; /* for these functions */
    /* Where the left factor as a whole can be read: element (i, p) at left_plain[i * ld_left + p]; or NULL. With few columns it is then not
     * packed. (Not with left_cols.) */
    const real *left_plain;
    int64_t ld_left;
    /* Where the right factor as a whole can be read: element (p, j) at right_plain[p * ld_plain + j]; or NULL. With few rows it is then
     * not packed, which would cost more than the product. */
    const real *right_plain;
    int64_t ld_plain;
    /* The right factor as visml_product_pack left it, or NULL. */
    const real *packed;
    real *c;
    int64_t ldc;
    int accumulate;
    const visml_epilogue *epilogue;
};

/* The right factor of k rows and n columns, packed for many products: elements, and the packing (on all threads). */
size_t visml_product_packed_elements(const visml_compute *c, int64_t n, int64_t k);
void visml_product_pack(const visml_compute *c, const visml_product *p, real *packed);

/* Bytes for a product of these sizes. */
size_t visml_product_scratch(const visml_compute *c, int64_t n, int64_t k);
/* On all threads. */
void visml_product_run(const visml_compute *c, const visml_product *p, void *scratch);

/* The same on the calling thread alone, rows row ... row + rows only: for callers that run on threads themselves. */
size_t visml_product_part_scratch(const visml_compute *c, int64_t n);
void visml_product_part(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, void *scratch);

#endif
