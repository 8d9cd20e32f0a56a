/* The inside of an optimizer: one const struct each, one row in optimizers.def. */
#ifndef NN_OPTIMIZER_H
#define NN_OPTIMIZER_H

#include "base/options.h"
#include "context/context.h"
#include "kernel/compute.h"
#include "visml/nn.h"

#define VISML_MAX_SLOTS 4

typedef struct visml_optimizer_class {
    const char *name; /* "adam" */
    size_t opts_size;
    const visml_field *fields;
    const char *const *slot_names; /* arrays as large as the parameters, NULL-ended: "momentum", "velocity" */
    /* Slots in use with these options (<= the number of names). */
    size_t (*slots)(const visml_optimizer *o);
    double (*learning_rate)(const visml_optimizer *o);
    /* One step over n parameters. t counts from 1. lr: the learning rate of this step. */
    void (*step)(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *slots, int64_t t,
                 double lr);
} visml_optimizer_class;

struct visml_optimizer {
    const visml_optimizer_class *cls;
    visml_context *context;
    void *opts;
};

#define OPTIMIZER(name) extern const visml_optimizer_class visml_##name##_class;
#include "nn/optimizers.def"
#undef OPTIMIZER

extern const visml_optimizer_class *const visml_optimizer_classes[];
const visml_optimizer_class *visml_optimizer_class_find(const char *name);
visml_optimizer *visml_optimizer_make(visml_context *ctx, const visml_optimizer_class *cls, const void *opts, visml_error *err);
json_t *visml_optimizer_to_json(const visml_optimizer *optimizer);
visml_optimizer *visml_optimizer_from_json(visml_context *ctx, const json_t *object, visml_error *err);

#endif
