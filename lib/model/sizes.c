#include "model/sizes.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/graph.h"

#define OFFSETS 64 /* that are tried for networks whose branches meet for some sizes only */

/* ---- shapes ---- */

static int count_open(const visml_shape *s) {
    int n = 0;
    for (int32_t i = 0; i < s->rank; i++)
        n += s->dims[i] == VISML_ANY;
    return n;
}

int visml_shape_is_open(const visml_shape *s) {
    return count_open(s) > 0;
}

visml_shape_text visml_shape_format_open(const visml_shape *s) {
    visml_shape_text t;
    size_t used = (size_t)snprintf(t.s, sizeof t.s, "[");
    for (int32_t i = 0; i < s->rank; i++) {
        const char *comma = i ? ", " : "";
        if (s->dims[i] == VISML_ANY)
            used += (size_t)snprintf(t.s + used, sizeof t.s - used, "%sNone", comma);
        else
            used += (size_t)snprintf(t.s + used, sizeof t.s - used, "%s%lld", comma, (long long)s->dims[i]);
    }
    snprintf(t.s + used, sizeof t.s - used, "]");
    return t;
}

int visml_dims_stand_for(const visml_shape *declared, const int64_t *dims) {
    for (int32_t i = 0; i < declared->rank; i++)
        if (declared->dims[i] == VISML_ANY ? dims[i] < 1 : dims[i] != declared->dims[i])
            return 0;
    return 1;
}

int visml_shape_stands_for(const visml_shape *declared, const visml_shape *shape) {
    return shape->rank == declared->rank && visml_dims_stand_for(declared, shape->dims);
}

/* ---- trials ---- */

/* Large, for many layers make it smaller; with many factors of two, for it to be halved and doubled again; and so that the elements of
 * what comes of it can be counted. The second is half as much again. */
static int64_t trial_size(const visml_model *m, int trial) {
    static const int bits[] = {20, 14, 12, 9, 7, 6, 5};
    int64_t size = (int64_t)1 << bits[count_open(&m->nodes[0].shape) - 1];
    return (trial ? size + size / 2 : size) + m->trial_offset;
}

visml_shape visml_sizes_trial(const visml_model *m, int trial) {
    visml_shape s = m->nodes[0].shape;
    for (int32_t i = 0; i < s.rank; i++)
        if (s.dims[i] == VISML_ANY)
            s.dims[i] = trial_size(m, trial);
    return s;
}

static visml_shape *trial_of(const visml_model *m, size_t node, int trial) {
    return &m->trials[node * VISML_TRIALS + (size_t)trial];
}

/* Room for the next node's. */
static visml_status grow(visml_model *m, size_t nodes, visml_error *err) {
    void *trials = m->trials;
    VISML_TRY(visml_mem_grow(&m->context->memory, &trials, &m->trial_capacity, nodes * VISML_TRIALS, sizeof *m->trials, err));
    m->trials = trials;
    return VISML_OK;
}

visml_status visml_sizes_begin(visml_model *m, visml_error *err) {
    VISML_TRY(grow(m, 1, err));
    for (int t = 0; t < VISML_TRIALS; t++)
        *trial_of(m, 0, t) = visml_sizes_trial(m, t);
    return VISML_OK;
}

static void inputs_of(const visml_model *m, const int32_t *inputs, size_t n, int trial, visml_shape *in) {
    for (size_t k = 0; k < n; k++)
        in[k] = *trial_of(m, (size_t)inputs[k], trial);
}

static visml_status try_layer(const visml_model *m, const visml_layer *layer, const int32_t *inputs, size_t n,
                              visml_shape out[VISML_TRIALS], visml_error *err) {
    visml_shape in[VISML_MAX_INPUTS];
    for (int t = 0; t < VISML_TRIALS; t++) {
        inputs_of(m, inputs, n, t, in);
        VISML_TRY(visml_layer_infer(layer, in, n, &out[t], err));
    }
    return VISML_OK;
}

/* All nodes anew, with another offset. */
static visml_status try_offset(visml_model *m, int64_t offset) {
    m->trial_offset = offset;
    for (int t = 0; t < VISML_TRIALS; t++)
        *trial_of(m, 0, t) = visml_sizes_trial(m, t);
    for (size_t i = 1; i < m->node_count; i++)
        VISML_TRY(try_layer(m, m->nodes[i].layer, m->nodes[i].inputs, m->nodes[i].input_count, trial_of(m, i, 0), NULL));
    return VISML_OK;
}

/* Branches may come together for some sizes only, a multiple of 16 and 12 more say: a size is looked for that fits. */
static visml_status try_all(visml_model *m, const visml_layer *layer, const int32_t *inputs, size_t n, visml_shape out[VISML_TRIALS],
                            visml_error *err) {
    visml_error cause = {0};
    visml_shape tried = visml_sizes_trial(m, 0);
    visml_status status = try_layer(m, layer, inputs, n, out, &cause);
    if (status == VISML_OK)
        return VISML_OK;
    for (int64_t offset = m->trial_offset + 1; offset < OFFSETS; offset++)
        if (try_offset(m, offset) == VISML_OK && try_layer(m, layer, inputs, n, out, NULL) == VISML_OK)
            return VISML_OK;
    return visml_fail(err, status, "%.700s (the model's input is %s, and this is what becomes of %s)", cause.message,
                      visml_shape_format_open(&m->nodes[0].shape).s, visml_shape_format(&tried).s);
}

/* ---- what differs ---- */

static visml_status merge(const visml_shape *a, const visml_shape *b, visml_shape *out, visml_error *err) {
    if (a->rank != b->rank)
        return visml_fail(err, VISML_EINVAL, "the output is %s or %s, by the size of the model's input: the number of dimensions must not "
                          "depend on it", visml_shape_format(a).s, visml_shape_format(b).s);
    *out = *a;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            out->dims[i] = VISML_ANY;
    return VISML_OK;
}

/* "use global_average_pooling2d in place of layer 3 (flatten), or " */
static void advise(const visml_model *m, const visml_layer *layer, size_t from, char *text, size_t n) {
    const visml_node *before = &m->nodes[from];
    int flattens = before->layer && before->layer->cls == &visml_flatten_class;
    int32_t rank = flattens ? m->nodes[before->inputs[0]].shape.rank : before->shape.rank;
    const char *pooling = rank == 2 ? "global_average_pooling1d" : "global_average_pooling2d";
    if (layer->cls == &visml_prelu_class)
        snprintf(text, n, "share it along these dimensions (shared_axes), or ");
    else if (flattens)
        snprintf(text, n, "use %s in place of %.200s, or ", pooling, visml_node_describe(from, before->layer).s);
    else
        snprintf(text, n, from ? "put a layer before it whose output has the same shape for all sizes, %s say, or " : "%.0s", pooling);
}

static visml_status depends(const visml_model *m, const visml_layer *layer, size_t from, const char *name, const visml_shape *shape,
                            visml_error *err) {
    char advice[320];
    advise(m, layer, from, advice, sizeof advice);
    return visml_fail(err, VISML_EINVAL, "its %s would be %s, and so depend on the size of the model's input, %s, which is not known: "
                      "%sgive the input a fixed size", name, visml_shape_format_open(shape).s,
                      visml_shape_format_open(&m->nodes[0].shape).s, advice);
}

static visml_status compare_params(const visml_model *m, const visml_layer *layer, size_t from, const visml_param_spec *others,
                                   visml_error *err) {
    for (size_t i = 0; i < layer->param_count; i++) {
        visml_shape shape;
        VISML_TRY(merge(&layer->params[i].shape, &others[i].shape, &shape, err));
        if (visml_shape_is_open(&shape))
            return depends(m, layer, from, layer->params[i].name, &shape, err);
    }
    return VISML_OK;
}

static visml_status build(const visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n, visml_error *err) {
    visml_param_spec others[VISML_MAX_PARAMS];
    visml_shape in[VISML_MAX_INPUTS] = {0}, out;
    inputs_of(m, inputs, n, 1, in);
    VISML_TRY(visml_layer_build(layer, in, n, &out, err));
    memcpy(others, layer->params, sizeof others);
    inputs_of(m, inputs, n, 0, in);
    VISML_TRY(visml_layer_build(layer, in, n, &out, err));
    return compare_params(m, layer, (size_t)inputs[0], others, err);
}

visml_status visml_sizes_attach(visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n, visml_shape *out, visml_error *err) {
    visml_shape tried[VISML_TRIALS];
    VISML_TRY(try_all(m, layer, inputs, n, tried, err));
    VISML_TRY(build(m, layer, inputs, n, err));
    VISML_TRY(merge(&tried[0], &tried[1], out, err));
    VISML_TRY(grow(m, m->node_count + 1, err));
    memcpy(trial_of(m, m->node_count, 0), tried, sizeof tried);
    return VISML_OK;
}

/* ---- the shapes of a run ---- */

static visml_status does_not_fit(const visml_model *m, size_t node, const visml_shape *input, const visml_error *cause, visml_error *err) {
    return visml_fail(err, cause->code, "%s: %.600s (the model's input is %s, and this is what becomes of %s)",
                      visml_node_describe(node, m->nodes[node].layer).s, cause->message, visml_shape_format_open(&m->nodes[0].shape).s,
                      visml_shape_format(input).s);
}

visml_status visml_sizes_infer(const visml_model *m, const visml_shape *input, visml_shape *shapes, visml_error *err) {
    visml_error cause;
    shapes[0] = visml_shape_make(input->rank, input->dims);
    for (size_t i = 1; i < m->node_count; i++) {
        const visml_node *n = &m->nodes[i];
        visml_shape in[VISML_MAX_INPUTS];
        for (size_t k = 0; k < n->input_count; k++)
            in[k] = shapes[n->inputs[k]];
        if (visml_layer_infer(n->layer, in, n->input_count, &shapes[i], &cause) < 0)
            return does_not_fit(m, i, input, &cause, err);
    }
    return VISML_OK;
}

visml_status visml_sizes_output(const visml_model *m, const visml_shape *input, visml_shape *output, visml_error *err) {
    VISML_TRY(visml_shape_check("input", input, 1, err));
    if (!visml_shape_stands_for(&m->nodes[0].shape, input))
        return visml_fail(err, VISML_EINVAL, "input is %s, must be %s", visml_shape_format(input).s,
                          visml_shape_format_open(&m->nodes[0].shape).s);
    if (!m->trials) {
        *output = m->nodes[m->node_count - 1].shape;
        return VISML_OK;
    }
    visml_shape *shapes = visml_mem_zalloc(&m->context->memory, m->node_count, sizeof *shapes, err);
    if (!shapes)
        return VISML_ENOMEM;
    visml_status status = visml_sizes_infer(m, input, shapes, err);
    if (status == VISML_OK)
        *output = shapes[m->node_count - 1];
    visml_mem_free(&m->context->memory, shapes);
    return status;
}
