/* A layer at each time step on its own: time becomes a part of the batch, which needs no copy. */
#include <string.h>

#include "base/error.h"
#include "kernel/kernels.h"
#include "nn/wrapper.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_plain_opts),
    VISML_FIELD(visml_plain_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

/* The session applies the activation, to all steps at once. */
static visml_status adopt(visml_layer *layer, visml_error *err) {
    const visml_layer *inner = layer->inner[0];
    if (inner->cls->min_inputs != 1)
        return visml_fail(err, VISML_EINVAL, "time_distributed: the inner layer is %s, must be one with one input", inner->cls->name);
    if (visml_layer_state(inner))
        return visml_fail(err, VISML_EINVAL, "time_distributed: stateful of the inner layer must be 0: steps have no order here");
    layer->activation = inner->activation;
    layer->alpha = inner->alpha;
    return VISML_OK;
}

/* Of one time step. */
static visml_shape step_of(const visml_shape *s) {
    return visml_shape_make(s->rank - 1, s->dims + 1);
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_shape step, one;
    if (in->rank < 2)
        return visml_fail(err, VISML_EINVAL, "input %s must have two dimensions or more, the first of them time steps",
                          visml_shape_format(in).s);
    step = step_of(in);
    VISML_TRY(visml_layer_infer(layer->inner[0], &step, inputs, &one, err));
    if (one.rank > VISML_MAX_RANK - 2)
        return visml_fail(err, VISML_EINVAL, "the output of a time step, %s, has too many dimensions: there may be %d",
                          visml_shape_format(&one).s, VISML_MAX_RANK - 2);
    *out = visml_shape_make(one.rank + 1, in->dims); /* the others follow */
    memcpy(out->dims + 1, one.dims, (size_t)one.rank * sizeof *one.dims);
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    visml_shape step = step_of(in), out;
    visml_layer *inner = layer->inner[0];
    VISML_TRY(visml_layer_build(inner, &step, inputs, &out, err));
    memcpy(layer->params, inner->params, sizeof layer->params);
    layer->param_count = inner->param_count;
    return VISML_OK;
}

/* ---- passes ---- */

typedef struct steps {
    visml_shape in, out;
    visml_pass pass;
} steps;

/* *s stays where it is: the pass points into it. */
static void take_steps(const visml_layer *inner, const visml_pass *pass, steps *s) {
    s->in = step_of(pass->in);
    s->out = step_of(pass->out);
    s->pass = *pass;
    s->pass.batch = pass->batch * pass->in->dims[0];
    s->pass.in = &s->in;
    s->pass.out = &s->out;
    s->pass.epilogue = NULL;
    s->pass.prepared = NULL;
    s->pass.mask_dims = pass->mask_dims - 1;
    if (s->pass.mask_dims < 0 || inner->cls->makes_mask) { /* a mask that is made within a step goes nowhere */
        s->pass.masked = 0;
        s->pass.mask = NULL;
    }
    s->pass.input_activation = VISML_LINEAR;
}

/* 1: the inner layer's forward and backward are not to be called: they hand on what they are given. */
static int hands_on(const visml_layer *inner, visml_mode mode) {
    int32_t p = inner->cls->properties;
    return (p & (VISML_ALIASES_INPUT | VISML_ONLY_ACTIVATES)) || ((p & VISML_IDLE_INFERENCE) && mode == VISML_INFERENCE);
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    const visml_layer_class *cls = layer->inner[0]->cls;
    steps s;
    take_steps(layer->inner[0], pass, &s);
    return cls->scratch ? cls->scratch(layer->inner[0], &s.pass) : 0;
}

static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    const visml_layer_class *cls = layer->inner[0]->cls;
    steps s;
    take_steps(layer->inner[0], pass, &s);
    return cls->keep ? cls->keep(layer->inner[0], &s.pass) : 0;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const visml_layer *inner = layer->inner[0];
    steps s;
    take_steps(inner, pass, &s);
    if (hands_on(inner, pass->mode))
        pass->compute.kernels->copy_rows(1, pass->batch * visml_shape_count(pass->out), pass->x[0], 0, pass->y, 0);
    else
        inner->cls->forward(inner, &s.pass);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    const visml_layer *inner = layer->inner[0];
    steps s;
    take_steps(inner, pass, &s);
    if (!hands_on(inner, pass->mode))
        inner->cls->backward(inner, &s.pass);
    else if (pass->dx[0])
        pass->compute.kernels->copy_rows(1, pass->batch * visml_shape_count(pass->out), pass->dy, 0, pass->dx[0], 0);
}

const visml_layer_class visml_time_distributed_class = {
    .name = "time_distributed",
    .title = "TimeDistributed",
    .opts_size = sizeof(visml_plain_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_BACKWARD_NEEDS_Y | VISML_PASSES_MASK, /* as in Keras, whatever the inner layer does */
    .min_inputs = 1,
    .max_inputs = 1,
    .adopt = adopt,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .keep = keep,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_time_distributed(visml_context *ctx, visml_layer *inner, const visml_plain_opts *opts, visml_error *err) {
    return visml_layer_wrap(ctx, &visml_time_distributed_class, inner, opts, err);
}
