/* The same class many times, each part from other rows (Breiman 1996), perhaps of other columns (Ho 1998; both: Louppe and Geurts 2012).
 * Probabilities are averaged, or votes where there are none; numbers of regression are averaged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"
#include "classify/parts.h"

#define STREAM_BAGGING 0x6267U /* "bg": what a key is for */

static const visml_field fields[] = {
    VISML_FIELD(visml_bagging_opts, n_estimators, I32, 0, 1, 1, 65536, 10),
    VISML_FIELD(visml_bagging_opts, max_samples, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 1),
    VISML_FIELD(visml_bagging_opts, max_features, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 1),
    VISML_FIELD(visml_bagging_opts, no_bootstrap, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_bagging_opts, oob, FLAG, 0, 1, 0, 1, 0),
    {0},
};

static visml_status check_of(const visml_classifier *c, visml_error *err) {
    const visml_bagging_opts *o = c->object.opts;
    if (c->of_count != 1)
        return visml_fail(err, VISML_EINVAL, "bagging: of: there are %zu classifiers, must be one", c->of_count);
    if (o->oob && o->no_bootstrap)
        return visml_fail(err, VISML_EINVAL, "bagging: oob needs rows that are left out: no_bootstrap must be 0");
    return visml_check_of(c, 1 << VISML_TASK_CLASSIFICATION | 1 << VISML_TASK_REGRESSION, err);
}

static int is_hard(const visml_classifier *c) {
    return c->class_count && !visml_classifier_has_probabilities(c->of[0]);
}

static int64_t outputs(const visml_classifier *c) {
    return c->class_count ? c->class_count : 1;
}

static int64_t share_of(double share, int64_t n) {
    int64_t some = (int64_t)(share * (double)n);
    return some < 1 ? 1 : some > n ? n : some;
}

static int64_t columns_of(const visml_classifier *c) {
    return share_of(((const visml_bagging_opts *)c->object.opts)->max_features, c->dims);
}

/* ---- what each part is given ---- */

typedef struct bag {
    int64_t *rows, *order; /* [n] */
    int64_t taken;
    unsigned char *inside; /* [n]: the row is taken */
    double *sums;          /* out of bag: [n, outputs] */
    int64_t *asked;        /* [n]: by how many */
} bag;

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* m of n different numbers, ascending. order: [n]. */
static void choose_some(visml_rng *rng, int64_t n, int64_t m, int64_t *order) {
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = 0; i < m; i++) {
        int64_t j = i + (int64_t)visml_rng_below(rng, (uint64_t)(n - i)), x = order[i];
        order[i] = order[j];
        order[j] = x;
    }
    qsort(order, (size_t)m, sizeof *order, ascending);
}

static void draw_rows(const visml_classifier *c, visml_rng *rng, int64_t n, bag *b) {
    const visml_bagging_opts *o = c->object.opts;
    b->taken = share_of(o->max_samples, n);
    if (o->no_bootstrap)
        choose_some(rng, n, b->taken, b->order);
    else
        for (int64_t i = 0; i < b->taken; i++)
            b->order[i] = (int64_t)visml_rng_below(rng, (uint64_t)n);
    memcpy(b->rows, b->order, (size_t)b->taken * sizeof *b->rows);
    memset(b->inside, 0, (size_t)n);
    for (int64_t i = 0; i < b->taken; i++)
        b->inside[b->rows[i]] = 1;
}

/* ---- out of bag ---- */

typedef struct answers {
    const visml_classifier *c, *part;
    const visml_compute *compute;
    double *said; /* [n, outputs] */
    void *room;
} answers;

static void add_some(void *arg, const visml_samples *some, int64_t begin) {
    const answers *a = arg;
    int64_t width = outputs(a->c);
    visml_part_add(a->part, a->compute, some, is_hard(a->c), 1, width, a->said + begin * width, a->room);
}

/* What a part says of the rows that it has not learned from. */
static visml_status ask_others(visml_classifier *c, size_t part, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                               const int32_t *columns, const bag *b, visml_error *err) {
    visml_context *ctx = c->object.context;
    int64_t n = 0, width = outputs(c);
    visml_subset others;
    for (int64_t i = 0; i < s->n; i++)
        if (!b->inside[i])
            b->order[n++] = i;
    if (n == 0)
        return VISML_OK;
    VISML_TRY(visml_subset_take(ctx, run, s, b->order, n, columns, columns_of(c), &others, err));
    size_t sums = visml_align64((size_t)(n * width) * sizeof(double));
    int64_t rows = visml_part_rows(c->parts[part], n);
    double *said = visml_mem_zalloc(&ctx->memory, 1, sums + visml_parts_room(c, k, rows), err);
    answers a = {.c = c, .part = c->parts[part], .compute = k, .said = said, .room = said ? (char *)said + sums : NULL};
    visml_status status = said ? visml_part_ask(a.part, &others.samples, run, add_some, &a, err) : VISML_ENOMEM;
    for (int64_t i = 0; status == VISML_OK && i < n; i++) {
        b->asked[b->order[i]]++;
        for (int64_t j = 0; j < width; j++)
            b->sums[b->order[i] * width + j] += said[i * width + j];
    }
    visml_mem_free(&ctx->memory, said);
    visml_subset_clear(ctx, &others);
    return status;
}

static int is_right(const visml_samples *s, const bag *b, int64_t i) {
    const double *sums = b->sums + i * s->class_count;
    int64_t best = 0;
    for (int64_t k = 1; k < s->class_count; k++)
        best = sums[k] > sums[best] ? k : best;
    return best == s->places[i];
}

/* The share of right labels, or R^2, among the rows that were left out at least once; NaN where there is none. */
static double score_of(const visml_samples *s, const bag *b) {
    double all = 0, right = 0, mean = 0, left = 0, total = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double w = b->asked[i] ? visml_samples_weight(s, i) : 0;
        all += w;
        mean += s->targets ? w * (double)s->targets[i] : 0;
    }
    for (int64_t i = 0; i < s->n; i++) {
        double w = b->asked[i] ? visml_samples_weight(s, i) : 0;
        if (!s->targets) {
            right += w > 0 && is_right(s, b, i) ? w : 0;
            continue;
        }
        double y = (double)s->targets[i], e = w > 0 ? y - b->sums[i] / (double)b->asked[i] : 0;
        left += w * e * e;
        total += w * (y - mean / all) * (y - mean / all);
    }
    return !s->targets ? right / all : 1 - left / total;
}

/* ---- learning ---- */

static visml_status fit_part(visml_classifier *c, size_t part, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                             int32_t *features, bag *b, visml_error *err) {
    const visml_bagging_opts *o = c->object.opts;
    int64_t d = columns_of(c);
    const int32_t *columns = d < s->d ? features : NULL;
    visml_subset own;
    visml_rng rng;
    visml_rng_init(&rng, visml_key(visml_key(run->seed, STREAM_BAGGING), part));
    choose_some(&rng, s->d, d, b->order);
    for (int64_t j = 0; j < d; j++)
        features[j] = (int32_t)b->order[j];
    draw_rows(c, &rng, s->n, b);
    VISML_TRY(visml_subset_take(c->object.context, run, s, b->rows, b->taken, columns, d, &own, err));
    visml_status status = visml_part_learn(c, part, c->of[0], k, &own.samples, own.classes, run, err);
    visml_subset_clear(c->object.context, &own);
    return status == VISML_OK && o->oob ? ask_others(c, part, k, s, run, columns, b, err) : status;
}

static visml_status fit_parts(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, bag *b,
                              visml_error *err) {
    const visml_bagging_opts *o = c->object.opts;
    int64_t d = columns_of(c);
    int32_t *features = visml_object_array_new(&c->object, "features", VISML_I32, VISML_SHAPE(o->n_estimators, d), err);
    double *score = features && o->oob ? visml_object_array_new(&c->object, "oob_score", VISML_F64, VISML_SHAPE(1), err) : NULL;
    if (!features || (o->oob && !score))
        return VISML_ENOMEM;
    for (int32_t i = 0; i < o->n_estimators; i++) {
        VISML_TRY(fit_part(c, (size_t)i, k, s, run, features + i * d, b, err));
        VISML_TRY(visml_fit_tick(run, i + 1, o->n_estimators, NAN, NAN, err));
    }
    if (o->oob)
        score[0] = score_of(s, b);
    return VISML_OK;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_bagging_opts *o = c->object.opts;
    visml_memory *m = visml_classifier_memory(c);
    size_t n = (size_t)s->n, longest = (size_t)(s->n > s->d ? s->n : s->d);
    bag b = {0};
    b.rows = visml_mem_zalloc(m, 2 * n + longest, sizeof *b.rows, err);
    b.inside = b.rows ? visml_mem_zalloc(m, n, 1, err) : NULL;
    b.sums = b.inside ? visml_mem_zalloc(m, o->oob ? n * (size_t)outputs(c) : 1, sizeof *b.sums, err) : NULL;
    visml_status status = b.sums ? visml_classifier_parts_new(c, (size_t)o->n_estimators, err) : VISML_ENOMEM;
    if (status == VISML_OK) {
        b.asked = b.rows + n;
        b.order = b.asked + n;
        status = fit_parts(c, k, s, run, &b, err);
    }
    visml_mem_free(m, b.rows);
    visml_mem_free(m, b.inside);
    visml_mem_free(m, b.sums);
    return status;
}

/* ---- running ---- */

#define ROWS 1024 /* whose columns are put together at a time */

static int64_t rows_of(const visml_classifier *c, int64_t n) {
    return columns_of(c) < c->dims && n > ROWS ? ROWS : n;
}

static size_t sums_bytes(const visml_classifier *c, int64_t n) {
    return visml_align64((size_t)(n * outputs(c)) * sizeof(double));
}

static size_t columns_bytes(const visml_classifier *c, int64_t n) {
    return columns_of(c) < c->dims ? visml_align64((size_t)(n * columns_of(c)) * sizeof(float)) : 0;
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    int64_t rows = rows_of(c, n);
    size_t bytes;
    return visml_size_add(sums_bytes(c, rows) + columns_bytes(c, rows), visml_parts_room(c, k, rows), &bytes) ? bytes : SIZE_MAX;
}

/* The columns of a part, row after row. */
static void put_together(const visml_samples *s, const int32_t *features, visml_samples *to, float *x) {
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t j = 0; j < to->d; j++)
            x[i * to->d + j] = visml_samples_at(s, i, features[j]);
    to->x = x;
    to->row_stride = to->d;
    to->column_stride = 1;
}

static void decide_rows(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    const int32_t *features = visml_object_array_data(&c->object, "features");
    int64_t d = columns_of(c), width = outputs(c);
    size_t sums = sums_bytes(c, s->n), columns = columns_bytes(c, s->n);
    char *at = memory;
    memset(memory, 0, sums);
    for (size_t p = 0; p < c->part_count; p++) {
        visml_samples own = *s;
        own.d = d;
        if (d < s->d)
            put_together(s, features + (int64_t)p * d, &own, (float *)(void *)(at + sums));
        visml_part_add(c->parts[p], k, &own, is_hard(c), 1, width, memory, at + sums + columns);
    }
    for (int64_t i = 0; i < s->n * width; i++)
        y[i] = (float)(((double *)memory)[i] / (double)c->part_count);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    int64_t rows = rows_of(c, s->n);
    for (int64_t begin = 0; begin < s->n; begin += rows) {
        visml_samples some = visml_samples_some(s, begin, s->n - begin < rows ? s->n - begin : rows);
        decide_rows(c, k, &some, y + begin * outputs(c), memory);
    }
}

static int has_probabilities(const visml_classifier *c) {
    return visml_classifier_task(c) == VISML_TASK_CLASSIFICATION && visml_classifier_has_probabilities(c->of[0]);
}

/* ---- files ---- */

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    const visml_bagging_opts *opts = o->opts;
    int64_t one = 1, dims[2] = {opts->n_estimators, columns_of(c)};
    VISML_TRY(visml_parts_expect(c, (size_t)opts->n_estimators, dims[1], err));
    VISML_TRY(visml_object_array_expect(o, "features", VISML_I32, 2, dims, err));
    const int32_t *features = visml_object_array_data(o, "features");
    for (int64_t i = 0; i < dims[0] * dims[1]; i++)
        if (features[i] < 0 || features[i] >= c->dims)
            return visml_fail(err, VISML_EFORMAT, "bagging: array \"features\" has %d, must be 0 to %lld", (int)features[i],
                              (long long)c->dims - 1);
    for (size_t p = 0; p < c->part_count; p++)
        VISML_TRY(visml_part_expect_classes(c, p, c->class_count, 0, err));
    return opts->oob ? visml_object_array_expect(o, "oob_score", VISML_F64, 1, &one, err) : VISML_OK;
}

const visml_classifier_class visml_classifier_bagging_class = {
    .kind = {.name = "bagging", .opts_size = sizeof(visml_bagging_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH,
    .check_of = check_of,
    .fit = fit,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = decide,
    .has_probabilities = has_probabilities,
};

visml_classifier *visml_classifier_bagging(visml_context *ctx, visml_classifier *classifier, const visml_bagging_opts *opts,
                                           visml_error *err) {
    return visml_classifier_make_of(ctx, &visml_classifier_bagging_class, opts, &classifier, 1, err);
}
