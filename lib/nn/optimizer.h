/* The inside of an optimizer: one const struct each, one row in optimizers.def. What all of them can be asked for (visml_optimizer_opts) is
 * done around the class' step, in optimizer_update.c. */
#ifndef NN_OPTIMIZER_H
#define NN_OPTIMIZER_H

#include <jansson.h>

#include "base/options.h"
#include "context/context.h"
#include "kernel/compute.h"
#include "nn/schedule.h"
#include "visml/nn.h"

#define VISML_OWN_SLOTS 3 /* of a class, at most */
#define VISML_MAX_SLOTS (VISML_OWN_SLOTS + 2)

typedef struct visml_optimizer_class {
    const char *name; /* "adam" */
    size_t opts_size, common; /* of the options struct; where it holds the pointer to the options that all have */
    const visml_field *fields; /* one of them is learning_rate */
    double weight_decay;       /* the default */
    /* The arrays, as large as the parameters, that are kept with these options from step to step: their names, "momentum" say, at most
     * VISML_OWN_SLOTS; returns how many. */
    size_t (*slots)(const visml_optimizer *o, const char **names);
    double (*start)(const visml_optimizer *o); /* what the slots are filled with at first; NULL: 0 */
    /* One step over n parameters. t: updates, counted from 1. lr: the learning rate of this step. */
    void (*step)(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *slots, int64_t t,
                 double lr);
} visml_optimizer_class;

struct visml_optimizer {
    const visml_optimizer_class *cls;
    visml_context *context;
    void *opts;                  /* its `common` is NULL */
    visml_optimizer_opts common; /* with defaults; its pointers are the two below */
    char *excluded;              /* words, or NULL */
    visml_schedule *schedule;    /* one reference, or NULL */
    double learning_rate;        /* without a schedule */
};

#define OPTIMIZER(name) extern const visml_optimizer_class visml_##name##_class;
#include "nn/optimizers.def"
#undef OPTIMIZER

extern const visml_optimizer_class *const visml_optimizer_classes[];
const visml_optimizer_class *visml_optimizer_class_find(const char *name);
visml_optimizer *visml_optimizer_make(visml_context *ctx, const visml_optimizer_class *cls, const void *opts, visml_error *err);

/* The options that all have, with the class' default of weight_decay. */
#define VISML_COMMON_FIELDS 8
extern const visml_field visml_optimizer_fields[VISML_COMMON_FIELDS + 1];
/* The fields of the class and those that all have, `shift` bytes further on, in one table (which the caller has room for). */
#define VISML_MAX_OPTIMIZER_FIELDS 32
void visml_optimizer_all_fields(const visml_optimizer_class *cls, size_t shift, visml_field fields[VISML_MAX_OPTIMIZER_FIELDS]);

/* ---- optimizer_update.c ---- */

/* One array of parameters within the flat ones. */
typedef struct visml_variable {
    const char *name; /* "conv2d_1/kernel"; borrowed */
    size_t offset, count;
} visml_variable;

/* The names of all slots, the class' and the others'; returns how many. */
size_t visml_optimizer_slots(const visml_optimizer *o, const char *names[VISML_MAX_SLOTS]);
/* Fills the slots with what they hold before the first step. */
void visml_optimizer_start(const visml_optimizer *o, size_t n, real *const *slots);
/* Of a step, counted from 0. */
double visml_optimizer_learning_rate(const visml_optimizer *o, int64_t step);

typedef struct visml_update {
    size_t n;                        /* elements of w, g and each slot; what lies between the variables is 0 */
    const visml_variable *variables; /* [count] */
    size_t count;
    real *w, *g; /* g is used up */
    real *const *slots;
    int64_t step; /* counted from 0 */
    double learning_rate;
} visml_update;

void visml_optimizer_step(const visml_optimizer *o, const visml_compute *c, const visml_update *u);
/* What is left to do behind the last step: with use_ema the weights become their average. */
void visml_optimizer_finish(const visml_optimizer *o, const visml_update *u);

/* x^n by squaring: the same bits with every C library. */
double visml_optimizer_power(double x, int64_t n);

/* ---- optimizer_description.c: as a JSON value and back. NULL when memory ran out ---- */

json_t *visml_optimizer_describe(const visml_optimizer *optimizer);
visml_optimizer *visml_optimizer_from_description(visml_context *ctx, const json_t *object, visml_error *err);

#endif
