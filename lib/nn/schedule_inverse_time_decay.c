/* initial / (1 + decay_rate step / decay_steps). */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_decay_opts, staircase, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_decay_opts, initial_learning_rate, F64, VISML_FIELD_REQUIRED, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_decay_opts, decay_steps, I64, VISML_FIELD_REQUIRED, 1, 1, 9007199254740992.0, 0),
    VISML_FIELD(visml_decay_opts, decay_rate, F64, VISML_FIELD_REQUIRED, 1, 0, DBL_MAX, 0),
    {0},
};

static double rate(const visml_schedule *s, double step) {
    const visml_decay_opts *o = s->opts;
    double p = step / (double)o->decay_steps;
    return o->initial_learning_rate / (1 + o->decay_rate * (o->staircase ? floor(p) : p));
}

const visml_schedule_class visml_inverse_time_decay_class = {
    .name = "inverse_time_decay",
    .opts_size = sizeof(visml_decay_opts),
    .fields = fields,
    .rate = rate,
};

visml_schedule *visml_inverse_time_decay(visml_context *ctx, const visml_decay_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_inverse_time_decay_class, opts, err);
}
