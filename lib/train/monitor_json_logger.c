/* A JSON object with the numbers of each epoch on a line of its own. */
#include <math.h>

#include "base/error.h"
#include "train/run_log.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_json_logger_opts),
    VISML_FIELD(visml_json_logger_opts, path, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status check(const visml_monitor *m, visml_error *err) {
    return visml_run_log_check(m, ((const visml_json_logger_opts *)m->opts)->path, err);
}

/* What JSON has no number for is null. */
static void row(visml_text *t, const visml_monitor *m, const visml_history *h, size_t epoch) {
    (void)m;
    visml_text_add(t, "{\"epoch\": %zu", epoch);
    for (size_t c = 0; visml_history_names[c]; c++) {
        double v = visml_history_get(h, visml_history_names[c], epoch);
        visml_text_add(t, ", \"%s\": %s", visml_history_names[c], isfinite(v) ? visml_shortest(v).s : "null");
    }
    visml_text_add(t, "}\n");
}

static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    static const visml_run_log log = {NULL, row};
    (void)p;
    return visml_run_log_write(m, ((const visml_json_logger_opts *)m->opts)->path, &log, r->history, err);
}

const visml_monitor_class visml_json_logger_class = {
    .name = "json_logger", .opts_size = sizeof(visml_json_logger_opts), .fields = fields, .state_bytes = 1, .check = check,
    .epoch_end = epoch_end,
};

visml_monitor *visml_json_logger(visml_context *ctx, const visml_json_logger_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_json_logger_class, opts, err);
}
