#include "train/run_log.h"

#include "base/error.h"
#include "base/file.h"

visml_status visml_run_log_check(const visml_monitor *m, const char *path, visml_error *err) {
    if (path && *path)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: path is %s, must be the name of a file", m->cls->name, path ? "empty" : "NULL");
}

visml_status visml_run_log_write(const visml_monitor *m, const char *path, const visml_run_log *log, const visml_history *h,
                                 visml_error *err) {
    visml_text t;
    visml_text_init(&t, &m->context->memory);
    if (log->head)
        log->head(&t, m);
    for (size_t i = 0; i < visml_history_epochs(h); i++)
        log->row(&t, m, h, i);
    visml_status status = t.status < 0 ? visml_fail(err, t.status, "%s: out of memory", path)
                                       : visml_file_replace(&m->context->memory, path, t.data, t.length, err);
    visml_text_free(&t);
    return status;
}
