/* Event files that TensorBoard reads, in the folders and under the names that Keras' TensorBoard callback uses. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "train/monitor.h"
#include "train/tfevents.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_tensorboard_opts, update_freq, I32, 0, 1, 0, 2147483647, 0),
    VISML_FIELD(visml_tensorboard_opts, log_dir, NAME, 0, 1, 0, 0, 0),
    {0},
};

typedef enum event_file { TRAIN, VALIDATION, FILES } event_file;

typedef struct tensorboard {
    int fd[FILES]; /* 0: not open yet (a program without a standard input is not our business: we ask for 3 and above) */
} tensorboard;

static visml_status check(const visml_monitor *m, visml_error *err) {
    const visml_tensorboard_opts *o = m->opts;
    return o->log_dir && *o->log_dir ? VISML_OK
                                     : visml_fail(err, VISML_EINVAL, "tensorboard: log_dir is %s, must be the name of a folder",
                                                  o->log_dir ? "empty" : "NULL");
}

static double wall_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static visml_status write_record(int fd, const unsigned char *record, size_t n, const char *folder, visml_error *err) {
    char text[128];
    while (n) {
        ssize_t done = write(fd, record, n);
        if (done < 0 && errno != EINTR)
            return visml_fail(err, VISML_EIO, "tensorboard: %s: %s", folder, visml_errno_text(errno, text, sizeof text));
        if (done > 0) {
            record += done;
            n -= (size_t)done;
        }
    }
    return VISML_OK;
}

/* A new file each time that a run begins or goes on: TensorBoard joins them by their steps. */
static visml_status open_file(visml_monitor *m, event_file which, const char *path, const char *folder, visml_error *err) {
    tensorboard *t = m->state;
    unsigned char record[VISML_TFEVENT_LONGEST];
    char text[128];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd >= 0 && fd < 3) {
        int higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        close(fd);
        fd = higher;
    }
    if (fd < 0)
        return visml_fail(err, VISML_EIO, "tensorboard: %s: %s", path, visml_errno_text(errno, text, sizeof text));
    t->fd[which] = fd;
    return write_record(fd, record, visml_tfevent_version(record, wall_time()), folder, err);
}

static visml_status open_in(visml_monitor *m, event_file which, char *path, size_t room, visml_error *err) {
    static const char *const names[FILES] = {"train", "validation"};
    const visml_tensorboard_opts *o = m->opts;
    char host[65] = "localhost";
    snprintf(path, room, "%s/%s", o->log_dir, names[which]);
    VISML_TRY(visml_folder_make(&m->context->memory, path, err));
    size_t n = strlen(path);
    gethostname(host, sizeof host - 1);
    snprintf(path + n, room - n, "/events.out.tfevents.%lld.%s.%ld.%d.v2", (long long)time(NULL), host, (long)getpid(), (int)which);
    return open_file(m, which, path, names[which], err);
}

static visml_status need_file(visml_monitor *m, event_file which, visml_error *err) {
    const visml_tensorboard_opts *o = m->opts;
    tensorboard *t = m->state;
    size_t room = strlen(o->log_dir) + 256;
    if (t->fd[which])
        return VISML_OK;
    char *path = visml_mem_alloc(&m->context->memory, room, err);
    if (!path)
        return VISML_ENOMEM;
    visml_status status = open_in(m, which, path, room, err);
    visml_mem_free(&m->context->memory, path);
    return status;
}

/* A number that the run has not got is left out. */
static visml_status add(visml_monitor *m, event_file which, int64_t step, const char *tag, double value, visml_error *err) {
    unsigned char record[VISML_TFEVENT_LONGEST];
    tensorboard *t = m->state;
    if (isnan(value))
        return VISML_OK;
    VISML_TRY(need_file(m, which, err));
    size_t n = visml_tfevent_scalar(record, wall_time(), step, tag, (float)value);
    return write_record(t->fd[which], record, n, which == TRAIN ? "train" : "validation", err);
}

static visml_status batch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    const visml_tensorboard_opts *o = m->opts;
    int64_t step = visml_training_steps(r);
    if (!o->update_freq || p->validating || step % o->update_freq != 0)
        return VISML_OK;
    VISML_TRY(add(m, TRAIN, step, "batch_loss", p->loss, err));
    VISML_TRY(add(m, TRAIN, step, "batch_accuracy", p->accuracy, err));
    return add(m, TRAIN, step, "batch_learning_rate", p->learning_rate, err);
}

static visml_status epoch_end(visml_monitor *m, visml_training *r, const visml_progress *p, visml_error *err) {
    (void)r;
    VISML_TRY(add(m, TRAIN, p->epoch, "epoch_loss", p->loss, err));
    VISML_TRY(add(m, TRAIN, p->epoch, "epoch_accuracy", p->accuracy, err));
    VISML_TRY(add(m, TRAIN, p->epoch, "epoch_learning_rate", p->learning_rate, err));
    VISML_TRY(add(m, VALIDATION, p->epoch, "epoch_loss", p->val_loss, err));
    return add(m, VALIDATION, p->epoch, "epoch_accuracy", p->val_accuracy, err);
}

static void clear(visml_monitor *m, visml_training *r) {
    tensorboard *t = m->state;
    (void)r;
    for (int i = 0; i < FILES; i++)
        if (t->fd[i])
            close(t->fd[i]);
    memset(t, 0, sizeof *t);
}

const visml_monitor_class visml_tensorboard_class = {
    .name = "tensorboard", .opts_size = sizeof(visml_tensorboard_opts), .fields = fields, .state_bytes = sizeof(tensorboard),
    .check = check, .batch_end = batch_end, .epoch_end = epoch_end, .clear = clear,
};

visml_monitor *visml_tensorboard(visml_context *ctx, const visml_tensorboard_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_tensorboard_class, opts, err);
}
