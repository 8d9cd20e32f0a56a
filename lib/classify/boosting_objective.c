#include "classify/boosting_objective.h"

#include <math.h>

#include "kernel/softmax.h"
#include "kernel/span.h"

#define LEAST_SECOND 1e-16F /* as in XGBoost: a row that is certain still counts */

/* ---- where it begins ---- */

/* Probabilities of classes as logarithms, their mean taken off: softmax does not see it. */
static void center(int64_t n, float *base) {
    double mean = 0;
    for (int64_t k = 0; k < n; k++)
        mean += (double)base[k] / (double)n;
    for (int64_t k = 0; k < n; k++)
        base[k] = (float)((double)base[k] - mean);
}

static double share_of(const visml_samples *s, int64_t place) {
    double sum = 0, all = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double w = visml_samples_weight(s, i);
        all += w;
        sum += s->places[i] == place ? w : 0;
    }
    double share = sum / all;
    return share < 1e-16 ? 1e-16 : share > 1 - 1e-16 ? 1 - 1e-16 : share;
}

static double mean_of(const visml_samples *s) {
    double sum = 0, all = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double w = visml_samples_weight(s, i);
        all += w;
        sum += w * (double)s->targets[i];
    }
    return sum / all;
}

void visml_objective_base(const visml_objective *o, const visml_samples *s, float *base) {
    if (!o->classes)
        base[0] = (float)mean_of(s);
    else if (o->outputs == 1) {
        double share = share_of(s, 1);
        base[0] = (float)log(share / (1 - share));
    } else {
        for (int64_t k = 0; k < o->outputs; k++)
            base[k] = (float)log(share_of(s, k));
        center(o->outputs, base);
    }
}

/* ---- predictions ---- */

void visml_objective_predict(const visml_objective *o, const visml_compute *k, int64_t n, const float *sums, float *p) {
    if (o->classes > 2) {
        visml_softmax_forward(k, n, o->classes, sums, p);
        return;
    }
    if (!o->classes) {
        for (int64_t i = 0; i < n; i++)
            p[i] = sums[i];
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        p[2 * i] = 0;
        p[2 * i + 1] = sums[i];
    }
    visml_softmax_forward(k, n, 2, p, p);
}

typedef struct gradient_job {
    const visml_objective *o;
    const visml_samples *s;
    const float *p;
    int64_t k;
    float *first, *second;
} gradient_job;

#define ROWS 8192 /* of one piece of work */

static void class_gradients(const gradient_job *j, int64_t from, int64_t to) {
    int64_t columns = j->o->classes, place = columns == 2 ? 1 : j->k;
    float factor = columns == 2 ? 1.0F : 2.0F; /* as in XGBoost */
    for (int64_t i = from; i < to; i++) {
        float w = j->s->weights ? j->s->weights[i] : 1, p = j->p[i * columns + place], h = factor * p * (1 - p);
        j->first[i] = (p - (j->s->places[i] == place ? 1.0F : 0.0F)) * w;
        j->second[i] = (h > LEAST_SECOND ? h : LEAST_SECOND) * w;
    }
}

static void gradient_block(void *arg, size_t block, size_t worker) {
    const gradient_job *j = arg;
    int64_t from = (int64_t)block * ROWS, to = from + visml_block_length((int64_t)block, ROWS, j->s->n);
    (void)worker;
    if (j->o->classes) {
        class_gradients(j, from, to);
        return;
    }
    for (int64_t i = from; i < to; i++) {
        float w = j->s->weights ? j->s->weights[i] : 1;
        j->first[i] = (j->p[i] - j->s->targets[i]) * w;
        j->second[i] = w;
    }
}

void visml_objective_gradients(const visml_objective *o, const visml_compute *c, const visml_samples *s, const float *p, int64_t k,
                               float *first, float *second) {
    gradient_job j = {.o = o, .s = s, .p = p, .k = k, .first = first, .second = second};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(s->n, ROWS), gradient_block, &j);
}

double visml_objective_loss(const visml_objective *o, const visml_samples *s, const float *p) {
    double sum = 0, all = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double w = visml_samples_weight(s, i), e = 0;
        if (o->classes) {
            double right = (double)p[i * o->classes + s->places[i]];
            e = -log(right > 1e-16 ? right : 1e-16);
        } else {
            e = (double)p[i] - (double)s->targets[i];
            e *= e;
        }
        all += w;
        sum += w * e;
    }
    return o->classes ? sum / all : sqrt(sum / all);
}
