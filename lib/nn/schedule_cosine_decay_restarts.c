/* Loshchilov and Hutter 2016: SGDR. Run i of the cosine takes first_decay_steps t_mul^i steps and starts at initial m_mul^i. */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

#define PI 3.14159265358979323846

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_cosine_decay_restarts_opts),
    VISML_FIELD(visml_cosine_decay_restarts_opts, initial_learning_rate, F64, VISML_FIELD_REQUIRED, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_cosine_decay_restarts_opts, first_decay_steps, I64, VISML_FIELD_REQUIRED, 1, 1, 9007199254740992.0, 0),
    VISML_FIELD(visml_cosine_decay_restarts_opts, t_mul, F64, 0, 1, 1, DBL_MAX, 2),
    VISML_FIELD(visml_cosine_decay_restarts_opts, m_mul, F64, 0, 1, 0, DBL_MAX, 1),
    VISML_FIELD(visml_cosine_decay_restarts_opts, alpha, F64, 0, 1, 0, 1, 0),
    {0},
};

/* Where run i begins, in units of the first one. */
static double start_of(double t_mul, double i) {
    return t_mul == 1 ? i : (pow(t_mul, i) - 1) / (t_mul - 1);
}

/* The run in which x lies. The logarithm is a guess near the borders. */
static double run_of(double t_mul, double x) {
    double i = t_mul == 1 ? floor(x) : floor(log(1 + x * (t_mul - 1)) / log(t_mul));
    if (i > 0 && start_of(t_mul, i) > x)
        i--;
    else if (start_of(t_mul, i + 1) <= x)
        i++;
    return i;
}

static double rate(const visml_schedule *s, double step) {
    const visml_cosine_decay_restarts_opts *o = s->opts;
    double x = step / (double)o->first_decay_steps, i = run_of(o->t_mul, x);
    double p = (x - start_of(o->t_mul, i)) / pow(o->t_mul, i);
    double wave = 0.5 * pow(o->m_mul, i) * (1 + cos(PI * p));
    return o->initial_learning_rate * ((1 - o->alpha) * wave + o->alpha);
}

const visml_schedule_class visml_cosine_decay_restarts_class = {
    .name = "cosine_decay_restarts",
    .opts_size = sizeof(visml_cosine_decay_restarts_opts),
    .fields = fields,
    .rate = rate,
};

visml_schedule *visml_cosine_decay_restarts(visml_context *ctx, const visml_cosine_decay_restarts_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_cosine_decay_restarts_class, opts, err);
}
