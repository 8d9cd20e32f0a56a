#include "nn/loss.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

const visml_loss_class *const visml_loss_classes[] = {
#define LOSS(name) &visml_##name##_class,
#include "nn/losses.def"
#undef LOSS
    NULL,
};

const visml_loss_class *visml_loss_class_find(const char *name) {
    for (const visml_loss_class *const *c = visml_loss_classes; name && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

visml_loss *visml_loss_make(visml_context *ctx, const visml_loss_class *cls, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s: ctx is NULL, must be a context", cls->name);
        return NULL;
    }
    visml_loss *loss = visml_mem_zalloc(&ctx->memory, 1, sizeof *loss, err);
    if (!loss)
        return NULL;
    loss->cls = cls;
    loss->context = visml_context_retain(ctx);
    loss->opts = visml_mem_zalloc(&ctx->memory, 1, cls->opts_size, err);
    if (!loss->opts || visml_options_read(cls->name, cls->fields, opts, loss->opts, cls->opts_size, err) < 0) {
        visml_loss_free(loss);
        return NULL;
    }
    return loss;
}

void visml_loss_free(visml_loss *loss) {
    if (!loss)
        return;
    visml_context *ctx = loss->context;
    visml_mem_free(&ctx->memory, loss->opts);
    visml_mem_free(&ctx->memory, loss);
    visml_context_release(ctx);
}

int visml_loss_from_logits(const visml_loss *loss) {
    int32_t flag;
    for (const visml_field *f = loss->cls->fields; f->name; f++)
        if (strcmp(f->name, "from_logits") == 0) {
            memcpy(&flag, (const char *)loss->opts + f->offset, sizeof flag);
            return flag;
        }
    return 0;
}

json_t *visml_loss_to_json(const visml_loss *loss) {
    json_t *object = json_object();
    if (object && (json_object_set_new(object, "class", json_string(loss->cls->name)) < 0 ||
                   visml_options_to_json(loss->cls->fields, loss->opts, object) < 0)) {
        json_decref(object);
        return NULL;
    }
    return object;
}
