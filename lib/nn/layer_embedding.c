#include <string.h>

#include "base/error.h"
#include "kernel/lookup.h"
#include "nn/layer.h"

#define MOST_ROWS 16777216 /* 2^24: the whole numbers that floats tell apart */

static const visml_field fields[] = {
    VISML_FIELD(visml_embedding_opts, input_dim, I32, VISML_FIELD_REQUIRED, 1, 1, MOST_ROWS, 0),
    VISML_FIELD(visml_embedding_opts, output_dim, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD_OF_ENUM(visml_embedding_opts, embeddings_initializer, VISML_INIT_RANDOM_UNIFORM, visml_init_names),
    VISML_FIELD(visml_embedding_opts, name, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_embedding_opts, mask_zero, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_embedding_opts),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_embedding_opts *o = layer->opts;
    (void)inputs;
    if (in->rank > VISML_MAX_RANK - 2)
        return visml_fail(err, VISML_EINVAL, "input %s must have 1 to %d dimensions: one is added", visml_shape_format(in).s,
                          VISML_MAX_RANK - 2);
    visml_shape s = *in;
    s.dims[s.rank++] = o->output_dim;
    *out = s;
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_embedding_opts *o = layer->opts;
    visml_shape table = visml_shape_make(2, (int64_t[]){o->input_dim, o->output_dim});
    (void)in, (void)inputs;
    return visml_layer_param(layer, "embeddings", &table, o->embeddings_initializer, 1, o->input_dim, o->output_dim, err);
}

static int64_t count_of(const visml_pass *pass) {
    return pass->batch * visml_shape_count(pass->in);
}

static int32_t makes_mask(const visml_layer *layer, const visml_shape *in) {
    return ((const visml_embedding_opts *)layer->opts)->mask_zero ? in->rank : 0;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const visml_embedding_opts *o = layer->opts;
    for (int64_t i = 0; o->mask_zero && pass->mask && i < count_of(pass); i++)
        pass->mask[i] = !(pass->x[0][i] == 0); /* NaN is none */
    visml_lookup(&pass->compute, count_of(pass), pass->x[0], o->input_dim, o->output_dim, pass->params[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    const visml_embedding_opts *o = layer->opts;
    if (pass->grads[0])
        visml_lookup_backward(&pass->compute, count_of(pass), pass->x[0], o->input_dim, o->output_dim, pass->dy, pass->grads[0]);
    if (pass->dx[0])
        memset(pass->dx[0], 0, (size_t)count_of(pass) * sizeof(real));
}

const visml_layer_class visml_embedding_class = {
    .name = "embedding",
    .title = "Embedding",
    .opts_size = sizeof(visml_embedding_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .build = build,
    .forward = forward,
    .backward = backward,
    .makes_mask = makes_mask,
};

visml_layer *visml_embedding(visml_context *ctx, const visml_embedding_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_embedding_class, opts, err);
}
