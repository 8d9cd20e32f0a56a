/* Naive Bayes with normal distributions. Means and sums of squares of blocks of rows are put together pairwise (Chan, Golub and LeVeque
 * 1979). Decision: log prior - 1/2 sum (log(2 pi v) + (x - m)^2 / v). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/classifier.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_gaussian_naive_bayes_opts, equal_priors, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_gaussian_naive_bayes_opts, variance_smoothing, F64, 0, 1, 0, 1, 1e-9),
    {0},
};

/* What is learned, of [K, D]. `spread` are the variances before they are smoothed, with which later rows are put together. */
typedef struct tables {
    double *means, *variances, *spread, *priors, *counts;
} tables;

static visml_status make_tables(visml_classifier *c, tables *t, visml_error *err) {
    visml_object *o = &c->object;
    int64_t k = c->class_count, d = c->dims;
    t->means = visml_object_array_new(o, "means", VISML_F64, VISML_SHAPE(k, d), err);
    t->variances = t->means ? visml_object_array_new(o, "variances", VISML_F64, VISML_SHAPE(k, d), err) : NULL;
    t->spread = t->variances ? visml_object_array_new(o, "spread", VISML_F64, VISML_SHAPE(k, d), err) : NULL;
    t->priors = t->spread ? visml_object_array_new(o, "priors", VISML_F64, VISML_SHAPE(k), err) : NULL;
    t->counts = t->priors ? visml_object_array_new(o, "counts", VISML_F64, VISML_SHAPE(k), err) : NULL;
    return t->counts ? VISML_OK : VISML_ENOMEM;
}

static void continue_from(const visml_classifier *previous, const tables *t) {
    size_t n = (size_t)(previous->class_count * previous->dims) * sizeof(double);
    memcpy(t->means, visml_object_array_data(&previous->object, "means"), n);
    memcpy(t->spread, visml_object_array_data(&previous->object, "spread"), n);
    memcpy(t->counts, visml_object_array_data(&previous->object, "counts"), (size_t)previous->class_count * sizeof(double));
}

/* ---- learning ---- */

#define BLOCK 64 /* columns at a time: their tables stay in the cache */
#define NUMBERS ((int64_t)2 * 1000000) /* between two ticks */

/* One block of columns of some rows, each row put to its class one after the other (Welford 1962, West 1979 with weights). */
typedef struct fit_blocks {
    const visml_samples *s;
    const tables *t;
    double *before;       /* [K]: counts before these rows */
    int64_t first, end;   /* rows */
    double *counts;       /* [workers, K] */
    int64_t class_count;
} fit_blocks;

static void fit_block(void *arg, size_t block, size_t worker) {
    const fit_blocks *f = arg;
    const visml_samples *s = f->s;
    int64_t from = (int64_t)block * BLOCK, to = from + BLOCK < s->d ? from + BLOCK : s->d;
    double *counts = f->counts + (int64_t)worker * f->class_count;
    memcpy(counts, f->before, (size_t)f->class_count * sizeof *counts);
    for (int64_t i = f->first; i < f->end; i++) {
        double w = visml_samples_weight(s, i);
        if (w <= 0)
            continue;
        int64_t k = s->places[i];
        double share = w / (counts[k] += w), *mean = f->t->means + k * s->d, *spread = f->t->spread + k * s->d;
        for (int64_t j = from; j < to; j++) {
            double e = (double)visml_samples_at(s, i, j) - mean[j];
            mean[j] += share * e;
            spread[j] += share * ((1 - share) * e * e - spread[j]);
        }
    }
    if (block == 0)
        memcpy(f->t->counts, counts, (size_t)f->class_count * sizeof *counts);
}

static visml_status add_some(const visml_compute *k, const visml_fit_run *run, fit_blocks *f, visml_error *err) {
    const visml_samples *s = f->s;
    int64_t step = 1 + NUMBERS / s->d;
    for (f->first = 0; f->first < s->n; f->first = f->end) {
        f->end = s->n - f->first < step ? s->n : f->first + step;
        memcpy(f->before, f->t->counts, (size_t)f->class_count * sizeof *f->before);
        visml_parallel_run(k->parallel, (size_t)((s->d + BLOCK - 1) / BLOCK), fit_block, f);
        VISML_TRY(visml_fit_tick(run, f->end, s->n, NAN, NAN, err));
    }
    return VISML_OK;
}

static visml_status add_rows(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, const tables *t,
                             visml_error *err) {
    size_t n = (size_t)c->class_count;
    double *counts = visml_mem_alloc(visml_classifier_memory(c), (1 + k->parallel->workers) * n * sizeof *counts, err);
    if (!counts)
        return VISML_ENOMEM;
    fit_blocks f = {.s = s, .t = t, .before = counts, .counts = counts + n, .class_count = c->class_count};
    visml_status status = add_some(k, run, &f, err);
    visml_mem_free(visml_classifier_memory(c), counts);
    return status;
}

/* The largest variance of a column over all rows: those within classes and between them. */
static double largest_variance(const visml_classifier *c, const tables *t, double total) {
    double largest = 0;
    for (int64_t j = 0; j < c->dims; j++) {
        double mean = 0, sum = 0;
        for (int64_t k = 0; k < c->class_count; k++)
            mean += t->counts[k] / total * t->means[k * c->dims + j];
        for (int64_t k = 0; k < c->class_count; k++) {
            double e = t->means[k * c->dims + j] - mean;
            sum += t->counts[k] / total * (t->spread[k * c->dims + j] + e * e);
        }
        largest = sum > largest ? sum : largest;
    }
    return largest;
}

/* Where nothing varies at all, any small number serves. */
static void smooth(const visml_classifier *c, const tables *t) {
    const visml_gaussian_naive_bayes_opts *o = c->object.opts;
    double total = 0;
    for (int64_t k = 0; k < c->class_count; k++)
        total += t->counts[k];
    double more = o->variance_smoothing * largest_variance(c, t, total);
    for (int64_t i = 0; i < c->class_count * c->dims; i++)
        t->variances[i] = t->spread[i] + more > 0 ? t->spread[i] + more : 1e-300;
    for (int64_t k = 0; k < c->class_count; k++)
        t->priors[k] = o->equal_priors ? 1 / (double)c->class_count : t->counts[k] / total;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    tables t;
    VISML_TRY(make_tables(c, &t, err));
    if (run->previous)
        continue_from(run->previous, &t);
    VISML_TRY(add_rows(c, k, s, run, &t, err));
    smooth(c, &t);
    return VISML_OK;
}

/* ---- running ---- */

/* Ready: for each class and column 1 / (2 v) and the mean, and for each class what does not depend on x. */
static visml_status prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    const double *variances = visml_object_array_data(&c->object, "variances"), *priors = visml_object_array_data(&c->object, "priors");
    int64_t d = c->dims;
    double *ready = visml_mem_alloc(visml_classifier_memory(c), (size_t)(c->class_count * (d + 1)) * sizeof *ready, err);
    (void)k;
    if (!ready)
        return VISML_ENOMEM;
    c->ready = ready;
    for (int64_t i = 0; i < c->class_count * d; i++)
        ready[i] = 0.5 / variances[i];
    for (int64_t i = 0; i < c->class_count; i++) {
        double sum = 0;
        for (int64_t j = 0; j < d; j++)
            sum += log(2 * 3.14159265358979323846 * variances[i * d + j]);
        ready[c->class_count * d + i] = log(priors[i]) - 0.5 * sum;
    }
    return VISML_OK;
}

typedef struct run_rows {
    const visml_classifier *c;
    const visml_samples *s;
    float *y;      /* [n, K] */
    double *joint; /* [workers, K] */
    int32_t probabilities;
} run_rows;

/* Eight sums side by side, then added in pairs: they can be vectors. */
static double distance(int64_t d, const float *x, int64_t stride, const double *mean, const double *factor) {
    double sum[8] = {0};
    int64_t j = 0;
    for (; j + 8 <= d; j += 8)
        for (int l = 0; l < 8; l++) {
            double e = (double)x[(j + l) * stride] - mean[j + l];
            sum[l] += e * e * factor[j + l];
        }
    for (; j < d; j++) {
        double e = (double)x[j * stride] - mean[j];
        sum[j % 8] += e * e * factor[j];
    }
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static void decide_row(const run_rows *r, int64_t i, double *joint) {
    const visml_classifier *c = r->c;
    const double *means = visml_object_array_data(&c->object, "means"), *ready = c->ready;
    int64_t d = c->dims;
    for (int64_t k = 0; k < c->class_count; k++)
        joint[k] = ready[c->class_count * d + k] -
                   distance(d, r->s->x + i * r->s->row_stride, r->s->column_stride, means + k * d, ready + k * d);
}

/* Joint likelihoods to likelihoods of classes, the largest taken off first. */
static void normalize(int64_t classes, double *joint) {
    double most = joint[0], sum = 0;
    for (int64_t k = 1; k < classes; k++)
        most = joint[k] > most ? joint[k] : most;
    for (int64_t k = 0; k < classes; k++)
        sum += joint[k] = exp(joint[k] - most);
    for (int64_t k = 0; k < classes; k++)
        joint[k] /= sum;
}

#define ROWS 16

static void run_block(void *arg, size_t block, size_t worker) {
    const run_rows *r = arg;
    int64_t classes = r->c->class_count, from = (int64_t)block * ROWS, to = from + ROWS < r->s->n ? from + ROWS : r->s->n;
    double *joint = r->joint + (int64_t)worker * classes;
    for (int64_t i = from; i < to; i++) {
        decide_row(r, i, joint);
        if (r->probabilities)
            normalize(classes, joint);
        for (int64_t k = 0; k < classes; k++)
            r->y[i * classes + k] = (float)joint[k];
    }
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    (void)n;
    return k->parallel->workers * (size_t)c->class_count * sizeof(double);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    run_rows r = {.c = c, .s = s, .y = y, .joint = room};
    visml_parallel_run(k->parallel, (size_t)((s->n + ROWS - 1) / ROWS), run_block, &r);
}

static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *room) {
    run_rows r = {.c = c, .s = s, .y = p, .joint = room, .probabilities = 1};
    visml_parallel_run(k->parallel, (size_t)((s->n + ROWS - 1) / ROWS), run_block, &r);
}

static int64_t outputs(const visml_classifier *c) {
    return c->class_count;
}

/* ---- files ---- */

static visml_status check_numbers(const visml_classifier *c, const char *name, int64_t n, double least, visml_error *err) {
    const double *v = visml_object_array_data(&c->object, name);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(v[i]) || v[i] < least)
            return visml_fail(err, VISML_EFORMAT, "gaussian_naive_bayes: %s[%lld] is %g, must be finite%s", name, (long long)i, v[i],
                              least >= 0 ? " and not negative" : "");
    return VISML_OK;
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    static const char *const names[] = {"means", "variances", "spread", "priors", "counts"};
    static const double least[] = {-HUGE_VAL, 1e-300, 0, 0, 0};
    for (int i = 0; i < 5; i++) {
        int64_t dims[2] = {c->class_count, c->dims};
        VISML_TRY(visml_object_array_expect(o, names[i], VISML_F64, i < 3 ? 2 : 1, dims, err));
        VISML_TRY(check_numbers(c, names[i], i < 3 ? dims[0] * dims[1] : dims[0], least[i], err));
    }
    return VISML_OK;
}

const visml_classifier_class visml_classifier_gaussian_naive_bayes_class = {
    .kind = {.name = "gaussian_naive_bayes", .opts_size = sizeof(visml_gaussian_naive_bayes_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_PARTIAL | VISML_CAN_WEIGH | VISML_CAN_ONE_CLASS,
    .fit = fit,
    .prepare = prepare,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = probabilities,
};

visml_classifier *visml_classifier_gaussian_naive_bayes(visml_context *ctx, const visml_gaussian_naive_bayes_opts *opts,
                                                        visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_gaussian_naive_bayes_class, opts, err);
}
