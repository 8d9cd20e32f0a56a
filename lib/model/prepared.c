#include "model/prepared.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* The packed parameters that were made for one plan, in one block. */
typedef struct visml_pack {
    struct visml_pack *next;
    visml_shape *shapes; /* as the plan's */
    char *bytes;
    size_t size; /* of them */
} visml_pack;

struct visml_prepared {
    _Atomic uint64_t version; /* of the parameters it was made of; 0: not made yet */
    size_t sessions;          /* guarded by the model's lock, as what follows is while it is made */
    visml_step *steps;        /* [node_count] */
    visml_prepared_node *nodes;
    char *vectors;
    visml_pack *packs;
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

static void cut_vectors(cutter *c, const visml_model *m, const visml_step *s, visml_prepared_node *p) {
    size_t bytes = s->gain >= 0 || s->affine >= 0 ? vector_bytes(m, (size_t)s->head) : 0;
    if (s->gain >= 0) {
        p->gain = cut(c, bytes);
        p->bias = cut(c, bytes);
    }
    if (s->affine >= 0) {
        p->scale = cut(c, bytes);
        p->shift = cut(c, bytes);
    }
}

static int runs(const visml_prepared *p, const visml_model *m, size_t node) {
    return visml_step_runs(m, VISML_INFERENCE, p->steps, node);
}

static void cut_all(cutter *c, const visml_model *m, visml_prepared *p) {
    for (size_t i = 1; i < m->node_count; i++)
        if (runs(p, m, i))
            cut_vectors(c, m, &p->steps[i], &p->nodes[p->steps[i].head]);
}

static visml_status too_large(visml_error *err) {
    return visml_fail(err, VISML_ENOMEM, "the model's parameters are more than can be addressed");
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
        return too_large(err);
    if (!c.used)
        return VISML_OK;
    p->vectors = visml_mem_alloc(memory, c.used, err);
    c = (cutter){.bytes = p->vectors};
    if (p->vectors)
        cut_all(&c, m, p);
    return p->vectors ? VISML_OK : VISML_ENOMEM;
}

static void release_pack(visml_pack *pack, visml_memory *memory) {
    visml_mem_free(memory, pack->shapes);
    visml_mem_free(memory, pack->bytes);
    visml_mem_free(memory, pack);
}

static void release(visml_prepared *p, visml_memory *memory) {
    for (visml_pack *pack = p->packs, *next; pack; pack = next) {
        next = pack->next;
        release_pack(pack, memory);
    }
    visml_mem_free(memory, p->steps);
    visml_mem_free(memory, p->nodes);
    visml_mem_free(memory, p->vectors);
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

static void update_vectors(const visml_model *m, const visml_step *s, const visml_prepared_node *p) {
    size_t head = (size_t)s->head;
    int64_t channels = s->gain >= 0 || s->affine >= 0 ? (int64_t)(vector_bytes(m, head) / sizeof(real)) : 0;
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
}

/* ---- packed parameters ---- */

/* What class->prepare is to know of the layer. *in is [VISML_MAX_INPUTS]. */
static visml_pass pass_of(const visml_model *m, const visml_shape *shapes, size_t head, visml_shape *in) {
    const visml_node *n = &m->nodes[head];
    for (size_t k = 0; k < n->input_count; k++)
        in[k] = *visml_node_shape(m, shapes, (size_t)n->inputs[k]);
    return (visml_pass){.compute = visml_context_compute(m->context), .mode = VISML_INFERENCE, .batch = 1, .inputs = n->input_count,
                        .in = in, .out = visml_node_shape(m, shapes, head)};
}

static int lies_in(const visml_pack *pack, const void *p) {
    return (uintptr_t)p >= (uintptr_t)pack->bytes && (uintptr_t)p - (uintptr_t)pack->bytes < pack->size;
}

/* Cuts what the plan takes and is not there; with memory, it is there then. */
static void cut_missing(cutter *c, const visml_model *m, const visml_plan *plan, visml_prepared *p) {
    visml_shape in[VISML_MAX_INPUTS];
    for (size_t i = 1; i < m->node_count; i++) {
        size_t head = (size_t)p->steps[i].head;
        const visml_layer *layer = m->nodes[head].layer;
        int32_t form = plan->nodes[head].form;
        if (!runs(p, m, i) || !layer->cls->prepare || p->nodes[head].packed[form])
            continue;
        visml_pass pass = pass_of(m, plan->shapes, head, in);
        p->nodes[head].packed[form] = cut(c, layer->cls->prepare_bytes(layer, &pass));
    }
}

static void update_pack(const visml_model *m, const visml_prepared *p, const visml_pack *pack) {
    visml_shape in[VISML_MAX_INPUTS];
    real *params[VISML_MAX_PARAMS];
    for (size_t i = 1; i < m->node_count; i++)
        for (int form = 0; form < VISML_MAX_FORMS; form++) {
            if (!lies_in(pack, p->nodes[i].packed[form]))
                continue;
            visml_pass pass = pass_of(m, pack->shapes, i, in);
            visml_node_params(m, i, params);
            pass.params = params;
            m->nodes[i].layer->cls->prepare(m->nodes[i].layer, &pass, p->nodes[i].packed[form]);
        }
}

static visml_pack *make_pack(const visml_model *m, const visml_plan *plan, size_t bytes, visml_error *err) {
    visml_memory *memory = &m->context->memory;
    size_t nodes = plan->shapes ? m->node_count : 0;
    visml_pack *pack = visml_mem_zalloc(memory, 1, sizeof *pack, err);
    if (!pack)
        return NULL;
    pack->bytes = visml_mem_alloc(memory, bytes, err);
    pack->size = bytes;
    if (nodes && pack->bytes)
        pack->shapes = visml_mem_zalloc(memory, nodes, sizeof *pack->shapes, err);
    if (!pack->bytes || (nodes && !pack->shapes)) {
        release_pack(pack, memory);
        return NULL;
    }
    if (nodes)
        memcpy(pack->shapes, plan->shapes, nodes * sizeof *pack->shapes);
    return pack;
}

/* Where the rest is up to date, what is added must be. Else it will be made with the rest. */
static visml_status fit(visml_prepared *p, const visml_model *m, const visml_plan *plan, visml_error *err) {
    cutter c = {0};
    cut_missing(&c, m, plan, p);
    if (c.failed)
        return too_large(err);
    if (!c.used)
        return VISML_OK;
    visml_pack *pack = make_pack(m, plan, c.used, err);
    if (!pack)
        return VISML_ENOMEM;
    c = (cutter){.bytes = pack->bytes};
    cut_missing(&c, m, plan, p);
    pack->next = p->packs;
    p->packs = pack;
    if (p->version == m->version)
        update_pack(m, p, pack);
    return VISML_OK;
}

/* The lock is not a part of what const promises. */
static pthread_mutex_t *lock_of(const visml_model *m) {
    return (pthread_mutex_t *)(uintptr_t)&m->lock;
}

visml_status visml_prepared_fit(visml_prepared *p, const visml_model *m, const visml_plan *plan, visml_error *err) {
    pthread_mutex_lock(lock_of(m));
    visml_status status = fit(p, m, plan, err);
    pthread_mutex_unlock(lock_of(m));
    return status;
}

/* ---- all of it ---- */

static void update(const visml_prepared *p, const visml_model *m) {
    for (size_t i = 1; i < m->node_count; i++)
        if (runs(p, m, i))
            update_vectors(m, &p->steps[i], &p->nodes[p->steps[i].head]);
    for (const visml_pack *pack = p->packs; pack; pack = pack->next)
        update_pack(m, p, pack);
}

void visml_prepared_update(visml_prepared *p, const visml_model *m) {
    uint64_t version = atomic_load_explicit(&m->version, memory_order_acquire);
    if (atomic_load_explicit(&p->version, memory_order_acquire) == version)
        return;
    pthread_mutex_lock(lock_of(m));
    if (atomic_load_explicit(&p->version, memory_order_relaxed) != version) {
        update(p, m);
        atomic_store_explicit(&p->version, version, memory_order_release);
    }
    pthread_mutex_unlock(lock_of(m));
}

const visml_prepared_node *visml_prepared_of(const visml_prepared *p, size_t head) {
    return &p->nodes[head];
}
