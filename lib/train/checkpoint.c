/* A checkpoint: a bundle that holds the model, the optimizer's slots and, as description["training"], the settings that must be the same to
 * go on, the place in the run, the sums of the epoch and the history. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/json.h"
#include "train/estimate.h"
#include "train/monitor.h"
#include "train/train.h"

#define MOST 9007199254740992LL /* 2^53 */

/* ---- the settings ---- */

static json_t *crc_json(const void *bytes, size_t n) {
    char text[16];
    if (!bytes)
        return json_null();
    snprintf(text, sizeof text, "%08x", (unsigned)visml_crc32(0, bytes, n));
    return json_string(text);
}

/* What is to be learned: the labels or targets of all samples in their order. null when they are known only once they are read. */
static json_t *targets_json(const visml_feed *f) {
    const visml_tensor *targets = f->data->source->targets;
    size_t bytes = targets ? (size_t)(visml_tensor_count(targets) / targets->shape.dims[0]) * sizeof(float) : 0;
    uint32_t crc = 0;
    char text[16];
    if (!targets && !f->data->source->labels)
        return json_null();
    for (int64_t i = 0; i < f->data->count; i++) {
        const int32_t label = visml_dataset_label(f->data, i);
        const void *row = targets ? targets->data + (size_t)visml_dataset_source_index(f->data, i) * bytes : (const void *)&label;
        crc = visml_crc32(crc, row, targets ? bytes : sizeof label);
    }
    snprintf(text, sizeof text, "%08x", (unsigned)crc);
    return json_string(text);
}

/* 0 when memory ran out. Only of runs that augment, so that other checkpoints are as they always were. */
static int add_augmentation(json_t *settings, const visml_dataset *data) {
    return !data->augmentation || json_object_set_new(settings, "augmentation", visml_augmentation_json(data->augmentation)) == 0;
}

/* NULL when memory ran out. */
static json_t *settings_of(const visml_training *r) {
    const visml_feed *f = &r->feed;
    json_t *s = json_object();
    if (s && json_object_set_new(s, "batch_size", json_integer(r->opts.batch_size)) == 0 &&
        json_object_set_new(s, "no_shuffle", json_boolean(r->opts.no_shuffle)) == 0 &&
        json_object_set_new(s, "seed", json_integer((json_int_t)r->opts.seed)) == 0 &&
        json_object_set_new(s, "loss", visml_loss_describe(f->loss)) == 0 &&
        json_object_set_new(s, "optimizer", visml_optimizer_describe(r->optimizer)) == 0 &&
        json_object_set_new(s, "samples", json_integer(f->data->count)) == 0 &&
        json_object_set_new(s, "targets (CRC-32)", targets_json(f)) == 0 &&
        json_object_set_new(s, "class_weight (CRC-32)", crc_json(f->class_weight, (size_t)f->classes * sizeof(double))) == 0 &&
        json_object_set_new(s, "sample_weight (CRC-32)", crc_json(f->sample_weight, (size_t)f->data->count * sizeof(float))) == 0 &&
        add_augmentation(s, f->data))
        return s;
    json_decref(s);
    return NULL;
}

static visml_status setting_differs(const visml_training *r, const char *key, const json_t *was, const json_t *is, visml_error *err) {
    visml_memory *m = &r->context->memory;
    size_t n;
    char *a = was ? visml_json_text(m, was, &n, NULL) : NULL, *b = visml_json_text(m, is, &n, NULL);
    visml_fail(err, VISML_EFORMAT, "%s: of a run with other options: %s was %.300s, is %.300s; use the same, or another checkpoint_dir",
               r->checkpoint, key, a ? a : "missing", b ? b : "?");
    visml_mem_free(m, a);
    visml_mem_free(m, b);
    return VISML_EFORMAT;
}

static visml_status check_settings(const visml_training *r, const json_t *training, visml_error *err) {
    const json_t *was;
    const char *key;
    json_t *is;
    VISML_TRY(visml_json_object(r->checkpoint, training, "settings", &was, err));
    json_t *settings = settings_of(r);
    if (!settings)
        return visml_fail(err, VISML_ENOMEM, "%s: out of memory", r->checkpoint);
    visml_status status = VISML_OK;
    json_object_foreach(settings, key, is)
        if (status == VISML_OK && !json_equal(json_object_get(was, key), is))
            status = setting_differs(r, key, json_object_get(was, key), is, err);
    if (status == VISML_OK && json_object_get(was, "augmentation") && !json_object_get(settings, "augmentation"))
        status = visml_fail(err, VISML_EFORMAT, "%s: of a run with augmentation: use the same, or another checkpoint_dir", r->checkpoint);
    json_decref(settings);
    return status;
}

/* ---- the place ---- */

static json_t *place_of(const visml_training *r) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o, s:s?}", "epoch", (json_int_t)r->epoch, "step", (json_int_t)r->step,
                     "updates", (json_int_t)r->updates, "rows", (json_int_t)r->sums.rows, "correct", (json_int_t)r->sums.correct,
                     "loss_sum", r->sums.loss, "seconds", r->seconds, "learning_rate", isnan(r->rate) ? json_null() : json_real(r->rate),
                     "stopped_by", r->stopped_by);
}

/* The name of a monitor as the static text that it has here. */
static const char *monitor_name(const char *name) {
    for (const visml_monitor_class *const *c = visml_monitor_classes; name && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return (*c)->name;
    return NULL;
}

static visml_status read_place(visml_training *r, const json_t *training, visml_error *err) {
    const json_t *p;
    const char *what = r->checkpoint;
    VISML_TRY(visml_json_object(what, training, "place", &p, err));
    VISML_TRY(visml_json_int(what, p, "epoch", 0, 2147483647, &r->epoch, err));
    VISML_TRY(visml_json_int(what, p, "step", 0, r->steps, &r->step, err));
    VISML_TRY(visml_json_int(what, p, "updates", 0, MOST, &r->updates, err));
    VISML_TRY(visml_json_int(what, p, "rows", 0, r->estimate ? MOST : r->feed.data->count, &r->sums.rows, err));
    VISML_TRY(visml_json_int(what, p, "correct", 0, r->sums.rows, &r->sums.correct, err));
    VISML_TRY(visml_json_real(what, p, "loss_sum", &r->sums.loss, err));
    const json_t *rate = json_object_get(p, "learning_rate");
    r->rate = json_is_number(rate) ? json_number_value(rate) : NAN;
    r->stopped_by = monitor_name(json_string_value(json_object_get(p, "stopped_by")));
    return visml_json_real(what, p, "seconds", &r->seconds, err);
}

/* ---- the tensors ---- */

/* "optimizer.velocity.conv2d_1.kernel": names with a '/' are the model's own parameters. */
typedef struct slot_name {
    char s[256];
} slot_name;
static slot_name name_slot(const visml_training *r, size_t slot, const visml_param *p) {
    slot_name n;
    snprintf(n.s, sizeof n.s, "optimizer.%s.%s", r->slot_names[slot], p->name);
    for (char *c = n.s; *c; c++)
        if (*c == '/')
            *c = '.';
    return n;
}

/* What a monitor holds for later: "monitor.0.values". */
static slot_name name_values(size_t monitor) {
    slot_name n;
    snprintf(n.s, sizeof n.s, "monitor.%zu.values", monitor);
    return n;
}

/* What a stateful layer holds: "state.lstm_1". */
static slot_name name_state(const visml_training *r, size_t node) {
    slot_name n;
    snprintf(n.s, sizeof n.s, "state.%s", visml_model_layer_name(r->model, node - 1));
    return n;
}

static visml_shape state_shape(const visml_training *r, int64_t width) {
    return visml_shape_make(2, (int64_t[]){r->batch, width});
}

static real *monitor_values(const visml_training *r, size_t i) {
    visml_monitor *m = r->opts.monitors[i];
    return m->cls->values ? m->cls->values(m) : NULL;
}

/* All tensors of a checkpoint, the model's first. names[] holds the names of the others. */
static visml_status fill_tensors(const visml_training *r, json_t *description, visml_bundle_tensor *tensors, slot_name *names, size_t *n,
                                 visml_error *err) {
    const visml_model *m = r->model;
    *n = 0;
    VISML_TRY(visml_model_to_bundle(m, description, tensors, n, err));
    for (size_t slot = 0; slot < r->slot_count; slot++)
        for (size_t i = 0; i < m->param_count; i++) {
            const visml_param *p = &m->params[i];
            if (!p->spec->trainable)
                continue;
            *names = name_slot(r, slot, p);
            tensors[(*n)++] = (visml_bundle_tensor){names->s, VISML_REAL_DTYPE, p->spec->shape, r->slots[slot] + p->offset};
            names++;
        }
    for (size_t i = 1; i < m->node_count; i++) {
        int64_t width;
        real *values = visml_states_of(visml_trainer_states(r->trainer), i, 0, &width);
        if (!values)
            continue;
        *names = name_state(r, i);
        tensors[(*n)++] = (visml_bundle_tensor){names++->s, VISML_REAL_DTYPE, state_shape(r, width), values};
    }
    for (size_t i = 0; i < r->opts.monitor_count; i++) {
        real *values = monitor_values(r, i);
        if (!values)
            continue;
        *names = name_values(i);
        tensors[(*n)++] = (visml_bundle_tensor){names++->s, VISML_REAL_DTYPE, visml_shape_make(1, &(int64_t){(int64_t)m->value_count}),
                                                values};
    }
    return VISML_OK;
}

/* Step 0 checks, step 1 copies. */
static visml_status take_states(visml_training *r, const visml_bundle *b, int copy, visml_error *err) {
    const visml_states *states = visml_trainer_states(r->trainer);
    for (size_t i = 1; i < r->model->node_count; i++) {
        int64_t width;
        real *values = visml_states_of(states, i, 0, &width);
        if (!values)
            continue;
        visml_shape shape = state_shape(r, width);
        slot_name name = name_state(r, i);
        const visml_bundle_tensor *t = visml_bundle_find(b, name.s);
        if (!t || t->dtype != VISML_REAL_DTYPE || !visml_shape_equal(&t->shape, &shape))
            return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is %s, must be a float32 tensor of %s", r->checkpoint, name.s,
                              t ? visml_shape_format(&t->shape).s : "missing", visml_shape_format(&shape).s);
        if (copy)
            memcpy(values, t->data, (size_t)(r->batch * width) * sizeof(real));
    }
    return VISML_OK;
}

/* Step 0 checks, step 1 copies. */
static visml_status take_monitor_values(visml_training *r, const visml_bundle *b, int copy, visml_error *err) {
    int64_t count = (int64_t)r->model->value_count;
    for (size_t i = 0; i < r->opts.monitor_count; i++) {
        real *values = monitor_values(r, i);
        slot_name name = name_values(i);
        const visml_bundle_tensor *t = values ? visml_bundle_find(b, name.s) : NULL;
        if (values && (!t || t->dtype != VISML_REAL_DTYPE || !visml_shape_equal(&t->shape, VISML_SHAPE(count))))
            return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is %s, must be a float32 tensor of [%lld]", r->checkpoint, name.s,
                              t ? visml_shape_format(&t->shape).s : "missing", (long long)count);
        if (values && copy)
            memcpy(values, t->data, (size_t)count * sizeof(real));
    }
    return VISML_OK;
}

/* Step 0 checks, step 1 copies: nothing is changed when something is missing. */
static visml_status take_slots(visml_training *r, const visml_bundle *b, int copy, visml_error *err) {
    for (size_t slot = 0; slot < r->slot_count; slot++)
        for (size_t i = 0; i < r->model->param_count; i++) {
            const visml_param *p = &r->model->params[i];
            if (!p->spec->trainable)
                continue;
            slot_name name = name_slot(r, slot, p);
            const visml_bundle_tensor *t = visml_bundle_find(b, name.s);
            if (!t || t->dtype != VISML_REAL_DTYPE || !visml_shape_equal(&t->shape, &p->spec->shape))
                return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is %s, must be a float32 tensor of %s", r->checkpoint, name.s,
                                  t ? visml_shape_format(&t->shape).s : "missing", visml_shape_format(&p->spec->shape).s);
            if (copy)
                memcpy(r->slots[slot] + p->offset, t->data, p->count * sizeof(real));
        }
    return VISML_OK;
}

/* ---- writing ---- */

static visml_status describe(const visml_training *r, json_t *description, visml_error *err) {
    json_t *training = json_object();
    if (json_object_set_new(description, "training", training) == 0 && json_object_set_new(training, "settings", settings_of(r)) == 0 &&
        json_object_set_new(training, "place", place_of(r)) == 0 &&
        json_object_set_new(training, "history", visml_history_to_json(r->history)) == 0 &&
        json_object_set_new(training, "monitors", visml_monitors_save(r)) == 0 &&
        (!r->estimate || json_object_set_new(training, "estimate", visml_estimate_to_json(r)) == 0))
        return VISML_OK;
    return visml_fail(err, VISML_ENOMEM, "%s: out of memory", r->checkpoint);
}

static visml_status write_bundle(const visml_training *r, json_t *description, visml_bundle_tensor *tensors, slot_name *names,
                                 visml_error *err) {
    size_t n;
    VISML_TRY(fill_tensors(r, description, tensors, names, &n, err));
    VISML_TRY(describe(r, description, err));
    return visml_bundle_write(r->context, r->checkpoint, "checkpoint", description, tensors, n, err);
}

visml_status visml_checkpoint_write(const visml_training *r, visml_error *err) {
    visml_memory *m = &r->context->memory;
    if (!r->checkpoint)
        return VISML_OK;
    VISML_TRY(visml_training_check_weights(r, err));
    size_t params = r->model->param_count, others = params * VISML_MAX_SLOTS + r->opts.monitor_count + r->model->node_count;
    visml_bundle_tensor *tensors = visml_mem_zalloc(m, params + others, sizeof *tensors, err);
    slot_name *names = visml_mem_zalloc(m, others, sizeof *names, err);
    json_t *description = json_object();
    visml_status status = VISML_ENOMEM;
    if (!description)
        visml_fail(err, VISML_ENOMEM, "%s: out of memory", r->checkpoint);
    if (tensors && names && description)
        status = write_bundle(r, description, tensors, names, err);
    json_decref(description);
    visml_mem_free(m, names);
    visml_mem_free(m, tensors);
    return status;
}

/* ---- reading ---- */

static visml_status other_model(const visml_training *r, const json_t *was, const json_t *is, visml_error *err) {
    const json_t *a = json_object_get(was, "layers"), *b = json_object_get(is, "layers");
    size_t n = json_array_size(a), m = json_array_size(b), i = 0;
    while (i < n && i < m && json_equal(json_array_get(a, i), json_array_get(b, i)))
        i++;
    if (i == n && i == m)
        return visml_fail(err, VISML_EFORMAT, "%s: of a model with another input shape than %s; use another checkpoint_dir", r->checkpoint,
                          visml_shape_format_open(&r->model->nodes[0].shape).s);
    return visml_fail(err, VISML_EFORMAT, "%s: of another model: layer %zu differs (%zu layers there, %zu here); use another "
                      "checkpoint_dir", r->checkpoint, i + 1, n, m);
}

static visml_status check_model(const visml_training *r, const visml_bundle *b, visml_error *err) {
    const json_t *model, *was;
    VISML_TRY(visml_json_object(r->checkpoint, b->description, "model", &model, err));
    VISML_TRY(visml_json_object(r->checkpoint, model, "architecture", &was, err));
    json_t *is = visml_model_describe(r->model);
    if (!is)
        return visml_fail(err, VISML_ENOMEM, "%s: out of memory", r->checkpoint);
    visml_status status = json_equal(was, is) ? VISML_OK : other_model(r, was, is, err);
    json_decref(is);
    return status;
}

/* place: a copy of the run that takes what is read; the caller keeps it on success. */
static visml_status read_bundle(visml_training *place, const visml_bundle *b, visml_error *err) {
    const json_t *training, *history;
    int64_t rows;
    VISML_TRY(check_model(place, b, err));
    VISML_TRY(visml_json_object(place->checkpoint, b->description, "training", &training, err));
    VISML_TRY(check_settings(place, training, err));
    VISML_TRY(read_place(place, training, err));
    VISML_TRY(visml_json_object(place->checkpoint, training, "history", &history, err));
    rows = place->epoch;
    if (place->estimate)
        VISML_TRY(visml_estimate_from_json(place, training, &rows, err));
    VISML_TRY(visml_history_from_json(place->history, place->checkpoint, history, rows, err));
    VISML_TRY(take_slots(place, b, 0, err));
    VISML_TRY(take_states(place, b, 0, err));
    VISML_TRY(take_monitor_values(place, b, 0, err));
    VISML_TRY(visml_monitors_load(place, json_object_get(training, "monitors"), err));
    VISML_TRY(visml_model_restore(place->model, b, err));
    VISML_TRY(take_slots(place, b, 1, err));
    VISML_TRY(take_states(place, b, 1, err));
    return take_monitor_values(place, b, 1, err);
}

static visml_status read_from(visml_training *r, const visml_bundle *b, visml_error *err) {
    visml_training place = *r;
    place.history = visml_history_new(r->context, err);
    if (!place.history)
        return VISML_ENOMEM;
    visml_status status = read_bundle(&place, b, err);
    visml_history_free(status == VISML_OK ? r->history : place.history);
    if (status == VISML_OK)
        *r = place;
    return status;
}

visml_status visml_checkpoint_load(visml_training *r, int32_t *damaged, visml_error *err) {
    visml_bundle b;
    visml_status status = visml_bundle_read(r->context, r->checkpoint, "checkpoint", &b, err);
    *damaged = status < 0 && status != VISML_ENOMEM;
    VISML_TRY(status);
    status = read_from(r, &b, err);
    visml_bundle_clear(&b);
    return status;
}

visml_status visml_checkpoint_read(visml_training *r, visml_error *err) {
    struct stat st;
    int32_t damaged;
    if (stat(r->checkpoint, &st) < 0 && errno == ENOENT)
        return VISML_OK;
    return visml_checkpoint_load(r, &damaged, err);
}
