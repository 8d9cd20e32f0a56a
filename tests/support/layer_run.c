#include "support/layer_run.h"

#include <math.h>
#include <string.h>

#include "kernel/elementwise.h"
#include "kernel/softmax.h"

static real *new_array(int64_t n) {
    return test_guarded((size_t)n * sizeof(real));
}

static void free_array(real *p, int64_t n) {
    if (p)
        test_guarded_free(p, (size_t)n * sizeof(real));
}

static void fill_random(real *p, int64_t n, uint64_t *state) {
    for (int64_t i = 0; i < n; i++)
        p[i] = (real)test_random_float(state);
}

static void fill_nan(real *p, int64_t n) {
    for (int64_t i = 0; p && i < n; i++)
        p[i] = (real)NAN;
}

int64_t test_layer_count(const test_layer *t, const visml_shape *shape) {
    return t->batch * visml_shape_count(shape);
}

int64_t test_layer_param_count(const test_layer *t, size_t i) {
    return visml_shape_count(&t->layer->params[i].shape);
}

static visml_pass pass_of(test_layer *t, visml_mode mode) {
    return (visml_pass){.compute = visml_context_compute(t->layer->context), .mode = mode, .batch = t->batch, .inputs = t->inputs,
                        .in = t->in, .out = &t->out, .x = (const real *const *)t->x, .y = t->y, .dx = t->dx, .params = t->params,
                        .grads = t->grads, .keep = t->keep, .scratch = t->scratch, .key = t->key, .step = t->step, .state = t->state,
                        .state_ld = visml_layer_state(t->layer)};
}

static void open_memory(test_layer *t) {
    const visml_layer_class *cls = t->layer->cls;
    visml_pass training = pass_of(t, VISML_TRAINING), inference = pass_of(t, VISML_INFERENCE);
    training.x = NULL; /* sizes depend on shapes alone */
    inference.x = NULL;
    size_t most = cls->scratch ? cls->scratch(t->layer, &training) : 0, other = cls->scratch ? cls->scratch(t->layer, &inference) : 0;
    t->scratch_bytes = ((most > other ? most : other) + 63) / 64 * 64; /* so that its start is aligned as promised */
    t->keep_bytes = ((cls->keep ? cls->keep(t->layer, &training) : 0) + 63) / 64 * 64;
    t->scratch = test_guarded(t->scratch_bytes);
    t->keep = test_guarded(t->keep_bytes);
}

void test_layer_open(test_layer *t, visml_layer *layer, int64_t batch, const visml_shape *in, size_t inputs) {
    visml_error err = {0};
    uint64_t state = 7;
    memset(t, 0, sizeof *t);
    t->layer = layer;
    t->batch = batch;
    t->inputs = inputs;
    memcpy(t->in, in, inputs * sizeof *in);
    assert_ok(visml_layer_build(layer, in, inputs, &t->out, &err), &err);
    for (size_t i = 0; i < inputs; i++) {
        t->x[i] = new_array(test_layer_count(t, &in[i]));
        t->dx[i] = new_array(test_layer_count(t, &in[i]));
        fill_random(t->x[i], test_layer_count(t, &in[i]), &state);
    }
    t->y = new_array(test_layer_count(t, &t->out));
    t->dy = new_array(test_layer_count(t, &t->out));
    t->product = new_array(test_layer_count(t, &t->out));
    t->before = new_array(test_layer_count(t, &t->out));
    fill_random(t->dy, test_layer_count(t, &t->out), &state);
    for (size_t i = 0; i < layer->param_count; i++) {
        t->params[i] = new_array(test_layer_param_count(t, i));
        t->grads[i] = layer->params[i].trainable ? new_array(test_layer_param_count(t, i)) : NULL;
        assert_ok(visml_init_fill(&layer->context->memory, &layer->params[i], i, t->params[i], &err), &err);
    }
    if (visml_layer_state(layer))
        t->state = new_array(batch * visml_layer_state(layer));
    open_memory(t);
}

void test_layer_close(test_layer *t) {
    for (size_t i = 0; i < t->inputs; i++) {
        free_array(t->x[i], test_layer_count(t, &t->in[i]));
        free_array(t->dx[i], test_layer_count(t, &t->in[i]));
    }
    free_array(t->y, test_layer_count(t, &t->out));
    free_array(t->dy, test_layer_count(t, &t->out));
    free_array(t->product, test_layer_count(t, &t->out));
    free_array(t->before, test_layer_count(t, &t->out));
    for (size_t i = 0; i < t->layer->param_count; i++) {
        free_array(t->params[i], test_layer_param_count(t, i));
        free_array(t->grads[i], test_layer_param_count(t, i));
    }
    free_array(t->state, t->batch * visml_layer_state(t->layer));
    test_guarded_free(t->scratch, t->scratch_bytes);
    if (t->prepared)
        test_guarded_free(t->prepared, t->prepared_bytes);
    test_guarded_free(t->keep, t->keep_bytes);
    visml_layer_free(t->layer);
}

void test_layer_prepare(test_layer *t) {
    visml_pass p = pass_of(t, VISML_INFERENCE);
    p.batch = 1; /* has no influence */
    if (!t->layer->cls->prepare)
        return;
    t->prepared_bytes = (t->layer->cls->prepare_bytes(t->layer, &p) + 63) / 64 * 64;
    if (!t->prepared_bytes)
        return;
    t->prepared = test_guarded(t->prepared_bytes);
    t->layer->cls->prepare(t->layer, &p, t->prepared);
}

/* ---- the activation, which is the session's to apply ---- */

static int64_t last(const visml_shape *s) {
    return s->dims[s->rank - 1];
}

static void activate(test_layer *t, const visml_pass *p) {
    int64_t n = test_layer_count(t, &t->out), rows = n / last(&t->out);
    if (t->layer->activation == VISML_SOFTMAX)
        visml_softmax_forward(&p->compute, rows, last(&t->out), p->y, t->y);
    else if (t->layer->activation == VISML_LOG_SOFTMAX)
        visml_log_softmax_forward(&p->compute, rows, last(&t->out), p->y, t->y);
    else if (!p->epilogue)
        visml_activate(&p->compute, t->layer->activation, t->layer->alpha, (size_t)n, p->y, t->y);
}

static void activate_backward(test_layer *t, const visml_pass *p) {
    int64_t n = test_layer_count(t, &t->out), rows = n / last(&t->out);
    const real *from = visml_activation_needs_x(t->layer->activation) ? t->before : t->y;
    if (t->layer->activation == VISML_SOFTMAX)
        visml_softmax_backward(&p->compute, rows, last(&t->out), t->y, t->dy, t->product);
    else if (t->layer->activation == VISML_LOG_SOFTMAX)
        visml_log_softmax_backward(&p->compute, rows, last(&t->out), t->y, t->dy, t->product);
    else
        visml_activate_backward(&p->compute, t->layer->activation, t->layer->alpha, (size_t)n, from, t->dy, t->product);
}

/* ---- passes ---- */

/* The same for all samples, so that they can be compared. */
static void fill_state(test_layer *t) {
    int64_t width = visml_layer_state(t->layer);
    for (int64_t i = 0; t->state && i < t->batch * width; i++)
        t->state[i] = (real)(i % width % 7 - 3) / 10;
}

static int passes_through(const test_layer *t, visml_mode mode) {
    int32_t p = t->layer->cls->properties;
    return (p & VISML_ALIASES_INPUT) || ((p & VISML_IDLE_INFERENCE) && mode == VISML_INFERENCE);
}

void test_layer_forward(test_layer *t, visml_mode mode) {
    visml_pass p = pass_of(t, mode);
    visml_epilogue epilogue = {.activation = t->layer->activation, .alpha = t->layer->alpha};
    size_t bytes = (size_t)test_layer_count(t, &t->out) * sizeof(real);
    if (passes_through(t, mode)) {
        memcpy(t->y, t->x[0], bytes);
        return;
    }
    if ((t->layer->cls->properties & VISML_FUSES_EPILOGUE) && visml_activation_fuses(t->layer->activation))
        p.epilogue = &epilogue;
    if (visml_activation_needs_x(t->layer->activation))
        p.y = t->before;
    if (mode == VISML_INFERENCE)
        p.prepared = t->prepared;
    if (t->y != t->x[0])
        fill_nan(t->y, test_layer_count(t, &t->out));
    fill_nan(t->before, test_layer_count(t, &t->out));
    memset(t->scratch, 0xFF, t->scratch_bytes); /* NaN */
    fill_state(t);
    t->layer->cls->forward(t->layer, &p);
    activate(t, &p);
}

void test_layer_backward(test_layer *t) {
    visml_pass p = pass_of(t, VISML_TRAINING);
    activate_backward(t, &p);
    p.dy = t->product;
    p.input_activation = t->input_activation;
    p.input_alpha = (real)0.3;
    if (passes_through(t, VISML_TRAINING)) {
        memcpy(t->dx[0], t->product, (size_t)test_layer_count(t, &t->out) * sizeof(real));
        return;
    }
    for (size_t i = 0; i < t->inputs; i++)
        fill_nan(t->dx[i], test_layer_count(t, &t->in[i]));
    for (size_t i = 0; i < t->layer->param_count; i++)
        fill_nan(t->grads[i], test_layer_param_count(t, i));
    memset(t->scratch, 0xFF, t->scratch_bytes);
    if (!(t->layer->cls->properties & VISML_BACKWARD_NEEDS_X))
        p.x = NULL;
    if (!(t->layer->cls->properties & VISML_BACKWARD_NEEDS_Y))
        p.y = NULL;
    t->layer->cls->backward(t->layer, &p);
}
