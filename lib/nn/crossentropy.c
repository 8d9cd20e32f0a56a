#include "nn/crossentropy.h"

#include <math.h>
#include <string.h>

#include "kernel/softmax.h"

#define ROWS_AT_ONCE 512 /* whose factors lie on the stack */
#define ROWS_A_BLOCK 64  /* of one thread's work */
#define SMALLEST 1e-7    /* Keras' epsilon: probabilities are taken as SMALLEST ... 1 - SMALLEST */

static double factor_of(const visml_loss_pass *pass, int64_t row) {
    return pass->weights ? (double)pass->weights[row] * (double)pass->scale : (double)pass->scale;
}

static double smoothing_of(const visml_loss *loss) {
    return ((const visml_crossentropy_opts *)loss->opts)->label_smoothing;
}

/* ---- from logits: the kernel's work ---- */

static void run_on_logits(const visml_loss *loss, const visml_loss_pass *p, int64_t first, int64_t rows) {
    real factor[ROWS_AT_ONCE];
    int64_t at = first * p->width;
    for (int64_t r = 0; r < rows; r++)
        factor[r] = (real)factor_of(p, first + r);
    visml_crossentropy_run(&p->compute, &(visml_crossentropy){
        .rows = rows,
        .channels = p->width,
        .z = p->y + at,
        .labels = p->labels ? p->labels + first : NULL,
        .targets = p->targets ? p->targets + at : NULL,
        .factor = factor,
        .smoothing = smoothing_of(loss),
        .loss = p->loss + first,
        .dz = p->dy ? p->dy + at : NULL,
        .prob = p->prob ? p->prob + at : NULL,
    });
    for (int64_t r = 0; p->weights && r < rows; r++)
        p->loss[first + r] *= p->weights[first + r];
}

/* ---- from probabilities, which need not add up to 1: q = y / sum(y), cut to the range, loss = -sum(t log q) ---- */

typedef struct job {
    const visml_loss *loss;
    const visml_loss_pass *pass;
} job;

static double target_of(const visml_loss_pass *p, double smoothing, int64_t row, int64_t i) {
    double t = p->labels ? p->labels[row] == i : (double)p->targets[row * p->width + i];
    return t * (1 - smoothing) + smoothing / (double)p->width;
}

static double clip(double q) {
    return q < SMALLEST ? SMALLEST : q > 1 - SMALLEST ? 1 - SMALLEST : q; /* NaN stays */
}

/* The loss of a row without its weight; *pull = sum(dq q), which every element of the gradient shares. Where q is cut, dq is 0. */
static double measure(const job *j, int64_t row, double sum, double *pull) {
    const visml_loss_pass *p = j->pass;
    double smoothing = smoothing_of(j->loss), loss = 0;
    *pull = 0;
    for (int64_t i = 0; i < p->width; i++) {
        double t = target_of(p, smoothing, row, i), q = (double)p->y[row * p->width + i] / sum;
        loss -= t * log(clip(q));
        if (clip(q) == q)
            *pull -= t;
    }
    return loss;
}

/* dy = (dq - sum(dq q)) / sum(y), dq = -t / q. dy may be y. */
static void derive(const job *j, int64_t row, double sum, double pull) {
    const visml_loss_pass *p = j->pass;
    double smoothing = smoothing_of(j->loss), factor = factor_of(p, row) / sum;
    for (int64_t i = 0; i < p->width; i++) {
        double q = (double)p->y[row * p->width + i] / sum;
        double dq = clip(q) == q ? -target_of(p, smoothing, row, i) / q : 0;
        p->dy[row * p->width + i] = (real)((dq - pull) * factor);
    }
}

static void run_row(const job *j, int64_t row) {
    const visml_loss_pass *p = j->pass;
    double sum = 0, pull;
    if (p->labels && p->labels[row] < 0) {
        p->loss[row] = 0;
        if (p->dy)
            memset(p->dy + row * p->width, 0, (size_t)p->width * sizeof(real));
        return;
    }
    for (int64_t i = 0; i < p->width; i++)
        sum += (double)p->y[row * p->width + i];
    p->loss[row] = (real)(measure(j, row, sum, &pull) * (p->weights ? (double)p->weights[row] : 1));
    if (p->dy)
        derive(j, row, sum, pull);
}

static void run_block(void *arg, size_t block, size_t worker) {
    const job *j = arg;
    int64_t first = (int64_t)block * ROWS_A_BLOCK, end = first + ROWS_A_BLOCK;
    (void)worker;
    for (int64_t row = first; row < end && row < j->pass->rows; row++)
        run_row(j, row);
}

static void run_on_probabilities(const visml_loss *loss, const visml_loss_pass *p) {
    job j = {loss, p};
    if (p->prob && p->prob != p->y)
        memcpy(p->prob, p->y, (size_t)(p->rows * p->width) * sizeof(real));
    visml_parallel_run(p->compute.parallel, (size_t)((p->rows + ROWS_A_BLOCK - 1) / ROWS_A_BLOCK), run_block, &j);
}

void visml_crossentropy_loss(const visml_loss *loss, const visml_loss_pass *pass) {
    if (!visml_loss_on_logits(loss, pass)) {
        run_on_probabilities(loss, pass);
        return;
    }
    for (int64_t first = 0; first < pass->rows; first += ROWS_AT_ONCE) {
        int64_t left = pass->rows - first;
        run_on_logits(loss, pass, first, left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE);
    }
}
