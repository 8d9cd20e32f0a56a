/* Minus the cosine of the angle between output and target. */
#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

/* What a vector of this square is divided by. */
static double length_of(double square) {
    return fmax(sqrt(square), VISML_SMALLEST);
}

/* By y: (c y / |y| - t / |t|) / |y|, c being the cosine; where |y| is below the bound it is a constant, and c y has no part in it. */
static double row_loss(const visml_row_loss *j, int64_t row, double factor) {
    const visml_loss_pass *p = j->pass;
    const real *y = p->y + row * p->width;
    double yy = 0, tt = 0, ty = 0;
    for (int64_t i = 0; i < p->width; i++) {
        double t = visml_loss_target(j, row, i), x = (double)y[i];
        yy += x * x;
        tt += t * t;
        ty += t * x;
    }
    double a = length_of(yy), b = length_of(tt), cosine = ty / (a * b), pull = sqrt(yy) < VISML_SMALLEST ? 0 : cosine / (a * a);
    for (int64_t i = 0; p->dy && i < p->width; i++)
        p->dy[row * p->width + i] = (real)((pull * (double)y[i] - visml_loss_target(j, row, i) / (a * b)) * factor);
    return isnan(yy) ? yy : -cosine;
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_rows(&(visml_row_loss){loss, pass, row_loss, NULL, 1, 0});
}

const visml_loss_class visml_cosine_similarity_class = {
    .name = "cosine_similarity",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .along_last = 1,
    .check = visml_loss_check_classes,
    .run = run,
};

visml_loss *visml_cosine_similarity(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_cosine_similarity_class, opts, err);
}
