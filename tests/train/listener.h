/* A callback that writes down what it hears and stops where it is told to. */
#ifndef TRAIN_LISTENER_H
#define TRAIN_LISTENER_H

#include "train/toy.h"

typedef struct record {
    char events[200]; /* "B" epoch begin, "b" batch end, "v" batch of validation, "E" epoch end */
    size_t count, stop_at; /* stop at this event; 0: never */
    visml_progress last;
    int64_t allocations, grown;
    test_allocator *allocator;
} record;

static inline int32_t note(record *r, char event, const visml_progress *p) {
    if (r->count < sizeof r->events - 1)
        r->events[r->count] = event;
    r->last = *p;
    return ++r->count == r->stop_at;
}

static inline int32_t on_begin(void *user, visml_model *m, const visml_progress *p) {
    (void)m;
    assert_int_equal(p->size, sizeof *p);
    assert_true(isnan(p->loss) && isnan(p->accuracy) && isnan(p->val_loss));
    return note(user, 'B', p);
}

static inline int32_t on_batch(void *user, visml_model *m, const visml_progress *p) {
    (void)m;
    assert_true(p->loss > 0 && p->accuracy >= 0 && p->accuracy <= 1 && p->seconds >= 0);
    return note(user, p->validating ? 'v' : 'b', p);
}

static inline int32_t on_end(void *user, visml_model *m, const visml_progress *p) {
    assert_non_null(m);
    assert_int_equal(p->step, p->steps);
    return note(user, 'E', p);
}

static inline visml_callback listen(record *r) {
    return (visml_callback){.size = sizeof(visml_callback), .user = r, .epoch_begin = on_begin, .batch_end = on_batch, .epoch_end = on_end};
}

#endif
