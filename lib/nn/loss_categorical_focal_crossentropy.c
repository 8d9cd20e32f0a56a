/* Lin et al. 2017, as Keras has it for classes: sum of -alpha (1 - q)^gamma t log(q), q = y / sum(y) cut to 1e-7 ... 1 - 1e-7. */
#include <float.h>
#include <math.h>

#include "base/error.h"
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

/* What q is made of: y itself, or of logits exp(y - max). *sum: of all of it. */
static double weight_of(const visml_row_loss *j, const real *y, double largest, int64_t i) {
    return visml_loss_on_logits(j->loss, j->pass) ? exp((double)y[i] - largest) : (double)y[i];
}

static double sum_of(const visml_row_loss *j, const real *y, double *largest) {
    double sum = 0;
    *largest = (double)y[0];
    for (int64_t i = 1; i < j->pass->width; i++)
        if ((double)y[i] > *largest)
            *largest = (double)y[i];
    for (int64_t i = 0; i < j->pass->width; i++)
        sum += weight_of(j, y, *largest, i);
    return sum;
}

/* One class' loss, and *slope by its q. */
static double term(const visml_row_loss *j, double t, double q, double *slope) {
    const visml_focal_opts *o = j->loss->opts;
    double p = visml_loss_clip(q), factor = pow(1 - p, o->gamma);
    *slope = p < q || p > q ? 0 : o->alpha * t * (o->gamma * pow(1 - p, o->gamma - 1) * log(p) - factor / p);
    return -o->alpha * factor * t * log(p);
}

/* By y: (dq - sum(dq q)) / sum(y); by logits: (dq - sum(dq q)) q. */
static double row_loss(const visml_row_loss *j, int64_t row, double factor) {
    const visml_loss_pass *p = j->pass;
    const real *y = p->y + row * p->width;
    double largest, sum = sum_of(j, y, &largest), loss = 0, pull = 0, slope;
    for (int64_t i = 0; i < p->width; i++) {
        double q = weight_of(j, y, largest, i) / sum;
        loss += term(j, visml_loss_target(j, row, i), q, &slope);
        pull += slope * q;
    }
    for (int64_t i = 0; p->dy && i < p->width; i++) {
        double q = weight_of(j, y, largest, i) / sum;
        term(j, visml_loss_target(j, row, i), q, &slope);
        p->dy[row * p->width + i] = (real)((slope - pull) * (visml_loss_on_logits(j->loss, j->pass) ? q : 1 / sum) * factor);
    }
    return loss;
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    double smoothing = ((const visml_focal_opts *)loss->opts)->label_smoothing;
    visml_loss_rows(&(visml_row_loss){loss, pass, row_loss, NULL, 1 - smoothing, smoothing / (double)pass->width});
}

static visml_status refuse(const visml_loss *loss, visml_error *err) {
    if (!((const visml_focal_opts *)loss->opts)->apply_class_balancing)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "categorical_focal_crossentropy: apply_class_balancing is 1, must be 0; "
                      "binary_focal_crossentropy has it");
}

const visml_loss_class visml_categorical_focal_crossentropy_class = {
    .name = "categorical_focal_crossentropy",
    .opts_size = sizeof(visml_focal_opts),
    .fields = fields,
    .logits_of = VISML_SOFTMAX,
    .along_last = 1,
    .refuse = refuse,
    .check = visml_loss_check_classes,
    .run = run,
};

visml_loss *visml_categorical_focal_crossentropy(visml_context *ctx, const visml_focal_opts *opts, visml_error *err) {
    visml_loss *loss = visml_loss_make(ctx, &visml_categorical_focal_crossentropy_class, opts, err);
    if (!loss || refuse(loss, err) == VISML_OK)
        return loss;
    visml_loss_free(loss);
    return NULL;
}
