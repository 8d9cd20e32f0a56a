/* Srivastava et al. 2014: Dropout, with the scaling done in training. */
#include "kernel/elementwise.h"
#include "nn/dropping.h"

static void apply(const visml_layer *layer, const visml_pass *pass, const real *from, real *to) {
    const visml_dropout_opts *o = layer->opts;
    size_t n = (size_t)(pass->batch * visml_shape_count(pass->in));
    visml_dropout_apply(&pass->compute, n, from, o->rate, o->seed ? o->seed : pass->key, pass->step, to);
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    apply(layer, pass, pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    if (pass->dx[0])
        apply(layer, pass, pass->dy, pass->dx[0]);
}

const visml_layer_class visml_dropout_class = {
    .name = "dropout",
    .title = "Dropout",
    .opts_size = sizeof(visml_dropout_opts),
    .fields = visml_dropping_fields,
    .properties = VISML_IDLE_INFERENCE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_layer_same_shape,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_dropout(visml_context *ctx, const visml_dropout_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_dropout_class, opts, err);
}
