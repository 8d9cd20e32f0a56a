/* Numbers for programs that look inside of what grows trees. */
#ifndef CLASSIFY_TREE_INSIDES_H
#define CLASSIFY_TREE_INSIDES_H

#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "classify/classifier.h"
#include "support/support.h"

static const visml_parallel alone = {.run = visml_run_alone, .workers = 1};
static const visml_compute compute = {.parallel = &alone};
static const visml_fit_run quiet = {.partial = 0}; /* asks nobody whether to go on */
static visml_memory memory;
static visml_error err;

static inline int set_up_memory(void **state) {
    (void)state;
    assert_ok(visml_memory_init(&memory, NULL, 0, &err), &err);
    return 0;
}

/* All that was taken was given back. */
static inline int check_memory(void **state) {
    (void)state;
    assert_int_equal(memory.used, 0);
    return 0;
}

/* Rows side by side. */
static inline visml_samples samples_of(const float *x, int64_t n, int64_t d) {
    return (visml_samples){.n = n, .d = d, .x = x, .row_stride = d, .column_stride = 1};
}

/* Counts calls, and stops at one of them. */
typedef struct tick_count {
    int calls, stop_at;
} tick_count;

static inline int32_t count_tick(void *user, const visml_classifier_progress *p) {
    tick_count *t = user;
    (void)p;
    return ++t->calls == t->stop_at;
}

#endif
