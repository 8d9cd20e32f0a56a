/* values[i] up to and with step boundaries[i], then the next. */
#include <float.h>

#include "base/error.h"
#include "nn/schedule.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_piecewise_constant_decay_opts),
    VISML_FIELD(visml_piecewise_constant_decay_opts, boundaries, I64, VISML_FIELD_REQUIRED | VISML_FIELD_LIST, VISML_MAX_BOUNDARIES, 1,
                9007199254740992.0, 0),
    VISML_FIELD(visml_piecewise_constant_decay_opts, values, F64, VISML_FIELD_REQUIRED | VISML_FIELD_LIST, VISML_MAX_BOUNDARIES + 1, 0,
                DBL_MAX, 0),
    {0},
};

static visml_status check(const visml_schedule *s, visml_error *err) {
    const visml_piecewise_constant_decay_opts *o = s->opts;
    size_t boundaries = 0, values = 0;
    while (boundaries < VISML_MAX_BOUNDARIES && o->boundaries[boundaries])
        boundaries++;
    while (values < VISML_MAX_BOUNDARIES + 1 && o->values[values] != 0)
        values++;
    if (values != boundaries + 1)
        return visml_fail(err, VISML_EINVAL, "piecewise_constant_decay: boundaries has %zu numbers and values has %zu, must have one more",
                          boundaries, values);
    for (size_t i = 1; i < boundaries; i++)
        if (o->boundaries[i] <= o->boundaries[i - 1])
            return visml_fail(err, VISML_EINVAL, "piecewise_constant_decay: boundaries[%zu] is %lld, must be above boundaries[%zu], %lld",
                              i, (long long)o->boundaries[i], i - 1, (long long)o->boundaries[i - 1]);
    return VISML_OK;
}

static double rate(const visml_schedule *s, double step) {
    const visml_piecewise_constant_decay_opts *o = s->opts;
    size_t i = 0;
    while (i < VISML_MAX_BOUNDARIES && o->boundaries[i] && step > (double)o->boundaries[i])
        i++;
    return o->values[i];
}

const visml_schedule_class visml_piecewise_constant_decay_class = {
    .name = "piecewise_constant_decay",
    .opts_size = sizeof(visml_piecewise_constant_decay_opts),
    .fields = fields,
    .check = check,
    .rate = rate,
};

visml_schedule *visml_piecewise_constant_decay(visml_context *ctx, const visml_piecewise_constant_decay_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_piecewise_constant_decay_class, opts, err);
}
