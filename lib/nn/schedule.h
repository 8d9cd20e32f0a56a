/* The inside of a learning-rate schedule: one const struct each, one row in schedules.def. */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H

#include <jansson.h>
#include <stdatomic.h>

#include "base/options.h"
#include "context/context.h"
#include "visml/nn.h"

#define VISML_MAX_NESTING 8 /* schedules that go on with another one */

typedef struct visml_schedule_class {
    const char *name; /* "cosine_decay": in files */
    size_t opts_size;
    const visml_field *fields;
    /* Rules across fields, or NULL. A pointer to the schedule that goes on after this one has become schedule->then by then. */
    visml_status (*check)(const visml_schedule *s, visml_error *err);
    /* Where the options hold a pointer to another schedule, called "then"; 0: they hold none. */
    size_t then;
    /* The learning rate of a step, counted from 0. */
    double (*rate)(const visml_schedule *s, double step);
} visml_schedule_class;

struct visml_schedule {
    const visml_schedule_class *cls;
    visml_context *context;
    void *opts;           /* what they hold of other schedules is in `then` alone */
    visml_schedule *then; /* one reference, or NULL */
    int32_t depth;        /* 1, and one more for each that comes after it */
    _Atomic int64_t references; /* the caller's, and one for each optimizer and schedule that holds it */
};

#define SCHEDULE(name) extern const visml_schedule_class visml_##name##_class;
#include "nn/schedules.def"
#undef SCHEDULE

extern const visml_schedule_class *const visml_schedule_classes[];
const visml_schedule_class *visml_schedule_class_find(const char *name);
visml_schedule *visml_schedule_make(visml_context *ctx, const visml_schedule_class *cls, const void *opts, visml_error *err);
visml_schedule *visml_schedule_retain(const visml_schedule *schedule);
/* As a JSON value and back. NULL when memory ran out. */
json_t *visml_schedule_describe(const visml_schedule *schedule);
visml_schedule *visml_schedule_from_description(visml_context *ctx, const json_t *object, visml_error *err);

#endif
