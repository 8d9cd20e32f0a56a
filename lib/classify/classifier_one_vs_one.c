/* Many classes by what tells two apart: each against each other (Hastie and Tibshirani 1998). Parts are those of (0, 1), (0, 2), ...,
 * (1, 2), ...; each has the rows of its two classes alone. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/parts.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_one_vs_one_opts),
    {0},
};

static visml_status check_of(const visml_classifier *c, visml_error *err) {
    if (c->of_count != 1)
        return visml_fail(err, VISML_EINVAL, "one_vs_one: of: there are %zu classifiers, must be one", c->of_count);
    return visml_check_of(c, 1 << VISML_TASK_CLASSIFICATION, err);
}

static int64_t parts_of(const visml_classifier *c) {
    return c->class_count * (c->class_count - 1) / 2;
}

static int64_t pair_rows(const visml_samples *s, int64_t a, int64_t b, int64_t *rows) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->places[i] == a || s->places[i] == b)
            rows[n++] = i;
    return n;
}

static visml_status fit_pair(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, int64_t part,
                             const int64_t *rows, int64_t n, visml_error *err) {
    visml_subset own;
    VISML_TRY(visml_subset_take(c->object.context, run, s, rows, n, NULL, 0, &own, err));
    visml_status status = visml_part_learn(c, (size_t)part, c->of[0], k, &own.samples, own.classes, run, err);
    visml_subset_clear(c->object.context, &own);
    return status;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    int64_t *rows = visml_mem_alloc(visml_classifier_memory(c), (size_t)s->n * sizeof *rows, err);
    visml_status status = rows ? visml_classifier_parts_new(c, (size_t)parts_of(c), err) : VISML_ENOMEM;
    for (int64_t a = 0, part = 0; a < c->class_count; a++)
        for (int64_t b = a + 1; status == VISML_OK && b < c->class_count; b++, part++)
            status = fit_pair(c, k, s, run, part, rows, pair_rows(s, a, b, rows), err);
    visml_mem_free(visml_classifier_memory(c), rows);
    return status;
}

/* ---- running ---- */

static size_t column_bytes(int64_t n) {
    return visml_align64((size_t)n * sizeof(float));
}

static size_t sums_bytes(const visml_classifier *c, int64_t n) {
    return visml_align64((size_t)n * (size_t)c->class_count * sizeof(double));
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return 2 * column_bytes(n) + 2 * sums_bytes(c, n) + visml_parts_room(c, k, n);
}

typedef struct tally {
    double *votes, *sums; /* [n, K] */
    float *confidence;    /* [n], of the second of a pair */
    int32_t *sides;
} tally;

static void count_pair(const visml_classifier *c, int64_t n, int64_t a, int64_t b, int probable, const tally *t) {
    for (int64_t i = 0; i < n; i++) {
        double x = probable ? (1 + (double)t->confidence[i]) / 2 : (double)t->confidence[i];
        t->sums[i * c->class_count + a] -= x;
        t->sums[i * c->class_count + b] += x;
        t->votes[i * c->class_count + (t->sides[i] ? b : a)] += 1;
    }
}

/* Votes; of equally many the sums of what pairs decide by, made smaller than half a vote, tell which is more (as scikit-learn has it). */
static void decide_all(const visml_classifier *c, const visml_compute *k, const visml_samples *s, const tally *t, float *y, void *rest) {
    int64_t classes = c->class_count;
    memset(t->votes, 0, (size_t)(s->n * classes) * sizeof *t->votes);
    memset(t->sums, 0, (size_t)(s->n * classes) * sizeof *t->sums);
    for (int64_t a = 0, part = 0; a < classes; a++)
        for (int64_t b = a + 1; b < classes; b++, part++) {
            visml_part_confidence(c->parts[part], k, s, t->confidence, t->sides, rest);
            count_pair(c, s->n, a, b, visml_part_by_probabilities(c->parts[part]), t);
        }
    for (int64_t i = 0; i < s->n * classes; i++)
        y[i] = (float)(t->votes[i] + t->sums[i] / (3 * (fabs(t->sums[i]) + 1)));
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    char *at = memory;
    size_t sums = sums_bytes(c, s->n), column = column_bytes(s->n);
    tally t = {memory, (double *)(void *)(at + sums), (float *)(void *)(at + 2 * sums), (int32_t *)(void *)(at + 2 * sums + column)};
    void *rest = at + 2 * sums + 2 * column;
    if (c->class_count == 2)
        visml_part_confidence(c->parts[0], k, s, y, NULL, rest);
    else
        decide_all(c, k, s, &t, y, rest);
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    VISML_TRY(visml_parts_expect(c, (size_t)parts_of(c), c->dims, err));
    for (size_t p = 0; p < c->part_count; p++) {
        VISML_TRY(visml_part_expect_classes(c, p, c->class_count, 0, err));
        if (c->parts[p]->class_count != 2)
            return visml_fail(err, VISML_EFORMAT, "one_vs_one: part %zu has %lld classes, must have 2", p,
                              (long long)c->parts[p]->class_count);
    }
    return VISML_OK;
}

const visml_classifier_class visml_classifier_one_vs_one_class = {
    .kind = {.name = "one_vs_one", .opts_size = sizeof(visml_one_vs_one_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_WEIGH,
    .check_of = check_of,
    .fit = fit,
    .scratch = scratch,
    .decide = decide,
};

visml_classifier *visml_classifier_one_vs_one(visml_context *ctx, visml_classifier *classifier, const visml_one_vs_one_opts *opts,
                                              visml_error *err) {
    return visml_classifier_make_of(ctx, &visml_classifier_one_vs_one_class, opts, &classifier, 1, err);
}
