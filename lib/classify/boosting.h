/* Gradient boosting: rounds of trees, each grown on the derivatives of the loss (Friedman 2001; Chen and Guestrin 2016). */
#ifndef CLASSIFY_BOOSTING_H
#define CLASSIFY_BOOSTING_H

#include "classify/boosting_objective.h"
#include "classify/grow.h"

#define VISML_BASE_SCORE_ESTIMATED (-3.40282346638528860e+38) /* what the option's default is read as: 0 can be wanted */

/* One fit. Zeros, with the fields of the first group set, and the bins' codes, before visml_boosting_run. */
typedef struct visml_boosting {
    visml_memory *memory;
    visml_compute compute;
    const visml_gradient_boosting_opts *opts;
    const visml_fit_run *run;
    visml_samples rows; /* of which x is only looked at to go on from what was learned before */
    visml_objective objective;
    const char *what;
    visml_bins bins;

    visml_grown trees; /* what is learned */
    float *base;       /* [outputs] */
    size_t first_tree; /* the first of this fit */
    int64_t best_round;
    double best_loss;
    int8_t *monotone; /* [d] or NULL */
    visml_grower *grower;
    float *sums, *p, *first, *second; /* of rows: [n, outputs], [n, columns], [n], [n] */
    uint8_t *used;                    /* [n] or NULL */
    float *validation_sums, *validation_p, *validation_part, *validation_room;
    double *tree_weights;             /* DART: of the trees of this fit */
    int32_t *dropped;                 /* of this fit's, in ascending order */
    size_t dropped_count;
} visml_boosting;

visml_status visml_boosting_run(visml_boosting *b, const visml_classifier *previous, visml_error *err);
void visml_boosting_clear(visml_boosting *b);

/* factor times the values of trees begin ... end - 1 to the validation sums, output by output. */
visml_status visml_boosting_validate(visml_boosting *b, size_t begin, size_t end, float factor, visml_error *err);

/* boosting_dart.c (Rashmi and Gilad-Bachrach 2015): trees that sit out a round, and their weights after it. */
void visml_dart_drop(visml_boosting *b, int64_t round);
visml_status visml_dart_commit(visml_boosting *b, visml_error *err);
/* Weights become part of the leaves' values. */
void visml_dart_finish(visml_boosting *b);

#endif
