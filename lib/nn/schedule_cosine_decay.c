/* Loshchilov and Hutter 2016: half a wave of the cosine, after a linear warm-up where one is wanted. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "nn/schedule.h"

#define PI 3.14159265358979323846

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_cosine_decay_opts),
    VISML_FIELD(visml_cosine_decay_opts, initial_learning_rate, F64, VISML_FIELD_REQUIRED, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_cosine_decay_opts, decay_steps, I64, VISML_FIELD_REQUIRED, 1, 1, 9007199254740992.0, 0),
    VISML_FIELD(visml_cosine_decay_opts, alpha, F64, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_cosine_decay_opts, warmup_target, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_cosine_decay_opts, warmup_steps, I64, 0, 1, 0, 9007199254740992.0, 0),
    {0},
};

static visml_status check(const visml_schedule *s, visml_error *err) {
    const visml_cosine_decay_opts *o = s->opts;
    if (o->warmup_steps && !(o->warmup_target > 0))
        return visml_fail(err, VISML_EINVAL, "cosine_decay: warmup_steps is %lld, but warmup_target is not set",
                          (long long)o->warmup_steps);
    return VISML_OK;
}

static double rate(const visml_schedule *s, double step) {
    const visml_cosine_decay_opts *o = s->opts;
    double from = o->initial_learning_rate, warmup = (double)o->warmup_steps;
    if (step < warmup)
        return (o->warmup_target - from) * (step / warmup) + from;
    if (o->warmup_target > 0)
        from = o->warmup_target;
    double p = fmin(step - warmup, (double)o->decay_steps) / (double)o->decay_steps;
    return from * ((1 - o->alpha) * 0.5 * (1 + cos(PI * p)) + o->alpha);
}

const visml_schedule_class visml_cosine_decay_class = {
    .name = "cosine_decay",
    .opts_size = sizeof(visml_cosine_decay_opts),
    .fields = fields,
    .check = check,
    .rate = rate,
};

visml_schedule *visml_cosine_decay(visml_context *ctx, const visml_cosine_decay_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_cosine_decay_class, opts, err);
}
