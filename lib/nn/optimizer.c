#include "nn/optimizer.h"

#include <float.h>
#include <string.h>

#include "base/error.h"

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

/* ---- options ---- */

/* The first is weight_decay, whose default is the class'. */
const visml_field visml_optimizer_fields[VISML_COMMON_FIELDS + 1] = {
    VISML_FIELD(visml_optimizer_opts, weight_decay, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_optimizer_opts, use_ema, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_optimizer_opts, clipnorm, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_optimizer_opts, clipvalue, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_optimizer_opts, global_clipnorm, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_optimizer_opts, ema_momentum, F64, 0, 1, 0, 1, 0.99),
    VISML_FIELD(visml_optimizer_opts, ema_overwrite_frequency, I64, 0, 1, 1, 9007199254740992.0, 0),
    VISML_FIELD(visml_optimizer_opts, gradient_accumulation_steps, I64, 0, 1, 2, 9007199254740992.0, 0),
    {0},
};

void visml_optimizer_all_fields(const visml_optimizer_class *cls, size_t shift, visml_field fields[VISML_MAX_OPTIMIZER_FIELDS]) {
    size_t n = 0;
    for (; cls->fields[n].name; n++)
        fields[n] = cls->fields[n];
    memcpy(fields + n, visml_optimizer_fields, sizeof visml_optimizer_fields);
    fields[n].fallback = cls->weight_decay;
    for (; fields[n].name; n++)
        fields[n].offset += shift;
}

static visml_status check_common(const visml_optimizer *o, visml_error *err) {
    const visml_optimizer_opts *c = &o->common;
    if ((c->clipnorm > 0) + (c->clipvalue > 0) + (c->global_clipnorm > 0) > 1)
        return visml_fail(err, VISML_EINVAL, "%s: more than one of clipnorm, clipvalue and global_clipnorm is set", o->cls->name);
    return VISML_OK;
}

/* What the caller's pointers point to becomes the optimizer's own. */
static visml_status take_common(visml_optimizer *o, visml_error *err) {
    visml_optimizer_opts *c = &o->common;
    const char *words = c->exclude_from_weight_decay;
    const visml_schedule *schedule = c->schedule;
    c->exclude_from_weight_decay = NULL;
    c->schedule = NULL;
    if (schedule)
        o->schedule = visml_schedule_retain(schedule);
    if (words && *words) {
        size_t n = strlen(words) + 1;
        o->excluded = visml_mem_alloc(&o->context->memory, n, err);
        if (!o->excluded)
            return VISML_ENOMEM;
        memcpy(o->excluded, words, n);
    }
    return VISML_OK;
}

static visml_status read_common(visml_optimizer *o, visml_error *err) {
    const visml_optimizer_opts *given;
    visml_field fields[VISML_COMMON_FIELDS + 1];
    memcpy(&given, (char *)o->opts + o->cls->common, sizeof given);
    memset((char *)o->opts + o->cls->common, 0, sizeof given);
    memcpy(fields, visml_optimizer_fields, sizeof fields);
    fields[0].fallback = o->cls->weight_decay;
    VISML_TRY(visml_options_read(o->cls->name, fields, given, &o->common, sizeof o->common, err));
    VISML_TRY(check_common(o, err));
    return take_common(o, err);
}

static visml_status read_options(visml_optimizer *o, const void *opts, visml_error *err) {
    VISML_TRY(visml_options_read(o->cls->name, o->cls->fields, opts, o->opts, o->cls->opts_size, err));
    for (const visml_field *f = o->cls->fields; f->name; f++)
        if (strcmp(f->name, "learning_rate") == 0)
            memcpy(&o->learning_rate, (char *)o->opts + f->offset, sizeof o->learning_rate);
    return read_common(o, err);
}

/* ---- life ---- */

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
    if (!o->opts || read_options(o, opts, err) < 0) {
        visml_optimizer_free(o);
        return NULL;
    }
    return o;
}

void visml_optimizer_free(visml_optimizer *optimizer) {
    if (!optimizer)
        return;
    visml_context *ctx = optimizer->context;
    visml_schedule_free(optimizer->schedule);
    visml_mem_free(&ctx->memory, optimizer->excluded);
    visml_mem_free(&ctx->memory, optimizer->opts);
    visml_mem_free(&ctx->memory, optimizer);
    visml_context_release(ctx);
}

double visml_optimizer_learning_rate(const visml_optimizer *o, int64_t step) {
    return o->schedule ? visml_schedule_learning_rate(o->schedule, step) : o->learning_rate;
}
