/* Time steps that are there only to make a sequence as long as the others, with one value in all channels. */
#include "base/error.h"
#include "kernel/kernels.h"
#include "nn/layer.h"

#define MOST 3.4e38 /* a float */

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_masking_opts),
    VISML_FIELD(visml_masking_opts, mask_value, F64, 0, 1, -MOST, MOST, 0),
    VISML_FIELD(visml_masking_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs;
    if (in->rank < 2)
        return visml_fail(err, VISML_EINVAL, "input %s must have two dimensions or more, the first of them time steps",
                          visml_shape_format(in).s);
    *out = *in;
    return VISML_OK;
}

static int32_t makes_mask(const visml_layer *layer, const visml_shape *in) {
    (void)layer, (void)in;
    return 1;
}

/* As Keras: a step counts when any of its channels has another value; NaN is one. */
static int counts(const real *x, int64_t n, real value) {
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] == value))
            return 1;
    return 0;
}

/* Steps of `from` that count by x, to `to`; zeros for the others. mask NULL: nobody wants to know. */
static void copy_steps(const visml_layer *layer, const visml_pass *pass, const real *from, real *to, uint8_t *mask) {
    const visml_masking_opts *o = layer->opts;
    int64_t steps = pass->batch * pass->in->dims[0], n = visml_shape_count(pass->in) / pass->in->dims[0];
    for (int64_t i = 0; i < steps; i++) {
        int takes = counts(pass->x[0] + i * n, n, (real)o->mask_value);
        pass->compute.kernels->copy_rows(1, n, takes ? from + i * n : NULL, 0, to + i * n, 0);
        if (mask)
            mask[i] = (uint8_t)takes;
    }
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    copy_steps(layer, pass, pass->x[0], pass->y, pass->mask);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    if (pass->dx[0])
        copy_steps(layer, pass, pass->dy, pass->dx[0], NULL);
}

const visml_layer_class visml_masking_class = {
    .name = "masking",
    .title = "Masking",
    .opts_size = sizeof(visml_masking_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .makes_mask = makes_mask,
};

visml_layer *visml_masking(visml_context *ctx, const visml_masking_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_masking_class, opts, err);
}
