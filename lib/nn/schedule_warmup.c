/* Linear from initial to target, then another schedule from its beginning, or the target for ever (Goyal et al. 2017). */
#include <float.h>

#include "base/error.h"
#include "nn/schedule.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_warmup_opts),
    VISML_FIELD(visml_warmup_opts, initial_learning_rate, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_warmup_opts, target_learning_rate, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_warmup_opts, warmup_steps, I64, VISML_FIELD_REQUIRED, 1, 1, 9007199254740992.0, 0),
    {0},
};

static visml_status check(const visml_schedule *s, visml_error *err) {
    const visml_warmup_opts *o = s->opts;
    if (!(o->target_learning_rate > 0) && !s->then)
        return visml_fail(err, VISML_EINVAL, "warmup: target_learning_rate is not set; it is required where no other schedule comes then");
    return VISML_OK;
}

static double rate(const visml_schedule *s, double step) {
    const visml_warmup_opts *o = s->opts;
    double from = o->initial_learning_rate, steps = (double)o->warmup_steps, target = o->target_learning_rate;
    if (step >= steps)
        return s->then ? s->then->cls->rate(s->then, step - steps) : target;
    if (!(target > 0))
        target = s->then->cls->rate(s->then, 0);
    return (target - from) * (step / steps) + from;
}

const visml_schedule_class visml_warmup_class = {
    .name = "warmup",
    .opts_size = sizeof(visml_warmup_opts),
    .fields = fields,
    .check = check,
    .then = offsetof(visml_warmup_opts, then),
    .rate = rate,
};

visml_schedule *visml_warmup(visml_context *ctx, const visml_warmup_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_warmup_class, opts, err);
}
