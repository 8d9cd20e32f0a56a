#include "nn/wrapper.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

static int depth_of(const visml_layer *layer) {
    int depth = 0;
    for (; layer->inner[0]; layer = layer->inner[0])
        depth++;
    return depth;
}

static visml_status adopt(visml_layer *layer, visml_layer *inner, visml_error *err) {
    layer->inner[0] = inner;
    layer->with = inner->with;
    inner->with = (visml_layer_opts){.size = sizeof inner->with};
    if (depth_of(layer) > VISML_MAX_DEPTH)
        return visml_fail(err, VISML_EINVAL, "%s: more than %d layers in each other", layer->cls->name, VISML_MAX_DEPTH);
    return layer->cls->adopt(layer, err);
}

/* A constructor that failed has left its reason in the same err. */
static int is_explained(const visml_error *err) {
    return err && err->size == sizeof *err && err->code < 0;
}

visml_layer *visml_layer_wrap(visml_context *ctx, const visml_layer_class *cls, visml_layer *inner, const void *opts, visml_error *err) {
    if (!inner) {
        if (!is_explained(err))
            visml_fail(err, VISML_EINVAL, "%s: inner is NULL, must be a layer", cls->name);
        return NULL;
    }
    visml_layer *layer = visml_layer_make(ctx, cls, opts, err);
    if (!layer) {
        visml_layer_free(inner);
        return NULL;
    }
    if (adopt(layer, inner, err) == VISML_OK)
        return layer;
    visml_layer_free(layer); /* and the inner one */
    return NULL;
}

visml_layer *visml_layer_turned(const visml_layer *recurrent, visml_error *err) {
    const visml_layer_class *cls = recurrent->cls;
    const visml_field *f = cls->fields;
    int32_t backwards;
    while (strcmp(f->name, "go_backwards") != 0)
        f++;
    char *opts = visml_mem_alloc(&recurrent->context->memory, cls->opts_size, err);
    if (!opts)
        return NULL;
    memcpy(opts, recurrent->opts, cls->opts_size);
    memcpy(&backwards, opts + f->offset, sizeof backwards);
    memcpy(opts + f->offset, &(int32_t){!backwards}, sizeof backwards);
    visml_layer *turned = visml_layer_make(recurrent->context, cls, opts, err);
    visml_mem_free(&recurrent->context->memory, opts);
    return turned;
}

void *visml_regions_take(visml_regions *r, size_t bytes) {
    void *p = r->base ? r->base + r->used : NULL;
    if (!visml_size_add(r->used, bytes, &r->used) || !visml_size_align(r->used, 64, &r->used))
        r->used = SIZE_MAX;
    return p;
}

real *visml_regions_reals(visml_regions *r, int64_t a, int64_t b) {
    size_t n;
    if (!visml_size_mul((size_t)a, (size_t)b, &n) || !visml_size_mul(n, sizeof(real), &n))
        n = SIZE_MAX;
    return visml_regions_take(r, n);
}
