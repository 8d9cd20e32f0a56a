/* Forward, loss and gradients of one batch. */
#include "base/error.h"
#include "model/exec.h"

struct visml_trainer {
    visml_context *context;
    visml_exec run;
    const visml_loss *loss; /* borrowed */
};

static visml_status init(visml_trainer *t, const visml_model *m, int64_t max_batch, uint64_t seed, visml_error *err) {
    VISML_TRY(visml_exec_init(&t->run, m, VISML_TRAINING, max_batch, 0, seed, err));
    t->run.grads = visml_mem_zalloc(&m->context->memory, m->trainable_count, sizeof(real), err);
    if (!t->run.grads) {
        visml_exec_clear(&t->run);
        return VISML_ENOMEM;
    }
    return VISML_OK;
}

visml_trainer *visml_trainer_new(visml_model *m, const visml_loss *loss, int64_t max_batch, uint64_t seed, visml_error *err) {
    if (!m || !loss) {
        visml_fail(err, VISML_EINVAL, "trainer: %s is NULL", m ? "loss" : "model");
        return NULL;
    }
    visml_trainer *t = visml_mem_zalloc(&m->context->memory, 1, sizeof *t, err);
    if (!t)
        return NULL;
    if (init(t, m, max_batch, seed, err) < 0) {
        visml_mem_free(&m->context->memory, t);
        return NULL;
    }
    t->context = visml_context_retain(m->context);
    t->loss = loss;
    t->run.logits = visml_exec_joins(&t->run, loss);
    return t;
}

visml_status visml_trainer_fit(visml_trainer *t, const visml_shape *input, visml_error *err) {
    return visml_exec_fit(&t->run, input, err);
}

void visml_trainer_free(visml_trainer *t) {
    if (!t)
        return;
    visml_context *ctx = t->context;
    visml_exec_clear(&t->run);
    visml_mem_free(&ctx->memory, t);
    visml_context_release(ctx);
}

visml_states *visml_trainer_states(visml_trainer *t) {
    return &t->run.states;
}

const visml_exec *visml_trainer_inside(const visml_trainer *t) {
    return &t->run;
}

double visml_trainer_gradients(visml_trainer *t, const visml_train_batch *batch) {
    visml_exec *r = &t->run;
    r->step = batch->step;
    visml_exec_input(r, batch->x, batch->x_dtype, batch->rows);
    visml_exec_forward(r);
    visml_model_changed(r->model); /* moving averages */
    r->divisor = batch->divisor;
    double sum = visml_exec_loss(r, t->loss, batch) + visml_exec_activity(r);
    visml_exec_backward(r);
    return sum + visml_model_penalty(r->model, r->grads) * (double)batch->rows;
}

real *visml_trainer_grads(visml_trainer *t) {
    return t->run.grads;
}

const real *visml_trainer_output(const visml_trainer *t) {
    return visml_exec_output(&t->run);
}
