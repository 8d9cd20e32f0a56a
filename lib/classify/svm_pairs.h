/* Classification by pairs of classes: a problem for each pair and, for probabilities, five more of it with a fifth of the rows left out. */
#ifndef CLASSIFY_SVM_PAIRS_H
#define CLASSIFY_SVM_PAIRS_H

#include "classify/svm_options.h"

/* Fits visml_classifier_svm. */
visml_status visml_svm_fit_pairs(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                 visml_error *err);

#endif
