#include "nn/dropping.h"

#include "base/checked.h"
#include "base/error.h"
#include "kernel/elementwise.h"
#include "kernel/norm.h"

const visml_field visml_dropping_fields[] = {
    VISML_FIELD_OF_RESERVED(visml_dropout_opts),
    VISML_FIELD(visml_dropout_opts, rate, F64, VISML_FIELD_REQUIRED | VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    VISML_FIELD(visml_dropout_opts, seed, U64, 0, 1, 0, 18446744073709551615.0, 0),
    VISML_FIELD(visml_dropout_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

visml_status visml_channel_dropout_infer(int32_t rank, const visml_shape *in, visml_shape *out, visml_error *err) {
    if (in->rank != rank)
        return visml_fail(err, VISML_EINVAL, "input %s must have %s", visml_shape_format(in).s,
                          rank == 3 ? "three dimensions: height, width and channels" : "two dimensions: time steps and channels");
    *out = *in;
    return VISML_OK;
}

/* The factors [batch, C], and C zeros. */
size_t visml_channel_dropout_scratch(const visml_layer *layer, const visml_pass *pass) {
    size_t n;
    (void)layer;
    if (!visml_size_mul((size_t)pass->batch + 1, (size_t)pass->in->dims[pass->in->rank - 1], &n) || !visml_size_mul(n, sizeof(real), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

static void apply(const visml_layer *layer, const visml_pass *pass, const real *from, real *to) {
    const visml_dropout_opts *o = layer->opts;
    int64_t c = pass->in->dims[pass->in->rank - 1], sample = visml_shape_count(pass->in);
    real *factors = pass->scratch, *zeros = factors + pass->batch * c;
    for (int64_t i = 0; i < pass->batch * c; i++)
        factors[i] = 1;
    for (int64_t i = 0; i < c; i++)
        zeros[i] = 0;
    visml_dropout_apply(&pass->compute, (size_t)(pass->batch * c), factors, o->rate, o->seed ? o->seed : pass->key, pass->step, factors);
    for (int64_t i = 0; i < pass->batch; i++)
        visml_affine(&pass->compute, sample / c, c, from + i * sample, factors + i * c, zeros, to + i * sample);
}

void visml_channel_dropout_forward(const visml_layer *layer, const visml_pass *pass) {
    apply(layer, pass, pass->x[0], pass->y);
}

void visml_channel_dropout_backward(const visml_layer *layer, const visml_pass *pass) {
    if (pass->dx[0])
        apply(layer, pass, pass->dy, pass->dx[0]);
}
