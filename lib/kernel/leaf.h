/* What the leaf kernels' arguments are made of, and how a leaf kernel is named.
 *
 * A leaf kernel is single-threaded and knows pointers and sizes only. Its body is written once, on the 16-lane layer of kernel/vec.h, and
 * compiled once a level: with VISML_LEVEL=avx2 LEAF(sum) is visml_sum_avx2. */
#ifndef KERNEL_LEAF_H
#define KERNEL_LEAF_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/real.h"

#ifndef VISML_LEVEL
#define VISML_LEVEL ref
#endif
#define LEAF_PASTE(name, level) visml_##name##_##level
#define LEAF_EXPAND(name, level) LEAF_PASTE(name, level)
#define LEAF(name) LEAF_EXPAND(name, VISML_LEVEL)

/* ---- matrix product: see kernel/product.h ---- */

#define VISML_KC 256                   /* products are added up in blocks of so many, at every level */
#define VISML_LEFT_LD (VISML_KC + 16)  /* distance of packed rows: an odd number of cache lines */
#define VISML_MAX_MR 16
#define VISML_MAX_NR 64

/* The register block of a level: mr rows, nr columns (a multiple of 16). mc: rows of the left factor that are packed at a time. */
typedef struct visml_blocking {
    int32_t mr, nr, mc;
} visml_blocking;

/* The factors of a register block. Its chain along k is `segments` runs of k elements: those of the left factor begin `segment` elements
 * apart, those of the right one follow each other. Left element (i, p) of a run: gemm_rows a[i * lda + p], gemm_cols a[p * lda + i]. Right
 * element (p, j): b[p * ldb + j]. */
typedef struct visml_factors {
    const real *a, *b;
    int64_t lda, ldb;
    int64_t k, segments, segment;
} visml_factors;

/* Where a register block goes, and what becomes of its sums: + what stands there (add), * gain, + bias, + residual, activation,
 * * scale + shift.
 * Each row is c + offset[row]; the same offsets hold for the residual. */
typedef struct visml_finish {
    real *c;
    const int64_t *offset;
    int32_t rows, cols; /* of the block that are there: 1 ... mr, 1 ... nr */
    int32_t add;
    int32_t activation;
    real alpha;
    const real *bias;          /* [cols], or NULL */
    const real *residual;      /* or NULL */
    const real *scale, *shift; /* [cols], or both NULL */
    const real *gain;          /* [cols], or NULL */
} visml_finish;

/* Patches of an image batch as rows of a matrix that is never written out as a whole.
 *
 * Row r stands for a place of the grid [n, gh, gw]; column (ti tw + tj) c + ch for one channel of one tap. Its value is the pixel
 * (y0 + gy sy + ti ty, x0 + gx sx + tj tx) of the source [n, h, w, ld], channels `first` ... `first + c`; 0 outside the image. */
typedef struct visml_patches {
    const real *x;
    int64_t h, w, ld, first, c;
    int64_t gh, gw;
    int64_t sy, sx, y0, x0;
    int64_t th, tw, ty, tx; /* number of taps, distance between them; ty, tx >= 1 */
} visml_patches;

/* ---- pooling: `count` windows of th x tw pixels of c channels ---- */

typedef struct visml_pool_windows {
    int64_t count, step; /* elements from one window to the next */
    int64_t th, tw, row; /* row: elements from one row of pixels to the next */
    int64_t c;
} visml_pool_windows;

/* ---- batch normalisation backward: dx = p (dy - q - (x - mean) r), each [c] ---- */

typedef struct visml_batchnorm_terms {
    const real *mean, *p, *q, *r;
} visml_batchnorm_terms;

/* ---- cross-entropy on `rows` rows; as visml_crossentropy of kernel/softmax.h ---- */

typedef struct visml_crossentropy_rows {
    int64_t rows, channels;
    const real *z;
    const int32_t *labels;
    const real *targets;
    const real *factor;
    real keep, spread; /* 1 - smoothing, smoothing / channels */
    real *loss;
    real *dz, *prob;
} visml_crossentropy_rows;

/* ---- optimizers ---- */

typedef struct visml_adam_terms {
    real alpha, one_minus_beta_1, one_minus_beta_2, epsilon;
} visml_adam_terms;

/* ---- dropout ---- */

typedef struct visml_dropout_terms {
    uint64_t key, step, first; /* first: number of the first Philox block */
    uint32_t threshold;        /* kept when word >= threshold */
    real scale;
} visml_dropout_terms;

#endif
