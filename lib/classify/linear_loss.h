/* The loss of a linear map over all rows and its gradient: the rows go through the caches once for both, block after block. Products are of
 * float, their sums over blocks of double; how rows are cut is a function of shapes alone.
 *
 * A search works with other variables, in which the function is far rounder: the intercepts of centred columns, b + W m with the means m
 * (pixels never are centred), and where it pays and no magnitudes are penalized W L with L L' about the second derivatives: curvature times
 * the covariance of x, and l2. */
#ifndef CLASSIFY_LINEAR_LOSS_H
#define CLASSIFY_LINEAR_LOSS_H

#include "classify/linear.h"

typedef struct visml_linear_loss visml_linear_loss;

/* Of rows begin ... begin + n - 1: z[n, O], what the map gives, becomes the derivative of the loss, with the weights of rows; loss[n] gets
 * the loss. */
typedef void visml_linear_rows_loss(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z,
                                    float *loss);

struct visml_linear_loss {
    const visml_compute *compute;
    const visml_samples *samples;
    const visml_fit_run *run; /* is asked at least every 50 ms */
    visml_linear_rows_loss *rows;
    const void *user; /* for rows */
    int64_t outputs;
    double scale;     /* of all losses */
    double l2;        /* + l2 / 2 times the sum of the squares of coefficients */
    double intercept; /* what intercepts are multiplied by: 0: there are none */
    int32_t penalize_intercepts; /* 1: their squares are in the sum, too */
    int32_t by_norm;       /* size is the gradient's norm, not its largest number */
    double curvature;      /* about the mean second derivative of losses; 0: W as it is */
    int64_t done, total;   /* iterations, for the run */
    struct visml_linear_loss_room *room; /* of visml_linear_loss_begin */
};

/* Makes l->room, which goes with visml_linear_loss_end. Errors: VISML_ENOMEM, VISML_ECANCELLED. */
visml_status visml_linear_loss_begin(visml_linear_loss *l, visml_memory *m, visml_error *err);
void visml_linear_loss_end(visml_linear_loss *l, visml_memory *m);
/* user: a visml_linear_loss. x and gradient: the search's variables for [O, D] coefficients and [O] intercepts. Errors:
 * VISML_ECANCELLED. */
visml_status visml_linear_loss_evaluate(void *user, const double *x, double *value, double *gradient, visml_error *err);
/* For visml_lbfgs: tells the run. */
visml_status visml_linear_loss_after(void *user, int64_t iteration, double value, visml_error *err);
/* sums[O, D] of z' x, [O] of z and the last one of losses, without a map: z comes with nothing in it. Errors: VISML_ECANCELLED. */
visml_status visml_linear_loss_sums(const visml_linear_loss *l, double *sums, visml_error *err);
/* For visml_lbfgs: how large the gradient was at the last evaluation, by coefficients and intercepts. */
double visml_linear_loss_size(void *user);
/* From the search's variables to coefficients and intercepts, and back. */
void visml_linear_loss_to_map(const visml_linear_loss *l, double *x);
void visml_linear_loss_from_map(const visml_linear_loss *l, double *x);
double visml_linear_loss_total_weight(const visml_samples *s);

#endif
