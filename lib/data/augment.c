#include "data/augment.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* The public numbers are the kernel's. */
_Static_assert(VISML_FILL_REFLECT == VISML_WARP_REFLECT && VISML_FILL_CONSTANT == VISML_WARP_CONSTANT &&
               VISML_FILL_NEAREST == VISML_WARP_NEAREST && VISML_FILL_WRAP == VISML_WARP_WRAP, "fill modes");

const char *const visml_fill_mode_names[] = {"reflect", "constant", "nearest", "wrap", NULL};
const char *const visml_interpolation_names[] = {"bilinear", "nearest", NULL};
const char *const visml_flip_mode_names[] = {"horizontal_and_vertical", "horizontal", "vertical", NULL};

const visml_augmentation_class *const visml_augmentation_classes[] = {
#define AUGMENTATION(name) &visml_##name##_class,
#include "data/augmentations.def"
#undef AUGMENTATION
    NULL,
};

const visml_augmentation_class *visml_augmentation_class_find(const char *name) {
    for (const visml_augmentation_class *const *c = visml_augmentation_classes; name && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

/* ---- steps ---- */

static void release_step(visml_augment_step *s) {
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = s->context;
    visml_mem_free(&ctx->memory, s->opts);
    visml_mem_free(&ctx->memory, s);
    visml_context_release(ctx);
}

static visml_augment_step *retain_step(visml_augment_step *s) {
    atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

static const visml_field *find_field(const visml_augmentation_class *cls, const char *name) {
    for (const visml_field *f = cls->fields; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static visml_status check_values(const visml_augment_step *s, visml_error *err) {
    const visml_field *f = find_field(s->cls, "value_range");
    double range[2];
    if (!f)
        return VISML_OK;
    memcpy(range, (const char *)s->opts + f->offset, sizeof range);
    if (range[0] < range[1])
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: value_range is %s to %s, must be two different numbers", s->cls->name,
                      visml_shortest(range[0]).s, visml_shortest(range[1]).s);
}

static visml_augment_step *make_step(visml_context *ctx, const visml_augmentation_class *cls, const void *opts, visml_error *err) {
    visml_augment_step *s = visml_mem_zalloc(&ctx->memory, 1, sizeof *s, err);
    if (!s)
        return NULL;
    s->cls = cls;
    s->references = 1;
    s->context = visml_context_retain(ctx);
    s->opts = visml_mem_zalloc(&ctx->memory, 1, cls->opts_size, err);
    if (s->opts && visml_options_read(cls->name, cls->fields, opts, s->opts, cls->opts_size, err) == VISML_OK &&
        check_values(s, err) == VISML_OK && (!cls->check || cls->check(s->opts, err) == VISML_OK))
        return s;
    release_step(s);
    return NULL;
}

/* ---- chains ---- */

/* A chain with room for so many steps, and none in it. */
static visml_augmentation *make_chain(visml_context *ctx, size_t room, visml_error *err) {
    visml_augmentation *a = visml_mem_zalloc(&ctx->memory, 1, sizeof *a, err);
    if (!a)
        return NULL;
    a->references = 1;
    a->context = visml_context_retain(ctx);
    a->steps = visml_mem_zalloc(&ctx->memory, room, sizeof *a->steps, err);
    if (a->steps)
        return a;
    visml_augmentation_free(a);
    return NULL;
}

visml_augmentation *visml_augmentation_make(visml_context *ctx, const visml_augmentation_class *cls, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s: ctx is NULL, must be a context", cls->name);
        return NULL;
    }
    visml_augmentation *a = make_chain(ctx, 1, err);
    if (!a)
        return NULL;
    a->steps[0] = make_step(ctx, cls, opts, err);
    a->count = a->steps[0] != NULL;
    if (a->count)
        return a;
    visml_augmentation_free(a);
    return NULL;
}

visml_augmentation *visml_augmentation_retain(const visml_augmentation *a) {
    visml_augmentation *mine = (visml_augmentation *)(uintptr_t)a; /* the count is not what const promises */
    atomic_fetch_add_explicit(&mine->references, 1, memory_order_relaxed);
    return mine;
}

void visml_augmentation_free(visml_augmentation *a) {
    if (!a || atomic_fetch_sub_explicit(&a->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = a->context;
    for (size_t i = 0; i < a->count; i++)
        release_step(a->steps[i]);
    visml_mem_free(&ctx->memory, a->steps);
    visml_mem_free(&ctx->memory, a);
    visml_context_release(ctx);
}

size_t visml_augmentation_singles(const visml_augmentation *a) {
    size_t n = 0;
    while (n < a->count && !a->steps[n]->cls->draw_pair)
        n++;
    return n;
}

static visml_status check_order(const visml_augmentation *a, visml_error *err) {
    size_t n = visml_augmentation_singles(a);
    for (size_t i = n; i < a->count; i++)
        if (!a->steps[i]->cls->draw_pair)
            return visml_fail(err, VISML_EINVAL, "augmentation: %s stands behind %s, must come before it: batches are mixed last",
                              a->steps[i]->cls->name, a->steps[n]->cls->name);
    return VISML_OK;
}

static visml_status check_parts(const visml_augmentation *const *parts, size_t n, size_t *steps, visml_error *err) {
    *steps = 0;
    if (!parts && n)
        return visml_fail(err, VISML_EINVAL, "augmentation: augmentations is NULL, must be %zu augmentations", n);
    if (n > PTRDIFF_MAX / sizeof *parts)
        return visml_fail(err, VISML_EINVAL, "augmentation: n is %zu, more than an array can have", n);
    for (size_t i = 0; i < n; i++) {
        if (!parts[i])
            return visml_fail(err, VISML_EINVAL, "augmentation: augmentations[%zu] is NULL, must be an augmentation", i);
        *steps += parts[i]->count;
    }
    return VISML_OK;
}

visml_augmentation *visml_augmentation_chain(visml_context *ctx, const visml_augmentation *const *augmentations, size_t n,
                                             visml_error *err) {
    size_t steps;
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "augmentation: ctx is NULL, must be a context");
        return NULL;
    }
    if (check_parts(augmentations, n, &steps, err) < 0)
        return NULL;
    visml_augmentation *a = make_chain(ctx, steps, err);
    for (size_t i = 0; a && i < n; i++)
        for (size_t j = 0; j < augmentations[i]->count; j++)
            a->steps[a->count++] = retain_step(augmentations[i]->steps[j]);
    if (!a || check_order(a, err) == VISML_OK)
        return a;
    visml_augmentation_free(a);
    return NULL;
}
