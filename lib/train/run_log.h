/* The two loggers: the history of a run as a file of text, whole after each epoch. */
#ifndef TRAIN_RUN_LOG_H
#define TRAIN_RUN_LOG_H

#include "base/text.h"
#include "train/monitor.h"

/* Adds the head of the file (may be NULL), or an epoch's line. */
typedef struct visml_run_log {
    void (*head)(visml_text *t, const visml_monitor *m);
    void (*row)(visml_text *t, const visml_monitor *m, const visml_history *h, size_t epoch);
} visml_run_log;

/* Errors: VISML_EINVAL: the path is NULL or empty. */
visml_status visml_run_log_check(const visml_monitor *m, const char *path, visml_error *err);
/* Writes all of the history to the file, beside it first: a kill leaves the file of the epoch before, and a run that goes on from a
 * checkpoint neither repeats nor loses a line. */
visml_status visml_run_log_write(const visml_monitor *m, const char *path, const visml_run_log *log, const visml_history *h,
                                 visml_error *err);

#endif
