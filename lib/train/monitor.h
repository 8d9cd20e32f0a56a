/* The inside of a monitor: what watches a training run and acts on it. One const struct each, one row in monitors.def. */
#ifndef TRAIN_MONITOR_H
#define TRAIN_MONITOR_H

#include "base/options.h"
#include "train/train.h"

/* All functions may be NULL. A failure ends the run with it. */
typedef struct visml_monitor_class {
    const char *name; /* "early_stopping": in files and messages */
    size_t opts_size;
    const visml_field *fields;
    size_t state_bytes; /* of one run; zeroed before begin */
    visml_status (*check)(const visml_monitor *m, visml_error *err); /* of the options, when it is made */
    visml_status (*begin)(visml_monitor *m, visml_training *r, visml_error *err); /* before a checkpoint is read */
    visml_status (*epoch_begin)(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err);
    visml_status (*batch_end)(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err);
    /* After each measurement of the validation data, which is at the end of epochs. The history has its row. */
    visml_status (*epoch_end)(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err);
    visml_status (*train_end)(visml_monitor *m, visml_training *r, visml_error *err); /* of a run that came to its end */
    void (*clear)(visml_monitor *m, visml_training *r); /* once for each begin that was called, also one that failed */
    /* What a checkpoint must hold: numbers (NULL when memory ran out), and an array as model->values (or NULL). */
    json_t *(*save)(const visml_monitor *m);
    visml_status (*load)(visml_monitor *m, const char *what, const json_t *saved, visml_error *err);
    real *(*values)(visml_monitor *m);
} visml_monitor_class;

struct visml_monitor {
    const visml_monitor_class *cls;
    visml_context *context;
    void *opts;   /* the class' options; their strings are owned */
    void *state;  /* during a run, else NULL */
    int32_t busy; /* 1: in a run */
};

#define MONITOR(name) extern const visml_monitor_class visml_##name##_class;
#include "train/monitors.def"
#undef MONITOR

extern const visml_monitor_class *const visml_monitor_classes[];

visml_monitor *visml_monitor_make(visml_context *ctx, const visml_monitor_class *cls, const void *opts, visml_error *err);

/* What a monitor looks at. Names: "loss", "accuracy", "val_loss", "val_accuracy". */
extern const char *const visml_watch_modes[];
visml_status visml_watch_check(const char *what, const char *name, visml_error *err);
/* The number under this name; NaN when the run has none. */
double visml_watch_value(const char *name, const visml_progress *p);
/* Whether `value` is better than `best` by more than min_delta (>= 0); anything is better than NaN, NaN than nothing. */
int visml_watch_better(const char *name, int32_t mode, double value, double best, double min_delta);
/* Errors: VISML_EINVAL when the run will not have that number. */
visml_status visml_watch_available(const visml_monitor *m, const char *name, const visml_training *r, visml_error *err);

/* ---- all monitors of a run ---- */

typedef enum visml_moment { VISML_EPOCH_BEGIN, VISML_BATCH_END, VISML_EPOCH_END } visml_moment;

/* Errors: VISML_EINVAL (NULL, or in another run), and what begin says; those that began are cleared then. */
visml_status visml_monitors_begin(visml_training *r, visml_error *err);
visml_status visml_monitors_tell(visml_training *r, visml_moment when, const visml_progress *p, visml_error *err);
visml_status visml_monitors_train_end(visml_training *r, visml_error *err);
void visml_monitors_clear(visml_training *r);
/* [{"class": ..., ...}, ...] of all, and back. NULL when memory ran out. */
json_t *visml_monitors_save(const visml_training *r);
visml_status visml_monitors_load(visml_training *r, const json_t *array, visml_error *err);

#endif
