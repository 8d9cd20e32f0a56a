/* Each element is a probability of its own. On logits: log(1 + exp(z)) - t z, in a form that does not overflow. */
#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_crossentropy_opts, from_logits, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_crossentropy_opts, label_smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

static double of_logit(const visml_row_loss *j, double t, double z, double *slope) {
    (void)j;
    *slope = visml_loss_sigmoid(z) - t;
    return (z > 0 ? z : 0) - z * t + log1p(exp(-fabs(z)));
}

static double of_probability(const visml_row_loss *j, double t, double y, double *slope) {
    double p = visml_loss_clip(y);
    (void)j;
    *slope = p < y || p > y ? 0 : (p - t) / (p * (1 - p)); /* what is cut off has no gradient */
    return -t * log(p) - (1 - t) * log(1 - p);
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    double smoothing = ((const visml_crossentropy_opts *)loss->opts)->label_smoothing;
    int logits = visml_loss_on_logits(loss, pass);
    visml_loss_run_elements(loss, pass, logits ? of_logit : of_probability, 1 - smoothing, smoothing / 2);
}

const visml_loss_class visml_binary_crossentropy_class = {
    .name = "binary_crossentropy",
    .opts_size = sizeof(visml_crossentropy_opts),
    .fields = fields,
    .joins = VISML_SIGMOID,
    .logits_of = VISML_SIGMOID,
    .one_unit = 1,
    .threshold = 0.5,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_binary_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_binary_crossentropy_class, opts, err);
}
