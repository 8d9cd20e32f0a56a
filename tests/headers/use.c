/* The macros of the public headers as a user writes them, in C99 and later. Compiled only. */
#include <visml/visml.h>

visml_model *use(visml_context *ctx, visml_error *err);

visml_model *use(visml_context *ctx, visml_error *err) {
    visml_model *net = visml_model_new(ctx, VISML_SHAPE(32, 32, 3), err);
    visml_dense_opts dense = VISML_OPTS_INIT(visml_dense_opts);
    visml_model_add(net, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 32, .kernel_size = {3, 3}, .padding = VISML_SAME), err),
                    err);
    dense.units = 10;
    visml_model_add(net, visml_dense(ctx, &dense, err), err);
    visml_model_add(net, visml_batchnorm(ctx, VISML_OPTS(visml_batchnorm_opts, .momentum = VISML_ZERO), err), err);
    if (visml_model_build(net, 1, err) == VISML_OK)
        return net;
    visml_model_free(net);
    return NULL;
}
