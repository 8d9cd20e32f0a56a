/* The user's function of the epoch sets the learning rate, as Keras' LearningRateScheduler. */
#include <math.h>

#include "base/error.h"
#include "base/text.h"
#include "train/monitor.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_learning_rate_scheduler_opts),
    {0},
};

static visml_status check(const visml_monitor *m, visml_error *err) {
    const visml_learning_rate_scheduler_opts *o = m->opts;
    return o->schedule ? VISML_OK : visml_fail(err, VISML_EINVAL, "learning_rate_scheduler: schedule is NULL, must be a function");
}

static visml_status epoch_begin(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    const visml_learning_rate_scheduler_opts *o = m->opts;
    double rate = o->schedule(o->user, p->epoch, visml_training_rate(r));
    if (!isfinite(rate) || rate < 0)
        return visml_fail(err, VISML_EINVAL, "learning_rate_scheduler: schedule gave %s for epoch %d, must be a number >= 0",
                          visml_shortest(rate).s, p->epoch);
    r->rate = rate;
    return VISML_OK;
}

const visml_monitor_class visml_learning_rate_scheduler_class = {
    .name = "learning_rate_scheduler", .opts_size = sizeof(visml_learning_rate_scheduler_opts), .fields = fields,
    .state_bytes = 1, .check = check, .epoch_begin = epoch_begin,
};

visml_monitor *visml_learning_rate_scheduler(visml_context *ctx, const visml_learning_rate_scheduler_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_learning_rate_scheduler_class, opts, err);
}
