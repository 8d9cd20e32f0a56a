#include "classify/row_walk.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/checks.h"

static visml_status find_places(visml_row_walk *w, const visml_tensor *y, visml_samples *s, visml_error *err) {
    VISML_TRY(visml_check_labels(w->what, y, s->n, err));
    if (!w->classes)
        return VISML_OK;
    VISML_TRY(visml_mem_grow(&w->context->memory, (void **)&w->places, &w->places_capacity, (size_t)s->n, sizeof *w->places, err));
    VISML_TRY(visml_labels_places(w->what, w->classes, (const int32_t *)(const void *)y->data, s->n, w->places, err));
    s->places = w->places, s->class_count = w->classes->count;
    return VISML_OK;
}

static visml_status take_block(visml_row_walk *w, const visml_compute *k, const visml_tensor *x, const visml_tensor *y,
                               const visml_tensor *weights, visml_samples *s, visml_error *err) {
    VISML_TRY(visml_samples_of(w->what, x, s, err));
    if (w->d && s->d != w->d)
        return visml_fail(err, VISML_EINVAL, "%s: a block of rows has %lld columns, those before it %lld", w->what, (long long)s->d,
                          (long long)w->d);
    w->d = s->d;
    VISML_TRY(visml_samples_check(k, w->what, s, w->missing, err));
    if (weights) {
        VISML_TRY(visml_check_weights(w->what, weights, s->n, err));
        s->weights = (const float *)(const void *)weights->data;
    }
    if (w->regression) {
        VISML_TRY(visml_check_targets(k, w->what, y, s->n, err));
        s->targets = (const float *)(const void *)y->data;
        return VISML_OK;
    }
    return w->labels ? find_places(w, y, s, err) : VISML_OK;
}

static visml_status next_tensors(visml_row_walk *w, const visml_tensor **x, const visml_tensor **y, const visml_tensor **weights,
                                 visml_error *err) {
    *x = *y = *weights = NULL;
    if (w->source->next(w->source->user, x, y, weights) != 0)
        return visml_fail(err, VISML_ECANCELLED, "%s: stopped by its source of rows", w->what);
    return VISML_OK;
}

visml_status visml_row_walk_next(visml_row_walk *w, const visml_compute *k, visml_samples *s, visml_error *err) {
    const visml_tensor *x, *y, *weights;
    VISML_TRY(next_tensors(w, &x, &y, &weights, err));
    *s = (visml_samples){0};
    return x ? take_block(w, k, x, y, weights, s, err) : VISML_OK;
}

/* ---- survey ---- */

/* The classes of both: *classes is replaced. */
static visml_status join(visml_row_walk *w, visml_tensor **classes, const visml_tensor *y, visml_error *err) {
    int64_t known = *classes ? (*classes)->count : 0;
    int32_t *all = visml_mem_alloc(&w->context->memory, (size_t)(known + y->count) * sizeof *all, err);
    if (!all)
        return VISML_ENOMEM;
    if (known)
        memcpy(all, (*classes)->data, (size_t)known * sizeof *all);
    memcpy(all + known, y->data, (size_t)y->count * sizeof *all);
    visml_tensor *joined = visml_labels_unique(w->context, all, known + y->count, err);
    visml_mem_free(&w->context->memory, all);
    if (!joined)
        return VISML_ENOMEM;
    visml_tensor_release(*classes);
    *classes = joined;
    return VISML_OK;
}

visml_status visml_row_walk_survey(visml_row_walk *w, const visml_compute *k, visml_tensor **classes, visml_error *err) {
    const visml_tensor *x, *y, *weights;
    visml_samples s;
    for (*classes = NULL;;) {
        visml_status status = next_tensors(w, &x, &y, &weights, err);
        if (status == VISML_OK && !x)
            break;
        if (status == VISML_OK)
            status = take_block(w, k, x, y, weights, &s, err);
        if (status == VISML_OK && w->labels)
            status = join(w, classes, y, err);
        if (status < 0) {
            visml_tensor_release(*classes);
            *classes = NULL;
            return status;
        }
    }
    return w->d ? VISML_OK : visml_fail(err, VISML_EINVAL, "%s: its source has no rows", w->what);
}

void visml_row_walk_clear(visml_row_walk *w) {
    visml_mem_free(&w->context->memory, w->places);
    w->places = NULL;
    w->places_capacity = 0;
}
