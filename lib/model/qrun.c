#include "model/qrun.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/elementwise.h"
#include "kernel/qelement.h"
#include "nn/pooling.h"

/* What is done at a step. */
typedef enum way {
    ON_FLOATS,
    CONVOLVE, /* and dense layers */
    ADD,
    POOL_MAX,
    POOL_AVERAGE,
    MEAN,  /* global average pooling; floats come out */
    RENAME /* rescaling without an offset: the same bytes for other numbers */
} way;

typedef struct node_run {
    way way;
    int32_t bytes;       /* 1: its array is kept as bytes */
    visml_qform form;    /* of these, or that an array of floats takes where bytes are wanted */
    int32_t has_form;
    visml_qconv2d conv;
    size_t packed;       /* bytes of weights */
} node_run;

struct visml_qrun {
    visml_memory *memory;
    node_run *nodes; /* [node_count]; those of a step at its end */
    char *packed;
    char *scratch;
    size_t scratch_bytes, used; /* used: in this step */
};

/* ---- which arrays ---- */

static size_t value_of(const visml_exec *r, int32_t node) {
    return (size_t)r->plan.nodes[node].value;
}

static size_t row_elements(const visml_exec *r, size_t node) {
    return (size_t)visml_shape_count(visml_exec_shape(r, node));
}

static visml_pass shapes_of(const visml_exec *r, size_t head, int64_t batch) {
    const visml_node *n = &r->model->nodes[head];
    return (visml_pass){.compute = visml_context_compute(r->model->context), .mode = VISML_INFERENCE, .batch = batch,
                        .inputs = n->input_count, .in = r->plan.in + r->plan.nodes[head].first_input, .out = visml_exec_shape(r, head)};
}

/* ---- deciding ---- */

typedef struct decider {
    const visml_exec *run;
    const visml_quantization *ranges;
    visml_qrun *q;
} decider;

static int is_finite_array(const float *x, size_t n) {
    for (size_t i = 0; x && i < n; i++)
        if (!isfinite(x[i]))
            return 0;
    return 1;
}

static int are_finite(const decider *d, const visml_step *s) {
    const visml_model *m = d->run->model;
    const visml_node *n = &m->nodes[s->head];
    const visml_shape *y = visml_exec_shape(d->run, (size_t)s->head);
    size_t channels = (size_t)y->dims[y->rank - 1];
    const visml_prepared_node *p = visml_prepared_of(d->run->prepared, (size_t)s->head);
    for (size_t k = 0; k < n->param_count; k++)
        if (!is_finite_array(m->values + m->params[n->first_param + k].offset, m->params[n->first_param + k].count))
            return 0;
    return is_finite_array(p->bias, channels) && is_finite_array(p->gain, channels) && is_finite_array(p->scale, channels) &&
           is_finite_array(p->shift, channels);
}

static int geometry_of(const visml_exec *r, size_t head, visml_conv2d_geometry *g) {
    const visml_layer *layer = r->model->nodes[head].layer;
    visml_pass pass = shapes_of(r, head, r->plan.max_batch);
    return layer->cls->geometry && layer->cls->geometry(layer, &pass, g) && visml_qconv2d_fits(g);
}

static int is_output(const decider *d, size_t end) {
    return value_of(d->run, (int32_t)d->run->model->node_count - 1) == end;
}

static const node_run *input_of(const decider *d, size_t head, size_t k) {
    return &d->q->nodes[value_of(d->run, d->run->model->nodes[head].inputs[k])];
}

static int convolves(const decider *d, size_t end, const visml_step *s) {
    visml_conv2d_geometry g;
    node_run *n = &d->q->nodes[end];
    if (!geometry_of(d->run, (size_t)s->head, &g) || !input_of(d, (size_t)s->head, 0)->has_form || !are_finite(d, s))
        return 0;
    if (s->residual >= 0 && (!d->q->nodes[value_of(d->run, s->residual)].has_form || (g.groups == g.c && g.f == g.c && g.c > 1)))
        return 0;
    n->bytes = !is_output(d, end) && n->has_form && visml_activation_fuses(s->activation);
    n->conv.g = g;
    n->packed = visml_qconv2d_bytes(&g);
    return 1;
}

static int adds(const decider *d, size_t end, const visml_step *s) {
    const visml_layer *layer = d->run->model->nodes[s->head].layer;
    node_run *n = &d->q->nodes[end];
    if (layer->cls != &visml_add_class || d->run->model->nodes[s->head].input_count != 2 || !n->has_form || is_output(d, end) ||
        !input_of(d, (size_t)s->head, 0)->bytes || !input_of(d, (size_t)s->head, 1)->bytes)
        return 0;
    return n->bytes = 1;
}

/* The result keeps the form of the input. */
static int keeps_form(const decider *d, size_t end, const visml_step *s, const visml_layer_class *cls) {
    const node_run *x = input_of(d, (size_t)s->head, 0);
    node_run *n = &d->q->nodes[end];
    if (d->run->model->nodes[s->head].layer->cls != cls || !x->bytes || is_output(d, end))
        return 0;
    n->form = x->form;
    return n->bytes = n->has_form = 1;
}

static int renames(const decider *d, size_t end, const visml_step *s) {
    const visml_layer *layer = d->run->model->nodes[s->head].layer;
    const visml_rescaling_opts *o = layer->opts;
    if (layer->cls != &visml_rescaling_class || o->offset != 0 || !(o->scale > 0) || !keeps_form(d, end, s, &visml_rescaling_class))
        return 0;
    d->q->nodes[end].form.scale = (float)((double)d->q->nodes[end].form.scale * o->scale);
    return 1;
}

static way way_of(const decider *d, size_t end, const visml_step *s) {
    const visml_layer *layer = d->run->model->nodes[s->head].layer;
    if (convolves(d, end, s))
        return CONVOLVE;
    if (adds(d, end, s))
        return ADD;
    if (keeps_form(d, end, s, &visml_maxpool2d_class))
        return POOL_MAX;
    if (keeps_form(d, end, s, &visml_avgpool2d_class))
        return POOL_AVERAGE;
    if (layer->cls == &visml_global_avgpool2d_class && input_of(d, (size_t)s->head, 0)->bytes)
        return MEAN;
    return renames(d, end, s) ? RENAME : ON_FLOATS;
}

static void decide(const decider *d) {
    const visml_quantization *ranges = d->ranges;
    for (size_t i = 0; i < ranges->count; i++)
        if (ranges->lo[i] <= ranges->hi[i]) {
            d->q->nodes[i].form = visml_qform_of(ranges->lo[i], ranges->hi[i]);
            d->q->nodes[i].has_form = 1;
        }
    if (ranges->input_bytes && d->q->nodes[0].has_form) {
        d->q->nodes[0].form = (visml_qform){1, 0};
        d->q->nodes[0].bytes = 1;
    }
    for (size_t i = 1; i < ranges->count; i++)
        if (visml_step_runs(d->run->model, VISML_INFERENCE, d->run->plan.steps, i))
            d->q->nodes[i].way = way_of(d, i, &d->run->plan.steps[i]);
}

/* ---- memory ---- */

static size_t round_up(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

/* Scratch of a step: copies of its inputs in the other form, and the kernel's own. */
static size_t step_scratch(const visml_qrun *q, const visml_exec *r, size_t end) {
    const visml_step *s = &r->plan.steps[end];
    const visml_node *n = &r->model->nodes[s->head];
    const node_run *run = &q->nodes[end];
    visml_compute c = visml_context_compute(r->model->context);
    size_t bytes = 0, batch = (size_t)r->plan.max_batch;
    for (size_t k = 0; k < n->input_count; k++)
        bytes += round_up(row_elements(r, (size_t)n->inputs[k]) * batch * (run->way == ON_FLOATS ? sizeof(real) : 1));
    if (s->residual >= 0)
        bytes += round_up(row_elements(r, (size_t)s->residual) * batch * (run->way == ON_FLOATS ? sizeof(real) : 1));
    return bytes + (run->way == CONVOLVE ? visml_qconv2d_scratch(&c, &run->conv.g) : 0);
}

static visml_status allocate(const decider *d, visml_error *err) {
    visml_qrun *q = d->q;
    size_t packed = 0, convolutions = 0;
    for (size_t i = 1; i < d->ranges->count; i++) {
        if (!visml_step_runs(d->run->model, VISML_INFERENCE, d->run->plan.steps, i))
            continue;
        convolutions += q->nodes[i].way == CONVOLVE;
        if (!visml_size_add(packed, q->nodes[i].packed, &packed) || packed > SIZE_MAX / 2)
            return visml_fail(err, VISML_ENOMEM, "session: the quantized weights are more than can be addressed");
        packed = round_up(packed);
    }
    if (!convolutions)
        return visml_fail(err, VISML_EUNSUPPORTED, "session: no layer of the model can work on bytes: it has no convolution and no dense "
                          "layer whose weights and input are finite");
    q->packed = visml_mem_alloc(q->memory, packed, err);
    return q->packed ? VISML_OK : VISML_ENOMEM;
}

/* The weights do not depend on the size of the image; the geometry that they are used with does. */
visml_status visml_qrun_fit(visml_qrun *q, const visml_exec *r, visml_error *err) {
    size_t most = 0;
    for (size_t i = 1; i < r->model->node_count; i++) {
        if (!visml_step_runs(r->model, VISML_INFERENCE, r->plan.steps, i))
            continue;
        if (q->nodes[i].way == CONVOLVE)
            geometry_of(r, (size_t)r->plan.steps[i].head, &q->nodes[i].conv.g);
        size_t scratch = step_scratch(q, r, i);
        most = scratch > most ? scratch : most;
    }
    if (q->scratch && most <= q->scratch_bytes)
        return VISML_OK;
    visml_mem_free(q->memory, q->scratch);
    q->scratch_bytes = most;
    q->scratch = visml_mem_alloc(q->memory, most, err);
    return q->scratch ? VISML_OK : VISML_ENOMEM;
}

/* ---- weights ---- */

static void prepare(const decider *d, size_t end, void *memory) {
    const visml_exec *r = d->run;
    const visml_step *s = &r->plan.steps[end];
    const visml_prepared_node *p = visml_prepared_of(r->prepared, (size_t)s->head);
    node_run *n = &d->q->nodes[end];
    real *params[VISML_MAX_PARAMS];
    visml_conv2d_geometry g = n->conv.g;
    visml_node_params(r->model, (size_t)s->head, params);
    visml_qconv2d_terms t = {.w = params[0], .gain = p->gain, .bias = p->bias, .after = p->scale, .shift = p->shift, .y = n->form,
                             .x = input_of(d, (size_t)s->head, 0)->form, .to_float = !n->bytes, .activation = s->activation,
                             .alpha = s->alpha, .residual = {1, 0}};
    if (!t.bias && r->model->nodes[s->head].param_count > 1)
        t.bias = params[1];
    if (s->residual >= 0)
        t.residual = d->q->nodes[value_of(r, s->residual)].form;
    if (!visml_activation_fuses(t.activation))
        t.activation = VISML_LINEAR;
    visml_qconv2d_prepare(&n->conv, &g, &t, memory);
}

static void prepare_all(const decider *d) {
    size_t at = 0;
    for (size_t i = 1; i < d->ranges->count; i++)
        if (d->q->nodes[i].way == CONVOLVE) {
            prepare(d, i, d->q->packed + at);
            at += round_up(d->q->nodes[i].packed);
        }
}

/* ---- life ---- */

visml_qrun *visml_qrun_new(const visml_exec *r, const visml_quantization *ranges, visml_error *err) {
    visml_memory *memory = &r->model->context->memory;
    if (ranges->model != r->model) {
        visml_fail(err, VISML_EINVAL, "session: quantization was made of another model, must be of this one");
        return NULL;
    }
    visml_qrun *q = visml_mem_zalloc(memory, 1, sizeof *q, err);
    if (!q)
        return NULL;
    q->memory = memory;
    q->nodes = visml_mem_zalloc(memory, r->model->node_count, sizeof *q->nodes, err);
    decider d = {r, ranges, q};
    if (q->nodes) {
        visml_prepared_update(r->prepared, r->model);
        decide(&d);
    }
    if (!q->nodes || allocate(&d, err) < 0) {
        visml_qrun_free(q);
        return NULL;
    }
    prepare_all(&d);
    return q;
}

void visml_qrun_free(visml_qrun *q) {
    if (!q)
        return;
    visml_mem_free(q->memory, q->nodes);
    visml_mem_free(q->memory, q->packed);
    visml_mem_free(q->memory, q->scratch);
    visml_mem_free(q->memory, q);
}

/* ---- running ---- */

int visml_qrun_wants_bytes(const visml_qrun *q) {
    return q->nodes[0].bytes;
}

void visml_qrun_input(const visml_qrun *q, const visml_exec *r, const float *x, uint8_t *bytes) {
    visml_compute c = visml_context_compute(r->model->context);
    visml_quantize_bytes(&c, row_elements(r, 0) * (size_t)r->rows, x, q->nodes[0].form, bytes);
}

static void *take(visml_qrun *q, size_t bytes) {
    void *p = q->scratch + q->used;
    q->used += round_up(bytes);
    return p;
}

const real *visml_qrun_floats(visml_qrun *q, const visml_exec *r, size_t node) {
    const node_run *n = &q->nodes[value_of(r, (int32_t)node)];
    const real *x = visml_exec_value(r, node);
    size_t count = row_elements(r, node) * (size_t)r->rows;
    if (!n->bytes)
        return x;
    visml_compute c = visml_context_compute(r->model->context);
    real *y = take(q, count * sizeof *y);
    visml_dequantize_bytes(&c, count, (const uint8_t *)(const void *)x, n->form, y);
    return y;
}

static const uint8_t *bytes_of(visml_qrun *q, const visml_exec *r, size_t node) {
    const node_run *n = &q->nodes[value_of(r, (int32_t)node)];
    const real *x = visml_exec_value(r, node);
    size_t count = row_elements(r, node) * (size_t)r->rows;
    if (n->bytes)
        return (const uint8_t *)(const void *)x;
    visml_compute c = visml_context_compute(r->model->context);
    uint8_t *y = take(q, count);
    visml_quantize_bytes(&c, count, x, n->form, y);
    return y;
}

static void convolve(visml_qrun *q, const visml_exec *r, size_t end) {
    const visml_step *s = &r->plan.steps[end];
    const visml_model *m = r->model;
    visml_compute c = visml_context_compute(m->context);
    const uint8_t *x = bytes_of(q, r, (size_t)m->nodes[s->head].inputs[0]);
    const uint8_t *residual = s->residual >= 0 ? bytes_of(q, r, (size_t)s->residual) : NULL;
    real *y = visml_exec_value(r, end);
    visml_qconv2d_run(&c, &q->nodes[end].conv, r->rows, x, y, residual, q->scratch + q->used);
    if (!visml_activation_fuses(s->activation))
        visml_exec_activate(r, (size_t)s->head, y, y);
}

static void add(visml_qrun *q, const visml_exec *r, size_t end) {
    const visml_node *n = &r->model->nodes[r->plan.steps[end].head];
    visml_compute c = visml_context_compute(r->model->context);
    visml_qadd s = {.a = q->nodes[value_of(r, n->inputs[0])].form, .b = q->nodes[value_of(r, n->inputs[1])].form, .y = q->nodes[end].form};
    const uint8_t *a = bytes_of(q, r, (size_t)n->inputs[0]), *b = bytes_of(q, r, (size_t)n->inputs[1]);
    visml_qadd_run(&c, &s, row_elements(r, end) * (size_t)r->rows, a, b, (uint8_t *)visml_exec_value(r, end));
}

static void pool(visml_qrun *q, const visml_exec *r, size_t end) {
    size_t head = (size_t)r->plan.steps[end].head;
    visml_pass pass = shapes_of(r, head, r->rows);
    visml_pool2d_geometry g = visml_pool_geometry(r->model->nodes[head].layer, &pass);
    const uint8_t *x = bytes_of(q, r, (size_t)r->model->nodes[head].inputs[0]);
    uint8_t *y = (uint8_t *)visml_exec_value(r, end);
    if (q->nodes[end].way == POOL_MAX)
        visml_qmaxpool2d(&pass.compute, &g, x, y);
    else
        visml_qavgpool2d(&pass.compute, &g, x, y);
}

static void mean(visml_qrun *q, const visml_exec *r, size_t end) {
    size_t head = (size_t)r->plan.steps[end].head, from = (size_t)r->model->nodes[head].inputs[0];
    const visml_shape *in = visml_exec_shape(r, from);
    visml_compute c = visml_context_compute(r->model->context);
    visml_qrowmean(&c, r->rows, in->dims[0] * in->dims[1], in->dims[2], bytes_of(q, r, from), q->nodes[value_of(r, (int32_t)from)].form,
                   visml_exec_value(r, end));
}

int visml_qrun_step(visml_qrun *q, const visml_exec *r, size_t end) {
    size_t from = (size_t)r->model->nodes[r->plan.steps[end].head].inputs[0];
    q->used = 0;
    switch (q->nodes[end].way) {
    case CONVOLVE:
        convolve(q, r, end);
        return 1;
    case ADD:
        add(q, r, end);
        return 1;
    case POOL_MAX:
    case POOL_AVERAGE:
        pool(q, r, end);
        return 1;
    case MEAN:
        mean(q, r, end);
        return 1;
    case RENAME:
        memmove(visml_exec_value(r, end), visml_exec_value(r, from), row_elements(r, end) * (size_t)r->rows);
        return 1;
    default:
        return 0;
    }
}
