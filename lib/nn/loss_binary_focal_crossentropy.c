/* Lin et al. 2017. The cross-entropy is that of a probability in 1e-7 ... 1 - 1e-7; the factor is not cut, as in Keras. */
#include <float.h>
#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_focal_opts, from_logits, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_focal_opts, apply_class_balancing, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_focal_opts),
    VISML_FIELD(visml_focal_opts, alpha, F64, 0, 1, 0, 1, 0.25),
    VISML_FIELD(visml_focal_opts, gamma, F64, 0, 1, 0, DBL_MAX, 2),
    VISML_FIELD(visml_focal_opts, label_smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

/* Loss and derivative by the probability. The cross-entropy is h, (1 - q)^gamma with q = t p + (1 - t)(1 - p) its factor. */
static double of_probability(const visml_focal_opts *o, double t, double y, double *slope) {
    double p = visml_loss_clip(y), h = -t * log(p) - (1 - t) * log(1 - p), dh = p < y || p > y ? 0 : (p - t) / (p * (1 - p));
    double wrong = 1 - t * y - (1 - t) * (1 - y), factor = pow(wrong, o->gamma);
    double dfactor = o->gamma > 0 ? o->gamma * pow(wrong < VISML_SMALLEST ? VISML_SMALLEST : wrong, o->gamma - 1) * (1 - 2 * t) : 0;
    double balance = o->apply_class_balancing ? t * o->alpha + (1 - t) * (1 - o->alpha) : 1;
    *slope = balance * (factor * dh + dfactor * h);
    return balance * factor * h;
}

static double term(const visml_row_loss *j, double t, double y, double *slope) {
    const visml_focal_opts *o = j->loss->opts;
    if (!visml_loss_on_logits(j->loss, j->pass))
        return of_probability(o, t, y, slope);
    double p = visml_loss_sigmoid(y), loss = of_probability(o, t, p, slope);
    *slope *= p * (1 - p);
    return loss;
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    double smoothing = ((const visml_focal_opts *)loss->opts)->label_smoothing;
    visml_loss_run_elements(loss, pass, term, 1 - smoothing, smoothing / 2);
}

const visml_loss_class visml_binary_focal_crossentropy_class = {
    .name = "binary_focal_crossentropy",
    .opts_size = sizeof(visml_focal_opts),
    .fields = fields,
    .logits_of = VISML_SIGMOID,
    .one_unit = 1,
    .threshold = 0.5,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_binary_focal_crossentropy(visml_context *ctx, const visml_focal_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_binary_focal_crossentropy_class, opts, err);
}
