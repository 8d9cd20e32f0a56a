/* The architecture as JSON: {"input_shape": [...], "layers": [{"class": ..., "name": ..., options, "inputs": [names]}, ...]}. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "model/graph.h"

/* ---- out ---- */

static json_t *shape_to_json(const visml_shape *shape) {
    json_t *array = json_array();
    for (int32_t i = 0; array && i < shape->rank; i++)
        if (json_array_append_new(array, shape->dims[i] == VISML_ANY ? json_null() : json_integer(shape->dims[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *inputs_to_json(const visml_model *m, const visml_node *node) {
    json_t *array = json_array();
    for (size_t k = 0; array && k < node->input_count; k++)
        if (json_array_append_new(array, json_string(visml_node_name(m, (size_t)node->inputs[k]))) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* "inputs" is left out where a layer takes the one before it, so that a sequential model reads as a list. */
static json_t *layer_to_json(const visml_model *m, size_t i) {
    const visml_node *node = &m->nodes[i];
    json_t *object = visml_layer_to_json(node->layer);
    int chained = node->input_count == 1 && (size_t)node->inputs[0] == i - 1;
    if (object && !chained && json_object_set_new(object, "inputs", inputs_to_json(m, node)) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *layers_to_json(const visml_model *m) {
    json_t *array = json_array();
    for (size_t i = 1; array && i < m->node_count; i++)
        if (json_array_append_new(array, layer_to_json(m, i)) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

json_t *visml_model_describe(const visml_model *m) {
    json_t *object = json_object();
    if (!object)
        return NULL;
    if (json_object_set_new(object, "input_shape", shape_to_json(&m->nodes[0].shape)) < 0 ||
        json_object_set_new(object, "layers", layers_to_json(m)) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

size_t visml_model_to_json(const visml_model *m, char *text, size_t capacity) {
    visml_text t;
    size_t n = 0;
    json_t *value = m && m->built ? visml_model_describe(m) : NULL;
    char *json = value ? visml_json_text(&m->context->memory, value, &n, NULL) : NULL;
    json_decref(value);
    visml_text_init(&t, m ? &m->context->memory : NULL);
    if (json)
        visml_text_add_bytes(&t, json, n);
    if (m)
        visml_mem_free(&m->context->memory, json);
    if (!json && text && capacity)
        text[0] = '\0';
    return json ? visml_text_finish(&t, text, capacity) : 0;
}

/* ---- in ---- */

static visml_status shape_from_json(const json_t *array, visml_shape *shape, visml_error *err) {
    size_t n = json_array_size(array);
    int64_t dims[VISML_MAX_RANK];
    if (!json_is_array(array) || n < 1 || n > VISML_MAX_RANK - 1)
        return visml_fail(err, VISML_EFORMAT, "model: \"input_shape\" must be an array of 1 to %d whole numbers, or null where any size "
                          "goes", VISML_MAX_RANK - 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(array, i);
        if (!json_is_null(v) && (!json_is_integer(v) || json_integer_value(v) < 1))
            return visml_fail(err, VISML_EFORMAT, "model: \"input_shape\"[%zu] must be a whole number of at least 1, or null where any "
                              "size goes", i);
        dims[i] = json_is_null(v) ? VISML_ANY : json_integer_value(v);
    }
    *shape = visml_shape_make((int32_t)n, dims);
    return VISML_OK;
}

static visml_status find_shape(const json_t *description, const visml_shape *input, visml_shape *shape, visml_error *err) {
    const json_t *v = json_object_get(description, "input_shape");
    if (input) {
        *shape = *input;
        return VISML_OK;
    }
    if (!v || json_is_null(v))
        return visml_fail(err, VISML_EFORMAT, "model: \"input_shape\" is missing, and no input shape is given beside it");
    return shape_from_json(v, shape, err);
}

static visml_status input_from_json(const visml_model *m, const json_t *v, size_t k, int32_t *input, visml_error *err) {
    const char *name = json_string_value(v);
    if (!name)
        return visml_fail(err, VISML_EFORMAT, "\"inputs\"[%zu] must be the name of a layer", k);
    *input = visml_model_find(m, name);
    if (*input < 0)
        return visml_fail(err, VISML_EFORMAT, "\"inputs\"[%zu] is \"%.160s\", must be the name of an earlier layer, or \"%s\"", k, name,
                          VISML_INPUT_NAME);
    return VISML_OK;
}

/* "inputs": an array of names, or one name; without it the layer before. */
static visml_status inputs_from_json(const visml_model *m, const json_t *object, int32_t *inputs, size_t *n, visml_error *err) {
    const json_t *v = json_object_get(object, "inputs");
    *n = 1;
    inputs[0] = (int32_t)m->node_count - 1;
    if (!v || json_is_null(v))
        return VISML_OK;
    if (json_is_string(v))
        return input_from_json(m, v, 0, inputs, err);
    *n = json_array_size(v);
    if (!json_is_array(v) || *n < 1 || *n > VISML_MAX_INPUTS)
        return visml_fail(err, VISML_EFORMAT, "\"inputs\" must be an array of 1 to %d names", VISML_MAX_INPUTS);
    for (size_t k = 0; k < *n; k++)
        VISML_TRY(input_from_json(m, json_array_get(v, k), k, &inputs[k], err));
    return VISML_OK;
}

/* A dense layer whose "units" is 0 or null has as many units as there are classes. Returns the object to read: a new reference. */
static json_t *with_classes(const json_t *object, int32_t classes, visml_error *err) {
    const char *cls = json_string_value(json_object_get(object, "class"));
    const json_t *units = json_object_get(object, "units");
    int open = json_is_null(units) || (json_is_integer(units) && json_integer_value(units) == 0);
    if (!cls || strcmp(cls, "dense") != 0 || !open)
        return json_incref((json_t *)object);
    if (classes < 1) {
        visml_fail(err, VISML_EFORMAT, "dense: \"units\" is %s, which stands for the number of classes, and that is not known here; must "
                   "be at least 1", json_is_null(units) ? "null" : "0");
        return NULL;
    }
    json_t *copy = json_copy((json_t *)object);
    if (!copy || json_object_set_new(copy, "units", json_integer(classes)) < 0) {
        json_decref(copy);
        visml_fail(err, VISML_ENOMEM, "out of memory");
        return NULL;
    }
    return copy;
}

static visml_layer *layer_from_json(visml_context *ctx, const json_t *object, int32_t classes, visml_error *err) {
    static const char *const known[] = {"inputs", NULL};
    if (!json_is_object(object)) {
        visml_fail(err, VISML_EFORMAT, "must be a JSON object");
        return NULL;
    }
    json_t *read = with_classes(object, classes, err);
    if (!read)
        return NULL;
    visml_layer *layer = visml_layer_from_json(ctx, read, known, err);
    json_decref(read);
    return layer;
}

static visml_status add_layer(visml_model *m, const json_t *object, int32_t classes, visml_error *err) {
    int32_t inputs[VISML_MAX_INPUTS];
    size_t n = 0, number = m->node_count;
    visml_layer *layer = layer_from_json(m->context, object, classes, err);
    visml_status status = layer ? inputs_from_json(m, object, inputs, &n, err) : err->code;
    if (status < 0) {
        visml_fail_in(err, status, "%s", visml_node_describe(number, layer).s);
        visml_layer_free(layer);
        return status;
    }
    int32_t node = visml_model_apply(m, layer, inputs, n, err);
    return node < 0 ? node : VISML_OK;
}

static visml_status add_layers(visml_model *m, const json_t *description, int32_t classes, visml_error *err) {
    const json_t *layers;
    VISML_TRY(visml_json_array("model", description, "layers", &layers, err));
    if (json_array_size(layers) < 1 || json_array_size(layers) > VISML_MAX_LAYERS)
        return visml_fail(err, VISML_EFORMAT, "model: \"layers\" holds %zu layers, must hold 1 to %d", json_array_size(layers),
                          VISML_MAX_LAYERS);
    for (size_t i = 0; i < json_array_size(layers); i++)
        VISML_TRY(add_layer(m, json_array_get(layers, i), classes, err));
    return VISML_OK;
}

visml_model *visml_model_from_description(visml_context *ctx, const json_t *description, const visml_shape *input, int32_t classes,
                                          visml_error *err) {
    visml_error own; /* messages are put together from parts */
    visml_shape shape;
    if (!err)
        err = &own;
    if (!json_is_object(description)) {
        visml_fail(err, VISML_EFORMAT, "model: must be a JSON object with \"input_shape\" and \"layers\"");
        return NULL;
    }
    if (find_shape(description, input, &shape, err) < 0)
        return NULL;
    visml_model *m = visml_model_new(ctx, &shape, err);
    if (m && add_layers(m, description, classes, err) < 0) {
        visml_model_free(m);
        return NULL;
    }
    return m;
}

visml_model *visml_model_from_json(visml_context *ctx, const char *text, size_t n, const visml_shape *input, int32_t classes,
                                   visml_error *err) {
    if (!ctx || !text) {
        visml_fail(err, VISML_EINVAL, "model: %s is NULL", ctx ? "text" : "ctx");
        return NULL;
    }
    if (classes < 0) {
        visml_fail(err, VISML_EINVAL, "model: classes is %d, must be at least 0", classes);
        return NULL;
    }
    json_t *description = visml_json_parse("model", text, n, err);
    if (!description)
        return NULL;
    visml_model *m = visml_model_from_description(ctx, description, input, classes, err);
    json_decref(description);
    return m;
}
