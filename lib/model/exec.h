/* One run over the graph, as sessions and trainers do it: the plan, its arena, and the walk forward and back. */
#ifndef MODEL_EXEC_H
#define MODEL_EXEC_H

#include "model/plan.h"
#include "model/prepared.h"
#include "model/states.h"

typedef struct visml_exec {
    visml_model *model; /* one reference */
    visml_plan plan;
    char *arena;        /* NULL: not taken yet */
    size_t arena_bytes, group_bytes;
    int32_t fitted;     /* 1: the plan is one that the arena holds; 0, only where the input is open: no batch can be taken */
    visml_states states; /* of stateful layers */
    real *losses, *weights; /* [max_batch, visml_exec_places] */
    size_t loss_count;  /* elements that there is room for in each of them */
    const real *x;      /* the input of this batch: the caller's, or converted in the arena */
    int64_t rows;       /* of this batch; while a group runs, of that */
    visml_compute compute;
    /* of a group: its first row in the batch, whose thread's place it has, and its scratch; else 0 */
    int64_t first_row;
    size_t worker;
    char *scratch;
    double divisor;     /* of this batch's gradient, for penalties of outputs */
    int32_t logits;     /* 1: the activation of the last node is left to the loss */
    uint64_t seed, step;
    real *grads;        /* [trainable_count], or NULL */
    visml_prepared *prepared; /* inference only; the model's */
    struct visml_qrun *quantized; /* the steps on bytes (model/qrun.h), or NULL */
    struct visml_quantization *observer; /* told what comes out of each step, or NULL */
} visml_exec;

/* Plans and allocates: the last place that may fail, but for a model whose input is open, which is left to visml_exec_fit. group_bytes: see
 * model/stretch.h. Takes a reference to the model. On failure nothing is left to clear. Errors: VISML_EINVAL (model NULL, max_batch < 1),
 * VISML_ESTATE (not built), VISML_ENOMEM. */
visml_status visml_exec_init(visml_exec *r, const visml_model *m, visml_mode mode, int64_t max_batch, size_t group_bytes, uint64_t seed,
                             visml_error *err);
void visml_exec_clear(visml_exec *r);

/* Plans for inputs of this shape, one that the model's stands for, and takes the memory that is missing for it; does nothing where the plan
 * is for this shape. On failure the run has to be fitted again. Errors: VISML_EINVAL (the layer that it does not fit), VISML_ENOMEM. */
visml_status visml_exec_fit(visml_exec *r, const visml_shape *input, visml_error *err);
/* The first half of it: a plan, for those who want to know the steps before there is an input. */
visml_status visml_exec_plan(visml_exec *r, const visml_shape *input, visml_error *err);

/* The shape of a node's output in this run. */
static inline const visml_shape *visml_exec_shape(const visml_exec *r, size_t node) {
    return visml_node_shape(r->model, r->plan.shapes, node);
}

/* Takes the input of a batch, [rows, input shape]: VISML_REAL_DTYPE (borrowed until the next batch), VISML_F32 or VISML_U8 (converted). */
void visml_exec_input(visml_exec *r, const void *x, visml_dtype dtype, int64_t rows);
/* In inference this is where what was prepared is brought up to date. */
void visml_exec_forward(const visml_exec *r);
/* The loss of the batch after forward: a sum over the rows, each weighted. The gradient of the output is left for backward where there is
 * something to train. Where a mask reaches the output, Keras' rule: the loss of each place that counts, by how many there are in the batch;
 * times the rows. */
double visml_exec_loss(const visml_exec *r, const visml_loss *loss, const visml_train_batch *batch);
void visml_exec_backward(const visml_exec *r);
/* The penalties of outputs, summed over the batch: after a training forward, whose arrays are all there. */
double visml_exec_activity(const visml_exec *r);

/* Applies the activation of a node (none where the loss takes it over) to its elements: from x to y, which may be x. */
void visml_exec_activate(const visml_exec *r, size_t node, const real *x, real *y);

/* The output of a node in this batch. Group by group, one that only its stretch wants is that of the last group. */
real *visml_exec_value(const visml_exec *r, size_t node);
real *visml_exec_output(const visml_exec *r);

/* The run inside of a session or a trainer, for tests of the plan. */
const visml_exec *visml_session_inside(const visml_session *s);
const visml_exec *visml_trainer_inside(const visml_trainer *t);

/* What a loss along the last dimension, or behind a mask, is worked out for: the places of the output's other dimensions. */
int64_t visml_exec_places(const visml_exec *r);

/* 1 when the model's last layer ends in a softmax or logistic function that this loss takes over. */
int32_t visml_exec_joins(const visml_exec *r, const visml_loss *loss);

#endif
