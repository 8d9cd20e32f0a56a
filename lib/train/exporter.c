#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "train/estimate.h"
#include "train/monitor.h"

static const char *const kinds[] = {"latest", "best", "final", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_exporter_opts, kind, VISML_EXPORT_LATEST, kinds),
    VISML_FIELD_OF_ENUM(visml_exporter_opts, mode, VISML_MODE_AUTO, visml_watch_modes),
    VISML_FIELD(visml_exporter_opts, keep, I32, 0, 1, 1, VISML_MOST_KEPT, 5),
    {0},
};

/* ---- making ---- */

static int is_file_name(const char *name) {
    return *name && *name != '.' && strlen(name) < 200 && !strchr(name, '/');
}

static visml_status check_name(const visml_estimate *e, size_t i, visml_error *err) {
    const char *name = e->exporters[i].opts.name;
    if (!is_file_name(name))
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: exporters[%zu]: name is \"%.64s\", must be the name of a folder without "
                          "'/' that does not begin with '.'", i, name);
    for (size_t k = 0; k < i; k++)
        if (strcmp(e->exporters[k].opts.name, name) == 0)
            return visml_fail(err, VISML_EINVAL, "train_and_evaluate: exporters[%zu]: name \"%.64s\" is that of exporters[%zu], too; "
                              "give each its own", i, name, k);
    return VISML_OK;
}

static visml_status make_folder(const visml_estimate *e, visml_exporter *x, visml_memory *m, visml_error *err) {
    visml_text t;
    visml_text_init(&t, m);
    visml_text_add(&t, "%s/export/%s", e->run.model_dir, x->opts.name);
    if (t.status < 0)
        return visml_fail(err, t.status, "train_and_evaluate: out of memory");
    x->folder = t.data;
    return visml_folder_make(m, x->folder, err);
}

static visml_status init_one(visml_estimate *e, visml_training *r, size_t i, const void *theirs, visml_error *err) {
    visml_exporter *x = &e->exporters[i];
    visml_exporter_opts *o = &x->opts;
    const visml_monitor pretended = {.cls = &(const visml_monitor_class){.name = "train_and_evaluate: exporters"}};
    VISML_TRY(visml_options_read("train_and_evaluate: exporters", fields, theirs, o, sizeof *o, err));
    if (!o->name)
        o->name = kinds[o->kind];
    if (!o->monitor) {
        o->monitor = e->eval.monitor;
        o->mode = o->mode ? o->mode : e->eval.mode;
    }
    VISML_TRY(check_name(e, i, err));
    VISML_TRY(visml_watch_check("train_and_evaluate: exporters", o->monitor, err));
    VISML_TRY(visml_watch_available(&pretended, o->monitor, r, err));
    return make_folder(e, x, &r->context->memory, err);
}

/* Structs of an older header lie closer together than ours: the first one's size says how far apart they are. */
visml_status visml_exporters_init(visml_estimate *e, visml_training *r, visml_error *err) {
    size_t n = e->eval.exporter_count;
    if (!n)
        return VISML_OK;
    uint32_t stride = e->eval.exporters[0].size;
    e->exporters = visml_mem_zalloc(&r->context->memory, n, sizeof *e->exporters, err);
    if (!e->exporters)
        return VISML_ENOMEM;
    for (size_t i = 0; i < n; i++)
        VISML_TRY(init_one(e, r, i, (const char *)e->eval.exporters + i * stride, err));
    return VISML_OK;
}

void visml_exporters_clear(visml_estimate *e, visml_memory *m) {
    for (size_t i = 0; e->exporters && i < e->eval.exporter_count; i++)
        visml_mem_free(m, e->exporters[i].folder);
    visml_mem_free(m, e->exporters);
    e->exporters = NULL;
}

visml_kept_rule visml_exporter_rule(const visml_exporter *x) {
    return (visml_kept_rule){.what = "train_and_evaluate: exporters", .folder = x->folder, .prefix = "step", .digits = 9,
                             .keep = x->opts.kind == VISML_EXPORT_FINAL ? 1 : (size_t)x->opts.keep,
                             .best = x->opts.kind == VISML_EXPORT_BEST, .monitor = x->opts.monitor, .mode = x->opts.mode};
}

/* ---- exporting ---- */

/* A checkpoint may speak of files that a run behind it, which was lost, has removed, or of more than are to be kept now: entries go. */
static visml_status settle(visml_exporter *x, const visml_kept_rule *rule, visml_memory *m, visml_error *err) {
    visml_kept *k = &x->kept;
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        char *path = visml_kept_path(m, rule, k->files[i].number, err);
        if (!path)
            return VISML_ENOMEM;
        if (access(path, F_OK) == 0)
            k->files[n++] = k->files[i];
        visml_mem_free(m, path);
    }
    size_t more = n > rule->keep ? n - rule->keep : 0;
    memmove(k->files, k->files + more, (n - more) * sizeof *k->files);
    k->n = n - more;
    return VISML_OK;
}

static int is_kept(const visml_kept *k, int64_t number) {
    for (size_t i = 0; i < k->n; i++)
        if (k->files[i].number == number)
            return 1;
    return 0;
}

/* Files that nobody knows of: of a run that was lost behind its last checkpoint. */
static visml_status sweep(const visml_exporter *x, const visml_kept_rule *rule, visml_memory *m, visml_error *err) {
    int64_t *numbers;
    size_t n;
    VISML_TRY(visml_kept_numbers(m, rule, &numbers, &n, err));
    visml_status status = VISML_OK;
    for (size_t i = 0; i < n && status == VISML_OK; i++)
        if (!is_kept(&x->kept, numbers[i]))
            status = visml_kept_remove(m, rule, numbers[i], err);
    visml_mem_free(m, numbers);
    return status;
}

static visml_status export(visml_training *r, visml_exporter *x, double value, visml_error *err) {
    visml_memory *m = &r->context->memory;
    visml_kept_rule rule = visml_exporter_rule(x);
    VISML_TRY(settle(x, &rule, m, err));
    VISML_TRY(visml_kept_offer(&x->kept, &rule, r->model, visml_training_steps(r), value, err));
    return sweep(x, &rule, m, err);
}

static void note_best(visml_training *r, double value) {
    visml_estimate *e = r->estimate;
    double best = NAN;
    if (e->best_row >= 0) {
        const char *monitor = e->eval.monitor ? e->eval.monitor : "val_loss";
        best = visml_history_get(r->history, monitor, (size_t)e->best_row);
    }
    if (!visml_watch_better(e->eval.monitor, e->eval.mode, value, best, 0))
        return;
    e->best_row = (int64_t)visml_history_epochs(r->history) - 1;
    e->best_step = visml_training_steps(r);
}

visml_status visml_estimate_evaluated(visml_training *r, const visml_progress *p, visml_error *err) {
    visml_estimate *e = r->estimate;
    note_best(r, visml_watch_value(e->eval.monitor, p));
    for (size_t i = 0; i < e->eval.exporter_count; i++) {
        visml_exporter *x = &e->exporters[i];
        if (x->opts.kind != VISML_EXPORT_FINAL)
            VISML_TRY(export(r, x, visml_watch_value(x->opts.monitor, p), err));
    }
    e->began = visml_training_steps(r);
    return VISML_OK;
}

visml_status visml_exporters_finish(visml_training *r, visml_error *err) {
    visml_estimate *e = r->estimate;
    for (size_t i = 0; i < e->eval.exporter_count; i++) {
        visml_exporter *x = &e->exporters[i];
        if (x->opts.kind != VISML_EXPORT_FINAL)
            continue;
        x->kept.n = 0;
        VISML_TRY(export(r, x, NAN, err));
    }
    return VISML_OK;
}

char *visml_exporters_best(const visml_estimate *e, visml_memory *m, visml_error *err) {
    for (size_t i = 0; e->exporters && i < e->eval.exporter_count; i++) {
        const visml_exporter *x = &e->exporters[i];
        visml_kept_rule rule = visml_exporter_rule(x);
        if (x->opts.kind == VISML_EXPORT_BEST && x->kept.n)
            return visml_kept_path(m, &rule, x->kept.files[x->kept.n - 1].number, err);
    }
    return NULL;
}
