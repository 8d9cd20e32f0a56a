/* From what a classifier decides by to how likely it is right. */
#ifndef CLASSIFY_CALIBRATE_H
#define CLASSIFY_CALIBRATE_H

#include <stdint.h>

/* A row to learn from. */
typedef struct visml_scored {
    double score, weight;
    int64_t right; /* 1: it is of the class */
} visml_scored;

/* P = 1 / (1 + exp(slope score + intercept)), of most likelihood with Platt's targets (Platt 1999), by Newton's method with its steps
 * halved as Lin, Lin and Weng 2007 say. */
void visml_calibrate_sigmoid(int64_t n, const visml_scored *rows, double *slope, double *intercept);
double visml_sigmoid_at(double slope, double intercept, double score);

/* The rising steps that are nearest in squares (pool adjacent violators; Zadrozny and Elkan 2002), as points between which lines are drawn:
 * at most n to points and values, both ascending. Sorts the rows. Their number. */
int64_t visml_calibrate_isotonic(int64_t n, visml_scored *rows, double *points, double *values);
double visml_isotonic_at(int64_t n, const double *points, const double *values, double score);

#endif
