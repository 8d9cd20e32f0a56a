/* visml/metric.h - how good a classifier is: accuracy, confusion matrix, precision, recall, F1, by class and overall.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_METRIC_H
#define VISML_METRIC_H

#include "tensor.h"

VISML_BEGIN_DECLS

/* Counts collected over batches. Thread-safety: one thread while adding; immutable afterwards. */
typedef struct visml_report visml_report;

/* An empty report for `classes` classes (>= 1). 1 is taken for 2: one score tells two classes apart. Owned. Errors: VISML_EINVAL,
 * VISML_ENOMEM. */
VISML_API visml_report *visml_report_new(visml_context *ctx, size_t classes, visml_error *err);
VISML_API void visml_report_free(visml_report *report);

/* Adds rows: labels VISML_I32 [N] (0 ... classes - 1), scores VISML_F32 [N, classes] (the largest wins, the first of equals) or, for two
 * classes, [N, 1] (above 0.5 is class 1), weights VISML_F32 [N] (finite, >= 0) or NULL for 1. A row with a NaN score counts as wrong, in no
 * column. Errors: VISML_EINVAL (the row); nothing is added then. */
VISML_API visml_status visml_report_add(visml_report *report, const visml_tensor *labels, const visml_tensor *scores,
                                        const visml_tensor *weights, visml_error *err);

VISML_API size_t visml_report_classes(const visml_report *report);
VISML_API int64_t visml_report_count(const visml_report *report);       /* rows added */
VISML_API double visml_report_accuracy(const visml_report *report);     /* weighted; NaN when empty */
/* Of a report of visml_evaluate with a quantization: the accuracy of the network on floats, on the same rows. Else NaN. */
VISML_API double visml_report_float_accuracy(const visml_report *report);
VISML_API double visml_report_top_k(const visml_report *report, size_t k); /* the label is among the k best, k 1 ... 10; NaN when empty */
/* Weighted count of rows of class `actual` that were taken for `predicted`. 0 out of range. */
VISML_API double visml_report_confusion(const visml_report *report, size_t actual, size_t predicted);
/* As in scikit-learn with zero_division=0. */
VISML_API double visml_report_precision(const visml_report *report, size_t label);
VISML_API double visml_report_recall(const visml_report *report, size_t label);
VISML_API double visml_report_f1(const visml_report *report, size_t label);
VISML_API double visml_report_support(const visml_report *report, size_t label);
/* Over all classes, also those without rows (scikit-learn's labels=range(classes)). */
VISML_API double visml_report_macro_f1(const visml_report *report);

/* scikit-learn's classification_report and the confusion matrix as text; names: one a class, or NULL. Length as visml_model_summary. */
VISML_API size_t visml_report_text(const visml_report *report, const char *const *names, char *text, size_t capacity);

VISML_END_DECLS

#endif /* VISML_METRIC_H */
