/* The functions of two rows that support vector machines compare rows by, for many rows at a time: a block of columns, which is made once,
 * against any rows. Every number is a function of the two rows alone, however they are cut into blocks. */
#ifndef CLASSIFY_SVM_KERNEL_H
#define CLASSIFY_SVM_KERNEL_H

#include "classify/labelled_rows.h"

#define VISML_SVM_BLOCK 128 /* columns that are packed together: those of 784 numbers lie in a second-level cache */

typedef struct visml_svm_function {
    visml_svm_kernel kind;
    int32_t degree;
    double gamma, coef0;
} visml_svm_function;

/* Rows of a matrix as columns of the kernel matrix. */
typedef struct visml_svm_columns {
    const visml_svm_function *function;
    const visml_samples *samples; /* VISML_SVM_PRECOMPUTED: not read */
    const int32_t *rows;          /* [n]: which rows; NULL: first, first + 1, ... */
    int64_t first, n;
    size_t block_bytes; /* of a block, a multiple of 64 */
    char *blocks;       /* as they are multiplied with, or as rows */
    float *squares;     /* [n]: lengths, where these are products */
} visml_svm_columns;

/* Rows that are compared with columns. */
typedef struct visml_svm_rows {
    const visml_samples *samples;
    const int32_t *rows; /* [n]: which rows; NULL: first, first + 1, ... */
    int64_t first, n;
    const float *x; /* [n, ld] */
    int64_t ld;
    const float *squares; /* [n], or NULL */
} visml_svm_rows;

/* Roughly, in multiplications of a product: for a pair of numbers; for a number of the columns that are made. */
static inline int64_t visml_svm_pair_work(const visml_svm_function *f) {
    return f->kind == VISML_SVM_CHI2 || f->kind == VISML_SVM_INTERSECTION ? 4 : 1;
}
static inline int64_t visml_svm_fill_work(const visml_samples *s) {
    return s->column_stride == 1 ? 256 : 1024;
}
static inline int64_t visml_svm_blocks(int64_t n) {
    return (n + VISML_SVM_BLOCK - 1) / VISML_SVM_BLOCK;
}
size_t visml_svm_block_bytes(const visml_svm_function *f, const visml_compute *alone, int64_t d);
/* Room for one call of the functions below, each on one thread by itself. */
size_t visml_svm_room(const visml_compute *alone, int64_t d);
/* Makes one block of the columns. */
void visml_svm_fill(const visml_svm_columns *c, const visml_compute *alone, int64_t block, void *room);
/* Sets x, ld and squares: rows where they lie, or copied to buffer[n, d]; squares[n]. */
void visml_svm_take_rows(const visml_svm_function *f, const visml_compute *alone, visml_svm_rows *r, float *buffer, float *squares,
                         void *room);
/* out[i, j], ldo from row to row: each of the rows with each column of a block. */
void visml_svm_compare(const visml_svm_columns *c, const visml_compute *alone, const visml_svm_rows *r, int64_t block, float *out,
                       int64_t ldo, void *room);
/* own[n]: each of the columns with itself. */
void visml_svm_own(const visml_svm_columns *c, const visml_compute *alone, float *own);

#endif
