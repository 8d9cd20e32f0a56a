#include "model/prepared.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

struct visml_prepared {
    _Atomic uint64_t version; /* of the parameters it was made of; 0: not made yet */
    size_t sessions;          /* guarded by the model's lock */
    visml_step *steps;        /* [node_count] */
    visml_prepared_node *nodes;
    char *bytes;
};

/* ---- memory: one block, cut twice: once to learn its size, once to point into it ---- */

typedef struct cutter {
    char *bytes; /* NULL: only counting */
    size_t used;
    int failed; /* more than can be addressed */
} cutter;

static void *cut(cutter *c, size_t bytes) {
    size_t begin = c->used, end;
    if (!bytes)
        return NULL;
    if (!visml_size_add(begin, bytes, &end) || !visml_size_align(end, VISML_ALIGN, &c->used))
        c->failed = 1;
    return c->bytes ? c->bytes + begin : NULL;
}

static size_t vector_bytes(const visml_model *m, size_t head) {
    const visml_shape *shape = &m->nodes[head].shape;
    return (size_t)shape->dims[shape->rank - 1] * sizeof(real);
}

static size_t packed_bytes(const visml_model *m, size_t head) {
    const visml_node *n = &m->nodes[head];
    visml_shape in[VISML_MAX_INPUTS];
    if (!n->layer->cls->prepare)
        return 0;
    for (size_t k = 0; k < n->input_count; k++)
        in[k] = m->nodes[n->inputs[k]].shape;
    visml_pass pass = {.compute = visml_context_compute(m->context), .mode = VISML_INFERENCE, .batch = 1, .inputs = n->input_count,
                       .in = in, .out = &n->shape};
    return n->layer->cls->prepare_bytes(n->layer, &pass);
}

static void cut_node(cutter *c, const visml_model *m, const visml_step *s, visml_prepared_node *p) {
    size_t head = (size_t)s->head, bytes = vector_bytes(m, head);
    if (s->gain >= 0) {
        p->gain = cut(c, bytes);
        p->bias = cut(c, bytes);
    }
    if (s->affine >= 0) {
        p->scale = cut(c, bytes);
        p->shift = cut(c, bytes);
    }
    p->packed = cut(c, packed_bytes(m, head));
}

static void cut_all(cutter *c, const visml_model *m, visml_prepared *p) {
    for (size_t i = 1; i < m->node_count; i++)
        if (visml_step_runs(m, VISML_INFERENCE, p->steps, i))
            cut_node(c, m, &p->steps[i], &p->nodes[p->steps[i].head]);
}

static visml_status allocate(visml_prepared *p, const visml_model *m, visml_error *err) {
    visml_memory *memory = &m->context->memory;
    cutter c = {0};
    p->steps = visml_mem_zalloc(memory, m->node_count, sizeof *p->steps, err);
    p->nodes = p->steps ? visml_mem_zalloc(memory, m->node_count, sizeof *p->nodes, err) : NULL;
    if (!p->nodes)
        return VISML_ENOMEM;
    visml_fuse(m, VISML_INFERENCE, p->steps);
    cut_all(&c, m, p);
    if (c.failed)
        return visml_fail(err, VISML_ENOMEM, "the model's parameters are more than can be addressed");
    p->bytes = visml_mem_alloc(memory, c.used, err);
    c = (cutter){.bytes = p->bytes};
    if (p->bytes)
        cut_all(&c, m, p);
    return p->bytes ? VISML_OK : VISML_ENOMEM;
}

static void release(visml_prepared *p, visml_memory *memory) {
    visml_mem_free(memory, p->steps);
    visml_mem_free(memory, p->nodes);
    visml_mem_free(memory, p->bytes);
    visml_mem_free(memory, p);
}

static visml_prepared *make(const visml_model *m, visml_error *err) {
    visml_memory *memory = &m->context->memory;
    visml_prepared *p = visml_mem_zalloc(memory, 1, sizeof *p, err);
    if (p && allocate(p, m, err) < 0) {
        release(p, memory);
        return NULL;
    }
    return p;
}

visml_prepared *visml_prepared_open(visml_model *m, visml_error *err) {
    pthread_mutex_lock(&m->lock);
    if (!m->prepared)
        m->prepared = make(m, err);
    visml_prepared *p = m->prepared;
    if (p)
        p->sessions++;
    pthread_mutex_unlock(&m->lock);
    return p;
}

void visml_prepared_close(visml_model *m, visml_prepared *p) {
    if (!p)
        return;
    pthread_mutex_lock(&m->lock);
    int last = --p->sessions == 0;
    if (last)
        m->prepared = NULL;
    pthread_mutex_unlock(&m->lock);
    if (last)
        release(p, &m->context->memory);
}

/* ---- values ---- */

static void affine_of(const visml_model *m, int32_t node, int64_t channels, real *scale, real *shift) {
    const visml_layer *layer = m->nodes[node].layer;
    real *params[VISML_MAX_PARAMS];
    visml_node_params(m, (size_t)node, params);
    layer->cls->affine(layer, params, channels, scale, shift);
}

/* (sums + bias) gain + shift = sums gain + (bias gain + shift). */
static void fold_bias(int64_t channels, const real *bias, const real *gain, real *shift) {
    for (int64_t i = 0; i < channels; i++)
        shift[i] = (real)((double)bias[i] * (double)gain[i] + (double)shift[i]);
}

static void pack(const visml_model *m, size_t head, real *const *params, void *packed) {
    const visml_node *n = &m->nodes[head];
    visml_shape in[VISML_MAX_INPUTS];
    for (size_t k = 0; k < n->input_count; k++)
        in[k] = m->nodes[n->inputs[k]].shape;
    visml_pass pass = {.compute = visml_context_compute(m->context), .mode = VISML_INFERENCE, .batch = 1, .inputs = n->input_count,
                       .in = in, .out = &n->shape, .params = params};
    n->layer->cls->prepare(n->layer, &pass, packed);
}

static void update_node(const visml_model *m, const visml_step *s, const visml_prepared_node *p) {
    size_t head = (size_t)s->head;
    int64_t channels = (int64_t)(vector_bytes(m, head) / sizeof(real));
    real *params[VISML_MAX_PARAMS];
    size_t bias = visml_layer_bias(m->nodes[head].layer);
    visml_node_params(m, head, params);
    if (s->gain >= 0) {
        affine_of(m, s->gain, channels, p->gain, p->bias);
        if (bias < m->nodes[head].layer->param_count)
            fold_bias(channels, params[bias], p->gain, p->bias);
    }
    if (s->affine >= 0)
        affine_of(m, s->affine, channels, p->scale, p->shift);
    if (p->packed)
        pack(m, head, params, p->packed);
}

void visml_prepared_update(visml_prepared *p, const visml_model *m) {
    uint64_t version = atomic_load_explicit(&m->version, memory_order_acquire);
    if (atomic_load_explicit(&p->version, memory_order_acquire) == version)
        return;
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&m->lock; /* not a part of what const promises */
    pthread_mutex_lock(lock);
    if (atomic_load_explicit(&p->version, memory_order_relaxed) != version) {
        for (size_t i = 1; i < m->node_count; i++)
            if (visml_step_runs(m, VISML_INFERENCE, p->steps, i))
                update_node(m, &p->steps[i], &p->nodes[p->steps[i].head]);
        atomic_store_explicit(&p->version, version, memory_order_release);
    }
    pthread_mutex_unlock(lock);
}

const visml_prepared_node *visml_prepared_of(const visml_prepared *p, size_t head) {
    return &p->nodes[head];
}
