#include "nn/loss.h"

#include <string.h>

#include "base/error.h"
#include "context/description.h"

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

int visml_loss_on_logits(const visml_loss *loss, const visml_loss_pass *pass) {
    return pass->logits || (visml_loss_from_logits(loss) && !pass->probabilities);
}

double visml_loss_threshold(const visml_loss *loss, int32_t ends_in) {
    return visml_loss_from_logits(loss) && ends_in != loss->cls->logits_of ? 0 : loss->cls->threshold;
}

/* ---- JSON ---- */

static const char *class_name(size_t i) {
    return visml_loss_classes[i] ? visml_loss_classes[i]->name : NULL;
}

static const visml_family family = {"loss", class_name};

json_t *visml_loss_describe(const visml_loss *loss) {
    return visml_description_new(loss->cls->name, loss->cls->fields, loss->opts);
}

visml_loss *visml_loss_from_description(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", NULL};
    visml_loss *loss = NULL;
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    const visml_loss_class *cls = visml_loss_classes[i];
    void *opts = visml_description_options(ctx, cls->name, cls->fields, object, known, cls->opts_size, err);
    if (opts)
        loss = visml_loss_make(ctx, cls, opts, err);
    visml_mem_free(&ctx->memory, opts);
    if (!loss || !cls->refuse || cls->refuse(loss, err) == VISML_OK)
        return loss;
    visml_loss_free(loss);
    return NULL;
}

visml_loss *visml_loss_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    json_t *object = visml_description_read(&family, ctx, text, n, err);
    visml_loss *loss = object ? visml_loss_from_description(ctx, object, err) : NULL;
    json_decref(object);
    return loss;
}

size_t visml_loss_to_json(const visml_loss *loss, char *text, size_t capacity) {
    return visml_description_write(loss ? loss->context : NULL, loss ? visml_loss_describe(loss) : NULL, text, capacity);
}
