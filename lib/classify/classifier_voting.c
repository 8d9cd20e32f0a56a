/* Several learn the same; the majority decides, or the mean of their probabilities, or of the numbers that they say. */
#include <string.h>

#include "base/error.h"
#include "classify/parts.h"

static const char *const voting_names[] = {"hard", "soft", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_voting_opts, voting, VISML_VOTING_HARD, voting_names),
    VISML_FIELD(visml_voting_opts, weights, F64, VISML_FIELD_LIST, VISML_MAX_VOTERS, 1e-6, 1e6, 0),
    {0},
};

static int is_hard(const visml_classifier *c) {
    return ((const visml_voting_opts *)c->object.opts)->voting == VISML_VOTING_HARD;
}

static visml_status check_of(const visml_classifier *c, visml_error *err) {
    const visml_voting_opts *o = c->object.opts;
    size_t weights = 0;
    VISML_TRY(visml_check_of(c, 1 << VISML_TASK_CLASSIFICATION | 1 << VISML_TASK_REGRESSION, err));
    while (weights < VISML_MAX_VOTERS && o->weights[weights] > 0)
        weights++;
    if (weights && weights != c->of_count)
        return visml_fail(err, VISML_EINVAL, "voting: there are %zu weights, must be %zu, one for each classifier", weights, c->of_count);
    for (size_t i = 0; !is_hard(c) && visml_classifier_task(c) == VISML_TASK_CLASSIFICATION && i < c->of_count; i++)
        if (!visml_classifier_has_probabilities(c->of[i]))
            return visml_fail(err, VISML_EINVAL, "voting: of[%zu]: %s has no probabilities; put calibration around it, or let it be hard",
                              i, visml_classifier_what(c->of[i]));
    return VISML_OK;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    visml_tensor *classes = c->class_count ? visml_part_classes(c->object.context, c->class_count, err) : NULL;
    visml_status status = c->class_count && !classes ? VISML_ENOMEM : visml_classifier_parts_new(c, c->of_count, err);
    for (size_t i = 0; status == VISML_OK && i < c->of_count; i++)
        status = visml_part_learn(c, i, c->of[i], k, s, classes, run, err);
    visml_tensor_release(classes);
    return status;
}

/* ---- running ---- */

static int64_t outputs(const visml_classifier *c) {
    return c->class_count ? c->class_count : 1;
}

static size_t sums_bytes(const visml_classifier *c, int64_t n) {
    return visml_align64((size_t)n * (size_t)outputs(c) * sizeof(double));
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return sums_bytes(c, n) + visml_parts_room(c, k, n);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    const visml_voting_opts *o = c->object.opts;
    double *sums = memory, all = 0;
    memset(sums, 0, sums_bytes(c, s->n));
    for (size_t i = 0; i < c->part_count; i++) {
        double weight = o->weights[0] > 0 ? o->weights[i] : 1;
        visml_part_add(c->parts[i], k, s, is_hard(c), weight, outputs(c), sums, (char *)memory + sums_bytes(c, s->n));
        all += weight;
    }
    for (int64_t i = 0; i < s->n * outputs(c); i++)
        y[i] = (float)(sums[i] / all);
}

static int has_probabilities(const visml_classifier *c) {
    return !is_hard(c) && visml_classifier_task(c) == VISML_TASK_CLASSIFICATION;
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    VISML_TRY(visml_parts_expect(c, c->of_count, c->dims, err));
    for (size_t p = 0; p < c->part_count; p++)
        VISML_TRY(visml_part_expect_classes(c, p, c->class_count, 1, err));
    return VISML_OK;
}

const visml_classifier_class visml_classifier_voting_class = {
    .kind = {.name = "voting", .opts_size = sizeof(visml_voting_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH,
    .check_of = check_of,
    .fit = fit,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = decide,
    .has_probabilities = has_probabilities,
};

visml_classifier *visml_classifier_voting(visml_context *ctx, visml_classifier *const *classifiers, size_t n, const visml_voting_opts *opts,
                                          visml_error *err) {
    return visml_classifier_make_of(ctx, &visml_classifier_voting_class, opts, classifiers, n, err);
}
