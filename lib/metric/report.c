#include "metric/report.h"

#include <math.h>

#include "base/checked.h"
#include "base/error.h"

visml_report *visml_report_new(visml_context *ctx, size_t classes, visml_error *err) {
    size_t cells;
    if (!ctx || classes < 1) {
        visml_fail(err, VISML_EINVAL, ctx ? "report: classes is 0, must be at least 1" : "report: ctx is NULL, must be a context");
        return NULL;
    }
    classes = classes == 1 ? 2 : classes; /* one score tells two classes apart */
    if (!visml_size_mul(classes, classes, &cells)) {
        visml_fail(err, VISML_ENOMEM, "report: classes is %zu, its confusion matrix is more than can be addressed", classes);
        return NULL;
    }
    visml_report *r = visml_mem_zalloc(&ctx->memory, 1, sizeof *r, err);
    if (!r)
        return NULL;
    r->context = visml_context_retain(ctx);
    r->classes = classes;
    if (!(r->confusion = visml_mem_zalloc(&ctx->memory, cells, sizeof *r->confusion, err)) ||
        !(r->support = visml_mem_zalloc(&ctx->memory, classes, sizeof *r->support, err)) ||
        !(r->predicted = visml_mem_zalloc(&ctx->memory, classes, sizeof *r->predicted, err))) {
        visml_report_free(r);
        return NULL;
    }
    return r;
}

void visml_report_free(visml_report *r) {
    if (!r)
        return;
    visml_context *ctx = r->context;
    visml_mem_free(&ctx->memory, r->predicted);
    visml_mem_free(&ctx->memory, r->support);
    visml_mem_free(&ctx->memory, r->confusion);
    visml_mem_free(&ctx->memory, r);
    visml_context_release(ctx);
}

/* ---- adding ---- */

static visml_status check_shapes(const visml_report *r, const visml_tensor *labels, const visml_tensor *scores,
                                 const visml_tensor *weights, visml_error *err) {
    if (!r)
        return visml_fail(err, VISML_EINVAL, "report: report is NULL");
    VISML_TRY(visml_tensor_check("report: labels", labels, VISML_I32, err));
    VISML_TRY(visml_tensor_check("report: scores", scores, VISML_F32, err));
    if (weights)
        VISML_TRY(visml_tensor_check("report: weights", weights, VISML_F32, err));
    if (labels->shape.rank != 1)
        return visml_fail(err, VISML_EINVAL, "report: labels has the shape %s, must be [N]", visml_shape_format(&labels->shape).s);
    int64_t n = labels->shape.dims[0];
    const visml_shape *s = &scores->shape;
    int columns = s->rank == 2 && (s->dims[1] == (int64_t)r->classes || (s->dims[1] == 1 && r->classes == 2));
    if (!columns || s->dims[0] != n)
        return visml_fail(err, VISML_EINVAL, "report: scores has the shape %s, must be [%lld, %zu]", visml_shape_format(s).s, (long long)n,
                          r->classes);
    if (weights && (weights->shape.rank != 1 || weights->shape.dims[0] != n))
        return visml_fail(err, VISML_EINVAL, "report: weights has the shape %s, must be [%lld]", visml_shape_format(&weights->shape).s,
                          (long long)n);
    return VISML_OK;
}

static visml_status check_rows(const visml_report *r, int64_t n, const int32_t *labels, const float *weights, visml_error *err) {
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0 || (size_t)labels[i] >= r->classes)
            return visml_fail(err, VISML_EINVAL, "report: the label of row %lld is %d, must be 0 to %zu", (long long)i, labels[i],
                              r->classes - 1);
    for (int64_t i = 0; weights && i < n; i++)
        if (!(weights[i] >= 0) || isinf(weights[i]))
            return visml_fail(err, VISML_EINVAL, "report: the weight of row %lld is %s, must be a finite number of at least 0",
                              (long long)i, isnan(weights[i]) ? "NaN" : isinf(weights[i]) ? "infinite" : "negative");
    return VISML_OK;
}

/* The place of the label among the scores (0: the best; the first of equals comes first) and the class of the best. 0 for a NaN. */
static int judge(const float *scores, size_t n, size_t label, size_t *place, size_t *best) {
    *place = *best = 0;
    for (size_t c = 0; c < n; c++) {
        if (isnan(scores[c]))
            return 0;
        *place += scores[c] > scores[label] || (scores[c] == scores[label] && c < label);
        if (scores[c] > scores[*best])
            *best = c;
    }
    return 1;
}

static int judge_single(float score, size_t label, size_t *place, size_t *best) {
    *best = score > 0.5f;
    *place = *best != label;
    return !isnan(score);
}

static void add_row(visml_report *r, size_t label, const float *scores, int64_t columns, double weight) {
    size_t place, best;
    int valid = columns == 1 ? judge_single(scores[0], label, &place, &best) : judge(scores, r->classes, label, &place, &best);
    r->count++;
    r->weight += weight;
    r->support[label] += weight;
    if (!valid)
        return;
    r->confusion[label * r->classes + best] += weight;
    r->predicted[best] += weight;
    if (place < VISML_TOP)
        r->rank[place] += weight;
}

visml_status visml_report_add(visml_report *r, const visml_tensor *labels, const visml_tensor *scores, const visml_tensor *weights,
                              visml_error *err) {
    VISML_TRY(check_shapes(r, labels, scores, weights, err));
    int64_t n = labels->shape.dims[0], columns = scores->shape.dims[1];
    const int32_t *y = (const int32_t *)(const void *)labels->data;
    const float *p = (const float *)(const void *)scores->data, *w = weights ? (const float *)(const void *)weights->data : NULL;
    VISML_TRY(check_rows(r, n, y, w, err));
    r->weighted |= w != NULL;
    for (int64_t i = 0; i < n; i++)
        add_row(r, (size_t)y[i], p + i * columns, columns, w ? (double)w[i] : 1.0);
    return VISML_OK;
}

/* ---- asking ---- */

size_t visml_report_classes(const visml_report *r) {
    return r ? r->classes : 0;
}

int64_t visml_report_count(const visml_report *r) {
    return r ? r->count : 0;
}

/* 0 / 0 is 0, as in scikit-learn with zero_division=0. */
static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

double visml_report_accuracy(const visml_report *r) {
    double hits = 0;
    if (!r || !(r->weight > 0))
        return NAN;
    for (size_t c = 0; c < r->classes; c++)
        hits += visml_report_confusion(r, c, c);
    return hits / r->weight;
}

double visml_report_float_accuracy(const visml_report *report) {
    return report && report->compared ? report->float_accuracy : NAN;
}

double visml_report_top_k(const visml_report *r, size_t k) {
    double hits = 0;
    if (!r || !(r->weight > 0) || k < 1 || k > VISML_TOP)
        return NAN;
    for (size_t place = 0; place < k; place++)
        hits += r->rank[place];
    return hits / r->weight;
}

double visml_report_confusion(const visml_report *r, size_t actual, size_t predicted) {
    return r && actual < r->classes && predicted < r->classes ? r->confusion[actual * r->classes + predicted] : 0;
}

double visml_report_precision(const visml_report *r, size_t label) {
    return r && label < r->classes ? ratio(visml_report_confusion(r, label, label), r->predicted[label]) : 0;
}

double visml_report_recall(const visml_report *r, size_t label) {
    return r && label < r->classes ? ratio(visml_report_confusion(r, label, label), r->support[label]) : 0;
}

double visml_report_f1(const visml_report *r, size_t label) {
    return r && label < r->classes ? ratio(2 * visml_report_confusion(r, label, label), r->support[label] + r->predicted[label]) : 0;
}

double visml_report_support(const visml_report *r, size_t label) {
    return r && label < r->classes ? r->support[label] : 0;
}

double visml_report_macro_f1(const visml_report *r) {
    double sum = 0;
    if (!r)
        return NAN;
    for (size_t c = 0; c < r->classes; c++)
        sum += visml_report_f1(r, c);
    return sum / (double)r->classes;
}
