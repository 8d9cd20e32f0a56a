/* The macros of the public headers as a user writes them, in C++11 and later. Compiled only. */
#include <visml/visml.h>

visml_model *use(visml_context *ctx, visml_error *err);

visml_model *use(visml_context *ctx, visml_error *err) {
    visml_model *net = visml_model_new(ctx, VISML_SHAPE(32, 32, 3), err);
    visml_dense_opts dense = VISML_OPTS_INIT(visml_dense_opts);
    dense.units = 10;
    dense.activation = VISML_SOFTMAX;
    visml_model_add(net, visml_dense(ctx, &dense, err), err);
    if (visml_model_build(net, 1, err) == VISML_OK)
        return net;
    visml_model_free(net);
    return nullptr;
}
