/* Losses that are worked out in double, a row or an element at a time. */
#ifndef NN_ROW_LOSS_H
#define NN_ROW_LOSS_H

#include "nn/loss.h"

#define VISML_SMALLEST 1e-7 /* Keras' epsilon */

typedef struct visml_row_loss {
    const visml_loss *loss;
    const visml_loss_pass *pass;
    /* The loss of a row without its weight. Where pass->dy is not NULL, its row becomes the gradient times factor; it may be y. */
    double (*row)(const struct visml_row_loss *j, int64_t row, double factor);
    /* For visml_loss_elements: the loss of one element, and *slope, its derivative by y. */
    double (*term)(const struct visml_row_loss *j, double t, double y, double *slope);
    double scale, shift; /* targets are taken as t scale + shift */
} visml_row_loss;

/* All rows, on all threads; and prob. A row whose label is -1 has a loss and a gradient of 0. */
void visml_loss_rows(const visml_row_loss *j);
/* Element i of a row's target. Class numbers are one-hot rows; for one unit, 0 and 1. */
double visml_loss_target(const visml_row_loss *j, int64_t row, int64_t i);
/* A `row`: the mean of the terms. */
double visml_loss_elements(const visml_row_loss *j, int64_t row, double factor);
/* The whole `run` of a loss that is a mean of terms. */
void visml_loss_run_elements(const visml_loss *loss, const visml_loss_pass *pass,
                             double (*term)(const visml_row_loss *j, double t, double y, double *slope), double scale, double shift);

/* 1 when all targets of the pass are 0 or 1. */
int visml_loss_binary_targets(const visml_loss_pass *pass);

/* A probability within VISML_SMALLEST ... 1 - VISML_SMALLEST; NaN stays. */
double visml_loss_clip(double p);
/* The logistic function. */
double visml_loss_sigmoid(double z);

/* For a class' check: any shape, the targets' as the output's; class numbers for [units] alone. */
visml_status visml_loss_check_elements(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target,
                                       visml_error *err);
/* Along the last dimension: class numbers for [classes] alone, and at least two of them. */
visml_status visml_loss_check_classes(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target,
                                      visml_error *err);

#endif
