/* The graph: nodes in topological order, each with the numbers of its inputs. */
#include "model/graph.h"
#include "model/sizes.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* ---- life ---- */

static visml_status push_node(visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n, const visml_shape *shape,
                              visml_error *err) {
    void *nodes = m->nodes;
    visml_node node = {.layer = layer, .input_count = n, .shape = *shape};
    VISML_TRY(visml_mem_grow(&m->context->memory, &nodes, &m->node_capacity, m->node_count + 1, sizeof node, err));
    m->nodes = nodes;
    if (n) {
        node.inputs = visml_mem_alloc(&m->context->memory, n * sizeof *inputs, err);
        if (!node.inputs)
            return VISML_ENOMEM;
        memcpy(node.inputs, inputs, n * sizeof *inputs);
    }
    m->nodes[m->node_count++] = node;
    return VISML_OK;
}

static visml_status check_input(visml_context *ctx, const visml_shape *input, visml_error *err) {
    if (!ctx)
        return visml_fail(err, VISML_EINVAL, "model: ctx is NULL, must be a context");
    visml_shape least; /* with the smallest sizes in open places */
    if (!input)
        return visml_fail(err, VISML_EINVAL, "model: input is NULL, must be a shape (VISML_SHAPE(...))");
    least = *input;
    for (int32_t i = 0; i < least.rank && i < VISML_MAX_RANK; i++)
        least.dims[i] = least.dims[i] == VISML_ANY ? 1 : least.dims[i];
    VISML_TRY(visml_shape_check("model: input", &least, 1, err));
    if (input->rank < 1 || input->rank > VISML_MAX_RANK - 1)
        return visml_fail(err, VISML_EINVAL, "model: input %s has %d dimensions, must have 1 to %d (the batch is left out)",
                          visml_shape_format(input).s, input->rank, VISML_MAX_RANK - 1);
    return VISML_OK;
}

visml_model *visml_model_new(visml_context *ctx, const visml_shape *input, visml_error *err) {
    if (check_input(ctx, input, err) < 0)
        return NULL;
    visml_model *m = visml_mem_zalloc(&ctx->memory, 1, sizeof *m, err);
    if (!m)
        return NULL;
    m->context = visml_context_retain(ctx);
    m->references = 1;
    m->version = 1;
    pthread_mutex_init(&m->lock, NULL);
    visml_shape shape = visml_shape_make(input->rank, input->dims);
    m->attributes = json_object();
    if (!m->attributes)
        visml_fail(err, VISML_ENOMEM, "model: out of memory");
    if (!m->attributes || push_node(m, NULL, NULL, 0, &shape, err) < 0 ||
        (visml_shape_is_open(&shape) && visml_sizes_begin(m, err) < 0)) {
        visml_model_free(m);
        return NULL;
    }
    return m;
}

visml_model *visml_model_retain(visml_model *m) {
    atomic_fetch_add_explicit(&m->references, 1, memory_order_relaxed);
    return m;
}

void visml_model_free(visml_model *m) {
    if (!m || atomic_fetch_sub_explicit(&m->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = m->context;
    visml_model_unlay(m);
    visml_model_set_classes(m, NULL, 0, NULL);
    for (size_t i = 0; i < m->node_count; i++) {
        visml_layer_free(m->nodes[i].layer);
        visml_mem_free(&ctx->memory, m->nodes[i].inputs);
    }
    visml_mem_free(&ctx->memory, m->nodes);
    visml_mem_free(&ctx->memory, m->trials);
    visml_model_free(m->origin);
    json_decref(m->attributes);
    pthread_mutex_destroy(&m->lock);
    visml_mem_free(&ctx->memory, m);
    visml_context_release(ctx);
}

/* ---- names ---- */

const char *visml_node_name(const visml_model *m, size_t node) {
    return node == 0 ? VISML_INPUT_NAME : m->nodes[node].layer->name;
}

visml_node_label visml_node_describe(size_t number, const visml_layer *layer) {
    visml_node_label l;
    if (!layer)
        snprintf(l.s, sizeof l.s, "layer %zu", number);
    else if (layer->name)
        snprintf(l.s, sizeof l.s, "layer %zu (%s \"%s\")", number, layer->cls->name, layer->name);
    else
        snprintf(l.s, sizeof l.s, "layer %zu (%s)", number, layer->cls->name);
    return l;
}

int32_t visml_model_find(const visml_model *m, const char *name) {
    for (size_t i = 0; i < m->node_count; i++)
        if (strcmp(visml_node_name(m, i), name) == 0)
            return (int32_t)i;
    return -1;
}

/* The number of a name that an unnamed layer of this kind would get: "conv2d" is 0, "conv2d_12" is 12; others -1. */
static int32_t number_of(const char *name, const char *kind) {
    size_t n = strlen(kind);
    int32_t number = 0;
    if (strncmp(name, kind, n) != 0)
        return -1;
    if (!name[n])
        return 0;
    if (name[n] != '_' || name[n + 1] < '1' || name[n + 1] > '9')
        return -1;
    for (const char *p = name + n + 1; *p; p++) {
        if (*p < '0' || *p > '9' || number > VISML_MAX_LAYERS)
            return -1;
        number = number * 10 + (*p - '0');
    }
    return number;
}

/* Keras' way: the kind alone for the first, then _1, _2, ...; numbers that are taken are passed over. */
static visml_status give_name(visml_model *m, visml_layer *layer, visml_error *err) {
    unsigned char taken[VISML_MAX_LAYERS + 2] = {0};
    char name[160];
    const char *kind = layer->cls->name;
    for (size_t i = 1; i < m->node_count; i++) {
        int32_t number = number_of(m->nodes[i].layer->name, kind);
        if (number >= 0 && number <= VISML_MAX_LAYERS)
            taken[number] = 1;
    }
    int free_number = 0;
    while (taken[free_number])
        free_number++;
    snprintf(name, sizeof name, free_number ? "%s_%d" : "%s", kind, free_number);
    layer->name = visml_mem_strdup(&layer->context->memory, name, err);
    return layer->name ? VISML_OK : VISML_ENOMEM;
}

static visml_status settle_name(visml_model *m, visml_layer *layer, visml_error *err) {
    if (!layer->name)
        return give_name(m, layer, err);
    int32_t other = visml_model_find(m, layer->name);
    if (other == 0)
        return visml_fail(err, VISML_EINVAL, "the name is that of the model's input; choose another one");
    if (other > 0)
        return visml_fail(err, VISML_EINVAL, "the name is taken by layer %d; names must be unique in a model", other);
    return VISML_OK;
}

/* ---- adding ---- */

static visml_status check_inputs(const visml_model *m, const int32_t *inputs, size_t n, visml_error *err) {
    if (!inputs || n < 1 || n > VISML_MAX_INPUTS)
        return visml_fail(err, VISML_EINVAL, "inputs is %s with n = %zu, must name 1 to %d earlier nodes", inputs ? "an array" : "NULL", n,
                          VISML_MAX_INPUTS);
    for (size_t i = 0; i < n; i++)
        if (inputs[i] < 0 || (size_t)inputs[i] >= m->node_count)
            return visml_fail(err, VISML_EINVAL, "inputs[%zu] is %d, must be the number of an earlier node, 0 to %zu", i, inputs[i],
                              m->node_count - 1);
    return VISML_OK;
}

static visml_status attach(visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n, visml_error *err) {
    visml_shape in[VISML_MAX_INPUTS], out;
    if (m->node_count > VISML_MAX_LAYERS)
        return visml_fail(err, VISML_ELIMIT, "a model can have %d layers", VISML_MAX_LAYERS);
    VISML_TRY(check_inputs(m, inputs, n, err));
    VISML_TRY(settle_name(m, layer, err));
    for (size_t i = 0; i < n; i++)
        in[i] = m->nodes[inputs[i]].shape;
    VISML_TRY(m->trials ? visml_sizes_attach(m, layer, inputs, n, &out, err) : visml_layer_build(layer, in, n, &out, err));
    return push_node(m, layer, inputs, n, &out, err);
}

/* Remembers the first failure, and says it to every later call: a chain of constructors that fail later overwrites err, but not this. */
static visml_status remember(visml_model *m, const visml_error *failure, visml_error *err) {
    m->failure = *failure;
    m->failed = failure->code;
    if (err)
        *err = m->failure;
    return m->failed;
}

static visml_status refuse_null(visml_model *m, visml_error *err) {
    visml_error failure;
    if (err && err->size == sizeof *err && err->code < 0 && err->code >= VISML_EINTERNAL) {
        failure = *err; /* the constructor's reason, which this call was handed in the same err */
        failure.message[sizeof failure.message - 1] = '\0';
        visml_fail_in(&failure, failure.code, "layer %zu", m->node_count);
    } else {
        visml_fail(&failure, VISML_EINVAL, "layer %zu: layer is NULL, must be a layer (its constructor failed?)", m->node_count);
    }
    return remember(m, &failure, err);
}

static visml_status report(const visml_model *m, visml_error *err) {
    if (err)
        *err = m->failure;
    return m->failed;
}

int32_t visml_model_apply(visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n, visml_error *err) {
    visml_error failure;
    visml_status status;
    if (!m)
        status = visml_fail(err, VISML_EINVAL, "model is NULL, must be a model");
    else if (m->failed)
        status = report(m, err);
    else if (m->built)
        status = visml_fail(err, VISML_ESTATE, "the model is built: no more layers can be added");
    else if (!layer)
        status = refuse_null(m, err);
    else
        status = attach(m, layer, inputs, n, &failure);
    if (status == VISML_OK)
        return (int32_t)m->node_count - 1;
    if (m && layer && !m->failed && !m->built) {
        visml_fail_in(&failure, status, "%s", visml_node_describe(m->node_count, layer).s);
        remember(m, &failure, err);
    }
    visml_layer_free(layer);
    return status;
}

visml_status visml_model_add(visml_model *m, visml_layer *layer, visml_error *err) {
    int32_t last = m ? (int32_t)m->node_count - 1 : 0;
    int32_t node = visml_model_apply(m, layer, &last, 1, err);
    return node < 0 ? node : VISML_OK;
}

/* ---- building ---- */

/* Every node but the last must feed a later one; as inputs are earlier nodes, all paths then end at the last. */
static visml_status check_ends(const visml_model *m, visml_error *err) {
    size_t last = m->node_count - 1;
    unsigned char used[VISML_MAX_LAYERS + 1] = {0};
    for (size_t i = 1; i < m->node_count; i++)
        for (size_t k = 0; k < m->nodes[i].input_count; k++)
            used[m->nodes[i].inputs[k]] = 1;
    for (size_t i = 0; i < last; i++)
        if (!used[i])
            return visml_fail(err, VISML_EINVAL, "%s leads nowhere: every node must lead to the output, which is %s",
                              i ? visml_node_describe(i, m->nodes[i].layer).s : "the model's input",
                              visml_node_describe(last, m->nodes[last].layer).s);
    return VISML_OK;
}

visml_status visml_model_seal(visml_model *m, visml_error *err) {
    if (!m)
        return visml_fail(err, VISML_EINVAL, "model is NULL, must be a model");
    if (m->failed)
        return report(m, err);
    if (m->built)
        return visml_fail(err, VISML_ESTATE, "the model is built already");
    if (m->node_count < 2)
        return visml_fail(err, VISML_ESTATE, "the model has no layer: add one before building");
    VISML_TRY(check_ends(m, err));
    return visml_model_lay(m, err);
}

visml_status visml_model_build(visml_model *m, uint64_t seed, visml_error *err) {
    VISML_TRY(visml_model_seal(m, err));
    visml_status status = visml_model_initialise(m, seed ? seed : m->context->seed, err);
    if (status < 0) {
        visml_model_unlay(m); /* as before: open, and may be built again */
        return status;
    }
    visml_model_inherit(m);
    m->built = 1;
    return VISML_OK;
}

const visml_shape *visml_model_input_shape(const visml_model *m) {
    return m && m->built ? &m->nodes[0].shape : NULL;
}

const visml_shape *visml_model_output_shape(const visml_model *m) {
    return m && m->built ? &m->nodes[m->node_count - 1].shape : NULL;
}
