/* Probabilities from decisions of pairs of classes. */
#ifndef CLASSIFY_SVM_PROBABILITY_H
#define CLASSIFY_SVM_PROBABILITY_H

#include <stdint.h>

/* The sigmoid 1 / (1 + exp(a f + b)) of decisions f[n], positive for the first class, that fits which class rows are of (Platt 2000, by
 * Newton's method as Lin, Lin and Weng 2007 have it). first[n]: 1 for the first class, else 0. */
void visml_sigmoid_fit(int64_t n, const double *f, const uint8_t *first, double *a, double *b);
double visml_sigmoid(double f, double a, double b);

/* Probabilities p[k] of classes that fit those of pairs, pairs[i, j] of class i rather than j, best (Wu, Lin and Weng 2004, the second
 * approach). room: k (k + 1) doubles. */
void visml_couple_pairs(int64_t k, const double *pairs, double *p, double *room);

#endif
