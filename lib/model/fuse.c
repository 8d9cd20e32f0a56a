#include "model/fuse.h"

#include "kernel/elementwise.h"

int visml_node_is_alias(const visml_node *node, visml_mode mode) {
    int32_t properties = node->layer ? node->layer->cls->properties : 0;
    return (properties & VISML_ALIASES_INPUT) || (mode == VISML_INFERENCE && (properties & VISML_IDLE_INFERENCE));
}

int visml_step_runs(const visml_model *m, visml_mode mode, const visml_step *steps, size_t node) {
    const visml_step *s = &steps[node];
    return node > 0 && s->end == (int32_t)node && !visml_node_is_alias(&m->nodes[s->head], mode);
}

typedef struct fuser {
    const visml_model *model;
    visml_step *steps;
    unsigned char readers[VISML_MAX_NODES]; /* of each node, 2: two or more; the caller counts as one of the last */
} fuser;

static const visml_layer *layer_of(const fuser *f, int32_t node) {
    return f->model->nodes[node].layer;
}

static void count_readers(fuser *f) {
    const visml_model *m = f->model;
    for (size_t i = 0; i < m->node_count; i++)
        f->readers[i] = i == m->node_count - 1;
    for (size_t i = 1; i < m->node_count; i++)
        for (size_t k = 0; k < m->nodes[i].input_count; k++)
            f->readers[m->nodes[i].inputs[k]] += f->readers[m->nodes[i].inputs[k]] < 2;
}

/* 1 when the step that ends with this node can take in the one that reads it: nobody else wants what is between them. */
static int is_open(const fuser *f, int32_t node) {
    const visml_step *s = &f->steps[node];
    const visml_layer *head = s->head > 0 ? layer_of(f, s->head) : NULL;
    return head && s->end == node && f->readers[node] == 1 && (head->cls->properties & VISML_FUSES_EPILOGUE) &&
           visml_activation_fuses(s->activation);
}

static int64_t channels_of(const fuser *f, int32_t node) {
    const visml_shape *shape = &f->model->nodes[node].shape;
    return shape->dims[shape->rank - 1];
}

/* Each of these changes the step and returns 1, or returns 0 where the epilogue's order of things has no place for the node any more. */

static int take_activation(visml_step *s, const visml_layer *layer) {
    if (s->activation != VISML_LINEAR || s->affine >= 0 || !visml_activation_fuses(layer->activation))
        return 0;
    s->activation = layer->activation;
    s->alpha = layer->alpha;
    return 1;
}

static int take_sum(visml_step *s, const visml_node *n, int32_t from) {
    if (n->input_count != 2 || s->activation != VISML_LINEAR || s->residual >= 0 || s->affine >= 0)
        return 0;
    s->residual = n->inputs[0] == from ? n->inputs[1] : n->inputs[0];
    return 1;
}

static int take_affine(visml_step *s, int32_t node) {
    if (s->affine >= 0)
        return 0;
    if (s->activation == VISML_LINEAR && s->residual < 0 && s->gain < 0)
        s->gain = node;
    else
        s->affine = node;
    return 1;
}

/* A reshape in between leaves all elements in their places, but may part the channels. */
static int take(const fuser *f, visml_step *s, int32_t node, int32_t from) {
    const visml_node *n = &f->model->nodes[node];
    const visml_layer_class *cls = n->layer->cls;
    if (visml_node_is_alias(n, VISML_INFERENCE))
        return 1;
    if (cls->properties & VISML_ONLY_ACTIVATES)
        return take_activation(s, n->layer);
    if (cls->properties & VISML_ONLY_ADDS)
        return take_sum(s, n, from);
    if (!cls->affine || (cls->affine_holds && !cls->affine_holds(n->layer, &f->model->nodes[n->inputs[0]].shape)))
        return 0;
    return n->layer->activation == VISML_LINEAR && channels_of(f, node) == channels_of(f, s->head) && take_affine(s, node);
}

/* All nodes of a step know its end. */
static void end_at(const fuser *f, int32_t end, int32_t node) {
    for (int32_t i = 0; i <= node; i++)
        if (f->steps[i].end == end)
            f->steps[i].end = node;
}

/* Of several inputs the one that is made last, so that no array has to wait longer than it did. */
static void fuse_node(const fuser *f, int32_t node) {
    const visml_node *n = &f->model->nodes[node];
    int32_t from = -1;
    visml_step s;
    for (size_t k = 0; k < n->input_count; k++)
        if (n->inputs[k] > from)
            from = n->inputs[k];
    if (!is_open(f, from))
        return;
    s = f->steps[from];
    if (!take(f, &s, node, from))
        return;
    f->steps[node] = s;
    f->steps[node].end = node;
    end_at(f, from, node);
}

void visml_fuse(const visml_model *m, visml_mode mode, visml_step *steps) {
    fuser f = {.model = m, .steps = steps};
    for (int32_t i = 0; i < (int32_t)m->node_count; i++) {
        const visml_layer *layer = m->nodes[i].layer;
        steps[i] = (visml_step){i, i, -1, -1, -1, layer ? layer->activation : VISML_LINEAR, layer ? layer->alpha : 0};
    }
    if (mode != VISML_INFERENCE)
        return;
    count_readers(&f);
    for (int32_t i = 1; i < (int32_t)m->node_count; i++)
        fuse_node(&f, i);
}
