/* Model files of the last or the best epochs, as Keras' ModelCheckpoint; more than `keep` are not left lying about. */
#include "base/error.h"
#include "base/file.h"
#include "train/kept.h"
#include "train/monitor.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_model_checkpoint_opts, keep, I32, 0, 1, 1, VISML_MOST_KEPT, 5),
    VISML_FIELD(visml_model_checkpoint_opts, folder, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_model_checkpoint_opts, monitor, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD_OF_ENUM(visml_model_checkpoint_opts, mode, VISML_MODE_AUTO, visml_watch_modes),
    VISML_FIELD(visml_model_checkpoint_opts, save_best_only, FLAG, 0, 1, 0, 1, 0),
    {0},
};

static visml_status check(const visml_monitor *m, visml_error *err) {
    const visml_model_checkpoint_opts *o = m->opts;
    if (!o->folder || !*o->folder)
        return visml_fail(err, VISML_EINVAL, "model_checkpoint: folder is %s, must be the name of a folder", o->folder ? "empty" : "NULL");
    return visml_watch_check(m->cls->name, o->monitor, err);
}

static visml_status begin(visml_monitor *m, visml_training *r, visml_error *err) {
    const visml_model_checkpoint_opts *o = m->opts;
    if (o->save_best_only)
        VISML_TRY(visml_watch_available(m, o->monitor, r, err));
    return visml_folder_make(&m->context->memory, o->folder, err);
}

static visml_kept_rule rule_of(const visml_monitor *m) {
    const visml_model_checkpoint_opts *o = m->opts;
    return (visml_kept_rule){.what = m->cls->name, .folder = o->folder, .prefix = "epoch", .digits = 4, .keep = (size_t)o->keep,
                             .best = o->save_best_only, .monitor = o->monitor, .mode = o->mode};
}

/* Counted from 1, as Keras counts in names of files. */
static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    visml_kept_rule rule = rule_of(m);
    return visml_kept_offer(m->state, &rule, r->model, (int64_t)p->epoch + 1, visml_watch_value(rule.monitor, p), err);
}

static json_t *save(const visml_monitor *m) {
    return visml_kept_to_json(m->state);
}

static visml_status load(visml_monitor *m, const char *what, const json_t *saved, visml_error *err) {
    visml_kept_rule rule = rule_of(m);
    return visml_kept_from_json(m->state, &rule, what, saved, err);
}

const visml_monitor_class visml_model_checkpoint_class = {
    .name = "model_checkpoint", .opts_size = sizeof(visml_model_checkpoint_opts), .fields = fields,
    .state_bytes = sizeof(visml_kept), .check = check, .begin = begin, .epoch_end = epoch_end, .save = save, .load = load,
};

visml_monitor *visml_model_checkpoint(visml_context *ctx, const visml_model_checkpoint_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_model_checkpoint_class, opts, err);
}
