/* Smith 2018 ("super-convergence"), with the phases as PyTorch's OneCycleLR counts them: phase i ends with step ends[i]. */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

#define PI 3.14159265358979323846

static const char *const anneal_names[] = {"cos", "linear", NULL};

static const visml_field fields[] = {
    VISML_FIELD(visml_one_cycle_opts, three_phase, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_one_cycle_opts, anneal_strategy, VISML_ANNEAL_COS, anneal_names),
    VISML_FIELD_OF_RESERVED(visml_one_cycle_opts),
    VISML_FIELD(visml_one_cycle_opts, max_learning_rate, F64, VISML_FIELD_REQUIRED, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_one_cycle_opts, total_steps, I64, VISML_FIELD_REQUIRED, 1, 1, 9007199254740992.0, 0),
    VISML_FIELD(visml_one_cycle_opts, pct_start, F64, 0, 1, 0, 1, 0.3),
    VISML_FIELD(visml_one_cycle_opts, div_factor, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 25),
    VISML_FIELD(visml_one_cycle_opts, final_div_factor, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e4),
    {0},
};

static double anneal(const visml_one_cycle_opts *o, double from, double to, double p) {
    return o->anneal_strategy == VISML_ANNEAL_LINEAR ? (to - from) * p + from : to + (from - to) / 2 * (cos(PI * p) + 1);
}

static double rate(const visml_schedule *s, double step) {
    const visml_one_cycle_opts *o = s->opts;
    double total = (double)o->total_steps, up = o->pct_start * total - 1, most = o->max_learning_rate, start = most / o->div_factor;
    double ends[] = {up, 2 * up, total - 1}, rates[] = {start, most, start, start / o->final_div_factor};
    double begin = 0;
    int i = 0, last = 2;
    if (!o->three_phase) { /* from the top to the end at once */
        ends[1] = ends[2];
        rates[2] = rates[3];
        last = 1;
    }
    step = fmin(step, total - 1);
    for (; i < last && step > ends[i]; i++)
        begin = ends[i];
    return anneal(o, rates[i], rates[i + 1], ends[i] > begin ? (step - begin) / (ends[i] - begin) : 1);
}

const visml_schedule_class visml_one_cycle_class = {
    .name = "one_cycle",
    .opts_size = sizeof(visml_one_cycle_opts),
    .fields = fields,
    .rate = rate,
};

visml_schedule *visml_one_cycle(visml_context *ctx, const visml_one_cycle_opts *opts, visml_error *err) {
    return visml_schedule_make(ctx, &visml_one_cycle_class, opts, err);
}
