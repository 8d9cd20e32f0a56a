#include "train/monitor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

const visml_monitor_class *const visml_monitor_classes[] = {
#define MONITOR(name) &visml_##name##_class,
#include "train/monitors.def"
#undef MONITOR
    NULL,
};

/* ---- making ---- */

static void free_strings(visml_monitor *m) {
    for (const visml_field *f = m->cls->fields; m->opts && f->name; f++) {
        char *s;
        if (f->kind != VISML_FIELD_NAME)
            continue;
        memcpy(&s, (char *)m->opts + f->offset, sizeof s);
        visml_mem_free(&m->context->memory, s);
    }
}

/* The caller's strings are copied. On failure those that are not ours yet are taken out. */
static visml_status own_strings(visml_monitor *m, visml_error *err) {
    visml_status status = VISML_OK;
    for (const visml_field *f = m->cls->fields; f->name; f++) {
        const char *theirs;
        char *ours = NULL;
        if (f->kind != VISML_FIELD_NAME)
            continue;
        memcpy(&theirs, (char *)m->opts + f->offset, sizeof theirs);
        if (theirs && status == VISML_OK && !(ours = visml_mem_strdup(&m->context->memory, theirs, err)))
            status = VISML_ENOMEM;
        memcpy((char *)m->opts + f->offset, &ours, sizeof ours);
    }
    return status;
}

static visml_status fill(visml_monitor *m, const void *opts, visml_error *err) {
    const visml_monitor_class *cls = m->cls;
    void *own = visml_mem_zalloc(&m->context->memory, 1, cls->opts_size, err);
    if (!own)
        return VISML_ENOMEM;
    visml_status status = visml_options_read(cls->name, cls->fields, opts, own, cls->opts_size, err);
    if (status < 0) {
        visml_mem_free(&m->context->memory, own);
        return status;
    }
    m->opts = own;
    VISML_TRY(own_strings(m, err));
    return cls->check ? cls->check(m, err) : VISML_OK;
}

visml_monitor *visml_monitor_make(visml_context *ctx, const visml_monitor_class *cls, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s: ctx is NULL, must be a context", cls->name);
        return NULL;
    }
    visml_monitor *m = visml_mem_zalloc(&ctx->memory, 1, sizeof *m, err);
    if (!m)
        return NULL;
    m->cls = cls;
    m->context = visml_context_retain(ctx);
    if (fill(m, opts, err) < 0) {
        visml_monitor_free(m);
        return NULL;
    }
    return m;
}

void visml_monitor_free(visml_monitor *m) {
    if (!m)
        return;
    visml_context *ctx = m->context;
    free_strings(m);
    visml_mem_free(&ctx->memory, m->opts);
    visml_mem_free(&ctx->memory, m->state);
    visml_mem_free(&ctx->memory, m);
    visml_context_release(ctx);
}

/* ---- from JSON ---- */

static visml_status find_class(const json_t *object, const visml_monitor_class **cls, visml_error *err) {
    const char *name;
    char names[300] = "";
    size_t used = 0;
    VISML_TRY(visml_json_string("monitor", object, "class", &name, err));
    for (const visml_monitor_class *const *c = visml_monitor_classes; *c; c++) {
        *cls = *c;
        if (strcmp((*c)->name, name) == 0)
            return VISML_OK;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*c)->name);
    }
    return visml_fail(err, VISML_EFORMAT, "monitor: \"class\" is \"%.64s\", must be one of %s", name, names);
}

static visml_monitor *from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", NULL};
    const visml_monitor_class *cls;
    visml_monitor *m = NULL;
    if (find_class(object, &cls, err) < 0)
        return NULL;
    void *opts = visml_mem_alloc(&ctx->memory, cls->opts_size, err);
    if (opts && visml_options_from_json(cls->name, cls->fields, object, known, opts, cls->opts_size, err) == VISML_OK)
        m = visml_monitor_make(ctx, cls, opts, err);
    visml_mem_free(&ctx->memory, opts);
    return m;
}

visml_monitor *visml_monitor_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    if (!ctx || !text) {
        visml_fail(err, VISML_EINVAL, "monitor: %s is NULL", ctx ? "text" : "ctx");
        return NULL;
    }
    json_t *object = visml_json_parse("monitor", text, n, err);
    if (!object)
        return NULL;
    visml_monitor *m = from_object(ctx, object, err);
    json_decref(object);
    return m;
}

/* ---- what is watched ---- */

const char *const visml_watch_modes[] = {"auto", "min", "max", NULL};
static const char *const watched[] = {"loss", "accuracy", "val_loss", "val_accuracy", NULL};

visml_status visml_watch_check(const char *what, const char *name, visml_error *err) {
    for (size_t i = 0; watched[i]; i++)
        if (!name || strcmp(name, watched[i]) == 0)
            return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: monitor is \"%.64s\", must be loss, accuracy, val_loss or val_accuracy", what, name);
}

static const char *name_or_default(const char *name) {
    return name ? name : "val_loss";
}

double visml_watch_value(const char *name, const visml_progress *p) {
    name = name_or_default(name);
    const double values[] = {p->loss, p->accuracy, p->val_loss, p->val_accuracy};
    for (size_t i = 0; watched[i]; i++)
        if (strcmp(name, watched[i]) == 0)
            return values[i];
    return NAN;
}

int visml_watch_better(const char *name, int32_t mode, double value, double best, double min_delta) {
    int rises = mode == VISML_MODE_MAX || (mode == VISML_MODE_AUTO && strstr(name_or_default(name), "accuracy"));
    if (isnan(value))
        return 0;
    if (isnan(best))
        return 1;
    return rises ? value - min_delta > best : value + min_delta < best;
}

visml_status visml_watch_available(const visml_monitor *m, const char *name, const visml_training *r, visml_error *err) {
    name = name_or_default(name);
    if (strncmp(name, "val_", 4) == 0 && !r->validation.data)
        return visml_fail(err, VISML_EINVAL, "%s: monitor is \"%s\", but there is no validation data: give some, or watch \"%s\"",
                          m->cls->name, name, name + 4);
    if (strstr(name, "accuracy") && !r->feed.labelled)
        return visml_fail(err, VISML_EINVAL, "%s: monitor is \"%s\", but the targets are not classes: watch a loss", m->cls->name, name);
    return VISML_OK;
}

/* ---- all monitors of a run ---- */

static visml_status begin_one(visml_training *r, size_t i, visml_error *err) {
    visml_monitor *m = r->opts.monitors[i];
    if (!m)
        return visml_fail(err, VISML_EINVAL, "%s: monitors[%zu] is NULL, must be a monitor", r->what, i);
    if (m->busy)
        return visml_fail(err, VISML_EINVAL, "%s: monitors[%zu] (%s) is in a run already: make one for each run", r->what, i,
                          m->cls->name);
    visml_mem_free(&m->context->memory, m->state);
    m->state = visml_mem_zalloc(&m->context->memory, 1, m->cls->state_bytes, err);
    if (!m->state)
        return VISML_ENOMEM;
    m->busy = 1;
    r->monitors_begun = i + 1;
    return m->cls->begin ? m->cls->begin(m, r, err) : VISML_OK;
}

visml_status visml_monitors_begin(visml_training *r, visml_error *err) {
    for (size_t i = 0; i < r->opts.monitor_count; i++)
        VISML_TRY(begin_one(r, i, err));
    return VISML_OK;
}

void visml_monitors_clear(visml_training *r) {
    for (size_t i = 0; i < r->monitors_begun; i++) {
        visml_monitor *m = r->opts.monitors[i];
        if (m->cls->clear)
            m->cls->clear(m, r);
        m->busy = 0;
    }
    r->monitors_begun = 0;
}

visml_status visml_monitors_tell(visml_training *r, visml_moment when, const visml_progress *p, visml_error *err) {
    for (size_t i = 0; i < r->opts.monitor_count; i++) {
        visml_monitor *m = r->opts.monitors[i];
        visml_status (*fn)(visml_monitor *, visml_training *, const visml_progress *, visml_error *) =
            when == VISML_EPOCH_BEGIN ? m->cls->epoch_begin : when == VISML_BATCH_END ? m->cls->batch_end : m->cls->epoch_end;
        if (fn)
            VISML_TRY(fn(m, r, p, err));
    }
    return VISML_OK;
}

visml_status visml_monitors_train_end(visml_training *r, visml_error *err) {
    for (size_t i = 0; i < r->opts.monitor_count; i++)
        if (r->opts.monitors[i]->cls->train_end)
            VISML_TRY(r->opts.monitors[i]->cls->train_end(r->opts.monitors[i], r, err));
    return VISML_OK;
}

/* ---- in checkpoints ---- */

static json_t *save_one(const visml_monitor *m) {
    json_t *object = json_object(), *state = m->cls->save ? m->cls->save(m) : json_null();
    if (object && json_object_set_new(object, "class", json_string(m->cls->name)) == 0 && json_object_set_new(object, "state", state) == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *visml_monitors_save(const visml_training *r) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < r->opts.monitor_count; i++)
        if (json_array_append_new(array, save_one(r->opts.monitors[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static visml_status load_one(visml_training *r, size_t i, const json_t *object, visml_error *err) {
    visml_monitor *m = r->opts.monitors[i];
    const char *name = json_string_value(json_object_get(object, "class"));
    const json_t *state = json_object_get(object, "state");
    if (!name || strcmp(name, m->cls->name) != 0)
        return visml_fail(err, VISML_EFORMAT, "%s: monitor %zu was %.64s, is %s; use the same, or another checkpoint_dir", r->checkpoint, i,
                          name ? name : "another", m->cls->name);
    return m->cls->load ? m->cls->load(m, r->checkpoint, state, err) : VISML_OK;
}

/* Monitors are a part of what must be the same for the same weights, as far as they have something to remember. */
visml_status visml_monitors_load(visml_training *r, const json_t *array, visml_error *err) {
    if (json_array_size(array) != r->opts.monitor_count)
        return visml_fail(err, VISML_EFORMAT, "%s: of a run with %zu monitors, this one has %zu; use the same, or another checkpoint_dir",
                          r->checkpoint, json_array_size(array), r->opts.monitor_count);
    for (size_t i = 0; i < r->opts.monitor_count; i++)
        VISML_TRY(load_one(r, i, json_array_get(array, i), err));
    return VISML_OK;
}
