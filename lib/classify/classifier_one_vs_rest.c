/* Many classes by what tells two apart: each against all others. Part k learns whether a row is of class k; of two classes there is one
 * part. */
#include <string.h>

#include "base/error.h"
#include "classify/parts.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_one_vs_rest_opts),
    {0},
};

static visml_status check_of(const visml_classifier *c, visml_error *err) {
    if (c->of_count != 1)
        return visml_fail(err, VISML_EINVAL, "one_vs_rest: of: there are %zu classifiers, must be one", c->of_count);
    return visml_check_of(c, 1 << VISML_TASK_CLASSIFICATION, err);
}

static int64_t parts_of(const visml_classifier *c) {
    return c->class_count > 2 ? c->class_count : 1;
}

static visml_status fit_parts(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                              visml_tensor *two, int32_t *places, visml_error *err) {
    visml_samples own = *s;
    own.places = places;
    own.class_count = 2;
    VISML_TRY(visml_classifier_parts_new(c, (size_t)parts_of(c), err));
    for (int64_t p = 0; p < parts_of(c); p++) {
        for (int64_t i = 0; i < s->n; i++)
            places[i] = c->class_count > 2 ? s->places[i] == p : s->places[i];
        VISML_TRY(visml_part_learn(c, (size_t)p, c->of[0], k, &own, two, run, err));
    }
    return VISML_OK;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    visml_tensor *two = visml_part_classes(c->object.context, 2, err);
    int32_t *places = two ? visml_mem_alloc(m, (size_t)s->n * sizeof *places, err) : NULL;
    visml_status status = places ? fit_parts(c, k, s, run, two, places, err) : VISML_ENOMEM;
    visml_mem_free(m, places);
    visml_tensor_release(two);
    return status;
}

/* ---- running ---- */

static size_t column_bytes(int64_t n) {
    return visml_align64((size_t)n * sizeof(float));
}

static size_t sums_bytes(int64_t n) {
    return visml_align64(2 * (size_t)n * sizeof(double));
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return sums_bytes(n) + visml_parts_room(c, k, n);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    int64_t parts = parts_of(c);
    float *column = memory;
    for (int64_t p = 0; p < parts; p++) {
        visml_part_confidence(c->parts[p], k, s, column, NULL, (char *)memory + column_bytes(s->n));
        for (int64_t i = 0; i < s->n; i++)
            y[i * parts + p] = column[i];
    }
}

/* Those of each part for itself, divided by their sum. */
static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *memory) {
    int64_t classes = c->class_count;
    double *sums = memory;
    for (int64_t part = 0; part < parts_of(c); part++) {
        memset(sums, 0, 2 * (size_t)s->n * sizeof *sums);
        visml_part_add(c->parts[part], k, s, 0, 1, 2, sums, (char *)memory + sums_bytes(s->n));
        for (int64_t i = 0; i < s->n; i++) {
            p[i * classes + (classes == 2 ? 1 : part)] = (float)sums[2 * i + 1];
            if (classes == 2)
                p[i * classes] = (float)sums[2 * i];
        }
    }
    visml_shares(s->n, classes, p);
}

static int has_probabilities(const visml_classifier *c) {
    return visml_classifier_has_probabilities(c->of[0]);
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    VISML_TRY(visml_parts_expect(c, (size_t)parts_of(c), c->dims, err));
    for (size_t p = 0; p < c->part_count; p++)
        VISML_TRY(visml_part_expect_classes(c, p, 2, 1, err));
    return VISML_OK;
}

const visml_classifier_class visml_classifier_one_vs_rest_class = {
    .kind = {.name = "one_vs_rest", .opts_size = sizeof(visml_one_vs_rest_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_WEIGH,
    .check_of = check_of,
    .fit = fit,
    .scratch = scratch,
    .decide = decide,
    .probabilities = probabilities,
    .has_probabilities = has_probabilities,
};

visml_classifier *visml_classifier_one_vs_rest(visml_context *ctx, visml_classifier *classifier, const visml_one_vs_rest_opts *opts,
                                               visml_error *err) {
    return visml_classifier_make_of(ctx, &visml_classifier_one_vs_rest_class, opts, &classifier, 1, err);
}
