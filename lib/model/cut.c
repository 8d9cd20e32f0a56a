/* A model made from the first layers of another, and which layers are trained: what transfer and fine-tuning need. */
#include <string.h>

#include "base/error.h"
#include "model/graph.h"

/* ---- which layers ---- */

size_t visml_model_layer_count(const visml_model *m) {
    return m ? m->node_count - 1 : 0;
}

const char *visml_model_layer_name(const visml_model *m, size_t i) {
    return m && i + 1 < m->node_count ? visml_node_name(m, i + 1) : NULL;
}

static visml_status find_layer(const visml_model *m, const char *what, const char *name, size_t *node, visml_error *err) {
    int32_t found = visml_model_find(m, name);
    if (found < 1)
        return visml_fail(err, VISML_EINVAL, "%s is \"%.127s\", must be the name of a layer, \"%s\" say", what, name,
                          m->node_count > 1 ? visml_node_name(m, m->node_count - 1) : "");
    *node = (size_t)found;
    return VISML_OK;
}

visml_status visml_model_set_trainable(visml_model *m, const char *first, const char *last, int32_t trainable, visml_error *err) {
    size_t from = 1, to;
    if (!m)
        return visml_fail(err, VISML_EINVAL, "set_trainable: model is NULL, must be a model");
    if (trainable != 0 && trainable != 1)
        return visml_fail(err, VISML_EINVAL, "set_trainable: trainable is %d, must be 0 or 1", trainable);
    to = m->node_count - 1;
    if (first)
        VISML_TRY(find_layer(m, "set_trainable: first", first, &from, err));
    if (last)
        VISML_TRY(find_layer(m, "set_trainable: last", last, &to, err));
    if (first && last && from > to)
        return visml_fail(err, VISML_EINVAL, "set_trainable: first, \"%.127s\", comes behind last, \"%.127s\"", first, last);
    for (size_t i = from; i <= to; i++)
        m->nodes[i].layer->with.frozen = !trainable;
    return VISML_OK;
}

/* ---- cutting ---- */

static void mark(const visml_model *m, size_t node, unsigned char *wanted) {
    wanted[node] = 1;
    for (size_t i = node; i > 0; i--)
        for (size_t k = 0; wanted[i] && k < m->nodes[i].input_count; k++)
            wanted[m->nodes[i].inputs[k]] = 1;
}

/* The description without the layers that the last one does not need. */
static json_t *describe_part(const visml_model *m, size_t last) {
    unsigned char wanted[VISML_MAX_NODES] = {0};
    json_t *description = visml_model_describe(m), *layers = json_object_get(description, "layers");
    mark(m, last, wanted);
    for (size_t i = m->node_count - 1; layers && i > 0; i--)
        if (!wanted[i])
            json_array_remove(layers, i - 1);
    return description;
}

/* With a layer taken out, "the one before" may be another: every layer of the part names its inputs. */
static int name_inputs(const visml_model *m, json_t *description) {
    size_t i;
    json_t *layer;
    json_array_foreach(json_object_get(description, "layers"), i, layer) {
        int32_t node = visml_model_find(m, json_string_value(json_object_get(layer, "name")));
        json_t *inputs = json_array();
        for (size_t k = 0; k < m->nodes[node].input_count; k++)
            json_array_append_new(inputs, json_string(visml_node_name(m, (size_t)m->nodes[node].inputs[k])));
        if (json_object_set_new(layer, "inputs", inputs) < 0)
            return -1;
    }
    return 0;
}

static visml_status carry_over(const visml_model *from, visml_model *to, visml_error *err) {
    json_t *attributes = json_deep_copy(from->attributes);
    if (!attributes)
        return visml_fail(err, VISML_ENOMEM, "cut: out of memory");
    json_decref(to->attributes);
    to->attributes = attributes;
    to->origin = visml_model_retain((visml_model *)from); /* the count of references is not part of what const promises */
    to->carried = to->node_count;
    return VISML_OK;
}

visml_model *visml_model_cut(const visml_model *m, const char *last, visml_error *err) {
    size_t node = 0;
    visml_model *part = NULL;
    if (!m || !last) {
        visml_fail(err, VISML_EINVAL, "cut: %s is NULL", m ? "last" : "model");
        return NULL;
    }
    if (!m->built) {
        visml_fail(err, VISML_ESTATE, "cut: the model is not built: there are no parameters to carry over yet");
        return NULL;
    }
    if (find_layer(m, "cut: last", last, &node, err) < 0)
        return NULL;
    json_t *description = describe_part(m, node);
    if (!description || name_inputs(m, description) < 0)
        visml_fail(err, VISML_ENOMEM, "cut: out of memory");
    else
        part = visml_model_from_description(m->context, description, NULL, 0, err);
    json_decref(description);
    if (part && carry_over(m, part, err) < 0) {
        visml_model_free(part);
        return NULL;
    }
    return part;
}

/* ---- when the part is built ---- */

static const visml_param *same_param(const visml_model *m, const visml_param *p) {
    for (size_t i = 0; i < m->param_count; i++)
        if (strcmp(m->params[i].name, p->name) == 0)
            return visml_shape_equal(&m->params[i].spec->shape, &p->spec->shape) ? &m->params[i] : NULL;
    return NULL;
}

void visml_model_inherit(visml_model *m) {
    for (size_t i = 1; m->origin && i < m->carried; i++) {
        const visml_node *n = &m->nodes[i];
        for (size_t k = 0; k < n->param_count; k++) {
            const visml_param *p = &m->params[n->first_param + k], *from = same_param(m->origin, p);
            if (from)
                memcpy(m->values + p->offset, m->origin->values + from->offset, p->count * sizeof(real));
        }
    }
    visml_model_free(m->origin);
    m->origin = NULL;
}
