#include "base/error.h"
#include "kernel/axes.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_permute_opts, dims, I32, VISML_FIELD_REQUIRED | VISML_FIELD_LIST, VISML_MAX_RANK - 1, 1, VISML_MAX_RANK - 1, 0),
    VISML_FIELD(visml_permute_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

/* The axes of x in their new order, from 0 on. Returns their number. */
static int32_t order_of(const visml_layer *layer, int32_t order[VISML_MAX_RANK - 1]) {
    const visml_permute_opts *o = layer->opts;
    int32_t rank = 0;
    for (; rank < VISML_MAX_RANK - 1 && o->dims[rank]; rank++)
        order[rank] = o->dims[rank] - 1;
    return rank;
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    int32_t order[VISML_MAX_RANK - 1], rank = order_of(layer, order);
    unsigned seen = 0;
    (void)inputs;
    for (int32_t i = 0; i < rank; i++)
        seen |= 1u << order[i];
    if (rank != in->rank || seen != (1u << rank) - 1)
        return visml_fail(err, VISML_EINVAL, "dims must name each of 1 to %d once for input %s", in->rank, visml_shape_format(in).s);
    visml_shape turned = *in;
    for (int32_t i = 0; i < rank; i++)
        turned.dims[i] = in->dims[order[i]];
    *out = turned;
    return VISML_OK;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    int32_t order[VISML_MAX_RANK - 1], rank = order_of(layer, order);
    visml_axes_permute(&pass->compute, pass->batch, rank, pass->in->dims, order, pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    int32_t order[VISML_MAX_RANK - 1], back[VISML_MAX_RANK - 1], rank = order_of(layer, order);
    for (int32_t i = 0; i < rank; i++)
        back[order[i]] = i;
    if (pass->dx[0])
        visml_axes_permute(&pass->compute, pass->batch, rank, pass->out->dims, back, pass->dy, pass->dx[0]);
}

const visml_layer_class visml_permute_class = {
    .name = "permute",
    .title = "Permute",
    .opts_size = sizeof(visml_permute_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_permute(visml_context *ctx, const visml_permute_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_permute_class, opts, err);
}
