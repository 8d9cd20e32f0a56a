/* What the options of all support vector machines begin with. */
#ifndef CLASSIFY_SVM_OPTIONS_H
#define CLASSIFY_SVM_OPTIONS_H

#include "classify/classifier.h"
#include "classify/svm_kernel.h"
#include "classify/svm_solve.h"

/* The first fields of visml_svm_opts, visml_svr_opts and visml_one_class_svm_opts. */
typedef struct visml_svm_common {
    uint32_t size;
    visml_svm_kernel kernel;
    int32_t degree;
    visml_svm_gamma gamma_rule;
    double gamma, coef0, tol, cache_size;
    int32_t max_iter, no_shrinking;
} visml_svm_common;

extern const char *const visml_svm_kernel_names[];
extern const char *const visml_svm_gamma_names[];

#define VISML_SVM_MOST_ITERATIONS 2147483647
#define VISML_SVM_FIELDS(type)                                                                    \
    _Static_assert(offsetof(type, no_shrinking) == offsetof(visml_svm_common, no_shrinking), ""); \
    static const visml_field fields[] = {                                                         \
        VISML_FIELD_OF_ENUM(type, kernel, VISML_SVM_RBF, visml_svm_kernel_names),                 \
        VISML_FIELD(type, degree, I32, 0, 1, 1, 100, 3),                                          \
        VISML_FIELD_OF_ENUM(type, gamma_rule, VISML_SVM_GAMMA_SCALE, visml_svm_gamma_names),      \
        VISML_FIELD(type, gamma, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 0),                       \
        VISML_FIELD(type, coef0, F64, 0, 1, -1e30, 1e30, 0),                                      \
        VISML_FIELD(type, tol, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1e-3),                      \
        VISML_FIELD(type, cache_size, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e9, 200),                 \
        VISML_FIELD(type, max_iter, I32, 0, 1, 1, VISML_SVM_MOST_ITERATIONS, 0),                  \
        VISML_FIELD(type, no_shrinking, FLAG, 0, 1, 0, 1, 0),

/* Whether rows can be learned from with these options. Errors: VISML_EINVAL, VISML_ECANCELLED. */
visml_status visml_svm_check(const visml_classifier *c, const visml_samples *s, const visml_fit_run *run, visml_error *err);
/* The kernel, gamma by the rows of weight above 0. Errors: VISML_ECANCELLED, VISML_ENOMEM. */
visml_status visml_svm_function_of(const visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                   visml_svm_function *f, visml_error *err);
/* The options' part of a work; samples and function, too. */
visml_svm_work visml_svm_work_of(const visml_classifier *c, const visml_samples *s, const visml_svm_function *f);

#endif
