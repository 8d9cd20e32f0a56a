/* Support vector machines that are a single problem: regression and outliers. */
#ifndef CLASSIFY_SVM_SINGLE_H
#define CLASSIFY_SVM_SINGLE_H

#include "classify/svm_options.h"

/* Fills in the problem of the n rows that count (row t of the problem is rows[t] of the samples). copies: how many variables a row has:
 * one, or one in each of two groups. */
typedef struct visml_svm_single {
    int32_t copies;
    void (*begin)(const visml_classifier *c, const visml_samples *s, const int32_t *rows, int64_t n, visml_smo *to);
    /* What is taken off decisions. */
    double (*rho)(const visml_classifier *c, const visml_smo *s);
} visml_svm_single;

visml_status visml_svm_fit_single(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_svm_single *single,
                                  const visml_fit_run *run, visml_error *err);
size_t visml_svm_scratch_single(const visml_classifier *c, const visml_compute *k, int64_t n);
void visml_svm_decide_single(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *scratch);
visml_status visml_svm_restore_single(visml_object *o, visml_error *err);

#endif
