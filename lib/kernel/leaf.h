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

/* Where a register block goes. Each row is c + offset[row]; the same offsets hold for the residual. */
typedef struct visml_finish {
    real *c;
    const int64_t *offset;
    int32_t rows, cols;
    int32_t add; /* to what stands in c */
    int32_t activation;
    real alpha;
    const real *bias;     /* [cols], or NULL */
    const real *residual; /* or NULL */
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

#ifndef VISML_REAL_DOUBLE
/* ---- resize: for each output place the inputs that it is made of and their weights ---- */

/* Weights of bytes are whole numbers in units of 2^-22: 32 bits, less 8 for the sample and 2 for sums beyond the ends. */
#define VISML_TAP_BITS 22

typedef struct visml_taps {
    int64_t size; /* weights of each place, of which the first `count` are used */
    const int32_t *first, *count;
    const double *real;
    const int32_t *fixed; /* the same in units of 2^-VISML_TAP_BITS */
} visml_taps;

/* Rows [in_width, channels] -> [out_width, channels]; 1 ... 4 channels, rows without gaps. */
typedef struct visml_columns {
    int64_t in_width, out_width, channels;
    visml_taps taps;
} visml_columns;

/* ---- counting floats: bin (x - low) * scale, scale = bins / (high - low) ---- */

typedef struct visml_histogram_range {
    float low, high, scale;
    int32_t bins; /* 1 ... 2^22 */
} visml_histogram_range;

/* ---- distances of each of n rows to each of m rows, d numbers each; lda, ldb, ldo: from one row to the next ---- */

typedef struct visml_row_pairs {
    int64_t n, m, d;
    const float *a, *b;
    float *out; /* [n, m] */
    int64_t lda, ldb, ldo;
} visml_row_pairs;

/* ---- trees: see kernel/trees.h ---- */

#define VISML_TREE_FEATURES 0x3fffffff

typedef struct visml_tree_node {
    int32_t feature; /* < 0: a leaf */
    float number;    /* the threshold, or the leaf's value */
    int32_t left, right;
} visml_tree_node;

typedef struct visml_trees {
    const visml_tree_node *nodes;
    const int32_t *roots; /* [trees] */
    int64_t trees, groups;
} visml_trees;

typedef struct visml_tree_rows {
    int64_t rows, ld;
    const float *x;
} visml_tree_rows;
#endif

#endif
