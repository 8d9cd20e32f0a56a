/* Parameters: one flat array, the trainable ones first, each at a multiple of 16 elements. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "model/graph.h"

#define ELEMENTS_ALIGN 16 /* one AVX-512 vector of floats */
#define INIT_STREAM 0x696E6974u /* keeps the initialisers' keys apart from those of dropout and of the order of samples */

/* ---- layout ---- */

static size_t count_params(const visml_model *m) {
    size_t n = 0;
    for (size_t i = 1; i < m->node_count; i++)
        n += m->nodes[i].layer->param_count;
    return n;
}

static visml_status name_param(visml_model *m, size_t node, visml_param *p, visml_error *err) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", visml_node_name(m, node), p->spec->name);
    p->name = visml_mem_strdup(&m->context->memory, name, err);
    return p->name ? VISML_OK : VISML_ENOMEM;
}

static visml_status list_params(visml_model *m, visml_error *err) {
    for (size_t i = 1; i < m->node_count; i++) {
        visml_node *node = &m->nodes[i];
        node->first_param = m->param_count;
        node->param_count = node->layer->param_count;
        for (size_t k = 0; k < node->param_count; k++) {
            visml_param *p = &m->params[m->param_count++];
            p->layer = node->layer;
            p->spec = &node->layer->params[k];
            p->count = (size_t)visml_shape_count(&p->spec->shape);
            VISML_TRY(name_param(m, i, p, err));
        }
    }
    return VISML_OK;
}

/* Puts those that are (not) trainable behind what is there. */
static visml_status place(visml_model *m, int trainable, size_t *end, visml_error *err) {
    for (size_t i = 0; i < m->param_count; i++) {
        visml_param *p = &m->params[i];
        size_t next;
        if (!p->spec->trainable != !trainable)
            continue;
        p->offset = *end;
        if (!visml_size_add(*end, p->count, &next) || !visml_size_align(next, ELEMENTS_ALIGN, end) || *end > SIZE_MAX / sizeof(real))
            return visml_fail(err, VISML_ENOMEM, "the model has more parameters than can be addressed");
    }
    return VISML_OK;
}

static visml_status lay(visml_model *m, visml_error *err) {
    m->params = visml_mem_zalloc(&m->context->memory, count_params(m), sizeof *m->params, err);
    if (!m->params)
        return VISML_ENOMEM;
    VISML_TRY(list_params(m, err));
    VISML_TRY(place(m, 1, &m->value_count, err));
    m->trainable_count = m->value_count;
    return place(m, 0, &m->value_count, err);
}

visml_status visml_model_lay(visml_model *m, visml_error *err) {
    visml_status status = lay(m, err);
    if (status < 0)
        visml_model_unlay(m);
    return status;
}

void visml_model_unlay(visml_model *m) {
    visml_memory *memory = &m->context->memory;
    for (size_t i = 0; i < m->param_count; i++)
        visml_mem_free(memory, m->params[i].name);
    visml_mem_free(memory, m->params);
    visml_mem_free(memory, m->values);
    m->params = NULL;
    m->values = NULL;
    m->param_count = m->value_count = m->trainable_count = 0;
}

/* Between a parameter and the next lie up to ELEMENTS_ALIGN - 1 elements, which optimizers step over as over any others. */
static void clear_gaps(visml_model *m) {
    for (size_t i = 0; i < m->param_count; i++) {
        size_t end = m->params[i].offset + m->params[i].count, gap = (ELEMENTS_ALIGN - end % ELEMENTS_ALIGN) % ELEMENTS_ALIGN;
        memset(m->values + end, 0, gap * sizeof *m->values);
    }
}

/* The values themselves are left to the caller: memory that is not touched yet takes no pages. */
visml_status visml_model_values_new(visml_model *m, visml_error *err) {
    m->values = visml_mem_alloc(&m->context->memory, m->value_count * sizeof *m->values, err);
    if (!m->values)
        return VISML_ENOMEM;
    clear_gaps(m);
    return VISML_OK;
}

visml_status visml_model_initialise(visml_model *m, uint64_t seed, visml_error *err) {
    uint64_t key = visml_key(seed, INIT_STREAM);
    VISML_TRY(visml_model_values_new(m, err));
    for (size_t i = 0; i < m->param_count; i++) {
        const visml_param *p = &m->params[i];
        VISML_TRY(visml_init_fill(&m->context->memory, p->spec, visml_key(key, i), m->values + p->offset, err));
    }
    return VISML_OK;
}

void visml_model_changed(visml_model *m) {
    atomic_fetch_add_explicit(&m->version, 1, memory_order_release);
}

void visml_node_params(const visml_model *m, size_t node, real *params[VISML_MAX_PARAMS]) {
    const visml_node *n = &m->nodes[node];
    for (size_t k = 0; k < n->param_count; k++)
        params[k] = m->values + m->params[n->first_param + k].offset;
}

/* ---- access ---- */

static const visml_param *param(const visml_model *m, size_t i) {
    return m && m->built && i < m->param_count ? &m->params[i] : NULL;
}

size_t visml_model_param_count(const visml_model *m) {
    return m && m->built ? m->param_count : 0;
}

const char *visml_model_param_name(const visml_model *m, size_t i) {
    const visml_param *p = param(m, i);
    return p ? p->name : NULL;
}

int32_t visml_model_param_trainable(const visml_model *m, size_t i) {
    const visml_param *p = param(m, i);
    return p ? p->spec->trainable && !p->layer->with.frozen : 0;
}

static visml_status check_built(const visml_model *m, visml_error *err) {
    if (!m)
        return visml_fail(err, VISML_EINVAL, "model is NULL, must be a model");
    if (!m->built)
        return visml_fail(err, VISML_ESTATE, "the model is not built: it has no parameters yet (visml_model_build)");
    return VISML_OK;
}

static void release_model(void *model) {
    visml_model_free(model);
}

visml_tensor *visml_model_param(const visml_model *m, size_t i, visml_error *err) {
    const visml_param *p = param(m, i);
    if (check_built(m, err) < 0)
        return NULL;
    if (!p) {
        visml_fail(err, VISML_EINVAL, "param: i is %zu, must be less than %zu", i, m->param_count);
        return NULL;
    }
    visml_model *keep = (visml_model *)m; /* the count of references is not part of what const promises */
    visml_tensor *t = visml_tensor_wrap(m->context, VISML_REAL_DTYPE, &p->spec->shape, NULL, m->values + p->offset, release_model, keep,
                                        err);
    if (t)
        visml_model_retain(keep);
    return t;
}

static const visml_param *find(const visml_model *m, const char *name, visml_error *err) {
    for (size_t i = 0; name && i < m->param_count; i++)
        if (strcmp(m->params[i].name, name) == 0)
            return &m->params[i];
    visml_fail(err, VISML_EINVAL, "set_param: name is %s%.160s%s, must be the name of a parameter, \"%s\" say", name ? "\"" : "",
               name ? name : "NULL", name ? "\"" : "", m->param_count ? m->params[0].name : "");
    return NULL;
}

visml_status visml_model_set_param(visml_model *m, const char *name, const visml_tensor *value, visml_error *err) {
    VISML_TRY(check_built(m, err));
    const visml_param *p = find(m, name, err);
    if (!p)
        return VISML_EINVAL;
    if (!value)
        return visml_fail(err, VISML_EINVAL, "set_param: value is NULL, must be a tensor");
    if (value->dtype != VISML_F32 && value->dtype != VISML_REAL_DTYPE)
        return visml_fail(err, VISML_EINVAL, "set_param: value for \"%s\" is %s, must be float32", name, visml_dtype_name(value->dtype));
    if (!visml_shape_equal(&value->shape, &p->spec->shape))
        return visml_fail(err, VISML_EINVAL, "set_param: value for \"%s\" is %s, must be %s", name, visml_shape_format(&value->shape).s,
                          visml_shape_format(&p->spec->shape).s);
    visml_tensor *copy = visml_tensor_convert(value, VISML_REAL_DTYPE, err); /* any strides; also when value is a view of the same array */
    if (!copy)
        return VISML_ENOMEM;
    memcpy(m->values + p->offset, visml_tensor_data(copy), p->count * sizeof(real));
    visml_model_changed(m);
    visml_tensor_release(copy);
    return VISML_OK;
}
