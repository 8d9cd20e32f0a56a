#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_concatenate_opts, axis, I32, 0, 1, -(VISML_MAX_RANK - 1), VISML_MAX_RANK - 1, -1),
    VISML_FIELD(visml_concatenate_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

/* The axis as an index into a shape without the batch: 1 is the first there, -1 the last. */
static int32_t axis_of(const visml_layer *layer, int32_t rank) {
    const visml_concatenate_opts *o = layer->opts;
    return o->axis > 0 ? o->axis - 1 : o->axis + rank;
}

static int differ(const visml_shape *a, const visml_shape *b, int32_t axis) {
    if (a->rank != b->rank)
        return 1;
    for (int32_t i = 0; i < a->rank; i++)
        if (i != axis && a->dims[i] != b->dims[i])
            return 1;
    return 0;
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_concatenate_opts *o = layer->opts;
    int32_t axis = axis_of(layer, in->rank);
    if (axis < 0 || axis >= in->rank)
        return visml_fail(err, VISML_EINVAL, "axis is %d, must be -%d to -1 or 1 to %d for input %s", o->axis, in->rank, in->rank,
                          visml_shape_format(in).s);
    visml_shape joined = in[0];
    for (size_t i = 1; i < inputs; i++) {
        if (differ(&in[0], &in[i], axis))
            return visml_fail(err, VISML_EINVAL, "input %zu is %s, may differ from the first, %s, along axis %d only", i + 1,
                              visml_shape_format(&in[i]).s, visml_shape_format(&in[0]).s, o->axis);
        if (!visml_i64_add(joined.dims[axis], in[i].dims[axis], &joined.dims[axis]))
            return visml_fail(err, VISML_EINVAL, "the inputs together are longer than can be addressed");
    }
    *out = joined;
    return VISML_OK;
}

/* Elements of one row of a shape: those from the axis on. */
static int64_t row_of(const visml_shape *shape, int32_t axis) {
    int64_t n = 1;
    for (int32_t i = axis; i < shape->rank; i++)
        n *= shape->dims[i];
    return n;
}

/* One sample: the rows of the inputs lie one after the other in a row of y. */
typedef struct copy {
    const visml_pass *pass;
    int32_t axis;
} copy;

static void join(void *arg, size_t sample, size_t worker) {
    const visml_pass *p = ((copy *)arg)->pass;
    int64_t wide = row_of(p->out, ((copy *)arg)->axis), rows = visml_shape_count(p->out) / wide, at = 0;
    (void)worker;
    for (size_t i = 0; i < p->inputs; i++) {
        int64_t n = row_of(&p->in[i], ((copy *)arg)->axis);
        real *y = p->y + (int64_t)sample * rows * wide + at;
        const real *x = p->x[i] + (int64_t)sample * rows * n;
        for (int64_t r = 0; r < rows; r++)
            memcpy(y + r * wide, x + r * n, (size_t)n * sizeof(real));
        at += n;
    }
}

static void part(void *arg, size_t sample, size_t worker) {
    const visml_pass *p = ((copy *)arg)->pass;
    int64_t wide = row_of(p->out, ((copy *)arg)->axis), rows = visml_shape_count(p->out) / wide, at = 0;
    (void)worker;
    for (size_t i = 0; i < p->inputs; i++) {
        int64_t n = row_of(&p->in[i], ((copy *)arg)->axis);
        const real *dy = p->dy + (int64_t)sample * rows * wide + at;
        real *dx = p->dx[i] ? p->dx[i] + (int64_t)sample * rows * n : NULL;
        for (int64_t r = 0; dx && r < rows; r++)
            memcpy(dx + r * n, dy + r * wide, (size_t)n * sizeof(real));
        at += n;
    }
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    copy c = {pass, axis_of(layer, pass->in->rank)};
    visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, join, &c);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    copy c = {pass, axis_of(layer, pass->in->rank)};
    visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, part, &c);
}

const visml_layer_class visml_concatenate_class = {
    .name = "concatenate",
    .title = "Concatenate",
    .opts_size = sizeof(visml_concatenate_opts),
    .fields = fields,
    .properties = VISML_JOINS_MASKS,
    .min_inputs = 2,
    .max_inputs = VISML_MAX_INPUTS,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_concatenate(visml_context *ctx, const visml_concatenate_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_concatenate_class, opts, err);
}
