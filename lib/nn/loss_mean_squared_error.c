#include <string.h>

#include "base/error.h"
#include "nn/loss.h"

#define ROWS_A_BLOCK 16 /* of one thread's work */

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

static visml_status check(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target, visml_error *err) {
    (void)loss;
    if (labels && out->rank != 1)
        return visml_fail(err, VISML_EINVAL, "mean_squared_error: the model's output %s must be [classes] when targets are class numbers",
                          visml_shape_format(out).s);
    if (!labels && !visml_shape_equal(out, target))
        return visml_fail(err, VISML_EINVAL, "mean_squared_error: targets %s must have the shape of the model's output, %s",
                          visml_shape_format(target).s, visml_shape_format(out).s);
    return VISML_OK;
}

static double target_of(const visml_loss_pass *p, int64_t row, int64_t i) {
    return p->labels ? p->labels[row] == i : (double)p->targets[row * p->width + i];
}

static void run_row(const visml_loss_pass *p, int64_t row) {
    double weight = p->labels && p->labels[row] < 0 ? 0 : p->weights ? (double)p->weights[row] : 1, sum = 0;
    double factor = 2 * weight * (double)p->scale / (double)p->width;
    for (int64_t i = 0; i < p->width; i++) {
        double d = (double)p->y[row * p->width + i] - target_of(p, row, i);
        sum += d * d;
        if (p->dy)
            p->dy[row * p->width + i] = (real)(d * factor);
    }
    p->loss[row] = (real)(weight * sum / (double)p->width);
}

static void run_block(void *arg, size_t block, size_t worker) {
    const visml_loss_pass *p = arg;
    int64_t first = (int64_t)block * ROWS_A_BLOCK;
    (void)worker;
    for (int64_t row = first; row < first + ROWS_A_BLOCK && row < p->rows; row++)
        run_row(p, row);
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_pass p = *pass;
    (void)loss;
    if (p.prob && p.prob != p.y)
        memcpy(p.prob, p.y, (size_t)(p.rows * p.width) * sizeof(real));
    visml_parallel_run(p.compute.parallel, (size_t)((p.rows + ROWS_A_BLOCK - 1) / ROWS_A_BLOCK), run_block, &p);
}

const visml_loss_class visml_mean_squared_error_class = {
    .name = "mean_squared_error",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .check = check,
    .run = run,
};

visml_loss *visml_mean_squared_error(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_mean_squared_error_class, opts, err);
}
