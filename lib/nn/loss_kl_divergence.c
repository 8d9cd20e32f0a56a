/* Kullback and Leibler 1951. */
#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

/* 1e-7 ... 1; NaN stays. */
static double clip(double x) {
    return x < VISML_SMALLEST ? VISML_SMALLEST : x > 1 ? 1 : x;
}

static double row_loss(const visml_row_loss *j, int64_t row, double factor) {
    const visml_loss_pass *p = j->pass;
    const real *y = p->y + row * p->width;
    double sum = 0;
    for (int64_t i = 0; i < p->width; i++) {
        double t = clip(visml_loss_target(j, row, i)), q = (double)y[i], cut = clip(q);
        sum += t * log(t / cut);
        if (p->dy)
            p->dy[row * p->width + i] = (real)(cut < q || cut > q ? 0 : -t / q * factor);
    }
    return sum;
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_rows(&(visml_row_loss){loss, pass, row_loss, NULL, 1, 0});
}

const visml_loss_class visml_kl_divergence_class = {
    .name = "kl_divergence",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .along_last = 1,
    .check = visml_loss_check_classes,
    .run = run,
};

visml_loss *visml_kl_divergence(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_kl_divergence_class, opts, err);
}
