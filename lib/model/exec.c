#include "model/exec.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/elementwise.h"
#include "kernel/penalty.h"
#include "kernel/softmax.h"
#include "model/masks.h"
#ifndef VISML_REAL_DOUBLE
#include "model/qrun.h"
#endif

/* ---- life ---- */

static visml_status allocate(visml_exec *r, visml_error *err) {
    VISML_TRY(visml_states_init(&r->states, r->model, r->plan.max_batch, err));
    r->prepared = r->plan.mode == VISML_INFERENCE ? visml_prepared_open(r->model, err) : NULL;
    return r->prepared || r->plan.mode == VISML_TRAINING ? VISML_OK : VISML_ENOMEM;
}

/* What an arena holds is of no use to the next plan: the old one is given back before a larger one is taken. */
static visml_status take_arena(visml_exec *r, visml_error *err) {
    visml_memory *memory = &r->model->context->memory;
    if (r->arena && r->plan.arena_bytes <= r->arena_bytes)
        return VISML_OK;
    visml_mem_free(memory, r->arena);
    r->arena = visml_mem_alloc(memory, r->plan.arena_bytes, err);
    r->arena_bytes = r->arena ? r->plan.arena_bytes : 0;
    return r->arena ? VISML_OK : VISML_ENOMEM;
}

visml_status visml_exec_plan(visml_exec *r, const visml_shape *input, visml_error *err) {
    visml_plan plan;
    VISML_TRY(visml_plan_make(&plan, r->model, input, r->plan.mode, r->plan.max_batch, r->group_bytes, err));
    visml_plan_clear(&r->plan);
    r->plan = plan;
    r->fitted = 0;
    return VISML_OK;
}

/* Of each place of the output. */
static visml_status take_losses(visml_exec *r, visml_error *err) {
    visml_memory *memory = &r->model->context->memory;
    size_t n = (size_t)r->plan.max_batch * (size_t)visml_exec_places(r); /* less than the output has */
    if (r->weights && n <= r->loss_count)
        return VISML_OK;
    visml_mem_free(memory, r->losses);
    visml_mem_free(memory, r->weights);
    r->losses = visml_mem_zalloc(memory, n, sizeof *r->losses, err);
    r->weights = r->losses ? visml_mem_zalloc(memory, n, sizeof *r->weights, err) : NULL;
    r->loss_count = n;
    return r->weights ? VISML_OK : VISML_ENOMEM;
}

/* All that the plan takes. */
static visml_status settle(visml_exec *r, visml_error *err) {
    VISML_TRY(take_arena(r, err));
    VISML_TRY(take_losses(r, err));
    if (r->prepared)
        VISML_TRY(visml_prepared_fit(r->prepared, r->model, &r->plan, err));
#ifndef VISML_REAL_DOUBLE
    if (r->quantized)
        VISML_TRY(visml_qrun_fit(r->quantized, r, err));
#endif
    r->fitted = 1;
    return VISML_OK;
}

visml_status visml_exec_fit(visml_exec *r, const visml_shape *input, visml_error *err) {
    if (r->fitted && visml_shape_equal(visml_exec_shape(r, 0), input))
        return VISML_OK;
    VISML_TRY(visml_exec_plan(r, input, err));
    return settle(r, err);
}

static visml_status start(visml_exec *r, visml_error *err) {
    int is_open = r->model->trials != NULL;
    if (!is_open)
        VISML_TRY(visml_exec_plan(r, NULL, err));
    VISML_TRY(allocate(r, err));
    return is_open ? VISML_OK : settle(r, err);
}

visml_status visml_exec_init(visml_exec *r, const visml_model *m, visml_mode mode, int64_t max_batch, size_t group_bytes, uint64_t seed,
                             visml_error *err) {
    memset(r, 0, sizeof *r);
    if (!m)
        return visml_fail(err, VISML_EINVAL, "model is NULL, must be a model");
    if (!m->built)
        return visml_fail(err, VISML_ESTATE, "the model is not built: call visml_model_build first");
    if (max_batch < 1)
        return visml_fail(err, VISML_EINVAL, "max_batch is %lld, must be at least 1", (long long)max_batch);
    r->model = visml_model_retain((visml_model *)m); /* the count of references is not part of what const promises */
    r->compute = visml_context_compute(m->context);
    r->seed = seed;
    r->plan.mode = mode;
    r->plan.max_batch = max_batch;
    r->group_bytes = group_bytes;
    visml_status status = start(r, err);
    if (status < 0)
        visml_exec_clear(r);
    return status;
}

void visml_exec_clear(visml_exec *r) {
    if (!r->model)
        return;
    visml_memory *memory = &r->model->context->memory;
    visml_mem_free(memory, r->arena);
    visml_mem_free(memory, r->losses);
    visml_mem_free(memory, r->weights);
    visml_states_clear(&r->states);
    visml_mem_free(memory, r->grads);
    visml_plan_clear(&r->plan);
    visml_prepared_close(r->model, r->prepared);
#ifndef VISML_REAL_DOUBLE
    visml_qrun_free(r->quantized);
#endif
    visml_model_free(r->model);
    memset(r, 0, sizeof *r);
}

/* ---- places ---- */

static void *block(const visml_exec *r, int32_t number) {
    if (number < 0)
        return NULL;
    const visml_plan_block *b = &r->plan.blocks[number];
    return r->arena + b->offset + (b->local ? r->worker * r->plan.place_bytes : (size_t)r->first_row * b->row_bytes);
}

real *visml_exec_value(const visml_exec *r, size_t node) {
    if (r->plan.nodes[node].value == 0)
        return (real *)r->x; /* never written: what stands behind it are aliases */
    return block(r, r->plan.nodes[node].y);
}

real *visml_exec_output(const visml_exec *r) {
    return visml_exec_value(r, r->model->node_count - 1);
}

static size_t elements(const visml_exec *r, size_t node) {
    return (size_t)(r->rows * visml_shape_count(visml_exec_shape(r, node)));
}

#ifdef VISML_REAL_DOUBLE
static void from_f32(size_t n, const float *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i];
}
#endif

void visml_exec_input(visml_exec *r, const void *x, visml_dtype dtype, int64_t rows) {
    r->rows = rows;
#ifndef VISML_REAL_DOUBLE
    if (r->quantized && visml_qrun_wants_bytes(r->quantized)) {
        r->x = x;
        if (dtype == VISML_F32) {
            r->x = block(r, r->plan.nodes[0].y);
            visml_qrun_input(r->quantized, r, x, block(r, r->plan.nodes[0].y));
        }
        return;
    }
#endif
    if (dtype == VISML_REAL_DTYPE) {
        r->x = x;
        return;
    }
    real *y = block(r, r->plan.nodes[0].y);
    if (dtype == VISML_U8) {
        visml_compute c = visml_context_compute(r->model->context);
        visml_from_u8(&c, elements(r, 0), x, y);
    }
#ifdef VISML_REAL_DOUBLE
    if (dtype == VISML_F32)
        from_f32(elements(r, 0), x, y);
#endif
    r->x = y;
}

/* ---- forward ---- */

/* Pointers of one pass; the pass refers to them. */
typedef struct pass_arrays {
    const real *x[VISML_MAX_INPUTS];
    real *dx[VISML_MAX_INPUTS];
    visml_mask masks[VISML_MAX_INPUTS];
    real *params[VISML_MAX_PARAMS], *grads[VISML_MAX_PARAMS];
    visml_epilogue epilogue;
} pass_arrays;

/* What a step on floats reads of a node. */
static const real *read_value(const visml_exec *r, size_t node) {
#ifndef VISML_REAL_DOUBLE
    if (r->quantized)
        return visml_qrun_floats(r->quantized, r, node);
#endif
    return visml_exec_value(r, node);
}

static visml_pass make_pass(const visml_exec *r, size_t i, pass_arrays *a) {
    const visml_model *m = r->model;
    const visml_node *n = &m->nodes[i];
    const visml_plan_node *p = &r->plan.nodes[i];
    for (size_t k = 0; k < n->input_count; k++) {
        a->x[k] = read_value(r, (size_t)n->inputs[k]);
        a->masks[k] = (visml_mask){block(r, r->plan.nodes[n->inputs[k]].mask), r->plan.nodes[n->inputs[k]].mask_dims};
    }
    visml_node_params(m, i, a->params);
    const visml_plan_node *before = &r->plan.nodes[n->inputs[0]];
    int32_t makes = visml_layer_makes_mask(n->layer, r->plan.in + p->first_input) > 0;
    int64_t state_ld;
    real *state = visml_states_of(&r->states, i, r->first_row, &state_ld);
    return (visml_pass){.compute = r->compute, .mode = visml_layer_mode(n->layer, r->plan.mode), .batch = r->rows,
                        .inputs = n->input_count, .in = r->plan.in + p->first_input, .out = visml_exec_shape(r, i), .x = a->x,
                        .y = block(r, p->y), .params = a->params, .keep = block(r, p->keep),
                        .scratch = r->scratch ? r->scratch : block(r, p->forward_scratch), .masked = before->mask >= 0,
                        .mask_dims = before->mask_dims, .mask = block(r, makes ? p->mask : before->mask), .masks = a->masks,
                        .state = state, .state_ld = state_ld, .key = visml_key(r->seed, i), .step = r->step};
}

/* The activation that is applied after this node: none where the loss takes over. */
static int32_t activation_of(const visml_exec *r, size_t i) {
    return r->logits && i == r->model->node_count - 1 ? VISML_LINEAR : r->model->nodes[i].layer->activation;
}

void visml_exec_activate(const visml_exec *r, size_t node, const real *x, real *y) {
    const visml_node *n = &r->model->nodes[node];
    const visml_shape *shape = visml_exec_shape(r, node);
    int32_t activation = activation_of(r, node);
    int64_t channels = shape->dims[shape->rank - 1], rows = (int64_t)elements(r, node) / channels;
    visml_compute c = r->compute;
    if (activation == VISML_SOFTMAX)
        visml_softmax_forward(&c, rows, channels, x, y);
    else if (activation == VISML_LOG_SOFTMAX)
        visml_log_softmax_forward(&c, rows, channels, x, y);
    else if (activation != VISML_LINEAR || x != y)
        visml_activate(&c, activation, n->layer->alpha, elements(r, node), x, y);
}

/* Of a class that fuses: everything that the step does behind the layer's sums. The activation of the last node may be the loss'. */
static void set_epilogue(const visml_exec *r, size_t end, pass_arrays *a, visml_pass *pass) {
    const visml_step *s = &r->plan.steps[end];
    const int joined = r->logits && end == r->model->node_count - 1;
    a->epilogue = (visml_epilogue){.activation = joined ? VISML_LINEAR : s->activation, .alpha = s->alpha};
    if (s->residual >= 0)
        a->epilogue.residual = read_value(r, (size_t)s->residual);
    if (r->prepared) {
        const visml_prepared_node *p = visml_prepared_of(r->prepared, (size_t)s->head);
        a->epilogue.bias = p->bias;
        a->epilogue.gain = p->gain;
        a->epilogue.scale = p->scale;
        a->epilogue.shift = p->shift;
    }
    pass->epilogue = &a->epilogue;
}

/* The step that ends with a node. Where the activation's derivative needs what it was applied to, in training, the layer writes to an array
 * of its own. */
static void forward(const visml_exec *r, size_t end) {
    const visml_step *s = &r->plan.steps[end];
    size_t i = (size_t)s->head;
    const visml_layer *layer = r->model->nodes[i].layer;
    pass_arrays a;
    visml_pass pass = make_pass(r, i, &a);
    real *y = pass.y;
    if (r->plan.nodes[i].before >= 0)
        pass.y = block(r, r->plan.nodes[i].before);
    if (r->prepared)
        pass.prepared = visml_prepared_of(r->prepared, i)->packed[r->plan.nodes[i].form];
    if ((layer->cls->properties & VISML_FUSES_EPILOGUE) && visml_activation_fuses(activation_of(r, i)))
        set_epilogue(r, end, &a, &pass);
    if (!(layer->cls->properties & VISML_ONLY_ACTIVATES))
        layer->cls->forward(layer, &pass);
    if (!pass.epilogue)
        visml_exec_activate(r, i, layer->cls->properties & VISML_ONLY_ACTIVATES ? pass.x[0] : pass.y, y);
}

static void run_step(const visml_exec *r, size_t end) {
#ifndef VISML_REAL_DOUBLE
    if (r->quantized && visml_qrun_step(r->quantized, r, end))
        return;
    forward(r, end);
    if (r->observer)
        visml_calibration_observe(r->observer, end, elements(r, end), visml_exec_value(r, end));
#else
    forward(r, end);
#endif
}

static void join_masks(const visml_exec *r, size_t i) {
    const visml_node *n = &r->model->nodes[i];
    const visml_plan_node *p = &r->plan.nodes[i];
    const uint8_t *masks[VISML_MAX_INPUTS];
    if (p->mask_join == VISML_MASK_NOT_JOINED)
        return;
    for (size_t k = 0; k < n->input_count; k++)
        masks[k] = block(r, r->plan.nodes[n->inputs[k]].mask);
    visml_mask_join(p->mask_join, p->mask_dims, r->plan.in + p->first_input, n->input_count, masks, r->rows, block(r, p->mask));
}

/* Masks are put together at the time of their node, also where that is a part of a later step. */
static void run_steps(const visml_exec *r, const visml_stretch *s) {
    for (int32_t i = s->first; i < s->end; i++) {
        join_masks(r, (size_t)i);
        if (visml_step_runs(r->model, r->plan.mode, r->plan.steps, (size_t)i))
            run_step(r, (size_t)i);
    }
}

typedef struct groups_job {
    const visml_exec *run;
    const visml_stretch *stretch;
    int64_t rows; /* of a group */
    visml_compute compute; /* of one group */
} groups_job;

static void run_group(void *arg, size_t group, size_t worker) {
    const groups_job *j = arg;
    const visml_plan *p = &j->run->plan;
    visml_exec part = *j->run;
    part.first_row = (int64_t)group * j->rows;
    part.rows = part.rows - part.first_row < j->rows ? part.rows - part.first_row : j->rows;
    part.x += part.first_row * visml_shape_count(visml_exec_shape(&part, 0));
    part.compute = j->compute;
    part.worker = worker;
    part.scratch = part.arena + p->scratch + worker * p->scratch_bytes;
    run_steps(&part, j->stretch);
}

/* Threads run groups beside each other where that leaves at most a fifth of them idle, else one group after the other together. (Without
 * influence on results.) */
static void run_groups(const visml_exec *r, const visml_stretch *s) {
    size_t workers = r->compute.parallel->workers, groups = (size_t)((r->rows - 1) / s->rows + 1);
    size_t turns = (groups - 1) / workers + 1;
    groups_job j = {r, s, (r->rows - 1) / (int64_t)groups + 1, r->compute};
    if (workers > 1 && r->plan.places == workers && !r->observer && 5 * groups >= 4 * workers * turns) {
        j.compute = visml_context_alone(r->model->context);
        visml_parallel_run(r->compute.parallel, groups, run_group, &j);
        return;
    }
    for (size_t i = 0; i < groups; i++)
        run_group(&j, i, 0);
}

void visml_exec_forward(const visml_exec *r) {
    if (r->prepared)
        visml_prepared_update(r->prepared, r->model);
#ifndef VISML_REAL_DOUBLE
    if (r->observer)
        visml_calibration_observe(r->observer, 0, elements(r, 0), r->x);
#endif
    for (size_t i = 0; i < r->plan.stretch_count; i++) {
        const visml_stretch *s = &r->plan.stretches[i];
        if (visml_plan_groups(&r->plan, s) && r->rows > 0)
            run_groups(r, s);
        else
            run_steps(r, s);
    }
}

/* ---- loss ---- */

double visml_exec_activity(const visml_exec *r) {
    const visml_compute c = visml_context_compute(r->model->context);
    double sum = 0;
    for (size_t i = 1; i < r->model->node_count; i++) {
        const visml_layer_opts *w = &r->model->nodes[i].layer->with;
        if (visml_layer_penalises_output(r->model->nodes[i].layer))
            sum += visml_penalty(&c, elements(r, i), visml_exec_value(r, i), w->activity_l1, w->activity_l2);
    }
    return sum;
}

int32_t visml_exec_joins(const visml_exec *r, const visml_loss *loss) {
    const visml_node *last = &r->model->nodes[r->model->node_count - 1];
    const int32_t joins = loss->cls->joins;
    if (!joins || last->layer->activation != joins || visml_node_is_alias(last, r->plan.mode) || visml_layer_penalises_output(last->layer))
        return 0;
    return joins == VISML_SOFTMAX || !r->quantized; /* on bytes a logistic function is a part of the product */
}

int32_t visml_model_ends_in(const visml_model *m) {
    size_t i = m->node_count - 1;
    while (i > 0 && m->nodes[i].layer->activation == VISML_LINEAR && visml_node_is_alias(&m->nodes[i], VISML_INFERENCE))
        i = (size_t)m->nodes[i].inputs[0];
    return i > 0 ? m->nodes[i].layer->activation : VISML_LINEAR;
}

int64_t visml_exec_places(const visml_exec *r) {
    const visml_shape *shape = visml_exec_shape(r, r->model->node_count - 1);
    return visml_shape_count(shape) / shape->dims[shape->rank - 1];
}

/* The weight of each place of each row: that of the row where the mask counts it, else 0. Returns how many count. */
static int64_t weigh_places(const visml_exec *r, const visml_train_batch *batch) {
    const visml_plan_node *p = &r->plan.nodes[r->model->node_count - 1];
    const uint8_t *mask = block(r, p->mask);
    int64_t places = visml_exec_places(r), bytes = visml_mask_count(visml_exec_shape(r, r->model->node_count - 1), p->mask_dims);
    int64_t count = 0, each = places / bytes; /* places that share a byte */
    for (int64_t i = 0; i < r->rows * places; i++) {
        int counts = !mask || mask[i / each];
        real weight = batch->weights ? batch->weights[i / places] : 1;
        r->weights[i] = counts ? weight : 0;
        count += counts;
    }
    return count;
}

static double run_loss(const visml_exec *r, const visml_loss *loss, visml_loss_pass *pass) {
    double sum = 0;
    loss->cls->run(loss, pass);
    for (int64_t i = 0; i < pass->rows; i++)
        sum += (double)r->losses[i];
    return sum;
}

double visml_exec_loss(const visml_exec *r, const visml_loss *loss, const visml_train_batch *batch) {
    size_t last = r->model->node_count - 1;
    const visml_shape *shape = visml_exec_shape(r, last);
    real *y = visml_exec_output(r);
    visml_loss_pass pass = {.compute = visml_context_compute(r->model->context), .rows = r->rows, .width = visml_shape_count(shape), .y = y,
                            .logits = r->logits, .labels = batch->labels, .targets = batch->targets, .weights = batch->weights,
                            .scale = (real)(1 / batch->divisor), .loss = r->losses, .dy = block(r, r->plan.nodes[last].dy),
                            .prob = r->logits ? y : NULL};
    pass.probabilities = !r->logits && visml_model_ends_in(r->model) == loss->cls->logits_of;
    if (r->plan.nodes[last].mask < 0 && !(loss->cls->along_last && shape->rank > 1))
        return run_loss(r, loss, &pass);
    int64_t count = weigh_places(r, batch);
    double share = count ? (double)r->rows / (double)count : 0;
    pass.rows *= visml_exec_places(r);
    pass.width = shape->dims[shape->rank - 1];
    pass.weights = r->weights;
    pass.scale = (real)(share / batch->divisor);
    return share * run_loss(r, loss, &pass);
}

/* ---- backward ---- */

/* What the derivative of a node's activation is made of: its result, or what it was applied to. */
static const real *derivative_source(const visml_exec *r, size_t i, int32_t activation, const visml_pass *pass) {
    if (!visml_activation_needs_x(activation))
        return pass->y;
    return r->plan.nodes[i].before >= 0 ? block(r, r->plan.nodes[i].before) : pass->x[0];
}

/* dy becomes the gradient of what the node's activation was applied to. */
static void activation_back(const visml_exec *r, size_t i, const visml_pass *pass, real *dy) {
    const visml_node *n = &r->model->nodes[i];
    const visml_shape *shape = visml_exec_shape(r, i);
    int32_t activation = r->plan.nodes[i].derived ? VISML_LINEAR : activation_of(r, i);
    int64_t channels = shape->dims[shape->rank - 1], rows = (int64_t)elements(r, i) / channels;
    if (activation == VISML_SOFTMAX)
        visml_softmax_backward(&pass->compute, rows, channels, pass->y, dy, dy);
    else if (activation == VISML_LOG_SOFTMAX)
        visml_log_softmax_backward(&pass->compute, rows, channels, pass->y, dy, dy);
    else if (activation != VISML_LINEAR)
        visml_activate_backward(&pass->compute, activation, n->layer->alpha, elements(r, i),
                                derivative_source(r, i, activation, pass), dy, dy);
}

/* A penalty of the output is a part of the loss, divided by the batch size as the rest of it. */
static void penalise_output(const visml_exec *r, size_t i, const visml_compute *c, const real *y, real *dy) {
    const visml_layer_opts *w = &r->model->nodes[i].layer->with;
    if (visml_layer_penalises_output(r->model->nodes[i].layer))
        visml_penalize(c, elements(r, i), y, w->activity_l1 / r->divisor, w->activity_l2 / r->divisor, dy);
}

/* Where the layer that made x[0] leaves the derivative of its activation to this node. One that chooses has the element of x in y. */
static void derive_input(const visml_exec *r, size_t i, visml_pass *pass, real *dy) {
    size_t from = (size_t)r->plan.nodes[r->model->nodes[i].inputs[0]].value;
    const visml_layer *layer = r->model->nodes[from].layer;
    if (!r->plan.nodes[from].derived)
        return;
    if (r->model->nodes[i].layer->cls->properties & VISML_CHOOSES) {
        visml_activate_backward(&pass->compute, layer->activation, layer->alpha, elements(r, i), pass->y, dy, dy);
        return;
    }
    pass->input_activation = layer->activation;
    pass->input_alpha = layer->alpha;
}

static void point_gradients(const visml_exec *r, size_t i, pass_arrays *a) {
    const visml_node *n = &r->model->nodes[i];
    const visml_plan_gradient *g = r->plan.gradients + r->plan.nodes[i].first_input;
    for (size_t k = 0; k < n->input_count; k++)
        a->dx[k] = block(r, g[k].dx);
    for (size_t k = 0; k < n->param_count; k++) {
        const visml_param *p = &r->model->params[n->first_param + k];
        a->grads[k] = p->spec->trainable && !n->layer->with.frozen ? r->grads + p->offset : NULL;
    }
}

static void backward(const visml_exec *r, size_t i) {
    const visml_node *n = &r->model->nodes[i];
    const visml_plan_gradient *g = r->plan.gradients + r->plan.nodes[i].first_input;
    pass_arrays a;
    visml_pass pass = make_pass(r, i, &a);
    real *dy = block(r, r->plan.nodes[i].dy);
    point_gradients(r, i, &a);
    pass.dy = dy;
    pass.dx = a.dx;
    pass.grads = a.grads;
    pass.scratch = block(r, r->plan.nodes[i].backward_scratch);
    penalise_output(r, i, &pass.compute, pass.y, dy);
    activation_back(r, i, &pass, dy);
    derive_input(r, i, &pass, dy);
    if (!(n->layer->cls->properties & VISML_ONLY_ACTIVATES) || a.dx[0] != dy)
        n->layer->cls->backward(n->layer, &pass);
    for (size_t k = 0; k < n->input_count; k++)
        if (g[k].sum >= 0)
            visml_sum(&pass.compute, elements(r, (size_t)n->inputs[k]), block(r, g[k].sum), a.dx[k], block(r, g[k].sum));
}

void visml_exec_backward(const visml_exec *r) {
    for (size_t i = r->model->node_count - 1; i > 0; i--)
        if (r->plan.nodes[i].dy >= 0 && !visml_node_is_alias(&r->model->nodes[i], r->plan.mode))
            backward(r, i);
}
