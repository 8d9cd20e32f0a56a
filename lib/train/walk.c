#include <time.h>

#include "base/error.h"
#include "train/train.h"

double visml_walk_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int32_t visml_walk_batch(const visml_dataset *data, int32_t batch_size) {
    int64_t count = visml_dataset_count(data);
    return count < 1 ? 1 : count < batch_size ? (int32_t)count : batch_size;
}

/* A batch without rows changes no sum, but is a step all the same. */
static visml_status walk_batch(visml_walk *w, visml_batch *b, double began, visml_error *err) {
    visml_train_batch batch;
    const real *y = NULL;
    VISML_TRY(visml_feed_batch(w->feed, b, &batch, err));
    VISML_TRY(visml_states_take(visml_session_states(w->session), w->feed->what, batch.rows, err));
    if (batch.rows) {
        double loss = visml_session_losses(w->session, w->feed->loss, &batch, &y);
        visml_sums_add(&w->sums, w->feed, &batch, loss, y);
    }
    w->step++;
    w->seconds = visml_walk_clock() - began;
    return w->each ? w->each(w->user, w, b, &batch, y, err) : VISML_OK;
}

static visml_status walk_all(visml_walk *w, visml_loader *loader, visml_error *err) {
    double began = visml_walk_clock();
    visml_status status = VISML_OK;
    w->sums = (visml_sums){0};
    w->step = 0;
    w->steps = visml_loader_steps(loader);
    if (w->most && w->most < w->steps)
        w->steps = w->most;
    while (status == VISML_OK && w->step < w->steps) {
        visml_batch *b = NULL;
        status = visml_loader_next(loader, &b, err);
        if (status == VISML_OK)
            status = walk_batch(w, b, began, err);
        visml_batch_free(b);
    }
    return status;
}

visml_status visml_walk_run(visml_walk *w, visml_error *err) {
    VISML_TRY(visml_feed_check_batches(w->feed, w->batch_size, err));
    visml_session_reset(w->session);
    const visml_loader_opts opts = {.size = (uint32_t)sizeof opts, .batch_size = w->batch_size, .workers = w->workers};
    visml_loader *loader = visml_loader_new(w->feed->data, &opts, err);
    if (!loader)
        return err->code;
    visml_status status = walk_all(w, loader, err);
    visml_loader_free(loader);
    return status;
}
