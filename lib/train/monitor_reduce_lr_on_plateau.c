/* A smaller learning rate when a number has not become better for some time, as Keras' ReduceLROnPlateau. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/json.h"
#include "train/monitor.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_reduce_lr_on_plateau_opts, patience, I32, 0, 1, 0, 2147483647, 10),
    VISML_FIELD(visml_reduce_lr_on_plateau_opts, monitor, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD_OF_ENUM(visml_reduce_lr_on_plateau_opts, mode, VISML_MODE_AUTO, visml_watch_modes),
    VISML_FIELD(visml_reduce_lr_on_plateau_opts, cooldown, I32, 0, 1, 0, 2147483647, 0),
    VISML_FIELD(visml_reduce_lr_on_plateau_opts, factor, F64, VISML_FIELD_OPEN_MIN | VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.1),
    VISML_FIELD(visml_reduce_lr_on_plateau_opts, min_delta, F64, 0, 1, 0, DBL_MAX, 1e-4),
    VISML_FIELD(visml_reduce_lr_on_plateau_opts, min_lr, F64, 0, 1, 0, DBL_MAX, 0),
    {0},
};

typedef struct plateau {
    int64_t wait, cooling;
    double best;
} plateau;

static visml_status check(const visml_monitor *m, visml_error *err) {
    return visml_watch_check(m->cls->name, ((const visml_reduce_lr_on_plateau_opts *)m->opts)->monitor, err);
}

static visml_status begin(visml_monitor *m, visml_training *r, visml_error *err) {
    ((plateau *)m->state)->best = NAN;
    return visml_watch_available(m, ((const visml_reduce_lr_on_plateau_opts *)m->opts)->monitor, r, err);
}

static void reduce(const visml_reduce_lr_on_plateau_opts *o, plateau *s, visml_training *r) {
    double rate = visml_training_rate(r), smaller = rate * o->factor;
    if (rate <= o->min_lr)
        return;
    r->rate = smaller > o->min_lr ? smaller : o->min_lr;
    s->cooling = o->cooldown;
    s->wait = 0;
}

static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    const visml_reduce_lr_on_plateau_opts *o = m->opts;
    plateau *s = m->state;
    double value = visml_watch_value(o->monitor, p);
    (void)err;
    if (s->cooling > 0) {
        s->cooling--;
        s->wait = 0;
    }
    if (visml_watch_better(o->monitor, o->mode, value, s->best, o->min_delta)) {
        s->best = value;
        s->wait = 0;
    } else if (s->cooling == 0 && ++s->wait >= o->patience) {
        reduce(o, s, r);
    }
    return VISML_OK;
}

static json_t *save(const visml_monitor *m) {
    const plateau *s = m->state;
    json_t *object = json_pack("{s:I, s:I}", "wait", (json_int_t)s->wait, "cooling", (json_int_t)s->cooling);
    if (object && json_object_set_new(object, "best", isfinite(s->best) ? json_real(s->best) : json_null()) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static visml_status load(visml_monitor *m, const char *what, const json_t *saved, visml_error *err) {
    plateau *s = m->state;
    const json_t *best = json_object_get(saved, "best");
    VISML_TRY(visml_json_int(what, saved, "wait", 0, 2147483647, &s->wait, err));
    VISML_TRY(visml_json_int(what, saved, "cooling", 0, 2147483647, &s->cooling, err));
    s->best = json_is_number(best) ? json_number_value(best) : NAN;
    return VISML_OK;
}

const visml_monitor_class visml_reduce_lr_on_plateau_class = {
    .name = "reduce_lr_on_plateau", .opts_size = sizeof(visml_reduce_lr_on_plateau_opts), .fields = fields,
    .state_bytes = sizeof(plateau), .check = check, .begin = begin, .epoch_end = epoch_end, .save = save, .load = load,
};

visml_monitor *visml_reduce_lr_on_plateau(visml_context *ctx, const visml_reduce_lr_on_plateau_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_reduce_lr_on_plateau_class, opts, err);
}
