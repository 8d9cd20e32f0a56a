/* Inference. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "model/exec.h"
#include "model/sizes.h"
#ifndef VISML_REAL_DOUBLE
#include "model/qrun.h"
#endif

struct visml_session {
    visml_context *context;
    visml_exec run;
    visml_shape input, output; /* of a sample; VISML_ANY where it is open in this session */
    int32_t is_open;           /* 1: the input is */
};

static const visml_field fields[] = {
    VISML_FIELD(visml_session_opts, max_batch, I32, 0, 1, 1, 2147483647, 32),
    {0},
};

/* Which steps are done on bytes does not depend on the size: where there is none yet, any will do to find out. */
static visml_status quantize(visml_session *s, const visml_quantization *q, visml_error *err) {
#ifndef VISML_REAL_DOUBLE
    visml_exec *r = &s->run;
    if (!q)
        return VISML_OK;
    if (!r->fitted) {
        visml_shape any = visml_sizes_trial(r->model, 0);
        VISML_TRY(visml_exec_plan(r, &any, err));
    }
    if (!(r->quantized = visml_qrun_new(r, q, err)))
        return VISML_ENOMEM;
    return r->fitted ? visml_qrun_fit(r->quantized, r, err) : VISML_OK;
#else
    (void)s, (void)q, (void)err;
    return VISML_OK;
#endif
}

#ifndef VISML_REAL_DOUBLE
void visml_session_observe(visml_session *s, visml_quantization *q) {
    s->run.observer = q;
}
#endif

/* The size that the caller says, for all of the session's runs. */
static visml_status take_input(visml_session *s, const visml_shape *input, visml_error *err) {
    const visml_model *m = s->run.model;
    s->input = m->nodes[0].shape;
    s->output = m->nodes[m->node_count - 1].shape;
    s->is_open = m->trials && !input;
    if (!input)
        return VISML_OK;
    visml_status status = visml_sizes_output(m, input, &s->output, err);
    if (status < 0)
        return visml_fail_in(err, status, "session");
    s->input = visml_shape_make(input->rank, input->dims);
    return visml_exec_fit(&s->run, &s->input, err);
}

static visml_session *open(const visml_model *m, const visml_session_opts *o, visml_error *err) {
    visml_session *s = visml_mem_zalloc(&m->context->memory, 1, sizeof *s, err);
    if (!s)
        return NULL;
    if (visml_exec_init(&s->run, m, VISML_INFERENCE, o->max_batch, o->quantization ? 0 : VISML_GROUP_BYTES, 0, err) < 0) {
        visml_mem_free(&m->context->memory, s);
        return NULL;
    }
    s->context = visml_context_retain(m->context);
    if (take_input(s, o->input, err) < 0 || quantize(s, o->quantization, err) < 0) {
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
    return s ? &s->output : NULL;
}

visml_status visml_session_output_for(const visml_session *s, const visml_shape *input, visml_shape *output, visml_error *err) {
    if (!s || !output)
        return visml_fail(err, VISML_EINVAL, "session: %s is NULL", s ? "output" : "session");
    visml_status status = visml_sizes_output(s->run.model, input, output, err);
    return status < 0 ? visml_fail_in(err, status, "session") : status;
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
    visml_shape_text inner = visml_shape_format_open(shape), t;
    snprintf(t.s, sizeof t.s, "[N, %.180s", inner.s + 1);
    return t;
}

static visml_status check_shape(const char *what, const visml_tensor *t, const visml_shape *row, visml_error *err) {
    if (t->shape.rank != row->rank + 1 || !visml_dims_stand_for(row, t->shape.dims + 1))
        return visml_fail(err, VISML_EINVAL, "session: %s is %s, must be %s", what, visml_shape_format(&t->shape).s, with_any_batch(row).s);
    return VISML_OK;
}

static visml_status check_arguments(visml_session *s, const visml_tensor *x, const visml_tensor *y, visml_error *err) {
    if (!s)
        return visml_fail(err, VISML_EINVAL, "session is NULL, must be a session");
    VISML_TRY(visml_tensor_check("session: x", x, 0, err));
    if (x->dtype != VISML_F32 && x->dtype != VISML_U8 && x->dtype != VISML_REAL_DTYPE)
        return visml_fail(err, VISML_EINVAL, "session: x is %s, must be float32 or uint8", visml_dtype_name(x->dtype));
    VISML_TRY(visml_tensor_check("session: y", y, VISML_REAL_DTYPE, err));
    VISML_TRY(check_shape("x", x, &s->input, err));
    VISML_TRY(check_shape("y", y, &s->output, err));
    if (x->shape.dims[0] != y->shape.dims[0])
        return visml_fail(err, VISML_EINVAL, "session: x is %s and y %s, must have the same first dimension",
                          visml_shape_format(&x->shape).s, visml_shape_format(&y->shape).s);
    return VISML_OK;
}

/* Where the size is open, x says it: the run's plan becomes one for it, and y must have what comes out. */
static visml_status fit(visml_session *s, const visml_tensor *x, const visml_tensor *y, visml_error *err) {
    visml_shape sample = visml_shape_make(x->shape.rank - 1, x->shape.dims + 1);
    visml_status status = visml_exec_fit(&s->run, &sample, err);
    if (status < 0)
        return visml_fail_in(err, status, "session: x is %s", visml_shape_format(&x->shape).s);
    return check_shape("y", y, visml_exec_shape(&s->run, s->run.model->node_count - 1), err);
}

/* ---- running ---- */

visml_status visml_session_run(visml_session *s, const visml_tensor *x, visml_tensor *y, visml_error *err) {
    VISML_TRY(check_arguments(s, x, y, err));
    if (s->is_open)
        VISML_TRY(fit(s, x, y, err));
    visml_exec *r = &s->run;
    int64_t total = x->shape.dims[0], step = r->plan.max_batch;
    size_t in = (size_t)visml_shape_count(visml_exec_shape(r, 0)) * visml_dtype_bytes(x->dtype);
    size_t out = (size_t)visml_shape_count(visml_exec_shape(r, r->model->node_count - 1)) * sizeof(real);
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
