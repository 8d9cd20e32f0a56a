/* Optimizers as JSON: the class' own options, those that all have, and the schedule, beside each other. */
#include <string.h>

#include "context/description.h"
#include "nn/optimizer.h"

static const char *class_name(size_t i) {
    return visml_optimizer_classes[i] ? visml_optimizer_classes[i]->name : NULL;
}

static const visml_family family = {"optimizer", class_name};

static int add_others(const visml_optimizer *o, json_t *object) {
    visml_field fields[VISML_MAX_OPTIMIZER_FIELDS];
    const visml_field *common = fields;
    visml_optimizer_all_fields(o->cls, 0, fields);
    while (strcmp(common->name, visml_optimizer_fields[0].name) != 0)
        common++;
    if (visml_options_to_json(common, &o->common, object) < 0)
        return -1;
    if (o->excluded && json_object_set_new(object, "exclude_from_weight_decay", json_string(o->excluded)) < 0)
        return -1;
    return o->schedule ? json_object_set_new(object, "schedule", visml_schedule_describe(o->schedule)) : 0;
}

json_t *visml_optimizer_describe(const visml_optimizer *o) {
    json_t *object = visml_description_new(o->cls->name, o->cls->fields, o->opts);
    if (object && add_others(o, object) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The class' options, and behind them the common ones. */
static size_t common_place(const visml_optimizer_class *cls) {
    return (cls->opts_size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
}

/* Both structs from one object, without the schedule. */
static void *read_both(visml_context *ctx, const visml_optimizer_class *cls, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", "schedule", NULL};
    static const visml_field excluded = VISML_FIELD(visml_optimizer_opts, exclude_from_weight_decay, NAME, 0, 1, 0, 0, 0);
    visml_field fields[VISML_MAX_OPTIMIZER_FIELDS + 1];
    const size_t place = common_place(cls);
    size_t n = 0;
    visml_optimizer_all_fields(cls, place, fields);
    while (fields[n].name)
        n++;
    fields[n + 1] = fields[n]; /* the end */
    fields[n] = excluded;
    fields[n].offset += place;
    return visml_description_options(ctx, cls->name, fields, object, known, place + sizeof(visml_optimizer_opts), err);
}

static visml_optimizer *from_both(visml_context *ctx, const visml_optimizer_class *cls, char *both, const visml_schedule *schedule,
                                  visml_error *err) {
    visml_optimizer_opts *common = (void *)(both + common_place(cls));
    const uint32_t size = (uint32_t)cls->opts_size;
    common->size = (uint32_t)sizeof *common;
    common->schedule = schedule;
    memcpy(both, &size, sizeof size);
    memcpy(both + cls->common, &common, sizeof common);
    return visml_optimizer_make(ctx, cls, both, err);
}

static visml_optimizer *from_class(visml_context *ctx, const visml_optimizer_class *cls, const json_t *object, visml_error *err) {
    const json_t *plan = json_object_get(object, "schedule");
    visml_optimizer *o = NULL;
    char *both = read_both(ctx, cls, object, err);
    if (!both)
        return NULL;
    visml_schedule *schedule = plan && !json_is_null(plan) ? visml_schedule_from_description(ctx, plan, err) : NULL;
    if (schedule || !plan || json_is_null(plan))
        o = from_both(ctx, cls, both, schedule, err);
    visml_schedule_free(schedule);
    visml_mem_free(&ctx->memory, both);
    return o;
}

visml_optimizer *visml_optimizer_from_description(visml_context *ctx, const json_t *object, visml_error *err) {
    size_t i;
    return visml_description_class(&family, object, &i, err) < 0 ? NULL : from_class(ctx, visml_optimizer_classes[i], object, err);
}

visml_optimizer *visml_optimizer_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    json_t *object = visml_description_read(&family, ctx, text, n, err);
    visml_optimizer *o = object ? visml_optimizer_from_description(ctx, object, err) : NULL;
    json_decref(object);
    return o;
}

size_t visml_optimizer_to_json(const visml_optimizer *o, char *text, size_t capacity) {
    return visml_description_write(o ? o->context : NULL, o ? visml_optimizer_describe(o) : NULL, text, capacity);
}
