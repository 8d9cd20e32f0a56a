/* Schuster and Paliwal 1997: Bidirectional recurrent neural networks. */
#include "base/error.h"
#include "kernel/kernels.h"
#include "nn/recurrent.h"
#include "nn/wrapper.h"

enum { FORWARD, BACKWARD, BOTH };

static const char *const modes[] = {"concat", "sum", "mul", "ave", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_bidirectional_opts, merge_mode, VISML_MERGE_CONCAT, modes),
    VISML_FIELD(visml_bidirectional_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static int32_t mode_of(const visml_layer *layer) {
    return ((const visml_bidirectional_opts *)layer->opts)->merge_mode;
}

static visml_status adopt(visml_layer *layer, visml_error *err) {
    const visml_layer *inner = layer->inner[FORWARD];
    if (!(inner->cls->properties & VISML_RECURS))
        return visml_fail(err, VISML_EINVAL, "bidirectional: the inner layer is %s, must be lstm, gru or simple_rnn", inner->cls->name);
    if (visml_recurrent_of(inner).backwards)
        return visml_fail(err, VISML_EINVAL, "bidirectional: go_backwards of the inner layer must be 0");
    layer->inner[BACKWARD] = visml_layer_turned(inner, err);
    return layer->inner[BACKWARD] ? VISML_OK : VISML_ENOMEM;
}

/* Rows of the state behind a direction's output. */
static int64_t states_of(const visml_layer *layer) {
    visml_recurrent r = visml_recurrent_of(layer->inner[FORWARD]);
    return r.state ? visml_recurrent_states(&r) : 0;
}

/* States are beside each other where the outputs are, else behind each other. */
static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    VISML_TRY(visml_layer_infer(layer->inner[FORWARD], in, inputs, out, err));
    if (mode_of(layer) != VISML_MERGE_CONCAT) {
        out->dims[0] += states_of(layer);
        return VISML_OK;
    }
    if (out->dims[out->rank - 1] > INT64_MAX / 2)
        return visml_fail(err, VISML_EINVAL, "twice %s is more than can be addressed", visml_shape_format(out).s);
    out->dims[out->rank - 1] *= 2;
    return VISML_OK;
}

/* kernel, recurrent_kernel, bias: in the order in which the recurrent layers have them. */
static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    static const char *const names[BOTH][3] = {{"forward_kernel", "forward_recurrent_kernel", "forward_bias"},
                                               {"backward_kernel", "backward_recurrent_kernel", "backward_bias"}};
    visml_shape out;
    for (int d = 0; d < BOTH; d++) {
        visml_layer *inner = layer->inner[d];
        VISML_TRY(visml_layer_build(inner, in, inputs, &out, err));
        for (size_t i = 0; i < inner->param_count; i++) {
            layer->params[layer->param_count] = inner->params[i];
            layer->params[layer->param_count++].name = names[d][i];
        }
    }
    return VISML_OK;
}

/* ---- memory ---- */

typedef struct both {
    visml_pass pass[BOTH];
    visml_shape out;  /* of one direction */
    int64_t rows, units; /* of a sample's output in one direction */
    int64_t steps;    /* those of the rows that are put together: behind them is the state, where it is wanted */
    real *y[BOTH];    /* [batch, rows, units]; mul keeps them for backward */
    real *dy[BOTH];
    real *dx;         /* of the backward direction */
} both;

static int keeps_outputs(const visml_layer *layer, const visml_pass *pass) {
    return pass->mode == VISML_TRAINING && mode_of(layer) == VISML_MERGE_MUL;
}

static void take_keep(const visml_layer *layer, const visml_pass *pass, both *b, visml_regions *r) {
    for (int d = 0; d < BOTH && pass->mode == VISML_TRAINING; d++)
        b->pass[d].keep = visml_regions_take(r, layer->inner[d]->cls->keep(layer->inner[d], &b->pass[d]));
    for (int d = 0; d < BOTH && keeps_outputs(layer, pass); d++)
        b->y[d] = visml_regions_reals(r, pass->batch * b->rows, b->units);
}

static void take_scratch(const visml_layer *layer, const visml_pass *pass, both *b, visml_regions *r) {
    size_t most = 0;
    for (int d = 0; d < BOTH; d++) {
        size_t n = layer->inner[d]->cls->scratch(layer->inner[d], &b->pass[d]);
        most = n > most ? n : most;
        if (!keeps_outputs(layer, pass))
            b->y[d] = visml_regions_reals(r, pass->batch * b->rows, b->units);
        if (pass->mode == VISML_TRAINING)
            b->dy[d] = visml_regions_reals(r, pass->batch * b->rows, b->units);
    }
    if (pass->mode == VISML_TRAINING)
        b->dx = visml_regions_reals(r, pass->batch, visml_shape_count(pass->in));
    b->pass[FORWARD].scratch = b->pass[BACKWARD].scratch = visml_regions_take(r, most);
}

/* *b stays where it is: the passes point into it. */
static void lay_out(const visml_layer *layer, const visml_pass *pass, both *b, size_t *keep, size_t *scratch) {
    visml_regions kept = {pass->keep, 0}, rest = {pass->scratch, 0};
    *b = (both){.out = *pass->out};
    if (mode_of(layer) == VISML_MERGE_CONCAT)
        b->out.dims[b->out.rank - 1] /= 2;
    else
        b->out.dims[0] -= states_of(layer);
    b->units = b->out.dims[b->out.rank - 1];
    b->rows = visml_shape_count(&b->out) / b->units;
    b->steps = b->rows - states_of(layer);
    for (int d = 0; d < BOTH; d++) {
        b->pass[d] = *pass;
        b->pass[d].out = &b->out;
        b->pass[d].key = visml_key(pass->key, 2 + (uint64_t)d);
        b->pass[d].state = pass->state ? pass->state + d * visml_layer_state(layer->inner[d]) : NULL;
        b->pass[d].params = pass->params ? pass->params + (size_t)d * layer->inner[d]->param_count : NULL;
        b->pass[d].grads = pass->grads ? pass->grads + (size_t)d * layer->inner[d]->param_count : NULL;
    }
    take_keep(layer, pass, b, &kept);
    take_scratch(layer, pass, b, &rest);
    *keep = kept.used;
    *scratch = rest.used;
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    both b;
    size_t keep, scratch;
    lay_out(layer, pass, &b, &keep, &scratch);
    return scratch;
}

static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    both b;
    size_t keep, scratch;
    lay_out(layer, pass, &b, &keep, &scratch);
    return keep;
}

/* ---- the outputs put together: those of the backward direction are in the order of processing, last time step first ---- */

/* Columns of a row of y: of one direction, or of both beside each other. */
static int64_t row_of(const visml_layer *layer, const both *b) {
    return mode_of(layer) == VISML_MERGE_CONCAT ? 2 * b->units : b->units;
}

/* Sample i of a direction's array. */
static real *sample_of(const both *b, real *array, int64_t i) {
    return array + i * b->rows * b->units;
}

/* The same of the backward direction, from its last step on; rows are -units apart. */
static real *from_the_end(const both *b, real *array, int64_t i) {
    return sample_of(b, array, i) + (b->steps - 1) * b->units;
}

/* Where in a sample of y the state of a direction is. */
static int64_t state_at(const visml_layer *layer, const both *b, int d) {
    int64_t ld = row_of(layer, b);
    return b->steps * ld + d * (ld > b->units ? b->units : (b->rows - b->steps) * b->units);
}

static void merge_sample(const visml_layer *layer, const visml_pass *pass, const both *b, int64_t i, real *to) {
    const visml_kernels *k = pass->compute.kernels;
    int32_t mode = mode_of(layer);
    int64_t n = b->units, ld = row_of(layer, b);
    real *from = from_the_end(b, b->y[BACKWARD], i);
    k->copy_rows(b->steps, n, sample_of(b, b->y[FORWARD], i), n, to, ld);
    if (mode == VISML_MERGE_CONCAT)
        k->copy_rows(b->steps, n, from, -n, to + n, ld);
    else if (mode == VISML_MERGE_MUL)
        k->multiply_rows(b->steps, n, to, n, from, -n, to, n);
    else
        k->add_rows(b->steps, n, from, -n, to, n);
    if (mode == VISML_MERGE_AVE)
        k->scale((size_t)(b->steps * n), to, (real)0.5, 0, to);
    for (int d = 0; d < BOTH; d++)
        k->copy_rows(b->rows - b->steps, n, sample_of(b, b->y[d], i) + b->steps * n, n, to + state_at(layer, b, d), ld);
}

static void divide_sample(const visml_layer *layer, const visml_pass *pass, const both *b, int64_t i, const real *from) {
    const visml_kernels *k = pass->compute.kernels;
    int32_t mode = mode_of(layer);
    int64_t n = b->units, ld = row_of(layer, b);
    real *forward = sample_of(b, b->dy[FORWARD], i), *to = from_the_end(b, b->dy[BACKWARD], i);
    k->copy_rows(b->steps, n, from, ld, forward, n);
    k->copy_rows(b->steps, n, from + (mode == VISML_MERGE_CONCAT ? n : 0), ld, to, -n);
    if (mode == VISML_MERGE_MUL) {
        k->multiply_rows(b->steps, n, to, -n, sample_of(b, b->y[FORWARD], i), n, to, -n);
        k->multiply_rows(b->steps, n, forward, n, from_the_end(b, b->y[BACKWARD], i), -n, forward, n);
    }
    for (int d = 0; d < BOTH && mode == VISML_MERGE_AVE; d++)
        k->scale((size_t)(b->steps * n), sample_of(b, b->dy[d], i), (real)0.5, 0, sample_of(b, b->dy[d], i));
    for (int d = 0; d < BOTH; d++)
        k->copy_rows(b->rows - b->steps, n, from + state_at(layer, b, d), ld, sample_of(b, b->dy[d], i) + b->steps * n, n);
}

/* Keras has zeros for masked steps here, where a recurrent layer on its own repeats its output: of outputs, or of their gradients. */
static void silence(const visml_layer *layer, const visml_pass *pass, const both *b, int d, real *array) {
    int64_t steps = pass->in->dims[0];
    if (!pass->mask || !visml_recurrent_masked(pass) || !visml_recurrent_of(layer->inner[d]).sequences)
        return;
    for (int64_t i = 0; i < pass->batch * steps; i++) {
        int64_t sample = i / steps, s = i % steps, time = d == FORWARD ? s : steps - 1 - s;
        if (!pass->mask[sample * steps + time])
            pass->compute.kernels->copy_rows(1, b->units, NULL, 0, sample_of(b, array, sample) + s * b->units, 0);
    }
}

/* ---- passes ---- */

static void forward(const visml_layer *layer, const visml_pass *pass) {
    both b;
    size_t keep, scratch;
    lay_out(layer, pass, &b, &keep, &scratch);
    for (int d = 0; d < BOTH; d++) {
        b.pass[d].y = b.y[d];
        layer->inner[d]->cls->forward(layer->inner[d], &b.pass[d]);
        silence(layer, pass, &b, d, b.y[d]);
    }
    for (int64_t i = 0; i < pass->batch; i++)
        merge_sample(layer, pass, &b, i, pass->y + i * visml_shape_count(pass->out));
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    both b;
    size_t keep, scratch;
    lay_out(layer, pass, &b, &keep, &scratch);
    for (int64_t i = 0; i < pass->batch; i++)
        divide_sample(layer, pass, &b, i, pass->dy + i * visml_shape_count(pass->out));
    real *dx = pass->dx[0] ? b.dx : NULL;
    b.pass[BACKWARD].dx = &dx;
    for (int d = 0; d < BOTH; d++) {
        b.pass[d].dy = b.dy[d];
        silence(layer, pass, &b, d, b.dy[d]);
        layer->inner[d]->cls->backward(layer->inner[d], &b.pass[d]);
    }
    if (dx)
        pass->compute.kernels->add_rows(1, pass->batch * visml_shape_count(pass->in), dx, 0, pass->dx[0], 0);
}

static int ends_mask(const visml_layer *layer) {
    return states_of(layer) > 0;
}

static int64_t state(const visml_layer *layer) {
    return BOTH * visml_layer_state(layer->inner[FORWARD]);
}

const visml_layer_class visml_bidirectional_class = {
    .name = "bidirectional",
    .title = "Bidirectional",
    .opts_size = sizeof(visml_bidirectional_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .adopt = adopt,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .keep = keep,
    .forward = forward,
    .backward = backward,
    .ends_mask = ends_mask,
    .state = state,
};

visml_layer *visml_bidirectional(visml_context *ctx, visml_layer *inner, const visml_bidirectional_opts *opts, visml_error *err) {
    return visml_layer_wrap(ctx, &visml_bidirectional_class, inner, opts, err);
}
