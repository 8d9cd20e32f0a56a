/* Symmetric matrices to three diagonals, and back, in double. */
#ifndef FEATURE_TRIDIAGONAL_H
#define FEATURE_TRIDIAGONAL_H

#include "kernel/compute.h"

/* Householder's reduction of a [n, n], of which the triangle below the diagonal (a[i, j], j <= i) counts, some reflections at a time: the
 * rest of the matrix is only read for each of them, and brought up to date for all together (Dongarra, Sorensen and Hammarling 1989). d [n]
 * and e [n] (e[i] between i - 1 and i; e[0] is 0) become the diagonals, the rows of a the reflections, h [n] half of their squares (0: there
 * is none). room: visml_tridiagonal_room(n) numbers. */
int64_t visml_tridiagonal_room(int64_t n);
void visml_tridiagonal_reduce(const visml_compute *c, int64_t n, double *a, double *d, double *e, double *h, double *room);

/* Vectors [k, n] of the three diagonals become those of the matrix. */
void visml_tridiagonal_back(const visml_compute *c, int64_t n, const double *a, const double *h, int64_t k, double *vectors);

#endif
