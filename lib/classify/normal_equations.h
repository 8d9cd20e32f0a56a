/* Sums of products of all columns and targets, which blocks of rows are added to: what linear least squares are solved from. */
#ifndef CLASSIFY_NORMAL_EQUATIONS_H
#define CLASSIFY_NORMAL_EQUATIONS_H

#include "classify/classifier.h"

/* Columns are those of x, one of ones, and the targets: 1 and -1 of each class, or numbers. Those of x, and numbers, have the first
 * rows' means taken off, so that their products keep their digits. */
typedef struct visml_normal_equations {
    const visml_compute *compute;
    const visml_fit_run *run;
    int64_t d, outputs, length; /* d + 1 + outputs */
    int32_t started;
    int32_t reserved;
    double *shift; /* [length]: what was taken off */
    double *gram;  /* [length, length], below the diagonal: sums of products, with the weights of rows */
    struct visml_normal_equations_room *room;
} visml_normal_equations;

/* Errors: VISML_ENOMEM. visml_normal_equations_end follows in any case. */
visml_status visml_normal_equations_begin(visml_normal_equations *e, visml_memory *m, visml_error *err);
void visml_normal_equations_end(visml_normal_equations *e, visml_memory *m);
/* Errors: VISML_ECANCELLED. */
visml_status visml_normal_equations_add(visml_normal_equations *e, const visml_samples *s, visml_error *err);
/* The sum of products of columns i >= j, about their means or about 0. */
double visml_normal_equations_product(const visml_normal_equations *e, int centred, int64_t i, int64_t j);

#endif
