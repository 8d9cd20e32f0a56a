/* Stops when a number has not become better for some time (Prechelt 1998), as Keras' EarlyStopping. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "train/monitor.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_early_stopping_opts, patience, I32, 0, 1, 0, 2147483647, 0),
    VISML_FIELD(visml_early_stopping_opts, monitor, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD_OF_ENUM(visml_early_stopping_opts, mode, VISML_MODE_AUTO, visml_watch_modes),
    VISML_FIELD(visml_early_stopping_opts, restore_best_weights, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_early_stopping_opts, min_delta, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_early_stopping_opts, baseline, F64, 0, 1, -DBL_MAX, DBL_MAX, 0),
    VISML_FIELD(visml_early_stopping_opts, start_from_epoch, I32, 0, 1, 0, 2147483647, 0),
    VISML_FIELD_OF_RESERVED(visml_early_stopping_opts),
    {0},
};

typedef struct early_stopping {
    int64_t wait, seen; /* measurements without a better one; all of them */
    double best;
    int32_t held;       /* 1: `values` holds something */
    real *values;       /* [value_count] of the best, or NULL: not wanted */
    size_t count;
} early_stopping;

static visml_status check(const visml_monitor *m, visml_error *err) {
    return visml_watch_check(m->cls->name, ((const visml_early_stopping_opts *)m->opts)->monitor, err);
}

static visml_status begin(visml_monitor *m, visml_training *r, visml_error *err) {
    const visml_early_stopping_opts *o = m->opts;
    early_stopping *s = m->state;
    s->best = NAN;
    s->count = r->model->value_count;
    VISML_TRY(visml_watch_available(m, o->monitor, r, err));
    if (o->restore_best_weights)
        s->values = visml_mem_zalloc(&m->context->memory, s->count, sizeof(real), err);
    return o->restore_best_weights && !s->values ? VISML_ENOMEM : VISML_OK;
}

static void clear(visml_monitor *m, visml_training *r) {
    early_stopping *s = m->state;
    (void)r;
    visml_mem_free(&m->context->memory, s->values);
    s->values = NULL;
}

static void hold(early_stopping *s, const visml_training *r) {
    if (s->values)
        memcpy(s->values, r->model->values, s->count * sizeof(real));
    s->held = 1;
}

static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    const visml_early_stopping_opts *o = m->opts;
    early_stopping *s = m->state;
    double value = visml_watch_value(o->monitor, p);
    (void)err;
    if (s->seen++ < o->start_from_epoch)
        return VISML_OK;
    if (!s->held)
        hold(s, r);
    s->wait++;
    if (visml_watch_better(o->monitor, o->mode, value, s->best, o->min_delta)) {
        s->best = value;
        hold(s, r);
        /* 0 means no baseline; one of 0 itself would be no news for a loss or an accuracy */
        if (o->baseline == 0 || visml_watch_better(o->monitor, o->mode, value, o->baseline, o->min_delta))
            s->wait = 0;
    } else if (s->wait >= o->patience && s->seen > 1) {
        r->stopped_by = m->cls->name;
    }
    return VISML_OK;
}

static visml_status train_end(visml_monitor *m, visml_training *r, visml_error *err) {
    early_stopping *s = m->state;
    (void)err;
    if (s->values && s->held) {
        memcpy(r->model->values, s->values, s->count * sizeof(real));
        visml_model_changed(r->model);
    }
    return VISML_OK;
}

static json_t *save(const visml_monitor *m) {
    const early_stopping *s = m->state;
    json_t *object = json_pack("{s:I, s:I, s:b}", "wait", (json_int_t)s->wait, "seen", (json_int_t)s->seen, "held", s->held);
    if (object && json_object_set_new(object, "best", isfinite(s->best) ? json_real(s->best) : json_null()) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static visml_status load(visml_monitor *m, const char *what, const json_t *saved, visml_error *err) {
    early_stopping *s = m->state;
    const json_t *best = json_object_get(saved, "best");
    VISML_TRY(visml_json_int(what, saved, "wait", 0, 2147483647, &s->wait, err));
    VISML_TRY(visml_json_int(what, saved, "seen", 0, 2147483647, &s->seen, err));
    s->held = json_is_true(json_object_get(saved, "held"));
    s->best = json_is_number(best) ? json_number_value(best) : NAN;
    return VISML_OK;
}

static real *values(visml_monitor *m) {
    return ((early_stopping *)m->state)->values;
}

const visml_monitor_class visml_early_stopping_class = {
    .name = "early_stopping", .opts_size = sizeof(visml_early_stopping_opts), .fields = fields, .state_bytes = sizeof(early_stopping),
    .check = check, .begin = begin, .epoch_end = epoch_end, .train_end = train_end, .clear = clear, .save = save, .load = load,
    .values = values,
};

visml_monitor *visml_early_stopping(visml_context *ctx, const visml_early_stopping_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_early_stopping_class, opts, err);
}
