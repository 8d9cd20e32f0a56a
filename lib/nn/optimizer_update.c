/* A step with all that an optimizer can be asked for, in the order and with the counts of Keras' base class: accumulated gradients are
 * averaged, gradients clipped, weights decay, the class' step, the moving average. */
#include <math.h>
#include <string.h>

#include "kernel/reduce.h"
#include "kernel/elementwise.h"
#include "kernel/update.h"
#include "nn/optimizer.h"

double visml_optimizer_power(double x, int64_t n) {
    double y = 1;
    for (; n > 0; n /= 2, x *= x)
        if (n % 2)
            y *= x;
    return y;
}

/* ---- slots: the class', then the average, then the sum of gradients ---- */

static int accumulates(const visml_optimizer *o) {
    return o->common.gradient_accumulation_steps > 1;
}

size_t visml_optimizer_slots(const visml_optimizer *o, const char *names[VISML_MAX_SLOTS]) {
    size_t n = o->cls->slots(o, names);
    if (o->common.use_ema)
        names[n++] = "average";
    if (accumulates(o))
        names[n++] = "gradient_accumulator";
    return n;
}

static size_t own_slots(const visml_optimizer *o) {
    const char *names[VISML_MAX_SLOTS];
    return o->cls->slots(o, names);
}

static real *average_of(const visml_optimizer *o, real *const *slots) {
    return slots[own_slots(o)];
}

static real *sum_of(const visml_optimizer *o, real *const *slots) {
    return slots[own_slots(o) + (o->common.use_ema != 0)];
}

void visml_optimizer_start(const visml_optimizer *o, size_t n, real *const *slots) {
    const char *names[VISML_MAX_SLOTS];
    const size_t count = visml_optimizer_slots(o, names), own = own_slots(o);
    for (size_t slot = 0; slot < count; slot++) {
        const real first = slot < own && o->cls->start ? (real)o->cls->start(o) : 0;
        for (size_t i = 0; i < n; i++)
            slots[slot][i] = first;
    }
}

/* ---- clipping ---- */

/* Scales x down to this norm; shorter vectors stay. */
static void clip_norm(const visml_compute *c, size_t n, real *x, double limit) {
    double norm = sqrt((double)visml_reduce_squares(c, n, x));
    if (norm > limit)
        visml_scale(c, n, x, (real)(limit / norm), 0, x);
}

static void clip(const visml_optimizer *o, const visml_compute *c, const visml_update *u) {
    for (size_t i = 0; o->common.clipnorm > 0 && i < u->count; i++)
        clip_norm(c, u->variables[i].count, u->g + u->variables[i].offset, o->common.clipnorm);
    if (o->common.global_clipnorm > 0)
        clip_norm(c, u->n, u->g, o->common.global_clipnorm);
    if (o->common.clipvalue > 0)
        visml_clamp(c, u->n, u->g, (real)o->common.clipvalue);
}

/* ---- decay ---- */

/* 1 when the name holds one of the words between commas. */
static int is_named(const char *words, const char *name) {
    for (const char *end; *words; words = *end ? end + 1 : end) {
        end = strchr(words, ',');
        if (!end)
            end = words + strlen(words);
        const size_t n = (size_t)(end - words);
        for (const char *s = name; n && *s; s++)
            if (strncmp(s, words, n) == 0)
                return 1;
    }
    return 0;
}

static void decay(const visml_optimizer *o, const visml_compute *c, const visml_update *u) {
    const real share = (real)(o->common.weight_decay * u->learning_rate);
    if (!(share > 0))
        return;
    for (size_t i = 0; i < u->count; i++)
        if (!o->excluded || !is_named(o->excluded, u->variables[i].name))
            visml_approach(c, u->variables[i].count, NULL, u->w + u->variables[i].offset, share);
}

/* ---- the average ---- */

static void average(const visml_optimizer *o, const visml_compute *c, const visml_update *u, int64_t updates) {
    real *mean = average_of(o, u->slots);
    const int64_t every = o->common.ema_overwrite_frequency;
    if (updates == 0)
        memcpy(mean, u->w, u->n * sizeof *mean);
    else
        visml_approach(c, u->n, u->w, mean, (real)(1 - o->common.ema_momentum));
    if (every && (updates + 1) % every == 0)
        memcpy(u->w, mean, u->n * sizeof *mean);
}

void visml_optimizer_finish(const visml_optimizer *o, const visml_update *u) {
    if (o->common.use_ema && u->step > 0)
        memcpy(u->w, average_of(o, u->slots), u->n * sizeof *u->w);
}

/* ---- the whole ---- */

void visml_optimizer_step(const visml_optimizer *o, const visml_compute *c, const visml_update *u) {
    const int64_t every = accumulates(o) ? o->common.gradient_accumulation_steps : 1, updates = u->step / every;
    if ((u->step + 1) % every == 0) {
        if (every > 1)
            visml_take_mean(c, u->n, u->g, sum_of(o, u->slots), (real)(1.0 / (double)every));
        clip(o, c, u);
        decay(o, c, u);
        o->cls->step(o, c, u->n, u->w, u->g, u->slots, updates + 1, u->learning_rate);
    } else {
        visml_sum(c, u->n, sum_of(o, u->slots), u->g, sum_of(o, u->slots));
    }
    if (o->common.use_ema)
        average(o, c, u, updates);
}
