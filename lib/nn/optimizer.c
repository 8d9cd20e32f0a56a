#include "nn/optimizer.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

const visml_optimizer_class *const visml_optimizer_classes[] = {
#define OPTIMIZER(name) &visml_##name##_class,
#include "nn/optimizers.def"
#undef OPTIMIZER
    NULL,
};

const visml_optimizer_class *visml_optimizer_class_find(const char *name) {
    for (const visml_optimizer_class *const *c = visml_optimizer_classes; name && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

visml_optimizer *visml_optimizer_make(visml_context *ctx, const visml_optimizer_class *cls, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s: ctx is NULL, must be a context", cls->name);
        return NULL;
    }
    visml_optimizer *o = visml_mem_zalloc(&ctx->memory, 1, sizeof *o, err);
    if (!o)
        return NULL;
    o->cls = cls;
    o->context = visml_context_retain(ctx);
    o->opts = visml_mem_zalloc(&ctx->memory, 1, cls->opts_size, err);
    if (!o->opts || visml_options_read(cls->name, cls->fields, opts, o->opts, cls->opts_size, err) < 0) {
        visml_optimizer_free(o);
        return NULL;
    }
    return o;
}

void visml_optimizer_free(visml_optimizer *optimizer) {
    if (!optimizer)
        return;
    visml_context *ctx = optimizer->context;
    visml_mem_free(&ctx->memory, optimizer->opts);
    visml_mem_free(&ctx->memory, optimizer);
    visml_context_release(ctx);
}

json_t *visml_optimizer_to_json(const visml_optimizer *optimizer) {
    json_t *object = json_object();
    if (object && (json_object_set_new(object, "class", json_string(optimizer->cls->name)) < 0 ||
                   visml_options_to_json(optimizer->cls->fields, optimizer->opts, object) < 0)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static visml_status find_class(const json_t *object, const visml_optimizer_class **cls, visml_error *err) {
    const char *name;
    char names[200] = "";
    size_t used = 0;
    VISML_TRY(visml_json_string("optimizer", object, "class", &name, err));
    *cls = visml_optimizer_class_find(name);
    if (*cls)
        return VISML_OK;
    for (const visml_optimizer_class *const *c = visml_optimizer_classes; *c && used < sizeof names; c++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*c)->name);
    return visml_fail(err, VISML_EFORMAT, "optimizer: \"class\" is \"%.64s\", must be one of %s", name, names);
}

visml_optimizer *visml_optimizer_from_json(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", NULL};
    const visml_optimizer_class *cls;
    visml_optimizer *o = NULL;
    if (find_class(object, &cls, err) < 0)
        return NULL;
    void *opts = visml_mem_alloc(&ctx->memory, cls->opts_size, err);
    if (opts && visml_options_from_json(cls->name, cls->fields, object, known, opts, cls->opts_size, err) == VISML_OK)
        o = visml_optimizer_make(ctx, cls, opts, err);
    visml_mem_free(&ctx->memory, opts);
    return o;
}
