#include "nn/normalizing.h"

#include "base/error.h"

visml_status visml_normalizing_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs, (void)err;
    *out = *in;
    return VISML_OK;
}

visml_status visml_normalizing_axis(int32_t axis, const visml_shape *in, int32_t *index, visml_error *err) {
    *index = axis > 0 ? axis - 1 : axis + in->rank;
    if (*index >= 0 && *index < in->rank)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "axis is %d, must be -%d to -1 or 1 to %d for input %s", axis, in->rank, in->rank,
                      visml_shape_format(in).s);
}

visml_status visml_normalizing_param(visml_layer *layer, const char *name, const visml_shape *shape, visml_init init, int32_t trainable,
                                     visml_error *err) {
    int64_t field = 1, last = shape->dims[shape->rank - 1];
    for (int32_t i = 0; i < shape->rank - 2; i++)
        field *= shape->dims[i];
    int64_t in = shape->rank > 1 ? field * shape->dims[shape->rank - 2] : last;
    return visml_layer_param(layer, name, shape, init, trainable, in, field * last, err);
}

visml_status visml_normalizing_build(visml_layer *layer, int has_gamma, int has_beta, const visml_shape *shape, visml_init gamma,
                                     visml_init beta, visml_error *err) {
    if (has_gamma)
        VISML_TRY(visml_normalizing_param(layer, "gamma", shape, gamma, 1, err));
    return has_beta ? visml_normalizing_param(layer, "beta", shape, beta, 1, err) : VISML_OK;
}

visml_gamma_beta visml_normalizing_arrays(int has_gamma, int has_beta, real *const *list) {
    visml_gamma_beta a = {NULL, NULL};
    if (has_gamma)
        a.gamma = *list++;
    if (has_beta)
        a.beta = *list;
    return a;
}
