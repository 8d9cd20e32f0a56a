#include "train/estimate.h"

/* Steps between evaluations that come by the count of steps; each is 0 where it is not asked for. */
static int64_t by_steps(const visml_training *r) {
    return r->estimate->eval.every_steps;
}

static int64_t by_epochs(const visml_training *r) {
    return r->estimate->eval.every_epochs * r->steps;
}

/* The first multiple of `every` after `from`, or the limit. */
static int64_t next_multiple(int64_t from, int64_t every, int64_t limit) {
    return every && limit - from > every - from % every ? from + (every - from % every) : limit;
}

int visml_estimate_due(const visml_training *r) {
    const visml_estimate *e = r->estimate;
    int64_t step = visml_training_steps(r), steps = by_steps(r), epochs = by_epochs(r);
    if (step <= e->began)
        return 0;
    return step >= e->limit || (steps && step % steps == 0) || (epochs && step % epochs == 0) ||
           (e->eval.every_seconds > 0 && visml_training_seconds(r) >= e->eval.every_seconds);
}

int visml_estimate_is_evaluated(const visml_training *r) {
    return visml_history_epochs(r->history) > 0 && visml_training_steps(r) == r->estimate->began;
}

int visml_estimate_ended(const visml_training *r) {
    return visml_training_steps(r) >= r->estimate->limit && visml_estimate_is_evaluated(r);
}

int64_t visml_estimate_eval_steps(const visml_training *r) {
    return r->estimate ? r->estimate->eval.steps : 0;
}

int visml_estimate_write_due(const visml_training *r) {
    const visml_run_opts *o = &r->estimate->run;
    return (o->checkpoint_steps && visml_training_steps(r) % o->checkpoint_steps == 0) ||
           (o->checkpoint_seconds > 0 && visml_walk_clock() - r->estimate->written >= o->checkpoint_seconds);
}

/* Evaluations that are still to come, when `every` alone says when. */
static int64_t left(const visml_estimate *e, int64_t every) {
    return e->limit > e->began ? (e->limit - 1) / every - e->began / every + 1 : 0;
}

void visml_estimate_place(const visml_training *r, visml_progress *p) {
    const visml_estimate *e = r->estimate;
    int64_t steps = by_steps(r), epochs = by_epochs(r), done = (int64_t)visml_history_epochs(r->history), all = 0;
    int timed = e->eval.every_seconds > 0;
    if (!timed && !(steps && epochs))
        all = done + left(e, steps ? steps : epochs);
    p->epoch = (int32_t)done;
    p->epochs = all <= INT32_MAX ? (int32_t)all : 0;
    p->step = visml_training_steps(r) - e->began;
    p->steps = 0;
    if (!timed) {
        int64_t a = next_multiple(e->began, steps, e->limit), b = next_multiple(e->began, epochs, e->limit);
        p->steps = (a < b ? a : b) - e->began;
    }
}
