#include "base/checked.h"
#include "base/error.h"
#include "nn/layer.h"

#define LONGEST 9007199254740992.0 /* 2^53 */

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_reshape_opts),
    VISML_FIELD(visml_reshape_opts, target_shape, I64, VISML_FIELD_REQUIRED | VISML_FIELD_LIST, VISML_MAX_RANK - 1, -1, LONGEST, 0),
    VISML_FIELD(visml_reshape_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_shape target_of(const visml_layer *layer) {
    const visml_reshape_opts *o = layer->opts;
    int32_t rank = 0;
    while (rank < VISML_MAX_RANK - 1 && o->target_shape[rank])
        rank++;
    return visml_shape_make(rank, o->target_shape);
}

/* Product of the dimensions that are given; -1 stands aside as *open, its place or -1. 0 when it does not fit. */
static int64_t known_count(const visml_shape *target, int32_t *open) {
    int64_t n = 1;
    *open = -1;
    for (int32_t i = 0; i < target->rank; i++) {
        if (target->dims[i] < 0)
            *open = i;
        else if (!visml_i64_mul(n, target->dims[i], &n))
            return 0;
    }
    return n;
}

static visml_status check(const visml_layer *layer, visml_error *err) {
    visml_shape target = target_of(layer);
    int32_t open = 0;
    for (int32_t i = 0; i < target.rank; i++)
        open += target.dims[i] < 0;
    if (open > 1)
        return visml_fail(err, VISML_EINVAL, "reshape: target_shape is %s, must hold -1 only once", visml_shape_format(&target).s);
    return VISML_OK;
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_shape target = target_of(layer);
    int32_t open;
    int64_t have = visml_shape_count(in), known = known_count(&target, &open);
    (void)inputs;
    if (known == 0 || have % known || (open < 0 && have != known))
        return visml_fail(err, VISML_EINVAL, "target_shape %s does not fit input %s, which has %lld elements",
                          visml_shape_format(&target).s, visml_shape_format(in).s, (long long)have);
    if (open >= 0)
        target.dims[open] = have / known;
    *out = target;
    return VISML_OK;
}

const visml_layer_class visml_reshape_class = {
    .name = "reshape",
    .title = "Reshape",
    .opts_size = sizeof(visml_reshape_opts),
    .fields = fields,
    .properties = VISML_ALIASES_INPUT,
    .min_inputs = 1,
    .max_inputs = 1,
    .check = check,
    .infer = infer,
};

visml_layer *visml_reshape(visml_context *ctx, const visml_reshape_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_reshape_class, opts, err);
}
