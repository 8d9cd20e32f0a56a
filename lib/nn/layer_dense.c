#include "base/error.h"
#include "kernel/conv2d.h"
#include "kernel/norm.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_dense_opts, units, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD_OF_ENUM(visml_dense_opts, activation, VISML_LINEAR, visml_act_names),
    VISML_FIELD(visml_dense_opts, no_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_dense_opts, kernel_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_dense_opts, bias_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD(visml_dense_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_dense_opts *o = layer->opts;
    (void)inputs, (void)err;
    *out = *in;
    out->dims[in->rank - 1] = o->units;
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_dense_opts *o = layer->opts;
    int64_t channels = in->dims[in->rank - 1], units = o->units;
    visml_shape kernel = visml_shape_make(2, (int64_t[]){channels, units}), bias = visml_shape_make(1, &units);
    (void)inputs;
    VISML_TRY(visml_layer_param(layer, "kernel", &kernel, o->kernel_initializer, 1, channels, units, err));
    return o->no_bias ? VISML_OK : visml_layer_param(layer, "bias", &bias, o->bias_initializer, 1, units, units, err);
}

/* The three products: y [m, n] = x [m, k] W [k, n]; dx = dy W'; dW = x' dy. m: everything but the last dimension. */
typedef struct sizes {
    int64_t m, n, k;
} sizes;

static sizes sizes_of(const visml_pass *pass) {
    int64_t k = pass->in->dims[pass->in->rank - 1], n = pass->out->dims[pass->out->rank - 1];
    return (sizes){pass->batch * (visml_shape_count(pass->in) / k), n, k};
}

static visml_gemm product(const visml_pass *pass) {
    sizes s = sizes_of(pass);
    return (visml_gemm){.m = s.m, .n = s.n, .k = s.k, .a = pass->x ? pass->x[0] : NULL, .lda = s.k,
                        .b = pass->params ? pass->params[0] : NULL, .ldb = s.n, .c = pass->y, .ldc = s.n};
}

static visml_gemm product_for_data(const visml_pass *pass) {
    sizes s = sizes_of(pass);
    return (visml_gemm){.m = s.m, .n = s.k, .k = s.n, .a = pass->dy, .lda = s.n, .b = pass->params ? pass->params[0] : NULL, .ldb = s.n,
                        .trans_b = 1, .c = pass->dx ? pass->dx[0] : NULL, .ldc = s.k};
}

static visml_gemm product_for_kernel(const visml_pass *pass) {
    sizes s = sizes_of(pass);
    return (visml_gemm){.m = s.k, .n = s.n, .k = s.m, .a = pass->x ? pass->x[0] : NULL, .lda = s.k, .trans_a = 1, .b = pass->dy, .ldb = s.n,
                        .c = pass->grads ? pass->grads[0] : NULL, .ldc = s.n};
}

/* 1 x 1 over a row of pixels: everything but the last dimension. */
static int geometry(const visml_layer *layer, const visml_pass *pass, visml_conv2d_geometry *g) {
    sizes s = sizes_of(pass);
    int64_t row = pass->batch ? s.m / pass->batch : 0;
    (void)layer;
    *g = (visml_conv2d_geometry){.n = pass->batch, .h = 1, .w = row, .c = s.k, .oh = 1, .ow = row, .f = s.n, .kh = 1, .kw = 1, .sh = 1,
                                 .sw = 1, .dh = 1, .dw = 1, .groups = 1};
    return 1;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Only sizes are known here, no arrays. */
static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    sizes s = sizes_of(pass);
    visml_gemm g = product(pass), data = product_for_data(pass), kernel = product_for_kernel(pass);
    size_t most = visml_gemm_scratch(&pass->compute, &g);
    (void)layer;
    if (pass->mode == VISML_TRAINING) {
        most = larger(most, visml_gemm_scratch(&pass->compute, &data));
        most = larger(most, visml_gemm_scratch(&pass->compute, &kernel));
        most = larger(most, visml_colsum_scratch(&pass->compute, s.m, s.n));
    }
    return most;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_gemm g = product(pass);
    visml_epilogue epilogue = {0};
    if (pass->epilogue)
        epilogue = *pass->epilogue;
    if (layer->param_count > 1 && !epilogue.bias)
        epilogue.bias = pass->params[1];
    g.epilogue = &epilogue;
    g.packed_b = pass->prepared;
    visml_gemm_run(&pass->compute, &g, pass->scratch);
}

static size_t prepare_bytes(const visml_layer *layer, const visml_pass *pass) {
    sizes s = sizes_of(pass);
    (void)layer;
    return visml_layer_packed(visml_gemm_packed_bytes(&pass->compute, s.n, s.k));
}

static void prepare(const visml_layer *layer, const visml_pass *pass, void *prepared) {
    visml_gemm g = product(pass);
    (void)layer;
    visml_gemm_pack(&pass->compute, &g, prepared);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_gemm data = product_for_data(pass), kernel = product_for_kernel(pass);
    sizes s = sizes_of(pass);
    if (kernel.c)
        visml_gemm_run(&pass->compute, &kernel, pass->scratch);
    if (layer->param_count > 1 && pass->grads[1])
        visml_colsum(&pass->compute, s.m, s.n, pass->dy, pass->grads[1], pass->scratch);
    if (data.c)
        visml_gemm_run(&pass->compute, &data, pass->scratch);
}

const visml_layer_class visml_dense_class = {
    .name = "dense",
    .title = "Dense",
    .opts_size = sizeof(visml_dense_opts),
    .fields = fields,
    .properties = VISML_FUSES_EPILOGUE | VISML_BACKWARD_NEEDS_X | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
    .prepare_bytes = prepare_bytes,
    .prepare = prepare,
    .geometry = geometry,
};

visml_layer *visml_dense(visml_context *ctx, const visml_dense_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_dense_class, opts, err);
}
