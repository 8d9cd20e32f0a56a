/* The right class is to be ahead of the best of the others by 1. */
#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

static double row_loss(const visml_row_loss *j, int64_t row, double factor) {
    const visml_loss_pass *p = j->pass;
    const real *y = p->y + row * p->width;
    double right = 0, other = -INFINITY;
    int64_t best = 0;
    for (int64_t i = 0; i < p->width; i++) {
        double t = visml_loss_target(j, row, i), score = (1 - t) * (double)y[i];
        right += t * (double)y[i];
        if (score > other || isnan(score)) {
            other = score;
            best = i;
        }
    }
    double miss = other - right + 1;
    for (int64_t i = 0; p->dy && i < p->width; i++) {
        double t = visml_loss_target(j, row, i);
        p->dy[row * p->width + i] = (real)(miss <= 0 ? 0 : ((i == best ? 1 - t : 0) - t) * factor);
    }
    return miss <= 0 ? 0 : miss; /* NaN stays */
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_rows(&(visml_row_loss){loss, pass, row_loss, NULL, 1, 0});
}

const visml_loss_class visml_categorical_hinge_class = {
    .name = "categorical_hinge",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .along_last = 1,
    .check = visml_loss_check_classes,
    .run = run,
};

visml_loss *visml_categorical_hinge(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_categorical_hinge_class, opts, err);
}
