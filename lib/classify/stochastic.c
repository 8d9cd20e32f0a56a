#include "classify/stochastic.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/linear.h"
#include "classify/margin_loss.h"
#include "classify/row_pass.h"
#include "kernel/elementwise.h"
#include "kernel/kernels.h"

#define SMALLEST_SCALE 1e-9 /* of a vector before it is multiplied out */
#define MOST_SLOPE 1e12

/* One output. Its coefficients are scale * w, so that shrinking all of them is one multiplication.
 *
 * Their mean over steps: with w growing by c x in a step, the sum over steps of scale * w is weight * w - behind, where weight is the sum
 * of the scales and behind the sum of weight c x, the weight being that of the steps before (Xu 2011): nothing is done in steps without an
 * update. */
typedef struct learner {
    float *w;      /* [D] */
    float *behind; /* [D]; NULL: no mean */
    float *paid;   /* [D]: penalties of magnitudes that each coefficient was made to pay (Tsuruoka et al. 2009); NULL: none */
    double scale, intercept;
    double weight, mean_intercept;
    int64_t meant; /* steps that the mean is of */
    double due;    /* penalties of magnitudes that each coefficient should have paid */
    double t, eta;
    double losses; /* of this pass */
    double best;   /* objective of a pass */
    int32_t stale; /* passes without a better one */
    int32_t done;
} learner;

typedef struct solver {
    const visml_stochastic *o;
    const visml_compute *compute;
    const visml_samples *samples;
    const visml_samples *validation;
    learner *learners;
    int64_t outputs;
    double first_step; /* VISML_STEP_OPTIMAL: t0 */
    float *turned;     /* [workers, D]: a validation row */
} solver;

/* ---- a step ---- */

static void multiply_out(const solver *s, learner *l) {
    s->compute->kernels->scale((size_t)s->samples->d, l->w, (float)l->scale, 0, l->w);
    l->weight = l->scale > 0 ? l->weight / l->scale : 0;
    l->scale = 1;
}

/* Nothing is left of the coefficients, but the mean knows what they were. */
static void clear(const solver *s, learner *l) {
    size_t d = (size_t)s->samples->d;
    if (l->behind)
        s->compute->kernels->sgd(d, l->behind, l->w, (float)l->weight);
    memset(l->w, 0, d * sizeof *l->w);
    l->scale = 1;
}

static void shrink(const solver *s, learner *l, double by) {
    if (by <= 0) {
        clear(s, l);
        return;
    }
    l->scale *= by;
    if (l->scale < SMALLEST_SCALE)
        multiply_out(s, l);
}

static void add(const solver *s, learner *l, const float *x, double step) {
    size_t d = (size_t)s->samples->d;
    double c = step / l->scale;
    s->compute->kernels->sgd(d, l->w, x, (float)-c);
    if (l->behind && l->weight > 0)
        s->compute->kernels->sgd(d, l->behind, x, (float)(-c * l->weight));
}

/* A coefficient pays what is due, but never more than takes it to 0. */
static void pay(const solver *s, learner *l) {
    float due = (float)l->due, scale = (float)l->scale, weight = (float)l->weight;
    for (int64_t j = 0; j < s->samples->d; j++) {
        float before = l->w[j], after = before;
        if (before > 0) {
            after = before - (due + l->paid[j]) / scale;
            after = after > 0 ? after : 0;
        } else if (before < 0) {
            after = before + (due - l->paid[j]) / scale;
            after = after < 0 ? after : 0;
        }
        l->w[j] = after;
        l->paid[j] += scale * (after - before);
        if (l->behind)
            l->behind[j] += weight * (after - before);
    }
}

static void count_mean(learner *l) {
    l->meant++;
    l->weight += l->scale;
    l->mean_intercept += (l->intercept - l->mean_intercept) / (double)l->meant;
}

static double rate(const solver *s, const learner *l) {
    const visml_stochastic *o = s->o;
    if (o->step == VISML_STEP_OPTIMAL)
        return 1 / (o->alpha * (s->first_step + l->t - 1));
    return o->step == VISML_STEP_INVSCALING ? o->eta0 / pow(l->t, o->power_t) : l->eta;
}

/* How far to go along x; of passive-aggressive steps just as far as it takes. */
static double step_of(const solver *s, const float *x, double p, double y, double loss, double eta) {
    const visml_stochastic *o = s->o;
    if (o->step != VISML_STEP_PASSIVE_1 && o->step != VISML_STEP_PASSIVE_2) {
        double slope = visml_margin_slope(o->loss, o->epsilon, p, y);
        return -eta * (slope < -MOST_SLOPE ? -MOST_SLOPE : slope > MOST_SLOPE ? MOST_SLOPE : slope);
    }
    double squares = (double)s->compute->kernels->reduce_squares((size_t)s->samples->d, x);
    double length = o->step == VISML_STEP_PASSIVE_2 ? loss / (squares + 0.5 / o->eta0) : squares > 0 ? fmin(o->eta0, loss / squares) : 0;
    return s->samples->targets ? (y < p ? -length : length) : y * length;
}

static double output_of(const solver *s, const learner *l, const float *x) {
    return l->scale * (double)s->compute->kernels->reduce_dot((size_t)s->samples->d, l->w, x) + l->intercept;
}

static void learn_row(const solver *s, learner *l, const float *x, double y, double weight) {
    const visml_stochastic *o = s->o;
    double p = output_of(s, l, x), eta = rate(s, l), loss = visml_margin_loss(o->loss, o->epsilon, p, y);
    double step = weight * step_of(s, x, p, y, loss, eta);
    l->losses += loss;
    if (o->penalty > 0)
        shrink(s, l, 1 - (1 - o->l1_ratio) * eta * o->penalty);
    if (step != 0) {
        add(s, l, x, step);
        l->intercept += o->no_intercept ? 0 : step;
    }
    if (o->average > 0 && l->t >= (double)o->average)
        count_mean(l);
    if (l->paid) {
        l->due += o->l1_ratio * eta * o->penalty;
        pay(s, l);
    }
    l->t++;
}

static double wanted(const solver *s, const visml_samples *rows, int64_t i, int64_t output) {
    if (rows->targets)
        return (double)rows->targets[i];
    return rows->places[i] == (s->outputs == 1 ? 1 : output) ? 1 : -1;
}

static void learn(void *arg, int64_t output, const visml_passing_rows *p) {
    solver *s = arg;
    learner *l = &s->learners[output];
    for (int64_t i = 0; !l->done && i < p->n; i++)
        learn_row(s, l, visml_passing_row(p, i), wanted(s, s->samples, p->rows[i], output), visml_samples_weight(s->samples, p->rows[i]));
}

/* ---- passes ---- */

static double penalty(const solver *s, const learner *l) {
    size_t d = (size_t)s->samples->d;
    double squares = l->scale * l->scale * (double)s->compute->kernels->reduce_squares(d, l->w);
    double magnitudes = s->o->l1_ratio > 0 ? l->scale * (double)s->compute->kernels->reduce_abs(d, l->w) : 0;
    return s->o->penalty * ((1 - s->o->l1_ratio) / 2 * squares + s->o->l1_ratio * magnitudes);
}

/* The mean loss of the rows that it does not learn from. */
static double validate(const solver *s, int64_t output, float *turned) {
    const visml_samples *v = s->validation;
    double sum = 0;
    int64_t ld;
    for (int64_t i = 0; i < v->n; i++) {
        const float *x = visml_samples_rows(v, i, 1, turned, &ld);
        sum += visml_margin_loss(s->o->loss, s->o->epsilon, output_of(s, &s->learners[output], x), wanted(s, v, i, output));
    }
    return sum / (double)v->n;
}

/* Ends an output that has not got better by tol for some passes; with adaptive steps they become shorter first. */
static void end_pass(void *arg, size_t output, size_t worker) {
    const solver *s = arg;
    const visml_stochastic *o = s->o;
    learner *l = &s->learners[output];
    if (l->done)
        return;
    double value = s->validation ? validate(s, (int64_t)output, s->turned + (int64_t)worker * s->samples->d)
                                 : l->losses / (double)s->samples->n + penalty(s, l);
    l->stale = value > l->best - o->tol ? l->stale + 1 : 0;
    l->best = value < l->best ? value : l->best;
    l->losses = 0;
    if (l->stale < o->n_iter_no_change)
        return;
    if (o->step == VISML_STEP_ADAPTIVE && l->eta > 1e-6) {
        l->eta /= 5;
        l->stale = 0;
    } else
        l->done = 1;
}

static visml_status check_finite(const visml_classifier *c, const solver *s, visml_error *err) {
    for (int64_t o = 0; o < s->outputs; o++) {
        const learner *l = &s->learners[o];
        if (!isfinite(l->intercept) || !s->compute->kernels->all_finite((size_t)c->dims, l->w))
            return visml_fail(err, VISML_ENONFINITE, "%s: coefficients are not finite; scale the columns of x, or take shorter steps",
                              visml_classifier_what(c));
    }
    return VISML_OK;
}

static double mean_of_best(const solver *s) {
    double sum = 0;
    for (int64_t o = 0; o < s->outputs; o++)
        sum += s->learners[o].best / (double)s->outputs;
    return sum;
}

static int all_done(const solver *s) {
    int64_t done = 0;
    for (int64_t o = 0; o < s->outputs; o++)
        done += s->learners[o].done;
    return done == s->outputs;
}

/* Passes are numbered by the steps before them, so that partial fits do not all see the same order. */
static visml_status pass_by_pass(visml_classifier *c, solver *s, visml_row_pass *p, visml_error *err) {
    int32_t passes = p->run->partial ? 1 : s->o->max_iter;
    for (int32_t pass = 0; pass < passes && !all_done(s); pass++) {
        VISML_TRY(visml_row_pass_run(p, pass + (int64_t)s->learners[0].t, err));
        VISML_TRY(check_finite(c, s, err));
        visml_parallel_run(s->compute->parallel, (size_t)s->outputs, end_pass, s);
        p->done = pass + 1;
        double value = mean_of_best(s);
        VISML_TRY(visml_fit_tick(p->run, p->done, p->total, s->validation ? NAN : value, s->validation ? value : NAN, err));
    }
    if (!p->run->partial && !all_done(s))
        visml_linear_not_converged(c, passes);
    return VISML_OK;
}

/* ---- from what was learned before, and to arrays ---- */

static void recall(const visml_classifier *previous, const visml_fit_run *run, const solver *s) {
    const char *const names[2][2] = {{"coefficients", "intercepts"}, {"last_coefficients", "last_intercepts"}};
    int means = s->o->average > 0 && run->partial;
    int64_t d = previous->dims;
    const float *w = visml_object_array_data(&previous->object, names[means][0]);
    const float *b = visml_object_array_data(&previous->object, names[means][1]);
    const float *mean = visml_object_array_data(&previous->object, "coefficients");
    double steps = *(const double *)visml_object_array_data(&previous->object, "steps");
    for (int64_t o = 0; o < s->outputs; o++) {
        learner *l = &s->learners[o];
        memcpy(l->w, w + o * d, (size_t)d * sizeof *w);
        l->intercept = (double)b[o];
        l->t = run->partial ? steps : 1;
        if (!means || steps <= (double)s->o->average)
            continue;
        l->meant = (int64_t)(steps - (double)s->o->average);
        l->weight = (double)l->meant;
        l->mean_intercept = (double)((const float *)visml_object_array_data(&previous->object, "intercepts"))[o];
        for (int64_t j = 0; j < d; j++)
            l->behind[j] = (float)(l->weight * ((double)l->w[j] - (double)mean[o * d + j]));
    }
}

/* Where no step was counted yet, the mean is the last. */
static void keep_output(const learner *l, int64_t d, float *w, float *b, int mean) {
    mean = mean && l->meant > 0;
    for (int64_t j = 0; j < d; j++) {
        double v = (double)l->w[j];
        w[j] = (float)(mean ? (l->weight * v - (double)l->behind[j]) / (double)l->meant : l->scale * v);
    }
    *b = (float)(mean ? l->mean_intercept : l->intercept);
}

static visml_status keep(visml_classifier *c, const solver *s, visml_error *err) {
    float *w, *b, *last_w = NULL, *last_b = NULL;
    visml_object *object = &c->object;
    double *steps = visml_object_array_new(object, "steps", VISML_F64, VISML_SHAPE(1), err);
    VISML_TRY(steps ? visml_linear_new(c, &w, &b, err) : VISML_ENOMEM);
    if (s->o->average > 0) {
        last_w = visml_object_array_new(object, "last_coefficients", VISML_F32, VISML_SHAPE(s->outputs, c->dims), err);
        last_b = last_w ? visml_object_array_new(object, "last_intercepts", VISML_F32, VISML_SHAPE(s->outputs), err) : NULL;
        if (!last_b)
            return VISML_ENOMEM;
    }
    for (int64_t o = 0; o < s->outputs; o++) {
        const learner *l = &s->learners[o];
        keep_output(l, c->dims, w + o * c->dims, b + o, last_w != NULL);
        if (last_w)
            keep_output(l, c->dims, last_w + o * c->dims, last_b + o, 0);
        *steps = l->t > *steps ? l->t : *steps;
    }
    return VISML_OK;
}

visml_status visml_stochastic_restore(visml_classifier *c, int averaged, visml_error *err) {
    int64_t outputs = visml_classifier_outputs(c), dims[2] = {outputs, c->dims}, one = 1;
    visml_object *o = &c->object;
    VISML_TRY(visml_linear_restore(o, err));
    VISML_TRY(visml_object_array_expect(o, "steps", VISML_F64, 1, &one, err));
    double steps = *(const double *)visml_object_array_data(o, "steps");
    if (!(steps >= 1) || steps > 0x1p53)
        return visml_fail(err, VISML_EFORMAT, "%s: steps is %g, must be 1 at least", visml_classifier_what(c), steps);
    if (!averaged)
        return VISML_OK;
    VISML_TRY(visml_object_array_expect(o, "last_coefficients", VISML_F32, 2, dims, err));
    VISML_TRY(visml_object_array_expect(o, "last_intercepts", VISML_F32, 1, dims, err));
    VISML_TRY(visml_linear_check_finite(c, "last_coefficients", outputs * c->dims, err));
    return visml_linear_check_finite(c, "last_intercepts", outputs, err);
}

/* ---- the whole ---- */

/* Structs, then vectors, all in one piece. */
static visml_status make_learners(solver *s, visml_memory *m, visml_error *err) {
    const visml_stochastic *o = s->o;
    int magnitudes = o->penalty > 0 && o->l1_ratio > 0, mean = o->average > 0;
    size_t outputs = (size_t)s->outputs, d = ((size_t)s->samples->d + 15) & ~(size_t)15, vectors = 1 + (size_t)mean + (size_t)magnitudes;
    s->learners = visml_mem_zalloc(m, outputs, sizeof(learner) + vectors * d * sizeof(float), err);
    s->turned = visml_mem_alloc(m, s->compute->parallel->workers * (size_t)s->samples->d * sizeof(float), err);
    if (!s->learners || !s->turned)
        return VISML_ENOMEM;
    float *at = (float *)(void *)(s->learners + outputs);
    for (size_t i = 0; i < outputs; i++, at += vectors * d)
        s->learners[i] = (learner){.w = at, .behind = mean ? at + d : NULL, .paid = magnitudes ? at + d * (1 + (size_t)mean) : NULL,
                                   .scale = 1, .t = 1, .eta = o->eta0, .best = HUGE_VAL};
    return VISML_OK;
}

/* The first steps are as long as weights are thought to be (Bottou 2012, 5.1, as scikit-learn does it). */
static double first_step_of(const visml_stochastic *o) {
    double typical = sqrt(1 / sqrt(o->alpha)), slope = visml_margin_slope(o->loss, o->epsilon, -typical, 1);
    return 1 / (typical / fmax(1, slope) * o->alpha);
}

visml_status visml_stochastic_fit(visml_classifier *c, const visml_stochastic *o, const visml_compute *k, const visml_samples *s,
                                  const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    solver v = {.o = o, .compute = k, .samples = s, .validation = run->validation, .outputs = visml_classifier_outputs(c)};
    visml_row_pass p = {.compute = k, .samples = s, .run = run, .outputs = v.outputs, .learn = learn, .solver = &v,
                        .in_order = o->no_shuffle, .total = run->partial ? 1 : o->max_iter};
    v.first_step = o->step == VISML_STEP_OPTIMAL ? first_step_of(o) : 0;
    visml_status status = make_learners(&v, m, err);
    if (status == VISML_OK)
        status = visml_row_pass_begin(&p, m, err);
    if (status == VISML_OK && run->previous)
        recall(run->previous, run, &v);
    if (status == VISML_OK)
        status = pass_by_pass(c, &v, &p, err);
    if (status == VISML_OK)
        status = keep(c, &v, err);
    visml_row_pass_end(&p, m);
    visml_mem_free(m, v.learners);
    visml_mem_free(m, v.turned);
    return status;
}
