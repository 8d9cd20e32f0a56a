/* Probabilities for what has none, or better ones: parts learn from some rows, and what they decide by is calibrated with the others (Platt
 * 1999; Zadrozny and Elkan 2002). Of more than two classes each is calibrated against all others, and the results are divided by their
 * sum. With folds there is a part for each, and their probabilities are averaged. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/calibrate.h"
#include "classify/parts.h"

#define STREAM_CALIBRATION 0x636cU /* "cl": what a key is for */

static const char *const method_names[] = {"sigmoid", "isotonic", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_calibration_opts, method, VISML_CALIBRATION_SIGMOID, method_names),
    VISML_FIELD(visml_calibration_opts, cv, I32, 0, 1, 2, 1000, 5),
    VISML_FIELD_OF_RESERVED(visml_calibration_opts),
    VISML_FIELD(visml_calibration_opts, held_out, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

static const visml_calibration_opts *options_of(const visml_classifier *c) {
    return c->object.opts;
}

static visml_status check_of(const visml_classifier *c, visml_error *err) {
    if (c->of_count != 1)
        return visml_fail(err, VISML_EINVAL, "calibration: of: there are %zu classifiers, must be one", c->of_count);
    return visml_check_of(c, 1 << VISML_TASK_CLASSIFICATION, err);
}

static int64_t parts_of(const visml_classifier *c) {
    return options_of(c)->held_out > 0 ? 1 : options_of(c)->cv;
}

/* What is calibrated of each part. */
static int64_t columns_of(const visml_classifier *c) {
    return c->class_count == 2 ? 1 : c->class_count;
}

/* ---- which rows ---- */

/* Fold 0 are those held out: of each class its share, by chance, but at least one row, and one less than there are at most. left: [K]. */
static visml_status hold_out(const visml_classifier *c, const visml_samples *s, uint64_t seed, int64_t *order, int64_t *left, int32_t *fold,
                             visml_error *err) {
    visml_rng rng;
    visml_rng_init(&rng, visml_key(seed, STREAM_CALIBRATION));
    memset(left, 0, (size_t)s->class_count * sizeof *left);
    for (int64_t i = 0; i < s->n; i++) {
        left[s->places[i]]++;
        order[i] = i;
        fold[i] = 1;
    }
    for (int64_t k = 0; k < s->class_count; k++) {
        int64_t count = left[k], share = (int64_t)(options_of(c)->held_out * (double)count + 0.5);
        if (count < 2)
            return visml_fail(err, VISML_EINVAL, "calibration: a class has %lld rows, must have 2 at least", (long long)count);
        left[k] = share < 1 ? 1 : share >= count ? count - 1 : share;
    }
    visml_rng_shuffle(&rng, order, (size_t)s->n);
    for (int64_t i = 0; i < s->n; i++)
        if (left[s->places[order[i]]] > 0) {
            left[s->places[order[i]]]--;
            fold[order[i]] = 0;
        }
    return VISML_OK;
}

/* ---- learning ---- */

/* Room for one fold after the other, and what was found. */
typedef struct calibration {
    int32_t *fold;      /* [n] */
    int64_t *rows;      /* [n] */
    int64_t *left;      /* [K] */
    visml_scored *list; /* [n] */
    double *points, *values; /* of all functions, one behind the other: [n columns] */
    int32_t *offsets;   /* [parts columns + 1]: where those of each begin */
    double *slopes, *intercepts; /* [parts columns] */
} calibration;

static void calibrate_column(const visml_classifier *c, const visml_samples *s, const float *y, int64_t column, int64_t function,
                             calibration *w) {
    int64_t columns = columns_of(c);
    for (int64_t i = 0; i < s->n; i++)
        w->list[i] = (visml_scored){(double)y[i * columns + column], visml_samples_weight(s, i),
                                    s->places[i] == (columns == 1 ? 1 : column)};
    if (options_of(c)->method == VISML_CALIBRATION_SIGMOID) {
        visml_calibrate_sigmoid(s->n, w->list, &w->slopes[function], &w->intercepts[function]);
        return;
    }
    int32_t at = w->offsets[function];
    w->offsets[function + 1] = at + (int32_t)visml_calibrate_isotonic(s->n, w->list, w->points + at, w->values + at);
}

static void respond(const visml_classifier *part, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    if (part->class_count == 2)
        visml_part_confidence(part, k, s, y, NULL, room);
    else
        visml_part_response(part, k, s, y, room);
}

/* What all rows get. */
typedef struct responses {
    const visml_classifier *part;
    const visml_compute *compute;
    int64_t columns;
    float *y; /* [n, columns] */
    void *room;
} responses;

static void respond_some(void *arg, const visml_samples *some, int64_t begin) {
    const responses *r = arg;
    respond(r->part, r->compute, some, r->y + begin * r->columns, r->room);
}

static visml_status calibrate_by(const visml_classifier *c, int64_t part, const visml_samples *s, const visml_fit_run *run,
                                 responses *r, calibration *w, visml_error *err) {
    VISML_TRY(visml_part_ask(r->part, s, run, respond_some, r, err));
    for (int64_t j = 0; j < r->columns; j++) {
        calibrate_column(c, s, r->y, j, part * r->columns + j, w);
        VISML_TRY(visml_fit_tick(run, part, parts_of(c), NAN, NAN, err));
    }
    return VISML_OK;
}

/* The other rows. */
static visml_status calibrate_part(visml_classifier *c, int64_t part, const visml_compute *k, const visml_samples *s,
                                   const visml_fit_run *run, calibration *w, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    int64_t rows = visml_part_rows(c->parts[part], s->n);
    size_t bytes = visml_align64((size_t)(s->n * columns_of(c)) * sizeof(float));
    float *y = visml_mem_alloc(m, bytes + visml_parts_room(c, k, rows), err);
    responses r = {.part = c->parts[part], .compute = k, .columns = columns_of(c), .y = y, .room = y ? (char *)y + bytes : NULL};
    visml_status status = y ? calibrate_by(c, part, s, run, &r, w, err) : VISML_ENOMEM;
    visml_mem_free(m, y);
    return status;
}

static int has_weight(const visml_samples *s) {
    for (int64_t i = 0; i < s->n; i++)
        if (visml_samples_weight(s, i) > 0)
            return 1;
    return 0;
}

static visml_status fit_part(visml_classifier *c, int64_t part, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                             calibration *w, visml_error *err) {
    visml_context *ctx = c->object.context;
    visml_subset own;
    int64_t n = visml_fold_rows(s->n, w->fold, (int32_t)part, 0, w->rows);
    VISML_TRY(visml_subset_take(ctx, run, s, w->rows, n, NULL, 0, &own, err));
    visml_status status = visml_part_learn(c, (size_t)part, c->of[0], k, &own.samples, own.classes, run, err);
    visml_subset_clear(ctx, &own);
    VISML_TRY(status);
    n = visml_fold_rows(s->n, w->fold, (int32_t)part, 1, w->rows);
    VISML_TRY(visml_subset_take(ctx, run, s, w->rows, n, NULL, 0, &own, err));
    /* Classes are those of all rows again: both have every class. */
    if (!has_weight(&own.samples))
        status = visml_fail(err, VISML_EINVAL, "calibration: some of the rows to calibrate with have no weight");
    else
        status = calibrate_part(c, part, k, &own.samples, run, w, err);
    visml_subset_clear(ctx, &own);
    return status;
}

static visml_status new_numbers(visml_classifier *c, const char *name, int64_t n, const double *from, double **to, visml_error *err) {
    *to = visml_object_array_new(&c->object, name, VISML_F64, VISML_SHAPE(n), err);
    if (*to && from)
        memcpy(*to, from, (size_t)n * sizeof **to);
    return *to ? VISML_OK : VISML_ENOMEM;
}

static visml_status fit_parts(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, calibration *w,
                              visml_error *err) {
    int64_t parts = parts_of(c), functions = parts * columns_of(c);
    int sigmoid = options_of(c)->method == VISML_CALIBRATION_SIGMOID;
    double *unused;
    if (options_of(c)->held_out > 0)
        VISML_TRY(hold_out(c, s, run->seed, w->rows, w->left, w->fold, err));
    else
        VISML_TRY(visml_folds(c, s, options_of(c)->cv, w->fold, err));
    if (sigmoid) {
        VISML_TRY(new_numbers(c, "slopes", functions, NULL, &w->slopes, err));
        VISML_TRY(new_numbers(c, "intercepts", functions, NULL, &w->intercepts, err));
    } else {
        w->offsets = visml_object_array_new(&c->object, "offsets", VISML_I32, VISML_SHAPE(functions + 1), err);
        if (!w->offsets)
            return VISML_ENOMEM;
    }
    for (int64_t p = 0; p < parts; p++)
        VISML_TRY(fit_part(c, p, k, s, run, w, err));
    if (sigmoid)
        return VISML_OK;
    VISML_TRY(new_numbers(c, "points", w->offsets[functions], w->points, &unused, err));
    return new_numbers(c, "values", w->offsets[functions], w->values, &unused, err);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    size_t n = (size_t)s->n, points = n * (size_t)columns_of(c);
    if (points > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "calibration: there are %lld rows of %lld classes, more than can be counted", (long long)s->n,
                          (long long)c->class_count);
    calibration w = {0};
    w.fold = visml_mem_alloc(m, n * sizeof *w.fold, err);
    w.rows = w.fold ? visml_mem_alloc(m, (n + (size_t)c->class_count) * sizeof *w.rows, err) : NULL;
    w.list = w.rows ? visml_mem_alloc(m, n * sizeof *w.list, err) : NULL;
    w.points = w.list ? visml_mem_alloc(m, 2 * points * sizeof *w.points, err) : NULL;
    visml_status status = w.points ? visml_classifier_parts_new(c, (size_t)parts_of(c), err) : VISML_ENOMEM;
    if (status == VISML_OK) {
        w.left = w.rows + n;
        w.values = w.points + points;
        status = fit_parts(c, k, s, run, &w, err);
    }
    visml_mem_free(m, w.fold);
    visml_mem_free(m, w.rows);
    visml_mem_free(m, w.list);
    visml_mem_free(m, w.points);
    return status;
}

/* ---- running ---- */

static int64_t outputs(const visml_classifier *c) {
    return c->class_count;
}

static size_t y_bytes(const visml_classifier *c, int64_t n) {
    return visml_align64((size_t)(n * c->class_count) * sizeof(float));
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return 2 * y_bytes(c, n) + visml_parts_room(c, k, n);
}

static double apply(const visml_classifier *c, int64_t function, double score) {
    const visml_object *o = &c->object;
    if (options_of(c)->method == VISML_CALIBRATION_SIGMOID)
        return visml_sigmoid_at(((const double *)visml_object_array_data(o, "slopes"))[function],
                                ((const double *)visml_object_array_data(o, "intercepts"))[function], score);
    const int32_t *offsets = visml_object_array_data(o, "offsets");
    const double *points = visml_object_array_data(o, "points"), *values = visml_object_array_data(o, "values");
    int64_t first = offsets[function], n = offsets[function + 1] - first;
    return visml_isotonic_at(n, points + first, values + first, score);
}

/* p[n, K] by one part. y: what it decides by. */
static void calibrated(const visml_classifier *c, int64_t part, int64_t n, const float *y, float *p) {
    int64_t columns = columns_of(c), classes = c->class_count;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < columns; j++) {
            double v = apply(c, part * columns + j, (double)y[i * columns + j]);
            p[i * classes + (columns == 1 ? 1 : j)] = (float)v;
            if (columns == 1)
                p[i * classes] = (float)(1 - v);
        }
    visml_shares(n, classes, p);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *memory) {
    float *y = memory, *own = (float *)(void *)((char *)memory + y_bytes(c, s->n));
    int64_t all = s->n * c->class_count, parts = parts_of(c);
    for (int64_t part = 0; part < parts; part++) {
        respond(c->parts[part], k, s, y, (char *)memory + 2 * y_bytes(c, s->n));
        calibrated(c, part, s->n, y, part ? own : p);
        for (int64_t i = 0; part && i < all; i++)
            p[i] += own[i];
    }
    for (int64_t i = 0; i < all; i++)
        p[i] /= (float)parts;
}

/* ---- files ---- */

static visml_status check_finite(const visml_object *o, const char *name, visml_error *err) {
    const visml_tensor *t = visml_object_array_get(o, name);
    const double *v = visml_object_array_data(o, name);
    for (int64_t i = 0; i < t->count; i++)
        if (!isfinite(v[i]))
            return visml_fail(err, VISML_EFORMAT, "calibration: array \"%s\" has %g, must be finite", name, v[i]);
    return VISML_OK;
}

/* Every function has a point at least; points ascend; values are probabilities. */
static visml_status check_steps(const visml_object *o, int64_t functions, visml_error *err) {
    const int32_t *offsets = visml_object_array_data(o, "offsets");
    const double *points = visml_object_array_data(o, "points"), *values = visml_object_array_data(o, "values");
    int64_t n = visml_object_array_get(o, "points")->count;
    int good = offsets[0] == 0 && offsets[functions] == n;
    for (int64_t f = 0; good && f < functions; f++)
        good = offsets[f] < offsets[f + 1] && offsets[f + 1] <= n;
    for (int64_t f = 0; good && f < functions; f++)
        for (int64_t i = offsets[f]; i < offsets[f + 1]; i++)
            good &= values[i] >= 0 && values[i] <= 1 && (i == offsets[f] || points[i] > points[i - 1]);
    return good ? VISML_OK : visml_fail(err, VISML_EFORMAT, "calibration: arrays \"offsets\", \"points\", \"values\" are no rising steps");
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    int64_t functions = parts_of(c) * columns_of(c), count = functions + 1, points = -1;
    VISML_TRY(visml_parts_expect(c, (size_t)parts_of(c), c->dims, err));
    for (size_t p = 0; p < c->part_count; p++)
        VISML_TRY(visml_part_expect_classes(c, p, c->class_count, 1, err));
    if (options_of(c)->method == VISML_CALIBRATION_SIGMOID) {
        VISML_TRY(visml_object_array_expect(o, "slopes", VISML_F64, 1, &functions, err));
        VISML_TRY(visml_object_array_expect(o, "intercepts", VISML_F64, 1, &functions, err));
        VISML_TRY(check_finite(o, "slopes", err));
        return check_finite(o, "intercepts", err);
    }
    VISML_TRY(visml_object_array_expect(o, "offsets", VISML_I32, 1, &count, err));
    VISML_TRY(visml_object_array_expect(o, "points", VISML_F64, 1, &points, err));
    VISML_TRY(visml_object_array_expect(o, "values", VISML_F64, 1, &points, err));
    VISML_TRY(check_finite(o, "points", err));
    return check_steps(o, functions, err);
}

const visml_classifier_class visml_classifier_calibration_class = {
    .kind = {.name = "calibration", .opts_size = sizeof(visml_calibration_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_WEIGH,
    .check_of = check_of,
    .fit = fit,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = decide,
};

visml_classifier *visml_classifier_calibration(visml_context *ctx, visml_classifier *classifier, const visml_calibration_opts *opts,
                                               visml_error *err) {
    return visml_classifier_make_of(ctx, &visml_classifier_calibration_class, opts, &classifier, 1, err);
}
