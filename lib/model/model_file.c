/* A model as parts of a bundle, and as a file of its own. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "model/graph.h"

_Static_assert(VISML_REAL_DTYPE == VISML_F32, "files hold float32");

/* ---- out ---- */

static json_t *classes_to_json(const visml_model *m) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < m->class_count; i++)
        if (json_array_append_new(array, json_string(m->classes[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static visml_status describe(const visml_model *m, json_t *description, visml_error *err) {
    json_t *object = json_object();
    if (json_object_set_new(object, "architecture", visml_model_describe(m)) < 0 ||
        json_object_set_new(object, "classes", classes_to_json(m)) < 0 ||
        json_object_set_new(object, "attributes", json_copy(m->attributes)) < 0 ||
        json_object_set(description, "model", object) < 0) {
        json_decref(object);
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    }
    json_decref(object);
    return VISML_OK;
}

visml_status visml_model_to_bundle(const visml_model *m, json_t *description, visml_bundle_tensor *tensors, size_t *n,
                                   visml_error *err) {
    VISML_TRY(describe(m, description, err));
    for (size_t i = 0; i < m->param_count; i++) {
        const visml_param *p = &m->params[i];
        tensors[(*n)++] = (visml_bundle_tensor){p->name, VISML_F32, p->spec->shape, m->values + p->offset};
    }
    return VISML_OK;
}

/* ---- in ---- */

/* The tensor of a parameter. Files list them in the order of the model: `next` is where to look first. */
static visml_status find_tensor(const visml_bundle *b, const visml_param *p, size_t *next, const visml_bundle_tensor **out,
                                visml_error *err) {
    const visml_bundle_tensor *t = NULL;
    if (*next < b->count && strcmp(b->tensors[*next].name, p->name) == 0)
        t = &b->tensors[*next];
    else
        t = visml_bundle_find(b, p->name);
    if (!t)
        return visml_fail(err, VISML_EFORMAT, "the tensor \"%s\" is missing", p->name);
    if (t->dtype != VISML_F32 || !visml_shape_equal(&t->shape, &p->spec->shape))
        return visml_fail(err, VISML_EFORMAT, "the tensor \"%s\" is %s %s, must be float32 %s", p->name, visml_dtype_name(t->dtype),
                          visml_shape_format(&t->shape).s, visml_shape_format(&p->spec->shape).s);
    *next = (size_t)(t - b->tensors) + 1;
    *out = t;
    return VISML_OK;
}

static visml_status check_tensors(const visml_model *m, const visml_bundle *b, visml_error *err) {
    size_t next = 0;
    const visml_bundle_tensor *t;
    for (size_t i = 0; i < m->param_count; i++)
        VISML_TRY(find_tensor(b, &m->params[i], &next, &t, err));
    return VISML_OK;
}

/* After check_tensors. */
static void copy_tensors(visml_model *m, const visml_bundle *b) {
    size_t next = 0;
    const visml_bundle_tensor *t;
    for (size_t i = 0; i < m->param_count; i++)
        if (find_tensor(b, &m->params[i], &next, &t, NULL) == VISML_OK)
            memcpy(m->values + m->params[i].offset, t->data, m->params[i].count * sizeof(real));
    visml_model_changed(m);
}

static visml_status read_classes(visml_model *m, const json_t *object, visml_error *err) {
    const json_t *array;
    VISML_TRY(visml_json_array("model", object, "classes", &array, err));
    size_t n = json_array_size(array);
    const char **names = visml_mem_zalloc(&m->context->memory, n, sizeof *names, err);
    if (!names)
        return VISML_ENOMEM;
    visml_status status = VISML_OK;
    for (size_t i = 0; i < n && status == VISML_OK; i++) {
        names[i] = json_string_value(json_array_get(array, i));
        if (!names[i])
            status = visml_fail(err, VISML_EFORMAT, "model: \"classes\"[%zu] must be a string", i);
    }
    if (status == VISML_OK)
        status = visml_model_set_classes(m, names, n, err);
    visml_mem_free(&m->context->memory, names);
    return status;
}

static visml_status read_attributes(visml_model *m, const json_t *object, visml_error *err) {
    const json_t *attributes;
    const char *key;
    json_t *v;
    VISML_TRY(visml_json_object("model", object, "attributes", &attributes, err));
    json_object_foreach((json_t *)attributes, key, v)
        if (!json_is_string(v))
            return visml_fail(err, VISML_EFORMAT, "model: \"attributes\": \"%.64s\" must be a string", key);
    if (json_object_update(m->attributes, (json_t *)attributes) < 0)
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    return VISML_OK;
}

/* The tensors are compared with what the layers ask for before memory for the values is taken: a small file cannot ask for much. */
static visml_status fill(visml_model *m, const json_t *object, const visml_bundle *b, visml_error *err) {
    VISML_TRY(visml_model_seal(m, err));
    VISML_TRY(check_tensors(m, b, err));
    VISML_TRY(visml_model_values_new(m, err));
    copy_tensors(m, b);
    VISML_TRY(read_classes(m, object, err));
    VISML_TRY(read_attributes(m, object, err));
    m->built = 1;
    return VISML_OK;
}

/* What a file asks for and cannot have is wrong with the file, whatever it is called when a caller asks. */
static visml_status blame_file(visml_error *err) {
    if (err->code != VISML_ENOMEM && err->code != VISML_ELIMIT)
        err->code = VISML_EFORMAT;
    return err->code;
}

visml_model *visml_model_from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err) {
    const json_t *object, *architecture;
    visml_error own;
    if (!err)
        err = &own;
    if (visml_json_object("description", b->description, "model", &object, err) < 0 ||
        visml_json_object("model", object, "architecture", &architecture, err) < 0)
        return NULL;
    visml_model *m = visml_model_from_description(ctx, architecture, NULL, 0, err);
    if (m && fill(m, object, b, err) == VISML_OK)
        return m;
    visml_model_free(m);
    blame_file(err);
    return NULL;
}

visml_status visml_model_restore(visml_model *m, const visml_bundle *b, visml_error *err) {
    const json_t *object, *architecture;
    VISML_TRY(visml_json_object("description", b->description, "model", &object, err));
    VISML_TRY(visml_json_object("model", object, "architecture", &architecture, err));
    json_t *ours = visml_model_describe(m);
    if (!ours)
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    int same = json_equal(ours, architecture);
    json_decref(ours);
    if (!same)
        return visml_fail(err, VISML_EFORMAT, "holds a model of another architecture");
    VISML_TRY(check_tensors(m, b, err));
    copy_tensors(m, b);
    return VISML_OK;
}

/* ---- files ---- */

static visml_status check_built(const visml_model *m, visml_error *err) {
    if (!m)
        return visml_fail(err, VISML_EINVAL, "save: model is NULL, must be a model");
    if (!m->built)
        return visml_fail(err, VISML_ESTATE, "save: the model is not built: call visml_model_build first");
    return VISML_OK;
}

/* The parts of a model file. Both are the caller's to free. */
static visml_status take_apart(const visml_model *m, json_t **description, visml_bundle_tensor **tensors, size_t *n, visml_error *err) {
    *n = 0;
    *description = json_object();
    *tensors = visml_mem_zalloc(&m->context->memory, m->param_count, sizeof **tensors, err);
    if (!*description)
        visml_fail(err, VISML_ENOMEM, "out of memory");
    return *description && *tensors ? visml_model_to_bundle(m, *description, *tensors, n, err) : VISML_ENOMEM;
}

visml_status visml_model_save(const visml_model *m, const char *path, visml_error *err) {
    json_t *description;
    visml_bundle_tensor *tensors;
    size_t n;
    VISML_TRY(check_built(m, err));
    if (!path)
        return visml_fail(err, VISML_EINVAL, "save: path is NULL, must be the path of a file");
    visml_status status = take_apart(m, &description, &tensors, &n, err);
    if (status == VISML_OK)
        status = visml_bundle_write(m->context, path, "model", description, tensors, n, err);
    visml_mem_free(&m->context->memory, tensors);
    json_decref(description);
    return status;
}

visml_tensor *visml_model_save_memory(const visml_model *m, visml_error *err) {
    json_t *description;
    visml_bundle_tensor *tensors;
    visml_tensor *t = NULL;
    size_t n;
    if (check_built(m, err) < 0)
        return NULL;
    if (take_apart(m, &description, &tensors, &n, err) == VISML_OK)
        t = visml_bundle_write_memory(m->context, "model", description, tensors, n, err);
    visml_mem_free(&m->context->memory, tensors);
    json_decref(description);
    return t;
}

/* A file that is a model and nothing else: each tensor is a parameter. */
static visml_model *from_model_bundle(visml_context *ctx, visml_bundle *b, visml_error *err) {
    visml_model *m = visml_model_from_bundle(ctx, b, err);
    if (m && m->param_count != b->count) {
        visml_fail(err, VISML_EFORMAT, "holds %zu tensors, the layers have %zu", b->count, m->param_count);
        visml_model_free(m);
        m = NULL;
    }
    visml_bundle_clear(b);
    return m;
}

visml_model *visml_model_load(visml_context *ctx, const char *path, visml_error *err) {
    visml_bundle b;
    visml_error own;
    if (!err)
        err = &own;
    if (!ctx || !path) {
        visml_fail(err, VISML_EINVAL, "load: %s is NULL", ctx ? "path" : "ctx");
        return NULL;
    }
    if (visml_bundle_read(ctx, path, "model", &b, err) < 0)
        return NULL;
    visml_model *m = from_model_bundle(ctx, &b, err);
    if (!m)
        visml_fail_in(err, err->code, "%s", path);
    return m;
}

visml_model *visml_model_load_memory(visml_context *ctx, const void *bytes, size_t n, visml_error *err) {
    visml_bundle b;
    if (!ctx || !bytes) {
        visml_fail(err, VISML_EINVAL, "load: %s is NULL", ctx ? "bytes" : "ctx");
        return NULL;
    }
    if (visml_bundle_read_memory(ctx, bytes, n, "model", &b, err) < 0)
        return NULL;
    return from_model_bundle(ctx, &b, err);
}
