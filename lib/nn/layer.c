#include "nn/layer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "nn/wrapper.h"

#define LONGEST_NAME 127 /* bytes */
/* Measured with ResNet-50, one image at a time on one thread: packing all weights 82.5 ms and 102 MB more, packing up to 1 MiB a layer 84.9
 * ms and 25 MB more, packing none 85.2 ms. */
#define MOST_PACKED ((size_t)1 << 20)
#define KEYS_KNOWN 15    /* that a reader of JSON may ask to pass over */
#define INNER_KEY "layer" /* of a wrapper's */

const visml_layer_class *const visml_layer_classes[] = {
#define LAYER(name) &visml_##name##_class,
#include "nn/layers.def"
#undef LAYER
    NULL,
};

const visml_layer_class *visml_layer_class_find(const char *name) {
    for (const visml_layer_class *const *c = visml_layer_classes; name && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

/* ---- making ---- */

static visml_status check_name(const char *what, const char *name, visml_error *err) {
    size_t n = strnlen(name, LONGEST_NAME + 1);
    if (n == 0 || n > LONGEST_NAME)
        return visml_fail(err, VISML_EINVAL, "%s: name is %s, must be 1 to %d bytes", what, n ? "too long" : "empty", LONGEST_NAME);
    if (!visml_utf8_valid(name, n))
        return visml_fail(err, VISML_EINVAL, "%s: name is not valid UTF-8", what);
    if (strchr(name, '/'))
        return visml_fail(err, VISML_EINVAL, "%s: name is \"%s\", must not hold '/'", what, name);
    return VISML_OK;
}

static const visml_field *find_field(const visml_layer_class *cls, const char *name) {
    for (const visml_field *f = cls->fields; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

/* Takes the name out of the options: the caller's string is copied, so that nothing borrowed stays behind. */
static visml_status own_name(visml_layer *layer, visml_error *err) {
    const visml_field *f = find_field(layer->cls, "name");
    const char *given;
    memcpy(&given, (char *)layer->opts + f->offset, sizeof given);
    memset((char *)layer->opts + f->offset, 0, sizeof given);
    if (!given)
        return VISML_OK;
    VISML_TRY(check_name(layer->cls->name, given, err));
    layer->name = visml_mem_strdup(&layer->context->memory, given, err);
    return layer->name ? VISML_OK : VISML_ENOMEM;
}

/* The activation that the session applies, from the options of classes that have one. */
static void read_activation(visml_layer *layer) {
    const visml_field *activation = find_field(layer->cls, "activation"), *alpha = find_field(layer->cls, "alpha");
    double given = -1;
    if (activation && !(layer->cls->properties & VISML_ACTIVATES_INSIDE))
        memcpy(&layer->activation, (char *)layer->opts + activation->offset, sizeof layer->activation);
    if (alpha)
        memcpy(&given, (char *)layer->opts + alpha->offset, sizeof given);
    layer->alpha = (real)(given < 0 ? visml_act_alpha(layer->activation) : given);
}

static visml_status fill(visml_layer *layer, const void *opts, visml_error *err) {
    const visml_layer_class *cls = layer->cls;
    layer->opts = visml_mem_zalloc(&layer->context->memory, 1, cls->opts_size, err);
    if (!layer->opts)
        return VISML_ENOMEM;
    VISML_TRY(visml_options_read(cls->name, cls->fields, opts, layer->opts, cls->opts_size, err));
    VISML_TRY(own_name(layer, err));
    read_activation(layer);
    return cls->check ? cls->check(layer, err) : VISML_OK;
}

visml_layer *visml_layer_make(visml_context *ctx, const visml_layer_class *cls, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s: ctx is NULL, must be a context", cls->name);
        return NULL;
    }
    visml_layer *layer = visml_mem_zalloc(&ctx->memory, 1, sizeof *layer, err);
    if (!layer)
        return NULL;
    layer->cls = cls;
    layer->context = visml_context_retain(ctx);
    if (fill(layer, opts, err) < 0) {
        visml_layer_free(layer);
        return NULL;
    }
    return layer;
}

void visml_layer_free(visml_layer *layer) {
    if (!layer)
        return;
    visml_context *ctx = layer->context;
    for (int i = 0; i < 2; i++)
        visml_layer_free(layer->inner[i]);
    visml_mem_free(&ctx->memory, layer->name);
    visml_mem_free(&ctx->memory, layer->opts);
    visml_mem_free(&ctx->memory, layer);
    visml_context_release(ctx);
}

/* ---- building ---- */

static visml_status check_inputs(const visml_layer_class *cls, size_t inputs, visml_error *err) {
    if (inputs >= (size_t)cls->min_inputs && inputs <= (size_t)cls->max_inputs)
        return VISML_OK;
    if (cls->min_inputs == cls->max_inputs)
        return visml_fail(err, VISML_EINVAL, "has %zu inputs, must have %d", inputs, cls->min_inputs);
    return visml_fail(err, VISML_EINVAL, "has %zu inputs, must have %d to %d", inputs, cls->min_inputs, cls->max_inputs);
}

visml_status visml_layer_same_shape(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs, (void)err;
    *out = *in;
    return VISML_OK;
}

visml_status visml_layer_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_shape promised;
    VISML_TRY(check_inputs(layer->cls, inputs, err));
    for (size_t i = 0; i < inputs; i++)
        if (in[i].rank < 1 || in[i].rank >= VISML_MAX_RANK)
            return visml_fail(err, VISML_EINVAL, "input %s must have 1 to %d dimensions", visml_shape_format(&in[i]).s, VISML_MAX_RANK - 1);
    VISML_TRY(layer->cls->infer(layer, in, inputs, &promised, err));
    VISML_TRY(visml_shape_check("output", &promised, 1, err));
    *out = promised;
    return VISML_OK;
}

visml_status visml_layer_build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_shape promised;
    VISML_TRY(visml_layer_infer(layer, in, inputs, &promised, err));
    layer->param_count = 0;
    if (layer->cls->build) {
        visml_status status = layer->cls->build(layer, in, inputs, err);
        if (status < 0) {
            layer->param_count = 0;
            return status;
        }
    }
    *out = promised;
    return VISML_OK;
}

visml_status visml_layer_param(visml_layer *layer, const char *name, const visml_shape *shape, visml_init init, int32_t trainable,
                               int64_t fan_in, int64_t fan_out, visml_error *err) {
    if (layer->param_count == VISML_MAX_PARAMS)
        return visml_fail(err, VISML_EINTERNAL, "more than %d parameters", VISML_MAX_PARAMS);
    VISML_TRY(visml_shape_check(name, shape, 1, err));
    if (init == VISML_INIT_ORTHOGONAL && shape->rank < 2)
        return visml_fail(err, VISML_EINVAL, "%s_initializer is orthogonal, which needs two dimensions or more; %s is %s", name, name,
                          visml_shape_format(shape).s);
    layer->params[layer->param_count++] = (visml_param_spec){name, *shape, init, trainable, fan_in, fan_out, 0, 0};
    return VISML_OK;
}

size_t visml_layer_bias(const visml_layer *layer) {
    size_t i = 0;
    while (i < layer->param_count && strcmp(layer->params[i].name, "bias") != 0)
        i++;
    return i;
}

size_t visml_layer_packed(size_t bytes) {
    return bytes <= MOST_PACKED ? bytes : 0;
}

/* ---- what any layer can have ---- */

#define PENALTY(name) VISML_FIELD(visml_layer_opts, name, F64, VISML_FIELD_OPEN_MAX, 1, 0, INFINITY, 0)
static const visml_field with_fields[] = {
    VISML_FIELD(visml_layer_opts, frozen, FLAG, 0, 1, 0, 1, 0),
    PENALTY(kernel_l1), PENALTY(kernel_l2), PENALTY(recurrent_l1), PENALTY(recurrent_l2), PENALTY(bias_l1), PENALTY(bias_l2),
    PENALTY(activity_l1), PENALTY(activity_l2), PENALTY(kernel_max_norm), PENALTY(recurrent_max_norm), PENALTY(bias_max_norm),
    {0},
};

static visml_status give(visml_layer *layer, const visml_layer_opts *opts, visml_error *err) {
    visml_layer_opts with;
    VISML_TRY(visml_options_read(layer->cls->name, with_fields, opts, &with, sizeof with, err));
    if ((with.activity_l1 > 0 || with.activity_l2 > 0) && (layer->cls->properties & VISML_ALIASES_INPUT))
        return visml_fail(err, VISML_EINVAL, "%s: activity_l1 and activity_l2 are not for a layer that only reshapes: set them for the "
                          "layer before it", layer->cls->name);
    layer->with = with;
    return VISML_OK;
}

/* A constructor that failed has left its reason in the same err. */
static int is_explained(const visml_error *err) {
    return err && err->size == sizeof *err && err->code < 0;
}

visml_layer *visml_layer_with(visml_layer *layer, const visml_layer_opts *opts, visml_error *err) {
    if (!layer && !is_explained(err))
        visml_fail(err, VISML_EINVAL, "layer_with: layer is NULL, must be a layer");
    if (!layer || give(layer, opts, err) == VISML_OK)
        return layer;
    visml_layer_free(layer);
    return NULL;
}

visml_param_rule visml_layer_rule(const visml_layer *layer, size_t param) {
    const visml_layer_opts *w = &layer->with;
    const visml_param_spec *p = &layer->params[param];
    if (!p->trainable || w->frozen)
        return (visml_param_rule){0};
    if (strstr(p->name, "bias") || strcmp(p->name, "beta") == 0)
        return (visml_param_rule){w->bias_l1, w->bias_l2, w->bias_max_norm};
    if (strstr(p->name, "recurrent_kernel"))
        return (visml_param_rule){w->recurrent_l1, w->recurrent_l2, w->recurrent_max_norm};
    return (visml_param_rule){w->kernel_l1, w->kernel_l2, w->kernel_max_norm};
}

int visml_layer_penalises_output(const visml_layer *layer) {
    return layer->with.activity_l1 > 0 || layer->with.activity_l2 > 0;
}

visml_mode visml_layer_mode(const visml_layer *layer, visml_mode run) {
    int32_t properties = layer->cls->properties;
    for (const visml_layer *l = layer->inner[0]; l; l = l->inner[0])
        properties |= l->cls->properties;
    return layer->with.frozen && (properties & VISML_FREEZES_STATE) ? VISML_INFERENCE : run;
}

int64_t visml_layer_state(const visml_layer *layer) {
    return layer->cls->state ? layer->cls->state(layer) : 0;
}

int32_t visml_layer_makes_mask(const visml_layer *layer, const visml_shape *in) {
    return layer->cls->makes_mask ? layer->cls->makes_mask(layer, in) : 0;
}

/* ---- JSON ---- */

json_t *visml_layer_to_json(const visml_layer *layer) {
    json_t *object = json_object();
    if (!object)
        return NULL;
    int failed = json_object_set_new(object, "class", json_string(layer->cls->name)) < 0 ||
                 (layer->name && json_object_set_new(object, "name", json_string(layer->name)) < 0) ||
                 visml_options_to_json(layer->cls->fields, layer->opts, object) < 0 ||
                 visml_options_to_json(with_fields, &layer->with, object) < 0 ||
                 (layer->inner[0] && json_object_set_new(object, INNER_KEY, visml_layer_to_json(layer->inner[0])) < 0);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static visml_status find_class(const json_t *object, const visml_layer_class **cls, visml_error *err) {
    const char *name;
    char names[900] = "";
    size_t used = 0;
    VISML_TRY(visml_json_string("layer", object, "class", &name, err));
    *cls = visml_layer_class_find(name);
    if (*cls)
        return VISML_OK;
    for (const visml_layer_class *const *c = visml_layer_classes; *c && used < sizeof names; c++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*c)->name);
    return visml_fail(err, VISML_EFORMAT, "layer: \"class\" is \"%.64s\", must be one of %s", name, names);
}

/* Takes the keys that any layer can have out of a copy of the object: *with holds them, *own the others. */
static visml_status divide(const json_t *object, json_t **own, json_t **with, visml_error *err) {
    *own = json_copy((json_t *)object);
    *with = json_object();
    int failed = !*own || !*with;
    for (const visml_field *f = with_fields; f->name && !failed; f++) {
        json_t *v = json_object_get(object, f->name);
        if (v)
            failed = json_object_set(*with, f->name, v) < 0 || json_object_del(*own, f->name) < 0;
    }
    return failed ? visml_fail(err, VISML_ENOMEM, "layer: out of memory") : VISML_OK;
}

static visml_layer *with_from_json(visml_layer *layer, const json_t *with, visml_error *err) {
    visml_layer_opts opts;
    if (layer && visml_options_from_json(layer->cls->name, with_fields, with, NULL, &opts, sizeof opts, err) < 0) {
        visml_layer_free(layer);
        return NULL;
    }
    return visml_layer_with(layer, &opts, err);
}

static visml_layer *make(visml_context *ctx, const visml_layer_class *cls, const json_t *object, const void *opts, visml_error *err) {
    if (!cls->adopt)
        return visml_layer_make(ctx, cls, opts, err);
    visml_layer *inner = visml_layer_from_json(ctx, json_object_get(object, INNER_KEY), NULL, err);
    return inner ? visml_layer_wrap(ctx, cls, inner, opts, err) : NULL;
}

static visml_layer *make_from_json(visml_context *ctx, const visml_layer_class *cls, const json_t *object, const char *const *known,
                                   visml_error *err) {
    const char *keys[KEYS_KNOWN + 3] = {"class"};
    size_t n = 1;
    for (size_t i = 0; known && known[i] && i < KEYS_KNOWN; i++)
        keys[n++] = known[i];
    if (cls->adopt)
        keys[n] = INNER_KEY;
    void *opts = visml_mem_alloc(&ctx->memory, cls->opts_size, err);
    visml_layer *layer = NULL;
    if (opts && visml_options_from_json(cls->name, cls->fields, object, keys, opts, cls->opts_size, err) == VISML_OK)
        layer = make(ctx, cls, object, opts, err);
    visml_mem_free(&ctx->memory, opts);
    return layer;
}

/* A description may come from anywhere: it must not be deeper than layers can be. */
static visml_status check_depth(const json_t *object, visml_error *err) {
    int depth = 0;
    while ((object = json_object_get(object, INNER_KEY)) != NULL)
        if (depth++ == VISML_MAX_DEPTH)
            return visml_fail(err, VISML_EFORMAT, "layer: more than %d layers in each other", VISML_MAX_DEPTH);
    return VISML_OK;
}

visml_layer *visml_layer_from_json(visml_context *ctx, const json_t *object, const char *const *known, visml_error *err) {
    const visml_layer_class *cls;
    json_t *own = NULL, *with = NULL;
    visml_layer *layer = NULL;
    if (check_depth(object, err) < 0 || find_class(object, &cls, err) < 0)
        return NULL;
    if (divide(object, &own, &with, err) == VISML_OK)
        layer = with_from_json(make_from_json(ctx, cls, own, known, err), with, err);
    json_decref(own);
    json_decref(with);
    return layer;
}
