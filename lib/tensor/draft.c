#include "tensor/draft.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

visml_status visml_draft_begin(visml_draft *d, visml_context *ctx, json_t *description, size_t tensors, visml_error *err) {
    *d = (visml_draft){.context = ctx, .description = description, .capacity = tensors};
    visml_arena_init(&d->names, &ctx->memory);
    d->tensors = visml_mem_zalloc(&ctx->memory, tensors, sizeof *d->tensors, err);
    if (!description)
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    return d->tensors ? VISML_OK : VISML_ENOMEM;
}

void visml_draft_clear(visml_draft *d) {
    if (!d->context)
        return;
    visml_mem_free(&d->context->memory, d->tensors);
    visml_arena_clear(&d->names);
    json_decref(d->description);
    memset(d, 0, sizeof *d);
}

static visml_status add_tensor(visml_draft *d, const char *part, const visml_bundle_tensor *t, visml_error *err) {
    size_t length = strlen(part) + strlen(t->name) + 2;
    char *name = visml_arena_take(&d->names, length, err);
    if (!name)
        return VISML_ENOMEM;
    snprintf(name, length, "%s.%s", part, t->name);
    d->tensors[d->count] = *t;
    d->tensors[d->count++].name = name;
    return VISML_OK;
}

visml_status visml_draft_add_part(visml_draft *d, const char *name, const visml_draft *part, visml_error *err) {
    void *tensors = d->tensors;
    if (json_object_set(d->description, name, part->description) < 0)
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    VISML_TRY(visml_mem_grow(&d->context->memory, &tensors, &d->capacity, d->count + part->count, sizeof *d->tensors, err));
    d->tensors = tensors;
    for (size_t i = 0; i < part->count; i++)
        VISML_TRY(add_tensor(d, name, &part->tensors[i], err));
    return VISML_OK;
}

visml_status visml_draft_write(const visml_draft *d, const char *path, const char *kind, visml_error *err) {
    return visml_bundle_write(d->context, path, kind, d->description, d->tensors, d->count, err);
}

/* ---- reading ---- */

visml_status visml_bundle_part(const visml_bundle *b, const char *name, visml_bundle *part, visml_error *err) {
    size_t length = strlen(name);
    *part = (visml_bundle){.context = b->context, .borrowed = 1, .once = b->once, .kind = name};
    part->tensors = visml_mem_zalloc(&b->context->memory, b->count, sizeof *part->tensors, err);
    if (!part->tensors) {
        *part = (visml_bundle){0};
        return VISML_ENOMEM;
    }
    visml_context_retain(part->context);
    part->description = json_incref(json_object_get(b->description, name));
    for (size_t i = 0; i < b->count; i++)
        if (strncmp(b->tensors[i].name, name, length) == 0 && b->tensors[i].name[length] == '.') {
            part->tensors[part->count] = b->tensors[i];
            part->tensors[part->count++].name += length + 1;
        }
    return VISML_OK;
}

void *visml_bundle_load(visml_context *ctx, const char *path, const char *kind, const char *what,
                        void *(*make)(visml_context *ctx, const visml_bundle *b, visml_error *err), visml_error *err) {
    visml_bundle b;
    visml_error why = {0};
    if (!ctx || !path) {
        visml_fail(err, VISML_EINVAL, "%s: %s is NULL", what, ctx ? "path" : "ctx");
        return NULL;
    }
    if (visml_bundle_read(ctx, path, kind, &b, err) < 0)
        return NULL;
    void *made = make(ctx, &b, &why);
    visml_bundle_clear(&b);
    if (!made)
        visml_fail(err, why.code == VISML_EINVAL ? VISML_EFORMAT : why.code, "%s: %.900s", path, why.message);
    return made;
}
