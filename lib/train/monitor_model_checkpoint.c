/* Model files of the last or the best epochs, as Keras' ModelCheckpoint; more than `keep` are not left lying about. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "train/monitor.h"

#define MOST_KEPT 100

static const visml_field fields[] = {
    VISML_FIELD(visml_model_checkpoint_opts, keep, I32, 0, 1, 1, MOST_KEPT, 5),
    VISML_FIELD(visml_model_checkpoint_opts, folder, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_model_checkpoint_opts, monitor, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD_OF_ENUM(visml_model_checkpoint_opts, mode, VISML_MODE_AUTO, visml_watch_modes),
    VISML_FIELD(visml_model_checkpoint_opts, save_best_only, FLAG, 0, 1, 0, 1, 0),
    {0},
};

typedef struct kept {
    int64_t epoch;
    double value;
} kept;

typedef struct model_checkpoint {
    size_t n;
    kept files[MOST_KEPT]; /* the oldest, or the worst, first */
} model_checkpoint;

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

/* "folder/epoch-0003.visml", counted from 1 as Keras counts in names of files; memory to be freed, or NULL. */
static char *path_of(const visml_monitor *m, int64_t epoch, visml_error *err) {
    const visml_model_checkpoint_opts *o = m->opts;
    size_t room = strlen(o->folder) + 40;
    char *path = visml_mem_alloc(&m->context->memory, room, err);
    if (path)
        snprintf(path, room, "%s/epoch-%04lld.visml", o->folder, (long long)epoch + 1);
    return path;
}

static visml_status remove_file(const visml_monitor *m, int64_t epoch, visml_error *err) {
    char *path = path_of(m, epoch, err), text[128];
    if (!path)
        return VISML_ENOMEM;
    visml_status status = VISML_OK;
    if (unlink(path) < 0 && errno != ENOENT)
        status = visml_fail(err, VISML_EIO, "model_checkpoint: %s: %s", path, visml_errno_text(errno, text, sizeof text));
    visml_mem_free(&m->context->memory, path);
    return status;
}

static visml_status write_file(const visml_monitor *m, const visml_training *r, int64_t epoch, visml_error *err) {
    char *path = path_of(m, epoch, err);
    if (!path)
        return VISML_ENOMEM;
    visml_status status = visml_model_save(r->model, path, err);
    visml_mem_free(&m->context->memory, path);
    return status;
}

/* Where the new file belongs: at the end, or behind those that are not better. */
static size_t place_of(const visml_model_checkpoint_opts *o, const model_checkpoint *s, double value) {
    size_t i = s->n;
    while (o->save_best_only && i > 0 && visml_watch_better(o->monitor, o->mode, s->files[i - 1].value, value, 0))
        i--;
    return i;
}

/* The new file is there before an old one goes. */
static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    const visml_model_checkpoint_opts *o = m->opts;
    model_checkpoint *s = m->state;
    kept now = {p->epoch, visml_watch_value(o->monitor, p)};
    int full = s->n == (size_t)o->keep;
    size_t at = place_of(o, s, now.value);
    if (o->save_best_only && (isnan(now.value) || (full && at == 0)))
        return VISML_OK;
    VISML_TRY(write_file(m, r, now.epoch, err));
    if (full) {
        int64_t gone = s->files[0].epoch;
        memmove(s->files, s->files + 1, --s->n * sizeof *s->files);
        at--;
        VISML_TRY(remove_file(m, gone, err));
    }
    memmove(s->files + at + 1, s->files + at, (s->n++ - at) * sizeof *s->files);
    s->files[at] = now;
    return VISML_OK;
}

static json_t *save(const visml_monitor *m) {
    const model_checkpoint *s = m->state;
    json_t *array = json_array();
    for (size_t i = 0; array && i < s->n; i++) {
        json_t *value = isfinite(s->files[i].value) ? json_real(s->files[i].value) : json_null();
        if (json_array_append_new(array, json_pack("[I, o]", (json_int_t)s->files[i].epoch, value)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static visml_status load(visml_monitor *m, const char *what, const json_t *saved, visml_error *err) {
    model_checkpoint *s = m->state;
    size_t n = json_array_size(saved);
    if (!json_is_array(saved) || n > (size_t)((const visml_model_checkpoint_opts *)m->opts)->keep)
        return visml_fail(err, VISML_EFORMAT, "%s: model_checkpoint: holds %zu files, may hold %d", what, n,
                          ((const visml_model_checkpoint_opts *)m->opts)->keep);
    for (size_t i = 0; i < n; i++) {
        const json_t *epoch = json_array_get(json_array_get(saved, i), 0), *value = json_array_get(json_array_get(saved, i), 1);
        if (!json_is_integer(epoch) || (!json_is_number(value) && !json_is_null(value)))
            return visml_fail(err, VISML_EFORMAT, "%s: model_checkpoint: file %zu must be an epoch and a number", what, i);
        s->files[i] = (kept){json_integer_value(epoch), json_is_null(value) ? NAN : json_number_value(value)};
    }
    s->n = n;
    return VISML_OK;
}

const visml_monitor_class visml_model_checkpoint_class = {
    .name = "model_checkpoint", .opts_size = sizeof(visml_model_checkpoint_opts), .fields = fields,
    .state_bytes = sizeof(model_checkpoint), .check = check, .begin = begin, .epoch_end = epoch_end, .save = save, .load = load,
};

visml_monitor *visml_model_checkpoint(visml_context *ctx, const visml_model_checkpoint_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_model_checkpoint_class, opts, err);
}
