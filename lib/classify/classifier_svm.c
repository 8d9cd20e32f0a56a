/* Support vector classification (Cortes and Vapnik 1995; with nu Scholkopf et al. 2000), one problem for each pair of classes. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/svm_machine.h"
#include "classify/svm_pairs.h"
#include "classify/svm_probability.h"

static const char *const shape_names[] = {"ovr", "ovo", NULL};

VISML_SVM_FIELDS(visml_svm_opts)
    VISML_FIELD(visml_svm_opts, C, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_svm_opts, nu, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 0),
    VISML_FIELD(visml_svm_opts, probability, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_svm_opts, decision_function_shape, VISML_SVM_ONE_VS_REST, shape_names),
    {0},
};

/* ---- what decisions of pairs say ---- */

static int64_t outputs(const visml_classifier *c) {
    const visml_svm_opts *o = c->object.opts;
    if (c->class_count == 2)
        return 1;
    return o->decision_function_shape == VISML_SVM_ONE_VS_ONE ? visml_svm_pairs(c) : c->class_count;
}

/* Votes, and what decisions add up to brought to less than a third of a vote, as scikit-learn does. room: [2, K]. */
static void say_votes(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room) {
    int64_t k = c->class_count;
    double *votes = room, *sums = room + k;
    memset(room, 0, (size_t)(2 * k) * sizeof *room);
    for (int64_t a = 0; a < k; a++)
        for (int64_t b = a + 1; b < k; b++, decisions++) {
            votes[*decisions < 0 ? b : a]++;
            sums[a] += *decisions;
            sums[b] -= *decisions;
        }
    for (int64_t a = 0; a < k; a++)
        ((float *)out)[row * k + a] = (float)(votes[a] + sums[a] / (3 * (fabs(sums[a]) + 1)));
}

static void say_pairs(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room) {
    int64_t n = visml_svm_pairs(c);
    (void)room;
    for (int64_t i = 0; i < n; i++)
        ((float *)out)[row * n + i] = (float)decisions[i];
}

/* Positive for the second of two classes. */
static void say_second(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room) {
    (void)c, (void)room;
    ((float *)out)[row] = (float)-decisions[0];
}

/* The class that most pairs vote for, the first of equals. room: [K]. */
static void say_class(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room) {
    int64_t k = c->class_count;
    int32_t best = 0;
    memset(room, 0, (size_t)k * sizeof *room);
    for (int64_t a = 0; a < k; a++)
        for (int64_t b = a + 1; b < k; b++, decisions++)
            room[*decisions > 0 ? a : b]++;
    for (int32_t a = 1; a < k; a++)
        if (room[a] > room[best])
            best = a;
    ((int32_t *)out)[row] = best;
}

#define LEAST 1e-7 /* probability of a pair: as in LIBSVM */

/* room: [K, K], [K], [K (K + 1)]. */
static void say_probabilities(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room) {
    const double *a = visml_object_array_data(&c->object, "prob_a"), *b = visml_object_array_data(&c->object, "prob_b");
    int64_t k = c->class_count, pair = 0;
    double *of_pairs = room, *p = room + k * k;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = i + 1; j < k; j++, pair++) {
            double first = visml_sigmoid(decisions[pair], a[pair], b[pair]);
            first = first < LEAST ? LEAST : first > 1 - LEAST ? 1 - LEAST : first;
            of_pairs[i * k + j] = first, of_pairs[j * k + i] = 1 - first;
        }
    if (k == 2)
        p[0] = of_pairs[1], p[1] = of_pairs[2];
    else
        visml_couple_pairs(k, of_pairs, p, p + k);
    for (int64_t i = 0; i < k; i++)
        ((float *)out)[row * k + i] = (float)p[i];
}

/* ---- running ---- */

/* What say_probabilities needs, which is most. */
static int64_t room_of(const visml_classifier *c) {
    return 2 * c->class_count * (c->class_count + 1);
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    (void)n;
    return visml_svm_scratch(c, k, room_of(c));
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    const visml_svm_opts *o = c->object.opts;
    visml_svm_say *say = c->class_count == 2 ? say_second : o->decision_function_shape == VISML_SVM_ONE_VS_ONE ? say_pairs : say_votes;
    visml_svm_run(c, k, s, room_of(c), say, y, room);
}

static void choose(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int32_t *places, void *room) {
    visml_svm_run(c, k, s, room_of(c), say_class, places, room);
}

static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *room) {
    visml_svm_run(c, k, s, room_of(c), say_probabilities, p, room);
}

static int has_probabilities(const visml_classifier *c) {
    return ((const visml_svm_opts *)c->object.opts)->probability;
}

static visml_status restore(visml_object *o, visml_error *err) {
    static const char *const names[] = {"prob_a", "prob_b", NULL};
    visml_classifier *c = (visml_classifier *)o;
    if (c->class_count < 2)
        return visml_fail(err, VISML_EFORMAT, "svm: \"classes\" must be two at least");
    return visml_svm_restore(c, has_probabilities(c) ? names : names + 2, err);
}

const visml_classifier_class visml_classifier_svm_class = {
    .kind = {.name = "svm", .opts_size = sizeof(visml_svm_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_WEIGH,
    .fit = visml_svm_fit_pairs,
    .prepare = visml_svm_prepare,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = probabilities,
    .has_probabilities = has_probabilities,
    .choose = choose,
};

visml_classifier *visml_classifier_svm(visml_context *ctx, const visml_svm_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_svm_class, opts, err);
}
