#include "nn/merging.h"

#include <math.h>

#include "base/error.h"

const visml_field visml_merge_fields[] = {
    VISML_FIELD_OF_RESERVED(visml_plain_opts),
    VISML_FIELD(visml_plain_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

visml_status visml_merge_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer;
    for (size_t i = 1; i < inputs; i++)
        if (!visml_shape_equal(&in[0], &in[i]))
            return visml_fail(err, VISML_EINVAL, "input %zu is %s, must be %s as the first", i + 1, visml_shape_format(&in[i]).s,
                              visml_shape_format(&in[0]).s);
    *out = in[0];
    return VISML_OK;
}

size_t visml_merge_count(const visml_pass *pass) {
    return (size_t)(pass->batch * visml_shape_count(pass->in));
}

/* ---- where inputs are masked, Keras leaves them out of a product, a maximum and a minimum ---- */

static int is_masked(const visml_pass *pass, int32_t how) {
    int any = 0;
    for (size_t k = 0; pass->masks && k < pass->inputs; k++)
        any |= pass->masks[k].bytes != NULL;
    return any && (how == VISML_COMBINE_MULTIPLY || how == VISML_COMBINE_MAXIMUM || how == VISML_COMBINE_MINIMUM);
}

typedef struct masked_job {
    const visml_pass *pass;
    int32_t how;
    int64_t n; /* elements of a sample */
    int64_t each[VISML_MAX_INPUTS]; /* elements that share a byte of an input's mask */
    size_t which; /* backward: the input */
} masked_job;

static masked_job job_of(const visml_pass *pass, int32_t how, size_t which) {
    masked_job j = {.pass = pass, .how = how, .n = visml_shape_count(pass->in), .which = which};
    for (size_t k = 0; k < pass->inputs; k++) {
        j.each[k] = j.n;
        for (int32_t i = 0; i < pass->masks[k].dims; i++)
            j.each[k] /= pass->in->dims[i];
    }
    return j;
}

static int counts(const masked_job *j, size_t k, int64_t at) {
    const uint8_t *bytes = j->pass->masks[k].bytes;
    return !bytes || bytes[at / j->each[k]];
}

/* The product of what counts, `without` left out. Nothing counts: 0. */
static real product_of(const masked_job *j, int64_t at, size_t without) {
    real product = 1;
    int any = 0;
    for (size_t k = 0; k < j->pass->inputs; k++) {
        if (!counts(j, k, at))
            continue;
        any = 1;
        product *= k == without ? 1 : j->pass->x[k][at];
    }
    return any ? product : 0;
}

/* The input with the largest or the smallest of what counts, the first of equal ones; a NaN before numbers. Nothing counts: the first. */
static size_t choice_of(const masked_job *j, int64_t at) {
    size_t best = 0, found = 0;
    for (size_t k = 0; k < j->pass->inputs; k++) {
        if (!counts(j, k, at))
            continue;
        real x = j->pass->x[k][at], y = j->pass->x[best][at];
        int better = j->how == VISML_COMBINE_MAXIMUM ? x > y : x < y;
        if (!found || (better && !isnan(y)) || (isnan(x) && !isnan(y)))
            best = k;
        found = 1;
    }
    return best;
}

static void forward_sample(void *arg, size_t sample, size_t worker) {
    const masked_job *j = arg;
    int64_t first = (int64_t)sample * j->n;
    (void)worker;
    for (int64_t at = first; at < first + j->n; at++)
        j->pass->y[at] = j->how == VISML_COMBINE_MULTIPLY ? product_of(j, at, SIZE_MAX) : j->pass->x[choice_of(j, at)][at];
}

static void backward_sample(void *arg, size_t sample, size_t worker) {
    const masked_job *j = arg;
    const visml_pass *p = j->pass;
    int64_t first = (int64_t)sample * j->n;
    (void)worker;
    for (int64_t at = first; at < first + j->n; at++)
        if (j->how == VISML_COMBINE_MULTIPLY)
            p->dx[j->which][at] = counts(j, j->which, at) ? p->dy[at] * product_of(j, at, j->which) : 0;
        else
            p->dx[j->which][at] = choice_of(j, at) == j->which ? p->dy[at] : 0;
}

/* ---- passes ---- */

void visml_merge_forward(const visml_pass *pass, int32_t how) {
    visml_combination m = {how, (int32_t)pass->inputs, pass->x};
    if (is_masked(pass, how)) {
        masked_job j = job_of(pass, how, 0);
        visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, forward_sample, &j);
        return;
    }
    visml_combine(&pass->compute, &m, visml_merge_count(pass), pass->y);
}

void visml_merge_backward(const visml_pass *pass, int32_t how) {
    visml_combination m = {how, (int32_t)pass->inputs, pass->x};
    for (int32_t i = 0; i < m.inputs; i++) {
        if (pass->dx[i] && is_masked(pass, how)) {
            masked_job j = job_of(pass, how, (size_t)i);
            visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, backward_sample, &j);
        } else if (pass->dx[i]) {
            visml_combine_backward(&pass->compute, &m, i, visml_merge_count(pass), pass->y, pass->dy, pass->dx[i]);
        }
    }
}
