#include "nn/merging.h"

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

void visml_merge_forward(const visml_pass *pass, int32_t how) {
    visml_combination m = {how, (int32_t)pass->inputs, pass->x};
    visml_combine(&pass->compute, &m, visml_merge_count(pass), pass->y);
}

void visml_merge_backward(const visml_pass *pass, int32_t how) {
    visml_combination m = {how, (int32_t)pass->inputs, pass->x};
    for (int32_t i = 0; i < m.inputs; i++)
        if (pass->dx[i])
            visml_combine_backward(&pass->compute, &m, i, visml_merge_count(pass), pass->y, pass->dy, pass->dx[i]);
}
