/* Inference. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "model/exec.h"
#ifndef VISML_REAL_DOUBLE
#include "model/qrun.h"
#endif

struct visml_session {
    visml_context *context;
    visml_exec run;
};

static const visml_field fields[] = {
    VISML_FIELD(visml_session_opts, max_batch, I32, 0, 1, 1, 2147483647, 32),
    {0},
};

static visml_status quantize(visml_session *s, const visml_quantization *q, visml_error *err) {
#ifndef VISML_REAL_DOUBLE
    if (q && !(s->run.quantized = visml_qrun_new(&s->run, q, err)))
        return VISML_ENOMEM;
#else
    (void)s, (void)q, (void)err;
#endif
    return VISML_OK;
}

#ifndef VISML_REAL_DOUBLE
void visml_session_observe(visml_session *s, visml_quantization *q) {
    s->run.observer = q;
}
#endif

static visml_session *open(const visml_model *m, const visml_session_opts *o, visml_error *err) {
    visml_session *s = visml_mem_zalloc(&m->context->memory, 1, sizeof *s, err);
    if (!s)
        return NULL;
    if (visml_exec_init(&s->run, m, VISML_INFERENCE, o->max_batch, o->quantization ? 0 : VISML_GROUP_BYTES, 0, err) < 0) {
        visml_mem_free(&m->context->memory, s);
        return NULL;
    }
    s->context = visml_context_retain(m->context);
    if (quantize(s, o->quantization, err) < 0) {
        visml_session_free(s);
        return NULL;
    }
    return s;
}

/* A session over the part of the model that leads to an inner layer; it holds that part alive. */
static visml_session *open_inner(const visml_model *m, const visml_session_opts *o, visml_error *err) {
    if (o->quantization) {
        visml_fail(err, VISML_EINVAL, "session: output and quantization are both set: an inner layer's output is had on floats only");
        return NULL;
    }
    visml_model *part = visml_model_cut(m, o->output, err);
    visml_session *s = part && visml_model_build(part, 0, err) == VISML_OK ? open(part, o, err) : NULL;
    visml_model_free(part);
    return s;
}

visml_session *visml_session_new(const visml_model *m, const visml_session_opts *opts, visml_error *err) {
    visml_session_opts o;
    if (visml_options_read("session", fields, opts, &o, sizeof o, err) < 0)
        return NULL;
    if (!m) {
        visml_fail(err, VISML_EINVAL, "session: model is NULL, must be a model");
        return NULL;
    }
    return o.output ? open_inner(m, &o, err) : open(m, &o, err);
}

const visml_shape *visml_session_output_shape(const visml_session *s) {
    return s ? visml_model_output_shape(s->run.model) : NULL;
}

void visml_session_free(visml_session *s) {
    if (!s)
        return;
    visml_context *ctx = s->context;
    visml_exec_clear(&s->run);
    visml_mem_free(&ctx->memory, s);
    visml_context_release(ctx);
}

visml_states *visml_session_states(visml_session *s) {
    return &s->run.states;
}

void visml_session_reset(visml_session *s) {
    if (s)
        visml_states_reset(&s->run.states);
}

const visml_exec *visml_session_inside(const visml_session *s) {
    return &s->run;
}

/* ---- arguments ---- */

/* "[N, 28, 28, 1]" */
static visml_shape_text with_any_batch(const visml_shape *shape) {
    visml_shape_text inner = visml_shape_format(shape), t;
    snprintf(t.s, sizeof t.s, "[N, %.180s", inner.s + 1);
    return t;
}

static visml_status check_shape(const char *what, const visml_tensor *t, const visml_shape *row, visml_error *err) {
    int fits = t->shape.rank == row->rank + 1 && memcmp(t->shape.dims + 1, row->dims, (size_t)row->rank * sizeof *row->dims) == 0;
    if (!fits)
        return visml_fail(err, VISML_EINVAL, "session: %s is %s, must be %s", what, visml_shape_format(&t->shape).s, with_any_batch(row).s);
    return VISML_OK;
}

static visml_status check_arguments(const visml_session *s, const visml_tensor *x, const visml_tensor *y, visml_error *err) {
    if (!s)
        return visml_fail(err, VISML_EINVAL, "session is NULL, must be a session");
    const visml_model *m = s->run.model;
    VISML_TRY(visml_tensor_check("session: x", x, 0, err));
    if (x->dtype != VISML_F32 && x->dtype != VISML_U8 && x->dtype != VISML_REAL_DTYPE)
        return visml_fail(err, VISML_EINVAL, "session: x is %s, must be float32 or uint8", visml_dtype_name(x->dtype));
    VISML_TRY(visml_tensor_check("session: y", y, VISML_REAL_DTYPE, err));
    VISML_TRY(check_shape("x", x, &m->nodes[0].shape, err));
    VISML_TRY(check_shape("y", y, &m->nodes[m->node_count - 1].shape, err));
    if (x->shape.dims[0] != y->shape.dims[0])
        return visml_fail(err, VISML_EINVAL, "session: x is %s and y %s, must have the same first dimension",
                          visml_shape_format(&x->shape).s, visml_shape_format(&y->shape).s);
    return VISML_OK;
}

/* ---- running ---- */

visml_status visml_session_run(visml_session *s, const visml_tensor *x, visml_tensor *y, visml_error *err) {
    VISML_TRY(check_arguments(s, x, y, err));
    visml_exec *r = &s->run;
    const visml_model *m = r->model;
    int64_t total = x->shape.dims[0], step = r->plan.max_batch;
    size_t in = (size_t)visml_shape_count(&m->nodes[0].shape) * visml_dtype_bytes(x->dtype);
    size_t out = (size_t)visml_shape_count(&m->nodes[m->node_count - 1].shape) * sizeof(real);
    if (total > 0)
        VISML_TRY(visml_states_take(&r->states, "session", total, err));
    r->logits = 0;
    for (int64_t done = 0; done < total; done += step) {
        int64_t rows = total - done < step ? total - done : step;
        visml_exec_input(r, x->data + (size_t)done * in, x->dtype, rows);
        visml_exec_forward(r);
        memmove(y->data + (size_t)done * out, visml_exec_output(r), (size_t)rows * out); /* a model may be nothing but a reshape of x */
    }
    return VISML_OK;
}

double visml_session_losses(visml_session *s, const visml_loss *loss, const visml_train_batch *batch, const real **y) {
    visml_exec *r = &s->run;
    r->logits = loss ? visml_exec_joins(r, loss) : 0;
    visml_exec_input(r, batch->x, batch->x_dtype, batch->rows);
    visml_exec_forward(r);
    double sum = loss ? visml_exec_loss(r, loss, batch) + visml_model_penalty(r->model, NULL) * (double)batch->rows : 0;
    *y = visml_exec_output(r);
    return sum;
}
