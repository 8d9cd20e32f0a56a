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
#define VISML_LEVEL_REF
#endif
#define LEAF_PASTE(name, level) visml_##name##_##level
#define LEAF_EXPAND(name, level) LEAF_PASTE(name, level)
#define LEAF(name) LEAF_EXPAND(name, VISML_LEVEL)

/* ---- matrix product: see kernel/product.h ---- */

#define VISML_KC 256                   /* products are added up in blocks of so many, at every level */
#define VISML_LEFT_LD (VISML_KC + 16)  /* distance of packed rows: an odd number of cache lines */
#define VISML_MAX_MR 16
#define VISML_MAX_NR 32
#define VISML_MAX_MC 140 /* rows of the left factor that are packed together */

/* The register block of a level: mr rows, nr columns (a multiple of 16). mc: rows of the left factor that are packed at a time.
 * wide_rows, wide_panels: the block for so few rows that reading the right factor is what takes time, in panels of nr columns. */
typedef struct visml_blocking {
    int32_t mr, nr, mc;
    int32_t wide_rows, wide_panels;
} visml_blocking;

/* The factors of a register block. Its chain along k is `segments` runs of k elements: those of the left factor begin `segment` elements
 * apart, those of the right one follow each other. Left element (i, p) of a run: gemm_rows a[i * lda + p], gemm_cols a[p * lda + i]. Right
 * element (p, j): b[p * ldb + j]. */
typedef struct visml_factors {
    const real *a, *b;
    int64_t lda, ldb;
    int64_t k, segments, segment;
    int64_t ahead; /* what is asked for early of the right factor: so many elements ahead; 0: some rows. (Without influence on results.) */
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
    const real *before;        /* products alone, with add: to be added to, row i at before + before_offset[i]; NULL: what stands at c */
    const int64_t *before_offset;
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

/* ---- Winograd's convolution: see kernel/winograd.h ---- */

/* Tiles over a batch of images [n, h, w, ld], of which `c` channels count: `across` x `down` in an image, numbered over the batch. The
 * first pixel of tile (i, j) is (m i - top, m j - left); m is 2 or 4. What lies outside the image is 0, or is not written. */
typedef struct visml_tiles {
    int64_t h, w, ld, c;
    int64_t across, down;
    int64_t top, left;
    int32_t m;
} visml_tiles;

/* Weights [3, 3, rows, cols], tap t at w + t * tap, rows ld apart; transformed: u[place * plane + row * ldu + col]. */
typedef struct visml_winograd_weights {
    int64_t rows, cols;
    int64_t tap, ld, plane, ldu;
    int32_t m;
} visml_winograd_weights;

/* ---- pooling: `count` windows of th x tw pixels of c channels ---- */

typedef struct visml_pool_windows {
    int64_t count, step; /* elements from one window to the next */
    int64_t th, tw, row; /* row: elements from one row of pixels to the next */
    int64_t c;
    int32_t alone; /* backward: no two windows share a pixel; their pixels are overwritten, not added to */
} visml_pool_windows;

/* ---- depthwise convolution: every channel with weights of its own; pixels and weights are c elements ----
 *
 * A row of `count` outputs. Output o is the sum over th x tw taps, in order, of the source's column x0 + o sx + j tx times a weight;
 * columns outside 0 ... width take no part. Rows of taps are all inside: the caller leaves out the others. */

typedef struct visml_depthwise_row {
    int64_t count, step; /* step: elements from one output to the next */
    int64_t c;
    int64_t width, x0, sx, tx; /* sx, tx >= 1 */
    int64_t th, tw, row;       /* row: elements of the source from one row of taps to the next */
    int64_t wrow, wcol;        /* elements from one weight to the next; may be negative */
    const real *gain;          /* [c], or NULL */
    const real *bias;          /* [c], or NULL */
    const real *residual;      /* as the outputs, or NULL */
    int32_t activation;
    real alpha;
    const real *scale, *shift; /* [c], or both NULL: after the activation */
} visml_depthwise_row;

/* `rows` rows of `count` gradients of outputs, one below the other; the first one's first tap is at row y0, column x0 of the source. */
typedef struct visml_depthwise_sums {
    int64_t rows, count, c, ld; /* ld: from a pixel, or a tap, to the next */
    int64_t height, y0, sy, ty;
    int64_t width, x0, sx, tx;
    int64_t th, tw;
    int32_t is_far; /* the arrays are in no second-level cache */
} visml_depthwise_sums;

/* ---- batch normalisation backward: dx = p (dy - q - (x - mean) r) act'(x), each [c]; x = act(...) ---- */

typedef struct visml_batchnorm_terms {
    const real *mean, *p, *q, *r;
    int32_t activation; /* VISML_LINEAR: the derivative is 1 */
    real alpha;
} visml_batchnorm_terms;

/* ---- layer normalisation of `rows` rows of c; see kernel/layernorm.h ---- */

typedef struct visml_layernorm_rows {
    int64_t rows, c;
    const real *x;
    const real *gamma, *beta; /* [c], or NULL */
    real epsilon;
    int32_t keeps_mean;
} visml_layernorm_rows;

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

/* ---- LSTM: see kernel/lstm.h ---- */

#define VISML_LSTM_UNITS 16  /* of a panel of the weights: 16 units' columns of the gates i, f, c, o side by side */
#define VISML_LSTM_WIDTH (4 * VISML_LSTM_UNITS)

/* Units `first` ... `end` of one time step, `rows` samples. first: a multiple of 16; end: one too, or `units`.
 * Packed weights: element (k, gate g of unit u) at b[u / 16 * panel + k * 64 + g * 16 + u % 16], 0 for units that there are not. Gates are
 * laid out the same way in rows: gate g of unit u at z[u / 16 * 64 + g * 16 + u % 16]. */
typedef struct visml_lstm_step {
    int64_t rows, first, end, units;
    int32_t activation, recurrent_activation; /* elementwise ones; see v_activate */
    int64_t kx, kh;       /* channels and units; kh 0: no step before */
    const real *x;        /* [rows, ldx], kx of each; not read with z */
    const real *h_before; /* [rows, ldb], kh of each */
    const real *b;        /* packed: kx rows, then kh rows */
    const real *bias;     /* [4 units] in Keras' order, or NULL; not read with z */
    const real *z;        /* [rows, ldz], x W + bias; or NULL */
    real *gates;          /* [rows, ldg], after their activations, for backward; or NULL */
    const real *c_before; /* [rows, ldc], or NULL: zeros */
    real *c;              /* [rows, ldc]; lanes up to a multiple of 16 are written */
    real *h[2];           /* where h goes, [rows, ldh[i]] each; NULL: nowhere */
    int64_t ldx, ldb, panel, ldz, ldg, ldc, ldh[2];
} visml_lstm_step;

/* The same step backward: the gates become dz, the gradients before their activations, in the same places; 0 for units that there are not.
 * Units `first` ... `end`, first a multiple of 64. */
typedef struct visml_lstm_back {
    int64_t rows, first, end, units;
    int32_t activation, recurrent_activation;
    const real *after;    /* [rows, ldg]: dz of the step after, all units; NULL: this is the last step */
    const real *b;        /* the recurrent weights turned: element (k, unit u) at b[u / 64 * panel + k * 64 + u % 64], k as in a row of
                             gates */
    const real *dy;       /* [rows, ldy]: gradient of the output of this step, or NULL */
    real *gates;          /* [rows, ldg] */
    const real *c, *c_before; /* [rows, ldc]; c_before NULL: zeros */
    real *dc;             /* [rows, ldd]: of c, from the step after; becomes that of the step before. Lanes up to a multiple of 16 */
    int64_t panel, ldy, ldg, ldc, ldd;
} visml_lstm_back;

/* ---- recurrent cells, one step after the other: see kernel/rnn.h ---- */

#define VISML_CELL_SIMPLE 0    /* gates of a row: h */
#define VISML_CELL_LSTM 1      /* i f g o */
#define VISML_CELL_GRU 2       /* z r c, and h R_c + b_c: the reset gate is applied behind the product */
#define VISML_CELL_GRU_FIRST 3 /* z r c, and r h: it is applied before the product */

/* One time step of some samples. n is `units`; rows of the other arrays are ld... apart. */
typedef struct visml_rnn_step {
    int64_t rows, units;
    int32_t cell, activation, recurrent_activation; /* elementwise ones; see v_activate */
    const uint8_t *mask;   /* mask[row * ldm] 0: the row keeps its state; NULL: none does */
    const real *zx, *zh;   /* x W + b and h R + b before the activations, gates side by side */
    const real *h_in;      /* what h R was made of: h_before, or what dropout left of it */
    const real *h_before, *c_before;
    real *gates;           /* after their activations */
    real *h[2];            /* where h goes; NULL: nowhere */
    real *c;               /* LSTM; may be c_before, and h may be h_before */
    int64_t ldm, ldx, ldz, ldi, ldb, ldg, ldh[2], ldc;
} visml_rnn_step;

/* The same step backward: the gates become their gradients before the activations, the fourth of VISML_CELL_GRU too. */
typedef struct visml_rnn_back {
    int64_t rows, units;
    int32_t cell, activation, recurrent_activation;
    const uint8_t *mask;
    const real *dy;        /* of the output of this step, or NULL */
    const real *h_in, *h_before, *c, *c_before;
    const real *dh_in;     /* of the h that the step after multiplied by R, ... */
    const real *dropped;   /* ... what that was multiplied by, or NULL; */
    real *dh, *dc;         /* by other ways from the step after; they become those of the step before. ld: n */
    real *gates;
    const real *dreset;    /* rnn_reset_backward: the gradient of r h. ld: n */
    real *dh_out;          /* rnn_reset_backward: r dreset. ld: n */
    int64_t ldm, ldy, ldi, ldb, ldc, ldg;
} visml_rnn_back;

/* ---- optimizers ---- */

typedef struct visml_adam_terms {
    real alpha, one_minus_beta_1, one_minus_beta_2, epsilon;
} visml_adam_terms;

/* What leaf_update.c's steps count with; what of it a step uses, and for what, stands in kernel/update.h. */
typedef struct visml_update_terms {
    real rate;          /* the learning rate, with what does not depend on the element */
    real rate_of_g;     /* the same for the gradient itself */
    real first, second; /* share of what is new in a moving average of gradients, of their squares */
    real keep;          /* share of what was there before: 1 - second, where it is multiplied with */
    real momentum;
    real correction;
    real epsilon;
} visml_update_terms;

/* ---- dropout ---- */

typedef struct visml_dropout_terms {
    uint64_t key, step, first; /* first: number of the first Philox block */
    uint32_t threshold;        /* kept when word >= threshold */
    real scale;
} visml_dropout_terms;

/* ---- noise: blocks of four numbers as in dropout ---- */

typedef struct visml_noise_terms {
    uint64_t key, step, first;
    real deviation;
    int32_t multiplies; /* 1: y = x (1 + noise); 0: y = x + noise */
} visml_noise_terms;

/* ---- arrays of one shape to one, element by element ---- */

#define VISML_COMBINE_SUBTRACT 0
#define VISML_COMBINE_MULTIPLY 1
#define VISML_COMBINE_AVERAGE 2
#define VISML_COMBINE_MAXIMUM 3
#define VISML_COMBINE_MINIMUM 4

typedef struct visml_combination {
    int32_t how;
    int32_t inputs; /* >= 1; VISML_COMBINE_SUBTRACT: 2 */
    const real *const *x;
} visml_combination;

/* ---- larger images: `width` pixels of c channels, each to become `times` side by side ---- */

typedef struct visml_larger_row {
    int64_t width, c, times;
} visml_larger_row;

/* ---- PReLU: element (i, j) of [rows, c] has the slope alpha[i * arow + j * acol] below 0. acol: 0 or 1 ---- */

typedef struct visml_prelu_rows {
    int64_t rows, c;
    int64_t arow, acol;
} visml_prelu_rows;

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

/* ---- warps: pictures [height, width, channels] through an affine map; see kernel/leaf_warp.c ---- */

#define VISML_WARP_SIDE 65536 /* pixels that a side may have */

enum {
    VISML_WARP_REFLECT,  /* d c b a | a b c d | d c b a */
    VISML_WARP_CONSTANT, /* `value` outside */
    VISML_WARP_NEAREST,  /* a a a a | a b c d | d d d d */
    VISML_WARP_WRAP,     /* a b c d | a b c d | a b c d */
};

/* The output's pixel (x, y) is what lies at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]) of the input, pixel centres at whole
 * numbers. */
typedef struct visml_warp {
    int64_t height, width, channels; /* of the input; its elements can be counted in 31 bits */
    double m[6];                     /* no place of the output may lie more than 2^21 away from 0 */
    int32_t fill, nearest;           /* VISML_WARP_...; nearest 1: no interpolation */
    float value;
} visml_warp;

/* ---- tones: x becomes (x - from[c]) gain[c] + to[c], from low to high; up to 16 channels ---- */

typedef struct visml_tone {
    const float *from, *gain, *to;
    float low, high;
} visml_tone;

/* ---- gradients that vote: `rows` rows of pixels in planes of floats, whose neighbours, also outside of the rows, can be read ---- */

#define VISML_VOTE_BINS 64

/* Bin k is between the directions (cosines[k], sines[k]) and k + 1, turning from x to y; the last one ends opposite to the first. A
 * direction's opposite has the same bin or, where `whole`, bin + bins. */
typedef struct visml_votes {
    const float *x;
    int64_t rows, stride;    /* stride: elements from one row to the next */
    int64_t channels, plane; /* plane: from one channel to the next */
    const float *weights;    /* [rows] */
    const float *cosines, *sines; /* [bins]; equal magnitudes where edges are mirrored, so that ties are exact */
    int32_t bins, whole;     /* bins: 1 ... VISML_VOTE_BINS */
    float threshold;         /* gradients up to this length have no vote */
    int32_t counts;          /* 1: all votes count 1, 0: as many as the gradient is long */
} visml_votes;

/* ---- filters of 2 reach + 1 taps, of samples `stride` apart ----
 *
 * to_even[i] = even[0] x[i] + the sum over k = 1 ... reach, in order, of even[k] (x[i + k stride] + x[i - k stride]);
 * to_odd[i] = the sum over k = 1 ... reach, in order, of odd[k] (x[i + k stride] - x[i - k stride]). */

typedef struct visml_even_odd {
    int64_t reach, stride;
    const float *even, *odd; /* [reach + 1]; odd[0] has no meaning, odd NULL: there is no such part */
    float *to_even, *to_odd;
} visml_even_odd;

/* ---- moments of bytes: with a the bytes of a column, out[0, i] their sum, out[1, i] the sum of its prefix sums, and so on ---- */

#define VISML_FALL_ROWS 96 /* at most, so that whole numbers of 32 bits hold the sums */

typedef struct visml_fall {
    const uint8_t *x;
    int64_t rows, stride, n;
    int32_t *out; /* [4, n] */
} visml_fall;

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
    int64_t trees, groups, count, features; /* count: nodes of all trees; features: all that nodes ask for are below it */
    int32_t answers; /* 1: the leaf that a row comes to is told by what stands in its `right`, 0: by its number */
} visml_trees;

#define VISML_TREE_LANES 32
#define VISML_TREE_SMALL 128 /* nodes of a tree at most that is small */

/* turned: NULL, or for VISML_TREE_LANES rows [features + VISML_TREE_SMALL, VISML_TREE_LANES], what small trees are summed by: the same
 * rows column by column, and behind them room for a number of each node. */
typedef struct visml_tree_rows {
    int64_t rows, ld;
    const float *x;
    float *turned;
} visml_tree_rows;
#endif

#endif
