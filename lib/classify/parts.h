/* What classifiers that work by others share: learning the parts, from some of the rows, and asking them.
 *
 * The classes of a part are numbers of places among those of the classifier that works by it. */
#ifndef CLASSIFY_PARTS_H
#define CLASSIFY_PARTS_H

#include "classify/classifier.h"

/* ---- learning ---- */

/* Some rows, perhaps of some columns, copied. */
typedef struct visml_subset {
    visml_samples samples;
    visml_tensor *classes; /* those that the rows show; NULL: no classification */
    void *memory;
} visml_subset;
/* rows[n], in any order and as often as they stand there; columns[d] (NULL: all). Errors: VISML_ECANCELLED, VISML_ENOMEM. */
visml_status visml_subset_take(visml_context *ctx, const visml_fit_run *run, const visml_samples *from, const int64_t *rows, int64_t n,
                               const int32_t *columns, int64_t d, visml_subset *to, visml_error *err);
void visml_subset_clear(visml_context *ctx, visml_subset *s);

/* 0 ... n - 1 as classes. NULL: VISML_ENOMEM. */
visml_tensor *visml_part_classes(visml_context *ctx, int64_t n, visml_error *err);
/* Part number `part`, which must not be there yet, is one like `of` that has learned from s. Errors: also VISML_EUNSUPPORTED (it takes no
 * weights). */
visml_status visml_part_learn(visml_classifier *c, size_t part, const visml_classifier *of, const visml_compute *k, const visml_samples *s,
                              visml_tensor *classes, const visml_fit_run *run, visml_error *err);

/* The part of each row in `folds` parts of about equal size, fold[n]: with classes as scikit-learn's StratifiedKFold, else as its KFold.
 * Errors: VISML_EINVAL (a class, or all, has fewer rows), VISML_ENOMEM. */
visml_status visml_folds(const visml_classifier *c, const visml_samples *s, int32_t folds, int32_t *fold, visml_error *err);
/* The rows that are in that part, or not in it; their number. */
int64_t visml_fold_rows(int64_t n, const int32_t *fold, int32_t which, int in, int64_t *rows);

/* ---- what they work by ---- */

/* All of one task, and only of these (bits 1 << task); at least one. */
visml_status visml_check_of(const visml_classifier *c, int32_t tasks, visml_error *err);
/* For restore: there are so many parts, part i is like of[i] (or like of[0] where there are fewer of these) and has d columns (0: any).
 * Errors: VISML_EFORMAT. */
visml_status visml_parts_expect(const visml_classifier *c, size_t n, int64_t d, visml_error *err);
/* Its classes are within 0 ... classes - 1; all: they are these. */
visml_status visml_part_expect_classes(const visml_classifier *c, size_t part, int64_t classes, int all, visml_error *err);

/* ---- asking ---- */

static inline size_t visml_align64(size_t bytes) {
    return bytes > SIZE_MAX - 63 ? SIZE_MAX : (bytes + 63) / 64 * 64;
}

/* Asks a part about all rows of s in the middle of a fit, some at a time: `ask` is called for the rows from `begin` on. Some are the fewer
 * the more it has learned: kernels compare each row with all of that, others with less of it. Errors: VISML_ECANCELLED. */
typedef void visml_asking(void *arg, const visml_samples *some, int64_t begin);
visml_status visml_part_ask(const visml_classifier *part, const visml_samples *s, const visml_fit_run *run, visml_asking *ask, void *arg,
                            visml_error *err);
/* At most so many of n at a time. */
int64_t visml_part_rows(const visml_classifier *part, int64_t n);
/* Bytes for one question to any of the parts that are there over n rows. */
size_t visml_parts_room(const visml_classifier *c, const visml_compute *k, int64_t n);

/* What it answers by: 1: probabilities, where it has them and no decision of its own (a decision with a column for each of two classes);
 * 0: the decision. */
int visml_part_by_probabilities(const visml_classifier *part);
/* Columns of that. */
int64_t visml_part_columns(const visml_classifier *part);
void visml_part_response(const visml_classifier *part, const visml_compute *k, const visml_samples *s, float *y, void *room);
/* Of two classes: y[n], above 0 and the larger the more it is the second; sides[n] (NULL: not wanted): which it is. */
void visml_part_confidence(const visml_classifier *part, const visml_compute *k, const visml_samples *s, float *y, int32_t *sides,
                           void *room);
/* Adds to sums[n, columns] weight times the probabilities, or with hard: 1 the one answer, or the value of regression. */
void visml_part_add(const visml_classifier *part, const visml_compute *k, const visml_samples *s, int hard, double weight, int64_t columns,
                    double *sums, void *room);
/* Rows become probabilities: divided by their sums; all alike where that is 0. */
void visml_shares(int64_t n, int64_t columns, float *y);

#endif
