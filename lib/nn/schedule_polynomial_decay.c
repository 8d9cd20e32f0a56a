/* (initial - end) (1 - p)^power + end, p = step / decay_steps. */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_polynomial_decay_opts, cycle, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_polynomial_decay_opts, initial_learning_rate, F64, VISML_FIELD_REQUIRED, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_polynomial_decay_opts, decay_steps, I64, VISML_FIELD_REQUIRED, 1, 1, 9007199254740992.0, 0),
    VISML_FIELD(visml_polynomial_decay_opts, end_learning_rate, F64, 0, 1, 0, DBL_MAX, 0.0001),
    VISML_FIELD(visml_polynomial_decay_opts, power, F64, 0, 1, 0, DBL_MAX, 1),
    {0},
};

static double rate(const visml_schedule *s, double step) {
    const visml_polynomial_decay_opts *o = s->opts;
    double steps = (double)o->decay_steps;
    if (o->cycle && step > 0)
        steps *= ceil(step / steps);
    else if (!o->cycle)
        step = fmin(step, steps);
    return (o->initial_learning_rate - o->end_learning_rate) * pow(1 - step / steps, o->power) + o->end_learning_rate;
}

const visml_schedule_class visml_polynomial_decay_class = {
    .name = "polynomial_decay",
    .opts_size = sizeof(visml_polynomial_decay_opts),
    .fields = fields,
    .rate = rate,
};

visml_schedule *visml_polynomial_decay(visml_context *ctx, const visml_polynomial_decay_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_polynomial_decay_class, opts, err);
}
