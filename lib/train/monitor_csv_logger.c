/* A table with a line for each epoch, as Keras' CSVLogger. */
#include <math.h>

#include "base/error.h"
#include "train/run_log.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_csv_logger_opts),
    VISML_FIELD(visml_csv_logger_opts, path, NAME, 0, 1, 0, 0, 0),
    {0},
};

/* In the order of their names, as Keras sorts them. */
static const char *const columns[] = {
    "accuracy", "images_per_second", "learning_rate", "loss", "seconds", "val_accuracy", "val_loss", NULL,
};

static visml_status check(const visml_monitor *m, visml_error *err) {
    return visml_run_log_check(m, ((const visml_csv_logger_opts *)m->opts)->path, err);
}

static void head(visml_text *t, const visml_monitor *m) {
    (void)m;
    visml_text_add(t, "epoch");
    for (size_t c = 0; columns[c]; c++)
        visml_text_add(t, ",%s", columns[c]);
    visml_text_add(t, "\n");
}

/* What the run has not got is empty. */
static void row(visml_text *t, const visml_monitor *m, const visml_history *h, size_t epoch) {
    (void)m;
    visml_text_add(t, "%zu", epoch);
    for (size_t c = 0; columns[c]; c++) {
        double v = visml_history_get(h, columns[c], epoch);
        visml_text_add(t, ",%s", isnan(v) ? "" : visml_shortest(v).s);
    }
    visml_text_add(t, "\n");
}

static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    static const visml_run_log log = {head, row};
    (void)p;
    return visml_run_log_write(m, ((const visml_csv_logger_opts *)m->opts)->path, &log, r->history, err);
}

const visml_monitor_class visml_csv_logger_class = {
    .name = "csv_logger", .opts_size = sizeof(visml_csv_logger_opts), .fields = fields, .state_bytes = 1, .check = check,
    .epoch_end = epoch_end,
};

visml_monitor *visml_csv_logger(visml_context *ctx, const visml_csv_logger_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_csv_logger_class, opts, err);
}
