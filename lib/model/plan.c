#include "model/plan.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/elementwise.h"
#include "model/masks.h"
#include "model/sizes.h"

/* What is known while a plan is made. */
typedef struct planner {
    visml_plan *plan;
    const visml_model *model;
    unsigned char *differentiable; /* [nodes] 1: something trainable lies at or before the node */
    int32_t *last_read;            /* [nodes] of an inference: when the array of this value is read for the last time; see derive, too */
    size_t group_bytes;
    size_t together; /* scratch of a group that all threads run together */
    visml_error *err;
} planner;

/* ---- time ---- */

static int32_t loss_time(const planner *w) {
    return (int32_t)w->model->node_count;
}

static int32_t backward_time(const planner *w, size_t node) {
    return 2 * (int32_t)w->model->node_count - (int32_t)node;
}

static int32_t end_time(const planner *w) {
    return 2 * (int32_t)w->model->node_count;
}

static int trains(const planner *w) {
    return w->plan->mode == VISML_TRAINING;
}

static int runs(const planner *w, size_t node) {
    return visml_step_runs(w->model, w->plan->mode, w->plan->steps, node);
}

/* Whether backward of this node will be called. */
static int goes_back(const planner *w, size_t node) {
    return trains(w) && w->differentiable[node] && !visml_node_is_alias(&w->model->nodes[node], w->plan->mode);
}

/* ---- blocks ---- */

static visml_status new_block(planner *w, visml_plan_block block, int32_t *number) {
    visml_plan *p = w->plan;
    void *blocks = p->blocks;
    VISML_TRY(visml_mem_grow(p->memory, &blocks, &p->block_capacity, p->block_count + 1, sizeof *p->blocks, w->err));
    p->blocks = blocks;
    *number = (int32_t)p->block_count;
    p->blocks[p->block_count++] = block;
    return VISML_OK;
}

static visml_status add_block(planner *w, size_t bytes, int32_t first, int32_t last, int32_t *number) {
    return new_block(w, (visml_plan_block){.bytes = bytes, .first = first, .last = last}, number);
}

static void use_until(planner *w, int32_t block, int32_t time) {
    if (w->plan->blocks[block].last < time)
        w->plan->blocks[block].last = time;
}

static const visml_shape *shape_of(const planner *w, size_t node) {
    return visml_node_shape(w->model, w->plan->shapes, node);
}

static size_t row_bytes(const planner *w, size_t node) {
    return (size_t)visml_shape_count(shape_of(w, node)) * sizeof(real);
}

static visml_status array_bytes(const planner *w, size_t node, size_t *bytes) {
    const visml_shape *shape = shape_of(w, node);
    *bytes = 0;
    if (!visml_size_mul((size_t)visml_shape_count(shape), (size_t)w->plan->max_batch, bytes) ||
        !visml_size_mul(*bytes, sizeof(real), bytes))
        return visml_fail(w->err, VISML_ENOMEM, "a batch of %lld times %s is more than can be addressed", (long long)w->plan->max_batch,
                          visml_shape_format(shape).s);
    return VISML_OK;
}

/* ---- outputs ---- */

/* Until when the output of a node is read in the backward pass. Most activations are differentiated from their result. */
static int32_t read_back(const planner *w, size_t node) {
    const visml_layer *layer = w->model->nodes[node].layer;
    int derives = layer->activation != VISML_LINEAR && !visml_activation_needs_x(layer->activation);
    int reads = derives || (layer->cls->properties & VISML_BACKWARD_NEEDS_Y);
    if (trains(w) && visml_layer_penalises_output(layer))
        return goes_back(w, node) ? backward_time(w, node) : loss_time(w);
    return goes_back(w, node) && reads ? backward_time(w, node) : (int32_t)node;
}

/* Others are differentiated from what they were applied to: the input of a layer that is nothing else, or what the layer writes, which then
 * has a block of its own. */
static int keeps_what_it_activates(const planner *w, size_t node) {
    return goes_back(w, node) && visml_activation_needs_x(w->model->nodes[node].layer->activation);
}

/* What the step that ends with this node reads. */
static void use_inputs(planner *w, size_t node) {
    const visml_step *s = &w->plan->steps[node];
    const visml_node *n = &w->model->nodes[s->head];
    int32_t properties = n->layer->cls->properties;
    int reads = (properties & VISML_BACKWARD_NEEDS_X) || ((properties & VISML_ONLY_ACTIVATES) && keeps_what_it_activates(w, node));
    for (size_t k = 0; k < n->input_count; k++)
        use_until(w, w->plan->nodes[n->inputs[k]].y, goes_back(w, node) && reads ? backward_time(w, node) : (int32_t)node);
    if (s->residual >= 0)
        use_until(w, w->plan->nodes[s->residual].y, (int32_t)node);
}

/* The node whose array a node's output stands in: of an alias that of its input, of a node that was taken in the end of its step. */
static void find_values(planner *w) {
    const visml_plan *p = w->plan;
    for (size_t i = 0; i < w->model->node_count; i++) {
        const visml_node *n = &w->model->nodes[i];
        int32_t end = p->steps[i].end, head = p->steps[i].head;
        int is_alias = i > 0 && visml_node_is_alias(n, p->mode) && head == (int32_t)i && end == (int32_t)i;
        p->nodes[i].value = is_alias ? p->nodes[n->inputs[0]].value : end;
    }
}

static void find_last_reads(planner *w) {
    const visml_plan *p = w->plan;
    for (size_t i = 1; i < w->model->node_count; i++) {
        const visml_step *s = &p->steps[i];
        const visml_node *n = &w->model->nodes[s->head];
        if (!runs(w, i))
            continue;
        for (size_t k = 0; k < n->input_count; k++)
            w->last_read[p->nodes[n->inputs[k]].value] = (int32_t)i;
        if (s->residual >= 0)
            w->last_read[p->nodes[s->residual].value] = (int32_t)i;
    }
    w->last_read[p->nodes[w->model->node_count - 1].value] = end_time(w); /* the caller reads it */
}

/* Whether the output is wanted in its own stretch only, which goes group by group. */
static int is_local(const planner *w, size_t node) {
    const visml_stretch *s = node ? visml_plan_stretch(w->plan, node) : NULL;
    return s && visml_plan_groups(w->plan, s) && w->last_read[node] < s->end;
}

/* Whether the output can stand where the first input stands: nobody reads that afterwards, and it is not the caller's. */
static int in_place(const planner *w, size_t node) {
    const visml_plan_node *nodes = w->plan->nodes;
    const visml_node *n = &w->model->nodes[node];
    int32_t first = nodes[n->inputs[0]].value;
    if (trains(w) || !(n->layer->cls->properties & VISML_WORKS_IN_PLACE) || w->plan->steps[node].head != (int32_t)node)
        return 0;
    if (first == 0 || w->last_read[first] != (int32_t)node || is_local(w, (size_t)first) != is_local(w, node))
        return 0;
    for (size_t k = 1; k < n->input_count; k++)
        if (nodes[n->inputs[k]].value == first)
            return 0;
    return 1;
}

static visml_status plan_output(planner *w, size_t node) {
    visml_plan_node *nodes = w->plan->nodes;
    const visml_node *n = &w->model->nodes[node];
    size_t bytes;
    if (in_place(w, node)) {
        nodes[node].y = nodes[n->inputs[0]].y;
        return VISML_OK;
    }
    VISML_TRY(array_bytes(w, node, &bytes));
    if (keeps_what_it_activates(w, node) && !(n->layer->cls->properties & VISML_ONLY_ACTIVATES))
        VISML_TRY(add_block(w, bytes, (int32_t)node, backward_time(w, node), &nodes[node].before));
    visml_plan_block b = {.bytes = bytes, .first = (int32_t)node, .last = read_back(w, node), .row_bytes = row_bytes(w, node)};
    b.local = is_local(w, node);
    if (b.local)
        b.bytes = b.row_bytes * (size_t)visml_plan_stretch(w->plan, node)->rows;
    return new_block(w, b, &nodes[node].y);
}

/* A stretch of groups is run again and again: what it shares with others must last from its first step to its last. */
static void widen(planner *w) {
    visml_plan *p = w->plan;
    for (size_t i = 0; i < p->block_count; i++) {
        visml_plan_block *b = &p->blocks[i];
        for (size_t k = 0; k < p->stretch_count && !b->local; k++) {
            const visml_stretch *s = &p->stretches[k];
            if (!visml_plan_groups(p, s) || b->first >= s->end || b->last < s->first)
                continue;
            b->first = b->first > s->first ? s->first : b->first;
            b->last = b->last < s->end - 1 ? s->end - 1 : b->last;
        }
    }
}

static visml_status plan_outputs(planner *w) {
    visml_plan_node *nodes = w->plan->nodes;
    size_t bytes, count = w->model->node_count;
    find_values(w);
    find_last_reads(w);
    VISML_TRY(array_bytes(w, 0, &bytes));
    VISML_TRY(add_block(w, bytes, 0, 0, &nodes[0].y));
    for (size_t i = 1; i < count; i++) {
        if (runs(w, i)) {
            VISML_TRY(plan_output(w, i));
            use_inputs(w, i);
        } else if (w->plan->steps[i].end == (int32_t)i) {
            nodes[i].y = nodes[nodes[i].value].y; /* an alias */
        }
    }
    for (size_t i = 1; i < count; i++)
        nodes[i].y = nodes[nodes[i].value].y; /* of those that were taken in, too */
    use_until(w, nodes[count - 1].y, end_time(w)); /* the caller reads it */
    widen(w);
    return VISML_OK;
}

/* ---- gradients ---- */

static int has_trainable(const visml_layer *layer) {
    for (size_t i = 0; i < layer->param_count; i++)
        if (layer->params[i].trainable && !layer->with.frozen)
            return 1;
    return 0;
}

static void find_differentiable(planner *w) {
    for (size_t i = 1; i < w->model->node_count; i++) {
        const visml_node *n = &w->model->nodes[i];
        w->differentiable[i] = (unsigned char)has_trainable(n->layer);
        for (size_t k = 0; k < n->input_count; k++)
            w->differentiable[i] |= w->differentiable[n->inputs[k]];
    }
}

/* The gradient of a value lives from its first part, which comes from its last reader, to the backward pass of the node that made it. */
static visml_status plan_gradient(planner *w, int32_t value, int32_t time, int32_t *block) {
    size_t bytes;
    VISML_TRY(array_bytes(w, (size_t)value, &bytes));
    VISML_TRY(add_block(w, bytes, time, backward_time(w, (size_t)value), block));
    w->plan->nodes[value].dy = *block;
    return VISML_OK;
}

/* 1: what this node leaves for its input is its own gradient, which can stay where it is: for one of its inputs. */
static int hands_on(const planner *w, size_t node) {
    const visml_plan *p = w->plan;
    const visml_node *n = &w->model->nodes[node];
    int taken = 0;
    for (size_t k = 0; k < n->input_count; k++)
        taken |= p->gradients[p->nodes[node].first_input + k].dx == p->nodes[node].dy;
    return !taken && (n->layer->cls->properties & (VISML_ONLY_ACTIVATES | VISML_ONLY_ADDS));
}

/* The first part of a gradient is written in place, the others to a block of their own, which is then added. */
static visml_status plan_part(planner *w, size_t node, int32_t value, visml_plan_gradient *g) {
    int32_t whole = w->plan->nodes[value].dy, time = backward_time(w, node);
    size_t bytes;
    if (!w->differentiable[value])
        return VISML_OK;
    if (whole < 0 && hands_on(w, node)) {
        g->dx = w->plan->nodes[value].dy = w->plan->nodes[node].dy;
        use_until(w, g->dx, backward_time(w, (size_t)value));
        return VISML_OK;
    }
    if (whole < 0)
        return plan_gradient(w, value, time, &g->dx);
    g->sum = whole;
    VISML_TRY(array_bytes(w, (size_t)value, &bytes));
    return add_block(w, bytes, time, time, &g->dx);
}

static visml_status plan_gradients(planner *w) {
    visml_plan *p = w->plan;
    size_t output = w->model->node_count - 1;
    int32_t block;
    if (!trains(w) || !w->differentiable[output])
        return VISML_OK;
    VISML_TRY(plan_gradient(w, p->nodes[output].value, loss_time(w), &block));
    for (size_t i = output; i > 0; i--) {
        const visml_node *n = &w->model->nodes[i];
        for (size_t k = 0; k < n->input_count && goes_back(w, i); k++)
            VISML_TRY(plan_part(w, i, p->nodes[n->inputs[k]].value, &p->gradients[p->nodes[i].first_input + k]));
    }
    for (size_t i = 1; i <= output; i++)
        p->nodes[i].dy = p->nodes[p->nodes[i].value].dy;
    return VISML_OK;
}

/* Where the only reader of an output has it at hand in its backward pass, the derivative of the activation is left to that pass: one walk
 * over the output and its gradient less. */
static int is_derived(const planner *w, size_t node, size_t reader) {
    const visml_plan *p = w->plan;
    const visml_layer *layer = w->model->nodes[node].layer;
    int32_t able = VISML_DERIVES_INPUT | VISML_CHOOSES;
    return layer && goes_back(w, node) && !visml_layer_penalises_output(layer) &&
           layer->activation != VISML_LINEAR && visml_activation_fuses(layer->activation) &&
           (w->model->nodes[reader].layer->cls->properties & able) && p->gradients[p->nodes[reader].first_input].dx == p->nodes[node].dy;
}

static void derive(planner *w) {
    const visml_plan *p = w->plan;
    int32_t *readers = w->last_read; /* not wanted in training */
    size_t last = w->model->node_count - 1;
    memset(readers, 0, (last + 1) * sizeof *readers);
    for (size_t i = 1; i <= last; i++)
        for (size_t k = 0; k < w->model->nodes[i].input_count && goes_back(w, i); k++)
            readers[p->nodes[w->model->nodes[i].inputs[k]].value]++;
    readers[p->nodes[last].value]++;
    for (size_t i = 1; i <= last; i++) {
        int32_t from = p->nodes[w->model->nodes[i].inputs[0]].value;
        if (goes_back(w, i) && readers[from] == 1 && is_derived(w, (size_t)from, i))
            p->nodes[from].derived = 1;
    }
}

/* ---- masks ---- */

static visml_status find_masks(planner *w) {
    for (size_t i = 1; i < w->model->node_count; i++) {
        const visml_shape *shape = shape_of(w, i);
        visml_plan_node *p = &w->plan->nodes[i];
        visml_mask_rule rule = visml_mask_behind(w->plan, w->model, shape, i);
        p->mask = rule.mask;
        p->mask_dims = rule.dims;
        p->mask_join = rule.join;
        if (!rule.made)
            continue;
        visml_plan_block b = {.first = (int32_t)i, .last = end_time(w), .row_bytes = (size_t)visml_mask_count(shape, rule.dims)};
        if (!visml_size_mul(b.row_bytes, (size_t)w->plan->max_batch, &b.bytes))
            return visml_fail(w->err, VISML_ENOMEM, "a batch of %lld is more than can be addressed", (long long)w->plan->max_batch);
        VISML_TRY(new_block(w, b, &p->mask));
    }
    return VISML_OK;
}

/* ---- what layers ask for ---- */

static visml_status too_large(const planner *w) {
    return visml_fail(w->err, VISML_ENOMEM, "a batch of %lld is more than can be addressed", (long long)w->plan->max_batch);
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Scratch of a group: of one thread's, where threads run groups beside each other; or of all threads that run one group together. */
static visml_status plan_group(planner *w, size_t end, visml_pass *pass) {
    visml_plan *p = w->plan;
    const visml_layer *layer = w->model->nodes[p->steps[end].head].layer;
    if (!layer->cls->scratch)
        return VISML_OK;
    pass->batch = visml_plan_stretch(p, end)->rows;
    w->together = larger(w->together, layer->cls->scratch(layer, pass));
    pass->compute = visml_context_alone(w->model->context);
    p->scratch_bytes = larger(p->scratch_bytes, layer->cls->scratch(layer, pass));
    return visml_size_align(w->together, VISML_ALIGN, &w->together) && visml_size_align(p->scratch_bytes, VISML_ALIGN, &p->scratch_bytes)
               ? VISML_OK : too_large(w);
}

static visml_status plan_layer(planner *w, size_t end) {
    size_t node = (size_t)w->plan->steps[end].head;
    const visml_node *n = &w->model->nodes[node];
    const visml_layer_class *cls = n->layer->cls;
    visml_plan_node *p = &w->plan->nodes[node];
    int32_t now = (int32_t)end, back = backward_time(w, node);
    visml_mode mode = visml_layer_mode(n->layer, w->plan->mode);
    visml_pass pass = {.compute = visml_context_compute(w->model->context), .mode = mode, .batch = w->plan->max_batch,
                       .inputs = n->input_count, .in = w->plan->in + p->first_input, .out = shape_of(w, node)};
    pass.masked = w->plan->nodes[n->inputs[0]].mask >= 0;
    pass.mask_dims = w->plan->nodes[n->inputs[0]].mask_dims;
    if (!trains(w) && cls->prepared_form)
        p->form = cls->prepared_form(n->layer, &pass);
    if (visml_plan_groups(w->plan, visml_plan_stretch(w->plan, end)))
        return plan_group(w, end, &pass);
    size_t scratch = cls->scratch ? cls->scratch(n->layer, &pass) : 0;
    size_t keep = cls->keep && mode == VISML_TRAINING ? cls->keep(n->layer, &pass) : 0;
    if (scratch)
        VISML_TRY(add_block(w, scratch, now, now, &p->forward_scratch));
    if (scratch && goes_back(w, node))
        VISML_TRY(add_block(w, scratch, back, back, &p->backward_scratch));
    if (keep)
        VISML_TRY(add_block(w, keep, now, goes_back(w, node) ? back : now, &p->keep));
    return VISML_OK;
}

static visml_status plan_layers(planner *w) {
    for (size_t i = 1; i < w->model->node_count; i++)
        if (runs(w, i))
            VISML_TRY(plan_layer(w, i));
    return VISML_OK;
}

/* ---- placing ---- */

/* Numbers of blocks, the largest first, equal ones in their order. Insertion: no memory, and few blocks. */
static void sort_by_size(const visml_plan_block *blocks, size_t n, int32_t *order) {
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && blocks[order[k - 1]].bytes < blocks[i].bytes; k--)
            order[k] = order[k - 1];
        order[k] = (int32_t)i;
    }
}

/* Local ones lie elsewhere. */
static int live_together(const visml_plan_block *a, const visml_plan_block *b) {
    return a->first <= b->last && b->first <= a->last && a->local == b->local;
}

/* The lowest gap between the blocks that live at the same time. `placed` is sorted by offset. */
static size_t first_fit(const visml_plan_block *blocks, const int32_t *placed, size_t n, const visml_plan_block *b) {
    size_t offset = 0;
    for (size_t i = 0; i < n; i++) {
        const visml_plan_block *other = &blocks[placed[i]];
        if (!live_together(other, b))
            continue;
        if (other->offset >= offset && other->offset - offset >= b->bytes)
            break;
        if (other->offset + other->bytes > offset)
            offset = other->offset + other->bytes;
    }
    return offset;
}

static void insert_placed(const visml_plan_block *blocks, int32_t *placed, size_t n, int32_t block) {
    for (; n > 0 && blocks[placed[n - 1]].offset > blocks[block].offset; n--)
        placed[n] = placed[n - 1];
    placed[n] = block;
}

static visml_status place(planner *w, int32_t *order, int32_t *placed) {
    visml_plan *p = w->plan;
    for (size_t i = 0; i < p->block_count; i++)
        if (!visml_size_align(p->blocks[i].bytes, VISML_ALIGN, &p->blocks[i].bytes))
            return too_large(w);
    sort_by_size(p->blocks, p->block_count, order);
    for (size_t i = 0; i < p->block_count; i++) {
        visml_plan_block *b = &p->blocks[order[i]];
        size_t end, *most = b->local ? &p->place_bytes : &p->arena_bytes;
        b->offset = first_fit(p->blocks, placed, i, b);
        if (!visml_size_add(b->offset, b->bytes, &end))
            return too_large(w);
        insert_placed(p->blocks, placed, i, order[i]);
        *most = larger(*most, end);
    }
    return VISML_OK;
}

/* Behind the arrays of the whole batch: the threads' places, then their scratch. */
static visml_status place_groups(planner *w) {
    visml_plan *p = w->plan;
    size_t local, scratch, begin = p->arena_bytes;
    if (!visml_size_mul(p->place_bytes, p->places, &local) || !visml_size_mul(p->scratch_bytes, p->places, &scratch) ||
        !visml_size_add(begin, local, &p->scratch) || !visml_size_add(p->scratch, larger(scratch, w->together), &p->arena_bytes))
        return too_large(w);
    for (size_t i = 0; i < p->block_count; i++)
        p->blocks[i].offset += p->blocks[i].local ? begin : 0;
    return VISML_OK;
}

static visml_status plan_offsets(planner *w) {
    visml_memory *memory = w->plan->memory;
    int32_t *order = visml_mem_zalloc(memory, w->plan->block_count, 2 * sizeof *order, w->err);
    if (!order)
        return VISML_ENOMEM;
    visml_status status = place(w, order, order + w->plan->block_count);
    visml_mem_free(memory, order);
    return status < 0 ? status : place_groups(w);
}

/* ---- all of it ---- */

const visml_stretch *visml_plan_stretch(const visml_plan *p, size_t node) {
    size_t i = 0;
    while (i + 1 < p->stretch_count && p->stretches[i].end <= (int32_t)node)
        i++;
    return &p->stretches[i];
}

/* Where a stretch has a group for every thread, they can run beside each other. */
static void cut(planner *w) {
    visml_plan *p = w->plan;
    int64_t workers = (int64_t)visml_context_compute(w->model->context).parallel->workers;
    p->stretch_count = visml_stretches(w->model, p->shapes, p->mode, p->steps, p->max_batch, w->group_bytes, p->stretches);
    p->places = 1;
    for (size_t i = 0; i < p->stretch_count; i++)
        if (visml_plan_groups(p, &p->stretches[i]) && (p->max_batch - 1) / p->stretches[i].rows + 1 >= workers)
            p->places = (size_t)workers;
}

static visml_status allocate(planner *w) {
    visml_plan *p = w->plan;
    size_t inputs = 0, nodes = w->model->node_count;
    for (size_t i = 0; i < nodes; i++)
        inputs += w->model->nodes[i].input_count;
    p->steps = visml_mem_zalloc(p->memory, nodes, sizeof *p->steps, w->err);
    p->nodes = visml_mem_zalloc(p->memory, nodes, sizeof *p->nodes, w->err);
    p->in = visml_mem_zalloc(p->memory, inputs, sizeof *p->in, w->err);
    p->gradients = visml_mem_zalloc(p->memory, inputs, sizeof *p->gradients, w->err);
    w->differentiable = visml_mem_zalloc(p->memory, nodes, 1, w->err);
    w->last_read = visml_mem_zalloc(p->memory, nodes, sizeof *w->last_read, w->err);
    return p->steps && p->nodes && p->in && p->gradients && w->differentiable && w->last_read ? VISML_OK : VISML_ENOMEM;
}

static void list_inputs(planner *w) {
    visml_plan *p = w->plan;
    size_t next = 0;
    for (size_t i = 0; i < w->model->node_count; i++) {
        const visml_node *n = &w->model->nodes[i];
        p->nodes[i] = (visml_plan_node){-1, -1, -1, -1, -1, -1, next, -1, -1, 0, VISML_MASK_NOT_JOINED, 0, 0};
        for (size_t k = 0; k < n->input_count; k++, next++) {
            p->in[next] = *shape_of(w, (size_t)n->inputs[k]);
            p->gradients[next] = (visml_plan_gradient){-1, -1};
        }
    }
}

/* Only where the model leaves them open. */
static visml_status find_shapes(planner *w, const visml_shape *input) {
    visml_plan *p = w->plan;
    if (!w->model->trials)
        return VISML_OK;
    p->shapes = visml_mem_zalloc(p->memory, w->model->node_count, sizeof *p->shapes, w->err);
    return p->shapes ? visml_sizes_infer(w->model, input, p->shapes, w->err) : VISML_ENOMEM;
}

static visml_status make(planner *w, const visml_shape *input) {
    VISML_TRY(find_shapes(w, input));
    VISML_TRY(allocate(w));
    list_inputs(w);
    visml_fuse(w->model, w->plan->mode, w->plan->steps);
    cut(w);
    find_differentiable(w);
    VISML_TRY(find_masks(w));
    VISML_TRY(plan_outputs(w));
    VISML_TRY(plan_gradients(w));
    derive(w);
    VISML_TRY(plan_layers(w));
    return plan_offsets(w);
}

visml_status visml_plan_make(visml_plan *p, const visml_model *m, const visml_shape *input, visml_mode mode, int64_t max_batch,
                             size_t group_bytes, visml_error *err) {
    planner w = {.plan = p, .model = m, .group_bytes = group_bytes, .err = err};
    memset(p, 0, sizeof *p);
    p->memory = &m->context->memory;
    p->mode = mode;
    p->max_batch = max_batch;
    visml_status status = make(&w, input);
    visml_mem_free(p->memory, w.differentiable);
    visml_mem_free(p->memory, w.last_read);
    if (status < 0)
        visml_plan_clear(p);
    return status;
}

void visml_plan_clear(visml_plan *p) {
    if (!p->memory)
        return;
    visml_mem_free(p->memory, p->steps);
    visml_mem_free(p->memory, p->nodes);
    visml_mem_free(p->memory, p->shapes);
    visml_mem_free(p->memory, p->in);
    visml_mem_free(p->memory, p->gradients);
    visml_mem_free(p->memory, p->blocks);
    memset(p, 0, sizeof *p);
}
