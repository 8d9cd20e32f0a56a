#include "nn/row_loss.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernel/elementwise.h"

#define ROWS_A_BLOCK 16 /* of one thread's work */

double visml_loss_target(const visml_row_loss *j, int64_t row, int64_t i) {
    const visml_loss_pass *p = j->pass;
    double t = p->targets ? (double)p->targets[row * p->width + i] : p->width == 1 ? p->labels[row] : p->labels[row] == i;
    return t * j->scale + j->shift;
}

double visml_loss_elements(const visml_row_loss *j, int64_t row, double factor) {
    const visml_loss_pass *p = j->pass;
    double sum = 0, slope;
    factor /= (double)p->width;
    for (int64_t i = 0; i < p->width; i++) {
        sum += j->term(j, visml_loss_target(j, row, i), (double)p->y[row * p->width + i], &slope);
        if (p->dy)
            p->dy[row * p->width + i] = (real)(slope * factor);
    }
    return sum / (double)p->width;
}

static void run_row(const visml_row_loss *j, int64_t row) {
    const visml_loss_pass *p = j->pass;
    double weight = p->weights ? (double)p->weights[row] : 1;
    if (p->labels && p->labels[row] < 0) {
        p->loss[row] = 0;
        if (p->dy)
            memset(p->dy + row * p->width, 0, (size_t)p->width * sizeof(real));
        return;
    }
    p->loss[row] = (real)(weight * j->row(j, row, weight * (double)p->scale));
}

static void run_block(void *arg, size_t block, size_t worker) {
    const visml_row_loss *j = arg;
    int64_t first = (int64_t)block * ROWS_A_BLOCK;
    (void)worker;
    for (int64_t row = first; row < first + ROWS_A_BLOCK && row < j->pass->rows; row++)
        run_row(j, row);
}

static void fill_prob(const visml_row_loss *j) {
    const visml_loss_pass *p = j->pass;
    size_t n = (size_t)(p->rows * p->width);
    if (p->logits && j->loss->cls->joins == VISML_SIGMOID)
        visml_activate(&p->compute, VISML_SIGMOID, 0, n, p->y, p->prob);
    else if (p->prob != p->y)
        memcpy(p->prob, p->y, n * sizeof(real));
}

/* prob may be y, and so may dy: whichever is, comes last. */
void visml_loss_rows(const visml_row_loss *j) {
    const visml_loss_pass *p = j->pass;
    if (p->prob && p->prob != p->y)
        fill_prob(j);
    visml_parallel_run(p->compute.parallel, (size_t)((p->rows + ROWS_A_BLOCK - 1) / ROWS_A_BLOCK), run_block, (void *)j);
    if (p->prob && p->prob == p->y)
        fill_prob(j);
}

void visml_loss_run_elements(const visml_loss *loss, const visml_loss_pass *pass,
                             double (*term)(const visml_row_loss *j, double t, double y, double *slope), double scale, double shift) {
    visml_loss_rows(&(visml_row_loss){loss, pass, visml_loss_elements, term, scale, shift});
}

int visml_loss_binary_targets(const visml_loss_pass *pass) {
    for (int64_t i = 0; pass->targets && i < pass->rows * pass->width; i++)
        if (!(pass->targets[i] >= 0 && pass->targets[i] <= 1) || (pass->targets[i] > 0 && pass->targets[i] < 1))
            return 0;
    return 1;
}

double visml_loss_clip(double p) {
    return p < VISML_SMALLEST ? VISML_SMALLEST : p > 1 - VISML_SMALLEST ? 1 - VISML_SMALLEST : p;
}

double visml_loss_sigmoid(double z) {
    double e = exp(-fabs(z));
    return z < 0 ? e / (1 + e) : 1 / (1 + e);
}

/* ---- checks ---- */

static visml_status check_target(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target, visml_error *err) {
    if (!labels && !visml_shape_equal(out, target))
        return visml_fail(err, VISML_EINVAL, "%s: targets %s must have the shape of the model's output, %s", loss->cls->name,
                          visml_shape_format(target).s, visml_shape_format(out).s);
    return VISML_OK;
}

visml_status visml_loss_check_elements(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target,
                                       visml_error *err) {
    if (labels && out->rank != 1)
        return visml_fail(err, VISML_EINVAL, "%s: the model's output %s must be [classes] when targets are class numbers", loss->cls->name,
                          visml_shape_format(out).s);
    return check_target(loss, out, labels, target, err);
}

visml_status visml_loss_check_classes(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target,
                                      visml_error *err) {
    if (labels && out->rank != 1)
        return visml_fail(err, VISML_EINVAL, "%s: the model's output %s must be [classes] when targets are class numbers", loss->cls->name,
                          visml_shape_format(out).s);
    if (labels && out->dims[0] == 1)
        return visml_fail(err, VISML_EINVAL, "%s: the model's output [1] must have a unit for each class; for one unit use "
                          "binary_crossentropy", loss->cls->name);
    return check_target(loss, out, labels, target, err);
}
