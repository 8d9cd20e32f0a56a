/* What support vector machines have learned, kept as arrays, and how it decides. */
#ifndef CLASSIFY_SVM_MACHINE_H
#define CLASSIFY_SVM_MACHINE_H

#include "classify/classifier.h"
#include "classify/svm_kernel.h"

/* What was found of the rows that count, in the order in which they are kept: group after group. */
typedef struct visml_svm_found {
    const visml_samples *samples;
    const visml_svm_function *function;
    const int32_t *rows;  /* [begin[groups]]: rows of the samples */
    const int64_t *begin; /* [groups + 1]: where each group's begin */
    int64_t groups;       /* classes, or 1 */
    int64_t columns;      /* groups - 1, or 1 */
    const double *dual;   /* [begin[groups], columns] */
    const double *rho;    /* one for each pair of groups, or 1 */
} visml_svm_found;

/* Makes the arrays of those rows that decide, and what visml_svm_prepare makes of them. Errors: VISML_ECANCELLED, VISML_ENOMEM. */
visml_status visml_svm_keep(visml_classifier *c, const visml_svm_found *found, const visml_fit_run *run, visml_error *err);
/* Checks them. `pairs`: names of more arrays [pairs of groups], VISML_F64, finite; NULL-ended. */
visml_status visml_svm_restore(visml_classifier *c, const char *const *pairs, visml_error *err);
visml_status visml_svm_prepare(visml_classifier *c, const visml_compute *k, visml_error *err);

static inline int64_t visml_svm_groups(const visml_classifier *c) {
    return c->class_count > 0 ? c->class_count : 1;
}
static inline int64_t visml_svm_pairs(const visml_classifier *c) {
    return c->class_count > 0 ? c->class_count * (c->class_count - 1) / 2 : 1;
}

/* Says something of row `row` by its decisions, one for each pair of classes, or a single one. room: doubles of one's own. */
typedef void visml_svm_say(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room);
/* room: doubles that `say` needs. */
size_t visml_svm_scratch(const visml_classifier *c, const visml_compute *k, int64_t room);
void visml_svm_run(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int64_t room, visml_svm_say *say, void *out,
                   void *scratch);
/* The first decision as a float: out[row]. */
void visml_svm_say_value(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room);

#endif
