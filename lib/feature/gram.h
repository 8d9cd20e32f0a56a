/* Products of the columns of many rows, two by two: half of them, since the others are the same. */
#ifndef FEATURE_GRAM_H
#define FEATURE_GRAM_H

#include "kernel/compute.h"

#define VISML_GRAM_ROWS 2048 /* at a time */

typedef struct visml_gram {
    int64_t d;
    const float *shift;  /* [d]: what is added to each row first; NULL: nothing */
    double *squares;     /* [d, d], the lower triangle: what the products are added to */
    void *scratch;       /* visml_gram_scratch, aligned to 64 */
    /* Not NULL: rows first ... first + n - 1 are what this writes to to[n, d], on several threads at a time, instead of what x has. */
    void (*fill)(void *user, int64_t first, int64_t n, float *to);
    void *user;
} visml_gram;

size_t visml_gram_scratch(const visml_compute *c, int64_t d);
/* squares += (x + shift)' (x + shift) for rows x [n, d], n <= VISML_GRAM_ROWS. Each product is added up in float along the rows, as
 * visml_gemm_run does it, then to squares in double. */
void visml_gram_add(const visml_compute *c, const visml_gram *g, int64_t n, const float *x);

#endif
